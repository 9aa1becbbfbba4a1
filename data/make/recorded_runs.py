"""Write data/recorded_runs/*.npz: short runs for the demo path, which LiveMSR replays without training.

python data/make/recorded_runs.py
"""

from pathlib import Path

import torch

from eqkit import groups
from eqkit.views import LiveMSR

RUNS = {"C_8": groups.C(8), "D_6": groups.D(6), "A_4": groups.A(4)}


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(__file__).parents[1] / "recorded_runs"
    folder.mkdir(exist_ok=True)
    for name, G in RUNS.items():
        view = LiveMSR(G)
        view.player.run()
        view.save(folder / f"{name}.npz")
        print(f"{name}: {view.verdict()}")


if __name__ == "__main__":
    main()
