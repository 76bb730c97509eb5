"""Values of an image between its voxels: trilinear, cubic, or of the nearest voxel; beyond its border those of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Of so many rows single precision tells places a thousandth of a row apart.
MAXIMUM_ROWS = 8192


def sampleAtVoxels(image: Tensor, positions: Tensor, mode: str = "bilinear", padding: str = "border") -> Tensor:
    """``image`` (N, C, k, j, i) at ``positions`` (N, 3, d, h, w), in its voxels along k, j and i: (N, C, d, h, w).

    ``mode`` and ``padding`` are those of ``torch.nn.functional.grid_sample``; "bilinear" is trilinear here. The
    positions may have gradients, and the image.
    """
    import torch

    exact = torch.jit.is_tracing() or image.requires_grad or (mode, padding) != ("bilinear", "border")
    if exact or positions.device.type != "cpu" or min(image.shape[2:]) < 2:
        return _inVolume(image, positions, mode, padding)
    pairs = zip(image, positions, strict=True)
    sampled = [_inPlanes(*pair) for pair in pairs]
    return sampled[0][None] if len(sampled) == 1 else torch.stack(sampled)


def _inVolume(image: Tensor, positions: Tensor, mode: str, padding: str) -> Tensor:
    """By ``grid_sample``. A network traced at one size is right at every other, and sides may be of one voxel."""
    import torch

    # In units of the image's extent, from its centre; grid_sample wants i, j, k.
    sizes = torch.cat([positions.new_full((1,), 1.0) * size for size in image.shape[2:]]).view(1, 3, 1, 1, 1)
    places = ((2.0 * positions + 1.0) / sizes - 1.0).flip(1).movedim(1, -1)
    sample = torch.nn.functional.grid_sample
    # Its CPU code shares out images among the threads, not the voxels of one: so each slice of one image's positions is
    # given to it as if it were of an image of its own. The image's gradient would be computed once for each slice. A
    # network is traced for one pair.
    if image.requires_grad or not (torch.jit.is_tracing() or len(places) == 1):
        return sample(image, places, mode=mode, padding_mode=padding, align_corners=False)
    slices = places.transpose(0, 1)
    # The size as a trace keeps it: whatever comes later.
    images = image.expand(slices.shape[0], -1, -1, -1, -1)
    return sample(images, slices, mode=mode, padding_mode=padding, align_corners=False).transpose(0, 2)


def _inPlanes(image: Tensor, positions: Tensor) -> Tensor:
    """Trilinear values of (C, k, j, i) at (3, d, h, w), by sampling planes, to a thousandth of a voxel.

    On a CPU torch takes eight samples of a plane at once, but those of a volume one by one. So all slices lie below
    each other in one plane, and a value is mixed of one slice's and the next one's: in half the time or less.
    """
    import torch

    k, j, i = positions
    sizes = image.shape[1:]
    k = k.clamp(0, sizes[0] - 1)
    low, high = 0, sizes[0]
    if (high - 1) * sizes[1] > MAXIMUM_ROWS:
        least, most = (float(end) for end in k.detach().aminmax())
        if not (most - least + 2.0) * sizes[1] <= MAXIMUM_ROWS:
            if len(k) == 1:
                return _inVolume(image[None], positions[None], "bilinear", "border")[0]
            halves = positions.tensor_split(2, dim=1)
            return torch.cat([_inPlanes(image, half) for half in halves], 1)
        low, high = min(int(least), high - 2), min(int(most) + 2, high)
    first = k.detach().floor().clamp_(max=high - 2)
    share = k - first
    rows = torch.add(j.clamp(0, sizes[1] - 1), first - low, alpha=sizes[1])
    # As grid_sample counts them, from -1 to 1; a height that is a power of two keeps whole rows exact, so that no value
    # is mixed with the next slice's, and an image that stays where it is stays what it is.
    height = 1 << max((high - low) * sizes[1] - 1, 1).bit_length()
    places = positions.new_empty(2, *k.shape)
    for number, (axis, size) in enumerate(((i, sizes[2]), (rows, height + 1))):
        places[number] = torch.add(positions.new_full((), -1.0), axis, alpha=2.0 / (size - 1))
    values = positions.new_empty(len(image), *k.shape)
    for number, channel in enumerate(image[:, low:high]):
        plane = channel.new_zeros(height + 1 + sizes[1], sizes[2])
        plane[: (high - low) * sizes[1]] = channel.flatten(0, 1)
        pair = plane.unfold(0, height + 1, sizes[1]).transpose(1, 2)
        sampled = torch.nn.functional.grid_sample(
            pair.expand(len(k), -1, -1, -1), places.movedim(0, -1), padding_mode="border", align_corners=True
        )
        values[number] = torch.lerp(sampled[:, 0], sampled[:, 1], share)
    return values


def cubicAtVoxels(volume: Tensor, positions: Tensor) -> Tensor:
    """``volume`` (k, j, i) at ``positions`` (3, d, h, w), in its voxels along k, j and i: (d, h, w).

    By the cubic kernel that goes through the voxels' own values (Catmull-Rom; Keys, IEEE TASSP 1981, a = -1/2).
    """
    flat, rest = volume.reshape(-1), volume.numel()
    places, weights = [], []
    for axis, size in zip(positions, volume.shape, strict=True):
        rest //= size
        position = axis.clamp(-0.5, size - 0.5)
        first = position.floor()
        f = position - first
        weights.append(
            (
                -0.5 * f * (1 - f) ** 2,
                1 + f * f * (1.5 * f - 2.5),
                f * (0.5 + f * (2 - 1.5 * f)),
                -0.5 * f * f * (1 - f),
            )
        )
        places.append([(first.long() + tap).clamp_(0, size - 1).mul_(rest) for tap in range(-1, 3)])
    values = positions.new_zeros(positions.shape[1:])
    for k, weightK in zip(places[0], weights[0], strict=True):
        for j, weightJ in zip(places[1], weights[1], strict=True):
            row = k + j
            line = weights[2][0] * flat.take(row + places[2][0])
            for i, weightI in zip(places[2][1:], weights[2][1:], strict=True):
                line.addcmul_(weightI, flat.take(row + i))
            values.addcmul_(weightK * weightJ, line)
    return values
