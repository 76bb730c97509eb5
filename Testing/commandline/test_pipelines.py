"""The command as a node of nipype, and as a task of pydra."""

import json
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
from LDRRegistrationLib.commandline.pipelines import nipypeInterface, pydraTask
from LDRRegistrationLib.runtime.errors import DependencyError
from support.data import ROOT


@pytest.fixture(autouse=True)
def this_checkout(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "LDRRegistration"))


def test_without_nipype_or_pydra_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "nipype.interfaces.base", None)
    with pytest.raises(DependencyError, match="pip install nipype"):
        nipypeInterface()
    monkeypatch.setitem(sys.modules, "pydra", None)
    with pytest.raises(DependencyError, match="pip install 'pydra"):
        pydraTask()


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


def test_a_task_of_pydra(files, tmp_path):
    pytest.importorskip("pydra")
    inputs = {name: str(files[name]) for name in ("fixed", "moving", "models")}
    task = pydraTask()(name="register", cache_dir=tmp_path / "cache", **inputs, prealignment="rigid", threads=1)
    output = task(plugin="serial").output
    assert Path(output.transform).name == "transform.h5"
    assert sitk.ReadTransform(str(output.transform)).GetDimension() == 3
    report = json.loads(Path(output.report).read_text())
    assert report["prealignment"] == "rigid" and Path(output.overview).is_file()
    bad = pydraTask()(name="bad", cache_dir=tmp_path / "cache", **{**inputs, "moving": __file__})
    with pytest.raises(Exception, match="not an image"):
        bad(plugin="serial")
