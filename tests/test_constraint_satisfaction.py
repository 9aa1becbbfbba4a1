"""ConstraintSatisfaction without a browser: five trainings against the ways of the kit, and what its charts measure."""

import itertools

import numpy as np
import pytest
import torch

from eqkit import groups, unitary
from eqkit.equations import EquationSystem
from eqkit.views import ConstraintSatisfaction
from eqkit.views.constraint_satisfaction import difference, equivariance, layers, near_identity, train


def test_who_stays_on_the_group_keeps_the_equations_and_the_others_do_not():
    view = ConstraintSatisfaction(size=5, n=12)
    view.player.run()
    state = view.state()
    kept = {"free": False, "penalty": False, "projection": True, "Cayley": True, "exp": True}
    assert state["holds"] == kept and state["holds_at_n"] and state["group"]
    assert "After training the equations hold for: projection, Cayley, exp." in view.verdict()


def test_the_constrained_trainings_come_nearer_to_the_hidden_matrix():
    view = ConstraintSatisfaction("M Mᵀ = E", size=5)
    view.player.run()
    free, *constrained = (torch.linalg.matrix_norm(M - view.target) for M in view.player.current.M)
    assert max(constrained) < free / 2


def test_the_slider_checks_the_same_equation_at_another_dimension():
    view = ConstraintSatisfaction("M Mᵀ = E", size=3, n=4)
    for n in (7, 50):
        view.n.value = n
        assert view.state()["n"] == n and view.state()["holds_at_n"] and view.there.rows == n
    assert "The same 2 coefficients at n = 50" in view.verdict()


def test_an_equation_that_cannot_be_read_is_explained_and_the_old_one_stays():
    view = ConstraintSatisfaction("M Mᵀ = E", size=4)
    for bad in ("M Mᵀ", "M Q = E", ""):
        view.equations.value = bad
        assert view.footer.error and view.state()["equations"] == "M Mᵀ = E"
    view.equations.value = "M S = S M"
    assert view.footer.error == "" and view.state()["equations"] == "M S = S M"


def test_a_second_equation_has_a_curve_of_its_own_and_a_single_one_none():
    view = ConstraintSatisfaction(size=3, n=5)
    assert (view.first.title, view.second.title, view.second.layout.display) == ("‖M Mᵀ − E‖", "‖M S − S M‖", "")
    view.equations.value = "M Mᵀ = E"
    assert view.second.layout.display == "none" and view.still() != ConstraintSatisfaction(size=3, n=5).still()


def test_a_letter_without_a_value_at_n_is_explained():
    view = ConstraintSatisfaction("M X = X M", size=4, n=6)
    view.n.value = 7
    assert "X" in view.footer.error and not view.state()["holds_at_n"]


def test_training_from_one_seed_gives_one_path():
    view = ConstraintSatisfaction(size=3, n=5)
    paths = [[s.M for s in train(view.system, view.target, 1.0, 5, torch.Generator().manual_seed(0))] for _ in range(2)]
    assert len(paths[0]) == 6 and all(torch.equal(a, b) for a, b in zip(*paths, strict=True))


def test_training_takes_the_ways_of_the_kit_from_the_identity():
    system, seed = EquationSystem("M Mᵀ = E"), torch.Generator().manual_seed
    target = near_identity(system, 4, seed(0))
    M = [snapshot.M for snapshot in train(system, target, 1.0, 3, seed(1))]
    x, noise = torch.randn(2, 1, 3, 4, generator=seed(1), dtype=torch.float64)
    data = unitary.Examples(x, x @ target.mT + 0.1 * noise, target[None])
    torch.testing.assert_close(M[0], torch.eye(4, dtype=torch.float64).expand(5, 4, 4))
    for k, way in enumerate(("free", "penalty", "equations", "retraction", "Lie algebra")):
        torch.testing.assert_close(M[3][k], next(itertools.islice(unitary.WAYS[way](data), 3, None))[0])


def test_the_ways_along_a_group_keep_other_equations_than_orthogonality():
    for text in ("M S = S M", "M J = J, Mᵀ J = J", "M Mᵀ = E, M S = S M"):
        system = EquationSystem(*text.split(","))
        target = near_identity(system, 4, torch.Generator().manual_seed(0))
        *_, last = train(system, target, 1.0, 100, torch.Generator().manual_seed(1))
        residuals = system.residuals(last.M).amax(1)
        assert (residuals[2:] < 1e-9).all() and residuals[0] > 1e-2
        assert torch.linalg.matrix_norm(last.M[3:] - target).max() < torch.linalg.matrix_norm(last.M[0] - target)


def test_equivariance_of_layers_is_that_of_the_group():
    g, M = groups.C(4).elements().double(), torch.randn(4, 4, generator=torch.Generator().manual_seed(0)).double()
    W, B = layers(EquationSystem("M Mᵀ = E", "M S = S M"), 4)
    assert len(W) == len(B) == 4 and equivariance(g, W, B).max() < 1e-12  # circulants, and circulants as forms
    by_hand = [*((w @ M - M @ w).norm() for w in W), *((M.T @ b @ M - b).norm() for b in B)]
    assert equivariance(M, W, B) == pytest.approx(float(max(by_hand)))


def test_the_charts_and_the_table_have_closure_and_inverse():
    view = ConstraintSatisfaction(size=4, n=5)
    view.player.run(5)
    M, system = view.player.current.M, view.system
    values = np.frombuffer(view.group.data, np.float32).reshape(-1, 6)
    closure = torch.maximum(system.residuals(M @ M), system.residuals(torch.linalg.inv(M))).amax(1)
    assert values[:, 0].tolist() == [0, 1, 2, 3, 4] and values[-1, 1:] == pytest.approx(closure.numpy(), rel=1e-5)
    assert view.table.columns[1:] == ["‖M Mᵀ − E‖", "‖M S − S M‖", "equivariance", "closure", "inverse", "distance"]
    assert [row[0] for row in view.table.rows] == ["1 free", "2 penalty", "3 projection", "4 Cayley", "5 exp"]
    assert view.table.rows[0][1] == f"{float(system.residuals(M)[0, 0]):.2g}"
    view.player.seek(0)
    view.sync()
    assert view.table.title == "after step 0" and {row[1] for row in view.table.rows} == {"0e+00"}


def test_without_a_group_there_is_no_way_along_it():
    view = ConstraintSatisfaction("M M = 2 E", size=4, n=4)
    view.player.run(3)
    assert not view.state()["group"] and list(view.state()["holds"]) == ["free", "penalty", "projection"]
    assert view.equivariance.layout.display == "none" and view.method.options == ("free", "penalty", "projection")
    view.method.value = "free"
    view.equations.value = "M Mᵀ = E"
    assert view.method.options[3:] == ("Cayley", "exp") and view.state()["method"] == "projection"
    view.method.value = "exp"
    view._reset()
    assert view.state() == ConstraintSatisfaction("M M = 2 E", size=4, n=4).state()


def test_a_solution_near_the_identity_solves():
    view = ConstraintSatisfaction(size=3, n=5)
    M = near_identity(view.system, 9, torch.Generator().manual_seed(3))
    assert view.system.residual(M) < 1e-9 and torch.linalg.matrix_norm(M - torch.eye(9)) > 0.1


def test_differences_read_as_one_expression():
    system = ConstraintSatisfaction(size=3, n=5).system
    assert [difference(equation) for equation in system.equations] == ["M Mᵀ − E", "M S − S M"]
