"""report.json: what was done, with what, how long it took and how good it is."""

from __future__ import annotations

import math
import platform
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from ..registration.box import BoxFit
from ..registration.landmarks import LandmarkFit
from ..registration.modelcards import ModelCard
from ..registration.register import RegistrationResult
from ..runtime.device import usableThreads
from ..runtime.terminal import printable
from ..runtime.version import DISTRIBUTION

PACKAGES = (DISTRIBUTION, "torch", "numpy", "vtk", "SimpleITK", "slicer-core")
# No other placement fitted at all.
LARGEST_MARGIN = 100.0


def reportContent(fixed: Path, moving: Path, card: ModelCard, result: RegistrationResult) -> dict[str, Any]:
    """The report as plain values. Distances are in mm; similarity is the mean squared local correlation, 0 to 1.

    Settings are those that the engine was given and the steps those that it took, whatever a preset stands for.
    """
    settings = result.settings
    placement = result.placement
    return {
        "verdict": {"grade": result.verdict.grade, "sentence": result.verdict.sentence},
        # How many times better the placement is than the next different one; null where it is beyond doubt.
        "placementMargin": None if placement is None else _rounded(min(placement.margin, LARGEST_MARGIN), 2),
        "coverage": _rounded(result.coverage, 3),
        "fixed": printable(fixed.name),
        "moving": printable(moving.name),
        "preset": settings.preset.value,
        "followUp": settings.followUp,
        "prealignment": settings.prealignment.value,
        "adaptationIterations": result.adaptationIterationsTaken,
        "refinementSteps": result.refinementStepsTaken,
        "bothWays": result.tookBothWays,
        "noiseSmoothingMm": round(result.noiseSmoothingMm, 3),
        # Of the finish, what was kept, from coarse to fine.
        "finish": [{"steps": one.steps, "spacingMm": _rounded(one.spacingMm, 3)} for one in result.finish],
        "interpolation": settings.resampling.interpolation.value,
        # null: by what the moving image is.
        "padding": None if settings.resampling.padding is None else _rounded(settings.resampling.padding, 6),
        "scalarType": settings.resampling.scalarType.value,
        "model": modelContent(card),
        "modality": result.modality.value,
        "similarity": {
            "start": _rounded(result.similarityStart, 5),
            "prealigned": _rounded(result.similarityPrealigned, 5),
            "registered": _rounded(result.similarity, 5),
        },
        "foldedPercent": _rounded(result.foldedPercent, 5),
        "sdLogJacobian": _rounded(result.sdLogJacobian, 5),
        "foldedPercentInBody": _rounded(result.foldedPercentInBody, 5),
        "sdLogJacobianInBody": _rounded(result.sdLogJacobianInBody, 5),
        "largestDisplacementMm": _rounded(result.largestDisplacementMm, 3),
        "landmarks": None if result.landmarks is None else _landmarks(result.landmarks),
        "box": None if result.box is None else _box(result.box),
        "notes": result.notes,
        "peakMemoryMb": _peakMemoryMb(),
        **computedOn(result.device, settings.threads),
        "versions": versions(),
        "notice": "For research; not for diagnostic use.",
        "testedOn": card.testedOn,
    }


def computedOn(device: str, threads: int | None) -> dict[str, Any]:
    """What computed: how many CPU threads, where None is torch's own number, and the device by its own name."""
    import torch

    return {"threads": usableThreads(threads or torch.get_num_threads()), "device": device}


def modelContent(card: ModelCard) -> dict[str, Any]:
    """Which model it was."""
    return {
        "name": card.name,
        "sha256": card.sha256,
        "licence": card.content.get("licence"),
        "nonCommercial": card.nonCommercial,
    }


def _box(fit: BoxFit) -> dict[str, Any]:
    """Where a result was refined in RAS mm, each axis a unit vector, and what came of it."""
    return {
        "centerRas": [_rounded(float(value), 3) for value in fit.box.center],
        "axesRas": [[_rounded(float(value), 5) for value in axis] for axis in fit.box.axes.T],
        "sizeMm": [_rounded(float(value), 3) for value in fit.box.sizeMm],
        "spacingMm": _rounded(fit.spacingMm, 3),
        "similarityBefore": _rounded(fit.similarityBefore, 5),
        "similarityAfter": _rounded(fit.similarityAfter, 5),
        "largestMm": _rounded(fit.largestMm, 3),
    }


def _landmarks(fit: LandmarkFit) -> list[dict[str, Any]]:
    """A row each: errors in mm in the moving image, and how far it lies from where all else would have it."""
    return [
        {
            "label": printable(label),
            "weight": _rounded(float(weight), 3),
            "beforeMm": _rounded(float(before), 3),
            "afterMm": _rounded(float(after), 3),
            "unexpectedMm": _rounded(float(unexpected), 3),
            "doubted": bool(doubted),
        }
        for label, weight, before, after, unexpected, doubted in zip(
            fit.landmarks.labels,
            fit.landmarks.weights,
            fit.beforeMm,
            fit.afterMm,
            fit.unexpectedMm,
            fit.doubted,
            strict=True,
        )
    ]


def withoutNames(content: Any, roles: Mapping[str, str]) -> Any:
    """``content`` with what ``roles`` says in place of each name, longest first, as they hold shorter ones.

    In any case of letters, and not within other words; an underscore ends one, as it does in names of files.
    """
    if isinstance(content, dict):
        return {key: withoutNames(value, roles) for key, value in content.items()}
    if isinstance(content, list):
        return [withoutNames(value, roles) for value in content]
    if isinstance(content, str):
        for name in sorted((name for name in roles if len(name) > 1), key=len, reverse=True):
            pattern = rf"(?<![^\W_]){re.escape(printable(name))}(?![^\W_])"
            literal = roles[name].replace("\\", r"\\")
            content = re.sub(pattern, literal, content, flags=re.IGNORECASE)
    return content


def versions() -> dict[str, str]:
    """Of Python and of the packages that a result depends on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _rounded(value: float, digits: int) -> float | None:
    """None for what json has no number for."""
    return round(value, digits) if math.isfinite(value) else None


def _peakMemoryMb() -> int | None:
    """Largest resident memory of this process so far; None on Windows, which has no resource module."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024))
