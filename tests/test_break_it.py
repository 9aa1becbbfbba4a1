import json

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.representations import equivariance_error
from eqkit.views import BreakIt
from eqkit.views.break_it import EXACT, FAULTS, GROUPS, ROUNDED, errors, network, refusals, shifts, tilt
from eqkit.views.spelling import named

NAMES = ["linear 1", "norm 1", "linear 2", "norm 2", "linear 3", "norm 3", "linear 4"]


def composed(layers):
    def f(x):
        for layer in layers:
            x = layer.f(x)
        return x

    return f


# the network and its errors
@pytest.mark.parametrize("name", GROUPS)
def test_without_faults_every_layer_and_the_network_are_equivariant(name):
    layers = network(named(name))
    found = errors(layers)
    assert max(found.network + found.own) < 1e-13
    assert equivariance_error(composed(layers), layers[0].V, layers[-1].W)[0] < 1e-13
    x = torch.randn(5, layers[0].V.size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert composed(layers)(x).std() > 1e-3  # and it is no constant


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in ("padding", "float32")])
@pytest.mark.parametrize("name", ["D.plane(5)", "SO(3)", "Icosahedral()"])
@pytest.mark.parametrize("block", [1, 2, 3])
def test_a_fault_shows_in_its_block_and_from_there_on(name, fault, block):
    layers = network(named(name), [fault], block)
    found = errors(layers)
    first = 2 * block - 2 + (fault in ("ReLU", "wrong group"))  # of vectors alone, a wrong group shows in the norm
    assert [e > EXACT for e in found.own] == [i == first for i in range(7)]
    assert [e > EXACT for e in found.network] == [i >= first for i in range(7)]


@pytest.mark.parametrize("faults", [(), ("ReLU",), ("bias", "wrong group")])
@pytest.mark.parametrize("name", ["S(5)", "SO(3)"])
def test_the_errors_in_one_pass_are_those_of_equivariance_error(name, faults):
    """At the same g and x: the one named worst, compared with the public test kit given that x alone."""
    layers = network(named(name), faults)
    found = errors(layers)
    for k in range(1, 8):
        g, x = found.worst[k - 1]
        f, V, W = composed(layers[:k]), layers[0].V, layers[k - 1].W
        left, right = f(V.act(g, x)[None])[0], W.act(g, f(x[None])[0])
        torch.testing.assert_close(found.sides[k - 1], (left, right))
        by_hand = float((left - right).abs().max() / (1 + f(x[None]).abs().max()))
        assert abs(found.network[k - 1] - by_hand) < 1e-15 + 1e-12 * by_hand
        public, _, _ = equivariance_error(f, V, W, x=x[None])
        assert (public > EXACT) == (found.network[k - 1] > EXACT)


@pytest.mark.parametrize("amount", [1e-6, 1e-3, 1.0])
def test_the_error_grows_in_proportion_to_an_untied_weight(amount):
    own = errors(network(groups.SO(3), ["untied weight"], 2, amount)).own[2]
    unit = errors(network(groups.SO(3), ["untied weight"], 2, 1e-2)).own[2] / 1e-2
    assert 0.1 < own / (amount * unit) < 1.5


def test_relu_and_the_right_circular_convolution_are_no_faults_of_a_permutation_group():
    for name in ("C(8)", "S(5)", "D(6)"):
        assert max(errors(network(named(name), ["ReLU"])).own) < 1e-13
    padded = errors(network(groups.C(8), ["padding"], 1)).own
    assert padded[0] > 0.1 and max(padded[1:]) < 1e-13


