"""Equations where no group element is given: from pairs (x, g x), from learned symmetry matrices, from a commutant.

Matrices that stand in for elements are all that `learn_equations` needs, and each source gives other ones. Pairs give
the elements themselves. A learned span(U_n) gives weights, hence the equations of the *weights*, M S = S M for
convolutions; they hold and need not suffice: λE + γJ satisfies Mᵀ = M, M J = J M, and so do many others. Its commutant
gives sums of elements, so only equations linear in M come of it: it is the group algebra (double centraliser theorem),
and the group is what M Mᵀ = E or M∘M = M leaves of it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.system import HOLDS, EquationSystem


class Related(NamedTuple):
    """y ≈ M x: M (tasks, n, n) float64, the mean square of y − M x (tasks,), and whether p(M) = 0 was reached."""

    M: Tensor
    loss: Tensor
    arrived: Tensor


def relate(system: EquationSystem, x: Tensor, y: Tensor, steps: int = 60) -> Related:
    """The M with p(M) = 0 that takes x to y, for each task: x and y (tasks, examples, n).

    Alternates between the equations and the data, from the ridge solution: Z = a point of the variety near M, then
    M = argmin ‖y − M x‖² + ‖M − Z‖². Fewer than n examples leave M open, and the equations make up for them. A local
    search: from very few examples it ends in another M that fits less well, which its loss tells; random starts do not
    help (one exact pair at n = 8: four of ten permutations are found, with one start or with four).
    """
    if not isinstance(system, EquationSystem):
        raise TypeError(f"relate: {system!r} is no EquationSystem; write EquationSystem('M Mᵀ = E')")
    subspaces.require_integer("relate: steps", steps, 0)
    x, y = subspaces.as_double(x, "x"), subspaces.as_double(y, "y")
    if x.ndim != 3 or x.shape != y.shape or 0 in x.shape:
        raise ValueError(f"relate: x {tuple(x.shape)} and y {tuple(y.shape)} both need (tasks, examples, n), y = M x")
    ridge, moment = x.mT @ x + torch.eye(x.shape[-1], dtype=x.dtype), y.mT @ x
    M = torch.linalg.solve(ridge, moment, left=False)
    for _ in range(steps):
        M = torch.linalg.solve(ridge, moment + system.descend(M, 5), left=False)
    M = system.descend(M, 100)
    return Related(M, (y - x @ M.mT).square().mean((1, 2)), system.residual(M) < HOLDS)


def members(space: Tensor, n: int, count: int, generator: torch.Generator | None = None) -> Tensor:
    """Random matrices of a space of them, such as a learned U: columns (n², k) -> (count, n, n), norms about √n."""
    subspaces.require_integer("members: count", count)
    Q = _orthonormal(space, n)
    z = torch.randn(count, Q.shape[1], generator=generator, dtype=torch.float64) * (n / Q.shape[1]) ** 0.5
    return (z @ Q.T).reshape(count, n, n)


def commutant(space: Tensor, n: int, floor: float = 1e-10) -> Tensor:
    """All M with M W = W M for every W in a space of matrices: columns (n², k) -> orthonormal columns (n², d).

    Set `floor` to the error of a learned space. Of Hom_G(V, V) it is the span of the group's matrices V(g).
    """
    W = _orthonormal(space, n).T.reshape(-1, n, n)
    E = torch.eye(n, dtype=torch.float64)
    subspaces.require_memory(16.0 * len(W) * n**4, f"commutant of {len(W)} matrices {n} × {n}")
    rows = [torch.kron(E, w.T.contiguous()) - torch.kron(w, E) for w in W]  # vec(M w) − vec(w M), row-major
    return subspaces.null_space(torch.cat(rows), floor, scale=1.0)


def _orthonormal(space: Tensor, n: int) -> Tensor:
    subspaces.require_integer("n", n)
    space = subspaces.as_double(space, "space")
    if space.is_complex():
        raise TypeError("the space of matrices is complex; write them as real 2n × 2n matrices")
    if space.ndim != 2 or len(space) != n * n or space.shape[1] == 0:
        raise ValueError(f"a space of matrices {n} × {n} is given by columns ({n * n}, k), not {tuple(space.shape)}")
    if not space.any():
        raise ValueError("the space of matrices is zero; give one matrix or more")
    return subspaces.orthonormal(space, 1e-12)
