"""The bytes of a file, decompressed once and to their end, so that every checksum there is has been checked.

Bytes come as an iterator of chunks: never is more of a file in memory than its voxels.
"""

from __future__ import annotations

import bz2
import itertools
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError

CHUNK = 1 << 18
GZIP_MAGIC = b"\x1f\x8b"
# Deflate makes of a byte 1032 at most, bzip2 of its smallest block of 14 bytes 900,000 and more.
LARGEST_EXPANSION = {"raw": 1, "gzip": 1032, "zlib": 1032, "bzip2": 70_000}
# What may follow the voxels, such as padding or further volumes, is read for its checksum; not without end.
LONGEST_TRAILER = 1 << 32


class Damaged(Exception):
    """What is wrong with the bytes of a file, to follow "FILE is damaged: "."""


def checkRegularFile(path: Path) -> None:
    """Raise RegistrationError unless ``path`` is a file or a link to one: reading a pipe or a device could hang."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise RegistrationError(f"{path} {'does not exist' if missing else 'cannot be read'}.") from error
    if stat.S_ISDIR(mode):
        raise RegistrationError(f"{path} is a folder; give one image file (a DICOM series: save it as .nrrd first).")
    if not stat.S_ISREG(mode):
        raise RegistrationError(f"{path} is not a file but a pipe or a device: save the image as a file first.")


def beside(path: Path, name: str) -> Path:
    """The file that the header ``path`` names.

    :raises RegistrationError: it is no such name, or no file.
    """
    if not name or "\0" in name:
        raise RegistrationError(f"{path} is damaged: the name of the file with its voxels cannot be understood.")
    checkRegularFile(path.parent / name)
    return path.parent / name


def fileChunks(path: Path) -> Iterator[bytes]:
    """The bytes as they lie on the disk."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def contentChunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, decompressed if it is a gzip file, whatever its name says."""
    chunks = fileChunks(path)
    first = next(chunks, b"")
    whole = itertools.chain((first,), chunks)
    return decoded(whole, "gzip") if first.startswith(GZIP_MAGIC) else whole


def isGzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def beginning(path: Path, count: int) -> bytes:
    """The first ``count`` bytes of the content, or all there are.

    :raises Damaged: they cannot be decompressed.
    """
    taken = bytearray()
    for chunk in contentChunks(path):
        taken += chunk
        if len(taken) >= count:
            break
    return bytes(taken[:count])


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """``chunks`` without their ``encoding``: "raw", "gzip" (of any number of members), "zlib" or "bzip2".

    :raises Damaged: while iterating, if they are cut off, spoilt, or differ from their checksum.
    """
    if encoding == "raw":
        return iter(chunks)
    return _decompressed(chunks, encoding)


def _decompressed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    engine, begun, whole = _engine(encoding), False, False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if whole:
                    # Behind one member may lie the next, or the zeros that fill up a tape's block.
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    engine, begun, whole = _engine(encoding), False, False
                begun = True
                produced, rest = _step(engine, rest)
                yield from produced
                if engine.eof:
                    whole, rest = True, engine.unused_data
    except (zlib.error, OSError, EOFError) as error:
        raise Damaged("its compressed data are spoilt or do not match their checksum.") from error
    if begun and not whole:
        raise Damaged("it ends before its last voxel.")


def _engine(encoding: str):
    return bz2.BZ2Decompressor() if encoding == "bzip2" else zlib.decompressobj(31 if encoding == "gzip" else 47)


def _step(engine, chunk: bytes) -> tuple[list[bytes], bytes]:
    """What ``engine`` makes of ``chunk``, in pieces of bounded size, and what it leaves of it (before an end)."""
    if isinstance(engine, bz2.BZ2Decompressor):
        pieces = [engine.decompress(chunk, 4 * CHUNK)]
        while not engine.eof and not engine.needs_input:
            pieces.append(engine.decompress(b"", 4 * CHUNK))
        return pieces, b""
    piece = engine.decompress(chunk, 4 * CHUNK)
    return [piece], engine.unconsumed_tail


def fill(target: np.ndarray, chunks: Iterable[bytes], skip: int) -> int:
    """Put what follows the first ``skip`` bytes into ``target`` (contiguous), and go on to the end of the chunks.

    :returns: how many bytes follow ``target``'s.
    :raises Damaged: there are fewer bytes, or a checksum fails.
    """
    room = target.reshape(-1).view(np.uint8)
    filled, trailing = 0, 0
    for chunk in chunks:
        part = np.frombuffer(chunk, np.uint8)
        if skip:
            skipped = min(skip, len(part))
            skip, part = skip - skipped, part[skipped:]
        taken = min(len(part), len(room) - filled)
        room[filled : filled + taken] = part[:taken]
        filled += taken
        trailing += len(part) - taken
        if trailing > LONGEST_TRAILER:
            raise Damaged("it goes on far beyond its last voxel.")
    if filled < len(room):
        raise Damaged("it ends before its last voxel.")
    return trailing
