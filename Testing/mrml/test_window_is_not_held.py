"""What would hold the window for long with a large volume is done by the thread that computes, or in portions."""

from itertools import pairwise

import numpy as np
import pytest
import vtk
from LDRRegistrationLib.mrml import portions as portionsModule
from LDRRegistrationLib.mrml import resampling, volumes
from LDRRegistrationLib.mrml.carriedcopies import computeCopies, prepareCopies, publishCopies
from LDRRegistrationLib.mrml.checkerboard import computeCheckerboard, prepareCheckerboard, publishCheckerboard
from LDRRegistrationLib.mrml.nodes import cloneNode
from LDRRegistrationLib.mrml.portions import PORTION_SECONDS, portions
from LDRRegistrationLib.space.grid import Grid
from support.grids import random_grid, smooth_image
from support.scene import add_linear_transform, add_volume, array_of, newScene


class Clock:
    """A clock that work moves on, not time."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(portionsModule.time, "perf_counter", lambda: self.now)

    def work(self, seconds):
        self.now += seconds


@pytest.mark.parametrize("seconds_an_item", [1e-7, 1e-5, 3e-4])
def test_portions_cover_all_and_last_as_long_as_they_should(monkeypatch, seconds_an_item):
    clock, asked = Clock(monkeypatch), []
    covered, lengths = [], []
    for portion in portions(1_000_000, 1_000, 10, lambda: asked.append(1)):
        covered.extend((portion.start, portion.stop))
        lengths.append((portion.stop - portion.start) * seconds_an_item)
        clock.work(lengths[-1])
    assert covered[0] == 0 and covered[-1] == 1_000_000 and covered[1:-1:2] == covered[2::2]
    assert len(asked) == len(lengths)
    settled = lengths[12:-1]
    assert all(0.5 * PORTION_SECONDS < seconds < 1.5 * PORTION_SECONDS for seconds in settled)
    assert max(lengths[1:]) < 2.1 * PORTION_SECONDS


def test_work_that_becomes_slower_gets_shorter_portions(monkeypatch):
    """The inverse of a grid takes many steps in one place, and one in another."""
    clock, slow = Clock(monkeypatch), []
    for portion in portions(400_000, 1_000):
        each = 1e-6 if portion.start < 200_000 else 1e-4
        seconds = (portion.stop - portion.start) * each
        if each == 1e-4:
            slow.append(seconds)
        clock.work(seconds)
    assert max(slow[1:]) < 2 * PORTION_SECONDS


@pytest.mark.parametrize(("nk", "nj"), [(1, 7), (5, 1), (6, 9), (13, 4)])
def test_blocks_cover_each_row_once(nk, nj):
    rng = np.random.default_rng(nk)
    for _ in range(20):
        cuts = np.unique(np.concatenate([[0, nk * nj], rng.integers(0, nk * nj + 1, 6)]))
        rows = [slice(int(a), int(b)) for a, b in pairwise(cuts)]
        seen = np.zeros((nk, nj), int)
        for k, j in resampling._blocks(nk, nj, iter(rows)):
            seen[k, j] += 1
        assert (seen == 1).all()


def test_parts_of_planes_are_resampled_as_whole_volumes_are(monkeypatch):
    rng = np.random.default_rng(3)
    image = smooth_image(rng, random_grid(rng, (9, 14, 11)))
    transform = vtk.vtkTransform()
    transform.RotateZ(20.0)
    grid = Grid((8, 13, 12), image.ijkToRas)
    data = volumes.imageDataFromArray(image.array)

    def carried():
        result = resampling.resample(data, image.ijkToRas, transform, grid, False, 0.0)
        return volumes.numpy_support.vtk_to_numpy(result.GetPointData().GetScalars()).copy()

    whole = carried()
    monkeypatch.setattr(resampling, "portions", lambda count, first, check: (slice(n, n + 1) for n in range(count)))
    np.testing.assert_array_equal(carried(), whole)


def volume(scene, name, seed=5):
    rng = np.random.default_rng(seed)
    node = add_volume(scene, smooth_image(rng, random_grid(rng, (20, 22, 18))), name)
    node.CreateDefaultDisplayNodes()
    return node


def test_a_copy_that_only_moves_has_voxels_of_its_own():
    scene = newScene()
    node = volume(scene, "moving")
    turn = np.array([[0.0, -1, 0, 3], [1, 0, 0, 4], [0, 0, 1, 5], [0, 0, 0, 1]])
    job = prepareCopies(add_linear_transform(scene, turn), [node])
    computeCopies(job)
    (copy,) = publishCopies(job)
    np.testing.assert_array_equal(array_of(copy), array_of(node))
    assert array_of(copy).dtype == array_of(node).dtype and not np.shares_memory(array_of(copy), array_of(node))
    array_of(copy)[:] = 0
    assert array_of(node).any()


def test_a_result_keeps_the_window_of_its_volume_and_looks_for_none():
    """A window of its own is found anew at each change of voxels: for a large volume that takes seconds."""
    scene = newScene()
    fixed, moving = volume(scene, "fixed"), volume(scene, "moving", 6)
    display = moving.GetScalarVolumeDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(100.0, 900.0)
    display.AutoWindowLevelOn()
    wanted = display.GetWindowLevelMin(), display.GetWindowLevelMax()
    result = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "result")
    volumes.updateVolumeNode(result, volumes.imageDataFromArray(np.ones((6, 7, 8), np.float32)), fixed, moving)
    found = result.GetScalarVolumeDisplayNode()
    assert (found.GetWindowLevelMin(), found.GetWindowLevelMax()) == wanted and not found.GetAutoWindowLevel()
    clone = cloneNode(moving, "clone", withoutVoxels=True)
    assert clone.GetImageData() is None and moving.GetImageData() is not None
    assert not clone.GetScalarVolumeDisplayNode().GetAutoWindowLevel() and moving.GetDisplayNode().GetAutoWindowLevel()


def test_a_checkerboard_shares_nothing_with_its_volumes():
    scene = newScene()
    fixed, moving = volume(scene, "fixed"), volume(scene, "moving", 6)
    job = prepareCheckerboard(fixed, moving, add_linear_transform(scene, np.eye(4)))
    board = publishCheckerboard(job, computeCheckerboard(job))
    for node in (fixed, moving):
        assert not np.shares_memory(array_of(board), array_of(node))
    assert board.GetScalarVolumeDisplayNode().GetWindow() == fixed.GetScalarVolumeDisplayNode().GetWindow()


def test_the_least_value_is_the_background_of_what_is_carried():
    """It was VTK's range before, which counts no NaN either."""
    scene = newScene()
    node = volume(scene, "moving")
    array_of(node)[:] += 300
    half = np.diag([0.9, 0.9, 0.9, 1.0])
    half[0, 1] = 0.2
    job = prepareCopies(add_linear_transform(scene, half), [node])
    least = array_of(node).min()
    computeCopies(job)
    (copy,) = publishCopies(job)
    assert array_of(copy).min() == least and array_of(copy).flat[0] == least
