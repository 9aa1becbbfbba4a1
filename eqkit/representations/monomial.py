"""Signed permutations as index maps: what most finite groups are, without a dense matrix."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqkit.subspaces import require_memory


@dataclass(frozen=True, eq=False)
class Monomial:
    """k signed permutations, matrix-free: column j of the i-th matrix has the entry sign[i, j] in row index[i, j]."""

    index: np.ndarray  # (k, size) int64
    sign: np.ndarray  # (k, size) int8

    @staticmethod
    def of(matrices: Tensor) -> Monomial | None:
        """The index form of a stack of matrices (k, n, n), or None if one of them is no signed permutation matrix."""
        support = matrices != 0
        exact = not matrices.is_complex() and bool((matrices[support].abs() == 1).all())
        if not exact or not bool((support.sum(-1) == 1).all() and (support.sum(-2) == 1).all()):
            return None
        index = support.to(torch.int8).argmax(-2)
        sign = matrices.gather(-2, index.unsqueeze(-2)).squeeze(-2)
        return Monomial(index.numpy(), sign.numpy().astype(np.int8))

    def matrices(self) -> Tensor:
        """Dense (k, size, size) float64."""
        k, n = self.index.shape
        require_memory(8.0 * k * n * n, f"{k} dense matrices of size {n}")
        dense = torch.zeros(k, n, n, dtype=torch.float64)
        dense.scatter_(1, torch.from_numpy(self.index)[:, None], torch.from_numpy(self.sign)[:, None].double())
        return dense


def parity(rows: np.ndarray) -> np.ndarray:
    """The sign of the ordering of each row's entries, (count, k) -> (count,)."""
    k = rows.shape[-1]
    inversions = sum((rows[:, i] > rows[:, j]).astype(int) for i, j in itertools.combinations(range(k), 2))
    return (-1) ** np.broadcast_to(inversions, len(rows))
