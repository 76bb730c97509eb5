"""Whether a registration's result can be trusted: good, to be checked, or failed; and why, in a sentence.

That the images are more alike than before says nothing: any image can be bent to look more like any other. What tells
right from wrong is how far the best placement of the moving image stands out among all others (see placement.py).
Where images belong together it is 1.3 to 3 times better than the next; where they do not, or where the best one was
missed, others are as good. ``Testing/trust`` measures how often the grades are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..runtime.language import tr as _
from .placement import PlacementComparison

# Of PlacementComparison.margin: from here on a result is good; below the second nothing is known.
CLEAR_MARGIN, NO_MARGIN = 1.2, 1.1
# Of the totals: another placement is so many times better than the one that was kept; or the mirror image is. Heads
# are nearly symmetric: if one of two scans of a person is mirrored the mirror image fits 6 to 8 % better, but of two
# people's heads, neither mirrored, up to 2 % better (train pairs of Testing/trust/known_motions.py).
BETTER_ELSEWHERE, BETTER_MIRRORED = 1.2, 1.03
# No images that do not belong together, or lie wrongly, are so alike after the pre-alignment.
ALIKE = 0.42
# Images that show different things reach this much anywhere, and may reach it in one place more than in others.
HARDLY_ALIKE = 0.11
# Of what the fixed image shows: less of it inside the moving image is too little to trust.
MINIMUM_COVERAGE = 0.1
# Where so little of it does, it has to be this alike: the pre-alignment of a part may be off by a centimetre.
PART_COVERED, PART_ALIKE = 0.55, 0.38
# Of the totals: where the mirror image comes so near nothing tells left from right, as between two people's heads.
UNCLEAR_SIDE = 0.9
# From best to worst.
GRADES = ("good", "check", "failed")


@dataclass(frozen=True)
class Verdict:
    """``grade``: "good", "check" or "failed". ``sentence``: why, for the user; may be empty for "good"."""

    grade: str
    sentence: str


def verdictOn(placement: PlacementComparison | None, similarity: float, coverage: float) -> Verdict:
    """The verdict on a result whose linear part has this placement; None where it is beyond doubt.

    :param similarity: after the pre-alignment, on the network's grid, where both images are known.
    :param coverage: the share of what the fixed image shows that something known of the moving image lies on.
    """
    if placement is None:
        return Verdict("good", _("The images match closely."))
    if placement.mirrored > BETTER_MIRRORED * placement.total:
        return Verdict(
            "check",
            _("The mirror image of the moving image fits far better: left and right may be swapped in one of them."),
        )
    if placement.total > BETTER_ELSEWHERE * placement.kept:
        return Verdict(
            "check",
            _(
                "The images fit far better in another placement than in the one that was kept: leave out the "
                "initial transform, or choose a pre-alignment."
            ),
        )
    isAlike = similarity >= ALIKE
    if placement.margin < NO_MARGIN and not isAlike:
        return Verdict(
            "failed",
            _(
                "No placement of the moving image fits better than others: the images may not show the same "
                "thing, or too little of it."
            ),
        )
    if placement.margin < (NO_MARGIN if isAlike else CLEAR_MARGIN):
        return Verdict(
            "check",
            _("Another placement of the moving image fits nearly as well: compare the images before you go on."),
        )
    if similarity < HARDLY_ALIKE:
        return Verdict("check", _("The images are hardly alike where they were placed: compare them before you go on."))
    if coverage < PART_COVERED and similarity < PART_ALIKE:
        return Verdict(
            "check",
            _("A part of what the fixed image shows lies inside the moving image, and there they are hardly alike."),
        )
    if coverage < MINIMUM_COVERAGE:
        return Verdict(
            "check",
            _("Only {coverage:.0%} of what the fixed image shows lies inside the moving image.").format(
                coverage=coverage
            ),
        )
    if placement.mirrored > UNCLEAR_SIDE * placement.total:
        return Verdict(
            "good",
            _(
                "One placement of the moving image fits far better than all others; but its mirror image fits "
                "there nearly as well, so that the images do not say which side is left."
            ),
        )
    return Verdict("good", _("One placement of the moving image fits far better than all others."))
