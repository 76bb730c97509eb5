"""Many volumes of one patient, one after the other in time, registered to one of them, to their mean, or to the next.

Everything here is arrays in world RAS millimetres; no MRML, no Qt, any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, portion
from ..space.grid import transformPoints
from ..space.image import Image, Modality
from ..space.intensity import BODY_SHARE, normalised
from ..space.sampledvalues import AIR_HU
from ..space.transform import DisplacementField, Transform
from ..space.validity import checkedImage
from .composing import carriedOnto, composed
from .models import ModelStore
from .positioning import NO_SEARCH_ABOVE_LNCC
from .register import RegistrationResult, register
from .settings import Prealignment, Settings
from .verdict import Verdict

MEAN, NEXT = "mean", "next"
# Of the mean: one of blurred frames, and one of frames that were registered to it.
MEAN_ROUNDS = 2
# Frames less alike than NO_SEARCH_ABOVE_LNCC are registered the other way round, too. Where points that go there and
# back end further from where they began than this many mm, and than this share of how far they went, noise was
# followed.
MAXIMUM_ASTRAY_MM, MAXIMUM_ASTRAY_SHARE = 1.0, 0.5
ASTRAY_POINTS = 2000
# Frames that far from one another, in standard deviations, do not count as neighbours in time.
NEIGHBOUR_REACH_SDS = 3.0


@dataclass
class RegisteredFrame:
    """``transform`` maps points of ``fixed`` to points of the frame. ``result`` is None for the reference itself.

    ``isWarm``: the search began where the neighbour frame had ended.
    """

    fixed: Image
    transform: Transform
    verdict: Verdict = field(default_factory=lambda: Verdict("good", ""))
    result: RegistrationResult | None = None
    isWarm: bool = False


def registerFrames(
    frames: Sequence[Image],
    towards: int | str | Image,
    settings: Settings,
    models: ModelStore,
    *,
    startsWarm: bool = True,
    smoothFrames: float = 0.0,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
) -> list[RegisteredFrame | None]:
    """A transform a frame, in their order; None for the last frame where each is registered to the next.

    :param towards: the number of a frame, from 0; an image; "mean", of all frames; or "next": each to its follower.
    :param startsWarm: begin with the transform of the neighbour that is nearer to the reference, and find what is left.
        A frame for which that fails is registered from scratch.
    :param smoothFrames: standard deviation, in frames, of the Gaussian by which transforms are smoothed in time; 0 is
        not at all. Where each frame is registered to the next they are no motion over time, and cannot be smoothed.
    :raises RegistrationError: there is no such frame, or one cannot be registered.
    :raises RegistrationCancelled: ``cancelled`` returned true.
    """
    if isinstance(towards, int) and not 0 <= towards < len(frames):
        raise RegistrationError(
            _("There is no frame {referenceFrame}: the sequence has {count}.").format(
                referenceFrame=towards, count=len(frames)
            )
        )
    rounds = MEAN_ROUNDS if towards == MEAN else 1
    total = rounds * len(frames)
    done = 0

    def one(fixed: Image, number: int, neighbour: RegisteredFrame | None) -> RegisteredFrame:
        nonlocal done

        def tell(fraction: float, stage: str) -> None:
            if progress is not None:
                text = _("Frame {number} of {count}: {stage}")
                progress((done + fraction) / total, text.format(number=number + 1, count=len(frames), stage=stage))

        start = neighbour.transform if startsWarm and neighbour is not None else None
        found = _registered(fixed, frames[number], start, settings, models, tell, cancelled)
        done += 1
        return found

    if towards == NEXT:
        if smoothFrames > 0:
            raise RegistrationError(_("Transforms from each frame to the next cannot be smoothed in time."))
        return [*(one(frames[number + 1], number, None) for number in range(len(frames) - 1)), None]
    found: list[RegisteredFrame] = []
    reference = towards if isinstance(towards, int) else 0
    for turn in range(rounds):
        if towards == MEAN:
            fixed = meanOf(frames, [frame.transform for frame in found] if turn else None)
        else:
            fixed = frames[towards] if isinstance(towards, int) else towards  # type: ignore[assignment]
        found = _outwards(fixed, frames, reference, isinstance(towards, int), one)
    if smoothFrames > 0:
        _smooth(found, smoothFrames, settings.prealignment is Prealignment.RIGID)
    return list(found)


def meanOf(frames: Sequence[Image], transforms: Sequence[Transform] | None = None) -> Image:
    """The mean of all frames on the grid of the first, each carried there by its transform, if there are any.

    At each place it is that of the frames that are known there; where none is, it is not known either.
    """
    total = np.zeros(frames[0].array.shape)
    count = np.zeros(frames[0].array.shape, np.int32)
    for number, frame in enumerate(frames):
        image = checkedImage(frame, fewSlices=True)
        if transforms is not None:
            image = carriedOnto(image, transforms[number], frames[0].grid)
        total += image.array if image.known is None else np.where(image.known, image.array, 0.0)
        count += 1 if image.known is None else image.known
    values = (total / np.maximum(count, 1)).astype(np.float32)
    mean = Image(values, frames[0].ijkToRas, _("mean"), modality=image.modality)
    isKnown = count > 0
    if isKnown.all():
        return mean
    padding = AIR_HU if image.modality is Modality.CT else float(values[isKnown].min())
    values[~isKnown] = padding
    return replace(mean, known=isKnown, padding=padding)


def verdictOfAll(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst grade of a sequence's frames, with their numbers in the sentence."""
    frames = {
        grade: [n for n, verdict in enumerate(verdicts) if verdict.grade == grade] for grade in ("failed", "check")
    }
    texts = {"failed": _("failed at {numbers}"), "check": _("check at {numbers}")}
    said = [texts[grade].format(numbers=", ".join(map(str, found))) for grade, found in frames.items() if found]
    worst = next((grade for grade, numbers in frames.items() if numbers), "good")
    return Verdict(worst, _("Frames (from 0): {said}.").format(said="; ".join(said)) if said else "")


