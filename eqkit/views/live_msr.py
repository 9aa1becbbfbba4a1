"""LiveMSR: a random symmetry matrix turns into the sharing pattern of a hidden group, before your eyes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from eqkit import equivariant_maps, groups, meta_learning, subspaces, symmetry_matrices
from eqkit.meta_learning import LeastSquares, MetaLearning, Snapshot
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.cycles import read_cycles
from eqkit.views.player import Player
from eqkit.views.spelling import spell_group
from eqkit.views.view import View

OWN = "your own generators"
RIDGE, RATE, BATCH, QUERY = 1e-3, 1e-3, 32, 10
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
TOLERANCE = 1e-2  # sine of the largest principal angle below which the subspace counts as found


def residuals(U: Tensor, G: groups.MatrixGroup) -> Tensor:
    """‖W ρ(g) − ρ(g) W‖ / ‖W‖ for each generator, root mean square over span(U): U (n², k) -> (generators,)."""
    W = subspaces.orthonormal(U).T.reshape(-1, G.n, G.n)
    g = G.generators[:, None]
    return (W @ g - g @ W).square().sum((2, 3)).mean(1).sqrt()


def classes(U: Tensor, pattern: Tensor) -> np.ndarray:
    """Colours (out, in, 3) uint8 that sharpen as span(U) turns into the span of a pattern's indicators.

    An orthonormal basis of span(U) is turned, not stretched, as near as it can be to the indicators (Procrustes), so
    the colours belong to the subspace. A weight mixes the class colours by its shares in the indicators; none is white.
    """
    labels = pattern.flatten()
    B = torch.nn.functional.one_hot(labels).double()
    sizes = B.sum(0).sqrt()
    Q = subspaces.orthonormal(U)
    left, _, right = torch.linalg.svd(Q.T @ (B / sizes), full_matrices=False)
    share = ((Q @ left @ right) * sizes).clamp(min=0).square().numpy()  # (out·in, classes), 1 where all is found
    total = share.sum(1, keepdims=True)
    hues = np.stack([style.rgb(style.class_style(c)[0]) for c in range(share.shape[1])])
    hue = share @ hues / np.maximum(total, 1e-12)
    return np.rint(255 + np.minimum(1, np.sqrt(total)) * (hue - 255)).astype(np.uint8).reshape(*pattern.shape, 3)


@dataclass(eq=False)
class Reading:
    """A snapshot, and what can be read off its U when the hidden group is known."""

    snapshot: Snapshot
    group: groups.MatrixGroup
    pattern: Tensor  # the hidden one, (n, n) labels

    def __post_init__(self) -> None:
        U = self.snapshot.U.double()
        truth = symmetry_matrices.indicators(self.pattern).to_dense().double()
        self.sine = float(subspaces.principal_angles(U, truth).max().sin())
        self.residuals = residuals(U, self.group)
        self.labels = symmetry_matrices.sharing_pattern(U, (self.group.n, self.group.n))
        if (self.labels < 0).all():  # the rows of a basis are not all zero: none are tied yet
            self.labels = torch.arange(self.labels.numel()).view_as(self.labels)
        self.pixels = classes(U, self.pattern)

    @property
    def found(self) -> int:
        """How many classes of equal weights U has."""
        return int(self.labels.max()) + 1

    @property
    def letters(self) -> Tensor:
        """The labels, or −1 everywhere while weights are hardly tied at all."""
        tied = self.found <= max(self.labels.numel() // 2, int(self.pattern.max()) + 1)
        return self.labels if tied else -torch.ones_like(self.labels)

    @cached_property
    def read_off(self) -> tuple[str, int]:
        """Name and order of the largest permutation group with the pattern of U."""
        G = symmetry_matrices.automorphism_group(self.labels)
        return G.identify(), int(G.order)


class LiveMSR(View):
    """Choose a hidden permutation group; ▶ meta-learns a symmetry matrix U from tasks that share it, and nothing else.

    W = mat(U v) with v fitted to each task in closed form; U (n², k) starts at random. Left the pattern of Hom_G, which
    U never sees; right the learned one: its letters and the group read off depend on span(U) alone.
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
        self.typed.layout.display = "none"
        self.hidden = MatrixCanvas("hidden: equal weights", size=230)
        self.learned = MatrixCanvas("learned", size=230)
        small = {
            "log": True,
            "width": 318,
            "height": 135,
        }  # in all 848 pixels: beside JupyterLab's sidebar nothing wraps
        self.loss = Chart("loss on new examples", [{"name": "loss", "colour": "learned"}], **small)
        self.progress = Chart("distance from the hidden group", [], **small)
        self.player = Player(self._show, self._keep, self._describe)
        for component, trait in ((self.learned, "frame"), (self.loss, "cursor"), (self.progress, "cursor")):
            self.player.follow(component, trait)
        for name in ("selected", "hovered"):
            ipywidgets.jslink((self.hidden, name), (self.learned, name))
        self._choose(k)
        self.assemble(
            [[self.hidden], [self.learned], [self.loss, self.progress]],
            [self.choice, self.typed, self.noise, self.shots, self.k],
            self.player,
        )
        for control in (self.choice, self.typed):
            self.on(control, "value", self._choose)
        for slider in (self.noise, self.shots, self.k):
            self.on(slider, "value", self._load)

    @classmethod
    def replay(cls, path: str | Path) -> Self:
        """A recorded run (`save`): nothing is trained, ▶ and the scrubber replay it."""
        with np.load(path) as file:
            settings = json.loads(str(file["settings"]))
        name, permutations = settings.pop("group")
        view = cls(groups.permutation_group(permutations, name), **settings)
        view._recorded = str(path)
        for control in view.controls:
            control.disabled = True
        view.reset()
        return view

    def save(self, path: str | Path, count: int = 61) -> None:
        """`count` snapshots, evenly chosen, and the settings as npz, for `replay` and `meta_learning.load_run`."""
        settings = {
            "group": [str(self.group), self.group.permutations.tolist()],
            "noise": self.noise.value,
            "shots": self.shots.value,
            "k": self.k.value,
            "steps": self.steps,
            "seed": self.seed,
        }
        chosen = sorted({round(i) for i in np.linspace(0, len(self.player.snapshots) - 1, count)})
        snapshots = [self.player.snapshots[i].snapshot for i in chosen]
        meta_learning.save_run(path, snapshots, settings=np.array(json.dumps(settings)))

    def reset(self) -> None:
        """The settings of the beginning and a new random U; of a recorded run, its end."""
        if self._recorded:
            readings = [Reading(s, self.group, self.pattern) for s in meta_learning.load_run(self._recorded)]
            self.player.load(lambda: iter(readings))
            self.player.run()
            self.player.bar.pace = len(readings) / 8  # replayed in eight seconds
            return
        self.choice.value, self.noise.value, self.shots.value = self._start
        self._choose(self._k)

    def _choose(self, k: int | None = None) -> None:
        """Take the chosen or typed group, set k to dim Hom_G and begin anew."""
        own = self.choice.value == OWN
        self.typed.layout.display = "" if own else "none"
        self.group = read_cycles(self.typed.value) if own else self._groups[self.choice.value]
        self.pattern = equivariant_maps.Hom(self.group.vector, self.group.vector).pattern
        self.hidden.show(labels=self.pattern)
        lines: list[dict[str, Any]] = [{"name": "sine of the angle", "colour": "learned"}]
        for j in range(len(self.group.generators)):
            g = "g" + str(j + 1).translate(SUBSCRIPTS)
            lines.append({"name": f"‖W{g} − {g}W‖", "colour": style.mix("group", "#bbbbbb", j / 4), "dash": j > 0})
        with self.progress.hold_sync():
            self.progress.data, self.progress.series = b"", lines
        with self.k.hold_trait_notifications():
            self.k.max = min(self.group.n**2, max(2 * self.dimension + 2, k or 0))
            self.k.value = k or self.dimension
        self._load()

    def _load(self) -> None:
        settings = (self.group, self.noise.value, self.shots.value, self.k.value)
        if settings != self._loaded or self.player.snapshots:
            self._loaded = settings
            run = self._meta_learning()
            start = Snapshot(0, math.nan, run.floor, {"U": run.parameters["U"].detach().clone()})
            self._untrained = Reading(start, self.group, self.pattern)
            group, pattern = self.group, self.pattern
            self.player.load(lambda: (Reading(snapshot, group, pattern) for snapshot in run))

    def _meta_learning(self) -> MetaLearning:
        n, generator = self.group.n, torch.Generator().manual_seed(self.seed)
        tasks = hidden_group(self.group, self.shots.value, QUERY, self.noise.value)
        inner = LeastSquares(RIDGE)
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
        rows, floor = self.player.snapshots, reading.snapshot.floor
        self.loss.show(
            [(r.snapshot.step, r.snapshot.loss) for r in rows],
            floors=[[floor, f"floor {floor:.2g}"]] if floor > 1e-9 else [],
            x_max=self.steps,
        )
        self.progress.show(
            [(r.snapshot.step, r.sine, *r.residuals.tolist()) for r in rows],
            band=[TOLERANCE / 100, TOLERANCE],
            x_max=self.steps,
        )

    def _keep(self, readings: list[Reading]) -> None:
        if not readings:
            return self._show(self._untrained)
        pixels, letters = np.stack([r.pixels for r in readings]), torch.stack([r.letters for r in readings])
        self.learned.show(pixels=pixels, labels=letters)

    def _describe(self, reading: Reading) -> str:
        step, loss, floor, _ = reading.snapshot
        classes = f"{reading.found} classes, hidden {self.dimension}"
        return f"step {step} of {self.steps} · loss {loss:.3g}, floor {floor:.3g} · {classes}"

    def verdict(self) -> str:
        reading = self.player.current
        if reading is None or self.player.running:
            return ""
        if reading.found > self.pattern.numel() // 2:
            return "No weights are tied yet: the only group with this pattern is the trivial one."
        name, order = reading.read_off
        wrong = symmetry_matrices.partition_distance(reading.labels, self.pattern)
        truth = f"{wrong} weights differ from" if wrong else f"The hidden {self.group} has exactly"
        return (
            f"Read off U: {name}, order {order}, the largest group with this pattern; {BATCH} tasks a step, "
            f"{reading.snapshot.step} steps. {truth} {'the hidden' if wrong else 'this'} pattern."
        )

    def state(self) -> dict[str, Any]:
        """Settings, position, and exact readings of the snapshot shown; no digits of trained numbers."""
        reading = self.player.current
        learned: dict[str, Any] = {}
        if reading is not None and not self.player.running:
            name, order = reading.read_off
            learned = {
                "step": reading.snapshot.step,
                "classes": reading.found,
                "weights_astray": symmetry_matrices.partition_distance(reading.labels, self.pattern),
                f"sine_below_{TOLERANCE:g}": reading.sine < TOLERANCE,
                "read_off": name,
                "order": order,
            }
        return {
            "hidden": str(self.group),
            "noise": self.noise.value,
            "shots": self.shots.value,
            "k": self.k.value,
            "steps": self.steps,
            "hidden_classes": self.dimension,
            "snapshots": len(self.player.snapshots),
            "position": self.player.position,
            "running": self.player.running,
            **learned,
        }

    def code(self) -> str:
        reading = self.player.current
        last = reading.snapshot.step if reading else 0
        if self._recorded:
            run = f"snapshots = meta_learning.load_run({self._recorded!r})"
        else:
            run = f"""generator = torch.Generator().manual_seed({self.seed})
tasks = hidden_group(G, support={self.shots.value}, query={QUERY}, noise={self.noise.value})
model = symmetry_matrices.ReparameterizedLinear({self.group.n}, {self.group.n}, k={self.k.value}, generator=generator)
snapshots = meta_learning.meta_learn(
    model, tasks, meta_learning.LeastSquares({RIDGE}), steps={self.steps}, batch={BATCH},
    learning_rate={RATE}, cosine_decay=True, snapshots={self.steps + 1}, generator=generator,
)"""
        return f"""import torch
from eqkit import groups, meta_learning, symmetry_matrices
from eqkit.tasks.hidden_groups import hidden_group

G = {spell_group(self.group)}
{run}
U = next(s.U for s in snapshots if s.step == {last})
pattern = symmetry_matrices.sharing_pattern(U, ({self.group.n}, {self.group.n}))
learned = symmetry_matrices.automorphism_group(pattern)
"""
