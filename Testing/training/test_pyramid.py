"""The registration pyramid: cost volume, affine maps on coordinates, levels in their own voxels, and its loss."""

import hashlib
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from aldk.checkpoint import moving_average
from aldk.data.loader import Items
from aldk.errors import TrainingError
from aldk.losses import dice_loss
from aldk.models import Architecture, build_model
from aldk.models.cascade import Level
from aldk.models.pyramid import Affine, Pyramid, cost_volume
from aldk.strategies import StrategyOptions, make_strategy
from aldk.strategies.multilevel import MultilevelOptions
from export import script
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.losses import gradientLoss, lnccLoss
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from support.grids import random_grid, smooth_image


def pair_of(*shape):
    torch.manual_seed(1)
    return torch.rand(1, 1, *shape), torch.rand(1, 1, *shape)


def test_cost_volume_is_the_mean_product_with_every_shift():
    torch.manual_seed(0)
    fixed, moving = torch.rand(2, 3, 4, 5, 6), torch.rand(2, 3, 4, 5, 6)
    costs = cost_volume(fixed, moving, 1)
    assert costs.shape == (2, 27, 4, 5, 6)
    for channel, (k, j, i) in enumerate((k, j, i) for k in (-1, 0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1)):
        for at in ((0, 0, 0), (3, 4, 5), (1, 2, 3)):
            there = tuple(a + b for a, b in zip(at, (k, j, i), strict=True))
            inside = all(0 <= n < size for n, size in zip(there, (4, 5, 6), strict=True))
            expected = (fixed[(1, slice(None), *at)] * moving[(1, slice(None), *there)]).mean() if inside else 0.0
            assert float(costs[(1, channel, *at)]) == pytest.approx(float(expected), abs=1e-6)
    # The shift by which the moving features agree with the fixed ones costs most.
    shifted = torch.roll(fixed, (1, -1), (2, 4))
    best = cost_volume(fixed - 0.5, shifted - 0.5, 1)[:, :, 1:-1, 1:-1, 1:-1].mean((0, 2, 3, 4)).argmax()
    assert int(best) == 2 * 9 + 1 * 3 + 0


@pytest.mark.parametrize("level", [0, 4])
def test_affine_maps_turn_coordinates_about_the_middle(level):
    """A quarter turn and a shift, whatever the flow is; the public code turns displacements instead."""
    affine = Affine(2, level)
    turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    with torch.no_grad():
        affine.dense.bias.view(3, 4)[:, :3] = turn - torch.eye(3)
        affine.dense.bias.view(3, 4)[2, 3] = 0.5
        displacement = affine(torch.rand(1, 2, 5, 5, 6))
    at = torch.tensor([4.0, 1.0, 3.0])
    middle = torch.tensor([2.0, 2.0, 2.5])
    # 0.5 of half a grid of 64 voxels of the images.
    expected = turn @ (at - middle) + middle + torch.tensor([0.0, 0.0, 0.5 * 32 / 2**level])
    torch.testing.assert_close(at + displacement[0, :, 4, 1, 3], expected)


