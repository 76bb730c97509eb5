"""The moving image of a pair as if scanned otherwise: what benchmarks/simulated.py makes of it."""

import numpy as np
from aldk.evaluation.pairs import EvaluationPair
from LDRRegistrationLib.space.image import Image

from benchmarks.simulated import in_another_contrast


def pair(name):
    values = np.zeros((20, 20, 20), np.int16)
    # Air, bone, liquor, gray and white matter: from dark to bright in T1.
    for number, value in enumerate((0, 60, 250, 600, 1000)):
        values[4 * number : 4 * number + 4] = value
    return EvaluationPair(name, Image(values, np.eye(4)), Image(values, np.eye(4)))


def test_tissue_that_was_bright_is_dark_and_air_stays_dark():
    pairs = [pair("one"), pair("two")]
    first, second = in_another_contrast(pairs)
    liquor, gray, white = (float(np.median(first.moving.array[k : k + 4])) for k in (8, 12, 16))
    assert liquor > 1.2 * gray > 1.4 * white > 0
    assert np.abs(first.moving.array[:4]).max() == 0
    np.testing.assert_array_equal(first.fixed.array, pairs[0].fixed.array)
    assert not np.array_equal(first.moving.array, second.moving.array), "each pair has a curve and noise of its own"
    np.testing.assert_array_equal(next(in_another_contrast(pairs)).moving.array, first.moving.array)
