"""Pairs of real and HDF5 subjects: three augmentations, names, and who sees which item."""

from pathlib import Path

import numpy as np
import pytest
import torch
from aldk.data.deformation import (
    apply_matrix,
    bspline_displacement,
    bspline_matrix,
    random_motion,
    random_positions,
    sample,
    sample_at,
    sampling_grid,
    voxels,
)
from aldk.data.draws import Draws
from aldk.data.loader import Items, read_config, read_tasks, stream
from aldk.data.pairs import OnDataGrid, collate, plain_pair, segments
from aldk.data.subjects import Subject, Subjects, data_root, read_subject
from aldk.errors import TrainingError

FIRST, SECOND = "hippocampus_001", "hippocampus_014"
SHAPE = (32, 24, 16)


@pytest.fixture
def two():
    """Two objects on grids of different sizes, labels 1 to 3 by brightness, whose grids' middles are aligned."""

    def load(name):
        numbers = np.random.default_rng(ord(name))
        shape = (32, 24, 16) if name == "a" else (36, 28, 18)
        coarse = torch.from_numpy(numbers.random((1, 1, 9, 7, 5)).astype(np.float32))
        image = torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear", align_corners=True)[0]
        return Subject(name, image, (image[0] * 4).to(torch.int16), 1.0, np.eye(4))

    def place(common, subject):
        matrix = np.eye(4)
        matrix[:3, 3] = subject.middle - common.middle
        return matrix

    return Subjects(["a", "b"], load, place)


def tensors(pair):
    return [pair.fixed, pair.moving, pair.clean_fixed, pair.clean_moving, pair.segments_fixed, pair.segments_moving]


def test_one_product_samples_where_two_passes_do():
    volume, matrix = torch.rand(2, 9, 11, 7), np.eye(4)
    matrix[:3] += np.random.default_rng(0).normal(0, 0.1, (3, 4))
    at = voxels((6, 8, 5)) * 1.3
    for mode in ("bilinear", "nearest"):
        expected = sample(volume, apply_matrix(matrix, at), mode=mode)
        torch.testing.assert_close(sample_at(volume, sampling_grid(matrix, at, (9, 11, 7)), mode), expected)


def test_positions_alone_are_those_of_the_motion():
    scales, moved = [[24.0, 1.5], [12.0, 0.7]], 0.0
    for seed in range(4):
        motion = random_motion(Draws(seed), SHAPE, 1.0, scales)
        affine, positions = random_positions(Draws(seed), SHAPE, 1.0, scales)
        assert float((apply_matrix(affine, positions) - motion.positions).abs().max()) < 0.05
        moved = max(moved, float((positions - voxels(SHAPE)).abs().max()))
    assert moved > 0.5


def test_bsplines_are_a_partition_of_unity_inside_and_follow_the_cubic():
    weights = bspline_matrix(128)
    assert weights.shape == (128, 5)
    torch.testing.assert_close(weights.sum(1)[32:96], torch.ones(64))
    # Beside a control point the cubic B-spline gives it two thirds and each neighbour a sixth.
    torch.testing.assert_close(weights[64], torch.tensor([0, 1 / 6, 2 / 3, 1 / 6, 0]), atol=0.02, rtol=0)
    torch.testing.assert_close(weights, weights.flip(0, 1))


@pytest.mark.parametrize(("shape", "reach"), [((128, 64, 32), (12.8, 6.4, 3.2)), ((48, 64, 48), (4.8, 6.4, 4.8))])
def test_bspline_displacements_stay_within_their_reach_and_are_smooth(shape, reach):
    largest = torch.stack([bspline_displacement(Draws(n), shape).abs().amax((1, 2, 3)) for n in range(6)]).amax(0)
    assert all(0.15 * r < float(value) <= r for value, r in zip(largest, reach, strict=True))
    displacement = bspline_displacement(Draws(0), shape)
    for axis, r in enumerate(reach):
        assert float(displacement[axis].diff(dim=axis).abs().max()) < 2.0 * r / (shape[axis] / 4)


