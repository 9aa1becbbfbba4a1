"""Honest limits: where a framed network jumps, and why nothing averages over SL(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit.subspaces import as_double, require_integer


class Jump(NamedTuple):
    """A function changes by `size` within `width` of x(t); where it is continuous, size is of the order of width."""

    t: float
    size: float
    width: float


def largest_jump(f: Callable[[Tensor], Tensor], start: Tensor, stop: Tensor, count: int = 1000) -> Jump:
    """Where f jumps most on the segment x(t) = (1 − t) start + t stop, found by bisection to 1e-12 in t.

    start, stop (size,) float64; f maps (count, size) to (count, ...). Of the steps between `count` points the largest
    is halved again and again, always into the half that changes more.
    """
    start, stop = as_double(start, "start"), as_double(stop, "stop")
    require_integer("largest_jump: count", count, 2)
    if start.ndim != 1 or start.shape != stop.shape:
        raise ValueError(f"start {tuple(start.shape)} and stop {tuple(stop.shape)} are points, (size,) both")

    @torch.no_grad()
    def at(t: Tensor) -> Tensor:
        y = f(start + t[:, None] * (stop - start))
        if y.shape[:1] != t.shape or not torch.isfinite(y).all():
            raise ValueError(
                f"f maps {(len(t), len(start))} to {tuple(y.shape)}; it gives finite numbers ({len(t)}, ...)"
            )
        return y.reshape(len(t), -1)

    t = torch.linspace(0, 1, count, dtype=torch.float64)
    steps = at(t).diff(dim=0).norm(dim=1)
    i = int(steps.argmax())
    low, high = float(t[i]), float(t[i + 1])
    while high - low > 1e-12:
        three = torch.tensor([low, (low + high) / 2, high], dtype=torch.float64)
        first, second = at(three).diff(dim=0).norm(dim=1)
        low, high = (low, float(three[1])) if first > second else (float(three[1]), high)
    pair = at(torch.tensor([low, high], dtype=torch.float64))
    return Jump(low, float((pair[1] - pair[0]).norm()), high - low)


def truncated_means(
    f: Callable[[Tensor], Tensor], x: Tensor, radii: Tensor, count: int = 4000, generator: torch.Generator | None = None
) -> Tensor:
    """Means of f(g x) over the parts {g in SL(2) : log of the largest singular value ≤ r}, for each radius r: (radii,).

    g = k₁ diag(eˢ, e⁻ˢ) k₂ with turns k₁, k₂ and Haar density sinh 2s on 0 ≤ s ≤ r. The volume (cosh 2r − 1)/2 is
    infinite as r → ∞, so there is no uniform probability on SL(2); for f = |x|² the means are |x|² (cosh 2r + 1)/2 and
    grow without bound. x (2,); f maps (count, 2) to (count,).
    """
    x, radii = as_double(x, "x"), as_double(radii, "radii")
    require_integer("truncated_means: count", count)
    if x.shape != (2,) or radii.ndim != 1 or not (radii > 0).all():
        raise ValueError(
            f"x {tuple(x.shape)} is a point of the plane, (2,), and radii {tuple(radii.shape)} are positive"
        )
    angle = 2 * torch.pi * torch.rand(2, count, dtype=torch.float64, generator=generator)
    u = (torch.arange(count, dtype=torch.float64) + torch.rand(count, dtype=torch.float64, generator=generator)) / count
    first, second = (
        torch.stack([torch.stack([a.cos(), -a.sin()], -1), torch.stack([a.sin(), a.cos()], -1)], -2) for a in angle
    )
    means = []
    for r in radii:
        s = 0.5 * torch.arccosh(1 + u * (torch.cosh(2 * r) - 1))  # the inverse of the distribution function
        scaled = torch.stack([s.exp(), (-s).exp()], -1) * (second @ x)
        means.append(f((first @ scaled.unsqueeze(-1)).squeeze(-1)).mean())
    return torch.stack(means)
