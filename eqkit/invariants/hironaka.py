"""Primary and secondary invariants: ℂ[V]^G = ⊕ᵢ ηᵢ ℂ[θ₁, …, θₙ], every invariant in one way Σ ηᵢ pᵢ(θ).

The primary θ are n invariants whose only common zero is the origin, the secondary η a basis modulo the ideal (θ). Then
Σ t^deg ηᵢ / Π (1 − t^deg θⱼ) is the Molien series, and Π deg θⱼ / |G| is the number of η.
Sources: Sturmfels, Algorithms in Invariant Theory, §2.3; Derksen & Kemper, Computational Invariant Theory, §3.3, 3.5.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eqkit.groups import MatrixGroup
from eqkit.invariants.generators import field_of, plain_invariants
from eqkit.invariants.modular import Field
from eqkit.invariants.molien import molien_series, multiplied
from eqkit.invariants.polynomials import Polynomial
from eqkit.invariants.quotient import Quotient
from eqkit.invariants.spaces import Invariant

_TRIES = 40  # systems of equal degrees tried
_CHOICES, _WORK = 10**6, 2 * 10**9  # lists of degrees, and multiplications for one system: what a minute allows
_SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class HilbertSeries:
    """Σ m_d t^d as a fraction: numerator(t) / Π (1 − t^dⱼ), for primary invariants of degrees dⱼ."""

    numerator: tuple[int, ...]  # numerator[e] secondary invariants have degree e
    degrees: tuple[int, ...]

    def coefficients(self, degree: int) -> list[int]:
        """m₀, …, m_degree of the expansion."""
        series = [*self.numerator, *[0] * degree][: degree + 1]
        for d in self.degrees:
            series = multiplied(series, d, -1)
        return series

    def __repr__(self) -> str:
        def t(d: int) -> str:
            return "t" if d == 1 else f"t{str(d).translate(_SUPER)}"

        above = [("" if c == 1 else str(c)) + t(d) if d else str(c) for d, c in enumerate(self.numerator) if c]
        below = [
            f"(1 − {t(d)})" + (str(k).translate(_SUPER) if k > 1 else "") for d, k in Counter(self.degrees).items()
        ]
        top = " + ".join(above)
        return f"{f'({top})' if len(above) > 1 else top} / {''.join(below)}"


def decompose(G: MatrixGroup, generators: Sequence[Invariant]) -> tuple[tuple[Invariant, ...], tuple[Invariant, ...]]:
    """Primary and secondary invariants, checked modulo two primes; the primary ones have the smallest Π dᵢ found.

    Degrees are those of generators (or, failing these, a common multiple); for each choice that fits the Molien series
    generators are tried first, then sums of invariants with small coefficients. MemoryError: groups for which one
    system takes more than 2·10⁹ multiplications.
    """
    F, second = field_of(G, 0), field_of(G, 1)
    if len(generators) == G.n:
        return tuple(generators), (_one(G),)
    rng = np.random.default_rng(0)
    for degrees, numerator in _possible_degrees(G, [f.degree for f in generators]):
        if (work := _work(G.n, degrees)) > _WORK:
            raise MemoryError(
                f"{G}: primary invariants of degrees {', '.join(map(str, degrees))} have {sum(numerator):,} secondary "
                f"ones, and to find them takes about {work:.0e} multiplications, more than {_WORK:.0e}; use the "
                f"{len(generators)} generators, or invariants.separating"
            )
        for attempt, system in enumerate(itertools.islice(_systems(G, generators, degrees, rng), _TRIES)):
            if attempt == 1 and not _exists(G, F, degrees, numerator, rng):
                break
            if (secondary := _secondary(G, F, generators, system, numerator)) is None:
                continue
            again = _secondary(G, second, generators, system, numerator)
            if again is None or [f.polynomial for f in again] != [f.polynomial for f in secondary]:
                raise ArithmeticError(f"{G}: secondary invariants modulo {F.p} and {second.p} differ")
            return tuple(system), tuple(secondary)
    raise ArithmeticError(f"{G}: no system of parameters was found among the invariants tried")


def _work(n: int, degrees: Sequence[int]) -> int:
    """About how many multiplications it takes to divide by a system of parameters of these degrees, as `Quotient.work`.

    The quotient by the first k has the Hilbert series Π (1 − t^dᵢ)/(1 − t)ⁿ, so its sizes are known before the work.
    """
    top, variables = sum(degrees) - n, n - list(degrees).count(1)
    sizes = [math.comb(n - 1 + d, d) for d in range(top + 1)]
    for d in degrees:
        sizes = multiplied(sizes, d)
    return sum((variables * q) ** 3 + math.comb(n + d, d + 1) * q**2 for d, q in enumerate(sizes))


def _exists(G: MatrixGroup, F: Field, degrees: tuple[int, ...], numerator: list[int], rng: np.random.Generator) -> bool:
    """Is there any system of parameters of these degrees? If so, generic invariants are one, so one try decides."""
    bases = {d: list(plain_invariants(G, d)) for d in set(degrees)}
    generic = [_sum(bases[d], rng.integers(1, F.p, len(bases[d]))) for d in degrees]
    return _secondary(G, F, [], generic, numerator) is not None


def _possible_degrees(G: MatrixGroup, degrees: list[int]) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Degrees of θ for which Molien · Π (1 − t^dᵢ) is a polynomial with coefficients ≥ 0 and sum Π dᵢ / |G|."""
    order, kinds = int(G.order), len({*degrees, math.lcm(*degrees)})
    if (count := math.comb(kinds + G.n - 1, G.n)) > _CHOICES:
        raise MemoryError(
            f"{G}: {count:,} lists of {G.n} degrees could be those of primary invariants, more than {_CHOICES:,}; use "
            f"the {len(degrees)} generators, or invariants.separating"
        )
    choices = list(itertools.combinations_with_replacement(sorted({*degrees, math.lcm(*degrees)}), G.n))
    for chosen in sorted(choices, key=lambda c: (math.prod(c), sum(c))):
        if math.prod(chosen) % order:
            continue
        top = sum(chosen) - G.n
        numerator = molien_series(G, top + max(chosen))
        for d in chosen:
            numerator = multiplied(numerator, d)
        if (
            min(numerator) >= 0
            and sum(numerator[: top + 1]) == math.prod(chosen) // order
            and not any(numerator[top + 1 :])
        ):
            yield chosen, numerator[: top + 1]


