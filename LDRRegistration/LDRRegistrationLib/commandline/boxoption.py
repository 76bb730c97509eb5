"""``--box``: what a registration is refined in besides, as *Refine here* of the panel does."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..runtime.errors import RegistrationError
from .arguments import number

OPTIONS = ("box", "box_center", "box_size")


def addBoxOptions(parser: argparse.ArgumentParser, path: Any) -> None:
    """:param path: the type of files."""
    parser.add_argument(
        "--box",
        metavar="ROI",
        type=path,
        help="refine what lies in this box of FIXED, at the images' own resolution: an ROI of Slicer (.mrk.json), "
        "turned or not",
    )
    finite = number("a number of mm", lambda value: bool(np.isfinite(value)))
    length = number("a length in mm above 0", lambda value: 0.0 < value < 1e5)
    parser.add_argument(
        "--box-center",
        nargs=3,
        metavar=("R", "A", "S"),
        type=finite,
        help="the same by the middle of the box, RAS mm (ITK's points have the first two the other way round)",
    )
    parser.add_argument(
        "--box-size", nargs=3, metavar=("R", "A", "S"), type=length, help="with --box-center: its sides in mm"
    )


def checkBox(options: argparse.Namespace) -> None:
    """:raises RegistrationError: the box is not whole, or named twice."""
    if (options.box_center is None) != (options.box_size is None):
        raise RegistrationError("--box-center and --box-size belong together.")
    if options.box is not None and options.box_center is not None:
        raise RegistrationError("The box is given twice: by --box, and by --box-center and --box-size.")


def isGiven(options: argparse.Namespace) -> bool:
    return options.box is not None or options.box_center is not None


def roiNode(scene: Any, options: argparse.Namespace) -> Any:
    """A node with the box, None for none.

    :raises RegistrationError: the file cannot be read, or holds no ROI.
    """
    from ..mrml import markupfiles

    if options.box is not None:
        return markupfiles.readRoi(scene, options.box)
    if options.box_center is None:
        return None
    roi = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "the box")
    roi.SetCenter(*options.box_center)
    roi.SetSize(*options.box_size)
    return roi
