"""What reviewers and the extension catalog check, and what would break only once the extension is packaged."""

from __future__ import annotations

import ast
import json
import re
import struct
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

import catalog
import pytest

ROOT = catalog.ROOT
MODULE = ROOT / catalog.NAME
PYTHON_FILES = sorted(p for p in MODULE.rglob("*.py") if "__pycache__" not in p.parts)
# What every Slicer brings along, besides Python's own modules. torch is not among them.
BUNDLED = {"slicer", "vtk", "numpy", "SimpleITK", "qt", "ctk", "LDRRegistrationLib"}


def cmake_text(folder: Path) -> str:
    return (folder / "CMakeLists.txt").read_text(encoding="utf-8")


def cmake_list(name: str) -> set[str]:
    """A list of the module's CMakeLists.txt, with ${MODULE_NAME} filled in."""
    body = re.search(rf"set\({name}\s([^)]*)\)", cmake_text(MODULE))
    assert body is not None, f"there is no list {name}"
    entries = body.group(1).replace("${MODULE_NAME}", catalog.NAME).split()
    assert len(entries) == len(set(entries)), f"{name} lists a file twice"
    return set(entries)


def tree_of(pattern: str) -> set[str]:
    paths = (p for p in MODULE.rglob(pattern) if p.is_file() and "__pycache__" not in p.parts)
    # An editable installation leaves its .egg-info in the folder.
    paths = (p for p in paths if not any(part.endswith(".egg-info") for part in p.parts))
    return {p.relative_to(MODULE).as_posix() for p in paths}


def png_size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n", f"{path.name} is not a PNG image"
    return struct.unpack(">II", header[16:24])


def file_in_repository(address: str) -> Path:
    """The file that a raw address on GitHub will show."""
    parts = urlsplit(address)
    owner, repository, branch, path = parts.path.lstrip("/").split("/", 3)
    assert (parts.netloc, branch) == ("raw.githubusercontent.com", catalog.BRANCH)
    assert catalog.cmake_variables()["HOMEPAGE"].endswith(f"/{owner}/{repository}")
    return ROOT / path


def test_cmake_lists_every_script() -> None:
    assert cmake_list("MODULE_PYTHON_SCRIPTS") == tree_of("*.py")


def test_cmake_lists_every_resource() -> None:
    listed = cmake_list("MODULE_PYTHON_RESOURCES")
    assert listed == {name for name in tree_of("*") if name.startswith("Resources/")}


def test_module_folder_holds_nothing_else() -> None:
    known = cmake_list("MODULE_PYTHON_SCRIPTS") | cmake_list("MODULE_PYTHON_RESOURCES") | {"CMakeLists.txt"}
    assert tree_of("*") - known == set(), "neither scripts nor resources: not packaged, so not for this folder"
    assert [p.name for p in MODULE.glob("*.py")] == [f"{catalog.NAME}.py"], "Slicer takes every other file for a module"


def test_pip_installs_every_package_and_the_models() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {path.parent.relative_to(MODULE).as_posix().replace("/", ".") for path in MODULE.rglob("__init__.py")}
    models = "LDRRegistrationLib.Resources.Models"
    assert set(settings["packages"]) == packages | {models}
    assert settings["package-dir"] == {"": MODULE.name, models: f"{MODULE.name}/Resources/Models"}
    assert settings["package-data"] == {models: ["*"]}


@pytest.mark.parametrize("suffix", ["json", "s4ext"])
def test_catalog_files_follow_cmake(suffix: str) -> None:
    written = (ROOT / f"{catalog.NAME}.{suffix}").read_bytes()
    assert b"\r" not in written
    expected = catalog.json_text() if suffix == "json" else catalog.s4ext_text()
    assert written.decode() == expected, "run: python3 Testing/skeleton/catalog.py"


def test_json_fits_the_schema() -> None:
    entry = json.loads(catalog.json_text())
    types = {"$schema": str, "category": str, "scm_url": str, "scm_revision": str, "build_subdirectory": str}
    types |= {"build_dependencies": list, "tier": int}
    assert {key: type(value) for key, value in entry.items()} == types
    assert entry["category"] == "Registration"
    assert 1 <= entry["tier"] <= 5
    assert re.fullmatch(r"https://github\.com/[\w.-]+/Slicer\w+\.git", entry["scm_url"])


