"""What train.py refuses, each in a sentence and before it makes anything."""

import pytest
import torch
import train
from aldk import checkpoint
from aldk.errors import TrainingError
from aldk.trainer import Trainer
from filelock import FileLock
from support.trainingruns import command, run


def refused(capsys, *arguments):
    """What a command of ``command`` says that ends with 2, in this process."""
    assert train.main([str(word) for word in arguments[2:]]) == 2
    return capsys.readouterr().err


def test_training_that_diverges_stops_at_the_pair_and_keeps_the_checkpoint(
    training_folder, tiniest_config, trained, capsys
):
    state = checkpoint.load(trained)
    name = next(n for n in state["model"] if n.endswith("flow.bias"))
    state["model"][name][0] = float("nan")
    state["iteration"] = 10
    checkpoint.save(trained, state)
    before = (trained / checkpoint.NAME).read_bytes()
    said = refused(capsys, *command(training_folder, tiniest_config, trained))
    assert "not a finite number at iteration 10, pair" in said
    assert "shapes" in said and "Traceback" not in said
    assert (trained / checkpoint.NAME).read_bytes() == before


def test_a_full_disk_leaves_the_checkpoint_from_before(tmp_path):
    state = {name: {} for name in checkpoint.REQUIRED}
    checkpoint.save(tmp_path, {**state, "iteration": 1})
    (tmp_path / "checkpoint.pt.part").symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"could not be written \(No space left.*the one from before is kept"):
        checkpoint.save(tmp_path, {**state, "iteration": 2, "weights": torch.zeros(300_000)})
    assert checkpoint.load(tmp_path)["iteration"] == 1
    assert not (tmp_path / "checkpoint.pt.part").is_symlink()


def test_a_checkpoint_of_something_else_is_refused(training_folder, tiniest_config, trained, tmp_path, capsys):
    said = refused(capsys, *command(training_folder, tiniest_config, trained, "-n", "2"))
    assert "another architecture: cascades 1 instead of 2" in said
    said = refused(capsys, *command(training_folder, tiniest_config, trained, "--aldk", "--teacher", trained))
    assert "a run of the strategy Unsupervised, not Aldk" in said
    distilled = command(training_folder, tiniest_config, tmp_path / "d", "--aldk", "--teacher", trained, "--round", "2")
    run(*distilled)
    said = refused(capsys, *distilled, "--gamma", "0.5", "--seed", "3")
    assert "a run of other settings, aldk, seed 2026 instead of 3" in said
    said = refused(capsys, *command(training_folder, tiniest_config, trained, "--initialisation", "torch"))
    assert "a run of other settings, initialisation 'he' instead of 'torch'" in said
    # Of a run from before there was a choice nobody knows it, and it makes no difference any more.
    state = checkpoint.load(trained)
    checkpoint.save(trained, {name: value for name, value in state.items() if name != "initialisation"})
    again = command(training_folder, tiniest_config, trained, "--initialisation", "torch")
    assert train.main([str(word) for word in again[2:]]) == 0


@pytest.mark.parametrize("content", [b"", b"PK", b"no checkpoint"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "other.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"other\.pt is not a checkpoint of train\.py"):
        checkpoint.load(tmp_path / "other.pt")
    torch.save({"weights": 1, "architecture": "LDR"}, tmp_path / "other.pt")
    with pytest.raises(TrainingError, match="of this version"):
        checkpoint.load(tmp_path / "other.pt")


def test_two_runs_never_share_a_folder(training_folder, tiniest_config, tmp_path, capsys):
    output = tmp_path / "run"
    with FileLock(output / ".lock"):
        said = refused(capsys, *command(training_folder, tiniest_config, output))
    assert "Another train.py is at work in" in said
    assert not (output / "log.csv").exists()


def test_a_run_that_ended_between_is_not_undone(training_folder, tiniest_config, tmp_path, monkeypatch, capsys):
    """The second command had read the checkpoint when the first wrote its last one, and gave its folder back."""
    output = tmp_path / "run"
    again = command(training_folder, tiniest_config, output, "--round", "4")
    run(*again)
    ended = checkpoint.load(output)
    checkpoint.save(output, {**ended, "iteration": 2})
    alone = Trainer._alone

    def as_the_first_ends(self):
        checkpoint.save(output, {**ended, "iteration": 3})
        return alone(self)

    monkeypatch.setattr(Trainer, "_alone", as_the_first_ends)
    assert train.main([str(word) for word in again[2:]]) != 0
    assert "Another train.py has just ended in" in capsys.readouterr().err
    assert checkpoint.load(output)["iteration"] == 3


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("-g", "99"), "GPU(s) that PyTorch can use"),
        (("-g", "first"), "give numbers of GPUs"),
        (("--precision", "7-bit"), "precision"),
        (("--aldk", "--gamma", "2"), "beta and gamma lie between 0 and 1"),
        (("--aldk", "--gamma", "much"), "gamma"),
        (("--beauty", "1"), "beauty"),
        (("--weight", "dice=1"), "has no labels to compare"),
        (("--start-from", "c2f-generall"), "the shipped models are c2f-general"),
        (("--start-from", "c2f-general"), "another architecture: base 'CoarseToFine' instead of 'LDR'"),
        (("--validation.patience", "2"), "no validation pairs"),
        (("--config", "nowhere.json"), "nowhere.json"),
        (("--teaching.weight", "0", "--strategy", "structures", "--teaching-share", "0"), "nothing is learnt"),
        (("--strategy", "multilevel", "--weight", "inverse=1"), "no term of inverse consistency"),
        (("--velocity", "-b", "Pyramid-half"), "composes its field itself"),
        (("--average", "1"), "--average 1"),
        (("--logger", "paper"), "paper"),
        (("--aldk", "--teacher", "nowhere/run"), "There is no checkpoint at nowhere/run"),
        (("--teacher", "VTN"), "nothing learns from it"),
        (("--start-from", "nowhere"), "There is no checkpoint at nowhere"),
        (("--start-from", "nowhere", "--initialisation", "torch"), "come from there: leave --initialisation out"),
        (("-n", "0"), "at least one cascade"),
        (("--batch", "-1"), "--batch -1"),
        (("--epochs", "0"), "--epochs 0"),
        (("--threads", "0"), "--threads 0"),
        (("-g", "-2"), "give numbers of GPUs"),
        (("--grid", "32", "32", "32"), "this network has no stem"),
        (("--affine", "light", "--grid", "16", "16", "16"), "at least 48 voxels, not 16 x 16 x 16"),
        (("--weight", "dice"), "--weight dice: give the name of a loss and a number"),
        (("--weight", "beauty=1"), "unexpected keyword argument 'beauty'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(training_folder, tiniest_config, tmp_path, capsys, more, expected):
    assert (
        train.main([str(word) for word in command(training_folder, tiniest_config, tmp_path / "run", *more)[2:]]) == 2
    )
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("train.py: ") == 1 and "Traceback" not in error and len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()
