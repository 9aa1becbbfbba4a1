"""LiveMSR: a random symmetry matrix turns into the sharing pattern of a hidden group, before your eyes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Self

import ipywidgets
import numpy as np
import torch

from eqkit import groups, meta_learning, symmetry_matrices
from eqkit.meta_learning import LeastSquares, MetaLearning, Snapshot
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.cycles import read_cycles
from eqkit.views.msr_reading import (
    COLUMNS,
    GAUGE,
    QUERY,
    RIDGE,
    Reading,
    Target,
    draw_lines,
    read_settings,
    save_readings,
    show_loss,
)
from eqkit.views.player import Player
from eqkit.views.spelling import spell_group
from eqkit.views.view import View

OWN = "your own generators"
RATE, BATCH = 1e-3, 32
TOLERANCE = 1e-2  # sine of the largest principal angle below which the subspace counts as found


class LiveMSR(View):
    """Choose a hidden permutation group; ▶ meta-learns a symmetry matrix U from tasks that share it, and nothing else.

    W = mat(U v) with v fitted to each task in closed form; U (n², k) starts at random. Above the pattern of Hom_G that
    U never sees; below the learned one: its colours, its letters and the group read off depend on span(U) alone. The
    loss falls from plateau to plateau, a direction of Hom_G at a time. Right the columns of U, each a matrix, or the
    canonical gauge of their span; and the spectrum of the weights that tasks arrive at, 1 for a direction of Hom_G.
    group: a permutation group (default C(8)); shots: support examples a task; k: columns of U (default dim Hom_G).
    """

    title = "Can a matrix discover a symmetry from tasks alone?"
    player: Player

    def __init__(
        self,
        group: groups.MatrixGroup | None = None,
        noise: float = 0.1,
        shots: int = 5,
        k: int | None = None,
        steps: int = 300,
        seed: int = 0,
    ) -> None:
        cyclic, product = groups.C(8), groups.S(3) * groups.S(3)
        offered = [cyclic, groups.D(6), groups.S(6), product, groups.A(4), flips(3, 3), quarter_turns(3)]
        G = cyclic if group is None else group
        if not G.is_permutation or not 2 <= G.n <= 12:
            raise ValueError(f"LiveMSR({G}): the hidden group must permute 2 to 12 points, as groups.D(6) does")
        if not (1 <= (1 if k is None else k) <= G.n**2 and 0 <= noise <= 1 and 1 <= shots <= 10):
            raise ValueError(
                f"LiveMSR(k={k}, noise={noise}, shots={shots}): choose 1 ≤ k ≤ {G.n**2}, the entries of a weight, "
                "0 ≤ noise ≤ 1 and 1 ≤ shots ≤ 10"
            )
        self._groups = {str(g): g for g in ([] if G in offered else [G]) + offered}
        self._start, self._k = (str(G), noise, shots), k
        self.steps, self.seed, self._recorded = steps, seed, ""
        self._loaded: tuple = ()
        wide = {"style": {"description_width": "auto"}, "layout": {"width": "19em"}}
        self.choice = ipywidgets.Dropdown(
            options=[*self._groups, OWN], value=str(G), description="hidden group", **wide
        )
        self.typed = ipywidgets.Text("(0 1 2 3), (0 2)", description="generators", continuous_update=False, **wide)
        self.noise = ipywidgets.FloatSlider(noise, min=0, max=1, step=0.05, description="noise", **wide)
        self.shots = ipywidgets.IntSlider(shots, 1, 10, description="shots a task", **wide)
        self.k = ipywidgets.IntSlider(1, 1, G.n**2, description="columns k of U", **wide)
        self.basis = ipywidgets.Dropdown(options=[COLUMNS, GAUGE], description="shown of U", **wide)
        self.typed.layout.display = "none"
        # in all 848 pixels: beside JupyterLab's sidebar nothing wraps
        self.hidden = MatrixCanvas("hidden: equal weights", size=190)
        self.learned = MatrixCanvas("learned", size=190)
        self.loss = Chart("loss on new examples", [{"name": "loss", "colour": "learned"}], 312, 150, log=True)
        self.progress = Chart("distance from the hidden group", [], 312, 150, log=True)
        self.columns = MatrixCanvas("", ink="learned", size=240)
        self.spectrum = Chart("spectrum of what tasks use", [], 274, 120, legend=False)
        self.player = Player(self._show, self._keep, self._describe)
        for canvas in (self.learned, self.columns):
            self.player.follow(canvas, "frame")
        for chart in (self.loss, self.progress, self.spectrum):
            self.player.follow(chart, "cursor")
        for name in ("selected", "hovered"):
            ipywidgets.jslink((self.hidden, name), (self.learned, name))
        self._choose(k)
        self.assemble(
            [[self.hidden, self.learned], [self.loss, self.progress], [self.columns, self.spectrum]],
            [self.choice, self.typed, self.noise, self.shots, self.k, self.basis],
            self.player,
        )
        for control in (self.choice, self.typed):
            self.on(control, "value", self._choose)
        for slider in (self.noise, self.shots, self.k):
            self.on(slider, "value", self._load)
        self.on(self.basis, "value", self._show_columns)

    @classmethod
    def replay(cls, path: str | Path) -> Self:
        """A recorded run (`save`): nothing is trained, ▶ and the scrubber replay it."""
        settings = read_settings(path)
        if settings is None:
            raise ValueError(f"LiveMSR.replay({str(path)!r}): no settings of a LiveMSR are in it; use MSRScrubber")
        view = cls(**settings)
        view._recorded = str(path)
        for control in view.controls[:-1]:
            control.disabled = True
        view.reset()
        return view

    def save(self, path: str | Path, count: int = 61) -> None:
        """`count` snapshots, evenly chosen, and the settings as npz, for `replay` and `meta_learning.load_run`."""
        settings = {
            "group": self.group,
            "noise": self.noise.value,
            "shots": self.shots.value,
            "k": self.k.value,
            "steps": self.steps,
            "seed": self.seed,
        }
        save_readings(path, self.player.snapshots, count, settings)

    def reset(self) -> None:
        """The settings of the beginning and a new random U; of a recorded run, its end."""
        if self._recorded:
            readings = [Reading(s, self.target) for s in meta_learning.load_run(self._recorded)]
            self.player.load(lambda: iter(readings))
            self.player.run()
            self.player.bar.pace = len(readings) / 8  # replayed in eight seconds
            return
        self.choice.value, self.noise.value, self.shots.value = self._start
        self.basis.value = COLUMNS
        self._choose(self._k)

    def _choose(self, k: int | None = None) -> None:
        """Take the chosen or typed group, set k to dim Hom_G and begin anew."""
        own = self.choice.value == OWN
        self.typed.layout.display = "" if own else "none"
        self.group = read_cycles(self.typed.value) if own else self._groups[self.choice.value]
        self.target = Target.hidden(self.group, self.shots.value, self.noise.value)
        self.hidden.show(labels=self.pattern)
        with self.k.hold_trait_notifications():
            self.k.max = min(self.group.n**2, max(2 * self.dimension + 2, k or 0))
            self.k.value = k or self.dimension
        self._load()

    def _load(self) -> None:
        settings = (self.group, self.noise.value, self.shots.value, self.k.value)
        if settings != self._loaded or self.player.snapshots:
            self._loaded = settings
            target = self.target = Target.hidden(self.group, self.shots.value, self.noise.value)
            draw_lines(self.progress, [""] * (self.dimension - 1) + ["largest sine"], ["‖Wg − gW‖"])
            draw_lines(self.spectrum, [f"direction {j + 1}" for j in range(self.k.value)])
            run = self._meta_learning()
            start = Snapshot(0, math.nan, run.floor, {"U": run.parameters["U"].detach().clone()})
            self._untrained = Reading(start, target)
            self.player.load(lambda: (Reading(snapshot, target) for snapshot in run))

    def _meta_learning(self) -> MetaLearning:
        n, generator = self.group.n, torch.Generator().manual_seed(self.seed)
        tasks, inner = hidden_group(self.group, self.shots.value, QUERY, self.noise.value), LeastSquares(RIDGE)
        return meta_learning.meta_learn(
            symmetry_matrices.ReparameterizedLinear(n, n, self.k.value, generator),
            tasks,
            inner,
            steps=self.steps,
            batch=BATCH,
            learning_rate=RATE,
            cosine_decay=True,
            floor=tasks.floor(inner),
            snapshots=self.steps + 1,
            generator=generator,
        )

    @property
    def pattern(self) -> torch.Tensor:
        """The hidden pattern, (n, n) labels."""
        return self.target.pattern

    @property
    def dimension(self) -> int:
        """dim Hom_G, the number of classes of the hidden pattern."""
        return int(self.pattern.max()) + 1

    def sync(self) -> None:
        """Frame the learned matrix in orange, turning blue as it converges."""
        reading = self.player.current or self._untrained
        self.learned.accent = style.mix("learned", "invariant", 1 - reading.sine)
        super().sync()

    def _show(self, reading: Reading) -> None:
        self.learned.show(pixels=reading.pixels, labels=reading.letters)
        self._show_columns([reading])
        rows = self.player.snapshots or [reading]
        show_loss(self.loss, rows, self.steps)
        self.progress.show(
            [(r.snapshot.step, *r.sines.tolist(), r.residual) for r in rows],
            band=[TOLERANCE / 100, TOLERANCE],
            x_max=self.steps,
        )
        self.spectrum.show([(r.snapshot.step, *r.spectrum.tolist()) for r in rows], x_max=self.steps)

    def _show_columns(self, readings: list[Reading] | None = None) -> None:
        self.columns.title = self.basis.value
        readings = readings or self.player.snapshots or [self._untrained]
        self.columns.show(values=np.stack([r.tiles(self.basis.value) for r in readings]), scale=1.0)

    def _keep(self, readings: list[Reading]) -> None:
        if not readings:
            return self._show(self._untrained)
        pixels, letters = np.stack([r.pixels for r in readings]), torch.stack([r.letters for r in readings])
        self.learned.show(pixels=pixels, labels=letters)
        self._show_columns(readings)

    def _describe(self, reading: Reading) -> str:
        step, loss, floor, _ = reading.snapshot
        held = f"{reading.directions} of {self.dimension} directions"
        return f"step {step} of {self.steps} · loss {loss:.3g}, floor {floor:.3g} · {held}, {reading.found} classes"

    def verdict(self) -> str:
        reading = self.player.current
        if reading is None or self.player.running:
            return ""
        found = reading.recovery
        if not found.is_commutant:
            return f"No group has this span(U): {found.cautions[0]}."
        wrong = symmetry_matrices.partition_distance(found.pattern, self.pattern)
        truth = f"{wrong} weights differ from" if wrong else f"The hidden {self.group} has exactly"
        return (
            f"Read off U: {found.name}, order {found.group.order}, the largest group with this pattern "
            f"(the 2-closure), with confidence {math.floor(10 * found.confidence) / 10} or more; "
            f"{BATCH} tasks a step, {reading.snapshot.step} steps. {truth} {'the hidden' if wrong else 'this'} pattern."
        )

    def state(self) -> dict[str, Any]:
        """Settings, position, and exact readings of the snapshot shown; no digits of trained numbers."""
        reading = self.player.current
        learned: dict[str, Any] = {}
        if reading is not None and not self.player.running:
            found = reading.recovery
            learned = {
                "step": reading.snapshot.step,
                "directions": reading.directions,
                "classes": reading.found,
                "weights_astray": symmetry_matrices.partition_distance(reading.labels, self.pattern),
                f"sine_below_{TOLERANCE:g}": reading.sine < TOLERANCE,
                "read_off": found.name if found.is_commutant else "no group",
                "order": int(found.group.order),
                "confident": found.confidence > 0.5,
            }
        return {
            "hidden": str(self.group),
            "noise": self.noise.value,
            "shots": self.shots.value,
            "k": self.k.value,
            "steps": self.steps,
            "shown": self.basis.value,
            "hidden_classes": self.dimension,
            "snapshots": len(self.player.snapshots),
            "position": self.player.position,
            "running": self.player.running,
            **learned,
        }

    def code(self) -> str:
        reading = self.player.current
        last = reading.snapshot.step if reading else 0
        n, inner = self.group.n, f"meta_learning.LeastSquares({RIDGE})"
        if self._recorded:
            run = f"snapshots = meta_learning.load_run({self._recorded!r})"
        else:
            run = f"""generator = torch.Generator().manual_seed({self.seed})
model = symmetry_matrices.ReparameterizedLinear({n}, {n}, k={self.k.value}, generator=generator)
snapshots = meta_learning.meta_learn(
    model, tasks, {inner}, steps={self.steps}, batch={BATCH},
    learning_rate={RATE}, cosine_decay=True, snapshots={self.steps + 1}, generator=generator,
)"""
        return f"""import torch
from eqkit import groups, meta_learning, symmetry_matrices
from eqkit.tasks.hidden_groups import hidden_group

G = {spell_group(self.group)}
tasks = hidden_group(G, support={self.shots.value}, query={QUERY}, noise={self.noise.value})
{run}
U = next(s.U for s in snapshots if s.step == {last})
layer = symmetry_matrices.ReparameterizedLinear.fixed(U, ({n}, {n}))
episodes = tasks(200, torch.Generator().manual_seed(1))
v = {inner}(layer, episodes.x_support, episodes.y_support)
print(symmetry_matrices.recover(U, ({n}, {n}), v.detach()))
"""
