"""How well change is found, in one table: patients with experts' masks, rescans of people in whom nothing changed, both
ways, lesions painted into real rescans, brain tumours with masks of both visits, CT with painted nodules; how often the
words for a place are right, and what the ventricles of rescans differ by.

    python benchmarks/change DATA [--only patients rescans simulations tumours ct people words ventricles]

DATA is the folder with ms_longitudinal, oasis_brains, brain_tumor_followup and abdomen_ct, which are not bundled.
A lesion counts from 50 mm3 on, connected by faces, edges or corners; it is found where a tenth of it lies in listed
regions; a region is false that holds no voxel of any lesion.
"""

import argparse
import sys
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parent),
    str(Path(__file__).resolve().parents[2] / "Testing"),
    str(Path(__file__).resolve().parents[2] / "LDRRegistration"),
]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import anatomical
import judged
import painted

PARTS = {
    "patients": judged.patients,
    "rescans": judged.rescans,
    "simulations": painted.simulations,
    "tumours": judged.tumours,
    "ct": painted.ct,
    "people": judged.people,
    "words": anatomical.words,
    "ventricles": anatomical.ventricles,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    print("| part | case | found | false regions | ml in all | remarks |\n|---|---|---|---|---|---|", flush=True)
    for name in options.only:
        for row in PARTS[name](options.data):
            print("| " + " | ".join([name, *row]) + " |", flush=True)


if __name__ == "__main__":
    main()
