"""Two volumes of one content in a real scene, one of them 4 mm further anterior."""

import numpy as np
from LDRRegistrationLib.space.image import Image

from support.grids import smooth_image
from support.scene import (
    add_volume,
    arguments_for,
    newScene,
)

ALONG_A = (0.0, 2.0, 0.0)  # 4 mm towards anterior, whatever the images say


class Scene:
    """Two volumes with the same content, the moving one 4 mm further anterior, and empty outputs."""

    def __init__(self, seed: int = 1):
        rng = np.random.default_rng(seed)
        axes = np.diag([-1.5, -1.5, 2.0, 1.0])
        axes[:3, 3] = rng.uniform(-50, 50, 3)
        content = smooth_image(rng, Image(np.zeros((50, 60, 64)), axes).grid, sigma=2.5, dtype=np.int16)
        self.fixed_image = content
        moved = axes.copy()
        moved[1, 3] += 4.0
        self.scene = newScene()
        self.fixed = add_volume(self.scene, content, "Current")
        self.moving = add_volume(self.scene, Image(content.array, moved), "Prior")
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        self.warped = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "W")

    def arguments(self, **changes):
        return arguments_for(self.fixed, self.moving, self.transform, self.warped, **changes)
