"""Write data/recorded_runs/discovery.json for chapter 12: which symmetries networks on real data have learned.

python data/make/discovery_runs.py      # 2 minutes of one core

digits: a perceptron and a convolutional network on 1400 digits, accuracy on the other 397, and for each transformation
[amount, asymmetry of the outputs, share of changed decisions] on those 397. shapes: DeepSets on point clouds seen
upright or turned at random: its asymmetry under rotations about the axis, under all, and under z ↦ −z.
"""

import json
import math
from pathlib import Path

import torch
from torch import nn

from eqkit import discovery, groups
from eqkit.tasks import digits
from eqkit.tasks.shapes import NAMES, shapes

ROOT = Path(__file__).parents[2]
AMOUNTS = {
    "rotation": torch.linspace(-math.pi, math.pi, 25),
    "translation right": torch.arange(-3, 4) / 8,
    "translation down": torch.arange(-3, 4) / 8,
    "scaling": torch.linspace(-0.6, 0.6, 13),
    "shear": torch.linspace(-0.8, 0.8, 9),
    "flip left–right": torch.tensor([0.0, 1.0]),
    "flip up–down": torch.tensor([0.0, 1.0]),
}


def short(value: float) -> float:
    return float(f"{value:.4g}")


def train(network: nn.Module, batch, steps: int) -> nn.Module:
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        x, labels = batch()
        loss = nn.functional.cross_entropy(network(x), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval().requires_grad_(False)


def on_digits() -> dict:
    networks = {
        "perceptron": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)),
        "convolutional": lambda: nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(128, 10)),
    }  # fmt: skip
    generator, x, labels = torch.Generator().manual_seed(0), digits.images()[:, None], digits.labels()
    order = torch.randperm(len(x), generator=generator)
    x, labels, result = x[order], labels[order], {}

    def batch():
        chosen = torch.randint(1400, (64,), generator=generator)
        return x[chosen], labels[chosen]

    for name, make in networks.items():
        torch.manual_seed(0)
        network = train(make(), batch, 1500)
        accuracy = float((network(x[1400:]).argmax(1) == labels[1400:]).double().mean())
        tables = {}
        for transformation, amounts in AMOUNTS.items():
            rows = discovery.image_asymmetry(network, x[1400:], transformation, amounts)
            tables[transformation] = torch.cat([amounts[:, None].double(), rows], 1)
        told = {key: [[short(v) for v in row] for row in table.tolist()] for key, table in tables.items()}
        result[name] = {"accuracy": short(accuracy), **told}
    return result


class CloudNetwork(nn.Module):
    """DeepSets on points in space, which knows nothing of rotations: mean over the points of features of each."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.all = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, len(NAMES)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.all(self.each(x).mean(1))


def on_shapes() -> dict:
    z = torch.zeros(1, 3, 3, dtype=torch.float64)
    z[0, 0, 1], z[0, 1, 0] = -1, 1
    about_axis = groups.MatrixGroup(None, z, name="rotations about z")
    mirror = groups.MatrixGroup(torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))[None], name="z ↦ −z")
    result = {}
    for rotate in (False, True):
        generator = torch.Generator().manual_seed(0)
        torch.manual_seed(0)
        network = train(CloudNetwork(), lambda g=generator, r=rotate: shapes(64, rotate=r, generator=g), 2500)
        x, labels = shapes(500, rotate=rotate, generator=generator)
        row = {"accuracy": short(float((network(x).argmax(1) == labels).double().mean()))}
        for G in (about_axis, groups.SO(3), mirror):
            row[str(G)] = short(discovery.asymmetry_under(network, x, G, 64, torch.Generator().manual_seed(1)))
        result["turned at random" if rotate else "upright"] = row
    return result


def main() -> None:
    torch.set_num_threads(1)
    found = {"digits": on_digits(), "shapes": on_shapes()}
    file = ROOT / "data" / "recorded_runs" / "discovery.json"
    file.write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")
    for network, tables in found["digits"].items():
        print(network, {k: v if k == "accuracy" else v[-1] for k, v in tables.items()})
    print(found["shapes"])


if __name__ == "__main__":
    main()
