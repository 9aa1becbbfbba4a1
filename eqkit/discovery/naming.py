"""The name of a Lie algebra of matrices: what it is in this representation, why, and what it is isomorphic to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from eqkit.discovery import structure
from eqkit.discovery.lie_algebra import Discovery
from eqkit.groups import MatrixGroup
from eqkit.subspaces import null_space, orthonormal, require_positive


@dataclass(frozen=True)
class Identification:
    """A name that holds for these matrices, and the evidence, a sentence each.

    name: as in eqkit.groups, where integers are sizes of matrices: "so(1, 3)", "so(3) ⊕ trivial(1)" (one direction is
    left alone), "u(2)"; "so(3) in dimension 5" acts there in no classical way · dimension, rank · isomorphic: for each
    simple ideal, every classical name it has as an abstract algebra · evidence · basis (d, n, n): the nearest algebra
    closed under brackets, which is what the name is about.
    """

    name: str
    dimension: int
    rank: int
    isomorphic: tuple[tuple[str, ...], ...]
    evidence: tuple[str, ...]
    basis: Tensor

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"· {line}" for line in self.evidence)])

    __repr__ = __str__


def identify(lie_algebra: Tensor | Discovery | MatrixGroup, noise: float | None = None) -> Identification:
    """Name a Lie algebra of matrices (d, n, n), real or complex, in any basis of the algebra and of the space.

    The span is first moved to the nearest one that is closed under brackets (`structure.closed`). Then: centre and
    simple ideals; each ideal by dimension, rank, complex type and the signature of its Killing form; the space as a
    sum of irreducible parts; on each the commutant (ℝ, ℂ or ℍ) and the invariant forms with their signatures: an
    algebra that keeps a form and has the dimension of all that do *is* that classical algebra. noise: the relative
    error of the matrices, for eigenvalues of the centre that should be zero; by default the violation of a Discovery,
    or how far the brackets had to be mended. ValueError: no Lie algebra is near.
    """
    if noise is not None:
        require_positive("identify: noise", noise, zero=True)
    given = noise
    if isinstance(lie_algebra, Discovery):
        given = lie_algebra.violation if noise is None and lie_algebra.dimension else noise
        lie_algebra = lie_algebra.basis
    raw = structure.real_basis(lie_algebra.lie_algebra if isinstance(lie_algebra, MatrixGroup) else lie_algebra)
    n = raw.shape[-1]
    if len(raw) == 0:
        return Identification(f"trivial({n})", 0, 0, (), ("dimension 0: no continuous symmetry",), raw)
    A, mended = structure.closed(raw)
    small = max(structure.SHARP, 3 * max(given or 0.0, mended))
    evidence = [
        f"dimension {len(A)}, closed under brackets" + (f" once moved by {mended:.1e}" if mended > 1e-6 else "")
    ]
    c = structure.structure_constants(A)
    killing = structure.killing_form(c)
    D, Z = structure.derived(c), structure.centre(c)
    plus, minus = structure.signature(killing)
    rank = structure.rank(c)
    evidence.append(f"rank {rank}; Killing form: {plus} positive, {minus} negative, {len(A) - plus - minus} zero")
    reductive = D.shape[1] + Z.shape[1] == len(A) and plus + minus == D.shape[1]
    parts = structure.irreducible_parts(A) if reductive else []
    if not reductive or sum(p.shape[1] for p in parts) < n:
        name, isomorphic, more = _not_reductive(c, killing, D, len(A))
        return Identification(name, len(A), rank, isomorphic, (*evidence, *more), A)
    ideals = [D @ part for part in structure.simple_ideals(_restricted(c, D))] if D.shape[1] else []
    types = [_type(c, ideal) for ideal in ideals]
    blocks = _blocks(A, parts)
    simple = [[torch.einsum("di,dab->iab", ideal, b) for b in blocks] for ideal in ideals]
    weights = torch.stack([_weights(torch.einsum("dz,dab->zab", Z, b)) for b in blocks])  # (parts, centre, 2)
    weights = torch.where(
        weights.norm(dim=1, keepdim=True) > small * max(float(weights.norm(dim=1).max()), 1e-9), weights, 0.0
    )
    if len(ideals):
        each = ", ".join(str(ideal.shape[1]) for ideal in ideals)
        evidence.append(f"{_count(len(ideals), 'simple ideal')} of dimension {each}; centre of dimension {Z.shape[1]}")
    else:
        evidence.append("abelian: all brackets vanish")
    names, fixed = [], 0
    for members, inside, tied in _components(simple, weights):
        sizes = [blocks[r].shape[-1] for r in members]
        if not inside and not tied:
            fixed += sum(sizes)
            continue
        there = [[simple[i][r] for r in members] for i in inside]
        name, reasons = _name(there, [types[i] for i in inside], weights[members], tied, sizes)
        names.append(name)
        evidence += reasons
    names.sort(key=lambda s: (s.startswith("gl(1)"), s))
    if fixed:
        evidence.append(f"{_count(fixed, 'direction')} left alone")
        names.append(f"trivial({fixed})")
    for kinds in types:
        if len(kinds) > 1:
            evidence.append("as abstract algebras " + " ≅ ".join(kinds))
    return Identification(" ⊕ ".join(names), len(A), rank, tuple(types), tuple(evidence), A)


def _count(k: int, what: str) -> str:
    return f"{k} {what}{'s' * (k != 1)}"


def _restricted(c: Tensor, ideal: Tensor) -> Tensor:
    """Structure constants in the basis of the columns of `ideal`, orthonormal."""
    return torch.einsum("abk,ai,bj,kl->ijl", c, ideal, ideal, ideal)


def _type(c: Tensor, ideal: Tensor) -> tuple[str, ...]:
    inner = _restricted(c, ideal)
    generic = structure.adjoint(inner)
    is_complex = len(structure.commutant(generic)) == 2
    compact = structure.signature(structure.killing_form(inner))[1]
    return tuple(abstract_names(len(inner), structure.rank(inner), is_complex, compact))


def abstract_names(dimension: int, rank: int, is_complex: bool, compact: int) -> Iterator[str]:
    """Every classical name, and G₂, of the simple real Lie algebras with these numbers.

    compact: the negative eigenvalues of the Killing form, the dimension of a maximal compact subalgebra. Algebras of
    one list are isomorphic, except so(2r + 1) and sp(2r) for r ≥ 3 where numbers do not tell them apart.
    (Helgason, Differential Geometry, Lie Groups, and Symmetric Spaces, ch. X.)
    """
    if is_complex:  # an algebra over ℂ, with twice the dimension and rank
        r = rank // 2
        if dimension == 6:
            yield "so(1, 3)"
        yield from (f"sl({r + 1}, ℂ)" for _ in range(dimension == 2 * r * (r + 2)))
        yield from (f"so({N}, ℂ)" for N in (2 * r, 2 * r + 1) if dimension == N * (N - 1) and N not in (2, 4))
        yield from (f"sp({2 * r}, ℂ)" for _ in range(dimension == 2 * r * (2 * r + 1)))
        return
    r = rank
    for N in (2 * r, 2 * r + 1):
        if dimension == N * (N - 1) // 2 and N not in (2, 4):
            for p in range(N // 2 + 1):
                if p * (p - 1) // 2 + (N - p) * (N - p - 1) // 2 == compact:
                    yield _indefinite("so", p, N - p)
    if dimension == r * (2 * r - 1) and r > 2 and compact == r * r:
        yield f"so*({2 * r})"
    if dimension == r * (r + 2):
        for p in range((r + 1) // 2 + 1):
            if p * p + (r + 1 - p) ** 2 - 1 == compact:
                yield _indefinite("su", p, r + 1 - p)
        if compact == r * (r + 1) // 2:
            yield f"sl({r + 1})"
        if r % 2 and r > 1 and compact == (r + 1) * (r + 2) // 2:
            yield f"sl({(r + 1) // 2}, ℍ)"
    if dimension == r * (2 * r + 1):
        if compact == r * r:
            yield f"sp({2 * r})"
        for p in range(r // 2 + 1):
            if p * (2 * p + 1) + (r - p) * (2 * (r - p) + 1) == compact:
                yield _indefinite("usp", 2 * p, 2 * (r - p))
    if (dimension, rank) == (14, 2):
        yield {14: "g₂", 6: "g₂ (split)"}[compact]


def _indefinite(letters: str, p: int, q: int) -> str:
    return f"{letters}({p}, {q})" if p else f"{letters}({q})"


def _blocks(A: Tensor, parts: Sequence[Tensor]) -> list[Tensor]:
    """The matrices (d, m, m) on each invariant subspace, in its basis."""
    P = torch.cat(list(parts), 1)
    inside = torch.linalg.solve(P, A @ P)
    sizes = [p.shape[1] for p in parts]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [inside[:, s : s + m, s : s + m] for s, m in zip(starts, sizes, strict=True)]


def _weights(Z: Tensor) -> Tensor:
    """Central matrices (z, m, m) on an irreducible part are a + b·J with J² = −1: (z, 2) of a and b."""
    if len(Z) == 0:
        return Z.new_zeros(0, 2)
    generic = torch.linalg.eig(structure.generic(Z))
    v = generic.eigenvectors[:, int(generic.eigenvalues.imag.argmax())]
    found = torch.einsum("a,zab,b->z", v.conj(), Z.to(v.dtype), v)
    return torch.stack([found.real, found.imag], 1)


def _components(simple: list[list[Tensor]], weights: Tensor) -> Iterator[tuple[list[int], list[int], int]]:
    """Parts of the space that share ideals or centre: (parts, ideals that act there, dimension of the centre there)."""
    acts = torch.tensor([[bool(b.abs().max() > 1e-5) for b in ideal] for ideal in simple]).reshape(-1, len(weights))

    def tied(members: list[int]) -> int:
        table = weights[members].transpose(0, 1).flatten(1)
        return int(torch.linalg.matrix_rank(table, rtol=1e-4)) if table.any() else 0

    def joined(rows: Tensor) -> list[list[int]]:
        count, label = connected_components((rows.T.int() @ rows.int()).numpy(), False)
        return [(label == k).nonzero()[0].tolist() for k in range(count)]

    found = joined(acts)
    if sum(map(tied, found)) > tied(list(range(len(weights)))):  # the centre moves several at once
        found = joined(torch.cat([acts, weights.flatten(1).any(1)[None]]))
    for members in found:
        yield members, acts[:, members].any(1).nonzero()[:, 0].tolist(), tied(members)


def _name(
    ideals: list[list[Tensor]], types: list[tuple[str, ...]], weights: Tensor, centre: int, sizes: list[int]
) -> tuple[str, list[str]]:
    """The name of an algebra on parts of these sizes: of its semisimple matrices ideals[i][part], and of its centre."""
    kinds = (
        {("a" if float(w[:, 0].abs().max()) else "") + ("b" if float(w[:, 1].abs().max()) else "") for w in weights}
        if centre
        else set()
    )
    if not ideals:
        return _abelian(weights, centre, kinds, sizes)
    dimension = sum(len(ideal[0]) for ideal in ideals)
    reasons: list[str] = []
    name = None
    for r in sorted(range(len(sizes)), key=lambda r: sizes[r]):
        matrices = torch.cat([ideal[r] for ideal in ideals])
        if len(orthonormal(matrices.flatten(1).T).T) == dimension and (found := classical(matrices)):
            name, reason = found
            reasons.append(reason)
            break
    if name is None:
        name = " ⊕ ".join(kind[0] if kind else "a simple algebra" for kind in types)
        name += f" in dimension {' + '.join(map(str, sizes))}"
    elif len(sizes) > 1:
        reasons.append(f"it acts on {len(sizes)} irreducible parts at once, of dimensions {', '.join(map(str, sizes))}")
    if centre:
        letters, inside = name[:2], name[2:]
        if letters == "su" and centre == 1 and kinds == {"b"}:
            name = f"u{inside}"
        elif letters == "sl" and (kinds == {"a"} and centre == 1 or "ℂ" in inside and centre == 2) and len(sizes) == 1:
            name = f"gl{inside}"
        else:
            name += f" ⊕ {_abelian(weights, centre, kinds, sizes)[0]}"
        reasons.append(f"with {_count(centre, 'dimension')} of centre")
    return name, reasons


def _abelian(weights: Tensor, centre: int, kinds: set[str], sizes: list[int]) -> tuple[str, list[str]]:
    """The name of commuting matrices that are a + b·J on each part."""
    if centre > 1:
        return f"ℝ^{centre}", [f"{centre} commuting directions that are no direct sum over parts of the space"]
    if kinds <= {"b", ""}:
        how = "" if len(sizes) == 1 else f", in {len(sizes)} planes at once"
        return "so(2)", [f"one direction with imaginary eigenvalues: a rotation{how}"]
    real = sorted(weights[:, 0, 0].tolist())
    if kinds <= {"a", ""}:
        if sizes == [1, 1] and abs(real[0] + real[1]) < 1e-3 * abs(real[1]):
            return "so(1, 1)", ["one direction with eigenvalues λ and −λ: a hyperbolic rotation, a boost"]
        if real[-1] - real[0] < 1e-3 * max(map(abs, real)):
            return "gl(1)", ["one direction, a multiple of the identity: scaling"]
        return "gl(1)", ["one direction with different real eigenvalues: scaling, by different powers"]
    return "ℝ", ["one direction with eigenvalues a ± bi: a spiral"]


def classical(A: Tensor) -> tuple[str, str] | None:
    """The classical algebra that semisimple matrices (k, m, m), irreducible on ℝᵐ, span, with the reason; or None.

    The commutant is ℝ, ℂ or ℍ (Schur, Frobenius). What keeps a symmetric form of signature (p, q) lies in so(p, q), so
    that dimension m(m − 1)/2 makes it equal to it; likewise for the others.
    """
    k, m = len(A), A.shape[-1]
    field = len(structure.commutant(A))
    symmetric, skew = structure.invariant_forms(A)
    p, q = sorted(structure.signature(symmetric[0])) if len(symmetric) else (0, 0)
    kept = f"it keeps one symmetric form, of signature ({p}, {q})"
    if field == 1:
        if len(symmetric) == 1 and k == m * (m - 1) // 2:
            return _indefinite("so", p, q), f"{kept}, and {k} = {m}·{m - 1}/2: all that do"
        if len(skew) == 1 and k == m * (m + 1) // 2 and m > 2:
            return f"sp({m})", f"it keeps one skew form, and {k} = {m}·{m + 1}/2: all that do"
        if k == m * m - 1:
            return f"sl({m})", f"{k} = {m}² − 1: all matrices of trace 0"
    h = m // 2
    if field == 2:
        over = f"it commutes with a complex structure, and acts on ℂ^{h}"
        if symmetric.any() and k == h * h - 1:
            return _indefinite("su", p // 2, q // 2), f"{over}; {kept}, and {k} = {h}² − 1: all that do, of trace 0"
        for size, name in ((2 * h * h - 2, "sl"), (h * (h - 1), "so"), (h * (h + 1), "sp")):
            if k == size:
                return f"{name}({h}, ℂ)", f"{over}; {k} is the dimension of all of it"
    if field == 4:
        over = f"it commutes with quaternions, and acts on ℍ^{m // 4}"
        if k == 3 and m == 4:
            return "su(2)", f"{over} = ℂ², as the quaternions i, j, k"
        if k == h * (h + 1) // 2:
            return _indefinite("usp", p // 2, q // 2), f"{over}; {kept}"
        if k == h * (h - 1) // 2:
            return f"so*({h})", f"{over}, and {k} = {h}·{h - 1}/2"
        if k == h * h - 1:
            return f"sl({h // 2}, ℍ)", f"{over}, and {k} = {h}² − 1"
    return None


def _not_reductive(c: Tensor, killing: Tensor, D: Tensor, d: int) -> tuple[str, tuple[tuple[str, ...], ...], list[str]]:
    """Algebras with more than simple ideals and a centre that acts by numbers: a Levi factor and a radical."""
    radical = structure.kernel(D.T @ killing) if D.shape[1] else torch.eye(d, dtype=c.dtype)
    r = radical.shape[1]
    if not D.shape[1]:
        return f"ℝ^{d}" if d > 1 else "ℝ", (), ["abelian, and not diagonalisable: it holds nilpotent matrices"]
    if r == d:
        return f"a solvable algebra of dimension {d}", (), ["its Killing form vanishes on brackets (Cartan): solvable"]
    rest = null_space(radical.T)
    quotient = _restricted(c, rest)
    kinds = tuple(_type(quotient, ideal) for ideal in structure.simple_ideals(quotient))
    levi = " ⊕ ".join(kind[0] if kind else "a simple algebra" for kind in kinds)
    return f"{levi} ⋉ radical of dimension {r}", kinds, [f"a solvable ideal of dimension {r}, and the quotient by it"]
