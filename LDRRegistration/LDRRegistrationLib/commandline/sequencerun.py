"""A sequence from file to files: what ``ldr-register --sequence`` does."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dicom.choosing import isDicom
from ..dicom.timeframes import readDicomFrames
from ..imagefiles.frames import Frames, readFrames
from ..runtime.errors import RegistrationError
from ..runtime.progress import portion
from ..runtime.startup import loadLibraries
from ..runtime.terminal import interruptsWait, showProgress
from .outputfolder import REPORT, frameFile, prefixed, prepareFolder, publish, resultsFor, sealed

if TYPE_CHECKING:
    from ..registration.models import ModelStore
    from ..registration.sequence import RegisteredFrame

SHARE_OF_WRITING = 0.05


@dataclass
class SequenceRun:
    """One sequence; ``lines`` say afterwards how it went, and ``report`` is what was written."""

    options: argparse.Namespace
    stopped: Callable[[], bool]
    seconds: dict[str, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    hasFailed: bool = False

    def register(self) -> None:
        """:raises RegistrationError: it is no sequence, or a frame cannot be registered; nothing was written."""
        options = self.options
        path: Path = options.sequence
        started = time.perf_counter()
        if isDicom(path):
            frames = readDicomFrames(path, options.series[0] if options.series else None)
        elif options.series:
            raise RegistrationError("--series can be used only with DICOM folders.")
        else:
            frames = readFrames(path)
        self.seconds["Reading the files"] = time.perf_counter() - started
        names = (*map(frameFile, range(len(frames.images))), "warped.nii.gz", REPORT)
        called = {name: prefixed(name, options.prefix or "") for name in names}
        prepareFolder(options.output, [path], options.overwrite, called)
        started = time.perf_counter()
        with interruptsWait():
            loadLibraries(options.threads)
            from ..registration.models import ModelStore
        models = ModelStore(options.models)
        self.seconds["Loading the libraries"] = (
            time.perf_counter() - started + self.seconds.get("Loading the libraries", 0)
        )
        found = self._registered(frames, models)
        with resultsFor(options.output) as part:
            started = time.perf_counter()
            self._write(part, frames, found)
            self.seconds["Writing the results"] = time.perf_counter() - started
            self.report = self._report(frames, found, models)
            (part / REPORT).write_text(sealed(self.report, part, called), encoding="utf-8")
            self.written = publish(part, options.output, options.overwrite, called)
        shown = [called[name] for name in (REPORT, "warped.nii.gz", frameFile(0))]
        self.lines.append(f"Written to {options.output}: {', '.join(shown)} and so on")

    def _registered(self, frames: Frames, models: ModelStore) -> list[RegisteredFrame | None]:
        from ..registration.sequence import registerFrames
        from ..registration.settings import settingsFrom

        options = self.options
        settings = settingsFrom(
            preset=options.preset,
            prealignment=options.prealignment,
            model=options.model,
            device=options.device,
            threads=options.threads,
            **self._resampling,
        )
        started = time.perf_counter()
        found = registerFrames(
            frames.images,
            options.towards,
            settings,
            models,
            smoothFrames=options.smooth_frames,
            progress=portion(showProgress, 0.0, 1.0 - SHARE_OF_WRITING),
            cancelled=self.stopped,
        )
        self.seconds["Registering the frames"] = time.perf_counter() - started
        return found

    @property
    def _resampling(self) -> dict[str, Any]:
        options = self.options
        return {
            "interpolation": options.interpolation,
            "padding": options.padding,
            "scalarType": options.scalar_type,
        }

    def _write(self, part: Path, frames: Frames, found: list[RegisteredFrame | None]) -> None:
        """:raises OSError: a file cannot be written, or did not arrive whole."""
        import SimpleITK

        from ..mrml import filechecks, files
        from ..mrml.transforms import vtkTransform
        from ..registration.settings import settingsFrom
        from ..space.transform import Transform
        from ..space.validity import checkedImage

        scene = files.newScene()
        resampling = settingsFrom(**self._resampling).resampling
        still, warped = Transform(np.eye(4)), []
        for number, frame in enumerate(found):
            source = checkedImage(frames.images[number], fewSlices=True)
            transform = still if frame is None or frame.result is None else frame.transform
            grid = source.grid if frame is None else frame.fixed.grid
            warped.append(files.itkImage(replace(source, array=resampling.warp(transform, source, grid))))
            if frame is None:  # the last one, where each goes to the next
                continue
            node = scene.AddNewNodeByClass("vtkMRMLTransformNode", f"frame {number}")
            node.SetAndObserveTransformFromParent(vtkTransform(frame.transform))
            path = part / frameFile(number)
            files.writeTransform(node, path)
            filechecks.checkTransformFile(path, node)
            scene.RemoveNode(node)
        volume = SimpleITK.JoinSeries(warped, 0.0, frames.step)
        path = part / "warped.nii.gz"
        try:
            SimpleITK.WriteImage(volume, str(path), useCompression=True)
        except RuntimeError as error:
            raise OSError(f"{path} could not be written.") from error
        filechecks.checkImageFile(path, (len(warped), *frames.images[0].array.shape))

    def _report(self, frames: Frames, found: list[RegisteredFrame | None], models: ModelStore) -> dict[str, Any]:
        from ..registration.sequence import verdictOfAll
        from ..registration.verdict import Verdict
        from ..reports.registrationjson import computedOn, modelContent, versions

        options = self.options
        verdict = verdictOfAll([Verdict("good", "") if frame is None else frame.verdict for frame in found])
        result = next(frame.result for frame in found if frame is not None and frame.result is not None)
        prefix = options.prefix or ""
        rows = [None if frame is None else frameContent(number, frame, prefix) for number, frame in enumerate(found)]
        registered = [row for row in rows if row is not None and "similarity" in row]
        self.hasFailed = verdict.grade == "failed"
        before, after = (
            sum(row["similarity"][when] for row in registered) / len(registered) for when in ("start", "registered")
        )
        self.lines.append(f"Verdict: {verdict.grade}. {verdict.sentence}".rstrip())
        self.lines.append(
            f"{len(registered)} frames of {len(found)} registered; local similarity {before:.3f} -> {after:.3f} on "
            f"average; {sum(self.seconds.values()):.2f} s"
        )
        self.lines += [f"Note: {note}" for note in frames.notes]
        return {
            "verdict": {"grade": verdict.grade, "sentence": verdict.sentence},
            "sequence": "SEQUENCE" if options.hide_names else options.sequence.name,
            "towards": options.towards,
            "smoothFrames": options.smooth_frames,
            "frameStep": frames.step,
            "frameStepUnit": frames.unit,
            "preset": options.preset,
            "prealignment": options.prealignment,
            **self._resampling,
            "frames": [row for row in rows if row is not None],
            "model": modelContent(models.card(result.model)),
            **computedOn(result.device, options.threads),
            "notes": [] if options.hide_names else frames.notes,
            "seconds": {stage: round(value, 4) for stage, value in self.seconds.items()},
            "versions": versions(),
            "notice": "For research; not for diagnostic use.",
        }


def frameContent(number: int, frame: RegisteredFrame, prefix: str) -> dict[str, Any]:
    """A frame's part of the report; mm, similarity 0 to 1. The measures are of the last search, before smoothing."""
    content: dict[str, Any] = {"frame": number, "transform": prefix + frameFile(number), "verdict": frame.verdict.grade}
    result = frame.result
    if result is None:
        return {**content, "isReference": True}
    return {
        **content,
        "why": frame.verdict.sentence,
        "startedFromNeighbour": frame.isWarm,
        "similarity": {
            "start": round(result.similarityStart, 5),
            "registered": round(result.similarity, 5),
        },
        "foldedPercent": round(result.foldedPercent, 5),
        "sdLogJacobian": round(result.sdLogJacobian, 5),
        "longestDeformationMm": 0.0 if frame.transform.field is None else round(frame.transform.field.longestMm, 3),
        "notes": result.notes,
    }
