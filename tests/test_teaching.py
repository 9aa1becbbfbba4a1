"""Exercises that check themselves: every answer whatever gets a verdict, and nothing the learner does leaks out."""

import sys
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import teaching
from eqkit.teaching import beside, check, difference, expected, right, show, small_tensors, smallest, wrong
from eqkit.teaching.compare import size
from eqkit.views import style

E = torch.eye(2, dtype=torch.float64)


def double(answer):
    """write double(x), which returns 2x"""
    found = smallest(small_tensors(2), lambda x: difference(answer(x), 2 * x, "double(x)"))
    if found:
        x, sentence = found
        return wrong(f"for x = {show(x)}, {sentence}", beside(yours=answer(x), expected=2 * x))
    return right("twice everything")


def compose(answer):
    """write compose(f), which returns x ↦ f(f(x))"""
    return right("") if answer(lambda x: x + 1)(0) == 2 else wrong("compose(x ↦ x + 1)(0) is not 2")


def pair(answer):
    """a dimension and a name"""
    dimension, name = answer
    return right("") if dimension == 2 and name == "S(2)" else wrong("no")


@pytest.fixture(autouse=True)
def _chapter_99(monkeypatch):
    chapter = types.ModuleType("eqkit.teaching.chapter_99")
    chapter.CHECKS = {"99.1": double, "99.2": compose, "99.3": pair}
    chapter.PICTURES = {"99.1": lambda: "the picture"}
    monkeypatch.setitem(sys.modules, chapter.__name__, chapter)


def not_implemented(x):
    raise NotImplementedError


class Hostile:
    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise RuntimeError("no ==")

    __hash__ = None


class Stop(BaseException):
    pass


def stop(x):
    raise Stop


def spoil(x):
    return x.mul_(2)


@pytest.mark.parametrize(
    ("exercise", "stub"),
    [
        ("99.1", ...),
        ("99.1", None),
        ("99.1", NotImplemented),
        ("99.1", not_implemented),
        ("99.1", lambda x: ...),
        ("99.1", lambda x: None),
        ("99.1", lambda x: (x, ...)),
        ("99.2", lambda f: lambda x: ...),
        ("99.3", (..., ...)),
        ("99.3", (2, ...)),
    ],
)
def test_a_stub_is_not_yet(exercise, stub):
    verdict = check(exercise, stub)
    assert verdict.kind == "not yet" and not verdict.passed
    assert str(verdict).startswith("not yet: ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x, "for x = [1, 0], entry [0] of double(x) is 1; it should be 2"),
        (lambda x: 2 * x[0], "for x = [0, 0], double(x) has shape (); it should have shape (2,)"),
        (lambda x: x / 0, "entry [0] of double(x) is nan"),
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
        (lambda: 2, "raised TypeError, for ([0, 0])"),
        (lambda x: "four", "double(x) is 'four', which is no tensor"),
        (lambda x: Hostile(), "double(x) is an object of class Hostile"),
        (stop, "stop raised Stop"),
        (sys.exit, "exit raised SystemExit"),
        (torch.nn.Linear(2, 2), "Linear raised RuntimeError"),
        (3, "this is 3, and it could not be checked"),
        (Hostile(), "this is an object of class Hostile"),
        (torch.zeros(50), "a tensor of shape (50,)"),
        (lambda x: (yield), "is no tensor"),
    ],
)
def test_a_wrong_answer_is_told_by_its_smallest_counter_example(answer, words):
    verdict = check("99.1", answer)
    assert verdict.kind == "wrong"
    assert words in verdict.message or words.replace("is no", "which is no") in verdict.message


def test_an_exception_is_told_with_the_line_it_came_from():
    def answer(x):
        y = 2 * x
        return y.reshape(3)

    line = answer.__code__.co_firstlineno + 2
    assert f"answer raised RuntimeError at line {line} of its cell, for ([0, 0])" in check("99.1", answer).message


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.binary(), st.lists) | st.functions())
def test_no_answer_raises(answer):
    sys.modules["eqkit.teaching.chapter_99"] = types.ModuleType("eqkit.teaching.chapter_99")
    sys.modules["eqkit.teaching.chapter_99"].CHECKS = {"99.1": double, "99.3": pair}
    assert not check("99.1", answer).passed
    assert not check("99.3", answer).passed


@pytest.mark.parametrize("answer", [lambda x: 2 * x, spoil, lambda x: (2 * x).numpy(), lambda x: (2 * x).tolist()])
def test_a_right_answer_passes_even_if_it_spoils_its_arguments(answer):
    assert str(check("99.1", answer)) == "✓ twice everything"


def test_checking_prints_nothing_and_leaves_the_random_numbers_alone(capsys):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()

    def noisy(x):
        print("hello")
        return 2 * x + 0 * torch.randn(2)

    assert check("99.1", noisy).passed
    assert capsys.readouterr() == ("", "")
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_interrupt_passes_through():
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("99.1", endless)


@pytest.mark.parametrize(
    ("exercise", "words"), [("99.9", "this chapter has 99.1"), ("97.1", "no chapter '97'"), ("", "no chapter ''")]
)
def test_an_unknown_exercise_is_an_error_that_names_the_known_ones(exercise, words):
    with pytest.raises(ValueError, match=words):
        check(exercise, 1)


