"""JupyterLab itself: cells run, widgets talk to the kernel, errors are seen, nothing leaves the machine."""

import io

import numpy as np
import pytest
from lab import SUBSHELLS
from PIL import Image

WIDGET = """\
import ipywidgets
slider = ipywidgets.IntSlider(value=3, description="n")
label = ipywidgets.Label("3")
slider.observe(lambda change: setattr(label, "value", f"n is {change['new']}"), "value")
ipywidgets.VBox([slider, label])"""
PREDICTION = """\
from eqkit import doctor, teaching
doctor.greet()
guess = teaching.predict("How many?", ["two", "fifteen"])
guess"""


@pytest.mark.parametrize("subshells", SUBSHELLS)
def test_a_slider_reaches_the_kernel_and_comes_back(open_notebook, subshells):
    notebook = open_notebook(cells=[WIDGET, "slider.value"])
    notebook.run_all()
    handle = notebook.page.locator(".jp-OutputArea .noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    notebook.page.get_by_text("n is 4").wait_for(timeout=10_000)
    assert "4" in notebook.run_cell(1)


def test_a_prediction_is_noted_and_revealed(open_notebook):
    notebook = open_notebook(cells=[PREDICTION, "guess.reveal('fifteen')"])
    notebook.run_all()
    assert "The answer: fifteen." in notebook.run_cell(1)
    notebook.page.get_by_label("two").check()
    notebook.page.get_by_text("Noted.").wait_for(timeout=10_000)
    assert "You expected: two." in notebook.run_cell(1)


def test_an_error_in_a_cell_is_seen(open_notebook):
    notebook = open_notebook(cells=["1 + 1", "1 / 0"])
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run_all()


def test_a_running_cell_is_interrupted_and_the_kernel_restarts(open_notebook):
    notebook = open_notebook(cells=["import time\nprint(6 * 7)\ntime.sleep(60)", "2 + 2"])
    notebook.start_cell(0)
    notebook.page.get_by_text("42", exact=True).first.wait_for(timeout=20_000)  # sent before it runs, it would be lost
    notebook.interrupt()
    notebook.page.get_by_text("KeyboardInterrupt").first.wait_for(timeout=20_000)
    notebook.restart()
    assert "4" in notebook.run_cell(1)


def test_the_page_changes_between_light_and_dark(open_notebook):
    notebook = open_notebook(cells=["1"])
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(500)
        page = Image.open(io.BytesIO(notebook.page.screenshot())).convert("L")
        assert (np.median(page) > 128) == (theme == "light")
