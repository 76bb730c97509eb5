"""An unbiased template: the average of many images, in shape and in intensity, and everybody's transform to it.

In each round all images are registered to the template, which then moves to the mean of where they say it should be,
and is averaged anew of the images themselves (Guimond, Meunier, Thirion, CVIU 2000; Joshi et al., NeuroImage 2004;
Avants et al., NeuroImage 2010, antsMultivariateTemplateConstruction2). So the displacements from the template to all
images have the mean zero, and linear parts the mean of identity, whichever image the first round began with. Of two
visits of one person it is the midpoint. Everything here is arrays in world RAS millimetres; no MRML, no Qt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.displacement import compose, inverted, jacobianDeterminant, sdLogJacobian
from ..numerics.dlpack import toTensor
from ..numerics.gridsample import sampleAtVoxels
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, portion
from ..space.grid import Grid, canonicalAxes, canonicalGrid, transformPoints
from ..space.image import Image, Modality
from ..space.intensity import BODY_SHARE, normalised
from ..space.matrixmean import meanMatrix
from ..space.resample import affineSamplePositions
from ..space.sampledvalues import AIR_HU
from ..space.transform import DisplacementField, Transform
from ..space.validity import checkedImage
from .composing import COMPOSED_MM
from .models import ModelStore
from .settings import Settings
from .templatemembers import Member, Registering
from .verdict import Verdict

if TYPE_CHECKING:
    from torch import Tensor

ROUNDS = 4
MINIMUM_IMAGES = 2
# Images that the first round may begin with, one after the other, where fewer than half of all are like them.
FIRST_TRIES = 3
# Of an image whose units are arbitrary: what its 99.5th percentile becomes.
WHITE = 1000.0
# Where fewer of the images reach there is no template.
MINIMUM_SHARE = 0.5
MAXIMUM_VOXELS = 20_000_000
INVERSION_STEPS = 30


@dataclass(frozen=True)
class Round:
    """``movedMm``: how far, on average over the body, the template moved; ``residualMm``: what is left of a mean
    displacement afterwards; ``sdLogJacobian`` of the members, on average."""

    movedMm: float
    residualMm: float
    sdLogJacobian: float


@dataclass
class Template:
    """``image`` after so many ``rounds``; ``members`` are in the order of the images."""

    image: Image
    members: list[Member]
    rounds: list[Round] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The worst that there is to say."""
        for grade, text in (
            ("failed", _("Left out, because the registration failed: {names}.")),
            ("check", _("To be checked: {names}.")),
        ):
            names = [member.name for member in self.members if member.verdict.grade == grade]
            if names:
                return Verdict("check", text.format(names=", ".join(names)))
        return Verdict("good", _("Every image was registered well."))


def buildTemplate(
    images: Sequence[Image],
    settings: Settings,
    models: ModelStore,
    *,
    rounds: int = ROUNDS,
    deforms: bool = True,
    spacingMm: float | None = None,
    jobs: int = 1,
    begun: Template | None = None,
    keep: Callable[[Template], object] = lambda template: None,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
) -> Template:
    """The template of ``images``, which may be read anew whenever they are asked for: ``jobs`` are held at a time.

    The order of the images does not matter. Values are HU for CT; else each image is scaled first, and 1000 is white.

    :param deforms: False takes the linear parts alone; with a rigid pre-alignment of two visits it is their midpoint.
    :param spacingMm: of the template; by default the median of the images' finest spacing.
    :param jobs: images registered at a time, each in a thread of its own with as many of torch's as are set. What comes
        out is the same.
    :param begun: an earlier one, kept after some of its rounds, to go on from.
    :param keep: called with what there is after each round.
    :raises RegistrationError: fewer than two images are left, or one cannot be registered at all.
    :raises RegistrationCancelled: ``cancelled`` returned true.
    """
    if len(images) < MINIMUM_IMAGES:
        raise RegistrationError(_("A template needs at least two images."))
    settings = replace(settings, warp=False)
    if not deforms:
        settings = replace(settings, refinementSteps=0)
    registering = Registering(settings, models, deforms, jobs, cancelled)
    order, candidates = _order(images)
    template = begun
    reached = 0.0 if begun is None else len(begun.rounds) / rounds
    while template is None or len(template.rounds) < rounds:
        done = 0 if template is None else len(template.rounds)
        members: list[Member] = []
        before = None if template is None else template.members
        tries = candidates[: FIRST_TRIES if template is None else 1]
        for left, first in enumerate(tries, start=1 - len(tries)):
            # The rounds that are left share what is left of the way; one that may begin anew leaves a part for that.
            until = reached + (1.0 - reached) / (rounds - done + (left < 0))
            fixed = checkedImage(images[first]) if template is None else template.image
            skipped, tell = first if template is None else None, portion(progress, reached, until)
            found = registering.members(images, order, fixed, before, skipped, done + 1, tell)
            reached = until
            if not members or sum(member.counts for member in found) > sum(member.counts for member in members):
                members = found
            if 2 * sum(member.counts for member in members) > len(images):
                break  # else it may be the one that is unlike all others
        template = _averaged(images, members, order, template, spacingMm)
        keep(template)
    if progress is not None:
        progress(1.0, _("Done"))
    return template


