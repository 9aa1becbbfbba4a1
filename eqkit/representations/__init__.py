"""Representations: a group written as matrices. They are values with an algebra, and come with a public test kit.

The group is a value here: this package uses its `n`, `generators`, `lie_algebra`, `monomial`, `index` and
`cayley_graph`, and imports no group.
"""

from eqkit.representations.algebra import Leaf, Representation
from eqkit.representations.checks import (
    assert_equivariant,
    assert_invariant,
    equivariance_error,
    require_representation,
)
from eqkit.representations.leaves import Given, Inflated, Regular, Trivial, Vector
from eqkit.representations.monomial import Monomial

__all__ = [
    "Given",
    "Inflated",
    "Leaf",
    "Monomial",
    "Regular",
    "Representation",
    "Trivial",
    "Vector",
    "assert_equivariant",
    "assert_invariant",
    "equivariance_error",
    "require_representation",
]
