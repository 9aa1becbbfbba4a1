"""Batched meta-learning beside a loop over the tasks: the same outer steps, one row a network.

    python tests/benchmarks/per_task_loop.py

Both run in float32 on one thread, from the same parameters and on the same 32 tasks: 5-way 1-shot with 25 queries on
random images, vectors in the first rows. The loop is MAML as it is often written: for each task, `functional_call`,
`torch.autograd.grad` with create_graph, and the mean of the query losses backwards. Columns: CPU ms an outer step, loop
and batched · their ratio · largest difference of the meta-gradients, relative. Small layers wait for torch itself and
gain the most; large images wait for arithmetic, which no batching saves. About a minute.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from eqkit.meta_learning import (
    Adaptable,
    Adapted,
    Episodes,
    GradientSteps,
    cross_entropy,
    mean_squared_error,
    task_losses,
)
from eqkit.meta_learning.episodes import Loss
from eqkit.symmetry_matrices import ReparameterizedLinear, filters, reparameterize
from eqkit.tasks.translation import translation

TASKS, WAY, QUERIES, INNER, REPEATS = 32, 5, 25, GradientSteps(3, 0.1), 5


def conv_net(width: int, size: int) -> nn.Sequential:
    """Three convolutions of stride 2 for size × size images, batch normalisation, and a linear layer."""
    layers: list[nn.Module] = []
    for c_in in (1, width, width):
        norm = nn.BatchNorm2d(width, track_running_stats=False)
        layers += [nn.Conv2d(c_in, width, 3, stride=2, padding=1), norm, nn.ReLU()]
        size = (size + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * size**2, WAY))


def images(size: int) -> Episodes:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(TASKS, WAY + QUERIES, 1, size, size, generator=generator)
    y = (torch.arange(WAY + QUERIES) % WAY).expand(TASKS, -1)
    return Episodes(x[:, :WAY], y[:, :WAY], x[:, WAY:], y[:, WAY:])


def loop(module: nn.Module, names: list[str], episodes: Episodes, loss: Loss) -> Tensor:
    """The outer loss, one task at a time; `names` adapt."""
    start = {name: module.get_parameter(name) for name in names}
    total = torch.zeros(())
    for xs, ys, xq, yq in zip(*episodes, strict=True):
        moved: dict[str, Tensor] = dict(start)
        for _ in range(INNER.steps):
            value = loss(functional_call(module, moved, (xs,))[None], ys[None]).sum()
            gradients = torch.autograd.grad(value, list(moved.values()), create_graph=True)
            moved = {name: p - INNER.rate * g for (name, p), g in zip(moved.items(), gradients, strict=True)}
        total = total + loss(functional_call(module, moved, (xq,))[None], yq[None]).sum()
    return total / TASKS


def batched(model: Adaptable, episodes: Episodes, loss: Loss) -> Tensor:
    v = INNER(model, episodes.x_support, episodes.y_support, loss)
    return task_losses(model, v, episodes.x_query, episodes.y_query, loss).mean()


def measure(outer: Callable[[], Tensor], parameters: list[nn.Parameter]) -> tuple[float, Tensor]:
    """CPU ms of the outer loss and its gradient, the best of several, and the gradient as one vector."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        gradient = torch.autograd.grad(outer(), parameters)
        times.append(1e3 * (time.process_time() - start))
    return min(times), torch.cat([g.flatten() for g in gradient])


def row(name: str, model: nn.Module, module: nn.Module, names: list[str], episodes: Episodes, loss: Loss) -> None:
    slow, expected = measure(lambda: loop(module, names, episodes, loss), list(module.parameters()))
    fast, gradient = measure(lambda: batched(model, episodes, loss), list(module.parameters()))
    error = float((gradient - expected).abs().max() / expected.abs().max())
    print(f"{name:44} {slow:9.1f} {fast:9.1f} {slow / fast:7.1f} {error:10.0e}", flush=True)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"{'network':44} {'loop ms':>9} {'batch ms':>9} {'ratio':>7} {'difference':>10}")
    layer = ReparameterizedLinear(70, 68, 3, torch.Generator().manual_seed(0))
    row("MSR, dense U of one layer, 70 → 68", layer, layer, ["v"], translation()(TASKS, None), mean_squared_error)
    deep = nn.Sequential(nn.Linear(70, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 68))
    every = [name for name, _ in deep.named_parameters()]
    row("MAML, three dense layers", Adapted(deep), deep, every, translation()(TASKS, None), mean_squared_error)
    for width, size in ((8, 14), (32, 14), (32, 28)):
        net = conv_net(width, size)
        every = [name for name, _ in net.named_parameters()]
        title = f"{width} filters, {size} × {size} images"
        row(f"MAML, {title}", Adapted(net), net, every, images(size), cross_entropy)
        last = [name for name in every if name.startswith(f"{len(net) - 1}.")]
        row(f"ANIL, {title}", Adapted(net, *last), net, last, images(size), cross_entropy)
        reparameterize(net)
        row(f"MSR, {title}", Adapted(net, *filters(net)), net, filters(net), images(size), cross_entropy)


if __name__ == "__main__":
    main()
