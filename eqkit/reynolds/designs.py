"""Which elements to average: all, one of each coset, or a sample. `quadrature` has those for compact Lie groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqkit.groups import MatrixGroup, finite
from eqkit.groups.matrix_group import require_group
from eqkit.groups.naming import orbits
from eqkit.representations import Monomial, Representation, require_representation
from eqkit.subspaces import require_integer, require_memory

CHUNK = 2**22  # numbers in memory at a time, for group elements and for the vectors they move


@dataclass(frozen=True, eq=False)
class Design:
    """Elements whose average Σ w f(g) / Σ w is that over G, for the f that `exact_for` names; empty for a sample."""

    group: MatrixGroup
    elements: Tensor | Monomial  # (terms, n, n), or as index maps
    exact_for: str
    weights: Tensor | None = None  # (terms,) float64, up to a common factor; None: all count alike

    @property
    def terms(self) -> int:
        """How many elements are averaged."""
        return len(self.elements.index if isinstance(self.elements, Monomial) else self.elements)

    @property
    def exact(self) -> bool:
        """The average equals that over G, for the functions that `exact_for` names."""
        return self.exact_for != ""

    def mean(self, values: Tensor) -> Tensor:
        """Σ w f(g) / Σ w of the values f(g) at the elements, (terms, ...) -> (...)."""
        if self.weights is None:
            return values.mean(0)
        return torch.tensordot((self.weights / self.weights.sum()).to(values.dtype), values, 1)

    def chunks(self, numbers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Elements as matrices (few, n, n) and w / Σ w (few,), as many at a time as fit with so many numbers each."""
        g, few = self.elements, max(1, CHUNK // (numbers + self.group.n**2))
        w = torch.ones(self.terms, dtype=torch.float64) if self.weights is None else self.weights
        for i in range(0, self.terms, few):
            part = slice(i, i + few)
            matrices = Monomial(g.index[part], g.sign[part]).matrices() if isinstance(g, Monomial) else g[part]
            yield matrices, w[part] / w.sum()

    def __repr__(self) -> str:
        elements = "elements" if self.weights is None else "weighted elements"
        return (
            f"{self.terms:,} {elements} of {self.group}, {f'exact for {self.exact_for}' if self.exact else 'sampled'}"
        )


def everything(G: MatrixGroup) -> Design:
    """All elements of a finite group: exact for every function. ValueError when they are infinitely or too many."""
    refuse_non_compact(G)
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
    for H in (G, K):
        require_group(H, "cosets(G, K)")
    if not G.is_finite or not K.is_finite or K.n != G.n:
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
    require_representation(V, "reading")
    G = V.group
    if V.monomial is None:
        raise ValueError(f"{V} of {G} does not permute its coordinates; reading needs a permutation representation")
    start = tuple(entries) if isinstance(entries, Iterable) else (entries,)
    if not start or not all(isinstance(i, int) and 0 <= i < V.size for i in start):
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


def sample(G: MatrixGroup, count: int, generator: torch.Generator | None = None) -> Design:
    """Uniform (Haar) random elements, at least 2: unbiased, with an error of order 1/√count; `standard_error` says it.

    For a function that reads t entries of a set this is Janossy pooling: each term is a random t-tuple of the set.
    """
    refuse_non_compact(G)
    require_integer(f"sample({G}, count): an error estimate needs at least 2 elements; count", count, 2)
    require_memory(16.0 * count * G.n**2, f"sample({G}, {count:,})")
    return Design(G, G.sample(count, generator), "")


def refuse_non_compact(G: MatrixGroup) -> None:
    """ValueError if G has no Haar probability; TypeError if it is no group."""
    require_group(G, "an average over G")
    if not G.is_compact:
        raise ValueError(
            f"{G} is not compact: its Haar measure is infinite, so there is no uniform probability to average with, "
            "and means over larger and larger parts of it diverge; average over a compact subgroup such as SO(n)"
        )
