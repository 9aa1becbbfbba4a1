"""Write data/recorded_runs/dimension_free.json for chapter 10: the runs of tests/benchmarks/dimension_free.py.

python data/make/dimension_free_runs.py     # three minutes of one core
"""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import dimension_free  # noqa: E402

SIZES = tuple(range(2, 16))


def short(value):
    """Floats to four digits, anywhere in lists and dictionaries."""
    if isinstance(value, dict):
        return {key: short(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [short(entry) for entry in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    torch.set_num_threads(1)
    parts = {
        "transfer": dimension_free.transfer(),
        "misfit": dimension_free.misfits(),
        "any_dimensional": dimension_free.networks(SIZES),
        "pairs": dimension_free.pairs(),
        "words": dimension_free.words_from_patterns(),
    }
    lines = [
        f'"{name}": [\n' + ",\n".join(json.dumps(short(row), ensure_ascii=False) for row in rows) + "\n]"
        for name, rows in parts.items()
    ]
    text = f'{{"sizes": {json.dumps(SIZES)},\n' + ",\n".join(lines) + "}\n"
    (ROOT / "data" / "recorded_runs" / "dimension_free.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
