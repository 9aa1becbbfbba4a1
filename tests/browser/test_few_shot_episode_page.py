"""FewShotEpisode in JupyterLab: the step slider answers in the browser, the rest goes to the kernel."""

import numpy as np
import pytest

EPISODE, ADAPTED = 0, 4  # canvases of the view


@pytest.fixture
def episode(open_notebook):
    def open_(arguments="", *extra):
        cell = f"from eqkit.views import FewShotEpisode\nview = FewShotEpisode({arguments})\nview"
        notebook = open_notebook(cells=[cell, *extra])
        notebook.run_all()
        return notebook, notebook.view("FewShotEpisode")

    return open_


def right(view):
    """How many queries the picture counts as right."""
    return int(view.locator.locator(".eq-episode canvas").get_attribute("data-eq-right"))


def slide(view, key):
    """A key for the slider of inner steps, the last one."""
    view.locator.locator(".noUi-handle:visible").last.press(key)


def test_the_steps_change_the_answers_and_say_so(episode):
    notebook, view = episode()
    state = view.state()
    assert (state["step"], right(view)) == (0, state["right"][0])
    before, weights = view.pixels(EPISODE), view.pixels(ADAPTED)
    slide(view, "ArrowRight")
    state = view.wait(lambda s: s["step"] == 1)
    notebook.until(lambda: right(view) == state["right"][1])
    assert state["right"][1] > state["right"][0]
    assert (view.pixels(EPISODE) != before).any()
    notebook.until(lambda: (view.pixels(ADAPTED) != weights).any())
    label = view.locator.locator(".eq-episode canvas").get_attribute("aria-label")
    assert f"After 1 inner steps {right(view)} of 20 are right" in label
    assert state["characters"][0] in label


def test_the_steps_answer_while_the_kernel_is_busy(episode):
    notebook, view = episode("", "import time\ntime.sleep(6)")
    first = right(view)
    notebook.start_cell(1)
    notebook.page.get_by_text("[*]:").first.wait_for(timeout=10_000)
    slide(view, "ArrowRight")
    notebook.until(lambda: right(view) > first)
    assert notebook.page.get_by_text("[*]:").count() == 1
    view.wait(lambda s: s["step"] == 1)


def test_a_query_is_chosen_by_keys_and_by_a_click(episode):
    notebook, view = episode()
    canvas = view.locator.locator(".eq-episode canvas")
    canvas.press("ArrowRight")
    view.wait(lambda s: s["query"] == 1)
    canvas.press("ArrowDown")
    view.wait(lambda s: s["query"] == 5)
    assert "query 2 of b: says" in canvas.get_attribute("aria-label")
    canvas.press("ArrowUp")
    canvas.press("ArrowUp")
    view.wait(lambda s: s["query"] == 1)
    box = canvas.bounding_box()
    cell = min((box["width"] - 30 - 26 - 170) / 5, (box["height"] - 24) / 5)
    canvas.click(position={"x": 56 + 3.4 * cell, "y": 24 + 3.4 * cell})
    view.wait(lambda s: s["query"] == 14)


def test_controls_draw_other_episodes_and_refusals_put_them_back(episode):
    notebook, view = episode()
    first = view.state()
    view.locator.get_by_role("button", name="new episode").click()
    state = view.wait(lambda s: s["episode"] == 1)
    assert state["characters"] != first["characters"]
    methods = view.locator.locator("select").first
    shown = view.locator.locator("canvas:visible").count()
    methods.select_option("prototypes of pixels")
    state = view.wait(lambda s: s["method"] == "prototypes of pixels")
    assert len(state["right"]) == 2
    notebook.until(lambda: view.locator.locator("canvas:visible").count() == shown - 1)  # no U
    way = view.locator.locator(".noUi-handle:visible").first
    way.press("ArrowRight")
    view.wait(lambda s: s["way"] == 6)
    methods.select_option("MAML")
    notebook.until(lambda: "take a smaller way" in view.locator.inner_text())
    assert view.state()["method"] == "prototypes of pixels"
    notebook.until(lambda: methods.input_value() == "prototypes of pixels")
    view.locator.get_by_role("button", name="reset").click()
    assert view.wait(lambda s: s["episode"] == 0) == first


def test_both_themes_show_ink_on_their_page_and_nothing_overflows(episode):
    notebook, view = episode()
    assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.until(lambda theme=theme: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        picture = view.pixels(EPISODE)
        inked = picture[(picture[..., 3] > 250)][:, :3].astype(int)
        grey = inked[np.ptp(inked, axis=1) < 12].mean()
        assert (grey < 128) == (theme == "light")
