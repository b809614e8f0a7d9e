"""Reports the contents of a logger's file: step, gaps, nights, units, clipping, open circuits, stuck sensors, clock.

The clock is compared with the sun, without a model of the sky. Noon is halfway between the first and the last light of
a day, in whatever direction the modules face. pvlib computes the true time of noon. The date is compared with the sun
by the hours of light in a day. In a file without nights, these may be fewer than the true ones. The upper edge of the
sun is above the horizon for

    2/15 arccos((sin -0.833 - sin latitude sin declination) / (cos latitude cos declination))  hours, angles in degrees

If day and month are swapped, the dates of consecutive days are a month apart. A file of one date cannot show this.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.logger import NO_STRING, NO_TIME, read_logger
from pyrodgm.pv.logger_map import STAMPS, LoggerMap
from pyrodgm.pv.quality import LEAST_IRRADIANCE, Seen, skip_reasons
from pyrodgm.pv.rows import NIGHT
from pyrodgm.pv.units import visible_unit

DAY = 86_400  # seconds
OPEN = (0.05, 10.0, 100.0)  # A at most, V and W/m² at least: voltage but no current in the light
PLATEAU = (0.995, 3600, 1.1)  # share of a day's highest power; seconds at it; rise of irradiance meanwhile
CURTAILED = 0.95  # share of the highest plateau; lower plateaus are ordered by the grid, not due to the inverter
CLOCK, CLOCK_MOVES = 20, 40  # minutes that a clock may be off, and may move, without a remark
LONGER, SHORTER = 1.0, 3.0  # hours by which a day's light may be longer or shorter than the sun's, without a remark
ONE_DAY, MONTH = 25 * 3600, (27 * DAY, 31 * DAY)  # seconds of rows of one date at most, and between those of two months
FULL = 0.8  # share of the rows of days and nights that a file with nights has at least
HORIZON = -0.833  # degrees of the sun's centre when its edge rises, with refraction
SPIKE = 10.0  # °C between a row and both its neighbours
CHANGING = ("temp_module", "temp_air", "wind_speed")  # quantities that change even at night
FEW = 10  # rows that may all have the same value of these without a remark
SHARED = ("i_dc", "v_dc")  # quantities of each string


@dataclass
class StringCheck:
    """What the rows of one string contain.

    Args:
        rows: number of rows read.
        used: number of rows not left out.
        first, last: first and last time, in seconds since 1970 in UTC; None if no row has a time.
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
    for quantity in SHARED:
        for name, (others, days, of) in _shared({name: one.digests[quantity] for name, one in passes.items()}).items():
            checks[name].remark(quantity, _told_shared(quantity, others, days, of))
    return dict(sorted(checks.items()))


def _shared(digests):
    """The strings whose values are those of another string on most days.

    Args:
        digests: for each string, a dict from days to a number that stands for all values, and the number of rows.

    Returns:
        For each such string: the other strings, the number of days with the same values, and of how many.
    """
    of_day, strings_of_day = {}, Counter()  # strings by day and digest; number of strings by day
    for name in sorted(digests):
        for day, (digest, rows) in digests[name].items():
            if rows >= FEW:
                of_day.setdefault((day, digest), []).append(name)
                strings_of_day[day] += 1
    groups = {}
    for names in of_day.values():
        for name in names if len(names) > 1 else ():
            groups.setdefault(name, Counter())[tuple(names)] += 1
    found = {}
    for name, counts in groups.items():
        days = counts.total()
        of = sum(rows >= FEW and strings_of_day[day] > 1 for day, (_, rows) in digests[name].items())
        if 2 * days > of:
            names = counts.most_common(1)[0][0]
            found[name] = [other for other in names if other != name], days, of
    return found


def _told_shared(quantity, others, days, of):
    """A remark on a quantity with the values of other strings."""
    listed = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    same = f"the same as of {'string' if len(others) == 1 else 'strings'} {listed} on {days} of {of} days"
    if quantity == "v_dc":
        return f"{same}; normal for strings of one inverter"
    return f"{same}; a string has a current of its own: is it the inverter's total?"


