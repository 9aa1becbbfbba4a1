"""The canvas components in JupyterLab: what is drawn, what the browser does by itself, and what reaches the kernel.

Live training is in test_live_training.py.
"""

import numpy as np
import pytest
from lab import SUBSHELLS, opener

CANVASES = """\
import ipywidgets
import torch
from eqkit import groups
from eqkit.views import MatrixCanvas, PointCanvas, View

class Canvases(View):
    title = "A matrix, its average and an orbit"

    def __init__(self):
        n = 4
        cells = torch.arange(n * n).reshape(n, n)
        self.painted = MatrixCanvas("M", editable=True, size=200)
        self.average = MatrixCanvas("its average over shifts", ink="invariant", size=200)
        self.pattern = MatrixCanvas("a circulant", size=200)
        self.orbit = PointCanvas("an orbit", size=200)
        self.painted.show(values=torch.zeros(n, n), scale=1.0)
        shifts = torch.stack([cells.roll((s, s), (0, 1)) for s in range(n)])
        self.average.show(values=torch.zeros(n, n), gather=shifts, mean=True, scale=1.0)
        self.pattern.show(labels=(torch.arange(n) - torch.arange(n)[:, None]) % n)
        turns = groups.C.plane(4).elements().reshape(-1, 4).tolist()
        self.orbit.show([
            {"kind": "points", "of": 1, "matrices": turns, "colour": "group"},
            {"kind": "points", "xy": [[0.5, 0.0]], "colour": "data", "drag": True},
        ], "four points")
        self.link = ipywidgets.jslink((self.painted, "values"), (self.average, "values"))
        self.assemble([[self.painted], [self.average], [self.pattern], [self.orbit]])
        self.on(self.painted, "values", lambda: None)
        self.on(self.pattern, "selected", lambda: None)
        self.on(self.orbit, "layers", lambda: None)

    def state(self):
        return {
            "painted": self.painted.current().tolist(),
            "selected": self.pattern.selected,
            "cursor": self.pattern.cursor,
            "point": self.orbit.points(1)[0].tolist(),
        }

    def code(self):
        return ""

    def reset(self):
        self.painted.show(values=torch.zeros(4, 4), scale=1.0)

canvases = Canvases()
canvases"""

NUMBERS = """\
import time
from eqkit.views import Chart, Player

class Numbers(View):
    title = "Numbers"

    def __init__(self, frames=60, fault=None):
        self.frames, self.fault = frames, fault
        self.canvas = MatrixCanvas("frame", ink="data", size=120)
        self.chart = Chart("number", [{"name": "number", "colour": "learned"}])
        self.player = Player(self.show, self.keep, "number {}".format)
        self.player.follow(self.canvas, "frame")
        self.player.follow(self.chart, "cursor")
        self.assemble([[self.canvas], [self.chart]], player=self.player)
        self.reset()

    def count(self):
        for i in range(self.frames):
            if i == self.fault:
                raise ArithmeticError("the loss is nan")
            yield i

    def picture(self, i):
        return torch.full((2, 2), (i % 100) / 100)

    def show(self, i):
        self.canvas.show(values=self.picture(i), scale=1.0)
        self.chart.show([(j, j) for j in self.player.snapshots], x_max=100)

    def keep(self, numbers):
        if numbers:
            self.canvas.show(values=torch.stack([self.picture(i) for i in numbers]), scale=1.0)

    def state(self):
        p = self.player
        return {"running": p.running, "count": len(p.snapshots), "position": p.position, "current": p.current}

    def code(self):
        return ""

    def reset(self):
        self.player.load(self.count)

numbers = Numbers()
numbers"""

CELLS = [CANVASES, NUMBERS, "numbers.player.run()", "time.sleep(8)", "broken = Numbers(fault=20)\nbroken"]

LATENCY = """async ([selector, key]) => {
  const canvas = document.querySelector(selector), slider = document.querySelector(".eq-scrubber"), times = [];
  slider.focus();
  for (let i = 0; i < 30; i++) {
    const drawn = new Promise((done) => {
      const observer = new MutationObserver(() => { observer.disconnect(); done(performance.now()); });
      observer.observe(canvas, { attributes: true, attributeFilter: ["data-eq-drawn"] });
    });
    const start = performance.now();
    slider.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    times.push((await drawn) - start);
    await new Promise((done) => setTimeout(done, 40));
  }
  return times.sort((a, b) => a - b)[15];
}"""


def colour(view, canvas, x=0.6, y=0.6):
    """The colour at a relative place of a canvas."""
    pixels = view.pixels(canvas)
    return pixels[int(y * len(pixels)), int(x * pixels.shape[1]), :3].astype(int)


def drag(view, canvas, *places):
    """Press at the first relative place of a canvas, move through the others, release."""
    node = view.locator.locator("canvas").nth(canvas)
    node.scroll_into_view_if_needed()
    box, mouse = node.bounding_box(), view.locator.page.mouse
    for i, (x, y) in enumerate(places):
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if i == 0:
            mouse.down()
    mouse.up()


def canvas(view, index):
    return view.locator.locator("canvas").nth(index)


def shows(view, index, condition, x=0.6, y=0.6):
    """Wait until the colour at a place of a canvas fulfils the condition, and give it."""
    for _ in range(100):
        if condition(now := colour(view, index, x, y)):
            return now
        view.locator.page.wait_for_timeout(50)
    raise AssertionError(f"canvas {index} stays {now} at {x}, {y}")


