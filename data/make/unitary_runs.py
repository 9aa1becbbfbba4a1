"""Write data/recorded_runs/unitary.json for chapter 11: the runs of tests/benchmarks/unitary.py, 3 minutes of one core.

python data/make/unitary_runs.py
"""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import unitary  # noqa: E402


def short(values) -> list[float]:
    return [float(f"{float(v):.4g}") for v in values]


def thinned(history: list[float], points: int = 100) -> list[list[float]]:
    """Up to `points` pairs (step, mean loss of the stretch that ends there)."""
    width = max(1, len(history) // points)
    pieces = [history[i : i + width] for i in range(0, len(history) - width + 1, width)]
    return [[(i + 1) * width, *short([sum(piece) / width])] for i, piece in enumerate(pieces)]


def main() -> None:
    torch.set_num_threads(1)
    table = [[r.method, r.n, short(r.losses), *short([r.seconds])] for r in unitary.hyland_raetsch()]
    cliff = [[d, r.method, short(r.losses)] for d, r in unitary.directions()]
    memory = [[m.task, m.network, m.numbers, *short([m.baseline]), thinned(m.history)] for m in unitary.memory()]
    parts = {"hyland_raetsch": table, "directions": cliff, "memory": memory}
    text = ",\n".join(f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in parts.items())
    (ROOT / "data" / "recorded_runs" / "unitary.json").write_text("{" + text + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
