"""One equation Σ c_w w(M) = 0 between words, and what a learned system rests on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.words import Word, parse_word

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:/\d+)?"
HOLDS = 1e-9  # an equation holds where its relative residual is below


@dataclass(frozen=True)
class Equation:
    """Σ c_w w(M) = 0 as ((c, w), …); prints with its first word alone on the left, `M Mᵀ = E`."""

    terms: tuple[tuple[float, Word], ...]

    def __post_init__(self) -> None:
        merged: dict[Word, float] = {}
        for c, w in self.terms:
            merged[w] = merged.get(w, 0.0) + c
        terms = tuple((c, w) for w, c in merged.items() if c != 0)
        if not any(w.degree for _, w in terms):
            raise ValueError("an equation needs a word with M that does not cancel, as in 'M Mᵀ = E'")
        object.__setattr__(self, "terms", terms)

    @classmethod
    def parse(cls, text: str, letters: Sequence[Word] = ()) -> Equation:
        """Read `M Mᵀ = E`, `M M = 3/2 M − E` or `M − Mᵀ = 0`; a ValueError names what cannot be read."""
        pattern = rf"([+−-]?)\s*({NUMBER})?\s*([^\s+−-][^+−-]*)"
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no equation; write it as text, such as 'M Mᵀ = E'")
        sides = [re.findall(pattern, side) for side in text.split("=")]
        if len(sides) != 2 or not all(sides):
            raise ValueError(f"{text!r} is no equation: write one '=' between two sides, as in 'M Mᵀ = E'")
        terms = []
        for side, sign in zip(sides, (1, -1), strict=True):
            for minus, number, word in side:
                c = sign * (1 if minus in ("", "+") else -1) * _number(number)
                terms += [] if word.strip() == "0" else [(c, parse_word(word.strip(), letters))]
        return cls(tuple(terms))

    def __call__(self, M: Tensor) -> Tensor:
        """p(M) = Σ c_w w(M): (…, n, n) -> (…, n, n), differentiable."""
        return sum((c * w(M) for c, w in self.terms), torch.zeros_like(M))

    def relative(self, M: Tensor) -> Tensor:
        """‖p(M)‖ / Σ ‖c_w w(M)‖, between 0 and 1 (the sum not below 1e-3): (…, n, n) -> (…)."""
        terms = torch.stack([c * w(M) for c, w in self.terms])
        return torch.linalg.matrix_norm(terms.sum(0)) / torch.linalg.matrix_norm(terms).sum(0).clamp(min=1e-3)

    def __str__(self) -> str:
        return self._write(str)

    def latex(self) -> str:
        """The equation for a formula between dollar signs, `M\\,M^{\\top} = E`."""
        return self._write(Word.latex).replace("−", "-")

    def _write(self, write: Callable[[Word], str]) -> str:
        def side(terms: Sequence[tuple[float, Word]]) -> str:
            text = " ".join(f"{'−' if c < 0 else '+'} {coefficient(abs(c))}{write(w)}" for c, w in terms)
            return re.sub("^− ", "−", text.removeprefix("+ ")) or "0"

        return f"{side(self.terms[:1])} = {side([(-c, w) for c, w in self.terms[1:]])}"


def _number(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    if float(denominator or 1) == 0:
        raise ValueError(f"{text}: a coefficient is divided by 0")
    return float(numerator or 1) / float(denominator or 1)


def coefficient(c: float) -> str:
    """How a coefficient is written before a word: nothing for 1, a fraction where it is one, else six digits."""
    exact = subspaces.rationals(torch.tensor([c], dtype=torch.float64))
    return "" if c == 1 else f"{exact[0]} " if exact else f"{c:.6g} "


@dataclass(frozen=True)
class Evidence:
    """What a learned system rests on.

    words: the dictionary (w words) · sizes: the n of the samples · spectrum (w,): singular values of the words' entries
    on the samples, largest 1 · null_dimension: how many of them are zero, that is the number of linear relations before
    consequences were left out · gap: the factor between the smallest nonzero value and the largest zero one · noise:
    the largest zero one, about the size of the errors in the samples · holdout: the residual at each held-out n ·
    proved: relations left out, for they are consequences (`ideal`) · sampled: relations left out with no proof, for
    they hold wherever the others were found to hold · cautions: what a reader must know before believing the equations
    · notes: what else was seen. Prints as a table of the spectrum.
    """

    words: tuple[Word, ...]
    sizes: tuple[int, ...]
    spectrum: Tensor
    null_dimension: int
    gap: float
    noise: float = 0.0
    holdout: dict[int, float] = field(default_factory=dict)
    proved: tuple[str, ...] = ()
    sampled: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        sizes, signal = ", ".join(map(str, self.sizes)), len(self.words) - self.null_dimension
        lines = [
            f"{len(self.words)} words on samples of n = {sizes}: {self.null_dimension} relations, "
            f"gap {self.gap:.0e}, noise {self.noise:.0e}"
        ]
        for i, s in enumerate(self.spectrum.tolist()):
            bar = "█" * max(1, round(48 + 3 * math.log10(max(s, 1e-16))))
            lines += [f"{'─' * 20} gap"] * (i == signal and self.null_dimension > 0) + [f"{i + 1:3} {s:8.1e} {bar}"]
        parts = (("follow by proof", self.proved), ("follow on samples alone", self.sampled))
        lines += [f"{name}: {', '.join(texts)}" for name, texts in parts if texts]
        lines += [f"residual at n = {n}: {r:.1e}" for n, r in self.holdout.items()]
        return "\n".join([*lines, *(f"caution: {c}" for c in self.cautions), *(f"note: {c}" for c in self.notes)])
