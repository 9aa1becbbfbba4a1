"""Matrices that stay in their group: the maps against closed forms and other routes, and what learning reaches."""

import itertools

import pytest
import scipy.linalg
import scipy.spatial.transform
import torch
from oracles import matchings_of_unitary
from torch import nn
from torch.nn.utils import parametrize

from eqkit import groups, unitary
from eqkit.equations import EquationSystem
from eqkit.subspaces import same_span
from eqkit.tasks.memory import Adding, Copy
from eqkit.tasks.unitary import HiddenMatrix
from eqkit.unitary import maps
from eqkit.unitary.coordinates import Basis, Skew, cubes_stay
from eqkit.unitary.parametrizations import Exponential

DOUBLE = {"dtype": torch.float64}
LORENTZ = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))


def seed(number=0):
    return torch.Generator().manual_seed(number)


def gaussian(*shape, complex=False, number=0):
    return torch.randn(*shape, dtype=torch.complex128 if complex else torch.float64, generator=seed(number))


def skew(*shape, complex=False):
    Z = gaussian(*shape, complex=complex)
    return Z - Z.mH


def eye(n):
    return torch.eye(n, dtype=torch.float64)


def close(a, b, tolerance=1e-10):
    torch.testing.assert_close(a, b, atol=tolerance, rtol=0)


# exp and its derivative
@pytest.mark.parametrize("complex", [False, True])
def test_exp_of_a_skew_matrix_is_the_matrix_exponential_and_unitary(complex):
    A = skew(2, 3, 6, 6, complex=complex)
    M = maps.exp_skew(A)
    close(M, torch.matrix_exp(A))
    close(M @ M.mH, torch.eye(6, dtype=M.dtype).expand_as(M))


@pytest.mark.parametrize("complex", [False, True])
@pytest.mark.parametrize("scale", [0.0, 1.0], ids=["all eigenvalues equal", "generic"])
def test_the_analytic_gradient_of_exp_agrees_with_finite_differences(complex, scale):
    Z = (scale * gaussian(2, 4, 4, complex=complex)).requires_grad_()
    assert torch.autograd.gradcheck(lambda Z: maps.exp_skew(Z - Z.mH), Z)


@pytest.mark.parametrize("complex", [False, True])
def test_three_ways_to_the_derivative_of_exp_are_one_and_equal_autograd(complex):
    A, B = skew(2, 4, 4, complex=complex), gaussian(2, 4, 4, complex=complex, number=1)
    _, autograd = torch.autograd.functional.jvp(torch.matrix_exp, A, B)
    for way in (unitary.dexp_series, unitary.dexp_block, unitary.dexp_eigen):
        close(way(A, B), autograd)


def test_the_series_and_the_block_need_no_skewness():
    A, B = gaussian(4, 4), gaussian(4, 4, number=1)
    h = 1e-6
    difference = (torch.matrix_exp(A + h * B) - torch.matrix_exp(A - h * B)) / (2 * h)
    close(unitary.dexp_series(A, B), difference, 1e-6)
    close(unitary.dexp_block(A, B), difference, 1e-6)


def test_the_gradient_of_exp_is_the_adjoint_of_its_derivative():
    A, G = skew(5, 5, complex=True), gaussian(5, 5, number=1)
    B = 1j * gaussian(5, 5, number=2)
    B = B + B.mT  # skew-Hermitian
    B = B.to(A.dtype)
    A.requires_grad_()
    (gradient,) = torch.autograd.grad(maps.exp_skew(A), A, G.cdouble())
    left = (G * unitary.dexp_eigen(A.detach(), B)).sum().real
    close(left, (gradient.conj() * B).sum().real)


def test_the_derivative_of_exp_dies_where_eigenvalues_are_a_full_turn_apart():
    A = torch.tensor([[0.0, -torch.pi], [torch.pi, 0.0]], dtype=torch.float64)  # eigenvalues ± iπ, exp(A) = −E
    B = torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64)  # mixes the two eigenvectors
    close(unitary.dexp_eigen(A, B), 0 * B)
    assert unitary.dexp_eigen(0 * A, B).norm() > 1


# the other maps
@pytest.mark.parametrize("complex", [False, True])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_householder_is_the_product_of_the_reflections(k, complex):
    V = gaussian(2, 5, k, complex=complex)
    product = torch.eye(5, dtype=V.dtype).repeat(2, 1, 1)
    for i in range(k):
        v = V[..., i : i + 1] / V[..., i : i + 1].norm(dim=-2, keepdim=True)
        product = product @ (torch.eye(5, dtype=V.dtype) - 2 * v @ v.mH)
    close(maps.householder(V), product)
    close(torch.linalg.det(product), torch.full((2,), (-1.0) ** k, dtype=V.dtype))
    assert torch.autograd.gradcheck(maps.householder, V.requires_grad_())


