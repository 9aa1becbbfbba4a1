"""Three ways to the derivative of exp in a direction, d/dt e^{A + tB} at t = 0."""

from __future__ import annotations

import torch
from torch import Tensor

from eqkit.subspaces import require_integer
from eqkit.unitary.maps import divided_differences, eigen_skew


def dexp_series(A: Tensor, B: Tensor, terms: int = 60) -> Tensor:
    """e^A Σ_k (−1)^k/(k + 1)! ad_A^k(B) with ad_A(B) = AB − BA: (…, n, n) -> (…, n, n), truncated.

    The derivative in the language of Lie algebras (Duistermaat & Kolk, Lie Groups, §1.5). Errs by about
    (2‖A‖)^terms / terms!, so A should be small.
    """
    _refuse_unequal("dexp_series", A, B)
    require_integer("dexp_series: terms", terms)
    term = total = B
    for k in range(1, terms):
        term = -(A @ term - term @ A) / (k + 1)
        total = total + term
    return torch.matrix_exp(A) @ total


def dexp_block(A: Tensor, B: Tensor) -> Tensor:
    """The upper right block of exp [[A, B], [0, A]]: (…, n, n) -> (…, n, n) (Van Loan 1978). For every A."""
    _refuse_unequal("dexp_block", A, B)
    top, bottom = torch.cat([A, B], -1), torch.cat([torch.zeros_like(A), A], -1)
    return torch.matrix_exp(torch.cat([top, bottom], -2))[..., : A.shape[-1], A.shape[-1] :]


def dexp_eigen(A: Tensor, B: Tensor) -> Tensor:
    """W (Φ ∘ Wᴴ B W) Wᴴ for a skew-Hermitian A = W diag(iλ) Wᴴ: (…, n, n) -> (…, n, n) (Daleckii & Krein 1965).

    Φ are the divided differences of exp, `maps.divided_differences`. B may be any matrix. Its adjoint, Φ conjugated, is
    the gradient of `exp_skew`: the formula that Hyland & Rätsch (2017) train u(n) with.
    """
    _refuse_unequal("dexp_eigen", A, B)
    values, W = eigen_skew(A)
    result = W @ (divided_differences(values) * (W.mH @ B.to(W.dtype) @ W)) @ W.mH
    return result if A.is_complex() or B.is_complex() else result.real


def _refuse_unequal(name: str, A: Tensor, B: Tensor) -> None:
    shapes = [tuple(X.shape) if isinstance(X, Tensor) else type(X).__name__ for X in (A, B)]
    if not isinstance(A, Tensor) or shapes[0] != shapes[1] or A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name}: A {shapes[0]} and B {shapes[1]} are square matrices of one shape, (…, n, n)")
