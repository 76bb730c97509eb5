"""The tables of the evaluation: what is kept, and where its rows come from."""

import pandas as pd
import pytest
from aldk.errors import TrainingError
from aldk.evaluation.tables import Provenance, current_commit, read_table, update_table

HERE = Provenance("1234567890abcdef-dirty", "python eval.py '-v' 'a,b #1'", "a CPU, 2 threads", "2026-01-01 00:00 UTC")
LATER = Provenance("abcdef1234567890", "python eval.py", "another", "2026-01-02 00:00 UTC")


def test_tables_keep_their_rows_and_where_they_come_from(tmp_path):
    keys = ["checkpoint", "dataset"]
    first = pd.DataFrame({"checkpoint": ["1", "runs/b"], "dataset": ["x", "x"], "dice": [0.123456789, 0.5]})
    update_table(tmp_path / "t", first, keys, HERE, "Title")
    again = pd.DataFrame({"checkpoint": ["1", "1"], "dataset": ["x", "y"], "dice": [0.25, 0.75], "hd95": [1.0, None]})
    update_table(tmp_path / "t", again, keys, LATER, "Title")
    table = read_table(tmp_path / "t.csv", keys)
    assert table[[*keys, "dice"]].values.tolist() == [["runs/b", "x", 0.5], ["1", "x", 0.25], ["1", "y", 0.75]]
    assert table["command"].tolist() == [HERE.command, LATER.command, LATER.command]
    for text in ((tmp_path / "t.csv").read_text(), (tmp_path / "t.md").read_text()):
        assert all(f"{p.commit}" in text and p.command in text and p.machine in text for p in (HERE, LATER))
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert [len(line.split("|")) for line in lines if line.startswith("|")] == [7] * 5
    assert "1234567890-dirty" in lines[-3] and "0.2500" in lines[-2]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.csv", "t.md"]


def test_tables_that_cannot_be_kept_are_refused_with_a_sentence(tmp_path):
    rows = pd.DataFrame({"checkpoint": ["a"]})
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="could not be written"):
        update_table(tmp_path / "file" / "t", rows, ["checkpoint"], HERE, "Title")
    (tmp_path / "t.csv").write_text("something,else\n1,2\n")
    with pytest.raises(TrainingError, match="not a table of this program"):
        update_table(tmp_path / "t", rows, ["checkpoint"], HERE, "Title")
    assert (tmp_path / "t.csv").read_text() == "something,else\n1,2\n"
    assert current_commit(tmp_path) == "unknown"
