"""Subjects as read: in their place, labels with their image, from the cache only what is still true."""

import os
import time

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from aldk.data import cache
from aldk.data.subjects import Subject, Subjects, check_subject, native_subject, read_subject, read_subjects
from aldk.errors import TrainingError

DESCRIPTION = {"images": ["{name}.nii.gz"], "labels": "{name}_labels.nii.gz", "spacing": 1.0, "train": ["a", "b"]}


def write(path, array, spacing=1.0, origin=(0.0, 0.0, 0.0)):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([spacing] * 3)
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(path))


@pytest.fixture
def folder(tmp_path):
    """Two subjects of 12 x 14 x 16 voxels (k, j, i), labelled 1 where they are bright."""
    folder = tmp_path / "subjects"
    folder.mkdir()
    for seed, name in enumerate("ab"):
        array = np.random.default_rng(seed).random((12, 14, 16)).astype(np.float32)
        write(folder / f"{name}.nii.gz", array, origin=(3.0, -5.0, 7.0))
        write(folder / f"{name}_labels.nii.gz", (array > 0.5).astype(np.uint8), origin=(3.0, -5.0, 7.0))
    return folder


def cached_files(own_cache):
    return sorted(own_cache.glob("*"))


def same(first, second):
    return torch.equal(first.images, second.images) and torch.equal(first.labels, second.labels)


def test_a_native_subject_lies_where_itk_says_in_ras(folder):
    subject = native_subject(folder, DESCRIPTION, "a")
    assert subject.images[0].array.shape == subject.labels.array.shape == (12, 14, 16)
    np.testing.assert_allclose(subject.images[0].ijkToRas[:3, 3], [-3.0, 5.0, 7.0])
    np.testing.assert_array_equal(subject.labels.array, subject.images[0].array > 0.5)
    assert native_subject(folder, {**DESCRIPTION, "labels": None}, "a").labels is None


def test_a_subject_read_at_its_own_spacing_keeps_labels_and_image_together(folder):
    subject = read_subject(folder, DESCRIPTION, "a")
    assert subject.images.shape == (1, 12, 14, 16) and subject.spacing == 1.0
    assert 0.0 <= float(subject.images.min()) and float(subject.images.max()) <= 1.0
    bright, dark = (subject.images[0][subject.labels == n] for n in (1, 0))
    assert float(bright.min()) >= float(dark.max())


@pytest.mark.parametrize(
    ("shape", "origin", "sentence"),
    [
        ((12, 14, 15), (3.0, -5.0, 7.0), r"15 x 14 x 12 voxels against 16 x 14 x 12, and corners up to 1.0 mm apart"),
        ((12, 14, 16), (3.0, -5.0, 9.0), r"16 x 14 x 12 voxels against 16 x 14 x 12, and corners up to 2.0 mm apart"),
    ],
)
def test_labels_on_another_grid_are_refused_with_size_and_position(folder, shape, origin, sentence):
    write(folder / "a_labels.nii.gz", np.zeros(shape, np.uint8), origin=origin)
    for read in (check_subject, native_subject, read_subject):
        with pytest.raises(TrainingError, match=r"a_labels.nii.gz lies on another grid than .*a.nii.gz: " + sentence):
            read(folder, DESCRIPTION, "a")


def test_contrasts_of_one_subject_must_share_a_grid(folder):
    with pytest.raises(TrainingError, match=r"x_a.nii.gz lies on another grid"):
        write(folder / "x_a.nii.gz", np.zeros((12, 14, 16), np.float32), spacing=2.0)
        check_subject(folder, {"images": ["{name}.nii.gz", "x_{name}.nii.gz"], "spacing": 1.0}, "a")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (np.zeros((12, 14, 16), np.float32), r"a.nii.gz.*is constant"),
        (np.zeros((12, 14), np.float32), r"a.nii.gz has 2 dimensions"),
        (None, r"a.nii.gz cannot be read as an image"),
    ],
)
def test_images_that_cannot_be_trained_on_are_named(folder, content, sentence):
    if content is None:
        (folder / "a.nii.gz").write_bytes(b"no image")
    elif content.ndim == 2:
        sitk.WriteImage(sitk.GetImageFromArray(content), str(folder / "a.nii.gz"))
    else:
        write(folder / "a.nii.gz", content, origin=(3.0, -5.0, 7.0))
    with pytest.raises(TrainingError, match=sentence):
        read_subject(folder, {**DESCRIPTION, "labels": None}, "a")


def test_an_image_of_probabilities_below_zero_is_no_label_map(folder):
    write(folder / "a_labels.nii.gz", np.full((12, 14, 16), -2.0, np.float32), origin=(3.0, -5.0, 7.0))
    with pytest.raises(TrainingError, match=r"a_labels.nii.gz is no label map"):
        native_subject(folder, DESCRIPTION, "a")


