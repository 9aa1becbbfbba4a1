"""The letters of words, how words are read from text, and the dictionary in which equations are looked for."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from eqkit.equations.expressions import E, J, M, Word, det, det_complex, trace
from eqkit.groups import symplectic_form
from eqkit.subspaces import require_integer

NAME = r"[^\W\dᵀ¹_][^\Wᵀ¹]*"
SCALAR = {"tr": trace, "det": det, "det_C": det_complex}


def letter(name: str, matrix: Callable[[int], Tensor], symmetric: bool = False) -> Word:
    """A letter of your own: `letter("P", lambda n: torch.eye(n).flip(0))`; symmetric says that P = Pᵀ at every n."""
    if not isinstance(name, str) or not re.fullmatch(NAME, name) or name in ("M", *SCALAR):
        raise ValueError(f"{name!r} cannot name a letter: use letters and digits, a letter first, and not M, tr or det")
    if not callable(matrix):
        raise TypeError(f"letter {name}: {matrix!r} is no function; give n ↦ matrix (n, n), as lambda n: torch.eye(n)")
    return Word(name, (), matrix, symmetric)


def _eye(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.float64)


def metric(p: int) -> Word:
    """The letter diag(1, …, 1, −1, …, −1) with p ones: η for p = 1, η2 for p = 2, …"""
    require_integer("metric: the number of ones", p)

    def value(n: int) -> Tensor:
        if n < p:
            raise ValueError(f"it has {p} ones")
        return torch.where(torch.arange(n) < p, 1.0, -1.0).double().diag()

    return letter("η" if p == 1 else f"η{p}", value, symmetric=True)


def _quaternion(n: int) -> Tensor:
    if n % 4:
        raise ValueError(f"quaternions need a size divisible by 4, and {n} is not")
    half = symplectic_form(n // 2)
    return torch.block_diag(half, -half)


S = letter("S", lambda n: _eye(n).roll(1, 0))  # shift: S e_j = e_{j+1}
R = letter("R", lambda n: _eye(n).flip(0), symmetric=True)  # exchange: R e_j = e_{n+1−j}
X = letter("X", symplectic_form)  # ((0, E), (−E, 0)), n even
Y = letter("Y", _quaternion)  # with X Y = −Y X and Y Y = −E, n divisible by 4
Z = letter("Z", lambda n: _eye(n)[-1].diag(), symmetric=True)  # e_n e_nᵀ
eta = metric(1)  # diag(1, −1, …, −1)
LETTERS = (M, E, J, S, R, X, Y, Z, eta)


def alphabet(letters: Sequence[Word], sizes: Sequence[int] = ()) -> dict[str, Word]:
    """Name -> letter, of the standard letters and one's own.

    Refuses what is no letter, a name used twice, and letters that at one of the `sizes` have a wrong value, another
    value each time, or are called symmetric and are not.
    """
    if not isinstance(letters, Iterable):
        raise TypeError(f"letters is {letters!s}; give a tuple of words, such as (J,)")
    for n in sizes:
        require_integer("letters: a size n", n)
    found = {word.head: word for word in LETTERS}
    for word in letters:
        if not isinstance(word, Word) or word.degree and not word.scalar and word not in (M.inv, det_complex(M)):
            raise ValueError(
                f"letters holds {word!s}; a letter is a word without M, as J, X @ S or letter('P', f), a scalar as "
                "det(M) or trace(M @ M.T), or M.inv"
            )
        for leaf in word.leaves:
            other = found.setdefault(leaf.head, leaf)
            for n in sizes if leaf.matrix is not None else ():
                value = leaf.at(n)
                if not torch.equal(value, leaf.at(n)):
                    raise ValueError(
                        f"letter {leaf.head} at n = {n} has another value each time; draw its random numbers once per n"
                    )
                if leaf.symmetric and not torch.equal(value, value.T):
                    raise ValueError(f"letter {leaf.head} at n = {n} is not symmetric; leave out symmetric=True")
                if leaf.matrix is not other.matrix and (value != other.at(n)).any():
                    raise ValueError(f"two letters are called {leaf.head} and differ; give one of them another name")
    return found


def parse_word(text: str, letters: Sequence[Word] = ()) -> Word:
    """Read what `str` writes, such as `M S Mᵀ`, `(M Mᵀ)∘E` or `tr(M Mᵀ)/n M⁻¹`; ∘ binds closer than the product."""
    if not isinstance(text, str) or text.count("(") > 100:
        raise ValueError(f"{str(text)[:20]!r} is no word: write text such as 'M S Mᵀ', with at most 100 brackets")
    known = alphabet(letters)
    tokens = re.findall(rf"⁻¹|/n|{NAME}|\S", text)

    def product() -> Word:
        word = hadamard()
        while tokens and tokens[0] not in (")", "∘", "ᵀ", "⁻¹", "/n"):
            word = word @ hadamard()
        return word

    def hadamard() -> Word:
        word = atom()
        while tokens and tokens[0] == "∘":
            tokens.pop(0)
            word = word * atom()
        return word

    def expect(token: str, reason: str) -> None:
        if not tokens or tokens.pop(0) != token:
            raise ValueError(reason)

    def atom() -> Word:
        token = tokens.pop(0) if tokens else ""
        if token in SCALAR:
            expect("(", f"{text!r} is no word: {token} needs a bracket, as in {token}(M)")
        if token == "(" or token in SCALAR:
            word = product()
            expect(")", f"a bracket is left open in {text!r}")
            word = SCALAR[token](word) if token in SCALAR else word
            if token == "tr":
                expect("/n", f"{text!r}: write tr(…)/n, so that the equation has the same coefficients at every n")
        elif token in known:
            word = known[token]
        else:
            raise ValueError(
                f"{text!r} is no word: {token or 'nothing'!r} stands where one of {' '.join(known)} should; "
                "put spaces between factors, and pass letters of your own as letters=(…,)"
            )
        while tokens and tokens[0] in ("ᵀ", "⁻¹"):
            word = word.T if tokens.pop(0) == "ᵀ" else word.inv
        return word

    word = product()
    if tokens:
        raise ValueError(f"{text!r} is no word: {tokens[0]!r} is left over")
    return word


def words(degree: int = 3, letters: Sequence[Word] = (J,), sizes: Sequence[int] = (4, 6)) -> tuple[Word, ...]:
    """The dictionary of words up to a degree in M, simple ones first; no word is a combination of the others.

    E · products of up to `degree` factors M and Mᵀ · Hadamard products of the same · M∘E · and for each letter
    - L without M: L, M L, L M, Mᵀ L, L Mᵀ, M L Mᵀ, Mᵀ L M;
    - scalar s: s E, s L, s M and s Mᵀ, of any degree, and s w for products w as long as the degree allows;
    - M⁻¹: M⁻¹ and its products with M, Mᵀ, M⁻¹, M⁻¹ᵀ and the letters.
    A word that equals a combination of simpler ones for *every* M at all the `sizes` (such as X X = −E) is left out.
    30 words with degree 3 and the letter J.
    """
    if require_integer("words: the degree in M", degree) > 10:
        raise ValueError(f"words: there are more than {2**degree:,} products of degree {degree}; take a degree ≤ 10")
    alphabet(letters, sizes)
    fixed = [w for w in letters if not w.degree]
    chains = [c for k in range(1, degree + 1) for c in itertools.product((M, M.T), repeat=k)]
    products = [functools.reduce(Word.__matmul__, c) for c in chains]
    found = [E, *fixed, *products, *(functools.reduce(Word.__mul__, c) for c in chains), M * E]
    for L in fixed:
        found += [M @ L, L @ M, M.T @ L, L @ M.T]
        found += [M @ L @ M.T, M.T @ L @ M] if degree > 1 else []
    if M.inv in letters:
        found += [M.inv, M.inv.T, *(w for L in fixed for w in (M.inv @ L, L @ M.inv))]
        if degree > 1:
            found += [w for A in (M.inv, M.inv.T) for B in (M, M.T, M.inv, M.inv.T) for w in (A @ B, B @ A)]
            found += [M.inv @ L @ M for L in fixed]
    for s in (w for w in letters if w.degree and w != M.inv):
        found += [s @ w for w in (E, *fixed, *products) if w.degree <= max(1, degree - s.degree)]
    return _independent(sorted(dict.fromkeys(found), key=simplicity), sizes)


def simplicity(word: Word) -> tuple[int, int, int]:
    """Sort key, simple words first: degree in M, then number of leaves, then number of transposes and inverses."""
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
