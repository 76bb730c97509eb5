"""What reviewers and the extension catalog check, and what would break only once the extension is packaged."""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

import catalog
import pytest
from inspection import (
    cmake_list,
    cmake_text,
    file_in_repository,
    foreign_imports,
    imports_anywhere,
    number_of_sentences,
    png_size,
    python_files,
    readme_pictures,
)

ROOT = catalog.ROOT
MODULE = ROOT / catalog.NAME
PYTHON_FILES = python_files()


def tree_of(pattern: str) -> set[str]:
    paths = (p for p in MODULE.rglob(pattern) if p.is_file() and "__pycache__" not in p.parts)
    # An editable installation leaves its .egg-info in the folder.
    paths = (p for p in paths if not any(part.endswith(".egg-info") for part in p.parts))
    return {p.relative_to(MODULE).as_posix() for p in paths}


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
    assert written.decode() == expected, "run: python3 tools/catalog.py"


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
    assert number_of_sentences(variables["DESCRIPTION"]) <= 2, "the catalog wants one or two sentences"
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


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda p: p.relative_to(MODULE).as_posix())
def test_imports(path: Path) -> None:
    foreign = foreign_imports(path)
    assert not foreign, f"imported before the user asked for anything: {sorted(foreign)}"
    is_panel = "gui" in path.relative_to(MODULE).parts or path.name == f"{catalog.NAME}.py"
    assert is_panel or not imports_anywhere(path) & {"qt", "ctk"}, "Qt and CTK belong in gui/ and LDRRegistration.py"


def test_panel_file_is_complete() -> None:
    root = ET.parse(MODULE / "Resources" / "UI" / f"{catalog.NAME}.ui").getroot()
    widgets = {w.get("name"): w for w in root.iter("widget")}
    declared = {c.findtext("class") for c in root.iter("customwidget")}
    used = {w.get("class", "") for w in widgets.values()}
    assert {name for name in used if not name.startswith("Q")} == declared
    connected = {
        c.findtext("receiver") for c in root.iter("connection") if c.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"
    }
    selectors = ("qMRMLNodeComboBox", "qMRMLSubjectHierarchyComboBox")
    assert connected == {name for name, w in widgets.items() if w.get("class") in selectors}
    for name, widget in widgets.items():
        if widget.get("class") not in ("QLabel", "ctkCollapsibleButton", "qMRMLWidget"):
            assert widget.find("property[@name='toolTip']") is not None, f"{name} has no tooltip"


def test_the_readme_shows_pictures_that_exist() -> None:
    shown = set(readme_pictures())
    assert len(shown) >= 6
    for picture in shown:
        png_size(picture)
