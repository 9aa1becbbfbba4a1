import itertools
import math
from collections import Counter

import oracles
import pytest
import scipy.stats
import torch

from eqkit import groups
from eqkit.groups import MatrixGroup, permutation_group
from eqkit.groups.naming import orbits


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def plane(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


QUATERNIONS = groups.Quaternion()
BINARY = {  # each beside the rotations that it covers twice
    groups.BinaryTetrahedral(): groups.Tetrahedral(),
    groups.BinaryOctahedral(): groups.Octahedral(),
    groups.BinaryIcosahedral(): groups.Icosahedral(),
}
FANO = permutation_group(oracles.fano(), "PSL(2,7)")
RUBIK = groups.RubiksCube()

ORDERS = {
    groups.trivial(3): 1,
    groups.S(1): 1,
    groups.S(2): 2,
    groups.S(5): 120,
    groups.S(20): math.factorial(20),
    groups.A(1): 1,
    groups.A(2): 1,
    groups.A(4): 12,
    groups.A(6): 360,
    groups.C(1): 1,
    groups.C(7): 7,
    groups.C.plane(5): 5,
    groups.D(3): 6,
    groups.D(8): 16,
    groups.D.plane(1): 2,
    groups.D.plane(7): 14,
    groups.SignFlips(4): 16,
    groups.SignedPermutations(3): 48,
    groups.Tetrahedral(): 12,
    groups.Octahedral(): 24,
    groups.Icosahedral(): 60,
    groups.S(3) * groups.D.plane(4): 48,
    groups.C(2) * groups.C(3) * groups.C(5): 30,
    QUATERNIONS: 8,
    groups.BinaryTetrahedral(): 24,
    groups.BinaryOctahedral(): 48,
    groups.BinaryIcosahedral(): 120,
    groups.H3(): 120,
    groups.F4(): 1152,
    FANO: 168,
    permutation_group(oracles.affine(7)): 42,
    permutation_group(oracles.projective_line(5)): 120,
    permutation_group(oracles.wreath(3, 3)): 6**3 * 6,
}
SMALL = [G for G, order in ORDERS.items() if order <= 400]
COMPACT = [groups.O(3), groups.SO(2), groups.SO(4), groups.U(1), groups.U(3), groups.SU(2), groups.SU(3)]
NON_COMPACT = [
    groups.E(1),
    groups.E(3),
    groups.SE(2),
    groups.SL(2),
    groups.SL(3),
    groups.GL(2),
    groups.Sp(4),
    groups.Lorentz(),
    groups.Lorentz(True, True),
]


# orders and elements
@pytest.mark.parametrize("G, order", ORDERS.items(), ids=str)
def test_the_order_of_a_finite_group(G, order):
    assert G.order == order and type(G.order) is int and G.is_finite and G.is_compact


@pytest.mark.parametrize("G", [G for G in ORDERS if ORDERS[G] < 10**6], ids=str)
def test_the_order_of_a_named_group_is_what_its_generators_make(G):
    if G.monomial is not None:
        assert MatrixGroup(G.monomial, name="bare").order == G.order
    else:
        assert MatrixGroup(G.generators, name="bare").order == G.order


@pytest.mark.parametrize("G", [*COMPACT, *NON_COMPACT, groups.SO(2) * groups.S(3)], ids=str)
def test_lie_groups_are_infinite(G):
    assert G.order == math.inf and not G.is_finite
    assert G.is_compact == (G not in NON_COMPACT)


def test_the_cube_has_43_252_003_274_489_856_000_elements_computed_from_its_six_turns():
    assert RUBIK.order == 43_252_003_274_489_856_000
    assert RUBIK.order == math.factorial(8) * math.factorial(12) // 2 * 3**7 * 2**11
    for turn in RUBIK.generators:
        torch.testing.assert_close(torch.linalg.matrix_power(turn, 4), torch.eye(48, dtype=torch.float64))
        assert 48 - turn.trace() == 20  # stickers moved: 8 on the face, 12 beside it


@pytest.mark.parametrize("k, count", [(1, 2), (2, 9), (3, 51)])
def test_the_orbits_of_the_cube_on_tuples_of_stickers(k, count):
    assert len(orbits((RUBIK.vector**k).monomial.index)) == count


@pytest.mark.parametrize("generators", [oracles.fano(), oracles.affine(5), oracles.wreath(2, 2), [[1, 2, 3, 4, 0]]])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_orbits_on_tuples_are_counted_by_burnside(generators, k):
    V = permutation_group(generators).vector ** k
    assert len(orbits(V.monomial.index)) == oracles.burnside(generators, k)


@pytest.mark.parametrize("G", SMALL, ids=str)
def test_elements_are_distinct_closed_and_start_with_the_identity(G):
    g = G.elements()
    assert g.shape == (G.order, G.n, G.n)
    assert torch.equal(g[0], torch.eye(G.n, dtype=g.dtype))
    distances = (g[:, None] - g[None]).abs().amax((-1, -2)) + 9 * torch.eye(len(g))
    assert distances.min() > 0.1
    for s in g[torch.randint(len(g), (4,), generator=seeded())]:
        assert sorted(G.index(s @ g).tolist()) == list(range(len(g)))
        assert sorted(G.index(g @ s).tolist()) == list(range(len(g)))
    assert sorted(G.index(torch.linalg.inv(g)).tolist()) == list(range(len(g)))


@pytest.mark.parametrize("G", SMALL, ids=str)
def test_the_cayley_graph_multiplies_by_the_generators_from_the_left(G):
    edges, g = G.cayley_graph(), G.elements()
    assert edges.shape == (G.order, len(G.generators))
    for j, s in enumerate(G.generators):
        torch.testing.assert_close(g[edges[:, j]], s @ g)


@pytest.mark.parametrize("generators", [oracles.fano(), oracles.affine(5), oracles.projective_line(5)])
def test_elements_of_permutation_groups_against_plain_closure(generators):
    listed = {tuple(row) for row in permutation_group(generators).elements().argmax(-2).tolist()}
    assert listed == oracles.cycles_close(generators)


def order_of(g):
    one, power = torch.eye(len(g), dtype=g.dtype), g
    for k in itertools.count(1):
        if (power - one).abs().max() < 1e-9:
            return k
        power = power @ g


def test_presentations():
    for G, orders in (
        (groups.Tetrahedral(), (3, 2, 3)),  # ⟨a, b | a³ = b² = (ab)³ = 1⟩
        (groups.Octahedral(), (3, 4, 2)),
        (groups.Icosahedral(), (3, 5, 2)),
        (groups.D(7), (7, 2, 2)),
        (groups.D.plane(9), (9, 2, 2)),
        (groups.S(4), (4, 2, 3)),
    ):
        a, b = G.generators
        assert (order_of(a), order_of(b), order_of(a @ b)) == orders, G
    i, j = QUATERNIONS.generators
    torch.testing.assert_close(i @ i, j @ j)
    torch.testing.assert_close(i @ j, -j @ i)


def test_named_groups_are_the_matrices_they_say():
    assert {tuple(p) for p in groups.A(4).elements().argmax(-2).tolist()} == {
        p for p in itertools.permutations(range(4)) if groups.A(4).contains(permutation_matrix(p))
    }
    torch.testing.assert_close(groups.A(5).elements().det(), torch.ones(60, dtype=torch.float64))
    for G in (groups.Tetrahedral(), groups.Octahedral(), groups.Icosahedral()):
        g = G.elements()
        torch.testing.assert_close(g @ g.mT, torch.eye(3, dtype=torch.float64).expand_as(g))
        torch.testing.assert_close(g.det(), torch.ones(len(g), dtype=torch.float64))
    torch.testing.assert_close(groups.C.plane(5).generators[0], plane(2 * math.pi / 5))
    assert groups.S(3).permutations.tolist() == [[1, 2, 0], [1, 0, 2]]
    torch.testing.assert_close(groups.S(3).generators[0] @ torch.tensor([1.0, 0, 0]).double(), torch.eye(3).double()[1])


def permutation_matrix(p):
    return torch.eye(len(p), dtype=torch.float64)[:, torch.tensor(p).argsort()].mT


@pytest.mark.parametrize("G, rotations", BINARY.items(), ids=str)
def test_a_binary_group_covers_its_rotations_twice(G, rotations):
    """q ↦ (x ↦ q x q⁻¹) on the imaginary quaternions x is 2 : 1 onto the rotations, up to a turn of the axes."""
    q, x = G.elements(), groups.SU(2).lie_algebra  # (order, 2, 2), (3, 2, 2)
    assert all(groups.SU(2).contains(g) for g in q) and G.contains(-torch.eye(2))
    turns = torch.einsum("gij,ajk,glk,bli->gab", q, x, q.conj(), x).real / -2
    assert groups.MatrixGroup(turns[1 : 1 + len(G.generators)]).order == rotations.order
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3, dtype=torch.float64).expand_as(turns))
    traces = [
        sorted(g.diagonal(dim1=1, dim2=2).sum(1).round(decimals=6).tolist()) for g in (turns, rotations.elements())
    ]
    assert traces[0] == sorted(2 * traces[1])


