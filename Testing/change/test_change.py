"""What changed between two visits: known lesions are found, named and measured; nothing is found where nothing is."""

import numpy as np
import pytest
from LDRRegistrationLib.change.blurredvolume import volumeFrom
from LDRRegistrationLib.change.changemap import computeChangeMap
from LDRRegistrationLib.change.dates import checkDates
from LDRRegistrationLib.change.detection import detect
from LDRRegistrationLib.change.searchregion import findSearchRegion
from LDRRegistrationLib.change.visits import compareVisits
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
from support.phantom import head
from support.simulate import Lesion, Protocol, paint, rescan

IDENTITY = Transform(np.eye(4))
SAME = Protocol(noise=0.015)
# Another scanner: contrast, units, shading, noise, thicker slices.
OTHER = Protocol(spacing=(1.5, 1.5, 3.0), gamma=1.4, gain=3.0, bias=0.2, noise=0.02)
MOVED = Protocol(degrees=5.0, shiftMm=5.0, noise=0.015, gamma=1.3, bias=0.15)
# Deep in the white matter, well apart: (R, A, S).
PLACES = [np.array(p, dtype=float) for p in ((-28, 30, 10), (28, 30, -10), (-30, -30, -12), (30, -28, 14))]
models = ModelStore()


@pytest.fixture(scope="module")
def anatomy():
    return head()


def scans(anatomy, now, before, protocols=(SAME, SAME), seed=1):
    """(current, prior) scans with these lesions, not moved."""
    rng = np.random.default_rng(seed)
    return tuple(
        rescan(paint(anatomy, lesions), protocol, rng)[0]
        for lesions, protocol in zip((now, before), protocols, strict=True)
    )


def near(regions, place, mm=6.0):
    return [r for r in regions if np.linalg.norm(np.array(r.centroidRas) - place) < mm]


@pytest.mark.parametrize("protocols", [(SAME, SAME), (SAME, OTHER)], ids=["same protocol", "another protocol"])
def test_new_gone_grown_and_shrunken_lesions(anatomy, protocols):
    new, gone, small, large = (
        Lesion(PLACES[0], 9.0, 250.0),
        Lesion(PLACES[1], 9.0, 250.0),
        *(Lesion(PLACES[2], d, 250.0) for d in (10.0, 14.0)),
    )
    large2, small2 = (Lesion(PLACES[3], d, 250.0) for d in (14.0, 10.0))
    current, prior = scans(anatomy, [new, large, small2], [gone, small, large2], protocols)
    detection = detect(computeChangeMap(current, prior, IDENTITY))
    found = [near(detection.regions, place) for place in PLACES]
    assert [len(regions) for regions in found] == [1] * 4 and len(detection.regions) == 4, "these and no other"
    isNew, isGone, isGrown, isShrunken = (regions[0] for regions in found)
    assert isNew.kind == "new" and isNew.meanZ > 0 and isNew.growthPercent is None
    assert isGone.kind == "gone" and isGone.meanZ < 0 and isGone.growthPercent == -100.0
    assert isGrown.meanZ > 0 > isShrunken.meanZ
    if protocols[1] is SAME:
        # By volume +174 and -64 %; slices of 3 mm blur the cores too much to tell.
        assert isGrown.kind == "grown" and 60.0 < isGrown.growthPercent < 300.0
        assert isShrunken.kind == "shrunken" and -85.0 < isShrunken.growthPercent < -30.0
        assert "1 new, 1 grown, 1 shrunken, 1 gone" in detection.explanation
    ranks = [region.rank for region in detection.regions]
    evidence = [region.evidence for region in detection.regions]
    assert ranks == [1, 2, 3, 4] and evidence == sorted(evidence, reverse=True)
    assert {int(n) for n in np.unique(detection.labels)} == {0, 1, 2, 3, 4}


def test_volumes_of_known_lesions(anatomy):
    errors = []
    for seed, diameter in enumerate((6.0, 8.0, 10.0, 14.0)):
        lesions = [Lesion(place + 0.37 * seed, diameter, 250.0) for place in PLACES]
        current, prior = scans(anatomy, lesions, [], seed=seed)
        regions = detect(computeChangeMap(current, prior, IDENTITY)).regions
        for lesion in lesions:
            (region,) = near(regions, lesion.centerRas)
            errors.append(region.volumeMm3 / lesion.volumeMm3 - 1.0)
            assert region.largestDiameterMm == pytest.approx(diameter, abs=3.5)
    # The smallest are four voxels across here.
    assert np.abs(errors).max() < 0.25 and np.abs(np.mean(errors)) < 0.1, errors


def test_nothing_is_found_where_nothing_changed(anatomy):
    for seed, protocols in enumerate(((SAME, SAME), (SAME, OTHER), (OTHER, SAME))):
        current, prior = scans(anatomy, [], [], protocols, seed=20 + seed)
        detection = detect(computeChangeMap(current, prior, IDENTITY))
        assert detection.regions == [] and "Nothing found" in detection.explanation


def test_the_alignment_leaves_a_lesion_its_size(anatomy):
    """The whole way, on scans that were moved, with the shipped network: what deforms must not hide the change."""
    rng = np.random.default_rng(3)
    lesions = [Lesion(place, 12.0, 250.0) for place in PLACES]
    current, _ = rescan(paint(anatomy, lesions), SAME, rng)
    prior, _ = rescan(anatomy, MOVED, rng)
    aligned, changes = compareVisits(current, prior, models)
    assert aligned.largestDisplacementMm < 3.0
    regions = detect(changes).regions
    assert [region.kind for region in regions] == ["new"] * 4
    for lesion in lesions:
        (region,) = near(regions, lesion.centerRas)
        assert region.volumeMm3 == pytest.approx(lesion.volumeMm3, rel=0.2)
        assert abs(region.deformationPercent) < 10.0


