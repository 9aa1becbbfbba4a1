import functools
import math

import numpy as np
import oracles
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eqkit import groups
from eqkit.groups import MatrixGroup
from eqkit.representations import assert_equivariant, assert_invariant, equivariance_error


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def close(a, b, tolerance=1e-9):
    torch.testing.assert_close(a, b, atol=tolerance * (1 + float(b.abs().max()) if b.numel() else 1), rtol=0)


def bracket(A, B):
    return A @ B - B @ A


# own representations
PAULI = torch.tensor([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=torch.complex128)


def adjoint(G):
    """X ↦ [A, X] on the Lie algebra, in the coordinates of its basis."""
    flat = torch.view_as_real(G.lie_algebra + 0j).flatten(1).T
    columns = [[torch.view_as_real(bracket(A, B) + 0j).flatten() for B in G.lie_algebra] for A in G.lie_algebra]
    return torch.stack([torch.linalg.lstsq(flat, torch.stack(row, 1)).solution for row in columns])


SO3, SU2 = groups.SO(3), groups.SU(2)
# the basis e_ij − e_ji of so(3) for (0,1), (0,2), (1,2) turns about −z, y, −x; spin is −iσ/2 about each axis
SPIN = torch.stack([0.5j * PAULI[2], -0.5j * PAULI[1], 0.5j * PAULI[0]])
SIGN = groups.S(4).representation(torch.tensor([[[-1.0]], [[-1.0]]]), name="sign")
ROTATED = groups.C(5).representation(groups.C.plane(5).generators, name="turn")
CHARACTER = groups.C(3).representation(
    torch.exp(torch.tensor([[[2j * math.pi / 3]]], dtype=torch.complex128)), name="ω"
)
DETERMINANT = groups.O(3).representation(torch.tensor([[[-1.0]]]), torch.zeros(3, 1, 1), name="det")
ADJOINT = SU2.representation(lie=adjoint(SU2), name="ad")


@functools.cache
def leaves():
    S4, D4 = groups.S(4), groups.D(4)
    product = groups.S(3) * groups.C(2)
    mixed = groups.SO(3) * groups.S(3)
    return [
        [S4.vector, SIGN, S4.trivial],
        [D4.vector, D4.regular],
        [groups.D.plane(3).vector, groups.D.plane(3).regular],
        [groups.SignedPermutations(2).vector, groups.SignedPermutations(2).regular],
        [groups.C(5).vector, ROTATED],
        [groups.C(3).vector, CHARACTER],
        [groups.S(3).vector @ groups.C(2).vector, product.vector, groups.S(3).regular @ groups.C(2).trivial],
        [groups.S(5).vector.restrict(groups.D(5)), groups.D(5).vector],
        [SIGN.restrict(groups.C(4)), groups.C(4).vector],
        [SO3.vector, SO3.trivial],
        [groups.O(3).vector, DETERMINANT],
        [SU2.vector, ADJOINT],
        [groups.Lorentz().vector],
        [groups.GL(2).vector],
        [SO3.vector @ groups.S(3).vector, mixed.vector],
        [ADJOINT @ groups.C(2).vector],
    ]


def grow(V, W, choice, k):
    """One step of a random expression."""
    if choice == "dual":
        return V.dual
    if choice == "sym":
        return V.sym(k)
    if choice == "alt":
        return V.alt(min(k, V.size))
    return {"sum": lambda: V + W, "copies": lambda: k * V, "product": lambda: V * W}[choice]()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sum", "product", "dual", "sym", "alt", "copies"]), st.integers(1, 3), st.integers(0, 9)
    ),
    max_size=3,
)


LIE = range(9, 16)


@st.composite
def expressions(draw, families=range(16)):
    family = leaves()[draw(st.sampled_from(list(families)))]
    V = draw(st.sampled_from(family))
    for choice, k, other in draw(STEPS):
        W = family[other % len(family)]
        size = {"sym": math.comb(V.size + k - 1, k), "product": V.size * W.size, "copies": k * V.size}.get(choice, 0)
        assume(size <= 48 and V.size**k <= 2048)
        V = grow(V, W, choice, k)
    return V


quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def elements(V, count, seed):
    G = V.group
    return G.random_products(count, seeded(seed), steps=3, scale=0.3)


@quick
@given(expressions(), st.integers(0, 10**6))
def test_a_product_of_elements_goes_to_the_product_of_matrices(V, seed):
    g, h = elements(V, 2, seed)
    close(V(g @ h), V(g) @ V(h))
    one = torch.eye(V.group.n, dtype=g.dtype)
    close(V(one), torch.eye(V.size, dtype=V(one).dtype))


