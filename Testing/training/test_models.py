"""The networks: sizes, shapes, what their flow means, and that they can be exported."""

import json
import warnings

import numpy as np
import pytest
import torch
from aldk.errors import TrainingError
from aldk.models import (
    MODELS,
    Architecture,
    build_model,
    count_parameters,
)
from aldk.models.layers import Conv3d, started_by
from LDRRegistrationLib.numerics.displacement import warp
from scipy.ndimage import map_coordinates
from support.networks import awake, images, name_of
from torch import nn

PARAMETERS = {
    Architecture("LDR"): 1_489_235,
    Architecture("LDR-full"): 1_548_643,
    Architecture("LDR-public"): 280_659,
    Architecture("LDR-public", 2): 2 * 280_659,
    Architecture("LDR-public", 1, "light"): 280_659 + 332_880,
    Architecture("LDR-public", 3, "light", (128, 128, 128)): 3 * 280_659 + 332_880,
    Architecture("VoxelMorph"): 300_547,
    Architecture("VTN"): 28_252_203,
    Architecture("RCN"): 14_166_288 + 28_252_203,
    Architecture("RCN", 3, grid=(128, 128, 128)): 14_166_288 + 3 * 28_252_203,
    Architecture("CoarseToFine"): 609_420,
    Architecture("MobileNet"): 1_170_099,
    Architecture("U-Net"): 5_646_627,
    Architecture("ViT-V-Net"): 1_134_003,
    Architecture("Pyramid"): 8_606_747,
    Architecture("SAR"): 86_356,
    Architecture("SAR-2D"): 29_187,
    Architecture("Pyramid-half"): 6_946_686,
}
# Every base network, and every way of putting them together.
ARCHITECTURES = [
    *(Architecture(base) for base in MODELS),
    Architecture("LDR", 2),
    Architecture("CoarseToFine", 2, "light"),
]


@pytest.mark.parametrize("architecture", PARAMETERS, ids=name_of)
def test_parameter_counts_are_those_of_the_sources(architecture):
    # Without memory, and without numbers in it.
    with torch.device("meta"):
        assert count_parameters(build_model(architecture)) == PARAMETERS[architecture]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=name_of)
