"""LieSpace: the orbit of a group in space, and on it the curves of its one-parameter groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from eqkit.views.lie_explorer import bracket
from eqkit.views.meshes import hyperboloid_mesh, sphere_mesh
from eqkit.views.orbits import OrbitCanvas
from eqkit.views.view import View


def _generator(i: int, j: int, sign: float) -> Tensor:
    """sign · e_ij + e_ji, (3, 3)."""
    A = torch.zeros(3, 3, dtype=torch.float64)
    A[i, j], A[j, i] = sign, 1.0
    return A


GENERATORS = {  # A with Aᵀ B + B A = 0 for the form B of the group
    "so(3)": {"X": _generator(1, 2, -1), "Y": _generator(2, 0, -1), "Z": _generator(0, 1, -1)},
    "so(1, 2)": {"K": _generator(0, 2, 1), "L": _generator(1, 2, 1), "Z": _generator(0, 1, -1)},
}
DOES = {"X": "turn about x", "Y": "turn about y", "Z": "turn in x, y", "K": "boost in x, t", "L": "boost in y, t"}
FORMS = {"so(3)": torch.eye(3, dtype=torch.float64), "so(1, 2)": torch.diag(torch.tensor([1.0, 1.0, -1.0]).double())}
ORBITS = {  # orbit: (algebra, xᵀ B x on it, the point of the beginning)
    "sphere": ("so(3)", 1, [0.8, 0.0, 0.6]),
    "hyperboloid of one sheet": ("so(1, 2)", 1, [1.0, 0.0, 0.0]),
    "sheet of a hyperboloid": ("so(1, 2)", -1, [0.0, 0.0, 1.0]),
}


def curve_kind(algebra: str, A: Tensor) -> str:
    """What kind of one-parameter group e^{sA} is: by the sign of tr A², which no change of basis alters."""
    trace = float((A @ A).trace())
    if not A.any():
        return "the identity alone"
    if abs(trace) < 1e-9:
        return "a null rotation: its orbits are parabolas, and the group is no circle"
    return "a rotation: its orbits close" if trace < 0 else "a boost: its orbits are hyperbolas, and never close"


class LieSpace(View):
    """Sliders mix the generators of so(3) or so(1, 2), A = Σ c_i L_i; the curve e^{sA} x, s ≤ t, stays on the orbit.

    The surface is the orbit of the whole group through x: a sphere, or a hyperboloid. Drag x on it, or turn the picture
    by dragging beside it. Below: the bracket of two generators in the generators.
    orbit: one of ORBITS; coefficients: three, between −2 and 2; t: between 0 and 7. ValueError for others.
    """

    title = "Where does a group take a point of space?"

    def __init__(self, orbit: str = "sphere", coefficients: Sequence[float] = (0, 0, 1), t: float = 4.5) -> None:
        if orbit not in ORBITS:
            raise ValueError(f"LieSpace({orbit!r}): give one of {', '.join(ORBITS)}")
        if len(coefficients) != 3 or not all(-2 <= c <= 2 for c in coefficients) or not 0 <= t <= 7:
            raise ValueError(
                f"LieSpace: give 3 coefficients between −2 and 2, and t from 0 to 7: {coefficients}, t = {t}"
            )
        self._start = orbit, [float(c) for c in coefficients], float(t)
        narrow = {"style": {"description_width": "auto"}, "layout": {"width": "19em"}}
        self.orbit = ipywidgets.Dropdown(options=list(ORBITS), value=orbit, description="orbit", **narrow)
        self.mix = [ipywidgets.FloatSlider(c, min=-2, max=2, step=0.1, **narrow) for c in coefficients]
        self.t = ipywidgets.FloatSlider(t, min=0, max=7, step=0.05, description="t", **narrow)
        self.first, self.second = (
            ipywidgets.Dropdown(description=letter, layout={"width": "8em"}, style=narrow["style"]) for letter in "AB"
        )
        self.picture = OrbitCanvas(width=460, height=460)
        self._begin()
        self.assemble([[self.picture]], [self.orbit, *self.mix, self.t, self.first, self.second])
        self.on(self.orbit, "value", self._choose)
        for slider in (*self.mix, self.t):
            self.on(slider, "value", self._draw)
        for menu in (self.first, self.second):
            self.on(menu, "value", lambda: None)
        self.on(self.picture, "points", self._take)

    def reset(self) -> None:
        """The orbit, coefficients, t, point and angles of the beginning."""
        self.picture.angles = OrbitCanvas.angles.default()
        self._begin()

    def _begin(self) -> None:
        with self.together():
            self.orbit.value, coefficients, self.t.value = self._start
            for slider, c in zip(self.mix, coefficients, strict=True):
                slider.value = c
        self._choose()

    def _choose(self) -> None:
        """Another orbit: its algebra's generators, and its point."""
        names, self.x = list(self.generators), ORBITS[self.orbit.value][2]
        with self.together():
            for slider, name in zip(self.mix, names, strict=True):
                slider.description = f"{name}, {DOES[name]}"
            for menu, name in ((self.first, names[0]), (self.second, names[1])):
                menu.options, menu.value = names, name
        self._draw()

    @property
    def algebra(self) -> str:
        """The name of the Lie algebra."""
        return ORBITS[self.orbit.value][0]

    @property
    def generators(self) -> dict[str, Tensor]:
        """Its generators by name, (3, 3) each."""
        return GENERATORS[self.algebra]

    @property
    def A(self) -> Tensor:
        """The mixture of generators, (3, 3)."""
        return torch.stack([s.value * L for s, L in zip(self.mix, self.generators.values(), strict=True)]).sum(0)

    def _take(self) -> None:
        """The browser moved x."""
        self.x = self.picture.points[0]

    def _draw(self) -> None:
        s = torch.linspace(0, self.t.value, 241, dtype=torch.float64)[:, None, None]
        sign = ORBITS[self.orbit.value][1]
        mesh = sphere_mesh() if self.algebra == "so(3)" else hyperboloid_mesh(sign)
        names = "xyz" if self.algebra == "so(3)" else "xyt"
        self.picture.trace(
            self.x,
            FORMS[self.algebra],
            mesh,
            torch.matrix_exp(s * self.A),
            arrows=[[name, row] for name, row in zip(names, torch.eye(3).tolist(), strict=True)],
            two_sided=self.algebra != "so(3)",
            extent=1.4 * float(np.abs(mesh[0]).max()),
            title="exp(sA) x on the orbit of x",
            label=f"The {self.orbit.value} through x and the curve exp(sA) x; A is {curve_kind(self.algebra, self.A)}. "
            "Arrow keys move x, with shift they turn the picture",
        )

    def bracket_in_words(self) -> str:
        """[A, B] in the generators, such as −Z."""
        A, B = self.generators[self.first.value], self.generators[self.second.value]
        basis = torch.stack([L.flatten() for L in self.generators.values()], 1)
        mixed = torch.linalg.lstsq(basis, bracket(A, B).flatten()[:, None]).solution[:, 0].round().int().tolist()
        return " + ".join({1: L, -1: f"−{L}"}[c] for c, L in zip(mixed, self.generators, strict=True) if c) or "0"

    def verdict(self) -> str:
        B = "x² + y² + z²" if self.algebra == "so(3)" else "x² + y² − t²"
        return (
            f"exp(sA) is {curve_kind(self.algebra, self.A)}. It keeps {B} = {ORBITS[self.orbit.value][1]}. ".replace(
                "-", "−"
            )
            + f"[{self.first.value}, {self.second.value}] = {self.bracket_in_words()}."
        )

    def state(self) -> dict[str, Any]:
        """Settings, the point, the kind of the curve, and the bracket in the generators."""
        return {
            "algebra": self.algebra,
            "orbit": self.orbit.value,
            "coefficients": {name: round(s.value, 3) for name, s in zip(self.generators, self.mix, strict=True)},
            "t": round(self.t.value, 3),
            "x": [round(c, 3) + 0.0 for c in self.x],
            "curve": curve_kind(self.algebra, self.A).split(":")[0],
            "A": self.first.value,
            "B": self.second.value,
            "bracket": self.bracket_in_words(),
        }

    def code(self) -> str:
        state = self.state()
        mix = " + ".join(f"{c} * {name}" for name, c in state["coefficients"].items())
        return f"""import torch
from eqkit.views.lie_explorer import bracket
from eqkit.views.lie_space import FORMS, GENERATORS

{", ".join(self.generators)} = GENERATORS["{self.algebra}"].values()
A, B = {mix}, FORMS["{self.algebra}"]
x = torch.tensor({self.x}, dtype=torch.float64)
s = torch.linspace(0, {state["t"]}, 241, dtype=torch.float64)
curve = torch.matrix_exp(s[:, None, None] * A) @ x
print("x B x along the curve:", torch.einsum("ki,ij,kj->k", curve, B, curve)[[0, -1]])
print(bracket({state["A"]}, {state["B"]}))  # {state["bracket"]}
"""
