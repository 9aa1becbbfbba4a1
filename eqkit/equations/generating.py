"""A minimal part of the equations that implies the others: by proof where there is one, and else on samples."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from torch import Generator, Tensor

from eqkit import subspaces
from eqkit.equations.equation import Equation
from eqkit.equations.ideal import Ideal
from eqkit.equations.system import EquationSystem
from eqkit.equations.words import Word, simplicity


def generating_set(
    equations: Sequence[Equation],
    letters: Sequence[Word],
    sizes: Sequence[int],
    degree: int,
    invertible: bool,
    sample: Tensor,
) -> tuple[list[Equation], list[Equation], list[Equation]]:
    """Equations none of which follows from the others; those that do by proof; those that do on samples alone.

    M Mᵀ = E is kept if it is there, and then simple equations are. An equation that fails at a solution of the others,
    found by descent from random matrices, or cuts their tangent space near the `sample` (n, n), follows from them in no
    way; for the rest a proof is looked for (`Ideal`, with these letters, sizes, degree and invertibility).
    """
    hadamard = any("∘" in str(e) for e in equations)
    ideal = Ideal(letters, sizes, degree, hadamard, invertible)
    consequences = functools.cache(ideal.consequences)
    candidates = sorted(equations, key=lambda e: (str(e) != "M Mᵀ = E", simplicity(e.terms[0][1])))
    kept: list[Equation] = []
    sampled: list[Equation] = []

    def following(equations: Sequence[Equation], others: Sequence[Equation]) -> list[Equation]:
        """Those that follow from the others, the ones without a proof noted in `sampled`."""
        unproved = found = _holding(equations, others, sample)
        for levels in (1, 2, 3):
            unproved = ideal.missing(unproved, [consequences(o, levels) for o in others]) if unproved else []
        sampled.extend(unproved)
        return found

    while candidates:
        kept.append(candidates.pop(0))
        dropped = following(candidates, kept)
        candidates = [e for e in candidates if e not in dropped]
    for e in reversed(kept.copy()):
        others = [o for o in kept if o != e]
        if others and following([e], others):
            kept = others
    return kept, [e for e in equations if e not in (*kept, *sampled)], sampled


def _holding(equations: Sequence[Equation], others: Sequence[Equation], sample: Tensor) -> list[Equation]:
    """Those that hold at solutions of the others, with tangent vectors near the sample; none if none are found."""
    system = EquationSystem(*others)
    try:
        points = system.sample(len(sample), 12, Generator().manual_seed(0)) if equations else sample
    except RuntimeError:
        return []
    near = system.descend(sample, 25)  # the sample itself, or without its noise
    tangent = subspaces.null_space(system.jacobian(near)) if equations else near
    return [
        e
        for e in equations
        if e.relative(points).max() < 1e-6 and (EquationSystem(e).jacobian(near) @ tangent).norm() < 1e-6
    ]
