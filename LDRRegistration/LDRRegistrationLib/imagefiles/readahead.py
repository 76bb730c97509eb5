"""Image files that a thread reads while the caller does something else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..space.image import Image
from .reading import readImage


class ReadAhead:
    """Gives what ``readImage`` gives; of a file that was named before, without reading it again."""

    def __init__(self, ahead: dict[Path, Future[tuple[Image, list[str]]]] | None = None) -> None:
        self._ahead = ahead or {}

    def __call__(self, path: Path) -> tuple[Image, list[str]]:
        """:raises RegistrationError: as ``readImage``."""
        found = self._ahead.pop(path, None)
        return readImage(path) if found is None else found.result()


@contextlib.contextmanager
def readingAhead(paths: Iterable[Path]) -> Iterator[ReadAhead]:
    """Inside the block a thread reads ``paths``, one after the other; afterwards it has ended."""
    reader = ThreadPoolExecutor(1, "ldr: reading")
    try:
        yield ReadAhead({path: reader.submit(readImage, path) for path in dict.fromkeys(paths)})
    finally:
        reader.shutdown(cancel_futures=True)
