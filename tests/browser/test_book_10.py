"""Chapter 10 as a reader meets it: pictures before anything runs, Run All, and its three views driven inside."""

import functools

import numpy as np
import pytest
from book import ROOT
from lab import SUBSHELLS, opener
from test_book import CONTRASTS, Chapter, changes, click, find, scrub

VIEWS = ["EquationLearner", "DimensionSlider", "ConstraintSatisfaction"]


@pytest.fixture(scope="module")
def opened(chromium, servers):
    """The chapter, opened once."""
    with opener(chromium, servers(SUBSHELLS[0]), "book-10") as open_:
        path = ROOT / "notebooks" / "10_symmetry_as_equations.ipynb"
        yield functools.cache(lambda: Chapter(open_(path, outputs=True)))


@pytest.fixture
def notebook(opened):
    """The notebook, after Run All."""
    return opened().run()


def test_before_anything_runs_the_pictures_are_there(opened):
    chapter = opened()
    placeholders = "VBox(", "Loading widget", "Error displaying", "to use the view"
    assert not [text for text in chapter.texts if any(words in text for words in placeholders)]
    assert len(chapter.widths) >= 6 and min(chapter.widths) > 200


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
    notebook.theme(theme)
    for name in VIEWS:
        view = notebook.view(name)
        notebook.until(lambda view=view: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        faint = [text for contrast, text in view.locator.evaluate(CONTRASTS) if contrast < 4.5]
        assert not faint, faint
        assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answer, check = find(notebook, "accident = ..."), find(notebook, 'teaching.check("10.4"')
    verdict = notebook.cell(check).locator("[data-eq-verdict]")
    kinds = [verdict.get_attribute("data-eq-verdict")]
    for text in ("M M = tr(M)/n M − det(M) E", "M M = 2 tr(M)/n M − det(M) E"):
        notebook.write_cell(answer, f'accident = EquationSystem("{text}")')
        notebook.run_cell(answer)
        notebook.run_cell(check)
        kinds.append(verdict.get_attribute("data-eq-verdict"))
    assert kinds == ["not yet", "wrong", "right"]
