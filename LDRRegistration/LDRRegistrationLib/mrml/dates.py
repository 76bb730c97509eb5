"""When a scan was made, as far as the scene knows it from DICOM."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import slicer


def dateOf(volumeNode: Any) -> str | None:
    """The ISO date of the DICOM study that ``volumeNode`` belongs to in the subject hierarchy; None if unknown."""
    # Not GetSubjectHierarchyNode, which would add one to the scene.
    hierarchy = volumeNode.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    if hierarchy is None:
        return None
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMStudyDateAttributeName()
    item = hierarchy.GetItemByDataNode(volumeNode)
    while item and item != hierarchy.GetSceneItemID():
        text = hierarchy.GetItemAttribute(item, name)
        if text:
            try:
                return datetime.strptime(text.replace("-", "")[:8], "%Y%m%d").date().isoformat()
            except ValueError:
                return None
        item = hierarchy.GetItemParent(item)
    return None
