"""Learn the equations of a family of matrices from samples at small n, to use them at every n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.equation import Equation, Evidence
from eqkit.equations.system import EquationSystem, check_square
from eqkit.equations.words import J, Word, simplicity, words


def learn_equations(
    samples: Mapping[int, Tensor],
    letters: Sequence[Word] = (J,),
    degree: int = 3,
    holdout: Mapping[int, Tensor] | None = None,
    noise: float = 0.0,
) -> EquationSystem:
    """The linear relations between words that hold on the samples of all sizes, with the same coefficients.

    samples, holdout: {n: (count, n, n)}; noise: the size of errors in the samples relative to their entries.
    The entries of the words (`words(degree, letters)`) on the samples are the columns of a matrix. Its null space (SVD,
    dimension by the largest gap) is brought to reduced echelon form in which complicated words lead, and an equation
    that holds wherever the others do is dropped. `.evidence` keeps spectrum, hold-out residuals and cautions. Take some
    samples at n ≥ degree + 2, for small matrices satisfy identities that larger ones do not. ValueError for input that
    cannot be learned from.
    """
    clean, held = _check(samples, "samples"), _check(holdout or {}, "holdout")
    if not clean:
        raise ValueError("samples is empty; give {n: matrices (count, n, n)}, for example n = 3, 4, 5")
    dictionary = words(degree, letters, tuple(clean))
    entries = sum(M.numel() for M in clean.values())
    if entries < 2 * len(dictionary):
        raise ValueError(
            f"the samples have {entries} entries for {len(dictionary)} words; give at least {2 * len(dictionary)} "
            "entries, that is more samples or larger ones, or take fewer letters or a lower degree"
        )

    turned = {n: _rotations(n) @ M @ _rotations(n, seed=1) for n, M in clean.items()}  # same sizes, no structure
    scale = _design(dictionary, turned).norm(dim=0)
    _, spectrum, Vh = torch.linalg.svd(_design(dictionary, clean) / scale, full_matrices=False)
    gap = subspaces.largest_gap(spectrum, floor=max(1e-13, noise))
    relations = Vh[len(spectrum) - gap.dim :] / scale

    complicated_first = sorted(range(len(dictionary)), key=lambda i: (*(-k for k in simplicity(dictionary[i])), i))
    equations = _equations(relations[:, complicated_first], [dictionary[i] for i in complicated_first], noise)
    n = min((n for n in clean if n >= degree + 2), default=max(clean))
    equations = _without_consequences(equations, clean[n][0])

    residuals = {n: float(EquationSystem(*equations).residual(M).max()) for n, M in held.items()}
    cautions = []
    if equations and max(clean) < degree + 2:
        cautions.append(
            f"no sample is larger than n = {max(clean)}, and degree {degree} is safe from n = {degree + 2} on; "
            "some of these may be identities of small matrices: add larger samples"
        )
    cautions += [
        f"some samples at n = {n} are singular, so the family is no group"
        for n, M in clean.items()
        if (torch.linalg.cond(M) > 1e10).any()
    ]
    if equations and gap.ratio < 100:
        cautions.append(f"the gap is only a factor {gap.ratio:.0f}; cleaner or more samples would make it wider")
    cautions += [
        f"at n = {n} the residual is {r:.1e}: the equations do not hold there, drop the sizes that are too small"
        for n, r in residuals.items()
        if r > max(1e-6, 10 * noise)
    ]
    evidence = Evidence(
        dictionary, tuple(clean), spectrum / spectrum[0], gap.dim, gap.ratio, residuals, tuple(cautions)
    )
    return EquationSystem(*equations, evidence=evidence)


def _check(samples: Mapping[int, Tensor], name: str) -> dict[int, Tensor]:
    clean = {}
    for n, M in sorted(samples.items()):
        M = check_square(torch.as_tensor(M)).detach().double()
        if M.ndim != 3 or M.shape[-1] != n:
            raise ValueError(f"{name}[{n}] has shape {tuple(M.shape)}; it must be (count, {n}, {n})")
        if n == 1:
            raise ValueError(
                f"{name}[1]: matrices of size 1 are numbers, and all words agree on them; take n = 3, 4, 5"
            )
        if name == "samples" and len(M) < 2:
            raise ValueError(f"samples[{n}] holds {len(M)} matrix; one says nothing about a family, give 2 or more")
        if not M.flatten(1).any(1).all():
            raise ValueError(f"{name}[{n}] holds a zero matrix, which is in no group; leave it out")
        clean[n] = M
    return clean


def _rotations(n: int, seed: int = 0) -> Tensor:
    noise = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.linalg.qr(noise).Q


def _design(dictionary: Sequence[Word], samples: Mapping[int, Tensor]) -> Tensor:
    """The words' entries as columns (entries, words); the rows of each sample are scaled to norm 1 together."""
    blocks = []
    for M in samples.values():
        values = torch.stack([w(M) for w in dictionary], -1)  # (count, n, n, words)
        blocks.append((values / values.flatten(1).norm(dim=1)[:, None, None, None]).flatten(0, 2))
    return torch.cat(blocks)


def _equations(relations: Tensor, dictionary: Sequence[Word], noise: float) -> list[Equation]:
    rows = subspaces.echelon(relations, tolerance=max(1e-8, 10 * noise)) if len(relations) else relations
    exact = subspaces.rationals(rows, 12, 10 * noise) if noise else None
    rows = rows if exact is None else torch.tensor([float(q) for q in exact]).reshape(rows.shape)
    if not rows[:, [w.degree > 0 for w in dictionary]].any(1).all():
        raise ValueError(
            f"a relation without M was found: at noise {noise:g} errors pass for equations; give cleaner samples"
        )
    return [Equation(tuple((c, w) for c, w in zip(row, dictionary, strict=True) if c)) for row in rows.tolist()]


def _without_consequences(equations: list[Equation], sample: Tensor) -> list[Equation]:
    """A minimal part of the equations that implies the others: M Mᵀ = E if it holds, then simple ones first."""
    kept: list[Equation] = []
    candidates = sorted(equations, key=lambda e: (str(e) != "M Mᵀ = E", simplicity(e.terms[0][1])))
    while candidates:
        kept.append(candidates.pop(0))
        candidates = _not_implied(candidates, kept, sample)
    for equation in list(kept):
        others = [other for other in kept if other != equation]
        kept = others if others and not _not_implied([equation], others, sample) else kept
    return kept


def _not_implied(candidates: list[Equation], kept: list[Equation], sample: Tensor) -> list[Equation]:
    """The candidates that fail at some solution of the kept ones, or that cut their tangent space near the sample.

    Solutions are found from random matrices; where none can be found nothing counts as implied.
    """
    system = EquationSystem(*kept)
    try:
        points = system.sample(len(sample), 24, torch.Generator().manual_seed(0)) if candidates else sample
    except RuntimeError:
        return candidates
    near = system.descend(sample, 25)  # the sample itself, or without its noise
    tangent = subspaces.null_space(system.jacobian(near))
    return [
        e
        for e in candidates
        if e.relative(points).max() > 1e-6 or (EquationSystem(e).jacobian(near) @ tangent).norm() > 1e-6
    ]
