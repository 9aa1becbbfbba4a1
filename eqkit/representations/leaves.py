"""The leaves of the algebra: the defining vector, the trivial representation, one given by images, one of a factor."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from eqkit.representations.algebra import Leaf, Representation
from eqkit.representations.monomial import Monomial
from eqkit.subspaces import as_double


class Vector(Leaf):
    """The defining representation g ↦ g."""

    def __init__(self, group: Any) -> None:
        self.group, self.size, self.key = group, group.n, ("V",)

    def at(self, g: Tensor) -> Tensor:
        return g

    def lie_at(self, A: Tensor) -> Tensor:
        return A

    def restricted(self, H: Any) -> Representation:
        return H.vector

    @cached_property
    def monomial(self) -> Monomial | None:
        return self.group.monomial

    def __repr__(self) -> str:
        return "V"


class Trivial(Leaf):
    """The trivial representation g ↦ (1), of size 1."""

    def __init__(self, group: Any) -> None:
        self.group, self.size, self.key = group, 1, ("1",)

    def at(self, g: Tensor) -> Tensor:
        return g.new_ones(*g.shape[:-2], 1, 1)

    def lie_at(self, A: Tensor) -> Tensor:
        return A.new_zeros(*A.shape[:-2], 1, 1)

    def restricted(self, H: Any) -> Representation:
        return H.trivial

    @cached_property
    def monomial(self) -> Monomial | None:
        k = len(self.group.generators) if len(self.group.lie_algebra) == 0 else None
        return None if k is None else Monomial(np.zeros((k, 1), np.int64), np.ones((k, 1), np.int8))

    def __repr__(self) -> str:
        return "1"


def _products(a: list[tuple[Tensor, Tensor]], b: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    return [(s @ t, S @ T) for s, S in a for t, T in b]


class Given(Leaf):
    """A representation given by the images of the generators and of the Lie algebra's basis; it is checked when built.

    Finite groups: ρ(s)ρ(h) = ρ(sh) for every element h and generator s, along the Cayley graph. Lie algebras:
    ρ([A, B]) = [ρ(A), ρ(B)] and ρ(gAg⁻¹) = ρ(g)ρ(A)ρ(g)⁻¹. Elements are evaluated by their word, or by exp ρ(log g).
    """

    def __init__(self, group: Any, generators: Tensor, lie: Tensor, name: str) -> None:
        k, d = len(group.generators), len(group.lie_algebra)
        generators, lie = as_double(generators, "generators"), as_double(lie, "lie")
        size = generators.shape[-1] if k else lie.shape[-1]
        if generators.shape != (k, size, size) or lie.shape != (d, size, size):
            raise ValueError(
                f"representation of {group}: generators {tuple(generators.shape)} and lie {tuple(lie.shape)}; it needs "
                f"a square matrix for each of its {k} generators and {d} algebra basis elements, all of one size"
            )
        self.group, self.size, self.name = group, size, name
        dtype = torch.promote_types(generators.dtype, lie.dtype)
        self.images, self.lie_images = generators.to(dtype), lie.to(dtype)
        self.key = ("given", size, generators.numpy().tobytes(), lie.numpy().tobytes())
        self._verify()

    def _verify(self) -> None:
        tolerance = 1e-8 * max(1.0, *(float(t.abs().max()) for t in (self.images, self.lie_images) if t.numel()))
        basis = self.group.lie_algebra
        if len(basis) == 0:
            edges, table = self.group.cayley_graph(), self.table  # (order, k), (order, size, size)
            for j, image in enumerate(self.images):
                worst = float((image @ table - table[edges[:, j]]).abs().max())
                if worst > tolerance * len(table):
                    raise ValueError(
                        f"the images break a relation of {self.group}: ρ(s)ρ(h) and ρ(sh) differ by {worst:.1e} "
                        f"for generator {j}; images must obey every relation between the generators"
                    )
            return
        for i, j in itertools.combinations(range(len(basis)), 2):
            bracket = self.lie_at(basis[i] @ basis[j] - basis[j] @ basis[i])
            a, b = self.lie_images[i], self.lie_images[j]
            if float((a @ b - b @ a - bracket).abs().max()) > tolerance * 10:
                raise ValueError(f"lie images {i} and {j} break the bracket: ρ([A, B]) must be ρ(A)ρ(B) − ρ(B)ρ(A)")
        for s, image in zip(self.group.generators, self.images, strict=True):
            moved = self.lie_at(s @ basis @ torch.linalg.inv(s))
            if float((image @ self.lie_images - moved @ image).abs().max()) > tolerance * 10:
                raise ValueError("a generator's image breaks ρ(g)ρ(A)ρ(g)⁻¹ = ρ(gAg⁻¹)")
        for g, image in self._words + _products(self._exponentials, self._exponentials):
            if float((self.at(g) - image).abs().max()) > 1e-6 * (1 + float(image.abs().max())):
                raise ValueError(
                    f"ρ(gh) ≠ ρ(g)ρ(h): the images represent the Lie algebra, but not {self.group}; perhaps a covering "
                    "group, as spin does SU(2) and not SO(3), or the generators' images break a relation"
                )

    @cached_property
    def table(self) -> Tensor:
        """Images of all elements, (order, size, size), along the spanning tree of the Cayley graph."""
        edges = self.group.cayley_graph()
        table = self.images.new_zeros(len(edges), self.size, self.size)
        table[0] = torch.eye(self.size, dtype=table.dtype)
        seen = torch.zeros(len(edges), dtype=torch.bool)
        seen[0] = True
        frontier = torch.tensor([0])
        while len(frontier):
            found = []
            for j, image in enumerate(self.images):
                target = edges[frontier, j]
                new = ~seen[target]
                table[target[new]] = image @ table[frontier[new]]
                seen[target] = True
                found.append(target[new])
            frontier = torch.cat(found)
        return table

    def at(self, g: Tensor) -> Tensor:
        if len(self.group.lie_algebra) == 0:
            return self.table[self.group.index(g)]
        flat = g.reshape(-1, *g.shape[-2:])
        result = torch.zeros(len(flat), self.size, self.size, dtype=self.images.dtype)
        for i, h in enumerate(flat):
            result[i] = self._from_exponentials(h)
        return result.reshape(*g.shape[:-2], self.size, self.size)

    @cached_property
    def _words(self) -> list[tuple[Tensor, Tensor]]:
        """Words s of up to two generators, for the components of the group, with ρ(s)."""
        one = torch.eye(self.group.n, dtype=self.group.lie_algebra.dtype), torch.eye(self.size, dtype=self.images.dtype)
        letters = zip(self.group.generators.to(one[0].dtype), self.images, strict=True)
        return _products(alphabet := [one, *letters], alphabet)

    @cached_property
    def _exponentials(self) -> list[tuple[Tensor, Tensor]]:
        """Some elements e of the identity component, the identity first, with ρ(e)."""
        basis = self.group.lie_algebra
        c = torch.randn(6, len(basis), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        c *= 2 / math.sqrt(len(basis))
        c[0] = 0
        A, B = (torch.einsum("cd,dij->cij", c.to(t.dtype), t) for t in (basis, self.lie_images))
        return list(zip(torch.matrix_exp(A), torch.matrix_exp(B), strict=True))

    def _from_exponentials(self, g: Tensor) -> Tensor:
        """ρ(g) = ρ(s) exp ρ(log s⁻¹g) for the first start s that gives a logarithm, of s⁻¹g or of its polar factors."""
        for s, image in _products(self._exponentials, self._words):
            rest = torch.linalg.solve(s, g.to(s.dtype)).numpy()
            for factors in [rest], scipy.linalg.polar(rest):
                logs = [A for A in map(self._log, factors) if A is not None]
                if len(logs) == len(factors):
                    images = [torch.matrix_exp(self.lie_at(A)) for A in logs]
                    return functools.reduce(torch.matmul, images, image)
        raise ValueError(
            f"{self} of {self.group}: no exponentials of the Lie algebra lead to this element; "
            "write the representation with ⊕, ⊗, dual, Sym and Alt of G.vector instead"
        )

    def _log(self, g: np.ndarray) -> Tensor | None:
        """The principal logarithm, if it lies in the Lie algebra."""
        with warnings.catch_warnings(action="ignore"):  # of inaccuracy, which is looked at below
            log = torch.from_numpy(np.asarray(scipy.linalg.logm(g)))
        log = log if np.iscomplexobj(g) else log.real
        error = torch.matrix_exp(log) - torch.from_numpy(g)
        inside = float((self._span(log) - log).abs().max()) < 1e-8
        return log if inside and float(error.abs().max()) < 1e-8 * (1 + abs(g).max()) else None

    @cached_property
    def _dual_basis(self) -> Tensor:
        flat = self.group.lie_algebra.flatten(1)
        return torch.linalg.pinv(torch.cat([flat.real, flat.imag], 1) if flat.is_complex() else flat)

    def _coordinates(self, A: Tensor) -> Tensor:
        flat = A.flatten(-2)
        return (torch.cat([flat.real, flat.imag], -1) if flat.is_complex() else flat) @ self._dual_basis

    def _span(self, A: Tensor) -> Tensor:
        basis = self.group.lie_algebra
        return torch.einsum("...d,dij->...ij", self._coordinates(A).to(basis.dtype), basis)

    def lie_at(self, A: Tensor) -> Tensor:
        if len(self.group.lie_algebra) == 0:
            return A.new_zeros(*A.shape[:-2], self.size, self.size)
        return torch.einsum("...d,dij->...ij", self._coordinates(A).to(self.lie_images.dtype), self.lie_images)

    def restricted(self, H: Any) -> Representation:
        return H.representation(generators=self(H.generators), lie=self.lie(H.lie_algebra), name=self.name)

    @cached_property
    def monomial(self) -> Monomial | None:
        return Monomial.of(self.images) if len(self.group.lie_algebra) == 0 else None

    def __repr__(self) -> str:
        return self.name


class Regular(Leaf):
    """G acting on functions on itself, g e_h = e_gh: permutation matrices of size |G|, ordered as `G.elements()`."""

    def __init__(self, group: Any) -> None:
        edges = group.cayley_graph().numpy().T  # (generators, order)
        self.group, self.size, self.key = group, edges.shape[1], ("regular",)
        self._monomial = Monomial(edges, np.ones(edges.shape, np.int8))

    def at(self, g: Tensor) -> Tensor:
        to = self.group.index(g.unsqueeze(-3) @ self.group.elements())  # (..., order)
        return torch.nn.functional.one_hot(to, self.size).mT.double()

    def lie_at(self, A: Tensor) -> Tensor:
        return A.new_zeros(*A.shape[:-2], self.size, self.size)

    def restricted(self, H: Any) -> Representation:
        return H.representation(generators=self(H.generators), name=str(self))

    @property
    def monomial(self) -> Monomial:
        return self._monomial

    def __repr__(self) -> str:
        return "regular"


class Inflated(Leaf):
    """A leaf of one factor, as a representation of the direct product: (g, h) ↦ leaf(g)."""

    def __init__(self, leaf: Leaf, group: Any, block: slice, generators: slice) -> None:
        self.leaf, self.block, self.generators = leaf, block, generators  # which generators of G × H move this factor
        self.group, self.size = group, leaf.size
        self.key = ("inflated", leaf.group, leaf.key, block.start, block.stop)

    def at(self, g: Tensor) -> Tensor:
        return self.leaf.at(g[..., self.block, self.block])

    def lie_at(self, A: Tensor) -> Tensor:
        return self.leaf.lie_at(A[..., self.block, self.block])

    def restricted(self, H: Any) -> Representation:
        return H.representation(generators=self(H.generators), lie=self.lie(H.lie_algebra), name=str(self))

    @cached_property
    def monomial(self) -> Monomial | None:
        inner = self.leaf.monomial
        if inner is None or len(self.group.lie_algebra):
            return None
        k = len(self.group.generators)
        index, sign = np.tile(np.arange(self.size), (k, 1)), np.ones((k, self.size), np.int8)
        index[self.generators], sign[self.generators] = inner.index, inner.sign
        return Monomial(index, sign)

    def __repr__(self) -> str:
        return f"{self.leaf}[{self.leaf.group}]"
