"""Separating invariants: no two orbits confused, and how much orbits are stretched."""

import importlib
import itertools
import math

import pytest
import torch

from eqkit import groups, invariants
from eqkit.representations import assert_invariant


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


S3, S4, SO3 = groups.S(3), groups.S(4), groups.SO(3)
SEPARATORS = [
    S4.vector,
    3 * S4.vector,
    2 * groups.S(2).vector,
    groups.C(4).vector,
    groups.C(6).vector,
    groups.D.plane(5).vector,
    groups.Octahedral().vector,
    2 * groups.C.plane(4).vector,
    3 * SO3.vector,
    4 * groups.O(2).vector,
]


@pytest.mark.parametrize("V", SEPARATORS, ids=lambda V: f"{V} of {V.group}")
def test_separating_invariants_are_invariant_few_and_the_same_for_a_seed(V):
    f = invariants.separating(V, seeded(3))
    assert f.representation == V and f.size == len(f.names) == f(random(2, V.size)).shape[-1]
    assert f.size <= 2 * V.size + 1
    assert_invariant(f, V, 1e-8)
    x = random(5, V.size)
    assert torch.equal(f(x), invariants.separating(V, seeded(3))(x))
    assert f(x.float()).dtype == torch.float32


@pytest.mark.parametrize("V", SEPARATORS, ids=lambda V: f"{V} of {V.group}")
def test_no_two_random_orbits_have_the_same_values(V):
    f = invariants.separating(V, seeded(1))
    values = f(random(400, V.size, seed=2))
    apart = torch.cdist(values, values) + 9 * torch.eye(400)
    assert apart.min() > 1e-4


def integer_sets(n, k, top):
    """All multisets of n points of {0, …, top}ᵏ, (count, n, k): orbits of S(n) on n × k matrices."""
    points = list(itertools.product(range(top + 1), repeat=k))
    return torch.tensor(list(itertools.combinations_with_replacement(points, n)), dtype=torch.float64)


def test_sorted_random_projections_tell_all_small_integer_matrices_apart_with_25_features():
    X = integer_sets(4, 3, 1)  # 330 multisets of 4 corners of the cube: many share their columns' multisets
    f = invariants.separating(3 * S4.vector, seeded())
    values = f(X.mT.flatten(1))
    assert f.size == 2 * 12 + 1 == 25 and len(X) == 330
    assert (torch.cdist(values, values) + 9 * torch.eye(330)).min() > 1e-3


def test_sorting_each_column_confuses_sets_that_the_projections_tell_apart():
    V = 2 * groups.S(2).vector
    X, Y = torch.tensor([[0.0, 1, 0, 1], [0, 1, 1, 0]]).double()  # {(0,0), (1,1)} and {(0,1), (1,0)}, columns first
    assert invariants.orbit_distance(V, X, Y) > 1
    columns = [Z.reshape(2, 2).sort(-1).values for Z in (X, Y)]
    assert torch.equal(*columns)
    f = invariants.separating(V, seeded())
    assert (f(X) - f(Y)).norm() > 0.1


def test_fewer_projections_than_orbits_need_confuse_some():
    X = integer_sets(3, 2, 2).mT.flatten(1)
    V = 2 * S3.vector
    full = invariants.separating(V, seeded())(X)
    distance = torch.cdist(full, full) + 9 * torch.eye(len(X))
    assert distance.min() > 1e-3
    single = torch.cdist(full[:, :1], full[:, :1]) + 9 * torch.eye(len(X))
    assert single.min() < distance.min() / 10


def test_sorting_is_an_isometry_of_orbits():
    f = invariants.sorting(groups.S(6).vector)
    constants = invariants.bilipschitz(f, 3000, seeded())
    assert abs(constants.lower - 1) < 1e-9 and abs(constants.upper - 1) < 1e-9
    assert f.names[0] == "x₍₁₎"


def test_generators_are_combined_only_where_they_are_more_than_twice_the_dimension():
    few = invariants.separating(groups.D.plane(5).vector, seeded())
    assert few.degrees == (2, 5) and few.size == 2
    many = invariants.separating(groups.C(6).vector, seeded())
    assert invariants.invariant_ring(groups.C(6)).size == 20 and many.size == 13
    assert many.names[0] == "Σ a0ᵢ Iᵢ"


def test_separating_invariants_of_four_planes_tell_a_mirror_image():
    V = 4 * SO3.vector
    x = random(12)
    mirrored = (x.reshape(4, 3) * torch.tensor([1.0, 1, -1])).flatten()
    f, g = invariants.separating(V, seeded()), invariants.separating(4 * groups.O(3).vector, seeded())
    assert (f(x) - f(mirrored)).norm() > 1e-2
    torch.testing.assert_close(g(x), g(mirrored))


# max filters
FINITE = [groups.D.plane(5), groups.Octahedral(), groups.C(5), groups.A(4), groups.SignedPermutations(2)]


@pytest.mark.parametrize("G", FINITE, ids=str)
def test_a_max_filter_is_the_largest_inner_product_with_the_orbit(G):
    V, z, x = G.vector, random(3, G.n, seed=1), random(6, G.n)
    f = invariants.max_filter(V, z)
    expected = torch.stack([(x @ g.T) @ z.T for g in G.elements()]).amax(0)
    torch.testing.assert_close(f(x), expected)
    assert_invariant(f, V, 1e-9)
    assert f.size == 3 and f.names[2] == "max ⟨gx, z₂⟩"


