"""Checkers of chapter 04, Deep Sets and invariant networks."""

from __future__ import annotations

import itertools

import torch

from eqkit import deep_sets, groups
from eqkit.representations import equivariance_error
from eqkit.teaching import Verdict, difference, right, show, small_tensors, smallest, wrong
from eqkit.views import draw_matrix, style


def masked_mean(answer) -> Verdict:
    """write masked_mean(x, mask), the mean of each set over the elements that are there"""
    masks = [[True, True], [True, False], [False, True]]
    cases = [(x, torch.tensor([mask])) for mask in masks for x in small_tensors(1, 2, 1, count=9)]
    cases += [(torch.tensor([[[1.0], [torch.nan]]]).double(), torch.tensor([[True, False]]))]
    cases += [(torch.arange(12.0).double().reshape(2, 3, 2), torch.tensor([[True, True, False], [False, True, False]]))]

    def fault(case):
        x, mask = case
        return difference(answer(x, mask), deep_sets.pool(x, mask, "mean"), "masked_mean(x, mask)")

    found = smallest(cases, fault)
    if found:
        (x, mask), sentence = found
        return wrong(f"for x = {show(x)} and mask = {mask.tolist()}: {sentence}")
    return right("what is not there is not counted, whatever is written in its place")


def larger(answer) -> Verdict:
    """write larger(p), the larger of two numbers with the power sums p = (p₁, p₂)"""
    whole = torch.stack(list(small_tensors(2, largest=3, count=49)))
    tenths = torch.arange(1, 31, dtype=torch.float64)  # {x, x} with x = 0.1, …, 3: 2p₂ − p₁² is 0 up to rounding
    p = torch.cat([deep_sets.power_sums(whole), torch.stack([2 * tenths / 10, 2 * tenths**2 / 100], 1)])
    truth = torch.cat([whole.amax(1), tenths / 10])

    def fault(case):
        return difference(answer(case[0]), case[1], "larger(p)", 1e-6)

    found = smallest(list(zip(p, truth, strict=True)), fault)
    if found:
        return wrong(f"for p = {show(found[0][0])}: {found[1]}")
    if sentence := difference(answer(p), truth, "larger(p)", 1e-6):
        return wrong(f"for p of shape {tuple(p.shape)}: {sentence}")
    return right("a ρ that is continuous and no polynomial: it has a kink where the two numbers meet")


def second_set(answer) -> Verdict:
    """write second_set(x): another set of three with the sum and the sum of squares of x"""

    def uneven(x):
        low, middle, high = x.sort().values.tolist()
        return low < middle < high and middle - low != high - middle

    cases = list(filter(uneven, small_tensors(3, largest=4, count=729)))[:60]

    def fault(x):
        y = torch.as_tensor(answer(x))
        if y.shape != (3,):
            return f"second_set(x) has shape {tuple(y.shape)}; it should be (3,)"
        for k, name in ((1, "sum"), (2, "sum of squares")):
            ours, yours = float((x**k).sum()), float((y**k).sum())
            if not abs(ours - yours) <= 1e-6 * (1 + abs(ours)):
                return f"the {name} of x is {ours:g} and that of your set {show(y)} is {yours:g}"
        if deep_sets.set_distance(x[:, None], y[:, None]) < 1e-3:
            return "your set is x itself, in some order"
        return None

    found = smallest(cases, fault)
    if found:
        x, sentence = found
        return wrong(f"for x = {show(x)}: {sentence}")
    return right("the mirror image has the mean and the variance; what it has not is p₃")


def handedness(answer) -> Verdict:
    """write handedness(x), the sign of a mirror image: for four points (4, 3) a number"""
    generator = torch.Generator().manual_seed(0)
    x = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    flat = x * torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)

    given = torch.as_tensor(answer(x))
    if given.numel() != 1:
        return wrong(f"handedness(x) has shape {tuple(given.shape)}; it should be one number")
    first = float(given)
    if not abs(first) > 1e-9:
        return wrong(
            f"for the corner of a cube, x = {show(x)}, it is {first:.4g}, though the four points lie in no plane"
        )
    moves = {
        "moved by (1, 2, 3)": x + torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64),
        "turned by a quarter": x @ torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]], dtype=torch.float64),
        "turned at random": x @ groups.SO(3).sample(1, generator)[0],
    }
    for what, y in moves.items():
        if abs((now := float(answer(y))) - first) > 1e-6 * (1 + abs(first)):
            return wrong(f"it is {first:.4g} for x = {show(x)} and {now:.4g} for the same points {what}")
    now = float(answer(x * torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)))
    if abs(now + first) > 1e-6 * (1 + abs(first)):
        return wrong(f"it is {first:.4g} for x = {show(x)} and {now:.4g} for its mirror image; the sign should change")
    if abs(float(answer(flat))) > 1e-9:
        return wrong(f"for x = {show(flat)}, four points in a plane, it is not 0")
    return right("a bracket: six times the volume of the tetrahedron, with the sign of its hand")


COUPLES = groups.permutation_group([[1, 0, 2, 3], [2, 3, 0, 1]])


def own_group(answer) -> Verdict:
    """build the group G of the two couples, and an invariant network"""
    G, network = answer
    if not isinstance(G, groups.MatrixGroup) or G.n != 4 or not G.is_permutation:
        return wrong("G should be a group that permutes four places: groups.permutation_group([...])")
    if G.order != COUPLES.order or not all(COUPLES.contains(g) for g in G.generators):
        return wrong(f"G has {G.order} elements; the seatings that keep both couples are {COUPLES.order}")
    error, _, x = equivariance_error(network, COUPLES.vector, COUPLES.vector.group.trivial)
    if not error < 1e-6:
        return wrong(f"the network changes when G moves its input; tried at x = {show(x)}")
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]]).double()
    first, second = network(x)
    if torch.allclose(first, second, atol=1e-9):
        return wrong("the network gives one answer for (1, 2, 3, 4) and (1, 3, 2, 4), where the couples are others")
    return right("eight elements, the symmetries of a square with the couples as its diagonals")


def couples() -> None:
    """The eight seatings as permutation matrices."""
    from matplotlib import pyplot

    every = torch.stack([torch.eye(4)[list(p)] for p in itertools.permutations(range(4))]).double()
    with style.figure(1, 8, size=(9, 1.7)) as (figure, axes):
        for one, g in zip(axes, [g for g in every if COUPLES.contains(g)], strict=True):
            draw_matrix(one, "", ink="group", values=g)
        figure.suptitle("Eight of the 24 seatings keep both couples", fontweight="bold")
        pyplot.show()


CHECKS = {"04.1": masked_mean, "04.2": larger, "04.3": second_set, "04.4": own_group, "04.5": handedness}
PICTURES = {"04.4": couples}
