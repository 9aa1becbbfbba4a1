"""Any-dimensional networks: equivariant layers V_n^⊗a → V_n^⊗b for all n at once, and what makes them agree across n.

V_n = Rⁿ. For n ≥ a + b the equivariant maps have a basis of *diagrams*, set partitions π of a + b points (a of the
input, then b of the output), whose coefficients do not depend on n:

    D_π(n)[i, j] = 1 where the indices (j, i) agree within each block of π, else 0,     W_n = Σ_π c_π D_π(n).

All partitions give S(n), blocks of even size the signed permutations, blocks of size two O(n) (Brauer 1937). So every
layer has a value at every n; that its values fit together is a further condition, `compatible`.
Source: Levin & Díaz, Any-dimensional equivariant neural networks (2024).
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from eqkit import subspaces

Partition = tuple[int, ...]  # the block of each point, numbered by first appearance: (0, 0, 1)
BLOCKS = {"S": lambda size: True, "B": lambda size: size % 2 == 0, "O": lambda size: size == 2}
EMBEDDINGS = ("padding", "repetition")


def partitions(points: int) -> list[Partition]:
    """All set partitions of so many points: 1, 1, 2, 5, 15, 52, … (Bell numbers)."""
    found: list[Partition] = [()]
    for _ in range(points):
        found = [(*p, b) for p in found for b in range(max(p, default=-1) + 2)]
    return found


def diagrams(a: int, b: int, group: str = "S", embedding: str | None = None) -> list[Partition]:
    """The partitions of a + b points whose D_π span Hom(V^⊗a, V^⊗b) over S(n), B(n) (signed permutations) or O(n).

    With an embedding only the compatible ones, see `compatible`. For n < a + b they still span it, with relations.
    """
    subspaces.require_integer("diagrams: the order a of the input", a, 0)
    subspaces.require_integer("diagrams: the order b of the output", b, 0)
    if a + b > 10:
        raise ValueError(f"diagrams: {a} + {b} points have more than 100,000 partitions; take a + b ≤ 10")
    if not isinstance(group, str) or group not in BLOCKS:
        raise ValueError(f"group {group!r}: choose S for S(n), B for the signed permutations, O for O(n)")
    found = [p for p in partitions(a + b) if all(BLOCKS[group](p.count(block)) for block in p)]
    return [p for p in found if embedding is None or compatible(p, a, embedding)]


def compatible(p: Partition, a: int, embedding: str) -> bool:
    """Does W_m φ = ψ W_n hold for W = D_π, where φ and ψ embed the tensors over Rⁿ in those over R^m?

    padding: φ fills up with zeros, m = n + 1. An index of the output on its own takes all values, the new one too,
    where ψ has zeros; so every block must hold an input point. Sums over the input see the zeros and do not change.
    repetition: φ repeats every coordinate, x ↦ x ⊗ 1, m = 2n, and sums over the input are means, D_π / n^(blocks of
    input points alone). Two output points in one block make a diagonal, which repetition turns into squares; so every
    block must hold at most one of them.
    The D_π are independent for large n, so a sum of them is compatible exactly if each one with c_π ≠ 0 is.
    """
    if embedding not in EMBEDDINGS:
        raise ValueError(f"embedding {embedding!r}: choose padding (x, 0) or repetition x ⊗ (1, 1)")
    if embedding == "padding":
        return set(p[a:]) <= set(p[:a])
    return len(set(p[a:])) == len(p[a:])


def embed(x: Tensor, order: int, embedding: str) -> Tensor:
    """φ: tensors (…, n, …, n) of an order, over Rⁿ -> over Rⁿ⁺¹ by padding or over R²ⁿ by repetition."""
    if embedding not in EMBEDDINGS or order > x.ndim:
        raise ValueError(f"embed: {embedding!r}, order {order} of x {tuple(x.shape)}; take one of {EMBEDDINGS}")
    for axis in range(-order, 0):
        if embedding == "padding":
            x = torch.cat([x, torch.zeros_like(x.narrow(axis, 0, 1))], axis)
        else:
            x = x.repeat_interleave(2, axis)
    return x


class AnyDimensionalLinear(nn.Module):
    """The linear layer V_n^⊗a → V_n^⊗b with channels, and a bias, at every n: W_n = Σ_π c_π D_π(n).

    x (batch, channels_in, n, …, n) with a indices -> (batch, channels_out, n, …, n) with b. `coefficients`
    (out, in, diagrams) and `bias` (out, diagrams of 0 → b) are the same at every n. With an embedding the layer is
    compatible with it; "repetition" takes means in place of sums.
    """

    def __init__(
        self,
        a: int,
        b: int,
        channels: tuple[int, int] = (1, 1),
        group: str = "S",
        embedding: str | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for count in channels if isinstance(channels, Sequence) and len(channels) == 2 else (None,):
            subspaces.require_integer("AnyDimensionalLinear: each of the two channels", count)
        self.a, self.b, self.embedding = a, b, embedding
        self.diagrams, self.constants = diagrams(a, b, group, embedding), diagrams(0, b, group, embedding)
        size = (channels[1], channels[0], len(self.diagrams))
        scale = 1 / math.sqrt(max(1, channels[0] * len(self.diagrams)))
        self.coefficients = nn.Parameter(scale * torch.randn(size, dtype=torch.float64, generator=generator))
        self.bias = nn.Parameter(torch.zeros(channels[1], len(self.constants), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        x = subspaces.as_tensor(x, "x")
        if x.dtype != self.bias.dtype:
            raise TypeError(f"x is {x.dtype} and the layer {self.bias.dtype}; write x.to({self.bias.dtype})")
        if x.ndim != 2 + self.a or len(set(x.shape[2:])) > 1 or x.shape[1] != self.coefficients.shape[1]:
            raise ValueError(
                f"x has shape {tuple(x.shape)}; give (batch, {self.coefficients.shape[1]}{', n' * self.a})"
            )
        if not self.a:
            raise ValueError("a layer from numbers (a = 0) does not know n; start from vectors, a = 1, or more")
        n = x.shape[-1]
        W = torch.einsum("oid,dpq->oipq", self.coefficients, basis(self.diagrams, self.a, self.b, n, self.embedding))
        b = torch.einsum("od,dpq->op", self.bias, basis(self.constants, 0, self.b, n, self.embedding))
        return (torch.einsum("oipq,xiq->xop", W, x.flatten(2)) + b).reshape(*x.shape[:1], -1, *[n] * self.b)


def basis(which: Sequence[Partition], a: int, b: int, n: int, embedding: str | None = None) -> Tensor:
    """D_π(n) as matrices (partitions, n^b, n^a) float64; for "repetition" divided by n for each sum over the input."""
    subspaces.require_integer("the size n of an any-dimensional layer", n)
    subspaces.require_memory(8.0 * len(which) * n ** (a + b), f"{len(which)} diagrams of order {a + b} at n = {n}")
    points = a + b
    index = [
        torch.arange(n).reshape([-1 if axis == (j + b) % points else 1 for axis in range(points)])
        for j in range(points)
    ]  # outputs first
    found = torch.empty(len(which), n**b, n**a, dtype=torch.float64)
    for matrix, p in zip(found, which, strict=True):
        agree = [index[p.index(block)] == index[j] for j, block in enumerate(p)]
        D = functools.reduce(operator.and_, agree, torch.ones([1] * points, dtype=torch.bool))
        matrix[:] = D.expand([n] * points).reshape(matrix.shape)
        if embedding == "repetition":
            matrix /= n ** len(set(p[:a]) - set(p[a:]))
    return found


class AnyDimensionalNetwork(nn.Sequential):
    """Layers over S(n) between tensors of the given orders, with a leaky ReLU on every entry between them, at every n.

    orders (2, 2, 0): V⊗V → V⊗V → numbers, `width` channels inside. The nonlinearity commutes with permutations, and
    keeps zeros and repetitions, so a network of compatible layers is compatible.
    """

    def __init__(
        self,
        orders: Sequence[int],
        width: int = 4,
        embedding: str | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        if not isinstance(orders, Sequence) or len(orders) < 2:
            raise ValueError(f"orders {orders}: give two orders or more, the first of the input, the last of y")
        subspaces.require_integer("AnyDimensionalNetwork: width", width)
        widths = [1, *[width] * (len(orders) - 2), 1]
        layers: list[nn.Module] = []
        for (a, b), channels in zip(itertools.pairwise(orders), itertools.pairwise(widths), strict=True):
            layers += [AnyDimensionalLinear(a, b, channels, "S", embedding, generator), nn.LeakyReLU(0.2)]
        super().__init__(*layers[:-1])


TARGETS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {  # matrices X (…, n, n) to a tensor of this order
    "trace": (0, lambda X: X.diagonal(dim1=-2, dim2=-1).sum(-1)),
    "diagonal": (1, lambda X: X.diagonal(dim1=-2, dim2=-1)),
    "symmetric part": (2, lambda X: (X + X.mT) / 2),
}


def fit(
    network: nn.Module,
    target: Callable[[Tensor], Tensor],
    n: int = 4,
    count: int = 500,
    generator: torch.Generator | None = None,
) -> float:
    """Train on `count` Gaussian matrices of size n, 300 steps of Adam, then L-BFGS; the mean squared error reached."""
    subspaces.require_integer("fit: n", n)
    subspaces.require_integer("fit: count", count)
    x = torch.randn(count, 1, n, n, generator=generator, dtype=torch.float64)
    y = target(x)
    _difference(network, x, y)
    adam = torch.optim.Adam(network.parameters(), 1e-2)
    newton = torch.optim.LBFGS(
        network.parameters(), max_iter=300, history_size=50, tolerance_change=1e-18, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        network.zero_grad()
        error = (network(x) - y).square().mean()
        error.backward()
        return error.detach()

    for _ in range(300):
        adam.step(loss)
    newton.step(loss)
    return float(loss())


@torch.no_grad()
def error(
    network: nn.Module, target: Callable[[Tensor], Tensor], n: int, generator: torch.Generator | None = None
) -> float:
    """Mean squared error on 100 new Gaussian matrices of size n."""
    x = torch.randn(100, 1, n, n, generator=generator, dtype=torch.float64)
    return float(_difference(network, x, target(x)).square().mean())


def _difference(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    predicted = network(x)
    if predicted.shape != y.shape:
        raise ValueError(f"the network gives {tuple(predicted.shape)} and the target {tuple(y.shape)}; make them equal")
    return predicted - y
