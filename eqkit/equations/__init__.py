"""Symmetry as equations in matrix space: `M Mᵀ = E` describes the orthogonal group at every n with two coefficients.

    >>> from eqkit import equations
    >>> equations.EquationSystem("M Mᵀ = E").dimension(4)
    6

`words` are the expressions, an `EquationSystem` is a set of equalities between them, and `learn_equations` finds one
from samples at n = 3, 4, 5. `DimensionFree` is a symmetry matrix in words, `AnyDimensionalNetwork` a
network for every n.
"""

from eqkit.equations.any_dimensional import AnyDimensionalLinear, AnyDimensionalNetwork
from eqkit.equations.dimension_free import DimensionFree, dictionary, dimension_free_arm, mean, misfit
from eqkit.equations.equation import Equation, Evidence
from eqkit.equations.expressions import E, J, M, Word, det, det_complex, trace
from eqkit.equations.learn import learn_equations
from eqkit.equations.named import NAMES, named
from eqkit.equations.system import Closure, EquationSystem
from eqkit.equations.traces import trace_dimension, trace_words
from eqkit.equations.without_elements import commutant, members, relate
from eqkit.equations.words import R, S, X, Y, Z, eta, letter, metric, parse_word, words

__all__ = [
    "AnyDimensionalLinear",
    "AnyDimensionalNetwork",
    "Closure",
    "DimensionFree",
    "E",
    "Equation",
    "EquationSystem",
    "Evidence",
    "J",
    "M",
    "NAMES",
    "R",
    "S",
    "Word",
    "X",
    "Y",
    "Z",
    "commutant",
    "det",
    "det_complex",
    "dictionary",
    "dimension_free_arm",
    "eta",
    "learn_equations",
    "letter",
    "mean",
    "members",
    "metric",
    "misfit",
    "named",
    "parse_word",
    "relate",
    "trace",
    "trace_dimension",
    "trace_words",
    "words",
]
