"""A hidden symmetry and a fixed, finite set of tasks that shows it: what recovery starts from, and how it is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.equivariant_maps import Hom
from eqkit.representations import Representation
from eqkit.subspaces import require_generator, require_integer, require_memory


@dataclass(frozen=True)
class Problem:
    """`seeds` copies of one question: which k-dimensional space holds the weights of these tasks?

    x (seeds, tasks, shots, n), y = W x (seeds, tasks, shots, m) without noise, and the answer `truth` (mn, k),
    orthonormal columns, which no fit may look at. float64.
    """

    x: Tensor
    y: Tensor
    truth: Tensor

    @property
    def m(self) -> int:
        """Outputs."""
        return self.y.shape[-1]

    @property
    def n(self) -> int:
        """Inputs."""
        return self.x.shape[-1]

    @property
    def k(self) -> int:
        """The dimension of the hidden space."""
        return self.truth.shape[1]

    def repeated(self, times: int) -> Problem:
        """Each seed `times` times in a row, for as many starts."""
        return Problem(self.x.repeat_interleave(times, 0), self.y.repeat_interleave(times, 0), self.truth)

    def sine(self, U: Tensor) -> Tensor:
        """Of the largest principal angle between span(U) and the hidden space: U (..., mn, k) -> (...)."""
        Q = torch.linalg.qr(U).Q
        return torch.linalg.matrix_norm(self.truth - Q @ (Q.mT @ self.truth), ord=2)

    def query_error(self, U: Tensor) -> Tensor:
        """E ‖(1 − P) vec W‖² / E ‖vec W‖² over new tasks: the relative query loss once a task shows many examples.

        P projects onto span(U); it is the mean of the squared sines of the principal angles. U (..., mn, k) -> (...).
        """
        Q = torch.linalg.qr(U).Q
        return (self.truth - Q @ (Q.mT @ self.truth)).square().sum((-2, -1)) / self.k


def hidden_problem(
    V: Representation, tasks: int, shots: int, seeds: int = 1, generator: torch.Generator | None = None
) -> Problem:
    """Tasks y = W x with W from Hom_G(V, V), isotropic with E ‖W‖² = n · dim Hom, and fresh x ~ N(0, E)."""
    for name, value in (("tasks", tasks), ("shots", shots), ("seeds", seeds)):
        require_integer(f"hidden_problem: {name}", value)
    require_generator("hidden_problem", generator)
    hom, n = Hom(V, V), V.size
    require_memory(8.0 * seeds * tasks * (2 * shots * n + n * n + hom.dim), f"hidden_problem: {seeds * tasks:,} tasks")
    if hom.U.is_complex():
        raise TypeError(f"hidden_problem: {V.group} is complex; tasks are real, so take a group of real matrices")
    z = torch.randn(seeds, tasks, hom.dim, generator=generator, dtype=torch.float64)
    x = torch.randn(seeds, tasks, shots, n, generator=generator, dtype=torch.float64)
    W = math.sqrt(n) * (z @ hom.U.T).reshape(seeds, tasks, n, n)
    return Problem(x, x @ W.mT, hom.U)
