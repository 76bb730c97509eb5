"""The images offered in Slicer's Sample Data module; a stand-in for that module as Slicer 5.10 and 5.12 have it."""

from __future__ import annotations

import hashlib
import struct
import sys
import types
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname, urlopen

import pytest


class Logic510:
    """The keywords that registerCustomSampleDataSource has in v5.10.0 and v5.12.3."""

    sources: list[dict]

    @classmethod
    def registerCustomSampleDataSource(
        cls,
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
        loadFileType=None,
    ):
        arguments = dict(locals())
        assert len(uris) == len(fileNames) == len(nodeNames) == len(checksums)
        cls.sources.append(arguments)


class Logic512(Logic510):
    titles: dict[str, str]

    @classmethod
    def registerCustomSampleDataCategory(cls, category, title):
        cls.titles[category] = title


@pytest.fixture
def register(monkeypatch):
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr = lambda text: text
    monkeypatch.setitem(sys.modules, "slicer.i18n", i18n)
    monkeypatch.delitem(sys.modules, "LDRRegistrationLib.gui.sampledata", raising=False)
    from LDRRegistrationLib.gui.sampledata import registerSampleData

    return registerSampleData


@pytest.mark.parametrize("logic", [Logic510, Logic512])
def test_samples_are_registered_and_load_without_a_network(register, monkeypatch, logic):
    logic.sources, logic.titles = [], {}
    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=logic))
    register()
    assert [source["nodeNames"] for source in logic.sources] == [
        ["Current FLAIR", "Prior FLAIR"],
        ["Hippocampus 001", "Hippocampus 014"],
    ]
    assert logic is Logic510 or logic.titles == {"LDRRegistration": "LDR Registration"}
    assert len({name for source in logic.sources for name in source["fileNames"]}) == 4, "one cache for all"
    for source in logic.sources:
        for uri, checksum in zip(source["uris"], source["checksums"], strict=True):
            assert urlsplit(uri).scheme == "file" and Path(url2pathname(urlsplit(uri).path)).is_file()
            with urlopen(uri) as file:  # as the Sample Data module does
                assert checksum == "SHA256:" + hashlib.sha256(file.read()).hexdigest()
        header = Path(source["thumbnailFileName"]).read_bytes()[:24]
        assert struct.unpack(">II", header[16:24]) == (260, 280), "the size of Slicer's own"


def test_without_the_sample_data_module_nothing_happens(register, monkeypatch):
    monkeypatch.setitem(sys.modules, "SampleData", None)
    register()
