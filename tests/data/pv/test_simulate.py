"""The simulated table: shares, days, weather, snow, sensors, and bad input."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest
import torch
from pvlib import iotools
from pvlib.clearsky import lookup_linke_turbidity
from pvlib.location import Location

from pyrodgm.data import load
from pyrodgm.data.pv import SHARES, Plant, load_module, maximum_power, simulate, uniform_layout
from pyrodgm.data.pv import arrangement as arranged
from pyrodgm.data.pv import weather as weather_of
from pyrodgm.data.pv.arrangement import rows_by_share, spread
from pyrodgm.data.pv.conditions import check_plant
from pyrodgm.data.pv.dataset import _whole_days
from pyrodgm.data.pv.sensors import COLUMNS, SENSORS, measure
from pyrodgm.data.pv.simulate import _days, _dirt, _recorded, _string
from pyrodgm.data.pv.snow import snow_day
from pyrodgm.data.pv.weather import MINUTES, Weather, load_site, minutes


@pytest.fixture(scope="module")
def campaign():
    return simulate()


@pytest.fixture(scope="module")
def days():
    return simulate("miami", "days", every=5)


class TestCampaign:
    def test_has_the_shares_of_table_2_on_one_to_seven_days_each(self, campaign):
        recorded = campaign[campaign["recorded"]]
        counts = recorded.groupby("state").size().to_dict()
        assert counts == rows_by_share(15_000) and sum(counts.values()) == 15_000
        for name, share in SHARES.items():
            assert counts[name] == pytest.approx(15_000 * share / sum(SHARES.values()), abs=1)
        on = recorded.groupby("state")["time"].apply(lambda times: times.dt.date.nunique())
        assert on["N"] == 1 and on["S"] == 7 and on.max() == 7 and on.sum() < 35
        assert not recorded.groupby(recorded["time"].dt.date)["state"].nunique().gt(1).any()

    def test_healthy_days_are_clear_or_cloudy(self, campaign):
        day = campaign.groupby(campaign["time"].dt.date).agg({"poa_global": "sum", "state": "first"})
        light = day["poa_global"].groupby(day["state"]).median()
        assert light["N"] > 1.5 * light["C"]

    def test_snow_lies_on_the_coldest_days_and_clouds_on_the_dullest(self):
        """With one row a day; snow chooses first, and a clear day may be among the coldest."""
        random = np.random.default_rng(0)
        temperature, clearness = random.permutation(40), random.permutation(40)
        planned = arranged.campaign(clearness, temperature, np.ones(40, int), 20, random)
        counts = rows_by_share(20)
        assert sorted(temperature[planned["S"]]) == list(range(counts["S"]))
        left = np.setdiff1d(np.arange(40), planned["S"])
        by_clearness = left[np.argsort(clearness[left])]
        assert set(planned["C"]) == set(by_clearness[: counts["C"]])
        assert set(planned["N"]) == set(by_clearness[-counts["N"] :])

    @pytest.mark.parametrize("rows", [7, 20, 999])
    def test_the_rows_left_over_go_to_the_largest_remainders(self, rows):
        counts = rows_by_share(rows)
        exact = {name: rows * share / sum(SHARES.values()) for name, share in SHARES.items()}
        more = {name: exact[name] % 1 for name in SHARES if counts[name] == int(exact[name]) + 1}
        less = {name: exact[name] % 1 for name in SHARES if counts[name] == int(exact[name])}
        assert len(more) + len(less) == 10 and sum(counts.values()) == rows and min(more.values()) >= max(less.values())

    def test_the_first_rows_in_light_are_recorded(self):
        """Of two days of snow that is gone at noon of the second, and of one fault."""
        light = np.tile(np.where(np.abs(np.arange(MINUTES) - 720) < 100, 500.0, 10.0), 3)
        weather = TestString.weather(3, poa_global=light)
        states = np.repeat(np.array(["S", "S", "RS8"], object), MINUTES)
        states[MINUTES + 720 : 2 * MINUTES] = "N"
        counts = rows_by_share(1000)
        assert 199 < counts["S"] < 299 and counts["RS8"] < 199
        found = np.flatnonzero(_recorded(weather, states, {"S": [0, 1], "RS8": [2]}, 1000))
        lit = np.flatnonzero(light >= 20)
        snow = lit[states[lit] == "S"][: counts["S"]]
        assert found.tolist() == [*snow, *lit[states[lit] == "RS8"][: counts["RS8"]]]
        assert _recorded(weather, states, None, 1000).tolist() == (light >= 20).tolist()

    def test_figures_of_days(self):
        """The clear-sky index is weighted by the light."""
        light = np.where(np.arange(MINUTES) < 100, 300.0, np.where(np.arange(MINUTES) < 400, 100.0, 19.0))
        index = np.where(np.arange(MINUTES) < 100, 1.0, 0.0)
        air = np.repeat([1.0, 3.0], MINUTES)
        columns = {"poa_global": np.tile(light, 2), "clear_sky_index": np.tile(index, 2), "temp_air": air}
        days = _days(TestString.weather(2, **columns))
        assert days["clearness"] == pytest.approx(np.full(2, 30_000 / light.sum()))
        assert days["temperature"].tolist() == [1, 3] and days["lit"].tolist() == [400, 400]

    def test_a_condition_has_no_more_days_than_its_rows_need(self):
        """With one row a day, each condition has as many days as rows."""
        weather, lit = np.linspace(0.1, 1, 40), np.ones(40, int)
        planned = arranged.campaign(weather, weather, lit, 20, np.random.default_rng(0))
        assert {name: len(days) for name, days in planned.items()} == rows_by_share(20)

    def test_two_months_at_every_minute_by_the_names_of_pvlib(self, campaign):
        assert list(campaign.columns) == ["time", *COLUMNS, "state", "recorded"]
        assert len(campaign) == 61 * MINUTES and str(campaign["time"].iloc[0]) == "2019-03-01 00:00:00-05:00"
        assert campaign[list(COLUMNS)].notna().all().all() and (campaign["i_dc"] >= 0).all()
        night = campaign[campaign["time"].dt.hour < 4]
        assert (night[["i_dc", "v_dc"]] == 0).all().all() and night["poa_global"].max() < 10

    def test_faults_cost_what_they_must(self, campaign):
        """Voltage at 700 to 900 W/m² beside a healthy string's, corrected to one module temperature."""
        bright = campaign[campaign["poa_global"].between(700, 900)]
        voltage = (bright["v_dc"] + 1.2 * (bright["temp_module"] - 40)).groupby(bright["state"]).median()
        current = (bright["i_dc"] / bright["poa_global"]).groupby(bright["state"]).median()
        assert voltage["N"] - voltage["RS4"] == pytest.approx(21, abs=4)
        assert voltage["N"] - voltage["PS50"] == pytest.approx(11, abs=4)
        assert voltage["IV"] < voltage["RS8"] < voltage["RS4"] < voltage["N"]
        assert current["PS7"] < 0.85 * current["N"]

    def test_a_local_tracker_loses_where_there_are_two_maxima(self):
        few = {"num_days": 12, "rows": 2000}
        best, local = simulate(**few), simulate(**few, plant=Plant(local_tracker=True))
        bright = best["poa_global"] > 500
        power, lost = (table["i_dc"] * table["v_dc"] for table in (best, local))
        ratio = (lost / power)[bright].groupby(best["state"]).median()
        assert ratio["IV"] < 0.8 and ratio["PS75"] < 0.8
        assert ratio[["N", "RS4", "PS7"]].to_list() == pytest.approx([1, 1, 1], abs=1e-3)

    def test_the_seed_fixes_all(self):
        few = {"num_days": 12, "rows": 2000}
        first, again, other = simulate(**few), simulate(**few), simulate(**few, seed=1)
        assert first.equals(again)
        assert not np.allclose(first["v_dc"], other["v_dc"]) and not np.allclose(first["temp_air"], other["temp_air"])


