"""Regression of invariant polynomials: for each group one that no larger group of the list leaves alone."""

from __future__ import annotations

import torch

from eqkit import groups, invariants
from eqkit.groups import MatrixGroup
from eqkit.invariants import Polynomial
from eqkit.subspaces import require_integer

MONOMIALS = {
    "C(5)": "x0 x1^2",
    "D(4)": "x0^2 x1 x2",
    "A(4)": "x1 x2^2 x3^3",
    "S(4)": "x0^2 x1 x2",
    "Icosahedral()": "x0^2 x1^4",
}
"""The monomial of which the task of each group is the average over the group."""

GROUPS = {str(G): G for G in (groups.C(5), groups.D(4), groups.A(4), groups.S(4), groups.Icosahedral())}


def invariant_polynomial(G: MatrixGroup, monomial: str | None = None) -> Polynomial:
    """R m, the mean of m(g x) over G, for a monomial such as "x0 x1^2", that of the group in MONOMIALS unless given.

    A function of x (..., n) -> (...), as `compare` takes it. After Kicki et al., whose tasks are of this form.
    """
    if monomial is None and str(G) not in MONOMIALS:
        raise ValueError(f"invariant_polynomial({G}): give a monomial, or one of the groups {', '.join(MONOMIALS)}")
    return invariants.project(invariants.polynomial(monomial or MONOMIALS[str(G)], n=G.n), G)


def vandermonde(n: int = 4) -> Polynomial:
    """Π_{i<j} (xᵢ − xⱼ), of degree n(n − 1)/2: even permutations keep it, odd ones change its sign.

    So it is invariant under A(n) and not under S(n), and whatever is S(n)-invariant is orthogonal to it.
    """
    if not isinstance(n, int) or not 2 <= n <= 6:
        raise ValueError(f"vandermonde({n!r}): an integer 2 ≤ n ≤ 6; it has n! terms")
    difference = [f"x{i} - x{j}" for i in range(n) for j in range(i + 1, n)]
    product = invariants.polynomial("1", n=n)
    for factor in difference:
        product = product * invariants.polynomial(factor, n=n)
    return product


def symmetric_part(f: Polynomial, count: int = 20_000, seed: int = 0) -> float:
    """E[(R f)²] / E[f²] over S(n), x ~ N(0, E): which share of f an S(n)-invariant network can fit at best."""
    if not isinstance(f, Polynomial) or not f.terms:
        raise ValueError(f"symmetric_part({f!r}): give a polynomial other than 0")
    require_integer("symmetric_part: count", count)
    x = torch.randn(count, f.n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    mean = invariants.project(f, groups.S(f.n))
    return float(mean(x).square().mean() / f(x).square().mean())
