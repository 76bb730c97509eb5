"""Landmark files of Slicer: fcsv and mrk.json, in LPS or RAS as their headers say."""

import json

import numpy as np
import pytest
from LDRRegistrationLib.mrml.files import newScene
from LDRRegistrationLib.mrml.landmarks import landmarksToFollow
from LDRRegistrationLib.mrml.markupfiles import readMarkups
from LDRRegistrationLib.runtime.errors import RegistrationError

POINTS = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, -6.5]])
SIGNS = {"LPS": (-1.0, -1.0, 1.0), "RAS": (1.0, 1.0, 1.0), "0": (1.0, 1.0, 1.0), "1": (-1.0, -1.0, 1.0)}


def table(system: str) -> str:
    rows = [
        f"{n},{x},{y},{z},0,0,0,1,1,{n},0,{'ab'[n]},," for n, (x, y, z) in enumerate((POINTS * SIGNS[system]).tolist())
    ]
    head = f"# Markups fiducial file version = 4.11\n# CoordinateSystem = {system}\n"
    return head + "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n" + "\n".join(rows) + "\n"


def markups(system: str, kind: str = "Fiducial") -> str:
    points = [
        {"id": str(n), "label": "ab"[n], "description": "0.5", "position": list(p), "selected": True, "locked": False}
        for n, p in enumerate((POINTS * SIGNS[system]).tolist())
    ]
    schema = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    schema += "markups-schema-v1.0.3.json#"
    one = {"type": kind, "coordinateSystem": system, "controlPoints": points}
    return json.dumps({"@schema": schema, "markups": [one]})


@pytest.mark.parametrize("system", SIGNS)
def test_tables_in_either_system(tmp_path, system):
    path = tmp_path / "points.fcsv"
    path.write_text(table(system))
    node = readMarkups(newScene(), path)
    np.testing.assert_allclose([node.GetNthControlPointPosition(n) for n in range(2)], POINTS)
    assert [node.GetNthControlPointLabel(n) for n in range(2)] == ["a", "b"]
    assert not node.GetNthControlPointSelected(0) and node.GetNthControlPointSelected(1)


@pytest.mark.parametrize("system", ["LPS", "RAS"])
def test_json_in_either_system(tmp_path, system):
    path = tmp_path / "points.mrk.json"
    path.write_text(markups(system))
    node = readMarkups(newScene(), path)
    np.testing.assert_allclose([node.GetNthControlPointPosition(n) for n in range(2)], POINTS)
    assert [node.GetNthControlPointLabel(n) for n in range(2)] == ["a", "b"]


def test_what_is_no_file_of_landmarks_is_a_sentence(tmp_path):
    scene = newScene()
    before = scene.GetNumberOfNodes()
    cases = {"no.txt": "1,2,3", "empty.fcsv": "", "empty.mrk.json": "", "other.mrk.json": "{}", "bad.json": "[1, 2"}
    for name, text in cases.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(RegistrationError, match=name):
            readMarkups(scene, tmp_path / name)
    with pytest.raises(RegistrationError, match="gone"):
        readMarkups(scene, tmp_path / "gone.fcsv")
    assert scene.GetNumberOfNodes() == before


def test_what_is_followed_and_how_much(tmp_path):
    scene = newScene()
    lists = []
    for name in ("fixed", "moving"):
        path = tmp_path / f"{name}.mrk.json"
        path.write_text(markups("RAS"))
        lists.append(readMarkups(scene, path))
    fixed, moving = lists
    np.testing.assert_allclose(landmarksToFollow(fixed, moving).weights, 0.5)
    fixed.SetNthControlPointLocked(0, True)
    moving.SetNthControlPointLocked(0, True)
    found = landmarksToFollow(fixed, moving)
    assert found.weights.tolist() == [1.0, 0.5] and found.labels == ["a", "b"]
    moving.SetNthControlPointSelected(0, False)
    found = landmarksToFollow(fixed, moving)
    assert found.labels == ["b"]
    np.testing.assert_allclose(found.fixedRas, POINTS[1:])
    moving.SetNthControlPointSelected(1, False)
    with pytest.raises(RegistrationError, match="No pair of landmarks is selected"):
        landmarksToFollow(fixed, moving)
    with pytest.raises(RegistrationError, match="the same list"):
        landmarksToFollow(fixed, fixed)
    with pytest.raises(RegistrationError, match="Choose a markups node"):
        landmarksToFollow(fixed, None)
    assert landmarksToFollow(None, None) is None
