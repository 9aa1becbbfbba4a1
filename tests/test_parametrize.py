import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from eqkit import subspaces
from eqkit.symmetry_matrices import (
    ReparameterizedConv2d,
    SymmetryMatrix,
    filters,
    matrices,
    reparameterize,
    restore,
)


def seed(number=0):
    return torch.Generator().manual_seed(number)


def random(*shape, number=0, dtype=torch.float64):
    return torch.randn(*shape, generator=seed(number), dtype=dtype)


def network(dtype=torch.float64):
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)
    return nn.Sequential(*layers).to(dtype)


IMAGES = random(5, 2, 4, 4)


# U = A ⊗ B ⊗ C
@pytest.mark.parametrize("shape", [(3, 2, 2, 3), (3, 2, 5), (4, 3), (5,)], ids=str)
@pytest.mark.parametrize("k", [None, 4, "ranks"], ids=str)
def test_the_weight_is_the_explicit_kronecker_product_times_v(shape, k):
    ranks = (2, 1, 4)[: min(3, len(shape))] if k == "ranks" else k
    U = SymmetryMatrix(shape, ranks, seed(), torch.float64)
    for i, factor in enumerate(U.factors):
        factor.data = random(*factor.shape, number=i)
    v = random(7, U.k)
    explicit = U.factors[0]
    for factor in U.factors[1:]:
        explicit = torch.einsum("ia,jb->ijab", explicit, factor).flatten(2).flatten(0, 1)
    torch.testing.assert_close(U.U, explicit)
    torch.testing.assert_close(U(v), (v @ explicit.T).reshape(7, *shape))
    assert U(v[0]).shape == shape


def test_gradients_through_the_factors_are_those_through_the_product():
    U = SymmetryMatrix((3, 2, 2, 2), (2, 2, 3), seed(), torch.float64)
    assert torch.autograd.gradcheck(lambda v, *_: U(v).square(), (random(12).requires_grad_(), *U.factors))


def test_a_weight_that_is_assigned_is_projected_onto_the_span():
    layer = reparameterize(nn.Conv2d(2, 3, 3).double(), (2, 2, 5), seed())
    W, U = random(3, 2, 3, 3), matrices(layer)["weight"].U.detach()
    layer.weight = W
    Q = subspaces.orthonormal(U)
    torch.testing.assert_close(layer.weight.flatten(), Q @ (Q.T @ W.flatten()))


# start
def test_square_factors_start_as_the_identity_and_change_no_bit_of_the_function():
    net = network()
    before, weight = net(IMAGES), net[0].weight.detach().clone()
    reparameterize(net)
    assert torch.equal(net(IMAGES), before) and torch.equal(net[0].weight, weight)
    assert all(torch.equal(U.U, torch.eye(U.k).double()) for U in matrices(net).values())
    counts = {name: sum(factor.numel() for factor in U.factors) for name, U in matrices(net).items()}
    assert counts == {
        "0.weight": 9 + 4 + 81,
        "0.bias": 9,
        "4.weight": 16 + 144,
        "4.bias": 16,
    }  # the norm stays as it is


@pytest.mark.parametrize("k", [8, (20, 30)], ids=str)
def test_narrow_factors_start_orthonormal_and_weights_keep_their_variance(k):
    torch.manual_seed(0)
    layer = nn.Linear(60, 50)
    before = float(layer.weight.detach().square().mean())
    U = matrices(reparameterize(layer, k, seed()))["weight"]
    torch.testing.assert_close(U.U.T @ U.U, torch.eye(U.k))
    ratio = float(layer.weight.detach().square().mean()) / before
    assert abs(ratio - 1) < 4 * (2 / U.k) ** 0.5  # a mean of k squares


def test_the_same_generator_makes_the_same_convolution():
    a, b = (ReparameterizedConv2d(2, 4, 3, (3, 2, 5), bias=True, generator=seed(7)) for _ in range(2))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert a.U.shape == (72, 30) and a.weight.shape == (4, 2, 3, 3)
    x = random(1, 2, 5, 5, dtype=torch.float32)
    torch.testing.assert_close(
        a(x), nn.functional.conv2d(x, (a.U @ a.get_parameter(filters(a)[0])).reshape(4, 2, 3, 3), a.bias)
    )


# what a task adapts
def test_filters_are_the_names_of_v_and_everything_else_is_shared():
    net = reparameterize(network(), {"0.weight": 6, "4.weight": (3, 5)}, seed())
    assert filters(net) == [f"{i}.parametrizations.weight.original" for i in (0, 4)]
    shapes = {name: tuple(p.shape) for name, p in net.named_parameters()}
    assert [shapes[name] for name in filters(net)] == [(6,), (15,)]
    assert shapes["0.parametrizations.weight.0.factors.0"] == (54, 6) and shapes["0.bias"] == (3,)


@pytest.mark.parametrize("k", [None, {"0.weight": (2, 2, 4), "4.weight": 7, "4.bias": None}], ids=str)
def test_every_task_has_its_own_filter_under_functional_call_and_vmap(k):
    net = reparameterize(network(), k, seed()).eval()
    parameters = dict(net.named_parameters())
    v = {name: random(3, *parameters[name].shape, number=i) for i, name in enumerate(filters(net))}
    x = random(3, 5, 2, 4, 4)
    batched = vmap(lambda v, x: functional_call(net, v, (x,)))(v, x)
    for t in range(3):
        alone = copy.deepcopy(net)
        for name, value in v.items():
            alone.get_parameter(name).data.copy_(value[t])
        torch.testing.assert_close(batched[t], alone(x[t]))
        torch.testing.assert_close(batched[t], restore(alone)(x[t]))


