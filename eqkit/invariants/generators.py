"""A minimal generating set of the invariants of a finite group, and the proof that it generates.

Hilbert: homogeneous invariants generate the ring exactly if they generate the ideal of all invariants of degree ≥ 1,
for f = Σ hᵢ fᵢ gives f = R f = Σ R(hᵢ) fᵢ. So an invariant of degree d is new exactly if its class modulo the ideal of
those of lower degree is not zero, and the search ends when that ideal is full. Sources: Sturmfels, Algorithms in
Invariant Theory, §2.5; King, Minimal generating sets of non-modular invariant rings of finite groups (2013).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqkit.groups import MatrixGroup
from eqkit.invariants.bounds import Bound, degree_bound
from eqkit.invariants.cyclotomic import exact_matrices
from eqkit.invariants.floating import floating_generators
from eqkit.invariants.modular import Field, field
from eqkit.invariants.molien import dimension, molien_series, multiplied
from eqkit.invariants.quotient import Quotient
from eqkit.invariants.spaces import (
    DENSE,
    SPARSE,
    Invariant,
    invariants_of_degree,
    monomials,
    orbit_sums,
    require_size,
)

WORK, MOST_WORK = 3 * 10**7, 5 * 10**9  # multiplications in one degree: many, and too many (about half a minute)
PRODUCTS = 20_000  # products of generators in one degree, at most


@dataclass(frozen=True)
class Certificate:
    """Why the generators generate, `bound`, and the arithmetic behind it: the primes, or the smallest gap of floats."""

    bound: Bound
    primes: tuple[int, ...]  # none where a theorem alone decides
    gap: float = math.inf  # of the singular values that a rank in floating point rests on

    @property
    def exact(self) -> bool:
        """Nothing rests on floating point."""
        return self.gap == math.inf

    def __str__(self) -> str:
        if not self.exact:
            return f"{self.bound}; ranks in floating point, gaps ≥ {self.gap:.0e}"
        return f"{self.bound}" + (f"; ranks modulo {' and '.join(map(str, self.primes))}" if self.primes else "")


def field_of(G: MatrixGroup, index: int = 0) -> Field:
    """The prime field that the group reduces to."""
    exact = exact_matrices(G)
    if exact is None:
        raise ValueError(f"{G}: its entries are not recognised as exact numbers, so only floating point is possible")
    return field(exact.N, index)


# reflection groups
def reflection_degrees(G: MatrixGroup) -> list[int] | None:
    """d₁ ≤ … ≤ dₙ with Molien series Π 1/(1 − t^dᵢ) and Π dᵢ = |G|, if it looks so; else None."""
    n, order = G.n, int(G.order)
    series, top = molien_series(G, 2 * n), 2 * n
    degrees: list[int] = []
    while len(degrees) < n:
        d = next((d for d in range(1, top + 1) if series[d]), None)
        if d is None:
            left = order // math.prod(degrees)
            if top > left + n or top > 2000:
                return None
            top *= 2
            series = molien_series(G, top)
            for d in degrees:
                series = multiplied(series, d)
            continue
        if series[d] < 0 or order % math.prod(degrees):
            return None
        degrees.append(d)
        series = multiplied(series, d)
    return degrees if math.prod(degrees) == order and not any(series[1:]) else None


def plain_invariants(G: MatrixGroup, d: int) -> Iterator[Invariant]:
    """Invariants of degree d, the simplest first; for (signed) permutations those of few variables first."""
    if G.monomial is None:
        yield from sorted(invariants_of_degree(G, d), key=lambda f: f.plainness)
        return
    for variables in range(1, min(G.n, d) + 1):
        count = math.comb(G.n, variables) * math.comb(d - 1, variables - 1)
        if count > SPARSE:
            require_size(G, d, SPARSE)
        inner = monomials(variables, d - variables) + 1
        rows = np.zeros((math.comb(G.n, variables), len(inner), G.n), np.int64)
        for block, chosen in zip(rows, itertools.combinations(range(G.n), variables), strict=True):
            block[:, chosen] = inner
        yield from sorted(orbit_sums(G, rows.reshape(-1, G.n)), key=lambda f: f.plainness)


def reflection_generators(G: MatrixGroup, F: Field) -> list[Invariant] | None:
    """n algebraically independent invariants with Π dᵢ = |G|: by Shephard, Todd and Chevalley they generate."""
    if (degrees := reflection_degrees(G)) is None:
        return None
    x = F.random(np.random.default_rng(0), G.n)
    found: list[Invariant] = []
    jacobian = np.zeros((0, G.n), np.int64)
    for d, missing in Counter(degrees).items():
        for f in plain_invariants(G, d):
            rows = np.concatenate([jacobian, gradient(F, f, x)[None]])
            if F.rank(rows) == len(rows):
                found, jacobian, missing = [*found, f], rows, missing - 1
            if missing == 0:
                break
    return found if len(found) == G.n else None


def alternating_generators(G: MatrixGroup) -> list[Invariant] | None:
    """For A(n), known by its order: n power sums and the Vandermonde determinant V, as the ring is ℂ[p] ⊕ V ℂ[p]."""
    n = G.n
    if not G.is_permutation or n < 3 or 2 * G.order != math.factorial(n):
        return None
    if math.factorial(n) > 50_000:
        raise MemoryError(
            f"{G}: the Vandermonde determinant of {n} variables has {math.factorial(n):,} terms, too many"
        )
    powers = [next(iter(plain_invariants(G, d))) for d in range(1, n + 1)]
    return [*powers, _vandermonde(n)]


def _vandermonde(n: int) -> Invariant:
    """Π_{i<j} (xᵢ − x_j) = Σ sign(p) x^p over the permutations p of (n − 1, …, 0)."""
    exponents = np.array(list(itertools.permutations(range(n - 1, -1, -1))), np.int64)
    larger = exponents[:, :, None] < exponents[:, None, :]
    inversions = np.triu(larger).sum((1, 2))
    return Invariant(exponents, (1 - 2 * (inversions % 2))[:, None], 1)


def gradient(F: Field, f: Invariant, x: np.ndarray) -> np.ndarray:
    """∇f(x) modulo p, (n,), for x without zeros, where ∂ᵢ xᵉ = eᵢ xᵉ / xᵢ."""
    terms = f.at(F) * F.monomials(f.exponents, x[None]) % F.p  # (1, terms)
    return F.matmul(terms, f.exponents)[0] * F.power(x, F.p - 2) % F.p


def values(F: Field, f: Invariant, points: np.ndarray) -> np.ndarray:
    """f at points (count, n) modulo p: (count,)."""
    total, coefficients = np.zeros(len(points), np.int64), f.at(F)
    for start in range(0, len(coefficients), 4096):
        part = slice(start, start + 4096)
        total += (coefficients[part] * F.monomials(f.exponents[part], points) % F.p).sum(1) % F.p
    return total % F.p


# all groups
def hilbert_generators(G: MatrixGroup, F: Field) -> tuple[list[Invariant], Bound]:
    """Degree by degree the invariants outside the ideal of the earlier ones, until it is full or the bound is met."""
    bound, found, exact = degree_bound(G), list[Invariant](), exact_matrices(G)
    assert exact is not None
    ideal: Quotient | None = Quotient(F, G.n, exact.at(F))
    for d in range(1, bound.value + 1):
        if ideal is not None and ideal.work > WORK:
            if ideal.work * (bound.value - d + 1) > dimension(G, bound.value) ** 3:
                ideal = None  # up to the bound there are so few invariants that counting them is faster
            elif ideal.work > MOST_WORK:
                raise MemoryError(
                    f"{G}: after degree {d - 1} polynomials modulo the ideal of the invariants still have dimension "
                    f"{ideal.sizes[-1]:,}; use invariants.max_filter, or a smaller group"
                )
        if ideal is None:
            found += _new_by_values(G, F, found, d)
            continue
        require_size(G, d, SPARSE if G.is_permutation else DENSE)
        ideal.extend()
        if ideal.sizes[-1] == 0:
            return found, Bound(d - 1, f"Hilbert: every polynomial of degree {d} lies in the ideal of these invariants")
        if (count := ideal.count_fixed()) == 0:
            continue
        candidates = _candidates(G, d)
        classes = ideal.classes(candidates)
        _, new = F.rref(np.ascontiguousarray(classes.T))
        if len(new) != count:
            raise ArithmeticError(f"{G}: {len(new)} new invariants of degree {d} were found, and {count} exist")
        found += [candidates[i] for i in new]
        ideal.divide(classes[new])
    return found, bound


def _candidates(G: MatrixGroup, d: int) -> list[Invariant]:
    """A basis of the invariants of degree d, the simplest first."""
    known = (
        list(plain_invariants(G, d))
        if G.is_permutation
        else sorted(invariants_of_degree(G, d), key=lambda f: f.plainness)
    )
    if len(known) != (expected := dimension(G, d)):
        raise ArithmeticError(f"{G}: {len(known)} invariants of degree {d} were found, and Molien counts {expected}")
    return known


def _new_by_values(G: MatrixGroup, F: Field, found: list[Invariant], d: int) -> list[Invariant]:
    """The same by counting: the products of generators, as vectors of values at random points, fall short of Molien."""
    expected = dimension(G, d)
    points = F.random(np.random.default_rng(d), expected + 4, G.n)
    exponents = weighted_monomials([f.degree for f in found], d)
    if len(exponents) > PRODUCTS:
        raise MemoryError(
            f"{G}: {len(exponents):,} products of generators have degree {d}, more than the {PRODUCTS:,} that can be "
            "compared; use invariants.max_filter, or a smaller group"
        )
    table = [values(F, f, points) for f in found]
    rows = np.ones((len(exponents), len(points)), np.int64)
    for f, e in zip(table, exponents.T, strict=True):
        powers = np.stack([F.power(f, k) for k in range(int(e.max(initial=0)) + 1)])
        rows = rows * powers[e] % F.p
    rank = F.rank(rows)
    if rank == expected:
        return []
    candidates = _candidates(G, d)
    rows, _ = F.rref(rows)
    both = np.concatenate([rows, np.stack([values(F, f, points) for f in candidates])])
    _, pivots = F.rref(np.ascontiguousarray(both.T))
    if len(pivots) != expected:
        raise ArithmeticError(f"{G}: values at random points have rank {len(pivots)} in degree {d}, Molien {expected}")
    return [candidates[i - rank] for i in pivots if i >= rank]


def weighted_monomials(degrees: list[int], d: int) -> np.ndarray:
    """All exponents e (count, k) with Σ eᵢ degreesᵢ = d."""
    partial = {0: np.zeros((1, 0), np.int64)}  # degree reached by the first few: their exponents
    for weight in degrees:
        grown: dict[int, list[np.ndarray]] = {}
        for reached, rows in partial.items():
            for k in range((d - reached) // weight + 1):
                column = np.full((len(rows), 1), k)
                grown.setdefault(reached + k * weight, []).append(np.concatenate([rows, column], 1))
        partial = {reached: np.concatenate(parts) for reached, parts in grown.items()}
        if sum(map(len, partial.values())) > 50 * PRODUCTS:
            raise MemoryError(f"more than {50 * PRODUCTS:,} products of {len(degrees)} generators up to degree {d}")
    return partial.get(d, np.zeros((0, len(degrees)), np.int64))


def minimal_generators(G: MatrixGroup) -> tuple[list[Invariant], Certificate]:
    """A minimal generating set with its certificate; exact choices are made modulo two primes, and must agree."""
    if G.factors is not None and None not in (fields := [exact_matrices(H) for H in G.factors]):
        return _of_product(G, math.lcm(*(exact.N for exact in fields if exact)))
    if exact_matrices(G) is None:
        floating, bound, gap = floating_generators(G)
        return floating, Certificate(bound, (), gap)
    if (alternating := alternating_generators(G)) is not None:
        top = max(G.n, alternating[-1].degree)
        reason = "alternating group: symmetric polynomials, and the Vandermonde determinant times symmetric polynomials"
        return sorted(alternating, key=lambda f: f.degree), Certificate(Bound(top, reason), ())
    results = []
    for index in range(2):
        F = field_of(G, index)
        if (found := reflection_generators(G, F)) is not None:
            product = "·".join(str(f.degree) for f in found)
            reason = f"Shephard–Todd–Chevalley: {G.n} algebraically independent invariants, {product} = |G|"
            results.append((found, Bound(max(f.degree for f in found), reason), F.p))
        else:
            results.append((*hilbert_generators(G, F), F.p))
    (first, bound, p), (second, _, q) = results
    if [f.polynomial for f in first] != [f.polynomial for f in second]:
        raise ArithmeticError(f"{G}: generators modulo {p} and modulo {q} differ")
    _verify_invariance(G, first)
    return first, Certificate(bound, (p, q))


def _verify_invariance(G: MatrixGroup, found: list[Invariant]) -> None:
    """f(s x) = f(x) for the generators s of G at a random x, modulo a prime: the polynomials as they are shown."""
    F, exact = field_of(G, 0), exact_matrices(G)
    assert exact is not None
    x = F.random(np.random.default_rng(2), 1, G.n)
    points = np.concatenate([x, *(F.matmul(x, s.T) for s in exact.at(F))])
    for f in found:
        if len(set(values(F, f, points).tolist())) > 1:
            raise ArithmeticError(f"{G}: {f.polynomial} is not invariant")


def _of_product(G: MatrixGroup, N: int) -> tuple[list[Invariant], Certificate]:
    """ℂ[V ⊕ W]^(G × H) = ℂ[V]^G ⊗ ℂ[W]^H: the generators of both, each in its own variables, over ℚ(ζ_N)."""
    assert G.factors is not None
    parts, found = [minimal_generators(H) for H in G.factors], list[Invariant]()
    before = 0
    for H, (generators, _) in zip(G.factors, parts, strict=True):
        for f in generators:
            exponents = np.pad(f.exponents, ((0, 0), (before, G.n - before - H.n)))
            numbers = np.zeros((len(f.numbers), (f.numbers.shape[1] - 1) * (N // f.N) + 1), object)
            numbers[:, :: N // f.N] = f.numbers  # ζ of the factor is a power of that of the product
            found.append(Invariant(exponents, numbers, N))
        before += H.n
    (a, b), primes = (certificate.bound for _, certificate in parts), {p for _, c in parts for p in c.primes}
    bound = Bound(max(a.value, b.value), f"direct product of two rings ({a.reason}; {b.reason})")
    return sorted(found, key=lambda f: f.degree), Certificate(bound, tuple(sorted(primes, reverse=True)))
