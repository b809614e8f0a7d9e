"""False alarms on normal days that were not used otherwise: in rows, in events a week, and their intervals."""

import numpy as np
import pandas
import pytest
from scipy.stats import beta, chi2, t

from pyrodgm.pv import Monitor, NormalDay, Rate, Rows, Thresholds, read_logger
from pyrodgm.pv.false_alarms import events_a_week, measure_false_alarms, share_of_rows, told
from pyrodgm.pv.learning import use_of_days
from pyrodgm.pv.rows import number_dates
from tests.pv.king_string import string, written

DAY = 86_400


class TestShareOfRows:
    def test_without_a_false_alarm_a_date_is_one_observation(self):
        found = share_of_rows(np.zeros(6), np.array([0, 0, 1, 1, 2, 2]), 3000)
        assert found == Rate(0.0, 0.0, pytest.approx(1 - 0.025 ** (1 / 3), rel=1e-9))

    def test_by_hand(self):
        """Korn and Graubard: Clopper and Pearson's interval at the effective number of rows."""
        shares = np.array([0.0, 0.01, 0.04, 0.0])
        p, v = shares.mean(), shares.var(ddof=1) / 4
        effective = p * (1 - p) / v * (1.959964 / t.ppf(0.975, 3)) ** 2
        low, high = beta.ppf(
            [0.025, 0.975], [effective * p, effective * p + 1], [effective * (1 - p) + 1, effective * (1 - p)]
        )
        found = share_of_rows(shares, np.arange(4), 10**6)
        assert found == pytest.approx(Rate(p, low, high), rel=1e-5)

    def test_a_second_string_of_the_same_dates_says_nothing_new(self):
        shares, date = np.array([0.0, 0.01, 0.04, 0.0]), np.arange(4)
        assert share_of_rows(np.tile(shares, 2), np.tile(date, 2), 10**6) == pytest.approx(
            share_of_rows(shares, date, 10**6), rel=1e-9
        )

    def test_equal_shares_are_of_no_more_rows_than_there_are(self):
        effective = 800 * (1.959964 / t.ppf(0.975, 1)) ** 2
        found = share_of_rows(np.array([0.01, 0.01]), np.arange(2), 800)
        assert found.high == pytest.approx(beta.ppf(0.975, effective * 0.01 + 1, effective * 0.99), rel=1e-5)

    def test_a_single_date_gives_none(self):
        assert share_of_rows(np.array([0.01, 0.03]), np.array([0, 0]), 500) == Rate(0.02, None, None)

    def test_ends_at_one(self):
        assert share_of_rows(np.ones(3), np.arange(3), 99) == Rate(1.0, pytest.approx(0.025 ** (1 / 3)), 1.0)


class TestEventsAWeek:
    def test_none_in_fourteen_days(self):
        """The rule of three, at 97.5 %: fewer than 3.69 in two weeks."""
        assert events_a_week(np.zeros(14, int), np.arange(14)) == Rate(0.0, 0.0, pytest.approx(3.688879 / 2))

    def test_one_each_day_is_poissons(self):
        low, high = chi2.ppf([0.025, 0.975], [10, 12]) / 2 / 5 * 7
        assert events_a_week(np.ones(5, int), np.arange(5)) == pytest.approx(Rate(7.0, low, high), rel=1e-9)

    def test_all_on_one_date_of_three(self):
        """The dispersion of 6, 0, 0 is (16 + 4 + 4) / 2 / 2 = 6: it is one observation of six events."""
        low, high = chi2.ppf([0.025, 0.975], [2, 4]) / 2 * 6 / 3 * 7
        assert events_a_week(np.array([6, 0, 0]), np.arange(3)) == pytest.approx(Rate(14.0, low, high), rel=1e-9)

    def test_all_on_one_date_of_two(self):
        """Two dates suffice for a dispersion: that of 4, 0 is (4 + 4) / 2 / 1 = 4."""
        low, high = chi2.ppf([0.025, 0.975], [2, 4]) / 2 * 4 / 2 * 7
        assert events_a_week(np.array([4, 0]), np.arange(2)) == pytest.approx(Rate(14.0, low, high), rel=1e-9)

    def test_strings_share_a_date(self):
        """Three events of two strings on one of three dates: X = 3, 0, 0 against 1, 1, 1, f = 3."""
        counts, date = np.array([2, 1, 0, 0, 0, 0, 0, 0, 0]), np.repeat([0, 1, 2], 3)
        low, high = chi2.ppf([0.025, 0.975], [2, 4]) / 2 * 3 / 9 * 7
        assert events_a_week(counts, date) == pytest.approx(Rate(7 / 3, low, high), rel=1e-9)

    def test_intervals_of_few_days_contain_the_true_rate(self):
        """Alarms that come in few days, 400 samples of 3: at least 95 %, less three standard errors."""
        random, rows, events = np.random.default_rng(0), [], []
        for _ in range(400):
            shares = random.binomial(250, random.beta(0.3, 29.7, 3)) / 250
            counts = random.poisson(random.gamma(0.2, 2.5, 3))
            rows.append(share_of_rows(shares, np.arange(3), 750))
            events.append(events_a_week(counts, np.arange(3)))
        assert np.mean([found.low <= 0.01 <= found.high for found in rows]) > 0.917
        assert np.mean([found.low <= 3.5 <= found.high for found in events]) > 0.917


