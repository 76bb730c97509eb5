"""A pair of images with the transform between them, as files for ldr-apply, and the command itself."""

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.apply import inverse, reading
from LDRRegistrationLib.apply.command import main

# Of what is written as it is, and of fields that are sampled anew.
EXACT_MM, SAMPLED_MM = 1e-4, 0.02


def make_space(folder, oblique):
    rng = np.random.default_rng(3)
    turned = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.4).GetMatrix()
    along = np.diag([-1.0, -1.0, 1.0])  # R, A, S
    origin = (-40.0, 30.0, -20.0) if oblique else (40.0, 36.0, -20.0)
    fixed = _image(rng, (40, 36, 30), (2.0, 2.0, 2.5), origin, np.array(turned) if oblique else along)
    moving = _image(rng, (44, 40, 36), (2.0, 2.2, 2.0), (44.0, 60.0, -30.0), along)
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(np.array(sitk.Euler3DTransform((0, 0, 0), 0.1, 0.05, -0.1).GetMatrix()) * 1.05)
    affine.SetTranslation((3.0, -2.0, 4.0))
    k, j, i = np.meshgrid(*(np.linspace(0, np.pi, n) for n in fixed.GetSize()[::-1]), indexing="ij")
    bump = (np.sin(k) * np.sin(j) * np.sin(i)) ** 2
    vectors = sitk.GetImageFromArray(np.stack([4 * bump, -3 * bump, 2 * bump], axis=-1), isVector=True)
    vectors.CopyInformation(fixed)
    transform = sitk.CompositeTransform([affine, sitk.DisplacementFieldTransform(sitk.Image(vectors))])
    paths = {name: folder / f"{name}.nii.gz" for name in ("fixed", "moving")} | {"t": folder / "t.h5"}
    for name, image in (("fixed", fixed), ("moving", moving)):
        sitk.WriteImage(image, str(paths[name]))
    sitk.WriteTransform(transform, str(paths["t"]))
    inside = rng.uniform(0.15, 0.85, (60, 3)) * (np.array(fixed.GetSize()) - 1)
    points = np.array([fixed.TransformContinuousIndexToPhysicalPoint(index.tolist()) for index in inside])
    there = np.array([transform.TransformPoint(point.tolist()) for point in points])
    return {
        "folder": folder,
        "transform": transform,
        "images": (fixed, moving),
        "points": points,
        "there": there,
        **paths,
    }


def _image(rng, size, spacing, origin, direction):
    image = sitk.GetImageFromArray(rng.normal(500, 200, size[::-1]).astype(np.float32))
    image = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 1.5) * 4, sitk.sitkInt16)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(np.asarray(direction, dtype=float).ravel().tolist())
    return image


def run(*arguments):
    return main([str(argument) for argument in arguments])


def convert(space, name, *more):
    path = space["folder"] / name
    assert run("convert", "-t", space["t"], "-r", space["fixed"], "-m", space["moving"], "-o", path, *more) == 0
    return path


def through(path, space):
    transform = reading.readTransform(path, space["moving"])
    return inverse.pointsThrough(transform, space["points"])
