"""Features: invariant functions of a representation, by name; what an invariant network reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from eqkit.invariants.polynomials import Polynomial, PolynomialMap
from eqkit.representations import Representation
from eqkit.subspaces import as_tensor


@dataclass(frozen=True, eq=False)
class Features:
    """k invariant functions of x in V: called with x (..., V.size) they give (..., k), differentiable, in x's dtype.

    names   what each function is, (k,)
    source  why they suffice: the theorem, or how they were found
    degrees of the functions that are polynomials, (k,), else empty; `polynomials` where they are written out
    """

    representation: Representation
    names: tuple[str, ...]
    evaluate: Callable[[Tensor], Tensor]
    source: str
    degrees: tuple[int, ...] = ()
    polynomials: tuple[Polynomial, ...] = ()

    @staticmethod
    def of(polynomials: tuple[Polynomial, ...], V: Representation, source: str) -> Features:
        """The features that these polynomials in the coordinates of V are."""
        names, degrees = tuple(map(str, polynomials)), tuple(f.degree for f in polynomials)
        return Features(V, names, PolynomialMap(polynomials, V.size), source, degrees, polynomials)

    @property
    def group(self) -> Any:
        """The group that leaves the functions alone."""
        return self.representation.group

    @property
    def size(self) -> int:
        """How many functions there are, k."""
        return len(self.names)

    def __call__(self, x: Tensor) -> Tensor:
        V, x = self.representation, as_tensor(x, "x")
        if x.shape[-1:] != (V.size,):
            raise ValueError(f"features of {V} of {V.group} take x (..., {V.size}); x has shape {tuple(x.shape)}")
        return self.evaluate(x if x.is_floating_point() or x.is_complex() else x.double())

    def __repr__(self) -> str:
        few = ", ".join(self.names[:6]) + (", …" if self.size > 6 else "")
        return f"{self.size} invariants of {self.representation} of {self.group}: {few}"


def copies(V: Representation, what: str) -> int:
    """m for V = m · G.vector; ValueError if V is something else."""
    m, n = divmod(V.size, V.group.n)
    if n or m * V.group.vector != V:
        raise ValueError(f"{what} takes m copies of the defining representation, m * G.vector; {V} is none")
    return m
