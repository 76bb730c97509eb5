"""Frames of a sequence that are hardly alike: a deformation that does not come back is to be checked."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.registration import sequence
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.positioning import NO_SEARCH_ABOVE_LNCC
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import random_affine, random_grid, smooth_flow, smooth_image

RNG = np.random.default_rng(4)
GRID = random_grid(RNG, (30, 34, 26))
FIXED, FRAME = smooth_image(RNG, GRID), smooth_image(RNG, GRID)


def bent(amplitude, sign=1.0):
    flow = sign * smooth_flow(np.random.default_rng(8), GRID.shape, amplitude)
    return Transform(np.eye(4), DisplacementField.fromFlow(toTensor(flow), GRID))


def found(transform, prealigned=0.4, grade="good"):
    return SimpleNamespace(transform=transform, verdict=Verdict(grade, ""), similarityPrealigned=prealigned)


@pytest.fixture
def registered(monkeypatch):
    """Calls of ``register``, and what it answers."""
    calls = []

    def register(fixed, moving, settings, models, start, progress, cancelled):
        calls.append((fixed, moving, start))
        return found(registered.answer)

    monkeypatch.setattr(sequence, "register", register)
    registered = SimpleNamespace(calls=calls, answer=None)
    return registered


def judged(result):
    return sequence._thereAndBack(result, FIXED, FRAME, Settings(warp=False), ModelStore(), None)


def test_what_comes_back_is_good(registered):
    registered.answer = bent(2.0, -1.0)
    assert judged(found(bent(2.0))) is None
    ((fixed, moving, start),) = registered.calls
    assert fixed is FRAME and moving is FIXED
    np.testing.assert_array_equal(start, np.eye(4))


def test_what_does_not_come_back_is_to_be_checked(registered):
    registered.answer = Transform(np.eye(4))
    verdict = judged(found(bent(2.0)))
    assert verdict.grade == "check" and "there and back" in verdict.sentence


def test_the_way_back_begins_at_the_way_there_and_counts_no_position(registered):
    affine = random_affine(np.random.default_rng(3), GRID.centerRas)
    registered.answer = Transform(np.linalg.inv(affine))
    assert judged(found(replace(bent(0.2), affine=affine))) is None
    np.testing.assert_allclose(registered.calls[0][2], np.linalg.inv(affine))


def test_it_is_asked_only_where_it_is_in_question(registered):
    registered.answer = Transform(np.eye(4))
    for result in (
        found(bent(2.0), prealigned=NO_SEARCH_ABOVE_LNCC),
        found(bent(2.0), grade="check"),
        found(Transform(np.eye(4))),
    ):
        assert judged(result) is None
    assert not registered.calls
