"""Checkers of chapter 02, the Reynolds operator."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from eqkit import groups, reynolds
from eqkit.teaching import Verdict, beside, difference, right, show, small_tensors, smallest, wrong
from eqkit.views import draw_matrix, style


def average(answer) -> Verdict:
    """write average(f, G), which returns the function x ↦ mean of f(g x) over all g in G"""

    def f(x):
        return x[0] * x[1] ** 2

    def fault(case):
        G, x = case
        truth = sum(f(g @ x) for g in G.elements()) / G.order
        return difference(answer(f, G)(x), truth, "average(f, G)(x)")

    found = smallest([(G, x) for G in (groups.S(2), groups.C(3), groups.D(4)) for x in small_tensors(G.n)], fault)
    if found:
        (G, x), sentence = found
        return wrong(f"for G = {G}, f(x) = x₀x₁² and x = {show(x)}: {sentence}")
    return right("the mean over the whole group: nothing can be left of the asymmetry")


def average_map(answer) -> Verdict:
    """write average_map(f, G), which returns the map x ↦ mean of g⁻¹ f(g x) over all g in G"""
    bent = groups.MatrixGroup(torch.tensor([[[1.0, 1.0], [0.0, -1.0]]]), name="the group of E and [[1, 1], [0, −1]]")

    def f(x):
        return x[0] * x

    def fault(case):
        G, x = case
        truth = reynolds.project(lambda y: y[:, :1] * y, G.vector, G.vector)(x)
        return difference(answer(f, G)(x), truth, "average_map(f, G)(x)")

    found = smallest([(G, x) for G in (bent, groups.C(3), groups.D.plane(3)) for x in small_tensors(G.n)], fault)
    if found:
        (G, x), sentence = found
        return wrong(f"for G = {G}, f(x) = x₀x and x = {show(x)}: {sentence}")
    return right("equivariant: what goes in turned comes out turned")


def invariants(answer) -> Verdict:
    """write invariants(V), the number of independent invariant vectors of V"""
    cases = [G.vector for G in (groups.S(2), groups.C(3), groups.D(4), groups.D.plane(4), groups.SignFlips(2))]
    cases += [V * V.dual for V in cases] + [V.sym(4) for V in cases]

    def fault(V):
        truth = round(float(reynolds.projector(V).trace()))
        return None if answer(V) == truth else f"invariants(V) is {show(answer(V))}"

    found = smallest(cases, fault)
    if found:
        V, sentence = found
        picture = beside(R=reynolds.projector(V))
        return wrong(f"for V = {V} of {V.group} {sentence}; here is R, {V.size} × {V.size}: what is its rank?", picture)
    return right("rank = trace = the mean of the characters. For permutations that is Burnside's count of orbits")


def _read(p: Tensor, n: int) -> Tensor:
    """How often each pair (p[0], p[1]) is read, (n, n)."""
    return torch.bincount(p[:, 0] * n + p[:, 1], minlength=n * n).reshape(n, n)


def pairs(answer) -> Verdict:
    """write pairs(n): n(n − 1) permutations that give every function of x[0] and x[1] its mean over all of S(n)"""
    for n in (2, 3, 4, 5):
        p = torch.as_tensor(answer(n))
        if p.shape != (n * (n - 1), n):
            return wrong(f"pairs({n}) has shape {tuple(p.shape)}; it should be {(n * (n - 1), n)}")
        for row in p.tolist():
            if sorted(row) != list(range(n)):
                return wrong(f"pairs({n}) holds {row}, which is no permutation of 0 … {n - 1}")
        counts = _read(p, n)
        for i, j in itertools.permutations(range(n), 2):
            if counts[i, j] != 1:
                times = {0: "never", 2: "twice"}.get(int(counts[i, j]), f"{int(counts[i, j])} times")
                picture = beside(yours=counts, expected=1 - torch.eye(n))
                return wrong(f"pairs({n}) reads (x[{i}], x[{j}]) {times}; all pairs count alike in the mean", picture)
    return right("a design: exact for every function of two entries, with n(n − 1) terms in place of n!")


def read_once() -> None:
    """Each ordered pair of entries is read once."""
    from matplotlib import pyplot

    with style.figure(size=(2.8, 2.8)) as (_, axes):
        draw_matrix(axes, "(x[i], x[j]): once each", values=1 - torch.eye(5))
        axes.set(xlabel="j", ylabel="i")
        pyplot.show()


CHECKS = {"02.1": average, "02.2": average_map, "02.3": invariants, "02.4": pairs}
PICTURES = {"02.4": read_once}
