"""DICOM folders in place of files: which series is meant, and what the headers say of the scans."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..dicom.choosing import ChosenSeries, chooseSeries, isDicom, listSeries
from ..dicom.scan import ScanInfo, pairNotes
from ..imagefiles.reading import stem
from ..runtime.errors import RegistrationError

SCANS = ("fixed", "moving")


def seriesLines(options: argparse.Namespace) -> list[str]:
    """What --list-series shows.

    :raises RegistrationError: a folder holds no DICOM images.
    """
    lines = []
    for path in (options.fixed, options.moving):
        if path is not None:
            lines += [f"{path}:", *(f"    {line}" for line in listSeries(path))]
    return lines


def chosenSeries(options: argparse.Namespace) -> dict[str, ChosenSeries]:
    """The series of those of the two scans that are DICOM, by "fixed" and "moving"; completes the dates.

    :raises RegistrationError: a folder holds no such series, or several; or options need DICOM and have none.
    """
    wanted = options.series or []
    if len(wanted) > len(SCANS):
        raise RegistrationError("--series can be given twice, for FIXED and for MOVING.")
    found = {}
    for place, name in enumerate(SCANS):
        path = getattr(options, name)
        if isDicom(path):
            found[name] = chooseSeries(path, wanted[min(place, len(wanted) - 1)] if wanted else None)
    if wanted and not found:
        raise RegistrationError("--series can be used only with DICOM folders.")
    if options.dicom_out:
        _checkForObjects(found)
    if options.change and options.dates == (None, None):
        days = (found[name].info.date if name in found else None for name in SCANS)
        options.dates = tuple(days)
    return found


def notesOn(found: dict[str, ChosenSeries]) -> list[str]:
    """Sentences on what was left out, and on what the headers say of the pair."""
    notes = [note for name in SCANS if name in found for note in found[name].notes]
    if len(found) == len(SCANS):
        notes += pairNotes(found["fixed"].info, found["moving"].info)
    return notes


def scanContent(found: dict[str, ChosenSeries], hidesNames: bool) -> dict[str, Any]:
    """For report.json: how each scan was made. No patient."""
    content = {}
    for name, chosen in found.items():
        info = chosen.info
        shown = {"date": info.date, "modality": info.modality, "scanner": info.scanner}
        shown["contrastAgent"] = info.contrastAgent
        content[f"{name}Series"] = shown if hidesNames else {**shown, "series": info.number, "name": info.description}
    return content


def namesOf(path: Path | None, role: str) -> dict[str, str]:
    """All that a file or folder may be called in a text, each with the ``role`` that may stand there instead."""
    return {} if path is None else dict.fromkeys((str(path), str(path.absolute()), path.name, stem(path)), role)


def infoOf(found: dict[str, ChosenSeries], name: str, day: str | None) -> ScanInfo:
    """What is known of a scan; its date as it is used."""
    from dataclasses import replace

    info = found[name].info if name in found else ScanInfo()
    return replace(info, date=day or info.date)


def _checkForObjects(found: dict[str, ChosenSeries]) -> None:
    """:raises RegistrationError: no DICOM objects can be made of these scans."""
    if len(found) < len(SCANS):
        raise RegistrationError("--dicom-out can be used only where both scans are DICOM folders.")
    from ..dicomobjects.extra import importHighdicom
    from ..dicomobjects.source import whyNoObjects

    importHighdicom()
    why = whyNoObjects(*(found[name].info for name in SCANS))
    if why:
        raise RegistrationError(f"--dicom-out cannot be used. {why}")
