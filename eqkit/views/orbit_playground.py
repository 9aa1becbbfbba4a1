"""OrbitPlayground: drag a point, and see its orbit, its stabiliser, and what does not change along the orbit."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from eqkit import groups, invariants
from eqkit.groups import MatrixGroup
from eqkit.invariants import Polynomial
from eqkit.views.group_menu import GroupMenu
from eqkit.views.orbits import InvariantTable, OrbitCanvas, agree, distinct, metric, on_surface, stabiliser, telling
from eqkit.views.sharing_pattern import Tally
from eqkit.views.spelling import named, spell_group
from eqkit.views.view import View

NAMES = ("D.plane(4)", "C.plane(3)", "C.plane(4)", "C.plane(6)", "D.plane(3)", "D.plane(6)", "SO(2)", "O(2)", "S(3)",
         "A(3)", "Tetrahedral()", "Octahedral()", "Icosahedral()", "SignFlips(3)", "SignedPermutations(3)")  # fmt: skip
POINTS = {2: ([0.9, 0.375], [0.585, -0.78]), 3: ([0.8, 0.36, 0.48], [0.6, -0.64, 0.48])}  # of equal length
LIMIT = 240  # elements at most: as many points are drawn
CIRCLES = groups.SO(2), groups.O(2)


def check_drawable(G: Any, view: str) -> MatrixGroup:
    """G, if its orbits can be drawn: a finite group of real 2 × 2 or 3 × 3 matrices, SO(2) or O(2)."""
    if not isinstance(G, MatrixGroup):
        raise TypeError(f"{view}(G): {G!r} is no group; pass one such as groups.D.plane(4)")
    if G in CIRCLES:
        return G
    if G.n not in (2, 3) or len(G.lie_algebra) or G.generators.is_complex():
        raise ValueError(
            f"{view}({G}): orbits are drawn for finite groups of real 2 × 2 or 3 × 3 matrices, SO(2) and O(2); "
            f"the matrices of {G} are {G.n} × {G.n}"
        )
    if G.order > LIMIT:
        size = f"{G.order:,} elements" if G.is_finite else "infinitely many elements"
        raise ValueError(f"{view}({G}): {size}; at most {LIMIT} points of an orbit are drawn")
    return G


def generators(G: MatrixGroup) -> tuple[Polynomial, ...]:
    """Polynomials that generate the invariants of G: of SO(2) and O(2) the square of the length."""
    if G in CIRCLES:
        return (invariants.polynomial("x0^2 + x1^2", n=2),)
    return tuple(invariants.invariant_ring(G).generators)


@functools.cache
def isomorphism_type(G: MatrixGroup) -> str:
    """G.identify(), with "trivial" for the group of the identity alone."""
    return "trivial" if not len(G.generators) else G.identify()


class OrbitPlayground(View):
    """Drag x: its orbit and stabiliser, |orbit| · |stabiliser| = |G|. Drag y: invariants say if it is in that orbit.

    G: a finite group of real 2 × 2 or 3 × 3 matrices, SO(2) or O(2); others are chosen from the menu or typed. x and y:
    points (n,), in space on the sphere (taken there along the ray). move(x, y) does from Python what dragging does.
    ValueError: G has no picture; a point is 0 in space or not finite. TypeError: G is no group.
    """

    title = "Which points does a group make out of one?"

    def __init__(
        self, G: MatrixGroup | None = None, x: Sequence[float] | None = None, y: Sequence[float] | None = None
    ) -> None:
        given = check_drawable(named(NAMES[0]) if G is None else G, "OrbitPlayground")
        self.choice = GroupMenu(given, NAMES, "[[0, -1], [1, 0]] or (0 1 2) or D.plane(5)")
        self.menu, self.typed = self.choice.menu, self.choice.typed
        self.picture = OrbitCanvas(width=400, height=400)
        self.table = InvariantTable(title="what does not change", width=390, height=216)
        self.tally = Tally(title="orbit · stabiliser = group", width=390, height=120)
        self._links = [
            ipywidgets.jsdlink((self.picture, "points"), (self.table, "points")),
            ipywidgets.jsdlink((self.table, "selected"), (self.picture, "selected")),
        ]
        self._start = given, x, y
        self._begin()
        self.assemble([[self.picture], [self.table, self.tally]], [self.menu, self.typed])
        self.on(self.menu, "value", self._choose)
        self.on(self.typed, "value", self._read)
        self.on(self.picture, "points", self._tell)
        self.on(self.table, "selected", self._follow)

    def _begin(self) -> None:
        self.group, x, y = self._start
        self._load(*(list(given or start) for given, start in zip((x, y), POINTS[self.group.n], strict=True)))

    def _choose(self) -> None:
        if (G := self.choice.chosen) is not None and G != self.group:
            self._take(G)

    def _read(self) -> None:
        if (G := self.choice.read()) is not None:
            generators(check_drawable(G, "OrbitPlayground"))  # a group without them is refused before anything changes
            with self.together():
                self.choice.add(G)
            self._take(G)

    def _take(self, G: MatrixGroup) -> None:
        """Show another group; the points stay where they are if they can."""
        points = self.picture.points if G.n == self.group.n else POINTS[G.n]
        self.group = G
        self._load(*points)

    def _load(self, *points: Sequence[float]) -> None:
        G, rings = self.group, generators(self.group)
        self.metric = torch.eye(2, dtype=torch.float64) if G in CIRCLES else metric(G)
        turns = torch.linspace(0, 2 * math.pi, 181, dtype=torch.float64)
        curve = torch.matrix_exp(turns[:, None, None] * groups.SO(2).lie_algebra) if G in CIRCLES else None
        self.picture.show(
            G, [on_surface(p, G, self.metric) for p in points], rings, curve=curve, selected=telling(rings)
        )
        self.table.show(rings, points=self.picture.points, selected=self.picture.selected)
        self._tell()

    def move(self, x: Sequence[float] | None = None, y: Sequence[float] | None = None) -> None:
        """Put x, y or both somewhere."""
        now = self.picture.points
        given = [old if p is None else p for old, p in zip(now, (x, y), strict=True)]
        self.picture.points = self.table.points = [on_surface(p, self.group, self.metric) for p in given]
        self._tell()
        self.sync()

    def _follow(self) -> None:
        if self.table.selected >= len(self.table.names):  # a row of the group before, clicked while it changed
            self.table.selected = len(self.table.names) - 1
        self.picture.selected = self.table.selected
        self._tell()

    # what is seen
    @property
    def points(self) -> Tensor:
        """x and y, (2, n)."""
        return torch.tensor(self.picture.points, dtype=torch.float64)

    def _tell(self) -> None:
        """Count, and say in words what is shown; points of the group before, dragged while it changed, are dropped."""
        if {len(p) for p in self.picture.points} != {self.group.n}:
            return self._load(*POINTS[self.group.n])
        x, G = self.points[0], self.group
        if G in CIRCLES:
            fixes = (
                G if not x.any() else MatrixGroup(_mirror(x), name="mirror") if G == groups.O(2) else groups.trivial(2)
            )
            self.orbit, self.fixing = 1 if not x.any() else math.inf, fixes.order
            self.kind = str(G) if not x.any() else isomorphism_type(fixes)
            one, fixing = (
                "one point" if self.orbit == 1 else "a circle",
                "∞" if self.fixing == math.inf else self.fixing,
            )
            facts = [["○" if self.orbit > 1 else "1", f"{one}: the orbit of x"]]
            facts += [[str(fixing), f"{_plural('element', self.fixing)} x: {self.kind}"], ["∞", f"elements of {G}"]]
        else:
            g = stabiliser(G, x)
            self.orbit, self.fixing = len(distinct(G.elements() @ x)), len(g)
            self.kind = isomorphism_type(MatrixGroup(g[1:], name="stabiliser") if len(g) > 1 else groups.trivial(G.n))
            facts = [[str(self.orbit), f"{_plural('point', self.orbit)} the orbit of x"]]
            facts += [[f"× {self.fixing}", f"{_plural('element', self.fixing)} x: {self.kind}"]]
            facts += [[f"= {G.order}", f"elements of {G}"]]
        self.equal = agree(self.picture.polynomials, *self.points.numpy())
        at = ", ".join(f"{c:.2f}" for c in x)
        place = "the plane" if G.n == 2 else "the sphere"
        with self.tally.hold_sync():
            self.tally.facts, self.tally.label = facts, "; ".join(" ".join(fact) for fact in facts)
        self.picture.title = f"drag x and y on {place}"
        self.picture.label = (
            f"x at ({at}) in {place}: {facts[0][0]} {facts[0][1]} under {G}, whose stabiliser is {self.kind}. "
            "Arrow keys move the point, space lets it settle, Enter takes the other point"
        )
        self.table.label = "; ".join(
            f"{name}: {'equal' if same else 'different'} at x and y"
            for name, same in zip(self.table.names, self.equal, strict=True)
        )

    def verdict(self) -> str:
        kind = "" if self.fixing == 1 else f" ({self.kind})"
        count = f"Orbit {self.orbit} · stabiliser {self.fixing}{kind} = {self.group.order} = |G|."
        if self.group in CIRCLES:
            count = f"{'A circle' if self.orbit > 1 else 'One point'}; stabiliser {self.kind}."
        if all(self.equal):
            return f"{count} y is in the orbit of x: all invariants agree."
        apart = self.equal.count(False)
        differ = f"{apart} invariant{' differs' if apart == 1 else 's differ'}"
        return f"{count} y is in another orbit: {differ}."

    def state(self) -> dict[str, Any]:
        x, y = (self.points * 1000).round() / 1000 + 0.0
        return {
            "group": str(self.group),
            "order": int(self.group.order) if self.group.is_finite else "infinite",
            "x": x.tolist(),
            "y": y.tolist(),
            "orbit": "a circle" if self.orbit == math.inf else self.orbit,
            "stabiliser": "infinite" if self.fixing == math.inf else self.fixing,
            "stabiliser_is": self.kind,
            "invariants_equal": self.equal,
            "same_orbit": all(self.equal),
            "drawn": self.picture.selected,
        }

    def code(self) -> str:
        x, y = (self.points * 1e9).round() / 1e9 + 0.0
        start = f"""import torch
