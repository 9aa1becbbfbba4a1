"""A recorded phase diagram: which cells recovered the hidden space, and the two lines that belong in the picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from eqkit.parameter_counts.dimensions import DataBound, data_bound


class PhaseCell(NamedTuple):
    """One cell: sine, query and loss of each seed (see `Trial`), and the run of the first seed, step by step."""

    group: str
    arm: str
    tasks: int
    shots: int
    sine: list[float]
    query: list[float]
    loss: list[float]
    step: list[int]
    curves: list[list[float]]  # loss, and sine, at these steps
    free: int | None = None  # `free_directions` of the hidden space and these tasks, for the arm of a free U

    @property
    def recovered(self) -> float:
        """The share of seeds with a sine below 1e-3."""
        return sum(value < 1e-3 for value in self.sine) / len(self.sine)

    @property
    def fitted(self) -> float:
        """The share of seeds whose tasks are fitted, residual below 1e-16, by the hidden space or by another."""
        return sum(value < 1e-16 for value in self.loss) / len(self.loss)


class PhaseArm(NamedTuple):
    """What an arm learns for a group: so many numbers, of which `dimension` can be seen, to find k dimensions."""

    k: int
    parameters: int
    dimension: int


@dataclass(frozen=True)
class PhaseDiagram:
    """A recorded sweep over hidden groups of n points. `cells` in order, `arms` by (group, arm)."""

    n: int
    settings: dict
    arms: dict[tuple[str, str], PhaseArm]
    cells: tuple[PhaseCell, ...]

    @classmethod
    def load(cls, path: str | Path) -> PhaseDiagram:
        """Read what data/make/phase_runs.py wrote."""
        try:
            held = json.loads(Path(path).read_text(encoding="utf-8"))
            arms = {
                (row["group"], arm): PhaseArm(row["k"], *numbers)
                for row in held["groups"]
                for arm, numbers in row["arms"].items()
            }
            return cls(held["n"], held["settings"], arms, tuple(PhaseCell(**row) for row in held["cells"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no phase diagram; data/make/phase_runs.py writes one") from error

    def select(
        self, group: str | None = None, arm: str | None = None, tasks: int | None = None, shots: int | None = None
    ) -> Iterator[PhaseCell]:
        """The cells with these properties; one that is left out may be anything."""
        wanted = (group, arm, tasks, shots)
        return (cell for cell in self.cells if all(w in (None, c) for w, c in zip(wanted, cell[:4], strict=True)))

    def bound(self, group: str, arm: str, tasks: int, shots: int) -> DataBound:
        """The counting bound for what this arm has to find; `bound.least_tasks` is the line in the picture.

        For generators it holds for a generic U, and not always for an exact commutant: see `data_bound`.
        """
        if (group, arm) not in self.arms:
            raise ValueError(f"bound: {group!r}, {arm!r} is none of {', '.join(map(str, self.arms))}")
        about = self.arms[group, arm]
        return data_bound(about.k, self.n, self.n, tasks, shots, dimension=about.dimension)

    def determined_from(self, group: str, shots: int) -> int | None:
        """The least number of tasks that determine the hidden space locally, `free` = 0; None where none does."""
        return min((c.tasks for c in self.select(group, shots=shots) if c.free == 0), default=None)

    def recovered_from(self, group: str, arm: str, shots: int, share: float = 0.5) -> int | None:
        """The least number of tasks from which on at least this share of seeds is recovered; None where none is."""
        least = None
        for cell in sorted(self.select(group, arm, shots=shots), key=lambda c: -c.tasks):
            if cell.recovered < share:
                break
            least = cell.tasks
        return least
