"""Whether an ITK transform in a text file (.tfm, .txt) is whole: Slicer's reader crashes on one that was cut off."""

from __future__ import annotations

from pathlib import Path

TEXT_SUFFIXES = (".tfm", ".txt")


def isWholeText(path: Path) -> bool:
    """Whether every transform of the file has its parameters, and a displacement field as many as its grid needs.

    :raises OSError: it cannot be read.
    """
    kinds: list[str] = []
    parameters: dict[int, int] = {}
    fixed: dict[int, list[bytes]] = {}
    line = b"\n"
    with path.open("rb") as file:
        for line in file:
            name, _, values = line.partition(b":")
            if name == b"Transform":
                kinds.append(values.strip().decode("ascii", "replace"))
            elif name == b"Parameters":
                parameters[len(kinds)] = len(values.split())
            elif name == b"FixedParameters":
                fixed[len(kinds)] = values.split()
    if not line.endswith(b"\n") or not kinds:
        return False
    for number, kind in enumerate(kinds, start=1):
        if kind.startswith("CompositeTransform"):
            continue
        if number not in parameters or number not in fixed:
            return False
        if kind.startswith("DisplacementFieldTransform") and parameters[number] != _needed(fixed[number]):
            return False
    return True


def _needed(fixed: list[bytes]) -> int:
    """Parameters of a displacement field with these fixed parameters, which begin with its size."""
    try:
        ni, nj, nk = (round(float(value)) for value in fixed[:3])
    except ValueError:
        return -1
    return 3 * ni * nj * nk
