"""Symmetry as equations in matrix space: `M Mᵀ = E` describes the orthogonal group at every n with two coefficients.

    >>> from eqkit import equations
    >>> equations.EquationSystem("M Mᵀ = E").dimension(4)
    6

`words` are the expressions, an `EquationSystem` is a set of equalities between them, and `learn_equations` finds one
from samples at n = 3, 4, 5.
"""

from eqkit.equations.learn import learn_equations
from eqkit.equations.system import Equation, EquationSystem, Evidence
from eqkit.equations.words import E, J, M, S, Word, X, eta, letter, parse_word, words

__all__ = [
    "E",
    "Equation",
    "EquationSystem",
    "Evidence",
    "J",
    "M",
    "S",
    "Word",
    "X",
    "eta",
    "learn_equations",
    "letter",
    "parse_word",
    "words",
]
