"""Loggers' files: maps, units, times, strings, pieces, and bad input."""

import gzip
from contextlib import suppress

import numpy as np
import pandas
import pytest

from pyrodgm.pv import load_map, read_logger
from pyrodgm.pv.csv_tables import csv_header
from pyrodgm.pv.logger import NO_STRING, NO_TIME
from pyrodgm.pv.quality import Seen, skip_reasons
from pyrodgm.pv.units import conversion, unknown_unit, visible_unit

HEADER = "time,i_dc,v_dc,poa_global,temp_air"
SNOW = """
time = { column = "Timestamp", format = "%m/%d/%Y %H:%M", timezone = "America/Denver", stamp = "start" }
string = "CB2"
[columns]
v_dc = "INV1 CB2 Voltage [V]"
i_dc = "INV1 CB2 Current [mA]"
poa_global = { column = "POA", unit = "kW/m2" }
temp_module = "Module [F]"
"""


def whole(pieces):
    """All pieces of the one string, joined."""
    pieces = list(pieces)
    assert len({piece.string for piece in pieces}) == 1
    values = {name: np.concatenate([piece.values[name] for piece in pieces]) for name in pieces[0].values}
    return np.concatenate([piece.time for piece in pieces]), values, pieces


def written(tmp_path, text, name="log.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def mapped(tmp_path, text):
    (tmp_path / "map.toml").write_text(text)
    return load_map(tmp_path / "map.toml")


class TestReading:
    def test_a_file_with_pvlibs_names_needs_no_map(self, tmp_path):
        path = written(tmp_path, HEADER + "\n2022-01-31T14:05:00-07:00,1.5,300,700,-3\n2022-01-31 21:06:00Z,,1,2,3\n")
        time, values, pieces = whole(read_logger(path))
        assert time.tolist() == [1643663100, 1643663160] and pieces[0].string == "1"
        assert values["i_dc"][0] == 1.5 and np.isnan(values["i_dc"][1]) and values["temp_air"].tolist() == [-3, 3]
        assert "temp_module" not in values and pieces[0].row.tolist() == [1, 2]

    def test_a_map_gives_columns_units_format_and_zone(self, tmp_path):
        text = "Timestamp,POA,INV1 CB2 Voltage [V],INV1 CB2 Current [mA],Module [F],other\n"
        path = written(tmp_path, text + "1/31/2022 14:05,0.7,300,1500,50,x\n7/1/2022 14:05,0.1,Bad Input,---,oops,\n")
        time, values, pieces = whole(read_logger(path, mapped(tmp_path, SNOW)))
        assert pieces[0].string == "CB2"
        assert time.tolist() == [1643663100, 1656705900]  # winter and summer time
        assert values["poa_global"].tolist() == [700, 100] and values["temp_module"][0] == pytest.approx(10)
        assert (
            values["i_dc"][0] == 1.5 and np.isnan([values[name][1] for name in ("v_dc", "i_dc", "temp_module")]).all()
        )
        assert pieces[0].unread == {"temp_module": 1}

    @pytest.mark.parametrize("rows", [1, 3, 1000])
    def test_pieces_of_any_size_are_the_same_rows(self, tmp_path, rows):
        lines = [f"2022-01-31T14:{i:02d}:00-07:00,{i},{2 * i},{3 * i},4" for i in range(20)]
        path = written(tmp_path, "\n".join([HEADER, *lines]) + "\n")
        time, values, pieces = whole(read_logger(path, rows_at_once=rows))
        assert (np.diff(time) == 60).all() and values["v_dc"].tolist() == [2 * i for i in range(20)]
        assert [row for piece in pieces for row in piece.row] == list(range(1, 21))

    def test_a_byte_order_mark_is_no_part_of_the_first_name(self, tmp_path):
        """Excel writes one. Where the first column is one of two temperatures, the file could be read without it."""
        path, line = tmp_path / "log.csv", "5,2022-01-31T14:05:00Z,1.5,300,700,-3\n"
        path.write_text("temp_module," + HEADER + "\n" + line, encoding="utf-8-sig")
        _, values, _ = whole(read_logger(path))
        assert {name: column.tolist() for name, column in values.items()} == {
            "i_dc": [1.5], "v_dc": [300], "poa_global": [700], "temp_module": [5], "temp_air": [-3],
        }  # fmt: skip

    def test_semicolons_and_decimal_commas(self, tmp_path):
        path = written(tmp_path, HEADER.replace(",", ";") + "\n2022-01-31T14:05:00Z;1,5;300,25;700;-3,0\n")
        assert whole(read_logger(path))[1]["v_dc"].tolist() == [300.25]

    @pytest.mark.parametrize("text", ["Error", "1.300,5"])
    def test_a_cell_of_text_among_decimal_commas(self, tmp_path, text):
        rows = "".join(f"\n2022-01-31T14:0{i}Z;1,5;{v};700;-3,0" for i, v in enumerate(("300,25", text, "-1,5", "9.5")))
        for mark in (",", ";"):
            path = written(tmp_path, (HEADER.replace(",", ";") + rows + "\n"))
            if mark == ",":
                path = tmp_path / "log.parquet"
                pandas.read_csv(tmp_path / "log.csv", sep=";", dtype=str).to_parquet(path)
            _, values, (piece,) = whole(
                read_logger(path, load_map(None)._replace(decimal="," if mark == "," else None))
            )
            np.testing.assert_equal(values["v_dc"], [300.25, np.nan, -1.5, 9.5])
            assert values["i_dc"].tolist() == [1.5] * 4 and piece.unread == {"v_dc": 1}

    @pytest.mark.parametrize(
        ("v_dc", "i_dc", "expected"),
        [
            (("998,5", "1.300", "1.300,5", "-1.000", "1.234.567,8"), "5", [998.5, 1300, 1300.5, -1000, 1234567.8]),
            (("998", "1.300", "1.300", "Error 1.2", "7"), "5,25", [998, 1300, 1300, np.nan, 7]),
            (("998", "1.300", "1.300", "Error 1.2", "7"), ",5A;5,25", [998, 1300, 1300, np.nan, 7]),
            (("998", "1.300", "1.300", "2", "7"), "5", [998, 1.3, 1.3, 2, 7]),  # no decimal comma in the file
            (("998", "1.300", "0.998", "2", "7"), "5,25", [998, 1.3, 0.998, 2, 7]),
            (("998", "1.300", "1.30", "2", "7"), "5,25", [998, 1.3, 1.3, 2, 7]),
            (("998", "1.300", "1300.000", "2", "7"), "5,25", [998, 1.3, 1300, 2, 7]),
        ],
    )
    def test_a_thousands_point_beside_decimal_commas(self, tmp_path, v_dc, i_dc, expected):
        """A column whose points are all before groups of three digits, where any number has a decimal comma."""
        amperes = i_dc.split(";")
        cells = (f"2022-01-31T14:0{i}Z;{amperes[i % len(amperes)]};{v};700;-3" for i, v in enumerate(v_dc))
        _, values, _ = whole(read_logger(written(tmp_path, "\n".join([HEADER.replace(",", ";"), *cells]) + "\n")))
        np.testing.assert_equal(values["v_dc"], expected)

    def test_the_decimal_mark_of_the_map_comes_first(self, tmp_path):
        """A point between semicolons, and a comma in quotes between commas."""
        for text, mark in (
            ("2022-01-31T14:05:00Z;1;300.25;700;3", "."),
            ('2022-01-31T14:05:00Z,1,"300,25",700,3', ","),
        ):
            path = written(tmp_path, HEADER.replace(",", text[20]) + "\n" + text + "\n")
            assert whole(read_logger(path, load_map(None)._replace(decimal=mark)))[1]["v_dc"].tolist() == [300.25]

    def test_tabs(self, tmp_path):
        assert csv_header("time\ti_dc\tpower, total\n") == ("\t", ["time", "i_dc", "power, total"])
        path = written(tmp_path, HEADER.replace(",", "\t") + "\n2022-01-31T14:05:00Z\t1\t300.25\t700\t3\n")
        assert whole(read_logger(path))[1]["v_dc"].tolist() == [300.25]

    def test_what_loggers_write_for_no_value_is_no_text(self, tmp_path):
        path = written(tmp_path, HEADER + "\n2022-01-31T14:05Z,Bad Input,---,--,No Data\n2022-01-31T14:06Z,1,2,3,x\n")
        _, values, (piece,) = whole(read_logger(path))
        assert all(np.isnan(column[0]) for column in values.values()) and piece.unread == {"temp_air": 1}

    def test_half_of_the_times_may_be_unreadable(self, tmp_path):
        text = "\n".join([HEADER, *(f"{t},1,2,3,4" for t in ("2022-01-31T14:05Z", "never", "2022-01-31T14:07Z", "?"))])
        assert whole(read_logger(written(tmp_path, text)))[0].tolist() == [1643637900, NO_TIME, 1643638020, NO_TIME]
        with pytest.raises(ValueError, match="time: got 'never' in row 2, which does not fit ISO 8601"):
            list(read_logger(written(tmp_path, text + "\n-,1,2,3,4\n")))

    def test_gzip_and_parquet(self, tmp_path):
        text = HEADER + "\n2022-01-31T14:05:00Z,1.5,300,700,-3\n"
        (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode()))
        table = pandas.DataFrame(
            {"time": pandas.to_datetime(["2022-01-31T14:05:00Z"])} | dict.fromkeys(HEADER.split(",")[1:], 2.0)
        )
        table.to_parquet(tmp_path / "log.parquet")
        for name in ("log.csv.gz", "log.parquet"):
            assert whole(read_logger(tmp_path / name))[0].tolist() == [1643637900]

    @pytest.mark.parametrize("name", ["LOG.CSV", "Log.Csv.GZ", "LOG.PARQUET"])
    def test_capitals_in_the_end_of_a_files_name(self, tmp_path, name):
        text = (HEADER + "\n2022-01-31T14:05Z,1,2,3,4\n").encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("GZ") else text)
        if name == "LOG.PARQUET":
            pandas.read_csv(tmp_path / name).to_parquet(tmp_path / name)
        found = []
        with suppress(ValueError):
            found = whole(read_logger(tmp_path / name))[0].tolist()
        assert found == [1643637900]

    def test_a_parquet_file_whose_index_is_the_time(self, tmp_path):
        index = pandas.DatetimeIndex(["2022-01-31T14:05Z"], name="time")
        table = pandas.DataFrame(dict.fromkeys(HEADER.split(",")[1:], 2.0), index)
        table.to_parquet(tmp_path / "log.parquet")
        found = []
        with suppress(KeyError):
            found = whole(read_logger(tmp_path / "log.parquet"))[0].tolist()
        assert found == [1643637900]

    def test_whole_numbers_of_a_parquet_file_name_strings_and_states_beside_an_empty_cell(self, tmp_path):
        times = pandas.to_datetime(["2022-01-31T14:05Z"] * 3)
        own = pandas.array([1, None, 12], "Int64")
        table = pandas.DataFrame({"time": times, "inverter": own, "state": own, "i_dc": own})
        table.assign(**dict.fromkeys(HEADER.split(",")[2:], 2.0)).to_parquet(tmp_path / "log.parquet")
        logger_map = mapped(tmp_path, 'string = { column = "inverter" }')
        pieces = list(read_logger(tmp_path / "log.parquet", logger_map, label="state"))
        assert [(p.string, *p.state.tolist()) for p in pieces] == [("1", 1), (NO_STRING, None), ("12", 12)]
        np.testing.assert_equal([p.values["i_dc"].item() for p in pieces], [1, np.nan, 12])

    def test_a_parquet_file_of_local_times(self, tmp_path):
        table = pandas.DataFrame({"time": pandas.to_datetime(["2022-01-31T14:05:00"])})
        table.assign(**dict.fromkeys(HEADER.split(",")[1:], 2.0)).to_parquet(tmp_path / "log.parquet")
        logger_map = load_map(None)._replace(timezone="America/Denver")
        assert whole(read_logger(tmp_path / "log.parquet", logger_map))[0].tolist() == [1643663100]
        with pytest.raises(ValueError, match="time: got times without an offset from UTC, want timezone in a map"):
            list(read_logger(tmp_path / "log.parquet"))

    def test_spaces_around_names_are_no_part_of_them(self, tmp_path):
        header = HEADER.replace(",", " , ")
        assert csv_header(header + "\n") == (",", HEADER.split(","))
        path = written(tmp_path, header + "\n2022-01-31T14:05Z,1,2,3,4\n")
        assert whole(read_logger(path))[1]["v_dc"].tolist() == [2]

    def test_most_times_may_be_empty(self, tmp_path):
        path = written(tmp_path, HEADER + "\n2022-01-31T14:05Z,1,2,3,4" + "\n,1,2,3,4" * 3 + "\n")
        assert whole(read_logger(path))[0].tolist() == [1643637900, NO_TIME, NO_TIME, NO_TIME]

    def test_no_time_of_a_short_later_part_need_be_readable(self, tmp_path):
        lines = [f"{t},1,2,3,4" for t in ("2022-01-31T14:05Z", "2022-01-31T14:06Z", "never", "?", "2022-01-31T14:09Z")]
        path = written(tmp_path, "\n".join([HEADER, *lines]) + "\n")
        time = whole(read_logger(path, rows_at_once=2))[0]
        assert time.tolist() == [1643637900, 1643637960, NO_TIME, NO_TIME, 1643638140]

    def test_an_empty_time_is_none_that_does_not_fit(self, tmp_path):
        path = written(tmp_path, "\n".join([HEADER, *(f"{t},1,2,3,4" for t in ("2022-01-31T14:05Z", "", *"abc"))]))
        with pytest.raises(ValueError, match="time: got 'a' in row 3, which does not fit ISO 8601"):
            list(read_logger(path))

    def test_names_of_strings_keep_their_zeros(self, tmp_path):
        lines = "".join(f"\n2022-01-31T14:05Z,1,2,3,4,{name}" for name in ("01", "1"))
        path = written(tmp_path, HEADER + ",inverter" + lines + "\n")
        pieces = list(read_logger(path, mapped(tmp_path, 'string = { column = "inverter" }')))
        assert [piece.string for piece in pieces] == ["01", "1"]

    def test_spaces_around_times_and_names_of_strings_are_no_part_of_them(self, tmp_path):
        cells = [("01/31/2022 14:05", " A"), (" 01/31/2022 14:06 ", "A "), ("01/31/2022 14:07", "  ")]
        lines = "".join(f"\n{time},1,2,3,4,{name}" for time, name in cells)
        path = written(tmp_path, HEADER + ",inverter" + lines + "\n")
        time = 'time = { format = "%m/%d/%Y %H:%M", timezone = "UTC" }\n'
        pieces = list(read_logger(path, mapped(tmp_path, time + 'string = { column = "inverter" }')))
        assert [(p.string, p.time.tolist()) for p in pieces] == [
            ("A", [1643637900, 1643637960]), (NO_STRING, [1643638020]),
        ]  # fmt: skip

    def test_strings_named_in_two_ways(self, tmp_path):
        text = 'string = { column = "inverter" }\n[columns]\nv_dc = "V{string}"\ni_dc = "I{string}"'
        path = written(tmp_path, "time,inverter,V1,V2,I1,I2,poa_global,temp_air\n2022-01-31T14:05Z,A,1,2,3,4,5,6\n")
        with pytest.raises(ValueError, match="string: got the column 'inverter' and the pattern 'I{string}', want one"):
            list(read_logger(path, mapped(tmp_path, text)))

    def test_two_columns_of_one_string(self, tmp_path):
        path = written(tmp_path, "time,V1,I1,V1,poa_global,temp_air\n2022-01-31T14:05Z,1,2,3,4,5\n")
        with pytest.raises((ValueError, AttributeError)) as caught:
            list(read_logger(path, mapped(tmp_path, '[columns]\nv_dc = "V{string}"\ni_dc = "I{string}"')))
        assert str(caught.value) == "columns: got 'V1' 2 times, want it once"

    def test_two_columns_of_states(self, tmp_path):
        path = written(tmp_path, HEADER + ",state,state\n2022-01-31T14:05Z,1,2,3,4,N,S\n")
        with pytest.raises(ValueError, match="label: got 'state' 2 times in log.csv, want it once"):
            list(read_logger(path, label="state"))

    def test_a_map_names_a_column_that_is_not_there(self, tmp_path):
        """Although the model could do without it. A pattern needs a column of one string at least."""
        path = written(tmp_path, "time,V1,I1,V2,I2,T2,poa_global,temp_air\n2022-01-31T14:05Z,1,2,3,4,5,6,7\n")
        text = '[columns]\nv_dc = "V{string}"\ni_dc = "I{string}"\ntemp_module = '
        pieces = read_logger(path, mapped(tmp_path, text + '"T{string}"'))
        assert ["temp_module" in piece.values for piece in pieces] == [False, True]
        for name in ("T3", "Tm{string}"):
            with pytest.raises(ValueError, match=f"got none called '{name}' for temp_module .there are .*'T2'"):
                list(read_logger(path, mapped(tmp_path, text + f'"{name}"')))

    def test_two_columns_that_name_the_string(self, tmp_path):
        path = written(tmp_path, HEADER + ",inverter,inverter\n2022-01-31T14:05Z,1,2,3,4,a,b\n")
        with pytest.raises(ValueError, match="columns: got 'inverter' 2 times, want it once"):
            list(read_logger(path, mapped(tmp_path, 'string = { column = "inverter" }')))

    def test_one_column_a_string(self, tmp_path):
        logger_map = mapped(tmp_path, '[columns]\nv_dc = "CB{string} V"\ni_dc = "CB{string} I"')
        path = written(tmp_path, "time,CB1 V,CB1 I,CB12 V,CB12 I,poa_global,temp_air\n2022-01-31T14:05Z,1,2,3,4,5,6\n")
        pieces = {piece.string: piece.values for piece in read_logger(path, logger_map)}
        assert sorted(pieces) == ["1", "12"] and pieces["12"]["v_dc"] == 3 and pieces["1"]["i_dc"] == 2
        assert pieces["1"]["poa_global"] == pieces["12"]["poa_global"] == 5

    def test_strings_are_in_the_order_of_their_names_and_a_total_is_none(self, tmp_path):
        """A name need not be a number. The column of the total has none, and the map's only string is not theirs."""
        logger_map = mapped(tmp_path, 'string = "roof"\n[columns]\nv_dc = "V"\ni_dc = "I.{string}"')
        text = "time,V,I.,I.west,I.east,IXeast,I.1,poa_global,temp_air\n2022-01-31T14:05Z,1,2,3,4,5,6,7,8\n"
        found = [
            (piece.string, piece.values["i_dc"].tolist()) for piece in read_logger(written(tmp_path, text), logger_map)
        ]
        assert found == [("1", [6]), ("east", [4]), ("west", [3])]

    def test_a_column_that_names_the_string(self, tmp_path):
        rows = "2022-01-31T14:05Z,1,2,3,4,A\n2022-01-31T14:05Z,5,6,7,8,B\n2022-01-31T14:06Z,9,2,3,4,A\n"
        logger_map = mapped(tmp_path, 'string = { column = "inverter" }')
        pieces = list(read_logger(written(tmp_path, HEADER + ",inverter\n" + rows), logger_map))
        assert {piece.string: piece.values["i_dc"].tolist() for piece in pieces} == {"A": [1, 9], "B": [5]}

    def test_text_is_counted_for_the_string_of_its_row(self, tmp_path):
        text = f"inverter,{HEADER}\n" + "".join(
            f"{name},2022-01-31T14:0{i}:00Z,{i_dc},2,3,4\n" for i, (name, i_dc) in enumerate(("a1", "bx", "b2", "by"))
        )
        logger_map = mapped(tmp_path, 'string = { column = "inverter" }')
        unread = {piece.string: piece.unread for piece in read_logger(written(tmp_path, text), logger_map)}
        assert unread == {"a": {}, "b": {"i_dc": 2}}

    def test_states_are_read_where_they_are_asked_for(self, tmp_path):
        path = written(tmp_path, HEADER + ",state\n2022-01-31T14:05Z,1,2,3,4,N\n2022-01-31T14:06Z,1,2,3,4,\n")
        (piece,) = read_logger(path, label="state")
        assert piece.state.tolist() == ["N", None]

    def test_a_half_written_last_line_lacks_values(self, tmp_path):
        path = written(tmp_path, HEADER + "\n2022-01-31T14:05Z,1,2,3,4\n2022-01-31T1")
        time, values, _ = whole(read_logger(path))
        assert time[1] == NO_TIME and np.isnan(values["i_dc"][1])

    @pytest.mark.parametrize("end", ["2022-01-31T14:05Z,5,6,7,8,\n", "2022-01-31T14:05Z,5,6", "2022-01"])
    def test_a_row_that_names_no_string(self, tmp_path, end):
        logger_map = mapped(tmp_path, 'string = { column = "inverter" }')
        path = written(tmp_path, HEADER + ",inverter\n2022-01-31T14:05Z,1,2,3,4,nan-tou\n" + end)
        assert [(piece.string, piece.row.tolist()) for piece in read_logger(path, logger_map)] == [
            ("nan-tou", [1]),
            (NO_STRING, [2]),
        ]

    @pytest.mark.parametrize("rows_at_once", [1, 2, 1000])
    @pytest.mark.parametrize(("zone", "minutes"), [(None, [0, None, 2, None, 4]), ("America/Denver", [0, 1, 2, 3, 4])])
    def test_times_of_which_some_have_an_offset(self, tmp_path, rows_at_once, zone, minutes):
        offsets = ["Z", "", "+00", "", "+0000"]
        times = [f"2022-01-31T{21 if end else 14}:0{i}{end}" for i, end in enumerate(offsets)]
        path = written(tmp_path, "\n".join([HEADER, *(f"{t},1,2,3,4" for t in times)]) + "\n")
        time = whole(read_logger(path, load_map(None)._replace(timezone=zone), rows_at_once=rows_at_once))[0]
        assert time.tolist() == [NO_TIME if m is None else 1643662800 + 60 * m for m in minutes]

    def test_a_year_at_the_end_is_no_offset(self, tmp_path):
        logger_map = load_map(None)._replace(time_format="%H:%M %d-%m-%Y", timezone="America/Denver")
        path = written(tmp_path, HEADER + "\n14:05 31-01-2022,1,2,3,4\n")
        assert whole(read_logger(path, logger_map))[0].tolist() == [1643663100]

    @pytest.mark.parametrize(
        ("time_format", "time"),
        [
            ("%d.%m.%Y %H.%M %z", "31.01.2022 14.05 -0700"),
            ("%d.%m.%YT%H:%MZ", "31.01.2022T21:05Z"),
            ("%d.%m.%Y %H:%M+00:00", "31.01.2022 21:05+00:00"),
        ],
    )
    def test_a_format_with_an_offset(self, tmp_path, time_format, time):
        """It comes before the timezone of the map."""
        path = written(tmp_path, HEADER + f"\n{time},1,2,3,4\n")
        logger_map = load_map(None)._replace(time_format=time_format, timezone="Asia/Tokyo")
        assert whole(read_logger(path, logger_map))[0].tolist() == [1643663100]

    def test_summer_time(self, tmp_path):
        """Half past two does not exist on 13 March, half past one comes twice on 6 November."""
        logger_map = mapped(tmp_path, 'time = { column = "time", timezone = "America/Denver" }')
        spring = ["2022-03-13 01:30", "2022-03-13 02:30", "2022-03-13 03:30"]
        autumn = ["2022-11-06 01:00", "2022-11-06 01:30", "2022-11-06 01:00", "2022-11-06 01:30", "2022-11-06 02:00"]
        for times, expected in ((spring, [0, NO_TIME, 3600]), (autumn, [0, 1800, 3600, 5400, 7200])):
            path = written(tmp_path, "\n".join([HEADER, *(f"{t},1,2,3,4" for t in times)]) + "\n")
            time = whole(read_logger(path, logger_map))[0]
            assert [t if t == NO_TIME else t - time[0] for t in time.tolist()] == expected

    def test_a_repeated_hour_without_an_order_has_no_time(self, tmp_path):
        """Half past one comes once in the file, and twice on 6 November."""
        logger_map = mapped(tmp_path, 'time = { column = "time", timezone = "America/Denver" }')
        lines = [f"2022-11-06 {hour}:30,1,2,3,4" for hour in ("00", "01", "02")]
        time = whole(read_logger(written(tmp_path, "\n".join([HEADER, *lines]) + "\n"), logger_map))[0]
        assert time[1] == NO_TIME and time[2] - time[0] == 3 * 3600

    @pytest.mark.parametrize("rows_at_once", [2, 1000])
    def test_messages_count_the_rows_of_the_file(self, tmp_path, rows_at_once):
        lines = [f'2022-01-31T14:0{i}Z,"{i}{"," if i == 3 else "."}5",2,3,4' for i in range(5)]
        with pytest.raises(ValueError, match="i_dc: got '3,5' in row 4, want a decimal point"):
            list(read_logger(written(tmp_path, "\n".join([HEADER, *lines]) + "\n"), rows_at_once=rows_at_once))

    def test_a_decimal_comma_after_other_text_is_said(self, tmp_path):
        lines = [f'2022-01-31T14:0{i}Z,"{cell}",2,3,4' for i, cell in enumerate(("1.5", "Error", "3,5", "4,5"))]
        with pytest.raises(ValueError, match="i_dc: got '3,5' in row 3, want a decimal point"):
            list(read_logger(written(tmp_path, "\n".join([HEADER, *lines]) + "\n")))

    def test_states_of_two_strings_stay_with_their_rows(self, tmp_path):
        rows = [f"2022-01-31T14:0{i}Z,1,2,3,4,{name},{state}" for i, (name, state) in enumerate(["AN", "BC", "AS"])]
        path = written(tmp_path, "\n".join([HEADER + ",inverter,state", *rows]) + "\n")
        pieces = list(read_logger(path, mapped(tmp_path, 'string = { column = "inverter" }'), label="state"))
        assert {piece.string: piece.state.tolist() for piece in pieces} == {"A": ["N", "S"], "B": ["C"]}
        first = 1643637600
        assert {piece.string: piece.time.tolist() for piece in pieces} == {"A": [first, first + 120], "B": [first + 60]}


