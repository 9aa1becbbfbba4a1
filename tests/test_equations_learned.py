"""Learning equations: what is found at n = 3, 4, 5 holds at n = 50, is minimal, and survives noise."""

import math

import pytest
import torch
from families import FAMILIES, circulant, gaussian, haar, learned

from eqkit import groups
from eqkit.equations import (
    Equation,
    EquationSystem,
    J,
    M,
    X,
    det,
    learn_equations,
    trace,
)
from eqkit.equations.ideal import Ideal

GROUPS = [name for name, family in FAMILIES.items() if family.is_group]
ORTHOGONAL = EquationSystem("M Mᵀ = E")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", FAMILIES)
def test_learned_equations_are_the_known_ones(name):
    system = learned(name)
    assert system.text == FAMILIES[name].text
    assert str(system) == system.text or name in ("projections", "GL(n)")
    assert system.evidence.gap >= 1e8


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "GL(n)"])
def test_equations_learned_at_small_n_hold_at_10_on_the_family_and_not_off_it(name):
    system = learned(name)
    fresh = FAMILIES[name].sample(10, 20, seeded(7))
    assert system.residual(fresh).max() <= 1e-10 and system.evidence.holdout[10] <= 1e-10
    assert system.residual(gaussian(10, 200, seeded(8)) / 10**0.5).min() >= 0.05


def test_the_equation_of_o_learned_at_3_to_5_holds_at_50():
    assert learned("O(n)").residual(torch.linalg.qr(gaussian(50, 3, seeded())).Q).max() < 1e-13


def test_gl_satisfies_no_equation():
    gl = learned("GL(n)")
    assert gl.equations == () and gl.evidence.null_dimension == 0 and gl.is_group()
    A = gaussian(4, 2, seeded())
    assert gl.residual(A).tolist() == [0, 0] and torch.equal(gl.project(A), A) and gl.residuals(A).shape == (2, 0)


def test_every_relation_of_words_follows_from_the_equations_kept():
    """The spectrum on members made from the kept equations has as many zeros as on the samples: nothing was lost."""
    for name in ("O(n)", "permutations", "U(n/2)"):
        family, system = FAMILIES[name], learned(name)
        again = learn_equations({n: system.sample(n, 24, seeded(5)) for n in family.sizes}, family.letters)
        assert again.evidence.null_dimension == system.evidence.null_dimension
        assert again == system


def test_so_is_seen_as_o():
    system = learn_equations({n: groups.SO(n).sample(24, seeded()) for n in (3, 4, 5)})
    assert str(system) == "M Mᵀ = E"


def test_noise_below_a_thousandth_leaves_the_equations():
    for name in ("O(n)", "permutations", "GL(n)"):
        family, generator = FAMILIES[name], seeded()
        samples = {n: family.sample(n, 100, generator) + 1e-4 * gaussian(n, 100, generator) for n in family.sizes}
        system = learn_equations(samples, family.letters, noise=1e-4)
        assert system.text == family.text
        assert learn_equations(samples, family.letters, noise=0.0).equations == ()  # as exact samples, nothing


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-3])
def test_noise_is_estimated_from_the_spectrum(size):
    generator = seeded()
    for name in ("O(n)", "U(n/2)"):
        family = FAMILIES[name]
        samples = {n: family.sample(n, 100, generator) for n in family.sizes}
        samples = {n: A + size * A.square().mean().sqrt() * gaussian(n, 100, generator) for n, A in samples.items()}
        system = learn_equations(samples, family.letters)
        assert system.text == family.text and size / 3 < system.evidence.noise < 3 * size
        assert (size < 1e-5) == ("the samples have noise of about" not in str(system))


def test_noise_above_a_hundredth_hides_equations_and_is_said_to():
    generator = seeded()
    samples = {n: haar(groups.O)(n, 100, generator) + 0.03 * gaussian(n, 100, generator) for n in (3, 4, 5)}
    system = learn_equations(samples)
    assert system.equations == () and "noise above about 1e-2 hides equations" in str(system)


