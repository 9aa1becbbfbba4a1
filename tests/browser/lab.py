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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Position

SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # off-screen cells stay on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
SUBSHELLS = ("perCommTarget", "disabled")  # JupyterLab's default, and without
PROMPTS = "nodes => nodes.map(node => node.textContent)"
PICTURE = "canvas => new Promise(done => requestAnimationFrame(() => done(canvas.toDataURL('image/png'))))"
KERNEL = "jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
ANSWERS = f"""async () => {{
    const {{ context }} = jupyterapp.shell.currentWidget;
    await context.ready;
    await context.sessionContext.ready;
    await {KERNEL}.info;  // a cell that is run before the kernel has answered may be lost
}}"""
WRITE = """cells => {
    const model = jupyterapp.shell.currentWidget.content.model.sharedModel, before = model.cells.length;
    model.insertCells(0, cells.map(source => ({ cell_type: "code", source })));
    model.deleteCellRange(cells.length, cells.length + before);
}"""
APPEND = """source => {
    const model = jupyterapp.shell.currentWidget.content.model.sharedModel;
    model.insertCell(model.cells.length, { cell_type: "code", source });
    return model.cells.length - 1;
}"""
FORGET = """(index) => {  // that cells have run: nobody takes their last run for the next
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = index ?? content.activeCellIndex;
    const cells = index === null ? content.widgets : [content.activeCell];
    for (const { model } of cells) if (model.type === "code") model.sharedModel.execution_count = null;
}"""
SLEEP = """\
try:
    print("asleep")
    __import__("time").sleep(600)
except KeyboardInterrupt:
    print("woken")"""
