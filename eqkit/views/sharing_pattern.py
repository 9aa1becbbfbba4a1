"""SharingPattern: which weights of an equivariant map must be equal, and how many are free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.representations import Representation
from eqkit.views import style
from eqkit.views.components import Component, MatrixCanvas, _esm, _synced
from eqkit.views.spelling import named, spell_entries, spell_group, spell_representation
from eqkit.views.view import View

NAMES = ("S(4)", "S(6)", "A(4)", "C(6)", "C(12)", "D(6)", "trivial(4)", "SignFlips(4)", "SignedPermutations(3)",
         "Octahedral()", "D.plane(6)", "SO(2)", "SO(3)", "O(3)", "SU(2)", "Lorentz()")  # fmt: skip
MENU: dict[str, Callable[[groups.MatrixGroup], Representation]] = {
    "1": lambda G: G.trivial,
    "V": lambda G: G.vector,
    "V*": lambda G: G.vector.dual,
    "2·V": lambda G: 2 * G.vector,
    "V⊗V": lambda G: G.vector**2,
    "V⊗V⊗V": lambda G: G.vector**3,
    "Sym²(V)": lambda G: G.vector.sym(2),
    "Alt²(V)": lambda G: G.vector.alt(2),
    "regular": lambda G: G.regular,
}
LIMIT = 4096  # weights drawn at most


class Tally(Component):
    """Counts in words, and a swatch for every class of tied weights, which lights up with the class that is hovered.

    facts: [[number, words], …]; sizes: how many weights each class has; classes: as in MatrixCanvas.
    """

    _esm = _esm("tally")
    facts = _synced(traitlets.List())
    classes = _synced(traitlets.List())
    sizes = _synced(traitlets.List())
    hovered = _synced(traitlets.Int(-1))
    selected = _synced(traitlets.Int(-1))

    def draw(self, axes: Any) -> None:
        row = max(0.09, 34 / self.height)
        for i, (number, words) in enumerate(self.facts):
            axes.text(0.3, 1 - row * i, number, ha="right", va="top", fontsize=15, fontweight="bold")
            axes.text(0.34, 0.99 - row * i, words, va="top")
        for i, (size, (hue, letter)) in enumerate(zip(self.sizes[:28], self.classes, strict=False)):
            x, y = 0.1 + 0.27 * (i % 4), 1 - row * (len(self.facts) + i // 4 + 1.1)
            axes.scatter(x, y, s=180, marker="s", color=hue)
            axes.text(x, y, letter, ha="center", va="center", fontsize=9)
            axes.text(x + 0.05, y, f"× {size}", va="center", fontsize=9)
        axes.set(xlim=(0, 1.1), ylim=(0, 1))
        axes.axis("off")
        axes.set_title(self.title)


class SharingPattern(View):
    """The weight W: V_in → V_out of an equivariant linear map, in one colour what is tied; hover to see which.

    Where G does not permute coordinates (up to sign) there is no such pattern: the basis matrices of Hom are drawn, one
    after the other. V_in, V_out: representations of G, V unless given; the menus have more.
    ValueError: more than 4096 weights, V_in or V_out of another group. TypeError: no group, no representation.
    """

    title = "Which weights must be equal, and which vanish?"

    def __init__(
        self,
        G: groups.MatrixGroup | None = None,
        V_in: Representation | None = None,
        V_out: Representation | None = None,
    ) -> None:
        passed = [V for V in (V_in, V_out) if V is not None]
        for V in passed:
            if not isinstance(V, Representation):
                raise TypeError(f"SharingPattern: {V!r} is no representation; pass one such as G.vector")
        given = G if G is not None else (passed or [groups.S(4).vector])[0].group
        if not isinstance(given, groups.MatrixGroup):
            raise TypeError(f"SharingPattern(G): {given!r} is no group; pass one such as groups.S(4)")
        for V in passed:
            if V.group != given:
                raise ValueError(
                    f"SharingPattern: {V} is a representation of {V.group}, not of {given}; build it from G"
                )
        self.groups = {str(given): given} | {name: named(name) for name in NAMES if name != str(given)}
        self.given = [given.vector if V is None else V for V in (V_in, V_out)]
        self._start = [str(given), *map(str, self.given)]
        options: list[list[str]] = [[*self.groups], [*MENU], [*MENU]]
        narrow: dict[str, Any] = {"style": {"description_width": "initial"}, "layout": {"width": "auto"}}
        self.menus = [
            ipywidgets.Dropdown(
                options=names if value in names else [*names, value], value=value, description=label, **narrow
            )
            for names, value, label in zip(options, self._start, ("group", "V in", "V out"), strict=True)
        ]
        self.stepper = ipywidgets.IntSlider(0, 0, 0, description="basis matrix", style=narrow["style"])
        self.weight = MatrixCanvas("W", ink="invariant", size=430)
        self.tally = Tally(title="counts", width=300, height=458)
        self.solve()
        self.links = [
            ipywidgets.jslink((self.stepper, "value"), (self.weight, "frame")),
            ipywidgets.jsdlink((self.tally, "hovered"), (self.weight, "hovered")),
            ipywidgets.jslink((self.weight, "selected"), (self.tally, "selected")),
        ]
        self.assemble([[self.weight], [self.tally]], [*self.menus, self.stepper])
        for menu in self.menus:
            self.on(menu, "value", self.solve)
        for widget, trait in ((self.stepper, "value"), (self.weight, "selected"), (self.weight, "cursor")):
            self.on(widget, trait, self.describe)

    def _representation(self, slot: int, G: groups.MatrixGroup) -> Representation:
        """What the menu says: the representation that was passed, if it has this name and is one of G."""
        name, given = self.menus[1 + slot].value, self.given[slot]
        if name == str(given) and given.group == G:
            return given
        if name not in MENU:
            raise ValueError(f"{name} is a representation of {given.group}; choose another for {G}")
        return MENU[name](G)

    def solve(self) -> None:
        """Hom for what the menus say, drawn."""
        G = self.groups[self.menus[0].value]
        V, W = self._representation(0, G), self._representation(1, G)
        if V.size * W.size > LIMIT:
            raise ValueError(
                f"{V} → {W} over {G} has {W.size} × {V.size} = {W.size * V.size:,} weights; at most {LIMIT:,} are "
                "drawn: take a smaller group or representation"
            )
        self.hom = H = Hom(V, W)
        self.tied = V.monomial is not None and W.monomial is not None
        chosen: dict[str, Any] = {"selected": -1, "hovered": -1, "cursor": -1, "frame": 0, "title": f"W: {V} → {W}"}
        self.weight.width = self.weight.height = 430 if max(H.shape) < 5 * min(H.shape) else 640
        with self.weight.hold_sync():
            if self.tied:
                hues = np.array([*(style.rgb(style.class_style(c)[0]) for c in range(H.dim)), np.full(3, 255.0)])
                self.weight.show(pixels=hues[H.pattern], labels=H.pattern, signs=H.signs, **chosen)
            else:
                basis = self.basis().numpy()
                self.weight.show(basis, **spell_entries(basis), **chosen)
        self.stepper.max, self.stepper.value = max(0, H.dim - 1), 0
        self.stepper.layout.display = "none" if self.tied or H.dim < 2 else ""
        self.describe()

    def basis(self) -> Any:
        """(dim, out, in), or one zero matrix: H.basis, for complex groups the real part of its echelon form."""
        H = self.hom
        if H.dim == 0:
            return H.basis.real.new_zeros(1, *H.shape)
        return subspaces.echelon(H.basis.flatten(1)).real.reshape(H.basis.shape) if H.basis.is_complex() else H.basis

    def describe(self) -> None:
        """Bring counts and labels up to date."""
        s = self.state()
        facts = [[f"{s['weights']:,}", "weights"], [f"{s['free']:,}", "free parameters"]]
        with self.tally.hold_sync():
            if self.tied:
                facts += [[f"{s['zero']:,}", "forced to be zero"], [f"{s['minus']:,}", "with a minus sign"]]
                self.tally.sizes, self.tally.classes = self._sizes(), self.weight.classes
            else:
                facts += [[f"{s['shown'] + 1 if s['free'] else 0}", "of these basis matrices shown"]]
                self.tally.sizes = self.tally.classes = []
            self.tally.facts, self.tally.height = facts, min(458, 202 + 28 * -(-len(self.tally.sizes) // 3))
            self.tally.label = "counts: " + ", ".join(" ".join(fact) for fact in facts)
        kind = "equal weights in one colour" if self.tied else f"basis matrix {self.stepper.value}"
        self.weight.label = f"{self.weight.title}, {s['weights']} weights, {kind}"

    def _sizes(self) -> list[int]:
        labels = self.hom.pattern.flatten()
        return labels[labels >= 0].bincount(minlength=self.hom.dim).tolist()

    def state(self) -> dict[str, Any]:
        H = self.hom
        shown: dict[str, Any] = {
            "group": str(H.V.group),
            "V_in": str(H.V),
            "V_out": str(H.W),
            "weights": H.shape[0] * H.shape[1],
            "free": H.dim,
            "route": H.route,
        }
        if not self.tied:
            return shown | {"shown": self.stepper.value}
        label = self.weight.selected
        orbit = {"selected": self.weight.classes[label][1], "tied": self._sizes()[label]} if 0 <= label < H.dim else {}
        return shown | {"zero": int((H.pattern < 0).sum()), "minus": int((H.signs < 0).sum())} | orbit

    def verdict(self) -> str:
        s = self.state()
        if s["free"] == 0:
            return f"Only W = 0 is equivariant over {s['group']}."
        return f"{s['free']} free parameters instead of {s['weights']:,}."

    def code(self) -> str:
        H, G = self.hom, spell_group(self.hom.V.group)
        V, W = spell_representation(H.V), spell_representation(H.W)
        torch = ["import torch"] if "torch" in G + V + W else []
        imports = [*torch, "from eqkit import groups", "from eqkit.equivariant_maps import Hom", ""]
        shown = "H.pattern" if self.tied else f"H.basis[{self.stepper.value}]" if H.dim else "H.basis"
        return "\n".join([*imports, f"G = {G}", "V = G.vector", f"H = Hom({V}, {W})", f"print(H.dim, {shown})"])

    def reset(self) -> None:
        for menu, value in zip(self.menus, self._start, strict=True):
            menu.value = value
        self.solve()

    def still(self) -> bytes:
        self.weight.frame = self.stepper.value
        return super().still()
