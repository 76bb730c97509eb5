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
    """``AUTO`` is the graphics card where there is one that torch can use, else the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def torchDevice(device: Device) -> torch.device:
    """The device in torch's terms.

    :raises DependencyError: ``CUDA`` is asked for and torch finds no graphics card that it can use.
    """
    import torch

    if device is Device.CPU or (device is Device.AUTO and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DependencyError(
            f"PyTorch {torch.__version__} finds no CUDA graphics card on this computer: choose the CPU as the device."
        )
    return torch.device("cuda")


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
