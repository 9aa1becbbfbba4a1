import math

import numpy as np
import pytest
import torch

from eqkit import groups, subspaces
from eqkit.meta_learning import (
    Episodes,
    GradientSteps,
    LeastSquares,
    evaluate,
    load_run,
    meta_learn,
    save_run,
    task_losses,
)
from eqkit.symmetry_matrices import ReparameterizedLinear, automorphism_group, indicators, sharing_pattern
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import convolution, translation

INNER = [GradientSteps(1), GradientSteps(3), LeastSquares(1e-4)]


def seed(number):
    return torch.Generator().manual_seed(number)


def small(steps=20, inner=None, **options):
    """A learner of convolutions from 10 to 8 numbers."""
    model = ReparameterizedLinear(10, 8, 3, seed(0))
    options = {"batch": 8, "learning_rate": 1e-2, "generator": seed(1), **options}
    return meta_learn(model, translation(n=10, support=4), inner or LeastSquares(), steps=steps, **options)


# inner solvers
@pytest.mark.parametrize("inner", INNER, ids=["1 step", "3 steps", "least squares"])
def test_the_inner_loop_touches_v_alone(inner):
    model = ReparameterizedLinear(10, 8, 3, seed(0))
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    episodes = translation(n=10)(5, seed(1))
    v = inner(model, episodes.x_support, episodes.y_support)
    assert v.shape == (5, 3)
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
    assert model.U.grad is None


def test_gradient_steps_are_those_of_one_task_at_a_time():
    model = ReparameterizedLinear(10, 8, 3, seed(0), torch.float64)
    x, y = (torch.randn(4, 2, size, generator=seed(2), dtype=torch.float64) for size in (10, 8))
    batched = GradientSteps(2, rate=0.3)(model, x, y)
    for t in range(4):
        v = model.v.detach()
        for _ in range(2):
            W = (model.U.detach() @ v).reshape(8, 10)
            M = 2 * (x[t] @ W.T - y[t]).T @ x[t] / y[t].numel()  # ∂loss/∂W
            v = v - torch.tensor(0.3) * (model.U.detach().T @ M.flatten())
        torch.testing.assert_close(batched[t], v)


def test_least_squares_is_the_minimum_of_the_ridge_loss():
    model = ReparameterizedLinear(10, 8, 3, seed(0), torch.float64)
    x, y = (torch.randn(4, 2, size, generator=seed(2), dtype=torch.float64) for size in (10, 8))
    v = LeastSquares(0.1)(model, x, y).detach().requires_grad_()
    loss = (model(x, v) - y).square().sum() + 0.1 * (v - model.v).square().sum()
    (gradient,) = torch.autograd.grad(loss, v)
    assert gradient.abs().max() < 1e-12


@pytest.mark.parametrize("inner", [GradientSteps(2, 0.3), LeastSquares(0.1)], ids=["2 steps", "least squares"])
def test_the_meta_gradient_agrees_with_finite_differences(inner):
    inner.double()
    tasks = translation(n=6)
    episodes = Episodes(*(part.double() for part in tasks(3, seed(2))))
    model = ReparameterizedLinear(6, 4, 3, seed(0), torch.float64)

    def loss(U, v, rate):
        parameters = {"U": U, "v": v}
        layer = Stateless(model, parameters)
        if isinstance(inner, GradientSteps):
            adapted = torch.func.functional_call(inner, {"rate": rate}, (layer, episodes.x_support, episodes.y_support))
        else:
            adapted = inner(layer, episodes.x_support, episodes.y_support)
        return task_losses(layer, adapted, episodes.x_query, episodes.y_query).mean()

    rate = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    U, v = (p.detach().clone().requires_grad_() for p in (30 * model.U, model.v))
    assert torch.autograd.gradcheck(lambda *p: loss(*p, rate), (U, v))
    if isinstance(inner, GradientSteps):
        assert torch.autograd.gradcheck(lambda r: loss(U, v, r), (rate,))


class Stateless:
    """A layer with other parameters put in, as the inner solvers see it."""

    def __init__(self, layer, parameters):
        self.layer, self.parameters, self.v = layer, parameters, parameters["v"]

    def __call__(self, x, v):
        return torch.func.functional_call(self.layer, self.parameters, (x, v))

    def features(self, x):
        return torch.einsum("tsi,oik->tsok", x, self.parameters["U"].reshape(self.layer.n_out, self.layer.n_in, -1))


