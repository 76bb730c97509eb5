"""Pairs per second of a cohort against workers times one warm process alone, on the bundled pairs, repeated.

    python benchmarks/cohort.py [--pairs 20] [--workers 2]

Nothing else should run meanwhile: what is compared is how much the workers are in each other's way. The goal is 0.9.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LDRRegistration"))

from LDRRegistrationLib.cohort.fingerprint import modelDigest, resultSettings
from LDRRegistrationLib.cohort.local import registerHere
from LDRRegistrationLib.cohort.pair import Pair
from LDRRegistrationLib.cohort.worker import Task
from LDRRegistrationLib.commandline.options import readOptions
from LDRRegistrationLib.registration.models import ModelStore

SAMPLES = ROOT / "LDRRegistration" / "Resources" / "SampleData" / "ms_longitudinal_patient01"


def measure(count: int, workers: int, output: Path) -> tuple[float, float]:
    """Pairs per second from the first to the last outcome, and CPU seconds a pair; loading does not count."""
    options = readOptions(["--pairs", "none.tsv", "-o", str(output)])
    settings = resultSettings(options, modelDigest(ModelStore(options.models), "auto"))
    shared = {**vars(options), "models": None}
    images = SAMPLES / "study2_FLAIR.nii.gz", SAMPLES / "study1_FLAIR.nii.gz"
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"load at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    rates = {}
    for workers in (1, options.workers):
        with tempfile.TemporaryDirectory() as folder:
            rates[workers], cpu = measure(options.pairs, workers, Path(folder))
        print(f"{workers} workers: {rates[workers]:.3f} pairs a second, {cpu:.2f} CPU seconds a pair with loading")
    share = rates[options.workers] / (options.workers * rates[1])
    print(f"{share:.2f} of {options.workers} times one warm process alone; load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
