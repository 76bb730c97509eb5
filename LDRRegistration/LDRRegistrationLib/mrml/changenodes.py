"""A comparison of two visits as nodes: the map of change, a segment and a table row for each region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.detectionlimit import DetectionLimit
from ..change.kindcolors import COLORS
from ..change.table import COLUMNS, TEXTS, Opinion, row
from ..registration.register import RegistrationResult
from ..registration.verdict import Verdict
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid
from .colors import addLegend, showDiverging
from .labelmaps import orientedImage
from .matrices import arrayFromMatrix, localToWorld, matrixFromArray
from .nodes import allOrNothing, placeBeside
from .opinions import PlacedOpinion, byRank, noteAt, pointsInside, rankAt, readBook, writeBook
from .quantities import setUnit
from .tables import setColumns
from .verdicts import noteVerdict
from .views import compositeNodes, lookAt, showScale
from .volumes import imageDataFromArray

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTableNode, vtkMRMLTransformNode

# |z| at which the map's colors are full; below a fifth of it, which is what regions grow down to, nothing is shown.
FULL_Z = 15.0


@dataclass
class Changes:
    """What ``detectChanges`` made. ``opinions``: what the reader said of the regions that there are now, by rank; the
    table node keeps what was said of any (see opinions.py).
    """

    result: RegistrationResult
    # Of the alignment alone; the result's verdict is the worse of it and the comparison's.
    alignment: Verdict
    changeMap: ChangeMap
    detection: Detection
    changeVolumeNode: vtkMRMLScalarVolumeNode
    segmentationNode: vtkMRMLSegmentationNode
    tableNode: vtkMRMLTableNode
    transformNode: vtkMRMLTransformNode
    opinions: dict[int, Opinion] = field(default_factory=dict)
    # The ids of the segments there are, by what each shows; None before any was made.
    segments: dict[tuple[Any, ...], str] | None = None
    # Where the current and the prior scan lay when they were compared, in the world.
    grids: tuple[Grid, Grid] | None = None
    # What would have been found, once that was asked for.
    limit: DetectionLimit | None = None

    @property
    def summary(self) -> str:
        """A sentence on what was found, or why nothing was."""
        return self.detection.explanation

    @property
    def notes(self) -> list[str]:
        """What qualifies the result, in sentences."""
        return list(dict.fromkeys([*self.result.notes, *self.changeMap.notes]))

    def findOpinions(self) -> None:
        """Give the regions that there are now what was said of them."""
        self.opinions = byRank(readBook(self.tableNode), self.detection.labels, self.changeMap.grid)

    def note(self, rank: int, opinion: Opinion) -> None:
        """Keep an opinion on the region ``rank``, in place of any before."""
        labels, grid = self.detection.labels, self.changeMap.grid
        kept = [entry for entry in readBook(self.tableNode) if rankAt(labels, grid, entry.points) != rank]
        entry = PlacedOpinion(opinion, pointsInside(labels, grid, rank))
        writeBook(self.tableNode, [*kept, entry] if opinion != Opinion() else kept)
        self.opinions = {**self.opinions, rank: opinion}

    def checkPresent(self, *nodes: Any) -> None:
        """Raise RegistrationError unless ``nodes`` (default: all of the comparison's) are still in the scene."""
        checkPresent(*(nodes or (self.changeVolumeNode, self.segmentationNode, self.tableNode)))


def checkPresent(*nodes: Any) -> None:
    """Raise RegistrationError unless all these nodes of a comparison are still in the scene."""
    if any(node.GetScene() is None for node in nodes):
        raise RegistrationError(_("A part of the comparison is no longer in the scene: find the changes again."))


def changeVolume(changeMap: ChangeMap) -> vtk.vtkImageData:
    """The voxels of the change volume; in any thread."""
    return imageDataFromArray(changeMap.z.astype(np.float32), copy=False)


def publishChanges(
    currentNode: Any,
    result: RegistrationResult,
    changeMap: ChangeMap,
    detection: Detection,
    imageData: vtk.vtkImageData,
    transformNode: Any,
    outputs: tuple[Any, ...],
    alignment: Verdict,
) -> Changes:
    """Fill or make the change volume, segmentation and table, beside and under the parent of the current volume."""
    scene = currentNode.GetScene()
    kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode")
    names = ("Change", "Regions of change", "Table of changes")
    with allOrNothing(scene):
        volumeNode, segmentationNode, tableNode = (
            node if node is not None else scene.AddNewNodeByClass(kind, f"{name}, {currentNode.GetName()}")
            for node, kind, name in zip(outputs, kinds, names, strict=True)
        )
        toLocal = np.linalg.inv(localToWorld(currentNode)) @ changeMap.grid.ijkToRas
        with slicer.util.NodeModify(volumeNode):
            volumeNode.SetIJKToRASMatrix(matrixFromArray(toLocal))
            volumeNode.SetAndObserveTransformNodeID(currentNode.GetTransformNodeID())
            # Before it has voxels, whose range would be looked for else.
            showDiverging(volumeNode, FULL_Z)
            volumeNode.SetAndObserveImageData(imageData)
            setUnit(volumeNode)
            noteVerdict(volumeNode, result.verdict)
        addLegend(volumeNode, _("Strength of change"))
        segmentationNode.SetAndObserveTransformNodeID(currentNode.GetTransformNodeID())
        segmentationNode.CreateDefaultDisplayNodes()
        # A region that is filled hides what is to be seen in it.
        segmentationNode.GetDisplayNode().SetVisibility2DFill(False)
        segmentationNode.GetDisplayNode().SetVisibility2DOutline(True)
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
        for node in (volumeNode, segmentationNode):
            placeBeside(node, currentNode)
        nodes = (volumeNode, segmentationNode, tableNode, transformNode)
        changes = Changes(result, alignment, changeMap, detection, *nodes)
        changes.findOpinions()
        showRegions(changes, toLocal)
    return changes


def showRegions(changes: Changes, ijkToLocal: np.ndarray | None = None) -> None:
    """Segments and table rows of ``changes.detection``, in place of those there are.

    Segments that stay as they are stay in the node: adding one makes Slicer draw all of them anew.
    """
    if ijkToLocal is None:
        matrix = vtk.vtkMatrix4x4()
        changes.changeVolumeNode.GetIJKToRASMatrix(matrix)
        ijkToLocal = arrayFromMatrix(matrix)
    node, labels = changes.segmentationNode, changes.detection.labels
    segmentation = node.GetSegmentation()
    if changes.segments is None:
        segmentation.RemoveAllSegments()
    present = {key: id_ for key, id_ in (changes.segments or {}).items() if segmentation.GetSegment(id_) is not None}
    wanted: dict[tuple[Any, ...], str | None] = {}
    images = {}
    for region, box in zip(changes.detection.regions, changes.detection.boxes, strict=True):
        inside = labels[box] == region.rank
        start = [part.start for part in box[::-1]]
        key = (region.name, region.kind, *start, *inside.shape, inside.tobytes())
        wanted[key] = present.pop(key, None)
        if wanted[key] is None:
            part = Grid(labels.shape, ijkToLocal).cropped(box)
            images[key] = orientedImage(imageDataFromArray(inside.astype(np.uint8)), part.ijkToRas)
    for gone in present.values():
        segmentation.RemoveSegment(gone)
    changes.segments = {}
    for place, (key, name) in enumerate(wanted.items()):
        segment = name or node.AddSegmentFromBinaryLabelmapRepresentation(images[key], key[0], COLORS[key[1]])
        if segmentation.GetSegmentIndex(segment) != place:
            segmentation.SetSegmentIndex(segment, place)
        changes.segments[key] = segment
    fillTable(changes)


def fillTable(changes: Changes) -> None:
    """The table node, from the regions and what the reader said of them."""
    rows = [row(region, changes.opinions.get(region.rank)) for region in changes.detection.regions]
    setColumns(changes.tableNode, {name: [values[name] for values in rows] for name in COLUMNS}, TEXTS)
    changes.tableNode.SetDescription(changes.summary)
    changes.tableNode.SetAttribute("LDRRegistration.Sensitivity", f"{changes.detection.sensitivity:.3f}")


def readTable(tableNode: Any) -> list[dict[str, str]]:
    """The rows of a table of changes, of this session or of a saved scene; none of any other table."""
    names = [tableNode.GetColumnName(n) for n in range(tableNode.GetNumberOfColumns())]
    # Scenes of earlier versions say nothing of the evidence.
    if names != [name for name in COLUMNS if name in names or name != "Evidence"]:
        return []
    rows = range(tableNode.GetNumberOfRows())
    return [{name: tableNode.GetCellText(r, c) for c, name in enumerate(names)} for r in rows]


def writeOpinion(tableNode: Any, place: int, verdict: str, note: str) -> None:
    """What a reader says of the region in row ``place``, in the table and kept by place."""
    noteAt(tableNode, placeOf(readTable(tableNode)[place]), Opinion(verdict, note))
    for name, text in (("Verdict", verdict), ("Note", note)):
        tableNode.SetCellText(place, tableNode.GetColumnIndex(name), text)


def placeOf(row: dict[str, str]) -> tuple[float, float, float]:
    """The middle of a row's region, RAS mm in the world."""
    r, a, s = (float(row[f"{axis} (mm)"]) for axis in "RAS")
    return r, a, s


def showInViews(changeVolumeNode: Any, currentNode: Any) -> None:
    """The change map, of this session or of a saved scene, over the current volume in all slice views.

    :raises RegistrationError: one of the nodes left the scene.
    """
    checkPresent(changeVolumeNode, currentNode)
    lookAt(currentNode)
    showScale(currentNode.GetScene())
    for view in compositeNodes(currentNode.GetScene()):
        with slicer.util.NodeModify(view):
            view.SetBackgroundVolumeID(currentNode.GetID())
            view.SetForegroundVolumeID(changeVolumeNode.GetID())
            view.SetForegroundOpacity(0.7)
