"""One task, every construction, the same budget: who is exact, what does it cost, and how well does it learn?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eqkit.deep_sets.invariant_network import CONSTRUCTIONS, InvariantNetwork, features_of
from eqkit.deep_sets.sets import mlp
from eqkit.groups import MatrixGroup
from eqkit.representations import Representation, equivariance_error

NO_SYMMETRY = "no symmetry"


class Row(NamedTuple):
    """Where one construction stands after `step` optimiser steps; `refused` says why it does not exist for V, if so.

    error: mean squared error on test inputs / variance of the target, and `train_error` the same on the examples.
    seconds: of training so far. invariance_error: the largest |f(V(g) x) − f(x)| / (1 + |f(x)|) met, in float64.
    """

    name: str
    step: int
    error: float = math.nan
    train_error: float = math.nan
    seconds: float = 0.0
    parameters: int = 0
    terms: int = 0
    exact: bool = False
    invariance_error: float = math.nan
    refused: str = ""


def ball(count: int, size: int, generator: torch.Generator | None = None) -> Tensor:
    """Uniform in the ball of radius √size, (count, size) float32: invariant to orthogonal groups, no far points."""
    x = torch.randn(count, size, generator=generator)
    radius = math.sqrt(size) * torch.rand(count, 1, generator=generator) ** (1 / size)
    return radius * x / x.norm(dim=1, keepdim=True)


def compare(
    V: Representation | MatrixGroup,
    target: Callable[[Tensor], Tensor],
    constructions: Sequence[str | tuple[str, Any]] = (NO_SYMMETRY, *CONSTRUCTIONS),
    parameters: int = 5000,
    steps: int = 1000,
    every: int = 100,
    examples: int = 1000,
    batch: int = 128,
    learning_rate: float = 3e-3,
    inputs: Callable[[int, int, torch.Generator | None], Tensor] = ball,
    seed: int = 0,
) -> Iterator[Row]:
    """Train each construction on the same examples; a `Row` of each in turn after every `every` steps, from step 0 on.

    target maps x (count, V.size) to (count,). All see the same batches and take the same steps of Adam with a cosine
    schedule; two hidden layers are as wide as `parameters` allows. A construction is a name of `CONSTRUCTIONS`, "no
    symmetry" (a plain network), or (label, features) with any features of `InvariantNetwork`. Stop by not asking on.
    """
    V = V.vector if isinstance(V, MatrixGroup) else V
    if steps < 1 or every < 1 or examples < 1 or batch < 1:
        raise ValueError(f"compare: steps={steps}, every={every}, examples={examples}, batch={batch} are integers ≥ 1")
    generator = torch.Generator().manual_seed(seed)
    x, x_test = (inputs(count, V.size, generator) for count in (examples, 2000))
    y, y_test = (_values(target, points) for points in (x, x_test))
    variance = float(y_test.var())
    if not variance > 0:
        raise ValueError("compare: the target is constant on the test inputs, so there is nothing to learn")

    runs = []
    for construction in constructions:
        name, features = (construction, construction) if isinstance(construction, str) else construction
        try:
            runs.append(_Run(name, sized(V, features, parameters, seed), x, y, steps, learning_rate, seed))
        except (ValueError, MemoryError, NotImplementedError) as error:
            yield Row(name, 0, refused=str(error))
    for step in range(0, steps + every, every):
        for run in runs:
            run.train(min(step, steps), batch)
            yield run.row(V, x_test, y_test, variance)


def sized(V: Representation, features: Any, parameters: int, seed: int = 0) -> nn.Module:
    """The network of two equal hidden layers with the number of parameters nearest to `parameters`."""

    def seeded() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    value = features_of(V, features, seeded()) if isinstance(features, str) and features != NO_SYMMETRY else features

    def network(width: int) -> nn.Module:
        if value == NO_SYMMETRY:
            return mlp(V.size, width, width, 1, generator=seeded())
        return InvariantNetwork(V, value, (width, width), generator=seeded())

    def excess(width: int) -> int:
        return sum(parameter.numel() for parameter in network(width).parameters()) - parameters

    low, high = 1, 2
    while excess(high) < 0:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return network(min(low, high, key=lambda width: abs(excess(width))))


def _values(target: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    y = target(x.double()).detach().float()
    if y.shape != (len(x),) or not torch.isfinite(y).all():
        raise ValueError(f"target maps {tuple(x.shape)} to {tuple(y.shape)}; it gives finite numbers ({len(x)},)")
    return y


class _Run:
    """One network on its way."""

    def __init__(
        self, name: str, network: nn.Module, x: Tensor, y: Tensor, steps: int, learning_rate: float, seed: int
    ) -> None:
        self.name, self.network, self.x, self.y = name, network, x, y
        if isinstance(network, InvariantNetwork):
            network.fit_scale(x)
        self.optimiser = torch.optim.Adam(network.parameters(), learning_rate)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
        self.generator = torch.Generator().manual_seed(seed + 1)
        self.step, self.seconds = 0, 0.0
        self.mean, self.deviation = y.mean(), y.std()

    def __call__(self, x: Tensor) -> Tensor:
        return self.mean + self.deviation * self.network(x)[..., 0]

    def train(self, until: int, batch: int) -> None:
        start = time.perf_counter()
        self.network.train()
        for _ in range(until - self.step):
            chosen = torch.randint(len(self.x), (batch,), generator=self.generator)
            loss = ((self(self.x[chosen]) - self.y[chosen]) / self.deviation).square().mean()
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
        self.step, self.seconds = until, self.seconds + time.perf_counter() - start

    @torch.no_grad()
    def row(self, V: Representation, x_test: Tensor, y_test: Tensor, variance: float) -> Row:
        network = self.network.eval()
        error = float((self(x_test) - y_test).square().mean()) / variance
        train_error = float((self(self.x) - self.y).square().mean()) / variance
        network.double()
        invariance = equivariance_error(network, V, V.group.trivial, x_test[:16].double())[0]
        network.float()
        return Row(
            self.name,
            self.step,
            error,
            train_error,
            self.seconds,
            sum(parameter.numel() for parameter in network.parameters()),
            getattr(network, "terms", 1),
            getattr(network, "exact", False),
            invariance,
        )
