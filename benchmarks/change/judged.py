"""The real judges: patients with experts' masks, rescans, tumours with masks of both visits, and different people."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.change.changemap import ChangeMap
from LDRRegistrationLib.change.detection import Detection, detect
from LDRRegistrationLib.change.visits import compareVisits
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult
from LDRRegistrationLib.reports.changetotals import volumesMm3
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support import itk
from support.data import read_image

CURVE = (0.25, 0.5, 0.75, 1.0)
MINIMUM_MM3, MINIMUM_OVERLAP = 50.0, 0.1
# Thresholds were set on the first two.
RESCANS = (("1003", "1023", "calibration"), ("1004", "1024", "calibration"), ("1005", "1025", "judge"))
TUMOURS = {"03": "calibration", "05": "calibration", "06": "calibration", "08": "judge", "09": "judge"}
PEOPLE = (("1000", "1001"), ("1002", "1005"))
models = ModelStore()
Row = tuple[str, str, str, str, str]


def compared(current: Image, prior: Image) -> tuple[RegistrationResult, ChangeMap, Detection, float]:
    start = time.process_time()
    aligned, changes = compareVisits(current, prior, models)
    found = detect(changes)
    return aligned, changes, found, time.process_time() - start


def millilitres(found: Detection) -> str:
    return f"{sum(region.volumeMm3 for region in found.regions) / 1000.0:.2f}"


@dataclass(frozen=True)
class Judged:
    """What was found of the experts' lesions of at least 50 mm3 at one sensitivity, and the regions that hold none."""

    hit: int
    lesions: int
    false: int
    found: Detection

    @property
    def f1(self) -> float:
        return 2 * self.hit / max(self.hit + self.lesions + self.false, 1)


@dataclass(frozen=True, eq=False)
class Patient:
    """A comparison, and the experts' mask of change on the grid of their common space."""

    changes: ChangeMap
    brain: sitk.Image
    truth: np.ndarray
    affine: sitk.Transform
    seconds: float

    def judge(self, sensitivity: float) -> Judged:
        lesions = sitk.GetArrayFromImage(
            sitk.ConnectedComponent(sitk.GetImageFromArray(self.truth.astype(np.uint8)), True)
        )
        sizes = np.bincount(lesions.ravel()) * float(np.prod(self.brain.GetSpacing()))
        large = [n for n in range(1, len(sizes)) if sizes[n] >= MINIMUM_MM3]
        found = detect(self.changes, sensitivity)
        grid = self.changes.fixedGrid
        labels = itk.place(sitk.GetImageFromArray(self.changes.onFixedGrid(found.labels.astype(np.int16))), grid)
        regions = sitk.GetArrayFromImage(sitk.Resample(labels, self.brain, self.affine, sitk.sitkNearestNeighbor, 0.0))
        hit = sum((regions[lesions == n] > 0).mean() >= MINIMUM_OVERLAP for n in large)
        false = sum(not (self.truth & (regions == region.rank)).any() for region in found.regions)
        return Judged(hit, len(large), false, found)


def patient(data: Path, name: str) -> Patient:
    """The two FLAIR scans of ``patient01`` or ``patient12`` of ``data`` compared."""
    folder = data / "ms_longitudinal" / name
    current, prior = (read_image(folder / "raw" / f"study{n}_FLAIR.nii.gz") for n in (2, 1))
    _, changes, _, seconds = compared(current, prior)
    brain = sitk.ReadImage(str(folder / "common" / "brainmask.nii.gz"))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "common" / "gt.nii.gz"))) > 0
    affine = sitk.ReadTransform(str(folder / "raw" / "study2_FLAIR_to_common_space.txt"))
    return Patient(changes, brain, truth & (sitk.GetArrayFromImage(brain) > 0), affine, seconds)


def patients(data: Path) -> Iterator[Row]:
    for name in ("patient01", "patient12"):
        scanned = patient(data, name)
        for sensitivity in CURVE:
            judged = scanned.judge(sensitivity)
            yield (
                f"{name}, sensitivity {sensitivity:g}",
                f"{judged.hit} of {judged.lesions}",
                str(judged.false),
                millilitres(judged.found),
                f"F1 {judged.f1:.2f}, agreement {scanned.changes.agreement:.3f}, {scanned.seconds:.1f} CPU s",
            )


def rescans(data: Path) -> Iterator[Row]:
    for first, second, use in RESCANS:
        for names in ((first, second), (second, first)):
            current, prior = (read_image(data / "oasis_brains" / f"{name}_t1.nii.gz") for name in names)
            _, changes, _, seconds = compared(current, prior)
            for sensitivity in CURVE[1:]:
                found = detect(changes, sensitivity)
                remark = f"{use}, agreement {changes.agreement:.3f}, {seconds:.1f} CPU s"
                case = f"{'/'.join(names)}, sensitivity {sensitivity:g}"
                yield (case, "-", str(len(found.regions)), millilitres(found), remark)


def tumours(data: Path) -> Iterator[Row]:
    for name, use in TUMOURS.items():
        folder = data / "brain_tumor_followup" / name
        current, prior, now, then = (
            read_image(folder / f"{file}.nii.gz") for file in ("Post_Scan_T1", "Pre_Scan_T1", "Post_Mask", "Pre_Mask")
        )
        aligned, changes, found, seconds = compared(current, prior)
        masks = [
            transform.warp(Image((mask.array > 0).astype(np.float32), mask.ijkToRas), changes.grid, fill=0.0) > 0.5
            for mask, transform in ((now, Transform(np.eye(4))), (then, aligned.transform))
        ]
        new, gone = masks[0] & ~masks[1], masks[1] & ~masks[0]
        inRegions = found.labels > 0
        touching = len(np.unique(found.labels[masks[0] | masks[1]])) - 1
        carried = float(masks[1].sum()) * float(np.prod(changes.grid.spacing))
        before = float((then.array > 0).sum()) * float(np.prod(then.grid.spacing))
        ratio = (now.array > 0).sum() / max((then.array > 0).sum(), 1)
        said = [volumesMm3(r) for r in found.regions if (found.labels == r.rank)[masks[0] | masks[1]].any()]
        before_, now_ = (sum(pair[side] for pair in said) for side in (0, 1))
        measured = f"{now_ / before_:.2f}" if before_ else "none"
        remark = (
            f"{use}, {touching} on the tumour, masks' ratio {ratio:.2f}, regions' {measured}, "
            f"prior mask {carried / before - 1:+.0%} by the alignment, "
            f"agreement {changes.agreement:.3f}, {seconds:.1f} CPU s"
        )
        yield (
            f"{name}",
            f"new {inRegions[new].mean():.0%}, vanished {inRegions[gone].mean():.0%}",
            str(len(found.regions) - touching),
            millilitres(found),
            remark,
        )


def people(data: Path) -> Iterator[Row]:
    """T1 of two people must be refused."""
    for names in PEOPLE:
        current, prior = (read_image(data / "oasis_brains" / f"{name}_t1.nii.gz") for name in names)
        try:
            _, changes, found, _ = compared(current, prior)
            said = f"NOT refused, agreement {changes.agreement:.2f}, doubts {len(changes.doubts)}"
            yield (" and ".join(names), "-", str(len(found.regions)), millilitres(found), said)
        except RegistrationError as error:
            yield (" and ".join(names), "-", "0", "0.00", f"refused: {str(error)[:90]}")
