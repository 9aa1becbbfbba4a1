"""Symmetry matrices that name no dimension: U_n = Σ_a atom_a(n) θ_a, learned at one n and used unchanged at every n.

The atoms are words in letters that have a value at every n (see `words`), and θ holds one row of k numbers for each
atom. A symmetry is selected and mixed from the atoms, never invented: `misfit` says how much of a task lies outside.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqkit import subspaces
from eqkit.equations.expressions import E, Word
from eqkit.equations.words import R, S, Z, letter
from eqkit.meta_learning import Episodes, LeastSquares
from eqkit.parameter_counts.arms import Arm, parametrised
from eqkit.parameter_counts.problems import Problem

mean = letter("mean", lambda n: torch.full((n, n), 1 / n, dtype=torch.float64), symmetric=True)  # J/n, of norm 1


def dictionary(
    letters: Sequence[Word] = (S, R, mean, Z), length: int = 2, lost: int = 0, sizes: Sequence[int] = (8, 11)
) -> tuple[Word, ...]:
    """E and the products of up to `length` letters and transposes of letters, short ones first: the atoms.

    Closed under transpose, and under products as long as they stay within `length`. At size n an atom is cut to its
    first n − lost rows; one that is then a combination of shorter ones, at all the `sizes` together, is left out.
    """
    _require_atoms(letters)
    subspaces.require_integer("dictionary: the length of words", length)
    subspaces.require_integer("dictionary: the number of lost rows", lost, 0)
    alphabet = dict.fromkeys(w for L in letters for w in (L, L.T))
    chains = [c for r in range(1, length + 1) for c in itertools.product(alphabet, repeat=r)]
    found = tuple(dict.fromkeys([E, *(functools.reduce(Word.__matmul__, c) for c in chains)]))
    entries = torch.cat([matrices(found, n, lost).flatten(1) for n in sizes], 1)  # (words, entries)
    pivots = (subspaces.echelon(entries.T) != 0).int().argmax(1)
    return tuple(found[i] for i in pivots.tolist())


def _require_atoms(atoms: Sequence[Word]) -> None:
    if not isinstance(atoms, Sequence):
        raise TypeError(f"atoms or letters are {atoms!s}; give a tuple of words without M, such as (E, S)")
    for word in atoms:
        if not isinstance(word, Word) or word.degree:
            raise ValueError(f"{word!s} is no atom; an atom is a word without M, such as S, R or letter('P', f)")


def matrices(atoms: Sequence[Word], n: int, lost: int = 0) -> Tensor:
    """The values of words without M at n, cut to their first n − lost rows: (atoms, n − lost, n) float64."""
    if subspaces.require_integer("n", n) <= lost:
        raise ValueError(f"n = {n}: nothing is left of a matrix that loses {lost} rows; take a larger n")
    return torch.stack([w(torch.zeros(n, n, dtype=torch.float64)) for w in atoms])[:, : n - lost]


class DimensionFree(nn.Module):
    """The layer y = W x with W = mat(U_n v) and U_n = Σ_a vec(atom_a(n)) θ_a, at the n that x has.

    atoms: words, see `dictionary`; θ (atoms, k) from N(0, 1/atoms) is shared by all tasks and all n, v (k,) belongs to
    one task. y has n − lost entries. It stands where a `ReparameterizedLinear` does, and takes x (tasks, examples, n)
    of any n with v (tasks, k). U_n is never formed: the atoms, as sparse matrices, act on x.
    """

    def __init__(self, atoms: Sequence[Word], k: int, lost: int = 0, generator: torch.Generator | None = None) -> None:
        super().__init__()
        _require_atoms(atoms)
        subspaces.require_integer("DimensionFree: the number of lost rows", lost, 0)
        if not atoms or not 1 <= subspaces.require_integer("DimensionFree: k", k) <= len(atoms):
            raise ValueError(f"DimensionFree: {len(atoms)} atoms span no {k} columns; choose 1 ≤ k ≤ atoms")
        self.atoms, self.lost = tuple(atoms), lost
        self.theta = nn.Parameter(torch.randn(len(self.atoms), k, generator=generator) / len(self.atoms) ** 0.5)
        self.v = nn.Parameter(torch.zeros(k))
        self._sparse: dict[int, Tensor] = {}  # the atoms at each n that was met, (atoms · n_out, n)

    @property
    def numbers(self) -> int:
        """How many numbers are learned, θ and v, at every n."""
        return self.theta.numel() + self.v.numel()

    def U(self, n: int) -> Tensor:
        """U_n ((n − lost) · n, k), to compare with: the layer does not need it."""
        return matrices(self.atoms, n, self.lost).flatten(1).T.to(self.theta) @ self.theta

    def features(self, x: Tensor) -> Tensor:
        """Φ with W x = Φ v: (tasks, examples, n) -> (tasks, examples, n − lost, k)."""
        x = subspaces.as_tensor(x, "x")
        if x.ndim != 3 or x.dtype != self.theta.dtype:
            raise ValueError(f"x is {tuple(x.shape)} {x.dtype}; give (tasks, examples, n), {self.theta.dtype}")
        tasks, examples, n = x.shape
        if n not in self._sparse:
            self._sparse[n] = matrices(self.atoms, n, self.lost).flatten(0, 1).to(x).to_sparse()
        images = (self._sparse[n] @ x.flatten(0, 1).T.contiguous()).reshape(len(self.atoms), -1)
        return (self.theta.T @ images).reshape(-1, n - self.lost, tasks, examples).permute(2, 3, 1, 0)

    def forward(self, x: Tensor, v: Tensor) -> Tensor:
        return torch.einsum("tsok,tk->tso", self.features(x), v)

    def extra_repr(self) -> str:
        return f"n → n − {self.lost} at every n, {len(self.atoms)} atoms, θ {tuple(self.theta.shape)}"

    def columns(self, tolerance: float = 0.1) -> tuple[str, ...]:
        """span(U_n) in words, by the reduced echelon form of θᵀ: ("E", "S", "S S") for a filter of three taps.

        Coefficients below the tolerance count as zero and are printed to two digits.
        """
        rows = subspaces.echelon(self.theta.detach().T, tolerance)
        named = [[(round(c, 2), w) for c, w in zip(row, self.atoms, strict=True) if c] for row in rows.tolist()]
        return tuple(" + ".join(f"{'' if c == 1 else f'{c:g} '}{w}" for c, w in row) for row in named)


class Misfit(NamedTuple):
    """The share of the outputs that no combination of the atoms explains: 0 for a task inside, noise included."""

    outside: float
    atoms: int

    def __str__(self) -> str:
        if self.outside < 0.01:
            return f"the {self.atoms} atoms explain all but {self.outside:.1e} of the outputs"
        return (
            f"misfit: {self.outside:.0%} of the outputs, noise included, lie outside the span of the {self.atoms} "
            "atoms, so no θ learns this task at any n; give the dictionary a letter for what is missing"
        )


def misfit(atoms: Sequence[Word], episodes: Episodes, lost: int = 0) -> Misfit:
    """Σ ‖y − ŷ‖² / Σ ‖y‖² over the query examples, where ŷ = Σ_a c_a atom_a(n) x is fitted to each task's support.

    Every task has its own c, and nothing is shared or trained, so what remains is the fault of the dictionary, more by
    about atoms / (numbers in the support) where the fit has to bend.
    ValueError where the support has fewer than two numbers for each atom.
    """
    whole = DimensionFree(atoms, len(atoms), lost)
    whole.theta = nn.Parameter(torch.eye(len(atoms)))
    if not isinstance(episodes, Episodes):
        raise TypeError(f"misfit takes Episodes, such as tasks(50, generator), not a {type(episodes).__name__}")
    x, y, x_query, y_query = episodes.check()
    if y.ndim != 3:
        raise ValueError(f"misfit: y has shape {tuple(y.shape)}; atoms act on vectors, (tasks, examples, n)")
    if not y_query.any():
        raise ValueError("misfit: all outputs are zero, which every word explains; give tasks with outputs")
    if y.shape[1] * y.shape[2] < 2 * len(atoms):
        raise ValueError(
            f"misfit: the support has {y.shape[1]} · {y.shape[2]} numbers for {len(atoms)} coefficients; "
            f"give {2 * len(atoms)} or more, that is more examples a task, or take fewer atoms"
        )
    with torch.no_grad():
        residual = whole(x_query, LeastSquares(1e-6)(whole, x, y)) - y_query
    return Misfit(float(residual.square().sum() / y_query.square().sum()), len(atoms))


def dimension_free_arm(atoms: Sequence[Word], lost: int = 0) -> Arm:
    """U_n of these atoms among the ways to write U down that `parameter_counts` compares: atoms · k numbers at every n.

    Only span(U_n) matters, so k(atoms − k) of them are free.
    """

    _require_atoms(atoms)
    if not atoms:
        raise ValueError("dimension_free_arm: give one atom or more, such as E")

    def symmetry_matrix(theta: Tensor, problem: Problem) -> Tensor:
        return matrices(atoms, problem.n, lost).flatten(1).T @ theta.reshape(len(theta), len(atoms), problem.k)

    return parametrised("equations", lambda problem: len(atoms) * problem.k, symmetry_matrix)
