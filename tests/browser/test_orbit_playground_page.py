"""OrbitPlayground in JupyterLab: the orbit follows the pointer without the kernel, and the kernel comes to the same."""

import numpy as np
import pytest

PLAYGROUND = """\
from eqkit import groups
from eqkit.views import OrbitPlayground
view = OrbitPlayground({arguments})
view"""
EXTENT, SIZE = 1.25, 400  # of the plane shown, and of the canvas in pixels
PICTURE, TABLE = 0, 1
BUSY = "import time\ntime.sleep(6)"

LATENCY = """async (selector) => {
  const canvas = document.querySelector(selector), times = [];
  canvas.focus();
  for (let i = 0; i < 40; i++) {
    const drawn = new Promise((done) => {
      const observer = new MutationObserver(() => { observer.disconnect(); done(performance.now()); });
      observer.observe(canvas, { attributes: true, attributeFilter: ["data-eq-drawn"] });
    });
    const start = performance.now();
    const key = i % 2 ? "ArrowDown" : "ArrowUp";
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    times.push((await drawn) - start);
    await new Promise((done) => setTimeout(done, 40));
  }
  return times.sort((a, b) => a - b)[20];
}"""


@pytest.fixture
def playground(open_notebook):
    def open_(arguments="", *extra):
        notebook = open_notebook(cells=[PLAYGROUND.format(arguments=arguments), *extra])
        notebook.run_all()
        return notebook, notebook.view("OrbitPlayground")

    return open_


def canvas(view, index=PICTURE):
    return view.locator.locator("canvas").nth(index)


def at(view, x, y):
    """Where a point of the plane is on the page."""
    box = canvas(view).bounding_box()
    return [
        box["x"] + box["width"] * (0.5 + x / (2 * EXTENT)),
        box["y"] + box["height"] * (0.5 - y / (2 * EXTENT)),
    ]


def drag(notebook, view, start, end, steps=8):
    canvas(view).scroll_into_view_if_needed()
    mouse = notebook.page.mouse
    mouse.move(*at(view, *start))
    mouse.down()
    mouse.move(*at(view, *end), steps=steps)
    mouse.up()


def colour(view, x, y):
    """The mean colour about a point of the plane."""
    pixels = view.pixels(PICTURE).astype(int)
    u, v = round(pixels.shape[1] * (0.5 + x / (2 * EXTENT))), round(pixels.shape[0] * (0.5 - y / (2 * EXTENT)))
    return pixels[v - 1 : v + 2, u - 1 : u + 2, :3].mean((0, 1))


def is_vermilion(rgb):
    return rgb[0] > 180 and 60 < rgb[1] < 150 and rgb[2] < 90


def test_dragging_moves_the_orbit_and_a_mirror_catches_the_point(playground):
    notebook, view = playground()
    drag(notebook, view, (0.9, 0.375), (0.4, 0.9))
    state = view.wait(lambda s: s["x"][1] > 0.85)
    assert state["orbit"] == 8 and np.abs(np.array(state["x"]) - [0.4, 0.9]).max() < 0.02
    notebook.until(lambda: all(is_vermilion(colour(view, *p)) for p in ((-0.4, -0.9), (0.9, -0.4), (-0.9, 0.4))))
    drag(notebook, view, (0.4, 0.9), (0.715, 0.70))
    state = view.wait(lambda s: s["orbit"] == 4)
    assert state["stabiliser"] == 2 and state["stabiliser_is"] == "C(2)" and state["x"][0] == state["x"][1]
    drag(notebook, view, state["x"], (0.01, 0.02))
    assert view.wait(lambda s: s["orbit"] == 1)["stabiliser_is"] == "D(4)"


def test_the_orbit_follows_the_pointer_while_the_kernel_is_busy(playground):
    notebook, view = playground("", BUSY)
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    drag(notebook, view, (0.9, 0.375), (0.3, 1.0))
    notebook.until(lambda: is_vermilion(colour(view, -1.0, -0.3)) and is_vermilion(colour(view, 0.3, -1.0)))
    assert notebook.page.get_by_text("[*]:").count() == 1
    notebook.page.evaluate(LATENCY, ".eq-orbit canvas")  # forty keys are drawn without the kernel
    state = view.wait(lambda s: s["x"] != [0.9, 0.375])
    assert state["orbit"] == 8


