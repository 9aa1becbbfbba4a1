import itertools
import json

import pytest
import torch

from eqkit import groups
from eqkit.deep_sets import CONSTRUCTIONS, NO_SYMMETRY
from eqkit.representations import equivariance_error
from eqkit.views import SymmetryComparison, Table
from eqkit.views.symmetry_comparison import EVERY, NAMES, STEPS, TASKS, race, standings

SPACE = "O(3): lengths and angle of two vectors"


@pytest.fixture(scope="module")
def trained():
    """After 20 more rows than the first round."""
    view = SymmetryComparison()
    view.player.run(29)
    return view


# the tasks
@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_an_invariant_function_that_is_not_constant(name):
    V, target = TASKS[name]()
    x = torch.randn(16, V.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert target(x).shape == (16,) and target(x).std() > 1e-2
    assert equivariance_error(lambda x: target(x)[:, None], V, V.group.trivial, x)[0] < 1e-12


def test_the_vandermonde_tells_the_alternating_from_the_symmetric_group():
    V, target = TASKS["A(4): Π (xᵢ − xⱼ)"]()
    W = groups.S(4).vector
    assert V.group == groups.A(4)
    assert equivariance_error(lambda x: target(x)[:, None], W, W.group.trivial)[0] > 0.1
    assert target(torch.tensor([[1.0, 2.0, 3.0, 4.0]])).tolist() == [12.0]


# the race
def first_round(task):
    """The standing when every construction is built or refused."""
    return list(itertools.islice(standings(race(task, 20)), len(NAMES)))[-1]


def test_a_standing_has_the_latest_row_of_every_construction_and_moves_one_at_a_time():
    found = list(itertools.islice(standings(race("S(4): mean of x₀² x₁", 20)), 20))
    assert [standing.drawn for standing in found] == list(range(1, 21))
    assert all([row.name for row in standing.rows] == list(NAMES) for standing in found)
    assert [len(standing.there) for standing in found] == [*range(1, 10), *[9] * 11]  # one is built at a time
    assert found[16].step == 0 and {row.step for row in found[17].rows} == {EVERY}
    for before, after in itertools.pairwise(found[8:]):
        assert sum(a.step != b.step for a, b in zip(before.rows, after.rows, strict=True)) == 1


def test_every_construction_has_the_same_budget():
    rows = first_round("D(4): mean of x₀² x₁").rows
    weights = [row.parameters for row in rows]
    assert max(weights) < 1.1 * min(weights)


def test_what_a_group_has_not_is_refused_with_the_reason():
    rows = {row.name: row for row in first_round(SPACE).rows}
    assert {name for name, row in rows.items() if row.refused} == {"primary and secondary", "max filter", "reynolds"}
    assert "infinite" in rows["reynolds"].refused


# the view
def test_the_table_tells_exact_from_sampled(trained):
    rows = {row[0]: row for row in trained.table.rows}
    assert list(rows) == list(NAMES)
    assert all(rows[name][2] == "exact" for name in CONSTRUCTIONS if name != "sampled")
    assert "e" in rows["sampled"][2] and rows["sampled"][2] != "exact" and rows[NO_SYMMETRY][2] != "exact"
    assert rows["reynolds"][3] == "12" and rows["generators"][3] == "1"
    assert trained.state()["invariant"] == [name for name in CONSTRUCTIONS if name != "sampled"]
    assert "Not invariant: no symmetry, sampled." in trained.verdict()


def test_curves_show_the_errors_of_the_rows(trained):
    import numpy as np

    table = np.frombuffer(trained.chart.data, np.float32).reshape(-1, 10)
    assert len(table) == 29 and (np.diff(table[8:, 0]) > 0).all() and not table[:9, 0].any()
    np.testing.assert_allclose(table[-1, 1:], [row.error for row in trained.player.current.rows], rtol=1e-6)
    assert trained.chart.legend is False and trained.chart.x_max == STEPS
    assert [series["colour"] for series in trained.chart.series] == trained.table.colours


def test_scrubbing_shows_the_earlier_table():
    view = SymmetryComparison(examples=20)
    view.player.run(12)
    last = view.table.rows
    view.player.seek(0)
    assert view.state()["step"] == 0 and view.table.rows != last
    assert view.state()["terms"] == {NO_SYMMETRY: 1} and all(row[1:] == ["–"] * 5 for row in view.table.rows[1:])
    assert all(row[4] == "–" for row in view.table.rows)
    view.player.seek(-1)
    assert view.table.rows == last


def test_refusals_are_told_below_the_table():
    view = SymmetryComparison(SPACE, 20)
    view.player.run(9)
    assert view.state()["refused"] == ["primary and secondary", "max filter", "reynolds"]
    (told,) = view.reasons.rows[0]
    assert told.count("\n") == 2 and "reynolds: O(3) is infinite" in told
    assert [row[1] for row in view.table.rows if row[0] == "reynolds"] == ["refused"]


def test_another_task_begins_anew():
    view = SymmetryComparison(examples=20)
    view.player.run(2)
    view.task.value = SPACE
    assert view.state()["snapshots"] == 0 and view.state()["task"] == SPACE
    assert all(row[1:] == ["–"] * 5 for row in view.table.rows) and view.verdict() == ""
    view._reset()
    assert view.state() == SymmetryComparison(examples=20).state()


def test_the_code_trains_the_same_networks(trained, capsys):
    names = {}
    exec(trained.code(), names)
    ours = {row.name: row for row in trained.player.current.rows}
    for name, row in names["rows"].items():
        assert (row.step, row.error, row.invariance_error) == (
            ours[name].step,
            ours[name].error,
            ours[name].invariance_error,
        )
    assert "primary and secondary" in capsys.readouterr().out


def test_generators_learn_the_vandermonde_and_a_plain_network_does_not():
    rows = {row.name: row for row in list(race("A(4): Π (xᵢ − xⱼ)", 200))}
    assert rows["generators"].step == STEPS
    assert rows["generators"].error < 0.1 < 0.5 < rows[NO_SYMMETRY].error


def test_state_is_json(trained):
    assert json.loads(json.dumps(trained.state())) == trained.state()


def test_a_table_draws_rows_and_paragraphs():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    table = Table(title="words", width=140, height=60)
    table.show([["one two three four five six seven eight nine ten eleven twelve"]])
    table.draw(axes)
    assert axes.texts[0].get_text().count("\n") == 2  # three lines of 19 pixels have room
    axes.clear()
    table.show([["a", "1"], ["b", "2"]], columns=["name", "value"], colours=["group", "invariant"])
    table.draw(axes)
    assert [text.get_text() for text in axes.texts] == ["name", "value", "a", "1", "b", "2"]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: SymmetryComparison("a cat"), "choose one of C"),
        (lambda: SymmetryComparison(examples=3), "from 20 to 500"),
        (lambda: SymmetryComparison(examples=50.5), "an integer"),
    ],
)
def test_what_is_no_task_says_why(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
