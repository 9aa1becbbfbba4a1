"""Words: matrix expressions in an unknown M and letters that have a value at every dimension n.

A word is M, a letter (E, J, S, …), a transpose, an inverse, a matrix product or a Hadamard product of words, or a
scalar such as det(M), which stands for det(M) E. It names no dimension: `M @ M.T` prints `M Mᵀ` and evaluates on
matrices (…, n, n) of any n, batched and differentiably.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit.subspaces import as_tensor

SCALARS = ("tr", "det")


class Notation(NamedTuple):
    """How words are written: as text, or in LaTeX."""

    product: str
    hadamard: str
    transpose: str
    inverse: str
    scalars: dict[str, str]
    letter: Callable[[str], str]


TEXT = Notation(" ", "∘", "ᵀ", "⁻¹", {"tr": "tr({})/n", "det": "det({})", "det_C": "det_C({})"}, lambda name: name)
LATEX = Notation(
    r"\,",
    r" \circ ",
    r"^{\top}",
    "^{-1}",
    {"tr": r"\tfrac{{1}}{{n}}\operatorname{{tr}}({})", "det": r"\det({})", "det_C": r"\det\nolimits_{{\mathbb C}}({})"},
    lambda name: {"η": r"\eta"}.get(name, name),
)


@dataclass(frozen=True)
class Word:
    """An immutable matrix expression; `A @ B`, `A * B` (Hadamard), `A.T` and `A.inv` build new words in normal form.

    head: "ᵀ", "⁻¹", "·", "∘", "tr", "det" or "det_C" with the operands in `parts`, or the name of a letter, whose value
    at n is `matrix(n)`. In a product scalars stand first, in alphabetical order.
    """

    head: str
    parts: tuple[Word, ...] = ()
    matrix: Callable[[int], Tensor] | None = field(default=None, compare=False, repr=False)
    symmetric: bool = field(default=False, compare=False, repr=False)

    def __call__(self, M: Tensor) -> Tensor:
        """The word's value at M: (…, n, n) -> (…, n, n), differentiable in M. A scalar c stands for c E."""
        M = square(M)
        value = self._value(M)
        return value * torch.eye(M.shape[-1]).to(M) if self.scalar else value

    def _value(self, M: Tensor) -> Tensor:
        """(…, n, n), for a scalar (…, 1, 1)."""
        values = [part._value(M) for part in self.parts]
        match self.head:
            case "M":
                return M
            case "ᵀ":
                return values[0].mT
            case "⁻¹":
                return self._inverse(values[0])
            case "·":
                k = sum(part.scalar for part in self.parts)
                matrices = [functools.reduce(torch.matmul, values[k:])] if values[k:] else []
                return functools.reduce(torch.mul, values[:k] + matrices)
            case "∘":
                return functools.reduce(torch.mul, values)
            case "tr":
                return values[0].diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
            case "det":
                return torch.linalg.det(values[0])[..., None, None]
            case "det_C":
                return _complex_determinant(values[0])
        return self.at(M.shape[-1]).to(M).expand(M.shape)

    def _inverse(self, value: Tensor) -> Tensor:
        try:
            return torch.linalg.inv(value)
        except torch.linalg.LinAlgError as reason:
            raise ValueError(
                f"{self} does not exist, for a matrix is singular; leave it out, or use words without an inverse"
            ) from reason

    def at(self, n: int) -> Tensor:
        """The value of a letter at n, (n, n)."""
        assert self.matrix is not None
        try:
            value = torch.as_tensor(self.matrix(n))
        except (ValueError, TypeError, RuntimeError, ArithmeticError) as reason:
            raise ValueError(f"letter {self.head} at n = {n}: {reason}; use it where it exists") from reason
        if value.shape != (n, n):
            raise ValueError(
                f"letter {self.head} at n = {n} has shape {tuple(value.shape)}; its function must return n × n"
            )
        if value.is_complex() or not torch.isfinite(value).all():
            what = "is complex; letters are real" if value.is_complex() else "holds NaN or infinity"
            raise ValueError(f"letter {self.head} at n = {n} {what}")
        return value

    @property
    def scalar(self) -> bool:
        """A multiple of E: a normalised trace, a determinant, or a product of such."""
        return self.head in SCALARS or self.head == "·" and all(part.scalar for part in self.parts)

    @property
    def factors(self) -> tuple[Word, ...]:
        """The factors of a matrix product, none for E."""
        return self.parts if self.head == "·" else () if self.head == "E" else (self,)

    def __matmul__(self, other: Word) -> Word:
        _require_word(other)
        factors = self.factors + other.factors
        scalars = sorted((w for w in factors if w.scalar), key=str)
        kept: list[Word] = []
        for w in factors:
            if kept and not w.scalar and kept[-1] == w.inv:
                kept.pop()
            elif not w.scalar:
                kept.append(w)
        factors = (*scalars, *kept)
        return E if not factors else factors[0] if len(factors) == 1 else Word("·", factors)

    def __mul__(self, other: Word) -> Word:
        _require_word(other)
        (a, left), (b, right) = self._apart(), other._apart()
        factors = [w for side in (left, right) for w in (side.parts if side.head == "∘" else (side,)) if w.head != "J"]
        factors.sort(key=lambda w: (-w.degree, w.transposes, str(w)))
        if factors and all(w == E for w in factors):
            factors = [E]
        hadamard = J if not factors else factors[0] if len(factors) == 1 else Word("∘", tuple(factors))
        return functools.reduce(Word.__matmul__, (*a, *b, hadamard))

    def _apart(self) -> tuple[tuple[Word, ...], Word]:
        """Scalars, and the rest of the product."""
        rest = functools.reduce(Word.__matmul__, [w for w in self.factors if not w.scalar], E)
        return tuple(w for w in self.factors if w.scalar), rest

    @property
    def T(self) -> Word:
        """The transpose, moved to the letters: (M S)ᵀ is Sᵀ Mᵀ."""
        if self.scalar:
            return self
        match self.head:
            case "ᵀ":
                return self.parts[0]
            case "·":
                return functools.reduce(Word.__matmul__, [w.T for w in reversed(self.parts)])
            case "∘":
                return functools.reduce(Word.__mul__, [w.T for w in self.parts])
            case "⁻¹" if self.parts[0].T == self.parts[0]:
                return self
        return self if self.symmetric else Word("ᵀ", (self,))

    @property
    def inv(self) -> Word:
        """The inverse, moved to the letters: (M Sᵀ)⁻¹ is S⁻¹ᵀ M⁻¹; M M⁻¹ is E. ValueError for scalars."""
        if self.scalar:
            raise ValueError(f"{self} has no inverse here: scalars are numbers such as det(M), which may be 0")
        match self.head:
            case "E":
                return self
            case "⁻¹":
                return self.parts[0]
            case "ᵀ":
                return self.parts[0].inv.T
            case "·":
                return functools.reduce(Word.__matmul__, [w.inv for w in reversed(self.parts)])
        return Word("⁻¹", (self,))

    @property
    def leaves(self) -> tuple[Word, ...]:
        """M and the letters, as often as they occur, from left to right."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) if self.parts else (self,)

    @property
    def degree(self) -> int:
        """How often M occurs."""
        return sum(leaf.head == "M" for leaf in self.leaves)

    @property
    def transposes(self) -> int:
        """How often ᵀ and ⁻¹ occur."""
        return (self.head in ("ᵀ", "⁻¹")) + sum(part.transposes for part in self.parts)

    @property
    def inverts(self) -> bool:
        """An inverse of something with M occurs."""
        return (self.head == "⁻¹" and self.degree > 0) or any(part.inverts for part in self.parts)

    def __str__(self) -> str:
        return self._write(TEXT)

    def latex(self) -> str:
        """The word for a formula between dollar signs, `M\\,M^{\\top}`."""
        return self._write(LATEX)

    def _write(self, notation: Notation) -> str:
        text = self._inner(notation)
        return f"{text}{notation.product}E" if self.scalar else text

    def _inner(self, notation: Notation) -> str:
        inner = [part._inner(notation) for part in self.parts]
        bracketed = [f"({s})" if part.head in ("·", "∘") else s for part, s in zip(self.parts, inner, strict=True)]
        match self.head:
            case "ᵀ":
                return bracketed[0] + notation.transpose
            case "⁻¹":
                return bracketed[0] + notation.inverse
            case "·":
                return notation.product.join(bracketed)
            case "∘":
                return notation.hadamard.join(bracketed)
            case "tr" | "det" | "det_C":
                return notation.scalars[self.head].format(inner[0])
        return notation.letter(self.head)


def _require_word(other: object) -> None:
    if not isinstance(other, Word):
        raise TypeError(
            f"{other!r} is no word, such as M or M.T; numbers stand in equations: Equation.parse('M = 2 E')"
        )


def square(M: Tensor) -> Tensor:
    """M (…, n, n) as a tensor in floating point, n ≥ 1."""
    M = as_tensor(M, "M")
    if M.ndim < 2 or M.shape[-1] != M.shape[-2] or M.shape[-1] == 0:
        raise ValueError(f"M has shape {tuple(M.shape)}; equations are about square matrices (…, n, n)")
    return M if M.is_floating_point() or M.is_complex() else M.double()


M = Word("M")
E = Word("E", (), lambda n: torch.eye(n, dtype=torch.float64), symmetric=True)
J = Word("J", (), lambda n: torch.ones(n, n, dtype=torch.float64), symmetric=True)  # 11ᵀ, the unit of ∘


def trace(word: Word) -> Word:
    """The scalar tr(w)/n, normalised so that its coefficients do not depend on n: `trace(M @ M.T) @ M`.

    tr(A B) = tr(B A) and tr(A) = tr(Aᵀ) give one normal form; scalars inside stand outside.
    """
    _require_word(word)
    outside, inside = word._apart()
    factors = list(inside.factors)
    while len(factors) > 1 and factors[0] == factors[-1].inv:
        factors = factors[1:-1]
    turned = [side[i:] + side[:i] for side in (factors, [w.T for w in reversed(factors)]) for i in range(len(factors))]
    if turned:
        smallest = min(turned, key=lambda side: (sum(w.transposes for w in side), [str(w) for w in side]))
        outside += (Word("tr", (functools.reduce(Word.__matmul__, smallest),)),)
    return functools.reduce(Word.__matmul__, outside, E)


def det(word: Word) -> Word:
    """The scalar det(w), which tells SO from O: `det(M)` stands for det(M) E."""
    _require_word(word)
    return Word("det", (word,))


def det_complex(word: Word) -> Word:
    """det(A + iB) as the real matrix a E + b X, where w = ((A, B), (−B, A)) commutes with X: tells SU from U.

    Of a w that does not commute with X the part that does is taken, (w − X w X)/2.
    """
    _require_word(word)
    return Word("det_C", (word,))


def _complex_determinant(value: Tensor) -> Tensor:
    n = value.shape[-1]
    if n % 2:
        raise ValueError(f"det_C at n = {n}: a complex matrix needs an even number of real rows")
    top, bottom = value.chunk(2, -2)
    (A, B), (C, D) = top.chunk(2, -1), bottom.chunk(2, -1)
    z = torch.linalg.det(torch.complex((A + D) / 2, (B - C) / 2))[..., None, None]
    E = torch.eye(n // 2).to(value)
    a, b = z.real * E, z.imag * E
    return torch.cat([torch.cat([a, b], -1), torch.cat([-b, a], -1)], -2)
