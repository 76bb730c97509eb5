"""BatchLogic: many registrations in one call, on MRML nodes. No Qt, no Slicer base class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from ..mrml.carriedcopies import computeCopies, prepareCopies, publishCopies
from ..mrml.nodes import NodeReference, checkScene
from ..mrml.pairs import PairOutcome, fillPairsTable
from ..mrml.sequences import RegisteredFrames, framesOf, publishTransforms
from ..mrml.study import segmentationsOf, volumesIn
from ..mrml.volumes import imageFromVolumeNode
from ..mrml.worldposition import RegisteredVolume, resultAbove
from ..registration.models import ModelStore
from ..registration.sequence import registerFrames
from ..registration.settings import Prealignment, SettingsKeywords, settingsFrom
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..runtime.pytorch import ensureTorch

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSequenceNode, vtkMRMLTableNode


class BatchLogic:
    """What RegistrationLogic does with lists of pairs and with sequences."""

    models: ModelStore
    # Those of RegistrationLogic, for one pair.
    prepare: Any
    compute: Any
    publish: Any

    def registerPairs(
        self,
        *,
        pairs: Iterable[tuple[vtkMRMLScalarVolumeNode, vtkMRMLScalarVolumeNode]],
        createVolumes: bool = False,
        carrySegmentations: bool = False,
        outputTableNode: vtkMRMLTableNode | None = None,
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
        **settings: Unpack[SettingsKeywords],
    ) -> list[PairOutcome]:
        """Register each (fixed, moving) pair; one that cannot be registered does not stop the others.

        :param createVolumes: make each pair's resampled moving volume, too.
        :param carrySegmentations: make copies of the segmentations that were drawn on the moving volume, carried onto
            the fixed one and hardened; ``carriedNodes`` of each outcome.
        :param outputTableNode: receives a row a pair: names, quality, seconds, what went wrong.
        :param settings: further keywords of ``registerVolumes``, the same for all pairs: preset, model, ...
        :returns: an outcome a pair, in their order. Every pair has its own new output nodes.
        :raises RegistrationError: there are no pairs.
        :raises DependencyError: PyTorch is missing.
        :raises RegistrationCancelled: cancelled; the pairs that were done keep their nodes.
        """
        pairs = list(pairs)
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise RegistrationError(_("Give at least one pair: a fixed and a moving volume node."))
        checkScene(outputTableNode, *(node for pair in pairs for node in pair))
        ensureTorch()
        outcomes: list[PairOutcome] = []
        for number, (fixed, moving) in enumerate(pairs):

            def progress(fraction: float, stage: str, number: int = number) -> None:
                if progressCallback is not None:
                    text = _("Pair {number} of {count}: {stage}")
                    progressCallback(
                        (number + fraction) / len(pairs),
                        text.format(number=number + 1, count=len(pairs), stage=stage),
                    )

            outcome = PairOutcome(fixed, moving)
            outcomes.append(outcome)
            try:
                job = self.prepare(
                    fixedVolumeNode=fixed,
                    movingVolumeNode=moving,
                    createTransform=True,
                    createVolume=createVolumes,
                    shownByNode=resultAbove(moving),
                    **settings,
                )
                result = self.compute(job, progress=progress, cancelled=cancelCallback)
                self.publish(job, result)
            except RegistrationError as error:
                outcome.error = str(error)
            else:
                outcome.result = result
                outcome.outputTransformNode, outcome.outputVolumeNode = job.outputTransformNode, job.outputVolumeNode
                if carrySegmentations:
                    _carry(outcome, fixed)
            if outputTableNode is not None:
                fillPairsTable(outputTableNode, outcomes)
        return outcomes

    def registerStudy(
        self,
        *,
        folderItem: int,
        fixedVolumeNode: vtkMRMLScalarVolumeNode,
        carrySegmentations: bool = True,
        **others: Any,
    ) -> list[PairOutcome]:
        """Register every volume in a folder of the subject hierarchy to one volume; see ``registerPairs``.

        :param folderItem: a folder, a study or a patient, as ``vtkMRMLSubjectHierarchyNode`` numbers it.
        :param fixedVolumeNode: what they are registered to; where it is in the folder itself, it is left out.
        :param others: the other keywords of ``registerPairs``.
        :raises RegistrationError: the folder has no other volume than the fixed one.
        """
        checkScene(fixedVolumeNode)
        volumes = volumesIn(folderItem, fixedVolumeNode.GetScene())
        pairs = [(fixedVolumeNode, volume) for volume in volumes if volume is not fixedVolumeNode]
        if not pairs:
            raise RegistrationError(_("The folder has no other volume than the one to register to."))
        return self.registerPairs(pairs=pairs, carrySegmentations=carrySegmentations, **others)

    def registerSequence(
        self,
        *,
        sequenceNode: vtkMRMLSequenceNode,
        fixedVolumeNode: vtkMRMLScalarVolumeNode | None = None,
        referenceFrame: int = 0,
        outputSequenceNode: vtkMRMLSequenceNode | None = None,
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
        **settings: Unpack[SettingsKeywords],
    ) -> vtkMRMLSequenceNode:
        """Register every frame of a sequence of volumes to one of them, or to another volume.

        :param fixedVolumeNode: what the frames are registered to; without it frame number ``referenceFrame``, whose own
            transform is the identity.
        :param outputSequenceNode: receives a transform a frame, each as ``registerVolumes`` makes it; made if None. It
            is in step with the frames in every sequence browser that shows them. Its attribute LDRRegistration.Verdict,
            and that of each transform, says what is to be thought of it.
        :param settings: as of ``registerVolumes``; the pre-alignment is rigid if none is named.
        :raises RegistrationError: a frame cannot be registered, or was changed meanwhile; nothing of the scene has
            been changed.
        :raises RegistrationCancelled: cancelled; likewise.
        """
        frames = framesOf(sequenceNode)
        settings.setdefault("prealignment", Prealignment.RIGID)
        chosen = replace(settingsFrom(**settings), warp=False)
        towards = referenceFrame if fixedVolumeNode is None else imageFromVolumeNode(fixedVolumeNode)
        checkScene(sequenceNode, fixedVolumeNode, outputSequenceNode)
        # The callbacks may let the user do something meanwhile.
        registered: list[RegisteredFrames | RegisteredVolume] = [RegisteredFrames(sequenceNode)]
        if fixedVolumeNode is not None:
            registered.append(RegisteredVolume(fixedVolumeNode))
        output = NodeReference.to(outputSequenceNode)
        ensureTorch()
        found = registerFrames(
            frames,
            towards,
            chosen,
            self.models,
            startsWarm=False,
            progress=progressCallback,
            cancelled=cancelCallback,
        )
        done = [frame for frame in found if frame is not None]
        for node in registered:
            node.node()
        transforms, verdicts = [frame.transform for frame in done], [frame.verdict for frame in done]
        return publishTransforms(sequenceNode, transforms, verdicts, None if output is None else output.node())


def _carry(outcome: PairOutcome, fixedVolumeNode: vtkMRMLScalarVolumeNode) -> None:
    """Carry along the segmentations of an outcome's moving volume; what cannot be carried is said."""
    nodes = segmentationsOf(outcome.movingVolumeNode)
    if not nodes or outcome.outputTransformNode is None:
        return
    try:
        job = prepareCopies(outcome.outputTransformNode, nodes, fixedVolumeNode)
        computeCopies(job)
        outcome.carriedNodes = publishCopies(job)
    except RegistrationError as error:
        outcome.error = _("Its segmentations were not carried along: {why}").format(why=error)
