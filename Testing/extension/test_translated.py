"""The languages that the extension speaks beside English are complete, and their files are the ones Slicer loads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import translations

# Names of files, programs and settings, which are the same in every language.
NAMES = re.compile(
    r"changes\.\w+|\.nii\.gz|\.nrrd|\.h5|highdicom|pydicom|PyTorch|NumPy|Slicer|DICOM|ITK|SHA-256|JSON|CUDA|bfloat16|"
    r"c2f-[a-z0-9-]*[a-z0-9]|ldr-general|CC BY(?:-[A-Z]+)*(?: 4\.0)?|doi:\S+|2024-05-31"
)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_sentence_is_translated_with_its_placeholders(language: str) -> None:
    assert translations.missing(language) == [], "run tools/translations.py, and translate what is unfinished"


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_nothing_else_is_in_the_file(language: str) -> None:
    assert sorted(translations.translations(language)) == translations.messages()
    assert ET.parse(translations.ts_file(language)).getroot().get("language") == language


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_what_surrounds_a_sentence_stays(language: str) -> None:
    """Parts that are put together begin and end with the same spaces and breaks, and names are not translated."""
    translated = translations.translations(language)
    assert len(translated) > 100
    for (_context, source), text in translated.items():
        for side in (str.lstrip, str.rstrip):
            assert len(source) - len(side(source)) == len(text) - len(side(text)), (source, text)
        assert source.count("\n") == text.count("\n"), source
        assert sorted(set(NAMES.findall(source))) == sorted(set(NAMES.findall(text))), (source, text)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_what_slicer_loads_is_what_is_written(language: str) -> None:
    from PySide6.QtCore import QTranslator

    loaded = QTranslator()
    assert loaded.load(str(translations.ts_file(language).with_suffix(".qm")))
    for (context, source), text in translations.translations(language).items():
        assert loaded.translate(context, source) == text, "run tools/translations.py"


def test_a_sentence_that_is_new_or_has_another_placeholder_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    known = translations.translations("de")
    new = ("gui.view", "A sentence of {today}.")
    monkeypatch.setattr(translations, "messages", lambda: [new])
    assert translations.missing("de") == [new]
    for text, lacks in (("Ein Satz von {today}.", []), ("Ein Satz von {heute}.", [new]), ("Ein Satz.", [new])):
        monkeypatch.setattr(translations, "translations", lambda language, text=text: {**known, new: text})
        assert translations.missing("de") == lacks