def test_y_dragged_on_the_orbit_of_x_agrees_in_every_invariant(playground):
    notebook, view = playground()
    assert not view.state()["same_orbit"]
    before = view.pixels(TABLE)
    drag(notebook, view, (0.585, -0.78), (-0.37, 0.905))  # beside (−0.375, 0.9)
    state = view.wait(lambda s: s["same_orbit"])
    assert state["invariants_equal"] == [True, True] and state["y"] == [-0.375, 0.9]
    assert "all invariants agree" in view.locator.locator(".eq-verdict").inner_text()
    notebook.until(lambda: (view.pixels(TABLE) != before).any())


def test_keys_move_settle_and_change_the_point_and_r_resets(playground):
    notebook, view = playground()
    start = view.state()
    canvas(view).focus()
    canvas(view).press("ArrowUp")
    view.wait(lambda s: s["x"][1] > 0.4)
    canvas(view).press(" ")
    assert view.wait(lambda s: s["orbit"] == 4)["stabiliser_is"] == "C(2)"
    canvas(view).press("Enter")
    canvas(view).press(" ")
    view.wait(lambda s: s["same_orbit"])
    canvas(view, TABLE).focus()
    canvas(view, TABLE).press("ArrowUp")
    view.wait(lambda s: s["drawn"] == 0)
    canvas(view, TABLE).press("r")
    view.wait(lambda s: s == start)


def test_a_typed_group_is_shown_and_a_typo_is_told(playground):
    notebook, view = playground()
    typed = view.locator.locator("input[type=text]")
    typed.fill("[[0, -1], [1, 0]], [[1, 0], [0, -1]]")
    typed.press("Enter")
    before = view.wait(lambda s: s["group"] == "⟨2 matrices⟩ on 2")
    assert before["order"] == 8
    typed.fill("D.plan(4)")
    typed.press("Enter")
    view.locator.get_by_text("is no name of a group").wait_for()
    assert view.state() == before and typed.input_value() == "D.plan(4)"
    view.locator.locator("select").select_option("C.plane(3)")
    view.wait(lambda s: s["group"] == "C.plane(3)" and s["orbit"] == 3)
    assert view.locator.locator(".eq-error").inner_text() == ""


def test_in_space_the_picture_turns_and_the_point_moves_on_the_sphere(playground):
    notebook, view = playground("groups.Octahedral()")
    start, before = view.state(), view.pixels(PICTURE)
    box, mouse = canvas(view).bounding_box(), notebook.page.mouse
    mouse.move(box["x"] + 30, box["y"] + 380)  # beside the sphere
    mouse.down()
    mouse.move(box["x"] + 130, box["y"] + 350, steps=8)
    mouse.up()
    notebook.until(lambda: (view.pixels(PICTURE) != before).mean() > 0.05)
    assert view.state() == start
    mouse.click(box["x"] + 200, box["y"] + 200)  # the middle of the sphere: a place towards the eye
    x = view.wait(lambda s: s["x"] != start["x"])["x"]
    assert abs(np.linalg.norm(x) - 1) < 2e-3
    canvas(view).press(" ")
    assert view.wait(lambda s: s["orbit"] < 24)["orbit"] in (6, 8, 12)


def test_two_hundred_drags_end_at_the_last(playground):
    notebook, view = playground("groups.D.plane(6)")
    canvas(view).scroll_into_view_if_needed()
    mouse = notebook.page.mouse
    mouse.move(*at(view, 0.9, 0.375))
    mouse.down()
    for i in range(200):
        mouse.move(*at(view, 0.9 * np.cos(i / 9), 0.9 * np.sin(i / 9)))
    mouse.move(*at(view, 0.5, 0.1))
    mouse.up()
    state = view.wait(lambda s: abs(s["x"][0] - 0.5) < 0.01 and abs(s["x"][1] - 0.1) < 0.01)
    notebook.page.wait_for_timeout(1000)
    assert view.state() == state and state["orbit"] == 12


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_drawn_in_their_own_colours_and_nothing_runs_over(playground, theme):
    notebook, view = playground("groups.SignedPermutations(3)")
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    notebook.theme(theme)
    notebook.page.wait_for_timeout(600)
    seen = view.screenshot()
    assert (np.median(seen) > 200) == (theme == "light")
    assert view.locator.evaluate("view => view.scrollWidth <= view.clientWidth && view.clientWidth < 980")
    tops = [canvas(view, i).bounding_box()["y"] for i in range(2)]
    assert abs(tops[0] - tops[1]) < 40  # beside each other
    for i in range(3):
        assert canvas(view, i).get_attribute("aria-label")