class TestMeasured:
    THRESHOLDS = Thresholds(
        np.array(["IV", "normal"], object),
        {"1": np.arange(1.0, 200), "2": np.arange(1.0, 200)},
        {"1": np.full(199, 0.5), "2": np.full(199, 0.5)},
        {"IV": np.arange(1.0, 200)},
    )

    def day(self, number, size, unseen=(), faults=()):
        """Minutes of a day, with the places of rows that are unseen or a fault."""
        normal = np.ones(size)
        normal[list(faults)] = 0.1
        score = np.full(size, 99.0)
        score[list(unseen)] = 0.0
        return NormalDay(DAY * number + 60 * np.arange(size), score, np.stack([1 - normal, normal], 1))

    def test_rows_and_events_of_two_strings(self):
        """An event of 40 minutes and single rows in 100 minutes, a clean day of each string on another date."""
        first = self.day(1, 100, unseen=[0, 99], faults=range(30, 70))
        further = {"1": [first, self.day(2, 50)], "2": [self.day(1, 100), self.day(2, 100)]}
        found = measure_false_alarms(self.THRESHOLDS, further, 0.02)
        assert (found.unseen, found.faults, found.days, found.dates) == pytest.approx((0.02 / 4, 0.4 / 4, 4, 2))
        assert found.rows == pytest.approx(share_of_rows(np.array([0.42, 0, 0, 0]), np.array([0, 1, 0, 1]), 350))
        assert found.events == pytest.approx(events_a_week(np.array([1, 0, 0, 0]), np.array([0, 1, 0, 1])))
        assert found.events.value == 7 / 4
        long = measure_false_alarms(self.THRESHOLDS, further, 0.02, minutes=60)
        assert long.events.value == 0 and long.rows == found.rows

    def test_thresholds_are_those_of_the_stated_share(self):
        """1.5 is below the second smallest of 199 scores, the threshold at 2 %, and above the smallest, that at 1 %."""
        low = self.day(1, 100)._replace(score=np.full(100, 1.5))
        at = {share: measure_false_alarms(self.THRESHOLDS, {"1": [low]}, share).unseen for share in (0.01, 0.02)}
        assert at == {0.01: 0.0, 0.02: 1.0}

    def test_days_of_equal_shares_are_of_as_many_rows_as_they_have(self):
        days = [self.day(number, 100, unseen=[0]) for number in (1, 2)]
        found = measure_false_alarms(self.THRESHOLDS, {"1": days}, 0.02)
        assert found.rows == pytest.approx(share_of_rows(np.full(2, 0.01), np.arange(2), 200))

    def test_days_that_begin_together_are_of_one_date_however_long(self):
        found = measure_false_alarms(self.THRESHOLDS, {"1": [self.day(1, 600)], "2": [self.day(1, 50)]}, 0.02)
        assert (found.days, found.dates) == (2, 1)

    def test_blocks_too_short_for_the_rows_are_refused(self):
        """No event could be found, so that their rate would be zero."""
        hourly = [self.day(number, 10)._replace(time=DAY * number + 3600 * np.arange(10)) for number in (1, 2)]
        with pytest.raises(
            ValueError, match="minutes: got 15 for string '1' with a row every 60 minutes, want at least"
        ):
            measure_false_alarms(self.THRESHOLDS, {"1": hourly}, 0.02)
        assert measure_false_alarms(self.THRESHOLDS, {"1": hourly}, 0.02, minutes=60).events.value == 0

    def test_told(self):
        further = {"1": [self.day(1, 100, unseen=[0]), self.day(2, 100)], "2": [self.day(2, 100)]}
        lines = told(measure_false_alarms(self.THRESHOLDS, further, 0.02), 0.02)
        assert lines[0] == "false alarms at a stated 2.00%, on 3 other normal days of strings, on 2 dates:"
        assert lines[1].startswith("  0.33% of rows (95%: 0.00% to ") and lines[1].endswith(
            ": 0.33% unseen, 0.00% a fault"
        )
        assert lines[2] == "  0 events per string and week (95%: 0 to 8.6)"
        one = told(measure_false_alarms(self.THRESHOLDS, {"1": [self.day(1, 100)]}, 0.01), 0.01)
        assert one[0].endswith("on 1 other normal day:") and "a single date gives no interval" in one[1]
        assert max(map(len, lines + one)) <= 80
        assert "want four normal days of a string" in told(measure_false_alarms(self.THRESHOLDS, {}, 0.01), 0.01)[0]


