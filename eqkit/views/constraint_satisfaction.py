"""ConstraintSatisfaction: a matrix is trained freely, with a penalty and with projection onto equations in M."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ipywidgets
import torch
from torch import Tensor

from eqkit.equations import Equation, EquationSystem
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.player import Player
from eqkit.views.view import View

METHODS = {"free": "data", "penalty": "learned", "projection": "invariant"}
SYSTEMS = ("M Mᵀ = E, M S = S M", "M Mᵀ = E", "M S = S M", "M Mᵀ = E, M∘M = M", "M J = J, Mᵀ J = J")
HOLDS = 1e-6  # ‖p(M)‖ below which an equation counts as satisfied
NOISE, STEPS = 0.1, 150


class Trained(NamedTuple):
    """The three matrices after a step: M (3, n, n), in the order of METHODS."""

    step: int
    M: Tensor


def near_identity(system: EquationSystem, n: int, generator: torch.Generator) -> Tensor:
    """A solution of the equations (n, n), projected from E plus Gaussian noise."""
    return system.project(_noisy(torch.eye(n, dtype=torch.float64), 0.7, generator))


def _noisy(M: Tensor, size: float, generator: torch.Generator) -> Tensor:
    return M + size * torch.randn(M.shape, generator=generator, dtype=torch.float64) / len(M) ** 0.5


def train(
    system: EquationSystem, target: Tensor, weight: float, steps: int, generator: torch.Generator
) -> Iterator[Trained]:
    """Learn `target` M* (n, n) from n − 1 noisy examples y = M* x + ε by gradient descent, three times from one start.

    free: the squared error alone · penalty: plus weight · ‖p(M)‖² · projection: free, then back to p(M) = 0 each step.
    """
    n = len(target)
    x, noise = torch.randn(2, n, n - 1, generator=generator, dtype=torch.float64)
    y = target @ x + NOISE * noise
    rate = float(n / torch.linalg.matrix_norm(x, 2) ** 2) / 2

    def error(M: Tensor) -> Tensor:
        return (M @ x - y).square().sum() / n

    def penalised(M: Tensor) -> Tensor:
        return error(M) + weight * system(M).square().sum()

    free = penalty = projected = _noisy(torch.eye(n, dtype=torch.float64), 0.3, generator)
    for step in range(steps + 1):
        yield Trained(step, torch.stack([free, penalty, projected]))
        free, penalty = _descend(free, error, rate), _descend(penalty, penalised, rate)
        projected = system.project(_descend(projected, error, rate))


def _descend(M: Tensor, objective: Callable[[Tensor], Tensor], rate: float) -> Tensor:
    """M − rate · gradient, with the rate halved until the objective falls."""
    M = M.detach().requires_grad_()
    value = objective(M)
    (gradient,) = torch.autograd.grad(value, M)
    with torch.no_grad():
        while rate > 1e-12 and not objective(M - rate * gradient) <= value:
            rate /= 2
        return M.detach() - rate * gradient


class ConstraintSatisfaction(View):
    """One matrix, three trainings: how well does each keep the equations, and is that worth it?

    ▶ trains M on too few examples of a hidden solution M*. The curves show ‖p(M)‖ of the first two equations (of
    M Mᵀ = E, and of M S = S M, equivariance under the shift) and the distance from M*. The slider n asks the same
    equations at another dimension: a solution is disturbed there, and projected back.
    equations: as for EquationSystem, with commas; size: the n of the training; weight: of the penalty.
    """

    title = "Three ways to keep an equation while training"
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
        curves = [{"name": name, "colour": role, "dash": name == "penalty"} for name, role in METHODS.items()]
        self.first, self.second = (Chart("", curves, log=True, height=115, width=380) for _ in range(2))
        self.distance = Chart("distance from the hidden matrix", curves, height=115, width=380)
        self.player = Player(self._show, self._keep, self._describe)
        for component, trait in (
            *((canvas, "frame") for canvas in (self.matrix, self.wrong)),
            *((chart, "cursor") for chart in (self.first, self.second, self.distance)),
        ):
            self.player.follow(component, trait)
        self._load()
        self.assemble(
            [[self.matrix, self.wrong], [self.first, self.second, self.distance], [self.there, self.left]],
            [self.equations, self.weight, self.method, self.n],
            self.player,
        )
        self.on(self.equations, "value", self._load)
        self.on(self.weight, "value", self._load)
        self.on(self.method, "value", self._redraw)
        self.on(self.n, "value", self._check)

    def reset(self) -> None:
        """The equations, weight and n of the beginning, untrained."""
        self.equations.value, self.weight.value, self.method.value, self.n.value = self._start
        self._load()

    def _load(self) -> None:
        system = EquationSystem(*self.equations.value.split(","))
        generator = torch.Generator().manual_seed(self.seed)
        self.target = near_identity(system, self.size, generator)
        self.system = system
        for chart, equation in zip((self.first, self.second), (*system.equations, None), strict=False):
            chart.title, chart.data = norm(equation) if equation else "", b""
            chart.layout.display = "" if equation else "none"
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

    def _table(self, chart: int) -> list[list[float]]:
        """Rows (step, free, penalty, projection) of one of the three charts."""
        M = torch.stack([snapshot.M for snapshot in self.player.snapshots])  # (steps, 3, n, n)
        if chart == 2:
            values = torch.linalg.matrix_norm(M - self.target) / self.size**0.5
        else:
            values = self.system.residuals(M)[..., chart]
        return [[s.step, *row] for s, row in zip(self.player.snapshots, values.tolist(), strict=True)]

    def _show(self, snapshot: Trained) -> None:
        for i, chart in enumerate((self.first, self.second, self.distance)):
            if i == 2 or i < len(self.system.equations):
                chart.show(self._table(i), band=[1e-16, HOLDS] if i < 2 else [], x_max=STEPS)
        self._draw(snapshot.M)

    def _draw(self, M: Tensor) -> None:
        """The chosen one of the matrices (…, 3, n, n), or a stack of them, and what is wrong with it."""
        name = self.method.value
        chosen = M[..., list(METHODS).index(name), :, :]
        self.matrix.title, self.wrong.title = f"M, {name}", f"|{difference(self.system.equations[0])}|, {name}"
        self.matrix.ink = METHODS[name]
        self.matrix.ramp = style.ramp(METHODS[name]).tobytes()
        self.matrix.show(values=chosen, scale=1.0)
        self.wrong.show(values=self.system(chosen)[..., 0, :, :].abs(), scale=1.0)

    def _keep(self, snapshots: list[Trained]) -> None:
        if snapshots:
            self._draw(torch.stack([s.M for s in snapshots]))
        else:
            self._draw(self.target.new_zeros(3, self.size, self.size))

    def _redraw(self) -> None:
        self._keep(self.player.snapshots)

    def _describe(self, snapshot: Trained) -> str:
        return f"step {snapshot.step} of {STEPS} · {self.size} × {self.size} entries, {self.size - 1} noisy examples"

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
        return {name: bool(r < HOLDS) for name, r in zip(METHODS, residuals, strict=True)}

    def state(self) -> dict[str, Any]:
        """Settings, position, and which equations hold; no digits of trained numbers."""
        shown = self.player.current
        return {
            "equations": self.system.text,
            "size": self.size,
            "weight": self.weight.value,
            "method": self.method.value,
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
        return f"""import torch
from eqkit.equations import EquationSystem
from eqkit.views.constraint_satisfaction import near_identity, train

system = EquationSystem({texts})
generator = torch.Generator().manual_seed({self.seed})
target = near_identity(system, {self.size}, generator)
free, penalty, projection = next(
    s.M for s in train(system, target, {self.weight.value:g}, {STEPS}, generator) if s.step == {last}
)
residuals = system.residuals(torch.stack([free, penalty, projection]))
there = near_identity(system, {self.n.value}, generator)  # the same equations at n = {self.n.value}
"""


def difference(equation: Equation) -> str:
    """The equation as one expression: M Mᵀ = E gives M Mᵀ − E."""
    left, right = str(equation).split(" = ")
    return left if right == "0" else f"{left} − ({right})" if re.search(" [−+] ", right) else f"{left} − {right}"


def norm(equation: Equation) -> str:
    """How the size of what is left of an equation is written: ‖M Mᵀ − E‖."""
    return f"‖{difference(equation)}‖"
