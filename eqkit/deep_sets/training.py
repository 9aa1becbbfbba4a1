"""The training loop of the chapter: an iterator of progress, stopped by not asking for the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.subspaces import require_integer


class Progress(NamedTuple):
    """The mean loss of the batches since the last one, and the seconds spent on training so far."""

    step: int
    loss: float
    seconds: float


def train(
    model: nn.Module,
    loss: Callable[[], Tensor],
    steps: int = 1000,
    every: int = 100,
    learning_rate: float = 3e-3,
) -> Iterator[Progress]:
    """Adam with a cosine schedule to zero on `loss()`, the loss of a fresh batch; progress at steps 0, every, …, steps.

    Between two of them the model is in training mode; while the caller holds one it is in evaluation mode. ValueError
    when the loss is NaN or infinite.
    """
    require_integer("train: steps", steps)
    require_integer("train: every", every)
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"train: learning_rate = {learning_rate}; it is a positive number")
    optimiser = torch.optim.Adam(model.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    model.eval()
    yield Progress(0, float("nan"), 0.0)
    seconds, losses = 0.0, []
    for step in range(1, steps + 1):
        model.train()
        start = time.perf_counter()
        value = loss()
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
            raise ValueError("train: loss() gives the loss of a batch, one number that depends on the parameters")
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
        seconds += time.perf_counter() - start
        losses.append(float(value.detach()))
        if losses[-1] - losses[-1] != 0:
            raise ValueError(
                f"the loss is {losses[-1]} at step {step}; take a smaller learning rate, or clean the data"
            )
        if step % every == 0 or step == steps:
            model.eval()
            yield Progress(step, sum(losses) / len(losses), seconds)
            losses = []
