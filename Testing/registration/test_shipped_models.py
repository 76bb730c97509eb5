"""The weights that users get, on real images: they register, they do not fold, their cards are complete."""

import functools
import json

import numpy as np
import pytest
import torch
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult, register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.data import CURRENT_FLAIR, HIPPOCAMPUS, PRIOR_FLAIR, read_image
from support.grids import smooth_flow

NAMES = [card.name for card in ModelStore().cards()]
REQUIRED = {
    "title",
    "architecture",
    "parameters",
    "sha256",
    "spacingMm",
    "sizeMultiple",
    "inputNormalisation",
    "flow",
    "modality",
    "trainingData",
    "licence",
    "nonCommercial",
    "metrics",
    "torchVersion",
    "seed",
    "commands",
    "passes",
    "iterations",
}


def test_cards_are_complete_and_the_default_is_free_of_non_commercial_data():
    cards = ModelStore().cards()
    assert [card.isDefault for card in cards].count(True) == 1
    assert not ModelStore().card("auto").nonCommercial
    assert {path.stem for path in MODELS_FOLDER.glob("*.pt")} == {card.name for card in cards}
    for card in cards:
        content = json.loads((MODELS_FOLDER / f"{card.name}.json").read_text(encoding="utf-8"))
        assert set(content) >= REQUIRED, card.name
        assert content["trainingData"], card.name
        measured = content["metrics"]["oasis_brains, 8 validation pairs"]
        assert measured["fastDice"] > measured["affineDice"] + 0.05, card.name
        non_commercial = any("NC" in entry["licence"] for entry in content["trainingData"])
        assert card.nonCommercial == non_commercial, card.name
        assert card.path.stat().st_size < 4_000_000


@functools.cache
def _follow_up(model: str, preset: Preset) -> RegistrationResult:
    settings = Settings(preset, model, warp=False)
    return register(read_image(CURRENT_FLAIR), read_image(PRIOR_FLAIR), settings, ModelStore())


@pytest.mark.parametrize("model", NAMES)
def test_follow_up_flair_with_thick_slices(model):
    result = _follow_up(model, Preset.FAST)
    assert result.transform.field is not None and result.notes == []
    assert result.similarity > result.similarityPrealigned + 0.003 > result.similarityStart + 0.1
    assert result.foldedPercent <= 0.1 and result.sdLogJacobian < 0.3
    assert 0.5 < result.largestDisplacementMm < 25.0


def test_each_step_of_refinement_goes_further():
    """On one grid: similarities on the grids of the two presets cannot be compared."""
    images = [read_image(HIPPOCAMPUS / "images" / f"hippocampus_{number}.nii.gz") for number in ("001", "014")]
    few, accurate = (
        register(*images, Settings(Preset.ACCURATE, warp=False, refinementSteps=steps), ModelStore())
        for steps in (2, None)
    )
    assert accurate.similarity > few.similarity + 0.01
    assert accurate.foldedPercent <= 0.1


def test_hippocampus_labels_overlap_more():
    images, labels = (
        [read_image(HIPPOCAMPUS / kind / f"hippocampus_{number}.nii.gz") for number in ("001", "014")]
        for kind in ("images", "labels")
    )
    result = register(*images, Settings(warp=False), ModelStore())

    def dice(transform: Transform) -> float:
        warped = transform.warp(labels[1], labels[0].grid, nearest=True)
        fixed = labels[0].array
        return float(
            np.mean(
                [2 * ((warped == n) & (fixed == n)).sum() / ((warped == n).sum() + (fixed == n).sum()) for n in (1, 2)]
            )
        )

    assert dice(result.transform) > dice(Transform(result.transform.affine)) + 0.03
    assert dice(result.transform) > 0.65


def test_a_simulated_deformation_is_recovered():
    """A real head bent by a known field: most of the known displacement is found, in its own direction."""
    fixed = read_image(CURRENT_FLAIR)
    grid = canonicalGrid(fixed.grid, 4.0)
    rng = np.random.default_rng(17)
    flow = sum(smooth_flow(rng, grid.shape, amplitude=1.0) for _ in range(3))
    known = Transform(np.eye(4), DisplacementField.fromFlow(toTensor(flow), grid))
    # The moving image holds at y what the fixed one holds at x = known(y), so the truth is x -> known^-1(x).
    moving = Image(known.warp(fixed, fixed.grid), fixed.ijkToRas, "bent")
    result = register(fixed, moving, Settings(warp=False), ModelStore())
    sparse = (slice(2, -2, 4), slice(8, -8, 12), slice(8, -8, 12))
    points = fixed.grid.pointsRas()[sparse]
    points = points[fixed.array[sparse] > 0.15 * fixed.array.max()]
    truth = known.inversePoints(points) - points
    found = result.transform.points(points) - points
    assert np.linalg.norm(truth, axis=1).mean() > 2.0
    assert np.linalg.norm(found - truth, axis=1).mean() < 0.5 * np.linalg.norm(truth, axis=1).mean()
    alignment = (found * truth).sum() / np.sqrt((found**2).sum() * (truth**2).sum())
    assert alignment > 0.8


def test_same_input_same_bits_and_nearly_so_with_other_threads():
    images = [read_image(HIPPOCAMPUS / "images" / f"hippocampus_{number}.nii.gz") for number in ("001", "014")]
    before = torch.get_num_threads()
    points = images[0].grid.pointsRas()[::5, ::5, ::5]
    answers = {}
    try:
        for threads in (2, 1, 2):
            torch.set_num_threads(threads)
            answer = register(*images, Settings(warp=False), ModelStore()).transform.points(points)
            if threads in answers:
                np.testing.assert_array_equal(answer, answers[threads])
            answers[threads] = answer
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(answers[1], answers[2], atol=1e-3)
