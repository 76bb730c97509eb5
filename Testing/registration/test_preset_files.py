"""Files of a user's own presets: what is written is read again, and what is wrong is said by name."""

import json

import pytest
from LDRRegistrationLib.registration.presetfiles import added, checkedName, presetsText, readPresets
from LDRRegistrationLib.registration.settings import Prealignment, Preset, settingsFrom
from LDRRegistrationLib.runtime.errors import RegistrationError

LIVERS = {"preset": "accurate", "prealignment": "rigid", "refinementSteps": 40, "adaptationIterations": 0}


def text(presets=None, **others):
    return json.dumps({"ldrRegistrationPresets": 1, "presets": presets or {}, **others})


def test_what_is_written_is_read_again_and_registers():
    presets = {"Livers": LIVERS, "Für Köpfe": {"refinementSteps": None, "model": "ldr-general"}}
    assert readPresets(presetsText(presets), "a file") == presets
    settings = settingsFrom(**presets["Livers"])
    assert (settings.preset, settings.prealignment, settings.refinementSteps) == (
        Preset.ACCURATE,
        Prealignment.RIGID,
        40,
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "it is not JSON"),
        ("[]", "no list of them"),
        ('{"presets": []}', "no list of them"),
        ('{"presets": {}}', "does not say its version"),
        ('{"ldrRegistrationPresets": true, "presets": {}}', "does not say its version"),
        ('{"ldrRegistrationPresets": 2, "presets": {}}', "newer version"),
        (text(author="me", zoom=1), "unknown here: author, zoom"),
        (text({"A": {"preset": "fast", "speed": 3}}), "The preset A has settings that are unknown here: speed"),
        (text({"A": {"device": "cuda"}}), "unknown here: device"),
        (text({"A": {"refinementSteps": 2.5}}), "refinementSteps cannot be 2.5"),
        (text({"A": {"refinementSteps": True}}), "refinementSteps cannot be true"),
        (text({"A": {"refinementSteps": -1}}), "The preset A: The number of refinement steps cannot be negative"),
        (text({"A": {"refinementSteps": 201}}), "at most 200"),
        (text({"A": {"preset": "fastest"}}), "The preset A: A setting is unknown"),
        (text({"A": []}), "The preset A has no settings"),
        (text({"  ": {}}), "a name first"),
        (text({"A" * 61: {}}), "at most 60 letters"),
    ],
)
def test_what_is_wrong_is_a_sentence(content, sentence):
    with pytest.raises(RegistrationError, match=sentence):
        readPresets(content, "shared.json")


def test_a_name_that_is_taken_gets_a_number():
    other = {**LIVERS, "refinementSteps": 3}
    presets = added({"Livers": LIVERS}, {"Livers": other, "Heads": {}})
    assert presets == {"Livers": LIVERS, "Livers (2)": other, "Heads": {}}
    assert added(presets, {"Livers": LIVERS}) == presets, "the same again is nothing new"
    assert added(presets, {"Livers": other}) == presets
    assert checkedName("  My   livers ") == "My livers"
