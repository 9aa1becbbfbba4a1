"""Write data/recorded_runs/*.npz: three short runs for the demo path, which replays them without training.

    python data/make/recorded_runs.py

61 snapshots each, evenly spread over 600 outer steps of 32 tasks; U is kept to 2⁻¹⁶, so that the files stay small.
"""

from pathlib import Path

import torch

from eqkit import groups
from eqkit.meta_learning import LeastSquares, meta_learn, save_run
from eqkit.symmetry_matrices import ReparameterizedLinear
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import translation

RUNS = {
    "translation_16": translation(n=16, support=2),
    "C_12": hidden_group(groups.C(12)),
    "D_6": hidden_group(groups.D(6)),
}


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(__file__).parents[1] / "recorded_runs"
    folder.mkdir(exist_ok=True)
    for name, tasks in RUNS.items():
        k, n_out, n_in = tasks.basis.shape
        inner = LeastSquares(1e-4)
        run = meta_learn(
            ReparameterizedLinear(n_in, n_out, k, torch.Generator().manual_seed(0)),
            tasks,
            inner,
            steps=600,
            learning_rate=1e-2,
            cosine_decay=True,
            floor=tasks.floor(inner),
            snapshots=61,
            generator=torch.Generator().manual_seed(1),
        )
        rounded = [
            s._replace(parameters={key: (value * 2**16).round() / 2**16 for key, value in s.parameters.items()})
            for s in run
        ]
        save_run(folder / f"{name}.npz", rounded)
        print(f"{name}: loss {rounded[0].loss:.3g} → {rounded[-1].loss:.3g}")


if __name__ == "__main__":
    main()
