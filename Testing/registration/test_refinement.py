"""Instance optimisation: of the flow, and of the student's last layers; both may be watched, stopped, and end early."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from LDRRegistrationLib.numerics.adam import Adam
from LDRRegistrationLib.numerics.displacement import foldedFraction, jacobianDeterminant, resize, warp, warpBySlopes
from LDRRegistrationLib.numerics.losses import lnccLoss
from LDRRegistrationLib.registration.energy import Energy
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.refinement import Adaptation, Refinement, adapt, refine
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.space.image import Image
from support.grids import random_grid, smooth_image
from support.models import write_model

SHIFT = torch.tensor([1.0, -0.75, 0.5]).view(1, 3, 1, 1, 1)


@pytest.fixture
def pair():
    """(fixed, moving), (k, j, i): what is at x in fixed is at x + SHIFT in moving."""
    rng = np.random.default_rng(3)
    fine = torch.from_numpy(rng.random((1, 1, 16, 16, 16)).astype(np.float32))
    moving = torch.nn.functional.interpolate(fine, size=(48, 48, 48), mode="trilinear")
    fixed = warp(moving, SHIFT.expand(1, 3, 48, 48, 48))
    return fixed[0, 0], moving[0, 0]


@pytest.fixture
def student(tmp_path):
    return ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0))).load()


def test_last_layers_find_what_the_student_does_not_say(pair, student):
    """Of a network that knows nothing but one vector, the vector."""
    flow = adapt(
        student, *pair, None, how=Adaptation(iterations=80, seconds=math.inf, rate=0.05, layers=1, settled=0.0)
    )
    torch.testing.assert_close(flow, SHIFT.expand_as(flow), atol=0.05, rtol=0)
    assert float(student.predict(*pair).abs().max()) == 0.0, "the student itself must stay as it was"


def test_adaptation_goes_on_from_a_flow(pair, student):
    half = (0.5 * SHIFT).expand(1, 3, 48, 48, 48)
    flow = adapt(
        student, *pair, half, how=Adaptation(iterations=60, seconds=math.inf, rate=0.05, layers=1, settled=0.0)
    )
    inner = flow[..., 4:-4, 4:-4, 4:-4]
    torch.testing.assert_close(inner, SHIFT.expand_as(inner), atol=0.05, rtol=0)


def test_only_the_last_layers_learn():
    store = ModelStore()
    student = store.load()
    module, parameters = student.lastLayers(1)
    named = dict(module.named_parameters())
    learning = [name for name, parameter in named.items() if parameter.requires_grad]
    assert [name.rpartition(".")[2] for name in learning] == ["weight", "bias"] and "flow" in learning[0]
    assert len(parameters) == 2
    assert len(student.lastLayers(2)[1]) == 4
    image = torch.rand(1, 1, 32, 32, 32)
    student.run(module, image, image.flip(2)).square().mean().backward()
    for name, parameter in named.items():
        assert (parameter.grad is not None) == (name in learning)


@pytest.mark.parametrize("how", [Adaptation(layers=2, iterations=15, seconds=math.inf), Refinement(steps=15)])
def test_the_shipped_student_is_improved_and_does_not_fold(pair, how):
    fixed, moving = pair
    # On noise like this, which no network was trained on; what adaptation does to real images is measured.
    student = ModelStore().load("ldr-general")
    before = student.predict(fixed, moving)
    after = (
        adapt(student, fixed, moving, before, how=how)
        if isinstance(how, Adaptation)
        else refine(fixed, moving, before, how=how)
    )

    def difference(flow):
        return float(lnccLoss(fixed[None, None], warp(moving[None, None], flow)))

    assert difference(after) < difference(before)
    assert foldedFraction(jacobianDeterminant(after)) <= 1e-4


def steps_of(work):
    """How often ``work(advance)`` says what is done, and what it says."""
    said = []
    work(said.append)
    return said


def test_both_tell_how_far_they_are(pair, student):
    for said in (
        steps_of(lambda advance: refine(*pair, None, advance, Refinement(steps=4))),
        steps_of(
            lambda advance: adapt(
                student, *pair, None, advance, Adaptation(iterations=4, seconds=math.inf, settled=0.0, layers=1)
            )
        ),
    ):
        assert said == [0.0, 0.25, 0.5, 0.75]


def test_both_end_when_nothing_is_gained_any_more(pair, student):
    """From the answer itself nothing can be gained: ten steps tell, not a hundred."""
    exact = SHIFT.expand(1, 3, 48, 48, 48)
    slow = Refinement(steps=100, stepVoxels=1e-4, reduction=1, settled=1e-3)
    assert len(steps_of(lambda advance: refine(*pair, exact, advance, slow))) == 10
    how = Adaptation(iterations=100, seconds=math.inf, rate=1e-6, layers=1, settled=1e-3)
    assert len(steps_of(lambda advance: adapt(student, *pair, exact, advance, how))) == 10
    never = Refinement(steps=15, stepVoxels=1e-4, reduction=1, settled=0.0)
    assert len(steps_of(lambda advance: refine(*pair, exact, advance, never))) == 15


def test_adaptation_keeps_to_its_time(pair, student):
    how = Adaptation(iterations=1000, seconds=0.0, layers=1, settled=0.0)
    assert len(steps_of(lambda advance: adapt(student, *pair, None, advance, how))) == 1


def test_the_best_of_an_adaptation_is_kept(pair, student):
    """A rate that overshoots must not leave the images less alike than the first iteration found them."""
    flow = adapt(student, *pair, None, how=Adaptation(iterations=6, seconds=math.inf, rate=50.0, layers=1, settled=0.0))
    fixed, moving = pair
    energy = Energy()
    start = torch.zeros(1, 3, 48, 48, 48)
    images = fixed[None, None], moving[None, None]
    assert float(energy(images[0], warp(images[1], flow), flow)) <= float(energy(*images, start)) + 1e-6


def test_cancelled_between_iterations(tmp_path):
    rng = np.random.default_rng(2)
    image = smooth_image(rng, random_grid(rng, (40, 40, 40)))
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    settings = Settings(
        Preset.ACCURATE, prealignment=Prealignment.NONE, adaptation=Adaptation(iterations=5, seconds=math.inf, layers=1)
    )
    said = []
    register(image, image, settings, models, progress=lambda fraction, stage: said.append((fraction, stage)))
    for stage, most in (("Adaptation", 6), ("Refinement", settings.recipe.refinement.steps + 1)):
        within = [fraction for fraction, name in said if name == stage]
        assert 3 < len(within) <= most and within == sorted(within)
    stages = []

    def progress(fraction, stage):
        stages.append(stage)

    def cancelled():
        return stages.count("Refinement") == 3

    with pytest.raises(RegistrationCancelled):
        register(image, image, settings, models, progress=progress, cancelled=cancelled)
    assert stages.count("Refinement") == 3


def test_adaptation_in_a_registration(tmp_path):
    """It is a stage of its own, and brings what a student that says nothing leaves over."""
    rng = np.random.default_rng(1)
    grid = random_grid(rng, (50, 60, 55), extent_mm=110.0)
    moving = smooth_image(rng, grid, sigma=2.5)
    matrix = grid.ijkToRas.copy()
    shift = np.array([1.5, -2.0, 1.0])
    matrix[:3, 3] -= shift
    fixed = Image(moving.array, matrix)
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    settings = Settings(
        prealignment=Prealignment.NONE,
        adaptation=Adaptation(iterations=80, seconds=math.inf, rate=0.05, layers=1, settled=0.0),
    )
    result = register(fixed, moving, settings, models)
    assert "Adaptation" in result.seconds
    found = result.transform.points(fixed.grid.centerRas[None])[0] - fixed.grid.centerRas
    # A quarter of the model's voxels of 2 mm: the images lie differently on its grid.
    np.testing.assert_allclose(found, shift, atol=0.5)


def test_what_has_hardly_a_gradient_hardly_moves():
    gradient = torch.tensor([[1.0, -1.0, 1e-6, 0.0]])
    moved = []
    for epsilon in (0.0, 0.5):
        parameter = torch.zeros(1, 4)
        Adam([parameter], 0.1, epsilon=epsilon).step([gradient])
        moved.append(parameter)
    assert torch.allclose(moved[0], torch.tensor([[-0.1, 0.1, -0.099, 0.0]]), atol=1e-3)
    share = 1.0 / (1.0 + 0.5 * float(gradient.square().mean().sqrt()))
    assert torch.allclose(moved[1], torch.tensor([[-0.1 * share, 0.1 * share, 0.0, 0.0]]), atol=1e-6)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_is_that_of_pytorch(amsgrad):
    torch.manual_seed(3)
    start, target = torch.randn(5, 7), torch.randn(5, 7)
    mine, theirs = start.clone(), start.clone().requires_grad_(True)
    reference = torch.optim.Adam([theirs], lr=0.1, amsgrad=amsgrad)
    adam = Adam([mine], 0.1, amsgrad)
    for step in range(40):
        adam.rate = reference.param_groups[0]["lr"] = 0.1 * (1 - step / 40)
        # Gradients that grow and shrink, so that the largest second moment is not always the last.
        gradient = (1 + np.sin(step)) * (theirs.detach() - target).tanh()
        theirs.grad = gradient
        reference.step()
        adam.step([gradient])
    assert (mine - start).abs().max() > 0.5
    torch.testing.assert_close(mine, theirs.detach(), rtol=1e-4, atol=1e-5)


def test_refinement_and_adaptation_do_not_import_the_compiler():
    """It would cost the first click seconds; in a process of its own, since tests may import it elsewhere."""
    code = """
