"""Orbits in the plane and in space: the canvas of OrbitPlayground and InvariantRingExplorer, and its geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from eqkit.groups import MatrixGroup
from eqkit.invariants import Polynomial
from eqkit.views import style
from eqkit.views.components import Component, _buffer, _esm, _synced
from eqkit.views.meshes import EXTENT, plane_mesh, sphere_mesh

SAME = 1e-6  # relative distance at which points and values count as equal
FLAT = 1e-5  # relative variation at which an invariant counts as constant on the surface: it has no level set


def metric(G: MatrixGroup) -> Tensor:
    """B = mean of gᵀg (n, n): G's own inner product, gᵀB g = B; the identity for orthogonal matrices. G finite."""
    g = G.elements()
    B = (g.mT @ g).mean(0)
    return B / torch.linalg.det(B) ** (1 / G.n)


def on_surface(p: Sequence[float], G: MatrixGroup, B: Tensor) -> list[float]:
    """The point as it is drawn: in the plane itself, in space the point xᵀBx = 1 on its ray."""
    x = torch.as_tensor(p, dtype=torch.float64)
    if x.shape != (G.n,) or not x.isfinite().all() or G.n == 3 and not x.any():
        raise ValueError(f"a point of {G} has {G.n} finite coordinates{', not all 0' if G.n == 3 else ''}: {p}")
    return x.tolist() if G.n == 2 else (x / (x @ B @ x).sqrt()).tolist()


def fixed_spaces(G: MatrixGroup) -> Tensor:
    """The projections (k, n, n) on the spaces {x : gx = x}, g ≠ E, each once and the smallest first.

    The Reynolds operator of the cyclic group ⟨g⟩: 1/N Σ gʲ, j < N, for any multiple N of g's order, such as |G|.
    """
    g = G.elements()[1:]
    power, total = torch.eye(G.n, dtype=g.dtype).expand_as(g), torch.zeros_like(g)
    for _ in range(int(G.order)):
        total, power = total + power, power @ g
    projections = total / G.order
    _, first = np.unique((projections.flatten(1) * 1e5).round().numpy() + 0.0, axis=0, return_index=True)
    found = projections[torch.from_numpy(np.sort(first))]
    return found[torch.diagonal(found, 0, 1, 2).sum(1).round().argsort(stable=True)]


def distinct(points: Tensor) -> Tensor:
    """The points (k, n) without repetitions, in order of their first occurrence."""
    near = torch.cdist(points, points) <= SAME * (1 + float(points.abs().max()))
    return points[near.int().argmax(1) == torch.arange(len(points))]


def stabiliser(G: MatrixGroup, x: Tensor) -> Tensor:
    """The elements (k, n, n) with gx = x."""
    g = G.elements()
    return g[(g @ x - x).norm(dim=1) <= SAME * (1 + float(x.abs().max()))]


def inside(G: MatrixGroup, B: Tensor, vertices: Tensor) -> Tensor:
    """How far each vertex (k, n) lies inside a fundamental domain, negative outside.

    The domain of Dirichlet: the points nearer to one generic point p than to any other of its orbit, in the metric B.
    """
    p = torch.tensor([0.8, 0.3, 0.5], dtype=torch.float64)[: G.n]
    walls = p - distinct(G.elements() @ p)[1:]
    if not len(walls):
        return torch.ones(len(vertices), dtype=torch.float64)
    return (vertices @ (walls @ B / (walls @ B * walls).sum(1, keepdim=True).sqrt()).T).amin(1)


def terms(f: Polynomial) -> list[list[float]]:
    """A polynomial as the browser evaluates it: [coefficient, exponent of x₀, of x₁, …] for each term."""
    return [[float(c), *e] for e, c in f.terms]  # type: ignore[arg-type]


def telling(polynomials: Sequence[Polynomial]) -> int:
    """The first polynomial of a degree above 2: where orbits lie on spheres, the square of the length tells nothing."""
    return next((i for i, f in enumerate(polynomials) if f.degree > 2), len(polynomials) - 1)


def values(polynomials: Sequence[Sequence[Sequence[float]]], x: np.ndarray) -> np.ndarray:
    """The polynomials, given by their terms, at points x (..., n): (..., k)."""
    columns = [sum(c * np.prod(x ** np.array(e), -1) for c, *e in entries) for entries in polynomials]
    return np.stack([np.broadcast_to(column, x.shape[:-1]) for column in columns], -1)


