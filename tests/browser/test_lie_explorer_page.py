"""LieExplorer in JupyterLab: a dragged point takes its orbit along in the browser; sliders go to the kernel."""

import numpy as np
import pytest

EXTENT = 2.0  # of the plane in the left picture
FLOW, SQUARE = 0, 1


@pytest.fixture
def explorer(open_notebook):
    def open_(arguments="", *extra):
        cell = f"from eqkit.views import LieExplorer\nview = LieExplorer({arguments})\nview"
        notebook = open_notebook(cells=[cell, *extra])
        notebook.run_all()
        return notebook, notebook.view("LieExplorer")

    return open_


def at(view, x, y):
    """Where a point of the left plane is on the page: 14 pixels of margin, equal scales."""
    box = view.locator.locator("canvas").first.bounding_box()
    unit = (box["width"] - 28) / (2 * EXTENT)
    return box["x"] + box["width"] / 2 + unit * x, box["y"] + box["height"] / 2 - unit * y


def drag(notebook, view, start, end):
    view.locator.locator("canvas").first.scroll_into_view_if_needed()
    mouse = notebook.page.mouse
    mouse.move(*at(view, *start))
    mouse.down()
    mouse.move(*at(view, *end), steps=8)
    mouse.up()


def blue(view):
    """Pixels of the orbit's colour in the left picture."""
    return (np.abs(view.pixels(FLOW)[..., :3].astype(int) - [0x00, 0x72, 0xB2]).max(-1) < 40).sum()


def test_dragging_x_makes_its_circle_larger_and_sliders_leave_it_there(explorer):
    notebook, view = explorer('"so(2)"')
    small = blue(view)
    drag(notebook, view, (1.2, 0.5), (1.6, 0.9))
    state = view.wait(lambda s: s["x"][1] > 0.85)
    assert np.abs(np.array(state["x"]) - [1.6, 0.9]).max() < 0.03 and state["orbit"] == "a circle"
    notebook.until(lambda: blue(view) > 1.2 * small)
    before = view.pixels(FLOW)
    view.locator.locator(".noUi-handle:visible").first.press("ArrowLeft")
    moved = view.wait(lambda s: s["coefficients"]["J"] < 1)
    assert moved["x"] == state["x"]
    notebook.until(lambda: (view.pixels(FLOW) != before).any())


def test_the_orbit_follows_the_pointer_while_the_kernel_is_busy(explorer):
    notebook, view = explorer('"so(2)"', "import time\ntime.sleep(6)")
    small = blue(view)
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    drag(notebook, view, (1.2, 0.5), (1.6, 0.9))
    notebook.until(lambda: blue(view) > 1.2 * small)
    assert notebook.page.get_by_text("[*]:").count() == 1
    view.wait(lambda s: s["x"][1] > 0.85)


def test_another_algebra_hides_its_sliders_and_the_way_back_closes(explorer):
    notebook, view = explorer()
    assert view.state()["bracket"] == "2S"
    shown = view.locator.locator(".noUi-handle:visible").count()
    before = view.pixels(SQUARE)
    view.locator.locator("select").first.select_option("so(2)")
    state = view.wait(lambda s: s["algebra"] == "so(2)")
    assert (state["A"], state["B"], state["bracket"]) == ("J", "J", "0")
    notebook.until(lambda: view.locator.locator(".noUi-handle:visible").count() == shown - 2)
    notebook.until(lambda: (view.pixels(SQUARE) != before).any())
    view.locator.locator("select").first.select_option("gl(2)")
    view.wait(lambda s: s["algebra"] == "gl(2)" and list(s["coefficients"]) == ["J", "H", "S", "E"])
    view.locator.locator("select").nth(2).select_option("S")
    view.wait(lambda s: s["B"] == "S" and s["bracket"] == "−2H")
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["algebra"] == "sl(2)" and s["bracket"] == "2S")


def test_keys_move_the_point_and_nothing_overflows(explorer):
    notebook, view = explorer()
    canvas = view.locator.locator("canvas").first
    canvas.press("Enter")
    for _ in range(3):
        canvas.press("ArrowUp")
    view.wait(lambda s: s["x"][1] > 0.5)
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.pixels(FLOW)[..., 3].any()
