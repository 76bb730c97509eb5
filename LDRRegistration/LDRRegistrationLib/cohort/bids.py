"""A BIDS dataset in, BIDS derivatives out (Gorgolewski et al., Scientific Data 2016; the names of fMRIPrep)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..commandline.outputfolder import USUAL_NAMES
from ..runtime.errors import RegistrationError
from ..runtime.version import softwareVersion
from .pair import Pair, checkNames
from .record import replaceText

DESCRIPTION = "dataset_description.json"
BIDS_VERSION = "1.9.0"
# Transforms and pictures are not in the standard yet: every tool that writes them tells the validator so.
IGNORED = "*_xfm.*\n*_desc-overview.png\n*_desc-ldr*\ncohort.*\n"
_IMAGE = re.compile(r"(?P<entities>sub-[A-Za-z0-9]+(?:_[a-z]+-[A-Za-z0-9+]+)*)_(?P<suffix>[A-Za-z0-9]+)\.nii(\.gz)?")


def findPairs(root: Path, suffix: str, template: Path | None, fixedMask: Path | None) -> tuple[list[Pair], list[str]]:
    """Every anatomical image named ``suffix`` (T1w, FLAIR, ...) to a template; or later sessions to the first one.

    :raises RegistrationError: ``root`` is no BIDS dataset, or has nothing to register.
    """
    try:
        description = json.loads((root / DESCRIPTION).read_text(encoding="utf-8"))
        if not isinstance(description, dict) or "BIDSVersion" not in description:
            raise ValueError
    except (OSError, ValueError) as error:
        raise RegistrationError(f"{root} is no BIDS dataset: it has no {DESCRIPTION} that names a version.") from error
    images = _images(root, suffix)
    files = {} if fixedMask is None else {"fixed_mask": fixedMask}
    notes: list[str] = []
    if template is not None:
        label = _labelOf(template)
        pairs = [_pair(root, template, image, label, files) for image in images]
    else:
        pairs = []
        for visits in _bySubject(root, images, notes):
            first = visits[0]
            to = f"ses{_entity(first, 'ses')}"
            pairs += [_pair(root, first, image, to, files) for image in visits[1:]]
    if not pairs:
        what = f"no image is named sub-*_{suffix}.nii.gz" if not images else "no subject has two sessions"
        raise RegistrationError(f"In {root} there is nothing to register: {what}.")
    checkNames(pairs, str(root))
    return pairs, notes


def describeDerivatives(output: Path, source: Path) -> None:
    """Write what makes ``output`` a derivative dataset; files that say the same already are left alone.

    :raises RegistrationError: there is another dataset already.
    """
    content = {
        "Name": "ldr-register: deformable registration",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "ldr-register", "Version": softwareVersion()}],
        "SourceDatasets": [{"URL": f"bids::{source.resolve().name}"}],
    }
    path = output / DESCRIPTION
    if path.exists():
        try:
            present = json.loads(path.read_text(encoding="utf-8"))
            isOurs = present["GeneratedBy"][0]["Name"] == "ldr-register"
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            isOurs = False
        if not isOurs:
            raise RegistrationError(f"{path} was not written by ldr-register: choose another output folder.")
    replaceText(path, json.dumps(content, indent=2) + "\n")
    replaceText(output / ".bidsignore", IGNORED)
    replaceText(output / "README.md", "Results of ldr-register: transforms, images carried along, reports.\n")


def _images(root: Path, suffix: str) -> list[Path]:
    found = []
    for pattern in ("sub-*/anat", "sub-*/ses-*/anat"):
        for folder in root.glob(pattern):
            for path in folder.iterdir():
                match = _IMAGE.fullmatch(path.name)
                if match and match["suffix"] == suffix:
                    found.append(path)
    return sorted(found)


def _bySubject(root: Path, images: list[Path], notes: list[str]) -> list[list[Path]]:
    """One image a session, sessions in the order of their names (2 before 10), for every subject that has several."""
    subjects: dict[str, dict[str, list[Path]]] = {}
    for image in images:
        session = _entity(image, "ses")
        if session:
            subjects.setdefault(_entity(image, "sub"), {}).setdefault(session, []).append(image)
    visits = []
    for sessions in subjects.values():
        for several in sessions.values():
            if len(several) > 1:
                notes.append(f"{several[0].name} was taken, and {len(several) - 1} more of the same session was not.")
        if len(sessions) > 1:
            visits.append([sessions[session][0] for session in sorted(sessions, key=_inOrder)])
    return visits


def _pair(root: Path, fixed: Path, moving: Path, to: str, files: dict[str, Path]) -> Pair:
    match = _IMAGE.fullmatch(moving.name)
    assert match is not None
    entities, suffix = match["entities"], match["suffix"]
    folder = moving.parent.relative_to(root).as_posix()
    transform = f"{entities}_from-{suffix}_to-{to}_mode-image_xfm"
    warped = f"{entities}_space-{to}_{suffix}"
    called = {
        **{name: f"{entities}_space-{to}_desc-ldr{name.replace('/', '-')}" for name in USUAL_NAMES},
        "transform.h5": f"{transform}.h5",
        "report.json": f"{transform}.json",
        "warped.nii.gz": f"{warped}.nii.gz",
        "warped.json": f"{warped}.json",
        "overview.png": f"{entities}_space-{to}_desc-overview.png",
    }
    sources = [f"bids:raw:{moving.relative_to(root).as_posix()}"]
    reference = f"bids:raw:{fixed.relative_to(root).as_posix()}" if fixed.is_relative_to(root) else fixed.name
    sidecar: dict[str, Any] = {"Sources": sources, "SpatialReference": reference, "SkullStripped": False}
    noted = {"Sources": [*sources, reference]}
    return Pair(
        name=f"{entities}_to-{to}_{suffix}",
        folder=folder,
        fixed=fixed,
        moving=moving,
        files=files,
        called=called,
        sidecars={"warped.json": sidecar},
        noted=noted,
    )


def _entity(path: Path, key: str) -> str:
    found = re.search(rf"(?:^|_){key}-([A-Za-z0-9+]+)", path.name)
    return found[1] if found else ""


def _inOrder(session: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", session)]


def _labelOf(template: Path) -> str:
    """What BIDS may call the space of a template: of its name the entity tpl, or its letters and digits."""
    return _entity(template, "tpl") or re.sub(r"[^A-Za-z0-9]", "", template.name.partition(".")[0]) or "template"
