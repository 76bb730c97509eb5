"""Arrays to tensors and back, by DLPack: torch 2.2.2, the last for macOS Slicer, has no numpy bridge with numpy 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


def toTensor(array: np.ndarray, dtype: type[np.floating] = np.float32) -> Tensor:
    """A tensor of the array's values; shares memory only if the array is of ``dtype``, contiguous and writable."""
    import torch

    native = np.ascontiguousarray(array, dtype=dtype)
    if not native.flags.writeable:
        native = native.copy()
    return torch.from_dlpack(native)


def toArray(tensor: Tensor) -> np.ndarray:
    """A writable numpy array that shares the tensor's memory where it can."""
    array = np.from_dlpack(tensor.detach().cpu().contiguous())
    return array if array.flags.writeable else array.copy()
