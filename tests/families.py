"""Families of matrices with known equations and dimensions, to test `equations` with and to make its table."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit import groups
from eqkit.equations import EquationSystem, J, S, Word, X, eta, learn_equations, letter

last = letter("P", lambda n: torch.eye(n)[-1].diag(), symmetric=True)  # e_n e_nᵀ


class Family(NamedTuple):
    text: str  # the equations that are to be printed
    sample: Callable[[int, int, torch.Generator], Tensor]  # (n, count, generator) -> (count, n, n)
    dimension: Callable[[int], int]
    letters: tuple[Word, ...] = (J,)
    sizes: tuple[int, ...] = (3, 4, 5)
    is_group: bool = True


def gaussian(n: int, count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, n, n, generator=generator, dtype=torch.float64)


def haar(group: Callable[[int], groups.MatrixGroup]) -> Callable[[int, int, torch.Generator], Tensor]:
    return lambda n, count, generator: group(n).sample(count, generator)


def exponentials(involution: Callable[[int, Tensor], Tensor]) -> Callable[[int, int, torch.Generator], Tensor]:
    """exp(A/2) for random A that the involution of gl(n) leaves fixed."""

    def sample(n: int, count: int, generator: torch.Generator) -> Tensor:
        A = gaussian(n, count, generator) / n**0.5
        return torch.matrix_exp((A + involution(n, A)) / 2)

    return sample


def minus_adjoint(form: Word) -> Callable[[int, Tensor], Tensor]:
    """A ↦ −F⁻¹ Aᵀ F, which fixes the Lie algebra of {M : Mᵀ F M = F}."""
    return lambda n, A: -torch.linalg.inv(form.at(n)) @ A.mT @ form.at(n)


def unitary(n: int, count: int, generator: torch.Generator) -> Tensor:
    A = gaussian(n, count, generator)
    A = A - A.mT
    return torch.matrix_exp((A - X.at(n) @ A @ X.at(n)) / 2)


def circulant(n: int, count: int, generator: torch.Generator) -> Tensor:
    shifts = torch.stack([torch.linalg.matrix_power(S.at(n), k) for k in range(n)])
    return torch.einsum("ck,kij->cij", gaussian(n, count, generator)[:, 0], shifts)


def doubly_stochastic(n: int, count: int, generator: torch.Generator) -> Tensor:
    mean = torch.ones(n, n, dtype=torch.float64) / n
    rest = torch.eye(n, dtype=torch.float64) - mean
    return mean + rest @ gaussian(n, count, generator) @ rest


def affine(n: int, count: int, generator: torch.Generator) -> Tensor:
    M = gaussian(n, count, generator)
    M[:, -1] = torch.eye(n, dtype=torch.float64)[-1]
    return M


def reflections(n: int, count: int, generator: torch.Generator) -> Tensor:
    v = torch.nn.functional.normalize(gaussian(n, count, generator)[:, :, :1], dim=1)
    return torch.eye(n, dtype=torch.float64) - 2 * v @ v.mT


def projections(n: int, count: int, generator: torch.Generator) -> Tensor:
    Q = torch.linalg.qr(gaussian(n, count, generator)[:, :, : n // 2]).Q
    return Q @ Q.mT


FAMILIES = {
    "O(n)": Family("M Mᵀ = E", haar(groups.O), lambda n: n * (n - 1) // 2),
    "Sp(n)": Family("M X Mᵀ = X", exponentials(minus_adjoint(X)), lambda n: n * (n + 1) // 2, (X,), (4, 6)),
    "O(1, n−1)": Family("M η Mᵀ = η", exponentials(minus_adjoint(eta)), lambda n: n * (n - 1) // 2, (eta,)),
    "U(n/2)": Family("M Mᵀ = E, M X = X M", unitary, lambda n: n * n // 4, (X,), (4, 6)),
    "permutations": Family("M Mᵀ = E, M∘M = M", haar(groups.S), lambda n: 0),
    "signed permutations": Family("M Mᵀ = E, M∘M∘M = M", haar(groups.SignedPermutations), lambda n: 0),
    "sign matrices": Family("M Mᵀ = E, M∘E = M", haar(groups.SignFlips), lambda n: 0),
    "circulants": Family("M S = S M", circulant, lambda n: n, (J, S)),
    "doubly stochastic": Family("M J = J, J M = J", doubly_stochastic, lambda n: (n - 1) ** 2),
    "affine": Family("P M = P", affine, lambda n: n * (n - 1), (last,)),
    "GL(n)": Family("no equation among these 30 words", gaussian, lambda n: n * n),
    "reflections": Family("M Mᵀ = E, Mᵀ = M", reflections, lambda n: n - 1, is_group=False),
    "projections": Family("Mᵀ = M, M M = M", projections, lambda n: n // 2 * (n - n // 2), is_group=False),
}


@functools.cache
def learned(name: str) -> EquationSystem:
    """The equations of a family, learned from 24 matrices of each size and held out at n = 10."""
    family, generator = FAMILIES[name], torch.Generator().manual_seed(0)
    samples = {n: family.sample(n, 24, generator) for n in family.sizes}
    return learn_equations(samples, family.letters, holdout={10: family.sample(10, 24, generator)})
