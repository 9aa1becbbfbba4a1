"""Few-shot linear regression: every task is a weight drawn from one subspace, seen through a few examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import scipy.optimize
import torch
from torch import Tensor, nn

from eqkit.meta_learning import Episodes, GradientSteps
from eqkit.subspaces import require_generator, require_integer, require_memory, require_positive
from eqkit.tasks import require_draw, require_weights

Inputs = Callable[[int, int, torch.Generator | None], Tensor]


@dataclass(frozen=True)
class LinearTasks:
    """Tasks y = W x + ε with W = Σ z_d basis[d], z ~ N(0, I) for each task, ε of standard deviation `noise`.

    basis (d, n_out, n_in): what all tasks share, and a learner of U has to find. `support` and `query`: examples a
    task. `inputs(tasks, examples, generator)` draws x (tasks, examples, n_in); without it x ~ N(0, I).
    """

    basis: Tensor
    support: int
    query: int
    noise: float = 0.0
    inputs: Inputs | None = None

    def __post_init__(self) -> None:
        require_weights("LinearTasks", self.basis, "n_out, n_in", self.support, self.query)
        require_positive("LinearTasks: noise, a standard deviation,", self.noise, zero=True)

    @property
    def U(self) -> Tensor:
        """The basis as columns (n_out·n_in, d): the subspace that a learned U is compared with."""
        return self.basis.flatten(1).T

    def x(self, tasks: int, examples: int, generator: torch.Generator | None) -> Tensor:
        """Inputs (tasks, examples, n_in), float32."""
        if self.inputs is not None:
            return self.inputs(tasks, examples, generator)
        return torch.randn(tasks, examples, self.basis.shape[2], generator=generator)

    def __call__(self, count: int, generator: torch.Generator | None = None) -> Episodes:
        numbers = len(self.basis) + self.basis[0].numel() + (self.support + self.query) * sum(self.basis.shape[1:])
        require_draw("LinearTasks", count, generator, numbers)
        z = torch.randn(count, len(self.basis), generator=generator)
        W = torch.einsum("td,doi->toi", z, self.basis.float())
        x = self.x(count, self.support + self.query, generator)
        y = x @ W.mT
        if self.noise:
            y = y + self.noise * torch.randn(y.shape, generator=generator)
        return Episodes.split(x, y, self.support)

    def floor(self, inner: nn.Module) -> float:
        """The query loss of the ideal U, which spans the true subspace, under this inner solver.

        The mean over z and ε is exact, that over inputs is taken over a fixed sample of designs A = ΦᵀΦ / K, with Φ the
        features of the basis and K the support; λ are the eigenvalues of A, and σ is the noise.
        """
        if not isinstance(inner, nn.Module):
            raise TypeError(f"floor: {inner!r} is no inner solver, such as GradientSteps(1) or LeastSquares()")
        error = self._gradient_floor(inner.steps) if isinstance(inner, GradientSteps) else self._bayes_floor()
        return error / self.basis.shape[1] + self.noise**2

    def _spectra(self, basis: Tensor) -> tuple[Tensor, Tensor]:
        """Eigenvalues (designs, d) and eigenvectors (designs, d, d) of A for inputs drawn with a seed of their own."""
        x = self.x(max(40_000 // len(basis), 500), self.support, torch.Generator().manual_seed(0)).double()
        features = torch.einsum("tsi,doi->tsod", x, basis).flatten(1, 2)
        values, vectors = torch.linalg.eigh(features.mT @ features / self.support)
        return values.clamp(min=1e-12), vectors

    def _gradient_floor(self, steps: int) -> float:
        """An orthonormal U and the best single rate α, for white inputs and v₀ = 0.

        s steps leave (1 − αλ)^s of a weight and let (1 − (1 − αλ)^s)²/λ of the noise in; with g the prior variance that
        is E Σ_j (1 − αλ_j)^2s g_j + (1 − (1 − αλ_j)^s)² / λ_j · σ²/K; for one step, k isotropic filters and N = K·n_out
        residuals, n_out·k(k + 1)/(N + k + 1). A freely optimised U can undercut it, more so if g varies.
        """
        basis = self.basis.double()
        variances, axes = torch.linalg.eigh(torch.einsum("doi,eoi->de", basis, basis))
        values, vectors = self._spectra(torch.einsum("doi,de->eoi", basis, axes / variances.sqrt()))
        prior = (vectors**2 * variances[:, None]).sum(1)  # (designs, d)

        def loss(rate: float) -> float:
            left = (1 - rate * values) ** steps
            return float((left**2 * prior + (1 - left) ** 2 / values * self.noise**2 / self.support).sum(1).mean())

        return scipy.optimize.minimize_scalar(loss, bounds=(0, 2 / float(values.mean())), method="bounded").fun

    def _bayes_floor(self) -> float:
        """Least squares with the right ridge is Bayes-optimal, no method does better: E Σ_j g_j / (1 + λ_j K/σ²).

        Here g is the mean of A in the eigenbasis of each A, that is how much a query sees of what was not learned.
        """
        values, vectors = self._spectra(self.basis.double())
        mean = (vectors * values[:, None] @ vectors.mT).mean(0)
        seen = torch.einsum("tij,ik,tkj->tj", vectors, mean, vectors)
        variance = max(self.noise**2, 1e-9) / self.support
        return float((seen / (1 + values / variance)).sum(1).mean())


def partially_symmetric(tasks: LinearTasks, share: float, rest: Tensor) -> LinearTasks:
    """Tasks whose weight is symmetric but for a `share` ε of its energy: W = √(1 − ε) W_tasks + √ε W_rest.

    rest: a pattern of labels (n_out, n_in), −1 for none, such as `locally_connected(n)` or `fully_connected(n)`; W_rest
    has one N(0, 1) number for each label, scaled so that E‖W_rest‖² = E‖W_tasks‖².
    """
    if require_positive("partially_symmetric: the share", share, zero=True) > 1:
        raise ValueError(f"partially_symmetric: the share is a number from 0 to 1, not {share}")
    if rest.shape != tasks.basis.shape[1:]:
        raise ValueError(
            f"partially_symmetric: the rest has shape {tuple(rest.shape)} and weights {tuple(tasks.basis.shape[1:])}"
        )
    if rest.is_floating_point() or int(rest.max()) < 0:
        raise ValueError("partially_symmetric: the rest is a pattern of integer labels, one or more of them ≥ 0")
    labels = torch.arange(int(rest.max()) + 1)
    require_memory(8.0 * len(labels) * rest.numel(), f"a basis of {len(labels)} weights {tuple(rest.shape)}")
    free = (rest == labels[:, None, None]).to(tasks.basis.dtype)
    free *= (tasks.basis.square().sum() / free.sum()).sqrt()
    return replace(tasks, basis=torch.cat([(1 - share) ** 0.5 * tasks.basis, share**0.5 * free]))


def no_symmetry(
    n_in: int, n_out: int, dim: int, support: int = 5, query: int = 10, generator: torch.Generator | None = None
) -> LinearTasks:
    """Weights of a uniformly random subspace of `dim` dimensions, which is no Hom of any group, with E‖W‖² = n_out·dim.

    dim = n_in·n_out is every weight, and then there is nothing that tasks share.
    """
    for what, value in (("n_in", n_in), ("n_out", n_out), ("dim", dim)):
        require_integer(f"no_symmetry: {what}", value)
    if dim > n_in * n_out:
        raise ValueError(f"no_symmetry: dim = {dim}; weights ({n_out}, {n_in}) have {n_in * n_out} dimensions")
    require_generator("no_symmetry", generator)
    require_memory(16.0 * n_in * n_out * dim, f"a basis of {dim} weights ({n_out}, {n_in})")
    columns = torch.randn(n_in * n_out, dim, generator=generator, dtype=torch.float64)
    Q = torch.linalg.qr(columns).Q
    return LinearTasks((n_out**0.5 * Q).T.reshape(dim, n_out, n_in), support, query)
