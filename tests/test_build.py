"""The builder of the book, on a chapter of one page."""

import nbformat
import pytest
from book import build

CHAPTER = """\
# %% [markdown]
# # 99 · What is twice a thing?

# %% tags=["setup"]
import torch

# %%
print(torch.arange(3).tolist())

# %% slide="fragment"
1 + 1

# %% [markdown] exercise="99.1"
# ### Double

# %% [markdown] hint="99.1"
# Add.

# %% [markdown] hint="99.1"
# Or multiply.

# %% stub="99.1"
def double(x):
    return ...


# %% check="99.1"
double(2)

# %% [markdown] solution="99.1"
# Twice $x$ is $x + x$:

# %% solution="99.1"
def double(x):
    return x + x


# %% mistake="99.1"
def double(x):
    return x * x
"""


@pytest.fixture
def chapter(tmp_path):
    def write(text=CHAPTER):
        (tmp_path / "source").mkdir(exist_ok=True)
        source = tmp_path / "source" / "99_double.py"
        source.write_text(text, encoding="utf-8")
        return source

    return write


def test_the_notebook_shows_the_stub_and_folds_hints_and_solution(chapter):
    cells = build.notebook(chapter()).cells
    assert [cell.id for cell in cells] == [f"99-{i:03d}" for i in range(8)]
    text, stub, check, folded = cells[4:]
    assert (text.source, check.source) == ("### Double", "double(2)")
    assert stub.source == "def double(x):\n    return ..."
    assert folded.source.count("<details>") == 3
    assert folded.source.index("Add.") < folded.source.index("Or multiply.") < folded.source.index("return x + x")
    assert not any("x * x" in cell.source for cell in cells)


def test_headings_open_slides_and_a_cell_may_say_otherwise(chapter):
    slides = [cell.metadata.slideshow.slide_type for cell in build.notebook(chapter()).cells]
    assert slides == ["slide", "-", "-", "fragment", "subslide", "-", "-", "skip"]


def test_building_twice_gives_the_same_bytes_and_equals_the_source(chapter, tmp_path):
    source = chapter()
    first = build.build(source, tmp_path).read_bytes()
    target = build.build(source, tmp_path)
    assert target.read_bytes() == first
    assert build.fault(source, target) is None
    book = nbformat.reads(first.decode(), as_version=4)
    assert book.cells[2].outputs[0].text == "[0, 1, 2]\n"
    assert "widgets" not in book.metadata
    nbformat.validate(book)


def test_a_changed_source_is_told_from_its_notebook(chapter, tmp_path):
    source = chapter("# %%\n1 + 1\n")
    target = build.build(source, tmp_path)
    chapter("# %%\n1 + 2\n")
    assert "99-000: its source" in build.fault(source, target)
    chapter('# %% tags=["setup"]\n1 + 1\n')
    assert "99-000: its tags" in build.fault(source, target)
    chapter("# %%\n1 + 1\n\n# %%\n2\n")
    assert "1 cells, and its source gives 2" in build.fault(source, target)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys\nprint('oh', file=sys.stderr)", "99-000 writes to stderr: oh"),
        ("import sys\nsys.prefix", "name folders of this machine"),
        ("'x' * 700_000", "at most 700000"),
    ],
)
def test_what_must_not_be_in_a_notebook_is_refused(chapter, tmp_path, cell, words):
    with pytest.raises(Exception, match=words):
        build.build(chapter(f"# %%\n{cell}\n"), tmp_path)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 + 1;", "cell 1 ends with a semicolon"),
        ("def f(:", "plain Python"),
        ("await x", "plain Python"),
    ],
)
def test_what_nbval_cannot_compare_is_refused_in_a_source(chapter, cell, words):
    with pytest.raises(ValueError, match=words):
        build.read(chapter(f"# %%\n{cell}\n"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('hint="99.1"\n# Or multiply.', 'tags=["x"]\n# Or multiply.', "out of order"),
        ('# %% [markdown] hint="99.1"\n# Or multiply.\n\n', "", "1 hints; give two"),
        ('# %% mistake="99.1"\ndef double(x):\n    return x * x\n', "", "no mistake"),
        ("99.1", "98.1", "name it 99.1"),
        ('stub="99.1"', 'stub="99.2"', "out of order"),
    ],
)
def test_an_exercise_with_a_part_missing_or_misplaced_is_refused(chapter, old, new, words):
    assert old in CHAPTER
    with pytest.raises(ValueError, match=words):
        build.read(chapter(CHAPTER.replace(old, new)))


def test_an_error_on_purpose_is_kept_without_the_paths_of_its_traceback(chapter, tmp_path):
    target = build.build(chapter('# %% tags=["raises-exception"]\nraise ValueError("on purpose")\n'), tmp_path)
    (output,) = nbformat.read(target, as_version=4).cells[0].outputs
    assert output.traceback == ["ValueError: on purpose"]
