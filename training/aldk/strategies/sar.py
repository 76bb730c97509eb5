"""Segmentation augmented registration (SAR; Mahapatra & Ge, ISBI 2019, arXiv 1903.10139), in 3D and as published in 2D.

The network learns from deformations that are known, from what the registered image looks like, from segmentations, from
two discriminators, and from having to undo what it did. It is the paper's generator (models/sar.py) or any other
network here; what those lack, a synthesised image and a segmentation, drops out. What the paper lost, and what is ours,
is in training/README.md.

G registers floating to reference images, F the other way round. Both are functions of a pair of images, and one
network serves as both: F is G with the images exchanged. The trainer shows every pair both ways round in turn, so that
each step computes one half of eq. 3 to 5, and the next step its mirror image.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.filters import weightedMean
from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models import ImageDiscriminator, Prediction, otsu_mask

from .adversary import descend, frozen
from .base import Strategy
from .content import Content, OwnFeatures, load_features
from .reconstruction import Reconstruction, content_weights

# The mean squared error of a field, in voxels^2, that eq. 5 counts as one half.
HALF_AT_VOXELS2 = 1.0


@dataclass(frozen=True)
class SarOptions:
    """The weights of content, known field and Dice are those of the data description: similarity, truth and dice.

    Parameters
    ----------
    adversarial
        Weight of the discriminators' verdict (eq. 3); 1 in eq. 5.
    cycle
        Weight of cycle consistency (lambda in eq. 6, which is lost; 10 is that of CycleGAN).
    start
        Share of the run before discriminators and cycle join: the paper initialises its generator by another training.
    width
        Features of the discriminators' first layers (64 in the paper).
    learning_rate
        Of the discriminators.
    features
        The network of eq. 2, a frozen VGG in the paper: a path for ``load_features``, "" for the shipped LDR, "own" for
        the encoder of the student itself as it is at each step, or "none".
    in_plane
        Everything in the planes of slices: for the generator of 2D.
    """

    adversarial: float = 1.0
    cycle: float = 10.0
    start: float = 0.2
    width: int = 8
    learning_rate: float = 1e-4
    features: str = ""
    in_plane: bool = False

    def __post_init__(self) -> None:
        if self.width < 1 or min(self.adversarial, self.cycle, self.start) < 0:
            raise TrainingError("SAR: weights and start are not below 0, and the discriminators' width is at least 1.")


class Sar(Strategy):
    """Eq. 2 to 6, with the penalties on the field that every strategy here has."""

    def __init__(self, reconstruction: Reconstruction, options: SarOptions) -> None:
        super().__init__(reconstruction)
        self.options = options
        features: nn.Module | None = None
        self.source: dict[str, Any] = {}
        if options.features == "own":
            features, self.source = OwnFeatures(), {"encoder": "the student's own"}
        elif options.features != "none":
            features, self.source = load_features(Path(options.features) if options.features else None)
        self.features = features
        self.content = Content(features, options.in_plane)
        # D_ref, and D_flt of the steps in which the floating image is the one registered to.
        self.judges = nn.ModuleList(ImageDiscriminator(options.width, options.in_plane) for _ in range(2))
        self.optimizer = torch.optim.Adam(self.judges.parameters(), lr=options.learning_rate, betas=(0.5, 0.999))
        self.fabric: Fabric | None = None

    def prepare(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.judges.to(fabric.device)
        if self.features is not None:
            self.features.to(fabric.device)

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction = network(pair.fixed, pair.moving, details=True)
        if isinstance(self.features, OwnFeatures):
            self.features.of(network)
        warped = warp(pair.clean_moving, prediction.flow)
        registered = [warped, *([] if prediction.registered is None else [prediction.registered])]
        weights = self.reconstruction
        content = torch.stack([self.content(pair.clean_fixed, image) for image in registered]).mean()
        terms = {"similarity": weights.similarity * content, **weights.regularisation(prediction)}
        if pair.forward is not None:
            terms["truth"] = weights.truth * field_loss(prediction.flow, pair.forward, pair.clean_fixed)
        overlap = segmentation_loss(prediction, pair)
        if overlap is not None:
            terms["dice"] = weights.dice * overlap
        self.observed = {}
        if progress < self.options.start:
            return terms
        judge = self.judges[iteration % 2]
        self.update(judge, pair.clean_fixed, torch.cat(registered).detach())
        with frozen(judge):
            # Non-saturating: -log D(G(x)) for log(1 - D(G(x))) in eq. 3, which teaches nothing while D is sure.
            terms["adversarial"] = self.options.adversarial * F.softplus(-judge(torch.cat(registered))).mean()
        terms["cycle"] = self.options.cycle * self.cycle(network, pair, prediction, warped)
        return terms

    def cycle(self, network: nn.Module, pair: Pair, prediction: Prediction, warped: Tensor) -> Tensor:
        """|F(G(x)) - x|, mean over voxels (eq. 4): of the floating image warped there and back, and of G's own."""
        seen = prediction.registered
        if seen is None:
            seen = warp(pair.moving, prediction.flow)
        back = network(pair.moving, seen, details=True)
        returned = [warp(warped, back.flow), *([] if back.registered is None else [back.registered])]
        return torch.stack([(image - pair.clean_moving).abs().mean() for image in returned]).mean()

    def update(self, judge: nn.Module, real: Tensor, registered: Tensor) -> None:
        """One step of a discriminator towards the largest log D(real) + log(1 - D(registered)) (eq. 3 and 7)."""
        of_real, of_registered = judge(real), judge(registered)
        loss = F.softplus(-of_real).mean() + F.softplus(of_registered).mean()
        descend(loss, judge, self.optimizer, self.fabric)
        gap = of_real.detach().sigmoid().mean() - of_registered.detach().sigmoid().mean()
        self.observed = {"discriminator": loss.detach(), "critic_gap": gap}

    def state(self) -> dict[str, Any]:
        return {"judges": self.judges.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.judges.load_state_dict(state["judges"])
        self.optimizer.load_state_dict(state["optimizer"])

    def provenance(self) -> dict[str, Any]:
        compared = ("kind", "window")
        losses = {name: value for name, value in asdict(self.reconstruction).items() if name not in compared}
        return {"losses": losses, "features": self.source, "sar": asdict(self.options)}


def field_loss(flow: Tensor, true_half: Tensor, fixed: Tensor) -> Tensor:
    """-log(1 - MSE') of a flow (N, 3, k, j, i) and the known one at half resolution, MSE' in 0 to 1 (eq. 5).

    How the paper normalises is lost; here MSE' = MSE / (MSE + ``HALF_AT_VOXELS2``), which makes it log(1 + MSE).
    Where the image is empty no motion can be seen, and errors hardly count.
    """
    squares = (F.avg_pool3d(flow, 2) - true_half).square().sum(1, keepdim=True)
    weights = F.avg_pool3d(content_weights(fixed), 2).expand_as(squares)
    errors = (squares * weights).sum((1, 2, 3, 4)) / weights.sum((1, 2, 3, 4))
    return (errors / HALF_AT_VOXELS2).log1p().mean()


def segmentation_loss(prediction: Prediction, pair: Pair) -> Tensor | None:
    """-log of the Dice metric between segmentations of the fixed and of the warped moving image (eq. 5).

    The mean of what there is: labels of the pair; the generator's own map of the moving image, which is to lie on the
    fixed one's label, or on Otsu's mask of its map; and, where labels are known, both maps on them. The generator's one
    structure is all segments of a pair together. None where there are neither labels nor maps.
    """
    in_half_voxels = F.avg_pool3d(prediction.flow, 2) / 2.0
    labels = None
    terms = []
    if pair.segments_fixed is not None and pair.segments_moving is not None:
        labels = [
            segments.sum(1, keepdim=True).clamp(max=1.0) for segments in (pair.segments_fixed, pair.segments_moving)
        ]
        terms.append(log_dice(pair.segments_fixed, warp(pair.segments_moving, in_half_voxels)))
    if prediction.segmentation is not None:
        fixed, moving = F.avg_pool3d(prediction.segmentation, 2).split(1, dim=1)
        if labels is None:
            target = F.avg_pool3d(otsu_mask(prediction.segmentation[:, :1]), 2)
        else:
            target = labels[0]
            terms += [log_dice(labels[0], fixed), log_dice(labels[1], moving)]
        terms.append(log_dice(target, warp(moving, in_half_voxels)))
    return torch.stack(terms).mean() if terms else None


def log_dice(first: Tensor, second: Tensor) -> Tensor:
    """-log Dice of soft segmentations (N, C, k, j, i), mean over the channels that are not empty in both.

    One voxel in common is added, so that the logarithm is finite.
    """
    axes = (2, 3, 4)
    size = first.sum(axes) + second.sum(axes)
    dice = (2.0 * (first * second).sum(axes) + 1.0) / (size + 1.0)
    return weightedMean(-dice.log(), (size > 0).to(dice.dtype))