def test_the_cache_gives_the_same_tensors_without_reading_the_images(folder, own_cache, monkeypatch):
    first = read_subject(folder, DESCRIPTION, "a")
    monkeypatch.setattr("aldk.data.subjects.native_subject", None)
    assert same(read_subject(folder, DESCRIPTION, "a"), first)
    assert [path.suffix for path in cached_files(own_cache)] == [".npz"]


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"", None])
def test_a_damaged_cache_file_is_made_again(folder, own_cache, damage):
    first = read_subject(folder, DESCRIPTION, "a")
    (file,) = cached_files(own_cache)
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    file.write_bytes(damage(whole) if damage else bytes(flipped))
    assert same(read_subject(folder, DESCRIPTION, "a"), first)
    with np.load(file) as arrays:
        np.testing.assert_array_equal(arrays["images"], first.images.numpy())


def test_a_changed_source_is_noticed(folder, own_cache):
    first = read_subject(folder, DESCRIPTION, "a")
    changed = np.random.default_rng(9).random((12, 14, 16)).astype(np.float32)
    write(folder / "a.nii.gz", changed, origin=(3.0, -5.0, 7.0))
    os.utime(folder / "a.nii.gz", (time.time() + 5, time.time() + 5))
    assert not torch.equal(read_subject(folder, DESCRIPTION, "a").images, first.images)
    assert read_subject(folder, {**DESCRIPTION, "spacing": 2.0}, "a").images.shape == (1, 6, 7, 8)


def test_a_cache_that_cannot_be_written_does_not_stop_reading(folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LDR_CACHE", str(tmp_path / "file"))
    assert read_subject(folder, DESCRIPTION, "a").images.shape == (1, 12, 14, 16)


def test_a_write_that_fails_leaves_nothing_behind(own_cache, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(cache.np, "savez", full)
    made = cache.cached("x", lambda: {"a": np.ones(3)})
    np.testing.assert_array_equal(made["a"], np.ones(3))
    assert cached_files(own_cache) == []


def test_the_cache_lies_in_the_systems_folder_unless_told_otherwise(monkeypatch, tmp_path, own_cache):
    assert cache.cache_folder() == own_cache
    monkeypatch.delenv("LDR_CACHE")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "ldr-registration"


def test_alignments_are_kept_too(folder, own_cache, monkeypatch):
    description = {**DESCRIPTION, "align": "affine"}
    first = read_subjects(folder, description, "train")
    assert len(cached_files(own_cache)) == 3
    monkeypatch.setattr("aldk.data.subjects.affine_between", None)
    np.testing.assert_array_equal(read_subjects(folder, description, "train")[1].to_common, first[1].to_common)
    np.testing.assert_array_equal(first[0].to_common, np.eye(4))
    assert not np.array_equal(first[1].to_common, np.eye(4))


def test_no_more_subjects_are_kept_than_fit_and_the_others_are_read_again():
    loaded = []

    def load(name):
        loaded.append(name)
        return Subject(name, torch.zeros(1, 8, 8, 8), None, 1.0, np.eye(4))

    subjects = Subjects(list("abcd"), load, lambda common, subject: np.eye(4), memory=2 * 8**3 * 4)
    for name in "bcdbcd":
        assert subjects.named(name).name == name
    assert loaded.count("a") == 1 and loaded.count("b") > 1
    assert [subject.name for subject in subjects] == list("abcd")


def test_image_and_labels_of_a_header_that_says_its_place_twice_stay_together(folder):
    """An sform and a qform that differ: ITK's reader and the library's go by different ones."""
    nibabel = pytest.importorskip("nibabel")
    moved = np.eye(4)
    moved[:3, 3] = (40.0, -20.0, 10.0)
    for name in ("a", "a_labels"):
        image = nibabel.load(folder / f"{name}.nii.gz")
        twice = nibabel.Nifti1Image(np.asanyarray(image.dataobj), None)
        twice.header["pixdim"][1:4] = 1.0
        twice.set_qform(np.eye(4), code=1)
        twice.set_sform(moved, code=2)
        nibabel.save(twice, folder / f"{name}.nii.gz")
    subject = native_subject(folder, DESCRIPTION, "a")
    np.testing.assert_allclose(subject.labels.ijkToRas, subject.images[0].ijkToRas)
    np.testing.assert_allclose(subject.images[0].ijkToRas, moved)
    read = read_subject(folder, DESCRIPTION, "a")
    assert float(read.images[0][read.labels == 1].min()) >= float(read.images[0][read.labels == 0].max())


def test_labels_that_are_no_number_are_refused(folder):
    labels = np.ones((12, 14, 16), np.float32)
    labels[3, 3, 3] = np.nan
    write(folder / "a_labels.nii.gz", labels, origin=(3.0, -5.0, 7.0))
    with pytest.raises(TrainingError, match=r"a_labels.nii.gz is no label map"):
        native_subject(folder, DESCRIPTION, "a")
