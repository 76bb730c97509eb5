"""report.json: what was done, with what, how long it took and how good it is."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .engine import RegistrationResult
from .settings import Settings
from .student import ModelCard


def reportContent(
    fixed: Path, moving: Path, settings: Settings, card: ModelCard, result: RegistrationResult
) -> dict[str, Any]:
    """The report as plain values. Distances are in mm; similarity is the mean squared local correlation, 0 to 1."""
    import torch

    versions = {"python": platform.python_version()}
    for package in ("ldr-registration", "torch", "numpy", "vtk", "SimpleITK", "slicer-core"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "fixed": fixed.name,
        "moving": moving.name,
        "preset": settings.preset.value,
        "prealignment": settings.prealignment.value,
        "adaptationIterations": 0 if settings.adaptation is None else settings.adaptation.iterations,
        "refinementSteps": settings.steps,
        "model": {
            "name": card.name,
            "sha256": card.content["sha256"],
            "licence": card.content.get("licence"),
            "nonCommercial": card.nonCommercial,
        },
        "modality": result.modality.value,
        "similarity": {
            "start": round(result.similarityStart, 5),
            "prealigned": round(result.similarityPrealigned, 5),
            "registered": round(result.similarity, 5),
        },
        "foldedPercent": round(result.foldedPercent, 5),
        "sdLogJacobian": round(result.sdLogJacobian, 5),
        "largestDisplacementMm": round(result.largestDisplacementMm, 3),
        "notes": result.notes,
        "peakMemoryMb": _peakMemoryMb(),
        "threads": settings.threads or torch.get_num_threads(),
        "device": result.device,
        "versions": versions,
        "notice": "For research; not for diagnostic use.",
        "testedOn": "MR of the head (T1, T2, FLAIR, thick slices) and the hippocampus; CT and the rest: little.",
    }


def _peakMemoryMb() -> int | None:
    """Largest resident memory of this process so far; None on Windows, which has no resource module."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024))
