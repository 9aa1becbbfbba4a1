"""The group of a bilinear form: all M with Mᵀ B M = B."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eqkit import groups
from eqkit.subspaces import as_double


def isometry_group(B: Tensor, name: str | None = None) -> groups.MatrixGroup:
    """{M real n × n : Mᵀ B M = B} for a regular form B (n, n), symmetric or skew.

    Its algebra is B⁻¹ K, K skew for a symmetric B and symmetric for a skew one. diag(1, …, 1, −1, …, −1) gives O(p, q),
    whose components are reached by a reflection in a positive and one in a negative direction. ValueError for a form
    that is singular, or neither symmetric nor skew.
    """
    B = as_double(B, "B")
    if B.ndim != 2 or B.shape[0] != B.shape[1] or B.is_complex() or len(B) == 0:
        raise ValueError(f"isometry_group: B is {B.dtype} of shape {tuple(B.shape)}; a form is a real n × n matrix")
    sign = 1 if torch.equal(B, B.T) else -1
    if not torch.equal(B, sign * B.T):
        raise ValueError("isometry_group: B is neither symmetric nor skew; use its part (B + Bᵀ)/2 or (B − Bᵀ)/2")
    if not torch.linalg.cond(B) <= 1e10:
        raise ValueError("isometry_group: B is singular; give a form that no vector is orthogonal to everything in")
    n = len(B)
    E = torch.eye(n * n, dtype=torch.float64).reshape(n, n, n, n)
    pairs = [(i, j) for i in range(n) for j in range(i + (sign == 1), n)]
    K = torch.stack([E[i, j] - sign * E[j, i] if i != j else E[i, i] for i, j in pairs] or [E[0, 0] * 0])
    values, axes = torch.linalg.eigh(B) if sign == 1 else (torch.zeros(0), torch.zeros(n, 0))
    mirrors = [v for v in (axes.T[values > 0][-1:], axes.T[values < 0][:1]) if len(v)]
    flips = [torch.eye(n, dtype=torch.float64) - 2 * v.T @ v @ B / (v @ B @ v.T) for v in mirrors]

    def contains(M: Tensor) -> bool:
        return not M.is_complex() and bool((M.T @ B @ M - B).abs().max() < 1e-6 * max(1.0, float(M.abs().max())))

    p, q = int((values > 0).sum()), int((values < 0).sum())
    standard = sign == 1 and torch.equal(B, torch.tensor([1.0] * p + [-1.0] * q, dtype=torch.float64).diag())
    known = groups.Known(math.inf if n > 1 else 2, None, contains, compact=sign == 1 and 0 in (p, q))
    title = name or (f"O({p}, {q})" if standard else f"the isometries of a form on {n}")
    return groups.MatrixGroup(
        torch.stack(flips) if flips else None, torch.linalg.solve(B, K) if n > 1 or sign < 0 else None, title, known
    )
