"""Three tasks with tensor answers: an equivariant network, a plain one, a plain one with augmentation; and layer times.

    python tests/benchmarks/equivariant_networks.py                            # all, 27 rows of 3 trials
    python tests/benchmarks/equivariant_networks.py --sizes 100 1000 --trials 1
    python tests/benchmarks/equivariant_networks.py times                      # forward times alone, seconds

MSE on 5000 test examples in the units of the targets, median over trials (of data, order and weights), beside the
published medians in `equivariant_networks.json`, which says how those were trained. Here all networks train alike:
AdamW, one cycle of the rate up to 1e-2 (plain networks: 3e-3, as published), weight decay 0.1, gradients clipped at 1,
batches of at most 500, float32, one thread; inputs divided by a fixed scale, outputs shifted and scaled by mean and
standard deviation of the training set (the inertia tensor scaled only), which commutes with the groups. No test example
is used to stop or choose within a run. Augmented: a random element of the group for each example of each batch, of O(3)
and O(5) by Haar measure, of the Lorentz group, which has none, by short random words.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from eqkit import groups
from eqkit.networks import EquivariantLinear, EquivariantMLP
from eqkit.tasks.tensors import TensorTask, inertia, scattering, two_vectors

PUBLISHED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
SCALE = {"inertia": 1.0, "O(5)": 1.0, "Lorentz": 0.25}  # of the inputs
WIDTH = 256


def plain(n_in: int, n_out: int, generator: torch.Generator) -> nn.Module:
    """Three hidden layers of WIDTH swish units."""
    sizes = [n_in, WIDTH, WIDTH, WIDTH]
    torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    layers = [part for a, b in zip(sizes, sizes[1:], strict=False) for part in (nn.Linear(a, b), nn.SiLU())]
    return nn.Sequential(*layers, nn.Linear(WIDTH, n_out))


def elements(G: groups.MatrixGroup, count: int, generator: torch.Generator) -> Tensor:
    return G.sample(count, generator) if G.is_compact else G.random_products(count, generator, steps=4, scale=0.3)


def batches(
    task: TensorTask, x: Tensor, y: Tensor, steps: int, augment: bool, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """`steps` batches of at most 500, moved by random elements (of 20 000 drawn once) when augmented."""
    bank = elements(task.V.group, 20_000, generator) if augment else None
    for _ in range(steps):
        chosen = torch.randperm(len(x), generator=generator)[:500]
        u, v = x[chosen], y[chosen]
        if bank is not None:
            g = bank[torch.randint(len(bank), (len(u),), generator=generator)]
            u, v = task.V.act(g, u.double()), task.W.act(g, v.double())
        yield u.float(), v.float()


def trial(task: TensorTask, method: str, n: int, steps: int, seed: int) -> tuple[float, int]:
    """The test error and the number of parameters."""
    generator = torch.Generator().manual_seed(seed)
    (x, y), (x_test, y_test) = task(n, generator), task(5000, generator)
    shift = y.mean(0) if task.W == task.V.group.trivial else torch.zeros(task.W.size)
    scale = float((y - shift).square().mean().sqrt())
    x, x_test = x / SCALE[task.name], x_test / SCALE[task.name]
    if method == "equivariant":
        network: nn.Module = EquivariantMLP(task.V, task.W, generator=generator)
    else:
        network = plain(task.V.size, task.W.size, generator)
    rate = 1e-2 if method == "equivariant" else 3e-3
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    for u, v in batches(task, x, (y - shift) / scale, steps, method == "MLP, augmented", generator):
        loss = (network(u) - v).square().mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        error = float((network(x_test.float()) * scale + shift - y_test).square().mean())
    return error, sum(p.numel() for p in network.parameters())


def table(sizes: list[int], trials: int) -> None:
    """One row a task, size and method."""
    row = "{:<8} {:>7} {:<15} {:>11} {:>7} {:>9} {:>9} {:>9}"
    print(row.format("task", "train", "method", "parameters", "steps", "CPU s", "test MSE", "published"))
    for task in (inertia(), two_vectors(), scattering()):
        for n in sizes:
            for method in ("equivariant", "MLP", "MLP, augmented"):
                steps = 800 if n < 500 else 1200
                start = time.process_time()
                results = [trial(task, method, n, steps, seed) for seed in range(trials)]
                seconds = (time.process_time() - start) / trials
                known = PUBLISHED[task.name].get(str(n), {}).get("EMLP" if method == "equivariant" else method)
                error = statistics.median(error for error, _ in results)
                known = "" if known is None else f"{known:.3g}"
                print(row.format(task.name, n, method, results[0][1], steps, f"{seconds:.1f}", f"{error:.3g}", known))
        print(flush=True)


def times() -> None:
    """Forward times of layers of one shape, batch 500, float32: median of 50 in turn."""
    row = "{:<40} {:>6} {:>6} {:>13} {:>13} {:>7}"
    print(row.format("layer V → V, batch 500", "size", "dim", "equivariant", "nn.Linear", "ratio"))
    S5, SO3, L, both = groups.S(5), groups.SO(3), groups.Lorentz(), groups.S(5).vector @ groups.SO(3).vector
    for V in (
        *(20 * S5.vector + 4 * S5.vector**2, 40 * SO3.trivial + 30 * SO3.vector + 9 * SO3.vector**2),
        *(100 * SO3.vector, 40 * L.trivial + 20 * L.vector + 5 * L.vector**2, 10 * both, groups.C(256).vector),
    ):
        layer, dense = EquivariantLinear(V, V), nn.Linear(V.size, V.size)
        x = torch.randn(500, V.size, generator=torch.Generator().manual_seed(0))
        spent: list[list[float]] = [[], []]
        with torch.no_grad():
            for _ in range(55):
                for f, seconds in zip((layer, dense), spent, strict=True):
                    start = time.perf_counter()
                    f(x)
                    seconds.append(time.perf_counter() - start)
        ours, theirs = (1e3 * statistics.median(seconds[5:]) for seconds in spent)
        name = f"{V.group}: {V}"
        dim = len(layer.coefficients)
        print(row.format(name, V.size, dim, f"{ours:.2f} ms", f"{theirs:.2f} ms", f"{ours / theirs:.1f}"))


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=["all", "times"], default="all")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--trials", type=int, default=3)
    options = parser.parse_args()
    times()
    if options.part == "all":
        print()
        table(options.sizes, options.trials)


if __name__ == "__main__":
    main()
