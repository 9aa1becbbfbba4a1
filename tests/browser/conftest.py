"""The fixtures of the browser tests: one Chromium a file, at most two servers a process, a fresh page a test."""

import functools
import os

import pytest
from book import ROOT
from chapter import Chapter
from lab import SUBSHELLS, Server, opener
from playwright.sync_api import sync_playwright

from eqkit import doctor

ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card; the page itself is drawn faster without it
]


@pytest.fixture(scope="module")  # Playwright keeps an event loop running, which tests of other files would find
def chromium():
    """A headless Chromium. Without one the browser tests are skipped; under EQKIT_REQUIRE_BROWSER=1 they fail."""
    path = doctor.chromium()
    if path is None:
        stop = pytest.fail if os.environ.get("EQKIT_REQUIRE_BROWSER") == "1" else pytest.skip
        stop(f"no Chromium: {doctor.browser().cure}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The server for a setting of subshells, started when it is first asked for."""
    running = {}

    def server(subshells):
        if subshells not in running:
            running[subshells] = Server(tmp_path_factory.mktemp("lab"), subshells)
        return running[subshells]

    yield server
    for started in running.values():
        started.close()


@pytest.fixture
def subshells():
    """JupyterLab's default; `@pytest.mark.parametrize("subshells", SUBSHELLS)` runs a test with and without."""
    return SUBSHELLS[0]


@pytest.fixture
def open_notebook(chromium, servers, subshells, request):
    """open_notebook("00_start_here") or open_notebook(cells=[...]): a copy, open in JupyterLab with its own kernel.

    At the end of the test the kernels stop; nothing may have left the machine, nor the page have raised an error.
    """
    folder = request.config.rootpath / "notebooks"
    with opener(chromium, servers(subshells), request.node.name) as open_:
        yield lambda name=None, cells=None: open_(name and folder / f"{name}.ipynb", cells)


@pytest.fixture(scope="module")
def bench(chromium, servers, request):
    """An empty notebook for all tests of a file."""
    with opener(chromium, servers(SUBSHELLS[0]), request.module.__name__) as open_:
        yield open_(cells=[""])


@pytest.fixture
def show(bench, request):
    """show() or show("groups.C(4)"): the view that a test file names in VIEW, built anew and alone on the page."""
    name = request.module.VIEW

    def show_(arguments="", setup="from eqkit import groups"):
        bench.write(f"{setup}\nfrom eqkit.views import {name}\nview = {name}({arguments})\nview")
        bench.run_all()
        return bench.view(name)

    bench.theme("light")
    return show_


@pytest.fixture(scope="module")
def opened(chromium, servers, request):
    """The chapter that a test file names in CHAPTER, opened once, as it was committed; opened() gives it."""
    name = request.module.CHAPTER
    with opener(chromium, servers(SUBSHELLS[0]), f"book-{name[:2]}") as open_:
        yield functools.cache(lambda: Chapter(open_(ROOT / "notebooks" / f"{name}.ipynb", outputs=True)))


@pytest.fixture
def notebook(opened):
    """That chapter after Run All."""
    return opened().run()
