"""Where the moving image is put before any deformation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.language import tr as _
from ..runtime.progress import Stages
from ..space.image import Image
from ..space.masks import Masks
from .pair import PairOnGrid
from .placement import PlacementComparison, searchAround
from .prealignment import prealign, prealignFrom
from .selfcheck import CheckedFlow, SelfCheck
from .settings import Prealignment, Settings

# No other placement is searched for where the LNCC after the pre-alignment, and the share of the fixed image that lies
# on something known, are at least these: two scans of one person, well aligned, are that alike.
NO_SEARCH_ABOVE_LNCC, NO_SEARCH_ABOVE_COVERAGE = 0.6, 0.3
# The pre-alignment begins anew from another placement whose total is more than so many times that of the one kept.
RESTART_ABOVE_FACTOR = 1.02


@dataclass(frozen=True)
class Placed:
    """Where the moving image lies before any deformation: as given, ``started``, and as kept, ``aligned``.

    ``affine`` is the latter: 4x4 from fixed to moving points, RAS mm.
    """

    affine: np.ndarray
    aligned: CheckedFlow
    started: CheckedFlow
    placement: PlacementComparison | None
    notes: list[str]


def place(
    pair: PairOnGrid,
    fixed: Image,
    moving: Image,
    settings: Settings,
    initialRas: np.ndarray | None,
    masks: Masks,
    stages: Stages,
    across: np.ndarray | None = None,
) -> Placed:
    """The pre-alignment, from where scanners put patients; and from wherever else, unless that is beyond doubt.

    :param fixed, moving: reduced for the pre-alignment.
    :param across: (3,), the unit vector in RAS along which nothing moves; None: everything may.
    """
    mode, selfCheck = settings.prealignment, pair.selfCheck
    start = np.eye(4) if initialRas is None else np.asarray(initialRas, dtype=np.float64)
    prealigned = prealign(fixed, moving, mode.value, initialRas, stages.check, masks, across)
    notes = [prealigned.note] if prealigned.note else []
    affine = prealigned.matrix
    aligned, started = selfCheck.unmoved(pair.moving(affine)), selfCheck.unmoved(pair.moving(start))
    if _worth(selfCheck, aligned) < _worth(selfCheck, started):
        affine, aligned = start, started
        notes.append(_("The pre-alignment did not make the images more alike: they stay as they were placed."))
    placement = None
    if aligned.similarity < NO_SEARCH_ABOVE_LNCC or selfCheck.coverage(aligned.warped) < NO_SEARCH_ABOVE_COVERAGE:
        placement = searchAround(fixed, moving, affine, masks, mode is Prealignment.AFFINE, stages.check, across)
        isFree = initialRas is None and mode is not Prealignment.NONE
        if isFree and placement.total > RESTART_ABOVE_FACTOR * placement.kept:
            turned = prealignFrom(placement.matrix, fixed, moving, mode.value, stages.check, masks, across).matrix
            there = selfCheck.unmoved(pair.moving(turned))
            if _worth(selfCheck, there) > _worth(selfCheck, aligned):
                affine, aligned, placement, notes = turned, there, placement.ofTheBest(), []
    return Placed(affine, aligned, started, placement, notes)


def _worth(selfCheck: SelfCheck, state: CheckedFlow) -> float:
    """The similarity over all that the fixed image shows, 0 beyond what is known: a small overlap is no good one."""
    return selfCheck.coverage(state.warped) * state.similarity
