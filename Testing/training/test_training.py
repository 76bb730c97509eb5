"""The training loop by its command line: resumed runs go on as if nothing had happened, and bad luck is survived."""

import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
import torch
from aldk import checkpoint
from support import scripts
from support.trainingruns import STEPS, command, curve, run

ATTEMPTS = 5
LOGGED = ["1", "2", "21", "22", "41", "42"]


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
