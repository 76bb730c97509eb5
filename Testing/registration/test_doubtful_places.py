"""The doubtful places of a map of trust: its peaks, the worst first, some way apart; none where all is well."""

import numpy as np
from LDRRegistrationLib.registration.doubtfulplaces import (
    MAXIMUM_PLACES,
    MINIMUM_APART_MM,
    MINIMUM_EXPECTED_MM,
    doubtfulPlaces,
)
from LDRRegistrationLib.registration.trustmap import TrustMap
from LDRRegistrationLib.space.grid import Grid, transformPoints

MATRIX = np.diag([-3.0, 3.0, 3.0, 1.0])
MATRIX[:3, 3] = (40.0, -20.0, 5.0)


def of(errors):
    shape = errors.shape
    return TrustMap(
        Grid(shape, MATRIX), errors.astype(np.float32), errors * 0, np.full(shape, 0.3), np.zeros(shape, bool)
    )


def test_peaks_come_worst_first_and_apart():
    errors = np.full((20, 22, 24), 0.5)
    errors[:2] = np.nan
    for place, mm in (
        ((5, 5, 5), 4.0),
        ((15, 16, 18), 9.0),
        ((15, 16, 16), 8.0),
        ((5, 18, 5), MINIMUM_EXPECTED_MM - 0.1),
    ):
        errors[place] = mm
    found = doubtfulPlaces(of(errors))
    assert [round(place.expectedErrorMm, 3) for place in found] == [9.0, 4.0]
    np.testing.assert_allclose(found[0].ras, transformPoints(MATRIX, np.array((18.0, 16.0, 15.0))))
    assert found[0].similarity == np.float32(0.3) or abs(found[0].similarity - 0.3) < 1e-6


def test_a_plateau_is_few_places_and_there_is_an_end_of_them():
    found = doubtfulPlaces(of(np.full((40, 40, 40), 5.0)))
    assert 1 < len(found) == MAXIMUM_PLACES
    places = np.array([place.ras for place in found])
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e6 * np.eye(len(places))
    assert distances.min() >= MINIMUM_APART_MM - 1e-6
    assert doubtfulPlaces(of(np.full((8, 8, 8), MINIMUM_EXPECTED_MM - 0.5))) == []
    assert doubtfulPlaces(of(np.full((8, 8, 8), np.nan))) == []
