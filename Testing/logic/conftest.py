"""The logic with a model whose answer is known; two visits, and what was found when they were compared."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.logic import change as changes_module
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.registration.verdict import Verdict
from support.models import write_model
from support.shiftedscene import ALONG_A
from support.visits import in_scene, scans


@pytest.fixture
def logic(tmp_path):
    return RegistrationLogic(
        write_model(tmp_path / "models", ALONG_A, spacingMm=2.0 / RECIPES[Preset.ACCURATE].coarsening)
    )


@pytest.fixture(scope="session")
def visit_scans():
    return scans()


@pytest.fixture
def visits(visit_scans):
    """Both scans in a scene of their own, with the logic."""
    return in_scene(visit_scans)


@pytest.fixture(scope="session")
def compared_visits(visit_scans, remembered):
    """One comparison for all tests of what is done with it."""
    visits = in_scene(visit_scans)
    with pytest.MonkeyPatch.context() as patched:
        remembered.install(patched)
        job = visits.logic.prepareChanges(currentVolumeNode=visits.current, priorVolumeNode=visits.prior)
        outcome = visits.logic.computeChanges(job)
    return outcome.result, outcome.changeMap


@pytest.fixture
def at_once(compared_visits, monkeypatch):
    """``found`` without the computation; ``at_once.verdict`` is that of the alignment."""
    result, changeMap = compared_visits
    case = SimpleNamespace(verdict=Verdict("good", ""))

    def answer(*unused, **others):
        return replace(result, verdict=case.verdict), changeMap

    monkeypatch.setattr(changes_module, "compareVisits", answer)
    return case
