"""Write data/recorded_runs/few_shot.json and few_shot_networks.npz: the few-shot table of chapter 08, and two networks.

python data/make/few_shot_runs.py                                  # 35 runs, 36 minutes of one core
python data/make/few_shot_runs.py --methods MAML MSR --seeds 0     # some of them
python data/make/few_shot_runs.py --table                          # print what is there

Meta-train and meta-test are glyphs of disjoint scripts; every sixth script of meta-train is kept for validation, on
which the settings were chosen. Queries are turned by any angle, mirrored and cropped, the support is not. Every method
takes the same number of outer steps, each on the same episodes. A run that is in the file is kept; one that was stopped
goes on from its last checkpoint (a tenth of a run, in the folder --checkpoints), to the same numbers.

The file holds the sha256 of the glyphs, and its rows: way, shot, method, seed · accuracy on 1000 meta-test episodes,
the same for all methods, and its 95 % interval · `plain`, the accuracy where queries are not augmented · how many
numbers are learned, and adapted to a task · CPU ms an outer step · curve: [step, mean query loss of the steps since the
last entry, accuracy on 200 validation episodes].
"""

import argparse
import hashlib
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from eqkit.meta_learning import accuracy, cross_entropy, evaluate, meta_learn
from eqkit.tasks import data_file
from eqkit.tasks.few_shot import METHODS, learner
from eqkit.tasks.glyphs import Augment, FewShot, Glyphs, load_glyphs

FOLDER = Path(__file__).parents[1] / "recorded_runs"
DIGEST = hashlib.sha256(data_file("glyphs.npz").read_bytes()).hexdigest()
TABLE, NETWORKS = FOLDER / "few_shot.json", FOLDER / "few_shot_networks.npz"
SETTINGS = {(5, 1): 3, (5, 5): 3, (20, 1): 1}  # way and shot: how many seeds
STEPS, TASKS, QUERY, RATE = 3000, {5: 4, 20: 2}, 5, 5e-3  # outer steps, tasks in one, queries a class, Adam's rate
TESTS, VALIDATIONS, TENTHS = 1000, 200, 10
KEPT = ("MAML", "MSR")  # the networks of seed 0 at 5-way 1-shot go into NETWORKS


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def parts() -> tuple[Glyphs, Glyphs, Glyphs]:
    """Glyphs to train on, to validate on and to test on: no script is in two of them."""
    train = load_glyphs("meta-train")
    held = train.scripts[2::6]
    return train.of(*(s for s in train.scripts if s not in held)), train.of(*held), load_glyphs("meta-test")


def one_run(way: int, shot: int, method: str, number: int, steps: int, checkpoints: Path, title: str) -> dict:
    """The row of one run, and its network in NETWORKS where it is one of those kept."""
    train, validate, test = (FewShot(g.images, way, shot, QUERY, Augment()) for g in parts())
    model, inner = learner(method, way, seed(number))
    run = meta_learn(
        model,
        train,
        inner,
        steps=steps,
        batch=TASKS[way],
        learning_rate=RATE,
        cosine_decay=True,
        snapshots=TENTHS + 1,
        generator=seed(100 + number),
        loss=cross_entropy,
    )
    checkpoint = checkpoints / f"{way}-way {shot}-shot {method} seed {number} of {steps} {DIGEST[:8]}.npz"
    if checkpoint.exists():
        run.resume(checkpoint)
    before, start = run.step, time.process_time()
    for snapshot in run:
        run.save(checkpoint)
        done = round(TENTHS * snapshot.step / steps)
        bar = "#" * done + "." * (TENTHS - done)
        end = "\r" if done < TENTHS and sys.stdout.isatty() else "\n"
        loss = np.mean(run.losses[-100:])
        print(f"{title} [{bar}] step {snapshot.step:4} of {steps}, loss {loss:.3f}", end=end, flush=True)
    ms = 1e3 * (time.process_time() - start) / max(run.step - before, 1)

    def score(tasks: FewShot, count: int, number: int) -> torch.Tensor:
        return evaluate(model, tasks, inner, count, seed(number), 50, loss=cross_entropy, score=accuracy)

    curve, last = [], 0
    for snapshot in run.snapshots:  # ends with the parameters of now
        for name, value in snapshot.parameters.items():
            run.parameters[name].data.copy_(value)
        loss = np.mean(run.losses[last : snapshot.step + 1])
        curve.append([snapshot.step, round(float(loss), 4), round(float(score(validate, VALIDATIONS, 7).mean()), 4)])
        last = snapshot.step + 1
    scores = score(test, TESTS, 8)
    plain = score(FewShot(test.images, way, shot, QUERY), TESTS, 9)
    if (way, shot, number) == (5, 1, 0) and method in KEPT:
        keep(method, {name: value.detach().numpy() for name, value in run.parameters.items()})
    return {
        "way": way,
        "shot": shot,
        "method": method,
        "seed": number,
        "steps": steps,
        "accuracy": round(float(scores.mean()), 4),
        "interval": round(1.96 * float(scores.std()) / TESTS**0.5, 4),
        "plain": round(float(plain.mean()), 4),
        "learned": sum(p.numel() for p in run.parameters.values()),
        "adapted": len(model.v),
        "ms": round(ms, 1),
        "curve": curve,
    }


