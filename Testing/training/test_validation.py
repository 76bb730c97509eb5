"""Validation while a run trains, its best weights and early end; what a run writes down, and what it goes on with."""

import csv
import json
import math
import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest
import torch
import train
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.data import preparation
from aldk.data.loader import Items, stream
from aldk.errors import TrainingError
from aldk.loggers import make_loggers
from aldk.models import Architecture, build_model
from aldk.run import Run
from aldk.schedule import Schedule
from aldk.strategies import make_strategy
from aldk.trainer import Trainer
from aldk.validation import BestSoFar, Score, Validation, ValidationOptions, mean_dice
from lightning_fabric import Fabric
from support import scripts
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def arguments(data, output, *more, steps=4):
    return [str(word) for word in (
        "-b", "LDR", "-g", "-1", "--round", steps, "--epochs", "1", "--workers", "0", "--threads", "1",
        "--output", output, "-d", data, *more)]  # fmt: skip


def refused(capsys, *words):
    capsys.readouterr()
    assert train.main(list(words)) == 2
    return capsys.readouterr().err


@pytest.fixture
def validated(folder_config, tmp_path):
    """A run of six steps, validated after every second."""
    data, output = folder_config(), tmp_path / "run"
    assert train.main(arguments(data, output, "--validation.every", "2", steps=6)) == 0
    return data, output


