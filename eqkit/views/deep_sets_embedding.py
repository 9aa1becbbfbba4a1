"""DeepSetsEmbedding: a set as the sum of its elements' columns φ(xᵢ), and two sets that one sum cannot tell apart."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets
import numpy as np
import torch
import traitlets
from torch import Tensor

from eqkit import deep_sets
from eqkit.views import style
from eqkit.views.components import Component, PointCanvas, _buffer, _esm, _synced
from eqkit.views.view import View

PHI = "power sums", "random network"
SPACES = {"the line": 1, "the plane": 2}
MOST, EDGE = 8, 1.25  # elements; the coordinates run from −EDGE to EDGE
FAR, EQUAL = 0.45, 1e-10  # how far apart a collision is looked for, and which sums count as equal
START = {
    1: [[-0.8], [0.1], [0.9], [-0.35], [0.5], [-1.1], [0.7], [-0.55]],
    2: [[-0.7, -0.3], [0.2, 0.6], [0.7, -0.4], [-0.4, 0.7], [0.1, -0.8], [0.9, 0.5], [-0.9, 0.2], [0.2, 0.0]],
}
SUBSCRIPT, SUPERSCRIPT = (str.maketrans("0123456789", digits) for digits in ("₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def powers(x: Tensor, M: int) -> Tensor:
    """φ(x) = (x, x², …, x^M): x (n, 1) -> (n, M). In the plane x is a complex number: (n, 2) -> (n, 2M), Re and Im."""
    z = x[:, 0] if x.shape[1] == 1 else torch.view_as_complex(x.contiguous())
    rows = [z]
    while len(rows) < M:
        rows.append(rows[-1] * z)
    stacked = torch.stack(rows, 1)
    return torch.view_as_real(stacked).flatten(1) if stacked.is_complex() else stacked


def random_network(x: Tensor, M: int, seed: int = 0) -> Tensor:
    """φ(x) = A tanh(Bx + c) with 12 hidden units and Gaussian weights: x (n, d) -> (n, M), float64."""
    generator = torch.Generator().manual_seed(seed)
    B, c, A = (
        torch.randn(*shape, dtype=x.dtype, generator=generator) for shape in ((12, x.shape[1]), (12,), (MOST, 12))
    )
    return torch.tanh(1.5 * x @ B.T + c) @ A[:M].T / 12**0.5


def roots(pooled: Tensor, d: int) -> Tensor:
    """The set with these N power sums: (N,) -> (N, 1) for real numbers, (2N,) -> (N, 2) for complex ones.

    By Newton's identities they are the coefficients of Πᵢ (t − xᵢ).
    """
    if d == 1:
        return deep_sets.from_power_sums(pooled)[:, None]
    e = deep_sets.newton(torch.view_as_complex(pooled.reshape(-1, 2))).numpy()
    found = np.roots([1, *(e * (-1) ** np.arange(1, len(e) + 1))])
    return torch.from_numpy(np.stack([found.real, found.imag], 1))


class Columns(Component):
    """One or two sets as columns of bars, a column φ(xᵢ) for each element, with the sum beside them.

    values, second: (count, rows) float32, `second` empty for none; sums: (2, rows). `order`: which column stands at
    each place; a new order of equal length is walked to in the browser.
    """

    _esm = _esm("columns")
    values = _buffer()
    second = _buffer()
    sums = _buffer()
    order = _synced(traitlets.List())
    names = _synced(traitlets.List())
    letters = _synced(traitlets.List())
    colours = _synced(traitlets.List())
    scale = _synced(traitlets.Float(1.0))
    total_scale = _synced(traitlets.Float(1.0))

    def show(self, sets: list[Tensor], order: list[int], names: list[str], label: str) -> None:
        """Draw one or two tables φ (count, rows) with their sums; one message to the browser."""
        with self.hold_sync():
            self.order, self.names, self.label = order, names, label
            self.letters = [style.class_style(i)[1] for i in range(len(order))]
            self.colours = [style.class_style(i)[0] for i in range(len(order))]
            tables = [table.float().numpy().tobytes() for table in sets]
            self.values, self.second = [*tables, b""][:2]
            sums = torch.stack([table.sum(0) for table in sets])
            self.sums = torch.cat([sums, 0 * sums])[:2].float().numpy().tobytes()
            self.scale = max(1.0, *(float(table.abs().max()) for table in sets))
            self.total_scale = max(1.0, float(sums.abs().max()))
            self.rev += 1

    def draw(self, axes: Any) -> None:
        count, rows = len(self.order), len(self.names)
        sums = np.frombuffer(self.sums, np.float32).reshape(2, rows)
        for k, buffer in enumerate(filter(None, (self.values, self.second))):
            table, top = np.frombuffer(buffer, np.float32).reshape(count, rows), k * (rows + 2)
            y = top + 1 + np.arange(rows)
            place = {"ha": "center", "va": "center", "fontsize": 9, "fontweight": "bold"}
            centres = [*(x + 0.5 for x in range(count)), count + 1.4]
            axes.vlines(centres, y[0] - 0.5, y[-1] + 0.5, color="#cccccc", linewidth=0.8, zorder=0)
            axes.text(-0.1, top, "XY"[k], color=style.colour("group") if k else "black", **place | {"ha": "right"})
            for x, i in enumerate(self.order):
                hue, word = (style.colour("group"), self.letters[i] + "′") if k else (self.colours[i], self.letters[i])
                axes.barh(y, 0.46 * table[i] / self.scale, 0.6, x + 0.5, color=hue)
                axes.text(x + 0.5, top, word, color=hue if k else "black", **place)
            axes.barh(y, 0.8 * sums[k] / self.total_scale, 0.6, count + 1.4, color=style.colour("invariant"))
            axes.text(count + 1.4, top, "Σ", color=style.colour("invariant"), **place)
            for at, name, total in zip(y, self.names, sums[k].round(3) + 0.0, strict=True):
                axes.text(-0.1, at, name, ha="right", va="center", fontsize=9)
                axes.text(
                    count + 1.4, at, f" {total:.3f} ", ha="left" if total < 0 else "right", va="center", fontsize=8
                )
        axes.set(xlim=(-0.5, count + 2.3), ylim=(2 * (rows + 2) - 1, -1), xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_title(self.title)


class DeepSetsEmbedding(View):
    """Drag, add and permute the elements of a set: each moves its column φ(xᵢ) and the sum; a new order moves no sum.

    "a second set" follows the sets with the same sum until they are FAR apart; where M power sums determine the set,
    it is computed back from them. In the plane an element is a complex number, and M power sums are 2M real numbers.
    x: the set, (n,) or (n, 1) on the line, (n, 2) in the plane; phi: a name in PHI; M: the latent dimension.
    ValueError: a set of the wrong shape or beyond ±EDGE, more than MOST elements, M out of 1 … MOST.
    """

    title = "Which sets have the same sum of columns?"

    def __init__(self, x: Tensor | None = None, phi: str = PHI[0], M: int = 2, seed: int = 0) -> None:
        given = torch.tensor(START[1][:3]) if x is None else torch.as_tensor(x)
        given = (given[:, None] if given.ndim == 1 else given).double()
        if given.ndim != 2 or given.shape[1] not in (1, 2) or not 1 <= len(given) <= MOST:
            raise ValueError(
                f"x has shape {tuple(given.shape)}; a set is (n, 1) on the line, (n, 2) in the plane, 1 ≤ n ≤ {MOST}"
            )
        if not bool((given.abs() <= EDGE).all()):
            raise ValueError(f"x leaves the picture: coordinates are finite, from −{EDGE} to {EDGE}")
        if phi not in PHI or not 1 <= M <= MOST:
            raise ValueError(f"phi={phi!r}, M={M}: choose {' or '.join(map(repr, PHI))}, and M from 1 to {MOST}")
        self.seed, self._given = seed, given.round(decimals=6)
        names = list(SPACES)
        label: dict[str, Any] = {"style": {"description_width": "auto"}}
        self._start = {"space": names[given.shape[1] - 1], "n": len(given), "phi": phi, "M": M, "second": False}
        self.space = ipywidgets.Dropdown(options=names, description="a set on", layout={"width": "12.5em"}, **label)
        self.n = ipywidgets.IntSlider(1, 1, MOST, description="elements", layout={"width": "17em"}, **label)
        self.phi = ipywidgets.Dropdown(options=PHI, description="φ", layout={"width": "12em"}, **label)
        self.M = ipywidgets.IntSlider(1, 1, MOST, description="numbers M", layout={"width": "19em"}, **label)
        self.permute = ipywidgets.Button(description="permute", layout={"width": "auto"})
        self.second = ipywidgets.ToggleButton(False, description="a second set?", layout={"width": "auto"})
        self.points = PointCanvas("the set X: drag its elements", size=260)
        self.columns = Columns(title="its columns φ(xᵢ), and their sum", width=540, height=380)
        controls = [self.space, self.n, self.phi, self.M, self.permute, self.second]
        self.restart()
        self.assemble([[self.points], [self.columns]], controls)
        for widget, trait, action in (
            (self.space, "value", self.begin),
            (self.n, "value", self.resize),
            (self.phi, "value", self.embed),
            (self.M, "value", self.embed),
            (self.second, "value", self.search),
            (self.points, "layers", self.dragged),
        ):
            self.on(widget, trait, action)
        self.on_click(self.permute, self.shuffle)

    # the set
    def restart(self) -> None:
        """The settings and the set of the beginning."""
        for name, value in self._start.items():
            getattr(self, name).value = value
        self.begin()

    def begin(self) -> None:
        """The first set of this space, in its first order."""
        d = SPACES[self.space.value]
        ours = self._given if self._given.shape[1] == d else torch.empty(0, d, dtype=torch.float64)
        self._pool = torch.cat([ours, torch.tensor(START[d], dtype=torch.float64)[len(ours) :]])
        self.generator = torch.Generator().manual_seed(self.seed)
        self.x = self._pool[: self.n.value]
        self.order = list(range(len(self.x)))
        self.embed()

    def resize(self) -> None:
        """As many elements as the slider says: the first stay where they are, a new one stands last."""
        n, had = self.n.value, len(self.x)
        self._pool[:had] = self.x
        self.x = self._pool[:n].clone()
        self.order = [i for i in self.order if i < n] + list(range(had, n))
        self.embed()

    def set_points(self, x: Tensor) -> None:
        """Move the elements to x (n, d), as dragging does."""
        if x.shape != self.x.shape or not bool((x.abs() <= EDGE).all()):
            raise ValueError(f"x has shape {tuple(x.shape)}; {tuple(self.x.shape)} numbers within ±{EDGE} are shown")
        self.x = x.double()
        self.embed()

    def dragged(self) -> None:
        """What the browser moved: one element, its column, and the sum."""
        x = torch.from_numpy(self.points.points(0))[:, : self.x.shape[1]]
        if x.shape == self.x.shape and not torch.allclose(x, self.x, rtol=0, atol=1e-6):
            self.x = x
            self.embed(dragging=True)

    def shuffle(self) -> None:
        """Another order of the same elements."""
        before = self.order
        while self.order == before and len(before) > 1:
            self.order = torch.randperm(len(before), generator=self.generator).tolist()
        self.draw()

    # the embedding
    def embedded(self, x: Tensor) -> Tensor:
        """φ of every element: (n, d) -> (n, latent)."""
        return powers(x, self.M.value) if self.phi.value == PHI[0] else random_network(x, self.M.value, self.seed)

    def embed(self, dragging: bool = False) -> None:
        """A new set or a new φ: nothing is known of a second set."""
        self.y: Tensor | None = None
        self.back: Tensor | None = None
        self.found, self.second.value = "", False
        if not dragging:
            self._show_points()
        self.draw()

    @property
    def determined(self) -> bool:
        """M power sums determine the set."""
        return self.phi.value == PHI[0] and self.M.value >= len(self.x)

    def search(self) -> None:
        """Follow the sets of equal sum away from X; where there are none, compute X back from its sum."""
        if not self.second.value:
            if self.found:
                self.embed(dragging=True)
            return
        n, d = self.x.shape
        try:
            if self.determined:
                self.back = roots(self.embedded(self.x).sum(0)[: n * d], d)
                self.found = "none"
            else:
                self.y = deep_sets.collision(self.embedded, self.x, FAR, steps=150)
                self.found = "a second set"
        except ValueError as error:
            self.found = str(error)
        self.draw()

    # what is drawn
    def _show_points(self) -> None:
        n, d = self.x.shape
        hues, letters = zip(*(style.class_style(i) for i in range(n)), strict=True)
        layer = {"kind": "points", "colour": "data", "colours": list(hues), "text": list(letters), "size": 8}
        xy = torch.nn.functional.pad(self.x, (0, 2 - d)).tolist()
        self.points.show([{**layer, "xy": xy, "drag": "x" if d == 1 else True}], f"a set of {n} elements on a canvas")

    def _curves(self) -> list[dict[str, Any]]:
        """On the line: Π (t − xᵢ), whose zeros are the set, or the M functions φ(t); in the plane the axes."""
        if self.x.shape[1] == 2:
            return [
                {"kind": "line", "xy": xy, "colour": "muted", "size": 1}
                for xy in ([[-1.2, 0], [1.2, 0]], [[0, -1.2], [0, 1.2]])
            ]
        t = torch.linspace(-EDGE, EDGE, 121, dtype=torch.float64)
        lines: list[tuple[str, float, Tensor]] = [("muted", 1, torch.zeros_like(t))]
        if self.phi.value == PHI[0]:
            inside = (t > self.x.min() - 0.1) & (t < self.x.max() + 0.1)
            curves = [(t[:, None] - roots_.T).prod(1) for roots_ in (self.x, self.y) if roots_ is not None]
            unit = 0.6 / max(float(curves[0][inside].abs().max()), 1e-6)
            lines += [(hue, 2, unit * curve) for hue, curve in zip(("invariant", "group"), curves, strict=False)]
        else:
            lines += [("invariant", 1.5, column) for column in self.embedded(t[:, None]).T]
        layers = []
        for hue, size, curve in lines:
            inside = np.abs(curve.numpy()) <= 1.2
            for run in np.split(np.arange(len(t)), np.flatnonzero(np.diff(inside)) + 1):
                if inside[run[0]]:
                    xy = torch.stack([t, curve], 1)[run].tolist()
                    layers.append({"kind": "line", "xy": xy, "colour": hue, "size": size})
        return layers

    def draw(self) -> None:
        """Everything but the elements themselves, which the browser moves."""
        n, d = self.x.shape
        pad = torch.nn.functional.pad
        layers = self._curves()
        if self.back is not None:
            layers.append(
                {"kind": "points", "xy": pad(self.back, (0, 2 - d)).tolist(), "colour": "invariant", "size": 13}
            )
        if self.y is not None:
            xy, words = pad(self.y, (0, 2 - d)).tolist(), [style.class_style(i)[1] + "′" for i in range(n)]
            layers.append({"kind": "points", "xy": xy, "colour": "group", "size": 10, "text": words, "inside": True})
        self.points.backdrop = style.rounded(layers, 4)
        if self.phi.value == PHI[0]:
            symbols = ["x"] if d == 1 else ["Re z", "Im z"]
            power = ["" if k == 1 else str(k).translate(SUPERSCRIPT) for k in range(1, self.M.value + 1)]
            names = [symbol + k for k in power for symbol in symbols]
        else:
            names = [f"φ{str(k).translate(SUBSCRIPT)}" for k in range(1, self.M.value + 1)]
        sets = [self.x] if self.y is None else [self.x, self.y]
        label = (
            f"{n} columns of {len(names)} bars in the order {self.letters}, their sum, and {len(sets) - 1} second sets"
        )
        self.columns.show([self.embedded(s) for s in sets], self.order, names, label)

    # what is said
    @property
    def letters(self) -> str:
        """The order of the columns as letters."""
        return "".join(style.class_style(i)[1] for i in self.order)

    @property
    def same(self) -> bool:
        """The sum in this order is the sum in the first."""
        table = self.embedded(self.x)
        return bool((table[self.order].sum(0) - table.sum(0)).abs().max() < 1e-12)

    @property
    def equal(self) -> bool:
        """There is a second set, different from the first, and its sum is equal."""
        if self.y is None:
            return False
        gap = (self.embedded(self.y).sum(0) - self.embedded(self.x).sum(0)).abs().max()
        return float(gap) < EQUAL and deep_sets.set_distance(self.x, self.y) > 1e-3

    @property
    def returned(self) -> bool:
        """The set computed back from the sum is the set."""
        return self.back is not None and deep_sets.set_distance(self.x, self.back) < 1e-6

    def verdict(self) -> str:
        n, d = self.x.shape
        latent = self.M.value * (d if self.phi.value == PHI[0] else 1)
        kind = "complex number" if d == 2 and self.phi.value == PHI[0] else "number"
        of = f"{self.M.value} {kind}{'s' if self.M.value > 1 else ''}"
        if self.equal:
            return f"Different sets, equal sums to {EQUAL:g}: M = {of} cannot tell sets of {n} apart."
        if self.back is not None:
            back = "back to 1e-6" if self.returned else "inexactly: where elements meet, roots are ill-conditioned"
            return f"None: {n} power sums give Π(t − xᵢ), and its roots are X; computed {back}."
        if self.found and latent >= n * d:
            return f"None nearby: {latent} equations for {n * d} coordinates; far away there may be one."
        if self.found:
            return f"None found: {self.found}."
        kept = "the same" if self.same else "not the same"
        return f"Order {self.letters}: the sum of the columns is {kept} in all {math.factorial(n):,} orders."

    def state(self) -> dict[str, Any]:
        """Settings, the set, and what was found; no digits of sums."""
        d = self.x.shape[1]
        return {
            "on": self.space.value,
            "X": [round(v, 3) for v in self.x[:, 0].tolist()] if d == 1 else self.x.round(decimals=3).tolist(),
            "phi": self.phi.value,
            "M": self.M.value,
            "latent": self.M.value * (d if self.phi.value == PHI[0] else 1),
            "order": self.letters,
            "same_sum_in_this_order": self.same,
            "second_set": self.equal if self.found else "not looked for",
            **({"computed_back": self.returned} if self.back is not None else {}),
        }

    def code(self) -> str:
        x, M = style.rounded(self.x, 9), self.M.value
        name = "powers" if self.phi.value == PHI[0] else "random_network"
        seed = f", {self.seed}" if name == "random_network" else ""
        lines = f"""import torch
from eqkit import deep_sets
from eqkit.views.deep_sets_embedding import {"powers, roots" if self.back is not None else name}

def phi(x):
    return {name}(x, {M}{seed})

x = torch.tensor({x}, dtype=torch.float64)
pooled = phi(x).sum(0)
print(pooled, phi(x[{self.order}]).sum(0))  # in another order
"""
        if self.back is not None:
            n, d = self.x.shape
            return lines + f"back = roots(pooled[:{n * d}], {d})\nprint(back)\n"
        if self.y is not None:
            return lines + f"y = deep_sets.collision(phi, x, {FAR}, steps=150)\nprint(y, phi(y).sum(0) - pooled)\n"
        return lines

    def reset(self) -> None:
        self.restart()
