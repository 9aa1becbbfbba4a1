"""The Reynolds operator: averaging over the group is projecting onto the symmetric functions.

    (R f)(x) = 1/|G| Σ_g W(g)⁻¹ f(V(g) x)        R² = R,  R f = f ⇔ f is equivariant

`project(f, V, W)` is R f, and `projector(V)` is the matrix of R on vectors of V. A `Design` says which elements are
averaged: all of a finite group, fewer that give the same average for the functions at hand, or a random sample.
Sources: Sturmfels, Algorithms in Invariant Theory, §2.1; Murphy et al., Janossy Pooling (2019), for sampled tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqkit.groups import SO, C, Icosahedral, MatrixGroup, Octahedral, Tetrahedral, finite
from eqkit.groups.naming import orbits
from eqkit.representations import Monomial, Representation
from eqkit.subspaces import null_space

CHUNK = 2**22  # numbers in memory at a time, for group elements and for the vectors they move


@dataclass(frozen=True, eq=False)
class Design:
    """Elements whose average stands for that over G: `exact_for` says for which functions, empty for a sample."""

    group: MatrixGroup
    elements: Tensor | Monomial  # (terms, n, n), or as index maps
    exact_for: str

    @property
    def terms(self) -> int:
        """How many elements are averaged."""
        return len(self.elements.index if isinstance(self.elements, Monomial) else self.elements)

    @property
    def exact(self) -> bool:
        """The average equals that over G, for the functions that `exact_for` names."""
        return self.exact_for != ""

    def chunks(self, numbers: int) -> Iterator[Tensor]:
        """The elements as matrices (few, n, n), as many at a time as fit in memory with so many numbers beside each."""
        g, few = self.elements, max(1, CHUNK // (numbers + self.group.n**2))
        for i in range(0, self.terms, few):
            part = slice(i, i + few)
            yield Monomial(g.index[part], g.sign[part]).matrices() if isinstance(g, Monomial) else g[part]

    def __repr__(self) -> str:
        return f"{self.terms:,} elements of {self.group}, {f'exact for {self.exact_for}' if self.exact else 'sampled'}"


# which elements to average
def everything(G: MatrixGroup) -> Design:
    """All elements of a finite group: exact for every function. ValueError when they are infinitely or too many."""
    _refuse_non_compact(G)
    if not G.is_finite:
        raise ValueError(
            f"{G} is infinite: its average is an integral, not a sum; give project a design, "
            "over=reynolds.sample(G, 1000) for any function or over=reynolds.polynomials(G, degree)"
        )
    return Design(G, G.elements(), "every function")


def cosets(G: MatrixGroup, K: MatrixGroup) -> Design:
    """One representative of each coset Kg, |G|/|K| terms: exact for f that are equivariant to the subgroup K already.

    W(kg)⁻¹ f(V(kg) x) = W(g)⁻¹ W(k)⁻¹ f(V(k) V(g) x) = W(g)⁻¹ f(V(g) x): the term is the same on all of Kg, but not on
    all of gK. `assert_equivariant(f, V.restrict(K), W.restrict(K))` tests the condition. The elements of G are listed.
    """
    if not G.is_finite or K.n != G.n:
        raise ValueError(f"cosets({G}, {K}): G is a finite group and K a subgroup, matrices of the same size")
    g = G.elements()
    maps = [G.index(k @ g).numpy() for k in K.generators]  # g ↦ kg, so that cosets Kg are orbits of K
    first = [coset[0] for coset in orbits(np.array(maps, np.int64).reshape(-1, len(g)))]
    return Design(G, g[first], f"functions equivariant to {K}")


def reading(V: Representation, entries: Sequence[int]) -> Design:
    """One element for each place the read entries of x can come from: exact for f(x) that reads only those entries.

    The stabiliser K of the tuple of entries does not change what f reads, so f(V(g) x) is the same on all of Kg, and
    there are as many cosets Kg as tuples in the orbit: n(n − 1) instead of n! for two entries of S(n).vector. G itself
    is never listed. V is a (signed) permutation representation; given a W, f has to be K-equivariant, as in `cosets`.
    """
    G = V.group
    if V.monomial is None:
        raise ValueError(f"{V} of {G} does not permute its coordinates; reading needs a permutation representation")
    start = tuple(int(i) for i in entries)
    if not all(0 <= i < V.size for i in start):
        raise ValueError(f"reading {start}: entries of a vector of {V} are numbered 0 … {V.size - 1}")
    moves = finite.points(V.monomial)
    generators = G.generators.numpy() if G.monomial is None else finite.points(G.monomial)
    times: Callable = np.matmul if G.monomial is None else np.take
    one = np.eye(G.n) if G.monomial is None else np.arange(generators.shape[1])
    element = {start: one}  # tuple t ↦ an element h with h · start = t
    queue = [start]
    for t in queue:
        for s, move in zip(generators, moves, strict=True):
            image = tuple(move[list(t)].tolist())
            if image not in element:
                element[image] = times(s, element[t])
                queue.append(image)
        if len(queue) > finite.LIMIT:
            raise ValueError(
                f"reading {start} of {V}: more than {finite.LIMIT:,} terms; read fewer entries or use sample"
            )
    h = np.stack([element[t] for t in queue])
    # (V(g) x) at start is x at g⁻¹ · start: the terms are g = h⁻¹
    inverse = finite.as_monomial(h.argsort(1), G.n) if G.monomial else torch.linalg.inv(torch.from_numpy(h))
    return Design(G, inverse, f"functions of the entries {start}")


def polynomials(G: MatrixGroup, degree: int) -> Design:
    """A finite subgroup that averages polynomials in the entries of g up to this degree as SO(2) or SO(3) does.

    SO(2): C.plane(degree + 1). SO(3): tetrahedral rotations (12 terms) up to 2, octahedral (24) up to 3, icosahedral
    (60) up to 5. For f of degree d on the k-th tensor power of the vector the degree in g is d · k; W adds its own.
    """
    if G == SO(2):
        H = C.plane(degree + 1)
    elif G == SO(3) and degree <= 5:
        H = Tetrahedral() if degree <= 2 else Octahedral() if degree == 3 else Icosahedral()
    else:
        raise ValueError(
            f"polynomials({G}, {degree}): finite subgroups average exactly for SO(2), and for SO(3) up to degree 5; "
            "beyond use reynolds.sample"
        )
    return Design(G, H.elements(), f"polynomials of degree ≤ {degree} in the entries of g")


def sample(G: MatrixGroup, count: int, generator: torch.Generator | None = None) -> Design:
    """Uniform (Haar) random elements, at least 2: unbiased, with an error of order 1/√count; `standard_error` says it.

    For a function that reads t entries of a set this is Janossy pooling: each term is a random t-tuple of the set.
    """
    _refuse_non_compact(G)
    if count < 2:
        raise ValueError(f"sample({G}, {count}): an error estimate needs at least 2 elements")
    return Design(G, G.sample(count, generator), "")


def _refuse_non_compact(G: MatrixGroup) -> None:
    if not G.is_compact:
        raise ValueError(
            f"{G} is not compact: its Haar measure is infinite, so there is no uniform probability to average with, "
            "and means over larger and larger parts of it diverge; average over a compact subgroup such as SO(n)"
        )


# the operator
@dataclass(frozen=True, eq=False)
class Average:
    """R f as a function of x (..., V.size): (..., W.size), or the shape of f's values. Differentiable in x and f."""

    f: Callable[[Tensor], Tensor]
    V: Representation
    W: Representation | None
    design: Design

    @property
    def terms(self) -> int:
        """How many times f is evaluated for one x."""
        return self.design.terms

    @property
    def exact(self) -> bool:
        """No sample: the average over G itself, for the functions that `design.exact_for` names."""
        return self.design.exact

    def _values(self, x: Tensor) -> Iterator[Tensor]:
        """W(g)⁻¹ f(V(g) x), some elements at a time: (few, ..., size of f)."""
        x = torch.as_tensor(x)
        if x.shape[-1:] != (self.V.size,):
            raise ValueError(f"R f takes vectors of {self.V}, (..., {self.V.size}); x has shape {tuple(x.shape)}")
        x = x if x.is_floating_point() or x.is_complex() else x.double()
        for g in self.design.chunks(x.numel()):
            moved = self.V.act(g, x.expand(len(g), *x.shape))
            moved = moved if moved.is_complex() else moved.to(x.dtype)
            y = self.f(moved.reshape(-1, self.V.size))
            if y.shape[:1] != (moved.numel() // self.V.size,) or (self.W and y.shape[1:] != (self.W.size,)):
                expected = "(count, ...)" if self.W is None else f"(count, {self.W.size})"
                raise ValueError(
                    f"f maps {(moved.numel() // self.V.size, self.V.size)} to {tuple(y.shape)}; it must map a batch "
                    f"(count, {self.V.size}) to {expected}"
                )
            y = y.reshape(*moved.shape[:-1], *y.shape[1:])
            if self.W is not None:
                back = self.W.act(torch.linalg.inv(g), y)
                y = back if back.is_complex() else back.to(y.dtype)
            yield y

    def __call__(self, x: Tensor) -> Tensor:
        return torch.stack([values.sum(0) for values in self._values(x)]).sum(0) / self.terms

    def standard_error(self, x: Tensor) -> Tensor:
        """The standard deviation of a sampled average, √(Σ |term − mean|² / N(N − 1)); zero for an exact one."""
        mean = self(x)
        if self.exact:
            return torch.zeros_like(mean)
        squares = torch.stack([(values - mean).abs().square().sum(0) for values in self._values(x)]).sum(0)
        return (squares / (self.terms * (self.terms - 1))).sqrt()

    def __repr__(self) -> str:
        return f"R f: {self.V} → {'ℝ' if self.W is None else self.W}, average over {self.design}"


def project(
    f: Callable[[Tensor], Tensor], V: Representation, W: Representation | None = None, over: Design | None = None
) -> Average:
    """(R f)(x) = 1/|G| Σ W(g)⁻¹ f(V(g) x), an equivariant function V → W; without W an invariant one.

    f maps a batch (count, V.size) to (count, W.size), without W to any (count, ...). `over` is the design to average:
    `everything(G)` unless given, `cosets`, `reading`, `polynomials` or `sample`.
    ValueError: groups that differ, are not compact, or are too large to list.
    """
    design = over or everything(V.group)
    if W is not None and W.group != V.group:
        raise ValueError(f"project: V belongs to {V.group} and W to {W.group}; build both from one group")
    if design.group.n != V.group.n:
        raise ValueError(f"project: the design averages over {design.group}, V belongs to {V.group}")
    return Average(f, V, W, design)


def projector(V: Representation) -> Tensor:
    """R on the vectors of V, P = ∫ V(g) dg: (size, size), P² = P, its rank and trace count the invariants.

    (Signed) permutations: the average over each orbit of coordinates. Otherwise P = R (LᴴR)⁻¹ Lᴴ, where the columns of
    R span the invariant vectors of V and those of L the invariants of the adjoints V(g)ᴴ; for orthogonal V, P = RRᵀ.
    """
    G = V.group
    _refuse_non_compact(G)
    if V.monomial is not None:
        points, n = finite.points(V.monomial), V.size
        sums = torch.zeros(n, points.shape[1], dtype=torch.float64)
        for column, orbit in enumerate(orbits(points)):
            for i in orbit:
                sums[i % n, column] += 1 if i < n else -1  # point i + n stands for −eᵢ
        units = torch.nn.functional.normalize(sums, dim=0)
        return units @ units.T * (n / points.shape[1])  # signed orbits come twice: as they are and negated
    E = torch.eye(V.size, dtype=torch.float64)
    conditions = torch.cat([V(G.generators) - E, V.lie(G.lie_algebra)])  # (k + d, size, size)
    R = null_space(conditions.flatten(0, 1), scale=1.0)
    L = null_space(conditions.mH.flatten(0, 1), scale=1.0)
    return R @ torch.linalg.solve(L.mH @ R, L.mH)
