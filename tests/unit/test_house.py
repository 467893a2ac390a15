"""Rules that hold for the whole package."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import recollect
import recollect.errors

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "recollect").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOST_LINES = 450
OPTIONAL = {"pyarrow", "matplotlib", "fsrs_rs_python", "diffrax", "faiss", "jinja2", "sklearn"}
OPTIONAL |= {"fastembed", "rapidfuzz", "anyascii"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|NotImplemented)\b")


def name(path):
    return str(path.relative_to(ROOT))


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules():
    for found in pkgutil.walk_packages(recollect.__path__, "recollect."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def imported_on_loading(node):
    """Top names of what a module imports as soon as it is imported itself."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module.split(".")[0]
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imported_on_loading(child)


def test_the_files_are_found():
    assert len(SOURCES) > 50
    assert len(TESTS) > 20
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {page.name for page in PAGES}


def test_every_exception_is_drawn_in_the_tree():
    defined = {
        (kind.__module__, kind.__qualname__)
        for module in modules()
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, BaseException)
        and kind.__module__.startswith("recollect")
    }
    assert {module for module, _ in defined} == {"recollect.errors"}
    names = {qualified for _, qualified in defined}
    assert names == set(recollect.errors.__all__)
    drawn = set(re.findall(r"\b\w+Error\b", recollect.errors.__doc__))
    assert names == drawn


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_optional_parts_are_imported_where_they_are_needed(path):
    assert not OPTIONAL & set(imported_on_loading(tree(path)))


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name)
def test_files_stay_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < MOST_LINES, f"{lines} lines; one idea a file"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_is_left_to_do(path):
    found = UNFINISHED.search(path.read_text(encoding="utf-8"))
    assert found is None, found


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=name)
def test_no_file_names_a_folder_outside_the_repository(path):
    assert "../shared" not in path.read_text(encoding="utf-8")


def test_the_version_is_one():
    assert recollect.__version__ == PROJECT["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", changes, flags=re.MULTILINE)
    assert newest
    assert newest[1] == PROJECT["version"]


def test_the_wheel_holds_the_types_the_data_and_every_module(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert {path.relative_to(ROOT / "src").as_posix() for path in SOURCES} <= packed
    data = {"py.typed", "sample/deck.csv", "recall/data/defaults.json"}
    data |= {"experiments/protocol/templates/report.html"}
    assert {f"recollect/{file}" for file in data} <= packed
    assert any(file.endswith("licenses/LICENSE") for file in packed)
    folders = {file.split("/")[0] for file in packed}
    assert folders == {"recollect", f"recollect-{PROJECT['version']}.dist-info"}
