"""Chapter 08 as a reader meets it: pictures before anything runs, Run All, its two views driven inside the notebook."""

import numpy as np
import pytest
from chapter import changes, find, legible, press, shows_pictures

CHAPTER = "08_beyond_translation"
EPISODE, ADAPTED = 0, 4  # canvases of FewShotEpisode


def test_before_anything_runs_the_pictures_are_there(opened):
    shows_pictures(opened(), 13)


def test_two_runs_are_dragged_to_their_start_and_back(notebook):
    view = notebook.view("MSRScrubber")
    end = view.state()
    assert end["directions"] == [9, 9]
    inside = np.s_[10:-10, 10:-10]
    letters = [view.pixels(canvas)[inside] for canvas in (0, 1)]
    press(view, ".eq-scrubber", "Home")
    state = view.wait(lambda state: state["position"] == 0)
    assert max(state["directions"]) < 9
    for canvas in (0, 1):
        notebook.until(lambda canvas=canvas: (view.pixels(canvas)[inside] != letters[canvas]).any())
    press(view, ".eq-scrubber", "End")
    view.wait(lambda state: state == end)
    for canvas in (0, 1):
        notebook.until(lambda canvas=canvas: (view.pixels(canvas)[inside] == letters[canvas]).all())


def test_an_episode_is_adapted_to_step_by_step_by_three_methods(notebook):
    view = notebook.view("FewShotEpisode")
    state = view.state()
    assert state["step"] == 1 and state["right"][1] > state["right"][0]
    before, weights = view.pixels(EPISODE), view.pixels(ADAPTED)
    view.locator.locator(".noUi-handle:visible").last.press("ArrowLeft")
    view.wait(lambda state: state["step"] == 0)
    changes(notebook, view, EPISODE, before)
    changes(notebook, view, ADAPTED, weights)
    shown = view.locator.locator("canvas:visible").count()
    view.locator.locator("select").first.select_option("prototypes of pixels")
    view.wait(lambda state: state["method"] == "prototypes of pixels" and len(state["right"]) == 2)
    notebook.until(lambda: view.locator.locator("canvas:visible").count() == shown - 1)  # no U
    view.locator.locator("select").nth(1).select_option("none")
    view.wait(lambda state: state["augmentation"] == "none" and state["characters"][0])
    view.locator.get_by_role("button", name="new episode").click()
    other = view.wait(lambda state: state["episode"] == 1)
    assert other["characters"] != state["characters"]
    view.locator.get_by_role("button", name="reset").click()
    view.wait(lambda state: state["method"] == "MSR" and state["episode"] == 0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_views_are_legible_and_nothing_overflows(notebook, theme):
    legible(notebook, ("MSRScrubber", "FewShotEpisode"), theme)


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("both", exact=True).check()
    notebook.page.get_by_text("Noted.").wait_for()
    assert "You expected: both." in notebook.run_cell(find(notebook, "guess.reveal"))


def test_an_eighth_of_a_turn_is_not_yet_given_then_clockwise_then_right(notebook):
    answer, check = find(notebook, "def turn45"), find(notebook, 'teaching.check("08.2"')
    verdict = notebook.cell(check).locator("[data-eq-verdict]")
    kinds = [verdict.get_attribute("data-eq-verdict")]
    for places in (1, -1):
        source = f"""def turn45(w):
    ring = [0, 0, 0, 1, 2, 2, 2, 1], [0, 1, 2, 2, 2, 1, 0, 0]
    return w.index_put([torch.tensor(index) for index in ring], w[ring].roll({places}))"""
        notebook.write_cell(answer, source)
        notebook.run_cell(answer)
        notebook.run_cell(check)
        kinds.append(verdict.get_attribute("data-eq-verdict"))
        if places == 1:
            assert "clockwise" in verdict.inner_text()
    assert kinds == ["not yet", "wrong", "right"]
