"""Signals at any moment: the old result or the new one, whole, and no patient's voxels left behind."""

import json
import os
import signal
import time

import pytest
from LDRRegistrationLib.runtime.terminal import interruptsWait, signalsStop
from support.commandline import OUTPUTS, arguments_for, run, start
from test_outputs import _put

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def _wait_for_writing(process, output):
    while process.poll() is None and not list(output.glob(f".ldr-register-{process.pid}-*")):
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("number", "delay"),
    [
        (signal.SIGINT, 0.7),
        (signal.SIGTERM, 1.5),
        (signal.SIGHUP, 2.5),
        (signal.SIGTERM, None),
        (signal.SIGKILL, None),
    ],
)
def test_stopped_half_way_the_old_result_stays_and_nothing_else(files, tmp_path, number, delay):
    """``delay``: seconds; None: as soon as it writes."""
    output = tmp_path / "out"
    _put(output, ["transform.h5"], "old")
    process = start(arguments_for(files, output))
    if delay is None:
        _wait_for_writing(process, output)
    else:
        time.sleep(delay)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    left = sorted(path.name for path in output.iterdir())
    report = json.loads((output / "report.json").read_text())
    if report.get("content") != "old":  # faster than the signal, or so far that its result stands
        assert left == OUTPUTS and process.returncode in (0, -number, 128 + number)
        return
    assert (output / "transform.h5").read_text() == "old"
    if number == signal.SIGKILL:
        assert process.returncode == -number and any(name.startswith(".ldr-register-") for name in left)
        assert run(files, output) == 0
        assert sorted(path.name for path in output.iterdir()) == OUTPUTS
    else:
        assert left == ["report.json", "transform.h5"], left
        # Before the program runs at all it is Python, or the system, that ends it.
        assert process.returncode in (128 + number, -number), errors
        assert process.returncode < 0 or errors == "ldr-register: cancelled; nothing was written.\n"


def test_a_signal_that_is_ignored_stays_ignored():
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signalsStop() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            assert stop() and stop.status == 143
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_wait_where_they_must():
    with signalsStop(), pytest.raises(KeyboardInterrupt):
        with interruptsWait():
            signal.raise_signal(signal.SIGTERM)
            reached = True
    assert reached
