"""Checks a logger's file: step, gaps, nights, units, clipping, open circuits, stuck sensors, clock and dates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pyrodgm.pv.logger import NO_STRING, NO_TIME, read_logger
from pyrodgm.pv.logger_map import STAMPS, LoggerMap
from pyrodgm.pv.quality import LEAST_IRRADIANCE, STUCK, Seen, newest_first, run_lengths, skip_reasons
from pyrodgm.pv.rows import NIGHT
from pyrodgm.pv.same_values import Digests, add_rows, same_strings
from pyrodgm.pv.sun_times import hours_that_do_not_fit, minutes_late, whole_days
from pyrodgm.pv.swapped_dates import MonthSteps, remark_on_dates
from pyrodgm.pv.units import visible_unit

DAY = 86_400  # seconds
OPEN = (0.05, 10.0, 100.0)  # A at most, V and W/m² at least: voltage but no current in the light
PLATEAU = (0.995, 3600, 1.1)  # share of a day's highest power; seconds at it; rise of irradiance meanwhile
CURTAILED = 0.95  # share of the highest plateau; lower plateaus are ordered by the grid, not due to the inverter
FULL = 0.8  # share of the rows of days and nights that a file with nights has at least
SPIKE = 10.0  # °C between a row and both its neighbours
CHANGING = ("temp_module", "temp_air", "wind_speed")  # quantities that change even at night
SAME = 6 * 3600  # seconds for which these have the same value, other than 0, only if the sensor is stuck
FEW = 10  # rows that may all have the same value of these without a remark
OWN = ("i_dc", "v_dc")  # quantities of each string


@dataclass
class StringCheck:
    """What the rows of one string contain.

    Args:
        rows: number of rows read.
        used: number of rows not left out.
        first, last: earliest and latest time, in seconds since 1970 in UTC; None if no row has a time.
        step: most frequent number of seconds between two rows; None for fewer than two rows.
        gaps: the ten longest, as pairs of the number of missing rows and the time before them, in seconds.
        skipped: number of rows left out, by reason.
        ranges: lowest, mean and highest value of each quantity, by pvlib's name, without empty cells.
        units: remarks on quantities whose unit is not known or does not fit their values, or that never change, by
            name.
        empty: number of cells without a number, by name.
        unread: number of these that hold text, by name.
        open_circuit: number of rows with voltage but no current in the light.
        clipped, curtailed: number of rows on a plateau of power, at its highest level or below.
        spikes: number of rows whose temperature differs from both neighbours by more than 10 °C, by name.
        clock: minutes by which noon is late, median over the days; None if unknown.
        clock_moves: minutes between the 10th and the 90th percentile of the same over the days.
        dates: a remark on dates that may have day and month swapped, or None.
        order: a remark on rows that are out of order, or None.
        total_current: a remark on a current that is also that of other strings, or None.
        season: hours of light of a day and hours with the sun above the horizon, medians over the days; None if the
            first fit the second, or if this is not known.
    """

    rows: int = 0
    used: int = 0
    first: int | None = None
    last: int | None = None
    step: int | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    ranges: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    empty: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    open_circuit: int = 0
    clipped: int = 0
    curtailed: int = 0
    spikes: Counter[str] = field(default_factory=Counter)
    clock: float | None = None
    clock_moves: float = 0.0
    dates: str | None = None
    order: str | None = None
    total_current: str | None = None
    season: tuple[float, float] | None = None

    def remark(self, name: str, text: str) -> None:
        """Add a remark on a quantity."""
        self.units[name] = f"{self.units[name]}; {text}" if name in self.units else text


def check_logger(
    path: str | Path,
    logger_map: LoggerMap | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    rows_at_once: int = 200_000,
) -> dict[str, StringCheck]:
    """Check a file, in one pass.

    Args:
        path, logger_map, rows_at_once: see ``read_logger``.
        latitude, longitude: of the plant in degrees, north and east positive. Without them the clock is not checked.

    Returns:
        A ``StringCheck`` for each string, by its name. Rows that name no string are counted under ``""``.

    Raises:
        ValueError: as in ``read_logger``; for an impossible latitude or longitude.

    Example::

        check_logger("string.csv", latitude=36.1, longitude=-79.95)["1"].skipped
    """
    if (latitude is None) != (longitude is None):
        raise ValueError("latitude: got one of latitude and longitude, want both")
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and not -most <= value <= most:
            raise ValueError(f"{name}: got {value}, want -{most} to {most} degrees")
    logger_map = LoggerMap() if logger_map is None else logger_map
    passes: dict[str, _Pass] = {}
    for piece in read_logger(path, logger_map, rows_at_once=rows_at_once):
        passes.setdefault(piece.string, _Pass(longitude or 0.0)).add(piece)
    checks = {name: one.finish(logger_map, latitude, longitude) for name, one in passes.items()}
    for name, same in same_strings({name: one.digests["i_dc"] for name, one in passes.items()}).items():
        checks[
            name
        ].total_current = f"{_told_same(*same)}; a string has a current of its own: is it the inverter's total?"
    for name, same in same_strings({name: one.digests["v_dc"] for name, one in passes.items()}).items():
        checks[name].remark("v_dc", f"{_told_same(*same)}; normal for strings of one inverter")
    return dict(sorted(checks.items()))


def _told_same(others, days, of):
    listed = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return f"the same as of {'string' if len(others) == 1 else 'strings'} {listed} on {days} of {of} days"


class _Pass:
    """Collects the figures of one string, piece by piece. Memory grows by a few numbers per day."""

    def __init__(self, longitude: float) -> None:
        self.check, self.seen, self.longitude = StringCheck(), Seen(), longitude
        self.steps: Counter[int] = Counter()
        self.back = 0  # number of steps back
        self.digests: dict[str, Digests] = {name: {} for name in OWN}
        self.gaps: list[tuple[int, int]] = []  # seconds, and the time before them
        self.previous: int | None = None  # time
        self.month_steps = MonthSteps()
        self.sums: dict[str, tuple[float, float, int, float]] = {}  # lowest, sum, number and highest of values
        self.tails: dict[str, np.ndarray] = {}  # last two temperatures, by name
        self.same: dict[str, Counter[int]] = {}  # lengths of runs of the same value, by name
        self.light: list[tuple[int, int]] = []  # first and last time of each day
        self.plateaus: list[tuple[float, int]] = []  # power and number of rows
        self.day: np.ndarray | None = None  # times, power and irradiance of the open day, (3, N)

    def add(self, piece):
        """Count a piece."""
        check, values = self.check, piece.values
        reasons = skip_reasons(piece, self.seen)
        used = reasons == None  # noqa: E711
        check.rows, check.used = check.rows + len(piece), check.used + int(used.sum())
        check.skipped.update(Counter(reasons[~used].tolist()))
        if piece.string == NO_STRING:
            return
        check.units.update(piece.units)
        for name, count in piece.unread.items():
            check.unread[name] += count
        self._step(piece.time)
        for name, column in values.items():
            there = column[~np.isnan(column)]
            check.empty[name] += len(column) - len(there)
            if len(there):
                low, total, count, high = self.sums.get(name, (np.inf, 0.0, 0, -np.inf))
                low, high = min(low, there.min()), max(high, there.max())
                self.sums[name] = (low, total + there.sum(), count + len(there), high)
        most, least_v, least_g = OPEN
        light = values["poa_global"] >= least_g
        check.open_circuit += int((light & (values["i_dc"] < most) & (values["v_dc"] > least_v)).sum())
        for name in ("temp_module", "temp_air"):
            if name in values:
                column = np.concatenate([self.tails.get(name, values[name][:0]), values[name]])
                self.tails[name] = column[-2:]
                up, down = column[1:-1] - column[:-2], column[1:-1] - column[2:]
                check.spikes[name] += int(((np.minimum(np.abs(up), np.abs(down)) > SPIKE) & (up * down > 0)).sum())
        for name in CHANGING:
            if name in values:
                self._same(name, values[name])
        self._days(piece.time, values, used)
        for name, digests in self.digests.items():
            add_rows(digests, piece.time, values[name], values["poa_global"])

    def _step(self, time):
        time = time[time != NO_TIME]
        if not len(time):
            return
        if self.previous is not None:
            time = np.concatenate([[self.previous], time])
        self.month_steps.add(time)
        steps = np.diff(time)
        ahead, self.back = steps[steps > 0], self.back + int((steps < 0).sum())
        self.steps.update(dict(zip(*(part.tolist() for part in np.unique(ahead, return_counts=True)), strict=True)))
        check, common = self.check, self.steps.most_common(1)
        earliest, latest, self.previous = int(time.min()), int(time.max()), int(time[-1])
        check.first = earliest if check.first is None else min(check.first, earliest)
        check.last = latest if check.last is None else max(check.last, latest)
        if common:
            long = np.flatnonzero(steps > 1.5 * common[0][0])
            self.gaps += [(int(steps[i]), int(time[i])) for i in long]
            self.gaps = sorted(self.gaps, reverse=True)[:10]

    def _same(self, name, column):
        """Count the runs of the same value, other than 0, that are over."""
        value, count = self.seen.runs.get(name, (0.0, 0))
        length = run_lengths(column, name, self.seen)
        over = np.flatnonzero(length == 1)
        lengths = np.append(count, length)[over][np.append(value, column)[over] != 0]
        self.same.setdefault(name, Counter()).update(lengths.tolist())

    def _days(self, time, values, used):
        """Note the first and last light between two nights. Keep the rows of a day until it is over."""
        lit = time[(time != NO_TIME) & (values["poa_global"] >= LEAST_IRRADIANCE / 4)]
        if len(lit):
            lit = np.sort(lit)
            for own in np.split(lit, np.flatnonzero(np.diff(lit) > NIGHT) + 1):
                if self.light and 0 <= own[0] - self.light[-1][1] <= NIGHT:
                    own = np.concatenate([self.light.pop(), own])
                self.light.append((int(own[0]), int(own[-1])))
        time, power, poa = (x[used] for x in (time, values["i_dc"] * values["v_dc"], values["poa_global"]))
        held = np.stack([time.astype(float), power, poa])
        if self.day is not None:
            held = np.concatenate([self.day, held], 1)
        days = np.floor_divide(held[0] + self.longitude * DAY / 360, DAY)
        open_day = days == days[-1] if len(days) else np.zeros(0, bool)
        for one in np.unique(days[~open_day]):
            self._plateau(held[:, days == one])
        self.day = held[:, open_day]

    def _plateau(self, day):
        """Note the level and the number of rows of a day's plateau of power, if it has one."""
        _, power, poa = day
        share, seconds, rises = PLATEAU
        on = power > share * power.max()
        step = self.steps.most_common(1)[0][0] if self.steps else 60
        if on.sum() > 2 and on.sum() * step >= seconds and poa[on].max() > rises * poa[on].min():
            self.plateaus.append((float(power.max()), int(on.sum())))

    def _stuck(self, name):
        """The number of rows in long runs of the same value, after the last piece."""
        if name in self.same:
            self._same(name, np.array([np.nan]))  # ends the last run
        runs, step = self.same.get(name, {}).items(), self.check.step or 0
        return sum(n * times for n, times in runs if n >= STUCK and n * step >= SAME)

    def finish(self, logger_map, latitude, longitude):
        """The ``StringCheck``, after the last piece."""
        check = self.check
        if self.day is not None and self.day.shape[1]:
            self._plateau(self.day)
        if self.steps:
            check.step = self.steps.most_common(1)[0][0]
            check.gaps = [(round(gap / check.step) - 1, at) for gap, at in self.gaps if gap > 1.5 * check.step]
        top = max((level for level, _ in self.plateaus), default=0.0)
        check.clipped = sum(rows for level, rows in self.plateaus if level >= CURTAILED * top)
        check.curtailed = sum(rows for level, rows in self.plateaus if level < CURTAILED * top)
        check.spikes, check.empty = +check.spikes, +check.empty
        for name, (low, total, count, high) in self.sums.items():
            check.ranges[name] = (float(low), float(total / count), float(high))
            if look := visible_unit(name, low, high, total / count):
                check.remark(name, look)
            if name in CHANGING and low == high and count >= FEW:
                check.remark(name, f"the same in all {count} rows; is the sensor stuck?")
            elif stuck := self._stuck(name):
                check.remark(name, f"the same for six hours or more, in {stuck} rows; is the sensor stuck?")
        if newest_first(self.back, self.steps.total()):
            check.order = "the newest row is first, want the oldest first: reverse the rows of the file"
        elif check.last is not None and check.skipped["time runs back"] > check.rows / 2:
            latest = str(np.datetime64(check.last, "s")).replace("T", " ")
            check.order = f"most rows are earlier than one before; are they out of order, or is {latest} UTC wrong?"
        if check.last is not None:
            check.dates = remark_on_dates(self.month_steps.finish(self.previous), check.first, check.last, logger_map)
        spans = whole_days(self.light)
        if latitude is not None:
            has_nights = check.rows * (check.step or 0) >= FULL * DAY * len(self.light)
            check.season = hours_that_do_not_fit(spans, latitude, has_nights)
        if latitude is not None and check.step:
            late = minutes_late(spans, longitude, STAMPS[logger_map.stamp] * check.step)
            if len(late):
                check.clock = float(np.median(late))
                check.clock_moves = float(np.subtract(*np.percentile(late, (90, 10))))
        return check
