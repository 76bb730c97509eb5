"""The options of ``ldr-register``, and which of them go together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..cohort.options import addOptions, isCohort
from ..registration.modelcards import MODELS_FOLDER
from ..registration.recipes import Preset
from ..registration.settings import Prealignment
from ..reports.context import AS_DICOM_SAYS
from ..runtime.device import Device
from ..runtime.errors import RegistrationError
from .arguments import OneLineParser, number, positive
from .boxoption import OPTIONS as BOX_OPTIONS
from .boxoption import addBoxOptions, checkBox
from .outputoptions import addOutputOptions, calledBy
from .radiotherapy import addRadiotherapyOptions
from .sequenceoptions import addSequenceOptions, checkSequence

USAGE = "ldr-register FIXED MOVING -o OUT_DIR"
EXAMPLES = """examples:
  ldr-register fixed.nii.gz moving.nii.gz -o result
  ldr-register fixed.nii.gz moving.nii.gz -o result --preset accurate --labels moving_labels.nii.gz
  ldr-register current.nii.gz prior.nii.gz -o result --change --dates 2024-05-31 2023-11-02
  ldr-register fixed.nii.gz moving.nii.gz -o result --box-center 30 -12 45 --box-size 60 60 50
  ldr-register --pairs pairs.tsv -o cohort --jobs 4
  ldr-register --fixed template.nii.gz --moving-glob 'data/*/T1.nii.gz' -o cohort
  ldr-register --bids dataset -o derivatives
  ldr-register --sequence breathing.nii.gz -o aligned --towards mean
  ldr-register ct.nii.gz prior_ct.nii.gz -o result --interpolation cubic --padding -1000 --prefix sub-01_
  ldr-register fixed.nii.gz moving.nii.gz -o result --quiet --log-format json 2> log.jsonl
  ldr-register --print-completion bash > ~/.local/share/bash-completion/completions/ldr-register

Exit status: 0 done; 1 out of memory or an error of the program; 2 bad input; 3 done, but a result is not to be trusted,
or a pair of many was not registered; 130 or 143 stopped."""
ADAPTATION_ITERATIONS = 40
SENSITIVITY = 0.5
INPUTS = (
    *("pairs", "template", "fixed", "moving", "initial", "labels", "fixed_mask", "moving_mask", "change_mask"),
    *("verdicts", "prior_report", "sequence", "rtstruct", "rtdose", "box"),
)
CHANGE_ONLY = ("dates", "sensitivity", "change_mask", "verdicts", "patient", "dicom_out")


def readOptions(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, complete.

    :raises RegistrationError: some do not go together.
    :raises SystemExit: after --help, and with status 2 and a sentence for what cannot be read at all.
    """
    parser = makeParser()
    options = parser.parse_args(arguments)
    options.isCohort = isCohort(options)
    if options.list_models or (options.list_series and options.fixed is not None):
        return options
    if options.sequence is not None and options.output is None:
        parser.error("-o OUT_DIR is needed")
    if not (options.isCohort or options.sequence) and (
        options.fixed is None or options.moving is None or options.output is None
    ):
        parser.error("FIXED, MOVING and -o OUT_DIR are needed")
    _refuseDropped(options)
    checkSequence(parser, options)
    options.called = calledBy(options.prefix)
    options.preset = options.preset or "fast"
    options.interpolation = options.interpolation or "linear"
    options.scalar_type = options.scalar_type or "moving"
    options.prealignment = options.prealignment or ("rigid" if options.change or options.sequence else "affine")
    options.adapt = options.adapt or 0
    options.sensitivity = SENSITIVITY if options.sensitivity is None else options.sensitivity
    options.dates = options.dates or (None, None)
    return options


def inputFiles(options: argparse.Namespace) -> list[Path]:
    """Every file that is read, but those that a table names."""
    files = [path for name in INPUTS if (path := getattr(options, name)) is not None]
    return files + (options.landmarks or [])


def _refuseDropped(options: argparse.Namespace) -> None:
    """Whatever would have no effect is refused, lest somebody rely on it."""
    checkBox(options)
    given = [name for name in ("preset", "adapt", "landmarks", *BOX_OPTIONS) if getattr(options, name) is not None]
    if options.change and given:
        raise RegistrationError(
            f"{_listed(given)} cannot be used with --change, whose alignment has settings of its own, which hide no "
            "change."
        )
    if options.change and options.trust_map:
        raise RegistrationError("--trust-map cannot be used with --change, which has a map of its own: the change z.")
    if options.change and options.prealignment == "affine":
        raise RegistrationError(
            "--prealignment affine cannot be used with --change: two visits of one person are aligned rigidly, or not."
        )
    given = [name for name in CHANGE_ONLY if _isGiven(getattr(options, name))]
    if given and not options.change:
        raise RegistrationError(f"{_listed(given)} can be used only with --change.")
    if options.prior_report is not None and not options.dicom_out:
        raise RegistrationError("--prior-report can be used only with --dicom-out.")


def _isGiven(value: object) -> bool:
    """Whether the user wrote it; 0 is a value."""
    return value is not None and value is not False


def _listed(names: list[str]) -> str:
    return " and ".join(f"--{name.replace('_', '-')}" for name in names)


