"""From pairs (x, y) to equations in matrix space: the group that leaves a hidden function alone, at every dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit.discovery.fitting import Fitted, fit_polynomial
from eqkit.discovery.lie_algebra import Discovery, discover_lie_algebra
from eqkit.discovery.structure import closed
from eqkit.equations import EquationSystem, J, Word, learn_equations
from eqkit.subspaces import as_tensor, require_integer


@dataclass(frozen=True, eq=False)
class FromData:
    """The equations, the Lie algebra found at each n, and the hold-out error of the function fitted at each n."""

    system: EquationSystem
    discoveries: dict[int, Discovery]
    errors: dict[int, float]

    def __str__(self) -> str:
        return str(self.system)

    __repr__ = __str__


def learn_equations_from_data(
    data: Mapping[int, tuple[Tensor, Tensor]],
    letters: Sequence[Word] = (J,),
    degree: int = 2,
    count: int = 200,
    fitter: Callable[[Tensor, Tensor], Fitted] = fit_polynomial,
    generator: torch.Generator | None = None,
) -> FromData:
    """Equations of the group with f(M x) = f(x), where only examples y = f(x) + noise at some sizes n are known.

    data: {n: (x, y)}, x (N, n) or (N, copies, n). At each n: fit f; its Lie algebra (`discover_lie_algebra`), moved to
    the nearest one closed under brackets; `count` elements exp(A), A up to 3√n long in it. All sizes together go to
    `equations.learn_equations`. Its noise is a tenth of the least violation, for what f does at single examples
    averages out in the algebra (measured: 5 to 15 times). Only the connected part of the group is seen. ValueError: a
    size without continuous symmetry, or what learn_equations refuses.
    """
    require_integer("learn_equations_from_data: count", count, 2)
    if (
        not isinstance(data, Mapping)
        or not data
        or any(not isinstance(p, Sequence) or len(p) != 2 for p in data.values())
    ):
        raise ValueError(f"data is a dictionary {{n: (x, y)}} of one size or more, not {data!r:.60}")
    if not callable(fitter):
        raise TypeError(f"fitter is {fitter!r}; give fit, fit_polynomial or a function of x and y")
    samples, discoveries, errors = {}, {}, {}
    for n, (x, y) in sorted(data.items()):
        if as_tensor(x, "x").shape[-1:] != (n,):
            raise ValueError(f"data[{n}]: x has shape {tuple(x.shape)}; it is (N, {n}) or (N, copies, {n})")
        f = fitter(x, y)
        found = discover_lie_algebra(f, x)
        if found.dimension == 0:
            raise ValueError(f"n = {n}: {found}; the function fitted there errs by {f.error:.1e} of the variance of y")
        A, _ = closed(found.basis)
        t = torch.randn(count, len(A), generator=generator, dtype=torch.float64)
        t = (
            t
            / t.norm(dim=1, keepdim=True)
            * 3
            * n**0.5
            * torch.rand(count, 1, generator=generator, dtype=torch.float64)
        )
        samples[n] = torch.matrix_exp(torch.einsum("cd,dij->cij", t, A))
        discoveries[n], errors[n] = found, f.error
    noise = 0.1 * min(found.violation for found in discoveries.values())
    system = learn_equations(samples, letters, degree, noise=noise if noise > 1e-9 else 0.0)
    return FromData(system, discoveries, errors)
