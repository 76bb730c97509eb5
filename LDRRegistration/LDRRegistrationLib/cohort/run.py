"""A cohort from its options to its table and page: the whole story in one page."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..registration.modelcards import MODELS_FOLDER
from ..registration.models import ModelStore
from ..runtime.errors import RegistrationError
from ..runtime.jsonlog import log
from ..runtime.pytorch import torchIsInstalled
from ..runtime.terminal import showProgress
from . import bids, globbed, table
from .cluster import registerOnCluster
from .estimate import estimateLines
from .fingerprint import finishedReport, modelDigest, readReport, resultSettings
from .local import registerHere
from .machine import share
from .page import cohortHtml
from .pair import Pair
from .record import PAGE, RECORD, TABLE, Record, onlyRun
from .summary import GRADES_BY_URGENCY, UNREAD, rowsOf, tableText
from .worker import Outcome, Task


def registerCohort(options: argparse.Namespace, say: Callable[[str], object]) -> bool:
    """What the options ask of many pairs: their registration, or what it would cost; false if some failed."""
    if options.estimate is not None:
        for line in estimateLines(options.output, options.estimate, options.machines or 1, options.price):
            say(line)
        return True
    return CohortRun(options, say).run()


@dataclass
class CohortRun:
    """``run`` registers what is not finished; ``say`` hears a line for each pair as it ends, and the summary."""

    options: argparse.Namespace
    say: Callable[[str], object]
    errors: dict[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Whether all pairs are good or to be checked.

        :raises RegistrationError: the table, the folder or the workers cannot be used at all.
        """
        options = self.options
        pairs, notes = pairsOf(options)
        for note in notes:
            self.say(f"Note: {note}")
        digest = modelDigest(ModelStore(options.models), options.model)
        if not torchIsInstalled():
            from ..runtime.pytorch import importTorch

            importTorch()  # says so
        settings = resultSettings(options, digest)
        prepareOutput(options)
        with onlyRun(options.output):
            record = Record(options.output)
            record.refuseForeign(options.overwrite)
            if options.bids:
                bids.describeDerivatives(options.output, options.bids)
            open_ = [p for p in pairs if finishedReport(p, options.output, settings, readAgain=False) is None]
            if len(open_) < len(pairs):
                self.say(f"{len(pairs) - len(open_)} of {len(pairs)} pairs are finished already.")
            try:
                readable = [pair for pair in open_ if not self._isMissing(pair)]
                if readable:
                    self._register(readable, settings, record)
            finally:
                # Also when it was stopped: what is finished is in the table.
                counts = self._summarise(pairs, settings, record)
        said = ", ".join(f"{counts[grade]} {grade}" for grade in reversed(GRADES_BY_URGENCY) if counts[grade])
        log("cohort", pairs=len(pairs), verdicts=dict(counts), output=options.output)
        self.say(f"{len(pairs)} pairs: {said}. See {options.output / PAGE} and {TABLE}.")
        return not (counts["failed"] or counts[UNREAD])

    def _register(self, pairs: list[Pair], settings: dict[str, Any], record: Record) -> None:
        options = self.options
        models = None if options.models == MODELS_FOLDER else options.models.absolute()
        shared = {**vars(options), "threads": None, "models": models}
        tasks = [Task(pair, options.output.absolute(), shared, settings) for pair in pairs]
        loading: list[float] = []
        byName = {pair.name: pair for pair in pairs}
        started, done, workers, threads = time.perf_counter(), 0, 0, 0
        if options.scheduler:
            outcomes = registerOnCluster(tasks, options.scheduler, self.say)
        else:
            crew = share(options.jobs, options.threads, pairs)
            workers, threads = crew.workers, crew.threads
            if crew.note:
                self.say(f"Note: {crew.note}")
            outcomes = registerHere(tasks, workers, threads, loading)
        seconds = []
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                done += 1
                showProgress(done / len(pairs), f"{done} of {len(pairs)} pairs")
                said = self._said(outcome, byName, options.output)
                self.say(f"{done} of {len(pairs)}: {outcome.name}: {said}")
                error = self.errors.get(outcome.name)
                log("pair", name=outcome.name, done=done, of=len(pairs), verdict=None if error else said, error=error)
                if not (outcome.error or outcome.wasFinished):
                    seconds.append(outcome.seconds)
        if seconds and workers:
            wall = time.perf_counter() - started
            record.add(
                {
                    "pairs": len(seconds),
                    "wallSeconds": round(wall, 3),
                    "pairSeconds": [round(value, 3) for value in seconds],
                    "loadingSeconds": [round(value, 3) for value in loading],
                    "workers": workers,
                    "threads": threads,
                }
            )

    def _isMissing(self, pair: Pair) -> bool:
        """Whether a file of the pair is not there: no worker needs to start to say so."""
        for path in pair.inputs.values():
            if not path.exists():
                self.errors[pair.name] = f"{path} does not exist."
                self.say(f"{pair.name}: not registered. {self.errors[pair.name]}")
                log("pair", level="error", name=pair.name, verdict=None, error=self.errors[pair.name])
                return True
        return False

    def _said(self, outcome: Outcome, pairs: dict[str, Pair], output: Path) -> str:
        if outcome.error:
            self.errors[outcome.name] = outcome.error
            return f"not registered. {outcome.error}"
        report = readReport(pairs[outcome.name], output)
        if report is None:
            self.errors[outcome.name] = "Its result is not in the output folder, which the worker may not share."
            return self.errors[outcome.name]
        return str(report["verdict"]["grade"])

    def _summarise(self, pairs: list[Pair], settings: dict[str, Any], record: Record) -> Counter[str]:
        output = self.options.output
        found = {pair.name: finishedReport(pair, output, settings, readAgain=True) for pair in pairs}
        reports = {name: report for name, report in found.items() if report is not None and name not in self.errors}
        rows = rowsOf(pairs, reports, self.errors)
        record.write({TABLE: tableText(rows), PAGE: cohortHtml(rows)})
        return Counter(row.grade for row in rows)


def pairsOf(options: argparse.Namespace) -> tuple[list[Pair], list[str]]:
    """The pairs that the options name, and notes.

    :raises RegistrationError: there are none, or two have one output.
    """
    if options.pairs is not None:
        return table.readPairs(options.pairs)
    if options.bids is not None:
        return bids.findPairs(options.bids, options.suffix, options.template, options.fixed_mask)
    return globbed.findPairs(options.template, options.moving_glob, options.fixed_mask)


def prepareOutput(options: argparse.Namespace) -> None:
    """Make the folder of the cohort.

    :raises RegistrationError: it cannot be, or an input lies where a file of ours would.
    """
    output = options.output
    try:
        output.mkdir(parents=True, exist_ok=True)
        if not os.access(output, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise RegistrationError(f"The output folder {output} cannot be written: {error.strerror}.") from error
    for name in (TABLE, PAGE, RECORD):
        path = output / name
        if options.pairs is not None and path.exists() and path.samefile(options.pairs):
            raise RegistrationError(
                f"{path} would be overwritten by the table of results: choose another output folder."
            )
    if options.bids is not None and output.exists() and output.samefile(options.bids):
        raise RegistrationError(f"{output} is the dataset itself: choose another output folder for its derivatives.")
