"""Four maps onto matrices that keep lengths, and the way back: exp, Cayley, products of reflections, polar.

Each is batched over the leading dimensions, real or complex, and differentiable.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.linalg
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from eqkit.subspaces import as_double


def _square(A: Tensor, name: str) -> Tensor:
    """A itself, if it is a tensor of finite, square, floating-point matrices."""
    if not isinstance(A, Tensor) or not (A.is_floating_point() or A.is_complex()):
        kind = A.dtype if isinstance(A, Tensor) else f"a {type(A).__name__}"
        raise TypeError(f"{name}: the matrices are {kind}; give a tensor of floating-point numbers (…, n, n)")
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name} takes square matrices (…, n, n), not the shape {tuple(A.shape)}")
    if not torch.isfinite(A).all():
        raise ValueError(f"{name}: matrices of shape {tuple(A.shape)} hold NaN or infinity; clean the data first")
    return A


def exp_skew(A: Tensor) -> Tensor:
    """e^A of a skew-Hermitian A = W diag(iλ) Wᴴ: W diag(e^iλ) Wᴴ, unitary to rounding; (…, n, n) -> (…, n, n).

    Half the time of torch.matrix_exp with its gradient, which other matrices need. The gradient is the analytic one,
    in the eigenbasis: see `derivatives.dexp_eigen`. Only A's lower triangle is read.
    """
    return _ExpSkew.apply(A)


def eigen_skew(A: Tensor) -> tuple[Tensor, Tensor]:
    """λ (…, n) real and W unitary with A = W diag(iλ) Wᴴ, for a skew-Hermitian A."""
    return torch.linalg.eigh(-1j * _square(A, "the spectrum of a skew matrix"))


def divided_differences(values: Tensor) -> Tensor:
    """Φ_jk = (e^iλj − e^iλk) / (iλj − iλk), and e^iλj where they meet: (…, n) -> (…, n, n).

    Written e^{i(λj + λk)/2} sinc((λj − λk)/2), nothing is subtracted that could cancel.
    """
    a, b = values.unsqueeze(-1), values.unsqueeze(-2)
    return torch.exp(0.5j * (a + b)) * torch.sinc((a - b) / (2 * torch.pi))


class _ExpSkew(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        values, W = eigen_skew(A)
        ctx.save_for_backward(values, W)
        M = (W * torch.exp(1j * values).unsqueeze(-2)) @ W.mH
        return M if A.is_complex() else M.real

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, G: Tensor) -> Tensor:  # type: ignore[override]
        values, W = ctx.saved_tensors
        K = W @ (divided_differences(values).conj() * (W.mH @ G.to(W.dtype) @ W)) @ W.mH
        return K if G.is_complex() else K.real


def cayley(A: Tensor) -> Tensor:
    """(E − A/2)⁻¹ (E + A/2) = E + A + …, the Cayley transform: (…, n, n) -> (…, n, n).

    Takes the algebra of a bilinear form into its group (Aᵀ B + B A = 0 gives Mᵀ B M = B), and reaches every M in it
    that has no eigenvalue −1. Where A has the eigenvalue 2 it is infinite; a skew-Hermitian A has none.
    """
    E = torch.eye(_square(A, "cayley").shape[-1], dtype=A.dtype)
    try:
        return torch.linalg.solve(E - A / 2, E + A / 2)
    except torch.linalg.LinAlgError as error:
        raise ValueError("cayley: A has the eigenvalue 2, where the Cayley transform is infinite; use exp") from error


def inverse_cayley(M: Tensor) -> Tensor:
    """The A with cayley(A) = M, 2 (M + E)⁻¹ (M − E); ValueError if M has the eigenvalue −1."""
    E = torch.eye(_square(M, "inverse_cayley").shape[-1], dtype=M.dtype)
    nearest = float(torch.linalg.svdvals(M + E).min())
    if nearest < 1e-6:
        raise ValueError("M has the eigenvalue −1, which no Cayley transform has; use map='exp', or another start")
    return 2 * torch.linalg.solve(M + E, M - E)


def householder(V: Tensor) -> Tensor:
    """H₁ H₂ … H_k with H = E − 2 v vᴴ/‖v‖² for the columns v of V: (…, n, k) -> (…, n, n), of determinant (−1)^k.

    In closed form E − V T⁻¹ Vᴴ with T the strict upper triangle of VᴴV plus half its diagonal (the UT transform;
    Joffrain, Low, Quintana-Ortí, van de Geijn & Van Zee 2006). Every orthogonal matrix is a product of at most n
    reflections.
    """
    if not isinstance(V, Tensor) or V.ndim < 2 or not (V.is_floating_point() or V.is_complex()):
        what = f"{V.dtype} {tuple(V.shape)}" if isinstance(V, Tensor) else f"a {type(V).__name__}"
        raise ValueError(f"householder: V is {what}; give floating-point vectors as columns, (…, n, k)")
    if not torch.isfinite(V).all() or (V == 0).all(-2).any():
        raise ValueError(f"householder: a column of V {tuple(V.shape)} is zero or not finite; it has no mirror")
    gram = V.mH @ V
    T = torch.triu(gram, 1) + torch.diag_embed(gram.diagonal(dim1=-2, dim2=-1) / 2)
    return torch.eye(V.shape[-2], dtype=V.dtype) - V @ torch.linalg.solve_triangular(T, V.mH, upper=True)


def reflections(M: Tensor) -> Tensor:
    """The V (…, n, n − 1), lower trapezoidal, with householder(V)ᴴ M = diag(1, …, 1, d): one column of M after another.

    |d| = 1; a real M of determinant (−1)^(n−1) has d = 1 and is householder(V). A complex M has phases on the whole
    diagonal instead. Householder's QR factorisation of a matrix that needs no R.
    """
    n = M.shape[-1]
    columns = []
    for k in range(n - 1):
        x = M[..., k]
        target = torch.zeros_like(x)
        head = x[..., k]
        # real: reflect onto e_k itself, where x = e_k along e_k+1, which leaves x alone; complex: onto −phase · e_k
        phase = -torch.where(head == 0, 1, head / head.abs().clamp(min=1e-300)) if M.is_complex() else 1.0
        target[..., k] = phase
        v = x - target
        v[..., :k] = 0
        other = torch.zeros_like(x)
        other[..., k + 1] = 1
        v = torch.where(v.norm(dim=-1, keepdim=True) < 1e-8, other, v / v.norm(dim=-1, keepdim=True).clamp(min=1e-8))
        M = M - 2 * v.unsqueeze(-1) * (v.unsqueeze(-2).conj() @ M)
        columns.append(v)
    return torch.stack(columns, -1) if columns else M.new_zeros(*M.shape[:-1], 0)


def polar(X: Tensor, determinant: int | None = None) -> Tensor:
    """The unitary matrix nearest to X = W S Vᴴ in Frobenius norm, W Vᴴ: (…, n, n) -> (…, n, n), by SVD in float64.

    determinant = ±1 (real X): the nearest with that determinant, W diag(1, …, 1, ±1) Vᴴ (Kabsch 1976). The gradient is
    analytic, dM = W ((K − Kᴴ) / (sᵢ + sⱼ)) Vᴴ with K = Wᴴ dX V, and exists while X is regular; that of the SVD itself
    would be infinite at X = M, where all singular values are equal.
    """
    if determinant not in (None, 1, -1) or (determinant is not None and _square(X, "polar").is_complex()):
        raise ValueError(f"polar: determinant = {determinant!r}; give 1 or −1 for real matrices, None for complex ones")
    return _Polar.apply(_square(X, "polar"), determinant)


class _Polar(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, X: Tensor, determinant: int | None) -> Tensor:
        W, s, Vh = torch.linalg.svd(X.to(torch.promote_types(X.dtype, torch.float64)))
        if determinant is not None:
            sign = (torch.linalg.det(W @ Vh) * determinant).sign().unsqueeze(-1)
            W = torch.cat([W[..., :-1], W[..., -1:] * sign.unsqueeze(-1)], -1)
            s = torch.cat([s[..., :-1], s[..., -1:] * sign], -1)
        ctx.save_for_backward(W, s, Vh)
        return (W @ Vh).to(X.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, G: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        W, s, Vh = ctx.saved_tensors
        K = W.mH @ G.to(W.dtype) @ Vh.mH
        sums = s.unsqueeze(-1) + s.unsqueeze(-2)
        sums = torch.where(sums.abs() < 1e-300, torch.inf, sums)  # the last diagonal entry, where K − Kᴴ is zero
        return (W @ ((K - K.mH) / sums) @ Vh).to(G.dtype), None


def log(M: Tensor, traceless: bool = False) -> Tensor:
    """A principal logarithm of each matrix, float64 or complex128: (…, n, n) -> (…, n, n).

    Orthogonal and unitary M by their Schur form, with angles in (−π, π]; two real eigenvalues −1 are a half turn.
    Others by scipy.linalg.logm. traceless, for M in SU(n): the largest angles lose a full turn each, or the smallest
    gain one, until the sum is zero. ValueError if a real M has no real logarithm, as one with a single eigenvalue −1.
    """
    M = _square(as_double(M, "M"), "log")
    if M.numel() == 0:
        return M
    if (torch.linalg.svdvals(M).amin(-1) == 0).any():
        raise ValueError("log: M is singular, and e^A never is; give an invertible matrix")
    flat = [_log_one(m.numpy(), traceless) for m in M.reshape(-1, *M.shape[-2:])]
    return torch.from_numpy(np.stack(flat)).to(M.dtype).reshape(M.shape)


def _log_one(M: np.ndarray, traceless: bool) -> np.ndarray:
    if np.abs(M.conj().T @ M - np.eye(len(M))).max() > 1e-6:
        A = scipy.linalg.logm(M)
    elif np.iscomplexobj(M):
        T, Z = scipy.linalg.schur(M, output="complex")
        angles = np.angle(T.diagonal())
        if traceless:
            turns = round(angles.sum() / (2 * np.pi))
            angles[np.argsort(-np.sign(turns) * angles)[: abs(turns)]] -= 2 * np.pi * np.sign(turns)
        A = (Z * (1j * angles)) @ Z.conj().T
        return (A - A.conj().T) / 2
    else:
        T, Z = scipy.linalg.schur(M, output="real")
        A = Z @ _log_of_blocks(T) @ Z.T
    if not np.isfinite(A).all() or (not np.iscomplexobj(M) and np.abs(A.imag).max() > 1e-6):
        raise ValueError("M has no real logarithm (a negative eigenvalue stands alone); start nearer to the identity")
    return A if np.iscomplexobj(M) else A.real


def _log_of_blocks(T: np.ndarray) -> np.ndarray:
    """The logarithm of diag(turns, 1, …, −1, …), with nan where one −1 has no partner."""
    n, i = len(T), 0
    A, lone = np.zeros((n, n)), []
    while i < n:
        if i + 1 < n and abs(T[i + 1, i]) > 1e-12:
            angle = np.arctan2(T[i + 1, i], T[i, i])
            A[i + 1, i], A[i, i + 1] = angle, -angle
            i += 2
        else:
            lone += [i] if T[i, i] < 0 else []
            i += 1
    for i, j in zip(lone[::2], lone[1::2], strict=False):
        A[j, i], A[i, j] = np.pi, -np.pi
    return A if len(lone) % 2 == 0 else A + np.nan


def procrustes(x: Tensor, y: Tensor, determinant: int | None = None) -> Tensor:
    """argmin ‖y − U x‖ over unitary U, polar(Σ y xᴴ), in closed form (Schönemann 1966).

    x, y (…, examples, n) hold examples in rows; the result is (…, n, n). determinant as for `polar`.
    """
    x, y = as_double(x, "x"), as_double(y, "y")
    if x.shape != y.shape or x.ndim < 2:
        raise ValueError(f"procrustes: x {tuple(x.shape)} and y {tuple(y.shape)} need one shape (…, examples, n)")
    if x.is_complex() or y.is_complex():
        x, y = x.to(torch.complex128), y.to(torch.complex128)
    return polar(y.mT @ x.conj(), determinant)


@functools.cache
def dft(n: int) -> Tensor:
    """The unitary discrete Fourier transform F_jk = e^(−2πi jk/n)/√n, (n, n) complex128."""
    return torch.fft.fft(torch.eye(n, dtype=torch.complex128), norm="ortho")


def composition(phases: Tensor, vectors: Tensor, permutation: Tensor) -> Tensor:
    """D₃ R₂ F⁻¹ D₂ Π R₁ F D₁, a unitary matrix from 7n numbers (Arjovsky, Shah & Bengio 2016): (…, n, n).

    D = diag(e^iθ) for θ in phases (…, 3, n) · R = E − 2 v vᴴ/‖v‖² for v in vectors (…, 2, n), complex · F the discrete
    Fourier transform · Π e_i = e_j with i = permutation[j].
    """
    n = phases.shape[-1] if isinstance(phases, Tensor) and phases.ndim > 1 else 0
    shapes = [tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__ for x in (phases, vectors, permutation)]
    if not n or [s[-2:] for s in shapes] != [(3, n), (2, n), (n,)] or not vectors.is_complex():
        raise ValueError(
            f"composition: phases {shapes[0]}, vectors {shapes[1]} and permutation {shapes[2]}; they are "
            "real (…, 3, n), complex (…, 2, n) and integer (n,)"
        )
    if sorted(permutation.tolist()) != list(range(n)):
        raise ValueError(f"composition: {permutation.tolist()} is no permutation of 0 … {n - 1}")
    D1, D2, D3 = (torch.exp(1j * phases[..., i, :]).unsqueeze(-1) for i in range(3))
    R1, R2 = (householder(vectors[..., i, :].unsqueeze(-1)) for i in range(2))
    F = dft(phases.shape[-1]).to(R1.dtype)
    inner = (R1 @ (F * D1.mT))[..., permutation, :]
    return D3 * (R2 @ (F.mH @ (D2 * inner)))
