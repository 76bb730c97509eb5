"""``ldr-register``: register two image files through the module's Logic on a real MRML scene, without Slicer."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .runtime.errors import RegistrationCancelled
from .runtime.jsonlog import jsonLog, log
from .runtime.startup import beginLoading, processIsCommand
from .runtime.terminal import complain, quietLibraries, say, show, signalsStop

if TYPE_CHECKING:
    from .registration.models import ModelStore

EXIT_FAILED = 3
# Of the report, in the log for programs.
LOGGED = ("verdict", "notes", "seconds")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0: done. 1: out of memory, or an error of the program, with a sentence that names a file to report. 2: bad input, in
    one sentence. 3: done, but the result is not to be trusted. 128 and the signal's number after Ctrl-C (130), SIGTERM
    (143) or SIGHUP (129). Nothing half-written is left.
    """
    started = time.perf_counter()
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Not at the top of the file: what it imports takes time, in which a thread loads machine code already.
    from .commandline.outputoptions import wantsJson

    with jsonLog(wantsJson(given), showsProgress="--quiet" not in given):
        status = _main(given, started)
        log("end", status=status, seconds=round(time.perf_counter() - started, 3))
    return status


def _main(arguments: list[str], started: float) -> int:
    from .commandline.failures import explained
    from .commandline.options import inputFiles, readOptions

    shown = os.environ.get("LDR_LOG")
    logging.basicConfig(level=shown or "CRITICAL", format="%(message)s")
    options = None
    with signalsStop() as stop:
        try:
            options = readOptions(arguments)
            if options.list_models:
                from .registration.models import ModelStore

                show(_modelLines(ModelStore(options.models)))
                return 0
            if options.list_series:
                from .commandline.dicominput import seriesLines

                show(seriesLines(options))
                return 0
            if options.isCohort:
                from .cohort.run import registerCohort

                return EXIT_FAILED if not registerCohort(options, (lambda line: None) if options.quiet else say) else 0
            with quietLibraries(), warnings.catch_warnings():
                if not shown:
                    warnings.simplefilter("ignore")
                from .commandline.filerun import LOADING, FileRun
                from .commandline.sequencerun import SequenceRun

                seconds = {LOADING: time.perf_counter() - started}
                run: FileRun | SequenceRun
                if options.sequence is None:
                    run = FileRun(options, stop, called=options.called, seconds=seconds)
                else:
                    run = SequenceRun(options, stop, seconds=seconds)
                run.register()
            log("result", output=options.output, written=run.written, **{name: run.report[name] for name in LOGGED})
            if not options.quiet:
                show(run.lines)
            return EXIT_FAILED if run.hasFailed else 0
        except (KeyboardInterrupt, RegistrationCancelled):
            isCohort = options is not None and options.isCohort
            complain("cancelled; " + ("what is finished stays finished." if isCohort else "nothing was written."))
            return stop.status
        except Exception as error:
            read, output = ([], None) if options is None else (inputFiles(options), options.output)
            status, sentence = explained(error, read, output)
            complain(sentence)
            return status


def _modelLines(models: ModelStore) -> list[str]:
    lines = []
    for card in models.cards():
        marks = [text for text, holds in (("default", card.isDefault), ("non-commercial", card.nonCommercial)) if holds]
        lines.append(f"{card.name}{' (' + ', '.join(marks) + ')' if marks else ''}: {card.title}")
        lines.append(f"    licence: {card.content.get('licence', 'not stated')}")
    return [*lines, *(f"Note: {problem}" for problem in models.problems.values())]


def run() -> None:
    """The command as a process of its own: ``main``, and the end of the process."""
    processIsCommand()
    if {"-o", "--output"} & set(sys.argv):
        beginLoading()
    status = main()
    # The files are there. To take the libraries down in order takes time, and could crash where a signal stopped them
    # in the middle of something.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
