"""The training loop by its command line: resumed runs go on as if nothing had happened, and bad luck is survived."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch
import train
from aldk import checkpoint
from aldk.checkpoint import counted_from, moving_average
from aldk.data.loader import Items
from aldk.errors import TrainingError
from aldk.history import History
from aldk.models import Architecture, build_model
from aldk.run import Run
from aldk.schedule import SCHEDULES, Schedule
from aldk.strategies import Unsupervised, make_strategy
from aldk.strategies.reconstruction import Reconstruction
from aldk.trainer import Trainer
from filelock import FileLock
from LDRRegistrationLib.numerics.displacement import warp
from lightning_fabric import Fabric
from support import scripts

STEPS = 42
ATTEMPTS = 5
LOGGED = ["1", "2", "21", "22", "41", "42"]


def command(training_folder, config, output, *more):
    return [
        sys.executable, training_folder / "train.py", "-b", "LDR", "-d", config, "--output", output, "-g", "-1",
        "--round", str(STEPS // 2), "--epochs", "2", "--threads", "1", "--workers", "0", *map(str, more),
    ]  # fmt: skip


def run(*arguments):
    answer = scripts.run(arguments)
    assert answer.returncode == 0, answer.stderr


def curve(output):
    """(iteration, loss) of every row of the log."""
    with (output / "log.csv").open(newline="") as file:
        return [(row["iteration"], row["loss"]) for row in csv.DictReader(file)]


def assert_same_weights(first, second):
    first, second = checkpoint.load(first), checkpoint.load(second)
    assert first["iteration"] == second["iteration"]
    for name, value in first["average"].items():
        torch.testing.assert_close(second["average"][name], value, rtol=0, atol=0)


def interrupt(arguments, output, printed, how=signal.SIGTERM, ready=lambda: True, steps=STEPS):
    """Start a run and send it a signal after its first steps, again if it ended before that."""
    for _ in range(ATTEMPTS):
        with printed.open("w") as file:
            process = scripts.Script(arguments, stdout=file, stderr=file)
            while process.poll() is None:
                if (output / "log.csv").exists() and len(curve(output)) >= 2 and ready():
                    break
                time.sleep(0.02)
            process.send_signal(how)
            assert process.wait(timeout=60) in (0, 143, -how), printed.read_text()
        if checkpoint.load(output)["iteration"] < steps:
            assert process.returncode == (143 if how == signal.SIGTERM else -how)
            return
        shutil.rmtree(output)  # on a busy machine a run may end before the signal is sent
    pytest.fail("every run ended before it could be interrupted")


@pytest.fixture(scope="module")
def trained_once(training_folder, tiniest_config, tmp_path_factory):
    output = tmp_path_factory.mktemp("trained") / "run"
    run(*command(training_folder, tiniest_config, output))
    return output


@pytest.fixture
def trained(trained_once, tmp_path):
    """A finished run, for one test alone."""
    return shutil.copytree(trained_once, tmp_path / "run")


def refused(capsys, *arguments):
    """What a command of ``command`` says that ends with 2, in this process."""
    assert train.main([str(word) for word in arguments[2:]]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_goes_on_with_the_same_curve(training_folder, tiniest_config, tmp_path, trained, how):
    """Killed without warning after 20 steps: the steps since the last checkpoint are made, and logged, again."""
    killed = tmp_path / "killed"
    arguments = command(training_folder, tiniest_config, killed, "--save-seconds", "0.3")
    interrupt(arguments, killed, tmp_path / "output.txt", how, lambda: checkpoint.load(killed))
    assert 0 < checkpoint.load(killed)["iteration"] < STEPS
    run(*command(training_folder, tiniest_config, killed))
    assert curve(killed) == curve(trained)
    assert [number for number, _ in curve(killed)] == LOGGED
    assert_same_weights(trained, killed)


def test_a_finished_run_is_left_alone(training_folder, tiniest_config, trained):
    before = (trained / checkpoint.NAME).read_bytes()
    run(*command(training_folder, tiniest_config, trained))
    assert (trained / checkpoint.NAME).read_bytes() == before
    assert checkpoint.load(trained)["finished"]


def run_as_torchrun_does(monkeypatch, *arguments):
    """Two processes of one run that are told who they are; forks, which need not load their libraries."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    alike = {"WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "GROUP_RANK": 0, "TORCHELASTIC_RUN_ID": "test"}
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = []
    for rank in range(2):
        with monkeypatch.context() as told:
            for name, value in {**alike, **where, "RANK": rank, "LOCAL_RANK": rank}.items():
                told.setenv(name, str(value))
            processes.append(scripts.Script(arguments, subprocess.PIPE, subprocess.PIPE))
    for process in processes:
        assert process.wait(timeout=300) == 0, process.said(1)


