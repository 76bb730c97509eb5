"""Lesions that both visits show: growth that moves a border by less than half a voxel is found, and measured."""

import numpy as np
import pytest
from LDRRegistrationLib.change.changemap import computeChangeMap
from LDRRegistrationLib.change.detection import detect
from LDRRegistrationLib.change.followed import Followed, followedPlaces
from LDRRegistrationLib.reports.changetotals import volumesMm3
from LDRRegistrationLib.space.transform import Transform
from support.phantom import head
from support.simulate import Lesion, Protocol, paint, rescan

PLACES = [np.array(p, dtype=float) for p in ((-28, 30, 10), (28, 30, -10), (-30, -30, -12), (30, -28, 14))]
# Voxels of 1.5 mm.
SAME, OTHER = Protocol(noise=0.01), Protocol(noise=0.01, gain=3.0, bias=0.2)


@pytest.fixture(scope="module")
def anatomy():
    return head()


def compared(anatomy, now, before, protocol=SAME, seed=1):
    rng = np.random.default_rng(seed)
    scans = [rescan(paint(anatomy, lesions), how, rng)[0] for lesions, how in ((now, SAME), (before, protocol))]
    return computeChangeMap(*scans, Transform(np.eye(4)))


def sized(diameters):
    return [Lesion(place, mm, 250.0) for place, mm in zip(PLACES, diameters, strict=True)]


@pytest.mark.parametrize("protocol", [SAME, OTHER], ids=["same protocol", "another protocol"])
def test_growth_by_a_quarter_and_shrinkage_by_a_third(anatomy, protocol):
    before = (10.0, 12.0, 10.0, 12.0)
    factors = (1.25, 1.25, 0.66, 0.66)
    now = [mm * factor ** (1 / 3) for mm, factor in zip(before, factors, strict=True)]
    detection = detect(compared(anatomy, sized(now), sized(before), protocol))
    assert len(detection.regions) == 4, "these and no other"
    for place, mm, factor in zip(PLACES, before, factors, strict=True):
        (region,) = (r for r in detection.regions if np.linalg.norm(np.array(r.centroidRas) - place) < 3.0)
        assert region.kind == ("grown" if factor > 1 else "shrunken")
        assert region.growthPercent == pytest.approx(100.0 * (factor - 1.0), abs=22.0)
        if factor > 1:
            low, high = region.growthIntervalPercent
            assert 0 < low < region.growthPercent < high, "no change is outside the interval"
            then, after = volumesMm3(region)
            assert then == pytest.approx(np.pi / 6 * mm**3, rel=0.3)
            assert after == pytest.approx(np.pi / 6 * mm**3 * factor, rel=0.3)
        assert (detection.labels == region.rank).sum() > 0


def test_lesions_that_stay_are_followed_and_not_listed(anatomy):
    for seed, protocol in enumerate((SAME, OTHER)):
        lesions = sized((8.0, 9.0, 10.0, 12.0))
        changes = compared(anatomy, lesions, lesions, protocol, seed=30 + seed)
        assert detect(changes).regions == []
        seen = [f for f in followedPlaces(changes) if f.sign > 0]
        ras = [changes.grid.ijkToRas @ [*f.place[::-1], 1.0] for f in seen]
        assert all(any(np.linalg.norm(at[:3] - place) < 3.0 for at in ras) for place in PLACES)


def test_what_appears_or_vanishes_is_no_growth(anatomy):
    changes = compared(anatomy, sized((8.0, 9.0, 10.0, 12.0))[:2], sized((8.0, 9.0, 10.0, 12.0))[2:])
    regions = detect(changes).regions
    assert sorted(region.kind for region in regions) == ["gone", "gone", "new", "new"]
    assert all(region.growthIntervalPercent is None for region in regions)


def test_growth_of_a_stretch_and_its_interval():
    followed = Followed((1, 1, 1), 4.0, 1.0, stretch=np.log(1.25) / 3.0, error=0.01)
    assert followed.growthPercent == pytest.approx(25.0, abs=0.1)
    low, high = followed.intervalPercent
    assert low < 25.0 < high and followed.isChanged
    assert not Followed((1, 1, 1), 4.0, 1.0, stretch=0.03, error=0.02).isChanged
