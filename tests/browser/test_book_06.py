"""Chapter 06 as a reader meets it: pictures before anything runs, Run All, and BreakIt driven inside the notebook."""

import numpy as np
import pytest
from chapter import changes, click, find, legible, press, shows_pictures, verdicts

CHAPTER = "06_equivariant_networks"
VERMILION, BLUE = np.array([0xD5, 0x5E, 0x00]), np.array([0x00, 0x72, 0xB2])
BARS, ACROSS = 48, 520 - 48 - 8


@pytest.fixture
def view(notebook):
    """BreakIt as its cell built it."""
    view = notebook.view("BreakIt")
    press(view, "canvas", "r")
    view.wait(lambda state: state["group"] == "SO(3)" and state["faults"] == ["ReLU"] and state["block"] == 2)
    return view


def hues(view):
    """How many pixels of each of the seven bars are vermilion and blue, (7, 2)."""
    picture = view.pixels(0)[..., :3].astype(int)
    edges = [int(BARS + i * ACROSS / 7) for i in range(8)]
    return np.array(
        [
            [(np.abs(picture[:, a:b] - hue).max(-1) < 10).sum() for hue in (VERMILION, BLUE)]
            for a, b in zip(edges, edges[1:], strict=False)
        ]
    )


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 12)


def test_run_all_ends_without_an_error_and_the_fault_is_seen_in_its_layer(notebook, view):
    assert view.state()["arises_in"] == ["ReLU 2"]
    notebook.until(lambda: (hues(view)[3:, 0] > 3000).all())
    assert (hues(view)[:3, 0] == 0).all() and (hues(view)[:3, 1] > 100).all()


def test_switching_the_fault_off_turns_every_bar_blue(notebook, view):
    before = view.pixels()
    click(view, "ReLU")
    view.wait(lambda state: state["arises_in"] == [])
    changes(notebook, view, 0, before)
    notebook.until(lambda: (hues(view)[:, 0] == 0).all() and (hues(view)[:, 1] > 100).all())


def test_the_fault_moves_with_the_slider_and_other_faults_grow_with_theirs(notebook, view):
    block, amount = view.locator.locator(".noUi-handle").all()
    block.press("ArrowRight")
    view.wait(lambda state: state["arises_in"] == ["ReLU 3"])
    notebook.until(lambda: (hues(view)[:5, 0] == 0).all() and (hues(view)[5:, 0] > 3000).all())
    click(view, "ReLU")
    click(view, "untied weight")
    view.wait(lambda state: state["arises_in"] == ["linear 3"])
    before = hues(view)[4:, 0]
    for _ in range(8):
        amount.press("ArrowLeft")
    view.wait(lambda state: state["amount"] < 0.01)
    notebook.until(lambda: (hues(view)[4:, 0] < before).all())


def test_permutations_allow_the_relu_and_padding_breaks_the_shift(notebook, view):
    view.locator.locator("select").select_option("S(5)")
    view.wait(lambda state: state["group"] == "S(5)" and state["arises_in"] == [])
    notebook.until(lambda: "is accepted" in view.locator.locator(".eq-table").inner_text())
    view.locator.locator("select").select_option("C(8)")
    view.wait(lambda state: state["group"] == "C(8)")
    click(view, "padding")
    state = view.wait(lambda state: state["arises_in"] == ["linear 2"])
    assert state["broken_after"] == [False, False, True, True, True, True, True]


def test_a_bar_is_selected_and_its_worst_g_is_shown(notebook, view):
    before = view.pixels(2)
    box = view.locator.locator("canvas").first.bounding_box()
    notebook.page.mouse.click(box["x"] + BARS + 3.5 * ACROSS / 7, box["y"] + 100)
    view.wait(lambda state: state["selected"] == "ReLU 2")
    changes(notebook, view, 2, before)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_view_is_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, ["BreakIt"], theme)


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("ReLU of every coordinate", exact=True).check()
    notebook.page.get_by_text("Noted.").wait_for()
    assert "You expected: ReLU of every coordinate." in notebook.run_cell(find(notebook, 'guess.reveal("x multi'))


def test_a_counter_example_is_not_yet_given_then_none_then_right(notebook):
    answers = [f"counter_example = {sign}torch.eye(2), torch.tensor([1.0, 0.0])" for sign in ("", "-")]
    assert verdicts(notebook, "counter_example = ...", "06.3", answers) == ["not yet", "wrong", "right"]
