"""Orbits, stabilisers, fixed spaces and fundamental domains, and the view that shows them, without a browser."""

import json
import math

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.views import OrbitPlayground, meshes, orbits
from eqkit.views.orbit_playground import NAMES, isomorphism_type
from eqkit.views.spelling import named, read_group

FINITE = [named(name) for name in NAMES if not name.startswith(("SO", "O("))]
SKEW = torch.tensor([[1.0, 0.6], [0.0, 1.2]], dtype=torch.float64)
SHEARED = groups.MatrixGroup(
    SKEW @ groups.D.plane(3).generators @ torch.linalg.inv(SKEW), name="a triangle in perspective"
)


def near(G, seed=0, count=40):
    return torch.randn(count, G.n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# the geometry
@pytest.mark.parametrize("G", [*FINITE, SHEARED], ids=str)
def test_fixed_spaces_are_the_null_spaces_of_g_minus_the_identity(G):
    fixed, E = orbits.fixed_spaces(G), torch.eye(G.n, dtype=torch.float64)
    for P in fixed:
        torch.testing.assert_close(P @ P, P)
    for g in G.elements()[1:]:
        basis = torch.linalg.svd(g - E)[2][torch.linalg.matrix_rank(g - E, atol=1e-9) :]  # (dimension, n)
        fits = [P for P in fixed if round(float(P.trace())) == len(basis) and torch.allclose(P @ basis.T, basis.T)]
        assert len(fits) == 1


@pytest.mark.parametrize(
    ("G", "lines", "planes"),
    [
        (groups.D.plane(4), 4, 0),
        (groups.Tetrahedral(), 7, 0),
        (groups.Octahedral(), 13, 0),
        (groups.Icosahedral(), 31, 0),
        (groups.SignedPermutations(3), 13, 9),
        (groups.S(3), 1, 3),
    ],
    ids=str,
)
def test_mirrors_and_axes_are_as_many_as_geometry_says(G, lines, planes):
    ranks = [round(float(P.trace())) for P in orbits.fixed_spaces(G)]
    assert (ranks.count(1), ranks.count(2)) == (lines, planes) and ranks == sorted(ranks)


@pytest.mark.parametrize("G", [*FINITE, SHEARED], ids=str)
def test_the_orbit_times_the_stabiliser_is_the_group_everywhere(G):
    points = near(G)
    on_fixed_spaces = torch.cat([points[:3] @ P.T for P in orbits.fixed_spaces(G)])
    for x in torch.cat([points, on_fixed_spaces]):
        orbit, fixing = orbits.distinct(G.elements() @ x), orbits.stabiliser(G, x)
        assert len(orbit) * len(fixing) == G.order


@pytest.mark.parametrize("G", [*FINITE, SHEARED], ids=str)
def test_of_every_orbit_one_point_lies_in_the_fundamental_domain(G):
    B = orbits.metric(G)
    torch.testing.assert_close(G.elements().mT @ B @ G.elements(), B.expand(G.order, -1, -1))
    images = G.elements() @ near(G)[:, None, :, None]  # (points, order, n, 1)
    within = orbits.inside(G, B, images.reshape(-1, G.n)).reshape(-1, G.order)
    assert ((within > 0).sum(1) == 1).all()


def test_the_walls_are_at_their_distance():
    """Of D.plane(4) the domain is 0 < x₁ < x₀."""
    G = groups.D.plane(4)
    x = torch.tensor([[1.0, 0.25], [0.5, -0.25]], dtype=torch.float64)
    expected = torch.tensor([0.25, -0.25], dtype=torch.float64)
    torch.testing.assert_close(orbits.inside(G, orbits.metric(G), x), expected)


@pytest.mark.parametrize("mesh", [meshes.plane_mesh, meshes.sphere_mesh])
def test_a_mesh_is_closed_and_turns_one_way(mesh):
    vertices, faces = mesh()
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if mesh is meshes.plane_mesh:
        assert (normals[:, 2] > 0).all() and normals[:, 2].sum() / 2 == pytest.approx((2 * orbits.EXTENT) ** 2)
    else:
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
        assert ((normals * corners.mean(1)).sum(1) > 0).all()
        assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(4 * math.pi, rel=2e-3)


def test_the_level_set_has_the_value_at_x():
    for G, x in ((groups.D.plane(4), [0.9, 0.375]), (groups.Octahedral(), [0.8, 0.36, 0.48])):
        view = OrbitPlayground(G, x)
        canvas, f = view.picture, view.picture.polynomials[1]
        ends = canvas._level().reshape(-1, 3) @ canvas._turn
        assert len(ends) > 100
        np.testing.assert_allclose(orbits.values([f], ends[:, : G.n]), orbits.values([f], np.array(x))[0], atol=5e-3)


# the view
@pytest.mark.parametrize(
    ("G", "x", "orbit", "kind"),
    [
        (groups.SignedPermutations(3), [1, 1, 1], 8, "S(3)"),
        (groups.SignedPermutations(3), [0, 0, 1], 6, "D(4)"),
        (groups.SignedPermutations(3), [1, 1, 0], 12, "C(2) × C(2)"),
        (groups.SignedPermutations(3), [3, 2, 1], 48, "trivial"),
        (groups.Octahedral(), [0, 0, 1], 6, "C(4)"),
        (groups.Octahedral(), [1, 1, 1], 8, "C(3)"),
        (groups.Icosahedral(), [0, 1, (1 + 5**0.5) / 2], 12, "C(5)"),
        (groups.Icosahedral(), [1, 1, 1], 20, "C(3)"),
        (groups.Icosahedral(), [0, 0, 1], 30, "C(2)"),
        (groups.D.plane(6), [1, 0], 6, "C(2)"),
        (groups.D.plane(6), [0, 0], 1, "D(6)"),
        (groups.S(3), [1, 1, 1], 1, "S(3)"),
        (groups.SO(2), [1, 0], "a circle", "trivial"),
        (groups.O(2), [1, 0.5], "a circle", "C(2)"),
        (groups.SO(2), [0, 0], 1, "SO(2)"),
    ],
    ids=str,
)
def test_stabilisers_have_the_names_that_geometry_gives_them(G, x, orbit, kind):
    state = OrbitPlayground(G, x).state()
    assert (state["orbit"], state["stabiliser_is"]) == (orbit, kind)
    if orbit != "a circle" and G.is_finite:
        assert state["orbit"] * state["stabiliser"] == state["order"]


@pytest.mark.parametrize("G", [*FINITE, SHEARED, groups.SO(2)], ids=str)
def test_the_invariants_say_whether_two_points_share_an_orbit(G):
    view = OrbitPlayground(G)
    g = G.sample(6, torch.Generator().manual_seed(1))
    for i, x in enumerate(near(G, 2, 6)):
        view.move(x=x.tolist())
        moved = (g[i] @ view.points[0]).tolist()
        view.move(y=moved)
        assert view.state()["same_orbit"] and "all invariants agree" in view.verdict()
        view.move(y=(torch.tensor(moved) + 0.05 * near(G, i, 1)[0]).tolist())
        there = G.is_finite and float((G.elements() @ view.points[0] - view.points[1]).norm(dim=1).min()) < 1e-4
        assert view.state()["same_orbit"] == there
        assert there or "another orbit" in view.verdict()


def test_equal_lengths_do_not_make_one_orbit():
    view = OrbitPlayground()
    state = view.state()
    assert state["invariants_equal"] == [True, False] and not state["same_orbit"]
    assert view.verdict() == ("Orbit 8 · stabiliser 1 = 8 = |G|. y is in another orbit: 1 invariant differs.")


def test_in_space_points_are_taken_to_the_surface():
    view = OrbitPlayground(groups.Octahedral(), x=[3, 4, 12])
    assert view.state()["x"] == [0.231, 0.308, 0.923]
    skew = torch.block_diag(SKEW, torch.eye(1, dtype=torch.float64))
    G = groups.MatrixGroup(skew @ groups.S(3).generators @ torch.linalg.inv(skew), name="sheared")
    view = OrbitPlayground(G)
    orbit = G.elements() @ view.points[0]
    torch.testing.assert_close((orbit @ view.metric * orbit).sum(1), torch.ones(6, dtype=torch.float64))


def test_a_typed_group_is_shown_and_a_typo_loses_nothing():
    view = OrbitPlayground()
    view.typed.value = "[[0, -1], [1, 0]]"
    assert view.state()["order"] == 4 and view.menu.value == "⟨1 matrix⟩ on 2" and view.footer.error == ""
    before = view.state()
    for typo, cure in {
        "D.plan(4)": "names are like",
        "[[0, -1], [1]]": "write rows of numbers",
        "[[1, 1], [0, 1]]": "infinitely many",
        "[[1, 1], [1, 1]]": "singular",
        "(0 1": "write points",
        "S(4)": "2 × 2 or 3 × 3",
        "D.plane(200)": "at most 240",
        "SU(2)": "real 2 × 2",
    }.items():
        view.typed.value = typo
        assert cure in view.footer.error
        assert view.state() == before and view.menu.value == before["group"]
    view.typed.value = "(0 1 2)"
    assert view.footer.error == "" and view.state()["group"] == "⟨(0 1 2)⟩" and len(view.state()["x"]) == 3


@pytest.mark.parametrize(
    ("text", "order", "n"),
    [
        ("D.plane(5)", 10, 2),
        ("groups.S(4)", 24, 4),
        ("(0 1 2)(3 4), (0 3)", 120, 5),
        ("[[0, −1], [1, 0]]", 4, 2),
        ("[[0, -1], [1, 0]], [[1, 0], [0, -1]]", 8, 2),
        ("[[[0, -1], [1, 0]], [[1, 0], [0, -1]]]", 8, 2),
        ("[[1/2, -√(3)/2], [sqrt(3)/2, 1/2]]", 6, 2),
        ("[[cos(2*pi/5), -sin(2*pi/5)], [sin(2*pi/5), cos(2*pi/5)]], [[1, 0], [0, -1]]", 10, 2),
    ],
)
def test_groups_are_read_as_one_types_them(text, order, n):
    G = read_group(text)
    assert (G.order, G.n) == (order, n)


@pytest.mark.parametrize(
    "text", ["[[1/0]]", "[[sqrt(-1)]]", "[[x]]", "[[1, 2]", "[[__import__('os')]]", "[['1']]", "[]"]
)
def test_what_is_no_matrix_is_explained(text):
    with pytest.raises(ValueError, match=r"write rows of numbers|\(k, n, n\)"):
        read_group(text)


def test_a_group_chosen_from_the_menu_keeps_points_of_its_size():
    view = OrbitPlayground(x=[0.5, 0.25])
    view.menu.value = "C.plane(6)"
    assert view.state()["x"] == [0.5, 0.25] and view.state()["order"] == 6
    view.menu.value = "Icosahedral()"
    assert view.state()["orbit"] == 60 and len(view.state()["x"]) == 3


def test_what_is_dragged_while_the_group_changes_is_forgotten():
    view = OrbitPlayground()
    view.picture.points = [[0.8, 0.36, 0.48], [0.6, -0.64, 0.48]]
    view.table.selected = 7
    assert view.footer.error == "" and view.state()["x"] == [0.9, 0.375] and view.state()["drawn"] == 1


def test_many_drags_end_at_the_last():
    view = OrbitPlayground(groups.D.plane(6))
    for i in range(200):
        view.picture.points = [[math.cos(i), math.sin(i)], [0.5, 0.1]]
    view.picture.points = [[0.5, 0.1], [0.5, -0.1]]
    assert view.state()["x"] == [0.5, 0.1] and view.state()["same_orbit"]
    assert json.loads(view.footer.state)["same_orbit"]


@pytest.mark.parametrize("G", [groups.D.plane(4), groups.SignedPermutations(3), SHEARED, groups.SO(2)], ids=str)
def test_the_code_counts_what_is_shown(G, capsys):
    view = OrbitPlayground(G)
    view.move(x=(orbits.fixed_spaces(G)[-1] @ view.points[0]).tolist() if G.is_finite else None)
    names = {}
    exec(view.code(), names)
    said = capsys.readouterr().out
    assert f"same orbit: {view.state()['same_orbit']}" in said
    if G.is_finite:
        assert f"{view.orbit} · {view.fixing} = {G.order}" in said and view.fixing > 1


@pytest.mark.parametrize("name", NAMES)
def test_every_group_of_the_menu_has_its_picture(name):
    view = OrbitPlayground(named(name))
    assert json.loads(json.dumps(view.state())) == view.state()
    assert view.still().startswith(b"\x89PNG")
    assert view.picture.label and view.table.label and view.tally.label


@pytest.mark.parametrize(
    ("build", "error", "sentence"),
    [
        (lambda: OrbitPlayground("D4"), TypeError, "is no group"),
        (lambda: OrbitPlayground(groups.S(4)), ValueError, "are 4 × 4"),
        (lambda: OrbitPlayground(groups.SO(3)), ValueError, "finite groups"),
        (lambda: OrbitPlayground(groups.D.plane(121)), ValueError, "242 elements"),
        (lambda: OrbitPlayground(x=[1, 2, 3]), ValueError, "2 finite coordinates"),
        (lambda: OrbitPlayground(x=[math.nan, 2]), ValueError, "finite coordinates"),
        (lambda: OrbitPlayground(groups.S(3), y=[0, 0, 0]), ValueError, "not all 0"),
    ],
)
def test_what_has_no_picture_says_why(build, error, sentence):
    with pytest.raises(error, match=sentence):
        build()


def test_the_trivial_group_has_a_name():
    assert isomorphism_type(groups.trivial(2)) == "trivial"
