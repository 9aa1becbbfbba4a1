"""Tasks on sets: sums of digits, in text and in handwriting, and the four population statistics of Deep Sets.

Source: Zaheer et al., Deep Sets (2017), §4.1. The generators they released for the statistics differ from their text in
two of the four tasks (one squares the variance, one mixes up the Cholesky factors and labels with an eighth of the
information), so sets and targets are made here from the definitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit.deep_sets import mlp
from eqkit.subspaces import as_double, as_tensor, require_generator, require_integer
from eqkit.tasks import digits


class Sets(NamedTuple):
    """Sets x (count, n, ...) of which the mask (count, n) tells what is there, and one target y (count,) for each."""

    x: Tensor
    mask: Tensor
    y: Tensor


def _lengths(count: int, least: int, most: int, generator: torch.Generator | None) -> Tensor:
    """The mask (count, most) of sets with least … most elements, each length equally likely."""
    for name, value in (("count", count), ("least", least), ("most", most)):
        require_integer(f"sets: {name}", value)
    if least > most:
        raise ValueError(f"{count} sets of {least} to {most} elements: needs count ≥ 1 and 1 ≤ least ≤ most")
    require_generator("sets", generator)
    lengths = torch.randint(least, most + 1, (count, 1), generator=generator)
    return torch.arange(most) < lengths


def digit_sums(count: int, least: int = 1, most: int = 9, generator: torch.Generator | None = None) -> Sets:
    """Sequences of digits 0 … 9 as integers x (count, most), and their sums y (count,) float32."""
    mask = _lengths(count, least, most, generator)
    x = torch.randint(10, mask.shape, generator=generator).masked_fill(~mask, 0)
    return Sets(x, mask, x.sum(1).float())


def image_sums(
    count: int, least: int = 1, most: int = 5, training: bool = True, generator: torch.Generator | None = None
) -> Sets:
    """Sets of handwritten digits, images x (count, most, 64), and the sums of what they show, y (count,).

    The images of data/digits.npz, centred and scaled as a whole (mean 0, variance 1 over all pixels): two of three are
    for training and the others for tests, so that a test shows handwriting never seen.
    """
    mask = _lengths(count, least, most, generator)
    own = (torch.arange(len(digits.labels())) % 3 != 0) == training
    pixels, labels = digits.images().flatten(1), digits.labels()[own]
    images = ((pixels - pixels.mean()) / pixels.std())[own]
    chosen = torch.randint(len(labels), mask.shape, generator=generator)
    x = images[chosen].masked_fill(~mask[..., None], 0)
    return Sets(x, mask, labels[chosen].masked_fill(~mask, 0).sum(1).float())


# population statistics
def gaussian_sets(covariances: Tensor, points: int, generator: torch.Generator | None = None) -> Tensor:
    """`points` independent draws from each N(0, Σ): Σ (count, d, d) -> x (count, points, d) float32."""
    require_integer("gaussian_sets: points", points)
    require_generator("gaussian_sets", generator)
    sigma = _covariances(covariances)
    if sigma.ndim != 3:
        raise ValueError(f"gaussian_sets: covariances have shape {tuple(sigma.shape)}; they are (count, d, d)")
    L, failed = torch.linalg.cholesky_ex(sigma)
    if failed.any():
        raise ValueError("gaussian_sets: a covariance is not positive definite; take A @ A.mT for a regular A")
    z = torch.randn(len(covariances), points, L.shape[-1], dtype=L.dtype, generator=generator)
    return (z @ L.mT).float()


def _covariances(covariance: Tensor) -> Tensor:
    sigma = as_tensor(covariance, "covariance")
    if sigma.ndim < 2 or sigma.shape[-1] != sigma.shape[-2] or 0 in sigma.shape or not sigma.is_floating_point():
        raise ValueError(f"covariances are real matrices (..., d, d), not {sigma.dtype} of shape {tuple(sigma.shape)}")
    return sigma


def marginal_entropy(covariance: Tensor) -> Tensor:
    """½ log(2πe s), the entropy in nats of the first coordinate, s its variance: Σ (..., d, d) -> (...)."""
    return 0.5 * torch.log(2 * math.pi * math.e * _covariances(covariance)[..., 0, 0])


def mutual_information(covariance: Tensor) -> Tensor:
    """−½ log(det Σ / (det Σ₁ det Σ₂)), in nats, between the first and the second half of the coordinates: (...)."""
    half = _covariances(covariance).shape[-1] // 2
    if 2 * half != covariance.shape[-1]:
        raise ValueError(
            f"mutual_information: {covariance.shape[-1]} coordinates have no two halves; give an even number"
        )
    halves = covariance[..., :half, :half], covariance[..., half:, half:]
    return 0.5 * (torch.logdet(halves[0]) + torch.logdet(halves[1]) - torch.logdet(covariance))


def _random_covariance(d: int, generator: torch.Generator | None, *count: int) -> Tensor:
    """A Aᵀ/d with A (…, d, 2d) Gaussian: a Wishart matrix that is well conditioned."""
    A = torch.randn(*count, d, 2 * d, dtype=torch.float64, generator=generator)
    return A @ A.mT / (2 * d)


def rotated(count: int, d: int = 2, generator: torch.Generator | None = None) -> Tensor:
    """R(α) Σ R(α)ᵀ with one Σ = diag(9, 1)/5 for all and α uniform in [0, π]: (count, 2, 2)."""
    if d != 2:
        raise ValueError(f"rotated: the Gaussian is turned in the plane, d = 2; d = {d}")
    angle = math.pi * torch.rand(count, dtype=torch.float64, generator=generator)
    axis = torch.stack([angle.cos(), angle.sin()], -1)
    return (torch.eye(2) + 8 * axis.unsqueeze(-1) * axis.unsqueeze(-2)) / 5


def correlated(count: int, d: int = 8, generator: torch.Generator | None = None) -> Tensor:
    """[[Σ, αΣ], [αΣ, Σ]] with one random Σ for all and α uniform in (−0.95, 0.95): (count, d, d)."""
    if d < 2 or d % 2:
        raise ValueError(f"correlated: d = {d}; the coordinates have two halves, so d is even, 2 or more")
    shared = _random_covariance(d // 2, torch.Generator().manual_seed(1))
    alpha = 1.9 * torch.rand(count, dtype=torch.float64, generator=generator) - 0.95
    mixture = torch.eye(2) + alpha[:, None, None] * torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    return torch.einsum("cij,kl->cikjl", mixture, shared).reshape(count, d, d)


def rank_one(count: int, d: int = 8, generator: torch.Generator | None = None) -> Tensor:
    """E + λ v vᵀ with one Gaussian v for all and λ uniform in (0, 1): (count, d, d)."""
    v = torch.randn(d, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weight = torch.rand(count, dtype=torch.float64, generator=generator)
    return torch.eye(d, dtype=torch.float64) + weight[:, None, None] * torch.outer(v, v)


def arbitrary(count: int, d: int = 8, generator: torch.Generator | None = None) -> Tensor:
    """A new random Σ for each set: (count, d, d)."""
    return _random_covariance(d, generator, count)


STATISTICS: dict[str, tuple[Callable[..., Tensor], int, Callable[[Tensor], Tensor]]] = {
    "entropy of a rotated marginal": (rotated, 2, marginal_entropy),
    "information from a correlation": (correlated, 8, mutual_information),
    "information of a rank-one change": (rank_one, 8, mutual_information),
    "information of a random covariance": (arbitrary, 4, mutual_information),
}
"""The four tasks: covariances (count, d, d), the dimension d, and the statistic of the covariance that is asked for."""


def population_statistics(name: str, count: int, points: int = 300, generator: torch.Generator | None = None) -> Sets:
    """Sets of `points` draws from N(0, Σ), x (count, points, d), and the statistic of each Σ, y (count,) float32."""
    _refuse_no_statistic(name)
    require_integer("population_statistics: count", count)
    require_integer("population_statistics: points", points)
    require_generator("population_statistics", generator)
    covariances, d, statistic = STATISTICS[name]
    sigma = covariances(count, d, generator)
    x = gaussian_sets(sigma, points, generator)
    return Sets(x, torch.ones(x.shape[:2], dtype=torch.bool), statistic(sigma).float())


def _refuse_no_statistic(name: str) -> None:
    if name not in STATISTICS:
        raise ValueError(f"no statistic is called {name!r}; choose one of {', '.join(STATISTICS)}")


def plug_in(name: str, x: Tensor) -> Tensor:
    """The statistic of the sample covariance (1/n) Σ x xᵀ, in closed form: x (count, points, d) -> (count,)."""
    _refuse_no_statistic(name)
    x, d = as_double(x, "x"), STATISTICS[name][1]
    if x.ndim != 3 or x.shape[2] != d or 0 in x.shape:
        raise ValueError(f"plug_in({name!r}): x has shape {tuple(x.shape)}; sets are (count, points, {d})")
    return STATISTICS[name][2](x.mT @ x / x.shape[1]).float()


# a baseline that reads one element after another
class Recurrent(nn.Module):
    """ρ of the last state of a gated recurrent unit: x (count, n, ...) and mask (count, n) -> (count, out).

    φ maps an element to the `n_in` numbers that the unit reads. What follows the last element is not read. The order of
    the elements matters to it.
    """

    def __init__(
        self, phi: nn.Module, n_in: int, state: int, out: int = 1, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.phi, self.unit = phi, nn.GRU(n_in, state, batch_first=True)
        for parameter in self.unit.parameters():
            nn.init.uniform_(parameter, -(state**-0.5), state**-0.5, generator=generator)
        self.rho = mlp(state, out, generator=generator)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        if (
            not isinstance(mask, Tensor)
            or mask.dtype != torch.bool
            or mask.shape != x.shape[:2]
            or not mask.any(1).all()
        ):
            shape = (tuple(mask.shape), mask.dtype) if isinstance(mask, Tensor) else type(mask).__name__
            raise ValueError(
                f"mask is {shape}; it is boolean, {tuple(x.shape[:2])}, with one or more elements in each set"
            )
        states, _ = self.unit(self.phi(x))
        last = mask.sum(1) - 1
        return self.rho(states[torch.arange(len(x)), last])
