"""A smooth function through data (x, y), to be asked for its symmetries."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqkit.subspaces import as_tensor, require_integer


class Fitted(nn.Module):
    """A network that takes x as it was given, (N, n) or (N, copies, n), standardises it, and gives y in its units.

    `error` is the mean squared error on examples that were held out, divided by the variance of y: 0 is perfect, 1 no
    better than the mean.
    """

    error: float

    def __init__(self, network: nn.Module, scale: float, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.network, self.scale = network, scale
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x.flatten(1).to(self.mean.dtype) / self.scale) * self.deviation + self.mean


def fit(
    x: Tensor,
    y: Tensor,
    width: int = 32,
    depth: int = 2,
    steps: int = 1500,
    batch: int = 500,
    learning_rate: float = 1e-2,
    generator: torch.Generator | None = None,
) -> Fitted:
    """A multilayer perceptron (SiLU, `depth` hidden layers) with least squared error on x (N, …), y (N,) or (N, m).

    Adam with a cosine schedule, float32; a tenth of the examples is held out for `.error`. ValueError: unequal numbers
    of examples, fewer than 20, NaN, constant y.
    """
    x, y = as_tensor(x, "x").detach().float(), as_tensor(y, "y").detach().float()
    if x.ndim < 2 or len(x) != len(y) or len(x) < 20 or y.ndim not in (1, 2):
        raise ValueError(f"fit: x {tuple(x.shape)}, y {tuple(y.shape)}; give (N, …) and (N,) or (N, m) with N ≥ 20")
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        raise ValueError("fit: x or y holds NaN or infinity; clean the data first")
    for name, value in (("width", width), ("depth", depth), ("steps", steps), ("batch", batch)):
        require_integer(f"fit: {name}", value)
    y = y.reshape(len(y), -1)
    mean, deviation = y.mean(0), y.std(0)
    if not (deviation > 1e-6 * y.abs().amax(0)).all():
        raise ValueError("fit: an output of y is constant, and a constant has every symmetry; leave it out")
    seed = int(torch.randint(2**31, (), generator=generator))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = [x[0].numel(), *[width] * depth]
        layers = [layer for a, b in zip(sizes, sizes[1:], strict=False) for layer in (nn.Linear(a, b), nn.SiLU())]
        network = nn.Sequential(*layers, nn.Linear(sizes[-1], y.shape[1]))
    model = Fitted(network, float(x.square().mean().sqrt()) or 1.0, mean, deviation)
    inputs, targets = x.flatten(1) / model.scale, (y - mean) / deviation
    held = max(2, len(x) // 10)
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        chosen = torch.randint(len(x) - held, (min(batch, len(x) - held),), generator=generator)
        loss = (network(inputs[chosen]) - targets[chosen]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        model.error = float((network(inputs[-held:]) - targets[-held:]).square().mean())
    return model.requires_grad_(False)
