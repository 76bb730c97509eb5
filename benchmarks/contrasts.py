"""What the recognition of unlike contrasts says of pairs of one contrast and of pairs of two.

    python benchmarks/contrasts.py DATA

The validation pairs, the two visits of each patient of ms_longitudinal, all pairs of T1, T2 and FLAIR of one person and
of neighbours in ms_brains_multicontrast, the simulated CT. DATA is not bundled.
"""

import sys
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import pandas as pd
from aldk.data.config import read_config
from aldk.data.io import read_image
from aldk.evaluation.pairs import read_pairs
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.selfcheck import UNLIKE_CONTRASTS, SelfCheck
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.space.image import Image
from simulated import simulated_pairs

SEQUENCES = ("T1", "T2", "FLAIR")


def cases(root: Path) -> Iterator[tuple[str, Image, Image]]:
    """(kind, fixed, moving); the kind ends with "other" where the contrasts differ."""
    for name, description in read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"].items():
        for pair in read_pairs(root, description):
            yield name, pair.fixed, pair.moving
    for pair in simulated_pairs(root, "ct"):
        yield "simulated CT", pair.fixed, pair.moving
    for patient in sorted((root / "ms_longitudinal").glob("patient*")):
        for sequence in ("T1W", "FLAIR"):
            first, second = (patient / "raw" / f"study{number}_{sequence}.nii.gz" for number in (1, 2))
            yield f"two visits, {sequence}", read_image(first), read_image(second)
        for first, second in (("T1W", "FLAIR"), ("FLAIR", "T1W")):
            scans = (patient / "raw" / name for name in (f"study1_{first}.nii.gz", f"study2_{second}.nii.gz"))
            yield "two visits, T1W and FLAIR, other", *map(read_image, scans)
    folder = root / "ms_brains_multicontrast"
    people = sorted(folder.glob("patient*"))
    for person, other in pairwise(people):
        for sequence in SEQUENCES:
            yield f"two people, {sequence}", *(read_image(p / f"{sequence}.nii.gz") for p in (person, other))
    for person in people:
        for names in combinations(SEQUENCES, 2):
            yield f"{' and '.join(names)}, other", *(read_image(person / f"{name}.nii.gz") for name in names)


def main() -> None:
    models, rows = ModelStore(), []
    for kind, fixed, moving in cases(Path(sys.argv[1])):
        with mock.patch.object(SelfCheck, "unlikeness", autospec=True, side_effect=SelfCheck.unlikeness) as asked:
            register(fixed, moving, Settings(warp=False), models)
        value = SelfCheck.unlikeness(*asked.call_args.args)
        rows.append({"kind": kind, "unlikeness": value})
        print(kind, f"{value:.4f}", flush=True)
    frame = pd.DataFrame(rows)
    frame["taken for unlike"] = frame["unlikeness"] > UNLIKE_CONTRASTS
    table = frame.groupby("kind").agg(
        pairs=("unlikeness", "size"),
        least=("unlikeness", "min"),
        most=("unlikeness", "max"),
        unlike=("taken for unlike", "sum"),
    )
    print(f"\nunlike above {UNLIKE_CONTRASTS}\n{table.to_string(float_format='%.4f')}")


if __name__ == "__main__":
    main()