DRAWN = """view => [...view.querySelectorAll(".eq-column > *")].every(node => node.matches(".eq-component"))
    && [...view.querySelectorAll("canvas")].every(canvas => canvas.dataset.eqDrawn)"""


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
        page.evaluate(ANSWERS)

    def _left(self, url: str) -> None:
        if not url.startswith("ws"):
            self.foreign.append(url)

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
        self.page.evaluate(FORGET, None)
        self.command("notebook:run-all-cells")
        try:
            self.until(lambda: (not errors and self.failures()) or all(map(ran, self.prompts())), seconds)
        except AssertionError:
            raise AssertionError(f"not all cells ran within {seconds} s: {self.prompts()}") from None
        assert errors or not self.failures(), "\n".join(self.failures())

    def failures(self) -> list[str]:
        """The texts of the errors and of stderr in the outputs."""
        kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
        selector = ", ".join(f'.jp-OutputArea-output[data-mime-type="{kind}"]' for kind in kinds)
        return self.page.locator(selector).evaluate_all(PROMPTS)

    def cell(self, index: int) -> Locator:
        """The cell of this index, markdown cells counted."""
        return self.page.locator(".jp-NotebookPanel .jp-Cell").nth(index)

    def write(self, *cells: str) -> None:
        """Code cells of these sources in place of all that the notebook holds."""
        self.page.evaluate(WRITE, list(cells))

    def write_cell(self, index: int, source: str) -> None:
        """Replace the source of a cell."""
        script = "([i, code]) => jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(code)"
        self.page.evaluate(script, [index, source])

    def run(self, source: str, seconds: float = 60) -> str:
        """Run this source in a new cell at the end, and give the text of its outputs."""
        return self.run_cell(self.page.evaluate(APPEND, source), seconds).strip()

    def run_cell(self, index: int, seconds: float = 60) -> str:
        """Run one code cell, wait for its end, and give the text of its outputs."""
        self.start_cell(index)
        self.until(lambda: ran(self.prompt(index)), seconds)
        return "\n".join(self.cell(index).locator(".jp-OutputArea-output").all_inner_texts())

    def start_cell(self, index: int) -> None:
        """Run one code cell, and do not wait."""
        self.page.evaluate(FORGET, index)
        self.command("notebook:run-cell")

    def prompt(self, index: int) -> str:
        return (self.cell(index).locator(".jp-InputArea-prompt").text_content() or "").strip()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Within this block the kernel sleeps in a cell: what happens on the page is done by the browser alone."""
        index = self.page.evaluate(APPEND, SLEEP)
        self.start_cell(index)
        output = self.cell(index).locator(".jp-OutputArea-output")
        self.until(lambda: "asleep" in output.all_inner_texts()[:1])
        yield
        assert self.prompt(index) == "[*]:"
        self.interrupt()
        self.until(lambda: ran(self.prompt(index)))

    def interrupt(self) -> None:
        self.page.evaluate(f"() => {KERNEL}.interrupt()")

    def restart(self) -> None:
        """Restart the kernel, without the dialogue that asks."""
        self.page.evaluate(f"() => {KERNEL}.restart()")
        self.page.evaluate(ANSWERS)

    def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        """Wait until the condition holds; AssertionError if it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            self.page.wait_for_timeout(50)

    def theme(self, name: str) -> None:
        """Change to the theme "light" or "dark"."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name.title()}")
        self.page.wait_for_selector(f"body[data-jp-theme-light='{str(name == 'light').lower()}']", state="attached")

    def view(self, name: str, index: int = 0) -> View:
        """The view of this class name on the page, the first unless an index is given."""
        return View(self, self.page.locator(f'[data-eq-widget="{name}"]').nth(index))


def ran(prompt: str) -> bool:
    """Whether this is the prompt of a cell that has run: "[3]:"."""
    return prompt.strip()[1:-2].isdigit()


class View:
    """A view of eqkit on the page: its state, its pixels, its parts, and a pointer that finds them.

    A place on a canvas is (right, down) in pixels from its upper left corner.
    """

    def __init__(self, notebook: Notebook, locator: Locator) -> None:
        self.notebook, self.locator, self.until = notebook, locator, notebook.until
        locator.wait_for(timeout=30_000)
        self.until(lambda: locator.evaluate(DRAWN))

    def state(self) -> dict:
        return json.loads(self.locator.get_attribute("data-eq-state") or "{}")

    def wait(self, condition: Callable[[dict], object], seconds: float = 20) -> dict:
        """The state, as soon as it fulfils the condition."""
        try:
            self.until(lambda: condition(self.state()), seconds)
        except AssertionError:
            raise AssertionError(f"the state stays {self.state()}") from None
        return self.state()

    def canvas(self, index: int = 0) -> Locator:
        return self.locator.locator("canvas").nth(index)

    def menu(self, index: int = 0) -> Locator:
        return self.locator.locator("select").nth(index)

    def handle(self, index: int = 0) -> Locator:
        """The handle of a slider, of those that are shown."""
        return self.locator.locator(".noUi-handle:visible").nth(index)

    @property
    def scrubber(self) -> Locator:
        return self.locator.locator(".eq-scrubber")

    def text(self, part: str = ".eq-verdict") -> str:
        return self.locator.locator(part).first.inner_text()

    def click(self, button: str, exact: bool = False) -> None:
        self.locator.get_by_role("button", name=button, exact=exact).click()

    def size(self, canvas: int = 0) -> np.ndarray:
        """The width and the height of a canvas."""
        return np.array(self.canvas(canvas).evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]"))

    def hover_at(self, place: Sequence[float], canvas: int = 0) -> None:
        """Bring the pointer to a place: as soon as it is in view, at rest and uncovered."""
        self.canvas(canvas).hover(position=at(place))

    def click_at(self, place: Sequence[float], canvas: int = 0) -> None:
        self.canvas(canvas).click(position=at(place))

    def drag(self, *places: Sequence[float], canvas: int = 0, steps: int = 8) -> None:
        """Press the pointer at the first place, take it through the others, in so many steps each, and let it go."""
        self._drag(self.canvas(canvas), places, steps)

    def slide(self, handle: int, *shifts: float, steps: int = 100) -> None:
        """Drag the handle of a slider to these distances from where it is."""
        node = self.handle(handle)
        middle = node.evaluate("handle => [handle.clientWidth / 2, handle.clientHeight / 2]")
        self._drag(node, [middle, *((middle[0] + shift, middle[1]) for shift in shifts)], steps)

    def _drag(self, node: Locator, places: Sequence[Sequence[float]], steps: int) -> None:
        node.scroll_into_view_if_needed()
        node.hover(position=at(places[0]))
        mouse, box = self.notebook.page.mouse, node.bounding_box()
        mouse.down()
        for x, y in places[1:]:
            mouse.move(box["x"] + float(x), box["y"] + float(y), steps=steps)
        mouse.up()

    @contextmanager
    def changes(self, *canvases: int) -> Iterator[None]:
        """After this block, wait until the pixels of these canvases are others than before it."""
        before = {canvas: self.pixels(canvas) for canvas in canvases}
        yield
        for canvas, old in before.items():
            self.until(lambda canvas=canvas, old=old: not np.array_equal(self.pixels(canvas), old))

    def pixels(self, canvas: int = 0) -> np.ndarray:
        """What is drawn on a canvas after the next animation frame: (height, width, 4) uint8."""
        url = self.canvas(canvas).evaluate(PICTURE)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))

    def screenshot(self, path: Path | None = None) -> np.ndarray:
        """The view as the reader sees it: (height, width, 3) uint8; also written to a file if a path is given."""
        self.locator.scroll_into_view_if_needed()
        image = Image.open(io.BytesIO(self.locator.screenshot(path=path))).convert("RGB")
        return np.asarray(image)


def at(place: Sequence[float]) -> Position:
    """A place in Playwright's words."""
    return {"x": float(place[0]), "y": float(place[1])}


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
