"""Whether a picture of the documents is what today's program draws, but for what another processor rounds otherwise.

    python tools/same_picture.py demo/overview.png Resources/Screenshots/demo.png

Both have one size, and their pixels differ by at most MAXIMUM_MEAN_DIFFERENCE on average. The exit status is 1, with a
sentence, if they do not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

# Of gray values 0 to 255. On one processor both are equal to the bit; a shift by one pixel differs by 7.7.
MAXIMUM_MEAN_DIFFERENCE = 0.5


def difference(made: Path, kept: Path) -> str:
    """In words; empty if they are the same picture."""
    pictures = [sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.float64) for path in (made, kept)]
    if pictures[0].shape != pictures[1].shape:
        sizes = (" x ".join(map(str, picture.shape[1::-1])) for picture in pictures)
        return f"{made} has {next(sizes)} pixels, {kept} has {next(sizes)}."
    mean = float(np.abs(pictures[0] - pictures[1]).mean())
    if mean > MAXIMUM_MEAN_DIFFERENCE:
        return f"{made} and {kept} differ by {mean:.2f} of 255 on average: copy the new one, and look at it."
    return ""


def main() -> int:
    said = difference(Path(sys.argv[1]), Path(sys.argv[2]))
    print(said or "The same picture.", file=sys.stderr if said else sys.stdout)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
