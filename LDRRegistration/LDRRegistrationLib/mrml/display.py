"""A registration's result in the slice views: only what is asked for, and all of it can be taken back."""

from __future__ import annotations

from typing import Any

import slicer

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid
from .carrying import volumeGrid
from .checkerboard import checkerboard
from .colors import addLegend
from .swipe import Swipe
from .trustnodes import EXPECTED_ERROR, LOCAL_SIMILARITY
from .views import compositeNodes, lookAt, rememberViews, showScale
from .volumechange import localVolumeChange
from .worldposition import parentBefore

GRID, MAGNITUDE = "grid", "magnitude"
VOLUME_CHANGE, CHECKERBOARD, DIFFERENCE = "volume change", "checkerboard", "difference"
OVERLAY_OPACITY = 0.8
# Between the lines of the deformation's grid: Slicer's own, and those that suit what is smaller than a head.
USUAL_SPACING_MM = 15.0
SPACING_ATTRIBUTE = "LDRRegistration.GridSpacingMm"
SPACINGS_MM = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, USUAL_SPACING_MM)
MINIMUM_GRID_CELLS = 10
# Points along each line, a spacing apart: Slicer's own ratio.
POINTS_PER_CELL = 3


def gridSpacingMm(grid: Grid) -> float:
    """How far apart the lines of a grid are to be, so that ten of them cross the middle one of the volume's sides."""
    sides = sorted(grid.sizeIjk * grid.spacing)
    return next((mm for mm in reversed(SPACINGS_MM) if mm * MINIMUM_GRID_CELLS <= sides[1]), SPACINGS_MM[0])


def keepOutOfFiles(node: Any) -> None:
    """Leave a node, and what displays it, out of saved scenes: it is made to look at, and made anew by a click."""
    for part in (node, *(node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes()))):
        part.SaveWithSceneOff()


