"""Polynomials in x₀, …, xₙ₋₁ as values: they print as mathematics, compute exactly, and evaluate in torch.

A polynomial is a map from exponents to coefficients; exact fractions where it is rational, float or complex elsewhere.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Complex, Rational, Real

import numpy as np
import torch
from torch import Tensor

from eqkit.subspaces import as_tensor

Coefficient = Fraction | float | complex
Number = int | Coefficient
Exponent = tuple[int, ...]
SHOWN = 40  # terms printed at most
DIGITS = 10_000  # binary digits of exact coefficients of a power, at most
_SUB, _SUPER = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _coefficient(c: Number) -> Coefficient:
    if isinstance(c, Rational):
        return Fraction(c.numerator, c.denominator)
    if not isinstance(c, Complex):
        raise TypeError(f"a coefficient is {c!r}; coefficients are numbers: int, Fraction, float or complex")
    if not np.isfinite(complex(c)):
        raise ValueError(f"a coefficient is {c}; coefficients are finite numbers")
    return float(c) if isinstance(c, Real) else complex(c)


@dataclass(frozen=True, repr=False)
class Polynomial:
    """Σ c · x^e in n variables: `terms` holds (exponent, coefficient), highest degree first, then x₀ before x₁.

    Built by `polynomial("x0^2 + x1^2", n=2)`, `Polynomial.of({(2, 0): 1, (0, 2): 1}, 2)`, or from others by + − * **.
    Called with x (..., n) it gives (...), in x's dtype, differentiable.
    """

    n: int
    terms: tuple[tuple[Exponent, Coefficient], ...]

    @staticmethod
    def of(
        terms: Mapping[Exponent, int] | Mapping[Exponent, Coefficient] | Iterable[tuple[Exponent, Number]], n: int
    ) -> Polynomial:
        """The polynomial with these terms, sorted, zeros left out; exponents are tuples of n integers ≥ 0."""
        total: dict[Exponent, Coefficient] = {}
        if not isinstance(terms, Iterable):
            raise TypeError(f"Polynomial.of({terms!r}, {n}): give terms such as {{(2, 0): 1, (0, 2): 1}}")
        pairs: Iterable[tuple[Exponent, Number]] = terms.items() if isinstance(terms, Mapping) else terms
        for exponent, c in pairs:
            try:
                e = tuple(map(operator.index, exponent))
            except TypeError:
                e = ()
            if len(e) != n or min(e, default=0) < 0:
                raise ValueError(f"exponent {exponent!r}: a term in {n} variables has {n} integer exponents ≥ 0")
            total[e] = total.get(e, Fraction(0)) + _coefficient(c)
        kept = [(e, c) for e, c in total.items() if c != 0]
        kept.sort(key=lambda term: (sum(term[0]), term[0]), reverse=True)
        return Polynomial(n, tuple(kept))

    @property
    def degree(self) -> int:
        """The highest total degree; −1 for the polynomial 0."""
        return sum(self.terms[0][0]) if self.terms else -1

    @property
    def is_homogeneous(self) -> bool:
        """All terms have one degree."""
        return len({sum(e) for e, _ in self.terms}) <= 1

    @property
    def is_rational(self) -> bool:
        """All coefficients are exact fractions."""
        return all(isinstance(c, Fraction) for _, c in self.terms)

    @property
    def exponents(self) -> Tensor:
        """(terms, n) int64."""
        return torch.tensor([e for e, _ in self.terms], dtype=torch.int64).reshape(-1, self.n)

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """One coefficient for each row of `exponents`."""
        return tuple(c for _, c in self.terms)

    @property
    def _exact(self) -> list[Fraction]:
        return [c for c in self.coefficients if isinstance(c, Fraction)]

    # algebra
    def _with(self, other: object) -> Polynomial:
        if isinstance(other, Complex):
            return Polynomial.of([((0,) * self.n, other)], self.n)  # type: ignore[list-item]
        if not isinstance(other, Polynomial):
            raise TypeError(f"a polynomial and {type(other).__name__} do not combine; numbers and polynomials do")
        if other.n != self.n:
            raise ValueError(f"polynomials in {self.n} and in {other.n} variables do not combine; give both the same n")
        return other

    def __add__(self, other: Polynomial | Number) -> Polynomial:
        return Polynomial.of((*self.terms, *self._with(other).terms), self.n)

    def __neg__(self) -> Polynomial:
        return Polynomial(self.n, tuple((e, -c) for e, c in self.terms))

    def __sub__(self, other: Polynomial | Number) -> Polynomial:
        return self + -self._with(other)

    def __rsub__(self, other: Number) -> Polynomial:
        return -self + other

    def __mul__(self, other: Polynomial | Number) -> Polynomial:
        others = self._with(other).terms
        products = ((tuple(i + j for i, j in zip(e, f, strict=True)), c * d) for e, c in self.terms for f, d in others)
        return Polynomial.of(products, self.n)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, number: Number) -> Polynomial:
        if not isinstance(number, Complex):
            raise TypeError("a polynomial is divided by numbers only")
        if number == 0:
            raise ValueError("a polynomial is divided by 0; divide by another number")
        one = Fraction(1) if isinstance(number, Rational) else 1.0
        return self * (one / number)

    def __pow__(self, k: int) -> Polynomial:
        if not isinstance(k, int) or k < 0:
            raise ValueError(f"f ** {k}: the power of a polynomial is an integer ≥ 0")
        size = math.comb(self.n + max(self.degree, 0) * k, self.n)
        if len(self.terms) > 1 and size > 5000:
            raise ValueError(f"f ** {k}: degree {self.degree * k} in {self.n} variables has up to {size:,} terms")
        digits = max((c.numerator.bit_length() + c.denominator.bit_length() for c in self._exact), default=0)
        if k * (digits - 2) > DIGITS:
            raise ValueError(
                f"f ** {k}: its coefficients have up to {k * digits:,} binary digits; take a smaller power"
            )
        result, square = Polynomial.of({(0,) * self.n: 1}, self.n), self
        while k:
            result, k = (result * square if k & 1 else result), k >> 1
            square = square * square if k else square
        return result

    def gradient(self) -> tuple[Polynomial, ...]:
        """∂f/∂x₀, …, ∂f/∂xₙ₋₁."""
        return tuple(
            Polynomial.of((((*e[:i], e[i] - 1, *e[i + 1 :]), c * e[i]) for e, c in self.terms if e[i]), self.n)
            for i in range(self.n)
        )

    def parts(self) -> dict[int, Polynomial]:
        """The homogeneous parts by degree; their sum is f."""
        by_degree: dict[int, list[tuple[Exponent, Coefficient]]] = {}
        for e, c in self.terms:
            by_degree.setdefault(sum(e), []).append((e, c))
        return {d: Polynomial(self.n, tuple(terms)) for d, terms in by_degree.items()}

    def substitute(self, M: Sequence[Sequence[Number]] | Tensor) -> Polynomial:
        """x ↦ f(M x) for a matrix M (n, n) of numbers; exact where M and f are."""
        rows = as_tensor(M, "M").tolist() if isinstance(M, Tensor) or not isinstance(M, Sequence) else M
        units = [tuple(int(i == j) for j in range(self.n)) for i in range(self.n)]
        if not isinstance(rows, Sequence) or [len(row) for row in rows] != [self.n] * self.n:
            raise ValueError(f"substitute: f has {self.n} variables, so M is {self.n} × {self.n}")
        forms = [Polynomial.of(zip(units, row, strict=True), self.n) for row in rows]
        powers = [[Polynomial.of({(0,) * self.n: 1}, self.n)] for _ in forms]
        total = Polynomial(self.n, ())
        for e, c in self.terms:
            product = Polynomial.of({(0,) * self.n: c}, self.n)
            for form, known, k in zip(forms, powers, e, strict=True):
                while len(known) <= k:
                    known.append(known[-1] * form)
                product = product * known[k]
            total = total + product
        return total

    # numbers
    @cached_property
    def _map(self) -> PolynomialMap:
        return PolynomialMap((self,))

    def __call__(self, x: Tensor) -> Tensor:
        return self._map(x)[..., 0]

    # words
    def __repr__(self) -> str:
        names = [f"x{str(i).translate(_SUB)}" for i in range(self.n)]
        return self._written(names, lambda k: str(k).translate(_SUPER), spelled, " − ", "−")

    def _repr_latex_(self) -> str:
        names = [f"x_{{{i}}}" for i in range(self.n)]
        return f"$\\displaystyle {self._written(names, lambda k: f'^{{{k}}}', _latex, ' - ', '-')}$"

    def _written(self, names, power, number, minus, negative) -> str:  # type: ignore[no-untyped-def]
        pieces: list[str] = []
        for e, c in self.terms[:SHOWN]:
            monomial = "".join(f"{x}{power(k) if k > 1 else ''}" for x, k in zip(names, e, strict=True) if k)
            below = isinstance(c, (Fraction, float)) and c < 0
            size = number(-c if below else c)
            gap = " " if "/" in size or size[0] == "√" else ""
            size = "" if monomial and size == "1" else size + (gap if monomial else "")
            sign = (negative if below else "") if not pieces else (minus if below else " + ")
            pieces.append(sign + size + monomial)
        if len(self.terms) > SHOWN:
            pieces.append(f" + … ({len(self.terms):,} terms)")
        return "".join(pieces) or "0"


def _surd(x: float) -> tuple[int, int, int, int] | None:
    """(a, b, D, c) with x = (a + b√D)/c for D = 2, 3, 5 and small integers, if there are some."""
    for D, c in itertools.product((2, 3, 5), (1, 2, 3, 4, 6, 8)):
        b = np.arange(-200, 201)
        rest = x * c - b * math.sqrt(D)
        near = np.rint(rest)
        fits = np.flatnonzero((abs(rest - near) < 1e-12 * max(1, abs(x) * c)) & (b != 0) & (abs(near) < 1000))
        if len(fits) == 1:
            return int(near[fits[0]]), int(b[fits[0]]), D, c
    return None


def spelled(c: Coefficient) -> str:
    """A coefficient in words: 2/3, √5, (1 + √5)/2, or a short decimal."""
    if isinstance(c, Fraction):
        return str(c)
    if isinstance(c, complex):
        return f"({c.real:.6g}{c.imag:+.6g}i)"
    if (surd := _surd(c)) is None:
        return f"{c:.6g}"
    a, b, D, below = surd
    root = f"{'' if abs(b) == 1 else abs(b)}√{D}"
    if a:
        root = f"({a} {'−' if b < 0 else '+'} {root})" if a > 0 else f"({root} − {-a})"
    return root + (f"/{below}" if below > 1 else "")


def _latex(c: Coefficient) -> str:
    text = re.sub(r"√(\d)", r"\\sqrt{\1}", spelled(c).replace("−", "-"))
    top, slash, below = text.partition("/")
    return rf"\tfrac{{{top.strip('()')}}}{{{below}}}" if slash else text


class PolynomialMap:
    """x (..., n) ↦ (f₀(x), …, f_{k−1}(x)), (..., k): the polynomials evaluated jointly from one table of powers.

    Differentiable, in x's dtype (integers count as float64; complex coefficients give complex values).
    """

    def __init__(self, polynomials: Sequence[Polynomial], n: int | None = None) -> None:
        if not isinstance(polynomials, Sequence) or not all(isinstance(f, Polynomial) for f in polynomials):
            raise TypeError(f"PolynomialMap({polynomials!r}): give a list of polynomials")
        if not polynomials and n is None:
            raise ValueError("PolynomialMap: no polynomials, so the number of variables is unknown; give n")
        self.polynomials, self.n = tuple(polynomials), polynomials[0].n if n is None else n
        if any(f.n != self.n for f in polynomials):
            raise ValueError(f"PolynomialMap: variables {[f.n for f in polynomials]}; all have the same number")
        place: dict[Exponent, int] = {}
        for f in polynomials:
            for e, _ in f.terms:
                place.setdefault(e, len(place))
        exponents = torch.tensor(list(place), dtype=torch.int64).reshape(-1, self.n)  # (terms, n)
        is_complex = any(isinstance(c, complex) for f in polynomials for c in f.coefficients)
        rows = [place[e] for f in polynomials for e, _ in f.terms]
        columns = [i for i, f in enumerate(polynomials) for _ in f.terms]
        values = torch.tensor(
            [complex(c) if is_complex else float(c) for f in polynomials for c in f.coefficients],  # type: ignore[arg-type]
            dtype=torch.complex128 if is_complex else torch.float64,
        )
        self._degree = int(exponents.max()) if exponents.numel() else 0
        self._coefficients = torch.zeros(len(place), len(polynomials), dtype=values.dtype)  # (terms, k)
        self._coefficients[rows, columns] = values
        self._columns = (exponents + torch.arange(self.n) * (self._degree + 1)).T.contiguous()  # into the table

    def __call__(self, x: Tensor) -> Tensor:
        x = as_tensor(x, "x")
        if x.shape[-1:] != (self.n,):
            raise ValueError(f"a polynomial in {self.n} variables takes x (..., {self.n}); x is {tuple(x.shape)}")
        x = x if x.is_floating_point() or x.is_complex() else x.double()
        powers = [x**0]
        for _ in range(self._degree):
            powers.append(powers[-1] * x)
        table = torch.stack(powers, -1).flatten(-2)  # (..., n · (degree + 1))
        monomials = table.new_ones(())
        for columns in self._columns:
            monomials = monomials * table[..., columns.to(x.device)]  # (..., terms)
        coefficients = self._coefficients.to(x.device)
        dtype = torch.promote_types(x.dtype, torch.complex64) if coefficients.is_complex() else x.dtype
        return monomials.to(dtype) @ coefficients.to(dtype)
