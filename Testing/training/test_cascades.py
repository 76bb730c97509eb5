"""Networks in a row: sizes and padding, the affine stem, and what their flows come to together."""

import pytest
import torch
from aldk.errors import TrainingError
from aldk.models import (
    Architecture,
    RegistrationNetwork,
    build_model,
)
from LDRRegistrationLib.numerics.displacement import voxelPositions, warp
from support.networks import awake, images, name_of
from torch import nn


class Given(nn.Module):
    """A network or a stem that answers what it was given and remembers what it was asked."""

    def __init__(self, *answer):
        super().__init__()
        self.stride, self.answer, self.seen = 1, answer if len(answer) > 1 else answer[0], []

    def forward(self, fixed, moving):
        self.seen.append((fixed, moving))
        return self.answer


def wave(shape, amplitude, phase):
    """A smooth flow (1, 3, k, j, i) of at most ``amplitude`` voxels along each axis."""
    x = voxelPositions(shape, torch.zeros(1))
    return amplitude * torch.sin(0.25 * x.flip(1) + phase + torch.arange(3.0).view(1, 3, 1, 1, 1))


def blob(shape):
    """A smooth image without an edge at its border."""
    x = voxelPositions(shape, torch.zeros(1))
    middle = torch.tensor(shape).view(1, 3, 1, 1, 1) / 2
    return torch.exp(-((x - middle) / 10).square().sum(1, keepdim=True)) * (1 + 0.3 * torch.sin(0.2 * x[:, :1]))


