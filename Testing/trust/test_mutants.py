"""The runner of mutants.py tells a fault that is noticed from one that is not; what is explained is still there."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import mutants
from mutations import mutants as faults
from mutations import mutated

LIBRARY = mutants.ROOT / "LDRRegistration" / mutants.LIBRARY

# Of one process, so that what takes long is imported once.
SCRIPT = """
import mutants
mutants._warm()
name = "space/grid.py"
source = (mutants.ROOT / "LDRRegistration" / mutants.LIBRARY / name).read_text()
fault = next(m for m in mutants.mutants(source) if m.change == "np.linalg.inv(self.ijkToRas) -> self.ijkToRas")
for tests in ("space/test_grid.py", "space/test_weights.py::test_the_least_around_a_voxel"):
    mutants.TESTS[name] = [tests]
    print(mutants.attempt(name, source, None, 60.0), "|", mutants.attempt(name, source, fault, 60.0))
print(mutants.attempt(name, source, fault, 0.01))
"""


def test_faults_of_every_kind_are_made_one_at_a_time():
    source = "def f(a, b):\n    if a < 1 and b:\n        g(a)\n    return (a @ b).T - abs(-a), 2.5, [a, b][::-1]\n"
    found = {mutant.change for mutant in faults(source)}
    for change in (
        "a < 1 -> a <= 1", "a < 1 -> a >= 1", "a < 1 and b -> a < 1 or b", "g(a) -> pass", "a @ b -> b @ a", "1 -> 2",
        "(a @ b).T -> a @ b", "abs(-a) -> -a", "-a -> a", "2.5 -> -2.5", "[a, b][::-1] -> [a, b]", "[a, b] -> [b, a]",
        "(a @ b).T - abs(-a) -> (a @ b).T + abs(-a)", "if a < 1 and b: -> if not (a < 1 and b):",
    ):  # fmt: skip
        assert change in found
    texts = [ast.unparse(mutated(source, mutant)) for mutant in faults(source)]
    assert ast.unparse(ast.parse(source)) not in texts
    for text in texts:
        compile(text, "source", "exec")


def test_what_is_explained_is_still_in_the_source():
    explained = json.loads(mutants.EXPLANATIONS.read_text())
    for name in {known["file"] for known in explained}:
        there = {(mutant.code, mutant.change, mutant.which) for mutant in faults((LIBRARY / name).read_text())}
        for known in explained:
            assert known["file"] != name or (tuple(known["fault"]) in there and len(known["why"]) > 20)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each fault lives in a forked process")
def test_a_fault_is_killed_by_the_tests_that_look_at_it_and_survives_others():
    paths = [Path(__file__).parent, mutants.ROOT / "LDRRegistration", mutants.ROOT / "Testing"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.splitlines() == ["survived | killed", "survived | survived", "killed by time"]
