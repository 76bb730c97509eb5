r"""Make the small picture by which the module recognises what a model was made for (LDRRegistrationLib/recognition.py).

python training/template.py --looks T1.nii.gz --unlike FLAIR.nii.gz \
    --output training/datasets/t1-brain.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from aldk.commands import run_command
from aldk.data.io import read_image
from LDRRegistrationLib.geometry import Grid, canonicalGrid
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.intensity import guessModality, normalise
from LDRRegistrationLib.resample import reduceToSpacing, sampleOnGrid
from LDRRegistrationLib.tensors import toArray

MARGIN = 1


def on_grid(image: Image, grid: Grid, spacing: float) -> np.ndarray:
    """(k, j, i) in [0, 1]: block means of ``image`` at the points of ``grid``."""
    reduced = reduceToSpacing(image, spacing)
    return toArray(sampleOnGrid(normalise(reduced.array, guessModality(reduced)), reduced.ijkToRas, grid))


def work(options: argparse.Namespace) -> None:
    looks, unlike = read_image(options.looks), read_image(options.unlike)
    grid = canonicalGrid(looks.grid, options.spacing)
    values = on_grid(looks, grid, options.spacing)
    places = np.argwhere(values > 0.05)
    start = np.maximum(places.min(axis=0) - MARGIN, 0)
    stop = np.minimum(places.max(axis=0) + 1 + MARGIN, values.shape)
    shift = np.eye(4)
    shift[:3, 3] = start[::-1]
    cropped = Grid(tuple(int(n) for n in stop - start), grid.ijkToRas @ shift)
    np.savez_compressed(
        options.output,
        looks=on_grid(looks, cropped, options.spacing).astype(np.float16),
        unlike=on_grid(unlike, cropped, options.spacing).astype(np.float16),
        ijkToRas=cropped.ijkToRas,
        least=options.least,
        margin=options.margin,
    )
    print(f"{options.output}: {cropped.shape} of {options.spacing:g} mm")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=Path, required=True, help="an image of what the model was made for")
    parser.add_argument("--unlike", type=Path, required=True, help="the same object, aligned, in another contrast")
    parser.add_argument("--output", type=Path, required=True, help="npz, beside the model's card")
    parser.add_argument("--spacing", type=float, default=6.0, help="mm")
    parser.add_argument("--least", type=float, default=0.7, help="correlation that an image must have with the first")
    parser.add_argument("--margin", type=float, default=0.08, help="and by how much more than with the second")
    return run_command("template.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
