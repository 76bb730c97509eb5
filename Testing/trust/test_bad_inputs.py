"""The quick ones of the bad and odd inputs that `make trust` tries; docs/TRUST.md has them all."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import bad_inputs
from catalogue import CASES, RIGHT, Call, Case, Expected, refused

QUICK = [name for name, case in CASES.items() if case.quick]


def test_there_are_many():
    assert len(CASES) >= 150 and len(QUICK) >= 20


@pytest.mark.parametrize("name", QUICK)
def test_what_must_come_comes(name, tmp_path):
    row = bad_inputs.judged(CASES[name], tmp_path)
    if row["passed"] is None:
        pytest.skip(row["got"])
    assert row["passed"], row


def test_the_judge_sees_what_is_wrong(tmp_path):
    """Another reason, a result where there should be none, a wrong place, and a file that was changed."""

    def judged(name, make, expected):
        (tmp_path / name).mkdir()
        return bad_inputs.judged(Case(name, "none", make, expected, True), tmp_path / name)["faults"]

    missing = CASES["missing file"].make
    assert judged("reason", missing, refused("is a folder")) == ["another reason is given"]
    assert judged("refusal", missing, Expected((RIGHT,))) == ["not right"]

    def spoils(place):
        call = CASES["same file twice"].make(place)
        call.output.mkdir()
        (call.output / "warped.nii.gz").write_text("mine")
        return Call([*call.arguments, "--overwrite"], call.output, same=True, kept=[call.output / "warped.nii.gz"])

    assert judged("changed", spoils, Expected((RIGHT,))) == ["a file was changed that had to stay"]
    assert judged("done", CASES["same file twice"].make, refused("")) == ["not refused"]
