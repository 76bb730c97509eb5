"""ALDK really distils: who gets a gradient from what, and that the student's fields come closer to the teacher's."""

import copy

import pytest
import torch
from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models import build_model
from aldk.strategies import AldkOptions, StrategyOptions, make_strategy
from aldk.strategies.aldk import Aldk
from aldk.strategies.reconstruction import Reconstruction
from aldk.teachers import NetworkTeacher, Stateless

SHAPE = (16, 16, 16)


class FixedTeacher(Stateless):
    """Always answers with the same field, and remembers which pairs it was asked about."""

    def __init__(self, flow):
        self.field, self.asked = flow, []

    def prepare(self, fabric):
        pass

    def flow(self, pair):
        self.asked.append(pair)
        return self.field

    def provenance(self):
        return {}


class Watched(torch.nn.Module):
    """A network that remembers the images it saw."""

    def __init__(self, network):
        super().__init__()
        self.network, self.seen = network, []

    def forward(self, fixed, moving, details=False):
        self.seen.append((fixed, moving))
        return self.network(fixed, moving, details=details)


def smooth(channels, seed, amplitude, shape=SHAPE):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, channels, 4, 4, 4, generator=generator)
    return amplitude * torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear", align_corners=False)


@pytest.fixture
def pair():
    fixed, moving = (smooth(1, seed, 0.3).sigmoid() for seed in (1, 2))
    return Pair(fixed, moving, fixed, moving, names=(("a", "b"),))


def aldk(teacher, **options):
    torch.manual_seed(0)
    return Aldk(Reconstruction(), teacher, AldkOptions(every=1, **options))


@pytest.mark.parametrize("form", ["paper", "public"])
def test_the_adversarial_loss_reaches_every_weight_of_the_student_and_none_of_the_discriminator(pair, form):
    strategy = aldk(FixedTeacher(smooth(3, 3, 2.0)), form=form)
    torch.manual_seed(1)
    student = build_model("LDR")
    terms = strategy.losses(student, pair, 0, 0.0)
    strategy.optimizer.zero_grad(set_to_none=True)
    terms["adversarial"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in student.parameters())
    assert all(p.grad is None for p in strategy.discriminator.parameters())


@pytest.mark.parametrize("form", ["paper", "public"])
def test_the_discriminator_learns_from_both_fields_and_sends_the_student_nothing(form):
    strategy = aldk(FixedTeacher(None), form=form)
    student = smooth(3, 4, 1.0).requires_grad_(True)
    before = {n: p.detach().clone() for n, p in strategy.discriminator.named_parameters()}
    strategy.update_discriminator(student.detach(), smooth(3, 3, 2.0))
    changed = [n for n, p in strategy.discriminator.named_parameters() if not torch.equal(p, before[n])]
    # A critic's signed difference does not depend on its last bias.
    assert set(before) - set(changed) == ({"linear.bias"} if form == "public" else set())
    assert student.grad is None


def test_the_discriminator_comes_to_tell_student_from_teacher():
    strategy = aldk(FixedTeacher(None), learning_rate=1e-3)
    student, teacher = smooth(3, 4, 1.0), smooth(3, 3, 2.0)

    def gap_now():
        return float((strategy.score(student) - strategy.score(teacher)).abs().detach())

    gap = [gap_now()]
    for _ in range(30):
        strategy.update_discriminator(student, teacher)
    gap.append(gap_now())
    assert gap[1] > 5 * gap[0] + 0.01


def test_the_penalty_is_that_of_the_slope_on_the_joint_field():
    """A discriminator whose slope is known: D(field) = half the mean squared displacement, steepest along the field."""
    strategy = aldk(FixedTeacher(None), beta=0.25)
    strategy.score = lambda flow: 0.5 * flow.square().sum(1).mean((1, 2, 3))
    student, teacher = torch.zeros(2, 3, *SHAPE), torch.zeros(2, 3, *SHAPE)
    student[:, 0], teacher[:, 1] = 3.0, 4.0
    # The joint field is 0.75 * 3 along k and 0.25 * 4 along j everywhere; the slope of D is its length in voxels.
    length = (2.25**2 + 1.0**2) ** 0.5
    assert float(strategy.gradient_penalty(student, teacher)) == pytest.approx((length - 1.0) ** 2, rel=1e-4)
    half = student[..., ::2, ::2, ::2], teacher[..., ::2, ::2, ::2]
    assert float(strategy.gradient_penalty(*half)) == pytest.approx((length - 1.0) ** 2, rel=1e-4)


