"""Checkers of chapter 03, invariant theory."""

from __future__ import annotations

import numpy as np
import torch

from eqkit import groups, invariants
from eqkit.invariants import Polynomial, polynomial, rewriting
from eqkit.teaching import Verdict, difference, right, show, small_tensors, smallest, wrong
from eqkit.views import style


def count(answer) -> Verdict:
    """write count(d), the number of independent invariants of degree d of D.plane(4)"""
    truth = invariants.molien_series(groups.D.plane(4), 60)
    ring = invariants.invariant_ring(groups.D.plane(4))

    def fault(d):
        return None if answer(d) == truth[d] else f"count({d}) is {show(answer(d))}"

    if found := smallest(range(61), fault):
        d, sentence = found
        what = "x ↦ −x is in the group and changes the sign of every polynomial of odd degree"
        if d % 2 == 0:
            what = f"how many products of I₁ = {ring.generators[0]} and I₂ = {ring.generators[1]} have degree {d}?"
        return wrong(f"{sentence}, which is not so: {what}")
    return right("Molien's series, expanded by hand: pairs (a, b) with 2a + 4b = d")


def missing(answer) -> Verdict:
    """find an invariant polynomial of T_h, of the lowest degree, that is no polynomial in a, b and c"""
    if not isinstance(answer, Polynomial) or answer.n != 3:
        return wrong(f'missing is {show(answer)}; it should be a polynomial("...", n=3)')
    generators = torch.cat([groups.SignFlips(3).generators, groups.A(3).generators])
    for g in generators:
        if answer.substitute(g.round().long()) != answer:
            rows = g.round().long().tolist()
            return wrong(f"under g = {rows} your polynomial becomes {answer.substitute(rows)}: it is not invariant")
    squares = ["x0^2 + x1^2 + x2^2", "x0^2 x1^2 + x1^2 x2^2 + x2^2 x0^2", "x0^2 x1^2 x2^2"]
    if answer.degree > 6:
        return wrong(f"invariant, but of degree {answer.degree}; a lower degree has one already")
    if not answer.is_rational:
        return wrong("its coefficients are not whole numbers or fractions; there is one with coefficients 1 only")
    try:
        p = rewriting.rewrite(answer, [polynomial(text, n=3) for text in squares])
    except ValueError:
        return right("invariant, and new: a swap of two coordinates changes it, and no polynomial in a, b, c does that")
    return wrong(f"invariant, but a polynomial in a, b and c (here x₀, x₁ and x₂): {p}")


def elementary(answer) -> Verdict:
    """write elementary(p), which turns the power sums (p₁, …, pₙ) into the elementary symmetric (e₁, …, eₙ)"""

    def fault(x):
        p = torch.stack([(x**k).sum() for k in range(1, len(x) + 1)])
        return difference(answer(p), torch.from_numpy(np.poly(-x.numpy())[1:]), "elementary(p)")

    if found := smallest([x for n in (1, 2, 3, 4) for x in small_tensors(n, largest=2)], fault):
        x, sentence = found
        p = torch.stack([(x**k).sum() for k in range(1, len(x) + 1)])
        return wrong(f"for x = {show(x)}, whose power sums are p = {show(p)}: {sentence}")
    return right("so power sums know the polynomial Π (T + xᵢ), and with it the set of its roots")


def minimal(answer) -> Verdict:
    """write minimal(w), the set of minimal tuples a ≥ 0, not all 0, with Σ wᵢ aᵢ = 0"""
    cases = [(1, -1), (2, -1), (3, -2), (1, 1, -1), (1, 2, -3), (2, -2, 1, -1), (0, 1, -2), (1, 1), (4, -6, 3), (0, 0)]
    for w in cases:
        truth = set(map(tuple, invariants.hilbert_basis(np.array([w]), np.array([0])).tolist()))
        given = answer(w)
        if not isinstance(given, set | frozenset | list | tuple) or not all(isinstance(a, tuple | list) for a in given):
            return wrong(f"minimal({w}) is {show(given)}; it should be a set of tuples")
        given = {tuple(int(k) for k in a) for a in given}
        for a in sorted(given - truth):
            if len(a) != len(w) or min(a) < 0 or not any(a):
                return wrong(f"minimal({w}) holds {a}; it should hold tuples of {len(w)} integers ≥ 0, not all 0")
            if total := sum(k * i for k, i in zip(w, a, strict=True)):
                return wrong(f"minimal({w}) holds {a}, whose weight is {total}, not 0")
            b = next(b for b in truth if all(i <= j for i, j in zip(b, a, strict=True)))
            rest = tuple(j - i for i, j in zip(b, a, strict=True))
            return wrong(f"minimal({w}) holds {a}, which is not minimal: it is {b} + {rest}")
        if lost := sorted(truth - given):
            return wrong(f"minimal({w}) lacks a tuple of sum {sum(lost[0])} that has weight 0 and is no sum of others")
    return right("the Hilbert basis: with it you can write down the invariants of any circle")


def max_filter(answer) -> Verdict:
    """write max_filter(G, x, z), the maximum of ⟨g x, z⟩ over all g in G, for x (count, n) and z (n,)"""

    def fault(case):
        G, x, z = case
        truth = invariants.max_filter(G.vector, z[None])(x)[:, 0]
        return difference(answer(G, x, z), truth, "max_filter(G, x, z)")

    cases = []
    for G in (groups.S(2), groups.C(3), groups.D(4), groups.C.plane(4), groups.D.plane(3)):
        cases += [(G, x, z) for x in small_tensors(2, G.n, count=12) for z in small_tensors(G.n, count=8)]
    if found := smallest(cases, fault):
        (G, x, z), sentence = found
        return wrong(f"for G = {G}, x = {show(x)} and z = {show(z)}: {sentence}")
    return right("invariant, convex and |z|-Lipschitz: 2n of them, with random z, separate the orbits")


def hills() -> None:
    """The max filter of one template under D.plane(5): level lines are pentagons with cut corners."""
    from matplotlib import pyplot

    G, z = groups.D.plane(5), torch.tensor([0.9, 0.25], dtype=torch.float64)
    along = torch.linspace(-1.3, 1.3, 131, dtype=torch.float64)
    x = torch.stack(torch.meshgrid(along, along, indexing="xy"), -1)
    with style.figure(size=(3.4, 3.4)) as (_, axes):
        axes.contourf(along, along, invariants.max_filter(G.vector, z[None])(x)[..., 0], 12, cmap="cividis")
        axes.plot(*(G.elements().mT @ z).T, "o", color=style.colour("group"), markeredgecolor="white")
        axes.set(title="max ⟨gx, z⟩, and the orbit of z", xlabel="x₀", ylabel="x₁", aspect="equal")
        pyplot.show()


CHECKS = {"03.1": count, "03.2": missing, "03.3": elementary, "03.4": minimal, "03.5": max_filter}
PICTURES = {"03.5": hills}
