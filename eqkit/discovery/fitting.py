"""A smooth function through data (x, y), to be asked for its symmetries."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eqkit import deep_sets
from eqkit.subspaces import as_tensor, require_integer, require_positive


class Fitted(nn.Module):
    """A network that takes x as it was given, (N, n) or (N, copies, n), standardises it, and gives y in its units.

    `error` is the mean squared error on examples that were held out, divided by the variance of y: 0 is perfect, 1 no
    better than the mean.
    """

    error: float
    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, scale: float, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.network, self.scale = network, scale
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def forward(self, x: Tensor) -> Tensor:
        x = as_tensor(x, "x")
        return self.network(x.flatten(1).to(self.mean.dtype) / self.scale) * self.deviation + self.mean


def fit(
    x: Tensor,
    y: Tensor,
    width: int = 32,
    depth: int = 2,
    steps: int = 3000,
    batch: int = 1000,
    learning_rate: float = 1e-2,
    generator: torch.Generator | None = None,
) -> Fitted:
    """A multilayer perceptron (SiLU, `depth` hidden layers) with least squared error on x (N, …), y (N,) or (N, m).

    Adam with a cosine schedule, float32; a tenth of the examples is held out for `.error`. ValueError: unequal numbers
    of examples, fewer than 20, NaN, constant y.
    """
    x, y = _checked(x, y, torch.float32)
    for name, value in (("width", width), ("depth", depth), ("steps", steps), ("batch", batch)):
        require_integer(f"fit: {name}", value)
    require_positive("fit: learning_rate", learning_rate)
    mean, deviation = y.mean(0), y.std(0)
    seed = int(torch.randint(2**31, (), generator=generator))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = [x[0].numel(), *[width] * depth]
        layers = [layer for a, b in zip(sizes, sizes[1:], strict=False) for layer in (nn.Linear(a, b), nn.SiLU())]
        network = nn.Sequential(*layers, nn.Linear(sizes[-1], y.shape[1]))
    model = Fitted(network, float(x.square().mean().sqrt()) or 1.0, mean, deviation)
    inputs, targets = x.flatten(1) / model.scale, (y - mean) / deviation
    held = max(2, len(x) // 10)

    def loss() -> Tensor:
        chosen = torch.randint(len(x) - held, (min(batch, len(x) - held),), generator=generator)
        return (network(inputs[chosen]) - targets[chosen]).square().mean()

    *_, _ = deep_sets.train(network, loss, steps, steps, learning_rate)
    with torch.no_grad():
        model.error = float((network(inputs[-held:]) - targets[-held:]).square().mean())
    return model.requires_grad_(False)


class Monomials(nn.Module):
    """All monomials of degree 1 … d in the numbers of one example: x (N, …) -> (N, count), each x_i x_j … once."""

    def __init__(self, size: int, degree: int) -> None:
        super().__init__()
        every = torch.arange(size)
        self.chosen = [torch.combinations(every, k, with_replacement=True) for k in range(1, degree + 1)]

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.cat([flat[:, index].prod(-1) for index in self.chosen], 1)


def fit_polynomial(x: Tensor, y: Tensor, largest: int = 4) -> Fitted:
    """The polynomial of least squared error, of the degree ≤ `largest` that does best on examples left out; float64.

    Where the data come from a polynomial this is far more exact than a network: its coefficients err by noise / √N.
    `.error` leaves out each example in turn, which for least squares takes one fit: its residual / (1 − leverage).
    Degrees with more than N / 4 monomials are not tried. ValueError as in `fit`.
    """
    x, y = _checked(x, y, torch.float64)
    mean, deviation = y.mean(0), y.std(0)
    scale = float(x.square().mean().sqrt()) or 1.0
    best: Fitted | None = None
    for degree in range(1, require_integer("fit_polynomial: largest", largest) + 1):
        if math.comb(x[0].numel() + degree, degree) > len(x) / 4:
            break
        features, targets = Monomials(x[0].numel(), degree), (y - mean) / deviation
        values = features(x / scale)
        design = torch.cat([values, torch.ones_like(values[:, :1])], 1)
        Q, R = torch.linalg.qr(design)
        if R.diagonal().abs().min() < 1e-10 * R.diagonal().abs().max():
            break  # the examples satisfy an equation of this degree, which leaves the polynomial open
        rest, leverage = targets - Q @ (Q.T @ targets), Q.square().sum(1)
        error = float((rest / (1 - leverage)[:, None]).square().mean())
        solution = torch.linalg.solve_triangular(R, Q.T @ targets, upper=True)
        if best is None or error < 0.98 * best.error:
            linear = nn.Linear(design.shape[1] - 1, y.shape[1], dtype=torch.float64)
            linear.weight.data, linear.bias.data = solution[:-1].T.contiguous(), solution[-1].contiguous()
            best = Fitted(nn.Sequential(features, linear), scale, mean, deviation)
            best.error = error
    if best is None:
        raise ValueError(f"fit_polynomial: {len(x)} examples do not even determine a linear function; take more")
    return best.requires_grad_(False)


def _checked(x: Tensor, y: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """x (N, …) and y (N, m), finite, no output constant."""
    x, y = (as_tensor(t, name).detach() for t, name in ((x, "x"), (y, "y")))
    if x.is_complex() or y.is_complex():
        raise TypeError("fit: x or y is complex; give real and imaginary parts")
    x, y = x.to(dtype), y.to(dtype)
    if x.ndim < 2 or y.ndim == 0 or 0 in x.shape or len(x) != len(y) or len(x) < 20 or y.ndim not in (1, 2):
        raise ValueError(f"fit: x {tuple(x.shape)}, y {tuple(y.shape)}; give (N, …) and (N,) or (N, m) with N ≥ 20")
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        raise ValueError("fit: x or y holds NaN or infinity; clean the data first")
    y = y.reshape(len(y), -1)
    if not (y.std(0) > 1e-6 * y.abs().amax(0)).all():
        raise ValueError("fit: an output of y is constant, and a constant has every symmetry; leave it out")
    return x, y
