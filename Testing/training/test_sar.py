"""SAR-Net's training: what each loss says, who learns from it, slices that stay in their planes, and known fields."""

import json
import math

import pytest
import torch
from aldk.data.config import read_config
from aldk.data.deformation import bspline_motion, sample, voxels
from aldk.data.draws import Draws
from aldk.data.loader import Items
from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models import Architecture, ImageDiscriminator, build_model, otsu_mask
from aldk.models.sar import SarGenerator, fuse, in_slices, of_slices
from aldk.strategies import SarOptions, StrategyOptions, make_strategy
from aldk.strategies.content import Content, feature_distance, load_features
from aldk.strategies.sar import field_loss, log_dice
from export import CHECK_STRIDES, TOLERANCE_VOXELS, example, script
from LDRRegistrationLib.numerics.displacement import warp

SHAPE = (16, 32, 32)


def smooth(channels, seed, amplitude=0.3, shape=SHAPE):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, channels, 4, 8, 8, generator=generator)
    return amplitude * torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear", align_corners=False)


@pytest.fixture
def pair():
    return pair_of(SHAPE)


def pair_of(shape):
    """A known motion, two structures, about what a loader gives."""
    moving = (4 * smooth(1, 1, shape=shape)).sigmoid()
    flow = torch.cat([torch.zeros(1, 1, *shape), smooth(2, 2, 1.0, shape)], dim=1)
    fixed, half = warp(moving, flow), torch.nn.functional.avg_pool3d(flow, 2)
    segments = torch.nn.functional.avg_pool3d(torch.cat([(moving > 0.6).float(), (moving < 0.4).float()], 1), 2)
    moved = warp(segments, half / 2)
    return Pair(fixed, moving, fixed, moving, half, -half, moved, segments, (("a", "a"),))


def sar(base="SAR-2D", **options):
    torch.manual_seed(0)
    options = {"features": "none", "start": 0.0, "in_plane": base == "SAR-2D", **options}
    return build_model(base), make_strategy(
        "sar", {"truth": 1.0, "dice": 1.0}, options=StrategyOptions(sar=SarOptions(**options))
    )


@pytest.mark.parametrize("in_plane", [False, True])
def test_content_prefers_equal_images(pair, in_plane):
    content = Content(None, in_plane)
    image, other = pair.fixed, (4 * smooth(1, 7)).sigmoid()
    information = content.mutual_information(image, torch.cat([image]))
    assert float(information) > float(content.mutual_information(image, other)) + 0.2
    # Mutual information knows no sign and no contrast curve; SSIM does.
    assert float(content.mutual_information(image, 1 - image)) == pytest.approx(float(information), abs=0.02)
    assert float(content.ssim(image[:, :, 0], image[:, :, 0]) if in_plane else content.ssim(image, image)) < 1e-5
    assert float(content(image, image)) < float(content(image, 0.5 * image)) < float(content(image, other))


def test_features_are_the_shipped_students_and_stay_frozen(pair):
    features, source = load_features()
    assert not any(parameter.requires_grad for parameter in features.parameters())
    assert source["file"] == "ldr-general.pt" and source["training_data"]
    assert [m.shape[1] for m in features(pair.fixed)] == [16, 32, 64, 128]
    assert float(feature_distance(features, pair.fixed, pair.fixed)) == 0.0
    image = pair.moving.clone().requires_grad_(True)
    distance = feature_distance(features, pair.fixed, image)
    assert 0.0 < float(distance.detach()) < 1.0
    distance.backward()
    assert image.grad.abs().sum() > 0


def test_features_of_a_users_own_network(pair, tmp_path):
    with torch.no_grad():
        module = torch.jit.trace(torch.nn.Conv3d(1, 4, 3, padding=1), torch.rand(1, 1, 8, 8, 8))
    module.save(str(tmp_path / "vgg.pt"))
    features, _ = load_features(tmp_path / "vgg.pt")
    assert [m.shape for m in features(pair.fixed)] == [(1, 4, *SHAPE)]
    (tmp_path / "nothing.pt").write_text("no network")
    for wrong in ("nothing.pt", "missing.pt"):
        with pytest.raises(TrainingError, match=wrong):
            load_features(tmp_path / wrong)


