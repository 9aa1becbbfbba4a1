"""Networks invariant to any group G, by every construction of the book behind one interface.

    f(x) = ρ(I₁(x), …, I_k(x))          invariants that generate or separate: Deep Sets with power sums, for any G
    f(x) = Σᵢ ηᵢ(x) fᵢ(θ(x))            primary θ and secondary η: Hironaka's decomposition, one network for each η
    f(x) = 1/|G| Σ_g φ(V(g) x)          the Reynolds operator on a network; a sample or a canonical frame in place of G
    f(x) = ρ(mean_t φ(x_t))             a design: φ reads few entries, or is a polynomial of low degree

Sources: Yarotsky, Universal approximations of invariant maps by neural networks (2022); Haddadin, Invariant polynomials
and machine learning (2021); Kicki, Skrzypczyński & Ozay, A new approach to design symmetry invariant neural networks
(2021); Puny et al., Frame Averaging (2022); Dym & Gortler, Low-dimensional invariant embeddings (2024).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from eqkit import invariants
from eqkit.deep_sets.orbits import Everything, Frame, PolynomialDesign, Reading, Sampled, Views, is_complex, real
from eqkit.deep_sets.sets import mlp
from eqkit.groups import MatrixGroup, S
from eqkit.representations import Representation, Vector, require_representation
from eqkit.subspaces import as_tensor, require_integer

CONSTRUCTIONS = (
    "generators",
    "primary and secondary",
    "separating",
    "max filter",
    "reynolds",
    "design",
    "frame",
    "sampled",
)
"""The names that `InvariantNetwork(features=...)` knows."""

Sizes = tuple[int, ...]


def features_of(V: Representation, name: str, generator: torch.Generator | None = None) -> Any:
    """What the construction of this name feeds its network with, for V: invariants, or views of the orbit.

    "primary and secondary" is the pair (θ, η). ValueError: an unknown name, a group that the construction is not for.
    """
    require_representation(V, "features_of")
    match name:
        case "generators":
            return _ring(V) if V.group.is_finite and V.group != S(V.group.n) else invariants.fundamental(V)
        case "primary and secondary":
            if not V.group.is_finite:
                raise ValueError(f"primary and secondary: for finite groups; for {V.group} take features='generators'")
            ring = _ring(V)
            why = "Hironaka decomposition"
            try:
                return invariants.Features.of(ring.primary, V, why), invariants.Features.of(ring.secondary, V, why)
            except MemoryError as error:
                raise ValueError(f"primary and secondary: {error}") from error
        case "separating":
            return invariants.separating(V, generator=generator)
        case "max filter":
            return invariants.max_filter(V, generator=generator)
        case "reynolds":
            return Everything(V)
        case "design":
            return _design(V)
        case "frame":
            return Frame(V, generator)
        case "sampled":
            return Sampled(V, generator=generator)
    raise ValueError(f"features {name!r}: choose one of {', '.join(CONSTRUCTIONS)}, or give a value of `invariants`")


def _ring(V: Representation) -> invariants.InvariantRing:
    """The invariant ring of the matrices V(g); of G itself for V = G.vector."""
    G = V.group
    image = G if isinstance(V, Vector) else MatrixGroup(V(G.generators), name=f"{V} of {G}")
    try:
        return invariants.invariant_ring(image)
    except (ValueError, MemoryError) as error:
        few = "'design', " if V.monomial is not None else ""
        raise ValueError(f"generators: {error}. For large groups {few}'frame' and 'sampled' are cheap") from error


def _design(V: Representation) -> Views:
    """Pairs of entries where V permutes them; polynomials of degree 4 where G is a Lie group with a quadrature."""
    if V.monomial is not None:
        return Reading.pairs(V)
    if V.group.is_finite:
        raise ValueError(
            f"design: {V} of {V.group} does not permute its coordinates, so no few entries can be read; "
            "features='reynolds' averages over all of the group, and 'generators', 'frame' and 'sampled' cost less"
        )
    return PolynomialDesign(V, 4)


class InvariantNetwork(nn.Module):
    """A network f: V → ℝ^out with f(V(g) x) = f(x), x (..., V.size) -> (..., out).

    V             a group (its vector is meant) or a representation, such as 3 * G.vector
    features      how it is made invariant: one of `CONSTRUCTIONS`, a value of `invariants`, any callable with a `size`,
                  or views of the orbit such as `Reading(V, (0, 1, 2))`, `Sampled(V, 64)`
    hidden        widths of the hidden layers of the network inside
    .features     the value behind the name      .terms  evaluations of the network inside for one x
    .exact        invariant up to rounding       .caveat  at what price, in words

    Inputs and features are standardised with the mean and variance they have on x ~ N(0, E), or on your own data after
    `fit_scale(x)`: unscaled, an invariant of degree 6 is a thousand times larger at x = 3 than at x = 1. Parameters are
    float32; `.double()` for tests. "sampled" draws new elements at every training step, and fixed ones in `.eval()`.
    """

    def __init__(
        self,
        V: Representation | MatrixGroup,
        features: Any = "generators",
        hidden: tuple[int, ...] = (64, 64),
        out: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        V = V.vector if isinstance(V, MatrixGroup) else V
        require_representation(V, "InvariantNetwork")
        require_integer("InvariantNetwork: out", out)
        if isinstance(hidden, int | str) or not all(isinstance(width, int) and width > 0 for width in hidden):
            raise ValueError(f"InvariantNetwork: hidden = {hidden!r}; give the widths of the layers, such as (64, 64)")
        self.representation, self.out = V, out
        self.features = features_of(V, features, generator) if isinstance(features, str) else features
        own = getattr(self.features, "representation", V)
        if own.size != V.size:
            raise ValueError(
                f"features of {own} of {own.group} take vectors of size {own.size}, and {V} of {V.group} has size "
                f"{V.size}; make both from one V"
            )
        self.body = _body(V, self.features, hidden, out, generator)
        dtype = torch.complex128 if is_complex(V) else torch.float64
        self.fit_scale(torch.randn(1000, V.size, generator=torch.Generator().manual_seed(0), dtype=dtype))

    @property
    def terms(self) -> int:
        """How often the network inside is evaluated for one x."""
        return getattr(self.features, "terms", 1)

    @property
    def exact(self) -> bool:
        """f(V(g) x) = f(x) up to rounding."""
        return getattr(self.features, "exact", True)

    @property
    def caveat(self) -> str:
        """What the construction costs, or where it fails; empty if there is nothing to say."""
        return getattr(self.features, "caveat", "")

    @torch.no_grad()
    def fit_scale(self, x: Tensor) -> InvariantNetwork:
        """Standardise inputs or features by their mean and variance on this batch (count, V.size); returns itself."""
        x = self._check(x)
        if x.ndim < 2 or x.shape[:-1].numel() < 2:
            raise ValueError(f"fit_scale: x has shape {tuple(x.shape)}; give a batch (count, {x.shape[-1]}), count ≥ 2")
        self.body.fit_scale(x.flatten(0, -2))
        return self

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self._check(x))

    def _check(self, x: Tensor) -> Tensor:
        V, x = self.representation, as_tensor(x, "x")
        if x.shape[-1:] != (V.size,):
            raise ValueError(f"x has shape {tuple(x.shape)}; vectors of {V} of {V.group} are (..., {V.size})")
        if not torch.isfinite(x).all():
            raise ValueError(f"x of shape {tuple(x.shape)} holds NaN or infinity; clean the data first")
        if x.is_complex() and not is_complex(V):
            raise TypeError(f"x is {x.dtype}, and {V.group} is a group of real matrices; give x.real and x.imag")
        return x if x.is_floating_point() or x.is_complex() else x.double()

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "not exact"
        note = f" ({self.caveat})" if self.caveat else ""
        V = self.representation
        count = sum(parameter.numel() for parameter in self.parameters())
        return f"InvariantNetwork: {V} of {V.group} → ℝ^{self.out}, {count:,} parameters, {kind}{note}"


class Standardised(nn.Module):
    """z = (y − mean) / deviation, with the mean and deviation of a batch; constant features become 0."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, y: Tensor, centred: bool = True, common: bool = False) -> None:
        """Mean and deviation of y (count, size); about 0 unless centred, one for all columns if common."""
        y = y.reshape(-1, y.shape[-1])
        mean = y.mean(0) if centred else torch.zeros_like(y[0])
        variance = (y - mean).square().mean(0)
        deviation = (variance.mean().expand(len(mean)) if common else variance).sqrt()
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(deviation > 1e-12 * mean.abs().clamp(min=1), deviation, 1.0))

    def forward(self, y: Tensor) -> Tensor:
        return ((y - self.mean.to(y.dtype)) / self.deviation.to(y.dtype)).to(self.mean.dtype)


