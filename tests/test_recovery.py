"""Recovery of a hidden Hom from a fixed set of tasks, the arms that are compared, and the sweep that runs them."""

import io
import json

import distributed
import joblib
import pytest
import torch

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.parameter_counts import (
    ALTERNATING,
    DENSE,
    PhaseDiagram,
    data_bound,
    eliminate,
    generators,
    hidden_problem,
    kronecker_arm,
    lower_bound,
    near_commutant,
    parametrised,
    progress_bar,
    projector,
    results,
    sweep,
    trial,
)
from eqkit.parameter_counts.fitting import _normal_equations
from eqkit.tasks import data_file

C, D, S = groups.C, groups.D, groups.S


def seed(number):
    return torch.Generator().manual_seed(number)


def random(*shape, at=0):
    return torch.randn(*shape, generator=seed(at), dtype=torch.float64)


# the commutant, differentiated through
@pytest.mark.parametrize("G", [C(5), D(5), S(4)], ids=str)
def test_what_commutes_best_with_the_generators_of_a_group_is_its_hom(G):
    U = near_commutant(G.generators, Hom(G.vector, G.vector).dim)
    assert subspaces.same_span(U, Hom(G.vector, G.vector).U)


def test_the_commutant_has_the_derivative_of_finite_differences():
    g, direction = random(2, 2, 4, 4), random(2, 2, 4, 4, at=1)  # two problems at once, two generators each

    def f(g):
        return projector(near_commutant(g, 3))

    value, slope = torch.func.jvp(f, (g,), (direction,))
    h = 1e-5
    torch.testing.assert_close(slope, (f(g + h * direction) - f(g - h * direction)) / (2 * h), atol=1e-7, rtol=1e-6)
    torch.testing.assert_close(value @ value, value)
    g.requires_grad_()
    weight = random(16, 16, at=2)
    (gradient,) = torch.autograd.grad((f(g) * weight).sum(), g)
    torch.testing.assert_close((gradient * direction).sum(), (slope * weight).sum())


@pytest.mark.parametrize("k", [0, 17])
def test_a_commutant_of_matrices_has_between_one_and_n2_dimensions(k):
    with pytest.raises(ValueError, match="1 … 16 dimensions"):
        near_commutant(random(1, 4, 4), k)


# solvers
def test_the_normal_equations_are_those_of_the_projected_residual_where_it_vanishes():
    problem = hidden_problem(D(4).vector, 5, 2, 2, seed(0))
    U = problem.truth.expand(2, -1, -1) @ random(3, 3)
    hessian, gradient = _normal_equations(eliminate(U, problem.x, problem.y), problem.x, 4)
    for i in range(2):
        x, y = problem.x[i : i + 1], problem.y[i : i + 1]
        J = torch.func.jacfwd(lambda u, x=x, y=y: eliminate(u[None], x, y).residual.flatten())(U[i]).flatten(1)
        torch.testing.assert_close(hessian[i], J.T @ J, atol=1e-7, rtol=1e-7)
    assert gradient.abs().max() < 1e-7


