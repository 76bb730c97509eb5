"""RegistrationLogic: registration of MRML volume nodes, for the panel, the console and the command line.

No Qt and no Slicer base class, so that it also runs on the bare MRML libraries.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from ..mrml.jobs import RegistrationJob, prepareJob, publishJob
from ..mrml.volumes import imageDataFromArray, imageFromVolumeNode, updateVolumeNode
from ..registration.boxrefinement import refineInBox
from ..registration.composing import carried, carriedMasks, composedOver
from ..registration.guided import guide
from ..registration.modelcards import MODELS_FOLDER
from ..registration.models import ModelStore
from ..registration.register import RegistrationResult, register
from ..registration.settings import Settings, SettingsKeywords
from ..runtime.progress import CancelCallback, ProgressCallback, portion
from ..runtime.pytorch import ensureTorch, importTorch
from ..space.image import checkGeometry
from ..space.labelwarp import warpLabels
from ..space.transform import Transform
from ..space.validity import checkedImage
from .batch import BatchLogic
from .change import ChangesLogic
from .frames import FramesLogic
from .reporting import ReportingLogic
from .studies import StudiesLogic
from .templates import TemplatesLogic
from .transforms import ResultsLogic
from .trust import TrustLogic

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLDisplayableNode,
        vtkMRMLMarkupsNode,
        vtkMRMLMarkupsROINode,
        vtkMRMLScalarVolumeNode,
        vtkMRMLTransformNode,
    )


class RegistrationLogic(
    ChangesLogic, ReportingLogic, StudiesLogic, BatchLogic, FramesLogic, ResultsLogic, TemplatesLogic, TrustLogic
):
    """Registers volume nodes. ``prepare`` and ``publish`` belong to the main thread, ``compute`` to any."""

    def __init__(self, modelsFolder: Path | str = MODELS_FOLDER) -> None:
        self.models = ModelStore(modelsFolder)

    def registerVolumes(
        self,
        *,
        fixedVolumeNode: vtkMRMLScalarVolumeNode,
        movingVolumeNode: vtkMRMLScalarVolumeNode,
        outputTransformNode: vtkMRMLTransformNode | None = None,
        outputVolumeNode: vtkMRMLScalarVolumeNode | None = None,
        fixedMaskNode: vtkMRMLDisplayableNode | None = None,
        movingMaskNode: vtkMRMLDisplayableNode | None = None,
        initialTransformNode: vtkMRMLTransformNode | None = None,
        fixedMarkupsNode: vtkMRMLMarkupsNode | None = None,
        movingMarkupsNode: vtkMRMLMarkupsNode | None = None,
        roiNode: vtkMRMLMarkupsROINode | None = None,
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
        **settings: Unpack[SettingsKeywords],
    ) -> RegistrationResult:
        """Register ``movingVolumeNode`` to ``fixedVolumeNode`` and fill the output nodes.

        :param outputTransformNode: receives T from parent, which carries the moving volume onto the fixed one when it
            is set on the moving volume (in place of a parent transform that it may have). An earlier result of the
            same volume may be given while the volume lies under it: then it counts as not there.
        :param outputVolumeNode: receives the moving volume resampled in the fixed volume's geometry.
        :param fixedMaskNode, movingMaskNode: a segmentation (all its segments) or a label map. Only inside them are
            the images compared, in every stage: what lies outside neither drives the deformation nor is bent by it.
        :param initialTransformNode: a transform to start from, used as if set on the moving volume. What is found on
            top of one that is not linear is composed with it, on a grid of 2 mm.
        :param fixedMarkupsNode, movingMarkupsNode: landmarks that the registration has to follow, to less than a
            millimetre where that does not fold; partners have the same label, or else the same place in their lists. A
            point that is not selected is left out; a number as its description is its weight, unless it is locked. The
            result's ``landmarks`` say how well they are followed, and which are doubtful.
        :param roiNode: a box around what matters, which may be rotated: inside it the result is refined at the data's
            own resolution, 1 mm at the finest, after all else; outside it stays as it is, to the last bit.
        :param preset: "fast"; "accurate", with more refinement; or "best", which finishes at 1 mm.
        :param prealignment: "none", "rigid" or "affine".
        :param model: a model by name; "auto" is the default one, which is free for any use.
        :param refinementSteps: steps of refinement in place of the preset's (6 and 25).
        :param adaptationIterations, adaptationSeconds: for images of a kind that the network never saw: at most so
            much learning of its last layers on this pair, before any refinement. 40 are enough; 0 is none.
        :param device: "cpu", "cuda", "auto" for a CUDA graphics card where there is one, or "cpu-bfloat16".
        :param threads: CPU threads for this registration; afterwards PyTorch has as many as before.
        :param interpolation: of the output volume: "linear", "cubic" or "nearest".
        :param padding: its value where the moving volume has none; by default what stands for no measurement there, or
            else -1000 in CT, or else its lowest value.
        :param scalarType: "moving", the moving volume's own, or "float", which rounds nothing.
        :param progressCallback: called with the fraction done and the stage in words.
        :param cancelCallback: polled; true stops the registration.
        :returns: the result; its ``verdict`` says whether it can be trusted, ``seconds``, ``summary`` and ``notes`` how
            it went. A failed one is published, too.
        :raises RegistrationError: the input cannot be registered. The scene is as it was.
        :raises DependencyError: PyTorch, the model or the device is missing. The scene is as it was.
        :raises RegistrationCancelled: cancelled. The scene is as it was.
        """
        job = self.prepare(
            fixedVolumeNode=fixedVolumeNode,
            movingVolumeNode=movingVolumeNode,
            outputTransformNode=outputTransformNode,
            outputVolumeNode=outputVolumeNode,
            fixedMaskNode=fixedMaskNode,
            movingMaskNode=movingMaskNode,
            initialTransformNode=initialTransformNode,
            fixedMarkupsNode=fixedMarkupsNode,
            movingMarkupsNode=movingMarkupsNode,
            roiNode=roiNode,
            **settings,
        )
        ensureTorch()
        result = self.compute(job, progress=progressCallback, cancelled=cancelCallback)
        self.publish(job, result)
        return result

    def prepare(self, **job: Any) -> RegistrationJob:
        """Check the nodes and copy what is needed of the scene. Changes nothing in it.

        The keywords are those of ``registerVolumes``, without the callbacks, and of ``prepareJob``.
        """
        return prepareJob(**job)

    def compute(
        self,
        job: RegistrationJob,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> RegistrationResult:
        """The registration itself: touches no node and nothing of Qt, runs in any thread."""
        job.takeVoxels()
        importTorch()
        models, landmarks, masks = self.models, job.landmarks, job.masks
        if landmarks is not None or job.box is not None:
            # Before anything is computed: both need volumes of more than a few slices.
            checkGeometry(job.fixed)
            checkGeometry(job.moving)
        # What is bent again is not warped before.
        early = replace(job.settings, warp=job.settings.warp and landmarks is None and job.box is None)
        count = (job.start is None) + (landmarks is not None) + (job.box is not None)
        parts = iter([portion(progress, number / count, (number + 1) / count) for number in range(count)])
        result: Any = job.start
        if result is None and job.initial is not None:
            result = self._onTopOf(job.initial, job, early, next(parts), cancelled)
        elif result is None:
            result = register(job.fixed, job.moving, early, models, job.initialRas, next(parts), cancelled, masks)
        if landmarks is not None:
            late = job.settings if job.box is None else early
            result = guide(job.fixed, job.moving, late, models, result, landmarks, next(parts), cancelled, masks)
        if job.box is not None:
            settings, box = job.settings, job.box
            result = refineInBox(job.fixed, job.moving, settings, models, result, box, next(parts), cancelled, masks)
        job.fill(result)
        return result

    def _onTopOf(
        self,
        start: Transform,
        job: RegistrationJob,
        settings: Settings,
        progress: ProgressCallback | None,
        cancelled: CancelCallback | None,
    ) -> RegistrationResult:
        """The registration of the moving volume as ``start`` carries it, and ``start`` behind it."""
        moving, grid = checkedImage(job.moving, fewSlices=True), job.fixed.grid
        seen, masks = carried(moving, start, grid), carriedMasks(job.masks, start, grid)
        alone = replace(settings, warp=False)
        result = register(job.fixed, seen, alone, self.models, None, progress, cancelled, masks)
        transform = composedOver(start, result.transform, grid)
        assert transform.field is not None
        determinants = transform.field.jacobianDeterminant()
        return replace(
            result,
            transform=transform,
            warped=settings.resampling.warp(transform, moving, grid) if settings.warp else None,
            foldedPercent=100.0 * float(np.mean(determinants <= 0)),
            largestDisplacementMm=transform.field.longestMm,
            settings=settings,
        )

    def publish(self, job: RegistrationJob, result: RegistrationResult) -> None:
        """Fill the job's output nodes, making those that were to be created.

        :raises RegistrationError: a node of the job left the scene meanwhile, or the fixed or the moving volume was
            changed: its voxels, its geometry, or its place by a parent transform. The scene is as it was.
        """
        publishJob(job, result)

    def warpLabels(self, *, labelsNode, referenceVolumeNode, transform: Transform, outputLabelsNode) -> list[str]:
        """Carry a label map of the moving image onto ``referenceVolumeNode``'s geometry, nearest neighbor.

        :returns: notes on labels that are smaller than a voxel, or that did not arrive.
        :raises RegistrationError: the values of ``labelsNode`` are not whole numbers.
        """
        labels, reference = imageFromVolumeNode(labelsNode), imageFromVolumeNode(referenceVolumeNode)
        warped, notes = warpLabels(labels, reference.grid, transform)
        imageData = imageDataFromArray(warped, copy=False)
        updateVolumeNode(outputLabelsNode, imageData, referenceVolumeNode, labelsNode)
        return notes
