"""What somebody asks for has an effect, or is refused before anything is made: options, weights, licences."""

import argparse
import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import eval as evaluation
import export
import pytest
import torch
import train
from aldk.commands import check_at_least, run_command
from aldk.errors import TrainingError
from aldk.options import READ, check_read, parse
from aldk.strategies import STRATEGIES
from aldk.strategies.reconstruction import Reconstruction

EXPERIMENTS = Path(train.__file__).parent / "experiments"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--ofg-steps", "5"], "--ofg.steps has no effect with --strategy unsupervised"),
        (["--gamma", "0.5"], "--gamma has no effect with --strategy unsupervised"),
        (["--strategy", "ofg", "--critic-learning-rate", "1"], "--critic-learning-rate has no effect with"),
        (["--strategy", "ofg-aldk", "--ofg-source", "cycle"], "--ofg.source has no effect with --strategy ofg-aldk"),
        (["--strategy", "structures", "--teaching.share", "0.3"], "--teaching.share has no effect with"),
        (["--strategy", "distillation", "--beta", "0.2"], "--beta has no effect with --strategy distillation"),
        (["--strategy", "multilevel", "--weight", "dice=1"], "multilevel has weights of its own"),
        (["--aldk", "--strategy", "ofg"], "--aldk is short for --strategy aldk"),
        (["--teacher-round", "5"], "--teacher-round is of a teacher that is trained first"),
        (["--seed", "-1"], "--seed -1"),
        (["--weight", "dice=-1"], "The loss dice has a number from 0 on"),
        (["--weight", "smoothness=nan"], "The loss smoothness has a number from 0 on"),
        (["--weight", "window=4"], "odd number of voxels"),
    ],
)
def test_what_would_be_dropped_is_refused_and_nothing_is_made(folder_config, tmp_path, capsys, more, words):
    output = tmp_path / "run"
    assert train.main(["-d", str(folder_config()), "--output", str(output), "-g", "-1", "--round", "1", *more]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not output.exists(), said


def test_every_recorded_experiment_reads_what_it_gives():
    assert set(READ) == set(STRATEGIES)
    count = 0
    for path in EXPERIMENTS.glob("*.json"):
        for group in json.loads(path.read_text(encoding="utf-8"))["groups"].values():
            for row in group["rows"]:
                words = [*group["arguments"], *row.get("arguments", [])]
                check_read(parse([*words, "-d", "data.json", "--output", "run"]))
                count += 1
    assert count > 50


def test_a_weight_that_is_no_number_in_the_data_description_is_refused():
    for wrong in ("1", None, [1.0], float("inf")):
        with pytest.raises(TrainingError, match="The loss dice has a number"):
            Reconstruction(dice=wrong)
    assert Reconstruction(window=9.0).window == 9 and isinstance(Reconstruction(window=9.0).window, int)


@pytest.mark.parametrize(
    ("licence", "is_non_commercial"),
    [
        ("CC BY-NC 4.0", True),
        ("cc-by-nc-sa", True),
        ("free for non-commercial use", True),
        ("academic use only", True),
        ("CC BY-SA 4.0", False),
        ("MIT LICENCE", False),
        ("NCI data licence", False),
    ],
)
def test_a_licence_is_non_commercial_by_what_it_says(licence, is_non_commercial):
    data = [{"name": "a", "licence": licence, "credit": "x"}]
    assert export.non_commercial(data) is is_non_commercial
    if is_non_commercial:
        with pytest.raises(TrainingError, match="non-commercial use only"):
            export.licence_of(data, "MIT LICENCE")
    else:
        assert export.licence_of(data, "MIT LICENCE") == "MIT LICENCE"


@pytest.mark.parametrize("spacing", ["0", "nan", "-1"])
def test_a_spacing_of_nothing_is_not_taken_for_none(capsys, tmp_path, spacing):
    words = ["--checkpoint", "c2f-general", f"--spacing={spacing}"]
    assert evaluation.main([*words, "--engine", "fast"]) == 2
    assert "give mm above 0" in capsys.readouterr().err
    words += ["--name", "mine", "--title", "Mine", "--licence", "CC BY-SA 4.0", "--output", str(tmp_path / "models")]
    assert export.main(words) == 2
    assert "give mm above 0" in capsys.readouterr().err and not (tmp_path / "models").exists()


def test_no_number_is_at_least_anything():
    with pytest.raises(TrainingError, match="--minutes nan"):
        check_at_least(argparse.Namespace(minutes=float("nan")), "minutes", minimum=1e-12)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory."), "not enough memory"),
        (RuntimeError("DataLoader worker (pid 5) is killed by signal: Killed."), "ended from outside"),
        (BrokenProcessPool("A child process terminated abruptly"), "ended from outside"),
    ],
)
def test_what_the_machine_lacks_is_a_sentence(capsys, error, words):
    def fails(_):
        raise error

    assert run_command("train.py", fails, None) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_a_fault_of_the_program_is_not_hidden():
    def fails(_):
        raise RuntimeError("a fault of the program")

    with pytest.raises(RuntimeError, match="fault of the program"):
        run_command("train.py", fails, None)
