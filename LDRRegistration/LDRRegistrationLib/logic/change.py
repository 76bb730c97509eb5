"""ChangesLogic: what changed between two visits of one person, on MRML nodes. No Qt, no Slicer base class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..change.answer import judgeComparison, worse
from ..change.detection import USUAL_SENSITIVITY
from ..change.table import Opinion
from ..change.visits import compareVisits
from ..mrml.changenodes import Changes, changeVolume, fillTable, publishChanges, showRegions
from ..mrml.jobs import publishJob
from ..mrml.masks import imageFromMaskNode
from ..mrml.names import changesTransformName
from ..mrml.nodes import NodeReference, allOrNothing, checkScene
from ..mrml.starts import notLinear
from ..mrml.studies import studyOf
from ..mrml.verdicts import verdictText
from ..mrml.worldposition import resultAbove
from ..registration.models import ModelStore
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..runtime.pytorch import ensureTorch, importTorch
from .changejob import ChangeJob, ChangeOutcome, leftOut, listChanges

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLDisplayableNode,
        vtkMRMLScalarVolumeNode,
        vtkMRMLSegmentationNode,
        vtkMRMLTableNode,
        vtkMRMLTransformNode,
    )

# What ``compareVisits`` sets, since other values would hide changes.
SETTINGS_OF_ITS_OWN = (
    "preset",
    "refinementSteps",
    "adaptationIterations",
    "adaptationSeconds",
    "fixedMarkupsNode",
    "movingMarkupsNode",
)


class ChangesLogic:
    """``prepareChanges`` and ``publishFoundChanges`` belong to the main thread, ``computeChanges`` to any."""

    models: ModelStore
    # That of RegistrationLogic, for the alignment.
    prepare: Any

    def detectChanges(
        self,
        *,
        currentVolumeNode: vtkMRMLScalarVolumeNode,
        priorVolumeNode: vtkMRMLScalarVolumeNode,
        maskNode: vtkMRMLDisplayableNode | None = None,
        excludeMaskNode: vtkMRMLDisplayableNode | None = None,
        sensitivity: float = USUAL_SENSITIVITY,
        currentDate: str | None = None,
        priorDate: str | None = None,
        outputTransformNode: vtkMRMLTransformNode | None = None,
        outputChangeVolumeNode: vtkMRMLScalarVolumeNode | None = None,
        outputSegmentationNode: vtkMRMLSegmentationNode | None = None,
        outputTableNode: vtkMRMLTableNode | None = None,
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
        **settings: Any,
    ) -> Changes:
        """Register the prior scan to the current one, so that no change is hidden, and find what changed.

        :param maskNode: where to look, a segmentation or a label map; without it the brain, or else the body, is found.
        :param excludeMaskNode: where not to look.
        :param sensitivity: 0 (only the strongest changes) to 1; 0.5 was calibrated on scans between which nothing
            changed. ``redetect`` changes it later, without another registration.
        :param currentDate, priorDate: ISO dates, to see that the scans are not swapped; without them those of the DICOM
            studies, where the scene knows them.
        :param outputTransformNode and the other outputs: made if None.
        :param settings: of ``registerVolumes``: model, device, threads, initialTransformNode, prealignment="none"
            where the scans lie on each other already, and fixedMaskNode and movingMaskNode, of the current and of the
            prior scan: only inside both are they aligned and change called.
        :returns: the nodes, regions and a summary.
        :raises RegistrationError: the scans cannot be compared; the message says why. The scene is as it was.
        :raises DependencyError, RegistrationCancelled: likewise.
        """
        job = self.prepareChanges(
            currentVolumeNode=currentVolumeNode,
            priorVolumeNode=priorVolumeNode,
            maskNode=maskNode,
            excludeMaskNode=excludeMaskNode,
            sensitivity=sensitivity,
            currentDate=currentDate,
            priorDate=priorDate,
            outputTransformNode=outputTransformNode,
            outputChangeVolumeNode=outputChangeVolumeNode,
            outputSegmentationNode=outputSegmentationNode,
            outputTableNode=outputTableNode,
            **settings,
        )
        ensureTorch()
        found = self.computeChanges(job, progress=progressCallback, cancelled=cancelCallback)
        return self.publishFoundChanges(job, found)

    def prepareChanges(
        self,
        *,
        currentVolumeNode: Any,
        priorVolumeNode: Any,
        maskNode: Any = None,
        excludeMaskNode: Any = None,
        sensitivity: float = USUAL_SENSITIVITY,
        currentDate: str | None = None,
        priorDate: str | None = None,
        outputTransformNode: Any = None,
        outputChangeVolumeNode: Any = None,
        outputSegmentationNode: Any = None,
        outputTableNode: Any = None,
        **settings: Any,
    ) -> ChangeJob:
        """Check the nodes and note what is needed of the scene; changes nothing in it. See ``detectChanges``."""
        chosen = [name for name in SETTINGS_OF_ITS_OWN if name in settings]
        if chosen:
            raise RegistrationError(
                _(
                    "{settings} cannot be chosen to find changes: the alignment has settings of its own, "
                    "which hide none."
                ).format(settings=", ".join(chosen))
            )
        registration = self.prepare(
            fixedVolumeNode=currentVolumeNode,
            movingVolumeNode=priorVolumeNode,
            outputTransformNode=outputTransformNode,
            createTransform=True,
            # Carried by an earlier result, the prior scan would hide what changed.
            shownByNode=resultAbove(priorVolumeNode),
            **settings,
        )
        outputs = (outputChangeVolumeNode, outputSegmentationNode, outputTableNode)
        checkScene(currentVolumeNode, maskNode, excludeMaskNode, *outputs)
        if outputChangeVolumeNode is not None and outputChangeVolumeNode in (currentVolumeNode, priorVolumeNode):
            raise RegistrationError(
                _("The output volume is one of the scans, which would be lost: choose another one.")
            )
        if not 0.0 <= sensitivity <= 1.0:
            raise RegistrationError(
                _("The sensitivity {sensitivity} is not between 0 and 1.").format(sensitivity=sensitivity)
            )
        if registration.initial is not None:
            raise RegistrationError(notLinear(settings["initialTransformNode"]))
        return ChangeJob(
            registration=registration,
            include=imageFromMaskNode(maskNode),
            exclude=imageFromMaskNode(excludeMaskNode),
            currentDate=currentDate or studyOf(currentVolumeNode).date,
            priorDate=priorDate or studyOf(priorVolumeNode).date,
            sensitivity=sensitivity,
            outputs=tuple(NodeReference.to(node) for node in outputs),
        )

    def computeChanges(
        self,
        job: ChangeJob,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> ChangeOutcome:
        """The comparison itself: touches no node and nothing of Qt, runs in any thread."""
        registration = job.registration
        registration.takeVoxels()
        importTorch()
        result, changeMap = compareVisits(
            registration.fixed,
            registration.moving,
            self.models,
            registration.settings,
            initialRas=registration.initialRas,
            mask=job.include,
            masks=registration.masks,
            currentDate=job.currentDate,
            priorDate=job.priorDate,
            progress=progress,
            cancelled=cancelled,
        )
        if job.exclude is not None:
            changeMap = leftOut(changeMap, job.exclude)
        if result.verdict.grade != "good":
            changeMap = replace(
                changeMap,
                notes=[
                    _("Alignment of the scans: {verdictText}").format(verdictText=verdictText(result.verdict)),
                    *changeMap.notes,
                ],
            )
        registration.fill(result)
        alignment = result.verdict
        detection = listChanges(alignment, changeMap, job.sensitivity)
        result = replace(result, verdict=worse(alignment, judgeComparison(changeMap)))
        return ChangeOutcome(result, changeMap, detection, changeVolume(changeMap), alignment)

    def publishFoundChanges(self, job: ChangeJob, found: ChangeOutcome) -> Changes:
        """Fill the job's output nodes, making those that were to be created.

        :raises RegistrationError: a node of the job left the scene meanwhile. The scene is as it was.
        """
        registration = job.registration
        outputs = tuple(None if output is None else output.node() for output in job.outputs)
        with allOrNothing(registration.scene):
            isNew = registration.outputTransform is None
            publishJob(registration, found.result)
            current, prior = registration.fixedVolume.node(), registration.movingVolume.node()
            if isNew and registration.outputTransformNode is not None:
                registration.outputTransformNode.SetName(changesTransformName(prior.GetName(), current.GetName()))
            changes = publishChanges(
                current,
                found.result,
                found.changeMap,
                found.detection,
                found.imageData,
                registration.outputTransformNode,
                outputs,
                found.alignment,
            )
        changes.grids = (registration.fixed.grid, registration.moving.grid)
        return changes

    def redetect(self, changes: Changes, *, sensitivity: float) -> Changes:
        """The regions at another sensitivity, in the same nodes, in a fraction of a second.

        What was said of a region stays with the region that lies where it was, and comes back with it.

        :raises RegistrationError: the sensitivity is not between 0 and 1, or a node was removed from the scene.
        """
        changes.checkPresent()
        changes.detection = listChanges(changes.alignment, changes.changeMap, sensitivity)
        changes.findOpinions()
        showRegions(changes)
        return changes

    def judgeRegion(self, changes: Changes, *, rank: int, verdict: str = "", note: str = "") -> None:
        """Keep what a reader says of a region in the table: "accepted", "rejected" or nothing, and a note.

        :raises RegistrationError: there is no such region, or the table was removed from the scene.
        """
        changes.checkPresent(changes.tableNode)
        if not 1 <= rank <= len(changes.detection.regions):
            raise RegistrationError(_("There is no region {rank}.").format(rank=rank))
        changes.note(rank, Opinion(verdict, note))
        fillTable(changes)
