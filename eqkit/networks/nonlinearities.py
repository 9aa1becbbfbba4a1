"""Nonlinearities that commute with a group: gates, norms, and pointwise functions where coordinates are permuted."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqkit.networks.channels import COMPLEX, assemble, check_size, is_complex, kinds, parts, take
from eqkit.representations import Monomial, Representation, equivariance_error, require_representation

Function = Callable[[Tensor], Tensor]
SWISH_GAIN = 1.6765  # 1 / √E[(z σ(z))²] for z ~ N(0, 1): what enters with mean square 1 leaves with it
GATE_GAIN = 1.8462  # 1 / √E[σ(z)²]


def permutes(V: Representation, signs: bool = False) -> bool:
    """V(g) is a permutation matrix for every g; with `signs`, one whose entries may be −1."""
    G = V.group
    if V.monomial is not None:
        return signs or V.is_permutation
    if any(V._derivative(lambda leaf, A=A: leaf.lie_at(A).numpy()).count_nonzero() for A in G.lie_algebra):  # type: ignore[misc]
        return False
    if len(G.generators) == 0:
        return True  # a connected group that does nothing
    images = V(G.generators)
    if images.is_complex() and images.imag.any():
        return False
    form = Monomial.of(images.real)
    return form is not None and (signs or bool((form.sign == 1).all()))


def is_unitary(V: Representation) -> bool:
    """‖V(g) x‖ = ‖x‖ for every g: V of the generators is unitary, and dV of the Lie algebra anti-Hermitian."""
    G = V.group
    if V.monomial is not None:
        return True
    for A in V.lie(G.lie_algebra):
        if (A + A.mH).abs().max() > 1e-9 * (1 + A.abs().max()):
            return False
    one = torch.eye(V.size, dtype=torch.float64)
    return all(bool(((g.mH @ g - one).abs() < 1e-9).all()) for g in V(G.generators)) if len(G.generators) else True


def swish(x: Tensor) -> Tensor:
    """x σ(x) / √E[(z σ(z))²]; of complex numbers, of the real and the imaginary part."""
    return torch.complex(swish(x.real), swish(x.imag)) if x.is_complex() else SWISH_GAIN * nn.functional.silu(x)


class Gated(nn.Module):
    """Every summand of V by a gate of its own: (x, s) ↦ σ(s) x with an invariant number s; x σ(x) where V permutes.

    V is what comes out, `source` = gates·1 ⊕ V is what goes in: x (..., source.size) -> (..., V.size). Summands that
    permute their coordinates, such as the trivial one, take the pointwise swish and have no gate. σ(s) multiplies all
    of V(g) x alike, so this commutes with any group. Of complex numbers s the real part opens the gate.
    Both are scaled to keep the mean square of Gaussian inputs. Source: Weiler et al., 3D steerable CNNs (2018).
    """

    def __init__(self, V: Representation) -> None:
        super().__init__()
        require_representation(V, "Gated(V)")
        self.V = V
        self.gated = [not permutes(kind.part) for kind in kinds(V)]
        gates = sum(kind.count for kind, gated in zip(kinds(V), self.gated, strict=True) if gated)
        self.source = gates * V.group.trivial + V if gates else V

    def forward(self, x: Tensor) -> Tensor:
        check_size(x, self.source)
        flat = x.reshape(-1, self.source.size)
        gates, flat = flat.split([self.source.size - self.V.size, self.V.size], 1)
        opened = GATE_GAIN * torch.sigmoid(gates.real if x.is_complex() else gates)
        pieces, at = [], 0
        for kind, gated in zip(kinds(self.V), self.gated, strict=True):
            piece = take(flat, kind)
            pieces.append(opened[:, at : at + kind.count, None] * piece if gated else swish(piece))
            at += kind.count * gated
        return assemble(pieces, self.V).reshape(*x.shape[:-1], self.V.size)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        return f"{self.V}, {self.source.size - self.V.size} gates"


class Norm(nn.Module):
    """Every summand of V by a function of its length: x ↦ σ(‖x‖ + b) x, with a learned b for each summand.

    x (..., V.size) -> (..., V.size). It commutes with the group where V(g) keeps lengths, orthogonal or unitary;
    anything else is refused with a g and an x whose length g changes. Source: Worrall et al., Harmonic networks (2017).
    """

    def __init__(self, V: Representation, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        require_representation(V, "Norm(V)")
        if dtype not in COMPLEX:
            raise TypeError(f"Norm: dtype = {dtype}; give torch.float32 or torch.float64")
        for kind in kinds(V):
            if not is_unitary(kind.part):
                raise ValueError(_changed_length(kind.part))
        self.V = V
        self.bias = nn.Parameter(torch.zeros(len(parts(V)), dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        check_size(x, self.V)
        flat = x.reshape(-1, self.V.size)
        pieces, at = [], 0
        for kind in kinds(self.V):
            piece = take(flat, kind)
            square = (piece * piece.conj()).real.sum(-1, keepdim=True)
            length = (square + torch.finfo(square.dtype).tiny).sqrt()  # a gradient at x = 0
            pieces.append(torch.sigmoid(length + self.bias[at : at + kind.count, None]) * piece)
            at += kind.count
        return assemble(pieces, self.V).reshape(*x.shape[:-1], self.V.size)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        return f"{self.V} over {self.V.group}"


def _changed_length(V: Representation) -> str:
    """The counter-example: the generator or random element and the vector that it stretches most."""
    G = V.group
    g = torch.cat([G.generators, G.random_products(8, torch.Generator().manual_seed(0))])
    _, s, Vh = torch.linalg.svd(V(g))
    i = int(s[:, 0].argmax())
    return (
        f"Norm of {V} over {G}: V(g) is not orthogonal or unitary, so ‖V(g)x‖ ≠ ‖x‖ and a function of the length does "
        f"not commute with g; use Gated. For example ‖x‖ = 1 and ‖V(g)x‖ = {float(s[i, 0]):.3g} at\n"
        f"g =\n{_show(g[i])}\nx = {_show(Vh[i, 0].conj())}"
    )


def _show(x: Tensor) -> str:
    x = torch.where(x.abs() < 1e-9, 0, x)
    rows = [", ".join(f"{v.item():.3g}" for v in row) for row in x.reshape(-1, x.shape[-1])]
    return "\n".join(f"[{row}]" for row in rows)


FUNCTIONS: dict[str, Function] = {
    "relu": torch.relu,
    "swish": swish,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "sin": torch.sin,
    "abs": torch.abs,
    "softplus": nn.functional.softplus,
}


class Pointwise(nn.Module):
    """f of every coordinate, x ↦ (f(x₁), …, f(x_n)), where that commutes with the group; x (..., V.size) -> the same.

    f is a name ("relu", "swish", "sigmoid", "tanh", "sin", "abs", "softplus") or a function of tensors, entry by entry
    (of complex numbers, of the real and the imaginary part).
    Allowed are permutation representations for any f, and signed permutations for odd f. Elsewhere a nonlinear f
    breaks the symmetry: ValueError shows a g and an x with f(V(g)x) ≠ V(g)f(x).
    """

    def __init__(self, V: Representation, f: str | Function) -> None:
        super().__init__()
        require_representation(V, "Pointwise(V, f)")
        if f not in FUNCTIONS if isinstance(f, str) else not callable(f):
            raise ValueError(
                f"Pointwise: {f!r} is no function it knows; take {', '.join(FUNCTIONS)}, or give a function"
            )
        self.V, self.name = V, f if isinstance(f, str) else getattr(f, "__name__", "f")
        self.f = FUNCTIONS[f] if isinstance(f, str) else f
        grid = torch.linspace(-4, 4, 161, dtype=torch.float64)
        image = self.f(grid)
        if not isinstance(image, Tensor) or image.shape != grid.shape or not torch.isfinite(image).all():
            raise ValueError(
                f"Pointwise: {self.name} is to map numbers to finite numbers, entry by entry, {grid.shape}"
            )
        self.is_odd = bool((self.f(-grid) + image).abs().max() < 1e-12)
        bad = [kind.part for kind in kinds(V) if not permutes(kind.part, signs=self.is_odd)]
        if bad:
            raise ValueError(self._refusal(bad[0]))

    def _refusal(self, V: Representation) -> str:
        kind = "a signed permutation representation" if permutes(V, signs=True) else "no permutation representation"
        rule = f"{self.name} of every coordinate commutes with permutations"
        rule += ", and with signs, for it is odd" if self.is_odd else "; with signs only if f is odd, which it is not"
        error, g, x = max(
            (equivariance_error(self._at, V, V, x=x) for x in _simple_vectors(V)), key=lambda found: found[0] > 1e-9
        )
        start = f"Pointwise({V}, {self.name}) over {V.group}: {V} is {kind}, and {rule}. Use Gated"
        if error < 1e-9:
            return f"{start}, or no nonlinearity: no counter-example was found, so {self.name} may be linear"
        left, right = self._at(V.act(g, x).to(x.dtype)), V.act(g, self._at(x))
        return (
            f"{start}. Here f(V(g)x) = {_show(left)} and V(g)f(x) = {_show(right)} at\ng =\n{_show(g)}\nx = {_show(x)}"
        )

    def _at(self, x: Tensor) -> Tensor:
        return torch.complex(self.f(x.real), self.f(x.imag)) if x.is_complex() else self.f(x)

    def forward(self, x: Tensor) -> Tensor:
        check_size(x, self.V)
        return self._at(x)

    def extra_repr(self) -> str:
        """What `print(layer)` shows."""
        return f"{self.name} on {self.V} over {self.V.group}"


def _simple_vectors(V: Representation) -> list[Tensor]:
    """Unit vectors and their negatives; some Gaussian ones, for functions that unit vectors do not give away."""
    one = torch.eye(V.size, dtype=torch.float64)
    others = torch.randn(8, V.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    dtype = COMPLEX[torch.float64] if is_complex(V) else torch.float64
    return [torch.cat([one, -one]).to(dtype), others.to(dtype)]
