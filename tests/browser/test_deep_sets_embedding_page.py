"""DeepSetsEmbedding in JupyterLab: dragging, adding, permuting, and the second set, on the page and in the kernel."""

import numpy as np
import pytest

CELL = """\
from eqkit.views import DeepSetsEmbedding
view = DeepSetsEmbedding({arguments})
view"""
SUM = "print(view.embedded(view.x).sum(0).numpy().round(6).tolist())"
LEFT, ACROSS, EDGE, MARGIN, SIZE = 58, 540, 1.25, 14, 260


@pytest.fixture
def embedding(open_notebook):
    def open_(arguments="[-0.8, 0.1, 0.9]", extra=SUM):
        notebook = open_notebook(cells=[CELL.format(arguments=arguments), extra])
        notebook.run_all()
        return notebook, notebook.view("DeepSetsEmbedding")

    return open_


def at(view, x, y=0.0):
    """Where a point of the set stands on the page."""
    box = view.locator.locator("canvas").first.bounding_box()
    unit = (SIZE - 2 * MARGIN) / (2 * EDGE)
    return box["x"] + SIZE / 2 + unit * x, box["y"] + SIZE / 2 - unit * y


def drag(view, start, *stops, steps=5):
    mouse = view.locator.page.mouse
    mouse.move(*at(view, *start))
    mouse.down()
    for stop in stops:
        mouse.move(*at(view, *stop), steps=steps)
    mouse.up()


def total(view, count):
    """The pixels of the sum of X: what must not move when the order changes."""
    cell = (ACROSS - LEFT - 16) / (count + 1.9)
    start = int(LEFT + 16 + count * cell)
    return view.pixels(1)[:190, start:]


def heads(view, count):
    return view.pixels(1)[:, LEFT : int(LEFT + count * (ACROSS - LEFT - 16) / (count + 1.9))]


def test_dragging_an_element_moves_its_column_and_the_sum(embedding):
    notebook, view = embedding()
    before, sums = view.pixels(1), total(view, 3)
    drag(view, (0.1, 0), (0.4, 0.3))  # upwards too: on the line it stays on the line
    state = view.wait(lambda state: abs(state["X"][1] - 0.4) < 0.02)
    assert state["X"][::2] == [-0.8, 0.9]
    notebook.until(lambda: (total(view, 3) != sums).any())
    after = view.pixels(1)
    cell = (ACROSS - LEFT - 16) / 4.9
    for i, moved in enumerate((False, True, False)):
        part = slice(int(LEFT + i * cell) + 1, int(LEFT + (i + 1) * cell) - 1)
        assert (after[:190, part] != before[:190, part]).any() == moved
    first, second = eval(notebook.run_cell(1))
    assert abs(first - sum(state["X"])) < 2e-3 and abs(second - sum(x * x for x in state["X"])) < 4e-3


def test_permuting_walks_the_columns_and_leaves_the_sum(embedding):
    notebook, view = embedding()
    sums, columns = total(view, 3), heads(view, 3)
    view.locator.get_by_role("button", name="permute").click()
    order = view.wait(lambda state: state["order"] != "abc")["order"]
    notebook.page.wait_for_timeout(1500)  # the walk takes 0.6 s
    assert (heads(view, 3) != columns).any()
    assert (total(view, 3) == sums).all()
    assert f"Order {order}" in view.locator.locator(".eq-verdict").inner_text()


def test_adding_an_element_by_the_keyboard(embedding):
    notebook, view = embedding()
    view.locator.locator(".noUi-handle").first.press("ArrowRight")
    state = view.wait(lambda state: len(state["X"]) == 4)
    assert state["order"] == "abcd"
    canvas = view.locator.locator("canvas").first
    canvas.focus()
    canvas.press("Enter")
    canvas.press("ArrowRight")
    moved = view.wait(lambda now: now["X"] != state["X"])
    assert sum(a != b for a, b in zip(moved["X"], state["X"], strict=True)) == 1


def test_a_second_set_appears_in_vermilion_and_goes_when_an_element_moves(embedding):
    notebook, view = embedding()
    vermilion = np.array([0xD5, 0x5E, 0x00])

    def count():
        return int((np.abs(view.pixels(0)[..., :3].astype(int) - vermilion).max(-1) < 12).sum())

    assert count() == 0
    view.locator.get_by_role("button", name="a second set?").click()
    view.wait(lambda state: state["second_set"] is True)
    notebook.until(lambda: count() > 600)
    assert "M = 2 numbers cannot tell sets of 3 apart" in view.locator.locator(".eq-verdict").inner_text()
    assert (view.pixels(1)[200:] != 0).any()
    drag(view, (-0.8, 0), (-0.6, 0))
    view.wait(lambda state: state["second_set"] == "not looked for")
    notebook.until(lambda: count() < 200)  # the ring around the element that was dragged


def test_with_enough_power_sums_the_set_is_computed_back_in_blue_rings(embedding):
    notebook, view = embedding("[-0.8, 0.1, 0.9], M=3")
    before = view.pixels(0)
    view.locator.get_by_role("button", name="a second set?").click()
    assert view.wait(lambda state: "computed_back" in state)["computed_back"]
    notebook.until(lambda: (view.pixels(0) != before).any())
    assert view.locator.locator(".eq-verdict").inner_text().startswith("None: 3 power sums")


def test_two_hundred_pointer_moves_end_at_the_last(embedding):
    notebook, view = embedding()
    drag(view, (0.1, 0), (0.8, 0), (-0.5, 0), steps=100)
    state = view.wait(lambda state: abs(state["X"][1] + 0.5) < 0.006)  # the move before it is .013 away
    notebook.page.wait_for_timeout(1000)
    assert view.state() == state
    first, _ = eval(notebook.run_cell(1))
    assert abs(first - sum(state["X"])) < 2e-3


def test_r_resets_and_nothing_jumps(embedding):
    notebook, view = embedding("[[0.5, 0.5], [-0.5, 0.1]]")
    start, height = view.state(), view.locator.bounding_box()["height"]
    drag(view, (0.5, 0.5), (0.2, -0.6))
    assert view.wait(lambda state: state["X"][0][1] < -0.5)["on"] == "the plane"
    view.locator.get_by_role("button", name="a second set?").click()
    view.wait(lambda state: state["second_set"] != "not looked for")
    assert abs(view.locator.bounding_box()["height"] - height) < 1
    view.locator.locator("canvas").first.press("r")
    view.wait(lambda state: state == start)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_show_letters_and_bars_and_nothing_overflows(embedding, theme):
    notebook, view = embedding()
    notebook.theme(theme)
    notebook.page.wait_for_timeout(500)
    picture = view.pixels(1)
    assert picture[..., 3].max() == 255 and len(np.unique(picture.reshape(-1, 4), axis=0)) > 10
    page = view.screenshot()
    assert np.median(page) > 200 if theme == "light" else np.median(page) < 60
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
