"""GroupExplorer: press generators, and see the word, the element, what it does, and the group grow."""

from __future__ import annotations

import itertools
import string
from typing import Any

import ipywidgets
import numpy as np
import scipy.linalg
import traitlets
from scipy.sparse.csgraph import shortest_path

from eqkit import groups
from eqkit.views import style
from eqkit.views.components import Component, MatrixCanvas, _buffer, _esm, _synced
from eqkit.views.spelling import named, spell_entries, spell_group
from eqkit.views.view import View

NAMES = ("C.plane(5)", "D.plane(3)", "D.plane(4)", "D.plane(6)", "C(6)", "D(5)", "S(3)", "S(4)", "S(5)", "A(4)", "A(5)",
         "SignFlips(3)", "SignedPermutations(3)", "Tetrahedral()", "Octahedral()", "Icosahedral()")  # fmt: skip
LIMIT, DRAWN = 5040, 120  # elements at most; nodes drawn at most
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
FRAMES = 25  # of the motion along one generator
F = np.array([[0, 0], [0, 5], [3, 5], [3, 4], [1, 4], [1, 3], [2.4, 3], [2.4, 2], [1, 2], [1, 0]])  # the letter


def path(h: np.ndarray, frames: int = FRAMES) -> np.ndarray:
    """From E to h (n, n) in so many matrices (frames, n, n): rotations turn, reflections flip, others go straight.

    h = Z B Zᵀ with a block diagonal B (real Schur form); a block turns by a part of its angle. In up to three
    dimensions two eigenvalues −1 are a half turn; otherwise a −1 passes through 0.
    """
    n, t = len(h), np.linspace(0, 1, frames)[:, None, None]
    if np.abs(h.T @ h - np.eye(n)).max() > 1e-9:
        return (1 - t) * np.eye(n) + t * h
    T, Z = scipy.linalg.schur(h, output="real")
    turns = [(i, i + 1, np.arctan2(T[i + 1, i], T[i, i])) for i in range(n - 1) if abs(T[i + 1, i]) > 1e-9]
    turned = {i for turn in turns for i in turn[:2]}
    flips = [i for i in range(n) if T[i, i] < 0 and i not in turned]
    while n <= 3 and len(flips) > 1:
        turns.append((flips.pop(), flips.pop(), np.pi))
    B = np.tile(np.eye(n), (frames, 1, 1))
    for i, j, angle in turns:
        B[:, i, i] = B[:, j, j] = np.cos(angle * t[:, 0, 0])
        B[:, j, i] = np.sin(angle * t[:, 0, 0])
        B[:, i, j] = -B[:, j, i]
    for i in flips:
        B[:, i, i] = np.cos(np.pi * t[:, 0, 0])
    return Z @ B @ Z.T


def figure(G: groups.MatrixGroup) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]]]:
    """What G moves: points (count, n), a view (3, n) to the page and towards the eye, and parts made of the points.

    Permutations move tokens on a polygon; 2 × 2 matrices the letter F; 3 × 3 matrices a cube with an F on each face;
    others move the basis vectors, seen in the plane that shows them as a polygon.
    """
    n = G.n
    if n == 2 and not G.is_permutation:
        parts = [{"kind": "face", "colour": "data", "at": list(range(len(F)))}]
        return F / 12 + [0.72, 0.04], np.eye(3, 2), [{**parts[0], "kind": "ghost", "colour": "muted"}, *parts]
    if n == 3 and not G.is_permutation:
        square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        outline = np.concatenate([square, (F - [1.5, 2.5]) / 4])
        points, parts = [], []
        for face, (axis, sign) in enumerate(itertools.product(range(3), (1, -1))):
            first, corners = 14 * face, np.insert(outline * [sign * (-1) ** axis, 1], axis, sign, axis=1)
            points.append(0.55 * corners)
            parts.append({"kind": "face", "colour": style.class_style(face)[0], "at": list(range(first, first + 4))})
            parts.append({"kind": "face", "colour": "#000000", "at": list(range(first + 4, first + 14))})
        eye = np.array([0.5, 0.38, 1.0]) / np.linalg.norm([0.5, 0.38, 1.0])
        right = np.cross([0, 1, 0], eye) / np.linalg.norm(np.cross([0, 1, 0], eye))
        return np.concatenate(points), np.stack([right, np.cross(eye, right), eye]), parts
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    at = list(range(n))
    slots = {"kind": "slot", "colour": "muted", "at": at, "text": [str(i + 1) for i in at]}
    hues, letters = zip(*(style.class_style(i) for i in at), strict=True)
    tokens = {"kind": "token", "colour": "data", "at": at, "colours": list(hues), "text": [x.upper() for x in letters]}
    return np.eye(n), np.stack([np.cos(angle), np.sin(angle), 0 * angle]), [slots, tokens]