from eqkit import groups, invariants

G = {spell_group(self.group)}
x = torch.tensor({x.tolist()}, dtype=torch.float64)
y = torch.tensor({y.tolist()}, dtype=torch.float64)
"""
        if self.group in CIRCLES:
            return f"""{start}
I = invariants.polynomial("x0^2 + x1^2", n=2)
print("same orbit:", bool(torch.isclose(I(x), I(y))))"""
        return f"""{start}
points = G.elements() @ x
near = torch.cdist(points, points) < 1e-6
orbit = points[near.int().argmax(1) == torch.arange(len(points))]
stabiliser = G.elements()[near[0]]
print(len(orbit), "·", len(stabiliser), "=", G.order)

I = invariants.invariant_ring(G)
print("same orbit:", bool(torch.isclose(I(x), I(y)).all()))"""

    def reset(self) -> None:
        with self.together():
            self.choice.reset()
        self.picture.angles = OrbitCanvas.angles.default()
        self._begin()

    def close(self) -> None:
        for link in self._links:
            link.close()
        super().close()


def _plural(noun: str, number: int | float) -> str:
    """point in, points in; element fixes, elements fix."""
    one = number == 1
    return noun + {"point": " in" if one else "s in", "element": " fixes" if one else "s fix"}[noun]


def _mirror(x: Tensor) -> Tensor:
    """The reflection (1, 2, 2) in the line through x."""
    u = x / x.norm()
    return (2 * torch.outer(u, u) - torch.eye(2, dtype=torch.float64))[None]
