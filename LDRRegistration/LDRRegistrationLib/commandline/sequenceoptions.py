"""The options of a sequence: many volumes of one patient, one after the other in time, in one call."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..runtime.errors import RegistrationError

# What has a meaning for a sequence; all else has none.
ALLOWED = (
    *("sequence", "towards", "smooth_frames", "series", "output", "overwrite", "hide_names", "preset", "model"),
    *("prealignment", "threads", "device", "quiet", "models", "list_models", "isCohort"),
    *("interpolation", "padding", "scalar_type", "prefix", "log_format"),
)


def addSequenceOptions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sequences", "many volumes of one patient over time (4D), in one file or folder")
    group.add_argument("--sequence", type=Path, metavar="FILE", help="x y z t NIfTI, or DICOM folder: instead of FIXED")
    group.add_argument(
        "--towards",
        metavar="N|mean|next",
        help="register every frame to frame N (from 0; default: 0), to the mean of all, or to the next frame",
    )
    group.add_argument(
        "--smooth-frames",
        type=_sigma,
        metavar="S",
        help="smooth the transforms in time by a Gaussian of S frames (default: not at all)",
    )


def checkSequence(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Complete the options of a sequence.

    :raises RegistrationError: some do not go together.
    """
    if options.sequence is None:
        given = [name for name in ("towards", "smooth_frames") if getattr(options, name) is not None]
        if given:
            raise RegistrationError(f"--{given[0].replace('_', '-')} can be used only with --sequence.")
        return
    for action in parser._actions:
        if action.dest not in ALLOWED and getattr(options, action.dest, None) not in (None, action.default):
            shown = action.option_strings[-1] if action.option_strings else action.metavar
            raise RegistrationError(f"{shown} cannot be used with --sequence.")
    if options.series is not None and len(options.series) > 1:
        raise RegistrationError("--series can be given once with --sequence.")
    towards = options.towards or "0"
    if towards not in ("mean", "next"):
        if not towards.isdecimal():
            raise RegistrationError(f"--towards {towards!r} is neither the number of a frame, nor mean, nor next.")
        towards = int(towards)
    options.towards = towards
    options.smooth_frames = options.smooth_frames or 0.0
    if options.smooth_frames and towards == "next":
        raise RegistrationError("--smooth-frames cannot be used with --towards next, which is no motion over time.")


def _sigma(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1000.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of frames above 0")
    return value
