"""Symmetry matrices that name no dimension: learned at n = 16, used unchanged at n = 70 and 256; what lies outside."""

import pytest
import torch
from oracles import one_step_floor

from eqkit import groups, subspaces
from eqkit.equations import R, S, Z, letter
from eqkit.equations.dimension_free import DimensionFree, dictionary, dimension_free_arm, matrices, mean, misfit
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import GradientSteps, LeastSquares, evaluate, meta_learn
from eqkit.parameter_counts.arms import DENSE
from eqkit.parameter_counts.problems import hidden_problem
from eqkit.symmetry_matrices import ReparameterizedLinear
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import translation


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def learned():
    """θ and the rate of one gradient step, learned at n = 16 from five examples a task."""
    model, inner = DimensionFree(dictionary(lost=2), 3, 2, seeded()), GradientSteps()
    tasks = translation(n=16, support=5)
    list(meta_learn(model, tasks, inner, steps=500, learning_rate=3e-2, cosine_decay=True, generator=seeded(1)))
    return model, inner


@pytest.mark.parametrize("n, target, count", [(16, 0.8, 2000), (70, 0.22, 2000), (256, 0.075, 500)])
def test_what_is_learned_at_n_16_is_used_at_every_n(learned, n, target, count):
    model, inner = learned
    before = model.theta.detach().clone()
    loss = float(evaluate(model, translation(n=n), inner, count, seeded(5), batch=100).mean())
    assert 0.8 * one_step_floor(3, n - 2, 3) < loss < target
    assert torch.equal(model.theta, before) and model.numbers + 1 <= 100


def test_the_learned_space_is_that_of_convolutions_and_reads_as_words(learned):
    model, _ = learned
    for n in (16, 70):
        assert subspaces.principal_angles(model.U(n).detach(), translation(n=n).U).sin().max() < 0.1
    assert model.columns() == ("E", "Sᵀ", "Sᵀ Sᵀ")


def test_one_rate_fits_one_number_of_residuals():
    """A rate α for N residuals is used at N': k((1 − α)² + α²(k + 1)/N'), so n = 16 with one example ends above .22."""
    exact = DimensionFree((letter("E", torch.eye), S.T, S.T @ S.T), 3, 2)
    exact.theta = torch.nn.Parameter(torch.eye(3))
    for N, rate in ((14, 14 / 18), (70, 70 / 74)):  # the best rates of one and of five examples at n = 16
        at_70 = 3 * ((1 - rate) ** 2 + rate**2 * 4 / 68)
        step = GradientSteps(1, rate / 2)  # the gradient of the mean square is 2/N Φᵀ(Φv − y)
        loss = float(evaluate(exact, translation(n=70), step, 10_000, seeded(3)).mean())
        assert loss == pytest.approx(at_70, rel=0.05) and (loss < 0.22) == (N == 70)


def test_as_an_arm_it_recovers_a_hidden_group_from_fewer_tasks_than_a_dense_U():
    """The words in S and R span 10 of 36 dimensions: 60 numbers for C(6), a dense U has 216; D(6) is inside too."""
    for G in (groups.C(6), groups.D(6)):
        problem = hidden_problem(G.vector, 8, 2, seeds=4, generator=seeded())
        atoms = dictionary((S, R, mean), 4, sizes=(6,))
        fits = {arm.name: list(arm.fit(problem, seeded(1)))[-1] for arm in (dimension_free_arm(atoms), DENSE)}
        assert dimension_free_arm(atoms).dimension(problem) == problem.k * (10 - problem.k)
        assert len(atoms) == 10 and problem.sine(fits["equations"].U).median() < 1e-6
        assert problem.sine(fits[DENSE.name].U).min() > 0.1


# the layer
def test_the_layer_is_the_reparameterized_one_with_its_U():
    model = DimensionFree(dictionary(), 4, generator=seeded())
    for n in (5, 9):
        dense = ReparameterizedLinear.fixed(model.U(n).detach(), (n, n))
        x, v = torch.randn(3, 2, n, generator=seeded(1)), torch.randn(3, 4, generator=seeded(2))
        torch.testing.assert_close(model(x, v).detach(), dense(x, v).detach())
        torch.testing.assert_close(model.features(x).detach(), dense.features(x))


def test_the_dictionary_is_independent_and_closed_under_transpose_and_product():
    letters = (S, R, mean, Z)
    one, two = matrices(dictionary(letters, 1), 9).flatten(1), matrices(dictionary(letters, 2), 9).flatten(1)
    assert torch.linalg.matrix_rank(one) == len(one) == 6 and torch.linalg.matrix_rank(two) == len(two)
    assert subspaces.same_span(two.T, two.reshape(-1, 9, 9).mT.flatten(1).T)
    short = one.reshape(-1, 9, 9)
    products = (short[:, None] @ short[None]).reshape(-1, 81)
    assert subspaces.same_span(torch.cat([two, products]).T, two.T)


# what lies outside
def test_a_task_inside_the_dictionary_has_no_misfit_and_one_outside_is_reported():
    atoms = dictionary(lost=2)
    inside = misfit(atoms, translation(n=16, support=5)(100, seeded()), lost=2)
    assert inside.outside < 1e-9 and "explain all" in str(inside)
    outside = misfit(atoms, translation(rank=2, n=16, support=5, generator=seeded())(200, seeded(1)), lost=2)
    assert outside.outside > 0.1 and "lie outside" in str(outside) and "letter" in str(outside)


def test_the_misfit_is_the_part_of_the_weights_outside_the_span():
    """E‖(1 − Π) vec W‖² / E‖vec W‖² with Π onto the atoms: D(6) hidden in a dictionary of E and the mean."""
    atoms, hom = dictionary((mean,), 1), Hom(groups.D(6).vector, groups.D(6).vector)
    U, span = hom.U, subspaces.orthonormal(matrices(atoms, 6).flatten(1).T)
    truth = 1 - float((span.T @ U).square().sum()) / hom.dim
    found = misfit(atoms, hidden_group(groups.D(6), support=20, query=20)(5000, seeded()))
    assert found.outside == pytest.approx(truth, rel=0.05)


def test_training_outside_the_dictionary_stays_above_the_floor():
    atoms, tasks = dictionary((S, R), 1), hidden_group(groups.C(8), support=5)
    model, inner = DimensionFree(atoms, 4, generator=seeded()), LeastSquares()
    last = list(meta_learn(model, tasks, inner, steps=150, learning_rate=3e-2, generator=seeded(1)))[-1]
    assert last.loss > 100 * tasks.floor(inner) and misfit(atoms, tasks(50, seeded(2))).outside > 0.2


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: dictionary((S, 3)), ValueError, "an atom is a word without M"),
        (lambda: dictionary(length=0), ValueError, "integer ≥ 1"),
        (lambda: matrices((S,), 2, lost=2), ValueError, "take a larger n"),
        (lambda: DimensionFree((S,), 2), ValueError, "1 atoms span no 2 columns"),
        (lambda: DimensionFree((S,), 1)(torch.zeros(4, 3), torch.zeros(4, 1)), ValueError, r"\(tasks, examples, n\)"),
        (lambda: misfit(dictionary(), translation(n=10)(5, None), 2), ValueError, "more examples a task"),
    ],
)
def test_bad_input_says_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
