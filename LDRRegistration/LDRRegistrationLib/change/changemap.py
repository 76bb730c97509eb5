"""The change map: what differs between two visits, set against what would differ if nothing had changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, Stages
from ..space.grid import Grid
from ..space.image import Image
from ..space.intensity import KNOWN_FROM, Modality, guessModality
from ..space.masks import Masks
from ..space.resample import sampleOnGrid
from ..space.transform import Transform
from ..space.validity import checkedImage, filled
from .circumstances import circumstances, likeness
from .dates import checkDates
from .harmonise import harmonise, matchingSigmas, smooth
from .noise import noiseLevel
from .searchregion import INSIDE_FROM, SearchRegion, findSearchRegion
from .uncompared import areas, reasons, sentence
from .ventricles import Ventricles, findVentricles
from .whereabouts import Anatomy, findAnatomy
from .workpart import insideMasks, within, workPart

if TYPE_CHECKING:
    from torch import Tensor

# Blur of the images that volumes are measured on, and of those that change is detected on: standard deviations.
FINE_MM, DETECTION_MM = 0.7, 1.3
# Scans are refused that overlap in less than this volume, or than this share of what ought to be compared.
MINIMUM_OVERLAP_MM3 = 1000.0
MINIMUM_OVERLAP_SHARE = 0.2
# Where the unchanged difference is so many times its usual size the alignment is not to be trusted, and no change is
# called; scans are refused where that is more than this share of what is compared.
UNCERTAIN_FROM_FACTOR = 3.0
MAXIMUM_UNCERTAIN_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class ChangeMap:
    """What changed, voxel by voxel, on ``grid`` (k, j, i): the part of the fixed volume that is compared.

    ``z``: signed change over the standard deviation that noise, interpolation and misalignment explain; above 0 is
    brighter now. ``change``: signed difference in the current image's units, less blurred, for measuring. ``current``
    and ``prior``: the harmonised images behind it, of a blur of ``blurMm`` (one standard deviation).
    ``volumeChange``: growth of the tissue since the prior by the deformation alone, in percent (what the intensities no
    longer show). ``mask``: where change may be called. ``spread``: the standard deviation behind ``z``, in the current
    image's units. ``uncompared``: uint8, a reason of ``uncompared.py`` for what ought to be compared and is not; 0
    elsewhere. ``doubts``: why the comparison is to be checked by a reader, in sentences; ``notes`` has them too.
    ``anatomy``, ``ventricles``: of a brain, as far as they can be told.
    """

    grid: Grid
    fixedGrid: Grid
    z: np.ndarray
    change: np.ndarray
    current: np.ndarray
    prior: np.ndarray
    volumeChange: np.ndarray
    mask: np.ndarray
    spread: np.ndarray
    uncompared: np.ndarray
    place: str
    modality: Modality
    agreement: float
    noise: float
    blurMm: float
    seconds: dict[str, float]
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    anatomy: Anatomy | None = None
    ventricles: Ventricles | None = None

    def onFixedGrid(self, array: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """``array`` (k, j, i) of this map's grid on the fixed volume's; whole numbers (labels) by nearest neighbour."""
        toMap = self.grid.rasToIjk @ self.fixedGrid.ijkToRas
        offset = np.rint(-toMap[:3, 3]).astype(int)[::-1]
        if np.allclose(toMap[:3, :3], np.eye(3), atol=1e-6):
            full = np.full(self.fixedGrid.shape, fill, dtype=array.dtype)
            full[tuple(slice(o, o + n) for o, n in zip(offset, array.shape, strict=True))] = array
            return full
        image = Image(array, self.grid.ijkToRas)
        return Transform(np.eye(4)).warp(image, self.fixedGrid, fill, nearest=array.dtype.kind in "iub")


def computeChangeMap(
    fixed: Image,
    moving: Image,
    transform: Transform,
    mask: Image | None = None,
    currentDate: str | None = None,
    priorDate: str | None = None,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
    masks: Masks | None = None,
) -> ChangeMap:
    """Compare the current scan ``fixed`` with the prior scan ``moving`` under ``transform`` (fixed to moving points).

    :param mask: where to look, on any grid, above 0.5; without it the brain, or else the body, is found.
    :param masks: of the fixed and of the moving scan, above 0 inside: change is called only inside both.
    :param currentDate, priorDate: ISO dates ("2024-05-31"), if known, to see that the visits are not swapped.
    :raises RegistrationError: the images cannot be compared; the message says why.
    """
    stages = Stages(progress, cancelled)
    stages.begin("Finding what to compare", 0.0)
    notes = checkDates(currentDate, priorDate)
    fixed, moving = checkedImage(fixed), checkedImage(moving)
    if guessModality(fixed) is not guessModality(moving):
        raise RegistrationError(
            _("{fixed} and {moving} are not of one modality: one is CT, the other is not.").format(
                fixed=fixed.name, moving=moving.name
            )
        )
    fixedGrid = fixed.grid
    place = findSearchRegion(fixed) if mask is None else SearchRegion(mask, "given")
    priorPlace = None if mask is not None else findSearchRegion(moving)
    if priorPlace is not None and priorPlace.kind == "brain":
        place = _both(place, priorPlace, transform, fixed)
    if not (np.asarray(place.mask.array) > 0.5).any():
        raise RegistrationError(_("The mask is empty: there is nothing to compare."))
    fixed, grid, box = workPart(fixed, place)
    wanted = place.inside(grid)
    inside = wanted.copy()
    if fixed.known is not None:
        inside &= fixed.known[box] > KNOWN_FROM
    if not inside.any():
        raise RegistrationError(_("The mask lies outside {name}: there is nothing to compare.").format(name=fixed.name))

    stages.begin("Warping the prior", 0.2)
    prior = transform.warp(replace(moving, array=_asFloat(moving.array)), grid, fill=np.nan)
    covered = within(moving.grid, grid, transform.affine, DETECTION_MM)
    both = inside & covered & np.isfinite(prior)
    if priorPlace is not None and "brain" not in (place.kind, priorPlace.kind):
        # What is outside one body, or one brain without its skull, is nothing at all there.
        both &= priorPlace.inside(grid, transform.affine)
    voxel = float(np.prod(grid.spacing))
    if both.sum() < MINIMUM_OVERLAP_SHARE * inside.sum() or both.sum() * voxel < MINIMUM_OVERLAP_MM3:
        raise RegistrationError(
            _("{fixed} and {moving} overlap in only {share:.0%} of the region to compare.").format(
                fixed=fixed.name, moving=moving.name, share=both.sum() / inside.sum()
            )
        )
    compared = both.copy()
    both &= insideMasks(masks or Masks(), transform, grid)
    if both.sum() * voxel < MINIMUM_OVERLAP_MM3:
        raise RegistrationError(
            _("The masks of {fixed} and {moving} leave next to nothing of the region to compare.").format(
                fixed=fixed.name, moving=moving.name
            )
        )

    stages.begin("Harmonising", 0.35)
    spacing = grid.spacing[::-1]
    sigmas = matchingSigmas(grid, moving.grid, FINE_MM, transform)
    current = smooth(_filled(fixed.array[box], None if fixed.known is None else fixed.known[box]), sigmas[0])
    aligned = smooth(_filled(prior, np.isfinite(prior)), sigmas[1])
    region = toTensor(both.astype(np.float32)) > 0
    for image, values in ((fixed, current), (moving, aligned)):
        if float(values[region].std()) <= 1e-6 * max(float(values[region].abs().max()), 1e-12):
            raise RegistrationError(
                _("{name} is empty within the region to compare: every voxel has one value.").format(name=image.name)
            )
    matched = harmonise(current, aligned, region, spacing)
    doubts = likeness(fixed, moving, matched, place.kind)

    stages.begin("Noise and change", 0.6)
    more = np.sqrt(DETECTION_MM**2 - FINE_MM**2) / spacing
    smoothCurrent, smoothPrior = smooth(current, more), smooth(matched.prior, more)
    sd, local = noiseLevel(smoothCurrent, smoothPrior, region, spacing)
    certain = region & (local < UNCERTAIN_FROM_FACTOR)
    uncertain = 1.0 - float(certain.sum()) / float(region.sum())
    if uncertain > MAXIMUM_UNCERTAIN_SHARE:
        raise RegistrationError(
            _(
                "{fixed} and {moving} differ so much in {uncertain:.0%} of the region that their alignment is "
                "not to be trusted: no change can be called."
            ).format(fixed=fixed.name, moving=moving.name, uncertain=uncertain)
        )
    z = (smoothCurrent - smoothPrior) / sd * certain
    volumeChange = _volumeChange(transform, grid)
    examined, change = toArray(certain.float()) > 0, toArray(z)
    missing = reasons(wanted, inside, covered, compared, both, examined)
    modality = guessModality(fixed)
    notes.append(sentence(areas(missing, grid)))
    doubts += circumstances(fixed, moving, toArray(current), toArray(matched.prior), change, examined)
    anatomy = findAnatomy(place.mask, fixedGrid) if place.kind in ("brain", "stripped") else None
    ventricles = None
    if anatomy is not None and modality is Modality.MR:
        brainMl = float(np.asarray(place.mask.array > INSIDE_FROM).sum() * np.prod(place.mask.grid.spacing)) / 1000.0
        pair = toArray(current), toArray(matched.prior)
        ventricles = findVentricles(*pair, examined, grid, anatomy, 1.0 / (1.0 + volumeChange / 100.0), brainMl)
    if ventricles is not None:
        notes.append(ventricles.sentence)
    if modality is Modality.CT:
        doubts.insert(0, _("Change detection is not validated on CT."))
    stages.end()
    return ChangeMap(
        grid=grid,
        fixedGrid=fixedGrid,
        z=change,
        change=toArray((current - matched.prior) * region),
        current=toArray(current),
        prior=toArray(matched.prior),
        volumeChange=volumeChange,
        mask=examined,
        spread=toArray(sd),
        uncompared=missing,
        place=place.kind,
        modality=modality,
        agreement=matched.agreement,
        noise=float(sd[region].median()),
        blurMm=_blur(spacing, sigmas[0] * spacing),
        seconds=stages.seconds,
        notes=[note for note in (*doubts, *notes) if note],
        doubts=doubts,
        anatomy=anatomy,
        ventricles=ventricles,
    )


def _blur(spacing: np.ndarray, sigmasMm: np.ndarray) -> float:
    """One standard deviation in mm of the current image as it is compared, over the three axes.

    A scanner's point spread is wider than the box of a voxel (s^2 / 12): s^2 / 6 is between that and what MR has.
    """
    return float(np.exp(np.log(spacing**2 / 6.0 + sigmasMm**2).mean() / 2.0))


def _both(place: SearchRegion, prior: SearchRegion, transform: Transform, fixed: Image) -> SearchRegion:
    """The brain as it was found in either scan, on a grid of the current one; where one has none, the other's."""
    values = np.asarray(prior.mask.array, dtype=np.float32)
    grid = place.mask.grid
    carried = toArray(sampleOnGrid(values, prior.mask.ijkToRas, grid, transform.affine)) > 0.5
    if place.kind == "brain":
        carried |= np.asarray(place.mask.array) > 0.5
    return SearchRegion(Image(carried, grid.ijkToRas, fixed.name), "brain")


def _volumeChange(transform: Transform, grid: Grid) -> np.ndarray:
    """(k, j, i): growth in percent from the prior to the current scan by the deformation, without the affine."""
    if transform.field is None:
        return np.zeros(grid.shape, dtype=np.float32)
    determinant = np.maximum(transform.field.jacobianDeterminant(), 0.05)
    # A cell lies between the points of the field's grid.
    shift = np.eye(4)
    shift[:3, 3] = 0.5
    growth = (100.0 * (1.0 / determinant - 1.0)).astype(np.float32)
    return toArray(sampleOnGrid(growth, transform.field.grid.ijkToRas @ shift, grid))


def _filled(array: np.ndarray, known: np.ndarray | None) -> Tensor:
    """Float32, and what is not known as what is known around it, lest a blur carries padding inwards."""
    values = np.array(array, dtype=np.float32)
    if known is None or known.all():
        return toTensor(values)
    return toTensor(filled(Image(values, np.eye(4), known=known.astype(np.float32))).array)


def _asFloat(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