# the outer loop
@pytest.mark.parametrize("inner", INNER, ids=["1 step", "3 steps", "least squares"])
def test_the_loss_falls_and_everything_shared_moves(inner):
    run = small(200, inner=type(inner)(*([inner.steps] if isinstance(inner, GradientSteps) else [])))
    history = list(run)
    assert np.mean([s.loss for s in history[-20:]]) < 0.6 * np.mean([s.loss for s in history[:5]])
    assert all(not torch.equal(history[0].parameters[name], history[-1].parameters[name]) for name in run.parameters)


def test_a_symmetry_matrix_becomes_a_convolution_and_says_which_weights_are_tied():
    run = meta_learn(
        ReparameterizedLinear(10, 8, 3, seed(0)),
        translation(n=10, support=4),
        LeastSquares(),
        steps=400,
        learning_rate=1e-2,
        generator=seed(1),
    )
    U = list(run)[-1].U
    truth = indicators(convolution(10)).to_dense()
    assert subspaces.principal_angles(U, truth).sin().max() < 1e-2
    assert torch.equal(sharing_pattern(U, (8, 10)), convolution(10))


def test_a_hidden_dihedral_group_is_found_and_named():
    tasks = hidden_group(groups.D(6))
    run = meta_learn(
        ReparameterizedLinear(6, 6, 4, seed(0)),
        tasks,
        LeastSquares(),
        steps=300,
        learning_rate=1e-2,
        cosine_decay=True,
        generator=seed(1),
    )
    found = automorphism_group(sharing_pattern(list(run)[-1].U, (6, 6)))
    assert (found.identify(), found.order) == ("D(6)", 12)


def test_a_fixed_layer_learns_its_rate_and_start_but_never_U():
    model = ReparameterizedLinear.fixed(indicators(convolution(10)), (8, 10))
    inner = GradientSteps(1)
    before = model.U.to_dense().clone()
    history = list(meta_learn(model, translation(n=10), inner, steps=50, learning_rate=1e-2, generator=seed(1)))
    assert set(history[0].parameters) == {"v", "rate"}
    assert torch.equal(model.U.to_dense(), before)
    assert inner.rate.item() != pytest.approx(0.1)


@pytest.mark.parametrize(
    ("steps", "snapshots", "expected"), [(20, 500, 21), (1000, 500, 500), (1000, 11, 11), (7, 2, 2)]
)
def test_snapshots_are_thinned_evenly_with_both_ends(steps, snapshots, expected):
    kept = sorted(small(steps, snapshots=snapshots).kept)
    assert (len(kept), kept[0], kept[-1]) == (expected, 0, steps)
    assert np.ptp(np.diff(kept)) <= 1


def test_snapshots_are_detached_clones_of_what_was_scored():
    run = small(3)
    first = next(run)
    assert not any(value.requires_grad for value in first.parameters.values())
    assert torch.equal(first.U, ReparameterizedLinear(10, 8, 3, seed(0)).U.detach())  # scored before the update
    kept = first.U.clone()
    last = list(run)[-1]
    assert torch.equal(first.U, kept) and not torch.equal(last.U, kept)
    assert torch.equal(last.U, run.model.U.detach()) and last.step == 3
    assert run.snapshots[0] is first and [s.step for s in run.snapshots] == [0, 1, 2, 3]


def test_runs_with_one_seed_are_equal_and_the_floor_is_handed_on():
    a, b = (list(small(5, floor=0.25)) for _ in range(2))
    assert all(torch.equal(x.U, y.U) and x.loss == y.loss for x, y in zip(a, b, strict=True))
    assert {s.floor for s in a} == {0.25} and math.isnan(next(small()).floor)


def test_an_interrupt_loses_no_snapshot_and_the_run_goes_on():
    tasks, calls = translation(n=10, support=4), []

    def interrupted(count, generator):
        calls.append(count)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return tasks(count, generator)

    run = small(6)
    run.tasks = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(run)
    assert [s.step for s in run.snapshots] == [0, 1, 2]
    assert [s.step for s in list(run)] == [3, 4, 5, 6]
    assert all(torch.equal(a.U, b.U) for a, b in zip(run.snapshots, small(6), strict=True))


def test_a_saved_run_resumes_to_the_same_bits(tmp_path):
    whole = list(small(20, inner=GradientSteps(2), cosine_decay=True))
    run = small(20, inner=GradientSteps(2), cosine_decay=True)
    for _ in range(8):
        next(run)
    run.save(tmp_path / "run.npz")
    again = small(20, inner=GradientSteps(2), cosine_decay=True)
    again.resume(tmp_path / "run.npz")
    list(again)
    assert [s.step for s in again.snapshots] == [s.step for s in whole]
    for a, b in zip(again.snapshots, whole, strict=True):
        assert a.loss == b.loss and all(torch.equal(a.parameters[name], b.parameters[name]) for name in b.parameters)


