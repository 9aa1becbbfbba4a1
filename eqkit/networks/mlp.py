"""Equivariant networks V → W for any group of the kit, and how much a network of tensors can tell of its group."""

from __future__ import annotations

import functools
import itertools
import math

import torch
from torch import Tensor, nn

from eqkit.groups import MatrixGroup
from eqkit.groups.matrix_group import require_group
from eqkit.networks.channels import check_input, hom, is_complex
from eqkit.networks.layers import Bilinear, EquivariantLinear
from eqkit.networks.nonlinearities import Gated, is_unitary
from eqkit.representations import Representation, require_representation
from eqkit.subspaces import require_integer

QUADRATIC = 0.1  # of the bilinear layers at the start: a network of degree 2^layers would have heavy tails
ORDER, KINDS = 4, 7  # limits of hidden layers: the order of their tensors, and how many kinds there are
CHANNELS = 100_000  # of a hidden layer, at most


def tensors(G: MatrixGroup, largest: int) -> list[Representation]:
    """1, V, V², … up to size `largest` and order 4, smallest first; for a direct product A @ B of those of the factors.

    Where V* is not V in other coordinates, as for U(n), SL(n) and GL(n), n ≥ 3, products of V and V* are among them.
    """
    require_group(G, "tensors")
    require_integer("tensors: the largest size", largest)
    if G.factors is not None:
        pairs = itertools.product(*(tensors(factor, largest) for factor in G.factors))
        found = [A @ B for A, B in pairs if 1 < A.size * B.size <= largest]
        return [G.trivial, *sorted(found, key=lambda A: A.size)]
    letters = [G.vector] if _is_self_dual(G.vector) else [G.vector, G.vector.dual]
    orders = [k for k in range(1, ORDER + 1) if G.n**k <= largest]
    words = (w for k in orders for w in itertools.combinations_with_replacement(letters, k))
    return [G.trivial, *(math.prod(word[1:], start=word[0]) for word in words)]


def _is_self_dual(V: Representation) -> bool:
    """V* ≅ V: V is real and orthogonal, or a generic element of Hom(V, V*) is invertible."""
    if is_unitary(V) and not is_complex(V):
        return True
    maps = hom(V, V.dual)
    M = maps.combine(torch.randn(maps.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    return maps.dim > 0 and bool(torch.linalg.matrix_rank(M) == V.size)


def uniform(G: MatrixGroup, channels: int) -> Representation:
    """A hidden representation of about `channels` numbers, an equal share of them for each kind of tensor.

    The kinds are the first m of `tensors` with m times the largest size ≤ channels (at least 1 and the next one).
    Source: Finzi, Welling & Wilson (2021), whose uniform_rep shares channels in the same spirit.
    """
    if require_integer("uniform: hidden channels", channels) > CHANNELS:
        raise ValueError(f"uniform({G}, {channels:,}): at most {CHANNELS:,} channels can be handled")
    kinds = tensors(G, channels)[:KINDS]
    kinds = kinds if len(kinds) > 1 else [G.trivial, G.vector]
    m = max([m for m, A in enumerate(kinds, 1) if m * A.size <= channels and m > 1], default=2)
    return sum((max(1, channels // (m * A.size)) * A for A in kinds[1:m]), start=max(1, channels // m) * G.trivial)


class EquivariantMLP(nn.Module):
    """A network V → W with f(V(g) x) = W(g) f(x): `layers` blocks x ↦ Gated(L x + B(x)), and a last linear layer.

    x (..., V.size) -> (..., W.size). L is equivariant linear and B bilinear, at the start a tenth as large. `hidden` is
    the representation of the hidden layers, or about how many numbers they have: then an equal share for each tensor
    1, V, V², … that fits (`uniform`). `products`: channels of each kind of product in B; 0 leaves B out. Any group of
    the kit, compact or not; for complex groups x enters with its conjugate, a vector of V ⊕ V*, where V is unitary.

    dtype float32 or float64, doubled to complex for complex groups. Weights start at random, from `generator`.
    ValueError: V, W and hidden of different groups, an x that does not fit, NaN. Source: Finzi et al., EMLP (2021).
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        hidden: int | Representation = 100,
        layers: int = 2,
        products: int = 8,
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for R in (V, W):
            require_representation(R, "EquivariantMLP(V, W)")
        require_integer("EquivariantMLP: layers", layers)
        require_integer("EquivariantMLP: products", products, 0)
        H = hidden if isinstance(hidden, Representation) else uniform(V.group, hidden)
        for R, name in ((W, "W"), (H, "hidden")):
            if R.group != V.group:
                raise ValueError(
                    f"EquivariantMLP: V belongs to {V.group} and {name} to {R.group}; build all from one group"
                )
        self.V, self.W, self.hidden = V, W, H
        self.conjugates = is_complex(V) and is_unitary(V)
        source = V + V.dual if self.conjugates else V
        self.gates = Gated(H)
        inputs = [source, *(layers - 1) * [H]]
        linear = functools.partial(EquivariantLinear, dtype=dtype, generator=generator)
        self.linear = nn.ModuleList(linear(R, self.gates.source) for R in inputs)
        quadratic = [Bilinear(R, self.gates.source, products, dtype, generator) for R in inputs if products]
        with torch.no_grad():
            for layer in quadratic:
                layer.out.coefficients.mul_(QUADRATIC)
        self.bilinear = nn.ModuleList(quadratic)
        self.last = linear(H, W)

    def forward(self, x: Tensor) -> Tensor:
        check_input(x, self.V, self.last.dtype)
        if not torch.isfinite(x).all():
            raise ValueError(f"x of shape {tuple(x.shape)} holds NaN or infinity; clean the data first")
        if self.conjugates:
            x = torch.cat([x, x.conj()], -1)
        for i, linear in enumerate(self.linear):
            y = linear(x)
            if self.bilinear:
                y = y + self.bilinear[i](x)
            x = self.gates(y)
        return self.last(x)

    def extra_repr(self) -> str:
        """What `print(network)` shows."""
        return f"{self.V} → {len(self.linear)} × ({self.hidden}) → {self.W} over {self.V.group}"


def telling_order(G: MatrixGroup, H: MatrixGroup, largest: int = 8) -> int | None:
    """The smallest k for which G and H have different invariants in V^⊗k, or None if there is none up to `largest`.

    H and G act on one space and one contains the other. A network of tensors whose layers Hom(V^p, V^q) have p + q < k
    is the same for both, whatever its weights, and a layer with p + q = k can tell them apart. A(n) and S(n): n − 1.
    """
    require_group(G, "telling_order")
    require_group(H, "telling_order")
    require_integer("telling_order: largest", largest)
    if G.n != H.n:
        raise ValueError(
            f"telling_order: {G} acts on {G.n} coordinates and {H} on {H.n}; both have to act on one space"
        )
    for k in range(1, largest + 1):
        if hom(G.trivial, G.vector**k).dim != hom(H.trivial, H.vector**k).dim:
            return k
    return None