@pytest.mark.parametrize("G, degrees", [(groups.H3(), [2, 6, 10]), (groups.F4(), [2, 6, 8, 12])], ids=str)
def test_reflection_groups_have_as_many_reflections_as_their_degrees_say(G, degrees):
    g = G.elements()
    fixed = [int(torch.linalg.matrix_rank(h - torch.eye(G.n), tol=1e-6)) for h in g.double()]
    assert (len(g), fixed.count(1)) == (math.prod(degrees), sum(d - 1 for d in degrees))
    torch.testing.assert_close(g @ g.mT, torch.eye(G.n, dtype=torch.float64).expand_as(g))


def test_the_icosahedral_reflection_group_is_the_rotations_and_minus_them():
    assert not groups.H3().excludes(groups.Icosahedral())
    signs = groups.H3().elements().det().round()
    assert (signs == 1).sum() == (signs == -1).sum() == 60


@pytest.mark.parametrize("G", [groups.E(2), groups.SE(3)], ids=str)
def test_translations_are_normal_in_the_motions_and_rotations_act_on_them(G):
    n, t = G.n - 1, torch.arange(1.0, G.n, dtype=torch.float64)
    T = torch.eye(G.n, dtype=torch.float64)
    T[:n, n] = t
    assert G.contains(T) and len(G.lie_algebra) == n * (n + 1) // 2
    for g in [*G.generators, *G.random_products(5, seeded())]:
        moved = g @ T @ torch.linalg.inv(g)
        torch.testing.assert_close(moved[:n, n], g[:n, :n] @ t)
        torch.testing.assert_close(moved[:, :n], torch.eye(G.n, dtype=torch.float64)[:, :n])
    x = torch.randn(2, n, dtype=torch.float64, generator=seeded(1))
    images = torch.cat([x, torch.ones(2, 1)], 1) @ G.random_products(1, seeded(2))[0].T
    torch.testing.assert_close((images[0] - images[1]).norm(), (x[0] - x[1]).norm())