LINES = [f"2022-01-31T14:{i:02d}Z,{i},{2 * i},300,4" for i in range(12)]


def reasons_of(pieces):
    seen = Seen()
    return [reason for piece in pieces for reason in skip_reasons(piece, seen)]


class TestTooManyCells:
    """Such rows are left out. The other rows, their order and their numbers are those of the file."""

    @pytest.mark.parametrize("rows_at_once", [1, 2, 3, 4, 5, 1000])
    @pytest.mark.parametrize("long", [[4], [0, 3, 4, 5, 11]])
    def test_for_any_pieces(self, tmp_path, rows_at_once, long):
        lines = [line.replace(",", ",0,5,", 1) if i in long else line for i, line in enumerate(LINES)]
        path = written(tmp_path, "\n".join([HEADER, *lines]) + "\n")
        time, values, pieces = whole(read_logger(path, rows_at_once=rows_at_once))
        left = [i for i in range(12) if i not in long]
        assert [row for piece in pieces for row in piece.row] == list(range(1, 13))
        assert [i for i, reason in enumerate(reasons_of(pieces)) if reason == "too many cells"] == long
        assert time[left].tolist() == [1643637600 + 60 * i for i in left] and (time[long] == NO_TIME).all()
        assert values["v_dc"][left].tolist() == [2 * i for i in left] and np.isnan(values["v_dc"][long]).all()

    def test_empty_lines_and_cells_quotes_and_a_half_written_end(self, tmp_path):
        lines = [
            LINES[0],
            "",
            "  ",
            *LINES[1:3],
            LINES[3] + ",,",
            '"2022-01-31T14:04Z","4","8",300,4',
            LINES[5] + ",6",
            "2022",
        ]
        path = written(tmp_path, "\r\n".join([HEADER, *lines]))
        _, values, pieces = whole(read_logger(path))
        assert reasons_of(pieces) == [None] * 5 + ["too many cells", "no time"]
        assert values["v_dc"][:5].tolist() == [0, 2, 4, 6, 8] and np.isnan(values["v_dc"][5:]).all()

    def test_decimal_commas_between_semicolons(self, tmp_path):
        lines = [line.replace(",", ";").replace("300", "300,5") for line in LINES]
        lines[2] += ";1"
        path = written(tmp_path, "\n".join([HEADER.replace(",", ";"), *lines]))
        values = whole(read_logger(path))[1]
        assert np.isnan(values["poa_global"]).nonzero()[0].tolist() == [2]
        assert np.nanmax(values["poa_global"]) == np.nanmin(values["poa_global"]) == 300.5

    def test_in_a_compressed_file(self, tmp_path):
        text = "\n".join([HEADER, *LINES[:3], LINES[3] + ",1", *LINES[4:]])
        (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode()))
        assert [i for i, reason in enumerate(reasons_of(read_logger(tmp_path / "log.csv.gz"))) if reason] == [3]

    def test_a_compressed_file_that_is_not_complete(self, tmp_path):
        lines = [f"2022-01-31T14:05:00Z,{i * 7919 % 1000},2,3,4" for i in range(5000)]
        data = gzip.compress("\n".join([HEADER, *lines]).encode())
        (tmp_path / "log.csv.gz").write_bytes(data[: len(data) // 2])
        with pytest.raises((ValueError, EOFError)) as caught:
            list(read_logger(tmp_path / "log.csv.gz"))
        assert str(caught.value).startswith(
            "data: got log.csv.gz, which ends early or is damaged (Compressed file ended"
        )

    def test_half_of_the_rows_may_have_too_many(self, tmp_path):
        lines = [line + ",1" * (i % 2) for i, line in enumerate(LINES)]
        assert reasons_of(read_logger(written(tmp_path, "\n".join([HEADER, *lines])))).count("too many cells") == 6
        for rows_at_once in (1, 5, 1000):
            with pytest.raises(ValueError, match="data: got log.csv with 6 cells in row 2, want 5, one per name; deci"):
                lines = [*LINES[:1], *(line + ",1" for line in LINES[1:3])]
                list(read_logger(written(tmp_path, "\n".join([HEADER, *lines])), rows_at_once=rows_at_once))

    def test_the_row_has_no_string(self, tmp_path):
        """Each string's own column: it is a row of each. A column that names the string: it is a row of none."""
        lines = [*LINES[:2], LINES[2] + ",1", LINES[3]]
        path = written(tmp_path, "\n".join(["time,I1,I2,poa_global,temp_air", *lines]))
        logger_map = mapped(tmp_path, '[columns]\ni_dc = "I{string}"\nv_dc = "poa_global"')
        assert [reasons_of([piece])[2] for piece in read_logger(path, logger_map)] == ["too many cells"] * 2
        lines = [line + f",{name}" for line, name in zip(lines, "ABAB", strict=True)]
        path = written(tmp_path, "\n".join([HEADER + ",inverter", *lines]))
        pieces = list(read_logger(path, mapped(tmp_path, 'string = { column = "inverter" }')))
        assert [(piece.string, piece.row.tolist(), reasons_of([piece])) for piece in pieces] == [
            ("A", [1], [None]), ("B", [2, 4], [None, None]), (NO_STRING, [3], ["too many cells"]),
        ]  # fmt: skip


ROW = "\n2022-01-31T14:05:00Z,1.5,300,700,-3\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,i_dc,Vdc,poa_global,temp_air" + ROW, "columns: got none called 'v_dc' for v_dc .there are 'Vdc'"),
        ("Time,i_dc,v_dc,poa_global,temp_air" + ROW, "columns: got none called 'time' for time .there are 'Time'"),
        ("time,v_dc,v_dc,poa_global,temp_air" + ROW, "columns: got 'v_dc' 2 times, want it once"),
        ("time,i_dc,v_dc,poa,temp_air" + ROW, "columns: got none called 'poa_global' for poa_global .there are 'poa'"),
        ("time,i_dc,v_dc,poa_global,tempair" + ROW, "columns: got neither temp_module nor temp_air, want one of them"),
        ("", "columns: got a file without names of columns, want them in its first line"),
        ("\n" + HEADER + ROW, "columns: got a file without names of columns, want them in its first line"),
        (",,,\n", "columns: got a file without names of columns, want them in its first line"),
        (HEADER + "\n", "data: got log.csv without rows"),
        (HEADER + "\n31.01.2022 14:05,1,2,3,4\n", "time: got '31.01.2022 14:05' in row 1, want ISO 8601"),
        (HEADER + "\n2022-01-31 14:05,1,2,3,4\n", "time: got times without an offset from UTC, want timezone in a map"),
        (HEADER + '\n2022-01-31T14:05Z,"1,5",2,3,4\n', "i_dc: got '1,5' in row 1, want a decimal point, or decimal"),
        (HEADER + "\n2022-01-31T14:05Z,1,5,2,3,4\n", "data: got log.csv with 6 cells in row 1, want 5, .* commas, or"),
        (
            HEADER + "\n2022-01-31T14:05Z,1,2,3,4\n2022-01-31T14:05Z,1,2,3,4,5,6\n2022-01-31T14:05Z,1,2,3,4,5\n",
            "data: got log.csv with 7 cells in row 2, want 5, one per name; decimal commas, or two rows in one line",
        ),
        (
            HEADER + '\n2022-01-31T14:05Z,1,2,3,4,\n\n"2022-01-31T14:06Z,1,2,3,4\n',
            "data: got log.csv, which cannot be read .*, want 5 cells a row",
        ),
    ],
)
def test_bad_files(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        list(read_logger(written(tmp_path, text)))


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("none.csv", FileNotFoundError, "data: got .*none.csv, want a file that is there"),
        ("log.txt", ValueError, "data: got log.txt, want a file that ends in"),
        ("log.parquet", ValueError, "data: got log.parquet, which cannot be read"),
        ("log.csv.gz", ValueError, "data: got log.csv.gz, which is not text"),
    ],
)
def test_bad_kinds_of_file(tmp_path, name, error, message):
    if name.startswith("log"):
        written(tmp_path, "PAR1", name)
    with pytest.raises(error, match=message):
        list(read_logger(tmp_path / name))


