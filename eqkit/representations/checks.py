"""The public test kit: is a function equivariant, is it invariant? A failure names the worst g and x."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eqkit.representations.algebra import Representation


def require_representation(V: object, what: str) -> None:
    """TypeError where V is no representation."""
    if not isinstance(V, Representation):
        raise TypeError(f"{what}: {V!r} is no representation; give one, such as G.vector or 3 * G.vector + G.trivial")


def equivariance_error(
    f: Callable[[Tensor], Tensor],
    V: Representation,
    W: Representation,
    x: Tensor | None = None,
    count: int = 16,
    generator: torch.Generator | None = None,
) -> tuple[float, Tensor, Tensor]:
    """The largest |f(V(g) x) − W(g) f(x)| relative to 1 + |f(x)|, over the generators and random g, with its g and x.

    f maps (count, V.size) to (count, W.size), float64. x (count, V.size) are the inputs to try, Gaussian unless given.
    """
    generator = generator or torch.Generator().manual_seed(0)
    V._same_group(W, "→")
    G = V.group
    g = torch.cat([G.generators, G.random_products(count, generator)])
    if x is None:
        x = torch.randn(count, V.size, dtype=V(g[0]).dtype, generator=generator)
    before = f(x)
    if before.shape != (len(x), W.size):
        raise ValueError(
            f"f maps {tuple(x.shape)} to {tuple(before.shape)}; for {V} → {W} it must be {(len(x), W.size)}"
        )
    errors = torch.stack([(f(V.act(h, x).to(x.dtype)) - W.act(h, before)).abs().amax(-1) for h in g])
    errors = (errors / (1 + before.abs().amax(-1))).detach()
    i, j = divmod(int(errors.nan_to_num(nan=torch.inf).argmax()), len(x))
    return float(errors[i, j]), g[i], x[j]


def assert_equivariant(
    f: Callable[[Tensor], Tensor],
    V: Representation,
    W: Representation,
    tolerance: float = 1e-6,
    x: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> None:
    """f(V(g) x) = W(g) f(x) for the generators and random elements g; AssertionError names the worst g and x."""
    error, g, worst = equivariance_error(f, V, W, x, generator=generator)
    if not error <= tolerance:
        raise AssertionError(
            f"f: {V} → {W} is not equivariant to {V.group}: relative error {error:.1e} > {tolerance:.0e} "
            f"at\ng =\n{g}\nx = {worst}"
        )


def assert_invariant(
    f: Callable[[Tensor], Tensor],
    V: Representation,
    tolerance: float = 1e-6,
    x: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> None:
    """f(V(g) x) = f(x), for f: (count, V.size) -> (count,) or (count, k): equivariance into the trivial one."""
    probe = f(torch.zeros(1, V.size, dtype=torch.float64) if x is None else x[:1])
    copies = probe[0].numel()
    assert_equivariant(lambda y: f(y).reshape(len(y), copies), V, copies * V.group.trivial, tolerance, x, generator)
