"""What the objects have from the scans that they are about: the patient, the study and the images."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ..dicom.scan import ScanInfo, isSamePatient
from ..dicom.stacks import Stack
from ..runtime.language import tr as _
from ..runtime.version import softwareVersion

MANUFACTURER, MODEL, SERIAL = "LDRRegistration", "ldr-register", "0"
# Of series that are made of others, as far from the scanner's own as can be.
SERIES_NUMBERS = {"segmentation": 9001, "measurements": 9002, "registration": 9003, "structures": 9004, "dose": 9005}
# Elements that every object must have, empty where nothing is known.
_PATIENT_AND_STUDY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
# What a study has besides and its objects carry on, where it is there.
_MORE = ("PatientAge", "PatientSize", "PatientWeight", "IssuerOfPatientID", "StudyDescription")


def whyNoObjects(current: ScanInfo, prior: ScanInfo) -> str:
    """Why no objects can be made of two scans, in a sentence; empty if they can."""
    if isSamePatient(current, prior) is False:
        return _(
            "No DICOM objects are made of scans of different patients: the objects belong to one patient's record."
        )
    for name, info in ((_("current"), current), (_("prior"), prior)):
        if not (info.frameOfReferenceUid and info.studyUid and info.seriesUid):
            return _(
                "No DICOM objects are made: the headers of the {name} scan give no frame of reference, study or series "
                "UID."
            ).format(name=name)
    return ""


@dataclass(frozen=True, eq=False)
class SourceImages:
    """The images of one series: ``datasets`` without voxels, one a file; a frame of a file is its ``frames`` index."""

    datasets: list[Dataset]
    stack: Stack

    @property
    def first(self) -> Dataset:
        return self.datasets[0]


def sourceImages(stack: Stack) -> SourceImages:
    """The headers of a stack, with all elements that an object must carry on."""
    headers = {plane.path: plane.header for plane in stack.planes}
    datasets = []
    for header in headers.values():
        dataset = copy.copy(header)
        for keyword in (*_PATIENT_AND_STUDY, "PositionReferenceIndicator"):
            if keyword not in dataset:
                setattr(dataset, keyword, "")
        datasets.append(dataset)
    return SourceImages(datasets, stack)


def newObject(images: SourceImages, sopClass: str, modality: str, kind: str, description: str) -> Dataset:
    """An object of its own series in the study of ``images``, with all but what it is about."""
    now = datetime.now()
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = pydicom.uid.UID(sopClass), generate_uid(prefix=None)
    for keyword in (*_PATIENT_AND_STUDY, "StudyInstanceUID", *_MORE):
        if keyword in images.first:
            setattr(ds, keyword, getattr(images.first, keyword))
    ds.Modality, ds.SeriesInstanceUID = modality, generate_uid(prefix=None)
    ds.SeriesNumber, ds.InstanceNumber = SERIES_NUMBERS[kind], 1
    ds.SeriesDescription, ds.Laterality = description, ""
    ds.Manufacturer, ds.ManufacturerModelName = MANUFACTURER, MODEL
    ds.DeviceSerialNumber, ds.SoftwareVersions = SERIAL, softwareVersion()
    for prefix in ("Series", "Content", "InstanceCreation"):
        setattr(ds, f"{prefix}Date", now.strftime("%Y%m%d"))
        setattr(ds, f"{prefix}Time", now.strftime("%H%M%S"))
    ds.FrameOfReferenceUID = images.first.FrameOfReferenceUID
    ds.PositionReferenceIndicator = images.first.PositionReferenceIndicator
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def references(images: SourceImages) -> list[Dataset]:
    """An item for each file, as the sequences of referenced images hold it."""
    items = []
    for dataset in images.datasets:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
        items.append(item)
    return items
