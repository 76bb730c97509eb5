"""Two goals on a quiet machine: pairs a second of a cohort, and the seconds of one command for one pair of brains.

    python benchmarks/cohort.py [--pairs 12] [--workers 2] [--repeats 5]

The bundled pair, resampled to the size of a brain scan. A cohort should do 0.9 of its workers times one warm process
alone, which is measured before and after; what the machine itself takes is seen from as many single processes that know
nothing of each other. One command, with Python's start and all files, should take 2.0 s on two
cores. Nothing else may run meanwhile: the load at the start is printed, and how far the two runs alone lie apart.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LDRRegistration"), str(ROOT / "Testing")]

from brainsized import brain_sized
from LDRRegistrationLib.cohort.fingerprint import modelDigest, resultSettings
from LDRRegistrationLib.cohort.local import registerHere
from LDRRegistrationLib.cohort.pair import Pair
from LDRRegistrationLib.cohort.worker import Task
from LDRRegistrationLib.commandline.options import readOptions
from LDRRegistrationLib.registration.models import ModelStore
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image

GOAL_SHARE, GOAL_SECONDS = 0.9, 2.0


def written(folder: Path) -> tuple[Path, Path]:
    """The bundled pair as files of the size of brain scans, fixed and moving."""
    from LDRRegistrationLib.mrml.files import writeImage

    paths = folder / "fixed.nii.gz", folder / "moving.nii.gz"
    for path, source in zip(paths, (CURRENT_FLAIR, PRIOR_FLAIR), strict=True):
        writeImage(brain_sized(read_image(source)), path)
    return paths


def command_seconds(images: tuple[Path, Path], output: Path) -> float:
    """From the start of a process to its end, with all files written."""
    command = [sys.executable, "-m", "LDRRegistrationLib", *map(str, images), "-o", str(output), "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment, cwd=output.parent)
    return time.perf_counter() - started


def measure(count: int, workers: int, images: tuple[Path, Path], output: Path) -> tuple[float, float]:
    """Pairs per second from the first to the last outcome, and CPU seconds a pair; loading does not count."""
    options = readOptions(["--pairs", "none.tsv", "-o", str(output)])
    settings = resultSettings(options, modelDigest(ModelStore(options.models), "auto"))
    shared = {**vars(options), "models": None}
    pairs = [Pair(f"p{number}", f"p{number}", *images) for number in range(count + workers)]
    tasks = [Task(pair, output, shared, settings) for pair in pairs]
    ends, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for outcome in registerHere(tasks, workers, 1, []):
        assert not outcome.error, outcome.error
        ends.append(time.perf_counter())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The first outcome of each worker ends its loading.
    return count / (ends[-1] - ends[workers - 1]), cpu / len(tasks)


def measure_strangers(count: int, workers: int, images: tuple[Path, Path], output: Path) -> float:
    """Pairs per second of cohorts of one worker each, all at a time: what cores and memory allow."""
    each = max(1, round(count / workers))
    with ThreadPoolExecutor(workers) as pool:
        rates = pool.map(lambda number: measure(each, 1, images, output / str(number))[0], range(workers))
        return sum(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"load at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = written(folder)
        rates = []
        for turn, workers in enumerate((1, options.workers, 1)):
            rate, cpu = measure(options.pairs, workers, images, folder / f"cohort{turn}")
            rates.append(rate)
            print(f"{workers} workers: {rate:.3f} pairs a second, {cpu:.2f} CPU seconds a pair with loading")
        strangers = measure_strangers(options.pairs, options.workers, images, folder / "strangers")
        print(f"{options.workers} single processes at a time: {strangers:.3f} pairs a second")
        command_seconds(images, folder / "first")
        seconds = [command_seconds(images, folder / f"run{turn}") for turn in range(options.repeats)]
    alone = (rates[0] + rates[2]) / 2
    share, apart = rates[1] / (options.workers * alone), abs(rates[0] - rates[2]) / alone
    print(f"cohort: {share:.2f} of {options.workers} times one warm process alone (goal {GOAL_SHARE})")
    print(f"cohort: {rates[1] / strangers:.2f} of as many single processes at a time")
    print(f"the two runs alone are {apart:.0%} apart")
    print(
        f"ldr-register: {statistics.median(seconds):.2f} s (goal {GOAL_SECONDS:.1f}), "
        f"{min(seconds):.2f} to {max(seconds):.2f} in {len(seconds)} runs; load at the end {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
