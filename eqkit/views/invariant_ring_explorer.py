"""InvariantRingExplorer: the invariants of a finite group by degree, their generators, and their level surfaces."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import ipywidgets
import numpy as np
import torch
import traitlets

from eqkit import invariants
from eqkit.groups import MatrixGroup
from eqkit.invariants import Polynomial
from eqkit.views import style
from eqkit.views.components import Component, _esm, _synced
from eqkit.views.group_menu import GroupMenu
from eqkit.views.orbits import SAME, InvariantTable, OrbitCanvas, distinct, metric, on_surface, telling, values
from eqkit.views.spelling import named, spell_group
from eqkit.views.view import View

NAMES = ("Octahedral()", "Tetrahedral()", "Icosahedral()", "SignedPermutations(3)", "S(3)", "A(3)", "C.plane(4)",
         "C.plane(6)", "D.plane(3)", "D.plane(5)", "S(4)", "A(4)", "C(5)", "D(5)", "S(5)")  # fmt: skip
HALF = Fraction(1, 2)
TETRAHEDRON = [[HALF, HALF, HALF], [HALF, -HALF, -HALF], [-HALF, HALF, -HALF], [-HALF, -HALF, HALF]]
START = {2: [0.9, 0.375], 3: [0.8, 0.36, 0.48]}
DRAWN, FEWEST, MOST = 240, 12, 60  # points of an orbit; bars
MONOMIALS = 250_000  # of the highest degree in which generators are sought: some seconds


def solvable(G: MatrixGroup) -> MatrixGroup:
    """G, if its invariants are found while one waits; ValueError if it is infinite or too large."""
    last = invariants.degree_bound(G).value
    if last > MOST or math.comb(G.n - 1 + last, last) > MONOMIALS:
        raise ValueError(
            f"{G} may have generators up to degree {last:,}, in {G.n} variables: too many monomials to solve it live. "
            "Take a smaller group, or run invariants.invariant_ring(G) in a cell"
        )
    return G


def pictured(G: MatrixGroup, polynomials: Sequence[Polynomial]) -> tuple[MatrixGroup | None, Sequence[Polynomial], str]:
    """What is drawn of G and its invariants, and where: itself, or the restriction to a space with a picture, or None.

    Permutations of 4 coordinates act on x₀ + x₁ + x₂ + x₃ = 0 as symmetries of a tetrahedron: x = Q y, Q (4, 3) of
    orthonormal columns ± ½, and f(Q y) is invariant under Qᵀ g Q.
    """
    if G.generators.is_complex() or G.order > DRAWN:
        return None, (), f"{G.order:,} elements" if G.order > DRAWN else "complex matrices"
    if G.n in START:
        return G, polynomials, "the plane" if G.n == 2 else "the sphere"
    if G.n != 4 or not G.is_permutation:
        return None, (), f"matrices {G.n} × {G.n}"
    Q = torch.tensor(TETRAHEDRON, dtype=torch.float64)
    restricted = [f.substitute([[*row, Fraction(0)] for row in TETRAHEDRON]) for f in polynomials]
    three = [Polynomial(3, tuple((e[:3], c) for e, c in f.terms)) for f in restricted]
    return MatrixGroup(Q.T @ G.generators @ Q, name=str(G)), three, "x₀ + x₁ + x₂ + x₃ = 0"


class Bars(Component):
    """Stacked bars by degree: bars[d] = [from below, new]; one degree is `selected`; dashed: the `bound`."""

    _esm = _esm("bars")
    bars = _synced(traitlets.List())
    legend = _synced(traitlets.List())
    selected = _synced(traitlets.Int(0))
    bound = _synced(traitlets.Int(0))
    x_label = _synced(traitlets.Unicode("degree"))

    def draw(self, axes: Any) -> None:
        old, new = np.array(self.bars).reshape(-1, 2).T
        blue, at = style.colour("invariant"), np.arange(len(old))
        axes.axvspan(self.selected - 0.5, self.selected + 0.5, color=style.colour("band")[:7], alpha=0.12, linewidth=0)
        axes.bar(at, old, 0.85, color=style.mix("#ffffff", "invariant", 0.35), label=self.legend[0])
        axes.bar(at, new, 0.85, bottom=old, color=blue, label=self.legend[1])
        for d, (a, b) in enumerate(zip(old, new, strict=True)):
            if a + b and (len(old) < 22 or b):
                weight = "bold" if b else "normal"
                axes.text(d, a + b, str(a + b), ha="center", va="bottom", fontsize=9, fontweight=weight)
        if self.bound < len(old):
            axes.axvline(self.bound + 0.5, color=style.colour("muted"), linestyle="--", linewidth=1.5)
        axes.set(
            xlabel=self.x_label, yticks=[], xlim=(-0.6, len(old) - 0.4), ylim=(0, 1.35 * max((old + new).max(), 1))
        )
        axes.locator_params(axis="x", integer=True)
        axes.grid(False)
        axes.spines["left"].set_visible(False)
        axes.legend(fontsize=9, loc="upper left", ncols=2, borderpad=0, columnspacing=1)
        axes.set_title(self.title)


class Formula(Component):
    """A long formula in words, in a box of fixed height that scrolls."""

    _esm = _esm("formula")
    words = _synced(traitlets.Unicode(""))

    def draw(self, axes: Any) -> None:
        lines = textwrap.wrap(self.words, self.width // 8)
        shown = lines[:3] + ["…"] * (len(lines) > 3)
        axes.text(0, 1, "\n".join(shown), color=style.colour("invariant"), va="top", fontsize=10, fontweight="bold")
        axes.axis("off")
        axes.set_title(self.title)


class InvariantRingExplorer(View):
    """Choose or type a finite group: its invariants by degree, those that generate, and a point on their level sets.

    G: a finite group of matrices. Real 2 × 2 and 3 × 3 matrices have a picture, and permutations of 4 coordinates where
    these sum to 0: the values of a generator, in space as a surface r = 1 + ε · value, and the orbit of the point.
    select(i) draws generator i; move(x) puts the point somewhere. ValueError: G has no finite ring, with the reason.
    """

    title = "Which invariants generate all the others?"

    def __init__(self, G: MatrixGroup | None = None) -> None:
        given = named(NAMES[0]) if G is None else G
        if not isinstance(given, MatrixGroup):
            raise TypeError(f"InvariantRingExplorer(G): {given!r} is no group; pass one such as groups.D.plane(4)")
        self.choice = GroupMenu(given, NAMES, "(0 1 2)(3 4), (0 3) or [[0, -1], [1, 0]] or D.plane(5)")
        self.menu, self.typed = self.choice.menu, self.choice.typed
        legend = ["from lower degrees", "new generators"]
        self.picture = OrbitCanvas(width=390, height=430, relief=0.28)
        self.bars = Bars(title="independent invariants", width=400, height=160, legend=legend)
        self.table = InvariantTable(title="generators", width=400, height=146)
        self.formula = Formula(width=400, height=64)
        self._links = [
            ipywidgets.jsdlink((self.picture, "points"), (self.table, "points")),
            ipywidgets.jsdlink((self.table, "selected"), (self.picture, "selected")),
        ]
        self._start = given
        self._take(given)
        self.assemble([[self.picture], [self.bars, self.table, self.formula]], [self.menu, self.typed])
        self.on(self.menu, "value", self._choose)
        self.on(self.typed, "value", self._read)
        self.on(self.picture, "points", self._tell)
        self.on(self.table, "selected", self._selected)
        self.on(self.bars, "selected", self._degree)

    def _choose(self) -> None:
        if (G := self.choice.chosen) is not None and G != self.group:
            self._take(G)

    def _read(self) -> None:
        if (G := self.choice.read()) is not None:
            self._take(G)
            with self.together():
                self.choice.add(G)

    def _take(self, G: MatrixGroup) -> None:
        """Compute the ring of G and show it; where that is impossible, everything stays as it was."""
        R = invariants.invariant_ring(solvable(G))
        degrees = [f.degree for f in R.generators]
        last = min(MOST, max(FEWEST, max(degrees) + 2))
        self.series = invariants.molien_series(G, last)
        self.group, self.ring, self.bound = G, R, R.certificate.bound
        new = [degrees.count(d) for d in range(last + 1)]
        first = telling(R.generators)
        with self.together():
            self.bars.bars = [[count - fresh, fresh] for count, fresh in zip(self.series, new, strict=True)]
            self.drawn, polynomials, self.place = pictured(G, R.generators)
            if self.drawn is None:
                self.picture.clear(f"no picture of {self.place};\nreal 2 × 2 and 3 × 3 matrices have one")
            else:
                self.metric = metric(self.drawn)
                rows = TETRAHEDRON if self.drawn.n < G.n else torch.eye(self.drawn.n).tolist()
                arrows = [[f"x{'₀₁₂₃'[i]}", [float(c) for c in row]] for i, row in enumerate(rows)]
                start = on_surface(START[self.drawn.n], self.drawn, self.metric)
                self.picture.show(self.drawn, [start], polynomials, symmetry=False, selected=first, arrows=arrows)
            self.table.show(polynomials, [str(f) for f in R.generators], points=self.picture.points, selected=first)
        self._selected()

    def move(self, x: Sequence[float]) -> None:
        """Put the point somewhere, in the coordinates of the picture."""
        if self.drawn is None:
            raise ValueError(f"move({x}): there is no picture of {self.group}")
        self.picture.points = self.table.points = [on_surface(x, self.drawn, self.metric)]
        self._tell()
        self.sync()

    def select(self, i: int) -> None:
        """Draw generator i: its values, and its level set through x."""
        if not 0 <= i < len(self.ring.generators):
            raise ValueError(f"select({i}): {self.group} has the generators 0 to {len(self.ring.generators) - 1}")
        self.table.selected = i
        self._selected()
        self.sync()

    def _degree(self) -> None:
        """A bar was chosen: the first generator of its degree."""
        degrees = [f.degree for f in self.ring.generators]
        if self.bars.selected in degrees and self.chosen.degree != self.bars.selected:
            self.table.selected = degrees.index(self.bars.selected)
        self._selected()

    def _selected(self) -> None:
        """Draw the generator of the chosen row; a row of the group before, clicked while it changed, counts as none."""
        if self.table.selected >= len(self.ring.generators):
            self.table.selected = telling(self.ring.generators)
        if self.drawn is not None:
            self.picture.selected = self.table.selected
        self.bars.selected = self.chosen.degree
        self._tell()

    @property
    def chosen(self) -> Polynomial:
        """The generator that is drawn."""
        return self.ring.generators[self.table.selected]

    def _tell(self) -> None:
        """Say in words what is shown; a point of the group before, dragged while it changed, is forgotten."""
        G, f = self.group, self.chosen
        if self.drawn is not None and [len(x) for x in self.picture.points] != [self.drawn.n]:
            self.picture.points = self.table.points = [on_surface(START[self.drawn.n], self.drawn, self.metric)]
        self.bars.x_label = f"degree (dashed: no new generator beyond {self.bound.value})"
        self.bars.bound = self.bound.value
        self.bars.label = f"{G}: " + ", ".join(
            f"{old + new} of degree {d}, {new} new" for d, (old, new) in enumerate(self.bars.bars) if old + new
        )
        self.table.heading = f"{len(self.ring.generators)} generators"
        self.table.label = f"{self.table.heading}, chosen: {f}"
        self.formula.words, self.formula.label = str(f), f"generator of degree {f.degree}: {f}"
        self.formula.title, self.orbit = f"degree {f.degree}", None
        if self.drawn is not None:
            G = self.drawn
            points = distinct(G.elements() @ torch.tensor(self.picture.points[0], dtype=torch.float64))
            at = values([self.picture.polynomials[self.table.selected]], points.numpy())[:, 0]
            self.orbit = len(points)
            self.constant = bool(np.ptp(at) <= SAME * max(1.0, np.abs(at).max()))
            value = f"{0.0 if abs(at[0]) < 5e-4 else at[0]:.3g}".replace("-", "−")
            where = "at x" if self.orbit == 1 else f"at all {self.orbit} points of the orbit"
            if self.constant:
                self.formula.title = f"degree {f.degree}: {value} {where}"
            shape = "surface that is high where it is large" if G.n == 3 else "picture coloured by its values"
            self.picture.title = f"on {self.place}: drag x{' or turn' if G.n == 3 else ''}"
            self.picture.label = (
                f"{f} on {self.place}, a {shape}; x and its orbit of {self.orbit} points lie on one level set. "
                "Arrow keys move x, space lets it settle on an axis or mirror, shift and arrows turn the picture"
            )
        else:
            self.picture.title, self.picture.label = str(G), self.picture.note

    def verdict(self) -> str:
        degrees = [f.degree for f in self.ring.generators]
        written = ", ".join(map(str, sorted(set(degrees))))
        count = f"{len(degrees)} generators of degrees" if len(degrees) > 1 else "1 generator of degree"
        kind = "independent: a polynomial ring" if self.ring.is_polynomial_ring else "with relations among them"
        return f"{count} {written}, {kind}. Noether's bound is {self.group.order:,}."

    def state(self) -> dict[str, Any]:
        return {
            "group": str(self.group),
            "order": int(self.group.order),
            "molien": self.series,
            "degrees": [f.degree for f in self.ring.generators],
            "polynomial_ring": bool(self.ring.is_polynomial_ring),
            "bound": int(self.bound.value),
            "selected": self.table.selected,
            **({"orbit": self.orbit, "constant_on_the_orbit": self.constant} if self.orbit else {}),
        }

    def code(self) -> str:
        lines = [
            "import torch",
            "from eqkit import groups, invariants",
            "",
            f"G = {spell_group(self.group)}",
            f"print(invariants.molien_series(G, {len(self.series) - 1}))",
            "R = invariants.invariant_ring(G)",
            "for f in R.generators:",
            "    print(f.degree, f)",
            "print(R.certificate, R.is_polynomial_ring)",
        ]
        if self.drawn is not None:
            y = [round(c, 9) for c in self.picture.points[0]]
            point = f"torch.tensor({y}, dtype=torch.float64)"
            if self.drawn.n < self.group.n:
                rows = [[float(c) for c in row] for row in TETRAHEDRON]
                point = f"torch.tensor({rows}, dtype=torch.float64) @ {point}"
            lines += ["", f"x = {point}", f"values = R.generators[{self.table.selected}](G.elements() @ x)"]
            lines.append("print(values)  # constant on the orbit")
        return "\n".join(lines)

    def reset(self) -> None:
        with self.together():
            self.choice.reset()
        self.picture.angles = OrbitCanvas.angles.default()
        self._take(self._start)

    def close(self) -> None:
        for link in self._links:
            link.close()
        super().close()
