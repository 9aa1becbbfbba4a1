"""Two tasks of long memory: copy what was shown long ago, and add two numbers of a long list (Hochreiter & Schmidhuber
1997, in the form of Arjovsky, Shah & Bengio 2016)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eqkit.subspaces import require_integer
from eqkit.tasks import require_draw

SYMBOLS, SHOWN = 8, 10  # of the copy task


@dataclass(frozen=True)
class Copy:
    """Ten symbols of eight, `delay` blanks, a marker: then the ten must be written, and blanks before.

    A call gives x (count, delay + 20, 10), one-hot (eight symbols, blank, marker), and y (count, delay + 20) int64,
    the symbol to write at each time, 8 for blank. The loss is the mean cross-entropy.
    """

    delay: int = 50
    inputs = SYMBOLS + 2
    outputs = SYMBOLS + 1

    def __post_init__(self) -> None:
        require_integer("Copy: delay", self.delay)

    def __call__(self, count: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        require_draw("Copy", count, generator, self.inputs * (self.delay + 2 * SHOWN))
        shown = torch.randint(SYMBOLS, (count, SHOWN), generator=generator)
        blanks = torch.full((count, self.delay + SHOWN), SYMBOLS)
        seen = torch.cat([shown, blanks], 1)  # (count, delay + 20)
        seen[:, self.delay + SHOWN - 1] = SYMBOLS + 1
        return nn.functional.one_hot(seen, self.inputs).float(), torch.cat([blanks, shown], 1)

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        """Mean cross-entropy of output (count, time, 9)."""
        return nn.functional.cross_entropy(output.flatten(0, 1), y.flatten())

    @property
    def baseline(self) -> float:
        """Blanks at the right times and a guess among eight in the end: 10 log 8 / (delay + 20)."""
        return SHOWN * math.log(SYMBOLS) / (self.delay + 2 * SHOWN)


@dataclass(frozen=True)
class Adding:
    """A list of `length` numbers from [0, 1], two of them marked, one in each half: what is the sum of those two?

    A call gives x (count, length, 2), numbers and marks, and y (count, 1). The loss is the mean squared error of the
    last output.
    """

    length: int = 50
    inputs = 2
    outputs = 1

    def __post_init__(self) -> None:
        require_integer("Adding: length", self.length, 2)

    def __call__(self, count: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        require_draw("Adding", count, generator, 4 * self.length)
        numbers = torch.rand(count, self.length, generator=generator)
        half = self.length // 2
        first = torch.randint(half, (count, 1), generator=generator)
        second = half + torch.randint(self.length - half, (count, 1), generator=generator)
        places = torch.cat([first, second], 1)
        marks = torch.zeros_like(numbers).scatter(1, places, 1.0)
        return torch.stack([numbers, marks], -1), numbers.gather(1, places).sum(1, keepdim=True)

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        """Mean squared error of output (count, time, 1) at the last time."""
        return (output[:, -1] - y).square().mean()

    @property
    def baseline(self) -> float:
        """Always saying 1: the variance of the sum of two uniform numbers, 1/6."""
        return 1 / 6
