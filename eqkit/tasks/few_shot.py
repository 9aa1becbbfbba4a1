"""Five ways to learn to classify from a few images, on one small network: MAML, wide MAML, ANIL, prototypes and MSR."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import nn

from eqkit.meta_learning import Adapted, GradientSteps, Prototypes
from eqkit.subspaces import require_generator, require_integer
from eqkit.symmetry_matrices import filters, reparameterize
from eqkit.tasks import data_file

METHODS = ("MAML", "MAML, wide", "ANIL", "prototypes", "MSR")
CHANNELS, WIDE = 32, 48  # MAML, wide learns about as many numbers as MSR


def network(way: int, channels: int = CHANNELS, generator: torch.Generator | None = None) -> nn.Sequential:
    """Images (examples, 1, 28, 28) -> (examples, way): pixels in fours, three convolutions of stride 2, a linear layer.

    Batch normalisation takes the examples of one task together, support and query apart, and has nothing to learn, so
    the weights of the four layers and the last bias are all there is. Initialised as torch does, from the generator.
    """
    require_integer("network: way, the classes,", way, 2)
    require_integer("network: channels", channels)
    require_generator("network", generator)
    layers: list[nn.Module] = [nn.AvgPool2d(2)]
    for c_in in (1, channels, channels):
        conv = nn.utils.skip_init(nn.Conv2d, c_in, channels, 3, stride=2, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(channels, affine=False, track_running_stats=False), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.utils.skip_init(nn.Linear, 4 * channels, way))
    for p in net.parameters():
        if p.ndim > 1:
            nn.init.kaiming_uniform_(p, math.sqrt(5), generator=generator)
        else:
            nn.init.zeros_(p)
    return net


def learner(method: str, way: int, generator: torch.Generator | None = None) -> tuple[Adapted, nn.Module]:
    """The model and the inner solver of one of METHODS, for `meta_learn` and `evaluate` with loss=cross_entropy.

    MAML adapts all weights, ANIL the last layer, prototypes put the class means there, and MSR adapts the filters v of
    layers W = mat(U v) with U = A ⊗ B ⊗ C, which starts as E: untrained it is MAML.
    """
    if method not in METHODS:
        raise ValueError(f"learner({method!r}): choose one of {METHODS}")
    net = network(way, WIDE if method == "MAML, wide" else CHANNELS, generator)
    head = f"{len(net) - 1}.*"
    steps = partial(GradientSteps, 1, 0.4)
    if method == "MSR":
        reparameterize(net)
        return Adapted(net, *filters(net)), steps()
    if method == "prototypes":
        return Adapted(net, head), Prototypes()
    return Adapted(net, *([head] if method == "ANIL" else [])), steps()


def recorded(method: str = "MSR") -> tuple[Adapted, nn.Module]:
    """MAML or MSR as data/make/few_shot_runs.py left it at 5-way 1-shot: the model and the inner solver, to go on with.

    ValueError: another method, which was not kept.
    """
    model, inner = learner(method, 5)
    own = dict(model.named_parameters()) | dict(inner.named_parameters())
    with np.load(data_file("recorded_runs/few_shot_networks.npz")) as file:
        if f"{method}/rate" not in file:
            raise ValueError(f"recorded({method!r}): the networks that were kept are MAML and MSR")
        for name, p in own.items():
            p.data = torch.from_numpy(file[f"{method}/{name}"])
    return model, inner
