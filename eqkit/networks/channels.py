"""Channels: a direct sum V = ⊕ mᵢ·Vᵢ seen as a few kinds of blocks, each many times over.

An equivariant layer between direct sums is a matrix of small blocks Hom(Vᵢ, Wⱼ), so nothing large is ever solved.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.equivariant_maps import Hom
from eqkit.representations import Representation
from eqkit.representations.algebra import Sum

COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


@dataclass(frozen=True, eq=False)
class Kind:
    """One summand A of a representation and how often it occurs."""

    part: Representation
    count: int
    coordinates: Tensor  # (count, A.size) int64: which coordinates of V the copies have
    run: slice | None  # the same as a slice, where the copies stand next to each other


def parts(V: Representation) -> tuple[Representation, ...]:
    """The summands of V as it is written, in order: V = V₁ ⊕ V₂ ⊕ …"""
    return V.parts if isinstance(V, Sum) else (V,)


@functools.cache
def kinds(V: Representation) -> tuple[Kind, ...]:
    """The different summands of V, in order of first appearance, each with all of its copies."""
    starts: dict[Representation, list[int]] = {}
    position = 0
    for part in parts(V):
        starts.setdefault(part, []).append(position)
        position += part.size
    found = []
    for part, begin in starts.items():
        coordinates = torch.tensor(begin)[:, None] + torch.arange(part.size)
        adjacent = begin == list(range(begin[0], begin[0] + len(begin) * part.size, part.size))
        run = slice(begin[0], begin[0] + len(begin) * part.size) if adjacent else None
        found.append(Kind(part, len(begin), coordinates, run))
    return tuple(found)


def take(x: Tensor, kind: Kind) -> Tensor:
    """The copies of one kind: x (n, V.size) -> (n, count, size)."""
    piece = x[:, kind.run] if kind.run else x[:, kind.coordinates.flatten()]
    return piece.unflatten(1, kind.coordinates.shape)


def assemble(pieces: list[Tensor], V: Representation) -> Tensor:
    """The inverse of `take` over all kinds of V: one (n, count, size) for each, or zero () -> (n, V.size)."""
    order = torch.cat([kind.coordinates.flatten() for kind in kinds(V)])
    flat = torch.cat([piece.flatten(1) for piece in pieces], 1)
    return flat if all(kind.run for kind in kinds(V)) else flat[:, order.argsort()]


@functools.cache
def hom(V: Representation, W: Representation) -> Hom:
    """Hom(V, W), solved once."""
    return Hom(V, W)


def is_complex(V: Representation) -> bool:
    """The group of V is one of complex matrices, so vectors of V and weights are complex."""
    G = V.group
    return (len(G.generators) > 0 and G.generators.is_complex()) or G.lie_algebra.is_complex()


def layer_dtype(dtype: torch.dtype, V: Representation) -> torch.dtype:
    """The dtype of a layer's numbers: `dtype`, or the complex one of its precision where the group is complex."""
    if dtype not in COMPLEX:
        raise TypeError(f"dtype {dtype}: layers are float32 or float64; those of complex groups double it themselves")
    return COMPLEX[dtype] if is_complex(V) else dtype


def check_size(x: Tensor, V: Representation) -> None:
    """x is a tensor (..., V.size), or an error with the rule."""
    if not isinstance(x, Tensor):
        raise TypeError(f"x is a {type(x).__name__}; give a tensor (..., {V.size})")
    if not x.is_floating_point() and not x.is_complex():
        raise TypeError(f"x is {x.dtype}; give floating-point numbers, x.float() or x.double()")
    if x.shape[-1:] != (V.size,):
        raise ValueError(f"x has shape {tuple(x.shape)}; vectors of {V} over {V.group} are (..., {V.size})")


def check_input(x: Tensor, V: Representation, dtype: torch.dtype) -> None:
    """x is a tensor (..., V.size) of the layer's dtype, or an error with the rule and the cure."""
    check_size(x, V)
    if x.dtype != dtype:
        raise TypeError(f"x is {x.dtype} and the layer {dtype}; write x.to({dtype})")
