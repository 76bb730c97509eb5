"""Training data: motion whose truth is true, appearance that stays in range, reading in the right place."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
import torch.nn.functional as F
from aldk.data.affine import affine_between
from aldk.data.augmentation import (
    cut_field_of_view,
    lesions,
    normalise_variably,
    random_appearance,
    random_curve,
    slice_matrix,
    thick_slices,
)
from aldk.data.deformation import about, affine_matrix, apply_matrix, random_motion, sample, voxels
from aldk.data.draws import Draws, smooth_noise
from aldk.data.io import labels_on_canonical_grid, on_canonical_grid, read_image, read_scan
from aldk.data.labelmaps import head_around, random_shapes, tissue_classes
from aldk.data.loader import Items, stream
from aldk.data.pairs import BetweenSubjects, View
from aldk.data.subjects import Subject, Subjects
from aldk.errors import TrainingError
from LDRRegistrationLib.numerics.displacement import compose, jacobianDeterminant, warp

SHAPE = (32, 48, 40)
SCALES = [[40.0, 5.0], [16.0, 3.0]]


def blob(shape=SHAPE, seed=3):
    """A textured object, 0 to 1, with air around it."""
    noise = smooth_noise(Draws(seed), 1, shape, 5.0)[0]
    axes = [(torch.arange(n) - (n - 1) / 2) / (0.4 * n) for n in shape]
    inside = axes[0].square()[:, None, None] + axes[1].square()[None, :, None] + axes[2].square() < 1
    return torch.sigmoid(1.5 * noise) * inside


def test_smooth_noise_has_unit_variance_and_the_asked_smoothness():
    fine, coarse = (smooth_noise(Draws(5), 8, (40, 40, 40), scale) for scale in (3.0, 12.0))
    assert 0.8 < float(fine.std()) < 1.2
    assert float(fine.diff(dim=1).std()) > 2.5 * float(coarse.diff(dim=1).std())


@pytest.mark.parametrize("seed", range(4))
def test_the_backward_flow_undoes_the_forward_one(seed):
    motion = random_motion(Draws(seed), SHAPE, 2.0, SCALES)
    forward, backward = motion.forward[None] / 2, motion.backward[None] / 2
    rest = compose(backward, forward)[0]
    inner = (slice(None), slice(4, -4), slice(4, -4), slice(4, -4))
    assert float(forward[0][inner].abs().max()) > 0.03
    assert float(rest[inner].abs().max()) < 0.1 * float(forward[0][inner].abs().max()) + 0.01


def test_the_true_flows_of_a_pair_move_each_image_onto_the_other(tiny_config):
    """Over several items, because in some of them hardly anything moves."""
    items = Items(tiny_config, 7)
    before, after = 0.0, 0.0
    for number in range(6):
        pair = items[number][1]
        for p in (pair, pair.swapped()):
            flow = F.interpolate(p.forward, scale_factor=2.0, mode="trilinear", align_corners=False)
            moved = warp(p.clean_moving, flow)
            inner = (slice(None), slice(None), slice(6, -6), slice(6, -6), slice(6, -6))
            before += float((p.clean_moving - p.clean_fixed)[inner].abs().mean())
            after += float((moved - p.clean_fixed)[inner].abs().mean())
    assert after < 0.4 * before


@pytest.mark.parametrize("seed", range(6))
def test_motion_does_not_fold(seed):
    motion = random_motion(Draws(seed), SHAPE, 2.0, [[64, 4.5], [32, 4.0], [16, 3.0]])
    flow = (motion.positions - voxels(SHAPE))[None]
    assert float((jacobianDeterminant(flow) <= 0).float().mean()) < 1e-3
    assert flow.abs().max() > 0.05


def test_affine_matrix_turns_by_the_angle_and_keeps_what_it_is_about():
    matrix = about(affine_matrix(Draws(0), 90.0, 0.0, 0.0), np.array([3.0, 4.0, 5.0]))
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(matrix @ [3, 4, 5, 1], [3, 4, 5, 1], atol=1e-12)


def test_affine_between_finds_a_known_affine():
    truth = about(affine_matrix(Draws(2), 8.0, 0.06, 0.0), (np.array(SHAPE) - 1) / 2)
    truth[:3, 3] += [1.5, -2.0, 1.0]
    fixed = sample(blob()[None], apply_matrix(truth, voxels(SHAPE)))[0]
    found = affine_between(fixed, blob())
    inner = apply_matrix(found, voxels(SHAPE)) - apply_matrix(truth, voxels(SHAPE))
    assert inner[:, 10:-10, 10:-10, 10:-10].norm(dim=0).max() < 0.7


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_appearance_stays_finite_in_range_and_does_not_vanish(seed, absolute):
    image = random_appearance(blob(), Draws(seed), 2.0, 1.0, absolute)
    assert image.shape == SHAPE
    assert torch.isfinite(image).all()
    assert float(image.min()) >= 0 and float(image.max()) <= 1
    assert float(image.std()) > 0.02
    assert not torch.equal(image, blob())


def test_appearance_of_strength_zero_is_the_normalised_image():
    torch.testing.assert_close(random_appearance(blob(), Draws(0), 2.0, 0.0), normalise_variably(blob()))


def test_normalisation_undoes_scale_and_offset_and_survives_a_constant():
    torch.testing.assert_close(normalise_variably(700 * blob() + 30), normalise_variably(blob()), atol=1e-4, rtol=0)
    assert torch.isfinite(normalise_variably(torch.full(SHAPE, 7.0))).all()


def test_a_monotone_curve_keeps_the_order_of_intensities():
    ramp = torch.linspace(0, 1, 200).view(200, 1, 1)
    rising = [random_curve(ramp, Draws(seed), True).flatten().diff().min() for seed in range(5)]
    others = [random_curve(ramp, Draws(seed), False).flatten().diff().min() for seed in range(5)]
    assert min(rising) >= -1e-6
    assert max(others) < 0


def test_thick_slices_average_along_their_axis_only():
    image = torch.zeros(12, 6, 6)
    image[5] = 1.0
    thick = thick_slices(image, 0, 3.0, 0.0)
    torch.testing.assert_close(thick[4], torch.full((6, 6), 1 / 3))
    torch.testing.assert_close(thick_slices(image, 1, 3.0, 0.4), image)
    assert thick[9:].abs().max() == 0
    assert not torch.equal(thick, thick_slices(image, 0, 3.0, 0.5))


@pytest.mark.parametrize(("thickness", "offset"), [(1.0, 0.0), (2.6, 0.3), (5.0, 0.99), (40.0, 0.5)])
def test_slices_keep_a_constant(thickness, offset):
    matrix = slice_matrix(31, thickness, offset)
    torch.testing.assert_close(matrix.sum(1), torch.ones(31))
    assert float(matrix.min()) >= 0


def test_lesions_change_tissue_in_small_places_and_never_air():
    changed = lesions(blob(), Draws(1), 2.0) != blob()
    assert 0 < float(changed.float().mean()) < 0.5
    assert not changed[blob() == 0].any()


def test_truncation_empties_one_end():
    image = torch.ones(SHAPE)
    cut = cut_field_of_view(image, Draws(4))
    assert 0.04 < float((cut == 0).float().mean()) < 0.26
    assert image.min() == 1


def test_shapes_have_the_labels_asked_for():
    labels = random_shapes(Draws(0), (24, 24, 24), 9)
    assert int(labels.max()) == 8
    assert len(labels.unique()) > 5


def test_tissue_classes_part_bright_from_dark_and_leave_air():
    images = torch.zeros(2, 10, 10, 10)
    images[:, 2:8] = torch.tensor([0.2, 0.9]).view(2, 1, 1, 1)
    images[:, 5:8] = torch.tensor([0.9, 0.2]).view(2, 1, 1, 1)
    classes = tissue_classes(images, 2, 0)
    assert classes[:2].max() == 0
    assert classes[2:5].unique().tolist() + classes[5:8].unique().tolist() in ([1, 2], [2, 1])


def test_a_head_surrounds_the_brain_without_touching_it():
    brain = torch.nn.functional.avg_pool3d(blob()[None], 1)[0] > 0
    head = head_around(brain, Draws(0), 4.0, 8)
    inside = torch.nn.functional.pad(brain, [8] * 6)
    assert head.shape == inside.shape
    assert head[inside].max() == 0
    assert {1, 2, 3, 4} <= set(head.unique().tolist())
    assert head[-1].max() == 0


def test_between_subjects_brings_their_structures_together():
    """Two copies of one object, one shifted: the alignment to the common place must undo the shift."""
    image = blob()
    labels = (image > 0.5).to(torch.int16) + (image > 0).to(torch.int16)
    shift = np.eye(4)
    shift[1, 3] = 3.0
    there = {
        "a": Subject("a", image[None], labels, 2.0, np.eye(4)),
        "b": Subject("b", image.roll(3, 1)[None], labels.roll(3, 1), 2.0, np.eye(4)),
    }
    subjects = Subjects(list(there), there.__getitem__, lambda common, moved: shift)
    still = View(rotation=0.0, shift_mm=0.0, mirror=[False] * 3)
    source = BetweenSubjects(subjects, still, [[40.0, 0.0]], structures=3, strength=0.0)
    pairs = [source.draw(Draws(seed), (32, 32, 32), 2.0) for seed in range(12)]
    overlap = [
        float((2 * p.segments_fixed * p.segments_moving).sum() / (p.segments_fixed + p.segments_moving).sum())
        for p in pairs
    ]
    # Some of the pairs differ by the small affine that pre-alignment leaves; the nearly still ones hardly.
    assert max(overlap) > 0.85
    assert pairs[0].segments_fixed.shape == (3, 16, 16, 16)
    assert float(pairs[0].segments_fixed.amax((1, 2, 3)).min()) == 0.0  # the third structure does not exist


def test_items_follow_from_seed_and_number(tiny_config):
    first, again = Items(tiny_config, 7)[3], Items(tiny_config, 7)[3]
    assert first[0] == "shapes"
    torch.testing.assert_close(first[1].fixed, again[1].fixed, rtol=0, atol=0)
    assert not torch.equal(first[1].fixed, Items(tiny_config, 7)[4][1].fixed)
    assert not torch.equal(first[1].fixed, Items(tiny_config, 8)[3][1].fixed)
    torch.testing.assert_close(next(iter(stream(tiny_config, 7, 3, workers=1)))[1].moving, first[1].moving)


def test_swapping_exchanges_every_role(tiny_config):
    _, pair = Items(tiny_config, 7)[0]
    swapped = pair.swapped()
    assert swapped.fixed is pair.moving and swapped.clean_moving is pair.clean_fixed
    assert swapped.forward is pair.backward and swapped.backward is pair.forward


def test_reading_places_itk_files_in_ras(tmp_path):
    """One bright voxel of an oblique, anisotropic file must land where ITK says it is, with L and P negated."""
    array = np.zeros((10, 12, 14), dtype=np.float32)
    array[4, 6, 8] = 100.0
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((2.0, 2.0, 4.0))
    image.SetOrigin((5.0, -7.0, 11.0))
    image.SetDirection((0, 0, 1, -1, 0, 0, 0, -1, 0))
    sitk.WriteImage(image, str(tmp_path / "one.nii.gz"))
    read = read_image(tmp_path / "one.nii.gz")
    point = np.array(image.TransformIndexToPhysicalPoint((8, 6, 4)))
    np.testing.assert_allclose((read.ijkToRas @ [8, 6, 4, 1])[:3], point * [-1, -1, 1], atol=1e-5)

    onGrid, grid = on_canonical_grid(read, 2.0)
    weights = onGrid.numpy() / onGrid.sum().item()
    center = (grid.pointsRas() * weights[..., None]).sum((0, 1, 2))
    np.testing.assert_allclose(center, point * [-1, -1, 1], atol=0.05)
    labels = labels_on_canonical_grid(read, 2.0)
    assert set(labels.unique().tolist()) == {0, 100}


def written(array, path):
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


def test_metal_and_padding_of_a_ct_scan_are_filled_and_not_refused(tmp_path):
    """A general mix holds scans as they come from the scanner: a filling in a tooth, a circle of padding."""
    rng = np.random.default_rng(3)
    air = np.full((24, 24, 24), -1000, dtype=np.int16)
    air[4:20, 4:20, 4:20] = 40
    scan = air + rng.integers(-15, 15, air.shape, dtype=np.int16)
    scan[:, :2], scan[10:12, 10:12, 10:12] = -3024, 3200
    image = read_scan(written(scan, tmp_path / "ct.nii.gz"))
    assert image.known is None
    assert image.array.min() > -1100
    assert image.array[10:12, 10:12, 10:12].max() < 1000


def test_what_is_not_a_number_is_refused(tmp_path):
    scan = np.random.default_rng(3).normal(100, 20, (24, 24, 24)).astype(np.float32)
    scan[5, 5, 5] = np.nan
    with pytest.raises(TrainingError, match="not a number"):
        read_scan(written(scan, tmp_path / "mr.nii.gz"))
