"""The synthetic translation task: learned symmetry matrices beside MAML, MTSR and moments + SVD, as one table.

    python tests/benchmarks/meta_learning.py

Each row is trained (32 tasks an outer step, one thread) and scored on the same 20 000 test tasks of its rank. Columns:
steps of the inner and outer loop and Adam's rate, 1e-3 constant as published or decayed from 1e-2 by a cosine, with
which the plateaus of rank 2 and 5 end in 2000 steps and with 1e-3 they do not · mean squared error ± half the width of
a 95 % confidence interval · floor: the ideal orthonormal U, or for baselines the ideal rate (derived) · ratio to the
floor · ratio to the MAML convolution at the same rate · smallest cosine of the principal angles between span(U) and the
true space · CPU time an outer step. MTSR learns U and 200 filters of 200 fixed tasks, without an inner loop. The last
lines solve the inner problem in closed form. About 5 minutes.
"""

import sys
import time
from pathlib import Path

import scipy.linalg
import scipy.optimize
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1]))
from oracles import one_step_floor  # noqa: E402

from eqkit import subspaces  # noqa: E402
from eqkit.meta_learning import GradientSteps, LeastSquares, evaluate, meta_learn, multitask  # noqa: E402
from eqkit.symmetry_matrices import ReparameterizedLinear, indicators  # noqa: E402
from eqkit.tasks.linear import LinearTasks  # noqa: E402
from eqkit.tasks.translation import (  # noqa: E402
    convolution,
    fully_connected,
    locally_connected,
    reversed_outputs,
    translation,
)

TEST_TASKS = 20_000
SHAPE = (68, 70)
COLUMNS = {1: 3, 2: 6, 5: 30}  # of U, as published


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def msr(k: int) -> ReparameterizedLinear:
    return ReparameterizedLinear(SHAPE[1], SHAPE[0], k, seed(0))


def baseline(pattern: Tensor) -> ReparameterizedLinear:
    return ReparameterizedLinear.fixed(indicators(pattern), SHAPE)


def moments(tasks: LinearTasks, k: int, count: int = 1000) -> ReparameterizedLinear:
    """No meta-learning: the k leading right singular vectors of the tasks' moments mean(y xᵀ) as U."""
    episodes = tasks(count, seed(1))
    x, y = (torch.cat(parts, 1) for parts in (episodes[::2], episodes[1::2]))
    _, _, Vh = torch.linalg.svd((y.mT @ x / x.shape[1]).flatten(1), full_matrices=False)
    return ReparameterizedLinear.fixed(Vh[:k].T.contiguous() * SHAPE[0] ** 0.5, SHAPE)


def best_rate(model: ReparameterizedLinear, tasks: LinearTasks) -> GradientSteps:
    def loss(rate: float) -> float:
        return float(evaluate(model, tasks, GradientSteps(1, rate), 1000, seed(2)).mean())

    return GradientSteps(1, scipy.optimize.minimize_scalar(loss, bounds=(0, 2), method="bounded").x)


def free_floor(tasks: LinearTasks) -> float:
    """One step with the best U of all: min over Q = Qᵀ of E‖z − Q A z‖²/n_out, z ~ N(0, G) in an orthonormal basis.

    Setting the derivative to zero gives QH + HQ = 2G with H = E[A G A], a Lyapunov equation; E A = 1.
    """
    Q, s, _ = torch.linalg.svd(tasks.U.double(), full_matrices=False)
    x = tasks.x(40_000, tasks.support, seed(3)).double()
    features = torch.einsum("tsi,oid->tsod", x, Q.reshape(*SHAPE, -1)).flatten(1, 2)
    A, G = features.mT @ features / tasks.support, (s**2).diag()
    H = (A @ G @ A).mean(0)
    best = torch.from_numpy(scipy.linalg.solve_continuous_lyapunov(H.numpy(), 2 * G.numpy()))
    return float(G.trace() - 2 * (best @ G).trace() + (best @ H @ best).trace()) / SHAPE[0]


def frozen(U: Tensor) -> ReparameterizedLinear:
    """span(U) as a layer that does not learn: orthonormal columns of length √n_out, v starts at zero."""
    return ReparameterizedLinear.fixed(subspaces.orthonormal(U.detach(), 1e-6).float() * SHAPE[0] ** 0.5, SHAPE)


def mtsr(tasks: LinearTasks, k: int) -> ReparameterizedLinear:
    """U learned with a filter for each of 200 tasks, on all of their 20 examples at once."""
    model = msr(k)
    model.U.data *= 10  # all gradients are products of U and v, and v starts at 1/n_out
    run = multitask(model, tasks(200, seed(1)), steps=1000, learning_rate=1e-2, cosine_decay=True, snapshots=2)
    run.inner.filters.data.copy_(torch.randn(200, k, generator=seed(4)))
    list(run)
    return frozen(model.U)


