"""Checkers of chapter 00, the whole story in ten minutes."""

from __future__ import annotations

import torch

from eqkit import equations, groups
from eqkit.equivariant_maps import Hom
from eqkit.teaching import Verdict, beside, difference, right, show, small_tensors, smallest, wrong


def average(answer) -> Verdict:
    """write average(M, G), the mean of g M g⁻¹ over all elements g of G"""

    def truth(M, G):
        return Hom(G.vector, G.vector).project(M)  # another route: by orbits, not by averaging

    def fault(case):
        M, G = case
        return difference(answer(M, G), truth(M, G), "average(M, G)")

    tried = [groups.S(2), groups.C(3), groups.S(3), groups.D(4)]
    found = smallest([(M, G) for G in tried for M in small_tensors(G.n, G.n, count=30)], fault)
    if found:
        (M, G), sentence = found
        picture = beside(M=M, yours=answer(M, G), average=truth(M, G))
        return wrong(f"for G = {G} and M = {show(M)}: {sentence}", picture)
    return right("what is left cannot change any more: it commutes with every g")


def free_weights(answer) -> Verdict:
    """say how many free weights a layer has that respects all permutations of 5 numbers"""
    H = Hom(groups.S(5).vector, groups.S(5).vector)
    if answer == H.dim:
        return right("two, for every n ≥ 2: one on the diagonal, one off it. That is the layer of Deep Sets")
    pattern = beside(pattern=H.pattern + 1)
    return wrong(
        f"{show(answer)} is not it; here are the 25 weights, equal ones in one shade: how many shades?", pattern
    )


def permutation_samples(answer) -> Verdict:
    """give samples {3: …, 4: …, 5: …} of random permutation matrices, each of shape (20, n, n)"""
    if not isinstance(answer, dict) or set(answer) != {3, 4, 5}:
        return wrong(f"samples is {show(answer)}; it should be a dictionary with the keys 3, 4 and 5")
    for n, stack in answer.items():
        if not isinstance(stack, torch.Tensor) or stack.shape != (20, n, n):
            return wrong(f"samples[{n}] is {show(stack)}; it should be a tensor of shape (20, {n}, {n})")
        for M in stack:
            if not groups.S(n).contains(M):
                return wrong(f"samples[{n}] holds a matrix that is no permutation matrix", beside(yours=M))
    if max(len(stack.flatten(1).unique(dim=0)) for stack in answer.values()) < 5:
        return wrong("the samples are nearly all the same matrix; draw them at random")
    return right(f"learned from them: {equations.learn_equations(answer)}")


CHECKS = {"00.1": average, "00.2": free_weights, "00.3": permutation_samples}
