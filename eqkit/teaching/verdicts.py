"""Verdicts: what `check` says about an answer, as a value that Jupyter shows."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from typing import Literal

Kind = Literal["right", "wrong", "not yet"]
MARKS = {"right": "✓ ", "wrong": "✗ ", "not yet": "not yet: "}
COLOURS = {"right": "#009E73", "wrong": "#CC79A7", "not yet": "#999999"}  # Okabe–Ito; the mark says it without colour


@dataclass(frozen=True)
class Verdict:
    """One verdict: its kind, one or two sentences, and a picture (PNG bytes) where that helps."""

    kind: Kind
    message: str
    picture: bytes | None = None

    @property
    def passed(self) -> bool:
        return self.kind == "right"

    def __str__(self) -> str:
        return MARKS[self.kind] + self.message

    __repr__ = __str__

    def _repr_html_(self) -> str:
        text = html.escape(str(self)).replace("\n", "<br>")
        if self.picture is not None:
            source = base64.b64encode(self.picture).decode("ascii")
            text += f'<br><img alt="{html.escape(self.message)}" src="data:image/png;base64,{source}">'
        style = f"border-left: 4px solid {COLOURS[self.kind]}; padding: 4px 12px"
        return f'<div role="status" data-eq-verdict="{self.kind}" style="{style}">{text}</div>'


def right(message: str) -> Verdict:
    """The answer is right: one short cheerful line."""
    return Verdict("right", message)


def wrong(message: str, picture: bytes | None = None) -> Verdict:
    """The answer is wrong: name the smallest counter-example, what came out, and what should have."""
    return Verdict("wrong", message, picture)


def not_yet(message: str) -> Verdict:
    """Nothing has been answered so far."""
    return Verdict("not yet", message)
