"""MSRScrubber and what it shares with LiveMSR, without a browser."""

import numpy as np
import pytest
import torch

from eqkit import groups, views
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares, Snapshot, meta_learn, save_run
from eqkit.symmetry_matrices import ReparameterizedLinear
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import translation
from eqkit.views import LiveMSR, MSRScrubber
from eqkit.views.msr_reading import COLUMNS, GAUGE, Reading, Target, found_at, tiled


@pytest.fixture(scope="module")
def live():
    view = LiveMSR(groups.C(4), steps=60)
    view.player.run()
    return view


def meta(steps=8, n=4, k=4):
    run = meta_learn(
        ReparameterizedLinear(n, n, k, torch.Generator().manual_seed(0)),
        hidden_group(groups.C(n)),
        LeastSquares(1e-3),
        steps=steps,
        learning_rate=1e-3,
    )
    list(run)
    return run


def test_a_file_a_view_a_loop_and_a_list_show_the_same_run(live, tmp_path):
    live.save(tmp_path / "live.npz")
    run = meta()
    run.save(tmp_path / "run.npz")
    for source in (run.snapshots, tmp_path / "run.npz", str(tmp_path / "run.npz")):
        view = MSRScrubber(run, source)
        assert view.state()["directions"][0] == view.state()["directions"][1] and view.state()["frames"] == 9
        assert np.array_equal(*(canvas._stack("pixels", np.uint8, 3) for canvas in view.canvases))
    view = MSRScrubber(live, tmp_path / "live.npz")
    assert view.state()["directions"] == [4, 4] and view.state()["step"] == 60
    assert np.array_equal(*(canvas._stack("labels", np.int32) for canvas in view.canvases))


def test_every_frame_is_sent_once_and_each_run_stays_at_its_last_snapshot(live):
    view = MSRScrubber(live, meta(steps=20))
    frames = view.canvases[1]._stack("pixels", np.uint8, 3)
    assert len(frames) == view.state()["frames"] == 61
    assert (frames[20:] == frames[20]).all() and (frames[10] != frames[20]).any()
    view.player.seek(5)
    assert view.state()["step"] == 5 and [c.frame for c in view.canvases] == [5, 5] and view.loss.cursor == 5


def test_runs_of_one_shape_are_compared_with_each_other_and_others_not(live):
    same = MSRScrubber(live, live)
    assert [s["name"] for s in same.angle.series] == ["a", "b", "between them"]
    rows = np.frombuffer(same.angle.data, np.float32).reshape(61, 4)
    assert np.allclose(rows[:, 3], 1e-4) and np.array_equal(rows[:, 1], rows[:, 2])
    other = MSRScrubber(live, meta(n=3, k=3))
    assert [s["name"] for s in other.angle.series] == ["a", "b"]


def becoming(G, at):
    """Snapshots of a U that turns from noise into Hom_G between the steps 0 and `at`, and stays there."""
    truth = Hom(G.vector, G.vector).U
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    shares = [min(1.0, step / at) for step in range(41)]
    return [Snapshot(i, 1 - s, 0.0, {"U": s * truth + (1 - s) * noise}) for i, s in enumerate(shares)]


def test_the_verdict_says_which_has_all_its_directions_first():
    view = MSRScrubber(becoming(groups.C(6), 40), becoming(groups.C(6), 20), group=groups.C(6))
    late, early = (found_at(run.readings)[-1] for run in view.runs)
    assert (late[1], early[1]) == ("6", "6") and early[0] <= 20 < late[0]
    assert f"b has all its directions first, at step {early[0]} against {late[0]}" in view.verdict()
    view.player.seek(0)
    assert "a: loss 1, " in view.verdict() and view.state()["directions"][0] < 6


def test_one_run_alone_hides_the_second_canvas(live):
    view = MSRScrubber(live)
    assert view.state()["right"] == "nothing" and view.canvases[1].layout.display == "none"
    assert view.state()["directions"] == [4]


def test_other_runs_and_other_pictures_are_chosen_and_reset_goes_back():
    view = MSRScrubber()
    start = view.state()
    view.basis.value = GAUGE
    view.player.seek(3)
    view.right.value = "nothing"
    assert view.footer.error == "" and len(view.state()["directions"]) == 1
    view.left.value = "D(6), recorded"
    assert view.state()["directions"] == [4] and view.canvases[0].title == f"D(6), recorded: {GAUGE}"
    view.right.value = "C(8), recorded"
    assert view.state()["directions"] == [4, 8] and view.canvases[1].layout.display == ""
    view._reset()
    assert view.state() == start


