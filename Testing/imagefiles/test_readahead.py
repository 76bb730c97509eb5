"""Files that are read while something else is done."""

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.imagefiles import readahead
from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.runtime.errors import RegistrationError


def test_a_file_is_read_once_and_its_error_comes_where_it_is_asked_for(tmp_path, monkeypatch):
    good, bad = tmp_path / "good.nii", tmp_path / "bad.nii"
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)), str(good))
    bad.write_bytes(b"no image")
    read = []
    monkeypatch.setattr(readahead, "readImage", lambda path: read.append(path) or readImage(path))
    with readahead.readingAhead([good, bad, good]) as image:
        np.testing.assert_array_equal(image(good)[0].array, np.arange(24).reshape(2, 3, 4))
        with pytest.raises(RegistrationError, match="is not an image"):
            image(bad)
        assert read == [good, bad]
        image(good)
    assert read == [good, bad, good]
