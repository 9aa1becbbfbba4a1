"""Equivariant layers: linear maps whose parameters are coordinates in Hom(V, W), and products of two of them."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.equivariant_maps import Hom
from eqkit.networks.channels import Kind, assemble, check_input, hom, kinds, layer_dtype, take
from eqkit.representations import Representation
from eqkit.representations.algebra import Product


class _Block(nn.Module):
    """m·A → k·B inside a layer: a matrix (k, m) of elements of Hom(A, B), as coefficients (k, m, dim).

    Two ways to the same numbers, the cheaper one is taken: build the matrix and multiply, or move x by each basis
    element and mix the channels afterwards. Orbits always gather the matrix from their labels.
    """

    def __init__(self, source: Kind, target: Kind, maps: Hom) -> None:
        super().__init__()
        self.maps, self.shape = maps, (target.count, source.count, maps.dim)
        (a, m), (b, k) = (source.part.size, source.count), (target.part.size, target.count)
        self.moves_first = maps.route in ("weights", "average", "null space") and maps.dim * (a + k) < k * a
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
        moved = (x @ self.basis.to(x.dtype).mT).reshape(n, m, d, -1)  # (n, m, dim, B.size)
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
            if not isinstance(R, Representation):
                raise TypeError(f"EquivariantLinear(V, W): {R!r} is no representation; give two, such as G.vector")
        if V.group != W.group:
            raise ValueError(
                f"EquivariantLinear(V, W): V belongs to {V.group} and W to {W.group}; build both from one group"
            )
        self.V, self.W, self.dtype = V, W, layer_dtype(dtype, V)
        self.blocks = nn.ModuleList()
        self.places: list[tuple[int, int]] = []  # of each block: which kind of W, which kind of V
        starts = []
        for j, target in enumerate(kinds(W)):
            row = [(i, source, hom(source.part, target.part)) for i, source in enumerate(kinds(V))]
            free = sum(source.count * maps.dim for _, source, maps in row)
            for i, source, maps in row:
                if maps.dim:
                    self.blocks.append(_Block(source, target, maps))
                    self.places.append((j, i))
                    sigma = (target.part.size / free) ** 0.5 / maps.norms
                    shape = (target.count, source.count, maps.dim)
                    starts.append((_normal(shape, self.dtype, generator) * sigma.to(dtype)).flatten())
        empty = torch.zeros(0, dtype=self.dtype)
        self.coefficients = nn.Parameter(torch.cat([*starts, empty]))
        self._sizes = [math.prod(block.shape) for block in self.blocks]
        self._invariants = [hom(W.group.trivial, target.part) for target in kinds(W)]
        dims = [target.count * maps.dim for target, maps in zip(kinds(W), self._invariants, strict=True)]
        self._bias_sizes = dims
        self.bias = nn.Parameter(torch.zeros(sum(dims), dtype=self.dtype)) if bias else None

    def _apply(self, function, recurse=True):  # type: ignore[no-untyped-def]
        super()._apply(function, recurse)
        self.dtype = self.coefficients.dtype
        return self

    def _shares(self) -> list[Tensor]:
        pieces = self.coefficients.split(self._sizes)
        return [c.unflatten(0, block.shape) for c, block in zip(pieces, self.blocks, strict=True)]

    def matrix(self) -> Tensor:
        """M (W.size, V.size), in the coordinates of V and W."""
        M = self.coefficients.new_zeros(self.W.size, self.V.size)
        sources, targets = kinds(self.V), kinds(self.W)
        for block, c, (j, i) in zip(self.blocks, self._shares(), self.places, strict=True):
            rows, columns = targets[j].coordinates.flatten(), sources[i].coordinates.flatten()
            M = M.index_put((rows[:, None], columns[None, :]), block.matrix(c))
        return M

    def offset(self) -> Tensor:
        """b (W.size,), invariant under the group; zero where the layer has no bias or W no invariant vectors."""
        if self.bias is None or len(self.bias) == 0:
            return self.coefficients.new_zeros(self.W.size)
        pieces = []
        for c, target, maps in zip(self.bias.split(self._bias_sizes), kinds(self.W), self._invariants, strict=True):
            pieces.append(maps.combine(c.reshape(target.count, maps.dim))[None, ..., 0])
        return assemble(pieces, self.W)[0]

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.V, self.dtype)
        flat = x.reshape(-1, self.V.size)
        sources, targets = [take(flat, kind) for kind in kinds(self.V)], kinds(self.W)
        sums: list[Tensor | None] = [None] * len(targets)
        for block, c, (j, i) in zip(self.blocks, self._shares(), self.places, strict=True):
            image = block(sources[i], c)
            so_far = sums[j]
            sums[j] = image if so_far is None else so_far + image
        pieces = [
            flat.new_zeros(len(flat), kind.count, kind.part.size) if image is None else image
            for image, kind in zip(sums, targets, strict=True)
        ]
        y = assemble(pieces, self.W)
        if self.bias is not None and len(self.bias):
            y = y + self.offset()
        return y.reshape(*x.shape[:-1], self.W.size)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        ties = f"{len(self.coefficients)} coefficients for {self.W.size} × {self.V.size} weights"
        return f"{self.V} → {self.W} over {self.V.group}, {ties}, {0 if self.bias is None else len(self.bias)} biases"


def _normal(shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None) -> Tensor:
    return torch.randn(shape, dtype=dtype, generator=generator)  # complex: mean square 1 as well


class Bilinear(nn.Module):
    """Quadratic maps V → W that commute with the group: x ↦ L (P x ∗ Q x), with three equivariant linear maps.

    x (..., V.size) -> (..., W.size). P and Q prepare `channels` pairs of each kind, which are multiplied one by one:
    tensor products A ⊗ B of summands of V and W, a ⊗ b, as long as they have no more factors and no larger size than the summands, and
    contractions of A = C ⊗ B with the dual of B, (a b)_c = Σ a_cb b_b, divided by √B.size: B = A gives dot products,
    B a last factor of a tensor the product of a matrix and a vector. That is cheap: nothing has the size V ⊗ V → W of
    all quadratic maps, but sums and compositions of such layers reach all polynomial ones of tensors.
    Every product keeps the mean square of Gaussian inputs. Source: Finzi, Welling & Wilson (2021), §5.3, in idea.
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
        if not isinstance(channels, int) or channels < 1:
            raise ValueError(f"Bilinear: channels = {channels!r}; the products of each kind are a positive integer")
        if V.group != W.group:
            raise ValueError(f"Bilinear(V, W): V belongs to {V.group} and W to {W.group}; build both from one group")
        summands = list(dict.fromkeys(kind.part for kind in (*kinds(V), *kinds(W))))
        self.V, self.W, self.channels, self.products = V, W, channels, _products(summands)
        left, right, out = (_sum(channels, column) for column in list(zip(*self.products, strict=True))[:3])
        self.left, self.right, self.out = (
            EquivariantLinear(A, B, bias=False, dtype=dtype, generator=generator)
            for A, B in ((V, left), (V, right), (out, W))
        )

    def forward(self, x: Tensor) -> Tensor:
        sizes = [[self.channels * R.size for R in column] for column in list(zip(*self.products, strict=True))[:2]]
        lefts, rights = self.left(x).split(sizes[0], -1), self.right(x).split(sizes[1], -1)
        pieces = []
        for a, b, product in zip(lefts, rights, self.products, strict=True):
            b = b.unflatten(-1, (self.channels, 1, -1))
            if product.contracted:
                a = a.unflatten(-1, (self.channels, -1, b.shape[-1]))
                pieces.append((a * b).sum(-1).flatten(-2) / b.shape[-1] ** 0.5)
            else:
                pieces.append((a.unflatten(-1, (self.channels, -1, 1)) * b).flatten(-3))
        return self.out(torch.cat(pieces, -1))

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


def _sum(channels: int, parts: tuple[Representation, ...]) -> Representation:
    return sum((channels * R for R in parts[1:]), start=channels * parts[0])
