"""ParameterCounter: how many numbers describe a symmetry, by every way to write it down."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import ipywidgets
import traitlets

from eqkit import groups
from eqkit.equations import EquationSystem, named
from eqkit.parameter_counts import Count, ParameterCounts, count
from eqkit.representations import Representation
from eqkit.views import style
from eqkit.views.components import Chart, Component, _esm, _synced
from eqkit.views.view import View


class Family(NamedTuple):
    """Groups of one kind for many n: V of size `size`, equations by name or in words, the rank that weights need.

    Every Hom(V, V) of the family is spanned by weights of rank ≤ rank(n): on a real irreducible part of dimension d,
    with multiplicity m, these are (m × m matrices of rank 1) ⊗ (d × d matrices of rank d).
    """

    name: str
    code: str  # of V, for {n}
    V: Callable[[int], Representation]
    sizes: tuple[int, ...]
    rank: Callable[[int], int]
    equations: tuple[str, ...] = ()


MANY = (3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
FEW = (3, 4, 5, 6, 7, 8, 10, 12, 14, 16)
GRID = "C × C"
FAMILIES = {
    "S": Family("S(n)", "groups.S({n}).vector", lambda n: groups.S(n).vector, MANY, lambda n: n - 1, ("permutations",)),
    "C": Family(
        "C(n)",
        "groups.C({n}).vector",
        lambda n: groups.C(n).vector,
        MANY,
        lambda n: 2,
        ("permutations", "circulants"),
    ),
    "D": Family("D(n)", "groups.D({n}).vector", lambda n: groups.D(n).vector, MANY, lambda n: 2),
    GRID: Family(
        "C(n) × C(n) on a grid",
        "groups.C({n}).vector @ groups.C({n}).vector",
        lambda n: groups.C(n).vector @ groups.C(n).vector,
        FEW[:8],
        lambda n: 2,
    ),
    "O": Family("O(n)", "groups.O({n}).vector", lambda n: groups.O(n).vector, FEW, lambda n: n, ("O",)),
    "SO": Family("SO(n)", "groups.SO({n}).vector", lambda n: groups.SO(n).vector, FEW, lambda n: n, ("SO",)),
    "U": Family("U(n)", "groups.U({n}).vector", lambda n: groups.U(n).vector, FEW, lambda n: n, ("U",)),
    "Sp": Family("Sp(n)", "groups.Sp({n}).vector", lambda n: groups.Sp(n).vector, FEW[1::2], lambda n: n, ("Sp",)),
    "trivial": Family(
        "trivial(n)", "groups.trivial({n}).vector", lambda n: groups.trivial(n).vector, MANY, lambda n: 1, ("M = E",)
    ),
}
COPIES = 4
KINDS = {  # what a description stores, by the field of ParameterCounts
    "data": ("dense", "tied"),
    "learned": ("entries", "grassmannian", "gradient", "low_rank", "kronecker"),
    "group": ("generators", "element", "known_algebra", "algebra"),
    "invariant": ("equations",),
    "muted": ("lower_bound",),
}
COLOURS = {field: role for role, names in KINDS.items() for field in names}


def coefficients(names: tuple[str, ...]) -> int | None:
    """How many coefficients are not zero in these equations, names of `equations.named` or words; None without any."""
    systems = [EquationSystem(name) if "=" in name else named(name) for name in names]
    return sum(int((system.coefficients != 0).sum()) for system in systems) or None


def columns(tied: int, mn: int, surplus: Fraction) -> int:
    """k = surplus · dim Hom, as far as there are weights."""
    return min(mn, max(1, tied, round(surplus * tied)))


def counted(family: str, n: int, copies: int = 1, surplus: Fraction = Fraction(1)) -> ParameterCounts:
    """The numbers for V → `copies` · V, k = surplus · dim Hom."""
    about = FAMILIES[family]
    V = about.V(n)
    W = copies * V if copies > 1 else V
    found = count(V, W)
    k = columns(found.tied.number, found.dense.number, surplus)
    factors = [(n**2, n), (copies * n**2, copies * n)] if family == GRID and k == found.tied.number else None
    return count(V, W, k, rank=about.rank(n), kronecker=factors, equations=coefficients(about.equations))


class LogBars(Component):
    """Labelled bars from left to right on a log axis: rows [name, number, memory, formula, when it holds].

    A click, or ↑ ↓, sets `selected`; below stands the formula of the selected row, or of the one under the pointer.
    """

    _esm = _esm("log_bars")
    rows = _synced(traitlets.List())
    colours = _synced(traitlets.List())
    selected = _synced(traitlets.Int(0))

    def draw(self, axes: Any) -> None:
        at, numbers = range(len(self.rows)), [max(row[1], 1) for row in self.rows]
        top = 10 ** max(1, math.ceil(math.log10(max(numbers))))
        axes.barh(at, numbers, 0.6, left=0, color=[style.colour(c) for c in self.colours], zorder=2)
        axes.axhspan(self.selected - 0.5, self.selected + 0.5, color=style.colour("band")[:7], alpha=0.12, linewidth=0)
        for i, (_, number, memory, *_) in enumerate(self.rows):
            weight = "bold" if i == self.selected else "normal"
            words = f" {number:,}  ({memory})"
            axes.text(max(number, 1), i, words, va="center", fontsize=9, fontweight=weight)
        name, number, _, formula, holds = self.rows[self.selected]
        axes.set_xscale("log")
        axes.set(xlim=(1, top**1.4), ylim=(len(self.rows) - 0.5, -0.5), yticks=list(at))
        axes.set_yticklabels([row[0] for row in self.rows], fontsize=9)
        axes.set_xlabel(f"{name}: {formula} = {number:,}\n{holds}", fontsize=10)
        axes.grid(False, axis="y")
        axes.set_title(self.title)


class ParameterCounter(View):
    """Sliders for n, m and k, a menu for the group: how many numbers each description takes, and how much memory.

    G: the family, one of FAMILIES. n: points, or the dimension. m: outputs, a multiple of V's size up to 4 times, for
    W = copies of V. k: columns of U, from dim Hom(V, W), the default, to mn. Select a bar to read its formula and to
    see how it grows with n beside the others; drag there to change n. ValueError for what does not fit.
    """

    title = "How many numbers does a symmetry take?"

    def __init__(self, G: str = "S", n: int = 8, m: int | None = None, k: int | None = None) -> None:
        if G not in FAMILIES:
            raise ValueError(f"ParameterCounter({G!r}): give one of {', '.join(FAMILIES)}")
        if n not in FAMILIES[G].sizes:
            raise ValueError(f"ParameterCounter: n = {n}; {FAMILIES[G].name} takes {_listed(FAMILIES[G].sizes)}")
        size = FAMILIES[G].V(n).size
        m = size if m is None else m
        if m not in range(size, COPIES * size + 1, size):
            options = _listed(tuple(range(size, COPIES * size + 1, size)))
            raise ValueError(f"ParameterCounter: m = {m} outputs; W is 1 to {COPIES} copies of V, so take {options}")
        tied = counted(G, n, m // size).tied.number
        k = tied if k is None else k
        if k not in range(tied, m * size + 1):
            raise ValueError(f"ParameterCounter: k = {k}; take dim Hom = {tied} ≤ k ≤ mn = {m * size}")
        self._start = G, n, m // size, Fraction(k, tied)
        wide: dict[str, Any] = {"style": {"description_width": "auto"}, "layout": {"width": "21em"}}
        names = [(family.name, key) for key, family in FAMILIES.items()]
        self.menu = ipywidgets.Dropdown(options=names, description="group", **wide)
        self.n = ipywidgets.SelectionSlider(options=MANY, description="n", **wide)
        self.m = ipywidgets.SelectionSlider(options=[1], description="m, outputs", **wide)
        self.k = ipywidgets.IntSlider(1, 1, 1, description="k, columns of U", **wide)
        self.bars = LogBars(title="numbers, and memory in float32", width=532, height=400)
        self.curves = Chart("numbers for other n: drag", [], 268, 330, log=True, log_x=True, x_label="n")
        self._settle()
        self.assemble([[self.bars], [self.curves]], [self.menu, self.n, self.m, self.k])
        self.on(self.menu, "value", self._choose)
        self.on(self.n, "value", self._resize)
        self.on(self.m, "value", self._copy)
        self.on(self.k, "value", self._widen)
        self.on(self.curves, "cursor", self._scrub)
        self.on(self.bars, "selected", self._select)

    def reset(self) -> None:
        """The group and the numbers of the beginning."""
        self._settle()

    def _settle(self) -> None:
        G, n, self.copies, self.surplus = self._start
        self.field = "grassmannian"
        with self.together():
            self.menu.value = G
        self._choose(n)

    def _choose(self, n: int | None = None) -> None:
        """Another group: the nearest n that it has."""
        sizes, wanted = self.family.sizes, n or self.n.value
        with self.together():
            nearest = min(sizes, key=lambda size: abs(size - wanted))
            self.n.options, self.n.value = sizes, nearest
        self._resize()

    def _resize(self) -> None:
        """Another n: m and k keep their proportion."""
        size = self.family.V(self.n.value).size
        with self.together():
            self.m.options = [(str(c * size), c) for c in range(1, COPIES + 1)]
            self.m.value = self.copies
            self._count()

    def _copy(self) -> None:
        self.copies = self.m.value
        with self.together():
            self._count()

    def _widen(self) -> None:
        self.surplus = Fraction(self.k.value, self.counts.tied.number)
        self._draw()

    def _scrub(self) -> None:
        """The cursor of the curves was moved to another n."""
        self.n.value = self.family.sizes[self.curves.cursor]

    def _count(self) -> None:
        """The range of k, then everything else."""
        tied, mn = ((c := self._counted(self.n.value)).tied.number, c.dense.number)
        k = columns(tied, mn, self.surplus)
        self.k.min, self.k.max = 1, max(k, min(mn, 4 * tied))
        self.k.value, self.k.min = k, tied
        self._draw()

    def _counted(self, n: int) -> ParameterCounts:
        return counted(self.menu.value, n, self.copies, self.surplus)

    @property
    def family(self) -> Family:
        """The kind of group that is chosen."""
        return FAMILIES[self.menu.value]

    @property
    def counts(self) -> ParameterCounts:
        """What `count` says about the present choice."""
        return self._counted(self.n.value)

    @property
    def chosen(self) -> Count:
        """The description whose bar is selected."""
        return getattr(self.counts, self.field)

    def _select(self) -> None:
        self.field = list(self.shown)[min(self.bars.selected, len(self.shown) - 1)]
        self._draw()

    def _draw(self) -> None:
        shown = self.shown
        fields = list(shown)
        if self.field not in fields:
            self.field = "grassmannian"
        rows = [[c.name, c.number, c.memory, c.formula, c.holds] for c in shown.values()]
        with self.bars.hold_sync(), self.together():
            self.bars.rows, self.bars.colours = rows, [COLOURS[field] for field in fields]
            self.bars.selected = fields.index(self.field)
            words = ", ".join(f"{c.name} {c.number:,}" for c in shown.values())
            self.bars.label = f"Numbers that describe Hom for {self.words}: {words}. Arrow keys select a bar"
        series = [
            {"name": shown[f].name if f == self.field else "", "colour": COLOURS[f], "dash": f != self.field}
            for f in fields
        ]
        table = [
            [n, *((c.number if (c := getattr(found, f)) and c.number else math.nan) for f in fields)]
            for n, found in ((n, self._counted(n)) for n in self.family.sizes)
        ]
        with self.curves.hold_sync(), self.together():
            self.curves.data, self.curves.series = b"", series
            self.curves.show(table, x_max=self.family.sizes[-1], cursor=self.family.sizes.index(self.n.value))
            self.curves.label = f"{len(fields)} curves of numbers against n on log scales; solid: {self.chosen.name}"

    @property
    def shown(self) -> dict[str, Count]:
        """The descriptions that apply, by the field of ParameterCounts, in the order of KINDS."""
        counts = self.counts
        return {field: c for field in COLOURS if (c := getattr(counts, field)) is not None}

    @property
    def words(self) -> str:
        """The present choice in words."""
        V = self.family.V(self.n.value)
        W = str(self.copies * V) if self.copies > 1 else str(V)
        return f"{V.group}, {V} → {W}"

    def verdict(self) -> str:
        counts, chosen = self.counts, self.chosen
        told = f"{chosen.name}: {chosen.formula} = {chosen.number:,} numbers, {chosen.memory}."
        if counts.equations is None:
            return f"{told} Equations for {self.family.name} have no name here."
        free = counts.grassmannian.number
        return (
            f"{told} Equations: {counts.equations.number} coefficients at every n; span(U) takes {free:,} numbers here."
        )

    def state(self) -> dict[str, Any]:
        """The choice, and every number."""
        counts = self.counts
        return {
            "group": str(self.family.V(self.n.value).group),
            "n": self.n.value,
            "m": counts.dense.number // self.family.V(self.n.value).size,
            "k": self.k.value,
            "selected": self.field,
            "numbers": {field: c.number for field, c in self.shown.items()},
            "memory": self.chosen.memory,
        }

    def code(self) -> str:
        about, n = self.family, self.n.value
        names = [name for name in about.equations if "=" not in name]
        systems = [f"equations.named({name!r})" for name in names]
        systems += [f"equations.EquationSystem({text!r})" for text in about.equations if "=" in text]
        arguments = [
            "V",
            f"{self.copies} * V" if self.copies > 1 else "V",
            f"k={self.k.value}",
            f"rank={about.rank(n)}",
        ]
        if self.counts.kronecker:
            arguments.append(f"kronecker=[({n**2}, {n}), ({self.copies * n**2}, {self.copies * n})]")
        lines = ["from eqkit import equations, groups", "from eqkit.parameter_counts import count", ""]
        if systems:
            arguments.append("equations=coefficients")
            lines.append(f"systems = [{', '.join(systems)}]")
            lines.append("coefficients = sum(int((system.coefficients != 0).sum()) for system in systems)")
        lines.append(f"V = {about.code.format(n=n)}")
        return "\n".join([*lines, f"print(count({', '.join(arguments)}))"]) + "\n"


def _listed(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))
