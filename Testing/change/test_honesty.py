"""What a comparison says of itself: what would have been found, what was not compared, and who cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.change.answer import judgeComparison, worse
from LDRRegistrationLib.change.changemap import computeChangeMap
from LDRRegistrationLib.change.detection import counts, detect
from LDRRegistrationLib.change.detectionlimit import detectionLimit
from LDRRegistrationLib.change.uncompared import OUTSIDE_MASKS, OUTSIDE_PRIOR, Area, areas, sentence
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support.phantom import head
from support.simulate import Lesion, Protocol, paint, rescan

IDENTITY = Transform(np.eye(4))
PLACE = np.array((-28.0, 30.0, 10.0))


def scans(noise, lesions=()):
    rng = np.random.default_rng(5)
    anatomy = head()
    return [rescan(image, Protocol(noise=noise), rng)[0] for image in (paint(anatomy, list(lesions)), anatomy)]


@pytest.fixture(scope="module")
def quiet():
    return computeChangeMap(*scans(0.01, [Lesion(PLACE, 10.0, 200.0)]), IDENTITY)


def test_the_limit_is_worse_in_a_noisier_pair(quiet):
    clear, noisy = (detectionLimit(m) for m in (quiet, computeChangeMap(*scans(0.12), IDENTITY)))
    assert clear.found[40.0] == len(clear.diametersMm) == 8 and not clear.isPoor
    assert clear.limitPercent < 15.0 < (noisy.limitPercent or 100.0)
    assert "8 would have been found" in clear.sentence
    assert clear.content["limitPercent"] == round(clear.limitPercent, 1)
    # What the painted lesions are looked for in is not changed by it.
    assert len(detect(quiet).regions) == 1
    with pytest.raises(RegistrationCancelled):
        detectionLimit(quiet, cancelled=lambda: True)


def test_the_slider_filters_and_measures_nothing_anew(quiet):
    volumes = {s: {r.centroidRas: r.volumeMm3 for r in detect(quiet, s).regions} for s in (0.0, 0.5, 1.0)}
    assert volumes[0.0].items() <= volumes[0.5].items() <= volumes[1.0].items() and volumes[0.0]
    for sensitivity in (0.0, 0.5, 1.0):
        found = detect(quiet, sensitivity)
        for number, box in enumerate(found.boxes, start=1):
            assert (found.labels[box] == number).sum() == (found.labels == number).sum() > 0
        assert found.labels.max() == len(found.boxes) == len(found.regions)
    marks = counts(quiet)
    assert list(marks) == ["few", "usual", "everything"] and marks["few"] <= marks["usual"] <= marks["everything"]


def test_what_lies_outside_the_prior_is_its_own_finding():
    current, prior = scans(0.01)
    half = prior.array.shape[0] // 2
    short = Image(prior.array[:half], prior.ijkToRas, "short")
    changes = computeChangeMap(current, short, IDENTITY)
    first = areas(changes.uncompared, changes.grid)[0]
    assert first.volumeMm3 > 200_000 and first.centerRas[2] > 15 and "outside the prior" in first.why
    assert (changes.uncompared[changes.mask] == 0).all() and (changes.uncompared == OUTSIDE_PRIOR).any()
    assert any(note.startswith("Not compared") for note in changes.notes)
    verdict = judgeComparison(changes)
    assert verdict.grade == "check" and "ought to be compared" in verdict.sentence


def test_what_masks_leave_out_is_not_missing(quiet):
    half = np.zeros(quiet.grid.shape, quiet.uncompared.dtype)
    half[: len(half) // 2] = OUTSIDE_MASKS
    assert judgeComparison(replace(quiet, uncompared=half, doubts=[])).grade == "good"
    half[half > 0] = OUTSIDE_PRIOR
    assert judgeComparison(replace(quiet, uncompared=half, doubts=[])).grade == "check"


def test_different_people_are_refused():
    current, _ = scans(0.01)
    other = rescan(head(seed=77), Protocol(noise=0.01), np.random.default_rng(8))[0]
    rng = np.random.default_rng(2)
    blobs = np.repeat(np.repeat(np.repeat(rng.normal(size=(11, 13, 12)), 8, 0), 8, 1), 8, 2)
    blobs = blobs[tuple(slice(n) for n in other.array.shape)]
    strange = Image(np.where(other.array > 0, other.array + 140.0 * blobs, 0.0).astype(np.float32), other.ijkToRas, "B")
    with pytest.raises(RegistrationError, match="different people"):
        computeChangeMap(current, strange, IDENTITY)


def test_one_scan_given_twice_and_other_protocols_are_said():
    current, _ = scans(0.01)
    assert "Both scans are the same image." in computeChangeMap(current, current, IDENTITY).doubts
    thick, _ = rescan(head(), Protocol(spacing=(1.5, 1.5, 3.0), noise=0.01), np.random.default_rng(4))
    assert any("protocols differ" in doubt for doubt in computeChangeMap(current, thick, IDENTITY).doubts)


def test_the_verdict_is_the_worse_of_both():
    good, check, failed = (Verdict(grade, grade.upper()) for grade in ("good", "check", "failed"))
    assert worse(good, good) is good and worse(failed, good) is failed
    assert worse(good, check) == check
    assert worse(failed, check) == Verdict("failed", "FAILED CHECK")


def test_what_was_not_compared_is_said_of_one_area_and_of_several() -> None:
    one, other = Area(1200.0, (-0.4, -24.2, -81.0), "outside the prior scan"), Area(2900.0, (3.0, 4.0, 5.0), "metal")
    assert sentence([]) == ""
    assert sentence([one]) == "Not compared: 1 ml at (0, -24, -81), because: outside the prior scan."
    assert sentence([other, one]) == (
        "Not compared: 4 ml in 2 areas of 1 ml or more; the largest, 3 ml at (3, 4, 5), because: metal."
    )
