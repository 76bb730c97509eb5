"""``ldr-apply``: carry images, labels, points and models by transforms; compose, invert and convert them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..commandline.arguments import OneLineParser
from ..commandline.failures import explained
from ..commandline.outputoptions import addCompletion, addLogOptions, wantsJson
from ..runtime.errors import RegistrationError
from ..runtime.jsonlog import jsonLog, log
from ..runtime.terminal import complain, quietLibraries, show, signalsStop
from . import carrying, inverse, modelfiles, reading, writing

if TYPE_CHECKING:
    import SimpleITK

PROGRAM = "ldr-apply"
KINDS = {"points": "a table of points", "model": "a model", "image": "an image"}
EXAMPLES = """examples:
  ldr-apply apply t2.nii.gz -t transform.h5 -r fixed.nii.gz -o t2_on_fixed.nii.gz
  ldr-apply apply labels.nii.gz --labels -t 0GenericAffine.mat 1Warp.nii.gz -r fixed.nii.gz -o out.nii.gz
  ldr-apply apply landmarks.csv -t transform.h5 -o landmarks_on_fixed.csv
  ldr-apply compose -t visit2_to_visit1.h5 visit1_to_template.h5 -o visit2_to_template.h5
  ldr-apply invert -t transform.h5 -o inverse.h5
  ldr-apply convert -t transform.h5 --to fsl -r fixed.nii.gz -m moving.nii.gz -o warp.nii.gz

Transforms are named in the order in which they carry the moving image, the first one first. Whatever is carried goes
from the moving to the fixed image; with --inverse the other way. Exit status: 0 done, 2 bad input, 1 out of memory or
an error of the program."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, as that of ``ldr-register``."""
    shown = os.environ.get("LDR_LOG")
    logging.basicConfig(level=shown or "CRITICAL", format="%(message)s")
    given = list(sys.argv[1:] if arguments is None else arguments)
    with jsonLog(wantsJson(given), showsProgress=False):
        return _main(given)


