"""What LiveMSR and MSRScrubber read off a snapshot of a run, and how both draw it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqkit import equivariant_maps, groups, meta_learning, subspaces, symmetry_matrices
from eqkit.meta_learning import LeastSquares, Snapshot
from eqkit.symmetry_matrices import patterns, recovery
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.linear import LinearTasks
from eqkit.views import style
from eqkit.views.components import Chart

RIDGE, QUERY = 1e-3, 10
FOUND = 0.5  # sine of a principal angle below which a direction counts as found
LETTERS = 400  # weights up to which each snapshot's pattern is read off
COLUMNS, GAUGE = "columns of U", "canonical gauge"


@dataclass(eq=False)
class Target:
    """What the snapshots of a run are measured against: a hidden group's maps, or the end of the run itself."""

    pattern: Tensor  # (n_out, n_in) labels, which give the colours
    space: Tensor  # (n_out·n_in, dim)
    group: groups.MatrixGroup | None = None
    tasks: LinearTasks | None = None  # to see which weights tasks arrive at

    @classmethod
    def hidden(cls, G: groups.MatrixGroup, shots: int, noise: float) -> Target:
        """The maps of a permutation group, with the tasks that it was hidden in."""
        hom = equivariant_maps.Hom(G.vector, G.vector)
        return cls(hom.pattern, hom.U, G, hidden_group(G, shots, QUERY, noise))

    @classmethod
    def end(cls, snapshots: Sequence[Snapshot], shape: tuple[int, int]) -> Target:
        """The last U of a run, where nothing is known of what was hidden."""
        U = snapshots[-1].U.double()
        return cls(symmetry_matrices.sharing_pattern(U, shape), subspaces.orthonormal(U))

    @property
    def dim(self) -> int:
        return self.space.shape[1]

    @cached_property
    def _episodes(self) -> tuple[Tensor, Tensor]:
        assert self.tasks is not None
        episodes = self.tasks(200, torch.Generator().manual_seed(1))
        return episodes.x_support, episodes.y_support

    def filters(self, snapshot: Snapshot) -> Tensor:
        """The filters (200, k) that new tasks arrive at with this U; without tasks, as if they used all columns."""
        U = snapshot.U
        if self.tasks is None:
            return torch.eye(U.shape[1], dtype=U.dtype)
        layer = symmetry_matrices.ReparameterizedLinear.fixed(U, (self.pattern.shape[0], self.pattern.shape[1]))
        if "v" in snapshot.parameters:
            layer.v.data = snapshot.parameters["v"]
        with torch.no_grad():
            return LeastSquares(RIDGE)(layer, *self._episodes)


