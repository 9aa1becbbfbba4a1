"""Learn the equations of a family of matrices from samples at small n, to use them at every n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from eqkit import subspaces
from eqkit.equations.equation import HOLDS, Equation, Evidence
from eqkit.equations.generating import generating_set
from eqkit.equations.system import EquationSystem, check_square
from eqkit.equations.words import J, Word, simplicity, words

BREAK = 30.0  # in noisy samples the zeros of the spectrum begin at the first drop by this factor
EXACT = 1e-11  # singular values below are rounding


def learn_equations(
    samples: Mapping[int, Tensor],
    letters: Sequence[Word] = (J,),
    degree: int = 3,
    holdout: Mapping[int, Tensor] | None = None,
    noise: float | None = None,
) -> EquationSystem:
    """The linear relations between words that hold on the samples of all sizes, with the same coefficients.

    samples, holdout: {n: (count, n, n)}; letters: see `words`; noise: the size of errors in the samples relative to
    their entries, 0 for exact samples, estimated from the spectrum if not given.
    The entries of the words (`words(degree, letters)`) on the samples are the columns of a matrix. Its null space (SVD,
    dimension by the largest gap) is brought to reduced echelon form in which complicated words lead, and an equation
    that follows from the others is dropped, by proof where there is one (`generating`). `.evidence` keeps spectrum,
    hold-out residuals and cautions. Take some samples at n ≥ degree + 2, for small matrices satisfy identities that
    larger ones do not. ValueError for input that cannot be learned from.
    """
    if noise is not None:
        subspaces.require_positive("learn_equations: noise", noise, zero=True)
    clean, held = _check(samples, "samples"), _check(holdout or {}, "holdout")
    if not clean:
        raise ValueError("samples is empty; give {n: matrices (count, n, n)}, for example n = 3, 4, 5")
    dictionary = words(degree, letters, tuple(clean))
    conditions = {n: torch.linalg.cond(M) for n, M in clean.items()}
    for n, c in conditions.items():
        if any(w.inverts for w in dictionary) and c.max() > 1e10:
            raise ValueError(
                f"samples[{n}][{int(c.argmax())}] is singular, and the letters hold M⁻¹; leave the sample out, or "
                "learn without M.inv"
            )
    entries = sum(M.numel() for M in clean.values())
    if entries < 2 * len(dictionary):
        raise ValueError(
            f"the samples have {entries} entries for {len(dictionary)} words; give at least {2 * len(dictionary)} "
            "entries, that is more samples or larger ones, or take fewer letters or a lower degree"
        )

    turned = {n: _rotations(n) @ M @ _rotations(n, seed=1) for n, M in clean.items()}  # same sizes, no structure
    scale = _design(dictionary, turned).norm(dim=0)
    _, spectrum, Vh = torch.linalg.svd(_design(dictionary, clean) / scale, full_matrices=False)
    spectrum = spectrum / spectrum[0]
    dim, gap = _break(spectrum, noise)
    floor = float(spectrum[len(spectrum) - dim]) if dim else 0.0
    noise = noise if noise is not None else 0.0 if floor < EXACT else floor
    relations = Vh[len(spectrum) - dim :] / scale

    complicated_first = sorted(range(len(dictionary)), key=lambda i: (*(-k for k in simplicity(dictionary[i])), i))
    found = _equations(relations[:, complicated_first], [dictionary[i] for i in complicated_first], noise)
    regular = all(bool((c < 1e10).all()) for c in conditions.values())
    sample = clean[min((n for n in clean if n >= degree + 2), default=max(clean))][0]
    equations, proved, sampled = generating_set(found, letters, tuple(clean)[-2:], degree, regular, sample)

    system = EquationSystem(*equations)
    residuals = {n: float(system.residual(M).max()) for n, M in held.items()}
    cautions = _cautions(equations, clean, conditions, degree, gap, noise, residuals)
    evidence = Evidence(
        dictionary, tuple(clean), spectrum, dim, gap, floor, residuals, tuple(map(str, proved)),
        tuple(map(str, sampled)), tuple(cautions), _notes(equations, clean, dictionary),
    )  # fmt: skip
    return EquationSystem(*equations, evidence=evidence)


def _break(spectrum: Tensor, noise: float | None) -> tuple[int, float]:
    """How many singular values are zero, and the factor between them and the others."""
    exact = subspaces.largest_gap(spectrum, floor=max(1e-13, noise or 0.0))
    if noise is not None or exact.dim and spectrum[-exact.dim] < EXACT:
        return exact.dim, exact.ratio
    ratios = spectrum[:-1] / spectrum[1:].clamp(min=1e-300)
    first = (ratios > BREAK).nonzero()
    if len(first) == 0:
        return 0, float("inf")
    i = int(first[0])
    return len(spectrum) - 1 - i, float(ratios[i])


def _cautions(
    equations: Sequence[Equation],
    samples: Mapping[int, Tensor],
    conditions: Mapping[int, Tensor],
    degree: int,
    gap: float,
    noise: float,
    residuals: Mapping[int, float],
) -> list[str]:
    """What a reader must know before believing the equations."""
    cautions = []
    if not equations:
        cautions.append(
            "if you expect an equation, add letters (S, R, X, Z, eta, det(M), trace(M @ M.T), M.inv) or raise the "
            "degree; noise above about 1e-2 hides equations, smaller noise can be stated as noise=…"
        )
    if equations and max(samples) < degree + 2:
        cautions.append(
            f"no sample is larger than n = {max(samples)}, and degree {degree} is safe from n = {degree + 2} on; "
            "some of these may be identities of small matrices: add larger samples"
        )
    cautions += [
        f"some samples at n = {n} are singular, so the family is no group"
        for n, c in conditions.items()
        if (c > 1e10).any()
    ]
    if equations and noise > 1e-6:
        cautions.append(
            f"the samples have noise of about {noise:.0e}, so the equations hold to that only"
            + (", and noise above about 1e-2 hides equations: clean the samples" if noise > 3e-3 else "")
        )
    if equations and gap < 100:
        cautions.append(f"the gap is only a factor {gap:.0f}; cleaner or more samples would make it wider")
    return cautions + [
        f"at n = {n} the residual is {r:.1e}: the equations do not hold there, drop the sizes that are too small"
        for n, r in residuals.items()
        if r > max(1e-6, 10 * noise)
    ]


def _notes(equations: Sequence[Equation], samples: Mapping[int, Tensor], dictionary: Sequence[Word]) -> tuple[str, ...]:
    if any("det" in str(w) for w in dictionary) or not equations:
        return ()
    if not all((torch.linalg.det(M) > HOLDS).all() for M in samples.values()):
        return ()
    return (
        "every sample has det M > 0, which words without det cannot say: SO and O have the same equations; "
        "pass letters=(J, det(M)) to tell them apart",
    )


def _check(samples: Mapping[int, Tensor], name: str) -> dict[int, Tensor]:
    clean = {}
    if not isinstance(samples, Mapping):
        raise TypeError(f"{name} is a {type(samples).__name__}; give a dictionary {{n: matrices (count, n, n)}}")
    for n, M in sorted(samples.items()):
        subspaces.require_integer(f"{name}: the size n", n)
        M = check_square(subspaces.as_double(M, f"{name}[{n}]"))
        if not 1e-30 < float(M.abs().amax()) < 1e30 and M.any():
            raise ValueError(f"{name}[{n}] has entries of about {float(M.abs().amax()):.0e}; scale them to about 1")
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