@pytest.mark.parametrize("name", ["Pyramid", "Pyramid-half"])
def test_levels_say_the_flow_in_their_own_voxels(name):
    """What the coarsest level claims alone, a shift of half its voxels, is 8 voxels of the images."""
    model = build_model(name).eval()
    with torch.no_grad():
        for estimator in model.networks[0].estimators:
            estimator.flow.weight.zero_()
        model.networks[0].estimators[0].flow.bias.copy_(torch.tensor([0.5, 0.0, -0.25]))
        prediction = model(*pair_of(32, 48, 32), details=True)
    stop = 0 if name == "Pyramid" else 1
    assert [level.flow.shape[2] for level in prediction.levels] == [32 // 2**n for n in range(4, stop - 1, -1)]
    inner = prediction.flow[0, :, 12:20, 20:28, 12:20]
    torch.testing.assert_close(inner, torch.tensor([8.0, 0.0, -4.0]).view(3, 1, 1, 1).expand_as(inner))
    coarsest = prediction.levels[0].flow[0, :, 1, 1, 1]
    torch.testing.assert_close(coarsest, torch.tensor([0.5, 0.0, -0.25]))


def test_batch_normalisation_is_part_of_the_average():
    model = build_model("Pyramid-half")
    average = moving_average(model)
    for _ in range(3):
        model(*pair_of(32, 32, 32))
        average.update_parameters(model)
    weights = average.module.state_dict()
    means = [value for name, value in weights.items() if name.endswith("running_mean")]
    counts = {int(value) for name, value in weights.items() if name.endswith("num_batches_tracked")}
    assert means and all(value.abs().sum() > 0 for value in means)
    # The features' normalisation sees both images as one batch.
    assert counts == {3}
    build_model("Pyramid-half").load_state_dict(weights)


@pytest.fixture
def pair(tiny_config):
    """With made-up segmentations of three structures at half resolution."""
    pair = Items(tiny_config, 1)[1][1]
    torch.manual_seed(2)
    half = [n // 2 for n in pair.fixed.shape[2:]]
    segments = torch.rand(2, pair.fixed.shape[0], 3, *half)
    return replace(pair, segments_fixed=segments[0], segments_moving=segments[1])


def test_the_loss_weighs_levels_as_the_paper_does(pair):
    torch.manual_seed(0)
    shape = pair.fixed.shape[2:]
    levels = tuple(
        Level(torch.randn(pair.fixed.shape[0], 3, *(n // c for n in shape)), torch.full((1, 3, 1, 1, 1), 0.5))
        for c in (4, 1)
    )
    model = build_model("Pyramid-half").eval()
    prediction = model(pair.fixed, pair.moving, details=True)._replace(levels=levels, flow=levels[-1].flow)
    options = MultilevelOptions(5.0, 1.0, 1.0, 5.0)
    terms = make_strategy("multilevel", options=StrategyOptions(level=options)).terms(prediction, pair)
    similarity = smoothness = 0.0
    for coarseness, level in zip((4, 1), levels, strict=True):
        images = pair.clean_fixed, pair.clean_moving
        fixed, moving = (torch.nn.functional.avg_pool3d(image, coarseness) for image in images)
        similarity += 5.0 / coarseness * lnccLoss(fixed, warp(moving, level.flow))
        smoothness += gradientLoss(level.flow) / coarseness
    torch.testing.assert_close(terms["similarity"], similarity)
    torch.testing.assert_close(terms["smoothness"], smoothness)
    # |(0.5, 0.5, 0.5)|^2 = 0.75, times 2^l.
    assert float(terms["affine"]) == pytest.approx(0.75 * (4 + 1))
    half = torch.nn.functional.interpolate(prediction.flow, scale_factor=0.5, mode="trilinear") / 2
    dice = dice_loss(pair.segments_fixed, warp(pair.segments_moving, half))
    torch.testing.assert_close(terms["dice"], 5.0 * dice, atol=1e-4, rtol=1e-4)


def test_training_lowers_the_loss(pair):
    torch.manual_seed(0)
    model, strategy = build_model("Pyramid-half"), make_strategy("multilevel")
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-5)
    totals = []
    for number in range(4):
        loss = sum(strategy.losses(model, pair, number, 0.0).values())
        assert math.isfinite(float(loss.detach()))
        totals.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert totals[-1] < 0.75 * totals[0]


@pytest.mark.parametrize("architecture", [Architecture("LDR"), Architecture("Pyramid-half", 2)])
def test_networks_without_levels_are_refused(pair, architecture):
    model = build_model(architecture)
    with pytest.raises(TrainingError, match="one pyramid"):
        make_strategy("multilevel").losses(model, pair, 0, 0.0)


def test_images_that_were_padded_are_refused():
    model = build_model("Pyramid-half")
    prediction = model(*pair_of(40, 32, 32), details=True)
    assert prediction.flow.shape[2:] == (40, 32, 32) and prediction.levels == ()


def test_the_levels_of_a_pyramid_end_where_they_are_told():
    assert len(Pyramid(finest=2).estimators) == 3


def test_an_exported_pyramid_registers_in_the_module(tmp_path):
    """Its flow layer says: 0.25 voxels of the level before the last along k, which is 1 voxel of the images."""
    torch.manual_seed(0)
    network = build_model("Pyramid-half").eval()
    with torch.no_grad():
        for estimator in network.networks[0].estimators:
            estimator.flow.weight.zero_()
        network.networks[0].estimators[2].flow.bias[0] = 0.25
    path = tmp_path / "pyramid.pt"
    script(network).save(str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = Settings(Preset.ACCURATE, "pyramid", Prealignment.NONE, warp=False, refinementSteps=0)
    card = {
        "title": "Pyramid",
        "spacingMm": 2.0 / settings.recipe.coarsening,
        "sizeMultiple": network.stride,
        "sha256": digest,
    }
    path.with_suffix(".json").write_text(json.dumps(card))
    rng = np.random.default_rng(1)
    grid = random_grid(rng, (40, 50, 45), extent_mm=100.0)
    moving = smooth_image(rng, grid, sigma=2.5)
    shift = 2.0 * canonicalGrid(grid, 2.0).direction[:, 2]
    matrix = grid.ijkToRas.copy()
    matrix[:3, 3] -= shift
    fixed = Image(moving.array, matrix)
    result = register(fixed, moving, settings, ModelStore(tmp_path))
    found = result.transform.points(fixed.grid.centerRas[None])[0] - fixed.grid.centerRas
    np.testing.assert_allclose(found, shift, atol=0.02)
