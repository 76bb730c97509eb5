"""Seconds an iteration of the refinement and of the adaptation, with the shipped model.

python benchmarks/iterations.py [--threads 2]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LDRRegistration"))

import torch
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.refinement import Adaptation, Refinement, adapt, refine
from torch.utils import benchmark

SHAPES = ((64, 64, 64), (96, 112, 96))
ITERATIONS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    student = ModelStore().load()
    ways = {
        "refinement, half resolution": lambda fixed, moving: refine(
            fixed, moving, None, how=Refinement(steps=ITERATIONS)
        ),
        "refinement, full resolution": lambda fixed, moving: refine(
            fixed, moving, None, how=Refinement(steps=ITERATIONS, reduction=1)
        ),
        "adaptation, last two layers": lambda fixed, moving: adapt(
            student, fixed, moving, None, how=Adaptation(iterations=ITERATIONS, seconds=1e9, settled=0.0)
        ),
    }
    for shape in SHAPES:
        coarse = torch.rand(2, 1, *(n // 8 for n in shape))
        fixed, moving = torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear")[:, 0]
        for name, way in ways.items():
            timer = benchmark.Timer(
                "way(fixed, moving)",
                globals={"way": way, "fixed": fixed, "moving": moving},
                num_threads=options.threads,
            )
            median = timer.blocked_autorange(min_run_time=3.0).median
            print(f"{'x'.join(map(str, shape))}  {name}: {median / ITERATIONS:.3f} s an iteration")


if __name__ == "__main__":
    main()
