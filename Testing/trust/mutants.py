"""Mutation testing: do the tests notice small faults in the code about geometry, transforms and nodes?

python Testing/trust/mutants.py --output build/mutants --table docs/MUTANTS.md

A sample of the faults of mutations.py in each file; a fault is "killed" if the file's quick tests fail with it. What
survives must be explained in mutants.json, or a test is missing: exit status 1. Nothing is written into the source:
each fault lives in a forked process of its own. Results are kept, and only what changed is run again.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "LDRRegistrationLib"
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "LDRRegistration"), str(ROOT / "Testing")]

from mutations import Mutant, mutants, mutated

EXPLANATIONS = Path(__file__).with_suffix(".json")
SEED = 17
# The tests that should notice, the quickest first: "file" or "file::test".
TESTS = {
    "space/grid.py": [
        "space/test_grid.py", "space/test_transform.py::test_warp_agrees_with_itk",
        "space/test_transform.py::test_points_agree_with_itk",
    ],
    "space/transform.py": ["space/test_warp.py", "space/test_transform.py"],
    "space/catmullrom.py": [
        "space/test_catmullrom.py",
        "space/test_transform.py::test_separable_interpolation_is_the_pointwise_one",
        "space/test_transform.py::test_points_agree_with_itk", "space/test_transform.py::test_warp_agrees_with_itk",
        "mrml/test_transform_node.py::test_engine_node_file_and_itk_agree",
    ],
    "space/resample.py": ["space/test_resample.py", "space/test_transform.py"],
    "space/masks.py": [
        "space/test_weights.py", "registration/test_masks.py::test_masks_that_leave_nothing_are_refused",
    ],
    "mrml/matrices.py": ["mrml/test_volume_reading.py", "mrml/test_volumes.py"],
    "mrml/transforms.py": [
        "mrml/test_transform_node.py", "logic/test_results.py::test_the_inverse_is_an_inverse_and_is_read_by_others",
        "logic/test_results.py::test_the_inverse_carries_the_fixed_images_points_to_the_moving_image",
    ],
    "mrml/volumes.py": ["mrml/test_volumes.py"],
    "mrml/inverse.py": [
        "mrml/test_inverse.py",
        "logic/test_results.py::test_the_inverse_of_a_linear_transform_is_exact",
        "logic/test_results.py::test_the_inverse_carries_the_fixed_images_points_to_the_moving_image",
        "logic/test_results.py::test_the_inverse_is_an_inverse_and_is_read_by_others",
    ],
    "mrml/files.py": ["mrml/test_node_files.py", "mrml/test_transform_node.py"],
    "imagefiles/geometry.py": ["imagefiles/test_file_geometry.py", "imagefiles/test_nifti_placement.py"],
}  # fmt: skip
KILLED, SURVIVED, HUNG = "killed", "survived", "killed by time"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "mutants", help="folder of the results")
    parser.add_argument("--table", type=Path, help="write the table here")
    parser.add_argument("--only", action="append", choices=TESTS, help="this file alone (may be repeated)")
    parser.add_argument("--most", type=int, default=25, help="mutants of a file (default: 25)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    _warm()
    results, unexplained = {}, 0
    for name in options.only or TESTS:
        results[name] = run(name, options.most, options.output)
        for mutant, outcome in results[name]:
            if outcome == SURVIVED and not explanation(name, mutant):
                print(f"{name}:{mutant.line}: {[mutant.code, mutant.change, mutant.which]}")
                unexplained += 1
        print(name, dict(Counter(outcome for _, outcome in results[name])), flush=True)
    if options.table:
        options.table.parent.mkdir(exist_ok=True)
        options.table.write_text(table(results, options.most))
    return 1 if unexplained else 0


def run(name: str, most: int, output: Path) -> list[tuple[Mutant, str]]:
    """A sample of the mutants of a file, each with what became of it; what is known already is not run again."""
    source = (ROOT / "LDRRegistration" / LIBRARY / name).read_text()
    everything = mutants(source)
    sample = random.Random(f"{SEED} {name}").sample(everything, min(most, len(everything)))
    sample.sort(key=lambda mutant: (mutant.line, mutant.index, mutant.variant))
    tests = _digest("".join((ROOT / "Testing" / test.split("::")[0]).read_text() for test in TESTS[name]))
    store = output / f"{name.replace('/', '-')}.json"
    known = json.loads(store.read_text()) if store.exists() else {}
    if known.get("source") != _digest(source):
        known = {"source": _digest(source), "outcomes": {}}
    if known.get("tests") != tests:
        # More tests kill no fewer.
        outcomes = known["outcomes"]
        known.update(tests=tests, outcomes={key: outcome for key, outcome in outcomes.items() if outcome != SURVIVED})
        known["seconds"] = _unharmed(name)
    limit = 10.0 + 4.0 * known["seconds"]
    for mutant in sample:
        if mutant.key() not in known["outcomes"]:
            known["outcomes"][mutant.key()] = attempt(name, source, mutant, limit)
            store.write_text(json.dumps(known, indent=1))
    return [(mutant, known["outcomes"][mutant.key()]) for mutant in sample]


def attempt(name: str, source: str, mutant: Mutant | None, limit: float) -> str:
    """What the tests say of ``source`` with a fault, or, for None, as it is."""
    child = os.fork()
    if child == 0:
        status = 99
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            status = int(_tested(name, source, mutant))
        os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return SURVIVED if status == 0 else KILLED
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return HUNG


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Finds one module, and has another text for it."""

    def __init__(self, module: str, path: Path, code) -> None:
        self.module, self.path, self.code = module, path, code

    def find_spec(self, fullname, path, target=None):
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.module else None

    def get_filename(self, fullname):
        return str(self.path)

    def get_data(self, path):
        return Path(path).read_bytes()

    def get_code(self, fullname):
        return self.code