def test_two_processes_share_the_steps_and_agree(training_folder, tiniest_config, tmp_path, trained, monkeypatch):
    """Two CPU processes by DistributedDataParallel: one result, unlike that of one process, resumable like it, whoever
    starts them: the one that is interrupted has started the other itself."""
    outputs = [tmp_path / "once", tmp_path / "interrupted"]
    steps, more = 22, ("--processes", "2", "--aldk", "--teacher", trained, "--round", 11)
    run_as_torchrun_does(monkeypatch, *command(training_folder, tiniest_config, outputs[0], *more))
    assert checkpoint.load(outputs[0])["iteration"] == steps
    assert [number for number, _ in curve(outputs[0])] == LOGGED[:4]
    arguments = command(training_folder, tiniest_config, outputs[1], *more)
    interrupt(arguments, outputs[1], tmp_path / "output.txt", steps=steps)
    assert 0 < checkpoint.load(outputs[1])["iteration"] < steps
    run_as_torchrun_does(monkeypatch, *arguments)
    assert_same_weights(*outputs)


@pytest.mark.parametrize("more", [("--aldk",), ("--strategy", "distillation"), ("--aldk", "--form", "public")])
def test_teaching_and_distilling_are_one_resumable_command(training_folder, tiniest_config, tmp_path, more):
    output = tmp_path / "run"
    lengths = ("--round", "3", "--teacher-round", "2")
    arguments = command(training_folder, tiniest_config, output, *more, "--teacher", "LDR:2", *lengths)
    run(*arguments)
    teacher, student = checkpoint.load(output / "teacher"), checkpoint.load(output)
    assert (teacher["iteration"], teacher["architecture"]["cascades"]) == (4, 2)
    assert (student["iteration"], student["architecture"]["cascades"]) == (6, 1)
    assert student["provenance"]["teacher"]["architecture"] == teacher["architecture"]
    # The student's run is lost, the teacher's is not: it is not trained again.
    before = (output / "teacher" / checkpoint.NAME).read_bytes()
    (output / checkpoint.NAME).unlink()
    run(*arguments)
    assert (output / "teacher" / checkpoint.NAME).read_bytes() == before
    again = checkpoint.load(output)
    for name, value in student["average"].items():
        torch.testing.assert_close(again["average"][name], value, rtol=0, atol=0)


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


def test_a_gradient_that_is_not_finite_stops_at_the_pair(tiniest_config, tmp_path):
    """The loss may be finite where its slope is not: a square root at 0."""

    class Steep(Unsupervised):
        def losses(self, network, pair, iteration, progress):
            flow = network(pair.fixed, pair.moving)
            return {"similarity": (0.0 * flow).abs().sqrt().sum()}

    run_options = Run(tmp_path, tiniest_config, Architecture("LDR"), Schedule(iterations=3))
    trainer = Trainer(Fabric(accelerator="cpu", devices=1), run_options, Steep(Reconstruction()))
    before = [p.detach().clone() for p in trainer.network.parameters()]
    with pytest.raises(TrainingError, match="The gradient is not a finite number at iteration 0, pair simulated onto"):
        trainer.step(Items(tiniest_config, 1)[1][1])
    assert all(torch.equal(p, b) for p, b in zip(trainer.network.parameters(), before, strict=True))


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


