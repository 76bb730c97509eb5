"""NIfTI files made by nibabel, which judges how they are read, and ways to spoil their headers."""

import gzip
import struct
from pathlib import Path

import nibabel
import numpy as np
from LDRRegistrationLib.imagefiles.reading import readImage
from scipy.spatial.transform import Rotation

SHAPE = (6, 7, 8)  # i, j, k
SFORM, QFORM = 280, 256
# Where the first version of the header keeps what the tests spoil.
DIM, DATATYPE, BITPIX, PIXDIM, OFFSET, SLOPE, UNITS, QCODE, SCODE = 40, 70, 72, 76, 108, 112, 123, 252, 254


def affine(seed: int, left_handed: bool = False) -> np.ndarray:
    """Oblique, its axes in any order and direction."""
    rng = np.random.default_rng(seed)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.random(random_state=rng).as_matrix() * rng.uniform(0.5, 4.0, 3)
    if left_handed:
        matrix[:3, 1] *= -1.0
    matrix[:3, 3] = rng.uniform(-200, 200, 3)
    return matrix


def values(dtype: str = "i2") -> np.ndarray:
    rng = np.random.default_rng(1)
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=SHAPE).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, SHAPE, dtype=dtype, endpoint=True)


def agrees(path: Path) -> list[str]:
    """Assert that nibabel reads the same voxels in the same place; returns the notes."""
    image, notes = readImage(path)
    judge = nibabel.load(path)
    np.testing.assert_allclose(image.ijkToRas, judge.affine, atol=1e-3, rtol=0)
    judged = np.asarray(judge.dataobj)
    judged = judged.reshape(judged.shape[:3])
    np.testing.assert_allclose(image.array, judged.T, rtol=1e-6)
    assert image.array.dtype.isnative and image.array.flags.c_contiguous
    return notes


def spoilt(path: Path, *changes: tuple) -> Path:
    """Write ("<code", offset, value, ...) into the header; of a compressed file, behind the compression."""
    content = bytearray(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    for code, offset, *new in changes:
        struct.pack_into(code, content, offset, *new)
    path.write_bytes(gzip.compress(bytes(content)) if path.suffix == ".gz" else bytes(content))
    return path


def saved(folder: Path, name: str = "image.nii", matrix: np.ndarray | None = None) -> Path:
    path = folder / name
    nibabel.Nifti1Image(values(), affine(0) if matrix is None else matrix).to_filename(path)
    return path


def with_forms(path: Path, qform: np.ndarray | None, sform: np.ndarray | None) -> Path:
    image = nibabel.Nifti1Image(values(), None)
    image.set_qform(qform, 0 if qform is None else 1)
    image.set_sform(sform, 0 if sform is None else 1)
    image.to_filename(path)
    return path
