"""Learn a hidden unitary or orthogonal matrix from noisy pairs (x, U x): the task of Hyland & Rätsch (2017)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.subspaces import as_double, require_generator, require_integer, require_positive


@dataclass(frozen=True)
class HiddenMatrix:
    """y = U x + ε with fresh x ~ N(0, 1) and ε ~ N(0, noise²) in each real and imaginary part, `batch` pairs a call.

    U (…, n, n): unitary or orthogonal, one for each of the runs side by side. The loss is mean ‖ŷ − y‖² over a batch.
    """

    U: Tensor
    noise: float = 0.01
    batch: int = 20

    def __post_init__(self) -> None:
        U = as_double(self.U, "U")
        if not isinstance(self.U, Tensor) or not (self.U.is_floating_point() or self.U.is_complex()):
            object.__setattr__(self, "U", U)
        n = U.shape[-1] if U.ndim else 0
        if U.ndim < 2 or U.shape[-2] != n or U.numel() == 0:
            raise ValueError(f"U has shape {tuple(U.shape)}; it must be square, (…, n, n)")
        off = float((U.mH @ U - torch.eye(n, dtype=U.dtype)).abs().max())
        if off > 1e-4:
            raise ValueError(
                f"U is in no group of orthogonal or unitary matrices: an entry of Uᴴ U − E is {off:.1e}; "
                "draw one, as groups.U(n).sample(count)"
            )
        require_integer("HiddenMatrix: batch", self.batch)
        require_positive("HiddenMatrix: noise", self.noise, zero=True)

    def __call__(self, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """x and y (…, batch, n), in the dtype of U."""
        require_generator("HiddenMatrix", generator)
        shape = (*self.U.shape[:-2], self.batch, self.U.shape[-1])
        scale = 2**0.5 if self.U.is_complex() else 1  # torch's complex Gaussians have variance 1 in all
        x, e = (scale * torch.randn(shape, dtype=self.U.dtype, generator=generator) for _ in range(2))
        return x, x @ self.U.mT + self.noise * e

    @property
    def floor(self) -> float:
        """The loss of U itself: n noise², twice that if complex."""
        return self.U.shape[-1] * self.noise**2 * (2 if self.U.is_complex() else 1)

    @property
    def baseline(self) -> float:
        """The mean loss of a Haar-random matrix: E ‖(Û − U) x‖² = 2n, complex 4n (n ≥ 2), and the floor."""
        return 2 * self.U.shape[-1] * (2 if self.U.is_complex() else 1) + self.floor
