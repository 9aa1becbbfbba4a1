"""ReynoldsAverager: a matrix or a function falls onto its projection while more and more of a group is averaged."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from eqkit import groups, reynolds
from eqkit.equivariant_maps import Hom
from eqkit.representations import Monomial
from eqkit.tasks.hidden_groups import flips
from eqkit.views import style
from eqkit.views.components import Chart, MatrixCanvas, Transport
from eqkit.views.spelling import spell_group
from eqkit.views.view import View

MATRICES = "letter F", "one entry", "checkerboard", "random"
FUNCTIONS = {  # as one writes it: as PyTorch writes it
    "x": "x",
    "x²": "x**2",
    "x³y": "x**3 * y",
    "max(x, y)": "torch.maximum(x, y)",
    "a bump": "torch.exp(-20 * ((x - 0.45) ** 2 + (y - 0.2) ** 2))",
}
LISTED, DRAWN = 2000, 100  # elements of which a matrix, a function is averaged; a larger group is sampled
GRID, EVALUATIONS = 48, 1000
ROUNDING = (1e-16, 1e-12)  # distances that count as 0


def preset(name: str, n: int, seed: int) -> Tensor:
    """A matrix (n, n) to begin with, with integer entries."""
    row, column = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    return {
        "letter F": (column == 0) | (row == 0) | (row == n // 2) & (column < n - 1),
        "one entry": (row == 0) & (column == n // 2),
        "checkerboard": (row + column) % 2 == 0,
        "random": torch.randint(-3, 4, (n, n), generator=torch.Generator().manual_seed(seed)),
    }[name].double()


def function(name: str) -> Any:
    """The function of points (..., 2) that FUNCTIONS writes."""
    body = compile(FUNCTIONS[name], name, "eval")
    return lambda p: eval(body, {"torch": torch, "x": p[..., 0], "y": p[..., 1]})


def grid() -> Tensor:
    """The points (GRID², 2) of the square [−1, 1]², y upwards."""
    t = torch.linspace(-1, 1, GRID, dtype=torch.float64)
    return torch.cartesian_prod(t.flip(0), t).flip(1)


class ReynoldsAverager(View):
    """Scrub how many elements g are averaged: g⁻¹ M g of a painted matrix M, or f(g x) of a function f on the plane.

    G: a group of real matrices; `of`: a name in MATRICES or FUNCTIONS, or a matrix M (n, n). A group too large to list
    is sampled. average(count) moves the scrubber; "average again" takes what has come out as the new input.
    ValueError: G is not compact, too large for a picture, or no group of the plane while `of` is a function.
    """

    title = "What is left when it is averaged over a group?"

    def __init__(
        self,
        G: groups.MatrixGroup | None = None,
        of: str | Tensor = "letter F",
        count: int = 1,
        shuffled: bool = False,
        seed: int = 0,
    ) -> None:
        self.seed, self._given = seed, G
        self._own = None if isinstance(of, str) else torch.as_tensor(of).double()
        subject = of if isinstance(of, str) else "your matrix"
        names = MATRICES if isinstance(of, str) else ("your matrix", *MATRICES)
        subjects = {f"the matrix: {m}": m for m in names} | {f"f(x, y) = {f}": f for f in FUNCTIONS}
        if subject not in subjects.values():
            raise ValueError(f"of={of!r}: give a matrix (n, n) or one of {', '.join((*MATRICES, *FUNCTIONS))}")
        label = {"description_width": "auto"}
        self.subject = ipywidgets.Dropdown(
            options=subjects, value=subject, description="average", style=label, layout={"width": "265px"}
        )
        self.menu = ipywidgets.Dropdown(description="over the group", style=label, layout={"width": "265px"})
        self.shuffled = ipywidgets.ToggleButton(shuffled, description="shuffle", layout={"width": "auto"})
        self.again = ipywidgets.ToggleButton(False, description="average again", layout={"width": "auto"})
        self.bar = Transport(finished=True, layout={"width": "100%"})
        self.given = MatrixCanvas(size=200)
        self.term = MatrixCanvas(ink="group", size=200)
        self.mean = MatrixCanvas(ink="invariant", size=200, mean=True, contrast=64.0)
        self.chart = Chart("distance from the projection", [], 270, 178, log=True, x_label="elements averaged")
        self._links = [
            ipywidgets.jsdlink((self.bar, "position"), (self.term, "frame")),
            ipywidgets.jsdlink((self.bar, "position"), (self.mean, "frame")),
            ipywidgets.jslink((self.bar, "position"), (self.chart, "cursor")),
        ]
        self._painting: list[ipywidgets.Widget] = []
        self._start = (subject, shuffled, count)
        self.M: Tensor | None = None
        self._offer(G)
        self.average(count)
        controls = [self.subject, self.menu, self.shuffled, self.again, self.bar]
        self.assemble([[self.given], [self.term], [self.mean], [self.chart]], controls)
        self.on(self.subject, "value", self._subject)
        self.on(self.menu, "value", self._choose)
        self.on(self.shuffled, "value", self._choose)
        self.on(self.again, "value", self._again)
        self.on(self.given, "values", self._painted)
        self.on(self.bar, "position", self._tell)

    # what is averaged, and over what
    @property
    def is_function(self) -> bool:
        return self.subject.value in FUNCTIONS

    def _offer(self, first: groups.MatrixGroup | None = None) -> None:
        """Fill the menu with groups that act on what is averaged, and choose the first."""
        C, D, S3 = groups.C, groups.D, groups.S(3)
        if self.is_function:
            book = [*(C.plane(n) for n in (4, 2, 3, 6)), *(D.plane(n) for n in (3, 4, 6)), groups.SO(2)]
        else:
            book = [C(8), D(6), groups.S(5), S3 * S3, flips(3, 3), groups.SignedPermutations(4)]
            book += [groups.S(8), groups.SO(3)]
        if self._given is not None and (self._given.n == 2 or not self.is_function):
            book.append(self._given)
        self._offered = {str(G): G for G in ([] if first is None else [first]) + book}
        self.menu.options = list(self._offered)
        self.menu.value = self.menu.options[0]
        self._choose()

    def _subject(self) -> None:
        if self.is_function == (self.M is None):
            self.set_matrix()
        else:
            self._offer()

    def _choose(self) -> None:
        """List or sample the chosen group, and begin with its first element."""
        G, most = self._offered[self.menu.value], DRAWN if self.is_function else LISTED
        if G.n > 12 or self.is_function and G.n != 2 or (G.generators.is_complex() or G.lie_algebra.is_complex()):
            size = "2 × 2 for a function on the plane" if self.is_function else "at most 12 × 12"
            raise ValueError(f"ReynoldsAverager({G}): the group is made of real matrices, {size}; {G} is {G.n} × {G.n}")
        self.group, self.sampled = G, G.order > most
        generator = torch.Generator().manual_seed(self.seed)
        self.elements = G.sample(most, generator) if self.sampled else G.elements()
        if self.shuffled.value:
            self.elements = self.elements[torch.randperm(len(self.elements), generator=generator)]
        self.inverse = torch.linalg.inv(self.elements)
        self.hom, self.projector = Hom(G.vector, G.vector), reynolds.projector(G.vector * G.vector.dual)
        self.bar.count, self.bar.pace = len(self.elements), max(2.5, len(self.elements) / 10)
        self._index_maps()
        kept = self.M is not None and len(self.M) == G.n and not self.is_function  # what was painted stays
        self.set_matrix(self.M if kept else None)
        self.average(1)

    def _index_maps(self) -> None:
        """For (signed) permutations: what lets the browser average, (gᵀMg)ᵢⱼ = ± M at pᵢpⱼ, and letters at the end."""
        while self._painting:
            self._painting.pop().close()
        self.gather: np.ndarray | None = None
        self.letters: dict[str, Any] = {}
        form = Monomial.of(self.elements)
        if form is None or self.is_function:
            return
        entries = form.index[:, :, None] * self.group.n + form.index[:, None]
        self.gather = np.where(form.sign[:, :, None] == form.sign[:, None], entries, ~entries)
        if not self.sampled:
            letters = np.full_like(self.gather, -1)
            letters[-1] = self.hom.pattern
            self.letters = {"labels": letters, "signs": np.ones_like(letters) * self.hom.signs.numpy()}
        self._painting = [ipywidgets.jsdlink((self.given, "values"), (c, "values")) for c in (self.term, self.mean)]

    def set_matrix(self, M: Tensor | None = None) -> None:
        """Average M (n, n); without M what the menu says."""
        n = self.group.n
        if M is None and not self.is_function:
            M = preset(self.subject.value, n, self.seed) if self.subject.value in MATRICES else self._own
        if M is not None and (M.shape != (n, n) or not M.isfinite().all()):
            raise ValueError(f"M has shape {tuple(M.shape)}; over {self.group} a finite matrix ({n}, {n}) is averaged")
        self.M, self.before, self.again.value = M, 0, False
        self._draw()

    def _painted(self) -> None:
        painted = self.given.current()
        if self.M is not None and painted is not None and not np.array_equal(painted, self._drawn):
            self.M, self.before, self.again.value = torch.from_numpy(painted.copy()).double(), 0, False
            self._draw(painting=True)

    def _again(self) -> None:
        before = self.count if self.again.value else 0
        if (before > 0) != (self.before > 0):
            if self.is_function and before * len(self.elements) > EVALUATIONS:
                self.again.value = False
                raise ValueError(f"{before} × {len(self.elements)} terms at every point are too many; take fewer")
            self.before = before
            self._draw()

    # the average
    def _terms(self) -> tuple[Tensor, Tensor, Tensor]:
        """What is averaged (h, w), its images under all elements (elements, h, w), and its projection (h, w)."""
        g, V = self.elements, self.group.vector
        if self.M is not None:
            M = (self.inverse @ self.M @ g)[: self.before].mean(0) if self.before else self.M
            return M, self.inverse @ M @ g, (self.projector @ M.flatten()).reshape(M.shape)
        f, p = function(self.subject.value), grid()
        done = g[: self.before] if self.before else torch.eye(2, dtype=torch.float64)[None]
        images = f(p @ (done[:, None] @ g).mT).mean(0)  # of x ↦ mean of f(hx) over h in done: (elements, points)
        projection = reynolds.project(f, V, over=reynolds.polynomials(self.group, 719) if self.sampled else None)(p)
        shape = GRID, GRID
        return f(p @ done.mT).mean(0).view(shape), images.view(-1, *shape), projection.view(shape)

    def _draw(self, painting: bool = False) -> None:
        """Compute and show everything; while it is painted, the browser has moved and averaged index maps itself."""
        given, terms, projection = self._terms()
        steps = torch.arange(1, len(terms) + 1)
        means = terms.cumsum(0) / steps[:, None, None]
        size = float(given.norm()) or 1.0
        self.distance = (means - projection).flatten(1).norm(dim=1) / size
        self.change = float((means - given).flatten(1).norm(dim=1)[-1]) / size
        rows = [steps, self.distance.clamp(min=ROUNDING[0])]
        lines: list[dict[str, Any]] = [{"name": "distance", "colour": "invariant"}]
        if self.sampled:
            spread = (terms - projection).flatten(1).norm(dim=1).square().mean().sqrt() / size
            rows.append(spread / steps.sqrt())
            lines.append({"name": "∝ 1/√N", "colour": "muted", "dash": True})
        with self.chart.hold_sync():
            self.chart.data, self.chart.series = b"", lines
            self.chart.show(torch.stack(rows, 1).tolist(), band=[] if self.sampled else ROUNDING, x_max=len(terms))
        self._drawn = given.float().numpy()
        if not painting or self.gather is None:
            scale = max(1.0, float(given.abs().max()))
            self.given.show(self._drawn, scale=scale, editable=self.M is not None)
            for canvas, stack, letters in ((self.term, terms, {}), (self.mean, means, self.letters)):
                values = stack if self.gather is None else self._drawn
                canvas.show(values, gather=self.gather, scale=scale, **letters)
        self._tell()

    @property
    def count(self) -> int:
        """How many elements are averaged."""
        return len(self.elements) if self.bar.position < 0 else min(self.bar.position + 1, len(self.elements))

    def average(self, count: int) -> None:
        """Average the first `count` elements: the scrubber, from Python."""
        if not 1 <= count <= len(self.elements):
            raise ValueError(f"average({count}): of {self.group} 1 to {len(self.elements)} elements are averaged")
        self.bar.position = self.term.frame = self.mean.frame = self.chart.cursor = count - 1
        self._tell()

    @property
    def invariant(self) -> bool:
        """The average equals the projection, to rounding."""
        return float(self.distance[self.count - 1]) < ROUNDING[1]

    def _tell(self) -> None:
        """What depends on the count alone: titles, the blue frame, the line beside the scrubber."""
        count, N, n = self.count, len(self.elements), self.group.n
        f = self.M is None
        self.given.title = f"f(x, y) = {self.subject.value}" if f else "M: click or drag to paint"
        if self.before:
            self.given.title = f"{'f' if f else 'M'} averaged over {self.before:,}"
        self.term.title = f"{'f(gx)' if f else 'g⁻¹M g'}, element {count:,}"
        self.mean.title = f"the average of {count:,}"
        self.mean.accent = "invariant" if self.invariant else ""
        of = f"{N:,} {'sampled' if self.sampled else 'elements'}"
        free = "" if f else f" · {self.hom.dim} free parameters of {n * n}"
        self.bar.status = f"{count:,} of {of}{free}"
        self.mean.label = f"{self.mean.title} of {of}: {'invariant' if self.invariant else 'not invariant'}"

    @property
    def _order(self) -> str:
        return f"{self.group.order:,}" if self.group.is_finite else "infinitely many"

    def verdict(self) -> str:
        count, far = self.count, f"{float(self.distance[self.count - 1]):.2g}"
        if self.sampled:
            return f"Sampled from {self._order}: the distance {far} falls as 1/√N and does not reach 0."
        if self.before and self.change < ROUNDING[1]:
            return "Averaged again, nothing changes: distance 0, P² = P."
        if not self.invariant:
            return f"{count:,} of {self._order} elements: not yet invariant, distance {far} from the projection."
        space = "the invariant functions" if self.M is None else f"Hom(V, V), which has dimension {self.hom.dim}"
        return f"After {count:,} of {self._order} elements: the projection on {space}."

    def state(self) -> dict[str, Any]:
        return {
            **({"f": self.subject.value} if self.M is None else {"M": style.rounded(self.M)}),
            "group": str(self.group),
            "order": int(self.group.order) if self.group.is_finite else "infinite",
            "count": self.count,
            "elements": len(self.elements),
            "sampled": self.sampled,
            "shuffled": self.shuffled.value,
            "averaged_before": self.before,
            "invariant": self.invariant,
            **({} if self.M is None else {"free_parameters": self.hom.dim}),
        }

    def code(self) -> str:
        N = len(self.elements)
        start = f"""import torch
from eqkit import groups

G = {spell_group(self.group)}
generator = torch.Generator().manual_seed({self.seed})
g = {f"G.sample({N}, generator)" if self.sampled else "G.elements()"}
{f"g = g[torch.randperm({N}, generator=generator)]" if self.shuffled.value else ""}
counts = {[self.before, self.count] if self.before else [self.count]}
"""
        if self.M is not None:
            return f"""{start}
M = torch.tensor({style.rounded(self.M)}, dtype=torch.float64)
for count in counts:
    M = (torch.linalg.inv(g[:count]) @ M @ g[:count]).mean(0)
print(M)"""
        return f"""{start}
def f(p):
    x, y = p.unbind(-1)
    return {FUNCTIONS[self.subject.value]}

def average(f, h):
    return lambda p: torch.stack([f(p @ a.T) for a in h]).mean(0)

for count in counts:
    f = average(f, g[:count])
print(f(torch.tensor([[0.5, 0.25]], dtype=torch.float64)))"""

    def reset(self) -> None:
        self.subject.value, self.shuffled.value, count = self._start
        self._offer(self._given)
        self.set_matrix()
        self.average(count)

    def close(self) -> None:
        for link in [*self._links, *self._painting]:
            link.close()
        super().close()