def agree(polynomials: Sequence[Sequence[Sequence[float]]], x: np.ndarray, y: np.ndarray) -> list[bool]:
    """Whether each polynomial has the same value at x and at y (n,), measured by the sizes of its terms."""
    sizes = [[[abs(c), *e] for c, *e in entries] for entries in polynomials]
    size = np.maximum(values(sizes, np.abs(x)), values(sizes, np.abs(y)))
    return (np.abs(values(polynomials, x) - values(polynomials, y)) <= SAME * size).tolist()


class OrbitCanvas(Component):
    """Points and their orbits in the plane or on a surface in space, computed in the browser while one is dragged.

    points: x, or x and y, each (n,), in space on the ellipsoid xᵀBx = 1 (the sphere, for orthogonal matrices); `active`
    is the one that keys and clicks move: arrows; space, which settles x in the nearest fixed space and y on the orbit
    of x; Enter, the other point. In space a drag beside the points, or shift and arrows, turns the picture to `angles`,
    azimuth and elevation. A dragged point settles when it is near.
    The values of polynomial `selected` colour the picture (−1: none), and its level set through x is drawn; with
    `relief` the surface in space is high where they are large: r = 1 + relief · value. Mirrors, axes and a fundamental
    domain (green) show where stabilisers grow; `arrows` [name, direction] are the axes of the coordinates in space.
    """

    _esm = _esm("orbit_canvas")
    n = _synced(traitlets.Int(2))
    vertices = _buffer()
    faces = _buffer()
    domain = _buffer()
    elements = _buffer()
    fixed = _buffer()
    metric = _synced(traitlets.List())
    mirrors = _synced(traitlets.List())
    poles = _synced(traitlets.List())
    curve = _synced(traitlets.Bool(False))
    two_sided = _synced(traitlets.Bool(False))
    arrows = _synced(traitlets.List())
    extent = _synced(traitlets.Float(EXTENT))
    points = _synced(traitlets.List())
    active = _synced(traitlets.Int(0))
    polynomials = _synced(traitlets.List())
    degrees = _synced(traitlets.List())
    selected = _synced(traitlets.Int(-1))
    angles = _synced(traitlets.List([0.6, 0.45]))
    relief = _synced(traitlets.Float(0.0))
    note = _synced(traitlets.Unicode(""))

    def show(
        self,
        G: MatrixGroup,
        points: Sequence[Sequence[float]],
        polynomials: Sequence[Polynomial] = (),
        symmetry: bool = True,
        curve: Tensor | None = None,
        **traits: Any,
    ) -> None:
        """Show points and their orbits under a finite G of real 2 × 2 or 3 × 3 matrices, over one of the polynomials.

        symmetry: with mirrors, axes and a fundamental domain. curve: elements (k, 2, 2) along SO(2), where orbits are
        circles.
        """
        n = G.n
        g = G.elements() if curve is None else curve
        B = metric(G) if curve is None else torch.eye(n, dtype=torch.float64)
        vertices, faces = plane_mesh() if n == 2 else sphere_mesh()
        if n == 3:
            vertices = vertices @ np.linalg.inv(np.linalg.cholesky(B.numpy()))
        fixed = fixed_spaces(G) if curve is None else torch.zeros(1, n, n, dtype=torch.float64)
        lines, poles = _drawn(fixed, B) if symmetry else ([], [])
        depth = torch.zeros(0) if curve is not None or not symmetry else inside(G, B, torch.from_numpy(vertices[:, :n]))
        with self.hold_sync():
            self.n, self.metric, self.curve, self.two_sided = n, B.flatten().tolist(), curve is not None, False
            self.vertices, self.domain = (a.astype(np.float32).tobytes() for a in (vertices, depth.numpy()))
            self.faces = faces.astype(np.int32).tobytes()
            self.elements, self.fixed = (a.contiguous().numpy().tobytes() for a in (g, fixed))
            self.mirrors, self.poles = lines, poles
            self.arrows = [[f"x{'₀₁₂'[i]}", row] for i, row in enumerate(torch.eye(n).tolist())]
            self.polynomials, self.degrees = [terms(f) for f in polynomials], [f.degree for f in polynomials]
            self.selected = min(self.selected, len(polynomials) - 1)
            reach = float(np.linalg.norm(vertices, axis=1).max())
            self.extent = EXTENT if n == 2 else reach * (1.3 + 0.6 * self.relief)
            self.points, self.active, self.note = [[float(c) for c in x] for x in points], 0, ""
            for name, value in traits.items():
                setattr(self, name, value)
            self.rev += 1

    def trace(
        self, x: Sequence[float], B: Tensor, mesh: tuple[np.ndarray, np.ndarray], elements: Tensor, **traits: Any
    ) -> None:
        """Show x (3,) on a surface |xᵀBx| = 1 given as a mesh, and the curve of the elements (k, 3, 3) times x.

        The form B (3, 3) may be indefinite; the mesh may have an edge, if it is seen from both sides: two_sided=True.
        """
        vertices, faces = mesh
        with self.hold_sync():
            self.n, self.metric, self.curve = 3, B.flatten().tolist(), True
            self.vertices, self.faces = vertices.astype(np.float32).tobytes(), faces.astype(np.int32).tobytes()
            self.elements, self.fixed, self.domain = elements.contiguous().numpy().tobytes(), b"", b""
            self.points = [[float(c) for c in x]]
            for name, value in traits.items():
                setattr(self, name, value)
            self.rev += 1

    def clear(self, note: str) -> None:
        """Show no points, but a note."""
        with self.hold_sync():
            self.points, self.note = [], note
            self.rev += 1

    # the still
    def draw(self, axes: Any) -> None:
        axes.set(
            xlim=(-self.extent, self.extent), ylim=(-self.extent, self.extent), aspect="equal", xticks=[], yticks=[]
        )
        axes.spines[:].set_visible(False)
        axes.set_title(self.title)
        if not self.points:
            axes.text(0, 0, self.note, ha="center", va="center", color=style.colour("muted"))
            return
        self._draw_surface(axes)
        grey, vermilion, black = map(style.colour, ("muted", "group", "data"))
        for line in self.mirrors:
            self._line(axes, self._place(np.array(line)), grey, 1)
        for name, direction in self.arrows if self.n == 3 else ():
            tip = self._turn @ direction / np.linalg.norm(direction)
            if tip[2] > -0.2:
                root = self._place(self._unit(direction)[None])[0]
                end, at = (root + s * self.extent * tip for s in (0.08, 0.15))
                axes.plot(*np.stack([root, end])[:, :2].T, color=grey, linewidth=1)
                axes.text(*at[:2], name, ha="center", va="center", color=grey, fontsize=10)
        self._dots(axes, np.array(self.poles).reshape(-1, self.n), grey, 2, True)
        if self.selected >= 0:
            segments = self._level().reshape(-1, 3)
            self._line(
                axes, np.insert(segments, range(2, len(segments) + 1, 2), np.nan, 0), style.colour("invariant"), 2.2
            )
        g = np.frombuffer(self.elements).reshape(-1, self.n, self.n)
        for i, x in enumerate(self.points):
            if self.curve:
                self._line(axes, self._place(g @ np.array(x)), vermilion, 1.5 if i else 3.5)
            else:
                self._dots(axes, g @ np.array(x), vermilion, 5.5 if i else 6.5, not i)
        for i, x in enumerate(self.points):
            self._dots(axes, np.array([x]), black, 8.5, not i)
            if self._place(np.array([x]))[0, 2] > -0.02:
                name = "xy"[i] if len(self.points) > 1 else "x"
                at = self._place(np.array([x]))[0, :2]
                axes.annotate(name, at, (10, 9), textcoords="offset points", fontweight="bold", zorder=6)

    @property
    def _turn(self) -> np.ndarray:
        """Rows: to the right, upwards, towards the eye."""
        if self.n == 2:
            return np.eye(3)
        a, e = self.angles
        ca, sa, ce, se = np.cos(a), np.sin(a), np.cos(e), np.sin(e)
        return np.array([[-sa, ca, 0], [-ca * se, -sa * se, ce], [ca * ce, sa * ce, se]])

    def _tones(self, f: np.ndarray) -> np.ndarray:
        """Values of the selected polynomial in [−1, 1], as the browser scales them."""
        whole = values([self.polynomials[self.selected]], self._vertices()[:, : self.n])
        middle = 0.0 if self.n == 2 else (whole.max() + whole.min()) / 2
        half = max(whole.max() - middle, middle - whole.min())
        if half < FLAT * abs(middle):
            return np.zeros_like(f)
        power = 2 / max(2, self.degrees[self.selected]) if self.n == 2 else 1
        return np.sign(f - middle) * np.clip(np.abs(f - middle) / half, 0, 1) ** power

    def _vertices(self) -> np.ndarray:
        return np.frombuffer(self.vertices, np.float32).reshape(-1, 3).astype(float)

    def _unit(self, p: Sequence[float]) -> np.ndarray:
        """The point on the ray through p with xᵀBx = 1."""
        return np.array(p) / np.sqrt(abs(np.array(p) @ np.reshape(self.metric, (self.n, self.n)) @ p))

    def _place(self, p: np.ndarray) -> np.ndarray:
        """Points (k, n) as they are displayed: right, up, towards the eye (k, 3)."""
        radius = np.ones(len(p))
        if self.selected >= 0 and self.relief and self.n == 3:
            radius += self.relief * self._tones(values([self.polynomials[self.selected]], p)[:, 0])
        return np.pad(radius[:, None] * p, ((0, 0), (0, 3 - self.n))) @ self._turn.T

    def _draw_surface(self, axes: Any) -> None:
        from matplotlib.collections import PolyCollection

        V = self._vertices()[:, : self.n]
        tone = np.zeros(len(V))
        if self.selected >= 0:
            tone = self._tones(values([self.polynomials[self.selected]], V)[:, 0])
        ink = np.where(tone[:, None] > 0, style.rgb("invariant"), style.rgb("negative"))
        base = 255.0 - (0 if self.n == 2 else 15)
        hue = base + 0.55 * np.abs(tone)[:, None] * (ink - base)
        if self.domain:
            green = np.clip(0.5 + np.frombuffer(self.domain, np.float32) / 0.03, 0, 1)[:, None]
            hue = hue + 0.22 * green * (style.rgb(style.colour("band")[:7]) - hue)
        if self.n == 2:
            side, reach = round(len(V) ** 0.5), (-EXTENT, EXTENT, -EXTENT, EXTENT)
            axes.imshow(hue.reshape(side, side, 3) / 255, origin="lower", interpolation="bilinear", extent=reach)
            return
        faces = np.frombuffer(self.faces, np.int32).reshape(-1, 3)
        corners = self._place(V)[faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True).clip(1e-12)
        if self.two_sided:
            normal *= np.sign(normal[:, 2:])
        light = 0.76 + 0.28 * np.maximum(0, normal @ [-0.35, 0.5, 0.79])
        order = np.flatnonzero(normal[:, 2] > 0)
        order = order[corners[order, :, 2].mean(1).argsort()]
        lit = np.clip((light[:, None] * hue[faces].mean(1))[order] / 255, 0, 1)
        axes.add_collection(PolyCollection(list(corners[order, :, :2]), facecolors=lit, edgecolors=lit, linewidths=0.4))

    def _level(self) -> np.ndarray:
        """The segments (k, 2, 3), as displayed, where the selected polynomial has its value at x."""
        f, V = [self.polynomials[self.selected]], self._vertices()
        faces = np.frombuffer(self.faces, np.int32).reshape(-1, 3)
        height = values(f, V[:, : self.n])[:, 0] - values(f, np.array(self.points[0]))[0]
        if not self._tones(height + values(f, np.array(self.points[0]))[0]).any():
            return np.zeros((0, 2, 3))
        i, j = faces, faces[:, [1, 2, 0]]
        cut = (height[i] < 0) != (height[j] < 0)
        crossed = cut.sum(1) == 2
        i, j = i[crossed][cut[crossed]], j[crossed][cut[crossed]]
        s = (height[i] / (height[i] - height[j]))[:, None]
        return self._place((V[i] + s * (V[j] - V[i]))[:, : self.n]).reshape(-1, 2, 3)

    def _line(self, axes: Any, place: np.ndarray, hue: str, width: float) -> None:
        """A line on the surface, faint where it is behind."""
        for front, alpha in ((False, 0.15), (True, 1.0)):
            shown = np.where(((place[:, 2:] > -0.02) | self.two_sided | (self.n == 2)) == front, place, np.nan)
            axes.plot(shown[:, 0], shown[:, 1], color=hue, linewidth=width, alpha=alpha, solid_capstyle="round")

    def _dots(self, axes: Any, points: np.ndarray, hue: str, size: float, solid: bool) -> None:
        place = self._place(points)
        front = (place[:, 2] > -0.02) | self.two_sided
        for seen, alpha in ((~front, 0.25), (front, 1.0)):
            look = {"facecolors": hue if solid else "white", "edgecolors": hue, "linewidths": 1.8, "alpha": alpha}
            axes.scatter(*place[seen, :2].T, s=size**2, zorder=4, **look)


