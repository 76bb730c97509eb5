"""Every placement is tried, and what is said of the best one is true."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.placement import PlacementComparison
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.registration.verdict import verdictOn
from scipy.spatial.transform import Rotation
from support.data import CURRENT_FLAIR, HIPPOCAMPUS, PRIOR_FLAIR, read_image
from support.known import about, crop, deformed, errorMm, moved

SETTINGS = Settings(warp=False)
TURNS = [(0, 90), (1, 180), (2, -90), (0, 135), (1, 45), (2, 60), (0, 15)]


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def as_placed(models):
    """The error where the scan lies as scanners put it."""
    fixed = crop()
    moving, u = deformed(fixed)
    return errorMm(register(fixed, moving, SETTINGS, models).transform, fixed, moving, u)


@pytest.mark.parametrize("axis, degrees", TURNS)
def test_turned_scans_end_where_they_end_otherwise(models, as_placed, axis, degrees):
    fixed = crop()
    moving, u = deformed(fixed)
    turn = Rotation.from_rotvec(np.deg2rad(degrees) * np.eye(3)[axis]).as_matrix()
    motion = about(fixed, turn, (5.0, -20.0, 8.0))
    result = register(fixed, moved(moving, motion), SETTINGS, models)
    assert errorMm(result.transform, fixed, moved(moving, motion), u, motion) < as_placed + 0.1
    assert result.verdict.grade == "good"


@pytest.mark.parametrize("size", [0.5, 0.7, 1.4, 2.0])
def test_other_sizes_end_there_too(models, as_placed, size):
    fixed = crop()
    moving, u = deformed(fixed)
    motion = about(fixed, size * np.eye(3))
    result = register(fixed, moved(moving, motion), SETTINGS, models)
    assert errorMm(result.transform, fixed, moved(moving, motion), u, motion) < (as_placed + 0.2) * max(size, 1.0)
    assert result.verdict.grade == "good"


@pytest.mark.parametrize("axis", range(3))
def test_a_mirrored_scan_is_noticed(models, axis):
    fixed = crop()
    moving, _ = deformed(fixed)
    mirror = np.eye(3)
    mirror[axis, axis] = -1
    result = register(fixed, moved(moving, about(fixed, mirror)), SETTINGS, models)
    assert result.verdict.grade != "good" and "mirror" in result.verdict.sentence


@pytest.mark.parametrize("preset", list(Preset))
def test_two_people_and_two_visits_are_good(models, preset):
    pair = [read_image(HIPPOCAMPUS / "images" / f"hippocampus_{name}.nii.gz") for name in ("001", "014")]
    settings = replace(SETTINGS, preset=preset)
    assert register(*pair, settings, models).verdict.grade == "good"
    if preset is Preset.FAST:
        visits = register(read_image(CURRENT_FLAIR), read_image(PRIOR_FLAIR), settings, models)
        assert visits.verdict.grade == "good"
        # Beyond doubt from the first start: nothing else had to be tried.
        assert visits.placement is None


def test_what_does_not_belong_together_has_failed_and_is_not_bent(models):
    head, part = read_image(CURRENT_FLAIR), crop()
    upside_down = moved(part, about(part, np.diag([1.0, -1.0, -1.0])))
    result = register(head, upside_down, SETTINGS, models)
    assert result.verdict.grade != "good"
    noise = replace(part, array=np.random.default_rng(0).normal(100, 20, part.array.shape).astype(np.float32))
    result = register(part, noise, SETTINGS, models)
    assert result.verdict.grade == "failed" and result.transform.field is None
    assert any("pre-alignment" in note for note in result.notes)


def test_a_wrong_start_that_the_user_gave_is_kept_and_said(models):
    fixed = crop()
    moving, _ = deformed(fixed)
    start = about(fixed, np.diag([1.0, -1.0, -1.0]))
    result = register(fixed, moving, SETTINGS, models, initialRas=start)
    assert result.verdict.grade == "check" and "another placement" in result.verdict.sentence
    assert np.linalg.norm(result.transform.affine - start) < np.linalg.norm(result.transform.affine - np.eye(4))


GOOD = PlacementComparison(np.eye(4), total=0.4, kept=0.4, runnerUp=0.2, mirrored=0.3, isDifferent=False)


@pytest.mark.parametrize(
    "changes, coverage, grade, word",
    [
        ({}, 1.0, "good", "far better"),
        ({"runnerUp": 0.35}, 1.0, "check", "nearly as well"),
        ({"runnerUp": 0.39}, 1.0, "failed", "No placement"),
        ({"mirrored": 0.6}, 1.0, "check", "mirror"),
        ({"kept": 0.2, "isDifferent": True}, 1.0, "check", "another placement"),
        ({}, 0.5, "check", "A part of"),
        ({}, 0.6, "good", "than all others."),
        ({"mirrored": 0.38}, 1.0, "good", "which side is left"),
    ],
)
def test_each_reason_has_its_grade_and_sentence(changes, coverage, grade, word):
    verdict = verdictOn(replace(GOOD, **changes), 0.3, coverage)
    assert verdict.grade == grade and word in verdict.sentence


def test_without_another_placement_there_is_no_doubt():
    assert verdictOn(None, 0.9, 1.0).grade == "good"
    assert verdictOn(replace(GOOD, runnerUp=0.39), 0.8, 1.0).grade == "check"
    assert verdictOn(replace(GOOD, runnerUp=0.35), 0.8, 1.0).grade == "good"
    assert verdictOn(GOOD, 0.05, 1.0).grade == "check"
    assert verdictOn(GOOD, 0.45, 0.5).grade == "good"
    few = verdictOn(GOOD, 0.45, 0.04)
    assert few.grade == "check" and "4%" in few.sentence
