"""Invariant networks: Deep Sets, derived from power sums, and the same construction for any group."""

from eqkit.deep_sets.collisions import collision, pair_collision, set_distance
from eqkit.deep_sets.comparison import NO_SYMMETRY, Row, ball, compare, sized
from eqkit.deep_sets.invariant_network import CONSTRUCTIONS, InvariantNetwork, features_of
from eqkit.deep_sets.limits import Jump, largest_jump, truncated_means
from eqkit.deep_sets.orbits import Everything, Frame, PolynomialDesign, Reading, Sampled
from eqkit.deep_sets.point_clouds import FramedSets, gram
from eqkit.deep_sets.power_sums import (
    elementary,
    equal_power_sums,
    from_power_sums,
    jacobian,
    newton,
    power_sums,
)
from eqkit.deep_sets.sets import DeepSets, SetLinear, mlp, pool
from eqkit.deep_sets.training import Progress, train

__all__ = [
    "CONSTRUCTIONS",
    "DeepSets",
    "Everything",
    "Frame",
    "FramedSets",
    "InvariantNetwork",
    "Jump",
    "NO_SYMMETRY",
    "PolynomialDesign",
    "Progress",
    "Reading",
    "Row",
    "Sampled",
    "SetLinear",
    "ball",
    "collision",
    "compare",
    "elementary",
    "equal_power_sums",
    "features_of",
    "from_power_sums",
    "gram",
    "jacobian",
    "largest_jump",
    "mlp",
    "newton",
    "pair_collision",
    "pool",
    "power_sums",
    "set_distance",
    "sized",
    "train",
    "truncated_means",
]
