import math

import oracles
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import groups, reynolds
from eqkit.representations import assert_equivariant, assert_invariant


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def anything(x):
    """A function of every entry, with no symmetry."""
    weights = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    return torch.sin(x @ weights) + (x**3) @ weights


def of_two(x):
    """A function of the first two entries."""
    return torch.sin(x[:, 0] + 2 * x[:, 1] ** 2) * x[:, 0]


def monomials(x, degree):
    """One polynomial of this degree in x that no rotation leaves alone."""
    return x[:, 0] ** (degree - degree // 2) * (x[:, 1] + 2 * x[:, 2]) ** (degree // 2)


FINITE = [
    groups.S(4),
    groups.D(5),
    groups.D.plane(5),
    groups.SignedPermutations(3),
    groups.Tetrahedral(),
    groups.trivial(3),
    groups.C(3) * groups.D.plane(3),
]


# the average over a finite group
@pytest.mark.parametrize("G", FINITE, ids=str)
def test_the_average_is_invariant_and_projects(G):
    V = G.vector
    R = reynolds.project(anything, V)
    assert (R.terms, R.exact) == (G.order, True)
    x = random(6, V.size)
    assert_invariant(R, V, 1e-9, x)
    torch.testing.assert_close(reynolds.project(R, V)(x), R(x))


@pytest.mark.parametrize("G", FINITE, ids=str)
def test_the_average_of_a_map_is_equivariant_and_projects(G):
    V, W = G.vector, G.vector * G.vector.dual + G.trivial
    A = random(W.size, V.size, seed=3)
    R = reynolds.project(lambda x: torch.tanh(x @ A.T), V, W)
    x = random(6, V.size)
    assert R(x).shape == (6, W.size)
    assert_equivariant(R, V, W, 1e-9, x)
    torch.testing.assert_close(reynolds.project(R, V, W)(x), R(x))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(FINITE), st.integers(0, 10**6))
def test_the_operator_is_linear_over_the_invariants(G, seed):
    V, x = G.vector, random(4, G.n, seed=seed)
    invariant = reynolds.project(lambda y: torch.cos(y[:, 0]), V)
    f, h = anything, lambda y: y[:, -1] ** 2
    left = reynolds.project(lambda y: f(y) * invariant(y) + 3 * h(y), V)(x)
    torch.testing.assert_close(left, reynolds.project(f, V)(x) * invariant(x) + 3 * reynolds.project(h, V)(x))


def test_the_average_over_a_complex_character_is_a_fourier_coefficient():
    G = groups.C(3)
    root = torch.exp(torch.tensor([[[2j * math.pi / 3]]], dtype=torch.complex128))
    x = random(4, 3)
    R = reynolds.project(lambda y: y[:, :1], G.vector, G.representation(root))
    coefficient = torch.fft.fft(x, dim=1)[:, 1] / 3
    torch.testing.assert_close(R(x)[:, 0].abs(), coefficient.abs())
    assert_equivariant(R, G.vector, G.representation(root))


def test_the_average_is_the_formula_written_out():
    G = groups.D(4)
    V, W = G.vector, G.vector.sym(2)
    A = random(W.size, V.size)
    x = random(V.size)
    terms = [torch.linalg.inv(W(g)) @ torch.relu(A @ V(g) @ x) for g in G.elements()]
    torch.testing.assert_close(reynolds.project(lambda y: torch.relu(y @ A.T), V, W)(x), sum(terms) / 8)


def test_a_batch_of_any_shape_and_values_of_any_shape():
    V = groups.S(3).vector
    x = random(2, 5, 3)
    R = reynolds.project(lambda y: y[:, :2, None] * y[:, None, :2], V)
    assert R(x).shape == (2, 5, 2, 2)
    torch.testing.assert_close(R(x)[1, 3], R(x[1, 3]))
    assert R(torch.tensor([1, 2, 3])).dtype == torch.float64


def test_memory_is_bounded_by_chunks_that_do_not_change_the_sum(monkeypatch):
    V, x = groups.S(5).vector, random(7, 5)
    whole = reynolds.project(anything, V)(x)
    monkeypatch.setattr(reynolds.designs, "CHUNK", 200)
    seen = []
    pieces = reynolds.project(lambda y: (seen.append(len(y)), anything(y))[1], V)
    torch.testing.assert_close(pieces(x), whole)
    assert max(seen) * 5 <= 200 and sum(seen) == 120 * 7


