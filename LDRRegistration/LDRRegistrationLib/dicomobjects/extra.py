"""highdicom, which is installed only where objects are to be written."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

from ..runtime.errors import DependencyError

REQUIREMENT = "highdicom>=0.25"


def highdicomIsInstalled() -> bool:
    """Whether the package can be found; it is not imported."""
    try:
        return importlib.util.find_spec("highdicom") is not None
    except (ImportError, ValueError):
        return False


def importHighdicom() -> Any:
    """The package.

    :raises DependencyError: it is not installed, or does not start.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import highdicom
            import highdicom.seg
            import highdicom.sr
    except ImportError as error:
        raise DependencyError(
            "DICOM objects are written by highdicom, which is not installed: pip install 'ldr-registration[dicom]'."
        ) from error
    return highdicom
