"""The invariant polynomials of one degree: a basis, and the Reynolds operator that projects onto them.

    (R f)(x) = 1/|G| Σ_g f(g x)

(Signed) permutation matrices move monomials to monomials, so the invariants are sums over orbits. For other groups they
are the f with f(s x) = f(x) at random points x for the generators s, a null space: there are as many points as unknown
coefficients and a few more, so this holds for all x. It is computed modulo primes and lifted to fractions; in float64
only where the entries of the group are not recognised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from eqkit.groups import MatrixGroup, trivial
from eqkit.groups.matrix_group import require_group
from eqkit.invariants.cyclotomic import embedded, exact_matrices, lift, reduced
from eqkit.invariants.modular import Field
from eqkit.invariants.molien import dimension
from eqkit.invariants.polynomials import Polynomial
from eqkit.subspaces import echelon, null_space, require_integer

DENSE, SPARSE = 3000, 3_000_000  # monomials at most: whose combinations are sought, moved one to one
WORK = 200_000  # monomials · degree at most: the numbers have about `degree` digits, and as many primes are needed


@dataclass(frozen=True, eq=False)
class Invariant:
    """A homogeneous invariant; its numbers are Σ_j numbers[:, j] ζ_Nʲ in integers, or floats (terms,) where N = 0."""

    exponents: np.ndarray  # (terms, n)
    numbers: np.ndarray
    N: int

    @property
    def degree(self) -> int:
        """The degree."""
        return int(self.exponents[0].sum())

    @cached_property
    def polynomial(self) -> Polynomial:
        """The polynomial to show and to evaluate: exact where it is rational."""
        numbers = embedded(self.numbers, self.N) if self.N else self.numbers.tolist()
        return Polynomial.of(zip(map(tuple, self.exponents.tolist()), numbers, strict=True), self.exponents.shape[1])

    def at(self, F: Field) -> np.ndarray:
        """The coefficients modulo p, (terms,)."""
        return reduced(self.numbers, F)

    @property
    def plainness(self) -> tuple:
        """Sorts the simplest first: rational before others, few terms, small numbers."""
        return self.N != 1 and bool(self.numbers[:, 1:].any()), len(self.numbers), int(abs(self.numbers).max())


@cache
def monomials(n: int, d: int) -> np.ndarray:
    """The exponents of all monomials of degree d in n variables, (C(n + d − 1, d), n), x₀ᵈ first."""
    if n == 1 or d == 0:
        return np.array([[d] + [0] * (n - 1)], np.int64)
    rest = [monomials(n - 1, d - k) for k in range(d, -1, -1)]
    first = np.repeat(np.arange(d, -1, -1), [len(rows) for rows in rest])
    return np.concatenate([first[:, None], np.concatenate(rest)], 1)


def place(exponents: np.ndarray, d: int) -> np.ndarray:
    """Where exponents (..., n) of degree d stand in `monomials(n, d)`."""
    n = exponents.shape[-1]
    left = d - np.cumsum(exponents, -1)  # the degree left to the variables after i
    count = np.array([[math.comb(n - 1 - i + k - 1, k - 1) if k > 0 else 0 for k in range(d + 1)] for i in range(n)])
    # before it come the monomials with a larger exponent of xᵢ: those of degree < left in the n − 1 − i variables after
    return sum(count[i][left[..., i]] for i in range(n - 1)) + np.zeros(exponents.shape[:-1], np.int64)


@cache
def first_factor(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Each monomial of degree d as xᵢ m', i as small as it can be: (i, place of m'), both (K_d,)."""
    rows = monomials(n, d)
    i = (rows > 0).argmax(1)
    return i, place(rows - np.eye(n, dtype=np.int64)[i], d - 1)


def require_size(G: MatrixGroup, d: int, limit: int) -> None:
    """MemoryError where the polynomials of degree d have more than `limit` monomials."""
    size = math.comb(G.n + d - 1, d)
    if size > limit:
        raise MemoryError(
            f"{G}: polynomials of degree {d} in {G.n} variables have {size:,} monomials, more than the {limit:,} "
            "that can be handled; use invariants.max_filter, or a smaller group or degree"
        )


