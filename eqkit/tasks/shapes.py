"""Point clouds of shapes in space: sets of points, turned at random, for networks invariant under S(n) × SO(3).

Two of the shapes are mirror images of each other, the left and the right helix: what is invariant under O(3), and not
only under SO(3), cannot tell them apart.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eqkit import groups
from eqkit.subspaces import require_generator, require_integer, require_positive


def _circle(radius: Tensor, turn: Tensor, height: Tensor) -> Tensor:
    return torch.stack([radius * (2 * math.pi * turn).cos(), radius * (2 * math.pi * turn).sin(), height], -1)


def sphere(u: Tensor) -> Tensor:
    """The unit sphere: the height is uniform (Archimedes)."""
    height = 2 * u[..., 0] - 1
    return _circle((1 - height**2).sqrt(), u[..., 1], height)


def cube(u: Tensor) -> Tensor:
    """The surface of the cube [−1, 1]³."""
    face = (6 * u[..., 2]).long()
    flat = torch.stack([(face % 2) * 2.0 - 1, 2 * u[..., 0] - 1, 2 * u[..., 1] - 1], -1)
    axes = (torch.arange(3) - face[..., None] // 2) % 3  # the face's normal is axis 0, 1 or 2
    return flat.gather(-1, axes)


def torus(u: Tensor, thickness: float = 0.4) -> Tensor:
    """A ring of radius 1, its tube of radius `thickness`; area grows with the distance from the axis, 1 + r cos φ."""
    cos, sin = (2 * math.pi * u[..., 0]).cos(), (2 * math.pi * u[..., 0]).sin()
    side = 1 - 2 * (2 * u[..., 2] > 1 + thickness * cos).to(u.dtype)  # −1: the opposite point of the tube
    return _circle(1 + side * thickness * cos, u[..., 1], side * thickness * sin)


def cylinder(u: Tensor) -> Tensor:
    """A closed cylinder of radius 1 and height 2: the wall has 4π, the two lids π each."""
    part = 3 * u[..., 2]
    wall = part < 2
    lid = torch.where(part < 2.5, -1.0, 1.0)
    return _circle(torch.where(wall, 1.0, u[..., 0].sqrt()), u[..., 1], torch.where(wall, 2 * u[..., 0] - 1, lid))


def cone(u: Tensor) -> Tensor:
    """A closed cone of radius 1 and height 2: the wall has √5 π, the base π."""
    radius = u[..., 0].sqrt()
    wall = u[..., 2] * (1 + math.sqrt(5)) >= 1
    return _circle(radius, u[..., 1], torch.where(wall, 2 - 2 * radius, 0.0))


def tetrahedron(u: Tensor) -> Tensor:
    """The surface of a regular tetrahedron."""
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=u.dtype)
    face = (4 * u[..., 2]).long()
    r = u[..., 0].sqrt()
    weights = torch.stack([1 - r, r * (1 - u[..., 1]), r * u[..., 1]], -1)  # uniform on a triangle
    places = (face[..., None] + torch.arange(1, 4)) % 4  # the corners but the one opposite
    return (weights[..., None] * corners[places]).sum(-2)


def right_helix(u: Tensor) -> Tensor:
    """One and a half turns of a right-handed screw of radius 1 and height 4: it rises as it turns counter-clockwise."""
    way = 2 * u[..., 0] - 1
    return _circle(torch.ones_like(way), 0.75 * way, 2 * way)


def left_helix(u: Tensor) -> Tensor:
    """The mirror image of the right helix."""
    return right_helix(u) * torch.tensor([1.0, 1.0, -1.0], dtype=u.dtype)


SHAPES = (sphere, cube, torus, cylinder, cone, tetrahedron, left_helix, right_helix)
NAMES = tuple(shape.__name__.replace("_", " ") for shape in SHAPES)


def shapes(
    count: int, points: int = 64, rotate: bool = True, noise: float = 0.02, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Clouds x (count, points, 3) float32 and which of NAMES each shows, labels (count,) int64, all equally likely.

    The points are independent and uniform on the surface (on the helices, the curve). Each cloud is moved to its mean
    and scaled to mean square distance 1, so that size says nothing; then it is turned by a Haar rotation of its own,
    and noise of this standard deviation is added to every coordinate. Which proportions a shape has is never varied.
    """
    for name, value, least in (("count", count, 1), ("points", points, 2)):
        require_integer(f"shapes: {name}", value, least)
    require_positive("shapes: noise, a standard deviation,", noise, zero=True)
    require_generator("shapes", generator)
    labels = torch.randint(len(SHAPES), (count,), generator=generator)
    u = torch.rand(count, points, 3, generator=generator)
    x = torch.empty(count, points, 3)
    for label, shape in enumerate(SHAPES):
        x[labels == label] = shape(u[labels == label])
    x = x - x.mean(1, keepdim=True)
    x = x / x.square().sum(2).mean(1).sqrt()[:, None, None]
    if rotate:
        x = x @ groups.SO(3).sample(count, generator).mT.to(x.dtype)
    return x + noise * torch.randn(x.shape, generator=generator), labels
