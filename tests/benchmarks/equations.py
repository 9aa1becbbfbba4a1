"""Learn the equations of known families at small n and use them at larger n: one table.

Columns: equations learned · null relations of words · gap · residual at n = 10 on fresh members, and the least on
Gaussian matrices · n² − rank dp(E) at n = 4, 6, 8 (a star: not the dimension of the group) · projections from noise .3
at n = 8 that land · is it a group? · seconds to learn, and of one projection at n = 8. One core.
"""

import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from families import FAMILIES, gaussian  # noqa: E402

from eqkit.equations import learn_equations  # noqa: E402

TRIALS = 100


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    print(
        f"{'family':20} {'equations':32} {'null':>7} {'gap':>6} {'on':>6} {'off':>5} {'n=4':>4} {'6':>4} {'8':>4} "
        f"{'landed':>7} {'group':>5} {'learn':>7} {'project':>7}"
    )
    for name, family in FAMILIES.items():
        samples = {n: family.sample(n, 24, generator) for n in family.sizes}
        start = time.process_time()
        system = learn_equations(samples, family.letters, holdout={10: family.sample(10, 24, generator)})
        learn = time.process_time() - start
        evidence = system.evidence
        off = float(system.residual(gaussian(10, 100, generator) / 10**0.5).min())
        noisy = family.sample(8, TRIALS, generator) + 0.3 * gaussian(8, TRIALS, generator)
        start = time.process_time()
        system.project(noisy[0]) if len(system.equations) else noisy[0]
        project = time.process_time() - start
        landed = int((system.residual(system.descend(noisy, 100)) < 1e-9).sum())
        is_group = system.is_group()
        dimensions = [system.dimension(n) for n in (4, 6, 8)] if is_group else []
        stars = [f"{d}{'' if d == family.dimension(n) else '*'}" for d, n in zip(dimensions, (4, 6, 8), strict=False)]
        print(
            f"{name:20} {system.text:32} {evidence.null_dimension:>3}/{len(evidence.words)} {evidence.gap:6.0e} "
            f"{evidence.holdout[10]:6.0e} {off:5.2f} {' '.join(f'{s:>4}' for s in stars or '---')} "
            f"{landed:>3}/{TRIALS} {'yes' if is_group else 'no':>5} {learn:6.2f}s {1e3 * project:5.0f}ms"
        )


if __name__ == "__main__":
    main()
