"""Any-dimensional layers: diagrams span Hom at every n, and compatible ones agree across n."""

import itertools

import pytest
import torch
from oracles import compatible_with_padding, compatible_with_repetition, double_factorial, partitions

from eqkit import groups
from eqkit.equations import any_dimensional
from eqkit.equations.any_dimensional import (
    EMBEDDINGS,
    TARGETS,
    AnyDimensionalLinear,
    AnyDimensionalNetwork,
    basis,
    diagrams,
    embed,
)
from eqkit.equivariant_maps import Hom
from eqkit.representations import assert_equivariant
from eqkit.subspaces import null_space, same_span

ORDERS = list(itertools.product((0, 1, 2), repeat=2))
GROUPS = {"S": groups.S, "B": groups.SignedPermutations, "O": groups.O}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def power(G, order):
    return G.vector**order if order else G.trivial


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("a, b", ORDERS)
def test_the_diagrams_are_a_basis_of_hom(name, a, b):
    for n in (4, 5) if name == "S" else (4,):
        G = GROUPS[name](n)
        hom, D = Hom(power(G, a), power(G, b)), basis(diagrams(a, b, name), a, b, n)
        assert len(D) == hom.dim
        assert same_span(D.flatten(1).T, hom.U) or hom.dim == 0


def test_their_numbers_are_the_closed_forms():
    for a, b in itertools.product(range(4), repeat=2):
        assert len(diagrams(a, b)) == partitions(a + b, 99)
        assert len(diagrams(a, b, "O")) == (0 if (a + b) % 2 else double_factorial((a + b) // 2))
        assert len(diagrams(a, b, embedding="padding")) == compatible_with_padding(a, b)
        assert len(diagrams(a, b, embedding="repetition")) == compatible_with_repetition(a, b)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("a, b", ORDERS)
def test_the_compatible_diagrams_are_all_solutions_of_the_condition(embedding, a, b):
    """The null space of c ↦ W_m φ − ψ W_n over *all* equivariant maps has the dimension of the compatible ones."""
    n, every = a + b + 1, diagrams(a, b)
    phi = embed(torch.eye(n**a, dtype=torch.float64).reshape(-1, *[n] * a), a, embedding)  # rows: φ of the basis of V_n
    m = n + 1 if embedding == "padding" else 2 * n
    small, large = (basis(every, a, b, size, embedding) for size in (n, m))
    after = large @ phi.reshape(n**a, -1).T  # W_m φ
    before = embed(small.mT.reshape(-1, *[n] * b), b, embedding).reshape(len(every), n**a, -1).mT  # ψ W_n
    kernel = null_space((after - before).flatten(1).T, scale=1.0)
    kept = diagrams(a, b, embedding=embedding)
    selected = torch.eye(len(every), dtype=torch.float64)[:, [every.index(p) for p in kept]]
    assert kernel.shape[1] == len(kept) and (not kept or same_span(kernel, selected))


def test_the_compatible_maps_of_vectors_are_the_known_ones():
    """λE + γJ has the one direction E where zeros are padded, and E, J/n where coordinates are repeated."""
    assert diagrams(1, 1) == [(0, 0), (0, 1)] and diagrams(1, 1, embedding="padding") == [(0, 0)]
    assert torch.equal(basis(diagrams(1, 1), 1, 1, 3, "repetition")[1], torch.full((3, 3), 1 / 3, dtype=torch.float64))
    assert len(diagrams(2, 2)) == 15 and len(diagrams(2, 2, embedding="padding")) == 5


def test_a_layer_is_equivariant_and_its_numbers_do_not_depend_on_n():
    layer = AnyDimensionalLinear(2, 1, generator=seeded())
    layer.bias.data.fill_(0.3)
    for n in (2, 5):
        G = groups.S(n)
        assert_equivariant(lambda x, n=n: layer(x.reshape(-1, 1, n, n))[:, 0], G.vector**2, G.vector)
    assert sum(p.numel() for p in layer.parameters()) == 5 + 1


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_compatible_network_commutes_with_the_embedding(embedding, order):
    network = AnyDimensionalNetwork((2, 1, 2, order), 3, embedding, seeded())
    for parameter in network.parameters():
        parameter.data += 0.1
    x = gaussian(4, 1, 3, 3)
    torch.testing.assert_close(network(embed(x, 2, embedding)), embed(network(x), order, embedding))


def test_trained_at_n_4_it_is_right_at_n_15_exactly_if_it_is_compatible():
    order, trace = TARGETS["trace"]
    for embedding, least, most in (("padding", 0, 1e-4), (None, 1e2, 1e12)):
        network = AnyDimensionalNetwork((2, 1, 2, order), 4, embedding, seeded())
        any_dimensional.fit(network, trace, 4, count=200, generator=seeded(50))
        assert any_dimensional.error(network, trace, 4, seeded(9)) < 1e-3
        assert least <= any_dimensional.error(network, trace, 15, seeded(9)) < most


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: diagrams(2, 2, "SO"), "choose S for"),
        (lambda: diagrams(2, -1), "integer ≥ 0"),
        (lambda: diagrams(1, 1, embedding="zero"), "choose padding"),
        (lambda: AnyDimensionalLinear(2, 1)(torch.zeros(3, 1, 4, 5, dtype=torch.float64)), r"give \(batch, 1, n, n\)"),
        (lambda: AnyDimensionalLinear(0, 1)(torch.zeros(3, 1, dtype=torch.float64)), "does not know n"),
        (lambda: basis(diagrams(1, 1), 1, 1, 0), "integer ≥ 1"),
        (lambda: AnyDimensionalNetwork((2,)), "two orders or more"),
    ],
)
def test_bad_input_says_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
