"""What the extension's files say, for the tests beside this file and for tools/check_publication.py.

Standard library alone. All of it is about the repository at ``catalog.ROOT``.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import catalog

# What every Slicer brings along, besides Python's own modules. torch is not among them.
BUNDLED = {"slicer", "vtk", "numpy", "pydicom", "SimpleITK", "qt", "ctk", "LDRRegistrationLib"}


def module_folder() -> Path:
    return catalog.ROOT / catalog.NAME


def python_files() -> list[Path]:
    return sorted(p for p in module_folder().rglob("*.py") if "__pycache__" not in p.parts)


def cmake_text(folder: Path) -> str:
    return (folder / "CMakeLists.txt").read_text(encoding="utf-8")


def cmake_list(name: str) -> set[str]:
    """A list of the module's CMakeLists.txt, with ${MODULE_NAME} filled in."""
    body = re.search(rf"set\({name}\s([^)]*)\)", cmake_text(module_folder()))
    assert body is not None, f"there is no list {name}"
    entries = body.group(1).replace("${MODULE_NAME}", catalog.NAME).split()
    assert len(entries) == len(set(entries)), f"{name} lists a file twice"
    return set(entries)


def png_size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n", f"{path.name} is not a PNG image"
    return struct.unpack(">II", header[16:24])


def file_in_repository(address: str) -> Path:
    """The file that a raw address on GitHub will show."""
    parts = urlsplit(address)
    owner, repository, branch, path = parts.path.lstrip("/").split("/", 3)
    assert (parts.netloc, branch) == ("raw.githubusercontent.com", catalog.BRANCH), f"{address} is not a raw address"
    home = catalog.cmake_variables()["HOMEPAGE"]
    assert home.endswith(f"/{owner}/{repository}"), f"{address} is not in {home}"
    return catalog.ROOT / path


def number_of_sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?:\s|$)", text))


def imports_at_file_scope(tree: ast.Module) -> set[str]:
    """The top-level packages imported when the file is; ``if TYPE_CHECKING:`` is not, relative imports are our own."""
    names: set[str] = set()
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(node.module or "").partition(".")[0]} if node.level == 0 else set()
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            pending += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return names


def foreign_imports(path: Path) -> frozenset[str]:
    """Packages that importing the file imports, and that not every Slicer has."""
    return _content(path).foreign


def imports_anywhere(path: Path) -> frozenset[str]:
    """The modules imported in a file, also inside functions; of ``from a import b`` both a and a.b."""
    return _content(path).imported


def readme_pictures() -> list[Path]:
    text = (catalog.ROOT / "README.md").read_text(encoding="utf-8")
    return [catalog.ROOT / picture for picture in re.findall(r"!\[.+?\]\((.+?)\)", text)]


def functions_that_install_unasked(path: Path) -> list[str]:
    """Names of functions in a Python file that call pip_install and did not ask the user in a line before."""
    return [name or path.name for name in _content(path).installing]


class _Content(NamedTuple):
    """What a Python file says: see the functions of which each is the answer; of the module itself the name is ""."""

    foreign: frozenset[str]
    imported: frozenset[str]
    installing: tuple[str, ...]


def _content(path: Path) -> _Content:
    return _read(path.read_text(encoding="utf-8"))


@cache
def _read(text: str) -> _Content:
    """Parsed once, however often it is asked about: the checks are run again and again on files that stay."""
    tree = ast.parse(text)
    imported: set[str] = set()
    installing = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.FunctionDef | ast.Module):
            calls = list(_own_calls(node))
            asked = [call.lineno for call in calls if "confirmOkCancelDisplay" in ast.unparse(call.func)]
            installs = [call.lineno for call in calls if "pip_install" in ast.unparse(call.func)]
            if installs and min(installs) < min(asked, default=min(installs) + 1):
                installing.append(getattr(node, "name", ""))
    foreign = imports_at_file_scope(tree) - sys.stdlib_module_names - BUNDLED
    return _Content(frozenset(foreign), frozenset(imported), tuple(installing))


def _own_calls(scope: ast.AST) -> Iterator[ast.Call]:
    """The calls in a function, or a module, but not those in functions inside."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            if isinstance(child, ast.Call):
                yield child
            yield from _own_calls(child)
