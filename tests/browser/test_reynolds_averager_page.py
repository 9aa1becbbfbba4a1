"""ReynoldsAverager in JupyterLab: scrubbing and painting happen in the browser, and the kernel comes to the same."""

import json

import numpy as np
import pytest

AVERAGER = """\
from eqkit import groups
from eqkit.views import ReynoldsAverager
view = ReynoldsAverager({arguments})
view"""
MEAN = "import json\nprint(json.dumps(view.mean.current().tolist()))"


@pytest.fixture
def averager(open_notebook):
    def open_(arguments="", extra=MEAN):
        notebook = open_notebook(cells=[AVERAGER.format(arguments=arguments), extra])
        notebook.run_all()
        return notebook, notebook.view("ReynoldsAverager")

    return open_


def scrubber(view):
    return view.locator.locator(".eq-scrubber")


def test_arrows_scrub_space_plays_and_r_resets(averager):
    notebook, view = averager("groups.D(6)")
    scrubber(view).focus()
    scrubber(view).press("ArrowRight")
    view.wait(lambda state: state["count"] == 2)
    scrubber(view).press("End")
    assert view.wait(lambda state: state["count"] == 12)["invariant"]
    scrubber(view).press("r")
    assert not view.wait(lambda state: state["count"] == 1)["invariant"]
    scrubber(view).press(" ")
    view.wait(lambda state: 1 < state["count"] < 12)
    view.wait(lambda state: state["count"] == 12)


def test_painting_moves_the_average_in_the_browser(averager):
    notebook, view = averager("groups.C(4), 'one entry', count=4")
    before = view.pixels(2)
    box = view.locator.locator("canvas").first.bounding_box()
    cell = box["width"] / 4
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 0.5 * cell, box["y"] + 0.5 * cell)
    mouse.down()
    mouse.move(box["x"] + 0.5 * cell, box["y"] + 1.5 * cell, steps=4)
    mouse.up()
    state = view.wait(lambda state: state["M"] == [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert state["invariant"]
    notebook.page.wait_for_timeout(300)
    assert (view.pixels(2) != before).any()
    mean = np.array(json.loads(notebook.run_cell(1)))
    row, column = np.indices((4, 4))
    np.testing.assert_allclose(mean, np.array([1, 0, 1, 1])[(column - row) % 4] / 4, atol=1e-6)


def test_two_hundred_slider_events_end_at_the_last(averager):
    notebook, view = averager("groups.S(5)")
    scrubber(view).evaluate(
        """async slider => {
            for (let i = 0; i < 200; i++) {
                slider.value = i < 199 ? (37 * i) % 120 : 119;
                slider.dispatchEvent(new Event("input"));
                await new Promise(done => setTimeout(done, 10));
            }
        }"""
    )
    state = view.wait(lambda state: state["count"] == 120)
    notebook.page.wait_for_timeout(1000)
    assert view.state() == state and state["invariant"]
    mean = np.array(json.loads(notebook.run_cell(1)))
    np.testing.assert_allclose(mean, np.where(np.eye(5) == 1, mean[0, 0], mean[0, 1]), atol=1e-6)


def test_the_average_ends_in_a_blue_frame_and_averaging_again_changes_nothing(averager):
    notebook, view = averager("groups.C(8)")
    scrubber(view).focus()
    scrubber(view).press("End")
    view.wait(lambda state: state["invariant"])
    notebook.page.wait_for_timeout(300)
    red, green, blue, _ = view.pixels(2)[100, 1]  # on the frame
    assert blue > red + 60
    view.locator.get_by_role("button", name="average again").click()
    view.wait(lambda state: state["averaged_before"] == 8)
    assert "P² = P" in view.locator.locator(".eq-verdict").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_function_on_the_plane_is_drawn(averager, theme):
    notebook, view = averager("groups.D.plane(6), 'a bump', count=12")
    notebook.theme(theme)
    notebook.page.wait_for_timeout(500)
    mean = view.pixels(2)[..., 0].astype(int)
    inner = mean[12:-12, 12:-12]  # without the frame
    assert np.abs(inner - inner[::-1]).mean() < 3 and inner.std() > 10
    assert view.screenshot().std() > 10
