"""Pictures of a counter-example, in the style of the book, drawn off screen: PNG bytes for a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from eqkit.views import style


@contextmanager
def drawing(rows: int = 1, columns: int = 1, size: tuple[float, float] = (5, 2.6)) -> Iterator[tuple[Figure, Any]]:
    """A figure that no notebook shows by itself: `with drawing() as (figure, axes): ...`, then `style.png(figure)`."""
    with matplotlib.rc_context(style.rc()):
        figure = Figure(figsize=size, layout="constrained")
        yield figure, figure.subplots(rows, columns)


def beside(**matrices: Tensor) -> bytes | None:
    """Matrices side by side, named by keyword: `beside(yours=A, expected=B)`. Zero is white, one scale for all.

    Entries in which the last matrix differs from the first are framed. None if something is no matrix of numbers.
    """
    try:
        drawn = {name: torch.atleast_2d(torch.as_tensor(M).detach().real.double()) for name, M in matrices.items()}
    except (TypeError, ValueError, RuntimeError):
        return None
    if any(M.ndim != 2 or M.numel() == 0 or not M.isfinite().all() for M in drawn.values()):
        return None
    scale = max(float(M.abs().max()) for M in drawn.values())
    first, last = list(drawn.values())[0], list(drawn.values())[-1]
    apart = (first - last).abs() > 1e-8 * max(1, scale) if first.shape == last.shape else torch.zeros_like(first)
    with drawing(1, len(drawn), (2.4 * len(drawn), 2.6)) as (figure, panels):
        for axes, (name, M) in zip(panels if len(drawn) > 1 else [panels], drawn.items(), strict=True):
            axes.imshow(style.paint(M.numpy(), "data", scale))
            axes.set(title=name.replace("_", " "), xticks=[], yticks=[])
            axes.grid(False)
            for row, column in apart.nonzero().tolist() if M.numel() <= 400 else []:
                axes.add_patch(
                    Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor=style.colour("group"))
                )
    return style.png(figure)
