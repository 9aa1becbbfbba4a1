"""ParameterCounter without a browser: its numbers by other routes, what its sliders do, the code it shows."""

import itertools
from fractions import Fraction

import pytest
import torch

from eqkit import equations
from eqkit.equivariant_maps import Hom
from eqkit.parameter_counts import hom_dimension
from eqkit.views import ParameterCounter
from eqkit.views.parameter_counter import FAMILIES, coefficients, counted


@pytest.mark.parametrize("G", FAMILIES)
def test_dim_hom_is_that_of_characters_and_copies_multiply_it(G):
    n = FAMILIES[G].sizes[1]
    V = FAMILIES[G].V(n)
    assert counted(G, n).tied.number == hom_dimension(V, V) == Hom(V, V).dim
    assert counted(G, n, 3).tied.number == 3 * Hom(V, V).dim == Hom(V, 3 * V).dim


@pytest.mark.parametrize("G", FAMILIES)
def test_weights_of_the_rank_that_is_given_span_hom_and_of_less_do_not(G):
    """The spectral projections of a generic element M of Hom(V, V), real and imaginary parts, lie in Hom."""
    n = FAMILIES[G].sizes[1]
    hom = Hom(V := FAMILIES[G].V(n), V)
    M = hom.combine(torch.randn(hom.dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    values, vectors = torch.linalg.eig(M)
    inverse, weights, left = torch.linalg.inv(vectors), [], set(range(V.size))
    while left:
        same = (values - values[min(left)]).abs() < 1e-8
        left -= set(torch.nonzero(same).flatten().tolist())
        P = vectors[:, same] @ inverse[same]
        weights += [P] if M.is_complex() else [P.real, P.imag]
    weights = torch.stack([w for w in weights if w.abs().max() > 1e-9])
    space = hom.U.to(weights.dtype)
    assert (weights.flatten(1).T - space @ (space.mH @ weights.flatten(1).T)).abs().max() < 1e-9
    ranks = torch.linalg.matrix_rank(weights, rtol=1e-9)
    if G == "trivial":  # Hom is all matrices: rank 1 each
        assert FAMILIES[G].rank(n) == 1
        return
    assert torch.linalg.matrix_rank(weights.flatten(1), rtol=1e-9) == hom.dim
    assert ranks.max() == FAMILIES[G].rank(n)


def test_permutations_that_solve_the_equations_are_the_group():
    P = torch.eye(5, dtype=torch.float64)[torch.tensor(list(itertools.permutations(range(5))))]
    for G, order in (("S", 120), ("C", 5)):
        residuals = torch.cat([equations.named(name).residuals(P) for name in FAMILIES[G].equations], -1)
        assert (residuals.amax(-1) < 1e-9).sum() == order
    assert {G: coefficients(about.equations) for G, about in FAMILIES.items()} == {
        **{"S": 4, "C": 6, "D": None, "C × C": None, "O": 2, "SO": 4, "U": 4, "Sp": 2, "trivial": 2}
    }


def test_numbers_are_the_formulas_of_n_m_k():
    view = ParameterCounter("C", 8, 16, 20)
    numbers, n, m, k = view.state()["numbers"], 8, 16, 20
    assert numbers["dense"] == m * n and numbers["tied"] == 16 and numbers["entries"] == m * n * k
    assert numbers["grassmannian"] == k * (m * n - k) and numbers["generators"] == 2 * n * n
    assert numbers["low_rank"] == k * min(2 * (m + n - 2) - 1, m * n - k)
    assert "lower_bound" not in numbers  # V ≠ W
    grid = ParameterCounter("C × C", 5).state()
    assert grid["m"] == 25 and grid["numbers"]["kronecker"] == 2 * 5 * (25 - 5)
    assert ParameterCounter("SO", 6).state()["numbers"]["element"] == 15


def test_m_and_k_keep_their_proportion_when_n_moves():
    view = ParameterCounter("C", 8, 16, 32)
    view.n.value = 12
    assert (view.state()["m"], view.state()["k"]) == (24, 48) and view.surplus == Fraction(2)
    view.m.value = 1
    assert (view.k.min, view.state()["k"]) == (12, 24)
    view.k.value = 12
    assert view.state()["numbers"]["grassmannian"] == 12 * 132
    view.menu.value = "Sp"
    assert view.state()["group"] == "Sp(12)" and view.state()["k"] == 1
    view._reset()
    assert view.state() == ParameterCounter("C", 8, 16, 32).state()


def test_equations_stay_flat_and_every_other_description_grows():
    view = ParameterCounter("S")
    fields = list(view.shown)
    rows = torch.frombuffer(bytearray(view.curves.data), dtype=torch.float32).reshape(-1, len(fields) + 1)
    grows = {field: bool(rows[0, i] < rows[-1, i]) for i, field in enumerate(fields, 1)}
    assert {field for field, up in grows.items() if not up} == {"equations", "tied"}
    assert rows[:, 0].tolist() == list(FAMILIES["S"].sizes)


def test_a_bar_is_selected_and_the_cursor_of_the_curves_is_n():
    view = ParameterCounter("SO", 8)
    view.bars.selected = list(view.shown).index("element")
    assert view.state()["selected"] == "element" and view.verdict().startswith("one element, algebra known: dim g = 28")
    assert [s["name"] for s in view.curves.series if s["name"]] == ["one element, algebra known"]
    view.curves.cursor = FAMILIES["SO"].sizes.index(12)
    assert view.state()["n"] == 12 and view.state()["numbers"]["element"] == 66
    view.menu.value = "D"  # has no algebra
    assert view.state()["selected"] == "grassmannian" and "have no name here" in view.verdict()


@pytest.mark.parametrize("arguments", [("S",), ("C × C", 4, 32), ("U", 4, 8, 3), ("D", 6), ("trivial", 3)])
def test_the_code_prints_the_numbers_shown(arguments, capsys):
    view = ParameterCounter(*arguments)
    exec(view.code(), {})
    printed = {line[:30].strip(): line[30:43].strip() for line in capsys.readouterr().out.splitlines()}
    assert printed == {c.name: f"{c.number:,}" for c in view.shown.values()}
    assert view.still()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("E",), "give one of S, C, D"),
        (("S", 9), r"n = 9; S\(n\) takes 3, 4, 5"),
        (("Sp", 5), "takes 4, 6, 8"),
        (("S", 8, 12), "m = 12 outputs; W is 1 to 4 copies of V, so take 8, 16, 24, 32"),
        (("S", 8, 8, 1), "k = 1; take dim Hom = 2 ≤ k ≤ mn = 64"),
        (("S", 8, 8, 65), "k = 65"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ParameterCounter(*arguments)
