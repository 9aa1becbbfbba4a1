"""Chapter 07 as a reader meets it: pictures before anything runs, Run All, LiveMSR and MSRScrubber driven inside."""

import pytest
from chapter import changes, legible, press, replay, shows_pictures, train_stop_replay, verdicts

CHAPTER = "07_learned_symmetry_matrices"
VIEWS = ["LiveMSR", "MSRScrubber", "LiveMSR"]


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 10)


def test_run_all_ends_without_an_error_and_every_view_is_drawn(notebook):
    names = "views => views.map(view => view.dataset.eqWidget)"
    notebook.until(lambda: notebook.page.locator("[data-eq-widget]").evaluate_all(names) == VIEWS)
    for name in set(VIEWS):
        assert notebook.view(name).pixels()[..., :3].std() > 10
    found = notebook.view("LiveMSR").state()
    assert found["read_off"] == "D(6)" and found["directions"] == 4 and found["confident"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_view_is_legible_and_as_wide_as_the_page(notebook, theme):
    legible(notebook, set(VIEWS), theme)


def test_the_gauge_sorts_the_mixed_columns_of_u(notebook):
    view = notebook.view("LiveMSR")
    columns = view.pixels(4)
    view.locator.locator("select").last.select_option("canonical gauge")
    view.wait(lambda state: state["shown"] == "canonical gauge")
    changes(notebook, view, 4, columns)
    gauge = view.pixels(4)
    assert len({*map(tuple, gauge.reshape(-1, 4))}) < len({*map(tuple, columns.reshape(-1, 4))})  # almost 0 and 1
    view.locator.locator("select").last.select_option("columns of U")
    view.wait(lambda state: state["shown"] == "columns of U")


def test_a_reset_matrix_trains_live_stops_and_replays(notebook):
    train_stop_replay(notebook)


def test_two_rates_are_scrubbed_on_one_time_axis(notebook):
    view = notebook.view("MSRScrubber")
    assert view.state()["directions"] == [4, 4]
    end = [view.pixels(canvas) for canvas in range(5)]
    press(view, ".eq-scrubber", "Home")
    view.wait(lambda state: state["position"] == 0 and state["directions"] == [0, 0])
    for canvas in range(5):  # both patterns, and the cursors of the charts
        changes(notebook, view, canvas, end[canvas])
    for _ in range(12):
        press(view, ".eq-scrubber", "ArrowRight")
    slow, fast = view.wait(lambda state: state["position"] == 12)["directions"]
    assert slow < fast
    before = view.pixels(1)
    view.locator.locator("select").nth(2).select_option("columns of U")
    view.wait(lambda state: state["shown"] == "columns of U")
    changes(notebook, view, 1, before)


def test_a_recorded_run_replays_without_training(notebook):
    replay(notebook)


def test_the_canonical_gauge_by_hand(notebook):
    means = "torch.stack([U[pattern.flatten() == label].mean(0) for label in range(U.shape[1])])"
    bases = "U", f"U @ torch.linalg.inv({means})"
    answers = [f"def canonical(U, pattern):\n    return {basis}" for basis in bases]
    assert verdicts(notebook, "def canonical(U, pattern)", "07.4", answers) == ["not yet", "wrong", "right"]
