"""Reading of image files, the only place in training where LPS appears; and of HDF5 files."""

from __future__ import annotations

import fnmatch
import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import SimpleITK as sitk
import torch
from LDRRegistrationLib.imagefiles.reading import layoutOf, readImage
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import Grid, canonicalGrid, ijkToRasOfItk
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import affineSamplePositions, reduceToSpacing, sampleAt, sampleOnGrid
from LDRRegistrationLib.space.validity import checkedImage, filled
from torch import Tensor

from aldk.errors import TrainingError

# The public HDF5 files hold masks of 0 to 255 where a json names no classes.
MASK_LEVEL = 128
LARGEST_LABEL = np.iinfo(np.int16).max
# In voxels; headers that were written by different programs differ by rounding.
SAME_PLACE = 0.1
GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20


def read_image(path: Path) -> Image:
    """The voxels (k, j, i) of a file that ITK can read, placed in RAS mm."""
    _must_exist(path)
    _must_be_whole(Path(path))
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise TrainingError(f"{path} cannot be read as an image.") from error
    return Image(sitk.GetArrayFromImage(image), _placement(image), Path(path).name)


def read_scan(path: Path) -> Image:
    """An image that can be registered: three-dimensional, finite, not constant; without padding and metal.

    By the library's reader: ITK's makes 0 of what is no number in a NIfTI file.
    """
    image = _as_the_library_reads(path)
    try:
        image = checkedImage(image)
    except RegistrationError as error:
        raise TrainingError(f"{path}: {error}") from error
    if image.known is None:
        return image
    if np.isnan(image.array).any():
        raise TrainingError(f"{path} holds voxels that are not a number: replace them first.")
    # Padding and metal hold no measurement: what is around them goes on there, as a network sees it in use.
    known = image.known.astype(np.float32)
    return replace(filled(replace(image, array=image.array.astype(np.float32), known=known)), known=None)


def _as_the_library_reads(path: Path) -> Image:
    _must_exist(path)
    _must_be_whole(Path(path))
    try:
        return readImage(Path(path))[0]
    except RegistrationError as error:
        raise TrainingError(f"{path} cannot be read as an image: {error}") from error


def read_labels(path: Path) -> Image:
    """A label map as int16, placed as ``read_scan`` places the image that it belongs to."""
    labels = _as_the_library_reads(path)
    values = np.rint(labels.array)
    # Of NaN neither is true.
    if values.ndim != 3 or not (values.min() >= 0 and values.max() <= LARGEST_LABEL):
        raise TrainingError(f"{path} is no label map: it needs three dimensions and values from 0 to {LARGEST_LABEL}.")
    return Image(values.astype(np.int16), labels.ijkToRas, labels.name)


def read_grid(path: Path) -> Grid:
    """Where the voxels of a file lie, as ``read_scan`` and ``read_labels`` have it, without reading them."""
    _must_exist(path)
    try:
        layout = layoutOf(Path(path))
    except RegistrationError as error:
        raise TrainingError(f"{path} cannot be read as an image: {error}") from error
    if layout is not None:
        return Grid(layout.shape, layout.ijkToRas)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise TrainingError(f"{path} cannot be read as an image.") from error
    if reader.GetDimension() != 3:
        raise TrainingError(f"{path} has {reader.GetDimension()} dimensions; only 3D images can be registered.")
    i, j, k = reader.GetSize()
    return Grid((k, j, i), _placement(reader))


def _placement(image: sitk.Image | sitk.ImageFileReader) -> np.ndarray:
    """(4, 4): from (i, j, k) to RAS mm."""
    if len(image.GetSize()) != 3:
        return np.eye(4)
    return ijkToRasOfItk(image)


def _must_exist(path: Path) -> None:
    if not Path(path).is_file():
        raise TrainingError(f"There is no file {path}.")


def _must_be_whole(path: Path) -> None:
    """ITK fills what is missing at the end of a compressed file with zeros, and says nothing."""
    with path.open("rb") as file:
        if file.read(2) != GZIP_MAGIC:
            return
    try:
        with gzip.open(path) as file:
            while file.read(CHUNK_BYTES):
                pass
    except (EOFError, OSError, zlib.error) as error:
        raise TrainingError(f"{path} is damaged: its compressed content breaks off or fails its checksum.") from error


def check_same_grid(image: Grid, other: Grid, image_path: Path, other_path: Path) -> None:
    """:raises TrainingError: if two files of one subject differ in size or position; the sentence says both."""
    distance = float(np.linalg.norm(image.cornersRas - other.cornersRas, axis=1).max())
    if image.shape == other.shape and distance <= SAME_PLACE * image.spacing.min():
        return
    sizes = [" x ".join(map(str, grid.sizeIjk)) for grid in (other, image)]
    raise TrainingError(
        f"{other_path} lies on another grid than {image_path}: {sizes[0]} voxels against {sizes[1]}, "
        f"and corners up to {distance:.1f} mm apart."
    )


