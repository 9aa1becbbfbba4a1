"""Group convolutions, broken and missing symmetry, and depth: learned symmetry matrices beside MAML, as five tables.

    python tests/benchmarks/symmetry_of_convolutions.py            # all of it, 3 minutes of one core

Losses are mean squared errors on new tasks ± the half width of a 95 % confidence interval. E y² = 1 in the first table,
3 in the second, dim in the third. `data/make/convolution_runs.py` records the same rows.

1. C(8) and D(8), 1 → 3 · regular, 3 × 3: "published" starts the inner rate at 0.1 with Adam 1e-3 for 400 steps, where
   the rate alone decides, for the best is about c_out / 2; "converged" starts there, Adam 1e-2 with cosine decay.
2. A share of the weight without symmetry.  3. Tasks without any symmetry.  4. Two layers with a rectifier between.
5. A U that has learned shifts, frozen, on shifts in the other direction.
"""

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from eqkit import groups, subspaces
from eqkit.meta_learning import Adapted, GradientSteps, LeastSquares, evaluate, meta_learn
from eqkit.symmetry_matrices import (
    ReparameterizedConv2d,
    ReparameterizedLinear,
    filters,
    indicators,
    recover,
    reparameterize,
)
from eqkit.tasks.convolutions import group_convolution
from eqkit.tasks.linear import LinearTasks, no_symmetry, partially_symmetric
from eqkit.tasks.nonlinear import two_convolutions
from eqkit.tasks.translation import convolution, fully_connected, locally_connected, reversed_outputs, translation

Row = dict[str, Any]
C8, D8 = groups.C.plane(8), groups.D.plane(8)
GROUP_TABLES = (
    (C8, 32, "published"),
    (C8, 32, "converged"),
    (C8, 8, "converged"),
    (D8, 32, "converged"),
    (D8, 8, "converged"),
)
SHARES = (0.0, "local"), (0.1, "local"), (0.5, "local"), (1.0, "local"), (0.1, "free"), (0.5, "free")


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def trained(
    model: Any, tasks: Any, inner: nn.Module, steps: int, rate: float, decay: bool = True, test: int = 1000
) -> Row:
    """Learn, test on new tasks; loss ± interval, the history of losses, and the learned inner rate."""
    start = time.process_time()
    run = meta_learn(
        model, tasks, inner, steps=steps, learning_rate=rate, cosine_decay=decay, snapshots=61, generator=seed(1)
    )
    history = list(run)
    losses = evaluate(model, tasks, inner, test, seed(1000), batch=100)
    return {
        "loss": float(losses.mean()),
        "interval": 1.96 * float(losses.std()) / test**0.5,
        "steps": [s.step for s in history],
        "history": [s.loss for s in history],
        "rate": float(inner.rate.detach()) if isinstance(inner, GradientSteps) else None,
        "seconds": time.process_time() - start,
    }


# 1. group convolutions
def kernels(c_out: int) -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {
        "MAML convolution": nn.Conv2d(1, c_out, 3, bias=False),
        "MSR, U = A ⊗ B ⊗ C": ReparameterizedConv2d(1, c_out, 3, generator=seed(0)),
        "MSR, U dense, k = 27": ReparameterizedConv2d(1, c_out, 3, 27, generator=seed(0)),
    }


def group_convolutions(G: groups.MatrixGroup, size: int, schedule: str) -> Iterator[tuple[Row, Tensor]]:
    """A row for each method, and the U it learned written out (E for MAML)."""
    tasks = group_convolution(G, size=size, query=1)
    c_out, entries = tasks.basis.shape[1], tasks.basis[0].numel()
    floors = {"MSR, U dense, k = 27": tasks.floor()}
    for name, module in kernels(c_out).items():
        names = filters(module) if name.startswith("MSR") else ["weight"]
        inner = GradientSteps(1, 0.1 if schedule == "published" else c_out / 2)
        steps, rate = (400, 1e-3) if schedule == "published" else (300, 1e-2)
        row = trained(Adapted(module, *names), tasks, inner, steps, rate, schedule != "published", 500)
        U = module.U.detach() if isinstance(module, ReparameterizedConv2d) else torch.eye(entries)
        row |= {"group": str(G), "size": size, "method": name, "schedule": schedule}
        row["floor"] = floors.get(name, tasks.floor(torch.eye(entries)))
        row["cosine"] = float(subspaces.principal_angles(U, tasks.U).cos().min()) if U.shape[1] == 27 else None
        row["parameters"] = sum(p.numel() for p in module.parameters()) - sum(
            module.get_parameter(n).numel() for n in names
        )
        yield row, U


# 2. a share without symmetry
def partial(share: float, rest: str) -> Iterator[Row]:
    """Four layers, closed-form inner loop: 20 numbers to 18, 4 examples a task, the rest local or free."""
    n, whole = 20, translation(n=20, support=4)
    patterns = {"local": locally_connected(n), "free": fully_connected(n)}
    tasks = partially_symmetric(whole, share, patterns[rest])
    truth = indicators(convolution(n)).to_dense()
    layers = {
        "MSR, k = 3": ReparameterizedLinear(n, n - 2, 3, seed(0)),
        "MSR, k = 60": ReparameterizedLinear(n, n - 2, 60, seed(0)),
        "convolution": ReparameterizedLinear.fixed(indicators(convolution(n)), (n - 2, n)),
        "locally connected": ReparameterizedLinear.fixed(indicators(locally_connected(n)), (n - 2, n)),
    }
    for name, layer in layers.items():
        row = trained(layer, tasks, LeastSquares(1.0), 600, 1e-2)
        row |= {"share": share, "rest": rest, "method": name}
        U = layer.U.detach().to_dense()
        row["angle"] = float(subspaces.principal_angles(top(layer, tasks), truth).max()) if U.shape[1] <= 60 else None
        yield row


