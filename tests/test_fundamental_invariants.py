"""Fundamental invariants, tori and polarisations: complete in every degree that is looked at, not only invariant."""

import itertools
import math

import pytest
import torch

from eqkit import groups, invariants, reynolds
from eqkit.representations import assert_invariant


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def points(V, count, seed=0):
    complex_ = V.group.lie_algebra.is_complex() or V.group.generators.is_complex()
    return torch.randn(count, V.size, generator=seeded(seed), dtype=torch.complex128 if complex_ else torch.float64)


def products(degrees, total):
    """Exponents of the products of features whose degrees add up to the total."""
    if not degrees:
        return [()] if total == 0 else []
    tops = range(total // degrees[0] + 1)
    return [(k, *rest) for k in tops for rest in products(degrees[1:], total - k * degrees[0])]


def span(features, degree, seed=0):
    """The dimension of the span of products of this degree, by their values at random points."""
    exponents = torch.tensor(products(features.degrees, degree)).reshape(-1, features.size)
    if len(exponents) == 0:
        return 0
    values = features(points(features.representation, len(exponents) + 20, seed))
    columns = torch.stack([(values**e).prod(1) for e in exponents], 1)
    columns = columns / columns.norm(dim=0)
    return int(torch.linalg.matrix_rank(columns, rtol=1e-9))


def weyl(V, degree, real=False):
    """The number of invariant polynomials of this degree on V, by Weyl's integral."""
    U = V + V.dual if real else V  # real polynomials in z are polynomials in z and its conjugate
    design = reynolds.class_functions(V.group, max(degree, 1))
    if degree == 0:
        return 1
    mean = design.mean(U.sym(degree).character(design.elements))
    assert abs(mean - round(mean.real.item())) < 1e-6
    return round(mean.real.item())


CASES = [  # (V, the largest degree)
    (groups.O(2).vector, 6),
    (2 * groups.O(2).vector, 6),
    (3 * groups.O(2).vector, 6),
    (groups.SO(2).vector, 6),
    (2 * groups.SO(2).vector, 6),
    (3 * groups.SO(2).vector, 4),
    (groups.SO(3).vector, 7),
    (2 * groups.SO(3).vector, 7),
    (3 * groups.SO(3).vector, 7),
    (4 * groups.SO(3).vector, 6),
    (3 * groups.O(3).vector, 6),
    (groups.SO(3).vector + groups.SO(3).vector.dual + groups.SO(3).vector, 6),
    (4 * groups.SO(4).vector, 6),
    (2 * groups.Sp(2).vector, 6),
    (4 * groups.Sp(2).vector, 6),
    (5 * groups.Sp(4).vector, 6),
    (2 * groups.Sp(4).vector + groups.Sp(4).vector.dual, 6),
    (3 * groups.SL(2).vector, 6),
    (2 * groups.SL(2).vector + 2 * groups.SL(2).vector.dual, 6),
    (4 * groups.SL(3).vector, 6),
    (3 * groups.SL(3).vector + 2 * groups.SL(3).vector.dual, 6),
    (2 * groups.GL(2).vector + 3 * groups.GL(2).vector.dual, 6),
    (2 * groups.Lorentz().vector, 6),
    (5 * groups.Lorentz(proper=True).vector, 4),
    (4 * groups.Lorentz(True, True).vector, 6),
    (3 * groups.Lorentz(orthochronous=True).vector + groups.Lorentz(orthochronous=True).vector.dual, 4),
]
HERMITIAN = [
    (groups.U(1).vector, 6),
    (2 * groups.U(2).vector, 6),
    (groups.SU(2).vector, 6),
    (2 * groups.SU(2).vector, 6),
    (groups.SU(2).vector + groups.SU(2).vector.dual, 6),
    (3 * groups.SU(3).vector, 5),
    (2 * groups.U(2).vector + groups.U(2).vector.dual, 4),
]


def named(case):
    return f"{case[0]} of {case[0].group}"


@pytest.mark.parametrize("V, top", CASES + HERMITIAN, ids=[named(c) for c in CASES + HERMITIAN])
def test_products_of_fundamental_invariants_span_all_invariants_of_each_degree(V, top):
    features = invariants.fundamental(V)
    real = groups.family(V.group) in ("U", "SU")
    for degree in range(1, top + 1):
        assert span(features, degree) == weyl(V, degree, real), degree


@pytest.mark.parametrize("V, top", CASES + HERMITIAN, ids=[named(c) for c in CASES + HERMITIAN])
def test_fundamental_invariants_are_invariant_and_named(V, top):
    features = invariants.fundamental(V)
    assert_invariant(features, V, 1e-6, points(V, 8))
    assert features.size == len(set(features.names)) == len(features.degrees) == features(points(V, 2)).shape[-1]
    x = points(V, 4)
    for degree in set(features.degrees):
        of_degree = [i for i, d in enumerate(features.degrees) if d == degree]
        torch.testing.assert_close(features(2 * x)[:, of_degree], 2.0**degree * features(x)[:, of_degree])


@pytest.mark.parametrize("V, top", CASES, ids=[named(c) for c in CASES])
def test_as_many_are_independent_as_the_dimension_of_v_minus_that_of_an_orbit(V, top):
    x = points(V, 1)[0]
    orbit = torch.linalg.matrix_rank(V.lie(V.group.lie_algebra) @ x, rtol=1e-9)
    jacobian = torch.autograd.functional.jacobian(invariants.fundamental(V), x)
    assert torch.linalg.matrix_rank(jacobian, rtol=1e-9) == V.size - orbit


def test_one_bracket_or_product_missing_is_noticed():
    full = invariants.fundamental(3 * groups.SO(3).vector)
    without = invariants.fundamental(3 * groups.O(3).vector)
    assert full.names[-1] == "[x₀x₁x₂]" and full.size == without.size + 1
    assert span(without, 3) == 0 and span(full, 3) == weyl(3 * groups.SO(3).vector, 3) == 1


def test_the_names_say_what_is_computed():
    x = torch.arange(9.0).double() ** 2
    V = 3 * groups.SO(3).vector
    features = invariants.fundamental(V)
    assert features.names == ("x₀·x₀", "x₀·x₁", "x₀·x₂", "x₁·x₁", "x₁·x₂", "x₂·x₂", "[x₀x₁x₂]")
    a, b, c = x.reshape(3, 3)
    torch.testing.assert_close(
        features(x), torch.stack([a @ a, a @ b, a @ c, b @ b, b @ c, c @ c, torch.stack([a, b, c]).det()])
    )
    assert str(features) == "7 invariants of 3·V of SO(3): x₀·x₀, x₀·x₁, x₀·x₂, x₁·x₁, x₁·x₂, x₂·x₂, …"
    SL = groups.SL(2)
    assert invariants.fundamental(2 * SL.vector + SL.vector.dual).names == ("ξ₀(x₀)", "ξ₀(x₁)", "[x₀x₁]")
    assert invariants.fundamental(2 * groups.Sp(2).vector).names == ("ω(x₀, x₁)",)
    assert invariants.fundamental(2 * groups.Lorentz().vector).names == ("η(x₀, x₀)", "η(x₀, x₁)", "η(x₁, x₁)")
    hermitian = invariants.fundamental(2 * groups.SU(2).vector).names
    assert hermitian[:4] == ("⟨x₀, x₀⟩", "Re ⟨x₀, x₁⟩", "⟨x₁, x₁⟩", "Im ⟨x₀, x₁⟩") and hermitian[4:] == (
        "Re [x₀x₁]",
        "Im [x₀x₁]",
    )
    assert invariants.fundamental(2 * groups.S(2).vector).names == ("Σ x₀", "Σ x₁", "Σ x₀²", "Σ x₀x₁", "Σ x₁²")


@pytest.mark.parametrize("n, m, count", [(2, 2, 5), (3, 2, 9), (3, 3, 19), (4, 2, 14), (5, 1, 5)])
def test_power_sums_of_several_vectors_generate_for_the_symmetric_group(n, m, count):
    V = m * groups.S(n).vector
    features = invariants.fundamental(V)
    assert features.size == count == math.comb(n + m, m) - 1
    assert_invariant(features, V, 1e-9)
    for degree in range(1, 6 if n * m < 9 else 5):
        expected = V.sym(degree).character(V.group.elements()).mean()
        assert span(features, degree) == round(expected.item())


def test_gradients_flow_and_dtypes_stay():
    features = invariants.fundamental(3 * groups.SO(3).vector)
    x = torch.randn(2, 5, 9, generator=seeded(), requires_grad=True)
    assert features(x).shape == (2, 5, 7) and features(x).dtype == torch.float32
    features(x).sum().backward()
    assert x.grad.abs().sum() > 0
    assert invariants.fundamental(2 * groups.U(2).vector)(torch.ones(4)).dtype == torch.float32


@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: invariants.fundamental(groups.Icosahedral().vector), r"not for Icosahedral\(\); invariant_ring"),
        (lambda: invariants.fundamental(groups.SE(3).vector), r"not for SE\(3\)"),
        (lambda: invariants.fundamental(groups.SO(3).vector.sym(2)), "copies of G.vector and of G.vector.dual"),
        (lambda: invariants.fundamental(groups.SL(3).vector), "constant; SL\\(n\\) needs n vectors"),
        (lambda: invariants.fundamental(2 * groups.GL(3).vector), "constant"),
        (lambda: invariants.fundamental(groups.Sp(2).vector), "constant"),
        (lambda: invariants.fundamental(60 * groups.SO(5).vector), "5,461,512 brackets"),
        (lambda: invariants.fundamental(8 * groups.S(20).vector), "3,108,104 power sums; use invariants.separating"),
        (lambda: invariants.fundamental(groups.S(3).vector ** 2), "copies of the defining representation"),
        (
            lambda: invariants.fundamental(groups.SO(3).vector)(torch.ones(2)),
            r"take x \(\.\.\., 3\); x has shape \(2,\)",
        ),
    ],
)
def test_what_has_no_fundamental_theorem_is_refused(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


# tori
RECORDED = {  # Macaulay2, InvariantRing: degrees of minimal generators of diagonal actions
    "torus(-3,-1,1,2)": (lambda: invariants.torus([-3, -1, 1, 2]), (2, 3, 3, 4, 4, 5)),
    "torus(1,1,-1)": (lambda: invariants.torus([1, 1, -1]), (2, 2)),
    "SO(2), complexified": (lambda: invariants.torus([1, -1]), (2,)),
    "SO(2), frequencies 1 and 2": (lambda: invariants.torus([1, -1, 2, -2]), (2, 2, 3, 3)),
    "SO(2), frequencies 1 and 2, real": (lambda: invariants.circle([1, 2]), (2, 2, 3, 3)),
    "SO(2) on two real vectors": (lambda: invariants.circle([1, 1]), (2, 2, 2, 2)),
    "Z3 × Z3": (lambda: invariants.torus([[1, 0, 1], [0, 1, 1]], [3, 3]), (3, 3, 3, 4, 5)),
    "SL(2) on two vectors": (lambda: invariants.fundamental(2 * groups.SL(2).vector), (2,)),
}


@pytest.mark.parametrize("build, degrees", RECORDED.values(), ids=RECORDED)
def test_the_degrees_are_those_that_macaulay2_finds(build, degrees):
    assert build().degrees == degrees


TORI = [
    ([-3, -1, 1, 2], None),
    ([1, 1, -1], None),
    ([0, 2, -3], None),
    ([[1, -1, 0, 2], [0, 1, -1, -1]], None),
    ([[1, 0, 1], [0, 1, 1]], [3, 3]),
    ([1, 2, 3], 6),
    ([[1, 1, -2], [1, 2, 1]], [0, 4]),
    ([[2, -2, 1, -1], [4, -4, 2, -2]], None),  # one circle, written twice
]


@pytest.mark.parametrize("weights, orders", TORI, ids=str)
def test_the_minimal_monomials_are_those_that_exhaustion_finds_and_generate_all(weights, orders):
    w = torch.tensor(weights).reshape(-1, torch.tensor(weights).shape[-1])
    m = torch.tensor([0] * len(w) if orders is None else [orders] if isinstance(orders, int) else orders)
    f = invariants.torus(weights, orders)
    top = max(f.degrees) + 2
    invariant = []
    for e in itertools.product(range(top + 1), repeat=w.shape[1]):
        defect = w @ torch.tensor(e)
        if 0 < sum(e) <= top and not torch.where(m > 0, defect % m.clamp(min=1), defect).any():
            invariant.append(e)
    sums = {tuple(map(sum, zip(a, b, strict=True))) for a in invariant for b in invariant if sum(a) + sum(b) <= top}
    assert {g.terms[0][0] for g in f.polynomials} == set(invariant) - sums
    assert_invariant(f, f.representation, 1e-9)


def test_the_group_of_a_torus_is_compact_and_its_samples_are_haar():
    G = invariants.torus([[1, 1, -2], [1, 2, 1]], [0, 4]).group
    assert (str(G), G.is_compact, G.is_finite, len(G.lie_algebra)) == ("torus(1, 1, -2; 1, 2, 1 mod 4)", True, False, 1)
    assert invariants.torus([[1, 0, 1], [0, 1, 1]], [3, 3]).group.order == 9
    g = G.sample(4000, seeded())
    for f in (lambda h: h[:, 0, 0], lambda h: h[:, 1, 1] * h[:, 0, 0].conj()):
        assert f(g).mean().abs() < 0.08  # non-trivial characters average to zero


@pytest.mark.parametrize("frequencies", [[1], [1, 2], [2, 3], [0, 1], [1, 1, 2], [1, -1]], ids=str)
def test_real_invariants_of_a_circle_are_as_many_as_monomials_of_weight_zero(frequencies):
    f = invariants.circle(frequencies)
    V = f.representation
    assert_invariant(f, V, 1e-8)
    assert V.size == 2 * len(frequencies) and all(g.is_rational for g in f.polynomials)
    weights = [w for f in frequencies for w in (f, -f)]  # of z and its conjugate, plane by plane
    for degree in range(1, 6):
        monomials = itertools.combinations_with_replacement(weights, degree)
        assert span(f, degree) == sum(sum(chosen) == 0 for chosen in monomials)


# polarisation
def test_polarised_power_sums_generate_for_the_symmetric_group():
    for n, m, count in ((2, 2, 5), (3, 2, 9), (3, 3, 19)):
        P = invariants.polarisations(invariants.invariant_ring(groups.S(n)), m)
        assert P.size == count == invariants.fundamental(m * groups.S(n).vector).size
        assert_invariant(P, m * groups.S(n).vector, 1e-9)
        for degree in range(1, 5):
            assert span(P, degree) == span(invariants.fundamental(m * groups.S(n).vector), degree)


def test_the_determinant_is_no_polarisation_for_quarter_turns():
    G = groups.C.plane(4)
    P = invariants.polarisations(invariants.invariant_ring(G), 2)
    V = 2 * G.vector
    invariant = round(V.sym(2).character(G.elements()).mean().item())
    assert (span(P, 2), invariant) == (3, 4)  # v·v, v·w, w·w; but det(v, w) is an invariant too
    assert_invariant(P, V, 1e-9)
    x = points(V, 40)
    det = (x[:, 0] * x[:, 3] - x[:, 1] * x[:, 2])[:, None]
    of_degree_2 = P(x)[:, [d == 2 for d in P.degrees]]
    assert torch.linalg.matrix_rank(torch.cat([of_degree_2, det], 1)) == 4


def test_from_as_many_copies_as_the_dimension_polarisations_generate():
    """Weyl: C.plane(4) on three vectors, from its generators on two, as one group of 4 × 4 matrices."""
    G = groups.C.plane(4)
    both = groups.MatrixGroup((2 * G.vector)(G.generators), name="two copies")
    R = invariants.invariant_ring(both)
    two = invariants.Features.of(R.generators, 2 * G.vector, "computed")
    P = invariants.polarisations(two, 3)
    for degree in (2, 4):
        expected = (3 * G.vector).sym(degree).character(G.elements()).mean()
        assert span(P, degree) == round(expected.item())


def test_a_polarisation_is_a_coefficient_of_f_of_a_sum():
    R = invariants.invariant_ring(groups.D.plane(3))
    P = invariants.polarisations(R, 2)
    x = points(2 * groups.D.plane(3).vector, 30)
    t = torch.tensor([0.7, -1.3]).double()
    for i, d in enumerate(R.degrees):
        of_degree = P(x)[:, [k for k, e in enumerate(P.degrees) if e == d]]
        together = R(t[0] * x[:, :2] + t[1] * x[:, 2:])[:, [i]]
        assert torch.linalg.matrix_rank(torch.cat([of_degree, together], 1), rtol=1e-9) == of_degree.shape[1] == d + 1


@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: invariants.torus([1, 2, 3]), "every invariant polynomial is constant"),
        (lambda: invariants.torus([0.5, -0.5]), "weights are integers"),
        (lambda: invariants.torus([]), "weights are integers"),
        (lambda: invariants.torus([[1, 2], [1]]), "weights are integers"),
        (lambda: invariants.torus([10**9, -(10**9) + 1]), "explode: at degree 1001 1 monomials are open"),
        (lambda: invariants.torus([1, 2], [3, 3]), "one order for each row"),
        (lambda: invariants.torus([1, 2], 1), "an integer ≥ 2"),
        (
            lambda: invariants.torus([100, -99, 98, -97, 96, -95, 94, -93, 91, -90]),
            r"explode: at degree 1\d .* generators are found",
        ),
        (lambda: invariants.circle([0.5]), "the frequencies are integers"),
        (lambda: invariants.polarisations(invariants.invariant_ring(groups.S(3)), 0), "an integer ≥ 1"),
        (
            lambda: invariants.polarisations(invariants.fundamental(groups.O(2).vector), 2),
            "not written out as polynomials",
        ),
        (lambda: invariants.polarisations(invariants.invariant_ring(groups.S(8)), 9), "take fewer copies"),
        (lambda: invariants.polarisations(invariants.circle([1, 2]), 2), "copies of the defining representation"),
    ],
)
def test_tori_and_polarisations_refuse_with_the_reason(attempt, words):
    with pytest.raises(ValueError, match=words):
        attempt()


