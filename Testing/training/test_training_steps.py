"""What a step of training does: the loss falls, rates and averages go as they should, bad numbers stop it."""

import pytest
import torch
from aldk.checkpoint import counted_from, moving_average
from aldk.data.loader import Items
from aldk.errors import TrainingError
from aldk.history import History
from aldk.models import Architecture, build_model
from aldk.run import Run
from aldk.schedule import SCHEDULES, Schedule
from aldk.strategies import Unsupervised, make_strategy
from aldk.strategies.reconstruction import Reconstruction
from aldk.trainer import Trainer
from LDRRegistrationLib.numerics.displacement import warp
from lightning_fabric import Fabric
from support.trainingruns import curve


def test_a_gradient_that_is_not_finite_stops_at_the_pair(tiniest_config, tmp_path):
    """The loss may be finite where its slope is not: a square root at 0."""

    class Steep(Unsupervised):
        def losses(self, network, pair, iteration, progress):
            flow = network(pair.fixed, pair.moving)
            return {"similarity": (0.0 * flow).abs().sqrt().sum()}

    run_options = Run(tmp_path, tiniest_config, Architecture("LDR"), Schedule(iterations=3))
    trainer = Trainer(Fabric(accelerator="cpu", devices=1), run_options, Steep(Reconstruction()))
    before = [p.detach().clone() for p in trainer.network.parameters()]
    with pytest.raises(TrainingError, match="The gradient is not a finite number at iteration 0, pair simulated onto"):
        trainer.step(Items(tiniest_config, 1)[1][1])
    assert all(torch.equal(p, b) for p, b in zip(trainer.network.parameters(), before, strict=True))


def test_training_lowers_the_loss(tiny_config):
    """Sixty steps on one pair: the network must be able to learn it by heart."""
    torch.manual_seed(0)
    model, strategy = build_model("LDR"), make_strategy("unsupervised")
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    _, pair = Items(tiny_config, 1)[1]
    losses = []
    for number in range(60):
        terms = strategy.losses(model, pair, number, 0.0)
        loss = sum(terms.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert set(terms) == {"similarity", "smoothness", "folding", "truth"}
    assert losses[-1] < 0.8 * losses[0]


def test_the_affine_terms_are_there_with_a_stem_and_correlation_is_the_papers(tiny_config):
    network = build_model(Architecture("LDR-public", affine="light"))
    _, pair = Items(tiny_config, 1)[1]
    terms = make_strategy("unsupervised", {"kind": "correlation"}).losses(network, pair, 0, 0.0)
    assert {"determinant", "orthogonality"} < set(terms)
    warped = warp(pair.clean_moving, network(pair.fixed, pair.moving))
    together = torch.stack([pair.clean_fixed.flatten(), warped.flatten()]).detach()
    assert float(terms["similarity"].detach()) == pytest.approx(1 - float(torch.corrcoef(together)[0, 1]), abs=1e-4)


def test_average_follows_the_weights_late_in_training_slowly():
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(0.0)
        late, early = counted_from(moving_average(model, 0.9), 10_000), moving_average(model, 0.9)
        model.weight.fill_(1.0)
    for average, moved in ((late, 0.1), (early, 1 - 2 / 11)):
        average.update_parameters(model)
        assert float(average.module.weight) == pytest.approx(moved)


def test_schedules_start_full_and_end_low():
    assert Schedule(iterations=100).progress(50, 0.0) == 0.5
    assert Schedule(iterations=0, minutes=2.0).progress(7, 60.0) == 0.5
    for name, factor in SCHEDULES.items():
        assert factor(0.0) == pytest.approx(1.0)
        assert factor(1.0) <= (1.0 if name == "flat" else 0.25)
    for steps, warm_up in ((0, 200), (100_000, 200), (1000, 50), (9, 1)):
        assert Schedule(iterations=steps, learning_rate=1.0).rate(0, 0.0) == pytest.approx(1 / warm_up)
    # The confound of the public code: the plain network's rate falls to an eighth where ALDK's stays.
    assert SCHEDULES["public"](0.2) == pytest.approx(1 / 8)
    assert SCHEDULES["public-aldk"](0.2) == 1.0


def test_the_log_drops_rows_that_are_going_to_be_written_again(tmp_path):
    log = History(tmp_path, 0)
    for number in (21, 41):
        log.add(number, 1.0, 0.0, "task", 1e-3, {"loss": 1.0})
    log.close()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("61,1.0")  # cut off by a crash
    History(tmp_path, 30).close()
    assert [number for number, _ in curve(tmp_path)] == ["21"]
