"""Parametrizations for torch.nn.utils.parametrize: free parameters go in, a matrix of the group comes out.

`forward` is the map, `right_inverse` finds the parameters of a given matrix. `component` is a matrix C of the group:
what comes out is C times an element of the identity component, so that C = diag(−1, 1, …, 1) reaches determinant −1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqkit.unitary import maps
from eqkit.unitary.coordinates import Basis, Skew


def _checked(parametrization: nn.Module, M: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
    """The parameters, cast to M's precision; ValueError if they do not give M."""
    parameters = tuple(p.to(M.dtype if p.is_complex() else M.real.dtype) for p in parameters)
    missed = float((parametrization(*parameters) - M).abs().max())
    if not missed < 1e-3 * max(1.0, float(M.abs().max())):
        raise ValueError(
            f"no parameters give this matrix, an entry is missed by {missed:.1e}: it must lie in the group, "
            "and in the component that the layer moves in"
        )
    return parameters


class _InComponent(nn.Module):
    """M = C φ(…) with C (…, n, n), a buffer that is saved with the parameters."""

    component: Tensor

    def __init__(self, component: Tensor) -> None:
        super().__init__()
        self.register_buffer("component", component)

    def leave(self, M: Tensor) -> Tensor:
        """C⁻¹ M, float64."""
        M = M.to(torch.promote_types(M.dtype, torch.float64))
        return torch.linalg.solve(self.component.to(M.dtype), M)


class _Chart(_InComponent):
    """M = C φ(A) with A in a Lie algebra and φ(0) = E: coordinates around C."""

    def __init__(self, algebra: Skew | Basis, component: Tensor) -> None:
        super().__init__(component)
        self.algebra = algebra


class Exponential(_Chart):
    """M = C e^A with A in a Lie algebra. Onto the component for compact groups; not for Sp or O(p, q)."""

    def forward(self, c: Tensor) -> Tensor:
        """Coordinates c (…, d) -> M (…, n, n)."""
        A = self.algebra.matrix(c)
        return self.component @ (maps.exp_skew(A) if self.algebra.is_skew else torch.matrix_exp(A))

    def right_inverse(self, M: Tensor) -> tuple[Tensor, ...]:
        """The coordinates of the principal logarithm of C⁻¹ M."""
        A = maps.log(self.leave(M), isinstance(self.algebra, Skew) and self.algebra.traceless)
        return _checked(self, M, self.algebra.coefficients(A))


class Cayley(_Chart):
    """M = C (E − A/2)⁻¹ (E + A/2) with A in the algebra of a bilinear form; misses C⁻¹ M with the eigenvalue −1."""

    def forward(self, c: Tensor) -> Tensor:
        """Coordinates c (…, d) -> M (…, n, n)."""
        return self.component @ maps.cayley(self.algebra.matrix(c))

    def right_inverse(self, M: Tensor) -> tuple[Tensor, ...]:
        """The coordinates of the A with C cayley(A) = M."""
        return _checked(self, M, self.algebra.coefficients(maps.inverse_cayley(self.leave(M))))


class Householder(_InComponent):
    """M = C H₁ … H_{n−1}, reflections along n − 1 free vectors; complex: times a diagonal of phases.

    Real: every matrix of determinant (−1)^(n−1) det C. Complex: every unitary matrix.
    """

    def forward(self, V: Tensor, phases: Tensor | None = None) -> Tensor:
        """V (…, n, n − 1) and, complex, phases (…, n) -> M (…, n, n)."""
        M = maps.householder(V)
        return self.component @ (M if phases is None else M * torch.exp(1j * phases).unsqueeze(-2))

    def right_inverse(self, M: Tensor) -> tuple[Tensor, ...]:
        """Reflections that take the columns of M to the axes, one after another."""
        inner = self.leave(M)
        V = maps.reflections(inner)
        if not M.is_complex():
            return _checked(self, M, V)
        rest = (maps.householder(V).mH @ inner).diagonal(dim1=-2, dim2=-1)
        return _checked(self, M, V, rest.angle())


class Projection(nn.Module):
    """M = polar(X), the orthogonal (of the given determinant) or unitary matrix nearest to a free X."""

    def __init__(self, determinant: int | None) -> None:
        super().__init__()
        self.determinant = determinant

    def forward(self, X: Tensor) -> Tensor:
        """X (…, n, n) -> M (…, n, n)."""
        return maps.polar(X, self.determinant)

    def right_inverse(self, M: Tensor) -> Tensor:
        """M itself."""
        (X,) = _checked(self, M, M)
        return X


class Composition(nn.Module):
    """M = D₃ R₂ F⁻¹ D₂ Π R₁ F D₁ from 7n numbers, see `maps.composition`; Π is drawn once and fixed."""

    permutation: Tensor

    def __init__(self, n: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.register_buffer("permutation", torch.randperm(n, generator=generator))

    def forward(self, numbers: Tensor) -> Tensor:
        """numbers (…, 7, n): three rows of phases, then two vectors as real and imaginary parts -> M (…, n, n)."""
        real, imaginary = numbers[..., 3:5, :], numbers[..., 5:7, :]
        return maps.composition(numbers[..., :3, :], torch.complex(real, imaginary), self.permutation)
