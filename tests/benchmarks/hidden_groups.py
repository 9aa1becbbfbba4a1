"""Hidden groups, recovered from tasks alone and named; then image filters from real digits: two tables.

    python tests/benchmarks/hidden_groups.py

32 tasks an outer step, 600 steps, ridge 1e-4, Adam 1e-2 with cosine decay, one thread. What can be recovered is the
2-closure, the largest permutation group with the same pattern: "exact" counts the seeds whose automorphism group equals
that of the hidden group's own pattern and whose pattern differs in no weight. sine: of the largest principal angle.
About 2 minutes.
"""

import time

import torch

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares, Snapshot, meta_learn
from eqkit.symmetry_matrices import (
    ReparameterizedLinear,
    automorphism_group,
    learned_space,
    partition_distance,
    sharing_pattern,
)
from eqkit.tasks.digits import convolution2d, hidden_filters, images
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.tasks.linear import LinearTasks

TYPED = groups.permutation_group([[1, 2, 0, 3, 4, 5, 6], [0, 1, 2, 4, 3, 6, 5]], "(012), (34)(56)")
CASES = [  # group, support, noise, spare columns, seeds
    (groups.C(12), 5, 0.0, 0, 5),
    (groups.D(12), 5, 0.0, 0, 5),
    (groups.S(12), 5, 0.0, 0, 5),
    (groups.S(6) * groups.S(6), 5, 0.0, 0, 5),
    (groups.D(6), 5, 0.0, 0, 5),
    (groups.A(4), 5, 0.0, 0, 5),
    (TYPED, 5, 0.0, 0, 5),
    (groups.D(12), 5, 0.5, 0, 3),
    (groups.D(12), 5, 0.5, 13, 3),
    (groups.S(12), 5, 0.0, 18, 3),
    (flips(4, 4), 10, 0.0, 0, 1),
    (quarter_turns(4), 10, 0.0, 0, 1),
]


def learn(
    tasks: LinearTasks, k: int, seed: int, ridge: float, steps: int = 600
) -> tuple[ReparameterizedLinear, Snapshot, float]:
    """The layer, its last snapshot, and seconds."""
    _, n_out, n_in = tasks.basis.shape
    layer = ReparameterizedLinear(n_in, n_out, k, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 100)
    run = meta_learn(
        layer, tasks, LeastSquares(ridge), steps=steps, learning_rate=1e-2, cosine_decay=True, generator=generator
    )
    start = time.perf_counter()
    last = list(run)[-1]
    return layer, last, time.perf_counter() - start


def space(layer: ReparameterizedLinear, tasks: LinearTasks) -> torch.Tensor:
    """What the tasks use of span(U), from 500 new ones."""
    episodes = tasks(500, torch.Generator().manual_seed(9))
    with torch.no_grad():
        return learned_space(layer.U, LeastSquares()(layer, episodes.x_support, episodes.y_support))


def sine(A: torch.Tensor, B: torch.Tensor) -> float:
    """Of the largest principal angle; 1 for spaces of unequal dimension."""
    return float(subspaces.principal_angles(A, B).sin().max()) if A.shape == B.shape else 1.0


def hidden(G: groups.MatrixGroup, support: int, noise: float, spare: int, seeds: int) -> None:
    tasks = hidden_group(G, support=support, noise=noise)
    truth = Hom(G.vector, G.vector)
    closure = automorphism_group(truth.pattern)
    exact, worst, seconds, found = 0, 0.0, 0.0, closure
    for seed in range(seeds):
        layer, _, time_ = learn(tasks, truth.dim + spare, seed, ridge=1e-2 if noise else 1e-4)
        U = space(layer, tasks)
        pattern = sharing_pattern(U, truth.pattern.shape)
        found = automorphism_group(pattern)
        same = found.order == closure.order and all(found.contains(g) for g in closure.generators)
        exact += same and partition_distance(pattern, truth.pattern) == 0
        worst, seconds = max(worst, sine(U, truth.U)), max(seconds, time_)
    print(
        f"{str(G):27} {G.order:>9} {truth.dim + spare:3} {support:5} {noise:5} {seconds:7.1f} {worst:8.0e} "
        f"{exact:>3}/{seeds} {found.identify()}, order {found.order}",
        flush=True,
    )


def filters(grain: float, k: int) -> None:
    """U (36·64, k) from digits; once judged on all weights, once on those of pixels that vary (sd ≥ .1 of the ink)."""
    tasks = hidden_filters(grain=grain)
    layer, last, seconds = learn(tasks, k, seed=0, ridge=1e-3, steps=1500)
    U, truth = space(layer, tasks), convolution2d()
    alive = (images().std(0).flatten() >= 0.1) | (grain > 0)
    seen = alive.expand(36, 64)  # a weight is seen if its pixel varies
    some, part = U[seen.flatten()], truth[:, alive]
    pattern = sharing_pattern(some, part.shape)
    print(
        f"{grain:5} {k:3} {seconds:7.1f} {last.loss:9.1e} {U.shape[1]:4} {sine(U, tasks.U):8.0e} {int(alive.sum()):6} "
        f"{sine(some, tasks.U[seen.flatten()]):10.0e} {partition_distance(pattern, part):6} of {part.numel()}",
        flush=True,
    )


def main() -> None:
    torch.set_num_threads(1)
    columns = ("hidden group", "order", "k", "shots", "noise", "seconds", "sine", "exact", "found: the 2-closure")
    print("{:27} {:>9} {:>3} {:>5} {:>5} {:>7} {:>8} {:>5} {}".format(*columns))
    for case in CASES:
        hidden(*case)
    print("\n3 × 3 filters on real digits, 8 × 8; grain: noise on every pixel; seen: only weights of pixels that vary")
    columns = ("grain", "k", "seconds", "loss", "rank", "sine", "pixels", "sine, seen", "weights misplaced, seen")
    print("{:>5} {:>3} {:>7} {:>9} {:>4} {:>8} {:>6} {:>10} {}".format(*columns))
    for grain, k in ((0.0, 9), (0.0, 12), (0.2, 9), (0.2, 12), (0.5, 9)):
        filters(grain, k)


if __name__ == "__main__":
    main()
