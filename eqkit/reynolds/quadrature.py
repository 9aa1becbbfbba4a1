"""Exact averages over compact Lie groups: finitely many elements for polynomials, angles of a torus for characters.

f is a polynomial of degree d in the entries of g (and of their conjugates). The trapezoid rule with more than d points
is exact in each angle, and Gauss–Legendre quadrature in the cosine of the angle between the axes.
Sources: Graf & Potts, Sampling sets and quadrature formulae on the rotation group (2009); Weyl's integration formula:
Bump, Lie Groups, chapters 17–18; Meckes, The Random Matrix Theory of the Classical Compact Groups, §3.1, for densities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from eqkit import groups
from eqkit.groups import MatrixGroup
from eqkit.groups.matrix_group import require_group
from eqkit.representations import Monomial
from eqkit.reynolds.designs import Design, everything
from eqkit.subspaces import require_integer

LIMIT = 1_000_000  # terms of a design at most


def polynomials(G: MatrixGroup, degree: int) -> Design:
    """Elements, for Lie groups with weights, that average polynomials in the entries of g up to this degree as G does.

    SO(2): C.plane(degree + 1). SO(3): the rotations of a tetrahedron (12 terms) up to 2, of an octahedron (24) up to 3,
    of an icosahedron (60) up to 5, then Euler angles, about degree³/2 terms; SU(2): angles, about degree³/4 terms. O(2)
    and O(3): these and their products with a reflection. Finite groups: all elements. Direct products: all pairs.
    For f of degree d on the k-th tensor power of the vector the degree in g is d · k; W adds its own.
    """
    _require_degree("polynomials", G, degree)
    return _design(G, degree, f"polynomials of degree ≤ {degree} in the entries of g", _polynomial_nodes, "polynomials")


def class_functions(G: MatrixGroup, degree: int) -> Design:
    """Weyl's integral: elements of a maximal torus, with weights, that average class functions f(hgh⁻¹) = f(g) over G.

    Exact for polynomials of degree ≤ `degree` in the entries of g and their conjugates, such as characters: the dual of
    V and V itself count 1, tensor powers k. G is O, SO, U or SU, a finite group, or a direct product of these. The
    number of invariants of V^k is design.mean(V.character(g) ** k) with g = design.elements, and the Molien series is
    the expansion of design.mean(1 / det(E − t V(g))): its coefficient of tᵈ needs degree ≥ d.

    SL, GL, Sp and Lorentz are not compact, but have as many invariant polynomials as the compact groups with the same
    complexification, SU, U, USp and SO(4) or O(4) (Weyl's unitary trick): their elements are complex, of those groups.
    """
    _require_degree("class_functions", G, degree)
    what = f"class functions of degree ≤ {degree} in the entries of g"
    return _design(G, degree, what, _torus_nodes, "class_functions")


def _require_degree(name: str, G: MatrixGroup, degree: int) -> None:
    require_group(G, name)
    require_integer(f"{name}({G}, degree): the degree", degree, 0)


class Nodes(NamedTuple):
    """Elements (terms, n, n) and weights (terms,), or None where all count alike."""

    elements: Tensor
    weights: Tensor | None


def _design(G: MatrixGroup, degree: int, exact_for: str, nodes: Callable, name: str) -> Design:
    """Finite groups and direct products, for which both kinds of design are built alike, and `nodes` for the rest."""
    if G.factors is not None and not G.is_finite:
        first, second = (_design(H, degree, exact_for, nodes, name) for H in G.factors)
        _require_terms(name, G, degree, first.terms * second.terms)
        return Design(G, _pairs(first, second), exact_for, torch.outer(_weights(first), _weights(second)).flatten())
    found = nodes(G, degree)
    if found is not None:
        return Design(G, found.elements, exact_for, found.weights)
    if len(G.lie_algebra) == 0 and G.is_finite:
        return everything(G)
    known = {
        "polynomials": "SO(2), SO(3), SU(2), O(2), O(3)",
        "class_functions": "O, SO, U, SU and, by their compact forms, SL, GL, Sp, Lorentz",
    }
    raise ValueError(
        f"{name}({G}, {degree}): exact averages are known for {known[name]}, finite groups and direct products of "
        "these; for any compact group there is reynolds.sample"
    )


def _weights(design: Design) -> Tensor:
    return torch.ones(design.terms, dtype=torch.float64) if design.weights is None else design.weights


def _pairs(first: Design, second: Design) -> Tensor:
    """All block diagonal matrices of an element of each, (terms · terms, n + m, n + m)."""
    g, h = (d.elements.matrices() if isinstance(d.elements, Monomial) else d.elements for d in (first, second))
    n, m = g.shape[-1], h.shape[-1]
    whole = torch.zeros(len(g), len(h), n + m, n + m, dtype=torch.promote_types(g.dtype, h.dtype))
    whole[:, :, :n, :n], whole[:, :, n:, n:] = g[:, None], h[None]
    return whole.flatten(0, 1)


def _require_terms(name: str, G: MatrixGroup, degree: int, terms: int) -> None:
    if terms > LIMIT:
        raise ValueError(
            f"{name}({G}, {degree}) needs {terms:,} terms, and at most {LIMIT:,} are used; take a smaller degree, "
            "or reynolds.sample"
        )


# polynomials
def _polynomial_nodes(G: MatrixGroup, d: int) -> Nodes | None:
    family = groups.family(G)
    if family == "O" and G.n <= 3:
        g, w = _polynomial_nodes(groups.SO(G.n), d)  # type: ignore[misc]
        return Nodes(torch.cat([g, g @ G.generators[0]]), None if w is None else w.repeat(2))
    if family == "SO" and G.n == 2:
        return Nodes(groups.C.plane(d + 1).elements(), None)
    if family == "SO" and G.n == 3 and d <= 5:
        H = groups.Tetrahedral() if d <= 2 else groups.Octahedral() if d == 3 else groups.Icosahedral()
        return Nodes(H.elements(), None)
    if family == "SO" and G.n == 3:
        _require_terms("polynomials", G, d, (d + 1) ** 2 * (d // 2 + 1))
        return _euler_angles(d)
    if family == "SU" and G.n == 2:
        _require_terms("polynomials", G, d, (d + 1) ** 2 * (d // 4 + 1))
        return _unit_quaternions(d)
    return None


def _turns(count: int) -> Tensor:
    """The angles 2πk/count, (count,)."""
    return torch.arange(count, dtype=torch.float64) * (2 * math.pi / count)


def _legendre(degree: int) -> tuple[Tensor, Tensor]:
    """Nodes in (−1, 1) and weights that integrate polynomials of this degree: ⌊degree/2⌋ + 1 of them."""
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def _euler_angles(d: int) -> Nodes:
    """g = Z(α) Y(β) Z(γ): a sum of e^{imα} f(β) e^{inγ}, |m|, |n| ≤ d; f of m = n = 0 has degree d in cos β."""
    angle, (cosine, weight) = _turns(d + 1), _legendre(d)
    turn = torch.matrix_exp(angle[:, None, None] * -groups.SO(3).lie_algebra[0])  # about z, (d + 1, 3, 3)
    tilt = torch.matrix_exp(torch.acos(cosine)[:, None, None] * -groups.SO(3).lie_algebra[1])  # about y
    g = turn[:, None, None] @ tilt[:, None] @ turn  # (d + 1, ⌊d/2⌋ + 1, d + 1, 3, 3)
    return Nodes(g.flatten(0, 2), weight[None, :, None].expand(g.shape[:3]).flatten())


def _unit_quaternions(d: int) -> Nodes:
    """g = [[a, −b̄], [b, ā]], a = e^{iξ} cos(β/2), b = e^{iη} sin(β/2): what ξ and η leave has degree ≤ d/2 in cos β."""
    phase, (cosine, weight) = torch.exp(1j * _turns(d + 1)), _legendre(d // 2)
    a = phase[:, None, None] * ((1 + cosine) / 2).sqrt()[:, None]  # (ξ, β, 1)
    b = phase * ((1 - cosine) / 2).sqrt()[:, None]  # (β, η)
    a, b = torch.broadcast_tensors(a, b)
    g = torch.stack([torch.stack([a, -b.conj()], -1), torch.stack([b, a.conj()], -1)], -2)
    return Nodes(g.flatten(0, 2), weight[None, :, None].expand(g.shape[:3]).flatten())


# class functions
def _torus_nodes(G: MatrixGroup, d: int) -> Nodes | None:
    family = groups.family(G) or ""
    if family in ("O", "SO"):
        return _orthogonal(G, d, reflections=family == "O")
    if family in ("U", "GL", "SU", "SL"):
        return _unitary(G, d, special=family.startswith("S"))
    if family == "Sp":
        angle = _angles(G, d, G.n // 2, d + G.n)
        w = _vandermonde(2 * angle.cos()) * (2 * angle.sin()).square().prod(1)
        return Nodes(torch.diag_embed(torch.exp(1j * torch.cat([angle, -angle], 1))), w)
    if family.startswith("Lorentz"):
        # the form Σ x² becomes x₀² − x₁² − x₂² − x₃² on multiplying by i; time reversal · parity = −E is in SO(4)
        form = _orthogonal(G, d, reflections="proper" not in family)
        i = torch.tensor([1, 1j, 1j, 1j], dtype=torch.complex128)
        return Nodes(form.elements * i / i[:, None], form.weights)
    return None


def _angles(G: MatrixGroup, degree: int, rank: int, bound: int) -> Tensor:
    """Increasing angles 2πk/N, N = bound + 1, of a torus: (C(N, rank), rank).

    Trigonometric polynomials of degree ≤ bound in each angle are summed exactly over all N^rank of them; they do not
    change when angles change places, and Weyl's density vanishes where two agree.
    """
    _require_terms("class_functions", G, degree, math.comb(bound + 1, rank))
    tuples = torch.combinations(torch.arange(bound + 1), rank) if rank else torch.zeros(1, 0, dtype=torch.int64)
    return tuples.double() * (2 * math.pi / (bound + 1))


def _vandermonde(x: Tensor) -> Tensor:
    """Π_{i<j} |xᵢ − xⱼ|², (count, r) -> (count,)."""
    i, j = torch.triu_indices(x.shape[1], x.shape[1], 1)
    return (x[:, i] - x[:, j]).abs().square().prod(1)


def _unitary(G: MatrixGroup, d: int, special: bool) -> Nodes:
    """U(n): Π_{i<j} |zᵢ − zⱼ|² on diagonal phases z. SU(n): z_n = 1/(z₁ ⋯ z_{n−1}), which doubles degrees."""
    n = G.n
    angle = _angles(G, d, n - 1, d + 2 * (n - 1)) if special else _angles(G, d, n, d + n - 1)
    if special:
        angle = torch.cat([angle, -angle.sum(1, keepdim=True)], 1)
    z = torch.exp(1j * angle)
    return Nodes(torch.diag_embed(z), _vandermonde(z))


def _block_turns(angle: Tensor, fixed: tuple[float, ...] = ()) -> Tensor:
    """diag(turn by angle₁, …, turn by angle_r, fixed entries): (count, r) -> (count, n, n)."""
    count, r = angle.shape
    n = 2 * r + len(fixed)
    g = torch.zeros(count, n, n, dtype=torch.float64)
    for i in range(r):
        c, s = angle[:, i].cos(), angle[:, i].sin()
        g[:, 2 * i, 2 * i], g[:, 2 * i + 1, 2 * i + 1], g[:, 2 * i, 2 * i + 1], g[:, 2 * i + 1, 2 * i] = c, c, -s, s
    for i, value in enumerate(fixed, start=2 * r):
        g[:, i, i] = value
    return g


def _orthogonal(G: MatrixGroup, d: int, reflections: bool) -> Nodes:
    """SO(2r): Π_{i<j} (2 cos θᵢ − 2 cos θⱼ)²; SO(2r + 1): times Π (2 − 2 cos θᵢ).

    O(n): half the weight on these t, half on −t for n odd, else on diag(t, 1, −1), with r − 1 angles and the density
    Π_{i<j} (2 cos θᵢ − 2 cos θⱼ)² Π (2 sin θᵢ)².
    """
    r, odd = divmod(G.n, 2)
    angle = _angles(G, d, r, d + 2 * (r - 1) + odd)
    cosine = 2 * angle.cos()
    g, w = _block_turns(angle, (1.0,) * odd), _vandermonde(cosine) * ((2 - cosine).prod(1) if odd else 1)
    if not reflections:
        return Nodes(g, w)
    if odd:
        return Nodes(torch.cat([g, -g]), torch.cat([w, w]))
    angle = _angles(G, d, r - 1, d + 2 * (r - 1))
    flips = _vandermonde(2 * angle.cos()) * (2 * angle.sin()).square().prod(1)
    return Nodes(torch.cat([g, _block_turns(angle, (1.0, -1.0))]), torch.cat([w / w.sum(), flips / flips.sum()]))
