"""sampleAtVoxels() against torch's grid_sample, with the gradients."""

from __future__ import annotations

import pytest
from LDRRegistrationLib.numerics import gridsample
from LDRRegistrationLib.numerics.gridsample import sampleAtVoxels
from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()


def expected(image, positions, mode="bilinear", padding="border"):
    sizes = torch.tensor(image.shape[2:]).view(1, 3, 1, 1, 1)
    places = ((2 * positions + 1) / sizes - 1).flip(1).movedim(1, -1)
    return torch.nn.functional.grid_sample(image, places, mode=mode, padding_mode=padding, align_corners=False)


def random_positions(image, *shape):
    """Up to two voxels beyond the border."""
    sizes = torch.tensor(image.shape[2:]).view(1, 3, 1, 1, 1)
    return torch.rand(len(image), 3, *shape) * (sizes + 3) - 2


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("mode", "padding"), [("bilinear", "border"), ("bilinear", "zeros"), ("nearest", "zeros")])
def test_values_and_gradients_are_those_of_grid_sample(images, channels, mode, padding):
    torch.manual_seed(0)
    image = torch.rand(images, channels, 5, 6, 7)
    for wantsGradient in (False, True):
        image = image.detach().requires_grad_(wantsGradient)
        positions = random_positions(image, 4, 3, 8).requires_grad_(True)
        found, known = sampleAtVoxels(image, positions, mode, padding), expected(image, positions, mode, padding)
        torch.testing.assert_close(found, known, atol=1e-5, rtol=0)
        inputs = [positions, image] if wantsGradient else [positions]
        weights = torch.rand_like(known)
        for one, other in zip(
            torch.autograd.grad((found * weights).sum(), inputs),
            torch.autograd.grad((known * weights).sum(), inputs),
            strict=True,
        ):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


@pytest.mark.parametrize("most", [8192, 72, 10])
def test_tall_planes_are_cut_to_what_is_needed_or_left_alone(monkeypatch, most):
    """With 72 rows the positions of a slab fit, those of the whole do not; ten are not even enough for a slice."""
    monkeypatch.setattr(gridsample, "MAXIMUM_ROWS", most)
    torch.manual_seed(1)
    image = torch.rand(1, 2, 20, 12, 9)
    for start in (0.0, 7.3, 16.5):
        slab = random_positions(image, 5, 6, 4)
        slab[:, 0] = start + 3 * torch.rand(1, 5, 6, 4)
        torch.testing.assert_close(sampleAtVoxels(image, slab), expected(image, slab), atol=1e-4, rtol=0)
    whole = random_positions(image, 5, 6, 4)
    torch.testing.assert_close(sampleAtVoxels(image, whole), expected(image, whole), atol=1e-4, rtol=0)
    beyond = torch.full((1, 3, 2, 2, 2), 40.0)
    assert torch.equal(sampleAtVoxels(image, beyond), image[:, :, -1:, -1:, -1:].expand(1, 2, 2, 2, 2))


@pytest.mark.parametrize("shape", [(1, 6, 7), (5, 1, 7), (5, 6, 1), (2, 2, 2)])
def test_sides_of_one_voxel(shape):
    torch.manual_seed(2)
    image = torch.rand(1, 1, *shape)
    positions = random_positions(image, 3, 4, 5)
    torch.testing.assert_close(sampleAtVoxels(image, positions), expected(image, positions), atol=1e-5, rtol=0)


def test_large_images_are_sampled_to_a_thousandth_of_a_voxel():
    torch.manual_seed(3)
    ramp = torch.arange(190.0).view(1, 1, 1, 190, 1).expand(1, 1, 43, 190, 4).contiguous()
    positions = random_positions(ramp, 6, 50, 50)
    found = sampleAtVoxels(ramp, positions)[0, 0]
    assert 42 * 190 <= gridsample.MAXIMUM_ROWS
    torch.testing.assert_close(found, positions[0, 1].clamp(0, 189), atol=1e-3, rtol=0)
