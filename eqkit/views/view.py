"""The contract of a view: controls above, components beside each other, the player's bar, and a footer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ipywidgets
import traitlets

from eqkit.views import style
from eqkit.views.components import Component, Footer
from eqkit.views.player import MainLoop, Player

Body = Sequence[Sequence[Component]]


class View:
    """Base of all views: a plain object that Jupyter shows as a widget, and everything else as a picture.

    A view sets `title`, builds its components and calls `assemble`; it defines state(), code() and reset(). `sync()`,
    after every change, brings the footer up to date.
    """

    title = ""
    _changing = False
    _acting = 0  # how many actions, one within another, are under way

    def assemble(self, body: Body, controls: Sequence[ipywidgets.Widget] = (), player: Player | None = None) -> None:
        """Lay out `body` (columns of components) under the controls, with the player's bar below.

        Every `frame` and `cursor` trait in the body named by a player follows its scrubber: see Player.follow.
        """
        self.body, self.controls, self.player = body, tuple(controls), player
        self.main = player.main if player else MainLoop()
        self.footer = Footer(name=type(self).__name__, label=self.title)
        self.footer.on_msg(lambda *_: self.main.call(self._reset))
        columns = [ipywidgets.VBox(column).add_class("eq-column") for column in body]
        children = [
            ipywidgets.Label(self.title).add_class("eq-heading"),
            ipywidgets.HBox(self.controls).add_class("eq-controls"),
            ipywidgets.HBox(columns).add_class("eq-body"),
            *([player.bar] if player else []),
            self.footer,
        ]
        self.widget = ipywidgets.VBox(children).add_class("eq-view")
        if player:

            def stop_when_closed(change: dict[str, Any]) -> None:
                if change["new"] is None:
                    player.stop()

            self.widget.observe(stop_when_closed, "comm")
            player.bar.observe(lambda _: self.main.call(self.sync), ["position", "running", "status"])
        self.sync()

    def on(self, widget: traitlets.HasTraits, trait: str, action: Callable[[], None]) -> None:
        """Call the action, then sync(), when the trait changes: on the main loop, with errors shown in the footer."""
        guarded = self._guarded(action)
        widget.observe(lambda _: self.main.call(guarded), trait)

    def on_click(self, button: ipywidgets.Button, action: Callable[[], None]) -> None:
        """The same when the button is pressed."""
        guarded = self._guarded(action)
        button.on_click(lambda _: self.main.call(guarded))

    def _guarded(self, action: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            if self._changing:
                return
            with self._whole():
                try:
                    action()
                    self.footer.error = ""
                except (ValueError, TypeError, RuntimeError, MemoryError) as error:
                    self.footer.error = str(error)

        return guarded

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """The page learns of an action, and of all that follows from it, once: when the outermost is done."""
        self._acting += 1
        try:
            yield
        finally:
            self._acting -= 1
        self.sync()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within this block no handlers run: for changes of several traits that make sense only together."""
        before, self._changing = self._changing, True
        try:
            yield
        finally:
            self._changing = before

    def sync(self) -> None:
        """Bring the state and the code on the page up to date; within an action, at its end."""
        if self._acting:
            return
        with self.footer.hold_sync():
            self.footer.state = json.dumps(style.rounded(self.state()), ensure_ascii=False)
            self.footer.code = self.code()
            self.footer.verdict = self.verdict()

    def state(self) -> dict[str, Any]:
        """What is shown, as a JSON-able dictionary: everything one needs to tell two states apart."""
        raise NotImplementedError

    def code(self) -> str:
        """Python lines that build the present state, without the view."""
        raise NotImplementedError

    def verdict(self) -> str:
        """One sentence that says what has come out, shown below the picture; "" while there is nothing to say."""
        return ""

    def reset(self) -> None:
        """Back to the state in which the view was built."""
        raise NotImplementedError

    def _reset(self) -> None:
        with self._whole():
            self.footer.error = ""
            self.reset()

    def still(self) -> bytes:
        """The present picture as PNG bytes."""
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        body = [[c for c in column if c.layout.display != "none"] for column in self.body]
        widths = [max(c.width for c in column) for column in body]
        tall = max(sum(c.height + 46 for c in column) for column in body)
        with matplotlib.rc_context(style.rc()):
            fig = Figure(figsize=((sum(widths) + 40 * len(widths)) / 90, (tall + 30) / 90), layout="constrained")
            FigureCanvasAgg(fig)
            fig.suptitle(self.title, x=0.01, ha="left", fontweight="bold", fontsize=13)
            grid = fig.add_gridspec(1, len(widths), width_ratios=widths)
            for i, column in enumerate(body):
                cells = grid[0, i].subgridspec(len(column), 1, height_ratios=[c.height for c in column])
                for j, component in enumerate(column):
                    component.draw(fig.add_subplot(cells[j, 0]))
            return style.png(fig)

    def close(self) -> None:
        """Stop training and take the widget off the page."""
        if self.player:
            self.player.close()
        for widget in [*(c for column in self.body for c in column), *self.controls, self.footer, self.widget]:
            widget.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live widget, unless it is closed; where it cannot be shown, the still; and a text that never changes."""
        bundle: dict[str, Any] = {
            "image/png": base64.b64encode(self.still()).decode("ascii"),
            "text/plain": f"{type(self).__name__}: run this cell in JupyterLab to use the view",
        }
        if self.widget.comm:
            live = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
            bundle["application/vnd.jupyter.widget-view+json"] = live
        return bundle
