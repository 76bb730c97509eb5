"""The judge of experts' lesions, on the bundled pair: it must run, find the lesion, and count a false region as one."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.space.grid import transformPoints
from support import itk
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "change"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The bundled scans in the folders of the data set, with a ball for the experts' mask of the large new lesion."""
    folder = tmp_path / "ms_longitudinal" / "patient01"
    for name in ("raw", "common"):
        (folder / name).mkdir(parents=True)
    for number, path in ((2, CURRENT_FLAIR), (1, PRIOR_FLAIR)):
        (folder / "raw" / f"study{number}_FLAIR.nii.gz").symlink_to(path)
    grid = read_image(CURRENT_FLAIR).grid
    ijk = np.argwhere(np.ones(grid.shape, bool))[:, ::-1]
    away = np.linalg.norm(transformPoints(grid.ijkToRas, ijk.astype(float)) - (-24, -33, -11), axis=1)
    masks = {"gt": away < 7.0, "brainmask": away < 60.0}
    for name, mask in masks.items():
        image = itk.place(sitk.GetImageFromArray(mask.reshape(grid.shape).astype(np.uint8)), grid)
        sitk.WriteImage(image, str(folder / "common" / f"{name}.nii.gz"))
    sitk.WriteTransform(sitk.AffineTransform(3), str(folder / "raw" / "study2_FLAIR_to_common_space.txt"))
    return tmp_path


def test_the_judge_of_experts_lesions(data: Path, remembered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARK))
    monkeypatch.delitem(sys.modules, "judged", raising=False)
    import judged

    monkeypatch.setattr(judged, "compareVisits", remembered.compareVisits)
    scanned = judged.patient(data, "patient01")
    usual, everything = scanned.judge(0.5), scanned.judge(1.0)
    assert usual.hit == usual.lesions == 1
    assert usual.false == len(usual.found.regions) - 1 and everything.false >= usual.false
    assert usual.f1 == pytest.approx(2 / (2 + usual.false))