def layout(edges: np.ndarray) -> np.ndarray:
    """Places (order, 2) in [−1, 1]² for the elements of a Cayley graph, edges (order, k), the identity on top.

    The drawing with the fewest crossings is kept, of those that draw no two elements on one place: multidimensional
    scaling to three dimensions seen from near by, from nearer, or that in the plane with its stress
    Σ (‖xᵢ − xⱼ‖ − dᵢⱼ)²/dᵢⱼ² made small (Gansner, Koren & North 2004).
    """
    count, rng = len(edges), np.random.default_rng(0)
    adjacent = np.zeros((count, count))
    tails, heads = np.repeat(np.arange(count), edges.shape[1]), edges.ravel()
    tails, heads = tails[heads < count], heads[heads < count]
    adjacent[tails, heads] = 1
    d = shortest_path(adjacent, directed=False)
    gram = -0.5 * (centre := np.eye(count) - 1 / count) @ d**2 @ centre
    gram += np.diag(1e-6 * rng.normal(size=count))  # equal eigenvalues part: every computer sees from the same side
    value, vectors = np.linalg.eigh(gram)
    solid = np.zeros((count, 3))
    solid[:, : min(3, count)] = (vectors * np.sqrt(np.maximum(value, 0)))[:, ::-1][:, :3]
    depth = solid[:, 2:] / (np.abs(solid).max() or 1)
    near = [solid[:, :2] / (eye - depth) for eye in (1.8, 1.2)]
    weight = np.where(d > 0, 1 / np.maximum(d, 1) ** 2, 0)
    inverse = np.linalg.pinv(np.diag(weight.sum(1)) - weight)
    flat = near[0] + 0.02 * np.abs(near[0]).max() * rng.normal(size=near[0].shape)
    for _ in range(60):
        pull = -weight * d / np.maximum(np.linalg.norm(flat[:, None] - flat, axis=2), 1e-9)
        flat = inverse @ (pull - np.diag(pull.sum(1))) @ flat
    xy = min(flat, *near, key=lambda xy: (_overlap(xy), _crossings(xy[tails], xy[heads])))
    x, y = xy[0] - xy.mean(0)
    if np.hypot(x, y) > 1e-6:
        xy = (xy - xy.mean(0)) @ (np.array([[y, x], [-x, y]]) / np.hypot(x, y))
    low, high = xy.min(0), xy.max(0)
    return (xy - (low + high) / 2) / (max(high - low) / 2 or 1)


def _overlap(xy: np.ndarray) -> bool:
    """Do two of the points (count, 2) lie on one place, by the size of the drawing?"""
    apart = np.linalg.norm(xy[:, None] - xy, axis=2) + np.diag(np.full(len(xy), np.inf))
    return bool(apart.min() < 0.01 * max(1e-9, *np.ptp(xy, axis=0)))


