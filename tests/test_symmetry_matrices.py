import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.symmetry_matrices import (
    ReparameterizedLinear,
    automorphism_group,
    indicators,
    learned_space,
    partition_distance,
    sharing_pattern,
)
from eqkit.tasks.translation import convolution, fully_connected, locally_connected

PATTERNS = st.lists(st.integers(-1, 3), min_size=6, max_size=6).map(lambda x: torch.tensor(x).reshape(2, 3))


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def pattern_of(G):
    return Hom(G.vector, G.vector).pattern


# the layer
def test_the_weight_is_U_v_read_row_by_row_for_one_filter_and_for_many():
    layer = ReparameterizedLinear(3, 2, 4, torch.Generator().manual_seed(0), torch.float64)
    v = random(5, 4)
    W = layer.weight(v)
    assert W.shape == (5, 2, 3)
    torch.testing.assert_close(W[2, 1, 0], layer.U[3] @ v[2])
    torch.testing.assert_close(layer.weight()[0, 2], layer.U[2] @ layer.v)


def test_the_layer_is_linear_in_the_filter_with_its_features():
    layer = ReparameterizedLinear(3, 2, 4, dtype=torch.float64)
    x, v = random(5, 7, 3), random(5, 4, seed=1)
    y = layer(x, v)
    assert y.shape == (5, 7, 2)
    torch.testing.assert_close(y, torch.einsum("tsok,tk->tso", layer.features(x), v))


def test_U_starts_with_the_published_scale():
    U = ReparameterizedLinear(70, 68, 3, torch.Generator().manual_seed(0)).U
    assert U.shape == (4760, 3) and U.dtype == torch.float32
    assert abs(float(U.detach().std()) - 0.01) < 5e-4


@pytest.mark.parametrize("k", [0, 7])
def test_k_between_one_and_the_number_of_weights(k):
    with pytest.raises(ValueError, match=r"\(2, 3\) has 6 entries, so choose 1 ≤ k ≤ 6"):
        ReparameterizedLinear(3, 2, k)


def test_wrong_shapes_are_refused_with_the_shape_and_the_cure():
    with pytest.raises(ValueError, match=r"x has shape \(1, 5, 4\); this layer maps R\^3 to R\^2"):
        ReparameterizedLinear(3, 2, 1)(random(1, 5, 4, dtype=torch.float32), torch.zeros(1, 1))
    with pytest.raises(ValueError, match=r"U has shape \(5, 2\); a weight \(2, 3\) needs \(6, k\)"):
        ReparameterizedLinear.fixed(torch.zeros(5, 2), (2, 3))
    with pytest.raises(ValueError, match=r"U has shape \(5, 2\); a weight \(2, 3\) needs \(6, k\)"):
        sharing_pattern(torch.zeros(5, 2), (2, 3))


def test_a_fixed_layer_with_the_pattern_of_a_convolution_is_the_convolution():
    pattern = convolution(10)
    layer = ReparameterizedLinear.fixed(indicators(pattern), (8, 10))
    x, v = random(4, 5, 10, dtype=torch.float32), random(4, 3, dtype=torch.float32)
    expected = torch.stack([torch.nn.functional.conv1d(x[t][:, None], v[t][None, None])[:, 0] for t in range(4)])
    torch.testing.assert_close(layer(x, v), expected)
    torch.testing.assert_close(torch.einsum("tsok,tk->tso", layer.features(x), v), expected)
    assert not layer.U.requires_grad and [name for name, _ in layer.named_parameters()] == ["v"]


def test_patterns_of_the_baselines_have_3_24_and_80_labels():
    assert [int(f(10).max()) + 1 for f in (convolution, locally_connected, fully_connected)] == [3, 24, 80]
    assert int((locally_connected(10) < 0).sum()) == 80 - 24


# patterns
@settings(max_examples=40, deadline=None)
@given(PATTERNS, st.integers(0, 10**6))
def test_the_pattern_is_read_back_from_any_basis_of_its_span(pattern, seed):
    used = torch.unique(pattern[pattern >= 0])
    if len(used) == 0:
        return
    compact = torch.where(pattern >= 0, torch.searchsorted(used, pattern), -1)
    U = indicators(compact).to_dense().double()
    U = U @ (torch.linalg.qr(random(len(used), len(used), seed=seed)).Q + 0.1 * torch.eye(len(used)))
    assert partition_distance(sharing_pattern(U, (2, 3), tolerance=1e-6), compact) == 0


def test_weights_forced_to_zero_have_the_label_minus_one_even_in_a_noisy_U():
    exact = convolution(12)
    U = indicators(exact).to_dense().double() / 10**0.5
    for noise in (0, 1e-3, 3e-3):
        found = sharing_pattern(U + noise * random(*U.shape), (10, 12))
        assert partition_distance(found, exact) == 0
        assert ((found == -1) == (exact == -1)).all()


def test_labels_count_from_zero_by_first_appearance():
    assert sharing_pattern(indicators(convolution(5)).to_dense().double(), (3, 5)).tolist() == convolution(5).tolist()


@settings(max_examples=60, deadline=None)
@given(PATTERNS, PATTERNS, PATTERNS)
def test_partition_distance_is_a_metric(a, b, c):
    same = all(
        bool((a.flatten()[i] == a.flatten()[j]) == (b.flatten()[i] == b.flatten()[j]))
        for i in range(6)
        for j in range(6)
    ) and bool(((a < 0) == (b < 0)).all())
    assert (partition_distance(a, b) == 0) == same
    assert partition_distance(a, b) == partition_distance(b, a)
    assert partition_distance(a, c) <= partition_distance(a, b) + partition_distance(b, c)


