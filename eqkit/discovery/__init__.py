"""Which group is in this data? The symmetries of a function or a trained network, found, measured and named.

    >>> from eqkit import discovery
    >>> found = discovery.discover_lie_algebra(lambda x: x.square().sum(1).sin(), torch.randn(100, 3))
    >>> discovery.identify(found).name
    'so(3)'
"""

from eqkit.discovery.fitting import Fitted, fit
from eqkit.discovery.lie_algebra import Discovery, discover_lie_algebra
from eqkit.discovery.naming import Identification, identify

__all__ = [
    "Discovery",
    "Fitted",
    "Identification",
    "discover_lie_algebra",
    "fit",
    "identify",
]
