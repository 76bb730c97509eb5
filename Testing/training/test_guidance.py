"""On-the-Fly Guidance: the refined prediction is better, the network is drawn to it, and nothing flows back into it."""

import pytest
import torch
from aldk.data.loader import Items
from aldk.errors import TrainingError
from aldk.models import build_model
from aldk.strategies import AldkOptions, GuidanceOptions, StrategyOptions, make_strategy
from aldk.teachers import Stateless
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.losses import lnccLoss
from LDRRegistrationLib.registration.energy import Energy
from LDRRegistrationLib.registration.refinement import Refinement, optimise


@pytest.fixture
def pair(tiny_config):
    return Items(tiny_config, 1)[1][1]


def guided(pair, **options):
    torch.manual_seed(0)
    network = build_model("LDR")
    strategy = make_strategy("ofg", None, None, StrategyOptions(ofg=GuidanceOptions(**options)))
    return network, strategy, strategy.losses(network, pair, 0, 0.0)


@pytest.mark.parametrize("reduction", [1, 2])
@pytest.mark.parametrize("energy", ["lncc", "mse"])
def test_each_step_of_the_optimiser_makes_the_images_more_alike(pair, reduction, energy):
    def difference(flow):
        warped = warp(pair.clean_moving, flow)
        return float(
            lnccLoss(pair.clean_fixed, warped) if energy == "lncc" else (pair.clean_fixed - warped).square().mean()
        )

    flows = [
        optimise(
            pair.clean_fixed,
            pair.clean_moving,
            None,
            Refinement(steps, 0.1, False, reduction, Energy(energy, 0.1, 0.0)),
        )
        for steps in (0, 5, 15)
    ]
    reached = [difference(flow) for flow in flows]
    assert reached[2] < reached[1] < reached[0]
    assert float(flows[0].abs().max()) == 0.0
    # Adam moves every voxel by about its step at most: half a voxel in five, of a grid that may be coarser.
    assert float(flows[1].abs().max()) <= 0.6 * reduction


def test_a_batch_is_refined_as_its_pairs_are(pair):
    both = torch.cat([pair.clean_fixed, pair.clean_moving]), torch.cat([pair.clean_moving, pair.clean_fixed])
    how = Refinement(3, 0.1, False, 1, Energy("mse", 0.1, 0.0))
    together = optimise(*both, None, how)
    for n in range(2):
        alone = optimise(both[0][n : n + 1], both[1][n : n + 1], None, how)
        torch.testing.assert_close(together[n : n + 1], alone, atol=1e-3, rtol=0)