class Invariants(nn.Module):
    """The standardised features of x (..., V.size) -> (..., size); complex ones count twice, real and imaginary."""

    def __init__(self, V: Representation, features: Callable[[Tensor], Tensor], centred: bool = True) -> None:
        super().__init__()
        self.features, self.centred = features, centred
        probe = torch.zeros(1, V.size, dtype=torch.complex128 if is_complex(V) else torch.float64)
        self.size = real(features(probe)).shape[-1]
        _refuse_not_invariant(V, features, probe.dtype)
        self.scale = Standardised(self.size)

    def fit_scale(self, x: Tensor) -> None:
        """Standardise by this batch."""
        self.scale.fit(real(self.features(x)), self.centred)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(real(self.features(x)))


@torch.no_grad()
def _refuse_not_invariant(V: Representation, features: Callable[[Tensor], Tensor], dtype: torch.dtype) -> None:
    """ValueError if I(V(g) x) = I(x) fails for generators or random g at some Gaussian x: a wrong group, or a typo."""
    G, seed = V.group, torch.Generator().manual_seed(0)
    x = torch.randn(4, V.size, dtype=dtype, generator=seed)
    before = features(x)
    for g in torch.cat([G.generators, G.random_products(4, seed)]):
        error = float(((features(V.act(g, x).to(dtype)) - before).abs() / (1 + before.abs().max())).max())
        if not error <= 1e-4:
            raise ValueError(
                f"InvariantNetwork: the features change by {error:.1e} when {V.group} acts on {V}; give features that "
                "are invariant under it, or the group that they were made for"
            )


