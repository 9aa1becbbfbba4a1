"""PhaseDiagram: from how many tasks, shots and parameters a hidden symmetry was recovered; every cell is a run."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from eqkit import parameter_counts
from eqkit.parameter_counts import ALTERNATING, DENSE, PhaseCell
from eqkit.tasks import data_file
from eqkit.views import style
from eqkit.views.components import Chart, Component, _esm, _synced
from eqkit.views.player import Player
from eqkit.views.table import Table
from eqkit.views.view import View

ROWS = {"shots": "shots", "descriptions of U": "arm", "hidden groups": "group"}
RECORDED = "recorded_runs/phase.json"
HUES = [style.CLASSES[i] for i in (0, 1, 2, 5, 6, 4, 7)]
LINES = {
    "counting bound": {"colour": "group", "dash": False},
    "determined locally": {"colour": "negative", "dash": True},
}


def share_colour(share: float) -> str:
    """A share in [0, 1] as a colour of cividis: none dark blue, all yellow."""
    from matplotlib import colormaps, colors

    return colors.to_hex(colormaps["cividis"](share))


class PhaseCells(Component):
    """A table of cells with a colour (hex, "" where there is none) and a word each; `lines` run between cells.

    lines: {"name", "colour", "dash", "at": for each row the number of cells left of the line, or None}. Hovering
    outlines a cell in the browser; resting on it, a click, or the arrow keys set `cursor`, its flat index.
    """

    _esm = _esm("phase_cells")
    rows = _synced(traitlets.List())
    columns = _synced(traitlets.List())
    colours = _synced(traitlets.List())
    words = _synced(traitlets.List())
    lines = _synced(traitlets.List())
    cursor = _synced(traitlets.Int(-1))
    x_label = _synced(traitlets.Unicode("tasks"))

    def draw(self, axes: Any) -> None:
        h, w = len(self.rows), len(self.columns)
        for i, (hue, word) in enumerate(zip(self.colours, self.words, strict=True)):
            r, c = divmod(i, w)
            if hue:
                axes.add_patch(_square(c, r, facecolor=hue, edgecolor="white"))
                ink = "black" if style.rgb(hue) @ np.array([0.3, 0.59, 0.11]) > 120 else "white"
                axes.text(c + 0.5, r + 0.5, word, ha="center", va="center", fontsize=9, color=ink)
        for line in self.lines:
            steps = [(c, y) for r, c in enumerate(line["at"]) for y in (r, r + 1) if c is not None]
            dash = "--" if line["dash"] else "-"
            x, y = zip(*steps, strict=True) if steps else ((), ())
            axes.plot(x, y, dash, color=style.colour(line["colour"]), linewidth=3, label=line["name"], zorder=3)
        if 0 <= self.cursor < h * w:
            r, c = divmod(self.cursor, w)
            for hue, width in (("white", 4), ("black", 2)):
                axes.add_patch(_square(c, r, fill=False, edgecolor=hue, linewidth=width, zorder=4))
        axes.set(xlim=(0, w), ylim=(h, 0), xticks=np.arange(w) + 0.5, yticks=np.arange(h) + 0.5, xlabel=self.x_label)
        axes.set_xticklabels(self.columns)
        axes.set_yticklabels(self.rows, fontsize=9)
        axes.tick_params(length=0)
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
        axes.set_title(self.title)


def _square(c: int, r: int, **look: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((c, r), 1, 1, **look)


class PhaseDiagram(View):
    """A recorded sweep over hidden groups: the share of seeds recovered, by tasks and by what the rows are.

    source: a file of data/make/phase_runs.py, or what `parameter_counts.PhaseDiagram.load` gives; without it the one
    that comes with the kit. rows: "shots", "arm" or "group"; the other two are fixed by their menus. Vermilion: the
    counting bound for what the arm learns, left of which no method recovers the space; pink, for a free U: where these
    tasks determine it locally. The run of the selected cell, its first seed, is drawn beside; ▶ replays it. Where rows
    are descriptions, dots show the sine against the number of parameters at the chosen tasks. ValueError: what was not
    recorded.
    """

    title = "From how much data is the symmetry recovered?"
    player: Player

    def __init__(
        self,
        source: str | Path | parameter_counts.PhaseDiagram | None = None,
        rows: str = "shots",
        group: str | None = None,
        arm: str | None = None,
        shots: int | None = None,
    ) -> None:
        self._source = source
        if isinstance(source, parameter_counts.PhaseDiagram):
            self.diagram = source
        else:
            self.diagram = parameter_counts.PhaseDiagram.load(source or data_file(RECORDED))
        if rows not in ROWS.values():
            raise ValueError(f"PhaseDiagram: rows = {rows!r}; take one of {', '.join(ROWS.values())}")
        wanted = {"group": group, "arm": arm, "shots": shots}
        for name, value in wanted.items():
            if value is not None and value not in (known := self._values(name)):
                raise ValueError(f"PhaseDiagram: {name} = {value!r} was not recorded; there is {_listed(known)}")
        self._start = rows, wanted
        wide: dict[str, Any] = {"style": {"description_width": "auto"}, "layout": {"width": "19em"}}
        self.rows = ipywidgets.Dropdown(options=ROWS, value=rows, description="rows", **wide)
        self.menus = {
            name: ipywidgets.Dropdown(options=[], description=words, **wide)
            for name, words in (("group", "hidden group"), ("arm", "description of U"), ("shots", "shots"))
        }
        self.cells = PhaseCells(title="seeds recovered", width=506, height=240, lines=[])
        self.curves = Chart(
            "its run: the first seed",
            [{"name": "loss", "colour": "data"}, {"name": "sine", "colour": "learned"}],
            288,
            210,
            log=True,
            log_x=True,
            x_label="step, counted from 1",
        )
        self.about = Table(title="this cell", width=288, height=230)
        self.dots = Chart("sine against number of parameters", [], 506, 200, log=True, log_x=True)
        self.dots.x_label = "parameters of the description"
        self.player = Player(lambda _: None, lambda _: None, lambda step: f"step {step}")
        self.player.follow(self.curves, "cursor")
        self._settle()
        self.assemble(
            [[self.cells, self.dots], [self.curves, self.about]],
            [self.rows, *self.menus.values()],
            self.player,
        )
        self.on(self.rows, "value", self._turn)
        for menu in self.menus.values():
            self.on(menu, "value", self._fill)
        self.on(self.cells, "cursor", self._choose)

    def reset(self) -> None:
        """The rows and menus of the beginning."""
        self._settle()

    def _settle(self) -> None:
        rows, wanted = self._start
        with self.together():
            self.rows.value = rows
            self._tasks: int | None = None
            self._fill(wanted)

    def _values(self, name: str, **fixed: Any) -> list[Any]:
        """What was recorded of "group", "arm" or "shots" where the others are fixed, in order."""
        return list(dict.fromkeys(getattr(cell, name) for cell in self.diagram.select(**fixed)))

    def _turn(self) -> None:
        """Other rows: of a group and an arm that have many of them."""
        self._fill({})

    def _fill(self, wanted: dict[str, Any] | None = None) -> None:
        """Menus offer what was recorded with what stands before them; then the cells.

        They keep their values, or take those wanted and else the usual ones.
        """
        fixed: dict[str, Any] = {}
        with self.together():
            for name, menu in self.menus.items():
                menu.layout.display = "none" if name == self.rows.value else ""
                if name == self.rows.value:
                    continue
                counted = Counter(
                    {v: len(self._values(self.rows.value, **{**fixed, name: v})) for v in self._values(name, **fixed)}
                )
                value = menu.value if wanted is None else wanted.get(name)
                menu.options = sorted(counted) if name == "shots" else list(counted)
                menu.value = value if value in counted else self._usual(name, counted)
                fixed[name] = menu.value
            self._paint()

    @staticmethod
    def _usual(name: str, counted: Counter) -> Any:
        """What has most rows, of these a free U by damped Newton."""
        most = [value for value, count in counted.items() if count == max(counted.values())]
        return DENSE.name if name == "arm" and DENSE.name in most else most[0]

    @property
    def fixed(self) -> dict[str, Any]:
        """The group, arm and shots that the menus fix, two of these."""
        return {name: menu.value for name, menu in self.menus.items() if name != self.rows.value}

    def _paint(self) -> None:
        fixed, kind = self.fixed, self.rows.value
        found = {(getattr(cell, kind), cell.tasks): cell for cell in self.diagram.select(**fixed)}
        names = list(dict.fromkeys(row for row, _ in found))
        order = {"shots": lambda v: v, "arm": lambda v: -self._arm(v).parameters, "group": lambda v: self._k(v)}[kind]
        self.names = sorted(names, key=order)  # type: ignore[arg-type]
        self.tasks = sorted({tasks for _, tasks in found})
        self.table = [found.get((row, tasks)) for row in self.names for tasks in self.tasks]
        shown = [
            ("", "") if c is None else (share_colour(c.recovered), str(round(c.recovered * len(c.sine))))
            for c in self.table
        ]
        seeds = max(len(c.sine) for c in found.values())
        place = {"shots": "{group}: {arm}", "arm": "{group}, {shots} shots", "group": "{arm}, {shots} shots"}[kind]
        self.dots.layout.display = "" if kind == "arm" else "none"
        if self.cells.cursor >= 0 and self._tasks is None:
            self.cells.cursor = -1
        with self.cells.hold_sync():
            self.cells.title = f"of {seeds} seeds recovered: {place.format(**fixed)}"
            self.cells.height = 36 * len(self.names) + 70
            self.cells.rows, self.cells.columns = [self._named(row) for row in self.names], list(map(str, self.tasks))
            self.cells.colours, self.cells.words = ([pair[i] for pair in shown] for i in (0, 1))
            self.cells.lines = [
                {"name": name, **look, "at": [self._line(name, row) for row in self.names]}
                for name, look in LINES.items()
            ]
            self.cells.cursor = self._near()
        self._choose()

    def _near(self) -> int:
        """The cell of the tasks that were chosen, or one at the edge of recovery; in the row chosen, or the middle."""
        w = len(self.tasks)
        row = min(max(self.cells.cursor, 0) // w, len(self.names) - 1) if self._tasks else len(self.names) // 2
        inside = [i for i in range(row * w, (row + 1) * w) if self.table[i] is not None]
        inside = inside or [i for i, cell in enumerate(self.table) if cell is not None]
        if wanted := self._tasks:
            return min(inside, key=lambda i: abs(math.log(self.tasks[i % w] / wanted)))
        return min(inside, key=lambda i: abs(self.table[i].recovered - 0.5))  # type: ignore[union-attr]

    def _arm(self, arm: str) -> parameter_counts.PhaseArm:
        return self.diagram.arms[self.menus["group"].value, arm]

    def _k(self, group: str) -> int:
        return next(about.k for (name, _), about in self.diagram.arms.items() if name == group)

    def _named(self, row: Any) -> str:
        """A row as it is called in the picture."""
        if self.rows.value == "shots":
            return f"{row} shot{'s' * (row > 1)}"
        return f"{row}, k = {self._k(row)}" if self.rows.value == "group" else str(row)

    def _line(self, name: str, row: Any) -> int | None:
        """How many cells of a row lie left of a line; None where the line says nothing about the row."""
        at = {**self.fixed, self.rows.value: row}
        if name == "counting bound":
            least = self.diagram.bound(at["group"], at["arm"], 1, at["shots"]).least_tasks
        else:
            cells = list(self.diagram.select(at["group"], shots=at["shots"]))
            told = {cell.tasks for cell in cells if cell.free is not None}
            if at["arm"] not in (DENSE.name, ALTERNATING.name) or told != {cell.tasks for cell in cells}:
                return None
            least = self.diagram.determined_from(at["group"], at["shots"])
        return len(self.tasks) if least is None else sum(tasks < least for tasks in self.tasks)

    def select(self, row: Any, tasks: int) -> None:
        """Select the cell of this row (its shots, arm or group) and so many tasks."""
        if row not in self.names or tasks not in self.tasks or self.table[i := self._index(row, tasks)] is None:
            raise ValueError(
                f"select({row!r}, {tasks}): not recorded; rows are {_listed(self.names)}, tasks {_listed(self.tasks)}"
            )
        self.cells.cursor = i

    def _index(self, row: Any, tasks: int) -> int:
        return self.names.index(row) * len(self.tasks) + self.tasks.index(tasks)

    @property
    def cell(self) -> PhaseCell:
        """The selected cell."""
        at = self.cells.cursor
        cell = self.table[at] if 0 <= at < len(self.table) else None
        return cell or next(cell for cell in self.table if cell is not None)

    def _choose(self) -> None:
        """Draw the run of the selected cell, and tell its numbers."""
        cell = self.cell
        self._tasks = cell.tasks
        loss, sine = cell.curves
        steps = [step + 1 for step in cell.step]
        self.curves.show(list(zip(steps, loss, sine, strict=True)), x_max=max(10, steps[-1]), cursor=-1)
        last = f"after {cell.step[-1]} steps loss {loss[-1]:.1e} and sine {sine[-1]:.1e}"
        self.curves.label = f"Loss and sine of the largest angle over steps, log scales: {last}"
        self.player.load(lambda: iter(cell.step))
        self.player.run()
        self.player.bar.pace = max(1.0, len(steps) / 4)  # replayed in four seconds
        bound, about = self.diagram.bound(*cell[:4]), self.diagram.arms[cell[:2]]
        seeds = len(cell.sine)
        rows = [
            ["tasks × shots", f"{cell.tasks} × {cell.shots}"],
            ["learned, seen", f"{about.parameters:,}, {about.dimension:,}; k = {about.k}"],
            ["equations, unknowns", f"{bound.equations:,}, {bound.unknowns:,}"],
            ["counting bound", "no number of tasks" if bound.least_tasks is None else f"{bound.least_tasks:,} tasks"],
            ["sine < 1e-3", f"{round(cell.recovered * seeds)} of {seeds} seeds"],
            ["loss < 1e-16", f"{round(cell.fitted * seeds)} of {seeds} seeds"],
            ["sine, median", f"{statistics.median(cell.sine):.2g}"],
            ["query loss, median", f"{statistics.median(cell.query):.2g}"],
        ]
        if cell.free is not None:
            rows.append(["free directions", str(cell.free)])
        self.about.show(rows, label="; ".join(": ".join(row) for row in rows))
        names = [f"{name} {text}" for name, text in zip(self.cells.rows, self._spoken(), strict=True)]
        self.cells.label = (
            f"{self.cells.title}. {'; '.join(names)}. Selected: {cell.tasks} tasks, {cell.shots} shots. "
            "Arrow keys select a cell"
        )
        if self.rows.value == "arm":
            self._compare(cell.tasks)

    def _spoken(self) -> list[str]:
        """Each row in words: from how many tasks on at least half of the seeds are recovered."""
        at = [{**self.fixed, self.rows.value: row} for row in self.names]
        least = [self.diagram.recovered_from(each["group"], each["arm"], each["shots"]) for each in at]
        return ["not recovered" if tasks is None else f"recovered from {tasks} tasks on" for tasks in least]

    def _compare(self, tasks: int) -> None:
        """A dot for every description: how far it is from the hidden space after so many tasks."""
        cells = [cell for row in self.names[::-1] if (cell := self.table[self._index(row, tasks)]) is not None]
        numbers = [self._arm(cell.arm).parameters for cell in cells]
        sines = [statistics.median(cell.sine) for cell in cells]
        blank = [math.nan] * len(cells)
        table = [[n, *blank[:i], s, *blank[i + 1 :]] for i, (n, s) in enumerate(zip(numbers, sines, strict=True))]
        table = [[0.7 * numbers[0], *blank], *table, [1.4 * numbers[-1], *blank]]  # room at both ends
        with self.dots.hold_sync():
            self.dots.data = b""
            self.dots.series = [
                {"name": f"{cell.arm}: {n}", "colour": hue, "points": True}
                for cell, n, hue in zip(cells, numbers, HUES, strict=False)
            ]
            self.dots.title = f"median sine, {tasks} tasks × {self.fixed['shots']} shots"
            self.dots.show(table, cursor=1 + [cell.arm for cell in cells].index(self.cell.arm))
            told = ", ".join(f"{c.arm}, {n} numbers: {s:.1e}" for c, n, s in zip(cells, numbers, sines, strict=True))
            self.dots.label = f"Median sine against the number of parameters: {told}"

    def verdict(self) -> str:
        cell, bound = self.cell, self.diagram.bound(*self.cell[:4])
        seeds = f"{round(cell.recovered * len(cell.sine))} of {len(cell.sine)} seeds"
        told = f"{cell.group}, {cell.arm}, {cell.tasks} tasks × {cell.shots} shots: {seeds} recovered. "
        words = bound.verdict[:1].upper() + bound.verdict[1:]
        other = sum(loss < 1e-16 and sine > 1e-3 for loss, sine in zip(cell.loss, cell.sine, strict=True))
        if other:
            words += f"; in {other} seed{'s' * (other > 1)} another space fits the tasks"
        return f"{told}{words}."

    def state(self) -> dict[str, Any]:
        """What is fixed, the selected cell with its counts, and the lines, as numbers of cells left of them."""
        cell, bound = self.cell, self.diagram.bound(*self.cell[:4])
        return {
            "rows": self.rows.value,
            "group": cell.group,
            "arm": cell.arm,
            "tasks": cell.tasks,
            "shots": cell.shots,
            "recovered": round(cell.recovered * len(cell.sine)),
            "fitted": round(cell.fitted * len(cell.sine)),
            "seeds": len(cell.sine),
            "least_tasks": bound.least_tasks,
            "table": self.cells.words,
            "lines": {line["name"]: line["at"] for line in self.cells.lines},
            "position": self.player.position,
        }

    def code(self) -> str:
        cell = self.cell
        if isinstance(self._source, parameter_counts.PhaseDiagram):
            load = "# diagram: the recorded sweep that was given"
        elif self._source is None:
            load = f"diagram = PhaseDiagram.load(data_file({RECORDED!r}))"
        else:
            load = f"diagram = PhaseDiagram.load({str(self._source)!r})"
        fixed = ", ".join(f"{name}={value!r}" for name, value in self.fixed.items())
        return f"""from eqkit.parameter_counts import PhaseDiagram
from eqkit.tasks import data_file

{load}
for cell in diagram.select({fixed}):
    print(cell.{self.rows.value}, cell.tasks, cell.recovered)
(cell,) = diagram.select({", ".join(map(repr, cell[:4]))})
loss, sine = cell.curves
print(diagram.bound({", ".join(map(repr, cell[:4]))}).verdict)
"""


def _listed(values: list[Any]) -> str:
    return ", ".join(map(str, values))
