"""``ldr-register``: register two image files through the module's Logic on a real MRML scene, without Slicer."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .commandline.options import inputFiles, readOptions
from .commandline.outputfolder import REPORT, prepareFolder, publish, sealed
from .registration.models import ModelStore
from .runtime.errors import DependencyError, RegistrationCancelled, RegistrationError
from .runtime.terminal import complain, interruptsWait, printable, quietLibraries, say, showProgress, signalsStop
from .runtime.workfolder import workFolder

if TYPE_CHECKING:
    from .logic.changejob import ChangeOutcome
    from .logic.registration import RegistrationLogic
    from .mrml.jobs import RegistrationJob
    from .registration.register import RegistrationResult

EXIT_INTERNAL = 1
EXIT_BAD_INPUT = 2
EXIT_FAILED = 3
# Of the time, for the progress bar.
SHARE_OF_WRITING = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0: done. 1: out of memory, or an error of the program, with a sentence that names a file to report. 2: bad input, in
    one sentence. 3: done, but the result is not to be trusted. 128 and the signal's number after Ctrl-C (130), SIGTERM
    (143) or SIGHUP (129). Nothing half-written is left.
    """
    shown = os.environ.get("LDR_LOG")
    logging.basicConfig(level=shown or "CRITICAL", format="%(message)s")
    options = None
    with signalsStop() as stop:
        try:
            options = readOptions(arguments)
            if options.list_models:
                _show(_modelLines(ModelStore(options.models)))
                return 0
            with quietLibraries(), warnings.catch_warnings():
                if not shown:
                    warnings.simplefilter("ignore")
                run = _Run(options, stop)
                run.register()
            _show(run.lines)
            return EXIT_FAILED if run.hasFailed else 0
        except (RegistrationError, DependencyError) as error:
            complain(str(error))
        except (KeyboardInterrupt, RegistrationCancelled):
            complain("cancelled; nothing was written.")
            return stop.status
        except OSError as error:
            complain(f"{error.filename or 'A file'} could not be read or written ({error.strerror or error}).")
        except Exception as error:
            strange = [path for path in inputFiles(options) if printable(path) != str(path)] if options else []
            if not (strange and isinstance(error, UnicodeError)):
                return _internal(error, options)
            complain(f"{strange[0]} has a name that is not UTF-8: rename it.")
    return EXIT_BAD_INPUT


def _internal(error: Exception, options: argparse.Namespace | None) -> int:
    try:
        from .commandline.failures import isOutOfMemory, writeFailure

        if isOutOfMemory(error):
            raise MemoryError
        logging.debug("The traceback:", exc_info=error)
        kept = writeFailure(error, [] if options is None else [*inputFiles(options), options.output])
    except MemoryError:
        complain("There is not enough memory for images of this size.")
        return EXIT_INTERNAL
    where = f"please report it with {kept}, which names no files or patients" if kept else "please report it"
    complain(f"The registration failed by an error of the program ({type(error).__name__}): {where}.")
    return EXIT_INTERNAL


