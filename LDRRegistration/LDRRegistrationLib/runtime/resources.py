"""Where the files lie that come along: models, sample data, the panel."""

from __future__ import annotations

from pathlib import Path


def _resourcesFolder() -> Path:
    """Beside the library in Slicer and in a checkout, inside it where pip put it: see pyproject.toml."""
    library = Path(__file__).resolve().parents[1]
    inside = library / "Resources"
    return inside if inside.is_dir() else library.parent / "Resources"


RESOURCES = _resourcesFolder()
