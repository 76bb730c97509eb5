"""Two visits of one person: their alignment, which must not hide what changed, and the map of what did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..registration.models import ModelStore
from ..registration.register import RegistrationResult, register
from ..registration.settings import Prealignment, Preset, Settings
from ..runtime.progress import CancelCallback, ProgressCallback, portion
from ..space.image import Image, checkGeometry
from ..space.masks import Masks
from .changemap import ChangeMap, computeChangeMap

# Of the time, for the progress bar.
SHARE_OF_REGISTRATION = 0.4


def compareVisits(
    current: Image,
    prior: Image,
    models: ModelStore,
    settings: Settings | None = None,
    *,
    initialRas: np.ndarray | None = None,
    mask: Image | None = None,
    masks: Masks | None = None,
    currentDate: str | None = None,
    priorDate: str | None = None,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
) -> tuple[RegistrationResult, ChangeMap]:
    """Register ``prior`` to ``current`` for follow-up, rigidly and then very smoothly, and compare them.

    :param settings: model, device, threads and whether to warp; what would hide change is set here.
    :param mask: where to look; without it the brain or the body is found.
    :param masks: of the current and of the prior scan: only inside both are the scans aligned and change called.
    :raises RegistrationError: the scans cannot be registered or compared; the message says why.
    """
    for image in (current, prior):
        checkGeometry(image)
    settings = settings or Settings()
    still = settings.prealignment is Prealignment.NONE
    settings = replace(
        settings,
        preset=Preset.FAST,
        prealignment=Prealignment.NONE if still else Prealignment.RIGID,
        refinementSteps=0,
        adaptation=None,
        followUp=True,
    )
    aligned = register(
        current, prior, settings, models, initialRas, portion(progress, 0.0, SHARE_OF_REGISTRATION), cancelled, masks
    )
    changes = computeChangeMap(
        current,
        prior,
        aligned.transform,
        mask,
        currentDate,
        priorDate,
        portion(progress, SHARE_OF_REGISTRATION, 1.0),
        cancelled,
        masks,
    )
    return aligned, changes
