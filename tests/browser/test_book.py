"""Chapter 00 as a reader meets it: the pictures before anything runs, Run All, and every widget alive."""

import functools

import numpy as np
import pytest
from book import ROOT
from lab import SUBSHELLS, opener

VIEWS = ["ReynoldsAverager", "SharingPattern", "LiveMSR", "ConstraintSatisfaction", "LiveMSR"]
CONTRASTS = """view => {
    const rgba = text => { const c = text.match(/[\\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c; };
    const over = (c, ground) => [0, 1, 2].map(k => c[3] * c[k] + (1 - c[3]) * ground[k]);
    const ground = e => {
        const c = rgba(getComputedStyle(e).backgroundColor);
        return c[3] === 1 ? c : over(c, ground(e.parentElement));
    };
    const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const luminance = c => [.2126, .7152, .0722].reduce((sum, weight, k) => sum + weight * linear(c[k] / 255), 0);
    const words = e => [...e.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    const shown = e => e.checkVisibility() && !e.closest("[disabled], [aria-disabled=true], option, .eq-chip i");
    return [...view.querySelectorAll("*")].filter(e => words(e) && shown(e)).map(e => {
        const behind = ground(e), text = over(rgba(getComputedStyle(e).color), behind);
        const [dark, light] = [luminance(text), luminance(behind)].sort((a, b) => a - b);
        return [(light + .05) / (dark + .05), e.textContent];
    });
}"""  # the contrast (WCAG 2.2, 1.4.3) of each text of a view with what is behind it


class Chapter:
    """A chapter as it was committed, what it showed when it was opened, and then after Run All."""

    def __init__(self, notebook):
        self.notebook, self.ran = notebook, False
        outputs = notebook.page.locator(".jp-NotebookPanel .jp-OutputArea-output")
        self.texts = outputs.all_inner_texts()
        self.widths = outputs.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")

    def run(self):
        if not self.ran:
            self.notebook.command("notebook:clear-all-cell-outputs")
            self.notebook.run_all(400)
        self.ran = True
        self.notebook.page.bring_to_front()  # a page behind another draws late
        return self.notebook


@pytest.fixture(scope="module")
def opened(chromium, servers):
    """The chapter, opened once."""
    with opener(chromium, servers(SUBSHELLS[0]), "book") as open_:
        path = ROOT / "notebooks" / "00_start_here.ipynb"
        yield functools.cache(lambda: Chapter(open_(path, outputs=True)))


@pytest.fixture
def notebook(opened):
    """The notebook, after Run All."""
    return opened().run()


def changes(notebook, view, canvas, before):
    """Wait until the pixels of a canvas are others."""
    notebook.until(lambda: view.pixels(canvas).shape != before.shape or (view.pixels(canvas) != before).any())


def click(view, name):
    view.locator.get_by_role("button", name=name).click()


def press(view, part, key):
    view.locator.locator(part).first.press(key)


def find(notebook, source):
    """The index of the cell whose source begins so."""
    cells = "jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.source)"
    return next(i for i, text in enumerate(notebook.page.evaluate(cells)) if text.startswith(source))


def scrub(notebook, view, canvas=1):
    """Home and End on the scrubber: the state follows, and the pixels of the end come back."""
    last = view.state()["snapshots"] - 1
    for key, position in (("Home", 0), ("End", last)):
        press(view, ".eq-scrubber", key)
        view.wait(lambda state, position=position: state["position"] == position)
    inside = np.s_[10:-10, 10:-10]  # the frame follows the kernel
    shown = view.pixels(canvas)
    press(view, ".eq-scrubber", "Home")
    notebook.until(lambda: (view.pixels(canvas)[inside] != shown[inside]).any())
    view.wait(lambda state: state["position"] == 0)
    press(view, ".eq-scrubber", "End")
    notebook.until(lambda: (view.pixels(canvas)[inside] == shown[inside]).all())
    view.wait(lambda state: state["position"] == last)


def train_stop_replay(notebook):
    """Reset the first LiveMSR, train it live, stop it, and scrub what it has so far."""
    view = notebook.view("LiveMSR")
    assert view.state()["weights_astray"] == 0  # player.run() of the cell
    trained = view.pixels(1)
    click(view, "reset")
    view.wait(lambda state: state["snapshots"] == 0)
    changes(notebook, view, 1, trained)
    untrained = view.pixels(1)
    click(view, "play")
    view.wait(lambda state: state["running"] and state["snapshots"] > 5, 60)
    changes(notebook, view, 1, untrained)
    click(view, "stop")
    state = view.wait(lambda state: not state["running"])
    assert 5 < state["snapshots"] < 301
    scrub(notebook, view)
    assert view.state() == state


def replay(notebook):
    """Scrub and play the second LiveMSR, a recorded run."""
    view = notebook.view("LiveMSR", 1)
    assert view.state()["weights_astray"] == 0
    scrub(notebook, view)
    press(view, ".eq-scrubber", "Home")
    click(view, "play")
    view.wait(lambda state: 0 < state["position"] < state["snapshots"] - 1)
    click(view, "stop")
    assert not view.state()["running"]


