"""The explorer of invariant rings without a browser: bars, generators, level sets, typed groups, errors."""

import json
import math

import numpy as np
import pytest
import torch

from eqkit import groups, invariants
from eqkit.views import InvariantRingExplorer
from eqkit.views.invariant_ring_explorer import MOST, NAMES, pictured
from eqkit.views.spelling import named

KNOWN = {  # degrees of the generators: Sturmfels, Algorithms in Invariant Theory; Shephard and Todd (1954)
    "Octahedral()": [2, 4, 6, 9],
    "Tetrahedral()": [2, 3, 4, 6],
    "Icosahedral()": [2, 6, 10, 15],
    "SignedPermutations(3)": [2, 4, 6],
    "S(4)": [1, 2, 3, 4],
    "A(4)": [1, 2, 3, 4, 6],
    "C.plane(4)": [2, 4, 4],
    "D.plane(5)": [2, 5],
}


@pytest.fixture(scope="module")
def views():
    return {name: InvariantRingExplorer(named(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_bars_are_the_molien_series_and_the_dark_part_the_generators(views, name):
    state, bars = views[name].state(), views[name].bars.bars
    assert [old + new for old, new in bars] == invariants.molien_series(named(name), len(bars) - 1) == state["molien"]
    assert [d for d, (_, new) in enumerate(bars) for _ in range(new)] == state["degrees"]
    assert KNOWN.get(name, state["degrees"]) == state["degrees"]
    assert max(state["degrees"]) <= state["bound"] <= state["order"] and len(bars) <= MOST + 1


def powers(degrees, d):
    """All exponents with Σ eₖ degreesₖ = d."""
    if not degrees:
        return [()] if d == 0 else []
    return [(e, *rest) for e in range(d // degrees[0] + 1) for rest in powers(degrees[1:], d - e * degrees[0])]


@pytest.mark.parametrize("name", ["Octahedral()", "C.plane(4)", "D.plane(3)", "A(3)"])
def test_the_light_part_is_the_rank_of_the_products_of_lower_generators(views, name):
    view, generator = views[name], torch.Generator().manual_seed(0)
    x = torch.randn(400, named(name).n, dtype=torch.float64, generator=generator)
    at = view.ring(x / x.norm(dim=1, keepdim=True))  # (points, generators)
    for d, (old, _) in enumerate(view.bars.bars):
        lower = [e for e in powers(view.state()["degrees"], d) if sum(e) != 1]
        columns = [torch.stack([at[:, k] ** e for k, e in enumerate(product)]).prod(0) for product in lower]
        assert (torch.linalg.matrix_rank(torch.stack(columns), rtol=1e-9) if columns else 0) == old


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_has_one_value_on_an_orbit_and_the_view_says_so(views, name):
    view = views[name]
    if view.drawn is None:
        assert "orbit" not in view.state() and "no picture" in view.picture.note
        return
    for i, f in enumerate(view.ring.generators):
        view.select(i)
        view.move(np.random.default_rng(i).normal(size=view.drawn.n).tolist())
        state = view.state()
        assert state["constant_on_the_orbit"] and state["orbit"] == view.group.order
        assert f"at all {state['orbit']} points of the orbit" in view.formula.title
        assert view.formula.words == str(f) and view.bars.selected == f.degree


def test_permutations_of_four_are_drawn_where_the_coordinates_sum_to_zero():
    G, f = groups.A(4), invariants.invariant_ring(groups.A(4)).generators
    drawn, restricted, place = pictured(G, f)
    assert place == "x₀ + x₁ + x₂ + x₃ = 0" and drawn.order == 12
    y = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    Q = torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=torch.float64) / 2
    for one, three in zip(f, restricted, strict=True):
        torch.testing.assert_close(three(y), one(y @ Q.T))
        torch.testing.assert_close(three(y @ drawn.elements()[5].T), three(y))


def test_what_has_no_picture_still_has_bars_and_generators():
    view = InvariantRingExplorer(groups.S(5))
    assert view.state()["degrees"] == [1, 2, 3, 4, 5] and len(view.table.names) == 5 and not view.picture.points
    assert "a polynomial ring" in view.verdict() and "matrices 5 × 5" in view.picture.note
    with pytest.raises(ValueError, match="no picture"):
        view.move([1, 0, 0, 0, 0])


def test_a_bar_and_a_row_choose_the_same_generator():
    view = InvariantRingExplorer()
    view.bars.selected = 9  # what a click on the bar sends
    assert view.state()["selected"] == 3 and view.picture.selected == 3 and view.formula.title.startswith("degree 9")
    view.table.selected = 2
    assert view.bars.selected == 6 and view.picture.selected == 2
    view.bars.selected = 7  # no generator there
    assert view.state()["selected"] == 2 and view.bars.selected == 6
    with pytest.raises(ValueError, match="generators 0 to 3"):
        view.select(4)


def test_a_typed_group_is_solved_and_a_typo_loses_nothing():
    view = InvariantRingExplorer()
    view.typed.value = "(0 1 2)(3 4), (0 3)"
    assert view.state()["order"] == 120 and view.menu.value == view.state()["group"] and view.footer.error == ""
    view.typed.value = "[[0, -1], [1, -1]]"
    assert view.state()["order"] == 3 and view.state()["degrees"] == [2, 3, 3]
    before = view.state()
    for typo, cure in {
        "Octohedral()": "names are like",
        "(0 1)(1 2)": "disjoint",
        "[[1, 2], [3]]": "write rows of numbers",
        "[[2, 0], [0, 1]]": "infinite",
        "SO(3)": "infinite",
        "S(60)": "too many monomials",
        "C(40)": "too many monomials",
        "C.plane(61)": "up to degree 61",
    }.items():
        view.typed.value = typo
        assert view.footer.error and cure in view.footer.error
        assert view.state() == before and view.menu.value == before["group"]


def test_what_is_clicked_while_the_group_changes_is_forgotten():
    view = InvariantRingExplorer(groups.C(5))
    view.select(14)
    view.menu.value = "C.plane(4)"
    assert view.state()["selected"] == 1 and view.footer.error == ""
    view.picture.points = [[0.8, 0.36, 0.48]]  # a drag in the picture of a group in space, which comes late
    view.table.selected = 12
    assert view.footer.error == "" and view.state()["selected"] == 1 and len(view.picture.points[0]) == 2


def test_the_verdict_says_what_the_theorems_say():
    assert InvariantRingExplorer().verdict() == (
        "4 generators of degrees 2, 4, 6, 9, with relations among them. Noether's bound is 24."
    )
    view = InvariantRingExplorer(groups.D.plane(5))
    assert view.state()["polynomial_ring"] and "independent: a polynomial ring" in view.verdict()


def test_many_drags_end_at_the_last():
    view = InvariantRingExplorer(groups.D.plane(3))
    for i in range(200):
        view.picture.points = [[math.cos(i), math.sin(i)]]
    view.picture.points = [[0.5, 0.0]]
    assert view.state()["orbit"] == 3 and json.loads(view.footer.state)["orbit"] == 3


@pytest.mark.parametrize("G", [groups.Octahedral(), groups.C.plane(4), groups.A(4), groups.S(5)], ids=str)
def test_the_code_prints_what_is_shown(G, capsys):
    view, names = InvariantRingExplorer(G), {}
    exec(view.code(), names)
    assert str(view.series) in capsys.readouterr().out
    assert names["R"].degrees == tuple(view.state()["degrees"])
    if view.drawn is not None:
        assert float(names["values"].std()) < 1e-9
        assert f"{float(names['values'][0]):.3g}".replace("-", "−") in view.formula.title


@pytest.mark.parametrize("name", NAMES)
def test_every_group_of_the_menu_has_a_still_and_words(views, name):
    view = views[name]
    assert json.loads(json.dumps(view.state())) == view.state()
    assert view.still().startswith(b"\x89PNG")
    assert view.picture.label and view.table.label and view.bars.label and view.formula.label


def test_reset_goes_back_to_the_first_group():
    view = InvariantRingExplorer(groups.C.plane(6))
    before = view.state()
    view.typed.value = "S(4)"
    view.select(0)
    assert view.state() != before
    view._reset()
    assert view.state() == before and view.menu.value == "C.plane(6)" and view.typed.value == ""


@pytest.mark.parametrize(
    ("build", "error", "sentence"),
    [
        (lambda: InvariantRingExplorer("S4"), TypeError, "is no group"),
        (lambda: InvariantRingExplorer(groups.SO(3)), ValueError, "infinite"),
        (lambda: InvariantRingExplorer(groups.SL(2)), ValueError, "infinite"),
        (lambda: InvariantRingExplorer().move([0, 0, 0]), ValueError, "not all 0"),
    ],
)
def test_what_has_no_finite_ring_says_why(build, error, sentence):
    with pytest.raises(error, match=sentence):
        build()
