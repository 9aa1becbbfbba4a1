"""The same counts as ranks: how many of the numbers in U does a computation see, and how many does data determine?"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eqkit.subspaces import as_double, largest_gap, require_memory


def projector(U: Tensor) -> Tensor:
    """The orthogonal projector U (UᵀU)⁻¹ Uᵀ onto span(U), differentiable: the span as a matrix, without a basis."""
    if U.ndim < 2 or not U.is_floating_point():
        raise ValueError(f"projector: U is {U.dtype} {tuple(U.shape)}; give floating-point columns (N, k)")
    try:
        return U @ torch.linalg.solve(U.mT @ U, U.mT)
    except torch.linalg.LinAlgError as error:
        raise ValueError(
            f"projector: the columns of U {tuple(U.shape)} depend on each other; leave some out"
        ) from error


def visible_dimension(f: Callable[[Tensor], Tensor], parameters: Tensor) -> int:
    """The rank of the derivative of f at these parameters: how many numbers of them f sees, to first order.

    At random parameters it is the dimension of the image of f. f = projector sees k(N − k) of the entries of U (N, k),
    U ↦ U Uᵀ sees k(N − k) + k(k + 1)/2. f is differentiated by torch.func.jacfwd in float64.
    """
    parameters = as_double(parameters, "parameters")
    if parameters.numel() == 0:
        raise ValueError("visible_dimension: there are no parameters; give one or more numbers")
    values = torch.linalg.svdvals(torch.func.jacfwd(f)(parameters).detach().reshape(-1, parameters.numel()))
    scale = f(parameters).detach().norm() / parameters.norm()  # where nothing is seen, the derivative is rounding
    return len(values) - largest_gap(values, floor=1e-11, scale=max(float(values[0]), float(scale), 1e-300)).dim


def free_directions(U: Tensor, x: Tensor, v: Tensor) -> int:
    """In how many directions of the Grassmannian can span(U) move, to first order, and fit the tasks as well?

    U (mn, k), inputs x (tasks, shots, n), filters v (tasks, k); outputs are y = mat(U v) x without noise. 0: the data
    determine span(U) locally. It is k(mn − k) less the rank of dU ↦ (1 − Φ Φ⁺) mat(dU v) x, where Φ v = mat(U v) x, for
    what the filters can make good is no difference. If each task determines its filter (Φ has rank k), then at least
    k(mn − k) − T (m min(S, n) − k) are free.
    """
    U, x, v = as_double(U, "U"), as_double(x, "x"), as_double(v, "v")
    (tasks, shots, n), k = x.shape if x.ndim == 3 and x.numel() else (0, 0, 1), U.shape[-1]
    m = len(U) // n
    if tasks == 0 or U.ndim != 2 or len(U) != m * n or v.shape != (tasks, k):
        raise ValueError(
            f"free_directions: U {tuple(U.shape)}, x {tuple(x.shape)}, v {tuple(v.shape)}; they are (mn, k), "
            "(tasks, shots, n) and (tasks, k)"
        )
    if U.is_complex() or x.is_complex() or v.is_complex():
        raise TypeError("free_directions: U, x or v is complex; tasks are real")
    require_memory(16.0 * tasks * shots * m * m * n * k, f"free_directions: {tasks} tasks, U {tuple(U.shape)}")
    features = torch.einsum("tsi,oik->tsok", x, U.reshape(m, n, k)).flatten(1, 2)  # (tasks, shots·m, k)
    Q = _range(features)
    design = torch.einsum("tsi,tk->tsik", x, v).flatten(2)  # (tasks, shots, n·k)
    J = torch.einsum("tsa,op->tsopa", design, torch.eye(m, dtype=U.dtype)).reshape(tasks, shots * m, m * n * k)
    J = (J - Q @ (Q.mT @ J)).flatten(0, 1)
    values = torch.linalg.svdvals(torch.linalg.qr(J, mode="r").R if len(J) > J.shape[1] else J)
    return k * (m * n - k) - int((values > 1e-9 * torch.linalg.matrix_norm(design).max()).sum())


def _range(A: Tensor) -> Tensor:
    """Orthonormal columns that span the columns of each A (tasks, rows, k); zero columns where the rank is less."""
    Q, s, _ = torch.linalg.svd(A, full_matrices=False)
    return Q * (s > 1e-10 * s[:, :1]).to(Q.dtype).unsqueeze(1)
