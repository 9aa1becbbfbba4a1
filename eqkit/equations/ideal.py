"""Which equations follow from others? Those in the ideal: what products, transposes and Hadamard products make of them.

p(M) = 0 gives A p B = 0, pᵀ = 0 and A∘p = 0 for words A and B. Whether an equation is a linear combination of such
consequences *for every M* is linear algebra: words are compared by their values at random matrices, which lie on no
solution set (Schwartz 1980: a polynomial identity that holds at random points holds). So M J = J is a consequence of
M Mᵀ = E and M∘M = M: the diagonal of M Mᵀ is the row sums of M∘M.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import scipy.linalg
import torch
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.equation import Equation
from eqkit.equations.expressions import E, M, Word

ROWS = 1200  # numbers in which functions of M are compared; combinations have at most half as many terms
MOST = 500  # functions looked at in one step


class Step(NamedTuple):
    """One way to make a consequence: the degree it adds, its name with {} for the equation, and the linear map."""

    degree: int
    name: str
    apply: Callable[[list[Tensor]], list[Tensor]]


class Functions(NamedTuple):
    """Functions of M: names with {} for an equation's left side minus its right side, degrees, and values.

    values: for each size a tensor (functions, points, n, n).
    """

    names: list[str]
    degrees: list[int]
    values: list[Tensor]

    def some(self, chosen: Sequence[int]) -> Functions:
        """Those at these places."""
        names, degrees = [self.names[i] for i in chosen], [self.degrees[i] for i in chosen]
        return Functions(names, degrees, [F[list(chosen)] for F in self.values])

    def joined(self, other: Functions) -> Functions:
        """These and others."""
        values = [torch.cat(pair) for pair in zip(self.values, other.values, strict=True)]
        return Functions(self.names + other.names, self.degrees + other.degrees, values)

    def columns(self) -> Tensor:
        """All values of each function in one column of norm 1, (numbers, functions)."""
        stacked = torch.cat([F.flatten(1) for F in self.values], 1).T
        return stacked / stacked.norm(dim=0).clamp(min=1e-300)


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
        steps: list[tuple[str, Callable[[Tensor, Tensor], Tensor], Word]]
        steps = [("{0} {{}}", lambda A, F: A @ F, w) for w in (*scalars, *sides)]
        steps += [("{{}} {0}", lambda A, F: F @ A, w) for w in sides]
        steps += [("{0}∘{{}}", lambda A, F: A * F, w) for w in (E, M, M.T) if hadamard]
        if any("tr(" in str(s) for s in scalars):
            steps += [("tr({{}})/n", lambda A, F: F.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None] * A, E)]
        turns = [("{{}}", lambda A, F: F, E), ("{{}}ᵀ", lambda A, F: F.mT, E)]
        conjugations = [("{1} {{}} {0}", lambda A, F: torch.linalg.solve(A, F @ A), A) for A in (M, M.inv)]
        self.steps, self.turns = [self._step(*s) for s in steps], [self._step(*s) for s in turns]
        self.conjugations = [self._step(*s)._replace(degree=0) for s in conjugations if invertible]

    def _with_transpose(self, L: Word) -> tuple[Word, ...]:
        """L and Lᵀ, or L alone where Lᵀ = ±L."""
        A, B = (w(self.points[0][:1]) for w in (L, L.T))
        return (L,) if torch.equal(A, B) or torch.equal(A, -B) else (L, L.T)

    def _step(self, name: str, apply: Callable[[Tensor, Tensor], Tensor], word: Word) -> Step:
        values = [word(p) for p in self.points]
        text = str(word).removesuffix(" E")
        inverse = "" if word.scalar else str(word.inv)
        return Step(
            word.degree, name.format(text, inverse), lambda F: [apply(A, f) for A, f in zip(values, F, strict=True)]
        )

    def functions(self, equations: Sequence[Equation]) -> Functions:
        """Left side minus right side of the equations."""
        degrees = [max(w.degree for _, w in e.terms) for e in equations]
        return Functions(
            ["{}"] * len(equations), degrees, [torch.stack([e(p) for e in equations]) for p in self.points]
        )

    def consequences(self, equation: Equation, levels: int) -> Functions:
        """What up to `levels` steps make of an equation, `MOST` functions a step, without those that depend on others.

        What would come of dependent functions depends on what comes of the others, for steps are linear.
        """
        new = self._made(self.turns, self.functions([equation]))
        steps = self.steps + (self.conjugations if "∘" not in str(equation) else [])
        found, basis = new.some([]), new.columns()[:, :0]
        for level in range(levels + 1):
            new = new.some(sorted(range(len(new.names)), key=new.degrees.__getitem__)[:MOST])
            columns = new.columns()
            rest = columns - basis @ (basis.T @ columns)
            rest = rest - basis @ (basis.T @ rest)
            _, order, rank, _ = scipy.linalg.lapack.dpstrf((rest.T @ rest).numpy(), tol=1e-12)  # pivoted Cholesky
            chosen = (order[: min(rank, ROWS // 2 - basis.shape[1])] - 1).tolist()
            basis = torch.cat([basis, torch.linalg.qr(rest[:, chosen]).Q], 1)
            new = new.some(chosen)
            found = found.joined(new)
            if level == levels or not chosen:
                break
            new = self._made(steps, new)
        return found

    def _made(self, steps: Sequence[Step], old: Functions) -> Functions:
        """Every step on every function that stays within the degree."""
        new = old.some([])
        for step in steps:
            allowed = [i for i, d in enumerate(old.degrees) if d + step.degree <= max(self.degree, d)]
            names = [step.name.replace("{}", _bracket(old.names[i], step.name)) for i in allowed]
            degrees = [old.degrees[i] + step.degree for i in allowed]
            new = new.joined(Functions(names, degrees, step.apply([F[allowed] for F in old.values])))
        return new

    def missing(self, equations: Sequence[Equation], known: Sequence[Functions]) -> list[Equation]:
        """Those of the equations that are no combination of the known consequences."""
        if not equations or not known:
            return list(equations)
        Q = subspaces.orthonormal(torch.cat([f.columns() for f in known], 1))
        targets = self.functions(equations).columns()
        rest = (targets - Q @ (Q.T @ targets)).norm(dim=0)
        return [e for e, r in zip(equations, rest.tolist(), strict=True) if r > 1e-7]


def _bracket(name: str, step: str) -> str:
    tight = "∘" in step or "ᵀ" in step.removeprefix("{}")[:1] or "⁻" in step
    return f"({name})" if name != "{}" and (tight or "∘" in name) and "tr(" not in step else name
