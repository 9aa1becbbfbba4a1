"""What can be typed wrongly is answered at once, by the rule and the cure; and nothing wrong is computed silently."""

import math

import pytest
import torch

from eqkit import deep_sets, discovery, equations, groups, invariants, meta_learning, networks, reynolds, unitary
from eqkit import parameter_counts as counts
from eqkit import symmetry_matrices as matrices
from eqkit.equations import E, EquationSystem, M
from eqkit.groups import SO, C, S
from eqkit.invariants import Polynomial, polynomial
from eqkit.tasks import (
    convolutions,
    few_shot,
    glyphs,
    hidden_groups,
    linear,
    memory,
    nonlinear,
    rotated_digits,
    sets,
    shapes,
    translation,
)
from eqkit.tasks.unitary import HiddenMatrix

x0 = polynomial("x0", 2)
one, nan = torch.ones, math.nan
layer = matrices.ReparameterizedLinear(8, 6, 3, torch.Generator().manual_seed(0))
tasks = translation.translation(n=8)
problem, STATISTIC = counts.hidden_problem(S(3).vector, 2, 2), ("entropy of a rotated marginal", 3)
square, orthogonal = one(60, 3).double().cumsum(0), EquationSystem("M Mᵀ = E")


def norm(x):
    return x.square().sum(-1)


