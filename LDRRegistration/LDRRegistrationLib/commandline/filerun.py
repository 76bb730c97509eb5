"""One registration from files to files: what ``ldr-register`` does with a pair, and a cohort with each of many."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..imagefiles.readahead import ReadAhead, readingAhead
from ..runtime.errors import RegistrationError
from ..runtime.progress import portion
from ..runtime.startup import loadLibraries
from ..runtime.terminal import interruptsWait, showProgress
from . import boxoption
from .changeoutput import ChangeOutput
from .dicominput import chosenSeries, namesOf, notesOn, scanContent
from .memoryneed import checkMemory, isAmple
from .options import inputFiles
from .outputfolder import REPORT, USUAL_NAMES, prepareFolder, publish, resultsFor, sealed
from .radiotherapy import Radiotherapy

if TYPE_CHECKING:
    from ..dicom.choosing import ChosenSeries
    from ..logic.changejob import ChangeOutcome
    from ..logic.registration import RegistrationLogic
    from ..mrml.jobs import RegistrationJob
    from ..registration.register import RegistrationResult
    from ..registration.trustmap import TrustMap

# Where the progress bar stands when the registration is done, if a detection limit or a map of trust follows, and when
# all is computed.
REGISTERED, COMPUTED = 0.6, 0.9
LOADING = "Loading the libraries"
WARPED = "warped.nii.gz"
# The options that name images, in the order in which they are read.
IMAGES = ("fixed", "moving", "fixed_mask", "moving_mask", "change_mask", "labels")
LANDMARKS = ("fixed landmarks", "moving landmarks")


@dataclass
class FileRun:
    """One registration from files to files; ``lines`` say afterwards how it went, and ``report`` is what was written.

    :param called: what each output file is called (see outputfolder.py).
    :param sidecars: small json files beside images, by OUTPUTS' names.
    :param noted: what the report says besides.
    :param beforePublishing: raises if the result is not to be published.
    :param logic: with the models that are loaded already, for many runs in one process.
    """

    options: argparse.Namespace
    stopped: Callable[[], bool]
    called: Mapping[str, str] = field(default_factory=lambda: USUAL_NAMES)
    sidecars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)
    logic: RegistrationLogic | None = None
    beforePublishing: Callable[[], object] = lambda: None
    report: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    hasFailed: bool = False
    changeOutput: ChangeOutput = field(init=False)
    radiotherapy: Radiotherapy = field(init=False)
    trust: TrustMap | None = None

    def register(self) -> None:
        options = self.options
        prepareFolder(options.output, inputFiles(options), options.overwrite, self.called)
        series = chosenSeries(options)
        notes = notesOn(series)
        self.changeOutput = ChangeOutput(options, series, notes=notes)
        self.changeOutput.prepare()
        self.radiotherapy = Radiotherapy(options, series, notes=notes)
        self.radiotherapy.prepare()
        ample = isAmple(options.fixed, options.moving)
        images = [path for name in IMAGES if name not in series and (path := getattr(options, name)) is not None]
        with readingAhead(images if ample else []) as read:
            with self._timed(LOADING), interruptsWait():
                loadLibraries(options.threads)
                from ..logic.registration import RegistrationLogic
                from ..mrml import files
            logic = self.logic or RegistrationLogic(options.models)
            with self._timed("Reading the files"):
                if not ample:
                    checkMemory(options.fixed, options.moving)
                scene = files.newScene()
                nodes = self._read(scene, series, notes, read)
        found, job, result = self._compute(logic, scene, nodes)
        result.notes.extend(note for note in notes if note not in result.notes)
        with resultsFor(options.output) as part:
            with self._timed("Writing the results", COMPUTED):
                self._write(part, logic, nodes, job, result, found)
            self.report = {**self._report(logic, result, found), **self.noted}
            if options.hide_names:
                self.report = self._withoutNames(self.report)
            (part / REPORT).write_text(sealed(self.report, part, self.called), encoding="utf-8")
            self.beforePublishing()
            self.written = publish(part, options.output, options.overwrite, self.called)
        self.lines += [f"Written to {options.output}: {', '.join(self.written)}"]

    def _read(
        self, scene: Any, series: Mapping[str, ChosenSeries], notes: list[str], read: ReadAhead
    ) -> dict[str, Any]:
        """The nodes of all inputs, by the options' names."""
        from ..mrml import markupfiles, reading

        nodes = {name: reading.readSeries(scene, chosen.stack, notes) for name, chosen in series.items()}
        for name in IMAGES:
            path = getattr(self.options, name)
            if name in nodes or path is None:
                continue
            if name == "labels":
                nodes[name] = reading.readLabels(scene, path, notes, read)
            else:
                isLabels = name not in ("fixed", "moving")
                nodes[name] = reading.readVolume(scene, path, labels=isLabels, notes=notes, read=read)
        if self.options.initial is not None:
            nodes["initial"] = reading.readTransform(scene, self.options.initial)
        for name, path in zip(LANDMARKS, self.options.landmarks or (), strict=False):
            nodes[name] = markupfiles.readMarkups(scene, path)
        nodes["box"] = boxoption.roiNode(scene, self.options)
        return nodes

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
            "interpolation": options.interpolation,
            "padding": options.padding,
            "scalarType": options.scalar_type,
        }
        registered = REGISTERED if options.change or options.trust_map else COMPUTED
        how: dict[str, Any] = {"progress": portion(showProgress, 0.0, registered), "cancelled": self.stopped}
        then: dict[str, Any] = {**how, "progress": portion(showProgress, registered, COMPUTED)}
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
            with self._timed("Detection limit", registered):
                found.findLimit(**then)
            logic.publishFoundChanges(changeJob, found)
            job, result = changeJob.registration, found.result
            self.seconds.update(found.changeMap.seconds)
        else:
            job = logic.prepare(
                fixedVolumeNode=nodes["fixed"],
                movingVolumeNode=nodes["moving"],
                fixedMarkupsNode=nodes.get(LANDMARKS[0]),
                movingMarkupsNode=nodes.get(LANDMARKS[1]),
                roiNode=nodes["box"],
                preset=options.preset,
                adaptationIterations=options.adapt,
                sharesVoxels=True,
                **choices,
            )
            result = logic.compute(job, **how)
            logic.publish(job, result)
            if options.trust_map:
                with self._timed("Map of trust", registered):
                    try:
                        self.trust = logic.computeTrustMap(job, result, **then)
                    except RegistrationError as error:
                        result.notes.append(f"There is no map of trust: {error}")
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
        from ..mrml import filechecks, files
        from ..mrml.volumes import imageFromVolumeNode
        from ..reports.overview import drawOverview
        from ..reports.png import writePng

        shape = job.fixed.array.shape
        warped = imageFromVolumeNode(job.outputVolumeNode)

        def writeWarped() -> None:
            files.writeImage(warped, part / WARPED)
            filechecks.checkImageFile(part / WARPED, shape)

        # ITK and VTK, which compress most of the time, lend Python's lock meanwhile.
        with ThreadPoolExecutor(1, "ldr: writing") as writer:
            background = [writer.submit(writeWarped)]
            overview = drawOverview(job.fixed, job.moving, job.initialRas, result.transform)
            background.append(writer.submit(writePng, part / "overview.png", overview))
            files.writeTransform(job.outputTransformNode, part / "transform.h5")
            filechecks.checkTransformFile(part / "transform.h5", job.outputTransformNode)
            if "labels" in nodes:
                warpedLabels = job.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "LDR labels")
                result.notes += logic.warpLabels(
                    labelsNode=nodes["labels"],
                    referenceVolumeNode=nodes["fixed"],
                    transform=result.transform,
                    outputLabelsNode=warpedLabels,
                )
                files.writeVolume(warpedLabels, part / "warped_labels.nii.gz")
            if self.trust is not None:
                files.writeVolume(logic.publishTrustMap(job, self.trust), part / "expected_error.nii.gz")
            if found is not None:
                self.changeOutput.write(part, job, found)
            self.radiotherapy.write(part, job.fixed.grid, job.moving.grid, result.transform)
            # What is noted while writing, of verdicts and of structures, is in this list, which all parts share.
            result.notes += [note for note in self.radiotherapy.notes if note not in result.notes]
            for path in part.glob("*.nii.gz"):
                if path.name != WARPED:
                    filechecks.checkImageFile(path, shape)
            for name, content in self.sidecars.items():
                (part / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            for writing in background:
                writing.result()

    def _report(
        self, logic: RegistrationLogic, result: RegistrationResult, found: ChangeOutcome | None
    ) -> dict[str, Any]:
        from ..reports.changefiles import changeContent
        from ..reports.registrationjson import reportContent

        options = self.options
        report = reportContent(options.fixed, options.moving, logic.models.card(result.model), result)
        report.update(scanContent(self.changeOutput.series, options.hide_names))
        if found is not None:
            report["change"] = changeContent(found.changeMap, found.detection, found.limit, found.summary)
        if self.trust is not None:
            report["expectedError"] = {name: round(value, 3) for name, value in self.trust.summary.items()}
        report["seconds"] = {stage: round(value, 4) for stage, value in self.seconds.items()}
        self.lines.append(f"Verdict: {result.verdict.grade}. {result.verdict.sentence}")
        self.hasFailed = result.verdict.grade == "failed"
        self.lines.append(result.summary)
        self.lines += [fit.summary for fit in (result.landmarks, result.box) if fit is not None]
        if found is not None:
            self.lines.append(found.summary)
        self.lines += [f"Note: {note}" for note in (result.notes if found is None else found.notes)]
        return report

    def _withoutNames(self, report: dict[str, Any]) -> dict[str, Any]:
        """The report with neither the inputs' names, nor those of what their folders hold."""
        from ..reports.registrationjson import withoutNames

        options, series = self.options, self.changeOutput.series
        roles: dict[str, str] = {}
        for name in ("initial", "labels", "fixed_mask", "moving_mask", "change_mask", "box"):
            roles |= namesOf(getattr(options, name), name.upper())
        for path in options.landmarks or ():
            roles |= namesOf(path, "LANDMARKS")
        for name in ("fixed", "moving"):
            path = getattr(options, name)
            if name in series:
                roles |= dict.fromkeys(series[name].names, "SERIES")
            if path.is_dir():
                roles |= {file.name: "FILE" for file in path.rglob("*") if file.is_file()}
            roles |= namesOf(path, name.upper())
        return withoutNames(report, roles)

    @contextlib.contextmanager
    def _timed(self, stage: str, at: float = 0.0):
        showProgress(at, stage)
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started
