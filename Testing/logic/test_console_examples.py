"""The lines of docs/console.md, as they stand there, on a real scene with the bundled scans."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.mrml.files import newScene
from LDRRegistrationLib.mrml.reading import readVolume
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.registration.presetfiles import presetsText
from LDRRegistrationLib.space.image import Image
from support.scene import add_linear_transform, add_volume

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "console.md"


def blocks():
    return re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)


def sample(monkeypatch):
    """The follow-up pair as the Sample Data module loads it."""
    if "slicer.i18n" not in sys.modules:
        i18n = SimpleNamespace(tr=str, translate=lambda context, text: text, getContext=str)
        monkeypatch.setitem(sys.modules, "slicer.i18n", i18n)
    from LDRRegistrationLib.gui.sampledata import SAMPLES

    return next(sample for sample in SAMPLES if sample.name == "LDRFollowUpFLAIR")


@pytest.fixture
def scene(monkeypatch):
    scene = newScene()
    monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
    pair = sample(monkeypatch)
    for path, name in zip(pair.paths, pair.nodeNames, strict=True):
        readVolume(scene, path).SetName(name)
    for volume, name in zip(pair.nodeNames, ("Brain", "Prior lesions"), strict=True):
        image = imageFromVolumeNode(scene.GetFirstNodeByName(volume))
        labels = Image((image.array > np.percentile(image.array, 60)).astype(np.int16), image.ijkToRas)
        add_volume(scene, labels, name, "vtkMRMLLabelMapVolumeNode")
    add_linear_transform(scene, np.eye(4), "Start")
    for name in ("Current points", "Prior points"):
        points = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
        points.AddControlPoint(imageFromVolumeNode(scene.GetFirstNodeByName(pair.nodeNames[0])).grid.centerRas.tolist())
    if not scene.IsNodeClassRegistered("vtkMRMLSequenceNode"):
        scene.RegisterNodeClass(slicer.vtkMRMLSequenceNode())
    frames = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Breathing")
    for number, name in enumerate(pair.nodeNames):
        frames.SetDataNodeAtValue(scene.GetFirstNodeByName(name), str(number))
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Visits")
    for name in pair.nodeNames:
        hierarchy.CreateItem(folder, scene.GetFirstNodeByName(name))
    return scene


def test_the_documents_lines_run_one_after_the_other(scene, compared_before, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    own = presetsText({"Follow-up": {"preset": "fast", "prealignment": "rigid"}})
    (tmp_path / "presets.json").write_text(own, encoding="utf-8")
    names = {"slicer": slicer, "getNode": scene.GetFirstNodeByName}
    assert len(blocks()) == 10
    for block in blocks():
        exec(compile(block, str(DOCUMENT), "exec"), names)
    said = capsys.readouterr().out
    assert "Local similarity" in said and "Inverse of Prior to Current" in said and "1 landmarks" in said
    assert names["lesions"].GetName() == "Prior lesions, Prior to Current"
    assert names["change"].GetImageData() is not None and names["copy"].GetName() == "Prior FLAIR hardened"
    assert names["transforms"].GetNumberOfDataNodes() == 2
    assert names["expectedError"].GetImageData() is not None and names["trust"].summary["medianMm"] > 0
    assert names["result"].similarity > names["result"].similarityStart
    assert names["table"].GetNumberOfRows() == 2 and not any(outcome.error for outcome in names["outcomes"])
    assert "('Prior FLAIR', 'good')" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["presets.json", "prior-to-current.h5", "report"]
    assert names["changes"].opinions[1].note == "thalamus" and (tmp_path / "report" / "changes.html").is_file()