def test_gradients_flow_to_the_input_and_to_the_parameters_of_f():
    V = groups.D(4).vector
    layer = torch.nn.Linear(4, 1)
    x = random(3, 4).float().requires_grad_()
    value = reynolds.project(lambda y: torch.tanh(layer(y)), V)(x)
    assert value.dtype == torch.float32
    value.sum().backward()
    assert layer.weight.grad.abs().sum() > 0
    assert_invariant(lambda y: reynolds.project(lambda z: torch.tanh(layer.double()(z)), V)(y), V, 1e-9)
    torch.autograd.gradcheck(reynolds.project(anything, V), random(2, 4).requires_grad_())


# designs
@pytest.mark.parametrize("n", range(4, 9))
def test_functions_of_two_entries_need_n_times_n_minus_1_terms(n):
    V, x = groups.S(n).vector, random(3, n)
    design = reynolds.project(of_two, V, over=reynolds.reading(V, [0, 1]))
    assert (design.terms, design.exact) == (n * (n - 1), True)
    assert (design(x) - reynolds.project(of_two, V)(x)).abs().max() < 1e-14


def test_a_design_never_lists_the_group():
    V = groups.S(20).vector
    R = reynolds.project(of_two, V, over=reynolds.reading(V, [0, 1]))
    x = random(2, 20)
    pairs = torch.stack([of_two(x[:, [i, j]]) for i in range(20) for j in range(20) if i != j])
    assert R.terms == 380
    torch.testing.assert_close(R(x), pairs.mean(0))
    assert reynolds.reading(groups.RubiksCube().vector, [0]).terms == 24


def test_the_representatives_are_of_right_cosets_and_the_wrong_side_errs():
    V, x = groups.S(5).vector, random(4, 5)
    exact = reynolds.project(of_two, V)(x)
    right = reynolds.reading(V, [0, 1])
    wrong = reynolds.Design(V.group, torch.linalg.inv(right.elements.matrices()), "nothing")
    assert (reynolds.project(of_two, V, over=right)(x) - exact).abs().max() < 1e-14
    assert (reynolds.project(of_two, V, over=wrong)(x) - exact).abs().max() > 0.01


@pytest.mark.parametrize(
    "V, entries, terms",
    [
        (groups.A(5).vector, [0, 1], 20),  # A(5) is 3-transitive
        (groups.A(5).vector, [0, 1, 2], 60),
        (groups.D(6).vector, [0], 6),
        (groups.D(6).vector, [0, 3], 6),  # opposite corners: fixed by the reflection through them
        (groups.SignedPermutations(3).vector, [1], 6),  # ±e₀, ±e₁, ±e₂
        (groups.S(4).vector ** 2, [1], 12),  # the entry (0, 1) of a matrix
        (groups.S(4).vector ** 2, [0], 4),  # a diagonal entry
        (2 * groups.S(4).vector, [0, 4, 1, 5], 12),  # two numbers for each point
        (groups.Icosahedral().regular, [7], 60),
        ((groups.C(2) * groups.S(3)).vector, [0, 2], 6),
        (groups.trivial(3).vector, [2], 1),
    ],
    ids=str,
)
def test_reading_has_as_many_terms_as_the_orbit_and_the_average_of_all(V, entries, terms):
    x, w = random(3, V.size), random(len(entries), seed=1)

    def f(y):
        return torch.sin(y[:, entries] @ w) + y[:, entries].prod(-1)

    R = reynolds.project(f, V, over=reynolds.reading(V, entries))
    assert R.terms == terms
    torch.testing.assert_close(R(x), reynolds.project(f, V)(x))


def test_cosets_of_a_subgroup_average_what_the_subgroup_leaves_alone():
    G = groups.S(4)
    K = groups.permutation_group([[0, 1, 3, 2]])  # swaps the entries 2 and 3
    V, W = G.vector, G.vector**2
    A = reynolds.projector(W.restrict(K) * V.dual.restrict(K)) @ random(W.size * V.size)

    def f(y):
        return torch.tanh(y @ A.reshape(W.size, V.size).T)

    assert_equivariant(f, V.restrict(K), W.restrict(K), 1e-12)
    R = reynolds.project(f, V, W, over=reynolds.cosets(G, K))
    x = random(5, 4)
    assert R.terms == 12
    torch.testing.assert_close(R(x), reynolds.project(f, V, W)(x))


