"""Handwritten digits in every position: what does a network gain that knows about rotations?"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit.subspaces import require_generator, require_integer
from eqkit.tasks import digits

ANGLES = ("quarter turns", "any angle")


class Split(NamedTuple):
    """Images (count, 1, size, size) float32 and which digit they show, (count,) int64; no digit is in both parts."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor


def rotated_digits(
    train: int, angles: str = "quarter turns", test: int = 797, generator: torch.Generator | None = None
) -> Split:
    """`train` digits to learn from and `test` others, each turned by an angle of its own.

    "quarter turns": multiples of 90°, exact on 8 × 8 pixels. "any angle": uniform in [0°, 360°), bilinear, on 16 × 16
    pixels wide enough for the corners. With one seed smaller training sets are the beginnings of larger ones, turned
    alike, and the test set is the same.
    """
    images, labels = digits.images()[:, None], digits.labels()
    require_integer("rotated_digits: train", train)
    require_integer("rotated_digits: test", test)
    if train + test > len(images):
        raise ValueError(f"rotated_digits({train}, test={test}): each is ≥ 1, and there are {len(images)} in all")
    if angles not in ANGLES:
        raise ValueError(f"rotated_digits: angles = {angles!r}; choose one of {ANGLES}")
    require_generator("rotated_digits", generator)
    order = torch.randperm(len(images), generator=generator)
    turns = torch.rand(len(images), generator=generator)
    images, labels = images[order], labels[order]
    if angles == "any angle":
        images = turned(images, 2 * math.pi * turns, 16, math.sqrt(2))
    else:
        quarters = (4 * turns).long()
        images = torch.stack([images.rot90(k, (-2, -1)) for k in range(4)], 1)[torch.arange(len(images)), quarters]
    return Split(images[:train], labels[:train], images[-test:], labels[-test:])


def turned(images: Tensor, angles: Tensor, size: int | None = None, reach: float = 1.0) -> Tensor:
    """Images (count, c, n, n), each turned counter-clockwise by its angle (count,) in radians, bilinear, paper outside.

    The result has size × size pixels, n unless given, that cover a square of `reach` times the width: √2 loses nothing.
    """
    for name, value in (("images", images), ("angles", angles)):
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise TypeError(f"turned: {name} are a tensor of floating-point numbers, not {type(value).__name__}")
    size = images.shape[-1] if size is None else require_integer("turned: size", size)
    if images.ndim != 4 or images.shape[2] != images.shape[3] or angles.shape != images.shape[:1]:
        raise ValueError(
            f"turned: images {tuple(images.shape)} and angles {tuple(angles.shape)}; it takes square images "
            "(count, c, n, n) and an angle for each, (count,)"
        )
    c, s = reach * angles.cos(), reach * angles.sin()
    # where a pixel of the result comes from: the inverse turn, in coordinates with y down
    inverse = torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1).to(images.dtype)
    affine = torch.cat([inverse, inverse.new_zeros(len(inverse), 2, 1)], 2)
    grid = torch.nn.functional.affine_grid(affine, [*images.shape[:2], size, size], align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False)
