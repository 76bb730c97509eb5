"""The bundled pair as two DICOM studies, and what changed between them, once for all tests."""

from types import SimpleNamespace

import pytest
from support.dicomstudies import follow_up


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    """The folders of the current and of the prior study. Nobody writes into them."""
    return follow_up(tmp_path_factory.mktemp("studies"), name="Yamada^Tarou=山田^太郎=やまだ^たろう")


@pytest.fixture(scope="session")
def comparison(studies, remembered):
    """Both stacks, the registration, the map of change and its regions."""
    from LDRRegistrationLib.change.detection import detect
    from LDRRegistrationLib.dicom.choosing import chooseSeries
    from LDRRegistrationLib.dicom.voxels import readStack
    from LDRRegistrationLib.registration.models import ModelStore

    stacks = [chooseSeries(folder).stack for folder in studies]
    images = [readStack(stack)[0] for stack in stacks]
    result, change_map = remembered.compareVisits(
        *images, ModelStore(), currentDate="2010-05-01", priorDate="2009-10-10"
    )
    return SimpleNamespace(
        current=stacks[0],
        prior=stacks[1],
        transform=result.transform,
        change_map=change_map,
        found=detect(change_map, 1.0),
    )