def test_partition_distance_counts_the_weights_to_recolour():
    exact = pattern_of(groups.C(5))
    changed = exact.clone()
    changed[0, 0], changed[1, 3] = 4, 0
    assert partition_distance(exact, (changed + 2) % 5) == 2  # renaming the labels costs nothing
    assert partition_distance(torch.zeros(2, 2, dtype=int), -torch.ones(2, 2, dtype=int)) == 4  # zero is no name
    with pytest.raises(ValueError, match=r"shapes \(2, 2\) and \(5, 5\)"):
        partition_distance(exact[:2, :2], exact)


# from the pattern to the group
@pytest.mark.parametrize("seed", range(8))
def test_automorphisms_are_all_permutations_that_keep_the_pattern(seed):
    n = 4 + seed % 2
    pattern = torch.randint(-1, 1 + seed // 3, (n, n), generator=torch.Generator().manual_seed(seed))
    if seed % 2:
        pattern = pattern_of(
            groups.permutation_group([list(torch.randperm(n, generator=torch.Generator().manual_seed(seed)))])
        )
    kept = [p for p in itertools.permutations(range(n)) if (pattern[list(p)][:, list(p)] == pattern).all()]
    G = automorphism_group(pattern)
    assert G.order == len(kept)
    assert all((pattern[p][:, p] == pattern).all() for p in G.permutations)


@pytest.mark.parametrize(
    ("G", "name", "order"),
    [
        (groups.C(7), "C(7)", 7),
        (groups.D(6), "D(6)", 12),
        (groups.S(5), "S(5)", 120),
        (groups.S(3) * groups.S(4), "S(3) × S(4)", 144),
    ],
    ids=str,
)
def test_a_two_closed_group_comes_back_from_its_pattern(G, name, order):
    found = automorphism_group(pattern_of(G))
    assert (found.order, found.identify()) == (order, name)
    assert all(G.contains(g) for g in found.generators)


def test_A4_is_seen_as_S4():
    found = automorphism_group(pattern_of(groups.A(4)))
    assert (found.order, found.identify()) == (24, "S(4)")


def test_the_2_closure_has_the_same_pattern_and_is_closed():
    frobenius = groups.permutation_group([[1, 2, 3, 4, 5, 6, 0], [0, 2, 4, 6, 1, 3, 5]])  # x ↦ x + 1, x ↦ 2x mod 7
    closure = automorphism_group(pattern_of(frobenius))
    assert partition_distance(pattern_of(closure), pattern_of(frobenius)) == 0
    assert automorphism_group(pattern_of(closure)).order == closure.order == 21


def test_a_pattern_without_symmetry_has_the_trivial_group():
    assert automorphism_group(torch.arange(16).reshape(4, 4)).order == 1


def test_many_labels_and_48_points_are_no_obstacle():
    cube = groups.RubiksCube()
    assert automorphism_group(pattern_of(cube)).order % cube.order == 0


def test_a_rectangular_pattern_has_no_automorphism_group():
    with pytest.raises(ValueError, match=r"shape \(8, 10\).*needs a square pattern"):
        automorphism_group(convolution(10))


# too many columns
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_spare_columns_are_told_from_used_ones_by_the_weights_tasks_arrive_at(noise):
    truth = Hom(groups.D(6).vector, groups.D(6).vector)
    U = torch.cat([truth.U, random(36, 5)], 1) @ torch.linalg.qr(random(9, 9)).Q
    weights = random(200, 4, seed=2) @ truth.U.T + noise * random(200, 36, seed=3)
    v = torch.linalg.lstsq(U, weights.T).solution.T
    found = learned_space(U, v)
    assert found.shape == (36, 4)
    assert subspaces.principal_angles(found, truth.U).max() < 1e-10 + noise
    assert partition_distance(sharing_pattern(found, (6, 6)), truth.pattern) == 0


def test_when_every_column_is_needed_all_are_kept():
    U = random(20, 3)
    assert subspaces.same_span(learned_space(U, random(50, 3, seed=1)), U)
    with pytest.raises(ValueError, match="give one filter of 3 numbers for each of 3 tasks or more"):
        learned_space(U, random(2, 3))


@pytest.mark.parametrize("sizes", [(-3, -4, 2), (0, 4, 1), (3.0, 4, 2), (3, 4, 2.5)])
def test_sizes_that_are_no_positive_integers_are_refused(sizes):
    with pytest.raises(ValueError, match="integer"):
        ReparameterizedLinear(*sizes)


def test_a_symmetry_matrix_that_cannot_fit_is_refused_before_it_is_made():
    with pytest.raises(MemoryError, match=r"U \(1000000000000, 5\) needs"):
        ReparameterizedLinear(10**6, 10**6, 5)


def test_a_filter_or_an_input_of_another_kind_is_named():
    layer = ReparameterizedLinear(3, 4, 2)
    with pytest.raises(ValueError, match=r"v has shape \(2, 3\)"):
        layer(torch.zeros(2, 5, 3), torch.zeros(2, 3))
    with pytest.raises(TypeError, match=r"write x.to\(torch.float32\)"):
        layer(torch.arange(3))


def test_patterns_may_be_typed_as_lists_and_labels_are_integers():
    assert partition_distance([[0, 1], [1, 0]], [[0, 1], [1, 2]]) == 1
    assert automorphism_group([[0, 1, 2], [2, 0, 1], [1, 2, 0]]).order == 3
    with pytest.raises(TypeError, match="labels are int64, not torch.float32"):
        partition_distance(torch.eye(2), torch.eye(2))
    with pytest.raises(ValueError, match="square pattern"):
        automorphism_group(torch.zeros(0, 0, dtype=torch.int64))
