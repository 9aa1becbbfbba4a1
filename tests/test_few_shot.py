"""The few-shot methods on one network, and the command that records their table."""

import hashlib
import importlib.util
import json

import pytest
import torch

from eqkit.meta_learning import accuracy, cross_entropy, evaluate, meta_learn
from eqkit.symmetry_matrices import matrices
from eqkit.tasks import data_file
from eqkit.tasks.few_shot import METHODS, learner, network, recorded
from eqkit.tasks.glyphs import Augment, FewShot, load_glyphs


def seed(number):
    return torch.Generator().manual_seed(number)


@pytest.fixture(scope="module")
def episodes():
    return FewShot(load_glyphs("meta-train").images, 5, 1, 2, Augment())(2, seed(1))


def adapted_outputs(method, episodes, number=0):
    model, inner = learner(method, 5, seed(number))
    v = inner(model, episodes.x_support, episodes.y_support, cross_entropy)
    return model(episodes.x_query, v)


def test_untrained_msr_is_maml_step_by_step(episodes):
    """U = E ⊗ E ⊗ E at the start: what MSR does better than MAML is learned."""
    torch.testing.assert_close(
        adapted_outputs("MSR", episodes), adapted_outputs("MAML", episodes), rtol=1e-3, atol=1e-4
    )


def test_a_seed_is_a_network_and_touches_no_global_generator(episodes):
    state = torch.get_rng_state()
    first, second, third = (adapted_outputs("ANIL", episodes, number) for number in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, second) and not torch.allclose(first, third)


def test_wide_maml_learns_about_as_many_numbers_as_msr():
    learned = {m: sum(p.numel() for p in learner(m, 5, seed(0))[0].parameters()) for m in METHODS}
    assert 1 <= learned["MAML, wide"] / learned["MSR"] < 1.1
    assert learned["MAML"] == learned["ANIL"] == learned["prototypes"] == 9 * 32 + 2 * 9 * 32 * 32 + 5 * 128 + 5


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_characters_it_has_not_seen(method):
    images = load_glyphs("meta-train").images
    train, fresh = FewShot(images[:-50], 5, 1, 3, Augment()), FewShot(images[-50:], 5, 1, 3, Augment())
    model, inner = learner(method, 5, seed(0))
    run = meta_learn(
        model, train, inner, steps=40, batch=4, learning_rate=5e-3, snapshots=2, generator=seed(1), loss=cross_entropy
    )
    list(run)
    scores = evaluate(model, fresh, inner, 100, seed(2), 50, loss=cross_entropy, score=accuracy)
    assert scores.mean() > 0.2 + 4 * scores.std() / 10  # five classes


def test_unknown_methods_and_sizes_are_refused():
    with pytest.raises(ValueError, match=r"learner\('MTSR'\): choose one of \('MAML', "):
        learner("MTSR", 5)
    with pytest.raises(ValueError, match="network: way, the classes, is an integer ≥ 2"):
        network(1)


# the recorded table
@pytest.fixture
def command(tmp_path, monkeypatch):
    """data/make/few_shot_runs.py, writing elsewhere and scoring few episodes."""
    path = data_file("make/few_shot_runs.py")
    spec = importlib.util.spec_from_file_location("few_shot_runs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TABLE", tmp_path / "few_shot.json")
    monkeypatch.setattr(module, "NETWORKS", tmp_path / "few_shot_networks.npz")
    monkeypatch.setattr(module, "TESTS", 3)
    monkeypatch.setattr(module, "VALIDATIONS", 2)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["few_shot_runs.py", *arguments])
        module.main()
        return module.load()

    module.run = run
    return module


def strip(row):
    return {key: value for key, value in row.items() if key != "ms"}


def test_a_stopped_table_goes_on_to_the_same_numbers(command, tmp_path, monkeypatch, capsys):
    options = ["--methods", "MAML", "--seeds", "1", "--steps", "4", "--checkpoints", str(tmp_path / "a")]
    whole = command.run(*options)
    assert [(row["way"], row["shot"], row["seed"]) for row in whole] == [(5, 1, 1), (5, 5, 1)]
    command.TABLE.unlink()

    draw, calls = FewShot.__call__, []

    def interrupted(self, count, generator=None):
        calls.append(count)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return draw(self, count, generator)

    monkeypatch.setattr(FewShot, "__call__", interrupted)
    options[-1] = str(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        command.run(*options)
    capsys.readouterr()
    again = command.run(*options)
    assert [strip(row) for row in again] == [strip(row) for row in whole]
    assert "step    3 of 4" in capsys.readouterr().out.splitlines()[0]  # not from the beginning


def test_scripts_to_train_on_to_validate_on_and_to_test_on_are_disjoint(command):
    scripts = [set(part.scripts) for part in command.parts()]
    assert sum(map(len, scripts)) == len(set.union(*scripts)) == len(load_glyphs().scripts)


def test_a_table_of_other_glyphs_is_not_mixed_with_these(command):
    command.write([])
    assert command.load() == []
    command.TABLE.write_text(command.TABLE.read_text(encoding="utf-8").replace(command.DIGEST, "0" * 64))
    with pytest.raises(SystemExit, match="made from other glyphs"):
        command.load()


def test_the_recorded_table_is_whole_and_of_these_glyphs(command):
    table = json.loads(data_file("recorded_runs/few_shot.json").read_text(encoding="utf-8"))
    assert table["glyphs"] == hashlib.sha256(data_file("glyphs.npz").read_bytes()).hexdigest()
    runs = [(row["way"], row["shot"], row["method"], row["seed"]) for row in table["runs"]]
    assert sorted(runs) == sorted(
        (*setting, method, number)
        for setting, seeds in command.SETTINGS.items()
        for method in METHODS
        for number in range(seeds)
    )
    assert len({row["steps"] for row in table["runs"]}) == 1
    for row in table["runs"]:
        assert row["accuracy"] - row["interval"] > 1 / row["way"]


def test_the_recorded_networks_score_what_the_table_says(command):
    rows = json.loads(data_file("recorded_runs/few_shot.json").read_text(encoding="utf-8"))["runs"]
    test = FewShot(load_glyphs("meta-test").images, 5, 1, command.QUERY, Augment())
    for method in command.KEPT:
        (row,) = (r for r in rows if (r["way"], r["shot"], r["method"], r["seed"]) == (5, 1, method, 0))
        model, inner = recorded(method)
        scores = evaluate(model, test, inner, 200, seed(3), 50, loss=cross_entropy, score=accuracy)
        assert abs(float(scores.mean()) - row["accuracy"]) < 4 * float(scores.std()) / 200**0.5
        assert (method == "MSR") == bool(matrices(model.module))
    with pytest.raises(ValueError, match="the networks that were kept are MAML and MSR"):
        recorded("ANIL")
