"""Choose a group by its name, or type one: two controls that views of orbits and of rings share."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from eqkit.groups import MatrixGroup
from eqkit.views.spelling import named, read_group


class GroupMenu:
    """A menu of groups that begins with `given`, and a line in which the reader types another, as `example` shows.

    The view listens to `menu` and `typed`, and changes them inside `View.together()`.
    """

    def __init__(self, given: MatrixGroup, names: Sequence[str], example: str) -> None:
        self._given, label = given, {"description_width": "auto"}
        self._groups = {str(given): given} | {name: named(name) for name in names if name != str(given)}
        self._started = list(self._groups)
        self.menu = ipywidgets.Dropdown(
            options=self._started, value=str(given), description="group", style=label, layout={"width": "17em"}
        )
        self.typed = ipywidgets.Text(
            placeholder=example,
            description="or type",
            continuous_update=False,
            style=label,
            layout={"width": "30em"},
        )

    @property
    def chosen(self) -> MatrixGroup | None:
        """The group that the menu shows."""
        return None if self.menu.value is None else self._groups[self.menu.value]

    def read(self) -> MatrixGroup | None:
        """The group that is typed, None for an empty line; ValueError for what is no group."""
        return read_group(self.typed.value) if self.typed.value.strip() else None

    def add(self, G: MatrixGroup) -> None:
        """Offer G in the menu, and choose it."""
        self._groups[str(G)] = G
        self.menu.options = list(self._groups)
        self.menu.value = str(G)

    def reset(self) -> None:
        """As it began."""
        self.menu.options, self.typed.value = self._started, ""
        self.menu.value = str(self._given)
