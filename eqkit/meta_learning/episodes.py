"""Batches of tasks, what the inner solvers ask of a model, and the loss of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn


class Episodes(NamedTuple):
    """A batch of tasks: x (tasks, examples, n_in), y (tasks, examples, n_out); fit on support, score on query."""

    x_support: Tensor
    y_support: Tensor
    x_query: Tensor
    y_query: Tensor

    def check(self) -> Episodes:
        """The same episodes, or a ValueError for empty tasks, unequal shapes, NaN and infinity."""
        shapes = {name: tuple(value.shape) for name, value in self._asdict().items()}
        xs, ys, xq, yq = shapes.values()
        if any(len(shape) != 3 or 0 in shape for shape in shapes.values()):
            raise ValueError(
                f"Episodes: every part needs shape (tasks, examples, size) without a zero; they have {shapes}"
            )
        if xs[:2] != ys[:2] or xq[:2] != yq[:2] or xs[::2] != xq[::2] or ys[::2] != yq[::2]:
            raise ValueError(
                "Episodes: x and y must agree in tasks and examples, support and query in tasks and size; "
                f"they have {shapes}"
            )
        for name, value in self._asdict().items():
            if not torch.isfinite(value).all():
                raise ValueError(f"Episodes: {name} holds NaN or infinity; clean the data first")
        return self


Tasks = Callable[[int, torch.Generator | None], Episodes]


class Adaptable(Protocol):
    """What the inner solvers ask of a model: filters v (tasks, k) take x (tasks, examples, n_in) to (…, n_out)."""

    v: Tensor  # (k,), where the inner solver starts

    def __call__(self, x: Tensor, v: Tensor) -> Tensor: ...

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...


class LinearInFilter(Adaptable, Protocol):
    """A model that is linear in v: model(x, v) = Φ v with Φ = model.features(x) (tasks, examples, n_out, k)."""

    def features(self, x: Tensor) -> Tensor: ...


def task_losses(model: Adaptable, v: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of each task, (tasks,), when task t uses the filter v[t]."""
    predicted = model(x, v)
    if predicted.shape != y.shape:
        raise ValueError(f"the model gives {tuple(predicted.shape)} and the tasks {tuple(y.shape)}; make n_out equal")
    return (predicted - y).square().mean((1, 2))
