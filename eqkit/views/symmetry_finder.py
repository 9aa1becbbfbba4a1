"""SymmetryFinder: a function or a data set goes in; its Lie algebra, name and evidence come out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from eqkit import discovery, invariants, subspaces
from eqkit.discovery.lie_algebra import SMALL
from eqkit.views.components import Chart, MatrixCanvas
from eqkit.views.table import Table
from eqkit.views.view import View

FUNCTIONS = {
    "squared length": "x0^2 + x1^2 + x2^2",
    "length, and a height": "(x0^2 + x1^2 + x2^2)(1 + x3) + x3^2",
    "interval of relativity": "x0^2 - x1^2 - x2^2 - x3^2",
    "discriminant": "x1^2 - 4x0 x2",
    "determinant, 2 by 2": "x0 x3 - x1 x2",
    "two circles": "(x0^2 + x1^2)^2 + 3(x2^2 + x3^2)",
    "hyperbolas": "x0 x1",
    "product of squares": "x0^2 x1^2 x2^2",
    "sum of cubes": "x0^3 + x1^3 + x2^3",
}
SAMPLES = (20, 50, 100, 200, 500, 1000, 2000)
MOST = 6  # variables


def variables(text: str) -> int:
    """How many variables an expression has: one more than its largest index, or as far as x, y, z go; 2 or more."""
    plain = re.sub(r"[₀-₉]", lambda m: str("₀₁₂₃₄₅₆₇₈₉".index(m[0])), text)
    indices = [int(i) for i in re.findall(r"x_?\{?(\d+)", plain)]
    n = max(indices) + 1 if indices else 3 if "z" in text else 2
    if n > MOST:
        raise ValueError(f"{text!r} has {n} variables; this view takes up to x{MOST - 1}, {MOST} in all")
    return max(2, n)


def changed_basis(n: int) -> Tensor:
    """The matrix T of f(T x), upper triangular: ones on the diagonal, halves above."""
    return torch.eye(n, dtype=torch.float64) + torch.ones(n, n, dtype=torch.float64).triu(1) / 2


class SymmetryFinder(View):
    """Choose or type a polynomial f, or give your own: which matrices A leave it alone, d/dt f(exp(tA) x) = 0?

    Left: the spectrum, how much each direction in matrix space changes f, with what counts as zero below the gap.
    Middle: the algebra's basis in echelon form, one matrix at a time. Right: its name and the evidence. With noise on
    y = f(x) the function is first fitted to the samples.
    f: an expression in x0, x1, …, or a callable on x, which then has to be given; or no f but data x (N, n), y (N,).
    """

    title = "Which directions leave the function alone?"

    def __init__(
        self, f: str | Callable[[Tensor], Tensor] | None = None, x: Tensor | None = None, y: Tensor | None = None
    ) -> None:
        self._given: tuple[Any, Tensor, Tensor | None] | None = None
        self._start = next(iter(FUNCTIONS.values()))
        if isinstance(f, str):
            self._start = f
        elif f is not None or x is not None or y is not None:
            if x is None or (f is None) == (y is None):
                raise ValueError("SymmetryFinder takes an expression; or a callable f and examples x; or data x and y")
            x = subspaces.as_double(x, "x")
            if x.ndim != 2 or x.shape[1] > MOST:
                raise ValueError(f"SymmetryFinder: x has shape {tuple(x.shape)}; give (N, n) with n ≤ {MOST}")
            self._given = f, x, None if y is None else subspaces.as_double(y, "y")
        narrow = {"style": {"description_width": "auto"}, "layout": {"width": "17em"}}
        options = [(name, text) for name, text in FUNCTIONS.items()]
        if self._given:
            options = [("your own", "")]
        elif self._start not in FUNCTIONS.values():
            options = [("your own", self._start), *options]
        self.menu = ipywidgets.Dropdown(options=options, description="function", **narrow)
        self.typed = ipywidgets.Text(
            placeholder="x0^2 + 2x1^2 - x2^2",
            description="or type",
            continuous_update=False,
            style=narrow["style"],
            layout={"width": "24em"},
        )
        self.samples = ipywidgets.SelectionSlider(options=SAMPLES, value=500, description="samples", **narrow)
        self.noise = ipywidgets.FloatSlider(0, min=0, max=0.3, step=0.01, description="noise on y", **narrow)
        self.changed = ipywidgets.Checkbox(False, description="changed basis", indent=False, layout={"width": "9em"})
        self.element = ipywidgets.IntSlider(1, 1, 1, description="basis matrix", **narrow)
        series = [
            {"name": "change f", "colour": "data"},
            {"name": "symmetries", "colour": "invariant"},
        ]
        self.spectrum = Chart("how much each direction changes f", series, 330, 300, log=True, x_label="direction")
        self.matrix = MatrixCanvas("A", ink="group", size=250)
        self.table = Table(title="the algebra", width=400, height=330)
        if self._given:
            for widget in (self.typed, self.samples, self.changed):
                widget.disabled = True
            self.noise.disabled = True
        self._settle()
        self.assemble(
            [[self.spectrum], [self.matrix], [self.table]],
            [self.menu, self.typed, self.samples, self.noise, self.changed, self.element],
        )
        for widget in (self.menu, self.samples, self.noise, self.changed):
            self.on(widget, "value", self._find)
        self.on(self.typed, "value", self._read)
        self.on(self.element, "value", self._pick)

    def reset(self) -> None:
        """The function, samples and basis of the beginning."""
        self._settle()

    def _settle(self) -> None:
        with self.together():
            self.menu.value = "" if self._given else self._start
            self.typed.value, self.samples.value, self.noise.value, self.changed.value = "", 500, 0.0, False
        self._find()

    def _read(self) -> None:
        text = self.typed.value.strip()
        if not text:
            return
        invariants.polynomial(text, variables(text))
        with self.together():
            if text not in dict(self.menu.options).values():
                self.menu.options = [*self.menu.options, (text, text)]
            self.menu.value = text
        self._find()

    def _find(self) -> None:
        """Solve, and show it; where the data do not suffice everything stays as it was."""
        text, noise = self.menu.value, self.noise.value
        if self._given:
            f, x, y = self._given
            f = discovery.fit_polynomial(x, y) if y is not None else f
        else:
            n, generator = variables(text), torch.Generator().manual_seed(0)
            polynomial, T = invariants.polynomial(text, n), changed_basis(n)
            x = torch.randn(self.samples.value, n, generator=generator, dtype=torch.float64)
            f = (lambda x: polynomial(x @ T.T)) if self.changed.value else polynomial
            if noise:
                y = f(x)
                f = discovery.fit_polynomial(
                    x, y + noise * y.std() * torch.randn(len(x), generator=generator, dtype=x.dtype)
                )
        found = discovery.discover_lie_algebra(f, x)
        try:
            self.name, evidence = (named := discovery.identify(found)).name, named.evidence
            basis = named.basis
        except ValueError as reason:
            self.name, evidence, basis = "no Lie algebra", (str(reason),), found.basis
        if not found.dimension:
            self.name = "no continuous symmetry"
        self.found = found
        self._shown = {
            "function": text or "your own",
            "samples": len(x),
            "noise": round(noise, 3),
            "changed_basis": self.changed.value,
            "n": x.shape[1],
        }
        self._draw(basis, evidence)

    def _draw(self, basis: Tensor, evidence: tuple[str, ...]) -> None:
        found, nan = self.found, float("nan")
        kept = len(found.spectrum) - found.dimension
        values = found.spectrum.clamp(min=1e-17).tolist()
        rows = [[i + 1, v if i < kept else nan, nan if i < kept else v] for i, v in enumerate(values)]
        self.spectrum.show(rows, band=[1e-17, SMALL], x_max=len(values), cursor=max(0, kept - 1))
        self.spectrum.label = f"{len(values)} directions; {found.dimension} leave f alone, below the gap"
        noise = found.violation if found.dimension else 0.0
        self.frames = discovery.readable(basis, noise) if len(basis) else basis.new_zeros(1, *basis.shape[1:])
        with self.together():
            self.element.max = max(1, len(basis))
            self.element.value = 1
        self._pick()
        self.table.show([[self.name], *[[line] for line in (*evidence, *found.cautions)]])
        self.table.label = f"{self.name}: " + "; ".join(evidence)

    def _pick(self) -> None:
        i, d = self.element.value, self.found.dimension
        self.matrix.title = f"A, basis matrix {i} of {d}" if d else "no A but 0"
        self.matrix.show(self.frames[i - 1])

    def verdict(self) -> str:
        found = self.found
        if found.cautions:
            return f"{found.cautions[0][0].upper()}{found.cautions[0][1:]}."
        if not found.dimension:
            return f"{str(found)[0].upper()}{str(found)[1:]}."
        exact = found.violation < 1e-9
        rest = "exact to rounding" if exact else f"violated by {100 * found.violation:.1g} % of the mean direction"
        return f"{self.name}: {found.dimension} of {len(found.spectrum)} directions leave f alone, {rest}."

    def state(self) -> dict[str, Any]:
        """Settings of what is shown, the dimension and the name."""
        exact = bool(self.found.dimension and self.found.violation < 1e-9)
        shown = {"dimension": self.found.dimension, "name": self.name, "exact": exact}
        return self._shown | shown | {"basis_matrix": self.element.value}

    def code(self) -> str:
        s = self._shown
        lines = ["import torch", "from eqkit import discovery, invariants", ""]
        if self._given:
            what = "x, y = ...  # your data" if self._given[0] is None else "f, x = ...  # your function and examples"
            lines += [what, *(["f = discovery.fit_polynomial(x, y)"] if self._given[0] is None else [])]
        else:
            n = s["n"]
            lines += [
                "generator = torch.Generator().manual_seed(0)",
                f"x = torch.randn({s['samples']}, {n}, generator=generator, dtype=torch.float64)",
                f"polynomial = invariants.polynomial({s['function']!r}, {n})",
                f"T = torch.eye({n}, dtype=torch.float64)",
                *([f"T = T + torch.ones({n}, {n}).triu(1) / 2"] if s["changed_basis"] else []),
                "f = lambda x: polynomial(x @ T.T)",
            ]
            if s["noise"]:
                lines += [
                    "y = f(x)",
                    f"y = y + {s['noise']} * y.std() * torch.randn(len(x), generator=generator, dtype=x.dtype)",
                    "f = discovery.fit_polynomial(x, y)",
                ]
        return "\n".join(
            [*lines, "found = discovery.discover_lie_algebra(f, x)", "print(found)", "print(discovery.identify(found))"]
        )
