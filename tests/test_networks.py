"""Layers and networks commute with the group, exactly; their parameters are all of Hom; what would not is refused."""

import copy
import math
import re

import pytest
import torch
from torch import nn

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.networks import (
    Bilinear,
    EquivariantLinear,
    EquivariantMLP,
    Gated,
    Norm,
    Pointwise,
    telling_order,
    tensors,
    uniform,
)
from eqkit.networks.channels import hom
from eqkit.representations import assert_equivariant, assert_invariant, equivariance_error

S, O, SO = groups.S, groups.O, groups.SO  # noqa: E741
SET = S(3) * SO(3)
GROUPS = [
    *[S(5), groups.A(4), groups.D(6), groups.C(8), SO(3), O(5), groups.Lorentz(), groups.Icosahedral(), groups.SU(2)],
    *[groups.U(3), groups.SL(3), groups.SignedPermutations(3), groups.D.plane(5), groups.trivial(2), groups.U(1)],
]
SHEARS = groups.MatrixGroup(lie_algebra=torch.tensor([[[0.0, 1.0], [0.0, 0.0]]]), name="all shears")


def seed(number):
    return torch.Generator().manual_seed(number)


def scrambled(G):
    """Summands of which equal ones do not stand side by side."""
    return G.trivial + 2 * G.vector + G.trivial + G.vector


def randomised(layer, number=0):
    """The same layer with all parameters random, biases too."""
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn(p.shape, dtype=p.dtype, generator=seed(number)))
    return layer


