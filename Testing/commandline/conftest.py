"""Small files to register."""

import pytest
from support.commandline import make_files


@pytest.fixture
def files(tmp_path):
    return make_files(tmp_path)
