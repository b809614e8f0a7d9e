"""Further training: a monitor continues from the rows that it kept."""

import numpy as np
import pandas
import pytest

from pyrodgm.pv import Monitor, monitor_file, sample_rows
from pyrodgm.pv.intervals import Interval, label_rows
from pyrodgm.pv.kept_rows import KEPT_DAYS, KnownDays, bounded, read_rows, relabelled, rows_to_bytes
from pyrodgm.pv.rows import Rows
from pyrodgm.pv.sampling import KEPT_A_DAY
from tests.pv.king_string import string, written

DAY = 86_400
FIRST = int(pandas.Timestamp("2022-03-01", tz="UTC").timestamp())


def later(table, days):
    return table.assign(time=table["time"] + pandas.Timedelta(days, "D"))


def shares(monitor, path, folder, states):
    """The share of each true state's rows in light that is called so."""
    monitor_file(monitor, path, folder)
    rows, true = pandas.read_parquet(folder / "rows.parquet"), pandas.read_csv(path)["state"]
    used = rows["skipped"].isna()
    return {state: (rows["state"] == state)[used & (true == state)].mean() for state in states}


@pytest.fixture(scope="module")
def roof(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roof")
    path = written(folder, string(["N"] * 4 + ["IV"] * 2))
    Monitor.fit(path, "state", ["N"], steps=2).save(folder / "roof")
    return folder / "roof"


class TestRetraining:
    def test_a_new_state_is_learnt_and_none_is_forgotten(self, roof, tmp_path):
        second = later(string(["N"] * 4 + ["PS"] * 2, seed=4), 30).drop(columns="state")
        begin, end = (pandas.Timestamp("2022-04-04", tz="UTC") + pandas.Timedelta(days, "D") for days in (0, 2))
        (tmp_path / "events.csv").write_text(f"string,start,end,state\n1,{begin.isoformat()},{end.isoformat()},PS\n")
        earlier = Monitor.load(roof, with_rows=True)
        assert earlier.thresholds.states.tolist() == ["IV", "normal"]
        path = written(tmp_path, second)
        monitor = Monitor.fit(path, labels=tmp_path / "events.csv", earlier=earlier, steps=60)
        assert monitor.thresholds.states.tolist() == ["IV", "PS", "normal"]
        new = written(tmp_path, string(["N", "IV", "PS"], seed=9), "new.csv")
        found = shares(monitor, new, tmp_path / "report", ["IV", "PS"])
        assert found["IV"] > 0.7 and found["PS"] > 0.7

    def test_a_folder_is_replaced_as_a_whole(self, roof, tmp_path):
        first = Monitor.load(roof, with_rows=True)
        first.save(tmp_path / "roof")
        path = written(tmp_path, later(string(["N"] * 4, seed=5), 30))
        second = Monitor.fit(path, "state", ["N"], earlier=first, steps=2)
        second.save(tmp_path / "roof")
        assert {p.name for p in (tmp_path / "roof").iterdir()} == {"monitor.json", second.identity}
        loaded = Monitor.load(tmp_path / "roof", with_rows=True)
        assert (loaded.rows.time == second.rows.time).all() and loaded.identity == second.identity
        with pytest.raises(ValueError, match=r"rows: got a monitor that was loaded without its rows"):
            Monitor.load(tmp_path / "roof").save(tmp_path / "other")

    def test_bad_input(self, roof, tmp_path):
        earlier, path = Monitor.load(roof, with_rows=True), written(tmp_path, later(string(["N"] * 2), 30))
        for options, message in (
            ({"columns": "raw", "earlier": earlier}, "columns: got 'raw' for a model of 'ratios', want the same"),
            ({"earlier": Monitor.load(roof)}, "earlier: got a monitor without its rows"),
            ({"site": (95.0, 0.0)}, "latitude: got 95.0, want degrees from -90 to 90"),
        ):
            with pytest.raises(ValueError, match=message):
                Monitor.fit(path, **options)


class TestKeptRows:
    @pytest.fixture
    def kept(self, tmp_path):
        return sample_rows(written(tmp_path, string(["N", "N", "IV"]), "kept.csv"), None, "state", ["N"])

    def sample(self, tmp_path, kept, table, *intervals):
        path = written(tmp_path, table.drop(columns="state"))
        return sample_rows(path, intervals=intervals, kept=kept)

    def states(self, rows):
        """The states of each day, counted from the first of March."""
        return {(day - FIRST) // DAY: states for (_, day), states in rows.states_by_day().items()}

    def test_days_known_are_not_read_again(self, tmp_path, kept):
        table = string(["N", "N", "N", "N"], seed=1)
        lit = (table["poa_global"] >= 20).to_numpy().reshape(4, -1).sum(1)
        rows = self.sample(tmp_path, kept, table)
        assert self.states(rows) == {0: {"normal"}, 1: {"normal"}, 2: {"IV"}, 3: {"normal"}}
        assert len(rows.time) == len(kept.time) + lit[3] and rows.known == lit[:3].sum()

    def test_an_interval_of_a_known_day_is_read_again(self, tmp_path, kept):
        noon = FIRST + DAY + 12 * 3600
        rows = self.sample(tmp_path, kept, string(["N", "N"], minutes=1), Interval("1", noon, noon + 3599, "odd"))
        assert self.states(rows) == {0: {"normal"}, 1: {"normal", "odd"}, 2: {"IV"}}
        assert (rows.state == "odd").sum() == 60 and len(np.unique(rows.time)) == len(rows.time)
        assert rows.normal_days() == {"1": [rows.day.min()]}

    def test_all_intervals_of_a_known_day_are_read_again(self, tmp_path, kept):
        noon, table = FIRST + 12 * 3600, string(["N"], minutes=1)
        rows = self.sample(
            tmp_path, kept, table, *(Interval("1", noon + t, noon + t + 599, "odd") for t in (0, 3600, 7200))
        )
        assert (rows.state == "odd").sum() == 30 and rows.known == (table["poa_global"] >= 20).sum() - 30

    def test_an_interval_has_both_of_its_ends(self):
        time, state = np.arange(10, 80, 10), np.full(7, "normal", object)
        found = label_rows("1", time, state, [Interval("1", 20, 40, "IV"), Interval("2", 0, 99, "PS")])
        assert state.tolist() == ["normal", "IV", "IV", "IV", "normal", "normal", "normal"]
        assert found[0].tolist() == (state == "IV").tolist() and found[1].tolist() == [True, False]
        label_rows("1", time, state, [Interval("1", 40, 50, "PS"), Interval("1", 50, 60, None)])
        assert state.tolist() == ["normal", "IV", "IV", "PS", None, None, "normal"]

    def test_a_state_that_later_intervals_override_is_said(self, tmp_path, kept):
        """One row that is left of it is enough, also a kept one."""
        noon, table = FIRST + 9 * DAY + 12 * 3600, later(string(["N"]), 9)
        whole, inner = (Interval("1", noon - t, noon + t, name) for t, name in ((3600, "PS"), (1800, "odd")))
        for intervals, expected in (([inner, whole], ("odd",)), ([whole, inner], ())):
            assert self.sample(tmp_path, kept, table, *intervals).overridden == expected
        whole = whole._replace(state=None)
        assert self.sample(tmp_path, kept, table, inner, whole).overridden == ("odd",)
        elsewhere = Interval("1", FIRST, FIRST + DAY, "odd")
        assert self.sample(tmp_path, kept, table, inner, whole, elsewhere).overridden == ()
        healthy = inner._replace(state="normal")
        assert self.sample(tmp_path, None, table, healthy, whole._replace(start=0, end=2**40)).overridden == ()

    def test_two_hours_around_the_rows_kept_are_of_their_day(self):
        begin = np.array([10 * 3600, DAY + 10 * 3600])
        time = np.concatenate([begin, begin + 3600])
        rows = Rows(np.full(4, "1", object), np.tile(begin - 600, 2), time, np.full(4, "normal", object), {})
        asked = begin[[0, 0, 0, 0, 0, 1, 1]] + [-7201, -7200, 0, 10_800, 10_801, -7200, 0]
        known, day = KnownDays(rows).of("1", asked, asked)
        assert known.tolist() == [False, True, True, True, False, True, True]
        assert day.tolist() == [asked[0], *[begin[0] - 600] * 3, asked[4], *[begin[1] - 600] * 2]
        assert not KnownDays(rows).of("2", asked, asked)[0].any()

    def test_a_kept_row_that_is_relabelled_as_healthy_is_normal(self, tmp_path, kept):
        path = written(tmp_path, later(string(["N"]), 9))
        whole = Interval("1", FIRST + 2 * DAY, FIRST + 3 * DAY, "N")
        rows = sample_rows(path, None, "state", ["N"], [whole], kept=kept)
        assert self.states(rows) == {0: {"normal"}, 1: {"normal"}, 2: {"normal"}, 9: {"normal"}}

    def test_an_interval_relabels_kept_rows(self, tmp_path, kept):
        whole = Interval("1", FIRST + 2 * DAY, FIRST + 3 * DAY, "normal")
        rows = self.sample(tmp_path, kept, later(string(["N"]), 9), whole)
        assert self.states(rows) == {0: {"normal"}, 1: {"normal"}, 2: {"normal"}, 9: {"normal"}}

    def test_an_interval_of_kept_days_and_new_ones_forgets_no_row(self, tmp_path, kept):
        """The new file begins a day after the interval, so the kept rows of the first day are all there is of it."""
        rows = self.sample(
            tmp_path, kept, later(string(["N"]), 3), Interval("1", FIRST + 2 * DAY, FIRST + 4 * DAY, "S")
        )
        assert self.states(rows) == {0: {"normal"}, 1: {"normal"}, 2: {"S"}, 3: {"S"}}
        assert (rows.state == "S")[: len(kept.time)].sum() == (kept.state == "IV").sum() > 0

    def test_intervals_of_two_strings_both_have_rows(self):
        time = np.array([100, 200])
        kept = Rows(np.array(["1", "2"], object), time, time, np.full(2, "normal", object), {})
        intervals = [Interval("1", 50, 150, "IV"), Interval("2", 150, 250, "PS")]
        rows, has_rows = relabelled(kept, intervals, np.zeros(2, bool), set(), {"normal"})
        assert rows.state.tolist() == ["IV", "PS"] and has_rows.all()

    def test_what_is_not_known_has_no_label(self, tmp_path, kept):
        rows = self.sample(tmp_path, kept, later(string(["N"]), 9), Interval("1", FIRST, FIRST + DAY, None))
        assert self.states(rows) == {0: {None}, 1: {"normal"}, 2: {"IV"}, 9: {"normal"}}

    def test_faults_stay_and_other_days_are_bounded(self):
        kinds = ["normal"] * 80 + [None] * 70 + ["IV"] * 90
        day = DAY * np.arange(len(kinds))
        rows = Rows(np.full(240, "1", object), day, day, np.array(kinds, object), {"i_dc": np.arange(240.0)})
        stays = bounded(rows, 0)
        counts = [(stays.state == kind).sum() for kind in ("normal", None, "IV")]
        assert counts == [KEPT_DAYS, KEPT_DAYS, 90] and KEPT_A_DAY * KEPT_DAYS == 15_000
        assert (stays.values["i_dc"] == stays.day / DAY).all()

    def test_healthy_rows_beside_a_fault_stay(self):
        state = np.array(["normal", "IV", "normal"], object)
        rows = Rows(np.full(3, "1", object), np.zeros(3, int), np.arange(3), state, {})
        assert bounded(rows, 0).state.tolist() == ["normal", "IV", "normal"]

    def test_another_seed_keeps_other_days(self):
        day = DAY * np.arange(80)
        rows = Rows(np.full(80, "1", object), day, day, np.full(80, "normal", object), {})
        first, other = (set(bounded(rows, seed).day.tolist()) for seed in (0, 1))
        assert len(first) == len(other) == KEPT_DAYS and first != other

    def test_which_days_stay_is_by_the_seed_alone(self, monkeypatch):
        """The days are found in the order of a set, which differs between processes."""
        kinds = np.array(["normal"] * 80 + [None] * 70, object)
        day, found = DAY * np.arange(150), Rows.states_by_day
        rows = Rows(np.full(150, "1", object), day, day, kinds, {})
        first = bounded(rows, 0)
        monkeypatch.setattr(Rows, "states_by_day", lambda rows: dict(reversed(found(rows).items())))
        assert (bounded(rows, 0).day == first.day).all()

    def test_a_file_gives_back_the_rows(self, tmp_path, kept):
        (tmp_path / "rows.parquet").write_bytes(rows_to_bytes(kept))
        found = read_rows(tmp_path / "rows.parquet")
        for one, other in zip((*kept[:4], *kept.values.values()), (*found[:4], *found.values.values()), strict=True):
            np.testing.assert_array_equal(one, other)
