"""Seconds of one training step, and what of it the network itself takes, on made-up images of a brain's size.

    python benchmarks/training_step.py [-b LDR] [-g -1] [--shape 80 96 80] [--aldk]

The step is the trainer's own: losses, backward, clipping, Adam, moving average. The network's share is its forward and
backward alone. Data loading runs beside it and is in each run's log (waiting_percent).
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()  # before anything else does, as the module imports it

from aldk.commands import add_device_options, make_fabric
from aldk.data.pairs import Pair
from aldk.models import MODELS, Architecture, build_model
from aldk.run import Run
from aldk.schedule import Schedule
from aldk.strategies import make_strategy
from aldk.strategies.reconstruction import SIMILARITIES
from aldk.teachers import NetworkTeacher
from aldk.trainer import Trainer

CONFIG = ROOT / "training" / "configs" / "brain_t1.json"
WARM_UP = 3


def seconds(work, repeats: int) -> float:
    """Mean of ``repeats`` calls, since steps differ (ALDK); the GPU's queue is emptied before and after each."""
    times = []
    for number in range(WARM_UP + repeats):
        synchronize()
        start = time.perf_counter()
        work()
        synchronize()
        if number >= WARM_UP:
            times.append(time.perf_counter() - start)
    return statistics.mean(times)


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-b", "--base_network", choices=sorted(MODELS), default="LDR")
    parser.add_argument("--shape", type=int, nargs=3, default=[80, 96, 80])
    parser.add_argument("--loss", choices=SIMILARITIES, default="lncc")
    parser.add_argument("--aldk", action="store_true", help="with a VTN teacher, every third step adversarial")
    parser.add_argument("--repeats", type=int, default=30)
    add_device_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    fabric = make_fabric(options)
    torch.manual_seed(0)
    images = torch.nn.functional.interpolate(torch.rand(2, 1, 10, 12, 10), size=options.shape, mode="trilinear")
    fixed, moving = images[:1], images[1:]
    pair = Pair(fixed, moving, fixed, moving, names=(("a", "b"),))
    teacher = NetworkTeacher(build_model("VTN")) if options.aldk else None
    strategy = make_strategy("aldk" if options.aldk else "unsupervised", {"kind": options.loss}, teacher)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), CONFIG, Architecture(options.base_network), Schedule(iterations=100_000))
        trainer = Trainer(fabric, run, strategy)
        step = seconds(lambda: trainer.step(pair), options.repeats)
        on_device = [fabric.to_device(image) for image in (fixed, moving)]

        def alone() -> None:
            trainer.network(*on_device).square().mean().backward()
            trainer.optimizer.zero_grad(set_to_none=True)

        network = seconds(alone, options.repeats)
    where = torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else f"{options.threads} threads"
    print(
        f"{options.base_network}, {' x '.join(map(str, options.shape))}, {options.loss}, {where}: a step {step:.3f} s, "
        f"forward and backward of the network {network:.3f} s ({100 * network / step:.0f} %)"
    )


if __name__ == "__main__":
    main()
