"""Chapter 11 as a reader meets it: pictures before anything runs, Run All, and ConstraintSatisfaction driven inside."""

import pytest
from chapter import changes, click, find, legible, scrub, shows_pictures, verdicts

CHAPTER = "11_learning_unitary_operators"


@pytest.fixture
def view(notebook):
    return notebook.view("ConstraintSatisfaction")


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 10)


def test_run_all_ends_without_an_error_and_who_stays_on_the_group_keeps_the_equation(view):
    state = view.state()
    assert state["equations"] == "M Mᵀ = E" and state["snapshots"] == 80
    assert [name for name, holds in state["holds"].items() if holds] == ["projection", "Cayley", "exp"]
    assert view.pixels()[..., :3].std() > 10


def test_each_student_shows_its_matrix_and_what_is_wrong_with_it(notebook, view):
    wrong = {}
    for name in ("free", "penalty", "projection"):
        click(view, name)
        view.wait(lambda state, name=name: state["method"] == name)
        if name != "projection":
            before = view.pixels(1)
            notebook.until(lambda: view.pixels(1)[..., :3].std() > 5)
        else:
            changes(notebook, view, 1, before)
        wrong[name] = (view.pixels(1)[..., :3] < 250).any(-1).mean()  # inked pixels of |M Mᵀ − E|
    assert wrong["free"] > wrong["projection"] and wrong["penalty"] > wrong["projection"]


def test_a_heavy_penalty_trains_live_stops_and_replays(notebook, view):
    trained = view.pixels(0)
    view.locator.locator(".noUi-handle").first.press("PageUp")
    view.wait(lambda state: state["weight"] > 1 and state["snapshots"] == 0)
    changes(notebook, view, 0, trained)
    click(view, "play")
    view.wait(lambda state: state["snapshots"] > 30, 60)
    click(view, "stop")
    state = view.wait(lambda state: not state["running"])
    assert [name for name, holds in state["holds"].items() if holds] == ["projection", "Cayley", "exp"]
    scrub(notebook, view, 0)
    click(view, "reset")
    view.wait(lambda state: state["weight"] == 1 and state["snapshots"] == 0)


def test_the_same_equation_at_another_dimension(notebook, view):
    before = view.pixels(5)
    n = view.state()["n"]
    view.locator.locator(".noUi-handle").last.press("ArrowRight")
    state = view.wait(lambda state: state["n"] == n + 1)
    assert state["holds_at_n"]
    changes(notebook, view, 5, before)


def test_generators_are_mixed_inside_the_chapter(notebook):
    explorer = notebook.view("LieExplorer")
    assert explorer.state()["orbit"] == "an ellipse" and explorer.state()["bracket"] == "2S"
    before = explorer.pixels(0)
    for _ in range(7):
        explorer.locator.locator(".noUi-handle:visible").nth(1).press("ArrowRight")  # H: from 0.5 to more than J
    explorer.wait(lambda state: state["orbit"] == "a hyperbola")
    changes(notebook, explorer, 0, before)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_views_are_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, ("ConstraintSatisfaction", "LieExplorer", "LieSpace"), theme)


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("all but the free one", exact=True).check()
    notebook.page.get_by_text("Noted.").first.wait_for()
    revealed = notebook.run_cell(find(notebook, 'guess.reveal("projection, Cayley and exp")'))
    assert "You expected: all but the free one." in revealed


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    matrices = "[[-1.0, 0.0], [0.0, -1.0]]", "[[-1.0, 3.0], [0.0, -1.0]]"
    answers = [f"outside = torch.tensor({entries})" for entries in matrices]
    assert verdicts(notebook, "outside = ...", "11.5", answers) == ["not yet", "wrong", "right"]
