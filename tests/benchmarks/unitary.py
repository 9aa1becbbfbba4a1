"""Learning unitary matrices: the table of Hyland & Rätsch (2017), determinants, constraints, and memory, in 3 minutes.

    python tests/benchmarks/unitary.py

1. Losses on fresh examples after learning a Haar-random U(n), median and worst of 5 runs: as a multiple of the floor
   2n·10⁻⁴, or the loss itself after "L". Beside them what was recorded before (reference). One core; seconds are of all
   5 runs together.
2. The determinant switch · 3. six ways to keep M Mᵀ = E · 4. the copy and the adding task.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from eqkit import groups, unitary
from eqkit.tasks.memory import Adding, Copy
from eqkit.tasks.unitary import HiddenMatrix

SIZES = (3, 6, 8, 14, 20)
RUNS = 5


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


class Method(NamedTuple):
    name: str
    layer: Callable[[int], torch.nn.Module]
    options: dict
    recorded: tuple[str, ...]  # at SIZES


def start(n: int) -> Tensor:
    return groups.U(n).sample(RUNS, seed(n + 50)).to(torch.complex64)


def layer(map: str, start: str) -> Callable[[int], torch.nn.Module]:
    return lambda n: unitary.UnitaryMatrix(n, map, start=start, copies=(RUNS,), generator=seed(n))


def restricted(n: int) -> torch.nn.Module | None:
    """7n of the n² basis matrices of u(n)."""
    if 7 * n >= n * n:
        return None
    chosen = torch.randperm(n * n, generator=seed(n))[: 7 * n]
    part = groups.MatrixGroup(lie_algebra=groups.U(n).lie_algebra[chosen])
    return unitary.GroupMatrix(part, start="identity", copies=(RUNS,))


SGD = {"optimizer": torch.optim.SGD, "learning_rate": 0.01, "steps": 2000}
METHODS = (
    Method(
        "exp, from E", layer("exp", "identity"), {}, ("×.99–1.01", "×.99–1.00", "×1.01", "×1.00–1.06", "×1.00–1.01")
    ),
    Method("exp, recentred", layer("exp", "random"), {"rebase": 50}, ("–",) * 5),
    Method("Cayley, from E", layer("cayley", "identity"), {}, ("–",) * 5),
    Method("Cayley, recentred", layer("cayley", "random"), {"rebase": 50}, ("–",) * 5),
    Method("Householder", layer("householder", "random"), {}, ("–",) * 5),
    Method("composition, 7n", layer("composition", "random"), {}, ("×1.01", "×14", "L 1.8", "L 12.7", "L 31.4")),
    Method("u(n) restricted, 7n", restricted, {}, ("–", "–", "L 2.4", "L 14.0", "L 32.8")),
    Method("restricted, recentred", restricted, {"rebase": 10}, ("–",) * 5),
    Method("through polar", layer("projection", "random"), SGD, ("–",) * 5),
    Method("projection", lambda n: unitary.ProjectedMatrix(start(n)), SGD, ("×1.0",) * 5),
    Method(
        "projection, real part",
        lambda n: unitary.ProjectedMatrix(start(n), real_part_only=True),
        SGD,
        ("L .006–6.9", "L 10–19", "L 9–22", "L 28–37", "L 41–44"),
    ),
)


@torch.no_grad()
def score(predict: Callable[[Tensor], Tensor], task: HiddenMatrix, batches: int = 50) -> Tensor:
    """Mean loss of each run on fresh examples."""
    generator, total = seed(99), 0
    for _ in range(batches):
        x, y = task(generator)
        total = total + (predict(x) - y).abs().square().sum(-1).mean(-1)
    return total / batches


def show(losses: Tensor, floor: float) -> str:
    """Median – worst, as a multiple of the floor where that is below 10."""
    middle, worst = float(losses.median()), float(losses.max())
    if worst < 10 * floor:
        return f"×{middle / floor:.2f}–{worst / floor:.2f}"
    return f"L {middle:.3g}–{worst:.3g}"


def hyland_raetsch() -> None:
    print(f"{'a Haar unitary is learned':24}" + "".join(f"{f'n = {n}':>30}" for n in SIZES))
    tasks = {n: HiddenMatrix(groups.U(n).sample(RUNS, seed(n)).to(torch.complex64)) for n in SIZES}
    print(f"{'a random guess, 4n':24}", end="")
    for n, task in tasks.items():
        guess = start(n)
        print(f"{f'L {float(score(lambda x, M=guess: x @ M.mT, task).mean()):.3g} [4n = {4 * n}]':>30}", end="")
    print(f"\n{'Procrustes, 200 pairs':24}", end="")
    for task in tasks.values():
        pairs = [torch.cat(part, -2) for part in zip(*(task(seed(i)) for i in range(10)), strict=True)]
        U = unitary.procrustes(*pairs).to(torch.complex64)
        print(f"{show(score(lambda x, U=U: x @ U.mT, task), task.floor):>30}", end="")
    print()
    for method in METHODS:
        print(f"{method.name:24}", end="", flush=True)
        for n, recorded in zip(SIZES, method.recorded, strict=True):
            module = method.layer(n)
            if module is None:
                print(f"{'–':>30}", end="")
                continue
            begin = time.process_time()
            for _ in unitary.learn(module, tasks[n], snapshots=2, generator=seed(1), **method.options):
                pass
            seconds = time.process_time() - begin
            cell = f"{show(score(module, tasks[n]), tasks[n].floor)} [{recorded}] {seconds:.1f}s"
            print(f"{cell:>30}", end="", flush=True)
        print()


def determinants() -> None:
    print("\na hidden orthogonal matrix, n = 6, exp recentred: ×floor or L; the nearest of the other sign has L 4")
    for sign in (1, -1):
        targets = groups.SO(6).sample(RUNS, seed(6)).float()
        targets[:, 0] *= sign
        task = HiddenMatrix(targets)
        for reflection in (False, True):
            module = unitary.OrthogonalMatrix(6, reflection=reflection, start="identity", copies=(RUNS,))
            for _ in unitary.learn(module, task, rebase=50, snapshots=2, generator=seed(1)):
                pass
            result = show(score(module, task), task.floor)
            print(f"  det M* = {sign:+d}   reflection = {reflection!s:5}   {result}")


def constraints() -> None:
    for count in (6, 12):
        data = unitary.examples(6, count, generator=seed(0))
        print(f"\nM Mᵀ = E, n = 6, {count} examples with noise .1, 300 steps, 20 runs (medians)")
        print(f"  {'way':12} {'error':>8} {'‖MMᵀ − E‖':>10} {'loss':>8} {'seconds':>8}")
        for r in unitary.compare_constraints(data):
            print(f"  {r.way:12} {r.error:8.4f} {r.satisfaction:10.1e} {r.loss:8.4f} {r.seconds:8.3f}")


def memory() -> None:
    print("\nrecurrent networks, 10 s of CPU each, Adam .01, batch 32: mean loss of the last tenth")
    print(f"  {'task':22} {'network':14} {'numbers':>8} {'steps':>6} {'loss':>8} {'no memory':>10}")
    for task in (Copy(50), Adding(50), Adding(100)):
        for network in (unitary.OrthogonalRNN, unitary.LSTM):
            module = network(task.inputs, 64 if network is unitary.OrthogonalRNN else 32, task.outputs, seed(0))
            history, begin = [], time.process_time()
            for progress in unitary.train(module, task, steps=100_000):
                history.append(progress.loss)
                if time.process_time() - begin > 10:
                    break
            last = history[-max(1, len(history) // 10) :]
            print(
                f"  {task!s:22} {network.__name__:14} {unitary.parameter_count(module):8} {len(history):6} "
                f"{sum(last) / len(last):8.4f} {task.baseline:10.4f}",
                flush=True,
            )


def main() -> None:
    torch.set_num_threads(1)
    hyland_raetsch()
    determinants()
    constraints()
    memory()


if __name__ == "__main__":
    main()
