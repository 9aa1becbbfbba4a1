"""Symmetry matrices: a weight W = mat(U v) whose sharing pattern U is learned, and the group that can be read off it.

Meta-learning symmetries by reparameterization (Zhou, Knowles & Finn 2020). Each column of U (out·in, k) is a weight
matrix written row by row; the filter v (k,) mixes them. What W can be depends on span(U) alone, and a layer with
span(U) = Hom_G(V, W) is the equivariant layer of the group G.
"""

from eqkit.symmetry_matrices.layers import ReparameterizedConv2d, ReparameterizedLinear, indicators
from eqkit.symmetry_matrices.parametrize import SymmetryMatrix, filters, matrices, reparameterize, restore
from eqkit.symmetry_matrices.patterns import (
    automorphism_group,
    automorphism_pairs,
    learned_space,
    partition_distance,
    sharing_pattern,
)
from eqkit.symmetry_matrices.recovery import Recovery, recover

__all__ = [
    "Recovery",
    "ReparameterizedConv2d",
    "ReparameterizedLinear",
    "SymmetryMatrix",
    "automorphism_group",
    "automorphism_pairs",
    "filters",
    "indicators",
    "learned_space",
    "matrices",
    "partition_distance",
    "recover",
    "reparameterize",
    "restore",
    "sharing_pattern",
]
