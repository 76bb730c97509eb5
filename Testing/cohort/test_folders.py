"""An image that is a folder of DICOM files: finished as long as all of its files are as they were."""

import os

from LDRRegistrationLib.cohort.fingerprint import contentOf
from LDRRegistrationLib.cohort.pair import Pair


def test_a_folder_is_known_by_all_of_its_files(tmp_path):
    folder, fixed = tmp_path / "series", tmp_path / "fixed.nii"
    (folder / "deeper").mkdir(parents=True)
    fixed.write_bytes(b"fixed")
    (folder / "1.dcm").write_bytes(b"one")
    (folder / "deeper" / "2.dcm").write_bytes(b"two")
    pair = Pair("a", "a", fixed, folder)
    before = contentOf(pair, {})
    assert contentOf(pair, {}) == before and before["inputs"]["moving"]["bytes"] == 6
    os.utime(folder / "1.dcm", (1, 1))
    os.utime(folder / "deeper" / "2.dcm", (2, 2))
    touched = contentOf(pair, {})
    assert touched["key"] == before["key"] and touched["inputs"]["moving"]["mtimeNs"] == 2_000_000_000
    (folder / "deeper" / "2.dcm").write_bytes(b"owt")
    assert contentOf(pair, {})["key"] != before["key"]
    (folder / "deeper" / "2.dcm").write_bytes(b"two")
    (folder / "deeper" / "2.dcm").rename(folder / "2.dcm")
    assert contentOf(pair, {})["key"] != before["key"]
