"""Families of matrices with known equations, hidden behind their samples: what EquationLearner learns from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqkit import equations, groups
from eqkit.equations import EquationSystem, J, M, R, S, Word, X, Y, Z, det, det_complex, eta, trace

LETTERS: dict[str, Word] = {  # how a letter is written in code -> the letter
    "J": J,
    "S": S,
    "R": R,
    "Z": Z,
    "eta": eta,
    "X": X,
    "Y": Y,
    "det(M)": det(M),
    "det_complex(M)": det_complex(M),
    "trace(M @ M.T)": trace(M @ M.T),
    "M.inv": M.inv,
}
FAMILIES = tuple(
    name for name in equations.NAMES if name != "Hadamard"
)  # Hadamard matrices are too rare to be met by descent
HAAR: dict[str, Callable[[int], groups.MatrixGroup]] = {  # where elements can be drawn without the equations
    "O": groups.O,
    "SO": groups.SO,
    "permutations": groups.S,
    "signed permutations": groups.SignedPermutations,
    "sign matrices": groups.SignFlips,
}
COUNT = 24  # samples of each size


def step(letters: Sequence[str]) -> int:
    """The n at which all these letters exist are the multiples of this: 4 for Y, 2 for X and det_C, else 1."""
    return 4 if "Y" in letters else 2 if {"X", "det_complex(M)"} & set(letters) else 1


def letters_in(text: str) -> tuple[str, ...]:
    """The letters that occur in equations written as text, and J."""
    marks = {"eta": "η", "det(M)": "det(", "det_complex(M)": "det_C", "trace(M @ M.T)": "tr(", "M.inv": "⁻¹"}
    return tuple(name for name in LETTERS if name == "J" or marks.get(name, name) in text)


def letters_of(family: str) -> tuple[str, ...]:
    """The letters in the equations of a family, and J."""
    return letters_in(", ".join(equations.NAMES[family]))


def sizes_of(family: str) -> tuple[int, ...]:
    """The n to learn a family from: 3, 4, 5, or the two smallest at which its letters exist."""
    return {1: (3, 4, 5), 2: (4, 6), 4: (4, 8)}[step(letters_of(family))]


def draw(family: str, n: int, count: int, generator: torch.Generator) -> Tensor:
    """Members at n, (count, n, n) float64: uniform where `HAAR` can, else points of the solution set by descent."""
    if family in HAAR:
        return HAAR[family](n).sample(count, generator).double()
    return equations.named(family).sample(n, count, generator)


@functools.cache
def learned(
    family: str, sizes: tuple[int, ...], count: int = COUNT, noise: float = 0.0, letters: tuple[str, ...] = ("J",)
) -> EquationSystem:
    """The equations learned from `count` members of each size plus N(0, noise²) in every entry, with seed 0."""
    generator = torch.Generator().manual_seed(0)
    samples = {n: draw(family, n, count, generator) for n in sizes}
    return equations.learn_equations(noisy(samples, noise), [LETTERS[name] for name in letters])


def noisy(samples: dict[int, Tensor], noise: float) -> dict[int, Tensor]:
    """The samples plus N(0, noise²) in every entry, with seed 1."""
    generator = torch.Generator().manual_seed(1)
    return {n: M + noise * torch.randn(M.shape, generator=generator, dtype=torch.float64) for n, M in samples.items()}
