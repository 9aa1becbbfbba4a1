"""Words: matrix expressions in an unknown M and letters that have a value at every dimension n.

A word is M, a letter (E, J, S, …), a transpose, a matrix product or a Hadamard product of words. It names no dimension:
`M @ M.T` prints `M Mᵀ` and evaluates on matrices (…, n, n) of any n, batched and differentiably.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from eqkit.groups import symplectic_form

NAME = r"[^\W\dᵀ_][^\Wᵀ]*"
LATEX = {"η": r"\eta", "∘": r" \circ ", "ᵀ": r"^{\top}", "·": r"\,"}


@dataclass(frozen=True)
class Word:
    """An immutable matrix expression; `A @ B`, `A * B` (Hadamard) and `A.T` build new words in normal form.

    head: "ᵀ", "·" or "∘" with the operands in `parts`, or the name of a letter, whose value at n is `matrix(n)`.
    """

    head: str
    parts: tuple[Word, ...] = ()
    matrix: Callable[[int], Tensor] | None = field(default=None, compare=False, repr=False)
    symmetric: bool = field(default=False, compare=False, repr=False)

    def __call__(self, M: Tensor) -> Tensor:
        """The word's value at M: (…, n, n) -> (…, n, n), differentiable in M."""
        values = [part(M) for part in self.parts]
        match self.head:
            case "M":
                return M
            case "ᵀ":
                return values[0].mT
            case "·":
                return functools.reduce(torch.matmul, values)
            case "∘":
                return functools.reduce(torch.mul, values)
        return self.at(M.shape[-1]).to(M).expand(M.shape)

    def at(self, n: int) -> Tensor:
        """The value of a letter at n, (n, n)."""
        assert self.matrix is not None
        try:
            value = torch.as_tensor(self.matrix(n))
        except ValueError as reason:
            raise ValueError(f"letter {self.head} at n = {n}: {reason}; use it where it exists") from reason
        if value.shape != (n, n):
            raise ValueError(
                f"letter {self.head} at n = {n} has shape {tuple(value.shape)}; its function must return n × n"
            )
        if not torch.isfinite(value).all():
            raise ValueError(f"letter {self.head} at n = {n} holds NaN or infinity")
        return value

    def __matmul__(self, other: Word) -> Word:
        factors = [w for side in (self, other) for w in (side.parts if side.head == "·" else (side,)) if w != E]
        return E if not factors else factors[0] if len(factors) == 1 else Word("·", tuple(factors))

    def __mul__(self, other: Word) -> Word:
        factors = [w for side in (self, other) for w in (side.parts if side.head == "∘" else (side,)) if w != J]
        factors.sort(key=lambda w: (-w.degree, w.transposes, str(w)))
        return J if not factors else factors[0] if len(factors) == 1 else Word("∘", tuple(factors))

    @property
    def T(self) -> Word:
        """The transpose, moved to the letters: (M S)ᵀ is Sᵀ Mᵀ."""
        match self.head:
            case "ᵀ":
                return self.parts[0]
            case "·":
                return functools.reduce(Word.__matmul__, [w.T for w in reversed(self.parts)])
            case "∘":
                return functools.reduce(Word.__mul__, [w.T for w in self.parts])
        return self if self.symmetric else Word("ᵀ", (self,))

    @property
    def leaves(self) -> tuple[Word, ...]:
        """M and the letters, as often as they occur, from left to right."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) if self.parts else (self,)

    @property
    def degree(self) -> int:
        """The degree in M."""
        return sum(leaf.head == "M" for leaf in self.leaves)

    @property
    def transposes(self) -> int:
        """How often ᵀ occurs."""
        return (self.head == "ᵀ") + sum(part.transposes for part in self.parts)

    def __str__(self) -> str:
        return self._write(" ", "∘", "ᵀ", lambda name: name)

    def latex(self) -> str:
        """The word for a formula between dollar signs, `M\\,M^{\\top}`."""
        return self._write(LATEX["·"], LATEX["∘"], LATEX["ᵀ"], lambda name: LATEX.get(name, name))

    def _write(self, product: str, hadamard: str, transpose: str, letter: Callable[[str], str]) -> str:
        inner = [part._write(product, hadamard, transpose, letter) for part in self.parts]
        match self.head:
            case "ᵀ":
                return inner[0] + transpose
            case "·" | "∘":
                bracketed = [
                    f"({s})" if part.head in ("·", "∘") else s for part, s in zip(self.parts, inner, strict=True)
                ]
                return (product if self.head == "·" else hadamard).join(bracketed)
        return letter(self.head)


def letter(name: str, matrix: Callable[[int], Tensor], symmetric: bool = False) -> Word:
    """A letter of your own: `letter("P", lambda n: torch.eye(n).flip(0))`; symmetric says that P = Pᵀ at every n."""
    if not re.fullmatch(NAME, name) or name == "M":
        raise ValueError(f"{name!r} cannot name a letter: use letters and digits, a letter first, and not M")
    return Word(name, (), matrix, symmetric)


def _eye(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.float64)


def _metric(n: int) -> Tensor:
    return torch.diag(torch.tensor([1.0] + [-1.0] * (n - 1), dtype=torch.float64))


M = Word("M")
E = letter("E", _eye, symmetric=True)
J = letter("J", lambda n: torch.ones(n, n, dtype=torch.float64), symmetric=True)  # 11ᵀ, the unit of ∘
S = letter("S", lambda n: _eye(n).roll(1, 0))  # shift: S e_j = e_{j+1}
X = letter("X", symplectic_form)  # ((0, E), (−E, 0)), n even
eta = letter("η", _metric, symmetric=True)  # diag(1, −1, …, −1)
LETTERS = (M, E, J, S, X, eta)


def _alphabet(letters: Sequence[Word], sizes: Sequence[int] = (4,)) -> dict[str, Word]:
    """Name -> letter, of the standard letters and one's own; refuses letters with M in them and names used twice."""
    alphabet = {word.head: word for word in LETTERS}
    for word in letters:
        if not isinstance(word, Word) or word.degree:
            raise ValueError(f"letters holds {word!s}; a letter is a word without M, as J, X @ S or letter('P', f)")
        for leaf in word.leaves:
            other = alphabet.setdefault(leaf.head, leaf)
            if leaf.matrix is not other.matrix and any((leaf.at(n) != other.at(n)).any() for n in sizes):
                raise ValueError(f"two letters are called {leaf.head} and differ; give one of them another name")
    return alphabet


