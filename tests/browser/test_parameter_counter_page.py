"""ParameterCounter in JupyterLab: the bar under the pointer tells its formula at once; keys, sliders, drags."""

import numpy as np

BARS, CURVES = 0, 1


def bar(view, i, of):
    """The middle of bar i of so many on the page: 4 units above all, 74 below."""
    box = view.locator.locator("canvas").nth(BARS).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + 4 + (i + 0.5) * (box["height"] - 78) / of


def test_bars_are_told_by_hovering_and_selected_by_click_and_keys(open_notebook):
    notebook = open_notebook(
        cells=[
            "from eqkit.views import ParameterCounter\nview = ParameterCounter('SO')\nview",
            "import time\ntime.sleep(6)",
        ]
    )
    notebook.run_all()
    view = notebook.view("ParameterCounter")
    state, count = view.state(), len(view.state()["numbers"])
    canvas = view.locator.locator("canvas").nth(BARS)
    before = view.pixels(BARS)
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    canvas.scroll_into_view_if_needed()  # the page follows the running cell
    notebook.page.mouse.move(*bar(view, 0, count))
    notebook.until(lambda: (view.pixels(BARS) != before).any())  # the kernel sleeps
    assert notebook.page.get_by_text("[*]:").count() == 1 and view.state() == state
    notebook.page.mouse.click(*bar(view, 1, count))
    view.wait(lambda s: s["selected"] == "tied")
    notebook.page.mouse.move(0, 0)
    canvas.press("ArrowDown")
    view.wait(lambda s: s["selected"] == "entries")
    canvas.press("ArrowUp")
    view.wait(lambda s: s["selected"] == "tied")
    assert "tied weight" in view.locator.locator(".eq-verdict").inner_text()
    assert "one element, algebra known 28" in canvas.get_attribute("aria-label")


def test_sliders_the_menu_and_a_drag_on_the_curves_change_the_numbers(open_notebook):
    notebook = open_notebook(cells=["from eqkit.views import ParameterCounter\nview = ParameterCounter('S')\nview"])
    notebook.run_all()
    view = notebook.view("ParameterCounter")
    handles = view.locator.locator(".noUi-handle:visible")
    handles.nth(0).press("ArrowRight")
    view.wait(lambda s: (s["n"], s["numbers"]["dense"]) == (10, 100))
    handles.nth(1).press("ArrowRight")
    view.wait(lambda s: (s["m"], s["k"], s["numbers"]["dense"]) == (20, 4, 200))
    handles.nth(2).press("ArrowRight")
    view.wait(lambda s: s["k"] == 5 and s["numbers"]["grassmannian"] == 5 * 195)
    canvas = view.locator.locator("canvas").nth(CURVES)
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), notebook.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 13, box["y"] + 100, steps=6)
    mouse.up()
    view.wait(lambda s: s["n"] == 64 and s["numbers"]["equations"] == 4)
    view.locator.locator("select").first.select_option("U(n)")
    state = view.wait(lambda s: s["group"] == "U(16)")  # the nearest n that it has
    assert (state["m"], state["numbers"]["tied"], state["numbers"]["element"]) == (32, 2, 256)
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.pixels(BARS)[..., 3].any()
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: (s["group"], s["n"], s["k"]) == ("S(8)", 8, 2))
