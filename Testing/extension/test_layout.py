"""The folders of the library, and which may import which: nothing imports back up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import catalog
import pytest

LIBRARY = catalog.ROOT / catalog.NAME / "LDRRegistrationLib"
# Each folder imports from those above it, and from the others of its own line.
ORDER = (
    ("runtime",),
    ("numerics",),
    ("space",),
    ("imagefiles",),
    ("dicom",),
    ("registration",),
    ("change",),
    ("mrml", "reports", "dicomobjects"),
    ("logic", "commandline", "cohort", "apply"),
    ("gui", "__main__"),
)
LEVEL = {folder: level for level, folders in enumerate(ORDER) for folder in folders}
LINES = 300
FILES = sorted(LIBRARY.rglob("*.py"))


def folderOf(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def importedFolders(path: Path, text: str) -> Iterator[str]:
    """The folders of the library that a file imports from, in whatever way, also within functions."""
    place = ["LDRRegistrationLib", *path.relative_to(LIBRARY).parts[:-1]]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = place[: len(place) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("LDRRegistrationLib."))


def wrongWay(path: Path, text: str) -> set[str]:
    here = folderOf(path)
    return {folder for folder in importedFolders(path, text) if LEVEL[folder] > LEVEL[here]}


def test_every_folder_has_its_place() -> None:
    assert {folderOf(path) for path in FILES} == {*LEVEL, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_nothing_imports_back_up(path: Path) -> None:
    assert path == LIBRARY / "__init__.py" or not wrongWay(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        "from ..gui.view import View",
        "from .. import mrml",
        "import LDRRegistrationLib.logic.registration",
        "from LDRRegistrationLib.registration.register import register",
        "def f():\n    from ..space import grid",
    ],
)
def test_what_imports_back_is_found(line: str) -> None:
    assert wrongWay(LIBRARY / "numerics" / "filters.py", line)


def test_files_are_short() -> None:
    files = [*FILES, LIBRARY.with_name(f"{catalog.NAME}.py")]
    long = {p.name: n for p in files if (n := len(p.read_text(encoding="utf-8").splitlines())) > LINES}
    assert not long


def test_no_two_tests_share_a_file_name() -> None:
    """Without packages pytest imports a test by its file's name alone, and refuses the second of a name."""
    names = [path.name for path in catalog.ROOT.joinpath("Testing").rglob("test_*.py")]
    assert not {name for name in names if names.count(name) > 1}
