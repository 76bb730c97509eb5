"""Work that keeps Python's lock, in portions so short that the window stays alive while another thread does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

# A tenth of a second would be felt; a portion may take several times as long as the one before it.
PORTION_SECONDS = 0.008
# By how much a portion may be larger than the one before: a clock can be wrong once.
LARGEST_STEP = 2.0


def portions(count: int, first: int, least: int = 1, check: Callable[[], object] = lambda: None) -> Iterator[slice]:
    """Slices that cover ``range(count)``, each as long as work of PORTION_SECONDS is on this machine.

    VTK keeps Python's lock while it works, and how long it takes for a point depends on the processor and on the
    transform: so each portion's size follows from the seconds between this one's being handed out and the next.

    :param first: items of the first portion.
    :param least: items below which a portion is not worth its call.
    :param check: called before each portion; it raises to stop.
    """
    start, size = 0, float(first)
    while start < count:
        check()
        stop = min(start + max(int(size), least), count)
        began = time.perf_counter()
        yield slice(start, stop)
        seconds = time.perf_counter() - began
        wanted = (stop - start) * PORTION_SECONDS / max(seconds, 1e-6)
        size = max(min(wanted, LARGEST_STEP * size), least)
        start = stop
