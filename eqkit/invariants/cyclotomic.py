"""The exact numbers behind float64 matrices: sums of roots of unity with small fractions, found by lattice reduction.

The entries of the groups with names are such numbers: 1/2, cos 72° = (√5 − 1)/4, i/√2. A group is then exact: it can be
reduced modulo primes, and what is computed there is lifted back. Sources: Lenstra, Lenstra & Lovász (1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import flint
import numpy as np

from eqkit.groups import MatrixGroup
from eqkit.invariants.modular import Field, combine, field, fields, reconstruct
from eqkit.invariants.molien import spectra

_SCALE = 10**13  # digits trusted of a float64
_HEIGHT = 200  # the largest numerator or denominator believed
_FEW, _PRIMES = 3, 60  # primes tried before a field is looked at, and before a lift is given up


@dataclass(frozen=True, eq=False)
class ExactMatrices:
    """Matrices over ℚ(ζ_N): an entry is Σ_k coefficients[..., k] ζ_Nᵏ / denominator, with integer coefficients."""

    N: int
    coefficients: np.ndarray  # (count, n, n, N) int64
    denominator: int

    def at(self, F: Field) -> np.ndarray:
        """The matrices modulo p, (count, n, n)."""
        total = (self.coefficients % F.p * F.roots % F.p).sum(-1) % F.p
        return total * pow(self.denominator, -1, F.p) % F.p

    def embeddings(self, F: Field) -> dict[int, int]:
        """For each k prime to N the smallest k' for which ζ ↦ ζᵏ and ζ ↦ ζᵏ' move the entries alike."""
        first: dict[bytes, int] = {}
        units = [k for k in range(1, self.N + 1) if math.gcd(k, self.N) == 1]
        return {k: first.setdefault(self.at(F.conjugate(k)).tobytes(), k) for k in units}


@cache
def exact_matrices(G: MatrixGroup) -> ExactMatrices | None:
    """The generators of a finite group as exact matrices, or None where an entry is not recognised.

    What is recognised is verified: modulo two primes the matrices have the Cayley graph of G, so they are a
    representation of G, and they lie within 1e-12 of the given ones.
    """
    if G.monomial is not None:
        entries = G.generators.real.round().long().numpy()[..., None]
        return ExactMatrices(1, entries.reshape(-1, G.n, G.n, 1), 1)
    N = math.lcm(spectra(G)[0], 120)  # √2, √3, √5 lie in ℚ(ζ₁₂₀)
    found = {}
    given = G.generators.numpy()
    for x in {float(x) for x in [*given.real.ravel(), *given.imag.ravel()]}:
        if (sum_of_cosines := _recognise(abs(x), N)) is None:
            return None
        found[x] = {k: q if x >= 0 else -q for k, q in sum_of_cosines.items()}
    orders = [N // math.gcd(N, k) for terms in found.values() for k in terms]
    M = math.lcm(4 if np.abs(given.imag).max(initial=0) > 0 else 1, *orders)
    denominator = 2 * math.lcm(*(q.denominator for terms in found.values() for q in terms.values()))
    coefficients = np.zeros((*given.shape, M), np.int64)
    for place in np.ndindex(given.shape):
        for part, turn in ((given[place].real, 0), (given[place].imag, M // 4)):
            for k, q in found[float(part)].items():  # q (ζᵏ + ζ⁻ᵏ)/2
                for sign in (1, -1):
                    coefficients[(*place, (sign * k * M // N + turn) % M)] += int(q * denominator) // 2
    exact = ExactMatrices(M, coefficients, denominator)
    for F, _ in zip(fields(M), range(2), strict=False):
        if not _is_representation(G, exact.at(F), F):
            return None
    return exact


def _recognise(x: float, N: int) -> dict[int, Fraction] | None:
    """x = Σ q_k cos(2πk/N), as {k: q_k}: a fraction, a cosine, a fraction and a cosine, or a few of a smaller field."""
    simple = Fraction(x).limit_denominator(_HEIGHT)
    if abs(float(simple) - x) < 1e-14 * max(1, x):
        return {0: simple} if simple else {}
    k = round(math.acos(min(x, 1)) * N / (2 * math.pi))
    if abs(math.cos(2 * math.pi * k / N) - x) < 1e-15:
        return {k: Fraction(1)}
    one_cosine = ([0, k] for k in range(1, N // 4))
    fields = (
        [N // m * j for j in range(_totient(m) // 2)] for m in range(5, N + 1) if N % m == 0 and _totient(m) <= 12
    )
    for ks in (*one_cosine, *fields):
        if (relation := _relation([x, *(math.cos(2 * math.pi * k / N) for k in ks)])) is not None:
            return {k: Fraction(-c, relation[0]) for k, c in zip(ks, relation[1:], strict=True) if c}
    return None


def _relation(numbers: list[float]) -> list[int] | None:
    """Small integers cᵢ, c₀ ≠ 0, with Σ cᵢ xᵢ = 0 to float64, by lattice reduction; None if they are not small."""
    size = len(numbers)
    rows = [[int(i == j) for j in range(size)] + [round(x * _SCALE)] for i, x in enumerate(numbers)]
    shortest = [int(c) for c in flint.fmpz_mat(rows).lll().tolist()[0]]
    small = max(map(abs, shortest[:-1])) <= (_HEIGHT if size <= 3 else _SCALE ** (0.6 / size))
    error = abs(sum(c * x for c, x in zip(shortest, numbers, strict=False)))
    return shortest[:-1] if small and shortest[0] and error < 1e-13 * max(map(abs, shortest)) else None


def _totient(m: int) -> int:
    return sum(math.gcd(k, m) == 1 for k in range(1, m + 1))


def _is_representation(G: MatrixGroup, generators: np.ndarray, F: Field) -> bool:
    """ρ(s)ρ(h) = ρ(sh) along the whole Cayley graph of G, modulo p."""
    edges = G.cayley_graph().numpy()  # (order, k)
    table = np.zeros((len(edges), G.n, G.n), np.int64)
    table[0] = np.eye(G.n, dtype=np.int64)
    seen, frontier = np.zeros(len(edges), bool), np.array([0])
    seen[0] = True
    while len(frontier):
        found = []
        for j, s in enumerate(generators):
            targets, first = np.unique(edges[frontier, j], return_index=True)
            new = ~seen[targets]
            table[targets[new]] = F.matmul(s, table[frontier[first[new]]])
            seen[targets[new]] = True
            found.append(targets[new])
        frontier = np.concatenate(found)
    return all((F.matmul(s, table) == table[edges[:, j]]).all() for j, s in enumerate(generators))


def lift(exact: ExactMatrices, compute: Callable[[Field, np.ndarray], np.ndarray]) -> np.ndarray | None:
    """What `compute` gives over ℚ(ζ_N), from what it gives modulo primes: Fractions (..., φ) of powers of ζ_N.

    compute(F, generators (count, n, n) mod p) is an array mod p that depends on the generators alone, so it commutes
    with the Galois group: its conjugates tell the coefficients. If one of them reads as the same fractions modulo one
    prime and two, they are rational, and φ = 1. None if no stable fractions appear.
    """

    @cache
    def conjugate(F: Field, k: int) -> np.ndarray:
        return compute(F.conjugate(k), exact.at(F.conjugate(k)))

    def powers(F: Field) -> np.ndarray:
        place = exact.embeddings(F)
        conjugates = np.stack([conjugate(F, first) for first in place.values()], -1)  # (..., φ)
        roots = np.stack([F.conjugate(k).roots[: len(place)] for k in place])  # σ_k(ζʲ), (φ, φ)
        solved, _ = F.rref(np.concatenate([roots, conjugates.reshape(-1, len(place)).T], 1))
        return solved[:, len(place) :].T.reshape(conjugates.shape)

    def rational(most: int) -> np.ndarray | None:
        return _stable(lambda F: conjugate(F, 1)[..., None], exact.N, most)

    if (found := rational(_FEW)) is not None:
        return found
    places = len(set(exact.embeddings(field(exact.N)).values()))
    trials = _PRIMES if places == 1 else places  # no more work than for all conjugates modulo one prime
    found = rational(trials)
    return found if found is not None or places == 1 else _stable(powers, exact.N, _PRIMES)


def _stable(compute: Callable[[Field], np.ndarray], N: int, most: int) -> np.ndarray | None:
    """The fractions that reproduce compute(F) modulo some primes, and modulo one more."""
    residues: list[np.ndarray] = []
    primes: list[int] = []
    last: list[Fraction | None] = []
    for F, _ in zip(fields(N), range(most), strict=False):
        residues.append(compute(F))
        primes.append(F.p)
        if residues[-1].shape != residues[0].shape:
            raise ArithmeticError("two primes give spaces of unequal dimension")
        whole = combine(residues, primes).ravel().tolist()
        known = {a: reconstruct(a, math.prod(primes)) for a in set(whole)}
        fractions = [known[a] for a in whole]
        if None not in fractions and fractions == last:
            return np.array(fractions, object).reshape(residues[0].shape)
        last = fractions
    return None


def reduced(numbers: np.ndarray, F: Field) -> np.ndarray:
    """Integers (..., φ), the coefficients of powers of ζ_N, modulo p: (...)."""
    residues = (numbers % F.p).astype(np.int64)
    return (residues * F.roots[: numbers.shape[-1]] % F.p).sum(-1) % F.p


def embedded(numbers: np.ndarray, N: int) -> list[Fraction | float | complex]:
    """Numbers (count, φ), the coefficients of powers of ζ_N: exact where rational, else float, else complex."""
    zeta = np.exp(2j * np.pi / N * np.arange(numbers.shape[-1]))
    found: list[Fraction | float | complex] = []
    for row in numbers.tolist():
        if not any(row[1:]):
            found.append(Fraction(row[0]))
            continue
        value = complex(sum(float(q) * z for q, z in zip(row, zeta, strict=True)))
        found.append(value.real if abs(value.imag) < 1e-14 * max(1, abs(value)) else value)
    return found
