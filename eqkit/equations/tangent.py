"""dp(E), the derivative of equations at the identity, as a sparse matrix that falls into small blocks.

With letters that have few entries, an equation such as M Mᵀ = E ties an entry of the tangent vector to a few others,
and dp(E) is block diagonal up to the order of its rows and columns: 1275 blocks for O(50), all of two kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import torch
from scipy.sparse import csr_array
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.equation import Equation
from eqkit.equations.expressions import Word

Sparse: TypeAlias = Any  # csr_array; scipy has no types


class Block(NamedTuple):
    """Blocks of equal content: unknowns (blocks, columns) of each, the matrix (rows, columns) they share, its rank."""

    unknowns: np.ndarray
    matrix: np.ndarray
    rank: int


def dimension(equations: Sequence[Equation], n: int) -> int:
    """n² − rank dp(E)."""
    _, rest = _halves(equations, n)
    return sum(len(b.unknowns) * (b.matrix.shape[1] - b.rank) for b in _blocks(rest))


def null_space(equations: Sequence[Equation], n: int) -> Tensor:
    """{A : dp(E) A = 0}, a basis in echelon form (d, n, n) float64."""
    first, rest = _halves(equations, n)
    N = _null(rest) @ first
    subspaces.require_memory(16.0 * N.shape[0] * n * n, f"a basis of {N.shape[0]} matrices at n = {n}")
    return torch.from_numpy(N.toarray()).reshape(-1, n, n)


def _halves(equations: Sequence[Equation], n: int) -> tuple[Sparse, Sparse]:
    """N₁, the null space of the rows of dp(E) with at most two entries, as rows; and what the other rows say of it.

    The null space of all is null(rest) N₁, and both factors are in echelon form, hence so is the product.
    """
    D = _reduced(scipy.sparse.vstack([jacobian(e, n) for e in equations] or [csr_array((1, n * n))], format="csr"))
    few = np.diff(D.indptr) <= 2
    first = _null(D[few])
    return first, _reduced(csr_array(D[~few] @ first.T))


def _null(D: Sparse) -> Sparse:
    """{x : D x = 0} as the rows of a sparse matrix in echelon form."""
    rows, columns, values, total = [], [], [], 0
    for b in _blocks(D):
        local = _kernel(torch.from_numpy(b.matrix), b.rank).numpy()
        count = len(b.unknowns) * len(local)
        rows.append(np.repeat(np.arange(total, total + count), local.shape[1]))
        columns.append(np.repeat(b.unknowns, len(local), axis=0).flatten())
        values.append(np.tile(local, (len(b.unknowns), 1)).flatten())
        total += count
    if not total:
        return csr_array((0, D.shape[1]))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    N = csr_array(entries, shape=(total, D.shape[1]))
    N.eliminate_zeros()
    N.sort_indices()
    return N[np.argsort(N.indices[N.indptr[:-1]])]


def _kernel(matrix: Tensor, rank: int) -> Tensor:
    """The null space in echelon form (columns − rank, columns), by way of the smaller of null space and row space.

    Rows reduced from the right, R, say that x_p = −Σ R_f x_f for their last entry p: each free f leads one vector.
    """
    columns = matrix.shape[1]
    if 0 < columns - rank < rank:
        return subspaces.echelon(torch.linalg.svd(matrix).Vh[rank:])
    R = torch.linalg.svd(matrix, full_matrices=False).Vh[:rank].flip(1)
    R = subspaces.echelon(R).flip(1) if rank else R
    last = columns - 1 - (R.flip(1) != 0).int().argmax(1)
    free = torch.ones(columns, dtype=torch.bool).index_fill(0, last, False)
    kernel = torch.eye(columns, dtype=torch.float64)[free]
    kernel[:, last] = -R[:, free].T
    return kernel


def _blocks(D: Sparse) -> list[Block]:
    """The distinct blocks of D, with one gap in the singular values of all of them between zero and nonzero."""
    m = D.shape[0]
    graph = scipy.sparse.block_array([[None, D], [D.T, None]])
    _, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    rows, columns = _grouped(label[:m]), _grouped(label[m:])
    none = np.zeros(0, np.int64)
    D = D[np.concatenate([none, *(rows.get(k, none) for k in columns)])]  # the rows of each block together
    place, start = np.empty(D.shape[1], np.int64), 0
    found: dict[tuple, list[np.ndarray]] = {}
    contents: dict[tuple, np.ndarray] = {}
    for k, inside in columns.items():
        stop = start + len(rows.get(k, ()))
        ends = D.indptr[start : stop + 1]
        matrix = np.zeros((stop - start, len(inside)))
        place[inside] = np.arange(len(inside))
        lines = np.repeat(np.arange(stop - start), np.diff(ends))
        matrix[lines, place[D.indices[ends[0] : ends[-1]]]] = D.data[ends[0] : ends[-1]]
        key = (*matrix.shape, matrix.tobytes())
        found.setdefault(key, []).append(inside)
        contents[key], start = matrix, stop
    spectra = [torch.from_numpy(np.linalg.svd(matrix, compute_uv=False)) for matrix in contents.values()]
    # a block with more unknowns than rows has further zeros; only the gap above them is wanted here
    threshold = subspaces.largest_gap(
        torch.cat([torch.zeros(0), *spectra]), 1e-13 * max(1, D.shape[1] ** 0.5 / 10)
    ).threshold
    return [
        Block(np.stack(found[key]), contents[key], int((s > threshold).sum()))
        for key, s in zip(found, spectra, strict=True)
    ]


def _grouped(label: np.ndarray) -> dict[int, np.ndarray]:
    """label -> where it stands, ascending."""
    order = np.argsort(label, kind="stable")
    names, starts = np.unique(label[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts)[1:], strict=True))


def _reduced(D: Sparse) -> Sparse:
    """D without zero rows, and one of each set of proportional rows, found by their products with random vectors."""
    D.data[np.abs(D.data) < 1e-14] = 0
    D.eliminate_zeros()
    probe = D @ np.random.default_rng(0).standard_normal((D.shape[1], 3))
    lines = np.flatnonzero(np.abs(probe[:, 0]) > 1e-9)
    _, first = np.unique((probe[lines, 1:] / probe[lines, :1]).round(9), axis=0, return_index=True)
    return D[lines[np.sort(first)]]


def jacobian(equation: Equation, n: int) -> Sparse:
    """dp(E) as a sparse (n², n²) matrix, both sides row-major."""
    total = csr_array((n * n, n * n))
    for c, w in equation.terms:
        total = total + c * _differential(w, n)[1]
    return total


def _differential(word: Word, n: int) -> tuple[Sparse, Sparse]:
    """w(E) and dw(E): sparse (n, n) and (n², n²), by the rules of products, transposes, inverses and determinants.

    d(A B) = dA B + A dB reads (E ⊗ Bᵀ) dA + (A ⊗ E) dB on row-major vectors.
    """
    one = scipy.sparse.eye_array(n, format="csr")
    if word.head == "M":
        return one, scipy.sparse.eye_array(n * n, format="csr")
    if not word.parts:
        return csr_array(word.at(n).double().numpy()), csr_array((n * n, n * n))
    (A, dA), *others = [_differential(part, n) for part in word.parts]
    match word.head:
        case "ᵀ":
            return csr_array(A.T), dA[np.arange(n * n).reshape(n, n).T.flatten()]
        case "·":
            for B, dB in others:
                A, dA = A @ B, _kron(one, B.T) @ dA + _kron(A, one) @ dB
            return A, dA
        case "∘":
            for B, dB in others:
                left, right = (scipy.sparse.diags_array(C.toarray().flatten()) for C in (A, B))
                A, dA = csr_array(A * B), csr_array(right @ dA + left @ dB)
            return A, dA
        case "tr":
            unit = one.reshape(1, -1)
            return A.trace() / n * one, csr_array(unit.T / n) @ (csr_array(unit) @ dA)
    value = A.toarray()
    inverse = np.linalg.inv(value)
    if word.head == "⁻¹":
        return csr_array(inverse), -(_kron(csr_array(inverse), csr_array(inverse.T)) @ dA)
    if word.head == "det":
        d = np.linalg.det(value)
        return d * one, csr_array(one.reshape(-1, 1)) @ (csr_array(d * inverse.T.reshape(1, -1)) @ dA)
    point = torch.from_numpy(value)  # det_C, whose derivative is a matrix of rank two
    rows = torch.autograd.functional.jacobian(lambda V: word_value(word, V)[[0, 0], [0, n // 2]], point).reshape(2, -1)
    X = np.kron([[0.0, 1.0], [-1.0, 0.0]], np.eye(n // 2))
    directions = csr_array(np.stack([np.eye(n).flatten(), X.flatten()], 1))
    return csr_array(word_value(word, point).numpy()), directions @ (csr_array(rows.numpy()) @ dA)


def word_value(word: Word, value: Tensor) -> Tensor:
    """The outermost operation of a word, applied to the value of its part."""
    return Word(word.head, (Word("M"),))(value)


def _kron(A: Sparse, B: Sparse) -> Sparse:
    subspaces.require_memory(32.0 * A.nnz * B.nnz, f"dp(E) with {A.nnz * B.nnz:,} entries at n = {A.shape[0]}")
    return scipy.sparse.kron(A, B, format="csr")
