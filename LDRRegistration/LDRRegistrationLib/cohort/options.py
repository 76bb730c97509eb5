"""The options of ``ldr-register`` that are about many pairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..runtime.errors import RegistrationError
from .pair import FILES

# What names a cohort, and what only a cohort has.
SOURCES = ("pairs", "template", "bids")
ONLY_COHORTS = ("moving_glob", "suffix", "jobs", "scheduler")


# The options, besides files of a column, that say something of one pair alone.
OF_ONE_PAIR = (
    *("landmarks", "dates", "verdicts", "prior_report", "patient", "series", "rtstruct", "rtdose"),
    *("box", "box_center", "box_size"),
)


def addOptions(parser: argparse.ArgumentParser, positive: Callable[[str], int]) -> None:
    """:param positive: reads a whole number of at least 1."""
    group = parser.add_argument_group(
        "many pairs", "each in its own folder OUT_DIR/NAME; what is finished is not done again"
    )
    group.add_argument(
        "--pairs",
        metavar="TABLE",
        type=Path,
        help="table with tabs (.csv: commas): columns fixed, moving and, as wanted, name, fixed_mask, moving_mask, "
        "labels, initial, change_mask, fixed_date, moving_date",
    )
    group.add_argument("--fixed", dest="template", metavar="TEMPLATE", type=Path, help="one fixed image for all")
    group.add_argument(
        "--moving-glob", metavar="PATTERN", help="with --fixed: every image so named, as 'data/*/T1.nii.gz' (in quotes)"
    )
    group.add_argument(
        "--bids",
        metavar="DATASET",
        type=Path,
        help="BIDS dataset: every image to the --fixed one, or later sessions to the first; writes BIDS derivatives",
    )
    group.add_argument("--suffix", metavar="T1w", help="with --bids: of the images to register (default: T1w)")
    group.add_argument("--jobs", metavar="N", type=positive, help="pairs at a time (default: by cores and memory)")
    group.add_argument("--scheduler", metavar="ADDRESS", help="work on a Dask cluster in place of this machine")
    group.add_argument("--estimate", metavar="N", type=positive, help="what N pairs would take, by the runs in OUT_DIR")
    group.add_argument("--machines", metavar="N", type=positive, help="with --estimate: like this one (default: 1)")
    group.add_argument("--price", metavar="P", type=float, help="with --estimate: of an hour of a machine")


def isCohort(options: argparse.Namespace) -> bool:
    """Whether the options are about many pairs.

    :raises RegistrationError: they are, and do not go together.
    """
    given = [name for name in SOURCES if getattr(options, name) is not None]
    if options.estimate is None and (options.machines is not None or options.price is not None):
        raise RegistrationError("--machines and --price can be used only with --estimate.")
    if options.estimate is not None:
        if options.output is None or given or options.fixed is not None:
            raise RegistrationError("--estimate needs -o OUT_DIR, where some pairs were registered, and no images.")
        return True
    if not given:
        alone = [name for name in ONLY_COHORTS if getattr(options, name) is not None]
        if alone:
            raise RegistrationError(f"{_shown(alone[0])} can be used only with --pairs, --bids or --fixed.")
        return False
    _refuse(options)
    return True


def _refuse(options: argparse.Namespace) -> None:
    if options.output is None:
        raise RegistrationError("-o OUT_DIR is needed.")
    if options.fixed is not None:
        raise RegistrationError("FIXED and MOVING cannot be given besides many pairs.")
    if options.pairs is not None and (options.template is not None or options.bids is not None):
        raise RegistrationError("--pairs names all images: it cannot be used with --fixed or --bids.")
    if options.pairs is None and options.bids is None and options.moving_glob is None:
        raise RegistrationError("--fixed needs --moving-glob or --bids, which name the moving images.")
    if options.moving_glob is not None and (options.template is None or options.bids is not None):
        raise RegistrationError("--moving-glob can be used only with --fixed, and not with --bids.")
    if options.suffix is not None and options.bids is None:
        raise RegistrationError("--suffix can be used only with --bids.")
    if options.scheduler is not None and options.jobs is not None:
        raise RegistrationError("--jobs is for this machine: the workers of --scheduler are started by themselves.")
    if options.prefix is not None:
        raise RegistrationError("--prefix cannot be used with many pairs: each has a folder, and a name, of its own.")
    for name in (*FILES, *OF_ONE_PAIR):
        isForAll = name == "fixed_mask" and options.template is not None
        if getattr(options, name) is not None and not isForAll:
            raise RegistrationError(f"{_shown(name)} belongs to one pair: give it as a column of the table of --pairs.")
    options.suffix = options.suffix or "T1w"


def _shown(name: str) -> str:
    return f"--{name.replace('_', '-')}"
