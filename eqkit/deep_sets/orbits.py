"""What an inner network φ is shown of x, so that the mean over what it is shown is invariant: f(x) = mean_t φ(x_t).

Each class here maps x (..., V.size) to its views (..., terms, size): all V(g) x, some entries of them, a sample, or
canonical ones. `terms` is what one evaluation of f costs; `exact` says whether f is invariant, and `caveat` why not, or
at what price. Sources: Sturmfels, Algorithms in Invariant Theory, §2.1; Murphy et al., Janossy Pooling (2019);
Puny et al., Frame Averaging (2022).
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from eqkit import groups, reynolds
from eqkit.representations import Representation, Trivial, Vector, require_representation
from eqkit.representations.algebra import Sum
from eqkit.subspaces import require_integer, require_memory

LIMIT = 2**24  # numbers in the matrices of all group elements


class Everything:
    """All of the orbit: V(g) x for every g of a finite group, |G| terms."""

    exact, caveat = True, "|G| evaluations of φ"

    def __init__(self, V: Representation) -> None:
        require_representation(V, "Everything")
        G = V.group
        if not G.is_finite:
            raise ValueError(
                f"reynolds: {G} is infinite, its average is an integral; choose features='sampled', 'frame' or "
                "'generators', or 'design' for SO(2) and SO(3)"
            )
        if G.order * V.size**2 > LIMIT:
            raise ValueError(
                f"reynolds: {G} has {G.order:,} elements, matrices of size {V.size} on {V}; cheap for it are "
                "features='design' (few entries at a time), 'frame', 'sampled' and 'generators' with few generators"
            )
        self.representation, self.terms, self.size = V, int(G.order), _real_size(V)
        self.matrices = V(G.elements())

    def __call__(self, x: Tensor) -> Tensor:
        return real(_moved(self.matrices, x))


class Reading:
    """Some entries of x, in every place they can come from: as many terms as tuples in the orbit of the entries.

    V permutes its coordinates, perhaps with signs. φ reads few numbers, so f = ρ(mean φ) needs a network ρ after the
    mean; with one entry of S(n).vector this is Deep Sets. What no ρ can restore is what the multiset of tuples forgets.
    """

    exact, caveat = True, "sees the multiset of tuples of entries, no more"

    @staticmethod
    def pairs(V: Representation) -> Reading:
        """Two entries; for m copies of one vector the same two of each copy, two points of a set in ℝᵐ."""
        n = V.group.n if _is_copies(V) else V.size
        return Reading(V, tuple(i for i in range(V.size) if i % n < 2))

    def __init__(self, V: Representation, entries: tuple[int, ...]) -> None:
        design = reynolds.reading(V, entries)
        if design.terms * len(entries) * V.size > LIMIT:
            raise ValueError(f"reading {entries} of {V}: {design.terms:,} terms; read fewer entries, or use 'sampled'")
        self.representation, self.terms, self.size, self.entries = V, design.terms, len(entries), tuple(entries)
        chunks = design.chunks(V.size**2)
        self.matrices = torch.cat([V(g)[:, list(entries)] for g, _ in chunks])  # (terms, entries, V.size)

    def __call__(self, x: Tensor) -> Tensor:
        return _moved(self.matrices, x)


class PolynomialDesign:
    """V(g) x for the few g whose weighted average is that over G for polynomials of x up to `degree`.

    For the compact groups that `reynolds.polynomials` knows, such as SO(2), SO(3) and SU(2), and V made of copies of
    G.vector and G.trivial. Exact for φ of that degree in x, such as products of `degree` linear forms.
    """

    exact = True

    def __init__(self, V: Representation, degree: int) -> None:
        require_representation(V, "PolynomialDesign")
        _copies(V, "design", trivial=True)
        design = reynolds.polynomials(V.group, degree)
        self.representation, self.terms, self.size, self.degree = V, design.terms, _real_size(V), degree
        self.caveat = f"φ is a polynomial of degree {degree}"
        matrices, weights = zip(*design.chunks(V.size**2), strict=True)
        self.matrices, self.weights = torch.cat([V(g) for g in matrices]), torch.cat(weights)

    def __call__(self, x: Tensor) -> Tensor:
        return real(_moved(self.matrices, x))


class Sampled:
    """`terms` uniform (Haar) random g for each x: an unbiased estimate of the mean over G, fresh in training.

    In evaluation the elements are fixed, drawn once from the generator, so f is a function; it is not invariant, and
    its error falls as 1/√terms. A loss that is convex in f is biased: the variance of f adds to a squared error.
    """

    exact, caveat = False, "unbiased, with an error of order 1/√terms"

    def __init__(self, V: Representation, terms: int = 4, generator: torch.Generator | None = None) -> None:
        require_representation(V, "Sampled")
        require_integer(f"Sampled({V}): terms", terms)
        require_memory(8.0 * terms * V.size**2, f"Sampled({V}, {terms:,})")
        self.representation, self.terms, self.size = V, terms, _real_size(V)
        self.generator = generator
        self.fixed = V(V.group.sample(terms, generator))

    def __call__(self, x: Tensor) -> Tensor:
        return real(_moved(self.fixed, x))

    def fresh(self, x: Tensor) -> Tensor:
        """Other elements for each x: (..., V.size) -> (..., terms, V.size)."""
        flat = x.reshape(-1, 1, x.shape[-1]).expand(-1, self.terms, -1).flatten(0, 1)
        g = self.representation.group.sample(len(flat), self.generator)
        moved = self.representation.act(g, flat[:, None])[:, 0]
        moved = moved if moved.is_complex() else moved.to(x.dtype)
        return real(moved.reshape(*x.shape[:-1], self.terms, x.shape[-1]))


class Frame:
    """Canonical members of the orbit, few terms and exact; f jumps where the choice is ambiguous.

    S(n) on copies of its vector: sorted by the first copy (jumps where two entries of it agree). O(n) and SO(n) on
    copies of their vector: the 2ⁿ, or 2ⁿ⁻¹, principal axes frames (jumps where two principal moments agree). Other
    finite groups: V(g) x with the largest ⟨V(g) x, z⟩ for one random template z (jumps where two are largest); for S(n)
    that is sorting, by the rearrangement inequality.
    """

    exact, caveat = True, "jumps where the frame is ambiguous"

    def __init__(self, V: Representation, generator: torch.Generator | None = None) -> None:
        require_representation(V, "Frame")
        G = V.group
        self.representation, self.size, self.terms = V, V.size, 1
        if G.is_permutation and G == groups.S(G.n) and _is_copies(V):
            self._views = self._sorted
        elif G in (groups.O(G.n), groups.SO(max(G.n, 2))) and G.n > 1:
            _copies(V, "frame")
            if G.n > 10:
                raise ValueError(f"frame: {G} has 2^{G.n} sign choices of its principal axes; use 'generators'")
            signs = torch.tensor(list(itertools.product((1.0, -1.0), repeat=G.n)), dtype=torch.float64)
            self._rotations_only = not len(G.generators)
            self._signs = signs[signs.prod(1) > 0] if self._rotations_only else signs
            self.terms, self._views = len(self._signs), self._principal
        elif G.is_finite and G.order * V.size**2 <= LIMIT and not is_complex(V):
            self._matrices = V(G.elements())
            z = torch.randn(V.size, dtype=torch.float64, generator=generator)
            self._templates = self._matrices.mT @ z  # (order, size): ⟨V(g) x, z⟩ = ⟨x, V(g)ᵀ z⟩
            self._views = self._largest
        else:
            raise ValueError(
                f"frame: no canonical frame is known for {V} of {G}; there is one for S(n), O(n) and SO(n) on copies "
                "of their vector, and for real finite groups small enough to list; use 'generators' or 'sampled'"
            )

    def __call__(self, x: Tensor) -> Tensor:
        if x.shape[-1:] != (self.size,):
            raise ValueError(f"x has shape {tuple(x.shape)}; vectors of {self.representation} are (..., {self.size})")
        return self._views(x)

    def _sorted(self, x: Tensor) -> Tensor:
        blocks = x.unflatten(-1, (-1, self.representation.group.n))  # (..., copies, n)
        order = blocks[..., :1, :].argsort(dim=-1, stable=True)
        return blocks.gather(-1, order.expand(blocks.shape)).flatten(-2).unsqueeze(-2)

    def _principal(self, x: Tensor) -> Tensor:
        vectors = x.unflatten(-1, (-1, self.representation.group.n))  # (..., copies, n)
        _, axes = torch.linalg.eigh(vectors.mT @ vectors)
        if self._rotations_only:
            axes = torch.cat([axes[..., :-1], axes[..., -1:] * torch.linalg.det(axes)[..., None, None].sign()], -1)
        seen = vectors @ axes  # coordinates along the principal axes
        return (seen.unsqueeze(-3) * self._signs.to(x.dtype)[:, None, :]).flatten(-2)

    def _largest(self, x: Tensor) -> Tensor:
        best = (x @ self._templates.to(x.dtype).T).argmax(-1)
        return (self._matrices.to(x.dtype)[best] @ x.unsqueeze(-1)).mT


Views = Everything | Reading | PolynomialDesign | Sampled | Frame


def _moved(matrices: Tensor, x: Tensor) -> Tensor:
    """(terms, size, V.size) and (..., V.size) -> (..., terms, size), in one product."""
    dtype = torch.promote_types(x.dtype, torch.complex64) if matrices.is_complex() else x.dtype
    flat = x.to(dtype) @ matrices.to(dtype).flatten(0, 1).T
    return flat.unflatten(-1, matrices.shape[:2])


def is_complex(V: Representation) -> bool:
    """V acts by complex matrices."""
    return V(V.group.random_products(1, torch.Generator().manual_seed(0))).is_complex()


def _real_size(V: Representation) -> int:
    return 2 * V.size if is_complex(V) else V.size


def real(x: Tensor) -> Tensor:
    """A network reads real and imaginary parts side by side."""
    return torch.view_as_real(x).flatten(-2) if x.is_complex() else x


def _is_copies(V: Representation, trivial: bool = False) -> bool:
    allowed = (Vector, Trivial) if trivial else (Vector,)
    return all(isinstance(part, allowed) for part in (V.parts if isinstance(V, Sum) else (V,)))


def _copies(V: Representation, what: str, trivial: bool = False) -> None:
    if not _is_copies(V, trivial):
        raise ValueError(f"{what}: {V} of {V.group} is not made of copies of G.vector; write V = m * G.vector")
