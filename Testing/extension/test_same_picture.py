"""tools/same_picture.py, by which the build server sees that the README's first picture is what the demo draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import same_picture
from LDRRegistrationLib.reports.png import writePng

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "Resources" / "Screenshots" / "demo.png"


@pytest.fixture
def pixels() -> np.ndarray:
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(sitk.ReadImage(str(KEPT)))


def test_rounding_makes_no_other_picture(pixels: np.ndarray, tmp_path: Path) -> None:
    rounded = pixels.copy()
    rounded[::7, ::5] ^= 1
    writePng(tmp_path / "overview.png", rounded)
    assert same_picture.difference(tmp_path / "overview.png", KEPT) == ""


def test_a_pixel_aside_is_another_picture(
    pixels: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "overview.png"
    writePng(made, np.roll(pixels, 1, axis=1))
    monkeypatch.setattr("sys.argv", ["same_picture.py", str(made), str(KEPT)])
    assert same_picture.main() == 1 and "differ by" in capsys.readouterr().err
    writePng(made, pixels[:-1])
    assert "1035 x 1291 pixels" in same_picture.difference(made, KEPT)


def test_the_build_server_compares_what_the_demo_made() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    made = script.index("make demo\n")
    assert f"tools/same_picture.py demo/overview.png {KEPT.relative_to(ROOT).as_posix()}" in script[made:]
