"""Trace words: the polynomials in the entries of M that do not change under M ↦ Q M Qᵀ for orthogonal Q.

They are spanned by products of traces of words in M and Mᵀ (Procesi 1976), and their dimension in degree d is the same
for all n ≥ d: 1, 3, 5, 12, 20 for d = 1 … 5. Below, small matrices satisfy identities and it is smaller.
"""

from __future__ import annotations

import functools
import itertools

import torch

from eqkit.equations.expressions import M, Word, trace
from eqkit.subspaces import largest_gap, require_integer


@functools.cache
def trace_words(degree: int) -> tuple[Word, ...]:
    """All products of normalised traces of words in M and Mᵀ of this degree, such as tr(M)/n tr(M Mᵀ)/n in degree 3.

    tr(A B) = tr(B A) and tr(A) = tr(Aᵀ), so one word stands for a necklace of M's and Mᵀ's and for its reversal.
    """
    if require_integer("degree", degree) > 10:
        raise ValueError(f"trace_words: there are millions of products of degree {degree}; take a degree ≤ 10")
    necklaces = {
        k: list(
            dict.fromkeys(trace(functools.reduce(Word.__matmul__, c)) for c in itertools.product((M, M.T), repeat=k))
        )
        for k in range(1, degree + 1)
    }
    found: list[Word] = []

    def extend(product: tuple[Word, ...], left: int, least: tuple[int, int]) -> None:
        if left == 0:
            found.append(functools.reduce(Word.__matmul__, product))
        for k in range(least[0], left + 1):
            for i in range(least[1] if k == least[0] else 0, len(necklaces[k])):
                extend((*product, necklaces[k][i]), left - k, (k, i))

    extend((), degree, (1, 0))
    return tuple(found)


def trace_dimension(degree: int, n: int) -> int:
    """The dimension of the invariants of this degree of one n × n matrix under O(n), the rank of `trace_words`."""
    dictionary = trace_words(degree)
    generator = torch.Generator().manual_seed(0)
    A = (
        torch.randn(3 * len(dictionary), n, n, generator=generator, dtype=torch.float64)
        / require_integer("n", n) ** 0.5
    )
    values = torch.stack([w(A)[:, 0, 0] for w in dictionary], 1)
    singular = torch.linalg.svdvals(values / values.norm(dim=0))
    return len(singular) - largest_gap(singular).dim
