"""The one visual language of eqkit: colours, ramps, matplotlib, plotly and CSS are all derived from the tables below.

An object keeps its colour through the whole book: data black, group element vermilion, invariant blue, learned orange
turning blue as it converges. Classes take the Okabe–Ito colours with a letter, magnitudes take cividis, zero is white.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as PlotlyFigure
    from plotly.graph_objects.layout import Template

ROLES = {  # role: (on a light page, on a dark page)
    "data": ("#000000", "#f2f2f2"),
    "group": ("#D55E00", "#f08442"),
    "invariant": ("#0072B2", "#4aa8e0"),
    "learned": ("#E69F00", "#f2b632"),
    "negative": ("#CC79A7", "#dc97bd"),
    "muted": ("#767676", "#a0a0a0"),
    "band": ("#009E731f", "#19c79a2b"),
}
CLASSES = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999")  # Okabe & Ito 2008
FONT = ("DejaVu Sans", "Helvetica", "Arial", "sans-serif")


def colour(role: str) -> str:
    """The colour of a role on a light page; a hex colour is returned as it is."""
    return role if role.startswith("#") else ROLES[role][0]


def rgb(role: str) -> np.ndarray:
    """A role or hex colour as (3,) floats in [0, 255]."""
    text = colour(role)
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def mix(a: str, b: str, t: float) -> str:
    """The colour a fraction t of the way from a to b: `mix("learned", "invariant", 1)` is the converged blue."""
    return "#" + "".join(f"{round(x):02x}" for x in (1 - t) * rgb(a) + t * rgb(b))


def class_style(label: int) -> tuple[str, str]:
    """(colour, letter) of a class: Okabe–Ito, then the same in a tint, then in a shade; a…z, then numbers."""
    base = CLASSES[label % len(CLASSES)]
    tone = (label // len(CLASSES)) % 3
    hue = base if tone == 0 else mix(base, "#ffffff" if tone == 1 else "#000000", 0.45)
    return hue, chr(ord("a") + label) if label < 26 else str(label + 1)


def ramp(ink: str) -> np.ndarray:
    """255 colours (255, 3) uint8 for values from −scale to scale: negative pink, zero white, positive the ink.

    The ink "magnitude" is cividis, beginning at white.
    """
    t = np.linspace(0, 1, 128)[:, None]
    if ink == "magnitude":
        from matplotlib import colormaps

        up = 255 * colormaps["cividis_r"](t[:, 0])[:, :3]
        up += (255 - up) * np.clip(1 - 12 * t, 0, 1)
    else:
        up = 255 + t * (rgb(ink) - 255)
    down = 255 + t * (rgb("negative") - 255)
    return np.rint(np.concatenate([down[:0:-1], up])).astype(np.uint8)


def paint(values: np.ndarray, ink: str, scale: float) -> np.ndarray:
    """Values (…, h, w) as colours (…, h, w, 3) uint8; NaN is grey."""
    index = np.clip(np.nan_to_num(values) / (scale or 1), -1, 1)
    image = ramp(ink)[np.rint(127 + 127 * index).astype(int)]
    image[np.isnan(values)] = 200
    return image


def css() -> str:
    """The colours as CSS variables `--eq-ROLE`, for light and dark themes of JupyterLab and of plain browsers."""
    light, dark = (" ".join(f"--eq-{role}: {pair[i]};" for role, pair in ROLES.items()) for i in (0, 1))
    return (
        f":root {{ {light} }}\nbody[data-jp-theme-light='false'] {{ {dark} }}\n"
        f"@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) {{ {dark} }} }}\n"
    )


def rc() -> dict[str, Any]:
    """matplotlib's settings for every figure of the book."""
    from matplotlib.rcsetup import cycler

    return {
        "figure.dpi": 100,
        "savefig.dpi": 100,
        "font.family": "sans-serif",
        "font.sans-serif": list(FONT),
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#888888",
        "axes.grid": True,
        "axes.prop_cycle": cycler(color=["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000"]),
        "grid.color": "#e6e6e6",
        "grid.linewidth": 0.8,
        "lines.linewidth": 2,
        "legend.frameon": False,
        "image.interpolation": "nearest",
        "svg.hashsalt": "eqkit",
    }


@contextmanager
def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7, 3)) -> Iterator[tuple[Figure, Any]]:
    """A pyplot figure in the style of the book: `with style.figure(1, 2) as (fig, (left, right)): …; plt.show()`."""
    import matplotlib
    from matplotlib import pyplot

    with matplotlib.rc_context(rc()):
        yield pyplot.subplots(rows, columns, figsize=size, layout="constrained")


def png(fig: Figure) -> bytes:
    """A figure as PNG bytes that depend on its content alone, compact."""
    full = io.BytesIO()
    fig.savefig(full, format="png", metadata={"Software": None})
    return compact(full.getvalue())


def compact(png: bytes) -> bytes:
    """A PNG in 256 colours: a quarter of the size of all."""
    from PIL import Image

    small = io.BytesIO()
    colours = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3)
    colours.save(small, format="png", optimize=True)  # rare colours stay
    return small.getvalue()


def rounded(value: Any, digits: int = 6) -> Any:
    """The same JSON-able value with every float rounded to so many significant digits; NaN and infinities are null."""
    if isinstance(value, dict):
        return {str(k): rounded(v, digits) for k, v in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(v, digits) for v in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value


def plotly_template() -> Template:
    """The style of the book as a plotly template: `go.Figure(…, layout={"template": style.plotly_template()})`."""
    import plotly.graph_objects as go

    axis = {"gridcolor": "#e6e6e6", "zerolinecolor": "#bbbbbb", "linecolor": "#888888", "ticks": "outside"}
    return go.layout.Template(
        layout={
            "font": {"family": ", ".join(FONT), "size": 14},
            "colorway": rc()["axes.prop_cycle"].by_key()["color"],
            "colorscale": {"sequential": "Cividis"},
            "plot_bgcolor": "white",
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 60, "r": 20, "t": 50, "b": 50},
        }
    )


def plotly_figure(fig: PlotlyFigure) -> PlotlyFigure:
    """The figure in the style of the book with every number rounded, so that its JSON is the same on every machine."""
    import plotly.graph_objects as go

    fig.update_layout(template=plotly_template())
    return go.Figure(rounded(fig.to_plotly_json(), 4))
