"""The Reynolds operator: averaging over the group is projecting onto the symmetric functions.

    (R f)(x) = 1/|G| Σ_g W(g)⁻¹ f(V(g) x)        R² = R,  R f = f ⇔ f is equivariant

`project(f, V, W)` is R f, and `projector(V)` is the matrix of R on vectors of V. A `Design` says which elements are
averaged: all of a finite group, fewer that give the same average for the functions at hand, or a random sample.
Sources: Sturmfels, Algorithms in Invariant Theory, §2.1; Murphy et al., Janossy Pooling (2019), for sampled tuples.
"""

from eqkit.reynolds.designs import Design, cosets, everything, reading, sample
from eqkit.reynolds.operator import Average, project, projector
from eqkit.reynolds.quadrature import class_functions, polynomials

__all__ = [
    "Average",
    "Design",
    "class_functions",
    "cosets",
    "everything",
    "polynomials",
    "project",
    "projector",
    "reading",
    "sample",
]
