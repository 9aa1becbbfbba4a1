"""Two-dimensional group convolutions: can a plain convolution find out that its filters come in turned copies?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, unfold

from eqkit import groups
from eqkit.groups.matrix_group import require_group
from eqkit.meta_learning import Episodes
from eqkit.networks import GroupConv2d
from eqkit.subspaces import orthonormal, require_integer
from eqkit.tasks import require_draw, require_weights


@dataclass(frozen=True)
class ConvolutionTasks:
    """Tasks y = K ∗ x with K = Σ z_d basis[d], z ~ N(0, I) for each task, and images x ~ N(0, 1), float32.

    basis (d, c_out, c_in, k, k): what all tasks share. Images are `size`² and y is the valid correlation that
    torch calls conv2d, (size − k + 1)² pixels. `support` and `query`: images a task.
    """

    basis: Tensor
    size: int = 32
    support: int = 1
    query: int = 4

    def __post_init__(self) -> None:
        require_weights("ConvolutionTasks", self.basis, "c_out, c_in, k, k", self.support, self.query)
        k = self.basis.shape[-1]
        if self.basis.shape[3] != k:
            raise ValueError(f"ConvolutionTasks: basis has shape {tuple(self.basis.shape)}; kernels are square")
        require_integer(f"ConvolutionTasks, images for a kernel of {k} pixels: size", self.size, k)

    @property
    def U(self) -> Tensor:
        """The basis as columns (c_out·c_in·k·k, d): the subspace that a learned U is compared with."""
        return self.basis.flatten(1).T

    def kernels(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """K of so many tasks, (count, c_out, c_in, k, k)."""
        z = torch.randn(count, len(self.basis), generator=generator)
        return torch.tensordot(z, self.basis.float(), 1)

    def __call__(self, count: int, generator: torch.Generator | None = None) -> Episodes:
        pixels = (self.support + self.query) * sum(self.basis.shape[1:3]) * self.size**2
        require_draw("ConvolutionTasks", count, generator, 2 * pixels)
        K = self.kernels(count, generator)
        examples, c_in = self.support + self.query, K.shape[2]
        x = torch.randn(count, examples, c_in, self.size, self.size, generator=generator)
        side_by_side = x.transpose(0, 1).flatten(1, 2)  # (examples, count·c_in, h, w): one group of channels a task
        y = conv2d(side_by_side, K.flatten(0, 1), groups=count).unflatten(1, (count, -1)).transpose(0, 1)
        return Episodes.split(x, y, self.support)

    def floor(self, U: Tensor | None = None, count: int = 4000) -> float:
        """The query loss after one inner step from v₀ = 0 at the best rate, with this U or the ideal orthonormal one.

        The step goes to α U Uᵀ vec(K S) with S the mean p pᵀ over the patches p of the support; E S = E, so the loss is
        (E‖K‖² − ⟨K, g⟩² / E‖g‖²) / c_out with g = U Uᵀ vec(K S). The means are over `count` fixed tasks.
        """
        require_integer("ConvolutionTasks.floor: the count of tasks", count)
        if U is not None and (U.ndim != 2 or len(U) != len(self.U) or not U.any()):
            raise ValueError(f"floor: U has shape {tuple(U.shape)} or is zero; it needs ({len(self.U)}, k)")
        generator = torch.Generator().manual_seed(0)
        Q = orthonormal(self.U).float() if U is None else U.detach().float()
        K = self.kernels(count, generator)
        k, c_in = K.shape[-1], K.shape[2]
        products = []
        for kernels in K.split(200):
            x = torch.randn(len(kernels), self.support, c_in, self.size, self.size, generator=generator)
            patches = unfold(x.flatten(0, 1), k).unflatten(0, (-1, self.support)).transpose(1, 2).flatten(2)
            S = patches @ patches.mT / patches.shape[2]  # (tasks, c_in·k·k, c_in·k·k)
            products.append((kernels.flatten(2) @ S).flatten(1))
        g = torch.cat(products) @ Q @ Q.T
        power, inner = K.square().sum(), (K.flatten(1) * g).sum()
        return float((power - inner**2 / g.square().sum()) / (count * K.shape[1]))


def group_convolution(
    G: groups.MatrixGroup | None = None, fields: int = 3, size: int = 32, support: int = 1, query: int = 4
) -> ConvolutionTasks:
    """Random group convolutions 1 → fields · regular(G) of 3 × 3 pixels, by default of C.plane(8).

    K = Σ z_d basis[d] is `GroupConv2d(G.trivial, fields * G.regular, 3).weight`: filters come in |G| copies, moved
    by the elements of G, 9 numbers a field. Turns by 45° are exact here, for they move the ring of the eight outer
    pixels by one and keep the centre, so D(8) acts on the nine pixels; interpolated turns would be no group.
    The basis is scaled for E y² = 1.
    """
    G = groups.C.plane(8) if G is None else G
    require_group(G, "group_convolution")
    require_integer("group_convolution: fields", fields)
    layer = GroupConv2d(G.trivial, fields * G.regular, 3, bias=False)
    basis = layer.hom.U.T.reshape(-1, layer.W.size, 1, 3, 3)
    return ConvolutionTasks(basis * math.sqrt(layer.W.size / len(basis)), size, support, query)
