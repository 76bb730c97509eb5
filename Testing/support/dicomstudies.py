"""DICOM studies made from images with known places, valid enough for any archive, and ways to spoil them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pydicom
from LDRRegistrationLib.space.grid import LPS_FROM_RAS, transformPoints
from LDRRegistrationLib.space.image import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from scipy.ndimage import binary_fill_holes, distance_transform_edt, gaussian_filter

from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
from support.simulate import Lesion, paint

# A root for UIDs that are made of hashes, as UUIDs are.
ROOT = "2.25."


def uid(*parts: object) -> str:
    """The same for the same parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()
    return ROOT + str(int(digest[:30], 16))


def block(rng: np.random.Generator, shape: tuple[int, int, int], matrix: np.ndarray) -> Image:
    """Whole numbers 0 to 999 on a grid (k, j, i) at ``matrix``, 4x4 to RAS mm."""
    return Image(rng.integers(0, 1000, shape).astype(np.int16), matrix, "block")


def matrix_of(spacing=(0.8, 1.1, 3.0), tilt_deg: float = 0.0, origin=(-20.0, 30.0, -40.0)) -> np.ndarray:
    """4x4 (i, j, k) to RAS: axial slices stored as scanners do, to the left and back, turned a little about R."""
    turn = np.deg2rad(tilt_deg)
    turned = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    matrix = np.eye(4)
    matrix[:3, :3] = turned @ np.diag([-1.0, -1.0, 1.0]) @ np.diag(spacing)
    matrix[:3, 3] = origin
    return matrix


def planes_of(
    image: Image,
    *,
    study: str = "study",
    series: str = "series",
    number: int | None = 3,
    description: str | None = "T2 FLAIR ax",
    date: str | None = "20100501",
    patient: str | None = "P-1",
    name: str = "Muster^Anna",
    frame: str | None = None,
    sheared: tuple[float, float] = (0.0, 0.0),
    **more: object,
) -> list[Dataset]:
    """One dataset a slice (k) of ``image``, whole numbers of 16 bits.

    ``sheared``: mm along i and j by which each slice lies further aside than the one before (a tilted gantry).
    ``more``: elements by keyword, the same in all; None leaves one out.
    """
    lps = LPS_FROM_RAS @ image.ijkToRas
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    axes = (lps[:3, :3] / spacing).T
    datasets = []
    for k, plane in enumerate(image.array):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
        ds.SOPClassUID = MRImageStorage
        ds.SOPInstanceUID = uid(study, series, k)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(study), uid(study, series)
        ds.FrameOfReferenceUID = uid(study, "frame") if frame is None else frame
        ds.PositionReferenceIndicator = ""
        ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "", ""
        ds.SeriesNumber, ds.InstanceNumber = number, k + 1
        ds.SeriesDescription = description
        ds.StudyDate = ds.AcquisitionDate = date
        ds.StudyTime = "101500" if date else None
        ds.PatientID, ds.PatientName = patient, name
        ds.PatientBirthDate, ds.PatientSex = "19700101", "F"
        ds.Modality, ds.ImageType = "MR", ["ORIGINAL", "PRIMARY", "M", "ND"]
        ds.Manufacturer, ds.ManufacturerModelName, ds.MagneticFieldStrength = "Made up", "Scanner 3", "3"
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "IR", "SK", "", "2D"
        ds.EchoTime, ds.RepetitionTime, ds.InversionTime, ds.EchoTrainLength = "120", "9000", "2500", "16"
        ds.SliceThickness = f"{spacing[2]:.4f}"
        ds.PixelSpacing = [f"{spacing[1]:.9g}", f"{spacing[0]:.9g}"]
        ds.ImageOrientationPatient = [f"{v:.9f}"[:16] for v in axes[:2].ravel()]
        place = lps[:3, 3] + k * lps[:3, 2] + k * (sheared[0] * axes[0] + sheared[1] * axes[1])
        ds.ImagePositionPatient = [f"{v:.6f}"[:16] for v in place]
        ds.Rows, ds.Columns = plane.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
        ds.PixelRepresentation = 1
        ds.PixelData = plane.astype("<i2").tobytes()
        for keyword, value in more.items():
            setattr(ds, keyword, value)
        for element in list(ds):
            if element.value is None:
                del ds[element.tag]
        datasets.append(ds)
    return datasets


def save(folder: Path, datasets: list[Dataset], prefix: str = "IM") -> list[Path]:
    """The files, named in an order that is not the slices'."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, ds in enumerate(datasets):
        path = folder / f"{prefix}{(7 * index + 3) % 9973:04d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def enhanced(datasets: list[Dataset]) -> Dataset:
    """The slices as one multi-frame object (Legacy Converted Enhanced MR)."""
    import highdicom

    return highdicom.legacy.LegacyConvertedEnhancedMRImage(
        legacy_datasets=datasets,
        series_instance_uid=uid(datasets[0].SeriesInstanceUID, "enhanced"),
        series_number=9,
        sop_instance_uid=uid(datasets[0].SOPInstanceUID, "enhanced"),
        instance_number=1,
    )


def follow_up(folder: Path, lesions: int = 0, **more: object) -> tuple[Path, Path]:
    """The bundled pair as two studies of one patient: the folders of the current and of the prior one.

    :param lesions: so many bright balls of 9 mm are painted into the current scan, deep in the head.
    """
    folders = folder / "current", folder / "prior"
    for where, file, date in zip(folders, (CURRENT_FLAIR, PRIOR_FLAIR), ("20100501", "20091010"), strict=True):
        if not where.is_dir():
            image = read_image(file)
            values = image.array.astype(np.float64)
            if where.name == "current" and lesions:
                values = painted(image, lesions)
            image = Image(np.rint(values * min(1.0, 30000.0 / values.max())).astype(np.int16), image.ijkToRas)
            save(where, planes_of(image, study=where.name, date=date, **more))
    return folders


def painted(image: Image, count: int, diameter: float = 9.0, depth: float = 25.0, apart: float = 20.0) -> np.ndarray:
    """The voxels with ``count`` bright balls at places that are as bright as most of the brain; mm."""
    values = gaussian_filter(image.array.astype(np.float32), 1.0)
    head = binary_fill_holes(values > 0.15 * np.percentile(values, 99))
    deep = distance_transform_edt(head, sampling=image.grid.spacing[::-1]) > depth
    usual = float(np.median(values[deep]))
    places: list[np.ndarray] = []
    candidates = np.argwhere(deep & (np.abs(values - usual) < 0.1 * usual))[:, ::-1]
    for point in transformPoints(image.ijkToRas, np.random.default_rng(0).permutation(candidates)):
        if len(places) < count and all(np.linalg.norm(point - other) > apart for other in places):
            places.append(point)
    return paint(image, [Lesion(place, diameter, 0.6 * usual) for place in places]).array


def changed(path: Path, **elements: object) -> Path:
    """One file with other elements; None takes one away."""
    ds = pydicom.dcmread(path)
    for keyword, value in elements.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.save_as(path)
    return path
