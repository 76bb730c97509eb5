"""Pairs of landmarks: how far apart before and after a registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import slicer
import vtk

from ..registration.landmarks import Landmarks
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import transformPoints
from .carrying import sourceFromLocal, worldFromLocal
from .matrices import arrayFromMatrix, matrixFromArray
from .nodes import allOrNothing
from .tables import setColumns
from .transforms import notedSides, pointsThrough, withTightInverse
from .verdicts import notedVerdict
from .worldposition import resultAbove, toWorldRas


@dataclass
class LandmarkComparison:
    """Distances in mm between each moving landmark and where its fixed partner belongs, before and after.

    ``labels`` has n entries, ``beforeMm`` and ``afterMm`` are (n,). Statistics use all points; SD divides by n - 1.
    """

    labels: list[str]
    beforeMm: np.ndarray
    afterMm: np.ndarray
    tableNode: Any
    # On the registration that made the transform, "grade: sentence"; empty if it came from elsewhere.
    verdict: str = ""

    @property
    def summary(self) -> str:
        """One line for the panel and the console."""
        before, after = (self.statistics(values) for values in (self.beforeMm, self.afterMm))
        return _(
            "{count} landmarks: mean error {meanBefore:.2f} -> {meanAfter:.2f} mm, SD {sdBefore:.2f} -> "
            "{sdAfter:.2f} mm, maximum {mostBefore:.2f} -> {mostAfter:.2f} mm"
        ).format(
            count=len(self.labels),
            meanBefore=before[0],
            meanAfter=after[0],
            sdBefore=before[1],
            sdAfter=after[1],
            mostBefore=before[2],
            mostAfter=after[2],
        ) + (_("; registration {verdict}").format(verdict=self.verdict) if self.verdict else "")

    @staticmethod
    def statistics(values: np.ndarray) -> tuple[float, float, float]:
        """Mean, standard deviation (0 for a single point) and maximum."""
        return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, float(values.max())


def compareLandmarks(fixedMarkupsNode, movingMarkupsNode, transformNode, outputTableNode=None) -> LandmarkComparison:
    """See RegistrationLogic.compareLandmarks."""
    _checkNodes(fixedMarkupsNode, movingMarkupsNode, transformNode)
    labels, fixedLocal, movingLocal, _weights = _pairs(fixedMarkupsNode, movingMarkupsNode)
    fixedWorld = pointsThrough(worldFromLocal(fixedMarkupsNode), fixedLocal)
    movingWorld = pointsThrough(_worldFromMoving(movingMarkupsNode, transformNode), movingLocal)
    predicted = pointsThrough(withTightInverse(_movingWorldFromFixedWorld(transformNode)), fixedWorld)
    before = np.linalg.norm(movingWorld - fixedWorld, axis=1)
    after = np.linalg.norm(movingWorld - predicted, axis=1)
    comparison = LandmarkComparison(labels, before, after, outputTableNode, notedVerdict(transformNode))
    scene = fixedMarkupsNode.GetScene()
    with allOrNothing(scene):
        if comparison.tableNode is None:
            name = f"Landmark errors of {transformNode.GetName()}"
            comparison.tableNode = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
        _fillTable(comparison)
    return comparison


def landmarkNotes(fixedMarkupsNode, movingMarkupsNode, transformNode, fixedVolumeNode, movingVolumeNode) -> list[str]:
    """What a user should know of two lists that can be compared: points without partner, points outside the volumes.

    :raises RegistrationError: they cannot be compared; the message says why.
    """
    if None in (fixedVolumeNode, movingVolumeNode):
        raise RegistrationError(_("A volume of these landmarks is not there any more: choose both volumes above."))
    _checkNodes(fixedMarkupsNode, movingMarkupsNode, transformNode)
    if fixedMarkupsNode is movingMarkupsNode:
        raise RegistrationError(_("The fixed and the moving landmarks are the same list: choose two."))
    labels = _pairs(fixedMarkupsNode, movingMarkupsNode).labels
    notes = []
    movingResult = resultAbove(movingVolumeNode, transformNode)
    for node, toWorld, volume, place in (
        (fixedMarkupsNode, worldFromLocal(fixedMarkupsNode), fixedVolumeNode, toWorldRas(fixedVolumeNode)),
        (
            movingMarkupsNode,
            _worldFromMoving(movingMarkupsNode, transformNode),
            movingVolumeNode,
            toWorldRas(movingVolumeNode, movingResult),
        ),
    ):
        points = _points(node).positions
        alone = len(points) - len(labels)
        if alone:
            notes.append(
                _("{name}: {alone} of {count} points have no partner and are left out.").format(
                    name=node.GetName(), alone=alone, count=len(points)
                )
            )
        outside = np.count_nonzero(_isOutside(pointsThrough(toWorld, points), volume, place))
        if outside:
            notes.append(
                _("{name}: {outside} of {count} points are outside {volume}.").format(
                    name=node.GetName(), outside=outside, count=len(points), volume=volume.GetName()
                )
            )
    return notes


def landmarksToFollow(fixedMarkupsNode, movingMarkupsNode, resultNode=None) -> Landmarks | None:
    """What two lists of points ask of a registration; None without lists. Partners as in ``compareLandmarks``.

    A point that is not selected is left out. A locked one counts fully; of others a number above 0 and up to 1 as their
    description is their weight, which is 1 without.
    :param resultNode: an earlier result, under which the moving points may lie, as the moving volume may.
    :raises RegistrationError: one list is missing, or they do not correspond.
    """
    if fixedMarkupsNode is None and movingMarkupsNode is None:
        return None
    for node in (fixedMarkupsNode, movingMarkupsNode):
        if node is None or not node.IsA("vtkMRMLMarkupsNode"):
            raise RegistrationError(_("Choose a markups node with the fixed and one with the moving landmarks."))
    if fixedMarkupsNode is movingMarkupsNode:
        raise RegistrationError(_("The fixed and the moving landmarks are the same list: choose two."))
    labels, fixed, moving, weights = _pairs(fixedMarkupsNode, movingMarkupsNode)
    kept = weights > 0.0
    if not kept.any():
        raise RegistrationError(_("No pair of landmarks is selected: there is nothing to follow."))
    fixedWorld = pointsThrough(worldFromLocal(fixedMarkupsNode), fixed[kept])
    toWorld = worldFromLocal(movingMarkupsNode)
    if resultNode is not None:
        toWorld = _worldFromMoving(movingMarkupsNode, resultNode)
    labels = [label for label, isKept in zip(labels, kept, strict=True) if isKept]
    return Landmarks.of(fixedWorld, pointsThrough(toWorld, moving[kept]), weights[kept], labels)


def _checkNodes(fixedMarkupsNode, movingMarkupsNode, transformNode) -> None:
    for node in (fixedMarkupsNode, movingMarkupsNode):
        if node is None or not node.IsA("vtkMRMLMarkupsNode"):
            raise RegistrationError(_("Choose a markups node with the fixed and one with the moving landmarks."))
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform whose error the landmarks are to show."))


def _isOutside(points: np.ndarray, volumeNode, place: np.ndarray) -> np.ndarray:
    """Which of ``points`` (n, 3) in the world lie more than a voxel outside a volume whose place is ``place``."""
    image = volumeNode.GetImageData()
    if image is None:
        return np.ones(len(points), dtype=bool)
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    ijk = transformPoints(np.linalg.inv(place @ arrayFromMatrix(matrix)), points)
    return np.any((ijk < -1.0) | (ijk > np.array(image.GetDimensions())), axis=1)


def _worldFromMoving(movingMarkupsNode, transformNode) -> vtk.vtkAbstractTransform:
    """From the points of ``movingMarkupsNode`` to where they were in the world before the registration."""
    toWorld = vtk.vtkGeneralTransform()
    toWorld.PostMultiply()
    toWorld.Concatenate(sourceFromLocal(movingMarkupsNode, transformNode))
    toWorld.Concatenate(matrixFromArray(notedSides(transformNode)[0]))
    return withTightInverse(toWorld)


def _movingWorldFromFixedWorld(transformNode) -> vtk.vtkAbstractTransform:
    source, result = notedSides(transformNode)
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    chain.Concatenate(matrixFromArray(np.linalg.inv(result)))
    part = vtk.vtkGeneralTransform()
    transformNode.GetTransformFromWorld(part)
    chain.Concatenate(part)
    chain.Concatenate(matrixFromArray(source))
    return chain


class _Points(NamedTuple):
    """Labels, positions (n, 3) in a node's own coordinates, and weights (n,): 0 is left out of what is followed."""

    labels: list[str]
    positions: np.ndarray
    weights: np.ndarray


