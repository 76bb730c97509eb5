"""What the benchmark says of its rows, and that a run goes on where it was stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import catalog
import numpy as np
import pandas as pd
import pytest
from scipy import stats

sys.path.append(str(catalog.ROOT / "benchmarks"))

import peers_bench
from peers.peer import PeerFailed
from peers.tables import differences, pair_rows, paired, picture, table


def rows() -> pd.DataFrame:
    """As the evaluation has them: two tools, three pairs, of which the second tool did two; it fails on one more."""
    found: list[dict[str, Any]] = []
    for method, dices in (("LDR Accurate", (0.60, 0.62, 0.64)), ("Other", (0.50, 0.53))):
        for number, dice in enumerate(dices):
            whole = {"dice": dice, "sd_log_j_in_body": 0.5 + number / 10, "folds_percent_in_body": 0.0}
            whole |= {"seconds": number + 1.0, "cpu_seconds": 2.0 * (number + 1), "peak_mb": 100.0 + number}
            whole |= {"loaded": int(number == 1), "others_cores": 0.0, "version": "tool 1.0", "commit": "abc"}
            found.append({"method": method, "pair": f"a {number}", "structure": "all", **whole})
            found.append({"method": method, "pair": f"a {number}", "structure": "4", "dice": dice})
    found.append({"method": "Other", "pair": "a 2", "structure": "all", "seconds": np.nan, "failed": 1})
    return pd.DataFrame(found).assign(set="brains")


def test_each_pair_has_its_own_line() -> None:
    lines = pair_rows(rows())
    assert len(lines) == 6
    line = lines[(lines["method"] == "Other") & (lines["pair"] == "a 1")].iloc[0]
    assert (line["Dice"], line["SD log J in the body"], line["loaded"]) == (0.53, 0.6, 1)


def test_landmarks_become_columns() -> None:
    found = pd.DataFrame(
        [
            {"set": "liver", "method": "M", "pair": "p q", "structure": "all", "seconds": 1.0, "sd_log_j_in_body": 0.3},
            {"set": "liver", "method": "M", "pair": "p q", "structure": "liver", "tre": 2.5, "tre_initial": 13.0},
        ]
    )
    line = pair_rows(found).iloc[0]
    assert (line["TRE liver, mm"], line["before liver, mm"]) == (2.5, 13.0)


def test_a_method_is_one_line_of_means_with_what_was_loaded_and_failed() -> None:
    answer = table(pair_rows(rows())).set_index("method")
    assert answer.loc["LDR Accurate", "Dice"] == pytest.approx(0.62)
    assert answer.loc["LDR Accurate", "CPU seconds"] == 4.0
    assert answer.loc["LDR Accurate", "peak MB"] == 102.0
    assert list(answer["loaded"]) == [1, 1]
    assert list(answer["failed"]) == [0, 1]
    assert answer.loc["Other", "Dice"] == pytest.approx(0.515), "of the pairs that did not fail"


def test_differences_are_of_the_same_pairs_with_students_interval() -> None:
    (answer,) = differences(pair_rows(rows())).to_dict("records")
    values = np.array([-0.10, -0.09])
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert answer["method"] == "Other"
    assert answer["pairs"] == 2
    assert answer["Dice"] == f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def test_of_one_pair_there_is_no_interval() -> None:
    mean, half, count = paired(pd.Series([0.3, np.nan]))
    assert (mean, half, count) == (0.3, np.inf, 1)
    assert not len(differences(pair_rows(rows()[lambda all_: all_["pair"] == "a 0"])))
    assert not len(differences(pair_rows(rows()), reference="nobody"))


def test_the_picture_is_drawn_also_where_a_tool_failed(tmp_path: Path) -> None:
    picture({"brains": table(pair_rows(rows()))}, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


class Counted:
    """Stands for a tool of the benchmark."""

    def __init__(self) -> None:
        self.calls = 0


def test_what_was_measured_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method, pair = Counted(), type("Pair", (), {"name": "a 0"})()

    def evaluate(asked: Counted, pairs: list) -> pd.DataFrame:
        asked.calls += 1
        if asked.calls == 1:
            raise PeerFailed("no memory")
        return pd.DataFrame([{"pair": "a 0", "structure": "all", "seconds": 1.0, "cpu_seconds": 1.0}])

    monkeypatch.setattr(peers_bench, "evaluate", evaluate)
    monkeypatch.setattr(peers_bench, "BENCH", tmp_path)
    monkeypatch.setattr(peers_bench, "key", lambda method, models: "tool-1.0")
    monkeypatch.setattr(peers_bench, "version_of", lambda method, models: "tool 1.0")

    def measured(title: str, again: bool) -> float:
        (line,) = peers_bench.measured(title, "Tool", method, pair, None, again).to_dict("records")
        return float(line["seconds"])

    assert np.isnan(measured("brains", again=False))
    assert np.isnan(measured("brains", again=False))
    assert method.calls == 1, "a failure is kept"
    assert measured("brains", again=True) == 1.0
    assert measured("brains", again=True) == 1.0
    assert method.calls == 2, "what succeeded is not tried again"
    measured("hippocampus", again=False)
    assert method.calls == 3, "a pair of another set with the same name is another pair"


def test_a_checkout_that_changes_meanwhile_does_not_change_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    peers_bench.engine_digest.cache_clear()
    before = peers_bench.engine_digest().hexdigest()
    monkeypatch.setattr(peers_bench, "ROOT", Path("/nowhere"))
    assert peers_bench.engine_digest().hexdigest() == before
    peers_bench.engine_digest.cache_clear()
    assert peers_bench.engine_digest().hexdigest() != before
    peers_bench.engine_digest.cache_clear()
