"""Chapter 00 as a reader meets it: the pictures before anything runs, Run All, and every widget alive."""

import numpy as np
import pytest
from chapter import changes, click, find, legible, press, replay, scrub, shows_pictures, train_stop_replay, verdicts

CHAPTER = "00_start_here"
VIEWS = ["ReynoldsAverager", "SharingPattern", "LiveMSR", "ConstraintSatisfaction", "LiveMSR"]


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), len(VIEWS))


def test_run_all_ends_without_an_error_and_every_view_is_drawn(notebook):
    # an error, or a word on stderr, fails in run_all
    names = "views => views.map(view => view.dataset.eqWidget)"
    notebook.until(lambda: notebook.page.locator("[data-eq-widget]").evaluate_all(names) == VIEWS)
    for name in set(VIEWS):
        assert notebook.view(name).state()
        assert notebook.view(name).pixels()[..., :3].std() > 10


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_view_is_legible(notebook, theme):
    legible(notebook, set(VIEWS), theme)
    page = 255 if theme == "light" else 17
    chart = notebook.view("LiveMSR").pixels(2).reshape(-1, 4).astype(float)
    alpha = chart[:, 3:] / 255
    seen = alpha * chart[:, :3] + (1 - alpha) * page
    grey = seen[np.ptp(seen, axis=1) < 12]  # the ticks and their labels, not the curves
    assert (abs(grey - page).min(1) > 90).sum() > 200


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("12", exact=True).check()
    notebook.page.get_by_text("Noted.").wait_for()
    assert "You expected: 12." in notebook.run_cell(find(notebook, "guess.reveal"))


def test_a_matrix_is_painted_and_its_average_scrubbed(notebook):
    view = notebook.view("ReynoldsAverager")
    press(view, ".eq-scrubber", "End")
    state = view.wait(lambda state: state["count"] == 12)
    assert state["invariant"] and state["M"][5][5] == 0
    before = view.pixels(2)
    canvas = view.locator.locator("canvas").first
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 11 / 12, "y": box["height"] * 11 / 12})
    changes(notebook, view, 2, before)
    state = view.wait(lambda state: state["M"][5][5] == 1)
    assert state["invariant"] and state["free_parameters"] == 4
    press(view, ".eq-scrubber", "Home")
    assert not view.wait(lambda state: state["count"] == 1)["invariant"]


def test_hovering_a_weight_lights_up_all_that_are_tied_to_it(notebook):
    view = notebook.view("SharingPattern")
    canvas = view.locator.locator("canvas").first
    notebook.page.mouse.move(0, 0)
    before = view.pixels()
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 3.2 / 8, "y": box["height"] * 0.2 / 8})  # row 0, column 3
    changes(notebook, view, 0, before)
    at = ((np.arange(8) + 0.2) * len(before) / 8).astype(int)  # a corner of each cell, away from its letter
    faded = (view.pixels() != before).any(-1)[np.ix_(at, at)]
    row, column = np.indices((8, 8))
    assert (faded == ((column - row) % 8 != 3)).all()
    assert view.state()["free"] == 8


def test_a_reset_matrix_trains_live_stops_and_replays(notebook):
    train_stop_replay(notebook)


def test_a_recorded_run_replays_without_training(notebook):
    replay(notebook)


def test_the_same_equations_at_another_dimension(notebook):
    view = notebook.view("ConstraintSatisfaction")
    before = view.pixels(5)
    n = view.state()["n"]
    handle = view.locator.locator(".noUi-handle").last
    handle.press("PageDown")
    state = view.wait(lambda state: state["n"] < n)
    assert state["holds_at_n"]
    changes(notebook, view, 5, before)
    scrub(notebook, view, canvas=0)
    click(view, "play")
    view.wait(lambda now: now["snapshots"] > state["snapshots"])
    handle.press("ArrowLeft")  # answered while it trains
    view.wait(lambda now: now["n"] == state["n"] - 1)
    click(view, "stop")
    state = view.wait(lambda now: not now["running"])
    assert [name for name, holds in state["holds"].items() if holds] == ["projection", "Cayley", "exp"]


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answers = [f"free_weights = {number}" for number in (5, 2)]
    assert verdicts(notebook, "free_weights = ...", "00.2", answers) == ["not yet", "wrong", "right"]
