"""What a raw header says about the voxels, and the voxels themselves, if the file holds what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.memory import checkAvailable
from . import itk
from .streams import LARGEST_EXPANSION, Damaged, beginning, contentChunks, decoded, fileChunks, fill, isGzip

# Single precision holds all integers of so many bytes, so scaled ones stay in it, as ITK keeps them.
LARGEST_EXACT = 2
LARGEST_QUICK = 1 << 28


@dataclass
class Layout:
    """Where in which file the voxels lie, and what they mean.

    ``shape`` is (k, j, i), ``stored`` the number type in the file with its byte order, ``ijkToRas`` 4x4 in mm.
    ``offset`` counts bytes of the content: behind the compression of the whole file, if there is one, but before the
    ``encoding`` of the voxels, and None means that the voxels end with the content. A value is
    ``slope * stored + intercept``. ``notes`` are sentences on what was repaired or chosen.
    """

    path: Path
    shape: tuple[int, int, int]
    stored: np.dtype
    ijkToRas: np.ndarray
    dataPath: Path
    offset: int | None = 0
    encoding: str = "raw"
    skipDecoded: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    isNifti: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def isScaled(self) -> bool:
        return (self.slope, self.intercept) != (1.0, 0.0)

    @property
    def storedBytes(self) -> int:
        return math.prod(self.shape) * self.stored.itemsize

    @property
    def dtype(self) -> np.dtype:
        """Number type of the values."""
        if not self.isScaled:
            return self.stored.newbyteorder("=")
        single = self.stored.itemsize <= LARGEST_EXACT or self.stored == np.float32
        return np.dtype(np.float32 if single else np.float64)

    def read(self) -> np.ndarray:
        """The values (k, j, i) in the machine's byte order.

        :raises RegistrationError: the file is damaged, holds fewer bytes than its header says, or more than there is
            memory for.
        """
        self.checkLength()
        try:
            checkAvailable(
                self.storedBytes + (math.prod(self.shape) * self.dtype.itemsize if self.isScaled else 0),
                f"Reading {self.path.name}",
            )
            if (array := self._quickly()) is not None:
                return array
            array = np.empty(self.shape, self.stored)
            trailing = fill(array, decoded(self._chunks(), self.encoding), self.skipDecoded)
        except Damaged as error:
            raise RegistrationError(f"{self.dataPath} is damaged: {error}") from error
        except OSError as error:
            raise RegistrationError(f"{self.dataPath} cannot be read: {error.strerror}.") from error
        if trailing:
            self.notes.append(
                f"{self.path.name} has {trailing} bytes more than its header says: check that it is shown as it should."
            )
        return self._values(array)

    def _quickly(self) -> np.ndarray | None:
        """The values of an ordinary compressed file, or None. ITK takes the memory twice, so no large ones."""
        large = self.storedBytes > LARGEST_QUICK or self.offset is None or self.offset > LARGEST_QUICK
        if self.isScaled or large or not self.stored.isnative:
            return None
        if self._isPacked and not self.isNifti:
            return None
        if self._isPacked and self.offset is not None:
            header, encoding = beginning(self.dataPath, self.offset), "gzip"
        elif self.encoding in ("gzip", "zlib") and not self.skipDecoded:
            header, encoding = b"", self.encoding
        else:
            return None
        array = itk.unpacked(self.path, self.dataPath, header, self.stored, encoding)
        return array if array is not None and array.shape == self.shape else None

    def _chunks(self) -> Iterator[bytes]:
        """The content from the voxels' offset on."""
        chunks = contentChunks(self.dataPath) if self._isPacked else fileChunks(self.dataPath)
        skip = self._firstByte()
        for chunk in chunks:
            if skip < len(chunk):
                yield chunk[skip:] if skip else chunk
            skip = max(0, skip - len(chunk))

    @property
    def _isPacked(self) -> bool:
        """Whether the file as a whole is compressed, besides its voxels: with these, gzip at offset 0 is the same."""
        return isGzip(self.dataPath) and not (self.encoding != "raw" and self.offset == 0)

    def _firstByte(self) -> int:
        if self.offset is not None:
            return self.offset
        if self._isPacked or self.encoding != "raw":
            raise Damaged("where its voxels begin can only be told for uncompressed files.")
        return self.dataPath.stat().st_size - self.storedBytes

    def checkLength(self) -> None:
        """Before memory is taken for them: whether a file of this length can hold so many voxels at all.

        :raises RegistrationError: it cannot, or cannot be asked.
        """
        try:
            length = self.dataPath.stat().st_size
            packing = LARGEST_EXPANSION["gzip"] if self._isPacked else 1
        except OSError as error:
            raise RegistrationError(f"{self.dataPath} cannot be read: {error.strerror}.") from error
        most = length * packing - (self.offset or 0)
        if most * LARGEST_EXPANSION[self.encoding] < self.storedBytes + self.skipDecoded:
            raise RegistrationError(f"{self.dataPath} is damaged: it ends before its last voxel.")

    def _values(self, array: np.ndarray) -> np.ndarray:
        if not self.stored.isnative:
            array = array.byteswap(inplace=True).view(self.stored.newbyteorder("="))
        if not self.isScaled:
            return array
        values = np.empty(self.shape, self.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for k, plane in enumerate(array):
                values[k] = plane.astype(np.float64) * self.slope + self.intercept
        return values
