"""Any torch module with symmetry matrices: its weights and biases become mat(U v), and plain again, by one call.

`reparameterize(module)` puts W = mat(U v) in the place of each weight (`torch.nn.utils.parametrize`): v is what a task
adapts, U is common to all tasks. U may be factored over the dimensions of W, U = A ⊗ B ⊗ C for a convolution with A
(c_out, a), B (c_in, b), C (kh·kw, c), and is never formed: v is an array (a, b, c) that each factor multiplies along
one dimension (Zhou, Knowles & Finn 2020, §4).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from eqkit.subspaces import require_generator, require_integer, require_memory

Ranks = int | Sequence[int] | None  # columns of one dense U, or of each Kronecker factor; None: square factors
M = TypeVar("M", bound=nn.Module)


class SymmetryMatrix(nn.Module):
    """v ↦ W = mat(U v) for weights of one shape: v (..., k) -> (..., *shape), with U dense or a Kronecker product.

    k is an integer: one dense U (entries, k). k is a tuple: a factor (size, k_i) for each dimension of the weight,
    where those after the second, which are space, count as one. None: square factors. A square factor starts as the
    identity E, a narrower one as random orthonormal columns. `right_inverse` gives the v whose weight is nearest.
    ValueError: columns that are not 1 ≤ k ≤ rows, or too few or many of them.
    """

    def __init__(
        self,
        shape: Sequence[int],
        k: Ranks = None,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(shape, Sequence) or not all(isinstance(size, int) and size > 0 for size in shape):
            raise ValueError(f"SymmetryMatrix: the shape of a weight is a tuple of integers ≥ 1, not {shape!r}")
        self.shape = tuple(shape)
        sizes = [*self.shape[:2], math.prod(self.shape[2:])][: max(1, min(3, len(self.shape)))]
        if k is None:
            k = sizes
        elif not isinstance(k, Sequence):
            sizes, k = [math.prod(sizes)], [k]
        self.ranks = tuple(k)
        if len(self.ranks) != len(sizes):
            raise ValueError(
                f"k = {k}: the Kronecker factors of a weight {self.shape} have {sizes} rows; give {len(sizes)} numbers"
            )
        for size, rank in zip(sizes, self.ranks, strict=True):
            if require_integer("k, the columns of U,", rank) > size:
                raise ValueError(f"k = {rank}: this factor of a weight {self.shape} has {size} rows; take k ≤ {size}")
        require_generator("SymmetryMatrix", generator)
        require_memory(8.0 * sum(map(math.prod, zip(sizes, self.ranks, strict=True))), f"U of a weight {self.shape}")
        self.factors = nn.ParameterList(
            _start(size, rank, generator).to(dtype=dtype or torch.get_default_dtype(), device=device)
            for size, rank in zip(sizes, self.ranks, strict=True)
        )

    @property
    def k(self) -> int:
        """The numbers in a filter v, the columns of U."""
        return math.prod(self.ranks)

    @property
    def U(self) -> Tensor:
        """The symmetry matrix (entries, k), written out: A ⊗ B ⊗ C in row-major order. For checks and pictures."""
        rows = math.prod(len(factor) for factor in self.factors)
        require_memory(8.0 * rows * self.k, f"U ({rows}, {self.k}), written out,")
        return functools.reduce(torch.kron, self.factors)

    def forward(self, v: Tensor) -> Tensor:
        if v.shape[-1:] != (self.k,) or v.dtype != self.factors[0].dtype:
            raise ValueError(
                f"v is {v.dtype} {tuple(v.shape)}; a filter of this U has {self.k} numbers, (..., {self.k}), "
                f"{self.factors[0].dtype}"
            )
        return _along(self.factors, v.unflatten(-1, self.ranks)).reshape(*v.shape[:-1], *self.shape)

    def right_inverse(self, W: Tensor) -> Tensor:
        """The v (k,) for which mat(U v) is nearest to W, U⁺ vec(W): assigning a weight projects it onto span(U)."""
        sizes = [len(factor) for factor in self.factors]
        if W.shape != self.shape or W.dtype != self.factors[0].dtype:
            raise ValueError(
                f"W is {W.dtype} {tuple(W.shape)}; this U is for weights {self.shape}, {self.factors[0].dtype}"
            )
        return _along([torch.linalg.pinv(factor) for factor in self.factors], W.reshape(sizes)).flatten()

    def extra_repr(self) -> str:
        return f"{' ⊗ '.join(str(tuple(factor.shape)) for factor in self.factors)}, W {self.shape}"


def _start(size: int, rank: int, generator: torch.Generator | None) -> Tensor:
    """E, or orthonormal columns (size, rank) that span a uniformly random subspace, float64."""
    if size == rank:
        return torch.eye(size, dtype=torch.float64)
    return torch.linalg.qr(torch.randn(size, rank, generator=generator, dtype=torch.float64)).Q.contiguous()


def _along(factors: Sequence[Tensor] | nn.ParameterList, v: Tensor) -> Tensor:
    """(A ⊗ B ⊗ …) v without the product: v (..., a, b, …) times A (m, a) along its first dimension, B the second, …"""
    for factor in factors:
        v = torch.tensordot(v, factor, dims=([-len(factors)], [1]))  # drops the first, appends the new one at the end
    return v


def reparameterize(module: M, k: Ranks | Mapping[str, Ranks] = None, generator: torch.Generator | None = None) -> M:
    """The same module with W = mat(U v) in place of its weights, U b for its biases: v is adapted, U is shared.

    k None: every weight and bias has square Kronecker factors, U = E ⊗ E ⊗ E at the start, so the network computes what
    it computed, and its first inner step is that of MAML: whatever it does better is learned. k an integer: the
    weights have one dense U with k columns; a tuple: Kronecker factors with these columns; the biases stay square. A
    mapping {"0.weight": 6, "2.bias": None}: these parameters alone, each by its own rule. A U with fewer columns than
    rows starts as random orthonormal columns; the weight is projected onto their span and enlarged by
    √(rows / columns), so that its entries keep the variance that the module's own initialisation gave them.

    Weights are those of two or more dimensions named "weight", with the bias beside them: linear and convolutional
    layers, in a network of any depth. The names of the v are `filters(module)`; every other parameter is shared.
    ValueError: nothing to reparameterise, unknown or tied or reparameterised parameters, k of no use.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"reparameterize takes a torch module, not a {type(module).__name__}")
    rules = dict(k) if isinstance(k, Mapping) else dict(_rules(module, k))
    if not rules:
        raise ValueError(
            f"{type(module).__name__} has no weight of two or more dimensions to reparameterise; name its parameters, "
            "as in reparameterize(module, {'scale': 2})"
        )
    owners = {name: _owner(module, str(name)) for name in rules}
    made = []
    for name, (owner, own) in owners.items():
        W = getattr(owner, own)
        made.append((owner, own, SymmetryMatrix(W.shape, rules[name], generator, W.dtype, W.device)))
    for owner, own, U in made:  # nothing is changed before everything has been checked
        with torch.no_grad():
            W = getattr(owner, own)
            W.mul_(math.sqrt(W.numel() / U.k))
        parametrize.register_parametrization(owner, own, U)
    return module


