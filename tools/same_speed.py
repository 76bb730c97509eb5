"""How long two checkouts take for the same pairs, one after the other, again and again.

    python tools/same_speed.py BEFORE AFTER [--data ../shared/data] [--preset fast] [--repeats 9] [--only NAME]

Machines get faster and slower by the minute: so both checkouts stay loaded, each in a process of its own, and take
turns with every single registration. Printed are the medians, their difference, and the median of the ratios of
neighbours. Without the data, which are not bundled, only the bundled pairs are timed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "LDRRegistration" / "Resources" / "SampleData"
BUNDLED = {
    "two visits": [SAMPLES / "ms_longitudinal_patient01" / f"study{n}_FLAIR.nii.gz" for n in (2, 1)],
    "hippocampi": [SAMPLES / "msd_hippocampus" / "images" / f"hippocampus_{n}.nii.gz" for n in ("001", "014")],
}
# Below the folder of the data.
OTHERS = {
    "two visits, patient12": [
        "ms_longitudinal/patient12/raw/study2_FLAIR",
        "ms_longitudinal/patient12/raw/study1_FLAIR",
    ],
    "brains": ["oasis_brains/1000_t1", "oasis_brains/1001_t1"],
    "brains, others": ["oasis_brains/1002_t1", "oasis_brains/1005_t1"],
    "livers": ["liver_4dmri/dataset18/cyc_1_10", "liver_4dmri/dataset18/cyc_3_10"],
}
SERVER = """
import json, sys, time
from LDRRegistrationLib.runtime.pytorch import importTorch
importTorch()
from aldk.data.io import read_image
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.registration.models import ModelStore
models, images = ModelStore(), {}
for line in sys.stdin:
    preset, *paths = json.loads(line)
    images = {path: images.get(path) or read_image(path) for path in paths}
    start = time.perf_counter()
    register(*images.values(), Settings(Preset(preset)), models)
    print(time.perf_counter() - start, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="a checkout")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--data", type=Path, help="folder of the images that are not bundled")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--only", default="", help="pairs whose name holds this")
    options = parser.parse_args()
    pairs = dict(BUNDLED)
    if options.data is not None:
        pairs |= {name: [options.data / f"{end}.nii.gz" for end in ends] for name, ends in OTHERS.items()}
    servers = [_server(checkout.resolve()) for checkout in (options.before, options.after)]
    for name, paths in pairs.items():
        if options.only not in name:
            continue
        question = json.dumps([options.preset, *map(str, paths)])
        # The first turn reads the images.
        turns = [[_ask(server, question) for server in servers] for _ in range(options.repeats + 1)][1:]
        before, after = (median(turn[side] for turn in turns) for side in (0, 1))
        ratio = median(turn[1] / turn[0] for turn in turns)
        print(
            f"{name}, {options.preset}: {before:.3f} -> {after:.3f} s ({after - before:+.3f} s), ratio {ratio:.2f}",
            flush=True,
        )
    for server in servers:
        server.communicate()


def _server(checkout: Path) -> subprocess.Popen[str]:
    folders = [str(checkout / "LDRRegistration"), str(checkout / "training")]
    code = f"import sys\nsys.path[:0] = {folders!r}\n{SERVER}"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(server: subprocess.Popen[str], question: str) -> float:
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(question + "\n")
    server.stdin.flush()
    return float(server.stdout.readline())


if __name__ == "__main__":
    main()