def parse_word(text: str, letters: Sequence[Word] = ()) -> Word:
    """Read what `str` writes, such as `M S Mᵀ` or `(M Mᵀ)∘E`; ∘ binds closer than the product."""
    alphabet = _alphabet(letters)
    tokens = re.findall(rf"{NAME}|\S", text)

    def product() -> Word:
        word = hadamard()
        while tokens and tokens[0] not in (")", "∘", "ᵀ"):
            word = word @ hadamard()
        return word

    def hadamard() -> Word:
        word = atom()
        while tokens and tokens[0] == "∘":
            tokens.pop(0)
            word = word * atom()
        return word

    def atom() -> Word:
        token = tokens.pop(0) if tokens else ""
        if token == "(":
            word = product()
            if not tokens or tokens.pop(0) != ")":
                raise ValueError(f"a bracket is left open in {text!r}")
        elif token in alphabet:
            word = alphabet[token]
        else:
            raise ValueError(
                f"{text!r} is no word: {token or 'nothing'!r} stands where one of {' '.join(alphabet)} should; "
                "put spaces between factors, and pass letters of your own as letters=(…,)"
            )
        while tokens and tokens[0] == "ᵀ":
            tokens.pop(0)
            word = word.T
        return word

    word = product()
    if tokens:
        raise ValueError(f"{text!r} is no word: {tokens[0]!r} is left over")
    return word


def words(degree: int = 3, letters: Sequence[Word] = (J,), sizes: Sequence[int] = (4, 6)) -> tuple[Word, ...]:
    """The dictionary of words up to a degree in M, simple ones first; no word is a combination of the others.

    E · products of up to `degree` factors M and Mᵀ · Hadamard products of the same · M∘E · and for each letter L:
    L, M L, L M, Mᵀ L, L Mᵀ, M L Mᵀ, Mᵀ L M. A word that equals a combination of simpler ones for *every* M at all the
    `sizes` (such as X X = −E) is left out. 30 words with degree 3 and the letter J.
    """
    if degree < 1:
        raise ValueError(f"degree {degree}: words need a degree in M of 1 or more")
    _alphabet(letters, sizes)
    chains = [c for k in range(1, degree + 1) for c in itertools.product((M, M.T), repeat=k)]
    found = [E, *letters]
    found += [functools.reduce(Word.__matmul__, c) for c in chains]
    found += [functools.reduce(Word.__mul__, c) for c in chains] + [M * E]
    for L in letters:
        found += [M @ L, L @ M, M.T @ L, L @ M.T]
        found += [M @ L @ M.T, M.T @ L @ M] if degree > 1 else []
    return _independent(sorted(dict.fromkeys(found), key=simplicity), sizes)


def simplicity(word: Word) -> tuple[int, int, int]:
    """Sort key, simple words first: degree in M, then number of leaves, then number of transposes."""
    return word.degree, len(word.leaves), word.transposes


def _independent(candidates: Sequence[Word], sizes: Sequence[int]) -> tuple[Word, ...]:
    """The words that are no combination of earlier ones, as functions on all matrices of the given sizes."""
    generator = torch.Generator().manual_seed(0)
    points = {
        n: torch.randn(2 + 2 * len(candidates) // n**2, n, n, generator=generator, dtype=torch.float64) for n in sizes
    }
    kept: list[Word] = []
    basis = torch.zeros(sum(p.numel() for p in points.values()), 0, dtype=torch.float64)
    for word in candidates:
        values = torch.cat([word(p).flatten() for p in points.values()])
        values = values / values.norm()
        rest = values - basis @ (basis.T @ values)
        rest = rest - basis @ (basis.T @ rest)
        if rest.norm() > 1e-9:
            kept.append(word)
            basis = torch.cat([basis, (rest / rest.norm())[:, None]], 1)
    return tuple(kept)