@quick
@given(expressions(), st.integers(0, 10**6))
def test_the_character_is_the_trace_and_the_dual_is_the_inverse_transpose(V, seed):
    g = elements(V, 3, seed)
    close(V.character(g) + 0j, V(g).diagonal(dim1=-2, dim2=-1).sum(-1) + 0j)
    close(V.dual(g), torch.linalg.inv(V(g)).mT)
    assert V.dual.dual == V


@quick
@given(expressions(), st.integers(0, 10**6))
def test_acting_is_multiplying_for_one_element_and_for_many(V, seed):
    g = elements(V, 3, seed)
    x = torch.randn(3, 2, V.size, generator=seeded(seed), dtype=torch.float64)
    close(V.act(g[0], x) + 0j, (x + 0j) @ (V(g[0]).mT + 0j))
    close(V.act(g, x) + 0j, (x + 0j) @ (V(g).mT + 0j))
    assert V.act(g[0], x[0, 0]).shape == (V.size,)


@quick
@given(expressions(range(9)))
def test_index_maps_are_the_matrices_of_the_generators(V):
    G = V.group
    if V.monomial is None:
        assert not V.is_permutation
    else:
        assert V.monomial.index.shape == V.monomial.sign.shape == (len(G.generators), V.size)
        close(V.monomial.matrices(), V(G.generators))
        assert V.is_permutation == bool((V(G.generators) >= 0).all())


@quick
@given(expressions(LIE), st.integers(0, 10**6))
def test_the_lie_map_is_the_derivative_and_keeps_brackets(V, seed):
    G = V.group
    c = torch.randn(2, len(G.lie_algebra), generator=seeded(seed), dtype=torch.float64)
    A, B = torch.einsum("cd,dij->cij", c.to(G.lie_algebra.dtype), G.lie_algebra)
    step = 1e-5
    difference = (V(torch.matrix_exp(step * A)) - V(torch.matrix_exp(-step * A))) / (2 * step)
    close(V.lie(A) + 0j, difference + 0j, 1e-6)
    close(V.lie(bracket(A, B)), bracket(V.lie(A), V.lie(B)))
    g = elements(V, 1, seed)[0]
    close((V(g) + 0j) @ (V.lie(A) + 0j), (V.lie(g @ A @ torch.linalg.inv(g)) + 0j) @ (V(g) + 0j), 1e-8)


@quick
@given(expressions(LIE), st.integers(0, 10**6))
def test_weights_are_the_eigenvalues_of_the_lie_map(V, seed):
    G = V.group
    c = torch.randn(len(G.lie_algebra), generator=seeded(seed), dtype=torch.float64)
    A = torch.einsum("d,dij->ij", c.to(G.lie_algebra.dtype), G.lie_algebra)
    weights = V._weights(lambda leaf: np.linalg.eigvals(leaf.lie_at(A).numpy()))
    # multisets of complex numbers are compared by their power sums, and Σ λᵏ = tr dV(A)ᵏ needs no eigenvalue solver
    scale = max(1.0, float(np.abs(weights).max()))
    L = power = (V.lie(A) + 0j) / scale
    for k in range(1, 6):
        close(torch.from_numpy((weights + 0j) / scale).pow(k).sum(), power.diagonal().sum(), 1e-6)
        power = power @ L


@pytest.mark.parametrize("family", leaves(), ids=lambda family: str(family[0].group))
def test_sizes_and_names_of_the_algebra(family):
    V, n = family[0], family[0].size
    W = family[-1]
    for expression, size in (
        (V + W, n + W.size),
        (3 * V, 3 * n),
        (V * W, n * W.size),
        (V**2, n * n),
        (V**0, 1),
        (V.sym(3), math.comb(n + 2, 3)),
        (V.alt(2) if n > 1 else V.alt(1), math.comb(n, 2) if n > 1 else 1),
        ((V + W).dual, n + W.size),
    ):
        assert expression.size == size
        assert expression(V.group.generators[:1]).shape[1:] == (size, size)
        assert str(expression) and expression._repr_latex_().startswith("$")


