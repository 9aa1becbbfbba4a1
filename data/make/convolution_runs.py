"""Write data/recorded_runs/convolutions.json and convolutions.npz: runs of group convolutions and more, for chapter 08.

python data/make/convolution_runs.py       # 3 minutes of one core

The rows are those of tests/benchmarks/symmetry_of_convolutions.py, each with 61 losses of its training; what is in the
file already is kept, so a command that was stopped goes on. The npz holds the dense U learned on 32 × 32 pixels.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import symmetry_of_convolutions as benchmark  # noqa: E402

RUNS = ROOT / "data" / "recorded_runs"


def rounded(value):
    """Numbers with four digits, and no times: the file should not depend on how busy the computer was."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items() if key != "seconds"}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    torch.set_num_threads(1)
    file, matrices = RUNS / "convolutions.json", RUNS / "convolutions.npz"
    tables = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    U = dict(np.load(matrices)) if matrices.exists() else {}

    def record(part, key, rows):
        if key not in tables.get(part, {}):
            tables.setdefault(part, {})[key] = rounded(list(rows))
            text = ",\n".join(f" {json.dumps(name)}: {lines(table)}" for name, table in tables.items())
            file.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
            print(part, key, flush=True)

    def group_rows(G, size, schedule):
        for row, learned in benchmark.group_convolutions(G, size, schedule):
            if size == 32 and schedule == "converged" and learned.shape[1] == 27:
                U[f"{G} U"] = learned.numpy()
                np.savez_compressed(matrices, **U)
            yield row

    for share, rest in benchmark.SHARES:
        record("partial symmetry", f"{share} {rest}", benchmark.partial(share, rest))
    for dim in (4, 16, 64):
        record("no symmetry", str(dim), [benchmark.without_symmetry(dim)])
    record("two layers", "two convolutions", benchmark.two_layers())
    record("reversed outputs", "rank 1", benchmark.reversed_rows())
    for G, size, schedule in benchmark.GROUP_TABLES:
        record("group convolutions", f"{G}, {size} × {size} pixels, {schedule}", group_rows(G, size, schedule))


def lines(table):
    """One row a line."""
    entries = (
        f"  {json.dumps(key)}: [\n   " + ",\n   ".join(map(json.dumps, rows)) + "\n  ]" for key, rows in table.items()
    )
    return "{\n" + ",\n".join(entries) + "\n }"


if __name__ == "__main__":
    main()