def test_the_known_field_and_the_dice_metric_count_as_in_equation_5(pair):
    half = pair.forward
    exact = torch.nn.functional.interpolate(half, scale_factor=2.0, mode="nearest")
    assert float(field_loss(exact, half, pair.fixed)) == pytest.approx(0.0, abs=1e-6)
    # An error of one voxel everywhere: -log(1 - 1 / 2).
    off = exact + torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1, 1)
    assert float(field_loss(off, half, pair.fixed)) == pytest.approx(math.log(2.0), rel=1e-4)
    ones, none = torch.ones(1, 1, 8, 8, 8), torch.zeros(1, 1, 8, 8, 8)
    assert float(log_dice(ones, ones)) == pytest.approx(0.0, abs=1e-6)
    left = ones.clone()
    left[..., 4:] = 0
    assert float(log_dice(ones, left)) == pytest.approx(-math.log(2 / 3), abs=0.01)
    assert float(log_dice(ones, none)) > 5.0
    assert float(log_dice(none, none)) == 0.0


def test_segmentation_by_fused_maps_and_otsu():
    """The weight of a map decides; a bimodal map is parted between its modes."""
    bimodal = torch.zeros(1, 1, 8, 8, 8)
    bimodal[..., 4:] = 5.0
    bimodal += 0.1 * torch.rand(bimodal.shape)
    noise = torch.rand(1, 1, 8, 8, 8)
    fused = fuse([bimodal, noise], torch.tensor([[20.0, 0.0], [0.0, 20.0]]))
    assert float(fused.min()) == 0.0 and float(fused.max()) == pytest.approx(1.0)
    torch.testing.assert_close(fused[:, :1], (bimodal - bimodal.min()) / (bimodal.max() - bimodal.min()))
    expected = (bimodal > 2.5).float()
    torch.testing.assert_close(otsu_mask(fused[:, :1]), expected)


def test_a_stack_of_slices_and_back():
    stack = torch.rand(2, 3, 4, 5, 6)
    torch.testing.assert_close(of_slices(in_slices(stack), stack), stack)
    assert in_slices(stack)[5].equal(stack[1, :, 1])


def test_slices_are_registered_each_by_itself_and_stay_in_their_planes():
    torch.manual_seed(0)
    model = build_model("SAR-2D").eval()
    with torch.no_grad():
        model.networks[0].flow.weight.mul_(1000)
        fixed, moving = torch.rand(1, 1, 4, 24, 20), torch.rand(1, 1, 4, 24, 20)
        prediction = model(fixed, moving, details=True)
        alone = model(fixed[:, :, 2:3], moving[:, :, 2:3])
    assert float(prediction.flow[:, 0].abs().max()) == 0.0 and float(prediction.flow[:, 1:].abs().max()) > 0.1
    torch.testing.assert_close(prediction.flow[:, :, 2:3], alone, atol=1e-2, rtol=1e-2)
    assert prediction.registered.shape == fixed.shape and prediction.segmentation.shape == (1, 2, 4, 24, 20)


@pytest.mark.parametrize("base", ["SAR-2D", "SAR", "LDR"])
def test_every_term_teaches_the_generator(pair, base):
    network, strategy = sar(base)
    terms = strategy.losses(network, pair, 0, 0.5)
    assert all(math.isfinite(float(term.detach())) for term in terms.values())
    for name in ("similarity", "truth", "dice", "adversarial", "cycle"):
        learnt = torch.autograd.grad(terms[name], list(network.parameters()), retain_graph=True, allow_unused=True)
        assert sum(float(g.abs().sum()) for g in learnt if g is not None) > 0, name
    # The generator's step leaves the discriminators without gradient of their own to forget.
    assert all(p.requires_grad for p in strategy.judges.parameters())


def test_discriminators_join_later_and_take_turns(pair):
    network, strategy = sar(start=0.3)
    before = {name: value.clone() for name, value in strategy.judges.state_dict().items()}
    assert "adversarial" not in strategy.losses(network, pair, 0, 0.2)
    assert all(before[name].equal(value) for name, value in strategy.judges.state_dict().items())
    strategy.losses(network, pair, 0, 0.4)
    changed = {n.partition(".")[0] for n, v in strategy.judges.state_dict().items() if not before[n].equal(v)}
    assert changed == {"0"}
    strategy.losses(network, pair, 1, 0.4)
    changed = {n.partition(".")[0] for n, v in strategy.judges.state_dict().items() if not before[n].equal(v)}
    assert changed == {"0", "1"}


def test_a_discriminator_learns_to_tell_images_apart(pair):
    _, strategy = sar(learning_rate=1e-3)
    real, false = pair.fixed, pair.fixed.flip(3) * 0.5
    for _ in range(25):
        strategy.update(strategy.judges[0], real, false)
    assert strategy.observed["critic_gap"] > 0.5
    # As many convolutions and dense layers as in the paper, and with its width its features.
    judge = ImageDiscriminator(64)
    assert [layer.out_channels for layer in judge.convolutions] == [64, 64, 128, 128, 256, 256, 512, 512]


