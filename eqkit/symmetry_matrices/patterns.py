"""What a learned U says: the space that tasks use, which weights it ties, and the group that keeps the pattern."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from eqkit import groups, subspaces
from eqkit.groups import finite


def learned_space(U: Tensor, v: Tensor, floor: float = 0.1) -> Tensor:
    """The part of span(U) that tasks use: orthonormal columns (out·in, rank), from the filters v (tasks, k) of many.

    If k is larger than needed, the spare columns of U stay large, for nothing in the loss removes them; but the weights
    W = mat(U v) that tasks arrive at hardly use them. So the rank is read off the singular values of the stacked
    vec(W), at their largest gap, those below floor · the largest counting as noise.
    """
    U, v = subspaces.as_double(U, "U"), subspaces.as_double(v, "v")
    if U.is_complex() or v.is_complex():
        raise TypeError("learned_space: U or v is complex; layers here are real")
    if U.ndim != 2 or v.ndim != 2 or v.shape[1] != U.shape[1] or len(v) < U.shape[1]:
        raise ValueError(
            f"learned_space: v has shape {tuple(v.shape)} and U {tuple(U.shape)}; give one filter of {U.shape[1]} "
            f"numbers for each of {U.shape[1]} tasks or more"
        )
    values, axes = weight_spectrum(U, v)
    if not values.any():
        raise ValueError("learned_space: all weights U v are zero, so no space is used; train longer")
    return axes[:, : len(values) - subspaces.largest_gap(values, floor).dim].contiguous()


def weight_spectrum(U: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Singular values (k,), descending, of the stacked vec(W) = U v, and their right vectors as columns (out·in, k).

    v (tasks, k), k tasks or more. By the factors Q R of U and of v, for the stack itself has tasks·out·in entries.
    """
    Q, R = torch.linalg.qr(subspaces.as_double(U, "U"))
    right = torch.linalg.qr(subspaces.as_double(v, "v"), mode="r").R
    _, values, Vh = torch.linalg.svd(right @ R.T)
    return values, Q @ Vh.T


def sharing_pattern(U: Tensor, shape: tuple[int, int], tolerance: float | None = None) -> Tensor:
    """Which weights are tied: labels (n_out, n_in) int64, −1 where a weight must be zero, else 0, 1, … as met first.

    Two weights have one label exactly if their rows in an orthonormal basis of span(U) are alike, for then every
    W = mat(U v) has them equal. Another basis rotates all rows alike, so the pattern does not depend on it, and it can
    be read off exact, half-learned and learned U. `tolerance` is the distance up to which rows count as alike,
    by default where the distances have their largest gap; without a gap no weights are tied.
    """
    U, _, _ = subspaces.require_rows("sharing_pattern", U, shape)
    if tolerance is not None:
        subspaces.require_positive("sharing_pattern: tolerance", tolerance)
    zero = torch.zeros(1, U.shape[1], dtype=U.dtype)  # one more row, to see which weights are coloured like zero
    labels = subspaces.colour_rows(torch.cat([zero, U.detach()]), tolerance)[1:] - 1  # the row zero has label 0
    if bool(U.any()) and bool((labels < 0).all()):  # not all rows of a basis are zero: none could be told apart
        labels = torch.arange(len(U))
    return labels.reshape(shape)


def partition_distance(a: Tensor, b: Tensor) -> int:
    """The least number of weights that must change their label for pattern a to tie the same weights as pattern b.

    A metric on patterns of one shape (the transfer distance, Régnier 1965): labels may be renamed at will, except −1,
    which means zero; it is an assignment problem on the table of how many weights have label i in a and j in b.
    """
    a, b = subspaces.as_tensor(a, "a"), subspaces.as_tensor(b, "b")
    if a.shape != b.shape:
        raise ValueError(
            f"partition_distance: patterns of shapes {tuple(a.shape)} and {tuple(b.shape)}; compare equal shapes"
        )
    if a.dtype != torch.int64 or b.dtype != torch.int64:
        raise TypeError(
            f"partition_distance: labels are int64, not {a.dtype} and {b.dtype}; sharing_pattern gives them"
        )
    if a.numel() == 0:
        return 0
    if min(int(a.min()), int(b.min())) < -1:
        raise ValueError("partition_distance: labels are −1, which means zero, and 0, 1, 2, …")
    size = 1 + max(0, int(a.max()), int(b.max()))
    subspaces.require_memory(16.0 * size**2, f"partition_distance with labels up to {size - 1}")
    free = (a >= 0) & (b >= 0)
    overlap = torch.bincount(a[free] * size + b[free], minlength=size * size).reshape(size, size)
    best = scipy.optimize.linear_sum_assignment(overlap.numpy(), maximize=True)
    return a.numel() - int(overlap[best].sum()) - int(((a < 0) & (b < 0)).sum())


