"""The canvas components: each draws itself in the browser (js/), and from the same traits on matplotlib axes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from torch import Tensor

from eqkit.views import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_JS = Path(__file__).parent / "js"
Array = np.ndarray | Tensor | Sequence


def _esm(name: str) -> str:
    return (_JS / "common.js").read_text("utf-8") + (_JS / f"{name}.js").read_text("utf-8")


def _synced(trait: Any) -> Any:
    return trait.tag(sync=True)


def _buffer() -> Any:
    """Raw bytes in native order; the browser's copy comes back as a memoryview, and is not echoed."""
    return traitlets.Bytes(b"").tag(sync=True, echo_update=False, from_json=lambda value, widget: bytes(value))


def _frames(array: Array, dtype: Any, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) or (frames, h, w) of the given dtype, with a frame axis."""
    a = array.detach().cpu().numpy() if isinstance(array, Tensor) else np.asarray(array)
    if a.ndim not in (2, 3) or a.shape[-2:] != shape:
        raise ValueError(f"a canvas of {shape[0]} × {shape[1]} cells cannot show an array of shape {a.shape}")
    return a.reshape(-1, *shape).astype(dtype)


class Component(anywidget.AnyWidget):
    """What all components share: a size in CSS pixels, a title that says what to see, an aria label."""

    _css = style.css() + (_JS / "views.css").read_text("utf-8")
    title = _synced(traitlets.Unicode(""))
    label = _synced(traitlets.Unicode(""))
    width = _synced(traitlets.Int(300))
    height = _synced(traitlets.Int(300))
    rev = _synced(traitlets.Int(0))

    def draw(self, axes: Axes) -> None:
        """The present picture on matplotlib axes."""
        raise NotImplementedError


class MatrixCanvas(Component):
    """A matrix, rows down and columns right, as values (zero white), as class labels with letters, or as given pixels.

    show() takes one frame or a stack of frames; `frame` picks one in the browser (−1: the last). With gather
    (frames, h, w) of flat indices into `values` (~i: minus entry i), frame t shows values[gather[t]], or with mean=True
    the mean of the first t + 1 of these: a matrix moved by, or averaged over, group elements as fast as it is painted.
    A frame of small values is drawn as if up to `contrast` times as large.
    editable: click, drag or Enter sets cells to `brush`, or back to 0; observe `values`. Otherwise a click, or the
    arrow keys, sets `cursor` (flat index) and `selected` (its label); hovering lights up the cells of the same label
    and sets `hovered` (that label, −1: none) in the browser, where other components may follow it by a jslink or, at no
    message to the kernel, by the DOM event "eq-hover".
    """

    _esm = _esm("matrix_canvas")
    rows = _synced(traitlets.Int(1))
    columns = _synced(traitlets.Int(1))
    values = _buffer()
    labels = _buffer()
    signs = _buffer()
    pixels = _buffer()
    gather = _buffer()
    mean = _synced(traitlets.Bool(False))
    frame = _synced(traitlets.Int(-1))
    ramp = _buffer()
    scale = _synced(traitlets.Float(1.0))
    contrast = _synced(traitlets.Float(1.0))
    classes = _synced(traitlets.List())
    editable = _synced(traitlets.Bool(False))
    brush = _synced(traitlets.Float(1.0))
    cursor = _synced(traitlets.Int(-1))
    selected = _synced(traitlets.Int(-1))
    hovered = _synced(traitlets.Int(-1))
    accent = _synced(traitlets.Unicode(""))

    def __init__(self, title: str = "", ink: str = "data", size: int = 300, **traits: Any) -> None:
        super().__init__(title=title, width=size, height=size, **traits)
        self.ink = ink
        self.ramp = style.ramp(ink).tobytes()

    def show(
        self,
        values: Array | None = None,
        labels: Array | None = None,
        pixels: np.ndarray | None = None,
        gather: Array | None = None,
        signs: Array | None = None,
        **traits: Any,
    ) -> None:
        """Draw values, labels (−1: none) and gather, each (h, w) or (frames, h, w), or pixels (…, h, w, 3) uint8.

        One message to the browser. The scale of values is their largest magnitude unless `scale=` is given. A matrix
        that is not square keeps square cells. Labels shown with values or pixels give letters and highlighting; where
        `signs` are negative the letter has a minus.
        """
        first = next((a for a in (values, labels, gather) if a is not None), None)
        if first is None and pixels is None:
            raise ValueError("show() needs values, labels, pixels or gather")
        h, w = np.shape(first)[-2:] if first is not None else np.shape(pixels)[-3:-1]  # type: ignore[arg-type]
        with self.hold_sync():
            self.rows, self.columns = h, w
            size = max(self.width, self.height)
            self.width, self.height = round(size * min(1, w / h)), round(size * min(1, h / w))
            for name, array, dtype in (
                ("values", values, np.float32),
                ("labels", labels, np.int32),
                ("gather", gather, np.int32),
                ("signs", signs, np.int8),
            ):
                setattr(self, name, b"" if array is None else _frames(array, dtype, (h, w)).tobytes())
            self.pixels = b"" if pixels is None else np.ascontiguousarray(pixels, np.uint8).tobytes()
            if values is not None and "scale" not in traits:
                magnitude = np.abs(np.frombuffer(self.values, np.float32))
                self.scale = float(np.nanmax(magnitude, initial=0)) or 1.0
            if labels is not None:
                count = int(np.frombuffer(self.labels, np.int32).max(initial=-1)) + 1
                self.classes = [list(style.class_style(c)) for c in range(count)]
            for name, value in traits.items():
                setattr(self, name, value)
            self.label = f"{self.title}: a matrix with {h} rows and {w} columns" + (
                f", {len(self.classes)} classes of equal cells" if labels is not None else ""
            )
            self.rev += 1

    def _stack(self, name: str, dtype: Any, depth: int = 1) -> np.ndarray | None:
        flat = np.frombuffer(getattr(self, name), dtype)
        shape = (-1, self.rows, self.columns) + ((3,) if depth == 3 else ())
        return flat.reshape(shape) if len(flat) else None

    def current(self) -> np.ndarray | None:
        """The values now shown (h, w) float32, after gather, mean and frame."""
        values, gather = self._stack("values", np.float32), self._stack("gather", np.int32)
        if values is None or gather is None:
            return self._pick(values)
        last = self._index(len(gather))
        entries = values.reshape(-1)
        return np.concatenate([entries, -entries[::-1]])[gather[0 if self.mean else last : last + 1]].mean(0)

    def _index(self, frames: int) -> int:
        return frames - 1 if self.frame < 0 else min(self.frame, frames - 1)

    def _pick(self, stack: np.ndarray | None) -> np.ndarray | None:
        return None if stack is None else stack[self._index(len(stack))]

    def draw(self, axes: Axes) -> None:
        labels, image = self._pick(self._stack("labels", np.int32)), self._pick(self._stack("pixels", np.uint8, 3))
        signs = self._pick(self._stack("signs", np.int8))
        values = self.current()
        if image is None and values is not None:
            top = float(np.nanmax(np.abs(values), initial=0))
            image = style.paint(values, self.ink, max(self.scale / self.contrast, min(self.scale, top)))
        elif image is None and labels is not None:
            table = np.array([*(style.rgb(hue) for hue, _ in self.classes), [255.0] * 3])
            image = table[labels].astype(np.uint8)
        if image is not None:
            axes.imshow(image, extent=(0, self.columns, self.rows, 0))
        if self.rows <= 40:
            axes.set_xticks(range(self.columns + 1), [])
            axes.set_yticks(range(self.rows + 1), [])
            axes.grid(True, color="#00000026", linewidth=0.8)
        else:
            axes.set_xticks([])
            axes.set_yticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(True)
        if self.accent:
            axes.spines[:].set(color=style.colour(self.accent), linewidth=3)
        if labels is not None and image is not None and max(self.rows, self.columns) <= 20:
            for (r, c), tag in np.ndenumerate(labels):
                if 0 <= tag < len(self.classes):
                    ink = "black" if image[r, c] @ [0.3, 0.59, 0.11] > 120 else "white"
                    word = ("−" if signs is not None and signs[r, c] < 0 else "") + self.classes[tag][1]
                    axes.text(c + 0.5, r + 0.53, word, color=ink, ha="center", va="center", fontsize=9)
        axes.set_title(self.title)


def draw_matrix(axes: Axes, title: str = "", ink: str = "data", **shown: Any) -> None:
    """A matrix or a sharing pattern on matplotlib axes, as MatrixCanvas shows it: draw_matrix(axes, "W", values=W)."""
    canvas = MatrixCanvas(title, ink)
    canvas.show(**shown)
    canvas.draw(axes)
    canvas.close()


class PointCanvas(Component):
    """Points, lines and arrows in the plane with equal scales; draggable layers move by pointer or arrow keys.

    layers: a list of {"kind": "points" | "line" | "arrows", "xy": [[x, y], …], "colour": role or hex} with optionally
    "colours" (a point each), "text" (a point each), "inside" (text in the point), "size", "dash", "drag" (True, or "x":
    along x only), "gap" (arrow ends kept off their points, in pixels); arrows go from xy[2i] to xy[2i+1]. What changes
    while a point is dragged belongs in `backdrop`, layers below all others. Instead of "xy" a layer may have "of": j
    and "matrices": [[a, b, c, d], …]: it shows M x for all points x of layer j, moving in the browser as x is dragged.
    `selected` is [layer, point], [−1, −1] for none. Observe `layers` (dragged) and `selected` (clicked, or arrow keys).
    """

    _esm = _esm("point_canvas")
    layers = _synced(traitlets.List())
    backdrop = _synced(traitlets.List())
    bounds = _synced(traitlets.List([-1.25, 1.25, -1.25, 1.25]))
    axes = _synced(traitlets.Bool(False))
    selected = _synced(traitlets.List([-1, -1]))

    def __init__(self, title: str = "", size: int = 300, **traits: Any) -> None:
        super().__init__(title=title, width=size, height=size, **traits)

    def show(self, layers: list[dict[str, Any]], label: str) -> None:
        """Replace all layers; the label says in words what is shown."""
        with self.hold_sync():
            self.layers, self.label = style.rounded(layers), label
            self.rev += 1

    def points(self, layer: int) -> np.ndarray:
        """The points (count, 2) of a layer, computed if it has matrices."""
        entry = self.layers[layer]
        if "matrices" not in entry:
            return np.asarray(entry["xy"], dtype=float).reshape(-1, 2)
        M = np.asarray(entry["matrices"], dtype=float).reshape(-1, 2, 2)
        return np.einsum("mij,pj->mpi", M, self.points(entry["of"])).reshape(-1, 2)

    def draw(self, axes: Axes) -> None:
        shown = [self.points(i) for i in range(len(self.layers))]
        below = [np.asarray(layer["xy"], dtype=float).reshape(-1, 2) for layer in self.backdrop]
        for layer, xy in zip([*self.backdrop, *self.layers], below + shown, strict=True):
            hue = style.colour(layer["colour"])
            dash = "--" if layer.get("dash") else "-"
            if layer["kind"] == "line":
                axes.plot(*xy.T, dash, color=hue, linewidth=layer.get("size", 2))
            elif layer["kind"] == "arrows":
                gap = 0.8 * layer.get("gap", 0)
                line = {
                    "color": hue,
                    "linestyle": dash,
                    "linewidth": layer.get("size", 2),
                    "shrinkA": gap,
                    "shrinkB": gap,
                }
                for a, b in xy.reshape(-1, 2, 2):
                    axes.annotate("", tuple(b), tuple(a), arrowprops={"arrowstyle": "->", **line})
            else:
                hues = [style.colour(c) for c in layer.get("colours", [])] or hue
                axes.scatter(xy[:, 0], xy[:, 1], s=2.2 * layer.get("size", 5) ** 2, c=hues, zorder=3)
            for (x, y), word in zip(xy, layer.get("text", []), strict=False):
                at = (0, 0 if layer.get("inside") else layer.get("size", 5) + 7)
                place: dict[str, Any] = {
                    "textcoords": "offset points",
                    "ha": "center",
                    "va": "center",
                    "fontsize": 9,
                    "zorder": 4,
                }
                axes.annotate(word, (x, y), at, color="white" if layer.get("inside") else "black", **place)
        axes.set(xlim=self.bounds[:2], ylim=self.bounds[2:], aspect="equal", xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_title(self.title)


class Chart(Component):
    """Curves over steps, linear or logarithmic, with dashed floors, marks at steps and a shaded tolerance band.

    series: list of {"name", "colour": role or hex, "dash": bool}, with "points": True dots instead of a curve; one
    without a name is not in the legend, one with a "letter" carries it, to be told apart without colour. show() takes
    one row (step, value, …) a point; NaN leaves a gap; with log_x the steps have a log scale too. `cursor` is the row
    read out in the legend (−1: the last); dragging on the chart moves it. `legend` is False where a table beside the
    chart names the curves.
    """

    _esm = _esm("chart")
    series = _synced(traitlets.List())
    data = _buffer()
    log = _synced(traitlets.Bool(False))
    log_x = _synced(traitlets.Bool(False))
    floors = _synced(traitlets.List())
    marks = _synced(traitlets.List())
    band = _synced(traitlets.List())
    cursor = _synced(traitlets.Int(-1))
    x_label = _synced(traitlets.Unicode("step"))
    x_max = _synced(traitlets.Float(1.0))
    legend = _synced(traitlets.Bool(True))

    def __init__(
        self, title: str, series: list[dict[str, Any]], width: int = 400, height: int = 190, **traits: Any
    ) -> None:
        super().__init__(title=title, series=series, width=width, height=height, **traits)
        self.label = f"{title}: curves of " + ", ".join(s["name"] for s in series if s["name"])

    def show(self, table: Sequence[Sequence[float]], **traits: Any) -> None:
        """Draw rows (step, value of each series); other traits (floors, band, x_max) change in the same message.

        floors: [[value, name], …]; marks: [[step, name], …], upright lines; band: [low, high].
        """
        rows = np.asarray(table, dtype=np.float32).reshape(len(table), len(self.series) + 1)
        with self.hold_sync():
            self.data = rows.tobytes()
            for name, value in traits.items():
                setattr(self, name, value)
            self.rev += 1

    def draw(self, axes: Axes) -> None:
        from matplotlib.ticker import LogLocator

        rows = np.frombuffer(self.data, np.float32).reshape(-1, len(self.series) + 1)
        for k, entry in enumerate(self.series, 1):
            dash = "o" if entry.get("points") else "--" if entry.get("dash") else "-"
            axes.plot(rows[:, 0], rows[:, k], dash, color=style.colour(entry["colour"]), label=entry["name"] or None)
            if len(rows) and entry.get("letter"):
                at = rows[k * (len(rows) - 1) // (len(self.series) + 1)]
                look = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": style.colour(entry["colour"])}
                axes.annotate(entry["letter"], (at[0], at[k]), ha="center", va="center", fontsize=8, bbox=look)
        if len(rows):
            axes.axvline(rows[self.cursor if self.cursor < len(rows) else -1, 0], color="#888888", linewidth=1)
        if self.log:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=min(0.0, float(np.nanmin(rows[:, 1:], initial=0))))
        if self.band:
            axes.axhspan(*self.band, color=style.colour("band")[:7], alpha=0.12, linewidth=0)
        for value, name in self.floors:
            axes.axhline(value, color=style.colour("invariant"), linestyle="--", linewidth=1.5)
            place: dict[str, Any] = {
                "xycoords": ("axes fraction", "data"),
                "textcoords": "offset points",
                "fontsize": 9,
            }
            axes.annotate(name, (0, value), (5, 2), color=style.colour("invariant"), **place)
        taken = np.inf  # where marks crowd, the last of them has its name
        for step, name in self.marks[::-1]:
            axes.axvline(step, color="#666666", linestyle=":", linewidth=1)
            if taken - step > 0.05 * self.x_max:
                taken = step
                where: dict[str, Any] = {
                    "xycoords": ("data", "axes fraction"),
                    "textcoords": "offset points",
                    "ha": "right",
                }
                axes.annotate(name, (step, 0.9), (-2, 0), color="#666666", fontsize=8, **where)
        if self.log_x:
            axes.set_xscale("log", subs=[])
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
        else:
            axes.locator_params(axis="x", integer=True)
        axes.set(xlabel=self.x_label, xlim=(rows[0, 0] if len(rows) else 0, max(self.x_max, *rows[-1:, 0], 1)))
        axes.set_title(self.title)
        if len(self.series) > 1 and self.legend:
            axes.legend(fontsize=9)


class Transport(Component):
    """▶ ■, the scrubber and the status line of a Player; `position` is the snapshot replayed (−1: the latest).

    Once `finished`, ▶ replays the snapshots in the browser, `pace` of them a second, without the kernel.
    """

    _esm = _esm("transport")
    count = _synced(traitlets.Int(0))
    position = _synced(traitlets.Int(-1))
    running = _synced(traitlets.Bool(False))
    finished = _synced(traitlets.Bool(False))
    pace = _synced(traitlets.Float(30.0))
    status = _synced(traitlets.Unicode(""))
    failed = _synced(traitlets.Bool(False))


class Footer(Component):
    """Verdict, reset, "show code", errors, and the `data-eq-widget` and `data-eq-state` attributes of a view."""

    _esm = _esm("footer")
    name = _synced(traitlets.Unicode(""))
    state = _synced(traitlets.Unicode("{}"))
    code = _synced(traitlets.Unicode(""))
    verdict = _synced(traitlets.Unicode(""))
    error = _synced(traitlets.Unicode(""))
