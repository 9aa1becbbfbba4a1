"""Learn the equations of known families at small n and use them at larger n: one table, and one of named systems.

Columns: equations learned · null relations of words, and how many of them were left out with no proof · gap · residual
at n = 10 on fresh members, and the least on Gaussian matrices · n² − rank dp(E) at n = 4, 6, 8 (a star: not the
dimension of the group) · projections from noise .3 at n = 8 that land · is it a group? · processor seconds to learn,
and of one projection at n = 8. Second table: dimension at n = 50, and seconds for it and for the group at 50.
"""

import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from families import FAMILIES, gaussian  # noqa: E402

from eqkit.equations import learn_equations, named, trace_dimension  # noqa: E402

TRIALS = 100


def learned_families() -> None:
    generator = torch.Generator().manual_seed(0)
    print(
        f"{'family':20} {'equations':32} {'null':>7} {'no proof':>8} {'gap':>6} {'on':>6} {'off':>5} {'n=4':>4} "
        f"{'6':>4} {'8':>4} {'landed':>7} {'group':>5} {'learn':>7} {'project':>7}"
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
            f"{name:20} {system.text:32} {evidence.null_dimension:>3}/{len(evidence.words)} {len(evidence.sampled):>8} "
            f"{evidence.gap:6.0e} {evidence.holdout[10]:6.0e} {off:5.2f} {' '.join(f'{s:>4}' for s in stars or '---')} "
            f"{landed:>3}/{TRIALS} {'yes' if is_group else 'no':>5} {learn:6.2f}s {1e3 * project:5.0f}ms"
        )


def at_fifty() -> None:
    print(f"\n{'at n = 52':20} {'dimension':>9} {'seconds':>8} {'group':>6}")
    for name in ("O", "O(1,q)", "Sp", "U", "SU", "Sp(ℍ)", "permutations", "circulants", "doubly stochastic"):
        start = time.process_time()
        dimension = named(name).dimension(52)
        middle = time.process_time()
        named(name).group(52)
        print(f"{name:20} {dimension:9} {middle - start:8.3f} {time.process_time() - middle:6.2f}")


def main() -> None:
    torch.set_num_threads(1)
    learned_families()
    at_fifty()
    print("\ntrace words: invariants of degree 1 … 5 under conjugation by O(n)")
    for n in range(2, 8):
        print(f"n = {n}: {[trace_dimension(d, n) for d in range(1, 6)]}")


if __name__ == "__main__":
    main()
