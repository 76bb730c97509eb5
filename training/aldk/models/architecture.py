"""Which network: what a checkpoint has to know to build it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from aldk.errors import TrainingError


@dataclass(frozen=True)
class Architecture:
    """A network by its parts.

    Parameters
    ----------
    base
        Name of the network that each cascade is (``MODELS``); "RCN" means VTN subnetworks over a "vtn" stem.
    cascades
        How many, one behind the other, each with its own weights.
    affine
        Affine stem before the cascades: "none", "light" (of the public LDR code) or "vtn".
    velocity
        What each cascade's network gives is a stationary velocity; its flow, after unit time, is a diffeomorphism.
    grid
        (k, j, i) voxels that the published, size-bound heads of the stem are made for; None: pooling heads, any size.
    """

    base: str
    cascades: int = 1
    affine: str = "none"
    grid: tuple[int, int, int] | None = None
    velocity: bool = False

    def __post_init__(self) -> None:
        if self.base == "RCN" and self.affine == "none":
            object.__setattr__(self, "affine", "vtn")
        if self.grid is not None:
            object.__setattr__(self, "grid", tuple(self.grid))

    def to_dict(self) -> dict[str, Any]:
        """Plain values: for json, and for torch.load(weights_only=True)."""
        return {**asdict(self), "grid": None if self.grid is None else list(self.grid)}

    @staticmethod
    def from_dict(d: Mapping[str, Any]) -> Architecture:
        """The inverse of ``to_dict``; TrainingError for keys that are unknown, or for no base."""
        known = [field.name for field in fields(Architecture)]
        unknown = sorted(set(d) - set(known))
        if unknown or "base" not in d:
            wrong = f"not {', '.join(unknown)}" if unknown else "of which base must be given"
            raise TrainingError(f"A network is described by {', '.join(known)}, {wrong}.")
        return Architecture(**d)
