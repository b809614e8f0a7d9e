"""Series: events that return when the sun is at the same position, such as the shade of a chimney.

Two events of a string in the same state on different days belong to one series if the positions of the sun at their
starts differ by at most ten degrees, and so do those at their ends. An event is compared with the latest event of each
series, so that a series follows the sun through the year. pvlib computes the position of the sun.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.events import Event

TOLERANCE = 10.0  # degrees between two positions of the sun; it moves by 3.75 in a block of 15 minutes
DAY = 86_400


def sun_direction(seconds: np.ndarray, site: tuple[float, float]) -> np.ndarray:
    """The direction of the sun, as unit vectors (north, east, up), ``(N, 3)``.

    Args:
        seconds: since 1970 in UTC, ``(N,)``.
        site: latitude and longitude in degrees.

    Example::

        seconds = np.array([1_718_989_200])     # 2024-06-21, 17:00 UTC
        sun_direction(seconds, site=(36.1, -79.95))     # (1, 3)
    """
    pandas, solar = need("pandas"), need("pvlib.solarposition")
    times = pandas.DatetimeIndex(np.asarray(seconds).astype("datetime64[s]"), tz="UTC")
    found = solar.get_solarposition(times, *site)
    azimuth, elevation = np.radians(found["azimuth"].to_numpy()), np.radians(found["elevation"].to_numpy())
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], 1)


def number_series(events: Sequence[Event], site: tuple[float, float] | None) -> list[Event]:
    """The events in the same order, with a series number if they return.

    Args:
        events: events of any strings.
        site: latitude and longitude in degrees; None if they are not known, in which case there are no series.

    Example::

        number_series(events, site=(36.1, -79.95))[0].series        # 1, or None where the event did not return
    """
    if site is None or not events:
        return list(events)
    starts, ends = (sun_direction(np.array([getattr(e, name) for e in events]), site) for name in ("start", "end"))
    least = np.cos(np.radians(TOLERANCE))
    by_kind: dict[tuple[str, str], list[list[int]]] = {}  # series are lists of places of events, the latest last
    for i in sorted(range(len(events)), key=lambda i: events[i].start):
        series = by_kind.setdefault((events[i].string, events[i].state), [])
        near, own = least, None
        for one in series:
            j = one[-1]
            cosine = min(starts[i] @ starts[j], ends[i] @ ends[j])
            if cosine >= near and events[i].start - events[j].start > DAY / 2:
                near, own = cosine, one
        if own is None:
            series.append(own := [])
        own.append(i)
    returned = [one for series in by_kind.values() for one in series if len(one) > 1]
    numbered = list(events)
    for number, one in enumerate(sorted(returned, key=lambda one: events[one[0]].start), 1):
        for i in one:
            numbered[i] = events[i]._replace(series=number)
    return numbered
