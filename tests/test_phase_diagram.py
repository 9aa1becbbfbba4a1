"""PhaseDiagram without a browser: its cells and lines against the recorded sweep, menus, selection, code."""

import json
import statistics

import numpy as np
import pytest

from eqkit import parameter_counts
from eqkit.parameter_counts import ALTERNATING, DENSE, grassmannian
from eqkit.tasks import data_file
from eqkit.views import PhaseDiagram

PATH = data_file("recorded_runs/phase.json")
RECORDED = parameter_counts.PhaseDiagram.load(PATH)
GRID = "C(2) × C(3) on a grid"


@pytest.fixture(scope="module")
def shots():
    return PhaseDiagram(RECORDED)


def test_cells_are_the_counts_in_the_file(shots):
    held = {
        (row["shots"], row["tasks"]): sum(sine < 1e-3 for sine in row["sine"])
        for row in json.loads(PATH.read_text("utf-8"))["cells"]
        if (row["group"], row["arm"]) == ("C(6)", DENSE.name)
    }
    words = np.array(shots.state()["table"]).reshape(len(shots.names), len(shots.tasks))
    for (row, tasks), recovered in held.items():
        assert words[shots.names.index(row), shots.tasks.index(tasks)] == str(recovered)
    assert words.size == len(held)
    full, none = (shots.cells.colours[shots.cells.words.index(word)] for word in ("6", "0"))
    assert (full, none) == ("#fee838", "#00224e")  # the ends of cividis


@pytest.mark.parametrize("rows", ["shots", "arm", "group"])
def test_no_cell_left_of_the_counting_bound_is_recovered(rows):
    view = PhaseDiagram(RECORDED, rows=rows)
    lines, w = view.state()["lines"], len(view.tasks)
    for r, left in enumerate(lines["counting bound"]):
        assert all(view.cells.words[r * w + c] in ("0", "") for c in range(left))
        determined = lines["determined locally"][r]
        assert determined is None or determined >= left
    assert len(set(lines["counting bound"])) > 1  # it is a staircase


def test_the_bound_is_drawn_where_equations_reach_unknowns(shots):
    k, d = 6, grassmannian(6, 36)  # C(6): T (6 min(S, 6) − k) ≥ d
    for row, left in zip(shots.names, shots.state()["lines"]["counting bound"], strict=True):
        assert left == sum(tasks * (6 * row - k) < d for tasks in shots.tasks)


def test_a_selected_cell_has_its_run_drawn_and_its_numbers_told(shots):
    shots.select(4, 28)
    (cell,) = RECORDED.select("C(6)", DENSE.name, 28, 4)
    rows = np.frombuffer(shots.curves.data, np.float32).reshape(-1, 3)
    np.testing.assert_allclose(rows.T, np.float32([[s + 1 for s in cell.step], *cell.curves]))
    assert dict(shots.about.rows)["sine, median"] == f"{statistics.median(cell.sine):.2g}"
    state = shots.state()
    assert (state["tasks"], state["shots"], state["position"]) == (28, 4, len(cell.step) - 1)
    assert state["recovered"] == round(cell.recovered * 6) and "28 tasks × 4 shots" in shots.verdict()
    shots.player.seek(0)
    assert shots.curves.cursor == 0 and shots.player.bar.status == "step 0"


def test_below_the_bound_tasks_are_fitted_by_another_space(shots):
    shots.select(2, 13)
    state = shots.state()
    assert (state["recovered"], state["fitted"]) == (0, 6) and state["least_tasks"] == 30
    assert shots.verdict().endswith("take 30 tasks or more; in 6 seeds another space fits the tasks.")


def test_rows_of_descriptions_show_sine_against_parameters_at_equal_data():
    view = PhaseDiagram(RECORDED, rows="arm")
    assert (view.cell.group, view.cell.shots) == (GRID, 3) and view.dots.layout.display == ""
    view.select("one generator", 19)
    points = np.frombuffer(view.dots.data, np.float32).reshape(-1, 1 + len(view.dots.series))[1:-1]
    for row in points:
        (arm,) = [s["name"].split(":")[0] for s, v in zip(view.dots.series, row[1:], strict=True) if np.isfinite(v)]
        (cell,) = RECORDED.select(GRID, arm, 19, 3)
        assert row[0] == RECORDED.arms[GRID, arm].parameters
        assert np.nanmax(row[1:]) == pytest.approx(statistics.median(cell.sine), rel=1e-6)
    assert len(points) == sum(1 for _ in RECORDED.select(GRID, tasks=19, shots=3))
    determined = dict(zip(view.names, view.state()["lines"]["determined locally"], strict=True))
    assert {arm for arm, at in determined.items() if at is not None} == {ALTERNATING.name, DENSE.name}
    assert view.still()[:4] == b"\x89PNG"


def test_menus_keep_the_tasks_and_reset_goes_back():
    view = PhaseDiagram(RECORDED)
    start = view.state()
    view.select(3, 60)
    view.menus["group"].value = "S(6)"
    assert (view.state()["group"], view.state()["tasks"], view.state()["shots"]) == ("S(6)", 60, 3)
    view.rows.value = "group"
    assert view.state()["rows"] == "group" and "group" not in view.fixed
    assert view.names == sorted(view.names, key=lambda g: RECORDED.arms[g, DENSE.name].k)
    view._reset()
    assert view.state() == start


@pytest.mark.parametrize("source", [None, PATH])
def test_the_code_prints_the_cells_shown(source, capsys):
    view = PhaseDiagram(source, group="S(6)")
    space = {}
    exec(view.code(), space)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(word != "" for word in view.cells.words) + 1
    assert space["cell"] == view.cell and lines[-1] == RECORDED.bound(*view.cell[:4]).verdict


def test_what_was_not_recorded_is_refused(shots):
    for arguments, message in (
        ({"rows": "k"}, "take one of shots, arm, group"),
        ({"group": "D(5)"}, r"group = 'D\(5\)' was not recorded; there is C\(6\), D\(6\), S\(6\)"),
        ({"shots": 5}, "shots = 5 was not recorded; there is 1, 2, 3, 4, 6"),
    ):
        with pytest.raises(ValueError, match=message):
            PhaseDiagram(RECORDED, **arguments)
    with pytest.raises(ValueError, match=r"select\(5, 1\): not recorded; rows are 1, 2, 3, 4, 6"):
        shots.select(5, 1)