def test_the_first_inner_step_of_the_identity_is_that_of_the_plain_network():
    plain, net = network(), reparameterize(network())
    loss, same = plain(IMAGES).square().mean(), net(IMAGES).square().mean()
    gradients = torch.autograd.grad(loss, [plain[0].weight, plain[0].bias, plain[4].weight, plain[4].bias])
    through_v = torch.autograd.grad(same, [net.get_parameter(name) for name in filters(net)])
    for a, b in zip(gradients, through_v, strict=True):
        torch.testing.assert_close(a.flatten(), b)


# there and back, on disk and copied
@pytest.mark.parametrize("k", [None, 7], ids=str)
def test_restore_gives_plain_weights_and_the_same_function(k):
    net, names = network().eval(), [name for name, _ in network().named_parameters()]
    reparameterize(net, k, seed())
    for i, parameter in enumerate(net.parameters()):
        parameter.data += 0.1 * random(*parameter.shape, number=i)
    before = net(IMAGES)
    assert restore(net) is net and torch.equal(net(IMAGES), before)
    assert [name for name, _ in net.named_parameters()] == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "4.weight",
        "4.bias",
    ]
    assert sorted(names) == sorted(name for name, _ in net.named_parameters())
    assert type(net[0]) is nn.Conv2d and all(p.is_leaf and p.requires_grad for p in net.parameters())
    net.load_state_dict(network().state_dict())  # a plain network in every respect


def test_parameters_are_saved_loaded_and_copied(tmp_path):
    net = reparameterize(network().eval(), 7, seed())
    torch.save(net.state_dict(), tmp_path / "net.pt")
    other = reparameterize(network().eval(), 7, seed(1))
    assert not torch.allclose(other(IMAGES), net(IMAGES))
    other.load_state_dict(torch.load(tmp_path / "net.pt"))
    assert torch.equal(other(IMAGES), net(IMAGES))
    twin = copy.deepcopy(net)
    twin[0].parametrizations.weight[0].factors[0].data.zero_()
    assert torch.equal(other(IMAGES), net(IMAGES)) and not twin[0].weight.any()


def test_to_restore_a_copy_leaves_the_original_as_it_is():
    net = reparameterize(network().eval())
    twin = copy.deepcopy(net)
    assert torch.equal(restore(twin)(IMAGES), net(IMAGES)) and len(matrices(net)) == 4
    assert torch.equal(restore(net)(IMAGES), twin(IMAGES))


def test_layers_can_be_reparameterized_one_after_another():
    net = reparameterize(reparameterize(network(), {"0.weight": 5}), {"4.weight": None})
    assert set(matrices(net)) == {"0.weight", "4.weight"}
    assert set(matrices(reparameterize(nn.Conv1d(2, 3, 5)))) == {"weight", "bias"}
    assert [U.shape for U in matrices(reparameterize(nn.BatchNorm1d(4), {"weight": 2})).values()] == [(4,)]


def twins():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    return net


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reparameterize(nn.Linear(3, 2), 7), ValueError, r"k = 7: this factor of a weight \(2, 3\) has 6 rows"),
        (lambda: reparameterize(nn.Linear(3, 2), (2, 4)), ValueError, r"k = 4: this factor .* has 3 rows; take k ≤ 3"),
        (lambda: reparameterize(nn.Linear(3, 2), (2, 2, 1)), ValueError, r"have \[2, 3\] rows; give 2 numbers"),
        (lambda: reparameterize(nn.Linear(3, 2), 0), ValueError, "k, the columns of U, is an integer ≥ 1, not 0"),
        (lambda: reparameterize(nn.Linear(3, 2), 2.5), ValueError, "k, the columns of U, is an integer ≥ 1, not 2.5"),
        (lambda: reparameterize(nn.Linear(3, 2), {"wieght": 2}), ValueError, "no parameter 'wieght' in Linear; it has"),
        (lambda: reparameterize(nn.Linear(3, 2), {"a.b": 2}), ValueError, "no parameter 'a.b'"),
        (lambda: reparameterize(reparameterize(nn.Linear(3, 2))), ValueError, "weight is reparameterised already"),
        (lambda: reparameterize(nn.ReLU()), ValueError, "ReLU has no weight of two or more dimensions"),
        (lambda: reparameterize(nn.LayerNorm(3)), ValueError, "LayerNorm has no weight of two or more dimensions"),
        (lambda: reparameterize(torch.zeros(3)), TypeError, "takes a torch module, not a Tensor"),
        (lambda: reparameterize(twins()), ValueError, "0.weight and 1.weight are one tied parameter"),
        (lambda: restore(nn.Linear(3, 2)), ValueError, "nothing to restore"),
        (lambda: filters(nn.Linear(3, 2)), ValueError, r"call reparameterize\(module\) first"),
        (lambda: SymmetryMatrix((10**6, 10**6), 3), MemoryError, "U of a weight"),
        (lambda: SymmetryMatrix((10**4, 10**4)).U, MemoryError, "written out, needs"),
        (lambda: ReparameterizedConv2d(2, 0, 3), ValueError, "c_out is an integer ≥ 1, not 0"),
        (lambda: ReparameterizedConv2d(2, 3, 3, 99), ValueError, r"k = 99: this factor of a weight \(3, 2, 3, 3\)"),
    ],
)
def test_bad_input_ends_in_a_clear_message(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_refusal_leaves_the_network_as_it_was():
    net = network()
    before = net.state_dict()
    for name in ("4.weight", "5.weight"):
        with pytest.raises(ValueError, match="k = 99|no parameter '5.weight'"):
            reparameterize(net, {"0.weight": 3, name: 99})
    assert list(net.state_dict()) == list(before) and type(net[0]) is nn.Conv2d