def test_a_run_is_validated_and_writes_down_how_it_went(validated, tmp_path, capsys):
    _, output = validated
    with (output / "validation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["iteration"] for row in rows] == ["2", "4", "6"]
    assert all(0.3 < float(row["dice"]) < 0.9 and 0 < float(row["similarity"]) < 1 for row in rows)
    board = EventAccumulator(str(output)).Reload()
    tags = board.Tags()
    assert {"validation/dice", "run/learning_rate", "folder/similarity"} <= set(tags["scalars"])
    assert tags["images"] == ["validation/hippocampus_001_hippocampus_014"]
    assert len(board.Scalars("validation/dice")) == 3
    best = max(rows, key=lambda row: float(row["dice"]))
    assert checkpoint.load(output / checkpoint.BEST)["iteration"] == int(best["iteration"])
    assert load_network(output, "best")[1]["iteration"] == int(best["iteration"])

    # The config beside the run makes the same run again, bit for bit, also in a run without validation.
    config = output / "config.json"
    content = json.loads(config.read_text())
    assert content["validation"]["every"] == 2 and "output" not in content and "threads" not in content
    again = tmp_path / "again"
    words = ["--config", str(config), "--output", str(again), "--validation.pairs", "0", "-g", "-1", "--threads", "1"]
    assert train.main(words) == 0
    first, second = checkpoint.load(output), checkpoint.load(again)
    assert all(torch.equal(second["average"][name], value) for name, value in first["average"].items())
    assert not (again / "validation.csv").exists()

    # A key that nobody reads is named, and nothing is made.
    config.write_text(json.dumps({**content, "learning_rat": 1.0}))
    said = refused(capsys, "--config", str(config), "--output", str(tmp_path / "third"))
    assert "learning_rat" in said and len(said.splitlines()) == 1
    config.write_text(json.dumps({**content, "validation": {"evry": 1}}))
    assert "evry" in refused(capsys, "--config", str(config), "--output", str(tmp_path / "third"))
    assert not (tmp_path / "third").exists()


OTHER_SETTINGS = {
    "schedule.learning_rate 0.0005 instead of 0.001": ("--learning-rate", "1e-3"),
    "schedule.iterations 6 instead of 12": ("--epochs", "2"),
    "accumulate 1 instead of 2": ("--accumulate", "2"),
    "batch 0 instead of 2": ("--batch", "2"),
    "losses": ("--weight", "dice=1"),
}


def test_a_run_does_not_go_on_with_other_settings(validated, capsys):
    data, output = validated
    before = (output / checkpoint.NAME).read_bytes()
    for named, more in OTHER_SETTINGS.items():
        said = refused(capsys, *arguments(data, output, "--validation.every", "2", *more, steps=6))
        assert named in said and "choose another --output" in said
        assert (output / checkpoint.NAME).read_bytes() == before


def test_a_run_does_not_go_on_with_other_data_but_old_checkpoints_do(validated, folder_config, capsys):
    data, output = validated
    same = arguments(data, output, "--validation.every", "2", steps=6)
    folder_config(strength=0.9)
    assert "data.tasks" in refused(capsys, *same)
    # Of a checkpoint from before settings were kept nobody knows them.
    state = checkpoint.load(output)
    for name in ("settings", "validated", "ended_early"):
        del state[name]
    del state["provenance"]["losses"]["inverse"]
    del state["architecture"]["velocity"]
    checkpoint.save(output, state)
    assert train.main(same) == 0


def test_a_run_ends_early_when_nothing_gets_better(folder_config, tmp_path):
    output = tmp_path / "run"
    more = ("--validation.every", "2", "--validation.patience", "2", "--validation.least", "1")
    assert train.main(arguments(folder_config(), output, *more, steps=40)) == 0
    state = checkpoint.load(output)
    # The first is the best; two more are not better by 1.
    assert (state["iteration"], state["ended_early"], state["finished"]) == (6, True, True)
    assert train.main(arguments(folder_config(), output, *more, steps=40)) == 0
    assert checkpoint.load(output)["iteration"] == 6


def test_the_best_is_by_dice_or_without_labels_by_similarity():
    progress = BestSoFar()
    scores = [Score(2, math.nan, s, 0.0) for s in (0.2, 0.5, 0.50001, 0.4)]
    assert [progress.add(n, 1.0, score, 1e-4) for n, score in enumerate(scores)] == [True, True, False, False]
    assert (progress.best_iteration, progress.since) == (1, 2)
    assert Score(1, 0.7, 0.2, 0.0).measure == 0.7
    fixed = torch.zeros(4, 4, 4, dtype=torch.int64)
    fixed[:2] = 3
    assert mean_dice(fixed, fixed, fixed) == 1.0
    moved = torch.zeros_like(fixed)
    moved[1:3] = 3
    assert mean_dice(fixed, moved, moved) == pytest.approx(0.5)
    assert math.isnan(mean_dice(torch.zeros_like(fixed), moved, moved))


def test_validation_is_without_labels_too_and_knows_a_good_network(folder_config):
    config = train.read_config(folder_config(labels=None))
    validation = Validation(config, train.data_root(config, folder_config()), ValidationOptions())
    untrained, shipped = build_model("CoarseToFine"), load_network("c2f-general")[0]
    first, second = (validation.score(network, torch.device("cpu")) for network in (untrained, shipped))
    assert math.isnan(first.dice) and second.similarity > first.similarity + 0.1


def test_accumulated_batches_are_the_mean_of_their_gradients(folder_config, tmp_path):
    data = folder_config(augmentation="none")
    pairs = [Items(data, 1)[n][1] for n in range(2)]
    together = type(pairs[0])(*[
        None if getattr(pairs[0], n) is None else torch.cat([getattr(p, n) for p in pairs])
        for n in ("fixed", "moving", "clean_fixed", "clean_moving", "forward", "backward")
    ], names=pairs[0].names + pairs[1].names)  # fmt: skip
    weights = []
    for name, steps in (("one", (together,)), ("two", pairs)):
        run = Run(tmp_path / name, data, Architecture("LDR"), Schedule(iterations=3))
        strategy = make_strategy("unsupervised", {"folding": 0.0, "kind": "correlation"})
        trainer = Trainer(Fabric(accelerator="cpu", devices=1), run, strategy)
        terms = trainer.step(*steps)
        assert math.isfinite(terms["loss"])
        weights.append(torch.cat([p.detach().flatten() for p in trainer.network.parameters()]))
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=2e-6)


