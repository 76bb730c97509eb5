"""The list of regions in the panel: what each row shows, the order of the rows, and which one is chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..change.kindcolors import COLORS
from ..reports.changetotals import volumesOf

KIND, PLACE, VERDICT, NOTE = 0, 5, 1, 8
# A region's letters: to the right or left, before or behind, above or below the middle of the scanner.
SIDES = (("R", "L"), ("A", "P"), ("S", "I"))


class RegionList:
    """Rows are numbered as in the table of changes, whatever their order on the screen.

    :param table: the QTableWidget.
    :param onChosen: hears the number of a row that was chosen by the user, also if it was chosen already.
    """

    def __init__(self, table: Any, onChosen: Callable[[int], None]) -> None:
        self._table, self._onChosen = table, onChosen
        self._updating = False
        self._rows: list[dict[str, str]] = []
        self._order: list[int] = []
        self._sort: tuple[int, bool] | None = None
        self._items: list[Any] = []
        self._header = table.horizontalHeader()
        self._header.sectionClicked.connect(self._onHeader)
        self._titles: list[str] = []
        table.connect("currentCellChanged(int,int,int,int)", lambda row, *unused: self._tell(row))
        # The views may have been moved since the row became the current one.
        table.connect("cellClicked(int,int)", lambda row, *unused: self._tell(row))

    @property
    def chosen(self) -> int:
        """The number of the chosen row; -1 for none."""
        place = self._table.currentRow()
        return self._order[place] if 0 <= place < len(self._order) else -1

    def show(self, rows: Sequence[dict[str, str]]) -> None:
        """Rows of a table of changes; the chosen number stays chosen. An order stays as long as the regions do."""
        chosen = self.chosen
        regions = [{**row, "Verdict": "", "Note": ""} for row in rows]
        isOther = regions != [{**row, "Verdict": "", "Note": ""} for row in self._rows]
        self._rows = list(rows)
        if isOther:
            self._arrange()
        self._fill(chosen)

    def choose(self, number: int) -> None:
        """Make a row the chosen one."""
        if number in self._order:
            self._table.setCurrentCell(self._order.index(number), KIND)

    def step(self, by: int) -> None:
        """Go on to the next row on the screen, or back."""
        place = min(max(self._table.currentRow() + by, 0), len(self._order) - 1)
        self._table.setCurrentCell(place, KIND)

    def _tell(self, row: int) -> None:
        if not self._updating and 0 <= row < len(self._order):
            self._onChosen(self._order[row])

    def _onHeader(self, column: int) -> None:
        """Sort by a column; again: the other way round; a third time: as the regions are numbered."""
        before = self._sort
        if before is None or before[0] != column:
            self._sort = (column, False)
        else:
            self._sort = None if before[1] else (column, True)
        chosen = self.chosen
        self._arrange()
        self._fill(chosen)

    def _arrange(self) -> None:
        self._order = list(range(len(self._rows)))
        count = self._table.columnCount
        if not self._titles:
            self._titles = [self._table.horizontalHeaderItem(n).text() for n in range(count)]
        arrows = [""] * count
        if self._sort is not None:
            column, isDescending = self._sort
            keys = [_keyOf(row, column) for row in self._rows]
            self._order.sort(key=lambda number: keys[number], reverse=isDescending)
            arrows[column] = " ↓" if isDescending else " ↑"
        for n, (title, arrow) in enumerate(zip(self._titles, arrows, strict=True)):
            self._table.horizontalHeaderItem(n).setText(title + arrow)

    def _fill(self, chosen: int) -> None:
        self._updating = True
        try:
            # Qt owns the items of a table, Python the wrappers.
            self._items = []
            self._table.rowCount = len(self._rows)
            for place, number in enumerate(self._order):
                row = self._rows[number]
                for column, text in enumerate(columnsOf(row)):
                    cell = qt.QTableWidgetItem(text)
                    if column not in (KIND, PLACE, VERDICT, NOTE):
                        cell.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                    if column == KIND and row["Kind"] in COLORS:
                        cell.setData(qt.Qt.DecorationRole, qt.QColor(*(round(255 * c) for c in COLORS[row["Kind"]])))
                    self._items.append(cell)
                    self._table.setItem(place, column, cell)
            self._table.resizeColumnsToContents()
            if chosen in self._order:
                self._table.setCurrentCell(self._order.index(chosen), KIND)
        finally:
            self._updating = False


def columnsOf(row: dict[str, str]) -> tuple[str, ...]:
    """What a row shows: region, verdict, volumes before and now, growth, place, diameter, evidence, note."""
    before, now = volumesOf(row["Kind"], _number(row, "Volume (mm3)"), _growth(row))
    growth, evidence = _growth(row), _number(row, "Evidence")
    return (
        f"{_number(row, 'Region'):.0f} {row['Kind']}",
        {"accepted": _("accepted"), "rejected": _("rejected")}.get(row["Verdict"], ""),
        f"{before:.0f}",
        f"{now:.0f}",
        "" if growth is None else f"{growth:+.0f}",
        placeInWords([_number(row, f"{axis} (mm)") for axis in "RAS"]),
        f"{_number(row, 'Largest diameter (mm)'):.0f}",
        "" if math.isnan(evidence) else f"{evidence:.1f}",
        row["Note"],
    )


def placeInWords(ras: Sequence[float]) -> str:
    """ "L 12  P 40  S 5": mm to the patient's side, to the front or the back, and up or down."""
    return "  ".join(
        f"{more if value >= 0 else less} {abs(value):.0f}" for value, (more, less) in zip(ras, SIDES, strict=True)
    )


def _keyOf(row: dict[str, str], column: int) -> tuple[float, str]:
    """What a row is sorted by: the number, or the text."""
    if column == KIND:
        return _number(row, "Region"), ""
    if column == PLACE:
        return -_number(row, "R (mm)"), ""
    text = columnsOf(row)[column]
    if column in (VERDICT, NOTE):
        return 0.0, text.casefold()
    return float(text) if text else -math.inf, ""


def _growth(row: dict[str, str]) -> float | None:
    growth = _number(row, "Growth (%)")
    return None if math.isnan(growth) else growth


def _number(row: dict[str, str], name: str) -> float:
    try:
        return float(row.get(name) or "nan")
    except ValueError:
        return math.nan
