"""Pictures of planes in space as arrays (height, width, 3) of floats 0 to 255: sampling, letters, scale bars, legends.

All are seen as in Slicer's views: the patient's right, and the nose, on the left; the front, or the top, above.
"""

from __future__ import annotations

import numpy as np

from ..numerics.dlpack import toArray
from ..space.grid import Grid
from ..space.resample import sampleOnGrid
from .png import renderText

# By name: which of R, A and S runs along the rows of a picture (to the left), up its columns, and across it; and the
# letters at its left, right, upper and lower edge.
PLANES = {
    "axial": ((0, 1, 2), ("R", "L", "A", "P")),
    "coronal": ((0, 2, 1), ("R", "L", "S", "I")),
    "sagittal": ((1, 2, 0), ("A", "P", "S", "I")),
}
WHITE, CROSSHAIR = np.full(3, 255.0), np.array([255.0, 220.0, 60.0])
TEXT_SIZE, RIM = 18, 5
LESS, MORE = np.array([30.0, 80.0, 255.0]), np.array([255.0, 60.0, 20.0])
SHOWN_Z, FULL_Z = 3.0, 15.0


def planeGrid(plane: str, middleRas: np.ndarray, halfMm: float, pixelMm: float) -> Grid:
    """A square slice (1, n, n) about a point, parallel to two of R, A and S."""
    along, up, across = PLANES[plane][0]
    count = max(2, round(2 * halfMm / pixelMm))
    step = 2 * halfMm / count
    ijkToRas = np.zeros((4, 4))
    ijkToRas[along, 0] = ijkToRas[up, 1] = ijkToRas[across, 2] = step
    ijkToRas[3, 3] = 1.0
    ijkToRas[:3, 3] = middleRas
    for axis in (along, up):
        ijkToRas[axis, 3] -= halfMm - step / 2
    return Grid((1, count, count), ijkToRas)


def sampled(array: np.ndarray, ijkToRas: np.ndarray, plane: Grid) -> np.ndarray:
    """(height, width): the values of (k, j, i) on a plane, as it is seen."""
    return toArray(sampleOnGrid(array, ijkToRas, plane))[0][::-1, ::-1]


