"""When the latent vector is too short: two different sets that Deep Sets cannot tell apart.

n elements of d numbers are n·d unknowns and the pooled vector gives `latent` equations, so with latent < n·d the sets
that share a pooled vector form curves at least. Source: Wagstaff et al., On the limitations of representing functions
on sets (2019); for two numbers and one latent number the proof is the intermediate value theorem, `pair_collision`.
"""

from __future__ import annotations

from collections.abc import Callable

import scipy.optimize
import torch
from torch import Tensor

from eqkit.subspaces import as_double, require_integer

Phi = Callable[[Tensor], Tensor]


def pair_collision(phi: Phi, a: float, b: float) -> float:
    """c in [a, b] with φ(c) + φ(c) = φ(a) + φ(b): {c, c} and {a, b} have one latent number, for every continuous φ.

    φ(c) − (φ(a) + φ(b))/2 has opposite signs at a and b, so it vanishes between them; found by bisection. φ maps a
    tensor () to (). For N = 2 and M = 1 this is the whole proof that M < N fails.
    """

    def f(c: float) -> float:
        return float(phi(torch.tensor(c, dtype=torch.float64)))

    half = (f(a) + f(b)) / 2
    if not (a < b and abs(half) < float("inf")):
        raise ValueError(f"pair_collision(φ, {a}, {b}): needs a < b and finite φ(a), φ(b)")
    c = float(scipy.optimize.bisect(lambda c: f(c) - half, a, b, xtol=1e-15)) if f(a) != f(b) else a
    if not abs(f(c) - half) <= 1e-6 * (1 + abs(half)):
        raise ValueError(f"pair_collision(φ, {a}, {b}): φ jumps at {c:.6g}; the theorem is about continuous functions")
    return c


def set_distance(x: Tensor, y: Tensor) -> float:
    """√Σᵢ ‖xᵢ − y_π(i)‖² for the matching π of the elements that makes it least: x, y (n, d)."""
    x, y = as_double(x, "x"), as_double(y, "y")
    if x.ndim != 2 or x.shape != y.shape or x.is_complex() or y.is_complex():
        raise ValueError(
            f"set_distance: x {tuple(x.shape)} and y {tuple(y.shape)} are two real sets of one shape (n, d)"
        )
    cost = torch.cdist(x, y).square()
    rows, columns = scipy.optimize.linear_sum_assignment(cost.numpy())
    return float(cost[rows, columns].sum().sqrt())


def collision(phi: Phi, x: Tensor, distance: float = 0.5, steps: int = 400) -> Tensor:
    """Another set with the pooled vector of x, Σ φ(yᵢ) = Σ φ(xᵢ): x (n, d) -> y (n, d), float64.

    From x it follows the level set: a step along the null direction of the Jacobian of Σφ, then Newton back onto the
    level, until the sets are `distance` apart (`set_distance`), or the farthest met in `steps` steps. φ maps (n, d) to
    (n, latent), float64. ValueError when the Jacobian has no null direction, as it is for latent ≥ n·d in general.
    """
    x = as_double(x, "x")
    if x.ndim != 2 or 0 in x.shape or x.is_complex():
        raise ValueError(f"x has shape {tuple(x.shape)}; a set is (n, d), n elements of d real numbers")
    if not 0 < distance < float("inf"):
        raise ValueError(f"collision(…, distance={distance}): the distance is a positive number")
    require_integer("collision: steps", steps)
    image = phi(x)
    if image.ndim != 2 or len(image) != len(x) or not torch.isfinite(image).all():
        raise ValueError(f"φ maps {tuple(x.shape)} to {tuple(image.shape)}; it gives finite numbers ({len(x)}, latent)")

    def pooled(flat: Tensor) -> Tensor:
        return phi(flat.reshape(x.shape)).sum(0)

    def jacobian(flat: Tensor) -> Tensor:
        return torch.autograd.functional.jacobian(pooled, flat)  # (latent, n·d)

    start = x.flatten()
    goal, J = pooled(start).detach(), jacobian(start)
    null = _null(J)
    if len(null) == 0:
        raise ValueError(
            f"Σφ has {len(goal)} latent numbers and its Jacobian at this set has full rank {x.numel()} = n·d: "
            "nearby sets all differ in the pooled vector; take fewer latent numbers, or another set"
        )
    y, heading, step = start, null[-1], distance / 40
    best, farthest = start, 0.0
    for _ in range(steps):
        direction = null.T @ (null @ heading)
        heading = direction / direction.norm()
        y = y + step * heading
        for _ in range(6):  # Newton, the smallest correction that returns to the level
            J = jacobian(y)
            y = y + torch.linalg.pinv(J, rtol=1e-10) @ (goal - pooled(y).detach())
        null = _null(J)
        apart = set_distance(x, y.reshape(x.shape))
        on_level = float((pooled(y).detach() - goal).abs().max()) <= 1e-9 * (1 + float(goal.abs().max()))
        if on_level and apart > farthest:
            best, farthest = y, apart
        if farthest >= distance or len(null) == 0 or not on_level:
            break
    if farthest < min(distance, 1e-3):
        raise ValueError("the level set ends at this set: no other set with its pooled vector was found nearby")
    return best.reshape(x.shape)


def _null(J: Tensor) -> Tensor:
    """Orthonormal rows that span the null space of J (latent, n·d)."""
    _, s, Vh = torch.linalg.svd(J)
    return Vh[int((s > 1e-9 * s[:1]).sum()) :]
