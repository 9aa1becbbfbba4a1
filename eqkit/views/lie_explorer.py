"""LieExplorer: mix generators of the plane's matrices; exp(tA) moves a figure, series and brackets show how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from eqkit.views.components import PointCanvas
from eqkit.views.view import View

GENERATORS = {  # a basis of all 2 × 2 matrices
    "J": torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64),
    "H": torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64),
    "S": torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64),
    "E": torch.eye(2, dtype=torch.float64),
}
DOES = {"J": "turn", "H": "stretch", "S": "tilted stretch", "E": "growth"}
ALGEBRAS = {"so(2)": "J", "so(1, 1)": "S", "sl(2)": "JHS", "gl(2)": "JHSE"}
FIGURE = torch.tensor(  # a letter F
    [
        [0, 0],
        [0, 1],
        [0.6, 1],
        [0.6, 0.8],
        [0.2, 0.8],
        [0.2, 0.6],
        [0.5, 0.6],
        [0.5, 0.4],
        [0.2, 0.4],
        [0.2, 0],
        [0, 0],
    ],
    dtype=torch.float64,
)
EXTENTS = 2.0, 1.5  # of the two pictures
X, Y = 4, 3  # the layers of the points that are dragged
STARTS = [1.2, 0.5], [0.8, 0.4]
SIDE = 0.5  # of the way there and back


def partial_sum(A: Tensor, terms: int) -> Tensor:
    """E + A + A²/2! + …, the first `terms` terms of the series of e^A: (…, n, n) -> (…, n, n)."""
    term = total = torch.eye(A.shape[-1], dtype=A.dtype).expand(A.shape)
    for k in range(1, terms):
        term = term @ A / k
        total = total + term
    return total


def bracket(A: Tensor, B: Tensor) -> Tensor:
    """[A, B] = AB − BA: (…, n, n) -> (…, n, n)."""
    return A @ B - B @ A


def there_and_back(A: Tensor, B: Tensor, s: float, points: int = 15) -> Tensor:
    """Along −B, then −A, then B, then A, each for the time s: matrices (4 · points + 1, n, n), the first E.

    The last, e^{sA} e^{sB} e^{−sA} e^{−sB}, is e^{s²[A, B]} up to terms of order s³.
    """
    times = torch.linspace(0, s, points + 1, dtype=A.dtype)[1:, None, None]
    way = [torch.eye(A.shape[-1], dtype=A.dtype)[None]]
    for direction in (-B, -A, B, A):
        way.append(torch.matrix_exp(times * direction) @ way[-1][-1])
    return torch.cat(way)


def orbit_kind(A: Tensor) -> str:
    """What curve e^{sA} x is for a general x in the plane, in words."""
    trace, determinant = float(A.trace()), float(torch.linalg.det(A))
    if A.abs().max() < 1e-9:
        return "a point"
    if trace**2 - 4 * determinant < -1e-9:
        closed = "a circle" if (A + A.T).abs().max() < 1e-9 else "an ellipse"
        return closed if abs(trace) < 1e-9 else "a spiral"
    if abs(determinant) < 1e-9:
        return "a straight line"
    if determinant < 0:
        return "a hyperbola" if abs(trace) < 1e-9 else "a bent hyperbola"
    straight = (A - trace / 2 * torch.eye(2)).abs().max() < 1e-9
    return "a ray" if straight else "a curve out of the origin"


class LieExplorer(View):
    """Sliders mix the generators of a Lie algebra of 2 × 2 matrices, A = Σ c_i L_i; on the left exp(tA) moves a letter.

    There too: the vector field x ↦ A x (grey), the orbit of a point x that can be dragged (blue), and the letter moved
    by the first terms of the series (dashed). On the right: go along −B, −A, B, A for the time s; the way does not
    close, and s²[A, B] says by how much.
    algebra: one of ALGEBRAS (in space: LieSpace); coefficients: one a generator, from −2 to 2. ValueError for others.
    """

    title = "What does exp(tA) do?"

    def __init__(
        self, algebra: str = "sl(2)", coefficients: Sequence[float] | None = None, t: float = 0.8, terms: int = 3
    ) -> None:
        if algebra not in ALGEBRAS:
            raise ValueError(f"LieExplorer({algebra!r}): give one of {', '.join(ALGEBRAS)}; for 3 × 3 see LieSpace")
        names = ALGEBRAS[algebra]
        given = [1.0, *[0.0] * (len(names) - 1)] if coefficients is None else [float(c) for c in coefficients]
        if len(given) != len(names) or not all(-2 <= c <= 2 for c in given):
            raise ValueError(f"LieExplorer: coefficients = {given}; {algebra} takes {len(names)} between −2 and 2")
        if not -3 <= t <= 3 or terms not in range(1, 13):
            raise ValueError(f"LieExplorer: t = {t} must be between −3 and 3, and terms = {terms} between 1 and 12")
        self._start = algebra, dict(zip(names, given, strict=True)), float(t), terms
        narrow = {"style": {"description_width": "auto"}, "layout": {"width": "18em"}}
        self.algebra = ipywidgets.Dropdown(options=list(ALGEBRAS), value=algebra, description="algebra", **narrow)
        self.t = ipywidgets.FloatSlider(t, min=-3, max=3, step=0.05, description="t", **narrow)
        self.terms = ipywidgets.IntSlider(terms, 1, 12, description="terms", **narrow)
        self.mix = {
            name: ipywidgets.FloatSlider(0, min=-2, max=2, step=0.1, description=f"{name}, {DOES[name]}", **narrow)
            for name in GENERATORS
        }
        self.first, self.second = (
            ipywidgets.Dropdown(options=list(names), description=letter, layout={"width": "8em"}, style=narrow["style"])
            for letter in "AB"
        )
        self.s = ipywidgets.FloatSlider(SIDE, min=0, max=1, step=0.02, description="s", **narrow)
        self.flow, self.square = (
            PointCanvas(size=400, bounds=[-extent, extent, -extent, extent], axes=True) for extent in EXTENTS
        )
        self._settle()
        self.assemble(
            [[self.flow], [self.square]],
            [self.algebra, *self.mix.values(), self.t, self.terms, self.first, self.second, self.s],
        )
        self.on(self.algebra, "value", self._choose)
        for control in (*self.mix.values(), self.t, self.terms):
            self.on(control, "value", self._draw_flow)
        for control in (self.first, self.second, self.s):
            self.on(control, "value", self._draw_square)
        self.on(self.flow, "layers", self._take_x)
        self.on(self.square, "layers", self._take_y)

    def reset(self) -> None:
        """The algebra, coefficients and points of the beginning."""
        self._settle()

    def _settle(self) -> None:
        algebra, mix, t, terms = self._start
        with self.together():
            self.algebra.value, self.t.value, self.terms.value, self.s.value = algebra, t, terms, SIDE
            for name, slider in self.mix.items():
                slider.value = mix.get(name, 0.0)
        self.x, self.y = STARTS
        self._choose()

    def _choose(self) -> None:
        """Another algebra: its sliders, its generators for the bracket."""
        names = ALGEBRAS[self.algebra.value]
        with self.together():
            for name, slider in self.mix.items():
                slider.layout.display = "" if name in names else "none"
                if name not in names:
                    slider.value = 0.0
            for menu, name in ((self.first, names[0]), (self.second, names[min(1, len(names) - 1)])):
                menu.options = list(names)
                menu.value = name
        self._draw_flow()
        self._draw_square()

    @property
    def A(self) -> Tensor:
        """The mixture of generators, (2, 2)."""
        return sum((slider.value * GENERATORS[name] for name, slider in self.mix.items()), torch.zeros(2, 2).double())

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """The two generators of the bracket."""
        return GENERATORS[self.first.value], GENERATORS[self.second.value]

    def _take_x(self) -> None:
        """The browser moved x and all that follows it."""
        (self.x,) = self.flow.layers[X]["xy"]

    def _take_y(self) -> None:
        (self.y,) = self.square.layers[Y]["xy"]

    def _draw_flow(self) -> None:
        A, t = self.A, self.t.value
        M, series = torch.matrix_exp(t * A), partial_sum(t * A, self.terms.value)
        orbit = torch.matrix_exp(torch.linspace(-4, 4, 161, dtype=torch.float64)[:, None, None] * A)
        grid = torch.cartesian_prod(*[torch.linspace(-1.75, 1.75, 8, dtype=torch.float64)] * 2)
        arrows = torch.stack([grid, grid + 0.12 * grid @ A.T], 1).flatten(0, 1)
        moved = bool(A.abs().max() > 0)
        with self.flow.hold_sync():
            self.flow.title = f"exp(tA), and {self.terms.value} term{'s' * (self.terms.value > 1)} of its series"
            self.flow.backdrop = [
                {"kind": "arrows", "xy": arrows.tolist() if moved else [], "colour": "muted", "size": 1}
            ]
            self.flow.show(
                [
                    {"kind": "line", "xy": [], "of": X, "matrices": orbit.flatten(1).tolist(), "colour": "invariant"},
                    {"kind": "line", "xy": FIGURE.tolist(), "colour": "data"},
                    {"kind": "line", "xy": (FIGURE @ M.T).tolist(), "colour": "group", "size": 3},
                    {"kind": "line", "xy": (FIGURE @ series.T).tolist(), "colour": "learned", "dash": True},
                    {
                        "kind": "points",
                        "xy": [self.x],
                        "text": ["x"],
                        "colour": "data",
                        "drag": True,
                    },
                    {
                        "kind": "points",
                        "xy": [],
                        "of": X,
                        "matrices": [M.flatten().tolist()],
                        "text": ["exp(tA) x"],
                        "colour": "group",
                    },
                ],
                f"A letter F moved by exp(tA), and the orbit of x, {orbit_kind(A)}. Arrow keys move x",
            )

    def _draw_square(self) -> None:
        A, B = self.pair
        way = there_and_back(A, B, self.s.value)
        told = torch.stack([torch.eye(2, dtype=torch.float64), torch.matrix_exp(self.s.value**2 * bracket(A, B))])
        a, b = self.first.value, self.second.value
        with self.square.hold_sync():
            self.square.title = f"along −{b}, −{a}, {b}, {a}"
            self.square.show(
                [
                    {"kind": "line", "xy": [], "of": Y, "matrices": way.flatten(1).tolist(), "colour": "group"},
                    {"kind": "arrows", "xy": [], "of": Y, "matrices": told.flatten(1).tolist(), "colour": "invariant"},
                    {
                        "kind": "points",
                        "xy": [],
                        "of": Y,
                        "matrices": [way[-1].flatten().tolist()],
                        "colour": "group",
                        "size": 4,
                    },
                    {
                        "kind": "points",
                        "xy": [self.y],
                        "text": ["y"],
                        "colour": "data",
                        "drag": True,
                    },
                ],
                f"The way of y there and back along {a} and {b} ends near the tip of the arrow, exp(s²[A, B]) y. "
                "Arrow keys move y",
            )

    def bracket_in_words(self) -> str:
        """[A, B] in the generators, such as 2S."""
        a, b = self.pair
        basis = torch.stack([L.flatten() for L in GENERATORS.values()], 1)
        mixed = torch.linalg.solve(basis, bracket(a, b).flatten()).round().int().tolist()
        parts = [f"{c}{name}".replace("-", "−") for c, name in zip(mixed, GENERATORS, strict=True) if c]
        return " + ".join(parts) or "0"

    def verdict(self) -> str:
        A, t = self.A, self.t.value
        missed = float(torch.linalg.matrix_norm(partial_sum(t * A, self.terms.value) - torch.matrix_exp(t * A)))
        trace = float(A.trace())
        grows = "det exp(tA) = 1, for tr A = 0" if abs(trace) < 1e-9 else f"det exp(tA) = exp({t * trace:.2f})"
        return (
            f"The orbit is {orbit_kind(A)}; {grows}; the series misses by {missed:.2g}. "
            f"[{self.first.value}, {self.second.value}] = {self.bracket_in_words()}."
        )

    def state(self) -> dict[str, Any]:
        """Settings and points, the kind of the orbit, and the bracket in the generators."""
        x, y = ([round(c, 3) for c in point] for point in (self.x, self.y))
        return {
            "algebra": self.algebra.value,
            "coefficients": {name: round(self.mix[name].value, 3) for name in ALGEBRAS[self.algebra.value]},
            "t": round(self.t.value, 3),
            "terms": self.terms.value,
            "x": x,
            "orbit": orbit_kind(self.A),
            "A": self.first.value,
            "B": self.second.value,
            "bracket": self.bracket_in_words(),
            "s": round(self.s.value, 3),
            "y": y,
        }

    def code(self) -> str:
        state = self.state()
        mix = " + ".join(f"{c} * {name}" for name, c in state["coefficients"].items())
        return f"""import torch
from eqkit.views.lie_explorer import GENERATORS, bracket, partial_sum, there_and_back

J, H, S, E = GENERATORS.values()
A, t = {mix}, {state["t"]}
x = torch.tensor({state["x"]}, dtype=torch.float64)
moved = torch.matrix_exp(t * A) @ x
series = partial_sum(t * A, {state["terms"]}) @ x
orbit = torch.stack([torch.matrix_exp(s * A) @ x for s in torch.linspace(-4, 4, 161)])

A, B, s = {state["A"]}, {state["B"]}, {state["s"]}
y = torch.tensor({state["y"]}, dtype=torch.float64)
way = there_and_back(A, B, s) @ y
told = torch.matrix_exp(s**2 * bracket(A, B)) @ y
"""
