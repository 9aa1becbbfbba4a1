"""Which equations follow from others? Those in the ideal: what products, transposes and Hadamard products make of them.

p(M) = 0 gives A p B = 0, pᵀ = 0 and A∘p = 0 for words A and B. Whether an equation is a linear combination of such
consequences *for every M* is linear algebra: words are compared by their values at random matrices, which lie on no
solution set (Schwartz 1980: a polynomial identity that holds at random points holds). So M J = J is a consequence of
M Mᵀ = E and M∘M = M: the diagonal of M Mᵀ is the row sums of M∘M.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import scipy.linalg
import torch
from torch import Tensor

from eqkit.equations.equation import Equation
from eqkit.equations.expressions import E, M, Word

ROWS = 800  # numbers in which functions of M are compared; combinations have at most half as many terms
MOST = 400  # functions looked at in one step
STEPS = 3  # the longest proof


class Functions(NamedTuple):
    """Functions of M: their degrees, and for each size their values, a tensor (functions, points, n, n)."""

    degrees: list[int]
    values: list[Tensor]

    def some(self, chosen: Sequence[int]) -> Functions:
        """Those at these places."""
        return Functions([self.degrees[i] for i in chosen], [F[list(chosen)] for F in self.values])

    def joined(self, other: Functions) -> Functions:
        """These and others."""
        values = [torch.cat(pair) for pair in zip(self.values, other.values, strict=True)]
        return Functions(self.degrees + other.degrees, values)

    def columns(self) -> Tensor:
        """All values of each function in one column of norm 1, (numbers, functions)."""
        stacked = torch.cat([F.flatten(1) for F in self.values], 1).T
        return stacked / stacked.norm(dim=0).clamp(min=1e-300)


Step = tuple[int, Callable[[list[Tensor]], list[Tensor]]]  # the degree it adds, and a linear map of values


class Ideal:
    """Consequences up to `degree` in M of equations with these letters, compared at matrices of these sizes.

    hadamard: Hadamard products are among the steps. invertible: M has an inverse, so that M⁻¹ p M = 0 follows too
    (without it Mᵀ M = E does not follow from M Mᵀ = E, as infinite matrices show).
    """

    def __init__(
        self, letters: Sequence[Word], sizes: Sequence[int], degree: int, hadamard: bool, invertible: bool
    ) -> None:
        generator, self.degree = torch.Generator().manual_seed(0), degree
        self.points = [
            torch.randn(1 + ROWS // (len(sizes) * n * n), n, n, generator=generator, dtype=torch.float64) / n**0.5
            for n in sizes
        ]
        fixed = [w for L in letters if not L.degree for w in self._with_transpose(L)]
        sides, scalars = [M, M.T, *fixed], [w for w in letters if w.scalar]
        self.steps = [self._step(lambda A, F: A @ F, w) for w in (*scalars, *sides)]
        self.steps += [self._step(lambda A, F: F @ A, w) for w in sides]
        self.steps += [self._step(lambda A, F: A * F, w) for w in (E, M, M.T) if hadamard]
        if any("tr(" in str(s) for s in scalars):
            self.steps += [self._step(lambda A, F: F.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None] * A, E)]
        self.turns = [self._step(lambda A, F: F, E), self._step(lambda A, F: F.mT, E)]
        conjugations = [self._step(lambda A, F: torch.linalg.solve(A, F @ A), A) for A in (M, M.inv) if invertible]
        self.conjugations: list[Step] = [(0, apply) for _, apply in conjugations]
        self.steps += [] if hadamard else self.conjugations

    def _with_transpose(self, L: Word) -> tuple[Word, ...]:
        """L and Lᵀ, or L alone where Lᵀ = ±L."""
        A, B = (w(self.points[0][:1]) for w in (L, L.T))
        return (L,) if torch.equal(A, B) or torch.equal(A, -B) else (L, L.T)

    def _step(self, apply: Callable[[Tensor, Tensor], Tensor], word: Word) -> Step:
        values = [word(p) for p in self.points]
        return word.degree, lambda F: [apply(A, f) for A, f in zip(values, F, strict=True)]

    def functions(self, equations: Sequence[Equation]) -> Functions:
        """Left side minus right side of the equations."""
        degrees = [max(w.degree for _, w in e.terms) for e in equations]
        return Functions(degrees, [torch.stack([e(p) for e in equations]) for p in self.points])

    def proved(self, equations: Sequence[Equation], given: Sequence[Equation]) -> list[Equation]:
        """Those of the equations that are combinations of consequences of the given ones, found in a few steps.

        What is proved leads further as a lemma, for its degree is lower than that of its proof.
        """
        proved: list[Equation] = []
        while left := [e for e in equations if e not in proved]:
            targets = self.functions(left).columns()
            for basis in self.consequences(given, proved):
                rest = (targets - basis @ (basis.T @ targets)).norm(dim=0)
                if found := [e for e, r in zip(left, rest.tolist(), strict=True) if r < 1e-7]:
                    proved += found
                    break
            else:
                break
        return proved

    def consequences(self, given: Sequence[Equation], lemmas: Sequence[Equation]) -> Iterator[Tensor]:
        """What 1, 2, … `STEPS` steps make of equations, as orthonormal columns, `MOST` functions a step.

        What would come of dependent functions depends on what comes of the others, for steps are linear. Lemmas, which
        follow from the given equations, are not conjugated.
        """
        conjugates = self._made(self.conjugations, self.functions(given))
        new = self._made(self.turns, self.functions([*given, *lemmas])).joined(conjugates)
        new, basis = _independent(new, torch.zeros(len(new.columns()), 0, dtype=torch.float64))
        for _ in range(STEPS):
            new, basis = _independent(self._made(self.steps, new), basis)
            yield basis

    def _made(self, steps: Sequence[Step], old: Functions) -> Functions:
        """Every step on every function that stays within the degree."""
        degrees: list[int] = []
        values: list[list[Tensor]] = [[F[:0]] for F in old.values]
        for degree, apply in steps:
            allowed = [i for i, d in enumerate(old.degrees) if d + degree <= max(self.degree, d)]
            degrees += [old.degrees[i] + degree for i in allowed]
            for found, F in zip(values, apply([F[allowed] for F in old.values]), strict=True):
                found.append(F)
        return Functions(degrees, [torch.cat(found) for found in values])


def _independent(new: Functions, basis: Tensor) -> tuple[Functions, Tensor]:
    """Functions that span with the basis (numbers, rank) what all would, low degrees first; and the larger basis."""
    order = sorted(range(len(new.degrees)), key=new.degrees.__getitem__)[:MOST]
    columns = new.some(order).columns()
    rest = columns - basis @ (basis.T @ columns)
    _, pivots, rank, _ = scipy.linalg.lapack.dpstrf((rest.T @ rest).numpy(), tol=1e-12)  # pivoted Cholesky
    chosen = (pivots[: min(rank, ROWS // 2 - basis.shape[1])] - 1).tolist()
    rest = rest[:, chosen]
    Q = torch.linalg.qr(rest - basis @ (basis.T @ rest)).Q
    return new.some([order[i] for i in chosen]), torch.cat([basis, Q], 1)
