"""Table: rows of words beside the canvases of a view."""

from __future__ import annotations

import textwrap
from typing import Any

import traitlets

from eqkit.views import style
from eqkit.views.components import Component, _esm, _synced


class Table(Component):
    """Rows of words in a box of fixed size, with a heading if `columns` are given; a single cell is a paragraph.

    colours: a role or hex colour a row, for a swatch before its first word; dashes: which swatches are dashed.
    """

    _esm = _esm("table")
    columns = _synced(traitlets.List())
    rows = _synced(traitlets.List())
    colours = _synced(traitlets.List())
    dashes = _synced(traitlets.List())

    def show(self, rows: list[list[str]], **traits: Any) -> None:
        """Replace the rows; other traits change in the same message."""
        with self.hold_sync():
            self.rows = rows
            for name, value in traits.items():
                setattr(self, name, value)

    def draw(self, axes: Any) -> None:
        lines, step = ([self.columns] if self.columns else []) + self.rows, 19
        widths = [2 + max(len(line[c]) for line in lines) for c in range(len(lines[0]))] if lines else []
        indent = 0.06 if self.colours else 0.0
        starts = [indent + (1 - indent) * sum(widths[:c]) / sum(widths) for c in range(len(widths))]
        top = 0
        for i, line in enumerate(lines, -bool(self.columns)):
            wraps = [[word] for word in line] if len(line) > 1 else [_wrapped(line[0], self.width // 7)]
            if self.colours and i >= 0:
                dash = "--" if self.dashes and self.dashes[i] else "-"
                axes.plot([0, 0.045], [-top - 0.4] * 2, dash, color=style.colour(self.colours[i]), linewidth=3)
            for start, words in zip(starts, wraps, strict=True):
                head = {"color": "#666666", "fontweight": "bold"} if i < 0 else {"color": "#000000"}
                axes.text(start, -top, "\n".join(words[: self.height // step]), fontsize=9, va="top", **head)
            top += max(len(words) for words in wraps)
        axes.set(xlim=(0, 1), ylim=(-max(top, self.height // step), 0))
        axes.axis("off")
        axes.set_title(self.title)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, width)]
