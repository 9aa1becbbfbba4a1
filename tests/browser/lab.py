"""JupyterLab driven by Chromium: a server on loopback, a notebook open in it, and the views on its page.

def test_something(open_notebook):
    notebook = open_notebook("07_learned_symmetry_matrices")     # or open_notebook(cells=["1 + 1"])
    notebook.run_all()
    view = notebook.view("LiveMSR")
    view.locator.get_by_role("button", name="play").click()
    view.wait(lambda state: state["step"] > 10)
    assert view.pixels().std() > 0
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # off-screen cells stay on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
SUBSHELLS = ("perCommTarget", "disabled")  # JupyterLab's default, and without
PROMPTS = "nodes => nodes.map(node => node.textContent)"
PICTURE = "canvas => new Promise(done => requestAnimationFrame(() => done(canvas.toDataURL('image/png'))))"
KERNEL = "jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel"


class Server:
    """JupyterLab on loopback with its own folders: nothing of the user's settings is read or written."""

    def __init__(self, folder: Path, subshells: str) -> None:
        self.folder, self.root = folder, folder / "root"
        self.root.mkdir()
        kernels = {"apputils-extension/kernels-settings": {"commsOverSubshells": subshells}}
        for name, values in (SETTINGS | kernels).items():
            file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")
        folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
        environment = {f"JUPYTER_{key}_DIR": str(folder / name) for key, name in folders.items()} | {
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
        options = ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={self.root}"]
        with open(folder / "log.txt", "wb") as log:
            self.process = subprocess.Popen(
                command + options, env=os.environ | environment, stdout=log, stderr=log, cwd=self.root
            )
        self.url, self.token = self._started()

    def _started(self, seconds: float = 90) -> tuple[str, str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            for file in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    info = json.loads(file.read_text(encoding="utf-8"))
                    urllib.request.urlopen(f"{info['url']}api?token={info['token']}", timeout=5).close()
                    return info["url"], info["token"]
                except (OSError, ValueError):  # half written, or not listening yet
                    pass
            time.sleep(0.1)
        raise RuntimeError(
            "JupyterLab does not start:\n" + (self.folder / "log.txt").read_text(encoding="utf-8")[-3000:]
        )

    def forget_theme(self) -> None:
        """The next page is light, whatever another test chose."""
        chosen = self.folder / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        chosen.unlink(missing_ok=True)

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Notebook:
    """A copy of a notebook open in JupyterLab; its cells and its views."""

    def __init__(self, page: Page, server: Server, path: Path) -> None:
        self.page = page
        self.foreign: list[str] = []  # requests that leave this machine
        self.errors: list[str] = []  # uncaught errors of the page
        page.on("request", lambda r: None if r.url.startswith((server.url, "data:", "blob:")) else self._left(r.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        relative = path.relative_to(server.root).as_posix()
        page.goto(f"{server.url}lab/tree/{relative}?token={server.token}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        self._idle()

    def _left(self, url: str) -> None:
        if not url.startswith("ws"):
            self.foreign.append(url)

    def _idle(self, seconds: float = 60) -> None:
        self.page.wait_for_function(f"() => {KERNEL}?.status === 'idle'", timeout=1000 * seconds)
        self.page.wait_for_timeout(1000)  # a command sent at the first "idle" can be lost

    def command(self, name: str, **arguments) -> None:
        """Send a command of JupyterLab, without waiting for what it does: "kernelmenu:interrupt"."""
        script = "([name, args]) => { void jupyterapp.commands.execute(name, args) }"
        self.page.evaluate(script, [name, arguments])

    def prompts(self) -> list[str]:
        """The prompts of the code cells: "[ ]:" not run, "[*]:" running, "[3]:" done."""
        cells = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .jp-InputArea-prompt")
        return cells.evaluate_all(PROMPTS)

    def run_all(self, seconds: float = 120, errors: bool = False) -> None:
        """Run every cell and wait for the last; an error in a cell is an AssertionError, unless errors are expected."""
        deadline = time.monotonic() + seconds
        for _ in range(5):
            self.command("notebook:run-all-cells")
            if self._until(lambda prompts: any(prompt.strip() != "[ ]:" for prompt in prompts), 5):
                break
        done = self._until(
            lambda prompts: all(p.strip()[1:-2].isdigit() for p in prompts) or (not errors and bool(self.failures())),
            deadline - time.monotonic(),
        )
        assert errors or not self.failures(), "\n".join(self.failures())
        assert done, f"not all cells ran within {seconds} s: {self.prompts()}"

    def _until(self, condition: Callable[[list[str]], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not (true := condition(self.prompts())) and time.monotonic() < deadline:
            self.page.wait_for_timeout(100)
        return true

    def failures(self) -> list[str]:
        """The texts of the errors and of stderr in the outputs."""
        kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
        selector = ", ".join(f'.jp-OutputArea-output[data-mime-type="{kind}"]' for kind in kinds)
        return self.page.locator(selector).evaluate_all(PROMPTS)

    def cell(self, index: int) -> Locator:
        """The cell of this index, markdown cells counted."""
        return self.page.locator(".jp-NotebookPanel .jp-Cell").nth(index)

    def write_cell(self, index: int, source: str) -> None:
        """Replace the source of a cell."""
        script = "([i, code]) => jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(code)"
        self.page.evaluate(script, [index, source])

    def run_cell(self, index: int, seconds: float = 60) -> str:
        """Run one code cell, wait for its end, and give the text of its outputs."""
        self.start_cell(index)
        prompt = self.cell(index).locator(".jp-InputArea-prompt")
        self.page.wait_for_timeout(100)
        deadline = time.monotonic() + seconds
        while not (prompt.text_content() or "").strip()[1:-2].isdigit():
            assert time.monotonic() < deadline, f"cell {index} did not end within {seconds} s"
            self.page.wait_for_timeout(50)
        return "\n".join(self.cell(index).locator(".jp-OutputArea-output").all_inner_texts())

    def start_cell(self, index: int) -> None:
        """Run one code cell, and do not wait."""
        self.page.evaluate(
            "index => { jupyterapp.shell.currentWidget.content.activeCellIndex = index }",
            index,
        )
        self.command("notebook:run-cell")

    def interrupt(self) -> None:
        self.command("kernelmenu:interrupt")

    def restart(self) -> None:
        """Restart the kernel, without the dialogue that asks."""
        self.page.evaluate(f"() => {KERNEL}.restart()")
        self._idle()

    def until(self, condition: Callable[[], bool], seconds: int = 20) -> None:
        """Wait until the condition holds; AssertionError if it does not in time."""
        for _ in range(20 * seconds):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not within {seconds} s")

    def theme(self, name: str) -> None:
        """Change to the theme "light" or "dark"."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name.title()}")
        self.page.wait_for_selector(f"body[data-jp-theme-light='{str(name == 'light').lower()}']", state="attached")

    def view(self, name: str, index: int = 0) -> View:
        """The view of this class name on the page, the first unless an index is given."""
        return View(self.page.locator(f'[data-eq-widget="{name}"]').nth(index))


class View:
    """A view of eqkit on the page: its state, its canvases, its pixels."""

    def __init__(self, locator: Locator) -> None:
        self.locator = locator
        locator.wait_for(timeout=30_000)

    def state(self) -> dict:
        return json.loads(self.locator.get_attribute("data-eq-state") or "{}")

    def wait(self, condition: Callable[[dict], bool], seconds: float = 20) -> dict:
        """The state, as soon as it fulfils the condition."""
        deadline = time.monotonic() + seconds
        while not condition(state := self.state()):
            assert time.monotonic() < deadline, f"the state stays {state}"
            self.locator.page.wait_for_timeout(50)
        return state

    def pixels(self, canvas: int = 0) -> np.ndarray:
        """What is drawn on a canvas after the next animation frame: (height, width, 4) uint8."""
        url = self.locator.locator("canvas").nth(canvas).evaluate(PICTURE)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))

    def screenshot(self, path: Path | None = None) -> np.ndarray:
        """The view as the reader sees it: (height, width, 3) uint8; also written to a file if a path is given."""
        self.locator.scroll_into_view_if_needed()
        image = Image.open(io.BytesIO(self.locator.screenshot(path=path))).convert("RGB")
        return np.asarray(image)


@contextmanager
def opener(chromium: Browser, server: Server, label: str) -> Iterator[Callable[..., Notebook]]:
    """A function that opens copies of notebooks, or of given cells, on fresh pages: see the fixture open_notebook.

    At the end their kernels stop; nothing may have left the machine, nor a page have raised an error.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    opened: list[Notebook] = []

    def open_(source: Path | None = None, cells: list[str] | None = None, outputs: bool = False) -> Notebook:
        path = copy(source, cells, server.root / f"{label.replace('/', '-')}-{len(opened)}.ipynb", outputs)
        server.forget_theme()
        opened.append(Notebook(context.new_page(), server, path))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
    context.close()
    foreign = [url for notebook in opened for url in notebook.foreign]
    errors = [error for notebook in opened for error in notebook.errors]
    assert not foreign, foreign
    assert not errors, errors


def copy(source: Path | None, cells: list[str] | None, target: Path, outputs: bool = False) -> Path:
    """The copy of a notebook, or a new one of these code cells; without outputs, unless they are asked for."""
    if source is None:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells or []])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    else:
        book = nbformat.read(source, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code" and not outputs:
            cell.update(outputs=[], execution_count=None)
    nbformat.write(book, target)
    return target