def test_day_before_month(tmp_path):
    rows = "".join(f"\n{day}/01/2022 12:00,1,2,3,4" for day in range(12, 32))
    logger_map = mapped(tmp_path, 'time = { column = "time", format = "%m/%d/%Y %H:%M", timezone = "Etc/GMT+7" }')
    with pytest.raises(
        ValueError, match="got '13/01/2022 12:00' in row 2, which does not fit %m/%d/%Y %H:%M: day before"
    ):
        list(read_logger(written(tmp_path, HEADER + rows + "\n"), logger_map))


def test_a_label_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="label: got 'fault', want a column of log.csv: time, i_dc"):
        list(read_logger(written(tmp_path, HEADER + ROW), label="fault"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns = ", "map: got .*map.toml, which is not TOML"),
        ("colums = {}", "map: got 'colums' .did you mean 'columns'"),
        ('time = { colum = "t" }', "time: got 'colum' .did you mean 'column'"),
        ('time = { column = "t", stamp = "begin" }', "time.stamp: got 'begin', want one of end, middle, start"),
        ('time = { column = "t", timezone = "Mars/Denver" }', "time.timezone: got 'Mars/Denver', want a zone"),
        ('[columns]\nvdc = "V"', "columns: got 'vdc' .did you mean 'v_dc'"),
        ('[columns]\nv_dc = { column = "V", units = "V" }', "columns.v_dc: got 'units' .did you mean 'unit'"),
        (
            '[columns]\npoa_global = { column = "G", unit = "BTU" }',
            "poa_global.unit: got 'BTU', want one of W/m2, kW/m2",
        ),
        ('decimal = "x"', "decimal: got 'x'"),
        ('string = { name = "x" }', "string: got 'name'"),
        ("string = 5", "string: got 5, want text, or a table of column"),
        ("string = {}", "string.column: got None, want text"),
        ("string = { column = 3 }", "string.column: got 3, want text"),
        ("time = 3", "time: got 3, want a table of column, format, timezone, stamp"),
        ("time = { column = 3 }", "time.column: got 3, want text"),
        ("time = { format = 3 }", "time.format: got 3, want text"),
        ("time = { timezone = 3 }", "time.timezone: got 3, want text"),
        ("time = { stamp = [] }", r"time.stamp: got \[\], want text"),
        ("decimal = 3", "decimal: got 3, want one of"),
        ("columns = 3", "columns: got 3, want a table of i_dc, v_dc"),
        ("columns = { v_dc = 3 }", "columns.v_dc: got 3, want a table of column, unit"),
        ("columns = { v_dc = { column = 3 } }", "columns.v_dc.column: got 3, want text"),
        ("columns = { v_dc = { unit = 3 } }", "v_dc.unit: got 3, want one of V, kV, mV"),
        ('columns = { v_dc = { unit = ["V"] } }', r"v_dc.unit: got \['V'\], want one of V, kV, mV"),
    ],
)
def test_bad_maps(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        mapped(tmp_path, text)


def test_an_empty_map_is_the_default_one(tmp_path):
    assert mapped(tmp_path, "") == load_map(None)


def test_a_map_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="map: got .*none.toml, want a file that is there"):
        load_map(tmp_path / "none.toml")