class TestDays:
    def test_a_date_has_one_use_for_all_strings(self):
        """The second string has no second day, begins an hour later, and takes its uses from the first one's dates."""
        days = [("a", DAY * i) for i in range(8)] + [("b", DAY * i + 3600) for i in (0, 2, 3, 4, 5, 6, 7)]
        name, day = np.array([n for n, _ in days], object), np.array([d for _, d in days])
        rows = Rows(name, day, day, np.full(15, "normal", object), {})
        use = use_of_days(rows)
        assert use[:8].tolist() == ["train", "threshold", "train", "further"] * 2
        by_date = dict(zip((day // DAY)[:8].tolist(), use[:8].tolist(), strict=True))
        assert use[8:].tolist() == [by_date[date] for date in (day // DAY)[8:].tolist()]

    def test_a_string_that_would_lack_a_use_takes_turns_of_its_own(self):
        day = DAY * np.array([0, 1, 2, 3, 0, 2])
        rows = Rows(np.array([*"aaaabb"], object), day, day, np.full(6, "normal", object), {})
        assert use_of_days(rows)[4:].tolist() == ["train", "threshold"]

    def test_dates_of_days_that_begin_within_four_hours(self):
        begins = np.array([DAY + 3600, 5, DAY, 0, 2 * DAY])
        assert number_dates(begins).tolist() == [1, 0, 1, 0, 2]

    @pytest.mark.parametrize("every", [1, 15])
    def test_all_rows_of_a_further_day_are_scored(self, tmp_path, every):
        """The file has 600 minutes of light a day, and the sample 250 rows of it."""
        path = written(tmp_path, string(["N"] * 8, minutes=every).drop(columns="state"))
        monitor = Monitor.fit(path, steps=2)
        (piece,) = read_logger(path)
        of_day = (piece.time - piece.time[0]) // DAY
        assert len(monitor.further["1"]) == 2
        for day, date in zip(monitor.further["1"], (3, 7), strict=True):
            lit = (of_day == date) & (piece.values["poa_global"] >= 20)
            assert day.time.tolist() == piece.time[lit].tolist() and lit.sum() > 35
            values = {name: column[lit] for name, column in piece.values.items()}
            assert day.score == pytest.approx(monitor.states("1", values).score, rel=1e-4, abs=1e-3)
            assert day.probabilities.shape == (lit.sum(), 1)

    def test_of_a_day_of_an_earlier_file_the_kept_rows_are_scored(self, tmp_path):
        path = written(tmp_path, string(["N"] * 4, minutes=1).drop(columns="state"))
        earlier = Monitor.fit(path, steps=2)
        later = string(["N"] * 4, minutes=1, seed=1).drop(columns="state")
        later["time"] += pandas.Timedelta(30, "D")
        monitor = Monitor.fit(written(tmp_path, later), earlier=earlier, steps=2)
        old, new = monitor.further["1"]
        kept = monitor.rows.time[monitor.rows.day == monitor.rows.day[monitor.rows.time == old.time[0]]]
        assert old.time.tolist() == np.sort(kept).tolist() and len(old.time) == 250 and len(new.time) > 580
