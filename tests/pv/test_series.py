"""Events that return at the same position of the sun."""

import numpy as np
import pandas
import pytest

from pyrodgm.pv import Event, number_series, sun_direction

SITE = (36.1, -79.95)


def event(day, start, end, state="PS", string="1"):
    """From one hour to another of a day of 2022, in UTC; the sun is highest at about 17:20."""
    first, last = (
        int((pandas.Timestamp(f"2022-{day}", tz="UTC") + pandas.Timedelta(hour, "h")).timestamp())
        for hour in (start, end)
    )
    return Event(string, first, last, state, 0.9, 1.0, 10, 1.0)


def series(*events):
    return [event.series for event in number_series(events, SITE)]


def test_the_same_place_of_the_sun_on_another_day():
    first = event("06-01", 18, 19)
    assert series(first, event("06-02", 18, 19), event("06-03", 18.1, 18.9)) == [1, 1, 1]
    assert series(first, event("06-02", 20, 21)) == [None, None]
    assert series(first, event("06-02", 18, 21)) == [None, None]
    assert series(first, event("06-02", 16, 19)) == [None, None]
    assert series(first, event("06-01", 19.1, 20)) == [None, None]
    assert series(first, event("12-01", 18, 19)) == [None, None]
    assert series(event("06-01", 18, 18.2), event("06-01", 18.4, 18.6)) == [None, None]  # near, but on the same day


@pytest.mark.parametrize(("hour", "expected"), [(18.1, [1, None, 1]), (18.35, [None, 1, 1])])
def test_an_event_joins_the_nearest_of_two_series(hour, expected):
    """Both began on one day, and the sun stands within ten degrees of either."""
    events = [event("06-01", begin, begin + 0.2) for begin in (18, 18.45)]
    assert series(*events, event("06-02", hour, hour + 0.2)) == expected


def test_of_one_string_and_state():
    first = event("06-01", 18, 19)
    assert series(first, event("06-02", 18, 19, "IV"), event("06-02", 18, 19, string="2")) == [None] * 3


def test_numbers_are_in_the_order_of_time():
    events = [event("06-02", 20, 21), event("06-01", 20, 21), event("06-01", 13, 14), event("06-02", 13, 14)]
    assert series(*events, event("06-03", 16, 17)) == [2, 2, 1, 1, None]
    events = [event(f"06-0{day}", hour, hour + 1) for day, hour in ((1, 13), (2, 20), (3, 20), (4, 13))]
    assert series(*events) == [1, 2, 2, 1]  # by the first of each


def test_a_series_follows_the_sun_through_the_year():
    days = [f"{month:02}-{day:02}" for month in (3, 4, 5) for day in (1, 11, 21)]
    assert series(*(event(day, 17, 18) for day in days)) == [1] * 9


def test_where_the_sun_stands():
    """Noon of an equinox: in the south, as high as 90 degrees less the latitude; six hours before, in the east."""
    noon = pandas.Timestamp("2022-03-20T17:27", tz="UTC").timestamp()
    south, east = sun_direction(np.array([noon, noon - 6 * 3600]), SITE)
    assert np.degrees(np.arcsin(south[2])) == pytest.approx(90 - 36.1, abs=0.3)
    assert south[:2] == pytest.approx([-np.sin(np.radians(36.1)), 0], abs=0.02)
    assert east == pytest.approx([0, 1, 0], abs=0.03)


def test_without_a_site_or_events():
    assert number_series([event("06-01", 18, 19)] * 2, None)[1].series is None
    assert number_series([], SITE) == []
