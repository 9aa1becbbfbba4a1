"""Subspaces of matrix space: a symmetry is a subspace, and this is the only place where subspaces are computed.

A subspace of Rⁿ or Cⁿ is given by a matrix whose *columns* span it; only the echelon form, which is read line by line,
holds its basis in rows. Everything is float64 or complex128.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np
import psutil
import scipy.cluster.hierarchy
import scipy.linalg
import torch
from torch import Tensor

EPSILON = torch.finfo(torch.float64).eps


class Gap(NamedTuple):
    """Where a spectrum breaks in two: `dim` values lie below `threshold`, and the break is a factor `ratio` wide."""

    dim: int
    ratio: float
    threshold: float


def require_memory(size: float, what: str) -> None:
    """MemoryError before anything is allocated, when `size` bytes are more than is free."""
    free = psutil.virtual_memory().available
    if size > free:
        raise MemoryError(
            f"{what} needs {size / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} GiB are free; take smaller sizes"
        )


def require_integer(what: str, value: int, least: int = 1) -> int:
    """The value itself, or ValueError where it is no integer ≥ least."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{what} is an integer ≥ {least}, not {value!r}")
    return value


def require_positive(what: str, value: float, zero: bool = False) -> float:
    """The value itself, or ValueError where it is no positive finite number; with `zero` 0 may be one too."""
    allowed = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < math.inf
    if not (allowed and (zero or value > 0)):
        raise ValueError(f"{what} is a {'number ≥ 0' if zero else 'positive number'}, not {value!r}")
    return value


def require_generator(what: str, generator: torch.Generator | None) -> torch.Generator | None:
    """The generator itself, or TypeError for what is none, such as a seed; None is torch's own."""
    if generator is None or isinstance(generator, torch.Generator):
        return generator
    seed = generator if isinstance(generator, int) and not isinstance(generator, bool) else 0
    raise TypeError(f"{what}: generator is {generator!r}; give torch.Generator().manual_seed({seed})")


def require_rows(what: str, U: Tensor, shape: tuple[int, int]) -> tuple[Tensor, int, int]:
    """U as a tensor (n_out·n_in, k), real, with n_out and n_in; ValueError where it does not fit the weight's shape."""
    U = as_tensor(U, "U")
    sizes = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ValueError(f"{what}: the shape of a weight is (n_out, n_in), two integers ≥ 1, not {shape!r}")
    n_out, n_in = sizes
    if U.ndim != 2 or len(U) != n_out * n_in:
        raise ValueError(f"{what}: U has shape {tuple(U.shape)}; a weight {sizes} needs ({n_out * n_in}, k)")
    if U.is_complex():
        raise TypeError(f"{what}: U is complex; layers here are real")
    return U, n_out, n_in


def as_tensor(A: Tensor, name: str = "A") -> Tensor:
    """A tensor as it is, nested lists of numbers as a new one in float64 or int64; TypeError for anything else."""
    if isinstance(A, Tensor):
        return A
    try:
        return torch.from_numpy(np.array(A))
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is no array of numbers; give a tensor, or nested lists of equal length") from error


def as_double(A: Tensor, name: str = "A") -> Tensor:
    """A as float64 or complex128, detached; NaN and infinities are refused. Lists keep their float64."""
    A = as_tensor(A, name).detach().resolve_conj()
    A = A.to(torch.complex128 if A.is_complex() else torch.float64)
    if not torch.isfinite(A).all():
        raise ValueError(f"{name} of shape {tuple(A.shape)} holds NaN or infinity; clean the data first")
    return A


def _matrix(A: Tensor, name: str = "A") -> Tensor:
    A = as_double(A, name)
    if A.ndim != 2:
        raise ValueError(f"{name} has shape {tuple(A.shape)}; a subspace is given by a matrix, two dimensions")
    return A


def largest_gap(values: Tensor, floor: float = 1e-13, scale: float | None = None) -> Gap:
    """How many of the singular values are zero? Those below the largest ratio of two neighbours.

    values (r,): singular values in any order. What is below floor · scale (scale: the largest value unless given)
    cannot be told from zero, so it counts as equal to that floor, and the floor itself is the last neighbour: a
    spectrum without a break has dim 0. For noisy data set `floor` to the noise relative to the signal.
    """
    s = as_double(values, "values").abs().sort(descending=True).values
    if s.ndim != 1:
        raise ValueError(f"values has shape {tuple(s.shape)}; a spectrum is a vector")
    top = float(s.max()) if scale is None and len(s) else float(scale or 0)
    if len(s) == 0 or top == 0:
        return Gap(len(s), math.inf, 0.0)
    ends = torch.tensor([top * floor], dtype=torch.float64)
    s = (
        torch.cat([s.clamp(min=top * floor), ends])
        if scale is None
        else torch.cat([ends / floor, s.clamp(top * floor), ends])
    )
    ratios = s[:-1] / s[1:]
    i = int(ratios.argmax())
    dim = len(s) - 2 - i
    return Gap(dim, float(ratios[i]), float((s[i] * s[i + 1]).sqrt()))


def null_space(A: Tensor, floor: float = 1e-13, scale: float | None = None) -> Tensor:
    """Orthonormal columns spanning {x : A x = 0}; A (m, n), result (n, dim), dim by the largest gap of the spectrum.

    scale: the size of A that counts as 1, where A may be nothing but rounding (default: its largest singular value).
    """
    A = _matrix(A)
    m, n = A.shape
    if n == 0:
        return A.new_zeros(0, 0)
    if m > n:
        A = torch.linalg.qr(A, mode="r").R
    _, s, Vh = torch.linalg.svd(A, full_matrices=True)
    s = torch.cat([s, s.new_zeros(n - len(s))])
    return Vh[n - largest_gap(s, floor * max(1, n / 100), scale).dim :].mH.contiguous()


