"""Tasks that no linear model fits: two layers with a rectifier between, where moments are not enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.meta_learning import Episodes
from eqkit.subspaces import as_double, as_tensor
from eqkit.tasks import require_draw, require_weights
from eqkit.tasks.translation import translation


@dataclass(frozen=True)
class TwoLayerTasks:
    """Tasks y = W₂ max(W₁ x, 0) with x ~ N(0, I); W₁ is common, W₂ = Σ z_d basis[d], z ~ N(0, I), a task's own.

    first (h, n_in) is W₁, basis (d, n_out, h) spans the W₂; `support` and `query`: examples a task.
    """

    first: Tensor
    basis: Tensor
    support: int = 5
    query: int = 20

    def __post_init__(self) -> None:
        require_weights("TwoLayerTasks", self.basis, "n_out, h", self.support, self.query)
        object.__setattr__(self, "first", as_tensor(self.first, "W₁"))
        first = as_double(self.first, "W₁")
        if first.ndim != 2 or first.is_complex() or first.numel() == 0 or self.basis.shape[2] != len(first):
            raise ValueError(
                f"TwoLayerTasks: W₁ is {first.dtype} {tuple(first.shape)} and the basis of W₂ "
                f"{tuple(self.basis.shape)}; they need (h, n_in), real, and (d, n_out, h)"
            )

    def __call__(self, count: int, generator: torch.Generator | None = None) -> Episodes:
        require_draw("TwoLayerTasks", count, generator, (self.support + self.query) * sum(self.first.shape))
        z = torch.randn(count, len(self.basis), generator=generator)
        x = torch.randn(count, self.support + self.query, self.first.shape[1], generator=generator)
        y = (x @ self.first.float().T).relu() @ torch.tensordot(z, self.basis.float(), 1).mT
        return Episodes.split(x, y, self.support)

    @property
    def linear_floor(self) -> float:
        """The mean squared error of the best linear map of every task, W₂ W₁ / 2, however many examples there are.

        max(h, 0) = h/2 + |h|/2, and |h| is uncorrelated with x. With Σ = W₁ W₁ᵀ, s² its diagonal and ρ the
        correlations, E |h_i| |h_j| = (2/π) s_i s_j (√(1 − ρ²) + ρ asin ρ).
        """
        first, basis = self.first.double(), self.basis.double()
        covariance = first @ first.T
        scale = covariance.diagonal().sqrt().outer(covariance.diagonal().sqrt())
        rho = (covariance / scale.clamp(min=1e-300)).clamp(-1, 1)  # a row of zeros is correlated with none
        absolute = 2 / math.pi * scale * ((1 - rho**2).sqrt() + rho * rho.asin())
        return float(torch.einsum("doh,hk,dok->", basis, absolute, basis)) / (4 * basis.shape[1])


def two_convolutions(
    n: int = 16, taps: int = 3, support: int = 5, query: int = 20, generator: torch.Generator | None = None
) -> TwoLayerTasks:
    """Both layers are valid convolutions of `taps` weights, n -> n − 2 (taps − 1); the filter of W₁ is drawn here."""
    first = translation(n=n, taps=taps).basis
    filter_ = torch.randn(taps, generator=generator, dtype=torch.float64)
    second = translation(n=n - taps + 1, taps=taps).basis
    return TwoLayerTasks(torch.tensordot(filter_, first, 1), second, support, query)