def test_representations_print_as_mathematics_and_are_values():
    G = groups.S(4)
    V = G.vector
    assert str(2 * V + V * V.dual + G.trivial) == "2·V ⊕ V⊗V* ⊕ 1"
    assert str((V + G.trivial) ** 2) == "(V ⊕ 1)⊗(V ⊕ 1)" and str(V.sym(2).dual) == "(Sym²(V))*"
    assert V + V == 2 * V and V * V * V == V**3 and hash(V + V) == hash(2 * V) and 1 * V == V == V**1
    assert V.sym(2) != V.alt(2) != V**2 and V != V.dual and V != groups.A(4).vector
    assert (V + G.trivial) * V != V * (V + G.trivial)


@pytest.mark.parametrize("n, k", [(1, 3), (2, 2), (3, 2), (3, 3), (4, 2), (5, 3)])
def test_symmetric_and_alternating_powers_are_orthonormal_invariant_subspaces(n, k):
    V = groups.GL(n).vector
    g = groups.GL(n).random_products(2, seeded(n), scale=0.3)
    parts = [V.sym(k)] + ([V.alt(k)] if k <= n else [])
    for part in parts:
        P = torch.from_numpy(part.isometry.toarray())
        close(P.T @ P, torch.eye(part.size, dtype=torch.float64))
        close((V**k)(g) @ P, P @ part(g))  # the tensor power leaves the subspace alone
    if k == 2 and n > 1:
        both = torch.cat([torch.from_numpy(part.isometry.toarray()) for part in parts], 1)
        close(both @ both.T, torch.eye(n * n, dtype=torch.float64))  # V⊗V = Sym² ⊕ Alt²
    if k == n:
        close(V.alt(n)(g).flatten(), torch.linalg.det(g))


def test_spaces_that_theory_calls_isomorphic_have_equal_characters():
    g = SO3.sample(5, seeded())
    V = SO3.vector
    close((V.alt(2)).character(g), V.character(g))  # the cross product
    close((V * V).character(g), (V.sym(2) + V.alt(2)).character(g))
    h = SU2.sample(5, seeded())
    close(ADJOINT.character(h) + 0j, SU2.vector.sym(2).character(h))
    S4 = groups.S(4)
    close(S4.regular.character(S4.elements()), 24 * torch.nn.functional.one_hot(torch.tensor(0), 24).double())
    close(SIGN.character(S4.elements()), torch.linalg.det(S4.elements()))
    assert S4.regular.character(S4.elements()).sum() == 24


def test_mean_characters_count_invariants():
    for n in range(1, 6):
        V = groups.S(n).vector
        for k in range(5):
            assert round(float((V**k).character(groups.S(n).elements()).mean())) == oracles.partitions(k, n)
    for k in range(1, 4):  # multisets: Symᵏ has one invariant for each partition of k into at most n parts
        V = groups.S(3).vector
        assert round(float(V.sym(k).character(groups.S(3).elements()).mean())) == k


def test_the_regular_representation_moves_elements():
    for G in (groups.S(3), groups.Icosahedral(), groups.C(3) * groups.C(2)):
        R, g = G.regular, G.elements()
        h = G.sample(1, seeded())[0]
        where = G.index(h @ g)
        close(R(h)[where, torch.arange(G.order)], torch.ones(G.order, dtype=torch.float64))
        assert R.is_permutation and R.size == G.order and str(R) == "regular"


def test_the_regular_representation_of_a_large_group_is_never_dense():
    R = groups.S(7).regular  # a table of 5040 matrices of this size would need a terabyte
    assert R.size == 5040 and R.monomial.index.shape == (2, 5040)


def test_a_quotient_and_a_spin_representation():
    S4, g = groups.S(4), groups.S(4).elements()
    # S(4) acts on the three ways to pair four points: a homomorphism onto S(3) with kernel of order 4
    pairings = [{frozenset({0, 1}), frozenset({2, 3})}, {frozenset({0, 2}), frozenset({1, 3})}]
    pairings.append({frozenset({0, 3}), frozenset({1, 2})})
    images = torch.zeros(2, 3, 3, dtype=torch.float64)
    for s, p in enumerate(S4.permutations.tolist()):
        for j, pairing in enumerate(pairings):
            images[s, pairings.index({frozenset(p[i] for i in pair) for pair in pairing}), j] = 1
    V = S4.representation(images, name="pairings")
    assert V.is_permutation
    assert int(((V(g) - torch.eye(3)).abs().amax((1, 2)) == 0).sum()) == 4
    # SU(2) covers SO(3) twice: its adjoint representation does not see the sign, its vector (spin) does
    close(ADJOINT(-torch.eye(2, dtype=torch.complex128)), torch.eye(3, dtype=torch.float64))
    close(bracket(SPIN[0], SPIN[1]), SPIN[2] * float((bracket(*SO3.lie_algebra[:2]) / SO3.lie_algebra[2]).nanmean()))
    with pytest.raises(ValueError, match=r"represent the Lie algebra, but not SO\(3\); perhaps a covering group"):
        SO3.representation(lie=SPIN, name="spin")


