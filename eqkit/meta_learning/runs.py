"""Snapshots of a run, and runs as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor


class Snapshot(NamedTuple):
    """What was shared after `step` outer steps, as detached clones by name, and its loss on the fresh batch met there.

    `floor` is the loss of the ideal U if the caller of meta_learn knew it, else NaN.
    """

    step: int
    loss: float
    floor: float
    parameters: dict[str, Tensor]

    @property
    def U(self) -> Tensor:
        """The symmetry matrix (out·in, k) at this step, of a layer that learns one."""
        return self.parameters["U"]


def save_run(path: str | Path, snapshots: list[Snapshot], **more: Any) -> None:
    """Snapshots as npz: step, loss, floor and every parameter, stacked; `more` arrays go into the same file."""
    if not snapshots:
        raise ValueError("save_run: there is no snapshot yet; take at least one step")
    arrays: dict[str, Any] = {name: [getattr(s, name) for s in snapshots] for name in ("step", "loss", "floor")}
    for name in snapshots[0].parameters:
        arrays[f"parameters/{name}"] = torch.stack([s.parameters[name] for s in snapshots]).numpy()
    part = Path(f"{path}.part")  # an interrupt while writing leaves the file of before
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays, **more)
    part.replace(path)


def open_run(path: str | Path) -> Any:
    """The file of a run, to read from; ValueError for other files."""
    try:
        file = np.load(path)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no recorded run; give a file that save_run or MetaLearning.save wrote") from error
    if not {"step", "loss", "floor"} <= set(getattr(file, "files", ())):
        raise ValueError(f"{path} is no recorded run; give a file that save_run or MetaLearning.save wrote")
    return file


def load_run(path: str | Path) -> list[Snapshot]:
    """The snapshots of a recorded run."""
    with open_run(path) as file:
        parameters = {
            key.removeprefix("parameters/"): torch.from_numpy(file[key])
            for key in file
            if key.startswith("parameters/")
        }
        columns = zip(file["step"].tolist(), file["loss"].tolist(), file["floor"].tolist(), strict=True)
        return [
            Snapshot(*column, {name: values[i] for name, values in parameters.items()})
            for i, column in enumerate(columns)
        ]
