"""What a reader says of regions of change, kept by place: it survives other sensitivities, comparisons and sessions.

Ranks come and go as regions do, so an opinion holds on to points inside the region that it is about. The book of all
opinions is an attribute of the table node, and saved with the scene.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ..change.table import Opinion
from ..space.grid import Grid, transformPoints

ATTRIBUTE = "LDRRegistration.Opinions"
# So many points, spread over a region, are enough to find it again.
POINTS = 24
# The middle of those points lies so near to the middle of the region.
NEAR_MM = 3.0


@dataclass(frozen=True, eq=False)
class PlacedOpinion:
    """An opinion and points (n, 3), world RAS mm, inside the region that it is about."""

    opinion: Opinion
    points: np.ndarray


def readBook(tableNode: Any) -> list[PlacedOpinion]:
    """The opinions that are kept with a table of changes; what cannot be read is left out."""
    book = []
    try:
        entries = list(json.loads(unquote(tableNode.GetAttribute(ATTRIBUTE) or "[]")))
    except (ValueError, TypeError):
        return []
    for entry in entries:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            opinion = Opinion(str(entry["verdict"]), str(entry["note"]))
            points = np.array(entry["points"], dtype=np.float64).reshape(-1, 3)
            book.append(PlacedOpinion(opinion, points))
    return book


def writeBook(tableNode: Any, book: list[PlacedOpinion]) -> None:
    """Keep the opinions with the table node."""
    entries = [
        {"verdict": placed.opinion.verdict, "note": placed.opinion.note, "points": placed.points.round(2).tolist()}
        for placed in book
    ]
    # Quoted, since files of scenes separate attributes by signs that a note may hold.
    tableNode.SetAttribute(ATTRIBUTE, quote(json.dumps(entries)) if entries else None)


def pointsInside(labels: np.ndarray, grid: Grid, rank: int) -> np.ndarray:
    """(n, 3) world RAS mm: voxels spread over the region ``rank`` of ``labels`` (k, j, i) on ``grid``."""
    kji = np.argwhere(labels == rank)
    chosen = kji[np.linspace(0, len(kji) - 1, min(POINTS, len(kji))).astype(int)]
    return transformPoints(grid.ijkToRas, chosen[:, ::-1])


def rankAt(labels: np.ndarray, grid: Grid, points: np.ndarray) -> int:
    """The region of ``labels`` that most of the ``points`` (n, 3) in regions lie in; 0 if none does."""
    ijk = np.round(transformPoints(grid.rasToIjk, points)).astype(int)
    ijk = ijk[np.all((ijk >= 0) & (ijk < grid.sizeIjk), axis=1)]
    ranks = labels[ijk[:, 2], ijk[:, 1], ijk[:, 0]]
    ranks = ranks[ranks > 0]
    return int(np.bincount(ranks).argmax()) if len(ranks) else 0


def byRank(book: list[PlacedOpinion], labels: np.ndarray, grid: Grid) -> dict[int, Opinion]:
    """The opinions on the regions that there are now; later ones count more."""
    placed = ((rankAt(labels, grid, entry.points), entry.opinion) for entry in book)
    return {rank: opinion for rank, opinion in placed if rank}


def noteAt(tableNode: Any, point: tuple[float, float, float], opinion: Opinion) -> None:
    """Keep an opinion on a region of which only the middle, world RAS mm, is known: that of a saved scene's row.

    It takes the place of one on the region around that point.
    """
    book = readBook(tableNode)
    nearest = min(_distances(book, np.array(point)), default=None)
    here = [book[nearest[1]]] if nearest is not None and nearest[0] <= NEAR_MM else []
    points = here[0].points if here else np.array([point])
    kept = [entry for entry in book if entry not in here]
    writeBook(tableNode, [*kept, PlacedOpinion(opinion, points)] if opinion != Opinion() else kept)


def _distances(book: list[PlacedOpinion], point: np.ndarray) -> Iterator[tuple[float, int]]:
    for number, entry in enumerate(book):
        yield float(np.linalg.norm(entry.points.mean(axis=0) - point)), number