def test_flow_starts_near_nothing_and_every_weight_receives_a_gradient(architecture):
    torch.manual_seed(0)
    model = build_model(architecture)
    shape = (model.stride, max(model.stride, 32), max(model.stride, 48 // model.stride * model.stride))
    prediction = model(*images(*shape), details=True)
    flow = prediction.flow
    assert flow.shape == (1, 3, *shape)
    assert flow.dtype == torch.float32
    assert 0 < flow.abs().max() < 0.1
    outputs = [made for made in (flow, prediction.registered, prediction.segmentation) if made is not None]
    sum(made.square().sum() for made in outputs).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def varied_in(model, fixed, moving):
    """Of every convolution but those that give the flow: the share of channels that are nowhere above 0, and how much
    the others vary over the image, as a mean of standard deviations relative to the images' own."""
    seen = {}

    def measure(name, made):
        space = tuple(range(2, made.ndim))
        dead = made.amax((0, *space)) <= 0
        seen[name] = (float(dead.float().mean()), float(made.std(space, correction=0).mean() / fixed.std()))

    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.ConvTranspose3d) and "flow" not in name:
            layer.register_forward_hook(lambda *hooked, name=name: measure(name, hooked[2]))
    with torch.no_grad():
        model(fixed, moving)
    return seen


def smooth_pair():
    coarse = torch.rand(2, 1, 1, 9, 9, 9)
    return [torch.nn.functional.interpolate(c, size=(48, 48, 48), mode="trilinear", align_corners=True) for c in coarse]


# Without VTN's: their coarsest level is a single voxel here, and what it sees is mostly the zeros around it.
@pytest.mark.parametrize("base", [base for base in MODELS if base not in ("VTN", "RCN", "Pyramid")])
def test_every_layer_starts_with_something_of_the_images(base):
    """Nothing fades on the way, and few channels are dead from the start, which in part they would stay."""
    dead = []
    for seed in range(2):
        torch.manual_seed(seed)
        layers = varied_in(build_model(base).eval(), *smooth_pair())
        assert {name: varied for name, (_, varied) in layers.items() if not 0.08 < varied < 20} == {}
        dead.append({name: share for name, (share, _) in layers.items()})
    assert {name: d for name in dead[0] if (d := sum(of[name] for of in dead) / len(dead)) > 0.2} == {}


def test_pytorchs_own_start_is_there_for_comparison_and_only_where_it_is_asked_for():
    """It is what LDR had before He's: the same numbers for the same seed, and the same small start of the flow."""
    torch.manual_seed(3)
    with started_by("torch"):
        old = build_model("LDR").networks[0]
    torch.manual_seed(3)
    first = nn.Conv3d(2, 16, 4, stride=2, padding=1)
    torch.testing.assert_close(old.encoder1.weight, first.weight, rtol=0, atol=0)
    new = build_model("LDR").networks[0]
    for model in (old, new):
        assert model.flow.weight.std().item() == pytest.approx(1e-3, rel=0.05) and not model.flow.bias.any()
    # Of an output voxel's 4^3 products a transposed convolution of stride 2 makes 2^3.
    assert new.decoder3.weight.std().item() == pytest.approx((2 / (128 * 8)) ** 0.5, rel=0.02)
    assert old.decoder3.weight.std() < 0.3 * new.decoder3.weight.std()
    assert not new.decoder3.bias.any() and old.decoder3.bias.any()


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=name_of)
def test_trace_holds_at_another_size(architecture):
    model = awake(architecture)
    unit = model.stride
    # The coarsest level has other sides in the second, and of one voxel where the first has more.
    usual = (2 * unit, 3 * unit, unit), (unit, unit, 2 * unit)
    first, second = {64: ((64, 64, 128), (128, 64, 64))}.get(unit, usual)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("error", torch.jit.TracerWarning)
        traced = torch.jit.trace(model, images(*first), check_trace=False)
        asked = images(*second)
        expected = model(*asked)
        assert expected.abs().max() > 0.1
        # Untraced, images are sampled by planes, to a thousandth of a voxel (gridsample.py).
        torch.testing.assert_close(traced(*asked), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("architecture", [Architecture("LDR-public", 2, "light"), Architecture("CoarseToFine")])
def test_flow_is_in_single_precision_under_autocast(architecture):
    model = awake(architecture)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        prediction = model(*images(model.stride, 16, 32), details=True)
    tensors = [prediction.flow, *prediction.parts, *([] if prediction.affine is None else [prediction.affine])]
    assert all(tensor.dtype == torch.float32 and torch.isfinite(tensor).all() for tensor in tensors)


@pytest.mark.parametrize("base", ["LDR", "MobileNet", "U-Net", "CoarseToFine", "ViT-V-Net"])
def test_two_pairs_at_once_are_two_pairs(base):
    model = awake(base)
    fixed, moving = torch.rand(2, 1, 32, 32, 32), torch.rand(2, 1, 32, 32, 32)
    with torch.no_grad():
        both = model(fixed, moving)
        alone = torch.cat([model(fixed[n : n + 1], moving[n : n + 1]) for n in range(2)])
    torch.testing.assert_close(both, alone, rtol=1e-4, atol=1e-4)


def test_half_reading_counts_the_way_in_full_voxels():
    """A constant flow of half a coarse voxel is one voxel of the full grid."""
    model = MODELS["LDR"]()
    with torch.no_grad():
        model.flow.weight.zero_()
        model.flow.bias.fill_(0.5)
        flow = model(*images(16, 16, 16))
    torch.testing.assert_close(flow, torch.ones_like(flow))


@pytest.mark.parametrize(
    "shape", [(1, 2, 1, 1, 3), (1, 8, 5, 6, 4), (1, 8, 8, 6, 4), (2, 8, 5, 6, 4), (1, 67, 20, 16, 2)]
)
def test_small_images_are_convolved_as_all_are(shape):
    layer, image = Conv3d(shape[1], 5), torch.rand(shape)
    expected = torch.nn.functional.conv3d(image, layer.weight, layer.bias, padding=1)
    assert torch.allclose(layer(image), expected, atol=1e-5)
    traced = torch.jit.trace(layer, torch.rand(1, shape[1], 4, 4, 4), check_trace=False)
    assert torch.allclose(traced(image), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 4, 5, 6), (2, 3, 1, 2, 1)])
