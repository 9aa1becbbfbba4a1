"""What one can do with equations at every n: tangent spaces, projection, the group test, groups; systems with names."""

import math

import pytest
import torch
from families import FAMILIES, gaussian, haar, learned

from eqkit import groups, subspaces
from eqkit.equations import (
    NAMES,
    EquationSystem,
    X,
    metric,
    named,
    tangent,
)
from eqkit.equivariant_maps import Hom
from eqkit.networks import EquivariantLinear
from eqkit.representations import assert_equivariant
from eqkit.subspaces import principal_angles, same_span

GROUPS = [name for name, family in FAMILIES.items() if family.is_group]
ORTHOGONAL = EquationSystem("M Mᵀ = E")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", GROUPS)
def test_the_tangent_space_has_the_dimension_of_the_group(name):
    assert [learned(name).dimension(n) for n in (4, 6, 8)] == [FAMILIES[name].dimension(n) for n in (4, 6, 8)]


DIMENSIONS = {  # closed forms
    "GL": lambda n: n * n,
    "SL": lambda n: n * n - 1,
    "O": lambda n: n * (n - 1) // 2,
    "SO": lambda n: n * (n - 1) // 2,
    "scaled O": lambda n: n * (n - 1) // 2 + 1,
    "O(1,q)": lambda n: n * (n - 1) // 2,
    "SO(1,q)": lambda n: n * (n - 1) // 2,
    "O(2,q)": lambda n: n * (n - 1) // 2,
    "Sp": lambda n: n * (n + 1) // 2,
    "affine": lambda n: (n - 1) * n,
    "Euclidean": lambda n: (n - 1) * (n - 2) // 2 + n - 1,
    "GL(ℂ)": lambda n: n * n // 2,
    "SL(ℂ)": lambda n: n * n // 2 - 2,
    "U": lambda n: n * n // 4,
    "SU": lambda n: n * n // 4 - 1,
    "GL(ℍ)": lambda n: n * n // 4,
    "Sp(ℍ)": lambda n: n // 4 * (n // 2 + 1),
    "permutations": lambda n: 0,
    "signed permutations": lambda n: 0,
    "sign matrices": lambda n: 0,
    "diagonal": lambda n: n,
    "circulants": lambda n: n,
    "centrosymmetric": lambda n: (n * n + n % 2) // 2,
    "row sums 1": lambda n: n * (n - 1),
    "doubly stochastic": lambda n: (n - 1) ** 2,
}
NO_GROUPS = {"symmetric", "reflections", "projections", "Hadamard"}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_named_system_is_a_group_of_the_known_dimension_at_every_n(name):
    system = named(name)
    assert [system.dimension(n) for n in (4, 8, 12, 20)] == [DIMENSIONS[name](n) for n in (4, 8, 12, 20)]
    assert system.closure(8).reasons == ()
    assert EquationSystem(*map(str, system.equations), letters=(metric(2),)) == system


def test_the_names_are_those_of_groups_and_four_others():
    assert set(NAMES) == {*DIMENSIONS, *NO_GROUPS} - {"O(2,q)"}
    for name in NO_GROUPS:
        assert "the product of two solutions is none" in "; ".join(named(name).closure(4).reasons)
    with pytest.raises(ValueError, match="no equations are called 'Spin'; the names are GL, SL, O"):
        named("Spin")


def test_named_systems_have_the_lie_algebras_of_the_named_groups():
    for name, G in (("O", groups.O), ("SO", groups.SO), ("Sp", groups.Sp), ("SL", groups.SL), ("GL", groups.GL)):
        A, B = named(name).lie_algebra(6), G(6).lie_algebra
        assert same_span(A.flatten(1).T, B.flatten(1).T)
    assert same_span(named("O(1,q)").lie_algebra(4).flatten(1).T, groups.Lorentz().lie_algebra.flatten(1).T)


