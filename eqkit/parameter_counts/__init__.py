"""How many parameters does a symmetry take? Counts, what data can determine, and what is recovered from it.

`count(V, W)` lists the descriptions of Hom_G(V, W) with their numbers; `visible_dimension` and `free_directions`
compute the same numbers as ranks. An `Arm` recovers a hidden Hom from a fixed set of tasks by its own description of U,
`trial` judges it, and `sweep` runs a table of such questions on all cores or on a cluster.
"""

from eqkit.parameter_counts.arms import ALTERNATING, DENSE, Arm, generators, near_commutant, parametrised
from eqkit.parameter_counts.arms import kronecker as kronecker_arm
from eqkit.parameter_counts.counting import Count, ParameterCounts, count, hom_dimension
from eqkit.parameter_counts.dimensions import DataBound, data_bound, gram, grassmannian, kronecker, low_rank
from eqkit.parameter_counts.fitting import Fit, alternating_least_squares, eliminate, levenberg_marquardt
from eqkit.parameter_counts.generation import generated_dimension, generating_pairs
from eqkit.parameter_counts.isotypes import isotypes, least_shots, lower_bound
from eqkit.parameter_counts.phase import PhaseArm, PhaseCell, PhaseDiagram
from eqkit.parameter_counts.problems import Problem, hidden_problem
from eqkit.parameter_counts.sweep import Progress, progress_bar, results, sweep
from eqkit.parameter_counts.trials import Trial, trial
from eqkit.parameter_counts.visible import free_directions, projector, visible_dimension

__all__ = [
    "ALTERNATING",
    "DENSE",
    "Arm",
    "Count",
    "DataBound",
    "Fit",
    "ParameterCounts",
    "PhaseArm",
    "PhaseCell",
    "PhaseDiagram",
    "Problem",
    "Progress",
    "Trial",
    "alternating_least_squares",
    "count",
    "data_bound",
    "eliminate",
    "free_directions",
    "generated_dimension",
    "generating_pairs",
    "generators",
    "gram",
    "grassmannian",
    "hidden_problem",
    "hom_dimension",
    "isotypes",
    "kronecker",
    "kronecker_arm",
    "least_shots",
    "levenberg_marquardt",
    "low_rank",
    "lower_bound",
    "near_commutant",
    "parametrised",
    "progress_bar",
    "projector",
    "results",
    "sweep",
    "trial",
    "visible_dimension",
]