def test_a_coarser_image_is_convolved_as_if_it_were_doubled_by_repetition(shape):
    fine = torch.rand(shape[0], 2, *(2 * n for n in shape[2:]))
    layer, coarser = Conv3d(5, 4), torch.rand(shape, requires_grad=True)
    doubled = torch.nn.functional.interpolate(coarser, scale_factor=2.0, mode="nearest")
    expected = torch.nn.functional.conv3d(torch.cat([fine, doubled], 1), layer.weight, layer.bias, padding=1)
    answer = layer(fine, coarser)
    torch.testing.assert_close(answer, expected, rtol=1e-5, atol=1e-5)
    gradients = [torch.autograd.grad(made.square().sum(), [coarser, layer.weight]) for made in (answer, expected)]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-4)


def test_coarse_to_fine_adds_up_its_levels_in_full_voxels():
    """A voxel of a level of stride 16, 8, 4 and 2 is as many of the full grid."""
    model = MODELS["CoarseToFine"]()
    with torch.no_grad():
        for layer, way in zip(model.flows, (0.1, 0.2, 0.3, 0.4), strict=True):
            layer.weight.zero_()
            layer.bias.fill_(way)
        flow = model(*images(32, 16, 16))
    torch.testing.assert_close(flow, torch.full_like(flow, 0.1 * 16 + 0.2 * 8 + 0.3 * 4 + 0.4 * 2))


def test_coarse_to_fine_compares_with_the_moving_features_warped_by_the_flow_so_far():
    model = MODELS["CoarseToFine"]()
    seen = []
    model.decoders[1].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    fixed, moving = images(64, 64, 64)
    with torch.no_grad():
        model.flows[0].weight.zero_()
        # Half a voxel of the coarsest level is a whole one of the next.
        model.flows[0].bias.copy_(torch.tensor([0.5, 0.0, -0.5]))
        model(fixed, moving)
        of_fixed, of_moving = fixed, moving
        for encoder in model.encoders[:3]:
            of_fixed, of_moving = encoder(of_fixed), encoder(of_moving)
    difference = seen[0][:, 32:64]
    expected = of_moving[:, :, 1:, :, :-1] - of_fixed[:, :, :-1, :, 1:]
    torch.testing.assert_close(difference[:, :, :-1, :, 1:], expected, rtol=1e-4, atol=1e-4)


def test_warp_is_linear_interpolation_and_continues_the_border():
    image, flow = torch.rand(1, 1, 9, 8, 7), 6 * torch.randn(1, 3, 9, 8, 7)
    at = np.indices((9, 8, 7)) + flow[0].numpy()
    expected = map_coordinates(image[0, 0].numpy(), at, order=1, mode="nearest")
    np.testing.assert_allclose(warp(image, flow)[0, 0].numpy(), expected, atol=1e-5)
    flat = torch.rand(1, 1, 1, 1, 1)
    torch.testing.assert_close(warp(flat, torch.ones(1, 3, 1, 1, 1)), flat)


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, Architecture("RCN", 2, grid=(128, 64, 192))], ids=name_of)
def test_architecture_survives_json_and_safe_loading(architecture, tmp_path):
    path = tmp_path / "architecture.pt"
    torch.save(architecture.to_dict(), path)
    assert Architecture.from_dict(torch.load(path, weights_only=True)) == architecture
    assert Architecture.from_dict(json.loads(json.dumps(architecture.to_dict()))) == architecture


def test_model_knows_what_it_is():
    assert build_model("VoxelMorph").architecture == Architecture("VoxelMorph")
    assert Architecture("RCN", 2).affine == "vtn"


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ("RDL", "LDR-full"),
        (Architecture("LDR", 0), "at least one cascade"),
        (Architecture("LDR", 1, "heavy"), "light"),
        (Architecture("RCN", 1, "light"), "RCN has the affine stem vtn"),
        (Architecture("LDR", grid=(128, 128, 128)), "no stem"),
        (Architecture("LDR", 1, "light", (128, 120, 128)), "multiples of 16"),
        (Architecture("LDR", 1, "light", (32, 128, 128)), "at least 48 voxels"),
        (Architecture("RCN", 1, grid=(128, 96, 128)), "multiples of 64"),
        (Architecture("MobileNet", 1, "light", (48, 64, 64)), "multiples of 32"),
    ],
    ids=str,
)
def test_what_cannot_be_built_is_refused_in_a_sentence(architecture, words):
    with pytest.raises(TrainingError, match=words):
        build_model(architecture)


@pytest.mark.parametrize("entries", [{"base": "LDR", "depth": 3}, {"cascades": 2}])
def test_unknown_descriptions_are_refused(entries):
    with pytest.raises(TrainingError, match="described by base, cascades"):
        Architecture.from_dict(entries)