def test_known_deformations_are_what_was_done():
    """Where the motion says a point comes from, and back, is where it was; in planes nothing moves along k."""
    motion = bspline_motion(Draws(3), (16, 24, 24))
    displacement = motion.positions - voxels((16, 24, 24))
    assert float(displacement.abs().max()) > 0.5
    half = 2.0 * voxels((8, 12, 12)) + 0.5
    there = half + motion.backward
    again = there + sample(displacement, there, padding="border")
    inner = (slice(None), slice(2, -2), slice(2, -2), slice(2, -2))
    torch.testing.assert_close(again[inner], half[inner], atol=0.02, rtol=0)
    flat = bspline_motion(Draws(3), (16, 24, 24), in_plane=True)
    assert float(flat.forward[0].abs().max()) == 0.0 and float(flat.forward[1:].abs().max()) > 0.5


@pytest.mark.parametrize("in_plane", [False, True])
def test_pairs_of_a_known_deformation(folder_config, in_plane):
    """The moving image warped by the true flow is the fixed one; one subject is enough."""
    path = folder_config(
        augmentation="known", in_plane=in_plane, strength=0.01, grid={"shape": [32, 32, 32], "spacing": 1.0}
    )
    pair = Items(path, 1)[0][1]
    flow = torch.nn.functional.interpolate(pair.forward, scale_factor=2.0, mode="trilinear", align_corners=False)
    inner = (..., slice(6, -6), slice(6, -6), slice(6, -6))

    def difference(image):
        return float((image - pair.clean_fixed).abs()[inner].mean())

    assert difference(warp(pair.clean_moving, flow)) < 0.5 * difference(pair.clean_moving)
    assert (float(pair.forward[:, 0].abs().max()) == 0.0) == in_plane
    assert pair.names[0][0] == pair.names[0][1]


def test_in_plane_needs_known_deformations(folder_config):
    with pytest.raises(TrainingError, match="in_plane"):
        read_config(folder_config(in_plane=True))


def test_only_the_labels_named_count(folder_config):
    both = Items(folder_config(augmentation="none"), 1)[0][1]
    one = Items(folder_config(augmentation="none", classes=[2]), 1)[0][1]
    assert int((both.segments_fixed.sum((2, 3, 4)) > 0).sum()) == 2
    assert int((one.segments_fixed.sum((2, 3, 4)) > 0).sum()) == 1


def test_a_short_training_finds_the_deformation():
    """In four slices, which are registered each by itself."""
    pair = pair_of((4, *SHAPE[1:]))
    network, strategy = sar(adversarial=0.0, cycle=0.0)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    values = []
    for number in range(35):
        terms = strategy.losses(network, pair, number, 0.0)
        values.append(float(terms["truth"].detach()))
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
    assert values[-1] < 0.8 * values[0]


def test_the_discriminators_are_part_of_the_state(pair):
    network, strategy = sar()
    strategy.losses(network, pair, 0, 0.5)
    _, again = sar(learning_rate=1e-4)
    again.load(strategy.state())
    for first, second in zip(strategy.judges.parameters(), again.judges.parameters(), strict=True):
        assert first.equal(second)
    assert json.dumps(strategy.provenance())


def test_the_generators_field_is_what_is_exported(tmp_path):
    """As check_reload of export.py asks it, which does so in a process of its own (test_export.py)."""
    for base in ("SAR", "SAR-2D"):
        network = awake(base)
        script(awake(base)).save(str(tmp_path / "sar.pt"))
        images = example(CHECK_STRIDES, network.stride)
        with torch.no_grad():
            said = torch.jit.load(str(tmp_path / "sar.pt")).float().eval()(*images)
            expected = network.eval()(*images)
        assert expected.abs().max() > 1.0
        torch.testing.assert_close(said, expected, atol=TOLERANCE_VOXELS, rtol=2e-3)


def awake(base):
    """Its flow is some voxels."""
    torch.manual_seed(0)
    network = build_model(base)
    with torch.no_grad():
        network.networks[0].flow.weight.mul_(30)
    return network


def test_generators_are_single_networks():
    for wrong in (Architecture("SAR", 2), Architecture("SAR-2D", 1, "light")):
        with pytest.raises(TrainingError, match="one network"):
            build_model(wrong)
    with pytest.raises(TrainingError, match="not below 0"):
        SarOptions(cycle=-1.0)
    assert SarGenerator().stride == 1
    with torch.no_grad():
        assert build_model("SAR")(torch.rand(1, 1, 7, 9, 8), torch.rand(1, 1, 7, 9, 8)).shape == (1, 3, 7, 9, 8)
