"""Coordinates of a Lie algebra: real numbers c (…, d) and the matrices A = Σ c_a L_a (…, n, n) they stand for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqkit import groups
from eqkit.subspaces import as_double


class Skew(nn.Module):
    """so(n), or u(n) and su(n) where complex: skew-Hermitian matrices without a stored basis, in that of groups.U(n).

    Real: e_ij − e_ji for i < j. Complex: these, then i(e_ij + e_ji), then i e_ii, or i(e_ii − e_i+1,i+1) if traceless.
    """

    is_skew = True

    def __init__(self, n: int, complex: bool = False, traceless: bool = False) -> None:
        super().__init__()
        self.n, self.complex, self.traceless = n, complex, traceless
        self.i, self.j = torch.triu_indices(n, n, 1)
        self.pairs = len(self.i)
        self.size = 2 * self.pairs + n - traceless if complex else self.pairs

    def matrix(self, c: Tensor) -> Tensor:
        """c (…, d) -> A (…, n, n)."""
        R = self._upper(c[..., : self.pairs])
        if not self.complex:
            return R - R.mT
        S, D = self._upper(c[..., self.pairs : 2 * self.pairs]), c[..., 2 * self.pairs :]
        if self.traceless:
            D = nn.functional.pad(D, (0, 1)) - nn.functional.pad(D, (1, 0))
        return torch.complex(R - R.mT, S + S.mT + torch.diag_embed(D))

    def _upper(self, c: Tensor) -> Tensor:
        K = c.new_zeros(*c.shape[:-1], self.n, self.n)
        K[..., self.i, self.j] = c
        return K

    def coefficients(self, A: Tensor) -> Tensor:
        """A (…, n, n) -> c (…, d); what lies outside the algebra is not looked at."""
        upper = A[..., self.i, self.j]
        if not self.complex:
            return upper.real
        D = A.diagonal(dim1=-2, dim2=-1).imag
        return torch.cat([upper.real, upper.imag, D.cumsum(-1)[..., :-1] if self.traceless else D], -1)


class Basis(nn.Module):
    """The algebra spanned over ℝ by given matrices (d, n, n)."""

    basis: Tensor
    dual: Tensor

    def __init__(self, basis: Tensor, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        L = as_double(basis, "basis")
        self.n, self.size, self.complex = L.shape[-1], len(L), L.is_complex()
        self.is_skew = bool((L + L.mH).abs().max() < 1e-12)
        self.register_buffer("basis", L.to(matrix_dtype(dtype, self.complex)), persistent=False)
        self.register_buffer("dual", torch.linalg.pinv(_real(L)), persistent=False)  # (entries, d)

    def matrix(self, c: Tensor) -> Tensor:
        """c (…, d) -> A (…, n, n)."""
        return (c.to(self.basis.dtype) @ self.basis.flatten(1)).unflatten(-1, (self.n, self.n))

    def coefficients(self, A: Tensor) -> Tensor:
        """A (…, n, n) -> c (…, d) float64, those of the nearest matrix in the span."""
        return _real(A.to(matrix_dtype(torch.float64, self.complex))) @ self.dual


def coordinates(G: groups.MatrixGroup, dtype: torch.dtype) -> Skew | Basis:
    """Coordinates of the Lie algebra of G, in G's own basis."""
    match groups.family(G):
        case "O" | "SO":
            return Skew(G.n)
        case "U" | "SU" as name:
            return Skew(G.n, complex=True, traceless=name == "SU")
    return Basis(G.lie_algebra, dtype)


def cubes_stay(algebra: Skew | Basis) -> bool:
    """A³ ∈ g for every A ∈ g, tried at a generic A: the condition for the Cayley transform to stay in the group.

    cayley(A) = exp(2 artanh(A/2)) = exp(A + A³/12 + …), and if all cubes are in g then, by polarisation, all odd powers
    are. True for the algebra of a bilinear or Hermitian form, where Aᵀ = −B A B⁻¹; false for sl(3) and su(n).
    """
    c = torch.randn(algebra.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    A = algebra.matrix(c).to(matrix_dtype(torch.float64, algebra.complex))
    A = A / torch.linalg.matrix_norm(A)
    cube = A @ A @ A
    back = algebra.matrix(algebra.coefficients(cube))
    return bool((back - cube).abs().max() < 1e-5)


def matrix_dtype(dtype: torch.dtype, complex: bool) -> torch.dtype:
    """The dtype of matrices whose real numbers have this dtype."""
    if dtype not in (torch.float32, torch.float64):
        raise TypeError(
            f"dtype = {dtype}; give torch.float32 or torch.float64, the precision of real and imaginary part"
        )
    return torch.promote_types(dtype, torch.complex64) if complex else dtype


def _real(A: Tensor) -> Tensor:
    """(…, n, n) -> (…, n² or 2n²), real."""
    return (torch.view_as_real(A.resolve_conj()).flatten(-3) if A.is_complex() else A.flatten(-2)).double()
