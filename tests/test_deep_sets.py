import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eqkit import deep_sets, groups, subspaces
from eqkit.deep_sets import DeepSets, SetLinear, mlp
from eqkit.equivariant_maps import Hom
from eqkit.representations import assert_equivariant, assert_invariant


def seed(number):
    return torch.Generator().manual_seed(number)


def chebyshev(n):
    return torch.cos((2 * torch.arange(n, dtype=torch.float64) + 1) * math.pi / (2 * n)).flip(0)


# power sums
@pytest.mark.parametrize(("n", "error", "condition"), [(3, 5e-17, 4), (10, 2e-14, 1e3), (20, 2e-11, 7e6)])
def test_numbers_come_back_from_their_power_sums_as_well_as_the_jacobian_permits(n, error, condition):
    x = chebyshev(n)
    assert (deep_sets.from_power_sums(deep_sets.power_sums(x)) - x).abs().max() < 10 * error
    assert torch.linalg.cond(deep_sets.jacobian(x)).item() == pytest.approx(condition, rel=0.1)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=7))
def test_newtons_identities_give_the_coefficients_of_the_product(numbers):
    x = torch.tensor(numbers)
    e = deep_sets.elementary(x)
    assert e.dtype == torch.int64
    torch.testing.assert_close(deep_sets.newton(deep_sets.power_sums(x)), e.double(), rtol=1e-9, atol=1e-6)


def test_the_way_back_is_batched_and_sorted_and_knows_repeated_numbers():
    x = torch.randn(4, 5, 6, generator=seed(0), dtype=torch.float64)
    x[0, 0] = 0.5
    back = deep_sets.from_power_sums(deep_sets.power_sums(x))
    torch.testing.assert_close(back[1:], x[1:].sort(-1).values, atol=1e-7, rtol=0)
    torch.testing.assert_close(back[0, 0], x[0, 0], atol=5e-2, rtol=0)  # a sixfold root: error ε^(1/6)


def test_the_jacobian_is_the_derivative():
    x = torch.randn(4, generator=seed(0), dtype=torch.float64)
    torch.testing.assert_close(deep_sets.jacobian(x, 6), torch.func.jacrev(lambda y: deep_sets.power_sums(y, 6))(x))


def test_two_triples_with_equal_first_and_second_power_sums():
    p = deep_sets.power_sums(torch.tensor([[0, 4, 5], [1, 2, 6]]))
    assert p.tolist() == [[9, 41, 189], [9, 41, 225]]


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_for_every_n_there_are_sets_that_only_the_last_power_sum_tells_apart(n):
    x = deep_sets.equal_power_sums(n, torch.linspace(0, math.pi, 7))
    p = deep_sets.power_sums(x)
    torch.testing.assert_close(p[:, :-1], p[:1, :-1].expand(7, -1), atol=1e-13, rtol=0)
    assert (p[:, -1].diff() < -1e-3).all()
    assert deep_sets.set_distance(x[0, :, None], x[-1, :, None]) > 0.1


# limits of the latent dimension
@pytest.mark.parametrize("phi", [torch.sin, torch.abs, lambda x: x**3 - x, lambda x: (3 * x).cos() + x.abs()])
def test_one_latent_number_confuses_a_pair_with_a_doubled_number(phi):
    c = deep_sets.pair_collision(phi, -0.3, 1.1)
    a, b, c = (torch.tensor(v, dtype=torch.float64) for v in (-0.3, 1.1, c))
    assert a <= c <= b and abs(2 * phi(c) - phi(a) - phi(b)) < 1e-14


@pytest.mark.parametrize(("n", "d", "latent"), [(2, 1, 1), (3, 1, 2), (5, 1, 4), (3, 2, 5), (6, 1, 2)])
def test_with_too_few_latent_numbers_another_set_has_the_same_pooled_vector(n, d, latent):
    phi = mlp(d, 16, latent, generator=seed(1)).double()
    x = torch.randn(n, d, generator=seed(2), dtype=torch.float64)
    y = deep_sets.collision(phi, x)
    assert (phi(x).sum(0) - phi(y).sum(0)).abs().max() < 1e-9
    assert deep_sets.set_distance(x, y) > 1e-2


def test_a_collision_of_power_sums_lies_on_the_chebyshev_curve():
    def phi(x):
        return torch.cat([x, x**2, x**3], -1)

    x = deep_sets.equal_power_sums(4, 1.0)[:, None]
    y = deep_sets.collision(phi, x, distance=0.2)
    turned = torch.arccos(8 * y**4 - 8 * y**2 + 1)  # T₄(y) is one number cos θ for all four
    assert turned.std() < 1e-7 and abs(turned.mean() - 1.0) > 1e-2


def test_with_as_many_latent_numbers_as_unknowns_there_is_no_null_direction():
    with pytest.raises(ValueError, match="full rank 3 = n·d"):
        deep_sets.collision(lambda x: torch.cat([x, x**2, x**3], -1), chebyshev(3)[:, None])


# Deep Sets
def network(channels=2, pooling="sum", latent=7):
    return DeepSets(
        mlp(channels, 16, latent, generator=seed(0)), mlp(latent, 16, 3, generator=seed(1)), pooling
    ).double()


@pytest.mark.parametrize("pooling", ["sum", "mean", "max"])
def test_deep_sets_are_invariant_to_the_order_of_elements(pooling):
    G = groups.S(5)
    f = network(pooling=pooling)
    assert_invariant(lambda x: f(x.reshape(-1, 2, 5).mT), 2 * G.vector, tolerance=1e-12)


