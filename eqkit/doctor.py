"""Is this environment fit for the book? `python -m eqkit.doctor` looks, and says the cure for what it finds."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FRONT_ENDS = {"anywidget": "anywidget", "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets"}  # folder: package
INSTALL = "python -m pip install -r requirements.txt"


class Check(NamedTuple):
    """One line of the table: what was looked at, what was found, and the cure if it is bad."""

    name: str
    found: str
    cure: str = ""


def greet() -> None:
    """The first cell of each notebook: one friendly line, and one thread, so that every computer prints the same."""
    torch.set_num_threads(1)
    ill = [check for check in (*front_ends(), *packages(_bounds())) if check.cure]
    if ill:
        print(f"eqkit: {ill[0].name}: {ill[0].found}. Cure: {ill[0].cure}. More: python -m eqkit.doctor")
    else:
        print("eqkit is ready. Press Shift+Enter to run a cell, and change whatever you like.")


def examine() -> list[Check]:
    """Every check, in the order in which things go wrong."""
    return [python(), *packages(_pins()), kernel(), *front_ends(), browser(), threads(), memory()]


def python() -> Check:
    """The version of Python that pyproject.toml asks for."""
    wanted = _project()["requires-python"]
    well = Requirement(f"python{wanted}").specifier.contains(platform.python_version(), prereleases=True)
    return Check("Python", platform.python_version(), "" if well else f"make the environment with Python {wanted}")


def packages(requirements: list[Requirement]) -> Iterator[Check]:
    """Is each requirement for this system installed, in a version that it allows?"""
    for requirement in requirements:
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Check(requirement.name, "missing", INSTALL)
            continue
        well = requirement.specifier.contains(version, prereleases=True)
        yield Check(
            requirement.name, version if well else f"{version}, not {requirement.specifier}", "" if well else INSTALL
        )


def kernel() -> Check:
    """Notebooks must run in this environment: a kernel registered elsewhere cannot import eqkit."""
    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Check("kernel", "missing", INSTALL)
    here = re.fullmatch(r"python[\d.]*", program) or Path(program).parent == Path(sys.executable).parent
    cure = "jupyter kernelspec remove python3, then " + INSTALL
    return Check("kernel", "this environment's" if here else program, "" if here else cure)


def front_ends() -> Iterator[Check]:
    """The browser's half of the widgets, which lives beside the packages and not in them."""
    for folder, package in FRONT_ENDS.items():
        installed = (Path(sys.prefix) / "share" / "jupyter" / "labextensions" / folder / "package.json").exists()
        cure = f"python -m pip install --force-reinstall {package}, then reload the browser page"
        yield Check(f"widgets: {package}", "installed" if installed else "missing", "" if installed else cure)


def browser() -> Check:
    """Chromium, for the browser tests only."""
    cure = (
        "apt install chromium, or set EQKIT_CHROMIUM to a Chromium or Chrome; without it the browser tests are skipped"
    )
    found = chromium()
    return Check("Chromium", "found" if found else "not found", "" if found else cure)


def chromium() -> str | None:
    """The Chromium of the browser tests: EQKIT_CHROMIUM, or the first on the PATH."""
    named = os.environ.get("EQKIT_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


def threads() -> Check:
    """For information: many threads make small matrices slower, and sums round differently."""
    return Check("threads", f"{torch.get_num_threads()} of {os.cpu_count()} processors; a notebook uses 1")


def memory() -> Check:
    """Memory that is free now."""
    free = psutil.virtual_memory().available / 2**30
    return Check("memory", f"{free:.1f} GiB free", "" if free >= 2 else "close other programs: the book needs 2 GiB")


def _pins() -> list[Requirement]:
    """The exact versions of requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def _bounds() -> list[Requirement]:
    """The lower bounds of pyproject.toml."""
    return [Requirement(text) for text in _project()["dependencies"]]


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def main() -> int:
    """Print the table; the exit status is 1 if something is to be mended."""
    checks = examine()
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{'!' if check.cure else '·'} {check.name:<{width}}  {check.found}")
        if check.cure:
            print(f"  {'':<{width}}  cure: {check.cure}")
    ill = sum(bool(check.cure) for check in checks)
    print(f"\n{ill} thing{'s' * (ill > 1)} to mend." if ill else "\nAll is well.")
    return 1 if ill else 0


if __name__ == "__main__":
    sys.exit(main())
