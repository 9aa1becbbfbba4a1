"""How many numbers describe a symmetry? One row for each way to write it down, as a formula and in bytes."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from eqkit import reynolds
from eqkit.equivariant_maps import Hom
from eqkit.parameter_counts import dimensions
from eqkit.parameter_counts.isotypes import lower_bound
from eqkit.representations import Monomial, Representation
from eqkit.representations.algebra import Sum
from eqkit.representations.checks import require_representation
from eqkit.subspaces import require_integer, require_memory

LATEX = {"−": "-", "·": r"\cdot ", "Σ": r"\sum ", "dim Hom": r"\dim\mathrm{Hom}", "dim g": r"\dim\mathfrak{g}"}
LATEX |= {"²": "^2", "ᵢ": "_i"}


class Count(NamedTuple):
    """A way to describe the maps V → W, and how many numbers it takes: `number` = `formula`, where `holds` says."""

    name: str
    number: int
    formula: str
    holds: str
    size: int = 4  # bytes of one number: float32, or complex64 for a complex group

    @property
    def bytes(self) -> int:
        """Memory in float32 (complex64 for a complex group)."""
        return self.size * self.number

    @property
    def memory(self) -> str:
        """The bytes as text: "61 B", "33.3 kB"; a kB is 1000 bytes."""
        size, unit = float(self.bytes), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if size >= 999.5:
                size, unit = size / 1000, larger
        return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.3g} {unit}"

    @property
    def latex(self) -> str:
        """The formula in LaTeX, without dollars."""
        text = self.formula
        for plain, tex in LATEX.items():
            text = text.replace(plain, tex)
        return text


@dataclass(frozen=True)
class ParameterCounts:
    """What `count(V, W)` found, by name; None where a description does not apply. Iterates over the others in order."""

    dense: Count
    tied: Count
    entries: Count
    grassmannian: Count
    gradient: Count
    generators: Count
    low_rank: Count | None = None
    kronecker: Count | None = None
    element: Count | None = None
    known_algebra: Count | None = None
    algebra: Count | None = None
    equations: Count | None = None
    lower_bound: Count | None = None

    def __iter__(self) -> Iterator[Count]:
        values = (getattr(self, field.name) for field in fields(self))
        return (value for value in values if value is not None)

    def __str__(self) -> str:
        return "\n".join(f"{c.name:30} {c.number:>12,} {c.memory:>8}  {c.formula:23} {c.holds}" for c in self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("description", "numbers", "memory", "formula", "when"))
        cells = ((c.name, f"{c.number:,}", c.memory, c.formula, c.holds) for c in self)
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
        return f"<table><tr>{head}</tr>{rows}</table>"


def count(
    V: Representation,
    W: Representation,
    k: int | None = None,
    *,
    rank: int | None = None,
    kronecker: Sequence[tuple[int, int]] | None = None,
    equations: int | None = None,
) -> ParameterCounts:
    """The numbers that each description of Hom_G(V, W) takes; weights are (m, n) = (W.size, V.size), U is (mn, k).

    k: columns of U, from dim Hom, which is the default, to mn. rank: of the columns of a low-rank U. kronecker: (size,
    rank) of the factors of U, with Π sizes = mn. equations: how many coefficients the equations of the group have,
    whatever n. G is given by matrices N × N; complex groups by complex numbers, but for their Lie algebras, which are
    real spaces. ValueError for what does not fit.
    """
    for R in (V, W):
        require_representation(R, "count")
    require_memory(float(V.size * W.size), f"Hom({V}, {W})")
    G, m, n, tied = V.group, W.size, V.size, _dimension(V, W)
    k = max(1, tied) if k is None else k
    if require_integer("count: k, the columns of U,", k) not in range(tied, m * n + 1):
        raise ValueError(f"count: k = {k}; Hom({V}, {W}) over {G} has dimension {tied}, so take {tied} ≤ k ≤ {m * n}")
    complex_ = G.generators.is_complex() or G.lie_algebra.is_complex()

    def row(name: str, number: int, formula: str, holds: str, complex_: bool = complex_) -> Count:
        return Count(name, number, formula, holds, 8 if complex_ else 4)

    optional: dict[str, Count] = {}
    if rank is not None:
        number, formula = dimensions.low_rank(k, m, n, rank), "k·min(r(m + n − r) − 1, mn − k)"
        optional["low_rank"] = row("span of weights of low rank", number, formula, f"rank r = {rank}")
    if kronecker is not None:
        number, covered = dimensions.kronecker(kronecker), math.prod(a for a, _ in kronecker)
        if covered != m * n:
            raise ValueError(f"count: the factors of U have {covered} rows together; a weight has {m * n} entries")
        holds = "Hom is a tensor product, as for G × H"
        optional["kronecker"] = row("span(U), U = A ⊗ B ⊗ …", number, "Σ rᵢ(aᵢ − rᵢ)", holds)
    d = len(G.lie_algebra)
    if d:
        space, connected = (2 if complex_ else 1) * G.n**2, "G is compact and connected"
        optional["element"] = row("one element, algebra known", d, "dim g", "G is a torus: one is enough", False)
        optional["known_algebra"] = row("two generators, algebra known", 2 * d, "2 dim g", connected, False)
        number, formula = dimensions.grassmannian(d, space), f"dim g·({'2' if complex_ else ''}N² − dim g)"
        holds = "an upper bound: that brackets close is not used"
        optional["algebra"] = row("a Lie algebra in matrix space", number, formula, holds, False)
    if equations is not None:
        number = require_integer("count: equations", equations)
        optional["equations"] = row("equations", number, "coefficients", "whatever n", False)
    if V == W:
        with contextlib.suppress(ValueError):  # V may be no sum of irreducibles
            holds = "the kind of G is known, its basis is not"
            optional["lower_bound"] = row("lower bound", _lower_bound(V), "n² − Σ(mᵢ² + dᵢ² − 1)", holds)
    return ParameterCounts(
        dense=row("weight", m * n, "mn", "no symmetry: a task learns all of W"),
        tied=row("tied weight", tied, "dim Hom", "G is known: a task learns its filter v"),
        entries=row("U, all entries", m * n * k, "mnk", "as U is stored"),
        grassmannian=row("span(U)", dimensions.grassmannian(k, m * n), "k(mn − k)", "all that least squares sees of U"),
        gradient=row(
            "UUᵀ", dimensions.gram(k, m * n), "k(mn − k) + k(k + 1)/2", "all that gradient steps or a ridge see"
        ),
        generators=row("two generators", 2 * G.n**2, "2N²", "two elements generate G, V and W are made from them"),
        **optional,
    )


@functools.lru_cache(256)  # other k and ranks cost nothing, nor do more copies
def _dimension(V: Representation, W: Representation) -> int:
    """dim Hom(V, W), which is additive in both."""
    if isinstance(V, Sum):
        return sum(_dimension(part, W) for part in V.parts)
    if isinstance(W, Sum):
        return sum(_dimension(V, part) for part in W.parts)
    return Hom(V, W).dim


_lower_bound = functools.lru_cache(256)(lower_bound)


def hom_dimension(V: Representation, W: Representation, degree: int = 2) -> int:
    """dim Hom_G(V, W) = mean over G of χ_W(g) χ_V(g⁻¹), by characters: another route than `Hom`.

    All elements of a finite group, Weyl's integral for O, SO, U, SU and, by their compact forms, SL, GL, Sp and
    Lorentz; there V and W count their degree in the entries of g, a vector 1, a tensor power k, together ≤ `degree`.
    """
    for R in (V, W):
        require_representation(R, "hom_dimension")
    if V.group != W.group:
        raise ValueError(f"hom_dimension: V belongs to {V.group} and W to {W.group}; build both from one group")

    def mean(degree: int) -> float:
        design = reynolds.class_functions(V.group, degree)
        g = design.elements
        g = g.matrices() if isinstance(g, Monomial) else g
        return float(design.mean(W.character(g) * V.dual.character(g)).real)

    found = mean(degree)
    if not V.group.is_finite and abs(mean(degree + 2) - found) > 1e-6:
        raise ValueError(f"hom_dimension({V}, {W}): the degree in the entries of g is more than {degree}; give it")
    return round(found)
