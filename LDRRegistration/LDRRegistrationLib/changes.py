"""ChangesLogic: what changed between two visits of one person, on MRML nodes. No Qt, no Slicer base class."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .change.compare import compareVisits
from .change.detection import SENSITIVITIES, Detection, detect
from .change.maps import ChangeMap
from .change.report import changesHtml
from .change.table import Opinion, writeCsv
from .dependencies import ensureTorch, importTorch
from .engine import RegistrationResult
from .errors import RegistrationError
from .image import Image
from .language import tr as _
from .mrml.changes import Changes, changeVolume, fillTable, publishChanges, showRegions
from .mrml.dates import dateOf
from .mrml.jobs import RegistrationJob, publishJob
from .mrml.masks import imageFromMaskNode
from .mrml.nodes import NodeReference, allOrNothing, checkScene
from .mrml.places import resultAbove
from .mrml.verdicts import verdictText
from .names import changesTransformName
from .resample import sampleOnGrid
from .stages import CancelCallback, ProgressCallback
from .student import ModelStore
from .tensors import toArray
from .verdict import Verdict
from .workfolder import clearStale, workFolder, writeThrough

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLDisplayableNode,
        vtkMRMLScalarVolumeNode,
        vtkMRMLSegmentationNode,
        vtkMRMLTableNode,
        vtkMRMLTransformNode,
    )

DEFAULT_SENSITIVITY = SENSITIVITIES["default"]
# What ``compareVisits`` sets, since other values would hide changes.
SETTINGS_OF_ITS_OWN = ("preset", "refinementSteps", "adaptationIterations", "adaptationSeconds")


@dataclass
class ChangeJob:
    """One comparison on its way from nodes to nodes: the registration's job, and where and how to look."""

    registration: RegistrationJob
    include: Image | None
    exclude: Image | None
    currentDate: str | None
    priorDate: str | None
    sensitivity: float
    outputs: tuple[NodeReference | None, ...]


@dataclass
class ChangeOutcome:
    """What ``computeChanges`` found, ready to be published."""

    result: RegistrationResult
    changeMap: ChangeMap
    detection: Detection
    imageData: Any

    @property
    def summary(self) -> str:
        return self.detection.explanation

    @property
    def verdict(self) -> Verdict:
        """On the alignment."""
        return self.result.verdict

    @property
    def notes(self) -> list[str]:
        return [*self.result.notes, *self.changeMap.notes]


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
        sensitivity: float = DEFAULT_SENSITIVITY,
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
        sensitivity: float = DEFAULT_SENSITIVITY,
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
        return ChangeJob(
            registration=registration,
            include=imageFromMaskNode(maskNode),
            exclude=imageFromMaskNode(excludeMaskNode),
            currentDate=currentDate or dateOf(currentVolumeNode),
            priorDate=priorDate or dateOf(priorVolumeNode),
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
        importTorch()
        registration = job.registration
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
            changeMap = _without(changeMap, job.exclude)
        if result.verdict.grade != "good":
            changeMap = replace(
                changeMap,
                notes=[
                    _("Alignment of the scans: {verdictText}").format(verdictText=verdictText(result.verdict)),
                    *changeMap.notes,
                ],
            )
        registration.fill(result)
        return ChangeOutcome(
            result, changeMap, listChanges(result, changeMap, job.sensitivity), changeVolume(changeMap)
        )

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
            return publishChanges(
                current,
                found.result,
                found.changeMap,
                found.detection,
                found.imageData,
                registration.outputTransformNode,
                outputs,
            )

    def redetect(self, changes: Changes, *, sensitivity: float) -> Changes:
        """The regions at another sensitivity, in the same nodes, in a fraction of a second.

        What was said of a region stays with the region that lies where it was.

        :raises RegistrationError: the sensitivity is not between 0 and 1, or a node was removed from the scene.
        """
        changes.checkPresent()
        before, opinions = changes.detection, changes.opinions
        changes.detection = listChanges(changes.result, changes.changeMap, sensitivity)
        changes.opinions = {}
        for rank, opinion in opinions.items():
            now = changes.detection.labels[before.labels == rank]
            now = now[now > 0]
            if len(now):
                changes.opinions[int(np.bincount(now).argmax())] = opinion
        showRegions(changes)
        return changes

    def judgeRegion(self, changes: Changes, *, rank: int, verdict: str = "", note: str = "") -> None:
        """Keep what a reader says of a region in the table: "accepted", "rejected" or nothing, and a note.

        :raises RegistrationError: there is no such region, or the table was removed from the scene.
        """
        changes.checkPresent(changes.tableNode)
        if not 1 <= rank <= len(changes.detection.regions):
            raise RegistrationError(_("There is no region {rank}.").format(rank=rank))
        changes.opinions[rank] = Opinion(verdict, note)
        fillTable(changes)

    def exportChanges(self, changes: Changes, *, folder: Path | str) -> list[Path]:
        """Write changes.csv and changes.html, which hold no names of nodes or patients, into ``folder``.

        :raises RegistrationError: it cannot be written.
        """
        place = Path(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
            clearStale(place)
            with workFolder(place) as part:
                paths = writeChanges(part, changes.changeMap, changes.detection, changes.opinions)
                for path in paths:
                    writeThrough(path)
                for path in paths:
                    os.replace(path, place / path.name)
        except OSError as error:
            raise RegistrationError(
                _("The report could not be written into {folder}: {reason}.").format(
                    folder=folder, reason=error.strerror
                )
            ) from error
        return [place / path.name for path in paths]


def listChanges(result: RegistrationResult, changeMap: ChangeMap, sensitivity: float) -> Detection:
    """The regions of change; none where the scans were not aligned, since then everything differs.

    :raises RegistrationError: the sensitivity is not between 0 and 1.
    """
    detection = detect(changeMap, sensitivity)
    if result.verdict.grade != "failed":
        return detection
    why = (
        _("No change is listed, because the scans were not aligned. {sentence}")
        .format(sentence=result.verdict.sentence)
        .strip()
    )
    return Detection(np.zeros_like(detection.labels), [], sensitivity, why)


def writeChanges(
    folder: Path, changeMap: ChangeMap, detection: Detection, opinions: dict[int, Opinion] | None = None
) -> list[Path]:
    """changes.csv and changes.html in ``folder``, which exists.

    :raises OSError: they cannot be written.
    """
    paths = [folder / "changes.csv", folder / "changes.html"]
    writeCsv(paths[0], detection.regions, opinions)
    paths[1].write_text(changesHtml(changeMap, detection, opinions), encoding="utf-8")
    return paths


def _without(changeMap: ChangeMap, exclude: Image) -> ChangeMap:
    """The map with no change inside ``exclude``."""
    values = np.asarray(exclude.array > 0, dtype=np.float32)
    outside = toArray(sampleOnGrid(values, exclude.ijkToRas, changeMap.grid)) <= 0.5
    mask = changeMap.mask & outside
    if not mask.any():
        raise RegistrationError(_("Nothing is left to look at: the mask to leave out covers all of it."))
    return replace(changeMap, mask=mask, z=changeMap.z * outside)
