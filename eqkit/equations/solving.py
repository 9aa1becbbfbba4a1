"""Solutions of p(M) = 0 near a matrix, by Levenberg–Marquardt steps that never store the derivative."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Linear = Callable[[Tensor], Tensor]


def descend(p: Linear, M: Tensor, steps: int) -> Tensor:
    """Matrices near M with smaller ‖p‖, zero if all goes well: (…, n, n) -> (…, n, n) float64.

    p: (…, n, n) -> (…, equations, n, n). Solves (JᵀJ + λ‖p‖) A = −Jᵀp with J = dp(M) by conjugate gradients.
    (Nocedal & Wright 2006, §10.3; Fan & Yuan 2005 for the damping.)
    """
    shape, M = M.shape, M.detach().double().reshape(-1, *M.shape[-2:]).clone()
    damping = torch.ones(len(M), dtype=M.dtype)
    for _ in range(steps):
        size = p(M).flatten(1).norm(dim=1)
        active = ((size > 1e-15 * shape[-1]) & (damping < 1e8)).nonzero()[:, 0]
        if len(active) == 0:
            break
        at, size = M[active], size[active]
        value, push, pull = linearise(p, at)
        shift = (damping[active] * size)[:, None, None]
        step = _damped_least_squares(push, pull, shift, -value)
        better = p(at + step).flatten(1).norm(dim=1) < size
        M[active] += torch.where(better[:, None, None], step, 0)
        damping[active] *= torch.where(better, 0.1, 10.0)
    return M.reshape(shape)


@torch.enable_grad()
def linearise(p: Linear, M: Tensor) -> tuple[Tensor, Linear, Linear]:
    """p(M), A ↦ dp(M) A and its adjoint; both reuse one graph (the derivative of the adjoint is the derivative)."""
    M = M.detach().requires_grad_()
    value = p(M)
    dual = torch.zeros_like(value, requires_grad=True)
    (adjoint,) = torch.autograd.grad(value, M, dual, create_graph=True)

    def push(A: Tensor) -> Tensor:
        return torch.autograd.grad(adjoint, dual, A, retain_graph=True)[0]

    def pull(u: Tensor) -> Tensor:
        return torch.autograd.grad(value, M, u, retain_graph=True)[0]

    return value.detach(), push, pull


def _damped_least_squares(push: Linear, pull: Linear, shift: Tensor, p: Tensor) -> Tensor:
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
