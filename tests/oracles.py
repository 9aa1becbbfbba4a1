"""Closed forms to test against: nothing here uses eqkit, each line says where it is from."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence


# dimensions of invariants in tensor powers
@functools.cache
def stirling2(k: int, blocks: int) -> int:
    """Partitions of k points into so many blocks: S(k, b) = b S(k−1, b) + S(k−1, b−1). OEIS A008277."""
    if k == 0 or blocks == 0:
        return int(k == blocks)
    return blocks * stirling2(k - 1, blocks) + stirling2(k - 1, blocks - 1)


def partitions(k: int, n: int) -> int:
    """Partitions of k points into at most n blocks: the invariants of S(n) in V^⊗k (Maron et al. 2019)."""
    return sum(stirling2(k, blocks) for blocks in range(min(k, n) + 1))


def double_factorial(k: int) -> int:
    """(2k − 1)!!, perfect matchings of 2k points: the invariants of O(n) in V^⊗2k for n ≥ k (Brauer 1937). A001147."""
    return math.prod(range(1, 2 * k, 2))


def catalan(k: int) -> int:
    """Non-crossing matchings of 2k points: the invariants of SU(2) in V^⊗2k. A000108."""
    return math.comb(2 * k, k) // (k + 1)


def riordan(k: int) -> int:
    """The invariants of SO(3) in V^⊗k, V of dimension 3: 1, 0, 1, 1, 3, 6, 15, 36, 91, 232. A005043."""
    return sum((-1) ** (k - j) * math.comb(k, j) * catalan(j) for j in range(k + 1))


def matchings_of_unitary(k: int, n: int) -> int:
    """E |tr g|^2k over U(n): permutations of k without an increasing run longer than n; k! for k ≤ n (Rains 1998)."""
    return sum(_longest_increasing(p) <= n for p in itertools.permutations(range(k)))


def _longest_increasing(p: Sequence[int]) -> int:
    best: list[int] = []
    for i, value in enumerate(p):
        best.append(1 + max((best[j] for j in range(i) if p[j] < value), default=0))
    return max(best, default=0)


def compatible_with_padding(a: int, b: int) -> int:
    """Σ_j S(a, j) j^b: the first a points in j blocks, each of the b others joins one of them."""
    return sum(stirling2(a, j) * j**b for j in range(a + 1))


def compatible_with_repetition(a: int, b: int) -> int:
    """Σ_j C(b, j) Σ_r S(a, r) r!/(r − j)!: the first a points in r blocks, j of the b others join one each."""
    return sum(math.comb(b, j) * stirling2(a, r) * math.perm(r, j) for j in range(b + 1) for r in range(a + 1))


# orbits of permutation groups
def cycles_close(generators: Sequence[Sequence[int]]) -> set[tuple[int, ...]]:
    """All elements of a permutation group, by closing the set of generators under products: slow and plain."""
    identity = tuple(range(len(generators[0])))
    elements, frontier = {identity}, {identity}
    while frontier:
        frontier = {tuple(s[i] for i in g) for g in frontier for s in generators} - elements
        elements |= frontier
    return elements


def burnside(generators: Sequence[Sequence[int]], k: int) -> int:
    """Orbits on k-tuples of points: the mean number of fixed points to the power k (Cauchy, Frobenius, Burnside)."""
    elements = cycles_close(generators)
    total = sum(sum(g[i] == i for i in range(len(g))) ** k for g in elements)
    assert total % len(elements) == 0
    return total // len(elements)


def necklaces(n: int) -> int:
    """Colourings of n beads with 2 colours up to rotation: 1/n Σ φ(d) 2^(n/d). A000031."""
    return sum(2 ** math.gcd(i, n) for i in range(n)) // n


# permutation groups without a name in eqkit, as index maps
def affine(p: int) -> list[list[int]]:
    """AGL(1, p), x ↦ ax + b over the field of p elements: sharply 2-transitive of order p(p − 1)."""
    root = next(a for a in range(1, p) if len({pow(a, k, p) for k in range(p - 1)}) == p - 1)
    return [[(i + 1) % p for i in range(p)], [root * i % p for i in range(p)]]


def projective_line(p: int) -> list[list[int]]:
    """PGL(2, p) on the p + 1 points of the projective line, ∞ = p: sharply 3-transitive of order (p + 1)p(p − 1)."""
    inversion = [pow(i, -1, p) if i else p for i in range(p)] + [0]
    return [[*row, p] for row in affine(p)] + [inversion]


def fano() -> list[list[int]]:
    """PSL(2, 7) = GL(3, 2) on the seven non-zero vectors of F₂³: order 168 = (8 − 1)(8 − 2)(8 − 4), 2-transitive."""
    vectors = [v for v in itertools.product((0, 1), repeat=3) if any(v)]
    shears = [[(x + y) % 2, y, z] for x, y, z in vectors], [[y, z, x] for x, y, z in vectors]
    return [[vectors.index(tuple(v)) for v in image] for image in shears]


def wreath(inside: int, blocks: int) -> list[list[int]]:
    """S(inside) ≀ S(blocks) on inside · blocks points, order inside!^blocks · blocks!."""
    n = inside * blocks
    swap = [1, 0, *range(2, n)]
    cycle = [*range(1, inside), 0, *range(inside, n)]
    turn = [(i + inside) % n for i in range(n)]
    exchange = [*range(inside, 2 * inside), *range(inside), *range(2 * inside, n)]
    return [swap, cycle, turn, exchange]


# meta-learning
def one_step_floor(k: int, residuals: int, power: float) -> float:
    """Least loss of one gradient step from zero on k white features, v isotropic with E‖v‖² = power, at the best rate.

    Each of the k filters is seen by so many residuals N: loss = power · (k + 1)/(N + k + 1), because for A = XᵀX/N
    Wishart E A² = (1 + (k + 1)/N) E. Translation with K examples: k = 3, N = 68 K; locally connected k = 3, N = K;
    fully connected k = 70, N = K. Derived.
    """
    return power * (k + 1) / (residuals + k + 1)
