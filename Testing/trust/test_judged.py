"""What is counted as wrong, and that the tables say what was recorded."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import judged
import report
import thresholds
from records import Records, read_rows


def _row(case, error, verdict, **more):
    evidence = {"total": 0.3, "kept": 0.3, "runnerUp": 0.2, "mirrored": 0.1, "isDifferent": 0.0}
    common = {"case": case, "kind": "oasis", "motion": "turn", "voxel": 1.0, "evidence": evidence}
    return {**common, "error": error, "verdict": verdict, **more}


ROWS = [
    _row("a", 1.0, "good"),
    _row("b", 1.9, "check"),
    _row("c", 3.5, "good", voxel=4.0),
    _row("d", 3.5, "good"),
    _row("e", 80.0, "good"),
    _row("f", float("nan"), "failed"),
    _row("g", 0.5, "check", motion="mirror"),
    _row("h", None, "good", kind="strangers"),
    _row("i", 5.5, "check", evidence=None),
    {"case": "j", "kind": "oasis", "motion": "shift", "voxel": 1.0, "refused": "They do not overlap."},
]


@pytest.mark.parametrize(
    ("row", "outcome"),
    list(zip(ROWS, "right right right between wrong wrong wrong wrong wrong refused".split(), strict=True)),
)
def test_what_is_right_and_what_is_wrong(row, outcome):
    assert judged.outcome_of(row) == outcome


def test_rates_of_error():
    counts = judged.counts(ROWS, "kind")
    assert counts["strangers"] == judged.Count(wrong=1, wrong_good=1)
    expected = judged.Count(right=3, right_not_good=1, wrong=4, wrong_good=1, wrong_failed=1, between=1, refused=1)
    assert counts["oasis"] == expected and expected.pairs == 9
    last = judged.table(ROWS, "motion")[-1]
    assert last == "| all | 10 | 3 | 1 (33.3 %) | 5 | 2 (40.0 %) | 1 (20.0 %) | 1 | 1 |"


def test_the_last_row_of_a_case_counts_and_a_cut_line_is_left_out(tmp_path):
    path = tmp_path / "motions-val-fast.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (*ROWS, _row("a", 9.0, "good"))) + '\n{"case": "z", "err')
    (rows,) = judged.read([path]).values()
    assert len(rows) == 10 and judged.outcome_of(rows[0]) == judged.WRONG


def test_what_was_recorded_is_what_the_document_says(tmp_path):
    records = Records(tmp_path, "bad_inputs")
    records.keep(
        "one", {"kind": "files", "expected": "refused", "passed": True, "got": "status 2: a | b", "seconds": 0.1}
    )
    records.keep("two", {"kind": "files", "expected": "right", "passed": False, "got": "status 0", "seconds": 2.0})
    records.keep("three", {"kind": "files", "expected": "right", "passed": None, "got": "cannot be tried here"})
    kill = {"kind": "kills", "signal": "SIGKILL", "passed": True, "faults": [], "got": ""}
    endurance = Records(tmp_path, "endurance")
    endurance.keep("kill 0", {**kill, "stands": "old"})
    endurance.keep("kill 2", {**kill, "stands": "new", "passed": False, "faults": ["half a result"]})
    (tmp_path / "motions-val-fast.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    document = tmp_path / "TRUST.md"
    names = ("bad inputs", "endurance", "headers", "motions")
    document.write_text("\n".join(f"<!-- begin {name} -->\nold {name}\n<!-- end {name} -->\nkept" for name in names))
    for _ in range(2):  # the second time changes nothing
        report.write(tmp_path, document=document)
        text = document.read_text()
        assert "1 of 2 inputs get what is right." in text and "Not tried there: three." in text
        assert "| one | refused | status 2: a \\| b | 0.1 |" in text and "| **WRONG** status 0 |" in text
        assert "| 2 times SIGKILL at a random moment | **1 of 2** | 1 times the old result stands, 1 times" in text
        assert "1 times half a result |" in text and "old headers" in text and "old motions" not in text
        assert text.count("kept") == 4 and (tmp_path / "trust-motions.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match="needs the markers"):
        report.replaced("nothing", "motions", [])


def test_what_is_done_is_not_run_again(tmp_path):
    records = Records(tmp_path, "check")
    records.keep("right", {"passed": True})
    records.keep("wrong", {"passed": False})
    records.keep("skipped", {"passed": None})
    later = Records(tmp_path, "check")
    assert not later.is_done("new") and all(map(later.is_done, ("right", "wrong", "skipped")))
    assert later.is_done("right", again=True) and not later.is_done("wrong", again=True)
    later.keep("wrong", {"passed": True})
    row = read_rows(tmp_path / "check.jsonl")["wrong"]
    assert row["passed"] is True and {"date", "commit", "machine"} <= set(row)


def test_grades_are_what_the_evidence_gets_today():
    recorded = {"similarity": [0.1, 0.3, 0.5], "coverage": 1.0}
    row = _row("a", 1.0, "failed", **recorded)
    assert thresholds.regraded(row)["verdict"] == "good"
    assert thresholds.regraded({**row, "coverage": 0.3})["verdict"] == "check"
    assert thresholds.regraded({**row, "evidence": {**row["evidence"], "runnerUp": 0.29}})["verdict"] == "failed"
    assert thresholds.regraded(ROWS[-1]) == ROWS[-1]
    right, mirrored = thresholds.mirror_ratios([row, _row("m", 50.0, "good", motion="mirror")])
    assert right == [pytest.approx(1 / 3)] and mirrored == {"m": pytest.approx(1 / 3)}
