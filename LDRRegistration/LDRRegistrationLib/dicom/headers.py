"""The files of a DICOM folder: every image plane with its place, without its voxels; and what cannot be read."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime.errors import RegistrationError
from .planes import Plane, planesOf

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAXIMUM_FILES = 100_000
# What ends the fragments of compressed voxels.
DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
PREAMBLE_BYTES, MAGIC = 128, b"DICM"
# Of old files that begin without a preamble: the first group is the one of identification, in either byte order.
NAKED = (b"\x08\x00", b"\x00\x08")
REPORT_MODALITY, SEGMENTATION_MODALITY = "SR", "SEG"


@dataclass
class DicomFolder:
    """What lies in a folder and below it.

    ``planes`` are in the order of the files' names. ``reports`` are the paths of structured reports. ``others`` counts
    objects that are no images, by modality; ``notes`` are sentences on what was left out and why.
    """

    path: Path
    planes: list[Plane] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    foreign: int = 0
    notes: list[str] = field(default_factory=list)


def isDicomFile(path: Path) -> bool:
    """Whether a file says of itself that it is DICOM."""
    try:
        with path.open("rb") as file:
            return file.read(PREAMBLE_BYTES + 4)[PREAMBLE_BYTES:] == MAGIC
    except OSError:
        return False


def readFolder(path: Path) -> DicomFolder:
    """The headers of all DICOM files in ``path``, a folder, and below it; or of one file.

    A file that is damaged is left out, and a note says so; it never hides the good ones.

    :raises RegistrationError: the folder cannot be read, or holds too many files.
    """
    return readFiles(path, _files(path))


def readFiles(path: Path, files: Iterable[Path]) -> DicomFolder:
    """The same of certain files; ``path`` is where they are said to lie."""
    from pydicom.errors import InvalidDicomError

    found = DicomFolder(path)
    damaged: list[str] = []
    # Of every object its files and where in them the voxels begin: copies are found by it.
    tails: dict[str, list[tuple[Plane, int]]] = defaultdict(list)
    for file in files:
        try:
            header, offset, isShort = _header(file)
        except InvalidDicomError:
            found.foreign += 1
            continue
        except OSError as error:
            damaged.append(f"{file.name} ({error.strerror or error})")
            continue
        except Exception as error:  # pydicom raises whatever a damaged file happens to break
            damaged.append(f"{file.name} ({type(error).__name__})")
            continue
        modality = str(header.get("Modality", "") or "?")
        if "Rows" not in header or modality in (REPORT_MODALITY, SEGMENTATION_MODALITY):
            _note(found, file, modality)
        elif isShort:
            damaged.append(f"{file.name} (cut off)")
        else:
            try:
                planes = planesOf(file, header)
            except (ValueError, TypeError, AttributeError, KeyError, IndexError):
                damaged.append(f"{file.name} (its header cannot be understood)")
                continue
            found.planes += planes
            tails[str(header.get("SOPInstanceUID", ""))] += [(plane, offset) for plane in planes[:1]]
    if damaged:
        shown = ", ".join(damaged[:3]) + (f" and {len(damaged) - 3} more" if len(damaged) > 3 else "")
        one = len(damaged) == 1
        found.notes.append(f"{len(damaged)} file{' is' if one else 's are'} damaged and left out: {shown}.")
    _leaveOutCopies(found, tails)
    return found


def _note(found: DicomFolder, file: Path, modality: str) -> None:
    found.others[modality] += 1
    if modality == REPORT_MODALITY:
        found.reports.append(file)


def _files(path: Path) -> Iterator[Path]:
    """Regular files, by name; folders and files whose name begins with a dot are nobody's images."""
    if path.is_file():
        yield path
        return
    count = 0

    def complain(error: OSError) -> None:
        raise RegistrationError(f"The folder {error.filename} cannot be read: {error.strerror}.") from error

    for folder, names, files in os.walk(path, onerror=complain):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            file = Path(folder, name)
            if name.startswith(".") or name.upper() == "DICOMDIR" or not file.is_file():
                continue
            count += 1
            if count > MAXIMUM_FILES:
                raise RegistrationError(f"{path} holds more than {MAXIMUM_FILES} files: give the folder of one study.")
            yield file


def _header(path: Path) -> tuple[Dataset, int, bool]:
    """The header, where the voxels begin in the file, and whether the file ends before its last voxel.

    :raises InvalidDicomError: it is no DICOM file.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError
    from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        isNaked = not isDicomFile(path) and file.read(2) in NAKED
        file.seek(0)
        header = pydicom.dcmread(file, stop_before_pixels=True, force=isNaked)
        offset = file.tell()
        if isNaked and "SOPClassUID" not in header:
            raise InvalidDicomError
        length = os.fstat(file.fileno()).st_size
        file.seek(offset)
        syntax = UID(str(header.file_meta.get("TransferSyntaxUID", ""))) if hasattr(header, "file_meta") else UID("")
        # Whether all is there shows only when it is unpacked.
        isPacked = syntax == DeflatedExplicitVRLittleEndian
        isEncapsulated = not isPacked and bool(syntax) and syntax.is_compressed
        isClosed = isEncapsulated and DELIMITER in file.read()
    if "Rows" not in header or isPacked:
        return header, offset, False
    if isEncapsulated:
        return header, offset, not isClosed
    bits = int(header.get("Rows", 0)) * int(header.get("Columns", 0)) * int(header.get("BitsAllocated", 16))
    bits *= int(header.get("SamplesPerPixel", 1)) * int(header.get("NumberOfFrames", 1) or 1)
    return header, offset, length - offset < bits // 8


def _leaveOutCopies(found: DicomFolder, tails: dict[str, list[tuple[Plane, int]]]) -> None:
    """Of files with one SOP Instance UID those that also show the same are one; different ones stay."""
    copies, strangers = set(), 0
    for same in tails.values():
        seen = set()
        for plane, offset in same if len(same) > 1 else []:
            key = (plane.positionLps.tobytes(), plane.axesLps.tobytes(), _tailDigest(plane.path, offset))
            if key in seen:
                copies.add(plane.path)
            seen.add(key)
        strangers += max(0, len(seen) - 1)
    if copies:
        found.planes = [plane for plane in found.planes if plane.path not in copies]
        are = "file is a copy" if len(copies) == 1 else "files are copies"
        found.notes.append(f"{len(copies)} {are} of others and left out.")
    if strangers:
        have = (
            "file has the SOP Instance UID of another one"
            if strangers == 1
            else ("files have the SOP Instance UIDs of others")
        )
        found.notes.append(f"{strangers} {have}, although they differ: they are kept and told apart by their place.")


def _tailDigest(path: Path, offset: int) -> str:
    with path.open("rb") as file:
        file.seek(offset)
        return hashlib.file_digest(file, "sha256").hexdigest()
