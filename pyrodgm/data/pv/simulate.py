"""Simulate a string minute by minute: weather, condition, operating point, sensors.

The temperature of the modules follows Faiman's model (2008) with a delay of seven minutes, the inertia of glass. Dirt
takes 0.15 per cent more light each day until it rains (Kimber 2006). The voltage of the tracker wanders around the
maximum power point by half a per cent.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from pyrodgm.checks import check_choice, check_size
from pyrodgm.data.pv import arrangement as arranged
from pyrodgm.data.pv.conditions import Plant, check_plant, scene
from pyrodgm.data.pv.extra import need
from pyrodgm.data.pv.sensors import COLUMNS, measure
from pyrodgm.data.pv.snow import snow_day
from pyrodgm.data.pv.strings import maximum_power
from pyrodgm.data.pv.weather import MINUTES, YEAR, load_site, minutes

if TYPE_CHECKING:
    import pandas

ARRANGEMENTS = ("campaign", "days")
INERTIA = 7.0  # minutes
WANDER = 0.005
SOILING_A_DAY = 0.0015
WARMEST_SNOW = 2.0  # °C; highest temperature of a day with snow
ROWS_AT_ONCE = 4_000


def simulate(
    site: str = "greensboro",
    arrangement: str = "campaign",
    start: str = "03-01",
    num_days: int = 61,
    plant: Plant | None = None,
    rows: int = arranged.ROWS,
    every: int = 1,
    seed: int = 0,
) -> "pandas.DataFrame":
    """Simulate the table that a logger would write for a string in ten conditions.

    Args:
        site: a typical year of weather in pvlib, ``"greensboro"``, ``"sand-point"`` or ``"miami"``.
        arrangement: ``"campaign"`` for conditions on one to seven days each, as in the paper, or ``"days"`` for every
            condition in all weather.
        start, num_days: month and day of the first day, and number of days. The default is two months, as in the paper;
            days in March and April have about 700 rows with light, as there.
        plant: the string, a ``Plant``; None for its defaults.
        rows: number of rows recorded by the campaign. The other rows of its table show a healthy string.
        every: minutes between rows; 1 for the campaign.
        seed: fixes the weather, the arrangement and the noise.

    Returns:
        A pandas ``DataFrame``, days and nights: ``time`` with the site's offset, ``i_dc`` (A),
        ``v_dc`` (V), ``poa_global`` (W/m²), ``temp_air``, ``temp_module`` (°C), ``wind_speed`` (m/s), ``state``, and
        ``recorded``: whether the row belongs to the campaign; for ``"days"``, whether there is light.

    Raises:
        ValueError: for an unknown site or arrangement, an impossible date or plant, or too few days.

    Example::

        simulate(site="miami").groupby("state").size()
    """
    check_choice("arrangement", arrangement, ARRANGEMENTS)
    plant = Plant() if plant is None else plant
    module = check_plant(plant)
    for name, value in (("num_days", num_days), ("rows", rows), ("every", every)):
        check_size(name, value)
    if every > 1 and arrangement == "campaign":
        raise ValueError(f"every: got {every} with the campaign, want 1: its shares are of minutes")
    _check_calendar(start, num_days)
    generator = np.random.default_rng([seed, 17])
    weather = minutes(load_site(site), start, num_days, plant.tilt, plant.azimuth, generator)
    days = _days(weather)
    healthy = np.where(days["clearness"] >= np.median(days["clearness"]), "N", "C").astype(object)
    if arrangement == "campaign":
        planned = arranged.campaign(days["clearness"], days["temperature"], days["lit"], rows, generator)
        state = healthy.copy()
        for name, those in planned.items():
            state[those] = name
    else:
        planned, state = None, arranged.spread(days["clearness"], generator)
    weather = weather._replace(temp_air=_cold_where_snow(weather, state))
    values, states = _string(weather, state, healthy, plant, module, every, generator)
    told = measure(values, generator)
    frame = {"time": weather.time, **{name: told[name] for name in COLUMNS}, "state": states}
    frame["recorded"] = _recorded(weather, states, planned, rows)
    return need("pandas").DataFrame(frame).iloc[::every].reset_index(drop=True)


def _check_calendar(start, num_days):
    """Raise ``ValueError`` for an impossible date or number of days."""
    try:
        need("pandas").to_datetime(f"{YEAR}-{start}", format="%Y-%m-%d")
    except (ValueError, TypeError) as error:
        raise ValueError(f"start: got {start!r}, want month and day such as 03-01") from error
    if num_days > 365:
        raise ValueError(f"num_days: got {num_days}, want at most 365, a typical year")


def _days(weather):
    """Clearness, mean temperature and number of rows with light of each day."""
    light = weather.poa_global.reshape(-1, MINUTES)
    clearness = (weather.clear_sky_index.reshape(-1, MINUTES) * light).sum(1) / np.maximum(light.sum(1), 1e-9)
    lit = (light >= arranged.LEAST_IRRADIANCE).sum(1)
    return {"clearness": clearness, "temperature": weather.temp_air.reshape(-1, MINUTES).mean(1), "lit": lit}


def _cold_where_snow(weather, state):
    """Air temperature, lowered on days with snow so that it stays below ``WARMEST_SNOW``."""
    air = weather.temp_air.reshape(-1, MINUTES)
    lower = np.where(state == "S", np.minimum(WARMEST_SNOW - air.max(1), 0), 0.0)
    return (air + lower[:, None]).ravel()


def _string(weather, state, healthy, plant, module, every, generator):
    """True values by the sensors' names, and the state of each minute: ``healthy`` once a day's snow is gone."""
    steady = need("pvlib.temperature").faiman(weather.poa_global, weather.temp_air, weather.wind_speed)
    keep = np.exp(-1 / INERTIA)
    temp_module, _ = lfilter([1 - keep], [1, -keep], steady, zi=[keep * steady[0]])
    clean = 1 - _dirt(weather)
    direct, diffuse = weather.poa_direct * clean, (weather.poa_global - weather.poa_direct) * clean
    covered, through = _snow(weather, np.flatnonzero(state == "S"), plant, generator)
    states = np.where((state[weather.days] == "S") & (covered.max(1) == 0), healthy[weather.days], state[weather.days])
    wander = WANDER * generator.standard_normal(len(states))
    lit = (weather.poa_global >= arranged.LEAST_IRRADIANCE) & (np.arange(len(states)) % every == 0)
    current, voltage = np.zeros(len(states)), np.zeros(len(states))
    for name in sorted(set(states)):
        where = np.flatnonzero(lit & (states == name))
        for rows in np.array_split(where, len(where) // ROWS_AT_ONCE + 1):
            if len(rows):
                seen = scene(name, plant, module, direct[rows], diffuse[rows], covered[rows], through[rows])
                current[rows], voltage[rows] = maximum_power(
                    module,
                    seen.irradiance,
                    temp_module[rows],
                    seen.layout,
                    seen.resistance,
                    wander[rows],
                    plant.local_tracker,
                )
    true = (current, voltage, weather.poa_global, weather.temp_air, temp_module, weather.wind_speed)
    return dict(zip(COLUMNS, true, strict=True)), states


def _dirt(weather):
    """Share of the light that dirt takes, ``(N,)``."""
    pandas = need("pandas")
    rain = pandas.Series(np.where(weather.rain, 10.0, 0.0), weather.time.tz_localize(None)).resample("1h").max()
    lost = need("pvlib.soiling").kimber(rain, soiling_loss_rate=SOILING_A_DAY, grace_period=0).to_numpy()
    return np.interp(np.arange(len(weather.time)) / 60, np.arange(len(lost)), lost)


def _snow(weather, days, plant, generator):
    """Cover of each module ``(N, modules)`` and share of light that passes ``(N,)``, on days that begin with snow."""
    covered, through = np.zeros((len(weather.time), plant.num_modules)), np.ones(len(weather.time))
    for day in days:
        here = slice(day * MINUTES, (day + 1) * MINUTES)
        light, air = weather.poa_global[here], weather.temp_air[here]
        covered[here], through[here] = snow_day(light, air, plant.tilt, plant.num_modules, generator)
    return covered, through


def _recorded(weather, states, planned, rows):
    """Which rows are recorded: those with light; in a campaign, the first ones of each condition up to its share."""
    lit = weather.poa_global >= arranged.LEAST_IRRADIANCE
    if planned is None:
        return lit
    recorded, counts = np.zeros(len(lit), bool), arranged.rows_by_share(rows)
    for name, days in planned.items():
        here = np.flatnonzero(lit & np.isin(weather.days, days) & (states == name))
        recorded[here[: counts[name]]] = True
    return recorded
