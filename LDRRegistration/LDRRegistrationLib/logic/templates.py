"""TemplatesLogic: an unbiased template of volume nodes. No Qt, no Slicer base class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np

from ..mrml.matrices import localToWorld, matrixFromArray
from ..mrml.nodes import allOrNothing, checkScene
from ..mrml.transforms import noteSides, updateTransformNode, vtkTransform
from ..mrml.verdicts import noteVerdict
from ..mrml.volumes import imageDataFromArray, imageFromVolumeNode
from ..registration.settings import SettingsKeywords, settingsFrom
from ..registration.template import ROUNDS, Template, buildTemplate
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..runtime.pytorch import ensureTorch, importTorch

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTransformNode

    from ..registration.models import ModelStore


@dataclass
class PublishedTemplate:
    """``transformNodes``, one a volume: each carries its volume onto the template when it is set on it."""

    template: Template
    volumeNode: vtkMRMLScalarVolumeNode
    transformNodes: list[vtkMRMLTransformNode]


class TemplatesLogic:
    models: ModelStore

    def makeTemplate(
        self,
        *,
        volumeNodes: Sequence[vtkMRMLScalarVolumeNode],
        rounds: int = ROUNDS,
        deforms: bool = True,
        spacingMm: float | None = None,
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
        **settings: Unpack[SettingsKeywords],
    ) -> PublishedTemplate:
        """The average of volumes in shape and intensity as a new volume node, and a transform node for each volume.

        Their order does not matter, and none is favoured: the displacements from the template to all volumes have the
        mean zero. Two visits of one person have their midpoint there (``prealignment="rigid"``).

        :param rounds: each registers every volume to the template and averages anew.
        :param deforms: False takes the linear parts alone.
        :param spacingMm: of the template; by default the median of the volumes' finest spacing.
        :param settings: those of ``registerVolumes``.
        :returns: see ``PublishedTemplate``; ``template.verdict`` says which volumes were left out or are to be checked.
        :raises RegistrationError: fewer than two volumes could be registered, or one not at all; the scene is as it
            was.
        :raises RegistrationCancelled: cancelled. The scene is as it was.
        """
        nodes = list(volumeNodes)
        images = [imageFromVolumeNode(node) for node in nodes]
        if len(set(nodes)) < len(nodes):
            raise RegistrationError(_("One volume was chosen twice: it would count twice in the template."))
        checkScene(*nodes)
        ensureTorch()
        importTorch()
        template = buildTemplate(
            images,
            settingsFrom(**settings),
            self.models,
            rounds=rounds,
            deforms=deforms,
            spacingMm=spacingMm,
            progress=progressCallback,
            cancelled=cancelCallback,
        )
        return _published(template, nodes)


def _published(template: Template, nodes: list[vtkMRMLScalarVolumeNode]) -> PublishedTemplate:
    scene = nodes[0].GetScene()
    with allOrNothing(scene):
        volumeNode = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", _("Template"))
        volumeNode.SetIJKToRASMatrix(matrixFromArray(template.image.ijkToRas))
        volumeNode.SetAndObserveImageData(imageDataFromArray(template.image.array, copy=False))
        noteVerdict(volumeNode, template.verdict)
        transformNodes = []
        for node, member in zip(nodes, template.members, strict=True):
            name = _("{volume} to template").format(volume=node.GetName())
            transformNode = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
            # The member's T ends in the world; the node's ends in the volume's own coordinates.
            toLocal = np.linalg.inv(localToWorld(node)) @ member.transform.affine
            transform = vtkTransform(replace(member.transform, affine=toLocal))
            updateTransformNode(transformNode, transform, volumeNode, node)
            noteSides(transformNode, sourceToWorld=localToWorld(node))
            noteVerdict(transformNode, member.verdict)
            transformNodes.append(transformNode)
    return PublishedTemplate(template, volumeNode, transformNodes)
