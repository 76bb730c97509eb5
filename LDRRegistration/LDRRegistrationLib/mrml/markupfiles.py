"""Markups files to nodes without the Slicer application: fcsv and mrk.json, by Slicer's own readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer

from ..imagefiles.streams import checkRegularFile
from ..runtime.errors import RegistrationError
from ..runtime.terminal import silentVtk

MARKUPS_SUFFIXES = (".fcsv", ".mrk.json", ".json")


def readMarkups(scene: Any, path: Path) -> Any:
    """A markups node with the points of a file, in RAS, whatever the file's header says its coordinates are.

    :raises RegistrationError: the file is missing, is none of markups, or has no points.
    """
    checkRegularFile(path)
    if not path.name.lower().endswith(MARKUPS_SUFFIXES):
        raise RegistrationError(f"{path} is no file of landmarks ({', '.join(MARKUPS_SUFFIXES)}).")
    isTable = path.suffix.lower() == ".fcsv"
    storage = slicer.vtkMRMLMarkupsFiducialStorageNode() if isTable else slicer.vtkMRMLMarkupsJsonStorageNode()
    node, isRead = _read(scene, storage, "vtkMRMLMarkupsFiducialNode", path)
    count = node.GetNumberOfControlPoints()
    points = np.array([node.GetNthControlPointPosition(n) for n in range(count)]).reshape(-1, 3)
    if not isRead or not count or not np.isfinite(points).all():
        scene.RemoveNode(node)
        why = "cannot be read as landmarks" if not isRead else "has no points, or some without numbers"
        raise RegistrationError(f"{path} {why}.")
    return node


def readRoi(scene: Any, path: Path) -> Any:
    """An ROI node with the box of a file, turned or not.

    :raises RegistrationError: the file is missing, or has no ROI.
    """
    checkRegularFile(path)
    storage = slicer.vtkMRMLMarkupsROIJsonStorageNode()
    node, isRead = _read(scene, storage, "vtkMRMLMarkupsROINode", path)
    if not isRead or node.GetNumberOfControlPoints() == 0:
        scene.RemoveNode(node)
        raise RegistrationError(f"{path} cannot be read as an ROI: save it in Slicer as .mrk.json.")
    return node


def _read(scene: Any, storage: Any, className: str, path: Path) -> tuple[Any, bool]:
    """A node of what ``storage`` reads, and whether it could; nothing else stays in the scene."""
    # Not by name: outside the application the scene knows no such class.
    scene.AddNode(storage)
    node = scene.AddNewNodeByClass(className, path.name)
    storage.SetFileName(str(path.resolve()))
    with silentVtk():
        isRead = bool(storage.ReadData(node))
    scene.RemoveNode(storage)
    node.SetAndObserveStorageNodeID(None)
    node.SetName(path.name)
    return node, isRead
