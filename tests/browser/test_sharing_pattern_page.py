"""The sharing pattern on the page: hovering, the keyboard, the menus, errors."""

import numpy as np

CELL = """\
from eqkit import groups
from eqkit.views.sharing_pattern import SharingPattern
G = groups.S(4)
view = SharingPattern(G, G.vector ** 2, G.vector)
view"""
BUSY = "import time\ntime.sleep(60)"


def open_view(open_notebook, *cells):
    notebook = open_notebook(cells=[CELL, *cells])
    notebook.run_cell(0)
    notebook.page.wait_for_timeout(700)
    return notebook, notebook.view("SharingPattern")


def test_hovering_lights_up_the_tied_weights_while_the_kernel_is_busy(open_notebook):
    notebook, view = open_view(open_notebook, BUSY)
    before = view.pixels()
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    view.locator.locator("canvas").first.hover(position={"x": 40, "y": 10})  # a cell of class b
    notebook.page.wait_for_timeout(200)
    _, counts = view.locator.locator("canvas").all()
    assert counts.get_attribute("aria-label").endswith("; b: 12 tied weights, one parameter")
    changed = (view.pixels() != before).any(-1)
    assert changed.mean() > 0.5  # the other classes fade
    lit = view.pixels()
    counts.hover(position={"x": 110, "y": 34 * 4 + 44 + 28 + 10})  # the swatch e: second row, second of three
    notebook.page.wait_for_timeout(200)
    assert counts.get_attribute("aria-label").endswith("; e: 24 tied weights, one parameter")
    assert (view.pixels() != lit).any(-1).mean() > 0.2
    notebook.interrupt()


def test_the_keyboard_moves_a_cursor_and_selects_its_class(open_notebook):
    notebook, view = open_view(open_notebook)
    view.locator.locator("canvas").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    state = view.wait(lambda s: s.get("selected") == "b")
    assert state["tied"] == 12
    notebook.page.keyboard.press("Escape")
    view.wait(lambda s: "selected" not in s)


def test_menus_solve_refuse_and_step_through_basis_matrices(open_notebook):
    notebook, view = open_view(open_notebook)
    group, first, second = (view.locator.locator("select").nth(i) for i in range(3))
    second.select_option("V⊗V")
    view.wait(lambda s: s["free"] == 15)
    first.select_option("V⊗V⊗V")
    view.wait(lambda s: s["weights"] == 1024)
    group.select_option("S(6)")
    error = view.locator.locator(".eq-error")
    error.get_by_text("at most 4,096").wait_for()
    assert view.state()["group"] == "S(4)"
    first.select_option("V⊗V")
    group.select_option("SO(3)")
    view.wait(lambda s: s["group"] == "SO(3)" and s["free"] == 3)
    assert error.inner_text() == ""
    notebook.page.wait_for_timeout(500)
    before = view.pixels()
    handle = view.locator.locator(".noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    view.wait(lambda s: s["shown"] == 1)
    notebook.until(lambda: not np.array_equal(view.pixels(), before))  # the state may come before the frame
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda s: s["group"] == "S(4)" and s["free"] == 5)


def test_two_hundred_choices_end_in_the_last(open_notebook):
    notebook, view = open_view(open_notebook)
    notebook.page.evaluate(
        """() => { const menu = document.querySelectorAll(".eq-view select")[2];
             for (let i = 0; i < 200; i++) setTimeout(() => { menu.selectedIndex = i % 6;
               menu.dispatchEvent(new Event("change", { bubbles: true })); }, 10 * i); }"""
    )
    notebook.page.wait_for_timeout(2500)
    view.wait(lambda s: s["V_out"] == "V", 60)  # the menu's second entry
    view.wait(lambda s: s["free"] == 5 and s["weights"] == 64)


def test_the_dark_theme_is_dark(open_notebook):
    notebook, view = open_view(open_notebook)
    light = view.screenshot()
    notebook.theme("dark")
    notebook.page.wait_for_timeout(600)
    assert np.percentile(view.screenshot(), 40) < 60 and np.percentile(light, 60) > 200
