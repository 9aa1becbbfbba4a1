"""SymmetryComparison: one invariant function, every construction of an invariant network, trained side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ipywidgets
import torch
from torch import Tensor

from eqkit import groups, reynolds
from eqkit.deep_sets import CONSTRUCTIONS, NO_SYMMETRY, Row, compare
from eqkit.representations import Representation
from eqkit.views import style
from eqkit.views.components import Chart
from eqkit.views.player import Player
from eqkit.views.table import Table
from eqkit.views.view import View

NAMES = (NO_SYMMETRY, *CONSTRUCTIONS)
STEPS, EVERY, PARAMETERS, BATCH, TESTS = 600, 6, 1200, 32, 250
EXACT = 1e-10  # the invariance error that counts as none
HEAD = ["construction", "error", "invariance", "terms", "ms", "weights"]
Function = Callable[[Tensor], Tensor]


def _average(G: groups.MatrixGroup, f: Function) -> tuple[Representation, Function]:
    return G.vector, reynolds.project(f, G.vector)


def _vandermonde(x: Tensor) -> Tensor:
    i, j = torch.triu_indices(x.shape[1], x.shape[1], 1)
    return (x[:, i] - x[:, j]).prod(1)


def _lengths(x: Tensor) -> Tensor:
    """Of two vectors: sin‖a‖ − ‖b‖³/2 + a·b/(‖a‖‖b‖), the target of the O(5) task of Finzi et al. (2021)."""
    a, b = x.unflatten(1, (2, -1)).unbind(1)
    r, s = a.norm(dim=1), b.norm(dim=1)
    return r.sin() - s**3 / 2 + (a * b).sum(1) / (r * s)


def _sixth(x: Tensor) -> Tensor:
    return (x @ torch.tensor([1.0, 0.5, 0.25], dtype=x.dtype)) ** 6


TASKS: dict[str, Callable[[], tuple[Representation, Function]]] = {
    "C(5): mean of x₀ x₁² x₂": lambda: _average(groups.C(5), lambda x: x[:, 0] * x[:, 1] ** 2 * x[:, 2]),
    "D(4): mean of x₀² x₁": lambda: _average(groups.D(4), lambda x: x[:, 0] ** 2 * x[:, 1]),
    "A(4): Π (xᵢ − xⱼ)": lambda: (groups.A(4).vector, _vandermonde),
    "S(4): mean of x₀² x₁": lambda: _average(groups.S(4), lambda x: x[:, 0] ** 2 * x[:, 1]),
    "Icosahedral: mean of (a·x)⁶": lambda: _average(groups.Icosahedral(), _sixth),
    "O(3): lengths and angle of two vectors": lambda: (2 * groups.O(3).vector, _lengths),
}
"""Invariant functions to learn: name -> a function that gives V and f, f: (count, V.size) -> (count,)."""


class Standing(NamedTuple):
    """The latest row of every construction, in the order of NAMES, after `drawn` rows of `compare`."""

    rows: tuple[Row, ...]
    drawn: int

    @property
    def there(self) -> list[Row]:
        """The rows of constructions that are built: neither refused nor yet to come."""
        return [row for row in self.rows if row.parameters]

    @property
    def step(self) -> int:
        """The step that every construction has reached."""
        return min(row.step for row in self.rows if not row.refused)

    @property
    def progress(self) -> float:
        """The mean of their steps."""
        return sum(row.step for row in self.there) / len(self.there)


def standings(rows: Iterator[Row]) -> Iterator[Standing]:
    """Each row as the standing after it; a construction that is not built yet stands at step 0, without error."""
    latest = {name: Row(name, 0) for name in NAMES}
    for count, row in enumerate(rows, 1):
        latest[row.name] = row
        yield Standing(tuple(latest.values()), count)


def race(task: str, examples: int, seed: int = 0) -> Iterator[Row]:
    """`deep_sets.compare` of all constructions on a task of TASKS, with the budget of the view."""
    V, target = TASKS[task]()
    return compare(
        V, target, NAMES, parameters=PARAMETERS, steps=STEPS, every=EVERY, examples=examples, tests=TESTS,
        batch=BATCH, seed=seed)  # fmt: skip


class SymmetryComparison(View):
    """▶ trains every construction of the book on the same examples of one invariant function, a few steps each in turn.

    The curves are errors on new inputs, relative to the variance of the function. The table: that error, the largest
    |f(gx) − f(x)| met, evaluations of the inner network for one x, time and weights. A construction that the group has
    not is refused with its reason. task: a name in TASKS; examples: to learn from.
    """

    title = "Which way to make a network invariant?"
    player: Player

    def __init__(self, task: str = "A(4): Π (xᵢ − xⱼ)", examples: int = 200, seed: int = 0) -> None:
        if task not in TASKS:
            raise ValueError(f"task={task!r}: choose one of {', '.join(TASKS)}")
        if not isinstance(examples, int) or not 20 <= examples <= 500:
            raise ValueError(f"examples={examples!r}: an integer from 20 to 500")
        self.seed, self._start = seed, (task, examples)
        wide: dict[str, Any] = {"style": {"description_width": "auto"}}
        self.task = ipywidgets.Dropdown(
            options=list(TASKS), value=task, description="learn", layout={"width": "25em"}, **wide
        )
        self.examples = ipywidgets.IntSlider(
            examples, 20, 500, 20, description="examples", continuous_update=False, layout={"width": "20em"}, **wide
        )
        hues = ["data", *(style.class_style(i)[0] for i in range(len(CONSTRUCTIONS)))]
        dashes = [name in (NO_SYMMETRY, "separating", "frame", "sampled") for name in NAMES]
        series = [{"name": n, "colour": c, "dash": d} for n, c, d in zip(NAMES, hues, dashes, strict=True)]
        self.chart = Chart("error on new inputs", series, 300, 410, log=True, legend=False)
        self.table = Table(title="all at equal budget; ms: of one step", width=500, height=240, columns=HEAD)
        self.table.colours, self.table.dashes = hues, dashes
        self.reasons = Table(title="refused, and why", width=500, height=144)
        self.player = Player(self._show, self._keep, self._describe, fps=60)
        self.player.follow(self.chart, "cursor")
        self._load()
        self.assemble([[self.chart], [self.table, self.reasons]], [self.task, self.examples], self.player)
        self.on(self.task, "value", self._load)
        self.on(self.examples, "value", self._load)

    def reset(self) -> None:
        """The task of the beginning, untrained."""
        self.task.value, self.examples.value = self._start
        self._load()

    def _load(self) -> None:
        task, examples, seed = self.task.value, self.examples.value, self.seed
        self.player.load(
            lambda: standings(race(task, examples, seed)), "▶ builds all nine, and trains them side by side"
        )

    def sync(self) -> None:
        """Show the table of the snapshot at the scrubber."""
        if self.player.current and not self.player.running:
            self._tell(self.player.current)
        super().sync()

    def _show(self, standing: Standing) -> None:
        table = [(s.progress, *(row.error for row in s.rows)) for s in self.player.snapshots]
        self.chart.show(table, x_max=STEPS)
        self._tell(standing)

    def _tell(self, standing: Standing) -> None:
        self.table.show([_words(row) for row in standing.rows])
        self.table.label = f"{len(NAMES)} constructions after {standing.step} steps"
        refused = [f"{row.name}: {row.refused.removeprefix(row.name + ': ')}" for row in standing.rows if row.refused]
        self.reasons.show([["\n".join(refused) or "none: this group has them all"]])

    def _keep(self, snapshots: list[Standing]) -> None:
        if not snapshots:
            self.chart.show([], x_max=STEPS)
            self.table.show([_words(Row(name, 0)) for name in NAMES], label="nothing is trained yet")
            self.reasons.show([["▶ asks every construction for this group"]])

    def _describe(self, standing: Standing) -> str:
        return f"step {standing.step} of {STEPS} · {self.examples.value} examples, {PARAMETERS} weights each"

    def verdict(self) -> str:
        standing = self.player.current
        if standing is None or self.player.running:
            return ""
        there = standing.there
        best = min(there, key=lambda row: row.error)
        broken = [row.name for row in there if not row.invariance_error < EXACT]
        return (
            f"After {standing.step} steps the least error is that of: {best.name}. "
            f"Not invariant: {', '.join(broken) or 'none'}."
        )

    def state(self) -> dict[str, Any]:
        """Task, position, and what is exact about each construction; no digits of trained numbers."""
        standing = self.player.current
        shown: dict[str, Any] = {}
        if standing and not self.player.running:
            there = standing.there
            shown = {
                "step": standing.step,
                "refused": [row.name for row in standing.rows if row.refused],
                "invariant": [row.name for row in there if row.invariance_error < EXACT],
                "terms": {row.name: row.terms for row in there},
                "weights": {row.name: row.parameters for row in there},
            }
        return {
            "task": self.task.value,
            "examples": self.examples.value,
            "steps": STEPS,
            "snapshots": len(self.player.snapshots),
            "position": self.player.position,
            "running": self.player.running,
            **shown,
        }

    def code(self) -> str:
        standing = self.player.current
        count = standing.drawn if standing else 0
        return f"""import itertools
