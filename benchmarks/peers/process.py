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
    fixed, moving = (read(str(folder / f"{name}.nii.gz")) for name in ("fixed", "moving"))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    processor, start = usage.ru_utime + usage.ru_stime, time.perf_counter()
    finish = register(fixed, moving, how)
    seconds = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    values = {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime - processor,
        "peak_mb": peak_mb(),
    }
    write, field = finish()
    write(field, str(folder / "field.nii.gz"))
    (folder / "result.json").write_text(json.dumps(values), encoding="utf-8")