def test_sensitivity_and_masks(anatomy):
    weak, strong = Lesion(PLACES[0], 5.0, 60.0), Lesion(PLACES[1], 9.0, 250.0)
    current, prior = scans(anatomy, [weak, strong], [])
    changes = computeChangeMap(current, prior, IDENTITY)
    counts = [len(detect(changes, sensitivity).regions) for sensitivity in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    inside = np.zeros(changes.z.shape, dtype=bool)
    inside[:, :, : inside.shape[2] // 2] = True  # R < 0
    assert len(near(detect(changes, 0.5, inside).regions, PLACES[1])) == 0
    with pytest.raises(RegistrationError, match="between 0 and 1"):
        detect(changes, 1.5)
    with pytest.raises(RegistrationError, match="mask is empty"):
        detect(changes, 0.5, np.zeros_like(inside))


def test_what_cannot_be_compared_is_said(anatomy):
    current, prior = scans(anatomy, [], [])

    def refused(match, a=current, b=prior, transform=IDENTITY, **others):
        with pytest.raises(RegistrationError, match=match):
            computeChangeMap(a, b, transform, **others)

    away = np.eye(4)
    away[0, 3] = 110.0
    refused("overlap in only", transform=Transform(away))
    inverted = Image(np.where(prior.array > 0, 700.0 - prior.array, 0.0).astype(np.float32), prior.ijkToRas, "T2")
    refused("different contrasts", b=inverted)
    empty = Image(np.zeros(current.array.shape, np.uint8), current.ijkToRas, "mask")
    refused("mask is empty", mask=empty)
    far = current.ijkToRas.copy()
    far[0, 3] += 500.0
    refused("mask lies outside", mask=Image(np.ones((9, 9, 9), np.uint8), far, "mask"))
    refused("made after the current one", currentDate="2020-01-01", priorDate="2021-01-01")
    refused("not of the form", currentDate="1.1.2020", priorDate="2021-01-01")
    ct = Image(
        np.where(current.array > 0, 0.1 * current.array - 30.0, -1000.0).astype(np.float32), current.ijkToRas, "CT"
    )
    refused("one is CT", a=ct)
    half = current.array.copy()
    half[:, :, half.shape[2] // 2 :] = 300.0
    flat = Image(np.where(current.array > 0, 300.0, 0.0).astype(np.float32), current.ijkToRas, "flat")
    refused("flat is empty|do not agree", b=flat)


def test_dates():
    assert checkDates(None, "2020-01-01") == [] == checkDates("2021-05-05T10:00", "2020-01-01")
    assert checkDates("2020-01-01", "2020-01-01") == ["Both scans have the same date."]


def test_a_comparison_can_be_cancelled(anatomy):
    current, prior = scans(anatomy, [], [])
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(RegistrationCancelled):
        computeChangeMap(current, prior, IDENTITY, cancelled=cancelled)


@pytest.mark.parametrize("path", [CURRENT_FLAIR, PRIOR_FLAIR], ids=["current", "prior"])
def test_the_brain_is_found_in_a_head(path):
    image = read_image(path)
    place = findSearchRegion(image)
    assert place.kind == "brain"
    litres = place.mask.array.sum() * np.prod(place.mask.grid.spacing) / 1e6
    assert 1.0 < litres < 1.8
    # The scalp and the eyes are brighter than air and not in it; the lesion of the current scan is.
    assert place.inside(image.grid).mean() < 0.4


def test_the_bundled_pair_has_its_new_lesion(remembered):
    """Patient 01 of Lesjak et al. 2016, whose large new lesion the experts marked, from the scans as they are."""
    aligned, changes = remembered.compareVisits(read_image(CURRENT_FLAIR), read_image(PRIOR_FLAIR), models)
    assert aligned.similarity > 0.8 and changes.place == "brain"
    first = detect(changes).regions[0]
    assert first.kind == "new" and 2000.0 < first.volumeMm3 < 4500.0
    np.testing.assert_allclose(first.centroidRas, (-24, -33, -11), atol=4)


def test_the_follow_up_alignment_takes_what_the_user_says_and_no_more():
    image = head()
    settings = Settings(prealignment=Prealignment.NONE, refinementSteps=20)
    aligned, _ = compareVisits(image, image, models, settings)
    np.testing.assert_array_equal(aligned.transform.affine, np.eye(4))
    assert "Refinement" not in aligned.seconds


@pytest.mark.parametrize("radius", [1.0, 2.0, 5.0, 15.0])
def test_the_volume_of_a_blurred_ball(radius):
    """Against a ball that is blurred in a grid."""
    from scipy.ndimage import gaussian_filter

    n, step, sigma = 97, 4.0 * (radius + 4.0) / 97 / 1.6, 1.2
    axis = (np.arange(n) - n // 2) * step
    r = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis)))
    ball = np.clip((radius - r) / step + 0.5, 0.0, 1.0)
    blurred = 37.0 * gaussian_filter(ball, sigma / step)
    found = volumeFrom(blurred.sum() * step**3, (blurred**2).sum() * step**3, sigma)
    assert found == pytest.approx(4.0 / 3.0 * np.pi * radius**3, rel=0.05 if radius > 1.5 else 0.15)
