"""The documents' pictures keep the few colored pixels beside a scan's many grays."""

from pathlib import Path

import numpy as np
import pictures


def test_a_thin_bar_keeps_its_color(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(3)
    gray = rng.integers(0, 256, (400, 500, 1), dtype=np.uint8)
    picture = np.repeat(gray, 3, axis=2)
    picture[:, 250:] = rng.integers(60, 255, (400, 250, 1), dtype=np.uint8) * np.array([[[1.0, 0.3, 0.25]]])
    bars = {10: (78, 154, 98), 20: (184, 132, 28), 30: (192, 86, 77)}
    for column, color in bars.items():
        picture[30:66, column : column + 4] = color
    pictures.save(picture, tmp_path / "picture.png")
    read = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB")).astype(int)
    for column, color in bars.items():
        assert np.abs(read[30:66, column : column + 4] - color).max() <= 12, color
    assert np.abs(read[:, 40:250] - picture[:, 40:250].astype(int)).max() <= 4, "grays stay gray"
