"""Power sums: n numbers without their order are n sums, and the numbers come back. This is why Deep Sets works.

    p_k = Σᵢ xᵢᵏ        k e_k = Σⱼ (−1)ʲ⁻¹ e_{k−j} p_j        Πᵢ (t − xᵢ) = Σ_k (−1)ᵏ e_k tⁿ⁻ᵏ

A symmetric function of x is a function of {x₁, …, xₙ}, hence of the roots of that polynomial, hence of its coefficients
e, hence by Newton's identities of p = Σᵢ (xᵢ, xᵢ², …, xᵢⁿ): f(x) = ρ(Σᵢ φ(xᵢ)) with φ(x) = (x, …, xⁿ).
Sources: Zaheer et al., Deep Sets (2017), theorem 2; Macdonald, Symmetric Functions and Hall Polynomials, §I.2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eqkit.subspaces import EPSILON, as_double, as_tensor, require_integer

LARGEST = 10_000  # the highest power


def power_sums(x: Tensor, k: int | None = None) -> Tensor:
    """p_j = Σᵢ xᵢʲ for j = 1 … k, k = n unless given: x (..., n) -> (..., k), exact for integers (int64).

    ValueError: x without numbers, NaN or infinity, k no integer from 1 to 10,000, integers that overflow.
    """
    x = _numbers(x, "x")
    k = _count("power_sums", x, k)
    if not x.is_floating_point() and not x.is_complex():
        x = x.long()
        if x.shape[-1] * float(x.abs().max() if x.numel() else 0) ** k >= 2**63:
            raise ValueError(f"power_sums(x, k={k}): integers up to {int(x.abs().max())} overflow; give x.double()")
    powers = [x]
    for _ in range(k - 1):
        powers.append(powers[-1] * x)
    return torch.stack([power.sum(-1) for power in powers], -1)


def _count(name: str, x: Tensor, k: int | None) -> int:
    k = require_integer(f"{name}(x, k): the number of power sums k", x.shape[-1] if k is None else k)
    if k > LARGEST:
        raise ValueError(f"{name}(x, k={k}): powers up to {k:,} are too high; take k ≤ {LARGEST:,}")
    return k


def jacobian(x: Tensor, k: int | None = None) -> Tensor:
    """∂p_j/∂xᵢ = j xᵢʲ⁻¹, a scaled Vandermonde matrix: x (..., n) -> (..., k, n). Singular where two entries agree.

    Its condition number, `torch.linalg.cond(jacobian(x))`, says how much the way back from p to x magnifies errors.
    """
    x = _numbers(x, "x")
    j = torch.arange(1, _count("jacobian", x, k) + 1, dtype=x.dtype)
    return j[:, None] * x.unsqueeze(-2) ** (j - 1)[:, None]


def newton(p: Tensor) -> Tensor:
    """Newton's identities, e_k = 1/k Σ_{j=1…k} (−1)ʲ⁻¹ e_{k−j} p_j: power sums (..., n) -> elementary (..., n)."""
    p = _numbers(p, "p")
    p = p if p.is_floating_point() or p.is_complex() else p.double()
    e = [torch.ones_like(p[..., 0])]
    for k in range(1, p.shape[-1] + 1):
        e.append(torch.stack([(-1) ** (j - 1) * e[k - j] * p[..., j - 1] for j in range(1, k + 1)]).sum(0) / k)
    return torch.stack(e[1:], -1)


def elementary(x: Tensor) -> Tensor:
    """e_k = Σ_{i₁<…<i_k} x_{i₁}⋯x_{i_k}, the coefficients of Πᵢ (1 + xᵢ t): x (..., n) -> (..., n), exact for integers.

    From the product itself; `newton(power_sums(x))` is the same by the other way.
    """
    x = _numbers(x, "x")
    e = torch.cat([torch.ones_like(x[..., :1]), torch.zeros_like(x)], -1)  # (..., n + 1)
    for i in range(x.shape[-1]):
        e = e + torch.nn.functional.pad(e[..., :-1], (1, 0)) * x[..., i : i + 1]
    return e[..., 1:]


def from_power_sums(p: Tensor) -> Tensor:
    """The n real numbers with these n power sums, in ascending order: p (..., n) -> x (..., n), float64.

    The roots of Σ (−1)ᵏ e_k tⁿ⁻ᵏ, as eigenvalues of its companion matrix. ValueError when no real numbers have these
    power sums.
    """
    p = _numbers(p, "p").detach().double()
    n = p.shape[-1]
    companion = torch.diag(torch.ones(n - 1, dtype=torch.float64), -1).repeat(*p.shape[:-1], 1, 1)
    signs = torch.tensor([(-1.0) ** k for k in range(n)], dtype=torch.float64)
    companion[..., 0, :] = signs * newton(p)  # tⁿ = e₁ tⁿ⁻¹ − e₂ tⁿ⁻² + …
    x = torch.linalg.eigvals(companion).real.sort(-1).values
    off = float(((power_sums(x) - p).abs() / (1 + p.abs())).max())
    if off > max(1e-6, 10 * n * EPSILON ** (2 / n)):  # an n-fold root comes back to ε^(1/n), off the real line
        raise ValueError(
            f"no {n} real numbers have these power sums (the nearest miss them by {off:.1e}); "
            "some roots of the polynomial are complex, as for p₁ = 0, p₂ < 0"
        )
    return x


def equal_power_sums(n: int, angle: Tensor | float) -> Tensor:
    """Sets that agree in p₁ … p_{n−1} and differ in pₙ: xⱼ = cos((θ + 2πj)/n), angle (...) -> (..., n), float64.

    They are the roots of the Chebyshev polynomial T_n(x) = cos θ, where θ moves the constant term alone, that is eₙ.
    Two power sums short of n never suffice: every θ in [0, π] is another set.
    """
    require_integer("equal_power_sums: the number of elements n", n)
    theta = as_double(angle, "angle")  # type: ignore[arg-type]
    if theta.is_complex():
        raise ValueError("equal_power_sums: the angle is complex; give a real one")
    return torch.cos((theta.unsqueeze(-1) + 2 * math.pi * torch.arange(n, dtype=torch.float64)) / n)


def _numbers(x: Tensor, name: str) -> Tensor:
    x = as_tensor(x, name)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"{name} has shape {tuple(x.shape)}; it needs (..., n) with at least one number")
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} of shape {tuple(x.shape)} holds NaN or infinity; clean the data first")
    return x
