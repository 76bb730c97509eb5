"""One color for each kind of change, wherever regions are shown."""

from __future__ import annotations

from .regions import GONE, GROWN, NEW, SHRUNKEN, VENTRICLE

# Red, green and blue, 0 to 1.
COLORS = {
    NEW: (0.9, 0.1, 0.1),
    GROWN: (1.0, 0.6, 0.1),
    SHRUNKEN: (0.2, 0.7, 0.9),
    GONE: (0.1, 0.3, 0.9),
    VENTRICLE: (0.6, 0.4, 0.8),
}
