"""The evaluation: measures against known answers and against ITK."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from aldk.errors import TrainingError
from aldk.evaluation.methods import Answer, EngineMethod, no_motion
from aldk.evaluation.metrics import carry_labels, counted_labels, hausdorff95, overlap, plausibility
from aldk.evaluation.networkmethod import NetworkMethod, intensities_of
from aldk.evaluation.pairs import EvaluationPair, read_landmarks, read_pairs
from aldk.evaluation.runner import WHOLE, evaluate
from aldk.evaluation.summary import lowest_mean, per_structure, summary
from aldk.models import Architecture, build_model
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.space.grid import Grid, canonicalGrid, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support import itk
from support.data import HIPPOCAMPUS_PAIRS, SAMPLE_DATA
from support.grids import grid_over, points_inside, random_affine, random_grid, random_transform, smooth_image
from support.models import write_model


def read_bundled(count=None):
    return list(read_pairs(SAMPLE_DATA, HIPPOCAMPUS_PAIRS, count))


def warped_by_itk(transform, labels, grid):
    image = sitk.Resample(itk.from_image(labels), itk.empty(grid), transform, sitk.sitkNearestNeighbor, 0.0)
    return sitk.GetArrayFromImage(image)


def made_up_pair(rng, transform_of):
    """Labels and landmarks of a moving image on a grid of its own, and what ITK makes of them on the fixed grid."""
    fixed = random_grid(rng, (18, 26, 22))
    moving = grid_over(rng, fixed, (30, 24, 28))
    transform = transform_of(rng, fixed)
    image = smooth_image(rng, moving)
    labels = Image(np.digitize(image.array, (300, 500, 700)).astype(np.int16), moving.ijkToRas, "moving labels")
    carried = Image(warped_by_itk(itk.from_transform(transform), labels, fixed), fixed.ijkToRas, "fixed labels")
    points = points_inside(rng, fixed, 20)
    landmarks = {"liver": (points, itk.transform_points(itk.from_transform(transform), points))}
    still = Image(np.zeros(fixed.shape, np.float32), fixed.ijkToRas, "fixed")
    return EvaluationPair("made up", still, image, carried, labels, landmarks), transform


def affine_only(rng, grid):
    return Transform(random_affine(rng, grid.centerRas))


@pytest.mark.parametrize("transform_of", [affine_only, random_transform])
@pytest.mark.parametrize("seed", range(3))
def test_the_true_field_is_perfect_on_oblique_grids_and_no_motion_is_not(seed, transform_of):
    pair, transform = made_up_pair(np.random.default_rng(seed), transform_of)
    frame = evaluate(lambda p: transform.displacement(p.fixed.grid), [pair])
    labels = frame[frame["dice"].notna() & (frame["structure"] != WHOLE)]
    assert len(labels) >= 2
    # A voxel on the edge between two moving voxels may go either way.
    assert labels["dice"].min() > 0.995
    landmarks = frame[frame["structure"] == "liver"].iloc[0]
    # Between the voxels u is interpolated linearly, ITK knows the curved field.
    assert landmarks["tre"] < (1e-3 if transform.field is None else 0.2) < landmarks["tre_initial"]
    # det A is not 1, but the same everywhere.
    if transform.field is None:
        whole = frame[frame["structure"] == WHOLE].iloc[0]
        assert (whole["folds"], whole["sd_log_j"]) == (0, pytest.approx(0.0, abs=1e-4))

    still = evaluate(no_motion, [pair])
    assert still["dice"].dropna().tolist() == still["dice_initial"].dropna().tolist()
    assert still["dice"].min() < 0.9
    assert still[still["structure"] == "liver"].iloc[0]["tre"] == pytest.approx(landmarks["tre_initial"])


@pytest.mark.parametrize("seed", range(3))
def test_labels_are_carried_as_itk_carries_them(seed):
    pair, transform = made_up_pair(np.random.default_rng(100 + seed), random_transform)
    grid = pair.fixed.grid
    carried = carry_labels(pair.moving_labels, transform.displacement(grid), grid)
    judge = warped_by_itk(itk.from_transform(transform), pair.moving_labels, grid)
    assert (carried != judge).mean() < 0.002


def test_half_a_voxel_is_rounded_one_way_in_spite_of_noise():
    grid = grid_of((1.0, 1.0, 1.0))
    labels = Image(cube(grid.shape, (3, 4, 5)), grid.ijkToRas)
    u = np.random.default_rng(0).uniform(-1e-6, 1e-6, (*grid.shape, 3)) + np.array([0.5, 0.0, 0.0])
    np.testing.assert_array_equal(carry_labels(labels, u, grid), cube(grid.shape, (3, 4, 4)))


def test_no_motion_is_the_overlap_that_itk_finds():
    pair = read_bundled(1)[0]
    frame = evaluate(no_motion, [pair])
    judge = sitk.LabelOverlapMeasuresImageFilter()
    moved = warped_by_itk(sitk.Transform(), pair.moving_labels, pair.fixed.grid)
    judge.Execute(*(sitk.GetImageFromArray(m.astype(np.int32)) for m in (pair.fixed_labels.array, moved)))
    for label in (1, 2):
        row = frame[frame["structure"] == str(label)].iloc[0]
        assert row["dice"] == row["dice_initial"] == pytest.approx(judge.GetDiceCoefficient(label), abs=2e-3)
    whole = frame[frame["structure"] == WHOLE].iloc[0]
    assert whole["dice"] == pytest.approx(frame[frame["structure"] != WHOLE]["dice"].mean())
    assert (whole["folds"], whole["sd_log_j"]) == (0, 0.0)


def grid_of(spacing, shape=(20, 24, 28)):
    return Grid(shape, np.diag([*spacing, 1.0]))


def cube(shape, start, size=10, label=1):
    array = np.zeros(shape, np.int16)
    array[tuple(slice(s, s + size) for s in start)] = label
    return array


def test_overlap_and_surface_distance_of_a_shifted_cube():
    grid = grid_of((2.0, 1.0, 0.5))
    first, second = cube(grid.shape, (3, 4, 5)), cube(grid.shape, (3, 4, 8))
    found = overlap(first, second, [1])[1]
    assert found.dice == pytest.approx(0.7)
    assert found.jaccard == pytest.approx(0.7 / (2 - 0.7))
    # Three voxels along i, 2 mm each; a fifth of a cube's surface lies that far from the other's.
    assert hausdorff95(first, second, [1], grid)[1] == pytest.approx(6.0)
    assert hausdorff95(first, np.zeros_like(first), [1], grid)[1] == pytest.approx(np.linalg.norm([56, 24, 10]))


def test_labels_of_less_than_50_mm3_on_either_side_are_left_out():
    values = np.zeros((10, 10, 10), np.int16)
    values[:5], values[5:8], values[9, 4:9], values[9, 9, :9] = 1, 2, 3, 4
    fixed = Image(values, np.eye(4))
    assert counted_labels(fixed, fixed) == [1, 2, 3]
    moving = np.where(values == 2, 5, values)
    moving[9, 4, 0] = 0
    assert counted_labels(fixed, Image(moving, np.eye(4))) == [1]
    assert counted_labels(fixed, Image(moving.astype(np.float32), np.diag([1.2, 1.0, 1.0, 1.0]))) == [1, 3]


def oblique_grid(shape=(14, 20, 41)):
    return random_grid(np.random.default_rng(3), shape)


def test_folds_and_spread_of_log_j_of_two_halves_that_stretch_differently():
    grid = oblique_grid()
    i = np.arange(41)
    for slopes, folds, deviation in (
        ((0.5, 2.0), 0, math.log(2.0)),  # log J is -log 2 or log 2, half of the cells each
        ((0.5, -0.5), 13 * 19 * 20, 0.0),
        ((0.0, 1.0), 13 * 19 * 20, 0.0),
    ):
        moved = np.where(i <= 20, slopes[0] * i, slopes[0] * 20 + slopes[1] * (i - 20))
        u = np.broadcast_to((moved - i)[:, None] * grid.ijkToRas[:3, 0], (*grid.shape, 3))
        found = plausibility(u, grid)
        assert found.folds == folds
        assert found.folds_percent == pytest.approx(100.0 * folds / (13 * 19 * 40))
        assert found.sd_log_j == pytest.approx(deviation, abs=1e-5)
        assert math.isnan(found.sd_log_j_in_body)
        # The first half alone is stretched evenly, or squeezed to nothing.
        body = np.broadcast_to(i < 20, grid.shape)
        inside = plausibility(u, grid, body)
        assert inside.sd_log_j == found.sd_log_j and inside.folds == folds
        if slopes[0] > 0:
            assert (inside.sd_log_j_in_body, inside.folds_percent_in_body) == (pytest.approx(0.0, abs=1e-5), 0.0)
        else:
            assert inside.folds_percent_in_body == 100.0


@pytest.mark.parametrize(("amplitude", "folding"), [(5.0, False), (14.0, True)])
def test_jacobian_of_a_wave_in_space_is_the_analytic_one(amplitude, folding):
    """u(x) = a sin(w n.x) m has the determinant 1 + a w cos(w n.x) n.m, whatever grid it is sampled on."""
    grid = oblique_grid((40, 60, 50))
    n, m, w = np.array([0.6, 0.0, 0.8]), np.array([0.0, 0.6, 0.8]), 2 * np.pi / 40.0
    phase = w * (grid.pointsRas() @ n)
    found = plausibility((amplitude * np.sin(phase))[..., None] * m, grid)
    cells = phase[:-1, :-1, :-1] + 0.5 * w * (grid.ijkToRas[:3, :3].sum(axis=1) @ n)
    analytic = 1.0 + amplitude * w * np.cos(cells) * (n @ m)
    assert (found.folds > 0) is folding
    assert found.folds_percent == pytest.approx(100.0 * (analytic <= 0).mean(), abs=0.5)
    assert found.sd_log_j == pytest.approx(np.log(analytic[analytic > 0]).std(), rel=0.03)


class ConstantNetwork(torch.nn.Module):
    """Says that everything moved by ``voxels`` (k, j, i); keeps what it was shown."""

    stride = 16
    architecture = Architecture("LDR")

    def __init__(self, voxels):
        super().__init__()
        self.voxels = torch.tensor(voxels).view(1, 3, 1, 1, 1)
        self.seen = []

    def forward(self, fixed, moving):
        self.seen.append((fixed, moving))
        return self.voxels * torch.ones_like(fixed)


def test_a_networks_voxels_become_millimetres_in_space():
    rng = np.random.default_rng(7)
    grid = random_grid(rng, (24, 30, 28))
    away = np.array([5.0, -7.0, 11.0])
    shifted = grid.ijkToRas.copy()
    shifted[:3, 3] += away
    fixed = smooth_image(rng, grid)
    pair = EvaluationPair("shifted", fixed, Image(fixed.array, shifted))
    network = ConstantNetwork((1.0, -2.0, 3.0))
    answer = NetworkMethod(network, 2.0, "grids")(pair)
    way = canonicalGrid(grid, 2.0).ijkToRas[:3, :3] @ np.array([3.0, -2.0, 1.0])
    np.testing.assert_allclose(answer.displacement, np.broadcast_to(away + way, (*grid.shape, 3)), atol=1e-3)
    np.testing.assert_allclose(transformPoints(answer.aligned, grid.cornersRas), grid.cornersRas + away, atol=1e-9)
    # Aligned by their grids, the two images are the same.
    torch.testing.assert_close(*network.seen[0], atol=1e-3, rtol=0)
    assert 0 < answer.values["cpu_seconds"] < answer.values["seconds"]


def test_the_network_sees_what_it_saw_in_training(monkeypatch, tmp_path):
    from aldk.data.subjects import align, read_subject

    monkeypatch.setenv("LDR_CACHE", str(tmp_path))
    pair, network = read_bundled(1)[0], ConstantNetwork((0.0, 0.0, 0.0))
    NetworkMethod(network, 1.0, "content", intensities_of(HIPPOCAMPUS_PAIRS))(pair)
    fixed, moving = (read_subject(SAMPLE_DATA, HIPPOCAMPUS_PAIRS, name) for name in HIPPOCAMPUS_PAIRS["val_pairs"][0])
    torch.testing.assert_close(network.seen[0][0][0, 0], fixed.images[0], rtol=0, atol=0)
    assert np.abs(align(fixed, moving, "content")[:3, 3]).max() > 0.1
    stored = intensities_of({"hdf5": {}})(np.array([0.0, 255.0], np.float32))
    assert stored.tolist() == [0.0, 1.0]


def test_batches_give_the_same_fields_and_keep_the_order():
    torch.manual_seed(0)
    model = build_model("LDR")
    torch.nn.init.normal_(model.networks[0].flow.weight, std=0.05)
    method = NetworkMethod(model, 1.0, "grids")
    pairs = read_bundled()
    one, two = evaluate(method, pairs), evaluate(method, pairs, batch=2)
    assert one["pair"].tolist() == two["pair"].tolist()
    for column in ("dice", "jaccard", "sd_log_j"):
        np.testing.assert_allclose(one[column], two[column], atol=1e-4)
    assert abs(one["dice"] - one["dice_aligned"]).max() > 0.01
    with pytest.raises(ValueError, match="one pair at a time"):
        evaluate(no_motion, pairs, batch=2)


def test_a_field_that_is_none_is_refused():
    pair = read_bundled(1)[0]
    with pytest.raises(TrainingError, match="not finite"):
        evaluate(lambda p: np.full((*p.fixed.grid.shape, 3), np.nan), [pair])
    with pytest.raises(TrainingError, match=r"the displacement is \(2, 2, 2, 3\)"):
        evaluate(lambda p: np.zeros((2, 2, 2, 3)), [pair])
    with pytest.raises(TrainingError, match="no pair to evaluate"):
        evaluate(no_motion, [])


def test_the_engine_is_a_method_like_others(tmp_path):
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    seen = []
    method = EngineMethod(Settings(warp=False, refinementSteps=0), models)
    frame = evaluate(method, read_bundled(1), report=lambda row, answer: seen.append((row, answer)))
    whole = frame[frame["structure"] == WHOLE].iloc[0]
    # The network does nothing, so that the deformable step is refused and the affine one remains.
    assert whole["dice"] == pytest.approx(whole["dice_aligned"], abs=1e-3)
    assert whole["dice"] > whole["dice_initial"] + 0.05
    assert whole["grid_folds_percent"] == 0.0
    assert "deformable step" in " ".join(seen[0][1].notes)
    assert seen[0][0]["seconds"] == whole["seconds"] > 0


def test_landmarks_are_read_as_ras_and_must_correspond(tmp_path):
    (tmp_path / "a.csv").write_text("group,x,y,z\nliver,1,2,3\noutside,4,5,6\nliver,7,8,9\n")
    points = read_landmarks(tmp_path / "a.csv")
    assert {group: p.tolist() for group, p in points.items()} == {
        "liver": [[-1, -2, 3], [-7, -8, 9]],
        "outside": [[-4, -5, 6]],
    }
    with pytest.raises(TrainingError, match="no landmark file"):
        read_landmarks(tmp_path / "b.csv")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    with pytest.raises(TrainingError, match="columns group, x, y, z"):
        read_landmarks(tmp_path / "b.csv")
    pair = read_bundled(1)[0]
    with pytest.raises(TrainingError, match="'liver' do not correspond: 2 in the fixed and 1 in the moving"):
        EvaluationPair("p", pair.fixed, pair.moving, landmarks={"liver": (points["liver"], points["outside"])})
    with pytest.raises(TrainingError, match="another grid"):
        EvaluationPair("p", pair.fixed, pair.moving, pair.moving_labels)


def test_means_leave_the_first_calls_seconds_out():
    pairs = read_bundled()
    seconds, shift = iter([9.0, 0.5]), iter([0.0, 2.0])
    frame = evaluate(lambda p: Answer(no_motion(p) + next(shift), values={"seconds": next(seconds)}), pairs, hd95=True)
    row, parts = summary(frame), per_structure(frame)
    assert (row["pairs"], row["structures"], row["seconds"]) == (2, 2, 0.5)
    whole = frame[frame["structure"] == WHOLE]
    assert row["dice30"] == whole["dice"].min() < row["dice"] == pytest.approx(parts["dice"].mean())
    assert parts["structure"].tolist() == ["1", "2"] and parts["pairs"].tolist() == [2, 2]
    assert row["hd95"] == pytest.approx(parts["hd95"].mean()) and row["hd95"] > 1.0
    assert "tre" not in parts and "dice_aligned" not in row
    assert lowest_mean(np.arange(10.0)) == 1.0 and lowest_mean(np.arange(11.0)) == 1.5
