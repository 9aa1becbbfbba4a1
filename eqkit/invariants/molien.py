"""Molien's theorem: how many invariants there are in each degree, as exact integers.

    Σ m_d t^d = 1/|G| Σ_g 1/det(1 − t g)            for maps into W: 1/|G| Σ_g conj χ_W(g) / det(1 − t g)

Finite groups: the eigenvalues of an element are roots of unity, so their exponents are integers, and the sums are done
modulo primes. Lie groups: Weyl's integral, a finite sum too, in float64 and rounded to integers, with a check.
Sources: Sturmfels, Algorithms in Invariant Theory, §2.2; Derksen & Kemper, Computational Invariant Theory, §4.6.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from eqkit import reynolds
from eqkit.groups import MatrixGroup
from eqkit.groups.matrix_group import require_group
from eqkit.invariants.modular import Field, combine, fields
from eqkit.representations import Representation, require_representation

TOP_DEGREE = 10_000
LARGEST, WORK = 1000, 2 * 10**8  # the size of W, and the steps of an integral, at most


def molien_series(G: MatrixGroup, degree: int, W: Representation | None = None) -> list[int]:
    """m₀, …, m_degree: the dimensions of the invariant polynomials on G.vector, or of the equivariant ones into W.

    Finite groups that can be listed, those known by their order (S(n), A(n), signed permutations), direct products; O,
    SO, U, SU, and by the unitary trick SL, GL, Sp, Lorentz. ValueError: other infinite groups, finite ones too large to
    list, a degree above 10 000, W of another group.
    """
    if not isinstance(degree, int) or isinstance(degree, bool) or not 0 <= degree <= TOP_DEGREE:
        raise ValueError(f"molien_series({G}, {degree!r}): the degree is an integer from 0 to {TOP_DEGREE:,}")
    require_group(G, "molien_series")
    if W is not None:
        require_representation(W, "molien_series: W")
    if W is not None and W.group != G:
        raise ValueError(f"molien_series: W belongs to {W.group} and the polynomials to {G}; build both from one group")
    if W is None and (known := _closed_form(G)) is not None:
        series = [1] + [0] * degree
        for d in known.degrees:
            series = multiplied(series, d, -1)
        top = known.numerator  # 1 + t^top
        return [m + (series[i - top] if 0 < top <= i else 0) for i, m in enumerate(series)]
    if W is None and G.factors is not None:
        a, b = (molien_series(H, degree) for H in G.factors)
        return [sum(a[i] * b[d - i] for i in range(d + 1)) for d in range(degree + 1)]
    if not G.is_finite:
        return _integral(G, degree, W)
    N, exponents, counts, characters = spectra(G, W)
    bound = math.comb(G.n + degree - 1, degree) * (1 if W is None else W.size)
    residues: list[np.ndarray] = []
    primes: list[int] = []
    for F in fields(N):
        weights = counts % F.p * pow(int(G.order), -1, F.p) % F.p
        if characters is not None:  # conj χ_W = Σ ζ^−e
            weights = weights * (F.roots[-characters % N].sum(1) % F.p) % F.p
        residues.append(_series(F, exponents, weights, degree))
        primes.append(F.p)
        if math.prod(primes) > 2 * bound:
            return [int(m) for m in combine(residues, primes)]
    raise AssertionError("there are infinitely many primes")


def dimension(G: MatrixGroup, degree: int) -> int:
    """m_degree alone; the series is computed to the next power of two, once."""
    return _series_to(G, min(1 << degree.bit_length(), TOP_DEGREE))[degree]


@cache
def _series_to(G: MatrixGroup, degree: int) -> list[int]:
    return molien_series(G, degree)


def _integral(G: MatrixGroup, degree: int, W: Representation | None) -> list[int]:
    """Weyl's integral of h_d(g) conj χ_W(g), where h_d is the coefficient of t^d in 1/det(1 − t g)."""
    if W is not None and W.size > LARGEST:
        raise MemoryError(f"molien_series: W has size {W.size:,}, more than the {LARGEST:,} that can be handled")
    largest = 0.0 if W is None else float(torch.linalg.eigvals(W.lie(G.lie_algebra)).abs().max())
    design = reynolds.class_functions(G, degree + math.ceil(largest - 1e-6))
    if (work := design.terms * G.n * degree) > WORK:
        raise MemoryError(
            f"molien_series({G}, {degree}): the integral takes {work:,} steps, more than {WORK:,}; take a lower degree"
        )
    total = torch.zeros(degree + 1, dtype=torch.complex128)
    for g, weights in design.chunks(degree + 1):
        h = torch.zeros(degree + 1, len(g), dtype=torch.complex128)
        h[0] = weights if W is None else weights * W.character(g).conj()
        for eigenvalues in torch.linalg.eigvals(g).T:  # one factor 1/(1 − t λ) at a time
            for d in range(1, degree + 1):
                h[d] += eigenvalues * h[d - 1]
        total += h.sum(1)
    rounded = total.real.round()
    if (total - rounded).abs().max() > 1e-6:
        raise ArithmeticError(f"molien_series({G}, {degree}): float64 does not suffice, {total[-1]} is no integer")
    return [int(m) for m in rounded]


