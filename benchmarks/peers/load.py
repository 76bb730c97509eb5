"""How much else the machine did meanwhile: wall seconds count only where it did nothing."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

# Cores busy with other work, above which the rows of a run are marked.
MAXIMUM_OTHERS = 0.1
BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal of /proc/stat


def _busy_seconds() -> float:
    """Of all cores together, since the machine started."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return sum(int(ticks[n]) for n in BUSY) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Load:
    """From here on: the cores busy with what neither this process nor a program that it ran (and that ended) did."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._others = _busy_seconds() - _own_seconds()

    def values(self) -> dict[str, float]:
        """``others_cores``, and ``loaded``: 1 where the wall seconds are not to be compared."""
        wall = max(time.perf_counter() - self._start, 1e-3)
        cores = max(_busy_seconds() - _own_seconds() - self._others, 0.0) / wall
        return {"others_cores": round(cores, 2), "loaded": int(cores > MAXIMUM_OTHERS)}
