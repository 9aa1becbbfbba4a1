"""SymmetryComparison in JupyterLab: ▶ and ■, the scrubber, another task, both themes."""

import numpy as np
import pytest

CELL = """\
from eqkit.views import SymmetryComparison
view = SymmetryComparison({arguments})
view"""
TRAIN = "view.player.run(30)"
COUNT = "print(len(view.player.snapshots), view.player.running, view.examples.value)"


@pytest.fixture
def comparison(open_notebook):
    def open_(arguments="examples=20", train=False):
        notebook = open_notebook(cells=[CELL.format(arguments=arguments), TRAIN, COUNT])
        notebook.run_cell(0)
        view = notebook.view("SymmetryComparison")
        if train:
            notebook.run_cell(1, 120)
            view.wait(lambda state: state["snapshots"] == 30 and not state["running"])
        return notebook, view

    return open_


def click(view, name):
    view.locator.get_by_role("button", name=name).click()


def cells(view):
    """The words of the table, row by row."""
    rows = view.locator.locator(".eq-table").first.locator("tr").all_inner_texts()
    return [row.split("\t") for row in rows]


def test_play_trains_all_and_stop_stops(comparison):
    notebook, view = comparison()
    empty = view.pixels(0)
    click(view, "play")
    view.wait(lambda state: state["running"] and state["snapshots"] > 10, 90)
    click(view, "stop")
    state = view.wait(lambda state: not state["running"], 30)
    assert notebook.run_cell(2).strip() == notebook.run_cell(2).strip() == f"{state['snapshots']} False 20"
    notebook.until(lambda: (view.pixels(0) != empty).any())
    table = cells(view)
    assert table[0][0] == "construction" and len(table) == 10
    assert dict((row[0], row[2]) for row in table)["generators"] == "exact"
    assert "Not invariant: no symmetry, sampled." in view.locator.locator(".eq-verdict").inner_text()
    click(view, "play")  # and goes on
    view.wait(lambda now: now["snapshots"] > state["snapshots"], 30)
    click(view, "stop")


def test_the_scrubber_brings_back_the_beginning(comparison):
    notebook, view = comparison(train=True)
    last, drawn = cells(view), view.pixels(0)
    view.locator.locator(".eq-scrubber").press("Home")
    assert view.wait(lambda state: state["position"] == 0)["step"] == 0
    notebook.until(lambda: cells(view)[1][4] == "–")
    assert cells(view) != last and (view.pixels(0) != drawn).any()
    view.locator.locator(".eq-scrubber").press("End")
    view.wait(lambda state: state["position"] == 29)
    notebook.until(lambda: cells(view) == last)


def test_two_hundred_events_of_the_slider_end_at_the_last(comparison):
    notebook, view = comparison(train=True)
    height = view.locator.bounding_box()["height"]
    handle = view.locator.locator(".noUi-handle").first
    box, mouse = handle.bounding_box(), notebook.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    for end in (60, 30):
        mouse.move(x + end, y, steps=100)
    mouse.up()
    examples = int(view.locator.locator(".widget-readout").first.inner_text())
    state = view.wait(lambda state: state["examples"] == examples)
    assert examples > 20 and state["snapshots"] == 0
    assert notebook.run_cell(2).strip() == f"0 False {examples}"
    assert abs(view.locator.bounding_box()["height"] - height) < 1


def test_another_task_refuses_some_constructions_and_says_why(comparison):
    notebook, view = comparison()
    view.locator.locator("select").select_option("O(3): lengths and angle of two vectors")
    view.wait(lambda state: state["task"].startswith("O(3)"))
    notebook.run_cell(1, 120)
    state = view.wait(lambda state: state["snapshots"] == 30 and not state["running"])
    assert state["refused"] == ["primary and secondary", "max filter", "reynolds"]
    assert "reynolds: O(3) is infinite" in view.locator.locator(".eq-table").nth(1).inner_text()
    view.locator.locator("canvas").first.press("r")
    view.wait(lambda state: state["task"].startswith("A(4)") and state["snapshots"] == 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_show_curves_and_swatches_and_nothing_overflows(comparison, theme):
    notebook, view = comparison(train=True)
    notebook.theme(theme)
    notebook.page.wait_for_timeout(600)
    drawn = view.pixels(0)[..., :3].astype(int)
    for hue in ([0xE6, 0x9F, 0x00], [0x00, 0x9E, 0x73]):  # generators, separating
        assert (np.abs(drawn - hue).max(-1) < 30).sum() > 20
    page = view.screenshot()
    assert np.median(page) > 200 if theme == "light" else np.median(page) < 60
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    box = view.locator.locator(".eq-box").first
    assert box.evaluate("element => element.scrollWidth <= element.clientWidth + 1")
