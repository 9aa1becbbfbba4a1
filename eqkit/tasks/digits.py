"""Real images: handwritten digits, 8 × 8, and few-shot regression of image filters that are hidden from the learner."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eqkit.subspaces import require_memory, require_positive
from eqkit.tasks import data_file
from eqkit.tasks.linear import LinearTasks
from eqkit.tasks.translation import convolution


def images() -> Tensor:
    """The 1797 digits of data/digits.npz, (1797, 8, 8) float32, paper 0 and ink 1."""
    with np.load(data_file("digits.npz")) as file:
        return torch.from_numpy(file["images"]).float() / 16


def labels() -> Tensor:
    """Which digit each image shows, (1797,) int64."""
    with np.load(data_file("digits.npz")) as file:
        return torch.from_numpy(file["labels"]).long()


def convolution2d(height: int = 8, width: int = 8, taps: int = 3) -> Tensor:
    """Sharing pattern of a valid convolution of an image, pixels row by row: (outputs, height·width), −1 no weight."""
    require_memory(8.0 * float(height * width) ** 2, f"convolution2d({height}, {width})")
    row, column = convolution(height, taps), convolution(width, taps)
    tap = row[:, None, :, None] * taps + column[None, :, None, :]
    seen = (row[:, None, :, None] >= 0) & (column[None, :, None, :] >= 0)
    return torch.where(seen, tap, -1).reshape(len(row) * len(column), height * width)


def hidden_filters(support: int = 5, query: int = 10, grain: float = 0.2, noise: float = 0.0) -> LinearTasks:
    """Tasks on real digits: each hides one 3 × 3 filter N(0, I) and shows 6 × 6 filtered images; basis (9, 36, 64).

    The images are centred and scaled as a whole (mean 0, variance 1 over all pixels), then film grain of standard
    deviation `grain` is added to every pixel. Without grain U cannot be learned in full: three pixels are blank in all
    images and the borders nearly so, hence no task says what their weights are.
    """
    require_positive("hidden_filters: grain, a standard deviation,", grain, zero=True)
    digits = images().flatten(1)
    digits = (digits - digits.mean()) / digits.std()

    def inputs(tasks: int, examples: int, generator: torch.Generator | None) -> Tensor:
        chosen = torch.randint(len(digits), (tasks, examples), generator=generator)
        return digits[chosen] + grain * torch.randn(tasks, examples, 64, generator=generator)

    windows = convolution2d()
    basis = torch.stack([windows == tap for tap in range(9)]).double()
    return LinearTasks(basis, support, query, noise, inputs)
