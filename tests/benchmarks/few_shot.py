"""Where MSR wins on augmented queries: U in all layers, in some of them, with few columns, and in none.

    python tests/benchmarks/few_shot.py            # 5-way 1-shot, 1500 outer steps of 4 tasks, 9 minutes of one core

Each row is trained twice, on episodes with augmented queries and on others without, and scored on 1000 meta-test
episodes of the same kind. Columns: how many numbers adapt · accuracy in %, augmented and plain · `head`: the first, if
at the test nothing adapts but the last layer · `separation` of what that layer sees, augmented: the variance between
characters over the variance within, and again in the metric of U.

The last layer sees features f. One inner step changes its answer to a query by α Σ (target − answer) ⟨Bᵀf, Bᵀf_query⟩
over the support, with U = A ⊗ B and A near E: the factor B (features, k) says which features count.
"""

import argparse
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import torch
from torch import Tensor, nn

from eqkit.meta_learning import Adapted, GradientSteps, accuracy, cross_entropy, evaluate, meta_learn
from eqkit.symmetry_matrices import matrices, reparameterize
from eqkit.tasks.few_shot import network
from eqkit.tasks.glyphs import Augment, FewShot, load_glyphs

HEAD, CONVOLUTIONS = "11.*", {f"{i}.weight": None for i in (1, 4, 7)}
# name: where U is and with how many columns; what adapts; rates
ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "MAML": ({}, "*", "one"),
    "MAML, a rate each": ({}, "*", "each"),
    "MSR": (CONVOLUTIONS | {"11.weight": None, "11.bias": None}, "*", "one"),
    "MSR, convolutions alone": (CONVOLUTIONS, "*", "one"),
    "MSR, last layer alone": ({"11.weight": None}, "*", "one"),
    "ANIL": ({}, HEAD, "one"),
    "MSR, last layer, 8 columns": ({"11.weight": (5, 8)}, HEAD, "one"),
}


def seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def made(where: dict[str, Any], adapts: str) -> Adapted:
    """The network with U in the weights `where`, of which what matches `adapts` adapts, and U never."""
    net = network(5, generator=seed(0))
    if where:
        reparameterize(net, where, seed(3))
    return Adapted(net, *free(net, adapts))


def free(net: nn.Module, pattern: str) -> list[str]:
    """The parameters that match, without those of U."""
    return [name for name, _ in net.named_parameters() if fnmatch(name, pattern) and ".factors." not in name]


@torch.no_grad()
def separation(net: nn.Sequential, images: Tensor, metric: Tensor) -> float:
    """Variance between 60 characters over the variance within, of augmented images' features times the metric."""
    chosen = torch.randperm(len(images), generator=seed(5))[:60]
    x = images[chosen, :6].flatten(0, 1).unsqueeze(1).float() / 255
    f = (net[:-1](Augment()(x, seed(5))) @ metric).unflatten(0, (60, 6))
    return float(f.mean(1).var(0).sum() / f.var(1).sum(1).mean())


def rows(steps: int) -> Iterator[dict[str, Any]]:
    """The rows of the table, as they are done."""
    train, test = (load_glyphs(part).images for part in ("meta-train", "meta-test"))
    for name, (where, adapts, rates) in ROWS.items():
        row: dict[str, Any] = {"method": name}
        for kind, augment in (("plain", None), ("augmented", Augment())):
            model, inner = made(where, adapts), GradientSteps(1, 0.4, rates=rates)
            options = {"learning_rate": 5e-3, "cosine_decay": True, "snapshots": 2, "loss": cross_entropy}
            tasks, fresh = (FewShot(images, 5, 1, 5, augment) for images in (train, test))
            list(meta_learn(model, tasks, inner, steps=steps, batch=4, generator=seed(1), **options))
            row[kind] = score(model, fresh, inner)
        net = model.module
        if rates == "one":
            row["head"] = score(Adapted(net, *free(net, HEAD)), fresh, inner)
        B = matrices(net)["11.weight"].factors[1].detach() if "11.weight" in where else None
        metrics = [torch.eye(128)] + ([] if B is None else [B])
        row["separation"] = [round(separation(net, test, metric), 2) for metric in metrics]
        yield row | {"adapted": len(model.v)}


def score(model: Adapted, fresh: FewShot, inner: nn.Module) -> list[float]:
    """Mean accuracy in %, and its 95 % interval."""
    scores = evaluate(model, fresh, inner, 1000, seed(2), 50, loss=cross_entropy, score=accuracy)
    return [round(float(100 * scores.mean()), 1), round(float(196 * scores.std() / 1000**0.5), 1)]


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1500)
    print(f"{'method':27} {'adapt':>6} {'augmented':>12} {'plain':>12} {'head':>12}  separation")
    for row in rows(parser.parse_args().steps):
        kinds = ("augmented", "plain", "head")
        cells = " ".join("{:>6} ± {:3}".format(*row[kind]) if kind in row else f"{'–':>12}" for kind in kinds)
        print(f"{row['method']:27} {row['adapted']:6} {cells}  {' → '.join(map(str, row['separation']))}", flush=True)


if __name__ == "__main__":
    main()
