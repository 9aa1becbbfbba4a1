"""ConstraintSatisfaction: a matrix is trained in five ways, and one sees how well each keeps equations in M."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import ipywidgets
import torch
from torch import Tensor

from eqkit.equations import Equation, EquationSystem
from eqkit.equivariant_maps import Hom
from eqkit.unitary import Examples, constraints
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.player import Player
from eqkit.views.table import Table
from eqkit.views.view import View

METHODS = {"free": "data", "penalty": "learned", "projection": "invariant", "Cayley": "group", "exp": "#009E73"}
SYSTEMS = ("M Mᵀ = E, M S = S M", "M Mᵀ = E", "M S = S M", "M Mᵀ = E, M∘M = M", "M J = J, Mᵀ J = J")
HOLDS = 1e-6  # ‖p(M)‖ below which an equation counts as satisfied
NOISE, STEPS = 0.1, 150


class Trained(NamedTuple):
    """The matrices after a step: M (methods, n, n), in the order of `methods`."""

    step: int
    M: Tensor


def near_identity(system: EquationSystem, n: int, generator: torch.Generator) -> Tensor:
    """A solution of the equations (n, n), projected from E plus Gaussian noise."""
    return system.project(_noisy(torch.eye(n, dtype=torch.float64), 0.7, generator))


def _noisy(M: Tensor, size: float, generator: torch.Generator) -> Tensor:
    return M + size * torch.randn(M.shape, generator=generator, dtype=torch.float64) / len(M) ** 0.5


def methods(system: EquationSystem, n: int) -> tuple[str, ...]:
    """The names of METHODS that the equations allow at n: Cayley and exp go along a group, which has E in it."""
    solved = bool(system.residual(torch.eye(n, dtype=torch.float64)) < HOLDS)
    return tuple(METHODS) if solved else tuple(METHODS)[:3]


def train(
    system: EquationSystem, target: Tensor, weight: float, steps: int, generator: torch.Generator
) -> Iterator[Trained]:
    """Learn `target` M* (n, n) from n − 1 noisy examples y = M* x + ε by gradient descent from E, once for each method.

    They are ways of eqkit.unitary.constraints. free: the squared error alone · penalty: plus weight · ‖p(M)‖² ·
    projection: free, then back to p(M) = 0 each step · Cayley: along the group by a Cayley transform · exp: M = e^A.
    """
    n = len(target)
    x, noise = torch.randn(2, 1, n - 1, n, generator=generator, dtype=torch.float64)
    data = Examples(x, x @ target.mT + NOISE * noise, target[None])
    ways = {
        "free": constraints.free(data),
        "penalty": constraints.penalty(data, system, weight),
        "projection": constraints.equations(data, system),
        "Cayley": constraints.retraction(data, system),
        "exp": constraints.lie_algebra(data, system),
    }
    together = zip(*(ways[name] for name in methods(system, n)), strict=True)
    for step, M in enumerate(itertools.islice(together, steps + 1)):
        yield Trained(step, torch.cat(M))


def layers(system: EquationSystem, n: int) -> tuple[Tensor, Tensor]:
    """Bases of Hom(V, V) and Hom(V, V*) of the group of the solutions, each of norm 1: (k, n, n) and (l, n, n).

    ValueError if the solutions form no group.
    """
    V = system.group(n).vector
    W, B = (torch.as_tensor(Hom(V, out).basis, dtype=torch.float64) for out in (V, V.dual))
    return tuple(H / torch.linalg.matrix_norm(H)[:, None, None] for H in (W, B))  # type: ignore[return-value]


def equivariance(M: Tensor, W: Tensor, B: Tensor) -> Tensor:
    """How far the layers of the true group are from equivariant under M (…, n, n): (…).

    The largest of ‖W M − M W‖ over W in Hom(V, V) and ‖Mᵀ B M − B‖ over B in Hom(V, V*).
    """
    M = M[..., None, :, :]
    return torch.linalg.matrix_norm(torch.cat([W @ M - M @ W, M.mT @ B @ M - B], -3)).amax(-1)


class ConstraintSatisfaction(View):
    """One matrix, five trainings: how well does each keep the equations, and is that worth it?

    ▶ trains M on too few examples of a hidden solution M*, in all METHODS side by side. On log axes, with a band in
    which they count as 0: ‖p(M)‖ of the first two equations, the equivariance error of the layers of the true group,
    and the larger of ‖p(M M)‖ (closure) and ‖p(M⁻¹)‖ (inverse). The table has all at the step shown. The slider n
    asks the same equations at another dimension: a solution is disturbed there, and projected back.
    equations: as for EquationSystem, with commas; size: the n of the training; weight: of the penalty.
    """

    title = "Five ways to keep an equation while training"
    player: Player

    def __init__(
        self, equations: str = SYSTEMS[0], size: int = 6, weight: float = 1.0, n: int = 24, seed: int = 0
    ) -> None:
        if not 2 <= size <= 12:
            raise ValueError(f"size = {size}: train a matrix of 2 to 12 rows; the slider n checks larger ones")
        self.size, self.seed, self._start = size, seed, (equations, weight, "projection", n)
        wide = {"style": {"description_width": "auto"}, "layout": {"width": "21em"}}
        self.equations = ipywidgets.Combobox(
            value=equations, options=SYSTEMS, description="equations", continuous_update=False, **wide
        )
        self.weight = ipywidgets.FloatLogSlider(weight, base=10, min=-2, max=2, description="penalty weight", **wide)
        self.method = ipywidgets.ToggleButtons(options=list(METHODS), value="projection")
        self.n = ipywidgets.IntSlider(
            n, 3, 50, description="the same equations at n =", **wide | {"layout": {"width": "28em"}}
        )
        self.method.style.button_width = "6.5em"
        self.matrix, self.wrong = MatrixCanvas(size=215), MatrixCanvas(ink="magnitude", size=215)
        self.there, self.left = MatrixCanvas(ink="invariant", size=215), MatrixCanvas(ink="magnitude", size=215)
        curves = [
            {"name": name, "colour": hue, "dash": name == "penalty", "letter": str(k)}
            for k, (name, hue) in enumerate(METHODS.items(), 1)
        ]
        names = ("", "", "distance from the hidden matrix", "equivariance of its layers", "closure and inverse")
        self.first, self.second, self.distance, self.equivariance, self.group = self.charts = [
            Chart(name, curves, log=i != 2, legend=False, height=115, width=350) for i, name in enumerate(names)
        ]
        self.table = Table(width=600, height=140)
        self.player = Player(self._show, self._keep, self._describe)
        for component, trait in (
            *((canvas, "frame") for canvas in (self.matrix, self.wrong)),
            *((chart, "cursor") for chart in self.charts),
        ):
            self.player.follow(component, trait)
        self._load()
        self.assemble(
            [
                [self.matrix, self.wrong],
                [self.first, self.second, self.distance],
                [self.there, self.left],
                [self.equivariance, self.group, self.table],
            ],
            [self.equations, self.weight, self.method, self.n],
            self.player,
        )
        self.on(self.equations, "value", self._load)
        self.on(self.weight, "value", self._load)
        self.on(self.method, "value", self._redraw)
        self.on(self.n, "value", self._check)

    def reset(self) -> None:
        """The equations, weight and n of the beginning, untrained."""
        with self.together():
            self.equations.value, self.weight.value, _, self.n.value = self._start
        self._load()
        self.method.value = self._start[2]

    def _load(self) -> None:
        system = EquationSystem(*self.equations.value.split(","))
        generator = torch.Generator().manual_seed(self.seed)
        self.target = near_identity(system, self.size, generator)
        self.system, self.names = system, methods(system, self.size)
        self._rows: dict[int, Tensor] = {}
        try:
            self.layers: tuple[Tensor, Tensor] | None = layers(system, self.size)
        except (ValueError, RuntimeError):  # the solutions form no group
            self.layers = None
        if self.method.options != self.names:
            with self.together():
                self.method.options, self.method.value = self.names, "projection"
        for chart, equation in zip(self.charts[:2], (*system.equations, None), strict=False):
            chart.title, chart.layout.display = (norm(equation), "") if equation else ("", "none")
        self.equivariance.layout.display = "" if self.layers else "none"
        for chart in self.charts:
            chart.data = b""
        run = train(system, self.target, self.weight.value, STEPS, generator)
        self.player.load(lambda: run)
        self._check()

    def _check(self) -> None:
        """The same equations at n: disturb a solution, measure, project, measure."""
        n, generator = self.n.value, torch.Generator().manual_seed(self.seed)
        self.before = self.after = math.nan  # should a letter not exist at n
        disturbed = _noisy(near_identity(self.system, n, generator), 0.2, generator)
        projected = self.system.project(disturbed)
        self.before, self.after = (float(self.system.residuals(M).max()) for M in (disturbed, projected))
        with self.there.hold_sync(), self.left.hold_sync():
            self.there.title, self.left.title = (
                f"projected at n = {n}",
                f"|{difference(self.system.equations[0])}| there",
            )
            self.there.show(values=projected)
            self.left.show(values=self.system(projected)[0].abs(), scale=1.0)

    def measures(self, M: Tensor) -> dict[str, Tensor]:
        """What the charts and the table show of matrices (…, n, n): each (…)."""
        products = {"closure": M @ M, "inverse": torch.linalg.inv_ex(M).inverse}
        return {
            **dict(zip(map(norm, self.system.equations), self.system.residuals(M).unbind(-1), strict=True)),
            **({"equivariance": equivariance(M, *self.layers)} if self.layers else {}),
            **{name: self.system.residuals(product).amax(-1) for name, product in products.items()},
            "distance": torch.linalg.matrix_norm(M - self.target) / self.size**0.5,
        }

    def _show(self, snapshot: Trained) -> None:
        snapshots = self.player.snapshots
        if new := [s for s in snapshots if s.step not in self._rows]:
            measured = self.measures(torch.stack([s.M for s in new]))
            table = torch.stack(list(measured.values()), 1)  # (steps, measures, methods)
            missing = math.nan * table.new_zeros(*table.shape[:2], len(METHODS) - len(self.names))
            self._rows |= dict(zip((s.step for s in new), torch.cat([table, missing], -1), strict=True))
        rows = torch.stack([self._rows[s.step] for s in snapshots])
        steps = rows.new_tensor([s.step for s in snapshots])[:, None]
        count = len(self.system.equations)
        chosen = {self.first: rows[:, 0], self.distance: rows[:, -1], self.group: rows[:, -3:-1].amax(1)}
        chosen |= {self.second: rows[:, 1]} if count > 1 else {}
        chosen |= {self.equivariance: rows[:, count]} if self.layers else {}
        for chart, values in chosen.items():
            band, least = ([], 0.0) if chart is self.distance else ([1e-17, HOLDS], 1e-17)
            chart.show(torch.cat([steps, values.clamp(min=least)], 1).tolist(), band=band, x_max=STEPS)
        self._draw(snapshot.M)

    def _draw(self, M: Tensor) -> None:
        """The chosen one of the matrices (…, methods, n, n), or a stack of them, and what is wrong with it."""
        name = self.method.value
        chosen = M[..., self.names.index(name), :, :]
        self.matrix.title, self.wrong.title = f"M, {name}", f"|{difference(self.system.equations[0])}|, {name}"
        self.matrix.ink = METHODS[name]
        self.matrix.ramp = style.ramp(METHODS[name]).tobytes()
        self.matrix.show(values=chosen, scale=1.0)
        self.wrong.show(values=self.system(chosen)[..., 0, :, :].abs(), scale=1.0)

    def _keep(self, snapshots: list[Trained]) -> None:
        if snapshots:
            self._draw(torch.stack([s.M for s in snapshots]))
        else:
            self._draw(self.target.new_zeros(len(self.names), self.size, self.size))

    def _redraw(self) -> None:
        self._keep(self.player.snapshots)

    def _describe(self, snapshot: Trained) -> str:
        return f"step {snapshot.step} of {STEPS} · {self.size} × {self.size} entries, {self.size - 1} noisy examples"

    def sync(self) -> None:
        """Also the table: a row for each method at the step shown."""
        shown, hues = self.player.current, [METHODS[name] for name in self.names]
        values = {} if shown is None else self.measures(shown.M)
        words = [[_short(float(v[k])) for v in values.values()] for k in range(len(self.names))]
        self.table.show(
            [[f"{k + 1} {name}", *words[k]] for k, name in enumerate(self.names)],
            columns=["", *values],
            colours=hues,
            dashes=[name == "penalty" for name in self.names],
            title="the curves" if shown is None else f"after step {shown.step}",
        )
        super().sync()

    def verdict(self) -> str:
        count = self.system.coefficients.count_nonzero()
        there = (
            f"The same {count} coefficients at n = {self.n.value}: residual {self.before:.2g} before projection, "
            f"{'below ' + format(HOLDS, 'g') if self.after < HOLDS else format(self.after, '.2g')} after."
        )
        if self.player.current is None or self.player.running:
            return there
        kept = [name for name, holds in self._holds().items() if holds]
        return f"After training the equations hold for: {', '.join(kept) or 'none'}. {there}"

    def _holds(self) -> dict[str, bool]:
        residuals = self.system.residuals(self.player.current.M).amax(1)
        return {name: bool(r < HOLDS) for name, r in zip(self.names, residuals, strict=True)}

    def state(self) -> dict[str, Any]:
        """Settings, position, and which equations hold; no digits of trained numbers."""
        shown = self.player.current
        return {
            "equations": self.system.text,
            "size": self.size,
            "weight": self.weight.value,
            "method": self.method.value,
            "group": self.layers is not None,
            "n": self.n.value,
            "holds_at_n": self.after < HOLDS,
            "snapshots": len(self.player.snapshots),
            "position": self.player.position,
            "running": self.player.running,
            **({"step": shown.step, "holds": self._holds()} if shown and not self.player.running else {}),
        }

    def code(self) -> str:
        last = self.player.current.step if self.player.current else 0
        texts = ", ".join(repr(str(equation)) for equation in self.system.equations)
        measured = f'print("equivariance:", equivariance(M, *layers(system, {self.size})))' if self.layers else ""
        return f"""import torch