def test_cmake_has_what_the_catalog_reads_from_it() -> None:
    text = cmake_text(ROOT)
    assert re.findall(r"project\s*\(\s*([^\s)]+)", text) == [catalog.NAME]
    assert not catalog.NAME.lower().startswith("slicer")
    icons = re.findall(r'set\s*\(EXTENSION_ICONURL\s*"([^"]+)"[ ]*\)', text)
    screenshots = re.findall(r'set\s*\(EXTENSION_SCREENSHOTURLS\s*"([^"]+)"\)', text)
    assert len(icons) == 1 and len(screenshots) == 1
    assert png_size(file_in_repository(icons[0])) == (128, 128)
    for address in screenshots[0].split():
        png_size(file_in_repository(address))


def test_cmake_says_what_reviewers_ask_for() -> None:
    variables = catalog.cmake_variables()
    wanted = "HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS CATEGORY STATUS TIER LICENSE_FILE"
    for name in [*wanted.split(), "README_FILE"]:
        assert variables.get(name), f"EXTENSION_{name} is not set"
    sentences = re.findall(r"[.!?](?:\s|$)", variables["DESCRIPTION"])
    assert len(sentences) <= 2, "the catalog wants one or two sentences"
    for card in (MODULE / "Resources" / "Models").glob("*.json"):
        assert json.loads(card.read_text(encoding="utf-8"))["licence"] in variables["DESCRIPTION"]
    assert variables["DEPENDS"] == "PyTorch"
    for name in ("LICENSE_FILE", "README_FILE"):
        path = Path(variables[name].replace("${CMAKE_CURRENT_SOURCE_DIR}", str(ROOT)))
        assert path.is_file(), f"EXTENSION_{name} names {path.name}, which does not exist"
    assert (ROOT / "LICENSE.txt").read_text(encoding="utf-8").startswith("MIT License")


def test_addresses_to_set_at_publication_stand_in_one_place() -> None:
    derived = {"CMakeLists.txt", f"{catalog.NAME}.json", f"{catalog.NAME}.s4ext", "README.md"}
    owner = urlsplit(catalog.cmake_variables()["HOMEPAGE"]).path.split("/")[1]
    for path in (*ROOT.glob("*"), *PYTHON_FILES, *MODULE.rglob("*.ui")):
        if path.is_file() and path.name not in derived:
            assert owner.encode() not in path.read_bytes(), f"{path.name} repeats the repository's owner"


def test_module_icon() -> None:
    width, height = png_size(MODULE / "Resources" / "Icons" / f"{catalog.NAME}.png")
    assert width == height >= 32


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


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda p: p.relative_to(MODULE).as_posix())
def test_imports(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    foreign = imports_at_file_scope(tree) - sys.stdlib_module_names - BUNDLED
    assert not foreign, f"imported before the user asked for anything: {sorted(foreign)}"
    everywhere = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    everywhere |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    is_panel = "gui" in path.relative_to(MODULE).parts or path.name == f"{catalog.NAME}.py"
    assert is_panel or not everywhere & {"qt", "ctk"}, "Qt and CTK belong in gui/ and LDRRegistration.py"


def test_panel_file_is_complete() -> None:
    root = ET.parse(MODULE / "Resources" / "UI" / f"{catalog.NAME}.ui").getroot()
    widgets = {w.get("name"): w for w in root.iter("widget")}
    declared = {c.findtext("class") for c in root.iter("customwidget")}
    used = {w.get("class", "") for w in widgets.values()}
    assert {name for name in used if not name.startswith("Q")} == declared
    connected = {
        c.findtext("receiver") for c in root.iter("connection") if c.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"
    }
    assert connected == {name for name, w in widgets.items() if w.get("class") == "qMRMLNodeComboBox"}
    for name, widget in widgets.items():
        if widget.get("class") not in ("QLabel", "ctkCollapsibleButton", "qMRMLWidget"):
            assert widget.find("property[@name='toolTip']") is not None, f"{name} has no tooltip"


def test_the_readme_shows_pictures_that_exist() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    shown = {ROOT / picture for picture in pictures}
    assert len(shown) >= 6
    for picture in shown:
        png_size(picture)
    shipped = [*(ROOT / "Resources" / "Screenshots").glob("*.png"), *(ROOT / "Testing").rglob("results/*.png")]
    assert set(shipped) == shown, "a picture that nobody sees"
