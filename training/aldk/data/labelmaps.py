"""Label maps without anybody's labels: random shapes, tissue classes by clustering, and heads around brains."""

from __future__ import annotations

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from .draws import Draws, smooth_noise


def random_shapes(draws: Draws, shape: tuple[int, int, int], labels: int) -> Tensor:
    """(k, j, i) int64 in 0 to ``labels`` - 1: the winner of as many smooth noises (SynthMorph, Hoffmann et al. 2022).

    Half of the maps are 0 outside a random blob, as a skull-stripped or segmented body is.
    """
    best = smooth_noise(draws, 1, shape, draws.uniform(4.0, 16.0))[0]
    winner = torch.zeros(shape, dtype=torch.int64)
    for label in range(1, labels):
        rival = smooth_noise(draws, 1, shape, draws.uniform(4.0, 16.0))[0]
        better = rival > best
        winner[better] = label
        best = torch.where(better, rival, best)
    if draws.happens(0.5):
        axes = [(torch.arange(n) - (n - 1) / 2.0) / (draws.uniform(0.36, 0.5) * n) for n in shape]
        radius = axes[0].square()[:, None, None] + axes[1].square()[None, :, None] + axes[2].square()
        winner[radius + 0.25 * smooth_noise(draws, 1, shape, 14.0)[0] > 1.0] = 0
    return winner


def tissue_classes(images: Tensor, count: int, seed: int) -> Tensor:
    """(k, j, i) int64: 0 in air, 1 to ``count`` by k-means on all contrasts (c, k, j, i) together."""
    inside = images.amax(0) > 0.02
    values = images[:, inside].T.double().numpy()
    centers, _ = kmeans2(values[:: max(1, len(values) // 20_000)], count, minit="++", seed=seed, iter=30)
    distances = ((values[:, None, :] - centers[None]) ** 2).sum(-1)
    labels = torch.zeros(inside.shape, dtype=torch.int64)
    labels[inside] = torch.from_numpy(distances.argmin(1) + 1)
    return labels


def head_around(brain: Tensor, draws: Draws, spacing: float, pad: int) -> Tensor:
    """(k, j, i) int64, ``pad`` voxels larger on every side: fluid, skull, scalp, and shapes for face and neck.

    Parameters
    ----------
    brain
        (k, j, i) bool; axes run to S, A, R.

    Returns
    -------
    0 in air and in the brain, 1 fluid, 2 and 3 outer and inner skull, 4 scalp, from 5 on the tissues below.
    """
    inside = torch.nn.functional.pad(brain, [pad] * 6)
    distance = torch.from_numpy(distance_transform_edt(~inside.numpy()).astype(np.float32)) * spacing
    shape = tuple(inside.shape)
    ripple = smooth_noise(draws, 1, shape, 20.0 / spacing)[0]
    edges = np.cumsum([draws.uniform(1, 5), draws.uniform(2, 4), draws.uniform(1, 5), draws.uniform(3, 8)])

    points = torch.nonzero(inside).float()
    top, bottom = points[:, 0].max(), points[:, 0].min()
    middle = points.mean(0)
    k, j, i = (torch.arange(n).float() for n in shape)
    # Face in front of and below the brain, neck below its back half.
    neck = ((j - middle[1] + 20.0 / spacing)[:, None] ** 2 + (i - middle[2]) ** 2).sqrt() * spacing - draws.uniform(
        45, 65
    )
    face = ((j - middle[1] - 25.0 / spacing)[:, None] ** 2 + (i - middle[2]) ** 2).sqrt() * spacing - draws.uniform(
        50, 70
    )
    low = (k < bottom + 0.45 * (top - bottom))[:, None, None]
    body = low & (torch.minimum(neck, face)[None] + 4.0 * ripple < 0)

    depth = distance + 1.2 * ripple
    labels = torch.zeros(shape, dtype=torch.int64)
    tissues = random_shapes(draws, shape, 8) + 5
    labels[body] = tissues[body]
    for label, edge in reversed(list(enumerate(edges, start=1))):
        labels[(depth < edge) & ~(body & (depth > edges[0]) & low)] = label
    labels[inside] = 0
    return labels
