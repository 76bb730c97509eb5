"""SAR-Net's generator and discriminator (Mahapatra & Ge, ISBI 2019, arXiv 1903.10139), in 3D and as published in 2D.

Of the paper's networks, the numbers of filters, features and residual blocks are lost. Those here are ours, small
enough for a CPU; training/README.md lists what is whose. In 2D the slices of a stack (N, 1, k, j, i), or a single one
(k = 1), are registered each by itself, and the flow has no component along k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import initialise, start_near_identity

SLOPE = 0.2
# Sides of what the dense layers see, of any image; the paper's are for one size.
POOLED = 2


class Generated(NamedTuple):
    """What the generator gives for fixed and moving, each (N, 1, k, j, i).

    ``flow`` (N, 3, k, j, i) in voxels; ``registered`` (N, 1, k, j, i), the moving image made to look like the fixed
    one, not warped; ``segmentation`` (N, 2, k, j, i) in 0 to 1, soft maps of one structure in the fixed and in the
    moving image, each on its own voxels.
    """

    flow: Tensor
    registered: Tensor
    segmentation: Tensor


class SarGenerator(nn.Module):
    """Residual blocks at full resolution, and three outputs: field, registered image, segmentations.

    A block is two 3^3 convolutions, each with normalisation and ReLU. Called, it maps fixed and moving, each
    (N, 1, k, j, i) in [0, 1], of any size, to the flow (N, 3, k, j, i) in voxels, as every network here does;
    ``generate`` gives all three.

    Parameters
    ----------
    width, blocks
        Features of every layer, and residual blocks: each voxel sees 14 around it. 86,356 parameters in 3D, 29,187 in
        2D.
    in_plane
        The 2D form: 3^2 kernels, every slice by itself, and a flow whose component along k is 0.
    """

    stride = 1

    def __init__(self, width: int = 16, blocks: int = 6, in_plane: bool = False) -> None:
        super().__init__()
        self.in_plane = in_plane
        convolution = nn.Conv2d if in_plane else nn.Conv3d
        self.first = convolution(2, width, 3, padding=1)
        self.blocks = nn.ModuleList(_Block(width, in_plane) for _ in range(blocks))
        self.image = convolution(width, 1, 3, padding=1)
        self.flow = convolution(width, 2 if in_plane else 3, 3, padding=1)
        # Importance of every feature map for the fixed and for the moving image's segmentation, before the softmax.
        self.importance = nn.Parameter(torch.zeros(2, (blocks + 1) * width))
        initialise(self)
        start_near_identity(self.image)
        start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        return self._flow(self._maps(fixed, moving)[-1], fixed)

    def generate(self, fixed: Tensor, moving: Tensor) -> Generated:
        maps = self._maps(fixed, moving)
        made, segmentation = self.image(maps[-1]), fuse(maps, self.importance)
        if self.in_plane:
            made, segmentation = of_slices(made, fixed), of_slices(segmentation, fixed)
        return Generated(self._flow(maps[-1], fixed), moving + made, segmentation)

    def _maps(self, fixed: Tensor, moving: Tensor) -> list[Tensor]:
        images = torch.cat([fixed, moving], dim=1)
        maps = [F.relu(self.first(in_slices(images) if self.in_plane else images))]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps

    def _flow(self, features: Tensor, like: Tensor) -> Tensor:
        flow = self.flow(features)
        return F.pad(of_slices(flow, like), [0, 0, 0, 0, 0, 0, 1, 0]) if self.in_plane else flow


class _Block(nn.Module):
    """Two convolutions with normalisation and ReLU, and their input added.

    The paper's batch normalisation, over each image by itself: batches are of one pair, and neither the moving average
    of the weights nor an image in the clinic knows the statistics of others.
    """

    def __init__(self, width: int, in_plane: bool) -> None:
        super().__init__()
        convolution = nn.Conv2d if in_plane else nn.Conv3d
        self.convolutions = nn.ModuleList(convolution(width, width, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(_Norm(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.norms[0](self.convolutions[0](x)))
        return F.relu(x + self.norms[1](self.convolutions[1](inner)))


class _Norm(nn.Module):
    """Instance normalisation with weights, without PyTorch's check of the size, which a trace would have to warn of."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.group_norm(x, self.width, self.weight, self.bias)


