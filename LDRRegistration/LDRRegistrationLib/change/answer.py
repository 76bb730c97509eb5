"""The verdict on a comparison, and the worse of it and the alignment's."""

from __future__ import annotations

from ..registration.verdict import GRADES, Verdict
from ..runtime.language import tr as _
from .changemap import ChangeMap
from .detectionlimit import DetectionLimit
from .uncompared import OUTSIDE_MASKS

# Of what ought to be compared: where more is not, the answer holds for a part.
MUCH_UNCOMPARED = 0.2


def judgeComparison(changeMap: ChangeMap, limit: DetectionLimit | None = None) -> Verdict:
    """ "good", or "check" with the reasons: doubts, much that was not compared, or lesions that would be missed."""
    why = list(changeMap.doubts)
    # What the user's own masks leave out is not wanted.
    missing = int(((changeMap.uncompared > 0) & (changeMap.uncompared != OUTSIDE_MASKS)).sum())
    share = missing / max(missing + int(changeMap.mask.sum()), 1)
    if share > MUCH_UNCOMPARED:
        why.append(_("{share:.0%} of what ought to be compared is not.").format(share=share))
    if limit is not None and limit.isPoor:
        why.append(_("Most lesions painted into this pair would be missed."))
    return Verdict("check" if why else "good", " ".join(why))


def worse(alignment: Verdict, comparison: Verdict) -> Verdict:
    """The lower grade of the two, with the reasons of whichever is not good."""
    grade = max(alignment.grade, comparison.grade, key=GRADES.index)
    if comparison.grade == "good":
        return alignment
    reasons = [comparison.sentence] if alignment.grade == "good" else [alignment.sentence, comparison.sentence]
    return Verdict(grade, " ".join(reason for reason in reasons if reason))
