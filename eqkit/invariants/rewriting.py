"""Invariants in terms of generators, and the relations (syzygies) between generators, by exact linear algebra.

All products of generators of degree d are vectors of coefficients; f is solved for in their span, and the relations of
degree d are their null space. Source: Sturmfels, Algorithms in Invariant Theory, §2.5, here without Gröbner bases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import flint

from eqkit.invariants.generators import weighted_monomials
from eqkit.invariants.polynomials import Polynomial

_LARGEST = 4_000_000  # entries of a matrix at most


def _products(generators: Sequence[Polynomial], d: int) -> tuple[list[tuple[int, ...]], list[Polynomial]]:
    """The exponents e with Σ eᵢ deg fᵢ = d, highest powers of f₁ first, and the products Π fᵢ^eᵢ."""
    if not all(f.is_rational for f in generators):
        raise ValueError("rewriting needs generators with rational coefficients; those of this group have none")
    rows = sorted(map(tuple, weighted_monomials([f.degree for f in generators], d).tolist()), reverse=True)
    size = len(rows) * math.comb(generators[0].n + d - 1, d)
    if size > _LARGEST:
        raise MemoryError(f"degree {d}: {len(rows):,} products of generators make a matrix of {size:,} entries")
    known: dict[tuple[int, ...], Polynomial] = {}

    def product(e: tuple[int, ...]) -> Polynomial:
        if e not in known:
            i = next((i for i, k in enumerate(e) if k), None)
            one = Polynomial.of({(0,) * generators[0].n: 1}, generators[0].n)
            known[e] = one if i is None else generators[i] * product((*e[:i], e[i] - 1, *e[i + 1 :]))
        return known[e]

    return rows, [product(e) for e in rows]


def _matrix(polynomials: Sequence[Polynomial]) -> flint.fmpq_mat:
    """Their coefficients as columns."""
    place: dict[tuple[int, ...], int] = {}
    for f in polynomials:
        for e, _ in f.terms:
            place.setdefault(e, len(place))
    entries = [flint.fmpq(0)] * (len(place) * len(polynomials))
    for column, f in enumerate(polynomials):
        for e, c in f.terms:
            assert isinstance(c, Fraction)
            entries[place[e] * len(polynomials) + column] = flint.fmpq(c.numerator, c.denominator)
    return flint.fmpq_mat(len(place), len(polynomials), entries)


def _reduced(polynomials: Sequence[Polynomial]) -> tuple[list[list[Fraction]], list[int]]:
    """The reduced echelon form of the matrix of coefficients, its nonzero rows, and their pivots."""
    form, rank = _matrix(polynomials).rref()
    rows = [[Fraction(int(q.p), int(q.q)) for q in row] for row in form.tolist()[:rank]]
    return rows, [next(j for j, q in enumerate(row) if q) for row in rows]


def rewrite(f: Polynomial, generators: Sequence[Polynomial]) -> Polynomial:
    """p in as many variables as there are generators, with f = p(generators). ValueError if there is none."""
    if not generators or f.n != generators[0].n:
        raise ValueError(f"rewrite: f has {f.n} variables, and the generators {[g.n for g in generators[:1]]}")
    terms: list[tuple[tuple[int, ...], Fraction]] = []
    for d, part in f.parts().items():
        if not part.is_rational:
            raise ValueError("rewrite: f has coefficients in floating point; only rational ones are solved for exactly")
        exponents, products = _products(generators, d)
        rows, pivots = _reduced([*products, part])
        if len(products) in pivots:
            raise ValueError(f"the part of degree {d} of f is no polynomial in the generators: is f invariant?")
        terms += [(exponents[j], row[-1]) for row, j in zip(rows, pivots, strict=True)]
    return Polynomial.of(terms, len(generators))


def relations(generators: Sequence[Polynomial], d: int) -> list[Polynomial]:
    """A basis of the polynomials p of weighted degree d, variable i weighing deg fᵢ, with p(generators) = 0."""
    exponents, products = _products(generators, d)
    rows, pivots = _reduced(products)
    free = [j for j in range(len(products)) if j not in pivots]
    found = []
    for j in free:
        terms = {exponents[j]: Fraction(1)}
        terms |= {exponents[i]: -row[j] for row, i in zip(rows, pivots, strict=True) if row[j]}
        scale = math.lcm(*(q.denominator for q in terms.values()))
        found.append(Polynomial.of(terms, len(generators)) * scale)
    return found
