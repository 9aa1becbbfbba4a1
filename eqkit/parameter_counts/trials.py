"""One cell of a phase diagram: a hidden group, so many tasks and shots, one arm; and what came out of it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from eqkit.parameter_counts.arms import Arm
from eqkit.parameter_counts.fitting import Fit
from eqkit.parameter_counts.problems import Problem
from eqkit.subspaces import require_generator, require_integer


class Trial(NamedTuple):
    """What an arm found: for each seed the start that fits its tasks best, and the curves of the first seed."""

    sine: Tensor  # (seeds,) of the largest principal angle to the hidden space
    query: Tensor  # (seeds,) relative loss on new tasks
    loss: Tensor  # (seeds,) mean squared residual on the tasks seen
    step: list[int]
    curves: Tensor  # (2, kept steps): loss and sine
    U: Tensor  # (seeds, mn, k)

    @property
    def recovered(self) -> float:
        """The share of seeds with a sine below 1e-3."""
        return float((self.sine < 1e-3).double().mean())

    @property
    def fitted(self) -> float:
        """The share of seeds with a residual below 1e-16; more than `recovered` where the tasks do not determine U."""
        return float((self.loss < 1e-16).double().mean())


def trial(problem: Problem, arm: Arm, starts: int = 4, generator: torch.Generator | None = None) -> Trial:
    """Fit by the arm from `starts` random starts a seed, and keep of each seed the one with the least residual.

    The choice looks at the residual alone, never at the hidden space. About 24 steps of 1000 are kept for the curves,
    the first ones and then further and further apart.
    """
    require_integer("trial: starts", starts)
    require_generator("trial", generator)
    if not isinstance(problem, Problem) or not isinstance(arm, Arm):
        raise TypeError(f"trial({problem!r:.40}, {arm!r:.40}): give a Problem and an Arm, such as DENSE")
    seeds, due, kept = len(problem.x), 0.0, dict[int, Fit]()
    for step, fit in enumerate(arm.fit(problem.repeated(starts), generator)):
        if step >= due:
            kept[step], due = fit, max(step + 1, 1.35 * step)
    kept[step] = fit
    best = fit.loss.reshape(seeds, starts).argmin(1) + starts * torch.arange(seeds)
    U, first = fit.U[best], int(best[0])
    curves = torch.stack([torch.stack([f.loss[first], problem.sine(f.U[first])]) for f in kept.values()], 1)
    return Trial(problem.sine(U), problem.query_error(U), fit.loss[best], list(kept), curves, U)
