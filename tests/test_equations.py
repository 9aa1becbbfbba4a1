"""Equations: words are functions of M at every n, and what is learned at n = 3, 4, 5 holds at n = 50."""

import math

import pytest
import torch
from families import FAMILIES, circulant, gaussian, haar

from eqkit import groups
from eqkit.equations import E, Equation, EquationSystem, J, M, S, X, eta, learn_equations, letter, parse_word, words
from eqkit.subspaces import principal_angles, same_span

GROUPS = [name for name, family in FAMILIES.items() if family.is_group]
ORTHOGONAL = EquationSystem("M Mᵀ = E")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def learned():
    """Each family's equations, learned once."""
    systems, generator = {}, seeded()
    for name, family in FAMILIES.items():
        samples = {n: family.sample(n, 24, generator) for n in family.sizes}
        systems[name] = learn_equations(samples, family.letters, holdout={10: family.sample(10, 24, generator)})
    return systems


# words
@pytest.mark.parametrize("n", [2, 5])
def test_a_word_is_the_function_it_prints(n):
    A = gaussian(n, 6, seeded()).reshape(2, 3, n, n)
    one, ones, shift = torch.eye(n, dtype=A.dtype), torch.ones(n, n, dtype=A.dtype), S.at(n)
    values = {
        "M Mᵀ": A @ A.mT,
        "M∘M∘Mᵀ": A * A * A.mT,
        "(M Mᵀ)∘E": (A @ A.mT) * one,
        "(M∘M) J": (A * A) @ ones,
        "Mᵀ S M": A.mT @ shift @ A,
        "M Sᵀ": A @ shift.T,
        "E": one.expand_as(A),
    }
    for text, value in values.items():
        word = parse_word(text)
        assert str(word) == text
        torch.testing.assert_close(word(A), value)
        torch.testing.assert_close(word.T(A), value.mT)


def test_words_have_one_normal_form():
    assert (M @ S).T == S.T @ M.T and str((M @ S).T) == "Sᵀ Mᵀ"
    assert M.T.T == M and E.T == E and J.T == J
    assert E @ M @ E == M and J * M == M and M.T * M == M * M.T
    assert (M @ M) @ M.T == M @ (M @ M.T)
    assert len({M @ S, M @ S, S @ M}) == 2


def test_letters_have_the_values_of_the_groups_they_belong_to():
    assert torch.equal(S.at(5), groups.C(5).generators[0])
    assert torch.equal(eta.at(4).diagonal(), torch.tensor([1.0, -1, -1, -1], dtype=torch.float64))
    assert groups.Sp(4).contains(torch.matrix_exp(groups.Sp(4).lie_algebra[0])) and torch.equal(X.at(4), -X.at(4).T)


def test_words_are_differentiable():
    word = parse_word("(M∘M) S Mᵀ")
    A = gaussian(3, 1, seeded())[0].requires_grad_()
    assert torch.autograd.gradcheck(word, A)


def test_the_default_dictionary_has_30_words_and_no_two_agree():
    dictionary = words()
    assert len(dictionary) == len(set(dictionary)) == 30
    values = torch.stack([torch.cat([w(gaussian(n, 9, seeded())).flatten() for n in (4, 6)]) for w in dictionary])
    assert torch.linalg.matrix_rank(values) == 30
    assert {E, J, M, M @ M.T, M * M, M * E, M @ J, M @ J @ M.T, M @ M.T @ M} <= set(dictionary)


def test_words_that_are_combinations_of_others_are_left_out():
    assert words(letters=(X, X @ X, X.T)) == words(letters=(X,))  # X X = −E, Xᵀ = −X


@pytest.mark.parametrize(
    "letters, message",
    [
        ((letter("S", lambda n: torch.eye(n)),), "two letters are called S and differ"),
        ((M @ M,), "a letter is a word without M"),
        ((letter("P", lambda n: torch.eye(n + 1)),), r"letter P at n = 4 has shape \(5, 5\)"),
        ((letter("P", lambda n: torch.eye(n) / 0),), "letter P at n = 4 holds NaN or infinity"),
    ],
)
def test_contradictory_letters_are_refused(letters, message):
    with pytest.raises(ValueError, match=message):
        words(letters=letters)