def _require_dense(G: MatrixGroup, d: int) -> None:
    require_size(G, d, min(DENSE, WORK // max(d, 1)))


def _fixed(F: Field, G: MatrixGroup, generators: np.ndarray, d: int) -> np.ndarray:
    """The invariants of degree d modulo p as rows in reduced echelon form, (m_d, K).

    They are sought among the orbit sums of the signed permutations in G, and then the other generators are imposed.
    """
    subgroup, outside = _monomial_part(G)
    start, table = _sums_as_rows(subgroup, d) % F.p, monomials(G.n, d)  # (orbits, K), (K, n)
    x = F.random(np.random.default_rng(0), len(start) + 8, G.n)
    before, *after = (
        F.matmul(F.monomials(table, y), start.T) for y in (x, *(F.matmul(x, s.T) for s in generators[outside]))
    )
    conditions = [before[:0], *(values - before for values in after)]
    return F.matmul(F.null_space(np.concatenate(conditions) % F.p), start)


def _fixed_in_floats(generators: Tensor, d: int) -> tuple[Tensor, Tensor]:
    """The invariants of degree d as columns (K, m_d) for the monomials √(d!/e!) xᵉ, and these factors (K,).

    At points of the complex sphere these are orthogonal functions, which keeps the null space well conditioned.
    """
    n = generators.shape[-1]
    table = torch.from_numpy(monomials(n, d))
    scale = (torch.lgamma(torch.tensor(d + 1.0).double()) - torch.lgamma(table + 1.0).double().sum(1)).div(2).exp()
    x = torch.randn(2 * len(table) + 8, n, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    x = x / torch.linalg.vector_norm(x, dim=1, keepdim=True)

    def at(y: Tensor) -> Tensor:
        return (y[:, None] ** table).prod(-1) * scale

    conditions = torch.cat([x.new_zeros(0, len(table)), *(at(x @ s.mT) - at(x) for s in generators.to(x.dtype))])
    if not generators.is_complex():
        conditions = torch.cat([conditions.real, conditions.imag])
    return null_space(conditions, scale=1.0), scale


@cache
def _monomial_part(G: MatrixGroup) -> tuple[MatrixGroup, np.ndarray]:
    """The subgroup of the signed permutation matrices in G, and which generators of G lie outside, (count,) bool."""
    g = G.elements()
    signs = g.real.round()
    near = ((g - signs).abs() < 1e-9).flatten(1).all(1) & ((signs != 0).sum(-1) == 1).all(1)
    inside = signs[near]
    H, order = trivial(G.n), torch.randperm(len(inside), generator=torch.Generator().manual_seed(0))
    for h in inside[order]:
        if H.order == len(inside):
            break
        if not H.contains(h):
            H = MatrixGroup(torch.cat([H.generators, h[None]]))
    return H, ~near[G.index(G.generators)].numpy()


@cache
def _sums_as_rows(G: MatrixGroup, d: int) -> np.ndarray:
    """The orbit sums of degree d over all monomials, (orbits, K) of −1, 0, 1."""
    table = monomials(G.n, d)
    sums = orbit_sums(G, table)
    rows = np.zeros((len(sums), len(table)), np.int64)
    for row, f in zip(rows, sums, strict=True):
        row[place(f.exponents, d)] = f.numbers[:, 0]
    return rows


def orbit_sums(G: MatrixGroup, exponents: np.ndarray) -> list[Invariant]:
    """The sums over the orbits of monomials (count, n), a set that the signed permutations G maps to itself."""
    form, count = G.monomial, len(exponents)
    assert form is not None
    code = np.random.default_rng(0).integers(-(2**63), 2**63, G.n)
    codes = exponents @ code  # one number for each monomial, modulo 2⁶⁴
    order = np.argsort(codes)
    edges = [(np.arange(2 * count), np.arange(2 * count))]
    for p, sign in zip(form.index, form.sign, strict=True):  # (s x)_{p[j]} = sign_j x_j
        image = exponents[:, p]
        target = order[np.searchsorted(codes[order], image @ code)]
        assert (exponents[target] == image).all()  # no two monomials have one code
        odd = (image[:, sign < 0].sum(1) % 2).astype(np.int64)  # monomial + count stands for its negative
        here = np.arange(count)
        edges += [(here, target + odd * count), (here + count, target + (1 - odd) * count)]
    rows, columns = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = scipy.sparse.coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), (2 * count, 2 * count))
    _, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    positive, negative = label[:count], label[count:]
    # if some element maps m to −m the sum over the orbit vanishes; else it is counted once, by its first label
    first = np.minimum(positive, negative)
    kept = np.flatnonzero(positive != negative)
    kept = kept[np.argsort(first[kept], kind="stable")]
    cuts = np.flatnonzero(np.diff(first[kept])) + 1
    sums = []
    for orbit in np.split(kept, cuts) if len(kept) else []:
        signs = np.where(positive[orbit] == positive[orbit[0]], 1, -1)
        sums.append(Invariant(exponents[orbit], signs[:, None], 1))
    return sums


def integral(exponents: np.ndarray, fractions: np.ndarray, N: int) -> Invariant:
    """The invariant with these coefficients (terms, φ), scaled to integers without a common divisor."""
    used = [q for q in fractions.ravel() if q]
    scale = Fraction(math.lcm(*(q.denominator for q in used)), math.gcd(*(q.numerator for q in used)))
    return Invariant(
        exponents, np.array([int(q * scale) for q in fractions.ravel()], object).reshape(fractions.shape), N
    )


def _from_rows(n: int, d: int, rows: np.ndarray, N: int) -> list[Invariant]:
    """Invariants from coefficient rows (count, K, φ) over all monomials of degree d."""
    table, found = monomials(n, d), []
    for row in rows:
        used = np.flatnonzero([any(q) for q in row])
        found.append(integral(table[used], row[used], N))
    return found


@cache
def invariants_of_degree(G: MatrixGroup, d: int) -> tuple[Invariant, ...]:
    """A basis of the invariants of degree d with their exact numbers, in the order of their first monomials."""
    if G.monomial is not None:
        require_size(G, d, SPARSE)
        return tuple(orbit_sums(G, monomials(G.n, d)))
    _require_dense(G, d)
    exact = exact_matrices(G)
    if exact is None:
        return tuple(_in_floating_point(G, d))
    if (rows := lift(exact, lambda F, s: _fixed(F, G, s, d))) is None:
        raise ArithmeticError(f"{G}: the invariants of degree {d} have no small fractions as coefficients")
    return tuple(_from_rows(G.n, d, rows, exact.N))


def _in_floating_point(G: MatrixGroup, d: int) -> list[Invariant]:
    """A basis in reduced echelon form where it is well conditioned, else an orthonormal one."""
    columns, scale = _fixed_in_floats(G.generators, d)
    rows = (columns * scale[:, None]).mT
    expected = dimension(G, d)
    if len(rows) != expected:
        raise ArithmeticError(
            f"{G}: {len(rows)} invariants of degree {d} in floating point, by Molien {expected}: the matrices are "
            "badly conditioned for it; give exact entries, or orthogonal matrices"
        )
    if len(rows) and not rows.is_complex():
        rows = echelon(rows)
    table, found = monomials(G.n, d), []
    for row in rows:
        used = (row.abs() > 1e-9 * row.abs().max()).nonzero().flatten().numpy()
        found.append(Invariant(table[used], row[used].numpy(), 0))
    return found


def basis(G: MatrixGroup, d: int) -> list[Polynomial]:
    """A basis of the invariant polynomials of degree d, dimension(G, d) of them; orbit sums for permutations.

    Exact coefficients where they are rational, float64 where they lie in a larger field. G is finite.
    """
    require_integer(f"basis({G}, d): the degree d", d, 0)
    require_finite(G, "basis")
    return [invariant.polynomial for invariant in invariants_of_degree(G, d)]


def require_finite(G: MatrixGroup, what: str) -> None:
    """ValueError for infinite groups, with what to use instead; TypeError for what is no group."""
    require_group(G, what)
    if not G.is_finite:
        raise ValueError(f"{what}({G}): {G} is infinite; give a finite group, or use invariants.fundamental or .torus")


def project(f: Polynomial, G: MatrixGroup) -> Polynomial:
    """R f = 1/|G| Σ_g f(g x), the invariant part of a polynomial; exact where f and the entries of G are.

    Per degree, R = B (Lᵀ B)⁻¹ Lᵀ, where the columns of B are the invariants and those of L the functionals f ↦ g(∂)f
    for invariants g of the transposed matrices; for (signed) permutations, the mean over each orbit of monomials.
    """
    if not isinstance(f, Polynomial):
        raise TypeError("project takes a Polynomial, such as invariants.polynomial('x0^2', n=3)")
    require_finite(G, "project")
    if f.n != G.n:
        raise ValueError(f"project: f has {f.n} variables and {G} acts on {G.n}; they must agree")
    total = Polynomial(f.n, ())
    for d, part in f.parts().items():
        total = total + (_project_orbits if G.monomial is not None else _project_dense)(part, G, d)
    return total


def _project_orbits(f: Polynomial, G: MatrixGroup, d: int) -> Polynomial:
    coefficients, total = dict(f.terms), Polynomial(f.n, ())
    require_size(G, d, SPARSE)
    for orbit in orbit_sums(G, _closure(G, f.exponents.numpy())):
        signs = orbit.polynomial.terms
        mean = sum((c * coefficients[e] for e, c in signs if e in coefficients), Fraction(0)) / len(signs)
        total = total + orbit.polynomial * mean
    return total


def _closure(G: MatrixGroup, exponents: np.ndarray) -> np.ndarray:
    """All exponents that the permutations reach from these."""
    assert G.monomial is not None
    reached, new = np.unique(exponents, axis=0), exponents
    while len(new):
        images = np.unique(np.concatenate([new[:, p] for p in G.monomial.index] or [new]), axis=0)
        both, counts = np.unique(np.concatenate([reached, reached, images]), axis=0, return_counts=True)
        new, reached = both[counts == 1], both
    return reached


def _project_dense(f: Polynomial, G: MatrixGroup, d: int) -> Polynomial:
    _require_dense(G, d)
    exact, where = exact_matrices(G), place(f.exponents.numpy(), d)
    table = list(map(tuple, monomials(G.n, d).tolist()))
    factorials = np.array([math.prod(map(math.factorial, e)) for e in table], object)
    if exact is not None and f.is_rational:

        def compute(F: Field, generators: np.ndarray) -> np.ndarray:
            weights = (factorials % F.p).astype(np.int64)
            B, L = _fixed(F, G, generators, d), _fixed(F, G, generators.transpose(0, 2, 1), d) * weights % F.p
            row = np.zeros((1, B.shape[1]), np.int64)
            row[0, where] = [F.fraction(c) for c in f.coefficients]  # type: ignore[arg-type]
            solved, _ = F.rref(np.concatenate([F.matmul(L, B.T), F.matmul(L, row.T)], 1))
            return F.matmul(solved[:, -1][None], B)[0] if len(B) else row[0] * 0

        if (powers := lift(exact, compute)) is not None:
            return Polynomial.of(zip(table, embedded(powers, exact.N), strict=True), G.n)
    (B, scale), (L, _) = (_fixed_in_floats(s, d) for s in (G.generators, G.generators.mT))
    row = torch.zeros(len(table), dtype=torch.complex128)
    row[where] = torch.tensor([complex(c) for c in f.coefficients], dtype=torch.complex128)
    row = row if B.is_complex() or row.imag.any() else row.real
    B, L = B.to(row.dtype), L.to(row.dtype)
    values = scale * (B @ torch.linalg.solve(L.mT @ B, L.mT @ (row / scale)))
    kept = values.abs() > 1e-13 * row.abs().max()
    return Polynomial.of([(e, c) for e, c, k in zip(table, values.tolist(), kept, strict=True) if k], G.n)
