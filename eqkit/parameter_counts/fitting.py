"""Find span(U) from a fixed set of tasks: the filters are eliminated, and U moves to make what is left over zero.

Both solvers are iterators of `Fit`, work on all seeds at once, in float64, and know nothing of the hidden space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit.parameter_counts.problems import Problem


class Fit(NamedTuple):
    """Where a solver is: U (seeds, mn, k), and the mean squared residual of each seed when every task fits its v."""

    U: Tensor
    loss: Tensor


class Eliminated(NamedTuple):
    """The best filters of each task for this U: v (seeds, tasks, k), the range of Φ, the residual, its mean square."""

    v: Tensor
    Q: Tensor  # (seeds, tasks, shots·m, rank), orthonormal
    residual: Tensor  # (seeds, tasks, shots·m)
    loss: Tensor


def eliminate(U: Tensor, x: Tensor, y: Tensor) -> Eliminated:
    """Each task's least squares min_v ‖Φ v − y‖² with Φ v = mat(U v) x."""
    m, n = y.shape[-1], x.shape[-1]
    features = torch.einsum("btsi,boik->btsok", x, U.reshape(len(U), m, n, -1)).flatten(2, 3)
    Q, target = torch.linalg.qr(features).Q, y.flatten(2).unsqueeze(-1)
    gram = features.mT @ features
    gram.diagonal(dim1=-2, dim2=-1).add_(1e-12)
    v = torch.linalg.solve(gram, features.mT @ target).squeeze(-1)
    residual = (target - Q @ (Q.mT @ target)).squeeze(-1)
    return Eliminated(v, Q, residual, residual.square().mean((1, 2)))


def alternating_least_squares(problem: Problem, generator: torch.Generator | None, steps: int = 1000) -> Iterator[Fit]:
    """v given U, then U given v, both linear least squares, from a random U.

    All outputs share the rows x ⊗ v of the second problem, one row an example, so it has a unique answer only for
    tasks · shots ≥ n k.
    """
    (seeds, _, _, n), m, k = problem.x.shape, problem.m, problem.k
    U = torch.randn(seeds, m * n, k, generator=generator, dtype=torch.float64)
    for _ in range(steps):
        U = torch.linalg.qr(U).Q
        found = eliminate(U, problem.x, problem.y)
        yield Fit(U, found.loss)
        if bool((found.loss < 1e-24).all()):
            return
        rows = torch.einsum("btsi,btk->btsik", problem.x, found.v).flatten(3).flatten(1, 2)  # (seeds, examples, n·k)
        gram = rows.mT @ rows
        gram.diagonal(dim1=-2, dim2=-1).add_(1e-10)
        solution = torch.linalg.solve(gram, rows.mT @ problem.y.flatten(1, 2))  # (seeds, n·k, m)
        U = solution.reshape(seeds, n, k, m).permute(0, 3, 1, 2).reshape(seeds, m * n, k)


def levenberg_marquardt(
    problem: Problem, parameters: Tensor, symmetry_matrix: Callable[[Tensor], Tensor], steps: int = 100
) -> Iterator[Fit]:
    """Minimise the residual over parameters θ (seeds, p) with U = symmetry_matrix(θ) (seeds, mn, k), differentiable.

    Variable projection (Golub & Pereyra 1973) with Kaufman's Jacobian −(1 − Φ Φ⁺) mat(dU v) x, which is exact where
    the residual vanishes, and a damping for each seed. A seed is left alone when it fits to 1e-24 or is stuck.
    """
    theta, x, y = parameters.clone(), problem.x, problem.y
    with torch.no_grad():
        U = torch.linalg.qr(symmetry_matrix(theta)).Q
        loss = eliminate(U, x, y).loss
    damping = torch.full_like(loss, 0.1)
    for _ in range(steps):
        yield Fit(U.clone(), loss.clone())
        active = ((loss > 1e-24) & (damping < 1e8)).nonzero()[:, 0]
        if len(active) == 0:
            return
        at, data = theta[active], (x[active], y[active])
        here, dU = _derivative(symmetry_matrix, at)
        found = eliminate(here, *data)
        hessian, gradient = _normal_equations(found, data[0], problem.m)
        hessian, gradient = dU.mT @ hessian @ dU, dU.mT @ gradient
        scale = hessian.diagonal(dim1=-2, dim2=-1).mean(-1) + 1e-300
        hessian.diagonal(dim1=-2, dim2=-1).add_((damping[active] * scale).unsqueeze(-1))
        moved = at + torch.linalg.solve(hessian, gradient).squeeze(-1)
        with torch.no_grad():
            there = torch.linalg.qr(symmetry_matrix(moved)).Q
            new = eliminate(there, *data).loss
        better = new < loss[active]
        damping[active] = torch.where(better, damping[active] / 3, damping[active] * 4).clamp(min=1e-12)
        chosen = active[better]
        theta[chosen], U[chosen], loss[chosen] = moved[better], there[better], new[better]


def _derivative(symmetry_matrix: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[Tensor, Tensor]:
    """U (seeds, mn, k) and dU/dθ (seeds, mn·k, p); seeds do not meet, so one direction serves all of them."""
    directions = torch.eye(theta.shape[1], dtype=theta.dtype).unsqueeze(1).expand(-1, *theta.shape)

    def along(direction: Tensor) -> Tensor:
        return torch.func.jvp(symmetry_matrix, (theta,), (direction,))[1]

    dU = torch.func.vmap(along)(directions)  # (p, seeds, mn, k)
    return symmetry_matrix(theta), dU.flatten(2).permute(1, 2, 0)


def _normal_equations(found: Eliminated, x: Tensor, m: int) -> tuple[Tensor, Tensor]:
    """JᵀJ and Jᵀ residual for J = (1 − Q Qᵀ) J₀, J₀ = d(mat(U v) x)/dU: (seeds, mnk, mnk) and (seeds, mnk, 1).

    J₀ has one row x ⊗ v for all outputs, so JᵀJ = (rows)ᵀ(rows) ⊗ E − (QᵀJ₀)ᵀ(QᵀJ₀), and J is never formed.
    """
    seeds, tasks, shots, _ = x.shape
    rows = torch.einsum("btsi,btk->btsik", x, found.v).flatten(3)  # (seeds, tasks, shots, n·k)
    Q = found.Q.reshape(seeds, tasks, shots, m, -1)
    seen = torch.einsum("btsor,btsa->btroa", Q, rows).flatten(3).flatten(1, 2)  # (seeds, tasks·rank, m·n·k)
    flat, residual = rows.flatten(1, 2), found.residual.reshape(seeds, tasks * shots, m)
    gram = torch.einsum("bac,op->boapc", flat.mT @ flat, torch.eye(m, dtype=x.dtype)).flatten(3).flatten(1, 2)
    return gram - seen.mT @ seen, (residual.mT @ flat).reshape(seeds, -1, 1)