def test_elements_without_a_real_logarithm_are_reached_in_two_steps():
    half_turn = torch.diag(torch.tensor([-1.0, -1.0, 1.0]))
    V = SO3.representation(lie=SO3.lie_algebra, name="copy")
    close(V(half_turn), half_turn.double())
    SL, far = groups.SL(2), torch.tensor([[-2.0, 0.0], [0.0, -0.5]])  # trace below −2: no exponential in SL(2)
    close(SL.representation(lie=SL.lie_algebra, name="copy")(far), far.double(), 1e-8)
    L = groups.Lorentz()
    V = L.representation(L.generators, L.lie_algebra, name="copy")
    close(V(-torch.eye(4)), -torch.eye(4, dtype=torch.float64))  # the product of parity and time reversal


def test_restriction_gives_the_same_matrices():
    V = groups.O(3).vector.sym(2) + DETERMINANT
    for H in (groups.SO(3), groups.Octahedral(), groups.SignedPermutations(3)):
        g = H.random_products(4, seeded())
        close(V.restrict(H)(g), V(g))
        assert V.restrict(H).group == H
    regular = groups.S(4).regular.restrict(groups.C(4))
    close(regular(groups.C(4).elements()), groups.S(4).regular(groups.C(4).elements()))


def test_external_products_see_each_factor():
    V = groups.SO(3).vector @ groups.S(4).vector.sym(2)
    g, h = groups.SO(3).sample(1, seeded())[0], groups.S(4).sample(1, seeded())[0]
    both = torch.block_diag(g, h)
    close(V(both), torch.kron(g.contiguous(), groups.S(4).vector.sym(2)(h).contiguous()))
    assert V.group == groups.SO(3) * groups.S(4) and str(V) == "V[SO(3)]⊗Sym²(V[S(4)])"
    assert (groups.S(3).vector @ groups.C(2).vector).is_permutation


# the test kit
def rotate_quarter(x):
    return torch.stack([-x[:, 1], x[:, 0]], 1)


def test_the_test_kit_passes_what_is_equivariant():
    V = groups.D.plane(4).vector
    assert_equivariant(lambda x: x * x.norm(dim=1, keepdim=True), V, V)
    assert_invariant(lambda x: x.norm(dim=1), V)
    assert_invariant(lambda x: torch.stack([x.norm(dim=1), (x**4).sum(1)], 1), V)
    assert_equivariant(rotate_quarter, groups.C.plane(8).vector, groups.C.plane(8).vector)
    SL = groups.SL(2).vector
    assert_invariant(lambda x: x[:, 0] * x[:, 3] - x[:, 1] * x[:, 2], 2 * SL)  # a determinant
    assert_equivariant(lambda x: x.requires_grad_() * 2.0, V, V)
    assert_invariant(lambda z: z.abs(), CHARACTER)
    assert_invariant(lambda z: (z**3).real, CHARACTER)
    with pytest.raises(AssertionError):
        assert_invariant(lambda z: (z**2).real, CHARACTER)


def test_the_test_kit_names_the_worst_element_and_input():
    V = groups.D.plane(4).vector
    with pytest.raises(AssertionError, match=r"(?s)V → V is not equivariant to D.plane\(4\).*g =.*x = tensor"):
        assert_equivariant(rotate_quarter, V, V)
    with pytest.raises(AssertionError, match="relative error"):
        assert_invariant(lambda x: x[:, 0], V)
    with pytest.raises(AssertionError):
        assert_invariant(lambda x: x.norm(dim=1) * math.nan, V)
    x = torch.tensor([[1.0, 1.0], [2.0, -5.0]], dtype=torch.float64)
    error, g, worst = equivariance_error(lambda y: y[:, 0].abs()[:, None], V, V.group.trivial, x)
    torch.testing.assert_close(error, 3 / 3, atol=1e-12, rtol=0)
    assert worst.tolist() == [2.0, -5.0] and V.group.contains(g)
    assert_invariant(lambda y: y[:, 0].abs(), V, x=x[:1])  # the symmetry holds at this input


