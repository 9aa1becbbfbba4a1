"""Build the book: notebooks/source/NN_name.py -> notebooks/NN_name.ipynb, executed, with stubs in place of solutions.

    python notebooks/build.py             # every chapter
    python notebooks/build.py 02 05       # some chapters
    python notebooks/build.py --check     # write nothing: does every notebook equal its source?

The source format is in CONTRIBUTING.md, under "Writing a chapter".
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from eqkit.views import style

FOLDER = Path(__file__).resolve().parent
ROLES = ("exercise", "hint", "stub", "check", "solution", "mistake")  # the parts of an exercise, in this order
LARGEST = 700_000  # bytes of a notebook
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # without a kernel it shows nothing, and its id is random
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}


@dataclass
class Exercise:
    """One exercise of a source: its text, two hints, and code: stub, check, solution, a typical mistake."""

    name: str
    text: str = ""
    hints: list[str] = field(default_factory=list)
    stub: str = ""
    check: str = ""
    solution: list[NotebookNode] = field(default_factory=list)  # code, with markdown where it explains
    mistake: str = ""

    @property
    def solution_code(self) -> str:
        return "\n".join(cell.source for cell in self.solution if cell.cell_type == "code")

    def add(self, role: str, cell: NotebookNode) -> None:
        match role:
            case "hint":
                self.hints.append(cell.source)
            case "solution":
                self.solution.append(cell)
            case "exercise":
                self.text = cell.source
            case _:
                setattr(self, role, cell.source)

    def fault(self) -> str | None:
        if len(self.hints) != 2:
            return f"{len(self.hints)} hints; give two"
        missing = [role for role in ("text", "stub", "check", "solution_code", "mistake") if not getattr(self, role)]
        return f"no {', '.join(missing)}" if missing else None


def read(source: Path) -> list[NotebookNode | Exercise]:
    """The cells of a source in order, the cells of each exercise gathered into one."""
    parts: list[NotebookNode | Exercise] = []
    stage = 0
    for number, cell in enumerate(jupytext.read(source, fmt="py:percent").cells, start=1):
        if cell.cell_type == "code":
            _assert_plain_python(cell.source, f"{source.name}, cell {number}")
        roles = [role for role in ROLES if role in cell.metadata]
        if not roles:
            parts.append(cell)
            continue
        role, name = roles[0], cell.metadata[roles[0]]
        if role == "exercise":
            parts.append(Exercise(name))
            stage = 0
        if len(roles) > 1 or not isinstance(parts[-1], Exercise) or parts[-1].name != name or ROLES.index(role) < stage:
            raise ValueError(f"{source.name}, cell {number}: {role}={name!r} is out of order; it is {', '.join(ROLES)}")
        if name[:3] != f"{source.name[:2]}.":
            raise ValueError(f"{source.name}, cell {number}: exercise {name!r}; name it {source.name[:2]}.1, .2, ...")
        stage = ROLES.index(role)
        parts[-1].add(role, cell)
    for part in parts:
        if isinstance(part, Exercise) and (fault := part.fault()):
            raise ValueError(f"{source.name}, exercise {part.name}: {fault}")
    return parts


def exercises(source: Path) -> list[Exercise]:
    return [part for part in read(source) if isinstance(part, Exercise)]


def setup(source: Path) -> str:
    """The code of the cells tagged "setup": all that an exercise may use of its chapter."""
    cells = (part for part in read(source) if not isinstance(part, Exercise))
    return "\n".join(cell.source for cell in cells if "setup" in cell.metadata.get("tags", []))


def notebook(source: Path) -> NotebookNode:
    """The notebook of a source, not yet executed."""
    cells = [cell for part in read(source) for cell in _cells(part)]
    for position, cell in enumerate(cells):
        cell.id = f"{source.name[:2]}-{position:03d}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNEL), "language_info": dict(LANGUAGE)})


def _cells(part: NotebookNode | Exercise) -> Iterator[NotebookNode]:
    if isinstance(part, Exercise):
        yield _cell("markdown", part.text, "subslide", ["exercise"])
        yield _cell("code", part.stub, "-", ["exercise"])
        yield _cell("code", part.check, "-", ["exercise"])
        yield _cell("markdown", _help(part), "skip", ["exercise"])
    else:
        slide = part.metadata.get("slide") or _slide(part)
        yield _cell(part.cell_type, part.source, slide, part.metadata.get("tags", []))


def _cell(kind: str, source: str, slide: str, tags: list[str]) -> NotebookNode:
    metadata = {"slideshow": {"slide_type": slide}} | ({"tags": list(tags)} if tags else {})
    return (nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell)(
        source, metadata=metadata
    )


def _slide(cell: NotebookNode) -> str:
    """A title or a section opens a slide, a subsection a slide below it; everything else stays on the slide."""
    if cell.cell_type == "markdown":
        if re.match(r"##? ", cell.source):
            return "slide"
        if cell.source.startswith("### "):
            return "subslide"
    return "-"


def _help(exercise: Exercise) -> str:
    """The hints and the solution, each folded."""
    solution = "\n\n".join(
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in exercise.solution
    )
    folded = {"First hint": exercise.hints[0], "Second hint": exercise.hints[1], "Solution": solution}
    return "\n\n".join(
        f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>" for title, text in folded.items()
    )


def _assert_plain_python(code: str, where: str) -> None:
    try:
        compile(code, where, "exec")
    except SyntaxError as error:
        raise ValueError(
            f"{where}: {error.msg}; a source is plain Python, without magics or top-level await"
        ) from error
    if code.rstrip().endswith(";"):
        raise ValueError(f"{where} ends with a semicolon, which nbval cannot compare; assign the value to _ instead")


def execute(book: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in a new kernel; a failing cell or a word on stderr is an error."""
    client = NotebookClient(
        book,
        timeout=120,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise ValueError(f"cell {cell.id} writes to stderr: {output.text}")
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]  # the full one holds paths of this machine
            data = output.get("data", {})
            data.pop(WIDGET_VIEW, None)
            if "image/png" in data:
                data["image/png"] = base64.b64encode(style.compact(base64.b64decode(data["image/png"]))).decode()
    book.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    return book


