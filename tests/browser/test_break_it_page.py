"""BreakIt in JupyterLab: faults by switch, menu and slider, and the bars that turn vermilion."""

import numpy as np
import pytest

CELL = """\
from eqkit import groups
from eqkit.views import BreakIt
view = BreakIt({arguments})
view"""
AMOUNT = "print(view.errors.network == __import__('eqkit.views.break_it').views.break_it.errors(view.layers).network)"
VERMILION, BLUE = np.array([0xD5, 0x5E, 0x00]), np.array([0x00, 0x72, 0xB2])
LEFT, ACROSS = 48, 520 - 48 - 8


@pytest.fixture
def broken(open_notebook):
    def open_(arguments=""):
        notebook = open_notebook(cells=[CELL.format(arguments=arguments), AMOUNT])
        notebook.run_all()
        return notebook, notebook.view("BreakIt")

    return open_


def bars(view):
    """How many pixels of each bar are vermilion and blue: (7, 2)."""
    picture = view.pixels(0)[..., :3].astype(int)
    edges = [int(LEFT + i * ACROSS / 7) for i in range(8)]
    counts = [
        [(np.abs(picture[:, a:b] - hue).max(-1) < 10).sum() for hue in (VERMILION, BLUE)]
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    return np.array(counts)


def press(view, name):
    view.locator.get_by_role("button", name=name, exact=True).click()


def test_the_bars_turn_vermilion_from_the_block_of_the_fault_on(broken):
    notebook, view = broken()
    assert (bars(view)[:, 0] == 0).all() and (bars(view)[:, 1] > 100).all()
    press(view, "ReLU")
    state = view.wait(lambda state: state["arises_in"] == ["ReLU 2"])
    assert state["broken_after"] == [False] * 3 + [True] * 4
    notebook.until(lambda: (bars(view)[3:, 0] > 3000).all())
    assert (bars(view)[:3, 0] == 0).all()
    said = view.locator.locator(".eq-verdict").inner_text()
    assert said == "The error arises in ReLU 2: ReLU acts on coordinates, and g mixes them."
    view.locator.locator(".noUi-handle").first.press("ArrowLeft")
    view.wait(lambda state: state["arises_in"] == ["ReLU 1"])
    notebook.until(lambda: (bars(view)[1:, 0] > 3000).all())


def test_the_menu_shows_that_relu_is_right_for_permutations_and_padding_wrong(broken):
    notebook, view = broken("faults=['ReLU']")
    text = view.locator.locator(".eq-table")
    assert "ValueError: Pointwise" in text.inner_text()
    assert view.locator.get_by_role("button", name="padding").is_disabled()
    view.locator.locator("select").select_option("C(8)")
    view.wait(lambda state: state["group"] == "C(8)" and state["arises_in"] == [])
    notebook.until(lambda: "is accepted" in text.inner_text())
    press(view, "padding")
    view.wait(lambda state: state["arises_in"] == ["linear 2"])


def test_a_bar_is_selected_by_click_and_by_arrows(broken):
    notebook, view = broken("faults=['bias']")
    box = view.locator.locator("canvas").first.bounding_box()
    before = view.pixels(2)
    notebook.page.mouse.click(box["x"] + LEFT + 2.5 * ACROSS / 7, box["y"] + 100)
    view.wait(lambda state: state["selected"] == "linear 2")
    view.locator.locator("canvas").first.press("ArrowLeft")
    view.wait(lambda state: state["selected"] == "norm 1")
    view.locator.locator("canvas").first.press("ArrowRight")
    view.wait(lambda state: state["selected"] == "linear 2")
    notebook.until(lambda: view.pixels(2).shape != before.shape or (view.pixels(2) != before).any())


def test_two_hundred_slider_events_end_at_the_last_and_nothing_jumps(broken):
    notebook, view = broken("faults=['untied weight'], amount=1e-6")
    height = view.locator.bounding_box()["height"]
    handle = view.locator.locator(".noUi-handle").nth(1)
    box, mouse = handle.bounding_box(), notebook.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    for end in (100, 60):
        mouse.move(x + end, y, steps=100)
    mouse.up()
    state = view.wait(lambda state: 1e-5 < state["amount"] < 1)
    notebook.page.wait_for_timeout(1500)
    assert view.state()["arises_in"] == ["linear 2"] and state["amount"] > 0
    assert notebook.run_cell(1).strip() == "True"
    assert abs(view.locator.bounding_box()["height"] - height) < 1
    view.locator.locator("canvas").first.press("r")
    view.wait(lambda state: state["amount"] == 1e-6)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_show_bars_and_words_and_nothing_overflows(broken, theme):
    notebook, view = broken("groups.Icosahedral(), faults=['wrong group']")
    notebook.theme(theme)
    notebook.page.wait_for_timeout(600)
    drawn = view.pixels(0)
    names = drawn[-22:, LEFT:, :3][drawn[-22:, LEFT:, 3] > 100].mean()
    assert names > 128 if theme == "dark" else names < 140
    page = view.screenshot()
    assert np.median(page) > 200 if theme == "light" else np.median(page) < 60
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
