"""Meta-learning: many small tasks share U; an inner solver fits v to each task, an outer loop improves what is shared.

MAML (Finn, Abbeel & Levine 2017) adapts every parameter of a network, ANIL its last layer, MSR (Zhou, Knowles & Finn
2020) the filters v of layers W = mat(U v): `Adapted` says which parameters of a module adapt, and the loop is the same.
The outer loop is an iterator of snapshots: a script, a test, a live widget and a scrubber consume the same one, and
stopping is not asking for the next.
"""

from eqkit.meta_learning.adapted import Adapted
from eqkit.meta_learning.episodes import (
    Adaptable,
    Episodes,
    LinearInFilter,
    Loss,
    Tasks,
    accuracy,
    cross_entropy,
    mean_squared_error,
    task_losses,
)
from eqkit.meta_learning.inner import GradientSteps, LeastSquares, OwnFilters, Prototypes
from eqkit.meta_learning.outer import MetaLearning, evaluate, meta_learn, multitask
from eqkit.meta_learning.runs import Snapshot, load_run, save_run

__all__ = [
    "Adaptable",
    "Adapted",
    "Episodes",
    "GradientSteps",
    "LeastSquares",
    "LinearInFilter",
    "Loss",
    "MetaLearning",
    "OwnFilters",
    "Prototypes",
    "Snapshot",
    "Tasks",
    "accuracy",
    "cross_entropy",
    "evaluate",
    "load_run",
    "mean_squared_error",
    "meta_learn",
    "multitask",
    "save_run",
    "task_losses",
]
