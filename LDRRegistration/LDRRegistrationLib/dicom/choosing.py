"""Which series of a DICOM folder is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import RegistrationError
from ..runtime.terminal import printable
from .headers import DicomFolder, isDicomFile, readFiles, readFolder
from .scan import ScanInfo, text
from .stacks import Stack, stacksOf

MAXIMUM_LISTED = 20


@dataclass(frozen=True, eq=False)
class ChosenSeries:
    """One volume of a folder, its voxels not read yet; ``notes`` say what was left out of the folder."""

    folder: DicomFolder
    stack: Stack
    notes: list[str] = field(default_factory=list)

    @property
    def info(self) -> ScanInfo:
        return self.stack.info

    @property
    def names(self) -> list[str]:
        """What the headers call the series of the folder, all of them: the notes say some."""
        stacks = stacksOf(self.folder.planes)
        return [name for stack in stacks for name in (stack.shown, stack.description) if name]


def isDicom(path: Path) -> bool:
    """Whether ``path`` is a folder, or a file with many images and their places: what ``chooseSeries`` is for."""
    if path.is_dir():
        return True
    return path.is_file() and isDicomFile(path) and len(readFolder(path).planes) > 1


def listSeries(path: Path) -> list[str]:
    """Lines that name all series of a folder, and those that are no volumes with the reason.

    :raises RegistrationError: the folder cannot be read, or holds no DICOM images.
    """
    folder = readFolder(path)
    stacks = stacksIn(folder)
    lines = [f"{stack.shown}{'; it ' + stack.problem if stack.problem else ''}" for stack in stacks]
    return [printable(line) for line in [*lines, *(f"Note: {note}" for note in folder.notes)]]


def chooseSeries(path: Path, wanted: str | None = None) -> ChosenSeries:
    """The volume in a DICOM folder (or file).

    :param wanted: the number of a series ("3", or "3.2" where it holds several volumes), its UID, or its description or
        a part of that, in any case of letters; without it the only original series.
    :raises RegistrationError: there is none such, or several; the message lists them.
    """
    folder = readFolder(path)
    stacks = stacksIn(folder)
    patients = {text(plane.header, "PatientID") or text(plane.header, "PatientName") for plane in folder.planes}
    if len(patients) > 1:
        raise RegistrationError(f"{path} holds scans of {len(patients)} patients: give the folder of one.")
    notes = list(folder.notes)
    volumes = [stack for stack in stacks if stack.problem is None]
    if wanted is not None:
        found = named(stacks, wanted)
        if not found:
            raise RegistrationError(f"{path} holds no series {wanted!r}; it holds {listed(stacks)}.")
        good = [stack for stack in found if stack.problem is None]
        if not good:
            raise RegistrationError(f"Series {found[0].shown} in {path} {found[0].problem}.")
        if len(good) > 1:
            raise RegistrationError(f"Several series of {path} are {wanted!r}: {listed(good)}; name one by --series.")
        return ChosenSeries(folder, good[0], notes)
    originals = [stack for stack in volumes if not (stack.isLocaliser or stack.isDerived)]
    rest = originals or [stack for stack in volumes if not stack.isLocaliser]
    if len(rest) > 1:
        raise RegistrationError(f"{path} holds {len(rest)} series: {listed(rest)}; choose one by --series.")
    if not rest:
        if stacks and all(stack.isLocaliser for stack in stacks):
            raise RegistrationError(f"{path} holds only localisers: {listed(stacks)}.")
        why = f"series {stacks[0].label} {stacks[0].problem}" if len(stacks) == 1 else listed(stacks)
        raise RegistrationError(f"{path} holds no series that is a volume: {why}.")
    if len(volumes) > 1:
        others = [stack for stack in volumes if stack is not rest[0]]
        notes.append(f"Series {rest[0].shown} was taken; others are localisers or derived: {listed(others)}.")
    if rest[0].isDerived:
        notes.append(f"Series {rest[0].shown} is not original: it was computed from other images.")
    return ChosenSeries(folder, rest[0], [printable(note) for note in notes])


def seriesOfFiles(files: Sequence[Path], planes: int) -> ChosenSeries:
    """The volume that certain files are, of which a program has made a volume with so many ``planes``.

    :raises RegistrationError: they cannot be read, or are no such volume.
    """
    path = files[0].parent
    folder = readFiles(path, sorted(files))
    volumes = [stack for stack in stacksIn(folder) if stack.problem is None]
    alike = [stack for stack in volumes if len(stack.planes) == planes]
    found = alike if len(volumes) > 1 else volumes
    if len(found) != 1:
        raise RegistrationError(f"The DICOM files in {path} are not the one volume that was made of them.")
    return ChosenSeries(folder, found[0], [printable(note) for note in folder.notes])


def stacksIn(folder: DicomFolder) -> list[Stack]:
    """All stacks of a folder.

    :raises RegistrationError: there are no images."""
    if not folder.planes:
        where = f"{folder.path} is a {'folder' if folder.path.is_dir() else 'file'}"
        if folder.others:
            kinds = ", ".join(f"{count} {name}" for name, count in sorted(folder.others.items()))
            raise RegistrationError(f"{where} without DICOM images, with other objects only ({kinds}).")
        if folder.notes:
            raise RegistrationError(f"{where} without a DICOM image that can be read. {' '.join(folder.notes)}")
        count = {0: "it is empty", 1: "1 other file"}.get(folder.foreign, f"{folder.foreign} other files")
        raise RegistrationError(f"{where} without DICOM images ({count}).")
    return stacksOf(folder.planes)


def named(stacks: list[Stack], wanted: str) -> list[Stack]:
    """By label, by number, by UID, by description, by a part of it: the first of these that finds any."""
    asked = wanted.strip().casefold()
    for matches in (
        lambda stack: stack.label == wanted.strip(),
        lambda stack: stack.info.number == wanted.strip(),
        lambda stack: stack.info.seriesUid == wanted.strip(),
        lambda stack: stack.description.casefold() == asked,
        lambda stack: bool(asked) and asked in stack.description.casefold(),
    ):
        found = [stack for stack in stacks if matches(stack)]
        if found:
            return found
    return []


def listed(stacks: list[Stack]) -> str:
    """What they are, for a sentence."""
    more = f"; and {len(stacks) - MAXIMUM_LISTED} more" if len(stacks) > MAXIMUM_LISTED else ""
    return printable("; ".join(stack.shown for stack in stacks[:MAXIMUM_LISTED]) + more)