def test_training_lowers_the_loss(tiny_config):
    """Sixty steps on one pair: the network must be able to learn it by heart."""
    torch.manual_seed(0)
    model, strategy = build_model("LDR"), make_strategy("unsupervised")
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    _, pair = Items(tiny_config, 1)[1]
    losses = []
    for number in range(60):
        terms = strategy.losses(model, pair, number, 0.0)
        loss = sum(terms.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert set(terms) == {"similarity", "smoothness", "folding", "truth"}
    assert losses[-1] < 0.8 * losses[0]


def test_the_affine_terms_are_there_with_a_stem_and_correlation_is_the_papers(tiny_config):
    network = build_model(Architecture("LDR-public", affine="light"))
    _, pair = Items(tiny_config, 1)[1]
    terms = make_strategy("unsupervised", {"kind": "correlation"}).losses(network, pair, 0, 0.0)
    assert {"determinant", "orthogonality"} < set(terms)
    warped = warp(pair.clean_moving, network(pair.fixed, pair.moving))
    together = torch.stack([pair.clean_fixed.flatten(), warped.flatten()]).detach()
    assert float(terms["similarity"].detach()) == pytest.approx(1 - float(torch.corrcoef(together)[0, 1]), abs=1e-4)


def test_average_follows_the_weights_late_in_training_slowly():
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(0.0)
        late, early = counted_from(moving_average(model, 0.9), 10_000), moving_average(model, 0.9)
        model.weight.fill_(1.0)
    for average, moved in ((late, 0.1), (early, 1 - 2 / 11)):
        average.update_parameters(model)
        assert float(average.module.weight) == pytest.approx(moved)


def test_schedules_start_full_and_end_low():
    assert Schedule(iterations=100).progress(50, 0.0) == 0.5
    assert Schedule(iterations=0, minutes=2.0).progress(7, 60.0) == 0.5
    for name, factor in SCHEDULES.items():
        assert factor(0.0) == pytest.approx(1.0)
        assert factor(1.0) <= (1.0 if name == "flat" else 0.25)
    for steps, warm_up in ((0, 200), (100_000, 200), (1000, 50), (9, 1)):
        assert Schedule(iterations=steps, learning_rate=1.0).rate(0, 0.0) == pytest.approx(1 / warm_up)
    # The confound of the public code: the plain network's rate falls to an eighth where ALDK's stays.
    assert SCHEDULES["public"](0.2) == pytest.approx(1 / 8)
    assert SCHEDULES["public-aldk"](0.2) == 1.0


def test_the_log_drops_rows_that_are_going_to_be_written_again(tmp_path):
    log = History(tmp_path, 0)
    for number in (21, 41):
        log.add(number, 1.0, 0.0, "task", 1e-3, {"loss": 1.0})
    log.close()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("61,1.0")  # cut off by a crash
    History(tmp_path, 30).close()
    assert [number for number, _ in curve(tmp_path)] == ["21"]


def test_a_signal_to_all_its_processes_stops_and_saves_a_run(training_folder, tiniest_config, tmp_path):
    """As timeout, systemd and a terminal's Ctrl-C send it: the loader must not die before the trainer has saved."""
    output = tmp_path / "run"
    arguments = [*command(training_folder, tiniest_config, output)[:-2], "--workers", "1", "--round", "100000"]
    for how in (signal.SIGTERM, signal.SIGINT):
        with (tmp_path / "output.txt").open("w") as file:
            process = scripts.Script(arguments, stdout=file, stderr=file, start_new_session=True)
            steps = checkpoint.load(output)["iteration"] if (output / checkpoint.NAME).exists() else 0
            while not curve_reaches(output, steps + 1):
                assert process.poll() is None, (tmp_path / "output.txt").read_text()
                time.sleep(0.05)
            os.killpg(process.pid, how)
            assert process.wait(timeout=60) == 128 + how, (tmp_path / "output.txt").read_text()
        assert checkpoint.load(output)["iteration"] > steps
        assert "Traceback" not in (tmp_path / "output.txt").read_text()


def test_a_call_to_save_before_the_first_step_ends_nothing(training_folder, tiniest_config, tmp_path):
    output = tmp_path / "run"
    arguments = [*command(training_folder, tiniest_config, output)[:-2], "--round", "100000"]
    with (tmp_path / "output.txt").open("w") as file:
        process = scripts.Script(arguments, stdout=file, stderr=file, start_new_session=True)
        while not output.exists():
            assert process.poll() is None, (tmp_path / "output.txt").read_text()
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGUSR1)
        while not curve_reaches(output, 1):
            assert process.poll() is None, (tmp_path / "output.txt").read_text()
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM


def curve_reaches(output, iteration):
    return (output / "log.csv").exists() and any(int(number) >= iteration for number, _ in curve(output))
