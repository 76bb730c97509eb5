"""A result without a registration, for tests of what is done with results."""

from __future__ import annotations

from typing import Any

import numpy as np

SHIFT = (4.0, -2.0, 1.0)


def shift_result(job: Any, verdict: tuple[str, str] = ("good", "")) -> Any:
    """What the registration of ``job`` could have found: a shift by ``SHIFT``; ``verdict``: its grade and sentence."""
    from LDRRegistrationLib.registration.register import RegistrationResult
    from LDRRegistrationLib.registration.verdict import Verdict
    from LDRRegistrationLib.space.intensity import Modality
    from LDRRegistrationLib.space.transform import Transform

    shift = np.eye(4)
    shift[:3, 3] = SHIFT
    return RegistrationResult(
        transform=Transform(shift, None),
        fixedGrid=job.fixed.grid,
        model="none",
        modality=Modality.MR,
        seconds={"Deformation": 0.5},
        similarityStart=0.1,
        similarityPrealigned=0.2,
        similarity=0.3,
        foldedPercent=0.0,
        sdLogJacobian=0.0,
        largestDisplacementMm=4.6,
        warped=job.moving.array + 1 if job.settings.warp else None,
        notes=["Only the pre-alignment is kept."],
        verdict=Verdict(*verdict),
    )
