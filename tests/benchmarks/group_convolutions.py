"""Group convolutions: their time beside plain ones, and digits in every position from few samples; two tables.

    python tests/benchmarks/group_convolutions.py            # both
    python tests/benchmarks/group_convolutions.py times      # the first alone, 20 seconds

Times: one layer regular → regular against nn.Conv2d of the same width (channels), float32, batch 64, one thread, median
of runs in turn; gathering the weight from its labels is part of the forward pass.
Digits: accuracy on 797 digits never seen, mean ± standard error over three seeds (of the split, the turns and the
weights); each net has three convolutions and two pools, is trained for 400 steps of Adam at 3e-3 with cosine decay on
batches of ≤ 64, and was tuned no further. Twice as wide, the C4 net has the parameters of the plain one of its width.
About 8 minutes.
"""

import functools
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from eqkit import groups
from eqkit.networks import GroupConv2d, MaxPool2d
from eqkit.tasks.rotated_digits import ANGLES, Split, rotated_digits, turned

SAMPLES = (50, 100, 200, 500, 1000)
SEEDS, STEPS, RATE, BATCH = 3, 400, 3e-3, 64


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


# times
def medians(jobs: list[Callable[[], object]], runs: int) -> list[float]:
    """Milliseconds of each job, run in turn so that a busy machine slows all of them."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs + 1):
        for job, found in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            found.append(time.perf_counter() - start)
    return [1e3 * statistics.median(found[1:]) for found in times]


def layer_times(G: groups.MatrixGroup, size: int, channels: int, kernel: int) -> None:
    V = channels // G.order * G.regular
    plain = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
    ours = GroupConv2d(V, V, kernel)
    x = torch.randn(64, channels, size, size, generator=seeded(0)).requires_grad_()
    runs = 60 if size < 16 else 12

    @torch.no_grad()
    def forward(layer: nn.Module) -> None:
        layer(x)

    def both(layer: nn.Module) -> None:
        layer(x).sum().backward()

    a, b, gather = medians([lambda: forward(plain), lambda: forward(ours), lambda: ours.weight], runs)
    c, d = medians([lambda: both(plain), lambda: both(ours)], runs)
    print(
        f"{str(G):11} {size:4}² {channels:8} {kernel:5}² {parameters(plain):8,} {parameters(ours):8,} "
        f"{a:8.2f} {b:8.2f} {b / a:6.2f} {gather:7.3f} {c:8.2f} {d:8.2f} {d / c:6.2f}",
        flush=True,
    )


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


# networks: invariant, or not, by what their convolutions share
def equivariant(pools: int, fields: int = 8) -> nn.Module:
    """1 → 8·regular → 8·regular → 64·1: exactly invariant under quarter turns, 32, 32 and 64 channels wide."""
    G = groups.C.plane(4)
    V = fields * G.regular
    layers = GroupConv2d(G.trivial, V, 3), GroupConv2d(V, V, 3), GroupConv2d(V, 8 * fields * G.trivial, 3)
    return assembled(layers, lambda: MaxPool2d(V, 2), pools, 8 * fields)


def plain(pools: int, channels: int = 32) -> nn.Module:
    """The same net with plain convolutions."""
    widths = [1, channels, channels, 2 * channels]
    layers = [nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:], strict=False)]
    return assembled(layers, lambda: nn.MaxPool2d(2), pools, widths[-1])


def assembled(layers: Sequence[nn.Module], pool: Callable[[], nn.Module], pools: int, width: int) -> nn.Module:
    first, second, third = layers
    early = [pool()] if pools == 2 else []
    trunk = first, nn.ReLU(), *early, second, nn.ReLU(), pool(), third, nn.ReLU()
    return nn.Sequential(*trunk, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def augmented(x: Tensor, angles: str, generator: torch.Generator) -> Tensor:
    """Every image turned once more, as the task turns it."""
    turns = torch.rand(len(x), generator=generator)
    if angles == "any angle":
        return turned(x, 2 * math.pi * turns)
    quarters = torch.stack([x.rot90(k, (-2, -1)) for k in range(4)], 1)
    return quarters[torch.arange(len(x)), (4 * turns).long()]


def accuracy(make: Callable[[], nn.Module], split: Split, augment: str | None, seed: int) -> float:
    torch.manual_seed(seed)
    net, generator = make(), seeded(seed)
    scale = split.x_train.std()
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        batch = torch.randperm(len(split.x_train), generator=generator)[:BATCH]
        x = split.x_train[batch]
        x = augmented(x, augment, generator) if augment else x
        loss = nn.functional.cross_entropy(net(x / scale), split.y_train[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return float((net(split.x_test / scale).argmax(1) == split.y_test).double().mean())


def nets_for(angles: str) -> dict[str, tuple[Callable[[], nn.Module], bool]]:
    """name: (how to make the net, is it trained with augmentation)"""
    pools = 2 if angles == "any angle" else 1
    nets: dict[str, tuple[Callable[[], nn.Module], bool]] = {
        "C4": (functools.partial(equivariant, pools), False),
        "C4, twice as wide": (functools.partial(equivariant, pools, 16), False),
        "plain, equal width": (functools.partial(plain, pools), False),
        "plain, equal parameters": (functools.partial(plain, pools, 16), False),
        "plain, equal width, augmented": (functools.partial(plain, pools), True),
    }
    if angles == "any angle":  # the C4 net is invariant under quarter turns, so there they would teach it nothing
        nets["C4, augmented"] = nets["C4"][0], True
    return nets


def digits(angles: str) -> None:
    print(f"\n{f'{angles}: accuracy, %':30} {'numbers':>8}" + "".join(f"{n:>13}" for n in SAMPLES))
    for name, (make, augment) in nets_for(angles).items():
        print(f"{name:30} {parameters(make()):8,}", end="", flush=True)
        for n in SAMPLES:
            runs = [
                accuracy(make, rotated_digits(n, angles, generator=seeded(seed)), angles if augment else None, seed)
                for seed in range(SEEDS)
            ]
            error = statistics.stdev(runs) / SEEDS**0.5
            print(f"{100 * statistics.mean(runs):7.1f} ± {100 * error:3.1f}", end="", flush=True)
        print()


def main() -> None:
    torch.set_num_threads(1)
    columns = ("group", "grid", "channels", "kernel", "plain", "shared", "plain ms", "ours ms", "ratio", "gather")
    print(f"{'':32} {'parameters':>17} {'forward':>17} {'':14} {'forward and backward':>24}")
    print("{:11} {:>5} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8} {:>6} {:>7}".format(*columns), end=" ")
    print(f"{'plain ms':>8} {'ours ms':>8} {'ratio':>6}")
    for G in (groups.C.plane(4), groups.D.plane(4)):
        for size, channels, kernel in ((8, 32, 3), (8, 64, 3), (28, 32, 3), (28, 32, 5), (28, 64, 5)):
            layer_times(G, size, channels, kernel)
    if sys.argv[1:] != ["times"]:
        for angles in ANGLES:
            digits(angles)


if __name__ == "__main__":
    main()
