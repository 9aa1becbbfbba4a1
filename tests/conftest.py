"""What every test shares: one thread, pictures drawn off screen, and a marker that says which kind of test failed."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the kernels that the notebooks run in

import hypothesis
import matplotlib
import matplotlib.font_manager  # noqa: F401  builds the font cache here, and not on the stderr of a notebook
import pytest
import torch

hypothesis.settings.register_profile("eqkit", derandomize=True, deadline=None)  # the same examples in every run
hypothesis.settings.load_profile("eqkit")
matplotlib.use("Agg")
torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(kind(item.path))


def kind(path: Path) -> pytest.MarkDecorator:
    if path.suffix == ".ipynb":
        return pytest.mark.notebook
    if path.name == "test_solutions.py":
        return pytest.mark.solution
    return pytest.mark.browser if "browser" in path.parent.parts[-1:] else pytest.mark.unit
