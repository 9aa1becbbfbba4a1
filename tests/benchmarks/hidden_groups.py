"""Hidden groups, recovered from tasks alone and named; tasks of no group; how often a confident answer was wrong.

    python tests/benchmarks/hidden_groups.py

600 outer steps, Adam 1e-2 with cosine decay, ridge 1e-4 (1e-2 with noise), one thread. What can be recovered is the
2-closure, the largest permutation group with the same pattern: "exact" counts the seeds whose `recover` gives just that
group and a pattern that differs in no weight. seconds: of CPU, the slowest seed, training and recovery. sine: of the
largest principal angle, the worst. sure: the least confidence. About 5 minutes.
"""

import itertools
import random
import time

import torch

from eqkit import groups, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import LeastSquares, Snapshot, meta_learn
from eqkit.symmetry_matrices import (
    Recovery,
    ReparameterizedLinear,
    automorphism_group,
    indicators,
    learned_space,
    partition_distance,
    recover,
    sharing_pattern,
)
from eqkit.tasks.digits import convolution2d, hidden_filters, images
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.tasks.linear import LinearTasks
from eqkit.tasks.translation import convolution, translation

TYPED = groups.permutation_group([[1, 2, 0, 3, 4, 5, 6], [0, 1, 2, 4, 3, 6, 5]], "(012), (34)(56)")
CASES = [  # group, shots, noise, spare columns, tasks a step, seeds
    (groups.C(12), 5, 0.0, 0, 32, 10),
    (groups.D(12), 5, 0.0, 0, 32, 10),
    (groups.S(12), 5, 0.0, 0, 32, 10),
    (groups.S(6) * groups.S(6), 5, 0.0, 0, 32, 10),
    (flips(4, 4), 10, 0.0, 0, 32, 2),
    (quarter_turns(4), 10, 0.0, 0, 32, 2),
    (groups.D(6), 5, 0.0, 0, 32, 10),
    (groups.A(4), 5, 0.0, 0, 32, 10),
    (groups.SignedPermutations(4), 5, 0.0, 0, 32, 10),
    (TYPED, 5, 0.0, 0, 32, 10),
    (groups.D(12), 5, 0.5, 0, 32, 5),
    (groups.D(12), 5, 0.0, 7, 32, 5),
    (groups.D(12), 5, 0.0, 0, 4, 5),
    (groups.D(12), 5, 0.5, 7, 8, 5),
    (groups.S(12), 5, 0.0, 18, 32, 5),
]


def learn(
    tasks: LinearTasks, k: int, seed: int, ridge: float, steps: int = 600, batch: int = 32
) -> tuple[ReparameterizedLinear, Snapshot, float]:
    """The layer, its last snapshot, and seconds of CPU."""
    _, n_out, n_in = tasks.basis.shape
    layer = ReparameterizedLinear(n_in, n_out, k, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 100)
    inner = LeastSquares(ridge)
    run = meta_learn(
        layer, tasks, inner, steps=steps, batch=batch, learning_rate=1e-2, cosine_decay=True, generator=generator
    )
    start = time.process_time()
    last = list(run)[-1]
    return layer, last, time.process_time() - start


def filters_of(layer: ReparameterizedLinear, tasks: LinearTasks, ridge: float = 1e-4) -> torch.Tensor:
    """The filters that 500 new tasks arrive at."""
    episodes = tasks(500, torch.Generator().manual_seed(9))
    with torch.no_grad():
        return LeastSquares(ridge)(layer, episodes.x_support, episodes.y_support)


def sine(A: torch.Tensor, B: torch.Tensor) -> float:
    """Of the largest principal angle; 1 for spaces of unequal dimension."""
    return float(subspaces.principal_angles(A, B).sin().max()) if A.shape == B.shape else 1.0


def is_right(found: Recovery, truth: Hom) -> bool:
    """The 2-closure of the hidden group, and its pattern in every weight."""
    closure = automorphism_group(truth.pattern, None if bool((truth.signs == 1).all()) else truth.signs)
    same = found.group.order == closure.order and all(found.group.contains(g) for g in closure.generators)
    return found.is_commutant and same and partition_distance(found.pattern, truth.pattern) == 0


def hidden(G: groups.MatrixGroup, shots: int, noise: float, spare: int, batch: int, seeds: int) -> None:
    tasks, truth, ridge = hidden_group(G, support=shots, noise=noise), Hom(G.vector, G.vector), 1e-2 if noise else 1e-4
    exact, worst, seconds, sure = 0, 0.0, 0.0, 1.0
    for seed in range(seeds):
        layer, _, training = learn(tasks, truth.dim + spare, seed, ridge, batch=batch)
        start = time.process_time()
        found = recover(layer.U, truth.shape, filters_of(layer, tasks, ridge))
        seconds = max(seconds, training + time.process_time() - start)
        exact += is_right(found, truth)
        worst, sure = max(worst, sine(found.space, truth.U)), min(sure, found.confidence)
    print(
        f"{str(G):27} {G.order:>9} {truth.dim:3} {truth.dim + spare:3} {shots:5} {noise:5} {batch:5} {seconds:7.1f} "
        f"{worst:8.0e} {exact:>3}/{seeds:<2} {sure:5.2f} {found.name}, order {found.group.order}",
        flush=True,
    )


