"""The attempts at one registration: each can be gone back to, with all that its nodes held, also in a saved scene."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from ..registration.guided import Start
from ..registration.register import RegistrationResult
from ..runtime.language import tr as _
from .attempts import Record, keep, keptIn, noteRecord
from .jobs import RegistrationJob
from .nodes import NodeReference
from .transforms import noteSides, updateTransformNode
from .verdicts import noteVerdict
from .volumes import updateVolumeNode

# Each holds a displacement field, of 10 to 30 MB.
MAXIMUM_ATTEMPTS = 10


@dataclass(eq=False)
class Attempt:
    """What a registration put into its nodes, and how it went; ``base`` is what its landmarks bent, if it had any.

    ``imageData`` is not saved, and neither is ``base``. ``keeper`` is the hidden node that has it in saved scenes; None
    as long as the transform node itself holds it.
    """

    record: Record
    transform: Any
    imageData: Any
    movingToWorld: np.ndarray
    nodes: tuple[NodeReference, NodeReference, NodeReference]
    base: Start | None = None
    # All that is known of it, in the session that it was made in.
    result: RegistrationResult | None = None
    keeper: NodeReference | None = None

    @property
    def words(self) -> str:
        """One line: time, settings, verdict, similarity, and the error of the landmarks."""
        record = self.record
        # Of other days the date, too.
        today = record.clock.startswith(time.strftime("%Y-%m-%d"))
        line = _("{clock} {preset}, {prealignment}: {grade} {similarity:.3f}").format(
            clock=record.clock[-8:] if today else record.clock[:16],
            preset=_inWords(record.preset),
            prealignment=_inWords(record.prealignment),
            grade=_inWords(record.grade),
            similarity=record.similarity,
        )
        box = None if self.result is None else self.result.box
        if box is not None:
            line += _(", box {before:.3f} -> {after:.3f}").format(
                before=box.similarityBefore, after=box.similarityAfter
            )
        if not record.points:
            return line
        return line + _(", {count} points {mm:.1f} mm").format(count=record.points, mm=record.pointsMm)

    def isOf(self, *nodes: Any) -> bool:
        """Whether it is of these: fixed volume, moving volume, transform."""
        return all(
            reference.isPresent and reference.node() is node for reference, node in zip(self.nodes, nodes, strict=True)
        )


def _inWords(value: str) -> str:
    """What a record says by the names of members, as a user reads it; a name that is not known stays."""
    words = {
        "fast": _("fast"),
        "accurate": _("accurate"),
        "best": _("best"),
        "affine": _("affine"),
        "rigid": _("rigid"),
        "none": _("as placed"),
        "good": _("good"),
        "check": _("check"),
        "failed": _("failed"),
    }
    return words.get(value, value)


class History:
    """The last attempts, oldest first; those whose nodes are gone count no more."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []

    def forget(self) -> None:
        self._attempts = []

    def restore(self, scene: Any) -> None:
        """Take up the attempts that came into ``scene`` from a file."""
        known = {
            (attempt.record, id(attempt.nodes[2].node())) for attempt in self._attempts if attempt.nodes[2].isPresent
        }
        for kept in keptIn(scene):
            if (kept.record, id(kept.nodes[2])) not in known:
                attempt = Attempt(
                    record=kept.record,
                    transform=kept.node.GetTransformFromParent(),
                    imageData=None,
                    movingToWorld=kept.movingToWorld,
                    nodes=_references(kept.nodes),
                    keeper=None if kept.node is kept.nodes[2] else NodeReference(kept.node),
                )
                self._attempts.append(attempt)
        self._attempts.sort(key=lambda attempt: attempt.record.number)

    def add(self, job: RegistrationJob, result: RegistrationResult) -> None:
        """Keep what ``job`` has just published; nothing without a transform node."""
        transformNode, volumeNode = job.outputTransformNode, job.outputVolumeNode
        if transformNode is None:
            return
        transform = transformNode.GetTransformFromParent()
        number = 1 + max((attempt.record.number for attempt in self._attempts), default=0)
        attempt = Attempt(
            record=Record.of(result, transform, number),
            transform=transform,
            imageData=None if volumeNode is None else volumeNode.GetImageData(),
            movingToWorld=job.movingToWorld,
            nodes=_references((job.fixedVolume.node(), job.movingVolume.node(), transformNode)),
            # What was refined in a box is gone on with as it is.
            base=None if job.landmarks is None or isinstance(job.start, RegistrationResult) else job.start,
            result=result,
        )
        together = [*self._attempts, attempt]
        for old in together[:-MAXIMUM_ATTEMPTS]:
            _dropKeeper(old)
        self._attempts = together[-MAXIMUM_ATTEMPTS:]
        self._settle(transformNode)

    def goBackTo(self, attempt: Attempt, outputVolumeNode: Any = None) -> bool:
        """Let the transform node, and the output volume if there is one, hold what they held after ``attempt``.

        :returns: whether the volume was brought back, too, or there is none; it was not resampled in that attempt if
            not, or not in this session.
        :raises RegistrationError: a node left the scene.
        """
        fixed, moving, transformNode = (reference.node() for reference in attempt.nodes)
        with slicer.util.NodeModify(transformNode):
            updateTransformNode(transformNode, attempt.transform, fixed, moving)
            noteSides(transformNode, sourceToWorld=attempt.movingToWorld)
            noteVerdict(transformNode, attempt.record.verdict)
        self._settle(transformNode)
        if outputVolumeNode is None:
            return True
        if attempt.imageData is None:
            return False
        updateVolumeNode(outputVolumeNode, attempt.imageData, fixed, moving)
        noteVerdict(outputVolumeNode, attempt.record.verdict)
        return True

    def of(self, *nodes: Any) -> list[Attempt]:
        """The attempts of these: fixed volume, moving volume, transform; oldest first."""
        gone = [a for a in self._attempts if not all(reference.isPresent for reference in a.nodes)]
        for attempt in gone:
            _dropKeeper(attempt)
        self._attempts = [attempt for attempt in self._attempts if attempt not in gone]
        return [] if None in nodes else [attempt for attempt in self._attempts if attempt.isOf(*nodes)]

    def present(self, *nodes: Any) -> int:
        """Which of ``of`` the transform node holds now; -1 if none, as after somebody else has written it."""
        attempts = self.of(*nodes)
        held = nodes[2].GetTransformFromParent() if attempts else None
        return next((n for n in range(len(attempts) - 1, -1, -1) if attempts[n].transform is held), -1)

    def _settle(self, transformNode: Any) -> None:
        """Each attempt at ``transformNode`` is in the scene: what it holds in itself, others in hidden nodes."""
        attempts = [a for a in self._attempts if a.nodes[2].isPresent and a.nodes[2].node() is transformNode]
        held = transformNode.GetTransformFromParent()
        holds = [attempt for attempt in attempts if attempt.transform is held][-1:]
        noteRecord(transformNode, holds[0].record if holds else None)
        for attempt in attempts:
            if attempt in holds:
                _dropKeeper(attempt)
            elif attempt.keeper is None and all(reference.isPresent for reference in attempt.nodes):
                fixed, moving, transform = (reference.node() for reference in attempt.nodes)
                nodes = (fixed, moving, transform)
                attempt.keeper = keep(attempt.record, attempt.transform, attempt.movingToWorld, nodes)


def _references(nodes: tuple[Any, Any, Any]) -> tuple[NodeReference, NodeReference, NodeReference]:
    return NodeReference(nodes[0]), NodeReference(nodes[1]), NodeReference(nodes[2])


def _dropKeeper(attempt: Attempt) -> None:
    keeper, attempt.keeper = attempt.keeper, None
    if keeper is not None and keeper.isPresent:
        node = keeper.node()
        # The transform lives on: the attempt has it, or the node that holds it now.
        node.SetAndObserveTransformFromParent(None)
        node.GetScene().RemoveNode(node)
