"""Live training in JupyterLab, with and without subshells: ▶ ■, the scrubber, sliders, keys, and what may go wrong."""

import numpy as np
import pytest
from lab import SUBSHELLS, View, opener

CELLS = {
    "setup": """\
import time
import ipywidgets
from eqkit import groups
from eqkit.views import LiveMSR
live = long = None""",
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
    "quit": "for view in {live, long} - {None}:\n    view.player.stop()",
    "twice": "live",
    "seek": "LiveMSR(groups.C(4)).player.seek(7)",
    "keep": "first = long",
    "copy": "first",
    "first": "print(len(first.player.snapshots), first.player.running)",
    "unseen": "live = LiveMSR(groups.C(4), steps=20)\nlive.player.play()",
}


class Lab:
    """One notebook with the cells above, by their names."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.index = {name: i for i, name in enumerate(CELLS)}

    def run(self, name):
        return self.notebook.run_cell(self.index[name]).strip()

    def start(self, name):
        """Run the cell, and do not wait for its end."""
        self.notebook.start_cell(self.index[name])
        self.notebook.until(lambda: self.prompt(name) == "[*]:")

    def prompt(self, name):
        return self.notebook.cell(self.index[name]).locator(".jp-InputArea-prompt").text_content().strip()

    def ended(self, name):
        """Wait for the end of the cell that was started, and give its text."""
        self.notebook.until(lambda: self.prompt(name) != "[*]:")
        return self.notebook.cell(self.index[name]).locator(".jp-OutputArea-output").inner_text().strip()

    def show(self, name):
        """Run the cell and give the view it shows, built anew."""
        text = self.run(name)
        assert "Error" not in text, text
        return self.view(name)

    def view(self, name):
        return View(self.notebook, self.notebook.cell(self.index[name]).locator("[data-eq-widget]"))


@pytest.fixture(scope="module", params=SUBSHELLS)
def session(chromium, servers, request):
    with opener(chromium, servers(request.param), f"live-{request.param}") as open_:
        yield Lab(open_(cells=list(CELLS.values())))


@pytest.fixture
def lab(session):
    session.run("setup")
    yield session
    session.run("quit")


def click(view, name):
    view.locator.get_by_role("button", name=name).click()


def playing(view):
    """Press ▶ and wait for some snapshots."""
    click(view, "play")
    return view.wait(lambda state: state["running"] and state["snapshots"] > 5, 60)


def stopped(view):
    return view.wait(lambda state: not state["running"], 60)


def focus(view, part):
    view.locator.locator(part).first.focus()


def colours(view, canvas, n=4):
    """The colour of each cell of a matrix, read in its upper left corner, away from the letters: (n, n, 3)."""
    pixels = view.pixels(canvas).astype(int)
    at = ((np.arange(n) + 0.17) * len(pixels) / n).astype(int)
    return pixels[np.ix_(at, at)][..., :3]


def test_play_trains_and_the_matrix_colours_itself_into_the_pattern(lab):
    live = lab.show("live")
    hidden, untrained = colours(live, 0), colours(live, 1)
    assert abs(hidden - untrained).max() > 100
    playing(live)
    lab.notebook.until(lambda: (colours(live, 1) != untrained).any())
    state = live.wait(lambda state: state["snapshots"] == 61 and not state["running"], 60)
    assert state["weights_astray"] == 0 and state["read_off"] == "C(4)"
    lab.notebook.until(lambda: abs(hidden - colours(live, 1)).max() < 60)


def test_stop_stops_within_a_second_of_frames(lab):
    long = lab.show("long")
    playing(long)
    before = long.state()["snapshots"]
    click(long, "stop")
    state = stopped(long)
    assert state["snapshots"] <= before + 30  # at most 30 frames a second
    assert lab.run("count") == lab.run("count") == f"{state['snapshots']} False"
    assert "step" in state and state["position"] == state["snapshots"] - 1
    click(long, "play")  # goes on from there
    long.wait(lambda now: now["snapshots"] > state["snapshots"])


def test_the_scrubber_replays_in_the_browser_while_the_kernel_sleeps(lab):
    live = lab.show("live")
    untrained = colours(live, 1)
    lab.run("train")
    live.wait(lambda state: state["position"] == 60)
    trained = colours(live, 1)
    lab.start("sleep")
    focus(live, ".eq-scrubber")
    lab.page.keyboard.press("Home")
    lab.notebook.until(lambda: abs(colours(live, 1) - untrained).max() < 30)
    lab.page.keyboard.press("End")
    lab.notebook.until(lambda: (colours(live, 1) == trained).all())
    scrubber = live.locator.locator(".eq-scrubber")
    scrubber.scroll_into_view_if_needed()
    box = scrubber.bounding_box()
    lab.page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    lab.notebook.until(lambda: (colours(live, 1) != trained).any())
    lab.page.keyboard.press("ArrowRight")
    shown = int(scrubber.input_value())
    assert 2 < shown < 15
    assert lab.prompt("sleep") == "[*]:"  # no cell could have answered so far
    lab.notebook.interrupt()
    live.wait(lambda state: state["position"] == shown)
    assert not live.state()["running"]


def test_sliders_and_other_cells_are_answered_during_training(lab):
    lab.run("slider")
    long = lab.show("long")
    started = playing(long)["snapshots"]
    handle = lab.notebook.cell(lab.index["slider"]).locator(".noUi-handle")
    handle.press("ArrowRight")
    lab.page.get_by_text("n is 4").wait_for(timeout=20_000)
    count, running = lab.run("count").split()
    assert int(count) > started and running == "True"
    long.wait(lambda state: state["running"] and state["snapshots"] > int(count))


def test_a_blocking_run_is_interrupted_and_keeps_its_snapshots(lab):
    long = lab.show("long")
    lab.start("run")
    long.wait(lambda state: state["snapshots"] > 5, 60)
    assert lab.prompt("run") == "[*]:"
    lab.notebook.interrupt()
    state = stopped(long)
    said = lab.ended("run")
    assert said == f"kept {state['snapshots']}" and "interrupted" in long.locator.locator(".eq-status").inner_text()
    playing(long)  # and goes on by ▶
    assert int(lab.run("count").split()[0]) > state["snapshots"]


def test_the_second_player_stops_the_first(lab):
    live, long = lab.show("live"), lab.show("long")
    playing(long)
    click(live, "play")
    state = stopped(long)
    live.wait(lambda state: state["snapshots"] == 61, 60)
    assert lab.run("count") == f"{state['snapshots']} False"


def test_training_goes_on_while_it_is_seen_and_stops_when_its_cells_have_run_again(lab):
    long = lab.show("long")
    lab.run("keep")
    playing(long)
    lab.show("copy")
    again = lab.show("long")  # another view in the place of the first
    for _ in range(2):  # the second time the copy leaves the page and comes back
        lab.page.wait_for_timeout(3000)
        assert lab.run("first").endswith("True")
        lab.run("copy")
    lab.notebook.write_cell(lab.index["copy"], "None")
    lab.run("copy")
    lab.notebook.until(lambda: lab.run("first").endswith("False"))
    assert lab.run("first") == lab.run("first")
    playing(again)


def test_a_closed_view_stops_training_and_leaves_a_picture(lab):
    long = lab.show("long")
    playing(long)
    lab.run("close")
    lab.notebook.until(lambda: long.locator.count() == 0)
    assert lab.run("count") == lab.run("count")
    assert lab.run("count").endswith("False")
    lab.run("closed")
    picture = lab.notebook.cell(lab.index["closed"]).locator(".jp-OutputArea-output img")
    assert picture.evaluate("image => image.naturalWidth > 300")


def test_space_and_arrows_play_stop_and_scrub_and_jupyter_hears_no_key(lab):
    long = lab.show("long")
    focus(long, "canvas")
    cells = len(lab.notebook.prompts())
    for key in "abdd":
        lab.page.keyboard.press(key)
    lab.page.keyboard.press(" ")
    long.wait(lambda state: state["running"] and state["snapshots"] > 5, 60)
    lab.page.keyboard.press(" ")
    last = stopped(long)["position"]
    focus(long, ".eq-scrubber")
    lab.page.keyboard.press("ArrowLeft")
    long.wait(lambda state: state["position"] == last - 1)
    lab.page.keyboard.press("Home")
    long.wait(lambda state: state["position"] == 0)
    lab.page.keyboard.press("ArrowRight")
    long.wait(lambda state: state["position"] == 1)
    assert len(lab.notebook.prompts()) == cells


def test_two_hundred_events_of_a_slider_end_in_its_last_value(lab):
    live = lab.show("live")
    playing(live)
    handle = live.locator.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    for end in (110, 60):
        lab.page.mouse.move(x + end, y, steps=100)
    lab.page.mouse.up()
    noise = float(live.locator.locator(".widget-readout").first.inner_text())
    assert 0.3 < noise < 0.9
    state = live.wait(lambda state: abs(state["noise"] - noise) < 1e-6 and not state["running"], 60)
    assert state["snapshots"] == 0
    assert lab.run("noise") == f"{noise} []"  # the kernel has no other value to come
    assert live.state() == state
    playing(live)  # trains with the new noise


def test_cells_out_of_order(lab):
    assert "seek(7): there are 0 snapshots" in lab.run("seek")
    lab.run("unseen")  # ▶ by code, before the view is shown
    view = lab.show("twice")
    assert view.wait(lambda state: state["snapshots"] == 21 and not state["running"], 60)["position"] == 20
    lab.run("train")  # nothing is left to train
    live = lab.show("live")  # the name means another view now; the old one still replays
    focus(view, ".eq-scrubber")
    lab.page.keyboard.press("Home")
    view.wait(lambda state: state["position"] == 0)
    assert live.state()["snapshots"] == 0


def test_after_a_restart_the_old_view_says_so_and_does_not_hang(lab):
    long = lab.show("long")
    playing(long)
    lab.notebook.restart()
    notice = long.locator.get_by_text("the kernel was restarted")
    notice.wait_for(timeout=20_000)
    for button in ("play", "stop", "reset"):
        long.locator.get_by_role("button", name=button).dispatch_event("click")
    assert "NameError" in lab.run("count")
    lab.run("setup")
    again = lab.show("long")
    playing(again)
    assert again.locator.get_by_text("the kernel was restarted").is_hidden()
