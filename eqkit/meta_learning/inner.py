"""Inner solvers: they fit v for all tasks of a batch at once, and never write to what is shared."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from eqkit.meta_learning.adapted import Adapted
from eqkit.meta_learning.episodes import Adaptable, LinearInFilter, Loss, mean_squared_error, task_losses
from eqkit.subspaces import require_integer, require_positive


class GradientSteps(nn.Module):
    """MAML's inner loop: v ← v − α ∂loss/∂v, `steps` times from the model's own v; α is learned too, from `rate`.

    order=2: the outer loop differentiates through the steps; order=1 takes their gradients as constants (first-order
    MAML, Finn, Abbeel & Levine 2017), so that what is shared learns from the query loss at the adapted v alone.
    rates="each": every entry of v has a learned α of its own (Meta-SGD, Li et al. 2017).
    """

    def __init__(
        self, steps: int = 1, rate: float = 0.1, order: Literal[1, 2] = 2, rates: Literal["one", "each"] = "one"
    ) -> None:
        super().__init__()
        require_integer("GradientSteps: the number of steps", steps)
        if order not in (1, 2) or rates not in ("one", "each"):
            raise ValueError(f'GradientSteps(order={order!r}, rates={rates!r}): order is 1 or 2, rates "one" or "each"')
        self.steps, self.order, self.rates = steps, order, rates
        self.rate = nn.Parameter(torch.tensor(float(require_positive("GradientSteps: the rate", rate))))

    def match(self, v: Tensor) -> None:
        """Give every entry of v (k,) its own rate, where rates="each" and they do not have one yet."""
        if self.rates == "each" and self.rate.ndim == 0:
            self.rate.data = self.rate.data.to(v.dtype).expand(len(v)).clone()

    def forward(self, model: Adaptable, x: Tensor, y: Tensor, loss: Loss = mean_squared_error) -> Tensor:
        second_order = self.order == 2 and torch.is_grad_enabled()
        with torch.enable_grad():
            start = model.v
            self.match(start)
            v = start.expand(len(x), -1)
            for _ in range(self.steps):
                total = task_losses(model, v, x, y, loss).sum()  # tasks do not meet: this is every task's own gradient
                (gradient,) = torch.autograd.grad(total, v, create_graph=second_order)
                v = v - self.rate * gradient
        return v


class LeastSquares(nn.Module):
    """The inner problem in closed form: v = v₀ + argmin_u ‖Φ(v₀ + u) − y‖² + ridge ‖u‖², solved in float64.

    For models linear in v (Bertinetto et al. 2019 solve a last layer so). With fewer residuals than filters the ridge
    decides.
    """

    def __init__(self, ridge: float = 1e-4) -> None:
        super().__init__()
        self.ridge = require_positive("LeastSquares: the ridge, without which a filter no example sees is open,", ridge)

    def forward(self, model: LinearInFilter, x: Tensor, y: Tensor, loss: Loss = mean_squared_error) -> Tensor:
        if loss is not mean_squared_error:
            raise ValueError("LeastSquares minimises the mean squared error; with another loss take GradientSteps")
        features = model.features(x)
        if features.shape[:3] != y.shape:
            raise ValueError(
                f"the model gives {tuple(features.shape[:3])} and the tasks {tuple(y.shape)}; make n_out equal"
            )
        features = features.flatten(1, 2)  # (tasks, examples·n_out, k)
        v = model.v
        residual = (y.flatten(1) - features @ v).unsqueeze(-1)
        gram = (features.mT @ features).double()
        gram.diagonal(dim1=1, dim2=2).add_(self.ridge)
        u = torch.linalg.solve(gram, (features.mT @ residual).double())
        return v + u.squeeze(-1).to(v.dtype)


class Prototypes(nn.Module):
    """Prototypical networks (Snell, Swersky & Zemel 2017) as a last layer in closed form; there is nothing to descend.

    With f the features before the last layer and c the mean of f over a class, logits −‖f − c‖² and 2 cᵀf − ‖c‖² have
    the same softmax: the adapted weight is 2c and the adapted bias −‖c‖². The model is `Adapted` with the last layer,
    a linear one with bias, of an nn.Sequential adapted.
    """

    def forward(self, model: Adapted, x: Tensor, y: Tensor, loss: Loss | None = None) -> Tensor:
        body, head = self._split(model)
        f = torch.func.vmap(body, randomness="different")(x)  # (tasks, examples, features)
        if (
            y.dtype != torch.int64
            or y.shape != f.shape[:2]
            or not 0 <= int(y.min()) <= int(y.max()) < head.out_features
        ):
            raise ValueError(
                f"Prototypes: labels of shape {tuple(y.shape)}, {y.dtype}; they are int64, (tasks, examples), "
                f"from 0 to {head.out_features - 1}"
            )
        members = nn.functional.one_hot(y, head.out_features).to(f)  # (tasks, examples, way)
        counts = members.sum(1)
        if (counts == 0).any():
            raise ValueError("Prototypes: a class of a task has no support example, so it has no mean")
        c = members.mT @ f / counts.unsqueeze(-1)
        return torch.cat([2 * c.flatten(1), -c.square().sum(-1)], 1)

    @staticmethod
    def _split(model: Adapted) -> tuple[nn.Module, nn.Linear]:
        module = getattr(model, "module", None)
        if isinstance(module, nn.Sequential) and isinstance(module[-1], nn.Linear):
            last = len(module) - 1
            if list(model.shapes) == [f"{last}.weight", f"{last}.bias"]:
                return module[:-1], module[-1]
        raise ValueError(
            "Prototypes: the model is Adapted(nn.Sequential(..., nn.Linear(features, way)), ...) with the last layer's "
            "weight and bias adapted, and nothing else"
        )


class OwnFilters(nn.Module):
    """No inner loop: each of a fixed list of tasks keeps a v of its own, (tasks, k), which the outer loop learns."""

    def __init__(self, v: Tensor, tasks: int) -> None:
        super().__init__()
        require_integer("OwnFilters: the number of tasks", tasks)
        self.filters = nn.Parameter(v.detach().repeat(tasks, 1))

    def forward(self, model: Adaptable, x: Tensor, y: Tensor, loss: Loss | None = None) -> Tensor:
        return self.filters
