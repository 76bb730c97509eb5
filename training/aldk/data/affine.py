"""A simple affine alignment for training and evaluation pairs: centres, then gradient steps on the correlation."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aldk.losses import correlation_loss

from .deformation import sample, voxels

STEPS = 80
STEP_SIZE = 0.01


def center_of_mass(weights: Tensor) -> Tensor:
    """(3,): centre of ``weights`` (k, j, i), in voxels."""
    total = weights.sum().clamp_min(1e-6)
    others = ((1, 2), (0, 2), (0, 1))
    profiles = [weights.sum(axes) for axes in others]
    return torch.stack([(profile * torch.arange(len(profile))).sum() / total for profile in profiles])


def shift_between(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """(4, 4): the translation from one place to another, (3,) each."""
    matrix = np.eye(4)
    matrix[:3, 3] = moving - fixed
    return matrix


def affine_between(fixed: Tensor, moving: Tensor, steps: int = STEPS) -> np.ndarray:
    """(4, 4): voxels (k, j, i) of ``fixed`` to those of ``moving``; both (k, j, i) in [0, 1] at one spacing.

    Adam on twelve numbers at half resolution; a brain takes about a second.
    """
    halves = [F.avg_pool3d(image[None], 4, stride=2, padding=1) for image in (fixed, moving)]
    shape = tuple(halves[0].shape[1:])
    center = center_of_mass(halves[0][0])
    start = center_of_mass(halves[1][0])
    relative = voxels(shape) - center.view(3, 1, 1, 1)
    # One unit of every parameter moves the border of the image by about as many voxels.
    reach = max(shape) / 2.0
    linear, shift = torch.zeros(3, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([linear, shift], lr=STEP_SIZE)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = STEP_SIZE * (1.0 - 0.9 * step / steps)
        optimizer.zero_grad()
        at = ((torch.eye(3) + linear) @ relative.flatten(1)).view(relative.shape)
        at = at + (start + shift * reach).view(3, 1, 1, 1)
        correlation_loss(halves[0][None], sample(halves[1], at)[None]).backward()
        optimizer.step()
    matrix = np.eye(4)
    matrix[:3, :3] += linear.detach().double().numpy()
    with torch.no_grad():
        matrix[:3, 3] = (start + shift * reach).double().numpy() - matrix[:3, :3] @ center.double().numpy()
    # A voxel h of the half grid has its centre at 2 h + 0.5 of the full one.
    to_full = np.diag([2.0, 2.0, 2.0, 1.0])
    to_full[:3, 3] = 0.5
    return to_full @ matrix @ np.linalg.inv(to_full)
