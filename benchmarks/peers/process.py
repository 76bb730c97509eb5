"""What every peer's process does: read, register (this alone is timed), write the displacement field.

Runs in the peer's environment, which has numpy and one of SimpleITK and ants; nothing of the project is imported.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Every peer has as many; Peer also says so in the environment, for libraries that read it when they are loaded.
THREADS = 2
FILES = ("fixed", "moving")


def cpu_seconds() -> float:
    """Of this process and the programs that it ran."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """Of this process since it became this program; getrusage would count what its parent had, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def serve(register: Callable[[Any, Any, str], Callable[[], Any]], read: Callable[[str], Any]) -> None:
    """``register(fixed, moving, how)`` works in memory and returns a function that gives the field to write.

    Arguments: HOW FOLDER; FOLDER has fixed.nii.gz and moving.nii.gz and receives field.nii.gz (LPS mm, a vector image
    on the fixed grid, fixed to moving points) and result.json (wall seconds of the call, CPU seconds, peak MB).
    """
    how, folder = sys.argv[1], Path(sys.argv[2])
    fixed, moving = (read(str(folder / f"{name}.nii.gz")) for name in FILES)
    processor, start = cpu_seconds(), time.perf_counter()
    finish = register(fixed, moving, how)
    seconds = time.perf_counter() - start
    # Of a program that it ran, the largest that any was; in kB.
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    values = {"seconds": seconds, "cpu_seconds": cpu_seconds() - processor, "peak_mb": max(peak_mb(), children)}
    write, field = finish()
    write(field, str(folder / "field.nii.gz"))
    (folder / "result.json").write_text(json.dumps(values), encoding="utf-8")
