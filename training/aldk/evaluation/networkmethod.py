"""A network as a method: everything between two images as stored and a displacement field."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.intensity import Modality, normalise
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from torch import Tensor
from torch.utils import benchmark

from ..checkpoint import load_network
from ..data.deformation import apply_matrix, sample, voxels
from ..data.io import on_canonical_grid
from ..data.subjects import Subject, align
from ..errors import TrainingError
from ..models import RegistrationNetwork
from .methods import Answer
from .pairs import EvaluationPair

REVERSED = np.eye(4)[[2, 1, 0, 3]]

Intensities = Callable[[np.ndarray], np.ndarray]


def intensities_of(description: dict[str, Any]) -> Intensities:
    """How training normalises the images of a data set of a config."""
    if "hdf5" in description:
        # Normalised by who made the files, and stored as 0 to 255.
        return lambda array: (array / 255.0).astype(np.float32)
    modality = Modality(description.get("modality", "MR"))
    return lambda array: normalise(array, modality)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """``fixed`` and ``moved`` (k, j, i) as the network sees them on ``grid``; ``aligned`` 4x4, fixed to moving RAS."""

    pair: EvaluationPair
    fixed: Tensor
    moved: Tensor
    grid: Grid
    aligned: np.ndarray
    seconds: float


class NetworkMethod:
    """Images are brought to a canonical grid, normalised and aligned as in training; then comes the network.

    Besides its field an answer has ``seconds``, from the images in memory to the field on the fixed grid, and
    ``cpu_seconds`` or ``gpu_seconds``, those of the network alone on the device it ran on (of a batch: its share).

    Parameters
    ----------
    spacing
        mm, of the isotropic canonical grid.
    way
        How the moving image is aligned first: "affine", "content" or "grids", as ``aldk.data.subjects.align`` has it.
    intensities
        From an image (k, j, i) on the canonical grid to float32 in [0, 1].
    """

    def __init__(
        self,
        model: RegistrationNetwork,
        spacing: float,
        way: str,
        intensities: Intensities = normalise,
        device: torch.device | str = "cpu",
    ) -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        self.spacing, self.way, self.intensities = spacing, way, intensities

    def __call__(self, pair: EvaluationPair) -> Answer:
        """:raises TrainingError: if the network cannot take images of this size."""
        return self._finish([self._prepare(pair)])[0][1]

    def together(self, pairs: Iterable[EvaluationPair], batch: int) -> Iterator[tuple[EvaluationPair, Answer]]:
        """Every pair with its answer; the network sees ``batch`` pairs at once where that many fit one size.

        Pairs wait until their batch is full, so they may come out in another order.
        """
        waiting: dict[tuple[int, ...], list[_Prepared]] = {}
        for pair in pairs:
            prepared = self._prepare(pair)
            group = waiting.setdefault(self._padded_shape(prepared.fixed), [])
            group.append(prepared)
            if len(group) == batch:
                yield from self._finish(waiting.pop(self._padded_shape(prepared.fixed)))
        for group in waiting.values():
            yield from self._finish(group)

    def _padded_shape(self, image: Tensor) -> tuple[int, ...]:
        """The size (k, j, i) that the network itself pads an image to."""
        least = self.model.architecture.grid or tuple(n + -n % self.model.stride for n in image.shape)
        # An image larger than a size-bound network keeps its size, for the network to refuse it.
        return tuple(max(n, size) for n, size in zip(image.shape, least, strict=True))

    def _subject(self, image: Image) -> tuple[Subject, Grid]:
        """The steps of ``aldk.data.subjects.read_subject``, for an image in memory."""
        on_grid, grid = on_canonical_grid(image, self.spacing)
        images = torch.from_numpy(self.intensities(on_grid.numpy()))[None]
        return Subject(image.name, images, None, self.spacing, np.eye(4)), grid

    def _prepare(self, pair: EvaluationPair) -> _Prepared:
        start = time.perf_counter()
        (fixed, grid), (moving, moving_grid) = self._subject(pair.fixed), self._subject(pair.moving)
        matrix = align(fixed, moving, self.way)
        k, j, i = fixed.images.shape[1:]
        moved = sample(moving.images, apply_matrix(matrix, voxels((k, j, i))))
        # The matrix is between voxels (k, j, i), the grids' are from (i, j, k).
        aligned = moving_grid.ijkToRas @ REVERSED @ matrix @ REVERSED @ grid.rasToIjk
        return _Prepared(pair, fixed.images[0], moved[0], grid, aligned, time.perf_counter() - start)

    def _finish(self, group: list[_Prepared]) -> list[tuple[EvaluationPair, Answer]]:
        """Run the network on pairs of one padded size."""
        start = time.perf_counter()
        flows, network_seconds = self._flows(group)
        shared = (time.perf_counter() - start) / len(group)
        results = []
        for prepared, flow in zip(group, flows, strict=True):
            start = time.perf_counter()
            transform = Transform(prepared.aligned, DisplacementField.fromFlow(flow[None], prepared.grid))
            displacement = transform.displacement(prepared.pair.fixed.grid)
            values = {
                "seconds": prepared.seconds + shared + time.perf_counter() - start,
                "cpu_seconds" if self.device.type == "cpu" else "gpu_seconds": network_seconds,
            }
            results.append((prepared.pair, Answer(displacement, prepared.aligned, values)))
        return results

    def _flows(self, group: list[_Prepared]) -> tuple[list[Tensor], float]:
        """The flow (3, k, j, i) of each pair on its own grid, and the network's seconds a pair.

        One pair goes to the network as it is. Several are first padded to their common size, around their middle, as
        the network itself would pad each.
        """
        shape = self._padded_shape(group[0].fixed) if len(group) > 1 else tuple(group[0].fixed.shape)
        fixed = torch.stack([_pad(p.fixed, shape) for p in group])[:, None].to(self.device)
        moved = torch.stack([_pad(p.moved, shape) for p in group])[:, None].to(self.device)
        self._synchronise()
        start = time.perf_counter()
        try:
            with torch.no_grad():
                flow = self.model(fixed, moved)
        except TrainingError as error:
            raise TrainingError(f"Pair {group[0].pair.name}: {error}") from error
        self._synchronise()
        seconds = (time.perf_counter() - start) / len(group)
        flow = flow.float().cpu()
        return [f[(slice(None), *_middle(shape, p.fixed.shape))] for f, p in zip(flow, group, strict=True)], seconds

    def _synchronise(self) -> None:
        # A GPU answers before it has computed.
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _pad(image: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``image`` (k, j, i) in the middle of zeros of ``shape``."""
    padded = image.new_zeros(shape)
    padded[_middle(shape, image.shape)] = image
    return padded


def _middle(shape: tuple[int, ...], inner: tuple[int, ...]) -> tuple[slice, ...]:
    """Where an array of shape ``inner`` lies in the middle of one of ``shape``."""
    return tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(shape, inner, strict=True))


def network_seconds(folder: Path, shape: list[int], threads: int) -> float:
    """Median seconds a pair of the network alone, on the CPU, on a grid of ``shape``."""
    network, _ = load_network(folder)
    images = torch.rand(2, 1, 1, *shape)
    with torch.no_grad():
        inputs = {"network": network, "a": images[0], "b": images[1]}
        timer = benchmark.Timer("network(a, b)", globals=inputs, num_threads=threads)
        return timer.blocked_autorange(min_run_time=2.0).median
