"""The command lines: a run that was killed goes on as if it had not been, and what is exported is what was trained."""

import csv
import hashlib
import json
import signal
import subprocess
import sys
import time

import pytest
import torch
from aldk import checkpoint
from aldk.checkpoint import MovingAverage
from aldk.metrics import labels_in_both, mean_dice, plausibility
from aldk.strategies import make_strategy

STEPS = 42


def command(training_folder, tiny_config, output, *more):
    return [
        sys.executable, training_folder / "train.py", "-b", "LDR", "-d", tiny_config, "--output", output,
        "--iterations", str(STEPS), "--threads", "1", "--workers", "0", "--device", "cpu", *more,
    ]  # fmt: skip


def curve(output):
    """(iteration, loss) of every row of the log."""
    with (output / "log.csv").open(newline="") as file:
        return [(row["iteration"], row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture
def trained(training_folder, tiny_config, tmp_path):
    output = tmp_path / "run"
    subprocess.run(command(training_folder, tiny_config, output), check=True, capture_output=True)
    return output


def test_a_killed_run_goes_on_with_the_same_curve(training_folder, tiny_config, tmp_path, trained):
    killed = tmp_path / "killed"
    process = subprocess.Popen(command(training_folder, tiny_config, killed), stdout=subprocess.PIPE, text=True)
    while not (killed / "log.csv").exists() or len(curve(killed)) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    stopped_at = checkpoint.load(killed)["iteration"]
    assert 20 <= stopped_at < STEPS
    subprocess.run(command(training_folder, tiny_config, killed), check=True, capture_output=True)
    assert curve(killed) == curve(trained)
    first, second = checkpoint.load(trained), checkpoint.load(killed)
    for name, value in first["average"].items():
        torch.testing.assert_close(second["average"][name], value, rtol=0, atol=0)


def test_the_export_reloads_in_a_fresh_process_and_its_card_is_true(training_folder, trained, tmp_path):
    models = tmp_path / "models"
    arguments = ["--checkpoint", trained, "--name", "tiny", "--title", "Tiny", "--output", models]
    subprocess.run([sys.executable, training_folder / "export.py", *arguments], check=True, capture_output=True)
    card = json.loads((models / "tiny.json").read_text())
    assert card["sha256"] == hashlib.sha256((models / "tiny.pt").read_bytes()).hexdigest()
    assert (card["parameters"], card["iterations"], card["sizeMultiple"]) == (1_489_235, STEPS, 16)
    assert card["nonCommercial"] is False and card["trainingData"] == []
    assert sorted(p.name for p in models.iterdir()) == ["tiny.json", "tiny.pt"]
    assert (models / "tiny.pt").stat().st_size < 3.2e6


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_it_is_the_averaged_weights_that_are_exported(training_folder, trained, tmp_path):
    state = checkpoint.load(trained)
    state["average"]["flow.bias"] = torch.tensor([0.25, 0.5, -0.125])
    checkpoint.save(trained, state)
    arguments = ["--checkpoint", trained, "--name", "tiny", "--title", "Tiny", "--output", tmp_path]
    subprocess.run([sys.executable, training_folder / "export.py", *arguments], check=True, capture_output=True)
    assert torch.jit.load(str(tmp_path / "tiny.pt")).float().flow.bias.tolist() == [0.25, 0.5, -0.125]


def test_export_refuses_a_file_that_computes_something_else(tmp_path):
    import export
    from aldk.models import build_model

    model, other = build_model("LDR"), build_model("LDR")
    torch.nn.init.normal_(other.flow.weight)
    export.script(other).save(str(tmp_path / "other.pt"))
    with pytest.raises(export.ExportError, match="differs"):
        export.check_reload(tmp_path / "other.pt", model)
    assert export.check_reload(tmp_path / "other.pt", build_model_like(other)) < export.TOLERANCE_VOXELS


def build_model_like(other):
    from aldk.models import build_model

    model = build_model("LDR")
    model.load_state_dict({name: value.float() for name, value in other.state_dict().items()})
    return model


def test_training_that_diverges_stops_and_keeps_the_checkpoint(training_folder, tiny_config, trained):
    state = checkpoint.load(trained)
    state["model"]["flow.bias"][0] = float("nan")
    state["iteration"] = 10
    checkpoint.save(trained, state)
    before = (trained / checkpoint.NAME).read_bytes()
    run = subprocess.run(command(training_folder, tiny_config, trained), check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert "not a finite number at iteration 10" in run.stderr
    assert (trained / checkpoint.NAME).read_bytes() == before


def test_training_lowers_the_loss(tiny_config):
    """Forty steps on one pair: the network must be able to learn it by heart."""
    from aldk.data.loader import Items
    from aldk.models import build_model

    torch.manual_seed(0)
    model, strategy = build_model("LDR"), make_strategy("unsupervised")
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    _, pair = Items(tiny_config, 1)[1]
    losses = []
    for _ in range(60):
        terms = strategy.losses(model, pair)
        loss = sum(terms.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert set(terms) == {"similarity", "smoothness", "folding", "truth"}
    assert losses[-1] < 0.8 * losses[0]


def test_average_follows_the_weights_late_in_training_slowly():
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(0.0)
        average = MovingAverage(model, decay=0.9)
        model.weight.fill_(1.0)
    average.update(model, 10_000)
    assert float(average.weights["weight"]) == pytest.approx(0.1)


def test_metrics_count_what_they_say():
    fixed = torch.zeros(10, 10, 10, dtype=torch.int16)
    fixed[:5], fixed[5:8], fixed[9, 9, :3] = 1, 2, 3
    moved = fixed.roll(1, 0)
    counted = labels_in_both(fixed, moved, 1.0)
    assert counted == [1, 2]
    assert labels_in_both(fixed, moved, 3.0) == [1, 2, 3]
    assert mean_dice(fixed, moved, counted) == pytest.approx((0.8 + 2 / 3) / 2, abs=1e-6)
    ramp = torch.arange(10.0).view(1, 1, 10, 1, 1).expand(1, 1, 10, 10, 10)
    inside = torch.ones(10, 10, 10, dtype=torch.bool)
    flow = torch.cat([-2.0 * ramp, torch.zeros(1, 2, 10, 10, 10)], 1)
    assert plausibility(flow, inside)[0] == 100.0
    assert plausibility(0.0 * flow, inside) == (0.0, 0.0)
