"""Teaching in the space of warped structures, the conditional discriminator, the placebo, and inverse consistency."""

import pytest
import torch
from aldk.data.loader import Items
from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models import Architecture, build_model
from aldk.models.cascade import flow_of_velocity
from aldk.placebo import Placebo
from aldk.strategies import StrategyOptions, TeachingOptions, make_strategy
from aldk.strategies.taught import structure_loss, tissues
from aldk.teachers import NetworkTeacher, Stateless
from LDRRegistrationLib.numerics.displacement import compose, jacobianDeterminant


class Says(Stateless):
    """A teacher that always says the same field."""

    def __init__(self, flow):
        self.said = flow

    def prepare(self, fabric): ...

    def flow(self, pair):
        return self.said

    def provenance(self):
        return {"says": "the same"}


@pytest.fixture
def pair():
    """A bright ball in a dim box, its two halves unlike, nothing elsewhere."""
    place = torch.stack(torch.meshgrid(*[torch.arange(32.0)] * 3, indexing="ij"))
    ball = ((place - 15.5).square().sum(0) < 64).float()
    image = (0.4 * (place[2] > 6) + 0.5 * ball * (1 + 0.2 * (place[0] > 15))).clamp(0, 1)[None, None]
    return Pair(image, image.roll(1, 4), image, image.roll(1, 4), names=(("a", "b"),))


def shift(*voxels):
    return torch.tensor(voxels, dtype=torch.float32).view(1, 3, 1, 1, 1).expand(1, 3, 32, 32, 32).clone()


def test_tissues_are_where_intensities_are(pair):
    classes = tissues(pair.clean_moving, 2)
    assert classes.shape == (1, 2, 16, 16, 16)
    inside = torch.nn.functional.avg_pool3d((pair.clean_moving > 0.03).float(), 2)
    torch.testing.assert_close(classes.sum(1, keepdim=True), inside)
    # The box of .4, and the ball of .9 and 1.
    full = pair.clean_moving[0, 0][::2, ::2, ::2]
    dim, bright = (full[classes[0, number] == 1] for number in range(2))
    assert len(dim) and len(bright) and float(dim.max()) < 0.5 < float(bright.min())


def test_structures_ask_nothing_where_the_image_is_flat_and_draw_to_the_teacher_elsewhere(pair):
    teacher = shift(0, 0, 2)
    assert float(structure_loss(pair, teacher.clone(), teacher, 4)) == pytest.approx(0.0, abs=1e-5)
    student = shift(0, 0, 0).requires_grad_(True)
    loss = structure_loss(pair, student, teacher, 4)
    (slope,) = torch.autograd.grad(loss, student)
    assert float(loss.detach()) > 0.05
    # Downhill is towards the teacher, along i.
    assert float(slope[:, 2].sum()) < 0 and float(slope[:, 2].abs().sum()) > 2 * float(slope[:, 1].abs().sum())
    # Air has no structure: there the student may do what it likes.
    assert float(slope[..., 2:5].abs().max()) < 1e-9 < float(slope.abs().max())


def test_labels_come_before_tissues(pair):
    ball = (pair.clean_moving > 0.8).float()
    halves = torch.nn.functional.avg_pool3d(ball, 2)
    labelled = Pair(*[getattr(pair, n) for n in ("fixed", "moving", "clean_fixed", "clean_moving")], None, None, halves,
                    halves)  # fmt: skip
    student = shift(0, 0, 0).requires_grad_(True)
    (slope,) = torch.autograd.grad(structure_loss(labelled, student, shift(0, 0, 2), 4), student)
    assert float(slope[..., 2:5].abs().max()) == 0.0 and float(slope.abs().max()) > 0
    by_labels, by_tissues = (structure_loss(p, shift(0, 0, 0), shift(0, 0, 2), 4) for p in (labelled, pair))
    assert float(by_labels) != float(by_tissues)


def test_the_verdicts_gradient_is_held_at_its_share(pair):
    torch.manual_seed(1)
    options = StrategyOptions(teaching=TeachingOptions(share=0.1))
    strategy = make_strategy("conditional-aldk", None, Says(shift(0, 0, 2)), options)
    student = shift(0, 0, 0.5).requires_grad_(True)
    reconstructed = student.square().mean()
    verdict = strategy.adversarial(strategy.judge, pair, student, strategy.teacher.flow(pair), reconstructed)
    wanted, given = (torch.autograd.grad(x, student, retain_graph=True)[0] for x in (reconstructed, verdict))
    assert float(given.norm() / wanted.norm()) == pytest.approx(0.1, rel=1e-4)
    assert all(p.requires_grad for p in strategy.judge.parameters())


