"""Write data/recorded_runs/phase.json for chapter 09: what is recovered from how many tasks, shots and parameters.

python data/make/phase_runs.py                        # about 20 minutes of one core; jobs on all cores
python data/make/phase_runs.py --partial phase.jsonl  # where cells are kept until all are done; run again to go on

Hidden groups permute six points. Every cell is a group, a number of tasks and shots, and an arm: it is run on six sets
of tasks, from three starts each, and keeps the start that fits best. All arms meet the same tasks.
"""

import argparse
import itertools
import json
import tempfile
import zlib
from pathlib import Path

import torch

from eqkit import equations, groups
from eqkit.parameter_counts import (
    ALTERNATING,
    DENSE,
    eliminate,
    free_directions,
    generators,
    hidden_problem,
    kronecker_arm,
    progress_bar,
    results,
    sweep,
    trial,
)

FILE = Path(__file__).parents[1] / "recorded_runs" / "phase.json"
SETTINGS = {"seeds": 6, "starts": 3}
TASKS = [1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60, 88, 128]
SHOTS = [1, 2, 3, 4, 6]

S, C, D = groups.S, groups.C, groups.D
SWAPPED_PAIRS = groups.permutation_group([[1, 0, 2, 3, 4, 5], [2, 3, 0, 1, 4, 5], [2, 3, 4, 5, 0, 1]])
GRID = "C(2) × C(3) on a grid"
GROUPS = {
    "S(6)": S(6).vector,
    "S(2) ≀ S(3)": SWAPPED_PAIRS.vector,
    "D(6)": D(6).vector,
    "S(1) × S(5)": (S(1) * S(5)).vector,
    "C(6)": C(6).vector,
    "D(4) × S(2)": (D(4) * S(2)).vector,
    "C(3) × C(3)": (C(3) * C(3)).vector,
    "S(1) × S(1) × S(4)": (S(1) * S(1) * S(4)).vector,
    GRID: C(2).vector @ C(3).vector,
}
FREE = {arm.name: arm for arm in (ALTERNATING, DENSE)}
ONE, TWO = generators(1), generators(2)
ALIGNED, CROSSED = kronecker_arm([(2, 2), (3, 3)], (2, 3)), kronecker_arm([(6, 1), (1, 6)], (2, 3))
GIVEN = [arm.name for arm in (ALTERNATING, DENSE, ONE, TWO, ALIGNED, CROSSED)]
LETTERS = (equations.S, equations.R, equations.mean)
WORDS = equations.dimension_free_arm(equations.dictionary(LETTERS, 4, sizes=(6,)))  # the same numbers at every n
ARMS = FREE | {arm.name: arm for arm in (ONE, TWO, ALIGNED, CROSSED, WORDS)}
COMPARED = {GRID: GIVEN} | dict.fromkeys(["C(6)", "D(6)", "S(6)"], [*FREE, TWO.name, WORDS.name])  # at 3 shots


def cells() -> list[dict]:
    """Three groups over tasks × shots, all arms over tasks at 3 shots, all groups over tasks × k at 4 shots."""
    planes = [
        itertools.product(["C(6)", "D(6)", "S(6)"], FREE, TASKS, SHOTS),
        *(itertools.product([name], arms, [t for t in TASKS if t <= 60], [3]) for name, arms in COMPARED.items()),
        itertools.product([name for name in GROUPS if name != GRID], FREE, TASKS, [4]),
    ]
    rows = dict.fromkeys(row for plane in planes for row in plane)
    return [dict(zip(("group", "arm", "tasks", "shots"), row, strict=True)) for row in rows]


def run(group: str, arm: str, tasks: int, shots: int, seeds: int, starts: int) -> dict:
    """One cell; its tasks depend on the group, their number and the shots, never on the arm."""
    seed = zlib.crc32(f"{group} {tasks} {shots}".encode())
    problem = hidden_problem(GROUPS[group], tasks, shots, seeds, torch.Generator().manual_seed(seed))
    found = trial(problem, ARMS[arm], starts, torch.Generator().manual_seed(0))
    result = {name: short(getattr(found, name)) for name in ("sine", "query", "loss")}
    result |= {"step": found.step, "curves": short(found.curves)}
    if arm == DENSE.name:
        v = eliminate(problem.truth[None], problem.x[:1], problem.y[:1]).v[0]
        result["free"] = free_directions(problem.truth, problem.x[0], v)
    return result


def short(values) -> list:
    """Floats to three digits."""
    return [short(row) if row.ndim else float(f"{float(row):.2e}") for row in values]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--partial", type=Path, default=Path(tempfile.gettempdir()) / "eqkit_phase.jsonl")
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    progress_bar(sweep(run, cells(), options.partial, SETTINGS, options.jobs))

    found = {json.dumps(cell): result for cell, result in results(options.partial)}
    rows = [json.dumps(cell | found[json.dumps(cell)], ensure_ascii=False) for cell in cells()]
    counts = []
    for group, V in GROUPS.items():
        problem = hidden_problem(V, 1, 1)
        used = [name for name in ARMS if any(c["group"] == group and c["arm"] == name for c in cells())]
        arms = {name: [ARMS[name].parameters(problem), ARMS[name].dimension(problem)] for name in used}
        counts.append(json.dumps({"group": group, "k": problem.k, "arms": arms}, ensure_ascii=False))
    parts = {"groups": counts, "cells": rows}
    head = f'"n": {len(SWAPPED_PAIRS.permutations[0])}, "settings": {json.dumps(SETTINGS)}'
    text = ",\n".join(f'"{name}": [\n' + ",\n".join(lines) + "\n]" for name, lines in parts.items())
    FILE.write_text(f"{{{head},\n{text}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