def gray(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values between two limits as shades."""
    return np.clip((values - low) / max(high - low, 1e-12), 0, 1)[..., None] * WHITE


def withChange(picture: np.ndarray, z: np.ndarray) -> np.ndarray:
    """A picture with the change (z) over it: red where it is brighter now, blue where it is darker."""
    share = np.clip((np.abs(z) - SHOWN_Z) / (FULL_Z - SHOWN_Z), 0.0, 1.0)[..., None]
    opacity = np.where(np.abs(z)[..., None] > SHOWN_Z, 0.4 + 0.5 * share, 0.0)
    return (1.0 - opacity) * picture + opacity * np.where(z[..., None] > 0, MORE, LESS)


def crosshair(picture: np.ndarray, gap: int) -> None:
    """Lines through the middle that leave ``gap`` pixels around it free."""
    row, column = picture.shape[0] // 2, picture.shape[1] // 2
    for line in (picture[row, : column - gap], picture[row, column + gap :]):
        line[:] = 0.45 * line + 0.55 * CROSSHAIR
    for line in (picture[: row - gap, column], picture[row + gap :, column]):
        line[:] = 0.45 * line + 0.55 * CROSSHAIR


def annotated(picture: np.ndarray, plane: str, pixelMm: float, title: str = "") -> np.ndarray:
    """A copy with the letters of the sides, a scale bar and a title."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    left, right, upper, lower = PLANES[plane][1]
    for letter, (row, column) in {
        left: (height // 2, RIM),
        right: (height // 2, width - RIM),
        upper: (RIM, width // 2),
        lower: (height - RIM, width // 2),
    }.items():
        write(picture, letter, row, column)
    mm = scaleMm(width * pixelMm)
    length = round(mm / pixelMm)
    bar = picture[height - RIM - 3 : height - RIM, RIM : RIM + length]
    bar[:] = WHITE
    write(picture, f"{mm:g} mm", height - RIM - 5, RIM, anchor="lower left")
    if title:
        write(picture, title, RIM, RIM, anchor="upper left")
    return picture


def scaleMm(widthMm: float) -> float:
    """A round length of about a fifth of a picture."""
    return max((n for n in (1, 2, 5, 10, 20, 50, 100) if n <= widthMm / 4), default=1)


def write(picture: np.ndarray, text: str, row: int, column: int, anchor: str = "", color: np.ndarray = WHITE) -> None:
    """White text with a dark rim into a picture, whole, as near to a place as there is room.

    ``anchor``: which corner of the text lies there; its middle, without.
    """
    letters = renderText(text, TEXT_SIZE)[..., :1] / 255.0
    h, w = letters.shape[:2]
    top = row if "upper" in anchor else row - h if "lower" in anchor else row - h // 2
    left = column if "left" in anchor else column - w if "right" in anchor else column - w // 2
    top = max(0, min(top, picture.shape[0] - h))
    left = max(0, min(left, picture.shape[1] - w))
    part = picture[top : top + h, left : left + w]
    letters = letters[: part.shape[0], : part.shape[1]]
    shadow = np.zeros_like(letters)
    for down in (-1, 0, 1):
        for aside in (-1, 0, 1):
            shadow = np.maximum(shadow, np.roll(letters, (down, aside), (0, 1)))
    part[:] = (1 - 0.75 * shadow) * part
    part[:] = (1 - letters) * part + letters * color


class Numbers:
    """Texts in a picture, none over another: each as near to its place as there is room."""

    def __init__(self) -> None:
        self._taken: list[tuple[int, int, int, int]] = []

    def write(self, picture: np.ndarray, text: str, row: int, column: int) -> None:
        """``text`` up and right of a place, or farther away, with a line that leads there."""
        h, w = renderText(text, TEXT_SIZE).shape[:2]
        step = h // 2
        around = sorted(
            ((down * step, aside * step) for down in range(-6, 7) for aside in range(-6, 7)),
            key=lambda by: by[0] ** 2 + by[1] ** 2,
        )
        for down, aside in around:
            top, left = row + down - h, column + aside + RIM
            isInside = 0 <= top and top + h <= picture.shape[0] and 0 <= left and left + w <= picture.shape[1]
            if isInside and not any(self._meet((top, left, h, w), other) for other in self._taken):
                break
        else:
            top, left = row - h, column + RIM
        self._taken.append((top, left, h, w))
        count = 2 * max(picture.shape)
        rows = np.linspace(row, top + h // 2, count).round().astype(int).clip(0, picture.shape[0] - 1)
        columns = np.linspace(column, left + w // 2, count).round().astype(int).clip(0, picture.shape[1] - 1)
        picture[rows, columns] = 0.3 * picture[rows, columns] + 0.7 * WHITE
        write(picture, text, top, left, "upper left")

    @staticmethod
    def _meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
        return all(one[n] < other[n] + other[n + 2] and other[n] < one[n] + one[n + 2] for n in (0, 1))


def sheet(rows: list[list[np.ndarray]]) -> np.ndarray:
    """Pictures side by side and below each other, black in between."""
    lines = []
    for row in rows:
        height = max(picture.shape[0] for picture in row)
        padded = [np.pad(picture, ((0, height - picture.shape[0]), (0, RIM), (0, 0))) for picture in row]
        lines.append(np.concatenate(padded, axis=1)[:, :-RIM])
    width = max(line.shape[1] for line in lines)
    return np.concatenate([np.pad(line, ((0, RIM), (0, width - line.shape[1]), (0, 0))) for line in lines], axis=0)[
        :-RIM
    ]


def changeLegend(width: int) -> np.ndarray:
    """What the colors of ``withChange`` mean, as a strip."""
    strip = np.zeros((2 * TEXT_SIZE + 10, width, 3))
    bar = width // 4
    z = np.linspace(-FULL_Z, FULL_Z, 2 * bar)[None, :].repeat(TEXT_SIZE, axis=0)
    left = width // 2 - bar
    strip[2 : 2 + TEXT_SIZE, left : left + 2 * bar] = withChange(np.full((*z.shape, 3), 60.0), z)
    write(strip, "darker now", 2 + TEXT_SIZE // 2, left - RIM, "right")
    write(strip, "brighter now", 2 + TEXT_SIZE // 2, left + 2 * bar + RIM, "left")
    for value in (-FULL_Z, -SHOWN_Z, 0.0, SHOWN_Z, FULL_Z):
        column = left + round((value + FULL_Z) / (2 * FULL_Z) * (2 * bar - 1))
        strip[2 + TEXT_SIZE : 5 + TEXT_SIZE, column] = WHITE
        write(strip, f"{value:+g}" if value else "0", TEXT_SIZE + 6, column, "upper")
    write(strip, "times the noise:", TEXT_SIZE + 6, RIM, "upper left")
    return strip


def kindLegend(width: int, colors: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """What the colors of regions mean, as a strip."""
    texts = {kind: renderText(kind, TEXT_SIZE) for kind in colors}
    # Letters are higher than their size says, and some hang below the line.
    height = max(TEXT_SIZE, *(text.shape[0] for text in texts.values())) + 8
    strip = np.zeros((height, width, 3))
    column, top = RIM, (height - TEXT_SIZE) // 2
    for kind, color in colors.items():
        strip[top : top + TEXT_SIZE, column : column + TEXT_SIZE] = 255.0 * np.array(color)
        write(strip, kind, height // 2, column + TEXT_SIZE + RIM, "left")
        column += TEXT_SIZE + texts[kind].shape[1] + 6 * RIM
    return strip
