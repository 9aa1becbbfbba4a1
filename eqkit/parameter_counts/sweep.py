"""A sweep over the cells of a table: in parallel by joblib, written down cell by cell, resumed where it stopped."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import joblib

Cell = dict[str, Any]


class Progress(NamedTuple):
    """One more cell is done: `result` = run(**cell, **settings); `done` of `total` are in the file now."""

    done: int
    total: int
    cell: Cell
    result: Any


def sweep(
    run: Callable[..., Any],
    cells: Sequence[Cell],
    path: str | Path,
    settings: Cell | None = None,
    jobs: int | None = -1,
) -> Iterator[Progress]:
    """run(**cell, **settings) for each cell that is not in the file yet, in any order, yielding as they come.

    Cells, settings and results are what JSON holds. Every result is a line of the file at once, so a sweep that is
    interrupted goes on where it stopped; a file of other settings is refused. It runs through joblib: `jobs` = −1 takes
    all cores, None what `joblib.parallel_config` says, whose backend is used in any case: dask or ray for a cluster.
    `run` is a function that workers can import or pickle.
    """
    path, settings = Path(path), json.loads(json.dumps(settings or {}))
    known = {_key(cell): result for cell, result in _open(path, settings)}
    if not all(isinstance(cell, dict) for cell in cells):
        raise TypeError("sweep: cells is a list of dictionaries, the arguments of run in each cell")
    wanted = {_key(cell): cell for cell in cells}
    done = sum(key in known for key in wanted)
    work = (joblib.delayed(_run)(run, cell, settings) for key, cell in wanted.items() if key not in known)
    results = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(work)
    with path.open("a", encoding="utf-8") as file:
        for cell, result in results:
            print(json.dumps({"cell": cell, "result": result}), file=file, flush=True)
            done += 1
            yield Progress(done, len(wanted), cell, result)


def results(path: str | Path) -> list[tuple[Cell, Any]]:
    """(cell, result) of each line of a sweep's file; a line that an interrupt cut off does not count."""
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[1:]
    try:
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        return [(row["cell"], row["result"]) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no file of a sweep, or a line of it is damaged; give another path") from error


def progress_bar(steps: Iterator[Progress], file: TextIO | None = None) -> None:
    """Run a sweep to its end with a bar on stderr: cells done, minutes left by the pace so far."""
    file, start, first = file or sys.stderr, time.monotonic(), None
    for step in steps:
        first = step.done - 1 if first is None else first
        left = (time.monotonic() - start) / (step.done - first) * (step.total - step.done)
        full = 30 * step.done // step.total
        bar = "█" * full + "·" * (30 - full)
        print(f"\r{bar} {step.done}/{step.total} cells, {left / 60:.1f} min left ", end="", file=file, flush=True)
    print(file=file)


def _run(run: Callable[..., Any], cell: Cell, settings: Cell) -> tuple[Cell, Any]:
    return cell, run(**cell, **settings)


def _key(cell: Cell) -> str:
    return json.dumps(cell, sort_keys=True)


def _open(path: Path, settings: Cell) -> list[tuple[Cell, Any]]:
    """What the file holds already; a new file gets its first line, and half a line at the end is cut off."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if not whole:
        path.write_text(json.dumps({"settings": settings}) + "\n", encoding="utf-8")
        return []
    try:
        held = dict(json.loads(whole.split("\n", 1)[0])["settings"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"sweep: {path} is no file of a sweep; give another path") from error
    if held != settings:
        changed = sorted(k for k in held.keys() | settings.keys() if held.get(k) != settings.get(k))
        there, here = ({k: s.get(k) for k in changed} for s in (held, settings))
        raise ValueError(
            f"sweep: {path} was begun with {there}, and this sweep has {here}; give another path, or delete the file"
        )
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return results(path)