# linear layers
@pytest.mark.parametrize("G", GROUPS, ids=str)
def test_a_linear_layer_is_equivariant_and_its_matrix_is_what_it_does(G):
    V, W = scrambled(G), G.vector**2 + scrambled(G)
    layer = randomised(EquivariantLinear(V, W, dtype=torch.float64))
    assert_equivariant(layer, V, W, 1e-9)
    x = torch.randn(4, 3, V.size, dtype=layer.dtype, generator=seed(1))
    torch.testing.assert_close(layer(x), x @ layer.matrix().mT + layer.offset())
    for g in G.random_products(3, seed(2)):
        torch.testing.assert_close(W.act(g, layer.offset()), layer.offset(), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("G", [S(4), SO(3), groups.SignedPermutations(3), groups.D.plane(5), groups.U(2)], ids=str)
def test_the_parameters_are_coordinates_of_all_of_hom(G):
    V, W = scrambled(G), G.vector**2 + G.trivial + G.vector
    layer = EquivariantLinear(V, W, dtype=torch.float64)
    maps = []
    for unit in torch.eye(len(layer.coefficients), dtype=layer.dtype):
        with torch.no_grad():
            layer.coefficients.copy_(unit)
        maps.append(layer.matrix().detach().flatten())
    assert subspaces.same_span(torch.stack(maps, 1), Hom(V, W, route=None if V.monomial else "null space").U)
    assert len(layer.coefficients) == Hom(V, W).dim and len(layer.bias) == Hom(G.trivial, W).dim


@pytest.mark.parametrize("G", [S(6), SO(3), O(3), groups.Lorentz(), groups.C(8), groups.U(2), SET], ids=str)
def test_outputs_start_with_the_mean_square_of_the_inputs(G):
    vector = S(3).vector @ SO(3).vector if G == SET else G.vector
    V, W = 3 * G.trivial + 2 * vector, G.trivial + vector
    squares = []
    for number in range(200):
        layer = EquivariantLinear(V, W, dtype=torch.float64, generator=seed(number))
        x = torch.randn(20, V.size, dtype=layer.dtype, generator=seed(number))
        squares.append(layer(x).detach().abs().square().mean(0))
    mean = torch.stack(squares).mean(0)
    assert [float(part.mean()) for part in mean.split([1, vector.size])] == pytest.approx([1, 1], abs=0.2)


def test_without_symmetry_a_layer_is_a_plain_linear_layer():
    G = groups.trivial(50)
    layer = EquivariantLinear(G.vector, G.vector, generator=seed(0))
    assert len(layer.coefficients) == 2500
    assert float(layer.matrix().detach().var()) == pytest.approx(1 / 50, rel=0.1)


def test_many_channels_need_no_large_solve_and_patterns_no_dense_basis():
    G = S(20)
    layer = EquivariantLinear(100 * G.vector, 100 * G.vector)  # a dense basis would have 20 000 · 2 000² entries
    assert len(layer.coefficients) == 2 * 100**2 and layer(torch.ones(2, 2000)).shape == (2, 2000)
    C = groups.C(512)
    EquivariantLinear(C.vector, C.vector)(torch.ones(2, 512))
    assert "basis" not in vars(hom(C.vector, C.vector))


def test_layers_move_between_types_and_copies_are_independent():
    G = SO(3)
    layer = EquivariantLinear(4 * G.vector**2, 3 * G.vector**2 + G.trivial, generator=seed(0))
    x = torch.randn(5, 36, generator=seed(1))
    double = copy.deepcopy(layer).double()
    assert (layer.dtype, double.dtype) == (torch.float32, torch.float64)
    torch.testing.assert_close(double(x.double()).float(), layer(x))
    state = layer.state_dict()
    assert {name: tuple(p.shape) for name, p in state.items()} == {"coefficients": (4 * 3 * 3 + 4,), "bias": (4,)}
    other = EquivariantLinear(layer.V, layer.W, generator=seed(7))
    other.load_state_dict(state)
    assert torch.equal(other(x), layer(x))
    complex_ = EquivariantLinear(groups.U(2).vector, groups.U(2).vector, dtype=torch.float64)
    assert complex_.dtype == complex_.coefficients.dtype == torch.complex128


def test_where_nothing_is_equivariant_the_layer_is_zero():
    G = groups.SignFlips(3)
    layer = EquivariantLinear(G.vector, G.trivial, bias=False)
    assert len(layer.coefficients) == 0 and torch.equal(layer(torch.ones(2, 3)), torch.zeros(2, 1))
    assert torch.equal(EquivariantLinear(G.trivial, G.vector).offset(), torch.zeros(3))


def test_a_group_that_is_not_reductive_has_layers_too():
    V = SHEARS.vector
    layer = randomised(EquivariantLinear(V, V + SHEARS.trivial, dtype=torch.float64))
    assert_equivariant(layer, V, V + SHEARS.trivial)
    assert len(layer.coefficients) == 2 + 1  # a + b [[0, 1], [0, 0]], and the second coordinate is invariant


# quadratic layers
@pytest.mark.parametrize("G", GROUPS, ids=str)
def test_a_bilinear_layer_is_equivariant_and_quadratic(G):
    V, W = scrambled(G), G.vector + G.vector**2 + 2 * G.trivial
    layer = Bilinear(V, W, channels=3, dtype=torch.float64, generator=seed(0))
    assert_equivariant(layer, V, W, 1e-9)
    x = torch.randn(4, 2, V.size, dtype=layer.out.dtype, generator=seed(1))
    torch.testing.assert_close(layer(3 * x), 9 * layer(x))


@pytest.mark.parametrize("G", [O(3), SO(3), S(4), groups.Lorentz(), groups.D.plane(5)], ids=str)
def test_with_pairs_among_its_summands_a_bilinear_layer_reaches_every_quadratic_map_of_a_vector(G):
    V, W = G.vector, G.vector**2 + G.trivial + G.vector
    x = torch.randn(40, V.size, dtype=torch.float64, generator=seed(0))
    values = []
    for number in range(60):
        layer = Bilinear(V, W, channels=2, dtype=torch.float64, generator=seed(number))
        values.append(layer(x).detach().flatten())
    assert len(subspaces.orthonormal(torch.stack(values, 1), 1e-9).T) == Hom(V.sym(2), W).dim


def test_a_matrix_is_applied_to_a_vector():
    G = SO(3)
    layer = Bilinear(G.vector**2 + G.vector, G.vector, channels=1)
    assert "V⊗V · V* → V" in str(layer) and "V · V* → 1" in str(layer)


# nonlinearities
@pytest.mark.parametrize("G", GROUPS, ids=str)
def test_gates_commute_with_every_group(G):
    W = G.vector**2 + scrambled(G)
    layer = Gated(W)
    assert_equivariant(layer, layer.source, W, 1e-9)


def test_summands_that_permute_have_no_gate():
    assert Gated(S(4).vector ** 2 + S(4).trivial).source.size == 17
    G = SO(3)
    assert str(Gated(2 * G.vector + G.trivial).source) == "2·1 ⊕ 2·V ⊕ 1"
    n = S(3).vector @ SO(3).trivial
    assert Gated(n + S(3).vector @ SO(3).vector).source.size == 3 + 9 + 1


def test_gates_keep_the_mean_square_of_gaussian_numbers():
    G = SO(3)
    layer = Gated(G.trivial + G.vector)
    y = layer(torch.randn(200_000, 5, dtype=torch.float64, generator=seed(0)))
    assert y.square().mean(0).tolist() == pytest.approx([1] * 4, rel=0.02)


@pytest.mark.parametrize("G", [S(4), O(3), groups.Icosahedral(), groups.SignedPermutations(2), groups.U(2)], ids=str)
def test_the_norm_nonlinearity_commutes_where_lengths_are_kept(G):
    V = 2 * G.vector + G.vector**2
    layer = randomised(Norm(V, torch.float64))
    assert_equivariant(layer, V, V, 1e-9)
    x = torch.zeros(1, V.size, dtype=torch.float64, requires_grad=True)
    layer(x).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("G", [groups.Lorentz(), groups.SL(2), groups.Sp(4)], ids=str)
def test_where_lengths_change_the_norm_nonlinearity_is_refused_with_an_example(G):
    with pytest.raises(ValueError, match="V\\(g\\) is not orthogonal or unitary") as error:
        Norm(G.trivial + G.vector)
    assert float(re.search(r"‖V\(g\)x‖ = ([\d.e+]+)", str(error.value))[1]) > 1.01


def numbers(text):
    return torch.tensor([float(v) for v in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)], dtype=torch.float64)


