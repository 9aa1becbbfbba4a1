"""Checkers of chapter 05, sharing patterns."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.teaching import Verdict, beside, difference, drawing, right, show, small_tensors, smallest, wrong
from eqkit.views import draw_matrix, style


def nearest(answer) -> Verdict:
    """write nearest(M), the matrix nearest to M with one value on the diagonal and one off it"""

    def truth(M):
        V = groups.S(len(M)).vector
        return Hom(V, V).project(M)

    cases = [M for n in (2, 3, 4) for M in small_tensors(n, n, count=40)]
    found = smallest(cases, lambda M: difference(answer(M), truth(M), "nearest(M)"))
    if found:
        M, sentence = found
        return wrong(f"for M = {show(M)}: {sentence}", beside(M=M, yours=answer(M), nearest=truth(M)))
    return right("each entry became the mean over its colour: the projection, for any pattern whatever")


def example() -> None:
    """A 4 × 4 matrix, and the nearest one with the pattern of S(4)."""
    from matplotlib import pyplot

    V = groups.S(4).vector
    M = torch.tensor([[5.0, 1, 0, 2], [0, 4, 1, 1], [3, 0, 6, 0], [1, 2, 1, 5]], dtype=torch.float64)
    with style.figure(1, 2, size=(6, 3.2)) as (_, axes):
        draw_matrix(axes[0], "M", values=M, scale=6)
        draw_matrix(axes[1], "nearest(M)", ink="invariant", values=Hom(V, V).project(M), scale=6)
        pyplot.show()


def node_features(answer) -> Verdict:
    """write node_features(A), five independent linear maps from tables (n, n) to vectors, as rows of a tensor (5, n)"""
    g = groups.S(4).generators

    def shape(A):
        given = answer(A)
        if isinstance(given, torch.Tensor) and given.shape == (5, len(A)):
            return None
        what = f"has shape {tuple(given.shape)}" if isinstance(given, torch.Tensor) else f"is {show(given)}"
        return f"node_features(A) {what}; it should be a tensor of shape (5, {len(A)})"

    def linear(case):
        A, B = case
        return difference(answer(A + B), answer(A) + answer(B), "node_features(A + B)")

    def equivariant(case):
        A, p = case
        return difference(answer(p @ A @ p.T), answer(A) @ p.T, "node_features of the renumbered table")

    tables = list(small_tensors(4, 4, count=30))
    rules: list[tuple[str, Callable, list]] = [
        ("", shape, [torch.zeros(n, n, dtype=torch.float64) for n in (2, 3, 4)]),
        (
            "it must be linear: node_features(A + B) = node_features(A) + node_features(B). ",
            linear,
            list(itertools.product(tables[:8], tables)),
        ),
        ("renumbering the nodes of A must renumber the result. ", equivariant, list(itertools.product(tables, g))),
    ]
    for rule, fault, cases in rules:
        if found := smallest(cases, fault):
            case, sentence = found
            A = case[0] if isinstance(case, tuple) else case
            return wrong(f"{rule}For A = {show(A)}: {sentence}")
    units = torch.eye(16, dtype=torch.float64).reshape(16, 4, 4)
    maps = torch.stack([answer(unit) for unit in units]).permute(1, 0, 2).flatten(1).double()  # (5, 16 · 4)
    rank = int(torch.linalg.matrix_rank(maps))
    if rank < 5:
        return wrong(
            f"all are linear and equivariant, but only {rank} of the five are independent: the others are "
            "combinations of them (two of yours may differ by a factor)"
        )
    return right("row sums, column sums, diagonal and two totals, or mixtures of these: there are no others")


def first_difference(answer) -> Verdict:
    """write first_difference(G, H), the least k for which G and H have unlike numbers of orbits on k-tuples"""
    tried = [
        (groups.trivial(2), groups.S(2)),
        (groups.C(3), groups.S(3)),
        (groups.C(4), groups.D(4)),
        (groups.A(4), groups.S(4)),
        (groups.D(4), groups.S(4)),
        (groups.permutation_group([[1, 2, 3, 4, 0], [0, 2, 4, 1, 3]], "x ↦ ax + b mod 5"), groups.S(5)),
        (groups.A(5), groups.S(5)),
    ]

    def orbits(G, k):
        return Hom(G.vector**k, G.trivial).dim

    def fault(case):
        G, H = case
        given = answer(G, H)
        true = next(k for k in itertools.count(1) if orbits(G, k) != orbits(H, k))
        if given == true:
            return None
        if isinstance(given, int) and 0 < given < true:
            return f"you say {given}, but on {given}-tuples they have equally many orbits, {orbits(G, given)}"
        return f"you say {show(given)}, but on {true}-tuples they have {orbits(G, true)} and {orbits(H, true)} orbits"

    found = smallest(tried, fault)
    if found:
        (G, H), sentence = found
        return wrong(f"for G = {G} and H = {H}: {sentence}")
    return right("the alternating group A(n) hides until k = n − 1: it is (n − 2)-transitive")


def ply(answer) -> Verdict:
    """give generators (k, 3, 3) of a finite group of rotations that leaves a stiffness five constants"""
    if not isinstance(answer, torch.Tensor) or answer.ndim != 3 or answer.shape[1:] != (3, 3) or len(answer) == 0:
        return wrong(f"ply is {show(answer)}; it should be a tensor of shape (k, 3, 3)")
    for g in answer:
        if not groups.SO(3).contains(g):
            return wrong("one of these is no rotation: g gᵀ = E with determinant 1", beside(yours=g))
    G = groups.MatrixGroup(answer, name="ply")
    try:
        order = int(G.order)
    except (ValueError, OverflowError):  # undecided, or infinite
        return wrong(
            "these generate infinitely many rotations, or too many to list; a fifth of a turn is the angle 2π/5"
        )
    V = G.vector
    found = Hom(G.trivial, V.sym(2).sym(2)).dim
    if found != 5:
        needed = "more" if found > 5 else "less"
        return wrong(
            f"this group of order {order} leaves {found} constants, not 5: {needed} symmetry is needed", moduli(answer)
        )
    return right(
        f"{order} rotations, five constants: to a tensor of degree four they look like all rotations about an axis"
    )


def moduli(generators: torch.Tensor) -> bytes:
    """The symmetric 6 × 6 table of stiffnesses that the group allows: equal or related entries happen to be alike."""
    V = groups.MatrixGroup(generators).vector
    stress = V.sym(2)
    H = Hom(stress, stress)
    C = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with drawing(size=(3, 3)) as (figure, axes):
        draw_matrix(axes, "a stiffness it allows", ink="invariant", values=H.project(C + C.T))
    return style.png(figure)


CHECKS = {"05.1": nearest, "05.2": node_features, "05.3": first_difference, "05.4": ply}
PICTURES = {"05.1": example}
