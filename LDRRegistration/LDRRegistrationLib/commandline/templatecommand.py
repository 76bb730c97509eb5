"""``ldr-template``: the unbiased average of many images, and everybody's transform to it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..registration.modelcards import MODELS_FOLDER
from ..registration.recipes import Preset
from ..registration.settings import Prealignment
from ..registration.template import ROUNDS
from ..runtime.device import Device
from ..runtime.errors import RegistrationCancelled
from ..runtime.jsonlog import jsonLog, log
from ..runtime.startup import processIsCommand
from ..runtime.terminal import complain, quietLibraries, say, show, signalsStop
from .arguments import OneLineParser, number, positive
from .failures import explained
from .outputoptions import addCompletion, addLogOptions, wantsJson
from .templaterun import TemplateRun

PROGRAM = "ldr-template"
EXIT_FAILED = 3
EXAMPLES = """examples:
  ldr-template subjects/*/T1.nii.gz -o template --jobs 4
  ldr-template visit1.nii.gz visit2.nii.gz -o midpoint --prealignment rigid
  ldr-template visit1.nii.gz visit2.nii.gz -o midpoint --prealignment rigid --linear

Stopped, the same command goes on after its last whole round. Exit status: 0 done; 1 out of memory or an error of the
program; 2 bad input; 3 done, but an image was left out, because its registration failed; 130 or 143 stopped."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, as that of ``ldr-register``."""
    started = time.perf_counter()
    given = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=os.environ.get("LDR_LOG") or "CRITICAL", format="%(message)s")
    with jsonLog(wantsJson(given), showsProgress="--quiet" not in given):
        status = _main(given)
        log("end", status=status, seconds=round(time.perf_counter() - started, 3))
    return status


def _main(arguments: list[str]) -> int:
    options = makeParser().parse_args(arguments)
    with signalsStop() as stop:
        try:
            with quietLibraries(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run = TemplateRun(options, stop, (lambda line: None) if options.quiet else say)
                run.run()
            log("result", output=options.output, verdict=run.report["verdict"], written=run.written)
            if not options.quiet:
                show(run.lines, PROGRAM)
            return EXIT_FAILED if run.hasFailed else 0
        except (KeyboardInterrupt, RegistrationCancelled):
            complain("cancelled; the rounds that are done are kept, and the same command goes on.", PROGRAM)
            return stop.status
        except Exception as error:
            status, sentence = explained(error, options.images, options.output)
            complain(sentence, PROGRAM)
            return status


def makeParser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=PROGRAM,
        description="The unbiased average of images in shape and intensity, and everybody's transform to it; of two "
        "visits of one person their midpoint. Writes template.nii.gz, transform_NAME.h5 for each image, report.json.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="files or DICOM folders, in any order")
    parser.add_argument(
        "--series", metavar="S", help="of the DICOM folders: the series, by number or (part of) description"
    )
    parser.add_argument("-o", "--output", metavar="OUT_DIR", type=Path, required=True, help="folder for the results")
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help=f"of registering and averaging (default: {ROUNDS})"
    )
    parser.add_argument(
        "--linear", action="store_true", help="only linear transforms: with --prealignment rigid only rigid ones"
    )
    parser.add_argument(
        "--spacing",
        type=number("a length in mm above 0", lambda value: 0.0 < value < 1000.0),
        metavar="MM",
        help="of the template (default: the median of the images' finest)",
    )
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast", help="default: fast")
    parser.add_argument(
        "--prealignment",
        choices=[one.value for one in Prealignment],
        default="affine",
        help="affine (default) for several people, rigid for visits of one person",
    )
    parser.add_argument(
        "--model", default="auto", metavar="NAME", help="model by name; auto (default): one for any use"
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=1,
        metavar="N",
        help="images registered at a time (default: 1), in memory, too",
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="CPU threads of each job (default: all physical cores, divided)"
    )
    parser.add_argument(
        "--device", choices=[device.value for device in Device], default=Device.CPU.value, help="default: cpu"
    )
    parser.add_argument("--hide-names", action="store_true", help="images are called by numbers, here and in all files")
    parser.add_argument("--overwrite", action="store_true", help="lose files of our names that are not ours")
    addLogOptions(parser)
    addCompletion(parser)
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER, metavar="FOLDER", help=argparse.SUPPRESS)
    return parser


def run() -> None:
    processIsCommand()
    sys.exit(main())


if __name__ == "__main__":
    run()
