"""Attempts in the scene, so that a saved one has them: each that no node holds is a hidden transform node of its own.

The transform that is shown holds one of the attempts itself, and says so in an attribute. Slicer saves hidden nodes
beside the others.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import slicer

from ..registration.register import RegistrationResult
from ..registration.verdict import GRADES, Verdict
from .nodes import NodeReference
from .transforms import notedSides, noteSides

ATTRIBUTE = "LDRRegistration.Attempt"
# Of a hidden node: the transform that its attempt was one at.
OF_ROLE = "LDRRegistration.attemptOf"
# Where a transform leads these says whether it is still the one that a record is about.
PROBES = ((0.0, 0.0, 0.0), (40.0, -30.0, 20.0), (-35.0, 25.0, -45.0))
SAME_MM = 0.01


@dataclass(frozen=True)
class Record:
    """What is told of an attempt, the later the larger its ``number``.

    ``probe``: where its transform leads PROBES. ``points`` and ``pointsMm``: how many landmarks were followed, and how
    far off they are. ``notes``: what qualifies the result, a line each.
    """

    number: int
    clock: str
    preset: str
    prealignment: str
    grade: str
    sentence: str
    similarity: float
    summary: str
    points: int
    pointsMm: float
    probe: tuple[float, ...]
    notes: str = ""

    @staticmethod
    def of(result: RegistrationResult, transform: Any, number: int) -> Record:
        fit, settings, verdict = result.landmarks, result.settings, result.verdict
        return Record(
            number=number,
            clock=time.strftime("%Y-%m-%d %H:%M:%S"),
            preset=settings.preset.value,
            prealignment=settings.prealignment.value,
            grade=verdict.grade,
            sentence=verdict.sentence,
            similarity=float(result.similarity),
            summary=result.summary,
            points=0 if fit is None else len(fit.afterMm),
            pointsMm=0.0 if fit is None else float(fit.afterMm.mean()),
            probe=_probe(transform),
            notes="\n".join(result.notes),
        )

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.grade, self.sentence)

    def isAbout(self, transform: Any) -> bool:
        """Whether it is still so."""
        return bool(np.allclose(_probe(transform), self.probe, rtol=0.0, atol=SAME_MM))


def noteRecord(node: Any, record: Record | None) -> None:
    """Note on ``node`` which attempt it holds."""
    # Quoted, since files of scenes separate attributes by signs that a sentence may hold.
    text = None if record is None else quote(json.dumps(asdict(record)))
    if node.GetAttribute(ATTRIBUTE) != text:
        node.SetAttribute(ATTRIBUTE, text)


def notedRecord(node: Any) -> Record | None:
    """What was noted; None where nothing was, or nothing that can be read."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        values = json.loads(unquote(node.GetAttribute(ATTRIBUTE) or ""))
        numbers = {name: float(values.pop(name)) for name in ("similarity", "pointsMm")}
        counts = {name: int(values.pop(name)) for name in ("number", "points")}
        probe = tuple(float(value) for value in values.pop("probe"))
        words = {name: str(value) for name, value in values.items()}
        if len(probe) == 3 * len(PROBES) and words["grade"] in GRADES:
            return Record(**words, **numbers, **counts, probe=probe)  # type: ignore[arg-type]
    return None


def keep(record: Record, transform: Any, movingToWorld: np.ndarray, nodes: tuple[Any, Any, Any]) -> NodeReference:
    """A hidden node with an attempt at ``nodes``: fixed volume, moving volume and the transform."""
    fixed, moving, transformNode = nodes
    scene = transformNode.GetScene()
    node = slicer.vtkMRMLTransformNode()
    # Files of hidden nodes are called as they are.
    node.SetName(scene.GenerateUniqueName(f"{transformNode.GetName()} attempt"))
    node.SetHideFromEditors(True)
    node.SetAndObserveTransformFromParent(transform)
    scene.AddNode(node)
    roles = slicer.vtkMRMLTransformNode
    node.SetNodeReferenceID(roles.GetFixedNodeReferenceRole(), fixed.GetID())
    node.SetNodeReferenceID(roles.GetMovingNodeReferenceRole(), moving.GetID())
    node.SetNodeReferenceID(OF_ROLE, transformNode.GetID())
    noteSides(node, sourceToWorld=movingToWorld)
    noteRecord(node, record)
    return NodeReference(node)


@dataclass(frozen=True)
class Kept:
    """An attempt as a scene has it; ``node`` is hidden, or the transform itself."""

    record: Record
    node: Any
    nodes: tuple[Any, Any, Any]
    movingToWorld: np.ndarray


def keptIn(scene: Any) -> Iterator[Kept]:
    """The attempts of a scene in the order of their nodes, without those whose volumes or transform are gone."""
    roles = slicer.vtkMRMLTransformNode
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLTransformNode")):
        node = scene.GetNthNodeByClass(number, "vtkMRMLTransformNode")
        record = notedRecord(node)
        if record is None:
            continue
        names = (roles.GetFixedNodeReferenceRole(), roles.GetMovingNodeReferenceRole())
        fixed, moving = (node.GetNodeReference(name) for name in names)
        of = node.GetNodeReference(OF_ROLE) if node.GetHideFromEditors() else node
        if None not in (fixed, moving, of) and record.isAbout(node.GetTransformFromParent()):
            yield Kept(record, node, (fixed, moving, of), notedSides(node)[0])


def _probe(transform: Any) -> tuple[float, ...]:
    return tuple(round(value, 4) for point in PROBES for value in transform.TransformPoint(point))