@dataclass
class _Run:
    """One registration from files to files; ``lines`` say afterwards how it went."""

    options: argparse.Namespace
    stopped: Callable[[], bool]
    seconds: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    hasFailed: bool = False

    def register(self) -> None:
        options = self.options
        prepareFolder(options.output, inputFiles(options), options.overwrite)
        with self._timed("Loading the libraries"), interruptsWait():
            from .runtime.pytorch import importTorch

            torch = importTorch()
            from .logic.registration import RegistrationLogic
            from .mrml import files, reading
            from .runtime.device import usableThreads
        if options.threads:
            torch.set_num_threads(usableThreads(options.threads))
        logic = RegistrationLogic(options.models)
        with self._timed("Reading the files"):
            scene = files.newScene()
            notes: list[str] = []
            reading.checkMemory(options.fixed, options.moving)
            nodes = {
                name: reading.readVolume(
                    scene, getattr(options, name), labels=name not in ("fixed", "moving"), notes=notes
                )
                for name in ("fixed", "moving", "fixed_mask", "moving_mask", "change_mask")
                if getattr(options, name) is not None
            }
            if options.labels is not None:
                nodes["labels"] = reading.readLabels(scene, options.labels, notes)
            if options.initial is not None:
                nodes["initial"] = reading.readTransform(scene, options.initial)
        found, job, result = self._compute(logic, scene, nodes)
        result.notes.extend(notes)
        try:
            with workFolder(options.output) as part:
                with self._timed("Writing the results"):
                    self._write(part, logic, nodes, job, result, found)
                report = self._report(logic, result, found)
                (part / REPORT).write_text(sealed(report, part), encoding="utf-8")
                written = publish(part, options.output, options.overwrite)
        except OSError as error:
            why = error.strerror or "a file did not arrive whole on the disk, which may be full"
            raise RegistrationError(
                f"The results could not be written into {options.output}: {why}; what was there is untouched."
            ) from error
        self.lines += [f"Written to {options.output}: {', '.join(written)}"]

    def _compute(
        self, logic: RegistrationLogic, scene: Any, nodes: dict[str, Any]
    ) -> tuple[ChangeOutcome | None, RegistrationJob, RegistrationResult]:
        options = self.options
        choices = {
            "outputTransformNode": scene.AddNewNodeByClass("vtkMRMLTransformNode", "LDR transform"),
            "outputVolumeNode": scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "LDR warped"),
            "initialTransformNode": nodes.get("initial"),
            "fixedMaskNode": nodes.get("fixed_mask"),
            "movingMaskNode": nodes.get("moving_mask"),
            "prealignment": options.prealignment,
            "model": options.model,
            "device": options.device,
            "threads": options.threads,
        }
        how: dict[str, Any] = {
            "progress": lambda fraction, stage: showProgress((1.0 - SHARE_OF_WRITING) * fraction, stage),
            "cancelled": self.stopped,
        }
        found: ChangeOutcome | None = None
        if options.change:
            changeJob = logic.prepareChanges(
                currentVolumeNode=nodes["fixed"],
                priorVolumeNode=nodes["moving"],
                maskNode=nodes.get("change_mask"),
                sensitivity=options.sensitivity,
                currentDate=options.dates[0],
                priorDate=options.dates[1],
                sharesVoxels=True,
                **choices,
            )
            found = logic.computeChanges(changeJob, **how)
            with self._timed("Detection limit"):
                found.findLimit(cancelled=self.stopped)
            logic.publishFoundChanges(changeJob, found)
            job, result = changeJob.registration, found.result
            self.seconds.update(found.changeMap.seconds)
        else:
            job = logic.prepare(
                fixedVolumeNode=nodes["fixed"],
                movingVolumeNode=nodes["moving"],
                preset=options.preset,
                adaptationIterations=options.adapt,
                sharesVoxels=True,
                **choices,
            )
            result = logic.compute(job, **how)
            logic.publish(job, result)
        self.seconds.update(result.seconds)
        return found, job, result

    def _write(
        self,
        part: Path,
        logic: RegistrationLogic,
        nodes: dict[str, Any],
        job: RegistrationJob,
        result: RegistrationResult,
        found: ChangeOutcome | None,
    ) -> None:
        """All files but the report, checked; what a full disk cut off raises OSError."""
        from .mrml import files, written
        from .reports.changefiles import writeChanges
        from .reports.overview import writeOverview

        files.writeTransform(job.outputTransformNode, part / "transform.h5")
        written.checkTransformFile(part / "transform.h5", job.outputTransformNode)
        files.writeVolume(job.outputVolumeNode, part / "warped.nii.gz")
        if "labels" in nodes:
            warpedLabels = job.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "LDR labels")
            result.notes += logic.warpLabels(
                labelsNode=nodes["labels"],
                referenceVolumeNode=nodes["fixed"],
                transform=result.transform,
                outputLabelsNode=warpedLabels,
            )
            files.writeVolume(warpedLabels, part / "warped_labels.nii.gz")
        if found is not None:
            writeChanges(part, found.changeMap, found.detection)
            arrays = (found.changeMap.z, found.detection.labels, found.changeMap.uncompared)
            for name, array in zip(("change", "change_regions", "change_uncompared"), arrays, strict=True):
                image = replace(job.fixed, array=found.changeMap.onFixedGrid(array))
                files.writeImage(image, part / f"{name}.nii.gz")
        for path in part.glob("*.nii.gz"):
            written.checkImageFile(path, job.fixed.array.shape)
        writeOverview(part / "overview.png", job.fixed, job.moving, job.initialRas, result.transform)

    def _report(
        self, logic: RegistrationLogic, result: RegistrationResult, found: ChangeOutcome | None
    ) -> dict[str, Any]:
        from .reports.changefiles import changeContent
        from .reports.registrationjson import reportContent

        options = self.options
        report = reportContent(options.fixed, options.moving, logic.models.card(result.model), result)
        if found is not None:
            report["change"] = changeContent(found.changeMap, found.detection, found.limit, found.summary)
        report["seconds"] = {stage: round(value, 4) for stage, value in self.seconds.items()}
        verdict = result.verdict
        self.lines.append(f"Verdict: {verdict.grade}. {verdict.sentence}")
        self.hasFailed = verdict.grade == "failed"
        self.lines.append(result.summary)
        if found is not None:
            self.lines.append(found.summary)
        self.lines += [f"Note: {note}" for note in (result.notes if found is None else found.notes)]
        return report

    @contextlib.contextmanager
    def _timed(self, stage: str):
        showProgress(1.0 - SHARE_OF_WRITING if stage.startswith("Writing") else 0.0, stage)
        started = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - started


def _modelLines(models: ModelStore) -> list[str]:
    lines = []
    for card in models.cards():
        marks = [text for text, holds in (("default", card.isDefault), ("non-commercial", card.nonCommercial)) if holds]
        lines.append(f"{card.name}{' (' + ', '.join(marks) + ')' if marks else ''}: {card.title}")
        lines.append(f"    licence: {card.content.get('licence', 'not stated')}")
    return [*lines, *(f"Note: {problem}" for problem in models.problems.values())]


def _show(lines: list[str]) -> None:
    """Print what was done; that nobody can read it changes nothing about the result."""
    try:
        for line in lines:
            say(line)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            complain(f"The standard output cannot be written: {error.strerror}.")
        # Else Python would try again, and complain, at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """The command as a process of its own: ``main``, and the end of the process."""
    status = main()
    if status > 128:
        # The libraries were stopped in the middle of something; taking them down in order could crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    run()
