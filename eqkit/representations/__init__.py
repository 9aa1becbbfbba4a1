"""Representations: a group written as matrices. They are values with an algebra, and come with a public test kit.

The group is a value here: this package uses its `n`, `generators`, `lie_algebra`, `monomial`, `index` and
`cayley_graph`, and imports no group.
"""

from eqkit.representations.algebra import Leaf, Monomial, Representation
from eqkit.representations.checks import assert_equivariant, assert_invariant, equivariance_error
from eqkit.representations.leaves import Given, Inflated, Trivial, Vector

__all__ = [
    "Given",
    "Inflated",
    "Leaf",
    "Monomial",
    "Representation",
    "Trivial",
    "Vector",
    "assert_equivariant",
    "assert_invariant",
    "equivariance_error",
]
