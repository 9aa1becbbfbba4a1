"""Layers whose weight is W = mat(U v): the sharing pattern U is common to all tasks, the filter v belongs to one."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from eqkit import subspaces
from eqkit.symmetry_matrices.parametrize import Ranks, matrices, reparameterize


class ReparameterizedLinear(nn.Module):
    """The linear layer y = W x with W = mat(U v): U is shared by all tasks, v belongs to one.

    U (n_out·n_in, k) from N(0, 0.01²) and v (k,) from N(0, 1/n_out²), as published. The layer takes one v for each
    task: x (tasks, examples, n_in) with v (tasks, k) gives (tasks, examples, n_out).
    """

    U: Tensor
    v: Tensor

    def __init__(
        self,
        n_in: int,
        n_out: int,
        k: int,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        for what, size in (("n_in", n_in), ("n_out", n_out)):
            subspaces.require_integer(f"ReparameterizedLinear: {what}", size)
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= n_in * n_out:
            raise ValueError(
                f"U ({n_out}·{n_in}, k) with k = {k}: a weight of shape ({n_out}, {n_in}) has {n_in * n_out} entries, "
                f"so choose 1 ≤ k ≤ {n_in * n_out}, an integer"
            )
        subspaces.require_generator("ReparameterizedLinear", generator)
        subspaces.require_memory(8.0 * n_out * n_in * k, f"U ({n_out * n_in}, {k})")
        self.n_in, self.n_out = n_in, n_out
        self.U = nn.Parameter(0.01 * torch.randn(n_out * n_in, k, generator=generator, dtype=dtype))
        self.v = nn.Parameter(torch.randn(k, generator=generator, dtype=dtype) / n_out)

    @classmethod
    def fixed(cls, U: Tensor, shape: tuple[int, int]) -> Self:
        """The layer whose U, dense or sparse, is known and stays as it is: shape (n_out, n_in), v starts at zero."""
        U, n_out, n_in = subspaces.require_rows("ReparameterizedLinear.fixed", U, shape)
        U = U if U.is_floating_point() else U.to(torch.get_default_dtype())
        layer = cls(n_in, n_out, 1, dtype=U.dtype)
        del layer.U
        layer.register_buffer("U", U)
        layer.v = nn.Parameter(torch.zeros(U.shape[1], dtype=U.dtype))
        return layer

    def weight(self, v: Tensor | None = None) -> Tensor:
        """W = mat(U v): v (tasks, k) -> (tasks, n_out, n_in); without v the layer's own, (n_out, n_in)."""
        v = self.v if v is None else subspaces.as_tensor(v, "v")
        if v.dtype != self.v.dtype:
            raise TypeError(f"v is {v.dtype} and the layer {self.v.dtype}; write v.to({self.v.dtype})")
        if v.shape[-1:] != self.v.shape:
            raise ValueError(
                f"v has shape {tuple(v.shape)}; a filter of this layer has {len(self.v)} numbers, (..., k)"
            )
        return (self.U @ v.reshape(-1, v.shape[-1]).T).T.reshape(*v.shape[:-1], self.n_out, self.n_in)

    def features(self, x: Tensor) -> Tensor:
        """Φ with W x = Φ v, the layer as a function of v: x (tasks, examples, n_in) -> (tasks, examples, n_out, k)."""
        self._check(x)
        if x.ndim != 3:
            raise ValueError(f"features: x has shape {tuple(x.shape)}; give (tasks, examples, {self.n_in})")
        return torch.einsum("tsi,oik->tsok", x, self.U.to_dense().reshape(self.n_out, self.n_in, -1))

    def forward(self, x: Tensor, v: Tensor | None = None) -> Tensor:
        self._check(x)
        W = self.weight(v)
        if W.ndim == 3 and x.ndim > 2 and len(x) != len(W):
            raise ValueError(f"x has {len(x)} tasks and v {len(W)}; give one v (k,) for each task")
        return x @ W.mT

    def _check(self, x: Tensor) -> None:
        if not isinstance(x, Tensor):
            raise TypeError(f"x is a {type(x).__name__}; a layer takes a tensor (…, {self.n_in})")
        if x.shape[-1:] != (self.n_in,):
            raise ValueError(f"x has shape {tuple(x.shape)}; this layer maps R^{self.n_in} to R^{self.n_out}")
        if x.dtype != self.v.dtype:
            raise TypeError(f"x is {x.dtype} and the layer {self.v.dtype}; write x.to({self.v.dtype})")

    def extra_repr(self) -> str:
        return f"{self.n_in} → {self.n_out}, U {tuple(self.U.shape)}"


class ReparameterizedConv2d(nn.Conv2d):
    """The convolution whose kernel is mat(U v), U = A ⊗ B ⊗ C on (c_out, c_in, kernel²), or one dense U of k columns.

    It is `reparameterize(nn.Conv2d(...), k)` with its start drawn from the generator: the default k gives square
    factors, E at the start, and a tuple their columns. `meta_learning.Adapted` gives every task its own v.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int,
        k: Ranks = None,
        padding: int = 0,
        bias: bool = False,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        for what, size in (("c_in", c_in), ("c_out", c_out), ("kernel", kernel)):
            subspaces.require_integer(f"ReparameterizedConv2d: {what}", size)
        subspaces.require_generator("ReparameterizedConv2d", generator)
        super().__init__(c_in, c_out, kernel, padding=padding, bias=bias, dtype=dtype)
        bound = (c_in * kernel**2) ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
        reparameterize(self, k, generator)

    @property
    def U(self) -> Tensor:
        """The symmetry matrix of the kernel written out, (c_out·c_in·kernel², k)."""
        return matrices(self)["weight"].U


def indicators(pattern: Tensor) -> Tensor:
    """The U of a known pattern, one 0/1 column a label: (n_out, n_in) -> sparse (n_out·n_in, labels); −1 is no column.

    `ReparameterizedLinear.fixed(indicators(pattern), pattern.shape)` is a convolution, a locally connected layer (every
    weight of a band its own label), a fully connected one (every weight its own label), any layer with tied weights.
    """
    labels = subspaces.as_tensor(pattern, "pattern").flatten()
    used = (labels >= 0).nonzero()[:, 0]
    if labels.dtype != torch.int64 or len(used) == 0:
        raise ValueError(f"indicators: a pattern is of int64 labels, one or more ≥ 0, not {labels.dtype} {labels}")
    index = torch.stack([used, labels[used]])
    return torch.sparse_coo_tensor(
        index, torch.ones(len(used)), (len(labels), int(labels.max()) + 1), check_invariants=True
    ).coalesce()
