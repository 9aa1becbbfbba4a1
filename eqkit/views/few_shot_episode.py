"""FewShotEpisode: a few images of characters never seen before, what the network says of others, and what U shares."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from eqkit.meta_learning import Adapted, Episodes, GradientSteps, Prototypes, cross_entropy
from eqkit.subspaces import require_integer
from eqkit.symmetry_matrices.parametrize import matrices
from eqkit.tasks.few_shot import recorded
from eqkit.tasks.glyphs import Augment, FewShot, Glyphs, load_glyphs
from eqkit.views import style
from eqkit.views.components import Chart, Component, MatrixCanvas, _buffer, _esm, _synced
from eqkit.views.view import View

Learner = Callable[[int], tuple[Adapted, nn.Module]]  # way -> the model and its inner solver
AUGMENTATIONS: dict[str, tuple[Augment | None, str]] = {
    "none": (None, "None"),
    "quarter turns and flips": (Augment("quarter turns", crop=0.0), 'Augment("quarter turns", crop=0.0)'),
    "any angle, flips, crops": (Augment(), "Augment()"),
}
MOST_TILES = 36
NAMES = {"way": (2, 8), "shot": (1, 5)}  # controls and their ranges


def pixel_prototypes(way: int) -> tuple[Adapted, nn.Module]:
    """Nothing is learned before: the nearest class mean of 7 × 7 grey pixels."""
    net = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(49, way))
    nn.utils.vector_to_parameters(torch.zeros(50 * way), net.parameters())
    return Adapted(net, "2.*"), Prototypes()


LEARNERS: dict[str, tuple[Learner, str]] = {  # the methods of the menu, and the lines that make them
    "MSR": (lambda way: recorded("MSR"), 'recorded("MSR")'),
    "MAML": (lambda way: recorded("MAML"), 'recorded("MAML")'),
    "prototypes of pixels": (pixel_prototypes, "pixel_prototypes({way})"),
}


def inner_path(model: Adapted, inner: nn.Module, episode: Episodes, steps: int) -> Tensor:
    """v of one task before the inner loop and after 1, …, `steps` of its steps: (steps + 1, k).

    A solver in closed form has one step.
    """
    x, y = episode.x_support, episode.y_support
    path = [model.v.detach()[None]]
    with torch.no_grad():
        if isinstance(inner, GradientSteps):
            for count in range(1, steps + 1):
                shorter = copy.copy(inner)
                shorter.steps = count
                path.append(shorter(model, x, y, cross_entropy).detach())
        else:
            path.append(inner(model, x, y, cross_entropy).detach())
    return torch.cat(path)


def first_weights(model: Adapted, path: Tensor) -> Tensor:
    """The weight of the first layer that has one, as pictures, for each v (steps, k): (steps, tiles, height, width).

    A convolution has a tile a filter, of its first channel; a linear layer the image of each row, if that is a square.
    ValueError where no layer has a weight.
    """
    module, frames = copy.deepcopy(model.module), []
    own = dict(module.named_parameters())
    for v in path:
        with torch.no_grad():
            for name, value in model.parameters_of(v).items():
                own[name].copy_(value)
        weights = (getattr(layer, "weight", None) for layer in module.modules())
        first = next((W.detach().clone() for W in weights if isinstance(W, Tensor) and W.ndim >= 2), None)
        if first is None:
            raise ValueError("the network has no layer with a weight of two or more dimensions to draw")
        frames.append(first[:MOST_TILES])
    W = torch.stack(frames)
    if W.ndim == 5:
        return W[:, :, 0]
    side = math.isqrt(W.shape[2])
    return W.unflatten(2, (side, side) if side**2 == W.shape[2] else (1, W.shape[2]))


def shared_columns(model: Adapted) -> Tensor | None:
    """The columns of U of the first convolution over the kernel, (columns, height, width); None where there is no U.

    U = A ⊗ B ⊗ C: those of C. A dense U: what its columns say of the first filter.
    """
    U = next((U for U in matrices(model.module).values() if len(U.shape) == 4), None)
    if U is None:
        return None
    if len(U.ranks) == 3:
        return list(U.factors)[2].detach().T.reshape(-1, *U.shape[2:])
    return U.U.detach().T[:MOST_TILES].reshape(-1, *U.shape)[:, 0, 0]


def mosaic(tiles: Tensor) -> np.ndarray:
    """Pictures (frames, tiles, h, w) beside each other, a line of NaN, drawn grey, between: (frames, rows, columns)."""
    frames, count, h, w = tiles.shape
    across = max(1, round(math.sqrt(count * (h + 1) / (w + 1)) + 0.499))
    down = -(-count // across)
    page = np.full((frames, down * across, h + 1, w + 1), np.nan, np.float32)
    page[:, :count, :h, :w] = tiles.numpy()
    page = page.reshape(frames, down, across, h + 1, w + 1).transpose(0, 1, 3, 2, 4)
    return page.reshape(frames, down * (h + 1), across * (w + 1))[:, :-1, :-1]


class EpisodeCanvas(Component):
    """Rows are classes: support images, query images under what is said of them, the probabilities of one of these.

    show() takes the images of support and query (way·shot and way·query, side, side) in [0, 1], class by class, and
    probabilities (frames, way·query, way). `frame` picks a frame in the browser. A wrong answer has a dashed frame and
    a ✗. `cursor` is the query chosen by a click or the arrow keys.
    """

    _esm = _esm("episode_canvas")
    pixels = _buffer()
    probabilities = _buffer()
    side = _synced(traitlets.Int(28))
    way = _synced(traitlets.Int(1))
    shot = _synced(traitlets.Int(1))
    query = _synced(traitlets.Int(1))
    frame = _synced(traitlets.Int(0))
    cursor = _synced(traitlets.Int(0))
    classes = _synced(traitlets.List())

    def show(self, support: Tensor, query: Tensor, probabilities: Tensor, **traits: Any) -> None:
        """Replace the episode; other traits change in the same message."""
        way = probabilities.shape[2]
        images = torch.cat([support, query])
        with self.hold_sync():
            self.way, self.shot, self.query, self.side = way, len(support) // way, len(query) // way, images.shape[-1]
            self.classes = [list(style.class_style(c)) for c in range(way)]
            self.pixels = (255 * images).round().to(torch.uint8).numpy().tobytes()
            self.probabilities = probabilities.float().numpy().tobytes()
            for name, value in traits.items():
                setattr(self, name, value)
            self.rev += 1

    def said(self) -> np.ndarray:
        """The probabilities of all frames, (frames, way·query, way)."""
        return np.frombuffer(self.probabilities, np.float32).reshape(-1, self.way * self.query, self.way)

    def draw(self, axes: Any) -> None:
        images = np.frombuffer(self.pixels, np.uint8).reshape(-1, self.side, self.side)
        p = self.said()[self.frame]
        for k, image in enumerate(images):
            asked = k - self.way * self.shot
            row, column = divmod(k, self.shot) if asked < 0 else divmod(asked, self.query)
            x = column + (self.shot + 0.3 if asked >= 0 else 0)
            axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255, extent=(x, x + 0.74, row + 0.74, row))
            if asked >= 0:
                best = int(p[asked].argmax())
                good = best == row
                hue = style.colour("invariant" if good else "group")
                box = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * 0.74 + [x, row]
                axes.plot(*box.T, "-" if good else "--", color=hue, linewidth=1 if good else 2)
                words = f"{'✓' if good else '✗'} {self.classes[best][1]} {p[asked, best]:.2f}"
                axes.text(x + 0.37, row + 0.87, words, color=hue, ha="center", va="center", fontsize=8)
        for row, (hue, letter) in enumerate(self.classes):
            axes.text(-0.25, row + 0.37, letter, ha="center", va="center", bbox={"color": hue}, fontsize=10)
        axes.text(0, -0.12, "support", color="#666666", fontsize=9)
        axes.text(self.shot + 0.3, -0.12, "query: what is it?", color="#666666", fontsize=9)
        axes.set(xlim=(-0.45, self.shot + self.query + 0.3), ylim=(self.way, -0.4), aspect="equal")
        axes.axis("off")
        axes.set_title(self.title)


class FewShotEpisode(View):
    """An episode of few-shot classification: `shot` support images each of `way` characters of meta-test scripts.

    The slider goes through the inner steps: what is said of each query image, with probabilities, changes with them.
    Beside it: accuracy and losses by step, the first layer before and after, and the columns of its U, which no task
    changes. "new episode" draws others; changing the method or the augmentation keeps the characters.
    learners: {name: way ↦ (Adapted, inner solver)}; without it two recorded networks, MSR and MAML, and the nearest
    class mean of pixels. glyphs: characters to draw from. ValueError: too few characters or styles, a network with
    fewer outputs than way.
    """

    title = "A few examples of a character: which of the others are the same?"

    def __init__(
        self,
        learners: Mapping[str, Learner] | None = None,
        glyphs: Glyphs | None = None,
        way: int = 5,
        shot: int = 1,
        query: int = 4,
        augmentation: str = "any angle, flips, crops",
        steps: int = 5,
        seed: int = 0,
    ) -> None:
        own = {name: (make, f"learners[{name!r}]({{way}})") for name, make in (learners or {}).items()}
        self.learners = own or LEARNERS
        self.glyphs = glyphs or load_glyphs("meta-test")
        self._passed = glyphs is not None
        if augmentation not in AUGMENTATIONS:
            raise ValueError(
                f"FewShotEpisode: augmentation = {augmentation!r}; choose one of {', '.join(AUGMENTATIONS)}"
            )
        for name, value in (("way", way), ("shot", shot)):
            low, high = NAMES[name]
            if require_integer(f"FewShotEpisode: {name}", value, low) > high:
                raise ValueError(f"FewShotEpisode: {name} = {value}; at most {high} are drawn")
        self.query = require_integer("FewShotEpisode: query", query)
        self.steps = require_integer("FewShotEpisode: steps", steps)
        if query > 6 or steps > 20:
            raise ValueError(f"FewShotEpisode: query = {query}, steps = {steps}; at most 6 and 20 are drawn")
        self._start = (
            next(iter(self.learners)),
            way,
            shot,
            augmentation,
            require_integer("FewShotEpisode: seed", seed, 0),
        )
        narrow: dict[str, Any] = {"style": {"description_width": "auto"}, "layout": {"width": "20em"}}
        short: dict[str, Any] = {"style": {"description_width": "auto"}, "layout": {"width": "15em"}}
        self.method = ipywidgets.Dropdown(options=list(self.learners), description="method", **narrow)
        self.augmentation = ipywidgets.Dropdown(
            options=list(AUGMENTATIONS), description="queries are changed by", **narrow
        )
        self.augmentation.layout.width = "26em"
        self.way, self.shot = (
            ipywidgets.IntSlider(low, low, high, description=name, **short) for name, (low, high) in NAMES.items()
        )
        self.again = ipywidgets.Button(description="new episode", layout={"width": "9em"})
        self.step = ipywidgets.IntSlider(0, 0, steps, description="inner steps", **narrow)
        self.canvas = EpisodeCanvas(title="the episode", width=700, height=470)
        curves: list[dict[str, Any]] = [
            {"name": "query", "colour": "invariant"},
            {"name": "support", "colour": "data", "dash": True},
        ]
        self.chart = Chart("cross-entropy by inner step", curves, width=330, height=150, x_label="inner step")
        self.before, self.after, self.shared = (MatrixCanvas(ink=ink, size=150) for ink in ("data", "group", "learned"))
        self._followers = [(self.canvas, "frame"), (self.chart, "cursor"), (self.after, "frame")]
        self._links = [ipywidgets.jslink((self.step, "value"), follower) for follower in self._followers]
        self._settle()
        controls = [self.method, self.way, self.shot, self.augmentation, self.again, self.step]
        self.assemble([[self.canvas], [self.chart, self.shared], [self.before, self.after]], controls)
        for control in (self.method, self.way, self.shot, self.augmentation):
            self.on(control, "value", self.draw)
        self.on_click(self.again, self._another)
        for widget, trait in ((self.step, "value"), (self.canvas, "cursor")):
            self.on(widget, trait, self._follow)

    def reset(self) -> None:
        self._settle()

    def _settle(self) -> None:
        with self.together():
            self.method.value, self.way.value, self.shot.value, self.augmentation.value, self.seed = self._start
            self.step.value, self.canvas.cursor = 0, 0
        self._drawn = [self.method.value, self.way.value, self.shot.value, self.augmentation.value]
        self.draw()

    def _another(self) -> None:
        self.seed += 1
        self.draw()

    def _follow(self) -> None:
        """The browser went to another step or query: sync() says the rest."""

    def draw(self) -> None:
        """Draw the episode, adapt to it, and show each step; where that cannot be, the controls go back."""
        settings = self.method, self.way, self.shot, self.augmentation
        try:
            self._adapt()
        except ValueError:
            with self.together():
                for control, value in zip(settings, self._drawn, strict=True):
                    control.value = value
            raise
        self._drawn = [control.value for control in settings]
        self._show()

    def _adapt(self) -> None:
        way, method = self.way.value, self.method.value
        augment = AUGMENTATIONS[self.augmentation.value][0]
        tasks = FewShot(self.glyphs.images, way, self.shot.value, self.query, augment)
        episode = tasks(1, torch.Generator().manual_seed(self.seed))
        model, inner = self.learners[method][0](way)
        outputs = model(episode.x_support, model.v[None]).shape[2]
        if outputs < way:
            raise ValueError(f"{method} tells {outputs} characters apart, and way = {way}; take a smaller way")
        path = inner_path(model, inner, episode, self.steps)
        with torch.no_grad():
            self.support, self.said = (
                model(x.expand(len(path), *x.shape[1:]), path)[..., :way] for x in (episode.x_support, episode.x_query)
            )
        self.episode, self.model, self.path = episode, model, path
        flat, first = self.glyphs.images.flatten(2), episode.x_support[0, :: self.shot.value]
        shown = (255 * first).round().to(torch.uint8).flatten(1)
        self.characters = [self.glyphs.names[int((flat == image).all(2).any(1).nonzero()[0])] for image in shown]

    def _show(self) -> None:
        way, shot, path, episode = self.way.value, self.shot.value, self.path, self.episode
        with self.together():
            self.step.max = len(path) - 1
        self.canvas.show(
            episode.x_support[0, :, 0],
            episode.x_query[0, :, 0],
            self.said.softmax(2),
            cursor=min(self.canvas.cursor, way * self.query - 1),
            frame=self.step.value,
            title=f"{way} characters, {shot} support image{'s' * (shot > 1)} each",
            label=f"support images and query images of {', '.join(self.characters)}",
        )
        losses = [
            [float(nn.functional.cross_entropy(y_hat, y[0])) for y_hat in told]
            for told, y in ((self.said, episode.y_query), (self.support, episode.y_support))
        ]
        self.chart.show(
            [[t, *pair] for t, pair in enumerate(zip(*losses, strict=True))],
            x_max=len(path) - 1,
            cursor=self.step.value,
        )
        weights = mosaic(first_weights(self.model, path))
        scale = float(np.nanmax(np.abs(weights))) or 1.0
        self.before.show(weights[:1], scale=scale, title="first layer, before")
        self.after.show(weights, scale=scale, frame=self.step.value, title="first layer, adapted")
        columns = shared_columns(self.model)
        self.shared.layout.display = "none" if columns is None else ""
        if columns is not None:
            self.shared.show(mosaic(columns[None]), title="columns of U")

    def right(self) -> list[int]:
        """How many queries are told right after each number of inner steps."""
        truth = self.episode.y_query[0]
        return (self.said.argmax(2) == truth).sum(1).tolist()

    def verdict(self) -> str:
        right, total, way = self.right(), self.way.value * self.query, self.way.value
        t = min(self.step.value, len(right) - 1)
        k, every = self.path.shape[1], sum(p.numel() for p in self.model.module.parameters())
        return (
            f"After {t} of {len(right) - 1} inner steps {right[t]} of {total} query images are told right; a guess has "
            f"{total // way}. A task changes {k:,} numbers, equal at the start, and leaves {every - k:,} as they are."
        )

    def still(self) -> bytes:
        for widget, trait in self._followers:
            setattr(widget, trait, self.step.value)
        return super().still()

    def state(self) -> dict[str, Any]:
        """The settings, the characters, how many queries are right at each step, and what is said of each now."""
        t = min(self.step.value, len(self.path) - 1)
        said = self.said[t].argmax(1).reshape(self.way.value, self.query).tolist()
        return {
            "method": self.method.value,
            "way": self.way.value,
            "shot": self.shot.value,
            "augmentation": self.augmentation.value,
            "episode": self.seed,
            "characters": self.characters,
            "step": t,
            "right": self.right(),
            "said": ["".join(style.class_style(c)[1] for c in row) for row in said],
            "query": self.canvas.cursor,
        }

    def code(self) -> str:
        way, name = self.way.value, self.method.value
        line, t = self.learners[name][1].format(way=way), min(self.step.value, len(self.path) - 1)
        made = {"recorded": "eqkit.tasks.few_shot", "pixel_prototypes": "eqkit.views.few_shot_episode"}
        source = next((f"from {place} import {word}\n" for word, place in made.items() if line.startswith(word)), "")
        glyphs = "glyphs  # as passed to the view" if self._passed else 'load_glyphs("meta-test")'
        adapted = "v = inner(model, episode.x_support, episode.y_support, cross_entropy)"
        if t == 0:
            adapted = "v = model.v[None]"
        elif self.learners[name][1].startswith("recorded") and t != 1:
            adapted = f"inner.steps = {t}\n" + adapted
        return f"""import torch
from eqkit.meta_learning import cross_entropy
{source}from eqkit.tasks.glyphs import Augment, FewShot, load_glyphs

glyphs = {glyphs}
tasks = FewShot(glyphs.images, {way}, {self.shot.value}, {self.query}, {AUGMENTATIONS[self.augmentation.value][1]})
episode = tasks(1, torch.Generator().manual_seed({self.seed}))
model, inner = {line}
{adapted}
probabilities = model(episode.x_query, v)[..., :{way}].softmax(-1)
right = (probabilities.argmax(-1) == episode.y_query).sum()
"""