def _tested(name: str, source: str, mutant: Mutant | None) -> int:
    """In the forked process: pytest's status, with the fault in place of the module."""
    import pytest

    os.chdir(ROOT)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    if mutant is not None:
        path = ROOT / "LDRRegistration" / LIBRARY / name
        module = f"{LIBRARY}.{name.removesuffix('.py').replace('/', '.')}"
        sys.meta_path.insert(0, _Finder(module, path, compile(mutated(source, mutant), str(path), "exec")))
    with tempfile.TemporaryDirectory(dir=os.environ.get("MUTANTS_TEMPORARY")) as folder:
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception", f"--basetemp={folder}/t"]
        return pytest.main([*arguments, *(f"Testing/{test}" for test in TESTS[name])])


def _warm() -> None:
    """Import what takes long, once for all; of the library itself nothing stays, so that each process has its own."""
    import hypothesis
    import nibabel
    import pytest  # noqa: F401
    import scipy.ndimage
    import scipy.spatial
    import SimpleITK as sitk
    import slicer  # noqa: F401
    from LDRRegistrationLib.runtime.pytorch import importTorch

    importTorch().set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    # The same examples in every process, and none kept; that a fault was found is enough.
    hypothesis.settings.register_profile(
        "mutants", database=None, derandomize=True, phases=[hypothesis.Phase.generate], deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    assert nibabel and scipy.ndimage and scipy.spatial
    for module in [module for module in sys.modules if module.split(".")[0] in (LIBRARY, "support")]:
        del sys.modules[module]
    sys.dont_write_bytecode = True
    # Collecting garbage would copy the parent's memory into every process.
    gc.collect()
    gc.freeze()


def _unharmed(name: str) -> float:
    """Seconds that the tests take without a fault.

    :raises RuntimeError: they fail already.
    """
    start = time.monotonic()
    if attempt(name, "", None, 300.0) != SURVIVED:
        raise RuntimeError(f"The tests of {name} fail as it is: {' '.join(TESTS[name])}")
    return time.monotonic() - start


def explanation(name: str, mutant: Mutant) -> str:
    """Why it may survive; by the text of its line, so that lines may move."""
    for known in json.loads(EXPLANATIONS.read_text()):
        if (known["file"], *known["fault"]) == (name, mutant.code, mutant.change, mutant.which):
            return known["why"]
    return ""


def table(results: dict[str, list[tuple[Mutant, str]]], most: int) -> str:
    """The document: counts of each file, and every survivor with why."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    lines = [
        "# Mutation testing",
        "",
        "Small faults are put into the code about geometry, transforms and nodes, one at a time: operators,",
        "comparisons, signs, constants, index orders, transposes, conditions, dropped calls",
        "(`Testing/trust/mutations.py`). A fault is killed if the quick tests of its file fail. What survives changes",
        "nothing that counts, and says here why.",
        "",
        f"`python Testing/trust/mutants.py --table docs/MUTANTS.md`, at most {most} faults a file, seed {SEED};",
        f"commit {commit or 'unknown'}, {dt.date.today():%Y-%m-%d}.",
        "",
        "| file | faults there are | made | killed | survived | explained |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows, totals, survivors = [], Counter(), []
    for name, outcomes in results.items():
        left = [mutant for mutant, outcome in outcomes if outcome == SURVIVED]
        source = (ROOT / "LDRRegistration" / LIBRARY / name).read_text()
        counts = {
            "there": len(mutants(source)), "made": len(outcomes), "killed": len(outcomes) - len(left),
            "survived": len(left), "explained": sum(bool(explanation(name, mutant)) for mutant in left),
        }  # fmt: skip
        totals.update(counts)
        rows.append(f"| `{name}` | " + " | ".join(map(str, counts.values())) + " |")
        survivors += [(name, mutant) for mutant in left]
    rows.append("| all | " + " | ".join(str(totals[key]) for key in counts) + " |")
    lines += [*rows, "", "| file | line | fault | why it survives |", "|---|---:|---|---|"]
    for name, mutant in survivors:
        change = f"`{mutant.change}`" + (f" ({mutant.which})" if mutant.which else "")
        why = explanation(name, mutant) or "**not explained**"
        lines.append(f"| `{name}` | {mutant.line} | {change.replace('|', chr(92) + '|')} | {why} |")
    return "\n".join(lines) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
