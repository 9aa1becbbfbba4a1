"""DimensionSlider without a browser: dimensions against the groups' own, closed forms, layers, what is too large."""

from fractions import Fraction

import pytest
import torch

from eqkit import groups
from eqkit.equations import EquationSystem
from eqkit.views import DimensionSlider
from eqkit.views.dimension_slider import member, quadratic, written

KNOWN = {  # family: (dimension of the group at n, its closed form, dim Hom(V, V))
    "GL": (lambda n: len(groups.GL(n).lie_algebra), "n²", lambda n: 1),
    "O": (lambda n: len(groups.O(n).lie_algebra), "(n² − n)/2", lambda n: 1),
    "SL": (lambda n: len(groups.SL(n).lie_algebra), "n² − 1", lambda n: 1),
    "Sp": (lambda n: len(groups.Sp(n).lie_algebra), "(n² + n)/2", lambda n: 1),
    "U": (lambda n: len(groups.U(n // 2).lie_algebra), "n²/4", lambda n: 2),
    "Sp(ℍ)": (lambda n: n // 4 * (n // 2 + 1), "(n² + 2 n)/8", lambda n: 4),
    "permutations": (lambda n: 0, "0", lambda n: 2),
    "circulants": (lambda n: n, "n", lambda n: n),
    "doubly stochastic": (lambda n: (n - 1) ** 2, "n² − 2 n + 1", lambda n: 2),
}


@pytest.mark.parametrize("family", KNOWN)
def test_dimension_and_layer_of_a_group_at_twenty(family):
    dimension, form, hom = KNOWN[family]
    view = DimensionSlider(family)
    equations = view.state()["equations"]
    view.n.value = 20
    state = view.state()
    assert state["n"] == 20 and state["equations"] == equations and state["solved"] and state["group"]
    assert state["dimension"] == dimension(20) == view.predicted(20) and state["closed_form"] == form
    assert state["hom"] == hom(20) and state["equivariant"]


@pytest.mark.parametrize("family", ["O", "permutations", "circulants"])
def test_what_was_learned_up_to_five_holds_at_fifty(family):
    view = DimensionSlider(family)
    view.n.value = 50
    state = view.state()
    dimension, _, hom = KNOWN[family]
    assert state["solved"] and state["dimension"] == dimension(50) and state["hom"] == hom(50) and state["equivariant"]
    assert view.member.current().shape == view.weight.current().shape == (50, 50)
    assert [50, "✓"] in view.curve.marks


def test_the_layer_shares_weights_as_the_group_does():
    view = DimensionSlider("permutations", 7)
    W = torch.tensor(view.weight.current().copy())
    assert W.diagonal().unique().numel() == 1 and W[~torch.eye(7, dtype=torch.bool)].unique().numel() == 1


def test_quaternions_and_complex_numbers_take_steps_in_n():
    view = DimensionSlider("O", 7)
    view.menu.value = "Sp(ℍ)"
    assert (view.n.value, view.n.step, view.n.min, view.n.max) == (4, 4, 4, 52)
    view.menu.value = "U"
    assert (view.n.step, view.n.max) == (2, 50) and view.state()["closed_form"] == "n²/4"
    view._reset()
    assert view.state() == DimensionSlider("O", 7).state() and view.n.step == 1


def test_a_layer_that_is_too_large_says_why():
    view = DimensionSlider("Euclidean", 6)
    assert view.state()["hom"] == 1
    view.n.value = 50
    state = view.state()
    assert state["hom"] is None and state["dimension"] == 1225 and state["solved"]
    assert any("not reductive" in row[1] for row in view.table.rows) and not view.footer.error


def test_a_member_is_found_where_gaussian_starts_do_not_land():
    SL = EquationSystem("det(M) E = E")
    torch.testing.assert_close(torch.linalg.det(member(SL, 50)), torch.tensor(1.0, dtype=torch.float64))


def test_equations_of_your_own_and_solutions_that_are_no_group():
    view = DimensionSlider(EquationSystem("M M Mᵀ Mᵀ = E"), 4)
    assert view.state()["family"] == "your own equations"
    view = DimensionSlider(EquationSystem("Mᵀ = M", "M M = M"), 4)
    state = view.state()
    assert not state["group"] and state["dimension"] is None and state["solved"] and "no group" in view.verdict()
    view.n.value = 50
    assert view.state()["solved"] and not view.footer.error


def test_quadratics_are_written_as_mathematics():
    forms = {
        (1, 0, 0): "n²",
        (0, 0, 0): "0",
        (Fraction(1, 2), Fraction(-1, 2), 0): "(n² − n)/2",
        (Fraction(1, 4), 0, 0): "n²/4",
        (-2, 3, -1): "−2 n² + 3 n − 1",
        (0, 1, 5): "n + 5",
    }
    for form, text in forms.items():
        a, b, c = map(Fraction, form)
        assert written(a, b, c) == text
        assert quadratic({n: a * n * n + b * n + c for n in (4, 8, 12)}) == (a, b, c)


@pytest.mark.parametrize("family", ["O", "U"])
def test_the_code_runs(family, capsys):
    view = DimensionSlider(family, 6)
    exec(view.code(), {})  # noqa: S102
    printed = capsys.readouterr().out.split("\n")
    assert str(view.dimension(6)) in printed and str(view.state()["hom"]) in printed


@pytest.mark.parametrize(("arguments", "message"), [(("reflections",), "one of GL"), ((3,), "EquationSystem or one")])
def test_what_is_no_group_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DimensionSlider(*arguments)
