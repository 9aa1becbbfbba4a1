"""Every exercise of the book: its check takes the solution, and neither the stub nor a typical mistake."""

import ast
import contextlib
import io

import pytest
from book import ROOT, SOURCES, build

from eqkit.teaching import Verdict

EXERCISES = [(source, exercise) for source in SOURCES for exercise in build.exercises(source)]
NAMES = [exercise.name for _, exercise in EXERCISES]


def verdict(source, exercise, answer: str) -> Verdict:
    """What the check cell says after this answer, with nothing of the chapter run but its setup cells."""
    *before, last = ast.parse(exercise.check).body
    namespace = {"__name__": source.stem}
    with contextlib.redirect_stdout(io.StringIO()):
        for code in (build.setup(source), answer, ast.unparse(before)):
            exec(compile(code, f"{source.name}, exercise {exercise.name}", "exec"), namespace)
        return eval(ast.unparse(last), namespace)


@pytest.fixture(autouse=True)
def _in_the_notebooks_folder(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")


@pytest.mark.parametrize(("source", "exercise"), EXERCISES, ids=NAMES)
def test_the_solution_passes(source, exercise):
    said = verdict(source, exercise, exercise.solution_code)
    assert said.passed, said


@pytest.mark.parametrize(("source", "exercise"), EXERCISES, ids=NAMES)
def test_the_stub_is_not_yet(source, exercise):
    said = verdict(source, exercise, exercise.stub)
    assert said.kind == "not yet", said


@pytest.mark.parametrize(("source", "exercise"), EXERCISES, ids=NAMES)
def test_the_mistake_is_found(source, exercise):
    said = verdict(source, exercise, exercise.mistake)
    assert said.kind == "wrong", said
    assert "could not be checked" not in said.message, said


def test_exercise_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)
