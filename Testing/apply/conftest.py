"""The pair that ldr-apply is tested on."""

import pytest
from support.applied import make_space


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A fixed and a moving image, oblique and left-handed, and the transform between them, fixed to moving points."""
    return make_space(tmp_path_factory.mktemp("space"), oblique=True)