class _Pairs(NamedTuple):
    labels: list[str]
    fixed: np.ndarray
    moving: np.ndarray
    weights: np.ndarray


def _pairs(fixedNode, movingNode) -> _Pairs:
    """Partners, in each node's own coordinates: by label where these are names, else by order."""
    fixed, moving = (_points(node) for node in (fixedNode, movingNode))
    if not fixed.labels or not moving.labels:
        raise RegistrationError(_("There are no landmarks: place points in both markups nodes."))
    distinct = all(len(set(points.labels)) == len(points.labels) for points in (fixed, moving))
    common = [label for label in fixed.labels if label and label in moving.labels] if distinct else []
    if common:
        ofFixed, ofMoving = ([points.labels.index(label) for label in common] for points in (fixed, moving))
        weights = np.minimum(fixed.weights[ofFixed], moving.weights[ofMoving])
        return _Pairs(common, fixed.positions[ofFixed], moving.positions[ofMoving], weights)
    if len(fixed.labels) != len(moving.labels):
        raise RegistrationError(
            _(
                "{fixed} has {count} and {moving} {movingCount} landmarks, without a label in common: give "
                "partners the same label, or place as many in the same order."
            ).format(
                fixed=fixedNode.GetName(),
                count=len(fixed.labels),
                moving=movingNode.GetName(),
                movingCount=len(moving.labels),
            )
        )
    labels = [label or str(index + 1) for index, label in enumerate(fixed.labels)]
    return _Pairs(labels, fixed.positions, moving.positions, np.minimum(fixed.weights, moving.weights))


