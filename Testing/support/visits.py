"""Two visits of one head in a real scene: a lesion is new, another is gone."""

from types import SimpleNamespace

import numpy as np
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.matrices import localToWorld

from support.phantom import head
from support.scene import add_volume, newScene
from support.simulate import Lesion, Protocol, paint, rescan

NEW, GONE, WEAK = Lesion(np.array((-28.0, 30, 10)), 10.0, 250.0), Lesion(np.array((28.0, 30, -10)), 9.0, 250.0), 18.0


def scans():
    """The current one and the prior."""
    rng = np.random.default_rng(6)
    weak = Lesion(np.array((-30.0, -30, -12)), 5.0, WEAK)
    anatomy = head()
    current, _ = rescan(paint(anatomy, [NEW, weak]), Protocol(noise=0.015), rng)
    prior, _ = rescan(paint(anatomy, [GONE]), Protocol(noise=0.015, degrees=4.0, shiftMm=4.0), rng)
    return current, prior


def in_scene(images):
    scene = newScene()
    current, prior = (
        add_volume(scene, image, name) for image, name in zip(images, ("Smith now", "Smith then"), strict=True)
    )
    return SimpleNamespace(scene=scene, current=current, prior=prior, logic=RegistrationLogic())


def found(s, **others):
    return s.logic.detectChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior, **others)


def centroid(changes, name):
    """Of a segment, in world RAS."""
    segmentation = changes.segmentationNode.GetSegmentation()
    identifier = segmentation.GetSegmentIdBySegmentName(name)
    image = slicer.vtkOrientedImageData()
    changes.segmentationNode.GetBinaryLabelmapRepresentation(identifier, image)
    from LDRRegistrationLib.mrml.labelmaps import arrayFromOrientedImage
    from LDRRegistrationLib.space.grid import transformPoints

    array, ijkToLocal = arrayFromOrientedImage(image)
    points = transformPoints(localToWorld(changes.segmentationNode) @ ijkToLocal, np.argwhere(array)[:, ::-1])
    return points.mean(axis=0)
