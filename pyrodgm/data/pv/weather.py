"""Weather by the minute, from the typical years in pvlib: light on the plane of the modules, air, wind.

Such a year holds hourly means. The clear-sky index k is the irradiance of an hour divided by that of Ineichen's clear
sky. It is interpolated linearly to minutes and broken into sun and cloud:

    k_t = k (1 + 0.03 e_t)                             k below 0.3 or above 1: overcast, or clear
    k_t = (0.3 + 0.7 s_t) (1 + 0.03 e_t)               else; s_t is 1 in the sun and 0 below a cloud
    s_t = clip((Phi^-1(p) - u_t) / 0.3 + 1/2, 0, 1),   p = (k - 0.3) / 0.7

u and e are normal first-order autoregressive processes with a memory of 8 and 3 minutes. So the mean over an hour is
about k, and a cloud lasts some minutes. The light of a minute is split into direct and diffuse light as by Erbs et al.
(1982) and projected onto the plane as by Hay and Davies (1980). The ground reflects a fifth. Air temperature and wind
are interpolated linearly, and gusts are added to the wind. Reflection on the glass is left out.

Such a year does not always record rain, so an overcast hour of humid air counts as rain. ``RAIN_HUMIDITY`` says how
humid. At Greensboro and Miami, it was chosen to agree with the days of the recorded rain. Sand Point has no usable
record; its value is that of Miami, which lies at the sea too.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from pyrodgm.checks import check_choice
from pyrodgm.data.pv.extra import need

SITES = {"greensboro": "723170TYA.CSV", "sand-point": "703165TY.csv", "miami": "12839.tm2"}
RAIN_HUMIDITY = {"greensboro": 95, "sand-point": 80, "miami": 80}  # per cent
MINUTES = 24 * 60
COARSE = 10  # minutes between computed positions of the sun; interpolated in between
CLOUD = 0.3  # clear-sky index below a cloud
YEAR = 2019  # a calendar for a typical year, without a leap day


class Site(NamedTuple):
    """A typical year: a value for each hour from 1 January, ``(8760,)``; ``hour`` is the middle of each, in hours.

    Units are W/m², °C, m/s and per cent. The offset of local time from UTC is in hours. In an overcast hour with a
    humidity above ``rain_humidity``, it rains.
    """

    latitude: float
    longitude: float
    altitude: float
    utc_offset: float
    hour: np.ndarray
    ghi: np.ndarray
    temp_air: np.ndarray
    wind_speed: np.ndarray
    humidity: np.ndarray
    rain_humidity: float


class Weather(NamedTuple):
    """Weather of each minute of whole days, ``(N,)``, in W/m², °C and m/s. ``time`` is a pandas index with offset."""

    time: object
    poa_global: np.ndarray
    poa_direct: np.ndarray
    temp_air: np.ndarray
    wind_speed: np.ndarray
    clear_sky_index: np.ndarray
    rain: np.ndarray

    @property
    def days(self) -> np.ndarray:
        """The number of the day of each minute, from 0."""
        return np.arange(len(self.poa_global)) // MINUTES


def load_site(name: str) -> Site:
    """Load a typical year from pvlib: ``"greensboro"``, ``"sand-point"`` (both TMY3) or ``"miami"`` (TMY2).

    Raises:
        ValueError: for an unknown site.

    Example::

        load_site("miami").latitude     # 25.8
    """
    check_choice("site", name, SITES)
    iotools = need("pvlib.iotools")
    path = Path(str(need("pvlib").__file__)).parent / "data" / SITES[name]
    if path.suffix == ".tm2":
        table, about = iotools.read_tmy2(path)
        names, scale = ("GHI", "DryBulb", "Wspd", "RHum"), (1, 0.1, 0.1, 1)  # tenths of °C and of m/s
    else:
        table, about = iotools.read_tmy3(path, map_variables=True)
        names, scale = ("ghi", "temp_air", "wind_speed", "relative_humidity"), (1, 1, 1, 1)
    ghi, temp_air, wind_speed, humidity = (
        table[column].to_numpy(float) * factor for column, factor in zip(names, scale, strict=True)
    )
    latitude, longitude, altitude = (about[key] for key in ("latitude", "longitude", "altitude"))
    hour = np.arange(len(table)) + 0.5
    hourly = (hour, ghi, temp_air, wind_speed, humidity)
    return Site(latitude, longitude, altitude, float(about["TZ"]), *hourly, RAIN_HUMIDITY[name])


def minutes(
    site: Site, start: str, num_days: int, tilt: float, azimuth: float, generator: np.random.Generator
) -> Weather:
    """Weather of whole days at every minute.

    Args:
        site: a ``Site``.
        start: month and day of the first day, ``"02-01"``.
        num_days: number of days. After the end of the year it begins again.
        tilt, azimuth: orientation of the modules in degrees; south is 180.
        generator: NumPy random generator for clouds and gusts.
    """
    pandas, irradiance = need("pandas"), need("pvlib.irradiance")
    first = pandas.Timestamp(f"{YEAR}-{start}")
    zone = f"Etc/GMT{-int(site.utc_offset):+d}"
    time = pandas.date_range(first, periods=num_days * MINUTES, freq="1min", tz=zone)
    minute = (first.day_of_year - 1) * MINUTES + np.arange(len(time))
    elevation, azimuth_of_sun, clear = _sun(site, time)
    year_clear = _hourly_clear_sky(site)
    lit = year_clear > 20
    index = np.interp(site.hour, site.hour[lit], np.clip(site.ghi[lit] / year_clear[lit], 0.02, 1.1))

    def at_minutes(hourly):
        return np.interp(minute / 60, site.hour, hourly, period=len(site.hour))

    k = _broken(at_minutes(index), generator)
    ghi, zenith = k * clear, 90 - elevation
    day = time.day_of_year.to_numpy()
    split = irradiance.erbs(ghi, zenith, day)
    extra = irradiance.get_extra_radiation(day)
    plane = irradiance.get_total_irradiance(
        tilt, azimuth, zenith, azimuth_of_sun, split["dni"], ghi, split["dhi"], extra, albedo=0.2, model="haydavies"
    )
    up = (elevation > 0) & (ghi > 0)
    total, direct = (np.where(up, np.nan_to_num(np.asarray(plane[name])), 0.0) for name in ("poa_global", "poa_direct"))
    gusts = np.exp(0.3 * _memory(len(time), 5, generator) - 0.045)
    rain = (at_minutes(site.humidity) > site.rain_humidity) & (at_minutes(index) < CLOUD)
    return Weather(time, total, direct, at_minutes(site.temp_air), at_minutes(site.wind_speed) * gusts, k, rain)


def _sun(site, time):
    """Apparent elevation and azimuth of the sun, and clear-sky irradiance, interpolated from every tenth minute."""
    solar, clearsky = need("pvlib.solarposition"), need("pvlib.clearsky")
    atmosphere, irradiance = need("pvlib.atmosphere"), need("pvlib.irradiance")
    coarse = time[::COARSE].union(time[-1:] + time.freq)
    sun = solar.get_solarposition(coarse, site.latitude, site.longitude, altitude=site.altitude)
    zenith = sun["apparent_zenith"]
    pressure = atmosphere.alt2pres(site.altitude)
    airmass = atmosphere.get_absolute_airmass(atmosphere.get_relative_airmass(zenith), pressure)
    turbidity = clearsky.lookup_linke_turbidity(coarse, site.latitude, site.longitude, interp_turbidity=False)
    extra = irradiance.get_extra_radiation(coarse.day_of_year.to_numpy())
    clear = clearsky.ineichen(zenith, airmass, turbidity, site.altitude, extra)["ghi"].fillna(0).to_numpy()
    at, knots = np.arange(len(time)), np.arange(len(coarse)) * COARSE
    turn = np.unwrap(np.radians(sun["azimuth"].to_numpy()))
    elevation = np.interp(at, knots, sun["apparent_elevation"].to_numpy())
    return elevation, np.degrees(np.interp(at, knots, turn)) % 360, np.interp(at, knots, clear)


def _hourly_clear_sky(site):
    """Clear-sky irradiance of each hour of the year, ``(8760,)``."""
    pandas = need("pandas")
    zone = f"Etc/GMT{-int(site.utc_offset):+d}"
    time = pandas.date_range(f"{YEAR}-01-01", periods=len(site.hour) * 6, freq=f"{COARSE}min", tz=zone)
    return _sun(site, time)[2].reshape(-1, 6).mean(1)


def _broken(k, generator):
    """The clear-sky index of each minute, broken into sun and cloud."""
    u, e = (_memory(len(k), minutes, generator) for minutes in (8, 3))
    share = np.clip((k - CLOUD) / (1 - CLOUD), 1e-6, 1 - 1e-6)
    sun = np.clip((ndtri(share) - u) / 0.3 + 0.5, 0, 1)
    mixed = (k > CLOUD) & (k < 1)
    return np.where(mixed, CLOUD + (1 - CLOUD) * sun, k) * (1 + 0.03 * e)


def _memory(size, minutes, generator):
    """A stationary first-order autoregressive process with unit variance and a memory of ``minutes``."""
    keep = np.exp(-1 / minutes)
    noise = generator.standard_normal(size)
    noise[1:] *= np.sqrt(1 - keep**2)
    return lfilter([1], [1, -keep], noise)