def score(name: str, tasks: LinearTasks, model: ReparameterizedLinear, inner: GradientSteps, floor: float, maml: float,
          rate: str = "–", steps: int = 0, cpu: str = "–") -> float:  # fmt: skip
    losses = evaluate(model, tasks, inner, TEST_TASKS, seed(1000))
    mean, interval = float(losses.mean()), 1.96 * float(losses.std()) / TEST_TASKS**0.5
    narrow = not model.U.is_sparse or model.U.shape[1] <= 30
    angles = subspaces.principal_angles(model.U.detach().to_dense(), tasks.U) if narrow else None
    cosine = "–" if angles is None else f"{float(angles.cos().min()):.4f}"
    floors = f"{floor:7.4f} {mean / floor:6.3f}" if floor else f"{'–':>7} {'–':>6}"
    to_maml = f"{mean / maml:7.3f}" if maml else f"{'–':>7}"
    figures = f"{mean:8.4f} ± {interval:.4f} {floors} {to_maml} {cosine:>7} {cpu:>6}"
    print(f"{name:38} {inner.steps:5} {steps:6} {rate:>5} {figures}", flush=True)
    return mean


def row(
    name: str,
    tasks: LinearTasks,
    model: ReparameterizedLinear,
    inner: GradientSteps,
    steps: int,
    rate: float,
    floor: float,
    maml: float = 0.0,
) -> float:
    """Train at this rate of Adam (decayed unless it is the published 1e-3), print the row, return the mean loss."""
    run = meta_learn(
        model, tasks, inner, steps=steps, learning_rate=rate, cosine_decay=rate > 1e-3, snapshots=2, generator=seed(1)
    )
    start = time.process_time()
    list(run)
    cpu = f"{1e3 * (time.process_time() - start) / steps:.1f}"
    return score(name, tasks, model, inner, floor, maml, f"{rate:.0e}".replace("e-0", "e-"), steps, cpu)


def closed_form(batch: int, learning_rate: float) -> None:
    """Seconds and outer steps until the largest principal angle has sine 1e-2, and 1e-4."""
    tasks, model = translation(), msr(3)
    run = meta_learn(
        model, tasks, LeastSquares(1e-4), steps=2000, batch=batch, learning_rate=learning_rate, generator=seed(1)
    )
    seconds, targets = 0.0, [1e-2, 1e-4]
    while targets:
        start = time.perf_counter()
        snapshot = next(run, None)
        seconds += time.perf_counter() - start
        if snapshot is None:
            break
        sine = float(subspaces.principal_angles(snapshot.U, tasks.U).sin().max())
        while targets and sine <= targets[0]:
            print(
                f"closed form, {batch} tasks a step, Adam {learning_rate:g}: sine ≤ {targets.pop(0):g} "
                f"after {snapshot.step} steps, {seconds:.2f} s"
            )


def main() -> None:
    torch.set_num_threads(1)
    header = ("row", "inner", "outer", "Adam", "test MSE", "floor", "ratio", "to MAML", "cosine", "ms CPU")
    print("{:38} {:>5} {:>6} {:>5} {:>17} {:>7} {:>6} {:>7} {:>7} {:>6}".format(*header))
    for rank, k in COLUMNS.items():
        tasks = translation(rank, generator=seed(rank))
        power = float(tasks.basis.square().sum()) / SHAPE[0]  # E‖row of W‖²
        one = one_step_floor(3, 68, 3) if rank == 1 else tasks.floor(GradientSteps(1))
        name = f"rank {rank}: "
        for rate, steps in ((1e-3, 1000 if rank == 1 else 2000), (1e-2, 1000 if rank == 1 else 2000)):
            floor = one if rank == 1 else 0.0
            maml = row(name + "MAML convolution", tasks, baseline(convolution()), GradientSteps(1), steps, rate, floor)
            model, inner = msr(k), GradientSteps(1)
            row(f"{name}MSR, k = {k}", tasks, model, inner, steps, rate, one, maml)
        if rank == 1:
            row(name + "MSR, k = 3", tasks, msr(3), GradientSteps(3), 1000, 1e-2, tasks.floor(GradientSteps(3)))
            back, still = reversed_outputs(tasks), frozen(model.U)
            score(name + "that U frozen, outputs reversed", back, still, best_rate(still, back), 0.0, 0.0)
        for label, pattern, width in (("locally", locally_connected(), 3), ("fully", fully_connected(), SHAPE[1])):
            best = one_step_floor(width, 1, power)
            layer, inner = baseline(pattern), GradientSteps(1)
            row(f"{name}MAML {label} connected", tasks, layer, inner, 1000, 1e-2, best, maml)
        for label, still in (
            ("MTSR, 200 tasks", mtsr(tasks, k)),
            ("moments + SVD, 1000 tasks", moments(tasks, 3 * rank)),
        ):
            score(name + label, tasks, still, best_rate(still, tasks), one, maml)
        print(f"{name}the best U of all, not orthonormal, has the floor {free_floor(tasks):.4f} at one step")
    closed_form(batch=16, learning_rate=3e-3)


if __name__ == "__main__":
    main()