def test_a_plain_pair_is_the_images_as_they_were_read(two):
    """Grids of the common brain's own spacing and size: its voxels themselves, without interpolation."""
    pair = plain_pair(two, "a", "b", SHAPE, 1.0, structures=3)
    torch.testing.assert_close(pair.fixed, two.named("a").images, atol=1e-5, rtol=0)
    torch.testing.assert_close(pair.moving, two.named("b").images[:, 2:-2, 2:-2, 1:-1], atol=1e-5, rtol=0)
    assert pair.clean_fixed is pair.fixed and pair.clean_moving is pair.moving
    assert pair.names == (("a", "b"),)
    labels = two.named("a").labels
    for channel, label in enumerate((1, 2, 3)):
        assert float(pair.segments_fixed[channel].sum()) * 8 == int((labels == label).sum())


def test_a_plain_pair_swapped_is_the_pair_of_the_names_swapped(two):
    pair, other = plain_pair(two, "a", "b", SHAPE, 1.1, 2).swapped(), plain_pair(two, "b", "a", SHAPE, 1.1, 2)
    assert pair.names == other.names == (("b", "a"),)
    for first, second in zip(tensors(pair), tensors(other), strict=True):
        assert torch.equal(first, second)


def test_items_without_augmentation_are_the_plain_pairs_that_are_stored(folder_config):
    path = folder_config(augmentation="none")
    (task,) = read_tasks(path)
    _, item = Items(path, 3)[5]
    ((fixed, moving),) = item.names
    pair = plain_pair(task.source.subjects, fixed, moving, (32, 32, 32), 1.5)
    assert torch.equal(item.fixed[0], pair.fixed) and torch.equal(item.moving[0], pair.moving)
    assert item.segments_fixed.shape == (1, 4, 16, 16, 16)
    config = read_config(path)
    read = read_subject(data_root(config, path), config["datasets"]["folder"], fixed)
    assert abs(float(item.fixed.max() - read.images.max())) < 0.1


def test_the_papers_augmentation_leaves_the_fixed_image_and_deforms_the_moving_one(two):
    source = OnDataGrid(two, structures=3, deformed=True)
    for seed in range(3):
        pair = source.draw(Draws(seed), SHAPE, 1.0)
        plain = plain_pair(two, *pair.names[0], SHAPE, 1.0)
        assert torch.equal(pair.fixed, plain.fixed) and torch.equal(pair.clean_fixed, plain.fixed)
        assert torch.equal(pair.clean_moving, pair.moving)
        assert float((pair.moving - plain.moving).abs().mean()) > 0.002


def test_labels_move_with_their_image_through_a_free_form_deformation(two):
    displacement, moving = bspline_displacement(Draws(1), SHAPE), two.named("b")
    pair = plain_pair(two, "a", "b", SHAPE, 1.0, 3, displacement=displacement)
    at = voxels(SHAPE) + displacement + torch.tensor([2.0, 2.0, 1.0]).view(3, 1, 1, 1)
    torch.testing.assert_close(pair.moving, sample(moving.images, at), atol=1e-4, rtol=0)
    labels = sample(moving.labels[None].float(), at, mode="nearest")[0]
    expected = torch.stack([torch.nn.functional.avg_pool3d((labels == n).float()[None], 2)[0] for n in (1, 2, 3)])
    # A voxel may lie within rounding of the border between two labels.
    assert float((pair.segments_moving != expected).float().mean()) < 1e-3
    still = plain_pair(two, "a", "b", SHAPE, 1.0, 3)
    assert float((still.segments_moving != expected).float().mean()) > 0.1


def test_labels_follow_a_known_displacement_exactly(two):
    shift = torch.zeros(3, *SHAPE)
    shift[1] = 2.0
    pair = plain_pair(two, "a", "b", SHAPE, 1.0, 3, displacement=shift)
    plain = plain_pair(two, "a", "b", SHAPE, 1.0, 3)
    torch.testing.assert_close(pair.moving[:, :, :-2], plain.moving[:, :, 2:], atol=1e-5, rtol=0)
    assert torch.equal(pair.segments_moving[:, :, :-1], plain.segments_moving[:, :, 1:])
    assert torch.equal(pair.segments_fixed, plain.segments_fixed) and torch.equal(pair.fixed, plain.fixed)


def test_segments_are_shares_of_labels_that_both_have():
    fixed, moving = torch.zeros(8, 8, 8, dtype=torch.int16), torch.zeros(8, 8, 8, dtype=torch.int16)
    fixed[:4], fixed[4:7] = 700, 3
    moving[:4], moving[5:, :, 1:] = 700, 5
    first, second = segments(fixed, moving, 2, Draws(0))
    expected = torch.nn.functional.avg_pool3d((fixed == 700).float()[None], 2)[0]
    assert torch.equal(first[0], expected) and torch.equal(second[0], expected)
    assert float(first[1].max()) == float(second[1].max()) == 0.0
    assert segments(fixed, None, 2, None) == (None, None)


