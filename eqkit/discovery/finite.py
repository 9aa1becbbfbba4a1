"""Finite symmetries of a function: permutations and signed permutations M with f(M x) = f(x) for all x."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import scipy.cluster.hierarchy
import torch
from torch import Tensor

from eqkit import groups, symmetry_matrices
from eqkit.equations import EquationSystem
from eqkit.groups import MatrixGroup
from eqkit.subspaces import as_tensor, require_integer, require_positive

Function = Callable[[Tensor], Tensor]
LISTED = 50_000  # elements of the automorphism group that are looked at one by one
PERMUTATIONS, SIGNED = EquationSystem("M∘M = M", "M Mᵀ = E"), EquationSystem("M∘M∘M = M", "M Mᵀ = E")


@dataclass(frozen=True)
class FiniteSymmetries:
    """The group of verified symmetries, its name up to isomorphism, and how large a group the pattern allowed.

    violation: the largest asymmetry E|f(gx) − f(x)|² / (2 Var f) among the generators · complete: all elements of the
    pattern's group were looked at, so no further (signed) permutation is a symmetry.
    """

    group: MatrixGroup
    name: str
    allowed: int
    violation: float
    complete: bool

    def __str__(self) -> str:
        found = f"{self.name}, order {self.group.order:,} of {self.allowed:,} allowed by the pattern"
        return found + (
            "" if self.complete else "; some may be missing: only a sample of the pattern's group was tried"
        )

    __repr__ = __str__


def finite_symmetries(
    f: Function, x: Tensor, signed: bool = False, tolerance: float = 1e-6, generator: torch.Generator | None = None
) -> FiniteSymmetries:
    """All (signed) permutations of the coordinates that leave f alone, by the automorphisms of a pattern.

    At a point that every permutation fixes, c·(1, …, 1), the Hessian is a matrix that each symmetry of f must leave
    alone, and at 0 also each signed one: its pattern of equal entries, over several c, has an automorphism group
    (`symmetry_matrices.automorphism_group`; signed: on the 2n points ±e_i) that holds all symmetries. Its elements are
    tried on the examples x (N, n); those with asymmetry below the tolerance are kept (1e-6 for an exact function, the
    hold-out error for a trained one), and they generate the group. f: (N, n) -> (N,) or (N, m), twice differentiable.
    Above 50 000 elements a random sample is tried, after the generators.
    """
    x, _ = _checked(f, x, tolerance)
    n = x.shape[1]
    A = symmetry_matrices.automorphism_group(_pattern(f, x, signed, tolerance))
    if signed:
        A = _signed(A, n)
    allowed = int(A.order)
    complete = allowed <= LISTED or bool((violations(f, x, A.generators) < tolerance).all())
    candidates = A.elements() if allowed <= LISTED else torch.cat([A.generators, A.sample(2000, generator)])
    sizes = violations(f, x[:200], candidates)
    kept = candidates[sizes < tolerance]
    kept = kept[violations(f, x, kept) < tolerance]
    kept = kept[(kept - torch.eye(n, dtype=kept.dtype)).abs().amax((1, 2)) > 0.5]
    G = _generated(kept, n)
    worst = float(violations(f, x, G.generators).max()) if len(G.generators) else 0.0
    return FiniteSymmetries(G, G.identify(), allowed, worst, complete)


def _checked(f: Function, x: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Examples x and f(x), or an error for what is no data or no function to be asked for its symmetries."""
    x = as_tensor(x, "x").detach()
    if x.ndim != 2 or len(x) < 2 or 0 in x.shape or not x.is_floating_point() or not torch.isfinite(x).all():
        raise ValueError(f"x is {x.dtype} {tuple(x.shape)}; give examples (N, n), floating point, finite, N ≥ 2")
    require_positive("tolerance", tolerance)
    if not callable(f):
        raise TypeError(f"f is {f!r}; give a function x (N, n) ↦ (N,) or (N, m)")
    y = f(x)
    if not isinstance(y, Tensor) or y.ndim not in (1, 2) or len(y) != len(x):
        got = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(f"f(x) is {got}; for x {tuple(x.shape)} it is a tensor ({len(x)},) or ({len(x)}, m)")
    y = y.detach()
    if not bool((y.reshape(len(y), -1).var(0) > 0).any()):
        raise ValueError("f is constant on these examples, or NaN; a constant has every symmetry")
    return x, y