# binary forms
@pytest.mark.parametrize("d, degrees", [(2, (2,)), (3, (4,)), (4, (2, 3))])
def test_the_invariants_of_binary_forms_are_complete_by_weyls_integral(d, degrees):
    f = invariants.binary_form(d)
    V = f.representation
    assert f.degrees == degrees and V == groups.SL(2).vector.sym(d)
    assert_invariant(f, V, 1e-6)
    design = reynolds.class_functions(groups.SL(2), 8 * d)
    for degree in range(1, 9):
        count = design.mean(V.sym(degree).character(design.elements)).real.item()
        assert abs(count - round(count)) < 1e-6 and span(f, degree) == round(count)


def test_discriminants_vanish_exactly_at_forms_with_a_double_root():
    def form(roots):  # Π (x − r y) = Σ uᵢ √C(d, i) xᵈ⁻ⁱ yⁱ
        coefficients = torch.ones(1, dtype=torch.float64)
        for r in roots:
            coefficients = torch.nn.functional.pad(coefficients, (0, 1)) - r * torch.nn.functional.pad(
                coefficients, (1, 0)
            )
        d = len(roots)
        return coefficients / torch.tensor([math.comb(d, i) for i in range(d + 1)], dtype=torch.float64).sqrt()

    for d in (2, 3):
        f = invariants.binary_form(d)
        assert f(form([1.5] * 2 + [-1.0] * (d - 2))).abs().max() < 1e-12
        roots = [1.5, 0.25, -1.0][:d]
        differences = math.prod((a - b) ** 2 for a, b in itertools.combinations(roots, 2))
        other = [2.0, -0.5, 0.75][:d]
        expected = differences / math.prod((a - b) ** 2 for a, b in itertools.combinations(other, 2))
        torch.testing.assert_close(f(form(roots)) / f(form(other)), torch.tensor([expected]).double())
    quartic = invariants.binary_form(4)
    forms = [1.5, 1.5, 0.25, -1.0], [0.0, 0.0, 1.0, 2.0], [1.5, 0.5, 0.25, -1.0]  # two with a double root, one without
    values = [quartic(form(roots)) for roots in forms]
    ratios = [float(v[1] ** 2 / v[0] ** 3) for v in values]  # the discriminant is I³ − 27 J², up to scales
    assert abs(ratios[0] - ratios[1]) < 1e-9 < 1e-3 < abs(ratios[2] - ratios[0])


def test_the_first_transvectant_is_the_jacobian_and_bad_forms_are_refused():
    f, g = invariants.polynomial("x0^2 + 3x0 x1", n=2), invariants.polynomial("x1^3", n=2)
    fx, fy = f.gradient()
    gx, gy = g.gradient()
    assert invariants.transvectant(f, g, 1) == fx * gy - fy * gx
    assert invariants.transvectant(f, f, 1) == f - f
    assert invariants.transvectant(f, g, 0) == f * g
    for attempt in (
        lambda: invariants.binary_form(1),
        lambda: invariants.binary_form(5),
        lambda: invariants.transvectant(f, g, -1),
        lambda: invariants.transvectant(f, invariants.polynomial("x0", n=3), 1),
    ):
        with pytest.raises(ValueError, match=r"binary_form\(|transvectant: f in 2"):
            attempt()
