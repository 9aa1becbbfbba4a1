"""Direct products: Hom_{G×H}(A ⊠ B, C ⊠ D) = Hom_G(A, C) ⊗ Hom_H(B, D), so each factor is solved for by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eqkit.representations import Inflated, Leaf, Representation, Trivial
from eqkit.representations.algebra import Product
from eqkit.subspaces import require_memory


class _Mixed(Exception):
    """A tensor factor on which both groups act, so that it is no external product as it is written."""


class Split(NamedTuple):
    """V = A ⊠ B up to the order of its coordinates: coordinate i of A ⊠ B is coordinate order[i] of V."""

    A: Representation
    B: Representation
    order: Tensor  # (V.size,) int64


def split(V: Representation) -> Split | None:
    """V over G × H as A ⊠ B, sorting its tensor factors by the group that moves them; None where one mixes both."""
    if V.group.factors is None:
        return None
    parts = V.parts if isinstance(V, Product) else (V,)
    try:
        sides = [_side(part) for part in parts]
    except _Mixed:
        return None
    axes = sorted(range(len(parts)), key=lambda i: sides[i])
    order = torch.arange(V.size).reshape([part.size for part in parts]).permute(axes).flatten()
    halves = [
        [_deflated(part, group) for part, side in zip(parts, sides, strict=True) if side == i]
        for i, group in enumerate(V.group.factors)
    ]
    A, B = (
        math.prod(half[1:], start=half[0]) if half else group.trivial
        for half, group in zip(halves, V.group.factors, strict=True)
    )
    return Split(A, B, order)


def _side(part: Representation) -> int:
    """0 if only the first factor of the group moves this part, 1 if only the second one does; 0 if none."""
    seen = set()

    def record(leaf: Leaf) -> Leaf:
        if isinstance(leaf, Inflated):
            seen.add(int(leaf.block.start > 0))
        elif not isinstance(leaf, Trivial):
            raise _Mixed
        return leaf

    part._relabel(record)
    if len(seen) > 1:
        raise _Mixed
    return seen.pop() if seen else 0


def _deflated(part: Representation, group: Any) -> Representation:
    return part._relabel(lambda leaf: leaf.leaf if isinstance(leaf, Inflated) else group.trivial)


class Kronecker:
    """The maps of G × H from those of G and of H: coefficients are numbered (d₁, d₂), the last one runs fastest."""

    def __init__(self, V: Split, W: Split, hom: Callable[[Representation, Representation], Any]) -> None:
        self.first, self.second = hom(V.A, W.A), hom(V.B, W.B)
        self.dim = self.first.dim * self.second.dim
        self._columns, self._rows = V.order, W.order

    @property
    def norms(self) -> Tensor:
        """‖A ⊗ B‖ = ‖A‖ ‖B‖, (dim,)."""
        return torch.outer(self.first.norms, self.second.norms).flatten()

    @property
    def basis(self) -> Tensor:
        """The Kronecker products of the bases, (dim, out, in)."""
        return self._products(self.first.basis, self.second.basis)

    @property
    def U(self) -> Tensor:
        """Orthonormal columns (out · in, dim)."""
        pairs = ((H, H.U.T.reshape(H.dim, *H.shape)) for H in (self.first, self.second))
        return self._products(*(maps for _, maps in pairs)).flatten(1).T

    def _products(self, S: Tensor, T: Tensor) -> Tensor:
        require_memory(16.0 * S.numel() * T.numel(), f"a dense basis of {self.dim} maps")
        dtype = torch.promote_types(S.dtype, T.dtype)
        return self._from_factors(torch.einsum("sca,tdb->stdbca", S.to(dtype), T.to(dtype))).flatten(0, 1)

    def _from_factors(self, M: Tensor) -> Tensor:
        """(..., D, B, C, A) -> (..., out, in): to the Kronecker product C ⊗ D ← A ⊗ B, and to V's and W's own order."""
        M = M.movedim((-2, -4, -1, -3), (-4, -3, -2, -1)).flatten(-2).flatten(-3, -2)
        return M.index_select(-2, self._rows.argsort()).index_select(-1, self._columns.argsort())

    def combine(self, c: Tensor) -> Tensor:
        """Σ c_{d₁d₂} M_{d₁} ⊗ M_{d₂}: (..., dim) -> (..., out, in), one factor after the other."""
        inner = self.second.combine(c.unflatten(-1, (self.first.dim, self.second.dim)))  # (..., d₁, D, B)
        return self._from_factors(self.first.combine(inner.movedim(-3, -1)))

    def coefficients(self, M: Tensor) -> Tensor:
        """The coefficients of the nearest equivariant map: (..., out, in) -> (..., dim)."""
        (c, a), (d, b) = self.first.shape, self.second.shape
        M = M.index_select(-2, self._rows).index_select(-1, self._columns)
        M = M.unflatten(-1, (a, b)).unflatten(-3, (c, d)).movedim((-4, -3, -2, -1), (-2, -4, -1, -3))
        return self.second.coefficients(self.first.coefficients(M).movedim(-1, -3)).flatten(-2)
