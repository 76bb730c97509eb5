"""eval.py end to end: a run that was never trained, on the bundled pair."""

import json

import eval as command
import pytest
import torch
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.evaluation.tables import read_table
from aldk.models import Architecture, build_model
from support.data import HIPPOCAMPUS_PAIRS, SAMPLE_DATA


@pytest.fixture
def run_folder(tmp_path):
    """A run that was never trained, on the bundled pair."""
    torch.manual_seed(0)
    model = build_model("LDR")
    config = {"root": str(SAMPLE_DATA), "datasets": {"hippocampus": HIPPOCAMPUS_PAIRS}}
    weights = model.state_dict()
    moved = {**weights, "networks.0.flow.bias": torch.tensor([0.0, 0.0, 1.5])}
    state = {
        "architecture": model.architecture.to_dict(),
        "average": weights,
        "model": moved,
        "iteration": 12,
        "seconds": 1.0,
        "commands": [],
        "config": config,
        "config_path": str(tmp_path / "data.json"),
    }
    (tmp_path / "data.json").write_text(json.dumps(config))
    folder = tmp_path / "run"
    folder.mkdir()
    checkpoint.save(folder, state)
    return folder


def run_eval(folder, *more):
    threads = str(torch.get_num_threads())
    return command.main(["--gpu", "-1", "--threads", threads, "--checkpoint", str(folder), *map(str, more)])


def test_eval_end_to_end(run_folder, capsys):
    assert run_eval(run_folder, "-v", "hippocampus", "--hd95") == 0
    assert "| hippocampus |" in capsys.readouterr().out
    table = read_table(run_folder / "evaluation.csv")
    row = table.iloc[0]
    assert (row["iterations"], row["pairs"], row["structures"], row["parameters"]) == (12, 2, 2, 1_489_235)
    # Untrained, the network hardly moves anything; the grids' centres are aligned before it.
    assert row["dice"] == pytest.approx(row["dice_aligned"], abs=0.02) and 0.2 < row["dice"] < 0.95
    assert row["jaccard"] < row["dice"] and row["hd95"] > 0 and row["folds"] == 0
    assert 0 < row["cpu_seconds"] < row["seconds"]
    structures = read_table(run_folder / "per_structure.csv")
    assert structures["structure"].tolist() == [1, 2]
    assert structures["dice"].mean() == pytest.approx(row["dice"])

    assert run_eval(run_folder, "--batch", 2, "-d", run_folder.parent / "data.json") == 0
    assert run_eval(run_folder, "--weights", "model", "--pairs", 1) == 0
    again = read_table(run_folder / "evaluation.csv")
    assert again["weights"].tolist() == ["average", "model"] and again["pairs"].tolist() == [2, 1]
    assert again["dice"][0] == pytest.approx(row["dice"], abs=1e-3)
    assert abs(again["dice"][1] - again["dice_aligned"][1]) > 0.02
    assert len(read_table(run_folder / "per_structure.csv")) == 4
    assert "--weights model" in (run_folder / "evaluation.md").read_text()


def test_eval_says_in_one_sentence_what_is_wrong(run_folder, tmp_path, capsys):
    def refused(*arguments):
        assert run_eval(*arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        return captured.err

    assert "There is no checkpoint at" in refused(tmp_path / "nothing")
    assert "no evaluation set called liver; there are hippocampus" in refused(run_folder, "-v", "liver")
    assert "--pairs 0: give a number of at least 1" in refused(run_folder, "--pairs", 0)
    if not torch.cuda.is_available():
        assert command.main(["--gpu", "3", "--checkpoint", str(run_folder)]) == 2
        assert "--gpu 3: PyTorch finds 0 GPUs" in capsys.readouterr().err
    state = checkpoint.load(run_folder)
    for architecture, sentence in (
        (Architecture("LDR-public").to_dict(), "do not fit the architecture"),
        ({"base": "RDL"}, "that this version cannot build"),
        ({"name": "LDR"}, "that this version cannot build"),
    ):
        checkpoint.save(run_folder, {**state, "architecture": architecture})
        assert sentence in refused(run_folder)
    checkpoint.save(run_folder, {k: v for k, v in state.items() if k != "average"})
    assert "not a checkpoint of this version" in refused(run_folder)
    (run_folder / checkpoint.NAME).write_bytes(b"no checkpoint")
    assert "not a checkpoint" in refused(run_folder)


def test_the_weights_asked_for_are_loaded(run_folder):
    (average, state), (last, _) = load_network(run_folder), load_network(run_folder, "model")
    assert state["iteration"] == 12 and not average.training
    assert average.networks[0].flow.bias.tolist() == [0.0, 0.0, 0.0]
    assert last.networks[0].flow.bias.tolist() == [0.0, 0.0, 1.5]
