"""The Lie algebra of a function: the matrices A along whose flow exp(tA) the function does not change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.discovery.fitting import Fitted
from eqkit.subspaces import EPSILON, as_tensor, echelon, largest_gap, require_memory, require_positive

CLEAR = 5.0  # a gap less wide is none: of 480 untrained networks none has a wider one above values below SMALL
SMALL = 0.1  # a direction along which f changes by more, relative to an average direction, is no symmetry


@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found: the directions A in matrix space, from those that change f most to those that do not.

    spectrum (n²,) float64, descending: the root mean square of d/dt f(exp(tA) x) for orthonormal A, where 1 is the mean
    over all of them · dimension: how many count as zero · gap: the factor between the smallest that does not and the
    largest that does · basis (dimension, n, n) float64, orthonormal for tr AᵀB · images (dimension, m, m): the B with
    f(exp(tA) x) = exp(tB) f(x), zero matrices for an invariant f · violation: the largest spectral value of the basis ·
    closure: ‖[A, B] − its projection on the basis‖ / ‖[A, B]‖, root mean square over all pairs; 0 for a Lie algebra ·
    fit_error: the hold-out error of a function fitted to data, 0 for others.
    """

    spectrum: Tensor
    dimension: int
    gap: float
    basis: Tensor
    images: Tensor
    closure: float
    fit_error: float = 0.0

    @property
    def violation(self) -> float:
        """The largest spectral value among the symmetries: 1e-16 for exact ones, some per cent for a network's."""
        return float(self.spectrum[-self.dimension]) if self.dimension else math.nan

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know before believing the result."""
        found = []
        if self.fit_error > 0.3:
            found.append(
                f"the fitted function misses {self.fit_error:.0%} of the variance of y; take more or cleaner data"
            )
        if self.dimension and self.closure > 0.2:
            found.append(f"brackets leave the span by {self.closure:.0%}, so this is no Lie algebra: fit f better")
        if self.dimension == len(self.spectrum):
            found.append("f does not change at all: every matrix is a symmetry of a constant")
        return tuple(found)

    def __str__(self) -> str:
        if not self.dimension:
            least = float(self.spectrum[-1])
            why = "every direction changes f" if least > SMALL else "the changes of f fall without a clear gap"
            told = f"no continuous symmetry: {why}, the least is {least:.2g} of the mean"
        else:
            told = f"dimension {self.dimension}, gap {self.gap:.1e}, violated by {self.violation:.1e}"
            told += f", brackets leave it by {self.closure:.1e}"
        return "\n".join([told, *(f"caution: {c}" for c in self.cautions)])

    __repr__ = __str__


def discover_lie_algebra(
    f: Callable[[Tensor], Tensor], x: Tensor, equivariant: bool = False, tolerance: float = SMALL
) -> Discovery:
    """{A : ∇f(x)·A x = 0 for all x}, by the null space of the polarization matrix whose rows are ∇f(x) xᵀ.

    f takes x (N, n), or (N, copies, n) where A acts on each copy, to (N,) or (N, m): an exact function or a trained
    network, differentiable by autograd and example by example. Its outputs are all invariant, or with
    `equivariant=True` they move along: ∇f(x)·A x = B f(x), and (A, B) is sought. The dimension is the largest gap of
    the singular values; what is above `tolerance` times the mean direction, or no factor of 5 apart, is no symmetry.
    Of a `Fitted` f nothing below a tenth of √error is told apart: a fitted polynomial may have exact symmetries that
    the data do not have. ValueError: shapes, NaN, or fewer equations than unknowns. (Moskalev, Sepliarskaia, Sosnovik &
    Smeulders 2022.)
    """
    x = as_tensor(x, "x").detach()
    if x.is_complex():
        raise TypeError("discover_lie_algebra: x is complex; give real and imaginary parts as coordinates")
    x = x if x.is_floating_point() else x.double()
    require_positive("discover_lie_algebra: tolerance", tolerance)
    if not torch.isfinite(x).all() or not x.any():
        raise ValueError("discover_lie_algebra: x is zero, or holds NaN or infinity; give other examples")
    if x.ndim not in (2, 3) or 0 in x.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; give examples (N, n), or (N, copies, n) of vectors moved alike"
        )
    y, gradients = _derivatives(f, x)
    N, m, n = len(x), len(gradients), x.shape[-1]
    copies = x.reshape(N, -1, n)
    rows = torch.einsum("onci,ncj->noij", gradients.reshape(m, *copies.shape), copies).double()
    require_memory(24.0 * N * m * (n * n + m * m * equivariant), "the polarization matrix")
    if N * m < n * n + m * m * equivariant:
        raise ValueError(f"{N} examples give {N * m} equations for {n * n} entries of A; take more examples")
    size = rows.square().sum().sqrt() / n  # of the mean direction
    design = rows.reshape(N * m, n * n)
    if equivariant:  # the block of −B f: row o holds f at row o of B; it is scaled to weigh as much as that of A
        outputs = torch.einsum("op,nq->nopq", torch.eye(m, dtype=torch.float64), y.double()).reshape(N * m, m * m)
        weight = float(size / (outputs.norm() / m)) if outputs.any() else 1.0
        design = torch.cat([design, -weight * outputs], 1)
    _, s, Vh = torch.linalg.svd(torch.linalg.qr(design, mode="r").R)
    spectrum = s / size if size > 0 else s
    fit_error = f.error if isinstance(f, Fitted) else 0.0
    floor = max(1e3 * torch.finfo(x.dtype).eps, min(0.1 * fit_error**0.5, tolerance / 2))
    dimension, gap = _dimension(spectrum, floor, tolerance)
    vectors = Vh[len(s) - dimension :]
    basis, images = vectors[:, : n * n], vectors.new_zeros(dimension, m * m)
    if equivariant and dimension:
        images = weight * vectors[:, n * n :]
        R = torch.linalg.qr(basis.T, mode="r").R  # orthonormal A, with the B that belong to them
        basis, images = (torch.linalg.solve_triangular(R.T, part, upper=False) for part in (basis, images))
    basis = basis.reshape(dimension, n, n)
    return Discovery(
        spectrum, dimension, gap, basis, images.reshape(dimension, m, m), bracket_closure(basis), fit_error
    )


def require_stack(basis: Tensor, what: str) -> Tensor:
    """A stack (d, n, n) of square matrices as it is, or an error."""
    if not isinstance(basis, Tensor) or basis.ndim != 3 or basis.shape[-1] != basis.shape[-2]:
        got = tuple(basis.shape) if isinstance(basis, Tensor) else type(basis).__name__
        raise ValueError(f"{what} is {got}; it is a stack (d, n, n) of square matrices")
    return basis


def bracket_closure(basis: Tensor) -> float:
    """How far brackets leave the span of an orthonormal basis (d, n, n), relative to them; 0 where none exist."""
    flat = require_stack(basis, "bracket_closure: the basis").flatten(1)
    brackets = torch.einsum("aij,bjk->abik", basis, basis)
    brackets = (brackets - brackets.transpose(0, 1)).flatten(2)
    outside = brackets - brackets @ flat.mH @ flat
    size = float(brackets.norm())
    return float(outside.norm()) / size if size > 1e3 * EPSILON else 0.0


def readable(basis: Tensor, noise: float = 0.0) -> Tensor:
    """A basis (d, n, n) of the same span to look at: each matrix is 1 in one entry where all others are 0.

    The reduced echelon form, in which an entry below 10 · noise (the violation of a Discovery) is no pivot: divided by
    it, noise would be all that is seen.
    """
    if len(basis) == 0:
        return basis
    require_positive("readable: noise", noise, zero=True)
    flat = require_stack(basis, "readable: the basis").flatten(1)
    exact = noise < 1e-9
    form = echelon(flat, 1e-6 if exact else min(0.2, max(1e-6, 10 * noise)))
    if not exact and len(form) == len(flat):  # the same pivots, and nothing rounded
        pivots = [int(row.nonzero()[0]) for row in form]
        form = torch.linalg.solve(flat[:, pivots], flat)
    return form.reshape(basis.shape) if len(form) == len(flat) else basis


def _derivatives(f: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """f(x) as (N, m), and ∇f (m, N, …), by the gradient of each output's sum over the examples."""
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        y = f(x)
        if not isinstance(y, Tensor) or y.ndim not in (1, 2) or len(y) != len(x):
            got = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
            raise ValueError(
                f"f(x) is {got}; for x of shape {tuple(x.shape)} it is a tensor ({len(x)},) or ({len(x)}, m)"
            )
        if y.is_complex():
            raise TypeError("f(x) is complex; give real and imaginary part as two outputs")
        if not y.requires_grad:
            return y.detach().reshape(len(x), -1), x.detach().new_zeros(y[0].numel(), *x.shape)
        y = y.reshape(len(x), -1)
        sums = y.sum(0)
        gradients = torch.stack([torch.autograd.grad(total, x, retain_graph=True)[0] for total in sums])
    if not (torch.isfinite(y).all() and torch.isfinite(gradients).all()):
        raise ValueError("f or its gradient is NaN or infinite at some x; choose examples where f is smooth")
    return y.detach(), gradients


def _dimension(spectrum: Tensor, floor: float, tolerance: float) -> tuple[int, float]:
    """How many values count as zero, and the gap above them: the largest of the neighbours' ratios, if it is clear."""
    top, least = float(spectrum[0]), float(spectrum[-1])
    if top == 0:
        return len(spectrum), math.inf
    gap = largest_gap(spectrum, floor=max(floor / top, least / top))
    clear = gap.dim and gap.ratio >= CLEAR and float(spectrum[-gap.dim]) <= tolerance
    return (gap.dim if clear else 0), gap.ratio
