import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import subspaces as ss


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 8), st.integers(0, 10**6))
def test_null_space_has_the_right_dimension_and_is_annihilated(m, n, r, seed):
    r = min(m, n, r)
    A = random(m, r, seed=seed) @ random(r, n, seed=seed + 1)
    N = ss.null_space(A)
    assert N.shape == (n, n - r)
    assert (A @ N).abs().max() < 1e-10 if N.numel() else True
    torch.testing.assert_close(N.mT @ N, torch.eye(n - r, dtype=torch.float64))


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-10])
def test_a_nearly_degenerate_direction_is_not_a_null_direction(small):
    Q1, Q2 = torch.linalg.qr(random(6, 6)).Q, torch.linalg.qr(random(6, 6, seed=1)).Q
    A = Q1 @ torch.diag(torch.tensor([1, 1, 1, small, 0, 0], dtype=torch.float64)) @ Q2
    if small > 1e-7:  # 1e-10 lies nearer to rounding, in ratio, than to 1
        assert ss.null_space(A).shape == (6, 2)
    else:
        assert ss.null_space(A).shape == (6, 3)


def test_largest_gap_with_and_without_a_break():
    assert ss.largest_gap(torch.tensor([1.0, 0.5, 0.1])).dim == 0
    assert ss.largest_gap(torch.tensor([1.0, 0.5, 1e-15, 0.0])).dim == 2
    assert ss.largest_gap(torch.zeros(4)).dim == 4
    assert ss.largest_gap(torch.tensor([1.0, 0.5, 1e-4, 2e-4]), floor=1e-3).dim == 2
    gap = ss.largest_gap(torch.tensor([4.0, 1e-6, 1e-6]), floor=1e-9)
    assert (gap.dim, round(math.log10(gap.ratio), 1)) == (2, 6.6) and 1e-6 < gap.threshold < 4


def test_a_known_scale_tells_all_null_from_none_null():
    noise = torch.tensor([1e-12, 2e-12, 1e-12])
    assert ss.largest_gap(noise, floor=1e-9, scale=1.0).dim == 3
    assert ss.largest_gap(noise / noise.max(), floor=1e-9, scale=1.0).dim == 0


def test_principal_angles_of_a_rotated_plane_to_full_accuracy():
    for angle in [1e-9, 1e-4, 0.7]:
        A = torch.eye(4, dtype=torch.float64)[:, :2]
        B = torch.tensor([[1, 0], [0, math.cos(angle)], [0, math.sin(angle)], [0, 0]], dtype=torch.float64)
        angles = ss.principal_angles(A, B)
        assert angles.shape == (2,) and angles[0] < 1e-15
        assert abs(angles[1] - angle) < 1e-14


def test_span_equality_ignores_the_basis_but_not_the_space():
    A = random(7, 3)
    assert ss.same_span(A, A @ random(3, 3, seed=5))
    assert not ss.same_span(A, random(7, 3, seed=9))
    assert not ss.same_span(A, A[:, :2])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(5, 9), st.integers(0, 10**6))
def test_echelon_form_depends_on_the_span_alone(d, n, seed):
    g = torch.Generator().manual_seed(seed)
    rows = torch.randint(-3, 4, (d, n), generator=g).double()
    E = ss.echelon(rows)
    rank = int(torch.linalg.matrix_rank(rows))
    assert E.shape == (rank, n)
    if rank:
        assert ss.same_span(E.T, rows.T)
        torch.testing.assert_close(ss.echelon(random(d, d, seed=seed) @ rows), E, atol=1e-6, rtol=1e-6)


def test_echelon_entries_are_exact_when_they_are_rational():
    rows = torch.tensor([[3.0, 1, 0, 2], [0, 3, 1, 1]], dtype=torch.float64)
    E = ss.echelon(torch.tensor([[1.0, 2], [3, -1]], dtype=torch.float64) @ rows)
    assert torch.equal(E[:, :2], torch.eye(2, dtype=torch.float64))
    assert float(E[0, 2]) == float(-1 / 9) and float(E[0, 3]) == float(5 / 9)


def test_colouring_finds_the_classes_of_an_indicator_basis_in_any_gauge():
    labels = torch.tensor([0, 1, 0, 2, 1, 0, 2, 2, 2])
    U = torch.nn.functional.one_hot(labels).double()
    assert torch.equal(ss.colour_rows(U), labels)
    assert torch.equal(ss.colour_rows(U @ random(3, 3)), labels)
    assert torch.equal(ss.colour_rows(U @ random(3, 3) + 1e-3 * random(9, 3, seed=4)), labels)


def test_colouring_of_one_class_and_of_all_classes():
    assert torch.equal(ss.colour_rows(torch.ones(5, 1)), torch.zeros(5, dtype=torch.int64))
    assert torch.equal(ss.colour_rows(torch.eye(5)), torch.arange(5))


def test_relabel_numbers_by_first_appearance():
    assert ss.relabel(torch.tensor([[7, 3], [7, 9]])).tolist() == [[0, 1], [0, 2]]


@pytest.mark.parametrize("bad", [torch.tensor([[1.0, float("nan")]]), torch.tensor([[1.0, float("inf")]])])
def test_nan_and_infinity_are_refused_by_name(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        ss.null_space(bad)


def test_wrong_shapes_are_refused_with_the_shape():
    with pytest.raises(ValueError, match=r"\(2, 3, 4\)"):
        ss.orthonormal(torch.ones(2, 3, 4))
    with pytest.raises(ValueError, match="unequal dimension"):
        ss.principal_angles(torch.ones(3, 1), torch.ones(4, 1))


def test_nested_lists_keep_float64_and_what_is_no_array_is_refused():
    assert ss.as_double([[1 / 3]]).item() == 1 / 3
    assert ss.relabel(torch.zeros(0, dtype=torch.int64)).shape == (0,)
    for ragged in ("abc", [[1.0, 2.0], [3.0]], [torch.eye(3), torch.eye(2)]):
        with pytest.raises(TypeError, match="A is no array of numbers"):
            ss.null_space(ragged)
