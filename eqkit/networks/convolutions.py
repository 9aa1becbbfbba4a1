"""Group convolutions on grids: convolutions that commute with turns and flips of the image, and not with shifts alone.

A field carries a vector of V at every pixel, and g in G moves both, (g·x)(p) = V(g) x(g⁻¹p). The convolution

    y(p) = Σ_q K(q) x(p + q)    commutes with G exactly if    K(gq) = W(g) K(q) V(g)⁻¹,    so K ∈ Hom(V ⊗ pixels, W):

weights are equal, up to sign, on the orbits of G on the triples (coordinate of W, coordinate of V, pixel q). Grey
images are `G.trivial`; `m * G.regular` are m fields that carry a number for every element of G, channels in that order.
Sources: Cohen & Welling, Group equivariant convolutional networks (2016), for trivial → regular (the lifting) and
regular → regular; Weiler & Cesa, General E(2)-equivariant steerable CNNs (2019), for fields of any kind.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from eqkit.equivariant_maps import Hom
from eqkit.groups import MatrixGroup
from eqkit.groups.matrix_group import require_group
from eqkit.representations import Monomial, Representation, require_representation
from eqkit.subspaces import require_integer, require_memory


def pixels(G: MatrixGroup, size: int) -> Representation:
    """G permuting the size² pixels of a grid about its centre, row by row; x is the column, y points up the rows.

    G consists of symmetries of the square, 2 × 2 signed permutation matrices: D.plane(4), C.plane(4), flips.
    A quarter turn is torch.rot90; even sizes turn about a corner of pixels. The nine pixels of size 3 take D.plane(8)
    and its subgroups too: 45° move the ring about the centre by one pixel. ValueError: other groups and sizes.
    """
    require_group(G, "pixels")
    require_integer("pixels: the size of a grid", size)
    eighths = size == 3 and G.n == 2 and G.is_finite and len(G.generators) > 0 and _ring(G.generators)
    if eighths:
        return G.representation(eighths.matrices(), name="pixels(3)")
    if G.n != 2 or G.monomial is None:
        raise ValueError(
            f"{G} does not map the square grid to itself: its elements have to be 2 × 2 signed permutation matrices, "
            "turns by multiples of 90° and flips; take C.plane(4) or D.plane(4), or C.plane(2); 3 × 3 pixels take "
            "C.plane(8) and D.plane(8) too"
        )
    require_memory(24.0 * G.order * size**4, f"pixels({size}) of {G}")
    centred = 2 * np.arange(size) - (size - 1)  # twice the distance from the centre, an integer
    y, x = np.meshgrid(-centred, centred, indexing="ij")
    moved = G.generators.numpy().astype(int) @ np.stack([x.ravel(), y.ravel()])  # (k, 2, size²)
    columns, rows = (moved[:, 0] + size - 1) // 2, (size - 1 - moved[:, 1]) // 2
    index = rows * size + columns
    if len(index) == 0:
        return size**2 * G.trivial
    return G.representation(Monomial(index, np.ones(index.shape, np.int8)).matrices(), name=f"pixels({size})")


def _ring(g: Tensor) -> Monomial | None:
    """What g (k, 2, 2) do to the nine pixels of 3 × 3 if each of the eight directions goes to one of them; or None."""
    y, x = torch.meshgrid(torch.arange(1.0, -2, -1).double(), torch.arange(-1.0, 2).double(), indexing="ij")
    directions = nn.functional.normalize(torch.stack([x.flatten(), y.flatten()]), dim=0)  # (2, 9), the centre is 0
    distance = torch.cdist((g @ directions).mT, directions.mT)
    index = distance.argmin(-1).numpy()
    return Monomial(index, np.ones(index.shape, np.int8)) if bool((distance.amin(-1) < 1e-9).all()) else None


class GroupConv2d(nn.Module):
    """The convolutions of fields V → W with a k × k kernel that commute with G.

    x (batch, V.size, h, w) -> (batch, W.size, h', w') with h' = (h + 2 · padding − k) / stride + 1, and w' alike.
    GroupConv2d(3 * G.trivial, 8 * G.regular, 5) is the lifting convolution of colour images to 8 regular fields, and
    GroupConv2d(8 * G.regular, 8 * G.regular, 5) has |G| · 25 parameters for each pair of them. The parameters are the
    coefficients of the basis of `hom` = Hom(V ⊗ pixels(k), W), and of the invariant vectors of W for the bias. V and W
    are signed permutation representations; all irreducible ones of these groups can be written so.

    Pointwise nonlinearities follow where the field permutes its coordinates, as regular ones do; vectors take Norm.
    Equivariance is exact on every grid, square or not (a quarter turn exchanges h and w), under zero padding of k // 2
    unless given. With an even k outputs lie between the pixels, h + 1 of them by default. A stride is exact where it
    divides h + 2 · padding − k, and is refused elsewhere: the outputs kept would not lie symmetrically. C.plane(8) and
    D.plane(8) act on kernels of 3 × 3, and images commute with their quarter turns alone: no grid turns by 45°.
    Coefficients start as in nn.Conv2d, uniform within ±1/√(V.size k²), from the generator.
    ValueError: groups that move the grid off itself, fields that are no signed permutations, shapes, strides, NaN.
    TypeError: a dtype that is not that of the layer; layer.double() makes it float64.
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        kernel_size: int,
        stride: int = 1,
        padding: int | None = None,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_integer("kernel_size", kernel_size)
        require_integer("stride", stride)
        self.padding = kernel_size // 2 if padding is None else padding
        require_integer("padding", self.padding, 0)
        for field in (V, W):
            require_representation(field, "GroupConv2d")
            if field.monomial is None and field.group.monomial is not None:
                raise ValueError(
                    f"GroupConv2d: {field} is no signed permutation representation of {field.group}; write the field "
                    "in a basis that G permutes up to sign, with G.trivial, G.regular, G.vector and their sums"
                )
        self.V, self.W, self.kernel_size, self.stride = V, W, kernel_size, stride
        self.hom = Hom(V * pixels(V.group, kernel_size), W)
        self._constants = Hom(V.group.trivial, W)
        bound = 1 / math.sqrt(V.size * kernel_size**2)
        self.coefficients = nn.Parameter(torch.empty(self.hom.dim).uniform_(-bound, bound, generator=generator))
        constants = torch.empty(self._constants.dim if bias else 0).uniform_(-bound, bound, generator=generator)
        self.bias_coefficients = nn.Parameter(constants) if bias else None

    @property
    def weight(self) -> Tensor:
        """K (W.size, V.size, k, k), as torch.nn.functional.conv2d takes it."""
        k = self.kernel_size
        return self.hom.combine(self.coefficients).reshape(self.W.size, self.V.size, k, k)

    @property
    def bias(self) -> Tensor | None:
        """An invariant vector of W, (W.size,): one number for each regular field."""
        return None if self.bias_coefficients is None else self._constants.combine(self.bias_coefficients)[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        k, p = self.kernel_size, self.padding
        _refuse_images(x, self.V)
        if x.dtype != self.coefficients.dtype:
            raise TypeError(f"images are {x.dtype}, {self} is {self.coefficients.dtype}; write layer.to(images.dtype)")
        for size in x.shape[-2:]:
            if size + 2 * p < k:
                raise ValueError(f"{self}: a kernel of {k} pixels is wider than {tuple(x.shape)} with padding {p}")
            if (size + 2 * p - k) % self.stride:
                raise ValueError(
                    f"{self}: stride {self.stride} does not divide {size} + 2·{p} − {k}, so the outputs kept lie "
                    "unsymmetrically on the grid and turning breaks; change the padding, or use an even kernel on an "
                    "even grid and an odd one on an odd grid"
                )
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride, p)

    def __repr__(self) -> str:
        stride = "" if self.stride == 1 else f", stride={self.stride}"
        shape = f"kernel_size={self.kernel_size}{stride}, padding={self.padding}"
        return f"GroupConv2d({self.V} → {self.W} over {self.V.group}, {shape}, {self.hom.dim} parameters)"


