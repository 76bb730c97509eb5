"""Values of an image between its voxels, on all threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def sampleAtPositions(
    image: Tensor, positions: Tensor, mode: str = "bilinear", padding: str = "border", alignCorners: bool = True
) -> Tensor:
    """``torch.nn.functional.grid_sample``: (N, C, k, j, i) at (N, d, h, w, 3) in its normalised (i, j, k).

    Its CPU code shares out images among the threads, not the voxels of one. So the slices of one image's positions
    are given to it as if they were images of their own; the values are the same to the last bit.
    """
    import torch

    sample = torch.nn.functional.grid_sample
    # A network is traced for one pair. The image's gradient would be computed once for each slice.
    if image.requires_grad or not (torch.jit.is_tracing() or len(positions) == 1):
        return sample(image, positions, mode=mode, padding_mode=padding, align_corners=alignCorners)
    slices = positions.transpose(0, 1)
    # The size as a trace keeps it: whatever comes later.
    images = image.expand(slices.shape[0], -1, -1, -1, -1)
    return sample(images, slices, mode=mode, padding_mode=padding, align_corners=alignCorners).transpose(0, 2)
