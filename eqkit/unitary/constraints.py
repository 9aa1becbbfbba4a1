"""Six ways to keep equations in M while M is trained, on one task: what do they cost, and what do they give?"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit import groups
from eqkit.equations import EquationSystem
from eqkit.subspaces import require_integer
from eqkit.unitary import maps

ORTHOGONAL = EquationSystem("M Mᵀ = E")
PENALTY = 1.0  # the weight of ‖p(M)‖²


class Examples(NamedTuple):
    """x, y (runs, examples, n) with y = M* x + noise, and M* (runs, n, n), float64."""

    x: Tensor
    y: Tensor
    target: Tensor

    def loss(self, M: Tensor) -> Tensor:
        """Σ ‖M x − y‖² over the examples, (runs,)."""
        return (self.x @ M.mT - self.y).square().sum((-2, -1))

    @property
    def rate(self) -> Tensor:
        """Half the inverse of the loss's largest curvature, (runs, 1, 1): a step size that never overshoots."""
        return (1 / (4 * torch.linalg.matrix_norm(self.x, 2) ** 2))[..., None, None]

    def start(self) -> Tensor:
        """E for every run."""
        return torch.eye(self.x.shape[-1], dtype=torch.float64).repeat(len(self.x), 1, 1)


def examples(
    n: int, count: int, noise: float = 0.1, runs: int = 20, generator: torch.Generator | None = None
) -> Examples:
    """A hidden Haar rotation for each run, seen through `count` noisy pairs; with count < n it needs its equation."""
    for name, value, least in (("n", n, 2), ("count", count, 1), ("runs", runs, 1)):
        require_integer(f"examples: {name}", value, least)
    if not noise >= 0:
        raise ValueError(f"examples: noise = {noise}; a standard deviation is not negative")
    target = groups.SO(n).sample(runs, generator)
    x, e = torch.randn(2, runs, count, n, generator=generator, dtype=torch.float64)
    return Examples(x, x @ target.mT + noise * e, target)


def free(data: Examples) -> Iterator[Tensor]:
    """M ← M − η ∇L: no constraint."""
    return _descend(data, data.loss, lambda M: M)


def penalty(data: Examples, system: EquationSystem = ORTHOGONAL, weight: float = PENALTY) -> Iterator[Tensor]:
    """The loss plus weight · ‖p(M)‖², such as ‖M Mᵀ − E‖²; the step is halved until the sum falls."""

    def penalised(M: Tensor) -> Tensor:
        return data.loss(M) + weight * system(M).square().sum((-3, -2, -1))

    return _descend(data, penalised, lambda M: M)


def projection(data: Examples) -> Iterator[Tensor]:
    """M ← polar(M − η ∇L)."""
    return _descend(data, data.loss, maps.polar)


def equations(data: Examples, system: EquationSystem = ORTHOGONAL) -> Iterator[Tensor]:
    """M ← the solution of p(M) = 0 near M − η ∇L: Levenberg–Marquardt, which knows nothing but the equations."""
    return _descend(data, data.loss, system.project)


def retraction(data: Examples, system: EquationSystem = ORTHOGONAL) -> Iterator[Tensor]:
    """M ← cayley(−η Ω) M with Ω the part of ∇L Mᵀ in the Lie algebra, for O(n) (∇L Mᵀ − M ∇Lᵀ)/2 (Wen & Yin 2013).

    It keeps M B Mᵀ = B for any form B, and equations linear in M.
    """
    L, M = _tangent(data, system), data.start()
    while True:
        yield M
        c = torch.einsum("kij,rij->rk", L, _gradient(data.loss, M) @ M.mT)
        M = maps.cayley(-data.rate * torch.einsum("rk,kij->rij", c, L)) @ M


def lie_algebra(data: Examples, system: EquationSystem = ORTHOGONAL) -> Iterator[Tensor]:
    """M = e^A, and A = Σ c_i L_i descends in the Lie algebra, L orthonormal: so(n) for M Mᵀ = E."""
    L = _tangent(data, system)
    c = torch.zeros(len(data.x), len(L), dtype=torch.float64, requires_grad=True)
    while True:
        M = torch.matrix_exp(torch.einsum("rk,kij->rij", c, L))
        yield M.detach()
        (G,) = torch.autograd.grad(data.loss(M).sum(), c)
        with torch.no_grad():
            c.sub_(data.rate[..., 0] * G)


WAYS: dict[str, Callable[[Examples], Iterator[Tensor]]] = {
    "free": free,
    "penalty": penalty,
    "projection": projection,
    "equations": equations,
    "retraction": retraction,
    "Lie algebra": lie_algebra,
}


class Row(NamedTuple):
    """A way of keeping the equation, and medians over the runs after `steps` steps.

    error: ‖M − M*‖/√n · satisfaction: ‖M Mᵀ − E‖ · loss: on the examples · seconds: of all runs together.
    """

    way: str
    steps: int
    error: float
    satisfaction: float
    loss: float
    seconds: float


def compare_constraints(data: Examples, steps: int = 300) -> Iterator[Row]:
    """A row for each of WAYS, all with plain gradient descent of one step size from E, and one for the closed form."""
    if not isinstance(data, Examples):
        raise TypeError(f"compare_constraints: the data are a {type(data).__name__}; give unitary.examples(n, count)")
    require_integer("compare_constraints: steps", steps, 0)
    for name, way in WAYS.items():
        start = time.perf_counter()
        M = next(itertools.islice(way(data), steps, None))
        yield _row(name, steps, data, M, time.perf_counter() - start)
    start = time.perf_counter()
    M = maps.procrustes(data.x, data.y, 1)
    yield _row("closed form", 1, data, M, time.perf_counter() - start)


def _row(name: str, steps: int, data: Examples, M: Tensor, seconds: float) -> Row:
    errors = torch.linalg.matrix_norm(M - data.target) / M.shape[-1] ** 0.5
    values = (errors, ORTHOGONAL.residuals(M)[..., 0], data.loss(M))
    error, satisfaction, loss = (float(v.median()) for v in values)
    return Row(name, steps, error, satisfaction, loss, seconds)


def _gradient(objective: Callable[[Tensor], Tensor], M: Tensor) -> Tensor:
    M = M.detach().requires_grad_()
    return torch.autograd.grad(objective(M).sum(), M)[0]


def _tangent(data: Examples, system: EquationSystem) -> Tensor:
    """An orthonormal basis (d, n, n) of the Lie algebra of the system's group."""
    n = data.x.shape[-1]
    return torch.linalg.qr(system.lie_algebra(n).flatten(1).T)[0].T.reshape(-1, n, n)


def _descend(
    data: Examples, objective: Callable[[Tensor], Tensor], back: Callable[[Tensor], Tensor]
) -> Iterator[Tensor]:
    M = data.start()
    while True:
        yield M
        G, rate, now = _gradient(objective, M), data.rate, objective(M)
        while (rises := (~(objective(M - rate * G) <= now))[:, None, None] & (rate > 1e-12)).any():
            rate = torch.where(rises, rate / 2, rate)
        M = back(M - rate * G)
