"""The grid that a registration happens on follows what the images resolve; how regular a deformation is in the body."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.numerics.displacement import jacobianDeterminant
from LDRRegistrationLib.registration.models import ModelStore, resolutionMm
from LDRRegistrationLib.registration.recipes import FOLLOW_UP, RECIPES, Preset
from LDRRegistrationLib.registration.regularity import regularity
from LDRRegistrationLib.registration.selfcheck import CheckedFlow, SelfCheck
from LDRRegistrationLib.runtime.pytorch import importTorch
from LDRRegistrationLib.space.grid import Grid

torch = importTorch()


def volume(shape, spacing):
    """(k, j, i) voxels of a spacing in mm along i, j, k."""
    return Grid(shape, np.diag([*spacing, 1.0]))


@pytest.fixture(scope="module")
def card():
    return ModelStore().card("auto")


def spacing(card, preset, fixed, moving=None):
    return float(RECIPES[preset].grid(card, fixed, fixed if moving is None else moving).spacing.min())


def finest(card, preset, body):
    """The spacing of the last grid that anything happens on."""
    return min([spacing(card, preset, body), *(how.grid(body, body).spacing.min() for how in RECIPES[preset].finish)])


def test_a_brain_of_one_millimetre_has_the_grid_that_the_presets_say(card):
    brain = volume((167, 201, 157), (1.0, 1.0, 1.0))
    assert spacing(card, Preset.FAST, brain) == pytest.approx(2.5)
    assert spacing(card, Preset.ACCURATE, brain) == pytest.approx(1.5)
    assert [finest(card, preset, brain) for preset in Preset] == pytest.approx([2.5, 1.5, 1.0])


def test_small_crops_have_no_finish_and_best_goes_both_ways_only_before_a_much_finer_grid(card):
    brain, crop = volume((167, 201, 157), (1.0, 1.0, 1.0)), volume((35, 51, 35), (1.0, 1.0, 1.0))
    for body, isBrain in ((brain, True), (crop, False)):
        grids = {preset: RECIPES[preset].grid(card, body, body) for preset in Preset}
        done = {preset: RECIPES[preset].hasFinish(grid, body, body) for preset, grid in grids.items()}
        assert done == dict.fromkeys(Preset, isBrain)
        both = {preset: RECIPES[preset].takesBothWays(grid, body, body) for preset, grid in grids.items()}
        assert both == {Preset.FAST: False, Preset.ACCURATE: False, Preset.BEST: isBrain}


def test_a_crop_that_is_hardly_finer_than_its_grid_is_not_registered_both_ways(card):
    crop = volume((40, 54, 41), (1.0, 1.0, 1.0))
    recipe = RECIPES[Preset.BEST]
    assert not recipe.takesBothWays(recipe.grid(card, crop, crop), crop, crop)


def test_coarse_volumes_have_a_grid_as_coarse_as_they_are(card):
    lungs = volume((96, 96, 64), (3.9, 3.9, 3.9))
    assert spacing(card, Preset.FAST, lungs) == pytest.approx(3.9, rel=0.01)
    assert 3.0 < finest(card, Preset.ACCURATE, lungs) <= 3.9


def test_the_coarser_of_both_images_counts(card):
    fine, coarse = volume((160, 160, 160), (1.5, 1.5, 1.5)), volume((60, 60, 60), (4.0, 4.0, 4.0))
    assert spacing(card, Preset.FAST, fine, coarse) == pytest.approx(4.0)
    assert spacing(card, Preset.FAST, coarse, fine) == pytest.approx(4.0)
    assert spacing(card, Preset.FAST, fine) == pytest.approx(2.5)


def test_thick_slices_do_not_hide_what_their_planes_show():
    assert resolutionMm(volume((20, 256, 256), (0.9, 0.9, 6.5))) == pytest.approx(0.9)
    # As are those of livers: 1.37 mm in plane, 4 mm thick.
    assert resolutionMm(volume((195, 25, 166), (1.37, 4.0, 1.37))) == pytest.approx(1.37)


@pytest.mark.parametrize(
    ("shape", "spacing_mm"),
    [((300, 512, 512), (0.8, 0.8, 1.5)), ((168, 128, 128), (3.9, 3.9, 3.0)), ((600, 512, 512), (1.0, 1.0, 1.0))],
)
def test_the_accurate_grid_is_never_coarser_than_the_fast_one(card, shape, spacing_mm):
    body = volume(shape, spacing_mm)
    assert finest(card, Preset.ACCURATE, body) <= finest(card, Preset.FAST, body)
    grid = RECIPES[Preset.FAST].grid(card, body, body)
    assert 0.5 * RECIPES[Preset.FAST].mostVoxels < np.prod(grid.shape) <= RECIPES[Preset.FAST].mostVoxels


def test_change_is_looked_for_on_the_grid_that_the_card_says(card):
    lungs = volume((56, 64, 64), (3.9, 3.9, 3.9))
    assert FOLLOW_UP.grid(card, lungs, lungs).spacing.min() == pytest.approx(card.spacingMm)


def test_what_a_deformation_does_beyond_the_body_does_not_count_in_it():
    """A wave of the volume within the body, another one beyond it: only the first is the body's."""
    fixed = torch.zeros(1, 1, 32, 32, 32)
    fixed[..., :16] = 0.5
    flow = torch.zeros(1, 3, 32, 32, 32)
    wave = torch.sin(torch.arange(32.0))
    flow[0, 2, ..., :16] = 0.3 * wave[:16]
    flow[0, 2, ..., 16:] = 2.0 * wave[16:]
    selfCheck = SelfCheck(fixed)
    found = CheckedFlow(flow, fixed, 0.5, jacobianDeterminant(flow))
    here = regularity(selfCheck, found)
    assert here["foldedPercent"] > 10.0 and here["foldedPercentInBody"] < 7.0
    within = regularity(selfCheck, replace(found, jacobianDeterminants=jacobianDeterminant(0.0 * flow)))
    assert within["sdLogJacobianInBody"] == 0.0
    flow[..., 16:] = 0.0
    calm = regularity(selfCheck, CheckedFlow(flow, fixed, 0.5, jacobianDeterminant(flow)))
    assert calm["sdLogJacobianInBody"] > 1.2 * calm["sdLogJacobian"] > 0.0
    nothing = regularity(selfCheck, CheckedFlow(None, fixed, 0.5))
    assert set(nothing.values()) == {0.0}


def test_what_is_masked_out_is_no_part_of_the_body():
    fixed = torch.full((1, 1, 16, 16, 16), 0.5)
    mask = torch.ones_like(fixed)
    mask[..., 8:] = 0.0
    determinants = torch.ones(1, 15, 15, 15)
    determinants[..., 8:] = -1.0
    assert float(SelfCheck(fixed, mask).inBody(determinants).min()) == 1.0
    assert float(SelfCheck(fixed).inBody(determinants).min()) == -1.0