def test_real_matrices_are_n_minus_1_reflections_even_where_a_column_is_an_axis():
    for n in (2, 3, 4, 5):
        permutations = groups.S(n).elements()
        special = torch.cat([permutations, groups.SignFlips(n).elements(), groups.O(n).sample(20, seed())])
        special = special[(torch.linalg.det(special) * (-1) ** (n - 1) > 0)]
        V = maps.reflections(special)
        assert V.shape[-1] == n - 1 and len(special) > n
        close(maps.householder(V), special)


def test_polar_is_the_unitary_factor_and_nothing_unitary_is_nearer():
    for complex in (False, True):
        X = gaussian(6, 4, 4, complex=complex)
        M = maps.polar(X)
        close(M, torch.stack([torch.from_numpy(scipy.linalg.polar(x.numpy())[0]) for x in X]))
        others = (groups.U(4) if complex else groups.O(4)).sample(500, seed())
        assert ((X[:, None] - others).flatten(2).norm(dim=2) > (X - M).flatten(1).norm(dim=1)[:, None]).all()


def test_polar_with_a_determinant_is_the_rotation_that_aligns_two_point_sets():
    a, b = gaussian(2, 10, 3)
    expected = scipy.spatial.transform.Rotation.align_vectors(b.numpy(), a.numpy())[0].as_matrix()
    close(unitary.procrustes(a, b, 1), torch.from_numpy(expected))
    flipped = unitary.procrustes(a, b, -1)
    close(torch.linalg.det(flipped), torch.tensor(-1.0, dtype=torch.float64))
    free = unitary.procrustes(a, b)
    assert min((free - flipped).norm(), (free - unitary.procrustes(a, b, 1)).norm()) < 1e-10


@pytest.mark.parametrize("complex", [False, True])
def test_the_gradient_of_polar_is_finite_at_a_unitary_matrix_where_that_of_the_svd_is_not(complex):
    X = maps.polar(gaussian(2, 4, 4, complex=complex)).requires_grad_()
    assert torch.autograd.gradcheck(maps.polar, X)
    E = eye(4).to(X.dtype).requires_grad_()
    W, _, Vh = torch.linalg.svd(E)
    assert not torch.isfinite(torch.autograd.grad((W @ Vh)[0, 1].real, E)[0]).all()


def test_the_gradient_of_polar_with_a_determinant_agrees_with_finite_differences():
    X = gaussian(4, 4, 4).requires_grad_()
    for determinant in (1, -1):
        assert torch.autograd.gradcheck(lambda X, d=determinant: maps.polar(X, d), X)


def test_cayley_keeps_a_form_and_comes_back():
    A = torch.linalg.solve(LORENTZ, skew(5, 3, 3)) / 4
    M = maps.cayley(A)
    close(M.mT @ LORENTZ @ M, LORENTZ.expand(5, 3, 3))
    close(maps.inverse_cayley(M), A)
    with pytest.raises(ValueError, match="eigenvalue −1, which no Cayley transform has"):
        maps.inverse_cayley(torch.diag(torch.tensor([-1.0, -1.0, 1.0])))


def test_log_is_the_inverse_of_exp_up_to_half_turns():
    for M in (groups.SO(5).sample(4, seed()), groups.U(4).sample(4, seed()), torch.matrix_exp(gaussian(3, 3) / 3)):
        A = unitary.log(M)
        close(torch.matrix_exp(A), M)
    half_turns = torch.diag(torch.tensor([-1.0, 1, -1, -1, -1], dtype=torch.float64))
    A = unitary.log(half_turns)
    close(A, -A.mT)
    close(torch.matrix_exp(A), half_turns)
    special = groups.SU(4).sample(50, seed())
    A = unitary.log(special, traceless=True)
    close(torch.matrix_exp(A), special)
    close(A.diagonal(dim1=1, dim2=2).sum(1).abs(), torch.zeros(50, dtype=torch.float64))
    assert (unitary.log(special).diagonal(dim1=1, dim2=2).sum(1).abs() > 6).any()
    with pytest.raises(ValueError, match="no real logarithm"):
        unitary.log(torch.diag(torch.tensor([-1.0, 1, 1])))


