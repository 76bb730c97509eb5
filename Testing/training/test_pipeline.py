"""Every command, end to end, on tiny crops of real images: from a data description to a model that registers."""

import csv
import json
from pathlib import Path

import eval as evaluation
import export
import pytest
import teach
import torch
import train
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.data.config import read_config
from aldk.data.loader import Items
from aldk.errors import TrainingError
from aldk.teachers import MANIFEST, NetworkTeacher, StoredTeacher, field_path, plain_data
from LDRRegistrationLib.registration.models import ModelStore

NAMES = ("hippocampus_001", "hippocampus_014")
SAMPLES = Path(__file__).resolve().parents[2] / "LDRRegistration" / "Resources" / "SampleData" / "msd_hippocampus"


def run(command, *arguments, status=0, capsys=None):
    answer = command.main([str(a) for a in arguments])
    error = capsys.readouterr().err if capsys else ""
    assert answer == status, error
    return error


def training(data, output, *more, network="LDR", steps=2):
    return ["-b", network, "-n", "1", "-g", "-1", "--round", steps, "--epochs", "1", "--batch", "2", "--workers", "0",
            "--threads", "1", "--output", output, "-d", data, *more]  # fmt: skip


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.fixture
def plain(folder_config):
    """The bundled pair without augmentation, as stored fields need it."""
    return folder_config(augmentation="none")


@pytest.fixture
def teacher(plain, tmp_path):
    """A VoxelMorph after two steps, whose field is made large enough to be seen."""
    output = tmp_path / "teacher"
    run(train, *training(plain, output, network="VoxelMorph"))
    state = checkpoint.load(output)
    for name in state["average"]:
        if name.endswith("flow.weight"):
            torch.manual_seed(5)
            state["average"][name] = torch.randn_like(state["average"][name])
    checkpoint.save(output, state)
    return output


def test_from_images_to_a_model_in_the_module(folder_config, tmp_path, capsys):
    """The public README's command lines, on the CPU: train with ALDK, evaluate, export."""
    data, output = folder_config(), tmp_path / "1cas_LDR_ALDK"
    run(train, *training(data, output, "--aldk", "--teacher", "VoxelMorph", steps=3))
    assert checkpoint.load(output)["provenance"]["teacher"]["architecture"]["base"] == "VoxelMorph"
    assert list(output.glob("events.out.tfevents.*"))
    run(evaluation, "--gpu", "-1", "--batch", "1", "--checkpoint", output, "-v", "folder")
    (row,) = rows(output / "evaluation.csv")
    assert (row["pairs"], row["structures"], row["parameters"]) == ("2", "2", "1489235")
    assert 0.3 < float(row["dice"]) < 0.9 and float(row["cpu_seconds"]) > 0
    assert row["command"].startswith("python training/eval.py") and len(row["commit"]) >= 7
    naming = ["--name", "mine", "--title", "Mine", "--licence", "CC BY-SA 4.0", "--output", tmp_path / "models"]
    run(export, "--checkpoint", output, *naming)
    assert [card.name for card in ModelStore(tmp_path / "models").cards()] == ["mine"]
    answer = run(evaluation, "--checkpoint", output, "-v", "liver", status=2, capsys=capsys)
    assert "no evaluation set called liver; there are folder" in answer


def test_hdf5_of_the_public_layout_trains_and_evaluates(public_config, tmp_path):
    output = tmp_path / "1cas_LDR_Liver"
    run(train, *training(public_config(), output))
    run(evaluation, "--gpu", "-1", "--batch", "2", "--checkpoint", output, "-v", "lits")
    (row,) = rows(output / "evaluation.csv")
    assert (row["dataset"], row["pairs"]) == ("lits", "2")


def test_the_public_descriptions_name_what_they_need(training_folder, tmp_path, capsys, monkeypatch):
    """-d datasets/liver.json without the files, and datasets/brain.json without a data folder: a sentence each."""
    monkeypatch.chdir(training_folder)
    answer = run(train, *training("datasets/liver.json", tmp_path / "liver"), status=2, capsys=capsys)
    assert "There is no file" in answer and answer.rstrip().endswith("youyi_liver.h5.")
    monkeypatch.setenv("LDR_DATA", str(tmp_path / "nowhere"))
    answer = run(train, *training("datasets/brain.json", tmp_path / "brain"), status=2, capsys=capsys)
    assert "There is no data folder" in answer


