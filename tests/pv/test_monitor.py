"""A monitor of strings: training rows, states, thresholds, folder and report."""

import json
import shutil
from collections import Counter
from functools import partial

import numpy as np
import pandas
import pytest

from pyrodgm.pv import (
    Monitor,
    Readings,
    Thresholds,
    load_map,
    monitor_file,
    read_intervals,
    read_logger,
    sample_rows,
    sampling,
)
from pyrodgm.pv.intervals import Interval
from pyrodgm.pv.learning import choose_evenly, healthy_strings, use_of_days
from pyrodgm.pv.readings import temperature
from pyrodgm.pv.rows import Rows
from pyrodgm.pv.sampling import KEPT_A_DAY
from tests.pv.king_string import FAULTS, TRUE, string, written

PLAN = ["N"] * 6 + ["IV"] * 2 + ["N"] * 6 + ["PS"] * 2


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return written(tmp_path_factory.mktemp("data"), string(PLAN))


@pytest.fixture(scope="module")
def roof(data):
    return Monitor.fit(data, label="state", normal=["N"], steps=150)


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return written(tmp_path_factory.mktemp("new"), string(["N", "N", "IV", "PS", "D"], seed=1))


@pytest.fixture
def two(tmp_path):
    """A file whose rows name one of two strings, but for row 100, its map and its table."""
    (tmp_path / "map.toml").write_text('string = { column = "inverter" }')
    table = string(["N"] * 4, minutes=15).drop(columns="state")
    both = pandas.concat([table.assign(inverter="a"), table.assign(inverter="b")]).sort_values("time", kind="stable")
    both.iloc[100, both.columns.get_loc("inverter")] = None
    return written(tmp_path, both), load_map(tmp_path / "map.toml"), both


def read_lit(path):
    """The times of the rows in light."""
    (piece,) = read_logger(path)
    return piece.time[piece.values["poa_global"] >= 20]


def report_of(folder):
    return pandas.read_parquet(folder / "rows.parquet"), pandas.read_csv(folder / "events.csv")