def test_what_is_wrong_with_a_voxel_is_said_before_a_folder_is_made(folder_config, tmp_path, capsys, monkeypatch):
    import SimpleITK as sitk

    images = tmp_path / "images"
    images.mkdir()
    for name in ("a", "b", "c"):
        array = torch.rand(20, 20, 20).numpy()
        if name == "c":
            array[3, 4, 5] = float("nan")
        sitk.WriteImage(sitk.GetImageFromArray(array), str(images / f"{name}.nii.gz"))
    data = folder_config(root=str(tmp_path), labels=None, train=["a", "b", "c"], val=None)
    for few in (8, 1):
        monkeypatch.setattr(preparation, "FEW", few)
        said = refused(capsys, *arguments(data, tmp_path / "run", "--preparing", "2"))
        assert "c.nii.gz" in said and "not a number" in said and len(said.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_subjects_are_prepared_once(folder_config, own_cache):
    data = folder_config(align="affine", val=None)
    assert preparation.prepare_data(data, 2) == 2
    files = sorted(path.name for path in own_cache.iterdir())
    assert len(files) == 3  # two subjects, one alignment
    assert preparation.prepare_data(data, 2) == 0
    stamps = [path.stat().st_mtime_ns for path in own_cache.iterdir()]
    Items(data, 1)[0]
    assert stamps == [path.stat().st_mtime_ns for path in own_cache.iterdir()]


def test_several_loaders_give_items_in_their_order(tiny_config):
    items = Items(tiny_config, 5)
    for number, (_, pair) in zip(range(3, 7), stream(tiny_config, 5, 3, workers=2), strict=False):
        assert torch.equal(pair.fixed, items[number][1].fixed)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="only POSIX has the signal")
def test_sigusr1_saves_and_the_run_goes_on(training_folder, tiny_config, tmp_path):
    output = tmp_path / "run"
    words = arguments(tiny_config, output, "--save-seconds", "10000", steps=100_000)
    process = scripts.Script([sys.executable, training_folder / "train.py", *words])
    try:
        wait_for(lambda: (output / "log.csv").exists() and len((output / "log.csv").read_text().splitlines()) > 1)
        os.kill(process.pid, signal.SIGUSR1)
        wait_for((output / checkpoint.NAME).exists)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()


def wait_for(ready):
    for _ in range(1200):
        if ready():
            return
        time.sleep(0.05)
    pytest.fail("nothing happened within a minute")


def test_further_loggers_are_told_or_say_what_they_lack(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_lightning.loggers", None)
    with pytest.raises(TrainingError, match='needs packages of the extra "loggers"'):
        make_loggers(("mlflow",), tmp_path, {})
    told = []
    fake = SimpleNamespace(
        MLFlowLogger=lambda **options: SimpleNamespace(
            log_hyperparams=told.append, log_metrics=lambda figures, step: told.append(figures), finalize=told.append
        )
    )
    monkeypatch.setitem(sys.modules, "pytorch_lightning.loggers", fake)
    (logger,) = make_loggers(("mlflow",), tmp_path, {"seed": 1})
    logger.log_metrics({"a": 1.0}, 3)
    assert told == [{"seed": 1}, {"a": 1.0}]


def test_every_flag_has_a_help_text(capsys):
    parser = train.make_parser("")
    without = [a.dest for a in parser._actions if not a.help or a.help == "==SUPPRESS=="]
    assert without == []
    assert train.main(["--help"]) == 0
    # Lines end where the terminal does.
    shown = " ".join(capsys.readouterr().out.split())
    assert "--ofg.step_voxels" in shown and "it shrinks with the run" in shown
    options = train.parse(["-d", "a.json", "--output", "o", "--ofg-step-voxels", "0.3", "--sar-cycle=2"])
    assert (options.ofg.step_voxels, options.sar.cycle) == (0.3, 2.0)
