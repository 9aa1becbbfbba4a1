"""Families of tasks, and readers of what lies in data/. Tasks are callables: tasks(count, generator) -> Episodes."""

from pathlib import Path

import torch
from torch import Tensor

from eqkit.subspaces import require_generator, require_integer, require_memory

DATA = Path(__file__).resolve().parents[2] / "data"


def data_file(name: str) -> Path:
    """The path of a file in data/, such as "digits.npz"; FileNotFoundError with the cure if it is not there."""
    path = DATA / name
    if not path.exists():
        raise FileNotFoundError(
            f"data/{name} is missing; data/ lies beside the package, so install eqkit from a checkout: "
            "pip install -e . (data/README.md says how to make each file again)"
        )
    return path


def require_weights(what: str, basis: Tensor, sizes: str, support: int, query: int) -> None:
    """What tasks are made of: weights spanned by a basis (d, *sizes), real and finite, and two numbers of examples."""
    if not isinstance(basis, Tensor):
        raise TypeError(f"{what}: basis is a {type(basis).__name__}; it is a tensor (d, {sizes})")
    if basis.ndim != 2 + sizes.count(",") or 0 in basis.shape:
        raise ValueError(f"{what}: basis has shape {tuple(basis.shape)}; it needs (d, {sizes}), one or more of each")
    if basis.is_complex():
        raise TypeError(f"{what}: basis is complex; hide a group of real matrices, such as O(n) for U(n)")
    if not torch.isfinite(basis).all():
        raise ValueError(f"{what}: basis of shape {tuple(basis.shape)} holds NaN or infinity")
    require_integer(f"{what}, examples of a task: support", support)
    require_integer(f"{what}, examples of a task: query", query)


def require_draw(what: str, count: int, generator: torch.Generator | None, numbers: float = 0) -> None:
    """What every call checks: the count, the generator, and memory for so many float32 numbers of each."""
    require_integer(f"{what}: count, how many to draw,", count)
    require_generator(what, generator)
    require_memory(4.0 * count * numbers, f"{what}: {count:,} of them")
