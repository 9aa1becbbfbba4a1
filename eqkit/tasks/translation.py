"""The synthetic translation task of Zhou, Knowles & Finn (2020): can a dense layer discover convolution?"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from eqkit.subspaces import require_generator, require_integer, require_memory
from eqkit.tasks.linear import LinearTasks


def convolution(n: int = 70, taps: int = 3) -> Tensor:
    """Sharing pattern of a valid convolution, one label a tap and −1 for no weight: (n − taps + 1, n) int64."""
    require_integer("convolution: n", n)
    if require_integer("convolution: taps", taps) > n:
        raise ValueError(f"convolution({n}, taps={taps}): a filter needs 1 ≤ taps ≤ {n}")
    require_memory(16.0 * n * (n - taps + 1), f"convolution({n}, taps={taps})")
    tap = torch.arange(n)[None, :] - torch.arange(n - taps + 1)[:, None]
    return torch.where((tap >= 0) & (tap < taps), tap, -1)


def locally_connected(n: int = 70, taps: int = 3) -> Tensor:
    """The same window without sharing: every entry of the band has a label of its own."""
    tap = convolution(n, taps)
    return torch.where(tap >= 0, torch.arange(len(tap))[:, None] * taps + tap, -1)


def fully_connected(n: int = 70, taps: int = 3) -> Tensor:
    """No window and no sharing: every entry has a label of its own."""
    rows = len(convolution(n, taps))
    return torch.arange(rows * n).reshape(rows, n)


def translation(
    rank: int = 1,
    n: int = 70,
    taps: int = 3,
    support: int = 1,
    query: int = 19,
    noise: float = 0.0,
    generator: torch.Generator | None = None,
) -> LinearTasks:
    """y = valid convolution of x ~ N(0, I_n) with a filter N(0, I) of each task; rank r > 1 breaks the symmetry softly.

    Row i of the weight is the filter Σ_r C_ir f_r, with `rank` filters f_r of each task and one row-softmax C
    (n_out, rank) of N(0, 1) numbers, drawn here from the generator and common to all tasks. It has rank·taps maps.
    """
    require_integer("translation: the number of filters mixed in each row, rank", rank)
    require_generator("translation", generator)
    tap = convolution(n, taps)
    mixture = torch.randn(len(tap), rank, generator=generator, dtype=torch.float64).softmax(1)
    windows = torch.stack([tap == a for a in range(taps)]).double()  # (taps, n_out, n)
    return LinearTasks(torch.einsum("or,aoi->raoi", mixture, windows).flatten(0, 1), support, query, noise)


def reversed_outputs(tasks: LinearTasks) -> LinearTasks:
    """The same tasks with their outputs in reverse order: of a convolution, a filter that slides the other way.

    A U that has learned shifts is of no use to them, one that had learned to fit anything would be.
    """
    return replace(tasks, basis=tasks.basis.flip(1))