def _drawn(fixed: Tensor, B: Tensor) -> tuple[list[list[list[float]]], list[list[float]]]:
    """What the projections on fixed spaces look like: lines (lists of points) and single points.

    In the plane a space of dimension 1 is a line; in space it meets the surface xᵀBx = 1 in two points, and one of
    dimension 2 in an ellipse.
    """
    n, lines, points = B.shape[0], [], []
    for P in fixed:
        rank = round(float(P.trace()))
        basis = torch.linalg.svd(P)[0][:, :rank]  # (n, rank)
        basis = basis @ torch.linalg.inv(torch.linalg.cholesky(basis.T @ B @ basis)).T if rank else basis
        if n == 2 and rank == 1:
            reach = EXTENT / float(basis.abs().max())
            lines.append([(-reach * basis[:, 0]).tolist(), (reach * basis[:, 0]).tolist()])
        elif n == 2 and rank == 0:
            points.append([0.0, 0.0])
        elif rank == 1:
            points += [basis[:, 0].tolist(), (-basis[:, 0]).tolist()]
        elif rank == 2:
            t = torch.linspace(0, 2 * torch.pi, 121, dtype=torch.float64)
            lines.append((torch.stack([t.cos(), t.sin()], 1) @ basis.T).tolist())
    return lines, points


