"""Few-shot linear regression: every task is a weight drawn from one subspace, seen through a few examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import scipy.optimize
import torch
from torch import Tensor, nn

from eqkit.meta_learning import Episodes, GradientSteps

Inputs = Callable[[int, int, torch.Generator | None], Tensor]


@dataclass(frozen=True)
class LinearTasks:
    """Tasks y = W x + ε with W = Σ z_d basis[d], z ~ N(0, I) for each task, ε of standard deviation `noise`.

    basis (d, n_out, n_in): what all tasks share and a learner of U has to find. `support` and `query` are examples a task.
    `inputs(tasks, examples, generator)` draws x (tasks, examples, n_in); without it x ~ N(0, I).
    """

    basis: Tensor
    support: int
    query: int
    noise: float = 0.0
    inputs: Inputs | None = None

    def __post_init__(self) -> None:
        if self.basis.ndim != 3 or 0 in self.basis.shape:
            raise ValueError(
                f"basis has shape {tuple(self.basis.shape)}; it needs (d, n_out, n_in), one or more of each"
            )
        if self.support < 1 or self.query < 1:
            raise ValueError(
                f"support = {self.support} and query = {self.query}: a task needs at least one example of each"
            )
        if not self.noise >= 0:
            raise ValueError(f"noise = {self.noise}: a standard deviation is not negative")

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
        z = torch.randn(count, len(self.basis), generator=generator)
        W = torch.einsum("td,doi->toi", z, self.basis.float())
        x = self.x(count, self.support + self.query, generator)
        y = x @ W.mT
        if self.noise:
            y = y + self.noise * torch.randn(y.shape, generator=generator)
        s = self.support
        return Episodes(x[:, :s], y[:, :s], x[:, s:], y[:, s:])

    def floor(self, inner: nn.Module, generator: torch.Generator | None = None) -> float:
        """The query loss of the ideal U, an orthonormal basis of the true subspace, under this inner solver.

        The mean over z and ε is exact; the mean over the inputs is over a sample of designs A = Σ ΦᵀΦ / support. In the
        eigenbasis of A, gradient steps at the rate α leave (1 − αλ)^s of the weight and let (1 − (1 − αλ)^s)²/λ of the noise
        in, so for white inputs the loss is E Σ_j [(1 − αλ_j)^2s g_j + σ²/K (1 − (1 − αλ_j)^s)²/λ_j] / n_out + σ², g the prior variance; the best single α
        is taken. (With one step, k isotropic filters and N = support·n_out residuals this is k(k + 1)/(N + k + 1).)
        Least squares is Bayes-optimal with the right ridge: E Σ_j g_j / (1 + Kλ_j/σ²) / n_out + σ², λ in the basis of the prior.
        A freely optimised U can undercut the gradient floor a little, more so where the prior is far from isotropic.
        """
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        basis = self.basis.double()
        d, n_out, _ = basis.shape
        gram = torch.einsum("doi,eoi->de", basis, basis)
        covariance = torch.eye(d, dtype=torch.float64)
        if isinstance(inner, GradientSteps):
            s, V = torch.linalg.eigh(gram)
            basis = torch.einsum("doi,de->eoi", basis, V / s.sqrt())
            covariance = s.diag()
        x = self.x(max(40_000 // d, 500), self.support, generator).double()
        features = torch.einsum("tsi,doi->tsod", x, basis).flatten(1, 2)
        eigenvalues, V = torch.linalg.eigh(features.mT @ features / self.support)
        eigenvalues = eigenvalues.clamp(min=1e-12)
        variance = self.noise**2 / self.support
        if isinstance(inner, GradientSteps):
            prior = (V.mT @ covariance @ V).diagonal(dim1=1, dim2=2)

            def error(rate: float) -> float:
                left = (1 - rate * eigenvalues) ** inner.steps
                return float((left**2 * prior + variance * (1 - left) ** 2 / eigenvalues).sum(1).mean())

            best = scipy.optimize.minimize_scalar(
                error, bounds=(0, 2 / float(eigenvalues.mean())), method="bounded"
            ).fun
        else:
            seen = (features.mT @ features / self.support).mean(0)
            best = float(
                ((V.mT @ seen @ V).diagonal(dim1=1, dim2=2) / (1 + eigenvalues / max(variance, 1e-9))).sum(1).mean()
            )
        return best / n_out + self.noise**2
