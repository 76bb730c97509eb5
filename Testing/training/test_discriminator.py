"""The discriminators: sizes, what they listen to, and that they can be differentiated twice."""

import pytest
import torch
from aldk.errors import TrainingError
from aldk.models import Discriminator, count_parameters


@pytest.mark.parametrize(
    ("kind", "grid", "features", "parameters"),
    [
        ("paper", None, 256, 2_789_094),
        ("public", None, 1, 5_462_881),
        ("public", (128, 128, 128), 1, 5_462_881),
        ("public", (40, 32, 30), 1, 5_446_496 + 256 * 2 + 1),
    ],
)
def test_discriminator_sizes(kind, grid, features, parameters):
    judge = Discriminator(kind, grid)
    assert count_parameters(judge) == parameters
    with torch.no_grad():
        for shape in [(32, 32, 32), (24, 32, 24), (33, 9, 17)] if grid != (128, 128, 128) else []:
            assert judge(torch.randn(2, 3, *shape)[:, :, :, : 32 if grid else None, :30]).shape == (2, features)


@pytest.mark.parametrize(("kind", "grid"), [("paper", None), ("public", None), ("public", (24, 32, 24))])
def test_discriminator_listens_and_can_be_penalised(kind, grid):
    torch.manual_seed(0)
    judge = Discriminator(kind, grid)
    flow = torch.randn(1, 3, 24, 32, 24, requires_grad=True)
    features = judge(flow)
    assert not torch.allclose(features, judge(0.5 * flow), rtol=1e-4, atol=1e-6)
    (gradient,) = torch.autograd.grad(features.sum(), flow, create_graph=True)
    # Each voxel counts, up to the corners.
    assert (gradient != 0).float().mean() > 0.95
    (gradient.square().sum().sqrt() - 1).square().backward()
    weights = [p.grad for name, p in judge.named_parameters() if name.endswith("weight")]
    assert all(g is not None and torch.isfinite(g).all() and g.abs().sum() > 0 for g in weights)


@pytest.mark.parametrize("kind", ["paper", "public"])
@pytest.mark.parametrize("end", [slice(0, 4), slice(-4, None)])
def test_discriminator_listens_to_both_ends_of_a_long_flow(kind, end):
    """Longer than what one of the last layer's cells sees."""
    torch.manual_seed(0)
    judge = Discriminator(kind)
    flow = torch.randn(1, 3, 256, 16, 16)
    other = flow.clone()
    other[:, :, end] += 5
    with torch.no_grad():
        assert (judge(flow) - judge(other)).abs().max() > 1e-5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("best",), "paper, public"), (("public", (128, 128)), "three sides"), (("public", (0, 8, 8)), "three sides")],
)
def test_discriminators_that_cannot_be_built_are_refused_in_a_sentence(arguments, words):
    with pytest.raises(TrainingError, match=words):
        Discriminator(*arguments)


def test_discriminator_refuses_flows_larger_than_its_grid():
    with pytest.raises(TrainingError, match="at most 32 x 32 x 32 voxels, not 32 x 40 x 32"):
        Discriminator("public", (32, 32, 32))(torch.zeros(1, 3, 32, 40, 32))
