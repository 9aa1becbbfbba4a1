"""MSRScrubber and LiveMSR's columns in JupyterLab: scrubbing stays in the browser, nothing overflows."""

import numpy as np
import pytest

PAINT = """element => new Promise(done => {
  const canvas = element.querySelector("canvas"), slider = element.querySelector(".eq-scrubber"), times = [];
  const turn = i => {  // from the first frame on, each another
    if (i > 20) return done(times.sort((a, b) => a - b)[10]);
    const before = canvas.dataset.eqDrawn, began = performance.now();
    slider.value = i;
    slider.dispatchEvent(new Event("input"));
    const wait = () => canvas.dataset.eqDrawn === before ? requestAnimationFrame(wait)
      : (times.push(performance.now() - began), turn(i + 1));
    wait();
  };
  turn(1);
})"""


@pytest.fixture
def scrubber(open_notebook):
    def open_(arguments="", *extra):
        setup = "from eqkit import groups\nfrom eqkit.views import LiveMSR, MSRScrubber"
        notebook = open_notebook(cells=[setup, *extra, f"view = MSRScrubber({arguments})\nview"])
        notebook.run_all()
        return notebook, notebook.view("MSRScrubber")

    return open_


def press(view, key):
    view.locator.locator(".eq-scrubber").press(key)


def test_both_runs_are_scrubbed_together_while_the_kernel_is_busy(scrubber):
    notebook, view = scrubber()
    end = [view.pixels(i) for i in range(5)]
    notebook.write_cell(0, "import time\ntime.sleep(8)")
    notebook.start_cell(0)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    press(view, "Home")
    for i in range(5):  # the patterns, and the cursors of the charts
        notebook.until(lambda i=i: (view.pixels(i) != end[i]).any())
    assert notebook.page.get_by_text("[*]:").count() == 1
    assert view.locator.evaluate(PAINT) < 60  # ms of 16 on a quiet machine, two frames of the screen
    state = view.wait(lambda s: s["position"] == 20, 30)
    assert state["step"] == 100 and state["directions"][0] == 8


def test_play_replays_in_the_browser_and_the_chart_moves_the_runs(scrubber):
    notebook, view = scrubber()
    press(view, "Home")
    view.wait(lambda s: s["position"] == 0)
    view.locator.get_by_role("button", name="play").click()
    view.wait(lambda s: 0 < s["position"] < 60)
    view.locator.get_by_role("button", name="stop").click()
    chart = view.locator.locator(".eq-chart canvas").first
    box = chart.bounding_box()
    before = view.pixels(0)
    chart.click(position={"x": box["width"] * 0.25, "y": box["height"] / 2})
    press(view, "Home")
    view.wait(lambda s: s["position"] == 0)
    notebook.until(lambda: (view.pixels(0) != before).any())


def test_what_is_shown_and_which_run_is_chosen_in_the_menus(scrubber):
    notebook, view = scrubber()
    before = view.pixels(0)
    view.locator.locator("select").nth(2).select_option("canonical gauge")
    view.wait(lambda s: s["shown"] == "canonical gauge")
    notebook.until(lambda: view.pixels(0).shape != before.shape or (view.pixels(0) != before).any())
    view.locator.locator("select").nth(1).select_option("nothing")
    view.wait(lambda s: s["right"] == "nothing" and len(s["directions"]) == 1)
    notebook.until(lambda: view.locator.locator(".eq-matrix canvas:visible").count() == 1)
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["right"] != "nothing" and s["shown"] == "sharing pattern")
    notebook.until(lambda: view.locator.locator(".eq-matrix canvas:visible").count() == 2)


def test_a_live_run_is_compared_with_a_recorded_one_in_both_themes(scrubber):
    train = "live = LiveMSR(groups.C(4), steps=60)\nlive.player.run()\nlive"
    notebook, view = scrubber("live, LiveMSR.replay(live_file())", train, LIVE_FILE)
    live = notebook.view("LiveMSR")
    assert view.state()["directions"] == [4, 4]
    for shown in (view, live):
        assert shown.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        for shown in (view, live):
            notebook.until(lambda t=theme, s=shown: (np.median(s.screenshot()[:8]) > 128) == (t == "light"))


LIVE_FILE = """import tempfile
def live_file():
    path = tempfile.mkdtemp() + "/run.npz"
    live.save(path)
    return path"""


def test_the_columns_of_u_and_their_gauge_stay_beside_the_pattern_at_848_pixels(open_notebook):
    cell = "from eqkit import groups\nfrom eqkit.views import LiveMSR\nlive = LiveMSR(groups.C(8), steps=150)\n"
    notebook = open_notebook(cells=[cell + "live.player.run()\nlive"])
    notebook.run_all()
    view = notebook.view("LiveMSR")
    view.locator.evaluate("element => { element.style.width = '848px' }")
    tops = view.locator.locator(".eq-column").evaluate_all("nodes => nodes.map(n => n.getBoundingClientRect().top)")
    assert len(tops) == 3 and max(tops) - min(tops) < 2  # three columns, none wrapped below
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    columns = view.pixels(4)
    view.locator.locator("select").last.select_option("canonical gauge")
    view.wait(lambda s: s["shown"] == "canonical gauge")
    notebook.until(lambda: (view.pixels(4) != columns).any())
    gauge = view.pixels(4)
    press(view, "Home")
    view.wait(lambda s: s["position"] == 0)
    notebook.until(lambda: (view.pixels(4) != gauge).any())
