"""Chapter 10 as a reader meets it: pictures before anything runs, Run All, and its three views driven inside."""

import pytest
from chapter import changes, click, legible, scrub, shows_pictures, verdicts

CHAPTER = "10_symmetry_as_equations"
VIEWS = ["EquationLearner", "DimensionSlider", "ConstraintSatisfaction"]


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 6)


def test_run_all_ends_without_an_error_and_every_view_is_drawn(notebook):
    names = "views => views.map(view => view.dataset.eqWidget)"
    notebook.until(lambda: notebook.page.locator("[data-eq-widget]").evaluate_all(names) == VIEWS)
    states = {name: notebook.view(name).state() for name in VIEWS}
    assert states["EquationLearner"]["equations"] == ["M Mᵀ = E"] and states["EquationLearner"]["relations"] == 8
    assert all(states["EquationLearner"]["holds"].values())
    assert states["DimensionSlider"]["n"] == 50 and states["DimensionSlider"]["dimension"] == 1225
    held = states["ConstraintSatisfaction"]["holds"]
    assert [name for name, holds in held.items() if holds] == ["projection", "Cayley", "exp"]
    assert all(notebook.view(name).pixels()[..., :3].std() > 5 for name in VIEWS)


def test_without_its_letter_the_equations_of_circulants_are_too_weak(notebook):
    learner = notebook.view("EquationLearner")
    before = learner.pixels()
    learner.locator.locator("select").first.select_option("circulants")
    state = learner.wait(lambda state: state["family"] == "circulants")
    assert state["equations"] == ["M S = S M"] and all(state["solutions_are_members"].values())
    changes(notebook, learner, 0, before)
    learner.locator.get_by_label("S", exact=True).uncheck()
    state = learner.wait(lambda state: state["letters"] == ["J"])
    assert all(state["holds"].values()) and not any(state["solutions_are_members"].values())
    assert "✗" in learner.locator.inner_text()
    click(learner, "reset")
    learner.wait(lambda state: state["family"] == "O" and state["relations"] == 8)


def test_the_slider_asks_the_same_equation_at_another_n(notebook):
    slider = notebook.view("DimensionSlider")
    before = slider.pixels(0)
    handle = slider.locator.locator(".noUi-handle").first
    handle.press("ArrowLeft")
    state = slider.wait(lambda state: state["n"] == 49)
    assert state["dimension"] == 49 * 48 // 2 and state["solved"]
    changes(notebook, slider, 0, before)
    slider.locator.locator("select").first.select_option("permutations")
    state = slider.wait(lambda state: state["family"] == "permutations" and state["hom"] is not None, 60)
    assert state["equations"] == ["M Mᵀ = E", "M∘M = M"] and state["hom"] == 2 and state["equivariant"]
    click(slider, "reset")
    slider.wait(lambda state: state["family"] == "O" and state["n"] == 50)


def test_the_training_is_replayed_and_another_student_shown(notebook):
    view = notebook.view("ConstraintSatisfaction")
    shown = view.pixels(1)
    click(view, "free")
    view.wait(lambda state: state["method"] == "free")
    changes(notebook, view, 1, shown)
    scrub(notebook, view, 0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_views_are_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, VIEWS, theme)


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    systems = "M M = tr(M)/n M − det(M) E", "M M = 2 tr(M)/n M − det(M) E"
    answers = [f'accident = EquationSystem("{text}")' for text in systems]
    assert verdicts(notebook, "accident = ...", "10.4", answers) == ["not yet", "wrong", "right"]