class _Layout(argparse.HelpFormatter):
    """Lines of the examples stay lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text is EXAMPLES:
            return text
        return super()._fill_text(text, width, indent)


class _Parser(OneLineParser):
    hint = f"; usage: {USAGE}"


def makeParser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ldr-register",
        description="Deformable registration of two 3D images (MR or CT) in a few seconds on an ordinary CPU. "
        "Writes transform.h5 (ITK, fixed to moving points), warped.nii.gz, report.json and overview.png. "
        "For research; not for diagnostic use.",
        epilog=EXAMPLES,
        formatter_class=_Layout,
    )
    parser.add_argument(
        "fixed", metavar="FIXED", nargs="?", type=Path, help="image that stays as it is; file, or DICOM folder"
    )
    parser.add_argument("moving", metavar="MOVING", nargs="?", type=Path, help="image to carry onto FIXED")
    parser.add_argument(
        "--series",
        action="append",
        metavar="S",
        help="of a DICOM folder: the series, by number or (part of) description; given twice, the first is of FIXED, "
        "the second of MOVING",
    )
    parser.add_argument("--list-series", action="store_true", help="show the series of the DICOM folders, and stop")
    parser.add_argument("--hide-names", action="store_true", help="report.json names no input files")
    parser.add_argument("-o", "--output", metavar="OUT_DIR", type=Path, help="folder for the results")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="lose files in OUT_DIR that are named like results but are none, or were changed since; results of an "
        "earlier run are replaced without",
    )
    parser.add_argument(
        "--preset",
        choices=[preset.value for preset in Preset],
        help="accurate fits more closely, in some seconds; best is finer and smoother, in up to a minute "
        "(default: fast)",
    )
    parser.add_argument(
        "--model",
        default="auto",
        metavar="NAME",
        help="model by name; auto (default): one for any use",
    )
    parser.add_argument(
        "--prealignment",
        choices=[one.value for one in Prealignment],
        help="before the deformation (default: affine, with --change rigid)",
    )
    parser.add_argument(
        "--adapt",
        type=positive,
        metavar="N",
        nargs="?",
        const=ADAPTATION_ITERATIONS,
        help="let the network's last layers learn from this pair, in at most N iterations (default: "
        f"{ADAPTATION_ITERATIONS}) and 10 s: for images unlike those it was trained on",
    )
    parser.add_argument(
        "--initial", metavar="T", type=Path, help="ITK transform to start from (with --change: a linear one)"
    )
    parser.add_argument(
        "--landmarks",
        nargs=2,
        metavar=("FIXED_POINTS", "MOVING_POINTS"),
        type=Path,
        help="files of points (.fcsv, .mrk.json) that the registration has to follow; partners have the same label, or "
        "the same place in their files",
    )
    for which in ("fixed", "moving"):
        parser.add_argument(
            f"--{which}-mask", metavar="M", type=Path, help=f"label map of {which.upper()}: compare only inside it"
        )
    parser.add_argument("--labels", metavar="MOVING_LABELS", type=Path, help="label map of MOVING to carry along")
    parser.add_argument(
        "--trust-map",
        action="store_true",
        help="register the other way round, too, and write expected_error.nii.gz: how far the result may be off, in mm",
    )
    change = parser.add_argument_group("what changed", "between two visits of one person, FIXED being the current scan")
    change.add_argument(
        "--change",
        action="store_true",
        help="write changes.html, changes.csv, change.nii.gz, change_regions.nii.gz and change_uncompared.nii.gz",
    )
    change.add_argument(
        "--sensitivity",
        type=number("a number from 0 to 1", lambda value: 0.0 <= value <= 1.0),
        metavar="S",
        help=f"0 (only the strongest changes) to 1 (default: {SENSITIVITY:g})",
    )
    change.add_argument("--change-mask", type=Path, metavar="M", help="label map of FIXED: look only inside it")
    change.add_argument(
        "--dates", nargs=2, metavar=("CURRENT", "PRIOR"), help="of the visits, as 2024-05-31 (default: as DICOM says)"
    )
    change.add_argument(
        "--verdicts",
        type=Path,
        metavar="FILE",
        help="changes.csv or changes.json with what a reader said of the regions (accepted, rejected, a note)",
    )
    change.add_argument(
        "--patient",
        nargs="?",
        const=AS_DICOM_SAYS,
        metavar="TEXT",
        help="show the patient in changes.html, by a pseudonym or as DICOM says (default: not at all)",
    )
    change.add_argument(
        "--dicom-out",
        action="store_true",
        help="write the regions (SEG), a measurement report (SR) and the registration as DICOM objects into "
        "OUT_DIR/dicom; for DICOM folders",
    )
    change.add_argument(
        "--prior-report",
        type=Path,
        metavar="SR",
        help="measurement report of the prior visit, whose tracking identifiers are kept (default: the one in the "
        "prior's folder)",
    )
    addBoxOptions(parser, Path)
    addOutputOptions(parser)
    addRadiotherapyOptions(parser)
    addSequenceOptions(parser)
    addOptions(parser, positive)
    parser.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: all physical cores)")
    parser.add_argument(
        "--device",
        choices=[device.value for device in Device],
        default=Device.CPU.value,
        help="where the network runs (default: cpu)",
    )
    parser.add_argument("--list-models", action="store_true", help="show the models and their licences, and stop")
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER, metavar="FOLDER", help=argparse.SUPPRESS)
    return parser
