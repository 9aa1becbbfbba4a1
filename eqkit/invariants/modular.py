"""Exact arithmetic modulo a prime: roots of unity, ranks, null spaces, and the way back to fractions.

Arrays are int64 with entries 0 … p − 1, p a prime of 31 bits, so that a product of two entries fits into int64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

import flint
import numpy as np

TOP = 2**31  # primes lie below


@dataclass(frozen=True)
class Field:
    """F_p with a chosen element `root` of multiplicative order N: the image of ζ_N = exp(2πi/N)."""

    p: int
    N: int
    root: int

    @cached_property
    def roots(self) -> np.ndarray:
        """1, root, …, rootᴺ⁻¹."""
        powers = [1]
        for _ in range(self.N - 1):
            powers.append(powers[-1] * self.root % self.p)
        return np.array(powers, np.int64)

    def conjugate(self, k: int) -> Field:
        """The same field where ζ_N goes to rootᵏ, k prime to N: another embedding of the cyclotomic field."""
        return Field(self.p, self.N, pow(self.root, k, self.p))

    def fraction(self, q: Fraction | int) -> int:
        """q mod p."""
        return q.numerator * pow(q.denominator, -1, self.p) % self.p

    def matmul(self, A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """A B mod p, exactly, by four products of halves of 16 bits in float64 (inner size below 2²⁰)."""
        p = self.p
        a1, a0 = (half.astype(np.float64) for half in (A >> 16, A & 0xFFFF))
        b1, b0 = (half.astype(np.float64) for half in (B >> 16, B & 0xFFFF))
        high, low = (a1 @ b1).astype(np.int64), (a0 @ b0).astype(np.int64)
        middle = (a1 @ b0 + a0 @ b1).astype(np.int64)
        return (high % p * (2**32 % p) + middle % p * 2**16 + low) % p

    def power(self, A: np.ndarray, k: int) -> np.ndarray:
        """The k-th powers of the entries of A."""
        result = np.ones_like(A)
        while k:
            result, k = (result * A % self.p if k & 1 else result), k >> 1
            A = A * A % self.p
        return result

    def monomials(self, exponents: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Π xⱼ^eⱼ at points x (count, n) for each row of exponents (terms, n): (count, terms)."""
        powers = np.ones((int(exponents.max(initial=0)) + 1, *x.shape), np.int64)  # (degree + 1, count, n)
        for k in range(1, len(powers)):
            powers[k] = powers[k - 1] * x % self.p
        product = np.ones((len(x), len(exponents)), np.int64)
        for j, e in enumerate(exponents.T):
            product = product * powers[e, :, j].T % self.p
        return product

    def random(self, rng: np.random.Generator, *shape: int) -> np.ndarray:
        """Uniform entries."""
        return rng.integers(0, self.p, shape, np.int64)

    def rref(self, A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The reduced row echelon form of A (m, n), its rank many rows, and the columns of its pivots."""
        m, n = A.shape
        if m == 0 or n == 0 or not A.any():
            return np.zeros((0, n), np.int64), np.zeros(0, np.int64)
        reduced, rank = flint.nmod_mat(m, n, A.ravel().tolist(), self.p).rref()
        entries = reduced.entries()[: rank * n]
        R = np.fromiter(map(int, entries), np.int64, rank * n).reshape(rank, n)
        return R, (R != 0).argmax(1)

    def rank(self, A: np.ndarray) -> int:
        """The rank of A (m, n)."""
        return flint.nmod_mat(len(A), A.shape[1], A.ravel().tolist(), self.p).rank() if A.size else 0

    def null_space(self, A: np.ndarray) -> np.ndarray:
        """{x : A x = 0} as the rows of its reduced row echelon form, (dimension, n)."""
        # eliminating from the last column on leaves the free variables in front: the rows come out reduced
        R, pivots = self.rref(A[:, ::-1])
        n = A.shape[1]
        free = np.delete(np.arange(n), pivots)
        rows = np.zeros((len(free), n), np.int64)
        rows[np.arange(len(free)), free] = 1
        rows[:, pivots] = -R[:, free].T % self.p
        return rows[::-1, ::-1].copy()


@cache
def field(N: int, index: int = 0) -> Field:
    """F_p for the largest prime p < 2³¹ with p ≡ 1 mod N (the next ones for index 1, 2, …), with a root of order N."""
    if N >= 2**28:
        raise ValueError(
            f"the exponent {N:,} of the group is too large: roots of unity of that order need larger primes"
        )
    k = (TOP - 2) // N
    while True:
        p = k * N + 1
        if flint.fmpz(p).is_prime():
            if index == 0:
                break
            index -= 1
        k -= 1
    primes = [int(q) for q, _ in flint.fmpz(N).factor()]
    for a in range(2, p):
        root = pow(a, (p - 1) // N, p)
        if all(pow(root, N // q, p) != 1 for q in primes):
            return Field(p, N, root)
    raise AssertionError("a finite field has roots of unity of every order that divides p − 1")


def fields(N: int) -> Iterator[Field]:
    """All of `field(N, 0)`, `field(N, 1)`, …"""
    index = 0
    while True:
        yield field(N, index)
        index += 1


def combine(residues: list[np.ndarray], primes: list[int]) -> np.ndarray:
    """The integers mod Π p with these residues (Chinese remainders), as an array of Python integers."""
    modulus, total = primes[0], residues[0].astype(object)
    for r, p in zip(residues[1:], primes[1:], strict=True):
        step = (r.astype(object) - total) * pow(modulus, -1, p) % p
        total, modulus = total + modulus * step, modulus * p
    return total


def reconstruct(a: int, m: int) -> Fraction | None:
    """The fraction u/v ≡ a mod m with |u|, v ≤ √(m/2), unique if it exists (Wang 1981)."""
    bound = math.isqrt(m // 2)
    r0, r1, s0, s1 = m, a % m, 0, 1
    while r1 > bound:
        q = r0 // r1
        r0, r1, s0, s1 = r1, r0 - q * r1, s1, s0 - q * s1
    if s1 == 0 or abs(s1) > bound or math.gcd(r1, s1) != 1:
        return None
    return Fraction(r1, s1)
