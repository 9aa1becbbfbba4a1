"""Computational invariant theory: polynomials, Molien series, and invariant rings with generators."""

from eqkit.invariants.bounds import Bound, degree_bound, hsop_bound
from eqkit.invariants.features import Features
from eqkit.invariants.fundamental import fundamental
from eqkit.invariants.generators import Certificate
from eqkit.invariants.molien import molien_series
from eqkit.invariants.parsing import polynomial
from eqkit.invariants.polynomials import Polynomial, PolynomialMap
from eqkit.invariants.ring import InvariantRing, invariant_ring
from eqkit.invariants.separating import Constants, bilipschitz, max_filter, orbit_distance, separating, sorting
from eqkit.invariants.spaces import basis, project

__all__ = [
    "Constants",
    "bilipschitz",
    "max_filter",
    "orbit_distance",
    "separating",
    "sorting",
    "Bound",
    "Certificate",
    "Features",
    "InvariantRing",
    "Polynomial",
    "PolynomialMap",
    "basis",
    "degree_bound",
    "fundamental",
    "hsop_bound",
    "invariant_ring",
    "molien_series",
    "polynomial",
    "project",
]
