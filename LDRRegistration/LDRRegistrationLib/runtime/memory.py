"""How much memory there is, asked before much of it is taken."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .errors import RegistrationError
from .language import tr as _

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
# Small needs are not worth a question.
UNASKED_BYTES = 1 << 26


def availableBytes() -> int | None:
    """What this process can still take, by the system, its container and its own limit; None where nobody says."""
    said = [value for value in (_ofSystem(), _ofContainer(), _ofProcess()) if value is not None]
    return max(0, min(said)) if said else None


def checkAvailable(need: int, what: str) -> None:
    """Raise RegistrationError with a sentence if ``what`` takes more memory, in bytes, than there is."""
    available = availableBytes() if need > UNASKED_BYTES else None
    if available is not None and need > available:
        raise RegistrationError(
            _(
                "{what} takes {needed:.1f} GB of memory, and {available:.1f} GB are available: close other "
                "programs, or make the images smaller (crop them, or resample them to larger voxels)."
            ).format(what=what, needed=need / 1e9, available=available / 1e9)
        )


def _ofSystem() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in MEMINFO.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _ofContainer() -> int | None:
    """Of the container's limit (control groups, version 2); what it caches of files can be given up."""
    with contextlib.suppress(OSError, ValueError):
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
        cached = 0
        for line in (CGROUP / "memory.stat").read_text().splitlines():
            if line.startswith(("inactive_file ", "active_file ")):
                cached += int(line.split()[1])
        return limit - used + cached
    return None


def _ofProcess() -> int | None:
    """Of a limit on the addresses of this process (``ulimit -v``)."""
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return limit - pages * resource.getpagesize()
    return None