class TestDays:
    def test_every_condition_in_all_weather(self):
        clearness = np.random.default_rng(0).uniform(0.2, 1.1, 365)
        state = spread(clearness, np.random.default_rng(1))
        rank = clearness.argsort().argsort()
        for name, share in SHARES.items():
            assert (state == name).sum() == pytest.approx(365 * share, abs=2)
            if name not in ("N", "C"):
                counts = np.histogram(rank[state == name], 4, (0, 365))[0]
                assert counts.max() - counts.min() <= 1 + 0.5 * counts.mean()
        assert clearness[state == "N"].min() >= np.median(clearness) > clearness[state == "C"].max()

    def test_rows_every_five_minutes(self, days):
        assert len(days) == 61 * MINUTES // 5 and (days["time"].diff().dropna().dt.total_seconds() == 300).all()
        assert (
            set(days["state"]) == set(SHARES)
            and (days["recorded"] == (days["v_dc"] > 0))[days["state"] == "N"].mean() > 0.99
        )

    def test_snow_lies_on_cold_days(self, days):
        snow = days[days["state"] == "S"]
        assert snow["temp_air"].max() < 2 + 5 * SENSORS["temp_air"].noise


class TestWeather:
    @pytest.mark.parametrize("name", sorted(weather_of.SITES))
    def test_hours_are_those_of_the_year(self, name):
        """The mean of the minutes is the typical year's, on the horizontal plane over two months."""
        site = load_site(name)
        weather = minutes(site, "05-01", 60, 0.0, 180.0, np.random.default_rng(0))
        hours = slice(120 * 24, 180 * 24)
        assert weather.poa_global.mean() == pytest.approx(site.ghi[hours].mean(), rel=0.05)
        assert weather.temp_air.mean() == pytest.approx(site.temp_air[hours].mean(), abs=0.1)
        assert weather.wind_speed.mean() == pytest.approx(site.wind_speed[hours].mean(), rel=0.03)
        assert 2 < weather.wind_speed.mean() < 6 and 4 < weather.temp_air.mean() < 28
        hourly = weather.poa_global.reshape(-1, 60).mean(1)
        assert np.corrcoef(hourly, site.ghi[hours])[0, 1] > 0.975  # an hour early or late it is below 0.966
        noon = weather.poa_global.reshape(-1, MINUTES).mean(0)
        middle = (noon * np.arange(MINUTES)).sum() / noon.sum()
        solar_noon = 12 * 60 - 4 * (site.longitude - 15 * site.utc_offset)
        assert middle == pytest.approx(solar_noon, abs=30)

    def test_a_plane_to_the_south_gets_more_light_in_winter_and_one_to_the_east_in_the_morning(self):
        """On an upright plane to the east, no direct light falls after noon."""
        site = load_site("miami")
        flat, south, east = (
            minutes(site, "12-10", 20, tilt, azimuth, np.random.default_rng(0))
            for tilt, azimuth in ((0.0, 180.0), (40.0, 180.0), (90.0, 90.0))
        )
        assert 1.15 < south.poa_global.sum() / flat.poa_global.sum() < 1.6
        direct = east.poa_direct.reshape(-1, MINUTES)
        assert direct[:, 13 * 60 :].sum() == 0 < direct[:, : 11 * 60].sum()
        assert (flat.poa_direct <= flat.poa_global).all()

    def test_broken_clouds_are_sun_or_shade(self):
        k = weather_of._broken(np.full(50_000, 0.65), np.random.default_rng(0))
        assert k.mean() == pytest.approx(0.65, abs=0.03)
        assert ((k > 0.85) | (k < 0.45)).mean() > 0.7
        clear, dull = (weather_of._broken(np.full(50_000, k), np.random.default_rng(0)) for k in (1.02, 0.2))
        assert clear.std() == pytest.approx(0.03 * 1.02, rel=0.1)
        assert clear.mean() == pytest.approx(1.02, abs=0.002) and dull.mean() == pytest.approx(0.2, abs=0.001)

    def test_clouds_last_eight_minutes_and_flicker_three(self):
        """A cloud comes where u > 0, and the signs of two normals of correlation r agree by 2 / pi arcsin r."""
        flicker = weather_of._broken(np.full(50_000, 1.02), np.random.default_rng(0))
        assert np.corrcoef(flicker[:-3], flicker[3:])[0, 1] == pytest.approx(np.exp(-1), abs=0.03)
        cloud = np.sign(weather_of._broken(np.full(50_000, 0.65), np.random.default_rng(0)) - 0.65)
        assert (cloud[:-8] * cloud[8:]).mean() == pytest.approx(2 / np.pi * np.arcsin(np.exp(-1)), abs=0.04)

    def test_gusts_last_five_minutes_around_the_wind_of_the_hour(self):
        site = load_site("miami")._replace(wind_speed=np.full(8760, 4.0))
        gusts = minutes(site, "01-01", 40, 20.0, 180.0, np.random.default_rng(0)).wind_speed / 4
        assert gusts.mean() == pytest.approx(1, abs=0.015) and np.log(gusts).std() == pytest.approx(0.3, abs=0.01)
        assert np.corrcoef(np.log(gusts[:-5]), np.log(gusts[5:]))[0, 1] == pytest.approx(np.exp(-1), abs=0.04)

    def test_rain_is_an_overcast_hour_of_humid_air(self):
        """Days that are overcast and humid, overcast, humid, and neither; at noon, because hours are interpolated."""
        site = load_site("miami")
        day = np.arange(8760) // 24
        ghi = np.where(day % 4 < 2, 0.1, 0.9) * weather_of._hourly_clear_sky(site)
        site = site._replace(ghi=ghi, humidity=np.where(day % 2 == 0, 85.0, 75.0))
        weather = minutes(site, "01-01", 8, 20.0, 180.0, np.random.default_rng(0))
        assert weather.rain.reshape(-1, MINUTES)[:, 720].tolist() == [True, False, False, False] * 2

    @pytest.mark.parametrize("name", ["greensboro", "miami"])
    def test_rain_agrees_with_the_record(self, name):
        """At two sites, pvlib's years say in which hours it rained; the longest time without rain sets the dirt."""
        path = Path(pvlib.__file__).parent / "data" / weather_of.SITES[name]
        if name == "miami":  # the third of ten digits is 9 in hours without rain
            recorded = iotools.read_tmy2(path)[0]["PresentWeather"].to_numpy().astype(int) // 10**7 % 10 != 9
        else:  # 60 to 69 is rain, 80 and more are showers
            code = iotools.read_tmy3(path, map_variables=True)[0]["PresWth (METAR code)"].to_numpy()
            recorded = (code >= 60) & (code < 70) | (code >= 80)
        site = load_site(name)
        rain = minutes(site, "01-01", 365, 20.0, 180.0, np.random.default_rng(0)).rain.reshape(365, -1).any(1)
        recorded = recorded.reshape(365, 24).any(1)
        assert (rain == recorded).mean() > 0.73
        assert 0.6 * recorded.sum() < rain.sum() < recorded.sum()
        longest_dry = [np.diff(np.flatnonzero(np.r_[True, days, True])).max() for days in (rain, recorded)]
        assert longest_dry[0] < 2 * longest_dry[1]

    def test_the_ground_reflects_a_fifth(self):
        """An upright plane to the north, under a thick overcast, sees half of the sky and half of the ground."""
        site = load_site("miami")
        site = site._replace(ghi=0.05 * weather_of._hourly_clear_sky(site))
        flat, upright = (
            minutes(site, "01-01", 1, tilt, 0.0, np.random.default_rng(0)).poa_global.sum() for tilt in (0.0, 90.0)
        )
        assert upright / flat == pytest.approx(0.5 + 0.2 / 2, abs=0.01)

    def test_memory(self):
        process = weather_of._memory(200_000, 8, np.random.default_rng(0))
        assert process.var() == pytest.approx(1, abs=0.05)
        assert np.corrcoef(process[:-8], process[8:])[0, 1] == pytest.approx(np.exp(-1), abs=0.03)