import sys, torch
from LDRRegistrationLib.registration.refinement import Adaptation, adapt, refine
from LDRRegistrationLib.registration.models import ModelStore
fixed, moving = torch.rand(32, 32, 32), torch.rand(32, 32, 32)
refine(fixed, moving, None)
adapt(ModelStore().load("auto"), fixed, moving, None, how=Adaptation(iterations=2))
assert "torch._dynamo" not in sys.modules
print("done")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout == "done\n", ran.stderr


def test_what_lies_far_from_all_that_is_shown_stays_as_it_was(pair):
    """The box is refined alone, and its faces do not tear."""
    fixed, moving = (torch.zeros(72, 64, 80) for _ in range(2))
    fixed[20:68, 10:58, 16:64], moving[20:68, 10:58, 16:64] = pair
    flow = refine(fixed, moving, None, how=Refinement(steps=40, settled=0.0))
    outside = flow.clone()
    outside[:, :, 16:72, 6:62, 12:68] = 0
    assert float(outside.abs().max()) == 0.0
    inner = flow[..., 28:60, 18:50, 24:56]
    torch.testing.assert_close(inner, SHIFT.expand_as(inner), atol=0.35, rtol=0)
    assert float(flow.diff(dim=2).abs().max()) < 0.6 and foldedFraction(jacobianDeterminant(flow)) == 0


