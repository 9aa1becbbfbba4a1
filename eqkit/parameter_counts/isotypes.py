"""Isotypic decomposition by one random endomorphism, and the numbers that a symmetry of known kind leaves open."""

from __future__ import annotations

import numpy as np
import scipy.cluster.hierarchy
import scipy.sparse
import torch
from scipy.sparse.csgraph import connected_components

from eqkit.equivariant_maps import Hom
from eqkit.representations import Representation
from eqkit.representations.checks import require_representation


def isotypes(V: Representation) -> list[tuple[int, int]]:
    """V over ℂ is ⊕ mᵢ Dᵢ with Dᵢ irreducible: the pairs (mᵢ, dim Dᵢ), smallest first.

    A generic M in End_G(V) = ⊕ (mᵢ × mᵢ matrices) ⊗ E has mᵢ eigenvalues of multiplicity dim Dᵢ for each i. A second
    one, in the eigenbasis of the first, connects two eigenspaces exactly if they belong to the same i. So
    Σ mᵢ dim Dᵢ = V.size and Σ mᵢ² = dim Hom(V, V). V is a sum of irreducibles for finite and compact groups and for
    SL, GL, Sp, Lorentz; ValueError where a generic M has no eigenbasis, which shows that it is not.
    """
    require_representation(V, "isotypes")
    hom = Hom(V, V)
    random = torch.randn(2, hom.dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    M, N = hom.combine(random).to(torch.complex128)
    values, vectors = torch.linalg.eig(M)
    if torch.linalg.cond(vectors) > 1e8:
        raise ValueError(f"isotypes: {V} of {V.group} is not a sum of irreducible representations")
    if V.size == 1:
        return [(1, 1)]
    points = torch.view_as_real(values).numpy()
    tree = scipy.cluster.hierarchy.linkage(points, "single")
    cluster = scipy.cluster.hierarchy.fcluster(tree, 1e-7 * np.abs(points).max(), "distance") - 1
    meets = (torch.linalg.solve(vectors, N @ vectors).abs() > 1e-6 * N.abs().max()).numpy()
    indicator = np.eye(cluster.max() + 1, dtype=int)[cluster]  # (n, eigenspaces)
    count, label = connected_components(scipy.sparse.csr_array(indicator.T @ meets @ indicator), False)
    sizes = indicator.sum(0)
    return sorted((int((label == i).sum()), int(sizes[label == i][0])) for i in range(count))


def lower_bound(V: Representation) -> int:
    """The dimension of the family {Hom(V, V) in another basis of V}: n² − Σ (mᵢ² + (dim Dᵢ)² − 1).

    If the kind of symmetry is known and its basis is not, a differentiable description takes at least so many numbers
    (Sard). A basis change moves Hom(V, V) unless it normalises it, and its normaliser in gl(n) is the
    sum of End_G(V) = ⊕ gl(mᵢ) ⊗ E and of the span ⊕ E ⊗ gl(dim Dᵢ) of G, which share one scalar for each i. If the
    basis is known too (G permutes pixels, say) what is left is one of finitely many choices: no continuous number.
    """
    parts = isotypes(V)
    return V.size**2 - sum(m**2 + d**2 - 1 for m, d in parts)


def least_shots(V: Representation) -> int:
    """The number of examples a task must show before any number of tasks can determine Hom(V, V): max ⌊mᵢ/dim Dᵢ⌋ + 1.

    On the i-th part of V a weight is A (C ⊗ E) Bᵀ with a filter C (mᵢ, mᵢ). A task with inputs X sees (C ⊗ E) BᵀX, read
    as mᵢ × dᵢS numbers: C Z. If dᵢS ≤ mᵢ, then for any other B' some C' has C' Z' = C Z, so that B is never seen. All
    groups of permutations fix 1 ∈ V, so one shot is never enough; nor are as many shots as there are orbits.
    """
    return max(m // d for m, d in isotypes(V)) + 1