def test_float32_samples_give_exact_coefficients():
    samples = {n: haar(groups.O)(n, 24, seeded()).float() for n in (3, 4, 5)}
    assert str(learn_equations(samples)) == "M Mᵀ = E"


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("circulants", "GL(n)")])
def test_every_relation_left_out_has_a_proof(name):
    """Circulants commute because they are polynomials in S; this no product of M S = S M with words says."""
    system, evidence = learned(name), learned(name).evidence
    assert evidence.sampled == () and len(evidence.proved) == evidence.null_dimension - len(system.equations)
    assert "M Mᵀ = Mᵀ M" in learned("circulants").evidence.sampled


def follows(equation, *others, letters=(J,), invertible=True):
    ideal = Ideal(letters, (4, 5), 3, True, invertible)
    return bool(ideal.proved([Equation.parse(equation)], [Equation.parse(o) for o in others]))


def test_row_sums_of_permutations_follow_from_the_other_two_equations():
    """(M Mᵀ)∘E = ((M∘M) J)∘E for every M: E = (M J)∘E, and ((M J)∘E) J = M J for every M."""
    assert follows("M J = J", "M Mᵀ = E", "M∘M = M") and follows("J M = J", "M Mᵀ = E", "M∘M = M")
    assert not follows("M J = J", "M Mᵀ = E") and not follows("M J = J", "M∘M = M")
    assert not follows("M∘M = M", "M Mᵀ = E", "M J = J")


def test_a_right_inverse_is_a_left_inverse_where_matrices_are_invertible():
    assert follows("Mᵀ M = E", "M Mᵀ = E") and not follows("Mᵀ M = E", "M Mᵀ = E", invertible=False)
    assert follows("M Mᵀ M = M", "M Mᵀ = E", invertible=False)


def test_the_determinant_tells_so_from_o_and_nothing_else_does():
    special, generator = {n: haar(groups.SO)(n, 24, seeded()) for n in (3, 4, 5)}, seeded(1)
    assert (
        str(learn_equations(special)) == "M Mᵀ = E"
        and "SO and O have the same" in learn_equations(special).evidence.notes[0]
    )
    system = learn_equations(special, (J, det(M)), holdout={10: haar(groups.SO)(10, 9, generator)})
    assert str(system) == "M Mᵀ = E, det(M) E = E" and system.evidence.holdout[10] < 1e-12
    assert system.residual(haar(groups.O)(6, 30, generator)).max() > 0.4
    both = {n: haar(groups.O)(n, 24, seeded()) for n in (3, 4, 5)}
    assert str(learn_equations(both, (J, det(M)))) == "M Mᵀ = E" and learn_equations(both).evidence.notes == ()


def test_scaled_orthogonal_matrices_need_the_trace_of_m_mt():
    """Without it they are seen as normal matrices, of which there are more."""
    generator = seeded()
    samples = {
        n: haar(groups.O)(n, 24, generator) * (0.5 + torch.rand(24, 1, 1, generator=generator)) for n in (3, 4, 5)
    }
    assert str(learn_equations(samples, (J, trace(M @ M.T)))) == "M Mᵀ = tr(M Mᵀ)/n E"
    for letters in ((J,), (J, trace(M)), (J, M.inv), (J, det(M))):
        assert str(learn_equations(samples, letters)) == "M Mᵀ = Mᵀ M"
    assert not learn_equations(samples).is_group()


def test_inverses_are_learned_and_singular_samples_refused():
    samples = {n: haar(groups.O)(n, 24, seeded()) for n in (3, 4, 5)}
    system = learn_equations(samples, (J, M.inv))
    assert str(system) == "M Mᵀ = E" and any("M⁻¹" in text for text in system.evidence.proved)
    with pytest.raises(
        ValueError, match=r"samples\[4\]\[\d+\] is singular, and the letters hold M⁻¹; leave the sample out"
    ):
        learn_equations({4: FAMILIES["projections"].sample(4, 24, seeded())}, (M.inv,))


