"""Warping inside networks: what LDRRegistrationLib/flow.py does, in a form that can be traced for any size.

There, a side of one voxel is a special case, decided when the program runs; a trace would keep the decision of the
size it was made at. Coarse levels do have sides of one voxel. Here the formula itself holds for them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from LDRRegistrationLib.flow import voxelPositions
from torch import Tensor


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """``image`` (N, C, k, j, i) at x + flow(x), trilinear, the border repeated; flow (N, 3, k, j, i) in voxels."""
    # Positions in bfloat16 would be whole voxels off.
    flow = flow.float() if flow.dtype in (torch.bfloat16, torch.float16) else flow
    shape = flow.shape[2:]
    positions = voxelPositions(shape, flow) + flow
    scaled = [positions[:, a] * (2.0 / shape[a]) + (1.0 / shape[a] - 1.0) for a in (2, 1, 0)]
    grid = torch.stack(scaled, dim=-1)
    return F.grid_sample(image.to(flow.dtype), grid, mode="bilinear", padding_mode="border", align_corners=False)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The flow of x -> y = x + inner(x) -> y + outer(y); all (N, 3, k, j, i), in voxels."""
    return inner + warp(outer, inner)


def centred_positions(like: Tensor) -> Tensor:
    """(1, 3, k, j, i): voxel coordinates k, j, i relative to the middle of the grid, (n - 1) / 2."""
    shape = like.shape[2:]
    positions = voxelPositions(shape, like)
    return torch.stack([positions[:, a] - (shape[a] - 1) / 2.0 for a in range(3)], dim=1)


def apply_linear(matrix: Tensor, vectors: Tensor) -> Tensor:
    """``matrix`` (N, 3, 3) times each of ``vectors`` (N or 1, 3, k, j, i)."""
    # By products of elements: a matrix product would be done in bfloat16 under autocast, too coarse for positions.
    return sum(matrix[:, :, a, None, None, None] * vectors[:, a : a + 1] for a in range(3))
