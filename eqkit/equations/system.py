"""Equation systems: p(M) = 0 with coefficients that do not depend on n, and what one can do with them at every n."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit import groups, subspaces
from eqkit.equations import solving, tangent
from eqkit.equations.equation import HOLDS, Equation, Evidence
from eqkit.equations.expressions import square
from eqkit.equations.words import Word, parse_word


class Closure(NamedTuple):
    """How far solutions are from a group: the worst residual at E, at products A B and at inverses A⁻¹.

    A singular solution makes the last number 1. `reasons` says in words what fails.
    """

    identity: float
    product: float
    inverse: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """What keeps the solutions from being a group, one sentence each; empty if nothing does."""
        names = ("E is no solution", "the product of two solutions is none", "the inverse of a solution is none")
        if self.inverse == 1:
            names = (*names[:2], "some solutions are singular")
        return tuple(f"{name} (residual {r:.2g})" for name, r in zip(names, self, strict=True) if not r < HOLDS**0.5)


@dataclass(frozen=True, init=False, eq=False)
class EquationSystem:
    """The matrices with p(M) = 0 for every equation, at every n: `EquationSystem("M Mᵀ = E", "M X = X M")`.

    Equations are `Equation`s or strings; letters of your own that occur in strings go to `letters`.
    """

    equations: tuple[Equation, ...]
    evidence: Evidence | None

    def __init__(self, *equations: Equation | str, letters: Sequence[Word] = (), evidence: Evidence | None = None):
        parsed = tuple(e if isinstance(e, Equation) else Equation.parse(e, letters) for e in equations)
        object.__setattr__(self, "equations", parsed)
        object.__setattr__(self, "evidence", evidence)

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that occur, each once."""
        return tuple(dict.fromkeys(w for equation in self.equations for _, w in equation.terms))

    @property
    def coefficients(self) -> Tensor:
        """(equations, words) float64, the same at every n: M Mᵀ = E has two, 1 and −1."""
        rows = [{w: c for c, w in equation.terms} for equation in self.equations]
        return torch.tensor([[row.get(w, 0.0) for w in self.words] for row in rows], dtype=torch.float64)

    def __call__(self, M: Tensor) -> Tensor:
        """p(M): (…, n, n) -> (…, equations, n, n), differentiable; its square sum is a penalty to train with."""
        M = square(M)
        values = [equation(M).unsqueeze(-3) for equation in self.equations]
        return torch.cat([M.unsqueeze(-3)[..., :0, :, :], *values], -3)

    def residuals(self, M: Tensor) -> Tensor:
        """The Frobenius norm of each equation, such as ‖M Mᵀ − E‖: (…, n, n) -> (…, equations)."""
        return torch.linalg.matrix_norm(self(check_square(M)))

    def residual(self, M: Tensor) -> Tensor:
        """max over the equations of ‖p(M)‖ / Σ ‖c_w w(M)‖, between 0 and 1: (…, n, n) -> (…)."""
        M = check_square(M)
        return torch.stack([M.new_zeros(M.shape[:-2]), *(e.relative(M) for e in self.equations)]).amax(0)

    def project(self, M: Tensor, steps: int = 100) -> Tensor:
        """A point near M with p = 0, by Levenberg–Marquardt: (…, n, n) -> (…, n, n), detached, computed in float64.

        A RuntimeError says when some matrix did not arrive within `steps`.
        """
        M = check_square(M)
        points = self.descend(M, steps)
        worst = float(self.residual(points).max()) if points.numel() else 0.0
        if not worst < HOLDS:
            raise RuntimeError(
                f"projection onto {self.text}: residual {worst:.1e} after {steps} steps at n = {M.shape[-1]}; "
                "start nearer to a solution, or check that the equations have one at this n"
            )
        return points.to(M.dtype)

    def descend(self, M: Tensor, steps: int) -> Tensor:
        """What `project` computes, with no promise that p = 0 is reached: (…, n, n) -> (…, n, n) float64."""
        return solving.descend(self, check_square(M), subspaces.require_integer("steps", steps, 0))

    def sample(self, n: int, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Points with p = 0, found by descent from Gaussian matrices: (count, n, n) float64, not uniform.

        A RuntimeError says when fewer than one start in twenty arrives.
        """
        subspaces.require_integer("n", n)
        subspaces.require_integer("the count of samples", count, 0)
        subspaces.require_memory(200.0 * count * n * n, f"{self.text}: {count} samples at n = {n}")
        found = torch.zeros(0, n, n, dtype=torch.float64)
        for _ in range(20):
            starts = torch.randn(count, n, n, generator=generator, dtype=torch.float64) / n**0.5
            points = self.descend(starts, 25)
            found = torch.cat([found, points[self.residual(points) < HOLDS]])
            if len(found) >= count:
                return found[:count]
        raise RuntimeError(f"{self.text}: only {len(found)} of {20 * count} random matrices land on it at n = {n}")

    def jacobian(self, M: Tensor) -> Tensor:
        """dp(M) at one matrix (n, n): (equations · n², n²) float64, both sides row-major."""
        M = check_square(M)
        n = M.shape[-1]
        if M.ndim != 2:
            raise ValueError(f"jacobian: M has shape {tuple(M.shape)}; give one matrix (n, n)")
        subspaces.require_memory(24.0 * n**4 * max(1, len(self.equations)), f"{self.text}: dp(M) at n = {n}")
        directions = torch.eye(n * n, dtype=torch.float64).reshape(-1, n, n)
        _, push, _ = solving.linearise(self, M.double().expand(n * n, n, n))
        return push(directions).reshape(n * n, -1).T

    def dimension(self, n: int) -> int:
        """n² − rank dp(E): the dimension of the group if the equations are reduced, and else an upper bound.

        (M Mᵀ − E)² = 0 is not reduced: it has the solutions of M Mᵀ = E, and dp(E) = 0.
        """
        self._require_identity(n)
        return tangent.dimension(self.equations, n)

    def lie_algebra(self, n: int) -> Tensor:
        """{A : dp(E) A = 0}, the tangent space at E, as a basis in echelon form (d, n, n) float64.

        The Lie algebra of the group if the equations are reduced, and else a space that holds it.
        """
        self._require_identity(n)
        return tangent.null_space(self.equations, n)

    def _require_identity(self, n: int) -> None:
        subspaces.require_integer("n", n)
        subspaces.require_memory(200.0 * n * n, f"{self.text}: dp(E) at n = {n}")
        if not self.residual(torch.eye(n, dtype=torch.float64)) < HOLDS:
            raise ValueError(f"{self.text}: E is no solution at n = {n}, so the solutions are no group")

    def closure(self, n: int = 6, count: int = 16) -> Closure:
        """Residuals at E, at products and at inverses of sampled solutions, `count` pairs of them."""
        subspaces.require_integer("closure: count", count)
        A, B = self.sample(n, 2 * count, torch.Generator().manual_seed(0)).chunk(2)
        regular = torch.linalg.cond(A) < 1e8
        inverse = float(self.residual(torch.linalg.inv(A)).max()) if regular.all() else 1.0
        return Closure(float(self.residual(torch.eye(n))), float(self.residual(A @ B).max()), inverse)

    def is_group(self, n: int = 6, count: int = 16) -> bool:
        """Do E, products and inverses of sampled solutions satisfy the equations? At n = 6 the letter X exists too.

        A test and no proof: it sees the solutions that descent from Gaussian matrices finds.
        """
        return not self.closure(n, count).reasons

    def group(self, n: int, count: int = 16, generator: torch.Generator | None = None) -> groups.MatrixGroup:
        """The group generated by exp of the Lie algebra and `count` sampled solutions at n.

        It `contains` all solutions, but its elements are those of the identity component and of the parts that a sample
        meets, so a finite group may come out too small: raise `count` and compare. Entries that are integers to
        rounding are set to them. ValueError if the solutions form no group, or if the equations are not reduced, so
        that the tangent space is no Lie algebra of theirs.
        """
        generator = generator or torch.Generator().manual_seed(0)
        reasons = self.closure(n, 4).reasons
        if reasons:
            raise ValueError(f"{self.text}: the solutions at n = {n} form no group, for {'; '.join(reasons)}")
        algebra = self.lie_algebra(n)
        mixtures = torch.randn(8, len(algebra), generator=generator, dtype=torch.float64) / max(1, len(algebra)) ** 0.5
        if not (self.residual(torch.matrix_exp(torch.tensordot(mixtures, algebra, 1) / 2)) < HOLDS**0.5).all():
            raise ValueError(f"{self.text}: exp of a tangent vector is no solution, for the equations are not reduced")
        points = self.sample(n, count, generator)
        near = points.round()
        points = torch.where((points - near).abs() < 1e-7, near, points)
        known = groups.Known(contains=lambda M: not M.is_complex() and bool(self.residual(M) < 1e-6))
        return groups.MatrixGroup(torch.unique(points, dim=0), algebra, f"{{M : {self.text}}}", known)

    def save(self, path: str | Path) -> None:
        """Write the equations, and what a learned system rests on, as JSON."""
        content: dict = {"equations": [[[c, str(w)] for c, w in equation.terms] for equation in self.equations]}
        if self.evidence:
            content["evidence"] = {
                **vars(self.evidence),
                "words": [str(w) for w in self.evidence.words],
                "spectrum": self.evidence.spectrum.tolist(),
            }
        Path(path).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path, letters: Sequence[Word] = ()) -> EquationSystem:
        """Read what `save` wrote; letters of your own have to be given again, for a file cannot hold a function."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            rows = [[(c, w) for c, w in e] for e in content["equations"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} holds no equations; give a file that EquationSystem.save wrote") from error
        equations = [Equation(tuple((c, parse_word(w, letters)) for c, w in row)) for row in rows]
        evidence = content.get("evidence")
        if evidence:
            evidence = Evidence(
                **evidence
                | {
                    "words": tuple(parse_word(w, letters) for w in evidence["words"]),
                    "sizes": tuple(evidence["sizes"]),
                    "spectrum": torch.tensor(evidence["spectrum"], dtype=torch.float64),
                    "holdout": {int(n): r for n, r in evidence["holdout"].items()},
                    **{key: tuple(evidence[key]) for key in ("proved", "sampled", "cautions", "notes")},
                }
            )
        return cls(*equations, evidence=evidence)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EquationSystem) and self.equations == other.equations

    def __hash__(self) -> int:
        return hash(self.equations)

    @property
    def text(self) -> str:
        """The equations in one line, `M Mᵀ = E, M X = X M`."""
        among = f" among these {len(self.evidence.words)} words" if self.evidence else ""
        return ", ".join(map(str, self.equations)) or "no equation" + among

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"caution: {c}" for c in (self.evidence.cautions if self.evidence else ()))])

    __repr__ = __str__

    def _repr_latex_(self) -> str | None:
        if not self.equations or (self.evidence and self.evidence.cautions):
            return None  # the plain text says more
        return "$" + r",\quad ".join(equation.latex() for equation in self.equations) + "$"


def check_square(M: Tensor) -> Tensor:
    """M (…, n, n) in floating point; other shapes, complex matrices, NaN and infinities are refused."""
    M = square(M)
    if M.is_complex():
        raise TypeError("M is complex; write it as a real 2n × 2n matrix, where multiplication by i is the letter X")
    if not torch.isfinite(M).all():
        raise ValueError(f"M of shape {tuple(M.shape)} holds NaN or infinity; clean the data first")
    return M