def top(layer: ReparameterizedLinear, tasks: LinearTasks, count: int = 3) -> Tensor:
    """The `count` leading directions of the weights that 2000 tasks arrive at, columns (n_out·n_in, count)."""
    episodes = tasks(2000, seed(5))
    with torch.no_grad():
        W = layer.weight(LeastSquares(1.0)(layer, episodes.x_support, episodes.y_support)).flatten(1)
    return torch.linalg.svd(W.double(), full_matrices=False).Vh[:count].T


# 3. no symmetry
def without_symmetry(dim: int, n: int = 8) -> Row:
    """MSR with k = dim on weights of a random subspace; what `recover` says of the U it learned."""
    tasks = no_symmetry(n, n, dim, generator=seed(dim))
    layer = ReparameterizedLinear(n, n, dim, seed(0))
    inner = LeastSquares(1e-2)
    row = trained(layer, tasks, inner, 600, 1e-2)
    episodes = tasks(2000, seed(5))
    v = inner(layer, episodes.x_support, episodes.y_support).detach()
    found = recover(layer.U.detach(), (n, n), v)
    row |= {"dim": dim, "rank": found.rank, "commutant": found.is_commutant, "verdict": str(found)}
    row["angle"] = float(subspaces.principal_angles(layer.U.detach(), tasks.U).max())
    return row


# 4. depth
def two_layers() -> Iterator[Row]:
    """y = W₂ max(W₁ x, 0): linear models of any size stop at `floor`, two layers do not."""
    tasks, ridge = two_convolutions(generator=seed(0)), 1e-2
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(16, 16, bias=False), nn.ReLU(), nn.Linear(16, 12, bias=False))
    x, y = (torch.cat(parts, 1) for parts in (tasks(4000, seed(1))[::2], tasks(4000, seed(1))[1::2]))
    moments = torch.linalg.svd((y.mT @ x / x.shape[1]).flatten(1), full_matrices=False).Vh
    models = {
        "moments + SVD, k = 3": ReparameterizedLinear.fixed(moments[:3].T.contiguous(), (12, 16)),
        "MSR, one layer, k = 3": ReparameterizedLinear(16, 12, 3, seed(0)),
        "MSR, one layer, k = 9": ReparameterizedLinear(16, 12, 9, seed(0)),
        "ANIL, two layers": Adapted(
            nn.Sequential(nn.Linear(16, 16, bias=False), nn.ReLU(), nn.Linear(16, 12, bias=False)), "2.weight"
        ),
        "MSR, two layers, k = 3": Adapted(reparameterize(net, {"2.weight": 3}, seed(0)), *filters(net)),
    }
    for name, model in models.items():
        row = trained(model, tasks, LeastSquares(ridge), 600, 1e-2, test=2000)
        yield row | {"method": name, "floor": tasks.linear_floor}


# 5. what was learned
def reversed_rows() -> Iterator[Row]:
    """A U that learned shifts (rank 1), frozen, on its own tasks and on those whose outputs come in reverse order."""
    tasks, model, inner = translation(), ReparameterizedLinear(70, 68, 3, seed(0)), GradientSteps(1)
    row = trained(model, tasks, inner, 1000, 1e-2)
    yield row | {"method": "MSR, k = 3, its own tasks"}
    still = ReparameterizedLinear.fixed(model.U.detach(), (68, 70))
    yield trained(still, reversed_outputs(tasks), inner, 200, 1e-2) | {"method": "that U frozen, outputs reversed"}


def figures(row: Row) -> str:
    return f"{row['loss']:8.4f} ± {row['interval']:.4f}"


def main() -> None:
    torch.set_num_threads(1)
    header = "group images start method shared test floor ratio toMAML cosine".split()
    print("{:12} {:>6} {:10} {:22} {:>7} {:>17} {:>7} {:>6} {:>7} {:>7}".format(*header))
    for table in GROUP_TABLES:
        maml = 0.0
        for row, _ in group_convolutions(*table):
            maml = maml or row["loss"]
            cosine = "–" if row["cosine"] is None else f"{row['cosine']:.4f}"
            print(
                f"{row['group']:12} {row['size']:6} {row['schedule']:10} {row['method']:22} {row['parameters']:7} "
                f"{figures(row)} {row['floor']:7.4f} {row['loss'] / row['floor']:6.3f} {row['loss'] / maml:7.3f} "
                f"{cosine:>7}",
                flush=True,
            )
    print(f"\n{'share without symmetry':24} {'rest':6} {'method':22} {'test MSE':>17} {'angle to convolutions':>22}")
    for share, rest in SHARES:
        for row in partial(share, rest):
            angle = "–" if row["angle"] is None else f"{row['angle']:.3f}"
            print(f"{share:24} {rest:6} {row['method']:22} {figures(row)} {angle:>22}", flush=True)
    print(f"\n{'no symmetry, dim':24} {'test MSE':>17} {'rank':>5} {'angle':>6}  verdict")
    for dim in (4, 16, 64):
        row = without_symmetry(dim)
        print(f"{dim:24} {figures(row)} {row['rank']:5} {row['angle']:6.3f}  {row['verdict']}", flush=True)
    print(f"\n{'two layers':24} {'test MSE':>17} {'best linear':>11}")
    for row in two_layers():
        print(f"{row['method']:24} {figures(row)} {row['floor']:11.4f}", flush=True)
    print(f"\n{'shifts, rank 1':32} {'test MSE':>17}")
    for row in reversed_rows():
        print(f"{row['method']:32} {figures(row)}", flush=True)


if __name__ == "__main__":
    main()