@dataclass(eq=False)
class Reading:
    """A snapshot, and what can be read off its U."""

    snapshot: Snapshot
    target: Target

    def __post_init__(self) -> None:
        U = self.snapshot.U.double()
        self.filters = self.target.filters(self.snapshot)
        self.space = symmetry_matrices.learned_space(U, self.filters)
        values, _ = patterns.weight_spectrum(U, self.filters)
        scale = math.sqrt(len(self.filters) * len(self.target.pattern)) if self.target.tasks else float(values[0])
        self.spectrum = values / scale  # a direction of the hidden maps has about 1
        angles = subspaces.principal_angles(U, self.target.space).sin()
        self.sines = torch.cat([angles, angles.new_ones(self.target.dim - len(angles))])
        self.pixels = class_colours(self.space, self.target.pattern)

    @property
    def sine(self) -> float:
        """Of the largest principal angle between span(U) and the target; 1 where U has too few columns."""
        return float(self.sines[-1])

    @property
    def directions(self) -> int:
        """How many directions of the target span(U) holds."""
        return int((self.sines < FOUND).sum())

    @cached_property
    def residual(self) -> float:
        """The largest of `residuals` over the generators of the hidden group; NaN if none is known."""
        G = self.target.group
        return math.nan if G is None or len(G.generators) == 0 else float(residuals(self.space, G).max())

    @cached_property
    def labels(self) -> Tensor:
        """The sharing pattern of the learned space."""
        shape = self.target.pattern.shape
        return symmetry_matrices.sharing_pattern(self.space, (shape[0], shape[1]))

    @property
    def found(self) -> int:
        """How many classes of equal weights U has."""
        return int(self.labels.max()) + 1

    @property
    def letters(self) -> Tensor:
        """The labels, or −1 everywhere while weights are hardly tied at all."""
        pattern = self.target.pattern
        if pattern.numel() > LETTERS or self.found > max(pattern.numel() // 2, int(pattern.max()) + 1):
            return -torch.ones_like(pattern)
        return self.labels

    @cached_property
    def gauge(self) -> Tensor:
        """The canonical gauge of the learned space, (out·in, rank)."""
        labels, signs = recovery.classes(self.space, self.space.shape[1])
        return recovery.canonical_gauge(self.space, labels, signs)

    @cached_property
    def recovery(self) -> symmetry_matrices.Recovery:
        """The group that is read off."""
        shape = self.target.pattern.shape
        return symmetry_matrices.recover(self.snapshot.U, (shape[0], shape[1]), self.filters)

    def tiles(self, basis: str) -> np.ndarray:
        """The k columns of U, or those of the canonical gauge, as matrices beside and below each other; see `tiled`."""
        shape = self.target.pattern.shape
        M = self.snapshot.U if basis == COLUMNS else self.gauge
        return tiled(M.detach().numpy(), (shape[0], shape[1]), self.snapshot.U.shape[1])


def residuals(U: Tensor, G: groups.MatrixGroup) -> Tensor:
    """‖W ρ(g) − ρ(g) W‖ / ‖W‖ for each generator, root mean square over span(U): U (n², k) -> (generators,)."""
    W = subspaces.orthonormal(U).T.reshape(-1, G.n, G.n)
    g = G.generators[:, None]
    return (W @ g - g @ W).square().sum((2, 3)).mean(1).sqrt()


def class_colours(U: Tensor, pattern: Tensor) -> np.ndarray:
    """Colours (out, in, 3) uint8 that sharpen as span(U) turns into the span of a pattern's indicators.

    An orthonormal basis of span(U) is turned, not stretched, as near as it can be to the indicators (Procrustes), so
    the colours belong to the subspace. A weight mixes the class colours by its shares in the indicators; none is white.
    """
    labels = pattern.flatten()
    B = torch.nn.functional.one_hot(labels.clamp(min=0), int(labels.max()) + 1).double() * (labels >= 0)[:, None]
    sizes = B.sum(0).sqrt()
    Q = subspaces.orthonormal(U)
    left, _, right = torch.linalg.svd(Q.T @ (B / sizes), full_matrices=False)
    share = ((Q @ left @ right) * sizes).clamp(min=0).square().numpy()  # (out·in, classes), 1 where all is found
    total = share.sum(1, keepdims=True)
    hues = np.stack([style.rgb(style.class_style(c)[0]) for c in range(share.shape[1])])
    hue = share @ hues / np.maximum(total, 1e-12)
    return np.rint(255 + np.minimum(1, np.sqrt(total)) * (hue - 255)).astype(np.uint8).reshape(*pattern.shape, 3)


def tiled(M: np.ndarray, shape: tuple[int, int], count: int) -> np.ndarray:
    """Columns (out·in, k) as matrices in a nearly square grid of `count` tiles, float32, NaN (grey) between and after.

    The largest magnitude is 1: the size of a column means nothing, for v can be scaled the other way.
    """
    n_out, n_in = shape
    across = math.ceil(math.sqrt(count * n_out / n_in))
    down = math.ceil(count / across)
    grid = np.full((down, n_out + 1, across, n_in + 1), np.nan, np.float32)
    for j, column in enumerate((M / max(np.abs(M).max(), 1e-12)).T[:count]):
        grid[j // across, :-1, j % across, :-1] = column.reshape(shape)
    return grid.reshape(down * (n_out + 1), across * (n_in + 1))[:-1, :-1]


def found_at(readings: Sequence[Reading]) -> list[list[Any]]:
    """Marks of a chart: the steps at which one more direction of the target is held than ever before."""
    marks, most = [], 0
    for reading in readings:
        if reading.directions > most:
            most = reading.directions
            marks.append([reading.snapshot.step, str(most)])
    return marks


def draw_lines(chart: Chart, names: Sequence[str], dashed: Sequence[str] = ()) -> None:
    """Curves of a chart, from orange to blue, and dashed ones in the colour of group elements; no points yet."""
    lines = [
        {"name": name, "colour": style.mix("learned", "invariant", j / max(1, len(names) - 1)), "dash": False}
        for j, name in enumerate(names)
    ]
    with chart.hold_sync():
        chart.data = b""
        chart.series = lines + [{"name": name, "colour": "group", "dash": True} for name in dashed]


def show_loss(chart: Chart, readings: Sequence[Reading], steps: float) -> None:
    """The loss with its floor, the plateau on which one direction is missing, and marks where directions are found.

    A missing direction of Hom_G costs each output 1 of the variance dim Hom, so the loss rests near 1, 2, 3, … .
    """
    floor, target = readings[-1].snapshot.floor, readings[-1].target
    floors = [[floor, f"floor {floor:.2g}"]] if floor > 1e-9 else []
    if target.tasks and target.dim > 1:
        floors.append([1 + (floor if floor > 0 else 0), "one direction missing"])
    rows = [(r.snapshot.step, r.snapshot.loss) for r in readings]
    chart.show(rows, floors=floors, marks=found_at(readings), x_max=steps)


def read_settings(path: str | Path) -> dict[str, Any] | None:
    """The settings that LiveMSR saved with a run, the group a MatrixGroup; None for a run of another origin."""
    with np.load(path) as file:
        if "settings" not in file:
            return None
        settings = json.loads(str(file["settings"]))
    name, permutations = settings["group"]
    return settings | {"group": groups.permutation_group(permutations, name)}


def save_readings(path: str | Path, readings: Sequence[Reading], count: int, settings: dict[str, Any]) -> None:
    """`count` snapshots, evenly chosen, and settings that `read_settings` reads."""
    G = settings["group"]
    settings = settings | {"group": [str(G), G.permutations.tolist()]}
    chosen = sorted({round(i) for i in np.linspace(0, len(readings) - 1, count)})
    meta_learning.save_run(path, [readings[i].snapshot for i in chosen], settings=np.array(json.dumps(settings)))
