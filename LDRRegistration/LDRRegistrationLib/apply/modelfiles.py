"""Files of surface models, and the coordinate system that Slicer writes into their headers: SPACE=RAS or SPACE=LPS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..runtime.terminal import silentVtk

ENDINGS = (".vtk", ".vtp", ".stl", ".ply", ".obj")
SPACES = ("RAS", "LPS")
SPACE = "SPACE"


def read(path: Path) -> tuple[Any, str | None]:
    """The vtkPolyData in ``path``, None if it cannot be read, and "RAS", "LPS" or None for what it says of itself."""
    import vtk

    readers = {
        ".vtk": vtk.vtkPolyDataReader,
        ".vtp": vtk.vtkXMLPolyDataReader,
        ".stl": vtk.vtkSTLReader,
        ".ply": vtk.vtkPLYReader,
        ".obj": vtk.vtkOBJReader,
    }
    ending = path.suffix.lower()
    reader = readers[ending]()
    reader.SetFileName(str(path))
    with silentVtk():
        reader.Update()
    model = reader.GetOutput()
    said = ""
    if ending in (".vtk", ".stl"):
        said = reader.GetHeader() or ""
    elif ending == ".obj":
        said = reader.GetComment() or ""
    elif ending == ".ply":
        comments = reader.GetComments()
        said = " ".join(comments.GetValue(index) for index in range(comments.GetNumberOfValues()))
    if model is not None and (array := model.GetFieldData().GetAbstractArray(SPACE)) is not None:
        said = f"{SPACE}={array.GetVariantValue(0).ToString()}"
        model.GetFieldData().RemoveArray(SPACE)
    return model, next((space for space in SPACES if f"{SPACE}={space}" in said), None)


def write(model: Any, path: Path, space: str) -> None:
    """Write a vtkPolyData, and into the header that its points are in ``space``, as Slicer reads it.

    :raises OSError: it could not be written.
    """
    import vtk

    writers = {
        ".vtk": vtk.vtkPolyDataWriter,
        ".vtp": vtk.vtkXMLPolyDataWriter,
        ".stl": vtk.vtkSTLWriter,
        ".ply": vtk.vtkPLYWriter,
        ".obj": vtk.vtkOBJWriter,
    }
    ending = path.suffix.lower()
    writer = writers[ending]()
    writer.SetFileName(str(path))
    said = f"{SPACE}={space}"
    if ending in (".vtk", ".stl"):
        writer.SetHeader(f"ldr-apply output. {said}")
    elif ending == ".ply":
        writer.AddComment(said)
    elif ending == ".vtp":
        array = vtk.vtkStringArray()
        array.SetName(SPACE)
        array.InsertNextValue(space)
        model.GetFieldData().AddArray(array)
    writer.SetInputData(model)
    with silentVtk():
        written = writer.Write()
    if not written:
        raise OSError(f"{path} could not be written.")
    if ending == ".obj":  # whose writer takes no comment
        path.write_bytes(f"# {said}\n".encode("ascii") + path.read_bytes())
