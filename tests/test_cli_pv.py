"""``pyrodgm pv``: output and errors."""

import json
import re
import sys
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from pyrodgm.cli import app
from pyrodgm.data.pv import CONDITIONS, Plant, simulate
from pyrodgm.data.pv.modules import MODULE
from pyrodgm.pv import Event
from pyrodgm.pv.monitor_model import Monitor

runner = CliRunner()


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*args):
    return runner.invoke(app, ["pv", *map(str, args)], env={"COLUMNS": "200"})


class TestSimulate:
    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_writes_a_table_with_states(self, ending):
        name = f"string.{ending}"
        result = call("simulate", "--arrangement", "days", "--days", 30, "--every", 15, "--output", name)
        assert result.exit_code == 0 and f"{name}: 2880 rows, 30 days" in result.output
        table = pandas.read_csv(name, parse_dates=["time"]) if ending == "csv" else pandas.read_parquet(name)
        assert list(table.columns) == [
            "time", "i_dc", "v_dc", "poa_global", "temp_air", "temp_module", "wind_speed", "state",
        ]  # fmt: skip
        assert set(table["state"]) <= set(CONDITIONS) and str(table["time"].iloc[-1]) == "2019-03-30 23:45:00-05:00"

    def test_every_option_is_one_of_the_simulation(self):
        options = ("--site", "miami", "--arrangement", "days", "--start", "06-02", "--days", 30, "--every", 30)
        result = call("simulate", *options, "--modules", 5, "--local-tracker", "--seed", 3, "--output", "string.csv")
        assert result.exit_code == 0, result.output
        plant = Plant(num_modules=5, local_tracker=True)
        table = simulate("miami", "days", "06-02", 30, plant, every=30, seed=3)
        written = pandas.read_csv("string.csv")
        assert (written["state"] == table["state"].to_numpy()).all()
        for column in ("i_dc", "v_dc", "poa_global", "temp_air", "temp_module", "wind_speed"):
            assert written[column].to_numpy() == pytest.approx(table[column].to_numpy(), abs=1e-4, nan_ok=True)

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("--output", "string.txt"), "--output: got string.txt, want a file that ends in .csv or .parquet"),
            (("--output", "none/string.csv"), "--output: got none/string.csv, want a file in an existing folder"),
            (("--output", "x.csv", "--site", "oslo"), "site: got 'oslo', want one of greensboro, miami, sand-point"),
            (("--output", "x.csv", "--modules", "1"), "num_modules: got 1, of 3 submodules"),
            (("--output", "x.csv", "--every", "5"), "every: got 5 with the campaign"),
            (("--output", "x.csv", "--every", "0"), "Invalid value for '--every'"),
            (("--output", "x.csv", "--days", "366"), "Invalid value for '--days'"),
            (("--output", "folder.csv"), "--output: got folder.csv, a folder, want a file"),
        ],
    )
    def test_bad_input(self, args, message):
        Path("folder.csv").mkdir()
        result = call("simulate", *args)
        assert result.exit_code == 2 and message in result.output

    def test_without_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pvlib.pvsystem", None)
        result = call("simulate", "--output", "x.csv")
        assert result.exit_code == 2 and "pip install pyrodgm[pv]" in result.output


class TestCheck:
    HEADER = "time,i_dc,v_dc,poa_global,temp_air\n"

    def test_tells_what_a_file_holds(self, tmp_path):
        rows = [f"2022-01-31T{h:02d}:{m:02d}Z,5,300.{h}{m},7{m:02d},{h}" for h in (19, 20) for m in range(0, 60, 10)]
        (tmp_path / "log.csv").write_text(self.HEADER + "\n".join(rows) + "\n2022-01-31T21:00Z,1,2,3,4\n1,2,3,4,5,6\n")
        result = call("check", "log.csv", "--latitude", "36.1", "--longitude", "-79.95")
        assert result.exit_code == 0
        for line in (
            "1: 14 rows, 2022-01-31 19:00:00 UTC",
            "a row every 10 min",
            "left out: 1 rows, night",
            "left out: 1 rows, too many cells",
            "1: used: ",
        ):
            assert line in result.output

    def test_the_clock_is_checked_at_the_place_that_is_given(self, tmp_path):
        """Fifteen degrees further east, the sun is an hour earlier."""
        call("simulate", "--arrangement", "days", "--days", 30, "--every", 15, "--output", "log.csv")
        right, wrong = (
            call("check", "log.csv", "--latitude", 36.1, "--longitude", east).output for east in (-79.95, -64.95)
        )
        assert "wrong timezone" not in right and "clock: noon is" in wrong

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("none.csv",), "data: got none.csv, want a file that is there"),
            (("log.csv", "--map", "none.toml"), "map: got none.toml, want a file that is there"),
            (("log.csv", "--latitude", "10"), "latitude: got one of latitude and longitude"),
        ],
    )
    def test_bad_input(self, tmp_path, args, message):
        (tmp_path / "log.csv").write_text(self.HEADER)
        result = call("check", *args)
        assert result.exit_code == 2 and message in result.output