def automorphism_group(pattern: Tensor, signs: Tensor | None = None) -> groups.MatrixGroup:
    """The largest permutation group that keeps a pattern (n, n): all p with pattern[p(i), p(j)] = pattern[i, j].

    A pattern sees a group only through its orbits on pairs, so from the pattern of G comes the 2-closure of G:
    from that of A₄ it is S₄, which has the same equivariant maps V → V. With the signs (n, n) of tied weights, 0 where
    a weight is zero, it is the largest group of signed permutations, with σᵢ σⱼ signs[p(i), p(j)] = signs[i, j] too.
    """
    pattern = _labels(pattern, "automorphism_group: the pattern")
    if pattern.numel() == 0 or pattern.ndim != 2 or pattern.shape[0] != pattern.shape[1]:
        raise ValueError(
            f"automorphism_group: the pattern has shape {tuple(pattern.shape)}; one permutation of both rows and "
            "columns needs a square pattern, inputs and outputs indexed by the same points"
        )
    n = len(pattern)
    if signs is None:
        maps = _automorphisms(pattern)
        return groups.permutation_group(maps) if maps else groups.trivial(n)
    signs = _labels(signs, "automorphism_group: signs")
    if signs.shape != pattern.shape or bool((signs.abs() > 1).any()):
        raise ValueError(
            f"automorphism_group: signs {tuple(signs.shape)} for a pattern {tuple(pattern.shape)}; "
            "each weight has one sign, −1, 0 or 1"
        )
    same, other = (3 * subspaces.relabel(pattern) + 1 + s * signs for s in (1, -1))
    other = other + torch.diag(other.new_full((n,), 3 * n * n))  # the point −eᵢ is that of eᵢ
    maps = _automorphisms(torch.cat([torch.cat([same, other], 1), torch.cat([other, same], 1)]))
    form = finite.as_monomial(np.array(maps, np.int64).reshape(-1, 2 * n), n)
    return groups.MatrixGroup(form, name=f"⟨{len(maps)} signed permutations⟩ on {n}")


def automorphism_pairs(pattern: Tensor, signs: Tensor | None = None) -> groups.MatrixGroup:
    """All (p, q) with pattern[p(i), q(j)] = pattern[i, j], for (n_out, n_in): p and q permute outputs and inputs.

    A group on n_out + n_in points, the outputs first. Its equivariant maps V_in → V_out are the block [:n_out, n_out:]
    of its maps on all the points.
    """
    pattern = _labels(pattern, "automorphism_pairs: the pattern")
    if pattern.ndim != 2 or pattern.numel() == 0:
        raise ValueError(f"automorphism_pairs: the pattern has shape {tuple(pattern.shape)}; it is (n_out, n_in)")
    if signs is not None:
        signs = _labels(signs, "automorphism_pairs: signs")
        if signs.shape != pattern.shape:
            raise ValueError(f"automorphism_pairs: signs {tuple(signs.shape)} for a pattern {tuple(pattern.shape)}")
        signs = _beside(signs, [0, 0, 0])
    return automorphism_group(_beside(subspaces.relabel(pattern) + 3, [0, 1, 2]), signs)


def _labels(pattern: Tensor, what: str) -> Tensor:
    """Integers as int64, or TypeError."""
    pattern = subspaces.as_tensor(pattern, what)
    if pattern.is_floating_point() or pattern.is_complex():
        raise TypeError(f"{what} is {pattern.dtype}; it holds integers, as those that sharing_pattern gives")
    return pattern.long()


def _beside(block: Tensor, fill: list[int]) -> Tensor:
    """[[a, block], [c, b]] with constants a, b, c = fill: a pattern on outputs and inputs together, square."""
    (m, n), (a, b, c) = block.shape, fill
    upper = torch.cat([block.new_full((m, m), a), block], 1)
    return torch.cat([upper, torch.cat([block.new_full((n, m), c), block.new_full((n, n), b)], 1)])


def _automorphisms(pattern: Tensor) -> list[list[int]]:
    """Generators, as maps of points, of all permutations that keep a pattern (n, n)."""
    import igraph  # here, because it loads matplotlib and plotly, which the rest of the core does without

    n = len(pattern)
    labels = subspaces.relabel(pattern)
    layers = max(1, int(labels.max()).bit_length())
    # Points 0…n−1 in colour 0. Each bit of the labels is one bipartite layer: the points copied as rows and as columns,
    # each copy tied to its point and of its own colour; row i meets column j where label[i, j] has that bit.
    edges, colours = [], [0] * n
    for bit in range(layers):
        rows, columns = n * (1 + 2 * bit), n * (2 + 2 * bit)
        edges += [(i, rows + i) for i in range(n)] + [(i, columns + i) for i in range(n)]
        edges += [(rows + i, columns + j) for i, j in ((labels >> bit) & 1).nonzero().tolist()]
        colours += [2 * bit + 1] * n + [2 * bit + 2] * n
    return [p[:n] for p in igraph.Graph(n * (1 + 2 * layers), edges).automorphism_group(color=colours)]