def _main(arguments: list[str]) -> int:
    options = makeParser().parse_args(arguments)
    with signalsStop() as stop:
        try:
            with quietLibraries(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                lines = _run(options)
            log("result", output=options.output, said=lines)
            if not options.quiet:
                show(lines, PROGRAM)
            return 0
        except KeyboardInterrupt:
            complain("cancelled; nothing was written.", PROGRAM)
            return stop.status
        except Exception as error:
            status, sentence = explained(error, _inputs(options), options.output)
            complain(sentence, PROGRAM)
            return status


def run() -> None:
    sys.exit(main())


def _run(options: argparse.Namespace) -> list[str]:
    if not options.output.absolute().parent.is_dir():
        raise RegistrationError(f"The folder {options.output.absolute().parent} does not exist.")
    for output in writing.filesOf(options.output, getattr(options, "to", None)):
        for path in _inputs(options):
            if output.exists() and path.exists() and output.samefile(path):
                raise RegistrationError(f"{output} is an input, and would be overwritten: choose another name.")
    if options.command == "apply":
        _refuseDropped(options)
    transform = reading.compose([reading.readTransform(path, options.moving) for path in options.transforms])
    said: list[str] = []
    reference = None if options.reference is None else reading.readImage(options.reference, said)
    if options.command == "apply":
        lines = _apply(options, transform, reference, said)
        return [*(f"Note: {note}" for note in said), *lines]
    notes: list[str] = []
    if options.command == "invert":
        forward, transform = transform, inverse.inverse(transform, reference)
        notes += _howGood(forward, transform)
    moving = None if options.moving is None else reading.readImage(options.moving, said)
    files = writing.writeTransform(transform, options.output, options.to, reference, moving)
    said += _unneeded(options)
    return [*(f"Note: {note}" for note in said), *notes, f"Written: {', '.join(str(path) for path in files)}"]


def _unneeded(options: argparse.Namespace) -> list[str]:
    """What was named and had no part in the result: no fault, but perhaps not what was meant."""
    format_ = options.to or writing.formatOf(options.output)
    unneeded = []
    if options.reference is not None and options.command != "invert" and format_ == "itk":
        unneeded.append("reference")
    if options.moving is not None and format_ != "fsl" and not any(reading.needsMoving(t) for t in options.transforms):
        unneeded.append("moving")
    return [
        f"--{name} was not needed: neither the transforms nor {options.output.name} depend on it." for name in unneeded
    ]


def _refuseDropped(options: argparse.Namespace) -> None:
    """:raises RegistrationError: an option has no effect on what is carried, or would spoil it."""
    kind = _kindOf(options.input)
    ofImages = ("labels", "interpolation", "padding", "reference")
    for name in {"points": (*ofImages, "ras"), "model": ofImages, "image": ("ras",)}[kind]:
        value = getattr(options, name)
        if value is not None and value is not False:  # 0 is a value
            shown = f"{options.input.name}, which is read as {KINDS[kind]}"
            raise RegistrationError(f"--{name} has no meaning for {shown}.")
    if options.labels and options.interpolation not in (None, *carrying.OF_LABELS):
        raise RegistrationError(
            f"--interpolation {options.interpolation} makes labels that nobody gave, between two of them: "
            f"--labels goes with {' or '.join(carrying.OF_LABELS)}."
        )


def _kindOf(path: Path) -> str:
    if path.suffix.lower() == ".csv":
        return "points"
    return "model" if path.suffix.lower() in modelfiles.ENDINGS else "image"


def _apply(
    options: argparse.Namespace,
    transform: SimpleITK.Transform,
    reference: SimpleITK.Image | None,
    said: list[str],
) -> list[str]:
    import SimpleITK as sitk

    path, output = options.input, options.output
    lost = 0
    kind = _kindOf(path)
    if kind == "points":
        text, lost = carrying.carryCsv(path, transform, inwards=not options.inverse)
        writing.put(output, lambda part: part.write_text(text, encoding="utf-8"))
    elif kind == "model":
        if output.suffix.lower() not in modelfiles.ENDINGS:
            raise RegistrationError(f"{output.name} is no model: end it with {', '.join(modelfiles.ENDINGS)}.")
        found: list[int] = []

        def write(part: Path) -> None:
            found.append(carrying.carryModel(path, part, transform, not options.inverse, options.ras))

        writing.put(output, write)
        lost = found[0]
    else:
        if reference is None:
            raise RegistrationError("An image is carried onto the voxels of another one: name it by --reference.")
        if not output.name.lower().endswith(writing.IMAGE_ENDINGS):
            raise RegistrationError(f"{output.name} is no image: end it with {', '.join(writing.IMAGE_ENDINGS)}.")
        if options.inverse:
            forward, transform = transform, inverse.inverse(transform, reference)
            said += _howGood(forward, transform)
        how = options.interpolation or ("nearest" if options.labels else "linear")
        given = reading.readImage(path, said)
        image = carrying.carryImage(given, transform, reference, how, options.padding, options.labels)
        writing.put(output, lambda part: sitk.WriteImage(image, str(part), useCompression=True))
    notes = [f"Note: {lost} points have no partner, since the transform folds there or ends before."] if lost else []
    return [f"Written: {output}", *notes]


def _howGood(forward: SimpleITK.Transform, back: SimpleITK.Transform) -> list[str]:
    if forward.IsLinear():
        return []
    error, count = inverse.largestError(forward, back)
    return [f"Of {count} points carried there and back the worst is off by {error:.3f} mm."]


def _inputs(options: argparse.Namespace) -> list[Path]:
    named = [getattr(options, "input", None), options.reference, options.moving]
    return [*options.transforms, *(path for path in named if path is not None)]


def makeParser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=PROGRAM, description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    apply = commands.add_parser("apply", help="carry an image, a label map, points (.csv) or a model")
    apply.add_argument("input", metavar="INPUT", type=Path, help="what belongs to the moving image")
    compose = commands.add_parser("compose", help="one transform for several")
    invert = commands.add_parser("invert", help="the transform back")
    convert = commands.add_parser("convert", help="the same transform in another format")
    for one in (apply, compose, invert, convert):
        one.add_argument(
            "-t", "--transforms", metavar="T", nargs="+", type=Path, required=True, help="in the order they carry"
        )
        one.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="file for the result")
        one.add_argument(
            "-r", "--reference", metavar="IMAGE", type=Path, help="the fixed image, or any with its voxels"
        )
        one.add_argument("-m", "--moving", metavar="IMAGE", type=Path, help="the moving image (for fields of FNIRT)")
        if one is not apply:
            one.add_argument("--to", choices=writing.FORMATS, help="format (default: by the ending of OUT)")
    apply.add_argument("--inverse", action="store_true", help="from the fixed to the moving image")
    apply.add_argument("--labels", action="store_true", help="a label map: nearest, unless --interpolation gaussian")
    apply.add_argument(
        "--interpolation", choices=carrying.INTERPOLATIONS, help="default: linear; gaussian: labels vote"
    )
    apply.add_argument(
        "--padding", type=float, metavar="V", help="value beyond the image (default: its least; labels: 0)"
    )
    apply.add_argument("--ras", action="store_true", help="a model's file is in RAS (default: LPS, as Slicer's)")
    for one in (apply, compose, invert, convert):
        addLogOptions(one)
    addCompletion(parser)
    return parser


if __name__ == "__main__":
    run()
