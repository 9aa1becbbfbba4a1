"""From a learned symmetry matrix to its group: rank, pattern, canonical gauge, group, and the way back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.cluster.hierarchy
import scipy.linalg
import torch
from sympy.combinatorics import Permutation
from torch import Tensor

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.groups import finite
from eqkit.symmetry_matrices.patterns import (
    automorphism_group,
    automorphism_pairs,
    learned_space,
    sharing_pattern,
    weight_spectrum,
)

NEAR = 0.5  # radians: a space further than this from Hom of a group is not taken for it
CLOSED = 0.35  # root mean square defect of A Bᵀ C above which a space is no Hom, by experiment (see `defect`)
TIGHT = 1e-2  # a defect that is nothing but rounding, or what training leaves


@dataclass(frozen=True, eq=False)
class Recovery:
    """What a learned U says of the symmetry; str() is the verdict in a sentence.

    rank          the dimension of the learned space
    spectrum      the singular values it was read from, descending: of the weights tasks arrive at, or of U
    space         orthonormal columns (out·in, rank) that span it
    pattern       (n_out, n_in) int64: which weights are tied, −1 where they vanish
    signs         (n_out, n_in) int8: −1 where a weight is minus the first of its label, 0 where it vanishes
    gauge         the canonical U (out·in, rank): every U of the same span gives this one; the indicators of an exact
                  pattern. See `canonical_gauge`.
    sides         "points": one group permutes inputs and outputs alike; "pairs": each by permutations of its own
    group         the largest group of (signed) permutations that keeps the pattern, that is a 2-closure; for pairs on
                  n_out + n_in points, outputs first
    name          its name, "C(12)"
    generators    in cycles
    angles        between the learned space and Hom of the group, ascending, (rank,) radians: sin θ are the singular
                  values of (1 − P_Hom) Q
    dim_hom       dim Hom of the group
    is_commutant  Hom of the group is the learned space: equal dimensions, and angles below NEAR
    defect        how far A Bᵀ C of maps in the space leads out of it, 0 … 1. See `defect`.
    confidence    0 … 1. For a group: the least silhouette of a weight in its class, at most 1 − s_{r+1}/s_r of the
                  spectrum. Without one, that the space is Hom of none: from 0 at the least defect that refutes to 1.
    cautions      what a reader has to know

    In 400 runs with noise, spare columns, few tasks and few steps, all 362 groups named were the 2-closure of the
    hidden one, at any confidence. "No group" is said of the learned space; of the tasks only if another seed learns
    the same space, which half-trained runs do not (tests/benchmarks/hidden_groups.py).
    """

    shape: tuple[int, int]
    rank: int
    spectrum: Tensor
    space: Tensor
    pattern: Tensor
    signs: Tensor
    gauge: Tensor
    sides: str
    group: groups.MatrixGroup
    name: str
    generators: tuple[str, ...]
    angles: Tensor
    dim_hom: int
    is_commutant: bool
    defect: float
    confidence: float
    cautions: tuple[str, ...]

    def __str__(self) -> str:
        sure = f"confidence {self.confidence:.2f}"
        if not self.is_commutant:
            return " ".join([f"A space of dimension {self.rank}: {self.cautions[0]} ({sure}).", *self.cautions[1:]])
        kind = "signed permutations" if bool((self.signs < 1).any()) else "permutations"
        where = f"{kind} of {self.shape[0]} outputs and {self.shape[1]} inputs" if self.sides == "pairs" else kind
        verdict = (
            f"{self.name}, order {self.group.order:,}: the largest group of {where} with this pattern (the 2-closure); "
            f"its equivariant maps are the learned space, dimension {self.rank}, to {float(self.angles.max()):.0e} rad"
        )
        return " ".join([f"{verdict} ({sure}).", *self.cautions])


def recover(U: Tensor, shape: tuple[int, int], v: Tensor | None = None) -> Recovery:
    """The space, pattern, canonical gauge and group of a learned U (out·in, k), as a `Recovery`.

    With the filters v (tasks, k) of many tasks the rank is read off the weights they arrive at (`learned_space`), so k
    may be too large; without them it is the rank of U. The pattern is the clustering of the rows of an orthonormal
    basis into `rank` classes (`classes`), for Hom_G has as many. It is believed if the way back succeeds: Hom of its
    automorphism group has dimension `rank` and lies near the learned space. Tried in turn: one permutation of inputs
    and outputs, one with signs, and a permutation of each, without and with signs.
    """
    U, n_out, n_in = subspaces.require_rows("recover", U, shape)
    if len(U) > 8192:
        raise ValueError(f"recover compares all pairs of weights; {len(U)} are more than 8192, take a smaller layer")
    U = subspaces.as_double(U, "U")
    if not bool(U.any()):
        raise ValueError(f"recover: U {tuple(U.shape)} is zero; train it first")
    Q = subspaces.orthonormal(U, 1e-6) if v is None else learned_space(U, v)
    spectrum = torch.linalg.svdvals(U) if v is None else weight_spectrum(U, v)[0]
    rank = Q.shape[1]
    away = defect(Q, shape)
    for sides, signed in itertools.product(("points", "pairs") if n_out == n_in else ("pairs",), (False, True)):
        labels, signs = classes(Q, rank, signed)
        G, hom, hom_signs = _round_trip(labels.reshape(shape), signs.reshape(shape) if signed else None, sides)
        angles, dim_hom = angles_to(Q, hom, hom_signs), int(hom.max()) + 1
        found = dim_hom == rank and float(angles.max()) < NEAR
        if found:
            break
    # here without a group: the classes with signs and zeros of one permutation each
    clear = found or float(angles_to(Q, labels, signs).max()) < NEAR
    confidence = silhouette(Q, labels, signs) if clear else 0.0
    if found and rank < len(spectrum):
        confidence = min(confidence, 1 - float(spectrum[rank] / spectrum[rank - 1]))
    if not found:
        confidence = 1.0 if away < TIGHT else max(confidence, (away - CLOSED) / (1 - CLOSED), 0.0)
        if not clear:
            labels = sharing_pattern(Q, shape).flatten()
            signs = (labels >= 0).to(torch.int8)
        sides = "points" if n_out == n_in else "pairs"
        minus = bool((signs < 0).any())
        G, hom, hom_signs = _round_trip(labels.reshape(shape), signs.reshape(shape) if minus else None, sides)
        angles, dim_hom = angles_to(Q, hom, hom_signs), int(hom.max()) + 1
    pattern = labels.reshape(shape)
    return Recovery(
        shape=(n_out, n_in),
        rank=rank,
        spectrum=spectrum,
        space=Q,
        pattern=pattern,
        signs=signs.reshape(shape),
        gauge=canonical_gauge(Q, labels, signs),
        sides=sides,
        group=G,
        name=G.identify(),
        generators=_cycles(G, n_out if sides == "pairs" else 0),
        angles=angles,
        dim_hom=dim_hom,
        is_commutant=found,
        defect=away,
        confidence=confidence,
        cautions=tuple(_cautions(Q, pattern, sides, found, clear, dim_hom, away, v is not None)),
    )


def classes(Q: Tensor, count: int, signed: bool = False) -> tuple[Tensor, Tensor]:
    """Rows of an orthonormal basis Q (N, rank) in `count` classes: labels int64 and signs int8, (N,).

    If the columns span the indicators of `count` classes, the row of a class of size s has norm 1/√s, and rows of two
    classes are orthogonal. So by Ward's method joining classes of sizes s and t costs s t / (s + t) · (1/s + 1/t) = 1,
    whatever the sizes, and noise of variance σ² in the entries of Q about rank·σ² a row. signed: by average linkage of
    the distances up to sign, where zero is one more row, and what joins it has label −1 and sign 0.
    """
    N = len(Q)
    if N == 1:
        return torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.int8)
    if not signed:
        merges = scipy.cluster.hierarchy.linkage(Q.numpy(), "ward")
        labels = torch.from_numpy(scipy.cluster.hierarchy.fcluster(merges, count, "maxclust"))
        return subspaces.relabel(labels), torch.ones(N, dtype=torch.int8)
    P = torch.nn.functional.pad(Q @ Q.T, (1, 0, 1, 0))  # with zero as row 0
    squares = P.diagonal()
    distances = (squares[:, None] + squares - 2 * P.abs()).clamp(min=0).sqrt()
    merges = scipy.cluster.hierarchy.linkage(distances[*torch.triu_indices(N + 1, N + 1, 1)].numpy(), "average")
    clusters = torch.from_numpy(scipy.cluster.hierarchy.fcluster(merges, count + 1, "maxclust"))
    labels = subspaces.relabel(clusters)
    leaders = torch.tensor([int((labels == label).nonzero()[0]) for label in range(int(labels.max()) + 1)])
    signs = torch.sign(P[torch.arange(N + 1), leaders[labels]])
    return labels[1:] - 1, signs[1:].to(torch.int8)  # the row zero came first, so its label was 0


def angles_to(Q: Tensor, labels: Tensor, signs: Tensor) -> Tensor:
    """Angles between span(Q), Q (N, rank) orthonormal, and the span of signed indicators: (rank,) ascending, radians.

    sin θ are the singular values of (1 − P) Q, with P the mean over each class; an angle of π/2 where the indicators
    are fewer.
    """
    labels, signs = labels.flatten(), signs.flatten()[:, None]
    used, count = labels >= 0, int(labels.max()) + 1
    if count == 0:
        return Q.new_full((Q.shape[1],), math.pi / 2)
    sums = Q.new_zeros(count, Q.shape[1]).index_add_(0, labels[used], (Q * signs)[used])
    means = sums / torch.bincount(labels[used], minlength=count)[:, None]
    rest = Q - torch.where(used[:, None], means[labels] * signs, 0)
    return torch.linalg.svdvals(rest).clamp(max=1).asin().flip(0)


def silhouette(Q: Tensor, labels: Tensor, signs: Tensor) -> float:
    """The least (b − a) / (b + a) of a row, −1 … 1: a is its distance from the mean of its class, b from the next.

    1 for an exact pattern, 0 where a weight lies halfway. Zero is a class where weights have the label −1, or where
    there is no second class. (The silhouette of Rousseeuw 1987, with means and b + a in place of the larger.)
    """
    labels, rows = labels.flatten(), Q * signs.flatten()[:, None]
    count = int(labels.max()) + 1
    means = torch.stack([rows[labels == label].mean(0) for label in range(count)])
    if count == 1 or bool((labels < 0).any()):
        means = torch.cat([means, means.new_zeros(1, Q.shape[1])])
    distances = torch.cdist(Q, means)
    if bool((signs < 0).any()):
        distances = torch.minimum(distances, torch.cdist(Q, -means))
    own = distances.gather(1, (labels % len(means))[:, None])[:, 0]
    other = distances.scatter(1, (labels % len(means))[:, None], math.inf).amin(1)
    return float(((other - own) / (other + own)).min())


def defect(Q: Tensor, shape: tuple[int, int], triples: int = 64) -> float:
    """How far span(Q) is from closed under (A, B, C) ↦ A Bᵀ C: the root mean square of ‖(1 − P) A Bᵀ C‖ / ‖A Bᵀ C‖.

    Hom_G(V, W) is closed, for orthogonal representations, because A Bᵀ commutes with W. A, B, C are Gaussian
    matrices projected into the space, so the number belongs to the space; 0 … 1, near √(1 − rank/(out·in)) for a random
    one. A closed space of square matrices that holds E is an algebra with transposes, the commutant of the orthogonal
    matrices that commute with it.
    """
    z = torch.randn(3, triples, len(Q), generator=torch.Generator().manual_seed(0), dtype=Q.dtype)
    A, B, C = (z @ Q @ Q.T).reshape(3, triples, *shape)
    products = (A @ B.mT @ C).flatten(1)
    products = products / products.norm(dim=1, keepdim=True)
    return float((1 - (products @ Q).square().sum(1)).clamp(min=0).mean().sqrt())


def canonical_gauge(Q: Tensor, labels: Tensor, signs: Tensor) -> Tensor:
    """The basis (N, rank) of span(Q) that every basis of the same span gives; sparse where the weights are tied.

    With as many classes as dimensions, the mean of column b over class a is 1 if a = b, else 0: for an exact pattern
    these are the indicators, which are also the reduced echelon basis. Otherwise an echelon basis by pivoting: E on the
    `rank` rows, ascending, that pivoted QR finds to determine the others best.
    """
    labels, signs = labels.flatten(), signs.flatten()
    if Q.ndim != 2 or not len(Q) == len(labels) == len(signs):
        raise ValueError(f"canonical_gauge: Q {tuple(Q.shape)}, {len(labels)} labels, {len(signs)} signs; one a weight")
    rank = Q.shape[1]
    if int(labels.max()) + 1 == rank:
        rows = Q * signs[:, None]
        anchors = torch.stack([rows[labels == label].mean(0) for label in range(rank)])
    else:
        pivots = scipy.linalg.qr(Q.T.numpy(), mode="r", pivoting=True)[1]
        anchors = Q[np.sort(pivots[:rank])]
    return torch.linalg.solve(anchors.T, Q.T).T


def _round_trip(pattern: Tensor, signs: Tensor | None, sides: str) -> tuple[groups.MatrixGroup, Tensor, Tensor]:
    """The automorphism group of a pattern, and the pattern and signs of its Hom."""
    if signs is not None and bool((signs == 1).all()):
        signs = None
    G = (automorphism_group if sides == "points" else automorphism_pairs)(pattern, signs)
    hom = Hom(G.vector, G.vector)
    if sides == "points":
        return G, hom.pattern, hom.signs
    m = len(pattern)
    labels = hom.pattern[:m, m:]
    return G, torch.where(labels < 0, -1, subspaces.relabel(labels) - int((labels < 0).any())), hom.signs[:m, m:]


def _cycles(G: groups.MatrixGroup, outputs: int) -> tuple[str, ...]:
    """Generators in cycles, (0 1 −0 −1) with signs; for pairs of permutations outputs are y0, y1, … and inputs x0, …"""
    names = [f"y{i}" if i < outputs else f"x{i - outputs}" if outputs else f"{i}" for i in range(G.n)]
    names += ["−" + name for name in names]
    words = []
    for row in [] if G.monomial is None else finite.points(G.monomial):
        word, seen = "", set[int]()
        for cycle in Permutation(row.tolist()).cyclic_form:
            if not seen & {(i + G.n) % (2 * G.n) for i in cycle} or len(row) == G.n:  # else the mirror image of one
                word += "(" + " ".join(names[i] for i in cycle) + ")"
                seen |= set(cycle)
        words.append(word)
    return tuple(words)


def _cautions(
    Q: Tensor, pattern: Tensor, sides: str, found: bool, clear: bool, dim_hom: int, away: float, filters: bool
) -> Iterator[str]:
    n_out, n_in = pattern.shape
    rank = Q.shape[1]
    if found:
        if rank == pattern.numel():
            yield "Every weight is free: the tasks have no symmetry."
        elif sides == "pairs" and n_out == n_in:
            yield "Outputs are numbered otherwise than inputs: no single permutation of both will do."
        return
    if away > CLOSED:
        yield f"A Bᵀ C of its maps leaves it (by {away:.2f} of the length), so it is Hom of no group"
    elif clear:
        yield (
            f"the pattern is clear, but the maps of its own automorphism group have dimension {dim_hom}, "
            "so it is Hom of no permutation group"
        )
    elif away < TIGHT:
        yield "no (signed) indicators span it, so it is Hom of no (signed) permutation group"
    else:
        yield "no permutation group was found, though A Bᵀ C of its maps hardly leaves it"
        yield "Train longer, or with more tasks or less noise; or the group is none of permutations."
    if away > TIGHT:
        yield "Of the tasks this is true if a run from another seed learns the same space."
    else:
        yield "It is closed under A Bᵀ C, as Hom of a group of orthogonal matrices is."
    if n_out > 1 < n_in and clear and bool((pattern[1:, 1:] == pattern[:-1, :-1]).all()):
        yield (
            "Its labels do not change from (i, j) to (i + 1, j + 1): a translation that is cut off at the ends, which "
            "is no group of permutations; on a circle it would be one."
        )
    if not filters:
        yield "If k may be too large, give the filters v of many tasks, for spare columns of U stay."
