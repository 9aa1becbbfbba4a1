"""The first fundamental theorems: what generates the invariants of a classical group on m vectors and k covectors.

Source: Weyl, The Classical Groups, chapters II and VI; Procesi, Lie Groups, chapter 11. By Weyl's unitary trick the
theorems for SL, GL, Sp and Lorentz need no compactness; but only for compact groups do polynomials separate orbits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from eqkit import groups
from eqkit.groups import METRIC, MatrixGroup, S, symplectic_form
from eqkit.invariants.features import Features, copies
from eqkit.representations import Representation, require_representation
from eqkit.representations.algebra import Sum

_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LIMIT = 100_000  # invariants at most


def fundamental(V: Representation) -> Features:
    """Generators of the invariant polynomials on V = m · G.vector + k · G.vector.dual: of vectors xᵢ and covectors ξᵢ.

    O(n): dot products xᵢ·xⱼ. SO(n): and brackets [x_{i₁} … x_{iₙ}], determinants of n vectors. Lorentz: η(xᵢ, xⱼ) =
    xᵢᵀ η xⱼ, and for the proper groups brackets. Sp(n): ω(xᵢ, xⱼ) = xᵢᵀ X xⱼ. GL(n): pairings ξᵢ(xⱼ). SL(n): and
    brackets of vectors and of covectors. U(n), for complex x: real and imaginary parts of ⟨xᵢ, xⱼ⟩ = xᵢᴴ xⱼ, the
    invariants of V as a real representation. SU(n): and of brackets. S(n): the power sums of m vectors, Σ x₀ᵃ x₁ᵇ …
    over the n points, 1 ≤ a + b + … ≤ n, C(n + m, m) − 1 in all; they are polarisations of the power sums of one.
    ValueError: other groups and representations, and where every invariant polynomial is constant.
    """
    require_representation(V, "fundamental")
    G = V.group
    if G == S(G.n):
        return _multisymmetric(V)
    family = groups.family(G)
    if family is None:
        raise ValueError(
            f"fundamental({V}): first fundamental theorems are known for O, SO, Sp, SL, GL, U, SU, Lorentz and S(n), "
            f"not for {G}; invariant_ring(G) computes generators for finite groups"
        )
    parts = V.parts if isinstance(V, Sum) else (V,)
    if any(part not in (G.vector, G.vector.dual) for part in parts):
        raise ValueError(
            f"fundamental({V}): V is a sum of copies of G.vector and of G.vector.dual; other parts are not"
        )
    dual = torch.tensor([part == G.vector.dual and part != G.vector for part in parts])
    if family in ("SL", "GL"):
        found = _linear(G, dual, special=family == "SL")
    elif family in ("U", "SU"):
        found = _hermitian(G, dual, special=family == "SU")
    else:
        found = _bilinear(G, dual, family)
    names, degrees, products = found
    if not names:
        raise ValueError(
            f"fundamental({V}): every invariant polynomial of {G} on it is constant; SL(n) needs n vectors, "
            "GL(n) a vector and a covector, Sp(n) two vectors"
        )

    def evaluate(x: Tensor) -> Tensor:
        return products(x.unflatten(-1, (len(parts), G.n)))

    return Features(V, names, evaluate, f"first fundamental theorem for {G}", degrees)


Found = tuple[tuple[str, ...], tuple[int, ...], Callable[[Tensor], Tensor]]


def _vectors(dual: Tensor) -> list[str]:
    counts = [0, 0]
    names = []
    for d in dual.tolist():
        names.append(f"{'ξ' if d else 'x'}{counts[d]}".translate(_SUB))
        counts[d] += 1
    return names


def _choices(items: list[int], n: int, G: MatrixGroup) -> Tensor:
    """All n of the items, (count, n)."""
    if math.comb(len(items), n) > LIMIT:
        raise ValueError(f"{len(items)} vectors of {G} have {math.comb(len(items), n):,} brackets; take fewer vectors")
    return torch.tensor(list(itertools.combinations(items, n)), dtype=torch.int64).reshape(-1, n)


def _brackets(tuples: Tensor, names: list[str]) -> list[str]:
    return [f"[{''.join(names[i] for i in row)}]" for row in tuples.tolist()]


def _bilinear(G: MatrixGroup, dual: Tensor, family: str) -> Found:
    """x_iᵀ B x_j for the form B that G keeps, and brackets where all of G has determinant 1 and B is symmetric."""
    m, n, skew = len(dual), G.n, family == "Sp"
    B = symplectic_form(n) if skew else METRIC if family.startswith("Lorentz") else torch.eye(n, dtype=torch.float64)
    names = [f"x{i}".translate(_SUB) for i in range(m)]
    i, j = torch.triu_indices(m, m, 1 if skew else 0)
    symbol = {"Sp": "ω({}, {})", "O": "{}·{}", "SO": "{}·{}"}.get(family, "η({}, {})")
    words = [symbol.format(names[a], names[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    special = family == "SO" or "proper" in family.split("(")[-1]
    tuples = _choices(list(range(m)), n, G) if special else torch.zeros(0, n, dtype=torch.int64)

    def products(x: Tensor) -> Tensor:  # (..., m, n)
        form = B.to(x)
        x = torch.where(dual[:, None], x @ torch.linalg.inv(form).mT, x)  # B carries vectors to covectors
        gram = x @ form @ x.mT
        return torch.cat([gram[..., i, j], torch.linalg.det(x[..., tuples, :])], -1)

    return (*words, *_brackets(tuples, names)), (2,) * len(words) + (n,) * len(tuples), products


def _linear(G: MatrixGroup, dual: Tensor, special: bool) -> Found:
    """Pairings ξᵢ(xⱼ), and for SL brackets of vectors and of covectors."""
    names, n = _vectors(dual), G.n
    vectors, covectors = (~dual).nonzero()[:, 0].tolist(), dual.nonzero()[:, 0].tolist()
    words = [f"{names[i]}({names[j]})" for i in covectors for j in vectors]
    tuples = torch.zeros(0, n, dtype=torch.int64)
    if special:
        tuples = torch.cat([_choices(vectors, n, G), _choices(covectors, n, G)])

    def products(x: Tensor) -> Tensor:
        pairings = (x[..., covectors, :] @ x[..., vectors, :].mT).flatten(-2)
        return torch.cat([pairings, torch.linalg.det(x[..., tuples, :])], -1)

    return (*words, *_brackets(tuples, names)), (2,) * len(words) + (n,) * len(tuples), products


def _hermitian(G: MatrixGroup, dual: Tensor, special: bool) -> Found:
    """Re and Im of x_iᴴ x_j, and for SU of brackets. A covector's conjugate is a vector."""
    m, n = len(dual), G.n
    names = [f"{x}̄" if d else x for x, d in zip(_vectors(dual), dual.tolist(), strict=True)]
    i, j = torch.triu_indices(m, m)
    p, q = torch.triu_indices(m, m, 1)
    tuples = _choices(list(range(m)), n, G) if special else torch.zeros(0, n, dtype=torch.int64)
    inner = [f"⟨{names[a]}, {names[b]}⟩" for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    words = [w if a == b else f"Re {w}" for w, a, b in zip(inner, i.tolist(), j.tolist(), strict=True)]
    words += [f"Im {w}" for w, a, b in zip(inner, i.tolist(), j.tolist(), strict=True) if a != b]
    brackets = _brackets(tuples, names)

    def products(x: Tensor) -> Tensor:
        x = x if x.is_complex() else x.to(torch.complex128 if x.dtype == torch.float64 else torch.complex64)
        x = torch.where(dual[:, None], x.conj(), x)
        gram, volume = x.conj() @ x.mT, torch.linalg.det(x[..., tuples, :])
        return torch.cat([gram[..., i, j].real, gram[..., p, q].imag, volume.real, volume.imag], -1)

    words += [f"{part} {b}" for part in ("Re", "Im") for b in brackets]
    return tuple(words), (2,) * m**2 + (n,) * (2 * len(brackets)), products


def _multisymmetric(V: Representation) -> Features:
    """Σ over the points p of x₀ₚᵃ x₁ₚᵇ …, for exponents of sum 1 … n."""
    n, m = V.group.n, copies(V, "fundamental over S(n)")
    if (count := math.comb(n + m, m) - 1) > LIMIT:
        raise ValueError(f"fundamental({V}) over S({n}): {count:,} power sums; use invariants.separating, with 2nm + 1")
    bars = [(-1, *c, n + m) for c in itertools.combinations(range(n + m), m)]  # stars and bars
    rows = sorted(
        ([b - a - 1 for a, b in itertools.pairwise(c)][1:] for c in bars), key=lambda e: (sum(e), [-k for k in e])
    )
    exponents = torch.tensor(rows[1:])  # (count, m), without the constant

    def evaluate(x: Tensor) -> Tensor:
        points = x.unflatten(-1, (m, n))  # (..., m, n)
        powers = torch.stack([torch.ones_like(points), *itertools.accumulate([points] * n, torch.mul)], -3)
        monomials = math.prod(powers[..., exponents[:, i], i, :] for i in range(m))  # (..., count, n)
        return monomials.sum(-1)  # type: ignore[union-attr]

    names = tuple(f"Σ {_monomial(e)}" for e in exponents.tolist())
    degrees = tuple(exponents.sum(1).tolist())
    return Features(V, names, evaluate, f"power sums and their polarisations generate for S({n}) (Weyl)", degrees)


def _monomial(exponents: list[int]) -> str:
    factors = [(f"x{i}".translate(_SUB), k) for i, k in enumerate(exponents) if k]
    return "".join(x + (str(k).translate(_SUPER) if k > 1 else "") for x, k in factors)
