"""A recurrent network whose memory is turned and never stretched, and an LSTM of the same form to compare it with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from eqkit.subspaces import require_integer
from eqkit.unitary.modules import OrthogonalMatrix


class SequenceTask(Protocol):
    """What `train` asks of a task: a call gives x (count, time, inputs) and y, `loss` compares y with the outputs."""

    def __call__(self, count: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]: ...

    def loss(self, output: Tensor, y: Tensor) -> Tensor: ...


class OrthogonalRNN(nn.Module):
    """h_t = modReLU(M h_{t−1} + W x_t), y_t = V h_t + c with M orthogonal: x (count, time, in) -> (count, time, out).

    modReLU(z) = sign(z) max(|z| + b, 0) (Arjovsky, Shah & Bengio 2016). At the start b = 0, so that the network is
    linear and ‖∂h_T/∂h_t‖ = 1 for every T: no gradient vanishes or explodes. M = e^A starts with turns of pairs of
    coordinates by angles uniform in [−π, π] (Henaff, Szlam & LeCun 2016); h₀ = 0.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        require_integer("OrthogonalRNN: inputs", inputs)
        require_integer("OrthogonalRNN: outputs", outputs)
        if not isinstance(hidden, int) or hidden < 2 or hidden % 2:
            raise ValueError(f"OrthogonalRNN(hidden={hidden!r}): the memory turns in planes; take an even number ≥ 2")
        angles = torch.pi * (2 * torch.rand(hidden // 2, generator=generator, dtype=torch.float64) - 1)
        turns = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], -1).reshape(-1, 2, 2)
        self.memory = OrthogonalMatrix(hidden, start=torch.block_diag(*turns))
        self.write = nn.Linear(inputs, hidden, bias=False)
        self.read = nn.Linear(hidden, outputs)
        self.threshold = nn.Parameter(torch.zeros(hidden))
        _uniform(self.write, inputs, generator)
        _uniform(self.read, hidden, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs at every time."""
        _refuse_no_sequences(x, self.write.in_features)
        M, h, states = self.memory.matrix, x.new_zeros(len(x), self.memory.n), []
        for written in self.write(x).unbind(1):
            z = torch.addmm(written, h, M.mT)
            h = z.sign() * torch.relu(z.abs() + self.threshold)
            states.append(h)
        return self.read(torch.stack(states, 1))


class LSTM(nn.Module):
    """torch's LSTM with a linear read-out: x (count, time, in) -> (count, time, out). Forget biases start at 1.

    (Jozefowicz, Zaremba & Sutskever 2015: without that it forgets before it can learn to remember.)
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        for name, value in (("inputs", inputs), ("hidden", hidden), ("outputs", outputs)):
            require_integer(f"LSTM: {name}", value)
        self.memory = nn.LSTM(inputs, hidden, batch_first=True)
        self.read = nn.Linear(hidden, outputs)
        _uniform(self.memory, hidden, generator)
        _uniform(self.read, hidden, generator)
        biases, forget = dict(self.memory.named_parameters()), slice(hidden, 2 * hidden)
        with torch.no_grad():
            biases["bias_ih_l0"][forget], biases["bias_hh_l0"][forget] = 1.0, 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Outputs at every time."""
        _refuse_no_sequences(x, self.memory.input_size)
        return self.read(self.memory(x)[0])


def _refuse_no_sequences(x: Tensor, inputs: int) -> None:
    shape = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
    if not isinstance(x, Tensor) or x.ndim != 3 or x.shape[2] != inputs or x.shape[1] == 0:
        raise ValueError(f"x is {shape}; sequences are (count, time, {inputs}), one or more times")


@torch.no_grad()
def _uniform(module: nn.Module, fan: int, generator: torch.Generator | None) -> None:
    for p in module.parameters():
        nn.init.uniform_(p, -1 / math.sqrt(fan), 1 / math.sqrt(fan), generator=generator)


class Progress(NamedTuple):
    """After `step` steps: the loss on the fresh batch met there."""

    step: int
    loss: float


def train(
    network: OrthogonalRNN | LSTM,
    task: SequenceTask,
    *,
    steps: int = 500,
    learning_rate: float = 1e-2,
    batch: int = 32,
    generator: torch.Generator | None = None,
) -> Iterator[Progress]:
    """Adam on fresh batches, one Progress a step; gradients are clipped to norm 1, and the rate is constant.

    The orthogonal matrix learns at a tenth of the rate, as is usual. ArithmeticError when the loss is not finite.
    """
    if not isinstance(network, nn.Module) or not callable(task):
        raise TypeError(f"train({network!r}, {task!r}): give a network and a task, such as tasks.memory.Copy(50)")
    require_integer("train: steps", steps)
    require_integer("train: batch", batch)
    if not learning_rate > 0:
        raise ValueError(f"train: learning_rate = {learning_rate} must be positive")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    slow = list(network.memory.parameters()) if isinstance(network, OrthogonalRNN) else []
    fast = [p for p in network.parameters() if all(p is not q for q in slow)]
    rates: list[dict[str, Any]] = [{"params": fast, "lr": learning_rate}, {"params": slow, "lr": learning_rate / 10}]
    optimizer = torch.optim.Adam([group for group in rates if group["params"]])
    for step in range(steps + 1):
        x, y = task(batch, generator)
        loss = task.loss(network(x), y)
        if not torch.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss.item()} at step {step}; use a smaller learning rate")
        yield Progress(step, loss.item())
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
