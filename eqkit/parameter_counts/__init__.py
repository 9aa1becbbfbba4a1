"""How many parameters does a symmetry take? Counts, what data can determine, and what is recovered from it.

`count(V, W)` lists the descriptions of Hom_G(V, W) with their numbers; `visible_dimension` and `identifiable` compute
the same numbers as ranks. `arms` recover a hidden Hom from a fixed set of tasks, each by its own description, and
`sweep` runs them over a grid, on all cores or on a cluster.
"""

from eqkit.parameter_counts.counting import Count, ParameterCounts, count, hom_dimension
from eqkit.parameter_counts.dimensions import DataBound, data_bound, gram, grassmannian, kronecker, low_rank
from eqkit.parameter_counts.isotypes import isotypes, lower_bound

__all__ = [
    "Count",
    "DataBound",
    "ParameterCounts",
    "count",
    "data_bound",
    "gram",
    "grassmannian",
    "hom_dimension",
    "isotypes",
    "kronecker",
    "low_rank",
    "lower_bound",
]
