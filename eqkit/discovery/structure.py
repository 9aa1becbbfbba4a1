"""The structure of a Lie algebra of matrices: brackets, Killing form, centre, simple ideals, invariant forms.

Everything works on a basis (d, n, n), real, whose span is closed under brackets to rounding: `closed` brings a noisy
one there first.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from eqkit.subspaces import as_double, null_space, orthonormal, require_memory

SHARP = 1e-6  # what is smaller, relative to the largest, counts as zero, once an algebra is closed to 1e-12
ROUNDING = 1e-9


def real_basis(matrices: Tensor) -> Tensor:
    """Orthonormal real matrices (d, n, n) with the same real span; complex n × n ones become real 2n × 2n.

    X + iY is written ((X, −Y), (Y, X)). ValueError for what is no stack of square matrices.
    """
    A = as_double(matrices, "lie_algebra")
    if A.ndim != 3 or A.shape[-1] != A.shape[-2] or A.shape[-1] == 0:
        raise ValueError(f"lie_algebra has shape {tuple(A.shape)}; it is a stack (d, n, n) of square matrices")
    if A.is_complex():
        A = torch.cat([torch.cat([A.real, -A.imag], 2), torch.cat([A.imag, A.real], 2)], 1)
    return orthonormal(A.flatten(1).T).T.reshape(-1, *A.shape[1:]) if A.any() else A[:0]


def structure_constants(basis: Tensor) -> Tensor:
    """c (d, d, d) with [A_i, A_j] = Σ_k c[i, j, k] A_k for an orthonormal basis: the ad of A_i is c[i]ᵀ."""
    product = torch.einsum("iab,jbc,kac->ijk", basis, basis, basis)
    return product - product.transpose(0, 1)


def killing_form(constants: Tensor) -> Tensor:
    """K_ij = tr(ad A_i ad A_j), (d, d) symmetric: regular exactly for semisimple algebras (Cartan)."""
    return torch.einsum("iab,jba->ij", constants, constants)


def closed(basis: Tensor, steps: int = 60) -> tuple[Tensor, float]:
    """The algebra near the span of an orthonormal basis (d, n, n), and how far it was: (basis, largest sine).

    Newton's method on the Grassmannian. With N a basis of the orthogonal complement and A + N X the new basis, the
    defect D_ij = Nᵀ[A_i, A_j] changes by (δX)_ij = Nᵀ[N X_i, A_j] + Nᵀ[A_i, N X_j] − X c_ij, the coboundary of X as a
    map from the algebra to gl/algebra; δX = −D is solved by damped least squares. A semisimple algebra is rigid: close
    to it there are only conjugated copies, so its name is that of the copy found. ValueError if none is near.
    """
    if basis.ndim != 3 or basis.shape[1] != basis.shape[2]:
        raise ValueError(f"closed: the basis has shape {tuple(basis.shape)}; it is a stack (d, n, n)")
    A = start = basis
    d, n = A.shape[:2]
    N_all = n * n - d
    if d < 2 or N_all == 0:
        return A, 0.0
    require_memory(8.0 * d * (d - 1) / 2 * N_all**2 * d, f"closing {d} matrices {n} × {n} under brackets")
    first, second = torch.tensor(list(itertools.combinations(range(d), 2))).T
    for step in range(steps):
        flat = A.flatten(1)
        N = torch.linalg.qr(flat.T, mode="complete").Q[:, d:].T.reshape(-1, n, n)
        c = structure_constants(A)
        brackets = A[first] @ A[second] - A[second] @ A[first]
        defect = brackets.flatten(1) @ N.flatten(1).T  # (pairs, N)
        size = float(defect.norm())
        if size < 1e-13 * n * d or step == steps - 1:
            break
        move = torch.einsum("aij,bjk->abik", N, A)
        move = move - torch.einsum("bij,ajk->abik", A, N)
        D = torch.einsum("abik,eik->bea", move, N)  # Nᵀ[N_a, A_b], rows e
        rows = torch.zeros(len(first), N_all, N_all, d, dtype=A.dtype)
        pairs = torch.arange(len(first))
        rows[pairs, :, :, first] += D[second]
        rows[pairs, :, :, second] -= D[first]
        diagonal = torch.arange(N_all)
        rows[:, diagonal, diagonal, :] -= c[first, second][:, None, :]
        L = rows.reshape(-1, N_all * d)
        gram = L.T @ L + size * torch.eye(N_all * d, dtype=A.dtype)
        X = torch.linalg.solve(gram, -L.T @ defect.flatten()).reshape(N_all, d)
        A = orthonormal((flat + X.T @ N.flatten(1)).T).T.reshape(d, n, n)
    if size > 1e-9:
        raise ValueError(
            f"no Lie algebra of dimension {d} is near these matrices: their brackets leave the span by {size:.1e}; "
            "give a closed basis, or learn it from more data"
        )
    cosine = torch.linalg.svdvals(A.flatten(1) @ start.flatten(1).T).min().clamp(max=1)
    sine = float((1 - cosine**2).sqrt())
    if sine > 0.5:
        raise ValueError(
            f"the nearest Lie algebra of dimension {d} leaves the span by a sine of {sine:.2f}; give a basis that is "
            "closed under brackets, or learn it from more data"
        )
    return A, sine


def kernel(A: Tensor) -> Tensor:
    """Orthonormal columns that A (m, n) maps to zero; a matrix of nothing but rounding maps everything there."""
    return null_space(A, floor=ROUNDING, scale=max(float(torch.linalg.matrix_norm(A, 2)), SHARP))


def centre(constants: Tensor) -> Tensor:
    """Coefficients (d, z) of a basis of {A : [A, B] = 0 for all B}."""
    d = len(constants)
    return kernel(constants.permute(1, 2, 0).reshape(-1, d))


def derived(constants: Tensor) -> Tensor:
    """Coefficients (d, r) of an orthonormal basis of the span of all brackets."""
    if constants.abs().max() < SHARP:
        return constants.new_zeros(len(constants), 0)
    return orthonormal(constants.flatten(0, 1).T, floor=ROUNDING)


def rank(constants: Tensor) -> int:
    """The dimension of the centraliser of a generic element: of a Cartan subalgebra, where the algebra is reductive."""
    s = torch.linalg.svdvals(generic(constants))
    return int((s < SHARP * max(float(s.max()), SHARP)).sum())


def simple_ideals(constants: Tensor) -> list[Tensor]:
    """The simple ideals of a semisimple algebra, each as orthonormal coefficients (d, dim).

    The maps T with T ad = ad T, the centroid, are numbers on each simple ideal, real or complex: the eigenspaces of a
    generic one are the ideals. Two generic elements generate the algebra, so they suffice for ad.
    """
    return _eigenspaces(generic(commutant(adjoint(constants))))


def adjoint(constants: Tensor) -> Tensor:
    """ad of two generic elements, (2, d, d); in a semisimple algebra almost every two generate all of it."""
    return torch.stack([generic(constants, seed).T for seed in (0, 1)])


def intertwiners(A: Tensor, B: Tensor) -> Tensor:
    """An orthonormal basis (c, n, n) of {T : T A_i = B_i T for all i}, A and B (k, n, n)."""
    E = torch.eye(A.shape[-1], dtype=A.dtype)
    rows = torch.cat(
        [torch.kron(b, E) - torch.kron(E, a.T.contiguous()) for a, b in zip(A, B.contiguous(), strict=True)]
    )
    return kernel(rows).T.reshape(-1, *A.shape[1:])


def commutant(A: Tensor) -> Tensor:
    """An orthonormal basis (c, n, n) of {T : T A = A T for all A}, A (k, n, n)."""
    return intertwiners(A, A)


def invariant_forms(A: Tensor) -> tuple[Tensor, Tensor]:
    """Bases of the symmetric and of the skew B with Aᵀ B + B A = 0 for all A (k, n, n): (s, n, n) and (a, n, n).

    B ↦ Bᵀ maps the space of all these forms to itself: the symmetric are its eigenvectors for 1, the skew for −1.
    """
    forms = intertwiners(A, -A.mT)
    values, vectors = torch.linalg.eigh(torch.einsum("aij,bji->ab", forms, forms))
    symmetric, skew = (torch.einsum("as,aij->sij", vectors[:, side], forms) for side in (values > 0, values < 0))
    return symmetric, skew


def irreducible_parts(A: Tensor) -> list[Tensor]:
    """Bases (n, m) of invariant subspaces that add up to Rⁿ and cannot be split, where A (k, n, n) allows it.

    They are eigenspaces of generic matrices that commute with all A, of several, for a part that occurs twice is split
    by some only.
    """
    T = commutant(A)
    splits = [_eigenspaces(generic(T, seed)) for seed in range(8)]
    sizes = [sum(part.shape[1] for part in parts) for parts in splits]
    # of two eigenvalues that are nearly alike, both spaces hold the other: more than n columns
    fitting = [(size, len(parts), parts) for size, parts in zip(sizes, splits, strict=True) if size <= A.shape[-1]]
    return max(fitting, key=lambda row: row[:2], default=(0, 0, []))[2]


def signature(form: Tensor) -> tuple[int, int]:
    """How many eigenvalues of a symmetric matrix are positive, and how many negative; the rest counts as zero."""
    values = torch.linalg.eigvalsh((form + form.mT) / 2)
    small = SHARP * max(float(values.abs().amax()), SHARP) if len(values) else 0.0
    return int((values > small).sum()), int((values < -small).sum())


def generic(A: Tensor, seed: int = 0) -> Tensor:
    """A random combination Σ tᵢ Aᵢ of matrices (k, n, n) with k ≥ 1, the same each time."""
    t = torch.randn(len(A), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.einsum("k,kij->ij", t.to(A.dtype) / len(A) ** 0.5, A)


def _eigenspaces(T: Tensor) -> list[Tensor]:
    """Real bases of the eigenspaces of a real matrix, one for each real eigenvalue or pair a ± bi, by ascending a."""
    values = torch.linalg.eigvals(T)
    scale = float(values.abs().max()) or 1.0
    E = torch.eye(len(T), dtype=T.dtype)
    spaces: list[Tensor] = []
    kinds: list[complex] = []
    for value in sorted(values.tolist(), key=lambda z: (round(z.real / scale, 6), z.imag)):
        if value.imag < -1e-5 * scale or any(abs(value - other) < 1e-5 * scale for other in kinds):
            continue
        kinds.append(value)
        a, b = value.real, value.imag
        shifted = (T - a * E) @ (T - a * E) + b**2 * E if b > 1e-5 * scale else T - a * E
        spaces.append(null_space(shifted / scale ** (2 if b > 1e-5 * scale else 1), floor=1e-5, scale=1.0))
    return spaces