def _points(node) -> _Points:
    labels, positions, weights = [], [], []
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) == slicer.vtkMRMLMarkupsNode.PositionDefined:
            labels.append(node.GetNthControlPointLabel(index))
            positions.append(node.GetNthControlPointPosition(index))
            weights.append(_weightOf(node, index))
    return _Points(labels, np.array(positions, dtype=float).reshape(-1, 3), np.array(weights, dtype=float))


def _weightOf(node, index: int) -> float:
    if not node.GetNthControlPointSelected(index):
        return 0.0
    if node.GetNthControlPointLocked(index):
        return 1.0
    try:
        weight = float(node.GetNthControlPointDescription(index))
    except ValueError:
        return 1.0
    return weight if 0.0 < weight <= 1.0 else 1.0


def _fillTable(comparison: LandmarkComparison) -> None:
    before, after = comparison.beforeMm, comparison.afterMm
    columns = {
        "Landmark": [*comparison.labels, "Mean", "SD", "Maximum"],
        "Before (mm)": [*before, *comparison.statistics(before)],
        "After (mm)": [*after, *comparison.statistics(after)],
        "Verdict": [comparison.verdict] * (len(comparison.labels) + 3),
    }
    setColumns(comparison.tableNode, columns, ("Landmark", "Verdict"))
