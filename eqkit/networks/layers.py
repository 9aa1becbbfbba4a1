"""Equivariant layers: linear maps whose parameters are coordinates in Hom(V, W), and products of two of them."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.equivariant_maps import Hom
from eqkit.networks.channels import Kind, assemble, check_input, hom, kinds, layer_dtype, take
from eqkit.representations import Representation, require_representation
from eqkit.representations.algebra import Product
from eqkit.subspaces import require_integer

DENSE_ROUTES = "weights", "average", "null space"
COPY = 48  # products that take the time of the copies of one number, measured


class _Block(nn.Module):
    """m·A → k·B inside a layer: a matrix (k, m) of elements of Hom(A, B), as coefficients (k, m, dim).

    Two ways to the same numbers, the cheaper one is taken: build the matrix and multiply, or move x by each basis
    element and mix the channels afterwards. Orbits always gather the matrix from their labels.
    """

    basis: Tensor

    def __init__(self, source: Kind, target: Kind, maps: Hom) -> None:
        super().__init__()
        self.maps, self.shape = maps, (target.count, source.count, maps.dim)
        a, k = source.part.size, target.count  # a number that is moved costs a + k products, and copies worth COPY
        self.moves_first = maps.route in DENSE_ROUTES and maps.dim * (a + k + COPY) < k * a
        if self.moves_first:
            self.register_buffer("basis", maps.basis.flatten(0, 1), persistent=False)  # (dim · B.size, A.size)

    def matrix(self, c: Tensor) -> Tensor:
        """Coefficients (k, m, dim) -> (k · B.size, m · A.size)."""
        return self.maps.combine(c).transpose(1, 2).flatten(2).flatten(0, 1)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """x (n, m, A.size) -> (n, k, B.size)."""
        n, (k, m, d) = len(x), self.shape
        if not self.moves_first:
            return (x.flatten(1) @ self.matrix(c).mT).unflatten(1, (k, -1))
        moved = (x.flatten(0, 1) @ self.basis.to(x.dtype).mT).reshape(n, m, d, -1)  # (n, m, dim, B.size)
        mixed = moved.permute(0, 3, 1, 2).reshape(-1, m * d) @ c.flatten(1).mT  # (n · B.size, k)
        return mixed.reshape(n, -1, k).mT


class EquivariantLinear(nn.Module):
    """The linear maps V → W that commute with the group, and an invariant bias: x ↦ M x + b, M ∈ Hom(V, W), b ∈ Wᴳ.

    x (..., V.size) -> (..., W.size). The parameters are `coefficients`, the coordinates of M in the bases of Hom(A, B)
    for the summands A of V and B of W, block by block, and `bias`, those of b in Hom(1, W); nothing is projected when
    the layer runs, and equal summands are solved for once. `matrix()` and `offset()` are M and b.

    At the start the bias is zero and the coefficients are independent Gaussians, so that outputs have the mean square
    of the inputs: with x of variance 1 an output in B has the mean square Σ σ_d² ‖M_d‖² / B.size, the sum over all N_B
    basis elements M_d that lead to one copy of B; σ_d² = B.size / (N_B ‖M_d‖²) makes it 1, with an equal share from
    each free coefficient, however many weights it is tied to (for the trivial group: 1/V.size, LeCun's rule).

    dtype: float32 or float64; the layers of complex groups are complex64 or complex128.
    ValueError: V and W of two groups, or an x that does not fit. TypeError: another dtype.
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        bias: bool = True,
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for R in (V, W):
            require_representation(R, "EquivariantLinear(V, W)")
        if V.group != W.group:
            raise ValueError(
                f"EquivariantLinear(V, W): V belongs to {V.group} and W to {W.group}; build both from one group"
            )
        self.V, self.W, self.dtype = V, W, layer_dtype(dtype, V)
        blocks = []
        self.places: list[tuple[int, int]] = []  # of each block: which kind of W, which kind of V
        starts = []
        for j, target in enumerate(kinds(W)):
            row = [(i, source, hom(source.part, target.part)) for i, source in enumerate(kinds(V))]
            free = sum(source.count * maps.dim for _, source, maps in row)
            for i, source, maps in row:
                if maps.dim:
                    blocks.append(_Block(source, target, maps))
                    self.places.append((j, i))
                    sigma = (target.part.size / free) ** 0.5 / maps.norms
                    shape = (target.count, source.count, maps.dim)
                    starts.append((_normal(shape, self.dtype, generator) * sigma.to(dtype)).flatten())
        empty = torch.zeros(0, dtype=self.dtype)
        self.coefficients = nn.Parameter(torch.cat([*starts, empty]))
        self.blocks, self._shapes = nn.ModuleList(blocks), [block.shape for block in blocks]
        self._invariants = [hom(W.group.trivial, target.part) for target in kinds(W)]
        self._bias_sizes = [kind.count * maps.dim for kind, maps in zip(kinds(W), self._invariants, strict=True)]
        self.bias = nn.Parameter(torch.zeros(sum(self._bias_sizes), dtype=self.dtype)) if bias else None

    def _apply(self, function, recurse=True):  # type: ignore[no-untyped-def]
        super()._apply(function, recurse)
        self.dtype = self.coefficients.dtype
        return self

    def _shares(self) -> list[Tensor]:
        pieces = self.coefficients.split([math.prod(shape) for shape in self._shapes])
        return [c.unflatten(0, shape) for c, shape in zip(pieces, self._shapes, strict=True)]

    def matrix(self) -> Tensor:
        """M (W.size, V.size), in the coordinates of V and W."""
        M = self.coefficients.new_zeros(self.W.size, self.V.size)
        sources, targets = kinds(self.V), kinds(self.W)
        for block, c, (j, i) in zip(self.blocks, self._shares(), self.places, strict=True):
            rows, columns = targets[j].coordinates.flatten(), sources[i].coordinates.flatten()
            M = M.index_put((rows[:, None], columns[None, :]), block.matrix(c))  # type: ignore[operator]
        return M

    def offset(self) -> Tensor:
        """b (W.size,), invariant under the group; zero where the layer has no bias or W no invariant vectors."""
        if self.bias is None:
            return self.coefficients.new_zeros(self.W.size)
        shapes = [kind.coordinates.shape for kind in kinds(self.W)]
        pieces = [b if b.numel() else b.new_zeros(s) for b, s in zip(self._offsets(), shapes, strict=True)]
        return assemble([b[None] for b in pieces], self.W)[0]

    def _offsets(self) -> list[Tensor]:
        """The bias of each kind, (count, B.size), or empty where B has no invariant vectors."""
        pieces = self.bias.split(self._bias_sizes)  # type: ignore[union-attr]
        return [
            maps.combine(c.unflatten(0, (kind.count, maps.dim)))[..., 0] if maps.dim else c
            for c, kind, maps in zip(pieces, kinds(self.W), self._invariants, strict=True)
        ]

    def by_kind(self, pieces: list[Tensor]) -> list[Tensor]:
        """The layer on vectors sorted by `kinds`: one (n, count, A.size) a kind of V -> one a kind of W."""
        sums: list[Tensor | None] = [None] * len(self._invariants)
        for block, c, (j, i) in zip(self.blocks, self._shares(), self.places, strict=True):
            image, so_far = block(pieces[i], c), sums[j]
            sums[j] = image if so_far is None else so_far + image
        n, shapes = len(pieces[0]), [kind.coordinates.shape for kind in kinds(self.W)]
        images = [pieces[0].new_zeros(n, *s) if y is None else y for y, s in zip(sums, shapes, strict=True)]
        if self.bias is None:
            return images
        return [y if b.numel() == 0 else y + b for y, b in zip(images, self._offsets(), strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.V, self.dtype)
        flat = x.reshape(-1, self.V.size)
        pieces = self.by_kind([take(flat, kind) for kind in kinds(self.V)])
        return assemble(pieces, self.W).reshape(*x.shape[:-1], self.W.size)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        ties = f"{len(self.coefficients)} coefficients for {self.W.size} × {self.V.size} weights"
        return f"{self.V} → {self.W} over {self.V.group}, {ties}, {0 if self.bias is None else len(self.bias)} biases"


def _normal(shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None) -> Tensor:
    return torch.randn(shape, dtype=dtype, generator=generator)  # complex: mean square 1 as well


class Bilinear(nn.Module):
    """Quadratic maps V → W that commute with the group: x ↦ L (P x ∗ Q x), with three equivariant linear maps.

    x (..., V.size) -> (..., W.size). P and Q prepare `channels` pairs of each kind, which are multiplied one by one:
    a ⊗ b ∈ A ⊗ B for summands A, B of V and W, if A ⊗ B is no larger than these, in size and in number of factors;
    and (a b)_c = Σ a_cb b_b / √B.size for a ∈ A = C ⊗ B and b in the dual of B, so that B = A gives dot products, and a
    last factor B of a tensor the product of a matrix and a vector. `print(layer)` lists the products.
    That is cheap: nothing has the size of Hom(V ⊗ V, W), which all quadratic maps need. The products keep the mean
    square of independent Gaussian factors. Source: Finzi, Welling & Wilson (2021), §5.3, for contractions.
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        channels: int = 8,
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for R in (V, W):
            require_representation(R, "Bilinear(V, W)")
        require_integer("Bilinear: the number of channels", channels)
        if V.group != W.group:
            raise ValueError(f"Bilinear(V, W): V belongs to {V.group} and W to {W.group}; build both from one group")
        summands = list(dict.fromkeys(kind.part for kind in (*kinds(V), *kinds(W))))
        self.V, self.W, self.channels, self.products = V, W, channels, _products(summands)
        operands = _Slots(channels)
        self._places = [(operands.add(p.left), operands.add(p.right)) for p in self.products]
        results = _Slots(channels)
        for product in self.products:
            results.add(product.out)
        self.operands = EquivariantLinear(V, operands.sum(), bias=False, dtype=dtype, generator=generator)
        self.out = EquivariantLinear(results.sum(), W, bias=False, dtype=dtype, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.V, self.out.dtype)
        flat = x.reshape(-1, self.V.size)
        pieces = self.operands.by_kind([take(flat, kind) for kind in kinds(self.V)])
        found: dict[Representation, list[Tensor]] = {}
        for product, places in zip(self.products, self._places, strict=True):
            a, b = (pieces[kind][:, start : start + self.channels] for kind, start in places)  # (n, channels, size)
            if product.contracted:
                y = (a.unflatten(-1, (-1, b.shape[-1])) * b[..., None, :]).sum(-1) / b.shape[-1] ** 0.5
            else:
                y = (a[..., :, None] * b[..., None, :]).flatten(-2)
            found.setdefault(product.out, []).append(y)
        y = assemble(self.out.by_kind([torch.cat(some, 1) for some in found.values()]), self.W)
        return y.reshape(*x.shape[:-1], self.W.size)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        return ", ".join(f"{p.left} {'·' if p.contracted else '⊗'} {p.right} → {p.out}" for p in self.products)


class _Product(NamedTuple):
    left: Representation
    right: Representation
    out: Representation
    contracted: bool


def _products(summands: list[Representation]) -> list[_Product]:
    one, largest = summands[0].group.trivial, max(A.size for A in summands)
    order = max(len(_factors(A)) for A in summands)
    summands = [one, *(A for A in summands if A != one)]
    found = []
    for A, B in itertools.combinations_with_replacement(summands, 2):
        if A == one or (A.size * B.size <= largest and len(_factors(A) + _factors(B)) <= order):
            found.append(_Product(A, B, B if A == one else A * B, False))
    for A in summands[1:]:
        factors = _factors(A)
        for i in range(len(factors)):
            C, B = (math.prod(half[1:], start=half[0]) if half else one for half in (factors[:i], factors[i:]))
            found.append(_Product(A, B.dual, C, True))
    return found


def _factors(A: Representation) -> tuple[Representation, ...]:
    return A.parts if isinstance(A, Product) else (A,)


class _Slots:
    """Places for `channels` copies at a time of several representations, copies of one kind next to each other."""

    def __init__(self, channels: int) -> None:
        self.channels, self.counts = channels, dict[Representation, int]()

    def add(self, A: Representation) -> tuple[int, int]:
        """Another `channels` copies of A: (which kind A is, where among its copies these start)."""
        start = self.counts.setdefault(A, 0)
        self.counts[A] += self.channels
        return list(self.counts).index(A), start

    def sum(self) -> Representation:
        """The direct sum of all copies."""
        terms = [count * A for A, count in self.counts.items()]
        return functools.reduce(operator.add, terms)
