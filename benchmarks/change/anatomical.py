"""How often the words for a place are right, and how well the change of the ventricles is measured."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from judged import RESCANS, Row, compared
from LDRRegistrationLib.change.searchregion import findSearchRegion
from LDRRegistrationLib.change.whereabouts import findAnatomy
from LDRRegistrationLib.space.grid import transformPoints
from support.data import read_image

# People of the validation split, once each; the constants were set on people of the train split.
BRAINS = ("1005", "1110", "1116")
# Structures by the second word of their name, or the name without its side.
STRUCTURES = {
    "frontal": "AOrG FO FRP GRe IFG IOrG LOrG MFC MFG MOrG MPrG MSFG OFC OpIFG OrIFG POrG PrG SCA SFG SMC TrIFG",
    "parietal": "AnG MPoG PCu PO PoG SMG SPL",
    "temporal": "Ent FuG ITG MTG PHG PP PT STG TMP TTG Hippocampus Amygdala",
    "occipital": "Calc Cun IOG LiG MOG OCP OFuG SOG",
    "deep": "Caudate Putamen Pallidum Thalamus AIns PIns Accumbens",
    "cerebellum": "Cerebellum Cerebellar",
    "brainstem": "Brain",
}
PLACES, BALL_MM, BALL_POINTS = 20, 4.0, 60
VENTRICLES = ("3rd Ventricle", "Right Lateral Ventricle", "Left Lateral Ventricle")


def words(data: Path) -> Iterator[Row]:
    """Balls around random voxels of labelled structures: is the side named right, and is the lobe among those named?"""
    names = _names(data)
    lobe_of = {word: lobe for lobe, listed in STRUCTURES.items() for word in listed.split()}
    counts = {lobe: [0, 0, 0] for lobe in STRUCTURES}
    sides = [0, 0, 0]
    for number, person in enumerate(BRAINS):
        rng = np.random.default_rng(number)
        image, labels = (read_image(data / "oasis_brains" / f"{person}_{kind}.nii.gz") for kind in ("t1", "labels"))
        anatomy = findAnatomy(findSearchRegion(image).mask, image.grid)
        for label in np.unique(labels.array).astype(int):
            name = names.get(label, "").split()
            side = name[0].lower() if name and name[0] in ("Right", "Left") else ""
            lobe = lobe_of.get(name[1] if side else name[0]) if name else None
            voxels = np.argwhere(labels.array == label)
            if lobe is None or anatomy is None or len(voxels) < PLACES:
                continue
            for middle in transformPoints(labels.ijkToRas, rng.choice(voxels, PLACES, replace=False)[:, ::-1]):
                ball = rng.normal(size=(BALL_POINTS, 3))
                ball *= BALL_MM * rng.uniform(size=(BALL_POINTS, 1)) ** (1 / 3) / np.linalg.norm(ball, axis=1)[:, None]
                said = anatomy.words(middle + ball)
                is_right = lobe in said or ("infratentorial" in said and lobe in ("cerebellum", "brainstem"))
                counts[lobe][0] += 1
                counts[lobe][1] += is_right
                counts[lobe][2] += len(said.split()) == 1
                if side:
                    sides[0] += 1
                    sides[1] += side in said
                    sides[2] += "midline" in said
    for lobe, (asked, right, unsaid) in counts.items():
        yield (f"{lobe}, places named rightly", f"{right} of {asked}", "", "", f"{unsaid} without a name")
    asked, right, middle = sides
    yield ("side", f"{right} of {asked}", "", "", f'{middle} called "midline"')


def ventricles(data: Path) -> Iterator[Row]:
    """Rescans, in whom nothing changed, both ways; beside it what the labels of the first scan come to."""
    names = _names(data)
    for first, second, use in RESCANS:
        for pair in ((first, second), (second, first)):
            current, prior = (read_image(data / "oasis_brains" / f"{name}_t1.nii.gz") for name in pair)
            labels = read_image(data / "oasis_brains" / f"{pair[0]}_labels.nii.gz")
            inside = np.isin(labels.array, [n for n, name in names.items() if name in VENTRICLES])
            labelled = inside.sum() * float(np.prod(labels.grid.spacing)) / 1000.0
            found = compared(current, prior)[1].ventricles
            if found is None:
                yield ("/".join(pair), "none", "", "", use)
                continue
            percent = 100.0 * found.changeMl / found.beforeMl
            remark = (
                f"{use}; {found.nowMl:.1f} ml, labels {labelled:.1f} ml; change {percent:+.1f} % of them, "
                f"{found.percentOfBrain:+.3f} % of the brain"
            )
            yield ("/".join(pair), "", str(int(found.isChanged)), f"{found.changeMl:+.2f}", remark)


def _names(data: Path) -> dict[int, str]:
    lines = (data / "oasis_brains" / "labels.csv").read_text().splitlines()[1:]
    return {int(line.split(",")[0]): line.split(",")[1] for line in lines if line}
