"""Deep Sets: f({x₁, …, xₙ}) = ρ(Σᵢ φ(xᵢ)), and its equivariant layer λE + γ11ᵀ; sets may have unequal sizes.

Source: Zaheer, Kottur, Ravanbakhsh, Poczos, Salakhutdinov & Smola, Deep Sets (2017).
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from eqkit.subspaces import require_memory

POOLS = ("sum", "mean", "max")


def mlp(*sizes: int, activation: type[nn.Module] = nn.SiLU, generator: torch.Generator | None = None) -> nn.Sequential:
    """Linear, activation, Linear, …, Linear of these sizes.

    Weights are uniform with variance 2/in, which keeps the scale through layers (He et al. 2015), 1/in in the last;
    biases are uniform in ±1/√in.
    """
    if not isinstance(activation, type):
        raise TypeError(f"mlp: activation = {activation!r}; give a class of modules, such as nn.SiLU or nn.ReLU")
    if len(sizes) < 2 or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ValueError(f"mlp{sizes}: give the sizes of input, hidden layers and output, integers ≥ 1")
    require_memory(4.0 * sum(a * b for a, b in itertools.pairwise(sizes)), f"mlp{sizes}")
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layer = nn.Linear(n_in, n_out)
        last = len(layers) == 2 * len(sizes) - 4
        bound = (3 / n_in) ** 0.5 if last else (6 / n_in) ** 0.5
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -(n_in**-0.5), n_in**-0.5, generator=generator)
        layers += [layer, activation()]
    return nn.Sequential(*layers[:-1])


def pool(x: Tensor, mask: Tensor | None = None, how: str = "sum") -> Tensor:
    """Σ, mean or maximum over the elements of each set: x (..., n, channels), mask (..., n) -> (..., channels).

    Elements where the mask is False are not there. The sum over the empty set is 0; its mean and maximum do not exist.
    """
    if how not in POOLS:
        raise ValueError(f"pool {how!r}: choose one of {', '.join(POOLS)}")
    _refuse_no_sets(x, mask)
    if x.ndim < 2:
        raise ValueError(f"x has shape {tuple(x.shape)}; sets are (..., n, channels)")
    if how != "sum" and not x.is_floating_point() and not x.is_complex():
        raise TypeError(f"pool by {how}: x is {x.dtype}; give floating-point numbers, x.float()")
    if mask is not None and (mask.dtype != torch.bool or mask.shape != x.shape[:-1]):
        raise ValueError(
            f"mask has shape {tuple(mask.shape)} and dtype {mask.dtype}; it is boolean, one entry an element: "
            f"{tuple(x.shape[:-1])}, True where an element is there"
        )
    if how != "sum" and (x.shape[-2] == 0 or (mask is not None and not mask.any(-1).all())):
        raise ValueError(f"a set without elements has no {how}; leave it out, or pool by sum, which gives 0")
    if mask is None:
        return x.sum(-2) if how == "sum" else x.mean(-2) if how == "mean" else x.amax(-2)
    there = mask.unsqueeze(-1)
    if how == "max":
        return x.masked_fill(~there, -torch.inf).amax(-2)
    total = x.masked_fill(~there, 0).sum(-2)
    return total if how == "sum" else total / there.sum(-2)


class DeepSets(nn.Module):
    """f(x) = ρ(pool_i φ(xᵢ)), the same for every order of the elements.

    φ maps one element, or a batch of them, to `latent` numbers: any module (..., channels) -> (..., latent), or an
    embedding of integers (...) -> (..., latent). ρ maps (..., latent) to the output. With the sum, φ, ρ continuous and
    latent ≥ n every continuous function of sets of n real numbers is of this form; fewer do not suffice (Wagstaff et
    al., On the limitations of representing functions on sets, 2019).
    """

    def __init__(self, phi: nn.Module, rho: nn.Module, pool: str = "sum") -> None:
        super().__init__()
        if pool not in POOLS:
            raise ValueError(f"DeepSets(pool={pool!r}): choose one of {', '.join(POOLS)}")
        self.phi, self.rho, self.pooling = phi, rho, pool

    def pooled(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The latent vector pool_i φ(xᵢ), (..., latent): all that ρ sees of the set."""
        _refuse_no_sets(x, mask)
        if mask is not None:
            x = _hide(x, mask)
        if x.is_floating_point() and not torch.isfinite(x).all():
            raise ValueError(
                f"x of shape {tuple(x.shape)} holds NaN or infinity; clean the data, or mask those elements"
            )
        return pool(self.phi(x), mask, self.pooling)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (..., n, channels), or integers (..., n) for an embedding; mask (..., n): True where an element is."""
        return self.rho(self.pooled(x, mask))


class SetLinear(nn.Module):
    """All equivariant linear layers on sets: yᵢ = Λ xᵢ + Γ mean_j xⱼ + b, x (..., n, n_in) -> (..., n, n_out).

    For one channel and n elements this is λE + γ11ᵀ/n: exactly Hom(V, V) of S(n), with its two orbits, i = j and i ≠ j.
    The mean keeps the layer in scale when the sets grow. Elements that the mask hides come out as zero.
    """

    def __init__(self, n_in: int, n_out: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.each = mlp(n_in, n_out, generator=generator)
        self.all = mlp(n_in, n_out, generator=generator)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        _refuse_no_sets(x, mask)
        if x.shape[-1:] != (self.each[0].in_features,):
            raise ValueError(f"x has shape {tuple(x.shape)}; this layer takes (..., n, {self.each[0].in_features})")
        if mask is not None:
            x = _hide(x, mask)
        y = self.each(x) + self.all(pool(x, mask, "mean")).unsqueeze(-2)
        return y if mask is None else _hide(y, mask)


def _refuse_no_sets(x: Tensor, mask: Tensor | None) -> None:
    if not isinstance(x, Tensor) or not (mask is None or isinstance(mask, Tensor)):
        kinds = type(x).__name__, type(mask).__name__
        raise TypeError(f"x and mask are tensors (..., n, channels) and (..., n), not {kinds[0]} and {kinds[1]}")


def _hide(x: Tensor, mask: Tensor) -> Tensor:
    """x with zeros in place of the elements that are not there, whatever was written there, even NaN."""
    if mask.dtype != torch.bool or mask.shape != x.shape[: mask.ndim]:
        raise ValueError(
            f"mask has shape {tuple(mask.shape)} and dtype {mask.dtype}, x has shape {tuple(x.shape)}; the mask is "
            f"boolean, one entry an element: {tuple(x.shape[:-1])}, or {tuple(x.shape)} for sets of integers"
        )
    return x.masked_fill(~mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim)), 0)