def machine_paths(text: str) -> list[str]:
    """The folders of this machine that a text names."""
    folders = {str(FOLDER.parent), str(Path.home()), sys.prefix, sys.base_prefix, tempfile.gettempdir()} - {"/", "/usr"}
    return sorted(folder for folder in folders if re.search(rf"{re.escape(folder)}\b", text))


def build(source: Path, folder: Path = FOLDER) -> Path:
    """Write the executed notebook of a source into a folder."""
    text = nbformat.writes(execute(notebook(source), folder)) + "\n"
    if paths := machine_paths(text):
        raise ValueError(f"{source.name}: its outputs name folders of this machine: {', '.join(paths)}")
    if len(text.encode()) > LARGEST:
        raise ValueError(f"{source.name}: {len(text.encode())} bytes; at most {LARGEST} (fewer or smaller pictures)")
    target = folder / f"{source.stem}.ipynb"
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def fault(source: Path, target: Path) -> str | None:
    """In what a committed notebook differs from its source (cell types, text, tags, ids; never outputs)."""
    if not target.exists():
        return f"{target.name} is missing"
    wanted, found = notebook(source).cells, nbformat.read(target, as_version=4).cells
    for want, have in zip(wanted, found, strict=False):
        for key in ("id", "cell_type", "source"):
            if want[key] != have[key]:
                return f"{target.name}, cell {want.id}: its {key} is not that of its source"
        if want.metadata != have.metadata:
            return f"{target.name}, cell {want.id}: its tags are not those of its source"
    return (
        None if len(wanted) == len(found) else f"{target.name}: {len(found)} cells, and its source gives {len(wanted)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="*", help="two digits each; all chapters if none is given")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    arguments = parser.parse_args()
    sources = sorted((FOLDER / "source").glob("[0-9][0-9]_*.py"))
    if unknown := set(arguments.chapters) - {source.name[:2] for source in sources}:
        parser.error(f"no chapter {', '.join(sorted(unknown))}")
    faults = []
    for source in sources:
        if arguments.chapters and source.name[:2] not in arguments.chapters:
            continue
        if arguments.check:
            faults += filter(None, [fault(source, FOLDER / f"{source.stem}.ipynb")])
        else:
            print(f"{build(source).name} built", flush=True)
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