def _rules(module: nn.Module, k: Ranks) -> Iterator[tuple[str, Ranks]]:
    """The weights with k and their biases with square factors, by name, also those that will be refused."""
    for prefix, owner in module.named_modules():
        dot = f"{prefix}." if prefix else ""
        weight, bias = (getattr(owner, name, None) for name in ("weight", "bias"))
        if isinstance(weight, Tensor) and weight.ndim >= 2:
            yield f"{dot}weight", k
            if isinstance(bias, Tensor):
                yield f"{dot}bias", None


def _owner(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The submodule that holds a parameter, and its name there."""
    prefix, _, own = name.rpartition(".")
    holders = dict(module.named_modules())
    owner = holders.get(prefix)
    if owner is not None and parametrize.is_parametrized(owner, own):
        raise ValueError(f"{name} is reparameterised already; call restore(module) first")
    every = dict(module.named_parameters(remove_duplicate=False))
    if name not in every:
        raise ValueError(
            f"there is no parameter {name!r} in {type(module).__name__}; it has {', '.join(every) or 'none'}"
        )
    twins = [other for other, value in every.items() if value is every[name]]
    if len(twins) > 1:
        raise ValueError(
            f"{' and '.join(twins)} are one tied parameter, which cannot have one v and two places; untie it"
        )
    assert owner is not None
    return owner, own


def _found(module: nn.Module) -> Iterator[tuple[str, nn.Module, str, SymmetryMatrix]]:
    """Every reparameterised parameter: prefix and module that hold it, its name there, and its U."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"a {type(module).__name__} has no symmetry matrices; give a torch module")
    for prefix, owner in module.named_modules():
        if parametrize.is_parametrized(owner):
            for own, entry in owner.parametrizations.items():  # type: ignore[union-attr, operator]
                if isinstance(entry[0], SymmetryMatrix):
                    yield f"{prefix}." if prefix else "", owner, own, entry[0]


def filters(module: nn.Module) -> list[str]:
    """The names of the filters v among module.named_parameters(): what a task adapts. ValueError where none is."""
    names = [f"{dot}parametrizations.{own}.original" for dot, _, own, _ in _found(module)]
    if not names:
        raise ValueError(f"{type(module).__name__} has no filters; call reparameterize(module) first")
    return names


def matrices(module: nn.Module) -> dict[str, SymmetryMatrix]:
    """The U of each reparameterised parameter under the name the parameter had: matrices(net)["0.weight"].U."""
    return {dot + own: U for dot, _, own, U in _found(module)}


def restore(module: M) -> M:
    """The same module with plain weights again, each equal to its mat(U v): the same function, and no U."""
    found = list(_found(module))
    if not found:
        raise ValueError(f"{type(module).__name__} has no symmetry matrix; there is nothing to restore")
    for _, owner, own, _ in found:
        shared = type(owner)  # torch lets copies share the class that it made, and is about to change
        owner.__class__ = type(shared.__name__, shared.__bases__, dict(vars(shared)))
        parametrize.remove_parametrizations(owner, own)
    return module
