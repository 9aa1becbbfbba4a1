"""Four ways to solve W(g) M = M V(g) for all g, fastest first; each returns the whole solution space, never a part.

*orbits* for signed permutations · *weights* for Lie groups · *average* for finite groups of other matrices · *null
space* for whatever is small. M is a matrix (out, in) = (W.size, V.size), its vec is row-major.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import scipy.sparse
import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from eqkit.representations import Leaf, Monomial, Representation
from eqkit.subspaces import largest_gap, null_space, require_memory


class Orbits(NamedTuple):
    """Which entries are equal: labels (out, in) int64, −1 where the entry must vanish, and signs (out, in) int8."""

    labels: Tensor
    signs: Tensor | None  # None: all +1
    dim: int


def orbits(V: Representation, W: Representation) -> Orbits:
    """Entries of M that a group of signed permutations moves into each other are equal up to sign.

    One union-find pass over the generators' index maps on pairs (i, j). A signed action is followed on the double cover
    {+, −} × pairs; an orbit that meets its own negative must vanish.
    """
    k, size = len(V.group.generators), W.size * V.size
    require_memory(size * (24 * k + 32) * (1 if V.is_permutation and W.is_permutation else 3), f"Hom({V}, {W})")
    action: Monomial = (W * V.dual).monomial  # type: ignore[assignment]
    if (action.sign == 1).all():
        dim, labels = _components(action.index)
        return Orbits(torch.from_numpy(labels.astype(np.int64)).reshape(W.size, V.size), None, dim)
    minus = np.where(action.sign < 0, size, 0)
    cover = np.concatenate([action.index + minus, (action.index + minus + size) % (2 * size)], 1)
    sheets = _components(cover)[1]
    plus, minus = sheets[:size], sheets[size:]
    names, labels = np.unique(np.where(plus == minus, -1, np.minimum(plus, minus)), return_inverse=True)
    labels = labels - (names[0] == -1)
    signs = np.where(plus == minus, 0, np.where(plus < minus, 1, -1)).astype(np.int8)
    shape = W.size, V.size
    dim = len(names) - (names[0] == -1)
    return Orbits(torch.from_numpy(labels).reshape(shape), torch.from_numpy(signs).reshape(shape), int(dim))


def _components(index: np.ndarray) -> tuple[int, np.ndarray]:
    k, size = index.shape
    if k == 0:
        return size, np.arange(size)
    rows = np.arange(0, k * size + 1, k, dtype=np.int32 if k * size < 2**31 else np.int64)
    columns = np.ascontiguousarray(index.T, dtype=rows.dtype).ravel()
    return connected_components(
        scipy.sparse.csr_array((np.ones(k * size, np.int8), columns, rows), (size, size)), False
    )


def weights(V: Representation, W: Representation) -> Tensor | None:
    """Solve for a Lie group on its zero weights: an orthonormal basis (dim, out, in), or None if it is not reductive.

    A generic A in the Lie algebra generates a maximal torus. In its eigenbasis dW(A) M = M dV(A) leaves the entries
    (i, j) whose weights agree. On these few, a second generic element B, which with A generates the algebra, leaves the
    null space of a small matrix; the group's other components cut it once more.
    """
    G = V.group
    A, B = (torch.einsum("d,dij->ij", torch.from_numpy(c).to(G.lie_algebra.dtype), G.lie_algebra)
            for c in np.random.default_rng(1).normal(size=(2, len(G.lie_algebra))))  # fmt: skip

    @functools.cache
    def frame(leaf: Leaf) -> tuple[Tensor, Tensor]:
        return _eigenbasis(leaf.lie_at(A))

    def vectors(leaf: Leaf) -> Tensor:
        return frame(leaf)[1]

    def weight(leaf: Leaf) -> np.ndarray:
        return frame(leaf)[0].numpy()

    def turned(leaf: Leaf) -> np.ndarray:  # B in the eigenbasis of A
        return torch.linalg.solve(vectors(leaf), leaf.lie_at(B).to(torch.complex128) @ vectors(leaf)).numpy()

    try:
        w, v = W._weights(weight), V._weights(weight)
    except _Defective:
        return None
    require_memory(40.0 * len(w) * len(v), f"Hom({V}, {W})")
    scale = max(1.0, np.abs(w).max(), np.abs(v).max())
    zero = _coincidences(w / scale, v / scale)
    require_memory(80.0 * zero**2, f"Hom({V}, {W}), with {zero:,} zero weights,")
    i, j = np.nonzero(np.abs(w[:, None] - v[None, :]) < 1e-8 * scale)
    C = _columns(W._derivative(turned), V._derivative(turned), i, j)
    gram = torch.from_numpy((C.conj().T @ C).toarray()).to(torch.complex128)  # scipy's kron of zeros forgets the dtype
    solutions = _kernel(gram, float(B.norm()))  # (zero weights, dim)
    dim = solutions.shape[1]
    require_memory(96.0 * dim * len(w) * len(v), f"a basis of Hom({V}, {W})")
    M = torch.zeros(dim, len(w), len(v), dtype=torch.complex128)
    M[:, i, j] = solutions.T
    M = V.dual._act(vectors, W._act(vectors, M.mT).mT)  # back from the eigenbases: W(Q) M V(Q)⁻¹
    M = _real_basis(M) if not (G.lie_algebra.is_complex() or G.generators.is_complex()) else _orthonormal_rows(M)
    return _fixed_by_generators(M, V, W)


def _coincidences(w: np.ndarray, v: np.ndarray) -> int:
    """How many pairs (i, j) have w_i = v_j, by counting the values instead of comparing all pairs."""
    values, place = np.unique(np.concatenate([w, v]).round(7), return_inverse=True)
    counts = [np.bincount(part, minlength=len(values)) for part in np.split(place, [len(w)])]
    return int(counts[0] @ counts[1])


class _Defective(Exception):
    """The generic element has no eigenbasis: the group is not reductive."""


def _eigenbasis(A: Tensor) -> tuple[Tensor, Tensor]:
    A = A.to(torch.complex128)
    if (A + A.mH).abs().max() <= 1e-12 * A.abs().max():
        value, vectors = torch.linalg.eigh(1j * A)
        return -1j * value, vectors
    value, vectors = torch.linalg.eig(A)
    if torch.linalg.cond(vectors) > 1e6:
        raise _Defective
    return value, vectors


def _columns(
    B_W: scipy.sparse.csr_array, B_V: scipy.sparse.csr_array, i: np.ndarray, j: np.ndarray
) -> scipy.sparse.csr_array:
    """The columns of C = B_W ⊗ 1 − 1 ⊗ B_Vᵀ that belong to the unit matrices E_ij: B_W e_i e_jᵀ − e_i (e_jᵀ B_V)."""
    left, right, n = B_W.tocsc()[:, i].tocoo(), B_V.tocsr()[j].tocoo(), B_V.shape[0]
    rows = np.concatenate([left.row * n + j[left.col], i[right.row] * n + right.col])
    columns = np.concatenate([left.col, right.row])
    shape = (B_W.shape[0] * n, len(i))
    return scipy.sparse.csr_array((np.concatenate([left.data, -right.data]), (rows, columns)), shape)


def _kernel(gram: Tensor, size: float) -> Tensor:
    """Orthonormal columns that span the null space of a positive semidefinite matrix (m, m).

    Large ones by inverse iteration: (gram + ε)⁻¹ blows up what is null, and one Cholesky factor costs a tenth of all
    eigenvectors. The block grows until it holds a vector that is not null, so that nothing null is missed. A constraint
    of `size` counts as large: where all hold by themselves (a torus on its zero weights), gram is squared rounding.
    """
    m, scale = len(gram), max([size**2, *gram.diagonal().real.tolist()])
    block = 64
    while m > 4 * block:
        factor = gram.clone()
        factor.diagonal().add_(1e-10 * scale)
        torch.linalg.cholesky(factor, out=factor)
        X = torch.from_numpy(np.random.default_rng(4).normal(size=(m, block))).to(gram.dtype)
        for _ in range(3):
            X = torch.linalg.qr(torch.cholesky_solve(X, factor)).Q
        value, vectors = torch.linalg.eigh(X.mH @ gram @ X)
        dim = largest_gap(value.clamp(min=0).sqrt(), floor=1e-7, scale=scale**0.5).dim
        if dim < block:
            return X @ vectors[:, :dim]
        block *= 2
    value, vectors = torch.linalg.eigh(gram)
    return vectors[:, : largest_gap(value.clamp(min=0).sqrt(), floor=1e-7, scale=scale**0.5).dim]


def _orthonormal_rows(M: Tensor) -> Tensor:
    return torch.linalg.qr(M.flatten(1).T).Q.T.reshape(M.shape) if len(M) else M


def _real_basis(M: Tensor) -> Tensor:
    """A real orthonormal basis of a complex space that is its own conjugate: mixtures of real and imaginary parts."""
    mix = torch.from_numpy(np.random.default_rng(2).normal(size=(len(M), 2 * len(M))))
    return _orthonormal_rows(torch.einsum("cd,dij->cij", mix, torch.cat([M.real, M.imag])))


def _fixed_by_generators(M: Tensor, V: Representation, W: Representation) -> Tensor:
    """Of the maps spanned by M, which the generators carry into each other, those that every generator fixes."""
    for g in V.group.generators if len(M) else []:
        moved = carry(g, M, V, W).flatten(1)
        flat = M.flatten(1).to(moved.dtype)
        fixed = null_space(flat.conj() @ (moved - flat).T, floor=1e-9, scale=1.0)  # ⟨Mᵢ, g·Mⱼ − Mⱼ⟩ cⱼ = 0
        M = (fixed.T @ flat).reshape(-1, *M.shape[1:])
    return M


def carry(g: Tensor, M: Tensor, V: Representation, W: Representation) -> Tensor:
    """g · M = W(g) M V(g)⁻¹, matrix-free on a stack M (count, out, in)."""
    dtype = torch.promote_types(M.dtype, g.dtype)

    def at(leaf: Leaf) -> Tensor:
        return leaf.at(g).to(dtype)

    return V.dual._act(at, W._act(at, M.to(dtype).mT).mT)


def average(V: Representation, W: Representation) -> Tensor:
    """For a finite group: dim = ⟨χ_W, χ_V⟩ random matrices averaged over it, orthonormalised: (dim, out, in)."""
    g = V.group.elements()
    dim = round(float((W.character(g) * V.dual.character(g)).real.mean()))
    require_memory(24.0 * dim * V.size * W.size, f"a basis of Hom({V}, {W})")
    mean = torch.from_numpy(np.random.default_rng(3).normal(size=(dim, W.size, V.size)))
    mean = mean.to(torch.complex128 if g.is_complex() else torch.float64)
    total = torch.zeros_like(mean)
    for chunk in g.split(max(1, 2**22 // (V.size**2 + W.size**2))):
        for left, right in zip(W(chunk), V.dual(chunk), strict=True):
            total += left @ mean @ right.mT
    return _orthonormal_rows(total / len(g))


def dense(V: Representation, W: Representation) -> Tensor:
    """The null space of Σ CᴴC, C = W(g) ⊗ V(g)⁻ᵀ − 1 for generators, dW ⊗ 1 − 1 ⊗ dVᵀ for algebras: (dim, out, in)."""
    T, size = W * V.dual, W.size * V.size
    require_memory(40.0 * size**2, f"the dense null space of Hom({V}, {W})")
    complex_ = V.group.lie_algebra.is_complex() or V.group.generators.is_complex()
    gram = torch.zeros(size, size, dtype=torch.complex128 if complex_ else torch.float64)
    for C in (T(g) - torch.eye(size) for g in V.group.generators):
        gram += C.mH @ C
    for A in V.group.lie_algebra:
        C = T._derivative(lambda leaf, A=A: leaf.lie_at(A).numpy())  # type: ignore[misc]
        gram += torch.from_numpy((C.conj().T @ C).toarray())
    return (
        _kernel(gram, max([1.0, *(float(A.norm()) for A in V.group.lie_algebra)]))
        .mH.conj()
        .reshape(-1, W.size, V.size)
        .contiguous()
    )
