"""One task, every construction, the same budget: who is exact, what does it cost, and how well does it learn?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eqkit.deep_sets.invariant_network import CONSTRUCTIONS, InvariantNetwork, features_of
from eqkit.deep_sets.sets import mlp
from eqkit.deep_sets.training import train
from eqkit.groups import MatrixGroup
from eqkit.representations import Representation, equivariance_error, require_representation
from eqkit.subspaces import require_integer

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
    require_integer("ball: count", count, 0)
    require_integer("ball: size", size)
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
    tests: int = 2000,
    batch: int = 128,
    learning_rate: float = 3e-3,
    inputs: Callable[[int, int, torch.Generator | None], Tensor] = ball,
    seed: int = 0,
) -> Iterator[Row]:
    """Train each construction on the same examples; a `Row` of each in turn after every `every` steps, from step 0 on.

    target maps x (count, V.size) to (count,). All see the same batches and take the same steps of Adam with a cosine
    schedule; two hidden layers are as wide as `parameters` allows. A construction is a name of `CONSTRUCTIONS`, "no
    symmetry" (a plain network), or (label, features) with any features of `InvariantNetwork`, and is built when its
    first row is asked for. Stop by not asking on.
    """
    V = V.vector if isinstance(V, MatrixGroup) else V
    require_representation(V, "compare")
    for name, value, least in (
        ("steps", steps, 1),
        ("every", every, 1),
        ("batch", batch, 1),
        ("examples", examples, 2),
        ("tests", tests, 2),
    ):
        require_integer(f"compare: {name}", value, least)
    if isinstance(constructions, str):
        raise TypeError(f"compare: constructions = {constructions!r}; give a list of them, [{constructions!r}]")
    generator = torch.Generator().manual_seed(seed)
    x, x_test = (inputs(count, V.size, generator) for count in (examples, tests))
    y, y_test = (_values(target, points) for points in (x, x_test))
    variance = float(y_test.var())
    if not variance > 0:
        raise ValueError("compare: the target is constant on the test inputs, so there is nothing to learn")

    def run(name: str, features: Any) -> Iterator[Row]:
        try:
            network = sized(V, features, parameters, seed)
        except (ValueError, MemoryError) as refusal:
            yield Row(name, 0, refused=str(refusal))
            return
        model = _Rescaled(network, x, y)
        loss = _batch_loss(model, x, y, batch, torch.Generator().manual_seed(seed + 1))
        for progress in train(model, loss, steps, every, learning_rate):
            with torch.no_grad():
                error, train_error = (
                    float((model(points) - values).square().mean()) / variance
                    for points, values in ((x_test, y_test), (x, y))
                )
            yield Row(
                name,
                progress.step,
                error,
                train_error,
                progress.seconds,
                sum(parameter.numel() for parameter in model.parameters()),
                getattr(model.network, "terms", 1),
                getattr(model.network, "exact", False),
                _invariance_error(model.network, V, x_test[:16]),
            )

    runs = [run(c, c) if isinstance(c, str) else run(*c) for c in constructions]
    while runs:
        for one in runs[:]:
            if row := next(one, None):
                yield row
            else:
                runs.remove(one)


def _batch_loss(model: nn.Module, x: Tensor, y: Tensor, batch: int, generator: torch.Generator) -> Callable[[], Tensor]:
    def loss() -> Tensor:
        chosen = torch.randint(len(x), (batch,), generator=generator)
        return (model(x[chosen]) - y[chosen]).square().mean() / y.var()

    return loss


@torch.no_grad()
def _invariance_error(network: nn.Module, V: Representation, x: Tensor) -> float:
    error, _, _ = equivariance_error(network.double(), V, V.group.trivial, x.double())
    network.float()
    return error


class _Rescaled(nn.Module):
    """The network in the units of the target: mean + deviation · f(x), x (..., V.size) -> (...)."""

    def __init__(self, network: nn.Module, x: Tensor, y: Tensor) -> None:
        super().__init__()
        self.network, self.mean, self.deviation = network, float(y.mean()), float(y.std())
        if isinstance(network, InvariantNetwork):
            network.fit_scale(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean + self.deviation * self.network(x)[..., 0]


def sized(V: Representation, features: Any, parameters: int, seed: int = 0) -> nn.Module:
    """The network of two equal hidden layers with the number of parameters nearest to `parameters`, up to 10⁸."""
    require_representation(V, "sized")
    if require_integer("sized: parameters", parameters) > 10**8:
        raise ValueError(f"sized: {parameters:,} parameters are more than the 100,000,000 that can be handled")

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
