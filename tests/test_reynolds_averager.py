import json

import numpy as np
import pytest
import torch

from eqkit import groups, reynolds
from eqkit.equivariant_maps import Hom
from eqkit.tasks.hidden_groups import flips
from eqkit.views import ReynoldsAverager
from eqkit.views.reynolds_averager import FUNCTIONS, MATRICES, function, grid

MATRIX_GROUPS = [
    groups.C(8),
    groups.D(6),
    groups.S(5),
    groups.S(3) * groups.S(3),
    flips(3, 3),
    groups.SignedPermutations(4),
    groups.Tetrahedral(),
]
PLANE_GROUPS = [groups.C.plane(3), groups.C.plane(4), groups.D.plane(4), groups.D.plane(6)]


def run(view):
    """What the lines under "show code" leave behind."""
    names = {}
    exec(view.code(), names)
    return names


# the matrix
@pytest.mark.parametrize("G", MATRIX_GROUPS, ids=str)
def test_the_average_over_the_whole_group_is_the_projection_on_hom(G):
    view = ReynoldsAverager(G, "random")
    view.average(G.order)
    H = Hom(G.vector, G.vector)
    np.testing.assert_allclose(view.mean.current(), H.project(view.M), atol=1e-6)  # the browser's arithmetic is float32
    assert view.invariant and view.mean.accent == "invariant"
    assert view.state()["free_parameters"] == H.dim
    assert f"dimension {H.dim}" in view.verdict()


