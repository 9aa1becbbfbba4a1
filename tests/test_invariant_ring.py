"""Invariant rings: generators against recorded degrees, an independent rank computation, theorems, and closed forms."""

import itertools
import math

import numpy as np
import pytest
import torch
from invariant_cases import CASES, f4, group
from oracles import cycles_close

from eqkit import groups, invariants, representations
from eqkit.invariants import hironaka, invariant_ring, modular, molien_series, polynomial
from eqkit.invariants.cyclotomic import exact_matrices
from eqkit.invariants.generators import field_of, values, weighted_monomials
from eqkit.invariants.quotient import Quotient
from eqkit.invariants.spaces import _fixed_in_floats, monomials, place


@pytest.mark.parametrize("name", CASES)
def test_recorded_generators_and_the_hironaka_identity(name):
    case, R = CASES[name], invariant_ring(group(name))
    assert list(R.degrees) == case["generator_degrees"] and R.size == case["number_of_generators"]
    assert R.certificate.exact and max(R.degrees) <= R.certificate.bound.value
    assert len(R.certificate.primes) == (0 if "alternating" in str(R.certificate) else 2)
    x = torch.randn(4, case["dim"], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for g in R.group.generators:
        moved = x.to(g.dtype) @ g.T
        torch.testing.assert_close(R(moved), R(x).to(R(moved).dtype), rtol=1e-9, atol=1e-9)
    if name != "S4_x2":  # its decomposition takes some seconds: test_decompositions_that_are_known
        h = R.hilbert_series()
        assert h.coefficients(30) == molien_series(R.group, 30)
        assert len(R.secondary) * case["order"] == math.prod(f.degree for f in R.primary)
        recorded = {tuple(case["primary_degrees"]), tuple(case["alt_primary_degrees"])}
        assert math.prod(h.degrees) <= min(map(math.prod, recorded))


def ranks_by_values(R, degree):
    """The rank of all products of generators in each degree, by values at random points modulo a third prime."""
    F = modular.field(exact_matrices(R.group).N, 2)
    points = modular.field(1).random(np.random.default_rng(1), molien_series(R.group, degree)[degree] + 5, R.group.n)
    table = [values(F, f, points % F.p) for f in R._found]
    ranks = []
    for d in range(degree + 1):
        rows = np.ones((0, len(points)), np.int64)
        for e in weighted_monomials(list(R.degrees), d):
            row = np.ones(len(points), np.int64)
            for f, k in zip(table, e, strict=True):
                row = row * F.power(f, int(k)) % F.p
            rows = np.concatenate([rows, row[None]])
        ranks.append(F.rank(rows))
    return ranks


MORE = [groups.C.plane(4), groups.A(4), groups.Icosahedral(), groups.D(5), groups.C(5), groups.SignedPermutations(3)]


@pytest.mark.parametrize("G", [*MORE, *map(group, ["2T_binary_tetra", "Q8", "S3_x2", "C3_rot2d"])], ids=str)
def test_products_of_generators_span_all_invariants(G):
    """The other route: nothing of the ideal, only the count. Without one generator the count falls short."""
    R, top = invariant_ring(G), max(6, max(invariant_ring(G).degrees)) if G.n < 5 else 6
    assert ranks_by_values(R, top) == molien_series(G, top)


@pytest.mark.parametrize("G", [groups.C.plane(4), groups.A(4), groups.D(5)], ids=str)
def test_no_generator_can_be_left_out(G):
    R = invariant_ring(G)
    for i, d in enumerate(R.degrees):
        fewer = invariants.InvariantRing(G, R.certificate, R._found[:i] + R._found[i + 1 :])
        assert ranks_by_values(fewer, d)[d] == molien_series(G, d)[d] - 1


KNOWN = [
    (groups.C.plane(4), ["x₀² + x₁²", "x₀²x₁²", "x₀³x₁ − x₀x₁³"]),
    (groups.D.plane(5), ["x₀² + x₁²", "x₀⁵ − 10x₀³x₁² + 5x₀x₁⁴"]),
    (groups.S(3), ["x₀ + x₁ + x₂", "x₀² + x₁² + x₂²", "x₀³ + x₁³ + x₂³"]),
    (groups.trivial(2), ["x₀", "x₁"]),
    (groups.SignFlips(2), ["x₀²", "x₁²"]),
    (groups.S(1), ["x₀"]),
    (group("2T_binary_tetra"), ["x₀⁵x₁ − x₀x₁⁵", "x₀⁸ + 14x₀⁴x₁⁴ + x₁⁸", "x₀¹² − 33x₀⁸x₁⁴ − 33x₀⁴x₁⁸ + x₁¹²"]),
]


@pytest.mark.parametrize(("G", "generators"), KNOWN, ids=lambda x: str(x)[:14])
def test_generators_that_are_known(G, generators):
    assert [str(f) for f in invariant_ring(G).generators] == generators


def test_the_last_generator_of_an_alternating_group_is_the_vandermonde_determinant():
    R = invariant_ring(groups.A(4))
    x = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vandermonde = torch.stack([x[:, i] - x[:, j] for i, j in itertools.combinations(range(4), 2)]).prod(0)
    torch.testing.assert_close(R(x)[:, -1], vandermonde)
    assert R.degrees == (1, 2, 3, 4, 6)


def test_icosahedral_coefficients_are_exact_surds():
    R = invariant_ring(groups.Icosahedral())
    assert R.degrees == (2, 6, 10, 15) and R.certificate.exact
    assert "√5" in str(R.generators[1]) and str(R.generators[0]) == "x₀² + x₁² + x₂²"
    for f in R.generators:
        representations.assert_invariant(f, groups.Icosahedral().vector)


REFLECTIONS = [
    (groups.D.plane(7), [2, 7]),
    (groups.SignedPermutations(4), [2, 4, 6, 8]),
    (groups.S(8), [1, 2, 3, 4, 5, 6, 7, 8]),
    (groups.S(3) * groups.S(2), [1, 1, 2, 2, 3]),
    (f4(), [2, 6, 8, 12]),
]


@pytest.mark.parametrize(("G", "degrees"), REFLECTIONS, ids=lambda x: str(x)[:12])
def test_reflection_groups_have_polynomial_rings(G, degrees):
    """Shephard, Todd and Chevalley: Π dᵢ = |G| and Σ (dᵢ − 1) is the number of reflections."""
    R = invariant_ring(G)
    assert list(R.degrees) == degrees and R.is_polynomial_ring and math.prod(degrees) == G.order
    assert "Chevalley" in R.certificate.bound.reason
    if G.order < 2000:
        reflections = (G.elements() - torch.eye(G.n)).flatten(1)
        ranks = torch.linalg.matrix_rank(reflections.reshape(-1, G.n, G.n), atol=1e-9)
        assert int((ranks == 1).sum()) == sum(d - 1 for d in degrees)
    x = torch.randn(G.n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    jacobian = torch.autograd.functional.jacobian(R, x)
    assert torch.linalg.matrix_rank(jacobian) == G.n
    assert R.primary == R.generators and [str(f) for f in R.secondary] == ["1"]


def test_large_symmetric_groups_have_the_power_sums():
    R = invariant_ring(groups.S(60))
    assert R.degrees == tuple(range(1, 61)) and R.generators[59] == sum_of_powers(60, 60)


def sum_of_powers(n, k):
    return invariants.Polynomial.of({tuple(k * int(i == j) for j in range(n)): 1 for i in range(n)}, n)


@pytest.mark.parametrize("G", [groups.C.plane(4), groups.A(4), groups.Octahedral(), groups.C(3)], ids=str)
def test_rotations_have_no_polynomial_ring(G):
    assert not invariant_ring(G).is_polynomial_ring


def test_decompositions_that_are_known():
    R = invariant_ring(groups.A(4))
    assert str(R.hilbert_series()) == "(1 + t⁶) / (1 − t)(1 − t²)(1 − t³)(1 − t⁴)"
    assert [f.degree for f in R.secondary] == [0, 6]
    R = invariant_ring(groups.Icosahedral())
    assert [f.degree for f in R.primary] == [2, 6, 10] and [f.degree for f in R.secondary] == [0, 15]


def test_the_only_common_zero_of_primary_invariants_is_the_origin():
    """Not so for n algebraically independent invariants: x₀² + x₁² and x₀³x₁ − x₀x₁³ of C₄ have none, x and xy have."""
    F = modular.field(1)
    for texts, ends in ((["x^2 + y^2", "x^3 y - x y^3"], True), (["x", "x y"], False)):
        Q, system = Quotient(F, 2), [polynomial(text, 2) for text in texts]
        for d in range(1, 8):
            Q.extend()
            rows = [np.array([[F.fraction(c) for c in f.coefficients]]) for f in system if f.degree == d]
            where = [place(f.exponents.numpy(), d) for f in system if f.degree == d]
            if rows:
                Q.divide(np.concatenate([F.matmul(c, Q.normal_forms[i]) for c, i in zip(rows, where, strict=True)]))
        assert (Q.sizes[-1] == 0) == ends


@pytest.mark.parametrize("G", [groups.Icosahedral(), groups.A(4), groups.C.plane(6), group("Q8")], ids=str)
def test_the_action_on_a_quotient_counts_the_invariants_that_are_new(G):
    F = field_of(G)
    whole, ideal = (Quotient(F, G.n, exact_matrices(G).at(F)) for _ in range(2))
    degrees = invariant_ring(G).degrees
    for d in range(1, 9):
        whole.extend()
        ideal.extend()
        assert whole.count_fixed() == molien_series(G, d)[d]  # the ideal of whole is zero
        assert ideal.count_fixed() == degrees.count(d)
        ideal.divide(ideal.classes([f for f in invariant_ring(G)._found if f.degree == d]))
        assert ideal.count_fixed() == 0


def test_rotations_by_small_angles_have_three_generators():
    assert invariant_ring(groups.C.plane(100)).degrees == (2, 100, 100)
    assert exact_matrices(groups.C.plane(1000)).N == 1000
    with pytest.raises(MemoryError, match="degree 1000 in 2 variables have 1,001 monomials, more than the 200"):
        invariant_ring(groups.C.plane(1000))


# bounds
def test_the_tightest_bound_is_named():
    assert invariants.degree_bound(groups.A(5)) == (10, "Göbel: max(n, n(n − 1)/2) for permutations of n = 5 points")
    assert invariants.degree_bound(groups.C(6)).value == 6 and "Noether" in invariants.degree_bound(groups.C(6)).reason
    assert (
        "Weyl" in invariants.degree_bound(group("S4_x2")).reason and invariants.degree_bound(group("S4_x2")).value == 4
    )
    assert invariants.degree_bound(groups.SignedPermutations(3)).value == 9
    assert invariants.hsop_bound([2, 6, 10]) == 15 and invariants.hsop_bound([1, 1]) == 1


@pytest.mark.parametrize("name", CASES)
def test_degrees_obey_the_bounds(name):
    R = invariant_ring(group(name))
    assert max(R.degrees) <= invariants.degree_bound(R.group).value
    if name != "S4_x2":
        assert max(R.degrees) <= invariants.hsop_bound([f.degree for f in R.primary])


def test_goebels_bound_is_attained_by_alternating_groups():
    for n in (4, 5):
        assert (
            max(invariant_ring(groups.A(n)).degrees) == n * (n - 1) // 2 == invariants.degree_bound(groups.A(n)).value
        )


@pytest.mark.parametrize(("n", "m", "count"), [(2, 2, 5), (3, 2, 9), (3, 3, 19), (4, 2, 14)])
def test_multisymmetric_polynomials(n, m, count):
    """S(n) on m copies has C(n + m, m) − 1 generators."""
    rows = [[i * n + j for i in range(m) for j in p] for p in groups.S(n).permutations.tolist()]
    R = invariant_ring(groups.permutation_group(rows))
    assert R.size == count == math.comb(n + m, m) - 1


# values
def test_a_ring_evaluates_all_generators_jointly():
    R = invariant_ring(groups.C(6))
    x = torch.randn(3, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    y = R(x)
    assert y.shape == (3, 7, R.size) and R.size == len(R.names) == 20
    torch.testing.assert_close(y, torch.stack([f(x) for f in R.generators], -1))
    assert torch.autograd.gradcheck(R, x[:1, :2].detach().requires_grad_())
    assert R(x.detach().float()).dtype == torch.float32 and R.representation == groups.C(6).vector
    assert invariant_ring(groups.C(6)) is R


@pytest.mark.parametrize("G", [groups.C.plane(5), groups.A(4), groups.D(4)], ids=str)
def test_generators_separate_orbits(G):
    R = invariant_ring(G)
    x = torch.randn(30, G.n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    moved = torch.einsum("gij,bj->bgi", G.elements(), x)
    assert (R(moved) - R(x)[:, None]).abs().max() < 1e-10
    assert torch.pdist(R(x)).min() > 1e-3


@pytest.mark.parametrize("n", range(2, 8))
def test_cyclic_permutations_have_as_many_generators_as_minimal_zero_sum_sequences(n):
    """Over ℂ the invariants of C(n) are spanned by monomials Π yₐ of characters with Σ a ≡ 0; OEIS A002956."""
    assert invariant_ring(groups.C(n)).size == {2: 2, 3: 4, 4: 7, 5: 15, 6: 20, 7: 48}[n]


def test_a_direct_product_has_the_generators_of_both_factors():
    G = groups.Icosahedral() * groups.C.plane(3)
    R = invariant_ring(G)
    assert R.degrees == (2, 2, 3, 3, 6, 10, 15) and "direct product" in R.certificate.bound.reason
    for f in R.generators:
        representations.assert_invariant(f, G.vector)
    assert ranks_by_values(R, 6) == molien_series(G, 6)
    assert invariant_ring(groups.S(10) * groups.C.plane(4)).size == 13  # of 14 515 200 elements, which are not listed


# in terms of generators
@pytest.mark.parametrize("G", [groups.C.plane(4), groups.S(3), groups.A(4), groups.D(4)], ids=str)
def test_an_invariant_is_a_polynomial_in_the_generators(G):
    R, f = invariant_ring(G), invariants.project(polynomial("x0^5 x1 + 2 x0^4 - x0 x1 + 3", G.n), G)
    p = R.rewrite(f)
    x = torch.randn(7, G.n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert p.n == R.size and p.is_rational
    torch.testing.assert_close(p(R(x)), f(x))
    with pytest.raises(ValueError, match="is f invariant"):
        R.rewrite(f + polynomial("x0", G.n))


def test_newtons_identity():
    """e₃ = (p₁³ − 3 p₁p₂ + 2 p₃)/6."""
    p = invariant_ring(groups.S(3)).rewrite(polynomial("x0 x1 x2", 3))
    assert p == polynomial("x^3/6 - x y/2 + z/3", 3)


def test_the_relation_of_the_rotations_by_quarter_turns():
    """I₃² − I₂I₁² + 4I₂² = 0 for x² + y², x²y², x³y − xy³, and none of lower degree; a polynomial ring has none."""
    R = invariant_ring(groups.C.plane(4))
    assert R.relations(8) == [polynomial("x2^2 - x0^2 x1 + 4 x1^2", 3)]  # xᵢ stands for generator i
    assert [R.relations(d) for d in range(1, 8)] == [[]] * 7
    assert invariant_ring(groups.S(3)).relations(12) == []


# floating point
@pytest.mark.parametrize("G", [groups.D.plane(5), groups.C(4), groups.A(4), groups.Tetrahedral()], ids=str)
def test_a_turned_group_has_generators_of_the_same_degrees_in_floating_point(G):
    Q = groups.O(G.n).sample(1, torch.Generator().manual_seed(3))[0]
    turned = groups.MatrixGroup(Q @ G.generators @ Q.T, name=f"{G}, turned")
    R = invariant_ring(turned)
    assert R.degrees == invariant_ring(G).degrees and not R.certificate.exact and R.certificate.gap > 1e6
    assert "floating point" in str(R.certificate)
    for f in R.generators:
        representations.assert_invariant(f, turned.vector)
    with pytest.raises(ValueError, match="not recognised"):
        _ = R.primary


def test_a_turned_complex_group_and_rotations_by_small_angles_are_well_conditioned():
    T = groups.U(2).sample(1, torch.Generator().manual_seed(3))[0]
    turned = groups.MatrixGroup(T @ groups.Quaternion().generators @ T.mH, name="Q8, turned")
    found = invariants.basis(turned, 4)
    assert len(found) == 2 and not exact_matrices(turned)
    for f in found:
        representations.assert_invariant(f, turned.vector)
    assert _fixed_in_floats(groups.C.plane(1000).generators, 60)[0].shape == (61, 1)  # |x|⁶⁰ alone


def test_generic_invariants_decide_whether_a_system_of_parameters_of_these_degrees_exists():
    F, rng = field_of(groups.C(7)), np.random.default_rng(0)
    for G, degrees, there in ((groups.C(7), (1, 2, 2, 2, 3, 3, 7), False), (groups.C(6), (1, 2, 2, 2, 3, 6), True)):
        first, numerator = next(hironaka._possible_degrees(G, list(invariant_ring(G).degrees)))
        assert first == degrees and sum(numerator) * G.order == math.prod(degrees)  # the Molien series alone allows it
        assert hironaka._exists(G, F, degrees, numerator, rng) == there


def test_a_decomposition_too_large_is_refused_before_the_work():
    with pytest.raises(
        MemoryError, match="degrees 1, 2, 2, 2, 2, 3, 4, 8 have 192 secondary ones.* use the 65 generators"
    ):
        _ = invariant_ring(groups.C(8)).primary
    with pytest.raises(MemoryError, match="lists of 12 degrees"):
        next(hironaka._possible_degrees(groups.C(12), list(range(1, 13))))


def test_a_badly_conditioned_group_is_refused_and_not_answered_wrongly():
    generator = torch.Generator().manual_seed(0)
    T = torch.eye(4, dtype=torch.float64) + 0.4 * torch.randn(4, 4, dtype=torch.float64, generator=generator)
    G = groups.MatrixGroup(T @ groups.A(4).generators @ torch.linalg.inv(T), name="skew")
    with pytest.raises(ArithmeticError, match="by Molien"):
        invariant_ring(G)


# arithmetic
def test_entries_of_named_groups_are_recognised():
    fields = {"Icosahedral()": 10, "C.plane(5)": 20, "C.plane(8)": 8, "C.plane(3)": 12, "Tetrahedral()": 1}
    for G in (groups.Icosahedral(), groups.C.plane(5), groups.C.plane(8), groups.C.plane(3), groups.Tetrahedral()):
        exact = exact_matrices(G)
        assert exact.N == fields[str(G)]
        zeta = np.exp(2j * np.pi * np.arange(exact.N) / exact.N)
        assert abs((exact.coefficients * zeta).sum(-1) / exact.denominator - G.generators.numpy()).max() < 1e-14


def test_arithmetic_modulo_a_prime_does_not_wrap():
    F, rng = modular.field(60), np.random.default_rng(0)
    assert F.p % 60 == 1 and pow(F.root, 60, F.p) == 1 and pow(F.root, 30, F.p) != 1 and pow(F.root, 20, F.p) != 1
    A, B = F.random(rng, 40, 50), F.random(rng, 50, 30)
    before = A.copy()
    exact = (A.astype(object) @ B.astype(object)) % F.p
    assert (F.matmul(A, B) == exact).all()
    N = F.null_space(A)
    assert len(N) == 10 and not (A.astype(object) @ N.T.astype(object) % F.p).any()
    assert (F.rref(N)[0] == N).all() and (A == before).all()


def test_fractions_come_back_from_residues():
    F = modular.field(1)
    for q in (-3, 0, 7):
        for d in (1, 5, 31000):
            fraction = modular.Fraction(q, d)
            assert modular.reconstruct(F.fraction(fraction), F.p) == fraction
    residues = [np.array([10**15 % modular.field(1, i).p]) for i in range(2)]
    assert modular.combine(residues, [modular.field(1, i).p for i in range(2)])[0] == 10**15


def test_monomials_stand_where_place_says():
    for n, d in ((1, 3), (3, 4), (5, 3), (4, 0)):
        rows = monomials(n, d)
        assert len(rows) == math.comb(n + d - 1, d) and (rows.sum(1) == d).all()
        assert place(rows, d).tolist() == list(range(len(rows)))


def test_the_order_of_recorded_permutation_groups():
    for case in CASES.values():
        if rows := case.get("permutation_generators_0based"):
            assert len(cycles_close(rows)) == case["order"]


# refusals
def test_what_is_refused():
    with pytest.raises(ValueError, match="infinite"):
        invariant_ring(groups.SO(2))
    with pytest.raises(ValueError, match="infinite or too large"):
        invariant_ring(groups.MatrixGroup(torch.tensor([[[0.6, -0.8], [0.8, 0.6]]])))
    with pytest.raises(ValueError, match="infinite"):
        invariant_ring(groups.MatrixGroup(torch.tensor([[[1.0, 1.0], [0.0, 1.0]]])))
    with pytest.raises((MemoryError, ValueError)):
        invariant_ring(groups.RubiksCube())
