"""A command's own process loads parts of the libraries, and the rest when somebody asks for it."""

import json
import subprocess
import sys

import pytest

LOADED = """
import json, os, sys
from LDRRegistrationLib.runtime import startup
{mine}
torch = startup.loadLibraries()
import slicer, vtk
scene = slicer.vtkMRMLScene()
said = {{
    "stub": type(sys.modules["torch._meta_registrations"]).__name__,
    "all": "vtkmodules.vtkIONetCDF" in sys.modules,
    "parts": sum(name.startswith("slicer_core.") for name in sys.modules),
    "sum": float(torch.ones(3).sum()),
    "node": scene.AddNewNodeByClass("vtkMRMLTransformNode").GetClassName(),
    "spins": os.environ.get("GOMP_SPINCOUNT"),
    "text": vtk.vtkTextRenderer.GetInstance() is not None,
    "own": vtk.vtkMatrix4x4 is sys.modules["vtkmodules.vtkCommonMath"].vtkMatrix4x4,
}}
said["sphere"] = vtk.vtkSphereSource().GetClassName()
said["segmentation"] = slicer.vtkMRMLSegmentationNode().GetClassName()
said["kernel"] = callable(torch._meta_registrations.meta_index_Tensor)
try:
    slicer.vtkNoSuchThing
except AttributeError as error:
    said["missing"] = str(error)
print(json.dumps(said))
"""


def loaded(mine):
    script = LOADED.format(mine="startup.processIsCommand()" if mine else "")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def light():
    return loaded(mine=True)


def test_a_command_loads_parts_and_works(light):
    assert light["stub"] == "_Unloaded" and not light["all"] and light["parts"] < 15
    assert light["sum"] == 3.0 and light["node"] == "vtkMRMLTransformNode" and light["text"] and light["own"]
    assert light["spins"] is None  # of GNU's OpenMP, only while it is loaded


def test_what_is_asked_for_is_loaded_after_all(light):
    assert light["sphere"] == "vtkSphereSource" and light["segmentation"] == "vtkMRMLSegmentationNode"
    assert light["kernel"] and "vtkNoSuchThing" in light["missing"]


def test_another_program_gets_the_whole_libraries():
    """It may rely on what importing them does besides."""
    whole = loaded(mine=False)
    assert whole["stub"] == "module" and whole["all"] and whole["parts"] > 30