@pytest.mark.parametrize("augmentation", ["view", "paper", "none"])
def test_every_augmentation_names_its_subjects_and_keeps_segments(folder_config, augmentation):
    task, pair = Items(folder_config(augmentation=augmentation), 1, batch=3)[0]
    assert task == "folder" and pair.fixed.shape == (3, 1, 32, 32, 32) and len(pair.names) == 3
    assert {name for names in pair.names for name in names} == {FIRST, SECOND}
    assert all(fixed != moving for fixed, moving in pair.names)
    assert pair.swapped().names == tuple((moving, fixed) for fixed, moving in pair.names)
    assert float(pair.segments_fixed.sum()) > 0 and float(pair.segments_moving.sum()) > 0
    assert 0.0 <= float(pair.moving.min()) and float(pair.moving.max()) <= 1.0 + 1e-6


def test_pairs_from_hdf5_files_are_the_stored_voxels(public_config):
    path = public_config(augmentation="none")
    task, pair = Items(path, 0)[1]
    ((fixed, moving),) = pair.names
    config = read_config(path)
    native = [read_subject(data_root(config, path), config["datasets"]["train"], n) for n in (fixed, moving)]
    assert task == "train" and fixed != moving and pair.segments_fixed is None
    for image, subject in zip((pair.fixed, pair.moving), native, strict=True):
        torch.testing.assert_close(image[0], subject.images, atol=1e-5, rtol=0)
        assert float((subject.images * 255 - (subject.images * 255).round()).abs().max()) < 1e-3
        assert float(subject.images.max()) > 0.99


def test_an_atlas_is_the_fixed_image_of_every_item(public_config):
    items = Items(public_config(atlas="lits/1"), 0)
    names = {items[n][1].names[0] for n in range(12)}
    assert {fixed for fixed, _ in names} == {"lits/1"}
    assert {moving for _, moving in names} == {"liver/132", "liver/133", "pancreas/1"}


def test_simulated_pairs_are_named_after_their_task(tiny_config):
    _, pair = Items(tiny_config, 7, batch=2)[0]
    assert pair.names == (("shapes", "simulated"),) * 2
    assert pair.forward.shape[0] == 2


def test_a_batch_lacks_what_one_of_its_pairs_lacks(two):
    pair = plain_pair(two, "a", "b", SHAPE, 1.0, 2)
    without = plain_pair(two, "b", "a", SHAPE, 1.0)
    assert collate([pair, without]).segments_fixed is None
    assert collate([pair, pair]).segments_fixed.shape[0] == 2


def numbers_of(config, count, **options):
    loader = stream(config, 7, **options)
    numbers = loader.sampler
    return [number for number, _ in zip(numbers, range(count), strict=False)], loader


def test_processes_that_train_together_share_the_items_out(folder_config):
    path = folder_config()
    alone, loader = numbers_of(path, 8, start=6, workers=0)
    parts = [numbers_of(path, 4, start=6, workers=0, rank=rank, world=2) for rank in (0, 1)]
    assert sorted(parts[0][0] + parts[1][0]) == alone == list(range(6, 14))
    whole, second = iter(loader), iter(parts[1][1])
    next(whole)
    assert torch.equal(next(whole)[1].fixed, next(second)[1].fixed)


def test_an_error_in_the_process_that_makes_items_arrives_as_its_sentence(folder_config, tmp_path):
    source = Path(read_config(folder_config())["root"])
    (tmp_path / "images").mkdir()
    first, second = ((source / f"images/{name}.nii.gz").read_bytes() for name in (FIRST, SECOND))
    (tmp_path / f"images/{FIRST}.nii.gz").write_bytes(first)
    # The header is whole, so the check at the start passes; half of the voxels are not there.
    (tmp_path / f"images/{SECOND}.nii.gz").write_bytes(second[: len(second) // 2])
    path = folder_config(root=str(tmp_path), labels=None)
    with pytest.raises(TrainingError, match=r"^[^\n]*hippocampus_014.nii.gz is damaged[^\n]*\.$"):
        next(iter(stream(path, 0, 0, workers=1)))
