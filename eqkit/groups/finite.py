"""Finite groups: lists of elements, Schreier–Sims, uniform samples. Signed permutations of n points permute 2n."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from sympy.combinatorics import Permutation, PermutationGroup
from torch import Tensor

from eqkit.representations import Monomial

LIMIT = 100_000  # elements listed at most


def points(form: Monomial, n: int | None = None) -> np.ndarray:
    """Signed permutations as maps of points, (k, n) if no sign is negative, else (k, 2n): i + n stands for −eᵢ."""
    if (form.sign == 1).all():
        return form.index
    size = form.index.shape[1]
    minus = np.where(form.sign < 0, size, 0)
    return np.concatenate([form.index + minus, (form.index + minus + size) % (2 * size)], 1)


def as_monomial(maps: np.ndarray, n: int) -> Monomial:
    """The signed permutations of n coordinates that these maps of n or 2n points stand for."""
    return Monomial(maps[:, :n] % n, np.where(maps[:, :n] < n, 1, -1).astype(np.int8))


@dataclass(frozen=True, eq=False)
class Enumeration:
    """Elements in breadth-first order, as point maps (order, N) or matrices (order, n, n), and the Cayley graph."""

    elements: np.ndarray | Tensor
    edges: np.ndarray  # (order, k): index of generator j times element i
    places: dict[bytes, int]

    def index(self, g: Tensor, signed: bool) -> Tensor:
        """The places of matrices g (..., n, n)."""
        flat = g.reshape(-1, *g.shape[-2:])
        if signed:
            form = Monomial.of(flat.real.round())
            width = self.elements.shape[1]
            keys = None if form is None else _widen(points(form), width)
            found = [-1] if keys is None else [self.places.get(row.tobytes(), -1) for row in keys]
        else:
            found = [self.places.get(key, -1) for key in _matrix_keys(flat)]
        if -1 in found:
            raise ValueError(f"the matrix\n{flat[found.index(-1)]}\nis no element of the group")
        return torch.tensor(found).reshape(g.shape[:-2])


def _widen(maps: np.ndarray, width: int) -> np.ndarray:
    n = maps.shape[1]
    return np.ascontiguousarray(maps if n == width else np.concatenate([maps, maps + n], 1)).astype(np.int64)


def _matrix_keys(matrices: Tensor) -> list[bytes]:
    # rounded on a scale of √2 · 10⁵, so that the simple numbers in group elements lie far from where rounding jumps
    flat = torch.view_as_real(matrices + 0j).flatten(1) * (2**0.5 * 1e5)
    return [row.tobytes() for row in flat.round().to(torch.int64).numpy()]


def enumerate_points(generators: np.ndarray) -> Enumeration:
    """All products of point maps (k, N), breadth first from the identity."""
    start = np.arange(generators.shape[1])[None]
    places, levels, edges = {start[0].tobytes(): 0}, [start], []
    while len(levels[-1]):
        products = generators[:, levels[-1]]  # (k, frontier, N): apply the element first, then the generator
        new, targets = [], np.empty(products.shape[:2], np.int64)
        for i in range(products.shape[1]):
            for j in range(products.shape[0]):
                key = products[j, i].tobytes()
                if key not in places:
                    places[key] = len(places)
                    new.append(products[j, i])
                targets[j, i] = places[key]
        edges.append(targets.T)
        levels.append(np.array(new, np.int64).reshape(len(new), generators.shape[1]))
    return Enumeration(np.concatenate(levels), np.concatenate(edges), places)


def enumerate_matrices(generators: Tensor, name: str) -> Enumeration:
    """All products of matrices (k, n, n), breadth first; ValueError beyond LIMIT, or where they stop telling apart."""
    n = generators.shape[-1]
    endless = "the group is infinite or too large to list. Give an infinite group by its lie_algebra"
    for i, g in enumerate(generators):
        if not _has_finite_order(g):
            raise ValueError(f"{name}: no power of generator {i} up to {LIMIT:,} is the identity; {endless}")
    start = torch.eye(n, dtype=generators.dtype)[None]
    limit = min(LIMIT, 50_000_000 // n**2)
    places, levels, edges = {_matrix_keys(start)[0]: 0}, [start], []
    while len(levels[-1]):
        products = generators[None] @ levels[-1][:, None]  # (frontier, k, n, n)
        keys = _matrix_keys(products.flatten(0, 1))
        fresh = []
        for place, key in enumerate(keys):
            if key not in places:
                places[key] = len(places)
                fresh.append(place)
        if len(places) > limit:
            raise ValueError(f"{name}: more than {limit:,} elements and no end; {endless}")
        edges.append(np.array([places[key] for key in keys]).reshape(products.shape[:2]))
        levels.append(products.flatten(0, 1)[fresh])
    return Enumeration(torch.cat(levels), np.concatenate(edges), places)


def has_unbounded_powers(g: Tensor) -> bool:
    """Does one of the matrices g (k, n, n) lie in no compact group? The powers of those that do stay bounded."""
    far = torch.linalg.matrix_power(torch.cat([g, torch.linalg.inv(g)]), 2**20)
    return len(g) > 0 and not bool(far.abs().max() < 1e6)


def _has_finite_order(g: Tensor) -> bool:
    """Is gᵐ = E for some m ≤ LIMIT? The first m that makes m · angle / 2π of every eigenvalue an integer tells."""
    angles = torch.linalg.eigvals(g).angle() / (2 * torch.pi)
    for most in (1000, LIMIT):  # most orders are small
        turns = torch.arange(1, most + 1)[:, None] * angles
        m = ((turns - turns.round()).abs() < 1e-6).all(1).nonzero()
        if len(m):
            one = torch.eye(len(g), dtype=g.dtype)
            return bool((torch.linalg.matrix_power(g, int(m[0]) + 1) - one).abs().max() < 1e-4)
    return False


class Chain:
    """The stabiliser chain of the group of point maps (k, N), by Schreier–Sims (sympy): order, membership, samples."""

    def __init__(self, generators: np.ndarray) -> None:
        self.width = generators.shape[1]
        maps = [Permutation(row.tolist()) for row in generators]
        self.group = PermutationGroup(maps or [Permutation(self.width - 1)])

    @cached_property
    def order(self) -> int:
        return int(self.group.order())

    @cached_property
    def transversals(self) -> list[np.ndarray]:
        """For each base point, one element for each place it can go while those before stay: maps (places, N)."""
        return [np.array([u.array_form for u in level.values()]) for level in self.group.basic_transversals]

    def contains(self, point_map: np.ndarray) -> bool:
        """Is the point map (1, N), or (1, 2N) with signs, in the group?"""
        if point_map.shape[1] > self.width:
            return False  # it has a sign, and the group has none
        return self.group.contains(Permutation(_widen(point_map, self.width)[0].tolist()))

    def sample(self, count: int, generator: torch.Generator | None) -> np.ndarray:
        """Exactly uniform point maps (count, N): one factor from each transversal."""
        maps = np.tile(np.arange(self.width), (count, 1))
        for level in reversed(self.transversals):
            chosen = level[torch.randint(len(level), (count,), generator=generator).numpy()]
            maps = np.take_along_axis(chosen, maps, 1)  # u ∘ (what fixes this base point)
        return maps


def words(generators: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """Products of generators, one for each column of letters (steps, count): point maps (count, N)."""
    maps = np.tile(np.arange(generators.shape[1]), (letters.shape[1], 1))
    for step in letters:
        maps = np.take_along_axis(generators[step], maps, 1)
    return maps
