import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eqkit import deep_sets
from eqkit.views import DeepSetsEmbedding
from eqkit.views.deep_sets_embedding import EDGE, MOST, PHI, START, powers, random_network, roots


def columns(view):
    """φ of every element, the sum, and of the second set, as the browser gets them."""
    rows = len(view.columns.names)
    first, second = (
        np.frombuffer(buffer, np.float32).reshape(-1, rows) for buffer in (view.columns.values, view.columns.second)
    )
    return first, second, np.frombuffer(view.columns.sums, np.float32).reshape(2, rows)


def run(view):
    names = {}
    exec(view.code(), names)
    return names


# φ and its way back
def test_power_sums_on_the_line_are_those_of_deep_sets():
    x = torch.tensor([[0.5], [-2.0], [3.0]], dtype=torch.float64)
    assert powers(x, 3).tolist() == [[0.5, 0.25, 0.125], [-2, 4, -8], [3, 9, 27]]
    assert torch.equal(powers(x, 5).sum(0), deep_sets.power_sums(x[:, 0], 5))


def test_power_sums_in_the_plane_are_powers_of_complex_numbers():
    x = torch.tensor([[0.5, 1.0], [-1.0, 0.25]], dtype=torch.float64)
    z = np.array([0.5 + 1j, -1 + 0.25j])
    expected = np.stack([part for k in (1, 2, 3) for part in ((z**k).real, (z**k).imag)], 1)
    np.testing.assert_allclose(powers(x, 3), expected, atol=1e-14)


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("n", range(1, MOST + 1))
def test_the_set_comes_back_from_its_power_sums(n, d):
    x = torch.tensor(START[d][:n], dtype=torch.float64)
    assert deep_sets.set_distance(x, roots(powers(x, n).sum(0), d)) < 1e-9


def test_the_random_network_depends_on_its_seed_alone_and_more_numbers_keep_the_first():
    x = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(random_network(x, 3, 5), random_network(x, 8, 5)[:, :3])
    assert not torch.equal(random_network(x, 3, 5), random_network(x, 3, 6))


# dragging, adding, permuting
def test_moving_one_element_moves_its_column_and_the_sum():
    view = DeepSetsEmbedding([-0.5, 0.25, 1.0], M=3)
    before, _, total = columns(view)
    layers = [{**view.points.layers[0], "xy": [[-0.5, 0], [0.75, 0], [1.0, 0]]}]
    view.points.layers = layers  # what arrives from the browser
    after, _, moved = columns(view)
    assert view.state()["X"] == [-0.5, 0.75, 1.0]
    assert (after[[0, 2]] == before[[0, 2]]).all()
    np.testing.assert_allclose(after[1], [0.75, 0.75**2, 0.75**3])
    np.testing.assert_allclose(moved[0] - total[0], after[1] - before[1], atol=1e-6)
    assert view.points.layers == layers  # the kernel does not put the point back under the pointer


def test_adding_an_element_adds_a_column_and_taking_it_away_leaves_the_others():
    view = DeepSetsEmbedding([-0.5, 0.25])
    view.set_points(torch.tensor([[-0.5], [0.5]]))
    view.n.value = 4
    table, _, sums = columns(view)
    assert table.shape == (4, 2) and view.state()["X"][:2] == [-0.5, 0.5] and view.letters == "abcd"
    np.testing.assert_allclose(sums[0], table.sum(0), rtol=1e-6)
    view.n.value = 1
    assert view.state()["X"] == [-0.5] and view.letters == "a"
    view.n.value = 2
    assert view.state()["X"] == [-0.5, 0.5]


@pytest.mark.parametrize("phi", PHI)
def test_another_order_shuffles_the_columns_and_keeps_the_sum(phi):
    view = DeepSetsEmbedding(torch.tensor(START[2][:6]), phi, M=4)
    _, _, before = columns(view)
    seen = {view.letters}
    for _ in range(20):
        last = view.letters
        view.shuffle()
        assert view.letters != last and sorted(view.letters) == list("abcdef")
        assert view.same and (columns(view)[2] == before).all()
        seen.add(view.letters)
    assert len(seen) > 15 and "720 orders" in view.verdict()


def test_one_element_has_one_order():
    view = DeepSetsEmbedding([0.3])
    view.shuffle()
    assert view.letters == "a" and "all 1 orders" in view.verdict()


# a second set
@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("M", [1, 2, 4])
@pytest.mark.parametrize("phi", PHI)
@pytest.mark.parametrize("d", [1, 2])
def test_a_second_set_is_found_exactly_where_the_equations_are_fewer_than_the_coordinates(n, M, phi, d):
    view = DeepSetsEmbedding(torch.tensor(START[d][:n]), phi, M)
    view.second.value = True
    state = view.state()
    assert state["second_set"] == (state["latent"] < n * d)
    if state["second_set"]:
        gap = view.embedded(view.y).sum(0) - view.embedded(view.x).sum(0)
        assert gap.abs().max() < 1e-10 and deep_sets.set_distance(view.x, view.y) > 0.2
        assert view.verdict().startswith("Different sets, equal sums to 1e-10")
        assert len(columns(view)[1]) == n
    elif phi == "power sums":
        assert state["computed_back"] and view.verdict().startswith("None: ")
    else:
        assert "None nearby" in view.verdict()