@pytest.mark.parametrize(
    "G, H, excluded",
    [
        (groups.O(3), groups.SO(3), False),
        (groups.SO(3), groups.O(3), True),
        (groups.S(4), groups.A(4), False),
        (groups.A(4), groups.S(4), True),
        (groups.SU(2), groups.BinaryOctahedral(), False),
        (groups.SO(3), groups.Icosahedral(), False),
        (groups.Icosahedral(), groups.Tetrahedral(), False),
        (groups.Icosahedral(), groups.Octahedral(), True),
        (groups.C.plane(4), groups.SO(2), True),
        (groups.C.plane(4), MatrixGroup(lie_algebra=2 * math.pi * groups.SO(2).lie_algebra), True),  # exp A = E
        (groups.SE(3), groups.E(3), True),
        (groups.E(3), groups.SE(3), False),
        (groups.SL(3), groups.SO(3), False),
        (groups.SO(3), groups.SL(3), True),
        (MatrixGroup(lie_algebra=groups.SO(3).lie_algebra, name="bare"), groups.O(3), False),  # undecided
    ],
)
def test_what_is_certainly_no_subgroup_is_excluded(G, H, excluded):
    assert G.excludes(H) == excluded


# random elements
@pytest.mark.parametrize(
    "G",
    [groups.A(4), FANO, groups.D(6), groups.S(4), groups.Octahedral(), groups.D.plane(5), groups.C(3) * groups.S(3)]
    + [QUATERNIONS, groups.SignedPermutations(2), permutation_group([[1, 0, 2, 4, 3]])],
    ids=str,
)
def test_samples_of_a_finite_group_are_uniform(G):
    counts = torch.bincount(G.index(G.sample(60 * G.order, seeded(5))), minlength=G.order)
    assert len(counts) == G.order
    assert scipy.stats.chisquare(counts.numpy()).pvalue > 1e-3