@pytest.mark.parametrize("shape", [(17, 32, 30), (5, 16, 9)])
def test_any_size_sees_the_image_in_the_middle_and_is_cropped_back(shape):
    padded = [-(-n // 16) * 16 for n in shape]
    network = Given(torch.rand(1, 3, *padded))
    network.stride = 16
    fixed, moving = images(*shape)
    prediction = RegistrationNetwork(Architecture("LDR"), [network], None)(fixed, moving, details=True)
    middle = (..., *(slice((p - n) // 2, (p - n) // 2 + n) for n, p in zip(shape, padded, strict=True)))
    for image, seen in zip((fixed, moving), network.seen[0], strict=True):
        assert list(seen.shape[2:]) == padded
        assert torch.equal(seen[middle], image)
        assert seen.sum() == pytest.approx(float(image.sum()), rel=1e-5)
    assert torch.equal(prediction.flow, network.answer[middle])
    assert torch.equal(prediction.parts[0], network.answer[middle])


@pytest.mark.parametrize("affine", ["none", "light"])
def test_multiples_of_the_stride_are_not_padded(affine):
    model = awake(Architecture("LDR", 1, affine))
    fixed, moving = images(16, 32, 48)
    with torch.no_grad():
        prediction = model(fixed, moving, details=True)
        if affine == "none":
            assert prediction.affine is None
            torch.testing.assert_close(prediction.flow, model.networks[0](fixed, moving))
        assert torch.equal(prediction.flow, model(fixed, moving))
        assert model(*images(7, 33, 15)).shape == (1, 3, 7, 33, 15)


def test_images_of_two_shapes_are_refused():
    with pytest.raises(TrainingError, match="one shape"):
        build_model("LDR")(torch.rand(1, 1, 16, 16, 16), torch.rand(1, 1, 16, 16, 32))


@pytest.mark.parametrize("architecture", [Architecture("LDR", 2, "light"), Architecture("LDR", 1, "vtn")], ids=name_of)
@pytest.mark.parametrize("shape", [(16, 32, 48), (13, 32, 37)])
def test_affine_is_the_flow_where_the_cascades_do_nothing(architecture, shape):
    """Also of padded images, whose middle is not that of the padded ones where a side is odd."""
    model = awake(architecture)
    with torch.no_grad():
        for network in model.networks:
            network.flow.weight.zero_()
            network.flow.bias.zero_()
        flow, parts, affine, *_ = model(*images(*shape), details=True)
    assert len(parts) == architecture.cascades
    assert all(float(part.abs().max()) == 0 and part.shape == flow.shape for part in parts)
    assert affine.shape == (1, 3, 4)
    x = voxelPositions(shape, flow)[0] - (torch.tensor(shape).view(3, 1, 1, 1) - 1) / 2
    expected = torch.einsum("ab,bkji->akji", affine[0, :, :3], x) + affine[0, :, 3].view(3, 1, 1, 1) - x
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(flow[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("with_stem", [False, True])
def test_total_flow_does_what_the_cascades_do_one_after_the_other(with_stem):
    shape = (42, 48, 46)
    fixed, moving = torch.rand(1, 1, *shape), blob(shape)
    networks = [Given(wave(shape, amplitude, phase)) for amplitude, phase in ((3.0, 0.0), (2.4, 1.0), (1.8, 2.0))]
    stem, step = None, moving
    if with_stem:
        matrix = torch.tensor([[[0.1, 0.05, 0.0], [-0.08, -0.1, 0.02], [0.03, 0.0, 0.06]]])
        stem = Given(matrix, torch.tensor([[1.5, -1.0, 0.5]]))
        x = voxelPositions(shape, moving) - (torch.tensor(shape).view(1, 3, 1, 1, 1) - 1) / 2
        step = warp(moving, torch.einsum("ab,nbkji->nakji", matrix[0], x) + stem.answer[1].view(1, 3, 1, 1, 1))
    model = RegistrationNetwork(Architecture("LDR", 3), networks, stem)
    flow, parts, *_ = model(fixed, moving, details=True)
    for network, part in zip(networks, parts, strict=True):
        # Each sees what the ones before have left, and counts a third.
        torch.testing.assert_close(network.seen[0][1], step, rtol=0, atol=0.03)
        assert torch.equal(network.seen[0][0], fixed)
        torch.testing.assert_close(part, network.answer / 3)
        step = warp(step, part)
    total = warp(moving, flow)
    assert (total - step).abs().max() < 0.03
    assert (total - step).abs().mean() < 0.1 * (total - moving).abs().mean()
    backwards = moving
    for part in reversed(parts):
        backwards = warp(backwards, part)
    assert (total - backwards).abs().mean() > 3 * (total - step).abs().mean()


def test_affine_map_applies_behind_the_deformation():
    """Exactly, and as far out as the border: x + f, then (I + W) (x + f) + b."""
    matrix, shift = torch.tensor([[[0.1, 0.05, 0.0], [-0.08, -0.1, 0.02], [0.03, 0.0, 0.06]]]), torch.ones(1, 3)
    way = torch.tensor([4.0, -3.0, 2.0]).view(1, 3, 1, 1, 1).expand(1, 3, 8, 9, 10)
    model = RegistrationNetwork(Architecture("LDR", 2), [Given(way), Given(way)], Given(matrix, shift))
    flow = model(*images(8, 9, 10))
    moved = voxelPositions((8, 9, 10), way) - torch.tensor([3.5, 4.0, 4.5]).view(1, 3, 1, 1, 1) + way
    torch.testing.assert_close(flow, way + torch.einsum("ab,nbkji->nakji", matrix[0], moved) + 1)


def test_a_single_network_warps_nothing(monkeypatch):
    def fail(*_):
        raise AssertionError("A warp that nothing needs.")

    monkeypatch.setattr("aldk.models.cascade.warp", fail)
    build_model("LDR")(*images(16, 16, 16))
    with pytest.raises(AssertionError):
        build_model(Architecture("LDR", 2))(*images(16, 16, 16))


def test_published_heads_take_their_grid_and_what_fits_into_it():
    model = awake(Architecture("LDR", 1, "light", (48, 64, 80)))
    assert model.stem.heads.matrix.weight.shape == (9, 128, 1, 1, 2)
    fixed, moving = images(48, 64, 80)
    with torch.no_grad():
        assert model(fixed, moving).shape == (1, 3, 48, 64, 80)
        assert model(*images(31, 64, 50)).shape == (1, 3, 31, 64, 50)
    with pytest.raises(TrainingError, match="at most 48 x 64 x 80 voxels, not 64 x 64 x 64"):
        model(*images(64, 64, 64))
