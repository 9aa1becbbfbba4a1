"""Checkers of chapter 09, how many parameters."""

from __future__ import annotations

import math

import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.parameter_counts import data_bound, free_directions
from eqkit.teaching import Verdict, beside, difference, right, show, small_tensors, smallest, wrong
from eqkit.views import style


def chart(answer) -> Verdict:
    """write chart(U), the rows after the first k of the one basis of span(U) that begins with the rows of E"""

    def truth(U):
        k = U.shape[1]
        return U[k:] @ torch.linalg.inv(U[:k])

    sizes = ((2, 1), (3, 1), (3, 2), (4, 2))
    cases = [U for size in sizes for U in small_tensors(*size) if torch.linalg.det(U[: size[1]]).abs() > 0.5]
    found = smallest(cases, lambda U: difference(answer(U), truth(U), "chart(U)"))
    if found:
        U, sentence = found
        return wrong(f"for U = {show(U)}: {sentence}")
    return right("k(N − k) coordinates: U and UR have the same, and different spans have different ones")


def least_tasks(answer) -> Verdict:
    """write least_tasks(k, m, n, S), the least T with T·m·min(S, n) ≥ k(mn − k) + Tk, or math.inf"""
    cases = [
        (k, m, n, S) for m in (1, 2, 3) for n in (1, 2, 3) for k in range(1, m * n) for S in range(1, n + 2)
    ]  # S = n + 1 shows no more than n

    def fault(case):
        k, m, n, S = case
        given, least = answer(*case), data_bound(*case[:3], 1, S).least_tasks
        if given == (math.inf if least is None else least):
            return None
        if not isinstance(given, (int, float)) or given != math.inf and given != int(given):
            return f"you say {show(given)}; it is a whole number, or math.inf"
        if least is None:
            return f"you say {given}, but a task shows {m * min(S, n)} numbers and its filter has {k}: it gives nothing"
        if given == math.inf or given > least:
            return f"you say {given}, but fewer tasks satisfy the bound"
        T = int(given)
        return f"with your {T} tasks there are {T * m * min(S, n)} equations for {k * (m * n - k) + T * k} unknowns"

    found = smallest(cases, fault)
    if found:
        (k, m, n, S), sentence = found
        return wrong(f"for k = {k}, m = {m}, n = {n}, S = {S}: {sentence}")
    return right("each task first pays for its own filter; only what remains tells of the symmetry")


def pair(answer) -> Verdict:
    """give two rotations (2, 3, 3) with dim Hom(V, V) = 1 and dim Hom(Sym² V, Sym² V) > 2"""
    if not isinstance(answer, torch.Tensor) or answer.shape != (2, 3, 3) or answer.is_complex():
        return wrong(f"pair is {show(answer)}; it should be a real tensor of shape (2, 3, 3)")
    for name, g in zip(("first", "second"), answer.double(), strict=True):
        if not groups.SO(3).contains(g):
            return wrong(f"the {name} is no rotation: g gᵀ = E with determinant 1", beside(yours=g))
    V = groups.MatrixGroup(answer.double(), name="the pair").vector
    vectors = Hom(V, V, route="null space").dim
    if vectors != 1:
        return wrong(
            f"what commutes with these has {vectors} dimensions, not 1: they leave a line or a plane where it is"
        )
    tensors = Hom(V.sym(2), V.sym(2), route="null space").dim
    if tensors <= 2:
        return wrong(
            "symmetric matrices cannot tell this pair from SO(3): Hom has 2 dimensions; take a solid of less symmetry"
        )
    return right(
        f"on vectors 1 dimension, on symmetric matrices {tensors}: the larger representation sees more of the group"
    )


def _products(n: int, least: int = 2) -> list[list[int]]:
    """All ways to write n as a product of integers ≥ least, in order."""
    split = [[a, *rest] for a in range(least, math.isqrt(n) + 1) if n % a == 0 for rest in _products(n // a, a)]
    return [[n], *split]


def _least(n: int) -> int:
    return min(sum(a * a * (a - 1) for a in factors) for factors in _products(n))


def cheapest(answer) -> Verdict:
    """write cheapest(n), the least Σ aᵢ²(aᵢ − 1) over all ways to write n as a product of integers ≥ 2"""

    def fault(n):
        given, least = answer(n), _least(n)
        if given == least:
            return None
        if isinstance(given, int) and given > least:
            return f"you say {given}, but some way to write {n} as a product takes fewer numbers"
        return f"you say {show(given)}; of the products {', '.join(map(show, _products(n)))} none gives that"

    found = smallest(list(range(2, 61)), fault)
    if found:
        n, sentence = found
        return wrong(f"for n = {n}: {sentence}")
    return right("a grid as long as its prime factors; 64 points take 24 numbers in place of 258 048")


def inputs(answer) -> Verdict:
    """give x (20, 2, 4), different inputs for all tasks, that leave Hom of C(4) undetermined"""
    if not isinstance(answer, torch.Tensor) or answer.shape != (20, 2, 4) or answer.is_complex():
        return wrong(f"x is {show(answer)}; it should be a real tensor of shape (20, 2, 4)")
    x = answer.double()
    dependent = (torch.linalg.matrix_rank(x, tol=1e-6) < 2).nonzero().flatten().tolist()
    if dependent:
        return wrong(f"the two inputs of task {dependent[0]} are dependent: it shows one example only")
    equal = torch.cdist(x.flatten(1), x.flatten(1)) + torch.eye(20) < 1e-6
    if equal.any():
        i, j = equal.nonzero()[0].tolist()
        return wrong(f"tasks {i} and {j} have the same inputs")
    hom = Hom(groups.C(4).vector, groups.C(4).vector)
    v = torch.randn(20, hom.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    free = free_directions(hom.U, x, v)
    if free == 0:
        return wrong(f"these tasks determine the space: together their inputs span {_rank(x)} of 4 dimensions")
    return right(f"{free} directions stay free: inputs that span {_rank(x)} of 4 dimensions never show the rest")


def _rank(x: torch.Tensor) -> int:
    return int(torch.linalg.matrix_rank(x.reshape(-1, x.shape[-1]), tol=1e-6))


def curve() -> None:
    """Numbers for n points on a line, and on the cheapest grid."""
    from matplotlib import pyplot

    n = range(2, 41)
    with style.figure(size=(6, 3)) as (_, axes):
        axes.semilogy(n, [a * a * (a - 1) for a in n], "-", color=style.colour("learned"), label="a line")
        axes.semilogy(n, [_least(a) for a in n], "o", color=style.colour("invariant"), label="the cheapest grid")
        axes.set(title="Points that form a grid are cheaper", xlabel="n", ylabel="numbers")
        axes.legend()
        pyplot.show()


CHECKS = {"09.1": chart, "09.2": least_tasks, "09.3": pair, "09.4": cheapest, "09.5": inputs}
PICTURES = {"09.4": curve}
