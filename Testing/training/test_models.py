"""The networks: sizes, shapes, and what their flow means."""

import pytest
import torch
from aldk.models import build_model, count_parameters
from aldk.models.ldr import at_any_size

PARAMETERS = {"LDR": 1_489_235, "LDR-full": 1_548_643, "LDR-public": 280_659}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_counts_are_those_of_the_sources(name):
    assert count_parameters(build_model(name)) == PARAMETERS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_flow_has_the_images_size_and_starts_near_nothing(name):
    torch.manual_seed(0)
    model = build_model(name)
    flow = model(torch.rand(2, 1, 32, 48, 16), torch.rand(2, 1, 32, 48, 16))
    assert flow.shape == (2, 3, 32, 48, 16)
    assert 0 < flow.abs().max() < 0.1


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_weight_receives_a_gradient(name):
    torch.manual_seed(0)
    model = build_model(name)
    model(torch.rand(1, 1, 32, 32, 32), torch.rand(1, 1, 32, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_half_reading_counts_the_way_in_full_voxels():
    """A constant flow of half a coarse voxel is one voxel of the full grid."""
    model = build_model("LDR")
    with torch.no_grad():
        model.flow.weight.zero_()
        model.flow.bias.fill_(0.5)
        flow = model(torch.rand(1, 1, 16, 16, 16), torch.rand(1, 1, 16, 16, 16))
    torch.testing.assert_close(flow, torch.ones_like(flow))


def test_any_size_sees_the_image_in_the_middle_and_is_cropped_back():
    seen = []

    def model(fixed, moving):
        seen.append(fixed)
        return fixed.expand(-1, 3, -1, -1, -1)

    image = torch.rand(1, 1, 17, 32, 30)
    flow = at_any_size(model, image, image)
    assert seen[0].shape == (1, 1, 32, 32, 32)
    torch.testing.assert_close(flow, image.expand(-1, 3, -1, -1, -1))


def test_unknown_network_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="LDR-full"):
        build_model("RDL")
