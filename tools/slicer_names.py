"""The names of Slicer, Qt and CTK that the module uses, and where Slicer's own sources have them.

    python tools/slicer_names.py CLONE_OF_SLICER

looks every name up in the releases below and writes slicer_names.json; a name that is missing in one of them is an
error. The test beside it compares that file with the code, so that no new name is used unseen.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

RELEASES = ("v5.10.0", "v5.12.3")
MODULE = Path(__file__).resolve().parents[1] / "LDRRegistration"
LIST = Path(__file__).with_suffix(".json")
ROOTS = ("slicer", "qt", "ctk", "SampleData", "PyTorchUtils")
WIDGETS = ("ctk", "qMRML", "qSlicer")
# Not in Slicer's repository but in extensions, which have their own tests here.
ELSEWHERE = ("PyTorchUtils",)


def names_in_python(path: Path) -> set[str]:
    """Dotted names that begin with one of ``ROOTS``, as far as they go, and signals that are connected to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (dotted := _dotted(node)) and dotted.split(".")[0] in ROOTS:
            names.add(_known_part(dotted))
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] in ROOTS:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and re.fullmatch(r"vtkMRML\w+Node", str(node.value)):
            names.add(f"slicer.{node.value}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect":
            names |= {f"signal {a.value}" for a in node.args[:1] if isinstance(a, ast.Constant)}
    return names


def names_in_panel(path: Path) -> set[str]:
    """Classes that are not Qt's, their properties, and the signals and slots of connections."""
    root, names = ET.parse(path).getroot(), set()
    for widget in root.iter("widget"):
        kind = widget.get("class", "")
        if kind.startswith(WIDGETS):
            names.add(f"widget {kind}")
            names |= {f"widget {kind}.{p.get('name')}" for p in widget.findall("property")}
    for connection in root.iter("connection"):
        names |= {f"signal {connection.findtext('signal')}", f"slot {connection.findtext('slot')}"}
    return names


def names_used() -> set[str]:
    names = set()
    for path in MODULE.rglob("*.py"):
        if "__pycache__" not in path.parts:
            names |= names_in_python(path)
    for path in MODULE.rglob("*.ui"):
        names |= names_in_panel(path)
    return names


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return before and f"{before}.{node.attr}"
    return None


def _known_part(dotted: str) -> str:
    """``slicer.mrmlScene.AddNode`` is a matter of the scene, which the tests use as it is; so are nodes' methods."""
    parts = dotted.split(".")
    deep = (len(parts) > 2 and parts[1] in ("util", "app", "modules")) or parts[0] == "qt"
    return ".".join(parts[: 3 if deep else 2])


class Sources:
    """One release of Slicer."""

    def __init__(self, clone: Path, release: str) -> None:
        self._clone, self._release = clone, release
        self._files = self._git("ls-tree", "-r", "--name-only", release).splitlines()

    def where(self, name: str) -> str | None:
        """A file that has ``name``."""
        kind, _, rest = name.rpartition(" ")
        if kind == "widget":
            return self._property(*rest.partition(".")[::2])
        if kind in ("signal", "slot"):
            return self._grep(re.escape(rest.partition("(")[0]) + r"\(", "*.h", "*.ui", "*.py", "*.cxx")
        parts = name.split(".")
        if parts[0] == "qt":
            pattern = r"\b" + (r"\.".join(parts) if len(parts) == 2 else rf"{parts[1]}(::|\.){parts[2]}") + r"\b"
            # What Slicer's script repository shows works, too.
            return self._grep(pattern, "*.py", "*.cxx", "*.h") or self._grep(pattern, "Docs/*.md")
        if parts[0] == "ctk":
            return self._grep(rf"\b{parts[-1]}\b", "*.py", "*.ui")
        if parts[0] == "SampleData":
            return self._grep(rf"(class|def) {parts[-1]}\b", "Modules/Scripted/SampleData/SampleData.py")
        if parts[1].startswith("vtk") and len(parts) == 2:
            header = next((file for file in self._files if file.endswith(f"/{parts[1]}.h")), None)
            # vtkAddon is a repository of its own; Slicer includes its headers.
            return header or self._grep(rf'#include "?<?{parts[1]}\.h', "*.h", "*.cxx")
        if parts[1] == "util" and len(parts) == 3:
            return self._grep(rf"^(def|class) {parts[2]}\b", "Base/Python/slicer/util.py")
        if parts[1] == "app" and len(parts) == 3:
            return self._grep(rf"\b{parts[2]}\b", "Base/QTCore/qSlicerCoreApplication.h", "Base/QTGUI/*.h", "*.py")
        if len(parts) == 3 and parts[1] != "modules":
            # A module, or a package of modules.
            folder = f"Base/Python/slicer/{parts[1]}"
            return self._grep(rf"^(def|class) {parts[2]}\b", f"{folder}.py", f"{folder}/*.py")
        return self._grep(rf"\bslicer\.{parts[1]}\b", "*.py")

    def _property(self, widget: str, name: str) -> str | None:
        if not name:
            return self._grep(rf"\b{widget}\b", "*.ui", "*.h")
        # A property of the class, of one of its bases, or one that Slicer's own panels set.
        own = self._grep(rf"Q_PROPERTY\(\w+ {name}\b", f"*/{widget}.h")
        return own or self._grep(rf'<property name="{name}"', "*.ui") or self._grep(rf"\.{name} = ", "*.py")

    def _grep(self, pattern: str, *paths: str) -> str | None:
        command = ("grep", "-l", "-P", "-m", "1", pattern, self._release, "--", *paths)
        found = self._git(*command).splitlines()
        return found[0].partition(":")[2] if found else None

    def _git(self, *command: str) -> str:
        whole = ["git", "-C", str(self._clone), *command]
        return subprocess.run(whole, capture_output=True, text=True, check=False).stdout


def main() -> None:
    clone = Path(sys.argv[1])
    found: dict[str, dict[str, str]] = {}
    missing = []
    names = sorted(name for name in names_used() if not name.startswith(ELSEWHERE))
    for release in RELEASES:
        sources = Sources(clone, release)
        for name in names:
            place = sources.where(name)
            if place is None:
                missing.append(f"{name} is not in {release}")
            else:
                found.setdefault(name, {})[release] = place
    if missing:
        sys.exit("\n".join(missing))
    LIST.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