@pytest.mark.parametrize("G", [groups.C(8), groups.SignedPermutations(3), groups.Tetrahedral()], ids=str)
def test_every_running_average_is_the_formula(G):
    view = ReynoldsAverager(G, "random", shuffled=True, seed=3)
    g = view.elements
    for count in (1, 2, G.order // 2, G.order):
        view.average(count)
        terms = g.mT @ view.M @ g
        np.testing.assert_allclose(view.term.current(), terms[count - 1], atol=1e-6)
        np.testing.assert_allclose(view.mean.current(), terms[:count].mean(0), atol=1e-6)
        far = (terms[:count].mean(0) - Hom(G.vector, G.vector).project(view.M)).norm() / view.M.norm()
        assert abs(float(view.distance[count - 1]) - far) < 1e-12
        assert view.invariant == (far < 1e-12)


def test_shuffling_takes_the_same_elements_in_another_order():
    ordered, shuffled = (ReynoldsAverager(groups.S(5), shuffled=s).elements for s in (False, True))
    index = groups.S(5).index(shuffled)
    assert not torch.equal(ordered, shuffled)
    assert index.sort().values.tolist() == list(range(120))


def test_averaging_again_changes_nothing_after_the_whole_group_and_something_before():
    view = ReynoldsAverager(groups.D(6), "random", count=5)
    view.again.value = True
    assert view.state()["averaged_before"] == 5
    assert view.change > 1e-3 and float(view.distance[0]) > 1e-3
    view.again.value = False
    view.average(12)
    view.again.value = True
    assert view.change < 1e-12 and float(view.distance.max()) < 1e-12
    assert "P² = P" in view.verdict()
    view.average(1)
    assert view.invariant


def test_a_large_group_is_sampled_and_falls_as_one_over_the_root():
    view = ReynoldsAverager(groups.S(8), "one entry", count=2000)
    assert view.state()["sampled"] and view.state()["elements"] == 2000
    assert not view.invariant and float(view.distance.min()) > 1e-3
    ratio = float(view.distance[79:125].mean() / view.distance[1699:].mean())
    assert 2 < ratio < 9  # √(1850 / 100) = 4.3
    assert "sampled" in view.bar.status and "does not reach 0" in view.verdict()


def test_painting_replaces_the_matrix_and_ends_averaging_again():
    view = ReynoldsAverager(groups.C(4), "one entry", count=4)
    view.again.value = True
    painted = np.zeros((4, 4), np.float32)
    painted[1, 2] = 1
    view.given.values = painted.tobytes()  # what arrives from the browser
    assert view.state()["averaged_before"] == 0 and not view.again.value
    assert torch.equal(view.M, torch.from_numpy(painted).double())
    assert view.count == 4 and view.invariant


def test_shuffling_and_a_new_group_of_the_same_size_keep_what_was_painted():
    view = ReynoldsAverager(groups.C(5))
    M = torch.arange(25.0).view(5, 5).double()
    view.set_matrix(M)
    view.shuffled.value = True
    view.menu.value = "S(5)"
    assert torch.equal(view.M, M) and view.state()["elements"] == 120
    view.menu.value = "D(6)"
    assert view.M.shape == (6, 6)


def test_many_scrubs_end_at_the_last():
    view = ReynoldsAverager(groups.S(5))
    for i in range(200):
        view.bar.position = (37 * i) % 120
    view.bar.position = 119
    assert view.state()["count"] == 120 and view.state()["invariant"]
    assert json.loads(view.footer.state)["count"] == 120


# the function
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("G", PLANE_GROUPS, ids=str)
def test_the_average_of_a_function_is_invariant_on_the_whole_plane(G, name):
    view = ReynoldsAverager(G, name)
    view.average(G.order)
    R = reynolds.project(function(name), G.vector)
    np.testing.assert_allclose(view.mean.current().ravel(), R(grid()), atol=1e-6)
    assert view.invariant


def test_a_quarter_turn_leaves_the_known_polynomial():
    """Averaged over quarter turns x³y becomes (x³y − xy³)/2, x² becomes (x² + y²)/2, and x vanishes."""
    x, y = grid().reshape(48, 48, 2).unbind(-1)
    for name, invariant in (("x³y", (x**3 * y - x * y**3) / 2), ("x²", (x**2 + y**2) / 2), ("x", 0 * x)):
        view = ReynoldsAverager(groups.C.plane(4), name, count=4)
        np.testing.assert_allclose(view.mean.current(), invariant, atol=1e-6)


def test_the_rotations_of_the_plane_are_sampled():
    view = ReynoldsAverager(groups.SO(2), "x²", count=100)
    assert view.sampled and not view.invariant
    x, y = grid().unbind(-1)
    terms, projection = view._terms()[1:]
    torch.testing.assert_close(projection.flatten(), (x**2 + y**2) / 2)
    assert float((terms.mean(0) - projection).abs().max()) < 0.3


def test_a_function_averaged_again_does_not_change():
    view = ReynoldsAverager(groups.D.plane(3), "max(x, y)", count=6)
    view.again.value = True
    assert view.change < 1e-12 and "P² = P" in view.verdict()


# the controls
def test_the_menus_change_between_matrices_and_functions():
    view = ReynoldsAverager(groups.D.plane(4), "checkerboard")
    assert view.M.shape == (2, 2)
    view.subject.value = "x³y"
    assert view.is_function and view.group == groups.C.plane(4) and view.mean.current().shape == (48, 48)
    view.menu.value = "D.plane(4)"
    assert view.state()["elements"] == 8
    view.subject.value = "random"
    assert not view.is_function and view.group == groups.C(8) and view.M.shape == (8, 8)


def test_reset_goes_back_to_the_beginning():
    view = ReynoldsAverager(groups.D(6), "checkerboard", count=3)
    before = view.state()
    view.subject.value, view.menu.value, view.shuffled.value = "max(x, y)", "C.plane(6)", True
    assert view.state() != before
    view._reset()
    assert view.state() == before


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("G", [groups.D(6), groups.S(8), groups.SO(3)], ids=str)
def test_the_code_of_a_matrix_computes_what_is_shown(G, again):
    view = ReynoldsAverager(G, "random", count=5, shuffled=True, seed=2)
    view.again.value = again
    np.testing.assert_allclose(run(view)["M"], view.mean.current(), atol=1e-5)


def test_the_code_of_a_function_computes_what_is_shown(capsys):
    view = ReynoldsAverager(groups.D.plane(3), "a bump", count=4)
    view.again.value = True
    np.testing.assert_allclose(run(view)["f"](grid()).reshape(48, 48), view.mean.current(), atol=1e-6)


@pytest.mark.parametrize("of", [*MATRICES, *FUNCTIONS, torch.eye(2)], ids=str)
def test_state_is_json_and_the_still_a_picture(of):
    view = ReynoldsAverager(groups.C.plane(4), of)
    assert json.loads(json.dumps(view.state())) == view.state()
    bundle = view._repr_mimebundle_()
    assert view.still().startswith(b"\x89PNG")
    assert bundle["text/plain"] == "ReynoldsAverager: run this cell in JupyterLab to use the view"


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: ReynoldsAverager(groups.SL(2)), "not compact"),
        (lambda: ReynoldsAverager(groups.U(2)), "real matrices"),
        (lambda: ReynoldsAverager(groups.S(20)), "at most 12 × 12"),
        (lambda: ReynoldsAverager(groups.S(5), "x²"), "2 × 2"),
        (lambda: ReynoldsAverager(of="a cat"), "letter F"),
        (lambda: ReynoldsAverager(groups.S(3), torch.eye(4)), r"\(4, 4\)"),
        (lambda: ReynoldsAverager(groups.S(2), torch.full((2, 2), torch.nan)), "finite matrix"),
        (lambda: ReynoldsAverager(count=9), "1 to 8 elements"),
    ],
)
def test_what_cannot_be_averaged_says_why(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_a_wish_too_large_is_told_in_the_widget():
    view = ReynoldsAverager(groups.SO(2), "x", count=100)
    view.again.value = True
    assert "too many" in view.footer.error and not view.again.value
    view.average(3)
    view.again.value = True
    assert view.footer.error == "" and view.state()["averaged_before"] == 3
