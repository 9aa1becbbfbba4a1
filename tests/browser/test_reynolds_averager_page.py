"""ReynoldsAverager in JupyterLab: scrubbing and painting happen in the browser, and the kernel comes to the same."""

import json

import numpy as np
import pytest

VIEW = "ReynoldsAverager"
MEAN = 2  # its canvas


def mean(view):
    """The average that the kernel has."""
    return np.array(json.loads(view.notebook.run("print(view.mean.current().tolist())")))


def test_arrows_scrub_space_plays_and_r_resets(show):
    view = show("groups.D(6)")
    view.scrubber.press("ArrowRight")
    view.wait(lambda state: state["count"] == 2)
    view.scrubber.press("End")
    assert view.wait(lambda state: state["count"] == 12)["invariant"]
    view.scrubber.press("r")
    assert not view.wait(lambda state: state["count"] == 1)["invariant"]
    view.scrubber.press(" ")
    view.wait(lambda state: 1 < state["count"] < 12)
    view.wait(lambda state: state["count"] == 12)


def test_painting_moves_the_average_in_the_browser(show):
    view = show("groups.C(4), 'one entry', count=4")
    cell = view.size() / 4
    with view.changes(MEAN):
        view.drag(cell * (0.5, 0.5), cell * (0.5, 1.5))
    state = view.wait(lambda state: state["M"] == [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert state["invariant"]
    row, column = np.indices((4, 4))
    np.testing.assert_allclose(mean(view), np.array([1, 0, 1, 1])[(column - row) % 4] / 4, atol=1e-6)


def test_two_hundred_slider_events_end_at_the_last(show):
    view = show("groups.S(5)")
    view.scrubber.evaluate(
        """async slider => {
            for (let i = 0; i < 200; i++) {
                slider.value = i < 199 ? (37 * i) % 120 : 119;
                slider.dispatchEvent(new Event("input"));
                await new Promise(done => setTimeout(done, 10));
            }
        }"""
    )
    state = view.wait(lambda state: state["count"] == 120)
    average = mean(view)  # the kernel has no other value to come
    np.testing.assert_allclose(average, np.where(np.eye(5) == 1, average[0, 0], average[0, 1]), atol=1e-6)
    assert view.state() == state and state["invariant"]


def test_the_average_ends_in_a_blue_frame_and_averaging_again_changes_nothing(show):
    view = show("groups.C(8)")
    view.scrubber.press("End")
    view.wait(lambda state: state["invariant"])
    view.until(lambda: int(view.pixels(MEAN)[100, 1, 2]) > int(view.pixels(MEAN)[100, 1, 0]) + 60)  # on the frame
    view.click("average again")
    view.wait(lambda state: state["averaged_before"] == 8)
    view.until(lambda: "P² = P" in view.text())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_function_on_the_plane_is_drawn(show, theme):
    view = show("groups.D.plane(6), 'a bump', count=12")
    view.notebook.theme(theme)
    inner = view.pixels(MEAN)[12:-12, 12:-12, 0].astype(int)  # without the frame
    assert np.abs(inner - inner[::-1]).mean() < 3 and inner.std() > 10
    assert view.screenshot().std() > 10
