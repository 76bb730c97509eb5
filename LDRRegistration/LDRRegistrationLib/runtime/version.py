"""Which version of this program it is."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = "ldr-registration"


def softwareVersion() -> str:
    """Of the installed package; "unknown" where it is not installed, as in a checkout that Slicer loads."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"
