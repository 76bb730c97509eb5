"""RegistrationLogic: registration of MRML volume nodes, for the panel, the console and the command line.

No Qt and no Slicer base class, so that it also runs on the bare MRML libraries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .dependencies import ensureTorch, importTorch
from .engine import Prealignment, Preset, RegistrationResult, Settings, register
from .errors import RegistrationError
from .field import Transform
from .image import Image
from .mrml.matrices import linearFromWorld, localToWorld
from .mrml.transforms import updateTransformNode, vtkTransform
from .mrml.volumes import imageDataFromArray, imageFromVolumeNode, updateVolumeNode
from .names import transformName, volumeName
from .stages import CancelCallback, ProgressCallback
from .student import MODELS_FOLDER, ModelStore

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScene, vtkMRMLTransformNode


@dataclass
class RegistrationJob:
    """One registration on its way from nodes to nodes. Nodes are kept by id: they may vanish while it is computed."""

    fixed: Image
    moving: Image
    movingToWorld: np.ndarray
    initialRas: np.ndarray | None
    settings: Settings
    scene: vtkMRMLScene
    fixedVolumeId: str
    movingVolumeId: str
    outputTransformId: str | None
    outputVolumeId: str | None
    wantsTransform: bool
    wantsVolume: bool
    outputTransformNode: vtkMRMLTransformNode | None = None
    outputVolumeNode: vtkMRMLScalarVolumeNode | None = None


class RegistrationLogic:
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
        initialTransformNode: vtkMRMLTransformNode | None = None,
        preset: Preset = Preset.FAST,
        prealignment: Prealignment = Prealignment.AFFINE,
        model: str = "auto",
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
    ) -> RegistrationResult:
        """Register ``movingVolumeNode`` to ``fixedVolumeNode`` and fill the output nodes.

        :param outputTransformNode: receives T from parent, which carries the moving volume onto the fixed one when it
            is set on the moving volume (in place of a parent transform that it may have).
        :param outputVolumeNode: receives the moving volume resampled in the fixed volume's geometry.
        :param initialTransformNode: a linear transform to start from, used as if set on the moving volume.
        :param progressCallback: called with the fraction done and the stage in words.
        :param cancelCallback: polled; true stops the registration.
        :returns: the result; its ``seconds``, ``summary`` and ``notes`` say how it went.
        :raises RegistrationError: the input cannot be registered. The scene is as it was.
        :raises DependencyError: PyTorch or the model is missing. The scene is as it was.
        :raises RegistrationCancelled: cancelled. The scene is as it was.
        """
        job = self.prepare(
            fixedVolumeNode=fixedVolumeNode,
            movingVolumeNode=movingVolumeNode,
            outputTransformNode=outputTransformNode,
            outputVolumeNode=outputVolumeNode,
            initialTransformNode=initialTransformNode,
            preset=preset,
            prealignment=prealignment,
            model=model,
        )
        ensureTorch()
        result = self.compute(job, progress=progressCallback, cancelled=cancelCallback)
        self.publish(job, result)
        return result

    def prepare(
        self,
        *,
        fixedVolumeNode: vtkMRMLScalarVolumeNode,
        movingVolumeNode: vtkMRMLScalarVolumeNode,
        outputTransformNode: vtkMRMLTransformNode | None = None,
        outputVolumeNode: vtkMRMLScalarVolumeNode | None = None,
        initialTransformNode: vtkMRMLTransformNode | None = None,
        preset: Preset = Preset.FAST,
        prealignment: Prealignment = Prealignment.AFFINE,
        model: str = "auto",
        createTransform: bool = False,
        createVolume: bool = False,
    ) -> RegistrationJob:
        """Check the nodes and copy what is needed out of the scene. Changes nothing in it.

        :param createTransform: ``publish`` makes a transform node if none is given here; likewise ``createVolume``.
        :raises RegistrationError: the nodes cannot be registered; the message says why.
        """
        _checkNodes(fixedVolumeNode, movingVolumeNode, outputTransformNode, outputVolumeNode, initialTransformNode)
        try:
            settings = Settings(
                Preset(preset), model, Prealignment(prealignment), outputVolumeNode is not None or createVolume
            )
        except ValueError as error:
            raise RegistrationError(f"A setting is unknown: {error}.") from error
        fixed, moving = imageFromVolumeNode(fixedVolumeNode), imageFromVolumeNode(movingVolumeNode)
        if outputVolumeNode is not None and outputVolumeNode in (fixedVolumeNode, movingVolumeNode):
            raise RegistrationError("The output volume is one of the inputs, which would be lost: choose another one.")
        wantsTransform, wantsVolume = outputTransformNode is not None, outputVolumeNode is not None
        if not (wantsTransform or wantsVolume or createTransform or createVolume):
            raise RegistrationError("There is no output: choose an output transform, an output volume, or both.")
        movingToWorld = localToWorld(movingVolumeNode)
        initialRas = None
        if initialTransformNode is not None:
            initialRas = movingToWorld @ linearFromWorld(initialTransformNode)
        return RegistrationJob(
            fixed=fixed,
            moving=moving,
            movingToWorld=movingToWorld,
            initialRas=initialRas,
            settings=settings,
            scene=fixedVolumeNode.GetScene(),
            fixedVolumeId=fixedVolumeNode.GetID(),
            movingVolumeId=movingVolumeNode.GetID(),
            outputTransformId=outputTransformNode.GetID() if outputTransformNode is not None else None,
            outputVolumeId=outputVolumeNode.GetID() if outputVolumeNode is not None else None,
            wantsTransform=wantsTransform or createTransform,
            wantsVolume=wantsVolume or createVolume,
        )

    def compute(
        self,
        job: RegistrationJob,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> RegistrationResult:
        """The registration itself, on the job's copies: touches neither MRML nor Qt, runs in any thread."""
        importTorch()
        return register(job.fixed, job.moving, job.settings, self.models, job.initialRas, progress, cancelled)

    def publish(self, job: RegistrationJob, result: RegistrationResult) -> None:
        """Fill the job's output nodes, making those that were to be created.

        :raises RegistrationError: a node of the job left the scene meanwhile. The scene is as it was.
        """
        fixedNode, movingNode = (self._node(job, i) for i in (job.fixedVolumeId, job.movingVolumeId))
        transformNode = self._node(job, job.outputTransformId) if job.outputTransformId else None
        volumeNode = self._node(job, job.outputVolumeId) if job.outputVolumeId else None
        names = movingNode.GetName(), fixedNode.GetName()
        # Whatever needs memory is made before any node is touched.
        # The engine's T ends in the world; the node's ends in the moving volume's own coordinates.
        toLocal = np.linalg.inv(job.movingToWorld) @ result.transform.affine
        transform = vtkTransform(replace(result.transform, affine=toLocal)) if job.wantsTransform else None
        imageData = imageDataFromArray(result.warped) if job.wantsVolume and result.warped is not None else None
        created = []
        try:
            if transform is not None:
                if transformNode is None:
                    transformNode = job.scene.AddNewNodeByClass("vtkMRMLTransformNode", transformName(*names))
                    created.append(transformNode)
                updateTransformNode(transformNode, transform, fixedNode, movingNode)
            if imageData is not None:
                if volumeNode is None:
                    volumeNode = job.scene.AddNewNodeByClass(movingNode.GetClassName(), volumeName(*names))
                    created.append(volumeNode)
                updateVolumeNode(volumeNode, imageData, fixedNode, movingNode)
        except BaseException:
            for node in created:
                if hasattr(node, "GetDisplayNode") and node.GetDisplayNode() is not None:
                    job.scene.RemoveNode(node.GetDisplayNode())
                job.scene.RemoveNode(node)
            raise
        job.outputTransformNode, job.outputVolumeNode = transformNode, volumeNode

    def warpLabels(self, *, labelsNode, referenceVolumeNode, transform: Transform, outputLabelsNode) -> None:
        """Carry a label map of the moving image onto ``referenceVolumeNode``'s geometry, nearest neighbor."""
        labels, reference = imageFromVolumeNode(labelsNode), imageFromVolumeNode(referenceVolumeNode)
        warped = transform.warp(labels, reference.grid, nearest=True)
        updateVolumeNode(outputLabelsNode, imageDataFromArray(warped), referenceVolumeNode, labelsNode)

    @staticmethod
    def _node(job: RegistrationJob, nodeId: str):
        node = job.scene.GetNodeByID(nodeId)
        if node is None:
            raise RegistrationError("A volume or an output was removed from the scene meanwhile; nothing was changed.")
        return node