def first(model=layer, tasks=tasks, inner=None, **options):
    return next(meta_learning.meta_learn(model, tasks, inner or meta_learning.LeastSquares(), **options))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        # numbers and exponents
        (lambda: polynomial("1" * 5000, 2), ValueError, "5,000 digits"),
        (lambda: polynomial("9^200^200^200", 2), ValueError, "binary digits"),
        (lambda: polynomial("-" * 5000 + "x0", 2), ValueError, "signs are nested"),
        (lambda: polynomial("x0", 10**9), ValueError, "can be handled"),
        (lambda: Polynomial.of({(1.5, 0): 1}, 2), ValueError, "integer exponents"),
        (lambda: Polynomial.of({1: 1}, 1), ValueError, "integer exponents"),
        (lambda: Polynomial.of({(1, 0): "3"}, 2), TypeError, "coefficients are numbers"),
        (lambda: Polynomial.of(5, 2), TypeError, "give terms"),
        (lambda: x0 / 0, ValueError, "divided by 0"),
        (lambda: x0("a"), TypeError, "no array of numbers"),
        (lambda: x0.substitute(None), TypeError, "no array of numbers"),
        (lambda: invariants.PolynomialMap([1, 2]), TypeError, "list of polynomials"),
        (lambda: invariants.hsop_bound([1.5]), ValueError, "integers ≥ 1"),
        (lambda: invariants.torus([1, -1], 2.5), ValueError, "one order for each row"),
        (lambda: invariants.transvectant(x0, "a", 1), TypeError, "are polynomials"),
        # no group, no representation
        (lambda: invariants.basis("S(3)", 2), TypeError, "is no group"),
        (lambda: invariants.invariant_ring(S(3).vector), TypeError, "is no group"),
        (lambda: invariants.project(x0, None), TypeError, "is no group"),
        (lambda: invariants.molien_series(None, 4), TypeError, "is no group"),
        (lambda: invariants.molien_series(S(3), 4, S(3)), TypeError, "is no representation"),
        (lambda: networks.pixels("C4", 3), TypeError, "is no group"),
        (lambda: networks.tensors(None, 3), TypeError, "is no group"),
        (lambda: reynolds.everything(None), TypeError, "is no group"),
        (lambda: reynolds.polynomials(None, 2), TypeError, "is no group"),
        (lambda: hidden_groups.hidden_group(S(3).vector), TypeError, "is no group"),
        (lambda: invariants.separating(S(3)), TypeError, "is no representation"),
        (lambda: invariants.orbit_distance(C(4), one(4), one(4)), TypeError, "is no representation"),
        (lambda: deep_sets.features_of(C(3), "generators"), TypeError, "is no representation"),
        (lambda: networks.Bilinear(S(3), S(3).vector), TypeError, "is no representation"),
        (lambda: networks.GroupPool2d(C.plane(4)), TypeError, "is no representation"),
        (lambda: reynolds.projector(S(3)), TypeError, "is no representation"),
        (lambda: reynolds.project("f", S(3).vector), TypeError, "no function"),
        # too large
        (lambda: invariants.molien_series(SO(3), 10_000), MemoryError, "lower degree"),
        (lambda: invariants.molien_series(SO(3), 5, SO(3).vector ** 8), MemoryError, "size 6,561"),
        (lambda: invariants.max_filter(S(4).vector, 10**12), MemoryError, "GiB"),
        (lambda: reynolds.sample(SO(3), 10**12), MemoryError, "GiB"),
        (lambda: deep_sets.mlp(10**7, 10**7), MemoryError, "GiB"),
        (lambda: deep_sets.sized(C(3).vector, "generators", 10**10), ValueError, "can be handled"),
        (lambda: deep_sets.power_sums(one(3), 10**9), ValueError, "too high"),
        (lambda: networks.uniform(S(3), 10**12), ValueError, "can be handled"),
        (lambda: unitary.OrthogonalMatrix(10**7), MemoryError, "GiB"),
        # sets
        (lambda: deep_sets.pool("a"), TypeError, "tensors"),
        (lambda: deep_sets.pool(one(3, 4), [True, False, True]), TypeError, "tensors"),
        (lambda: deep_sets.pool(one(2, 2).long(), None, "mean"), TypeError, "floating-point"),
        (lambda: deep_sets.SetLinear(2, 3)(one(5, 4)), ValueError, "this layer takes"),
        (lambda: deep_sets.gram(one(3)), ValueError, "clouds"),
        (lambda: deep_sets.collision(torch.sin, one(3, 2), nan), ValueError, "positive number"),
        (lambda: deep_sets.collision(lambda x: x.sum(), one(3, 2)), ValueError, "latent"),
        (lambda: deep_sets.jacobian(one(3), -4), ValueError, "integer ≥ 1"),
        (lambda: deep_sets.ball(3, 0), ValueError, "integer ≥ 1"),
        (lambda: next(deep_sets.compare(C(3), torch.sin, "reynolds")), TypeError, "give a list"),
        (lambda: next(deep_sets.train(deep_sets.mlp(2, 1), torch.rand, learning_rate=-1)), ValueError, "positive"),
        (lambda: deep_sets.largest_jump(torch.sin, one(2), one(2), 1), ValueError, "integer ≥ 2"),
        (lambda: sets.gaussian_sets(-torch.eye(3)[None], 5), ValueError, "not positive definite"),
        (lambda: sets.plug_in("a", one(2, 3, 4)), ValueError, "choose one of"),
        (lambda: sets.correlated(3, 7), ValueError, "even"),
        # matrices
        (lambda: unitary.exp_skew(one(3, 4)), ValueError, "square"),
        (lambda: unitary.cayley(one(3)), ValueError, "square"),
        (lambda: unitary.cayley(2 * torch.eye(3)), ValueError, "eigenvalue 2"),
        (lambda: unitary.polar(torch.full((3, 3), nan)), ValueError, "NaN"),
        (lambda: unitary.polar(torch.eye(3).long()), TypeError, "floating-point"),
        (lambda: unitary.householder(one(3)), ValueError, "as columns"),
        (lambda: unitary.isometry_group(torch.zeros(3, 3)), ValueError, "singular"),
        (lambda: unitary.dexp_block(one(2, 2), one(3, 3)), ValueError, "one shape"),
        (lambda: unitary.composition(one(3, 4), one(2, 4) + 0j, torch.zeros(4).long()), ValueError, "no permutation"),
        (lambda: unitary.GroupMatrix(SO(3), copies=(-1,)), ValueError, "integers ≥ 1"),
        (lambda: unitary.OrthogonalMatrix(3)("a"), TypeError, "acts on tensors"),
        (lambda: unitary.OrthogonalRNN(2, 4, 1)(one(5, 2)), ValueError, "sequences"),
        (lambda: unitary.LSTM(2, 4, 1)(one(3, 0, 2)), ValueError, "one or more times"),
        # tasks
        (lambda: linear.LinearTasks(torch.full((1, 2, 2), nan), 1, 1), ValueError, "NaN"),
        (lambda: memory.Copy(5)(-1), ValueError, "integer ≥ 1"),
        (lambda: hidden_groups.flips(0, 3), ValueError, "integer ≥ 1"),
        (lambda: translation.convolution(3.5), ValueError, "integer ≥ 1"),
        (lambda: translation.convolution(10**7), MemoryError, "GiB"),
        (lambda: linear.LinearTasks(one(1, 2, 2), 1, 1, "a"), ValueError, "number ≥ 0"),
        (lambda: tasks(10**10), MemoryError, "GiB"),
        (lambda: glyphs.FewShot(torch.zeros(6, 4, 8, 8), query=2)(10**10), MemoryError, "GiB"),
        (lambda: glyphs.Augment(crop=nan), ValueError, "number ≥ 0"),
        (lambda: few_shot.learner("X", 5), ValueError, "choose one of"),
        (lambda: convolutions.ConvolutionTasks(one(1, 1, 1, 3, 4), 8), ValueError, "square"),
        (lambda: convolutions.group_convolution("C8"), TypeError, "is no group"),
        (lambda: nonlinear.TwoLayerTasks(one(3, 4) * nan, one(2, 3, 3)), ValueError, "NaN"),
        (lambda: tasks(3, 0), TypeError, r"generator is 0; give torch.Generator\(\).manual_seed\(0\)"),
        (lambda: memory.Copy(5)(2, 7), TypeError, r"manual_seed\(7\)"),
        (lambda: translation.translation(generator=0), TypeError, "translation: generator"),
        (lambda: linear.no_symmetry(3, 3, 2, generator="a"), TypeError, "generator is 'a'"),
        (lambda: glyphs.Augment()(one(1, 1, 4, 4), 0), TypeError, "Augment: generator"),
        (lambda: shapes.shapes(3, generator=0), TypeError, "shapes: generator"),
        (lambda: rotated_digits.rotated_digits(3, generator=0), TypeError, "rotated_digits: generator"),
        (lambda: few_shot.network(5, generator=0), TypeError, "network: generator"),
        (lambda: sets.digit_sums(3, generator=0), TypeError, "generator is 0"),
        (lambda: sets.population_statistics(*STATISTIC, generator=0), TypeError, "generator is 0"),
        (lambda: HiddenMatrix(torch.eye(3))(0), TypeError, "HiddenMatrix: generator"),
        # symmetry matrices
        (lambda: matrices.ReparameterizedLinear(8, 6, 3, 0), TypeError, "ReparameterizedLinear: generator is 0"),
        (lambda: matrices.ReparameterizedConv2d(1, 2, 3, generator=0), TypeError, "ReparameterizedConv2d: generator"),
        (lambda: matrices.reparameterize(torch.nn.Linear(3, 3), 2, 0), TypeError, "SymmetryMatrix: generator"),
        (lambda: matrices.ReparameterizedLinear(3, 3, True), ValueError, "choose 1 ≤ k ≤ 9"),
        (lambda: matrices.ReparameterizedLinear.fixed(one(9, 2), 9), ValueError, r"is \(n_out, n_in\)"),
        (lambda: layer([1, 2]), TypeError, "a layer takes a tensor"),
        (lambda: layer(one(4, 5, 8), one(3, 3)), ValueError, "x has 4 tasks and v 3"),
        (lambda: layer.weight(one(3).double()), TypeError, "v is torch.float64"),
        (lambda: matrices.SymmetryMatrix((3, 3), 4)(one(3)), ValueError, "has 4 numbers"),
        (lambda: matrices.SymmetryMatrix((3, 3), 4).right_inverse(one(4)), ValueError, "for weights"),
        (lambda: matrices.SymmetryMatrix(3, 2), ValueError, "tuple of integers"),
        (lambda: matrices.restore("a"), TypeError, "give a torch module"),
        (lambda: matrices.indicators(-one(3, 3).long()), ValueError, "one or more ≥ 0"),
        (lambda: matrices.recover("a", (3, 3)), TypeError, "no array of numbers"),
        (lambda: matrices.recover(one(9, 1), (3, 3, 1)), ValueError, "two integers ≥ 1"),
        (lambda: matrices.recover(one(9, 1) + 0j, (3, 3)), TypeError, "U is complex"),
        (lambda: matrices.recover(one(9, 3), (3, 3), torch.zeros(9, 3)), ValueError, "all weights U v are zero"),
        (lambda: matrices.automorphism_pairs(one(3).long()), ValueError, r"it is \(n_out, n_in\)"),
        (lambda: matrices.partition_distance(torch.tensor([10**9]), torch.tensor([0])), MemoryError, "GiB"),
        # meta-learning
        (lambda: meta_learning.GradientSteps(1, nan), ValueError, "positive number"),
        (lambda: meta_learning.GradientSteps(True), ValueError, "integer ≥ 1"),
        (lambda: meta_learning.LeastSquares("a"), ValueError, "positive number"),
        (lambda: meta_learning.LeastSquares(math.inf), ValueError, "positive number"),
        (lambda: first(batch=2.5), ValueError, "batch is an integer"),
        (lambda: first(learning_rate=nan), ValueError, "positive number"),
        (lambda: first(model=torch.nn.Linear(8, 6)), TypeError, "has no v to adapt"),
        (lambda: first(tasks=tasks(4)), TypeError, "it is a function"),
        (lambda: first(tasks=lambda count, generator: None), TypeError, "it returns Episodes"),
        (lambda: first(inner=meta_learning.LeastSquares), TypeError, "give an inner solver"),
        (lambda: first(inner=meta_learning.GradientSteps(), loss=None), TypeError, "loss is None"),
        (lambda: first(generator=0), TypeError, "meta_learn: generator is 0"),
        (lambda: meta_learning.multitask(layer, tasks), TypeError, "Episodes, such as"),
        (lambda: meta_learning.multitask(layer, tasks(4), batch=5), TypeError, "leave batch out, or give fewer"),
        (lambda: meta_learning.multitask(layer, tasks(4), generator=0), TypeError, "generator is 0"),
        (lambda: meta_learning.evaluate(layer, tasks, meta_learning.LeastSquares(), 2, 0), TypeError, "evaluate: gen"),
        (lambda: meta_learning.evaluate(layer, tasks, meta_learning.LeastSquares(), 2.5, None), ValueError, "count"),
        (lambda: meta_learning.Adapted(None), TypeError, "torch module"),
        (lambda: meta_learning.load_run(__file__), ValueError, "no recorded run"),
        # counts
        (lambda: counts.count(S(4), S(4)), TypeError, "is no representation"),
        (lambda: counts.lower_bound(None), TypeError, "is no representation"),
        (lambda: counts.hidden_problem(S(4).vector, 10**9, 10**9), MemoryError, "GiB"),
        (lambda: counts.projector(torch.zeros(4, 2)), ValueError, "the columns of U"),
        (lambda: counts.free_directions(one(9, 1), one(1, 2, 0), one(1, 1)), ValueError, "free_directions: U"),
        (lambda: counts.trial(None, counts.DENSE), TypeError, "give a Problem and an Arm"),
        (lambda: counts.hidden_problem(S(4).vector, 2, 2, 1, 0), TypeError, "hidden_problem: generator is 0"),
        (lambda: counts.trial(problem, counts.DENSE, 1, 0), TypeError, "trial: generator is 0"),
        (lambda: counts.generators(0), ValueError, "integer ≥ 1"),
        (lambda: counts.kronecker_arm([(2, 2)], [1, 2]), ValueError, "a rank for each"),
        (lambda: counts.results(__file__), ValueError, "no file of a sweep"),
        (lambda: counts.PhaseDiagram.load(__file__), ValueError, "no phase diagram"),
        # equations
        (lambda: EquationSystem(5), TypeError, "is no equation"),
        (lambda: EquationSystem("1/0 M = E"), ValueError, "divided by 0"),
        (lambda: EquationSystem("(" * 3000 + "M" + ")" * 3000 + " = E"), ValueError, "at most 100 brackets"),
        (lambda: EquationSystem.load(__file__), ValueError, "holds no equations"),
        (lambda: orthogonal.residual("a"), TypeError, "no array of numbers"),
        (lambda: orthogonal.sample(3.0, 2), ValueError, "n is an integer"),
        (lambda: orthogonal.sample(3, 10**10), MemoryError, "GiB"),
        (lambda: orthogonal.closure(3, 0), ValueError, "integer ≥ 1"),
        (lambda: M @ 3, TypeError, "is no word"),
        (lambda: equations.det("M"), TypeError, "is no word"),
        (lambda: M.inv(one(2, 3)), ValueError, "square matrices"),
        (lambda: equations.letter("P", lambda n: 1 / 0)(torch.eye(3)), ValueError, "letter P at n = 3"),
        (lambda: equations.named(None), ValueError, "no equations are called"),
        (lambda: equations.words(20), ValueError, "take a degree ≤ 10"),
        (lambda: equations.trace_words(14), ValueError, "take a degree ≤ 10"),
        (lambda: equations.learn_equations({3: None}), TypeError, "no array of numbers"),
        (lambda: equations.learn_equations({3: 1e150 * one(9, 3, 3).double()}), ValueError, "scale them"),
        (lambda: equations.dictionary(None), TypeError, "tuple of words without M"),
        (lambda: equations.DimensionFree((E,), 1, lost=-1), ValueError, "integer ≥ 0"),
        (lambda: equations.AnyDimensionalLinear(9, 9), ValueError, "take a"),
        (lambda: equations.AnyDimensionalLinear(1, 1, (0, 1)), ValueError, "integer ≥ 1"),
        (lambda: equations.relate("a", one(1, 2, 3), one(1, 2, 3)), TypeError, "no EquationSystem"),
        # discovery
        (lambda: discovery.discover_lie_algebra(norm, square + 0j), TypeError, "complex"),
        (lambda: discovery.discover_lie_algebra(norm, square, tolerance="a"), ValueError, "positive number"),
        (lambda: discovery.identify(SO(3), noise=nan), ValueError, "number ≥ 0"),
        (lambda: discovery.bracket_closure(one(2, 3)), ValueError, "stack"),
        (lambda: discovery.finite_symmetries("f", square), TypeError, "give a function"),
        (lambda: discovery.search(norm, square, "M Mᵀ = E"), TypeError, "no EquationSystem"),
        (lambda: discovery.asymmetry(1.0, 2.0), ValueError, "two examples or more"),
        (lambda: discovery.sectors(3, generator=0), TypeError, "sectors: generator"),
        (lambda: discovery.sectors(3, nan), ValueError, "number ≥ 0"),
        (lambda: next(discovery.learn_ranges(one(3, 2), one(3))), ValueError, "int64 classes"),
        (lambda: discovery.fit(square, norm(square), learning_rate=nan), ValueError, "positive number"),
        (lambda: discovery.learn_equations_from_data({3: square}), ValueError, r"\{n: \(x, y\)\}"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: deep_sets.power_sums(torch.tensor([10**9, 10**9]), 4), "overflow"),
        (lambda: deep_sets.set_distance(one(3, 2), one(4, 2)), "one shape"),
        (lambda: deep_sets.pair_collision(lambda x: 1 / (x - 0.3), 0, 1), "jumps"),
        (lambda: unitary.polar(torch.eye(3), 0), "give 1 or −1"),
        (lambda: unitary.householder(torch.zeros(3, 2)), "no mirror"),
        (lambda: unitary.log(torch.zeros(3, 3)), "singular"),
        (lambda: networks.Pointwise(S(3).vector, lambda x: x.sum()), "entry by entry"),
        (lambda: reynolds.cosets(S(4), SO(4)), "finite group"),
        (lambda: reynolds.reading(S(3).vector, (0.5,)), "numbered"),
        (lambda: deep_sets.InvariantNetwork(S(3), lambda x: x), "change by"),
        (lambda: deep_sets.InvariantNetwork(S(3), invariants.invariant_ring(C(3))), "change by"),
        (lambda: sets.mutual_information(torch.eye(3)), "even number"),
        (lambda: matrices.sharing_pattern(one(9, 1), (3, 3), nan), "positive number"),
        (lambda: matrices.automorphism_group(one(3, 3).long(), 7 * one(3, 3).long()), "−1, 0 or 1"),
        (lambda: matrices.automorphism_pairs(one(2, 3).long(), one(3, 2).long()), "signs"),
        (lambda: matrices.partition_distance(torch.tensor([0, -2]), torch.tensor([-1, 0])), "labels are −1"),
        (lambda: counts.hom_dimension(SO(3).vector ** 2, SO(3).vector ** 2), "the degree in the entries"),
        (lambda: counts.hom_dimension(S(4).vector, C(4).vector), "build both from one group"),
        (lambda: (M @ M.T)(one(2, 3)), "square matrices"),
        (lambda: orthogonal.jacobian(one(3)), "square matrices"),
        (lambda: equations.learn_equations({4: one(9, 4, 4)}, noise=nan), "number ≥ 0"),
        (lambda: equations.dimension_free_arm((M,)), "a word without M"),
        (lambda: equations.DimensionFree((M, E), 1), "a word without M"),
        (lambda: equations.commutant(torch.zeros(9, 2), 3), "is zero"),
        (lambda: convolutions.group_convolution().floor(torch.zeros(72, 2)), "is zero"),
        (lambda: discovery.finite_symmetries(lambda x: one(len(x)), square), "constant"),
        (lambda: discovery.asymmetry(torch.tensor([1.0, 2]), torch.tensor([1.0, nan])), "NaN"),
    ],
)
def test_wrong_answers_are_refused(call, message):
    """Each of these returned a number before it was asked whether it may."""
    with pytest.raises(ValueError, match=message):
        call()


def test_integers_are_numbers_for_a_rate_and_for_words():
    assert first(inner=meta_learning.GradientSteps(1, 7), steps=1).loss > 0
    assert torch.equal((M.inv @ M.T)(2 * torch.eye(3).long()), torch.eye(3).double())
    assert torch.equal(orthogonal([[1, 0], [0, 1]]), torch.zeros(1, 2, 2).double())


@pytest.mark.parametrize("features", ["generators", "reynolds", "frame", "sampled"])
def test_integers_are_numbers_for_every_construction(features):
    network = deep_sets.InvariantNetwork(C(3), features, generator=torch.Generator().manual_seed(0)).eval()
    x = torch.tensor([[3, 1, 2], [0, 0, 5]])
    assert torch.equal(network(x), network(x.double()))
    assert torch.isfinite(network(x)).all()


def test_a_larger_group_leaves_features_alone_too():
    features = invariants.fundamental(SO(3).vector)
    assert deep_sets.InvariantNetwork(groups.Icosahedral(), features).exact