def _crossings(p: np.ndarray, q: np.ndarray) -> int:
    """How many of the segments pᵢqᵢ cross each other; p and q (count, 2)."""

    def sides(x: np.ndarray) -> np.ndarray:  # of line i lies xⱼ
        u, v = (q - p)[:, None], x - p[:, None]
        return np.sign((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]).round(9))

    apart = sides(p) * sides(q) < 0
    return int((apart & apart.T).sum()) // 2


class MovedFigure(Component):
    """Points (count, n) moved by h M, M an element and h on the way along a generator, drawn in the browser.

    `step` = [element, letter, from, to]: the motion along that letter from time 0 or 1 to time 1 or 0; letter −1 stays.
    """

    _esm = _esm("moved_figure")
    n = _synced(traitlets.Int(1))
    points = _buffer()
    view = _buffer()
    elements = _buffer()
    paths = _buffer()
    parts = _synced(traitlets.List())
    radius = _synced(traitlets.Float(1.0))
    step = _synced(traitlets.List([0, -1, 0, 0]))
    found = _synced(traitlets.List([0]))

    def show(self, G: groups.MatrixGroup, elements: np.ndarray, label: str) -> None:
        points, view, parts = figure(G)
        with self.hold_sync():
            self.n, self.parts, self.label = G.n, parts, label
            self.points, self.view, self.elements = (a.astype(np.float32).tobytes() for a in (points, view, elements))
            self.paths = np.array([path(h.numpy()) for h in G.generators], np.float32).tobytes()
            margin = 1.35 if parts[0]["kind"] == "slot" else 1.08
            self.radius = margin * float(np.abs(view[:2] @ elements @ points.T).max())
            self.step, self.found = [0, -1, 0, 0], [0]
            self.rev += 1

    def _array(self, name: str, *shape: int) -> np.ndarray:
        return np.frombuffer(getattr(self, name), np.float32).reshape(-1, *shape)

    def draw(self, axes: Any) -> None:
        element, letter, _, to = self.step
        n, view, elements = self.n, self._array("view", self.n), self._array("elements", self.n, self.n)
        g = elements[element]
        if letter >= 0 and to:
            g = self._array("paths", FRAMES, n, n)[letter, -1] @ g
        X = self._array("points", n)
        for part in self.parts:
            M = view @ (np.eye(n) if part["kind"] in ("ghost", "slot") else g)
            xyz, hue = X[part["at"]] @ M.T, style.colour(part["colour"])
            if part["kind"] == "ghost":
                for i in self.found:
                    axes.fill(*(X[part["at"]] @ (view @ elements[i]).T)[:, :2].T, color=hue, alpha=0.3, linewidth=0)
            elif part["kind"] == "face" and xyz[:, 2].mean() > -1e-6:
                axes.fill(*xyz[:, :2].T, color=hue)
            elif part["kind"] in ("slot", "token"):
                token = part["kind"] == "token"
                hues = part["colours"] if token else "white"
                axes.scatter(*xyz[:, :2].T, s=330, c=hues, edgecolors=hues if token else hue, zorder=2 + token)
                for (x, y), word in zip(xyz[:, :2] * (1 if token else 1.24), part["text"], strict=True):
                    axes.text(x, y, word, ha="center", va="center", color="black" if token else hue, zorder=4)
        bounds = -self.radius, self.radius
        axes.set(xlim=bounds, ylim=bounds, aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(self.title)


class CayleyGraph(Component):
    """The Cayley graph as far as it has been walked, with a button for every generator, undo and grow.

    edges (order, k) int32: where each generator leads; xy: places of the elements drawn. `word`: the letters pressed;
    `at`: the element reached; `trail`: the edges walked, i·k + j; `found`: the elements seen; `step`: see MovedFigure.
    """

    _esm = _esm("cayley_graph")
    edges = _buffer()
    xy = _buffer()
    colours = _synced(traitlets.List())
    word = _synced(traitlets.List())
    at = _synced(traitlets.Int(0))
    trail = _synced(traitlets.List())
    found = _synced(traitlets.List([0]))
    step = _synced(traitlets.List([0, -1, 0, 0]))

    def show(self, edges: np.ndarray) -> None:
        with self.hold_sync():
            self.edges = edges.astype(np.int32).tobytes()
            self.xy = layout(edges[:DRAWN]).astype(np.float32).tobytes()
            self.colours = [style.class_style(j)[0] for j in range(edges.shape[1])]
            self.word, self.at, self.trail, self.found, self.step = [], 0, [], [0], [0, -1, 0, 0]
            self.rev += 1

    def draw(self, axes: Any) -> None:
        xy, k = np.frombuffer(self.xy, np.float32).reshape(-1, 2), len(self.colours)
        edges = np.frombuffer(self.edges, np.int32)
        for e in self.trail:
            i, j = e // k, edges[e]
            if max(i, j) < len(xy):
                arrow = {"arrowstyle": "-" if edges[j * k + e % k] == i else "-|>", "color": self.colours[e % k]}
                axes.annotate("", xy[j], xy[i], arrowprops={**arrow, "linewidth": 2, "shrinkA": 0, "shrinkB": 5})
        seen, vermilion = [i for i in self.found if i < len(xy)], style.colour("group")
        hues = [vermilion if i == self.at else "white" for i in seen]
        axes.scatter(*xy[seen].T, s=70 if len(xy) < 60 else 30, c=hues, edgecolors=vermilion, linewidths=1.5, zorder=3)
        axes.annotate("E", xy[0], (0, 8), textcoords="offset points", ha="center", fontweight="bold")
        axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(self.title)


class GroupExplorer(View):
    """Walk through a finite group: press its generators, and see the word, the matrix, what it moves, the Cayley graph.

    G: any group of at most 5040 real matrices; the menu has more. press("ab") is what the keys a, b do.
    ValueError: G is infinite, too large, or complex. TypeError: G is no group.
    """

    title = "How much of a group do its generators reach?"

    def __init__(self, G: groups.MatrixGroup | None = None) -> None:
        given = groups.D.plane(6) if G is None else G
        if not isinstance(given, groups.MatrixGroup):
            raise TypeError(f"GroupExplorer(G): {given!r} is no group; pass one such as groups.D.plane(6)")
        self.choices = {str(given): given} | {name: named(name) for name in NAMES if name != str(given)}
        self.menu = ipywidgets.Dropdown(options=list(self.choices), value=str(given), description="group")
        self.graph = CayleyGraph(title="elements reached", width=370, height=340)
        self.matrix = MatrixCanvas("ρ(g)", ink="group", size=200)
        self.moved = MovedFigure(title="what g does", width=310, height=310)
        self._start = str(given)
        self.choose()
        self.links = [ipywidgets.jslink((self.graph, a), (part, b)) for a, part, b in (
            ("at", self.matrix, "frame"), ("step", self.moved, "step"), ("found", self.moved, "found"))]  # fmt: skip
        self.assemble([[self.graph], [self.matrix], [self.moved]], [self.menu])
        self.on(self.menu, "value", self.choose)
        self.on(self.graph, "word", self.tell)
        self.on(self.graph, "found", self.tell)

    def choose(self) -> None:
        """Show the group that the menu names, from the identity."""
        G = self.choices[self.menu.value]
        if len(G.lie_algebra):
            raise ValueError(f"{G} has a Lie algebra, and no list of generators reaches it all; take a finite group")
        if G.order > LIMIT or G.order * G.n**2 > 2e6:
            raise ValueError(
                f"{G} has {G.order:,} elements of size {G.n} × {G.n}; at most {LIMIT:,} (2,000,000 entries) are shown. "
                "Take a subgroup: groups.MatrixGroup(generators), groups.permutation_group([...])"
            )
        if G.generators.is_complex() or len(G.generators) > 26:
            raise ValueError(f"{G} needs real generators, at most 26: it has {len(G.generators)}, {G.generators.dtype}")
        self.group, elements = G, G.elements().numpy()
        self.edges = G.cayley_graph().numpy().reshape(len(elements), -1)
        self.matrix.show(elements, **spell_entries(elements), frame=0, selected=-1, scale=float(np.abs(elements).max()))
        self.moved.show(G, elements, "")
        self.graph.show(self.edges)
        self.tell()

    def tell(self) -> None:
        """Say in words what is shown. A letter pressed while the group changed was of the old group: begin again."""
        k = self.edges.shape[1]
        if max(self.graph.word, default=-1) >= k or self._walk(0, self.graph.word) != self.graph.at:
            return self.choose()
        g, found = spell_word(self.graph.word), len(self.graph.found)
        self.graph.label = f"Cayley graph of {self.group}: {found} of {self.group.order} elements reached, now at {g}"
        self.matrix.label = f"the matrix of {g}, {self.group.n} by {self.group.n}"
        self.moved.label = f"a figure moved by {g}"

    def _walk(self, at: int, word: list[int]) -> int:
        for j in word:
            at = int(self.edges[at, j])
        return at

    def press(self, letters: str) -> None:
        """Multiply from the left by the generators a, b, …, one after the other: press("ab") leads from E to ba."""
        names = string.ascii_lowercase[: self.edges.shape[1]]
        if not set(letters) <= set(names):
            raise ValueError(f"press({letters!r}): the generators of {self.group} are {', '.join(names) or 'none'}")
        graph = self.graph
        word, trail, found, step = [*graph.word], [*graph.trail], [*graph.found], graph.step
        for j in map(names.index, letters):
            at = self._walk(0, word)
            step, to = [at, j, 0, 1], int(self.edges[at, j])
            word.append(j)
            trail += [e for e in [at * len(names) + j] if e not in trail]
            found += [to] if to not in found else []
        with graph.hold_sync():
            graph.found, graph.trail, graph.at, graph.step, graph.word = found, trail, self._walk(0, word), step, word
        self._follow()
        self.tell()
        self.sync()

    def _follow(self) -> None:
        """What the browser's links do."""
        self.matrix.frame, self.moved.step, self.moved.found = self.graph.at, self.graph.step, self.graph.found

    def state(self) -> dict[str, Any]:
        word = [*self.graph.word]
        at, powers = self._walk(0, word), 1
        while at != 0:
            at, powers = self._walk(at, word), powers + 1
        return {
            "group": str(self.group),
            "order": self.group.order,
            "word": spell_word(word),
            "element": self.graph.at,
            "element_order": powers,
            "found": len(self.graph.found),
        }

    def verdict(self) -> str:
        s = self.state()
        reached = f"{s['found']} of the {s['order']} elements of {s['group']} reached"
        beyond = f"; the drawing stops at the {DRAWN} nearest to E" if s["order"] > DRAWN else ""
        return f"{reached}{beyond}."

    def code(self) -> str:
        names = string.ascii_lowercase[: self.edges.shape[1]]
        word = " @ ".join(names[j] for j in reversed(self.graph.word))
        group = spell_group(self.group)
        imports = [*(["import torch"] if "torch" in group else []), "from eqkit import groups", ""]
        unpack = [f"{', '.join(names)}{',' if len(names) == 1 else ''} = G.generators"] if word else []
        return "\n".join([*imports, f"G = {group}", *unpack, f"g = {word or 'G.elements()[0]'}", "print(g)"])

    def reset(self) -> None:
        self.menu.value = self._start
        self.choose()
        self._follow()

    def still(self) -> bytes:
        self._follow()
        return super().still()


def spell_word(word: list[int]) -> str:
    """Letters pressed, first to last, as a product, which acts from the right: [0, 0, 1] is "ba²"; none is "E"."""
    runs = [(string.ascii_lowercase[j], len(list(run))) for j, run in itertools.groupby(reversed(word))]
    return "".join(a + (str(k).translate(SUPERSCRIPT) if k > 1 else "") for a, k in runs) or "E"
