"""Point clouds: sets of n vectors, invariant to their order and to turning them, S(n) × O(d) or S(n) × SO(d)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqkit import groups
from eqkit.deep_sets.orbits import Frame
from eqkit.deep_sets.sets import DeepSets


def gram(x: Tensor) -> Tensor:
    """What O(d) sees of each pair: (xᵢ·xᵢ, xᵢ·xⱼ, xⱼ·xⱼ), x (..., n, d) -> (..., n, n, 3).

    The set of rows, each a set of pairs, is all a network on S(n) × O(d) needs for points in general position. Deep
    Sets of Deep Sets read it: `DeepSets(DeepSets(φ, ψ), ρ)(gram(x))`. Mirror images look alike.
    """
    _refuse_no_clouds(x)
    products = x @ x.mT  # (..., n, n)
    squares = products.diagonal(dim1=-2, dim2=-1)
    return torch.stack(torch.broadcast_tensors(squares.unsqueeze(-1), products, squares.unsqueeze(-2)), -1)


def _refuse_no_clouds(x: Tensor) -> None:
    if not isinstance(x, Tensor) or x.ndim < 2:
        shape = f"of shape {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
        raise ValueError(f"x is {shape}; clouds are tensors (..., n, d), n points of d numbers")


class FramedSets(nn.Module):
    """The mean of a set network over the principal axes frames of the cloud: invariant to S(n) × SO(d), or × O(d).

    Exact, 2ᵈ⁻¹ terms for SO(d) and 2ᵈ for O(d), and told apart are all clouds whose principal moments differ; it jumps
    where two of them agree, as for a sphere or a cube. x (..., n, d) -> (..., out).
    """

    def __init__(self, sets: DeepSets, d: int = 3, reflections: bool = False) -> None:
        super().__init__()
        self.sets, self.group = sets, groups.O(d) if reflections else groups.SO(d)

    def forward(self, x: Tensor) -> Tensor:
        _refuse_no_clouds(x)
        n, d = x.shape[-2:]
        if d != self.group.n:
            raise ValueError(f"x has shape {tuple(x.shape)}; clouds for {self.group} are (..., n, {self.group.n})")
        if not torch.isfinite(x).all():
            raise ValueError(f"x of shape {tuple(x.shape)} holds NaN or infinity; clean the data first")
        views = Frame(n * self.group.vector)(x.flatten(-2))  # (..., terms, n·d)
        return self.sets(views.unflatten(-1, (n, d))).mean(-2)