from eqkit.views.symmetry_comparison import race

rows = {{}}  # the latest of every construction
for row in itertools.islice(race({self.task.value!r}, {self.examples.value}, seed={self.seed}), {count}):
    rows[row.name] = row
for row in rows.values():
    print(f"{{row.name:22}} {{row.error:.3g}} {{row.invariance_error:.1e}} {{row.terms}} {{row.refused}}")
"""

    def still(self) -> bytes:
        """The present picture, without the times, which differ from run to run."""
        rows, time = self.table.rows, HEAD.index("ms")
        with self.table.hold_sync():  # nothing of this reaches the page
            self.table.rows = [[*row[:time], "", *row[time + 1 :]] for row in rows]
            picture = super().still()
            self.table.rows = rows
        return picture


def _words(row: Row) -> list[str]:
    """A row of the table."""
    if row.refused:
        return [row.name, "refused", "–", "–", "–", "–"]
    if not row.parameters:
        return [row.name, *"–––––"]
    invariance = "exact" if row.invariance_error < EXACT else f"{row.invariance_error:.0e}".replace("e-0", "e−")
    time = f"{1000 * row.seconds / row.step:.1f}" if row.step else "–"
    error = f"{row.error:.2g}" if math.isfinite(row.error) else "–"
    return [row.name, error, invariance, str(row.terms), time, f"{row.parameters:,}"]
