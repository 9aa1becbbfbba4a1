"""Tasks with a hidden symmetry: every weight commutes with one group, and a learner of U has to find out which."""

from __future__ import annotations

import math

import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.groups.matrix_group import require_group
from eqkit.subspaces import require_integer
from eqkit.tasks.linear import LinearTasks


def hidden_group(G: groups.MatrixGroup, support: int = 5, query: int = 10, noise: float = 0.0) -> LinearTasks:
    """y = W x + ε with x ~ N(0, E) and W a random element of Hom_G(V, V), V the representation G was given in.

    W is Gaussian, isotropic in Hom_G, with E‖W‖² = n·dim Hom: for C(n) the filter of a circular convolution is N(0, E).
    """
    require_group(G, "hidden_group")
    hom = Hom(G.vector, G.vector)
    return LinearTasks(math.sqrt(G.n) * hom.U.T.reshape(-1, G.n, G.n), support, query, noise)


def flips(rows: int, columns: int) -> groups.MatrixGroup:
    """The left–right and upside-down reflections of a grid, permuting its rows·columns pixels; order 4."""
    require_integer("flips: rows", rows)
    require_integer("flips: columns", columns)
    grid = torch.arange(rows * columns).reshape(rows, columns)
    return groups.permutation_group(
        [grid.flip(0).flatten().tolist(), grid.flip(1).flatten().tolist()], f"flips of a {rows}×{columns} grid"
    )


def quarter_turns(n: int) -> groups.MatrixGroup:
    """The quarter turns of an n×n grid, permuting its n² pixels; order 4."""
    require_integer("quarter_turns: the size n", n)
    grid = torch.arange(n * n).reshape(n, n)
    return groups.permutation_group([grid.rot90().flatten().tolist()], f"quarter turns of a {n}×{n} grid")