def test_samples_of_the_cube_are_elements_and_move_corners_to_corners_evenly():
    g = RUBIK.sample(3000, seeded())
    assert all(RUBIK.contains(h) for h in g[:5])
    counts = g.argmax(-2)[:, 0].bincount(minlength=48)
    assert scipy.stats.chisquare(counts[counts > 0].numpy()).pvalue > 1e-3 and (counts > 0).sum() == 24


def mean_of(values):
    return values.mean(), 4 * values.std() / math.sqrt(len(values)) + 1e-9


@pytest.mark.parametrize(
    "G, moment",
    [
        (groups.O(5), lambda k: oracles.double_factorial(k // 2) if k % 2 == 0 else 0),
        (groups.SO(3), oracles.riordan),
        (groups.SU(2), lambda k: oracles.catalan(k // 2) if k % 2 == 0 else 0),
        (MatrixGroup(lie_algebra=groups.SO(3).lie_algebra, name="by its algebra"), oracles.riordan),
        (groups.SO(3) * groups.SU(2), lambda k: [1, 0, 2, 1, 11][k]),  # E (a + b)^k of the two above
    ],
    ids=["O(5)", "SO(3)", "SU(2)", "by its algebra", "SO(3) × SU(2)"],
)
def test_the_haar_moments_of_the_trace_count_invariants(G, moment):
    trace = G.sample(20_000, seeded(1)).diagonal(dim1=1, dim2=2).sum(1).real
    for k in range(1, 5):
        mean, error = mean_of(trace**k)
        assert abs(mean - moment(k)) < error, k


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_haar_moments_of_the_unitary_group(n):
    trace = groups.U(n).sample(20_000, seeded(2)).diagonal(dim1=1, dim2=2).sum(1)
    for k in range(1, 4):
        mean, error = mean_of(trace.abs() ** (2 * k))
        assert abs(mean - oracles.matchings_of_unitary(k, n)) < error
    mean, error = mean_of(trace.real)
    assert abs(mean) < error


@pytest.mark.parametrize("G", COMPACT, ids=str)
def test_haar_samples_are_elements_and_do_not_change_under_translation(G):
    g = G.sample(4000, seeded(3))
    assert all(G.contains(h) for h in g[:20])
    h = G.sample(1, seeded(4))[0]
    for i, j in ((0, 0), (0, G.n - 1)):
        moved, still = (h @ g)[:, i, j].real, G.sample(4000, seeded(5))[:, i, j].real
        assert scipy.stats.ks_2samp(moved.numpy(), still.numpy()).pvalue > 1e-3


def test_random_words_in_one_generator_reach_the_whole_cycle():
    """Words of one length would all be the same power: E, for eight letters in C(8)."""
    G = groups.C(8)
    reached = G.index(G.random_products(200, seeded(1)))
    assert len(set(reached.tolist())) == 8
    assert torch.equal(groups.trivial(3).random_products(2), torch.eye(3, dtype=torch.float64).expand(2, 3, 3))


@pytest.mark.parametrize("G", [*SMALL[:8], *COMPACT, *NON_COMPACT, groups.SL(2) * groups.S(3)], ids=str)
def test_products_of_generators_and_exponentials_are_elements(G):
    g = G.random_products(12, seeded(6))
    assert g.shape == (12, G.n, G.n)
    assert all(G.contains(h) for h in g)


# membership
def motion(R, t=(0.0, 0.0)):
    g = torch.eye(3, dtype=torch.float64)
    g[:2, :2], g[:2, 2] = R, torch.tensor(t)
    return g


IMAGINARY = torch.matrix_exp(1j * groups.SO(2).lie_algebra[0])  # M Mᵀ = E and det M = 1, but not real
IN = {
    groups.S(3): ([permutation_matrix([2, 0, 1])], [-torch.eye(3), 0.5 * torch.eye(3), torch.ones(3, 3)]),
    groups.A(4): ([permutation_matrix([1, 2, 0, 3])], [permutation_matrix([1, 0, 2, 3]), -torch.eye(4)]),
    groups.C(4): ([permutation_matrix([1, 2, 3, 0])], [permutation_matrix([0, 3, 2, 1])]),
    groups.D(4): ([permutation_matrix([0, 3, 2, 1])], [permutation_matrix([1, 0, 2, 3])]),
    groups.D.plane(6): ([plane(math.pi / 3), torch.diag(torch.tensor([-1.0, 1.0]))], [plane(1.0)]),
    groups.C.plane(6): ([plane(math.pi / 3)], [torch.diag(torch.tensor([-1.0, 1.0]))]),
    groups.SignFlips(2): ([-torch.eye(2)], [torch.tensor([[0.0, 1.0], [1.0, 0.0]])]),
    groups.SignedPermutations(2): ([torch.tensor([[0.0, -1.0], [1.0, 0.0]])], [plane(math.pi / 4)]),
    groups.Tetrahedral(): ([torch.diag(torch.tensor([-1.0, -1, 1]))], [groups.Octahedral().generators[1]]),
    groups.Octahedral(): ([groups.Octahedral().generators[1]], [-torch.eye(3), groups.Icosahedral().generators[1]]),
    groups.Icosahedral(): ([groups.Tetrahedral().generators[0]], [groups.Octahedral().generators[1]]),
    groups.trivial(2): ([torch.eye(2)], [-torch.eye(2)]),
    groups.O(2): (
        [plane(1.0), torch.diag(torch.tensor([-1.0, 1.0]))],
        [2 * torch.eye(2), 1j * torch.eye(2), IMAGINARY],
    ),
    groups.SO(2): ([plane(1.0)], [torch.diag(torch.tensor([-1.0, 1.0])), IMAGINARY]),
    groups.E(2): ([motion(plane(1.0), [5.0, 7.0]), motion(plane(1.0).flip(0), [1.0, 0.0])], [motion(2 * plane(1.0))]),
    groups.SE(2): (
        [motion(plane(1.0), [5.0, 7.0])],
        [motion(plane(1.0).flip(0)), motion(plane(0.0)).T + torch.ones(3)],
    ),
    groups.H3(): ([-torch.eye(3)], [groups.Octahedral().generators[1]]),
    groups.U(2): ([1j * torch.eye(2), plane(1.0)], [torch.tensor([[1.0, 1.0], [0.0, 1.0]])]),
    groups.SU(2): ([-torch.eye(2), torch.diag(torch.tensor([1j, -1j]))], [1j * torch.eye(2)]),
    groups.Sp(2): ([torch.tensor([[2.0, 1.0], [1.0, 1.0]])], [2 * torch.eye(2)]),
    groups.SL(2): ([torch.tensor([[2.0, 1.0], [1.0, 1.0]])], [-torch.eye(2).flip(0) * 1j, 2 * torch.eye(2)]),
    groups.GL(2): ([2 * torch.eye(2)], [torch.ones(2, 2)]),
    groups.Lorentz(): ([groups.METRIC, -groups.METRIC], [2 * torch.eye(4), torch.eye(4).flip(0)]),
    groups.Lorentz(proper=True): ([-torch.eye(4)], [groups.METRIC]),
    groups.Lorentz(orthochronous=True): ([groups.METRIC], [-torch.eye(4)]),
    groups.Lorentz(True, True): ([torch.eye(4)], [-torch.eye(4), groups.METRIC, -groups.METRIC]),
    groups.S(2) * groups.SO(2): (
        [torch.block_diag(torch.eye(2), plane(1.0).float())],
        [-torch.eye(4), torch.ones(4, 4)],
    ),
}


@pytest.mark.parametrize("G", IN, ids=str)
def test_membership(G):
    inside, outside = IN[G]
    assert all(G.contains(M) for M in inside) and G.contains(torch.eye(G.n))
    assert not any(G.contains(M) for M in outside)


def test_membership_in_a_group_too_large_to_list():
    assert RUBIK.contains(RUBIK.generators[0] @ RUBIK.generators[3])
    swap = list(range(48))
    swap[0], swap[1] = 1, 0
    assert not RUBIK.contains(permutation_matrix(swap))  # no two stickers change places alone
    assert not RUBIK.contains(-torch.eye(48))


# names
NAMES = {
    "trivial": groups.trivial(4),
    "C(2)": groups.S(2),
    "C(12)": groups.C(12),
    "C(6)": groups.C(2) * groups.C(3),
    "C(2) × C(2)": groups.D.plane(2),
    "C(4) × C(2)": groups.C(2) * groups.C(4),
    "C(2) × C(2) × C(2)": groups.SignFlips(3),
    "S(3)": groups.D(3),
    "D(4)": groups.SignedPermutations(2),
    "D(5)": groups.D.plane(5),
    "D(6)": groups.D(6),
    "A(4)": groups.Tetrahedral(),
    "S(4)": groups.Octahedral(),
    "A(5)": groups.Icosahedral(),
    "S(5)": permutation_group(oracles.projective_line(5)),  # acting on six points
    "S(20)": groups.S(20),
    "A(7)": groups.A(7),
    "S(3) × S(4)": groups.S(4) * groups.S(3),
    "C(4) × D(4)": groups.D(4) * groups.C(4),
    "S(2) ≀ S(4)": groups.SignedPermutations(4),
    "S(3) ≀ S(2)": permutation_group(oracles.wreath(3, 2)),
    "S(4) ≀ S(4)": permutation_group(oracles.wreath(4, 4)),
    "Quaternion()": QUATERNIONS,  # of order 8, as D(4) is
    "BinaryTetrahedral()": groups.BinaryTetrahedral(),  # of order 24, as S(4) is
    "BinaryOctahedral()": groups.BinaryOctahedral(),
    "BinaryIcosahedral()": groups.BinaryIcosahedral(),
    "A(5) × C(2)": groups.H3(),
    "a group of order 1,152": groups.F4(),
    "a group of order 168": FANO,
    "a group of order 20": permutation_group(oracles.affine(5)),
    "a group of order 43,252,003,274,489,856,000": RUBIK,
}


@pytest.mark.parametrize("name, G", NAMES.items())
def test_a_group_is_named_up_to_isomorphism(name, G):
    assert G.identify() == name


def test_the_name_does_not_depend_on_the_action():
    rolled = [[1, 2, 0, 4, 5, 3], [1, 0, 2, 4, 3, 5]]  # S(3) on two triples at once
    assert permutation_group(rolled).identify() == "S(3)"
    pairs = list(itertools.combinations(range(5), 2))
    on_pairs = [[pairs.index(tuple(sorted((p[a], p[b])))) for a, b in pairs] for p in groups.S(5).permutations.tolist()]
    assert permutation_group(on_pairs).identify() == "S(5)"
    for G in (groups.A(4), groups.S(4), groups.D(7), groups.C(9), groups.A(5)):
        assert permutation_group(G.regular.monomial.index).identify() == G.identify()


# values and products
def test_groups_are_values():
    assert groups.S(4) == groups.S(4) and hash(groups.S(4)) == hash(groups.S(4))
    assert permutation_group([[1, 2, 0], [1, 0, 2]]) == groups.S(3) != groups.A(3)
    assert MatrixGroup(groups.S(3).generators.float()) == groups.S(3)
    assert groups.S(2) * groups.SO(2) == groups.S(2) * groups.SO(2) != groups.SO(2) * groups.S(2)
    assert groups.SO(3) != groups.O(3) and groups.S(3) != "S(3)"
    assert len({groups.S(3), groups.S(3), groups.D(3), groups.Lorentz(), groups.Lorentz()}) == 3
    assert (str(groups.S(3) * groups.O(2)), str(groups.Lorentz(proper=True))) == ("S(3) × O(2)", "Lorentz(proper)")


def test_direct_products_are_block_diagonal():
    G = groups.A(4) * groups.SO(2)
    assert (G.n, len(G.generators), len(G.lie_algebra), G.order, G.is_compact) == (6, 2, 1, math.inf, True)
    assert not (G * groups.SL(2)).is_compact
    g = G.sample(5, seeded())
    assert (g[:, :4, 4:] == 0).all() and all(groups.A(4).contains(h) for h in g[:, :4, :4])
    H = groups.C(3) * groups.D.plane(4) * groups.S(3)
    assert (H.order, H.n, len(H.elements())) == (3 * 8 * 6, 8, 144)
    assert (groups.S(3) * groups.S(3)).is_permutation and not (groups.S(3) * groups.SignFlips(1)).is_permutation


def test_facts_of_groups_without_a_name():
    conjugated = MatrixGroup(lie_algebra=torch.tensor([[[0.0, -2.0], [1.0, 0.0]]]))
    shear = MatrixGroup(torch.tensor([[[1.0, 1.0], [0.0, 1.0]]]))
    boost = MatrixGroup(lie_algebra=torch.tensor([[[0.0, 1.0], [1.0, 0.0]]]))
    torus = MatrixGroup(lie_algebra=torch.block_diag(torch.tensor([[0.0, -2], [1, 0]]), torch.zeros(2, 2))[None])
    dilation = MatrixGroup(torch.tensor([[[2.0]]]))
    assert [G.is_compact for G in (conjugated, shear, boost, torus, dilation)] == [True, False, False, True, False]
    assert {G.order for G in (conjugated, shear, boost, torus, dilation)} == {math.inf}
    assert MatrixGroup(torch.tensor([[[0.0, -1.0], [1.0, -1.0]]])).order == 3
    assert MatrixGroup(plane(2 * math.pi / 7).float()[None]).order == 7  # single precision will do
    assert MatrixGroup(torch.zeros(0, 3, 3)).order == 1


# bad input
@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: MatrixGroup(), "needs generators"),
        (lambda: MatrixGroup(torch.ones(2, 2)), r"\(2, 2\); it is a stack"),
        (lambda: MatrixGroup(torch.ones(1, 2, 3)), r"\(1, 2, 3\); it is a stack"),
        (lambda: MatrixGroup(torch.full((1, 2, 2), math.nan)), "NaN or infinity"),
        (lambda: MatrixGroup(torch.ones(1, 2, 2)), "generator 0 is singular"),
        (lambda: MatrixGroup(torch.stack([torch.eye(2), torch.zeros(2, 2)])), "generator 1 is singular"),
        (lambda: MatrixGroup(torch.eye(2)[None], torch.zeros(1, 3, 3)), "one size"),
        (lambda: MatrixGroup(lie_algebra=torch.ones(2, 2, 2)), "linearly dependent"),
        (lambda: permutation_group([]), "no generators"),
        (lambda: permutation_group([[0, 0, 1]]), "no permutation of 0 … 2"),
        (lambda: permutation_group([[1, 2, 3]]), "no permutation of 0 … 2"),
        (lambda: permutation_group([[0, 1], [0, 1, 2]]), "no permutation of 0 … 1"),
        (lambda: groups.S(0), r"S\(0\): the size is an integer ≥ 1"),
        (lambda: groups.S(2.5), "the size is an integer"),
        (lambda: groups.S(True), "the size is an integer"),
        (lambda: groups.D(2), "≥ 3"),
        (lambda: groups.SO(1), "≥ 2"),
        (lambda: groups.Sp(3), "even size; 3 is odd"),
        (lambda: groups.SO(3).elements(), "infinite: its elements cannot be listed"),
        (lambda: groups.SO(3).cayley_graph(), "infinite"),
        (lambda: RUBIK.elements(), "43,252,003,274,489,856,000 elements; at most 100,000"),
        (lambda: (groups.S(8) * groups.S(3)).elements(), "241,920 elements; at most 100,000"),
        (lambda: groups.C(2000).elements(), "need 64.0 GB"),
        (lambda: groups.SL(2).sample(3), "not compact: its volume is infinite"),
        (lambda: (groups.S(2) * groups.GL(2)).sample(3), "not compact"),
        (lambda: groups.S(3).contains(torch.eye(4)), r"\(4, 4\); elements of S\(3\) are 3 × 3"),
        (lambda: groups.S(3).contains(torch.full((3, 3), math.nan)), "NaN"),
        (lambda: MatrixGroup(lie_algebra=groups.SO(3).lie_algebra).contains(torch.eye(3)), "cannot be decided"),
        (lambda: MatrixGroup(plane(1.0)[None]).order, "no power of generator 0 .* is the identity"),
        (lambda: MatrixGroup(plane(1.0)[None]).elements(), "Give an infinite group by its lie_algebra"),
        (lambda: groups.S(3).index(-torch.eye(3)), "is no element"),
        (lambda: groups.Icosahedral().index(-torch.eye(3)), "is no element"),
        (lambda: groups.SO(3).identify(), "identify names finite groups"),
        (lambda: groups.SE(2).identify(), "identify names finite groups"),
        (lambda: groups.SE(2).elements(), "infinite: its elements cannot be listed"),
        (lambda: groups.E(3).sample(1), "not compact: its volume is infinite"),
        (lambda: groups.E(0), r"E\(0\): the size is an integer ≥ 1"),
        (lambda: groups.SE(2).contains(torch.eye(2)), r"\(2, 2\); elements of SE\(2\) are 3 × 3"),
        (lambda: groups.SignFlips(2).permutations, "no group of permutation matrices"),
        (lambda: groups.S(3).inflated(groups.S(3).vector, slice(0, 3)), "no direct product"),
    ],
)
def test_bad_input_is_refused_with_the_rule(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


def test_a_product_with_something_else_is_a_type_error():
    with pytest.raises(TypeError, match="takes two groups"):
        groups.S(3) * 3


def test_the_oracles_agree_with_each_other():
    assert [oracles.riordan(k) for k in range(10)] == [1, 0, 1, 1, 3, 6, 15, 36, 91, 232]
    assert [oracles.partitions(4, n) for n in range(1, 6)] == [1, 8, 14, 15, 15]
    assert [oracles.burnside(list(groups.S(3).permutations.tolist()), k) for k in range(5)] == [
        oracles.partitions(k, 3) for k in range(5)
    ]
    assert [oracles.matchings_of_unitary(k, 2) for k in range(6)] == [oracles.catalan(k) for k in range(6)]
    cycles = Counter(len(oracles.cycles_close([[*range(1, n), 0]])) for n in range(1, 6))
    assert cycles == Counter(range(1, 6)) and oracles.necklaces(6) == 14


@pytest.mark.parametrize("count", [-1, 2.5])
def test_a_number_of_elements_is_an_integer(count):
    with pytest.raises(ValueError, match="the number of elements is an integer ≥ 0"):
        groups.S(4).sample(count)


def test_one_permutation_without_its_outer_list_is_told_how_to_write_it():
    with pytest.raises(TypeError, match=r"write \[\[1, 2, 0\]\]"):
        permutation_group([1, 2, 0])


def test_matrices_that_cannot_fit_are_refused_before_they_are_made():
    with pytest.raises(MemoryError, match="dense matrices of size 1000000"):
        groups.C(10**6).generators  # noqa: B018
    with pytest.raises(MemoryError, match="tensor product"):
        (groups.O(5).vector ** 12)(torch.eye(5))


def test_the_family_of_a_classical_group_is_told_by_its_value():
    for build in (groups.O, groups.SO, groups.U, groups.SU, groups.SL, groups.GL):
        for n in (2, 3, 4):
            assert groups.family(build(n)) == build.__name__
    assert groups.family(groups.Sp(4)) == "Sp" and groups.family(groups.Lorentz(proper=True)) == "Lorentz(proper)"
    assert groups.family(MatrixGroup(lie_algebra=groups.SO(3).lie_algebra, name="rotations")) == "SO"
    for G in (groups.S(4), groups.SE(2), groups.SO(3) * groups.S(2), MatrixGroup(lie_algebra=torch.ones(1, 2, 2))):
        assert groups.family(G) is None