def test_the_judge_learns_to_tell_the_fields_apart_and_draws_the_student_over(pair):
    torch.manual_seed(0)
    options = StrategyOptions(teaching=TeachingOptions(share=1.0, learning_rate=2e-3))
    strategy = make_strategy("conditional-aldk", None, Says(shift(0, 0, 2)), options)
    student = shift(0, 0, -2)
    for _ in range(40):
        strategy.update(strategy.judge, pair, student, (pair.clean_fixed, pair.clean_moving, shift(0, 0, 2)))
    assert float(strategy.observed["critic_gap"]) > 1.0 and float(strategy.observed["discriminator"]) < 1.0
    # Alone, its verdict moves the field; nothing else is learnt here.
    student = student.requires_grad_(True)
    verdict = -strategy.judge(pair.clean_fixed, pair.clean_moving, student).mean()
    (slope,) = torch.autograd.grad(verdict, student)
    assert float(slope[:, 2].sum()) < 0


def test_each_strategy_takes_what_is_its_own(pair):
    teacher = NetworkTeacher(build_model("LDR"))
    network = build_model("LDR")
    expected = {
        "structures": {"structures"},
        "conditional-aldk": {"adversarial"},
        "structures-aldk": {"structures", "adversarial"},
    }
    for name, terms in expected.items():
        strategy = make_strategy(name, {"inverse": 0.1}, teacher)
        losses = strategy.losses(network, pair, 0, 0.0)
        assert terms | {"similarity", "smoothness", "folding", "inverse"} == set(losses)
        resumed = make_strategy(name, {"inverse": 0.1}, teacher)
        resumed.load(strategy.state())
        assert resumed.provenance() == strategy.provenance() and "teacher" in strategy.provenance()
    with pytest.raises(TrainingError, match="nothing is learnt"):
        TeachingOptions(weight=0.0, share=0.0)


def test_the_placebo_hands_out_another_items_field(tiny_config):
    class Echo(Stateless):
        def flow(self, pair):
            return pair.fixed.expand(-1, 3, -1, -1, -1).clone()

    items, placebo = Items(tiny_config, 1), Placebo(Echo())
    pairs = [p for n in range(3) for p in (items[n][1], items[n][1].swapped())]
    answers = []
    for n, pair in enumerate(pairs):
        if n == 3:
            state, placebo = placebo.state(), Placebo(Echo())
            placebo.load(state)
        answers.append(placebo.flow(pair))
    assert not answers[0].any() and not answers[1].any()
    for n in range(2, 6):
        assert torch.equal(answers[n], Echo().flow(pairs[n - 2]))


def test_passes_of_a_teacher_look_from_coarse_to_fine(pair):
    class Sizes(torch.nn.Module):
        architecture = Architecture("LDR")
        seen: tuple = ()

        def forward(self, fixed, moving):
            self.seen = (*self.seen, fixed.shape[2])
            return torch.ones(1, 3, *fixed.shape[2:])

    network = Sizes()
    flow = NetworkTeacher(network, passes=(4, 2, 1)).flow(pair)
    assert network.seen == (8, 16, 32)
    # One voxel of each grid: 4 + 2 + 1 of the finest.
    torch.testing.assert_close(flow[..., 12:20, 12:20, 12:20], torch.full((1, 3, 8, 8, 8), 7.0))
    odd = Pair(*(torch.zeros(1, 1, 18, 32, 32),) * 4)
    network.seen = ()
    NetworkTeacher(network, passes=(4, 2, 1)).flow(odd)
    assert network.seen == (9, 18)


def test_velocities_do_not_fold_and_are_inverted_by_their_negative():
    """A smooth velocity that would fold if it were a displacement."""
    wave = 5.0 * torch.sin(2 * torch.pi * torch.arange(40) / 20)
    velocity = torch.stack(torch.meshgrid(wave, wave, wave, indexing="ij"))[None]
    there = flow_of_velocity(velocity)
    inside = (..., slice(8, 32), slice(8, 32), slice(8, 32))
    assert float(jacobianDeterminant(velocity)[inside].min()) < -0.2
    assert float(jacobianDeterminant(there)[inside].min()) > 0.0
    assert float(there[inside].abs().max()) > 4.0
    # At half resolution the inverse of a gentler one is exact to some hundredths.
    there, back = flow_of_velocity(0.3 * velocity), flow_of_velocity(-0.3 * velocity)
    assert float(compose(there, back)[inside].abs().mean()) < 0.05 * float(there[inside].abs().mean())


@pytest.mark.parametrize("base", ["CoarseToFine", "TransMorph"])
def test_inverse_consistency_and_velocity_are_of_every_base_network(base, pair):
    network = build_model(Architecture(base, velocity=True))
    terms = make_strategy("unsupervised", {"inverse": 2.0}).losses(network, pair, 0, 0.0)
    with torch.no_grad():
        there, back = network(pair.fixed, pair.moving), network(pair.moving, pair.fixed)
    assert 0 <= float(terms["inverse"].detach()) < 2.0 * 2 * float((there.square() + back.square()).sum(1).max()) + 1e-9
    sum(terms.values()).backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
