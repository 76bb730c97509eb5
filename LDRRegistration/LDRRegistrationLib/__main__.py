"""``ldr-register``: register two image files through the module's Logic on a real MRML scene, without Slicer."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Sequence

from .commandline.dicominput import seriesLines
from .commandline.failures import explained
from .commandline.filerun import FileRun
from .commandline.options import inputFiles, readOptions
from .registration.models import ModelStore
from .runtime.errors import RegistrationCancelled
from .runtime.terminal import complain, quietLibraries, say, signalsStop

EXIT_FAILED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0: done. 1: out of memory, or an error of the program, with a sentence that names a file to report. 2: bad input, in
    one sentence. 3: done, but the result is not to be trusted. 128 and the signal's number after Ctrl-C (130), SIGTERM
    (143) or SIGHUP (129). Nothing half-written is left.
    """
    shown = os.environ.get("LDR_LOG")
    logging.basicConfig(level=shown or "CRITICAL", format="%(message)s")
    options = None
    with signalsStop() as stop:
        try:
            options = readOptions(arguments)
            if options.list_models:
                _show(_modelLines(ModelStore(options.models)))
                return 0
            if options.list_series:
                _show(seriesLines(options))
                return 0
            if options.isCohort:
                from .cohort.run import registerCohort

                return EXIT_FAILED if not registerCohort(options, (lambda line: None) if options.quiet else say) else 0
            with quietLibraries(), warnings.catch_warnings():
                if not shown:
                    warnings.simplefilter("ignore")
                run = FileRun(options, stop)
                run.register()
            if not options.quiet:
                _show(run.lines)
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


def _show(lines: list[str]) -> None:
    """Print what was done; that nobody can read it changes nothing about the result."""
    try:
        for line in lines:
            say(line)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            complain(f"The standard output cannot be written: {error.strerror}.")
        # Else Python would try again, and complain, at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """The command as a process of its own: ``main``, and the end of the process."""
    status = main()
    if status > 128:
        # The libraries were stopped in the middle of something; taking them down in order could crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    run()
