"""Matrices that stay orthogonal, unitary, symplectic, … while they are trained.

    >>> from eqkit import unitary
    >>> layer = unitary.UnitaryMatrix(8)  # .matrix is unitary whatever its 64 parameters are

`maps` are the formulas, `GroupMatrix` and its kin are modules on torch.nn.utils.parametrize.
"""

from eqkit.unitary.constraints import WAYS, Examples, Row, compare_constraints, examples
from eqkit.unitary.derivatives import dexp_block, dexp_eigen, dexp_series
from eqkit.unitary.forms import isometry_group
from eqkit.unitary.learning import ProjectedMatrix, Snapshot, learn, losses
from eqkit.unitary.maps import cayley, composition, exp_skew, householder, inverse_cayley, log, polar, procrustes
from eqkit.unitary.modules import GroupMatrix, OrthogonalMatrix, UnitaryMatrix, parameter_count
from eqkit.unitary.recurrent import LSTM, OrthogonalRNN, Progress, train

__all__ = [
    "Examples",
    "GroupMatrix",
    "LSTM",
    "OrthogonalMatrix",
    "OrthogonalRNN",
    "Progress",
    "ProjectedMatrix",
    "Row",
    "Snapshot",
    "UnitaryMatrix",
    "WAYS",
    "cayley",
    "compare_constraints",
    "composition",
    "dexp_block",
    "dexp_eigen",
    "dexp_series",
    "examples",
    "exp_skew",
    "householder",
    "inverse_cayley",
    "isometry_group",
    "learn",
    "log",
    "losses",
    "parameter_count",
    "polar",
    "procrustes",
    "train",
]
