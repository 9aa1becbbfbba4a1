"""The motions of Euclidean space as matrices: x ↦ R x + t is [[R, t], [0, 1]] on homogeneous coordinates (x, 1)."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from eqkit.groups.matrix_group import Known, MatrixGroup
from eqkit.groups.named import SO, O, _is_real, _reflection, _size


def _motions(name: str, n: int, mirrors: bool) -> MatrixGroup:
    rotations = None if n == 1 else SO(n).lie_algebra
    algebra = torch.zeros(n * (n + 1) // 2, n + 1, n + 1, dtype=torch.float64)
    algebra[-n:, :n, n] = torch.eye(n, dtype=torch.float64)  # the velocities e₁, …, e_n of the translations
    if rotations is not None:
        algebra[:-n, :n, :n] = rotations
    one = torch.ones(1, 1, dtype=torch.float64)
    generators = torch.block_diag(_reflection(n)[0], one)[None] if mirrors else None

    def contains(M: Tensor) -> bool:
        R, last = M[:n, :n], torch.tensor([0.0] * n + [1.0], dtype=M.dtype)
        inside = _is_real(M) and bool((M[n] - last).abs().max() < 1e-6) and O(n).contains(R)
        return inside and (mirrors or bool(torch.linalg.det(R).real > 0))

    return MatrixGroup(generators, algebra, f"{name}({n})", Known(math.inf, None, contains, False))


@functools.cache
def E(n: int) -> MatrixGroup:
    """The Euclidean group: all isometries x ↦ R x + t of ℝⁿ, R ∈ O(n), as (n + 1) × (n + 1) matrices [[R, t], [0, 1]].

    Not compact, and not reductive: the translations t are a normal subgroup, on whose vectors R acts, g t g⁻¹ = R t.
    """
    return _motions("E", _size("E", n), mirrors=True)


@functools.cache
def SE(n: int) -> MatrixGroup:
    """The rigid motions: x ↦ R x + t with R ∈ SO(n), as (n + 1) × (n + 1) matrices [[R, t], [0, 1]]. Not compact."""
    return _motions("SE", _size("SE", n), mirrors=False)
