"""What the user has chosen in the panel."""

# No "from __future__ import annotations": the wrapper needs the types themselves.

from typing import Annotated, Any

import slicer
from slicer import (
    vtkMRMLDisplayableNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
    vtkMRMLTransformNode,
)
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from ..mrml.studies import bestPair
from ..mrml.study import isScan
from .choicelabels import DeviceChoice, PrealignmentChoice, PresetChoice


@parameterNodeWrapper
class LDRRegistrationParameterNode:
    """The user's choices, kept in the scene. Scenes store them by these names: do not rename them."""

    fixedVolume: vtkMRMLScalarVolumeNode
    movingVolume: vtkMRMLScalarVolumeNode
    preset: PresetChoice = PresetChoice.FAST
    # The name of the user's own preset that all of this came from; it holds as long as they are alike.
    ownPreset: str = ""
    outputTransform: vtkMRMLTransformNode
    outputVolume: vtkMRMLScalarVolumeNode
    showWhenDone: bool = True
    model: str = "auto"
    # Segmentations or label maps; what both are.
    fixedMask: vtkMRMLDisplayableNode
    movingMask: vtkMRMLDisplayableNode
    initialTransform: vtkMRMLTransformNode
    prealignment: PrealignmentChoice = PrealignmentChoice.AFFINE
    adapt: bool = False
    # -1: as the preset says. Without a range Slicer would give the spin box one of its own.
    refinementSteps: Annotated[int, WithinRange(-1, 200)] = -1
    device: DeviceChoice = DeviceChoice.CPU
    # 0: as many as there are cores.
    threads: Annotated[int, WithinRange(0, 64)] = 0
    changeMask: vtkMRMLDisplayableNode
    excludeMask: vtkMRMLDisplayableNode
    # Percent.
    changeSensitivity: int = 50
    # What the last comparison made, and the next one of the same scans fills again.
    changeTransform: vtkMRMLTransformNode
    changeVolume: vtkMRMLScalarVolumeNode
    changeSegmentation: vtkMRMLSegmentationNode
    changeTable: vtkMRMLTableNode


def scans() -> list[Any]:
    """The scene's volumes that can be registered, as far as Slicer's lists show them."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in volumes if isScan(node) and not node.GetHideFromEditors()]


def proposeVolumes(choices: Any) -> None:
    """Choose the two of the scene's volumes that fit best where neither is chosen yet."""
    if choices.fixedVolume is not None or choices.movingVolume is not None:
        return
    volumes = scans()
    if len(volumes) > 1:
        with slicer.util.NodeModify(choices):
            choices.fixedVolume, choices.movingVolume = bestPair(volumes)