def _outwards(
    fixed: Image,
    frames: Sequence[Image],
    reference: int,
    isFrame: bool,
    one: Callable[[Image, int, RegisteredFrame | None], RegisteredFrame],
) -> list[RegisteredFrame]:
    """From the reference to both ends, each frame after the neighbour that it may start from."""
    found: dict[int, RegisteredFrame] = {}
    if isFrame:
        found[reference] = RegisteredFrame(fixed, Transform(np.eye(4)))
    for numbers, step in ((range(reference - 1, -1, -1), -1), (range(reference, len(frames)), 1)):
        for number in numbers:
            if number not in found:
                found[number] = one(fixed, number, found.get(number - step))
    return [found[number] for number in range(len(frames))]


def _registered(
    fixed: Image,
    frame: Image,
    start: Transform | None,
    settings: Settings,
    models: ModelStore,
    progress: ProgressCallback | None,
    cancelled: CancelCallback | None,
) -> RegisteredFrame:
    if start is not None and (start.field is not None or not np.array_equal(start.affine, np.eye(4))):
        carried = carriedOnto(checkedImage(frame, fewSlices=True), start, fixed.grid)
        rest = replace(settings, prealignment=Prealignment.NONE, warp=False)
        result = register(fixed, carried, rest, models, None, portion(progress, 0.0, 0.5), cancelled)
        if result.verdict.grade == "good" and _thereAndBack(result, fixed, carried, rest, models, cancelled) is None:
            return RegisteredFrame(fixed, composed(start, result.transform), result.verdict, result, isWarm=True)
        progress = portion(progress, 0.5, 1.0)
    rest = replace(settings, warp=False)
    result = register(fixed, frame, rest, models, None, progress, cancelled)
    doubt = _thereAndBack(result, fixed, frame, rest, models, cancelled)
    return RegisteredFrame(fixed, result.transform, doubt or result.verdict, result)


def _thereAndBack(
    result: RegistrationResult,
    fixed: Image,
    frame: Image,
    settings: Settings,
    models: ModelStore,
    cancelled: CancelCallback | None,
) -> Verdict | None:
    """A verdict of "check" on frames whose deformation does not come back when it is found the other way round.

    Where two frames are hardly alike, as with another contrast, a deformation is made to the noise of both. None where
    all is well, or where that is not in question.
    """
    isInQuestion = result.verdict.grade == "good" and result.transform.field is not None
    if not isInQuestion or result.similarityPrealigned >= NO_SEARCH_ABOVE_LNCC:
        return None
    start = np.linalg.inv(result.transform.affine)
    back = register(frame, fixed, settings, models, start, None, cancelled).transform
    isBody = normalised(checkedImage(fixed, fewSlices=True)).array > BODY_SHARE
    indices = np.argwhere(isBody)[:, ::-1]
    points = transformPoints(fixed.ijkToRas, indices[:: max(1, len(indices) // ASTRAY_POINTS)])
    there = result.transform.points(points)
    astray = float(np.linalg.norm(back.points(there) - points, axis=1).mean())
    bent = float(np.linalg.norm(there - transformPoints(result.transform.affine, points), axis=1).mean())
    if astray <= max(MAXIMUM_ASTRAY_MM, MAXIMUM_ASTRAY_SHARE * bent):
        return None
    return Verdict(
        "check",
        _(
            "Registered there and back, points end {astray:.1f} mm from where they began, of {bent:.1f} mm of "
            "deformation: the frames are hardly alike, and it may follow their noise."
        ).format(astray=astray, bent=bent),
    )


def _smooth(found: list[RegisteredFrame], sigma: float, isRigid: bool) -> None:
    """Gaussian over time, of the matrices and of the displacements apart; failed frames lend nothing to others.

    What maps the reference to itself stays as it is.
    """
    fields = [frame.transform.field for frame in found]
    grids = [one.grid for one in fields if one is not None]
    grid = None
    for other in grids:
        grid = other if grid is None else grid.covering(other)
    affines = np.array([frame.transform.affine for frame in found])
    vectors = None
    if grid is not None:
        points = grid.pointsRas()
        zero = np.zeros((*grid.shape, 3), np.float32)
        vectors = [zero if one is None else one.at(points).astype(np.float32) for one in fields]
    numbers = np.arange(len(found))
    counts = np.array([frame.verdict.grade != "failed" for frame in found], dtype=float)
    for number, frame in enumerate(found):
        if frame.result is None:
            continue
        apart = (numbers - number) / sigma
        weights = np.exp(-0.5 * apart**2) * (np.abs(apart) <= NEIGHBOUR_REACH_SDS) * counts
        if weights.sum() == 0:
            continue
        weights /= weights.sum()
        affine = np.tensordot(weights, affines, axes=1)
        if isRigid:
            left, _values, right = np.linalg.svd(affine[:3, :3])
            affine[:3, :3] = left @ right
        smooth = None
        if vectors is not None and grid is not None:
            mixed = np.zeros_like(vectors[0])
            for weight, one in zip(weights, vectors, strict=True):
                if weight > 0:
                    mixed += np.float32(weight) * one
            smooth = DisplacementField(mixed, grid)
        frame.transform = Transform(affine, smooth)
