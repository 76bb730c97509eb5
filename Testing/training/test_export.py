"""What is exported is what was trained, any fresh process can use it, and the module lists it."""

import contextlib
import hashlib
import io
import json
import sys

import export as export_command
import numpy as np
import pytest
import torch
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.errors import TrainingError
from aldk.models import Architecture, build_model
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Settings
from support import scripts
from support.data import HIPPOCAMPUS, read_image

FREE = {"licence": "CC BY", "credit": "somebody"}
LICENCED = {"licence": "CC BY-NC", "credit": "somebody"}


def write_checkpoint(folder, architecture, seed=0, **more):
    """A run's folder with an untrained network whose flow is not nothing."""
    torch.manual_seed(seed)
    network = build_model(architecture)
    for name, value in network.named_parameters():
        if "flow" in name and name.endswith("weight"):
            torch.nn.init.normal_(value, std=0.1)
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "architecture": network.architecture.to_dict(),
        "model": network.state_dict(),
        "average": network.state_dict(),
        "strategy": "Unsupervised",
        "provenance": {},
        "iteration": 7,
        "seconds": 1.0,
        "seed": seed,
        "commands": ["python training/train.py"],
        "training_data_before": [],
        "config": {"datasets": {"crops": FREE}, "tasks": [{"dataset": "crops", "grids": [{"spacing": [0.9, 1.1]}]}]},
    }
    checkpoint.save(folder, {**state, **more})
    return folder


def words_of(run, models, *more):
    return ["--checkpoint", run, "--name", "tiny", "--title", "Tiny", "--output", models, *more]