def test_the_loss_is_the_distance_to_the_refined_field_which_gets_no_gradient(pair):
    network, strategy, terms = guided(pair, smoothness=0.0, steps=4)
    flow = network(pair.fixed, pair.moving)
    refined = strategy.refined(flow, pair, 0.0)
    assert not refined.requires_grad
    torch.testing.assert_close(terms["distillation"], (flow - refined).square().mean())
    # About 0.1 voxel a step along each axis at most.
    assert 0.0 < strategy.observed["teacher_distance"] <= 0.4 * 3**0.5 + 1e-3
    network.zero_grad()
    terms["distillation"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_optimiser_leaves_a_networks_gradients_alone(pair):
    network = build_model("LDR")
    flow = network(pair.fixed, pair.moving)
    optimise(pair.clean_fixed, pair.clean_moving, flow, Refinement(2, reduction=1))
    assert all(p.grad is None for p in network.parameters())


def test_guided_learning_lowers_the_image_difference(pair):
    torch.manual_seed(0)
    network, strategy = (
        build_model("LDR"),
        make_strategy("ofg", None, None, StrategyOptions(ofg=GuidanceOptions(steps=5))),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)

    def difference():
        with torch.no_grad():
            return float(lnccLoss(pair.clean_fixed, warp(pair.clean_moving, network(pair.fixed, pair.moving))))

    start = difference()
    for number in range(40):
        optimizer.zero_grad()
        sum(strategy.losses(network, pair, number, 0.0).values()).backward()
        optimizer.step()
    assert difference() < 0.9 * start


def test_the_ablations_of_the_paper(pair):
    assert set(guided(pair)[2]) == {"distillation", "smoothness"}
    plain = make_strategy("unsupervised")
    network, _, blended = guided(pair, blend=0.25, steps=2)
    alone = plain.losses(network, pair, 0, 0.0)
    torch.testing.assert_close(blended["similarity"], 0.25 * alone["similarity"])
    assert set(blended) == {"distillation", *alone}
    strategy = make_strategy("ofg", None, None, StrategyOptions(ofg=GuidanceOptions(every=2, epoch=3, steps=1)))
    assert ["distillation" in strategy.losses(network, pair, n, 0.0) for n in range(9)] == [True] * 3 + [False] * 3 + [
        True
    ] * 3
    seldom = make_strategy("ofg", None, None, StrategyOptions(ofg=GuidanceOptions(share=0.3)))
    guided_steps = [seldom.is_guided(n) for n in range(400)]
    assert 80 < sum(guided_steps) < 160
    assert guided_steps == [seldom.is_guided(n) for n in range(400)]


class Constant(Stateless):
    """A teacher that always says the same."""

    def prepare(self, fabric): ...

    def flow(self, pair):
        return torch.full((pair.fixed.shape[0], 3, *pair.fixed.shape[2:]), 0.75)

    def provenance(self):
        return {"architecture": "constant"}


def test_self_training_learns_a_teachers_fields_refined_or_as_they_are(pair):
    torch.manual_seed(0)
    network = build_model("LDR")
    flow = network(pair.fixed, pair.moving)
    plain = make_strategy("ofg", None, Constant(), StrategyOptions(ofg=GuidanceOptions("teacher", 0, smoothness=0.0)))
    torch.testing.assert_close(plain.losses(network, pair, 0, 0.0)["distillation"], (flow - 0.75).square().mean())
    refined = make_strategy("ofg", None, Constant(), StrategyOptions(ofg=GuidanceOptions("teacher", 3))).refined(
        flow, pair, 0.0
    )
    assert 0.0 < float((refined - 0.75).abs().max()) <= 0.31


def test_cyclical_self_training_refines_the_network_of_the_last_epoch(pair):
    torch.manual_seed(0)
    network = build_model("LDR")
    options = GuidanceOptions("cycle", 1, step_voxels=1e-6, smoothness=0.0, epoch=3)
    strategy = make_strategy("ofg", None, None, StrategyOptions(ofg=options))

    def distance(number, strategy):
        return float(strategy.losses(network, pair, number, 0.0)["distillation"].detach())

    assert distance(0, strategy) < 1e-10
    with torch.no_grad():
        network.networks[0].flow.bias.add_(0.1)
    moved = distance(1, strategy)
    # 0.1 voxel at half resolution is 0.2 of the full grid.
    assert moved == pytest.approx(0.04, rel=1e-3)
    resumed = make_strategy("ofg", None, None, StrategyOptions(ofg=options))
    resumed.load(strategy.state())
    assert distance(2, resumed) == pytest.approx(moved, rel=1e-6)
    assert distance(3, strategy) < 1e-10


def test_guidance_and_aldk_as_one(pair):
    torch.manual_seed(0)
    network, guidance = build_model("LDR"), GuidanceOptions(steps=3)
    strategy = make_strategy("ofg-aldk", None, None, StrategyOptions(AldkOptions(every=1), ofg=guidance))
    terms = strategy.losses(network, pair, 0, 0.0)
    assert 0.0 < strategy.observed["teacher_distance"] <= 0.3 * 3**0.5 + 1e-3
    network.zero_grad()
    terms["adversarial"].backward()
    assert sum(float(p.grad.abs().sum()) for p in network.parameters()) > 0
    assert strategy.provenance()["ofg"]["steps"] == 3 and "teacher" not in strategy.provenance()


@pytest.mark.parametrize(
    "wrong", [{"source": "oracle"}, {"energy": "mind"}, {"steps": 0}, {"blend": 1.5}, {"share": -1.0}]
)
def test_options_that_mean_nothing_are_refused(wrong):
    with pytest.raises(TrainingError, match="OFG"):
        GuidanceOptions(**wrong)


@pytest.mark.parametrize(("source", "teacher"), [("teacher", None), ("prediction", Constant())])
def test_a_teacher_and_its_source_go_together(source, teacher):
    with pytest.raises(TrainingError, match="go together"):
        make_strategy("ofg", None, teacher, StrategyOptions(ofg=GuidanceOptions(source)))
