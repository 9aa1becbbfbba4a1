"""How far may one turn it? Learning the range of an augmentation together with the network (Augerino's idea)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.subspaces import as_double, as_tensor, require_generator, require_integer, require_positive


class Ranges(NamedTuple):
    """After `step` steps: the half-widths of the uniform distributions (parameters,), and the loss of the labels."""

    step: int
    widths: Tensor
    loss: float


TURN = torch.tensor([[[0.0, -1.0], [1.0, 0.0]]])  # one generator, (1, 2, 2): rotations of the plane
TURN_AND_GROW = torch.cat([TURN, torch.eye(2)[None]])  # and scaling: t ↦ exp(t E)


def sectors(count: int, noise: float = 0.05, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Points of the plane near (1, 0), class 0, and near (−1, 0), class 1: x (count, 2) float32, labels (count,).

    Turning by less than a quarter turn leaves a point on its side, and scaling does for any factor: the symmetry is
    rotation by up to π/2 = 1.57 and all scalings, of which the data show nothing.
    """
    require_integer("sectors: count", count)
    require_positive("sectors: noise", noise, zero=True)
    require_generator("sectors", generator)
    labels = torch.randint(2, (count,), generator=generator)
    x = noise * torch.randn(count, 2, generator=generator)
    x[:, 0] += 1 - 2 * labels
    return x, labels


def learn_ranges(
    x: Tensor,
    labels: Tensor,
    generators: Tensor = TURN,
    weight: float = 0.1,
    largest: float = math.pi,
    start: float = 0.3,
    steps: int = 600,
    every: int = 20,
    generator: torch.Generator | None = None,
) -> Iterator[Ranges]:
    """Train a small classifier on randomly moved points, and the widths of the moves with it.

    Each example is moved by exp(Σ wᵢ εᵢ Lᵢ), εᵢ uniform in [−1, 1], Lᵢ = generators (k, n, n); the widths 0 < wᵢ <
    `largest` are parameters, for the move is a differentiable function of them (reparameterisation). The loss is cross
    entropy − weight · mean wᵢ / largest. With weight 0 nothing rewards a wide range, and since moving never helps to
    fit the labels the widths shrink; with a large weight they grow to the end, whatever the labels say. (Benton, Finzi,
    Izmailov & Wilson, Learning invariances in neural networks from training data, 2020.) ValueError: shapes, signs.
    """
    x, L = as_double(x, "x").float(), as_double(generators, "generators").float()
    labels = as_tensor(labels, "labels")
    if labels.dtype != torch.int64 or labels.numel() == 0 or int(labels.min()) < 0:
        raise ValueError(f"learn_ranges: labels are {labels.dtype}; they are int64 classes 0, 1, …, one an example")
    if x.ndim != 2 or len(L) == 0 or len(labels) != len(x) or L.ndim != 3 or L.shape[1:] != (x.shape[1], x.shape[1]):
        got = f"x {tuple(x.shape)}, labels {tuple(labels.shape)}, generators {tuple(L.shape)}"
        raise ValueError(f"learn_ranges: {got}; they are (N, n), (N,) and (k, n, n)")
    require_positive("learn_ranges: weight", weight, zero=True)
    require_positive("learn_ranges: largest", largest)
    if require_positive("learn_ranges: start", start) >= largest:
        raise ValueError(f"learn_ranges: 0 < start = {start} < largest = {largest}")
    require_integer("learn_ranges: steps", steps)
    require_integer("learn_ranges: every", every)
    require_generator("learn_ranges", generator)
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
        network = nn.Sequential(nn.Linear(x.shape[1], 32), nn.SiLU(), nn.Linear(32, int(labels.max()) + 1))
    raw = torch.full((len(L),), math.log(start / (largest - start)), requires_grad=True)
    optimiser = torch.optim.Adam([{"params": network.parameters(), "lr": 1e-2}, {"params": [raw], "lr": 3e-2}])
    fitted = math.nan
    for step in range(steps + 1):
        widths = largest * raw.sigmoid()
        if step % every == 0 or step == steps:
            yield Ranges(step, widths.detach().double(), fitted)
        chosen = torch.randint(len(x), (256,), generator=generator)
        t = 2 * torch.rand(256, len(L), generator=generator) - 1
        g = torch.matrix_exp(torch.einsum("bk,kij->bij", t * widths, L))
        loss = nn.functional.cross_entropy(network((g @ x[chosen, :, None])[..., 0]), labels[chosen])
        optimiser.zero_grad()
        (loss - weight * widths.mean() / largest).backward()
        optimiser.step()
        fitted = float(loss.detach())