def test_a_tilted_group_is_another_group_of_the_same_shape():
    for G in (groups.C(8), groups.SO(3), groups.Icosahedral()):
        h = tilt(G, 0.1)
        g = G.random_products(5, torch.Generator().manual_seed(0))
        assert (h @ g @ torch.linalg.inv(h) - g).abs().amax() > 0.01
        layers = network(G, ["wrong group"], 2)
        wrong = groups.MatrixGroup(h @ g @ torch.linalg.inv(h), name="h G h⁻¹")
        for layer in layers[2:4]:  # equivariant, but to h G h⁻¹
            x = torch.randn(6, layer.V.size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
            for k in wrong.generators:
                V, W = layer.V(k), layer.W(k)
                assert (layer.f(x @ V.T) - layer.f(x) @ W.T).abs().max() < 1e-12


def test_only_a_cycle_has_a_border():
    assert shifts(groups.C(5)) and not shifts(groups.S(5)) and not shifts(groups.C.plane(8))


# the refusals
@pytest.mark.parametrize("name", GROUPS)
def test_what_the_kit_says_counts_the_free_parameters_and_shows_a_counter_example(name):
    G, told = named(name), refusals(named(name))
    V = G.vector
    assert f"has {Hom(V, V).dim} parameter" in told and f"{Hom(G.trivial, V).dim} for {V.size} biases" in told
    assert ("is accepted" in told) == G.is_permutation
    assert G.is_permutation or ("ValueError: Pointwise" in told and "f(V(g)x)" in told)


# the view
def test_the_verdict_names_the_layer_and_the_reason():
    view = BreakIt(groups.SO(3))
    assert "rounding of float64" in view.verdict() and view.bars.names == NAMES
    view.switches["ReLU"].value = True
    assert view.verdict() == "The error arises in ReLU 2: ReLU acts on coordinates, and g mixes them."
    assert view.state()["broken_after"] == [False, False, False, True, True, True, True]
    view.block.value = 1
    assert view.state()["arises_in"] == ["ReLU 1"]
    view.switches["bias"].value = True
    assert view.state()["arises_in"] == ["linear 1", "ReLU 1"] and "linear 1: g moves the bias." in view.verdict()


def test_float32_hides_small_faults_and_shows_large_ones():
    view = BreakIt(groups.C(8), ["untied weight"], amount=1e-6)
    assert view.state()["arises_in"] == ["linear 2"]
    view.switches["float32"].value = True
    assert view.bars.tolerance == ROUNDED and not view.arises and "cannot be told from rounding" in view.verdict()
    assert max(view.errors.own) > 1e-9  # float32 was really used
    view.amount.value = 0.1
    assert view.state()["arises_in"] == ["linear 2"]


def test_a_harmless_fault_says_why():
    view = BreakIt(groups.D(6), ["ReLU"])
    assert view.verdict() == "Nothing breaks: D(6) permutes the coordinates, and ReLU commutes with that."


def test_padding_can_be_switched_for_cycles_alone():
    view = BreakIt(groups.C(8), ["padding"])
    assert view.state()["arises_in"] == ["linear 2"]
    view.menu.value = "SO(3)"
    assert view.switches["padding"].disabled and view.faults == () and view.footer.error == ""
    view.menu.value = "C(8)"
    assert not view.switches["padding"].disabled


def test_selecting_a_layer_shows_its_worst_case():
    view = BreakIt(groups.SO(3), ["ReLU"])
    view.bars.selected = 3
    g, x = view.errors.worst[3]
    assert view.state()["selected"] == "ReLU 2"
    np.testing.assert_allclose(view.g.current(), g, atol=1e-6)
    np.testing.assert_allclose(view.x.current()[0], x, atol=1e-6)
    left, right, gap = torch.from_numpy(view.sides.current().copy())
    torch.testing.assert_close(left - right, gap)
    assert gap.abs().max() > 0.1


def test_reset_goes_back_to_the_faults_of_the_beginning():
    view = BreakIt(groups.C(8), ["padding"], 3, 0.01)
    start = view.state()
    view.menu.value = "S(5)"
    view.switches["bias"].value = True
    view.block.value, view.bars.selected = 1, 2
    view._reset()
    assert view.state() == start


@pytest.mark.parametrize("name", GROUPS)
def test_the_code_prints_the_same_errors(name, capsys):
    view = BreakIt(named(name), ["bias", "wrong group"], 1, 0.01)
    names = {}
    exec(view.code(), names)
    assert names["found"].network == view.errors.network
    assert "linear 1" in capsys.readouterr().out


def test_two_hundred_events_end_at_the_last():
    view = BreakIt(groups.C(4))
    view.switches["bias"].value = True
    for i in range(200):
        view.amount.value = 10 ** (-6 + 6 * i / 199)
    assert json.loads(view.footer.state)["amount"] == 1.0


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: BreakIt(groups.SL(2)), "compact"),
        (lambda: BreakIt(groups.U(2)), "real"),
        (lambda: BreakIt(groups.S(20)), "at most 12 × 12"),
        (lambda: BreakIt(faults=["dropout"]), "choose from ReLU"),
        (lambda: BreakIt(faults=["padding"]), "there is no border"),
        (lambda: BreakIt(block=4), "blocks 1 to 3"),
        (lambda: BreakIt(amount=2), "1e-6 to 1"),
        (lambda: BreakIt(amount=float("nan")), "1e-6 to 1"),
    ],
)
def test_what_cannot_be_broken_says_why(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_no_group_is_refused():
    with pytest.raises(TypeError, match="is no group"):
        BreakIt("SO(3)")