def _systems(
    G: MatrixGroup, generators: Sequence[Invariant], degrees: tuple[int, ...], rng: np.random.Generator
) -> Iterator[list[Invariant]]:
    """Invariants of these degrees: generators first, then sums with coefficients that grow."""
    counts = Counter(degrees)
    ready = [[f for f in generators if f.degree == d] for d in counts]
    if all(len(fs) >= k for fs, k in zip(ready, counts.values(), strict=True)):
        choices = [list(itertools.combinations(fs, k)) for fs, k in zip(ready, counts.values(), strict=True)]
        for chosen in itertools.islice(itertools.product(*choices), _TRIES // 2):
            yield [f for part in chosen for f in part]
    bases = {d: list(plain_invariants(G, d)) for d in counts}
    if any(len(bases[d]) < k for d, k in counts.items()):
        return
    for size in itertools.count(1):
        yield [_sum(bases[d], rng.integers(-size, size + 1, len(bases[d]))) for d in degrees]


def _one(G: MatrixGroup) -> Invariant:
    return Invariant(np.zeros((1, G.n), np.int64), np.ones((1, 1), np.int64), 1)


def _sum(fs: list[Invariant], coefficients: np.ndarray) -> Invariant:
    """Σ cᵢ fᵢ; f₀ if that is 0."""
    exponents = np.concatenate([f.exponents for f in fs])
    numbers = np.concatenate([f.numbers.astype(object) * int(c) for f, c in zip(fs, coefficients, strict=True)])
    rows, back = np.unique(exponents, axis=0, return_inverse=True)
    total = np.zeros((len(rows), numbers.shape[1]), object)
    np.add.at(total, back.ravel(), numbers)
    used = total.astype(bool).any(1)
    return Invariant(rows[used], total[used], fs[0].N) if used.any() else fs[0]


def _secondary(
    G: MatrixGroup, F: Field, generators: Sequence[Invariant], system: list[Invariant], numerator: list[int]
) -> list[Invariant] | None:
    """A basis of the invariants modulo (θ), or None where θ has common zeros besides the origin.

    It has none exactly if F_p[x]/(θ) has the Hilbert series Π (1 − t^dᵢ)/(1 − t)ⁿ, which is a polynomial.
    """
    Q, expected = Quotient(F, G.n), [math.comb(G.n - 1 + d, d) for d in range(len(numerator) + 1)]
    for f in system:
        expected = multiplied(expected, f.degree)
    found = [_one(G)]
    for d in range(1, len(numerator) + 1):
        Q.extend()
        if theta := [f for f in system if f.degree == d]:
            Q.divide(Q.classes(theta))
        if Q.sizes[-1] != expected[d]:
            return None
        if d < len(numerator) and numerator[d]:
            candidates = [f for f in generators if f.degree == d]
            if F.rank(Q.classes(candidates)) < numerator[d]:
                candidates += plain_invariants(G, d)
            _, chosen = F.rref(np.ascontiguousarray(Q.classes(candidates).T))
            if len(chosen) != numerator[d]:
                return None
            found += [candidates[i] for i in chosen]
    return found


def hilbert_series(primary: Sequence[Polynomial], secondary: Sequence[Polynomial]) -> HilbertSeries:
    """The series of a decomposition into primary and secondary invariants."""
    counts = Counter(f.degree for f in secondary)
    return HilbertSeries(tuple(counts[e] for e in range(max(counts) + 1)), tuple(sorted(f.degree for f in primary)))
