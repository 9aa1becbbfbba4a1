"""Ways to write U down, each with its number of parameters and a fit: the arms that are compared at equal data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.parameter_counts.dimensions import grassmannian
from eqkit.parameter_counts.fitting import Fit, alternating_least_squares, levenberg_marquardt
from eqkit.parameter_counts.problems import Problem
from eqkit.parameter_counts.visible import projector, visible_dimension
from eqkit.subspaces import require_integer


@dataclass(frozen=True)
class Arm:
    """A description of U as a value; `parametrised` makes one of any differentiable map θ ↦ U.

    parameters(problem): how many numbers are learned. dimension(problem): that of the family of all span(U), the
    numbers among them that the tasks can see. fit(problem, generator): learns them, an iterator of `Fit`.
    """

    name: str
    parameters: Callable[[Problem], int]
    dimension: Callable[[Problem], int]
    fit: Callable[[Problem, torch.Generator | None], Iterator[Fit]]


def parametrised(
    name: str,
    parameters: Callable[[Problem], int],
    symmetry_matrix: Callable[[Tensor, Problem], Tensor],
    steps: int = 100,
) -> Arm:
    """The arm U = symmetry_matrix(θ, problem) (seeds, mn, k) of θ (seeds, parameters), from θ ~ N(0, E), by
    Levenberg–Marquardt. symmetry_matrix is differentiable, treats seeds alike, and reads only sizes of the problem."""

    def start(problem: Problem, seeds: int, generator: torch.Generator | None) -> Tensor:
        return torch.randn(seeds, parameters(problem), generator=generator, dtype=torch.float64)

    def dimension(problem: Problem) -> int:
        theta = start(problem, 1, torch.Generator().manual_seed(0))
        return visible_dimension(lambda at: projector(symmetry_matrix(at, problem)), theta)

    def fit(problem: Problem, generator: torch.Generator | None) -> Iterator[Fit]:
        theta = start(problem, len(problem.x), generator)
        return levenberg_marquardt(problem, theta, lambda at: symmetry_matrix(at, problem), steps)

    return Arm(name, parameters, dimension, fit)


def entries(problem: Problem) -> int:
    """m n k, the entries of U."""
    return problem.m * problem.n * problem.k


def free_span(problem: Problem) -> int:
    """dim Gr(k, mn), the dimension of all spans."""
    return grassmannian(problem.k, problem.m * problem.n)


ALTERNATING = Arm("dense U, alternating", entries, free_span, alternating_least_squares)
DENSE = parametrised("dense U", entries, lambda theta, p: theta.reshape(len(theta), p.m * p.n, p.k))


def generators(count: int) -> Arm:
    """U spans what commutes best with `count` learned matrices (n, n): count · n² numbers, whatever k.

    One matrix commutes with n or more independent ones, so a smaller k takes two generators.
    """
    require_integer("generators: count", count)
    name = {1: "one generator", 2: "two generators"}.get(count, f"{count} generators")
    return parametrised(
        name,
        lambda p: count * p.n**2,
        lambda theta, p: near_commutant(theta.reshape(len(theta), count, p.n, p.n), p.k),
    )


def near_commutant(generators: Tensor, k: int) -> Tensor:
    """The k-dimensional space that commutes best with the generators g: orthonormal columns of vec M, differentiable.

    generators (..., count, n, n), result (..., n², k): the eigenvectors of K = Σ CᵀC, vec(g M − M g) = C vec M, for its
    k smallest eigenvalues; where the commutant has dimension k it is that. Only the space has a derivative, the basis
    moves orthogonally to it: dU = −Q (Qᵀ dK U)_ij / (λᵢ − λⱼ), Q and λᵢ the other eigenvectors and their values. It
    needs a gap after the k-th eigenvalue. ValueError for k outside 1 … n².
    """
    n = generators.shape[-1]
    if generators.ndim < 3 or generators.shape[-2] != n:
        raise ValueError(f"near_commutant: generators have shape {tuple(generators.shape)}, not (…, count, n, n)")
    if not 1 <= require_integer("near_commutant: k", k, 0) <= n**2:
        raise ValueError(
            f"near_commutant: k = {k}; matrices {n} × {n} that commute form a space of 1 … {n**2} dimensions"
        )
    C = _commutators(generators.detach(), torch.eye(n**2, dtype=generators.dtype))
    value, vectors = torch.linalg.eigh(C.mT @ C)
    U, Q = vectors[..., :k], vectors[..., k:]
    gaps = (value[..., k:, None] - value[..., None, :k]).clamp(min=1e-12)
    mixed = _commutators(generators, Q).mT @ _commutators(generators, U)  # Qᵀ K U: zero, but not its derivative
    return U - Q @ (mixed / gaps)


def _commutators(generators: Tensor, M: Tensor) -> Tensor:
    """g M − M g for each g and each column vec M: (..., count, n, n), (..., n², c) -> (..., count·n², c)."""
    n = generators.shape[-1]
    M = M.unflatten(-2, (n, n))
    left = torch.einsum("...gab,...bjc->...gajc", generators, M)
    right = torch.einsum("...iac,...gaj->...gijc", M, generators)
    return (left - right).flatten(-4, -2)


def kronecker(shapes: Sequence[tuple[int, int]], ranks: Sequence[int]) -> Arm:
    """W = Σ v_ab… A_a ⊗ B_b ⊗ …, that is U = A ⊗ B ⊗ …, one factor for each shape (mᵢ, nᵢ), with rᵢ columns.

    Π mᵢ = m, Π nᵢ = n, Π rᵢ = k; Σ mᵢ nᵢ rᵢ numbers. Shapes (m, 1), (1, n) separate outputs from inputs.
    """
    if not shapes or len(shapes) != len(ranks) or any(not isinstance(s, Sequence) or len(s) != 2 for s in shapes):
        raise ValueError(f"kronecker: shapes {shapes!r} and ranks {ranks!r}; give a shape (m, n) and a rank for each")
    for size in (*ranks, *(size for shape in shapes for size in shape)):
        require_integer("kronecker: a size or rank", size)
    sizes = [math.prod(shape) * rank for shape, rank in zip(shapes, ranks, strict=True)]

    def symmetry_matrix(theta: Tensor, problem: Problem) -> Tensor:
        totals = [math.prod(pair) for pair in zip(*shapes, strict=True)]
        if totals != [problem.m, problem.n] or math.prod(ranks) != problem.k:
            raise ValueError(
                f"kronecker: factors {list(shapes)} of ranks {list(ranks)} make weights {tuple(totals)} and k = "
                f"{math.prod(ranks)}; the tasks need ({problem.m}, {problem.n}) and {problem.k}"
            )
        U = torch.ones(len(theta), 1, 1, 1, dtype=theta.dtype)  # (seeds, out, in, columns)
        for part, (m, n), rank in zip(theta.split(sizes, 1), shapes, ranks, strict=True):
            factor = part.reshape(-1, m, n, rank)
            U = torch.einsum("zoic,zpjd->zopijcd", U, factor).flatten(5).flatten(3, 4).flatten(1, 2)
        return U.flatten(1, 2)

    name = "U = " + " ⊗ ".join(f"{letter} ({m}×{n})" for letter, (m, n) in zip("ABCDEFGH", shapes, strict=False))
    return parametrised(name, lambda p: sum(sizes), symmetry_matrix)
