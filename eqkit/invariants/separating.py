"""Invariants that tell orbits apart without generating the ring: random projections, sorting, max filters.

D = dim V. Where generators separate orbits, 2D + 1 random combinations of them do. A map is bilipschitz on orbits if
c d(x, y) ≤ |f(x) − f(y)| ≤ C d(x, y) for the distance of orbits d(x, y) = min_g |x − V(g) y|: max filters are, power
sums are not. Sources: Dym & Gortler, Low dimensional invariant embeddings for universal geometric learning (2022);
Cahill, Iverson, Mixon & Packer, Group-invariant max filtering (2022).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eqkit.groups import MatrixGroup, S
from eqkit.invariants.features import Features
from eqkit.invariants.fundamental import fundamental
from eqkit.invariants.ring import InvariantRing, invariant_ring
from eqkit.representations import Representation, require_representation
from eqkit.subspaces import as_double, require_integer, require_memory

CHUNK = 2**22  # numbers in memory at a time


def _real_dimension(V: Representation) -> int:
    return 2 * V.size if V.group.generators.is_complex() or V.group.lie_algebra.is_complex() else V.size


def _gaussian(*shape: int, generator: torch.Generator | None) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# random projections
def separating(V: Representation, generator: torch.Generator | None = None) -> Features:
    """Few invariants that separate the orbits of V: at most 2D + 1, D = dim V, with probability 1.

    S(n) on k copies of its vector, the n × k matrices X up to the order of rows: ⟨aⱼ, sort(X wⱼ)⟩ for random aⱼ and wⱼ,
    j = 1 … 2nk + 1; for k = 1 sorting alone, n numbers. Other finite groups: the generators of the invariant ring of
    V(G), and O, SO, U and SU: their fundamental invariants, if those are more than 2D + 1 as random combinations, each
    generator divided by its size on Gaussian points. Non-compact groups: ValueError, no polynomials separate there.
    """
    require_representation(V, "separating")
    G, D = V.group, _real_dimension(V)
    if G == S(G.n) and V.size % G.n == 0 and V.size // G.n * G.vector == V:
        return sorting(V) if V == G.vector else _sorted_projections(V, generator)
    if not G.is_compact:
        raise ValueError(
            f"separating({V}): {G} is not compact, and its orbits are not closed: continuous invariants cannot tell "
            "an orbit from another in its closure; take a compact subgroup"
        )
    R: InvariantRing | Features = invariant_ring(_image(V)) if G.is_finite else fundamental(V)
    if R.size <= 2 * D + 1:
        return Features(V, tuple(R.names), R, f"the {R.size} generators separate", tuple(R.degrees))
    x = _gaussian(1000, D, generator=generator)
    x = torch.view_as_complex(x.unflatten(-1, (-1, 2))) if D > V.size else x
    scale = R(x).abs().square().mean(0).sqrt()
    A = _gaussian(2 * D + 1, R.size, generator=generator) / math.sqrt(R.size)
    names = tuple(f"Σ a{j}ᵢ Iᵢ" for j in range(2 * D + 1))

    def evaluate(x: Tensor) -> Tensor:
        values = R(x)
        return values / scale.to(values.real.dtype) @ A.to(values.dtype).T

    return Features(V, names, evaluate, f"2·{D} + 1 random combinations of {R.size} generators (Dym & Gortler)")


def _image(V: Representation) -> MatrixGroup:
    """The matrices V(G) as a group."""
    return V.group if V == V.group.vector else MatrixGroup(V(V.group.generators), name=f"{V.group} on {V}")


def _sorted_projections(V: Representation, generator: torch.Generator | None) -> Features:
    n = V.group.n
    k = V.size // n
    w, a = (_gaussian(2 * V.size + 1, size, generator=generator) / math.sqrt(size) for size in (k, n))

    def evaluate(x: Tensor) -> Tensor:
        columns = x.unflatten(-1, (k, n))  # (..., k, n)
        return ((w.to(x) @ columns).sort(-1).values * a.to(x)).sum(-1)

    names = tuple(f"⟨a{j}, sort(X w{j})⟩" for j in range(2 * V.size + 1))
    return Features(V, names, evaluate, f"2·{V.size} + 1 sorted random projections (Dym & Gortler)")


def sorting(V: Representation) -> Features:
    """x sorted, for V = S(n).vector: a complete invariant, and an isometry, |sort x − sort y| = d(x, y)."""
    require_representation(V, "sorting")
    G = V.group
    if V != S(G.n).vector:
        raise ValueError(
            f"sorting({V}) over {G}: sorting is for S(n).vector; sorting each column of a matrix for itself confuses "
            "{(0, 0), (1, 1)} with {(0, 1), (1, 0)}; use invariants.separating"
        )
    names = tuple(f"x₍{i}₎".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for i in range(1, G.n + 1))
    return Features(V, names, lambda x: x.sort(-1).values, "the sorted vector is the orbit")


# max filters
def max_filter(
    V: Representation, templates: int | Tensor | None = None, generator: torch.Generator | None = None
) -> Features:
    """fⱼ(x) = max_g ⟨V(g) x, zⱼ⟩ for templates zⱼ (count, V.size), or so many Gaussian ones, 2D unless given.

    V is orthogonal and G finite, or S(n) on its vector, where the maximum is ⟨sort x, sort zⱼ⟩. Each fⱼ is convex and
    |zⱼ|-Lipschitz; 2D generic ones separate orbits, and such a bank is bilipschitz (Balan & Tsoukanis 2023). Memory is
    bounded: elements come in chunks.
    ValueError: infinite groups, V not orthogonal, complex, or templates of another shape.
    """
    require_representation(V, "max_filter")
    G = V.group
    z = templates if isinstance(templates, Tensor) else None
    if z is None:
        count: Any = 2 * V.size if templates is None else templates
        require_integer(f"max_filter({V}): templates are a tensor (count, {V.size}) or their number, which", count)
        require_memory(16.0 * count * V.size, f"max_filter({V}, {count:,})")
        z = _gaussian(count, V.size, generator=generator)
    if z.ndim != 2 or z.shape[1] != V.size or len(z) == 0 or z.is_complex() or not torch.isfinite(z).all():
        raise ValueError(f"max_filter({V}): templates are finite, real, (count, {V.size}), not {tuple(z.shape)}")
    z = z.double()
    names = tuple(f"max ⟨gx, z{j}⟩".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for j in range(len(z)))
    source = f"{len(z)} max filters; {2 * V.size} generic ones separate orbits (Cahill et al.)"
    if V == S(G.n).vector:
        ordered = z.sort(-1).values
        return Features(V, names, lambda x: x.sort(-1).values @ ordered.to(x).T, source)
    _require_orthogonal(V, "max_filter")
    orbits = torch.cat([part.mT @ z.T for part in _matrices(V, len(z))]).mT  # (order, count, size): V(g)ᵀ zⱼ

    def evaluate(x: Tensor) -> Tensor:
        few = max(1, CHUNK // max(1, len(z) * x.shape[:-1].numel()))
        best = [torch.einsum("gcs,...s->...gc", part.to(x), x).amax(-2) for part in orbits.split(few)]
        return torch.stack(best).amax(0)

    return Features(V, names, evaluate, source)


def _require_orthogonal(V: Representation, name: str) -> None:
    G = V.group
    if not G.is_finite:
        raise ValueError(f"{name}({V}): {G} is infinite; this is for finite groups, and fundamental(V) for others")
    g = V(G.generators) if len(G.generators) else torch.eye(V.size, dtype=torch.float64)[None]
    if g.is_complex() or (g @ g.mT - torch.eye(V.size)).abs().max() > 1e-9:
        raise ValueError(f"{name}({V}): {G} acts by matrices that are not real and orthogonal, and lengths change")


def _matrices(V: Representation, beside: int) -> Any:
    """V(g) for all g of a finite group, (few, size, size), some at a time; ValueError if what is kept is too large."""
    G = V.group
    if G.order * V.size * beside > 2**27:
        raise ValueError(f"{V} of {G}: {G.order:,} elements · {beside} vectors of {V.size} do not fit; use separating")
    return map(V, G.elements().split(max(1, CHUNK // V.size**2)))


# how well a map separates
def orbit_distance(V: Representation, x: Tensor, y: Tensor) -> Tensor:
    """d(x, y) = min_g |x − V(g) y| for a finite group with orthogonal V: (..., V.size) twice -> (...)."""
    require_representation(V, "orbit_distance")
    x, y = as_double(x, "x"), as_double(y, "y")
    for z in (x, y):
        if z.shape[-1:] != (V.size,) or z.is_complex():
            raise ValueError(
                f"orbit_distance: {z.dtype} of shape {tuple(z.shape)}; real vectors of {V} are (..., {V.size})"
            )
    try:
        x, y = torch.broadcast_tensors(x, y)
    except RuntimeError as error:
        raise ValueError(f"orbit_distance: x {tuple(x.shape)} and y {tuple(y.shape)} do not broadcast") from error
    if V == S(V.group.n).vector:
        return (x.sort(-1).values - y.sort(-1).values).norm(dim=-1)
    _require_orthogonal(V, "orbit_distance")
    best = torch.full(x.shape[:-1], math.inf, dtype=torch.float64)
    for g in _matrices(V, 1):
        for part in g.split(max(1, CHUNK // max(1, x.numel()))):
            moved = torch.einsum("gij,...j->g...i", part, y)
            best = torch.minimum(best, (x - moved).square().sum(-1).amin(0))
    return best.sqrt()


class Constants(NamedTuple):
    """lower · d(x, y) ≤ |f(x) − f(y)| ≤ upper · d(x, y) on the pairs tried, and the pairs that attain them."""

    lower: float
    upper: float
    closest: tuple[Tensor, Tensor]  # where |f(x) − f(y)| / d(x, y) is `lower`
    furthest: tuple[Tensor, Tensor]

    @property
    def distortion(self) -> float:
        """upper / lower; 1 for an isometry of orbits, infinite where f confuses two orbits."""
        return self.upper / self.lower if self.lower > 0 else math.inf


def bilipschitz(
    features: Any,
    pairs: int | tuple[Tensor, Tensor] = 10_000,
    generator: torch.Generator | None = None,
) -> Constants:
    """The constants of features with a finite group, on given pairs (x, y) of shape (count, V.size), or on random ones.

    Random pairs are Gaussian: a third far apart, a third near, y = x + 10⁻³ · noise, and a third near the points that a
    random element fixes, where orbits fold. What is measured bounds the true constants from inside.
    """
    V: Any = getattr(features, "representation", None)
    require_representation(V, "bilipschitz: features.representation")
    if isinstance(pairs, int):
        require_integer("bilipschitz: pairs", pairs)
        require_memory(48.0 * pairs * V.size**2, f"bilipschitz(…, {pairs:,})")
    elif not isinstance(pairs, Sequence) or len(pairs) != 2:
        raise TypeError(f"bilipschitz: pairs = {pairs!r}; give their number, or (x, y) of shape (count, {V.size}) both")
    x, y = _pairs(V, pairs, generator) if isinstance(pairs, int) else (as_double(z, "pairs") for z in pairs)
    distance = orbit_distance(V, x, y)
    apart = distance > 1e-9 * (1 + x.norm(dim=-1))
    if not apart.any():
        raise ValueError("bilipschitz: every pair lies in one orbit, so that no ratio is defined; give other pairs")
    x, y, distance = x[apart], y[apart], distance[apart]
    ratio = (features(x) - features(y)).norm(dim=-1).detach() / distance
    low, high = int(ratio.argmin()), int(ratio.argmax())
    return Constants(float(ratio[low]), float(ratio[high]), (x[low], y[low]), (x[high], y[high]))


def _pairs(V: Representation, count: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    third = max(1, count // 3)
    x, y = (_gaussian(3 * third, V.size, generator=generator) for _ in range(2))
    y[third:] = x[third:] + 1e-3 * y[third:]
    g = V(V.group.sample(third, generator))
    fixed = x[-third:]
    for _ in range(20):  # the mean of x and gx, again and again, leads to what g fixes
        fixed = (fixed + (g @ fixed.unsqueeze(-1)).squeeze(-1)) / 2
    noise = 1e-3 * _gaussian(2, third, V.size, generator=generator)
    x[-third:], y[-third:] = fixed + noise[0], fixed + noise[1]
    return x, y
