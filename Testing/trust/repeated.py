"""Registrations of the bundled crops through the logic on a real MRML scene, for checks of bits and of memory.

Every function here is run in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "LDRRegistration")]

from catalogue import FIXED, MOVING


class Session:
    """A scene with the two volumes and nodes for the result."""

    def __init__(self, preset: str = "fast", threads: int | None = None) -> None:
        from LDRRegistrationLib.runtime.pytorch import importTorch

        importTorch()
        from LDRRegistrationLib.logic import RegistrationLogic
        from LDRRegistrationLib.mrml import files, reading

        self.logic, self.preset, self.threads = RegistrationLogic(), preset, threads
        self.scene = files.newScene()
        self.fixed, self.moving = (reading.readVolume(self.scene, path) for path in (FIXED, MOVING))
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        self.warped = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "W")

    def prepare(self):
        return self.logic.prepare(
            fixedVolumeNode=self.fixed,
            movingVolumeNode=self.moving,
            outputTransformNode=self.transform,
            outputVolumeNode=self.warped,
            preset=self.preset,
            threads=self.threads,
        )

    def register(self) -> str:
        """Once more into the same nodes; returns the digest of what came out."""
        job = self.prepare()
        result = self.logic.compute(job)
        self.logic.publish(job, result)
        return digest(result)


def digest(result) -> str:
    """Of all bits of the transform and of the warped volume."""
    total = hashlib.sha256(result.transform.affine.tobytes())
    if result.transform.field is not None:
        total.update(result.transform.field.vectors.tobytes())
    total.update(result.warped.tobytes())
    return total.hexdigest()


def alone(preset: str = "fast", threads: int | None = None, times: int = 1) -> list[str]:
    session = Session(preset, threads)
    return [session.register() for _ in range(times)]


def in_a_row(count: int, early: int) -> dict:
    """Resident memory in MB after ``early`` and after ``count`` registrations, nodes of the scene, and the digests."""
    session, digests, memory, nodes = Session(), set(), {}, {}
    for number in range(1, count + 1):
        digests.add(session.register())
        if number in (early, count):
            memory[number] = resident_mb()
            nodes[number] = session.scene.GetNumberOfNodes()
    return {"mb": [memory[early], memory[count]], "nodes": [nodes[early], nodes[count]], "digests": len(digests)}


def in_threads(count: int = 2, threads: int | None = None) -> list[str]:
    """So many at once in threads of one process, each with a scene of its own, as of two windows."""
    sessions = [Session(threads=threads) for _ in range(count)]
    jobs, found = [session.prepare() for session in sessions], [""] * count
    start = threading.Barrier(count)

    def compute(number: int) -> None:
        start.wait()
        found[number] = digest(sessions[number].logic.compute(jobs[number]))

    workers = [threading.Thread(target=compute, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
