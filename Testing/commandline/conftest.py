"""Small files to register."""

import pytest
from support.commandline import copied_files, make_files


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("made"))


@pytest.fixture
def files(made, tmp_path):
    return copied_files(made, tmp_path)
