"""Checkers of chapter 07, learned symmetry matrices."""

from __future__ import annotations

import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.teaching import Verdict, beside, difference, drawing, right, smallest, wrong
from eqkit.views import draw_matrix, style


def adapt(answer) -> Verdict:
    """write adapt(U, v, x, y, rate), which returns v after one gradient step on the mean squared error"""
    generator = torch.Generator().manual_seed(0)

    def case(examples: int, n_in: int, n_out: int, k: int) -> tuple[torch.Tensor, ...]:
        shapes = (n_out * n_in, k), (k,), (examples, n_in), (examples, n_out)
        return tuple(torch.randint(-2, 3, shape, generator=generator).double() for shape in shapes)

    def fault(case):
        U, v, x, y = case
        guess = v.clone().requires_grad_()
        loss = (x @ (U @ guess).reshape(y.shape[1], x.shape[1]).T - y).square().mean()
        (gradient,) = torch.autograd.grad(loss, guess)
        new = answer(U, v, x, y, 0.1)
        new = new.detach() if isinstance(new, torch.Tensor) else new
        return difference(new, v - 0.1 * gradient, "adapt(U, v, x, y, rate=0.1)")

    cases = [case(*sizes) for sizes in [(1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 2, 2, 2), (3, 4, 2, 3)] * 3]
    found = smallest(cases, fault)
    if found:
        (U, v, x, y), sentence = found
        inputs = beside(U=U, v=v[:, None], x=x, y=y)
        return wrong(f"for x of shape {tuple(x.shape)} and y of shape {tuple(y.shape)}: {sentence}", inputs)
    return right(
        "v moves, U does not; with the sum instead of the mean the rate would depend on the number of examples"
    )


def columns(answer) -> Verdict:
    """write columns(G), the least number of columns of a U that represents every equivariant weight V → V"""
    tried = [groups.trivial(2), groups.C(3), groups.S(3), groups.D(5), groups.S(2) * groups.S(3), groups.A(4)]

    def fault(G):
        given, needed = answer(G), Hom(G.vector, G.vector).dim
        if given == needed:
            return None
        return f"columns(G) is {given}; with so many columns U is too {'small' if given < needed else 'large'}"

    found = smallest(tried, fault)
    if found:
        G, sentence = found
        pattern = Hom(G.vector, G.vector).pattern
        with drawing(size=(2.8, 2.8)) as (figure, axes):
            draw_matrix(axes, f"the pattern of {G}", labels=pattern)
        return wrong(f"for G = {G}, of order {G.order}: {sentence}", style.png(figure))
    return right("as many columns as colours; adding elements to a group can only make it fewer")


def hiding(answer) -> Verdict:
    """give permutations of 0…4 that generate a smaller group with the sharing pattern of S(5)"""
    try:
        G = groups.permutation_group(answer)
    except (ValueError, TypeError) as error:
        return wrong(str(error))
    if G.n != 5:
        return wrong(f"these permute {G.n} points; give permutations of the five points 0, 1, 2, 3, 4")
    if G.order == 120:
        return wrong("these generate all 120 permutations: that is S(5) itself; find a smaller group")
    H = Hom(G.vector, G.vector)
    if H.dim > 2:
        with drawing(size=(2.8, 2.8)) as (figure, axes):
            draw_matrix(axes, f"your group: {H.dim} colours", labels=H.pattern)
        return wrong(
            f"this is {G.identify()}, of order {G.order}, and its pattern has {H.dim} colours, not 2", style.png(figure)
        )
    return right(f"{G.order} elements that look like 120: a pattern shows the 2-closure, and here that is S(5)")


def two_colours() -> None:
    """The pattern of S(5), drawn."""
    from matplotlib import pyplot

    with style.figure(size=(2.8, 2.8)) as (_, axes):
        draw_matrix(axes, "two colours", labels=Hom(groups.S(5).vector, groups.S(5).vector).pattern)
        pyplot.show()


CHECKS = {"07.1": adapt, "07.2": columns, "07.3": hiding}
PICTURES = {"07.3": two_colours}
