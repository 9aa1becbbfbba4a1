"""Equations without group elements: from pairs (x, g x), from weights learned at small n, from the commutant."""

import pytest
import scipy.optimize
import torch

from eqkit import groups, subspaces
from eqkit.equations import EquationSystem, J, S, learn_equations, letter
from eqkit.equations.without_elements import commutant, members, relate
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares, meta_learn
from eqkit.symmetry_matrices import ReparameterizedLinear, automorphism_group, sharing_pattern
from eqkit.tasks.hidden_groups import hidden_group

PERMUTATIONS = EquationSystem("M Mᵀ = E", "M∘M = M")
SIGNED = EquationSystem("M Mᵀ = E", "M∘M∘M = M")
CYCLE = letter("A", lambda n: S.at(n) + S.at(n).T, symmetric=True)  # which corners of an n-gon are neighbours


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(G, tasks, examples, noise=0.0):
    M = G.sample(tasks, seeded())
    x = torch.randn(tasks, examples, G.n, generator=seeded(1), dtype=torch.float64)
    return M, x, x @ M.mT + noise * torch.randn(x.shape, generator=seeded(2), dtype=torch.float64)


# from pairs
@pytest.mark.parametrize("system, group", [(PERMUTATIONS, groups.S), (SIGNED, groups.SignedPermutations)])
def test_half_as_many_pairs_as_coordinates_give_every_element(system, group):
    M, x, y = pairs(group(8), 20, 4, noise=0.05)
    found = relate(system, x, y)
    assert found.arrived.all() and (found.loss < 0.05).all()
    assert torch.allclose(found.M, M, atol=1e-6)
    alone = torch.linalg.lstsq(x, y).solution.mT  # the data without the equations
    assert ((alone - M).abs().amax((1, 2)) > 0.1).all()


def test_the_elements_found_generate_the_hidden_group():
    _, x, y = pairs(groups.D(6), 10, 3)
    found = relate(PERMUTATIONS, x, y).M.round()
    assert groups.MatrixGroup(torch.unique(found, dim=0)).order == 12


def test_one_pair_is_too_few_for_a_local_search_and_the_loss_says_which_failed():
    M, x, y = pairs(groups.S(8), 30, 1)
    found = relate(PERMUTATIONS, x, y)
    right = (found.M - M).abs().amax((1, 2)) < 1e-6
    assert torch.equal(right, found.loss < 1e-9) and 5 < right.sum() < 25
    cost = (y[:, 0, :, None] - x[:, 0, None, :]).square()  # an assignment problem: another route, which finds them all
    assert all(
        (scipy.optimize.linear_sum_assignment(c.numpy())[1] == m.argmax(1).numpy()).all()
        for c, m in zip(cost, M, strict=True)
    )


# from spaces of weights
def exact(group, n):
    return Hom(group(n).vector, group(n).vector).U


def from_matrices(make, letters):
    return learn_equations({n: make(n) for n in (4, 5, 6)}, letters, degree=2)


@pytest.mark.parametrize(
    "group, letters, of_weights, of_commutant",
    [
        (groups.C, (S,), "M S = S M", "M S = S M"),
        (groups.D, (CYCLE,), "Mᵀ = M, M A = A M", "M A = A M"),
    ],
)
def test_spaces_of_weights_give_the_equations_of_weights_and_of_sums_of_elements(
    group, letters, of_weights, of_commutant
):
    weights = from_matrices(lambda n: members(exact(group, n), n, 24, seeded(n)), letters)
    sums = from_matrices(lambda n: members(commutant(exact(group, n), n), n, 24, seeded(n)), letters)
    assert set(weights.text.split(", ")) == set(of_weights.split(", ")) and sums.text == of_commutant
    for n in (9, 12):
        assert weights.residual(members(exact(group, n), n, 5, seeded())).max() < 1e-9
        assert sums.residual(group(n).elements()).max() < 1e-9 < sums.residual(groups.S(n).generators).max()


def test_words_cut_out_the_weights_of_c_and_d_but_not_those_of_s():
    """λE + γJ is no variety of these words: Mᵀ = M, M J = J M leaves 16 dimensions of which 2 are right at n = 6."""
    for group, letters, dimension in ((groups.C, (S,), 6), (groups.D, (S,), 4), (groups.S, (J,), 16)):
        weights = from_matrices(lambda n, group=group: members(exact(group, n), n, 24, seeded(n)), letters)
        assert weights.dimension(6) == dimension and (exact(group, 6).shape[1] == dimension) == (group is not groups.S)


@pytest.mark.parametrize("group", [groups.C, groups.D, groups.S])
def test_the_commutant_of_hom_is_the_span_of_the_group(group):
    for n in (4, 5, 6):
        found = commutant(exact(group, n), n)
        assert subspaces.same_span(found, group(n).elements().flatten(1).T)


def test_symmetry_matrices_learned_at_three_sizes_give_equations_for_every_n():
    learned = {}
    for n in (4, 5, 6):
        layer, tasks = ReparameterizedLinear(n, n, n, seeded()), hidden_group(groups.C(n))
        run = meta_learn(layer, tasks, LeastSquares(1e-4), steps=200, learning_rate=3e-2, cosine_decay=True)
        list(run)
        learned[n] = layer.U.detach()
    weights = from_matrices(lambda n: members(learned[n], n, 24, seeded(n)), (S,))
    assert weights.text == "M S = S M" and weights.evidence.cautions
    closures = {n: automorphism_group(sharing_pattern(U, (n, n))).sample(24, seeded(n)) for n, U in learned.items()}
    elements = learn_equations(closures, (S,))
    assert set(elements.text.split(", ")) == {"M Mᵀ = E", "M S = S M", "M∘M = M"}
    assert elements.residual(groups.C(30).elements()).max() < 1e-9


def test_a_letter_in_another_order_than_the_data_gives_no_equation():
    """S shifts the coordinates as numbered; weights of the same group on shuffled coordinates do not keep it."""

    def shuffled(n):
        p = torch.randperm(n, generator=seeded(n))
        return members(exact(groups.C, n), n, 24, seeded(n))[:, p][:, :, p]

    assert "M S" not in from_matrices(shuffled, (S,)).text


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: relate(PERMUTATIONS, torch.zeros(2, 3, 4), torch.zeros(2, 3, 5)), r"both need \(tasks, examples, n\)"),
        (lambda: members(torch.ones(9, 2), 4, 3), r"columns \(16, k\)"),
        (lambda: commutant(torch.ones(9, 0), 3), r"columns \(9, k\)"),
    ],
)
def test_bad_input_says_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
