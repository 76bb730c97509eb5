"""Model cards: one that cannot be right is left out with a sentence, and the others stay."""

import hashlib
import json

import numpy as np
import pytest
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.runtime.errors import DependencyError
from support.grids import random_grid, smooth_image
from support.models import write_model

BAD = {
    "spacing below 0": {"spacingMm": -2},
    "spacing of nothing": {"spacingMm": 0.2},
    "spacing of everything": {"spacingMm": 20.5},
    "spacing as text": {"spacingMm": "2"},
    "spacing that is none": {"spacingMm": float("nan")},
    "spacing that is true": {"spacingMm": True},
    "huge multiple": {"sizeMultiple": 10000},
    "odd multiple": {"sizeMultiple": 12},
    "no multiple": {"sizeMultiple": 0},
    "half a multiple": {"sizeMultiple": 16.5},
    "short digest": {"sha256": "abc"},
    "digest that is none": {"sha256": "x" * 64},
    "no passes": {"passes": []},
    "three passes of another kind": {"passes": [3]},
    "passes the wrong way": {"passes": [1, 2]},
    "passes of 0": {"passes": [0]},
    "passes that are no list": {"passes": 4},
    "too many passes": {"passes": [1] * 17},
    "words for a flag": {"nonCommercial": "no"},
    "data without names": {"trainingData": ["mine"]},
    "title of numbers": {"title": 7},
}


def _change(folder, name, **changes):
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_card_that_cannot_be_right_is_left_out_alone(tmp_path, changes):
    write_model(tmp_path, (0.0, 0.0, 0.0), "good")
    write_model(tmp_path, (0.0, 0.0, 0.0), "bad", default=False)
    _change(tmp_path, "bad", **changes)
    store = ModelStore(tmp_path)
    assert [card.name for card in store.cards()] == ["good"]
    (problem,) = store.problems.values()
    assert "bad.json" in problem and next(iter(changes)) in problem and problem.count("\n") == 0
    with pytest.raises(DependencyError, match=r"bad\.json"):
        store.card("bad")
    assert store.card("auto").name == "good"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b'{"sha256": "' + b"0" * 2_000_000]
)
def test_foreign_files_are_left_out(tmp_path, content):
    write_model(tmp_path, (0.0, 0.0, 0.0), "good")
    (tmp_path / "foreign.json").write_bytes(content)
    (tmp_path / "folder.json").mkdir()
    store = ModelStore(tmp_path)
    assert [card.name for card in store.cards()] == ["good"] and sorted(store.problems) == ["folder", "foreign"]


def test_two_cards_of_one_file_are_two_models(tmp_path):
    write_model(tmp_path, (0.0, 0.0, 0.0), "one", spacingMm=2.0)
    (tmp_path / "two.pt").write_bytes((tmp_path / "one.pt").read_bytes())
    (tmp_path / "two.json").write_text((tmp_path / "one.json").read_text())
    digest = hashlib.sha256((tmp_path / "two.pt").read_bytes()).hexdigest().upper()
    _change(tmp_path, "two", spacingMm=3.0, sha256=digest, default=False)
    store = ModelStore(tmp_path)
    assert store.load("one").card.spacingMm == 2.0 and store.load("two").card.spacingMm == 3.0


def test_a_restricted_model_never_steps_in_for_the_default(tmp_path):
    write_model(tmp_path, (0.0, 0.0, 0.0), "default")
    write_model(tmp_path, (0.0, 0.0, 0.0), "a-restricted", default=False, nonCommercial=True)
    _change(tmp_path, "default", spacingMm=-1)
    with pytest.raises(DependencyError, match=r"free for any use.*default\.json"):
        ModelStore(tmp_path).card("auto")
    write_model(tmp_path, (0.0, 0.0, 0.0), "free", default=False)
    assert ModelStore(tmp_path).card("auto").name == "free"


def test_the_result_and_the_list_say_what_was_left_out(tmp_path, capsys):
    write_model(tmp_path, (0.0, 0.0, 0.0), "good", default=False)
    write_model(tmp_path, (0.0, 0.0, 0.0), "bad")
    _change(tmp_path, "bad", spacingMm=-2)
    assert main(["--list-models", "--models", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.startswith("good: ") and "Note: The model bad is left out" in printed and "spacingMm is -2" in printed
    )
    rng = np.random.default_rng(2)
    image = smooth_image(rng, random_grid(rng, (20, 20, 20)))
    result = register(image, image, Settings(), ModelStore(tmp_path))
    assert result.model == "good" and any("The model bad is left out" in note for note in result.notes)
    named = register(image, image, Settings(model="good"), ModelStore(tmp_path))
    assert not any("left out" in note for note in named.notes)
