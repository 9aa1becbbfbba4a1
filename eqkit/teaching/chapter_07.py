"""Checkers of chapter 07, learned symmetry matrices."""

from __future__ import annotations

import torch

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.symmetry_matrices import indicators, matrices
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


def canonical(answer) -> Verdict:
    """write canonical(U, pattern), the basis of span(U) whose column b has mean 1 over label b and 0 over the others"""
    generator = torch.Generator().manual_seed(0)

    def case(pattern: torch.Tensor, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
        k = int(pattern.max()) + 1
        A = torch.eye(k).double() + torch.ones(k, k) * 2  # columns that are mixed, with the inverse E − 2/(2k + 1)
        A[0] *= 2
        exact = indicators(pattern).to_dense().double()
        return (exact + noise * torch.randn(exact.shape, generator=generator, dtype=torch.float64)) @ A, pattern

    patterns = [torch.tensor([[0]]), torch.tensor([[0, 1]]), torch.tensor([[0, 1], [1, 0]])]
    patterns += [Hom(G.vector, G.vector).pattern for G in (groups.C(3), groups.D(4))]

    def fault(case):
        U, pattern = case
        k = U.shape[1]
        means = torch.stack([U[pattern.flatten() == label].mean(0) for label in range(k)])
        return difference(answer(U, pattern), U @ torch.linalg.inv(means), "canonical(U, pattern)")

    found = smallest([case(pattern, noise) for noise in (0.0, 0.01) for pattern in patterns], fault)
    if found:
        (U, pattern), sentence = found
        return wrong(f"for a pattern with {U.shape[1]} labels: {sentence}", beside(pattern=pattern, U=U))
    return right("whoever trains, with whatever seed: if the span is the same, this U is the same, and it can be read")


def circular(answer) -> Verdict:
    """write circular(n), an nn.Linear(n, n) without bias whose weight mat(U v) is any circular convolution, no other"""

    def fault(n: int) -> str | None:
        given, H = answer(n), Hom(groups.C(n).vector, groups.C(n).vector)
        layer = getattr(given, "answer", given)  # the module itself, without its guard
        if not isinstance(layer, torch.nn.Linear):
            return f"circular(n) is a {type(layer).__name__}; it is an nn.Linear, reparameterized"
        if set(found := matrices(layer)) != {"weight"}:
            return f"reparameterized are {', '.join(found) or 'no parameters'}; it should be the weight, and no bias"
        U = found["weight"].U.detach().double()
        if U.shape != H.U.shape:
            return f"U has shape {tuple(U.shape)}; n filter numbers and n² weights make it {tuple(H.U.shape)}"
        angles = subspaces.principal_angles(U, H.U) if torch.linalg.matrix_rank(U) == n else torch.ones(1)
        if len(angles) < n:
            return "the columns of U are dependent, so not every circular convolution is reached"
        if angles.sin().max() > 1e-4:
            return "there are filters v whose weight mat(U v) does not commute with the cyclic shift"
        return None

    found = smallest([2, 3, 5], fault)
    if found:
        n, sentence = found
        return wrong(f"for n = {n}: {sentence}")
    return right("equivariance by construction: what meta-learning found in this chapter, put in by hand")


CHECKS = {"07.1": adapt, "07.2": columns, "07.3": hiding, "07.4": canonical, "07.5": circular}
PICTURES = {"07.3": two_colours}
