"""Compares the times of light with the sun: the clock by noon, and the date by the length of the day.

This needs no model of the sky. Noon is halfway between the first and the last light of a day, in whatever direction the
modules face. pvlib computes the true time of noon. The upper edge of the sun is above the horizon for

    2/15 arccos((sin -0.833 - sin latitude sin declination) / (cos latitude cos declination))  hours, angles in degrees
"""

from __future__ import annotations

import numpy as np

from pyrodgm.data.pv.extra import need

DAY = 86_400  # seconds
LONGER, SHORTER = 1.0, 3.0  # hours by which a day's light may be longer or shorter than the sun's, without a remark
HORIZON = -0.833  # degrees of the sun's centre when its edge rises, with refraction


def whole_days(light: list[tuple[int, int]]) -> np.ndarray:
    """The first and last light of days that are not cut short, ``(D, 2)``.

    Args:
        light: first and last time of light of each day, in seconds.
    """
    spans = np.array(light).reshape(-1, 2)
    lengths = spans[:, 1] - spans[:, 0]
    return spans[lengths > 0.5 * np.median(lengths)] if len(spans) else spans


def minutes_late(spans: np.ndarray, longitude: float, to_middle: float) -> np.ndarray:
    """Minutes by which the middle of the light is later than noon by the sun, ``(D,)``, their median at most 12 hours.

    Args:
        spans: first and last light of each day, in seconds, ``(D, 2)``.
        longitude: in degrees, east positive.
        to_middle: seconds from the stamp of a row to the middle of what it measures.
    """
    if not len(spans):
        return np.zeros(0)
    middle = spans.mean(1) + to_middle
    minutes = need("pvlib.solarposition").equation_of_time_spencer71(_day_of_year(middle))
    noon = 12 * 60 - 4 * longitude - minutes
    late = (middle % DAY) / 60 - noon
    late = (late - late[0] + 720) % 1440 - 720 + late[0]  # all within half a day of the first
    return late - 1440 * np.round(np.median(late) / 1440)


def hours_that_do_not_fit(spans: np.ndarray, latitude: float, has_nights: bool) -> tuple[float, float] | None:
    """Hours of light and hours of the sun, medians over the days; None if they fit, or if this is not known.

    Args:
        spans: first and last light of each day, in seconds, ``(D, 2)``.
        latitude: in degrees, north positive.
        has_nights: whether the file has rows at night. If not, the light of a day may be cut short.
    """
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
    if longer <= LONGER and (longer >= -SHORTER or not has_nights):
        return None
    return float(np.median(light)), float(np.median(sun))


def _day_of_year(seconds):
    pandas = need("pandas")
    return pandas.DatetimeIndex(pandas.to_datetime(seconds.astype("datetime64[s]"))).day_of_year.to_numpy()
