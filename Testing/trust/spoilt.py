"""Small valid image files, and copies of them with spoilt headers or contents."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

import numpy as np

SUFFIXES = (".nii", ".nii.gz", ".hdr", "-big.nii", "-2.nii", "-scaled.nii.gz", ".nrrd", "-plain.nrrd", ".nhdr")
META_SUFFIXES = (".mha", "-plain.mha", ".mhd")
SPECIAL = (
    0,
    1,
    -1,
    2,
    3,
    7,
    127,
    255,
    348,
    352,
    540,
    32767,
    -32768,
    2**31 - 1,
    0.5,
    1e-30,
    1e30,
    float("nan"),
    float("inf"),
)


def valid_files(folder: Path) -> dict[str, Path]:
    """One small valid file of every kind, by the end of its name."""
    import nibabel
    import SimpleITK as sitk
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(3)
    values = rng.integers(-1000, 1000, (7, 6, 5)).astype(np.int16)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (10, 20, 30), degrees=True).as_matrix() * [1.0, 1.5, 2.0]
    affine[:3, 3] = (-30.0, 20.0, 10.0)
    files = {suffix: folder / f"valid{suffix}" for suffix in (*SUFFIXES, *META_SUFFIXES)}
    nibabel.Nifti1Image(values, affine).to_filename(files[".nii"])
    nibabel.Nifti1Image(values, affine).to_filename(files[".nii.gz"])
    nibabel.Nifti1Pair(values, affine).to_filename(files[".hdr"])
    big = nibabel.Nifti1Image(values, affine, nibabel.Nifti1Header(endianness=">"))
    big.to_filename(files["-big.nii"])
    nibabel.Nifti2Image(values, affine).to_filename(files["-2.nii"])
    scaled = nibabel.Nifti1Image(values * 0.25 + 100.0, affine)
    scaled.set_data_dtype(np.int16)
    scaled.to_filename(files["-scaled.nii.gz"])
    image = sitk.ReadImage(str(files[".nii"]))
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    for suffix in (".nrrd", "-plain.nrrd", ".nhdr", *META_SUFFIXES):
        sitk.WriteImage(image, str(files[suffix]), useCompression="plain" not in suffix)
    return files


def mutant(rng: np.random.Generator, valid: Path, folder: Path) -> Path:
    """A spoilt copy of ``valid``, and of the file with its voxels if there are two."""
    for other in valid.parent.glob(valid.name.split(".")[0] + ".*"):
        if (
            other.suffix in (".img", ".raw", ".zraw", ".gz")
            and other != valid
            and valid.suffix in (".hdr", ".nhdr", ".mhd")
        ):
            (folder / other.name).write_bytes(
                _cut(rng, other.read_bytes()) if rng.random() < 0.1 else other.read_bytes()
            )
    path = folder / valid.name
    content = valid.read_bytes()
    packed = valid.suffix == ".gz"
    if packed and rng.random() < 0.2:
        path.write_bytes(_flip(rng, content, len(content)))
        return path
    if packed:
        content = gzip.decompress(content)
    isText = content[:4] == b"NRRD" or b"NDims" in content[:100]
    content = _spoilt_text(rng, content) if isText else _spoilt_nifti(rng, content)
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return path


def _flip(rng: np.random.Generator, content: bytes, within: int) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        changed[rng.integers(min(within, len(content)))] = rng.integers(256)
    return bytes(changed)


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))] if rng.random() < 0.5 else content + bytes(rng.integers(1, 40))


def _spoilt_nifti(rng: np.random.Generator, content: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.15:
        return _cut(rng, content)
    if kind < 0.4:
        return _flip(rng, content, 352)
    changed, second = bytearray(content), content[:1] == b"\x1c" and content[4:7] in (b"n+2", b"ni2")
    order = ">" if content[0] == 0 else "<"
    fields = (
        [
            ("h", 40, 8),
            ("h", 68, 3),
            ("f", 76, 8),
            ("f", 108, 3),
            ("h", 252, 2),
            ("f", 256, 6),
            ("f", 280, 12),
            ("B", 123, 1),
        ]
        if not second
        else [
            ("h", 12, 2),
            ("q", 16, 8),
            ("d", 104, 8),
            ("q", 168, 1),
            ("d", 176, 2),
            ("i", 344, 2),
            ("d", 352, 18),
            ("i", 500, 2),
        ]
    )
    for _ in range(rng.integers(1, 3)):
        code, start, count = fields[rng.integers(len(fields))]
        at = start + struct.calcsize(code) * int(rng.integers(count))
        old = struct.unpack_from(order + code, content, at)[0]
        new = SPECIAL[rng.integers(len(SPECIAL))] if rng.random() < 0.6 else old * rng.choice([-1, 0.5, 2, 1.001])
        try:
            struct.pack_into(order + code, changed, at, new if code in "fd" else int(new))
        except (struct.error, ValueError, OverflowError):
            struct.pack_into(order + code, changed, at, 0)
    return bytes(changed)


def _spoilt_text(rng: np.random.Generator, content: bytes) -> bytes:
    end = re.search(rb"\n\n|ElementDataFile[^\n]*\n", content)
    split = end.end() if end else len(content)
    head, body = content[:split], content[split:]
    kind = rng.random()
    if kind < 0.15:
        return head + _cut(rng, body) if body else _cut(rng, head)
    if kind < 0.35:
        return _flip(rng, head, len(head)) + body
    lines = head.split(b"\n")
    if kind < 0.5:
        del lines[rng.integers(1, len(lines))]
        return b"\n".join(lines) + body
    numbers = list(re.finditer(rb"(?<=[ (,=])-?\d[\d.e+-]*", head))
    chosen = numbers[rng.integers(len(numbers))]
    new = (
        str(SPECIAL[rng.integers(len(SPECIAL))]).encode()
        if rng.random() < 0.6
        else b"%g" % (float(chosen[0]) * rng.choice([-1, 0.5, 2, 1.001]))
    )
    return head[: chosen.start()] + new + head[chosen.end() :] + body
