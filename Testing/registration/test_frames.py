"""Sequences: warm starts, composition, the mean, smoothing in time."""

from types import SimpleNamespace

import numpy as np
import pytest
from LDRRegistrationLib.registration import sequence
from LDRRegistrationLib.registration.sequence import RegisteredFrame, composed, registerFrames
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import random_affine, random_grid, random_transform, smooth_image

RIGID = Settings(prealignment=Prealignment.RIGID)


def shift(mm):
    matrix = np.eye(4)
    matrix[1, 3] = mm
    return Transform(matrix)


@pytest.fixture
def frames():
    return [Image(np.full((5, 6, 7), 100.0 + n, np.float32), np.eye(4), f"frame {n}") for n in range(5)]


@pytest.fixture
def engine(monkeypatch):
    """In place of register: says what it was asked, and finds 1 mm more each time; fails where it is told to."""
    asked = SimpleNamespace(calls=[], grades={})

    def register(fixed, moving, settings, models, initial, progress, cancelled):
        asked.calls.append((fixed.name, moving.name, settings.prealignment))
        grade = asked.grades.get((moving.name, settings.prealignment), "good")
        return SimpleNamespace(transform=shift(1.0), verdict=Verdict(grade, ""))

    monkeypatch.setattr(sequence, "register", register)
    return asked


def shifts(found):
    return [None if one is None else one.transform.affine[1, 3] for one in found]


def test_frames_start_where_their_neighbour_ended(frames, engine):
    found = registerFrames(frames, 2, RIGID, None)
    assert shifts(found) == [2.0, 1.0, 0.0, 1.0, 2.0] and found[2].result is None
    assert [one.isWarm for one in found] == [True, False, False, False, True]
    names = [(moving, how.value) for _, moving, how in engine.calls]
    assert names == [("frame 1", "rigid"), ("frame 0", "none"), ("frame 3", "rigid"), ("frame 4", "none")]


def test_a_start_that_fails_is_forgotten(frames, engine):
    engine.grades[("frame 4", Prealignment.NONE)] = "check"
    found = registerFrames(frames, 2, RIGID, None)
    assert shifts(found) == [2.0, 1.0, 0.0, 1.0, 1.0] and not found[4].isWarm
    assert shifts(registerFrames(frames, 2, RIGID, None, startsWarm=False)) == [1.0, 1.0, 0.0, 1.0, 1.0]


def test_to_the_next_and_to_the_mean(frames, engine):
    assert shifts(registerFrames(frames, "next", RIGID, None)) == [1.0] * 4 + [None]
    assert [call[:2] for call in engine.calls] == [(f"frame {n + 1}", f"frame {n}") for n in range(4)]
    engine.calls.clear()
    found = registerFrames(frames, "mean", RIGID, None)
    assert len(engine.calls) == 10 and {call[0] for call in engine.calls} == {"mean"}
    assert found[0].fixed.array[2, 3, 3] == pytest.approx(102.0)
    with pytest.raises(RegistrationError, match="no frame 5: the sequence has 5"):
        registerFrames(frames, 5, RIGID, None)
    with pytest.raises(RegistrationError, match="cannot be smoothed"):
        registerFrames(frames, "next", RIGID, None, smoothFrames=1.0)


def test_two_transforms_make_one(rng=None):
    rng = np.random.default_rng(3)
    grid = random_grid(rng, (20, 22, 24), 60.0)
    then = random_transform(rng, grid, 1.5)
    for first in (random_transform(rng, grid, 1.0), Transform(random_affine(rng, grid.centerRas))):
        both = composed(first, then)
        points = grid.pointsRas()[5:-5, 5:-5, 5:-5]
        apart = np.linalg.norm(both.points(points) - then.points(first.points(points)), axis=-1)
        assert apart.max() < 0.05 and np.linalg.norm(then.points(points) - both.points(points), axis=-1).max() > 0.5


def test_smoothing_halves_what_jumps_and_leaves_what_failed_out():
    grid = smooth_image(np.random.default_rng(0), random_grid(np.random.default_rng(0), (8, 8, 8))).grid
    found = []
    for number in range(5):
        vectors = np.full((*grid.shape, 3), 4.0 if number == 2 else 0.0, np.float32)
        field = DisplacementField(vectors, grid)
        one = RegisteredFrame(None, Transform(shift(10.0 * (number == 4)).affine, field), result=object())
        found.append(one)
    found[4].verdict = Verdict("failed", "")
    found[0].result = None
    sequence._smooth(found, 1.0, isRigid=True)
    weight = np.exp(-0.5)
    middle = found[2].transform
    assert middle.field.vectors[4, 4, 4, 0] == pytest.approx(4.0 / (1 + 2 * weight + weight**4), rel=1e-3)
    assert middle.affine[1, 3] == pytest.approx(0.0)  # the failed neighbour does not count
    assert not found[0].transform.field.vectors.any()  # the reference stays
    assert found[4].transform.affine[1, 3] == pytest.approx(0.0)