@pytest.mark.parametrize("pooling", ["sum", "mean", "max"])
def test_masked_elements_are_not_there_whatever_is_written_there(pooling):
    f, x = network(pooling=pooling), torch.randn(4, 6, 2, generator=seed(0), dtype=torch.float64)
    mask = torch.arange(6) < torch.tensor([6, 3, 1, 5])[:, None]
    expected = torch.stack([f(row[there]) for row, there in zip(x, mask, strict=True)])
    torch.testing.assert_close(f(x.masked_fill(~mask[..., None], torch.nan), mask), expected)
    x = x.masked_fill(~mask[..., None], torch.inf).requires_grad_()
    f(x, mask).sum().backward()
    assert torch.isfinite(x.grad).all() and (x.grad[~mask] == 0).all()


def test_sets_of_integers_go_through_an_embedding():
    f = DeepSets(torch.nn.Embedding(11, 4), mlp(4, 1))
    x, mask = torch.tensor([[3, 4, 0], [4, 3, 7]]), torch.tensor([[1, 1, 0], [1, 1, 0]]).bool()
    assert f(x, mask).shape == (2, 1) and torch.equal(*f(x, mask))


def test_power_sums_as_phi_make_deep_sets_exact():
    class Powers(torch.nn.Module):
        def forward(self, x):
            return torch.cat([x**j for j in range(1, 5)], -1)

    class Largest(torch.nn.Module):
        def forward(self, p):
            return deep_sets.from_power_sums(p).amax(-1)

    x = torch.randn(100, 4, generator=seed(0), dtype=torch.float64)
    torch.testing.assert_close(DeepSets(Powers(), Largest())(x[..., None]), x.amax(-1), atol=1e-6, rtol=0)


def test_the_sum_of_the_empty_set_is_zero_and_its_mean_is_refused():
    empty = torch.zeros(1, 0, 2, dtype=torch.float64)
    f = network()
    torch.testing.assert_close(f(empty), f.rho(torch.zeros(1, 7, dtype=torch.float64)))
    for pooling in ("mean", "max"):
        with pytest.raises(ValueError, match=f"without elements has no {pooling}"):
            network(pooling=pooling)(empty)
        with pytest.raises(ValueError, match=f"without elements has no {pooling}"):
            network(pooling=pooling)(torch.randn(2, 3, 2).double(), torch.tensor([[True] * 3, [False] * 3]))


@pytest.mark.parametrize("n", [2, 4, 7])
def test_the_equivariant_layer_is_the_commutant_of_the_symmetric_group(n):
    V = groups.S(n).vector
    H = Hom(V, V)
    layers = [SetLinear(1, 1, seed(i)).double() for i in range(5)]
    for layer in layers:
        torch.nn.init.zeros_(layer.each[0].bias)
        torch.nn.init.zeros_(layer.all[0].bias)
    E = torch.eye(n, dtype=torch.float64)
    matrices = torch.stack([layer(E[..., None]).squeeze(-1).T for layer in layers]).detach()
    assert subspaces.same_span(matrices.flatten(1).T, H.U) and H.dim == 2
    own, shared = layers[0].each[0].weight.item(), layers[0].all[0].weight.item()
    torch.testing.assert_close(matrices[0], own * E + shared / n * torch.ones(n, n, dtype=torch.float64))


def test_the_equivariant_layer_on_more_channels_and_masked_sets():
    V, W = 2 * groups.S(4).vector, 3 * groups.S(4).vector
    layer = SetLinear(2, 3, seed(0)).double()
    assert_equivariant(lambda x: layer(x.reshape(-1, 2, 4).mT).mT.flatten(1), V, W, tolerance=1e-12)
    x, mask = torch.randn(2, 4, 2, dtype=torch.float64), torch.tensor([[True] * 4, [True, False, True, False]])
    torch.testing.assert_close(layer(x, mask)[1, [0, 2]], layer(x[1, [0, 2]]))
    assert (layer(x, mask)[1, [1, 3]] == 0).all()


# bad input
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: deep_sets.power_sums(torch.zeros(3, 0)), "at least one number"),
        (lambda: deep_sets.power_sums(torch.tensor([1.0, torch.nan])), "NaN"),
        (lambda: deep_sets.power_sums(torch.ones(3), 0), "integer ≥ 1"),
        (lambda: deep_sets.from_power_sums(torch.tensor([0.0, -1.0])), "no 2 real numbers"),
        (lambda: deep_sets.equal_power_sums(0, 0.0), "integer ≥ 1"),
        (lambda: DeepSets(mlp(1, 2), mlp(2, 1), pool="median"), "sum, mean, max"),
        (lambda: mlp(3), "sizes"),
        (lambda: network()(torch.full((1, 3, 2), torch.nan).double()), "NaN"),
        (lambda: network()(torch.zeros(2, 3, 2).double(), torch.ones(3, 2).bool()), r"\(2, 3\)"),
        (lambda: network()(torch.zeros(2, 3, 2).double(), torch.ones(2, 3)), "boolean"),
        (lambda: network()(torch.zeros(2, 3, 2).double(), torch.ones(2, 3, 2).bool()), "one entry an element"),
        (lambda: deep_sets.collision(torch.sin, torch.zeros(0, 1)), "n elements of d real numbers"),
        (lambda: deep_sets.pair_collision(torch.sin, 1.0, 0.0), "a < b"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()
