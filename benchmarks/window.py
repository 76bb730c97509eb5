"""How the panel feels: its longest pause while a registration runs, how soon it cancels, what it adds to the engine.

    python benchmarks/window.py [--repeats 5] [--size 160 210 170]

The panel runs in a real window (off screen) over a real scene, with the shipped model; only the Slicer application is a
stand-in, so that views are not drawn. A timer in the window asks to be woken every 2 ms; a pause is the time between
two of its calls.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "Testing" / "gui"), str(ROOT / "LDRRegistration")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from harness import application
from harness.panel import is_idle
from harness.user import choose, click, wait_for

WAKE_MS = 2


class Pauses:
    """Records the time between two calls of a timer in the window."""

    def __init__(self) -> None:
        import qt

        self.seconds: list[float] = []
        self._last = time.perf_counter()
        self._timer = qt.QTimer()
        self._timer.setInterval(WAKE_MS)
        self._timer.connect("timeout()", self._wake)
        self._timer.start()

    def reset(self) -> None:
        self.seconds, self._last = [], time.perf_counter()

    def _wake(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", type=int, nargs=3, default=(160, 210, 170), help="voxels of 1 mm along i, j, k")
    arguments = parser.parse_args()

    application.install()
    import slicer
    from brainsized import brain_sized
    from LDRRegistrationLib.runtime.pytorch import importTorch
    from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
    from support.scene import add_volume

    importTorch()
    panel = application.open_module(ROOT / "LDRRegistration" / "LDRRegistration.py")
    module = sys.modules["LDRRegistration"]
    module.pytorch.installTorch = lambda askConfirmation=True: None
    module.DOUBLE_CLICK_SECONDS = 0.0
    shape = tuple(arguments.size[::-1])
    for path, name in ((CURRENT_FLAIR, "Current"), (PRIOR_FLAIR, "Prior")):
        add_volume(slicer.mrmlScene, brain_sized(read_image(path), shape), name)
    ui = panel.ui
    choose(ui.fixedVolumeSelector, "Current")
    choose(ui.movingVolumeSelector, "Prior")
    choose(ui.outputTransformSelector, "Create new Transform")
    choose(ui.outputVolumeSelector, "Create new ScalarVolume")
    pauses = Pauses()

    engine = []
    finished = panel.onRegistered

    def on_finished(job, result, published):
        engine.append(sum(result.seconds.values()))
        finished(job, result, published)

    panel.onRegistered = on_finished

    def run() -> float:
        start = time.perf_counter()
        click(ui.applyButton)
        wait_for(lambda: is_idle(panel), "the end of the run", seconds=300.0)
        return time.perf_counter() - start

    print(f"two volumes of {' x '.join(map(str, arguments.size))} voxels, with the warped volume, torch loaded")
    run()
    for preset in range(2):
        choose(ui.presetComboBox, ui.presetComboBox.itemText(preset))
        longest, added = [], []
        for _ in range(arguments.repeats):
            pauses.reset()
            seconds = run()
            longest.append(1000 * max(pauses.seconds))
            added.append(seconds - engine[-1])
        whole = statistics.median(engine[-len(added) :])
        print(
            f"{ui.presetComboBox.itemText(preset).partition(':')[0]}: longest pause, median "
            f"{statistics.median(longest):.0f}, worst {max(longest):.0f} ms; "
            f"click to result: the engine's {whole:.2f} s + {statistics.median(added):.2f} s"
        )
        waited = []
        for number in range(2 * arguments.repeats):
            click(ui.applyButton)
            end = time.perf_counter() + whole * (number + 0.5) / (2 * arguments.repeats)
            while time.perf_counter() < end and not is_idle(panel):
                slicer.app.processEvents()
            if is_idle(panel):
                continue
            start = time.perf_counter()
            click(ui.applyButton)
            wait_for(lambda: is_idle(panel), "the end of the run", seconds=300.0)
            waited.append(time.perf_counter() - start)
        print(f"   cancelled at {len(waited)} moments: {statistics.median(waited):.2f} s, at most {max(waited):.2f} s")
    click(ui.resultCollapsibleButton)
    choose(ui.carrySelector, "Prior")
    buttons = (
        "checkerboardButton",
        "differenceButton",
        "volumeChangeButton",
        "trustButton",
        "inverseButton",
        "carryButton",
    )
    for name in buttons:
        pauses.reset()
        start = time.perf_counter()
        click(getattr(ui, name))
        wait_for(lambda: is_idle(panel), "the end of the computation", seconds=300.0)
        seconds = time.perf_counter() - start
        print(f"{getattr(ui, name).text}: {seconds:.2f} s, longest pause {1000 * max(pauses.seconds):.0f} ms")
    slicer.modules.LDRRegistrationWidget.cleanup()
    panel.parent.close()


if __name__ == "__main__":
    main()
