"""What the values of a volume mean: their quantity and unit, as PET or a quantitative map has them."""

from __future__ import annotations

from typing import Any

import slicer

DICOM = "DICOM."


def copyMeaning(sourceNode: Any, volumeNode: Any) -> None:
    """``volumeNode`` holds resampled values of ``sourceNode``: the same quantity in the same unit, and no DICOM file's.

    What ``volumeNode`` held before does not count.
    """
    _setMeaning(volumeNode, sourceNode.GetVoxelValueQuantity(), sourceNode.GetVoxelValueUnits())
    if volumeNode.IsA("vtkMRMLVectorVolumeNode") and sourceNode.IsA("vtkMRMLVectorVolumeNode"):
        volumeNode.SetVoxelVectorType(sourceNode.GetVoxelVectorType())


def setUnit(volumeNode: Any, code: str | None = None, meaning: str | None = None) -> None:
    """``volumeNode`` holds something new, in a unit of UCUM; None: a bare number."""
    unit = None
    if code is not None:
        unit = slicer.vtkCodedEntry()
        unit.SetValueSchemeMeaning(code, "UCUM", meaning)
    _setMeaning(volumeNode, None, unit)


def _setMeaning(volumeNode: Any, quantity: Any, unit: Any) -> None:
    volumeNode.SetVoxelValueQuantity(_copyOf(quantity))
    volumeNode.SetVoxelValueUnits(_copyOf(unit))
    forgetFiles(volumeNode)


def forgetFiles(node: Any) -> None:
    """Remove what says that ``node`` is what certain DICOM files hold."""
    for name in node.GetAttributeNames() or ():
        if name.startswith(DICOM):
            node.RemoveAttribute(name)


def _copyOf(entry: Any) -> Any:
    # Nodes share the object that they are given.
    if entry is None:
        return None
    copy = slicer.vtkCodedEntry()
    copy.Copy(entry)
    return copy