def on_canonical_grid(image: Image, spacing: float) -> tuple[Tensor, Grid]:
    """An image, averaged and resampled to an isotropic grid along R, A, S: (k, j, i) float32, and that grid.

    The same steps as the engine takes before a network, so that the network meets the same smoothness.
    """
    grid = canonicalGrid(image.grid, spacing)
    reduced = reduceToSpacing(image, spacing)
    fill = float(image.array.min())
    return sampleOnGrid(reduced.array, reduced.ijkToRas, grid, fill=fill), grid


def labels_on_canonical_grid(labels: Image, spacing: float) -> Tensor:
    """A label map at the voxel centres of the grid of ``on_canonical_grid``: (k, j, i) int16, nearest."""
    grid = canonicalGrid(labels.grid, spacing)
    positions = affineSamplePositions(grid, labels.grid.rasToIjk, 0, grid.shape[0])
    return sampleAt(toTensor(labels.array), positions, 0.0, nearest=True).round().to(torch.int16)


class Hdf5Files:
    """The public repository's files: a group a subject, in it ``volume`` and perhaps ``segmentation``, uint8.

    Parameters
    ----------
    paths
        File of every prefix: entry "lits/3" is group "3" of the file called "lits"; what has no file of its own is
        looked up whole in the one called "/".
    """

    def __init__(self, paths: dict[str, str]) -> None:
        self.paths = paths

    def names(self, entry: str) -> list[str]:
        """The entries that ``entry`` stands for: itself, or those that match its wildcards in the last part."""
        if not any(sign in entry for sign in "*?["):
            return [entry]
        path, inner = self._locate(entry)
        prefix = entry[: len(entry) - len(inner)]
        parent, _, pattern = inner.rpartition("/")
        with _open(path) as file:
            if parent and parent not in file:
                raise TrainingError(f"{path} has no group {parent}.")
            keys = fnmatch.filter(sorted(file[parent] if parent else file), pattern)
        return [f"{prefix}{parent}/{key}" if parent else prefix + key for key in keys]

    def check(self, entry: str) -> None:
        """:raises TrainingError: if file, subject or volume is missing, or the segmentation does not fit the volume."""
        path, inner = self._locate(entry)
        with _open(path) as file:
            group = _group(file, inner, path)
            shape, kind = group["volume"].shape, group["volume"].dtype
            if kind != np.uint8:  # what 1.0 is in any other type, nobody says
                raise TrainingError(
                    f"{path}: the volume of {inner} holds {kind}; in these files it is uint8, 0 to 255."
                )
            if len(shape) != 3:
                raise TrainingError(f"{path}: the volume of {inner} has {len(shape)} dimensions instead of 3.")
            if "segmentation" in group and group["segmentation"].shape != shape:
                sizes = [" x ".join(map(str, s)) for s in (group["segmentation"].shape, shape)]
                raise TrainingError(
                    f"{path}: the segmentation of {inner} lies on another grid than its volume: {sizes[0]} voxels "
                    f"against {sizes[1]}; both begin at the same voxel."
                )

    def read(self, entry: str, classes: list[int] | None) -> tuple[Image, Image | None]:
        """The volume as it is stored, and the labels: of ``classes``, or 1 where a mask exceeds half of 255.

        The files say nothing about the place of their voxels: axes (k, j, i), 1 mm, no rotation.
        """
        self.check(entry)
        path, inner = self._locate(entry)
        with _open(path) as file:
            group = _group(file, inner, path)
            volume = group["volume"][...]
            segmentation = group["segmentation"][...] if "segmentation" in group else None
        if segmentation is None:
            return Image(volume, np.eye(4), entry), None
        if classes is None:
            labels = (segmentation > MASK_LEVEL).astype(np.int16)
        else:
            labels = np.where(np.isin(segmentation, classes), segmentation, 0).astype(np.int16)
        return Image(volume, np.eye(4), entry), Image(labels, np.eye(4), entry)

    def _locate(self, entry: str) -> tuple[str, str]:
        prefix, _, rest = entry.partition("/")
        if rest and prefix in self.paths:
            return self.paths[prefix], rest
        if "/" in self.paths:
            return self.paths["/"], entry
        raise TrainingError(f"No HDF5 file is named for {entry}; there are files for {', '.join(self.paths)}.")


def _open(path: str) -> h5py.File:
    _must_exist(Path(path))
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise TrainingError(f"{path} is no HDF5 file, or damaged.") from error


def _group(file: h5py.File, name: str, path: str) -> h5py.Group:
    if name not in file or not isinstance(file[name], h5py.Group):
        raise TrainingError(f"{path} has no subject {name}.")
    if "volume" not in file[name]:
        raise TrainingError(f"{path}: subject {name} has no dataset called volume.")
    return file[name]
