"""One registration from nodes to nodes: what is copied out of the scene before, and put into it after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np
import vtk

from ..registration.box import RefinementBox
from ..registration.guided import Start
from ..registration.landmarks import Landmarks
from ..registration.register import RegistrationResult
from ..registration.settings import Settings, SettingsKeywords, settingsFrom
from ..registration.verdict import Verdict
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.image import Image
from ..space.masks import Masks
from ..space.transform import Transform
from .landmarks import landmarksToFollow
from .masks import imageFromMaskNode
from .matrices import localToWorld
from .names import transformName, volumeName
from .nodes import NodeReference, allOrNothing, checkScene, isAbove
from .roi import boxOfRoi
from .starts import engineTransform, initialFromWorld
from .transforms import behindBoxes, notedSides, noteSides, updateTransformNode, vtkTransform
from .verdicts import notedVerdict, noteVerdict
from .volumes import BorrowedPair, imageDataFromArray, imageFromVolumeNode, updateVolumeNode
from .worldposition import RegisteredVolume, noteParentBefore, resultAbove

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScene, vtkMRMLTransformNode


@dataclass
class RegistrationJob(BorrowedPair):
    """One registration on its way from nodes to nodes, which may vanish or change while it is computed.

    What takes time, ``fill``, may run in any thread; it touches no node.
    """

    masks: Masks
    movingToWorld: np.ndarray
    # Where to start, in world RAS: a linear one, or one that is not.
    initialRas: np.ndarray | None
    initial: Transform | None
    settings: Settings
    # To be followed, and the registration to go on from instead of a new one.
    landmarks: Landmarks | None
    start: Start | RegistrationResult | None
    # To be refined in, after all else.
    box: RefinementBox | None
    scene: vtkMRMLScene
    fixedVolume: RegisteredVolume
    movingVolume: RegisteredVolume
    outputTransform: NodeReference | None
    outputVolume: NodeReference | None
    wantsTransform: bool
    wantsVolume: bool
    # What the transform node held that is only refined in the box: it stays in it, to the last bit.
    kept: vtk.vtkAbstractTransform | None = None
    transform: vtk.vtkAbstractTransform | None = None
    imageData: vtk.vtkImageData | None = None
    outputTransformNode: vtkMRMLTransformNode | None = None
    outputVolumeNode: vtkMRMLScalarVolumeNode | None = None

    def fill(self, result: RegistrationResult) -> None:
        """Make what the output nodes will hold."""
        # The engine's T ends in the world; the node's ends in the moving volume's own coordinates.
        toLocal = np.linalg.inv(self.movingToWorld) @ result.transform.affine
        if self.wantsTransform and self.kept is not None and self.start is not None:
            added = result.transform.boxes[: len(result.transform.boxes) - len(self.start.transform.boxes)]
            self.transform = behindBoxes(added, self.kept)
        elif self.wantsTransform:
            self.transform = vtkTransform(replace(result.transform, affine=toLocal))
        if self.wantsVolume and result.warped is not None:
            self.imageData = imageDataFromArray(result.warped, copy=False)


def prepareJob(
    *,
    fixedVolumeNode,
    movingVolumeNode,
    outputTransformNode=None,
    outputVolumeNode=None,
    fixedMaskNode=None,
    movingMaskNode=None,
    initialTransformNode=None,
    fixedMarkupsNode=None,
    movingMarkupsNode=None,
    startTransformNode=None,
    startFrom: Start | RegistrationResult | None = None,
    roiNode=None,
    createTransform: bool = False,
    createVolume: bool = False,
    shownByNode=None,
    sharesVoxels: bool = False,
    **settings: Unpack[SettingsKeywords],
) -> RegistrationJob:
    """Check the nodes and copy what is needed of the scene; see ``RegistrationLogic.registerVolumes``.

    :param startTransformNode: a registration of the two volumes, from which the landmarks are followed, or which is
        refined in the box: there is no registration from the beginning then.
    :param startFrom: what that transform was before it was bent by earlier landmarks, if it was; or all that is known
        of it.
    :param createTransform: ``publishJob`` makes a transform node if none is given here; likewise ``createVolume``.
    :param shownByNode: a result that the moving volume, and what belongs to it, may be shown under, and that does not
        count; by default the output transform, where that is an earlier result of the moving volume.
    :param sharesVoxels: the volumes' own memory will do: nobody changes them before ``publishJob``.
    :raises RegistrationError: the nodes cannot be registered; the message says why.
    """
    chosen = settingsFrom(**settings)
    checkVolumes(fixedVolumeNode, movingVolumeNode)
    others = (outputTransformNode, outputVolumeNode, fixedMaskNode, movingMaskNode, initialTransformNode)
    markups = (fixedMarkupsNode, movingMarkupsNode, startTransformNode, roiNode)
    checkScene(fixedVolumeNode, movingVolumeNode, *others, *markups)
    if shownByNode is None and outputTransformNode is not None:
        shownByNode = resultAbove(movingVolumeNode, outputTransformNode)
    checkNotAbove(outputTransformNode, fixedVolumeNode)
    if outputTransformNode is not shownByNode:
        checkNotAbove(outputTransformNode, movingVolumeNode)
    wantsTransform = outputTransformNode is not None or createTransform
    wantsVolume = outputVolumeNode is not None or createVolume
    fixed, moving = imageFromVolumeNode(fixedVolumeNode), imageFromVolumeNode(movingVolumeNode, shownByNode)
    if outputVolumeNode is not None and outputVolumeNode in (fixedVolumeNode, movingVolumeNode):
        raise RegistrationError(_("The output volume is one of the inputs, which would be lost: choose another one."))
    if not (wantsTransform or wantsVolume):
        raise RegistrationError(_("There is no output: choose an output transform, an output volume, or both."))
    # From where the output transform will end: the moving volume's own coordinates, if no transform is in between.
    movingToWorld = localToWorld(movingVolumeNode) if shownByNode is None else notedSides(shownByNode)[0]
    landmarks = landmarksToFollow(fixedMarkupsNode, movingMarkupsNode, startTransformNode or shownByNode)
    if landmarks is not None:
        landmarks.checkInside(fixed.grid, moving.grid, fixed.name, moving.name)
    box = boxOfRoi(roiNode)
    if box is not None:
        box.within(fixed.grid, fixed.name)
    start = startFrom
    if startTransformNode is not None and start is None:
        if landmarks is None and box is None:
            raise RegistrationError(_("There is nothing to go on with: choose landmarks."))
        start = startOf(startTransformNode, movingToWorld, fixed)
    initial = None
    if initialTransformNode is not None:
        initial = _initial(initialTransformNode, movingToWorld, fixed)
    job = RegistrationJob(
        fixed=fixed,
        moving=moving,
        masks=Masks(imageFromMaskNode(fixedMaskNode), imageFromMaskNode(movingMaskNode, shownByNode)),
        movingToWorld=movingToWorld,
        initialRas=None if initial is None or initial.field is not None else initial.affine,
        initial=None if initial is None or initial.field is None else initial,
        settings=replace(chosen, warp=wantsVolume),
        landmarks=landmarks,
        start=start,
        box=box,
        scene=fixedVolumeNode.GetScene(),
        fixedVolume=RegisteredVolume(fixedVolumeNode),
        kept=startTransformNode.GetTransformFromParent() if startTransformNode and landmarks is None else None,
        movingVolume=RegisteredVolume(movingVolumeNode, shownByNode or outputTransformNode),
        outputTransform=NodeReference.to(outputTransformNode),
        outputVolume=NodeReference.to(outputVolumeNode),
        wantsTransform=wantsTransform,
        wantsVolume=wantsVolume,
    )
    if not sharesVoxels:
        # Now, not when PyTorch is loaded, which takes seconds the first time: the user may change them meanwhile.
        job.takeVoxelsNow()
    return job


def _initial(transformNode, movingToWorld: np.ndarray, fixed: Image) -> Transform:
    """An initial transform with its parents, as a map from fixed to moving points in world RAS."""
    chain, name = initialFromWorld(transformNode)
    found = engineTransform(chain, fixed.grid, name)
    return replace(found, affine=movingToWorld @ found.affine)


def startOf(transformNode, movingToWorld: np.ndarray, fixed: Image) -> Start:
    """The registration that ``transformNode`` holds, in world RAS."""
    found = engineTransform(transformNode.GetTransformFromParent(), fixed.grid, transformNode.GetName())
    grade, _colon, sentence = notedVerdict(transformNode).partition(": ")
    if not grade:
        grade, sentence = "check", _("It starts from a transform that no registration here made.")
    return Start(replace(found, affine=movingToWorld @ found.affine), Verdict(grade, sentence))


def publishJob(job: RegistrationJob, result: RegistrationResult) -> None:
    """Fill the job's output nodes, making those that were to be created. See RegistrationLogic.publish."""
    transformNode = None if job.outputTransform is None else job.outputTransform.node()
    volumeNode = None if job.outputVolume is None else job.outputVolume.node()
    fixedNode, movingNode = job.fixedVolume.node(), job.movingVolume.node()
    checkNotAbove(transformNode, fixedNode)
    names = movingNode.GetName(), fixedNode.GetName()
    # Whatever needs memory is made before any node is touched.
    if job.transform is None and job.imageData is None:
        job.fill(result)
    transform, imageData = job.transform, job.imageData
    with allOrNothing(job.scene):
        if transform is not None:
            if transformNode is None:
                transformNode = job.scene.AddNewNodeByClass("vtkMRMLTransformNode", transformName(*names))
            noteParentBefore(transformNode, movingNode)
            updateTransformNode(transformNode, transform, fixedNode, movingNode)
            noteSides(transformNode, sourceToWorld=job.movingToWorld)
            noteVerdict(transformNode, result.verdict)
        if imageData is not None:
            if volumeNode is None:
                volumeNode = job.scene.AddNewNodeByClass(movingNode.GetClassName(), volumeName(*names))
            updateVolumeNode(volumeNode, imageData, fixedNode, movingNode)
            noteVerdict(volumeNode, result.verdict)
    job.outputTransformNode, job.outputVolumeNode = transformNode, volumeNode
    job.transform, job.imageData = None, None


def checkVolumes(fixedVolumeNode, movingVolumeNode) -> None:
    """Raise RegistrationError for volumes that cannot be a pair."""
    volumes = (fixedVolumeNode, movingVolumeNode)
    if None in volumes:
        raise RegistrationError(_("A volume is missing: choose a fixed and a moving volume."))
    if fixedVolumeNode is movingVolumeNode:
        raise RegistrationError(_("The fixed and the moving volume are the same node: choose two volumes."))
    for node in volumes:
        if node.IsA("vtkMRMLLabelMapVolumeNode"):
            raise RegistrationError(
                _("{name} is a label map: register the images, then carry the label map by the transform.").format(
                    name=node.GetName()
                )
            )


def checkNotAbove(outputTransformNode, *nodes) -> None:
    """Raise RegistrationError if the output transform stands above an input."""
    for node in nodes:
        if outputTransformNode is not None and isAbove(outputTransformNode, node):
            raise RegistrationError(
                _(
                    "{outputTransform} is a parent transform of {name}: choose another output transform, or take "
                    "the volume out of it first."
                ).format(outputTransform=outputTransformNode.GetName(), name=node.GetName())
            )