def test_sorting_finds_the_max_filter_of_the_symmetric_group():
    z, x = random(4, 5, seed=1), random(7, 5)
    quick = invariants.max_filter(groups.S(5).vector, z)
    listed = torch.stack([(x @ g.T) @ z.T for g in groups.S(5).elements()]).amax(0)
    torch.testing.assert_close(quick(x), listed)
    assert invariants.max_filter(groups.S(100).vector, 7, seeded())(random(2, 100)).shape == (2, 7)


def test_memory_is_bounded_by_chunks_that_do_not_change_the_maximum(monkeypatch):
    V, x = groups.Octahedral().vector, random(2, 5, 3)
    f = invariants.max_filter(V, 6, seeded())
    whole, distance = f(x), invariants.orbit_distance(V, x[0], x[1])
    monkeypatch.setattr(importlib.import_module("eqkit.invariants.separating"), "CHUNK", 100)
    torch.testing.assert_close(f(x), whole)
    torch.testing.assert_close(invariants.orbit_distance(V, x[0], x[1]), distance)


def test_max_filters_are_lipschitz_with_the_length_of_the_template():
    V = groups.Octahedral().vector
    z = torch.nn.functional.normalize(random(1, 3), dim=1)
    assert invariants.bilipschitz(invariants.max_filter(V, z), 3000, seeded()).upper <= 1 + 1e-9


@pytest.mark.parametrize("G", [groups.D.plane(5), groups.C(4), groups.Octahedral(), groups.S(4)], ids=str)
def test_a_bank_of_max_filters_is_bilipschitz_on_orbits(G):
    V = G.vector
    assert invariants.max_filter(V, generator=seeded()).size == 2 * G.n
    constants = invariants.bilipschitz(invariants.max_filter(V, generator=seeded(5)), 6000, seeded(1))
    assert 0.05 < constants.lower < constants.upper < 10 and constants.distortion < 60


def power_sums(n):
    return invariants.fundamental(groups.S(n).vector)


def test_power_sums_are_not_bilipschitz():
    """At (t, −t, 0) and 0 the first and third power sums agree, and the second differ by 2t²: the ratio is √2 t."""
    V = S3.vector
    for t in (1.0, 1e-2, 1e-4):
        x = torch.tensor([[t, -t, 0.0]], dtype=torch.float64)
        constants = invariants.bilipschitz(power_sums(3), (x, torch.zeros(1, 3).double()))
        assert abs(constants.lower / (math.sqrt(2) * t) - 1) < 1e-9
    sampled = [
        invariants.bilipschitz(f, 3000, seeded()) for f in (power_sums(3), invariants.max_filter(V, 6, seeded()))
    ]
    assert sampled[0].distortion > 100 * sampled[1].distortion


def test_the_worst_pairs_attain_the_constants():
    V = groups.D.plane(5).vector
    f = invariants.max_filter(V, 4, seeded())
    constants = invariants.bilipschitz(f, 900, seeded())
    for bound, (x, y) in ((constants.lower, constants.closest), (constants.upper, constants.furthest)):
        assert abs((f(x) - f(y)).norm() / invariants.orbit_distance(V, x, y) - bound) < 1e-9


@pytest.mark.parametrize("V", [groups.D.plane(4).vector, groups.S(4).vector, 2 * S3.vector], ids=str)
def test_the_distance_of_orbits_is_the_least_distance_of_their_points(V):
    x, y = random(5, V.size), random(5, V.size, seed=1)
    listed = torch.stack([(x - V.act(g, y)).norm(dim=1) for g in V.group.elements()]).amin(0)
    torch.testing.assert_close(invariants.orbit_distance(V, x, y), listed)
    g = V(V.group.sample(5, seeded()))
    torch.testing.assert_close(
        invariants.orbit_distance(V, x, (g @ x[:, :, None])[..., 0]), torch.zeros(5).double(), atol=1e-7, rtol=0
    )


def test_a_map_that_confuses_two_orbits_has_infinite_distortion():
    V = groups.S(2).vector
    mean = invariants.Features(V, ("mean",), lambda x: x.mean(-1, keepdim=True), "not enough")
    pair = torch.tensor([[1.0, 1.0]]).double(), torch.tensor([[2.0, 0.0]]).double()
    assert invariants.bilipschitz(mean, pair).distortion == math.inf


@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: invariants.separating(3 * groups.SL(3).vector), "not compact, and its orbits are not closed"),
        (lambda: invariants.separating(groups.Lorentz().vector), "not compact"),
        (lambda: invariants.sorting(2 * S3.vector), r"confuses .*use invariants.separating"),
        (lambda: invariants.sorting(groups.C(3).vector), r"sorting is for S\(n\).vector"),
        (lambda: invariants.max_filter(SO3.vector), r"SO\(3\) is infinite"),
        (lambda: invariants.max_filter(S3.vector, 0), r"templates are a tensor \(count, 3\) or their number"),
        (lambda: invariants.max_filter(S3.vector, torch.ones(2, 4)), r"\(count, 3\), not \(2, 4\)"),
        (lambda: invariants.max_filter(S3.vector, torch.full((2, 3), math.nan)), "finite, real"),
        (lambda: invariants.max_filter(groups.Quaternion().vector), "not real and orthogonal"),
        (lambda: invariants.max_filter(2 * groups.S(9).vector), "362,880 elements"),
        (lambda: invariants.orbit_distance(S3.vector, torch.ones(2), torch.ones(2)), r"vectors of V are \(\.\.\., 3\)"),
        (
            lambda: invariants.bilipschitz(power_sums(3), (torch.ones(2, 3), torch.ones(2, 3))),
            "every pair lies in one orbit",
        ),
        (lambda: invariants.separating(S4.vector)(torch.ones(3)), r"take x \(\.\.\., 4\)"),
    ],
)
def test_what_cannot_separate_is_refused_with_the_reason(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()
