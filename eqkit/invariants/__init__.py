"""Computational invariant theory: polynomials, Molien series, and invariant rings with generators."""

from eqkit.invariants.binary_forms import binary_form, transvectant
from eqkit.invariants.bounds import Bound, degree_bound, hsop_bound
from eqkit.invariants.equivariants import Equivariants, equivariants
from eqkit.invariants.features import Features
from eqkit.invariants.fundamental import fundamental
from eqkit.invariants.generators import Certificate
from eqkit.invariants.molien import molien_series
from eqkit.invariants.parsing import polynomial
from eqkit.invariants.polarisation import polarisations
from eqkit.invariants.polynomials import Polynomial, PolynomialMap
from eqkit.invariants.ring import InvariantRing, invariant_ring
from eqkit.invariants.separating import Constants, bilipschitz, max_filter, orbit_distance, separating, sorting
from eqkit.invariants.spaces import basis, project
from eqkit.invariants.tori import circle, hilbert_basis, torus

__all__ = [
    "Bound",
    "Certificate",
    "Constants",
    "Equivariants",
    "Features",
    "InvariantRing",
    "Polynomial",
    "PolynomialMap",
    "basis",
    "bilipschitz",
    "binary_form",
    "circle",
    "degree_bound",
    "equivariants",
    "fundamental",
    "hilbert_basis",
    "hsop_bound",
    "invariant_ring",
    "max_filter",
    "molien_series",
    "orbit_distance",
    "polarisations",
    "polynomial",
    "project",
    "separating",
    "sorting",
    "torus",
    "transvectant",
]
