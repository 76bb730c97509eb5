"""Kills, full disks, too little memory, many registrations in a row, two at once, and the same bits each time.

    python Testing/trust/endurance.py --output runs/trust [--kills 50] [--registrations 200]

Goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "LDRRegistration")]

import repeated
from catalogue import CURRENT, FIXED, MOVING, PRIOR
from records import Records
from workers import Worker

KILLS, REGISTRATIONS, EARLY = 50, 200, 20
SECONDS = 1800
# From the 20th registration to the last.
LARGEST_GROWTH_MB = 50.0
DISKS_KB = (30, 150, 300, 600, 900)
MEMORY_MB = (300, 900, 1500, 2000, 2500, 3000, 4000)
HIDDEN = ".ldr-register-"
# The command in a process that may have so many MB of addresses.
LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv.pop(1)) * 2**20,) * 2)
runpy.run_module("LDRRegistrationLib", run_name="__main__", alter_sys=True)
"""


def start(output: Path, fixed: Path = FIXED, moving: Path = MOVING, memory_mb: int | None = None) -> subprocess.Popen:
    """The command on a pair, as a process of its own; ``memory_mb`` limits its addresses."""
    arguments = [str(fixed), str(moving), "-o", str(output)]
    how = ["-m", "LDRRegistrationLib"] if memory_mb is None else ["-c", LIMITED, str(memory_mb)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    return subprocess.Popen(
        [sys.executable, *how, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def is_whole(output: Path) -> bool:
    """Whether the folder holds exactly what its report lists, to the byte."""
    report = output / "report.json"
    if not report.is_file():
        return False
    listed = json.loads(report.read_text(encoding="utf-8"))["outputs"]
    there = {path.name for path in output.iterdir()} - {"report.json"}
    hashes = {name: hashlib.sha256((output / name).read_bytes()).hexdigest() for name in there if name in listed}
    return there == set(listed) and hashes == listed


def one_line(errors: str) -> bool:
    return errors.count("\n") == 1 and errors.startswith("ldr-register: ") and "Traceback" not in errors


class Kills:
    """Each at a random moment, over an earlier result, which must stay whole or be replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self.earlier = folder / "earlier"
        begin = time.perf_counter()
        # The other way round, so that the earlier result can be told from the new one.
        ended = start(self.earlier, MOVING, FIXED)
        ended.communicate(timeout=SECONDS)
        self.seconds = time.perf_counter() - begin
        if ended.returncode != 0:
            raise RuntimeError(f"the ordinary pair ends with {ended.returncode}")
        self.folder = folder

    def kill(self, number: int) -> dict:
        from LDRRegistrationLib.commandline.outputfolder import prepareFolder

        rng, output = random.Random(number), self.folder / f"out{number}"
        shutil.copytree(self.earlier, output)
        before = (output / "report.json").read_bytes()
        kind = (signal.SIGKILL, signal.SIGTERM)[number % 2]
        process = start(output)
        # Half of them anywhere, half of them while it writes.
        if number % 4 < 2:
            when = rng.uniform(0.0, self.seconds)
            time.sleep(when)
        else:
            while process.poll() is None and not list(output.glob(f"{HIDDEN}{process.pid}-*")):
                time.sleep(0.002)
            when = rng.uniform(0.0, 0.4)
            time.sleep(when)
        process.send_signal(kind)
        _, errors = process.communicate(timeout=SECONDS)
        faults = []
        if kind == signal.SIGTERM:
            if process.returncode not in (0, -kind, 128 + kind):
                faults.append(f"exit status {process.returncode}")
            if list(output.glob(f"{HIDDEN}*")):
                faults.append("voxels left behind")
            if process.returncode == 128 + kind and not one_line(errors):
                faults.append("not one sentence")
        left = len(list(output.glob(f"{HIDDEN}*")))
        prepareFolder(output, [], False)
        if list(output.glob(f"{HIDDEN}*")):
            faults.append("voxels left behind after the next start")
        if not is_whole(output):
            faults.append("neither the old result nor the new one")
        stands = "old" if (output / "report.json").read_bytes() == before else "new"
        shutil.rmtree(output)
        moment = f"{when:.2f} s after the {'start' if number % 4 < 2 else 'first byte'}"
        got = f"{kind.name} {moment}: status {process.returncode}, {stands} result whole, {left} work folder"
        return _row("kills", faults, got, signal=kind.name, stands=stands)


def full_disk(kilobytes: int) -> dict:
    """A disk of this size in memory, with an earlier file on it."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True, check=False
        )
        if mounted.returncode:
            return {"kind": "full disk", "passed": None, "got": "only the superuser can make a small disk"}
        try:
            output, faults = Path(folder) / "out", []
            output.mkdir()
            (output / "mine.txt").write_text("mine")
            process = start(output)
            _, errors = process.communicate(timeout=SECONDS)
            left = sorted(path.name for path in output.iterdir())
            if process.returncode == 0:
                (output / "mine.txt").unlink()
                faults += [] if is_whole(output) else ["half a result"]
            else:
                faults += [] if process.returncode == 2 and one_line(errors) else ["not one sentence and status 2"]
                faults += [] if left == ["mine.txt"] else [f"left behind: {left}"]
            return _row("full disk", faults, _ended(process.returncode, errors, folder))
        finally:
            subprocess.run(["umount", folder], check=False)


def little_memory(megabytes: int, folder: Path) -> dict:
    """Two whole heads, and no more addresses than this: done, or said in a sentence."""
    output = folder / f"memory{megabytes}"
    process = start(output, CURRENT, PRIOR, megabytes)
    _, errors = process.communicate(timeout=SECONDS)
    faults = []
    if process.returncode == 0:
        faults += [] if is_whole(output) else ["half a result"]
    else:
        # Below what Python and the libraries themselves take, theirs is the last word.
        faults += [] if process.returncode in (1, 2) and one_line(errors) else ["no sentence"]
        faults += [f"left behind: {p.name}" for p in (output.iterdir() if output.exists() else [])]
    return _row("too little memory", faults, _ended(process.returncode, errors, str(folder)))


def _ended(status: int, errors: str, folder: str) -> str:
    last = errors.strip().splitlines()[-1] if errors.strip() else ""
    return f"status {status}: {last.replace(folder + '/', '')[:200]}".rstrip(": ")


def _row(kind: str, faults: list[str], got: str, **more: object) -> dict:
    text = f"{got} FAULT: {', '.join(faults)}" if faults else got
    return {"kind": kind, "passed": not faults, "got": text, "faults": faults, **more}


def _call(function, *arguments):
    worker = Worker(SECONDS)
    try:
        return worker.call(function, *arguments)
    finally:
        worker.close()


def in_a_row(count: int) -> dict:
    found = _call(repeated.in_a_row, count, min(EARLY, count))
    if isinstance(found, Exception):
        return _row("in a row", [type(found).__name__], "crashed or hung")
    (early, late), nodes = found["mb"], found["nodes"]
    faults = [f"{late - early:.0f} MB more"] if late - early > LARGEST_GROWTH_MB else []
    faults += ["the scene grows"] if nodes[0] != nodes[1] else []
    faults += ["not the same bits each time"] if found["digests"] != 1 else []
    got = f"{early:.0f} MB after {min(EARLY, count)}, {late:.0f} MB after {count}; {nodes[1]} nodes in the scene; "
    got += "all results the same" if found["digests"] == 1 else f"{found['digests']} different results"
    return _row("in a row", faults, got, **found)


def same_bits() -> Iterator[tuple[str, dict]]:
    """Named rows: how the digests of registrations in various circumstances compare with that of one alone."""
    found = _call(repeated.alone, "fast", 1)
    if isinstance(found, Exception):
        raise found
    reference = found[0]

    def row(kind: str, digests: object, against: str = reference) -> dict:
        if isinstance(digests, Exception):
            return _row(kind, [type(digests).__name__], "crashed or hung")
        others = sum(one != against for one in digests)
        return _row(
            kind, [f"{others} of {len(digests)} differ"] if others else [], f"{len(digests)} compared, {others} differ"
        )

    yield "twice in one process", row("determinism", _call(repeated.alone, "fast", 1, 2))
    yield "two threads of computation", row("determinism", _call(repeated.alone, "fast", 2))
    accurate = _call(repeated.alone, "accurate", 1, 2)
    yield "accurate, twice in one process", row("determinism", accurate, accurate[0])
    yield "accurate, two threads of computation", row("determinism", _call(repeated.alone, "accurate", 2), accurate[0])
    yield "two at once in threads of one process", row("two at once", _call(repeated.in_threads, 2, 1))
    yield "two at once in threads, two threads each", row("two at once", _call(repeated.in_threads, 2, 2))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: _call(repeated.alone, "fast", 1, 3), range(2)))
    broken = next((one for one in both if isinstance(one, Exception)), None)
    yield "two at once in two processes", row("two at once", broken or [d for one in both for d in one])