def legible(notebook, names, theme):
    """In this theme, every text of these views stands out from what is behind it."""
    notebook.theme(theme)
    for name in names:
        view = notebook.view(name)
        notebook.until(lambda view=view: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        faint = [text for contrast, text in view.locator.evaluate(CONTRASTS) if contrast < 4.5]
        assert not faint, (name, faint)


def test_before_anything_runs_the_pictures_are_there(opened):
    chapter = opened()
    placeholders = "VBox(", "Loading widget", "Error displaying", "to use the view"
    assert not [text for text in chapter.texts if any(words in text for words in placeholders)]
    assert len(chapter.widths) >= len(VIEWS) and min(chapter.widths) > 200


def test_run_all_ends_without_an_error_and_every_view_is_drawn(notebook):
    # an error, or a word on stderr, fails in run_all
    names = "views => views.map(view => view.dataset.eqWidget)"
    notebook.until(lambda: notebook.page.locator("[data-eq-widget]").evaluate_all(names) == VIEWS)
    for name in set(VIEWS):
        assert notebook.view(name).state()
        assert notebook.view(name).pixels()[..., :3].std() > 10


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_view_is_legible(notebook, theme):
    legible(notebook, set(VIEWS), theme)
    page = 255 if theme == "light" else 17
    chart = notebook.view("LiveMSR").pixels(2).reshape(-1, 4).astype(float)
    alpha = chart[:, 3:] / 255
    seen = alpha * chart[:, :3] + (1 - alpha) * page
    grey = seen[np.ptp(seen, axis=1) < 12]  # the ticks and their labels, not the curves
    assert (abs(grey - page).min(1) > 90).sum() > 200


def test_a_prediction_is_remembered(notebook):
    notebook.page.get_by_label("12", exact=True).check()
    notebook.page.get_by_text("Noted.").wait_for()
    assert "You expected: 12." in notebook.run_cell(find(notebook, "guess.reveal"))


def test_a_matrix_is_painted_and_its_average_scrubbed(notebook):
    view = notebook.view("ReynoldsAverager")
    press(view, ".eq-scrubber", "End")
    state = view.wait(lambda state: state["count"] == 12)
    assert state["invariant"] and state["M"][5][5] == 0
    before = view.pixels(2)
    canvas = view.locator.locator("canvas").first
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 11 / 12, "y": box["height"] * 11 / 12})
    changes(notebook, view, 2, before)
    state = view.wait(lambda state: state["M"][5][5] == 1)
    assert state["invariant"] and state["free_parameters"] == 4
    press(view, ".eq-scrubber", "Home")
    assert not view.wait(lambda state: state["count"] == 1)["invariant"]


def test_hovering_a_weight_lights_up_all_that_are_tied_to_it(notebook):
    view = notebook.view("SharingPattern")
    canvas = view.locator.locator("canvas").first
    notebook.page.mouse.move(0, 0)
    before = view.pixels()
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 3.2 / 8, "y": box["height"] * 0.2 / 8})  # row 0, column 3
    changes(notebook, view, 0, before)
    at = ((np.arange(8) + 0.2) * len(before) / 8).astype(int)  # a corner of each cell, away from its letter
    faded = (view.pixels() != before).any(-1)[np.ix_(at, at)]
    row, column = np.indices((8, 8))
    assert (faded == ((column - row) % 8 != 3)).all()
    assert view.state()["free"] == 8


def test_a_reset_matrix_trains_live_stops_and_replays(notebook):
    train_stop_replay(notebook)


def test_a_recorded_run_replays_without_training(notebook):
    replay(notebook)


def test_the_same_equations_at_another_dimension(notebook):
    view = notebook.view("ConstraintSatisfaction")
    before = view.pixels(5)
    n = view.state()["n"]
    handle = view.locator.locator(".noUi-handle").last
    handle.press("PageDown")
    state = view.wait(lambda state: state["n"] < n)
    assert state["holds_at_n"]
    changes(notebook, view, 5, before)
    scrub(notebook, view, canvas=0)
    click(view, "play")
    view.wait(lambda now: now["snapshots"] > state["snapshots"])
    handle.press("ArrowLeft")  # answered while it trains
    view.wait(lambda now: now["n"] == state["n"] - 1)
    click(view, "stop")
    state = view.wait(lambda now: not now["running"])
    assert [name for name, holds in state["holds"].items() if holds] == ["projection", "Cayley", "exp"]


def test_an_exercise_is_not_yet_solved_then_wrong_then_right(notebook):
    answer, check = find(notebook, "free_weights = ..."), find(notebook, 'teaching.check("00.2"')
    verdict = notebook.cell(check).locator("[data-eq-verdict]")
    kinds = [verdict.get_attribute("data-eq-verdict")]
    for number in (5, 2):
        notebook.write_cell(answer, f"free_weights = {number}")
        notebook.run_cell(answer)
        notebook.run_cell(check)
        kinds.append(verdict.get_attribute("data-eq-verdict"))
    assert kinds == ["not yet", "wrong", "right"]