def test_the_penalty_trains_the_discriminator_by_second_derivatives():
    strategy = aldk(FixedTeacher(None))
    strategy.gradient_penalty(smooth(3, 4, 1.0), smooth(3, 3, 2.0)).backward()
    grads = [p.grad for n, p in strategy.discriminator.named_parameters() if n.endswith("weight")]
    assert all(g is not None and torch.isfinite(g).all() and g.abs().sum() > 0 for g in grads)


def test_teacher_and_student_see_the_same_pair(pair):
    teacher_network, student = (Watched(build_model("LDR")) for _ in range(2))
    teacher = NetworkTeacher(teacher_network)
    for name in ("aldk", "distillation"):
        strategy = make_strategy(name, None, teacher, StrategyOptions(AldkOptions(every=1)))
        for p in (pair, pair.swapped()):
            strategy.losses(student, p, 0, 0.0)
            for ours, theirs, image in zip(
                student.seen[-1], teacher_network.seen[-1], (p.fixed, p.moving), strict=True
            ):
                assert ours is image and theirs is image


def test_the_generator_is_favoured(pair):
    teacher = FixedTeacher(smooth(3, 3, 2.0))
    strategy = make_strategy("aldk", None, teacher, StrategyOptions(AldkOptions(every=3, until=0.5)))
    student = build_model("LDR")
    kinds = ["adversarial" in strategy.losses(student, pair, n, 0.1) for n in range(6)]
    assert kinds == [False, False, True] * 2
    assert len(teacher.asked) == 2
    assert "adversarial" not in strategy.losses(student, pair, 2, 0.6)


def test_gamma_weighs_reconstruction_against_discrimination(pair):
    teacher = FixedTeacher(smooth(3, 3, 2.0))
    student = build_model("LDR")
    plain = Reconstruction().losses(student(pair.fixed, pair.moving, details=True), pair)
    terms = aldk(teacher, gamma=0.3).losses(student, pair, 0, 0.0)
    for name, term in plain.items():
        torch.testing.assert_close(terms[name], 0.3 * term)
    plain = make_strategy("distillation", None, teacher, StrategyOptions(AldkOptions(gamma=0.3)))
    distilled = plain.losses(student, pair, 0, 0.0)
    flow = student(pair.fixed, pair.moving)
    torch.testing.assert_close(distilled["distillation"], 0.7 * (flow - teacher.field).square().mean())


@pytest.mark.parametrize("form", ["paper", "public"])
def test_the_adversarial_signal_alone_draws_a_field_to_the_teachers(form):
    """No images: a free field, moved by nothing but the discriminator, comes closer to the field it is to imitate."""
    shape = (24, 24, 24)
    teacher = smooth(3, 3, 2.0, shape)
    strategy = aldk(FixedTeacher(teacher), form=form)
    coarse = torch.zeros(1, 3, 4, 4, 4, requires_grad=True)
    optimizer = torch.optim.Adam([coarse], lr=0.1)

    def field():
        return torch.nn.functional.interpolate(coarse, size=shape, mode="trilinear", align_corners=False)

    start = float((field() - teacher).square().mean())
    for _ in range(25):
        flow = field()
        strategy.update_discriminator(flow.detach(), teacher)
        optimizer.zero_grad()
        strategy.adversarial(flow, teacher).backward()
        optimizer.step()
    assert float((field() - teacher).square().mean()) < 0.8 * start


def test_a_strategy_goes_on_where_its_state_was_saved():
    strategies = [aldk(FixedTeacher(None), learning_rate=1e-3) for _ in range(2)]
    fields = [smooth(3, seed, 1.0) for seed in (4, 3)]
    strategies[0].update_discriminator(*fields)
    # As through a file: a state shares its tensors with the optimiser.
    strategies[1].load(copy.deepcopy(strategies[0].state()))
    for strategy in strategies:
        strategy.update_discriminator(*fields)
    first, second = (s.discriminator.state_dict() for s in strategies)
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=0, atol=0)


def test_what_a_strategy_cannot_do_is_said():
    with pytest.raises(TrainingError, match="needs a teacher"):
        make_strategy("aldk")
    with pytest.raises(TrainingError, match="no strategy called magic"):
        make_strategy("magic")
    with pytest.raises(TrainingError, match=r"not understood.*unknown_loss"):
        make_strategy("unsupervised", {"unknown_loss": 1.0})
    with pytest.raises(TrainingError, match="beta and gamma"):
        AldkOptions(beta=2.0)
    with pytest.raises(TrainingError, match="no form called"):
        AldkOptions(form="other")
    with pytest.raises(TrainingError, match="no similarity called"):
        Reconstruction(kind="mutual information")