from eqkit.equations import EquationSystem
from eqkit.views.constraint_satisfaction import equivariance, layers, methods, near_identity, train

system = EquationSystem({texts})
generator = torch.Generator().manual_seed({self.seed})
target = near_identity(system, {self.size}, generator)
run = train(system, target, {self.weight.value:g}, {STEPS}, generator)
M = next(s.M for s in run if s.step == {last})
print(methods(system, {self.size}), system.residuals(M), sep="\\n")
print("closure, inverse:", system.residuals(M @ M), system.residuals(M.inverse()))
{measured}
there = near_identity(system, {self.n.value}, generator)  # the same equations at n = {self.n.value}
"""


def difference(equation: Equation) -> str:
    """The equation as one expression: M Mᵀ = E gives M Mᵀ − E."""
    left, right = str(equation).split(" = ")
    return left if right == "0" else f"{left} − ({right})" if re.search(" [−+] ", right) else f"{left} − {right}"


def norm(equation: Equation) -> str:
    """How the size of what is left of an equation is written: ‖M Mᵀ − E‖."""
    return f"‖{difference(equation)}‖"


def _short(value: float) -> str:
    """0.21, 3e−7."""
    text = f"{value:.2g}" if 1e-3 <= value < 1e3 else f"{value:.0e}"
    return text.replace("e-0", "e-").replace("-", "−") if math.isfinite(value) else "–"