class _Pass:
    """Collects the figures of one string, piece by piece. Memory grows by a few numbers per day."""

    def __init__(self, longitude: float) -> None:
        self.check, self.seen, self.longitude = StringCheck(), Seen(), longitude
        self.steps: Counter[int] = Counter()
        self.digests: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in SHARED}  # by day, with their rows
        self.gaps: list[tuple[int, int]] = []  # seconds, and the time before them
        self.previous: int | None = None  # time
        self.begin = 0  # first time of the rows since the last step of weeks, or back by days
        self.months = 0  # number of steps of a month between rows of one day and rows of one day
        self.after_month = False  # whether the last such step was one of a month after rows of one day
        self.sums: dict[str, tuple[float, float, int, float]] = {}  # lowest, sum, number and highest of values
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
            if name in values and len(piece) > 2:
                up, down = values[name][1:-1] - values[name][:-2], values[name][1:-1] - values[name][2:]
                check.spikes[name] += int(((np.minimum(np.abs(up), np.abs(down)) > SPIKE) & (up * down > 0)).sum())
        self._days(piece.time, values, used)
        self._digest(piece.time, values)

    def _step(self, time):
        time = time[time != NO_TIME]
        if not len(time):
            return
        if self.previous is not None:
            time = np.concatenate([[self.previous], time])
        else:
            self.begin = int(time[0])
        steps = np.diff(time)
        for i in np.flatnonzero((steps >= MONTH[0]) | (steps <= -DAY)):
            self._jump(int(time[i]), int(steps[i]))
        ahead = steps[steps > 0]
        self.steps.update(dict(zip(*(part.tolist() for part in np.unique(ahead, return_counts=True)), strict=True)))
        check, common = self.check, self.steps.most_common(1)
        check.first = int(time[0]) if check.first is None else check.first
        check.last, self.previous = int(time.max()), int(time[-1])
        if common:
            long = np.flatnonzero(steps > 1.5 * common[0][0])
            self.gaps += [(int(steps[i]), int(time[i])) for i in long]
            self.gaps = sorted(self.gaps, reverse=True)[:10]

    def _jump(self, time, step):
        """Note a step of weeks or back by days, after a row at this time."""
        one_day = time - self.begin < ONE_DAY
        self.months += self.after_month and one_day
        self.after_month = one_day and MONTH[0] <= step <= MONTH[1]
        self.begin = time + step

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

    def _digest(self, time, values):
        """Add the rows in light to a number for each day, which stands for their times and values in any order."""
        for name, digest in self.digests.items():
            there = (time != NO_TIME) & (values["poa_global"] >= LEAST_IRRADIANCE) & (np.abs(values[name]) > 0)
            days, place, rows = np.unique(time[there] // DAY, return_inverse=True, return_counts=True)
            numbers = np.zeros(len(days), np.uint64)
            moment, value = time[there].astype(np.uint64), values[name][there].view(np.uint64)
            np.add.at(numbers, place, _mixed(_mixed(moment) ^ value))
            for day, number, more in zip(days.tolist(), numbers.tolist(), rows.tolist(), strict=True):
                before, count = digest.get(day, (0, 0))
                digest[day] = (before + number) % 2**64, count + more

    def _plateau(self, day):
        """Note the level and the number of rows of a day's plateau of power, if it has one."""
        _, power, poa = day
        share, seconds, rises = PLATEAU
        on = power > share * power.max()
        step = self.steps.most_common(1)[0][0] if self.steps else 60
        if on.sum() > 2 and on.sum() * step >= seconds and poa[on].max() > rises * poa[on].min():
            self.plateaus.append((float(power.max()), int(on.sum())))

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
        if check.last is not None:
            self._jump(self.previous, 0)
            check.dates = _dates(self.months, check, logger_map)
        if latitude is not None:
            check.season = self._season(latitude)
        if latitude is not None and self.light and check.step:
            late = self._late(longitude, STAMPS[logger_map.stamp] * check.step)
            if len(late):
                check.clock = float(np.median(late))
                check.clock_moves = float(np.subtract(*np.percentile(late, (90, 10))))
        return check

    def _whole(self):
        """First and last light of the whole days, ``(D, 2)``."""
        spans = np.array(self.light).reshape(-1, 2)
        lengths = spans[:, 1] - spans[:, 0]
        return spans[lengths > 0.5 * np.median(lengths)] if len(spans) else spans

    def _season(self, latitude):
        """Hours of light and hours of the sun, if they do not fit."""
        spans = self._whole()
        if not len(spans):
            return None
        declination = need("pvlib.solarposition").declination_spencer71(_day_of_year(spans.mean(1)))
        north, edge = np.radians(latitude), np.sin(np.radians(HORIZON))
        cosine = (edge - np.sin(north) * np.sin(declination)) / (np.cos(north) * np.cos(declination))
        rises = np.abs(cosine) < 1
        if not rises.any():
            return None
        light, sun = (spans[rises, 1] - spans[rises, 0]) / 3600, 2 / 15 * np.degrees(np.arccos(cosine[rises]))
        longer = np.median(light - sun)
        has_nights = self.check.rows * (self.check.step or 0) >= FULL * DAY * len(self.light)
        if longer <= LONGER and (longer >= -SHORTER or not has_nights):  # else, the rest of a day may be missing
            return None
        return float(np.median(light)), float(np.median(sun))

    def _late(self, longitude, to_middle):
        """Minutes by which the middle of the light is later than noon by the sun, for each whole day."""
        spans, solar = self._whole(), need("pvlib.solarposition")
        if not len(spans):
            return np.zeros(0)
        middle = spans.mean(1) + to_middle
        minutes = solar.equation_of_time_spencer71(_day_of_year(middle))
        noon = 12 * 60 - 4 * longitude - minutes
        late = (middle % DAY) / 60 - noon
        return (late + 720) % 1440 - 720


def _day_of_year(seconds):
    pandas = need("pandas")
    return pandas.DatetimeIndex(pandas.to_datetime(seconds.astype("datetime64[s]"))).day_of_year.to_numpy()


def _dates(months, check, logger_map):
    """A remark on dates that may have day and month swapped, or None.

    Args:
        months: number of steps of a month between rows of one day and rows of one day.
        check: the check, with the first and the last time.
        logger_map: the map.
    """
    swapped = _swapped(logger_map.time_format)
    if months:
        other = "by the program that wrote them" if swapped is None else f"so that the format should be {swapped}"
        return f"consecutive days are a month apart, {months} times; are day and month swapped, {other}?"
    if swapped is None:
        return None
    zone = ZoneInfo(logger_map.timezone or "UTC")
    day, last = (datetime.fromtimestamp(moment, zone).date() for moment in (check.first, check.last))
    if day != last or day.day > 12 or day.day == day.month:
        return None
    other = day.replace(month=day.day, day=day.month)
    return f"the only date is read as {day:%d %B %Y}; with the format {swapped} it is {other:%d %B %Y}"


def _swapped(time_format):
    """A format for times with day and month swapped; None for a format without numbers of both."""
    if time_format is None or not {"%d", "%m"} <= set(re.findall("%.", time_format)):
        return None
    return re.sub("%[dm]", lambda found: "%m" if found[0] == "%d" else "%d", time_format)


def _mixed(numbers):
    """Numbers of 64 bits, each replaced by one that looks random (the finaliser of SplitMix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def told(checks: dict[str, StringCheck]) -> list[str]:
    """The checks as lines of text that begin with the name of the string."""
    lines = []
    for name, check in checks.items():
        if name == NO_STRING:
            lines.append(f"no string: left out: {check.rows} rows, no string")
            continue

        def say(text, name=name):
            lines.append(f"{name}: {text}")

        span = "no row with a time" if check.first is None else f"{_moment(check.first)} to {_moment(check.last)}"
        say(f"{check.rows} rows, {span}" + ("" if check.step is None else f", a row every {_length(check.step)}"))
        if check.dates is not None:
            say(f"time: {check.dates}")
        for missing, at in check.gaps:
            say(f"gap of {missing} rows after {_moment(at)}")
        for quantity, (low, mean, high) in check.ranges.items():
            look = f"; {check.units[quantity]}" if quantity in check.units else ""
            say(f"{quantity} from {low:.4g} to {high:.4g}, mean {mean:.4g}{look}")
        for quantity, count in check.empty.items():
            text = f", {check.unread[quantity]} of them with text" if check.unread[quantity] else ""
            say(f"{quantity}: {count} cells without a number{text}")
        notes = (
            (check.open_circuit, "rows at open circuit: voltage but no current in the light"),
            (check.clipped, "rows clipped: a plateau at the highest power"),
            (check.curtailed, "rows curtailed: a plateau below the highest power"),
            *((count, f"rows in which {quantity} jumps and returns") for quantity, count in check.spikes.items()),
        )
        for count, words in notes:
            if count:
                say(f"{count} {words}")
        if check.clock is not None:
            off = f"noon is {abs(check.clock):.0f} minutes {'late' if check.clock > 0 else 'early'}"
            if abs(check.clock) > 360:
                say(f"clock: {off}, so it is night at noon; wrong longitude, or wrong timezone?")
            elif abs(check.clock) > CLOCK:
                say(f"clock: {off}; wrong timezone, or summer time?")
            else:
                say(f"clock: right, {off}")
            if check.clock_moves > CLOCK_MOVES:
                say(f"clock: moves by {check.clock_moves:.0f} minutes; does the logger switch to summer time?")
        if check.season is not None:
            light, sun = check.season
            say(
                f"season: {light:.1f} hours of light a day, but the sun is up for {sun:.1f}; "
                "wrong date, day and month swapped, or wrong latitude?"
            )
        for reason, count in check.skipped.most_common():
            say(f"left out: {count} rows, {reason}")
        say(f"used: {check.used} rows" + ("" if check.used else ": nothing to learn from"))
    return lines


def _moment(seconds):
    return str(np.datetime64(int(seconds), "s")).replace("T", " ") + " UTC"


def _length(seconds):
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
