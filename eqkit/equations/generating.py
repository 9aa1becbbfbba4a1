"""A minimal part of the equations that implies the others: by proof where there is one, and else on samples."""

from __future__ import annotations

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
    candidates = sorted(equations, key=lambda e: (str(e) != "M Mᵀ = E", simplicity(e.terms[0][1])))
    kept: list[Equation] = []
    while candidates:
        kept.append(candidates.pop(0))
        following = _holding(candidates, kept, sample)
        candidates = [e for e in candidates if e not in following]
    for e in reversed(kept.copy()):
        others = [o for o in kept if o != e]
        if others and _holding([e], others, sample):
            kept = others
    left = [e for e in equations if e not in kept]
    hadamard = any("∘" in str(e) for e in equations)
    occurring = {leaf.head for e in equations for _, w in e.terms for leaf in w.leaves}
    letters = [w for w in letters if w.scalar or {leaf.head for leaf in w.leaves} <= occurring]
    proved = Ideal(letters, sizes, degree, hadamard, invertible).proved(left, kept) if left else []
    return kept, proved, [e for e in left if e not in proved]


def _holding(equations: Sequence[Equation], others: Sequence[Equation], sample: Tensor) -> list[Equation]:
    """Those that hold at solutions of the others, with tangent vectors near the sample; none if none are found."""
    system = EquationSystem(*others)
    near = system.descend(sample, 25)  # the sample itself, or without its noise
    tangent = subspaces.null_space(system.jacobian(near)) if equations else near
    equations = [e for e in equations if (EquationSystem(e).jacobian(near) @ tangent).norm() < 1e-6]
    try:
        points = system.sample(len(sample), 12, Generator().manual_seed(0)) if equations else sample
    except RuntimeError:
        return []
    return [e for e in equations if e.relative(points).max() < 1e-6]