def grey(level):
    return lambda now: np.abs(now - level).max() <= 3


@pytest.fixture(scope="module")
def notebook(chromium, servers):
    with opener(chromium, servers(SUBSHELLS[0]), "components") as open_:
        yield open_(cells=CELLS)


@pytest.fixture
def canvases(notebook):
    notebook.run_cell(0)
    view = notebook.view("Canvases")
    shows(view, 0, grey(255))
    return view


@pytest.fixture
def numbers(notebook):
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook.view("Numbers")


@pytest.fixture
def trained(notebook, numbers):
    notebook.run_cell(2)
    numbers.wait(lambda state: state["count"] == 60 and not state["running"])
    return numbers


def test_painting_reaches_the_kernel_and_the_average_follows_in_the_browser(canvases):
    drag(canvases, 0, (0.1, 0.1), (0.4, 0.1))
    state = canvases.wait(lambda state: sum(map(sum, state["painted"])) == 2)
    assert state["painted"][0] == [1, 1, 0, 0]
    shows(canvases, 0, grey(0), 0.1, 0.1)
    quarter = 255 + (np.array([0x00, 0x72, 0xB2]) - 255) / 4  # the ink of one cell spread over a diagonal of four
    for at in (0.12, 0.62):
        shows(canvases, 1, grey(quarter), at, at)
    shows(canvases, 1, grey(255), 0.62, 0.12)
    drag(canvases, 0, (0.1, 0.1))
    canvases.wait(lambda state: state["painted"][0] == [0, 1, 0, 0])


def test_the_keyboard_paints(canvases):
    canvas(canvases, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        canvas(canvases, 0).press(key)
    canvases.wait(lambda state: state["painted"][1] == [0, 1, 0, 0])


def test_hovering_lights_up_the_tied_cells(canvases):
    before = colour(canvases, 2, 0.05, 0.45)
    canvas(canvases, 2).hover(position={"x": 5, "y": 5})  # label a: the diagonal
    shows(canvases, 2, lambda now: now.min() > before.min() + 60, 0.05, 0.45)
    shows(canvases, 2, grey(np.array([0xE6, 0x9F, 0x00])), 0.28, 0.31)


def test_a_click_selects_a_class_and_escape_lets_it_go(canvases):
    drag(canvases, 2, (0.4, 0.1))
    canvases.wait(lambda state: state["selected"] == 1 and state["cursor"] == 1)
    canvas(canvases, 2).press("Escape")
    canvases.wait(lambda state: state["selected"] == -1)


def test_an_orbit_follows_its_point_in_the_browser(canvases):
    before = canvases.pixels(3)
    drag(canvases, 3, (0.67, 0.5), (0.67, 0.35))
    x, y = canvases.wait(lambda state: state["point"][1] > 0.2)["point"]
    assert abs(x - 0.5) < 0.1 and (canvases.pixels(3) != before).any()
    canvas(canvases, 3).press("ArrowUp")
    canvases.wait(lambda state: state["point"][1] > y)


def test_reset_clears_and_every_canvas_is_named(canvases):
    drag(canvases, 0, (0.1, 0.1))
    canvases.wait(lambda state: state["painted"][0][0] == 1)
    canvases.locator.get_by_role("button", name="reset").click()
    canvases.wait(lambda state: state["painted"][0][0] == 0)
    labels = [canvas(canvases, i).get_attribute("aria-label") for i in range(4)]
    assert labels[2] == "a circulant: a matrix with 4 rows and 4 columns, 4 classes of equal cells" and all(labels)
    assert canvases.locator.get_attribute("aria-label") == "A matrix, its average and an orbit"


def test_scrubbing_and_replaying_need_no_kernel(notebook, trained):
    notebook.start_cell(3)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    scrubber = trained.locator.locator(".eq-scrubber")
    scrubber.press("Home")
    shows(trained, 0, grey(255))
    notebook.page.evaluate(LATENCY, [".eq-chart canvas", "ArrowRight"])  # 30 steps
    shows(trained, 0, grey(0.7 * 255))
    trained.locator.get_by_role("button", name="play").click()
    shows(trained, 0, grey(0.41 * 255))
    assert notebook.page.get_by_text("[*]:").count() == 1
    trained.wait(lambda state: state["current"] == 59)


def test_dragging_on_the_chart_moves_the_scrubber(trained):
    drag(trained, 1, (0.2, 0.5), (0.4, 0.5))
    trained.wait(lambda state: state["position"] == 31)  # 58 pixels of margin, then 330 for 0 … 100
    shows(trained, 0, grey(0.69 * 255))


def test_an_error_while_training_is_shown_in_the_view(notebook, numbers):
    notebook.run_cell(4)
    broken = notebook.view("Numbers", 1)
    broken.locator.get_by_role("button", name="play").click()
    broken.locator.get_by_text("ArithmeticError: the loss is nan").wait_for(timeout=20_000)
    assert broken.wait(lambda state: not state["running"])["count"] == 20


def test_both_themes_are_drawn_in_their_own_colours(notebook, trained):
    for theme, low, high in (("dark", 0, 60), ("light", 200, 255)):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(600)
        assert low <= np.median(trained.screenshot()) <= high
        drawn = trained.pixels(1)  # grid, curve and letters on a clear ground
        letters = drawn[-16:, :, :3][drawn[-16:, :, 3] > 100].mean()  # the word "step"
        assert letters > 128 if theme == "dark" else letters < 128
