"""Every name of Slicer, Qt and CTK that the code uses was looked up in Slicer's sources, 5.10 and 5.12."""

from __future__ import annotations

import json

import slicer
import slicer_names


def test_every_name_was_looked_up() -> None:
    known = json.loads(slicer_names.LIST.read_text(encoding="utf-8"))
    used = {name for name in slicer_names.names_used() if not name.startswith(slicer_names.ELSEWHERE)}
    assert used == set(known), "run tools/slicer_names.py with a clone of Slicer"
    assert all(set(places) == set(slicer_names.RELEASES) for places in known.values())


def test_the_search_sees_what_the_code_uses(tmp_path) -> None:
    code = tmp_path / "code.py"
    code.write_text(
        "import slicer, qt\n"
        "from slicer.util import WaitCursor\n"
        "slicer.util.noSuchFunction(slicer.mrmlScene.AddNewNodeByClass('vtkMRMLTableNode'))\n"
        "qt.QTimer().timer.connect('timeout()', slicer.vtkMRMLScene)\n"
    )
    expected = {"slicer.util.WaitCursor", "slicer.util.noSuchFunction", "slicer.mrmlScene", "slicer.vtkMRMLTableNode"}
    assert slicer_names.names_in_python(code) >= expected | {"qt.QTimer", "signal timeout()", "slicer.vtkMRMLScene"}


def test_the_libraries_at_hand_have_the_classes() -> None:
    names = {name.split(".")[1] for name in slicer_names.names_used() if name.startswith("slicer.vtk")}
    assert len(names) > 10
    assert [name for name in sorted(names) if not hasattr(slicer, name)] == []