def _checkNodes(fixedVolumeNode, movingVolumeNode, outputTransformNode, *others) -> None:
    """Raise RegistrationError for roles that nodes cannot have."""
    volumes = (fixedVolumeNode, movingVolumeNode)
    if None in volumes:
        raise RegistrationError("A volume is missing: choose a fixed and a moving volume.")
    if fixedVolumeNode is movingVolumeNode:
        raise RegistrationError("The fixed and the moving volume are the same node: choose two volumes.")
    for node in volumes:
        if node.IsA("vtkMRMLLabelMapVolumeNode"):
            raise RegistrationError(
                f"{node.GetName()} is a label map: register the images, then carry the label map by the transform."
            )
    scene = fixedVolumeNode.GetScene()
    for node in (*volumes, outputTransformNode, *others):
        if node is not None and (scene is None or node.GetScene() is not scene):
            raise RegistrationError("The volumes, outputs and transforms must all be nodes of one scene.")
    for node in volumes:
        if outputTransformNode is not None and _isAbove(outputTransformNode, node):
            raise RegistrationError(
                f"{outputTransformNode.GetName()} is a parent transform of {node.GetName()}: "
                "choose another output transform, or take the volume out of it first."
            )


def _isAbove(transformNode, node) -> bool:
    parent = node.GetParentTransformNode()
    while parent is not None:
        if parent is transformNode:
            return True
        parent = parent.GetParentTransformNode()
    return False
