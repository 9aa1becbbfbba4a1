"""DimensionSlider in JupyterLab: the slider goes to n = 50, the large layer follows when it rests."""

import numpy as np

CELL = 'from eqkit.views import DimensionSlider\nview = DimensionSlider("circulants", 16)\nview'
MEMBER, WEIGHT = 0, 1


def test_the_keyboard_slides_n_to_fifty_and_the_layer_follows(open_notebook):
    notebook = open_notebook(cells=[CELL])
    notebook.run_all()
    view = notebook.view("DimensionSlider")
    state = view.state()
    assert (state["n"], state["dimension"], state["hom"], state["equations"]) == (16, 16, 16, ["M S = S M"])
    before = [view.pixels(i) for i in (MEMBER, WEIGHT)]
    view.locator.locator(".noUi-handle:visible").first.press("End")
    state = view.wait(lambda s: s["n"] == 50 and s["hom"] == 50)
    assert state["solved"] and state["equivariant"] and state["dimension"] == 50
    assert state["equations"] == ["M S = S M"]
    for canvas, old in zip((MEMBER, WEIGHT), before, strict=True):
        notebook.until(
            lambda canvas=canvas, old=old: (new := view.pixels(canvas)).shape != old.shape or bool((new != old).any())
        )
    text = view.locator.locator(".eq-table").first.inner_text()
    assert "50 = n ✓" in text and "50 of 2500" in text and "coefficients 1, −1" in text

    view.locator.locator("select").first.select_option("Sp(ℍ)")
    state = view.wait(lambda s: s["family"] == "Sp(ℍ)" and s["hom"] == 4)
    assert state["n"] == 48 and state["closed_form"] == "(n² + 2 n)/8"
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["family"] == "circulants" and s["n"] == 16)

    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.pixels(MEMBER)[..., 3].any()
