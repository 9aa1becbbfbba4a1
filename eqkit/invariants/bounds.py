"""How far generators of an invariant ring can reach: bounds on their degrees, each with the theorem it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from eqkit.groups import MatrixGroup
from eqkit.invariants.spaces import require_finite


class Bound(NamedTuple):
    """The ring is generated in degrees ≤ value."""

    value: int
    reason: str

    def __str__(self) -> str:
        return f"degrees ≤ {self.value:,}: {self.reason}"


def degree_bound(G: MatrixGroup) -> Bound:
    """The tightest of the bounds that need no computation: Noether, permutations, an explicit hsop, Weyl.

    Sources: Noether (1916), |G| in characteristic 0; Göbel (1995), max(n, n(n − 1)/2) for permutation groups, the
    bound from the elementary symmetric polynomials as an hsop; Weyl, The Classical Groups, II.5, for copies.
    """
    require_finite(G, "degree_bound")
    n, bounds = G.n, [Bound(int(G.order), f"Noether: the order of the group, {G.order:,}")]
    if G.is_permutation:
        bounds.append(Bound(max(n, n * (n - 1) // 2), f"Göbel: max(n, n(n − 1)/2) for permutations of n = {n} points"))
    elif G.monomial is not None:
        value = hsop_bound(range(2, 2 * n + 1, 2))
        bounds.append(Bound(value, "an hsop: the elementary symmetric polynomials of the squares"))
    if (copies := _copies(G)) > 1:
        bounds += _weyl(G, copies)
    return min(bounds)


def hsop_bound(degrees: Sequence[int]) -> int:
    """max(max dᵢ, Σ (dᵢ − 1)) for a homogeneous system of parameters of these degrees, in characteristic 0."""
    if not isinstance(degrees, Sequence) or not degrees or not all(isinstance(d, int) and d >= 1 for d in degrees):
        raise ValueError(f"hsop_bound({degrees!r}): the degrees are integers ≥ 1, at least one")
    return max(*degrees, sum(d - 1 for d in degrees), 1)


def _copies(G: MatrixGroup) -> int:
    """The largest m for which every generator is m equal blocks along the diagonal."""
    for m in range(G.n, 1, -1):
        if G.n % m == 0:
            block = G.generators[:, : G.n // m, : G.n // m]
            if all(torch.equal(g, torch.block_diag(*[b] * m)) for g, b in zip(G.generators, block, strict=True)):
                return m
    return 1


def _weyl(G: MatrixGroup, m: int) -> list[Bound]:
    """Generators for m copies of V, dim V = k, are polarisations of those for k copies; for S(k) and B(k) of one."""
    k = G.n // m
    one = MatrixGroup(G.generators[:, :k, :k], name=f"{G} on one copy")
    symmetric = one.is_permutation and one.order == math.factorial(k)
    if symmetric or (one.monomial is not None and one.order == 2**k * math.factorial(k)):
        value = k if symmetric else 2 * k
        return [Bound(value, f"Weyl: polarisations of the invariants of one of {m} copies, of degree ≤ {value}")]
    if m <= k:
        return []
    fewer = MatrixGroup(G.generators[:, : k * k, : k * k], name=f"{G} on {k} copies")
    value, reason = degree_bound(fewer)
    return [Bound(value, f"Weyl: polarisations of the invariants of {k} of {m} copies; {reason}")]
