"""LieSpace in JupyterLab: x is dragged on its orbit, the curve follows, and the picture turns."""

import numpy as np
import pytest


@pytest.fixture
def space(open_notebook):
    def open_(arguments=""):
        notebook = open_notebook(cells=[f"from eqkit.views import LieSpace\nview = LieSpace({arguments})\nview"])
        notebook.run_all()
        return notebook, notebook.view("LieSpace")

    return open_


def vermilion(view):
    """Pixels of the curve's colour."""
    return np.abs(view.pixels()[..., :3].astype(int) - [0xD5, 0x5E, 0x00]).max(-1) < 40


def test_keys_move_x_on_the_hyperboloid_and_turn_the_picture(space):
    notebook, view = space('"sheet of a hyperboloid", (0, 0, 1), 6.3')
    canvas, start = view.locator.locator("canvas").first, view.pixels()
    for _ in range(6):
        canvas.press("ArrowRight")
    x, y, t = view.wait(lambda s: max(map(abs, s["x"][:2])) > 0.2)["x"]
    assert abs(x * x + y * y - t * t + 1) < 0.02
    notebook.until(lambda: vermilion(view).sum() > 100)  # a circle, where a point was
    before = view.pixels()
    canvas.press("Shift+ArrowLeft")
    notebook.until(lambda: (view.pixels() != before).any())
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["x"] == [0, 0, 1])
    notebook.until(lambda: (view.pixels() != start).mean() < 0.01)


def test_dragging_x_on_the_sphere_and_the_themes(space):
    notebook, view = space()
    canvas = view.locator.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    mouse, unit = notebook.page.mouse, box["width"] / 2 / 1.4
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    right, up = -0.8 * np.sin(0.6), 0.6 * np.cos(0.45) - 0.8 * np.cos(0.6) * np.sin(0.45)  # of x, seen from (0.6, 0.45)
    mouse.move(middle[0] + unit * right, middle[1] - unit * up)
    mouse.down()
    mouse.move(middle[0] + 30, middle[1] - 20, steps=6)
    mouse.up()
    state = view.wait(lambda s: s["x"] != [0.8, 0, 0.6])
    assert abs(np.linalg.norm(state["x"]) - 1) < 0.01
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