class TestSnow:
    light = np.where(np.abs(np.arange(MINUTES) - 720) < 300, 400.0, 0.0)

    def test_stays_on_a_dark_frosty_day(self):
        snow = snow_day(0 * self.light, np.full(MINUTES, -5.0), 35, 4, np.random.default_rng(0))
        assert (snow.covered == 1).all() and (np.diff(snow.transmitted) == 0).all()

    def test_slides_by_marions_rate_where_it_is_warm_enough(self):
        snow = snow_day(self.light, np.full(MINUTES, 1.0), 30, 2000, np.random.default_rng(0))
        assert (np.diff(snow.covered, axis=0) <= 0).all()
        after = snow.covered[720 - 300 + 60]  # an hour of light; half of the modules are slower than the median pace
        assert np.median(1 - after) == pytest.approx(0.197 * 0.5, rel=0.1)
        cold = snow_day(self.light, np.full(MINUTES, -6.0), 30, 8, np.random.default_rng(0))
        assert (cold.covered == 1).all()  # -400 / 80 = -5 °C

    def test_melts_by_degree_days(self):
        """A day at 2 °C without sun melts 8 mm of water: exp(8 / 4) times the light goes through."""
        snow = snow_day(0 * self.light, np.full(MINUTES, 2.0), 35, 4, np.random.default_rng(0))
        assert np.random.default_rng(0).uniform(6, 25) > 8  # the depth that falls
        assert snow.transmitted[-1] / snow.transmitted[0] == pytest.approx(np.exp(2), rel=0.01)

    def test_it_slides_in_light_alone(self):
        snow = snow_day(0 * self.light, np.full(MINUTES, 0.5), 35, 4, np.random.default_rng(0))
        assert (snow.covered == 1).all()

    def test_the_pace_differs_between_modules(self):
        snow = snow_day(self.light, np.full(MINUTES, 1.0), 30, 5000, np.random.default_rng(0))
        assert np.log(1 - snow.covered[720 - 300 + 60]).std() == pytest.approx(0.7, rel=0.05)

    def test_melts_in_the_sun(self):
        """Ten hours of 400 W/m² melt 15 · 0.4 · 10 / 24 = 2.5 mm of water, if the air is at freezing point."""
        snow = snow_day(self.light, np.zeros(MINUTES), 35, 4, np.random.default_rng(0))
        assert snow.transmitted[-1] / snow.transmitted[0] == pytest.approx(np.exp(2.5 / 4), rel=0.01)

    def test_none_is_left_to_cover_once_it_has_melted(self):
        """A flat module, on which snow cannot slide, under at most 25 mm of water at 30 °C for a day."""
        snow = snow_day(0 * self.light, np.full(MINUTES, 30.0), 0, 4, np.random.default_rng(0))
        assert (snow.covered[0] == 1).all() and (snow.covered[-1] == 0).all() and snow.transmitted[-1] == 1