def test_a_run_without_a_known_group_is_measured_against_its_end():
    snapshots = meta(steps=30).snapshots
    view = MSRScrubber(snapshots)
    assert view.runs[0].readings[-1].sine < 1e-6 and view.state()["directions"] == [4]
    named = MSRScrubber(snapshots, group=groups.C(4))
    truth = Hom(groups.C(4).vector, groups.C(4).vector)
    assert torch.equal(named.runs[0].readings[-1].target.pattern, truth.pattern)


def test_a_rectangular_run_needs_its_shape():
    tasks = translation(n=10)
    run = meta_learn(ReparameterizedLinear(10, 8, 3), tasks, LeastSquares(1e-3), steps=4)
    list(run)
    with pytest.raises(ValueError, match=r"U of a has 80 rows.*give shape=\(n_out, n_in\)"):
        MSRScrubber(run)
    view = MSRScrubber(run, shape=(8, 10))
    assert (view.canvases[0].rows, view.canvases[0].columns) == (8, 10)


def test_runs_without_snapshots_or_without_U_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a has no snapshots yet"):
        MSRScrubber(LiveMSR(groups.C(4), steps=5))
    with pytest.raises(ValueError, match="b has no snapshots yet"):
        MSRScrubber(meta(), [])
    other = [s._replace(parameters={"w": torch.zeros(2)}) for s in meta().snapshots]
    with pytest.raises(ValueError, match="a has no U, only w"):
        MSRScrubber(other)
    save_run(tmp_path / "run.npz", meta().snapshots)
    with pytest.raises(ValueError, match="no settings of a LiveMSR"):
        LiveMSR.replay(tmp_path / "run.npz")


# what both read off a snapshot
def test_tiles_are_the_columns_in_a_grid_with_grey_between():
    M = np.arange(1, 25, dtype=np.float32).reshape(6, 4)
    grid = tiled(M, (2, 3), 4)
    assert grid.shape == (5, 7) or grid.shape == (8, 7) or np.isnan(grid).any()
    assert np.allclose(grid[:2, :3], M[:, 0].reshape(2, 3) / 24) and np.isnan(grid[2]).all()
    values = grid[~np.isnan(grid)]
    assert len(values) == 24 and np.allclose(np.sort(values), np.sort(M.ravel()) / 24)


def test_the_canonical_gauge_of_a_finished_run_shows_the_indicators_and_the_columns_do_not(live):
    reading = live.player.snapshots[-1]
    truth = Hom(groups.C(4).vector, groups.C(4).vector).basis
    assert (reading.gauge - truth.flatten(1).T).abs().max() < 0.1
    live.basis.value = GAUGE
    gauge = live.columns.current()
    live.basis.value = COLUMNS
    columns = live.columns.current()
    assert np.nanmin(gauge) > -0.15 and np.nanmin(columns) < -0.3
    assert live.columns.title == COLUMNS


def test_a_missing_direction_costs_one_and_the_spectrum_counts_the_directions():
    target = Target.hidden(groups.C(6), 5, 0.0)
    truth = target.space.float()
    three = meta(n=6, k=6).snapshots[0]._replace(parameters={"U": truth[:, :5]})
    reading = Reading(three, target)
    assert reading.directions == 5 and reading.sine == 1 and reading.spectrum.shape == (5,)
    assert (reading.spectrum - 1).abs().max() < 0.3
    episodes = target.tasks(4000, torch.Generator().manual_seed(3))
    layer = ReparameterizedLinear.fixed(truth[:, :5], (6, 6))
    v = LeastSquares(1e-3)(layer, episodes.x_support, episodes.y_support)
    loss = (layer(episodes.x_query, v) - episodes.y_query).square().mean()
    assert 0.9 < loss < 1.6  # one missing direction, and the error of v that it causes


def test_marks_are_the_steps_at_which_one_more_direction_is_found(live):
    marks = live.loss.marks
    assert [int(name) for _, name in marks] == sorted({int(name) for _, name in marks}) and marks[-1][1] == "4"
    for step, name in marks:
        assert live.player.snapshots[step].directions == int(name)
        assert all(r.directions < int(name) for r in live.player.snapshots[:step])
    assert any("one direction missing" in name for _, name in live.loss.floors)


def test_spare_columns_do_not_hide_the_pattern():
    view = LiveMSR(groups.C(4), k=8, noise=0.1, steps=100)
    view.player.run()
    state = view.state()
    assert (state["weights_astray"], state["read_off"], state["confident"]) == (0, "C(4)", True)
    assert view.player.current.space.shape[1] == 4 and view.spectrum.series[-1]["name"] == "direction 8"


def test_it_is_offered_with_the_other_views():
    assert "MSRScrubber" in views.__all__
