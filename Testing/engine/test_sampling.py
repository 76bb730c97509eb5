"""sampleAtPositions() against grid_sample, to the last bit, with the gradients."""

from __future__ import annotations

import pytest
from LDRRegistrationLib.dependencies import importTorch
from LDRRegistrationLib.sampling import sampleAtPositions

torch = importTorch()


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("mode", "padding", "align"), [("bilinear", "border", True), ("nearest", "zeros", False)])
def test_values_and_gradients_are_those_of_grid_sample(images, channels, mode, padding, align):
    torch.manual_seed(0)
    image = torch.rand(images, channels, 5, 6, 7)
    for wantsGradient in (False, True):
        image = image.detach().requires_grad_(wantsGradient)
        positions = (2.4 * torch.rand(images, 4, 3, 8, 3) - 1.2).requires_grad_(True)
        expected = torch.nn.functional.grid_sample(
            image, positions, mode=mode, padding_mode=padding, align_corners=align
        )
        found = sampleAtPositions(image, positions, mode, padding, align)
        assert torch.equal(found, expected)
        inputs = [positions, image] if wantsGradient else [positions]
        weights = torch.rand_like(expected)
        for one, other in zip(
            torch.autograd.grad((found * weights).sum(), inputs),
            torch.autograd.grad((expected * weights).sum(), inputs),
            strict=True,
        ):
            assert torch.equal(one, other)