@pytest.mark.parametrize(
    ("V", "f"),
    [
        (S(4).vector ** 2 + S(4).trivial, "relu"),
        (groups.C(3).regular, torch.exp),
        (groups.SignedPermutations(3).vector, "tanh"),
        (groups.SignedPermutations(3).vector.alt(2), torch.sin),
        (2 * SO(3).trivial, "relu"),
        (S(3).vector @ SO(3).trivial, "swish"),
        (groups.U(2).trivial, "relu"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),  # the address of torch.exp differs between workers
)
def test_pointwise_functions_commute_with_permutations_and_odd_ones_with_signs(V, f):
    assert_equivariant(Pointwise(V, f), V, V, 1e-12)


@pytest.mark.parametrize(
    ("V", "f", "kind"),
    [
        (SO(3).vector, "relu", "no permutation"),
        (SO(3).vector, "tanh", "no permutation"),
        (groups.D.plane(5).vector, "relu", "no permutation"),
        (groups.SignedPermutations(3).vector, "relu", "signed permutation"),
        (S(3).vector @ SO(3).vector, "tanh", "no permutation"),
        (groups.Lorentz().vector, "abs", "no permutation"),
    ],
    ids=str,
)
def test_elsewhere_a_pointwise_function_is_refused_and_the_example_is_true(V, f, kind):
    with pytest.raises(ValueError, match=kind) as error:
        Pointwise(V, f)
    text = str(error.value)
    rows = text.split("g =\n")[1].split("\nx = ")
    g, x = numbers(rows[0]).reshape(V.group.n, V.group.n), numbers(rows[1])
    function = {"relu": torch.relu, "tanh": torch.tanh, "abs": torch.abs}[f]
    gap = (function(V.act(g, x)) - V.act(g, function(x))).abs().max()
    assert gap > 0.05  # read back from three printed digits
    assert (x != 0).sum() == 1  # the simplest


def test_a_linear_pointwise_function_is_refused_without_a_false_example():
    with pytest.raises(ValueError, match="may be linear"):
        Pointwise(SO(3).vector, lambda x: 2 * x)


# networks
def train(network, x, y, steps=10):
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(steps):
        loss = (network(x) - y).abs().square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return float(loss.detach())


@pytest.mark.parametrize("G", GROUPS, ids=str)
def test_a_network_is_equivariant_before_and_after_training(G):
    V, W = 2 * G.vector + G.trivial, G.trivial + G.vector + G.vector**2
    network = EquivariantMLP(V, W, hidden=20, dtype=torch.float64, generator=seed(0))
    x = torch.randn(30, V.size, dtype=network.last.dtype, generator=seed(1))
    y = torch.randn(30, W.size, dtype=network.last.dtype, generator=seed(2))
    assert_equivariant(network, V, W, 1e-8)
    before = float((network(x) - y).detach().abs().square().mean())
    assert train(network, x, y) < before
    assert_equivariant(network, V, W, 1e-8)
    assert float(network(x).detach().abs().max()) > 1e-3


def test_a_network_of_sets_of_vectors():
    V, W = S(3).vector @ SO(3).vector, S(3).trivial @ SO(3).vector + S(3).vector @ SO(3).vector ** 2
    network = EquivariantMLP(V, W, dtype=torch.float64, generator=seed(0))
    assert_equivariant(network, V, W, 1e-9)
    assert {str(part) for part in network.hidden.parts} > {"1", "V[S(3)]⊗V[SO(3)]"}


def test_a_network_of_a_group_with_translations():
    """E(2) is not reductive: V* is not V, and Hom comes from a null space."""
    G = groups.E(2)
    V, W = G.vector + G.vector.dual, G.vector + G.trivial
    network = EquivariantMLP(V, W, hidden=20, dtype=torch.float64, generator=seed(0))
    assert_equivariant(network, V, W, 1e-9)
    assert "V*" in str(network.hidden)


def test_a_complex_network_sees_the_length_of_a_vector():
    """No polynomial of x alone is invariant under U(2): ‖x‖² needs the conjugate."""
    G = groups.U(2)
    network = EquivariantMLP(G.vector, G.trivial, hidden=20, dtype=torch.float64, generator=seed(0))
    x = torch.randn(2, 2, dtype=torch.complex128, generator=seed(1))
    assert (network(x) - network(2 * x)).abs().min() > 1e-3
    assert_invariant(network, G.vector, x=x)


def test_a_seed_decides_all_numbers():
    one, other, third = (
        EquivariantMLP(SO(3).vector, SO(3).vector, hidden=20, generator=seed(number)) for number in (3, 3, 4)
    )
    x = torch.randn(2, 3, generator=seed(0))
    assert torch.equal(one(x), other(x)) and not torch.equal(one(x), third(x))


def test_hidden_channels_are_shared_among_tensors():
    assert str(uniform(O(3), 100)) == "33·1 ⊕ 11·V ⊕ 3·V⊗V"
    assert str(uniform(groups.RubiksCube(), 10)) == "5·1 ⊕ V"
    assert [str(A) for A in tensors(SO(3), 30)] == ["1", "V", "V⊗V", "V⊗V⊗V"]
    assert [str(A) for A in tensors(groups.SL(3), 9)] == ["1", "V", "V*", "V⊗V", "V⊗V*", "V*⊗V*"]
    assert [str(A) for A in tensors(groups.Lorentz(), 4)] == ["1", "V"]  # its V* is V, by the metric
    assert [A.size for A in tensors(SET, 9)] == [1, 3, 3, 9, 9, 9]
    for G, channels in ((S(5), 100), (groups.Lorentz(), 64), (SET, 200)):
        assert channels / 2 <= uniform(G, channels).size <= channels


# what layers of first order cannot tell
@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_tensors_below_order_n_minus_1_do_not_tell_even_permutations_from_all(n):
    """A(n) is (n − 2)-transitive, and on n − 1 points its orbits are half those of S(n)."""
    assert telling_order(groups.A(n), S(n)) == n - 1
    assert telling_order(groups.SO(3), O(3)) == 3  # the determinant
    assert telling_order(S(4), S(4), largest=4) is None


def test_a_first_order_network_of_the_alternating_group_is_one_of_the_symmetric_group():
    A4, S4 = groups.A(4), S(4)
    first = EquivariantMLP(
        A4.vector, A4.trivial, hidden=20 * A4.trivial + 8 * A4.vector, dtype=torch.float64, generator=seed(0)
    )
    second = EquivariantMLP(A4.vector, A4.trivial, hidden=100, dtype=torch.float64, generator=seed(0))
    assert "V⊗V" in str(second.hidden)
    errors = [equivariance_error(network, S4.vector, S4.trivial)[0] for network in (first, second)]
    assert errors[0] < 1e-12 and errors[1] > 1e-4
    assert_invariant(second, A4.vector, 1e-10)


def vandermonde_signs(number, count):
    """Points x and the sign of Π (x_j − x_i), and the same points with two coordinates exchanged and the other sign."""
    x = torch.randn(count, 4, generator=seed(number))
    i, j = torch.triu_indices(4, 4, 1)
    y = (x[:, j] - x[:, i]).prod(1, keepdim=True).sign()
    return torch.cat([x, x[:, [1, 0, 2, 3]]]), torch.cat([y, -y])


def test_second_order_layers_learn_the_sign_of_the_vandermonde_and_first_order_layers_cannot():
    G, (x, y), (x_test, y_test) = groups.A(4), vandermonde_signs(1, 256), vandermonde_signs(2, 1000)
    scores = []
    first = 20 * G.trivial + 6 * G.vector
    for hidden, steps in ((first, 100), (first + 8 * G.vector**2, 400)):
        network = EquivariantMLP(G.vector, G.trivial, hidden=hidden, products=0, generator=seed(0))
        train(network, x, y, steps=steps)
        scores.append(float((network(x_test).detach().sign() == y_test).double().mean()))
    assert scores[0] == pytest.approx(0.5, abs=1e-3)  # a point and its twin get one answer
    assert scores[1] > 0.9


# errors
@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: EquivariantLinear(S(3).vector, S(4).vector), ValueError, r"V belongs to S\(3\) and W to S\(4\)"),
        (lambda: EquivariantLinear(S(3), S(3)), TypeError, "no representation"),
        (lambda: EquivariantLinear(S(3).vector, S(3).vector, dtype=torch.float16), TypeError, "float32 or float64"),
        (lambda: EquivariantLinear(S(3).vector, S(3).vector)(torch.ones(2, 4)), ValueError, r"are \(..., 3\)"),
        (lambda: EquivariantLinear(S(3).vector, S(3).vector)([1, 2, 3]), TypeError, "give a tensor"),
        (lambda: EquivariantLinear(S(3).vector, S(3).vector)(torch.ones(3).double()), TypeError, "write x.to"),
        (lambda: Bilinear(S(3).vector, S(4).vector), ValueError, "build both from one group"),
        (lambda: Bilinear(S(3).vector, S(3).vector, channels=0), ValueError, "integer ≥ 1"),
        (lambda: Gated("V"), TypeError, "no representation"),
        (lambda: Gated(SO(3).vector)(torch.ones(3)), ValueError, r"\(..., 4\)"),
        (lambda: Norm(SO(3)), TypeError, "no representation"),
        (lambda: Pointwise(S(3).vector, "gelu"), ValueError, "no function it knows"),
        (lambda: Pointwise(S(3), "relu"), TypeError, "no representation"),
        (lambda: EquivariantMLP(S(3).vector, S(4).trivial), ValueError, "V belongs to"),
        (lambda: EquivariantMLP(S(3).vector, S(3).trivial, hidden=S(4).vector), ValueError, "hidden to"),
        (lambda: EquivariantMLP(S(3).vector, S(3).trivial, hidden=0), ValueError, "integer ≥ 1, not 0"),
        (lambda: EquivariantMLP(S(3).vector, S(3).trivial, layers=0), ValueError, "layers is an integer ≥ 1, not 0"),
        (
            lambda: EquivariantMLP(S(3).vector, S(3).trivial, products=-1),
            ValueError,
            "products is an integer ≥ 0, not -1",
        ),
        (lambda: EquivariantMLP(S(3), S(3)), TypeError, "no representation"),
        (lambda: EquivariantMLP(S(3).vector, S(3).trivial)(torch.full((2, 3), math.nan)), ValueError, "NaN"),
        (lambda: telling_order(S(3), S(4)), ValueError, "on one space"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(ask, error, words):
    with pytest.raises(error, match=words):
        ask()


def test_layers_print_as_mathematics():
    G = SO(3)
    assert "V → 2·V ⊕ 1 over SO(3), 2 coefficients for 7 × 3 weights, 1 biases" in str(
        EquivariantLinear(G.vector, 2 * G.vector + G.trivial)
    )
    network = EquivariantMLP(G.vector, G.trivial, hidden=20)
    assert isinstance(network, nn.Module) and "V → 2 × (10·1 ⊕ 3·V) → 1 over SO(3)" in str(network)
