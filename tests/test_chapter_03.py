"""The checkers of chapter 03: what a wrong answer is told, and that another right answer is right."""

import pytest
import torch

from eqkit import teaching
from eqkit.invariants import polynomial


def of_three(text):
    return polynomial(text, n=3)


WRONG = [
    ("03.1", lambda d: 0 if d % 2 else d // 2, "how many products of I₁"),
    ("03.1", lambda d: d // 4 + 1, "odd degree"),
    ("03.2", of_three("x0^2 x1^4"), "it is not invariant"),
    ("03.2", of_three("x0^5 + x1^5 + x2^5"), "−x₀⁵ + x₁⁵ + x₂⁵"),
    ("03.2", of_three("x0^6 + x1^6 + x2^6"), "x₀³ − 3x₀x₁ + 3x₂"),
    ("03.2", of_three("x0^8 x1^2 + x1^8 x2^2 + x2^8 x0^2"), "a lower degree"),
    ("03.2", 0.5 * of_three("x0^4 x1^2 + x1^4 x2^2 + x2^4 x0^2"), "coefficients 1 only"),
    ("03.2", polynomial("x0^2", n=2), "n=3"),
    ("03.3", lambda p: p, "power sums are p = [1, 1]: entry [1] of elementary(p) is 1; it should be 0"),
    ("03.3", lambda p: p[:1], "it should have shape (2,)"),
    ("03.4", lambda w: set(), "lacks a tuple of sum 2"),
    ("03.4", lambda w: [1], "a set of tuples"),
    ("03.4", lambda w: {(0,) * len(w)}, "not all 0"),
    ("03.4", lambda w: {(1,) * len(w)}, "whose weight is 1"),
    ("03.4", lambda w: {(1, 1), (2, 2)}, "it is (1, 1) + (1, 1)"),
    ("03.5", lambda G, x, z: x @ z, "G = S(2)"),
    ("03.5", lambda G, x, z: z @ G.elements() @ x.T, "it should have shape (2,)"),
]
RIGHT = [
    ("03.1", lambda d: sum(2 * a + 4 * b == d for a in range(d + 1) for b in range(d + 1))),
    ("03.2", of_three("x1^4 x0^2 + x2^4 x1^2 + x0^4 x2^2 + x0^2 x1^2 x2^2")),
    ("03.5", lambda G, x, z: torch.stack([(x @ g.T) @ z for g in G.elements()]).max(0).values),
]


@pytest.mark.parametrize("exercise, answer, words", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(exercise, answer, words):
    verdict = teaching.check(exercise, answer)
    assert verdict.kind == "wrong" and words in verdict.message, verdict.message


@pytest.mark.parametrize("exercise, answer", RIGHT)
def test_another_right_answer_is_right(exercise, answer):
    verdict = teaching.check(exercise, answer)
    assert verdict.kind == "right", verdict.message