class TestString:
    """A string in weather made by hand: days of darkness at 0 °C without wind."""

    @staticmethod
    def weather(num_days, **columns):
        size = num_days * MINUTES
        time = pd.date_range("2019-03-01", periods=size, freq="1min", tz="Etc/GMT+5")
        names = ("poa_global", "poa_direct", "temp_air", "wind_speed", "clear_sky_index")
        return Weather(time, **{**dict.fromkeys(names, np.zeros(size)), "rain": np.zeros(size, bool), **columns})

    @staticmethod
    def values(weather, state="N", every=1, **plant):
        healthy = np.full(len(weather.time) // MINUTES, "N", object)
        plant, generator = Plant(**plant), np.random.default_rng(0)
        state = np.full(len(healthy), state, object)
        return _string(weather, state, healthy, plant, check_plant(plant), every, generator)[0]

    def minute(self, **options):
        """Current and voltage of a single minute of light on a day at 25 °C."""
        light = np.zeros(MINUTES)
        light[720] = 900.0
        weather = self.weather(1, poa_global=light, poa_direct=light * 8 / 9, temp_air=np.full(MINUTES, 25.0))
        values = self.values(weather, **options)
        return values["i_dc"][720], values["v_dc"][720]

    def test_the_modules_follow_the_air_by_seven_minutes(self):
        air = np.where(np.arange(MINUTES) < 720, 5.0, 15.0)
        told = self.values(self.weather(1, temp_air=air))["temp_module"]
        assert told[:720] == pytest.approx(5)
        assert told[720 + 6] == pytest.approx(15 - 10 * np.exp(-1))

    def test_the_modules_are_warmer_than_the_air_by_faimans_model(self):
        light, wind = np.full(MINUTES, 800.0), np.full(MINUTES, 2.0)
        weather = self.weather(1, poa_global=light, poa_direct=light / 2, wind_speed=wind)
        values = self.values(weather, every=60)
        assert values["temp_module"] == pytest.approx(800 / (25 + 6.84 * 2))
        lit = np.flatnonzero(values["v_dc"])
        assert lit.tolist() == list(range(0, MINUTES, 60))

    def test_the_tracker_wanders_by_half_a_per_cent(self):
        light = np.full(MINUTES, 800.0)
        volts = self.values(self.weather(1, poa_global=light, poa_direct=light), every=3)["v_dc"][::3]
        assert volts.std() / volts.mean() == pytest.approx(0.005, rel=0.15)

    def test_a_local_tracker_stays_at_the_first_maximum(self):
        far, near = (self.minute(state="IV", local_tracker=local) for local in (False, True))
        assert near[1] > far[1] + 90 and near[0] * near[1] < 0.6 * far[0] * far[1]

    def test_a_resistor_takes_its_voltage(self):
        healthy, some, more = (self.minute(state=state)[1] for state in ("N", "RS4", "RS8"))
        assert healthy - some == pytest.approx(23, abs=2) and some - more > 15

    def test_the_voltage_is_that_of_the_warm_module(self):
        """At 25 °C of air and without wind, a steady 900 W/m² warm it by 36 K, which costs a seventh."""
        light, air = np.full(MINUTES, 900.0), np.full(MINUTES, 25.0)
        warm = self.values(self.weather(1, poa_global=light, poa_direct=light, temp_air=air), every=60)["v_dc"][720]
        cool = self.minute()[1]
        module, layout = load_module(), uniform_layout(load_module(), 8)
        known = maximum_power(module, np.full((1, 1), 900.0), np.array([25 + 36.0]), layout).voltage[0]
        assert warm == pytest.approx(known, rel=0.02) and cool / warm > 1.1

    def test_dirt_grows_each_day_until_it_rains(self):
        rain = np.zeros(10 * MINUTES, bool)
        dry = _dirt(self.weather(10))
        assert dry[9 * MINUTES] == pytest.approx(9 * 0.0015, rel=0.02)
        assert np.diff(dry)[: 9 * MINUTES].mean() == pytest.approx(0.0015 / MINUTES, rel=0.02)
        rain[5 * MINUTES : 5 * MINUTES + 60] = True
        wet = _dirt(self.weather(10, rain=rain))
        assert wet[4 * MINUTES] == dry[4 * MINUTES]
        assert wet[5 * MINUTES + 90] == 0 < wet[9 * MINUTES] < dry[9 * MINUTES]
        shower = np.zeros(10 * MINUTES, bool)
        shower[5 * MINUTES + 40] = True
        assert (_dirt(self.weather(10, rain=shower)) == wet).all()

    def test_a_day_of_snow_is_healthy_once_no_module_is_covered(self):
        weather = self.weather(1, poa_global=np.full(MINUTES, 600.0), temp_air=np.full(MINUTES, 20.0))
        for name in ("N", "C"):
            state, healthy, plant = np.array(["S"], object), np.array([name], object), Plant()
            args = (state, healthy, plant, check_plant(plant), 60)
            states = _string(weather, *args, np.random.default_rng(0))[1]
            snow = snow_day(weather.poa_global, weather.temp_air, plant.tilt, 8, np.random.default_rng(0))
            assert (states == np.where(snow.covered.max(1) > 0, "S", name)).all() and set(states) == {"S", name}

    def test_dirt_takes_its_share_of_the_current(self):
        minute = 9 * MINUTES + 720
        light = np.zeros(10 * MINUTES)
        light[minute] = 800.0
        rain = np.zeros(10 * MINUTES, bool)
        rain[9 * MINUTES : 9 * MINUTES + 60] = True
        dirty, clean = (
            self.values(self.weather(10, poa_global=light, poa_direct=0.8 * light, rain=wet))["i_dc"][minute]
            for wet in (np.zeros_like(rain), rain)
        )
        assert dirty / clean == pytest.approx(1 - 9.5 * 0.0015, abs=2e-3)


FIGURES = {  # gain, its drift in a year, relative noise, and noise in the sensor's units
    "i_dc": (0.003, 0.002, 0.003, 0.01),
    "v_dc": (0.002, 0.001, 0.001, 0.2),
    "poa_global": (0.01, 0.005, 0.005, 1.0),
    "temp_air": (0.0, 0.0, 0.0, 0.2),
    "temp_module": (0.0, 0.0, 0.0, 0.4),
    "wind_speed": (0.02, 0.0, 0.02, 0.1),
}


class TestSensors:
    """Their errors against ``FIGURES``, which are written here once more."""

    @staticmethod
    def told(value, size, seeds):
        """Measurements of one true value, ``(seeds, size)`` by sensor."""
        true = {name: np.full(size, float(value)) for name in COLUMNS}
        all_told = [measure(true, np.random.default_rng(seed)) for seed in range(seeds)]
        return {name: np.stack([told[name] for told in all_told]) for name in COLUMNS}

    def test_noise_in_units_and_relative(self):
        few, many = self.told(50, 20_000, 4), self.told(5_000, 20_000, 4)
        for name, (_, _, share, noise) in FIGURES.items():
            for told, value in ((few, 50), (many, 5_000)):
                assert told[name].std(1).mean() == pytest.approx(np.hypot(share * value, noise), rel=0.03), name

    def test_gain(self):
        told = self.told(5_000, 50, 1000)
        for name, (gain, _, share, noise) in FIGURES.items():
            spread = np.sqrt(gain**2 + (share**2 + (noise / 5_000) ** 2) / 50)
            assert (told[name] / 5_000 - 1).mean(1).std() == pytest.approx(spread, rel=0.1), name

    def test_drift(self):
        """The difference of the means of the first and the last thousandth of three months."""
        size, ends = 90 * MINUTES, 90 * MINUTES // 1000
        told = self.told(5_000, size, 60)
        for name, (_, drift, share, noise) in FIGURES.items():
            moved = told[name][:, -ends:].mean(1) - told[name][:, :ends].mean(1)
            spread = np.sqrt(drift**2 * 90 / 365 + 2 * (share**2 + (noise / 5_000) ** 2) / ends)
            assert (moved / 5_000).std() == pytest.approx(spread, rel=0.3), name

    def test_current_and_voltage_are_zero_where_the_string_is_off(self):
        """Without noise, unlike the irradiance."""
        told = self.told(0, 1_000, 1)
        assert not told["i_dc"].any() and not told["v_dc"].any() and told["poa_global"].any()

    def test_what_is_never_negative(self):
        told = self.told(0, 1_000, 1)
        assert all(told[name].min() == 0 for name in ("i_dc", "v_dc", "poa_global", "wind_speed"))
        assert all(told[name].min() < 0 for name in ("temp_air", "temp_module"))


@pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")
def test_the_clear_sky_is_pvlibs_at_the_site_and_its_altitude():
    time = pd.date_range("2019-06-21", periods=MINUTES, freq="1min", tz="Etc/GMT+7")
    some = load_site("miami")
    for altitude in (0.0, 1650.0):
        site = some._replace(latitude=40.0, longitude=-105.0, altitude=altitude, utc_offset=-7.0)
        place, coarse = Location(40, -105, altitude=altitude), time[::10]
        turbidity = lookup_linke_turbidity(coarse, 40, -105, interp_turbidity=False)
        clear = place.get_clearsky(coarse, linke_turbidity=turbidity)["ghi"].to_numpy()
        sun = place.get_solarposition(coarse)
        elevation, azimuth, told = weather_of._sun(site, time)
        assert told[::10] == pytest.approx(clear, abs=0.5) and clear.max() > 900
        assert elevation[::10] == pytest.approx(sun["apparent_elevation"].to_numpy(), abs=1e-6)
        assert azimuth[::10] == pytest.approx(sun["azimuth"].to_numpy(), abs=1e-6)
    assert told.max() > 1.03 * weather_of._sun(site._replace(altitude=0.0), time)[2].max()


class TestDataset:
    @pytest.fixture
    def table(self, monkeypatch):
        """A table in place of the simulation: ten conditions on five days each, a row every two hours."""
        time = pd.date_range("2019-03-01", periods=600, freq="2h", tz="Etc/GMT+5")
        columns = {name: 1000.0 * i + np.arange(600) for i, name in enumerate(COLUMNS)}
        state = np.array(tuple(SHARES), object)[np.arange(600) // 12 % 10]
        table = pd.DataFrame({"time": time, **columns, "state": state, "recorded": np.arange(600) != 7})
        monkeypatch.setattr(sys.modules["pyrodgm.data.pv.simulate"], "simulate", lambda *args, **options: table)
        return table

    def test_the_columns_in_their_order(self, table):
        for name, own in (("iv", COLUMNS[:2]), ("sensors", COLUMNS)):
            x = torch.cat([rows.x for rows in load("pv", columns=name).parts.values()])
            x = x[x[:, 0].argsort()].numpy()
            assert (x == table.loc[table["recorded"], list(own)].to_numpy(np.float32)).all()

    @pytest.mark.parametrize("held_out", ["minutes", "days"])
    def test_the_seed_fixes_the_parts(self, table, held_out):
        first, again, other = (load("pv", held_out=held_out, seed=seed).test.x for seed in (1, 1, 2))
        assert torch.equal(first, again) and not torch.equal(first, other)

    def test_rows_of_a_year_are_spread_evenly_over_the_table(self, table):
        x = torch.cat([rows.x for rows in load("pv", arrangement="days", rows=100).parts.values()])
        found = x[:, 0].sort().values
        assert len(found) == 100 and found[0] == 0 and found[-1] == 599 and found.diff().max() <= 8

    def test_a_day_of_two_conditions_is_of_the_one_with_more_rows(self):
        """Three days of each of two conditions; one row of every day is of the other condition."""
        day = torch.arange(6).repeat_interleave(5)
        y = (day >= 3).long()
        y[::5] = 1 - y[::5]
        parts = _whole_days(y, day, ("a", "b"), torch.Generator().manual_seed(0))
        assert sorted(torch.cat(parts).tolist()) == list(range(30))
        for part in parts:
            days = day[part].unique()
            assert len(part) == 10 and sorted((days >= 3).tolist()) == [False, True]

    def test_a_dataset_of_six_sensors(self):
        data = load("pv", rows=3000, site="sand-point")
        assert [len(rows.x) for rows in data.parts.values()] == [2100, 300, 600]
        assert data.x_size == 6 and data.num_classes == 10 and data.classes == tuple(SHARES)

    def test_three_columns_with_whole_days_held_out(self):
        data = load("pv", arrangement="days", columns="ratios", held_out="days", rows=6000)
        assert sum(len(rows.x) for rows in data.parts.values()) == 6000 and data.x_size == 3
        assert all(set(rows.y.tolist()) == set(range(10)) for rows in data.parts.values())
        clear = data.train.x[(data.train.y == 8) & (data.train.x[:, 2] > np.log(500))]
        assert clear[:, 0].median().item() == pytest.approx(1, abs=0.01)
        assert clear[:, 1].median().item() == pytest.approx(0, abs=0.05)

    def test_nothing_of_it_is_loaded_before_it_is_used(self):
        code = "import sys, pyrodgm.data, pyrodgm.cli, pyrodgm.data.pv; print('pvlib' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"

    def test_without_the_extra_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pvlib.pvsystem", None)
        with pytest.raises(ValueError, match=r"pv: got no package pvlib, want it installed: pip install pyrodgm\[pv\]"):
            load("pv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"site": "greensbro"}, "site: got 'greensbro' .did you mean 'greensboro'"),
        ({"arrangement": "weeks"}, "arrangement: got 'weeks', want one of campaign, days"),
        ({"start": "13-01"}, "start: got '13-01', want month and day"),
        ({"start": "1 March"}, "start: got '1 March', want month and day"),
        ({"num_days": 0}, "num_days: got 0, want a positive int"),
        ({"num_days": 400}, "num_days: got 400, want at most 365"),
        ({"num_days": 10}, "num_days: got 10, want more: "),
        ({"rows": 0}, "rows: got 0, want a positive int"),
        ({"every": 5}, "every: got 5 with the campaign, want 1"),
        ({"plant": Plant(num_modules=2)}, "num_modules: got 2, of 6 submodules, want more than six"),
        ({"plant": Plant(module="none")}, "module: got 'none'"),
        ({"plant": Plant(shade=1.5)}, "shade: got 1.5, want a share of the direct light"),
        ({"plant": Plant(uniform_shade=-1)}, "uniform_shade: got -1, want a share of the direct light"),
        ({"plant": Plant(tilt=120)}, "tilt: got 120, want 0 to 90 degrees"),
        ({"plant": Plant(resistances=(4.0,))}, "resistances: got .4.0,., want two"),
        ({"plant": Plant(resistances=(4.0, -1.0))}, "resistances: got .4.0, -1.0., want two of at least 0"),
    ],
)
def test_bad_options_of_the_simulator(options, message):
    with pytest.raises(ValueError, match=message):
        simulate(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "all"}, "columns: got 'all', want one of iv, ratios, sensors"),
        ({"held_out": "weeks"}, "held_out: got 'weeks', want one of days, minutes"),
        ({"held_out": "days"}, "held_out: got whole days, but condition RS8 is on 2 of them"),
        ({"rows": -1}, "rows: got -1, want a positive int"),
        ({"rows": 10**6, "arrangement": "days"}, "rows: got 1000000, want at most"),
    ],
)
def test_bad_options_of_the_data_set(options, message):
    with pytest.raises(ValueError, match=message):
        load("pv", **options)
