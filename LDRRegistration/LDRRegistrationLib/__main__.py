"""``ldr-register``: register two image files through the module's Logic on a real MRML scene, without Slicer."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .device import Device
from .errors import DependencyError, RegistrationCancelled, RegistrationError
from .student import MODELS_FOLDER, ModelStore
from .terminal import clearProgress, interruptsWait, showProgress

EXIT_BAD_INPUT = 2
EXIT_CANCELLED = 130
OUTPUTS = (
    "transform.h5",
    "warped.nii.gz",
    "warped_labels.nii.gz",
    "change.nii.gz",
    "change_regions.nii.gz",
    "changes.csv",
    "changes.html",
    "overview.png",
    "report.json",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 2 with one sentence on stderr, 130 after Ctrl-C."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=os.environ.get("LDR_LOG", "WARNING"), format="%(message)s")
    try:
        if options.list_models:
            _printModels(ModelStore(options.models))
            return 0
        if options.fixed is None or options.moving is None or options.output is None:
            parser.error("FIXED, MOVING and -o OUT_DIR are needed")
        _register(options)
    except (RegistrationError, DependencyError, OSError) as error:
        return _fail(str(error))
    except MemoryError:
        return _fail("There is not enough memory for images of this size.")
    except Exception as error:
        logging.debug("The traceback:", exc_info=True)
        return _fail(f"The registration failed unexpectedly ({type(error).__name__}: {error}).")
    except (KeyboardInterrupt, RegistrationCancelled):
        clearProgress()
        print("ldr-register: cancelled; nothing was written.", file=sys.stderr)
        return EXIT_CANCELLED
    return 0


def _fail(sentence: str) -> int:
    clearProgress()
    print(f"ldr-register: {' '.join(sentence.split())}", file=sys.stderr)
    return EXIT_BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ldr-register",
        description="Deformable registration of two 3D images (MR or CT) in about a second on a CPU. Writes "
        "transform.h5 (ITK, fixed to moving points), warped.nii.gz, report.json and overview.png. "
        "For research; not for diagnostic use.",
    )
    parser.add_argument("fixed", metavar="FIXED", nargs="?", type=Path, help="image that stays as it is")
    parser.add_argument("moving", metavar="MOVING", nargs="?", type=Path, help="image to carry onto FIXED")
    parser.add_argument("-o", "--output", metavar="OUT_DIR", type=Path, help="folder for the results")
    parser.add_argument(
        "--preset", choices=["fast", "accurate"], default="fast", help="accurate refines the result (default: fast)"
    )
    parser.add_argument(
        "--model",
        default="auto",
        metavar="NAME",
        help="model by name; auto (default): one for any use; auto-non-commercial: whichever fits the fixed image",
    )
    parser.add_argument(
        "--prealignment", choices=["none", "rigid", "affine"], default="affine", help="before the deformation"
    )
    parser.add_argument(
        "--adapt",
        type=_positive,
        metavar="N",
        nargs="?",
        const=40,
        default=0,
        help="let the network's last layers learn from this pair, in at most N iterations (default: 40) and 10 s: for "
        "images unlike those it was trained on",
    )
    parser.add_argument("--initial", metavar="T", type=Path, help="linear ITK transform to start from")
    for which in ("fixed", "moving"):
        parser.add_argument(
            f"--{which}-mask", metavar="M", type=Path, help=f"label map of {which.upper()}: compare only inside it"
        )
    parser.add_argument("--labels", metavar="MOVING_LABELS", type=Path, help="label map of MOVING to carry along")
    change = parser.add_argument_group("what changed", "between two visits of one person, FIXED being the current scan")
    change.add_argument(
        "--change", action="store_true", help="write changes.html, changes.csv, change.nii.gz and change_regions.nii.gz"
    )
    change.add_argument(
        "--sensitivity", type=float, default=0.5, metavar="S", help="0 (only the strongest changes) to 1 (default: 0.5)"
    )
    change.add_argument("--change-mask", type=Path, metavar="M", help="label map of FIXED: look only inside it")
    change.add_argument(
        "--dates", nargs=2, metavar=("CURRENT", "PRIOR"), default=(None, None), help="of the visits, as 2024-05-31"
    )
    parser.add_argument("--threads", type=_positive, metavar="N", help="CPU threads (default: all physical cores)")
    parser.add_argument(
        "--device",
        choices=[device.value for device in Device],
        default=Device.CPU.value,
        help="where the network runs (default: cpu)",
    )
    parser.add_argument("--list-models", action="store_true", help="show the models and their licences, and stop")
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER, metavar="FOLDER", help=argparse.SUPPRESS)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _register(options: argparse.Namespace) -> None:
    output: Path = options.output
    _makeWritable(output)
    masks = (options.fixed_mask, options.moving_mask, options.change_mask)
    for path in (options.fixed, options.moving, options.initial, options.labels, *masks):
        if path is not None and path.resolve().parent == output.resolve() and path.name in OUTPUTS:
            raise RegistrationError(f"{path} would be overwritten by the result: choose another output folder.")
    showProgress(0.0, "Loading the libraries")
    started = time.perf_counter()
    with interruptsWait():
        from .changes import writeChanges
        from .dependencies import importTorch

        torch = importTorch()
        from .logic import RegistrationLogic
        from .mrml import files, reading
        from .overview import writeOverview
        from .report import reportContent
    if options.threads:
        torch.set_num_threads(options.threads)

    seconds = {"Loading the libraries": time.perf_counter() - started}

    started = time.perf_counter()
    showProgress(0.0, "Reading the files")
    scene = files.newScene()
    notes: list[str] = []
    reading.checkMemory(options.fixed, options.moving)
    fixedNode, movingNode = (reading.readVolume(scene, path, notes=notes) for path in (options.fixed, options.moving))
    initialNode = reading.readTransform(scene, options.initial) if options.initial else None
    labelsNode = reading.readLabels(scene, options.labels, notes) if options.labels else None
    maskNodes = [reading.readVolume(scene, path, labels=True, notes=notes) if path else None for path in masks]
    transformNode = scene.AddNewNodeByClass("vtkMRMLTransformNode", "LDR transform")
    warpedNode = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "LDR warped")
    seconds["Reading the files"] = time.perf_counter() - started

    logic = RegistrationLogic(options.models)
    choices = {
        "outputTransformNode": transformNode,
        "outputVolumeNode": warpedNode,
        "initialTransformNode": initialNode,
        "prealignment": options.prealignment,
        "model": options.model,
        "device": options.device,
    }

    def progress(fraction: float, stage: str) -> None:
        showProgress(0.9 * fraction, stage)

    found = None
    if options.change:
        changeJob = logic.prepareChanges(
            currentVolumeNode=fixedNode,
            priorVolumeNode=movingNode,
            maskNode=maskNodes[2],
            sensitivity=options.sensitivity,
            currentDate=options.dates[0],
            priorDate=options.dates[1],
            **choices,
        )
        changeJob.registration.sharesVoxels = True
        found = logic.computeChanges(changeJob, progress=progress)
        logic.publishFoundChanges(changeJob, found)
        job, result = changeJob.registration, found.result
        seconds.update(found.changeMap.seconds)
    else:
        job = logic.prepare(
            fixedVolumeNode=fixedNode,
            movingVolumeNode=movingNode,
            fixedMaskNode=maskNodes[0],
            movingMaskNode=maskNodes[1],
            preset=options.preset,
            adaptationIterations=options.adapt,
            **choices,
        )
        job.sharesVoxels = True
        result = logic.compute(job, progress=progress)
        logic.publish(job, result)
    seconds.update(result.seconds)
    result.notes.extend(notes)

    showProgress(0.9, "Writing the results")
    started = time.perf_counter()
    # Everything is written beside the final place first: an interrupted run leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(prefix=".ldr-register-", dir=output) as folder:
        part = Path(folder)
        files.writeTransform(transformNode, part / "transform.h5")
        files.writeVolume(warpedNode, part / "warped.nii.gz")
        if labelsNode is not None:
            warpedLabels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "LDR labels")
            result.notes += logic.warpLabels(
                labelsNode=labelsNode,
                referenceVolumeNode=fixedNode,
                transform=result.transform,
                outputLabelsNode=warpedLabels,
            )
            files.writeVolume(warpedLabels, part / "warped_labels.nii.gz")
        if found is not None:
            writeChanges(part, found.changeMap, found.detection)
            for name, array in (("change", found.changeMap.z), ("change_regions", found.detection.labels)):
                image = replace(job.fixed, array=found.changeMap.onFixedGrid(array))
                files.writeImage(image, part / f"{name}.nii.gz")
        writeOverview(part / "overview.png", job.fixed, job.moving, job.initialRas, result.transform)
        seconds["Writing the results"] = time.perf_counter() - started
        report = reportContent(options.fixed, options.moving, job.settings, logic.models.card(result.model), result)
        if found is not None:
            report["change"] = {
                "found": found.summary,
                "notes": found.changeMap.notes,
                "sensitivity": options.sensitivity,
            }
        report["seconds"] = {stage: round(value, 4) for stage, value in seconds.items()}
        (part / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        written = sorted(path.name for path in part.iterdir())
        _moveAll(part, output)
    clearProgress()
    print(result.summary)
    if found is not None:
        print(found.summary)
    for note in result.notes if found is None else found.notes:
        print(f"Note: {note}")
    print(f"Written to {output}: {', '.join(written)}")


def _moveAll(part: Path, output: Path) -> None:
    """Put the finished files in their place, the report last. Ctrl-C comes too late here: the result stands."""
    with contextlib.suppress(KeyboardInterrupt), interruptsWait():
        for name in OUTPUTS:
            if (part / name).exists():
                os.replace(part / name, output / name)
            else:
                (output / name).unlink(missing_ok=True)  # of an earlier run; it does not belong to this one


def _makeWritable(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise RegistrationError(f"The output folder {output} cannot be written: {error.strerror}.") from error


def _printModels(models: ModelStore) -> None:
    for card in models.cards():
        marks = [text for text, holds in (("default", card.isDefault), ("non-commercial", card.nonCommercial)) if holds]
        print(f"{card.name}{' (' + ', '.join(marks) + ')' if marks else ''}: {card.title}")
        print(f"    licence: {card.content.get('licence', 'not stated')}")


def run() -> None:
    """The command as a process of its own: ``main``, and the end of the process."""
    status = main()
    if status == EXIT_CANCELLED:
        # The libraries were stopped in the middle of something; taking them down in order could crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    run()
