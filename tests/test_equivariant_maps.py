"""Hom(V, W) is complete (its dimension is the closed form), sound (it commutes with random g), one by every route."""

import math
from types import SimpleNamespace

import oracles
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import groups, reynolds, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.representations import assert_equivariant

LORENTZ = groups.Lorentz(proper=True, orthochronous=True)
CUBE_FACES = groups.permutation_group([[0, 1, 4, 5, 3, 2], [2, 3, 1, 0, 4, 5]], "rotations of a cube's faces")
SHEAR = groups.MatrixGroup(torch.tensor([[[1.0, 1.0], [0.0, 1.0]]]), name="one shear")
SHEARS = groups.MatrixGroup(lie_algebra=torch.tensor([[[0.0, 1.0], [0.0, 0.0]]]), name="all shears")
PHASE = groups.MatrixGroup(torch.diag(torch.tensor([1j, 1.0]))[None], name="a quarter phase")


def power(G, p, q=0):
    """V^⊗p ⊗ V*^⊗q; the trivial representation for p = q = 0."""
    V = G.vector
    return V**p if q == 0 else V**p * V.dual**q


# (group, powers of V in and out, dimension by a closed form)
CLOSED_FORMS = [
    *[(groups.S(n), p, q, oracles.partitions(p + q, n)) for n, p, q in [(1, 2, 2), (2, 1, 1), (4, 1, 1), (3, 2, 2)]],
    *[(groups.S(n), p, q, oracles.partitions(p + q, n)) for n, p, q in [(4, 2, 2), (6, 2, 2), (5, 3, 1), (4, 3, 3)]],
    *[(groups.C(n), 1, 1, n) for n in (1, 2, 8, 64)],
    *[(groups.D(n), 1, 1, n // 2 + 1) for n in (3, 8, 9, 64)],
    *[(groups.SO(3), p, q, oracles.riordan(p + q)) for p, q in [(1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 0)]],
    *[(groups.SO(2), p, q, math.comb(p + q, p)) for p, q in [(1, 1), (2, 2), (4, 4), (5, 5)]],  # all zero weights
    (groups.SO(2) * groups.SO(2), 2, 2, 2 * math.comb(4, 2) + 24),  # of (z + 1/z + w + 1/w)⁴ the constant term
    (groups.SO(2), 3, 2, 0),
    (groups.U(1), 3, 3, 1),
    *[(groups.O(n), k, k, oracles.double_factorial(k)) for n, k in [(2, 1), (3, 2), (3, 3), (5, 2)]],
    (groups.O(3), 2, 1, 0),
    (LORENTZ, 2, 2, oracles.catalan(2) ** 2),
    (LORENTZ, 4, 0, oracles.catalan(2) ** 2),
    (LORENTZ, 3, 3, oracles.catalan(3) ** 2),
    (groups.SO(4), 2, 2, oracles.catalan(2) ** 2),
    (groups.Lorentz(), 2, 2, oracles.double_factorial(2)),
    (groups.Sp(4), 2, 2, oracles.double_factorial(2)),
    (groups.SL(3), 3, 0, 1),
    (groups.GL(3), 2, 2, 2),
    (groups.U(3), 3, 3, oracles.matchings_of_unitary(3, 3)),
    (groups.U(2), 3, 3, oracles.matchings_of_unitary(3, 2)),
    (groups.SU(2), 3, 3, oracles.catalan(3)),
    (CUBE_FACES, 1, 1, 3),  # the same face, the opposite one, an adjacent one
    (groups.SignedPermutations(4), 1, 1, 1),
    (groups.SignedPermutations(3), 2, 2, 4),  # δijδkl, δikδjl, δilδjk, δijkl
    (groups.RubiksCube(), 1, 1, 9),  # edges 3, corners 4, cross terms 2
]
IDS = [f"{G}-V{p}-V{q}" for G, p, q, _ in CLOSED_FORMS]


@pytest.mark.parametrize(("G", "p", "q", "dimension"), CLOSED_FORMS, ids=IDS)
def test_the_space_has_the_dimension_of_the_closed_form_and_commutes_with_random_elements(G, p, q, dimension):
    V, W = power(G, p), power(G, q)
    H = Hom(V, W)
    assert H.dim == dimension
    assert H.U.shape == (V.size * W.size, dimension)
    torch.testing.assert_close(H.U.mH @ H.U, torch.eye(dimension, dtype=H.U.dtype))
    generator = torch.Generator().manual_seed(5)
    coefficients = torch.randn(dimension, dtype=torch.float64, generator=generator)
    M = H.combine(coefficients)
    for g in G.random_products(3, generator):
        moved = W(g) @ M.to(W(g).dtype)
        assert (moved - M @ V(g)).abs().max() <= 1e-9 * (1 + moved.abs().max())


def two_by_two(group, *images):
    return group.representation(generators=torch.tensor(images, dtype=torch.float64))


# (V, W, routes that apply)
SHARED = {
    "S(4) on pairs": (power(groups.S(4), 2), power(groups.S(4), 2), ["orbits", "average", "null space"]),
    "signed permutations": (
        power(groups.SignedPermutations(3), 2),
        power(groups.SignedPermutations(3), 2),
        ["orbits", "average", "null space"],
    ),
    "areas of a signed cube": (
        groups.SignedPermutations(3).vector.alt(2),
        power(groups.SignedPermutations(3), 2),
        ["orbits", "average", "null space"],
    ),
    "a pentagon in the plane": (
        groups.D.plane(5).vector ** 2,
        groups.D.plane(5).regular,
        ["average", "null space"],
    ),
    "a basis that is not orthonormal": (
        two_by_two(groups.S(3), [[0, -1], [1, -1]], [[0, 1], [1, 0]]),
        groups.S(3).vector,
        ["average", "null space"],
    ),
    "a complex finite group": (PHASE.vector**2, PHASE.vector, ["average", "null space"]),
    "SO(3) on tensors": (power(groups.SO(3), 2), power(groups.SO(3), 3), ["weights", "null space"]),
    "O(3), with a reflection": (power(groups.O(3), 2), power(groups.O(3), 2), ["weights", "null space"]),
    "plane rotations, complex type": (power(groups.SO(2), 2), power(groups.SO(2), 2), ["weights", "null space"]),
    "Lorentz, not compact": (power(LORENTZ, 2), power(LORENTZ, 2), ["weights", "null space"]),
    "U(2), complex": (power(groups.U(2), 2), power(groups.U(2), 2), ["weights", "null space"]),
    "a set of vectors": (
        groups.S(3).vector @ groups.SO(3).vector,
        groups.S(3).vector @ groups.SO(3).vector,
        ["factors", "weights", "null space"],
    ),
    "pairs of a set of vectors, factors in another order": (
        (groups.S(3).vector @ groups.SO(3).vector) ** 2,
        groups.S(3).vector @ (groups.SO(3).vector ** 2),
        ["factors", "weights"],
    ),
    "a set of pentagons": (
        groups.S(3).vector @ groups.D.plane(5).vector,
        groups.S(3).vector ** 2 @ groups.D.plane(5).vector,
        ["factors", "average", "null space"],
    ),
    "a set of complex vectors": (
        groups.S(3).vector @ groups.U(2).vector,
        groups.S(3).vector @ groups.U(2).vector,
        ["factors", "weights", "null space"],
    ),
    "pairs of a set, in a set of two": (
        groups.S(3).vector ** 2 @ groups.S(2).vector,
        groups.S(3).vector @ groups.S(2).vector ** 2,
        ["orbits", "factors"],
    ),
}


@pytest.mark.parametrize("name", SHARED)
def test_all_routes_span_the_same_space(name):
    V, W, routes = SHARED[name]
    default = Hom(V, W)
    assert default.dim > 0 and default.route == routes[0] or default.route == "null space"
    for route in routes:
        H = Hom(V, W, route=route)
        assert H.route == route
        assert subspaces.same_span(H.U, default.U), route


@pytest.mark.parametrize("name", SHARED)
def test_project_is_a_projection_onto_the_space(name):
    V, W, _ = SHARED[name]
    H = Hom(V, W)
    generator = torch.Generator().manual_seed(2)
    A, B = torch.randn(2, W.size, V.size, dtype=H.U.dtype, generator=generator)
    P, Q = H.project(A), H.project(B)
    torch.testing.assert_close(H.project(P), P)
    torch.testing.assert_close((P.conj() * B).sum(), (A.conj() * Q).sum())  # self-adjoint
    torch.testing.assert_close(P.flatten(), H.U @ (H.U.mH @ A.flatten()))
    c = torch.randn(H.dim, dtype=H.U.dtype, generator=generator)
    torch.testing.assert_close(H.coefficients(H.combine(c)), c)


@pytest.mark.parametrize("name", ["S(4) on pairs", "signed permutations", "a pentagon in the plane"])
def test_project_is_the_reynolds_average(name):
    V, W, _ = SHARED[name]
    H = Hom(V, W)
    average = reynolds.projector(W * V.dual)
    torch.testing.assert_close(average, H.U @ H.U.T)


@given(
    st.sampled_from([groups.S(3), groups.D(4), groups.C.plane(3), groups.SignedPermutations(2), groups.SO(2)]),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_dimensions_add_over_direct_sums(G, degrees):
    A, B, C = (power(G, p) if p else G.trivial for p in degrees)
    assert Hom(A + B, C).dim == Hom(A, C).dim + Hom(B, C).dim
    assert Hom(C, A + B).dim == Hom(C, A).dim + Hom(C, B).dim
    assert Hom(A * B, C).dim == Hom(A, C * B.dual).dim  # what stands left may go right, as its dual


@pytest.mark.parametrize("G", [groups.S(4), groups.A(4), groups.D(6), groups.Octahedral(), groups.D.plane(5)], ids=str)
def test_the_dimension_is_the_inner_product_of_characters(G):
    V, W, g = G.vector**2, G.vector + G.trivial, G.elements()
    assert Hom(V, W).dim == round(float((V.character(g) * W.character(g)).mean()))


# patterns
def test_the_symmetric_group_ties_the_diagonal_and_the_rest():
    H = Hom(groups.S(4).vector, groups.S(4).vector)
    assert torch.equal(H.pattern, 1 - torch.eye(4, dtype=torch.int64))


def test_cyclic_shifts_tie_the_weights_of_a_circular_convolution():
    H = Hom(groups.C(5).vector, groups.C(5).vector)
    i = torch.arange(5)
    assert torch.equal(subspaces.relabel(H.pattern), subspaces.relabel((i[:, None] - i[None, :]) % 5))


def test_the_alternating_group_on_four_points_has_the_pattern_of_the_symmetric_group():
    assert torch.equal(*(Hom(G.vector, G.vector).pattern for G in (groups.A(4), groups.S(4))))


def test_a_sign_forces_entries_to_zero():
    G = groups.SignFlips(3)
    H = Hom(G.vector, G.vector)
    assert torch.equal(H.pattern == -1, ~torch.eye(3, dtype=torch.bool))
    assert torch.equal(H.combine(torch.tensor([2.0, 3, 4])), torch.diag(torch.tensor([2.0, 3, 4])))
    nothing = Hom(G.vector, G.trivial)
    assert (nothing.dim, nothing.basis.shape, nothing.U.shape) == (0, (0, 1, 3), (3, 0))
    assert torch.equal(nothing.project(torch.ones(1, 3)), torch.zeros(1, 3))


def test_a_signed_pattern_has_the_signs_of_its_weights():
    G = groups.SignedPermutations(3)
    H = Hom(G.vector.alt(2), G.vector**2)  # A ↦ the antisymmetric matrix of A
    assert H.dim == 1
    M = H.combine(torch.ones(1)).T.reshape(3, 3, 3)
    assert torch.equal(M, -M.mT) and torch.equal(H.signs.double() * (H.pattern >= 0), H.signs.double())


def test_a_pattern_exists_only_where_coordinates_are_permuted():
    with pytest.raises(ValueError, match="permutes coordinates up to sign"):
        Hom(groups.SO(2).vector, groups.SO(2).vector).pattern  # noqa: B018


@pytest.mark.parametrize("route", ["weights", "null space"])
def test_where_a_group_does_nothing_no_weight_is_tied(route):
    one = groups.SO(3).trivial
    assert Hom(3 * one, 2 * one, route=route).dim == 6


def test_trivial_groups_tie_nothing():
    G = groups.trivial(3)
    assert Hom(G.vector**2, G.vector).dim == 27
    assert Hom(G.vector**2, G.vector, route="null space").dim == 27


# physics
def test_the_elastic_tensor_is_two_scalars_two_quadrupoles_and_one_of_degree_four():
    """21 = 2·1 + 2·5 + 1·9: the squares of the multiplicities add to 9, and two constants are isotropic (Lamé)."""
    G = groups.SO(3)
    stress, scalar = G.vector.sym(2), G.trivial
    stiffness = stress.sym(2)
    assert stiffness.size == 21
    assert Hom(stiffness, stiffness).dim == 2**2 + 2**2 + 1**2
    assert Hom(scalar, stiffness).dim == 2 == Hom(stress, stress).dim
    delta = torch.eye(3, dtype=torch.float64)
    lame = torch.stack(
        [
            torch.einsum("ij,kl->ijkl", delta, delta),
            torch.einsum("ik,jl->ijkl", delta, delta) + torch.einsum("il,jk->ijkl", delta, delta),
        ]
    ).flatten(1)
    P = torch.from_numpy(stress.isometry.toarray())  # stress in R⁹
    hooke = torch.stack([P.T @ C.reshape(9, 9) @ P for C in lame]).flatten(1).T
    assert subspaces.same_span(hooke, Hom(stress, stress).U)


def test_external_products_multiply_dimensions():
    G, H = groups.S(4), groups.SO(3)
    both = G.vector @ H.vector
    assert Hom(both, both).dim == 2 * 1
    flat, tensors = G.vector @ H.trivial, G.vector @ H.vector**2
    assert Hom(tensors, flat).dim == Hom(G.vector, G.vector).dim * Hom(H.vector**2, H.trivial).dim == 2


@pytest.mark.parametrize(
    ("n", "p", "q"), [(4, 2, 2), (20, 2, 2), (5, 3, 2)], ids=["S(4) × SO(3)", "S(20) × SO(3)", "third order"]
)
def test_maps_of_large_external_products_come_from_their_factors(n, p, q):
    V, W = groups.S(n).vector ** p @ groups.SO(3).vector ** 2, (groups.S(n).vector @ groups.SO(3).vector) ** q
    H = Hom(V, W)
    assert (H.route, H.dim) == ("factors", oracles.partitions(p + q, n) * oracles.riordan(2 + q))
    c = torch.randn(2, H.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    M = H.combine(c)
    torch.testing.assert_close(H.coefficients(M), c)
    assert_equivariant(lambda x: x @ M[0].T, V, W)
    assert "basis" not in vars(H)


def test_what_is_no_external_product_takes_another_route():
    both = groups.S(3) * groups.SO(3)
    for V in (both.vector, (groups.S(3).vector @ groups.SO(3).vector).sym(2)):
        assert Hom(V, V).route == "weights"
        with pytest.raises(ValueError, match="factors for external products"):
            Hom(V, V, route="factors")
    one = Hom(both.trivial, groups.S(3).vector @ groups.SO(3).trivial)
    assert (one.route, one.dim, one.basis.tolist()) == ("factors", 1, [[[1.0], [1.0], [1.0]]])


def test_where_a_factor_does_nothing_the_weights_are_those_of_the_other():
    """scipy's Kronecker product of zeros is real whatever its factors are."""
    V = groups.S(3).vector @ groups.SO(3).trivial
    assert Hom(V, V, route="weights").dim == 2 == Hom(V, V).dim


@pytest.mark.parametrize(
    "V", [groups.S(5).vector ** 2, groups.SO(3).vector ** 2, SHARED["a set of vectors"][0]], ids=str
)
def test_norms_are_those_of_the_basis(V):
    H = Hom(V, V)
    torch.testing.assert_close(H.norms, H.basis.flatten(1).norm(dim=1))


def test_an_equivariant_map_of_the_unitary_group_is_complex():
    G = groups.U(3)
    adjoint = G.vector * G.vector.dual
    H = Hom(adjoint, adjoint)
    assert H.dim == 2 and H.basis.is_complex()
    M = H.combine(torch.tensor([1.0 + 2j, 3j], dtype=torch.complex128))
    assert_equivariant(lambda x: x @ M.T, adjoint, adjoint)


@pytest.mark.parametrize("G", [SHEAR, SHEARS], ids=str)
def test_a_group_that_is_not_reductive_falls_back_to_the_null_space(G):
    H = Hom(G.vector, G.vector)
    assert (H.dim, H.route) == (2, "null space")  # a + b [[0, 1], [0, 0]]
    assert torch.equal(H.basis, torch.tensor([[[1, 0], [0, 1]], [[0, 1], [0, 0]]], dtype=torch.float64))
    large = Hom(G.vector**4, G.vector**3)  # V^⊗7 has C(7, 3) Jordan blocks
    assert (large.dim, large.route) == (math.comb(7, 3), "null space")


def test_an_infinite_group_of_generators_is_never_averaged():
    V = SHEAR.vector
    H = Hom(V**5, V**5 + V)  # 1088 unknowns, more than a finite group would be solved for by its null space
    assert (H.dim, H.route) == (math.comb(10, 5) + math.comb(6, 3), "null space")
    V = groups.MatrixGroup(torch.matrix_exp(groups.SO(2).lie_algebra), name="turns by one radian").vector
    turned = Hom(V**5, V**5 + V)
    assert (turned.dim, turned.route) == (math.comb(10, 5) + math.comb(6, 3), "null space")  # as for all of SO(2)


# combine, coefficients
def test_combine_and_coefficients_take_batches_and_types():
    for V in (groups.S(3).vector ** 2, groups.SignedPermutations(3).vector ** 2, groups.SO(3).vector ** 2):
        H = Hom(V, V)
        c = torch.randn(4, 5, H.dim, generator=torch.Generator().manual_seed(0))
        M = H.combine(c)
        assert M.shape == (4, 5, V.size, V.size) and M.dtype == torch.float32
        torch.testing.assert_close(H.coefficients(M), c)
        assert H.project(M.to(torch.complex64)).dtype == torch.complex64


@pytest.mark.parametrize(
    "V", [groups.S(3).vector, groups.SignedPermutations(2).vector ** 2, groups.SO(2).vector], ids=lambda V: str(V.group)
)
def test_combine_and_project_are_differentiable(V):
    H = Hom(V, V)
    c = torch.randn(2, H.dim, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    M = torch.randn(V.size, V.size, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(H.combine, c)
    assert torch.autograd.gradcheck(H.project, M)


# memory
def test_a_permutation_answer_never_builds_a_dense_basis():
    G = groups.C(512)  # a dense basis would have 512³ entries, 1 GiB
    H = Hom(G.vector, G.vector)
    M = H.combine(torch.arange(512.0))
    assert torch.equal(H.coefficients(M), torch.arange(512.0))
    assert torch.equal(H.project(M), M)
    assert "basis" not in vars(H) and "U" not in vars(H)


@pytest.mark.parametrize(
    ("ask", "gibibytes"),
    [
        (lambda: Hom(groups.S(30).vector ** 4, groups.S(30).vector ** 4), "48,883.3 GiB"),
        (lambda: Hom(groups.trivial(500).vector, groups.trivial(500).vector).basis, "465.7 GiB"),
        (lambda: Hom(groups.trivial(500).vector, groups.trivial(500).vector, route="null space"), "2,328.3 GiB"),
        (
            lambda: Hom(groups.SO(3).vector ** 12, groups.SO(3).vector ** 2),
            "with 616,227 zero weights, needs 28,292.5 GiB",
        ),
        (  # 43 million pairs of weights, of which none is compared
            lambda: Hom(groups.O(3).vector ** 8, groups.O(3).vector ** 8),
            "with 5,196,627 zero weights, needs 2,012,024.2 GiB",
        ),
    ],
    ids=["orbits", "basis", "null space", "weights", "many weights"],
)
def test_what_does_not_fit_is_refused_before_it_is_allocated(ask, gibibytes, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=8 * 2**30))
    with pytest.raises(MemoryError, match=gibibytes):
        ask()


# certificates
def test_a_certificate_proves_equivariance_in_integers():
    for H in (
        Hom(groups.SO(3).vector ** 4, groups.SO(3).trivial),
        Hom(LORENTZ.vector**4, LORENTZ.trivial),
        Hom(groups.SignedPermutations(3).vector.alt(2), groups.SignedPermutations(3).vector ** 2),
    ):
        certificate = H.certificate()
        assert set(certificate.entries) <= {-1, 0, 1} and certificate.denominator == 1
        pairs = len(H.V.group.generators) + len(H.V.group.lie_algebra)
        assert certificate.equations == H.dim * H.V.size * H.W.size * pairs


def test_a_certificate_is_refused_where_entries_are_irrational():
    G = groups.C.plane(5)
    with pytest.raises(ValueError, match="irrational"):
        Hom(G.vector, G.vector).certificate()
    with pytest.raises(ValueError, match="not rational"):
        Hom(groups.D.plane(5).vector, groups.D.plane(5).regular).certificate()


def test_a_false_basis_has_no_certificate():
    H = Hom(groups.SO(3).vector ** 2, groups.SO(3).vector ** 2)
    H.basis[0, 0, 1] += 1
    with pytest.raises(AssertionError, match="breaks an equation"):
        H.certificate()


# errors
@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: Hom(groups.S(3).vector, groups.S(4).vector), ValueError, r"V belongs to S\(3\) and W to S\(4\)"),
        (lambda: Hom(groups.S(3), groups.S(3)), TypeError, "no representation"),
        (lambda: Hom(groups.S(3).vector, groups.S(3).vector, route="orbit"), ValueError, "does not apply"),
        (lambda: Hom(groups.SO(3).vector, groups.SO(3).vector, route="orbits"), ValueError, "does not apply"),
        (lambda: Hom(groups.SO(3).vector, groups.SO(3).vector, route="average"), ValueError, "does not apply"),
        (lambda: Hom(SHEARS.vector, SHEARS.vector, route="weights"), ValueError, "not reductive"),
        (lambda: Hom(groups.S(3).vector, groups.S(3).vector).combine(torch.zeros(3)), ValueError, r"takes \(..., 2\)"),
        (lambda: Hom(groups.S(3).vector, groups.S(3).vector).project(torch.zeros(3, 4)), ValueError, r"\(..., 3, 3\)"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(ask, error, words):
    with pytest.raises(error, match=words):
        ask()


def test_it_prints_as_mathematics():
    H = Hom(groups.S(5).vector ** 2, groups.S(5).trivial)
    assert str(H) == "Hom(V⊗V → 1) over S(5): dimension 2 of 25, by orbits"
