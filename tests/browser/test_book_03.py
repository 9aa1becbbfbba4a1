"""Chapter 03 as a reader meets it: pictures before anything runs, Run All, an orbit dragged, rings explored."""

import pytest
from chapter import changes, legible, press, shows_pictures, verdicts

CHAPTER = "03_invariant_theory"
EXTENT = 1.25  # of the plane that OrbitPlayground shows
PICTURE, TABLE, BARS = 0, 1, 1


@pytest.fixture
def playground(notebook):
    """OrbitPlayground as its cell built it."""
    view = notebook.view("OrbitPlayground")
    press(view, "canvas", "r")
    view.wait(lambda state: state["group"] == "C.plane(4)" and state["y"] == [0.4, 0.9])
    return view


@pytest.fixture
def explorer(notebook):
    """InvariantRingExplorer as its cell built it."""
    view = notebook.view("InvariantRingExplorer")
    press(view, "canvas", "r")
    view.wait(lambda state: state["group"] == "Octahedral()" and state["selected"] == 1)
    return view


def drag(notebook, view, start, end):
    """Drag from a point of the plane to another."""
    canvas = view.locator.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), notebook.page.mouse
    for i, (x, y) in enumerate((start, end)):
        u, v = 0.5 + x / (2 * EXTENT), 0.5 - y / (2 * EXTENT)
        mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"], steps=1 + 7 * i)
        if i == 0:
            mouse.down()
    mouse.up()


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 7)


def test_run_all_ends_without_an_error_and_both_views_are_drawn(notebook):
    names = "views => views.map(view => view.dataset.eqWidget)"
    shown = notebook.page.locator("[data-eq-widget]")
    notebook.until(lambda: shown.evaluate_all(names) == ["OrbitPlayground", "InvariantRingExplorer"])
    for name in ("OrbitPlayground", "InvariantRingExplorer"):
        assert notebook.view(name).pixels()[..., :3].std() > 10


def test_y_dragged_on_the_orbit_agrees_in_every_invariant(notebook, playground):
    assert playground.state()["invariants_equal"] == [True, True, False]
    before = playground.pixels(TABLE)
    drag(notebook, playground, (0.4, 0.9), (-0.395, 0.905))  # beside (−0.4, 0.9), a quarter turn of x
    state = playground.wait(lambda state: state["same_orbit"])
    assert state["y"] == [-0.4, 0.9] and state["invariants_equal"] == [True, True, True]
    changes(notebook, playground, TABLE, before)


def test_with_the_reflections_one_invariant_is_gone_and_a_mirror_halves_the_orbit(notebook, playground):
    playground.locator.locator("select").select_option("D.plane(4)")
    state = playground.wait(lambda state: state["group"] == "D.plane(4)")
    assert state["same_orbit"] and state["invariants_equal"] == [True, True] and state["orbit"] == 8
    before = playground.pixels(PICTURE)
    drag(notebook, playground, (0.9, 0.4), (0.7, 0.69))
    state = playground.wait(lambda state: state["orbit"] == 4)
    assert state["stabiliser"] == 2
    changes(notebook, playground, PICTURE, before)


def test_another_bar_is_another_surface_and_reflections_leave_no_relation(notebook, explorer):
    before = explorer.pixels(PICTURE)
    bars = explorer.locator.locator("canvas").nth(BARS)
    bars.focus()
    bars.press("ArrowRight")
    explorer.wait(lambda state: state["selected"] == 2)
    changes(notebook, explorer, PICTURE, before)
    explorer.locator.locator("select").select_option("SignedPermutations(3)")
    state = explorer.wait(lambda state: state["group"] == "SignedPermutations(3)")
    assert state["degrees"] == [2, 4, 6] and state["polynomial_ring"]
    assert "independent" in explorer.locator.locator(".eq-verdict").inner_text()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_views_are_legible_in_both_themes(notebook, theme):
    legible(notebook, ("OrbitPlayground", "InvariantRingExplorer"), theme)


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answers = [f"def count(d):\n    return {formula}" for formula in ("d // 4 + 1", "0 if d % 2 else d // 4 + 1")]
    assert verdicts(notebook, "def count(d)", "03.1", answers) == ["not yet", "wrong", "right"]
