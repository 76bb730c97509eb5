"""FramesLogic: the frames of a sequence one by one, so that one that cannot be registered does not stop the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..mrml.volumes import BorrowedPair
from ..registration.models import ModelStore
from ..registration.register import RegistrationResult, register
from ..registration.settings import Settings, settingsFrom
from ..runtime.progress import CancelCallback, ProgressCallback
from ..runtime.pytorch import importTorch
from ..space.image import Image

if TYPE_CHECKING:
    from slicer import vtkMRMLSequenceNode


@dataclass
class FrameJob(BorrowedPair):
    """One frame on its way."""

    settings: Settings


class FramesLogic:
    """``prepareFrame`` belongs to the main thread, ``computeFrame`` to any."""

    models: ModelStore

    def prepareFrame(
        self, *, sequenceNode: vtkMRMLSequenceNode, fixed: Image, frame: Image, **settings: Any
    ) -> FrameJob:
        """Copy a frame of ``sequenceNode`` and what it is to be registered to, both in the sequence's coordinates.

        :param settings: of ``registerVolumes``.
        :raises RegistrationError: a setting is none of those that there are.
        """
        chosen = replace(settingsFrom(**settings), warp=False)
        job = FrameJob(fixed, frame, chosen)
        job.takeVoxelsNow()
        return job

    def computeFrame(
        self,
        job: FrameJob,
        *,
        progress: ProgressCallback | None = None,
        cancelled: CancelCallback | None = None,
    ) -> RegistrationResult:
        """The registration itself: touches no node and nothing of Qt.

        :raises RegistrationError: the frame cannot be registered.
        """
        job.takeVoxels()
        importTorch()
        return register(job.fixed, job.moving, job.settings, self.models, None, progress, cancelled)
