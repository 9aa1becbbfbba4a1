"""Equations of the groups that have a name: the classical groups, permutations and their relatives."""

from __future__ import annotations

import re

from eqkit.equations.system import EquationSystem
from eqkit.equations.words import metric

NAMES: dict[str, tuple[str, ...]] = {
    # real
    "GL": (),
    "SL": ("det(M) E = E",),
    "O": ("M Mᵀ = E",),
    "SO": ("M Mᵀ = E", "det(M) E = E"),
    "scaled O": ("M Mᵀ = tr(M Mᵀ)/n E",),
    "O(1,q)": ("M η Mᵀ = η",),
    "SO(1,q)": ("M η Mᵀ = η", "det(M) E = E"),
    "Sp": ("M X Mᵀ = X",),
    "affine": ("Z M = Z",),
    "Euclidean": ("Z M = Z", "M Mᵀ = M Z Mᵀ + E − Z"),
    # complex, m × m as real 2m × 2m, and quaternionic, m × m as real 4m × 4m
    "GL(ℂ)": ("M X = X M",),
    "SL(ℂ)": ("M X = X M", "det_C(M) = E"),
    "U": ("M Mᵀ = E", "M X = X M"),
    "SU": ("M Mᵀ = E", "M X = X M", "det_C(M) = E"),
    "GL(ℍ)": ("M X = X M", "M Y = Y M"),
    "Sp(ℍ)": ("M Mᵀ = E", "M X = X M", "M Y = Y M"),
    # permutations and their relatives; where inverses are wanted, the regular ones
    "permutations": ("M Mᵀ = E", "M∘M = M"),
    "signed permutations": ("M Mᵀ = E", "M∘M∘M = M"),
    "sign matrices": ("M Mᵀ = E", "M∘E = M"),
    "diagonal": ("M∘E = M",),
    "circulants": ("M S = S M",),
    "centrosymmetric": ("M R = R M",),
    "row sums 1": ("M J = J",),
    "doubly stochastic": ("M J = J", "J M = J"),
    # no groups
    "symmetric": ("Mᵀ = M",),
    "reflections": ("M Mᵀ = E", "Mᵀ = M"),
    "projections": ("Mᵀ = M", "M M = M"),
    "Hadamard": ("M∘M = J", "M Mᵀ = tr(M Mᵀ)/n E"),
}


def named(name: str) -> EquationSystem:
    """The equations with a name of `NAMES`, and O(p,q) for every number p: `named("O(2,q)")` holds at every n ≥ 2.

    Solutions of the last four are no groups. "doubly stochastic" says nothing of signs, for positivity is no equation.
    """
    indefinite = re.fullmatch(r"O\((\d{1,9}),q\)", str(name))
    if name not in NAMES and not indefinite:
        raise ValueError(
            f"no equations are called {name!r}; the names are {', '.join(NAMES)}, and O(p,q) with a number p"
        )
    if name in NAMES:
        return EquationSystem(*NAMES[name])
    form = metric(int(indefinite[1]))  # type: ignore[index]
    return EquationSystem(f"M {form} Mᵀ = {form}", letters=(form,))
