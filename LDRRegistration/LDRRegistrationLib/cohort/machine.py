"""How many workers a machine carries, and how many threads each of them may use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..commandline.memoryneed import LIBRARY_BYTES, memoryNeed
from ..runtime.errors import RegistrationError
from ..runtime.memory import availableBytes
from .pair import Pair

# So many pairs are looked at for the largest images: the header of each takes a moment on a far disk.
PAIRS_LOOKED_AT = 50
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Share:
    """``note`` says why there are fewer workers than were asked for."""

    workers: int
    threads: int
    note: str = ""


def share(jobs: int | None, threads: int | None, pairs: Sequence[Pair]) -> Share:
    """What this machine can do at once.

    Several workers of one thread each are faster than one of several threads; so by default there are as many as cores,
    and fewer where memory is short. Cores that are left are shared among them.
    """
    cores = usableCores()
    wanted = min(cores if jobs is None else jobs, len(pairs))
    workers, note = wanted, ""
    available, need = availableBytes(), LIBRARY_BYTES + largestNeed(pairs)
    if available is not None and workers * need > available:
        workers = max(1, available // need)
        if workers < wanted:
            note = (
                f"{workers} of {wanted} workers: each takes up to {need / 1e9:.1f} GB of memory, and "
                f"{available / 1e9:.1f} GB are available."
            )
    return Share(workers, threads or max(1, cores // workers), note)


def largestNeed(pairs: Sequence[Pair]) -> int:
    """Bytes of memory for the images of the largest among a sample of ``pairs``."""
    needs = [0]
    for pair in pairs[:: max(1, len(pairs) // PAIRS_LOOKED_AT)]:
        with contextlib.suppress(RegistrationError, OSError):  # its worker will say what is wrong
            needs.append(memoryNeed(pair.fixed, pair.moving) or 0)
    return max(needs)


def usableCores() -> int:
    """Cores that this process may use, by the system and by its container; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = CPU_LIMIT.read_text().split()[:2]
        cores = min(cores, int(quota) // int(period))
    return max(1, cores)