class TestMonitor:
    @pytest.fixture
    def log(self):
        call("simulate", "--arrangement", "days", "--days", 60, "--every", 15, "--output", "log.csv")

    def test_from_a_file_to_events(self, log):
        result = call(
            "train", "log.csv", "--label", "state", "--normal", "N", "--normal", "C", "--model", "roof", "--steps", 40,
            "--latitude", 36.1, "--longitude", -79.95,
        )  # fmt: skip
        assert (
            result.exit_code == 0 and "roof: states IV, PS50, PS7, PS75, PSRS, RS4, RS8, S, normal; " in result.output
        )
        assert re.search(
            r"at a stated 1.00%, on [0-9] other normal days?:\n  [0-9.]+% of rows \(.*\): [0-9.]+% unseen, [0-9.]+% a "
            r"fault\n  [0-9.]+ events per string and week \(95%: [0-9.]+ to [0-9.]+\)\n",
            result.output,
        )
        result = call("monitor", "roof", "log.csv", "--output", "report", "--minutes", 30, "--false-alarms", 0.02)
        assert result.exit_code == 0 and "report: 5760 rows, " in result.output and "kWh lost" in result.output
        assert "left out: " in result.output and " rows, night" in result.output
        assert len(pandas.read_parquet("report/rows.parquet")) == 5760
        events = pandas.read_csv("report/events.csv")
        assert list(events.columns) == [*Event._fields] and "series" in events
        assert len(events) > 20 and Path("report/report.html").stat().st_size > 10_000
        assert re.search(
            r"[0-9]+ of the events return at the same position of the sun, in [0-9]+ series", result.output
        )
        Path("events.csv").write_text(
            "string,start,end,state\n1,2019-03-09T13:00Z,2019-03-09T15:00Z,lost\n"
            "1,2019-03-09T12:00Z,2019-03-09T20:00Z,odd\n"
        )
        go_on = ("train", "log.csv", "--model", "roof", "--labels", "events.csv", "--steps", 2)
        result = call(*go_on)
        assert result.exit_code == 0 and re.search(
            "roof: continues from [0-9]+ kept rows, states IV, PS50", result.output
        )
        assert re.search("log.csv: [0-9]+ rows skipped, of days that roof already has", result.output)
        assert "lost: later intervals of events.csv override all its rows" in result.output
        assert "roof: states IV, PS50, PS7, PS75, PSRS, RS4, RS8, S, normal, odd; " in result.output
        result = call(*go_on, "--fresh", "--module", MODULE, "--modules", 8)
        assert result.exit_code == 0 and "roof: states normal, odd; " in result.output
        assert "roof: the old monitor is now roof.1" in result.output
        assert len(json.loads(Path("roof.1/monitor.json").read_text())["states"]) == 10

    def test_training_counts_the_rows_left_out(self, log):
        result = call("train", "log.csv", "--model", "roof", "--steps", 2)
        assert re.search("left out: [0-9]+ rows, night", result.output) and "thresholds allow" not in result.output

    def test_too_few_rows_for_the_thresholds_are_said(self, log):
        few = re.compile(
            "string 1: [0-9]+ normal rows for the thresholds allow up to .* not the stated 0.01%; want 9999 "
        )
        for args in (
            ("train", "log.csv", "--model", "roof", "--steps", 2, "--false-alarms", 0.0001),
            ("monitor", "roof", "log.csv", "--output", "report", "--false-alarms", 0.0001),
        ):
            assert few.search(call(*args).output)

    def test_a_string_that_the_file_lacks_is_said(self, log, monkeypatch):
        table = pandas.read_csv("log.csv").rename(columns={"v_dc": "CB1"})
        table.assign(CB2=0.9 * table["CB1"], CB3=table["CB1"]).to_csv("three.csv", index=False)
        Path("map.toml").write_text('[columns]\nv_dc = "CB{string}"')
        call("train", "three.csv", "--model", "roof", "--steps", 2, "--map", "map.toml")
        table.to_csv("log.csv", index=False)
        result = call("monitor", "roof", "log.csv", "--output", "report")
        assert "strings of roof without a row in log.csv: 2, 3\n" in result.output
        monkeypatch.setattr("time.sleep", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
        result = call("monitor", "roof", "log.csv", "--output", "following", "--follow")
        assert re.search("following: 5760 rows, [0-9]+ events; strings without a row: 2, 3\n", result.output)
        assert "without a row" not in call("monitor", "roof", "three.csv", "--output", "report").output

    def test_a_unit_that_is_not_known_is_said(self, log):
        Path("map.toml").write_text('[columns]\npoa_global = "POA [BTU]"')
        pandas.read_csv("log.csv").rename(columns={"poa_global": "POA [BTU]"}).to_csv("log.csv", index=False)
        for args in (
            ("train", "log.csv", "--model", "roof", "--map", "map.toml", "--steps", 2),
            ("monitor", "roof", "log.csv", "--output", "report"),
            ("check", "log.csv", "--map", "map.toml"),
        ):
            assert "[BTU] is not a known unit, so W/m2 is assumed" in call(*args).output

    def test_training_says_what_makes_all_rows_wrong(self, log):
        """The clock against the place of the monitor that it continues from, and one current for two strings."""
        table = pandas.read_csv("log.csv", parse_dates=["time"])
        place, late = (
            ("--latitude", 36.1, "--longitude", -79.95),
            "clock: noon is [56][0-9] minutes late; wrong timezone",
        )
        result = call("train", "log.csv", "--model", "roof", "--steps", 2, *place)
        assert result.exit_code == 0 and "clock" not in result.output and "i_dc" not in result.output
        table = table.assign(time=table["time"] + pandas.Timedelta(days=365, hours=1))
        table.rename(columns={"v_dc": "CB1"}).assign(CB2=table["v_dc"]).to_csv("next.csv", index=False)
        Path("map.toml").write_text('[columns]\nv_dc = "CB{string}"')
        result = call("train", "next.csv", "--model", "roof", "--steps", 2, "--map", "map.toml")
        assert result.exit_code == 0
        for name, other in ((1, 2), (2, 1)):
            assert re.search(f"^{name}: {late}", result.output, re.M)
            assert re.search(
                f"^{name}: i_dc: the same as of string {other} on [0-9]+ of [0-9]+ days", result.output, re.M
            )

    def test_training_takes_every_option(self, log, monkeypatch):
        seen = []
        fit, false_alarms = Monitor.fit, Monitor.false_alarms
        monkeypatch.setattr(Monitor, "fit", lambda *given, **more: seen.append((given, more)) or fit(*given, **more))
        monkeypatch.setattr(Monitor, "false_alarms", lambda *given: seen.append(given[1:]) or false_alarms(*given))
        place = ("--latitude", 36.1, "--longitude", -79.95)
        options = ("--steps", 3, "--seed", 5, "--false-alarms", 0.05, "--minutes", 30, "--columns", "raw")
        result = call("train", "log.csv", "--model", "roof", "--label", "state", "--normal", "N", *options, *place)
        assert result.exit_code == 0, result.output
        (given, more), measured = seen
        assert given[1:3] == ("state", ["N"]) and given[7:] == ("raw", (36.1, -79.95), None)
        assert more == {"steps": 3, "seed": 5} and measured == (0.05, 30)

    def test_a_folder_that_cannot_be_written_is_refused_before_training(self, monkeypatch):
        monkeypatch.setattr(Monitor, "fit", lambda *given, **more: pytest.fail("trained first"))
        Path("file").write_text("")
        for model in ("file", "file/roof"):
            result = call("train", "log.csv", "--model", model)
            assert result.exit_code == 2 and f"--model: got {model}, want a folder that can be written" in result.output

    def test_a_training_that_is_refused_leaves_no_folder_and_removes_none(self):
        Path("mine").mkdir()
        for model in ("roof", "mine"):
            assert call("train", "none.csv", "--model", model).exit_code == 2
        assert [path.name for path in Path().iterdir()] == ["mine"]

    def test_follows_until_it_is_interrupted(self, log, monkeypatch):
        call("train", "log.csv", "--model", "roof", "--steps", 2)
        monkeypatch.setattr("time.sleep", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
        for _ in range(2):
            result = call("monitor", "roof", "log.csv", "--output", "report", "--follow")
            assert result.exit_code == 0 and re.search(
                "report: 5760 rows, [0-9]+ events\nreport: stopped", result.output
            )
        assert len(pandas.read_parquet("report/rows.parquet")) == 5760

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (
                ("train", "none.csv", "--model", "roof", "--latitude", "36"),
                "latitude: got one of latitude and longitude",
            ),
            (("train", "none.csv", "--model", "roof"), "data: got none.csv, want a file that is there"),
            (("train", "none.csv", "--model", "roof", "--false-alarms", "2"), "--false-alarms: got 2.0, want a share"),
            (("train", "none.csv", "--model", "roof", "--modules", "8"), "module: got one of module and number"),
            (
                ("train", "none.csv", "--model", "roof", "--module", MODULE, "--modules", "0"),
                "Invalid value for '--modules'",
            ),
            (
                ("monitor", "none", "log.csv", "--output", "report"),
                "model: got none, want a folder that pyrodgm",
            ),
        ],
    )
    def test_bad_input(self, args, message):
        result = call(*args)
        assert result.exit_code == 2 and message in result.output
