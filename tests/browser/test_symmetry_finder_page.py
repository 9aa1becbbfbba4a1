"""SymmetryFinder in JupyterLab: menu, line, sliders and keys; both themes."""

import numpy as np
import pytest

SPECTRUM, MATRIX = 0, 1


@pytest.fixture
def finder(open_notebook):
    notebook = open_notebook(cells=["from eqkit.views import SymmetryFinder\nview = SymmetryFinder()\nview"])
    notebook.run_all()
    return notebook, notebook.view("SymmetryFinder")


def test_another_function_has_another_algebra(finder):
    notebook, view = finder
    assert view.state()["name"] == "so(3)"
    before = view.pixels(SPECTRUM)
    view.locator.locator("select").first.select_option(label="interval of relativity")
    view.wait(lambda s: s["name"] == "so(1, 3)" and s["dimension"] == 6)
    notebook.until(lambda: (view.pixels(SPECTRUM) != before).any())
    view.locator.get_by_text("changed basis").click()
    view.wait(lambda s: s["changed_basis"] and s["name"] == "so(1, 3)")
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["name"] == "so(3)" and not s["changed_basis"])


def test_a_function_is_typed_and_a_typo_is_answered(finder):
    _, view = finder
    line = view.locator.locator("input[type=text]").first
    line.fill("x0 x1 + x2^2")
    line.press("Enter")
    view.wait(lambda s: s["name"] == "so(1, 2)")
    line.fill("x0 +")
    line.press("Enter")
    view.locator.get_by_text("it ends too early").wait_for(timeout=10_000)
    assert view.state()["name"] == "so(1, 2)"


def test_keys_walk_through_the_basis_and_add_noise(finder):
    notebook, view = finder
    before = view.pixels(MATRIX)
    handles = view.locator.locator(".noUi-handle:visible")
    handles.last.press("ArrowRight")
    view.wait(lambda s: s["basis_matrix"] == 2)
    notebook.until(lambda: (view.pixels(MATRIX) != before).any())
    handles.nth(1).press("ArrowRight")
    view.wait(lambda s: s["noise"] > 0 and not s["exact"])
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
