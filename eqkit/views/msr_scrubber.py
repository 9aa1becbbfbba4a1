"""MSRScrubber: one or two recorded runs on one time axis, side by side, without training."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import torch

from eqkit import groups, meta_learning, subspaces
from eqkit.meta_learning import MetaLearning, Snapshot
from eqkit.tasks import data_file
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.live_msr import LiveMSR
from eqkit.views.msr_reading import COLUMNS, GAUGE, LETTERS, Reading, Target, found_at, read_settings
from eqkit.views.player import Player
from eqkit.views.view import View

Source = str | Path | LiveMSR | MetaLearning | Sequence[Snapshot]
PATTERN, NOTHING = "sharing pattern", "nothing"
SECOND = style.CLASSES[1]  # sky blue, and dashed
FRAMES = 240
LEAST = 1e-4  # of the sines drawn: runs of one seed begin in one space, and rounding must not stretch the axis to 1e-15
RECORDED = {"C(8), recorded": "recorded_runs/C_8.npz", "D(6), recorded": "recorded_runs/D_6.npz"}


@dataclass(eq=False)
class Run:
    """Readings in order of their steps, and the lines of code that load the snapshots."""

    name: str
    readings: list[Reading]
    code: str

    @classmethod
    def of(cls, source: Source, name: str, shape: tuple[int, int] | None, group: groups.MatrixGroup | None) -> Run:
        """Of a file, a view, a training or its snapshots; ValueError where the shape of the weight is not known."""
        settings, code = None, f"snapshots = {name}.snapshots"
        if isinstance(source, LiveMSR):
            readings = list(source.player.snapshots)
            code = f"snapshots = [reading.snapshot for reading in {name}.player.snapshots]"
            if not readings:
                raise ValueError(f"MSRScrubber: {name} has no snapshots yet; train it first, with ▶ or player.run()")
            return cls(name, readings, code)
        if isinstance(source, str | Path):
            snapshots, settings = meta_learning.load_run(source), read_settings(source)
            code = f"snapshots = meta_learning.load_run({str(source)!r})"
        else:
            snapshots = source.snapshots if isinstance(source, MetaLearning) else list(source)
        if not snapshots:
            raise ValueError(f"MSRScrubber: {name} has no snapshots yet; train it first")
        if "U" not in snapshots[0].parameters:
            raise ValueError(f"MSRScrubber: {name} has no U, only {', '.join(snapshots[0].parameters)}")
        if settings:
            target = Target.hidden(settings["group"], settings["shots"], settings["noise"])
        else:
            size = len(snapshots[0].U)
            n = round(size**0.5)
            shape = shape or (group.n, group.n) if group else shape or (n, n)
            if shape[0] * shape[1] != size:
                raise ValueError(
                    f"MSRScrubber: U of {name} has {size} rows, one a weight, which is no {shape[0]} × {shape[1]}; "
                    "give shape=(n_out, n_in)"
                )
            target = Target.end(snapshots, shape)
            if group is not None:
                known = Target.hidden(group, 1, 0.0)
                target = Target(known.pattern, known.space, group)
        return cls(name, [Reading(snapshot, target) for snapshot in snapshots], code)

    @property
    def steps(self) -> list[int]:
        return [reading.snapshot.step for reading in self.readings]

    def at(self, step: int) -> Reading:
        """The last reading not after this step, or the first."""
        return self.readings[max(0, bisect.bisect_right(self.steps, step) - 1)]


class MSRScrubber(View):
    """One or two runs of a symmetry matrix: drag through them together, to see which finds what first.

    a, b: a file (LiveMSR.save, MetaLearning.save, save_run), a LiveMSR, a meta-learning loop, or a list of snapshots;
    without any, recorded runs to choose from. A run is measured against its hidden group, which LiveMSR saves with it
    or `group` names, and otherwise against its own last U. shape: (n_out, n_in), unless it is square. All frames go to
    the browser once; scrubbing and ▶ need no kernel.
    """

    title = "Runs on one time axis: which finds its directions first?"
    player: Player

    def __init__(
        self,
        a: Source | None = None,
        b: Source | None = None,
        group: groups.MatrixGroup | None = None,
        shape: tuple[int, int] | None = None,
    ) -> None:
        given = {name: source for name, source in (("a", a), ("b", b)) if source is not None}
        sources: dict[str, Source] = given or {name: data_file(path) for name, path in RECORDED.items()}
        self._runs = {name: Run.of(source, name, shape, group) for name, source in sources.items()}
        names = list(self._runs)
        wide: dict[str, Any] = {"style": {"description_width": "auto"}, "layout": {"width": "17em"}}
        self._start = names[0], names[1] if len(names) > 1 else NOTHING
        self.left = ipywidgets.Dropdown(options=names, value=self._start[0], description="left", **wide)
        self.right = ipywidgets.Dropdown(options=[*names, NOTHING], value=self._start[1], description="right", **wide)
        self.basis = ipywidgets.Dropdown(options=[PATTERN, COLUMNS, GAUGE], description="shown", **wide)
        self.canvases = [MatrixCanvas("", ink="learned", size=240) for _ in range(2)]
        self.loss = Chart("loss on new examples", [], 292, 130, log=True)
        self.angle = Chart("sine of the largest angle", [], 292, 130, log=True)
        self.directions = Chart("directions found", [], 292, 90, legend=False)
        self.player = Player(lambda _: None, lambda _: None, self._describe)
        for canvas in self.canvases:
            self.player.follow(canvas, "frame")
        for chart in (self.loss, self.angle, self.directions):
            self.player.follow(chart, "cursor")
        self._load()
        self.assemble(
            [[self.canvases[0]], [self.canvases[1]], [self.loss, self.angle, self.directions]],
            [self.left, self.right, self.basis],
            self.player,
        )
        for control in (self.left, self.right):
            self.on(control, "value", self._load)
        self.on(self.basis, "value", self._paint)

    @property
    def runs(self) -> list[Run]:
        """The runs that are shown, one or two."""
        return [self._runs[c.value] for c in (self.left, self.right) if c.value != NOTHING]

    @property
    def step(self) -> int:
        """The step that is shown."""
        return self.frames[-1] if self.player.current is None else self.player.current

    def _load(self) -> None:
        """The steps of both runs together, at most FRAMES of them, and everything that is drawn at each."""
        steps = sorted({step for run in self.runs for step in run.steps})
        chosen = sorted({round(i) for i in np.linspace(0, len(steps) - 1, min(FRAMES, len(steps)))})
        self.frames = [steps[i] for i in chosen]
        at = [[run.at(step) for run in self.runs] for step in self.frames]
        looks = [("learned", False), (SECOND, True)][: len(self.runs)]
        lines = [
            {"name": run.name, "colour": hue, "dash": dash} for run, (hue, dash) in zip(self.runs, looks, strict=True)
        ]
        both = len(self.runs) == 2 and len({r.target.pattern.shape for r in at[-1]}) == 1
        between = [_between(pair) for pair in at] if both else []
        self._chart(self.loss, lines, [[r.snapshot.loss for r in row] for row in at])
        self._chart(
            self.angle,
            lines + ([{"name": "between them", "colour": "data", "dash": False}] if both else []),
            [[max(LEAST, r.sine) for r in row] + between[i : i + 1] for i, row in enumerate(at)],
        )
        self._chart(self.directions, lines, [[float(r.directions) for r in row] for row in at])
        self._paint()
        frames = list(self.frames)
        self.player.load(lambda: iter(frames))
        self.player.run()
        self.player.bar.pace = max(1.0, len(frames) / 8)  # replayed in eight seconds

    def _chart(self, chart: Chart, lines: list[dict[str, Any]], rows: list[list[float]]) -> None:
        with chart.hold_sync():
            chart.data, chart.series = b"", lines
            chart.show([[step, *row] for step, row in zip(self.frames, rows, strict=True)], x_max=self.frames[-1])

    def _paint(self) -> None:
        """Every frame of what is chosen, in one message a canvas."""
        self.canvases[1].layout.display = "" if len(self.runs) == 2 else "none"
        for canvas, run in zip(self.canvases, self.runs, strict=False):
            readings = [run.at(step) for step in self.frames]
            canvas.title = f"{run.name}: {self.basis.value}"
            if self.basis.value == PATTERN:
                small = readings[0].target.pattern.numel() <= LETTERS
                letters = torch.stack([r.letters for r in readings]) if small else None
                canvas.show(pixels=np.stack([r.pixels for r in readings]), labels=letters)
            else:
                canvas.show(values=np.stack([r.tiles(self.basis.value) for r in readings]), scale=1.0)

    def _describe(self, step: int) -> str:
        return f"step {step} of {self.frames[-1]}"

    def verdict(self) -> str:
        step, words = self.step, list[str]()
        for run in self.runs:
            reading = run.at(step)
            held = f"{reading.directions} of {reading.target.dim} directions"
            words.append(f"{run.name}: loss {reading.snapshot.loss:.3g}, {held}")
        whole = [
            found_at(run.readings)[-1][0]
            for run in self.runs
            if run.readings[-1].directions == run.readings[-1].target.dim
        ]
        if len(whole) == 2 and whole[0] != whole[1]:
            first = self.runs[int(whole[1] < whole[0])]
            words.append(f"{first.name} has all its directions first, at step {min(whole)} against {max(whole)}")
        return ". ".join(words) + "."

    def state(self) -> dict[str, Any]:
        """What is shown, and how many directions each run has there."""
        step = self.step
        return {
            "left": self.left.value,
            "right": self.right.value,
            "shown": self.basis.value,
            "frames": len(self.frames),
            "position": self.player.position,
            "step": step,
            "directions": [run.at(step).directions for run in self.runs],
        }

    def reset(self) -> None:
        with self.together():
            (self.left.value, self.right.value), self.basis.value = self._start, PATTERN
        self._load()

    def code(self) -> str:
        lines = ["from eqkit import meta_learning, symmetry_matrices"]
        for run in self.runs:
            shape = tuple(run.readings[0].target.pattern.shape)
            step = run.at(self.step).snapshot.step
            lines += [
                run.code,
                f"U = next(s.U for s in snapshots if s.step == {step})  # of {run.name}",
                f"print(symmetry_matrices.recover(U, {shape}))",
            ]
        return "\n".join(lines) + "\n"


def _between(pair: list[Reading]) -> float:
    """The sine of the largest angle between two learned spaces; 1 for unequal dimensions."""
    A, B = (reading.space for reading in pair)
    return max(LEAST, float(subspaces.principal_angles(A, B).sin().max())) if A.shape == B.shape else 1.0
