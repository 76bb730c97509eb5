"""TrustLogic: how far to believe a registration, place by place, on MRML nodes. No Qt, no Slicer base class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mrml.colors import showDoubt
from ..mrml.nodes import allOrNothing
from ..mrml.quantities import setUnit
from ..mrml.trustnodes import SHOWN_MM, TrustJob, prepareTrust
from ..mrml.volumes import imageDataFromArray, updateVolumeNode
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..runtime.pytorch import importTorch

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTransformNode

    from ..mrml.jobs import RegistrationJob
    from ..registration.models import ModelStore
    from ..registration.register import RegistrationResult
    from ..registration.trustmap import TrustMap


class TrustLogic:
    """``computeTrustMap`` runs in any thread, ``publishTrustMap`` in the main thread."""

    models: ModelStore

    def computeTrustMap(
        self,
        job: RegistrationJob,
        result: RegistrationResult,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> TrustMap:
        """The expected error of a job's ``result`` in mm: the pair is registered the other way round, too.

        :returns: see ``registration/trustmap.py``; its ``summary`` has the middle error and the worst tenth.
        :raises RegistrationError: the way back cannot be registered.
        :raises RegistrationCancelled: ``cancelled`` returned true.
        """
        importTorch()
        from ..registration.trustmap import trustMap

        return trustMap(job.fixed, job.moving, result, self.models, job.masks, cancelled, progress)

    def prepareTrust(self, *, transformNode: vtkMRMLTransformNode, **job: Any) -> TrustJob:
        """Check the nodes of a registration that there is; for ``computeTrust``. See ``prepareTrust`` of MRML."""
        return prepareTrust(transformNode, **job)

    def computeTrust(
        self,
        job: TrustJob,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> TrustMap:
        """The map of trust of the transform that a node holds, as ``computeTrustMap`` of a result."""
        pair, there = job.pair, job.there.transform
        pair.takeVoxels()
        importTorch()
        from ..registration.trustmap import trustIn

        trust = trustIn(pair.fixed, pair.moving, there, pair.settings, self.models, pair.masks, cancelled, progress)
        job.fill(trust)
        return trust

    def publishTrustMap(
        self,
        job: RegistrationJob,
        trust: TrustMap,
        outputVolumeNode: vtkMRMLScalarVolumeNode | None = None,
    ) -> vtkMRMLScalarVolumeNode:
        """A volume on the fixed volume's grid with the expected error in mm; 0 where that shows nothing.

        :param outputVolumeNode: receives it; without one a volume is made.
        :raises RegistrationError: the fixed or the moving volume left the scene meanwhile. The scene is as it was.
        """
        imageData = imageDataFromArray(trust.on(job.fixed.grid), copy=False)
        fixedNode, movingNode = job.fixedVolume.node(), job.movingVolume.node()
        with allOrNothing(job.scene):
            if outputVolumeNode is None:
                name = _("Expected error of {moving} in mm").format(moving=movingNode.GetName())
                outputVolumeNode = job.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
            setUnit(outputVolumeNode, "mm", "millimeter")
            showDoubt(outputVolumeNode, *SHOWN_MM)
            updateVolumeNode(outputVolumeNode, imageData, fixedNode)
        return outputVolumeNode