def test_with_one_power_sum_too_few_the_second_polynomial_is_the_first_one_shifted():
    view = DeepSetsEmbedding([-0.8, 0.1, 0.9], M=2)
    view.second.value = True
    first, second = (deep_sets.elementary(s[:, 0]) for s in (view.x, view.y))
    assert (first - second)[:2].abs().max() < 1e-10 and abs(first[2] - second[2]) > 0.01
    curves = [layer for layer in view.points.backdrop if layer["kind"] == "line" and layer["colour"] == "group"]
    assert curves


def test_where_elements_meet_the_way_back_is_inexact_and_says_so():
    view = DeepSetsEmbedding([0.5, 0.5, 0.5, 0.5, -0.2], M=5)
    view.second.value = True
    assert 1e-6 < deep_sets.set_distance(view.x, view.back) < 0.1  # a fourfold root: ε to the power 1/4
    assert not view.state()["computed_back"] and "ill-conditioned" in view.verdict()


@pytest.mark.parametrize(
    "change",
    [
        lambda view: setattr(view.M, "value", 1),
        lambda view: setattr(view.phi, "value", "random network"),
        lambda view: setattr(view.n, "value", 4),
        lambda view: setattr(view.space, "value", "the plane"),
        lambda view: view.set_points(view.x + 0.1),
        lambda view: setattr(view.second, "value", False),
    ],
)
def test_the_second_set_goes_when_anything_changes(change):
    view = DeepSetsEmbedding([-0.8, 0.1, 0.9], M=2)
    view.second.value = True
    assert view.equal
    change(view)
    assert view.y is None and not view.second.value and view.state()["second_set"] == "not looked for"
    assert view.columns.second == b""


def test_three_equal_numbers_are_the_only_set_with_their_first_two_power_sums():
    view = DeepSetsEmbedding([0.2, 0.2, 0.2], M=2)
    view.second.value = True
    assert not view.equal and view.verdict().startswith("None")


# the view
@pytest.mark.parametrize("phi", PHI)
@pytest.mark.parametrize("M", [2, 3])
@pytest.mark.parametrize("d", [1, 2])
def test_the_code_computes_the_sum_and_the_second_set(phi, M, d, capsys):
    view = DeepSetsEmbedding(torch.tensor(START[d][:3]), phi, M, seed=4)
    view.shuffle()
    view.second.value = True
    names = run(view)
    torch.testing.assert_close(names["pooled"], view.embedded(view.x).sum(0))
    if view.y is not None:
        torch.testing.assert_close(names["y"], view.y)
    if view.back is not None:
        torch.testing.assert_close(names["back"], view.back)


def test_reset_goes_back_to_the_given_set():
    view = DeepSetsEmbedding([[0.1, 0.2], [0.3, -0.4]], "random network", 3)
    start = view.state()
    view.space.value, view.n.value, view.M.value = "the line", 6, 8
    view.shuffle()
    view._reset()
    assert view.state() == start


def test_many_drags_end_at_the_last():
    view = DeepSetsEmbedding([0.0, 0.5])
    for i in range(200):
        view.points.layers = [{**view.points.layers[0], "xy": [[round(-1 + i / 100, 6), 0], [0.5, 0]]}]
    assert view.state()["X"] == json.loads(view.footer.state)["X"] == [0.99, 0.5]


@given(
    st.lists(st.floats(-EDGE, EDGE, width=32), min_size=1, max_size=MOST), st.integers(1, MOST), st.sampled_from(PHI)
)
def test_any_set_is_drawn_searched_and_told(x, M, phi):
    view = DeepSetsEmbedding(x, phi, M)
    view.second.value = True
    view.sync()
    assert view.footer.error == "" and view.verdict() and view.same
    assert json.loads(json.dumps(view.state())) == view.state()
    view.close()


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: DeepSetsEmbedding(torch.zeros(9)), "1 ≤ n ≤ 8"),
        (lambda: DeepSetsEmbedding(torch.zeros(0)), r"\(0, 1\)"),
        (lambda: DeepSetsEmbedding(torch.zeros(2, 3)), r"\(2, 3\)"),
        (lambda: DeepSetsEmbedding([3.0]), "leaves the picture"),
        (lambda: DeepSetsEmbedding([float("nan")]), "leaves the picture"),
        (lambda: DeepSetsEmbedding(phi="sorting"), "'power sums' or 'random network'"),
        (lambda: DeepSetsEmbedding(M=9), "M from 1 to 8"),
        (lambda: DeepSetsEmbedding().set_points(torch.zeros(2, 1)), r"\(3, 1\)"),
    ],
)
def test_what_is_no_set_says_why(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
