"""Landmarks as constraints: honoured, without folds, good for what lies between them; wrong ones are pointed out."""

import numpy as np
import pytest
import torch
from LDRRegistrationLib.numerics.displacement import jacobianDeterminant
from LDRRegistrationLib.registration.guided import Start, guide
from LDRRegistrationLib.registration.landmarkfit import at, bend, predicted
from LDRRegistrationLib.registration.landmarks import Landmarks, doubtedAmong
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.transform import Transform
from support.known import deformed
from support.phantom import head

SETTINGS = Settings(warp=False)
GOOD = Verdict("good", "")


@pytest.fixture(scope="module")
def pair():
    """(fixed, moving, fixed points, moving points): a made-up head under a smooth deformation that is known."""
    fixed = head()
    moving, voxels = deformed(fixed, 5.0)
    rng = np.random.default_rng(2)
    inside = np.argwhere(fixed.array > 300)
    places = inside[rng.choice(len(inside), 60, replace=False)]
    found = transformPoints(moving.ijkToRas, places[:, ::-1])
    belong = transformPoints(fixed.ijkToRas, (places + voxels[tuple(places.T)])[:, ::-1])
    return fixed, moving, belong, found


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def registered(pair, models):
    return register(pair[0], pair[1], SETTINGS, models)


def errors(result, fixed, moving):
    return np.linalg.norm(result.transform.points(fixed) - moving, axis=1)


def folds(transform) -> int:
    return int((transform.field.jacobianDeterminant() <= 0).sum())


def test_landmarks_are_honoured_and_help_what_lies_between_them(pair, models):
    fixed, moving, belong, found = pair
    start = Start(Transform(np.eye(4)), GOOD)
    given, others = slice(0, 25), slice(25, None)
    guided = guide(fixed, moving, SETTINGS, models, start, Landmarks.of(belong[given], found[given]))
    before = np.linalg.norm(belong - found, axis=1)
    after = errors(guided, belong, found)
    assert before[given].mean() > 4.0 and after[given].max() < 1.0
    assert after[others].mean() < 0.7 * before[others].mean()
    assert folds(guided.transform) == 0 and guided.foldedPercent == 0.0
    np.testing.assert_allclose(guided.landmarks.beforeMm, before[given], atol=1e-6)
    np.testing.assert_allclose(guided.landmarks.afterMm, after[given], atol=1e-6)
    assert not guided.landmarks.doubted.any() and guided.verdict == GOOD


def test_a_wrong_landmark_does_not_fold_and_is_pointed_out(pair, models, registered):
    fixed, moving, belong, found = pair
    wrong = found[:6].copy()
    wrong[3] += (0.0, -14.0, 14.3)
    labels = ["a", "b", "c", "d", "e", "f"]
    guided = guide(fixed, moving, SETTINGS, models, registered, Landmarks.of(belong[:6], wrong, labels=labels))
    assert folds(guided.transform) == 0
    assert np.flatnonzero(guided.landmarks.doubted).tolist() == [3]
    assert any("Landmark d is doubtful" in note for note in guided.notes)
    assert guided.verdict.grade == "check" and "Landmark d" in guided.verdict.sentence


def test_landmarks_that_contradict_each_other_do_not_fold(pair, models, registered):
    fixed, moving, belong, found = pair
    both = np.array([belong[0], belong[0] + (1.5, 0.0, 0.0)])
    guided = guide(
        fixed, moving, SETTINGS, models, registered, Landmarks.of(both, found[[0, 0]] + [[20.0, 0, 0], [-20.0, 0, 0]])
    )
    assert folds(guided.transform) == 0
    assert any("could not be followed" in note or "doubtful" in note for note in guided.notes)


def test_landmarks_that_are_right_already_change_next_to_nothing(pair, models, registered):
    fixed, moving, belong, _found = pair
    there = registered.transform.points(belong[:5])
    guided = guide(fixed, moving, SETTINGS, models, registered, Landmarks.of(belong[:5], there))
    away = np.linalg.norm(guided.transform.points(belong) - registered.transform.points(belong), axis=1)
    assert away[:5].max() < 0.5 and away.max() < 2.0
    assert guided.landmarks.notes == [] and guided.verdict == registered.verdict


def test_a_start_on_a_finer_grid_keeps_it(pair, models):
    fixed, moving, belong, found = pair
    fine = register(fixed, moving, Settings(Preset.ACCURATE, warp=False), models)
    guided = guide(fixed, moving, SETTINGS, models, fine, Landmarks.of(belong[:3], found[:3]))
    assert guided.transform.field.grid.spacing.min() == pytest.approx(fine.transform.field.grid.spacing.min())
    assert folds(guided.transform) == 0 and errors(guided, belong[:3], found[:3]).max() < 1.0


def test_weights_say_how_near():
    flow = torch.zeros(1, 3, 40, 40, 40)
    points = torch.tensor([[20.0, 20.0, 20.0]])
    left = []
    for weight in (1.0, 0.5, 0.1):
        bent = bend(flow, points, points + 4.0, torch.tensor([weight]), 2.0)
        left.append(float((at(bent, points) - 4.0).norm()) * 2.0)
        assert float(jacobianDeterminant(bent).min()) > 0.0
    assert left[0] < 0.5
    assert 3.0 < left[1] < left[2] < 4.0 * 2.0 * 3**0.5


def test_what_is_far_away_stays():
    flow = torch.zeros(1, 3, 60, 60, 60)
    bent = bend(flow, torch.full((1, 3), 8.0), torch.full((1, 3), 10.0), torch.ones(1), 2.5)
    assert float(bent[..., 50:, 50:, 50:].abs().max()) < 0.01


def test_the_one_that_is_wrong_does_not_make_others_look_so():
    flow = torch.zeros(1, 3, 60, 60, 60)
    points = torch.tensor([[20.0, 20, 20], [24, 20, 20], [20, 26, 20], [30, 30, 30], [22, 22, 26]])
    targets = points.clone()
    targets[1, 0] += 8.0
    distances = predicted(flow, points, targets, 2.5)
    assert distances[1] == pytest.approx(20.0, abs=0.5) and np.delete(distances, 1).max() < 1e-6
    assert doubtedAmong(distances, np.zeros(5)).tolist() == [False, True, False, False, False]
    # The images around it speak for it.
    assert not doubtedAmong(distances, np.full(5, 0.01)).any()


def test_what_cannot_be_honoured_is_refused_in_a_sentence(pair, models, registered):
    fixed, moving, belong, found = pair
    with pytest.raises(RegistrationError, match="There are 3 fixed and 2 moving landmarks"):
        Landmarks.of(belong[:3], found[:2])
    with pytest.raises(RegistrationError, match="no landmarks"):
        Landmarks.of(belong[:0], found[:0])
    with pytest.raises(RegistrationError, match="not a number"):
        Landmarks.of(belong[:1], np.full((1, 3), np.nan))
    with pytest.raises(RegistrationError, match="weights"):
        Landmarks.of(belong[:2], found[:2], weights=np.array([1.0, 0.0]))
    outside = Landmarks.of(belong[:2], [found[0], (500.0, 0.0, 0.0)], labels=["in", "out"])
    with pytest.raises(RegistrationError, match="Landmarks outside moving: out"):
        guide(fixed, moving, SETTINGS, models, registered, outside)


def test_it_can_be_cancelled(pair, models, registered):
    fixed, moving, belong, found = pair
    with pytest.raises(RegistrationCancelled):
        guide(fixed, moving, SETTINGS, models, registered, Landmarks.of(belong[:2], found[:2]), cancelled=lambda: True)