class ResultDisplay:
    """Shows one registration; ``restore`` puts back the views, the moving volume's parent and what was made for it.

    :param transformNode: the registration's output, which carries ``movingVolumeNode`` onto ``fixedVolumeNode``.
    """

    def __init__(self, fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> None:
        if None in (fixedVolumeNode, movingVolumeNode, transformNode):
            raise RegistrationError(_("There is no result to show: choose the volumes and their transform."))
        self.fixed, self.moving, self.transform = fixedVolumeNode, movingVolumeNode, transformNode
        self.scene = fixedVolumeNode.GetScene()
        self._putBack = rememberViews(self.scene)
        # The volume may lie under its result already, as in a saved scene: then that is how it is put back.
        self._found = movingVolumeNode.GetParentTransformNode()
        self._before = parentBefore(transformNode, movingVolumeNode)
        self._moved = False
        self._made: dict[str, Any] = {}
        self._swipe: Swipe | None = None

    def blend(self, opacity: float) -> None:
        """The moving volume over the fixed one, as it is carried at present; ``opacity`` 0 to 1."""
        self._overlay(self.moving, opacity)

    def showSwipe(self) -> None:
        """A line in the views, to be dragged: left of it the fixed volume, right of it the moving one alone.

        It goes when anything else is shown.

        :raises RegistrationError: there are no slice views.
        """
        self._overlay(self.moving, 0.0)
        self._swipe = Swipe(self.moving)

    def endSwipe(self) -> None:
        """Take the line away; what the views show stays."""
        if self._swipe is not None:
            self._swipe.remove()
            self._swipe = None

    @property
    def isSwiping(self) -> bool:
        return self._swipe is not None

    def showAfter(self, after: bool) -> None:
        """Carry the moving volume by the registration's transform, or leave it where it was."""
        self._putUnder(self.transform if after else self._before)
        self._moved = True

    @property
    def isAfter(self) -> bool:
        return self.moving.GetTransformNodeID() == self.transform.GetID()

    @property
    def isLive(self) -> bool:
        """Whether what is shown follows the transform by itself: nothing was made of it that could be out of date."""
        return not self._made

    def showDeformation(self, mode: str | None) -> None:
        """The deformation in the slices: "grid", "magnitude" (in contours, mm), or None for neither."""
        if mode is None and self.transform.GetDisplayNode() is None:
            return
        if self.transform.GetDisplayNode() is None:
            self.transform.CreateDefaultDisplayNodes()
        display = self.transform.GetDisplayNode()
        with slicer.util.NodeModify(display):
            if mode is not None:
                modes = slicer.vtkMRMLTransformDisplayNode
                kinds = {GRID: modes.VIS_MODE_GRID, MAGNITUDE: modes.VIS_MODE_CONTOUR}
                display.SetVisualizationMode(kinds[mode])
                self._fitGrid(display)
            display.SetVisibility2D(mode is not None)
            display.SetVisibility(mode is not None)

    def has(self, what: str) -> bool:
        """Whether VOLUME_CHANGE, CHECKERBOARD or DIFFERENCE is there already."""
        return what in self._made and bool(self.scene.IsNodePresent(self._made[what]))

    def showVolumeChange(self, node: Any = None) -> Any:
        """The map of local volume change over the fixed volume, with a colour legend where Slicer has one; the node.

        :param node: the map, if it was made elsewhere; it goes with the rest.
        """
        if node is not None or not self.has(VOLUME_CHANGE):
            self._made[VOLUME_CHANGE] = node or localVolumeChange(self.transform, self.fixed, onlyInBody=True)
            addLegend(self._made[VOLUME_CHANGE], "Volume change (%)")
            keepOutOfFiles(self._made[VOLUME_CHANGE])
        self._overlay(self._made[VOLUME_CHANGE], OVERLAY_OPACITY)
        return self._made[VOLUME_CHANGE]

    def showCheckerboard(self, node: Any = None) -> Any:
        """Tiles of the fixed and of the carried moving volume in turn; the node, see ``showVolumeChange``."""
        if node is not None or not self.has(CHECKERBOARD):
            self._made[CHECKERBOARD] = node or checkerboard(self.fixed, self.moving, self.transform)
            keepOutOfFiles(self._made[CHECKERBOARD])
        self.endSwipe()
        lookAt(self.fixed)
        showScale(self.scene)
        for view in compositeNodes(self.scene):
            view.SetBackgroundVolumeID(self._made[CHECKERBOARD].GetID())
            view.SetForegroundVolumeID(None)
        return self._made[CHECKERBOARD]

    def showDifference(self, node: Any) -> None:
        """The difference of both volumes over the fixed one; ``node`` goes with the rest, None is what there is."""
        if node is not None:
            self._made[DIFFERENCE] = node
            addLegend(node, "Difference (%)")
            keepOutOfFiles(node)
        self._overlay(self._made[DIFFERENCE], OVERLAY_OPACITY)

    def takeMaps(self, nodes: dict[str, Any]) -> None:
        """What says where the result is off, by EXPECTED_ERROR and LOCAL_SIMILARITY; the nodes go with the rest."""
        titles = {EXPECTED_ERROR: _("Expected error (mm)"), LOCAL_SIMILARITY: _("Local similarity")}
        for what, node in nodes.items():
            self._made[what] = node
            addLegend(node, titles[what])
            keepOutOfFiles(node)

    def showMap(self, what: str) -> None:
        """One of these over the fixed volume."""
        self._overlay(self._made[what], OVERLAY_OPACITY)

    def restore(self) -> None:
        """Everything as it was found."""
        self.endSwipe()
        self._putBack()
        if self._moved and self.scene.IsNodePresent(self.moving):
            self._putUnder(self._found)
        self._moved = False
        if self.scene.IsNodePresent(self.transform):
            self.showDeformation(None)
        for node in self._made.values():
            if self.scene.IsNodePresent(node):
                for number in range(node.GetNumberOfDisplayNodes() - 1, -1, -1):
                    self.scene.RemoveNode(node.GetNthDisplayNode(number))
                self.scene.RemoveNode(node)
        self._made = {}

    def _fitGrid(self, display: Any) -> None:
        """Lines close enough to see several in the fixed volume, unless the user has chosen how close."""
        if display.GetGridSpacingMm() not in (USUAL_SPACING_MM, float(display.GetAttribute(SPACING_ATTRIBUTE) or 0)):
            return
        spacing = gridSpacingMm(volumeGrid(self.fixed))
        display.SetAttribute(SPACING_ATTRIBUTE, str(spacing))
        display.SetGridSpacingMm(spacing)
        display.SetGridResolutionMm(spacing / POINTS_PER_CELL)
        display.SetContourResolutionMm(spacing / POINTS_PER_CELL)

    def _putUnder(self, parent: Any) -> None:
        present = parent is not None and self.scene.IsNodePresent(parent)
        self.moving.SetAndObserveTransformNodeID(parent.GetID() if present else None)

    def _overlay(self, node: Any, opacity: float) -> None:
        self.endSwipe()
        lookAt(self.fixed)
        showScale(self.scene)
        for view in compositeNodes(self.scene):
            with slicer.util.NodeModify(view):
                view.SetBackgroundVolumeID(self.fixed.GetID())
                view.SetForegroundVolumeID(node.GetID())
                view.SetForegroundOpacity(opacity)