def run(output: Path, kills: int = KILLS, registrations: int = REGISTRATIONS, again: bool = False) -> None:
    """All that have no result yet."""
    records = Records(output, "endurance")

    def missing(names: list[str]) -> list[str]:
        return [name for name in names if not records.is_done(name, again)]

    with tempfile.TemporaryDirectory(prefix="trust-") as temporary:
        folder = Path(temporary)
        names = [
            "twice in one process", "two threads of computation", "accurate, twice in one process",
            "accurate, two threads of computation", "two at once in threads of one process",
            "two at once in threads, two threads each", "two at once in two processes",
        ]  # fmt: skip
        if left := missing(names):
            for case, row in same_bits():
                if case in left:
                    records.keep(case, row)
        for size in DISKS_KB:
            for case in missing([f"disk of {size} kB"]):
                records.keep(case, full_disk(size))
        for size in MEMORY_MB:
            for case in missing([f"{size} MB of addresses"]):
                records.keep(case, little_memory(size, folder))
        if left := missing([f"kill {number}" for number in range(kills)]):
            killing = Kills(folder)
            for case in left:
                records.keep(case, killing.kill(int(case.split()[1])))
        for case in missing([f"{registrations} registrations in a row"]):
            records.keep(case, in_a_row(registrations))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT.parent / "runs" / "trust")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--registrations", type=int, default=REGISTRATIONS)
    parser.add_argument("--again", action="store_true", help="run again what went wrong")
    options = parser.parse_args()
    run(options.output, options.kills, options.registrations, options.again)
