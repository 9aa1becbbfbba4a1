"""Regression tasks whose answer is a tensor: moments of inertia, an O(5)-invariant function, a scattering amplitude.

The three synthetic tasks of Finzi, Welling & Wilson, A practical method for constructing equivariant multilayer
perceptrons (2021), §6, so that published figures can be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqkit import groups
from eqkit.representations import Representation
from eqkit.tasks import require_draw


@dataclass(frozen=True)
class TensorTask:
    """Pairs (x, y) with y = target(x) ∈ W, an equivariant function of x ∈ V: target(V(g) x) = W(g) target(x).

    `task(count, generator)` draws x (count, V.size) and y (count, W.size), float64. `draw` makes the x.
    """

    name: str
    V: Representation
    W: Representation
    draw: Callable[[int, torch.Generator | None], Tensor]
    target: Callable[[Tensor], Tensor]

    def __call__(self, count: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        require_draw(self.name, count, generator, 2 * (self.V.size + self.W.size))
        x = self.draw(count, generator)
        return x, self.target(x)

    def __repr__(self) -> str:
        return f"{self.name}: {self.V} → {self.W} over {self.V.group}"


def _gaussian(size: int, scale: float = 1.0) -> Callable[[int, torch.Generator | None], Tensor]:
    return lambda count, generator: scale * torch.randn(count, size, dtype=torch.float64, generator=generator)


def inertia() -> TensorTask:
    """The moment of inertia Σ mᵢ (‖rᵢ‖² E − rᵢ rᵢᵀ) of five masses: five numbers and five vectors of O(3) to a tensor.

    mᵢ = softplus(z) with z ~ N(0, 1), rᵢ ~ N(0, E). x is (m₁ … m₅, r₁ … r₅), y the 3 × 3 matrix row by row.
    """
    G = groups.O(3)

    def draw(count: int, generator: torch.Generator | None) -> Tensor:
        x = _gaussian(20)(count, generator)
        return torch.cat([torch.nn.functional.softplus(x[:, :5]), x[:, 5:]], 1)

    def target(x: Tensor) -> Tensor:
        m, r = x[:, :5, None, None], x[:, 5:].reshape(-1, 5, 3)
        square = (r**2).sum(-1)[..., None, None] * torch.eye(3, dtype=x.dtype)
        return (m * (square - r[..., :, None] * r[..., None, :])).sum(1).flatten(1)

    return TensorTask("inertia", 5 * G.trivial + 5 * G.vector, G.vector**2, draw, target)


def two_vectors() -> TensorTask:
    """An O(5)-invariant function of two vectors, sin‖x₁‖ − ‖x₂‖³/2 + x₁·x₂ / (‖x₁‖ ‖x₂‖), of x ~ N(0, E)."""
    G = groups.O(5)

    def target(x: Tensor) -> Tensor:
        a, b = x.unflatten(1, (2, 5)).unbind(1)
        p, q = a.norm(dim=1), b.norm(dim=1)
        return (p.sin() - q**3 / 2 + (a * b).sum(1) / (p * q))[:, None]

    return TensorTask("O(5)", 2 * G.vector, G.trivial, _gaussian(10), target)


def scattering() -> TensorTask:
    """The amplitude of electron and muon scattering, 4 L^μν M_μν of four momenta p ~ N(0, E/16), Lorentz-invariant.

    L^μν = p₁^μ p₃^ν − (p₁·p₃ − p₁·p₁) η^μν of the electron, M likewise of p₂ and p₄ for the muon, a·b = aᵀηb with
    η = diag(1, −1, −1, −1). The momenta of the task are arbitrary vectors, not on their mass shells.
    """
    G = groups.Lorentz()

    def target(x: Tensor) -> Tensor:
        eta = groups.METRIC.to(x.dtype)
        p1, p2, p3, p4 = x.unflatten(1, (4, 4)).unbind(1)

        def lepton(a: Tensor, b: Tensor) -> Tensor:
            trace = (a @ eta * (b - a)).sum(1)[:, None, None]  # a·b − a·a
            return a[:, :, None] * b[:, None, :] - trace * eta

        return 4 * (lepton(p1, p3) * (eta @ lepton(p2, p4) @ eta)).sum((1, 2))[:, None]

    return TensorTask("Lorentz", 4 * G.vector, G.trivial, _gaussian(16, 0.25), target)
