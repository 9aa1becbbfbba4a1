import math

import pytest
import torch

from eqkit import groups, invariants
from eqkit.deep_sets import mlp
from eqkit.representations import assert_invariant, equivariance_error
from eqkit.tasks import digits, sets
from eqkit.tasks.polynomials import GROUPS, MONOMIALS, invariant_polynomial, symmetric_part, vandermonde


def seed(number):
    return torch.Generator().manual_seed(number)


def test_digit_sums_are_the_sums_of_what_the_mask_shows():
    x, mask, y = sets.digit_sums(500, 2, 7, seed(0))
    assert x.shape == mask.shape == (500, 7) and set(mask.sum(1).tolist()) == set(range(2, 8))
    assert torch.equal(y, (x * mask).sum(1).float()) and set(x[mask].tolist()) == set(range(10))
    assert all(torch.equal(a, b) for a, b in zip(sets.digit_sums(500, 2, 7, seed(0)), (x, mask, y), strict=True))


def test_image_sums_show_what_they_say_and_tests_show_other_images():
    pixels = digits.images().flatten(1)
    pixels = (pixels - pixels.mean()) / pixels.std()
    number = {tuple(image.tolist()): i for i, image in enumerate(pixels)}
    shown = {}
    for training in (True, False):
        x, mask, y = sets.image_sums(300, 1, 4, training, seed(0))
        found = torch.tensor([number[tuple(image.tolist())] for image in x[mask]])
        value = torch.zeros(mask.shape)
        value[mask] = digits.labels()[found].float()
        assert torch.equal(value.sum(1), y)
        shown[training] = set(found.tolist())
    assert not shown[True] & shown[False]


@pytest.mark.parametrize("name", sets.STATISTICS)
def test_the_plug_in_estimate_tends_to_the_target_as_the_sets_grow(name):
    errors = []
    for points in (100, 10_000):
        x, _, y = sets.population_statistics(name, 60, points, seed(0))
        assert x.shape[:2] == (60, points) and y.std() > 0.05
        errors.append((sets.plug_in(name, x) - y).square().mean().sqrt())
    assert errors[1] < errors[0] / 4


def test_the_entropy_is_that_of_the_marginal_and_not_of_its_squared_variance():
    covariance = torch.diag(torch.tensor([3.0, 7.0], dtype=torch.float64))
    normal = torch.distributions.Normal(torch.tensor(0.0), torch.tensor(math.sqrt(3)))
    assert sets.marginal_entropy(covariance).item() == pytest.approx(normal.entropy().item(), abs=1e-6)


def test_the_information_of_a_correlation_has_its_closed_form():
    rho = torch.tensor([0.0, 0.5, -0.9], dtype=torch.float64)
    pair = torch.eye(2) + rho[:, None, None] * torch.tensor([[0.0, 1], [1, 0]])
    torch.testing.assert_close(sets.mutual_information(pair), -0.5 * torch.log(1 - rho**2))
    covariance = sets.correlated(200, 8, seed(0))
    alpha = covariance[:, 0, 4] / covariance[:, 0, 0]
    torch.testing.assert_close(sets.mutual_information(covariance), -2 * torch.log(1 - alpha**2))
    assert alpha.min() < -0.8 and alpha.max() > 0.8


def test_the_information_is_the_relative_entropy_of_the_joint_to_the_product():
    covariance = sets.arbitrary(3, 4, seed(1))
    for sigma, information in zip(covariance, sets.mutual_information(covariance), strict=True):
        product = sigma.clone()
        product[:2, 2:] = product[2:, :2] = 0
        joint, apart = (torch.distributions.MultivariateNormal(torch.zeros(4).double(), s) for s in (sigma, product))
        assert torch.distributions.kl_divergence(joint, apart).item() == pytest.approx(information.item(), abs=1e-9)


def test_the_rotated_gaussian_keeps_its_eigenvalues_and_the_rank_one_change_its_axis():
    turned = torch.linalg.eigvalsh(sets.rotated(50, generator=seed(0)))
    torch.testing.assert_close(turned, torch.tensor([0.2, 1.8]).double().expand(50, 2))
    spectrum = torch.linalg.eigvalsh(sets.rank_one(50, 8, seed(0)))
    torch.testing.assert_close(spectrum[:, :7], torch.ones(50, 7, dtype=torch.float64))


def test_the_recurrent_baseline_reads_up_to_the_last_element():
    model = sets.Recurrent(mlp(2, 4, generator=seed(0)), 4, 5, generator=seed(1))
    x, mask = torch.randn(3, 6, 2, generator=seed(2)), torch.arange(6) < torch.tensor([[6], [2], [4]])
    changed = torch.where(mask[..., None], x, torch.randn(3, 6, 2))
    torch.testing.assert_close(model(x, mask), model(changed, mask))
    assert not torch.allclose(model(x, mask), model(x.flip(1), mask))


# polynomials
@pytest.mark.parametrize("name", GROUPS)
def test_each_task_is_invariant_under_its_group_and_no_larger_one_of_the_list(name):
    G, f = GROUPS[name], invariant_polynomial(GROUPS[name])
    assert set(GROUPS) == set(MONOMIALS) and str(G) == name
    assert_invariant(lambda x: f(x)[:, None], G.vector, tolerance=1e-9)
    assert f == invariant_polynomial(G, MONOMIALS[name])
    larger = {4: groups.S(4), 5: groups.S(5), 3: groups.O(3)}[G.n]
    if larger != G:
        assert equivariance_error(lambda x: f(x)[:, None], larger.vector, larger.trivial)[0] > 1e-2


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_vandermonde_polynomial_is_invariant_to_even_permutations_alone(n):
    f = vandermonde(n)
    assert len(f.terms) == math.factorial(n) and f.degree == n * (n - 1) // 2
    assert invariants.project(f, groups.A(n)) == f
    assert not invariants.project(f, groups.S(n)).terms and symmetric_part(f) == 0


def test_a_symmetric_polynomial_is_its_own_symmetric_part():
    assert symmetric_part(invariants.polynomial("x0 x1 x2 + 1", n=3)) == pytest.approx(1)
    assert symmetric_part(invariants.polynomial("x0", n=4)) == pytest.approx(1 / 4, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sets.digit_sums(3, 0, 4), "least is an integer ≥ 1"),
        (lambda: sets.image_sums(3, 5, 4), "least ≤ most"),
        (lambda: sets.population_statistics("entropy", 3), "choose one of entropy of a rotated marginal"),
        (lambda: sets.rotated(3, 4), "in the plane"),
        (lambda: invariant_polynomial(groups.C(7)), "give a monomial"),
        (lambda: vandermonde(7), "2 ≤ n ≤ 6"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()
