"""Batches of tasks, what the inner solvers ask of a model, and the losses of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from eqkit.subspaces import as_tensor


class Episodes(NamedTuple):
    """A batch of tasks: fit on support, score on query.

    x (tasks, examples, *any), one example a vector, an image or whatever the model takes; y (tasks, examples, *any), or
    int64 labels (tasks, examples) counted from 0.
    """

    x_support: Tensor
    y_support: Tensor
    x_query: Tensor
    y_query: Tensor

    @classmethod
    def split(cls, x: Tensor, y: Tensor, support: int) -> Episodes:
        """The first `support` examples of each task to fit on, the others to score on."""
        return cls(x[:, :support], y[:, :support], x[:, support:], y[:, support:])

    def check(self) -> Episodes:
        """The same episodes, or an error for empty tasks, unequal shapes, NaN and infinity."""
        for name, value in self._asdict().items():
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"Episodes: {name} is a {type(value).__name__}; stack the tasks into one tensor (tasks, examples, "
                    "size), for which all tasks of a batch have equal shapes"
                )
        shapes = {name: tuple(value.shape) for name, value in self._asdict().items()}
        xs, ys, xq, yq = shapes.values()
        least = {name: 2 if name[0] == "y" and not getattr(self, name).is_floating_point() else 3 for name in shapes}
        if any(len(shape) < least[name] or 0 in shape for name, shape in shapes.items()):
            raise ValueError(
                "Episodes: every part needs shape (tasks, examples, size) without a zero, integer labels (tasks, "
                f"examples); they have {shapes}"
            )
        if xs[:2] != ys[:2] or xq[:2] != yq[:2] or (xs[0], *xs[2:]) != (xq[0], *xq[2:]) or ys[2:] != yq[2:]:
            raise ValueError(
                "Episodes: x and y must agree in tasks and examples, support and query in tasks and size; "
                f"they have {shapes}"
            )
        for name, value in self._asdict().items():
            if not torch.isfinite(value).all():
                raise ValueError(f"Episodes: {name} holds NaN or infinity; clean the data first")
        return self


Tasks = Callable[[int, torch.Generator | None], Episodes]
Loss = Callable[[Tensor, Tensor], Tensor]  # predictions and truth (tasks, examples, ...) -> (tasks,)


class Adaptable(Protocol):
    """What the inner solvers ask of a model: v (tasks, k), one a task, takes x (tasks, examples, *any) to (…, n_out).

    `ReparameterizedLinear` is one, and `Adapted` makes one of any module.
    """

    @property
    def v(self) -> Tensor:  # (k,), where the inner solver starts
        ...

    def __call__(self, x: Tensor, v: Tensor) -> Tensor: ...

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...


class LinearInFilter(Adaptable, Protocol):
    """A model that is linear in v: model(x, v) = Φ v with Φ = model.features(x) (tasks, examples, n_out, k)."""

    def features(self, x: Tensor) -> Tensor: ...


def mean_squared_error(predicted: Tensor, y: Tensor) -> Tensor:
    """Mean over examples and outputs of (predicted − y)²: two tensors (tasks, examples, *any) -> (tasks,)."""
    predicted, y = as_tensor(predicted, "predicted"), as_tensor(y, "y")
    if predicted.shape != y.shape:
        raise ValueError(
            f"the model gives {tuple(predicted.shape)} and the tasks {tuple(y.shape)}; make n_out equal"
            + ("" if y.is_floating_point() else ", or score integer labels with loss=cross_entropy")
        )
    return (predicted - y).square().mean(tuple(range(1, y.ndim)))


def cross_entropy(predicted: Tensor, labels: Tensor) -> Tensor:
    """Mean over examples of −log softmax(predicted)[label]: (tasks, examples, way), (tasks, examples) -> (tasks,)."""
    _check_labels(predicted, labels)
    return -predicted.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).mean((1, 2))


def accuracy(predicted: Tensor, labels: Tensor) -> Tensor:
    """Share of examples whose largest output is that of their label: the shapes of `cross_entropy`."""
    _check_labels(predicted, labels)
    return (predicted.argmax(-1) == labels).to(predicted.dtype).mean(1)


def _check_labels(predicted: Tensor, labels: Tensor) -> None:
    if labels.dtype != torch.int64 or predicted.shape[:-1] != labels.shape:
        raise ValueError(
            f"the model gives {tuple(predicted.shape)} and the labels are {tuple(labels.shape)}, {labels.dtype}; "
            "outputs (tasks, examples, way) go with int64 labels (tasks, examples)"
        )
    if labels.numel() == 0:
        raise ValueError(f"there are no labels, {tuple(labels.shape)}; give one example or more")
    if not (0 <= int(labels.min()) and int(labels.max()) < predicted.shape[-1]):
        raise ValueError(
            f"labels run from {int(labels.min())} to {int(labels.max())}, and the model has {predicted.shape[-1]} "
            "outputs; number the classes of a task 0, 1, ..., way − 1"
        )


def task_losses(model: Adaptable, v: Tensor, x: Tensor, y: Tensor, loss: Loss = mean_squared_error) -> Tensor:
    """The loss of each task, (tasks,), when task t uses v[t]."""
    if not callable(loss):
        raise TypeError(f"loss is {loss!r}; give mean_squared_error, cross_entropy or a function of your own")
    losses = loss(model(x, v), y)
    if losses.shape != v.shape[:1]:
        raise ValueError(
            f"the loss gives shape {tuple(losses.shape)} for {len(v)} tasks; it takes predictions and truth (tasks, "
            "examples, ...) and gives one number a task, (tasks,), as cross_entropy does"
        )
    return losses
