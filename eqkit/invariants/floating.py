"""Generators in floating point, for groups whose entries are not recognised as exact numbers, such as turned ones.

The same search as `generators`: an invariant is new if it lies outside the ideal of those of lower degree. The ideal is
spanned in each degree by products with monomials, and ranks are decided by the largest gap of the singular values.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from eqkit.groups import MatrixGroup
from eqkit.invariants.bounds import Bound, degree_bound
from eqkit.invariants.molien import dimension
from eqkit.invariants.spaces import Invariant, invariants_of_degree, monomials, place, require_size
from eqkit.subspaces import largest_gap

LARGEST, WORK = 700, 30_000  # monomials of one degree at most, and monomials · degree
GAP = 1e3  # a rank that rests on a smaller gap is refused


def floating_generators(G: MatrixGroup) -> tuple[list[Invariant], Bound, float]:
    """Generators as `hilbert_generators` finds them, and the smallest gap behind a rank; ArithmeticError below GAP."""
    bound, found, gaps = degree_bound(G), list[Invariant](), [math.inf]
    for d in range(1, bound.value + 1):
        require_size(G, d, min(LARGEST, WORK // d))
        ideal, gap = _ideal(found, G.n, d)  # orthonormal rows (rank, K)
        gaps.append(gap)
        if len(ideal) == ideal.shape[1]:
            reason = f"Hilbert: every polynomial of degree {d} lies in the ideal of these invariants"
            bound = Bound(d - 1, reason)
            break
        if (count := dimension(G, d)) == 0:
            continue
        rows = torch.stack([_row(f, G.n, d) for f in invariants_of_degree(G, d)])
        outside = rows - rows @ ideal.mH @ ideal
        _, s, Vh = torch.linalg.svd(outside, full_matrices=False)
        kept = largest_gap(s, floor=1e-11, scale=1.0)
        gaps.append(kept.ratio)
        found += _chosen(invariants_of_degree(G, d), outside, count - kept.dim)
    if min(gaps) < GAP:
        raise ArithmeticError(f"{G}: ranks in floating point rest on a gap of {min(gaps):.0f} only; give exact entries")
    return found, bound, min(gaps)


def _row(f: Invariant, n: int, d: int) -> Tensor:
    """The coefficients of f over all monomials of degree d, of norm 1."""
    row = np.zeros(len(monomials(n, d)), f.numbers.dtype)
    row[place(f.exponents, d)] = f.numbers
    return torch.from_numpy(row / np.linalg.norm(row))


def _ideal(found: list[Invariant], n: int, d: int) -> tuple[Tensor, float]:
    """An orthonormal basis of the multiples of degree d of the invariants found, and the gap behind its rank."""
    K = len(monomials(n, d))
    rows = []
    for f in found:
        factors = monomials(n, d - f.degree)
        block = np.zeros((len(factors), K), f.numbers.dtype)
        where = place(factors[:, None] + f.exponents, d)  # (factors, terms)
        np.put_along_axis(block, where, np.broadcast_to(f.numbers / np.linalg.norm(f.numbers), where.shape), 1)
        rows.append(torch.from_numpy(block))
    if not rows:
        return torch.zeros(0, K, dtype=torch.float64), math.inf
    _, s, Vh = torch.linalg.svd(torch.cat(rows), full_matrices=False)
    gap = largest_gap(s, floor=1e-11)
    return Vh[: len(s) - gap.dim], gap.ratio


def _chosen(candidates: tuple[Invariant, ...], outside: Tensor, count: int) -> list[Invariant]:
    """So many candidates whose parts outside the ideal are independent: greedily the longest that is left."""
    rest, kept = outside.clone(), []
    for _ in range(count):
        i = int(torch.linalg.vector_norm(rest, dim=1).argmax())
        kept.append(i)
        unit = rest[i] / torch.linalg.vector_norm(rest[i])
        rest = rest - torch.outer(rest @ unit.conj(), unit)
    return [candidates[i] for i in sorted(kept)]