@pytest.mark.parametrize("name", ["M", "2P", "P Q", "Pᵀ", ""])
def test_a_letter_needs_a_readable_name(name):
    with pytest.raises(ValueError, match="cannot name a letter"):
        letter(name, lambda n: torch.eye(n))


# equations
@pytest.mark.parametrize("text", ["M Mᵀ = E", "M∘M = M", "M M = 3/2 M − 1/2 E", "M Mᵀ M = −2 M + S", "Mᵀ = 0"])
def test_an_equation_prints_as_it_is_written(text):
    assert str(Equation.parse(text)) == text
    assert Equation.parse(str(Equation.parse(text))) == Equation.parse(text)


def test_an_equation_is_the_difference_of_its_sides():
    A = gaussian(4, 3, seeded())
    torch.testing.assert_close(Equation.parse("2 M M - 1.5e-1 E = Mᵀ")(A), 2 * A @ A - 0.15 * torch.eye(4) - A.mT)


@pytest.mark.parametrize(
    "text, message",
    [
        ("M Mᵀ", "one '='"),
        ("M = E = M", "one '='"),
        ("M Mᵀ = ", "one '='"),
        ("M = M", "does not cancel"),
        ("J = E", "a word with M"),
        ("M Q = E", "'Q' stands where"),
        ("MMᵀ = E", "put spaces between factors"),
        ("(M Mᵀ = E", "bracket is left open"),
        ("M) = E", "left over"),
        ("M∘ = E", "'nothing' stands where"),
        ("M Mᵀ = 3", "'3' stands where"),
    ],
)
def test_what_is_no_equation_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        EquationSystem(text)


def test_the_number_of_coefficients_does_not_depend_on_n():
    assert torch.equal(ORTHOGONAL.coefficients, torch.tensor([[1.0, -1.0]], dtype=torch.float64))
    both = EquationSystem("M Mᵀ = E", "M X = X M")
    assert both.words == (M @ M.T, E, M @ X, X @ M) and both.coefficients.shape == (2, 4)


def test_residuals_are_norms_and_the_residual_has_no_scale():
    A = gaussian(4, 6, seeded()).reshape(2, 3, 4, 4)
    system = EquationSystem("M Mᵀ = E", "M∘M = M")
    norms = system.residuals(A)
    torch.testing.assert_close(norms[..., 0], torch.linalg.matrix_norm(A @ A.mT - torch.eye(4)))
    torch.testing.assert_close(norms[..., 1], torch.linalg.matrix_norm(A * A - A))
    assert system.residual(A).shape == (2, 3)
    commuting = EquationSystem("M S = S M")
    torch.testing.assert_close(commuting.residual(A), commuting.residual(1000 * A))
    assert 0 < system.residual(A).min() and system.residual(A).max() <= 1


def test_the_square_sum_of_a_system_is_a_penalty_to_train_with():
    A = gaussian(3, 1, seeded())[0].requires_grad_()
    ORTHOGONAL(A).square().sum().backward()
    torch.testing.assert_close(A.grad, 4 * (A @ A.mT - torch.eye(3)).detach() @ A.detach())


def test_a_system_survives_a_file(tmp_path, learned):
    for name, family in FAMILIES.items():
        path = tmp_path / "system.json"
        learned[name].save(path)
        loaded = EquationSystem.load(path, family.letters)
        assert loaded == learned[name] and str(loaded) == str(learned[name])
        assert loaded.evidence.words == learned[name].evidence.words
        assert torch.equal(loaded.evidence.spectrum, learned[name].evidence.spectrum)
        assert loaded.evidence.holdout == learned[name].evidence.holdout
    learned["affine"].save(path)
    with pytest.raises(ValueError, match="'P' stands where"):
        EquationSystem.load(path)


def test_a_system_is_a_formula_in_a_notebook():
    assert EquationSystem("M Mᵀ = E", "M∘M = −M")._repr_latex_() == (r"$M\,M^{\top} = E,\quad M \circ M = -M$")


