"""Who has started the processes of a run, and which of them cannot be joined."""

import socket
from types import SimpleNamespace

import pytest
from aldk.commands import launched_by, make_fabric
from aldk.errors import TrainingError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"SLURM_NTASKS": "1", "SLURM_PROCID": "0"}, None),
        ({"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_PROCID": "3"}, (4, 2)),
        ({"LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "6", "RANK": "0"}, (2, 3)),
    ],
)
def test_who_has_started_the_processes_is_asked(monkeypatch, given, expected):
    for name in ("SLURM_NTASKS", "SLURM_PROCID", "SLURM_NNODES", "LOCAL_WORLD_SIZE", "WORLD_SIZE", "RANK",
                 "TORCHELASTIC_RUN_ID"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert launched_by() == expected


def test_processes_that_cannot_be_joined_are_a_sentence(monkeypatch):
    """Another program listens where this run's first process wants to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for name, value in {
            **{"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"},
            **{"RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(taken.getsockname()[1])},
        }.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(TrainingError, match=r"could not be joined: .* address already in use"):
            make_fabric(SimpleNamespace(gpu="-1"))


def test_processes_that_see_one_gpu_each_are_refused(monkeypatch):
    """As with --gpus-per-task in SLURM."""
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    for name, value in {"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_PROCID": "3"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(TrainingError, match=r"4 processes .* see 1 GPU.*--gpus-per-node=4"):
        make_fabric(SimpleNamespace(gpu="auto"))
