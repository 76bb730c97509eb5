"""registerVolumes on a real scene: parents respected, outputs filled, nothing touched on error."""

import numpy as np
import pytest
import slicer
import vtk
from LDRRegistrationLib.mrml import volumes
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.registration.recipes import Preset
from LDRRegistrationLib.registration.settings import Prealignment
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.grids import points_inside, random_affine, random_grid, smooth_image
from support.scene import (
    add_linear_transform,
    add_volume,
    array_of,
    from_parent_points,
    newScene,
)
from support.shiftedscene import Scene


def test_transform_and_volume_are_right_and_say_where_they_come_from(logic):
    s = Scene()
    s.moving.CreateDefaultDisplayNodes()
    display = s.moving.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(123.0, 45.0)
    result = logic.registerVolumes(**s.arguments())
    points = points_inside(np.random.default_rng(0), s.fixed_image.grid, 20)
    np.testing.assert_allclose(from_parent_points(s.transform, points) - points, [[0, 4, 0]] * 20, atol=1e-3)
    np.testing.assert_allclose(from_parent_points(s.transform, points), result.transform.points(points), atol=1e-4)
    inner = (slice(4, -4), slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(array_of(s.warped)[inner], s.fixed_image.array[inner], atol=2)
    assert array_of(s.warped).dtype == np.int16
    matrix, expected = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    s.warped.GetIJKToRASMatrix(matrix)
    s.fixed.GetIJKToRASMatrix(expected)
    assert [matrix.GetElement(r, c) for r in range(4) for c in range(4)] == pytest.approx(
        [expected.GetElement(r, c) for r in range(4) for c in range(4)]
    )
    shown = s.warped.GetDisplayNode()
    assert (shown.GetWindow(), shown.GetLevel(), shown.GetAutoWindowLevel()) == (123.0, 45.0, 0)
    roles = slicer.vtkMRMLTransformNode
    assert s.transform.GetNodeReference(roles.GetFixedNodeReferenceRole()) is s.fixed
    assert s.transform.GetNodeReference(roles.GetMovingNodeReferenceRole()) is s.moving


def test_the_node_set_on_the_moving_volume_carries_it_onto_the_fixed_one(logic):
    s = Scene()
    logic.registerVolumes(**s.arguments(outputVolumeNode=None))
    s.moving.SetAndObserveTransformNodeID(s.transform.GetID())
    to_world = vtk.vtkGeneralTransform()
    s.moving.GetParentTransformNode().GetTransformToWorld(to_world)
    moving_center = s.fixed_image.grid.centerRas + np.array([0, 4, 0])
    np.testing.assert_allclose(to_world.TransformPoint(moving_center), s.fixed_image.grid.centerRas, atol=0.02)


@pytest.mark.parametrize("which", ["fixed", "moving", "both"])
def test_linear_parents_are_respected(logic, which):
    """Displaced stores, same world: the result in the world does not change, and lies under the fixed one's parent."""
    s = Scene()
    rng = np.random.default_rng(4)
    for name in ("fixed", "moving") if which == "both" else (which,):
        node = getattr(s, name)
        parent = add_linear_transform(s.scene, random_affine(rng, np.zeros(3), 0.05), f"parent of {name}")
        outer = add_linear_transform(s.scene, random_affine(rng, np.zeros(3), 0.05), f"outer of {name}")
        parent.SetAndObserveTransformNodeID(outer.GetID())
        to_world = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(to_world)
        to_world.Invert()
        stored = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(stored)
        vtk.vtkMatrix4x4.Multiply4x4(to_world, stored, stored)
        node.SetIJKToRASMatrix(stored)
        node.SetAndObserveTransformNodeID(parent.GetID())
    world = imageFromVolumeNode(s.fixed)
    np.testing.assert_allclose(world.ijkToRas, s.fixed_image.ijkToRas, atol=1e-6)
    logic.registerVolumes(**s.arguments())
    inner = (slice(4, -4), slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(array_of(s.warped)[inner], s.fixed_image.array[inner], atol=3)
    assert s.warped.GetTransformNodeID() == s.fixed.GetTransformNodeID()
    np.testing.assert_allclose(imageFromVolumeNode(s.warped).ijkToRas, s.fixed_image.ijkToRas, atol=1e-6)
    # In place of its parent, the node carries the moving volume's own coordinates onto the fixed one in the world.
    moving_ijk_to_ras = vtk.vtkMatrix4x4()
    s.moving.GetIJKToRASMatrix(moving_ijk_to_ras)
    index = (s.fixed_image.grid.sizeIjk - 1) / 2
    stored_point = moving_ijk_to_ras.MultiplyPoint([*index, 1.0])[:3]
    s.moving.SetAndObserveTransformNodeID(s.transform.GetID())
    to_world = vtk.vtkGeneralTransform()
    s.transform.GetTransformToWorld(to_world)
    np.testing.assert_allclose(to_world.TransformPoint(stored_point), s.fixed_image.grid.centerRas, atol=0.05)


def test_initial_transform_is_used_as_if_set_on_the_moving_volume(logic):
    s = Scene()
    matrix = vtk.vtkMatrix4x4()
    s.moving.GetIJKToRASMatrix(matrix)
    for row, shift in enumerate((300.0, -200.0, 100.0)):
        matrix.SetElement(row, 3, matrix.GetElement(row, 3) + shift)
    s.moving.SetIJKToRASMatrix(matrix)
    with pytest.raises(RegistrationError, match="do not overlap"):
        logic.registerVolumes(**s.arguments())
    to_fixed = np.eye(4)
    to_fixed[:3, 3] = (-300.0, 200.0, -100.0)
    initial = add_linear_transform(s.scene, to_fixed, "initial")
    logic.registerVolumes(**s.arguments(initialTransformNode=initial))
    inner = (slice(4, -4), slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(array_of(s.warped)[inner], s.fixed_image.array[inner], atol=2)


def test_outputs_are_created_on_demand_with_sensible_names(logic):
    s = Scene()
    before = s.scene.GetNumberOfNodesByClass("vtkMRMLTransformNode")
    job = logic.prepare(
        **s.arguments(outputTransformNode=None, outputVolumeNode=None), createTransform=True, createVolume=True
    )
    assert s.scene.GetNumberOfNodesByClass("vtkMRMLTransformNode") == before
    logic.publish(job, logic.compute(job))
    assert job.outputTransformNode.GetName() == "Prior to Current (LDR)"
    assert job.outputVolumeNode.GetName() == "Prior aligned to Current (LDR)"
    assert array_of(job.outputVolumeNode).shape == s.fixed_image.array.shape


def test_what_the_user_does_to_a_volume_meanwhile_does_not_count(logic):
    s = Scene()
    before = [array_of(node).copy() for node in (s.fixed, s.moving)]
    job = logic.prepare(**s.arguments())
    for node in (s.fixed, s.moving):
        array_of(node)[:] = 0
    for image, values in zip((job.fixed, job.moving), before, strict=True):
        np.testing.assert_array_equal(image.array, values)
    logic.publish(job, logic.compute(job))
    assert slicer.util.arrayFromVolume(s.warped).any()
    shared = logic.prepare(**s.arguments(), sharesVoxels=True)
    assert np.shares_memory(shared.fixed.array, array_of(s.fixed)), "the command line needs no copies"


def test_voxels_of_large_volumes_are_copied_by_the_thread_that_computes(logic, monkeypatch):
    """To copy two scans of 300 MB in the window's thread holds it for half a second."""
    monkeypatch.setattr(volumes, "QUICKLY_COPIED_BYTES", 0)
    s = Scene()
    job = logic.prepare(**s.arguments())
    assert np.shares_memory(job.fixed.array, array_of(s.fixed)) and job.borrowsVoxels
    values = array_of(s.moving).copy()
    found = logic.compute(job)
    assert not np.shares_memory(job.fixed.array, array_of(s.fixed)) and not job.borrowsVoxels
    np.testing.assert_array_equal(job.moving.array, values)
    logic.publish(job, found)
    shared = logic.prepare(**s.arguments(), sharesVoxels=True)
    logic.compute(shared)
    assert np.shares_memory(shared.fixed.array, array_of(s.fixed)), "the command line needs no copies"


def test_presets_may_be_given_by_name(logic):
    s = Scene()
    job = logic.prepare(**s.arguments(preset="accurate", prealignment="rigid"))
    assert (job.settings.preset, job.settings.prealignment) == (Preset.ACCURATE, Prealignment.RIGID)


def test_two_volumes_of_random_geometry_go_through_with_prealignment(logic):
    rng = np.random.default_rng(12)
    scene = newScene()
    fixed, moving = (
        add_volume(scene, smooth_image(rng, random_grid(rng, (40, 36, 44))), name) for name in ("one", "two")
    )
    transform = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    result = logic.registerVolumes(fixedVolumeNode=fixed, movingVolumeNode=moving, outputTransformNode=transform)
    assert result.warped is None
    points = points_inside(rng, imageFromVolumeNode(fixed).grid, 10)
    np.testing.assert_allclose(from_parent_points(transform, points), result.transform.points(points), atol=1e-4)


def test_the_network_adapts_to_the_pair_when_asked(logic):
    s = Scene()
    result = logic.registerVolumes(**s.arguments(adaptationIterations=2))
    assert result.seconds["Adaptation"] > 0.0
    assert "Adaptation" not in logic.registerVolumes(**s.arguments()).seconds
    for wrong in ({"adaptationIterations": -1}, {"adaptationIterations": 5, "adaptationSeconds": 0.0}):
        with pytest.raises(RegistrationError, match="adaptation"):
            logic.registerVolumes(**s.arguments(**wrong))
