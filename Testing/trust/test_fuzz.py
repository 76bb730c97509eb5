"""A few of the spoilt headers that fuzz_headers.py makes: none crashes, hangs, or is read otherwise in silence."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import fuzz_headers
import spoilt


def test_no_spoilt_header_is_read_otherwise_in_silence():
    cases = list(fuzz_headers.outcomes(70, seed=17))
    assert [case for case in cases if case["outcome"] in fuzz_headers.FAULTS] == []
    # Both ends are met: neither refuses the reader everything, nor are all the files still right.
    outcomes = [case["outcome"] for case in cases]
    assert outcomes.count(fuzz_headers.REFUSED) > 15 and outcomes.count(fuzz_headers.SAME) > 15
    assert all(case["sentence"] for case in cases if case["outcome"] == fuzz_headers.REFUSED)


def test_the_judge_sees_what_is_read_otherwise(tmp_path):
    path = spoilt.valid_files(tmp_path)[".nii"]
    assert fuzz_headers.read(path)[0] == "" and fuzz_headers.judge(path)[0] == fuzz_headers.SAME
    with np.load(tmp_path / "read.npz") as right:
        array, affine = right["array"], right["affine"]
    moved, other = affine.copy(), array.copy()
    moved[0, 3] += 0.01
    other[1, 2, 3] += 1
    for wrong in (
        {"array": array, "affine": moved},
        {"array": other, "affine": affine},
        {"array": array[1:], "affine": affine},
    ):
        np.savez(tmp_path / "read.npz", **wrong)
        assert fuzz_headers.judge(path)[0] == fuzz_headers.DIFFERS
