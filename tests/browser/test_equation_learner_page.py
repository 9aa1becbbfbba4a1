"""EquationLearner in JupyterLab: a family, its sizes and letters go in; equations and verdicts come out as text."""

import numpy as np

CELL = 'from eqkit.views import EquationLearner\nview = EquationLearner("doubly stochastic")\nview'
MIDDLE, RIGHT = ".eq-formula .eq-words", ".eq-table"


def test_small_sizes_teach_a_falsehood_and_the_page_says_so_in_words_and_colours(open_notebook):
    notebook = open_notebook(cells=[CELL])
    notebook.run_all()
    view = notebook.view("EquationLearner")
    formula, held = view.locator.locator(MIDDLE).first, view.locator.locator(RIGHT).last
    assert view.state()["equations"] == ["M J = J", "J M = J"] and "M J = J" in formula.inner_text()
    assert held.inner_text().count("✓") == 7 and "✗" not in held.inner_text()
    low, high = (view.locator.locator(".noUi-handle:visible").nth(i) for i in (0, 1))
    for handle in (high, high, low, high):  # from 3–5 to 2–2
        handle.press("ArrowLeft")
    view.wait(lambda s: s["sizes"] == [2] and s["equations"] == ["Mᵀ = M", "M J = J"])
    notebook.until(lambda: held.inner_text().count("✗") >= 3 and "FAIL" in held.inner_text())
    assert "Mᵀ = M" in formula.inner_text()

    view.locator.locator("select").first.select_option("SO")
    view.wait(lambda s: s["equations"] == ["M Mᵀ = E", "det(M) E = E"] and s["sizes"] == [3, 4, 5])
    view.locator.get_by_label("det", exact=True).uncheck()
    view.wait(lambda s: s["equations"] == ["M Mᵀ = E"] and not s["solutions_are_members"]["8"])
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["family"] == "doubly stochastic" and s["sizes"] == [3, 4, 5])

    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.pixels(0)[..., 3].any()
