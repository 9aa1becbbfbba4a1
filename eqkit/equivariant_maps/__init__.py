"""Equivariant linear maps: `Hom(V, W)` is the space of all of them, found by the fastest route and exact."""

from eqkit.equivariant_maps.hom import Certificate, Hom
from eqkit.equivariant_maps.solvers import Orbits

__all__ = ["Certificate", "Hom", "Orbits"]
