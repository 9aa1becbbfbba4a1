"""Learning unitary matrices: the table of Hyland & Rätsch (2017), determinants, constraints, and memory, in 3 minutes.

    python tests/benchmarks/unitary.py
    python data/make/unitary_runs.py        # the same runs, into data/recorded_runs/unitary.json

1. Losses on fresh examples after learning a Haar-random U(n), median and worst of 5 runs: as a multiple of the floor
   2n·10⁻⁴, or the loss itself after "L". Beside them what was recorded before (reference). One core; seconds are of all
   5 runs together.
2. Restricted to d of the n² directions of u(8) · 3. the determinant switch · 4. six ways to keep M Mᵀ = E · 5. the copy
   and the adding task.
"""

import time
from collections.abc import Callable, Iterator
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
    return lambda n: unitary.UnitaryMatrix(n, map, start=start, copies=(RUNS,), generator=seed(n + 50))


def restricted(n: int, d: int | None = None) -> torch.nn.Module | None:
    """d of the n² basis matrices of u(n), 7n unless told; None where that is no restriction."""
    if d is None and 7 * n >= n * n:
        return None
    chosen = torch.randperm(n * n, generator=seed(n))[: d or 7 * n]
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


class Result(NamedTuple):
    """The loss of each run on fresh examples after learning, and the seconds of all runs together."""

    method: str
    n: int
    losses: Tensor
    seconds: float


def hidden(n: int) -> HiddenMatrix:
    return HiddenMatrix(groups.U(n).sample(RUNS, seed(n)).to(torch.complex64))


def learned(name: str, module: torch.nn.Module, n: int, options: dict) -> Result:
    task, begin = hidden(n), time.process_time()
    for _ in unitary.learn(module, task, snapshots=2, generator=seed(1), **options):
        pass
    seconds = time.process_time() - begin
    return Result(name, n, score(module, task), seconds)


def hyland_raetsch() -> Iterator[Result]:
    """A random guess, the closed form, and each of METHODS, at each of SIZES."""
    for n in SIZES:
        guess = start(n)
        yield Result("a random guess", n, score(lambda x, M=guess: x @ M.mT, hidden(n)), 0.0)
    for n in SIZES:
        begin = time.process_time()
        pairs = [torch.cat(part, -2) for part in zip(*(hidden(n)(seed(i)) for i in range(10)), strict=True)]
        U = unitary.procrustes(*pairs).to(torch.complex64)
        yield Result("Procrustes, 200 pairs", n, score(lambda x, U=U: x @ U.mT, hidden(n)), time.process_time() - begin)
    for method in METHODS:
        for n in SIZES:
            if module := method.layer(n):
                yield learned(method.name, module, n, method.options)


def print_table() -> None:
    recorded = {(m.name, n): text for m in METHODS for n, text in zip(SIZES, m.recorded, strict=True)}
    recorded |= {("a random guess", n): f"4n = {4 * n}" for n in SIZES}
    print(f"{'a Haar unitary is learned':24}" + "".join(f"{f'n = {n}':>30}" for n in SIZES), end="")
    shown = ""
    for r in hyland_raetsch():
        if r.method != shown:
            missing = sum(n < r.n for n in SIZES)  # restricted: nothing to restrict at a small n
            print(f"\n{r.method:24}" + f"{'–':>30}" * missing, end="")
            shown = r.method
        cell = f"{show(r.losses, hidden(r.n).floor)} [{recorded.get((r.method, r.n), '–')}] {r.seconds:.1f}s"
        print(f"{cell:>30}", end="", flush=True)
    print()


def directions(n: int = 8) -> Iterator[tuple[int, Result]]:
    """U(n) by exp of d of the n² directions, from E and recentred after every 10 steps: d, and the result."""
    for d in range(n, n * n + 1, n):
        for name, rebase in (("from E", 0), ("recentred", 10)):
            yield d, learned(name, restricted(n, d), n, {"rebase": rebase, "steps": 500})


def print_directions() -> None:
    print(f"\nU(8) by d of its 64 directions: median – worst of {RUNS} runs, floor {hidden(8).floor}")
    for d, r in directions():
        print(f"  d = {d:2}   {r.method:10} {show(r.losses, hidden(8).floor)}", flush=True)


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


class Memory(NamedTuple):
    """The losses of a network, one a step, in 10 seconds of training."""

    task: str
    network: str
    numbers: int
    baseline: float
    history: list[float]


def memory() -> Iterator[Memory]:
    for task in (Copy(50), Adding(50), Adding(100)):
        for network in (unitary.OrthogonalRNN, unitary.LSTM):
            module = network(task.inputs, 64 if network is unitary.OrthogonalRNN else 32, task.outputs, seed(0))
            history, begin = [], time.process_time()
            for progress in unitary.train(module, task, steps=100_000):
                history.append(progress.loss)
                if time.process_time() - begin > 10:
                    break
            yield Memory(str(task), network.__name__, unitary.parameter_count(module), task.baseline, history)


def print_memory() -> None:
    print("\nrecurrent networks, 10 s of CPU each, Adam .01, batch 32: mean loss of the last tenth")
    print(f"  {'task':22} {'network':14} {'numbers':>8} {'steps':>6} {'loss':>8} {'no memory':>10}")
    for m in memory():
        last = m.history[-max(1, len(m.history) // 10) :]
        print(
            f"  {m.task:22} {m.network:14} {m.numbers:8} {len(m.history):6} "
            f"{sum(last) / len(last):8.4f} {m.baseline:10.4f}",
            flush=True,
        )


def main() -> None:
    torch.set_num_threads(1)
    print_table()
    print_directions()
    determinants()
    constraints()
    print_memory()


if __name__ == "__main__":
    main()
