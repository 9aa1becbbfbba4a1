"""Equation systems: p(M) = 0 with coefficients that do not depend on n, and what one can do with them at every n."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from eqkit import groups, subspaces
from eqkit.equations.words import Word, parse_word

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:/\d+)?"
HOLDS = 1e-9  # an equation holds where its relative residual is below


@dataclass(frozen=True)
class Equation:
    """Σ c_w w(M) = 0 as ((c, w), …); prints with its first word alone on the left, `M Mᵀ = E`."""

    terms: tuple[tuple[float, Word], ...]

    def __post_init__(self) -> None:
        merged: dict[Word, float] = {}
        for c, w in self.terms:
            merged[w] = merged.get(w, 0.0) + c
        terms = tuple((c, w) for w, c in merged.items() if c != 0)
        if not any(w.degree for _, w in terms):
            raise ValueError("an equation needs a word with M that does not cancel, as in 'M Mᵀ = E'")
        object.__setattr__(self, "terms", terms)

    @classmethod
    def parse(cls, text: str, letters: Sequence[Word] = ()) -> Equation:
        """Read `M Mᵀ = E`, `M M = 3/2 M − E` or `M − Mᵀ = 0`; a ValueError names what cannot be read."""
        pattern = rf"([+−-]?)\s*({NUMBER})?\s*([^\s+−-][^+−-]*)"
        sides = [re.findall(pattern, side) for side in text.split("=")]
        if len(sides) != 2 or not all(sides):
            raise ValueError(f"{text!r} is no equation: write one '=' between two sides, as in 'M Mᵀ = E'")
        terms = []
        for side, sign in zip(sides, (1, -1), strict=True):
            for minus, number, word in side:
                c = sign * (1 if minus in ("", "+") else -1) * _number(number)
                terms += [] if word.strip() == "0" else [(c, parse_word(word.strip(), letters))]
        return cls(tuple(terms))

    def __call__(self, M: Tensor) -> Tensor:
        """p(M) = Σ c_w w(M): (…, n, n) -> (…, n, n), differentiable."""
        return sum((c * w(M) for c, w in self.terms), torch.zeros_like(M))

    def relative(self, M: Tensor) -> Tensor:
        """‖p(M)‖ / Σ ‖c_w w(M)‖, between 0 and 1 (the sum not below 1e-3): (…, n, n) -> (…)."""
        terms = torch.stack([c * w(M) for c, w in self.terms])
        return torch.linalg.matrix_norm(terms.sum(0)) / torch.linalg.matrix_norm(terms).sum(0).clamp(min=1e-3)

    def __str__(self) -> str:
        return self._write(str)

    def latex(self) -> str:
        """The equation for a formula between dollar signs, `M\\,M^{\\top} = E`."""
        return self._write(Word.latex).replace("−", "-")

    def _write(self, write: Callable[[Word], str]) -> str:
        def side(terms: Sequence[tuple[float, Word]]) -> str:
            text = " ".join(f"{'−' if c < 0 else '+'} {_coefficient(abs(c))}{write(w)}" for c, w in terms)
            return re.sub("^− ", "−", text.removeprefix("+ ")) or "0"

        return f"{side(self.terms[:1])} = {side([(-c, w) for c, w in self.terms[1:]])}"


def _number(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    return float(numerator or 1) / float(denominator or 1)


def _coefficient(c: float) -> str:
    exact = subspaces.rationals(torch.tensor([c], dtype=torch.float64))
    return "" if c == 1 else f"{exact[0]} " if exact else f"{c:.6g} "


@dataclass(frozen=True)
class Evidence:
    """What a learned system rests on.

    words: the dictionary (w words) · sizes: the n of the samples · spectrum (w,): singular values of the words' entries
    on the samples, largest 1 · null_dimension: how many of them are zero, that is the number of linear relations before
    consequences were dropped · gap: the factor between the smallest nonzero value and the largest zero one · holdout:
    the residual at each held-out n · cautions: what a reader must know before believing the equations.
    """

    words: tuple[Word, ...]
    sizes: tuple[int, ...]
    spectrum: Tensor
    null_dimension: int
    gap: float
    holdout: dict[int, float] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()


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

        Solves (JᵀJ + λ‖p‖) A = −Jᵀp by conjugate gradients with J = dp(M), never stored. A RuntimeError says when some
        matrix did not arrive within `steps`. (Nocedal & Wright 2006, §10.3; Fan & Yuan 2005 for the damping.)
        """
        points = self.descend(check_square(M), steps)
        worst = float(self.residual(points).max()) if points.numel() else 0.0
        if not worst < HOLDS:
            raise RuntimeError(
                f"projection onto {self.text}: residual {worst:.1e} after {steps} steps at n = {M.shape[-1]}; "
                "start nearer to a solution, or check that the equations have one at this n"
            )
        return points.to(M.dtype)

    def descend(self, M: Tensor, steps: int) -> Tensor:
        """What `project` computes, with no promise that p = 0 is reached: (…, n, n) -> (…, n, n) float64."""
        shape, M = M.shape, M.detach().double().reshape(-1, *M.shape[-2:]).clone()
        damping = torch.ones(len(M), dtype=M.dtype)
        for _ in range(steps):
            size = self(M).flatten(1).norm(dim=1)
            active = ((size > 1e-15 * shape[-1]) & (damping < 1e8)).nonzero()[:, 0]
            if len(active) == 0:
                break
            at, size = M[active], size[active]
            p, push, pull = self._linearise(at)
            shift = (damping[active] * size)[:, None, None]
            step = _damped_least_squares(push, pull, shift, -p)
            better = self(at + step).flatten(1).norm(dim=1) < size
            M[active] += torch.where(better[:, None, None], step, 0)
            damping[active] *= torch.where(better, 0.1, 10.0)
        return M.reshape(shape)

    @torch.enable_grad()
    def _linearise(self, M: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
        """p(M), A ↦ dp(M) A and its adjoint; both reuse one graph (the derivative of the adjoint is the derivative)."""
        M = M.detach().requires_grad_()
        p = self(M)
        dual = torch.zeros_like(p, requires_grad=True)
        (adjoint,) = torch.autograd.grad(p, M, dual, create_graph=True)

        def push(A: Tensor) -> Tensor:
            return torch.autograd.grad(adjoint, dual, A, retain_graph=True)[0]

        def pull(u: Tensor) -> Tensor:
            return torch.autograd.grad(p, M, u, retain_graph=True)[0]

        return p.detach(), push, pull

    def sample(self, n: int, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Points with p = 0, found by descent from Gaussian matrices: (count, n, n) float64, not uniform.

        A RuntimeError says when fewer than one start in twenty arrives.
        """
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
        n = M.shape[-1]
        subspaces.require_memory(24.0 * n**4 * max(1, len(self.equations)), f"{self.text}: dp(E) at n = {n}")
        directions = torch.eye(n * n, dtype=torch.float64).reshape(-1, n, n)
        _, push, _ = self._linearise(M.double().expand(n * n, n, n))
        return push(directions).reshape(n * n, -1).T

    def dimension(self, n: int) -> int:
        """n² − rank dp(E): the dimension of the group if the equations are reduced, and else an upper bound.

        (M Mᵀ − E)² = 0 is not reduced: it has the solutions of M Mᵀ = E, and dp(E) = 0.
        """
        singular = torch.linalg.svdvals(self._jacobian_at_identity(n))
        return n * n - len(singular) + subspaces.largest_gap(singular).dim

    def lie_algebra(self, n: int) -> Tensor:
        """{A : dp(E) A = 0}, the tangent space at E, as a basis in echelon form (d, n, n) float64.

        The Lie algebra of the group if the equations are reduced, and else a space that holds it.
        """
        basis = subspaces.echelon(subspaces.null_space(self._jacobian_at_identity(n)).T)
        return basis.reshape(-1, n, n).contiguous()

    def _jacobian_at_identity(self, n: int) -> Tensor:
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"n = {n}: matrices of n × n entries need an integer n ≥ 1")
        identity = torch.eye(n, dtype=torch.float64)
        if not self.residual(identity) < HOLDS:
            raise ValueError(f"{self.text}: E is no solution at n = {n}, so the solutions are no group")
        return self.jacobian(identity)

    def closure(self, n: int = 6, count: int = 16) -> tuple[float, float, float]:
        """How far the solutions are from a group: the worst residual at E, at products A B and at inverses A⁻¹.

        A and B are `count` sampled solutions each; a singular one makes the last number 1.
        """
        A, B = self.sample(n, 2 * count, torch.Generator().manual_seed(0)).chunk(2)
        regular = torch.linalg.cond(A) < 1e8
        inverse = float(self.residual(torch.linalg.inv(A)).max()) if regular.all() else 1.0
        return float(self.residual(torch.eye(n))), float(self.residual(A @ B).max()), inverse

    def is_group(self, n: int = 6) -> bool:
        """Do E, products and inverses of sampled solutions satisfy the equations? At n = 6 the letter X exists too."""
        return max(self.closure(n)) < HOLDS**0.5

    def group(self, n: int, count: int = 16, generator: torch.Generator | None = None) -> groups.MatrixGroup:
        """The group generated by exp of the Lie algebra and `count` sampled solutions at n.

        It holds the identity component of the group of the equations; parts that no sample meets are missed, so a
        finite group may come out too small: raise `count` and compare. Entries that are integers to rounding are set to
        them. ValueError if the solutions form no group, or if the equations are not reduced, so that the tangent space
        is no Lie algebra of theirs.
        """
        if not self.is_group(n):
            raise ValueError(f"{self.text}: the solutions at n = {n} form no group; see .closure({n}) for what fails")
        algebra = self.lie_algebra(n)
        if not (self.residual(torch.matrix_exp(algebra / 2)) < HOLDS**0.5).all():
            raise ValueError(f"{self.text}: exp of a tangent vector is no solution, for the equations are not reduced")
        points = self.sample(n, count, generator or torch.Generator().manual_seed(0))
        near = points.round()
        points = torch.where((points - near).abs() < 1e-7, near, points)
        return groups.MatrixGroup(torch.unique(points, dim=0), algebra, name=f"{{M : {self.text}}}")

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
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        equations = [Equation(tuple((c, parse_word(w, letters)) for c, w in e)) for e in content["equations"]]
        evidence = content.get("evidence")
        if evidence:
            evidence = Evidence(
                **evidence
                | {
                    "words": tuple(parse_word(w, letters) for w in evidence["words"]),
                    "sizes": tuple(evidence["sizes"]),
                    "spectrum": torch.tensor(evidence["spectrum"], dtype=torch.float64),
                    "holdout": {int(n): r for n, r in evidence["holdout"].items()},
                    "cautions": tuple(evidence["cautions"]),
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
    if M.ndim < 2 or M.shape[-1] != M.shape[-2]:
        raise ValueError(f"M has shape {tuple(M.shape)}; equations are about square matrices (…, n, n)")
    if M.is_complex():
        raise TypeError("M is complex; write it as a real 2n × 2n matrix, where multiplication by i is the letter X")
    if not torch.isfinite(M).all():
        raise ValueError(f"M of shape {tuple(M.shape)} holds NaN or infinity; clean the data first")
    return M if M.is_floating_point() else M.double()


def _damped_least_squares(
    push: Callable[[Tensor], Tensor], pull: Callable[[Tensor], Tensor], shift: Tensor, p: Tensor
) -> Tensor:
    """x with (JᵀJ + shift) x ≈ Jᵀp, J = push, Jᵀ = pull, by conjugate gradients, a step length for each matrix."""

    def dot(u: Tensor, v: Tensor) -> Tensor:
        return (u * v).sum((-2, -1), keepdim=True)

    r = d = pull(p)
    x, rr = torch.zeros_like(r), dot(r, r)
    goal = rr * p.square().sum((-3, -2, -1))[:, None, None].clamp(max=1e-2)  # rough steps suffice far from p = 0
    for _ in range(2 * r[0].numel()):
        if (rr <= goal).all():
            break
        Ad = pull(push(d)) + shift * d
        length = torch.where(rr > goal, rr / dot(d, Ad).clamp(min=1e-300), 0)
        x, r = x + length * d, r - length * Ad
        rr, before = dot(r, r), rr
        d = r + rr / before.clamp(min=1e-300) * d
    return x