def test_named_systems_hold_on_matrices_that_belong_and_fail_on_others():
    U = haar(groups.SU)(3, 9, seeded())
    real = torch.cat([torch.cat([U.real, U.imag], 2), torch.cat([-U.imag, U.real], 2)], 1)
    assert named("SU").residual(real).max() < 1e-12 and named("Sp").residual(real).max() < 1e-12
    phase = torch.cos(torch.tensor(0.3)) * torch.eye(6) + torch.sin(torch.tensor(0.3)) * X.at(6)
    assert named("U").residual(real @ phase).max() < 1e-6 < 0.1 < named("SU").residual(real @ phase).min()
    Sylvester = torch.tensor([[1.0, 1], [1, -1]])
    assert named("Hadamard").residual(torch.kron(Sylvester, torch.kron(Sylvester, Sylvester))) < 1e-6
    assert named("SO").residual(haar(groups.SO)(7, 9, seeded())).max() < 1e-12
    rotation, shift = haar(groups.O)(4, 1, seeded())[0], torch.eye(5, dtype=torch.float64)
    shift[:4, 4] = 3.0
    assert named("Euclidean").residual(shift @ torch.block_diag(rotation, torch.ones(1, 1))) < 1e-12


TEXTS = ["M⁻¹ = Mᵀ", "M J Mᵀ = J", "M Mᵀ = tr(M Mᵀ)/n E", "det(M) M = M", "det_C(M) = E", "M X = X M", "(M J)∘E = E"]


@pytest.mark.parametrize(
    "text", TEXTS + ["M⁻¹ᵀ J M⁻¹ = J", "tr(M)/n tr(M Mᵀ)/n M = M", "det(M) (M∘Mᵀ) = E", "R M S = R S"]
)
def test_the_sparse_derivative_at_the_identity_is_that_of_automatic_differentiation(text):
    system, one = EquationSystem(text), torch.eye(4, dtype=torch.float64)
    dense = system.jacobian(one)
    torch.testing.assert_close(torch.from_numpy(tangent.jacobian(system.equations[0], 4).toarray()), dense)
    kernel = tangent.null_space(system.equations, 4).flatten(1)
    assert len(kernel) == 16 - torch.linalg.matrix_rank(dense) and (dense @ kernel.T).norm() < 1e-12


def test_blocks_that_share_unknowns_are_solved_together():
    """O ∩ {M 1 = 1} is O(n − 1); its Lie algebra comes out in echelon form."""
    system = EquationSystem("M Mᵀ = E", "M J = J")
    assert [system.dimension(n) for n in (4, 9, 50)] == [3, 28, 1176]
    algebra = system.lie_algebra(6)
    torch.testing.assert_close(subspaces.echelon(algebra.flatten(1)), algebra.flatten(1))


def test_a_system_works_at_50():
    for name, dimension, hom in (("O", 1225, 1), ("Sp", 1275, 1), ("O(1,q)", 1225, 1), ("U", 625, 2)):
        G = named(name).group(50, count=2)
        assert len(G.lie_algebra) == dimension and Hom(G.vector, G.vector).dim == hom
        assert G.contains(G.generators[0] @ G.generators[1]) and not G.contains(2 * torch.eye(50))


def test_a_learned_group_has_layers_at_every_n():
    for n in (4, 9):
        V = learned("permutations").group(n).vector
        layer = EquivariantLinear(3 * V, 2 * V + V.group.trivial, dtype=torch.float64)
        assert_equivariant(layer, 3 * V, 2 * V + V.group.trivial)


def test_the_lie_algebra_of_m_mt_is_the_skew_matrices():
    algebra = ORTHOGONAL.lie_algebra(5)
    assert algebra.shape == (10, 5, 5) and torch.equal(algebra, -algebra.mT)
    assert same_span(algebra.flatten(1).T, groups.O(5).lie_algebra.flatten(1).T)


def test_the_lie_algebra_of_learned_sp_is_sp():
    span, known = learned("Sp(n)").lie_algebra(6).flatten(1).T, groups.Sp(6).lie_algebra.flatten(1).T
    assert span.shape == known.shape and principal_angles(span, known).max() < 1e-10


def test_equations_that_are_not_reduced_give_too_large_a_tangent_space():
    squared = EquationSystem("M Mᵀ M Mᵀ = 2 M Mᵀ − E")  # (M Mᵀ − E)² = 0
    assert squared.dimension(6) == 36 and ORTHOGONAL.dimension(6) == 15
    with pytest.raises(ValueError, match="not reduced"):
        squared.group(2)


