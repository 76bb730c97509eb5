"""Sequences: warm starts, composition, the mean, smoothing in time."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from LDRRegistrationLib.registration import sequence
from LDRRegistrationLib.registration.composing import composed
from LDRRegistrationLib.registration.sequence import RegisteredFrame, registerFrames
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image, Modality
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import random_affine, random_grid, random_transform, smooth_image

RIGID = Settings(prealignment=Prealignment.RIGID)


def shift(mm):
    matrix = np.eye(4)
    matrix[1, 3] = mm
    return Transform(matrix)


@pytest.fixture
def frames():
    stripes = np.where(np.arange(7) % 2, 100.0, 90.0)
    return [Image(np.tile(stripes + n, (5, 12, 1)).astype(np.float32), np.eye(4), f"frame {n}") for n in range(5)]


@pytest.fixture
def engine(monkeypatch):
    """In place of register: says what it was asked, and finds 1 mm more each time; fails where it is told to."""
    asked = SimpleNamespace(calls=[], grades={})

    def register(fixed, moving, settings, models, initial, progress, cancelled):
        asked.calls.append((fixed.name, moving.name, settings.prealignment))
        if progress is not None:
            progress(0.0, "begin")
            progress(1.0, "end")
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


@pytest.mark.parametrize("towards", [2, "mean", "next"])
def test_progress_never_goes_back_where_a_frame_is_registered_anew(frames, engine, towards):
    engine.grades.update({(f"frame {n}", Prealignment.NONE): "check" for n in (0, 4)})
    said = []
    registerFrames(frames, towards, RIGID, None, progress=lambda share, stage: said.append(share))
    assert len(said) == 2 * len(engine.calls) and said == sorted(said)
    assert said[0] == 0 and 0.75 < said[-1] <= 1


def padded_ct(name, first):
    """Air, tissue, and from the row ``first`` on -2000, which is nothing that a scanner measured."""
    array = np.where(np.arange(8 * 40 * 10).reshape(8, 40, 10) % 3 == 0, -1000, 60).astype(np.int16)
    array[:, first:] = -2000
    return Image(array, np.eye(4), name)


def test_what_a_neighbour_carries_is_known_where_it_was_measured_and_stays_ct(engine, monkeypatch):
    """A frame of zeros around a body, read as CT by its file, would be taken for MR once it is carried."""
    seen, register = [], sequence.register

    def see(fixed, moving, *others):
        seen.append(moving)
        return register(fixed, moving, *others)

    monkeypatch.setattr(sequence, "register", see)
    water = Image(np.full((8, 40, 10), 40, np.int16), np.eye(4), "water", modality=Modality.CT)
    water.array[:, ::2] += 20
    known = np.ones(water.array.shape, bool)
    known[:, 30:] = False
    frames = [padded_ct("0", 30), padded_ct("1", 30), padded_ct("2", 30), replace(water, known=known)]
    found = registerFrames(frames, 0, RIGID, None)
    assert [one.isWarm for one in found] == [False, False, True, True]
    for carried in seen[1:]:
        assert carried.modality is Modality.CT
        # By 1 and by 2 mm along A what was row 30 comes to lie lower; beyond the frame nothing is known either.
        shift = 30 - (1 if carried.name == "2" else 2)
        assert carried.known[:, : shift - 1].all() and not carried.known[:, shift:].any()
    assert seen[1].array[:, :28].min() >= -1000 and seen[1].padding == -2000


def test_the_mean_of_frames_is_of_what_is_known_of_each():
    frames = [padded_ct("0", 30), padded_ct("1", 20), padded_ct("2", 30)]
    for transforms in (None, [Transform(np.eye(4))] * 3):
        mean = sequence.meanOf(frames, transforms)
        assert mean.modality is Modality.CT and mean.array.dtype == np.float32
        assert mean.known[:, :30].all() and not mean.known[:, 30:].any()
        np.testing.assert_allclose(mean.array[:, :30], frames[0].array[:, :30])
        assert (mean.array[:, 30:] == mean.padding).all() and mean.padding < -900


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
        both = composed(then, first)
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
