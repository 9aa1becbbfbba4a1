"""The graded algebra Q = F_p[x₀, …, xₙ₋₁]/I for an ideal I of homogeneous polynomials, built degree by degree.

    Q_d = (F_p^n ⊗ Q_{d−1}) / ⟨xᵢ ⊗ x_j b − x_j ⊗ xᵢ b : b ∈ Q_{d−2}⟩, modulo the elements of I of degree d

Only matrices of size n · dim Q_{d−1} are reduced, never ones of all monomials of degree d. I is full from degree d on
as soon as Q_d = 0: then x₀ᵈ, …, xₙ₋₁ᵈ ∈ I, so the only common zero of I is the origin (an hsop, if I has n generators).
"""

from __future__ import annotations

import itertools

import numpy as np

from eqkit.invariants.modular import Field
from eqkit.invariants.spaces import monomials, place


class Quotient:
    """Q_0 = F_p; `extend()` goes on to the next degree, `divide(rows)` puts elements of that degree into I."""

    def __init__(self, F: Field, n: int) -> None:
        self.F, self.n, self.degree = F, n, 0
        self.sizes = [1]  # dim Q_0, dim Q_1, …
        self._times = [np.zeros((n, 0, 1), np.int64)]  # xᵢ: Q_{d−1} → Q_d, (n, dim Q_{d−1}, dim Q_d)
        self.normal_forms = np.ones((1, 1), np.int64)  # of all monomials of the last degree, (K, dim Q_d)

    @property
    def work(self) -> int:
        """The size of the matrix that the next degree reduces, and of its table of normal forms."""
        before = self.sizes[-2] if self.degree else 0
        columns = self.n * self.sizes[-1]
        return columns * max(columns, self.n * (self.n - 1) // 2 * before)

    def extend(self) -> None:
        """Q_{d+1}, before any new element of I: its dimension is sizes[-1]."""
        n, q = self.n, self.sizes[-1]
        before = self._times[-1]
        pairs = list(itertools.combinations(range(n), 2))
        commute = np.zeros((len(pairs), before.shape[1], n, q), np.int64)
        for rows, (i, j) in zip(commute, pairs, strict=True):
            rows[:, i], rows[:, j] = before[j], -before[i] % self.F.p
        to_new = self._complement(commute.reshape(len(pairs) * before.shape[1], n * q))  # (n q, dim Q_{d+1})
        self.degree += 1
        rows = monomials(n, self.degree)
        first = (rows > 0).argmax(1)
        lower = place(rows - np.eye(n, dtype=np.int64)[first], self.degree - 1)
        self._times.append(to_new.reshape(n, q, to_new.shape[1]))
        self.sizes.append(to_new.shape[1])
        forms = np.zeros((len(rows), self.sizes[-1]), np.int64)
        for i in range(n):
            mine = first == i
            forms[mine] = self.F.matmul(self.normal_forms[lower[mine]], self._times[-1][i])
        self.normal_forms = forms

    def _complement(self, relations: np.ndarray) -> np.ndarray:
        """The map of F_p^m onto its quotient by the rows of `relations`, (m, dimension)."""
        m = relations.shape[1]
        R, pivots = self.F.rref(relations)
        free = np.setdiff1d(np.arange(m), pivots)
        onto = np.zeros((m, len(free)), np.int64)
        onto[free, np.arange(len(free))] = 1
        onto[pivots] = -R[:, free] % self.F.p
        return onto

    def normal_form(self, exponents: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """The class in Q_d of Σ c x^e, e (terms, n) of the last degree: (dim Q_d,)."""
        return self.F.matmul(coefficients[None], self.normal_forms[place(exponents, self.degree)])[0]

    def divide(self, rows: np.ndarray) -> None:
        """Put these classes (count, dim Q_d) into I."""
        onto = self._complement(rows)
        self._times[-1] = np.stack([self.F.matmul(M, onto) for M in self._times[-1]])
        self.normal_forms = self.F.matmul(self.normal_forms, onto)
        self.sizes[-1] = onto.shape[1]
