"""training/template.py writes what the module reads."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.mrml.files import writeImage
from LDRRegistrationLib.recognition import Template

SCRIPT = Path(__file__).resolve().parents[2] / "training" / "template.py"


def load_script():
    spec = importlib.util.spec_from_file_location("template_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_cropped_to_what_it_shows_and_lies_where_that_lay(tmp_path):
    array = np.zeros((40, 48, 44), np.float32)
    k, j, i = np.meshgrid(*[np.arange(n) for n in array.shape], indexing="ij")
    inside = ((k - 22) / 10) ** 2 + ((j - 20) / 14) ** 2 + ((i - 25) / 8) ** 2 < 1
    array[inside] = 100.0 + 40.0 * np.sin(0.5 * k + 0.3 * j)[inside]
    ijkToRas = np.array([[-2.0, 0, 0, 30], [0, 0, 2.0, -50], [0, 2.0, 0, 12], [0, 0, 0, 1.0]])
    writeImage(Image(array, ijkToRas), tmp_path / "looks.nii.gz")
    writeImage(Image((array > 0) * (260.0 - array).astype(np.float32), ijkToRas), tmp_path / "unlike.nii.gz")
    output = tmp_path / "picture.npz"
    arguments = ["--looks", tmp_path / "looks.nii.gz", "--unlike", tmp_path / "unlike.nii.gz", "--output", output]
    assert load_script().main([*map(str, arguments), "--spacing", "4", "--margin", "0.2"]) == 0
    template = Template.read(output)
    assert template.margin == 0.2 and template.looks.shape == template.unlike.shape
    # Along R, A, S the body is 32, 40 and 56 mm long.
    assert all(length <= n * 4 <= length + 16 for n, length in zip(template.looks.shape, (56, 40, 32), strict=True))
    seen = np.argwhere(template.looks > 0.3).mean(axis=0)[::-1]
    center = (template.ijkToRas @ [*seen, 1.0])[:3]
    np.testing.assert_allclose(center, (ijkToRas @ [25, 20, 22, 1.0])[:3], atol=1.0)
    middle = tuple(slice(round(n) - 2, round(n) + 3) for n in seen[::-1])
    assert np.corrcoef(template.looks[middle].ravel(), template.unlike[middle].ravel())[0, 1] < -0.9