class _OfFeatures(nn.Module):
    """ρ(I(x))."""

    def __init__(self, invariants: Invariants, hidden: Sizes, out: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.invariants = invariants
        self.rho = mlp(invariants.size, *hidden, out, generator=generator)

    def fit_scale(self, x: Tensor) -> None:
        self.invariants.fit_scale(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.rho(self.invariants(x))


class _Hironaka(nn.Module):
    """Σᵢ ηᵢ(x) fᵢ(θ(x)): one network of θ with an output for each η; η is scaled, not centred, so that 1 stays 1."""

    def __init__(
        self, theta: Invariants, eta: Invariants, hidden: Sizes, out: int, generator: torch.Generator | None
    ) -> None:
        super().__init__()
        self.theta, self.eta, self.out = theta, eta, out
        self.rho = mlp(theta.size, *hidden, out * eta.size, generator=generator)

    def fit_scale(self, x: Tensor) -> None:
        self.theta.fit_scale(x)
        self.eta.fit_scale(x)

    def forward(self, x: Tensor) -> Tensor:
        coefficients = self.rho(self.theta(x)).unflatten(-1, (self.out, -1))
        return (coefficients * self.eta(x).unsqueeze(-2)).sum(-1)


class _OfViews(nn.Module):
    """mean_t φ(x_t), and ρ of it where φ does not see all of x or is a polynomial."""

    def __init__(self, views: Views, hidden: Sizes, out: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.views, self.scale = views, Standardised(views.size)
        if isinstance(views, PolynomialDesign):
            self.phi: nn.Module = Products(views.size, hidden[0], views.degree, generator)
            self.rho: nn.Module = mlp(*hidden, out, generator=generator)
        elif isinstance(views, Reading):
            self.phi = nn.Sequential(mlp(views.size, *hidden, generator=generator), nn.SiLU())
            self.rho = mlp(hidden[-1], *hidden, out, generator=generator)
        else:
            self.phi, self.rho = mlp(views.size, *hidden, out, generator=generator), nn.Identity()

    def fit_scale(self, x: Tensor) -> None:
        self.scale.fit(self.views(x), centred=False, common=True)  # one factor commutes with the group

    def forward(self, x: Tensor) -> Tensor:
        fresh = self.training and isinstance(self.views, Sampled)
        terms = self.views.fresh(x) if fresh else self.views(x)  # type: ignore[union-attr]
        y = self.phi(self.scale(terms))
        weights = getattr(self.views, "weights", None)
        return self.rho(y.mean(-2) if weights is None else (y * weights.to(y.dtype)[:, None]).sum(-2))


class Products(nn.Module):
    """Products of `degree` affine forms, Π_i (wᵢ·x + bᵢ): x (..., size) -> (..., width), polynomials of that degree."""

    def __init__(self, size: int, width: int, degree: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.forms, self.degree = mlp(size, width * degree, generator=generator), degree

    def forward(self, x: Tensor) -> Tensor:
        return self.forms(x).unflatten(-1, (-1, self.degree)).prod(-1)


def _body(
    V: Representation, features: Any, hidden: Sizes, out: int, generator: torch.Generator | None
) -> _OfFeatures | _Hironaka | _OfViews:
    if not hidden:
        raise ValueError("hidden = (): give at least one hidden layer")
    if isinstance(features, Views):
        return _OfViews(features, hidden, out, generator)
    both = features if isinstance(features, tuple) else (features,)
    if len(both) > 2 or not all(map(callable, both)):
        raise TypeError(
            f"InvariantNetwork: features = {features!r}; give one of {', '.join(CONSTRUCTIONS)}, a value of "
            "`invariants`, a function, or a pair (θ, η) of these"
        )
    if isinstance(features, tuple):
        theta, eta = features
        return _Hironaka(Invariants(V, theta), Invariants(V, eta, centred=False), hidden, out, generator)
    return _OfFeatures(Invariants(V, features), hidden, out, generator)
