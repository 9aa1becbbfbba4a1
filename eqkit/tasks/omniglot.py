"""A reader for a local copy of Omniglot (Lake, Salakhutdinov & Tenenbaum 2015): 1623 characters, 20 drawers each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from eqkit.tasks.glyphs import Glyphs

PARTS = {"background": "images_background", "evaluation": "images_evaluation"}
LAYOUT = "images_background/<alphabet>/<character>/<drawer>.png, and the same below images_evaluation"


def load_omniglot(folder: str | Path, part: str = "background") -> Glyphs:
    """The characters of a folder that holds images_background and images_evaluation, as `load_glyphs` gives its own.

    Black strokes on white, 105 × 105, become ink 255 on paper 0, 28 × 28, a mean of what each pixel covers. An
    alphabet is a script, a drawer a style. "background" is for meta-training, "evaluation" for meta-test.
    """
    if not isinstance(part, str) or part not in PARTS:
        raise ValueError(f"load_omniglot: part = {part!r}; choose one of {tuple(PARTS)}")
    if not isinstance(folder, str | Path):
        raise TypeError(f"load_omniglot: the folder is {folder!r}; give the path of a local copy of Omniglot")
    top = Path(folder).expanduser() / PARTS[part]
    if not top.is_dir():
        raise FileNotFoundError(
            f"there is no folder {top}; unpack {PARTS[part]}.zip (github.com/brendenlake/omniglot, folder python) and "
            f"give the folder that holds it: {LAYOUT}"
        )
    drawings = {
        (alphabet.name, character.name): sorted(character.glob("*.png"))
        for alphabet in sorted(path for path in top.iterdir() if path.is_dir())
        for character in sorted(path for path in alphabet.iterdir() if path.is_dir())
    }
    drawers = max(map(len, drawings.values()), default=0) or 20
    odd = next(("/".join(key) for key, paths in drawings.items() if len(paths) != drawers), None)
    if odd or not drawings:
        raise ValueError(
            f"{top} is laid out differently or incomplete ({odd or 'no character'}): every character needs "
            f"one image of each drawer, {drawers} here; unpack it again, to {LAYOUT}"
        )
    images = np.stack([[_page(path) for path in paths] for paths in drawings.values()])
    alphabets = sorted({alphabet for alphabet, _ in drawings})
    return Glyphs(
        torch.from_numpy(images),
        torch.tensor([alphabets.index(alphabet) for alphabet, _ in drawings]),
        tuple(alphabets),
        tuple(f"{alphabet} {character}" for alphabet, character in drawings),
    )


def _page(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            white = image.convert("L").resize((28, 28), Image.Resampling.BOX)
    except OSError as error:
        raise ValueError(f"{path} is no image that can be read ({error}); unpack the archive again") from error
    return 255 - np.asarray(white)
