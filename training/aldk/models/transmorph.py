"""TransMorph (Chen et al., MedIA 2022, arXiv 2111.10480), the "small" variant: a Swin transformer between convolutions.

Layers are those of the paper and its appendix; nothing of the authors' code is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import initialise, start_near_identity

SLOPE = 0.2
WINDOW = 4


class WindowAttention(nn.Module):
    """Self-attention among the tokens of each window, with a learned bias for their relative places."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention, self.project = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.bias = nn.Parameter(0.02 * torch.randn(heads, (2 * WINDOW - 1) ** 3))
        axis = torch.arange(WINDOW)
        places = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).flatten(1)
        apart = places[:, :, None] - places[:, None, :] + WINDOW - 1
        side = 2 * WINDOW - 1
        self.register_buffer("apart", (apart[0] * side + apart[1]) * side + apart[2], persistent=False)

    def forward(self, windows: Tensor, hidden: Tensor | None) -> Tensor:
        """``windows`` (n, tokens, width); ``hidden`` (n, tokens, tokens): -100 between tokens that are no neighbors."""
        parts = self.attention(windows).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = self.bias[:, self.apart][None]
        if hidden is not None:
            mask = mask + hidden[:, None]
        attended = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=mask)
        return self.project(attended.transpose(1, 2).flatten(2))


class SwinBlock(nn.Module):
    """Attention in windows of 4^3 tokens, every second block in windows shifted by half (Liu et al., ICCV 2021).

    Maps (N, k, j, i, width) to the same. Written so that a trace of it holds for every size.
    """

    def __init__(self, width: int, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.windows = WindowAttention(width, heads)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        count, k, j, i, _ = tokens.shape
        gaps = [-side % WINDOW for side in (k, j, i)]
        seen = F.pad(self.norm1(tokens), [0, 0, 0, gaps[2], 0, gaps[1], 0, gaps[0]])
        hidden = None
        if self.shift:
            seen = seen.roll((-self.shift,) * 3, (1, 2, 3))
            hidden = _between_regions(seen)
        attended = self.windows(_split(seen), None if hidden is None else hidden.repeat(count, 1, 1))
        seen = _joined(attended, seen)
        if self.shift:
            seen = seen.roll((self.shift,) * 3, (1, 2, 3))
        tokens = tokens + seen[:, :k, :j, :i]
        return tokens + self.perceptron(self.norm2(tokens))


def _split(tokens: Tensor) -> Tensor:
    """(N, k, j, i, width), sides multiples of the window, to (N * windows, tokens, width)."""
    count, k, j, i, width = tokens.shape
    w = WINDOW
    parts = tokens.reshape(count, k // w, w, j // w, w, i // w, w, width)
    return parts.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, w**3, width)


def _joined(windows: Tensor, like: Tensor) -> Tensor:
    """The inverse of ``_split``, of the shape of ``like``."""
    count, k, j, i, width = like.shape
    w = WINDOW
    parts = windows.reshape(count, k // w, j // w, i // w, w, w, w, width)
    return parts.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(count, k, j, i, width)


def _between_regions(rolled: Tensor) -> Tensor:
    """(windows, tokens, tokens): -100 between tokens that rolling has brought together from opposite borders."""
    regions = []
    for side in rolled.shape[1:4]:
        place = torch.arange(side, device=rolled.device)
        regions.append((place >= side - WINDOW).to(rolled.dtype) + (place >= side - WINDOW // 2).to(rolled.dtype))
    k, j, i = regions
    number = 9.0 * k[:, None, None] + 3.0 * j[None, :, None] + i[None, None, :]
    of_tokens = _split(number[None, ..., None])[..., 0]
    return -100.0 * (of_tokens[:, :, None] != of_tokens[:, None, :]).to(rolled.dtype)


class Merging(nn.Module):
    """Half the sides, twice the width: the eight tokens of a cube become one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(8 * width), nn.Linear(8 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        count, k, j, i, width = tokens.shape
        cubes = tokens.reshape(count, k // 2, 2, j // 2, 2, i // 2, 2, width).permute(0, 1, 3, 5, 2, 4, 6, 7)
        return self.reduce(self.norm(cubes.flatten(4)))


class TransMorph(nn.Module):
    """Swin encoder of 2-2-4-2 blocks from 1/4 to 1/32, convolutional decoder, skips at 1/2 and 1 by convolutions.

    "Small" is the appendix's: width 48 and 4 heads at each level. The window has 4^3 tokens, where the paper's 5 x 6 x
    7 was made for one image size. Maps fixed and moving, each (N, 1, k, j, i) in [0, 1], sides multiples of
    ``stride``, to a flow (N, 3, k, j, i) in voxels (11,711,035 parameters).
    """

    stride = 32

    def __init__(self, width: int = 48, depths: tuple[int, ...] = (2, 2, 4, 2), heads: int = 4) -> None:
        super().__init__()
        self.patches = nn.Conv3d(2, width, 4, stride=4)
        self.first_norm = nn.LayerNorm(width)
        widths = [width * 2**level for level in range(len(depths))]
        self.levels = nn.ModuleList(
            nn.ModuleList(SwinBlock(w, heads, n % 2 * (WINDOW // 2)) for n in range(depth))
            for w, depth in zip(widths, depths, strict=True)
        )
        self.merging = nn.ModuleList(Merging(w) for w in widths[:-1])
        self.norms = nn.ModuleList(nn.LayerNorm(w) for w in widths)
        self.at_half, self.at_full = _convolutions(2, width // 2), _convolutions(2, width // 4)
        coarse_first = widths[::-1]
        # Behind each rise the skip of its level: tokens down to 1/4, then the two convolutions.
        skips = [*coarse_first[1:], width // 2, width // 4]
        outputs = [*coarse_first[1:], width // 2, width // 4]
        self.decoders = nn.ModuleList(
            nn.Sequential(_convolutions(before + skip, after), _convolutions(after, after))
            for before, skip, after in zip((coarse_first[0], *outputs), skips, outputs, strict=False)
        )
        self.flow = nn.Conv3d(outputs[-1], 3, 3, padding=1)
        for convolutions in (self.at_half, self.at_full, self.decoders):
            initialise(convolutions, SLOPE)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
        start_near_identity(self.flow, 1e-4)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        images = torch.cat([moving, fixed], dim=1)
        skips = [self.at_full(images), self.at_half(F.avg_pool3d(images, 2))]
        tokens = self.first_norm(self.patches(images).movedim(1, -1))
        for level, blocks in enumerate(self.levels):
            if level:
                tokens = self.merging[level - 1](tokens)
            for block in blocks:
                tokens = block(tokens)
            skips.append(self.norms[level](tokens).movedim(-1, 1))
        x = skips.pop()
        for decoder in self.decoders:
            x = F.interpolate(x, scale_factor=2.0, mode="trilinear", align_corners=False)
            x = decoder(torch.cat([x, skips.pop()], dim=1))
        return self.flow(x)


def _convolutions(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(before, after, 3, padding=1), nn.LeakyReLU(SLOPE))