def orthonormal(A: Tensor, floor: float = 1e-13) -> Tensor:
    """Orthonormal columns spanning the columns of A; A (n, k), result (n, rank), rank by the largest gap."""
    A = _matrix(A)
    if min(A.shape) == 0:
        return A.new_zeros(A.shape[0], 0)
    Q, s, _ = torch.linalg.svd(A, full_matrices=False)
    return Q[:, : len(s) - largest_gap(s, floor * max(1, len(s) / 100)).dim].contiguous()


def principal_angles(A: Tensor, B: Tensor) -> Tensor:
    """Angles between span(A) and span(B) in radians, ascending, (min(dim A, dim B),).

    cos θᵢ are the singular values of Q_Aᴴ Q_B; small angles come from the sines, so they are right to rounding
    (Knyazev & Argentati 2002). A and B of unequal dimension have min(dim A, dim B) angles.
    """
    A, B = _matrix(A), _matrix(B, "B")
    if A.shape[0] != B.shape[0]:
        raise ValueError(
            f"principal_angles: A {tuple(A.shape)} and B {tuple(B.shape)} lie in spaces of unequal dimension"
        )
    if min(*A.shape, *B.shape) == 0:
        return torch.zeros(0, dtype=torch.float64)
    angles = scipy.linalg.subspace_angles(orthonormal(A).numpy(), orthonormal(B).numpy())
    return torch.from_numpy(angles.copy()).flip(0)


def same_span(A: Tensor, B: Tensor, tolerance: float = 1e-8) -> bool:
    """span(A) = span(B): equal dimensions and largest principal angle below the tolerance (radians)."""
    A, B = orthonormal(A), orthonormal(B)
    return A.shape == B.shape and bool((principal_angles(A, B) < tolerance).all())


def rationals(values: Tensor, largest_denominator: int = 60, tolerance: float = 1e-9) -> list[Fraction] | None:
    """The real values as fractions of small denominator, or None if one is further than the tolerance from any."""
    flat = as_double(values, "values").flatten()
    if flat.is_complex():
        return None
    cache = {x: Fraction(x).limit_denominator(largest_denominator) for x in set(flat.tolist())}
    if any(abs(float(q) - x) > tolerance * max(1.0, abs(x)) for x, q in cache.items()):
        return None
    return [cache[x] for x in flat.tolist()]


def echelon(rows: Tensor, tolerance: float = 1e-8) -> Tensor:
    """Reduced row echelon form of the rows' span: (d, n) -> (rank, n), the basis that depends on the span alone.

    Leading entries are 1 with zeros above and below. The rows are orthonormalised first, and a column without an entry
    above the tolerance has no pivot. When all entries are small rationals they are set to them exactly.
    """
    R = orthonormal(_matrix(rows, "rows").T).T.clone()
    column = 0
    for i in range(len(R)):
        size = R[i:, column:].abs().amax(0)
        candidates = (size > tolerance).nonzero()
        if len(candidates) == 0:
            return R[:i]
        column += int(candidates[0])
        p = i + int(R[i:, column].abs().argmax())
        R[[i, p]] = R[[p, i]]
        R[i] = R[i] / R[i, column].clone()
        others = R[:, column].clone()
        others[i] = 0
        R -= torch.outer(others, R[i])
        column += 1
    R[R.abs() < tolerance] = 0
    exact = rationals(R)
    return R if exact is None else torch.tensor([float(q) for q in exact], dtype=R.dtype).reshape(R.shape)


def colour_rows(U: Tensor, tolerance: float | None = None) -> Tensor:
    """Colour the entries of a weight: labels (n,) int64, equal where the rows of an orthonormal basis of span(U) are.

    U (n, k). The basis changes by a rotation U ↦ U R, which moves no two rows apart, so the colouring belongs to the
    subspace and not to U. Rows nearer than the tolerance, directly or through others (single linkage), are alike;
    without a tolerance the largest gap between merging distances decides, if it is a factor of 4 or more. Labels are
    numbered by first appearance.
    """
    Q = orthonormal(U)
    n = len(Q)
    if n > 8192:
        raise ValueError(f"colour_rows compares all pairs of rows; {n} rows are more than 8192")
    if n < 2 or Q.shape[1] == 0:
        return torch.zeros(n, dtype=torch.int64)
    points = torch.view_as_real(Q).reshape(n, -1) if Q.is_complex() else Q
    merges = scipy.cluster.hierarchy.linkage(points.numpy(), "single")
    if tolerance is None:
        # rows are at most √2 apart; with that as first neighbour, rows that differ by noise alone get one colour
        heights = torch.tensor([math.sqrt(2), *merges[::-1, 2]], dtype=torch.float64).clamp(min=1e-6)
        ratios = heights[:-1] / heights[1:]
        i = int(ratios.argmax())
        tolerance = math.sqrt(heights[i] * heights[i + 1]) if ratios[i] > 4 else 0.0
    clusters = scipy.cluster.hierarchy.fcluster(merges, tolerance, "distance")
    return relabel(torch.from_numpy(clusters))


def relabel(labels: Tensor) -> Tensor:
    """The same partition with labels 0, 1, 2, … in order of first appearance; any shape, int64."""
    if labels.numel() == 0:
        return labels.long()
    flat = labels.flatten()
    _, inverse = torch.unique(flat, return_inverse=True)
    first = torch.full((int(inverse.max()) + 1,), len(flat), dtype=torch.int64)
    first.scatter_reduce_(0, inverse, torch.arange(len(flat)), "amin")
    rank = torch.empty_like(first)
    rank[first.argsort()] = torch.arange(len(first))
    return rank[inverse].reshape(labels.shape)
