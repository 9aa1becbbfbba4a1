"""Chapter 04 in JupyterLab: Run All, sets dragged and permuted, all constructions trained live, both themes."""

import pytest
from chapter import changes, click, legible, press, shows_pictures, verdicts

CHAPTER = "04_deep_sets_and_beyond"
VIEWS = ["DeepSetsEmbedding", "SymmetryComparison"]


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 11)


def test_run_all_ends_without_an_error_and_both_views_are_drawn(notebook):
    names = "views => views.map(view => view.dataset.eqWidget)"
    notebook.until(lambda: notebook.page.locator("[data-eq-widget]").evaluate_all(names) == VIEWS)
    for name in VIEWS:
        assert notebook.view(name).pixels()[..., :3].std() > 10


def test_a_set_is_permuted_its_second_set_found_and_with_three_numbers_there_is_none(notebook):
    view = notebook.view("DeepSetsEmbedding")
    assert view.state()["second_set"] is True
    click(view, "permute")
    assert view.wait(lambda state: state["order"] != "abc")["same_sum_in_this_order"]
    click(view, "a second set?")
    view.wait(lambda state: state["second_set"] == "not looked for")
    view.locator.locator(".noUi-handle").nth(1).press("ArrowRight")
    view.wait(lambda state: state["M"] == 3)
    click(view, "a second set?")
    assert view.wait(lambda state: "computed_back" in state)["computed_back"]


def test_an_element_is_dragged_and_the_columns_follow(notebook):
    view = notebook.view("DeepSetsEmbedding")
    before, X = view.pixels(1), view.state()["X"]
    canvas, mouse = view.locator.locator("canvas").first, notebook.page.mouse
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    unit = (260 - 28) / 2.5
    x, y = box["x"] + 130 + unit * X[1], box["y"] + 130
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 0.3 * unit, y, steps=5)
    mouse.up()
    state = view.wait(lambda state: abs(state["X"][1] - X[1] - 0.3) < 0.03)
    assert state["X"][::2] == X[::2]
    changes(notebook, view, 1, before)


def test_the_race_is_replayed_and_goes_on(notebook):
    view = notebook.view("SymmetryComparison")
    state = view.state()
    assert state["invariant"][:2] == ["generators", "primary and secondary"] and state["terms"]["reynolds"] == 12
    drawn = view.pixels(0)
    press(view, ".eq-scrubber", "Home")
    view.wait(lambda now: now["position"] == 0)
    changes(notebook, view, 0, drawn)
    press(view, ".eq-scrubber", "End")
    view.wait(lambda now: now["position"] == state["snapshots"] - 1)
    click(view, "play")
    view.wait(lambda now: now["snapshots"] > state["snapshots"] + 5, 60)
    click(view, "stop")
    view.wait(lambda now: not now["running"], 30)
    changes(notebook, view, 0, drawn)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_views_are_legible(notebook, theme):
    legible(notebook, VIEWS, theme)


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answers = [f"def second_set(x):\n    return {body}" for body in ("-x", "2 * x.mean() - x")]
    assert verdicts(notebook, "def second_set(x):", "04.3", answers) == ["not yet", "wrong", "right"]
