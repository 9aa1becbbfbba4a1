"""Chapter 12 as a reader meets it: pictures before anything runs, Run All, and SymmetryFinder driven inside."""

import pytest
from chapter import changes, click, find, legible, shows_pictures, verdicts

CHAPTER = "12_discovering_symmetry"
SPECTRUM, MATRIX = 0, 1


@pytest.fixture
def view(notebook):
    return notebook.view("SymmetryFinder")


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 10)


def test_run_all_ends_without_an_error_and_length_has_ten_symmetries(view):
    state = view.state()
    assert (state["name"], state["dimension"], state["n"], state["exact"]) == ("so(5)", 10, 5, True)
    assert view.pixels(SPECTRUM)[..., :3].std() > 10


def test_its_basis_is_walked_through(notebook, view):
    before = view.pixels(MATRIX)
    view.locator.locator(".noUi-handle:visible").last.press("ArrowRight")
    view.wait(lambda state: state["basis_matrix"] == 2)
    changes(notebook, view, MATRIX, before)


def test_another_function_another_basis_and_noise(notebook, view):
    before = view.pixels(SPECTRUM)
    view.locator.locator("select").first.select_option(label="two circles")
    view.wait(lambda state: state["name"] == "so(2) ⊕ so(2)")
    changes(notebook, view, SPECTRUM, before)
    view.locator.get_by_text("changed basis").click()
    view.wait(lambda state: state["changed_basis"] and state["name"] == "so(2) ⊕ so(2)")
    view.locator.locator(".noUi-handle:visible").nth(1).press("PageUp")
    view.wait(lambda state: state["noise"] > 0 and not state["exact"])
    click(view, "reset")
    view.wait(lambda state: state["name"] == "so(5)" and state["noise"] == 0)


def test_the_function_of_try_next_is_typed(view):
    line = view.locator.locator("input[type=text]").first
    line.fill("x0 x1 x2")
    line.press("Enter")
    state = view.wait(lambda state: state["function"] == "x0 x1 x2")
    assert state["dimension"] == 2
    click(view, "reset")
    view.wait(lambda state: state["dimension"] == 10)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_view_is_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, ["SymmetryFinder"], theme)


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("5, one for each axis", exact=True).check()
    notebook.page.get_by_text("Noted.").first.wait_for()
    revealed = notebook.run_cell(find(notebook, 'guess.reveal("10")'))
    assert "You expected: 5, one for each axis." in revealed


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answers = [f"x = gaussian(40, 3)\n{change}" for change in ("x[:, 0] = 0", "x[:20, 0], x[20:, 1] = 0, 0")]
    assert verdicts(notebook, "x = ...", "12.4", answers) == ["not yet", "wrong", "right"]