def test_the_test_kit_finds_a_symmetry_that_only_the_continuous_part_breaks():
    V = groups.O(2).vector
    with pytest.raises(AssertionError):
        assert_invariant(lambda x: x.abs().sum(1), V)


# refusals
@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: groups.S(3).vector + groups.S(4).vector, r"V belongs to S\(3\) and W to S\(4\)"),
        (lambda: groups.S(3).vector * groups.S(4).vector, r"S\(3\) × S\(4\) write V @ W"),
        (lambda: groups.S(3).vector.sym(0), "an integer ≥ 1"),
        (lambda: groups.S(3).vector.alt(4), "from 1 to the size of V, here 3"),
        (lambda: groups.S(3).vector ** -1, "integer ≥ 0"),
        (lambda: 0 * groups.S(3).vector, "positive integer"),
        (lambda: groups.S(3).vector(torch.eye(4)), r"shape \(4, 4\); S\(3\) acts by \(\.\.\., 3, 3\)"),
        (lambda: groups.S(3).vector(torch.full((3, 3), math.nan)), "NaN"),
        (lambda: groups.S(3).vector.act(torch.eye(3), torch.ones(4)), r"\(\.\.\., 3\), not \(4,\)"),
        (lambda: groups.S(3).vector.act(torch.eye(3)[None], torch.ones(2, 3)), r"\(1, \.\.\., 3\), not \(2, 3\)"),
        (lambda: groups.S(3).vector.restrict(groups.S(4)), "a subgroup has matrices of the same size"),
        (lambda: groups.SO(3).vector.restrict(groups.O(3)), r"O\(3\) has elements that SO\(3\) does not contain"),
        (lambda: groups.A(4).vector.sym(2).restrict(groups.S(4)), r"restrict to a subgroup of A\(4\)"),
        (lambda: groups.S(3).regular(-torch.eye(3)), "is no element"),
        (lambda: SIGN(torch.diag(torch.tensor([1.0, 1, 1, -1]))), "is no element"),
        (lambda: groups.S(3).representation(torch.tensor([[[-1.0]], [[1.0]]])), r"ρ\(s\)ρ\(h\) and ρ\(sh\) differ"),
        (lambda: groups.S(3).representation(torch.eye(2)[None]), "a square matrix for each of its 2 generators"),
        (lambda: groups.S(3).representation(torch.ones(2, 2, 3)), "square matrix"),
        (lambda: groups.S(3).representation(torch.full((2, 1, 1), math.nan)), "NaN"),
        (lambda: groups.S(3).representation(), "give the images"),
        (lambda: groups.trivial(2).representation(), "multiple of .trivial"),
        (lambda: SO3.representation(lie=torch.ones(3, 1, 1)), "break the bracket"),
        (lambda: groups.O(3).representation(torch.tensor([[[1j]]]), torch.zeros(3, 1, 1)), "generators' images break"),
        (lambda: groups.U(1).representation(lie=groups.U(1).lie_algebra / 2), "perhaps a covering group"),
        (lambda: SO3.representation(lie=torch.zeros(2, 1, 1)), "3 algebra basis elements"),
        (lambda: groups.O(3).representation(torch.eye(3)[None], groups.O(3).lie_algebra), r"breaks ρ\(g\)ρ\(A\)"),
        (lambda: groups.SO(3).regular, "infinite"),
    ],
)
def test_what_is_no_representation_is_refused_with_the_rule(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


def test_adding_something_else_is_a_type_error():
    with pytest.raises(TypeError, match="no representation"):
        groups.S(3).vector + 1


def test_a_function_of_the_wrong_shape_is_refused_by_the_test_kit():
    V = groups.S(3).vector
    with pytest.raises(ValueError, match=r"\(16, 2\); for V → V it must be \(16, 3\)"):
        assert_equivariant(lambda x: x[:, :2], V, V)
    with pytest.raises(ValueError, match="build both from one group"):
        assert_equivariant(lambda x: x, V, groups.C(3).vector)


def test_a_matrix_that_is_no_element_is_refused_with_the_cure():
    V = SO3.representation(lie=SO3.lie_algebra, name="copy")
    with pytest.raises(ValueError, match="no exponentials of the Lie algebra lead to this element.*⊕, ⊗"):
        V(-torch.eye(3))


def test_generators_in_a_bare_matrix_group_have_representations_too():
    G = MatrixGroup(groups.Octahedral().generators, name="cube")
    V = G.vector.sym(2) + G.regular
    g, h = G.sample(2, seeded())
    close(V(g @ h), V(g) @ V(h))