def test_a_part_of_a_grid_is_warped_as_the_whole_is():
    torch.manual_seed(0)
    image, flow = torch.rand(1, 2, 12, 14, 16), torch.randn(1, 3, 12, 14, 16)
    part = warp(image, flow[:, :, 3:9, 2:11, 5:], origin=(3, 2, 5))
    torch.testing.assert_close(part, warp(image, flow)[:, :, 3:9, 2:11, 5:])


@pytest.mark.parametrize("shapes", [((5, 6, 7), (10, 12, 13)), ((8, 8, 8), (8, 8, 8)), ((1, 9, 4), (2, 6, 7))])
def test_flows_are_resized_as_torch_interpolates(shapes):
    torch.manual_seed(0)
    flow = torch.randn(2, 3, *shapes[0])
    interpolated = torch.nn.functional.interpolate(flow, shapes[1], mode="trilinear", align_corners=False)
    scales = torch.tensor(shapes[1]) / torch.tensor(shapes[0])
    torch.testing.assert_close(resize(flow, shapes[1]), interpolated * scales.view(1, 3, 1, 1, 1))


def test_what_is_refined_starts_from_the_flow_and_smooths_only_what_is_added(pair):
    """A flow with a step that the images do not show is kept where nothing pulls at it."""
    flat = torch.full((48, 48, 48), 0.5)
    step = torch.zeros(1, 3, 48, 48, 48)
    step[:, 0, 24:] = 0.8
    how = Refinement(steps=5, energy=Energy(smoothness=0.0))
    torch.testing.assert_close(refine(flat, flat, step, how=how), step)


def test_the_presets_refine_as_much_as_they_say():
    fast, accurate = Settings().recipe, Settings(preset=Preset.ACCURATE).recipe
    assert fast.refinement.steps == 6 and accurate.refinement == Refinement() and Refinement().steps == 12
    assert fast.coarsening > 1 > accurate.coarsening
    assert (fast.extraPasses, accurate.extraPasses) == (0, 1)
    assert fast.skipsRefinement(0.85) and not fast.skipsRefinement(0.75) and not accurate.skipsRefinement(0.85)
    for preset in Preset:
        chosen = Settings(preset, refinementSteps=7).recipe
        assert chosen.refinement.steps == chosen.stepsAcrossContrasts == 7 and not chosen.skipsRefinement(0.85)
        assert Settings(preset, refinementSteps=0).recipe.skipsRefinement(0.0)
        for followUp in (Settings(preset, followUp=True), Settings(preset, followUp=True, refinementSteps=7)):
            assert followUp.recipe.skipsRefinement(0.0) and followUp.recipe.coarsening == 1.0


def test_slopes_stand_for_the_derivative_of_the_interpolation():
    """The same image, and where it is smooth and the flow a shift, nearly the same derivative away from the borders."""
    waves = [torch.sin(0.2 * torch.arange(24.0) + n) for n in range(3)]
    image = (waves[0][:, None, None] * waves[1][:, None] * waves[2])[None, None]
    flows = [torch.full((1, 3, 16, 18, 20), 0.3).requires_grad_(True) for _ in range(2)]
    warped = [made(image, flow, origin=(2, 3, 1)) for made, flow in zip((warp, warpBySlopes), flows, strict=True)]
    assert torch.equal(*(values.detach() for values in warped))
    inner = (..., slice(1, -1), slice(1, -1), slice(1, -1))
    exact, slopes = (
        torch.autograd.grad(values.sum(), flow)[0][inner] for values, flow in zip(warped, flows, strict=True)
    )
    assert float(exact.abs().max()) > 0.1
    torch.testing.assert_close(slopes, exact, atol=0.02, rtol=0)
