"""Polynomials: algebra against evaluation, what a learner types, and the Reynolds operator on them."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqkit import groups, invariants, representations
from eqkit.invariants import Polynomial, polynomial

fractions = st.fractions(min_value=-3, max_value=3, max_denominator=4)


def polynomials(n, degree=3):
    exponents = st.tuples(*[st.integers(0, degree)] * n).filter(lambda e: sum(e) <= degree)
    return st.dictionaries(exponents, fractions, max_size=5).map(lambda terms: Polynomial.of(terms, n))


@given(polynomials(3), polynomials(3), polynomials(3))
@settings(max_examples=40)
def test_polynomials_are_a_commutative_ring(f, g, h):
    zero = Polynomial(3, ())
    assert f * (g + h) == f * g + h * f and (f + g) + h == f + (g + h) and f - f == zero and f * zero == zero
    assert f * g == g * f and f + 0 == f and 1 * f == f and (f + g) ** 2 == f**2 + 2 * f * g + g**2
    assert hash(f + g) == hash(g + f)


@given(polynomials(2), polynomials(2))
@settings(max_examples=40)
def test_evaluation_is_a_homomorphism(f, g):
    x = torch.tensor([[0.5, -1.25], [2.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close((f * g)(x), f(x) * g(x))
    torch.testing.assert_close((f + g)(x), f(x) + g(x))
    torch.testing.assert_close((f**3)(x), f(x) ** 3)


@given(polynomials(3))
@settings(max_examples=30)
def test_the_gradient_is_that_of_autograd_also_at_zero(f):
    x = torch.tensor([[0.5, -1.25, 2.0], [0.0, 1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(x).sum(), x)
    torch.testing.assert_close(slope, torch.stack([part(x.detach()) for part in f.gradient()], -1))


@given(polynomials(3))
@settings(max_examples=60)
def test_what_is_printed_is_read_back(f):
    assert polynomial(str(f), 3) == f


@given(polynomials(2, 4))
@settings(max_examples=30)
def test_substitution_is_evaluation_at_the_image(f):
    M = torch.tensor([[1.0, 2.0], [-1.0, 3.0]], dtype=torch.float64)
    x = torch.tensor([0.5, -2.0], dtype=torch.float64)
    torch.testing.assert_close(f.substitute(M)(x), f(M @ x))


@pytest.mark.parametrize(
    "text",
    ["x0^2 + x1^2", "x₀² + x₁²", "x**2+y**2", "x*x + y·y", "(x + y)^2 - 2x y", "2 (x0² + x_1^2)/2", "−(−x²−y²)"],
)
def test_many_spellings_of_one_polynomial(text):
    assert polynomial(text, 2) == Polynomial.of({(2, 0): 1, (0, 2): 1}, 2)


def test_numbers_are_exact():
    assert polynomial("1/3 x + 0.1", 1).coefficients == (Fraction(1, 3), Fraction(1, 10))
    assert polynomial("x₁₀²", 11).terms == (((*[0] * 10, 2), Fraction(1)),)
    assert polynomial("-x^2", 1) == polynomial("0 - x^2", 1) and polynomial("2^3", 1)(torch.ones(1)) == 8


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x2", "one too far"),
        ("q + 1", "'q' is unknown"),
        ("(x", "not closed"),
        ("x)", "closes none"),
        ("x/y", "divide by numbers"),
        ("x/0", "division by zero"),
        ("", "empty"),
        ("  ", "empty"),
        ("x^y", "exponent"),
        ("x^-1", "exponent"),
        ("x^", "missing"),
        ("x^1.5", "exponent"),
        ("x^1000000", "degree"),
        ("(x + y + 1)^150 (x + y)^150", "degree"),
        ("3 +", "ends too early"),
        ("*x", "missing before"),
        ("x $ y", "is no number, variable or sign"),
        ("(" * 2000 + "x" + ")" * 2000, "nested"),
        ("__import__('os')", "no number, variable"),
        ("x0..1", "no number"),
    ],
)
def test_a_typo_is_named(text, word):
    with pytest.raises(ValueError, match=word):
        polynomial(text, 2)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="integer ≥ 1"):
        polynomial("1", 0)
    with pytest.raises(TypeError, match="text"):
        polynomial(3, 2)
    with pytest.raises(ValueError, match="finite"):
        Polynomial.of({(1,): float("nan")}, 1)
    with pytest.raises(ValueError, match="exponents ≥ 0"):
        Polynomial.of({(1, -1): 1}, 2)
    with pytest.raises(ValueError, match="same n"):
        polynomial("x", 1) + polynomial("x", 2)
    with pytest.raises(TypeError, match="numbers and polynomials"):
        polynomial("x", 1) + "x"
    with pytest.raises(ValueError, match="takes x"):
        polynomial("x", 2)(torch.ones(3))
    with pytest.raises(ValueError, match="integer ≥ 0"):
        polynomial("x", 1) ** -1
    with pytest.raises(ValueError, match="terms"):
        polynomial("x0 + x1 + x2 + x3 + x4", 5) ** 1000


def test_polynomials_print_as_mathematics():
    f = polynomial("x0^3 x1 - x0 x1^3 + 2/3", 2)
    assert str(f) == "x₀³x₁ − x₀x₁³ + 2/3"
    assert f._repr_latex_() == r"$\displaystyle x_{0}^{3}x_{1} - x_{0}x_{1}^{3} + \tfrac{2}{3}$"
    assert str(Polynomial(2, ())) == "0" and str(polynomial("x", 1) * 5**0.5) == "√5 x₀"
    assert str(polynomial("x", 1) * ((1 + 5**0.5) / 2)) == "(1 + √5)/2 x₀"
    assert "terms" in str(polynomial("x0 + x1 + x2", 3) ** 12)


def test_values_keep_dtype_and_batch():
    f = polynomial("x0 x1 + 1", 2)
    assert f(torch.ones(4, 5, 2, dtype=torch.float32)).dtype == torch.float32
    assert f(torch.ones(4, 5, 2)).shape == (4, 5) and f(torch.ones(0, 2)).shape == (0,)
    assert f(torch.tensor([2, 3])).dtype == torch.float64
    assert (f * 1j)(torch.ones(2)).dtype == torch.complex64


# the Reynolds operator on polynomials
GROUPS = [
    groups.S(3),
    groups.A(4),
    groups.C.plane(4),
    groups.D.plane(5),
    groups.C.plane(3),
    groups.SignedPermutations(3),
    groups.Tetrahedral(),
    groups.trivial(2),
]


@pytest.mark.parametrize("G", GROUPS, ids=str)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_project_is_idempotent_linear_and_a_module_map(G, data):
    f, g = data.draw(polynomials(G.n)), data.draw(polynomials(G.n))
    R = invariants.project(f, G)
    assert R.is_rational and invariants.project(R, G) == R
    assert invariants.project(f + 2 * g, G) == R + 2 * invariants.project(g, G)
    (norm,) = invariants.basis(G, 2)[:1]
    assert invariants.project(f * norm, G) == R * norm


@pytest.mark.parametrize("G", [*GROUPS, groups.Icosahedral(), groups.C.plane(7)], ids=str)
def test_project_is_the_mean_over_all_elements(G):
    f = polynomial("x0^4 + 2 x0^3 x1 - x1^2 + 3 x0 + 1", G.n)
    x = torch.randn(6, G.n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mean = f(torch.einsum("gij,bj->gbi", G.elements(), x)).mean(0)
    torch.testing.assert_close(invariants.project(f, G)(x), mean)


def test_project_of_a_group_turned_at_random_is_in_floating_point():
    Q = groups.O(3).sample(1, torch.Generator().manual_seed(0))[0]
    G = groups.MatrixGroup(Q @ groups.Tetrahedral().generators @ Q.T, name="turned")
    f, x = polynomial("x^4 + y", 3), torch.randn(5, 3, dtype=torch.float64)
    mean = f(torch.einsum("gij,bj->gbi", G.elements(), x)).mean(0)
    torch.testing.assert_close(invariants.project(f, G)(x), mean)


@pytest.mark.parametrize("G", [*GROUPS, groups.Icosahedral(), groups.C(6), groups.S(4)], ids=str)
def test_a_basis_has_as_many_invariants_as_molien_counts(G):
    for d in range(7):
        found = invariants.basis(G, d)
        assert len(found) == invariants.molien_series(G, 7)[d]
        for f in found:
            assert f.degree == d
            representations.assert_invariant(f, G.vector)


def test_bases_that_are_known():
    assert [str(f) for f in invariants.basis(groups.C.plane(4), 4)] == ["x₀⁴ + x₁⁴", "x₀³x₁ − x₀x₁³", "x₀²x₁²"]
    assert [str(f) for f in invariants.basis(groups.S(3), 2)] == ["x₀² + x₁² + x₂²", "x₀x₁ + x₀x₂ + x₁x₂"]
    assert str(invariants.project(polynomial("x^4", 2), groups.C.plane(4))) == "1/2 x₀⁴ + 1/2 x₁⁴"


def test_projections_that_cannot_be():
    with pytest.raises(ValueError, match="infinite"):
        invariants.project(polynomial("x", 3), groups.SO(3))
    with pytest.raises(ValueError, match="3 variables"):
        invariants.project(polynomial("x", 3), groups.S(4))
    with pytest.raises(MemoryError, match="monomials"):
        invariants.basis(groups.Icosahedral(), 10**6)
    with pytest.raises(ValueError, match="integer ≥ 0"):
        invariants.basis(groups.S(3), -1)
