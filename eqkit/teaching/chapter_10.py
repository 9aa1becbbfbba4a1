"""Checkers of chapter 10, symmetry as equations."""

from __future__ import annotations

import itertools

import torch

from eqkit import groups
from eqkit.equations import E, EquationSystem, J, M, S, words
from eqkit.teaching import Verdict, right, show, smallest, wrong


def count_relations(answer) -> Verdict:
    """write count_relations(dictionary, samples), the number of relations that hold at all sizes with the same c"""

    def truth(dictionary, samples):
        A = torch.stack([torch.cat([w(m).flatten() for m in samples.values()]) for w in dictionary], 1)
        return len(dictionary) - int(torch.linalg.matrix_rank(A / A.norm(dim=0)))

    def fault(case):
        dictionary, (name, sizes) = case
        family = {"O": groups.O, "S": groups.S, "C": groups.C}[name]
        samples = {n: family(n).sample(30, torch.Generator().manual_seed(n)) for n in sizes}
        given, true = answer(list(dictionary), samples), truth(dictionary, samples)
        if isinstance(given, int) and given == true:
            return None
        listed = ", ".join(map(str, dictionary))
        return (
            f"on samples of {name}(n), n = {', '.join(map(str, sizes))}, and the words {listed}: "
            f"you say {show(given)}, and the integer is {true}"
        )

    dictionaries = [(E, M @ M.T), (E, J, M @ J, M @ M.T), words(2, (J,)), words(2, (S,))]
    families = [(name, sizes) for name in "OSC" for sizes in ((3,), (2, 3), (3, 4, 5))]
    found = smallest(itertools.product(dictionaries, families), fault)
    if found:
        return wrong(found[1])
    return right("samples of several sizes stand below each other: a relation has one set of coefficients for all n")


def fixing_ones(answer) -> Verdict:
    """give an EquationSystem for the orthogonal matrices that fix the vector (1, …, 1)"""
    if not isinstance(answer, EquationSystem):
        return wrong(f"this is {show(answer)}; give EquationSystem('…', '…')")
    truth = EquationSystem("M Mᵀ = E", "M J = J")
    for n in (2, 3, 4, 6):
        members = truth.sample(n, 12, torch.Generator().manual_seed(n))
        if not answer.residual(members).max() < 1e-6:
            broken = next(e for e in answer.equations if not e.relative(members).max() < 1e-6)
            return wrong(f"at n = {n} some matrices of the group violate {broken}")
    for n in (2, 3, 4):
        for name, other in (
            ("orthogonal, but it moves (1, …, 1)", EquationSystem("M Mᵀ = E")),
            ("not orthogonal, though it fixes (1, …, 1)", EquationSystem("M J = J")),
            ("orthogonal, but takes (1, …, 1) to minus itself", EquationSystem("M Mᵀ = E", "M J = −J")),
        ):
            strangers = other.sample(n, 12, torch.Generator().manual_seed(n))
            strangers = strangers[truth.residual(strangers) > 1e-2]
            if len(strangers) and answer.residual(strangers).min() < 1e-6:
                return wrong(
                    f"at n = {n} a matrix satisfies your equations that does not belong to the group: it is {name}"
                )
    return right("two equations; the group is O(n − 1) in disguise, of dimension (n − 1)(n − 2)/2")


def dimension(answer) -> Verdict:
    """write dimension(p, n), n² minus the rank of dp(E)"""
    systems = ["M Mᵀ = E", "M J = J", "M S = S M", "M∘E = M", "Mᵀ = M", "M Mᵀ M Mᵀ = 2 M Mᵀ − E"]

    def fault(case):
        text, n = case
        system = EquationSystem(text)
        given, true = answer(lambda at: system(at)[0], n), system.dimension(n)
        if isinstance(given, int) and given == true:
            return None
        return f"for p = 0 the equation {text} at n = {n}: you say {show(given)}; the integer is {true}"

    found = smallest(itertools.product(systems, (2, 3, 4)), fault)
    if found:
        return wrong(found[1])
    return right("n² − rank dp(E), which counts the directions along which p stays zero to first order")


def accident(answer) -> Verdict:
    """give an EquationSystem that every 2 × 2 matrix satisfies and a random 3 × 3 matrix does not"""
    if not isinstance(answer, EquationSystem) or not answer.equations:
        return wrong(f"this is {show(answer)}; give EquationSystem('…') with an equation")
    small, large = (
        torch.randn(20, n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(n)) for n in (2, 3)
    )
    if not answer.residual(small).max() < 1e-9:
        integer = torch.tensor([[1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
        at = integer if answer.residual(integer) > 1e-9 else small[int(answer.residual(small).argmax())]
        return wrong(f"M = {show(at)} violates it")
    if not answer.residual(large).min() > 1e-3:
        return wrong("random 3 × 3 matrices satisfy it too, so it is no accident of size 2")
    return right("Cayley and Hamilton at n = 2; learned from 2 × 2 samples alone, it would look like a law")


def excess(answer) -> Verdict:
    """write excess(k, N, M), the loss on M residuals of the rate that is best on N, over the least loss on M"""

    def fault(case):
        k, N, m = case
        rate = N / (N + k + 1)
        true = ((1 - rate) ** 2 + rate**2 * (k + 1) / m) * (m + k + 1) / (k + 1)
        given = answer(k, N, m)
        if isinstance(given, (int, float)) and abs(given - true) < 1e-9 * true:
            return None
        return f"for k = {k}, N = {N}, M = {m}: you say {show(given)}, and it should be {true:.4g}"

    found = smallest(itertools.product((1, 3), (14, 70), (14, 70, 254)), fault)
    if found:
        return wrong(found[1])
    return right("14 residuals to 254: over three times the best loss; 70 to 254: less than a fifth above it")


CHECKS = {"10.1": count_relations, "10.2": fixing_ones, "10.3": dimension, "10.4": accident, "10.5": excess}