class GroupPool2d(nn.Module):
    """The largest number of each orbit of channels: (batch, V.size, h, w) -> (batch, orbits, h, w), fields `W` = m · 1.

    A regular field becomes one invariant field, which a turn of the image moves and does not change; a mean over the
    orbit is linear, so GroupConv2d(V, G.trivial, 1) has it already. ValueError: V does not permute its coordinates.
    """

    members: Tensor  # (orbits, channels of the longest)

    def __init__(self, V: Representation) -> None:
        super().__init__()
        _refuse_no_permutation("GroupPool2d", V)
        orbits = Hom(V, V.group.trivial)
        members = [(orbits.pattern[0] == label).nonzero()[:, 0] for label in range(orbits.dim)]
        self.V, self.W = V, orbits.dim * V.group.trivial
        # a short orbit repeats its last channel, which changes no maximum
        self.register_buffer("members", nn.utils.rnn.pad_sequence(members, batch_first=True, padding_value=-1))
        for row, channels in zip(self.members, members, strict=True):
            row[len(channels) :] = channels[-1]

    def forward(self, x: Tensor) -> Tensor:
        _refuse_images(x, self.V)
        return x[:, self.members].amax(2)

    def __repr__(self) -> str:
        return f"GroupPool2d({self.V} → {self.W} over {self.V.group})"


class MaxPool2d(nn.Module):
    """The largest number of each size × size block of pixels: (batch, V.size, h, w) -> (batch, V.size, h/size, w/size).

    It commutes with G where the blocks tile the grid, so size divides h and w, and where V permutes its coordinates (of
    vectors that turn, the largest component is not that of the turned vector). ValueError elsewhere.
    """

    def __init__(self, V: Representation, size: int) -> None:
        super().__init__()
        _refuse_no_permutation("MaxPool2d", V)
        require_integer("MaxPool2d: size", size)
        self.V, self.W, self.size = V, V, size

    def forward(self, x: Tensor) -> Tensor:
        _refuse_images(x, self.V)
        if any(side % self.size for side in x.shape[-2:]):
            raise ValueError(
                f"MaxPool2d: blocks of {self.size} pixels do not tile images {tuple(x.shape)}; what is cut off at the "
                "right and below is not symmetric, so pad the images to a multiple, or pool the whole grid by amax"
            )
        return nn.functional.max_pool2d(x, self.size)

    def __repr__(self) -> str:
        return f"MaxPool2d({self.V} over {self.V.group}, {self.size})"


def _refuse_no_permutation(name: str, V: Representation) -> None:
    require_representation(V, name)
    if not V.is_permutation:
        raise ValueError(
            f"{name}: {V} of {V.group} does not permute its coordinates, so the largest of them is no invariant; "
            "take G.regular or G.trivial, or pool the squared norm"
        )


def _refuse_images(x: Tensor, V: Representation) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"images are a tensor (batch, {V.size}, height, width), not a {type(x).__name__}")
    if x.ndim != 4 or x.shape[1] != V.size:
        raise ValueError(f"images have shape {tuple(x.shape)}; fields {V} need (batch, {V.size}, height, width)")
    if not x.sum().isfinite():
        raise ValueError(f"images of shape {tuple(x.shape)} hold NaN or infinity; clean the data first")
