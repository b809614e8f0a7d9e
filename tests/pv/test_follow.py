"""A file that grows: every row once, whatever stops the monitor."""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import time

import pandas
import pytest

import pyrodgm.pv.follow
from pyrodgm.pv import Monitor, follow_file, monitor_file
from pyrodgm.pv.appended import Place, read_appended
from pyrodgm.pv.logger import NO_TIME, Piece, read_logger
from pyrodgm.pv.logger_map import LoggerMap, load_map
from pyrodgm.pv.watch import Watch
from tests.pv.king_string import string, written

once = multiprocessing.get_context("forkserver")
once.set_forkserver_preload(["pyrodgm.pv.follow"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("follow")
    table = string(["N"] * 4 + ["IV"])
    monitor = Monitor.fit(written(folder, table), "state", ["N"], steps=2)
    monitor.save(folder / "roof")
    written(folder, string(["N", "IV", "D"], seed=1).drop(columns="state"), "whole.csv")
    monitor_file(monitor, folder / "whole.csv", folder / "whole")
    return folder


@pytest.fixture
def roof(folder):
    return Monitor.load(folder / "roof")


def same(found, folder):
    """Whether rows, events and days are those of the whole file read once."""
    one, other = (pandas.read_parquet(path / "rows.parquet") for path in (found, folder / "whole"))
    pandas.testing.assert_frame_equal(one, other, rtol=1e-3, atol=1e-2)
    one, other = (pandas.read_csv(path / "events.csv") for path in (found, folder / "whole"))
    pandas.testing.assert_frame_equal(one, other, rtol=1e-2, atol=1e-2)
    one, other = ((path / "report.html").read_text() for path in (found, folder / "whole"))
    assert one.count("<polyline") == other.count("<polyline") == 3


def grow(path, text, rng):
    """Append some bytes of a text, which may end within a line; what is left of it."""
    size = rng.randint(500, 2000)
    with path.open("ab") as file:
        file.write(text[:size])
    return text[size:]


def follow(roof, path, output):
    follow_file(Monitor.load(roof), path, output, every=0.01)


class TestKilled:
    def test_by_the_system_at_any_moment(self, folder, tmp_path):
        text, rng, path = (folder / "whole.csv").read_bytes(), random.Random(0), tmp_path / "whole.csv"
        progress, changed = tmp_path / "report" / "follow.safetensors", 0
        for _ in range(3):
            text = grow(path, text, rng)
            process = once.Process(target=follow, args=(folder / "roof", path, tmp_path / "report"))
            process.start()
            give_up = time.monotonic() + 300  # for a busy machine
            try:
                while not progress.is_file() or progress.stat().st_mtime_ns == changed:
                    assert process.is_alive() and time.monotonic() < give_up
                    time.sleep(0.01)
                for _ in range(rng.randint(1, 8)):
                    text = grow(path, text, rng)
                    time.sleep(rng.uniform(0, 0.05))
            finally:
                os.kill(process.pid, signal.SIGKILL)
                process.join()
            changed = progress.stat().st_mtime_ns
        with path.open("ab") as file:
            file.write(text)
        follow_file(Monitor.load(folder / "roof"), path, tmp_path / "report", until=lambda report: True)
        same(tmp_path / "report", folder)

    @pytest.mark.parametrize("fails", [2, 3, 4, 6, 8, 11])
    def test_between_any_two_files_that_are_written(self, folder, roof, tmp_path, monkeypatch, fails):
        """The half file is written, then nothing; rows go to parts of a hundred."""
        monkeypatch.setattr(pyrodgm.pv.follow, "ROWS_A_PART", 100)
        text, path, count = (folder / "whole.csv").read_bytes(), tmp_path / "whole.csv", [0]
        write = pyrodgm.pv.follow.write

        def killed(path, data):
            count[0] += 1
            if count[0] == fails:
                path.with_name(path.name + ".new").write_bytes(data[:100])
                raise KeyboardInterrupt
            write(path, data)

        monkeypatch.setattr(pyrodgm.pv.follow, "write", killed)
        for end in (15_000, 20_000, len(text)):
            path.write_bytes(text[:end])
            for _ in range(2):  # once more where it was killed
                with contextlib.suppress(KeyboardInterrupt):
                    follow_file(roof, path, tmp_path / "report", until=lambda report: True)
        assert count[0] > fails
        same(tmp_path / "report", folder)


def test_what_is_remembered_at_a_stop_counts_after_it(tmp_path):
    """Stops are within a run of stuck voltages, within an event, and after the worst and the healthy rows."""
    trained = Monitor.fit(written(tmp_path, string(["N"] * 4 + ["IV"] * 2)), "state", ["N"], steps=60)
    table = string(["N", "IV", "D"], seed=1).drop(columns="state")
    table.loc[130:160, "v_dc"] = table.loc[130, "v_dc"]
    path = written(tmp_path, table)
    whole, lines = monitor_file(trained, path, tmp_path / "whole"), path.read_bytes().splitlines(keepends=True)
    for rows in (138, 145, 288 + 140, 2 * 288 + 150, len(table)):
        path.write_bytes(b"".join(lines[: 1 + rows]))
        report = follow_file(trained, path, tmp_path / "report", until=lambda report: True)
    assert report[:3] == whole[:3] and whole.skipped["v_dc stuck"] == 20
    one, other = (pandas.read_parquet(tmp_path / name / "rows.parquet") for name in ("report", "whole"))
    pandas.testing.assert_frame_equal(one, other, rtol=1e-3, atol=1e-2)
    assert len(whole.events) > 1
    for one, other in zip(report.events, whole.events, strict=True):
        assert one[:4] == other[:4] and one.kwh_lost == pytest.approx(other.kwh_lost, rel=1e-6)
    one, other = report.days["1"], whole.days["1"]
    assert one.number.tolist() == other.number.tolist() and one.counts.tolist() == other.counts.tolist()
    assert one.energy == pytest.approx(other.energy, rel=1e-6)
    one, other = ([[row and row[:2] for row in pair] for pair in of.examples["1"]] for of in (report, whole))
    assert one == other and len(one) == 2 and all(healthy for _, healthy in one)


def test_rows_of_too_many_cells_are_left_out(folder, roof, tmp_path):
    """Stops are before, between and after such rows, so one of them is read alone."""
    lines, long = (folder / "whole.csv").read_bytes().splitlines(keepends=True), [130, 131, 500, 501]
    for row in long:
        lines[1 + row] = lines[1 + row].replace(b".", b",")
    path = tmp_path / "log.csv"
    path.write_bytes(b"".join(lines))
    wholes = [monitor_file(roof, path, tmp_path / str(n), rows_at_once=n) for n in (77, 10**6)]
    for rows in (130, 131, 132, 400, 502, len(lines)):
        path.write_bytes(b"".join(lines[: 1 + rows]))
        report = follow_file(roof, path, tmp_path / "report", until=lambda report: True)
    rows, *others = (pandas.read_parquet(tmp_path / name / "rows.parquet") for name in ("report", "77", "1000000"))
    assert (rows["skipped"] == "too many cells").to_numpy().nonzero()[0].tolist() == long
    assert rows["time"][long].isna().all() and (rows["skipped"] == "too many cells").equals(rows["time"].isna())
    for one, other in zip(others, wholes, strict=True):
        pandas.testing.assert_frame_equal(rows, one, rtol=1e-3, atol=1e-2)
        assert report[:3] == other[:3] and report.skipped["too many cells"] == 4
    assert ">too many cells</td>" in (tmp_path / "report" / "report.html").read_text()


def test_a_state_of_an_older_version_is_continued(folder, roof):
    """It lacks the time of the last row; the latest time stands for it. Of the times before, it has only that one."""
    (piece,) = read_logger(folder / "whole.csv")
    watch, later = Watch(roof, 0.01, 15), Watch(roof, 0.01, 15)
    watch.take([piece])
    about, arrays = watch.state()
    older = json.loads(about)
    del older["strings"]["1"]["seen"]["previous"]
    older["strings"]["1"]["before"] = older["strings"]["1"]["before"][-1]
    later.restore(json.dumps(older), arrays)
    last = {name: column[-1:] for name, column in piece.values.items()}
    again = Piece("1", piece.row[-1:], piece.time[-1:], last, {})
    assert later.take([again])["skipped"].tolist() == ["time repeats"]


def test_a_remark_on_a_unit_stays_after_a_stop(roof, tmp_path):
    (tmp_path / "map.toml").write_text('[columns]\npoa_global = "POA [BTU]"')
    path = written(tmp_path, string(["N"]).rename(columns={"poa_global": "POA [BTU]"}))
    options = {"logger_map": load_map(tmp_path / "map.toml"), "until": lambda report: True}
    first, again = (follow_file(roof, path, tmp_path / "report", **options) for _ in range(2))
    assert first.units == again.units == {"poa_global": "[BTU] is not a known unit, so W/m2 is assumed"}


class TestAppended:
    def read(self, path, place):
        found = list(read_appended(path, LoggerMap(), place))
        return [piece.time.tolist() for pieces, _ in found for piece in pieces], found[-1][1] if found else place

    def test_a_half_line_waits_for_its_rest(self, tmp_path):
        path, line = tmp_path / "log.csv", "2022-01-31T12:0{}:00Z,1,2,300,20"
        path.write_text("time,i_dc,v_d")
        assert self.read(path, Place()) == ([], Place())
        with path.open("a") as file:
            file.write("c,poa_global,temp_air\n" + line.format(0) + "\n" + line.format(1))
        times, place = self.read(path, Place())
        assert [len(time) for time in times] == [1] and place.rows == 1
        assert self.read(path, place) == ([], place)
        with path.open("a") as file:
            file.write("\nnever,1,2,300,20\n")
        later, place = self.read(path, place)
        assert later[0][0] == times[0][0] + 60 and later[0][1] < 0 and place.rows == 3

    def test_a_row_of_too_many_cells_is_left_out(self, tmp_path):
        """Also if it is all that was appended."""
        path, line = tmp_path / "log.csv", "2022-01-31T12:00:00Z,1,2,300,20\n"
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n" + 3 * line)
        _, place = self.read(path, Place())
        for text, rows in (("\n" + line + line.replace("1,2", "1,5,2"), 5), (line.strip() + ",5\n", 6), (line, 7)):
            with path.open("a") as file:
                file.write(text)
            times, place = self.read(path, place)
            assert place.rows == rows and (times[-1][-1] == NO_TIME) == (rows != 7)

    def test_most_of_the_first_rows_may_not_have_too_many_cells(self, tmp_path):
        path, line = tmp_path / "log.csv", "2022-01-31T12:00:00Z,1,5,2,300,20\n"
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n" + 2 * line)
        with pytest.raises(ValueError, match=r"data: got log.csv with 6 cells in row 1, want 5"):
            self.read(path, Place())

    def test_another_file(self, tmp_path):
        path = tmp_path / "log.csv"
        path.write_bytes("time,i_dc\n".encode("utf-16"))
        with pytest.raises(ValueError, match="data: got log.csv, which is not text .*, want a CSV in UTF-8"):
            self.read(path, Place())
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n2022-01-31T12:00Z,1,2,300,20\n")
        _, place = self.read(path, Place())
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n")
        with pytest.raises(ValueError, match="data: got log.csv, shorter than what was read from it"):
            self.read(path, place)
        lines = "2022-01-31T12:00Z,1,2,300,20\n2022-01-31T12:01Z,1,2,300,20\n"
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n" + lines)
        assert self.read(path, place)[1].rows == 2
        path.write_text("time,i_dc,v_dc,poa_global,temp_air\n" + lines.replace("12:00Z", "12:02Z"))
        with pytest.raises(ValueError, match="data: got log.csv with rows that differ from those read before"):
            self.read(path, place)
        assert self.read(path, place._replace(tail=""))[1].rows == 2  # of an older version
        path.write_text("time,i_dc,v_dc,poa_global,temp_module\n2022-01-31T12:00Z,1,2,300,20\n")
        with pytest.raises(ValueError, match="data: got log.csv with another first line than before"):
            self.read(path, place)


class TestStrings:
    HEADER, ROW = "time,i_dc,v_dc,poa_global,temp_module,inverter\n", "2022-03-05T12:{:02}:00Z,5,250,700,30,{}\n"

    @pytest.fixture
    def path(self, tmp_path):
        (tmp_path / "log.csv").write_text(self.HEADER)
        return tmp_path / "log.csv"

    def follow(self, roof, path, *strings):
        """Append a row of each string, and follow the file to its end."""
        with path.open("a") as file:
            file.writelines(self.ROW.format(i, name) for i, name in enumerate(strings))
        logger_map = LoggerMap(string_column="inverter")
        return follow_file(roof, path, path.parent / "report", logger_map=logger_map, until=lambda report: True)

    def test_rows_that_name_none_are_left_out(self, roof, path):
        assert self.follow(roof, path, "").skipped == {"no string": 1}
        report = self.follow(roof, path, "1", "", "1")
        assert report.rows == 4 and report.skipped == {"no string": 2} and report.states.total() == 2
        with path.open("a") as file:
            file.write("2022-03-05T13:00:00Z,5,2")
        assert self.follow(roof, path).rows == 4
        rows = pandas.read_parquet(path.parent / "report" / "rows.parquet")
        assert rows["string"].isna().tolist() == [True, False, True, False]

    def test_rows_of_one_that_is_not_known_are_left_out(self, roof, path):
        with pytest.raises(ValueError, match="string: got '2', want one of 1"):
            self.follow(roof, path, "", "2", "3")
        assert self.follow(roof, path, "1").skipped == {"no string": 1, "string not known": 2}
        report = self.follow(roof, path, "2", "2", "1")
        assert report.rows == 7 and report.skipped == {"no string": 1, "string not known": 4}


def test_bad_input(folder, roof, tmp_path):
    path = folder / "whole.csv"
    with pytest.raises(FileNotFoundError, match=r"data: got none.csv, want a file that is there"):
        follow_file(roof, "none.csv", tmp_path / "report")
    with pytest.raises(ValueError, match=r"data: got monitor.json, want a file that ends in .csv to follow it"):
        follow_file(roof, folder / "roof" / "monitor.json", tmp_path / "report")
    follow_file(roof, path, tmp_path / "report", until=lambda report: True)
    with pytest.raises(ValueError, match=r"output: got a folder that follows \{.*'minutes': 15\}, want it for .* 30\}"):
        follow_file(roof, path, tmp_path / "report", minutes=30)
    with pytest.raises(ValueError, match=r"output: got .* with a report that follows a file, want --follow or another"):
        monitor_file(roof, path, tmp_path / "report")
    (tmp_path / "report" / "rows.parquet" / "part-000001.parquet").unlink()
    with pytest.raises(
        ValueError, match=r"output: got .*rows.parquet without part-000001.parquet, want it, or another"
    ):
        follow_file(roof, path, tmp_path / "report")
    (tmp_path / "report" / "follow.safetensors").write_bytes(b"{}")
    with pytest.raises(ValueError, match=r"output: got .*follow.safetensors, which cannot be read"):
        follow_file(roof, path, tmp_path / "report")
    assert json.loads((tmp_path / "report" / "report.json").read_text())["data"] == "whole.csv"


def test_parts_are_full_but_the_last(folder, roof, tmp_path, monkeypatch):
    monkeypatch.setattr(pyrodgm.pv.follow, "ROWS_A_PART", 288)
    follow_file(roof, folder / "whole.csv", tmp_path / "report", until=lambda report: True)
    with (folder / "whole.csv").open("rb") as file, (tmp_path / "whole.csv").open("wb") as copy:
        copy.write(file.read())
    with (tmp_path / "whole.csv").open("ab") as file:
        file.write(b"2022-03-04T00:00:00+00:00,0,0,0,20\n")
    report = follow_file(roof, tmp_path / "whole.csv", tmp_path / "report", until=lambda report: True)
    sizes = [len(pandas.read_parquet(part)) for part in sorted((tmp_path / "report" / "rows.parquet").iterdir())]
    assert sizes == [288, 288, 288, 1] and report.rows == 865
