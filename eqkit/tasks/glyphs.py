"""Real images, few shots: characters of many scripts, and episodes whose queries are turned, mirrored and cropped."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from eqkit.meta_learning import Episodes
from eqkit.subspaces import as_tensor, require_generator, require_integer, require_positive
from eqkit.tasks import data_file, require_draw

PARTS = ("all", "meta-train", "meta-test")
META_TEST = (
    *("Hebrew", "Georgian", "Thaana", "Gujarati", "Sinhala", "Tibetan", "Ethiopic", "Cherokee", "Runic", "Mongolian"),
    *("Lepcha", "Tifinagh", "Katakana", "Hangul", "Kayah Li", "Linear B", "Old Turkic"),
)


@dataclass(frozen=True)
class Glyphs:
    """Images (characters, styles, 28, 28) uint8, 0 paper to 255 ink, and what they show.

    script (characters,) int64: the place in `scripts` of each character's script; names: one a character.
    """

    images: Tensor
    script: Tensor
    scripts: tuple[str, ...]
    names: tuple[str, ...]

    def of(self, *scripts: str) -> Glyphs:
        """The characters of these scripts alone, in their order here."""
        strange = sorted(set(scripts) - set(self.scripts))
        if strange or not scripts:
            raise ValueError(f"Glyphs.of: {strange or 'nothing'} is none of the scripts {', '.join(self.scripts)}")
        kept = [i for i, script in enumerate(self.script.tolist()) if self.scripts[script] in scripts]
        places = [name for name in self.scripts if name in scripts]
        return Glyphs(
            self.images[kept],
            torch.tensor([places.index(self.scripts[script]) for script in self.script[kept].tolist()]),
            tuple(places),
            tuple(self.names[i] for i in kept),
        )

    def __repr__(self) -> str:
        count, styles, height, width = self.images.shape
        return f"Glyphs({count} characters of {len(self.scripts)} scripts in {styles} styles, {height} × {width})"


@cache
def load_glyphs(part: str = "all") -> Glyphs:
    """The characters of data/glyphs.npz. "meta-train" and "meta-test" share no script: META_TEST is a third of all.

    No character looks like another, of whatever script, when it is turned or mirrored; their Unicode names are kept:
    `unicodedata.lookup(name)` is the character. The value is made once: change a copy of its tensors.
    """
    if part not in PARTS:
        raise ValueError(f"load_glyphs({part!r}): choose one of {PARTS}")
    if part != "all":
        every = load_glyphs()
        return every.of(*(script for script in every.scripts if (script in META_TEST) == (part == "meta-test")))
    with np.load(data_file("glyphs.npz")) as file:
        packed, script, scripts, names = (file[name] for name in ("images", "script", "scripts", "names"))
    images = np.unpackbits(packed, axis=2).reshape(*packed.shape[:2], 28, 28) * np.uint8(255)
    return Glyphs(
        torch.from_numpy(images), torch.from_numpy(script).long(), tuple(scripts.tolist()), tuple(names.tolist())
    )


@dataclass(frozen=True)
class Augment:
    """Random turns, mirror images and crops: images (count, c, n, n) -> the same shape, bilinear, paper (0) outside.

    turn: "any angle", "quarter turns" or "none". flip: every other image is mirrored, left to right. crop: the window
    that fills the result has a side of 1 − crop to 1 of the width, at a random place inside the page.
    """

    turn: str = "any angle"
    flip: bool = True
    crop: float = 0.1
    TURNS = ("any angle", "quarter turns", "none")

    def __post_init__(self) -> None:
        if self.turn not in self.TURNS:
            raise ValueError(f"Augment: turn = {self.turn!r}; choose one of {self.TURNS}")
        if require_positive("Augment: crop", self.crop, zero=True) >= 1:
            raise ValueError(
                f"Augment: crop = {self.crop}; it is the part of the width that is lost, from 0 to below 1"
            )

    def __call__(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        images = as_tensor(images, "images")
        if (
            images.ndim != 4
            or 0 in images.shape
            or images.shape[2] != images.shape[3]
            or not images.is_floating_point()
        ):
            raise ValueError(
                f"Augment: images are {images.dtype} {tuple(images.shape)}; it takes square images (count, c, n, n) of "
                "floating-point numbers"
            )
        require_generator("Augment", generator)
        u = torch.rand(5, len(images), generator=generator).to(images)
        angle = 2 * math.pi * {"any angle": u[0], "quarter turns": (4 * u[0]).floor() / 4, "none": 0 * u[0]}[self.turn]
        side = 1 - self.crop * u[1]
        mirror = 1 - 2 * ((u[2] < 0.5) & self.flip).to(images)
        corner = (1 - side) * (2 * u[3:] - 1)  # (2, count): the centre of the window, x and y from −1 to 1
        c, s = side * angle.cos(), side * angle.sin()
        affine = torch.stack([mirror * c, -s, corner[0], mirror * s, c, corner[1]], 1).reshape(-1, 2, 3)
        grid = torch.nn.functional.affine_grid(affine, list(images.shape), align_corners=False)
        return torch.nn.functional.grid_sample(images, grid, align_corners=False)


@dataclass(frozen=True)
class FewShot:
    """Episodes of `way` characters never seen together: `shot` images of each to learn from, `query` to be told.

    images: (characters, styles, height, width), uint8 from 0 to 255 or float32, as in `load_glyphs("meta-train")`.
    A call gives x (tasks, examples, 1, height, width) float32, ink 1, and labels (tasks, examples) int64, character by
    character; the characters of a task are drawn without repetition, and so are the styles of a character.
    augment(x, generator) changes the images (count, 1, height, width) of the query alone.
    """

    images: Tensor
    way: int = 5
    shot: int = 1
    query: int = 5
    augment: Callable[[Tensor, torch.Generator | None], Tensor] | None = None

    def __post_init__(self) -> None:
        images = self.images
        if not isinstance(images, Tensor) or images.ndim != 4 or images.dtype not in (torch.uint8, torch.float32):
            what = (
                f"{images.dtype} {tuple(images.shape)}" if isinstance(images, Tensor) else f"a {type(images).__name__}"
            )
            raise TypeError(
                f"FewShot: images are {what}; it takes a tensor (characters, styles, height, width), uint8 from 0 to "
                'ink 255 or float32 to ink 1, such as load_glyphs("meta-train").images'
            )
        if self.augment is not None and not callable(self.augment):
            raise TypeError(
                f"FewShot: augment is {self.augment!r}; give a function of images and a generator, Augment()"
            )
        require_integer("FewShot: way, the characters of a task,", self.way, 2)
        require_integer("FewShot: shot, the support images of a character,", self.shot)
        require_integer("FewShot: query, the query images of a character,", self.query)
        if self.way > len(images):
            raise ValueError(f"FewShot: way = {self.way}, and there are {len(images)} characters; take a smaller way")
        if self.shot + self.query > images.shape[1]:
            raise ValueError(
                f"FewShot: shot + query = {self.shot} + {self.query}, and a character has {images.shape[1]} styles; "
                "no image is in both parts, so take fewer"
            )

    def __call__(self, count: int, generator: torch.Generator | None = None) -> Episodes:
        characters, styles = self.images.shape[:2]
        size = self.images[0, 0].numel() * self.way * (self.shot + self.query)
        require_draw("FewShot", count, generator, 1.25 * (size + characters + self.way * styles))
        chosen = torch.rand(count, characters, generator=generator).topk(self.way).indices
        drawn = torch.rand(count, self.way, styles, generator=generator).topk(self.shot + self.query).indices
        x = self.images[chosen[:, :, None], drawn].unsqueeze(3)  # (tasks, way, shot + query, 1, height, width)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        support, query = x[:, :, : self.shot].flatten(1, 2), x[:, :, self.shot :].flatten(1, 2)
        if self.augment is not None:
            query = self.augment(query.flatten(0, 1), generator).reshape(query.shape)
        labels = torch.arange(self.way).expand(count, -1)
        return Episodes(
            support,
            labels.repeat_interleave(self.shot, 1),
            query,
            labels.repeat_interleave(self.query, 1),
        )
