"""Rows that are left out, by reason, and the report on a file."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas
import pytest
from pvlib.solarposition import sun_rise_set_transit_spa

from pyrodgm.data.pv import simulate
from pyrodgm.pv import Piece, Seen, check_logger, load_map, skip_reasons
from pyrodgm.pv.check import StringCheck
from pyrodgm.pv.check_text import problems, told
from pyrodgm.pv.logger import NO_TIME
from pyrodgm.pv.sun_times import hours_that_do_not_fit, whole_days
from pyrodgm.pv.swapped_dates import MonthSteps

COLUMNS = ("i_dc", "v_dc", "poa_global", "temp_air")
PLACE = {"latitude": 36.1, "longitude": -79.95}


def piece(size=40, **changes):
    values = {
        "i_dc": 5 + 0.01 * np.arange(size),
        "v_dc": 250 + 0.1 * np.arange(size),
        "poa_global": 700 + 0.1 * np.arange(size),
        "temp_air": np.full(size, 20.0),
    }
    time = changes.pop("time", 1_643_637_600 + 60 * np.arange(size))
    for name, (rows, value) in changes.items():
        values[name][rows] = value
    return Piece("1", np.arange(1, size + 1), time, values, {})


def reasons_of(whole, cuts=()):
    """Reasons of a piece, read in parts."""
    seen, edges = Seen(), [0, *cuts, len(whole)]
    parts = []
    for low, high in pairwise(edges):
        values = {name: column[low:high] for name, column in whole.values.items()}
        parts.append(skip_reasons(Piece("1", whole.row[low:high], whole.time[low:high], values, {}), seen))
    return np.concatenate(parts).tolist()


def times(**changes):
    time = 1_643_637_600 + 60 * np.arange(40)
    for row, value in changes.items():
        time[int(row[1:])] = value
    return time


CASES = [
    ({}, {}),
    ({"poa_global": ([3, 4], [19.9, 20.0])}, {3: "night"}),
    ({"poa_global": (3, np.nan)}, {3: "poa_global missing"}),
    ({"i_dc": (3, np.nan)}, {3: "i_dc missing"}),
    ({"v_dc": (slice(3, 5), np.nan)}, {3: "v_dc missing", 4: "v_dc missing"}),
    ({"temp_air": (7, np.nan)}, {7: "temperature missing"}),
    ({"temp_air": ([7, 8], [300.0, -90.0])}, {7: "temp_air out of range", 8: "temp_air out of range"}),
    ({"v_dc": (7, 5000.0)}, {7: "v_dc out of range"}),
    ({"time": times(_7=NO_TIME)}, {7: "no time"}),
    ({"time": times(_7=1_643_637_600 + 360)}, {7: "time repeats"}),
    ({"time": times(_7=1_643_637_600 + 60)}, {7: "time runs back"}),
    ({"v_dc": (slice(10, 24), 260.0)}, {21: "v_dc stuck", 22: "v_dc stuck", 23: "v_dc stuck"}),
    ({"i_dc": (slice(10, 30), 0.0)}, {}),
    ({"poa_global": ([3, 4], [-20.0, -9999.0])}, {3: "night", 4: "poa_global out of range"}),
]


class TestReasons:
    @pytest.mark.parametrize(("changes", "expected"), CASES)
    @pytest.mark.parametrize("cuts", [(), (8,), (12, 13, 22)])
    def test_each_row_has_the_first_that_holds(self, changes, expected, cuts):
        reasons = reasons_of(piece(**changes), cuts)
        assert {i: reason for i, reason in enumerate(reasons) if reason is not None} == expected

    def test_one_of_two_temperatures_is_enough(self):
        whole = piece(temp_air=([7, 9], np.nan))
        whole.values["temp_module"] = np.full(40, 30.0)
        whole.values["temp_module"][[8, 9]] = np.nan
        reasons = reasons_of(whole)
        assert {i: reason for i, reason in enumerate(reasons) if reason is not None} == {9: "temperature missing"}

    @pytest.mark.parametrize(("needed", "left"), [((), [8, 9, 20]), (("temp_air", "wind_speed"), [7, 8, 9, 10, 20])])
    def test_air_and_wind_count_only_where_they_are_read(self, needed, left):
        """Where the module's temperature is measured, Faiman's model is not used."""
        whole = piece(temp_air=([7, 8], 300.0))
        whole.values["wind_speed"] = np.full(40, 2.0)
        whole.values["wind_speed"][[9, 10]] = -99.0
        whole.values["temp_module"] = np.full(40, 30.0)
        whole.values["temp_module"][[8, 9]], whole.values["temp_module"][20] = np.nan, 500.0
        found = skip_reasons(whole, Seen(), needed)
        assert np.flatnonzero(found != None).tolist() == left  # noqa: E711
        assert found[8:10].tolist() == ["temp_air out of range", "wind_speed out of range"]

    @pytest.mark.parametrize("cuts", [(), (9,), (10,)])
    def test_after_a_clock_that_ran_ahead_all_rows_are_late(self, cuts):
        """The tenth has the latest time, but not that of the row before it."""
        reasons = reasons_of(piece(time=times(_7=1_643_637_600 + 600)), cuts)
        assert reasons[8:11] == ["time runs back"] * 3 and reasons[11] is None


@pytest.fixture(scope="module")
def month():
    return simulate("greensboro", "days", num_days=30, every=5).drop(columns="recorded")


def checked(tmp_path, table, place=True, **options):
    table.to_csv(tmp_path / "log.csv", index=False)
    return check_logger(tmp_path / "log.csv", **(PLACE if place else {}), **options)["1"]


class TestCheck:
    def test_a_clean_file(self, tmp_path, month):
        check = checked(tmp_path, month)
        assert check.rows == len(month) == check.used + sum(check.skipped.values())
        assert set(check.skipped) == {"night"} and check.step == 300 and not check.gaps and not check.units
        assert abs(check.clock) < 10 and check.clock_moves < 40
        assert check.first == 1551416400 and check.last == 1551416400 + 300 * (len(month) - 1)
        low, mean, high = check.ranges["poa_global"]
        assert (low, high) == pytest.approx((month["poa_global"].min(), month["poa_global"].max()))
        assert mean == pytest.approx(month["poa_global"].mean())
        assert check.clipped == check.curtailed == 0 and not check.spikes

    def test_pieces_of_any_size_tell_the_same(self, tmp_path, month):
        month = month.drop(index=range(1000, 1100))
        few, many = (checked(tmp_path, month, rows_at_once=rows) for rows in (777, 10**6))
        for check in (few, many):
            check.ranges = {name: tuple(np.round(values, 6)) for name, values in check.ranges.items()}
        assert few == many and few.gaps == [(100, few.gaps[0][1])]

    @pytest.mark.parametrize("rows_at_once", [100, 10**6])
    def test_the_ten_longest_gaps(self, tmp_path, rows_at_once):
        """Gaps of 1 to 12 rows in a shuffled order; at last the clock runs back by an hour."""
        order = (5, 12, 1, 8, 3, 10, 2, 11, 4, 9, 6, 7)
        begins = 1_643_637_600 + 60 * (60 * np.arange(13) + np.concatenate([[0], np.cumsum(order)]))
        time = (begins[:, None] + 60 * np.arange(60)).flatten()
        before = {rows: int(time[60 * i + 59]) for i, rows in enumerate(order)}
        time[-10:] -= 3600
        table = pandas.DataFrame({"time": pandas.to_datetime(time, unit="s", utc=True)} | dict.fromkeys(COLUMNS, 25.0))
        check = checked(tmp_path, table, place=False, rows_at_once=rows_at_once)
        assert check.gaps == [(rows, before[rows]) for rows in range(12, 2, -1)]
        assert (check.first, check.last) == (time[0], time[-11])

    @pytest.mark.parametrize("rows_at_once", [3, 1000])
    def test_the_span_of_a_file_whose_newest_row_comes_first(self, tmp_path, rows_at_once):
        lines = [f"2022-01-31T14:{minute:02}Z,1,2,3,4" for minute in range(9, -1, -1)]
        (tmp_path / "log.csv").write_text("\n".join(["time,i_dc,v_dc,poa_global,temp_air", *lines]) + "\n")
        check = check_logger(tmp_path / "log.csv", rows_at_once=rows_at_once)["1"]
        assert (check.first, check.last) == (1643637600, 1643637600 + 540)
        assert check.skipped["time runs back"] == 9

    @pytest.mark.parametrize("rows_at_once", [3, 1000])
    def test_rows_that_are_out_of_order_are_said(self, tmp_path, rows_at_once):
        """In reverse, in reverse but for one row of ten, the newest day first, and after a row of another year."""

        def told_of(time):
            moments = [f"{moment}Z,1,2,3,4" for moment in np.array(time).astype("datetime64[s]")]
            (tmp_path / "log.csv").write_text("\n".join(["time,i_dc,v_dc,poa_global,temp_air", *moments]) + "\n")
            return problems(check_logger(tmp_path / "log.csv", rows_at_once=rows_at_once))

        ahead = 1_643_637_600 + 60 * np.arange(31)
        first = ["1: time: the newest row is first, want the oldest first: reverse the rows of the file"]
        assert told_of(ahead) == [] and told_of(ahead[::-1]) == first and told_of(ahead[10::-1]) == first
        assert told_of([*ahead[12:1:-1], ahead[5]]) == first  # ten back and one ahead
        most = "1: time: most rows are earlier than one before; are they out of order, or is {} UTC wrong?"
        assert told_of([*ahead[15:], *ahead[:15]]) == []
        assert told_of([*ahead[16:], *ahead[:16]]) == [most.format("2022-01-31 14:30:00")]
        assert told_of([*ahead[12:1:-1], *ahead[5:7]]) == [most.format("2022-01-31 14:12:00")]  # ten back, two ahead
        assert told_of([ahead[0], 4_000_000_000, *ahead[1:]]) == [most.format("2096-10-02 07:06:40")]

    def test_a_missing_row_is_a_gap_and_a_late_one_is_none(self, tmp_path):
        time = 1_643_637_600 + 60 * np.delete(np.arange(60), 20)
        time[40] += 25
        table = pandas.DataFrame({"time": pandas.to_datetime(time, unit="s", utc=True)} | dict.fromkeys(COLUMNS, 25.0))
        assert checked(tmp_path, table, place=False).gaps == [(1, time[19])]

    @pytest.mark.parametrize("late", [0, 6])
    def test_the_clock_to_a_minute(self, tmp_path, late):
        """Ten days whose light is symmetric about the sun's transit, which pvlib computes by another algorithm."""
        time = pandas.date_range("2019-11-01", periods=10 * 1440, freq="1min", tz="Etc/GMT+5")
        noon = sun_rise_set_transit_spa(time[::1440], PLACE["latitude"], PLACE["longitude"])["transit"]
        away = (time - noon.repeat(1440)).to_numpy() / np.timedelta64(1, "h")
        light = np.where(np.abs(away) < 5, 700 + 10 * np.cos(away), 0.0)
        columns = {"i_dc": light / 100, "v_dc": 250 + away, "poa_global": light, "temp_air": 20.0}
        table = pandas.DataFrame({"time": time + pandas.Timedelta(minutes=late)} | columns)
        assert checked(tmp_path, table).clock == pytest.approx(late, abs=0.6)

    @pytest.mark.parametrize("hours", [-8, -1, 2, 8, 12])
    def test_a_clock_off_against_the_sun(self, tmp_path, month, hours):
        late = month.assign(time=month["time"] + pandas.Timedelta(hours=hours))
        check = checked(tmp_path, late)
        assert (check.clock - 60 * hours + 720) % 1440 - 720 == pytest.approx(0, abs=10) and abs(check.clock) <= 720
        words = "wrong longitude, or wrong timezone" if abs(hours) > 6 else "; wrong timezone"
        lines = problems({"1": check})
        assert len(lines) == 1 and words in lines[0] and ("late" if check.clock > 0 else "early") in lines[0]
        assert lines == [text for text in told({"1": check}) if "clock" in text]

    def test_a_clock_that_changes_with_summer_time(self, tmp_path, month):
        later = month["time"].where(month["time"] < "2019-03-16 00:00-05:00", month["time"] + pandas.Timedelta(hours=1))
        check = checked(tmp_path, month.assign(time=later))
        assert check.clock_moves == pytest.approx(60, abs=20)
        assert any("clock: moves by" in line for line in problems({"1": check}))
        assert not problems({"1": replace(check, clock_moves=39.0, clock=19.0)})

    def test_a_day_in_part_does_not_tell_the_clock(self, tmp_path, month):
        check = checked(tmp_path, month[month["time"] < "2019-03-05 09:00-05:00"])
        assert abs(check.clock) < 20 and check.clock_moves < 40

    def test_the_clock_is_a_median_and_moves_between_percentiles(self, tmp_path, month, monkeypatch):
        """Of 1, 2 and 60 minutes; the percentiles are at 1.2 and 48.4."""
        monkeypatch.setattr("pyrodgm.pv.check.minutes_late", lambda *args: np.array([60.0, 1.0, 2.0]))
        check = checked(tmp_path, month[:600])
        assert (check.clock, check.clock_moves) == pytest.approx((2.0, 48.4 - 1.2))

    def test_days_of_more_than_half_the_usual_light_are_whole(self):
        light = [(day * 86_400, day * 86_400 + hours * 3600) for day, hours in enumerate((10, 10, 6, 4, 10))]
        assert whole_days(light).tolist() == [list(span) for span in light if span != light[3]]

    def test_no_day_is_compared_where_the_sun_stays_up_or_down(self):
        for month in (6, 12):
            noon = int(pandas.Timestamp(2022, month, 21, 12).timestamp())
            span = np.array([[noon - 36_000, noon + 36_000]])
            assert hours_that_do_not_fit(span, 80.0, True) is None and hours_that_do_not_fit(span, 20.0, True)

    def test_steps_of_a_month_between_single_days(self):
        """Of 31 and 28 days, not of a quarter of a year; after ten days none counts, though a time repeats."""

        def counted(days, repeats=()):
            hours = [24 * day + hour for day in days for hour in range(8, 18)]
            steps, time = MonthSteps(), 3600 * np.sort([*hours, *repeats])
            steps.add(time)
            return steps.finish(int(time[-1]))

        assert counted([0, 31, 59]) == 2 and counted([0, 90, 180]) == 0
        assert counted([*range(10), 39]) == counted([*range(10), 39], repeats=[24 * 9 + 12]) == 0

    def test_what_a_time_stamps(self, tmp_path, month):
        """The light of a file is half a step of five minutes earlier by interval ends, and later by starts."""
        few = month[month["time"] < "2019-03-06 00:00-05:00"]
        starts, middles, ends = (
            checked(tmp_path, few, logger_map=load_map(None)._replace(stamp=stamp)).clock
            for stamp in ("start", "middle", "end")
        )
        assert starts - middles == pytest.approx(2.5) and middles - ends == pytest.approx(2.5)

    def written_in(self, tmp_path, table, written="%d/%m/%Y %H:%M", read="%m/%d/%Y %H:%M"):
        """Check a file whose times are written in one format and read in another, in the plant's winter time."""
        (tmp_path / "map.toml").write_text(f'time = {{ column = "time", format = "{read}", timezone = "Etc/GMT+5" }}')
        return checked(
            tmp_path, table.assign(time=table["time"].dt.strftime(written)), logger_map=load_map(tmp_path / "map.toml")
        )

    @pytest.mark.parametrize("night", [True, False])
    @pytest.mark.parametrize("rows_at_once", [100, 10**6])
    def test_days_a_month_apart_have_day_and_month_swapped(self, tmp_path, month, night, rows_at_once):
        """The first twelve days of a month, as by an ISO time that another program wrote; with nights and without."""
        table = month[(month["time"] < "2019-03-13 00:00-05:00") & (night | (month["poa_global"] > 50))]
        swapped = pandas.to_datetime(table["time"].dt.strftime("%Y-%d-%m %H:%M-0500"))
        check = checked(tmp_path, table.assign(time=swapped), rows_at_once=rows_at_once)
        assert check.dates == (
            "consecutive days are a month apart, 11 times; are day and month swapped, by the program that wrote them?"
        )
        assert checked(tmp_path, table, rows_at_once=rows_at_once).dates is None

    def test_a_format_with_day_and_month_swapped(self, tmp_path, month):
        """Over the end of a month: the rows of 13 to 31 March have no time, and April begins again in January."""
        table = month.assign(time=month["time"] + pandas.Timedelta(2, "D"))
        table = table[(table["time"] < "2019-03-08 00:00-05:00") | (table["time"] >= "2019-03-31 00:00-05:00")]
        check = self.written_in(tmp_path, table)
        words = "times; are day and month swapped, so that the format should be %d/%m/%Y %H:%M?"
        assert check.dates == f"consecutive days are a month apart, 4 {words}"
        assert any("1: time: consecutive days are a month apart" in line for line in told({"1": check}))
        assert self.written_in(tmp_path, table, read="%d/%m/%Y %H:%M").dates is None

    def test_a_gap_of_a_month_is_none_between_days(self, tmp_path, month):
        """Ten days, a month without rows, and one day more; and the same the other way round."""
        for days in (10, 1):
            cut = pandas.Timestamp(f"2019-03-{days + 1:02d} 00:00-05:00")
            later = month["time"].where(month["time"] < cut, month["time"] + pandas.Timedelta(29, "D"))
            assert (
                checked(
                    tmp_path, month.assign(time=later)[month["time"] < cut + pandas.Timedelta(11 - days, "D")]
                ).dates
                is None
            )

    @pytest.mark.parametrize(
        ("day", "read", "remark"),
        [
            (4, "%m/%d/%Y %H:%M", "04 March 2019; with the format %d/%m/%Y %H:%M it is 03 April 2019"),
            (4, "%d.%m.%y %H:%M", "04 March 2019; with the format %m.%d.%y %H:%M it is 03 April 2019"),
            (3, "%m/%d/%Y %H:%M", None),
            (13, "%m/%d/%Y %H:%M", None),
            (4, "%d %b %Y %H:%M", None),
        ],
    )
    def test_a_single_date_that_may_be_read_in_two_ways(self, tmp_path, month, day, read, remark):
        table = month[month["time"].dt.day == day]
        check = self.written_in(tmp_path, table, read, read)
        assert check.dates == (None if remark is None else f"the only date is read as {remark}")
        both = month[month["time"].dt.day.isin([day, day + 1])]
        assert self.written_in(tmp_path, both, read, read).dates is None

    def test_a_date_that_does_not_fit_the_sun(self, tmp_path, month):
        """Days of June with the dates of January, days of December with those of June, and a hemisphere too far."""
        for now, then, hours in (("06-01", "01-06", (13.5, 9.8)), ("12-06", "06-12", (9.3, 14.6))):
            table = simulate("greensboro", "days", start=now, num_days=3, every=5).drop(columns="recorded")
            assert checked(tmp_path, table).season is None
            away = pandas.Timestamp(f"2019-{then}") - pandas.Timestamp(f"2019-{now}")
            check = checked(tmp_path, table.assign(time=table["time"] + away))
            assert check.season == pytest.approx(hours, abs=0.4)
            assert any("day and month swapped, or wrong latitude?" in line for line in told({"1": check}))
        table.to_csv(tmp_path / "log.csv", index=False)
        assert check_logger(tmp_path / "log.csv", latitude=-36.1, longitude=-79.95)["1"].season is not None

    def test_the_hours_of_the_sun_to_minutes(self, tmp_path):
        """Light in half of the sun's hours, which pvlib computes by another algorithm."""
        time = pandas.date_range("2019-05-20", periods=1440, freq="1min", tz="Etc/GMT+5")
        light = np.where(abs(np.arange(1440) - 720) < 180, 700.0, 0.0)
        table = pandas.DataFrame(
            {"time": time, "i_dc": light / 100, "v_dc": 250.0, "poa_global": light, "temp_air": 20.0}
        )
        sun = sun_rise_set_transit_spa(time[:1], PLACE["latitude"], PLACE["longitude"]).iloc[0]
        hours = (sun["sunset"] - sun["sunrise"]).total_seconds() / 3600
        assert checked(tmp_path, table).season == pytest.approx((358 / 60, hours), abs=0.02)
        assert checked(tmp_path, table[180:-180]).season is None

    def test_open_circuit_clipping_curtailment_and_spikes(self, tmp_path, month):
        bright, power = month["poa_global"] > 300, month["i_dc"] * month["v_dc"]
        day = month["time"].dt.day
        broken = month.copy()
        broken.loc[bright & (day == 5), "i_dc"] = 0.0
        held = []
        for days, level in ((day.between(10, 12), 1000), (day.between(13, 14), 960), (day.between(20, 22), 500)):
            over = days & (power > level)
            held.append(over.sum())
            broken.loc[over, "i_dc"] = level / month.loc[over, "v_dc"]
        broken.loc[[2000, 2500], "temp_module"] += 40
        check = checked(tmp_path, broken)
        assert check.open_circuit >= (bright & (day == 5)).sum() > 30
        expected = held[0] + held[1], held[2]  # levels within five per cent are those of the inverter
        assert (check.clipped, check.curtailed) == pytest.approx(expected, rel=0.2) and min(held) > 40
        assert check.spikes == {"temp_module": 2}
        text = "\n".join(told({"1": check}))
        assert "rows at open circuit" in text and "rows clipped" in text and "rows curtailed" in text

    @pytest.mark.parametrize("rows_at_once", [1, 2, 5, 6, 7, 100])
    def test_a_spike_between_two_pieces_is_one(self, tmp_path, month, rows_at_once):
        table = month.iloc[:12].assign(temp_module=20.0)
        table.loc[5, "temp_module"] = 60.0
        table.loc[8:, "temp_module"] = 40.0  # and stays there
        assert checked(tmp_path, table, place=False, rows_at_once=rows_at_once).spikes == {"temp_module": 1}

    @pytest.mark.parametrize(("longitude", "clipped"), [(180.0, 81), (0.0, 0)])
    def test_a_plateau_is_one_of_the_local_day(self, tmp_path, longitude, clipped):
        """Eighty minutes around midnight in UTC are over an hour at noon, or two parts of two days at longitude 0."""
        minutes = np.arange(-180, 181)
        light = 1000.0 - 5 * np.abs(minutes)
        volts = 250 + 0.01 * minutes
        time = pandas.Timestamp("2022-03-02", tz="UTC") + pandas.to_timedelta(minutes, "min")
        table = pandas.DataFrame({"time": time, "temp_air": 20.0, "poa_global": light, "v_dc": volts})
        table["i_dc"] = 2 * light.clip(max=800) / volts
        table.to_csv(tmp_path / "log.csv", index=False)
        check = check_logger(tmp_path / "log.csv", latitude=0.0, longitude=longitude)["1"]
        assert check.clipped == pytest.approx(clipped, abs=2) and check.used == len(table)

    def test_an_open_circuit_has_voltage_and_light_and_no_current(self, tmp_path, month):
        table = month[(month["poa_global"] > 300) & (month["i_dc"] > 1)].reset_index(drop=True)
        table.loc[[10, 20, 30, 40, 50], "i_dc"] = [0.04, 0.0, 0.06, 0.0, 0.0]
        table.loc[[20, 40], "v_dc"] = [11.0, 9.0]
        table.loc[50, "poa_global"] = 99.0
        assert checked(tmp_path, table).open_circuit == 2

    def test_a_plateau_of_the_light_is_none_of_the_inverter(self, tmp_path, month):
        steady = month.copy()
        noon = steady["time"].dt.hour.between(10, 13)
        steady.loc[noon, ["i_dc", "v_dc", "poa_global"]] = [12.0, 250.0, 600.0]
        steady.loc[noon, ["i_dc", "v_dc", "poa_global"]] += 0.001 * (np.arange(noon.sum()) % 2)[:, None]
        check = checked(tmp_path, steady)
        assert check.clipped == check.curtailed == 0

    def test_units_that_can_be_seen(self, tmp_path, month):
        wrong = month.assign(poa_global=month["poa_global"] / 1000, temp_air=month["temp_air"] + 273.15)
        check = checked(tmp_path, wrong)
        assert "kW/m2?" in check.units["poa_global"] and "K?" in check.units["temp_air"]
        assert check.used == 0 and any("nothing to learn from" in line for line in told({"1": check}))

    def test_a_sensor_that_never_changes(self, tmp_path, month):
        check = checked(tmp_path, month.assign(temp_module=20.0))
        assert check.units == {"temp_module": f"the same in all {len(month)} rows; is the sensor stuck?"}
        assert "temp_module" not in checked(tmp_path, month.assign(temp_module=20.0).iloc[:9]).units
        almost = month.assign(temp_module=np.where(month.index == month.index[-1], 20.1, 20.0))
        assert "in all" not in checked(tmp_path, almost).units["temp_module"]

    @pytest.mark.parametrize("rows_at_once", [50, 10**6])
    def test_a_sensor_that_is_stuck_for_six_hours(self, tmp_path, month, rows_at_once):
        """Two runs of six hours, the second at the end, and a shorter one. Calm air has no wind for hours."""
        table = month.copy()
        for name, rows, value in (
            ("temp_module", range(300, 372), 12.3),
            ("temp_module", range(len(table) - 100, len(table)), -1.5),
            ("temp_air", range(500, 571), 7.0),
            ("wind_speed", range(900, 1000), 0.0),
        ):
            table.loc[rows, name] = value
        units = checked(tmp_path, table, rows_at_once=rows_at_once).units
        assert units == {"temp_module": "the same for six hours or more, in 172 rows; is the sensor stuck?"}
        hourly = table[::12].assign(temp_air=np.repeat(np.arange(1, 61) / 2, 12), temp_module=np.arange(720.0) / 20)
        assert "in 720 rows" in checked(tmp_path, hourly).units["temp_air"]
        hourly["temp_air"] = np.repeat(np.arange(90.0) / 3, 8)
        assert not checked(tmp_path, hourly).units

    def test_a_unit_that_is_not_known(self, tmp_path, month):
        (tmp_path / "map.toml").write_text('[columns]\npoa_global = "POA [BTU]"\nwind_speed = "wind [km/h]"')
        table = month.rename(columns={"poa_global": "POA [BTU]", "wind_speed": "wind [km/h]"})
        check = checked(tmp_path, table, logger_map=load_map(tmp_path / "map.toml"))
        assert check.units == {"poa_global": "[BTU] is not a known unit, so W/m2 is assumed"}
        assert any(line.endswith("; [BTU] is not a known unit, so W/m2 is assumed") for line in told({"1": check}))
        dim = table.assign(**{"POA [BTU]": table["POA [BTU]"] / 1000})
        check = checked(tmp_path, dim, logger_map=load_map(tmp_path / "map.toml"))
        assert check.units["poa_global"].startswith("[BTU] is not a known unit, so W/m2 is assumed; never above 2 W/m²")

    TOTAL = "the same as of string {} on {} of {} days; a string has a current of its own: is it the inverter's total?"

    def test_one_column_of_current_for_all_strings(self, tmp_path, month):
        """Also where the voltages differ, and one of them is often missing."""
        (tmp_path / "map.toml").write_text('[columns]\nv_dc = "CB{string} V"')
        both = month.rename(columns={"v_dc": "CB1 V"}).assign(**{"CB2 V": 1.01 * month["v_dc"]})
        both.loc[::7, "CB2 V"] = np.nan
        both.to_csv(tmp_path / "log.csv", index=False)
        checks = check_logger(tmp_path / "log.csv", load_map(tmp_path / "map.toml"))
        assert list(checks) == ["1", "2"]
        days = month[(month["poa_global"] >= 20) & (month["i_dc"] > 0)].set_index("time").tz_convert("UTC")["i_dc"]
        of = (days.resample("D").count() >= 10).sum()
        assert checks["2"].total_current == self.TOTAL.format(1, of, of)
        assert checks["1"].total_current == self.TOTAL.format(2, of, of)
        assert not checks["1"].units

    def several(self, tmp_path, month, currents, rows_at_once=200_000):
        """Check strings a, b, c, ... with these currents and one voltage, one string below the other in the file."""
        (tmp_path / "map.toml").write_text('string = { column = "inverter" }')
        tables = [month.assign(inverter=name, i_dc=i) for name, i in zip("abcdef", currents, strict=False)]
        pandas.concat(tables).to_csv(tmp_path / "log.csv", index=False)
        return check_logger(tmp_path / "log.csv", load_map(tmp_path / "map.toml"), rows_at_once=rows_at_once)

    @pytest.mark.parametrize("rows_at_once", [1001, 10**6])
    def test_a_current_that_is_the_same_in_the_rows_of_several_strings(self, tmp_path, month, rows_at_once):
        """The first five share theirs, but for a few days of one, and all share the voltage."""
        i = month["i_dc"]
        few = i.where(month["time"] >= "2019-03-06 00:00-05:00", 0.5 * i)
        checks = self.several(tmp_path, month, [i, i, few, i, i, 1.01 * i], rows_at_once)
        assert "the same as of strings b, c, d and 1 more on " in checks["a"].total_current
        assert checks["a"].total_current.endswith("is it the inverter's total?")
        own, of = (int(n) for n in re.search("on ([0-9]+) of ([0-9]+) days", checks["c"].total_current).groups())
        assert of >= 30 and of - 6 <= own <= of - 5
        assert set(checks["f"].units) == {"v_dc"}
        assert checks["f"].units["v_dc"].endswith(" days; normal for strings of one inverter")
        assert checks["f"].total_current is None
        lines = [f"{name}: i_dc: {checks[name].total_current}" for name in "abcde"]
        assert problems(checks) == lines
        assert set(lines) <= set(told(checks))

    def test_currents_that_are_the_same_on_few_days_or_never_flow_are_no_total(self, tmp_path, month):
        """A few days with the same values, a second pair of strings that are off, and one value in a million less."""
        i = month["i_dc"]
        few = i.where(month["time"] < "2019-03-10 00:00-05:00", 0.5 * i)
        checks = self.several(tmp_path, month, [i, few, 0 * i, 0 * i, i * (1 + 1e-6)])
        assert not any(check.total_current for check in checks.values())

    def test_a_few_rows_tell_no_total(self, tmp_path, month):
        bright = month[(month["poa_global"] > 300) & (month["i_dc"] > 1)]
        noon = bright.groupby(bright["time"].dt.date).head(9)
        checks = self.several(tmp_path, noon, [noon["i_dc"]] * 2)
        assert not any(check.units or check.total_current for check in checks.values())

    def test_the_lines_of_a_string(self):
        begin = 1_551_416_400  # 1 March 2019, 5 o'clock in UTC
        check = StringCheck(
            rows=1000,
            used=870,
            first=begin,
            last=begin + 86_400,
            step=300,
            gaps=[(9, begin + 7200), (4, begin + 3600)],
            skipped=Counter({"night": 40, "v_dc missing": 90}),
            ranges={"v_dc": (0.5, 250.1234, 300.0), "poa_global": (0.0, 0.3, 0.9)},
            units={"poa_global": "kW/m2?"},
            empty=Counter(i_dc=3, v_dc=90),
            unread=Counter(v_dc=2),
            open_circuit=7,
            curtailed=5,
            spikes=Counter(temp_air=2),
            clock=-12.4,
            clock_moves=41.0,
            season=(9.75, 14.25),
        )
        lines = [
            "1000 rows, 2019-03-01 05:00:00 UTC to 2019-03-02 05:00:00 UTC, a row every 5 min",
            "gap of 9 rows after 2019-03-01 07:00:00 UTC",
            "gap of 4 rows after 2019-03-01 06:00:00 UTC",
            "v_dc from 0.5 to 300, mean 250.1",
            "poa_global from 0 to 0.9, mean 0.3; kW/m2?",
            "i_dc: 3 cells without a number",
            "v_dc: 90 cells without a number, 2 of them with text",
            "7 rows at open circuit: voltage but no current in the light",
            "5 rows curtailed: a plateau below the highest power",
            "2 rows in which temp_air jumps and returns",
            "clock: right, noon is 12 minutes early",
            "clock: moves by 41 minutes; does the logger switch to summer time?",
            "season: 9.8 hours of light a day, but the sun is up for 14.2; "
            "wrong date, day and month swapped, or wrong latitude?",
            "left out: 90 rows, v_dc missing",
            "left out: 40 rows, night",
            "used: 870 rows",
        ]
        assert told({"a": check}) == [f"a: {line}" for line in lines]
        assert told({"a": replace(check, step=90)})[0].endswith(", a row every 90 s")
        assert problems({"a": check}) == [f"a: {line}" for line in lines[11:13]]

    def test_rows_that_name_no_string(self, tmp_path, month):
        (tmp_path / "map.toml").write_text('string = { column = "inverter" }')
        table = month.assign(inverter=np.where(np.arange(len(month)) % 1000 == 500, None, "a"))
        table.to_csv(tmp_path / "log.csv", index=False)
        with (tmp_path / "log.csv").open("a") as file:
            file.write("2019-03-31T00:00:00-05:00,1,2\n" + "2019-03-31T00:01:00-05:00,1,5,2,3,4,5,6,a,b\n" * 2)
        checks = check_logger(tmp_path / "log.csv", load_map(tmp_path / "map.toml"))
        assert list(checks) == ["", "a"] and checks["a"].rows == checks["a"].used + sum(checks["a"].skipped.values())
        without = len(range(500, len(month), 1000)) + 1
        assert checks[""].rows == without + 2 == len(month) + 3 - checks["a"].rows
        assert checks[""].skipped == {"no string": without, "too many cells": 2} and not checks[""].ranges
        counts = [f"{without} rows, no string", "2 rows, too many cells"]
        assert told(checks)[:2] == [f"no string: left out: {count}" for count in counts]

    def test_a_file_of_nights(self, tmp_path, month):
        check = checked(tmp_path, month[month["poa_global"] < 20])
        assert check.used == 0 and check.skipped == {"night": check.rows}
        assert told({"1": check})[-1] == "1: used: 0 rows: nothing to learn from"

    def test_a_real_file_with_snow(self):
        """Half of its rows have no voltage and no current, all by night."""
        pytest.importorskip("pvlib")
        import os
        from pathlib import Path

        path = Path(os.environ.get("PYRODGM_DATA", "none")) / "pv" / "pvanalytics_snow_data.csv.gz"
        if not path.exists():
            pytest.skip("the file is not here")
        logger_map = load_map(None)._replace(
            time="Timestamp", time_format="%m/%d/%Y %H:%M", timezone="America/Denver", string="CB2"
        )
        names = {
            "v_dc": "INV1 CB2 Voltage [V]",
            "i_dc": "INV1 CB2 Current [A]",
            "poa_global": "POA [W/m²]",
            "temp_module": "Module Temp [C]",
        }
        columns = {name: column._replace(name=names.get(name, name)) for name, column in logger_map.columns.items()}
        check = check_logger(path, logger_map._replace(columns=columns))["CB2"]
        assert check.rows == 576 and check.empty == {"i_dc": 343, "v_dc": 343} and check.step == 900
        assert check.used == 180 and check.skipped == {"night": 396}

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ({"latitude": 36.1}, "latitude: got one of latitude and longitude, want both"),
            ({"latitude": 100, "longitude": 0}, "latitude: got 100, want -90 to 90 degrees"),
            ({"latitude": 0, "longitude": -200}, "longitude: got -200, want -180 to 180 degrees"),
        ],
    )
    def test_bad_places(self, tmp_path, month, place, message):
        with pytest.raises(ValueError, match=message):
            check_logger(tmp_path / "log.csv", **place)
