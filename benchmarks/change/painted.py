"""The simulated judges: lesions painted into one of two real scans of a person, and into a CT that is scanned again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from judged import Row, compared
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.intensity import Modality
from support.data import read_image
from support.simulate import Lesion, Protocol, paint, quietPlaces, rescan

SIZES = (4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
# Of the tissue's usual signal: dark on T1, as lesions are.
CONTRAST = -0.35
# Second protocols, as shares of the usual signal: their agreement with the first is near that of real visits.
PROTOCOLS = {
    "real rescan": None,
    "another protocol": Protocol(
        (1.0, 1.0, 3.0), noise=0.05, degrees=4, shiftMm=4, bias=0.3, gamma=0.7, distortionMm=1.0
    ),
}
CT_KINDS = {
    "liver 8 mm, -60 HU": (8.0, 8.0, 0.0, -60.0),
    "liver 15 mm, -60 HU": (15.0, 15.0, 0.0, -60.0),
    "liver 16 mm grown by 100 %": (16.0, 16.0 * 2 ** (1 / 3), 16.0, -60.0),
}


def simulations(data: Path) -> Iterator[Row]:
    """New, gone and grown (+100 %) lesions in the rescans 1003/1023 and 1004/1024."""
    for name, protocol in PROTOCOLS.items():
        hits: dict[tuple[str, float], list[float | None]] = {}
        false, pairs, agreements, kinds = 0, 0, [], []
        for number, names in enumerate((("1003", "1023"), ("1004", "1024"))):
            rng = np.random.default_rng(50 + number)
            current, prior = (read_image(data / "oasis_brains" / f"{n}_t1.nii.gz") for n in names)
            current = Image(current.array.astype(np.float32), current.ijkToRas, current.name)
            if protocol is not None:
                prior, _ = rescan(current, protocol, rng)
            inside = current.array > 0.05 * current.array.max()
            delta = CONTRAST * float(np.median(current.array[inside]))
            places = quietPlaces(current, inside, len(SIZES), rng, (0.6, 0.98))
            lesions = [Lesion(p, s, delta) for p, s in zip(places, rng.permutation(SIZES), strict=False)]
            _, changes, found, _ = compared(paint(current, lesions), prior)
            used = set()
            for lesion in lesions:
                close = _near(found.regions, lesion.centerRas, lesion.diameterMm)
                used |= {r.rank for r in close}
                kinds += [close[0].kind] if close else []
                error = close[0].volumeMm3 / lesion.volumeMm3 - 1 if close else None
                hits.setdefault(("new", lesion.diameterMm), []).append(error)
            false += len(found.regions) - len(used)
            pairs += 1
            agreements.append(changes.agreement)
        for (kind, size), errors in sorted(hits.items()):
            known = [e for e in errors if e is not None]
            said = f"volume {100 * np.mean(known):+.0f} %" if known else ""
            yield (f"{name}, {kind} {size:g} mm", f"{len(known)} of {len(errors)}", "", "", said)
        right = sum(kind == "new" for kind in kinds)
        remark = f"agreement {np.mean(agreements):.3f}; {right} of {len(kinds)} called new"
        yield (f"{name}, {pairs} pairs", "", str(false), "", remark)


def ct(data: Path) -> Iterator[Row]:
    """Lesions in the liver of a CT that is scanned again, with noise of 17 HU."""
    folder = data / "abdomen_ct"
    path = next(p for p in sorted(folder.glob("*.nii.gz")) if "seg" not in p.name and "label" not in p.name)
    image = read_image(path)
    image = Image(image.array.astype(np.float32), image.ijkToRas, image.name, modality=Modality.CT)
    liver = _between(image, 70.0, 160.0)
    for name, (size, now, then, delta) in CT_KINDS.items():
        found_, false, placements = 0, 0, 5
        for seed in range(placements):
            rng = np.random.default_rng(900 + seed)
            (place,) = quietPlaces(image, liver, 1, rng, (0.2, 0.9))
            current = _noisy(paint(image, [Lesion(place, now, delta)]), rng)
            prior = _noisy(paint(image, [Lesion(place, then, delta)]) if then else image, rng)
            _, _, found, _ = compared(current, prior)
            close = _near(found.regions, place, size)
            found_ += bool(close)
            false += len(found.regions) - len(close)
        yield (name, f"{found_} of {placements}", f"{false / placements:.1f} a scan", "", "simulated; not validated")


def _near(regions: list, place: np.ndarray, diameterMm: float) -> list:
    return [r for r in regions if np.linalg.norm(np.array(r.centroidRas) - place) < diameterMm / 2 + 2.5]


def _noisy(image: Image, rng: np.random.Generator) -> Image:
    shift = np.eye(4)
    shift[:3, 3] = rng.normal(size=3)
    moved = np.round(image.array + 17.0 * rng.normal(size=image.array.shape)).astype(np.float32)
    return Image(moved, shift @ image.ijkToRas, image.name, modality=image.modality)


def _between(image: Image, low: float, high: float) -> np.ndarray:
    from scipy.ndimage import binary_opening, gaussian_filter

    smooth = gaussian_filter(image.array, 1.0)
    return binary_opening((smooth > low) & (smooth < high), iterations=3)