def test_a_run_saved_before_its_first_update_resumes(tmp_path):
    run = small(1)
    run.snapshots = list(small(1))[:1]
    run.save(tmp_path / "run.npz")
    again = small(1)
    again.resume(tmp_path / "run.npz")
    assert again.step == 0 and len(list(again)) == 2


def test_snapshots_come_back_from_a_file_and_a_file_of_another_shape_is_refused(tmp_path):
    history = list(small(3, floor=0.5))
    save_run(tmp_path / "run.npz", history)
    loaded = load_run(tmp_path / "run.npz")
    assert [(s.step, s.loss, s.floor) for s in loaded] == [(s.step, s.loss, s.floor) for s in history]
    assert all(torch.equal(a.U, b.U) for a, b in zip(loaded, history, strict=True))
    run = small(3)
    next(run)
    run.save(tmp_path / "state.npz")
    other = meta_learn(ReparameterizedLinear(10, 8, 4), translation(n=10), LeastSquares())
    with pytest.raises(ValueError, match=r"'U': \(80, 3\).*'U': \(80, 4\).*build the loop as it was built then"):
        other.resume(tmp_path / "state.npz")
    with pytest.raises(ValueError, match="no snapshot yet"):
        save_run(tmp_path / "empty.npz", [])


def test_evaluate_scores_every_task_once_and_leaves_the_model_alone():
    run = small(5)
    list(run)
    before = run.model.U.detach().clone()
    for inner in (LeastSquares(), GradientSteps(2)):
        losses = evaluate(run.model, translation(n=10), inner, 70, seed(3), batch=32)
        assert losses.shape == (70,) and not losses.requires_grad
    assert torch.equal(run.model.U, before)


# faults
def episodes_with(**parts):
    return Episodes(**{**dict(zip(Episodes._fields, translation(n=10)(4, seed(0)), strict=True)), **parts})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"x_support": torch.zeros(4, 0, 10), "y_support": torch.zeros(4, 0, 8)}, "without a zero"),
        ({name: torch.zeros(0, 1, 8) for name in Episodes._fields}, "without a zero"),
        ({"x_query": torch.zeros(4, 10)}, r"shape \(tasks, examples, size\)"),
        ({"y_support": torch.zeros(4, 2, 8)}, "x and y must agree in tasks and examples"),
        ({"x_query": torch.zeros(5, 19, 10)}, "x and y must agree in tasks"),
        ({"y_support": torch.full((4, 1, 8), torch.nan)}, "y_support holds NaN"),
    ],
    ids=["empty support", "no task", "two dimensions", "examples disagree", "tasks disagree", "NaN"],
)
def test_bad_episodes_are_refused_by_name_and_shape(parts, message):
    run = small(5)
    run.tasks = lambda count, generator: episodes_with(**parts)
    with pytest.raises(ValueError, match=message):
        next(run)


def test_a_diverging_run_says_so_and_keeps_its_snapshots():
    run = small(500, inner=GradientSteps(5, rate=1e4), learning_rate=10.0)
    with pytest.raises(ArithmeticError, match="smaller learning rate or fewer inner steps"):
        list(run)
    assert len(run.snapshots) == run.step


@pytest.mark.parametrize("options", [{"steps": 0}, {"batch": 0}, {"snapshots": 1}], ids=str)
def test_meta_learn_refuses_empty_loops(options):
    with pytest.raises(ValueError, match="is an integer ≥ [12]|is a positive number"):
        small(**options)


def test_inner_solvers_refuse_what_cannot_work():
    with pytest.raises(ValueError, match="steps is an integer ≥ 1"):
        GradientSteps(0)
    with pytest.raises(ValueError, match="a positive number"):
        LeastSquares(0.0)


@pytest.mark.parametrize("inner", [GradientSteps(1), LeastSquares()])
def test_a_model_of_another_output_size_than_the_tasks_is_refused(inner):
    with pytest.raises(ValueError, match=r"gives \(32, 1, 5\) and the tasks \(32, 1, 6\)"):
        next(meta_learn(ReparameterizedLinear(8, 5, 3), translation(n=8), inner=inner, steps=2))


def test_no_tasks_and_half_a_step_are_refused():
    with pytest.raises(ValueError, match="count is an integer ≥ 1"):
        evaluate(ReparameterizedLinear(8, 6, 3), translation(n=8), GradientSteps(1), 0, torch.Generator())
    with pytest.raises(ValueError, match="steps is an integer ≥ 1"):
        GradientSteps(1.5)
