"""What the user has chosen in the panel."""

# No "from __future__ import annotations": the wrapper needs the types themselves.

from slicer import vtkMRMLDisplayableNode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode, vtkMRMLTransformNode
from slicer.parameterNodeWrapper import parameterNodeWrapper

from .presets import DeviceChoice, PrealignmentChoice, PresetChoice


@parameterNodeWrapper
class LDRRegistrationParameterNode:
    """The user's choices, kept in the scene. Scenes store them by these names: do not rename them."""

    fixedVolume: vtkMRMLScalarVolumeNode
    movingVolume: vtkMRMLScalarVolumeNode
    preset: PresetChoice = PresetChoice.FAST
    outputTransform: vtkMRMLTransformNode
    outputVolume: vtkMRMLScalarVolumeNode
    model: str = "auto"
    # Segmentations or label maps; what both are.
    fixedMask: vtkMRMLDisplayableNode
    movingMask: vtkMRMLDisplayableNode
    initialTransform: vtkMRMLTransformNode
    prealignment: PrealignmentChoice = PrealignmentChoice.AFFINE
    adapt: bool = False
    # -1: as the preset says.
    refinementSteps: int = -1
    device: DeviceChoice = DeviceChoice.CPU
    # 0: as many as there are cores.
    threads: int = 0
    changeMask: vtkMRMLDisplayableNode
    excludeMask: vtkMRMLDisplayableNode
    # Percent.
    changeSensitivity: int = 50
    changeTable: vtkMRMLTableNode
