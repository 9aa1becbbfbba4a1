"""PhaseDiagram in JupyterLab: hovering outlines a cell in the browser, resting brings its run; keys, replay, rows."""

import numpy as np

CELLS, CURVES, LEFT = 0, 2, 180  # canvases, the hidden dots between them, and the units left of the cells


def cell(view, row, column):
    """The middle of a cell on the page."""
    box, state = view.locator.locator("canvas").nth(CELLS).bounding_box(), view.state()
    h, w = len(state["lines"]["counting bound"]), len(state["table"]) // len(state["lines"]["counting bound"])
    wide, high = (box["width"] - LEFT - 4) / w, (box["height"] - 68) / h
    return box["x"] + LEFT + (column + 0.5) * wide, box["y"] + 2 + (row + 0.5) * high


def test_a_cell_is_outlined_at_once_and_brings_its_run_when_the_pointer_rests(open_notebook):
    notebook = open_notebook(
        cells=["from eqkit.views import PhaseDiagram\nview = PhaseDiagram()\nview", "import time\ntime.sleep(6)"]
    )
    notebook.run_all()
    view = notebook.view("PhaseDiagram")
    state = view.state()
    cells, curves = view.pixels(CELLS), view.pixels(CURVES)
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    view.locator.locator("canvas").nth(CELLS).scroll_into_view_if_needed()  # the page follows the running cell
    notebook.page.mouse.move(*cell(view, 1, 11))
    notebook.until(lambda: (view.pixels(CELLS) != cells).any())
    assert notebook.page.get_by_text("[*]:").count() == 1 and view.state() == state
    shown = view.wait(lambda s: (s["tasks"], s["shots"]) == (88, 2))
    assert shown["recovered"] == int(shown["table"][1 * 13 + 11])
    notebook.until(lambda: (view.pixels(CURVES) != curves).any())


def test_keys_select_play_replays_and_rows_change(open_notebook):
    notebook = open_notebook(cells=["from eqkit.views import PhaseDiagram\nview = PhaseDiagram()\nview"])
    notebook.run_all()
    view = notebook.view("PhaseDiagram")
    start = view.state()
    canvas = view.locator.locator("canvas").nth(CELLS)
    for key in ("ArrowDown", "ArrowRight"):
        canvas.press(key)
    state = view.wait(lambda s: s["shots"] > start["shots"] and s["tasks"] > start["tasks"])
    assert "recovered from" in canvas.get_attribute("aria-label")
    view.locator.get_by_role("button", name="play").click()
    view.wait(lambda s: 0 <= s["position"] < state["position"])  # it begins anew
    view.wait(lambda s: s["position"] == state["position"])
    view.locator.locator("select").first.select_option("descriptions of U")
    changed = view.wait(lambda s: s["rows"] == "arm")
    assert changed["tasks"] == state["tasks"] and changed["lines"]["counting bound"][0] > 0
    assert view.locator.locator("canvas:visible").count() == 3
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        assert view.pixels(CELLS)[..., 3].any()
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: (s["rows"], s["tasks"], s["shots"]) == ("shots", start["tasks"], start["shots"]))
