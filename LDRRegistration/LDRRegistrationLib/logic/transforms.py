"""ResultsLogic: what to do with a registration's transform, on MRML nodes. No Qt, no Slicer base class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..mrml.carriedcopies import computeCopies, prepareCopies, prepareHardened, publishCopies
from ..mrml.inverse import InverseTransform, inverseTransform
from ..mrml.landmarks import LandmarkComparison, compareLandmarks
from ..mrml.saving import saveTransform
from ..mrml.volumechange import localVolumeChange

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsNode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode, vtkMRMLTransformNode


class ResultsLogic:
    """Every method leaves its inputs untouched, and the scene as it was if it fails."""

    def applyTransform(
        self,
        *,
        transformNode: vtkMRMLTransformNode,
        nodes: Iterable,
        referenceVolumeNode: vtkMRMLScalarVolumeNode | None = None,
    ) -> list:
        """Copies of ``nodes``, carried by ``transformNode`` and hardened; the originals stay untouched.

        :param nodes: what belongs to the moving volume, in its place: volumes, label maps, segmentations, markups,
            models. Linear and non-linear parents of theirs count; a node under the transform already is carried once.
        :param referenceVolumeNode: gives volumes and segmentations its voxels; without it they keep their own spacing.
        :raises RegistrationError: a node cannot be carried.
        """
        job = prepareCopies(transformNode, nodes, referenceVolumeNode)
        computeCopies(job)
        return publishCopies(job)

    def hardenedCopy(self, *, volumeNode: vtkMRMLScalarVolumeNode) -> vtkMRMLScalarVolumeNode:
        """A copy of a volume in the world, without parent: for volumes under a non-linear transform.

        Such is what DICOM import makes of a scan with a tilted gantry; registration refuses it, and takes the copy.

        :raises RegistrationError: it is no volume, or has no voxels.
        """
        job = prepareHardened(volumeNode)
        computeCopies(job)
        return publishCopies(job)[0]

    def inverseTransform(
        self, *, transformNode: vtkMRMLTransformNode, outputTransformNode: vtkMRMLTransformNode | None = None
    ) -> InverseTransform:
        """The inverse of a registration's transform as a node of its own, which carries the other way round.

        Linear ones exactly, others as a displacement grid that every program can read; the answer says how exact.

        :raises RegistrationError: it is no transform of a registration.
        """
        return inverseTransform(transformNode, outputTransformNode)

    def saveTransform(
        self,
        *,
        transformNode: vtkMRMLTransformNode,
        path: Path | str,
        referenceVolumeNode: vtkMRMLScalarVolumeNode | None = None,
    ) -> None:
        """Write a transform so that other programs can use it: LPS, fixed to moving points, as all of them expect.

        :param path: ends in .h5, .tfm or .txt: an ITK transform, as exact as the node (SimpleITK, ANTs, elastix); in
            .nii.gz, .nii, .nrrd or .mha: a displacement field in mm, linear between its voxels.
        :param referenceVolumeNode: whose voxels the displacement field has; without it the registration's fixed volume.
        :raises RegistrationError: no such format, no such folder, or the file cannot be written.
        """
        saveTransform(transformNode, Path(path), referenceVolumeNode)

    def compareLandmarks(
        self,
        *,
        fixedMarkupsNode: vtkMRMLMarkupsNode,
        movingMarkupsNode: vtkMRMLMarkupsNode,
        transformNode: vtkMRMLTransformNode,
        outputTableNode: vtkMRMLTableNode | None = None,
    ) -> LandmarkComparison:
        """How far landmarks lie apart before and after the registration, as a table node and a line of text.

        Partners have the same label, or else the same place in their lists. The target registration error is taken in
        the moving image, as usual: |T(fixed) - moving|.

        :raises RegistrationError: the lists do not correspond.
        """
        return compareLandmarks(fixedMarkupsNode, movingMarkupsNode, transformNode, outputTableNode)

    def localVolumeChange(
        self,
        *,
        transformNode: vtkMRMLTransformNode,
        referenceVolumeNode: vtkMRMLScalarVolumeNode,
        outputVolumeNode: vtkMRMLScalarVolumeNode | None = None,
    ) -> vtkMRMLScalarVolumeNode:
        """How much larger each place is in the fixed volume than in the moving one, in percent: 100 (1 / det J - 1).

        A volume node over the extent of ``referenceVolumeNode`` (the fixed one) at the spacing of the field.

        :raises RegistrationError: the reference is under a non-linear transform.
        """
        return localVolumeChange(transformNode, referenceVolumeNode, outputVolumeNode)
