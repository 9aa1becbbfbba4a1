"""Invariants of tori and of diagonal finite abelian groups: monomials, found by congruences.

t = (t₁, …, t_r) acts by x_j ↦ t₁^{w₁ⱼ} ⋯ t_r^{w_rⱼ} x_j, so xᵃ is invariant exactly if Σⱼ w_ij aⱼ = 0 for each circle
i, or ≡ 0 mod mᵢ where tᵢ is an mᵢ-th root of unity. Minimal generators are the minimal solutions a (Hilbert basis).
Sources: Sturmfels, Algorithms in Invariant Theory, §1.4; Contejean & Devie, An efficient incremental algorithm (1994).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from eqkit.groups import SO, Known, MatrixGroup
from eqkit.invariants.features import Features
from eqkit.invariants.polynomials import Polynomial

DEGREE = 1000  # of minimal monomials, at most
LIMIT = 10_000  # monomials looked at in one degree, and generators, at most


def torus(weights: Sequence[int] | Sequence[Sequence[int]], orders: int | Sequence[int] | None = None) -> Features:
    """The monomials that generate the invariants of a torus, or of a finite abelian group, that acts diagonally on ℂⁿ.

    weights: integers (n,) for one circle, (r, n) for r of them. orders: for each row 0 for a circle, m for the m-th
    roots of unity; all circles unless given. torus([1, 1, -1]) has x₀x₂ and x₁x₂; torus([1, 2], 3) is the cyclic group
    of order 3, acting by ζ and ζ². x (..., n) may be real or complex. For real rotations use `circle`.
    ValueError: weights that are no integers, and where minimal monomials have a degree above
    1000 or more than 10,000 of one degree would be looked at.
    """
    try:
        w = np.array(weights)
    except ValueError:  # rows of different lengths
        w = np.zeros(0)
    w = w[None] if w.ndim == 1 else w
    if w.ndim != 2 or w.size == 0 or w.dtype.kind not in "iu":
        raise ValueError(f"torus({weights}): weights are integers, (n,) for one circle or (r, n) for r of them")
    m = np.array([0] * len(w) if orders is None else list(orders) if isinstance(orders, Sequence) else [orders])
    if m.shape != (len(w),) or m.dtype.kind not in "iu" or (m < 0).any() or (m == 1).any():
        raise ValueError(f"torus({weights}, {orders}): one order for each row, 0 for a circle, else an integer ≥ 2")
    exponents = hilbert_basis(w.astype(np.int64), m.astype(np.int64))
    if len(exponents) == 0:
        raise ValueError(f"torus({weights}): every invariant polynomial is constant, no product of powers has weight 0")
    n = w.shape[1]
    polynomials = tuple(Polynomial.of({tuple(e): 1}, n) for e in exponents.tolist())
    return Features.of(polynomials, _torus_group(w, m).vector, "the minimal monomials of weight 0")


def circle(frequencies: Sequence[int]) -> Features:
    """SO(2) turning plane k of ℝ²ᵏ by frequency f_k times the angle: real generators of its invariants.

    With z_k = x_{2k} + i x_{2k+1} they are |z_k|², and real and imaginary parts of the minimal monomials in z and z̄ of
    weight 0. circle([1, 1]): two vectors of the plane, x₀² + x₁², x₂² + x₃², their dot product and their determinant.
    """
    f = np.array(frequencies)
    if f.ndim != 1 or f.size == 0 or f.dtype.kind not in "iu":
        raise ValueError(f"circle({frequencies}): the frequencies are integers, one for each plane")
    weights = np.stack([f, -f], 1).reshape(1, -1).astype(np.int64)  # of z₀, z̄₀, z₁, z̄₁, …
    found: list[Polynomial] = []
    for e in hilbert_basis(weights, np.zeros(1, np.int64)).tolist():
        pairs = tuple(zip(e[::2], e[1::2], strict=True))
        conjugate = tuple((b, a) for a, b in pairs)
        if pairs >= conjugate:  # of a monomial and its conjugate one
            real, imaginary = _parts(pairs)
            found += [real] if pairs == conjugate else [_positive(real), _positive(imaginary)]
    lie = torch.block_diag(*(float(k) * SO(2).lie_algebra[0].T for k in f))
    V = SO(2).representation(lie=lie[None], name="⊕".join(f"V{k}" for k in f))
    return Features.of(tuple(found), V, "real and imaginary parts of the minimal monomials of weight 0")


def _positive(f: Polynomial) -> Polynomial:
    return -f if f.coefficients[0].real < 0 else f


def _parts(pairs: tuple[tuple[int, int], ...]) -> tuple[Polynomial, Polynomial]:
    """The real and the imaginary part of Π z_kᵃ z̄_kᵇ in the coordinates x."""
    n = 2 * len(pairs)
    real, imaginary = Polynomial.of({(0,) * n: 1}, n), Polynomial(n, ())
    for k, (a, b) in enumerate(pairs):
        x, y = (Polynomial.of({tuple(int(i == j) for i in range(n)): 1}, n) for j in (2 * k, 2 * k + 1))
        for sign in [1] * a + [-1] * b:
            real, imaginary = real * x - sign * imaginary * y, imaginary * x + sign * real * y
    return real, imaginary


def _torus_group(w: np.ndarray, m: np.ndarray) -> MatrixGroup:
    """The group of these diagonal matrices: a circle for each independent row, a generator for each row of roots."""
    n, circles = w.shape[1], np.zeros((0, w.shape[1]), np.int64)
    for row in w[m == 0]:
        longer = np.vstack([circles, row])
        circles = longer if np.linalg.matrix_rank(longer) == len(longer) else circles
    lie = torch.diag_embed(1j * torch.from_numpy(circles).double())
    turns = torch.from_numpy(w[m > 0] / m[m > 0, None]).reshape(-1, n)
    roots = torch.diag_embed(torch.exp(2j * math.pi * turns))
    rows = "; ".join(
        ", ".join(map(str, row)) + (f" mod {k}" if k else "") for row, k in zip(w.tolist(), m, strict=True)
    )

    def sample(count: int, generator: torch.Generator | None) -> Tensor:
        t = torch.rand(count, len(m), dtype=torch.float64, generator=generator)
        k = torch.from_numpy(m)
        t = torch.where(k > 0, (t * k).floor() / k.clamp(min=1), t)
        return torch.diag_embed(torch.exp(2j * math.pi * (t @ torch.from_numpy(w).double())))

    known = Known(math.inf if len(lie) else None, sample, None, True)
    return MatrixGroup(roots, lie if len(lie) else None, f"torus({rows})", known)


def hilbert_basis(w: np.ndarray, m: np.ndarray) -> np.ndarray:
    """The minimal a ∈ ℕⁿ, a ≠ 0, with w a = 0 in the rows with mᵢ = 0 and w a ≡ 0 mod mᵢ in the others: (count, n).

    Level by level: a grows by e_j only where that turns the defect w a of the circles back, ⟨w a, w_j⟩ < 0, or where it
    is zero; every minimal solution is reached so, and what lies above a solution is dropped.
    """
    n, circle, root = w.shape[1], w[m == 0], w[m > 0]
    modulus = m[m > 0]
    steps = np.eye(n, dtype=np.int64)
    frontier, found = steps, np.zeros((0, n), np.int64)
    for degree in itertools.count(1):
        if len(frontier) == 0:
            break
        if degree > DEGREE:
            raise _explosion(w, len(frontier), frontier, found)
        defect, residue = frontier @ circle.T, frontier @ root.T % modulus
        solved = ~defect.any(1) & ~residue.any(1)
        found = np.concatenate([found, frontier[solved]])
        a, defect = frontier[~solved], defect[~solved]
        turns = (defect @ circle < 0) | ~defect.any(1)[:, None]  # (count, n)
        if turns.sum() > 5 * LIMIT or len(found) > LIMIT:
            raise _explosion(w, int(turns.sum()), a, found)
        row, j = turns.nonzero()
        frontier = np.unique(a[row] + steps[j], axis=0)
        frontier = frontier[~_above(frontier, found)]
        if len(frontier) > LIMIT:
            raise _explosion(w, len(frontier), frontier, found)
    order = sorted(range(len(found)), key=lambda i: (found[i].sum(), (-found[i]).tolist()))
    return found[order]


def _above(a: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Which rows of a are ≥ some row of found."""
    above = np.zeros(len(a), bool)
    for solution in found:
        above |= (a >= solution).all(1)
    return above


def _explosion(w: np.ndarray, count: int, a: np.ndarray, found: np.ndarray) -> ValueError:
    return ValueError(
        f"torus({w.tolist()}): the minimal monomials explode: at degree {int(a[0].sum())} {count:,} monomials are open "
        f"and {len(found):,} generators are found; take smaller weights or fewer variables"
    )
