"""Meta-learning: many small tasks share U; an inner solver fits v to each task, an outer loop improves what is shared.

MAML (Finn, Abbeel & Levine 2017) with the filter v as the only adapted parameter, which is MSR (Zhou, Knowles & Finn
2020). The outer loop is an iterator of snapshots: a script, a test, a live widget and a scrubber consume the same one,
and stopping is not asking for the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
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


class Snapshot(NamedTuple):
    """What was shared after `step` outer steps, as detached clones by name, and its loss on the fresh batch met there.

    `floor` is the loss of the ideal U if the caller of meta_learn knew it, else NaN.
    """

    step: int
    loss: float
    floor: float
    parameters: dict[str, Tensor]

    @property
    def U(self) -> Tensor:
        """The symmetry matrix (out·in, k) at this step, of a layer that learns one."""
        return self.parameters["U"]


class MetaLearning(Iterator[Snapshot]):
    """The outer loop as an iterator; see `meta_learn`. Its state outlives an interrupt: ask again and it goes on.

    Attributes: step (outer steps done), snapshots (all so far), model, inner.
    """

    def __init__(
        self,
        model: Adaptable,
        tasks: Tasks,
        inner: nn.Module,
        steps: int,
        batch: int,
        learning_rate: float,
        cosine_decay: bool,
        floor: float,
        snapshots: int,
        generator: torch.Generator | None,
    ) -> None:
        if steps < 1 or batch < 1 or snapshots < 2:
            raise ValueError(
                f"meta_learn: steps = {steps} and batch = {batch} must be positive, snapshots = {snapshots} two or more"
            )
        self.model, self.tasks, self.inner = model, tasks, inner
        self.steps, self.batch, self.floor = steps, batch, floor
        self.learning_rate, self.cosine_decay = learning_rate, cosine_decay
        self.generator = torch.Generator().manual_seed(0) if generator is None else generator
        self.parameters = dict(model.named_parameters()) | dict(inner.named_parameters())
        self.optimizer = torch.optim.Adam(self.parameters.values(), lr=learning_rate)
        self.kept = set(torch.linspace(0, steps, min(snapshots, 500, steps + 1)).round().int().tolist())
        self.step, self.snapshots = 0, list[Snapshot]()

    def __next__(self) -> Snapshot:
        while self.step <= self.steps:
            snapshot = self._outer_step()
            self.step += 1
            if snapshot.step in self.kept:
                self.snapshots.append(snapshot)
                return snapshot
        raise StopIteration

    def _outer_step(self) -> Snapshot:
        """Score the shared parameters on a fresh batch of tasks, then improve them; the last step only scores."""
        episodes = self.tasks(self.batch, self.generator).check()
        v = self.inner(self.model, episodes.x_support, episodes.y_support)
        loss = task_losses(self.model, v, episodes.x_query, episodes.y_query).mean()
        if not torch.isfinite(loss):
            raise ArithmeticError(
                f"the loss is {loss.item()} at step {self.step}; use a smaller learning rate or fewer inner steps "
                "(the snapshots so far are kept)"
            )
        kept = self.parameters if self.step in self.kept else {}
        parameters = {name: value.detach().clone() for name, value in kept.items()}
        snapshot = Snapshot(self.step, loss.item(), self.floor, parameters)
        if self.step < self.steps:
            if self.cosine_decay:
                self.optimizer.param_groups[0]["lr"] = (
                    self.learning_rate * (1 + math.cos(math.pi * self.step / self.steps)) / 2
                )
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return snapshot

    def save(self, path: str | Path) -> None:
        """Snapshots and all that is needed to go on, as npz; `load_run` reads the snapshots, `resume` goes on."""
        state = {"step": np.array(self.step), "generator": self.generator.get_state().numpy()}
        for name, value in self.parameters.items():
            state[f"now/{name}"] = value.detach().numpy()
            for moment, average in self.optimizer.state[value].items():
                state[f"{moment}/{name}"] = average.numpy()
        save_run(path, self.snapshots, **{f"state/{key}": value for key, value in state.items()})

    def resume(self, path: str | Path) -> None:
        """Go on from a saved run; this loop must have been made by the same call of `meta_learn`."""
        with np.load(path) as file:
            state = {key.removeprefix("state/"): file[key] for key in file if key.startswith("state/")}
        shapes = {name: tuple(value.shape) for name, value in self.parameters.items()}
        saved = {key.removeprefix("now/"): value.shape for key, value in state.items() if key.startswith("now/")}
        if shapes != saved:
            raise ValueError(
                f"resume: the file holds parameters {saved}, this loop {shapes}; build the loop as it was built then"
            )
        for name, value in self.parameters.items():
            value.data.copy_(torch.from_numpy(state[f"now/{name}"]))
            moments = ("step", "exp_avg", "exp_avg_sq")
            self.optimizer.state[value] = {
                moment: torch.from_numpy(state[f"{moment}/{name}"]) for moment in moments if f"{moment}/{name}" in state
            }
        self.generator.set_state(torch.from_numpy(state["generator"]))
        self.step, self.snapshots = int(state["step"]), load_run(path)


def meta_learn(
    model: Adaptable,
    tasks: Tasks,
    inner: nn.Module,
    *,
    steps: int = 1000,
    batch: int = 32,
    learning_rate: float = 1e-3,
    cosine_decay: bool = False,
    floor: float = math.nan,
    snapshots: int = 500,
    generator: torch.Generator | None = None,
) -> MetaLearning:
    """Learn what tasks share: minimise over U, v₀ and α the query loss after the inner solver fitted each v.

    tasks(count, generator) -> Episodes; `inner` is GradientSteps(k) or LeastSquares(ridge), fits all tasks of a batch
    at once and never writes to U. Adam with the given learning rate, constant or decayed by a cosine to zero. Yields
    snapshots, `snapshots` ≤ 500 of them spread evenly over the steps 0 … `steps`, both ends included.
    """
    return MetaLearning(model, tasks, inner, steps, batch, learning_rate, cosine_decay, floor, snapshots, generator)


@torch.no_grad()
def evaluate(
    model: Adaptable, tasks: Tasks, inner: nn.Module, count: int, generator: torch.Generator, batch: int = 500
) -> Tensor:
    """Query losses (count,) of new tasks, each fitted by the inner solver; their mean is the meta-test loss."""
    if count < 1:
        raise ValueError(f"evaluate: count = {count}; a mean loss needs at least one task")
    losses = []
    for start in range(0, count, batch):
        episodes = tasks(min(batch, count - start), generator).check()
        v = inner(model, episodes.x_support, episodes.y_support)
        losses.append(task_losses(model, v, episodes.x_query, episodes.y_query))
    return torch.cat(losses)


def save_run(path: str | Path, snapshots: list[Snapshot], **more: Any) -> None:
    """Snapshots as npz: step, loss, floor and every parameter, stacked; `more` arrays go into the same file."""
    if not snapshots:
        raise ValueError("save_run: there is no snapshot yet; take at least one step")
    arrays: dict[str, Any] = {name: [getattr(s, name) for s in snapshots] for name in ("step", "loss", "floor")}
    for name in snapshots[0].parameters:
        arrays[f"parameters/{name}"] = torch.stack([s.parameters[name] for s in snapshots]).numpy()
    np.savez_compressed(path, **arrays, **more)


def load_run(path: str | Path) -> list[Snapshot]:
    """The snapshots of a recorded run."""
    with np.load(path) as file:
        parameters = {
            key.removeprefix("parameters/"): torch.from_numpy(file[key])
            for key in file
            if key.startswith("parameters/")
        }
        columns = zip(file["step"].tolist(), file["loss"].tolist(), file["floor"].tolist(), strict=True)
        return [
            Snapshot(*column, {name: values[i] for name, values in parameters.items()})
            for i, column in enumerate(columns)
        ]
