"""Shipped models as networks that can be trained on, as teachers, and as what is evaluated; the engine on one's own."""

import csv
import json
import shutil

import eval as evaluation
import pytest
import torch
import train
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.errors import TrainingError
from aldk.shipped import default_teacher, find_card, shipped_names
from aldk.teachers import load_teacher
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER, UNTESTED
from LDRRegistrationLib.registration.models import ModelStore


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def arguments(data, output, *more, base="CoarseToFine"):
    return [str(word) for word in (
        "-b", base, "-g", "-1", "--round", "2", "--epochs", "1", "--workers", "0", "--threads", "1",
        "--output", output, "-d", data, *more)]  # fmt: skip


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_models_network_says_what_its_file_says(name):
    network, state = load_network(name)
    torch.manual_seed(0)
    images = torch.nn.functional.interpolate(torch.rand(2, 1, 6, 6, 6), size=(48, 32, 48), mode="trilinear")
    with torch.no_grad():
        expected = ModelStore().load(name).predict(images[0, 0], images[1, 0])
        torch.testing.assert_close(network(images[:1], images[1:]), expected, atol=1e-4, rtol=1e-4)
    card = find_card(name)
    assert checkpoint.training_data(state) == card.content["trainingData"]
    # What a registration's report says of it.
    assert card.testedOn != UNTESTED and "teacher" in card.content
    assert all(p.requires_grad and p.dtype == torch.float32 for p in network.parameters())


def test_a_run_starts_from_a_shipped_model_and_learns_from_it(folder_config, tmp_path):
    data, output = folder_config(), tmp_path / "run"
    assert train.main(arguments(data, output, "--start-from", "c2f-general", "--aldk", "--every", "1")) == 0
    state = checkpoint.load(output)
    teacher = state["provenance"]["teacher"]
    card = ModelStore().card("auto")
    assert (teacher["model"], teacher["sha256"], teacher["passes"]) == (card.name, card.sha256, list(card.passes))
    assert default_teacher() == card.name and not card.nonCommercial
    seen = checkpoint.training_data(state)
    assert seen[:3] == card.content["trainingData"] and seen[3]["name"] == "folder"
    # Two steps of a warming-up rate have hardly moved what it started from.
    start = load_network("c2f-general")[0].state_dict()
    assert all(float((state["average"][n] - v).abs().max()) < 0.01 for n, v in start.items())
    assert state["commands"][:-1] == card.content["commands"]


def test_a_teacher_for_non_commercial_use_makes_the_student_one(folder_config, tmp_path):
    output = tmp_path / "run"
    assert train.main(arguments(folder_config(), output, "--strategy", "structures", "--teacher", "c2f-brain-t1",
                                base="LDR")) == 0  # fmt: skip
    licences = {entry["licence"] for entry in checkpoint.training_data(checkpoint.load(output))}
    assert "CC BY-NC" in licences


def test_a_file_that_is_not_the_cards_is_refused(tmp_path):
    for ending in (".pt", ".json"):
        shutil.copy(MODELS_FOLDER / f"c2f-general{ending}", tmp_path / f"mine{ending}")
    assert load_network(tmp_path / "mine.pt")[0].architecture.base == "CoarseToFine"
    assert load_teacher(tmp_path / "mine.pt", [1]).provenance().get("passes") is None
    with (tmp_path / "mine.pt").open("ab") as file:
        file.write(b"x")
    with pytest.raises(TrainingError, match="not the one its card describes"):
        load_network(tmp_path / "mine.pt")
    (tmp_path / "mine.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(TrainingError, match="spacingMm is missing"):
        load_network(tmp_path / "mine.pt")
    with pytest.raises(TrainingError, match="the shipped models are c2f-general"):
        load_network("c2f-generall")


def test_the_whole_registration_with_a_shipped_model_and_with_ones_own(folder_config, tmp_path, capsys):
    data, output = folder_config(), tmp_path / "shipped"
    words = ["--checkpoint", "c2f-general", "-d", str(data), "--output", str(output), "-g", "-1", "--pairs", "1"]
    assert evaluation.main([*words, "--engine", "fast"]) == 0
    assert evaluation.main([*words, "--engine", "fast", "--passes", "1"]) == 0
    assert evaluation.main(words) == 0
    shipped, once = rows(output / "engine.csv")
    assert (shipped["passes"], once["passes"], shipped["preset"]) == ("4 2 1", "1", "fast")
    assert float(shipped["dice"]) > 0.75 and float(shipped["dice_aligned"]) > float(shipped["dice_initial"])
    assert float(shipped["folds_percent"]) < 0.01
    assert [row["checkpoint"] for row in rows(output / "evaluation.csv")] == ["c2f-general"]
    assert len(rows(output / "engine_per_structure.csv")) == 4

    run = tmp_path / "run"
    assert train.main(arguments(data, run, base="LDR")) == 0
    assert evaluation.main(["--checkpoint", str(run), "-g", "-1", "--engine", "fast", "--pairs", "1"]) == 0
    (own,) = rows(run / "engine.csv")
    assert 0.5 < float(own["dice"]) < 1
    for more, expected in (
        (["--engine", "fast", "--passes", "3"], "no divisors"),
        (["--passes", "2"], "add --engine"),
        (["--engine", "fast", "--batch", "2"], "one pair at a time"),
    ):
        capsys.readouterr()
        assert evaluation.main([*words, *more]) == 2
        assert expected in capsys.readouterr().err
