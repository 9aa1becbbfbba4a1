"""Equations: words are functions of M at every n, and what is learned at n = 3, 4, 5 holds at n = 50."""

import pytest
import torch
from families import FAMILIES, gaussian, haar, learned

from eqkit import groups
from eqkit.equations import (
    E,
    Equation,
    EquationSystem,
    J,
    M,
    S,
    X,
    det,
    det_complex,
    eta,
    letter,
    parse_word,
    trace,
    trace_dimension,
    trace_words,
    words,
)

GROUPS = [name for name, family in FAMILIES.items() if family.is_group]
ORTHOGONAL = EquationSystem("M Mᵀ = E")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


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
        "M⁻¹": torch.linalg.inv(A),
        "M⁻¹ᵀ S M": torch.linalg.inv(A).mT @ shift @ A,
        "(M∘M)⁻¹": torch.linalg.inv(A * A),
        "tr(M Mᵀ)/n E": A.square().sum((-2, -1))[..., None, None] / n * one,
        "det(M) tr(M)/n M": (torch.linalg.det(A) * A.diagonal(dim1=-2, dim2=-1).mean(-1))[..., None, None] * A,
        "R M": A.flip(-2),
        "M Z": torch.cat([torch.zeros_like(A)[..., :-1], A[..., -1:]], -1),
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
    assert M @ M.inv == E and M.inv.inv == M and M.T.inv == M.inv.T and str((M @ S.T).inv) == "S⁻¹ᵀ M⁻¹"
    assert trace(M @ M.T @ M) == trace(M.T @ M @ M) == trace(M @ M @ M.T) and trace(E) == E and trace(M @ E) == trace(M)
    assert trace(M @ S @ M.inv) == trace(S) and trace(det(M) @ M) == det(M) @ trace(M)
    assert M @ det(M) == det(M) @ M and (trace(M) @ M) * S == trace(M) @ (M * S) and det(M).T == det(M)


def test_what_has_no_inverse_says_so():
    with pytest.raises(ValueError, match="scalars are numbers"):
        parse_word("det(M)⁻¹")
    with pytest.raises(ValueError, match="M⁻¹ does not exist, for a matrix is singular; leave it out"):
        M.inv(torch.ones(3, 3))


def test_the_complex_determinant_is_that_of_the_complex_matrix():
    A, B = gaussian(3, 10, seeded()).chunk(2)
    real = torch.cat([torch.cat([A, B], 2), torch.cat([-B, A], 2)], 1)
    z = torch.linalg.det(torch.complex(A, B))[:, None, None]
    assert (X @ M)(real).allclose((M @ X)(real))
    torch.testing.assert_close(det_complex(M)(real), z.real * torch.eye(6) + z.imag * X.at(6))
    with pytest.raises(ValueError, match="det_C at n = 3"):
        det_complex(M)(torch.eye(3))


def test_letters_have_the_values_of_the_groups_they_belong_to():
    assert torch.equal(S.at(5), groups.C(5).generators[0])
    assert torch.equal(eta.at(4).diagonal(), torch.tensor([1.0, -1, -1, -1], dtype=torch.float64))
    assert groups.Sp(4).contains(torch.matrix_exp(groups.Sp(4).lie_algebra[0])) and torch.equal(X.at(4), -X.at(4).T)


def test_words_are_differentiable():
    A = gaussian(4, 1, seeded())[0].requires_grad_()
    for text in ("(M∘M) S Mᵀ", "M⁻¹ J M", "tr(M Mᵀ)/n M", "det(M) Mᵀ", "det_C(M) M"):
        assert torch.autograd.gradcheck(parse_word(text), A)


def test_the_default_dictionary_has_30_words_and_no_two_agree():
    dictionary = words()
    assert len(dictionary) == len(set(dictionary)) == 30
    values = torch.stack([torch.cat([w(gaussian(n, 9, seeded())).flatten() for n in (4, 6)]) for w in dictionary])
    assert torch.linalg.matrix_rank(values) == 30
    assert {E, J, M, M @ M.T, M * M, M * E, M @ J, M @ J @ M.T, M @ M.T @ M} <= set(dictionary)


