"""Snow, from a simulated file and a real one through training and monitoring by the command line to the report."""

import os
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from pyrodgm.cli import app


def call(*args):
    result = CliRunner().invoke(app, ["pv", *map(str, args)], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def winter(tmp_path_factory):
    """A folder with a winter to learn from, its healthy days alone, and another winter of other weather."""
    folder = tmp_path_factory.mktemp("winter")
    for name, seed, days in (("first", 0, 90), ("second", 1, 60)):
        options = ("--start", "01-01", "--days", days, "--every", 15, "--seed", seed)
        call("simulate", "--arrangement", "days", *options, "--output", folder / f"{name}.csv")
    table = pandas.read_csv(folder / "first.csv")
    table[table["state"].isin(["N", "C"])].drop(columns="state").to_csv(folder / "healthy.csv", index=False)
    return folder


def monitored(winter, folder, *training):
    """True states, found states and events of the second winter, by a monitor trained on another file."""
    call("train", *training, "--model", folder / "roof", "--steps", 200)
    call("monitor", folder / "roof", winter / "second.csv", "--output", folder / "report")
    rows, true = pandas.read_parquet(folder / "report" / "rows.parquet"), pandas.read_csv(winter / "second.csv")
    used = rows["skipped"].isna()
    events = pandas.read_csv(folder / "report" / "events.csv")
    local = pandas.to_datetime(events["start"]).dt.tz_convert("Etc/GMT+5").dt.strftime("%Y-%m-%d")
    return true[used], rows["state"][used], events.assign(date=local)


@pytest.mark.slow
class TestSnow:
    def test_labelled_snow_is_told_on_its_days(self, winter, tmp_path):
        true, found, events = monitored(
            winter, tmp_path, winter / "first.csv", "--label", "state", "--normal", "N", "--normal", "C"
        )
        snow = true["state"] == "S"
        assert snow.sum() > 400 and (found[snow] == "S").mean() > 0.85 and (found[~snow] == "S").mean() < 0.05
        days, told = set(true["time"][snow].str[:10]), set(events["date"][events["state"] == "S"])
        assert len(days) > 10 and len(days - told) <= 1 and len(told - days) <= 1
        lost = events.groupby("state")["kwh_lost"].sum()
        assert lost["S"] > 0.7 * lost.sum()
        assert ">S<" in (tmp_path / "report" / "report.html").read_text()

    def test_snow_that_was_never_seen_is_unseen(self, winter, tmp_path):
        true, found, events = monitored(winter, tmp_path, winter / "healthy.csv")
        snow, healthy = true["state"] == "S", true["state"].isin(["N", "C"])
        assert (found[snow] == "unseen").mean() > 0.95 and (found[healthy] == "unseen").mean() < 0.05
        days = set(true["time"][snow].str[:10])
        assert days <= set(events["date"][events["state"] == "unseen"])

    def test_the_days_of_a_real_file(self, tmp_path):
        """Six days of 15-minute rows. It snowed on the second night, and the operator labels the two days after it."""
        data = Path(os.environ.get("PYRODGM_DATA", "none")) / "pv" / "pvanalytics_snow_data.csv.gz"
        if not data.exists():
            pytest.skip("the file is not here")
        (tmp_path / "logger.toml").write_text(
            'time = { column = "Timestamp", format = "%m/%d/%Y %H:%M", timezone = "America/Denver", stamp = "start" }\n'
            'string = "CB2"\n[columns]\nv_dc = "INV1 CB2 Voltage [V]"\ni_dc = "INV1 CB2 Current [A]"\n'
            'poa_global = "POA [W/m²]"\ntemp_module = "Module Temp [C]"\n',
            encoding="utf-8",
        )
        (tmp_path / "labels.csv").write_text(
            "string,start,end,state\nCB2,2022-01-07T00:00-07:00,2022-01-08T12:00-07:00,snow\n"
        )
        training = ("--map", tmp_path / "logger.toml", "--labels", tmp_path / "labels.csv", "--steps", 200)
        call("train", data, *training, "--model", tmp_path / "roof")
        call("monitor", tmp_path / "roof", data, "--output", tmp_path / "report")
        rows = pandas.read_parquet(tmp_path / "report" / "rows.parquet")
        assert len(rows) == 576 and rows["skipped"].value_counts().to_dict() == {"night": 396}
        events = pandas.read_csv(tmp_path / "report" / "events.csv").query("state == 'snow'")
        assert set(events["start"].str[:10]) == {"2022-01-07", "2022-01-08"} and events["kwh_lost"].min() > 0
