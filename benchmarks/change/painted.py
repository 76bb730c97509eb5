"""The simulated judges: lesions painted into one of two real scans of a person, and into a CT that is scanned again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from judged import MINIMUM_OVERLAP, Row, compared
from LDRRegistrationLib.change.changemap import ChangeMap
from LDRRegistrationLib.change.detection import Detection
from LDRRegistrationLib.change.regions import Region
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.intensity import Modality
from support.data import read_image
from support.simulate import Lesion, Protocol, paint, quietPlaces, rescan

SIZES = (5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
# Volume now and before, as shares of the size's.
KINDS = {
    "new": (1.0, 0.0),
    "gone": (0.0, 1.0),
    "grown by 25 %": (1.25, 1.0),
    "grown by 100 %": (2.0, 1.0),
    "shrunken by 40 %": (0.6, 1.0),
}
REPEATS = 1
# Of the tissue's usual signal: dark on T1, as lesions are.
CONTRAST = -0.35
# Second protocols. The agreement of the last two with the first is that of real visits with other protocols.
PROTOCOLS = {
    "real rescan": None,
    "another protocol": Protocol(
        (1.2, 1.2, 3.0), 4, 4, 0.6, bias=0.4, distortionMm=5.0, noise=0.10, blurMm=1.0, uneven=0.4, finer=2
    ),
    "a poor protocol": Protocol(
        (1.2, 1.2, 3.0), 4, 4, 0.5, bias=0.4, distortionMm=3.0, noise=0.15, blurMm=1.0, uneven=0.8, finer=2
    ),
}
# Diameter now and before, and HU besides the liver's.
CT_KINDS = {
    "liver 8 mm, -60 HU": (8.0, 0.0, -60.0),
    "liver 15 mm, -60 HU": (15.0, 0.0, -60.0),
    "liver 16 mm grown by 100 %": (16.0 * 2 ** (1 / 3), 16.0, -60.0),
}


def simulations(data: Path) -> Iterator[Row]:
    """Lesions of five kinds in the rescans 1003/1023 and 1004/1024: where the first comparison says the prior lies, the
    lesion is painted into it as it was before.
    """
    for name, protocol in PROTOCOLS.items():
        hits: dict[str, list[tuple[float, float | None] | None]] = {kind: [] for kind in KINDS}
        false, pairs, agreements, named = 0, 0, [], 0
        for number, names in enumerate((("1003", "1023"), ("1004", "1024"))):
            rng = np.random.default_rng(50 + number)
            current, prior = (read_image(data / "oasis_brains" / f"{n}_t1.nii.gz") for n in names)
            current = Image(current.array.astype(np.float32), current.ijkToRas, current.name)
            if protocol is not None:
                prior, _ = rescan(prior, protocol, rng)
            prior = Image(prior.array.astype(np.float32), prior.ijkToRas, prior.name)
            aligned, changes, _, _ = compared(current, prior)
            levels = [
                float(np.median(image.array[image.array > 0.05 * image.array.max()])) for image in (current, prior)
            ]
            inside = current.array > 0.05 * current.array.max()
            for _repeat in range(REPEATS):
                places = quietPlaces(current, inside, len(SIZES), rng, (0.6, 0.98))
                kinds = [list(KINDS)[n % len(KINDS)] for n in rng.permutation(len(places))]
                painted_, sizes = [[], []], rng.permutation(SIZES)
                for place, size, kind in zip(places, sizes, kinds, strict=False):
                    where = (place, aligned.transform.points(place[None])[0])
                    for side, factor in enumerate(KINDS[kind]):
                        if factor:
                            diameter = size * factor ** (1 / 3)
                            painted_[side].append(Lesion(where[side], diameter, CONTRAST * levels[side]))
                scans = [paint(image, lesions) for image, lesions in zip((current, prior), painted_, strict=True)]
                _, changes, found, _ = compared(*scans)
                used = set()
                for place, size, kind in zip(places, sizes, kinds, strict=False):
                    largest = size * max(1.0, *KINDS[kind]) ** (1 / 3)
                    close, touching = _seen(changes, found, place, largest)
                    used |= touching
                    now, before = (np.pi / 6 * size**3 * factor for factor in KINDS[kind])
                    error = close[0].volumeMm3 / abs(now - before) - 1 if close else 0.0
                    hits[kind].append((error, close[0].growthPercent) if close else None)
                    named += bool(close) and close[0].kind == kind.split()[0]
                false += len(found.regions) - len(used)
                pairs += 1
                agreements.append(changes.agreement)
        for kind, outcomes in hits.items():
            known = [outcome for outcome in outcomes if outcome is not None]
            growths = [growth for _, growth in known if growth is not None]
            said = f"volume of change {100 * np.mean([error for error, _ in known]):+.0f} %" if known else ""
            said += f", growth {np.mean(growths):+.0f} %" if growths and "grown" in kind else ""
            yield (f"{name}, {kind}", f"{len(known)} of {len(outcomes)}", "", "", said)
        seen = sum(outcome is not None for outcomes in hits.values() for outcome in outcomes)
        remark = f"agreement {np.mean(agreements):.3f}; {named} of {seen} named rightly"
        yield (f"{name}, {pairs} pairs", "", str(false), "", remark)


def ct(data: Path) -> Iterator[Row]:
    """Lesions in the liver of a CT that is scanned again, with noise of 17 HU."""
    folder = data / "abdomen_ct"
    path = next(p for p in sorted(folder.glob("*.nii.gz")) if "seg" not in p.name and "label" not in p.name)
    image = read_image(path)
    image = Image(image.array.astype(np.float32), image.ijkToRas, image.name, modality=Modality.CT)
    liver = _between(image, 70.0, 160.0)
    for name, (now, then, delta) in CT_KINDS.items():
        found_, false, placements = 0, 0, 5
        for seed in range(placements):
            rng = np.random.default_rng(900 + seed)
            (place,) = quietPlaces(image, liver, 1, rng, (0.2, 0.9))
            current, moved = _noisy(paint(image, [Lesion(place, now, delta)]), rng)
            prior, _ = _noisy(paint(image, [Lesion(place, then, delta)]) if then else image, rng)
            _, changes, found, _ = compared(current, prior)
            close, touching = _seen(changes, found, place + moved, max(now, then))
            found_ += bool(close)
            false += len(found.regions) - len(touching)
        yield (name, f"{found_} of {placements}", f"{false / placements:.1f} a scan", "", "simulated; not validated")


def _seen(changes: ChangeMap, found: Detection, place: np.ndarray, diameterMm: float) -> tuple[list[Region], set[int]]:
    """The regions that hold of a painted ball what a hit must hold, best first, or none; the ranks of all that touch
    it. ``place``: of its middle in the current scan, RAS mm.
    """
    k, j, i = np.indices(changes.grid.shape, sparse=True)
    matrix = changes.grid.ijkToRas
    ras = (matrix[axis, 0] * i + matrix[axis, 1] * j + matrix[axis, 2] * k + matrix[axis, 3] for axis in range(3))
    ball = sum((line - at) ** 2 for line, at in zip(ras, place, strict=True)) <= (0.5 * diameterMm) ** 2
    ranks = found.labels[ball]
    touching = set(np.unique(ranks[ranks > 0]).tolist())
    isHit = len(ranks) > 0 and (ranks > 0).mean() >= MINIMUM_OVERLAP
    return [region for region in found.regions if isHit and region.rank in touching], touching


def _noisy(image: Image, rng: np.random.Generator) -> tuple[Image, np.ndarray]:
    """Another scan with noise of 17 HU, and by how much the person has moved since, RAS mm."""
    shift = np.eye(4)
    shift[:3, 3] = rng.normal(size=3)
    noisy = np.round(image.array + 17.0 * rng.normal(size=image.array.shape)).astype(np.float32)
    return Image(noisy, shift @ image.ijkToRas, image.name, modality=image.modality), shift[:3, 3]


def _between(image: Image, low: float, high: float) -> np.ndarray:
    from scipy.ndimage import binary_opening, gaussian_filter

    smooth = gaussian_filter(image.array, 1.0)
    return binary_opening((smooth > low) & (smooth < high), iterations=3)
