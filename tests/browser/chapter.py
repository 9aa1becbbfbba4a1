"""What the tests of the chapters share: a chapter as its reader opens it, and what a reader does."""

import numpy as np

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
    """In this theme, every text of these views stands out from what is behind it, and nothing overflows.

    names: "LiveMSR", or ("LiveMSR", 1) for the second one.
    """
    notebook.theme(theme)
    for view in (notebook.view(*([name] if isinstance(name, str) else name)) for name in names):
        notebook.until(lambda view=view: (np.median(view.screenshot()[:8]) > 128) == (theme == "light"))
        faint = [text for contrast, text in view.locator.evaluate(CONTRASTS) if contrast < 4.5]
        assert not faint, faint
        assert view.locator.evaluate("element => element.scrollWidth <= element.clientWidth")


def shows_pictures(chapter, least):
    """Before anything has run, every view and figure shows its picture, at least so many, and no placeholder."""
    placeholders = "VBox(", "Loading widget", "Error displaying", "to use the view"
    assert not [text for text in chapter.texts if any(words in text for words in placeholders)]
    assert len(chapter.widths) >= least and min(chapter.widths) > 200


def verdicts(notebook, stub, exercise, answers):
    """The kinds of verdict that the check of an exercise gives: on the stub, then on each answer in its place."""
    answer, check = find(notebook, stub), find(notebook, f'teaching.check("{exercise}"')
    verdict = notebook.cell(check).locator("[data-eq-verdict]")
    kinds = [verdict.get_attribute("data-eq-verdict")]
    for text in answers:
        notebook.write_cell(answer, text)
        notebook.run_cell(answer)
        notebook.run_cell(check)
        kinds.append(verdict.get_attribute("data-eq-verdict"))
    return kinds