class TestUnits:
    @pytest.mark.parametrize(
        ("name", "unit", "column", "value", "expected"),
        [
            ("poa_global", "kW/m2", "POA", 0.7, 700),
            ("poa_global", None, "POA [W/m²]", 700, 700),
            ("poa_global", None, "POA [kW/m²]", 0.7, 700),
            ("temp_air", "K", "T", 273.15, 0),
            ("temp_air", "F", "T", 212, 100),
            ("temp_air", None, "T (°F)", 212, 100),
            ("temp_air", None, "T (roof)", 20, 20),
            ("wind_speed", "km/h", "W", 36, 10),
            ("wind_speed", "mph", "W", 1, 0.44704),
            ("wind_speed", "kn", "W", 1, 0.514444),
            ("v_dc", "kV", "V", 0.6, 600),
            ("i_dc", "mA", "I", 1500, 1.5),
            ("v_dc", "mV", "V", 2500, 2.5),
            ("poa_global", "mW/cm2", "POA", 100, 1000),
        ],
    )
    def test_conversions(self, name, unit, column, value, expected):
        factor, shift = conversion(name, unit, column)
        assert value * factor + shift == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize(
        ("name", "unit", "column", "remark"),
        [
            ("poa_global", None, "POA [BTU]", "[BTU] is not a known unit, so W/m2 is assumed"),
            ("temp_air", None, "T (roof)", "[roof] is not a known unit, so C is assumed"),
            ("poa_global", None, "POA [kW/m²]", None),
            ("poa_global", "kW/m2", "POA [BTU]", None),
            ("poa_global", None, "POA", None),
        ],
    )
    def test_a_unit_that_is_not_known(self, name, unit, column, remark):
        assert unknown_unit(name, unit, column) == remark

    @pytest.mark.parametrize(
        ("name", "values", "word"),
        [
            ("poa_global", (0, 1.1, 0.3), "kW/m2"),
            ("temp_air", (260, 310, 290), "K"),
            ("temp_air", (20, 110, 60), "F"),
            ("v_dc", (0, 0.7, 0.5), "kV"),
            ("i_dc", (0, 9000, 3000), "mA"),
            ("temp_air", (-5, 75, 20), "F"),
            ("temp_module", (10, 110, 50), "F"),
            ("temp_air", (-45, 75, 20), None),
            ("v_dc", (-5, 0, -1), None),
            ("poa_global", (0, 1100, 300), None),
            ("temp_air", (-20, 40, 15), None),
        ],
    )
    def test_units_that_can_be_seen(self, name, values, word):
        look = visible_unit(name, *values)
        assert look is None if word is None else look is not None and f"{word}?" in look