def keep(method: str, parameters: dict[str, np.ndarray]) -> None:
    kept = dict(np.load(NETWORKS)) if NETWORKS.exists() else {}
    np.savez_compressed(NETWORKS, **kept | {f"{method}/{name}": value for name, value in parameters.items()})


def load() -> list[dict]:
    """The rows of the file, which belong to the glyphs of today, or it stops here."""
    if not TABLE.exists():
        return []
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    if table["glyphs"] != DIGEST:
        sys.exit(f"{TABLE.name} was made from other glyphs than those in data/ now; delete it to start afresh")
    return table["runs"]


def write(rows: list[dict]) -> None:
    rows = sorted(rows, key=lambda row: (row["way"], row["shot"], METHODS.index(row["method"]), row["seed"]))
    part = TABLE.with_suffix(".part")
    runs = ",\n  ".join(map(json.dumps, rows))
    part.write_text(f'{{\n "glyphs": "{DIGEST}",\n "runs": [\n  {runs}\n ]\n}}\n', encoding="utf-8")
    part.replace(TABLE)


def show(rows: list[dict]) -> None:
    """The table: mean accuracy over seeds, and the 95 % interval over episodes, which all seeds have in common."""
    print(f"{'accuracy in %, augmented queries':42}" + "".join(f"{f'{w}-way {s}-shot':>18}" for w, s in SETTINGS))
    for method in METHODS:
        cells, sizes = "", ""
        for setting in SETTINGS:
            runs = [r for r in rows if (r["way"], r["shot"], r["method"]) == (*setting, method)]
            if runs:
                mean = sum(r["accuracy"] for r in runs) / len(runs)
                interval = sum(r["interval"] for r in runs) / len(runs)
                cells += f"{f'{100 * mean:.1f} ± {100 * interval:.1f} ({len(runs)})':>18}"
                sizes = sizes or f"{runs[0]['learned']} learned, {runs[0]['adapted']} adapt"
            else:
                cells += f"{'–':>18}"
        print(f"{method:12}{sizes:30}{cells}")


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description="The few-shot table; a command that was stopped goes on.")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seeds", type=int, nargs="+", choices=range(3), default=range(3))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--checkpoints", type=Path, default=Path(tempfile.gettempdir()) / "eqkit_few_shot")
    parser.add_argument("--table", action="store_true", help="print the runs that are there, and do nothing else")
    options = parser.parse_args()
    jobs = [
        (*setting, method, number)
        for number, setting, method in itertools.product(options.seeds, SETTINGS, options.methods)
        if number < SETTINGS[setting] and not options.table
    ]
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    rows = load()
    for i, job in enumerate(jobs):
        if job not in {(r["way"], r["shot"], r["method"], r["seed"]) for r in rows}:
            way, shot, method, number = job
            title = f"{i + 1} of {len(jobs)}: {way}-way {shot}-shot {method}, seed {number}"
            rows.append(one_run(*job, options.steps, options.checkpoints, title))
            write(rows)
    show(rows)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from here")