class InvariantTable(Component):
    """Invariants by name with their values at the points; the one `selected` by a click or ↑ ↓ is drawn elsewhere."""

    _esm = _esm("invariant_table")
    names = _synced(traitlets.List())
    polynomials = _synced(traitlets.List())
    points = _synced(traitlets.List())
    selected = _synced(traitlets.Int(-1))
    heading = _synced(traitlets.Unicode("invariant"))

    def show(self, polynomials: Sequence[Polynomial], names: Sequence[str] | None = None, **traits: Any) -> None:
        """List polynomials, by their own writing unless `names` are given."""
        with self.hold_sync():
            self.names = [str(f) for f in polynomials] if names is None else list(names)
            self.polynomials = [terms(f) for f in polynomials]
            for name, value in traits.items():
                setattr(self, name, value)
            self.rev += 1

    def draw(self, axes: Any) -> None:
        width, shown = self.width, int((self.height - 26) // 30)
        first = max(0, min(self.selected - shown + 2, len(self.names) - shown))
        axes.set(xlim=(0, width), ylim=(self.height, 0))
        axes.axis("off")
        axes.set_title(self.title)
        blue, grey = style.colour("invariant"), style.colour("muted")
        columns = [width - 8 - 78 * (len(self.points) - 1 - k) - (26 if len(self.points) > 1 else 0) for k in (0, 1)]
        axes.text(8, 13, self.heading, va="center", color=grey, fontsize=10)
        for k in range(len(self.points)):
            axes.text(columns[k], 13, f"at {'xy'[k]}", va="center", ha="right", color=grey, fontsize=10)
        room = int((columns[0] - 84 if self.points else width) / 8)
        for i in range(first, min(first + shown, len(self.names))):
            y, name = 26 + 30 * (i - first + 0.5), self.names[i]
            if i == self.selected:
                axes.axhspan(y - 15, y + 15, color=style.colour("band")[:7], alpha=0.12, linewidth=0)
                axes.plot([2, 2], [y - 15, y + 15], color=blue, linewidth=4)
            axes.plot([0, width], [y + 15, y + 15], color="#dddddd", linewidth=0.8)
            short = name if len(name) <= room else name[: room - 2].rstrip() + " …"
            axes.text(12, y, short, va="center", fontweight="bold", fontsize=10)
            for k, x in enumerate(self.points):
                value = float(values([self.polynomials[i]], np.array(x))[0])
                word = f"{0.0 if abs(value) < 5e-4 else value:.3g}".replace("-", "−")
                axes.text(columns[k], y, word, va="center", ha="right", color=blue, fontweight="bold", fontsize=10)
            if len(self.points) == 2:
                (same,) = agree([self.polynomials[i]], *map(np.array, self.points))
                look = {"color": blue if same else style.colour("group"), "fontweight": "bold"}
                axes.text(width - 14, y, "=" if same else "≠", va="center", ha="center", **look)