def test_the_gradient_is_that_of_the_loss():
    problem = hidden_problem(D(4).vector, 5, 2, 1, seed(0))
    U = random(1, 16, 3).requires_grad_()
    found = eliminate(U, problem.x, problem.y)
    (slope,) = torch.autograd.grad(found.residual.square().sum(), U)
    _, gradient = _normal_equations(found, problem.x, 4)
    torch.testing.assert_close(-2 * gradient.flatten(), slope.flatten(), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("arm", [ALTERNATING, DENSE], ids=lambda a: a.name)
def test_both_solvers_recover_circulants_from_enough_tasks(arm):
    found = trial(hidden_problem(C(4).vector, 24, 3, 3, seed(0)), arm, 4, seed(1))
    assert found.recovered == found.fitted == 1
    assert found.sine.max() < 1e-8 and found.query.max() < 1e-15
    assert subspaces.same_span(found.U[0], Hom(C(4).vector, C(4).vector).U)
    assert found.step[0] == 0 and len(found.step) == found.curves.shape[1] <= 30
    assert found.curves[0, 0] > found.curves[0, -1] and found.curves[1, -1] < 1e-8


def test_below_the_bound_the_tasks_are_fitted_and_the_space_is_another():
    found = trial(hidden_problem(C(5).vector, 6, 2, 3, seed(0)), DENSE, 2, seed(1))
    assert (found.recovered, found.fitted) == (0, 1)


def test_fewer_parameters_need_fewer_tasks():
    V = C(2).vector @ C(3).vector  # translations of a 2 × 3 grid; a free U needs 15 tasks of 3 shots
    problem = hidden_problem(V, 9, 3, 2, seed(0))
    one, product = generators(1), kronecker_arm([(2, 2), (3, 3)], (2, 3))
    assert [arm.parameters(problem) for arm in (DENSE, one, product)] == [216, 36, 35]
    assert [arm.dimension(problem) for arm in (DENSE, one, product)] == [180, 30, 22]
    assert [trial(problem, arm, 5, seed(1)).recovered for arm in (DENSE, one, product)] == [0, 1, 1]


def test_factors_that_separate_outputs_from_inputs_hold_no_symmetric_space():
    # span(A ⊗ B) = {A C Bᵀ} with fewer than n columns in A holds singular weights alone, and E is in every Hom(V, V)
    problem = hidden_problem(C(6).vector, 9, 3, 1, seed(0))
    found = trial(problem, kronecker_arm([(6, 1), (1, 6)], (2, 3)), 2, seed(1))
    assert found.fitted == 0 and found.sine.min() > 0.9


def test_an_arm_is_any_differentiable_map():
    n, V = 5, C(5).vector
    P = C(5).generators[0]
    atoms = torch.stack([torch.linalg.matrix_power(P, i).flatten() for i in range(n)] + [random(n * n)], 1)
    arm = parametrised("five shifts and a decoy", lambda p: 6 * p.k, lambda t, p: atoms @ t.reshape(-1, 6, p.k))
    problem = hidden_problem(V, 6, 2, 2, seed(0))
    assert arm.dimension(problem) == 5
    assert trial(problem, arm, 2, seed(1)).recovered == 1


def test_wrong_sizes_are_refused():
    problem = hidden_problem(C(6).vector, 2, 2)
    with pytest.raises(ValueError, match=r"make weights \(4, 6\) and k = 6; the tasks need \(6, 6\) and 6"):
        next(kronecker_arm([(2, 2), (2, 3)], (2, 3)).fit(problem, None))
    with pytest.raises(ValueError, match="tasks is an integer ≥ 1"):
        hidden_problem(C(6).vector, 0, 2)
    with pytest.raises(TypeError, match="complex"):
        hidden_problem(groups.U(2).vector, 2, 2)
    with pytest.raises(ValueError, match="starts is an integer ≥ 1"):
        trial(problem, DENSE, 0)


# sweeps
def area(width, height, scale):
    return width * height * scale


CELLS = [{"width": w, "height": h} for w in (1, 2, 3) for h in (4, 5)]


def test_a_sweep_writes_down_each_cell_and_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "areas.jsonl"
    started = sweep(area, CELLS, path, {"scale": 10}, jobs=1)
    first = [next(started), next(started)]
    started.close()
    assert [step.done for step in first] == [1, 2] and len(results(path)) == 2
    with path.open("a") as file:
        file.write('{"cell": {"width": 1, "hei')  # an interrupt in mid-write
    assert len(results(path)) == 2
    rest = list(sweep(area, CELLS, path, {"scale": 10}, jobs=1))
    assert [step.done for step in rest] == [3, 4, 5, 6] and rest[0].total == 6
    assert {json.dumps(c): r for c, r in results(path)} == {json.dumps(c): area(**c, scale=10) for c in CELLS}
    assert list(sweep(area, CELLS, path, {"scale": 10}, jobs=1)) == []


def failing(width, height):
    if width == 3:
        raise RuntimeError("a cell went wrong")
    return 0


def test_a_cell_that_fails_loses_no_other(tmp_path):
    path = tmp_path / "areas.jsonl"
    with pytest.raises(RuntimeError, match="a cell went wrong"):
        list(sweep(failing, CELLS, path, jobs=1))
    assert len(results(path)) == 4


def test_a_file_of_another_sweep_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "areas.jsonl"
    list(sweep(area, CELLS, path, {"scale": 10}, jobs=1))
    before = path.read_text()
    with pytest.raises(ValueError, match=r"begun with {'scale': 10}, and this sweep has {'scale': 11}; give another"):
        next(sweep(area, CELLS, path, {"scale": 11}, jobs=1))
    assert path.read_text() == before
    other = tmp_path / "notes.txt"
    other.write_text("not a sweep\n")
    with pytest.raises(ValueError, match="is no file of a sweep"):
        next(sweep(area, CELLS, other, jobs=1))
    assert other.read_text() == "not a sweep\n"


def test_the_bar_counts_to_the_end(tmp_path):
    text = io.StringIO()
    progress_bar(sweep(area, CELLS, tmp_path / "areas.jsonl", {"scale": 1}, jobs=1), text)
    assert "6/6 cells, 0.0 min left" in text.getvalue() and text.getvalue().endswith("\n")


def test_a_sweep_runs_on_a_dask_cluster(tmp_path):
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster):
        with joblib.parallel_config(backend="dask"):
            steps = list(sweep(area, CELLS, tmp_path / "areas.jsonl", {"scale": 2}))
    assert sorted(step.result for step in steps) == sorted(area(**cell, scale=2) for cell in CELLS)


# the recorded diagram
def test_the_recorded_diagram_keeps_the_bounds():
    diagram = PhaseDiagram.load(data_file("recorded_runs/phase.json"))
    found = [cell for cell in diagram.cells if cell.recovered > 0]
    assert len(found) > 250
    grid = "C(2) × C(3) on a grid"
    hidden = {"S(6)": S(6).vector, "D(6)": D(6).vector, "C(6)": C(6).vector, grid: C(2).vector @ C(3).vector}
    for cell in found:
        if "generator" in cell.arm:  # they know nothing of the basis; their dimension is that of a generic U
            bound = data_bound(diagram.arms[cell[:2]].k, 6, 6, *cell[2:4], dimension=lower_bound(hidden[cell.group]))
        else:
            bound = diagram.bound(cell.group, cell.arm, cell.tasks, cell.shots)
        assert bound.possible, cell
    assert all(cell.free == 0 for cell in found if cell.arm == DENSE.name)
    assert diagram.recovered_from("D(6)", DENSE.name, 1) is None and diagram.determined_from("D(6)", 1) is None
    assert diagram.determined_from("D(6)", 3) <= diagram.recovered_from("D(6)", DENSE.name, 3)


def test_a_recorded_cell_comes_out_again():
    diagram = PhaseDiagram.load(data_file("recorded_runs/phase.json"))
    (cell,) = diagram.select("S(6)", DENSE.name, tasks=2, shots=6)
    assert (cell.recovered, cell.free) == (1, 0) and diagram.arms["S(6)", DENSE.name] == (2, 72, 68)
    assert len(cell.step) == len(cell.curves[0]) == len(cell.curves[1])
