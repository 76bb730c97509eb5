"""The student's passes from coarse to fine, each checked: with networks whose answer is known."""

import pytest
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.filters import gaussianMean, weightedMean
from LDRRegistrationLib.numerics.losses import lncc
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.passes import runPasses
from LDRRegistrationLib.registration.selfcheck import SelfCheck, reduced
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.runtime.pytorch import importTorch
from support.models import write_model

torch = importTorch()
SHAPE = (48, 32, 64)


def pair(voxels):
    """(fixed, moving): what is at x in the fixed image is at x + voxels (k, j, i) in the moving one."""
    torch.manual_seed(2)
    moving = gaussianMean(torch.rand(1, 1, *SHAPE), [2.5] * 3)
    moving = (moving - moving.min()) / (moving.max() - moving.min())
    flow = torch.tensor(voxels).view(1, 3, 1, 1, 1).expand(1, 3, *SHAPE)
    return warp(moving, flow.contiguous()), moving


def student(folder, voxels, passes):
    return ModelStore(write_model(folder / "models", voxels, passes=passes)).load()


def test_a_coarse_pass_tells_in_its_own_voxels_what_is_large_on_the_finest_grid(tmp_path):
    fixed, moving = pair((0.0, 0.0, 8.0))
    selfCheck = SelfCheck(fixed)
    found = runPasses(student(tmp_path, (0.0, 0.0, 2.0), [4]), selfCheck, selfCheck.unmoved(moving))
    assert found.flow is not None
    expected = torch.tensor([0.0, 0.0, 8.0]).view(1, 3, 1, 1, 1).expand_as(found.flow)
    torch.testing.assert_close(found.flow, expected, atol=1e-3, rtol=0)
    assert found.similarity > selfCheck.unmoved(moving).similarity + 0.3
    torch.testing.assert_close(found.warped, warp(moving, found.flow))


def test_passes_add_up_from_coarse_to_fine(tmp_path):
    fixed, moving = pair((3.5, 0.0, 0.0))
    selfCheck = SelfCheck(fixed)
    found = runPasses(student(tmp_path, (0.5, 0.0, 0.0), [4, 2, 1]), selfCheck, selfCheck.unmoved(moving))
    assert found.flow is not None
    # 0.5 voxels on each of the three grids: 2 + 1 + 0.5 of the finest.
    assert float(found.flow[0, 0, 24, 16, 32]) == pytest.approx(3.5, abs=0.02)


def test_half_a_pass_counts_where_all_of_it_is_too_much(tmp_path):
    fixed, moving = pair((0.0, 1.0, 0.0))
    selfCheck = SelfCheck(fixed)
    found = runPasses(student(tmp_path, (0.0, 2.0, 0.0), [1]), selfCheck, selfCheck.unmoved(moving))
    assert found.flow is not None and float(found.flow[0, 1, 24, 16, 32]) == pytest.approx(1.0)


@pytest.mark.parametrize("passes", [[2], [2, 1]])
def test_more_passes_look_at_the_finest_grid(tmp_path, passes):
    fixed, moving = pair((2.5 if len(passes) == 1 else 3.0, 0.0, 0.0))
    selfCheck = SelfCheck(fixed)
    who = student(tmp_path, (0.5, 0.0, 0.0), passes)
    without, found = (runPasses(who, selfCheck, selfCheck.unmoved(moving), extraPasses=more) for more in (0, 2))
    assert found.similarity > without.similarity + 0.01
    gained = float((found.flow - without.flow)[:, 0].median())
    assert gained == pytest.approx(1.0, abs=0.01), "two passes of half a voxel each"


@pytest.mark.parametrize("passes", [[1], [4], [4, 2, 1]])
def test_what_makes_it_worse_on_every_grid_is_dropped(tmp_path, passes):
    fixed, _ = pair((0.0, 0.0, 0.0))
    selfCheck = SelfCheck(fixed)
    still = selfCheck.unmoved(fixed)
    assert runPasses(student(tmp_path, (1.5, 1.5, 0.0), passes), selfCheck, still) is still


def test_it_can_be_stopped_before_each_pass(tmp_path):
    fixed, moving = pair((0.0, 0.0, 8.0))
    selfCheck = SelfCheck(fixed)
    asked = []

    def check():
        asked.append(None)
        if len(asked) == 2:
            raise RegistrationCancelled("stop")

    with pytest.raises(RegistrationCancelled):
        runPasses(student(tmp_path, (0.0, 0.0, 1.0), [4, 2, 1]), selfCheck, selfCheck.unmoved(moving), check)
    assert len(asked) == 2


def test_the_check_at_every_second_voxel_says_what_all_voxels_say():
    fixed, moving = pair((0.7, 0.0, 0.0))
    dense = float(weightedMean(lncc(fixed, moving), (fixed > 0.02).float()))
    assert SelfCheck(fixed).similarity(moving) == pytest.approx(dense, abs=0.01)


def test_reduced_is_the_mean_of_blocks():
    image = torch.arange(64.0).view(1, 1, 4, 4, 4)
    assert float(reduced(image, 4)) == pytest.approx(31.5)
    assert reduced(image, 1) is image
