"""Invariants of binary forms: SL(2) on f = Σ C(d, i) aᵢ xᵈ⁻ⁱ yⁱ, by transvectants, that is by Cayley's Ω process.

Ω = ∂²/∂x∂y′ − ∂²/∂y∂x′ commutes with SL(2), so (f, g)_k = Ωᵏ f(x, y) g(x′, y′) at x′ = x, y′ = y is a covariant where f
and g are, of order deg f + deg g − 2k in x and y; those of order 0 are invariants.
Sources: Olver, Classical Invariant Theory, chapters 5 and 6; Sturmfels, Algorithms in Invariant Theory, §3.6 and §4.3.
"""

from __future__ import annotations

import math

import torch

from eqkit.groups import SL
from eqkit.invariants.features import Features
from eqkit.invariants.polynomials import Polynomial
from eqkit.subspaces import rationals


def transvectant(f: Polynomial, g: Polynomial, k: int) -> Polynomial:
    """(f, g)_k = Σᵢ (−1)ⁱ C(k, i) ∂ᵏf/∂xᵏ⁻ⁱ∂yⁱ · ∂ᵏg/∂xⁱ∂yᵏ⁻ⁱ; x and y are the first two variables.

    (f, g)₁ is the Jacobian determinant, (f, f)₂ twice the Hessian one.
    """
    if not isinstance(f, Polynomial) or not isinstance(g, Polynomial):
        raise TypeError(f"transvectant({f!r}, {g!r}, {k!r}): f and g are polynomials, such as polynomial('x0 x1', n=2)")
    if f.n != g.n or f.n < 2 or not isinstance(k, int) or k < 0:
        raise ValueError(f"transvectant: f in {f.n} and g in {g.n} variables, k = {k!r}; give both the same ≥ 2, k ≥ 0")
    total = Polynomial(f.n, ())
    if k > min(f.degree, g.degree):
        return total
    for i in range(k + 1):
        total = total + (-1) ** i * math.comb(k, i) * _derivative(f, k - i, i) * _derivative(g, i, k - i)
    return total


def _derivative(f: Polynomial, x: int, y: int) -> Polynomial:
    for variable in [0] * x + [1] * y:
        f = f.gradient()[variable]
    return f


def binary_form(d: int) -> Features:
    """Generators of the invariants of SL(2) on binary forms of degree d = 2, 3 or 4, as SL(2).vector.sym(d).

    Quadratic: a₀a₂ − a₁², the discriminant. Cubic: the discriminant, of degree 4. Quartic: of degree 2 and 3. A vector
    u is the form Σ uᵢ √C(d, i) xᵈ⁻ⁱ yⁱ. Each invariant is divided by its first coefficient.
    ValueError: d = 1, where all invariants are constant, and d ≥ 5, whose generators are long.
    """
    if d not in (2, 3, 4):
        raise ValueError(
            f"binary_form({d!r}): generators are built for forms of degree 2, 3 and 4; a linear form has constant "
            "invariants only, and from the quintic on the generators are long"
        )
    n = d + 3  # x, y, u₀ … u_d
    units = [tuple(int(i == j) for j in range(n)) for i in range(n)]
    x, y, *u = (Polynomial.of({e: 1}, n) for e in units)
    f = Polynomial(n, ())
    for i in range(d + 1):
        root = math.sqrt(math.comb(d, i))
        f = f + (int(root) if root == int(root) else root) * u[i] * x ** (d - i) * y**i
    hessian = transvectant(f, f, 2)
    found = {
        2: lambda: [hessian],
        3: lambda: [transvectant(hessian, hessian, 2)],
        4: lambda: [transvectant(f, f, 4), transvectant(f, hessian, 4)],
    }[d]()
    generators = tuple(_monic(Polynomial.of(((e[2:], c) for e, c in g.terms), d + 1)) for g in found)
    return Features.of(generators, SL(2).vector.sym(d), "transvectants (Gordan)")


def _monic(f: Polynomial) -> Polynomial:
    """f divided by its first coefficient, in fractions where the square roots cancel."""
    f = f / f.coefficients[0]
    exact = rationals(torch.tensor([float(c.real) for c in f.coefficients], dtype=torch.float64))
    return f if exact is None else Polynomial.of(zip((e for e, _ in f.terms), exact, strict=True), f.n)