@pytest.mark.parametrize("name", FAMILIES)
def test_projection_from_noise_at_8_lands_in_the_family(name):
    system, generator = learned(name), seeded(3)
    noisy = FAMILIES[name].sample(8, 20, generator) + 0.3 * gaussian(8, 20, generator)
    landed = system.project(noisy)
    assert landed.shape == noisy.shape and system.residual(landed).max() < 1e-9


def test_projection_finds_the_permutation_behind_the_noise():
    truth = groups.S(8).sample(20, seeded())
    landed = learned("permutations").project(truth + 0.15 * gaussian(8, 20, seeded(1)))
    assert torch.equal(landed.round(), truth) and (landed - truth).abs().max() < 1e-9


def test_projection_keeps_a_solution_the_dtype_and_one_matrix():
    Q = groups.O(6).sample(1, seeded())[0]
    torch.testing.assert_close(ORTHOGONAL.project(Q), Q, rtol=0, atol=1e-14)
    noisy = (Q + 0.1 * gaussian(6, 1, seeded())[0]).float()
    assert ORTHOGONAL.project(noisy).dtype == torch.float32


@pytest.mark.parametrize("equation, start", [("M Mᵀ = E", torch.zeros(3, 3)), ("M Mᵀ = −E", torch.eye(3))])
def test_a_projection_that_does_not_arrive_says_so(equation, start):
    with pytest.raises(RuntimeError, match="residual .* at n = 3; start nearer"):
        EquationSystem(equation).project(start)


@pytest.mark.parametrize(
    "bad, error, message",
    [
        (torch.zeros(3, 4), ValueError, r"shape \(3, 4\)"),
        (torch.zeros(3), ValueError, "square"),
        (torch.full((3, 3), math.inf), ValueError, "NaN or infinity"),
        (torch.eye(3, dtype=torch.complex128), TypeError, "complex"),
    ],
)
def test_bad_matrices_are_refused(bad, error, message):
    for method in (ORTHOGONAL.residual, ORTHOGONAL.residuals, ORTHOGONAL.project):
        with pytest.raises(error, match=message):
            method(bad)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_group_test_tells_groups_from_other_families(name):
    assert learned(name).is_group() == FAMILIES[name].is_group


@pytest.mark.parametrize("text", ["M M = E", "M M = M", "Mᵀ = M", "M∘M = M", "M Mᵀ = 2 E"])
def test_what_is_not_closed_is_no_group(text):
    system = EquationSystem(text)
    assert not system.is_group()
    with pytest.raises(ValueError, match="form no group"):
        system.group(4)


def test_no_tangent_space_where_e_is_no_solution():
    with pytest.raises(ValueError, match="E is no solution at n = 3"):
        EquationSystem("M Mᵀ = 2 E").lie_algebra(3)


def test_an_equation_without_solutions_has_no_samples():
    with pytest.raises(RuntimeError, match="only 0 of 100 random matrices"):
        EquationSystem("M Mᵀ = −E").sample(3, 5, seeded())


def test_learned_equations_of_finite_groups_give_the_groups():
    assert learned("permutations").group(5).order == math.factorial(5)
    assert learned("permutations").group(5).is_permutation
    assert learned("signed permutations").group(4).order == 2**4 * math.factorial(4)
    assert learned("sign matrices").group(4).order == 2**4


def test_learned_equations_of_o_give_both_components():
    G = learned("O(n)").group(4)
    assert len(G.lie_algebra) == 6 and set(torch.linalg.det(G.generators).round().tolist()) == {-1, 1}
    assert G.name == "{M : M Mᵀ = E}" and G.is_compact


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_a_dimension_needs_an_integer_size(n):
    with pytest.raises(ValueError, match="n is an integer ≥ 1"):
        ORTHOGONAL.dimension(n)


def test_a_jacobian_that_cannot_fit_is_refused():
    with pytest.raises(MemoryError, match="at n = 1000000"):
        ORTHOGONAL.dimension(1_000_000)