def _order(images: Sequence[Image]) -> tuple[list[int], list[int]]:
    """An order of the images by their content, and one in which the first round may begin with them: by middle size.

    :raises RegistrationError: an image cannot be registered, or they show CT and MR.
    """
    keys, sizes, kinds = [], [], []
    for number in range(len(images)):
        image = checkedImage(images[number])
        digest = hashlib.sha256(np.ascontiguousarray(image.array).tobytes())
        digest.update(np.asarray(image.ijkToRas, dtype=np.float64).tobytes())
        keys.append(digest.hexdigest())
        isBody = normalised(image).array > BODY_SHARE
        sizes.append(float(np.mean(isBody)) * float(np.prod(image.grid.extentMm)))
        kinds.append(image.modality)
    if len(set(kinds)) > 1:
        raise RegistrationError(_("CT and MR images cannot be averaged: make a template of each."))
    order = sorted(range(len(images)), key=lambda number: keys[number])
    bySize = sorted(order, key=lambda number: sizes[number])
    middle = (len(bySize) - 1) // 2
    return order, sorted(bySize, key=lambda number: abs(bySize.index(number) - middle))


def _averaged(
    images: Sequence[Image],
    members: list[Member],
    order: list[int],
    before: Template | None,
    spacingMm: float | None,
) -> Template:
    """The template, moved to the mean of what ``members`` say, and averaged anew there."""
    used = [number for number in order if members[number].counts]
    if len(used) < MINIMUM_IMAGES:
        raise RegistrationError(
            _("No template can be made: of {count} images only {used} could be registered.").format(
                count=len(members), used=len(used)
            )
        )
    mean = meanMatrix([members[number].transform.affine for number in used])
    back = np.linalg.inv(mean)
    affines = {number: members[number].transform.affine @ back for number in range(len(members))}
    if before is None:
        grid = _meanGrid([images[number].grid for number in used], [affines[number] for number in used], spacingMm)
    else:
        grid = before.image.grid
    flowGrid = canonicalGrid(grid, max(COMPOSED_MM, float(grid.extentMm.max()) / 160.0))
    # Where what was the template's point x is now.
    total: Tensor | None = None
    for number in used:
        flow = _flowOn(flowGrid, members[number].transform.field, mean)
        total = flow if total is None else total + flow
    assert total is not None
    toMiddle = inverted(total / len(used), INVERSION_STEPS)
    moved, spreads = [], []
    for number, member in enumerate(members):
        flow = compose(_flowOn(flowGrid, member.transform.field, mean), toMiddle)
        hasField = bool(flow.abs().max() > 0)
        transform = Transform(affines[number], DisplacementField.fromFlow(flow, flowGrid) if hasField else None)
        moved.append(replace(member, transform=transform))
        if member.counts:
            spreads.append(sdLogJacobian(jacobianDeterminant(flow)))
    image = _meanImage(images, moved, used, grid)
    isBody = image.array > BODY_SHARE * WHITE if image.modality is Modality.MR else image.array > AIR_HU / 2
    points = grid.pointsRas()[isBody][:: max(1, int(isBody.sum()) // 20_000)]
    left = np.mean([moved[number].transform.points(points) for number in used], axis=0) - points
    wayBack = Transform(back, DisplacementField.fromFlow(toMiddle, flowGrid)).points(points)
    report = Round(
        movedMm=float(np.linalg.norm(wayBack - points, axis=1).mean()),
        residualMm=float(np.linalg.norm(left, axis=1).mean()),
        sdLogJacobian=float(np.mean(spreads)),
    )
    return Template(image, moved, [*(before.rounds if before is not None else []), report])


def _flowOn(grid: Grid, displacement: DisplacementField | None, mean: np.ndarray) -> Tensor:
    """(1, 3, k, j, i) in voxels of ``grid``: a field v, as it is once all is carried by the 4x4 ``mean`` M.

    A(x + v(x)) with x = M^-1 y is A M^-1 (y + M v(M^-1 y)).
    """
    import torch

    if displacement is None:
        return torch.zeros(1, 3, *grid.shape)
    toVoxels = displacement.grid.rasToIjk @ np.linalg.inv(mean)
    positions = affineSamplePositions(grid, toVoxels, 0, grid.shape[0])
    vectors = sampleAtVoxels(toTensor(displacement.vectors).movedim(-1, 0)[None], positions[None])[0]
    linear = toTensor((grid.rasToIjk[:3, :3] @ mean[:3, :3])[::-1])
    return (linear @ vectors.reshape(3, -1)).view(1, 3, *grid.shape)


def _meanImage(images: Sequence[Image], members: list[Member], used: list[int], grid: Grid) -> Image:
    """The mean of the images as their members carry them, of those that reach a place."""
    total = np.zeros(grid.shape, np.float32)
    weight = np.zeros(grid.shape, np.float32)
    modality = Modality.MR
    for number in used:
        image = checkedImage(images[number])
        modality = image.modality or Modality.MR
        known = np.ones(image.array.shape, np.uint8) if image.known is None else (image.known > 0).astype(np.uint8)
        shown = image.array.astype(np.float32) if modality is Modality.CT else WHITE * normalised(image).array
        transform = members[number].transform
        reaches = transform.warp(Image(known, image.ijkToRas), grid, fill=0.0, nearest=True)
        total += reaches * transform.warp(replace(image, array=np.where(known, shown, 0).astype(np.float32)), grid, 0.0)
        weight += reaches
    isKnown = weight >= MINIMUM_SHARE * len(used)
    background = AIR_HU if modality is Modality.CT else 0.0
    mean = np.where(isKnown, total / np.maximum(weight, 1.0), background).astype(np.float32)
    if isKnown.all():
        return Image(mean, grid.ijkToRas, _("template"), modality=modality)
    return Image(mean, grid.ijkToRas, _("template"), isKnown, background, modality)


def _meanGrid(grids: Sequence[Grid], affines: Sequence[np.ndarray], spacingMm: float | None) -> Grid:
    """A grid in the middle of those of the images: of their mean directions and the mean of their ends.

    :param affines: 4x4 each, from points of the template to points of the image.
    """
    directions, inverses = [], [np.linalg.inv(affine) for affine in affines]
    for grid, inverse in zip(grids, inverses, strict=True):
        axes, signs = canonicalAxes(grid)
        directions.append(inverse[:3, :3] @ (grid.direction[:, axes] * signs))
    left, _values, right = np.linalg.svd(np.mean(directions, axis=0))
    direction = left @ right
    ends = []
    for grid, inverse in zip(grids, inverses, strict=True):
        along = transformPoints(inverse, grid.cornersRas) @ direction
        ends.append((along.min(axis=0), along.max(axis=0)))
    low, high = np.mean(ends, axis=0)
    spacing = spacingMm or float(np.median([grid.spacing.min() for grid in grids]))
    spacing = max(spacing, float(np.prod(high - low) / MAXIMUM_VOXELS) ** (1 / 3))
    size = np.maximum(np.ceil((high - low) / spacing - 1e-6), 4).astype(int)
    ijkToRas = np.eye(4)
    ijkToRas[:3, :3] = direction * spacing
    ijkToRas[:3, 3] = direction @ ((low + high) / 2 - spacing * (size - 1) / 2)
    i, j, k = (int(n) for n in size)
    return Grid((k, j, i), ijkToRas)