# learning
@pytest.mark.parametrize("name", FAMILIES)
def test_learned_equations_are_the_known_ones(learned, name):
    system = learned[name]
    assert system.text == FAMILIES[name].text
    assert str(system) == system.text or name in ("projections", "GL(n)")
    assert system.evidence.gap >= 1e8


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "GL(n)"])
def test_equations_learned_at_small_n_hold_at_10_on_the_family_and_not_off_it(learned, name):
    system = learned[name]
    fresh = FAMILIES[name].sample(10, 20, seeded(7))
    assert system.residual(fresh).max() <= 1e-10 and system.evidence.holdout[10] <= 1e-10
    assert system.residual(gaussian(10, 200, seeded(8)) / 10**0.5).min() >= 0.05


def test_the_equation_of_o_learned_at_3_to_5_holds_at_50(learned):
    assert learned["O(n)"].residual(torch.linalg.qr(gaussian(50, 3, seeded())).Q).max() < 1e-13


def test_gl_satisfies_no_equation(learned):
    gl = learned["GL(n)"]
    assert gl.equations == () and gl.evidence.null_dimension == 0 and gl.is_group()
    A = gaussian(4, 2, seeded())
    assert gl.residual(A).tolist() == [0, 0] and torch.equal(gl.project(A), A) and gl.residuals(A).shape == (2, 0)


def test_every_relation_of_words_follows_from_the_equations_kept(learned):
    """The spectrum on members made from the kept equations has as many zeros as on the samples: nothing was lost."""
    for name in ("O(n)", "permutations", "circulants", "U(n/2)"):
        family, system = FAMILIES[name], learned[name]
        again = learn_equations({n: system.sample(n, 24, seeded(5)) for n in family.sizes}, family.letters)
        assert again.evidence.null_dimension == system.evidence.null_dimension
        assert again == system


def test_so_is_seen_as_o():
    system = learn_equations({n: groups.SO(n).sample(24, seeded()) for n in (3, 4, 5)})
    assert str(system) == "M Mᵀ = E"


def test_noise_below_a_thousandth_leaves_the_equations():
    for name in ("O(n)", "permutations", "circulants", "GL(n)"):
        family, generator = FAMILIES[name], seeded()
        samples = {n: family.sample(n, 100, generator) + 1e-4 * gaussian(n, 100, generator) for n in family.sizes}
        system = learn_equations(samples, family.letters, noise=1e-4)
        assert system.text == family.text
        assert learn_equations(samples, family.letters, noise=0.0).equations == ()  # as exact samples, nothing


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


def test_singular_samples_raise_a_caution(learned):
    assert "some samples at n = 4 are singular, so the family is no group" in str(learned["projections"])


def test_learning_is_the_same_in_every_run():
    samples = {n: haar(groups.S)(n, 24, seeded()) for n in (3, 4, 5)}
    first, second = learn_equations(samples), learn_equations(samples)
    assert first == second and torch.equal(first.evidence.spectrum, second.evidence.spectrum)