def test_a_verdict_shows_its_picture_and_escapes_the_learners_words():
    verdict = check("99.1", lambda x: x)
    assert verdict.picture.startswith(b"\x89PNG")
    assert "data:image/png;base64," in verdict._repr_html_()
    assert "&lt;b&gt;" in wrong("<b>")._repr_html_()
    assert check("99.1", lambda x: x) == verdict


def test_the_expected_picture_is_the_chapters():
    assert expected("99.1") == "the picture"


@pytest.mark.parametrize(
    ("given_", "truth", "sentence"),
    [
        (torch.tensor([1.0, 2.0]), [1, 2], None),
        (1e-10, 0, None),
        (1e-3, 0, "the result is 0.001; it should be 0"),
        ([[1, 2], [3, 5]], [[1, 2], [3, 4]], "entry [1, 1] of the result is 5; it should be 4"),
        (torch.tensor(1 + 2j), 1, "the result is 1 + 2i; it should be 1"),
        (float("inf"), float("inf"), None),
        (float("nan"), 0, "the result is nan; it should be 0"),
        ("S(3)", "S(3)", None),
        ("S(3)", "A(3)", "the result is 'S(3)'; it should be 'A(3)'"),
        (torch.zeros(2, 3), torch.zeros(3, 2), "the result has shape (2, 3); it should have shape (3, 2)"),
        (torch.ones(2, requires_grad=True), [1, 1], None),
    ],
)
def test_the_first_difference_is_named(given_, truth, sentence):
    assert difference(given_, truth) == sentence


def test_small_tensors_come_simplest_first():
    tensors = list(small_tensors(2))
    assert [x.tolist() for x in tensors[:4]] == [[0, 0], [1, 0], [-1, 0], [0, 1]]
    assert len(tensors) == 9
    assert len(list(small_tensors(4, 4, largest=2, count=30))) == 30
    assert {x.shape for x in small_tensors(2, 3)} == {torch.Size([2, 3])}
    counts = [int(x.count_nonzero()) for x in small_tensors(3, largest=2)]
    assert counts == sorted(counts)


def test_the_smallest_case_with_a_fault_is_found_whatever_the_order():
    cases = [(5, E), (2, 3 * E), (2, E), (1, E)]
    case, sentence = smallest(cases, lambda case: "too large" if case[0] > 1 else None)
    assert case[0] == 2 and torch.equal(case[1], E) and sentence == "too large"
    assert smallest(cases, lambda case: None) is None


def test_masks_and_sets_with_holes_are_cases_too():
    x, mask = torch.tensor([[1.0, torch.nan]]), torch.tensor([[True, False]])
    cases = [(x.repeat(2, 1), mask.repeat(2, 1)), (x, ~mask), (x, mask), (0 * x[:, :1], mask[:, :1])]
    (_, smaller), _ = smallest(cases, lambda case: "any")
    assert smaller.shape == (1, 1)
    assert smallest(cases, lambda case: "two rows" if len(case[0]) == 2 else None) == (cases[0], "two rows")


def test_the_size_of_a_tensor_is_its_entries_before_its_magnitude():
    assert size(torch.zeros(2)) < size(torch.ones(2)) < size(100 * torch.ones(2)) < size(torch.zeros(3))


def test_matrices_beside_each_other_are_one_picture_and_no_matrix_is_none():
    assert beside(yours=E, expected=2 * E).startswith(b"\x89PNG")
    assert beside(yours=E, expected=2 * E) == beside(yours=E, expected=2 * E)
    assert beside(yours="no", expected=E) is None
    assert beside(yours=E / 0, expected=E) is None
    assert beside(yours=torch.zeros(2, 2, 2), expected=E) is None


def test_a_prediction_is_kept_and_compared():
    guess = teaching.predict("How many?", ["2", "15"])
    assert repr(guess) == "Predict. How many?\n  ( ) 2\n  ( ) 15"
    assert repr(guess.reveal("15")) == "The answer: 15."
    guess.buttons.value = "2"
    assert guess.state()["chosen"] == "2"
    assert guess.reply.value
    assert repr(guess.reveal("15")) == "The answer: 15. You expected: 2."
    assert repr(guess.reveal("2")) == "The answer: 2. You said so!"
    assert guess._repr_mimebundle_()["text/plain"] == repr(guess)


@pytest.mark.parametrize("options", [[], ["one"], ["a", "a"]])
def test_a_prediction_needs_two_different_options(options):
    with pytest.raises(ValueError, match="two or more different"):
        teaching.predict("?", options)


def test_an_answer_outside_the_options_is_refused():
    with pytest.raises(ValueError, match="not among the options"):
        teaching.predict("?", ["1", "2"]).reveal("3")


def test_the_projector_enlarges_the_page():
    page = teaching.projector(2)
    assert "--jp-content-font-size1: 28px" in page._repr_html_() and "zoom: 2" in page._repr_html_()
    with pytest.raises(ValueError, match="between 0.5 and 4"):
        teaching.projector(0)


def test_the_notation_page_shows_the_colours_of_the_book():
    page = teaching.notation()._repr_html_()
    for role in ("data", "group", "invariant", "learned"):
        assert style.colour(role) in page
    assert repr(teaching.notation()) == "Notation and colours"