def test_words_that_are_combinations_of_others_are_left_out():
    assert words(letters=(X, X @ X, X.T)) == words(letters=(X,))  # X X = −E, Xᵀ = −X


def test_scalars_and_the_inverse_join_the_dictionary_as_letters():
    dictionary = words(letters=(J, M.inv, det(M), trace(M @ M.T)))
    new = {M.inv, M.inv.T, M.inv @ M.T, M.inv @ J @ M, det(M), det(M) @ M, trace(M @ M.T), trace(M @ M.T) @ M}
    assert new <= set(dictionary) and len(dictionary) == 55


@pytest.mark.parametrize(
    "degree, sizes", [(1, (1, 1, 1)), (2, (3, 3, 3)), (3, (5, 5, 5)), (4, (9, 12, 12)), (5, (13, 17, 20))]
)
def test_trace_words_are_stable_from_n_equal_to_their_degree_on(degree, sizes):
    stable = (1, 3, 5, 12, 20)[degree - 1]
    assert len(trace_words(degree)) == stable == trace_dimension(degree, degree) == trace_dimension(degree, degree + 2)
    assert tuple(trace_dimension(degree, n) for n in (3, 4, 5)) == sizes
    A, Q = gaussian(6, 2, seeded()), haar(groups.O)(6, 2, seeded())
    assert all(w(A).allclose(w(Q @ A @ Q.mT)) for w in trace_words(degree))


@pytest.mark.parametrize(
    "letters, message",
    [
        ((letter("S", lambda n: torch.eye(n)),), "two letters are called S and differ"),
        ((M @ M,), "a letter is a word without M"),
        ((letter("P", lambda n: torch.eye(n + 1)),), r"letter P at n = 4 has shape \(5, 5\)"),
        ((letter("P", lambda n: torch.eye(n) / 0),), "letter P at n = 4 holds NaN or infinity"),
        ((letter("P", lambda n: torch.randn(n, n)),), "letter P at n = 4 has another value each time"),
        ((letter("P", lambda n: torch.eye(n).roll(1, 0), symmetric=True),), "P at n = 4 is not symmetric; leave out"),
        ((letter("P", lambda n: 1j * torch.eye(n)),), "letter P at n = 4 is complex"),
        ((letter("P", torch.eye), letter("P", lambda n: torch.eye(n).flip(0))), "two letters are called P and differ"),
    ],
)
def test_contradictory_letters_are_refused(letters, message):
    with pytest.raises(ValueError, match=message):
        words(letters=letters)


@pytest.mark.parametrize("name", ["M", "2P", "P Q", "Pᵀ", "P⁻¹", "tr", "det", ""])
def test_a_letter_needs_a_readable_name(name):
    with pytest.raises(ValueError, match="cannot name a letter"):
        letter(name, lambda n: torch.eye(n))


# equations
@pytest.mark.parametrize(
    "text",
    [
        "M Mᵀ = E",
        "M∘M = M",
        "M M = 3/2 M − 1/2 E",
        "M Mᵀ M = −2 M + S",
        "Mᵀ = 0",
        "M⁻¹ = Mᵀ",
        "M Mᵀ = 1/2 tr(M Mᵀ)/n E",
        "det(M) M = M",
        "det_C(M) = E",
    ],
)
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
        ("M Mᵀ = tr(M) E", r"write tr\(…\)/n"),
        ("det M = E", "det needs a bracket"),
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


def test_a_system_survives_a_file(tmp_path):
    for name, family in FAMILIES.items():
        path = tmp_path / "system.json"
        learned(name).save(path)
        loaded = EquationSystem.load(path, family.letters)
        assert loaded == learned(name) and str(loaded) == str(learned(name))
        assert loaded.evidence.words == learned(name).evidence.words
        assert torch.equal(loaded.evidence.spectrum, learned(name).evidence.spectrum)
        assert loaded.evidence.holdout == learned(name).evidence.holdout
    learned("affine").save(path)
    with pytest.raises(ValueError, match="'P' stands where"):
        EquationSystem.load(path)


def test_a_system_is_a_formula_in_a_notebook():
    assert EquationSystem("M Mᵀ = E", "M∘M = −M")._repr_latex_() == (r"$M\,M^{\top} = E,\quad M \circ M = -M$")
