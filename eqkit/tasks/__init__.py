"""Families of tasks, and readers of what lies in data/. Tasks are callables: tasks(count, generator) -> Episodes."""

from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"


def data_file(name: str) -> Path:
    """The path of a file in data/, such as "digits.npz"; FileNotFoundError with the cure if it is not there."""
    path = DATA / name
    if not path.exists():
        raise FileNotFoundError(
            f"data/{name} is missing; data/ lies beside the package, so install eqkit from a checkout: "
            "pip install -e . (data/README.md says how to make each file again)"
        )
    return path
