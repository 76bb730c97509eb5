"""The attempts at one registration: each can be gone back to, with all that its nodes held."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer

from ..registration.guided import Start
from ..registration.register import RegistrationResult
from ..runtime.language import tr as _
from .jobs import RegistrationJob
from .nodes import NodeReference
from .transforms import noteSides, updateTransformNode
from .verdicts import noteVerdict
from .volumes import updateVolumeNode

# Each holds a displacement field, of 10 to 30 MB.
MOST_ATTEMPTS = 10


@dataclass(frozen=True)
class Attempt:
    """What a registration put into its nodes, and how it went; ``base`` is what its landmarks bent, if it had any."""

    result: RegistrationResult
    transform: Any
    imageData: Any
    movingToWorld: np.ndarray
    nodes: tuple[NodeReference, NodeReference, NodeReference]
    base: Start | None
    clock: str = field(default_factory=lambda: time.strftime("%H:%M:%S"))

    @property
    def words(self) -> str:
        """One line: time, settings, verdict, similarity, and the error of the landmarks."""
        settings, fit = self.result.settings, self.result.landmarks
        line = _("{clock} {preset}, {prealignment}: {grade} {similarity:.3f}").format(
            clock=self.clock,
            preset=settings.preset.value,
            prealignment=settings.prealignment.value,
            grade=self.result.verdict.grade,
            similarity=self.result.similarity,
        )
        if self.result.box is not None:
            line += _(", box {before:.3f} -> {after:.3f}").format(
                before=self.result.box.similarityBefore, after=self.result.box.similarityAfter
            )
        if fit is None:
            return line
        return line + _(", {count} points {mm:.1f} mm").format(count=len(fit.afterMm), mm=float(fit.afterMm.mean()))

    def isOf(self, *nodes: Any) -> bool:
        """Whether it is of these: fixed volume, moving volume, transform."""
        return all(
            reference.isPresent and reference.node() is node for reference, node in zip(self.nodes, nodes, strict=True)
        )


class History:
    """The last attempts, oldest first; those whose nodes are gone count no more."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []

    def forget(self) -> None:
        self._attempts = []

    def add(self, job: RegistrationJob, result: RegistrationResult) -> None:
        """Keep what ``job`` has just published; nothing without a transform node."""
        transformNode, volumeNode = job.outputTransformNode, job.outputVolumeNode
        if transformNode is None:
            return
        attempt = Attempt(
            result=result,
            transform=transformNode.GetTransformFromParent(),
            imageData=None if volumeNode is None else volumeNode.GetImageData(),
            movingToWorld=job.movingToWorld,
            nodes=(
                NodeReference(job.fixedVolume.node()),
                NodeReference(job.movingVolume.node()),
                NodeReference(transformNode),
            ),
            # What was refined in a box is gone on with as it is.
            base=None if job.landmarks is None or isinstance(job.start, RegistrationResult) else job.start,
        )
        self._attempts = [*self._attempts, attempt][-MOST_ATTEMPTS:]

    def of(self, *nodes: Any) -> list[Attempt]:
        """The attempts of these: fixed volume, moving volume, transform; oldest first."""
        self._attempts = [a for a in self._attempts if all(reference.isPresent for reference in a.nodes)]
        return [] if None in nodes else [attempt for attempt in self._attempts if attempt.isOf(*nodes)]

    def present(self, *nodes: Any) -> int:
        """Which of ``of`` the transform node holds now; -1 if none, as after somebody else has written it."""
        attempts = self.of(*nodes)
        held = nodes[2].GetTransformFromParent() if attempts else None
        return next((n for n in range(len(attempts) - 1, -1, -1) if attempts[n].transform is held), -1)


def goBackTo(attempt: Attempt, outputVolumeNode: Any = None) -> bool:
    """Let the transform node, and the output volume if there is one, hold what they held after ``attempt``.

    :returns: whether the volume was brought back, too, or there is none; it was not resampled in that attempt if not.
    """
    fixed, moving, transformNode = (reference.node() for reference in attempt.nodes)
    with slicer.util.NodeModify(transformNode):
        updateTransformNode(transformNode, attempt.transform, fixed, moving)
        noteSides(transformNode, sourceToWorld=attempt.movingToWorld)
        noteVerdict(transformNode, attempt.result.verdict)
    if outputVolumeNode is None:
        return True
    if attempt.imageData is None:
        return False
    updateVolumeNode(outputVolumeNode, attempt.imageData, fixed, moving)
    noteVerdict(outputVolumeNode, attempt.result.verdict)
    return True
