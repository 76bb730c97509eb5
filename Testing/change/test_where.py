"""Where a region lies in words, what is cut off, and ventricles that are wider: the last two have no number."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.change.changemap import ChangeMap, computeChangeMap
from LDRRegistrationLib.change.detection import detect
from LDRRegistrationLib.change.regions import VENTRICLE, Region
from LDRRegistrationLib.change.searchregion import findSearchRegion
from LDRRegistrationLib.change.table import row
from LDRRegistrationLib.change.whereabouts import (
    CEREBELLUM,
    DEEP,
    FRONTAL,
    OCCIPITAL,
    PARIETAL,
    TEMPORAL,
    Anatomy,
    findAnatomy,
    lobes,
)
from LDRRegistrationLib.reports.changefiles import changeContent, changesContent
from LDRRegistrationLib.reports.changehtml import changesHtml
from LDRRegistrationLib.reports.changetotals import totalsOf
from LDRRegistrationLib.reports.context import ReportContext
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation
from support.phantom import head
from support.simulate import Lesion, Protocol, paint, rescan

IDENTITY = Transform(np.eye(4))
FRONT = np.array((-28.0, 40.0, 14.0))


def compared(current: Image, prior: Image, noise: float = 0.01) -> ChangeMap:
    rng = np.random.default_rng(3)
    scans = [rescan(image, Protocol(noise=noise), rng)[0] for image in (current, prior)]
    return computeChangeMap(scans[0], scans[1], IDENTITY)


def withVentricles(factor: float) -> Image:
    """The head with sulci all over, and ventricles of ``factor`` times the radius where the atlas has them."""
    image = head()
    k, j, i = np.meshgrid(*(np.arange(n) for n in image.array.shape), indexing="ij")
    r, a, s = (m * 1.5 + image.ijkToRas[n, 3] for n, m in enumerate((i, j, k)))
    old = (r / 14.0) ** 2 + ((a + 8.0) / 24.0) ** 2 + (s / 12.0) ** 2
    tissue = np.where(old < 2.2, 600.0, image.array)
    folds = gaussian_filter(np.random.default_rng(6).normal(size=image.array.shape), 2.0)
    sulcus = 1.0 / (1.0 + np.exp(np.clip(-(folds / folds.std() - 1.1) / 0.2, -30.0, 30.0))) * (old > 5.0)
    far = ((r / 14.0) ** 2 + ((a + 8.0) / 24.0) ** 2 + ((s - 10.0) / 12.0) ** 2) / factor**2
    share = 1.0 / (1.0 + np.exp(np.clip((far - 1.0) / 0.1, -30.0, 30.0))) * np.clip((s + 14.0) / 4.0, 0.0, 1.0)
    share = np.maximum(share, sulcus) * (image.array > 0)
    return Image((tissue * (1.0 - share) + 150.0 * share).astype(np.float32), image.ijkToRas, "head")


def test_the_lobes_of_well_known_places() -> None:
    """Of the atlas, mm: poles, the angular gyrus, the caudate nucleus, the cerebellar hemisphere."""
    known = {
        (20, 60, 5): FRONTAL,
        (40, -55, 45): PARIETAL,
        (45, 5, -30): TEMPORAL,
        (12, -95, 5): OCCIPITAL,
        (12, 12, 8): DEEP,
        (25, -60, -35): CEREBELLUM,
    }
    assert list(lobes(np.array(list(known), dtype=float))) == list(known.values())


@pytest.mark.parametrize("degrees", [0.0, 6.0])
def test_sides_and_lobes_of_a_head_however_it_is_turned(degrees: float) -> None:
    """A head turned to the side and tilted to the shoulder keeps its words; one that was cut through has its sides."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("zy", [degrees, -degrees], degrees=True).as_matrix()
    image = replace(head(), ijkToRas=turn @ head().ijkToRas)
    place = findSearchRegion(image)
    anatomy = findAnatomy(place.mask, image.grid)
    assert place.kind == "stripped" and anatomy is not None and anatomy.knowsLobes
    for ras, words in (((-20, 55, 20), "left frontal"), ((20, -62, 10), "right occipital"), ((0, 12, 0), "midline")):
        said = anatomy.words((turn[:3, :3] @ np.array(ras, dtype=float))[None])
        assert said.startswith(words), said
    cut = replace(image, array=image.array[:60])
    half = findAnatomy(Image(cut.array > 0, cut.ijkToRas), cut.grid)
    assert half is not None and not half.knowsLobes
    assert half.words((turn[:3, :3] @ FRONT)[None]) == "left"


