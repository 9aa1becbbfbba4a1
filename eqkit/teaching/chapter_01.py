"""Checkers of chapter 01, groups and representations."""

from __future__ import annotations

import math

import torch

from eqkit import groups
from eqkit.representations import Representation
from eqkit.teaching import Verdict, beside, drawing, right, show, smallest, wrong
from eqkit.views import style

CORNERS = ((1, 1), (-1, 1), (-1, -1), (1, -1))  # counter-clockwise


def square(answer) -> Verdict:
    """give generators of the symmetries of a square as permutation matrices of its corners, a tensor (k, 4, 4)"""
    if not isinstance(answer, torch.Tensor) or answer.ndim != 3 or answer.shape[1:] != (4, 4):
        return wrong(f"square is {show(answer)}; it should be a tensor of shape (k, 4, 4)")
    for g in answer:
        if not groups.S(4).contains(g):
            return wrong("one of these is no permutation matrix: one 1 in each row and column, else 0", beside(yours=g))
    G = groups.MatrixGroup(answer)
    for g in G.elements():
        p = g.argmax(0).tolist()
        torn = [j for j in range(4) if (p[j] - p[(j + 1) % 4]) % 4 == 2]
        if torn:
            i, j = torn[0], (torn[0] + 1) % 4
            return wrong(
                f"these make {G.order} permutations, and one of them tears the square: corners {i} and {j} are "
                f"neighbours, and land on the opposite corners {p[i]} and {p[j]}",
                draw(p),
            )
    if G.order < 8:
        return wrong(f"these make {G.order} of its symmetries; a square has more: what is missing, a turn or a flip?")
    return right(f"all {G.order}, and none that tears it: {G.identify()}, from {len(answer)} generators")


def draw(p: list[int]) -> bytes:
    """The square before and after corner j went to place p[j]."""
    with drawing(1, 2, (5, 2.4)) as (figure, panels):
        for axes, places, title in zip(panels, (range(4), p), ("before", "after"), strict=True):
            loop = [CORNERS[places[j]] for j in (0, 1, 2, 3, 0)]
            axes.plot(*zip(*loop, strict=True), color=style.colour("group"))
            for j, place in enumerate(places):
                x, y = CORNERS[place]
                axes.text(1.25 * x, 1.25 * y, str(j), ha="center", va="center")
            axes.set(title=title, xlim=(-1.7, 1.7), ylim=(-1.6, 1.6), aspect="equal")
            axes.axis("off")
    return style.png(figure)


def order(answer) -> Verdict:
    """write order(p), the least m ≥ 1 for which the permutation j ↦ p[j], done m times, moves nothing"""
    cube = dict(zip("FBRLUD", groups.RubiksCube().permutations.tolist(), strict=True))

    def word(letters: str) -> list[int]:
        p = list(range(48))
        for letter in letters:
            p = [cube[letter][j] for j in p]
        return p

    def cycles(*lengths: int) -> list[int]:
        rows, start = [], 0
        for length in lengths:
            rows += [*range(start + 1, start + length), start]
            start += length
        return rows

    def repeat(p: list[int]) -> int:
        q, m = p, 1
        while q != sorted(q):
            q, m = [p[j] for j in q], m + 1
        return m

    def fault(p):
        given, true = answer(p), repeat(p)
        if given == true:
            return None
        if not isinstance(given, int) or given < 1:
            return f"order(p) is {show(given)}; it should be an integer ≥ 1"
        late = "all points are home earlier" if given % true == 0 else "then some points are not home"
        return f"order(p) is {given}, but {late}"

    cases = [cycles(1), cycles(2), cycles(1, 2), cycles(3), cycles(2, 3), cycles(2, 4), cycles(4, 6), cycles(2, 2, 5)]
    found = smallest([*cases, *map(word, ("F", "RU", "RRUU", "FBRLUD"))], fault)
    if found:
        p, sentence = found
        return wrong(f"for p = {p if len(p) < 20 else 'a word of the Rubik’s cube'}: {sentence}")
    primes = (2, 3, 5, 7, 11, 13, 17)
    if answer(cycles(*primes)) != math.prod(primes):
        return wrong(f"cycles of lengths {', '.join(map(str, primes))} come home together after their product")
    return right(f"R U has order {repeat(word('RU'))}: that often, and the cube is solved again")


def stiffness(answer) -> Verdict:
    """build the representation of SO(3) on the stiffness tensor, with ⊕, ⊗, sym and alt"""
    V = groups.SO(3).vector
    true = V.sym(2).sym(2)
    if not isinstance(answer, Representation):
        return wrong(f"stiffness is {show(answer)}; it should be a representation, such as V.sym(2)")
    if answer.group != groups.SO(3):
        return wrong(f"this is a representation of {answer.group}; build it from groups.SO(3).vector")
    if answer.size != true.size:
        return wrong(f"{answer} has size {answer.size}; how many entries of a symmetric 6 × 6 table are free?")
    g = groups.SO(3).sample(5, torch.Generator().manual_seed(0))
    if not torch.allclose(answer.character(g), true.character(g)):
        return wrong(f"{answer} has the right size, but another character: it turns with the crystal in another way")
    return right("21 stiffnesses. How many of them does an isotropic material have? Chapter 05 counts: two")


def colourings(answer) -> Verdict:
    """write colourings(G, colours), the number of colourings of the points of G up to G, an integer"""
    faces = groups.permutation_group([[0, 1, 4, 5, 3, 2], [2, 3, 1, 0, 4, 5]], "rotations of a cube")
    tried = [groups.trivial(2), groups.S(2), groups.C(3), groups.S(3), groups.D(4), groups.C(6), faces, groups.D(9)]

    def cycles(p: list[int]) -> int:
        return len({frozenset(_orbit(p, j)) for j in range(len(p))})

    def truth(G, colours):
        return sum(colours ** cycles(g.argmax(0).tolist()) for g in G.elements()) // G.order

    def fault(case):
        G, colours = case
        given, true = answer(G, colours), truth(G, colours)
        if given == true:
            return None
        return f"colourings is {show(given)}; that is {'too many' if given > true else 'too few'}"

    found = smallest([(G, colours) for G in tried for colours in (1, 2, 3)], fault)
    if found:
        (G, colours), sentence = found
        return wrong(f"for G = {G} on {G.n} points and colours = {colours}: {sentence}")
    return right(f"{truth(faces, 3)} dice in three colours, {truth(faces, 6):,} in six")


def _orbit(p: list[int], j: int) -> list[int]:
    found = [j]
    while p[found[-1]] != j:
        found.append(p[found[-1]])
    return found


def numbered_square() -> None:
    """The square with its corners numbered, and what the quarter turn makes of it."""
    from IPython.display import Image, display

    display(Image(draw([1, 2, 3, 0])))


CHECKS = {"01.1": square, "01.2": order, "01.3": stiffness, "01.4": colourings}
PICTURES = {"01.1": numbered_square}
