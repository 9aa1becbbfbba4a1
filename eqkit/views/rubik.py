"""The Rubik's cube unfolded: a class for each of the 48 movable stickers, in the order of groups.RubiksCube()."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from eqkit.views import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# face: its place in the net (row, column), and the outward, rightward and downward direction of its picture
FACES = {
    "F": ((1, 1), (1, 0, 0), (0, 1, 0), (0, 0, -1)),
    "B": ((1, 3), (-1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "R": ((1, 2), (0, 1, 0), (-1, 0, 0), (0, 0, -1)),
    "L": ((1, 0), (0, -1, 0), (1, 0, 0), (0, 0, -1)),
    "U": ((0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "D": ((2, 1), (0, 0, -1), (0, 1, 0), (-1, 0, 0)),
}


def places() -> np.ndarray:
    """Where each sticker lies in the net, (48, 2) int64 as (row, column): 9 rows, 12 columns."""
    found = []
    for (row, column), *directions in FACES.values():
        outward, right, down = map(np.array, directions)
        for p in map(np.array, itertools.product((-1, 0, 1), repeat=3)):
            if p @ outward == 1 and abs(p).sum() > 1:  # on this face, and no centre
                found.append((3 * row + 1 + p @ down, 3 * column + 1 + p @ right))
    return np.array(found)


def faces(g: Tensor | None = None) -> Tensor:
    """The face whose colour each place shows after g (48, 48) on a solved cube: (48,) int64, 0 … 5 as FBRLUD."""
    solved = torch.arange(6).repeat_interleave(8)
    return solved if g is None else (g @ solved.double()).round().long()


def draw_cube(axes: Axes, title: str, labels: Tensor, letters: bool = False) -> None:
    """The net with each sticker in the colour of its label (48,) int64, −1 white; with letters where wanted."""
    from matplotlib.patches import Rectangle

    for (row, column), label in zip(places(), labels.tolist(), strict=True):
        hue, letter = style.class_style(label) if label >= 0 else ("#ffffff", "")
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=hue, edgecolor="white", linewidth=1.5))
        if letters:
            axes.text(column + 0.5, row + 0.55, letter, ha="center", va="center", fontsize=8)
    for face, ((row, column), *_) in FACES.items():
        axes.text(3 * column + 1.5, 3 * row + 1.55, face, ha="center", va="center", fontweight="bold")
        axes.add_patch(Rectangle((3 * column, 3 * row), 3, 3, fill=False, edgecolor=style.colour("data"), linewidth=1))
    axes.set(xlim=(-0.1, 12.1), ylim=(9.1, -0.1), aspect="equal")
    axes.axis("off")
    axes.set_title(title)
