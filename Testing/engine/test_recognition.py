"""Which model is picked for an image, and that none with a restricted licence is without the user's word."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from LDRRegistrationLib.dependencies import importTorch
from LDRRegistrationLib.engine import register
from LDRRegistrationLib.errors import DependencyError
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.modelcards import MODELS_FOLDER
from LDRRegistrationLib.recognition import AUTO_NON_COMMERCIAL, Template, pickModel
from LDRRegistrationLib.settings import Settings
from LDRRegistrationLib.student import ModelStore
from support.grids import random_grid, smooth_image
from support.models import write_model

importTorch()
PICTURE = Path(__file__).resolve().parents[2] / "training" / "datasets" / "t1-brain.npz"
TEMPLATE = Template.read(PICTURE)


@pytest.fixture
def store(tmp_path):
    """The shipped models, the one for T1 brains with a picture of them."""
    folder = tmp_path / "models"
    shutil.copytree(MODELS_FOLDER, folder)
    shutil.copy(PICTURE, folder)
    path = folder / "c2f-brain-t1.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**card, "template": PICTURE.name}), encoding="utf-8")
    return ModelStore(folder)


def magnified(array: np.ndarray, seed: int) -> Image:
    """What the template shows, at 3 mm, turned, shifted and noisy; R and A exchanged and A mirrored in storage."""
    rng = np.random.default_rng(seed)
    fine = array.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    ijkToRas = TEMPLATE.ijkToRas @ np.diag([0.5, 0.5, 0.5, 1.0])
    # The first index of what is stored runs against j, the second along i.
    stored = np.ascontiguousarray(fine.transpose(0, 2, 1)[:, :, ::-1])
    fineIndex = np.array([[0, 1, 0, 0], [-1, 0, 0, fine.shape[1] - 1], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    angle = np.deg2rad(7.0)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = [12.0, -7.0, 9.0]
    noisy = 900.0 * stored + rng.normal(0.0, 8.0, stored.shape) * (stored > 0.02)
    return Image(noisy.astype(np.float32), turn @ ijkToRas @ fineIndex, "brain")


def test_a_t1_brain_is_recognised_and_another_contrast_and_other_things_are_not():
    assert TEMPLATE.fits(magnified(TEMPLATE.looks, 1))
    assert not TEMPLATE.fits(magnified(TEMPLATE.unlike, 2))
    rng = np.random.default_rng(3)
    assert not TEMPLATE.fits(smooth_image(rng, random_grid(rng, (40, 40, 40), extent_mm=160.0), sigma=3.0))
    air = np.full((30, 30, 30), -1000.0, np.float32)
    air[8:22, 8:22, 8:22] = 60.0
    assert not TEMPLATE.fits(Image(air, np.diag([5.0, 5.0, 5.0, 1.0]), "CT"))


def test_no_restricted_model_is_picked_without_the_users_word(store):
    brain = magnified(TEMPLATE.looks, 1)
    assert not pickModel("auto", store, brain).nonCommercial
    picked = pickModel(AUTO_NON_COMMERCIAL, store, brain)
    assert picked.name == "c2f-brain-t1" and picked.nonCommercial
    assert pickModel(AUTO_NON_COMMERCIAL, store, magnified(TEMPLATE.unlike, 2)).isDefault
    assert pickModel("ldr-general", store, brain).name == "ldr-general"
    with pytest.raises(DependencyError, match="no model named"):
        pickModel("nothing", store, brain)


def test_the_result_says_which_model_was_picked(store):
    brain = magnified(TEMPLATE.looks, 1)
    result = register(brain, magnified(TEMPLATE.looks, 5), Settings(model=AUTO_NON_COMMERCIAL, warp=False), store)
    assert result.model == "c2f-brain-t1"
    assert any("non-commercial use only" in note for note in result.notes)


def test_a_damaged_template_is_named(tmp_path):
    folder = write_model(tmp_path, (0.0, 0.0, 0.0), template="picture.npz", default=False)
    image = magnified(TEMPLATE.looks, 1)
    for content in (None, b"no archive"):
        if content is not None:
            (folder / "picture.npz").write_bytes(content)
        with pytest.raises(DependencyError, match=r"picture\.npz"):
            pickModel(AUTO_NON_COMMERCIAL, ModelStore(folder), image)
