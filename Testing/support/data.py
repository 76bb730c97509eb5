"""The bundled sample data."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.space.grid import LPS_FROM_RAS
from LDRRegistrationLib.space.image import Image

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_DATA = ROOT / "LDRRegistration" / "Resources" / "SampleData"
CURRENT_FLAIR = SAMPLE_DATA / "ms_longitudinal_patient01" / "study2_FLAIR.nii.gz"
PRIOR_FLAIR = SAMPLE_DATA / "ms_longitudinal_patient01" / "study1_FLAIR.nii.gz"
HIPPOCAMPUS = SAMPLE_DATA / "msd_hippocampus"
# The bundled hippocampi as a data set of the training's configuration, whose root is SAMPLE_DATA.
HIPPOCAMPUS_PAIRS = {
    "images": ["msd_hippocampus/images/{name}.nii.gz"],
    "labels": "msd_hippocampus/labels/{name}.nii.gz",
    "val_pairs": [["hippocampus_001", "hippocampus_014"], ["hippocampus_014", "hippocampus_001"]],
    "spacing": 1.0,
    "align": "grids",
}


def read_image(path: Path) -> Image:
    image = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return Image(sitk.GetArrayFromImage(image), LPS_FROM_RAS @ matrix, path.name)
