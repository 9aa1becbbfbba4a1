"""How much symmetry? One number in [0, 1] for a group, and curves for the transformations of images."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from eqkit.groups import MatrixGroup
from eqkit.groups.matrix_group import require_group
from eqkit.subspaces import as_double, as_tensor, require_integer


def asymmetry(y: Tensor, moved: Tensor) -> float:
    """E|f(gx) − f(x)|² / (2 Var f) from y = f(x) and moved = f(gx), (N,) or (N, m): 0 symmetric, 1 unrelated.

    Where x and gx have the same distribution it is 1 − the correlation of f(gx) and f(x): it reaches 2 only for
    f(gx) = −f(x). ValueError: unequal shapes, or f constant on the examples.
    """
    y, moved = as_double(y, "f(x)"), as_double(moved, "f(gx)")
    if 0 in (y.ndim, moved.ndim) or y.is_complex() or moved.is_complex():
        raise ValueError("asymmetry: f(x) and f(gx) are real, (N,) or (N, m), of two examples or more")
    y, moved = y.reshape(len(y), -1), moved.reshape(len(moved), -1)
    if y.shape != moved.shape:
        raise ValueError(f"asymmetry: f(x) is {tuple(y.shape)} and f(gx) {tuple(moved.shape)}; they match one to one")
    variance = float(y.var(0, correction=0).sum())
    if not variance > 0:
        raise ValueError("asymmetry: f is constant on these examples; a constant has every symmetry")
    return float((moved - y).square().sum(1).mean()) / (2 * variance)


def asymmetry_under(
    f: Callable[[Tensor], Tensor], x: Tensor, G: MatrixGroup, count: int = 200, generator: torch.Generator | None = None
) -> float:
    """The share of the variance of f that averaging over G removes: E|f(gx) − f(x)|² / (2 Var f), g uniform in G.

    For x whose distribution G leaves alone it is 1 − Var(R f) / Var f with the Reynolds operator R, hence in [0, 1]: 0
    if f is invariant, 1 if it averages to a constant. G finite or compact; x (N, …, n). All elements if there are
    at most `count`, else so many random ones, with an error of about 1/√count.
    """
    require_group(G, "asymmetry_under")
    require_integer("asymmetry_under: count", count)
    x = as_tensor(x, "x")
    if x.shape[-1:] != (G.n,) or not x.is_floating_point():
        raise ValueError(f"asymmetry_under: x is {x.dtype} {tuple(x.shape)}, and elements of {G} are {G.n} × {G.n}")
    with torch.no_grad():
        y = f(x)
        few = G.is_finite and G.order <= count
        g = (G.elements() if few else G.sample(count, generator)).to(x.dtype)
        return sum(asymmetry(y, f(x @ h.mT)) for h in g) / len(g)


def _affine(entries: Callable[[float], list[list[float]]]) -> Callable[[Tensor, float], Tensor]:
    """Move images (N, c, h, w) by the affine map of the plane with these entries, bilinear; outside is 0 (paper)."""

    def move(images: Tensor, t: float) -> Tensor:
        inverse = torch.linalg.inv(torch.tensor([*entries(t), [0.0, 0.0, 1.0]], dtype=torch.float64))[:2]
        grid = torch.nn.functional.affine_grid(
            inverse.to(images.dtype).expand(len(images), 2, 3), list(images.shape), align_corners=False
        )
        return torch.nn.functional.grid_sample(images, grid, align_corners=False)

    return move


def _turn(t: float) -> list[list[float]]:
    return [[math.cos(t), math.sin(t), 0.0], [-math.sin(t), math.cos(t), 0.0]]  # y points down


IMAGE_TRANSFORMATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "rotation": _affine(_turn),  # by t radians, counter-clockwise
    "translation right": _affine(lambda t: [[1.0, 0.0, 2 * t], [0.0, 1.0, 0.0]]),  # by t of the width
    "translation down": _affine(lambda t: [[1.0, 0.0, 0.0], [0.0, 1.0, 2 * t]]),
    "scaling": _affine(lambda t: [[math.exp(t), 0.0, 0.0], [0.0, math.exp(t), 0.0]]),
    "shear": _affine(lambda t: [[1.0, t, 0.0], [0.0, 1.0, 0.0]]),
    "flip left–right": lambda images, t: images.flip(-1) if t else images,
    "flip up–down": lambda images, t: images.flip(-2) if t else images,
}


def image_asymmetry(f: Callable[[Tensor], Tensor], images: Tensor, transformation: str, amounts: Tensor) -> Tensor:
    """What a network on images (N, c, h, w) makes of moved ones: (amounts, 2) float64.

    The columns: the asymmetry of its outputs, E|f(gx) − f(x)|² / (2 Var f), and for f (N, classes) the share of images
    whose largest output changes. transformation: one of IMAGE_TRANSFORMATIONS; amounts: radians, shares of the width,
    the logarithm of the factor, or 0 and 1 for the flips. What leaves the image is lost and zeros come in, so that
    even a perfectly equivariant network errs where ink is cut off.
    """
    if not isinstance(transformation, str) or transformation not in IMAGE_TRANSFORMATIONS:
        raise ValueError(f"image_asymmetry: {transformation!r} is none of {', '.join(IMAGE_TRANSFORMATIONS)}")
    images, amounts = as_tensor(images, "images"), as_double(amounts, "amounts")
    if images.ndim != 4 or not images.is_floating_point():
        raise ValueError(f"image_asymmetry: images {images.dtype} {tuple(images.shape)}; they are float (N, c, h, w)")
    if amounts.ndim != 1 or len(amounts) == 0:
        raise ValueError(f"image_asymmetry: amounts {tuple(amounts.shape)}; give a list of one number or more")
    move = IMAGE_TRANSFORMATIONS[transformation]
    rows = []
    with torch.no_grad():
        y = f(images)
        for t in amounts.tolist():
            moved = f(move(images, t))
            changed = float((moved.argmax(1) != y.argmax(1)).double().mean()) if y.ndim == 2 else math.nan
            rows.append([asymmetry(y, moved), changed])
    return torch.tensor(rows, dtype=torch.float64)