def multiplied(series: list[int], d: int, power: int = 1) -> list[int]:
    """series · (1 − t^d), or with power −1 series / (1 − t^d), to the same degree."""
    result = list(series)
    for i in range(d, len(series)):
        result[i] += result[i - d] if power < 0 else -series[i - d]
    return result


class _Known(NamedTuple):
    """(1 + t^numerator) / Π (1 − t^dᵢ); with numerator 0 the numerator is 1."""

    degrees: range
    numerator: int = 0


def _closed_form(G: MatrixGroup) -> _Known | None:
    """The series of the groups that the order alone tells: S(n), A(n), all signed permutations."""
    if G.monomial is None:
        return None
    n, order = G.n, G.order
    if G.is_permutation and order == math.factorial(n):
        return _Known(range(1, n + 1))
    if G.is_permutation and 2 * order == math.factorial(n):  # the Vandermonde determinant is the one more invariant
        return _Known(range(1, n + 1), n * (n - 1) // 2)
    return _Known(range(2, 2 * n + 1, 2)) if order == 2**n * math.factorial(n) else None


def _series(F: Field, exponents: np.ndarray, weights: np.ndarray, degree: int) -> np.ndarray:
    """Σ over classes of weight / Π_i (1 − t ζ^eᵢ) mod p, coefficients 0 … degree."""
    h = np.zeros((degree + 1, len(exponents)), np.int64)  # (degree, class)
    h[0] = weights
    for eigenvalues in F.roots[exponents.T]:  # one factor 1/(1 − t λ) at a time
        for d in range(1, degree + 1):
            h[d] = (h[d] + eigenvalues * h[d - 1]) % F.p
    return h.sum(1) % F.p


@cache
def spectra(G: MatrixGroup, W: Representation | None = None) -> tuple[int, np.ndarray, np.ndarray, np.ndarray | None]:
    """N, exponents (classes, n), counts (classes,), and for W (classes, W.size): the spectra of a finite group.

    An element has the eigenvalues exp(2πi e/N). Elements of equal spectrum (and equal spectrum on W) are one class.
    """
    if G.monomial is not None and W is None:
        N, codes = _cycles(np.asarray(G._enumeration.elements), G.n)
        classes, counts = np.unique(codes, axis=0, return_counts=True)
        return N, np.array([_cycle_spectrum(row, N, G.n) for row in classes]), counts, None
    turns = [_turns(part) for part in _chunks(G, G.n)]
    on_W = [] if W is None else [_turns(W(part)) for part in _chunks(G, W.size)]
    both = np.concatenate([np.concatenate(turns), *([np.concatenate(on_W)] if on_W else [])], 1)
    N = _denominator(both)
    rows = np.rint(both * N).astype(np.int64) % N
    rows[:, : G.n].sort(1)
    rows[:, G.n :].sort(1)
    classes, counts = np.unique(rows, axis=0, return_counts=True)
    return N, classes[:, : G.n], counts, None if W is None else classes[:, G.n :]


def _chunks(G: MatrixGroup, size: int) -> Iterator[Tensor]:
    return iter(G.elements().split(max(1, 2**22 // size**2)))


def _turns(g: Tensor) -> np.ndarray:
    """The angles of the eigenvalues of g (…, n, n) in turns, [0, 1)."""
    return (torch.linalg.eigvals(g).angle() / (2 * torch.pi) % 1).numpy()


def _denominator(turns: np.ndarray) -> int:
    """The smallest N that makes all turns multiples of 1/N, to 1e-6: matrices may be typed with seven digits."""
    N = 1
    while len(rest := (far := abs(turns * N - np.rint(turns * N)))[far > 1e-6 * N]):
        step = float(rest.min())
        order = next((k for k in range(2, 10**6) if abs(step * k - round(step * k)) < 1e-6 * N), None)
        if order is None:
            raise ValueError(f"an eigenvalue turns by {step}: it is no root of unity")
        N *= order
    return N


def _cycles(points: np.ndarray, n: int) -> tuple[int, np.ndarray]:
    """The cycle of each coordinate, 2 · length + (1 if a sign is gathered on the way), sorted: (order, n)."""
    moved, codes = points.copy(), np.zeros((len(points), n), np.int64)
    here = np.arange(n)
    for length in range(1, n + 1):
        back = moved[:, :n]
        codes = np.where((codes == 0) & (back % n == here), 2 * length + (back != here), codes)
        if codes.all():
            break
        moved = np.take_along_axis(points, moved, 1)
    return math.lcm(*(int(c) // 2 * (1 + int(c) % 2) for c in np.unique(codes))), np.sort(codes, 1)


def _cycle_spectrum(codes: np.ndarray, N: int, n: int) -> list[int]:
    """The eigenvalues of a cycle of c coordinates with sign ε: the c-th roots of ε."""
    exponents: list[int] = []
    for code, total in zip(*np.unique(codes, return_counts=True), strict=True):
        length, negative = int(code) // 2, int(code) % 2
        angles = [N // length * j + negative * (N // (2 * length)) for j in range(length)]
        exponents += angles * (int(total) // length)
    return exponents
