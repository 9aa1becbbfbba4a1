"""From a learned symmetry matrix to its group: exact spaces, noisy ones, those of no group, and trained runs."""

import itertools

import pytest
import torch

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares, meta_learn
from eqkit.symmetry_matrices import (
    ReparameterizedLinear,
    automorphism_group,
    automorphism_pairs,
    indicators,
    partition_distance,
    recover,
)
from eqkit.symmetry_matrices.recovery import angles_to, classes, defect, silhouette
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.tasks.translation import convolution, translation


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def hom(G):
    return Hom(G.vector, G.vector)


def mixed(U, seed=0, noise=0.0):
    """Another basis of span(U), with noise on every entry relative to the columns' root mean square."""
    U = U + noise * U.square().mean().sqrt() * random(*U.shape, seed=seed + 1)
    return U @ (random(U.shape[1], U.shape[1], seed=seed) + 2 * torch.eye(U.shape[1]))


def shrikhande():
    """E, A, J − E − A of the Shrikhande graph: strongly regular (16, 6, 2, 2), and not of rank 3."""
    points = list(itertools.product(range(4), repeat=2))
    steps = {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
    A = torch.tensor([[float(((c - a) % 4, (d - b) % 4) in steps) for c, d in points] for a, b in points]).double()
    E = torch.eye(16, dtype=torch.float64)
    return torch.stack([E, A, 1 - E - A]).flatten(1).T


TWO_CLOSED = [  # a group, its 2-closure's name and order
    (groups.C(12), "C(12)", 12),
    (groups.D(12), "D(12)", 24),
    (groups.S(12), "S(12)", 479_001_600),
    (groups.S(6) * groups.S(6), "S(6) × S(6)", 518_400),
    (groups.A(4), "S(4)", 24),
    (groups.trivial(3), "trivial", 1),
    (flips(4, 4), "C(2) × C(2)", 4),
    (quarter_turns(4), "C(4)", 4),
]


@pytest.mark.parametrize(("G", "name", "order"), TWO_CLOSED, ids=lambda value: str(value))
def test_the_2_closure_comes_back_from_any_basis_of_its_maps(G, name, order):
    found = recover(mixed(hom(G).U), hom(G).shape)
    assert (found.name, found.group.order, found.is_commutant, found.sides) == (name, order, True, "points")
    assert partition_distance(found.pattern, hom(G).pattern) == 0
    assert found.angles.max() < 1e-12 and found.confidence > 1 - 1e-6 and found.rank == hom(G).dim
    assert f"{name}, order {order:,}" in str(found) and "2-closure" in str(found)


@pytest.mark.parametrize("G", [groups.C(5), groups.S(3) * groups.S(2), groups.SignFlips(3)], ids=str)
def test_the_canonical_gauge_is_the_indicators_and_the_echelon_basis_whatever_the_basis(G):
    U = hom(G).U
    gauges = [recover(mixed(U, seed), hom(G).shape).gauge for seed in (0, 1)]
    torch.testing.assert_close(gauges[0], gauges[1], atol=1e-10, rtol=0)
    torch.testing.assert_close(gauges[0], subspaces.echelon(U.T).T, atol=1e-10, rtol=0)
    torch.testing.assert_close(gauges[0], hom(G).basis.flatten(1).T.abs(), atol=1e-10, rtol=0)


def test_the_canonical_gauge_of_a_space_without_classes_depends_on_the_space_alone():
    U = random(20, 3, seed=5)
    one, two = (recover(mixed(U, seed), (4, 5)).gauge for seed in (0, 1))
    torch.testing.assert_close(one, two, atol=1e-9, rtol=0)
    assert subspaces.same_span(one, U) and (one == 0).sum() + ((one - 1).abs() < 1e-12).sum() >= 3


@pytest.mark.parametrize(
    ("G", "order"),
    [(groups.SignFlips(4), 16), (groups.SignedPermutations(3), 48), (groups.D.plane(4), 8), (groups.Octahedral(), 48)],
    ids=str,
)
def test_groups_of_signed_permutations_are_found_with_zeros_and_signs(G, order):
    found = recover(mixed(hom(G).U), hom(G).shape)
    assert found.is_commutant and found.group.order == order and "signed permutations" in str(found)
    assert all(found.group.contains(g) for g in G.generators)
    assert ((found.pattern < 0) == (hom(G).pattern < 0)).all()


def test_signs_of_tied_weights_are_found():
    C4 = groups.C.plane(4) * groups.SignFlips(1)  # maps a E + b J on the plane
    found = recover(mixed(hom(C4).U), (3, 3))
    assert found.is_commutant and found.signs[:2, :2].tolist() in ([[1, 1], [-1, 1]], [[1, -1], [1, 1]])
    assert found.generators and any("−" in word for word in found.generators)


def test_outputs_that_are_numbered_otherwise_than_inputs_are_met_by_pairs_of_permutations():
    order = [3, 1, 0, 5, 2, 4]
    U = hom(groups.C(6)).U.reshape(6, 6, 6)[order].flatten(0, 1)
    found = recover(mixed(U), (6, 6))
    assert (found.sides, found.name, found.is_commutant) == ("pairs", "C(6)", True)
    p, q = found.group.permutations[0][:6], found.group.permutations[0][6:] - 6
    assert (found.pattern[p][:, q] == found.pattern).all() and "numbered otherwise" in str(found)
    assert found.generators[0].count("y") == found.generators[0].count("x") == 6


def test_a_rectangular_pattern_has_permutations_of_outputs_and_of_inputs():
    found = recover(torch.ones(15, 1, dtype=torch.float64), (3, 5))
    assert found.is_commutant and found.name == "S(3) × S(5)" and found.group.n == 8
    G = groups.S(4)
    wide = Hom(2 * G.vector, G.vector)  # 4 × 8
    found = recover(mixed(wide.U), (4, 8))
    assert found.is_commutant and found.rank == 4 and found.group.order == 24


@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_permutations_are_all_that_keep_a_pattern(seed):
    pattern = torch.randint(-1, 2, (3, 4), generator=torch.Generator().manual_seed(seed))
    kept = [
        (p, q)
        for p in itertools.permutations(range(3))
        for q in itertools.permutations(range(4))
        if (pattern[list(p)][:, list(q)] == pattern).all()
    ]
    assert automorphism_pairs(pattern).order == len(kept)


@pytest.mark.parametrize("seed", range(4))
def test_signed_automorphisms_are_all_that_keep_a_signed_pattern(seed):
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(-1, 2, (3, 3), generator=generator)
    pattern = torch.where(signs == 0, -1, torch.randint(0, 1 + seed % 2, (3, 3), generator=generator))
    kept = 0
    for p in map(list, itertools.permutations(range(3))):
        for s in map(torch.tensor, itertools.product((-1, 1), repeat=3)):
            moved = s[:, None] * s * signs[p][:, p]
            kept += bool((moved == signs).all() and (pattern[p][:, p] == pattern).all())
    assert automorphism_group(pattern, signs).order == kept


# no group
def test_a_random_space_is_hom_of_no_group_and_its_defect_is_that_of_chance():
    U = random(144, 7)
    found = recover(U, (12, 12))
    assert not found.is_commutant and found.confidence > 0.7 and "Hom of no group" in str(found)
    assert abs(found.defect - (1 - 7 / 144) ** 0.5) < 0.15
    assert len(found.pattern.unique()) == 144 and found.group.order == 1


def test_the_shrikhande_graph_is_closed_under_products_and_of_no_permutation_group():
    found = recover(mixed(shrikhande()), (16, 16))
    assert (found.is_commutant, found.rank, found.dim_hom, found.group.order) == (False, 3, 4, 192)
    assert found.defect < 1e-7 and found.confidence > 1 - 1e-6
    assert "dimension 4, so it is Hom of no permutation group" in str(found) and "orthogonal matrices" in str(found)


def test_maps_of_rotations_are_closed_and_of_no_permutation_group():
    G = groups.SO(3)
    found = recover(Hom(G.vector**2, G.vector**2).U, (9, 9))
    assert not found.is_commutant and found.defect < 1e-6 and "no (signed) permutation group" in str(found)


def test_a_convolution_that_is_cut_off_is_a_clear_pattern_and_no_group():
    pattern = convolution(14)
    found = recover(mixed(indicators(pattern).to_dense().double()), (12, 14))
    assert not found.is_commutant and partition_distance(found.pattern, pattern) == 0 and found.confidence > 0.99
    assert found.group.order == 1 and found.dim_hom == 12 * 14 and "cut off at the ends" in str(found)
    torch.testing.assert_close(found.gauge, indicators(pattern).to_dense().double(), atol=1e-10, rtol=0)


def test_softly_broken_translation_ties_no_weights():
    found = recover(translation(2, n=12, generator=torch.Generator().manual_seed(0)).U, (10, 12))
    assert not found.is_commutant and found.rank == 6 and int(found.pattern.max()) + 1 == 30
    assert ((found.pattern < 0) == (convolution(12) < 0)).all()


# noise
@pytest.mark.parametrize("G", [groups.C(8), groups.S(12), groups.S(3) * groups.S(5)], ids=str)
def test_noise_lowers_the_confidence_and_leaves_the_group(G):
    sure = []
    for noise in (0, 0.05, 0.2):
        found = recover(mixed(hom(G).U, noise=noise), hom(G).shape)
        assert found.is_commutant and partition_distance(found.pattern, hom(G).pattern) == 0
        sure.append(found.confidence)
    assert sure[0] > sure[1] > sure[2]


def test_ward_joins_two_classes_at_a_cost_of_one_whatever_their_sizes():
    import scipy.cluster.hierarchy

    sizes = torch.tensor([1, 5, 40])
    labels = torch.arange(3).repeat_interleave(sizes)
    Q = torch.nn.functional.one_hot(labels).double() / sizes.double().sqrt()
    merges = scipy.cluster.hierarchy.linkage(Q.numpy(), "ward")
    assert abs(merges[-2, 2] ** 2 / 2 - 1) < 1e-12  # scipy's height is √(2 · cost)
    assert (classes(Q, 3)[0] == labels).all()


def test_angles_to_indicators_are_principal_angles():
    G = groups.D(5)
    Q = subspaces.orthonormal(mixed(hom(G).U, noise=0.3))
    expected = subspaces.principal_angles(Q, hom(G).U)
    torch.testing.assert_close(angles_to(Q, hom(G).pattern, torch.ones(5, 5)), expected, atol=1e-10, rtol=0)


def test_the_silhouette_is_one_when_exact_and_the_defect_zero_on_every_hom():
    for G in (groups.C(4), groups.S(5), groups.Octahedral()):
        Q = subspaces.orthonormal(mixed(hom(G).U))
        labels, signs = classes(Q, hom(G).dim, signed=True)
        assert silhouette(Q, labels, signs) > 1 - 1e-9 and defect(Q, hom(G).shape) < 1e-6
    assert abs(defect(Q, (3, 3)) - defect(-Q, (3, 3))) < 1e-12


# trained runs
@pytest.mark.parametrize(("noise", "spare", "batch"), [(0.0, 0, 32), (0.3, 4, 32), (0.0, 4, 8)])
def test_the_hidden_group_is_recovered_from_noisy_few_and_over_parameterised_tasks(noise, spare, batch):
    G = groups.D(6)
    tasks, inner = hidden_group(G, 5, 10, noise), LeastSquares(1e-2 if noise else 1e-4)
    layer = ReparameterizedLinear(6, 6, hom(G).dim + spare, torch.Generator().manual_seed(0))
    run = meta_learn(layer, tasks, inner, steps=200, batch=batch, learning_rate=1e-2, cosine_decay=True, snapshots=2)
    list(run)
    episodes = tasks(200, torch.Generator().manual_seed(1))
    v = inner(layer, episodes.x_support, episodes.y_support).detach()
    found = recover(layer.U, (6, 6), v)
    assert (found.name, found.group.order, found.rank) == ("D(6)", 12, 4) and found.confidence > 0.5
    assert partition_distance(found.pattern, hom(G).pattern) == 0


# bad input
def test_wrong_shapes_and_an_untrained_zero_are_refused():
    with pytest.raises(ValueError, match=r"U has shape \(5, 2\); a weight \(2, 3\) needs \(6, k\)"):
        recover(torch.ones(5, 2), (2, 3))
    with pytest.raises(ValueError, match="is zero; train it first"):
        recover(torch.zeros(6, 2), (2, 3))
    with pytest.raises(ValueError, match="NaN or infinity"):
        recover(torch.full((6, 2), torch.nan), (2, 3))
    with pytest.raises(ValueError, match="give one filter of 2 numbers for each of 2 tasks or more"):
        recover(random(6, 2), (2, 3), random(1, 2))
    with pytest.raises(ValueError, match="more than 8192"):
        recover(torch.ones(100 * 100, 1), (100, 100))
    with pytest.raises(ValueError, match=r"signs \(2, 2\) for a pattern \(3, 3\)"):
        automorphism_group(torch.zeros(3, 3, dtype=int), torch.ones(2, 2, dtype=int))
