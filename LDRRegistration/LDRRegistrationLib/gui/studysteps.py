"""The rows of a study: what has to be run for each volume of a folder, and for each frame of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from slicer.i18n import tr as _

from ..mrml.carriedcopies import computeCopies, prepareCopies, publishCopies
from ..mrml.nodes import NodeReference, placeBeside
from ..mrml.sequences import RegisteredFrames, framesOf, publishTransforms
from ..mrml.study import segmentationsOf
from ..mrml.worldposition import resultAbove
from ..registration.verdict import Verdict
from ..runtime.errors import RegistrationError
from ..space.transform import Transform
from .controller import Run
from .resultuse import inSteps
from .studyrun import Part, Row


def rowsOfFolder(
    logic: Any, volumes: list[Any], fixedNode: Any, carriesAlong: bool, settings: dict[str, Any]
) -> list[Row]:
    """A row for each of ``volumes`` but the fixed one: it is registered, and then its segmentations are carried along.

    :param settings: of ``prepare``, the same for all.
    """
    fixed = NodeReference(fixedNode)
    return [
        _rowOf(logic, NodeReference(volume), volume.GetName(), fixed, carriesAlong, settings)
        for volume in volumes
        if volume is not fixedNode
    ]


def _rowOf(
    logic: Any, moving: NodeReference, name: str, fixed: NodeReference, carriesAlong: bool, settings: dict[str, Any]
) -> Row:
    row = Row(name, needs=[fixed, moving])

    def registered(job: Any, result: Any, published: Any) -> None:
        row.result, row.transform = result, NodeReference(job.outputTransformNode)
        placeBeside(job.outputTransformNode, moving.node())

    def register() -> tuple[Run, dict[str, Any]]:
        nodes = {"fixedVolumeNode": fixed.node(), "movingVolumeNode": moving.node()}
        run = Run(logic.prepare, logic.compute, logic.publish, registered)
        # Where it lies under an earlier result of its own, as after a look at that, this one does not count.
        return run, {**nodes, "createTransform": True, "shownByNode": resultAbove(moving.node()), **settings}

    def carry() -> tuple[Run, dict[str, Any]] | None:
        nodes = segmentationsOf(moving.node())
        if row.transform is None or not nodes:
            return None
        run = inSteps(prepareCopies, computeCopies, lambda job, nothing: publishCopies(job), lambda copies: None)
        return run, {"transformNode": row.transform.node(), "nodes": nodes, "referenceVolumeNode": fixed.node()}

    parts: list[Part] = [register]
    row.parts = [*parts, carry] if carriesAlong else parts
    return row


class FramesOfSequence:
    """The rows of a sequence, and in the end a sequence of transforms in step with it.

    :param fixedImage: what the frames are registered to, in the sequence's coordinates; None: its first frame, which
        has a row, too, and the identity.
    :raises RegistrationError: it is no sequence of volumes.
    """

    def __init__(self, logic: Any, sequenceNode: Any, fixedImage: Any, settings: dict[str, Any]) -> None:
        self._logic, self._settings = logic, settings
        self._images = framesOf(sequenceNode)
        self._fixed = self._images[0] if fixedImage is None else fixedImage
        self._isFirst = fixedImage is None
        self._registered = RegisteredFrames(sequenceNode)
        self._sequence = NodeReference(sequenceNode)
        self.rows = [self._rowOf(number) for number in range(len(self._images))]

    def _rowOf(self, number: int) -> Row:
        name = _("Frame {number}").format(number=number)
        row = Row(name, needs=[self._sequence], frame=number)

        def registered(job: Any, result: Any, published: Any) -> None:
            row.result = result

        def register() -> tuple[Run, dict[str, Any]]:
            parameters = {"sequenceNode": self._sequence.node(), "fixed": self._fixed, "frame": self._images[number]}
            run = Run(self._logic.prepareFrame, self._logic.computeFrame, lambda job, result: None, registered)
            return run, {**parameters, **self._settings}

        if not (self._isFirst and number == 0):
            row.parts = [register]
        return row

    def publish(self) -> Any:
        """The sequence of transforms; the identity, and "failed", for a frame that could not be registered.

        :raises RegistrationError: no frame could be registered, or they have changed meanwhile.
        """
        done = [row for row in self.rows if row.result is not None]
        if not done:
            raise RegistrationError(_("No frame could be registered."))
        transforms = [Transform(np.eye(4)) if r.result is None else r.result.transform for r in self.rows]
        verdicts = [_verdictOf(row) for row in self.rows]
        return publishTransforms(self._registered.node(), transforms, verdicts)


def _verdictOf(row: Row) -> Verdict:
    if row.result is not None:
        return row.result.verdict
    return Verdict("failed", row.error) if row.error else Verdict("good", "")