def test_a_family_that_fits_no_equation_says_what_to_try():
    assert "add letters (S, R, X, Z, eta, det(M), trace(M @ M.T), M.inv) or raise the degree" in str(learned("GL(n)"))
    rich = learn_equations({n: gaussian(n, 60, seeded()) for n in (3, 4, 5)}, (J, M.inv, det(M), trace(M @ M.T)))
    assert rich.text == "no equation among these 55 words"


def test_the_evidence_shows_the_spectrum_with_its_gap():
    text = str(learned("O(n)").evidence)
    assert text.startswith("30 words on samples of n = 3, 4, 5: 8 relations, gap")
    assert text.splitlines().index(next(line for line in text.splitlines() if "gap" in line and "─" in line)) == 23
    assert "follow by proof" in text and "Mᵀ M = E" in text and "residual at n = 10" in text


def test_samples_of_n_2_alone_raise_a_caution():
    system = learn_equations({2: groups.O(2).sample(40, seeded())})
    assert system.evidence.null_dimension > 8  # more relations than O(n) satisfies at n = 3, 4, 5
    assert "no sample is larger than n = 2" in str(system)


def test_small_matrices_satisfy_identities_that_the_holdout_refutes():
    """Every 2 × 2 circulant matrix is symmetric."""
    samples, holdout = {2: circulant(2, 60, seeded())}, {10: circulant(10, 5, seeded())}
    system = learn_equations(samples, (), holdout=holdout)
    assert "Mᵀ = M" in system.text and system.evidence.holdout[10] > 0.05
    assert any("at n = 10 the residual is" in caution for caution in system.evidence.cautions)


def test_singular_samples_raise_a_caution():
    assert "some samples at n = 4 are singular, so the family is no group" in str(learned("projections"))


def test_learning_is_the_same_in_every_run():
    samples = {n: haar(groups.S)(n, 24, seeded()) for n in (3, 4, 5)}
    first, second = learn_equations(samples), learn_equations(samples)
    assert first == second and torch.equal(first.evidence.spectrum, second.evidence.spectrum)


@pytest.mark.parametrize(
    "samples, error, message",
    [
        ({}, ValueError, "samples is empty"),
        (torch.randn(9, 3, 3), TypeError, "give a dictionary"),
        ({3: torch.eye(3)[None]}, ValueError, "holds 1 matrix"),
        ({3: torch.eye(3)}, ValueError, r"samples\[3\] has shape \(3, 3\); it must be \(count, 3, 3\)"),
        ({4: torch.randn(9, 3, 3)}, ValueError, r"samples\[4\] has shape \(9, 3, 3\); it must be \(count, 4, 4\)"),
        ({3: torch.randn(9, 3, 4)}, ValueError, "square"),
        ({3: torch.full((9, 3, 3), math.nan)}, ValueError, "NaN"),
        ({3: torch.zeros(9, 3, 3)}, ValueError, "zero matrix"),
        ({3: torch.randn(9, 3, 3, dtype=torch.complex64)}, TypeError, "real 2n × 2n matrix"),
        ({3: torch.randn(2, 3, 3)}, ValueError, "18 entries for 30 words; give at least 60"),
        ({1: torch.randn(99, 1, 1)}, ValueError, "numbers"),
    ],
)
def test_samples_that_cannot_be_learned_from_are_refused(samples, error, message):
    with pytest.raises(error, match=message):
        learn_equations(samples)


def test_a_letter_that_does_not_exist_at_a_size_is_named():
    with pytest.raises(ValueError, match="letter X at n = 3.*use it where it exists"):
        learn_equations({3: gaussian(3, 9, seeded())}, (X,))