def test_the_composition_is_the_product_of_its_seven_factors():
    n = 5
    phases, vectors = gaussian(3, n), gaussian(2, n, complex=True)
    permutation = torch.randperm(n, generator=seed())
    D = [torch.diag(torch.exp(1j * p)) for p in phases]
    R = [torch.eye(n) - 2 * torch.outer(v, v.conj()) / v.norm() ** 2 for v in vectors]
    F = torch.exp(-2j * torch.pi * torch.outer(torch.arange(n), torch.arange(n)) / n).cdouble() / n**0.5
    P = torch.eye(n, dtype=torch.complex128)[permutation]
    M = unitary.composition(phases, vectors, permutation)
    close(M, D[2] @ R[1] @ torch.linalg.inv(F) @ D[1] @ P @ R[0] @ F @ D[0], 1e-6)
    close(M @ M.mH, torch.eye(n, dtype=M.dtype))


# coordinates
@pytest.mark.parametrize("G", [groups.SO(4), groups.U(3), groups.SU(4), groups.U(1)], ids=str)
def test_coordinates_without_a_stored_basis_are_those_of_the_group(G):
    algebra = Skew(G.n, G.lie_algebra.is_complex(), traceless=groups.family(G) == "SU")
    assert algebra.size == len(G.lie_algebra)
    c = gaussian(2, algebra.size)
    A = torch.einsum("sd,dij->sij", c.to(G.lie_algebra.dtype), G.lie_algebra)
    close(algebra.matrix(c), A)
    close(algebra.coefficients(A), c)
    close(Basis(G.lie_algebra).coefficients(A), c)


@pytest.mark.parametrize(
    ("G", "stays"),
    [
        (groups.SO(4), True),
        (groups.U(3), True),
        (groups.Sp(4), True),
        (groups.Lorentz(), True),
        (groups.SL(2), True),  # = Sp(2)
        (groups.GL(3), True),
        (groups.SL(3), False),
        (groups.SU(3), False),
    ],
    ids=str,
)
def test_cayley_stays_where_cubes_stay_in_the_algebra(G, stays):
    algebra = Basis(G.lie_algebra)
    assert cubes_stay(algebra) == stays
    c = gaussian(G.lie_algebra.shape[0]) / 4
    assert G.contains(maps.cayley(algebra.matrix(c))) == stays


# modules
ORTHOGONAL = list(itertools.product(("exp", "cayley", "householder", "projection"), (False, True), (2, 3, 6)))


@pytest.mark.parametrize(("map", "reflection", "n"), ORTHOGONAL)
def test_an_orthogonal_matrix_stays_orthogonal_while_it_moves_and_keeps_its_determinant(map, reflection, n):
    layer = unitary.OrthogonalMatrix(n, map, reflection=reflection, copies=(3,), generator=seed(), **DOUBLE)
    before = layer.matrix.detach()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    for _ in range(20):
        optimizer.zero_grad()
        (layer.matrix * gaussian(3, n, n, number=1)).sum().backward()
        optimizer.step()
    M = layer.matrix.detach()
    assert (M - before).norm() > 0.1
    close(M @ M.mT, eye(n).expand(3, n, n))
    close(torch.linalg.det(M), torch.full((3,), -1.0 if reflection else 1.0, dtype=torch.float64))


@pytest.mark.parametrize(("map", "reflection", "n"), ORTHOGONAL)
def test_every_orthogonal_matrix_of_its_determinant_is_reached(map, reflection, n):
    layer = unitary.OrthogonalMatrix(n, map, reflection=reflection, copies=(5,), start="identity", **DOUBLE)
    target = groups.SO(n).sample(5, seed())
    target[:, 0] *= -1 if reflection else 1
    layer.matrix = target
    close(layer.matrix, target, 1e-7)
    again = unitary.OrthogonalMatrix(n, map, reflection=reflection, start=target, **DOUBLE)
    close(again.matrix, target, 1e-7)


