"""What a lecturer shows, in the browser: exercises, notation, large type."""

CHECK = """\
from eqkit import teaching
from eqkit.teaching import checking
from types import SimpleNamespace
checking._chapter = lambda name: SimpleNamespace(CHECKS={"99.1": lambda answer: teaching.wrong(
    "<b> is not bold", teaching.beside(yours=[[1, 0], [0, 1]], expected=[[1, 1], [0, 1]]))})
teaching.check("99.1", 1)"""
PROJECTOR = """\
import matplotlib.pyplot as plt
from eqkit import teaching
plt.figure(figsize=(3, 2))
plt.plot([0, 1])
plt.show()"""


def test_a_verdict_shows_its_words_and_its_picture(open_notebook):
    notebook = open_notebook(cells=[CHECK])
    notebook.run_all()
    verdict = notebook.page.locator("[data-eq-verdict=wrong]")
    assert verdict.inner_text().startswith("✗ <b> is not bold")
    assert verdict.locator("img").evaluate("image => image.complete && image.naturalWidth > 200")


def test_the_notation_unfolds(open_notebook):
    notebook = open_notebook(cells=["from eqkit import teaching\nteaching.notation()"])
    notebook.run_all()
    row = notebook.page.get_by_text("a group element and its group")
    assert not row.is_visible()
    notebook.page.get_by_text("Notation and colours").last.click()
    assert row.is_visible()


def test_the_projector_enlarges_pictures_and_code(open_notebook):
    notebook = open_notebook(cells=[PROJECTOR, "teaching.projector(2)"])
    notebook.run_cell(0)
    picture, code = notebook.cell(0).locator("img"), notebook.cell(0).locator(".cm-content")
    before = picture.bounding_box()["width"], code.bounding_box()["height"]
    notebook.run_cell(1)
    notebook.page.wait_for_timeout(500)
    after = picture.bounding_box()["width"], code.bounding_box()["height"]
    assert 1.8 * before[0] < after[0] < 2.2 * before[0]
    assert 1.5 * before[1] < after[1] < 2.5 * before[1]
