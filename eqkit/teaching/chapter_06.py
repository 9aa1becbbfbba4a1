"""Checkers of chapter 06, equivariant networks."""

from __future__ import annotations

import torch
from torch import Tensor

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.networks import pixels
from eqkit.teaching import Verdict, beside, difference, drawing, right, show, small_tensors, smallest, wrong
from eqkit.views import draw_matrix, style


def gated(answer) -> Verdict:
    """write gated(x), which takes (s₁, s₂, v₁, v₂), (..., 8), to (σ(s₁) v₁, σ(s₂) v₂), (..., 6)"""

    def truth(x):
        s, v = x[..., :2], x[..., 2:].unflatten(-1, (2, 3))
        return (torch.sigmoid(s)[..., None] * v).flatten(-2)

    one = list(small_tensors(8, largest=2, count=300))
    found = smallest(
        [*one, torch.stack(one[:5]), torch.stack(one[:6]).reshape(2, 3, 8)], lambda x: _apart(answer, truth, x)
    )
    if found:
        x, sentence = found
        return wrong(f"for x = {show(x)}: {sentence}")
    return right(
        "each gate multiplies the whole of its vector, so it commutes with every rotation, and every other group"
    )


def _apart(answer, truth, x: Tensor) -> str | None:
    return difference(answer(x), truth(x), "gated(x)")


def count(answer) -> Verdict:
    """write count(V, W), the number of parameters of EquivariantLinear(V, W), weights and biases"""
    cases = []
    for G in (groups.S(2), groups.C(3), groups.S(3), groups.D.plane(3), groups.SignFlips(2), groups.Octahedral()):
        V, one = G.vector, G.trivial
        cases += [(V, one), (V, V), (2 * V + one, V), (V, V**2)]

    def fault(case):
        V, W = case
        given, weights, biases = answer(V, W), Hom(V, W).dim, Hom(V.group.trivial, W).dim
        if given == weights + biases:
            return None
        if given == weights:
            return f"you say {show(given)}, which counts the weights; the biases are missing"
        return f"you say {show(given)}; it has {weights} free weights, and biases are invariant vectors of W"

    for case in cases:  # by group, simplest first
        if sentence := fault(case):
            V, W = case
            return wrong(f"for {V} → {W} of {V.group}: {sentence}")
    return right("weights are the mean of χ_W χ_V, biases the mean of χ_W: together the mean of χ_W (χ_V + 1)")


def counter_example(answer) -> Verdict:
    """give g (2, 2), a symmetry of the square, and x (2,) with one entry that is not zero, as a pair g, x"""
    if not (isinstance(answer, (tuple, list)) and len(answer) == 2 and all(isinstance(a, Tensor) for a in answer)):
        return wrong(f"counter_example is {show(answer)}; it should be a pair of tensors, g, x")
    g, x = (a.detach().double() for a in answer)
    if g.shape != (2, 2) or x.shape != (2,):
        return wrong(f"g has shape {tuple(g.shape)} and x {tuple(x.shape)}; they should have (2, 2) and (2,)")
    if not (g.isfinite().all() and x.isfinite().all()):
        return wrong("g or x holds NaN or infinity")
    if not groups.D.plane(4).contains(g):
        return wrong(f"g = {show(g)} is no symmetry of the square with corners (±1, ±1)", beside(yours=g))
    before, after = g @ x.relu(), (g @ x).relu()
    if torch.allclose(before, after):
        why = "g permutes the coordinates, so no x will do" if bool((g >= 0).all()) else "another x will do, for this g"
        return wrong(f"at x = {show(x)} both sides are {show(after)}: {why}")
    if int((x != 0).sum()) != 1:
        return wrong(f"it is a counter-example, but x = {show(x)} has {int((x != 0).sum())} entries that are not zero")
    return right(f"ReLU(g x) = {show(after)} and g ReLU(x) = {show(before)}: one sign is enough to break ReLU")


def lift(answer) -> Verdict:
    """write lift(v), from a filter (k, k) the kernel (4, k, k) of a lifting convolution, with lift(v)[0] = v"""

    def truth(v):
        return torch.stack([torch.rot90(v, j) for j in range(4)])

    cases = [v for k in (1, 2, 3) for v in small_tensors(k, k, count=30)]
    found = smallest(cases, lambda v: difference(answer(v), truth(v), "lift(v)"))
    if found:
        v, sentence = found
        G, K = groups.C.plane(4), torch.as_tensor(answer(v)).double()
        if K.shape == (4, *v.shape):
            kernels = Hom(pixels(G, len(v)), G.regular)
            inside = torch.allclose(kernels.project(K.reshape(4, -1)), K.reshape(4, -1))
            hint = "it is a kernel that commutes with turns, but of another filter" if inside else "K(g q) ≠ W(g) K(q)"
            sentence = f"{hint}; {sentence}"
            return wrong(f"for v = {show(v)}: {sentence}", _four(v, K))
        return wrong(f"for v = {show(v)}: {sentence}")
    return right("one filter in four positions: all that Hom(pixels, regular) holds")


def _four(v: Tensor, K: Tensor) -> bytes:
    with drawing(1, 5, (8, 2)) as (figure, axes):
        for ax, name, M in zip(axes, ("v", "0", "1", "2", "3"), (v, *K), strict=True):
            draw_matrix(ax, name, values=M, scale=float(v.abs().max()) or 1.0)
    return style.png(figure)


def lifted() -> None:
    """A filter and its four positions."""
    from matplotlib import pyplot

    v = torch.tensor([[3.0, 2, 1], [0, 2, 0], [0, -1, 0]], dtype=torch.float64)
    with style.figure(1, 5, size=(10, 2.4)) as (_, axes):
        draw_matrix(axes[0], "v", values=v, scale=3)
        for j in range(4):
            draw_matrix(axes[j + 1], f"lift(v)[{j}]", ink="invariant", values=torch.rot90(v, j), scale=3)
        pyplot.show()


def turning_weights(answer) -> Verdict:
    """write turning_weights(k), the number of free weights of a k × k kernel that looks the same from four sides"""
    G = groups.C.plane(4)
    for k in range(1, 9):
        orbits = Hom(pixels(G, k), G.trivial)
        if answer(k) != orbits.dim:
            with drawing(size=(2.6, 2.6)) as (figure, axes):
                draw_matrix(axes, "equal weights", labels=orbits.pattern.reshape(k, k))
            return wrong(f"for k = {k} you say {show(answer(k))}; count the colours", style.png(figure))
    eight = Hom(pixels(groups.D.plane(4), 5), groups.D.plane(4).trivial).dim
    return right(
        f"(k² + 3) / 4 for odd k, k² / 4 for even k; with reflections too a 5 × 5 kernel has {eight} in place of 7"
    )


CHECKS = {
    "06.1": gated,
    "06.2": count,
    "06.3": counter_example,
    "06.4": lift,
    "06.5": turning_weights,
}
PICTURES = {"06.4": lifted}