def shrikhande() -> torch.Tensor:
    """E, A, J − E − A of the Shrikhande graph, (3, 16, 16): closed under products, and of no permutation group."""
    points = list(itertools.product(range(4), repeat=2))
    steps = {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
    A = torch.tensor([[float(((c - a) % 4, (d - b) % 4) in steps) for c, d in points] for a, b in points])
    E = torch.eye(16)
    return torch.stack([E, A, 1 - E - A])


def of_no_group() -> None:
    """Two seeds each; "apart": the sine between the two learned spaces."""
    cut = indicators(convolution(14)).to_dense().T.reshape(3, 12, 14)
    G = groups.SO(3)
    rotations = Hom(G.vector**2, G.vector**2).basis.float()
    cases = {
        "seven random maps": torch.randn(7, 12, 12, generator=torch.Generator().manual_seed(0)),
        "translation, cut off": cut,
        "the same, rank 2": translation(2, 14, generator=torch.Generator().manual_seed(0)).basis.float(),
        "Shrikhande graph": shrikhande() / shrikhande().flatten(1).norm(dim=1)[:, None, None],
        "SO(3) on V²": rotations,
        "every weight free": torch.eye(36).reshape(36, 6, 6),
    }
    for name, basis in cases.items():
        tasks = LinearTasks(basis, 10, 10)
        found = []
        for seed in (0, 1):
            layer, _, _ = learn(tasks, min(2 * len(basis), basis[0].numel()), seed, 1e-4)
            found.append(recover(layer.U, tuple(basis.shape[1:]), filters_of(layer, tasks)))
        apart = sine(found[0].space, found[1].space)
        print(f"{name:21} {len(basis):3} {found[0].rank:5} {found[0].defect:7.2g} {apart:7.0e}  {found[0]}", flush=True)


def calibration(runs: int = 100) -> None:
    """Good runs and hopeless ones: noise 0 … 1, 2 … 8 shots, 4 … 32 tasks a step, 30 … 600 steps, up to twice the k."""
    choose = random.Random(0)
    candidates = [groups.C(4), groups.C(6), groups.C(8), groups.D(5), groups.D(8), groups.S(6), groups.A(5)]
    candidates += [groups.S(3) * groups.S(3), groups.trivial(3), groups.SignedPermutations(4)]
    answers: dict[tuple[bool, int], list[tuple[bool, float]]] = {}
    for i in range(runs):
        G, noise, shots = choose.choice(candidates), choose.choice([0, 0.1, 0.3, 0.5, 1.0]), choose.choice([2, 3, 5, 8])
        batch, steps = choose.choice([4, 8, 16, 32]), choose.choice([30, 60, 100, 200, 300, 600])
        truth, ridge = Hom(G.vector, G.vector), 1e-2 if noise else 1e-4
        k = min(truth.dim + choose.choice([0, 0, 1, 3, truth.dim]), G.n**2)
        tasks, spaces = hidden_group(G, shots, 10, noise), []
        for seed in (i, runs + i):  # a second seed, to see whether it learns the same
            layer, _, _ = learn(tasks, k, seed, ridge, steps, batch)
            spaces.append(recover(layer.U, truth.shape, filters_of(layer, tasks, ridge)))
        found = spaces[0]
        apart = sine(spaces[0].space, spaces[1].space)
        cell = (found.is_commutant, min(4, int(5 * found.confidence)))
        answers.setdefault(cell, []).append((is_right(found, truth), apart))
    for named, fifth in sorted(answers, reverse=True):
        cell = answers[named, fifth]
        verdict = "a group" if named else "no group"
        right = sum(ok for ok, _ in cell) if named else 0
        same = sum(apart < 0.3 for _, apart in cell)
        wrong_and_same = sum(apart < 0.3 for ok, apart in cell if not ok)
        print(
            f"{verdict:9} {fifth / 5:.1f}–{fifth / 5 + 0.2:.1f} {len(cell):5} {right:6} {same:10} {wrong_and_same:16}"
        )


def filters(grain: float, k: int) -> None:
    """U (36·64, k) from digits; once judged on all weights, once on those of pixels that vary (sd ≥ .1 of the ink)."""
    tasks = hidden_filters(grain=grain)
    layer, last, seconds = learn(tasks, k, seed=0, ridge=1e-3, steps=1500)
    U, truth = learned_space(layer.U, filters_of(layer, tasks)), convolution2d()
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
    columns = ("hidden group", "order", "dim", "k", "shots", "noise", "tasks", "seconds", "sine", "exact", "sure")
    print("{:27} {:>9} {:>3} {:>3} {:>5} {:>5} {:>5} {:>7} {:>8} {:>6} {:>5} found: the 2-closure".format(*columns))
    for case in CASES:
        hidden(*case)
    print(
        "\ntasks of no permutation group, k = twice the dimension (at most all weights), 10 shots; apart: of two seeds"
    )
    print("{:21} {:>3} {:>5} {:>7} {:>7}  {}".format("tasks", "dim", "rank", "defect", "apart", "verdict"))
    of_no_group()
    print(
        "\n100 runs, good and hopeless, of tasks that all have a group; same: two seeds' spaces are within a sine of .3"
    )
    columns = ("verdict", "sure", "runs", "right", "same space", "wrong, but same")
    print("{:9} {:7} {:>5} {:>6} {:>10} {:>16}".format(*columns))
    calibration()
    print("\n3 × 3 filters on real digits, 8 × 8; grain: noise on every pixel; seen: only weights of pixels that vary")
    columns = ("grain", "k", "seconds", "loss", "rank", "sine", "pixels", "sine, seen", "weights misplaced, seen")
    print("{:>5} {:>3} {:>7} {:>9} {:>4} {:>8} {:>6} {:>10} {}".format(*columns))
    for grain, k in ((0.0, 9), (0.0, 12), (0.2, 9), (0.2, 12), (0.5, 9)):
        filters(grain, k)


if __name__ == "__main__":
    main()
