"""Meta-learning: many small tasks share U; an inner solver fits v to each task, an outer loop improves what is shared.

MAML (Finn, Abbeel & Levine 2017) with the filter v as the only adapted parameter, which is MSR (Zhou, Knowles & Finn
2020). The outer loop is an iterator of snapshots: a script, a test, a live widget and a scrubber consume the same one,
and stopping is not asking for the next.
"""

from eqkit.meta_learning.episodes import Adaptable, Episodes, LinearInFilter, Tasks, task_losses
from eqkit.meta_learning.inner import GradientSteps, LeastSquares
from eqkit.meta_learning.outer import MetaLearning, evaluate, meta_learn
from eqkit.meta_learning.runs import Snapshot, load_run, save_run

__all__ = [
    "Adaptable",
    "Episodes",
    "GradientSteps",
    "LeastSquares",
    "LinearInFilter",
    "MetaLearning",
    "Snapshot",
    "Tasks",
    "evaluate",
    "load_run",
    "meta_learn",
    "save_run",
    "task_losses",
]
