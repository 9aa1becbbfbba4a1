"""The outer loop: an iterator of snapshots that improves what is shared, and the meta-test loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eqkit import subspaces
from eqkit.meta_learning.episodes import Adaptable, Episodes, Loss, Tasks, mean_squared_error, task_losses
from eqkit.meta_learning.inner import GradientSteps, OwnFilters
from eqkit.meta_learning.runs import Snapshot, load_run, open_run, save_run


class MetaLearning(Iterator[Snapshot]):
    """Learn what tasks share: minimise over U, v₀ and α the query loss after the inner solver fitted each v.

    tasks(count, generator) -> Episodes; `inner` is GradientSteps(k), LeastSquares(ridge) or Prototypes(), fits all
    tasks of a batch at once and never writes to U; `loss`, of both loops, is mean_squared_error, cross_entropy or a
    function of your own. Adam with the given learning rate, constant or decayed by a cosine to zero. Yields snapshots,
    `snapshots` ≤ 500 of them spread evenly over the steps 0 … `steps`, both ends included. The state outlives an
    interrupt: ask again and it goes on. Attributes: losses (one a step), snapshots (all so far), model, inner.
    """

    def __init__(
        self,
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
        loss: Loss = mean_squared_error,
    ) -> None:
        for name, value, least in (("steps", steps, 1), ("batch", batch, 1), ("snapshots", snapshots, 2)):
            subspaces.require_integer(f"meta_learn: {name}", value, least)
        subspaces.require_positive("meta_learn: learning_rate", learning_rate)
        _check(model, tasks, inner)
        if isinstance(inner, GradientSteps):
            inner.match(model.v)
        self.model, self.tasks, self.inner, self.loss = model, tasks, inner, loss
        self.steps, self.batch, self.floor = steps, batch, floor
        self.learning_rate, self.cosine_decay = learning_rate, cosine_decay
        self.generator = subspaces.require_generator("meta_learn", generator) or torch.Generator().manual_seed(0)
        self.parameters = dict(model.named_parameters()) | dict(inner.named_parameters())
        self.optimizer = torch.optim.Adam(self.parameters.values(), lr=learning_rate)
        self.kept = set(torch.linspace(0, steps, min(snapshots, 500, steps + 1)).round().int().tolist())
        numbers = sum(value.numel() * value.element_size() for value in self.parameters.values())
        subspaces.require_memory(
            float(numbers * len(self.kept)), f"meta_learn: {len(self.kept)} snapshots of the model"
        )
        self.losses, self.snapshots = list[float](), list[Snapshot]()

    @property
    def step(self) -> int:
        """Outer steps done."""
        return len(self.losses)

    def __next__(self) -> Snapshot:
        while self.step <= self.steps:
            snapshot = self._outer_step()
            self.losses.append(snapshot.loss)
            if snapshot.step in self.kept:
                self.snapshots.append(snapshot)
                return snapshot
        raise StopIteration

    def _outer_step(self) -> Snapshot:
        """Score the shared parameters on a fresh batch of tasks, then improve them; the last step only scores."""
        episodes = _draw(self.tasks, self.batch, self.generator)
        v = self.inner(self.model, episodes.x_support, episodes.y_support, self.loss)
        loss = task_losses(self.model, v, episodes.x_query, episodes.y_query, self.loss).mean()
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
        state = {"losses": np.array(self.losses), "generator": self.generator.get_state().numpy()}
        for name, value in self.parameters.items():
            state[f"now/{name}"] = value.detach().numpy()
            for moment, average in self.optimizer.state[value].items():
                state[f"{moment}/{name}"] = average.numpy()
        save_run(path, self.snapshots, **{f"state/{key}": value for key, value in state.items()})

    def resume(self, path: str | Path) -> None:
        """Go on from a saved run; this loop must have been made by the same call of `meta_learn`."""
        with open_run(path) as file:
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
        self.losses, self.snapshots = state["losses"].tolist(), load_run(path)


meta_learn = MetaLearning  # as map and zip are: the class of its iterators


def _check(model: Adaptable, tasks: Tasks, inner: nn.Module) -> None:
    """TypeError for what is no model, no tasks or no inner solver."""
    if not isinstance(getattr(model, "v", None), Tensor):
        raise TypeError(f"a {type(model).__name__} has no v to adapt; take a ReparameterizedLinear or Adapted(module)")
    if not callable(tasks) or isinstance(tasks, type):
        raise TypeError(f"tasks is a {type(tasks).__name__}; it is a function tasks(count, generator) -> Episodes")
    if not isinstance(inner, nn.Module):
        raise TypeError(f"inner is {inner!r}; give an inner solver, such as GradientSteps(1) or LeastSquares()")


def _draw(tasks: Tasks, count: int, generator: torch.Generator | None) -> Episodes:
    episodes = tasks(count, generator)
    if not isinstance(episodes, Episodes):
        raise TypeError(f"tasks gave a {type(episodes).__name__}; it returns Episodes(x, y, x_query, y_query)")
    return episodes.check()


def multitask(model: Adaptable, episodes: Episodes, **options: Any) -> MetaLearning:
    """Multi-task symmetry reparameterization (MTSR, Zhou, Knowles & Finn 2020): no inner loop, no support and query.

    The shared parameters and one v for each of the given tasks are learned together on all of their examples. The
    options are those of `meta_learn`; `run.inner.filters` (tasks, k) are the learned v.
    """
    if not isinstance(episodes, Episodes):
        raise TypeError(
            f"multitask takes fixed Episodes, such as tasks(50, generator), not a {type(episodes).__name__}"
        )
    if "batch" in options:
        raise TypeError("multitask takes all of the given tasks in every step; leave batch out, or give fewer Episodes")
    s = episodes.check()
    x, y = torch.cat([s.x_support, s.x_query], 1), torch.cat([s.y_support, s.y_query], 1)
    everything, count = Episodes(x, y, x, y), len(x)
    return meta_learn(model, lambda _, generator: everything, OwnFilters(model.v, count), batch=count, **options)


@torch.no_grad()
def evaluate(
    model: Adaptable,
    tasks: Tasks,
    inner: nn.Module,
    count: int,
    generator: torch.Generator,
    batch: int = 500,
    loss: Loss = mean_squared_error,
    score: Loss | None = None,
) -> Tensor:
    """Query losses (count,) of new tasks, each fitted by the inner solver; their mean is the meta-test loss.

    score: what is measured on the query instead of the loss that the inner solver minimises, such as `accuracy`.
    """
    subspaces.require_integer("evaluate: count", count)
    subspaces.require_integer("evaluate: batch", batch)
    subspaces.require_generator("evaluate", generator)
    _check(model, tasks, inner)
    losses = []
    for start in range(0, count, batch):
        episodes = _draw(tasks, min(batch, count - start), generator)
        v = inner(model, episodes.x_support, episodes.y_support, loss)
        losses.append(task_losses(model, v, episodes.x_query, episodes.y_query, score or loss))
    return torch.cat(losses)
