"""Chapter 09 as a reader meets it: pictures before anything runs, Run All, and its three views driven inside."""

import pytest
from chapter import changes, click, find, legible, shows_pictures, verdicts

CHAPTER = "09_how_many_parameters"


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 9)


def test_the_counter_counts_at_another_n_and_with_more_columns(notebook):
    view = notebook.view("ParameterCounter")
    assert (view.state()["group"], view.state()["numbers"]["grassmannian"]) == ("S(10)", 196)
    bars, curves = view.pixels(0), view.pixels(1)
    handles = view.locator.locator(".noUi-handle:visible")
    handles.nth(0).press("ArrowRight")
    view.wait(lambda state: state["n"] == 12 and state["numbers"]["grassmannian"] == 2 * (144 - 2))
    changes(notebook, view, 0, bars)
    changes(notebook, view, 1, curves)
    handles.nth(2).press("ArrowRight")
    view.wait(lambda state: state["k"] == 3 and state["numbers"]["grassmannian"] == 3 * (144 - 3))
    click(view, "reset")
    view.wait(lambda state: (state["group"], state["k"]) == ("S(10)", 2))


def test_cells_of_the_phase_diagram_show_their_runs_and_replay(notebook):
    view = notebook.view("PhaseDiagram")
    start, curves = view.state(), view.pixels(2)
    assert start["rows"] == "shots" and start["group"] == "D(6)" and start["recovered"] > 0
    cells = view.locator.locator("canvas").first
    for _ in range(3):
        cells.press("ArrowLeft")
    state = view.wait(lambda state: state["tasks"] == 4 < state["least_tasks"])
    assert state["recovered"] == 0 and state["fitted"] > 0  # another space fits the tasks
    changes(notebook, view, 2, curves)
    click(view, "play")
    view.wait(lambda s: 0 <= s["position"] < state["position"])
    view.wait(lambda s: s["position"] == state["position"])
    view.locator.locator("select").nth(1).select_option("S(6)")
    view.wait(lambda state: state["group"] == "S(6)")
    click(view, "reset")
    view.wait(lambda state: (state["group"], state["tasks"]) == (start["group"], start["tasks"]))


def test_descriptions_are_compared_at_equal_data(notebook):
    view = notebook.view("PhaseDiagram", 1)
    start, dots = view.state(), view.pixels(1)
    assert start["rows"] == "arm" and view.locator.locator("canvas:visible").count() == 3
    view.locator.locator("canvas").first.press("ArrowRight")
    view.wait(lambda state: state["tasks"] > start["tasks"])
    changes(notebook, view, 1, dots)
    view.locator.locator("select").nth(1).select_option("C(6)")
    state = view.wait(lambda state: state["group"] == "C(6)")
    assert len(state["lines"]["counting bound"]) >= 3


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_views_are_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, ["ParameterCounter", "PhaseDiagram", ("PhaseDiagram", 1)], theme)


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("200", exact=True).check()
    notebook.page.get_by_text("Noted.").first.wait_for()
    revealed = notebook.run_cell(find(notebook, 'guess.reveal("196")'))
    assert "You expected: 200." in revealed


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    body = "    gain = {}\n    return math.ceil(k * (m * n - k) / gain) if gain > 0 else math.inf"
    gains = "m * min(S, n)", "m * min(S, n) - k"
    answers = [f"def least_tasks(k, m, n, S):\n{body.format(gain)}" for gain in gains]
    assert verdicts(notebook, "def least_tasks", "09.2", answers) == ["not yet", "wrong", "right"]
