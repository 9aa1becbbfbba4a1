"""Which group is in this data? The symmetries of a function or a trained network, found, measured and named.

    >>> from eqkit import discovery
    >>> found = discovery.discover_lie_algebra(lambda x: x.square().sum(1).sin(), torch.randn(100, 3))
    >>> discovery.identify(found).name
    'so(3)'

`lie_algebra` finds continuous symmetries, `structure` and `naming` say which algebra they are, `finite` finds
permutations, `partial` says how much symmetry there is, `augmentation` learns how far it reaches, and
`equations_from_data` goes on to equations that hold at every dimension.
"""

from eqkit.discovery.augmentation import TURN, TURN_AND_GROW, Ranges, learn_ranges, sectors
from eqkit.discovery.equations_from_data import FromData, learn_equations_from_data
from eqkit.discovery.finite import PERMUTATIONS, SIGNED, FiniteSymmetries, finite_symmetries, search
from eqkit.discovery.fitting import Fitted, fit, fit_polynomial
from eqkit.discovery.lie_algebra import Discovery, bracket_closure, discover_lie_algebra, readable
from eqkit.discovery.naming import Identification, abstract_names, identify
from eqkit.discovery.partial import IMAGE_TRANSFORMATIONS, asymmetry, asymmetry_under, image_asymmetry
from eqkit.discovery.structure import closed

__all__ = [
    "IMAGE_TRANSFORMATIONS",
    "PERMUTATIONS",
    "SIGNED",
    "TURN",
    "TURN_AND_GROW",
    "Discovery",
    "FiniteSymmetries",
    "Fitted",
    "FromData",
    "Identification",
    "Ranges",
    "abstract_names",
    "asymmetry",
    "asymmetry_under",
    "bracket_closure",
    "closed",
    "discover_lie_algebra",
    "finite_symmetries",
    "fit",
    "fit_polynomial",
    "identify",
    "image_asymmetry",
    "learn_equations_from_data",
    "learn_ranges",
    "readable",
    "search",
    "sectors",
]
