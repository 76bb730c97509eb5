"""How fast one region changes: growth per year and doubling time, with the interval that its growth has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..change.regions import Region

DAYS_A_YEAR = 365.25
# Nearer visits say nothing of a year.
FEWEST_DAYS = 14
Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Rates:
    """Of a lesion that was there at both visits, in percent of its volume a year and in days.

    ``doublingDays`` is None of what shrinks. Intervals hold the value 95 of 100 times, and are None where the growth
    has none; the far end of the doubling time is None where it may not grow at all.
    """

    percentPerYear: float
    percentPerYearInterval: Interval | None
    doublingDays: float | None
    doublingDaysInterval: Interval | None

    @property
    def words(self) -> str:
        """ "+21 % a year (95 % interval +10 to +33); doubles in 1328 days (887 to 2657)." """
        text = f"{self.percentPerYear:+.0f} % a year"
        if self.percentPerYearInterval is not None:
            low, high = self.percentPerYearInterval
            text += f" (95 % interval {low:+.0f} to {high:+.0f})"
        if self.doublingDays is not None:
            text += f"; doubles in {self.doublingDays:.0f} days"
            if self.doublingDaysInterval is not None and self.doublingDaysInterval[0] is not None:
                first, last = self.doublingDaysInterval
                text += f" ({first:.0f} to {last:.0f})" if last is not None else f" ({first:.0f} or more)"
        return text + "."

    def asValues(self) -> dict[str, Any]:
        """For json."""
        return {
            "percentPerYear": _rounded(self.percentPerYear),
            "percentPerYearInterval": _roundedPair(self.percentPerYearInterval),
            "doublingDays": _rounded(self.doublingDays),
            "doublingDaysInterval": _roundedPair(self.doublingDaysInterval),
        }


def ratesOf(region: Region, days: int | None) -> Rates | None:
    """:param days: between the visits, if known. None of what appeared, vanished or has no number."""
    growth = region.growthPercent
    if not days or days < FEWEST_DAYS or growth is None or growth <= -100.0 or not region.isMeasured:
        return None
    years = days / DAYS_A_YEAR
    interval = region.growthIntervalPercent
    yearly = doubling = None
    if interval is not None:
        yearly = _perYear(interval[0], years), _perYear(interval[1], years)
        doubling = _doubling(interval[1], days), _doubling(interval[0], days)
    isGrowing = _doubling(growth, days) is not None
    return Rates(_perYear(growth, years), yearly, _doubling(growth, days), doubling if isGrowing else None)


def _perYear(growthPercent: float, years: float) -> float:
    return 100.0 * (max(1.0 + growthPercent / 100.0, 0.0) ** (1.0 / years) - 1.0)


def _doubling(growthPercent: float, days: int) -> float | None:
    rate = math.log(max(1.0 + growthPercent / 100.0, 1e-6)) / days
    return math.log(2.0) / rate if rate > 1e-6 / DAYS_A_YEAR else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _roundedPair(pair: Interval | None) -> list[float | None] | None:
    return None if pair is None else [_rounded(pair[0]), _rounded(pair[1])]