@pytest.mark.parametrize(
    "G, K, terms",
    [
        (groups.S(4), groups.A(4), 2),
        (groups.A(4), groups.trivial(4), 12),
        (groups.D(6), groups.C(6), 2),
        (groups.Octahedral(), groups.Tetrahedral(), 2),
        (groups.Icosahedral(), groups.Tetrahedral(), 5),
        (groups.S(3), groups.S(3), 1),
    ],
    ids=str,
)
def test_there_are_as_many_cosets_as_the_index(G, K, terms):
    design = reynolds.cosets(G, K)
    assert design.terms == terms == G.order / K.order
    products = torch.cat([k @ design.elements for k in K.elements()])
    assert sorted(G.index(products).tolist()) == list(range(G.order))  # the cosets Kg cover G, each element once


@pytest.mark.parametrize("p", [5, 7])
def test_a_sharply_2_transitive_group_is_a_design_for_two_entries_and_not_for_three(p):
    V = groups.S(p).vector
    affine = groups.permutation_group(oracles.affine(p), f"AGL(1,{p})")
    over = reynolds.everything(affine)
    assert over.terms == p * (p - 1)
    x = random(4, p)

    def three(y):
        return y[:, 0] * y[:, 1] ** 2 * y[:, 2] ** 3

    for f, same in ((of_two, True), (three, False)):
        gap = (reynolds.project(f, V, over=over)(x) - reynolds.project(f, V)(x)).abs().max()
        assert (gap < 1e-13) if same else (gap > 1e-3)


@pytest.mark.parametrize("H, strength", [("Tetrahedral", 2), ("Octahedral", 3), ("Icosahedral", 5)])
def test_rotation_groups_average_polynomials_up_to_their_strength_and_no_further(H, strength):
    for degree in range(strength + 2):  # the means of g ⊗ … ⊗ g hold all polynomials of this degree in the entries of g
        V = groups.SO(3).vector ** degree
        mean = V(getattr(groups, H)().elements()).mean(0)
        gap = (mean - reynolds.projector(V)).abs().max()
        assert (gap < 1e-13) if degree <= strength else (gap > 1e-3)


@pytest.mark.parametrize("degree", range(6))
def test_the_icosahedral_design_integrates_polynomials_on_the_sphere(degree):
    G = groups.SO(3)
    R = reynolds.project(lambda y: y[:, 2] ** degree, G.vector, over=reynolds.polynomials(G, degree))
    x = random(5, 3)
    expected = x.norm(dim=1) ** degree / (degree + 1) if degree % 2 == 0 else torch.zeros(5, dtype=torch.float64)
    torch.testing.assert_close(R(x), expected)


