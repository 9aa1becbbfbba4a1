"""The house keeps its order: imports, pins, docstrings, sizes, and notebooks that equal their sources."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import nbformat
import pytest
from book import ROOT, SOURCES, build
from packaging.requirements import Requirement

CORE = (
    "subspaces representations groups reynolds invariants deep_sets equivariant_maps networks symmetry_matrices "
    "meta_learning parameter_counts equations unitary discovery"
).split()
SHELL = {"views", "teaching", "doctor", "tasks"}
PLOTTING = {"IPython", "anywidget", "ipywidgets", "matplotlib", "plotly", "PIL"}
DISTRIBUTIONS = {
    "IPython": "ipython",
    "PIL": "pillow",
    "flint": "python-flint",
}  # modules that are not called like their package
INDIRECT = {"_pytest"}
TEXT = {".py", ".md", ".js", ".css", ".toml", ".txt", ".json", ".ipynb", ".yml", ""}
MACHINE_PATH = re.compile(r"(?<![\w.~-])(/(work|root|tmp|home|Users)/\w|[A-Z]:\\\\Users)")

MODULES = sorted((ROOT / "eqkit").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def place(path: Path) -> str:
    """The module of the reading order that a file belongs to: "groups" for eqkit/groups/named.py."""
    return path.relative_to(ROOT / "eqkit").parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it; those of this package as "eqkit.groups"."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            names = {f"eqkit.{alias.name}" for alias in node.names} if node.module == "eqkit" else {node.module}
            found |= names
    return {".".join(name.split(".")[:2]) if name.startswith("eqkit.") else name.split(".")[0] for name in found}


def ours() -> list[Path]:
    """Every file of the project that people write, and the notebooks."""
    folders = ("eqkit", "notebooks", "tests", "data", ".ci")
    nested = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    skipped = {"__pycache__", "mine", ".ipynb_checkpoints", ".hypothesis"}
    top = (path for path in ROOT.iterdir() if path.suffix in (".md", ".toml", ".txt"))
    return [p for p in (*top, *nested) if p.is_file() and not skipped & set(p.parts) and p.suffix != ".pyc"]


@pytest.mark.parametrize("path", [p for p in MODULES if place(p) in CORE], ids=lambda p: p.stem)
def test_a_core_module_imports_only_modules_to_its_left(path):
    allowed = {"eqkit", *(f"eqkit.{name}" for name in CORE[: CORE.index(place(path)) + 1])}
    assert {name for name in imports(path) if name.startswith("eqkit")} <= allowed
    assert not imports(path) & PLOTTING


def test_every_module_has_its_place():
    assert {place(path) for path in MODULES} <= {*CORE, *SHELL, "__init__"}


@pytest.mark.parametrize("path", [p for p in MODULES if place(p) == "tasks"], ids=lambda p: p.stem)
def test_tasks_import_only_the_core(path):
    assert {n for n in imports(path) if n.startswith("eqkit.")} <= {f"eqkit.{n}" for n in (*CORE, "tasks")}
    assert not imports(path) & PLOTTING - {"PIL"}


def test_importing_the_core_loads_no_plotting_library():
    present = [name for name in CORE if any(place(path) == name for path in MODULES)]
    code = f"import sys, eqkit.{', eqkit.'.join(present)}; print(*sorted({PLOTTING!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("", "")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{place(p)}-{p.stem}")
def test_every_public_function_and_class_has_a_docstring(path):
    module = tree(path)
    public = [module] + [
        node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    assert not [getattr(node, "name", path.name) for node in public if not ast.get_docstring(node)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{place(p)}-{p.stem}")
def test_a_file_is_one_idea_of_at_most_about_400_lines(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 420


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert lines.pop() == "-e ."
    return {r.name.lower(): r for r in map(Requirement, lines)}


def bounds() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {r.name.lower(): r for r in map(Requirement, project["dependencies"])}


def test_requirements_are_exact_and_satisfy_the_lower_bounds():
    for name, pin in pins().items():
        (exact,) = pin.specifier
        assert exact.operator == "==", f"{name} is not pinned"
    for name, bound in bounds().items():
        (exact,) = pins()[name].specifier
        assert [s.operator for s in bound.specifier] == [">="], f"{name}: pyproject.toml states lower bounds"
        assert bound.specifier.contains(exact.version), f"{name}: {exact.version} is below {bound.specifier}"


def foreign(paths) -> set[str]:
    """The packages of others that files import."""
    local = {"eqkit", *(path.stem for path in (ROOT / "tests").rglob("*.py")), *INDIRECT}
    modules = {name for path in paths for name in imports(path) if not name.startswith("eqkit")}
    return {DISTRIBUTIONS.get(name, name).lower() for name in modules - sys.stdlib_module_names - local}


def test_what_the_package_imports_is_in_pyproject():
    assert foreign(MODULES) - set(bounds()) == set()


def test_what_the_tests_and_the_book_import_is_in_the_requirements():
    others = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "notebooks").glob("*.py"), *SOURCES]
    assert foreign(others) - set(pins()) == set()


def test_no_file_names_a_folder_of_some_machine():
    texts = {path.name: path.read_text(encoding="utf-8") for path in ours() if path.suffix in TEXT}
    assert not {name: found[0] for name, text in texts.items() if (found := MACHINE_PATH.search(text))}


def test_the_code_in_the_readme_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL):
        exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *NOTEBOOKS], ids=lambda p: p.stem)
def test_links_and_pictures_lead_somewhere(path):
    texts = [path.read_text(encoding="utf-8")]
    if path.suffix == ".ipynb":
        texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    targets = re.findall(r"\]\(([^)#\s]+)", "\n".join(texts))
    local = [target for target in targets if not target.startswith(("http", "attachment:", "mailto:"))]
    assert not [target for target in local if not (path.parent / target).exists()]


def test_files_are_small():
    assert not [path.name for path in ours() if path.stat().st_size > 1_000_000]


def test_every_source_has_its_notebook_and_every_notebook_its_source():
    assert [path.stem for path in NOTEBOOKS] == [path.stem for path in SOURCES]


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_a_notebook_equals_its_source(source):
    assert build.fault(source, source.parent.parent / f"{source.stem}.ipynb") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_executed_small_and_without_widget_state(path):
    assert path.stat().st_size <= build.LARGEST
    text = path.read_text(encoding="utf-8")
    assert build.WIDGET_VIEW not in text and not build.machine_paths(text)
    book = nbformat.reads(text, as_version=4)
    assert "widgets" not in book.metadata
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all("slideshow" in cell.metadata for cell in book.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_hides_nothing_from_nbval(path):
    text = path.read_text(encoding="utf-8").lower().replace("_", "-")
    assert "nbval-skip" not in text
    assert text.count("nbval-ignore-output") <= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_chapter_greets_and_opens_the_notation(path):
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert "doctor.greet()" in code[0].source and "setup" in code[0].metadata.tags
    assert any("teaching.notation()" in cell.source for cell in code)
