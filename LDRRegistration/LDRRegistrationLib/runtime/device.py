"""Where torch computes, and with how many threads."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DependencyError
from .language import tr as _

if TYPE_CHECKING:
    import torch


PROCESSOR = Path("/proc/cpuinfo")


class Device(Enum):
    """``AUTO`` is the graphics card where there is one that torch can use, else the CPU.

    ``CPU_BFLOAT16``: the network computes with eight significant bits, which some processors do twice as fast. The
    deformation differs by some hundredths of a millimetre on average.
    """

    AUTO = "auto"
    CPU = "cpu"
    CPU_BFLOAT16 = "cpu-bfloat16"
    CUDA = "cuda"


def torchDevice(device: Device) -> torch.device:
    """The device in torch's terms.

    :raises DependencyError: ``CUDA`` is asked for and torch finds no graphics card that it can use, or bfloat16 where
        the processor or torch's oneDNN has none.
    """
    import torch

    if device is Device.CPU_BFLOAT16 and not computesInBfloat16():
        raise DependencyError(noBfloat16InWords())
    hasCard = torch.cuda.is_available()
    if device is Device.CUDA and not hasCard:
        raise DependencyError(
            _("PyTorch {version} finds no CUDA graphics card on this computer: choose the CPU as the device.").format(
                version=torch.__version__
            )
        )
    return torch.device("cuda" if hasCard and device in (Device.CUDA, Device.AUTO) else "cpu")


def deviceName(device: Device) -> str:
    """What is computed on where ``device`` is asked for: "cpu", "cpu-bfloat16" or "cuda"; never "auto"."""
    return device.value if device is Device.CPU_BFLOAT16 else torchDevice(device).type


def computesInBfloat16() -> bool:
    """Whether torch's convolutions can be in bfloat16 on this processor without its slowest code."""
    import torch

    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except AttributeError:  # a torch that was built without oneDNN, as on some ARM computers
        return False


def noBfloat16InWords() -> str:
    return _("This processor does not compute in bfloat16: choose the CPU without it as the device.")


def hasBfloat16() -> bool | None:
    """The same as far as it is known without loading torch, which takes seconds: None is not known."""
    torch = sys.modules.get("torch")
    # While it is loaded, it is there and has nothing in it yet.
    if torch is not None and hasattr(torch, "ops") and hasattr(torch, "nn"):
        return computesInBfloat16()
    try:
        flags = set(PROCESSOR.read_text(encoding="ascii", errors="replace").split())
    except OSError:  # not Linux
        return None
    # oneDNN computes in bfloat16 from AVX-512 on; what ARM's processors have is left to it.
    return False if "flags" in flags and "avx512bw" not in flags else None


def usableThreads(threads: int) -> int:
    """``threads``, but no more than the computer has cores: thousands of them are more than a system can start."""
    return max(1, min(threads, os.cpu_count() or 1))


def refusedThreads(threads: int | None) -> list[str]:
    """A note, if ``usableThreads`` are fewer."""
    if threads is None or usableThreads(threads) == threads:
        return []
    return [
        _("{threads} threads were asked for; this computer has cores for {usable}, which were used.").format(
            threads=threads, usable=usableThreads(threads)
        )
    ]


@contextlib.contextmanager
def limits(threads: int | None) -> Iterator[None]:
    """Let torch use ``threads`` CPU threads inside the block, and as many as before after it; None changes nothing.

    :raises DependencyError: inside the block the memory of the graphics card ran out.
    """
    import torch

    before = torch.get_num_threads()
    wanted = 1 if _Fork.lost else before if threads is None else usableThreads(threads)
    _Fork.noteThreads(wanted)
    if wanted != before:
        torch.set_num_threads(wanted)
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise DependencyError(
            _("The graphics card has too little free memory: choose the CPU as the device.")
        ) from error
    finally:
        if wanted != before:
            torch.set_num_threads(before)


class _Fork:
    """A process that was forked after torch had used several threads has lost them, and waits for them for ever.

    GNU's OpenMP does not know of forks. With one thread it waits for none, and the results are the same to the last
    bit; so that is what such a process gets (as the workers of torch's own data loader do).
    """

    watched = False
    lost = False

    @classmethod
    def noteThreads(cls, threads: int) -> None:
        """Several threads are about to be used: be ready for a fork."""
        if threads > 1 and not cls.watched and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=cls._inChild)
            cls.watched = True

    @classmethod
    def _inChild(cls) -> None:
        import torch

        cls.lost = True
        torch.set_num_threads(1)
