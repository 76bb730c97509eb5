"""removeFolds() against what it is said to do, written down densely."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from LDRRegistrationLib.numerics.displacement import foldedFraction, jacobianDeterminant
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.numerics.foldremoval import (
    FULL_SMOOTHING_MARGIN,
    MINIMUM_DETERMINANT,
    NEGLIGIBLE_SMOOTHING,
    SMOOTHED_LOCALLY_SHARE,
    WHOLE_SIGMAS,
    _Vectors,
    removeFolds,
)
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()
functional = torch.nn.functional


def noise(shape: tuple[int, int, int], sigma: float, size: float, seed: int) -> torch.Tensor:
    """A smooth random flow (1, 3, k, j, i) of so many voxels."""
    torch.manual_seed(seed)
    flow = gaussianMean(torch.randn(1, 3, *shape), [sigma] * 3)
    return flow * (size / flow.std())


def denseUnfold(flow: torch.Tensor, least: float, iterations: int) -> torch.Tensor:
    for sigma in WHOLE_SIGMAS:
        if float((jacobianDeterminant(flow) < least).float().mean()) <= SMOOTHED_LOCALLY_SHARE:
            break
        flow = gaussianMean(flow, [sigma] * 3)
    for _ in range(iterations):
        squeezed = ((least - jacobianDeterminant(flow)) / FULL_SMOOTHING_MARGIN).clamp(0, 1)[:, None]
        if float(squeezed.max()) < NEGLIGIBLE_SMOOTHING:
            break
        # Cell n touches voxels n and n + 1; one more on either side.
        padded = functional.pad(squeezed, [2] * 6)
        near = functional.max_pool3d(padded, 4, stride=1)
        near = near[:, :, : flow.shape[2], : flow.shape[3], : flow.shape[4]]
        smooth = functional.avg_pool3d(functional.pad(flow, [1] * 6, mode="replicate"), 3, stride=1)
        flow = flow + near * (smooth - flow)
    return flow


@given(
    shape=st.tuples(*[st.integers(3, 14)] * 3),
    size=st.floats(0.3, 3.0),
    seed=st.integers(0, 10**6),
    iterations=st.integers(1, 12),
)
@settings(max_examples=40, deadline=None)
def test_unfold_draws_to_the_local_mean_where_it_folds(shape, size, seed, iterations):
    flow = noise(shape, 1.5, size, seed)
    expected = denseUnfold(flow, 0.1, iterations)
    assert torch.allclose(removeFolds(flow, 0.1, iterations)[0], expected, atol=1e-4)


def test_a_flow_without_folds_stays_as_it_is_and_others_lose_theirs_where_they_are():
    flow = noise((24, 20, 22), 4.0, 0.5, 1)
    assert foldedFraction(jacobianDeterminant(flow)) == 0
    assert removeFolds(flow)[0] is flow
    folded = flow.clone()
    folded[0, 2, 12, 10, 11] += 4.0
    assert foldedFraction(jacobianDeterminant(folded)) > 0
    result, cells = removeFolds(folded)
    assert float(cells.min()) >= 0.1
    assert torch.allclose(cells, jacobianDeterminant(result), atol=1e-5)
    changed = (result != folded).any(dim=1)[0].nonzero()
    assert len(changed) and (changed - torch.tensor([12, 10, 11])).abs().max() <= 8
    # What came in is not touched.
    assert folded[0, 2, 12, 10, 11] == flow[0, 2, 12, 10, 11] + 4.0


def test_each_flow_of_a_batch_is_unfolded_for_itself():
    flows = torch.cat([noise((12, 12, 12), 1.0, 1.5, seed) for seed in (3, 4)])
    both, _ = removeFolds(flows)
    for number in range(2):
        assert torch.equal(both[number : number + 1], removeFolds(flows[number : number + 1])[0])


@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 2, 2)])
def test_flat_volumes(shape):
    assert removeFolds(noise(shape, 1.0, 2.0, 0))[0].shape == (1, 3, *shape)


@pytest.mark.parametrize(
    "determinant",
    [
        MINIMUM_DETERMINANT,
        MINIMUM_DETERMINANT - FULL_SMOOTHING_MARGIN * NEGLIGIBLE_SMOOTHING,
        MINIMUM_DETERMINANT - FULL_SMOOTHING_MARGIN,
    ],
)
def test_no_threshold_makes_much_of_a_rounding_error(determinant):
    flows = torch.zeros(2, 3, 9, 9, 9)
    flows[:, 2, 4, 4, 4] = 1.0 - determinant + torch.tensor([-1e-6, 1e-6])
    flows, cells = removeFolds(flows)
    assert float((flows[0] - flows[1]).abs().max()) < 1e-3
    assert float(cells.min()) > MINIMUM_DETERMINANT - FULL_SMOOTHING_MARGIN


def test_a_flow_that_folds_everywhere_costs_little_more_than_a_smooth_one_and_can_be_stopped():
    """Smoothed place by place such a flow takes hundreds of times as long."""
    wild = noise((64, 64, 64), 0.7, 4.0, 1)
    assert float((jacobianDeterminant(wild) < MINIMUM_DETERMINANT).float().mean()) > 0.2
    places = []
    original = _Vectors.drawToMean
    _Vectors.drawToMean = lambda self, where, strengths: (
        places.append(len(where[0])),
        original(self, where, strengths),
    )
    try:
        result, cells = removeFolds(wild)
    finally:
        _Vectors.drawToMean = original
    assert sum(places) < 10 * 2.7 * wild[0, 0].numel()
    assert foldedFraction(cells) == 0
    torch.testing.assert_close(cells, jacobianDeterminant(result), atol=1e-4, rtol=0)

    asked = []

    def stop():
        asked.append(None)
        if len(asked) == 3:
            raise RegistrationCancelled("stop")

    with pytest.raises(RegistrationCancelled):
        removeFolds(wild, check=stop)
