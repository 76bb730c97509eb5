"""The extension's images in Slicer's Sample Data module. They are part of the package: nothing is downloaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from ..runtime.resources import RESOURCES

CATEGORY = "LDRRegistration"


@dataclass(frozen=True)
class Sample:
    """Images that are loaded together; ``files`` are relative to Resources/SampleData, the fixed one first."""

    name: str
    files: tuple[str, ...]
    nodeNames: tuple[str, ...]
    thumbnail: str

    @property
    def paths(self) -> list[Path]:
        return [RESOURCES / "SampleData" / name for name in self.files]


# Names are how scripts ask for them (SampleData.downloadSamples), so they are not translated.
SAMPLES = (
    Sample(
        "LDRFollowUpFLAIR",
        ("ms_longitudinal_patient01/study2_FLAIR.nii.gz", "ms_longitudinal_patient01/study1_FLAIR.nii.gz"),
        ("Current FLAIR", "Prior FLAIR"),
        "LDRFollowUpFLAIR.png",
    ),
    Sample(
        "LDRHippocampi",
        ("msd_hippocampus/images/hippocampus_001.nii.gz", "msd_hippocampus/images/hippocampus_014.nii.gz"),
        ("Hippocampus 001", "Hippocampus 014"),
        "LDRHippocampi.png",
    ),
)


def registerSampleData() -> None:
    """Add the samples to the Sample Data module; without that module there is nothing to do."""
    try:
        import SampleData
    except ModuleNotFoundError:
        return
    logic = SampleData.SampleDataLogic
    # Slicer 5.10 shows the category as it is named.
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(CATEGORY, _("LDR Registration"))
    for sample in SAMPLES:
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris=[path.as_uri() for path in sample.paths],
            fileNames=[f"{sample.name}-{path.name}" for path in sample.paths],
            nodeNames=list(sample.nodeNames),
            # The cache is shared by all versions of the extension.
            checksums=[f"SHA256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sample.paths],
            thumbnailFileName=str(RESOURCES / "Icons" / sample.thumbnail),
        )