def test_a_place_between_two_lobes_has_both_and_among_more_none() -> None:
    anatomy = Anatomy(np.eye(4), True)
    assert anatomy.words(np.array([[-40.0, -22.0, 40.0]])) in ("left frontal or parietal", "left parietal or frontal")
    spread = np.array([[-30.0, y, z] for y in (-100.0, -40.0, 40.0) for z in (50.0, 0.0, -30.0)])
    assert anatomy.words(spread) == "left"
    assert anatomy.words(np.array([[-20.0, 60.0, 5.0]]), isPeriventricular=True) == "left frontal, periventricular"


def test_the_words_are_in_every_output() -> None:
    changes = compared(paint(head(), [Lesion(FRONT, 10.0, 200.0)]), head())
    found = detect(changes)
    (region,) = found.regions
    assert region.where.startswith("left frontal") and not region.isCutOff and region.isMeasured
    assert row(region)["Where"] == region.where
    assert changesContent(changes, found, {}, ReportContext())["regions"][0]["where"] == region.where
    assert region.where in changesHtml(changes, found)


def test_what_is_cut_off_has_no_number() -> None:
    """The same lesion deep inside and at the surface of what is compared."""
    surface = np.array((-28.0, 30.0, 46.0)) * 0.9
    changes = compared(paint(head(), [Lesion(surface, 14.0, 250.0), Lesion(FRONT * (-1, 1, 0), 14.0, 250.0)]), head())
    found = detect(changes)
    cut = [region for region in found.regions if region.isCutOff]
    whole = [region for region in found.regions if not region.isCutOff]
    assert len(cut) == len(whole) == 1
    assert cut[0].place.endswith("cut off by the examined area") and "1 cut off" in found.explanation
    values = row(cut[0])
    assert values["Volume (mm3)"] is None is values["Largest diameter (mm)"]
    content = changesContent(changes, found, {}, ReportContext())["regions"]
    assert [entry["volumeMm3"] is None for entry in content] == [region.isCutOff for region in found.regions]
    total = totalsOf(found, {}, None, changes)
    assert total.regions == 2 and total.volumeNowMm3 == pytest.approx(whole[0].volumeMm3)


def test_wider_ventricles_are_named_and_measured_and_no_lesion() -> None:
    wider = compared(withVentricles(1.15), withVentricles(1.0), noise=0.04)
    ventricles = wider.ventricles
    assert ventricles is not None and ventricles.isChanged
    # By volume 1.15 ^ 3 = 1.52 times, and what lies below the zone in which they are looked for stays.
    assert 1.35 < ventricles.nowMl / ventricles.beforeMl < 1.65
    found = detect(wider)
    assert found.regions and {region.kind for region in found.regions} == {VENTRICLE}, found.explanation
    assert "The ventricles are wider" in found.explanation and "at the ventricles" in found.explanation
    assert "0.00 ml in all" in found.explanation
    assert changeContent(wider, found, None, "")["ventricles"]["isChanged"]
    lesion = compared(
        paint(withVentricles(1.0), [Lesion(np.array((0.0, -40.0, 30.0)), 9.0, -200.0)]), withVentricles(1.0)
    )
    assert lesion.ventricles is not None and not lesion.ventricles.isChanged
    kinds = [region.kind for region in detect(lesion).regions]
    assert len(kinds) == 1 and kinds != [VENTRICLE], "a dark lesion in the tissue is one"


def test_regions_have_no_ventricle_of_their_own() -> None:
    """What makes a region one without a number."""
    one = Region(1, "new", 100.0, 1.0, 5.0, None, 0.0, (0.0, 0.0, 0.0), 6.0, 1.0)
    assert one.isMeasured and not replace(one, kind=VENTRICLE).isMeasured and not replace(one, isCutOff=True).isMeasured
