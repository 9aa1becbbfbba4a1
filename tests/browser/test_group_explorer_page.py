"""The group explorer on the page: keys, motion, the graph, the dark theme."""

import string

import numpy as np

from eqkit import groups

CELL = """\
from eqkit import groups
from eqkit.views.group_explorer import GroupExplorer
view = GroupExplorer(groups.S(4))
view"""
GRAPH, MATRIX, FIGURE = range(3)


def open_view(open_notebook, *cells):
    notebook = open_notebook(cells=[CELL, *cells])
    notebook.run_all()
    return notebook, notebook.view("GroupExplorer")


def settled(notebook, view):
    notebook.page.wait_for_timeout(700)
    return [view.pixels(i) for i in range(3)]


def test_keys_multiply_undo_grow_and_reset(open_notebook):
    notebook, view = open_view(open_notebook)
    start = settled(notebook, view)
    view.locator.get_by_role("button", name="a", exact=True).click()
    for key in "ab":
        notebook.page.keyboard.press(key)
    view.wait(lambda s: s["word"] == "ba²" and s["found"] == 4)
    moved = settled(notebook, view)
    assert not any(np.array_equal(x, y) for x, y in zip(start, moved, strict=True))
    notebook.page.keyboard.press("Backspace")
    view.wait(lambda s: s["word"] == "a²" and s["found"] == 4)
    view.locator.locator("canvas").first.focus()
    for _ in range(8):
        notebook.page.keyboard.press("Enter")
    view.wait(lambda s: s["found"] == 24)
    notebook.page.keyboard.press("Escape")
    view.wait(lambda s: s["word"] == "E" and s["found"] == 1)
    notebook.page.mouse.move(0, 0)
    view.locator.locator("canvas").first.blur()
    assert all(np.array_equal(x, y) for x, y in zip(start, settled(notebook, view), strict=True))


def test_a_click_on_a_node_walks_there(open_notebook):
    notebook, view = open_view(open_notebook, "view.press('ab'); view.graph.xy.hex()")
    view.wait(lambda s: s["word"] == "ba")
    x, y = np.frombuffer(bytes.fromhex(notebook.cell(1).inner_text().split("'")[-2]), np.float32)[:2]
    box = view.locator.locator("canvas").first.bounding_box()
    notebook.page.mouse.click(
        box["x"] + box["width"] / 2 + (box["width"] / 2 - 34) * float(x),
        box["y"] + box["height"] / 2 - (box["height"] / 2 - 30) * float(y),
    )
    state = view.wait(lambda s: s["element"] == 0)
    assert state["word"] != "E" and state["element_order"] == 1


def test_two_hundred_keys_and_as_many_choices_end_in_the_right_state(open_notebook):
    notebook, view = open_view(open_notebook)
    view.locator.locator("canvas").first.focus()
    word = "abbab" * 40
    notebook.page.evaluate(
        """word => [...word].forEach((key, i) => setTimeout(() =>
             document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })), 10 * i))""",
        word,
    )
    g = groups.S(4).elements()[0]
    for letter in word:
        g = groups.S(4).generators[string.ascii_lowercase.index(letter)] @ g
    element = int(groups.S(4).index(g))
    notebook.page.wait_for_timeout(2500)
    view.wait(lambda s: s["element"] == element and s["word"].count("a") > 60)
    notebook.page.evaluate(
        """() => { const menu = document.querySelector(".eq-view select");
             for (let i = 0; i < 200; i++) setTimeout(() => { menu.selectedIndex = i % 7;
               menu.dispatchEvent(new Event("change", { bubbles: true })); }, 10 * i); }"""
    )
    names = view.locator.locator("option").all_inner_texts()
    notebook.page.wait_for_timeout(2500)
    view.wait(lambda s: s["group"] == names[199 % 7] and s["word"] == "E", 60)
    assert view.locator.locator(".eq-error").inner_text() == ""


def test_the_dark_theme_is_dark_and_the_labels_say_what_is_shown(open_notebook):
    notebook, view = open_view(open_notebook, "view.press('ab')")
    light = view.screenshot()
    notebook.theme("dark")
    notebook.page.wait_for_timeout(600)
    assert np.median(view.screenshot()) < 60 < 200 < np.median(light)
    labels = [c.get_attribute("aria-label") for c in view.locator.locator("canvas").all()]
    assert labels[GRAPH] == "Cayley graph of S(4): 3 of 24 elements reached, now at ba"
    assert labels[MATRIX] == "the matrix of ba, 4 by 4" and labels[FIGURE] == "a figure moved by ba"
