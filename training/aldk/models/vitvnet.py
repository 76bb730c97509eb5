"""ViT-V-Net (Chen et al., MIDL 2021, arXiv 2104.06468), small: a transformer between convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import double_resolution, initialise, start_near_identity

SLOPE = 0.1


class Block(nn.Module):
    """Self-attention and a two-layer perceptron on tokens (N, tokens, width), each on normalised input and added.

    Written out, because PyTorch's own layer takes a path without gradient when it is traced, which older versions do
    not know.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        # (3, N, heads, tokens, width of a head)
        parts = self.attention(self.norm1(tokens)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        tokens = tokens + self.project(attended.transpose(1, 2).flatten(2))
        return tokens + self.perceptron(self.norm2(tokens))


class ViTVNet(nn.Module):
    """The encoder's features at 1/8, in patches of 2^3, go through a vision transformer; 1,134,003 parameters.

    As in the paper: features by convolutions first, then patches, learned positions, transformer, and a V-shaped
    decoder with skips. Smaller than there (4 blocks of width 128 for 12 of 252), flow at half resolution, and the
    positions are interpolated to whatever size the images have. Maps fixed and moving, each (N, 1, k, j, i) in [0, 1],
    sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.
    """

    stride = 16

    def __init__(self, width: int = 128, blocks: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Conv3d(before, after, 3, stride=2, padding=1) for before, after in ((2, 16), (16, 32), (32, 32))
        )
        self.patches = nn.Conv3d(32, width, 2, stride=2)
        self.positions = nn.Parameter(0.02 * torch.randn(1, width, 6, 6, 6))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.decoders = nn.ModuleList(
            nn.Conv3d(before, after, 3, padding=1) for before, after in ((width + 32, 32), (32 + 32, 32), (32 + 16, 32))
        )
        self.flow = nn.Conv3d(32, 3, 3, padding=1)
        initialise(self, SLOPE)
        start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        x = torch.cat([fixed, moving], dim=1)
        skips = []
        for encoder in self.encoders:
            x = F.leaky_relu(encoder(x), SLOPE)
            skips.append(x)
        x = self.patches(x)
        x = x + F.interpolate(self.positions, size=x.shape[2:], mode="trilinear", align_corners=False)
        tokens = x.flatten(2).transpose(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        x = self.norm(tokens).transpose(1, 2).unflatten(2, x.shape[2:])
        for decoder in self.decoders:
            x = torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], dim=1)
            x = F.leaky_relu(decoder(x), SLOPE)
        return double_resolution(self.flow(x))
