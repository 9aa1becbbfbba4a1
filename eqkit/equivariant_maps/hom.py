"""Hom_G(V, W): all linear maps M with W(g) M = M V(g), called equivariant maps or intertwiners."""

from __future__ import annotations

import contextlib
import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from eqkit.equivariant_maps import factors, solvers
from eqkit.representations import Representation
from eqkit.subspaces import echelon, rationals, require_memory

DENSE = 1024  # unknowns up to which the dense null space is the fastest route for matrices in general


class Certificate(NamedTuple):
    """A proof in integers that B lies in Hom: `denominator` · B has these entries, and W B = B V holds exactly."""

    entries: tuple[int, ...]
    denominator: int
    equations: int  # integer equations checked


class Hom:
    """The space of equivariant linear maps V → W, {M (out, in) : W(g) M = M V(g) for all g in G}.

    dim      its dimension, over ℝ, or over ℂ for complex groups
    pattern  (out, in) int64: which weights must be equal, −1 where they must vanish (signed permutations only)
    basis    (dim, out, in): orbit indicators, or the reduced echelon basis where that is rational, else orthonormal
    norms    (dim,): the Frobenius norms of the basis elements
    U        (out · in, dim): orthonormal columns that span vec(Hom); vec is row-major
    route    how it was solved: "orbits", "factors", "weights", "average" or "null space"; give `route` to choose one

    ValueError: V and W of different groups, a route that does not apply. TypeError: no representation.
    MemoryError: the answer would not fit.
    """

    def __init__(self, V: Representation, W: Representation, route: str | None = None) -> None:
        for R in (V, W):
            if not isinstance(R, Representation):
                raise TypeError(f"Hom(V, W): {R!r} is no representation; give two of them, such as G.vector")
        if V.group != W.group:
            raise ValueError(f"Hom(V, W): V belongs to {V.group} and W to {W.group}; build both from one group")
        self.V, self.W, self.shape = V, W, (W.size, V.size)
        for chosen in [route] if route else self._applicable():
            solution = self._solve(chosen)
            if solution is not None:
                break
        else:
            raise ValueError(f"{V.group} is not reductive, so route {route!r} fails; leave the route out")
        self.route = chosen
        self._orbits = solution if isinstance(solution, solvers.Orbits) else None
        self._factors = solution if isinstance(solution, factors.Kronecker) else None
        self._solution = solution if isinstance(solution, Tensor) else torch.empty(0)
        self.dim = len(solution) if isinstance(solution, Tensor) else solution.dim

    def _applicable(self) -> list[str]:
        if self.V.monomial is not None and self.W.monomial is not None:
            return ["orbits"]
        if factors.split(self.V) and factors.split(self.W):
            return ["factors"]
        if len(self.V.group.lie_algebra):
            return ["weights", "null space"]
        if math.prod(self.shape) > DENSE:
            with contextlib.suppress(ValueError):  # it may be undecided whether G is finite
                return ["average" if self.V.group.is_finite else "null space"]
        return ["null space"]

    def _solve(self, route: str) -> solvers.Orbits | factors.Kronecker | Tensor | None:
        V, W, lie = self.V, self.W, len(self.V.group.lie_algebra) > 0
        if route == "orbits" and V.monomial is not None and W.monomial is not None:
            return solvers.orbits(V, W)
        if route == "factors" and (v := factors.split(V)) and (w := factors.split(W)):
            return factors.Kronecker(v, w, Hom)
        if route == "weights" and lie:
            found = solvers.weights(V, W)
            return found if found is not None and self._residual(found) < 1e-6 else None
        if route == "average" and not lie:
            return solvers.average(V, W)
        if route == "null space":
            return solvers.dense(V, W)
        raise ValueError(
            f"route {route!r} does not apply to Hom({V}, {W}) over {V.group}: orbits is for signed permutations, "
            "factors for external products, weights for Lie groups, average for finite groups, null space for all"
        )

    def __repr__(self) -> str:
        name = f"Hom({self.V} → {self.W}) over {self.V.group}"
        return f"{name}: dimension {self.dim} of {math.prod(self.shape)}, by {self.route}"

    # the answer, as a pattern and as a basis
    @property
    def pattern(self) -> Tensor:
        """Labels (out, in) int64: weights with one label are equal up to `signs`; −1 marks weights that must vanish."""
        if self._orbits is None:
            raise ValueError(
                f"{self}: a sharing pattern exists where G permutes coordinates up to sign; "
                "subspaces.colour_rows(H.U) shows which weights happen to be equal"
            )
        return self._orbits.labels

    @property
    def signs(self) -> Tensor:
        """(out, in) int8: M_ij = signs_ij · coefficient of its label; 0 where the weight must vanish."""
        labels = self.pattern
        signs = self._orbits.signs if self._orbits else None
        return torch.ones(labels.shape, dtype=torch.int8) if signs is None else signs

    @cached_property
    def basis(self) -> Tensor:
        """(dim, out, in): indicators of the orbits, else the rational echelon basis, else an orthonormal one."""
        if self._orbits is not None:
            require_memory(8.0 * self.dim * math.prod(self.shape), f"a dense basis of {self}")
            return self.combine(torch.eye(self.dim, dtype=torch.float64))
        if self._factors:
            return self._factors.basis
        if self.dim and not self._solution.is_complex():
            rows = echelon(self._solution.flatten(1))
            if len(rows) == self.dim and rationals(rows) is not None:
                return rows.reshape(self._solution.shape)
        return self._solution

    @cached_property
    def U(self) -> Tensor:
        """(out · in, dim): orthonormal columns, the symmetry matrix whose column space is vec(Hom)."""
        if self._factors:
            return self._factors.U
        if self._orbits is None:
            return self._solution.flatten(1).T
        flat = self.basis.flatten(1)
        return (flat / flat.norm(dim=1, keepdim=True)).T

    @cached_property
    def norms(self) -> Tensor:
        """‖M_d‖ of the basis elements, (dim,) float64: for orbits the square roots of their sizes."""
        if self._factors:
            return self._factors.norms
        if self._orbits is None:
            return self.basis.flatten(1).norm(dim=1)
        labels = self.pattern.flatten()
        return torch.bincount(labels[labels >= 0], minlength=self.dim).double().sqrt()

    @cached_property
    def _dual(self) -> Tensor:
        """(dim, out · in): what reads the coefficients off a matrix, the pseudoinverse of the basis."""
        flat = self.basis.flatten(1)
        return torch.linalg.solve(flat.conj() @ flat.mT, flat.conj())

    def combine(self, coefficients: Tensor) -> Tensor:
        """Σ cᵢ basisᵢ: coefficients (..., dim) -> M (..., out, in), in their dtype, differentiable."""
        c = torch.as_tensor(coefficients)
        if c.shape[-1:] != (self.dim,):
            raise ValueError(f"combine: coefficients have shape {tuple(c.shape)}; {self} takes (..., {self.dim})")
        if self._factors:
            return self._factors.combine(c)
        if self._orbits is None:
            dtype = torch.promote_types(c.dtype, torch.complex64) if self.basis.is_complex() else c.dtype
            return torch.einsum("...d,dij->...ij", c.to(dtype), self.basis.to(dtype))
        if self._orbits.signs is None:
            return c[..., self.pattern]
        padded = torch.cat([c, c.new_zeros(*c.shape[:-1], 1)], -1)  # label −1 reads the zero
        return padded[..., self.pattern] * self._orbits.signs.to(c.dtype)

    def coefficients(self, M: Tensor) -> Tensor:
        """The coefficients of the equivariant map nearest to M: (..., out, in) -> (..., dim)."""
        M = torch.as_tensor(M)
        if M.shape[-2:] != self.shape:
            raise ValueError(
                f"M has shape {tuple(M.shape)}; maps {self.V} → {self.W} are (..., {self.W.size}, {self.V.size})"
            )
        if self._factors:
            return self._factors.coefficients(M)
        if self._orbits is None:
            dtype = torch.promote_types(M.dtype, torch.complex64) if self.basis.is_complex() else M.dtype
            return M.flatten(-2).to(dtype) @ self._dual.to(dtype).T
        flat = M.flatten(-2) if self._orbits.signs is None else (M * self._orbits.signs.to(M.dtype)).flatten(-2)
        labels = self.pattern.flatten()
        kept = labels >= 0
        sums = torch.zeros(*flat.shape[:-1], self.dim, dtype=M.dtype)
        sums.index_add_(-1, labels[kept], flat[..., kept])
        return sums / (self.norms**2).round().to(sums.real.dtype)  # the sizes of the orbits, exact

    def project(self, M: Tensor) -> Tensor:
        """The equivariant map nearest to M, (..., out, in); for unitary representations the Reynolds average."""
        return self.combine(self.coefficients(M))

    # checks
    def _residual(self, maps: Tensor) -> float:
        """The largest entry of g·M − M and dW(A) M − M dV(A) over generators, algebra and these maps, relative to M."""
        if len(maps) == 0:
            return 0.0
        M = maps / maps.abs().amax((1, 2), keepdim=True)
        V, W, worst = self.V, self.W, 0.0
        for A in V.group.lie_algebra:
            a_w, a_v = (R._derivative(lambda leaf, A=A: leaf.lie_at(A).numpy()) for R in (W, V))  # type: ignore[misc]
            for m in M.numpy():
                worst = max(worst, float(np.abs(a_w @ m - (a_v.T @ m.T).T).max()))
        for g in V.group.generators:
            worst = max(worst, float((solvers.carry(g, M, V, W) - M).abs().max()))
        return worst

    def certificate(self) -> Certificate:
        """Proof in integers that the basis is equivariant: W(g) B = B V(g), dW(A) B = B dV(A), without rounding.

        ValueError where entries are irrational; the orbit route is exact by construction and is checked the same way.
        """
        basis = _integers(self.basis)
        if basis is None:
            raise ValueError(
                f"{self}: the basis is not rational, so no integer certificate exists; compare with a second route"
            )
        B, denominator = basis
        equations = 0
        pairs = [(self.W(g), self.V(g)) for g in self.V.group.generators]
        pairs += [(self.W.lie(A), self.V.lie(A)) for A in self.V.group.lie_algebra]
        for left, right in pairs:
            w, v = _integers(left), _integers(right)
            if w is None or v is None:
                raise ValueError(f"{self}: a generator acts by irrational entries, so no integer certificate exists")
            sides = [
                (scipy.sparse.csr_array(w[0]) * v[1]) @ b - (scipy.sparse.csr_array(v[0].T) @ b.T).T * w[1] for b in B
            ]
            if any(side.any() for side in sides):
                raise AssertionError(f"{self}: the echelon basis breaks an equation; please report this")
            equations += sum(side.size for side in sides)
        return Certificate(tuple(np.unique(B).tolist()), denominator, equations)


def _integers(values: Tensor) -> tuple[np.ndarray, int] | None:
    """A tensor of rationals as (integer array, common denominator)."""
    exact = rationals(values)
    if exact is None:
        return None
    common = math.lcm(*(q.denominator for q in exact)) if exact else 1
    return np.array([int(q * common) for q in exact], np.int64).reshape(values.shape), common
