"""The graded algebra Q = F_p[x₀, …, xₙ₋₁]/I for an ideal I of homogeneous polynomials, built degree by degree.

    Q_d = (F_p^n ⊗ Q_{d−1}) / ⟨xᵢ ⊗ x_j b − x_j ⊗ xᵢ b : b ∈ Q_{d−2}⟩, modulo the elements of I of degree d

Only matrices of size n · dim Q_{d−1} are reduced, never ones of all monomials of degree d. I is full from degree d on
as soon as Q_d = 0: then x₀ᵈ, …, xₙ₋₁ᵈ ∈ I, so the only common zero of I is the origin (an hsop, if I has n generators).
A group that maps I to itself acts on Q_d too, and dim Q_d^G invariants of degree d are independent modulo I.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from eqkit.invariants.modular import Field
from eqkit.invariants.spaces import Invariant, first_factor, place


class Quotient:
    """Q_0 = F_p; `extend()` goes on to the next degree, `divide(rows)` puts elements of that degree into I."""

    def __init__(self, F: Field, n: int, matrices: np.ndarray | None = None) -> None:
        self.F, self.n, self.degree = F, n, 0
        self.sizes = [1]  # dim Q_0, dim Q_1, …
        self._forms = np.eye(n, dtype=np.int64)  # x₀, …, xₙ₋₁ in terms of those among them that span Q_1
        self._times = np.zeros((n, 0, 1), np.int64)  # these: Q_{d−1} → Q_d, (variables, dim Q_{d−1}, dim Q_d)
        self.normal_forms = np.ones((1, 1), np.int64)  # of all monomials of the last degree, (K, dim Q_d)
        # the matrices s as b ↦ b(s x): on the variables that span Q_1, and on Q_d, (count, dim Q_d, dim Q_d)
        self._linear = np.zeros((0, n, n), np.int64) if matrices is None else matrices
        self._action = np.ones((len(self._linear), 1, 1), np.int64)

    @property
    def work(self) -> int:
        """About how many multiplications the next degree takes."""
        q = self.sizes[-1]
        return (self._forms.shape[1] * q) ** 3 + math.comb(self.n + self.degree, self.degree + 1) * q**2

    def extend(self) -> None:
        """Q_{d+1}, before any new element of I: its dimension is sizes[-1]."""
        variables, q = self._forms.shape[1], self.sizes[-1]
        pairs = list(itertools.combinations(range(variables), 2))
        commute = np.zeros((len(pairs), self._times.shape[1], variables, q), np.int64)
        for rows, (i, j) in zip(commute, pairs, strict=True):
            rows[:, i], rows[:, j] = self._times[j], -self._times[i] % self.F.p
        onto, free = self._complement(commute.reshape(len(pairs) * self._times.shape[1], variables * q))
        x, b = np.divmod(free, q)  # Q_{d+1} is spanned by some of the products x b
        moved = self._linear[:, x, :, None] * self._action[:, b, None, :] % self.F.p  # (count, dim, variables, q)
        self._action = self.F.matmul(moved.reshape(len(moved), len(free), variables * q), onto)
        self.degree += 1
        self._times = onto.reshape(variables, q, onto.shape[1])
        self.sizes.append(onto.shape[1])
        first, lower = first_factor(self.n, self.degree)
        times = self.F.matmul(self._forms, self._times.reshape(variables, -1)).reshape(self.n, q, onto.shape[1])
        forms = np.zeros((len(first), onto.shape[1]), np.int64)
        for i in range(self.n):
            mine = first == i
            forms[mine] = self.F.matmul(self.normal_forms[lower[mine]], times[i])
        self.normal_forms = forms

    def _complement(self, relations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The map of F_p^m onto its quotient by the rows of `relations`, (m, dimension), and the units that span it."""
        m = relations.shape[1]
        if len(relations) > m + 8:  # as many random combinations have the same span, but for a chance of p⁻⁹
            mix = self.F.random(np.random.default_rng(0), m + 8, len(relations))
            relations = self.F.matmul(mix, relations)
        R, pivots = self.F.rref(relations)
        free = np.delete(np.arange(m), pivots)
        onto = np.zeros((m, len(free)), np.int64)
        onto[free, np.arange(len(free))] = 1
        onto[pivots] = -R[:, free] % self.F.p
        return onto, free

    def count_fixed(self) -> int:
        """dim Q_d^G, the number of classes b with b(s x) = b(x) for the matrices s."""
        q = self.sizes[-1]
        moved = (self._action - np.eye(q, dtype=np.int64)) % self.F.p
        return q - self.F.rank(moved.transpose(1, 0, 2).reshape(q, len(moved) * q))

    def classes(self, polynomials: Sequence[Invariant]) -> np.ndarray:
        """The classes in Q_d of polynomials of the last degree, (count, dim Q_d)."""
        if not polynomials:
            return np.zeros((0, self.sizes[-1]), np.int64)
        where = place(np.concatenate([f.exponents for f in polynomials]), self.degree)
        coefficients = np.concatenate([f.at(self.F) for f in polynomials])
        starts = np.cumsum([0, *(len(f.exponents) for f in polynomials[:-1])])
        terms = coefficients[:, None] * self.normal_forms[where] % self.F.p
        return np.add.reduceat(terms, starts, axis=0) % self.F.p

    def divide(self, rows: np.ndarray) -> None:
        """Put these classes (count, dim Q_d) into I."""
        onto, free = self._complement(rows)
        self.sizes[-1] = onto.shape[1]
        self._action = self.F.matmul(self._action[:, free], onto)
        self.normal_forms = self.F.matmul(self.normal_forms, onto)
        if self.degree == 1:
            self._linear = self._action
            self._forms, self._times = self.normal_forms, np.eye(onto.shape[1], dtype=np.int64)[:, None]
        else:
            self._times = np.stack([self.F.matmul(M, onto) for M in self._times])
