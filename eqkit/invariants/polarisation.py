"""Polarisation: from the invariants of k copies of V to invariants of m copies.

f(Σ_j t_{1j} y_j, …, Σ_j t_{kj} y_j) is invariant for all numbers t, so are its coefficients, polynomials in y₁ … y_m.
Weyl: for m > k = dim V copies the polarisations of the generators for k copies generate; for S(n) those of one copy do.
Source: Weyl, The Classical Groups, II.5; Kraft & Procesi, Classical Invariant Theory, §7.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from eqkit.invariants.features import Features, copies
from eqkit.invariants.polynomials import Exponent, Polynomial
from eqkit.invariants.ring import InvariantRing

LIMIT = 20_000  # polarisations at most


def polarisations(R: InvariantRing | Features, m: int) -> Features:
    """All polarisations to m copies of the generators R on k copies of G.vector, without multiples of one another.

    On m * G.vector; xᵢ is coordinate i mod n of copy i // n. An f of degree d on one copy has C(d + m − 1, d). They are
    the generators for S(n), and where k ≥ dim V; for other groups det(v, w) may be missing, as for C.plane(4).
    ValueError: m < 1, features without polynomials, more than 20,000 polarisations.
    """
    if not isinstance(m, int) or isinstance(m, bool) or m < 1:
        raise ValueError(f"polarisations(R, {m!r}): the number of copies is an integer ≥ 1")
    if not isinstance(R, InvariantRing | Features):
        raise TypeError(f"polarisations({R!r}, {m}): give an invariant ring, invariants.invariant_ring(G), or features")
    generators = R.generators if isinstance(R, InvariantRing) else R.polynomials
    if not generators:
        raise ValueError(
            f"polarisations of {R}: its functions are not written out as polynomials; give an invariant ring"
        )
    G, k = R.group, copies(R.representation, "polarisations")
    total = sum(math.prod(math.comb(d + m - 1, d) for d in _degrees(f, k)) for f in generators)
    if total > LIMIT:
        raise ValueError(f"polarisations(R, {m}): {total:,} of them; at most {LIMIT:,} are made, take fewer copies")
    found: dict[Polynomial, None] = {}
    for f in generators:
        for g in _polarise(f, G.n, k, m):
            leading = g.coefficients[0]
            found.setdefault(g if leading == 1 else g / leading)
    name = f"polarisations of {len(generators)} generators from {k} to {m} copies"
    return Features.of(tuple(sorted(found, key=lambda g: g.degree)), m * G.vector, name)


def _degrees(f: Polynomial, k: int) -> tuple[int, ...]:
    """The highest degree of f in each of the k copies."""
    return tuple(int(d) for d in f.exponents.reshape(-1, k, f.n // k).sum(-1).amax(0))


def _polarise(f: Polynomial, n: int, k: int, m: int) -> Iterator[Polynomial]:
    """The coefficients of f(Σ_j t_ij y_j) as polynomials in y, one for each exponent of t (k, m)."""
    parts: dict[tuple[Exponent, ...], dict[Exponent, complex]] = {}
    for e, c in f.terms:
        # (Σ_j t_ij y_jp)^{e_ip} for every copy i and coordinate p: e_ip shared among the m copies j
        for shares in itertools.product(*(list(_compositions(power, m)) for power in e)):
            t = tuple(tuple(sum(column) for column in zip(*shares[i * n : (i + 1) * n], strict=True)) for i in range(k))
            y = tuple(sum(shares[i * n + p][j] for i in range(k)) for j in range(m) for p in range(n))
            ways = math.prod(_multinomial(share) for share in shares)
            terms = parts.setdefault(t, {})
            terms[y] = terms.get(y, 0) + c * ways
    for terms in parts.values():
        g = Polynomial.of(terms, m * n)
        if g.terms:
            yield g


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All (a₁, …, a_parts) ∈ ℕ with this sum."""
    for bars in itertools.combinations(range(total + parts - 1), parts - 1):
        ends = (-1, *bars, total + parts - 1)
        yield tuple(b - a - 1 for a, b in itertools.pairwise(ends))


def _multinomial(a: tuple[int, ...]) -> int:
    return math.factorial(sum(a)) // math.prod(map(math.factorial, a))
