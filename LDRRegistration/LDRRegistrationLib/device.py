"""Where torch computes, and with how many threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from .errors import DependencyError

if TYPE_CHECKING:
    import torch


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
        raise DependencyError("This processor does not compute in bfloat16: choose the CPU without it as the device.")
    if device in (Device.CPU, Device.CPU_BFLOAT16) or (device is Device.AUTO and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DependencyError(
            f"PyTorch {torch.__version__} finds no CUDA graphics card on this computer: choose the CPU as the device."
        )
    return torch.device("cuda")


def computesInBfloat16() -> bool:
    """Whether torch's convolutions can be in bfloat16 on this processor without its slowest code."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@contextlib.contextmanager
def limits(threads: int | None) -> Iterator[None]:
    """Let torch use ``threads`` CPU threads inside the block, and as many as before after it; None changes nothing.

    :raises DependencyError: inside the block the memory of the graphics card ran out.
    """
    import torch

    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise DependencyError("The graphics card has too little free memory: choose the CPU as the device.") from error
    finally:
        if threads is not None:
            torch.set_num_threads(before)