def export(run, models, *more, status=0):
    """In this process, for what is not about the weights: nobody loads the file again to see what it computes."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), pytest.MonkeyPatch.context() as patched:
        patched.setattr(export_command, "check_reload", lambda path, network: 0.0)
        assert export_command.main([str(word) for word in words_of(run, models, *more)]) == status, said.getvalue()
    return said.getvalue()


@pytest.mark.parametrize(
    "architecture",
    [Architecture("LDR"), Architecture("LDR-public", 2, "light"), Architecture("CoarseToFine")],
    ids=lambda a: f"{a.base}-{a.cascades}",
)
def test_the_export_registers_in_the_module_and_its_card_is_true(training_folder, tmp_path, architecture):
    """Two cascades over an affine stem, and warping inside the network, too: the trace must hold at every size."""
    run, models = write_checkpoint(tmp_path / "run", architecture), tmp_path / "models"
    answer = scripts.run([sys.executable, training_folder / "export.py", *words_of(run, models, "--default")])
    assert answer.returncode == 0, answer.stderr
    assert sorted(p.name for p in models.iterdir()) == ["tiny.json", "tiny.pt"]
    card = json.loads((models / "tiny.json").read_text())
    assert card["sha256"] == hashlib.sha256((models / "tiny.pt").read_bytes()).hexdigest()
    assert (card["architecture"], card["cascades"], card["iterations"]) == (architecture.base, architecture.cascades, 7)
    assert (card["spacingMm"], card["licence"], card["nonCommercial"]) == (1.0, "CC BY", False)
    assert card["trainingData"] == [{"name": "crops", **FREE}]

    store = ModelStore(models)
    assert [c.name for c in store.cards()] == ["tiny"]
    images = [read_image(HIPPOCAMPUS / "images" / f"hippocampus_{number}.nii.gz") for number in ("001", "014")]
    result = register(*images, Settings(model="tiny", warp=False), store)
    assert np.isfinite(result.similarity)
    fixed, moving = (torch.rand(48, 32, 64) for _ in range(2))
    expected = load_network(run)[0](fixed[None, None], moving[None, None])
    assert float(expected.detach().abs().max()) > 0.05
    torch.testing.assert_close(store.load("tiny").predict(fixed, moving), expected, atol=0.02, rtol=0.01)


def test_it_is_the_averaged_weights_that_are_exported(tmp_path):
    run = write_checkpoint(tmp_path / "run", Architecture("LDR"))
    state = checkpoint.load(run)
    name = next(n for n in state["average"] if n.endswith("flow.bias"))
    state["model"] = {n: v.clone() for n, v in state["model"].items()}
    state["average"][name] = torch.tensor([0.25, 0.5, -0.125])
    checkpoint.save(run, state)
    export(run, tmp_path)
    exported = torch.jit.load(str(tmp_path / "tiny.pt")).float().state_dict()
    assert exported[name].tolist() == [0.25, 0.5, -0.125]


def test_export_refuses_a_file_that_computes_something_else(tmp_path):
    import export as command

    network, other = (load_network(write_checkpoint(tmp_path / str(n), Architecture("LDR"), n))[0] for n in range(2))
    command.script(load_network(tmp_path / "1")[0]).save(str(tmp_path / "other.pt"))
    with pytest.raises(TrainingError, match="differs from its checkpoint"):
        command.check_reload(tmp_path / "other.pt", network)
    assert command.check_reload(tmp_path / "other.pt", other) < command.TOLERANCE_VOXELS


def test_a_licence_that_the_data_forbid_is_refused(tmp_path):
    grids = [{"spacing": [2.0, 2.0]}]
    config = {"datasets": {"brains": LICENCED, "unused": FREE}, "tasks": [{"dataset": "brains", "grids": grids}]}
    run = write_checkpoint(
        tmp_path / "run",
        Architecture("LDR"),
        config=config,
    )
    answer = export(run, tmp_path / "models", "--licence", "MIT", status=2)
    assert "non-commercial" in answer
    assert not (tmp_path / "models").exists()
    export(run, tmp_path / "models", "--licence", "CC BY-NC 4.0")
    card = json.loads((tmp_path / "models" / "tiny.json").read_text())
    assert card["nonCommercial"] is True
    assert card["trainingData"] == [{"name": "brains", **LICENCED}]


def test_what_the_module_could_not_use_is_not_exported(tmp_path):
    run = write_checkpoint(tmp_path / "run", Architecture("LDR", 1, "light", (48, 64, 48)))
    answer = export(run, tmp_path / "models", status=2)
    assert "one size only" in answer
    run = write_checkpoint(tmp_path / "other", Architecture("LDR"), config={"datasets": {}, "tasks": []})
    answer = export(run, tmp_path / "models", "--licence", "MIT", status=2)
    assert "give --spacing" in answer
    answer = export(run, tmp_path / "models", "--spacing", "2", status=2)
    assert "give --licence" in answer
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--passes", "3", "1"), "passes [3, 1] are no divisors of 16"),
        (("--passes", "1", "4"), "do not go from coarse to fine"),
        (("--passes", "0"), "passes is [0]"),
        (("--spacing", "40"), "spacingMm is 40"),
        (("--name", "a/b"), "without a slash"),
        (("--name", "..\\b"), "without a slash"),
        (("--weights", "best"), "There is no checkpoint at"),
    ],
)
def test_what_the_module_would_not_take_is_refused_before_anything_is_written(tmp_path, more, expected):
    run = write_checkpoint(tmp_path / "run", Architecture("LDR"))
    answer = export(run, tmp_path / "models", *more, status=2)
    assert expected in answer and len(answer.splitlines()) == 1
    assert not (tmp_path / "models").exists()


def test_a_card_says_who_taught_and_what_was_tested_and_inherits_licences(tmp_path):
    teacher = {"architecture": {"base": "LDR"}, "sha256": "ab", "training_data": [{"name": "brains", **LICENCED}]}
    run = write_checkpoint(
        tmp_path / "run",
        Architecture("LDR"),
        provenance={"losses": {}, "teacher": teacher},
        training_data_before=teacher["training_data"],
    )
    answer = export(run, tmp_path / "m", "--licence", "CC BY-NC 4.0", "--default", status=2)
    assert "never the default" in answer
    arms = tmp_path / "arms.json"
    arms.write_text('[{"arm": "untaught", "dice": 0.5, "seed": 1}]')
    more = ("--licence", "CC BY-NC 4.0", "--tested-on", "Brains.", "--arms", arms, "--passes", "4", "2", "1")
    export(run, tmp_path / "m", *more)
    (card,) = ModelStore(tmp_path / "m").cards()
    assert card.teacher["sha256"] == "ab" and card.teacher["arms"][0]["arm"] == "untaught"
    assert (card.testedOn, card.nonCommercial, card.passes) == ("Brains.", True, (4, 2, 1))
    assert "teacher" not in card.content["strategy"]


def test_a_teachers_data_count_as_seen(tmp_path):
    before = [{"name": "brains", **LICENCED}]
    run = write_checkpoint(tmp_path, Architecture("LDR"), training_data_before=before)
    assert checkpoint.training_data(checkpoint.load(run)) == [*before, {"name": "crops", **FREE}]


def test_nothing_to_export_is_said(tmp_path):
    assert "There is no checkpoint at" in export(tmp_path / "none", tmp_path, status=2)
