"""Inner solvers: they fit the filters v of all tasks of a batch at once, and never write to U."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqkit.meta_learning.episodes import Adaptable, LinearInFilter, task_losses


class GradientSteps(nn.Module):
    """MAML's inner loop: v ← v − α ∂loss/∂v, `steps` times from the model's own v; α is learned too, from `rate`.

    The outer loop differentiates through the steps.
    """

    def __init__(self, steps: int = 1, rate: float = 0.1) -> None:
        super().__init__()
        if not isinstance(steps, int) or steps < 1:
            raise ValueError(f"GradientSteps({steps}): take an integer number of steps, at least one step")
        self.steps = steps
        self.rate = nn.Parameter(torch.tensor(rate))

    def forward(self, model: Adaptable, x: Tensor, y: Tensor) -> Tensor:
        second_order = torch.is_grad_enabled()
        with torch.enable_grad():
            v = model.v.expand(len(x), -1)
            for _ in range(self.steps):
                loss = task_losses(model, v, x, y).sum()  # tasks do not meet, so this is every task's own gradient
                (gradient,) = torch.autograd.grad(loss, v, create_graph=second_order)
                v = v - self.rate * gradient
        return v


class LeastSquares(nn.Module):
    """The inner problem in closed form: v = v₀ + argmin_u ‖Φ(v₀ + u) − y‖² + ridge ‖u‖², solved in float64.

    For models linear in v (Bertinetto et al. 2019 solve a last layer so). With fewer residuals than filters the ridge
    decides.
    """

    def __init__(self, ridge: float = 1e-4) -> None:
        super().__init__()
        if not ridge > 0:
            raise ValueError(
                f"LeastSquares(ridge={ridge}): the ridge must be positive, or a filter no example sees is undefined"
            )
        self.ridge = ridge

    def forward(self, model: LinearInFilter, x: Tensor, y: Tensor) -> Tensor:
        features = model.features(x)
        if features.shape[:3] != y.shape:
            raise ValueError(
                f"the model gives {tuple(features.shape[:3])} and the tasks {tuple(y.shape)}; make n_out equal"
            )
        features = features.flatten(1, 2)  # (tasks, examples·n_out, k)
        residual = (y.flatten(1) - features @ model.v).unsqueeze(-1)
        gram = (features.mT @ features).double()
        gram.diagonal(dim1=1, dim2=2).add_(self.ridge)
        u = torch.linalg.solve(gram, (features.mT @ residual).double())
        return model.v + u.squeeze(-1).to(model.v.dtype)
