"""Write data/recorded_runs/few_shot_parts.json: where in the network U is needed, for chapter 08.

python data/make/few_shot_parts.py             # 9 minutes of one core

The rows of tests/benchmarks/few_shot.py, which says what they mean and prints them as a table.
"""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import few_shot  # noqa: E402

torch.set_num_threads(1)
rows = []
for row in few_shot.rows(1500):
    rows.append(json.dumps(row, ensure_ascii=False))
    print(rows[-1], flush=True)
file = ROOT / "data" / "recorded_runs" / "few_shot_parts.json"
file.write_text("[\n " + ",\n ".join(rows) + "\n]\n", encoding="utf-8")
