"""The classroom: predict before you look, large type for the projector, one page of notation."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets

from eqkit.views import style

NOTATION = [  # object, how it is written, what it is
    ("g, G", "a group element and its group; `G.generators`, `G.elements()`"),
    ("V, W", "representations: how g acts on inputs and on outputs, as matrices V(g), W(g)"),
    ("V ⊕ W, V ⊗ W, V*", "direct sum `V + W`, tensor product `V * W`, dual `V.dual`"),
    ("Hom(V, W)", "the equivariant linear maps: all M with W(g) M = M V(g)"),
    ("R", "the Reynolds operator: the mean over the group, a projection, R² = R"),
    ("W = mat(U v)", "a weight W, its filter v, and the symmetry matrix U that ties the weights; vec is row-major"),
    ("M, Mᵀ, E, J", "an unknown matrix, its transpose, the identity, the all-ones matrix"),
    ("η = diag(1, −1, −1, −1)", "the Lorentz metric"),
    ("S(n), A(n), C(n), D(n)", "all permutations, even ones, rotations, rotations and reflections of n points"),
    ("O(n), SO(n), U(n), Sp(n), Lorentz()", "the integer is the size of the matrices; U and SU are complex"),
]
COLOURS = [  # role in the style of the book, its colour in words, what it is
    ("data", "black", "data"),
    ("group", "vermilion", "a group element"),
    ("invariant", "blue", "what is invariant, or has converged"),
    ("learned", "orange", "what is being learned; it turns blue as it converges"),
    ("negative", "pink", "a negative entry of a matrix; zero is white, a positive entry has the colour of its object"),
]


class Page:
    """A piece of HTML with a constant plain text, for a notebook that is only read."""

    def __init__(self, page: str, text: str) -> None:
        self.page, self.text = page, text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.page


def notation() -> Page:
    """The notation and the colours of the whole book, on one page that unfolds."""
    rows = "".join(f"<tr><td><b>{_code(name)}</b></td><td>{_code(meaning)}</td></tr>" for name, meaning in NOTATION)
    swatch = '<span style="display:inline-block;width:1em;height:1em;border:1px solid #888;background:{}"></span> {}'
    rows += "".join(
        f"<tr><td>{swatch.format(style.colour(role), name)}</td><td>{meaning}</td></tr>"
        for role, name, meaning in COLOURS
    )
    rows += (
        "<tr><td>other colours</td><td>classes (Okabe–Ito palette, always with a label), magnitudes (cividis)</td></tr>"
    )
    return Page(
        f"<details><summary>Notation and colours</summary><table>{rows}</table></details>", "Notation and colours"
    )


def _code(text: str) -> str:
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def projector(scale: float = 1.6) -> Page:
    """Large type for a lecture room: text, code, pictures and views of this notebook, as long as this output stands."""
    if not 0.5 <= scale <= 4:
        raise ValueError(f"projector(scale={scale}): the factor on the type size lies between 0.5 and 4")
    sizes = {"content-font-size1": 14, "code-font-size": 13, "widgets-font-size": 13, "widgets-inline-height": 28}
    variables = "; ".join(f"--jp-{name}: {scale * pixels:g}px" for name, pixels in sizes.items())
    css = f".jp-Notebook {{ {variables} }}\n.jp-OutputArea-output img {{ zoom: {scale:g} }}"  # views follow the text
    return Page(f"<style>{css}</style>", f"large type, {scale:g} times: clear this output to undo it")


class Prediction:
    """A question with options, asked before the answer is seen: what was chosen is kept, and compared by `reveal`."""

    def __init__(self, question: str, options: Sequence[str]) -> None:
        if len(options) < 2 or len(set(options)) < len(options):
            raise ValueError(f"predict: {list(options)}; give two or more different options")
        self.question, self.options = question, list(options)
        self.buttons = ipywidgets.RadioButtons(options=self.options, value=None, layout={"width": "auto"})
        self.reply = ipywidgets.HTML()
        self.buttons.observe(self._noted, "value")
        heading = ipywidgets.HTML(f"<b>Predict.</b> {html.escape(question)}")
        self.box = ipywidgets.VBox([heading, self.buttons, self.reply])

    def state(self) -> dict:
        return {"question": self.question, "options": self.options, "chosen": self.buttons.value}

    def reveal(self, answer: str) -> Page:
        """The answer, one of the options, in one sentence that compares it with the prediction."""
        if answer not in self.options:
            raise ValueError(f"reveal({answer!r}): not among the options {self.options}")
        chosen = self.buttons.value
        comparison = "" if chosen is None else " You said so!" if chosen == answer else f" You expected: {chosen}."
        text = f"The answer: {answer}.{comparison}"
        return Page(f"<b>{html.escape(text)}</b>", text)

    def _noted(self, change) -> None:
        self.reply.value = "Noted. Now look." if change["new"] is not None else ""

    def __repr__(self) -> str:
        return "\n".join([f"Predict. {self.question}"] + [f"  ( ) {option}" for option in self.options])

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return self.box._repr_mimebundle_() | {"text/plain": repr(self)}


def predict(question: str, options: Sequence[str]) -> Prediction:
    """Ask before you show: `guess = predict("How many?", ["1", "2"])`, `guess`, and below `guess.reveal("2")`."""
    return Prediction(question, options)