def fuse(maps: list[Tensor], importance: Tensor) -> Tensor:
    """(N, m, ...) in 0 to 1: feature maps (N, c, ...), each normalised to 0 to 1, weighted and added up.

    :param importance: (m, c of all maps), one row for each fused map; its softmax are the weights.
    """
    weights = importance.softmax(dim=1).split([m.shape[1] for m in maps], dim=1)
    # A product of matrices for what would otherwise copy every map; what is subtracted from all voxels alike is not
    # needed, since the sum is normalised, too.
    fused = sum(
        torch.matmul(share / _range(features)[1].transpose(1, 2), features.flatten(2))
        for features, share in zip(maps, weights, strict=True)
    )
    least, extent = _range(fused)
    return ((fused - least) / extent).unflatten(2, maps[0].shape[2:])


def _range(maps: Tensor) -> tuple[Tensor, Tensor]:
    """(N, c, 1) each, without gradient: the least value of every map, and how far the largest is above it."""
    least, most = (extreme.detach() for extreme in torch.aminmax(maps.flatten(2), dim=2, keepdim=True))
    return least, (most - least).clamp_min(1e-6)


def otsu_mask(maps: Tensor) -> Tensor:
    """(N, c, k, j, i) of 0 and 1, without gradient: every soft map above its own threshold by Otsu's method."""
    arrays = maps.detach().float().cpu().numpy()
    masks = np.stack([[_above_otsu(array) for array in of_image] for of_image in arrays])
    return torch.from_numpy(masks).to(maps)


def _above_otsu(array: np.ndarray) -> np.ndarray:
    # The filter gives "inside" to what is not above the threshold.
    mask = sitk.OtsuThreshold(sitk.GetImageFromArray(np.ascontiguousarray(array)), 0, 1)
    return sitk.GetArrayFromImage(mask).astype(np.float32)


class ImageDiscriminator(nn.Module):
    """Whether an image is a real one: eight convolutions, two dense layers; the paper's sigmoid is left to the loss.

    Features double three times, from ``width`` to 8 ``width`` (64 to 512 in the paper), each time with stride 2; 3^3
    kernels, LeakyReLU 0.2. Images of any size are pooled to 2^3 before the dense layers (16 ``width`` and 1). With the
    default of 8 the 3D form has 285,705 parameters, the 2D one 106,489; of the paper's width, 18.2 and 6.8 million.

    Parameters
    ----------
    in_plane
        Each slice of (N, 1, k, j, i) is an image, and kernels are 3^2.
    """

    def __init__(self, width: int = 8, in_plane: bool = False) -> None:
        super().__init__()
        self.in_plane = in_plane
        widths = [width * factor for factor in (1, 1, 2, 2, 4, 4, 8, 8)]
        convolution, pool = (nn.Conv2d, nn.AdaptiveAvgPool2d) if in_plane else (nn.Conv3d, nn.AdaptiveAvgPool3d)
        self.convolutions = nn.ModuleList(
            convolution(before, after, 3, stride=2 if after > before > 1 else 1, padding=1)
            for before, after in zip([1, *widths], widths, strict=False)
        )
        self.pool = pool(POOLED)
        self.hidden = nn.Linear(widths[-1] * POOLED ** (2 if in_plane else 3), 16 * width)
        self.last = nn.Linear(16 * width, 1)
        initialise(self, SLOPE)

    def forward(self, image: Tensor) -> Tensor:
        """(N,), or (N * k,) for slices: logits, above 0 for what is taken for real."""
        x = in_slices(image) if self.in_plane else image
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), SLOPE)
        return self.last(F.leaky_relu(self.hidden(self.pool(x).flatten(1)), SLOPE))[:, 0]


def in_slices(images: Tensor) -> Tensor:
    """(N, c, k, j, i) as N * k images (N * k, c, j, i)."""
    return images.transpose(1, 2).flatten(0, 1)


def of_slices(slices: Tensor, like: Tensor) -> Tensor:
    """The inverse: (N * k, c, j, i) as stacks (N, c, k, j, i), N and k those of ``like``."""
    return slices.unflatten(0, (like.shape[0], like.shape[2])).transpose(1, 2)