def test_mixed_precision_trains(folder_config, tmp_path):
    run(train, *training(folder_config(), tmp_path, "--precision", "bf16-mixed", "--aldk", "--teacher", "LDR", steps=3))
    weights = checkpoint.load(tmp_path)["average"]
    assert all(torch.isfinite(w).all() and w.dtype == torch.float32 for w in weights.values())


def test_fields_are_stored_complete_compact_and_resumable(plain, teacher, tmp_path, capsys):
    fields = tmp_path / "fields"
    arguments = ["--teacher", teacher, "-d", plain, "--output", fields, "-g", "-1", "--threads", "1"]
    run(teach, *arguments)
    both = [field_path(fields, *names) for names in (NAMES, NAMES[::-1])]
    assert sorted(p.name for p in fields.iterdir()) == sorted([MANIFEST, *(p.name for p in both)])
    assert all(p.stat().st_size < 16**3 * 3 * 2 + 200 for p in both)
    before = both[1].read_bytes()

    # A run that was killed between two pairs: what is there stays, the rest is made.
    both[0].unlink()
    both[1].write_bytes(before[:100])
    run(teach, *arguments)
    assert both[0].exists() and both[1].read_bytes() == before

    # What a student reads is what the teacher says about the very same pair, either way round.
    stored = StoredTeacher(fields, plain_data(read_config(plain), SAMPLES))
    live = NetworkTeacher(load_network(teacher)[0])
    pair = Items(plain, 3, batch=1)[0][1]
    for p in (pair, pair.swapped()):
        said = live.flow(p)
        assert float(said.abs().max()) > 0.5
        half = torch.nn.functional.avg_pool3d(said, 2)
        smooth = torch.nn.functional.interpolate(half, scale_factor=2.0, mode="trilinear", align_corners=False)
        torch.testing.assert_close(stored.flow(p), smooth, atol=5e-3, rtol=2e-3)
        assert not torch.allclose(stored.flow(p.swapped()), smooth, atol=0.1)

    run(train, *training(plain, tmp_path / "student", "--aldk", "--teacher", fields, steps=3))
    assert checkpoint.load(tmp_path / "student")["provenance"]["teacher"]["fields"] == str(fields)

    other = checkpoint.load(teacher)
    other["iteration"] = 99
    checkpoint.save(teacher, other)
    assert "fields of another teacher" in run(teach, *arguments, status=2, capsys=capsys)


def test_stored_fields_that_cannot_fit_are_refused(plain, folder_config, teacher, tmp_path, capsys):
    fields = tmp_path / "fields"
    run(teach, "--teacher", teacher, "-d", plain, "--output", fields, "-g", "-1")
    student = ["--aldk", "--teacher", fields]
    coarse = folder_config(augmentation="none", grid={"shape": [32, 32, 32], "spacing": 2.0})
    answer = run(train, *training(coarse, tmp_path / "s", *student), status=2, capsys=capsys)
    assert "made for other data" in answer and "spacing" in answer
    augmented = folder_config(augmentation="paper")
    answer = run(train, *training(augmented, tmp_path / "s", *student), status=2, capsys=capsys)
    assert "without augmentation only" in answer
    answer = run(teach, "--teacher", teacher, "-d", augmented, "--output", tmp_path / "f", status=2, capsys=capsys)
    assert "without augmentation only" in answer

    manifest = json.loads((fields / MANIFEST).read_text())
    plain = folder_config(augmentation="none")
    (fields / MANIFEST).write_text(json.dumps({**manifest, "complete": False}))
    answer = run(train, *training(plain, tmp_path / "s", *student), status=2, capsys=capsys)
    assert "not complete; run teach.py" in answer
    (fields / MANIFEST).write_text(json.dumps(manifest))
    field_path(fields, *NAMES).unlink()
    with pytest.raises(TrainingError, match="no teacher field for hippocampus_001 and hippocampus_014"):
        StoredTeacher(fields, plain_data(read_config(plain), SAMPLES))._read(*NAMES)


def test_different_pairs_never_share_a_file(tmp_path):
    """Names of HDF5 groups contain slashes, and names of files nearly anything."""
    pairs = [("a/b", "c"), ("a", "b/c"), ("a,b", "c"), ("a", "b,c"), ("a__b", "c"), ("..", "c")]
    paths = {field_path(tmp_path, *names) for names in pairs}
    assert len(paths) == len(pairs)
    assert all(path.parent == tmp_path for path in paths)
