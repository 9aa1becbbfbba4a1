"""Learning a matrix of a group from pairs (x, y): many runs side by side, as an iterator of snapshots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.subspaces import require_integer
from eqkit.unitary.maps import polar
from eqkit.unitary.modules import GroupMatrix

Pairs = Callable[[torch.Generator | None], tuple[Tensor, Tensor]]


class ProjectedMatrix(nn.Module):
    """A free complex matrix that `project_` takes back to the nearest unitary one after each step: x -> M x.

    The projection of Hyland & Rätsch (2017). real_part_only: the gradient is what the differences under real changes
    of the entries are, which lacks its imaginary part; that is how the published one was taken, and why it failed.
    """

    def __init__(self, start: Tensor, real_part_only: bool = False) -> None:
        super().__init__()
        start = polar(start)
        self.matrix = nn.Parameter(start.to(torch.promote_types(start.dtype, torch.complex64)))
        if real_part_only:
            self.matrix.register_hook(lambda gradient: torch.complex(gradient.real, torch.zeros_like(gradient.real)))

    def forward(self, x: Tensor) -> Tensor:
        """x (…, examples, n) -> M x."""
        return x @ self.matrix.mT

    @torch.no_grad()
    def project_(self) -> None:
        """M ← polar(M)."""
        self.matrix.copy_(polar(self.matrix))


class Snapshot(NamedTuple):
    """After `step` steps: the loss of each run (…,) on the fresh batch met there, and the matrices M (…, n, n)."""

    step: int
    loss: Tensor
    M: Tensor


def losses(layer: GroupMatrix | ProjectedMatrix, x: Tensor, y: Tensor) -> Tensor:
    """mean ‖M x − y‖² over the examples of each run: x, y (…, examples, n) -> (…)."""
    predicted = layer(x)
    if predicted.shape != y.shape:
        raise ValueError(
            f"the layer gives {tuple(predicted.shape)} and the task {tuple(y.shape)}; "
            "give the layer the task's n, and copies=U.shape[:-2]"
        )
    return (predicted - y).abs().square().sum(-1).mean(-1)


def learn(
    layer: GroupMatrix | ProjectedMatrix,
    pairs: Pairs,
    *,
    steps: int = 1000,
    learning_rate: float = 0.1,
    rebase: int = 0,
    optimizer: type[torch.optim.Optimizer] = torch.optim.Adam,
    snapshots: int = 500,
    generator: torch.Generator | None = None,
) -> Iterator[Snapshot]:
    """Minimise the loss on fresh pairs (x, y), each (*layer.copies, examples, n); the rate falls by a cosine to zero.

    rebase: after every so many steps the layer's coordinates are centred anew (0: never). Yields `snapshots` ≤ 500 of
    them spread evenly over the steps 0 … `steps`, both ends included. ArithmeticError when a loss is NaN or infinite.
    """
    if not isinstance(layer, GroupMatrix | ProjectedMatrix):
        raise TypeError(f"learn: {layer!r} is no layer of this module; give one, such as unitary.UnitaryMatrix(8)")
    for name, value, least in (("steps", steps, 1), ("snapshots", snapshots, 2), ("rebase", rebase, 0)):
        require_integer(f"learn: {name}", value, least)
    if not learning_rate > 0:
        raise ValueError(f"learn: learning_rate = {learning_rate} must be positive")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    kept = set(torch.linspace(0, steps, min(snapshots, 500, steps + 1)).round().int().tolist())
    descent = optimizer(layer.parameters(), lr=learning_rate)  # type: ignore[call-arg]
    for step in range(steps + 1):
        loss = losses(layer, *pairs(generator))
        if not torch.isfinite(loss).all():
            raise ArithmeticError(f"a loss is not finite at step {step}; use a smaller learning rate")
        if step in kept:
            yield Snapshot(step, loss.detach().clone(), layer.matrix.detach().clone())
        if step < steps:
            descent.param_groups[0]["lr"] = learning_rate * (1 + math.cos(math.pi * step / steps)) / 2
            descent.zero_grad()
            loss.sum().backward()
            descent.step()
            if isinstance(layer, ProjectedMatrix):
                layer.project_()
            elif rebase and (step + 1) % rebase == 0:
                layer.rebase_()
