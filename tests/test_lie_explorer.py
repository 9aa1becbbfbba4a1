"""LieExplorer without a browser: series, brackets and kinds of orbits against closed forms; what its controls do."""

import itertools
import math
import re

import pytest
import torch

from eqkit import groups
from eqkit.views import LieExplorer
from eqkit.views.lie_explorer import ALGEBRAS, GENERATORS, X, Y, bracket, orbit_kind, partial_sum, there_and_back

J, H, S, E = GENERATORS.values()


def mixtures(count=20):
    c = torch.randn(count, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return torch.einsum("ck,kij->cij", c, torch.stack(list(GENERATORS.values())))


def drag(canvas, layer, point):
    canvas.layers = [{**entry, "xy": [point]} if k == layer else entry for k, entry in enumerate(canvas.layers)]


def test_the_series_has_the_terms_of_the_exponential_and_goes_there():
    A = mixtures()
    torch.testing.assert_close(partial_sum(A, 1), torch.eye(2, dtype=torch.float64).expand(20, 2, 2))
    torch.testing.assert_close(partial_sum(A, 4), torch.eye(2) + A + A @ A / 2 + A @ A @ A / 6)
    torch.testing.assert_close(partial_sum(A, 60), torch.matrix_exp(A))


def test_the_generators_span_the_algebras_of_the_groups():
    for names, G in (("J", groups.SO(2)), ("JHS", groups.SL(2)), ("JHSE", groups.GL(2))):
        ours = torch.stack([GENERATORS[name].flatten() for name in names])
        both = torch.cat([ours, G.lie_algebra.flatten(1)])
        assert torch.linalg.matrix_rank(ours) == torch.linalg.matrix_rank(both) == len(names) == len(G.lie_algebra)


@pytest.mark.parametrize(("a", "b"), list(itertools.permutations(GENERATORS, 2)))
def test_the_way_there_and_back_misses_by_the_bracket_to_third_order(a, b):
    A, B = GENERATORS[a], GENERATORS[b]

    def missed(s):
        way = there_and_back(A, B, s)
        torch.testing.assert_close(way[0], E)
        by_hand = (
            torch.matrix_exp(s * A) @ torch.matrix_exp(s * B) @ torch.matrix_exp(-s * A) @ torch.matrix_exp(-s * B)
        )
        torch.testing.assert_close(way[-1], by_hand)
        return float((way[-1] - torch.matrix_exp(s**2 * bracket(A, B))).norm())

    if bracket(A, B).any():
        assert missed(0.01) / missed(0.005) == pytest.approx(8, rel=0.05)
    else:
        assert missed(1.0) < 1e-12


@pytest.mark.parametrize(
    ("A", "kind"),
    [
        (0 * J, "a point"),
        (J, "a circle"),
        (2 * J + H, "an ellipse"),
        (J + H, "a straight line"),
        (H, "a hyperbola"),
        (J + 2 * S, "a hyperbola"),
        (J + 0.2 * E, "a spiral"),
        (H + E, "a straight line"),
        (H + 0.5 * E, "a bent hyperbola"),
        (E, "a ray"),
        (H + 2 * E, "a curve out of the origin"),
    ],
)
def test_the_kind_of_an_orbit(A, kind):
    assert orbit_kind(A) == kind
    orbit = torch.matrix_exp(torch.linspace(-3, 3, 61, dtype=torch.float64)[:, None, None] * A) @ torch.tensor(
        [1.0, 0.3], dtype=torch.float64
    )
    if kind in ("a point", "a straight line", "a ray"):
        assert torch.linalg.matrix_rank(orbit - orbit[0], rtol=1e-9) == (kind != "a point")
    elif A.trace() == 0:  # the conic xᵀ J A x = constant; its determinant tells ellipse from hyperbola
        form = J @ A
        values = torch.einsum("ti,ij,tj->t", orbit, form, orbit)
        torch.testing.assert_close(values, values[:1].expand(61))
        assert (torch.linalg.det(form) > 0) == (kind in ("a circle", "an ellipse"))
        if kind == "a circle":
            torch.testing.assert_close(orbit.norm(dim=1), orbit[:1].norm(dim=1).expand(61))


def test_the_brackets_of_sl2_in_its_generators():
    view, words = LieExplorer(), {}
    for a, b in itertools.product("JHS", repeat=2):
        view.first.value, view.second.value = a, b
        words[a + b] = view.state()["bracket"]
    assert {words[a + a] for a in "JHS"} == {"0"}
    assert [words[pair] for pair in ("JH", "HJ", "JS", "SJ", "HS", "SH")] == ["2S", "−2S", "−2H", "2H", "−2J", "2J"]


def test_sliders_move_the_letter_and_the_orbit():
    view = LieExplorer("so(2)", t=1.0)
    quarter = torch.tensor(view.flow.layers[2]["xy"])
    view.t.value = 1.5
    assert not torch.allclose(torch.tensor(view.flow.layers[2]["xy"]), quarter)
    torch.testing.assert_close(
        torch.tensor(view.flow.points(X + 1)[0]),
        torch.matrix_exp(1.5 * J) @ torch.tensor(view.flow.points(X)[0]),
        atol=1e-4,
        rtol=1e-4,
    )
    assert view.state()["orbit"] == "a circle"
    view.terms.value = 12
    assert float(re.search(r"misses by (\S+)\. ", view.verdict()).group(1)) < 1e-3


def test_a_dragged_point_stays_where_it_is_when_sliders_move():
    view = LieExplorer()
    drag(view.flow, X, [-1.0, 0.25])
    drag(view.square, Y, [0.5, -0.5])
    view.mix["H"].value = 0.7
    view.s.value = 0.9
    state = view.state()
    assert (state["x"], state["y"]) == ([-1.0, 0.25], [0.5, -0.5])
    view._reset()
    assert view.state() == LieExplorer().state()


def test_another_algebra_has_its_own_sliders_and_generators():
    view = LieExplorer("gl(2)", (1, 0.5, 0, -0.2))
    assert view.state()["orbit"] == "a spiral"
    view.algebra.value = "so(1, 1)"
    assert [name for name, slider in view.mix.items() if slider.layout.display != "none"] == ["S"]
    assert view.state()["coefficients"] == {"S": 0.0} and view.first.options == ("S",)
    assert view.state()["orbit"] == "a point" and view.state()["bracket"] == "0"
    assert math.isclose(float(view.A.abs().sum()), 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("so(3)",), r"give one of so\(2\)"),
        (("sl(2)", (1, 2)), "takes 3 between −2 and 2"),
        (("so(2)", (5,)), "takes 1 between"),
        (("so(2)", (1,), 9.0), "t = 9.0 must be between −3 and 3"),
        (("so(2)", (1,), 1.0, 0), "terms = 0 between 1 and 12"),
        (("so(2)", (math.nan,)), "takes 1 between"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LieExplorer(*arguments)


def test_every_algebra_is_closed_under_brackets():
    for names in ALGEBRAS.values():
        span = torch.stack([GENERATORS[name].flatten() for name in names])
        for a, b in itertools.product(names, repeat=2):
            more = torch.cat([span, bracket(GENERATORS[a], GENERATORS[b]).flatten()[None]])
            assert torch.linalg.matrix_rank(more) == len(names)
