"""Every sentence that the panel can show goes through ``_()``, where Slicer's translators find it.

The sources are walked. What is shown on the command line alone, or kept in files, is English: names of nodes and of
columns, by which saved scenes are read again, and reports.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from LDRRegistrationLib.runtime import language
from LDRRegistrationLib.space.image import Image, checkGeometry

MODULE = Path(__file__).resolve().parents[2] / "LDRRegistration"
LIBRARY = MODULE / "LDRRegistrationLib"
# Of the command line, the files that it reads, and reports.
ENGLISH_FOLDERS = ("apply", "cohort", "commandline", "dicom", "dicomobjects", "imagefiles", "reports")
ENGLISH = {
    *("__main__.py", "runtime/terminal.py", "runtime/startup.py", "runtime/workfolder.py"),
    *(
        "change/table.py",
        "mrml/markupfiles.py",
        "mrml/reading.py",
        "mrml/files.py",
        "mrml/transformtext.py",
        "mrml/names.py",
    ),
}
# Names of nodes and columns, what libraries say, an error of the program, a style sheet and the endings of files.
NAMES = (
    *(
        "Regions of change",
        "Table of changes",
        "Landmark errors of",
        "Largest diameter",
        "Less to more",
        "What went wrong",
        "nothing that its card names",
    ),
    *("Largest displacement (mm)", "cannot allocate memory|", "not enough memory", "failed to map segment"),
    *("Unknown settings", "A computation is already running.", "#  {", "color: palette(", " (*.nii.gz"),
)


def sources() -> list[Path]:
    found = [path for path in LIBRARY.rglob("*.py") if path.relative_to(LIBRARY).as_posix() not in ENGLISH]
    found = [path for path in found if path.parent.name not in ENGLISH_FOLDERS]
    return [*sorted(found), MODULE / "LDRRegistration.py"]


def textOf(node: ast.AST) -> str | None:
    """The words of a string, with a space for each value in it; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else " " for part in node.values)
    return None


def isSentence(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", text)) >= 3 and " " in text.strip() and not text.startswith(NAMES)


def isTranslation(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "translate")


def untranslated(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of the sentences below ``node`` that go through no ``_()``; classes of tests are left out."""
    if isTranslation(node) or (isinstance(node, ast.ClassDef) and node.name.endswith("Test")):
        return
    text = textOf(node)
    if text is not None:
        if isSentence(text):
            yield node.lineno, text
        return
    # Names that scripts read: keys, and those of stages, translated where the user is told (runtime/progress.py).
    isStage = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "begin"
    names = node.keys if isinstance(node, ast.Dict) else node.args[:1] if isStage else []
    for child in ast.iter_child_nodes(node):
        if child in names:
            continue
        isDocstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        # A message for developers.
        isLogged = isinstance(child, ast.Call) and ast.unparse(child.func).startswith("logging.")
        if not isDocstring and not isLogged:
            yield from untranslated(child)


def translations(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isTranslation(node)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(MODULE)))
def test_every_sentence_goes_through_the_translator(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(untranslated(tree)) == []
    for call in translations(tree):
        assert all(isinstance(argument, ast.Constant) for argument in call.args), (
            f"line {call.lineno}: Slicer collects plain strings, no f-strings and no variables"
        )
        assert call.args and not ast.get_source_segment(path.read_text(encoding="utf-8"), call).rstrip(") \n").endswith(
            ","
        ), f"line {call.lineno}: Slicer's collector knows no comma before the bracket"
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and translations(function):
            stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == "_" and n.ctx != ast.Load()]
            assert not [n for n in stored if isinstance(n.ctx, ast.Store)], f"{function.name} uses _ as a variable, too"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(MODULE)))
def test_what_is_formatted_has_the_names_that_are_given(path: Path) -> None:
    """``_("{a}").format(b=1)`` would fail when the sentence is needed, which tests of rare errors may not do."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            if isTranslation(node.func.value):
                wanted = set(re.findall(r"(?<!\{)\{(\w*)", node.func.value.args[-1].value))
                assert wanted == {keyword.arg for keyword in node.keywords}, f"line {node.lineno}"


@pytest.mark.parametrize(
    "code",
    [
        'raise RegistrationError("The mask is empty.")',
        'raise RegistrationError(f"{name} is no mask at all.")',
        'notes.append("Only the pre-alignment " + why)',
    ],
)
def test_the_walk_sees_what_is_forgotten(code: str) -> None:
    assert [line for line, _text in untranslated(ast.parse(code))] == [1]
    assert list(untranslated(ast.parse('raise E(_("The mask {name} is empty.").format(name=name))'))) == []


def test_slicers_translation_is_used_where_slicer_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import numpy as np

    flat = Image(np.zeros((2, 9, 9)), np.eye(4), "CT")
    dictionary = {"space.image": "{name}: {size} Voxel, mindestens {least} je Achse"}
    i18n = types.SimpleNamespace(
        getContext=lambda file: f"{Path(file).parent.name}.{Path(file).stem}",
        translate=dictionary.get,
    )
    monkeypatch.setitem(sys.modules, "slicer.i18n", i18n)
    with pytest.raises(ValueError, match="CT: 9 x 9 x 2 Voxel, mindestens 4 je Achse"):
        checkGeometry(flat)
    # A placeholder that was translated by mistake would end in an error of the program.
    dictionary["space.image"] = "{Name}: {size} Voxel, mindestens {least} je Achse"
    with pytest.raises(ValueError, match="CT is 9 x 9 x 2 voxels: for this a volume needs"):
        checkGeometry(flat)
    monkeypatch.setitem(sys.modules, "slicer.i18n", None)
    assert language.tr("The mask is empty.") == "The mask is empty."
