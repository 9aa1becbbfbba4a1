"""The operator: R f as a function, and R on the vectors of a representation as a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.groups import finite
from eqkit.groups.naming import orbits
from eqkit.representations import Representation, require_representation
from eqkit.reynolds.designs import Design, everything, refuse_non_compact
from eqkit.subspaces import as_tensor, null_space, require_memory


@dataclass(frozen=True, eq=False)
class Average:
    """R f as a function of x (..., V.size): (..., W.size), or the shape of f's values. Differentiable in x and f."""

    f: Callable[[Tensor], Tensor]
    V: Representation
    W: Representation | None
    design: Design

    @property
    def terms(self) -> int:
        """How many times f is evaluated for one x."""
        return self.design.terms

    @property
    def exact(self) -> bool:
        """No sample: the average over G itself, for the functions that `design.exact_for` names."""
        return self.design.exact

    def _values(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """W(g)⁻¹ f(V(g) x), some elements at a time: (few, ..., size of f), and their weights (few,), of sum 1."""
        x = as_tensor(x, "x")
        if x.shape[-1:] != (self.V.size,):
            raise ValueError(f"R f takes vectors of {self.V}, (..., {self.V.size}); x has shape {tuple(x.shape)}")
        x = x if x.is_floating_point() or x.is_complex() else x.double()
        for g, w in self.design.chunks(x.numel()):
            moved = self.V.act(g, x.expand(len(g), *x.shape))
            moved = moved if moved.is_complex() else moved.to(x.dtype)
            y = self.f(moved.reshape(-1, self.V.size))
            if not isinstance(y, Tensor) or not (y.is_floating_point() or y.is_complex()):
                kind = y.dtype if isinstance(y, Tensor) else type(y).__name__
                raise TypeError(f"R f: f gives {kind}; it has to give a tensor of floating-point numbers")
            if y.shape[:1] != (moved.numel() // self.V.size,) or (self.W and y.shape[1:] != (self.W.size,)):
                expected = "(count, ...)" if self.W is None else f"(count, {self.W.size})"
                raise ValueError(
                    f"f maps {(moved.numel() // self.V.size, self.V.size)} to {tuple(y.shape)}; it must map a batch "
                    f"(count, {self.V.size}) to {expected}"
                )
            y = y.reshape(*moved.shape[:-1], *y.shape[1:])
            if self.W is not None:
                back = self.W.act(torch.linalg.inv(g), y)
                y = back if back.is_complex() else back.to(y.dtype)
            yield y, w.to(y.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.stack([torch.tensordot(w, values, 1) for values, w in self._values(x)]).sum(0)

    def standard_error(self, x: Tensor) -> Tensor:
        """The standard deviation of a sampled average, √(Σ |term − mean|² / N(N − 1)); zero for an exact one."""
        mean = self(x)
        if self.exact:
            return torch.zeros_like(mean)
        squares = torch.stack([(values - mean).abs().square().sum(0) for values, _ in self._values(x)]).sum(0)
        return (squares / (self.terms * (self.terms - 1))).sqrt()

    def __repr__(self) -> str:
        return f"R f: {self.V} → {'ℝ' if self.W is None else self.W}, average over {self.design}"


def project(
    f: Callable[[Tensor], Tensor], V: Representation, W: Representation | None = None, over: Design | None = None
) -> Average:
    """(R f)(x) = 1/|G| Σ W(g)⁻¹ f(V(g) x), an equivariant function V → W; without W an invariant one.

    f maps a batch (count, V.size) to (count, W.size), without W to any (count, ...). `over` is the design to average:
    `everything(G)` unless given, `cosets`, `reading`, `polynomials` or `sample`.
    ValueError: groups that differ, are not compact, or are too large to list.
    """
    if not callable(f):
        raise TypeError(f"project: f = {f!r} is no function of x (count, V.size)")
    for R in (V,) if W is None else (V, W):
        require_representation(R, "project(f, V, W)")
    design = everything(V.group) if over is None else over
    if not isinstance(design, Design):
        raise TypeError(f"project: over = {over!r} is no design; give one, such as reynolds.sample(G, 1000)")
    if W is not None and W.group != V.group:
        raise ValueError(f"project: V belongs to {V.group} and W to {W.group}; build both from one group")
    if design.group.n != V.group.n:
        raise ValueError(f"project: the design averages over {design.group}, V belongs to {V.group}")
    return Average(f, V, W, design)


def projector(V: Representation) -> Tensor:
    """R on the vectors of V, P = ∫ V(g) dg: (size, size), P² = P, its rank and trace count the invariants.

    (Signed) permutations: the average over each orbit of coordinates. Otherwise P = R (LᴴR)⁻¹ Lᴴ, where the columns of
    R span the invariant vectors of V and those of L the invariants of the adjoints V(g)ᴴ; for orthogonal V, P = RRᵀ.
    """
    require_representation(V, "projector")
    G = V.group
    refuse_non_compact(G)
    require_memory(16.0 * V.size**2, f"projector({V})")
    if V.monomial is not None:
        points, n = finite.points(V.monomial), V.size
        sums = torch.zeros(n, points.shape[1], dtype=torch.float64)
        for column, orbit in enumerate(orbits(points)):
            for i in orbit:
                sums[i % n, column] += 1 if i < n else -1  # point i + n stands for −eᵢ
        units = torch.nn.functional.normalize(sums, dim=0)
        return units @ units.T * (n / points.shape[1])  # signed orbits come twice: as they are and negated
    E = torch.eye(V.size, dtype=torch.float64)
    conditions = torch.cat([V(G.generators) - E, V.lie(G.lie_algebra)])  # (k + d, size, size)
    R = null_space(conditions.flatten(0, 1), scale=1.0)
    L = null_space(conditions.mH.flatten(0, 1), scale=1.0)
    return R @ torch.linalg.solve(L.mH @ R, L.mH)
