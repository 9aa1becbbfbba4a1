"""BreakIt: put a fault into an equivariant network, and see in which layer the equivariance error arises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import ipywidgets
import torch
import traitlets
from torch import Tensor

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.networks import EquivariantLinear, Norm, Pointwise
from eqkit.representations import Representation
from eqkit.views import style
from eqkit.views.components import Component, MatrixCanvas, _esm, _synced
from eqkit.views.spelling import named, spell_group
from eqkit.views.table import Table
from eqkit.views.view import View

FAULTS = {  # fault: why it breaks the symmetry
    "ReLU": "ReLU acts on coordinates, and g mixes them",
    "bias": "g moves the bias",
    "untied weight": "one weight differs from those it is tied to",
    "wrong group": "it commutes with h g h⁻¹, not with g",
    "padding": "at the border the padding stops the shift",
    "float32": "float32 rounds",
}
GROUPS = "C(8)", "S(5)", "D(6)", "D.plane(5)", "SO(3)", "Icosahedral()"
BLOCKS, CHANNELS = 3, 3
EXACT, ROUNDED = 1e-10, 1e-5  # the error that counts as none in float64, in float32
Function = Callable[[Tensor], Tensor]


class Layer(NamedTuple):
    """A map V → W, x (count, V.size) -> (count, W.size), with the faults that were put into it."""

    name: str
    V: Representation
    W: Representation
    f: Function
    faults: tuple[str, ...] = ()


def network(
    G: groups.MatrixGroup, faults: Sequence[str] = (), block: int = 2, amount: float = 0.1, seed: int = 0
) -> list[Layer]:
    """2·V → three blocks (linear, nonlinearity) of 3·V → V, in float64, with faults of this amount in one block.

    The nonlinearity is ReLU where G permutes the coordinates, else the norm x ↦ σ(‖x‖ + b) x. Right without faults.
    ValueError: an unknown fault, a block out of 1 … 3, or padding where G is no cyclic shift.
    """
    if not set(faults) <= set(FAULTS) or not 1 <= block <= BLOCKS:
        raise ValueError(
            f"faults {list(faults)} in block {block}: choose from {', '.join(FAULTS)}, blocks 1 to {BLOCKS}"
        )
    if "padding" in faults and not shifts(G):
        raise ValueError(f"padding: {G} does not shift its coordinates in a circle, as C(n) does; there is no border")
    V, generator, layers = G.vector, torch.Generator().manual_seed(seed), []
    H = CHANNELS * V
    rounds = "float32" in faults
    for k in range(1, BLOCKS + 2):
        source, target = (2 * V if k == 1 else H), (V if k > BLOCKS else H)
        own = [fault for fault in faults if k == block]
        linear = EquivariantLinear(source, target, dtype=torch.float64, generator=generator)
        layers.append(_linear(f"linear {k}", linear, own, amount, rounds))
        if k <= BLOCKS:
            layers.append(_nonlinear(k, H, own, amount, rounds))
    return layers


def shifts(G: groups.MatrixGroup) -> bool:
    """G is C(n), which shifts n coordinates in a circle."""
    return G == groups.C(G.n)


def _linear(name: str, layer: EquivariantLinear, faults: list[str], amount: float, rounds: bool) -> Layer:
    M, b = layer.matrix().detach(), layer.offset().detach()
    V, W, n = layer.V, layer.W, layer.V.group.n
    own = [fault for fault in faults if fault in ("bias", "untied weight", "padding", "wrong group")]
    if "padding" in faults:  # as a convolution whose window does not wrap around
        i, j = torch.arange(W.size)[:, None] % n, torch.arange(V.size) % n
        M = M * (((j - i + n // 2) % n - n // 2) == j - i)
    if "untied weight" in faults:
        M[0, 0] += amount
    if "bias" in faults:
        b[0] += amount
    return Layer(
        name, V, W, _altered(lambda x: x @ M.to(x.dtype).T + b.to(x.dtype), V, W, own, amount, rounds), tuple(own)
    )


def _nonlinear(k: int, H: Representation, faults: list[str], amount: float, rounds: bool) -> Layer:
    permutes = H.is_permutation
    own = [fault for fault in faults if fault == "wrong group" or fault == "ReLU"]
    f: Function = Pointwise(H, "relu") if permutes else Norm(H, torch.float64)
    if "ReLU" in faults:
        f = torch.relu
    name = f"{'ReLU' if permutes or 'ReLU' in faults else 'norm'} {k}"
    return Layer(name, H, H, _altered(f, H, H, own, amount, rounds), tuple(own))


def _altered(
    f: Function, V: Representation, W: Representation, faults: list[str], amount: float, rounds: bool
) -> Function:
    """f, in the coordinates of a slightly wrong group h G h⁻¹ and in float32, if the faults say so."""
    h = tilt(V.group, amount)
    there, back = W(h), V(torch.linalg.inv(h))

    def altered(x: Tensor) -> Tensor:
        with torch.no_grad():
            x = x.float() if rounds else x
            if "wrong group" in faults:
                return (f(x @ back.to(x.dtype).T) @ there.to(x.dtype).T).double()
            return f(x).double()

    return altered


def tilt(G: groups.MatrixGroup, amount: float) -> Tensor:
    """h (n, n): turns the first two coordinates by `amount` where G permutes, else stretches the first by e^amount."""
    A = torch.zeros(G.n, G.n, dtype=torch.float64)
    if G.is_permutation:
        A[1, 0], A[0, 1] = amount, -amount
    else:
        A[0, 0] = amount
    return torch.linalg.matrix_exp(A)


class Errors(NamedTuple):
    """After every layer the error of the network, its own, and the g and x that are worst for the network."""

    network: list[float]
    own: list[float]
    worst: list[tuple[Tensor, Tensor]]
    sides: list[tuple[Tensor, Tensor]]  # f(gx) and g f(x) there


def errors(layers: Sequence[Layer], count: int = 8, seed: int = 1) -> Errors:
    """The largest |f(V(g) x) − W(g) f(x)| / (1 + |f(x)|) over the generators and random g and x, after every layer.

    What `representations.equivariance_error` gives for each of these maps, in one pass. A layer's own error is taken at
    the values that reach it.
    """
    V, generator = layers[0].V, torch.Generator().manual_seed(seed)
    G = V.group
    g = torch.cat([G.generators, G.random_products(16, generator)])
    x = torch.randn(count, V.size, dtype=torch.float64, generator=generator)
    moved, still = V.act(g, x.expand(len(g), *x.shape)), x  # f(g x), (g, count, size), and f(x), (count, size)
    found = Errors([], [], [], [])
    for layer in layers:
        before = layer.V.act(g, still.expand(len(g), *still.shape))
        moved, own, still = layer.f(moved.flatten(0, 1)), layer.f(before.flatten(0, 1)), layer.f(still)
        turned = layer.W.act(g, still.expand(len(g), *still.shape))
        moved = moved.view_as(turned)
        size = 1 + still.abs().amax(-1)
        each = (moved - turned).abs().amax(-1) / size
        i, j = divmod(int(each.argmax()), count)
        found.network.append(float(each[i, j]))
        found.own.append(float(((own.view_as(turned) - turned).abs().amax(-1) / size).max()))
        found.worst.append((g[i], x[j]))
        found.sides.append((moved[i, j], turned[i, j]))
    return found


def refusals(G: groups.MatrixGroup) -> str:
    """What the kit itself says to a ReLU, a bias and a free weight for the vectors of G."""
    V = G.vector
    try:
        Pointwise(V, "relu")
        told = f"Pointwise({V}, relu) is accepted: {G} permutes the coordinates, and so relu commutes with it."
    except ValueError as refusal:
        told = f"ValueError: {refusal}"
    free, biases = Hom(V, V).dim, Hom(G.trivial, V).dim
    return (
        f"EquivariantLinear({V}, {V}) has {free} parameter{'s' * (free != 1)} for {V.size**2} weights and {biases} for "
        f"{V.size} biases, so a free weight or bias cannot be written.\n{told}"
    )


class LayerErrors(Component):
    """A bar for every layer on a log axis, with the tolerance band; diamonds are the layers' own errors.

    A click or an arrow key sets `selected`.
    """

    _esm = _esm("layer_errors")
    names = _synced(traitlets.List())
    errors = _synced(traitlets.List())
    own = _synced(traitlets.List())
    tolerance = _synced(traitlets.Float(EXACT))
    selected = _synced(traitlets.Int(-1))

    def draw(self, axes: Any) -> None:
        hues = [
            [style.colour("group" if e > self.tolerance else "invariant") for e in v] for v in (self.errors, self.own)
        ]
        x = range(len(self.names))
        axes.bar(x, [max(e, 1e-17) for e in self.errors], 0.6, color=hues[0], zorder=2)
        axes.scatter(x, [max(e, 1.5e-17) for e in self.own], 50, hues[1], marker="D", edgecolors="white", zorder=3)
        axes.axhspan(1e-17, self.tolerance, color=style.colour("band")[:7], alpha=0.12, linewidth=0)
        axes.set_yscale("log")
        axes.set(xticks=x, ylim=(1e-17, 30))
        axes.set_xticklabels(self.names, fontsize=9)
        axes.grid(False, axis="x")
        axes.set_title(self.title)


class BreakIt(View):
    """Switch faults into one block of an equivariant network: the error bars turn vermilion from there on.

    G: a group of real matrices, at most 12 × 12, compact; block: where the faults are put; amount: how large they are.
    The bar of a layer is the error of the network up to it, the diamond the layer's own. Select a bar to see the worst
    g and x there. ValueError: G is not compact, not real or too large, a fault unknown or out of place.
    """

    title = "Where does the equivariance error arise?"

    def __init__(
        self,
        G: groups.MatrixGroup | None = None,
        faults: Sequence[str] = (),
        block: int = 2,
        amount: float = 0.1,
        seed: int = 0,
    ) -> None:
        given = groups.SO(3) if G is None else G
        if not isinstance(given, groups.MatrixGroup):
            raise TypeError(f"BreakIt(G): {given!r} is no group; pass one such as groups.SO(3)")
        if given.n > 12 or given.generators.is_complex() or given.lie_algebra.is_complex() or not given.is_compact:
            raise ValueError(f"BreakIt({given}): the group is compact and made of real matrices, at most 12 × 12")
        if not 1e-6 <= amount <= 1:
            raise ValueError(f"amount={amount}: how large the fault is, from 1e-6 to 1")
        network(given, faults, block, amount)
        self.seed = seed
        self._groups = {str(given): given} | {name: named(name) for name in GROUPS if name != str(given)}
        self._start = str(given), tuple(faults), block, amount
        label: dict[str, Any] = {"style": {"description_width": "auto"}}
        self.menu = ipywidgets.Dropdown(
            options=list(self._groups), value=str(given), description="vectors of", layout={"width": "15em"}, **label
        )
        self.switches = {
            name: ipywidgets.ToggleButton(name in faults, description=name, layout={"width": "auto"}) for name in FAULTS
        }
        self.block = ipywidgets.IntSlider(block, 1, BLOCKS, description="in block", layout={"width": "15em"}, **label)
        self.amount = ipywidgets.FloatLogSlider(
            amount, base=10, min=-6, max=0, step=0.25, readout_format=".0e", description="how much",
            layout={"width": "20em"}, **label)  # fmt: skip
        self.bars = LayerErrors(title="the error after each layer ◆ its own", width=520, height=250)
        self.words = Table(title="what the kit itself says, by type", width=520, height=170)
        self.g = MatrixCanvas("the worst g", ink="group", size=140)
        self.x = MatrixCanvas("the worst x", size=270)
        self.sides = MatrixCanvas("f(gx), g f(x), gap", size=270)
        self.choose()
        self.assemble(
            [[self.bars, self.words], [self.g, self.x, self.sides]],
            [self.menu, *self.switches.values(), self.block, self.amount],
        )
        self.on(self.menu, "value", self.choose)
        for widget in (*self.switches.values(), self.block, self.amount):
            self.on(widget, "value", self.measure)
        self.on(self.bars, "selected", self.point)

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults that are switched on."""
        return tuple(name for name, switch in self.switches.items() if switch.value)

    @property
    def tolerance(self) -> float:
        """The error that counts as none."""
        return ROUNDED if "float32" in self.faults else EXACT

    def choose(self) -> None:
        """Build the network for the group of the menu."""
        self.group = self._groups[self.menu.value]
        padding = self.switches["padding"]
        padding.disabled = not shifts(self.group)
        padding.value = padding.value and not padding.disabled
        self.words.show([[refusals(self.group)]])
        self.measure()

    def measure(self) -> None:
        """The errors of all layers, and the worst g and x."""
        self.layers = network(self.group, self.faults, self.block.value, self.amount.value, self.seed)
        self.errors = errors(self.layers)
        with self.bars.hold_sync():
            self.bars.names = [layer.name for layer in self.layers]
            self.bars.errors, self.bars.own = style.rounded(self.errors.network, 3), style.rounded(self.errors.own, 3)
            self.bars.tolerance = self.tolerance
        self.point()

    def point(self) -> None:
        """Show the worst g and x of the selected layer, the last unless one is selected."""
        i = self.selected
        (g, x), (left, right) = self.errors.worst[i], self.errors.sides[i]
        rows = torch.stack([left, right, left - right])
        name = self.layers[i].name
        self.g.show(values=g, scale=float(g.abs().max()), label=f"the worst g for the network up to {name}")
        for canvas, values in ((self.x, x[None]), (self.sides, rows)):
            canvas.width = canvas.height = min(270, 50 * max(values.shape))
            canvas.show(values=values, scale=float(values.abs().max()) or 1.0)
        words = (
            f"{n} {'broken' if broken else 'kept'}" for n, broken in zip(self.bars.names, self.broken, strict=True)
        )
        self.bars.label = "equivariance error after each layer: " + ", ".join(words)

    @property
    def selected(self) -> int:
        """The index of the layer whose worst case is shown."""
        return self.bars.selected if 0 <= self.bars.selected < len(self.layers) else len(self.layers) - 1

    @property
    def broken(self) -> list[bool]:
        """After which layers the network is not equivariant."""
        return [error > self.tolerance for error in self.errors.network]

    @property
    def arises(self) -> list[Layer]:
        """The layers that are not equivariant themselves."""
        return [layer for layer, own in zip(self.layers, self.errors.own, strict=True) if own > self.tolerance]

    def verdict(self) -> str:
        if self.arises:
            first, faults = self.arises[0], [fault for layer in self.arises[:1] for fault in layer.faults]
            return f"The error arises in {first.name}: {'; '.join(FAULTS[fault] for fault in faults)}."
        harmless = [fault for fault in self.faults if fault != "float32"]
        if not harmless:
            kind = "float32" if "float32" in self.faults else "float64"
            return f"Every layer commutes with g, and so does the network: what is left is the rounding of {kind}."
        if "float32" in self.faults:
            return f"Nothing above {ROUNDED:g}: in float32 a smaller error cannot be told from rounding."
        if harmless == ["ReLU"] and self.group.is_permutation:
            return f"Nothing breaks: {self.group} permutes the coordinates, and ReLU commutes with that."
        return f"No error above {EXACT:g}: {', '.join(harmless)} does not show in this block."

    def state(self) -> dict[str, Any]:
        return {
            "group": str(self.group),
            "faults": list(self.faults),
            "block": self.block.value,
            "amount": style.rounded(self.amount.value, 2),
            "layers": [layer.name for layer in self.layers],
            "broken_after": self.broken,
            "arises_in": [layer.name for layer in self.arises],
            "selected": self.layers[self.selected].name,
        }

    def code(self) -> str:
        amount = style.rounded(self.amount.value, 3)
        return f"""from eqkit import groups
from eqkit.views.break_it import errors, network

G = {spell_group(self.group)}
layers = network(G, faults={list(self.faults)}, block={self.block.value}, amount={amount}, seed={self.seed})
found = errors(layers)
for layer, error, own in zip(layers, found.network, found.own):
    print(f"{{layer.name:10}} {{error:.1e}}  by itself {{own:.1e}}")
"""

    def reset(self) -> None:
        self.menu.value, faults, self.block.value, self.amount.value = self._start
        for name, switch in self.switches.items():
            switch.value = name in faults
        self.bars.selected = -1
        self.choose()