def violations(f: Function, x: Tensor, M: Tensor) -> Tensor:
    """E|f(M x) − f(x)|² / (2 Var f) of each matrix: M (k, n, n), x (N, n) -> (k,) float64."""
    with torch.no_grad():
        y = f(x).reshape(len(x), -1).double()
        scale = 2 * y.var(0, correction=0).sum().clamp(min=1e-300)
        pieces = M.to(x.dtype).split(max(1, 200_000 // x.numel()))
        moved = [f((x @ m.mT).flatten(0, 1)).reshape(len(m), *y.shape).double() for m in pieces]
        return torch.cat([(v - y).square().sum(2).mean(1) / scale for v in moved]) if moved else y.new_zeros(0)


def search(
    f: Function,
    x: Tensor,
    system: EquationSystem = PERMUTATIONS,
    starts: int = 64,
    steps: int = 200,
    tolerance: float = 1e-6,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Symmetries of f among the solutions of equations, without their list: distinct matrices (k, n, n), verified.

    From random matrices, Adam lowers E|f(Mx) − f(x)|² / (2 Var f) + w ‖p(M)‖² with w growing from 0.01 to 1; then
    `system.descend` goes to p(M) = 0, and what is a solution with asymmetry below the tolerance is kept. It finds
    some, not all: a search in n² dimensions that stops in local minima. PERMUTATIONS and SIGNED are the systems of
    (signed) permutations; orthogonal ones would be "M Mᵀ = E".
    """
    if not isinstance(system, EquationSystem):
        raise TypeError(f"search: {system!r} is no EquationSystem; write EquationSystem('M Mᵀ = E')")
    x, _ = _checked(f, x, tolerance)
    for name, value in (("starts", starts), ("steps", steps)):
        require_integer(f"search: {name}", value)
    n = x.shape[1]
    M = torch.randn(starts, n, n, generator=generator, dtype=torch.float64)
    M = torch.linalg.qr(M).Q.clone().requires_grad_()
    points = x[:256]
    y = f(points).detach().reshape(len(points), -1)
    scale = 2 * float(y.var(0, correction=0).sum())
    optimiser = torch.optim.Adam([M], 0.05)
    for step in range(steps):
        moved = f((points @ M.to(x.dtype).mT).flatten(0, 1)).reshape(starts, *y.shape)
        loss = (moved - y).square().sum(2).mean(1).double() / scale
        penalty = system(M).square().sum((1, 2, 3)) * 100 ** (step / steps - 1)
        optimiser.zero_grad()
        (loss + penalty).sum().backward()
        optimiser.step()
    landed = system.descend(M.detach(), 50)
    landed = landed[system.residual(landed) < 1e-9]
    landed = landed[violations(f, x, landed) < tolerance]
    near = landed.round()
    landed = torch.where((landed - near).abs() < 1e-6, near, landed)
    return torch.unique(landed.round(decimals=8), dim=0)


def _pattern(f: Function, x: Tensor, signed: bool, tolerance: float) -> Tensor:
    """Labels of the entries that a (signed) symmetry permutes: (n, n), signed (2n, 2n) for e_1 … e_n, −e_1 … −e_n."""
    n = x.shape[1]
    places = torch.tensor([0.0] if signed else [-0.9, -0.3, 0.4, 1.1], dtype=x.dtype)
    points = places[:, None].expand(-1, n) * x.std()
    size = f(x[:1]).numel()

    def one(p: Tensor) -> Tensor:
        return f(p[None]).reshape(size)

    H = torch.func.vmap(torch.func.hessian(one))(points).detach().double().flatten(0, 1)  # (places · m, n, n)
    g = torch.func.vmap(torch.func.jacrev(one))(points).detach().double().flatten(0, 1).diag_embed()
    if signed:  # on ±e_i: both change sign with one index, and the third matrix pairs e_i with −e_i
        pairs = torch.kron(torch.eye(2, dtype=torch.float64).flip(0), torch.eye(n, dtype=torch.float64))
        H = torch.cat([torch.cat([H, -H], 2), torch.cat([-H, H], 2)], 1)
        g = torch.stack([torch.block_diag(a, -a) for a in g])
        values = torch.cat([H, g, pairs[None]])
    else:
        values = torch.cat([H, g])
    scale = values.abs().amax((1, 2), keepdim=True).clamp(min=1e-12)
    entries = (values / scale).flatten(1).T.contiguous()  # (entries, features)
    merges = scipy.cluster.hierarchy.linkage(entries.numpy(), "single") if len(entries) > 1 else None
    near = max(1e-6, 10 * math.sqrt(tolerance))  # entries nearer than this, directly or through others, are alike
    labels = [1] if merges is None else scipy.cluster.hierarchy.fcluster(merges, near, "distance")
    return torch.tensor(labels).reshape(values.shape[1:])


def _signed(A: MatrixGroup, n: int) -> MatrixGroup:
    """Permutations of ±e_1 … ±e_n that keep the pairs, as signed permutation matrices n × n."""
    P = A.generators  # (k, 2n, 2n)
    M = P[:, :n, :n] - P[:, n:, :n]
    return MatrixGroup(M) if len(M) else groups.trivial(n)


def _generated(M: Tensor, n: int) -> MatrixGroup:
    """The group that (signed) permutation matrices generate, by few of them: one is added while the order grows."""
    chosen: list[Tensor] = []
    for g in M:
        if not chosen or not MatrixGroup(torch.stack(chosen)).contains(g):
            chosen.append(g)
    if not chosen:
        return groups.trivial(n)
    G = MatrixGroup(torch.stack(chosen))
    return groups.permutation_group(G.permutations.tolist()) if G.is_permutation else G