class TestStates:
    def test_of_other_days(self, roof, new, tmp_path):
        report = monitor_file(roof, new, tmp_path / "report")
        rows, events = report_of(tmp_path / "report")
        true = pandas.read_csv(new)["state"].map({"N": "normal", "IV": "IV", "PS": "PS", "D": "unseen"})
        used = rows["skipped"].isna()
        right = (rows["state"] == true)[used]
        assert right[true[used] == "normal"].mean() > 0.95 and right[true[used] == "unseen"].mean() > 0.9
        assert right[true[used].isin(["IV", "PS"])].mean() > 0.8
        assert rows["anomaly"][used].astype(bool).equals(rows["state"][used] == "unseen")
        assert rows["probability"][used].isna().equals(rows["state"][used] == "unseen")
        assert len(rows) == report.rows == len(true) and (rows["skipped"][~used] == "night").all()
        assert rows[["state", "probability", "score", "anomaly"]][~used].isna().to_numpy().all()
        assert report.states.total() == used.sum() and report.skipped == {"night": (~used).sum()}
        long = events[events["rows"] > 60]
        assert long["state"].tolist() == ["IV", "PS", "unseen"] and len(events) == len(report.events)

    def test_energy_lost_is_expected_less_measured(self, roof, new, tmp_path):
        monitor_file(roof, new, tmp_path / "report")
        events = report_of(tmp_path / "report")[1]
        table, step = pandas.read_csv(new), 5 / 60
        for state in ("IV", "PS"):
            day = table[table["state"] == state]
            i, v = FAULTS[state]
            healthy = (day["i_dc"] * day["v_dc"]).sum() / (i * v) * step / 1000
            assert events[events["state"] == state]["kwh_lost"].sum() == pytest.approx((1 - i * v) * healthy, rel=0.06)

    def test_energies_of_days_are_those_of_their_rows(self, roof, new, tmp_path):
        """Of rows in light, each for its five minutes; the expected ones are known from the model of the string."""
        report = monitor_file(roof, new, tmp_path / "report")
        table = pandas.read_csv(new).query("poa_global >= 20")
        healthy = TRUE.at(table["poa_global"].to_numpy(), table["temp_module"].to_numpy())
        powers = np.stack([table["i_dc"] * table["v_dc"], healthy.current * healthy.voltage], 1)
        day, found = table.index // 288, report.days["1"]
        for i in range(5):
            joules = found.energy[found.number // 96 - found.number[0] // 96 == i].sum(0)
            measured, expected = 300 * powers[day == i].sum(0)
            assert joules[0] == pytest.approx(measured, rel=1e-9) and joules[1] == pytest.approx(expected, rel=0.03)
        kwh = found.energy.sum(0) / 3.6e6
        assert f"{kwh[0]:.1f} of {kwh[1]:.1f} kWh" in (tmp_path / "report" / "report.html").read_text()

    def test_no_fault_was_ever_labelled(self, new, tmp_path):
        healthy = written(tmp_path, string(["N"] * 8, seed=3).drop(columns="state"))
        monitor = Monitor.fit(healthy, steps=100)
        report = monitor_file(monitor, new, tmp_path / "report")
        assert set(report.states) == {"normal", "unseen"}
        rows = report_of(tmp_path / "report")[0]
        strange = (rows["state"] == "unseen")[rows["skipped"].isna()]
        true = pandas.read_csv(new)["state"][rows["skipped"].isna()]
        assert strange[true != "N"].mean() > 0.9 and strange[true == "N"].mean() < 0.06

    def test_an_operators_intervals_are_learnt(self, data, tmp_path):
        text = "string,start,end,state,rows\n1,2022-03-07T00:00Z,2022-03-08T23:59Z,IV,9\n1,2022-03-15T00:00Z,"
        (tmp_path / "events.csv").write_text(text + "2022-03-16T23:59Z,unseen,9\n")
        table = pandas.read_csv(data)
        table.loc[table["state"] != "N", "state"] = ""
        path = written(tmp_path, table)
        monitor = Monitor.fit(path, "state", ["N"], labels=tmp_path / "events.csv", steps=50)
        assert monitor.classifier.classes_.tolist() == ["IV", "normal"]
        fitted = sample_rows(path, None, "state", ["N"], read_intervals(tmp_path / "events.csv"))
        kinds = dict(zip(*np.unique(fitted.state.astype(str), return_counts=True), strict=True))
        assert kinds["IV"] > 200 and kinds["None"] > 200 and len(fitted.normal_days()["1"]) == 12

    @pytest.mark.parametrize("rows_at_once", [101, 10**6])
    def test_pieces_of_any_size_tell_the_same(self, roof, new, tmp_path, rows_at_once):
        whole, parts = (
            monitor_file(roof, new, tmp_path / str(n), rows_at_once=n) and report_of(tmp_path / str(n))
            for n in (700, rows_at_once)
        )
        for one, other in zip(whole, parts, strict=True):
            pandas.testing.assert_frame_equal(one, other, rtol=1e-4, atol=1e-3)

    def test_rows_of_several_strings_are_in_the_files_order(self, tmp_path):
        (tmp_path / "map.toml").write_text('[columns]\nv_dc = "CB{string} V"\ni_dc = "CB{string} I"')
        table = string(["N"] * 4, minutes=15).drop(columns="state")
        wide = table.rename(columns={"v_dc": "CB1 V", "i_dc": "CB1 I"})
        wide = wide.assign(**{"CB2 V": 0.9 * wide["CB1 V"], "CB2 I": wide["CB1 I"]})
        path = written(tmp_path, wide)
        monitor = Monitor.fit(path, logger_map=load_map(tmp_path / "map.toml"), steps=5)
        assert list(monitor.thresholds.scores) == ["1", "2"]
        assert monitor.readings.healthy["1"].voltage > monitor.readings.healthy["2"].voltage
        monitor_file(monitor, path, tmp_path / "report", rows_at_once=50)
        rows = report_of(tmp_path / "report")[0]
        assert rows["string"].tolist() == ["1", "2"] * len(table)
        assert (rows["time"][::2].array == table["time"].array).all()

    def test_rows_that_name_no_string_are_left_out(self, two, tmp_path):
        """An empty cell within the file, and a last line that was only half written."""
        path, logger_map, table = two
        with path.open("a") as file:
            file.write("2022-03-05T00:00:00+00:00,1,2")
        monitor = Monitor.fit(path, logger_map=logger_map, steps=2)
        assert list(monitor.thresholds.scores) == ["a", "b"] and monitor.rows.skipped["no string"] == 2
        report = monitor_file(monitor, path, tmp_path / "report")
        rows = report_of(tmp_path / "report")[0]
        assert report.rows == len(rows) == len(table) + 1 and report.skipped["no string"] == 2
        without = rows["skipped"] == "no string"
        assert np.flatnonzero(without).tolist() == [100, len(table)]
        assert rows["string"].isna().equals(without) and rows["state"][without].isna().all()
        assert list(report.days) == ["a", "b"]

    @pytest.mark.parametrize("rows_at_once", [70, 10**6])
    def test_rows_of_a_string_that_is_not_known_are_left_out(self, two, tmp_path, rows_at_once):
        """Also if the first part of the file has no other string."""
        _, logger_map, table = two
        first = pandas.concat([table.head(100).assign(inverter="c"), table])
        path = written(tmp_path, table[table["inverter"] == "a"], "a.csv")
        monitor = Monitor.fit(path, logger_map=logger_map, steps=2)
        path = written(tmp_path, first)
        report = monitor_file(monitor, path, tmp_path / "report", rows_at_once=rows_at_once)
        rows = report_of(tmp_path / "report")[0]
        assert report.rows == len(rows) and list(report.days) == ["a"]
        assert rows["string"].fillna("").tolist() == first["inverter"].fillna("").tolist()
        assert (rows["skipped"] == "string not known").equals(rows["string"].isin(["b", "c"]))
        assert report.skipped["string not known"] == 100 + (table["inverter"] == "b").sum()
        assert report.states.total() == rows["state"].notna().sum() > 50
        assert "string not known" in (tmp_path / "report" / "report.html").read_text()

    def test_strings_that_a_file_lacks_are_said(self, two, tmp_path):
        path, logger_map, table = two
        monitor = Monitor.fit(path, logger_map=logger_map, steps=2)
        assert monitor_file(monitor, path, tmp_path / "both").missing == ()
        path = written(tmp_path, table[table["inverter"] == "a"])
        assert monitor_file(monitor, path, tmp_path / "one").missing == ("b",)
        pages = [(tmp_path / name / "report.html").read_text() for name in ("both", "one")]
        assert ["Strings without a row: b." in page for page in pages] == [False, True]

    def test_raw_reads_the_six_sensors(self, tmp_path):
        table = string(["N"] * 3).drop(columns="state").assign(temp_air=lambda t: t["temp_module"] - 5)
        table["wind_speed"] = np.random.default_rng(0).uniform(1, 3, len(table))
        table.loc[150, "wind_speed"] = np.nan
        path = written(tmp_path, table)
        monitor = Monitor.fit(path, columns="raw", steps=2)
        report = monitor_file(monitor, path, tmp_path / "report")
        assert report.skipped["wind_speed missing"] == 1 and monitor.classifier.n_features_in_ == 6
        bare = written(tmp_path, table.drop(columns="wind_speed"), "bare.csv")
        with pytest.raises(ValueError, match="columns: got a file without wind_speed for string '1'"):
            monitor_file(monitor, bare, tmp_path / "other")


class TestThreshold:
    def monitor(self, roof, **fields):
        """Thresholds by hand: scores of 1 to 199, q(normal | x) of 0.001 to 0.199, a fault of -99 to 99."""
        scores = {"1": np.arange(1.0, 200)}, {"1": np.arange(1.0, 200) / 1000}
        faults = {"IV": np.arange(-99.0, 100), "PS": np.arange(50.0, 249)}
        thresholds = Thresholds(roof.thresholds.states, *scores, faults)
        return Monitor(roof.classifier, Readings("ratios", {}), thresholds, None, **fields)

    @pytest.mark.parametrize(("share", "k"), [(0.02, 2), (0.1, 10), (0.001, 1), (0.29, 29)])
    def test_is_the_kth_smallest_score_of_half_the_share(self, roof, share, k):
        """Also where the product is rounded down: 0.29 / 2 of 200 is 28.999999999999996."""
        normal = np.tile([0.0, 0.0, 1.0], (200, 1))
        _, unseen = self.monitor(roof).thresholds.decide("1", np.arange(200.0), normal, share)
        assert unseen.sum() == k and unseen[:k].all()

    def test_too_few_rows_for_the_share_are_said(self, roof):
        """199 rows are enough for 1 %, if it is of two thresholds: the smallest of them is passed once in 200."""
        thresholds = self.monitor(roof).thresholds
        assert thresholds.few_rows(0.01) == thresholds.few_rows(0.29) == []
        (line,) = thresholds.few_rows(0.009)
        assert line == (
            "string 1: 199 normal rows for the thresholds allow up to 1.00% of false alarms, not the stated 0.90%; "
            "want 222 rows"
        )
        one = thresholds._replace(states=np.array(["normal"], object))
        assert one.few_rows(0.005) == [] and len(one.few_rows(0.0049)) == 1
        two = thresholds._replace(scores={"a": np.arange(99.0), "b": np.arange(49.0)})
        assert two.few_rows(0.02)[0].startswith("string b: 49 normal rows") and len(two.few_rows(0.02)) == 1
        assert two.few_rows(0.01)[0].startswith(
            "string b (and 1 more): 49 normal rows for the thresholds allow up to 4."
        )

    def test_of_a_fault_is_its_own_where_it_is_lower(self, roof):
        scores = np.array([-98.0, -98.1, 2, 1.9, 2, 1.9])
        place, unseen = self.monitor(roof).thresholds.decide("1", scores, np.eye(3)[[0, 0, 1, 1, 2, 2]], 0.02)
        assert place.tolist() == [0, 0, 1, 1, 2, 2] and unseen.tolist() == [False, True] * 3

    def test_a_row_without_a_score_is_unseen(self, roof):
        _, unseen = self.monitor(roof).thresholds.decide("1", np.array([np.nan, 99.0]), np.eye(3)[[2, 2]], 0.02)
        assert unseen.tolist() == [True, False]

    def test_a_row_that_may_be_normal_is(self, roof):
        """As normal as all but k - 1 of the normal rows, though another state is likelier."""
        rows = np.array([[0.9, 0.098, 0.002], [0.9, 0.0981, 0.0019], [0.3, 0.2, 0.5]])
        assert self.monitor(roof).thresholds.decide("1", np.full(3, 99.0), rows, 0.02)[0].tolist() == [2, 0, 2]

    def test_the_whole_share_is_of_the_score_where_no_fault_is_known(self):
        scores = {"1": np.arange(1.0, 200)}
        thresholds = Thresholds(np.array(["normal"], object), scores, {"1": np.ones(199)}, {})
        place, unseen = thresholds.decide("1", np.arange(200.0), np.ones((200, 1)), 0.02)
        assert not place.any() and unseen.sum() == 4 and unseen[:4].all()

    def test_normal_may_come_before_another_state(self):
        """States are in the order of their names, and ``snow`` comes after ``normal``."""
        names, scores = np.array(["normal", "snow"], object), np.arange(1.0, 200)
        thresholds = Thresholds(names, {"1": scores}, {"1": np.full(199, 0.2)}, {"snow": scores})
        rows = np.array([[0.3, 0.7], [0.1, 0.9], [0.9, 0.1]])
        assert thresholds.decide("1", np.full(3, 99.0), rows, 0.02)[0].tolist() == [0, 1, 0]

    def test_scores_to_compare_with_are_those_of_the_faults_rows_and_of_the_days_for_them(self, tmp_path):
        """Both are computed again from the rows that the monitor keeps: all rows here.

        The second day, the one for thresholds, has a fault that nobody noticed: it is labelled normal.
        """
        table = string(["N", "IV", "N", "N", "IV", "IV", "PS"])
        table.loc[288:575, "state"] = "N"
        monitor = Monitor.fit(written(tmp_path, table), "state", ["N"], steps=60)
        rows, found = monitor.rows, monitor.thresholds
        probabilities, score = monitor.classifier.predict_and_score(monitor.readings.of("1", rows.values)[0])
        for state in ("IV", "PS"):
            own = np.sort(score[rows.state == state])
            assert len(own) > 100 and found.faults[state] == pytest.approx(own, rel=1e-3, abs=1e-3)
        here, normal = use_of_days(rows) == "threshold", monitor.classifier.classes_.tolist().index("normal")
        assert found.scores["1"] == pytest.approx(np.sort(score[here]), rel=1e-3, abs=1e-3)
        normality = np.sort(probabilities[here, normal])
        assert normality.mean() < 1 / 3 and found.normality["1"] == pytest.approx(normality, abs=1e-4)

    def test_their_days_are_for_nothing_else(self, tmp_path):
        """Other voltages on the second of four normal days change neither the healthy string nor the weights."""
        table, monitors = string(["N"] * 4, minutes=15), []
        for share in (1.0, 0.9):
            table.loc[96:191, "v_dc"] *= share
            monitors.append(Monitor.fit(written(tmp_path, table), "state", ["N"], steps=2))
        rows = monitors[0].rows
        assert set(use_of_days(rows)[rows.day == np.unique(rows.day)[1]]) == {"threshold"}
        one, other = (monitor.readings.healthy["1"] for monitor in monitors)
        assert one == other
        one, other = (monitor.classifier.model_.state_dict() for monitor in monitors)
        assert all((one[name] == other[name]).all() for name in one)
        one, other = (monitor.thresholds.scores["1"] for monitor in monitors)
        assert abs(one.mean() - other.mean()) > 0.1

    def test_false_alarms_are_of_further_days(self, roof):
        """Of twelve normal days two fours each give one for the threshold and one more; half are trained on."""
        further = roof.rows.day[use_of_days(roof.rows) == "further"]
        assert {day.time[0] for day in roof.further["1"]} == set(further)
        assert len(roof.further["1"]) == 3 and 350 < len(roof.thresholds.scores["1"]) < 360
        alarms = roof.false_alarms(0.01)
        assert alarms.days == alarms.dates == 3 and alarms.rows.low <= alarms.rows.value <= alarms.rows.high
        assert alarms.unseen + alarms.faults == pytest.approx(alarms.rows.value) and alarms.rows.value < 0.05
        assert alarms.events.low <= alarms.events.value <= alarms.events.high
        assert roof.false_alarms(0.5, minutes=5).events.value > 7 > roof.false_alarms(0.01, minutes=60).events.value


class TestRows:
    def test_some_rows_of_every_state_of_every_day_are_kept(self, tmp_path):
        table = string(["N"] * 3, minutes=1)
        table.loc[720:729, "state"] = "IV"
        rows = sample_rows(written(tmp_path, table), None, "state", ["N"])
        days = sorted(set(rows.day.tolist()))
        assert rows.normal_days() == {"1": days[1:]}
        counts = [((rows.day == day) & (rows.state == s)).sum() for day in days for s in ("normal", "IV")]
        assert counts == [KEPT_A_DAY, 10, KEPT_A_DAY, 0, KEPT_A_DAY, 0]

    def test_rows_of_a_day_are_drawn_at_random_by_the_seed(self, tmp_path):
        """From the whole day, not its beginning, and others by another seed."""
        path = written(tmp_path, string(["N"], minutes=1))
        first, again, other = (sample_rows(path, None, "state", ["N"], seed=seed).time for seed in (0, 0, 1))
        lit = read_lit(path)
        assert len(first) == KEPT_A_DAY < len(lit) / 2 and np.isin(first, lit).all()
        error = lit.std() / np.sqrt(KEPT_A_DAY)
        assert abs(first.mean() - lit.mean()) < 4 * error
        assert (first == again).all() and set(first) != set(other)

    def test_the_rows_to_train_on_are_drawn_by_the_seed_as_many_of_each_state(self):
        state = np.array(["normal"] * 90 + ["IV"] * 20 + [None] * 50, object)
        chosen = choose_evenly(state, np.ones(160, bool), 60, 0)
        more = choose_evenly(state, np.ones(160, bool), 90, 0)
        assert [(state[chosen] == kind).sum() for kind in ("normal", "IV", None)] == [20, 20, 20]
        assert [(state[more] == kind).sum() for kind in ("normal", "IV", None)] == [35, 20, 35]
        assert set(chosen.tolist()) != set(choose_evenly(state, np.ones(160, bool), 60, 1).tolist())

    def test_states_of_a_day_are_in_the_order_of_the_file(self, tmp_path):
        """Not in that of a set, which differs between processes: the same seed must give the same monitor."""
        table, names = string(["N"], minutes=1), [f"fault {i}" for i in range(8)]
        table.loc[600:679, "state"] = np.repeat(names, 10)
        rows = sample_rows(written(tmp_path, table), None, "state", ["N"])
        assert list(dict.fromkeys(rows.state.tolist())) == ["normal", *names]

    @pytest.mark.parametrize("rows_at_once", [37, 100])
    def test_pieces_of_any_size_give_the_same_rows(self, tmp_path, monkeypatch, rows_at_once):
        """Of two strings; a day and a run of stuck voltages go on in the next piece, and an interval ends before."""
        table = string(["N"] * 2)
        table.loc[130:149, "v_dc"] = 250.0
        both = pandas.concat([table.assign(inverter="a"), table.assign(inverter="b")]).sort_values(
            "time", kind="stable"
        )
        path, logger_map = written(tmp_path, both), load_map(None)._replace(string_column="inverter")
        start, end = (int(table["time"][row].timestamp()) for row in (100, 110))
        found = []
        for number in (10**6, rows_at_once):
            monkeypatch.setattr(sampling, "read_logger", partial(read_logger, rows_at_once=number))
            rows = sample_rows(path, logger_map, "state", ["N"], [Interval("a", start, end, "IV")])
            found.append(sorted(zip(rows.string, rows.day.tolist(), rows.time.tolist(), rows.state, strict=True)))
            assert rows.skipped["v_dc stuck"] == 2 * 9
        assert found[0] == found[1] and len({row[:2] for row in found[0]}) == 4
        assert [row[2] for row in found[0] if row[3] == "IV"] == list(range(start, end + 1, 300))

    def test_the_interval_without_a_row_is_named(self, two):
        """And neither that of string a, whose rows come before those of b, nor one that only takes back a state."""
        path, logger_map, table = two
        first = int(table["time"].iloc[0].timestamp())
        intervals = [
            Interval(name, first, first + 86_399, state) for name, state in (("d", None), ("a", "IV"), ("c", "IV"))
        ]
        with pytest.raises(ValueError, match="labels: got 'IV' of string 'c' from"):
            sample_rows(path, logger_map, intervals=intervals)

    def test_empty_labels_are_none_of_those_to_choose_from(self, tmp_path):
        table = string(["N", "IV"])
        table.loc[100:110, "state"] = None
        with pytest.raises(ValueError, match="normal: got 'X', want one of the labels: IV, N$"):
            sample_rows(written(tmp_path, table), None, "state", ["N", "X"])

    def test_some_label_is_normal_and_none_is_the_monitors_own(self, tmp_path):
        path, first = written(tmp_path, string(["N", "IV"])), Interval("1", 1_646_092_800, 1_646_179_199, "unseen")
        with pytest.raises(ValueError, match="normal: got nothing, want one of the labels: IV, N$"):
            sample_rows(path, None, "state")
        with pytest.raises(ValueError, match="label: got a state 'unseen', want another name"):
            sample_rows(path, intervals=[first])

    def test_spaces_around_a_label_are_no_part_of_it(self, tmp_path):
        table = string(["N"])
        table.loc[100:109, "state"], table.loc[120:124, "state"] = " IV ", "  "
        rows = sample_rows(written(tmp_path, table), None, "state", ["N"])
        assert Counter(rows.state.tolist()) == {"normal": 103, "IV": 10, None: 5}

    @pytest.mark.parametrize("word", ["NA", "None", "nan", "null", "---"])
    def test_a_word_for_no_value_is_no_label(self, tmp_path, word):
        """In a CSV, in a Parquet file and in an operator's intervals."""
        table = string(["N", "IV"], minutes=30)
        table.loc[table["state"] == "IV", "state"] = word
        path = written(tmp_path, table)
        table.to_parquet(tmp_path / "log.parquet")
        for name in ("log.csv", "log.parquet"):
            rows = sample_rows(tmp_path / name, label="state", normal=["N"])
            assert set(rows.state.tolist()) == {"normal", None}
        with pytest.raises(
            ValueError, match=f"normal: got {word!r}, which counts as an empty cell, want one of the la"
        ):
            sample_rows(path, label="state", normal=[word])
        (tmp_path / "events.csv").write_text(f"string,start,end,state\n1,2022-03-01T00:00Z,2022-03-02T00:00Z,{word}\n")
        assert read_intervals(tmp_path / "events.csv")[0].state is None

    def test_numbers_are_states_without_a_point(self, tmp_path):
        """A column of numbers with empty cells is read as floats; the first day is normal by an interval."""
        states = np.concatenate([np.full(288, np.nan), np.repeat([2, 3.5, 1000001, 1000002], 144)])
        table = string(["N"] * 3).assign(state=states)
        first = int(table["time"][0].timestamp())
        path, healthy = written(tmp_path, table), Interval("1", first, first + 86_399, "normal")
        rows = sample_rows(path, None, "state", intervals=[healthy])
        assert list(dict.fromkeys(rows.state.tolist())) == ["normal", "2", "3.5", "1000001", "1000002"]

    def test_a_healthy_string_is_fitted_to_its_own_normal_rows_to_train_on(self):
        """Those of another string, of other days and of a fault give half the current, and are more."""
        random, why = np.random.default_rng(0), np.repeat([0, 1, 2, 3], [100, 200, 200, 200])
        poa, warm = random.uniform(60, 1100, 700), random.uniform(0, 65, 700)
        point = TRUE.at(poa, warm)
        current = np.where(why == 0, 1.0, 0.5) * point.current
        values = {"poa_global": poa, "temp_module": warm, "i_dc": current, "v_dc": point.voltage}
        string, state = np.where(why == 1, "2", "1").astype(object), np.where(why == 3, "IV", "normal").astype(object)
        found = healthy_strings(Rows(string, why, why, state, values), why != 2, None)
        assert found["1"].current == pytest.approx(TRUE.current, abs=1e-6)
        assert found["2"].current == pytest.approx(np.array(TRUE.current) / 2, abs=1e-6)

    def test_a_string_with_few_rows_to_train_on_is_fitted_to_all_its_normal_rows(self):
        """Thirty of sixty normal rows are to train on. Sixty rows of a fault give half the current."""
        random, state = np.random.default_rng(0), np.repeat(["normal", "IV"], 60).astype(object)
        poa, warm = random.uniform(60, 1100, 120), random.uniform(0, 65, 120)
        point = TRUE.at(poa, warm)
        current = np.where(state == "IV", 0.5, 1.0) * point.current
        values = {"poa_global": poa, "temp_module": warm, "i_dc": current, "v_dc": point.voltage}
        number = np.arange(120)
        rows = Rows(np.full(120, "1", object), np.where(state == "IV", 1, 0), number, state, values)
        found = healthy_strings(rows, number < 30, None)
        assert found["1"].current == pytest.approx(TRUE.current, abs=1e-6) and found["1"].kept == 1
        with pytest.raises(ValueError, match="string '1', normal rows: rows: got 40 above 50 W/m².*want at least 50"):
            healthy_strings(rows.choose(number >= 20), number[20:] < 30, None)

    def test_temperature_is_by_air_where_none_is_measured(self):
        values = {
            "poa_global": np.array([500.0, 500]), "temp_module": np.array([40.0, np.nan]), "temp_air": np.full(2, 10.0),
        }  # fmt: skip
        assert temperature(values) == pytest.approx([40, 10 + 500 / 31.84])

    def test_by_air_at_the_wind_that_was_measured_or_a_metre_a_second(self):
        values = {"poa_global": np.full(2, 500.0), "temp_air": np.full(2, 10.0), "wind_speed": np.array([3, np.nan])}
        assert temperature(values) == pytest.approx([10 + 500 / (25 + 6.84 * 3), 10 + 500 / 31.84])

    def test_ratios_far_from_one_are_seven(self):
        """V over the expected V and the logarithm of the currents' ratio, on both sides, but not that of the light."""
        poa, warm = np.full(4, 800.0), np.full(4, 40.0)
        point, far = TRUE.at(poa, warm), np.array([6.5, 7.5, -6.5, -7.5])
        values = {"poa_global": poa, "temp_module": warm, "v_dc": far * point.voltage, "i_dc": point.current}
        x = Readings("ratios", {"1": TRUE}).of("1", values)[0]
        assert x[:, 0] == pytest.approx([6.5, 7, -6.5, -7]) and x[:, 1] == pytest.approx(np.zeros(4))
        values["i_dc"] = np.exp([6.5, 7.5, -2, 0]) * point.current
        x = Readings("ratios", {"1": TRUE}).of("1", values)[0]
        assert x[:, 1] == pytest.approx([6.5, 7, -2, 0]) and x[:, 2] == pytest.approx(np.log(poa))

    def test_rows_without_a_label_are_chosen_only_beside_a_fault(self):
        """Where no fault is labelled, some of them may be faulty, and all would be learnt as normal."""
        state, usable = np.array(["normal"] * 4 + [None] * 4, object), np.arange(8) != 0
        assert choose_evenly(state, usable, 9, 0).tolist() == [1, 2, 3]
        state[2:4] = "IV"
        assert choose_evenly(np.append(state, ["normal"]), np.append(usable, True), 9, 0).tolist() == list(range(1, 9))


class TestFolder:
    def test_what_was_saved_says_the_same(self, roof, new, tmp_path):
        roof.save(tmp_path / "roof")
        loaded = Monitor.load(tmp_path / "roof")
        assert loaded.identity == roof.identity and loaded.logger_map == roof.logger_map
        assert loaded.readings == roof.readings and loaded.false_alarms() is None
        one, other = (monitor_file(m, new, tmp_path / "report") for m in (roof, loaded))
        assert one == other or [e[:4] for e in one.events] == [e[:4] for e in other.events]
        assert {p.suffix for p in (tmp_path / "roof").rglob("*") if p.is_file()} == {
            ".json",
            ".safetensors",
            ".md",
            ".parquet",
        }

    def test_bad_folders(self, roof, data, tmp_path):
        with pytest.raises(FileNotFoundError, match="model: got .*none, want a folder that pyrodgm pv train wrote"):
            Monitor.load(tmp_path / "none")
        roof.save(tmp_path / "roof")
        shutil.copytree(tmp_path / "roof" / roof.identity, tmp_path / "roof" / "0")
        about = json.loads((tmp_path / "roof" / "monitor.json").read_text())
        for change, message in (
            ({"format": 9}, "format 9 of a newer pyrodgm"),
            ({"identity": "0"}, "files of two models"),
            ({"columns": None, "healthy": {"1": {"a": 1}}}, "cannot be read"),
        ):
            (tmp_path / "roof" / "monitor.json").write_text(json.dumps(about | change))
            with pytest.raises(ValueError, match=message):
                Monitor.load(tmp_path / "roof")


def edited(**changes):
    def edit(table):
        for name, (rows, value) in changes.items():
            table.loc[rows, name] = value
        return table

    return edit


BAD_TRAINING = [
    (edited(), {"normal": ["C"]}, "normal: got 'C', want one of the labels: IV, N, PS"),
    (edited(), {"label": "kind"}, "label: got 'kind', want a column"),
    (edited(), {"module": "X"}, "module: got one of module and number of modules, want both"),
    (edited(), {"module": "X", "num_modules": 0}, "num_modules: got 0, want a positive int"),
    (edited(), {"module": "X", "num_modules": 1.5}, "num_modules: got 1.5, want a positive int"),
    (edited(), {"columns": "six"}, "columns: got 'six', want one of ratios, raw"),
    (edited(), {"columns": "raw"}, "columns: got a file without temp_air, wind_speed"),
    (edited(state=(150, "unseen")), {}, "label: got a state 'unseen', want another name"),
    (edited(state=(2 * 288 + 150, "odd")), {}, "label: got a single row of 'odd', want at least two"),
    (lambda t: t.iloc[:288], {}, "normal: got 1 whole normal day.* of string '1', want at least 2"),
    (lambda t: t[t["poa_global"] < 20], {}, "data: got log.csv without a row in use"),
]
BAD_LABELS = [
    ("1,2021-01-01T00:00Z,2021-01-02T00:00Z,IV", "labels: got 'IV' of string '1' from 2021-01-01T00:00:00Z to"),
    ("2,2022-03-01T00:00Z,2022-03-02T00:00Z,IV", "labels: got 'IV' of string '2'"),
    ("1,2022-03-01T12:00Z,2022-03-01T12:00Z,odd", "label: got a single row of 'odd'"),
    ("1,2022-03-01,2022-03-02,IV", "labels: got start '2022-03-01' in line 2, want a time with its offset"),
    (
        "1,01/03/2022 12:00+00:00,02/03/2022,IV",
        "labels: got start '01/03/2022 12:00.00:00' in line 2, want a time with",
    ),
    ("1,2022-03-03T00:00Z,2022-03-02T00:00Z,IV", "labels: got an end before its start in line 2"),
]


class TestBadInput:
    def test_a_file_whose_newest_row_comes_first(self, tmp_path, monkeypatch):
        """All rows but the first would be left out. The first pieces show it; a few rows do not."""
        table = string(["N"] * 2)
        with pytest.raises(
            ValueError, match="data: got the newest row of string '1' first, want the oldest first: rev"
        ):
            sample_rows(written(tmp_path, table.iloc[::-1]))
        assert sample_rows(written(tmp_path, table.iloc[109:99:-1])).skipped["time runs back"] == 9
        monkeypatch.setattr(sampling, "read_logger", partial(read_logger, rows_at_once=200))
        late = pandas.concat([table.iloc[:200], table.iloc[199::-1]])
        assert sample_rows(written(tmp_path, late)).skipped["time runs back"] == 199

    @pytest.mark.parametrize(("edit", "options", "message"), BAD_TRAINING)
    def test_training(self, tmp_path, edit, options, message):
        path = written(tmp_path, edit(string(["N", "N", "IV", "PS"])))
        with pytest.raises(ValueError, match=message):
            Monitor.fit(path, **{"label": "state", "normal": ["N"], "steps": 2, **options})

    @pytest.mark.parametrize(("line", "message"), BAD_LABELS)
    def test_labels(self, tmp_path, line, message):
        (tmp_path / "events.csv").write_text(f"string,start,end,state\n{line}\n")
        path = written(tmp_path, string(["N"] * 4))
        with pytest.raises(ValueError, match=message):
            Monitor.fit(path, "state", ["N"], labels=tmp_path / "events.csv", steps=2)

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_labels_that_a_spreadsheet_program_wrote(self, tmp_path, separator):
        """With a byte order mark, its own separator, lines of empty cells and one without any."""
        lines = [
            "string, start,end,state,note",
            "1,2022-03-01T00:00Z,2022-03-02T00:00Z,IV,",
            ",,,,",
            "",
            "1,2022-03-03T00:00Z,2022-03-04T00:00Z,PS,x",
            "1,2022-03-05T00:00Z,2022-03-06T00:00Z,,",
        ]
        path, text = tmp_path / "events.csv", "\r\n".join(lines).replace(",", separator) + "\r\n"
        path.write_text(text, encoding="utf-8-sig", newline="")
        assert [interval.state for interval in read_intervals(path)] == ["IV", "PS", None]
        path.write_text(text.replace("2022-03-04", "04.03.2022"), encoding="utf-8-sig", newline="")
        with pytest.raises(ValueError, match=r"labels: got end '04.03.2022T00:00Z' in line 5, want a time with"):
            read_intervals(path)

    def test_labels_that_are_no_intervals(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="labels: got none.csv, want a file that is there"):
            read_intervals("none.csv")
        (tmp_path / "events.csv").write_text("string,start\n")
        with pytest.raises(ValueError, match="labels: got events.csv without end, state, want string, start"):
            read_intervals(tmp_path / "events.csv")
        for text in ("", "\n"):
            (tmp_path / "events.csv").write_text(text)
            with pytest.raises(ValueError, match="labels: got events.csv, which is empty, want string, start"):
                read_intervals(tmp_path / "events.csv")
        for data in (b"string,start,end,state\n1\n1,2,3,4,5,6\n", b"string,start,end,state\n\xff\n"):
            (tmp_path / "events.csv").write_bytes(data)
            with pytest.raises(ValueError, match="labels: got events.csv, which cannot be read .*, want string"):
                read_intervals(tmp_path / "events.csv")

    def test_monitoring(self, roof, new, tmp_path):
        for share in (0, 1):
            with pytest.raises(ValueError, match=f"false_alarms: got {share}, want a share above 0 and below 1"):
                monitor_file(roof, new, tmp_path, false_alarms=share)
        with pytest.raises(ValueError, match="minutes: got 0, want a positive int"):
            monitor_file(roof, new, tmp_path, minutes=0)
        with pytest.raises(ValueError, match="string: got 'CB7', want one of 1"):
            monitor_file(roof, new, tmp_path, logger_map=load_map(None)._replace(string="CB7"))
        hourly = written(tmp_path, string(["IV"], minutes=60))
        with pytest.raises(
            ValueError, match="minutes: got 15 for string '1' with a row every 60 minutes, want at least 30"
        ):
            monitor_file(roof, hourly, tmp_path)
        assert monitor_file(roof, hourly, tmp_path / "hourly", minutes=30).events
        shuffled = written(tmp_path, string(["IV"], minutes=60).sample(frac=1, random_state=0))
        assert monitor_file(roof, shuffled, tmp_path / "hourly").skipped["time runs back"] > 12
        shutil.rmtree(tmp_path / "hourly")
        newest = written(tmp_path, string(["IV"]).iloc[::-1])
        with pytest.raises(
            ValueError, match="data: got the newest row of string '1' first, want the oldest first: rev"
        ):
            monitor_file(roof, newest, tmp_path)
        nothing = written(tmp_path, pandas.read_csv(new).assign(inverter=""))
        with pytest.raises(ValueError, match="string: got '', want one of 1"):
            monitor_file(roof, nothing, tmp_path, logger_map=load_map(None)._replace(string_column="inverter"))
        nothing.unlink()
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_with_another_models_report(self, roof, new, tmp_path):
        monitor_file(roof, new, tmp_path)
        monitor_file(roof, new, tmp_path)
        about = json.loads((tmp_path / "report.json").read_text())
        assert about == {"model": roof.identity, "data": "log.csv", "false_alarms": 0.01, "minutes": 15}
        (tmp_path / "report.json").write_text('{"model": "other"}')
        with pytest.raises(ValueError, match="output: got .* with a report of another model .other."):
            monitor_file(roof, new, tmp_path)
        (tmp_path / "report.json").unlink()
        with pytest.raises(ValueError, match="output: got .* with rows or events and no report.json"):
            monitor_file(roof, new, tmp_path)
