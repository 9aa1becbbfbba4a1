"""Dimensions of families of subspaces, and how much data it takes to find one: integers alone.

U (mn, k) is a symmetry matrix for weights (m, n). What W = mat(U v) can be, and what an unregularised least-squares
inner loop makes of U, depends on span(U) alone, a point of the Grassmannian Gr(k, mn).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from eqkit.subspaces import require_integer


def grassmannian(k: int, size: int) -> int:
    """dim Gr(k, size) = k (size − k): the numbers that a k-dimensional subspace of R^size has.

    U has k · size entries, and U ↦ U R with R in GL(k) changes nothing: k² of them are gauge.
    """
    _require_columns("grassmannian", k, size)
    return k * (size - k)


def gram(k: int, size: int) -> int:
    """The dimension of {U Uᵀ : U (size, k)}: k (size − k) + k (k + 1)/2, for only rotations U ↦ U R are gauge.

    Gradient steps from v₀ = 0 and a ridge depend on U through U Uᵀ, a metric on the subspace beside the subspace.
    """
    return grassmannian(k, size) + k * (k + 1) // 2


def low_rank(k: int, m: int, n: int, rank: int) -> int:
    """The dimension of {span of k weights (m, n) of this rank}: k · min(r(m + n − r) − 1, mn − k).

    A weight of rank r has r(m + n − r) numbers, one of them its scale. A generic k-dimensional space holds k such
    weights once k − 1 ≥ (m − r)(n − r); from there on the family is the whole Grassmannian.
    """
    _require_columns("low_rank", k, m * n)
    if require_integer("low_rank: the rank", rank) > min(m, n):
        raise ValueError(f"low_rank: rank = {rank}; a weight ({m}, {n}) has rank ≤ {min(m, n)}")
    return k * min(rank * (m + n - rank) - 1, m * n - k)


def kronecker(factors: Sequence[tuple[int, int]], seen: str = "span") -> int:
    """The dimension of {U = A ⊗ B ⊗ …}, factors of sizes aᵢ × rᵢ, as far as it is seen.

    "span": span(U) is the product of the spans, Σ rᵢ(aᵢ − rᵢ); a square factor counts nothing. "gram": U Uᵀ is the
    product of the AᵢAᵢᵀ, whose scales can be moved from one to another, Σ [rᵢ(aᵢ − rᵢ) + rᵢ(rᵢ + 1)/2] − (factors − 1).
    """
    require_factors(factors)
    if seen == "span":
        return sum(grassmannian(r, a) for a, r in factors)
    if seen == "gram":
        return sum(gram(r, a) for a, r in factors) - (len(factors) - 1)
    raise ValueError(f'kronecker: seen = {seen!r}; take "span" or "gram"')


def require_factors(factors: Sequence[tuple[int, int]]) -> None:
    """ValueError where factors are no list of (size, rank) with 1 ≤ rank ≤ size."""
    try:
        pairs = [(a, r) for a, r in factors]
    except (TypeError, ValueError):
        pairs = []
    if not pairs:
        raise ValueError(f"kronecker: factors = {factors!r}; give the (size, rank) of each, such as [(24, 3), (9, 5)]")
    for a, r in pairs:
        _require_columns("kronecker: a factor", r, a)


def _require_columns(what: str, k: int, size: int) -> None:
    require_integer(f"{what}: the size", size)
    if require_integer(f"{what}: the number of columns", k) > size:
        raise ValueError(f"{what}: {k} columns in R^{size}; a subspace has at most {size} dimensions")


class DataBound(NamedTuple):
    """Can so much data determine span(U)? `equations` ≥ `unknowns` is necessary; `verdict` says which case it is."""

    equations: int
    unknowns: int
    possible: bool
    least_tasks: int | None  # that satisfy the bound at this number of shots; None: no number of tasks does
    verdict: str


def data_bound(
    k: int, m: int, n: int, tasks: int, shots: int, fresh: bool = True, dimension: int | None = None
) -> DataBound:
    """T · m · min(S, n) ≥ d + T k, d = k(mn − k): less data, even without noise, do not fix span(U) to first order.

    Each of T tasks shows S examples y = W x with m outputs; beyond n examples W is known and nothing is added. Unknown
    are a filter v (k,) for each task and span(U): a point of Gr(k, mn), or of a smooth family of `dimension` d. With
    more unknowns than equations the derivative of the data has a null space; where its rank is the same all around, as
    at a generic point, the solution lies on a curve of others (at a special point it may not: x² + y² = 0 has one
    solution in the plane). A task brings m min(S, n) − k equations more than unknowns, so if m min(S, n) ≤ k no number
    of tasks suffices, unless k = mn, where there is nothing to learn. With the same S < n inputs in all tasks
    (`fresh` = False) weights are seen on one subspace of inputs only, and a free U is never determined.

    d = lower_bound(V) holds for every method that does not know the basis of V. Where U is computed from parameters, as
    from generators, the dimension of the image is d for a generic U only: at an exact commutant, which many generators
    share, the image is singular and less data may do. Necessary, not sufficient: see `least_shots`, `free_directions`.
    """
    _require_columns("data_bound: U", k, require_integer("m", m) * require_integer("n", n))
    require_integer("data_bound: tasks", tasks)
    require_integer("data_bound: shots", shots)
    d = grassmannian(k, m * n) if dimension is None else require_integer("data_bound: dimension", dimension, 0)
    seen = m * min(shots, n)
    equations, unknowns = tasks * seen, d + tasks * k
    if d == 0:
        return DataBound(equations, unknowns, True, 1, "span(U) is known: there is nothing to learn")
    if not fresh and shots < n:
        verdict = f"the same {shots} inputs in all tasks span less than R^{n}: no number of tasks suffices"
        return DataBound(equations, unknowns, False, None, verdict)
    if seen <= k:
        verdict = f"a task shows {seen} numbers and hides {k} in its filter: no number of tasks suffices"
        return DataBound(equations, unknowns, False, None, verdict)
    least = math.ceil(d / (seen - k))
    verdict = "the bound allows recovery" if tasks >= least else f"take {least} tasks or more"
    verdict = f"{equations} equations for {unknowns} unknowns: {verdict}"
    return DataBound(equations, unknowns, tasks >= least, least, verdict)
