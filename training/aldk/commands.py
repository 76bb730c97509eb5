"""What the command lines share: devices, and errors as one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch
from lightning_fabric import Fabric

from .errors import TrainingError


def add_device_options(parser: argparse.ArgumentParser, several: bool = True) -> None:
    """-g and --threads; with ``several`` also what concerns more than one process."""
    group = parser.add_argument_group("devices")
    group.add_argument("-g", "--gpu", default="auto", help="GPU ids such as 0 or 0,1; -1: CPU; default: a GPU if any")
    group.add_argument("--threads", type=int, default=torch.get_num_threads(), help="on the CPU, a process")
    if several:
        group.add_argument("--processes", type=int, default=1, help="on the CPU: processes that share each step")
        group.add_argument("--nodes", type=int, default=1, help="machines, with one folder for all; see README.md")
        group.add_argument("--precision", default="32-true", help="of Lightning Fabric, for example bf16-mixed")


def check_at_least(options: Any, *names: str, minimum: float = 1) -> None:
    """:raises TrainingError: for the first of the options that is below ``minimum``."""
    for name in names:
        if not getattr(options, name) >= minimum:  # nor is NaN
            raise TrainingError(
                f"--{name.replace('_', '-')} {getattr(options, name)}: give a number of at least {minimum}."
            )


def launched_by() -> tuple[int, int] | None:
    """(processes a machine, machines) of torchrun or of SLURM, where one of them has started this process; else None.

    SLURM's own variables count only within ``srun``, which gives every process a number.
    """
    given = os.environ
    if "TORCHELASTIC_RUN_ID" in given or {"LOCAL_WORLD_SIZE", "WORLD_SIZE", "RANK"} <= given.keys():
        here = int(given["LOCAL_WORLD_SIZE"])
        return here, int(given["WORLD_SIZE"]) // here
    if "SLURM_PROCID" in given and int(given.get("SLURM_NTASKS", "1")) > 1:
        nodes = int(given.get("SLURM_NNODES", "1"))
        return int(given["SLURM_NTASKS"]) // nodes, nodes
    return None


def make_fabric(options: Any) -> Fabric:
    """The engine that carries networks and tensors to the devices asked for; starts the further processes, unless
    torchrun or SLURM have done so: then their numbers of processes and machines count.

    :raises TrainingError: if they do not exist, or the processes do not find each other.
    """
    gpus, gpus_given = options.gpu, options.gpu != "auto"
    if gpus == "auto":
        gpus = "0" if torch.cuda.is_available() else "-1"
    devices: int | list[int]
    if gpus == "-1":
        devices = getattr(options, "processes", 1)
        accelerator, count = "cpu", devices
    else:
        try:
            devices = [int(number) for number in gpus.split(",")]
            if min(devices) < 0:
                raise ValueError(gpus)
        except ValueError as error:
            raise TrainingError(f"--gpu {gpus}: give numbers of GPUs, such as 0 or 0,1, or -1 for the CPU.") from error
        accelerator, count, there = "cuda", len(devices), torch.cuda.device_count()
        if max(devices) >= there:
            raise TrainingError(f"--gpu {gpus}: this machine has {there} GPU(s) that PyTorch can use; -1 is the CPU.")
    nodes = getattr(options, "nodes", 1)
    launched = launched_by()
    if launched is not None:
        processes, nodes = launched
        if accelerator == "cuda" and gpus_given and count != processes:
            raise TrainingError(f"--gpu {gpus} names {count} GPUs, but {processes} processes were started here.")
        if accelerator == "cuda" and not gpus_given:
            # Each process takes the GPU of its own number, so that all must see all of them.
            if (seen := torch.cuda.device_count()) < processes:
                raise TrainingError(
                    f"{processes} processes were started on this machine, but they see {seen} GPU(s). In SLURM ask for "
                    f"--gpus-per-node={processes}, not for --gpus-per-task: all processes must see all GPUs."
                )
            devices = list(range(processes))
        elif accelerator == "cpu":
            devices = processes
        count = processes
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            strategy="ddp" if count * nodes > 1 else "auto",
            precision=getattr(options, "precision", "32-true"),
        )
    except ValueError as error:
        raise TrainingError(f"The devices or the precision are not understood: {error}") from error
    try:
        fabric.launch()
    except (RuntimeError, ValueError, OSError) as error:
        # PyTorch adds its own stack, a line each, to what the system said.
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise TrainingError(f"The {count * nodes} processes of the run could not be joined: {said[0]}") from error
    return fabric


def run_command(name: str, work: Callable[[Any], None], options: Any) -> int:
    """The exit status of ``work``: 2, and one sentence on stderr, for a TrainingError or a file that fails; 130 after
    Ctrl-C."""
    try:
        work(options)
    except TrainingError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: stopped.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"{name}: {error.filename or 'A file'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except (RuntimeError, MemoryError) as error:
        if not (sentence := _of_the_machine(error)):
            raise
        print(f"{name}: {sentence}", file=sys.stderr)
        return 2
    return 0


def _of_the_machine(error: BaseException) -> str:
    """What it says if the machine is at fault, not the program; else nothing."""
    said = str(error)
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or "allocate memory" in said:
        return "There is not enough memory: try a smaller --batch (and --accumulate), or fewer --workers."
    if "DataLoader worker" in said or isinstance(error, BrokenProcessPool):
        return (
            "A process that reads the images was ended from outside, perhaps for lack of memory; what was saved is "
            "kept. Try fewer --workers, and --preparing 1."
        )
    return ""
