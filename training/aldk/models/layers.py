"""What several networks share: how weights start, and how a flow at half resolution becomes one of the full grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import voxelPositions
from torch import Tensor, nn

STARTS = ("he", "torch")
_start = ContextVar("start", default="he")


@contextmanager
def started_by(start: str) -> Iterator[None]:
    """Networks built within start with He's weights or, for comparison, with those that PyTorch gives its layers."""
    token = _start.set(start)
    try:
        yield
    finally:
        _start.reset(token)


def start_near_identity(layer: nn.Module, std: float = 1e-3) -> None:
    """Small weights and no bias: a flow layer that starts with almost no motion, but passes gradients on."""
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def initialise(network: nn.Module, slope: float = 0.0) -> None:
    """Weights that keep the size of activations behind (leaky) ReLUs of ``slope`` (He et al., ICCV 2015).

    PyTorch's own start shrinks them by about 2.4 a layer, in transposed convolutions by more: after four layers the
    biases outweigh what is left of the images, and where they are negative a channel is dead from the first step on.
    Within ``started_by("torch")`` nothing is done.
    """
    if _start.get() == "torch":
        return
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.ConvTranspose3d):
            fan_in = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
            if isinstance(layer, nn.ConvTranspose3d):
                # Each output voxel meets only every stride-th value of the kernel along each axis.
                fan_in /= math.prod(layer.stride)
            nn.init.normal_(layer.weight, std=math.sqrt(2.0 / (1.0 + slope**2) / fan_in))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


# Below so many channels times k times j, PyTorch does not give the convolution of a single image to oneDNN.
ONEDNN_MINIMUM_VOXELS = 20480


@torch.jit.script_if_tracing
def convolve(image: Tensor, weight: Tensor, bias: Tensor, least: int) -> Tensor:
    """3 x 3 x 3 convolution with zeros beyond the border, up to four times faster on small images on a CPU.

    A single small image, which PyTorch would hand to its slowest code, is convolved as a batch of two overlapping
    halves.
    """
    channels, k, j = image.size(1), image.size(2), image.size(3)
    if image.size(0) > 1 or channels * k * j > least:
        return torch.conv3d(image, weight, bias, padding=[1, 1, 1])
    half = (k + 1) // 2
    padded = torch.constant_pad_nd(image, [0, 0, 0, 0, 1, 1 + k % 2], 0.0)
    halves = torch.cat([padded[:, :, : half + 2], padded[:, :, half : 2 * half + 2]], dim=0)
    first, second = torch.conv3d(halves, weight, bias, padding=[0, 1, 1]).chunk(2, 0)
    return torch.cat([first, second], dim=2)[:, :, :k]


def convolve_doubled(image: Tensor, weight: Tensor) -> Tensor:
    """3 x 3 x 3 convolution of ``image`` doubled along each axis by repetition, with zeros beyond the border.

    Every voxel of the doubled image meets two along each axis of the original: so a transposed convolution by a kernel
    of four does the same with 8 in place of 27 products.
    """
    kernel = weight.flip(2, 3, 4).transpose(0, 1)
    for before, after in (([1, 0], [0, 1]), ([0, 0, 1, 0], [0, 0, 0, 1]), ([0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1])):
        kernel = F.pad(kernel, before) + F.pad(kernel, after)
    return F.conv_transpose3d(image, channels_last(kernel), stride=2, padding=1)


def channels_last(image: Tensor) -> Tensor:
    """The same values in the layout in which oneDNN's convolutions are fastest."""
    return image.contiguous(memory_format=torch.channels_last_3d)


class Conv3d(nn.Conv3d):
    """3 x 3 x 3, stride 1; see ``convolve``. Behind its own channels the weights may have some of a coarser image."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, 3, padding=1)

    def forward(self, image: Tensor, coarser: Tensor | None = None) -> Tensor:
        if coarser is None:
            return convolve(image, self.weight, self.bias, ONEDNN_MINIMUM_VOXELS)
        own = self.in_channels - coarser.shape[1]
        of_image = convolve(image, self.weight[:, :own], self.bias, ONEDNN_MINIMUM_VOXELS)
        return of_image + convolve_doubled(coarser, self.weight[:, own:])


def double_resolution(flow: Tensor) -> Tensor:
    """The same motion on a grid twice as fine: (N, 3, k, j, i) to (N, 3, 2k, 2j, 2i), each in its own voxels."""
    # Plain layout: interpolation is twice as slow on channels-last. Single precision: flows need more than eight bits.
    flow = flow.float().contiguous()
    # Twice the resolution is twice as many voxels for the same way.
    return F.interpolate(2.0 * flow, scale_factor=2.0, mode="trilinear", align_corners=False)


def centred_positions(like: Tensor) -> Tensor:
    """(1, 3, k, j, i): voxel coordinates k, j, i relative to the middle of the grid, (n - 1) / 2."""
    shape = like.shape[2:]
    positions = voxelPositions(shape, like)
    return torch.stack([positions[:, a] - (shape[a] - 1) / 2.0 for a in range(3)], dim=1)


def apply_linear(matrix: Tensor, vectors: Tensor) -> Tensor:
    """``matrix`` (N, 3, 3) times each of ``vectors`` (N or 1, 3, k, j, i)."""
    # By products of elements: a matrix product would be done in bfloat16 under autocast, too coarse for positions.
    return sum(matrix[:, :, a, None, None, None] * vectors[:, a : a + 1] for a in range(3))
