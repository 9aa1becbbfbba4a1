"""InvariantRingExplorer in JupyterLab: surfaces that turn, a point on a level set, bars, generators, typed groups."""

import numpy as np
import pytest

EXPLORER = """\
from eqkit import groups
from eqkit.views import InvariantRingExplorer
view = InvariantRingExplorer({arguments})
view"""
PICTURE, BARS, TABLE = range(3)


@pytest.fixture
def explorer(open_notebook):
    def open_(arguments="", *extra):
        notebook = open_notebook(cells=[EXPLORER.format(arguments=arguments), *extra])
        notebook.run_all()
        return notebook, notebook.view("InvariantRingExplorer")

    return open_


def canvas(view, index=PICTURE):
    return view.locator.locator("canvas").nth(index)


def formula(view):
    return view.locator.locator(".eq-formula .eq-title").inner_text()


def press(notebook, view, index, *places):
    """Press the pointer at a place of a canvas, in shares of its size, and drag it through the others."""
    canvas(view, index).scroll_into_view_if_needed()
    box, mouse = canvas(view, index).bounding_box(), notebook.page.mouse
    for i, (x, y) in enumerate(places):
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if i == 0:
            mouse.down()
    mouse.up()


def share(pixels, of):
    return of(*np.moveaxis(pixels[..., :3].astype(int), -1, 0)).mean()


def blue(red, green, blue):
    return (blue > red + 60) & (red < 90)


def vermilion(red, green, blue):
    return (red > 180) & (green > 60) & (green < 150) & (blue < 90)


def test_bars_rows_and_the_surface_choose_the_same_generator(explorer):
    notebook, view = explorer()
    surfaces = [view.pixels(PICTURE)]
    canvas(view, BARS).focus()
    canvas(view, BARS).press("ArrowRight")
    view.wait(lambda s: s["selected"] == 2)
    notebook.until(lambda: (view.pixels(PICTURE) != surfaces[0]).mean() > 0.05)
    assert formula(view).startswith("degree 6: ") and "at all 24 points" in formula(view)
    press(notebook, view, BARS, (0.72, 0.7))  # degree 9 of 0 … 12
    view.wait(lambda s: s["selected"] == 3)
    press(notebook, view, TABLE, (0.3, 0.27))  # the first row
    view.wait(lambda s: s["selected"] == 0)
    notebook.until(lambda: formula(view).startswith("degree 2: 1 at all 24 points"))
    assert share(view.pixels(PICTURE), blue) < 1e-3  # the square of the length has no level set on a sphere


def test_the_surface_turns_and_the_point_moves_along_it_with_its_orbit(explorer):
    notebook, view = explorer()
    start, before, words = view.state(), view.pixels(PICTURE), formula(view)
    assert share(before, blue) > 5e-3 and share(before, vermilion) > 2e-3
    press(notebook, view, PICTURE, (0.05, 0.9), (0.4, 0.8))
    notebook.until(lambda: (view.pixels(PICTURE) != before).mean() > 0.1)
    assert view.state() == start and formula(view) == words  # it only turned
    press(notebook, view, PICTURE, (0.47, 0.62))  # a click
    notebook.until(lambda: formula(view) != words)
    assert view.state()["constant_on_the_orbit"] and "at all" in formula(view)
    canvas(view).press(" ")
    view.wait(lambda s: s["orbit"] < 24)
    assert f"at all {view.state()['orbit']} points" in formula(view)
    canvas(view).press("r")
    view.wait(lambda s: s == start)
    notebook.until(lambda: formula(view) == words)


def test_a_typed_group_is_solved_and_a_typo_is_told(explorer):
    notebook, view = explorer()
    typed = view.locator.locator("input[type=text]")
    typed.fill("(0 1 2)(3 4), (0 3)")
    typed.press("Enter")
    before = view.wait(lambda s: s["order"] == 120)
    assert before["degrees"] == [1, 2, 3, 4, 5]
    for typo, cure in (("(0 1)(1 2)", "disjoint"), ("S(60)", "too many monomials"), ("SO(3)", "infinite")):
        typed.fill(typo)
        typed.press("Enter")
        view.locator.locator(".eq-error").get_by_text(cure).wait_for()
        assert view.state() == before and typed.input_value() == typo
    view.locator.locator("select").select_option("A(4)")
    state = view.wait(lambda s: s["group"] == "A(4)")
    assert state["degrees"] == [1, 2, 3, 4, 6] and state["constant_on_the_orbit"]
    assert view.locator.locator(".eq-error").inner_text() == ""


def test_two_hundred_choices_end_at_the_last(explorer):
    notebook, view = explorer("groups.C(5)")
    notebook.page.evaluate(
        """() => { const menu = document.querySelector(".eq-view select");
             for (let i = 0; i < 200; i++) setTimeout(() => { menu.selectedIndex = [5, 9, 7][i % 3];
               menu.dispatchEvent(new Event("change", { bubbles: true })); }, 10 * i); }"""
    )
    names = view.locator.locator("option").all_inner_texts()
    notebook.page.wait_for_timeout(2500)
    state = view.wait(lambda s: s["group"] == names[[5, 9, 7][199 % 3]], 60)
    notebook.page.wait_for_timeout(1000)
    assert view.state() == state and view.locator.locator(".eq-error").inner_text() == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_drawn_in_their_own_colours_and_nothing_jumps(explorer, theme):
    notebook, view = explorer("groups.Icosahedral()")
    notebook.theme(theme)
    notebook.page.wait_for_timeout(600)
    seen, height = view.screenshot(), view.locator.bounding_box()["height"]
    assert (np.median(seen) > 200) == (theme == "light")
    assert view.locator.evaluate("view => view.scrollWidth <= view.clientWidth && view.clientWidth < 980")
    for name in ("C.plane(4)", "S(5)", "C(5)"):
        view.locator.locator("select").select_option(name)
        view.wait(lambda s, name=name: s["group"] == name)
        notebook.page.wait_for_timeout(300)
        assert abs(view.locator.bounding_box()["height"] - height) < 1
    labels = [canvas(view, i).get_attribute("aria-label") for i in range(3)]
    assert all(labels) and labels[BARS].startswith("C(5): 1 of degree 0")


def test_a_view_keeps_nothing_in_the_metadata_of_the_notebook(explorer):
    notebook, view = explorer()
    notebook.command("docmanager:save")
    notebook.page.wait_for_timeout(1500)
    saved = notebook.page.evaluate(
        """async () => (await jupyterapp.serviceManager.contents.get(
            jupyterapp.shell.currentWidget.context.path)).content"""
    )
    output = saved["cells"][0]["outputs"][0]["data"]
    assert "widgets" not in saved["metadata"] and len(output["image/png"]) > 1000
    assert output["text/plain"] == "InvariantRingExplorer: run this cell in JupyterLab to use the view"
