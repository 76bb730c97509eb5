"""The command as a node of nipype."""

import json
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
from LDRRegistrationLib.commandline.pipelines import nipypeInterface
from LDRRegistrationLib.runtime.errors import DependencyError
from support.data import ROOT


@pytest.fixture(autouse=True)
def this_checkout(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "LDRRegistration"))


def test_without_nipype_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "nipype.interfaces.base", None)
    with pytest.raises(DependencyError, match="pip install"):
        nipypeInterface()


def test_a_node_of_nipype(files, tmp_path):
    pytest.importorskip("nipype")
    interface = nipypeInterface()
    inputs = {"fixed": str(files["fixed"]), "moving": str(files["moving"]), "models": str(files["models"])}
    result = interface(**inputs, out_dir=str(tmp_path / "out"), prealignment="rigid", threads=1).run()
    assert Path(result.outputs.transform) == tmp_path / "out" / "transform.h5"
    assert sitk.ReadTransform(result.outputs.transform).GetDimension() == 3
    assert json.loads(Path(result.outputs.report).read_text())["prealignment"] == "rigid"
    with pytest.raises(RuntimeError, match="not an image"):
        interface(**{**inputs, "moving": __file__}, out_dir=str(tmp_path / "bad")).run()
