"""EquationLearner without a browser: every family's equations, small n, noise, letters, and samples of one's own."""

import pytest
import torch

from eqkit import equations, groups
from eqkit.views import EquationLearner
from eqkit.views import matrix_families as families

QUICK = [f for f in families.FAMILIES if f not in ("GL", "SO(1,q)", "SU", "sign matrices", "diagonal", "Euclidean")]


@pytest.mark.parametrize("family", QUICK)
def test_the_equations_of_a_family_are_those_it_was_named_for(family):
    state = EquationLearner(family).state()
    assert set(state["equations"]) == {str(e) for e in equations.named(family).equations}
    assert state["relations"] == len(state["equations"]) + state["proved"] + state["sampled"]
    assert set(state["holds"].values()) == set(state["told_apart"].values()) == {True}
    assert state["solutions_are_members"] == {"8": True} and [*state["holds"]] == ["8", "12", "20"]


@pytest.mark.parametrize("family", families.FAMILIES)
def test_members_are_drawn_and_letters_found(family):
    for n in families.sizes_of(family):
        M = families.draw(family, n, 5, torch.Generator().manual_seed(0))
        assert M.shape == (5, n, n) and M.dtype == torch.float64
        assert equations.named(family).residual(M).max() < 1e-9
        for name in families.letters_of(family):
            assert families.LETTERS[name](M).shape == M.shape
    heads = {leaf.head for w in equations.named(family).words for leaf in w.leaves} - {"M", "E"}
    assert heads <= {leaf.head for name in families.letters_of(family) for leaf in families.LETTERS[name].leaves}


def test_gl_has_no_equation():
    view = EquationLearner("GL")
    assert view.state()["equations"] == [] and view.state()["relations"] == 0 and not view.state()["holds"]
    assert "No equation among 30 words" in view.verdict() and view.held.rows == [["no equation to test"]]


def test_matrices_of_size_two_alone_teach_a_falsehood_that_larger_ones_refute():
    view = EquationLearner("doubly stochastic", sizes=(2, 2))
    state = view.state()
    assert "Mᵀ = M" in state["equations"] and set(state["holds"].values()) == {False} and state["cautions"]
    assert "wrong at n = 8, 12, 20" in view.verdict()
    assert [row[0] for row in view.held.rows[:3]] == ["✗"] * 3 and "FAIL" in view.held.rows[0]
    assert view.held.colours[:3] == ["#D55E00"] * 3
    view.sizes.value = (2, 4)
    assert set(view.state()["holds"].values()) == {True} and view.held.colours[0] == "#009E73"
    too_weak = EquationLearner("permutations", sizes=(2, 2))
    assert set(too_weak.state()["holds"].values()) == {True}
    assert too_weak.state()["solutions_are_members"] == {"8": False} and "outside the family" in too_weak.verdict()


def test_without_the_letter_det_so_is_o():
    view = EquationLearner("SO")
    assert view.state()["equations"] == ["M Mᵀ = E", "det(M) E = E"]
    view.letters["det(M)"].value = False
    assert view.state()["equations"] == ["M Mᵀ = E"] and view.state()["solutions_are_members"] == {"8": False}
    assert any("SO and O have the same equations" in row[0] for row in view.table.rows)


def test_noise_leaves_the_equation_of_o_with_a_caution_and_much_noise_hides_it():
    view = EquationLearner("O")
    gap = view.spectrum.band
    assert gap[1] / gap[0] > 1e8
    view.noise.value = 1e-4
    assert view.state()["equations"] == ["M Mᵀ = E"] and view.state()["cautions"]
    assert view.spectrum.band[1] / view.spectrum.band[0] < 1e5
    view.noise.value = 0.1
    assert view.state()["equations"] == [] and view.spectrum.band == []


def test_where_nothing_can_be_learned_everything_stays():
    view = EquationLearner("O", sizes=(2, 2))
    before, words = view.state(), view.formula.words
    view.count.value = 2
    assert "give at least 54 entries" in view.footer.error
    assert view.state() == before and view.formula.words == words
    view.letters["X"].value = True
    view.sizes.value = (3, 3)
    assert "no n from 3 to 3 is divisible by 2" in view.footer.error
    view._reset()
    assert view.state() == before and not view.footer.error


def test_another_family_brings_its_letters_and_sizes():
    view = EquationLearner("O")
    view.menu.value = "Sp(ℍ)"
    state = view.state()
    assert state["letters"] == ["J", "X", "Y"] and state["sizes"] == [4, 8]
    view._reset()
    assert view.state() == EquationLearner("O").state()


def test_samples_of_your_own_are_learned_and_the_largest_is_held_out():
    samples = {n: groups.SignedPermutations(n).sample(30, torch.Generator().manual_seed(0)) for n in (3, 4, 5, 9)}
    state = EquationLearner(samples=samples).state()
    assert state["equations"] == ["M Mᵀ = E", "M∘M∘M = M"] and state["sizes"] == [3, 4, 5]
    assert state["holds"] == {"9": True} and state["told_apart"] == {"9": True} and not state["solutions_are_members"]


@pytest.mark.parametrize("family", ["O", "SO", "U"])
def test_the_code_finds_the_same_equations(family):
    view, scope = EquationLearner(family), {}
    exec(view.code(), scope)  # noqa: S102
    assert scope["system"] == view.system


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "Q"}, "give one of GL, SL"),
        ({"letters": ("Q",)}, "letters holds 'Q'"),
        ({"samples": {}}, "dictionary"),
        ({"samples": {3: torch.ones(2, 4, 4)}}, r"must be \(count, 3, 3\)"),
        ({"samples": {3: torch.full((2, 3, 3), torch.nan)}}, "NaN"),
        ({"samples": {3: torch.eye(3)[None]}}, "one says nothing"),
        ({"sizes": (3, 3), "family": "Sp"}, "divisible by 2"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        EquationLearner(**arguments)
