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
        widest = [max(len(line[c]) for line in lines) for c in range(len(lines[0]))] if lines else []
        starts = [sum(w + 2 for w in widest[:c]) / sum(w + 2 for w in widest) for c in range(len(widest))]
        top, deepest = 0, self.height // step
        for i, line in enumerate(lines):
            head = bool(self.columns) and i == 0
            hue = self.colours[i - bool(self.columns)] if self.colours and not head else "#000000"
            wraps = [[word] for word in line] if len(line) > 1 else [_wrapped(line[0], self.width // 7)]
            for c, (start, words) in enumerate(zip(starts, wraps, strict=True)):
                shown = "\n".join(words[:deepest])
                colour = "#666666" if head else style.colour(hue) if c == 0 else "#000000"
                weight = "bold" if head or (c == 0 and self.colours) else "normal"
                axes.text(start, -top, shown, color=colour, fontweight=weight, fontsize=9, va="top")
            top += max(len(words) for words in wraps)
        axes.set(xlim=(0, 1), ylim=(-max(top, deepest), 0))
        axes.axis("off")
        axes.set_title(self.title)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, width)]
