"""What can be typed wrongly is answered at once, by the rule and the cure; and nothing wrong is computed silently."""

import math

import pytest
import torch

from eqkit import deep_sets, groups, invariants, networks, reynolds, unitary
from eqkit.groups import SO, C, S
from eqkit.invariants import Polynomial, polynomial
from eqkit.tasks import hidden_groups, linear, memory, sets, translation

x0 = polynomial("x0", 2)
one, nan = torch.ones, math.nan


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
    ],
)
def test_wrong_answers_are_refused(call, message):
    """Each of these returned a number before it was asked whether it may."""
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("features", ["generators", "reynolds", "frame", "sampled"])
def test_integers_are_numbers_for_every_construction(features):
    network = deep_sets.InvariantNetwork(C(3), features, generator=torch.Generator().manual_seed(0)).eval()
    x = torch.tensor([[3, 1, 2], [0, 0, 5]])
    assert torch.equal(network(x), network(x.double()))
    assert torch.isfinite(network(x)).all()


def test_a_larger_group_leaves_features_alone_too():
    features = invariants.fundamental(SO(3).vector)
    assert deep_sets.InvariantNetwork(groups.Icosahedral(), features).exact