@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_regular_polygons_average_trigonometric_polynomials(degree):
    G = groups.SO(2)
    R = reynolds.project(lambda y: y[:, 0] ** degree, G.vector, over=reynolds.polynomials(G, degree))
    moment = math.comb(degree, degree // 2) / 2**degree if degree % 2 == 0 else 0.0
    assert R.terms == degree + 1
    torch.testing.assert_close(R(torch.tensor([[0.6, 0.8]])), torch.tensor([moment]))


# quadrature
LIE = [groups.SO(2), groups.SO(3), groups.SU(2), groups.O(2), groups.O(3), groups.SO(2) * groups.S(3)]
LIE += [groups.SO(3) * groups.SU(2)]


@pytest.mark.parametrize("degree", range(6))
@pytest.mark.parametrize("G", LIE, ids=str)
def test_polynomials_average_the_tensor_powers_and_their_conjugates_exactly(G, degree):
    k = min(degree, 3 if G.n < 4 else 2)  # beyond, the higher powers of one entry stand for all
    V = (G.vector**k) * (G.vector.dual ** (degree - k)) if degree <= k + 1 else G.vector**k
    design = reynolds.polynomials(G, degree)
    gap = design.mean(V(design.elements)) - reynolds.projector(V)
    assert gap.abs().max() < 1e-12
    assert all(G.contains(g) for g in design.elements[:: max(1, design.terms // 20)])


@pytest.mark.parametrize("degree", [6, 7, 9, 12])
def test_euler_angles_are_exact_to_their_degree_and_no_further(degree):
    G = groups.SO(3)
    design = reynolds.polynomials(G, degree)
    assert design.terms == (degree + 1) ** 2 * (degree // 2 + 1)
    trace = design.elements.diagonal(dim1=1, dim2=2).sum(1)
    for k in range(degree + 1):
        assert abs(design.mean(trace**k) - oracles.riordan(k)) < 1e-10 * 3**k
    # e^{iα(d + 1)} e^{iγ(d + 1)} is one at every node: the top Wigner function of the next degree is not averaged to 0
    top = ((design.elements[:, :2, :2] * torch.tensor([[1, 1j], [1j, -1]])).sum((1, 2)) / 2) ** (degree + 1)
    assert design.mean(top).abs() > 1e-3


@pytest.mark.parametrize("degree", range(10))
def test_the_angles_of_unit_quaternions_average_powers_of_the_trace_and_of_an_entry(degree):
    design = reynolds.polynomials(groups.SU(2), degree)
    trace = design.elements.diagonal(dim1=1, dim2=2).sum(1)
    expected = oracles.catalan(degree // 2) if degree % 2 == 0 else 0
    assert abs(design.mean(trace**degree) - expected) < 1e-9
    moment = design.mean(design.elements[:, 0, 0].abs() ** (2 * (degree // 2)))  # |a|² is uniform on [0, 1]
    assert abs(moment - 1 / (degree // 2 + 1)) < 1e-12


def test_a_weighted_average_is_invariant_projects_and_equals_the_projector():
    G = groups.SO(3)
    V, w = G.vector, random(3)
    x = random(4, 3)
    design = reynolds.polynomials(G, 8)
    R = reynolds.project(lambda y: (y @ w) ** 8, V, over=design)
    torch.testing.assert_close(R(x), (x.norm(dim=1) * w.norm()) ** 8 / 9)
    assert_invariant(R, V, 1e-9, x)
    assert R.exact and torch.equal(R.standard_error(x), torch.zeros(4).double())
    assert str(design).startswith("405 weighted elements of SO(3), exact for polynomials of degree ≤ 8")
    A = random(9, 3)
    both = reynolds.project(
        lambda y: (y @ A.T) * (y**2).sum(1, keepdim=True) * y[:, :1], V, V**2, reynolds.polynomials(G, 8)
    )
    assert_equivariant(both, V, V**2, 1e-9, x)


def test_weights_are_relative_and_chunks_do_not_change_the_sum(monkeypatch):
    G, x = groups.SO(3), random(2, 3)
    design = reynolds.polynomials(G, 7)
    whole = reynolds.project(lambda y: y[:, 2] ** 6, G.vector, over=design)(x)
    monkeypatch.setattr(reynolds.designs, "CHUNK", 200)
    doubled = reynolds.Design(G, design.elements, design.exact_for, 2 * design.weights)
    torch.testing.assert_close(reynolds.project(lambda y: y[:, 2] ** 6, G.vector, over=doubled)(x), whole)
    torch.testing.assert_close(whole, x.norm(dim=1) ** 6 / 7)


def moments(G, largest):
    """The number of invariants in V^k, k = 0 … largest, by Weyl's integral."""
    designs = [reynolds.class_functions(G, k) for k in range(largest + 1)]
    means = [d.mean(G.vector.character(d.elements) ** k) for k, d in enumerate(designs)]
    assert all(abs(m - round(m.real.item())) < 1e-9 * G.n**k for k, m in enumerate(means))
    return [round(m.real.item()) for m in means]


def even(sequence):
    return [x for y in sequence for x in (y, 0)][:-1]


def test_weyl_integrals_count_the_invariants_of_tensor_powers():
    assert moments(groups.SO(3), 9) == [oracles.riordan(k) for k in range(10)]
    assert moments(groups.SU(2), 10) == moments(groups.SL(2), 10) == even(map(oracles.catalan, range(6)))
    assert moments(groups.Sp(2), 10) == moments(groups.SU(2), 10)
    assert moments(groups.O(5), 10) == even(map(oracles.double_factorial, range(6)))
    assert moments(groups.O(4), 8) == moments(groups.Lorentz(), 8) == even(map(oracles.double_factorial, range(5)))
    assert moments(groups.O(2), 8) == even(math.comb(2 * k, k) // 2 or 1 for k in range(5))
    assert moments(groups.SO(2), 8) == even(math.comb(2 * k, k) for k in range(5))
    squares = even(oracles.catalan(k) ** 2 for k in range(5))
    assert moments(groups.SO(4), 8) == moments(groups.Lorentz(True, True), 8) == squares
    assert moments(groups.Lorentz(proper=True), 8) == squares
    assert moments(groups.Lorentz(orthochronous=True), 8) == moments(groups.Lorentz(), 8)
    assert moments(groups.SU(3), 9) == moments(groups.SL(3), 9) == [1, 0, 0, 1, 0, 0, 5, 0, 0, 42]  # A005789
    assert moments(groups.Sp(4), 8) == even([1, 1, 3, 14, 84])  # A005700
    assert moments(groups.SO(5), 7) == [1, 0, 1, 0, 3, 1, 15, 15]
    assert moments(groups.GL(2), 4) == moments(groups.U(2), 4) == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_weyl_integrals_count_permutations_without_long_increasing_runs(n):
    for k in range(6):
        design = reynolds.class_functions(groups.U(n), 2 * k)
        mean = design.mean(groups.U(n).vector.character(design.elements).abs() ** (2 * k))
        assert abs(mean - oracles.matchings_of_unitary(k, n)) < 1e-9


@pytest.mark.parametrize("G", LIE, ids=str)
@pytest.mark.parametrize("build", [lambda V: V, lambda V: V * V.dual, lambda V: V.sym(3), lambda V: V.alt(2) * V])
def test_weyl_integrals_agree_with_quadrature_and_with_the_projector(G, build):
    V = build(G.vector)
    means = [d.mean(V.character(d.elements)) for d in (reynolds.class_functions(G, 3), reynolds.polynomials(G, 3))]
    assert abs(means[0] - means[1]) < 1e-10 and abs(means[0] - reynolds.projector(V).trace()) < 1e-9


COMPACT = [groups.SO(2), groups.SO(5), groups.O(2), groups.O(3), groups.O(4), groups.U(3), groups.SU(3)]


@pytest.mark.parametrize("G", COMPACT, ids=str)
def test_the_torus_lies_in_the_group_and_its_weights_are_haar(G):
    design = reynolds.class_functions(G, 4)
    assert all(G.contains(g) for g in design.elements) and (design.weights >= -1e-12).all()
    trace = [g.diagonal(dim1=1, dim2=2).sum(1) for g in (design.elements, G.sample(40_000, seeded(7)))]
    for p in (lambda t: t.abs() ** 2, lambda t: t.abs() ** 4, lambda t: t.real**3):
        values = p(trace[1])
        assert abs(design.mean(p(trace[0])) - values.mean()) < 5 * values.std() / 200 + 1e-9


@pytest.mark.parametrize("G", [groups.SL(3), groups.Sp(4), groups.Lorentz()], ids=str)
def test_the_compact_form_of_a_group_keeps_its_form(G):
    g = reynolds.class_functions(G, 3).elements
    if G == groups.SL(3):
        torch.testing.assert_close(torch.linalg.det(g), torch.ones(len(g)).to(g.dtype))
    else:
        form = (groups.symplectic_form(4) if G == groups.Sp(4) else groups.METRIC).to(g.dtype)
        torch.testing.assert_close(g.mT @ form @ g, form.expand_as(g))


def test_one_node_less_and_the_trapezoid_rule_is_wrong():
    design = reynolds.class_functions(groups.SO(3), 5)  # seven angles: exact to degree 5
    trace = design.elements.diagonal(dim1=1, dim2=2).sum(1)
    assert design.terms == 7 and abs(design.mean(trace**5) - 6) < 1e-12 and abs(design.mean(trace**6) - 15) > 0.1


# samples
@pytest.mark.parametrize("G", [groups.SO(3), groups.S(6), groups.RubiksCube()], ids=str)
def test_the_standard_error_tells_how_far_a_sample_is_off(G):
    V, x = G.vector, random(G.n)

    def f(y):
        return y[:, 0] ** 2

    exact = x.square().mean() if G != groups.RubiksCube() else None
    scores = []
    for seed in range(60):
        R = reynolds.project(f, V, over=reynolds.sample(G, 100, seeded(seed)))
        true = exact if exact is not None else reynolds.project(f, V, over=reynolds.reading(V, [0]))(x)
        scores.append((R(x) - true) / R.standard_error(x))
    scores = torch.stack(scores)
    assert not R.exact and R.terms == 100
    assert 0.7 < scores.square().mean() < 1.5  # a unit normal, nearly
    assert abs(scores.mean()) < 0.5


def test_the_error_of_a_sample_falls_as_one_over_the_root():
    G, x = groups.SO(3), random(3)
    few, many = (
        reynolds.project(anything, G.vector, over=reynolds.sample(G, count, seeded())) for count in (100, 10_000)
    )
    assert 8 < few.standard_error(x) / many.standard_error(x) < 12.5


def test_an_exact_average_has_no_standard_error():
    V = groups.S(3).vector
    assert torch.equal(reynolds.project(anything, V).standard_error(random(2, 3)), torch.zeros(2).double())


def test_sampled_tuples_are_unbiased_and_worse_than_the_design_of_equal_cost():
    V, x = groups.S(8).vector, random(8)
    design = reynolds.project(of_two, V, over=reynolds.reading(V, [0, 1]))
    janossy = [
        reynolds.project(of_two, V, over=reynolds.sample(V.group, design.terms, seeded(s)))(x) for s in range(200)
    ]
    errors = torch.stack(janossy) - design(x)
    assert errors.abs().mean() > 1e-2
    assert abs(errors.mean()) < 4 * errors.std() / math.sqrt(200)


# the projector
CASES = [
    *FINITE,
    groups.A(4),
    groups.SignFlips(3),
    groups.Octahedral(),
    groups.Icosahedral(),
    groups.permutation_group([[1, 2, 0, 4, 3]]),
    groups.MatrixGroup(torch.tensor([[[0.0, -1.0], [1.0, -1.0]]])),  # C(3), not orthogonal
]


@pytest.mark.parametrize("G", CASES, ids=str)
@pytest.mark.parametrize("build", [lambda V: V, lambda V: V**2 + V, lambda V: V.sym(2) * V.dual, lambda V: V.alt(2)])
def test_the_projector_is_the_average_of_the_matrices(G, build):
    V = build(G.vector)
    P = reynolds.projector(V)
    torch.testing.assert_close(P, V(G.elements()).mean(0), atol=1e-12, rtol=0)
    assert abs(P.trace() - V.character(G.elements()).mean()) < 1e-10


@pytest.mark.parametrize("k", range(8))
def test_the_rank_of_the_projector_counts_the_invariants_of_tensor_powers(k):
    def rank(V):
        P = reynolds.projector(V)
        torch.testing.assert_close(P @ P, P, atol=1e-10, rtol=0)
        assert abs(P.trace() - round(P.trace().real.item())) < 1e-9
        return round(P.trace().real.item())

    if k <= 5:
        assert rank(groups.SO(3).vector ** k) == oracles.riordan(k)
        assert rank(groups.S(3).vector ** k) == oracles.partitions(k, 3)
    if k <= 6:
        assert rank(groups.SU(2).vector ** k) == (oracles.catalan(k // 2) if k % 2 == 0 else 0)
    if k <= 4:
        assert rank(groups.O(4).vector ** k) == (oracles.double_factorial(k // 2) if k % 2 == 0 else 0)
        assert rank(groups.S(5).vector ** k) == oracles.partitions(k, 5)
    assert rank(groups.C(2).vector ** k) == 2 ** max(0, k - 1)


def test_the_projector_of_a_huge_group_needs_its_generators_alone():
    G = groups.RubiksCube()
    assert round(reynolds.projector(G.vector).trace().item()) == 2
    assert round(reynolds.projector(G.vector.sym(2)).trace().item()) == 7  # 9 orbits on pairs; 2 and 2 are transposes


def test_the_projector_and_the_average_of_a_linear_function_agree():
    G = groups.D.plane(5)
    V, w = G.vector**2, random(4)
    x = random(3, 4)
    torch.testing.assert_close(reynolds.project(lambda y: y @ w, V)(x), x @ reynolds.projector(V).T @ w)


def test_the_projector_of_a_complex_group():
    G = groups.U(2)
    V = G.vector * G.vector.dual
    P = reynolds.projector(V)
    expected = torch.eye(2).flatten() / math.sqrt(2)
    torch.testing.assert_close(P, torch.outer(expected, expected).to(torch.complex128))


# refusals
@pytest.mark.parametrize(
    "G", [groups.SL(2), groups.GL(2), groups.Sp(2), groups.Lorentz(), groups.SL(2) * groups.S(2)], ids=str
)
def test_non_compact_groups_are_refused_with_the_reason(G):
    for attempt in (
        lambda: reynolds.project(anything, G.vector),
        lambda: reynolds.sample(G, 10),
        lambda: reynolds.projector(G.vector),
    ):
        with pytest.raises(ValueError, match="not compact: its Haar measure is infinite"):
            attempt()


def test_truncated_means_over_a_non_compact_group_grow_without_bound():
    boost = torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64)
    means = []
    for radius in (1.0, 4.0, 8.0):
        t = torch.linspace(-radius, radius, 2001, dtype=torch.float64)
        means.append(float((torch.matrix_exp(t[:, None, None] * boost)[:, 0, 0] ** 2).mean()))
    assert means[0] < 4 and means[1] > 100 * means[0] and means[2] > 1000 * means[1]


def test_what_a_learner_can_get_wrong_is_named_with_its_cure():
    V = groups.S(3).vector
    for attempt, words in (
        (lambda: reynolds.project(anything, groups.SO(3).vector), r"infinite.*over=reynolds.sample"),
        (lambda: reynolds.project(anything, groups.S(20).vector), "at most 100,000 are listed"),
        (lambda: reynolds.project(anything, V, groups.S(4).vector), r"S\(3\) and W to S\(4\)"),
        (lambda: reynolds.project(anything, V, over=reynolds.everything(groups.S(4))), r"over S\(4\), V belongs"),
        (lambda: reynolds.project(anything, V)(torch.ones(2, 4)), r"\(\.\.\., 3\); x has shape \(2, 4\)"),
        (lambda: reynolds.project(anything, V, V)(torch.ones(2, 3)), r"\(count, 3\)"),
        (lambda: reynolds.project(lambda y: y.sum(), V)(torch.ones(2, 3)), r"to \(\); it must map a batch"),
        (lambda: reynolds.reading(V, [0, 3]), "numbered 0 … 2"),
        (lambda: reynolds.reading(groups.SO(3).vector, [0]), "does not permute its coordinates"),
        (lambda: reynolds.reading(groups.S(50).vector, [0, 1, 2]), "more than 100,000 terms"),
        (lambda: reynolds.cosets(groups.SO(3), groups.Tetrahedral()), "G is a finite group"),
        (lambda: reynolds.cosets(groups.S(3), groups.S(4)), "matrices of the same size"),
        (lambda: reynolds.cosets(groups.A(4), groups.S(4)), "is no element"),
        (lambda: reynolds.polynomials(groups.SO(4), 2), r"known for SO\(2\), SO\(3\).*reynolds.sample"),
        (lambda: reynolds.polynomials(groups.SO(3), 200), "needs 4,080,501 terms"),
        (lambda: reynolds.polynomials(groups.SO(3), -1), "the degree is an integer ≥ 0"),
        (lambda: reynolds.class_functions(groups.SO(3), 2.5), "the degree is an integer ≥ 0"),
        (lambda: reynolds.class_functions(groups.SO(40), 4), "terms, and at most 1,000,000"),
        (lambda: reynolds.class_functions(groups.SE(3), 4), r"are known for O, SO, U, SU"),
        (lambda: reynolds.class_functions(groups.SO(3) * groups.E(2), 4), r"class_functions\(E\(2\), 4\)"),
        (lambda: reynolds.sample(groups.S(3), 1), "at least 2"),
    ):
        with pytest.raises(ValueError, match=words):
            attempt()


def test_an_average_says_what_it_is():
    V = groups.S(8).vector
    R = reynolds.project(of_two, V, over=reynolds.reading(V, [0, 1]))
    assert str(R) == "R f: V → ℝ, average over 56 elements of S(8), exact for functions of the entries (0, 1)"
    assert "sampled" in str(reynolds.sample(groups.SO(3), 10))
