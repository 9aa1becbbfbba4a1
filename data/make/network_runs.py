"""Write data/recorded_runs/tensor_tasks.json and rotated_digits.json: every run of two benchmarks, for chapter 06.

python data/make/network_runs.py tensors                               # 81 runs, 20 minutes of one core
python data/make/network_runs.py tensors --sizes 100 1000 --trials 1   # 18 of them
python data/make/network_runs.py digits                                # 75 runs, 5 minutes

A run that is in the file already is kept, so a command that was stopped goes on. Each row is [task, training examples,
method, seed, error]: the test MSE, as in tests/benchmarks/equivariant_networks.py, or the share of wrong digits (turned
by multiples of 90°), as in tests/benchmarks/group_convolutions.py.
"""

import argparse
import functools
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from eqkit.tasks.rotated_digits import rotated_digits
from eqkit.tasks.tensors import inertia, scattering, two_vectors

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import equivariant_networks  # noqa: E402
import group_convolutions  # noqa: E402

Job = tuple[str, int, str, int, Callable[[], float]]  # a row, and how to find its error
FILES = {"tensors": "tensor_tasks.json", "digits": "rotated_digits.json"}
SIZES = {"tensors": [100, 1000, 10_000], "digits": list(group_convolutions.SAMPLES)}
METHODS = "equivariant", "MLP", "MLP, augmented"
PUBLISHED = equivariant_networks.PUBLISHED
TURNS = "quarter turns"


def tensors(sizes: list[int], trials: int) -> Iterator[Job]:
    tasks = inertia(), two_vectors(), scattering()
    for seed, n, task, method in itertools.product(range(trials), sizes, tasks, METHODS):
        steps = 800 if n < 500 else 1200
        yield task.name, n, method, seed, functools.partial(test_error, task, method, n, steps, seed)


def test_error(*settings) -> float:
    return equivariant_networks.trial(*settings)[0]


def digits(sizes: list[int], trials: int) -> Iterator[Job]:
    nets = group_convolutions.nets_for(TURNS)
    for seed, n, name in itertools.product(range(trials), sizes, nets):
        yield "digits", n, name, seed, functools.partial(wrong, *nets[name], n, seed)


def wrong(make, augment: bool, n: int, seed: int) -> float:
    split = rotated_digits(n, TURNS, generator=torch.Generator().manual_seed(seed))
    return 1 - group_convolutions.accuracy(make, split, TURNS if augment else None, seed)


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=FILES)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--trials", type=int, default=3)
    options = parser.parse_args()
    jobs = {"tensors": tensors, "digits": digits}[options.part]
    file = ROOT / "data" / "recorded_runs" / FILES[options.part]
    rows = json.loads(file.read_text(encoding="utf-8"))["runs"] if file.exists() else []
    done = {tuple(row[:4]) for row in rows}
    for *row, run in jobs(options.sizes or SIZES[options.part], options.trials):
        if tuple(row) not in done:
            rows.append([*row, float(f"{run():.4g}")])
            print(*rows[-1], flush=True)
            runs = ",\n  ".join(map(json.dumps, sorted(rows)))
            published = f',\n "published": {json.dumps(PUBLISHED)}' if options.part == "tensors" else ""
            file.write_text(f'{{\n "runs": [\n  {runs}\n ]{published}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
