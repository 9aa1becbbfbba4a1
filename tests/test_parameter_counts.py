import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares
from eqkit.parameter_counts import (
    count,
    data_bound,
    free_directions,
    generated_dimension,
    generating_pairs,
    gram,
    grassmannian,
    hidden_problem,
    hom_dimension,
    isotypes,
    kronecker,
    least_shots,
    low_rank,
    lower_bound,
    projector,
    visible_dimension,
)
from eqkit.symmetry_matrices import ReparameterizedLinear

S, C, D, SO = groups.S, groups.C, groups.D, groups.SO
PSL27 = groups.permutation_group([[1, 2, 3, 4, 5, 6, 0], [0, 2, 1, 6, 4, 5, 3]], "PSL(2, 7)")
PAIRS = S(2) * S(2) * S(2)


def seed(number):
    return torch.Generator().manual_seed(number)


def random(*shape, at=0):
    return torch.randn(*shape, generator=seed(at), dtype=torch.float64)


def usp4():
    """The compact Sp(4): unitary 4 × 4 matrices with Mᵀ X M = X, by its Lie algebra in that of SU(4)."""
    X, basis = groups.symplectic_form(4).to(torch.complex128), groups.SU(4).lie_algebra
    broken = torch.view_as_real(basis.mT @ X + X @ basis).flatten(1)  # real coefficients
    keep = subspaces.null_space(broken.T).T.to(torch.complex128)
    return groups.MatrixGroup(lie_algebra=torch.einsum("cd,dij->cij", keep, basis), name="USp(4)")


# counts
@pytest.mark.parametrize(
    ("n", "dense", "pair", "algebra", "span"),
    [(4, 16, 32, 6, 28), (8, 64, 128, 28, 124), (16, 256, 512, 120, 508), (64, 4096, 8192, 2016, 8188)],
)
def test_the_table_of_the_chapter(n, dense, pair, algebra, span):
    found = count(SO(n).vector, SO(n).vector, k=2, equations=2)
    assert (found.dense.number, found.generators.number, found.element.number) == (dense, pair, algebra)
    assert (found.grassmannian.number, found.equations.number) == (span, 2)
    assert found.known_algebra.number == n * (n - 1)
    assert found.algebra.number == algebra * (n * n - algebra)


@pytest.mark.parametrize("n", [4, 8, 16, 32, 64])
def test_symmetric_groups_cost_2_n2_and_cyclic_groups_n3(n):
    assert count(S(n).vector, S(n).vector).grassmannian.number == 2 * (n * n - 2)
    assert count(C(n).vector, C(n).vector).grassmannian.number == n**3 - n**2
    assert count(S(n).vector, S(n).vector).lower_bound.number == 2 * (n - 1)  # a line and a hyperplane
    assert count(C(n).vector, C(n).vector).lower_bound.number == n * n - n  # an eigenbasis


@pytest.mark.parametrize(
    ("V", "W", "degree"),
    [
        (S(5).vector ** 2, S(5).vector ** 2, 2),
        (C(7).vector, C(7).vector, 2),
        (groups.Icosahedral().vector ** 2, groups.Icosahedral().vector ** 2, 2),
        (SO(3).vector ** 2, SO(3).vector ** 2, 4),
        (groups.O(4).vector, groups.O(4).vector ** 3, 4),
        (groups.SU(2).vector ** 2, groups.SU(2).vector ** 2, 4),
        (groups.Lorentz().vector ** 2, groups.Lorentz().vector ** 2, 4),
    ],
    ids=str,
)
def test_the_tied_count_by_characters_is_that_by_hom(V, W, degree):
    assert hom_dimension(V, W, degree) == Hom(V, W).dim == count(V, W).tied.number


def test_rows_carry_formula_memory_and_when_they_hold():
    V = C(8).vector
    found = count(V, V, rank=2, equations=3)
    assert [row.number for row in found][:6] == [64, 8, 512, 448, 484, 128]
    assert (found.entries.memory, found.grassmannian.bytes, found.grassmannian.memory) == ("2.05 kB", 1792, "1.79 kB")
    assert found.gradient.latex == "k(mn - k) + k(k + 1)/2"
    assert count(groups.U(3).vector, groups.U(3).vector).dense.bytes == 8 * 9
    assert found.kronecker is None and found.algebra is None
    text, html = str(found), found._repr_html_()
    assert all(row.formula in text and row.holds in html for row in found)


