"""DimensionSlider: equations learned at n = 3, 4, 5 and used unchanged at n = 50."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import ipywidgets
import torch
from torch import Tensor

from eqkit.equations import Equation, EquationSystem
from eqkit.equivariant_maps import Hom
from eqkit.views import matrix_families as families
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.table import Table
from eqkit.views.view import View

MENU = tuple(f for f in families.FAMILIES if f not in ("symmetric", "reflections", "projections"))  # the groups
MOST = 50
AT_ONCE = 16  # a layer up to this n is made while the slider moves, a larger one when it rests
SLOW = 20  # beyond this n a layer needs a group whose weights say what commutes with it
PATIENCE = 0.15  # seconds the slider rests
FITTED, CHECKED = (4, 8, 12), 16  # the n that a quadratic in n goes through, and the one that it must meet
HOLDS = 1e-9


class Layer(NamedTuple):
    """A weight W with W M = M W for all M of the group: dim Hom, W (n, n) and its error, or why there is none."""

    dim: int | None
    W: Tensor
    error: float
    reason: str = ""


def equivariant_layer(system: EquationSystem, n: int) -> Layer:
    """Random W in Hom(V, V) of the group at n, and max ‖W M − M W‖ / ‖W‖‖M‖ over new solutions M."""
    try:
        finite = not system.dimension(n)
        V = system.group(n, 16 if finite else 4).vector
        maps = Hom(V, V, "weights" if n > SLOW and not finite else None)
        generator = torch.Generator().manual_seed(n)
        W = maps.combine(torch.randn(maps.dim, generator=generator, dtype=torch.float64))
        M = system.sample(n, 4, torch.Generator().manual_seed(n + 1))
    except (ValueError, RuntimeError, MemoryError) as reason:
        return Layer(None, torch.zeros(n, n), math.nan, str(reason))
    error = torch.linalg.matrix_norm(W @ M - M @ W) / (W.norm() * torch.linalg.matrix_norm(M))
    return Layer(maps.dim, W, float(error.max()))


def member(system: EquationSystem, n: int) -> Tensor:
    """A solution at n: by descent from a Gaussian matrix, or where these do not land from one near E."""
    generator = torch.Generator().manual_seed(n)
    try:
        return system.sample(n, 1, generator)[0]
    except RuntimeError:
        near = 0.3 / n**0.5 * torch.randn(n, n, generator=generator, dtype=torch.float64)
        return system.project(torch.eye(n, dtype=torch.float64) + near)


def quadratic(points: dict[int, int]) -> tuple[Fraction, Fraction, Fraction]:
    """a, b, c with a n² + b n + c through three points {n: value}, by divided differences."""
    (x, u), (y, v), (z, w) = points.items()
    first, second = Fraction(v - u, y - x), Fraction(w - v, z - y)
    a = (second - first) / (z - x)
    b = first - a * (x + y)
    return a, b, u - a * x * x - b * x


def written(a: Fraction, b: Fraction, c: Fraction) -> str:
    """a n² + b n + c over one denominator: (n² − n)/2."""
    d = math.lcm(a.denominator, b.denominator, c.denominator)
    text, terms = "", 0
    for k, power in ((int(a * d), "n²"), (int(b * d), "n"), (int(c * d), "")):
        if k:
            number = "" if abs(k) == 1 and power else str(abs(k)) + " " * bool(power)
            text += (" − " if terms else "−") * (k < 0) + " + " * (k > 0 and terms > 0) + number + power
            terms += 1
    return (text or "0") if d == 1 else f"({text})/{d}" if terms > 1 else f"{text}/{d}"


class DimensionSlider(View):
    """Equations learned at small n, used at the n of the slider with the same coefficients.

    Left: a solution M at this n. Middle: a random weight W with W M = M W for all solutions, a layer for this n. Right:
    the dimension of the group against n, the quadratic through n = 4, 8, 12, with ✓ or ✗ where it was compared with
    n² − rank dp(E); and the numbers. A layer that takes longer is made when the slider rests.
    system: a name of `MENU`, whose equations are learned first, or an `EquationSystem`. ValueError for others.
    """

    title = "Do equations learned at small n hold at n = 50?"

    def __init__(self, system: str | EquationSystem = "O", n: int = 5) -> None:
        if not isinstance(system, EquationSystem) and system not in MENU:
            raise ValueError(f"DimensionSlider({system!r}): give an EquationSystem or one of {', '.join(MENU)}")
        self._own = system if isinstance(system, EquationSystem) else None
        narrow = {"style": {"description_width": "auto"}, "layout": {"width": "17em"}}
        options = [("your own equations", "")] if self._own else [(name, name) for name in MENU]
        self.menu = ipywidgets.Dropdown(options=options, description="family", **narrow)
        self.n = ipywidgets.IntSlider(
            4, min=2, max=MOST, description="n", style=narrow["style"], layout={"width": "30em"}
        )
        self.member = MatrixCanvas("M", ink="group", size=270)
        self.weight = MatrixCanvas("W", ink="invariant", size=270)
        self.curve = Chart("", [{"name": "dim G", "colour": "invariant"}], 380, 190, x_label="n")
        self.table = Table(title="at this n", width=380, height=220)
        self._start = "" if self._own else system, n
        self._settle()
        self.assemble([[self.member], [self.weight], [self.curve, self.table]], [self.menu, self.n])
        self.on(self.menu, "value", self._choose)
        self.on(self.n, "value", self._move)

    def reset(self) -> None:
        """The family and n of the beginning."""
        self._settle()

    def _settle(self) -> None:
        family, n = self._start
        with self.together():
            self.menu.value = family
        self._choose(n)

    def _choose(self, n: int | None = None) -> None:
        """Another family: learn its equations, and its dimension as a quadratic in n."""
        family = self.menu.value
        if family:
            letters = families.letters_of(family)
            self.system = families.learned(family, families.sizes_of(family), letters=letters)
        else:
            assert self._own is not None
            self.system = self._own
            letters = families.letters_in(self.system.text)
        self.step = families.step(letters)
        self.reasons = self.system.closure(8, 4).reasons
        self._layers: dict[int, Layer] = {}
        self._dimensions: dict[int, int] = {}
        self.closed_form = None
        if not self.reasons:
            form = quadratic({k: self.dimension(k) for k in FITTED})
            if self.dimension(CHECKED) == form[0] * CHECKED**2 + form[1] * CHECKED + form[2]:
                self.closed_form = form
        least = max(2, self.step)
        n = self.n.value if n is None else n
        with self.together(), self.n.hold_sync():  # one message, for a slider in the browser answers each
            self.n.min, self.n.step, self.n.max = least, self.step, -(-MOST // self.step) * self.step
            self.n.value = max(least, n - n % self.step)
        self._move()

    def dimension(self, n: int) -> int:
        """n² − rank dp(E), remembered."""
        if n not in self._dimensions:
            self._dimensions[n] = self.system.dimension(n)
        return self._dimensions[n]

    def predicted(self, n: int) -> int | None:
        """What the quadratic in n says, or None where there is none."""
        if self.closed_form is None:
            return None
        a, b, c = self.closed_form
        return int(a * n * n + b * n + c)

    def _move(self) -> None:
        """Another n: a solution, the residual and the dimension; the layer too, or later."""
        n = self.n.value
        self.M = member(self.system, n)
        self.residual = float(self.system.residual(self.M))
        if not self.reasons:
            self.dimension(n)
        self._draw()
        if self.reasons or n in self._layers:
            return
        loop = getattr(getattr(self, "main", None), "loop", None)
        if n <= AT_ONCE or loop is None:
            self._make(n)
        else:
            loop.call_later(PATIENCE, self._rested, n)

    def _rested(self, n: int) -> None:
        if self.n.value == n and n not in self._layers and self.widget.comm:
            self._make(n)
            self.sync()

    def _make(self, n: int) -> None:
        self._layers[n] = equivariant_layer(self.system, n)
        self._draw()

    def still(self) -> bytes:
        """The present picture as PNG bytes, with its layer."""
        n = self.n.value
        if not self.reasons and n not in self._layers:
            self._make(n)
        return super().still()

    def _draw(self) -> None:
        n, system = self.n.value, self.system
        self.member.title = f"a solution M at n = {n}"
        self.member.show(self.M)
        layer = self._layers.get(n)
        made = layer is not None and layer.dim is not None
        self.weight.title = f"a layer W at n = {n}" if made else "no layer W yet" if layer is None else "no layer W"
        self.weight.show(layer.W if layer else torch.zeros(n, n))
        grid = range(self.n.min, self.n.max + 1, self.step)
        if self.reasons:
            self.curve.title = "no group, no dimension"
            self.curve.show([], marks=[])
        else:
            rows = [[k, _or_nan(self.predicted(k))] for k in grid]
            checked = [[k, _mark(d == self.predicted(k))] for k, d in sorted(self._dimensions.items())]
            self.curve.title = f"dim G = {written(*self.closed_form) if self.closed_form else 'no quadratic in n'}"
            self.curve.show(rows, marks=checked, cursor=grid.index(n), x_max=grid[-1])
            self.curve.label = f"Dimension of the group against n; {self.dimension(n)} at n = {n}"
        lines = [[str(e), f"coefficients {_coefficients(e)}"] for e in system.equations] or [["no equation", ""]]
        if system.evidence:
            lines += [["learned at", "n = " + ", ".join(map(str, system.evidence.sizes))]]
        lines += [["residual of M", f"{_mark(self.residual < HOLDS)} {_small(self.residual)}"]]
        if self.reasons:
            lines += [["no group", reason] for reason in self.reasons]
        else:
            lines += [["dimension", self._dimension_in_words()]]
            if layer is None:
                lines += [["layer W", "when the slider rests"]]
            elif layer.dim is None:
                lines += [["layer W", f"none at this n: {layer.reason}"]]
            else:
                lines += [["dim Hom(V, V)", f"{layer.dim} of {n * n} numbers in W"]]
                lines += [["‖W M − M W‖", f"{_mark(layer.error < HOLDS)} {_small(layer.error)}"]]
        self.table.show(lines, label="; ".join(": ".join(line) for line in lines))

    def _dimension_in_words(self) -> str:
        n = self.n.value
        told, found = self.predicted(n), self.dimension(n)
        if self.closed_form is None or told is None:
            return f"{found}, no quadratic in n"
        if told == found == 0:
            return f"0, a discrete group {_mark(True)}"
        return f"{found} {'=' if told == found else '≠'} {written(*self.closed_form)} {_mark(told == found)}"

    def verdict(self) -> str:
        n = self.n.value
        if self.reasons:
            return f"{self.system.text}: the solutions form no group, for {'; '.join(self.reasons)}."
        head = f"{self.system.text} at n = {n}: a group of dimension {self.dimension(n)}"
        layer = self._layers.get(n)
        if layer is None or layer.dim is None:
            return f"{head}."
        return f"{head}, and its layers have {layer.dim} of {n * n} numbers."

    def state(self) -> dict[str, Any]:
        """The family and n, the equations, the dimensions, and whether M and W are what they should be."""
        n = self.n.value
        layer, group = self._layers.get(n), not self.reasons
        return {
            "family": self.menu.value or "your own equations",
            "n": n,
            "equations": [str(e) for e in self.system.equations],
            "solved": self.residual < HOLDS,
            "group": group,
            "dimension": self.dimension(n) if group else None,
            "closed_form": written(*self.closed_form) if self.closed_form else None,
            "hom": layer.dim if layer else None,
            "equivariant": layer.error < HOLDS if layer and layer.dim is not None else None,
        }

    def code(self) -> str:
        n, family = self.n.value, self.menu.value
        lines = ["import torch", "from eqkit.equations import *", "from eqkit.equivariant_maps import Hom", ""]
        if family:
            letters = ", ".join(families.letters_of(family))
            sizes = ", ".join(map(str, families.sizes_of(family)))
            lines += [
                "from eqkit.views import matrix_families",
                "generator = torch.Generator().manual_seed(0)",
                f'samples = {{n: matrix_families.draw("{family}", n, 24, generator) for n in ({sizes})}}',
                f"system = learn_equations(samples, [{letters}])",
            ]
        else:
            equations = ", ".join(repr(str(e)) for e in self.system.equations)
            lines += [f"system = EquationSystem({equations})  # with letters=(…) of your own"]
        lines += ["print(system)", f"M = system.sample({n}, 1)", "print(system.residual(M))"]
        if not self.reasons:
            lines += [
                f"print(system.dimension({n}))",
                f"V = system.group({n}).vector",
                "print(Hom(V, V).dim)",
            ]
        return "\n".join(lines)


def _mark(good: bool) -> str:
    return "✓" if good else "✗"


def _small(error: float) -> str:
    return "< 1e-12" if error < 1e-12 else f"{error:.1e}"


def _or_nan(value: int | None) -> float:
    return math.nan if value is None else value


def _coefficients(equation: Equation) -> str:
    return ", ".join(f"{c:g}" for c, _ in equation.terms).replace("-", "−")
