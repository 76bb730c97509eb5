"""From two volume nodes in memory to a finished transform node: medians by stage, with torch and the model loaded.

    python benchmarks/click.py [--fixed F --moving M] [--preset fast] [--repeats 9]

Without files it takes the bundled follow-up pair, resampled to 1 mm and 160 x 210 x 170 voxels, the size of a
brain scan. The student is also set against its arithmetic floor: its multiplications at the speed of a large matrix
product measured in the same run.
"""

import argparse
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / "Testing"),
    str(Path(__file__).resolve().parents[1] / "LDRRegistration"),
]

from brainsized import brain_sized
from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()  # before anything else does, as the module imports it

from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.registration.settings import Preset, Settings
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
from support.scene import add_volume, newScene


def matrix_product_gflops() -> float:
    """Billions of floating-point operations a second in a large single-precision matrix product."""
    a, b = torch.rand(1536, 1536), torch.rand(1536, 1536)
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - start)
    return 2 * 1536**3 / min(seconds) / 1e9


def student_gflop(module: torch.nn.Module, voxels: int) -> float:
    """Operations of the paper's LDR at half-resolution flow (reading "half") on a grid of ``voxels``."""
    weights = {name.split(".")[0]: p.numel() for name, p in module.named_parameters() if name.endswith("weight")}
    # Each strided convolution meets its weights once an output voxel, each transposed one once an input voxel.
    places = {
        "encoder1": 8,
        "encoder2": 64,
        "encoder3": 512,
        "encoder4": 4096,
        "decoder3": 4096,
        "decoder2": 512,
        "flow": 64,
    }
    return sum(2 * weights[layer] * voxels / share for layer, share in places.items()) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixed", type=Path)
    parser.add_argument("--moving", type=Path)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--volume", action="store_true", help="also make the warped volume")
    options = parser.parse_args()
    if options.fixed and options.moving:
        fixed, moving = read_image(options.fixed), read_image(options.moving)
    else:
        fixed, moving = brain_sized(read_image(CURRENT_FLAIR)), brain_sized(read_image(PRIOR_FLAIR))
    scene = newScene()
    fixed_node, moving_node = add_volume(scene, fixed, "fixed"), add_volume(scene, moving, "moving")
    transform_node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    warped_node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "W") if options.volume else None
    logic = RegistrationLogic()
    totals, stages = [], {}
    for repeat in range(options.repeats + 1):
        start = time.perf_counter()
        result = logic.registerVolumes(
            fixedVolumeNode=fixed_node,
            movingVolumeNode=moving_node,
            outputTransformNode=transform_node,
            outputVolumeNode=warped_node,
            preset=Preset(options.preset),
            model=options.model,
        )
        total = time.perf_counter() - start
        if repeat == 0:  # loads torch and the model
            continue
        totals.append(total)
        for stage, seconds in {**result.seconds, "Nodes": total - sum(result.seconds.values())}.items():
            stages.setdefault(stage, []).append(seconds)
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {options.preset}")
    print(f"fixed {' x '.join(map(str, fixed.array.shape[::-1]))}, model {result.model}, {options.repeats} runs")
    for stage, seconds in stages.items():
        print(f"  {stage:22s} {statistics.median(seconds):7.3f} s")
    print(
        f"  {'total, median':22s} {statistics.median(totals):7.3f} s   (min {min(totals):.3f}, max {max(totals):.3f})"
    )
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB; {result.summary}")

    student = logic.models.load(options.model)
    grid = Settings(Preset(options.preset)).recipe.grid(student.card, fixed.grid, moving.grid)
    image = torch.rand(grid.shape)
    seconds = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        student.predict(image, image)
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(f"  student on {' x '.join(map(str, grid.shape[::-1]))}: {median:.3f} s")
    if student.card.content["architecture"] == "LDR":
        gflop, rate = student_gflop(student.module, int(np.prod(grid.shape))), matrix_product_gflops()
        floor = gflop / rate
        print(f"  {gflop:.1f} GFLOP; floor at {rate:.0f} GFLOP/s {floor:.3f} s; ratio {median / floor:.2f}")


if __name__ == "__main__":
    main()