def test_kronecker_factors_that_are_square_leave_least_squares_nothing_to_learn():
    # the published convolution from 1 to 3 · 8 channels: A 24 × 24, B 1 × 1, C 9 × 9, and 216 filter weights
    factors = [(24, 24), (1, 1), (9, 9)]
    assert sum(a * r for a, r in factors) == 658 and math.prod(r for _, r in factors) == 216
    assert (kronecker(factors), kronecker(factors, "gram")) == (0, 344)


def test_a_product_of_groups_has_a_kronecker_count():
    V = C(3).vector @ C(4).vector
    found = count(V, V, kronecker=[(9, 3), (16, 4)])
    assert (found.tied.number, found.kronecker.number, found.grassmannian.number) == (12, 66, 12 * 132)


BAD = [
    (lambda: count(C(5).vector, C(5).vector, k=4), r"k = 4; .* dimension 5, so take 5 ≤ k ≤ 25"),
    (lambda: count(C(5).vector, C(5).vector, k=26), "5 ≤ k ≤ 25"),
    (lambda: count(C(5).vector, C(5).vector, k=5.0), "is an integer"),
    (lambda: count(C(5).vector, C(5).vector, kronecker=[(5, 1), (4, 1)]), "have 20 rows together; a weight has 25"),
    (lambda: count(C(5).vector, C(5).vector, kronecker=[5, 5]), r"give the \(size, rank\) of each"),
    (lambda: count(C(5).vector, C(5).vector, rank=6), r"a weight \(5, 5\) has rank ≤ 5"),
    (lambda: count(C(5).vector, C(5).vector, equations=-1), "equations is an integer ≥ 1"),
    (lambda: grassmannian(7, 6), "7 columns in R\\^6"),
    (lambda: kronecker([(2, 1)], "all"), 'take "span" or "gram"'),
    (lambda: data_bound(3, 2, 2, 0, 1), "tasks is an integer ≥ 1"),
    (lambda: data_bound(5, 2, 2, 1, 1), "5 columns in R\\^4"),
    (lambda: generating_pairs(SO(3)), "SO\\(3\\) has order inf"),
    (lambda: generated_dimension(groups.SL(2).vector, groups.SL(2).vector), "not compact"),
    (lambda: free_directions(random(6, 2), random(3, 1, 3), random(4, 2)), r"\(mn, k\), \(tasks, shots, n\) and"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_what_does_not_fit_is_refused_with_the_rule(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# gauge: the counts as ranks
@pytest.mark.parametrize(("size", "k"), [(6, 1), (6, 4), (9, 3), (5, 5)])
def test_the_span_has_k_times_mn_minus_k_numbers_and_its_gram_matrix_more(size, k):
    U = random(size, k)
    assert visible_dimension(projector, U) == grassmannian(k, size)
    assert visible_dimension(lambda U: U @ U.T, U) == gram(k, size) == grassmannian(k, size) + k * (k + 1) // 2


X, Y = random(5, 2, 3, at=1), random(5, 2, 2, at=2)


def weights(U, ridge=None):
    """mat(U v) of five tasks, v by least squares, by ridge regression, or by one gradient step from zero (None)."""
    features = torch.einsum("tsi,oik->tsok", X, U.reshape(2, 3, -1)).flatten(1, 2)
    moments = features.mT @ Y.flatten(1).unsqueeze(-1)
    E = torch.eye(U.shape[1], dtype=U.dtype)
    v = moments if ridge is None else torch.linalg.solve(features.mT @ features + ridge * E, moments)
    return U @ v


def test_inner_loops_see_the_span_or_the_gram_matrix_of_U():
    U = random(6, 2)
    assert visible_dimension(lambda U: weights(U, ridge=0), U) == grassmannian(2, 6) == 8
    assert visible_dimension(lambda U: weights(U, ridge=0.1), U) == gram(2, 6) == 11
    assert visible_dimension(weights, U) == 11


def test_another_basis_of_the_span_gives_the_same_least_squares_weights():
    U, R = random(12, 3), random(3, 3, at=1)
    x, y = random(4, 5, 3, at=2), random(4, 5, 4, at=3)
    layers = [ReparameterizedLinear.fixed(A, (4, 3)) for A in (U, U @ R)]
    free, tied = ([layer.weight(LeastSquares(ridge)(layer, x, y)) for layer in layers] for ridge in (1e-12, 1.0))
    torch.testing.assert_close(*free)
    assert (tied[0] - tied[1]).abs().max() > 0.01  # a ridge sees the basis


@pytest.mark.parametrize(
    ("m", "n", "k", "rank"), [(3, 3, 2, 1), (3, 4, 3, 1), (3, 3, 2, 2), (3, 3, 5, 1), (3, 3, 6, 1), (3, 3, 3, 3)]
)
def test_spans_of_weights_of_low_rank(m, n, k, rank):
    def family(theta):
        A, B = theta.split([k * m * rank, k * n * rank])
        return projector((A.reshape(k, m, rank) @ B.reshape(k, rank, n)).flatten(1).T)

    assert visible_dimension(family, random(k * (m + n) * rank)) == low_rank(k, m, n, rank)


@pytest.mark.parametrize("factors", [[(3, 1), (4, 2)], [(2, 2), (5, 2)], [(2, 1), (3, 2), (2, 1)]])
def test_kronecker_families(factors):
    def product(theta):
        U = torch.ones(1, 1, dtype=theta.dtype)
        for part, (a, r) in zip(theta.split([a * r for a, r in factors]), factors, strict=True):
            U = torch.kron(U, part.reshape(a, r))
        return U

    theta = random(sum(a * r for a, r in factors))
    assert visible_dimension(lambda t: projector(product(t)), theta) == kronecker(factors)
    assert visible_dimension(lambda t: product(t) @ product(t).T, theta) == kronecker(factors, "gram")


def test_a_function_that_sees_nothing():
    assert visible_dimension(lambda U: torch.zeros(3, dtype=U.dtype) * U.sum(), random(2, 2)) == 0


# isotypes
@pytest.mark.parametrize(
    ("V", "expected"),
    [
        (S(5).vector, [(1, 1), (1, 4)]),
        (D(6).vector, [(1, 1), (1, 1), (1, 2), (1, 2)]),
        (S(3).regular, [(1, 1), (1, 1), (2, 2)]),
        (SO(3).vector ** 2, [(1, 1), (1, 3), (1, 5)]),
        (2 * SO(3).vector + SO(3).trivial, [(1, 1), (2, 3)]),
        (groups.Quaternion().regular, [(1, 1)] * 4 + [(2, 2)]),
        (groups.trivial(1).vector, [(1, 1)]),
    ],
    ids=str,
)
def test_isotypes(V, expected):
    found = isotypes(V)
    assert found == sorted(expected)
    assert sum(m * d for m, d in found) == V.size and sum(m * m for m, _ in found) == Hom(V, V).dim


@pytest.mark.parametrize(
    "V", [S(4).vector, C(4).vector, D(4).vector, (S(2) * S(3)).vector, S(3).regular, SO(2).vector], ids=str
)
def test_the_lower_bound_is_the_dimension_of_all_copies_in_other_bases(V):
    basis, n = Hom(V, V).U.T.reshape(-1, V.size, V.size), V.size

    def moved(P):
        return projector((P @ basis @ torch.linalg.inv(P)).flatten(1).T)

    assert visible_dimension(moved, torch.eye(n, dtype=torch.float64) + 0.3 * random(n, n)) == lower_bound(V)


def test_a_lie_algebra_so_n_has_far_fewer_numbers_than_the_subspace_that_holds_it():
    n, basis = 3, SO(3).lie_algebra

    def moved(P):
        return projector((P @ basis @ torch.linalg.inv(P)).flatten(1).T)

    forms = n * (n + 1) // 2 - 1  # a quadratic form up to scale
    assert visible_dimension(moved, random(n, n)) == forms == 5
    assert count(SO(3).vector, SO(3).vector).algebra.number == 18


# random elements
@pytest.mark.parametrize(
    ("V", "W"),
    [
        (SO(3).vector, SO(3).vector ** 2),
        (SO(4).vector ** 2, SO(4).vector ** 2),
        (SO(5).vector, SO(5).vector),
        (groups.U(3).vector ** 2, groups.U(3).vector ** 2),
        (groups.SU(3).vector, groups.SU(3).vector.dual ** 2),
        (usp4().vector ** 2, usp4().vector ** 2),
    ],
    ids=str,
)
def test_two_random_elements_of_a_connected_compact_group_have_its_commutant(V, W):
    for i in range(2):
        assert generated_dimension(V, W, 2, seed(i)) == Hom(V, W).dim


def test_one_element_does_not_generate():
    V = SO(4).vector
    assert generated_dimension(V, V, 1, seed(0)) == 4 > Hom(V, V).dim


def test_pairs_of_a_group_with_two_components_fail_one_time_in_four():
    V = groups.O(3).vector  # the cross product is a map V ⊗ V → V of SO(3), not of O(3)
    found = [generated_dimension(V**2, V, 2, seed(i)) for i in range(60)]
    assert set(found) == {0, 1} and 7 <= sum(found) <= 24


def test_elements_are_added_until_the_dimension_stops_falling():
    V = groups.A(5).vector ** 2
    found = [[generated_dimension(V, V, c, seed(i)) for c in (1, 2, 3, 6)] for i in range(8)]
    assert all(row == sorted(row, reverse=True) or row[-1] == Hom(V, V).dim for row in found)
    assert any(row[1] > row[3] for row in found) and all(row[3] == Hom(V, V).dim for row in found)


@pytest.mark.parametrize(
    ("G", "share"),
    [
        (S(4), (3, 8)),
        (groups.A(5), (19, 30)),
        (groups.Icosahedral(), (19, 30)),
        (PSL27, (19, 28)),
        (groups.A(6), (53, 90)),
    ],
    ids=str,
)
def test_the_share_of_pairs_that_generate(G, share):
    pairs, total = generating_pairs(G)
    assert total == G.order**2 and pairs * share[1] == total * share[0]


# data
def test_the_bound_and_its_exceptions():
    found = data_bound(8, 8, 8, 56, 2)
    assert (found.equations, found.unknowns, found.possible, found.least_tasks) == (896, 896, True, 56)
    assert not data_bound(8, 8, 8, 55, 2).possible
    assert "take 56 tasks" in data_bound(8, 8, 8, 55, 2).verdict
    assert data_bound(8, 8, 8, 10**6, 1).least_tasks is None  # m min(S, n) ≤ k
    assert data_bound(64, 8, 8, 1, 1).possible  # k = mn
    assert data_bound(8, 8, 8, 10**6, 7, fresh=False).least_tasks is None
    assert data_bound(8, 8, 8, 8, 8, fresh=False).possible
    assert data_bound(8, 8, 8, 8, 100).least_tasks == 8  # then every task shows W: k tasks
    assert data_bound(6, 6, 6, 3, 3, dimension=30).least_tasks == 3


@settings(max_examples=25)
@given(st.integers(1, 3), st.integers(1, 3), st.data())
def test_less_data_than_the_bound_leaves_directions_free(m, n, data):
    k = data.draw(st.integers(1, m * n - 1)) if m * n > 1 else 1
    tasks, shots = data.draw(st.integers(1, 8)), data.draw(st.integers(1, n + 1))
    free = free_directions(random(m * n, k), random(tasks, shots, n, at=1), random(tasks, k, at=2))
    bound = data_bound(k, m, n, tasks, shots)
    assert free >= grassmannian(k, m * n) - tasks * max(0, m * min(shots, n) - k)
    assert free > 0 or bound.possible
    assert (free == grassmannian(k, m * n)) or bound.least_tasks is not None


def freedom(V, tasks, shots, same_inputs=False):
    problem = hidden_problem(V, tasks, shots, 1, seed(tasks))
    x = problem.x[0, :1].expand(tasks, -1, -1) if same_inputs else problem.x[0]
    return free_directions(problem.truth, x, random(tasks, problem.k))


@pytest.mark.parametrize(("shots", "least"), [(2, 30), (3, 15), (6, 6)])
def test_circulants_are_determined_from_the_bound_on(shots, least):
    assert data_bound(6, 6, 6, 1, shots).least_tasks == least
    assert [freedom(C(6).vector, t, shots) == 0 for t in (least - 1, least)] == [False, True]


@pytest.mark.parametrize("G", [S(5), S(2) * S(3), S(1) * S(1) * S(3), C(4), PAIRS], ids=str)
def test_too_few_shots_never_determine_the_hidden_space_and_one_more_does(G):
    shots = least_shots(G.vector)
    assert freedom(G.vector, 80, shots - 1) > 0
    assert freedom(G.vector, 80, shots) == 0


def test_orbits_of_points_count_the_shots_that_are_not_enough():
    assert [least_shots(G.vector) for G in (S(6), C(6), S(1) * S(5), PAIRS)] == [2, 2, 3, 4]
    assert least_shots(SO(3).vector) == 1


def test_the_same_few_inputs_in_all_tasks_never_determine_it():
    assert freedom(C(5).vector, 60, 4, same_inputs=True) > 0
    assert freedom(C(5).vector, 60, 4) == 0
