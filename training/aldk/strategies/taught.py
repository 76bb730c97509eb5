"""Teaching in the space of warped structures, and ALDK with a discriminator that sees what the fields do.

The student is not asked to have its teacher's vectors, which are arbitrary where an image is flat, but to bring the
moving image's structures to where the teacher brings them. The discriminator of the adversarial term sees the fixed
image, the warped one and the field, judges patches (Isola et al., CVPR 2017) by a hinge loss (Lim & Ye, 2017), and its
gradient is held at a share of the reconstruction's (as Esser et al., CVPR 2021, do at their last layer).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.filters import weightedMean
from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models.discriminator import ConditionalDiscriminator
from aldk.teachers import Teacher

from .adversary import descend, frozen
from .base import Strategy
from .reconstruction import CONTENT, Reconstruction

LLOYD_STEPS = 8
SAMPLE = 20_000


@dataclass(frozen=True)
class TeachingOptions:
    """What is learnt from the teacher beside the reconstruction.

    Parameters
    ----------
    weight
        Of 1 - Dice between the moving image's structures under the student's and under the teacher's field; 0: the
        structures are not compared.
    classes
        Tissues that stand for structures where a pair has no labels: clusters of the moving image's intensities.
    share
        How large the gradient of the discriminator's verdict by the student's field is held, compared with the
        reconstruction's; 0: there is no discriminator.
    learning_rate
        Of the discriminator.
    width
        Channels of the discriminator's first layer.
    """

    weight: float = 1.0
    classes: int = 6
    share: float = 0.1
    learning_rate: float = 2e-4
    width: int = 16

    def __post_init__(self) -> None:
        if min(self.weight, self.share) < 0 or self.classes < 2 or self.width < 1:
            raise TrainingError(
                "Teaching: weight and share are not below 0, classes at least 2, and the discriminator's width 1."
            )
        if not self.weight and not self.share:
            raise TrainingError("Teaching: with neither a weight nor a share nothing is learnt from the teacher.")


class Taught(Strategy):
    """Reconstruction, structures where the teacher brings them, and the verdict of a conditional discriminator."""

    teacher: Teacher

    def __init__(self, reconstruction: Reconstruction, teacher: Teacher, options: TeachingOptions) -> None:
        super().__init__(reconstruction, teacher)
        self.options = options
        self.judge: ConditionalDiscriminator | None = None
        if options.share:
            self.judge = ConditionalDiscriminator(options.width)
            self.optimizer = torch.optim.Adam(self.judge.parameters(), lr=options.learning_rate, betas=(0.5, 0.9))
        self.fabric: Fabric | None = None

    def prepare(self, fabric: Fabric) -> None:
        super().prepare(fabric)
        self.fabric = fabric
        if self.judge is not None:
            self.judge.to(fabric.device)

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction, terms = self.reconstruct(network, pair)
        teacher, student = self.teacher.flow(pair).float(), prediction.flow.float()
        self.observed = {"teacher_distance": (student.detach() - teacher).square().sum(1).mean().sqrt()}
        taught = dict(terms)
        if self.options.weight:
            taught["structures"] = self.options.weight * structure_loss(pair, student, teacher, self.options.classes)
        if self.judge is not None:
            reconstructed = torch.stack([term.float() for term in terms.values()]).sum()
            taught["adversarial"] = self.adversarial(self.judge, pair, student, teacher, reconstructed)
        return taught

    def adversarial(
        self, judge: ConditionalDiscriminator, pair: Pair, student: Tensor, teacher: Tensor, reconstructed: Tensor
    ) -> Tensor:
        """The judge's verdict of the student's field, scaled so that its gradient has the share asked for.

        The judge is trained on the way. Both gradients are taken by the student's field: what follows from there to
        the parameters is the same for both.
        """
        of_teacher = (pair.clean_fixed, warp(pair.clean_moving, teacher), teacher)
        self.update(judge, pair, student.detach(), of_teacher)
        with frozen(judge):
            verdict = -judge(pair.clean_fixed, warp(pair.clean_moving, student), student).mean()
        (wanted,) = torch.autograd.grad(reconstructed, student, retain_graph=True)
        (given,) = torch.autograd.grad(verdict, student, retain_graph=True)
        scale = self.options.share * wanted.norm() / given.norm().clamp_min(1e-12)
        self.observed["adversarial_scale"] = scale
        return scale * verdict

    def update(
        self, judge: ConditionalDiscriminator, pair: Pair, student: Tensor, of_teacher: tuple[Tensor, Tensor, Tensor]
    ) -> None:
        """One step of the judge: above 1 for the teacher's patches, below -1 for the student's (hinge loss)."""
        real = judge(*of_teacher)
        made = judge(pair.clean_fixed, warp(pair.clean_moving, student), student)
        loss = F.relu(1.0 - real).mean() + F.relu(1.0 + made).mean()
        descend(loss, judge, self.optimizer, self.fabric)
        self.observed["discriminator"] = loss.detach()
        self.observed["critic_gap"] = (real.mean() - made.mean()).detach()

    def state(self) -> dict[str, Any]:
        if self.judge is None:
            return super().state()
        own = {"judge": self.judge.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**super().state(), **own}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        if self.judge is not None:
            self.judge.load_state_dict(state["judge"])
            self.optimizer.load_state_dict(state["optimizer"])

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "teaching": asdict(self.options)}


def structure_loss(pair: Pair, student: Tensor, teacher: Tensor, classes: int) -> Tensor:
    """1 - Dice of the moving image's structures under two flows (N, 3, k, j, i), of which only the first is learnt.

    Structures are the pair's labels, else clusters of the moving image's intensities. It has no scale, and where the
    image is flat both flows carry one and the same structure: nothing is asked there.
    """
    structures = pair.segments_moving
    if structures is None:
        structures = tissues(pair.clean_moving, classes)
    moved = [warp(structures, F.avg_pool3d(flow, 2) / 2.0) for flow in (teacher, student)]
    return structure_dice_loss(moved[0].detach(), moved[1])


def structure_dice_loss(target: Tensor, moved: Tensor) -> Tensor:
    """1 - mean Dice of soft structures (N, C, k, j, i), over those that are not empty in ``target``.

    By squares (Milletari et al., 3DV 2016): exactly 0 where both are the same. Plain soft Dice would be lower where a
    border runs through voxels, and ask for other borders than the teacher's.
    """
    axes = (2, 3, 4)
    sizes = target.square().sum(axes) + moved.square().sum(axes)
    dice = 2.0 * (target * moved).sum(axes) / sizes.clamp_min(1e-3)
    return 1.0 - weightedMean(dice, (target.sum(axes) > 0).to(dice.dtype))


@torch.no_grad()
def tissues(images: Tensor, classes: int) -> Tensor:
    """(N, classes, k/2, j/2, i/2): which share of each 2^3 voxels of images (N, 1, k, j, i) has each intensity class.

    Classes are found by k-means on one number a voxel, from quantiles of what is not air, so that the same image has
    the same classes on any device; air has none.
    """
    parts = []
    for image in images[:, 0]:
        inside = image > CONTENT
        values = image[inside]
        if values.numel() < classes:
            parts.append(images.new_zeros((classes, *image.shape)))
            continue
        sample = values[:: max(1, values.numel() // SAMPLE)].float()
        at = (torch.arange(classes, device=sample.device) + 0.5) / classes
        # Between quantiles, which miss what is small, and even steps, which miss what is alike.
        steps = sample.min() + at * (sample.max() - sample.min())
        centers = (torch.quantile(sample, at) + steps) / 2.0
        for _ in range(LLOYD_STEPS):
            nearest = torch.bucketize(sample, (centers[1:] + centers[:-1]) / 2.0)
            counts = torch.bincount(nearest, minlength=classes)
            sums = torch.zeros_like(centers).index_add_(0, nearest, sample)
            centers = torch.where(counts > 0, sums / counts.clamp_min(1), centers).sort().values
        number = torch.bucketize(image.float(), (centers[1:] + centers[:-1]) / 2.0)
        one_hot = F.one_hot(number, classes).movedim(-1, 0).to(images.dtype)
        parts.append(one_hot * inside)
    return F.avg_pool3d(torch.stack(parts), 2)
