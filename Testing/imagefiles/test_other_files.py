"""Whatever else a path may be: pipes, devices, folders, names in another encoding, formats that ITK reads."""

import locale
import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.imagefiles import itk
from LDRRegistrationLib.imagefiles.reading import readImage, stem
from LDRRegistrationLib.runtime import memory
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.data import ROOT, read_image

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def _image(dtype=np.int16):
    return sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 200, (6, 7, 8)).astype(dtype))


@posix
def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.nii.gz")
    (tmp_path / "link.nrrd").symlink_to("/dev/zero")
    for name in ("pipe.nii.gz", "link.nrrd"):
        with pytest.raises(RegistrationError, match="a pipe or a device"):
            readImage(tmp_path / name)
    sitk.WriteImage(_image(), str(tmp_path / "a.nhdr"), useCompression=False)
    (tmp_path / "a.raw").unlink()
    os.mkfifo(tmp_path / "a.raw")
    with pytest.raises(RegistrationError, match="a pipe or a device"):
        readImage(tmp_path / "a.nhdr")


def test_nothing_folders_and_texts(tmp_path):
    for path, sentence in ((tmp_path / "nothing", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(RegistrationError, match=sentence):
            readImage(path)
    for content in (
        b"",
        b"text",
        b"\x1f\x8b",
        b"NRRD0004\n",
        b"NDims = 3\nElementDataFile = LOCAL\n",
        bytes(348),
        bytes(1000),
    ):
        for name in ("file.nii.gz", "file.nrrd", "file"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(RegistrationError, match=r"damaged|not an image|cannot be understood"):
                readImage(tmp_path / name)


@posix
def test_names_that_are_not_utf8(tmp_path):
    strange = tmp_path / os.fsdecode(b"caf\xe9")
    for suffix in (".nii", ".nii.gz", ".nrrd", ".mha", ".gipl"):
        plain = tmp_path / f"plain{suffix}"
        sitk.WriteImage(_image(), str(plain))
        path = strange.with_name(strange.name + suffix)
        path.write_bytes(plain.read_bytes())
        if suffix == ".gipl":
            with pytest.raises(RegistrationError, match="not UTF-8"):
                readImage(path)
            continue
        image, _ = readImage(path)
        np.testing.assert_array_equal(image.array, read_image(plain).array)
        assert image.name == "caf\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("suffix", [".gipl", ".vtk", ".hdf5"])
def test_other_formats_by_itk(tmp_path, suffix):
    path = tmp_path / f"image{suffix}"
    image = _image()
    image.SetSpacing((1.0, 2.0, 3.0))
    with itk.silence():
        sitk.WriteImage(image, str(path))
        expected = read_image(path).ijkToRas
    encoding = locale.getpreferredencoding(False)
    read, notes = readImage(path)
    # ITK's reader of .vtk files leaves the locale at "C", and every text that is read after it in ASCII.
    assert locale.getpreferredencoding(False) == encoding
    np.testing.assert_array_equal(read.array, sitk.GetArrayFromImage(image))
    np.testing.assert_allclose(read.ijkToRas, expected, atol=1e-6)
    assert len(notes) == (suffix != ".hdf5") and all("does not say how it lies" in note for note in notes)


def test_pictures_are_refused(tmp_path):
    sitk.WriteImage(sitk.Cast(_image(), sitk.sitkUInt8), str(tmp_path / "stack.tif"))
    with pytest.raises(RegistrationError, match="is a picture"):
        readImage(tmp_path / "stack.tif")


def test_complex_numbers_and_colors_are_refused(tmp_path):
    image = sitk.Cast(_image(), sitk.sitkFloat32)
    for name in ("a.nii.gz", "a.nrrd", "a.vtk", "a.mha"):
        sitk.WriteImage(sitk.Compose(image, image, image), str(tmp_path / name))
        with pytest.raises(RegistrationError, match="3 values per voxel"):
            readImage(tmp_path / name)
    for name in ("b.nii.gz", "b.nrrd"):
        sitk.WriteImage(sitk.RealAndImaginaryToComplex(image, image), str(tmp_path / name))
        with pytest.raises(RegistrationError, match=r"complex|2 values"):
            readImage(tmp_path / name)


def test_nothing_is_printed_about_damaged_files(tmp_path):
    for name in ("a.nii.gz", "a.nrrd", "a.mha", "a.hdf5", "a.vtk", "a.tif", "a.gipl", "b.gipl.gz"):
        sitk.WriteImage(sitk.Cast(_image(), sitk.sitkUInt8), str(tmp_path / name))
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    code = """
import sys
from pathlib import Path
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.imagefiles.reading import readImage
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        readImage(path)
    except RegistrationError:
        print("refused")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stderr == "" and ran.stdout == 8 * "refused\n"


def test_no_memory_is_said_before_it_is_taken(tmp_path, monkeypatch):
    sitk.WriteImage(sitk.Image(320, 320, 320, sitk.sitkFloat32), str(tmp_path / "a.nii.gz"), useCompression=True)
    monkeypatch.setattr(memory, "availableBytes", lambda: 100_000_000)
    with pytest.raises(RegistrationError, match=r"takes 0\.1 GB of memory, and 0\.1 GB are available"):
        readImage(tmp_path / "a.nii.gz")
    monkeypatch.setattr(memory, "availableBytes", lambda: None)
    assert readImage(tmp_path / "a.nii.gz")[0].array.shape == (320, 320, 320)


def test_available_memory_is_the_least_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    monkeypatch.setattr(memory, "_ofProcess", lambda: None)
    assert memory.availableBytes() is None
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:    5000 kB\n")
    assert memory.availableBytes() == 5000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.availableBytes() == 5000 * 1024
    for name, text in (
        ("max", "3000000\n"),
        ("current", "2500000\n"),
        ("stat", "active_file 1000\ninactive_file 2000\n"),
    ):
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory.availableBytes() == 503_000
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\n")
    assert memory.availableBytes() == 503_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.nii.gz", "a"), ("A.NII.GZ", "A"), ("a.b.nrrd", "a.b"), ("a.hdr", "a"), ("a", "a"), ("x.y.img.gz", "x.y")],
)
def test_names_of_nodes(tmp_path, name, expected):
    assert stem(tmp_path / name) == expected
