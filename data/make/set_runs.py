"""Write data/recorded_runs/<table>.json: the tables of two benchmarks, for the pictures of chapter 04.

python data/make/set_runs.py                     # all of them, 8 minutes of one quiet core
python data/make/set_runs.py digit_sums shapes   # some

The tables are those of tests/benchmarks/deep_sets.py and invariant_networks.py, with accuracies and errors to four
digits and without the seconds, which differ from run to run.
"""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import deep_sets  # noqa: E402
import invariant_networks  # noqa: E402


def comparison(tables) -> list[dict]:
    """Rows of `eqkit.deep_sets.compare`, each with its group."""
    return [
        {"group": group, "construction": row.name, "refused": row.refused}
        if row.refused
        else {
            "group": group,
            "construction": row.name,
            "error": row.error,
            "examples": row.train_error,
            "terms": row.terms,
            "exact": row.exact,
        }
        for group, rows in tables.items()
        for row in rows
    ]


TABLES = {
    "digit_sums": deep_sets.digits,
    "image_sums": deep_sets.images,
    "population_statistics": deep_sets.statistics,
    "shapes": deep_sets.clouds,
    "invariant_polynomials": lambda: comparison(invariant_networks.polynomials()),
    "vandermonde": lambda: comparison(invariant_networks.separation()),
}


def short(value):
    """Floats to four digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return [short(part) for part in value] if isinstance(value, list | tuple) else value


def main() -> None:
    torch.set_num_threads(1)
    for name in sys.argv[1:] or TABLES:
        rows = [
            json.dumps({key: short(value) for key, value in row.items()}, ensure_ascii=False) for row in TABLES[name]()
        ]
        file = ROOT / "data" / "recorded_runs" / f"{name}.json"
        file.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