@pytest.mark.parametrize("map", ["exp", "cayley", "householder", "projection"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_every_unitary_matrix_is_reached(map, n):
    layer = unitary.UnitaryMatrix(n, map, copies=(5,), generator=seed(), **DOUBLE)
    assert all(groups.U(n).contains(M) for M in layer.matrix.detach())
    target = groups.U(n).sample(5, seed(1))
    layer.matrix = target
    close(layer.matrix, target, 1e-7)


def test_parameters_are_as_many_as_the_dimension_of_the_group():
    count = unitary.parameter_count
    assert count(unitary.OrthogonalMatrix(6)) == count(unitary.OrthogonalMatrix(6, "cayley")) == 15
    assert count(unitary.UnitaryMatrix(6)) == 36 and count(unitary.UnitaryMatrix(6, special=True)) == 35
    assert count(unitary.UnitaryMatrix(6, "composition")) == 7 * 6
    assert count(unitary.GroupMatrix(groups.Sp(6))) == 21
    assert (
        count(unitary.UnitaryMatrix(6, "projection")) == 72 and count(unitary.OrthogonalMatrix(6, "householder")) == 30
    )


@pytest.mark.parametrize("special", [False, True])
def test_a_random_start_is_haar_by_its_moments(special):
    M = unitary.UnitaryMatrix(
        3, "projection" if not special else "exp", special=special, copies=(4000,), generator=seed()
    )
    trace = M.matrix.detach().diagonal(dim1=1, dim2=2).sum(1).abs()
    for k in (1, 2):
        moments = trace ** (2 * k)
        expected = matchings_of_unitary(k, 3)  # the same for SU(3) below k = 3
        assert abs(float(moments.mean()) - expected) < 4 * float(moments.std()) / 4000**0.5
    signed = unitary.OrthogonalMatrix(3, "projection", copies=(4000,), generator=seed()).matrix.detach()
    trace = signed.diagonal(dim1=1, dim2=2).sum(1)
    assert abs(float(trace.mean())) < 0.06 and abs(float(trace.square().mean()) - 1) < 0.1  # SO(3): ∫χ = 0, ∫χ² = 1


@pytest.mark.parametrize(
    "G",
    [
        groups.Sp(4),
        groups.Lorentz(),
        groups.SL(3),
        groups.SU(3),
        groups.SO(3) * groups.SO(2),
        groups.GL(2),
        unitary.isometry_group(LORENTZ),
    ],
    ids=str,
)
def test_a_matrix_of_any_lie_group_stays_in_it_while_it_moves(G):
    layer = unitary.GroupMatrix(G, generator=seed(), **DOUBLE)
    before = layer.matrix.detach()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(10):
        optimizer.zero_grad()
        layer(gaussian(7, G.n).to(before.dtype)).abs().square().sum().add(layer.matrix.real[0].sum()).backward()
        optimizer.step()
    M = layer.matrix.detach()
    assert G.contains(M) and (M - before).norm() > 1e-3
    layer.matrix = before
    close(layer.matrix, before, 1e-7)


def test_a_component_is_kept_for_each_of_the_four_of_O_2_1():
    G = unitary.isometry_group(LORENTZ)
    assert (str(G), len(G.lie_algebra), len(G.generators), G.is_compact) == ("O(2, 1)", 3, 2, False)
    a, b = G.generators
    seen = set()
    for C in (None, a, b, a @ b):
        M = unitary.GroupMatrix(G, component=C, generator=seed(), **DOUBLE).matrix.detach()
        assert G.contains(M)
        seen.add((bool(torch.linalg.det(M) > 0), bool(M[2, 2] > 0)))
    assert len(seen) == 4


def test_the_isometries_of_the_symplectic_form_are_the_symplectic_group():
    G = unitary.isometry_group(groups.symplectic_form(4))
    assert len(G.lie_algebra) == 10 and not len(G.generators)
    assert same_span(G.lie_algebra.flatten(1).T, groups.Sp(4).lie_algebra.flatten(1).T)
    O = unitary.isometry_group(eye(3))  # noqa: E741
    assert (str(O), O.is_compact) == ("O(3, 0)", True)
    B = gaussian(4, 4)
    G = unitary.isometry_group(B + B.T)
    assert all(G.contains(M) for M in G.random_products(5, seed()))
    assert not G.contains(2 * eye(4)) and G.contains(-eye(4))


@pytest.mark.parametrize("map", ["exp", "cayley"])
def test_recentring_moves_no_matrix_and_is_saved(map):
    layer = unitary.UnitaryMatrix(4, map, copies=(2,), generator=seed(), **DOUBLE)
    before = layer.matrix.detach()
    layer.rebase_()
    close(layer.matrix, before)
    assert not any(p.any() for p in layer.parameters())
    other = unitary.UnitaryMatrix(4, map, copies=(2,), generator=seed(1), **DOUBLE)
    other.load_state_dict(layer.state_dict())
    close(other.matrix, before)


@pytest.mark.parametrize("map", ["exp", "cayley", "householder", "projection"])
def test_a_matrix_that_is_not_in_the_group_cannot_be_set(map):
    layer = unitary.OrthogonalMatrix(3, map, generator=seed())
    before = layer.matrix.detach()
    for wrong in (2 * eye(3), groups.SO(3).sample(1, seed())[0] + 0.1, groups.O(3).generators[0]):
        with pytest.raises(ValueError, match="must lie in the group|no real logarithm|eigenvalue −1"):
            layer.matrix = wrong.float()
        assert torch.equal(layer.matrix, before)


def test_equations_give_a_trainable_matrix_at_every_n():
    system = EquationSystem("M Mᵀ = E", "M X = X M")
    for n in (4, 6):
        layer = unitary.GroupMatrix(system.group(n), generator=seed(), **DOUBLE)
        assert unitary.parameter_count(layer) == (n // 2) ** 2  # U(n/2)
        assert system.residual(layer.matrix.detach()) < 1e-12


def test_a_parametrization_can_be_registered_on_any_layer():
    linear = nn.Linear(4, 4, bias=False, **DOUBLE)
    linear.weight = nn.Parameter(groups.SO(4).sample(1, seed())[0])
    before = linear.weight.detach().clone()
    parametrize.register_parametrization(linear, "weight", Exponential(Skew(4), eye(4)), unsafe=True)
    close(linear.weight, before)
    linear(gaussian(3, 4)).sum().backward()
    assert [p.shape for p in linear.parameters()] == [(6,)] and all(p.grad is not None for p in linear.parameters())


def test_a_layer_multiplies_rows_by_its_matrix_also_for_copies_and_real_input():
    x = gaussian(2, 7, 4)
    layer = unitary.UnitaryMatrix(4, copies=(2,), generator=seed(), **DOUBLE)
    close(layer(x), torch.einsum("cij,cej->cei", layer.matrix, x.to(torch.complex128)))
    assert repr(layer) == "a matrix of U(4), map='exp', 32 real parameters"
    single = unitary.OrthogonalMatrix(4, "projection", generator=seed())
    assert single.matrix.dtype == torch.float32 and single(x.float()).dtype == torch.float32


# learning
def learned(layer, task, **options):
    *_, last = unitary.learn(layer, task, snapshots=2, generator=seed(1), **options)
    with torch.no_grad():
        return torch.stack([unitary.losses(layer, *task(seed(100 + i))) for i in range(20)]).mean(0), last


def hidden(n, runs=3):
    return HiddenMatrix(groups.U(n).sample(runs, seed(n)).to(torch.complex64))


def test_the_floor_and_the_loss_of_a_random_guess_are_the_closed_forms():
    for G, floor, guess in ((groups.U(6), 2 * 6 * 1e-4, 24), (groups.O(6), 6 * 1e-4, 12)):
        task = HiddenMatrix(G.sample(2000, seed()))
        x, y = task(seed(1))
        loss = (x @ task.U.mT - y).abs().square().sum(-1).mean()
        assert task.floor == pytest.approx(floor) and float(loss) == pytest.approx(floor, rel=0.02)
        random = (x @ G.sample(2000, seed(2)).mT - y).abs().square().sum(-1).mean()
        assert task.baseline == pytest.approx(guess + floor) and float(random) == pytest.approx(task.baseline, rel=0.03)


@pytest.mark.parametrize("n", [3, 6, 8, 14, 20])
def test_recentred_exp_learns_every_unitary_matrix_to_the_floor(n):
    task = hidden(n)
    loss, last = learned(unitary.UnitaryMatrix(n, copies=(3,), generator=seed()), task, steps=500, rebase=50)
    assert (loss < 1.1 * task.floor).all()
    assert (last.M - task.U).abs().max() < 0.02


def test_seven_n_numbers_are_too_few_at_n_14():
    task = hidden(14)
    composed, _ = learned(unitary.UnitaryMatrix(14, "composition", copies=(3,), generator=seed()), task, steps=300)
    chosen = torch.randperm(196, generator=seed())[: 7 * 14]
    part = groups.MatrixGroup(lie_algebra=groups.U(14).lie_algebra[chosen])
    restricted, _ = learned(unitary.GroupMatrix(part, start="identity", copies=(3,)), task, steps=300)
    assert (composed > 5).all() and (restricted > 5).all()


@pytest.mark.parametrize("n", [3, 5, 6, 8, 9])
def test_the_composition_has_seven_dimensions_less_than_numbers(n):
    layer = unitary.UnitaryMatrix(n, "composition", dtype=torch.float64, generator=seed(n))
    numbers, chain = layer.parametrizations.matrix.original.detach(), layer.parametrizations.matrix[0]
    derivative = torch.autograd.functional.jacobian(lambda c: torch.view_as_real(chain(c)), numbers)
    rank = torch.linalg.matrix_rank(derivative.reshape(2 * n * n, 7 * n), rtol=1e-9)
    assert rank == min(n * n, 7 * n - 7)  # at n = 6 one too few


def test_recentring_brings_a_restricted_algebra_over_the_cliff_for_its_products_reach_further():
    task = hidden(14)
    chosen = torch.randperm(196, generator=seed())[: 7 * 14]
    part = groups.MatrixGroup(lie_algebra=groups.U(14).lie_algebra[chosen])
    layer = unitary.GroupMatrix(part, start="identity", copies=(3,))
    loss, _ = learned(layer, task, steps=500, rebase=10)
    assert (loss < 5).all()


def test_projection_works_with_the_whole_gradient_and_not_with_its_real_part():
    task = hidden(6)
    sgd = {"optimizer": torch.optim.SGD, "learning_rate": 0.02, "steps": 400}
    start = groups.U(6).sample(3, seed(9)).to(torch.complex64)
    right, _ = learned(unitary.ProjectedMatrix(start), task, **sgd)
    wrong, _ = learned(unitary.ProjectedMatrix(start, real_part_only=True), task, **sgd)
    through, _ = learned(unitary.UnitaryMatrix(6, "projection", start=start), task, **sgd)
    assert (right < 1.1 * task.floor).all() and (through < 1.1 * task.floor).all() and (wrong > 5).all()


def test_procrustes_is_exact_without_noise_and_needs_n_pairs():
    task = HiddenMatrix(groups.U(5).sample(2, seed()), noise=0.0, batch=5)
    close(unitary.procrustes(*task(seed(1))), task.U)


@pytest.mark.parametrize("map", ["exp", "cayley", "householder"])
def test_determinant_minus_one_is_reached_with_the_switch_and_not_without(map):
    target = groups.SO(4).sample(2, seed()).float()
    target[:, 0] *= -1
    task = HiddenMatrix(target)
    for reflection in (False, True):
        layer = unitary.OrthogonalMatrix(4, map, reflection=reflection, copies=(2,), generator=seed(2))
        _, last = learned(layer, task, steps=400, rebase=0 if map == "householder" else 50)
        squares = (last.M - target).square().sum((1, 2))  # the nearest rotation turns one direction round: 2² = 4
        torch.testing.assert_close(squares, torch.full((2,), 0.0 if reflection else 4.0), atol=0.01, rtol=0.01)


def test_runs_side_by_side_are_the_runs_alone_and_snapshots_are_spread_evenly():
    U = groups.U(3).sample(2, seed()).to(torch.complex64)
    x = gaussian(2, 50, 3, complex=True).to(torch.complex64)

    def pairs(run):
        return lambda generator: (x[run], x[run] @ U[run].mT)

    together = list(
        unitary.learn(unitary.UnitaryMatrix(3, start="identity", copies=(2,)), pairs(slice(0, 2)), steps=30)
    )
    alone = list(unitary.learn(unitary.UnitaryMatrix(3, start="identity"), pairs(1), steps=30, snapshots=4))
    assert [s.step for s in together] == list(range(31)) and [s.step for s in alone] == [0, 10, 20, 30]
    for snapshot in alone:
        close(snapshot.M, together[snapshot.step].M[1], 1e-5)
    assert torch.equal(together[0].M[0], torch.eye(3, dtype=torch.complex64)) and not together[-1].M.requires_grad


# constraints
def test_ways_to_keep_the_equation_keep_it_and_the_closed_form_is_best():
    data = unitary.examples(5, 10, runs=5, generator=seed())
    rows = {row.way: row for row in unitary.compare_constraints(data, steps=100)}
    assert list(rows) == [*unitary.WAYS, "closed form"]
    kept = ("projection", "equations", "retraction", "Lie algebra", "closed form")
    assert all(rows[way].satisfaction < 1e-10 for way in kept)
    assert rows["free"].satisfaction > rows["penalty"].satisfaction > 1e-2
    assert all(rows["closed form"].loss <= rows[way].loss + 1e-9 for way in kept)
    assert rows["free"].loss < rows["closed form"].loss and rows["free"].error > rows["projection"].error
    assert rows["retraction"].loss == pytest.approx(rows["closed form"].loss, rel=0.02)


def test_the_equation_alone_projects_as_the_closed_form_does():
    data = unitary.examples(4, 6, runs=3, generator=seed())
    for a, b in itertools.islice(zip(*(unitary.WAYS[w](data) for w in ("projection", "equations")), strict=True), 20):
        close(a, b, 1e-8)


# memory
def test_the_copy_task_asks_for_the_symbols_after_the_marker():
    task = Copy(7)
    x, y = task(5, seed())
    assert x.shape == (5, 27, 10) and y.shape == (5, 27) and (x.sum(-1) == 1).all()
    symbols = x[:, :10].argmax(-1)
    assert (symbols < 8).all() and torch.equal(y[:, -10:], symbols) and (y[:, :-10] == 8).all()
    assert (
        (x[:, 16].argmax(-1) == 9).all() and (x[:, 17:].argmax(-1) == 8).all() and (x[:, 10:16].argmax(-1) == 8).all()
    )
    guess = torch.full((5, 27, 9), -30.0)
    guess[:, :17, 8], guess[:, 17:, :8] = 0.0, 0.0
    assert float(task.loss(guess, y)) == pytest.approx(task.baseline, rel=1e-4)


def test_the_adding_task_adds_one_number_of_each_half():
    task = Adding(11)
    x, y = task(2000, seed())
    assert x.shape == (2000, 11, 2) and y.shape == (2000, 1)
    assert (x[:, :5, 1].sum(1) == 1).all() and (x[:, 5:, 1].sum(1) == 1).all()
    close((x[..., 0] * x[..., 1]).sum(1, keepdim=True), y, 1e-6)
    assert float(task.loss(torch.ones(2000, 11, 1), y)) == pytest.approx(task.baseline, rel=0.06)


def test_the_memory_of_an_orthogonal_network_is_not_stretched():
    network = unitary.OrthogonalRNN(3, 8, 8, seed())
    with torch.no_grad():
        network.read.weight.copy_(torch.eye(8))
        network.read.bias.zero_()
    x = torch.zeros(4, 50, 3)
    x[:, 0] = torch.randn(4, 3, generator=seed())
    norms = network(x).norm(dim=-1)
    torch.testing.assert_close(norms, norms[:, :1].expand(4, 50), atol=1e-4, rtol=1e-4)


def test_an_orthogonal_network_copies_over_a_delay_where_an_lstm_only_learns_blanks():
    task, final = Copy(15), {}
    for network in (unitary.OrthogonalRNN(10, 64, 9, seed()), unitary.LSTM(10, 32, 9, seed())):
        history = [p.loss for p in unitary.train(network, task, steps=100)]
        final[type(network).__name__] = sum(history[-20:]) / 20
    assert final["OrthogonalRNN"] < 0.2 * task.baseline < 0.9 * task.baseline < final["LSTM"]


def test_networks_of_one_seed_are_equal():
    a, b = ([p.loss for p in unitary.train(net(2, 8, 1, seed()), Adding(6), steps=5)] for net in [unitary.LSTM] * 2)
    assert a == b


# faults
@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: unitary.OrthogonalMatrix(1), ValueError, r"O\(1\) = \{1, −1\} has nothing to learn"),
        (lambda: unitary.UnitaryMatrix(1, special=True), ValueError, r"SU\(1\) = \{1\} has nothing to learn"),
        (lambda: unitary.OrthogonalMatrix(2.0), ValueError, "the size is an integer ≥ 1"),
        (lambda: unitary.OrthogonalMatrix(0), ValueError, "the size is an integer ≥ 1"),
        (lambda: unitary.OrthogonalMatrix(3, "qr"), ValueError, "give one of exp, cayley, householder"),
        (lambda: unitary.OrthogonalMatrix(3, "composition"), ValueError, "it makes complex matrices"),
        (lambda: unitary.UnitaryMatrix(3, "composition", start="identity"), ValueError, "starts at random"),
        (lambda: unitary.UnitaryMatrix(3, "cayley", special=True), ValueError, "not that of a bilinear form"),
        (lambda: unitary.UnitaryMatrix(3, "householder", special=True), ValueError, "its determinant is any phase"),
        (lambda: unitary.UnitaryMatrix(3, dtype=torch.complex64), TypeError, "precision of real and imaginary part"),
        (lambda: unitary.GroupMatrix(groups.S(3)), ValueError, r"S\(3\).*no Lie algebra.*isolated"),
        (lambda: unitary.GroupMatrix("SO(3)"), TypeError, "give a group"),
        (lambda: unitary.GroupMatrix(groups.SL(3), "cayley"), ValueError, r"SL\(3\).*use map='exp'"),
        (lambda: unitary.GroupMatrix(groups.Sp(4), "householder"), ValueError, "none of O, SO, U"),
        (lambda: unitary.GroupMatrix(groups.Sp(5)), ValueError, "even size; 5 is odd"),
        (lambda: unitary.GroupMatrix(groups.SO(3), component=2 * eye(3)), ValueError, "no element of"),
        (lambda: unitary.GroupMatrix(groups.SO(3), component=eye(4)), ValueError, r"\(4, 4\); elements of SO\(3\)"),
        (lambda: unitary.OrthogonalMatrix(3, start="zero"), ValueError, "'identity', 'random' or a matrix"),
        (lambda: unitary.OrthogonalMatrix(3, start=eye(4)), ValueError, r"start has shape \(4, 4\)"),
        (lambda: unitary.OrthogonalMatrix(3, start=eye(3).repeat(2, 1, 1), copies=(3,)), ValueError, "equal to copies"),
        (lambda: unitary.OrthogonalMatrix(3, copies=3), ValueError, r"give a shape, copies=\(3,\)"),
        (lambda: unitary.OrthogonalMatrix(3, copies=(2,))(torch.zeros(2, 3)), ValueError, r"takes \(2, examples, 3\)"),
        (lambda: unitary.OrthogonalMatrix(3, start=2 * eye(3)), ValueError, "start is not unitary.*maps.polar"),
        (lambda: unitary.OrthogonalMatrix(3, start=-eye(3)), ValueError, "determinant −1.*reflection=True"),
        (lambda: unitary.OrthogonalMatrix(3, start=eye(3), reflection=True), ValueError, r"\+1.*reflection=False"),
        (lambda: unitary.OrthogonalMatrix(3, start=eye(3) * torch.nan), ValueError, "NaN or infinity"),
        (lambda: unitary.OrthogonalMatrix(3, start=1j * eye(3)), ValueError, "start is complex"),
        (
            lambda: unitary.UnitaryMatrix(2, special=True, start=1j * eye(2)),
            ValueError,
            "no parameters give this matrix",
        ),
        (lambda: unitary.GroupMatrix(groups.Sp(4), start=2 * eye(4)), ValueError, "must lie in the group"),
        (lambda: unitary.OrthogonalMatrix(3, "projection").rebase_(), ValueError, "only 'exp' and 'cayley'"),
        (lambda: unitary.OrthogonalMatrix(3)(torch.zeros(2, 4)), ValueError, r"\(2, 4\); SO\(3\) acts on vectors"),
        (lambda: unitary.isometry_group(gaussian(3, 3)), ValueError, "neither symmetric nor skew"),
        (lambda: unitary.isometry_group(torch.ones(3, 3)), ValueError, "B is singular"),
        (lambda: unitary.isometry_group(torch.ones(3, 2)), ValueError, "a form is a real n × n matrix"),
        (lambda: unitary.procrustes(eye(3), eye(4)), ValueError, "need one shape"),
        (lambda: unitary.procrustes(eye(3), eye(3) * torch.nan), ValueError, "NaN or infinity"),
        (lambda: HiddenMatrix(2 * eye(3)), ValueError, "in no group of orthogonal or unitary"),
        (lambda: HiddenMatrix(torch.ones(3, 2)), ValueError, "must be square"),
        (lambda: HiddenMatrix(eye(3), batch=0), ValueError, "batch is an integer ≥ 1, not 0"),
        (lambda: unitary.examples(1, 3), ValueError, "n is an integer ≥ 2"),
        (lambda: Copy(0), ValueError, "an integer ≥ 1"),
        (lambda: Adding(1), ValueError, "an integer ≥ 2"),
        (lambda: unitary.OrthogonalRNN(2, 7, 1), ValueError, "take an even number"),
        (lambda: next(unitary.train(unitary.LSTM(2, 8, 1), Adding(6), steps=0)), ValueError, "steps is an integer ≥ 1"),
    ],
)
def test_bad_input_is_refused_with_the_rule_and_the_cure(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_learning_refuses_tasks_of_another_size_empty_loops_and_divergence():
    layer, task = unitary.UnitaryMatrix(3, copies=(3,)), hidden(3)
    with pytest.raises(ValueError, match=r"x has shape \(3, 20, 3\); a layer of copies takes \(2, examples, 3\)"):
        next(unitary.learn(unitary.UnitaryMatrix(3, copies=(2,)), task))
    with pytest.raises(ValueError, match=r"gives \(3, 20, 3\) and the task \(3, 20, 2\)"):
        next(unitary.learn(layer, lambda generator: (task(generator)[0], task(generator)[1][..., :2])))
    with pytest.raises(ValueError, match=r"x has shape \(3, 20, 4\); U\(3\) acts on vectors"):
        next(unitary.learn(layer, hidden(4)))
    with pytest.raises(ValueError, match="snapshots is an integer ≥ 2"):
        next(unitary.learn(layer, task, snapshots=1))
    with pytest.raises(ArithmeticError, match="not finite at step 0"):
        next(unitary.learn(layer, lambda generator: (task(generator)[0] * torch.nan, task(generator)[1])))
