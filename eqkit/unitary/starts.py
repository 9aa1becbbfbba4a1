"""Where a trainable matrix starts: at the identity, at random, or at a given matrix that is checked."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqkit.subspaces import as_double
from eqkit.unitary import maps
from eqkit.unitary.coordinates import Basis, Skew, matrix_dtype


def starting_matrix(
    start: str | Tensor,
    algebra: Skew | Basis,
    component: Tensor,
    copies: Sequence[int] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    """The first matrix of a layer (*copies, n, n), float64 or complex128; `start` as for GroupMatrix.

    "random" is Haar for Skew coordinates, by the polar factor of a Gaussian matrix, which no rotation changes in
    distribution; else it is exp Σ c_a L_a with c ~ N(0, 1/d). ValueError for what cannot be a start.
    """
    if not isinstance(start, str):
        return _given(start, algebra, component, tuple(copies))
    kind, shape = matrix_dtype(torch.float64, algebra.complex), (*copies, algebra.n, algebra.n)
    if start == "identity":
        M = torch.eye(algebra.n, dtype=kind).expand(shape)
    elif start == "random" and isinstance(algebra, Skew):
        M = maps.polar(torch.randn(shape, generator=generator, dtype=kind), None if algebra.complex else 1)
        if algebra.traceless:
            M = M / torch.linalg.det(M)[..., None, None] ** (1 / algebra.n)
    elif start == "random":
        c = torch.randn(*copies, algebra.size, generator=generator, dtype=torch.float64) / algebra.size**0.5
        M = torch.matrix_exp(algebra.matrix(c).to(kind))
    else:
        raise ValueError(f"start={start!r}; give 'identity', 'random' or a matrix (n, n)")
    return component.to(kind) @ M


def _given(start: Tensor, algebra: Skew | Basis, component: Tensor, copies: tuple[int, ...]) -> Tensor:
    M, n = as_double(start, "start"), algebra.n
    if M.ndim < 2 or M.shape[-2:] != (n, n):
        raise ValueError(f"start has shape {tuple(M.shape)}; the matrices of this group are {n} × {n}")
    if copies and M.shape[:-2] not in ((), copies):
        raise ValueError(
            f"start has shape {tuple(M.shape)} and copies={copies}; make its leading shape equal to copies"
        )
    if M.is_complex() and not algebra.complex:
        raise ValueError("start is complex, and the matrices of this group are real; give a real one")
    off = float((M.mH @ M - torch.eye(n, dtype=M.dtype)).abs().max())
    if algebra.is_skew and off > 1e-4:
        raise ValueError(
            f"start is not unitary: Mᴴ M − E has an entry {off:.1e}; maps.polar(start) is the nearest that is"
        )
    if isinstance(algebra, Skew) and not algebra.complex:
        sign = torch.linalg.det(component)
        if bool((torch.linalg.det(M) * sign < 0).any()):
            raise ValueError(
                f"start has determinant {'+' if sign < 0 else '−'}1, which this layer cannot reach: "
                f"give reflection={bool(sign > 0)} (or component=, a matrix in the same component)"
            )
    return M.to(matrix_dtype(torch.float64, algebra.complex)).expand(*(copies or M.shape[:-2]), n, n)