@pytest.mark.parametrize(
    "samples, error, message",
    [
        ({}, ValueError, "samples is empty"),
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


# what one can do with a system
@pytest.mark.parametrize("name", GROUPS)
def test_the_tangent_space_has_the_dimension_of_the_group(learned, name):
    assert [learned[name].dimension(n) for n in (4, 6, 8)] == [FAMILIES[name].dimension(n) for n in (4, 6, 8)]


def test_the_lie_algebra_of_m_mt_is_the_skew_matrices():
    algebra = ORTHOGONAL.lie_algebra(5)
    assert algebra.shape == (10, 5, 5) and torch.equal(algebra, -algebra.mT)
    assert same_span(algebra.flatten(1).T, groups.O(5).lie_algebra.flatten(1).T)


def test_the_lie_algebra_of_learned_sp_is_sp(learned):
    span, known = learned["Sp(n)"].lie_algebra(6).flatten(1).T, groups.Sp(6).lie_algebra.flatten(1).T
    assert span.shape == known.shape and principal_angles(span, known).max() < 1e-10


def test_equations_that_are_not_reduced_give_too_large_a_tangent_space():
    squared = EquationSystem("M Mᵀ M Mᵀ = 2 M Mᵀ − E")  # (M Mᵀ − E)² = 0
    assert squared.dimension(6) == 36 and ORTHOGONAL.dimension(6) == 15
    with pytest.raises(ValueError, match="not reduced"):
        squared.group(2)


@pytest.mark.parametrize("name", FAMILIES)
def test_projection_from_noise_at_8_lands_in_the_family(learned, name):
    system, generator = learned[name], seeded(3)
    noisy = FAMILIES[name].sample(8, 20, generator) + 0.3 * gaussian(8, 20, generator)
    landed = system.project(noisy)
    assert landed.shape == noisy.shape and system.residual(landed).max() < 1e-9


def test_projection_finds_the_permutation_behind_the_noise(learned):
    truth = groups.S(8).sample(20, seeded())
    landed = learned["permutations"].project(truth + 0.15 * gaussian(8, 20, seeded(1)))
    assert torch.equal(landed.round(), truth) and (landed - truth).abs().max() < 1e-9


def test_projection_keeps_a_solution_the_dtype_and_one_matrix():
    Q = groups.O(6).sample(1, seeded())[0]
    torch.testing.assert_close(ORTHOGONAL.project(Q), Q, rtol=0, atol=1e-14)
    noisy = (Q + 0.1 * gaussian(6, 1, seeded())[0]).float()
    assert ORTHOGONAL.project(noisy).dtype == torch.float32


@pytest.mark.parametrize("equation, start", [("M Mᵀ = E", torch.zeros(3, 3)), ("M Mᵀ = −E", torch.eye(3))])
def test_a_projection_that_does_not_arrive_says_so(equation, start):
    with pytest.raises(RuntimeError, match="residual .* at n = 3; start nearer"):
        EquationSystem(equation).project(start)


@pytest.mark.parametrize(
    "bad, error, message",
    [
        (torch.zeros(3, 4), ValueError, r"shape \(3, 4\)"),
        (torch.zeros(3), ValueError, "square"),
        (torch.full((3, 3), math.inf), ValueError, "NaN or infinity"),
        (torch.eye(3, dtype=torch.complex128), TypeError, "complex"),
    ],
)
def test_bad_matrices_are_refused(bad, error, message):
    for method in (ORTHOGONAL.residual, ORTHOGONAL.residuals, ORTHOGONAL.project):
        with pytest.raises(error, match=message):
            method(bad)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_group_test_tells_groups_from_other_families(learned, name):
    assert learned[name].is_group() == FAMILIES[name].is_group


@pytest.mark.parametrize("text", ["M M = E", "M M = M", "Mᵀ = M", "M∘M = M", "M Mᵀ = 2 E"])
def test_what_is_not_closed_is_no_group(text):
    system = EquationSystem(text)
    assert not system.is_group()
    with pytest.raises(ValueError, match="form no group"):
        system.group(4)


def test_no_tangent_space_where_e_is_no_solution():
    with pytest.raises(ValueError, match="E is no solution at n = 3"):
        EquationSystem("M Mᵀ = 2 E").lie_algebra(3)


def test_an_equation_without_solutions_has_no_samples():
    with pytest.raises(RuntimeError, match="only 0 of 100 random matrices"):
        EquationSystem("M Mᵀ = −E").sample(3, 5, seeded())


def test_learned_equations_of_finite_groups_give_the_groups(learned):
    assert learned["permutations"].group(5).order == math.factorial(5)
    assert learned["permutations"].group(5).is_permutation
    assert learned["signed permutations"].group(4).order == 2**4 * math.factorial(4)
    assert learned["sign matrices"].group(4).order == 2**4


def test_learned_equations_of_o_give_both_components(learned):
    G = learned["O(n)"].group(4)
    assert len(G.lie_algebra) == 6 and set(torch.linalg.det(G.generators).round().tolist()) == {-1, 1}
    assert G.name == "{M : M Mᵀ = E}" and G.is_compact


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_a_dimension_needs_an_integer_size(n):
    with pytest.raises(ValueError, match="integer n ≥ 1"):
        ORTHOGONAL.dimension(n)


def test_a_jacobian_that_cannot_fit_is_refused():
    with pytest.raises(MemoryError, match="at n = 1000000"):
        ORTHOGONAL.dimension(1_000_000)
