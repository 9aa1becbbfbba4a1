"""Live training in JupyterLab, with and without subshells: ▶ ■, the scrubber, sliders, keys, and what may go wrong."""

import numpy as np
import pytest
from lab import SUBSHELLS, View, opener

CELLS = {
    "setup": "import time\nimport ipywidgets\nfrom eqkit import groups\nfrom eqkit.views import LiveMSR",
    "live": "live = LiveMSR(groups.C(4), steps=60)\nlive",
    "long": "long = LiveMSR(groups.C(5), steps=5000)\nlong",
    "slider": """\
slider = ipywidgets.IntSlider(value=3, description="n")
label = ipywidgets.Label("3")
slider.observe(lambda change: setattr(label, "value", f"n is {change['new']}"), "value")
ipywidgets.VBox([slider, label])""",
    "train": "live.player.run()",
    "run": "long.player.run()\nprint('kept', len(long.player.snapshots))",
    "count": "print(len(long.player.snapshots), long.player.running)",
    "noise": "print(live.noise.value, live.player.snapshots)",
    "sleep": "try:\n    time.sleep(100)\nexcept KeyboardInterrupt:\n    print('woken')",
    "close": "long.close()",
    "closed": "long",
    "quit": "live.player.stop()\nlong.player.stop()",
    "twice": "live",
    "seek": "LiveMSR(groups.C(4)).player.seek(7)",
    "unseen": "live = LiveMSR(groups.C(4), steps=20)\nlive.player.play()",
}


class Lab:
    """One notebook with the cells above, by their names."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.index = {name: i for i, name in enumerate(CELLS)}

    def run(self, name):
        return self.notebook.run_cell(self.index[name]).strip()

    def show(self, name):
        """Run the cell and give the view it shows, built anew."""
        self.run(name)
        return self.view(name)

    def view(self, name):
        return View(self.notebook.cell(self.index[name]).locator("[data-eq-widget]"))

    def until(self, condition, seconds=20):
        """Wait until the condition holds."""
        for _ in range(20 * seconds):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module", params=SUBSHELLS)
def session(chromium, servers, request):
    with opener(chromium, servers(request.param), f"live-{request.param}") as open_:
        yield Lab(open_(cells=list(CELLS.values())))


@pytest.fixture
def lab(session):
    session.run("setup")
    yield session
    if session.run("quit"):  # not after a restart
        session.run("setup")


def click(view, name):
    view.locator.get_by_role("button", name=name).click()


def playing(view):
    """Press ▶ and wait for some snapshots."""
    click(view, "play")
    return view.wait(lambda state: state["running"] and state["snapshots"] > 5)


def press(view, part, key):
    view.locator.locator(part).first.press(key)


def colours(view, canvas, n=4):
    """The colour of each cell of a matrix, read in its upper left corner, away from the letters: (n, n, 3)."""
    pixels = view.pixels(canvas).astype(int)
    at = (np.arange(n) + 0.17) * len(pixels) / n
    return pixels[np.ix_(at.astype(int), at.astype(int))][..., :3]


def test_play_trains_and_the_matrix_colours_itself_into_the_pattern(lab):
    live = lab.show("live")
    hidden, learned = colours(live, 0), colours(live, 1)
    assert abs(hidden - learned).max() > 100
    playing(live)
    lab.until(lambda: (colours(live, 1) != learned).any())
    state = live.wait(lambda state: state["snapshots"] == 61 and not state["running"], 60)
    assert state["weights_astray"] == 0 and state["read_off"] == "C(4)"
    lab.until(lambda: abs(hidden - colours(live, 1)).max() < 60)
