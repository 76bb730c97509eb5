"""Whether two scans can be visits of one person at all, and what else makes them differ, in sentences."""

from __future__ import annotations

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.image import Image
from .harmonise import Harmonised
from .shapes import parts

# The images show different contrasts if brighter here means brighter there in less than this share.
MINIMUM_RISING_SHARE = 0.6
# Correlation after alignment and harmonisation, of brains: below the first two people's lie, or scans that are not
# aligned (the pairs in benchmarks/change: 0.63 and 0.68), and one person's visits above the second (0.854 to 0.997, the
# lowest of a brain with a large tumour). Bodies, which move within themselves, may agree less.
MINIMUM_AGREEMENT, USUAL_AGREEMENT = 0.75, 0.85
MINIMUM_AGREEMENT_OF_BODIES, USUAL_AGREEMENT_OF_BODIES = 0.6, 0.75
# Voxels that are so many times as long along one axis are of another protocol.
OTHER_SPACING_FACTOR = 1.5
# Contrast medium lights up vessels and meninges all over: of the brightest share of voxels, those brighter by this z
# make so many parts of such a volume, or more.
BRIGHTEST_SHARE, MUCH_BRIGHTER_Z, MINIMUM_PART_MM3, MINIMUM_PARTS = 0.005, 5.0, 20.0, 10


def likeness(fixed: Image, moving: Image, matched: Harmonised, place: str) -> list[str]:
    """Doubts that the scans show one person, from how well they agree.

    :param place: the kind of the search region.
    :raises RegistrationError: they agree less than two visits of one person can.
    """
    isBrain = place in ("brain", "stripped")
    least, usual = (
        (MINIMUM_AGREEMENT, USUAL_AGREEMENT) if isBrain else (MINIMUM_AGREEMENT_OF_BODIES, USUAL_AGREEMENT_OF_BODIES)
    )
    if matched.rising < MINIMUM_RISING_SHARE or matched.agreement < least:
        raise RegistrationError(
            _(
                "{fixed} and {moving} do not agree (correlation {agreement:.2f}, a brighter prior means a "
                "brighter current image in {rising:.0%}): they show different people or different contrasts, or "
                "their alignment failed. Choose two scans of one person and of the same kind."
            ).format(fixed=fixed.name, moving=moving.name, agreement=matched.agreement, rising=matched.rising)
        )
    if matched.agreement < usual:
        return [
            _(
                "The scans agree less (correlation {agreement:.2f}) than two visits of one person usually do: see "
                "that they are of one person."
            ).format(agreement=matched.agreement)
        ]
    return []


def circumstances(
    fixed: Image, moving: Image, current: np.ndarray, prior: np.ndarray, z: np.ndarray, mask: np.ndarray
) -> list[str]:
    """Sentences on one scan given twice, contrast medium in one visit alone, and other protocols.

    :param current, prior: harmonised, (k, j, i), and the change ``z`` between them where ``mask`` is true.
    """
    if fixed.array.shape == moving.array.shape and np.array_equal(fixed.array, moving.array):
        return [_("Both scans are the same image.")]
    sentences = []
    voxel = float(np.prod(fixed.grid.spacing))
    if _lightsUp(current, z, mask, voxel) and not _lightsUp(prior, -z, mask, voxel):
        sentences.append(
            _("The current scan looks as if made with contrast medium, the prior without: vessels changed.")
        )
    elif _lightsUp(prior, -z, mask, voxel) and not _lightsUp(current, z, mask, voxel):
        sentences.append(
            _("The prior scan looks as if made with contrast medium, the current without: vessels changed.")
        )
    along = np.abs(fixed.grid.direction.T @ moving.grid.direction).argmax(axis=1)
    ratios = fixed.grid.spacing / moving.grid.spacing[along]
    if max(ratios.max(), 1.0 / ratios.min()) > OTHER_SPACING_FACTOR:
        sentences.append(
            _("The protocols differ: voxels of {fixed} and {moving} mm.").format(
                fixed=_sizes(fixed.grid.spacing), moving=_sizes(moving.grid.spacing[along])
            )
        )
    return sentences


def _lightsUp(image: np.ndarray, z: np.ndarray, mask: np.ndarray, voxel: float) -> bool:
    limit = float(np.quantile(image[mask][:: max(1, int(mask.sum()) // 200_000)], 1.0 - BRIGHTEST_SHARE))
    lit = mask & (image >= limit) & (z > MUCH_BRIGHTER_Z)
    if lit.sum() * voxel < MINIMUM_PARTS * MINIMUM_PART_MM3:
        return False
    sizes = np.bincount(parts(lit, byCorners=True).ravel())[1:]
    return int((sizes * voxel >= MINIMUM_PART_MM3).sum()) >= MINIMUM_PARTS


def _sizes(spacing: np.ndarray) -> str:
    return " x ".join(f"{s:.1f}" for s in spacing)
